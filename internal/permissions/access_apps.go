package permissions

import (
	"cmp"
	"slices"
	"strings"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

// app is a service principal.
type app struct {
	appID                uint32
	firstParty, disabled bool
}

// appRole is an app role that opens mailboxes, given to an application or to a group.
type appRole struct {
	id, principal, resource, permission uint32
	kind                                kind
}

// delegated is a consent to a scope that opens mailboxes.
type delegated struct {
	id, client, resource, scope uint32
	user                        uint32 // 0: everybody
	box                         uint32 // of the user, once Rows has begun
}

// wide is access that starts from the tenant and not from a mailbox.
type wide struct {
	h                 holder
	reach             []string
	route, via, close string
	note              string
	dataset           snapshot.Dataset
	key               string
}

// bounded is wide access with the words for how far it goes.
type bounded struct {
	wide
	scope, note string
}

func (c *answer) putWide(w wide, scope, note string) {
	for _, can := range w.reach {
		c.put(w.h, way{can: can, route: w.route, via: w.via, scope: scope, note: join("; ", w.note, note), close: w.close, dataset: w.dataset, key: w.key})
	}
}

func (a *Access) addAppRole(r snapshot.AppRoleAssignment) {
	if _, ok := facts.MailPermission(r.AppRole, facts.Application); !ok || r.PrincipalType != "ServicePrincipal" && r.PrincipalType != "Group" {
		return
	}
	row := appRole{id: a.texts.Add(r.ID), principal: a.id(r.Principal), resource: a.id(r.Resource), permission: a.texts.Ref(r.AppRole), kind: kindApplication}
	if r.PrincipalType == "Group" {
		row.kind = kindGroup
	}
	a.meet(row.principal, r.PrincipalName, "", byMember)
	a.appRoles = append(a.appRoles, row)
}

func (a *Access) addDelegated(r snapshot.OAuth2PermissionGrant) {
	if _, ok := facts.MailPermission(r.Scope, facts.Delegated); !ok {
		return
	}
	row := delegated{id: a.texts.Add(r.ID), client: a.id(r.Client), resource: a.id(r.Resource), scope: a.texts.Ref(r.Scope)}
	switch {
	case r.ConsentType == "Principal" && r.Principal != "":
		row.user = a.id(r.Principal)
	case r.ConsentType != "AllPrincipals":
		return
	}
	a.meet(row.client, r.ClientName, "", byMember)
	a.delegated = append(a.delegated, row)
}

// holdsMail reports whether a resource is Microsoft Graph or Exchange Online.
func (a *Access) holdsMail(resource uint32) bool {
	r, ok := a.apps[resource]
	id := a.texts.Get(r.appID)
	return ok && (id == facts.MicrosoftGraph || id == facts.ExchangeOnline)
}

// thirdParty reports whether an application is there and not Microsoft's.
func (a *Access) thirdParty(id uint32) bool {
	p, ok := a.apps[id]
	return ok && !p.firstParty
}

func (a *Access) appNote(id uint32) string {
	if a.apps[id].disabled {
		return "disabled"
	}
	return ""
}

// applications works out app roles, Exchange's roles for applications and consents.
func (c *answer) applications() {
	policies := c.accessPolicies()
	for _, r := range c.appRoles {
		if !c.holdsMail(r.resource) {
			continue
		}
		permission := c.texts.Get(r.permission)
		reach, _ := facts.MailPermission(permission, facts.Application)
		id := c.texts.Get(r.id)
		for h := range c.holders(r.principal, r.kind, kindApplication) {
			if h.kind == kindApplication && !c.thirdParty(h.who) {
				continue
			}
			w := wide{
				h: h, reach: reach.Can, route: RouteApplication, via: join(" > ", c.groupName(h.group), permission), note: c.appNote(h.who),
				close:   c.closeGrant(h, func() string { return c.closeAppRole(r.principal, r.kind, id) }),
				dataset: snapshot.AppRoleAssignments, key: snapshot.Key(snapshot.AppRoleAssignment{ID: id}),
			}
			if p := policies[c.apps[h.who].appID]; p != nil && reach.Policy && h.kind == kindApplication {
				c.bind(w, p)
				continue
			}
			c.everywhere = append(c.everywhere, bounded{w, scopeTenant, ""})
		}
	}
	c.applicationRoles()
	c.delegatedGrants()
}

// applicationRoles works out RBAC for Applications.
func (c *answer) applicationRoles() {
	for _, p := range c.policies {
		permissions, ok := facts.ApplicationRole(p.AccessRight)
		if p.Kind != "roleAssignment" || !ok {
			continue
		}
		h := holder{who: c.id(cmp.Or(p.AppID, p.ID)), kind: kindUnresolved}
		if id, ok := c.byAppID[h.who]; ok {
			h = holder{who: id, kind: kindApplication}
		}
		if h.kind == kindApplication && !c.thirdParty(h.who) {
			continue
		}
		w := wide{
			h: h, route: RouteApplication, via: p.AccessRight, note: c.appNote(h.who), close: closeRoleAssignment(p.ID),
			dataset: snapshot.ApplicationAccessPolicies, key: snapshot.Key(p),
		}
		for _, permission := range permissions {
			reach, _ := facts.MailPermission(permission, facts.Application)
			w.reach = append(w.reach, reach.Can...)
		}
		c.scoped(w, p.Scope, p.ScopeID)
	}
}

func (c *answer) delegatedGrants() {
	var own []delegated
	for _, d := range c.delegated {
		if !c.holdsMail(d.resource) || !c.thirdParty(d.client) {
			continue
		}
		if d.user == 0 {
			c.everywhere = append(c.everywhere, bounded{c.consent(d), scopeTenant, "acts as the user who signs in"})
		} else if box, ok := c.ownBox[d.user]; ok {
			d.box = box
			own = append(own, d)
		}
	}
	c.own = newQueue(own, c.rank, func(d delegated) uint32 { return d.box })
}

func (c *answer) consent(d delegated) wide {
	id, scope := c.texts.Get(d.id), c.texts.Get(d.scope)
	reach, _ := facts.MailPermission(scope, facts.Delegated)
	return wide{
		h: holder{who: d.client, kind: kindApplication}, reach: reach.Can, route: RouteDelegatedGrant, via: scope, note: c.appNote(d.client), close: closeConsent(id),
		dataset: snapshot.OAuth2PermissionGrants, key: snapshot.Key(snapshot.OAuth2PermissionGrant{ID: id, Scope: scope}),
	}
}

func (c *answer) consents(list []delegated) {
	for _, d := range list {
		c.putWide(c.consent(d), scopeMailbox, "")
	}
}

// policy is what the application access policies say of one application.
type policy struct{ restrict, deny []scope }

// scope is a named part of the tenant.
type scope struct {
	name string
	set  int32 // the text of its id; unknownSet when its members are not known
}

const unknownSet int32 = -1

// accessPolicies lists them by app id, scopes by name.
func (c *answer) accessPolicies() map[uint32]*policy {
	out := map[uint32]*policy{}
	for _, p := range c.policies {
		if p.Kind != "applicationAccessPolicy" || p.AppID == "" {
			continue
		}
		id := c.id(p.AppID)
		if out[id] == nil {
			out[id] = &policy{}
		}
		s := scope{p.Scope, c.set(p.ScopeID)}
		switch {
		case strings.EqualFold(p.AccessRight, "RestrictAccess"):
			out[id].restrict = append(out[id].restrict, s)
		case strings.EqualFold(p.AccessRight, "DenyAccess"):
			out[id].deny = append(out[id].deny, s)
		}
	}
	for _, p := range out {
		for _, list := range [][]scope{p.restrict, p.deny} {
			slices.SortFunc(list, func(x, y scope) int { return cmp.Or(cmp.Compare(x.name, y.name), cmp.Compare(x.set, y.set)) })
		}
	}
	return out
}
