package faketenant

import (
	"slices"
	"strings"
	"time"
)

var roleChanged = time.Date(2026, 5, 30, 19, 0, 2, 0, time.UTC)
var roleCreated = time.Date(2023, 11, 20, 9, 1, 12, 0, time.UTC)

func roleGroupRows(t *Tenant, a args) (rows, *failure) {
	p := t.plan
	all, f := named(a, p.roleGroups, func(g *roleGroup) []string { return []string{g.name, g.guid.String()} })
	if f != nil {
		return rows{}, f
	}
	return rowsOf(all, func(b *bag, g *roleGroup) {
		var assignments, members []string
		for _, r := range g.roles {
			assignments = append(assignments, r+"-"+g.name)
		}
		for _, m := range g.members {
			members = append(members, m.identity())
		}
		b.list("ManagedBy", []string{"Organization Management"})
		b.list("RoleAssignments", assignments)
		b.list("Roles", g.roles)
		b.str("DisplayName", "")
		b.str("ExternalDirectoryObjectId", "")
		b.list("Members", members)
		b.str("SamAccountName", g.name)
		b.str("Description", g.description)
		b.str("RoleGroupType", "Standard")
		b.null("LinkedGroup")
		b.list("Capabilities", nil)
		b.str("LinkedPartnerGroupId", "")
		b.str("LinkedPartnerOrganizationId", "")
		b.bool("IsReadOnly", false)
		b.str("Identity", g.name)
		b.bool("IsValid", true)
		b.str("ExchangeVersion", "0.10 (14.0.100.0)")
		b.str("Name", g.name)
		b.str("DistinguishedName", p.distinguishedName(g.name))
		b.list("ObjectClass", []string{"top", "group"})
		b.date("WhenChanged", dateLocal, g.changed)
		b.date("WhenCreated", dateLocal, roleCreated)
		b.date("WhenChangedUTC", dateUTC, g.changed)
		b.date("WhenCreatedUTC", dateUTC, roleCreated)
		b.guid("ExchangeObjectId", g.guid)
		b.str("OrganizationId", p.organizationID())
		b.str("Id", g.name)
		b.guid("Guid", g.guid)
		b.str("ObjectState", "Changed")
	}), nil
}

func (m roleGroupMember) identity() string {
	if m.ref != nil {
		return m.ref.identity()
	}
	return m.name
}

func roleGroupMemberRows(t *Tenant, a args) (rows, *failure) {
	p := t.plan
	groups, f := named(a, p.roleGroups, func(g *roleGroup) []string { return []string{g.name, g.guid.String()} })
	if f != nil {
		return rows{}, f
	}
	var all []roleGroupMember
	for _, g := range groups {
		all = append(all, g.members...)
	}
	return rowsOf(all, func(b *bag, m roleGroupMember) {
		id := m.identity()
		kind, details, display, mail, upn, object, exchange := "Group", "RoleGroup", m.display, "", "", "", m.guid
		if r := m.ref; r != nil {
			display, mail, upn, object, exchange = r.display, r.smtp, r.upn, r.id.text(), r.xid
			if kind, details = recipientType(r.rtd), r.rtd; r.kind == kindApp {
				kind, details = "User", "ServicePrincipal"
				exchange = p.exchangeGUID(r)
			}
		}
		b.str("Identity", id)
		b.str("Name", id)
		b.str("DisplayName", display)
		b.str("Alias", "")
		b.str("RecipientType", kind)
		b.str("RecipientTypeDetails", details)
		b.str("PrimarySmtpAddress", mail)
		b.str("ExternalDirectoryObjectId", object)
		b.str("WindowsLiveID", upn)
		b.guid("Guid", exchange)
		b.str("DistinguishedName", p.distinguishedName(id))
		b.str("OrganizationId", p.organizationID())
		b.str("Id", id)
		b.bool("IsValid", true)
		b.str("ObjectState", "Changed")
	}), nil
}

// exchangeGUID is the Guid of a service principal in Exchange.
func (p *plan) exchangeGUID(pr *principal) guid { return p.guid("app.exchange."+pr.id.String(), 0) }

func servicePrincipalRows(t *Tenant, a args) (rows, *failure) {
	p := t.plan
	var registered []*app
	for _, ap := range p.apps {
		if ap.inExchange {
			registered = append(registered, ap)
		}
	}
	all, f := named(a, registered, func(ap *app) []string { return []string{ap.appID, ap.p.id.String(), ap.p.display} })
	if f != nil {
		return rows{}, f
	}
	return rowsOf(all, func(b *bag, ap *app) {
		id := ap.p.id.String()
		sid := ap.p.sid()
		if sid == "" {
			sid = sidOf(1190000 + slices.Index(p.apps, ap))
		}
		b.str("DisplayName", ap.p.display)
		b.str("AppId", ap.appID)
		b.str("ObjectId", id)
		b.str("Sid", sid)
		b.list("SidHistory", nil)
		b.str("Identity", id)
		b.str("Id", id)
		b.str("Name", id)
		b.guid("Guid", p.exchangeGUID(ap.p))
		b.str("OrganizationId", p.organizationID())
		b.date("WhenCreatedUTC", dateUTC, ap.created)
		b.bool("IsValid", true)
		b.str("ObjectState", "Unchanged")
	}), nil
}

func accessPolicyRows(t *Tenant, a args) (rows, *failure) {
	p := t.plan
	all, f := named(a, p.policies, func(ap accessPolicy) []string { return []string{ap.identity(p.tenant)} })
	if f != nil {
		return rows{}, f
	}
	return rowsOf(all, func(b *bag, ap accessPolicy) {
		b.str("Identity", ap.identity(p.tenant))
		b.str("AppId", ap.app.appID)
		b.str("ScopeName", ap.group.display)
		b.str("ScopeIdentity", ap.group.identity())
		b.str("ScopeIdentityRaw", ap.group.sid()+";"+ap.group.xid.String())
		b.str("AccessRight", ap.right)
		b.str("ShardType", "All")
		b.str("Description", ap.note)
		b.bool("IsValid", true)
		b.str("ObjectState", "Unchanged")
	}), nil
}

// roleAssignmentWire is a row of Get-ManagementRoleAssignment.
type roleAssignmentWire struct {
	id, role, assignee, kind, effective, scope string
	recipients                                 string // custom scope of a person's or a group's role
	viewOnly, delegating, disabled             bool
	guid                                       guid
}

func (p *plan) managementAssignments() []roleAssignmentWire {
	var out []roleAssignmentWire
	add := func(w roleAssignmentWire) {
		if w.id == "" {
			w.id = w.role + "-" + w.assignee
		}
		w.guid = p.guid("management", len(out))
		w.viewOnly = strings.HasPrefix(w.role, "View-Only")
		out = append(out, w)
	}
	for _, g := range p.roleGroups {
		for _, r := range g.roles {
			add(roleAssignmentWire{role: r, assignee: g.name, kind: "RoleGroup", effective: "All Group Members"})
		}
	}
	for _, r := range []string{"MyBaseOptions", "MyContactInformation", "MyDistributionGroupMembership", "MyProfileInformation", "MyTextMessaging"} {
		add(roleAssignmentWire{role: r, assignee: "Default Role Assignment Policy", kind: "RoleAssignmentPolicy", effective: "All Policy Assignees"})
	}
	for _, s := range p.scoped {
		add(roleAssignmentWire{role: s.role, assignee: s.app.p.id.String(), kind: "ServicePrincipal", effective: s.app.p.display, scope: s.scope})
	}
	for _, d := range p.directRoles {
		kind := "User"
		if d.to.group != nil {
			kind = "SecurityGroup"
		}
		add(roleAssignmentWire{id: d.identity(), role: d.role, assignee: d.to.identity(), kind: kind, effective: d.to.display,
			recipients: d.scope, delegating: d.delegating, disabled: d.disabled})
	}
	return out
}

func roleAssignmentRows(t *Tenant, a args) (rows, *failure) {
	p := t.plan
	all, f := named(a, p.managementAssignments(), func(w roleAssignmentWire) []string { return []string{w.id, w.guid.String()} })
	if f != nil {
		return rows{}, f
	}
	var kept []roleAssignmentWire
	for _, w := range all {
		keep := true
		for name, value := range map[string]string{"role": w.role, "roleassignee": w.assignee, "roleassigneetype": w.kind} {
			if want, ok := a.text(name); ok && !strings.EqualFold(want, value) {
				keep = false
			}
		}
		if keep {
			kept = append(kept, w)
		}
	}
	return rowsOf(kept, func(b *bag, w roleAssignmentWire) {
		recipientScope, configScope := "Organization", "OrganizationConfig"
		if w.viewOnly {
			recipientScope, configScope = "None", "None"
		}
		if w.scope != "" || w.recipients != "" {
			recipientScope = "CustomRecipientScope"
		}
		b.str("DataObject", w.id)
		b.str("User", w.assignee)
		b.str("AssignmentMethod", "Direct")
		b.str("Identity", w.id)
		b.str("EffectiveUserName", w.effective)
		b.str("AssignmentChain", "")
		b.str("RoleAssigneeType", w.kind)
		b.str("RoleAssignee", w.assignee)
		b.str("Role", w.role)
		b.str("RoleAssignmentDelegationType", map[bool]string{true: "DelegatingOrgWide", false: "Regular"}[w.delegating])
		b.opt("CustomRecipientWriteScope", w.recipients)
		b.null("CustomConfigWriteScope")
		b.opt("CustomResourceScope", w.scope)
		b.str("RecipientReadScope", "Organization")
		b.str("ConfigReadScope", "OrganizationConfig")
		b.str("RecipientWriteScope", recipientScope)
		b.str("ConfigWriteScope", configScope)
		b.bool("Enabled", !w.disabled)
		b.str("RoleAssigneeName", w.assignee)
		b.null("App")
		b.bool("IsValid", true)
		b.str("ExchangeVersion", "0.11 (14.0.550.0)")
		b.str("Name", w.id)
		b.date("WhenChangedUTC", dateUTC, roleCreated)
		b.date("WhenCreatedUTC", dateUTC, roleCreated)
		b.guid("ExchangeObjectId", w.guid)
		b.str("OrganizationId", p.organizationID())
		b.str("Id", w.id)
		b.guid("Guid", w.guid)
		b.str("ObjectState", "Unchanged")
	}), nil
}
