package faketenant

import "slices"

// accessPlan are the accounts and groups that the situations of access refer to.
type accessPlan struct {
	departed, absentGuest       *principal // disabled accounts
	operator, opsMember, unitOp *principal // Exchange administrators: directly, through a group, over a unit
	watcher                     *principal // a guest who reaches many mailboxes
	atlas, deputies, importTeam *principal // a group with guests, a nested and cyclic one, one in a role group
	dublin                      *principal // a dynamic distribution group
}

// directRole is an Exchange role that is given to somebody directly.
type directRole struct {
	to         *principal
	role       string
	delegating bool // may hand the role on, and not use it
	disabled   bool
	scope      string     // "" for the whole organisation
	scopeGroup *principal // nil when the scope is no group
}

// identity is the Identity of the assignment.
func (d directRole) identity() string {
	id := d.role + "-" + d.to.identity()
	if d.delegating {
		id += "-Delegating"
	}
	return id
}

// allow gives a right over a mailbox; nothing happens where there is no mailbox.
func (c *crew) allow(m *mailbox, h holder, rights ...string) {
	if m != nil {
		m.perms = append(m.perms, mailboxGrant{holder: h, rights: rights})
	}
}

// refuse writes a Deny entry.
func (c *crew) refuse(m *mailbox, h holder, rights ...string) {
	if m != nil {
		m.perms = append(m.perms, mailboxGrant{holder: h, rights: rights, deny: true})
	}
}

// inherit writes an entry that the mailbox has from above.
func (c *crew) inherit(m *mailbox, h holder, deny bool, rights ...string) {
	if m != nil {
		m.perms = append(m.perms, mailboxGrant{holder: h, rights: rights, deny: deny, inherited: true})
	}
}

// onFolder gives a right over a folder.
func (c *crew) onFolder(m *mailbox, on string, h holder, roles ...string) {
	if m != nil {
		m.folderGrants = append(m.folderGrants, folderGrant{on: on, holder: h, roles: roles})
	}
}

// sendsAs lets somebody send as the owner of a mailbox.
func (c *crew) sendsAs(m *mailbox, h holder, deny bool) {
	if m != nil {
		c.sendAs = append(c.sendAs, sendAs{on: m.owner, holder: h, deny: deny})
	}
}

// onBehalf lets somebody send for a mailbox.
func (c *crew) onBehalf(m *mailbox, h holder) {
	if m != nil {
		m.behalf = append(m.behalf, h)
	}
}

// wideLimit is how many mailboxes are many: ten, or two in a hundred, whichever is more.
func (p *plan) wideLimit() int { return max(10, (len(p.active())*2+99)/100) }

// stretch is as many mailboxes of people as are many; none when the tenant is too small.
func (c *crew) stretch() []*mailbox {
	const from = 14
	n := c.wideLimit()
	if len(c.people) < from+n {
		return nil
	}
	return c.people[from : from+n]
}

// accessSituations: who reaches which mailbox, by every kind of grant.
func (c *crew) accessSituations() {
	a := c.accessActors()
	c.openFolders()
	c.outsiders(a)
	c.takeovers(a)
	c.leftovers(a)
	c.denials()
	c.wideReach(a)
	c.exchangeRoleSituations(a)
}

func (c *crew) accessActors() accessPlan {
	var a accessPlan
	a.departed = c.newUser("Dana Departed", "dana.departed")
	a.departed.disabled = true
	a.absentGuest = c.newGuest("Olga Outside (Litware)", "olga@litware.example")
	a.absentGuest.disabled = true
	a.watcher = c.newGuest("Wes Watcher (Litware)", "wes@litware.example")

	a.operator = c.newUser("Exchange Operator", "adm.exchange")
	a.opsMember = c.newUser("Exchange Night Shift", "adm.night")
	a.unitOp = c.newUser("Branch Operator", "adm.branch")
	ops := c.newGroup("security", "Role: Exchange operations", "roleexchangeops", a.opsMember)
	ops.group.assignable = true
	c.hold(roleExchangeAdmin, a.operator, false, "/")
	c.hold(roleExchangeAdmin, ops, false, "/")
	c.hold(roleExchangeAdmin, a.unitOp, false, "/administrativeUnits/"+c.guid("unit", 0).String())

	externals := c.newGroup("mailSecurity", "Atlas Externals", "atlas.externals", c.paul)
	a.atlas = c.newGroup("mailSecurity", "Project Atlas", "atlas", append(c.some(8), c.gina, externals)...)
	inner := c.newGroup("mailSecurity", "Deputies Inner", "deputies.inner", c.some(12)...)
	a.deputies = c.newGroup("mailSecurity", "Deputies", "deputies", append(c.some(11), inner)...)
	inner.group.members = append(inner.group.members, a.deputies) // a cycle
	a.importTeam = c.newGroup("mailSecurity", "Mail Import Team", "mailimport", c.some(7, 9)...)
	a.dublin = c.newDynamicGroup("Everyone in Dublin", "dublin")
	return a
}

// newDynamicGroup adds a dynamic distribution group: Exchange alone has it, and nobody
// can list its members.
func (p *plan) newDynamicGroup(display, alias string) *principal {
	g := &principal{
		kind: kindGroup, xid: p.guid("group.dynamic", len(p.dynamicGroups)), name: display, display: display, alias: alias,
		smtp: alias + "@" + p.DefaultDomain(), rtd: "DynamicDistributionGroup", group: &groupPlan{kind: "dynamicDistribution"},
		created: orgCreated,
	}
	p.dynamicGroups = append(p.dynamicGroups, g)
	return g
}

// openFolders: what Default and Anonymous see.
func (c *crew) openFolders() {
	everyone := holder{as: "Default", kind: kindDefault}
	strangers := holder{as: "Anonymous", kind: kindAnonymous}
	c.onFolder(c.person(9), "calendar", everyone, "Reviewer")
	c.onFolder(c.person(10), "root", everyone, "Reviewer")
	c.onFolder(c.person(11), "calendar", strangers, "Reviewer")
	c.onFolder(c.person(12), "drafts", everyone, "Contributor")
	// No more than free/busy: as it should be.
	c.onFolder(c.person(12), "calendar", strangers, "AvailabilityOnly")
	c.onFolder(c.person(13), "calendar", strangers, "LimitedDetails")
	c.onFolder(c.person(14), "calendar", everyone, "LimitedDetails")
	c.onFolder(c.person(17), "calendar", everyone, "None")
	// Owners of the whole mailbox.
	c.onFolder(c.person(15), "root", everyone, "Owner")
	c.onFolder(c.person(16), "root", strangers, "FolderOwner")
}

// outsiders: guests, contacts, addresses outside and groups with guests, on every kind of grant.
func (c *crew) outsiders(a accessPlan) {
	desk := at(c.shared, 5)
	for _, h := range []holder{byDisplay(c.gina), byDisplay(c.buyer), byDisplay(a.atlas)} {
		c.allow(desk, h, "FullAccess")
		c.sendsAs(desk, h, false)
		c.onFolder(desk, "inbox", h, "Reviewer")
	}
	for _, h := range []holder{byName(c.gina), byName(c.buyer), byName(a.atlas), byName(a.dublin)} {
		c.onBehalf(desk, h)
	}
	c.onFolder(c.person(20), "calendar", byDisplay(c.paul), "LimitedDetails")
	c.onFolder(c.person(20), "calendar", byDisplay(a.atlas), "AvailabilityOnly")
	c.onFolder(c.person(21), "calendar", published("freebusy@northwind.example"), "AvailabilityOnly")
	c.onFolder(c.person(21), "calendar", byDisplay(c.northwind), "Reviewer") // Entra does not have this contact
	// No sharing: None, a Deny, a group whose only outsider is a contact.
	c.onFolder(c.person(22), "inbox", byDisplay(c.paul), "None")
	c.refuse(c.person(22), byDisplay(c.paul), "FullAccess")
	c.onFolder(c.person(22), "calendar", byDisplay(c.inner), "Reviewer")
}

// takeovers: who can change what others may do.
func (c *crew) takeovers(a accessPlan) {
	if m := at(c.shared, 4); m != nil {
		if u := c.who(0); u != nil {
			c.allow(m, byUPN(u), "ChangeOwner")
		}
	}
	m := at(c.shared, 6)
	c.allow(m, byUPN(a.operator), "FullAccess", "ChangePermission")
	c.allow(m, byUPN(a.opsMember), "ChangePermission")
	c.allow(m, byUPN(c.breakGlass[0]), "ChangeOwner")
	c.allow(m, byUPN(a.unitOp), "ChangePermission") // administrator of a unit, not of the tenant
	if u := c.who(4); u != nil {                    // could activate the role, and has not
		c.allow(m, byUPN(u), "ChangePermission")
	}
	if u := c.who(7); u != nil {
		c.refuse(m, byUPN(u), "ChangePermission")
		c.inherit(m, byUPN(u), false, "ChangePermission")
	}
	c.allow(m, orphan(1179996), "ChangeOwner")
	c.allow(m, byDisplay(c.sales), "ChangePermission")
	if u := c.who(8); u != nil {
		c.onFolder(c.person(18), "root", byDisplay(u), "Owner")
		c.onFolder(c.person(18), "inbox", byDisplay(u), "Owner")
	}
}

// leftovers: grants of accounts that are gone or switched off.
func (c *crew) leftovers(a accessPlan) {
	desk := at(c.shared, 5)
	c.onBehalf(desk, orphan(1179995))
	c.refuse(desk, orphan(1179997), "FullAccess")
	c.allow(desk, byUPN(a.departed), "FullAccess")
	c.sendsAs(desk, byUPN(a.departed), false)
	c.onBehalf(desk, byName(a.departed))
	c.onFolder(c.person(23), "inbox", byDisplay(a.departed), "Reviewer")
	c.onFolder(c.person(23), "calendar", byDisplay(a.absentGuest), "LimitedDetails")
	// No grant, a Deny, and an account that only Exchange has.
	c.onFolder(c.person(23), "drafts", byDisplay(a.departed), "None")
	c.refuse(c.person(23), byUPN(a.departed), "FullAccess")
	c.allow(desk, byDisplay(c.discovery.owner), "FullAccess")
}

// denials: what is left when Deny and Allow meet, of people and groups, here and from above.
func (c *crew) denials() {
	full := "FullAccess"
	m := at(c.equipment, 0)
	on := func(n int, do func(h holder)) {
		if u := c.who(n); u != nil {
			do(byUPN(u))
		}
	}
	c.allow(m, byDisplay(c.finance), full)
	on(5, func(h holder) { c.refuse(m, h, full) }) // one of the group
	c.refuse(m, byDisplay(c.helpdesk), full)
	on(21, func(h holder) { c.allow(m, h, full, "DeleteItem") }) // of a group that is denied
	on(22, func(h holder) { c.allow(m, h, full); c.refuse(m, h, "ReadPermission", "DeleteItem") })
	on(23, func(h holder) { c.allow(m, h, full); c.inherit(m, h, true, full) })
	on(24, func(h holder) { c.inherit(m, h, false, full) })
	on(25, func(h holder) { c.inherit(m, h, false, full); c.inherit(m, h, true, full) })
	on(26, func(h holder) { c.allow(m, h, "ChangePermission"); c.refuse(m, h, full) })
	on(27, func(h holder) { c.allow(m, h, "DeleteItem"); c.refuse(m, h, "DeleteItem") })
	if u := c.who(28); u != nil { // the same person under two names
		c.allow(m, byUPN(u), full)
		c.refuse(m, byDisplay(u), full)
	}
	if u := c.who(4); u != nil {
		c.sendsAs(m, byDisplay(c.finance), false)
		c.sendsAs(m, byUPN(u), true)
	}
	// Everybody: more people than are listed one by one in a tenant of thousands.
	hall, closed := at(c.rooms, 0), at(c.rooms, 1)
	c.allow(hall, byDisplay(c.allStaff), full)
	on(29, func(h holder) { c.refuse(hall, h, full) })
	c.refuse(closed, byDisplay(c.allStaff), full)
	on(30, func(h holder) { c.allow(closed, h, full) })
	c.allow(closed, byUPN(c.breakGlass[1]), full) // is no member of staff
	// One's own mailbox is no access, not through a group either.
	own := c.person(14)
	c.allow(own, byDisplay(c.finance), full)
	on(14, func(h holder) { c.allow(own, h, full) })
}

// wideReach: who reaches many mailboxes, and who stays one below.
func (c *crew) wideReach(a accessPlan) {
	boxes := c.stretch()
	if boxes == nil {
		return
	}
	journal, scan := c.newUser("svc-journal", "svc-journal"), c.newUser("svc-scan", "svc-scan")
	display, barred := c.newUser("svc-roomdisplay", "svc-roomdisplay"), c.newUser("svc-print", "svc-print")
	for i, m := range boxes {
		last := i == len(boxes)-1
		c.allow(m, byUPN(journal), "FullAccess")
		c.allow(m, byDisplay(a.watcher), "FullAccess")
		c.allow(m, byDisplay(a.deputies), "FullAccess")
		c.onFolder(m, "inbox", published("reports@fabrikam.example"), "Reviewer")
		c.onFolder(m, "sent", byDisplay(a.dublin), "Reviewer")
		c.onFolder(m, "calendar", byDisplay(display), "Editor") // calendars alone are no mail
		c.onFolder(m, "contacts", byDisplay(display), "Reviewer")
		if !last {
			c.allow(m, byUPN(scan), "FullAccess")
		}
		c.allow(m, byUPN(barred), "FullAccess")
		if last {
			c.refuse(m, byUPN(barred), "FullAccess")
		}
	}
}

// exchangeRoleSituations: roles of Exchange that open mailboxes.
func (c *crew) exchangeRoleSituations(a accessPlan) {
	group := func(name string, roles []string, members ...*principal) {
		g := &roleGroup{name: name, roles: roles, guid: c.guid("rolegroup", len(c.roleGroups))}
		for _, m := range members {
			g.members = append(g.members, roleGroupMember{ref: m})
		}
		c.roleGroups = append(c.roleGroups, g)
	}
	group("eDiscovery Partners", []string{"Mailbox Search"}, c.paul)
	group("Import Operators", []string{"Mailbox Import Export"}, a.importTeam)
	group("Audit Readers", []string{"Audit Logs"}, c.some(10)...)
	// A person who only bears the name of what stands for a directory role.
	namesake := c.newUser("Company Administrator", "company.administrator")
	i := slices.IndexFunc(c.roleGroups, func(g *roleGroup) bool { return g.name == "Discovery Management" })
	c.roleGroups[i].members = append(c.roleGroups[i].members, roleGroupMember{ref: namesake})

	migration := c.newUser("svc-migration", "svc-migration")
	give := func(to *principal, role string, change func(*directRole)) {
		d := directRole{to: to, role: role}
		if change != nil {
			change(&d)
		}
		c.directRoles = append(c.directRoles, d)
	}
	person := func(n int, role string, change func(*directRole)) {
		if u := c.who(n); u != nil {
			give(u, role, change)
		}
	}
	give(migration, "ApplicationImpersonation", nil)
	give(c.gina, "Mailbox Search", nil)
	give(a.importTeam, "Mail Recipients", nil)
	person(3, "Mailbox Import Export", func(d *directRole) { d.delegating = true })
	person(4, "ApplicationImpersonation", func(d *directRole) { d.disabled = true })
	person(5, "ApplicationImpersonation", func(d *directRole) { d.scope, d.scopeGroup = c.ticketScope.display, c.ticketScope })
	person(8, "Mailbox Search", func(d *directRole) { d.scope = "Sales mailboxes" })
	person(9, "View-Only Recipients", nil) // opens no mailbox
}
