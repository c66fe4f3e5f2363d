package faketenant

import (
	"strings"
	"time"
)

// Application ids of public applications that the plan of consents uses.
const (
	horizonTechAppID = "b1c4926a-5fb6-4aad-b920-709c957be148" // known from attacks
	sharePointAppID  = "00000003-0000-0ff1-ce00-000000000000"
	skypeAppID       = "00000004-0000-0ff1-ce00-000000000000"
	teamsAppID       = "cc15fd57-2c6c-4117-a88c-83b1d56b4bbe"
)

// registrationOwners own the registration in this tenant; nobody does where there is none.
// Unless the plan says otherwise they are the owners of the service principal.
func (a *app) registrationOwners() []*principal {
	switch {
	case !a.registered:
		return nil
	case a.onlyRegistration != nil:
		return a.onlyRegistration
	}
	return a.owners
}

// days is so many days before (or, negative, after) the tenant's clock.
func (c *crew) days(ago int) time.Time { return c.now.AddDate(0, 0, -ago) }

// ownApp registers an application of this tenant.
func (c *crew) ownApp(name string) *app { return c.register(c.newApp(name, "", c.tenant.String(), "")) }

// limit restricts an application to the mailboxes of a group, or keeps it away from them.
func (c *crew) limit(a *app, group *principal, right string) {
	c.policies = append(c.policies, accessPolicy{app: a, group: group, right: right, note: a.p.display, guid: c.guid("policy.more", len(c.policies))})
}

// scopeRole gives an application a role over a scope; no group and "" is the whole organisation.
func (c *crew) scopeRole(a *app, role, scope string, group *principal) {
	a.inExchange = true
	c.scoped = append(c.scoped, scopedAssignment{app: a, role: role, scope: scope, group: group, guid: c.guid("scoped.more", len(c.scoped))})
}

// quietConsent is a powerful application as it should be, in every tenant: limited to one
// mailbox, with a short-lived secret and an owner who is an administrator.
func (c *crew) quietConsent() {
	a := c.ownApp("Reception Screen")
	a.owners = []*principal{c.breakGlass[0]}
	c.secret(a, true, "screen", c.days(30), c.days(-120))
	c.assign(a.p, c.graph, "Mail.Read")
	c.limit(a, c.ticketScope, "RestrictAccess")
	kiosk := c.ownApp("Reception Kiosk")
	c.scopeRole(kiosk, "Application Calendars.Read", c.ticketScope.display, c.ticketScope)
}

// consentSituations: applications and consents that a review has to judge, beside those
// of applicationSituations.
func (c *crew) consentSituations() {
	c.mailApplications()
	c.limitedApplications()
	c.protocolApplications()
	c.grantsOfUsers()
	c.borrowedTrust()
}

// mailApplications reach the mail of everybody.
func (c *crew) mailApplications() {
	litware := c.guid("tenant.litware", 0).String()
	backup := c.ownApp("Contoso Backup")
	backup.owners = []*principal{c.breakGlass[1]}
	c.secret(backup, true, "backup", c.days(100), c.days(-265))
	c.assign(backup.p, c.exchange, "full_access_as_app")

	sender := c.ownApp("Newsletter Sender") // kept away from one group, let in everywhere else
	sender.owners = []*principal{c.gina}
	c.secret(sender, true, "forever", year(2024), time.Time{})
	c.assign(sender.p, c.graph, "Mail.Send")
	c.limit(sender, c.finance, "DenyAccess")

	courier := c.newApp("Group Courier", "", litware, "") // through a group
	mailers := c.newGroup("security", "Mail automation", "mailautomation", courier.p)
	c.assign(mailers, c.graph, "Mail.ReadWrite")
	c.assign(mailers, c.graph, "Mail.Send")

	retired := c.ownApp("Retired Importer")
	retired.disabled = true
	c.assign(retired.p, c.graph, "Mail.ReadWrite")

	planner := c.ownApp("Meeting Planner") // not powerful: its old secret is nobody's concern
	c.secret(planner, true, "old", year(2023), year(2033))
	c.assign(planner.p, c.graph, "Calendars.Read")
	c.assign(c.ownApp("Mail Flow Monitor").p, c.graph, "Mail.ReadBasic.All")

	export := c.ownApp("Mailbox Export") // its permission is one that no policy limits
	export.onlyRegistration = []*principal{c.newUser("App Developer", "app.developer")}
	c.assign(export.p, c.graph, "MailboxItem.ImportExport.All")
	c.limit(export, c.ticketScope, "RestrictAccess")

	c.scopeRole(c.ownApp("Organisation Reader"), "Application Mail.Read", "", nil)
	invoices := c.ownApp("Invoice Reader") // the consent defeats the scope
	if u := c.who(13); u != nil {
		invoices.owners = []*principal{u} // an administrator once the role is activated
	}
	c.secret(invoices, true, "180 days", c.days(20), c.days(20).AddDate(0, 0, 180))
	c.certificate(invoices, true, "Verify", "CN=366 days", c.days(40), c.days(40).AddDate(0, 0, 366))
	c.assign(invoices.p, c.graph, "Mail.Read")
	c.scopeRole(invoices, "Application Mail.Read", c.ticketScope.display, c.ticketScope)
}

// limitedApplications reach named mailboxes only.
func (c *crew) limitedApplications() {
	own, northwind := c.tenant.String(), c.guid("tenant.northwind", 0).String()
	desk := c.ownApp("Desk Reader")
	c.scopeRole(desk, "Application Mail Full Access", c.ticketScope.display, c.ticketScope)

	var second []*principal
	for i := range min(2, len(c.shared)) {
		second = append(second, c.shared[i].owner)
	}
	both := c.newGroup("mailSecurity", "App scope - desks", "appscope.desks", second...)
	except := c.newGroup("mailSecurity", "App scope - exceptions", "appscope.exceptions", c.some(5)...)
	mailer := c.ownApp("Helpdesk Mailer") // two groups with a mailbox in common
	c.assign(mailer.p, c.graph, "Mail.ReadWrite")
	c.limit(mailer, c.ticketScope, "RestrictAccess")
	c.limit(mailer, both, "RestrictAccess")
	notifier := c.ownApp("Portal Notifier") // a group without one of its people
	notifier.owners = []*principal{c.userNamed("Dana Departed")}
	c.secret(notifier, true, "expired", year(2025), time.Date(2025, 4, 1, 0, 0, 0, 0, time.UTC))
	c.assign(notifier.p, c.graph, "Mail.Send")
	c.limit(notifier, c.finance, "RestrictAccess")
	c.limit(notifier, except, "DenyAccess")
	hygiene := c.ownApp("Mailbox Hygiene")
	c.assign(hygiene.p, c.graph, "MailboxSettings.Read")
	c.limit(hygiene, c.ticketScope, "RestrictAccess")
	nwBackup := c.newApp("Northwind Backup", "", northwind, "")
	nwBackup.publisher = "Northwind Traders"
	c.assign(nwBackup.p, c.graph, "Mail.Read")
	c.limit(nwBackup, c.ticketScope, "RestrictAccess")

	// A certificate for signing tokens of users, which is none to sign in with.
	intranet := c.register(c.newApp("Contoso Intranet", "", own, ""))
	security := c.newUser("Security Owner", "adm.security")
	guard := c.newGroup("security", "Role: Security administration", "rolesecurity", security)
	guard.group.assignable = true
	c.hold(roleSecAdmin, guard, true, "/")
	intranet.owners = []*principal{security}
	c.assign(intranet.p, c.graph, "Mail.Send")
	c.limit(intranet, c.ticketScope, "RestrictAccess")
	for _, usage := range []string{"Sign", "Verify"} {
		c.certificate(intranet, false, usage, "CN=Microsoft Azure Federated SSO Certificate", year(2025), year(2035))
	}
}

// protocolApplications work where a mailbox lets them in.
func (c *crew) protocolApplications() {
	imap := c.ownApp("Scanner IMAP")
	imap.inExchange = true
	imap.owners = []*principal{c.auditor.p} // an application that holds a role
	imap.p.rid = c.nextRID()
	c.assign(imap.p, c.exchange, "IMAP.AccessAsApp")
	c.certificate(imap, true, "Verify", "CN=no start", time.Time{}, time.Date(2299, 12, 31, 0, 0, 0, 0, time.UTC))
	c.allow(at(c.shared, 1), byObjectID(imap.p), "FullAccess")
	pop := c.ownApp("Fax Gateway")
	c.assign(pop.p, c.exchange, "POP.AccessAsApp")
	smtp := c.ownApp("Printer Relay")
	c.secret(smtp, true, "181 days", c.days(20), c.days(20).AddDate(0, 0, 181))
	c.assign(smtp.p, c.exchange, "SMTP.SendAsApp")
	c.certificate(pop, true, "Verify", "CN=367 days", c.days(40), c.days(40).AddDate(0, 0, 367))
}

// grantsOfUsers are consents of single people, and one for everybody.
func (c *crew) grantsOfUsers() {
	litware := c.guid("tenant.litware", 0).String()
	signatures, cli := c.appNamed("Northwind Signatures"), c.appNamed("Microsoft Azure CLI")
	merge, archive := c.newApp("Litware Mail Merge", "", litware, ""), c.newApp("Litware Archive", "", litware, "")
	desktop := c.ownApp("Contoso Desktop")
	mail := c.appNamed("eM Client")
	of := func(n int, client, resource *app, scopes ...string) {
		if u := c.who(n); u != nil {
			c.consent(client, u, resource, strings.Join(scopes, " "), scopes...)
		}
	}
	of(8, signatures, c.graph, "Mail.ReadWrite", "offline_access") // verified
	of(9, desktop, c.graph, "Mail.Read.Shared", "openid")          // this tenant's own
	of(10, merge, c.graph, "Mail.Send", "Contacts.Read")
	of(11, merge, c.graph, "Contacts.ReadWrite", "Calendars.Read") // worst tier medium
	of(12, mail, c.exchange, "IMAP.AccessAsUser.All", "SMTP.Send")
	of(13, mail, c.graph, "EAS.AccessAsUser.All")
	of(14, desktop, c.graph, "POP.AccessAsUser.All")
	of(15, cli, c.graph, "Directory.Read.All") // Microsoft's own
	of(16, merge, c.graph, "openid", "profile")
	c.consent(desktop, c.auditorUser, c.graph, "Mail.Read", "Mail.Read") // has no mailbox
	c.consent(archive, nil, c.graph, "Mail.Read", "Mail.Read")
	// A resource that is gone.
	gone := &app{p: &principal{kind: kindApp, id: c.guid("resource.gone", 0)}}
	c.consent(desktop, c.who(0), gone, "Records.Read", "Records.Read")
}

// borrowedTrust: applications that are known from attacks, Microsoft's own with added
// credentials, and others that only bear a trusted or a known name.
func (c *crew) borrowedTrust() {
	litware := c.guid("tenant.litware", 0).String()
	horizon := c.newApp("Horizon Tech", horizonTechAppID, litware, "")
	horizon.knownBad = "malicious"
	if u := c.who(3); u != nil {
		c.consent(horizon, u, c.graph, "Mail.Read Mail.Send User.Read", "Mail.Read", "Mail.Send", "User.Read")
	}
	c.ownApp("PerfectData Software") // another application of that name

	sharePoint := c.newApp("Office 365 SharePoint Online", sharePointAppID, microsoftServices, "")
	c.secret(sharePoint, false, "", year(2025), time.Date(2299, 12, 31, 0, 0, 0, 0, time.UTC))
	skype := c.newApp("Skype for Business Online", skypeAppID, microsoftServices, "")
	c.certificate(skype, false, "Verify", "CN=added", year(2025), time.Time{})
	teams := c.newApp("Microsoft Teams Services", teamsAppID, microsoftCorp, "")
	c.secret(teams, false, "", year(2022), year(2023))
	impostor := c.newApp("Microsoft Office 365 Portal", "", litware, "")
	c.secret(impostor, false, "", year(2025), year(2035))
	c.certificate(impostor, false, "Verify", "CN=portal", year(2025), year(2035))
}

// userNamed is the account with a display name.
func (c *crew) userNamed(display string) *principal {
	for _, u := range c.users {
		if u.display == display {
			return u
		}
	}
	return nil
}
