package permissions

import (
	"slices"

	"tenantaudit/internal/snapshot"
)

const (
	scopeMailbox = "mailbox"
	scopeTenant  = "tenant"
)

// mailboxRights are the rights of a mailbox that open it, with what each gives.
var mailboxRights = []struct {
	right rights
	name  string
	route string
	can   []string
}{
	{canFullAccess, FullAccess, RouteFullAccess, []string{snapshot.CanRead, snapshot.CanChange}},
	{canChangePermission, ChangePermission, RouteMailboxPermission, []string{snapshot.CanManage}},
	{canChangeOwner, ChangeOwner, RouteMailboxPermission, []string{snapshot.CanManage}},
	{canDeleteItem, DeleteItem, RouteMailboxPermission, []string{snapshot.CanChange}},
}

// grantRows adds what the entries on a mailbox and its folders give.
func (c *answer) grantRows(list []grant, marks []folderMark) {
	var denials, allowed []grant
	for _, g := range list {
		switch {
		case g.deny:
			denials = append(denials, g)
		case g.kind == grantMailbox && !g.inherited:
			allowed = append(allowed, g)
		}
	}
	folders := folderView{c: c, list: list, marks: marks}
	for _, g := range list {
		switch {
		case g.deny:
		case g.kind == grantMailbox:
			c.mailboxGrant(g, denials, allowed)
		case g.kind == grantSendAs:
			c.sendAsGrant(g, denials)
		case g.kind == grantSendOnBehalf:
			c.sendOnBehalfGrant(g)
		default:
			folders.grant(g)
		}
	}
}

// names reports whether an entry is for somebody, by name or through a group.
func (a *Access) names(trustee, who uint32) bool {
	t := a.trustees[trustee]
	return t.who == who || t.kind == kindGroup && a.in(t.who, who)
}

// shows reports whether an entry has a row for somebody: as the one it names, or as a
// member of a group that is shown by its members.
func (a *Access) shows(trustee, who uint32) bool {
	t := a.trustees[trustee]
	if g := a.groups[t.who]; t.kind == kindGroup && g != nil && g.known && !g.wide && int64(len(g.leaves)) <= a.most {
		return a.in(t.who, who)
	}
	return t.who == who
}

// denied reports whether one of the entries takes a right from somebody. Of entries
// on the mailbox itself a Deny wins; an inherited Deny beats only what is inherited.
func (a *Access) denied(denials []grant, g grant, right rights, who uint32) bool {
	return slices.ContainsFunc(denials, func(d grant) bool {
		return d.kind == g.kind && d.rights&right != 0 && (!d.inherited || g.inherited) && a.names(d.holder, who)
	})
}

// partly says that a Deny takes a right from members of a group that stands for them.
func (a *Access) partly(denials []grant, g grant, right rights, h holder) string {
	if h.members == nil || len(denials) == 0 {
		return ""
	}
	for _, l := range a.groups[h.who].leaves {
		if a.denied(denials, g, right, l.who) {
			return "a Deny entry takes it from some of the members"
		}
	}
	return ""
}

// mailboxGrant adds what an Allow gives. One that is inherited says nothing to somebody
// for whom an entry on the mailbox itself decides.
func (c *answer) mailboxGrant(g grant, denials, allowed []grant) {
	t := c.trustees[g.holder]
	key := snapshot.Key(snapshot.MailboxPermission{
		Mailbox: c.mailbox, TrusteeRef: snapshot.TrusteeRef{Trustee: c.texts.Get(t.name)}, TrusteeSID: c.texts.Get(t.sid), Inherited: g.inherited,
	})
	for _, r := range mailboxRights {
		if g.rights&r.right == 0 {
			continue
		}
		for h := range c.holders(t.who, t.kind, 0) {
			if c.denied(denials, g, r.right, h.who) || g.inherited && slices.ContainsFunc(allowed, func(e grant) bool { return e.rights&r.right != 0 && c.shows(e.holder, h.who) }) {
				continue
			}
			command := closeMailboxPermission
			if g.inherited {
				command = closeInherited
			}
			for _, can := range r.can {
				c.put(h, way{
					can: can, route: r.route, via: c.groupName(h.group), scope: scopeMailbox, note: c.partly(denials, g, r.right, h),
					close: c.closeGrant(h, func() string { return command(c.boxName(), c.userName(t), r.name) }), dataset: snapshot.MailboxPermissions, key: key,
				})
			}
		}
	}
}

func (c *answer) sendAsGrant(g grant, denials []grant) {
	t := c.trustees[g.holder]
	key := snapshot.Key(snapshot.SendAsPermission{
		Recipient: c.texts.Get(g.detail), TrusteeRef: snapshot.TrusteeRef{Trustee: c.texts.Get(t.name)}, TrusteeSID: c.texts.Get(t.sid), AccessControlType: "Allow",
	})
	for h := range c.holders(t.who, t.kind, 0) {
		if !c.denied(denials, g, canSendAs, h.who) {
			c.put(h, way{
				can: snapshot.CanSendAs, route: RouteSendAs, via: c.groupName(h.group), scope: scopeMailbox, note: c.partly(denials, g, canSendAs, h),
				close: c.closeGrant(h, func() string { return closeSendAs(c.boxName(), c.userName(t)) }), dataset: snapshot.SendAs, key: key,
			})
		}
	}
}

func (c *answer) sendOnBehalfGrant(g grant) {
	t := c.trustees[g.holder]
	key := snapshot.Key(snapshot.SendOnBehalfDelegate{Mailbox: c.mailbox, TrusteeRef: snapshot.TrusteeRef{Trustee: c.texts.Get(t.name)}})
	for h := range c.holders(t.who, t.kind, 0) {
		c.put(h, way{
			can: snapshot.CanSendOnBehalf, route: RouteSendOnBehalf, via: c.groupName(h.group), scope: scopeMailbox,
			close: c.closeGrant(h, func() string { return closeSendOnBehalf(c.boxName(), c.userName(t)) }), dataset: snapshot.SendOnBehalf, key: key,
		})
	}
}
