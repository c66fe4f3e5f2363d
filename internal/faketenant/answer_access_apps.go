package faketenant

import (
	"slices"
	"strconv"
	"strings"
)

// What application permissions let an application do with every mailbox. Permissions for
// IMAP, POP and SMTP do nothing by themselves: they need a right over the mailbox.
var appCapabilities = map[string][]string{
	"Mail.Read": {canRead}, "Mail.ReadBasic": {canRead}, "Mail.ReadBasic.All": {canRead}, "Mail.ReadWrite": {canRead, canChange},
	"Mail-Advanced.ReadWrite.All": {canRead, canChange}, "MailboxItem.Read.All": {canRead}, "MailboxItem.ImportExport.All": {canRead, canChange},
	"Calendars.Read": {canRead}, "Calendars.Read.All": {canRead}, "Calendars.ReadWrite": {canRead, canChange}, "Calendars.ReadWrite.All": {canRead, canChange},
	"Contacts.Read": {canRead}, "Contacts.ReadWrite": {canRead, canChange}, "Mailbox.Migration": {canRead, canChange},
	"full_access_as_app": {canRead, canChange, canSendAs}, "Mail.Send": {canSendAs},
}

// What delegated permissions let a client do with the mailbox of whoever signs in.
var delegatedCapabilities = map[string][]string{
	"Mail.Read": {canRead}, "Mail.ReadBasic": {canRead}, "Mail.ReadWrite": {canRead, canChange}, "Mail.Send": {canSendAs}, "SMTP.Send": {canSendAs},
	"EWS.AccessAsUser.All": {canRead, canChange, canSendAs}, "EAS.AccessAsUser.All": {canRead, canChange, canSendAs},
	"IMAP.AccessAsUser.All": {canRead, canChange}, "POP.AccessAsUser.All": {canRead},
	"Calendars.Read": {canRead}, "Calendars.ReadWrite": {canRead, canChange}, "Contacts.Read": {canRead}, "Contacts.ReadWrite": {canRead, canChange},
}

// offersMail is true for the two resources that stand before mailboxes.
func (a *app) offersMail() bool { return a.appID == graphAppID || a.appID == exchangeAppID }

// limitable is true for the permissions that an application access policy limits.
func limitable(permission string) bool {
	switch permission {
	case "Mail.Read", "Mail.ReadBasic", "Mail.ReadBasic.All", "Mail.ReadWrite", "Mail.Send", "full_access_as_app":
		return true
	}
	return strings.HasPrefix(permission, "Calendars.") || strings.HasPrefix(permission, "Contacts.")
}

// permissionsOfRole are the permissions that an application role of Exchange stands for.
func permissionsOfRole(role string) []string {
	switch name := strings.TrimPrefix(role, "Application "); name {
	case role:
		return nil // no application role
	case "Mail Full Access":
		return []string{"Mail.ReadWrite", "Mail.Send"}
	case "Exchange Full Access", "EWS.AccessAsApp":
		return []string{"full_access_as_app"}
	default:
		return []string{name}
	}
}

// boxesOf are the mailboxes whose owners are in a group.
func (p *plan) boxesOf(g *principal) []*mailbox {
	var out []*mailbox
	for _, m := range p.transitive(g) {
		if m.mailbox != nil {
			out = append(out, m.mailbox)
		}
	}
	return out
}

// policyLimit is what application access policies leave of the mailboxes.
type policyLimit struct {
	restricted bool
	reachable  map[*mailbox]string // with the scope that lets in, the first by name
}

func (p *plan) policyLimit(a *app) policyLimit {
	l := policyLimit{reachable: map[*mailbox]string{}}
	for _, ap := range p.policies {
		if ap.app != a || ap.right != "RestrictAccess" {
			continue
		}
		l.restricted = true
		for _, m := range p.boxesOf(ap.group) {
			if first, in := l.reachable[m]; !in || ap.group.display < first {
				l.reachable[m] = ap.group.display
			}
		}
	}
	for _, ap := range p.policies {
		if ap.app == a && ap.right == "DenyAccess" {
			for _, m := range p.boxesOf(ap.group) {
				delete(l.reachable, m)
			}
		}
	}
	return l
}

// appsBehind are the applications that hold what a principal was given, with the group.
func (p *plan) appsBehind(pr *principal) []stand {
	var out []stand
	switch {
	case pr.app != nil:
		out = append(out, stand{who: person(pr)})
	case pr.group != nil:
		for _, m := range p.transitive(pr) {
			if m.app != nil {
				out = append(out, stand{person(m), pr.display + " > "})
			}
		}
	}
	return out
}

func (p *plan) appByID(id string) *app {
	i := slices.IndexFunc(p.apps, func(a *app) bool { return a.p.id.String() == id })
	if i < 0 {
		return nil
	}
	return p.apps[i]
}

// applications: permissions without a user, and roles of applications in Exchange.
func (b *reachBook) applications() {
	for _, g := range b.assignments {
		gives := appCapabilities[g.value]
		if len(gives) == 0 || !g.resource.offersMail() {
			continue
		}
		for _, s := range b.appsBehind(g.to) {
			a := b.appByID(s.who.id)
			if a.isFirstParty() {
				continue
			}
			s.via += g.value
			l := b.policyLimit(a)
			if !l.restricted || !limitable(g.value) {
				b.put(nil, s, "application", "tenant", "appRoleAssignments", rowKey(g.id), gives...)
				continue
			}
			for m, scope := range l.reachable {
				b.put(m, s, "application", "members:"+scope, "appRoleAssignments", rowKey(g.id), gives...)
			}
		}
	}
	for _, sc := range b.scoped {
		if sc.app.isFirstParty() {
			continue
		}
		var gives []string
		for _, permission := range permissionsOfRole(sc.role) {
			gives = append(gives, appCapabilities[permission]...)
		}
		key := rowKey(sc.identity(), "roleAssignment")
		b.within(sc.scope, sc.group, stand{person(sc.app.p), sc.role}, "application", "applicationAccessPolicies", key, gives)
	}
}

// within writes access to the members of a scope, or to every mailbox where there is no
// scope or nobody knows who is in it.
func (b *reachBook) within(scope string, group *principal, s stand, route, dataset, key string, gives []string) {
	switch {
	case scope == "":
		b.put(nil, s, route, "tenant", dataset, key, gives...)
	case group == nil:
		b.put(nil, s, route, "members:"+scope, dataset, key, gives...)
	default:
		for _, m := range b.boxesOf(group) {
			b.put(m, s, route, "members:"+scope, dataset, key, gives...)
		}
	}
}

// delegatedGrants: a client that is gone can ask for nothing.
func (b *reachBook) delegatedGrants() {
	for _, g := range b.grants {
		if g.client == nil || g.client.isFirstParty() || !g.resource.offersMail() {
			continue
		}
		for _, scope := range g.scopes {
			gives := delegatedCapabilities[strings.TrimSuffix(scope, ".Shared")]
			s := stand{person(g.client.p), scope}
			key := rowKey(g.id, scope)
			switch {
			case g.who == nil:
				b.put(nil, s, "delegatedGrant", "tenant", "oauth2PermissionGrants", key, gives...)
			case g.who.mailbox != nil:
				b.put(g.who.mailbox, s, "delegatedGrant", "mailbox", "oauth2PermissionGrants", key, gives...)
			}
		}
	}
}

// What roles of Exchange let their holders do with mailboxes.
var exchangeRoleCapabilities = map[string][]string{
	"ApplicationImpersonation": {canRead, canChange, canSendAs}, "Mailbox Import Export": {canRead, canChange},
	"Mailbox Search": {canRead}, "Role Management": {canManage}, "Mail Recipients": {canManage},
}

// exchangeRoles: members of role groups, and those who hold a role directly. What stands
// for a directory role is nobody here.
func (b *reachBook) exchangeRoles() {
	for _, g := range b.roleGroups {
		for _, member := range g.members {
			if member.ref == nil {
				continue
			}
			for _, role := range g.roles {
				for _, s := range b.of(member.ref) {
					s.via = through(g.name+" > "+role, s.via)
					b.put(nil, s, "exchangeRole", "tenant", "exchangeRoleAssignments", rowKey(g.name, member.ref.key()), exchangeRoleCapabilities[role]...)
				}
			}
		}
	}
	for _, d := range b.directRoles {
		if d.delegating || d.disabled {
			continue
		}
		for _, s := range b.of(d.to) {
			s.via = through("direct > "+d.role, s.via)
			b.within(d.scope, d.scopeGroup, s, "exchangeRole", "managementRoleAssignments", rowKey(d.identity()), exchangeRoleCapabilities[d.role])
		}
	}
}

// through names what gives access, and the group in which somebody has it.
func through(what, group string) string {
	if group == "" {
		return what
	}
	return what + " > " + group
}

// exchangeRecipientAdministrator is a role that the simulated tenant does not list.
const exchangeRecipientAdministrator = "31392ffb-586c-42d1-9346-e59415a2cc4e"

func (b *reachBook) directoryRoles() {
	for _, h := range b.heldRoles() {
		manages := h.role == roleGlobalAdmin || h.role == roleExchangeAdmin || h.role.id == exchangeRecipientAdministrator
		if !manages || h.scope != "/" {
			continue
		}
		assignment := "active"
		if h.eligible {
			assignment = "eligible"
		}
		key := rowKey(h.role.id, h.toID.String(), assignment, h.scope)
		for _, s := range b.of(h.to) {
			s.via = through(h.role.name, s.via)
			b.put(nil, s, "directoryRole", "tenant", "directoryRoleAssignments", key, canManage)
		}
	}
}

// heldRoles are the assignments of principals that exist, as far as the tenant's licence shows them.
func (p *plan) heldRoles() []roleHolding {
	var out []roleHolding
	for _, h := range p.roleHolders {
		if h.to != nil && !(h.eligible && p.opt.NoP2) {
			out = append(out, h)
		}
	}
	return out
}

// content: mail that leaves as it arrives.
func (b *reachBook) content() {
	outside := func(m *mailbox, all []string, route, via, scope, dataset, key string) {
		for _, address := range all {
			who := accessor{id: address, name: address, address: address, kind: kindExternal}
			if lost, ok := strings.CutPrefix(address, "unresolved:"); ok {
				who = accessor{id: lost, name: lost, kind: kindUnresolved}
			}
			b.put(m, stand{who, via}, route, scope, dataset, key, canReceive)
		}
	}
	for _, m := range append(b.mailboxes[:len(b.mailboxes):len(b.mailboxes)], b.others...) {
		var set []target
		for _, t := range []*target{m.forwardTo, m.forwardSMTP} {
			if t != nil {
				set = append(set, *t)
			}
		}
		outside(m, reaches(set), "forwarding", "", "mailbox", "mailboxes", rowKey(m.id()))
		if address, kind := joined(set); len(set) > 0 && kind == targetInternal {
			for _, a := range strings.Split(address, ", ") {
				b.put(m, stand{who: b.recipientAt(a)}, "forwarding", "mailbox", "mailboxes", rowKey(m.id()), canReceive)
			}
		}
	}
	for _, m := range b.mailboxes {
		if !m.covered() {
			continue
		}
		for _, r := range b.rulesOf(m) {
			if !r.system {
				outside(m, r.external(), "inboxRule", r.name, "mailbox", "inboxRules", rowKey(m.id(), ruleNumber(r)))
			}
		}
	}
	for _, r := range b.transport {
		outside(nil, r.external(), "transportRule", r.name, "tenant", "transportRules", rowKey(r.id.String()))
	}
}

// recipientAt is the one object with an address, or the address where there is none.
func (b *reachBook) recipientAt(address string) accessor {
	var found []*principal
	for _, list := range [][]*principal{b.users, b.contacts, b.groups, b.dynamicGroups} {
		for _, pr := range list {
			if pr.smtp == address {
				found = append(found, pr)
			}
		}
	}
	switch {
	case len(found) == 1 && found[0].group != nil:
		return b.whole(found[0])
	case len(found) == 1:
		return person(found[0])
	}
	return accessor{id: address, name: address, address: address, kind: kindUnresolved}
}

// ruleNumber is the identity of an inbox rule.
func ruleNumber(r *rule) string { return strconv.FormatUint(r.id, 10) }
