package faketenant

import (
	"fmt"
	"slices"
	"time"
)

// Application ids of public applications that the plan uses.
const (
	azureCLIAppID    = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
	perfectDataAppID = "ff8d92dc-3d82-41d6-bcbd-b9174d163620"
	emClientAppID    = "e9a7fea1-1cc0-4cd9-a31b-9137ca5deedd"
)

// customRoles is how many roles the tenant's own API offers.
const customRoles = 24

func year(y int) time.Time { return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC) }

// applications adds the service principals of every tenant, and consents that are harmless.
func (c *crew) applications() {
	own := c.tenant.String()
	fabrikam, northwind := c.guid("tenant.fabrikam", 0).String(), c.guid("tenant.northwind", 0).String()
	c.graph = c.newApp("Microsoft Graph", graphAppID, microsoftServices, "")
	c.graph.offers = graphAppID
	c.exchange = c.newApp("Office 365 Exchange Online", exchangeAppID, microsoftServices, "")
	c.exchange.offers = exchangeAppID
	c.management = c.newApp("Office 365 Management APIs", managementAppID, microsoftServices, "")
	c.management.offers = managementAppID
	cli := c.newApp("Microsoft Azure CLI", azureCLIAppID, microsoftServices, "")

	c.auditor = c.register(c.newApp("Posture review", "", own, ""))
	c.auditor.inExchange = true
	c.auditor.owners = append(c.auditor.owners, c.auditorUser)
	c.secret(c.auditor, true, "review 2026", c.now.AddDate(0, -1, 0), c.now.AddDate(0, 2, 0))
	for _, v := range []string{"Directory.Read.All", "AuditLog.Read.All", "Policy.Read.All", "RoleManagement.Read.Directory"} {
		c.assign(c.auditor.p, c.graph, v)
	}
	c.assign(c.auditor.p, c.exchange, "Exchange.ManageAsApp")

	c.mailReader = c.register(c.newApp("Contoso Mail Reader", "", own, ""))
	c.mailReader.inExchange = true
	portal := c.newApp("Fabrikam Expense Portal", "", fabrikam, "")
	portal.tags = []string{"WindowsAzureActiveDirectoryIntegratedApp"}
	signatures := c.newApp("Northwind Signatures", "", northwind, "")
	signatures.publisher = "Northwind Traders"

	// Microsoft's own client, for everybody: never a finding.
	c.consent(cli, nil, c.graph, "AuditLog.Read.All Directory.Read.All User.Read", "AuditLog.Read.All", "Directory.Read.All", "User.Read")
	for i, m := range c.people {
		switch {
		case i%5 == 1:
			c.consent(portal, m.owner, c.graph, "User.Read openid profile", "User.Read", "openid", "profile")
		case i%7 == 3:
			c.consent(signatures, m.owner, c.graph, " User.Read  offline_access ", "User.Read", "offline_access")
		}
	}
	c.assignRole(c.who(0), portal, zeroRole, "", "", "")
	for i := range min(30+c.opt.Mailboxes/50, 3000) {
		a := c.newApp(fmt.Sprintf("Line of business %04d", i+1), "", own, "")
		if i%3 == 0 {
			a.owner, a.publisher = northwind, "Northwind Traders"
			continue
		}
		c.register(a)
		if i%5 == 1 {
			a.owners = c.some(i % len(c.people))
			c.secret(a, true, "deploy", year(2026), year(2027))
		}
	}
}

// manyApplications adds service principals as a large directory has them: each with a consent for
// everybody, and half of them with a permission of their own.
func (c *crew) manyApplications() {
	owners := []string{c.tenant.String(), c.guid("tenant.fabrikam", 0).String(), c.guid("tenant.northwind", 0).String()}
	for i := range c.opt.ServicePrincipals {
		a := c.newApp(fmt.Sprintf("Directory application %05d", i+1), "", owners[i%len(owners)], "")
		c.consent(a, nil, c.graph, "User.Read", "User.Read")
		if i%2 == 0 {
			c.assign(a.p, c.graph, "User.Read.All")
		}
		if i%10 == 3 {
			a.owners = c.some(i % len(c.people))
		}
	}
}

// zeroRole is the id of the default role, which is no permission.
const zeroRole = "00000000-0000-0000-0000-000000000000"

// applicationSituations adds what a review of applications has to find, and what it must not.
func (c *crew) applicationSituations() {
	own := c.tenant.String()
	fabrikam, litware := c.guid("tenant.fabrikam", 0).String(), c.guid("tenant.litware", 0).String()
	add := func(name, owner, typ string) *app { return c.newApp(name, "", owner, typ) }
	portal, signatures := c.appNamed("Fabrikam Expense Portal"), c.appNamed("Northwind Signatures")

	// Applications with powerful permissions.
	archive := c.register(add("Contoso Mailarchiv", own, ""))
	archive.inExchange = true
	archive.owners = c.some(0, 4)
	c.secret(archive, true, "new 2024", year(2024), year(2034))
	c.certificate(archive, true, "Verify", "CN=archiv", year(2023), time.Date(2025, 12, 31, 23, 59, 59, 0, time.UTC))
	c.assign(archive.p, c.graph, "Mail.ReadWrite")
	provisioning := c.register(add("Contoso Provisioning", own, ""))
	c.assign(provisioning.p, c.graph, "AppRoleAssignment.ReadWrite.All")
	c.assign(provisioning.p, c.graph, "Directory.Read.All").shown = "Contoso Provisioning (old name)"
	ticketing := c.register(add("Ticketing", own, ""))
	ticketing.inExchange = true
	c.assign(ticketing.p, c.graph, "Mail.Read")
	c.assign(portal.p, c.graph, "RoleManagement.ReadWrite.Directory")
	c.certificate(portal, false, "Verify", "CN=added later", year(2026), year(2028))
	migration := add("Old Migration Tool", fabrikam, "")
	migration.disabled = true
	c.assign(migration.p, c.graph, "Directory.ReadWrite.All")

	// Held through a group.
	pipeline := c.register(add("Pipeline Runner", own, ""))
	c.automation.group.members = append(c.automation.group.members, pipeline.p)
	c.assign(c.automation, c.graph, "Application.ReadWrite.All")

	// Exchange.ManageAsApp: powerful only together with a role that writes.
	exoAdmin := c.register(add("Exchange Automation", own, ""))
	c.assign(exoAdmin.p, c.exchange, "Exchange.ManageAsApp")
	c.hold(roleExchangeAdmin, exoAdmin.p, false, "/")
	exoGroup := c.register(add("Recipient Provisioning", own, ""))
	exoGroup.inExchange = true
	c.assign(exoGroup.p, c.exchange, "Exchange.ManageAsApp")
	c.roleGroups[2].members = append(c.roleGroups[2].members, roleGroupMember{ref: exoGroup.p})
	exoIdle := c.register(add("Exchange Dormant", own, ""))
	c.assign(exoIdle.p, c.exchange, "Exchange.ManageAsApp")

	// More assignments than an expanded list shows, and exactly as many.
	api := c.register(add("Contoso API", own, ""))
	for i := range customRoles {
		api.extraRoles = append(api.extraRoles, appRole{c.guid("customrole", i).String(), fmt.Sprintf("Records.Read.%02d", i+1), "Application"})
	}
	hub := c.register(add("Contoso Integration Hub", own, ""))
	twenty := c.register(add("Contoso Reporting", own, ""))
	for i, r := range api.extraRoles {
		c.assignRole(hub.p, api, r.id, r.value, "", "")
		if i < 20 {
			c.assignRole(twenty.p, api, r.id, r.value, "", "")
		}
	}
	c.assign(hub.p, c.graph, "Application.ReadWrite.All") // the twenty-fifth

	// Managed identity, legacy principal, a role that its resource no longer has.
	c.assign(add("func-contoso-prod", "", "ManagedIdentity").p, c.graph, "Mail.Send")
	legacy := add("ERP legacy", "", "Legacy")
	c.secret(legacy, false, "", year(2017), time.Date(2299, 12, 31, 0, 0, 0, 0, time.UTC))
	lost := c.guid("role.lost", 0).String()
	c.assignRole(legacy.p, c.graph, lost, "unknown role "+lost, "", "").created = time.Time{}
	saml := add("Litware Single Sign-On", litware, "")
	c.certificate(saml, false, "Sign", "CN=Microsoft Azure Federated SSO Certificate", year(2025), year(2028))
	c.certificate(saml, false, "Verify", "CN=Microsoft Azure Federated SSO Certificate", year(2025), year(2028))

	// Known from attacks.
	perfect := c.newApp("PerfectData Software", perfectDataAppID, litware, "")
	perfect.knownBad = "abused-tool"
	perfect.replyURLs = []string{"http://localhost:7823/access/"}
	c.consent(perfect, c.who(0), c.graph, " EWS.AccessAsUser.All offline_access email openid", "EWS.AccessAsUser.All", "offline_access", "email", "openid")
	em := c.newApp("eM Client", emClientAppID, litware, "")
	em.knownBad = "legitimate-dual-use"
	if u := c.who(5); u != nil {
		c.consent(em, u, c.exchange, "EWS.AccessAsUser.All", "EWS.AccessAsUser.All")
	}

	// Delegated grants for everybody, one per severity.
	calendar, viewer, custom := add("Litware Calendar", litware, ""), add("Directory Viewer", litware, ""), add("Litware Forms", litware, "")
	c.consent(signatures, nil, c.graph, " Mail.ReadWrite  offline_access ", "Mail.ReadWrite", "offline_access")
	c.consent(viewer, nil, c.graph, "Directory.Read.All  openid", "Directory.Read.All", "openid")
	c.consent(calendar, nil, c.graph, "Calendars.Read Calendars.Read openid", "Calendars.Read", "openid")
	c.consent(custom, nil, api, "Forms.Fill", "Forms.Fill")
	c.consent(portal, nil, c.graph, "User.Read openid profile offline_access", "User.Read", "openid", "profile", "offline_access")
	// A grant without a scope, and one whose client is gone.
	c.consent(custom, c.who(0), c.graph, "")
	c.consent(nil, c.who(0), c.graph, "Mail.Read", "Mail.Read")

	// Limits: one that is none, because everybody is in the group, and one that is.
	c.policies = append(c.policies,
		accessPolicy{app: archive, group: c.allStaff, right: "RestrictAccess", note: "Archive", guid: c.guid("policy", 0)},
		accessPolicy{app: ticketing, group: c.ticketScope, right: "RestrictAccess", note: "Ticketing may read the helpdesk mailbox only", guid: c.guid("policy", 1)})
	c.scoped = append(c.scoped, scopedAssignment{app: c.mailReader, role: "Application Mail.Read", scope: "Finance mailboxes", guid: c.guid("scoped", 0)})
}

func (c *crew) appNamed(name string) *app {
	for _, a := range c.apps {
		if a.p.display == name {
			return a
		}
	}
	return nil
}

// directoryRoles adds the definitions and the holders that every tenant has.
func (c *crew) directoryRoles() {
	c.roles = append(slices.Clone(builtInRoles), &directoryRole{id: c.guid("role.custom", 0).String(), name: "Contoso Join Operator", custom: true})
	for _, u := range c.breakGlass {
		c.hold(roleGlobalAdmin, u, false, "/")
	}
	c.administrators()
	c.hold(roleExchangeAdmin, c.exchangeAdmins, true, "/").until = time.Date(2027, 5, 11, 7, 30, 0, 0, time.UTC)
	if u := c.who(13); u != nil {
		c.hold(roleGlobalAdmin, u, true, "/")
	}
}

// roleSituations adds holders that a review of roles has to name.
func (c *crew) roleSituations() {
	unit := "/administrativeUnits/" + c.guid("unit", 0).String()
	c.hold(roleMsgCenter, c.exchangeAdmins, false, "/")
	c.hold(roleReports, c.paul, false, "/")
	c.hold(roleSecReader, nil, false, "/")
	if u := c.who(2); u != nil {
		c.hold(roleHelpdesk, u, false, unit)
	}
	if u := c.who(3); u != nil {
		c.hold(c.roles[len(c.roles)-1], u, false, "/")
	}
	if m := at(c.shared, 0); m != nil { // the account of a shared mailbox is disabled
		c.hold(roleUserAdmin, m.owner, false, "/")
	}
}

// exchangeRoles adds the role groups.
func (c *crew) exchangeRoles() {
	standIn := func(name, display string) roleGroupMember {
		return roleGroupMember{name: name, display: display, guid: c.guid("standin."+name, 0)}
	}
	c.roleGroups = []*roleGroup{
		{name: "Organization Management", description: "Full administration of the organization",
			roles:   []string{"Audit Logs", "Mail Recipients", "Organization Configuration", "Role Management", "Transport Rules", "View-Only Configuration", "View-Only Recipients"},
			members: []roleGroupMember{standIn("ExchangeServiceAdmins_-904516", "Exchange Service Administrator"), standIn("TenantAdmins_-5820f", "Company Administrator")}},
		{name: "View-Only Organization Management", readOnly: true, roles: []string{"View-Only Configuration", "View-Only Recipients"},
			members: []roleGroupMember{standIn("GlobalReaders_1183a", "Global Reader"), {ref: c.auditor.p}}},
		{name: "Recipient Management", roles: []string{"Distribution Groups", "Mail Recipient Creation", "Mail Recipients"}},
		{name: "Discovery Management", roles: []string{"Legal Hold", "Mailbox Search"}},
		{name: "Help Desk", roles: []string{"User Options", "View-Only Recipients"}},
	}
	if !c.clean {
		org, search := c.roleGroups[0], c.roleGroups[3]
		if u := c.who(2); u != nil {
			org.members = append(org.members, roleGroupMember{ref: u})
		}
		if u := c.who(3); u != nil {
			search.members = append(search.members, roleGroupMember{ref: u})
		}
		sync := &roleGroup{name: "Legacy sync", roles: []string{"ApplicationImpersonation"}}
		if u := c.who(12); u != nil {
			sync.members = append(sync.members, roleGroupMember{ref: u})
		}
		c.roleGroups = append(c.roleGroups, sync)
	}
	for i, g := range c.roleGroups {
		g.guid = c.guid("rolegroup", i)
	}
}
