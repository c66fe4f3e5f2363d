package faketenant

import "time"

// quietContent adds what stands in every tenant and is nothing to worry about.
func (c *crew) quietContent() {
	for i, m := range c.mailboxes {
		switch {
		case m.typ == "DiscoveryMailbox":
			m.perms = append(m.perms, mailboxGrant{holder: wellKnown("Discovery Management", domainSID+"1112"), rights: []string{"FullAccess"}})
			continue
		case i%5 == 2:
			m.perms = append(m.perms, mailboxGrant{holder: wellKnown(`NT AUTHORITY\SYSTEM`, "S-1-5-18"), rights: []string{"FullAccess"}, inherited: true})
		}
		if m.typ == "SharedMailbox" && i%2 == 0 {
			if u := c.who(i % max(1, len(c.people))); u != nil && u.display != "Alex Morgan" {
				m.perms = append(m.perms, mailboxGrant{holder: byUPN(u), rights: []string{"FullAccess"}})
				c.sendAs = append(c.sendAs, sendAs{on: m.owner, holder: byUPN(u)})
			}
		}
		if m.typ == "UserMailbox" && i%6 == 4 {
			if u := c.who((i + 7) % len(c.people)); u != nil && u.mailbox != m && u.display != "Alex Morgan" {
				m.folderGrants = append(m.folderGrants, folderGrant{on: "calendar", holder: byDisplay(u), roles: []string{"Reviewer"}})
			}
		}
		m.hold = i%17 == 5
	}
	ap := c.shared[0]
	ap.behalf = append(ap.behalf, byName(c.who(0)))
	if u := c.who(1); u != nil {
		ap.folderGrants = append(ap.folderGrants, folderGrant{on: "inbox", holder: byDisplay(u), roles: []string{"Author"}})
	}
}

// auditSituations: what is recorded, and who is left out.
func (c *crew) auditSituations() {
	c.org.ingestionOff = true
	changed := time.Date(2026, 7, 15, 16, 40, 6, 0, time.UTC)
	for _, n := range []int{12, 13} {
		if u := c.who(n); u != nil {
			c.bypassed = append(c.bypassed, bypass{who: u, changed: changed})
		}
	}
	if len(c.bypassed) == 0 {
		c.bypassed = append(c.bypassed, bypass{who: c.who(0), changed: changed})
	}
	if m := c.person(42); m != nil { // the administrator list was customised and lacks actions
		m.audit = &auditSetup{auditAdminStandard[:6], auditDelegateStandard, auditOwnerStandard, []string{"Delegate", "Owner"}}
	}
	if m := c.person(43); m != nil { // customised in full, and nothing is missing
		m.audit = &auditSetup{
			append([]string{"Copy", "FolderBind", "Move", "AddFolderPermissions"}, auditAdminStandard...),
			append([]string{"FolderBind", "Move"}, auditDelegateStandard...),
			append([]string{"MailboxLogin", "Move"}, auditOwnerStandard...), []string{},
		}
	}
	if m := c.person(44); m != nil { // licensed for premium, but the owner list lacks MailItemsAccessed and Send
		m.audit = &auditSetup{auditAdminPremium, auditDelegatePremium, auditOwnerStandard, []string{"Admin", "Delegate"}}
	}
	if m := c.person(45); m != nil { // without premium, the same list is complete
		m.audit = &auditSetup{auditAdminStandard, auditDelegateStandard, auditOwnerStandard, []string{"Admin", "Delegate"}}
	}
	if m := c.person(46); m != nil { // ignored by the service: user mailboxes are covered
		m.auditOff = true
	}
	if m := c.person(47); m != nil { // premium SKU, the audit plan switched off for the user
		m.audit = &auditSetup{auditAdminStandard, auditDelegateStandard, auditOwnerStandard, []string{}}
	}
	if m := at(c.shared, 1); m != nil {
		m.auditOff = true
	}
	if m := at(c.rooms, 0); m != nil {
		m.auditOff = true
	}
	if m := at(c.equipment, 0); m != nil {
		m.auditOff = true
	}
	c.logAges()
}

// forwardingSituations: mailboxes that forward by their own attributes.
func (c *crew) forwardingSituations() {
	smtp := func(n int, address string, external, copyStays bool) {
		if m := c.person(n); m != nil {
			t := plainAddress("smtp:"+address, address, external)
			m.forwardSMTP, m.copyStays = &t, copyStays
		}
	}
	to := func(n int, r *principal, copyStays bool) {
		if m := c.person(n); m != nil && r != nil {
			t := c.toward(r.identity(), r)
			m.forwardTo, m.copyStays = &t, copyStays
		}
	}
	smtp(0, "siobhan.private@fabrikam.example", true, true)
	smtp(14, "drop@evil.example", true, false)
	if u := c.who(20); u != nil {
		smtp(15, u.smtp, false, true)
	}
	smtp(16, "kim@notcontoso.example", true, true)
	smtp(17, "kim@contoso.example.evil.example", true, true)
	smtp(18, "desk@sub.contoso.example", true, true)          // that domain does not match its subdomains
	smtp(19, "ops@chamber.contoso-labs.example", false, true) // that one does
	smtp(26, "accounts@xn--cntoso-wqf.example", true, true)   // a look-alike: the first o is Cyrillic
	to(20, c.buyer, true)
	to(21, c.gina, true)
	to(22, c.outer, true)
	to(23, c.shared[0].owner, true)
	to(27, c.sales, true)
	if m := c.person(24); m != nil {
		t := nowhere("Former Colleague")
		m.forwardTo, m.copyStays = &t, true
	}
	if m := c.person(25); m != nil { // both are set
		to(25, c.who(30), true)
		smtp(25, "second.copy@fabrikam.example", true, true)
	}
	if m := at(c.shared, 3); m != nil { // hidden from address lists, but not from a review
		m.owner.hidden = true
	}
}

// ruleSituations: inbox rules, with the look-alikes that must stay silent.
func (c *crew) ruleSituations() {
	put := c.putRule
	out := func(address string) target { return plainAddress(smtpElement(address, address), address, true) }
	object := func(r *principal) target { return c.toward(exElement(r.display, r.legacyDN()), r) }

	put(1, rule{name: "copie", forwardTo: []target{out("mclefevre@fabrikam.example")}, stop: true})
	put(28, rule{name: "out", redirect: []target{out("collector@evil.example")}, delete: true, stop: true, hides: true,
		when: []property{{"SubjectOrBodyContainsWords", []string{"iban", "invoice", "payment"}}}})
	put(29, rule{name: "holiday 2024", disabled: true, forwardTo: []target{out("holiday@fabrikam.example")}})
	put(30, rule{name: "x", hidden: true, forwardTo: []target{out("quiet@evil.example")}})
	put(31, rule{name: "to buyer", forwardTo: []target{object(c.buyer)}})
	if u := c.who(0); u != nil {
		put(32, rule{name: "to a colleague", forwardTo: []target{object(u)}})
	}
	if u := c.who(34); u != nil { // the address of a mailbox that was moved here
		former := dnPrefix + "0123456789abcdef0123456789abcdef-former"
		u.x500 = append(u.x500, former)
		put(33, rule{name: "to the moved mailbox", forwardTo: []target{c.toward(exElement(u.display, former), u)}})
	}
	put(34, rule{name: "books", redirect: []target{object(c.northwind)}})
	put(35, rule{name: "lost", forwardTo: []target{nowhere(exElement("Somebody", dnPrefix+"ffffffffffffffffffffffffffffffff-nobody"))}})
	put(36, rule{name: ".", moveTo: "RSS Feeds", read: true, stop: true, hides: true,
		when: []property{{"SubjectOrBodyContainsWords", []string{"invoice", "payment"}}}})
	put(37, rule{name: "made by another client", opaque: true})
	put(38, rule{name: "project copies", forwardTo: []target{object(c.outer)}})
	put(39, rule{name: "as attachment", attachTo: []target{object(c.paul)}, when: []property{{"HasAttachment", nil}}})
	if u := c.who(2); u != nil {
		loud := smtpElement("Desk", "JUERGEN.GROSS@CONTOSO.EXAMPLE")
		put(40, rule{name: "inside, whatever it looks like", forwardTo: []target{
			plainAddress(loud, u.smtp, false),
			plainAddress(smtpElement("Büro", "buero@münchen.example"), "buero@xn--mnchen-3ya.example", false),
		}})
	}
	if u := c.who(0); u != nil {
		put(41, rule{name: "several", forwardTo: []target{
			object(u), plainAddress("bare@fabrikam.example", "bare@fabrikam.example", true),
			nowhere(exElement("Nobody", dnPrefix+"eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee-nobody")),
		}})
	}
	if m := c.person(36); m != nil {
		m.brokenRule = true
	}
	c.hidingRules()
}

// putRule gives the n-th person an inbox rule.
func (c *crew) putRule(n int, r rule) {
	m := c.person(n)
	if m == nil {
		return
	}
	m.neverUsed = false
	r.id, r.priority = c.ruleID(m, len(m.rules)), len(m.rules)+1
	m.rules = append(m.rules, &r)
}

// grantSituations: rights over mailboxes and other recipients.
func (c *crew) grantSituations() {
	full := []string{"FullAccess"}
	grant := func(m *mailbox, h holder, rights ...string) {
		if m != nil {
			m.perms = append(m.perms, mailboxGrant{holder: h, rights: rights})
		}
	}
	mayUPN := func(m *mailbox, n int, rights ...string) {
		if u := c.who(n); u != nil {
			grant(m, byUPN(u), rights...)
		}
	}
	ap := c.shared[0]
	deny := byUPN(c.who(0))
	ap.perms = append(ap.perms, mailboxGrant{holder: deny, rights: full, deny: true})
	already := false
	for _, g := range ap.perms {
		already = already || g.as == deny.as && !g.deny
	}
	if !already {
		grant(ap, deny, full...)
	}
	grant(ap, orphan(1179999), full...)
	grant(ap, byDisplay(c.who(2)), "FullAccess, ReadPermission")
	if a, b := c.who(10), c.who(11); a != nil && b != nil {
		h := ambiguous("Alex Morgan", a, b)
		h.sid = a.sid()
		grant(ap, h, full...)
	}
	if m := at(c.shared, 1); m != nil {
		grant(m, byDisplay(c.helpdesk), full...) // a security group without mail
		grant(m, byDisplay(c.finance), "FullAccess")
		grant(m, byDisplay(c.finance), "ReadPermission, DeleteItem") // the same key again
	}
	if m := at(c.shared, 2); m != nil {
		grant(m, byDisplay(c.gina), full...)
		c.mailReader.p.rid = c.nextRID()
		grant(m, byObjectID(c.mailReader.p), full...)
	}
	if m := at(c.shared, 3); m != nil {
		m.behalf = append(m.behalf, byName(c.finance), gone("Former Assistant"))
		if u := c.who(4); u != nil {
			m.behalf = append(m.behalf, byName(u))
		}
		if u := c.who(12); u != nil {
			m.behalf = append(m.behalf, byName(u))
		}
		mayUPN(m, 5, "ReadPermission")
		mayUPN(m, 6, "ChangePermission", "ChangeOwner")
	}
	if m := at(c.shared, 4); m != nil {
		for _, n := range []int{3, 4, 5, 7, 8, 9} {
			if u := c.who(n); u != nil {
				grant(m, byDisplay(u), full...)
			}
		}
		mayUPN(m, 13, full...)
	}

	send := func(on *principal, h holder) { c.sendAs = append(c.sendAs, sendAs{on: on, holder: h}) }
	send(c.sales, byUPN(c.who(0)))
	send(ap.owner, byDisplay(c.who(2)))
	send(ap.owner, byDisplay(c.finance))
	send(ap.owner, orphan(1179998))
	if u := c.who(4); u != nil {
		send(c.finance, byUPN(u))
	}
	if m := at(c.shared, 2); m != nil {
		send(m.owner, byDisplay(c.gina))
		if u := c.who(5); u != nil {
			c.sendAs = append(c.sendAs, sendAs{on: m.owner, holder: byUPN(u), deny: true})
		}
	}
	if m, a, b := at(c.shared, 4), c.who(10), c.who(11); m != nil && a != nil && b != nil {
		h := ambiguous("Alex Morgan", a, b)
		h.sid = b.sid()
		send(m.owner, h)
	}
}

// folderSituations: rights over single folders.
func (c *crew) folderSituations() {
	put := func(m *mailbox, on string, h holder, flags string, roles ...string) {
		if m != nil {
			m.folderGrants = append(m.folderGrants, folderGrant{on: on, holder: h, roles: roles, flags: flags})
		}
	}
	named := func(m *mailbox, on string, n int, flags string, roles ...string) {
		if u := c.who(n); u != nil {
			put(m, on, byDisplay(u), flags, roles...)
		}
	}
	everyone := holder{as: "Default", kind: kindDefault}
	strangers := holder{as: "Anonymous", kind: kindAnonymous}
	for _, n := range []int{1, 2, 3} { // Calendrier, Kalender, 予定表
		put(c.person(n), "calendar", everyone, "", "Editor")
	}
	first := c.person(0)
	named(first, "calendar", 2, "Delegate, CanViewPrivateItems", "Editor")
	named(first, "calendar", 3, "", "CreateItems", "ReadItems", "FolderVisible")
	put(first, "calendar", published("shared.outside@fabrikam.example"), "", "Reviewer")
	put(first, "calendar", orphanNT(1179999), "", "Editor")
	put(first, "calendar", byDisplay(c.finance), "", "Reviewer")
	put(first, "calendar", byDisplay(c.gina), "", "Reviewer")
	named(first, "calendar", 4, "", "AvailabilityOnly")
	named(first, "calendar", 5, "", "LimitedDetails")

	ap := c.shared[0]
	named(ap, "inbox", 2, "", "Editor")
	named(ap, "root", 2, "", "Reviewer")
	named(ap, "sent", 3, "", "PublishingAuthor")
	named(ap, "projects", 3, "", "Contributor")
	named(ap, "old", 6, "", "Owner") // below the folders that are read by default

	put(c.person(4), "inbox", strangers, "", "Reviewer")
	put(c.person(4), "contacts", everyone, "", "Reviewer")
	if a, b := c.who(10), c.who(11); a != nil && b != nil {
		put(c.person(5), "calendar", ambiguous("Alex Morgan", a, b), "", "Reviewer")
	}
	named(c.person(6), "inbox", 7, "", "FolderOwner", "FolderVisible")
	if m := c.person(7); m != nil {
		m.extraFolders = append(m.extraFolders,
			folder{as: "birthdays", name: "Birthdays", path: "/" + m.lang.calendar + "/Birthdays", typ: "User Created", class: "IPF.Appointment.Birthday", inScope: true, calendar: true},
			folder{as: "slashed", name: "Kunden" + slash + "Lieferanten", path: "/Kunden" + slash + "Lieferanten", typ: "User Created", class: "IPF.Note", inScope: true},
			folder{as: "search", name: m.lang.search, path: "/" + m.lang.search, typ: "User Created", class: "IPF.Note", search: true},
			folder{as: "archive", name: m.lang.archive, path: "/" + m.lang.archive, typ: "Archive", class: "IPF.Note", inScope: true},
			folder{as: "notes", name: "Notes", path: "/Notes", typ: "Notes", class: "IPF.StickyNote", inScope: true})
		named(m, "birthdays", 8, "", "Reviewer")
		named(m, "slashed", 9, "", "NonEditingAuthor")
		named(m, "search", 6, "", "Reviewer")
	}
	named(c.person(8), "sent", 0, "", "Owner")
	named(c.person(8), "drafts", 1, "", "PublishingEditor")
	put(c.person(9), "inbox", byDisplay(c.helpdesk), "", "Editor")
}
