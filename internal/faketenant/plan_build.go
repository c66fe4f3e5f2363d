package faketenant

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// crew is the plan under construction, with the objects that situations refer to.
// Where a small tenant has no mailbox left for a situation, the situation is left out.
type crew struct {
	*plan
	people, shared, rooms, equipment []*mailbox
	discovery                        *mailbox
	breakGlass                       [2]*principal

	allStaff, finance, helpdesk, outer, inner, sales   *principal
	exchangeAdmins, automation, ticketScope, reception *principal
	buyer, northwind, outerMember                      *principal
	gina, paul                                         *principal

	graph, exchange, management *app
	mailReader                  *app
}

// newPlan makes the tenant.
func newPlan(opt Options) *plan {
	p := &plan{dice: dice{mix(uint64(opt.Seed) + 0x7e1a)}, opt: opt, now: opt.Now, clean: opt.Profile == profileClean, company: "Contoso Research"} // #nosec G115 -- any bits will do
	p.tenant = p.guid("tenant", 0)
	c := &crew{plan: p}
	c.settings()
	c.accounts()
	c.fillMailboxes()
	c.directoryObjects()
	c.accountDetails()
	c.protocolSettings()
	c.policySettings()
	c.applications()
	c.directoryRoles()
	c.exchangeRoles()
	c.quietContent()
	c.quietConsent()
	if !p.clean {
		c.auditSituations()
		c.forwardingSituations()
		c.ruleSituations()
		c.grantSituations()
		c.folderSituations()
		c.applicationSituations()
		c.accessSituations()
		c.consentSituations()
		c.roleSituations()
		c.adminSituations()
	}
	c.manyApplications()
	c.edits()
	c.mailFlow()
	c.count()
	p.shuffle("order", len(p.mailboxes), func(i, j int) { p.mailboxes[i], p.mailboxes[j] = p.mailboxes[j], p.mailboxes[i] })
	p.index()
	p.reach = sync.OnceValue(p.effectiveAccess)
	return p
}

// edits makes the changes that were asked for. An object that is not there is an error of the
// caller, which no answer may hide.
func (c *crew) edits() {
	for _, m := range c.mailboxes {
		m.changed = mailboxChanged
	}
	for _, g := range c.roleGroups {
		g.changed = roleChanged
	}
	for i, e := range c.opt.Edits {
		var who *principal
		if m := c.mailboxAt(e.Grant); m != nil {
			who = m.owner
		}
		g := slices.IndexFunc(c.roleGroups, func(g *roleGroup) bool { return g.name == e.Object })
		m := c.mailboxAt(e.Object)
		switch {
		case e.Grant != "" && who == nil || m == nil && g < 0:
			panic(fmt.Sprintf("faketenant: edit %d: no %q or %q", i, e.Object, e.Grant))
		case m != nil:
			m.changed = e.Changed
			if who != nil {
				m.perms = append(m.perms, mailboxGrant{holder: byUPN(who), rights: []string{"FullAccess"}})
			}
			if e.Recreated {
				m.store, m.owner.xid = c.guid("edit-store", i), c.guid("edit", i)
			}
		default:
			group := c.roleGroups[g]
			group.changed = e.Changed
			if who != nil {
				group.members = append(group.members, roleGroupMember{ref: who})
			}
			if e.Recreated {
				group.guid = c.guid("edit", i)
			}
		}
	}
}

// mailboxAt is the mailbox of a primary address; nil: there is none.
func (c *crew) mailboxAt(address string) *mailbox {
	for _, m := range c.mailboxes {
		if m.kind == "" && address != "" && strings.EqualFold(m.primary(), address) {
			return m
		}
	}
	return nil
}

// person is the n-th user mailbox, nil when the tenant is too small.
func (c *crew) person(n int) *mailbox { return at(c.people, n) }

// who is the account of the n-th person.
func (c *crew) who(n int) *principal {
	if m := c.person(n); m != nil {
		return m.owner
	}
	return nil
}

func at(list []*mailbox, n int) *mailbox {
	if n < len(list) {
		return list[n]
	}
	return nil
}

func (c *crew) settings() {
	c.domains = []domain{
		{name: "contoso.onmicrosoft.example", kind: "Authoritative", initial: true},
		{name: "contoso.example", kind: "Authoritative", isDefault: true},
		{name: "contoso-labs.example", kind: "InternalRelay", subdomains: true},
		{name: "xn--mnchen-3ya.example", kind: "Authoritative"},
	}
	for i := range c.domains {
		c.domains[i].guid = c.guid("domain", i)
	}
	c.skus = []*sku{
		{id: "06ebc4ee-1bb5-47dd-8120-11324bc54e06", part: "SPE_E5", name: "Microsoft 365 E5", status: "Enabled",
			plans: []servicePlan{planP2, planP1, planMFA, planExoEnt, planAudit, planLockbox, planATP, planTI, planIntune, planTeams, planSP}},
		{id: "05e9a617-0261-4cee-bb44-138d3ef5d965", part: "SPE_E3", name: "Microsoft 365 E3", status: "Enabled",
			plans: []servicePlan{planP1, planMFA, planExoEnt, planATP, planIntune, planTeams, planSP}, off: map[string]bool{planATP.id: true}},
		{id: "c7df2760-2c81-4ef7-b578-5b5392b571df", part: "ENTERPRISEPREMIUM", name: "Office 365 E5", status: "Enabled",
			plans: []servicePlan{planExoEnt, planAudit, planLockbox, planATP, planTI, planTeams, planSP}},
		{id: "4b9405b0-7788-4568-add1-99614e613b69", part: "EXCHANGESTANDARD", name: "Exchange Online (Plan 1)", status: "Enabled",
			plans: []servicePlan{planExoStd}},
		{id: "84a661c4-e949-4bd2-a560-ed7766fcaf2b", part: "AAD_PREMIUM_P2", name: "Microsoft Entra ID P2", status: "Warning",
			plans: []servicePlan{planP1, planMFA, planExoFound, planP2}},
		// A SKU that no public table names: only its service plans say what it gives.
		{id: c.guid("sku.pilot", 0).String(), part: "CONTOSO_SECURITY_PILOT", name: "CONTOSO_SECURITY_PILOT", status: "Enabled",
			plans: []servicePlan{planExoStd, planAudit}},
		{id: "f30db892-07e9-47e9-837c-80727f46fd3d", part: "FLOW_FREE", name: "Microsoft Power Automate Free", status: "Suspended",
			plans: []servicePlan{planExoFound, planFlow}},
	}
	if c.opt.NoPremium {
		c.dropPremium()
	}
	if c.opt.NoP2 {
		for _, s := range c.skus {
			var kept []servicePlan
			for _, sp := range s.plans {
				if sp != planP2 {
					kept = append(kept, sp)
				}
			}
			s.plans = kept
		}
	}
}

// accounts adds the people without mailbox that every tenant has.
func (c *crew) accounts() {
	c.auditorUser = c.newUser("Review Account", "review")
	for i := range c.breakGlass {
		u := c.newUser("Emergency Access "+itoa(i+1), "emergency"+itoa(i+1))
		u.upn = "emergency" + itoa(i+1) + "@" + c.initialDomain()
		c.breakGlass[i] = u
	}
	c.newUser("svc-erp", "svc-erp")
}

// longName is 300 characters long.
var longName = "Bartholomew " + strings.Repeat("Featherstonehaugh-", 15) + "Cholmondeley Esq."

// names of people whose names have broken tools before, in the order in which they
// get a mailbox.
var namedPeople = []struct{ display, alias string }{
	{"Siobhán O'Brien", "o'brien"},
	{"Marie-Claire Lefèvre", "marie-claire.lefevre"},
	{"Jürgen Groß-Müller", "juergen.gross"},
	{"山田 太郎", "yamada.taro"},
	{"محمد العربي", "mohammed.alarabi"},
	{"🎉 Party 🎈 Planner", "party.planner"},
	{"=cmd|'/C calc'!A0", "formula.name"},
	{"<script>alert(1)</script>", "script.name"},
	{"Kim \u202eelpmaxE\u202c", "kim.rtl"},
	{"", "long.name"}, // longName
	{"Alex Morgan", "alex.morgan"},
	{"Alex Morgan", "alex.morgan2"},
	{"svc-archive", "svc-archive"},
}

// fillMailboxes adds the mailboxes of the requested number.
func (c *crew) fillMailboxes() {
	n := c.opt.Mailboxes
	shared := max(1, n/8)
	rooms, equipment := 0, 0
	if n >= 10 {
		rooms, equipment = max(1, n/16), max(1, n/40)
	}
	e5, e3, o365, exo, p2, pilot := c.skus[0], c.skus[1], c.skus[2], c.skus[3], c.skus[4], c.skus[5]
	for i := range n - shared - rooms - equipment {
		display, alias := "", ""
		if i < len(namedPeople) {
			if display, alias = namedPeople[i].display, namedPeople[i].alias; display == "" {
				display = longName
			}
		} else {
			display, alias = c.ordinaryName(i - len(namedPeople))
		}
		licences := []licence{{sku: e3}}
		switch {
		case i%10 == 0:
			licences = []licence{{sku: e5}}
		case i%10 == 5:
			licences = []licence{{sku: o365}}
		case i%13 == 4:
			licences = []licence{{sku: pilot}}
		case i%17 == 3 && !c.opt.NoPremium:
			licences = []licence{{sku: e3}, {sku: p2}}
		case i%19 == 6 || i == 47:
			licences = []licence{{sku: e5, off: []servicePlan{planAudit, planTeams}}}
		case i%23 == 8:
			licences = []licence{{sku: exo}}
		case i%29 == 2:
			licences = []licence{{sku: e3, off: []servicePlan{planP1}}}
		}
		switch i { // whose licence a situation depends on
		case 42, 43, 45:
			licences = []licence{{sku: e3}}
		case 44:
			licences = []licence{{sku: e5}}
		}
		if c.clean && !holdsAudit(licences) { // everybody's mail is recorded in full
			licences = []licence{{sku: e5}}
		}
		m := c.newPerson(display, alias, licences...)
		m.newsletter = i%4 == 3
		m.outOfOffice = i%10 == 7
		m.neverUsed = i%40 == 39
		switch {
		case i == 1 || i%31 == 20:
			m.lang = languages[1]
		case i == 2 || i%31 == 21:
			m.lang = languages[2]
		case i == 3 || i%31 == 22:
			m.lang = languages[3]
		}
		if i == 13 { // signs in with another name than mail is sent to
			m.owner.upn = alias + "@" + c.initialDomain()
		}
		if i == 12 {
			m.owner.name = "svc-archive"
		}
		c.people = append(c.people, m)
	}
	for i := range shared {
		m := c.newMailbox(c.newUser(sharedName(i)), "SharedMailbox")
		m.owner.name = m.owner.display
		c.shared = append(c.shared, m)
	}
	for i := range rooms {
		m := c.newMailbox(c.newUser("Room Fjord "+itoa(i+1), "room.fjord"+itoa(i+1)), "RoomMailbox")
		m.owner.name = m.owner.display
		c.rooms = append(c.rooms, m)
	}
	for i := range equipment {
		m := c.newMailbox(c.newUser("Projector "+itoa(i+1), "projector"+itoa(i+1)), "EquipmentMailbox")
		m.owner.name = m.owner.display
		c.equipment = append(c.equipment, m)
	}
}

// sharedName names the n-th shared mailbox.
func sharedName(n int) (display, alias string) {
	first := [][2]string{{"Accounts Payable", "ap"}, {"Helpdesk Desk", "helpdesk"}, {"Kundenservice München", "kundenservice"},
		{"Board Secretariat", "board"}, {"Zeichen & Wunder", "zeichen"}, {"Press Office", "press"}, {"Careers", "careers"}}
	if n < len(first) {
		return first[n][0], first[n][1]
	}
	return "Shared Desk " + itoa(n+1), "desk" + itoa(n+1)
}

// directoryObjects adds guests, contacts, groups and the mailboxes that are outside the count.
func (c *crew) directoryObjects() {
	c.gina = c.newGuest("Gina Guest (Fabrikam)", "gina@fabrikam.example")
	c.paul = c.newGuest("Paul Partner (Northwind)", "paul@northwind.example")
	c.buyer = c.newContact("Fabrikam Buyer", "buyer@fabrikam.example", true)
	c.buyer.x500 = []string{c.buyer.legacyDN()}
	c.northwind = c.newContact("Northwind Accounts", "accounts@northwind.example", false)
	c.outerMember = c.newContact("Outer Member", "outer@fabrikam.example", true)

	c.allStaff = c.newGroup("mailSecurity", "All Staff", "allstaff")
	c.allStaff.group.everyone = true
	c.finance = c.newGroup("mailSecurity", "Finance Team", "finance", c.some(4, 5, 14, 20)...)
	c.helpdesk = c.newGroup("security", "Helpdesk Operators", "helpdeskops", c.some(0, 2, 21)...)
	c.inner = c.newGroup("distribution", "Projects Inner", "projects.inner", append(c.some(3, 15), c.outerMember)...)
	c.outer = c.newGroup("distribution", "Projects Outer", "projects.outer", append(c.some(1, 16), c.inner)...)
	c.inner.group.members = append(c.inner.group.members, c.outer) // a cycle
	c.sales = c.newGroup("distribution", "Sales Circle", "sales", c.some(0, 1, 22)...)
	c.exchangeAdmins = c.newGroup("security", "Role: Exchange administration", "roleexchange", c.some(4, 13)...)
	c.exchangeAdmins.group.assignable = true
	c.automation = c.newGroup("security", "Automation identities", "automation")
	c.reception = c.newGroup("security", "Reception (dynamic)", "reception", c.some(0, 3)...)
	c.reception.group.dynamic = `(user.department -eq "Reception")`
	c.ticketScope = c.newGroup("mailSecurity", "App scope - ticketing", "appscope", c.shared[0].owner)
	for i, name := range []string{"Marketing Hub", "Town Hall", "Research Notes"} {
		g := c.newGroup("unified", name, strings.ToLower(strings.ReplaceAll(name, " ", "")), c.some(i, i+1)...)
		m := &mailbox{owner: g, typ: "GroupMailbox", kind: "GroupMailbox", store: c.guid("store.group", i), audit: auditGroup, lang: languages[0], index: 1 << 24}
		g.mailbox = m
		c.others = append(c.others, m)
	}
	for i := range 2 {
		u := &principal{kind: kindUser, id: c.guid("user.gone", i), xid: c.guid("user.gone.exchange", i), display: "Former Employee " + itoa(i+1),
			alias: "former" + itoa(i+1), rtd: "UserMailbox", disabled: true, created: time.Date(2020, 2, 3, 9, 0, 0, 0, time.UTC)}
		u.upn = u.alias + "@" + c.DefaultDomain()
		u.smtp = u.upn
		m := &mailbox{owner: u, typ: "UserMailbox", kind: "Inactive", inactive: true, hold: true, store: c.guid("store.gone", i), audit: auditStandard, lang: languages[0], index: 1<<24 + 8 + i}
		u.mailbox = m
		c.others = append(c.others, m)
	}
	pf := &principal{kind: kindUser, xid: c.guid("pf.exchange", 0), name: "PublicFolders01", display: "PublicFolders01", alias: "publicfolders01",
		rtd: "PublicFolderMailbox", disabled: true, hidden: true, created: time.Date(2021, 5, 6, 7, 8, 9, 0, time.UTC)}
	pf.upn = pf.alias + "@" + c.initialDomain()
	pf.smtp = pf.upn
	pf.mailbox = &mailbox{owner: pf, typ: "PublicFolderMailbox", kind: "PublicFolder", store: c.guid("store.pf", 0), audit: auditStandard, lang: languages[0], index: 1<<24 + 16}
	c.others = append(c.others, pf.mailbox)

	const discovery = "DiscoverySearchMailbox{D919BA05-46A6-415f-80AD-7E09334BB852}"
	ds := &principal{kind: kindUser, xid: c.guid("discovery.exchange", 0), name: discovery, display: "Discovery Search Mailbox", alias: discovery,
		rtd: "DiscoveryMailbox", disabled: true, hidden: true, created: time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)}
	ds.upn = discovery + "@" + c.initialDomain()
	ds.smtp = strings.ToLower(ds.upn)
	c.discovery = &mailbox{owner: ds, typ: "DiscoveryMailbox", store: c.guid("store.discovery", 0), index: len(c.mailboxes), audit: auditStandard, lang: languages[0]}
	ds.mailbox = c.discovery
	c.mailboxes = append(c.mailboxes, c.discovery)
}

// some returns the accounts of the people that exist.
func (c *crew) some(numbers ...int) []*principal {
	var out []*principal
	for _, n := range numbers {
		if u := c.who(n); u != nil {
			out = append(out, u)
		}
	}
	return out
}

// count fills in what depends on everything else.
func (c *crew) count() {
	bySKU := map[*sku]int{}
	for _, u := range c.users {
		for _, l := range u.licences {
			bySKU[l.sku]++
		}
	}
	for i, s := range c.skus {
		s.consumed = bySKU[s]
		switch s.status {
		case "Enabled":
			s.enabled = s.consumed + 3 + i
		case "Warning":
			s.warning = s.consumed + 1
		default:
			s.suspended = 10
		}
	}
}
