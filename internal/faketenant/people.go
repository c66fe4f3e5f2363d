package faketenant

import (
	"strings"
	"time"
)

// The names that ordinary people are composed of. first × last gives more than the
// smaller tenants need; larger ones get a number.
var (
	firstNames = strings.Fields(`Ada Aisha Akira Alba Alina Amara Anton Aroha Arun Astrid Bela Bora Bruno Carla Ceren Chidi Clara Dag
Daria Davor Edda Eetu Elif Emeka Enzo Esme Farid Femke Finn Freya Gaia Goran Greta Hana Hugo Ida Ilse Imani Ines Iris Ivo Jana Jiro
Joao Jonas Juno Kaia Karim Katya Kenji Kofi Lara Lasse Leila Lena Liv Luca Mai Malik Marta Mateo Mira Nadia Nia Nils Nora Oda Olek
Omar Orla Otto Paula Petra Priya Quinn Rafa Ravi Reza Rosa Runa Sami Sana Selma Silas Sven Tala Tariq Tess Thea Tomas Uma Vera Viggo
Wanda Xenia Yara Yusuf Zeno Zora`)
	lastNames = strings.Fields(`Abel Adeyemi Ahlgren Aker Almeida Amari Antal Arslan Bakker Baran Berg Bianchi Bosch Brandt Bruun
Castro Chavez Cohen Costa Dahl Delgado Demir Dietz Dubois Eklund Engel Esposito Faber Ferrari Fischer Foss Gallo Garcia Gerber Grau
Haas Haddad Halonen Hartmann Hassan Heikkinen Herrera Holm Horvat Ibarra Ito Ivanov Jansen Joshi Juhl Kallas Kato Keller Khan Kovac
Kruger Kumar Lang Larsen Lehto Lind Lopez Lund Maier Marino Mensah Meyer Moen Moreau Moser Mwangi Nagy Nakata Nguyen Nowak Okafor
Olsen Oliveira Ortiz Osei Paul Pavlov Perez Petrov Popa Quist Raman Reyes Richter Rossi Rios Saito Santos Sato Schulz Silva Singh
Solberg Sorensen Takala Tanaka Thoms Torres Tran Ueda Ullah Vargas Vidal Vogel Wagner Weiss Winter Wolf Yamada Yilmaz Zeller Ziegler`)
)

// ordinaryName is the n-th composed name; no two n share one.
func (p *plan) ordinaryName(n int) (display, alias string) {
	total := len(firstNames) * len(lastNames)
	// 5 and the number of combinations share no factor that would repeat a pair early;
	// walking with a stride keeps neighbours in the list from looking alike.
	k := n % total
	f := firstNames[k%len(firstNames)]
	l := lastNames[(k/len(firstNames)+k%len(firstNames))%len(lastNames)]
	display, alias = f+" "+l, strings.ToLower(f+"."+l)
	if round := n / total; round > 0 {
		display += " " + itoa(round+1)
		alias += itoa(round + 1)
	}
	return display, alias
}

// newUser adds a person or an account to the directory, without a mailbox.
func (p *plan) newUser(display, alias string) *principal {
	n := len(p.users)
	u := &principal{
		kind: kindUser, id: p.guid("user", n), display: display, alias: alias,
		upn: alias + "@" + p.DefaultDomain(), rid: p.nextRID(), rtd: "User",
		xid:     p.guid("user.exchange", n),
		created: time.Date(2021, 3, 4, 10, 11, 12, 0, time.UTC).AddDate(0, 0, p.intn("user.created", n, 1500)),
	}
	p.users = append(p.users, u)
	return u
}

func (p *plan) nextRID() int { p.rid++; return 1184200 + p.rid }

// newMailbox gives an account a mailbox of a type.
func (p *plan) newMailbox(u *principal, typ string) *mailbox {
	n := len(p.mailboxes)
	u.rtd, u.smtp = typ, u.upn
	m := &mailbox{
		owner: u, typ: typ, store: p.guid("store", n), index: n, copyStays: false,
		audit: auditStandard, lang: languages[0],
	}
	u.mailbox = m
	if typ != "UserMailbox" {
		u.disabled = true
	}
	p.mailboxes = append(p.mailboxes, m)
	return m
}

// newPerson adds a person with a user mailbox and a licence.
func (p *plan) newPerson(display, alias string, licences ...licence) *mailbox {
	u := p.newUser(display, alias)
	m := p.newMailbox(u, "UserMailbox")
	u.licences = licences
	if m.premium() {
		m.audit = auditPremium
	}
	return m
}

// newGuest adds a guest account, which Exchange knows as a mail user.
func (p *plan) newGuest(display, address string) *principal {
	g := p.newUser(display, strings.ReplaceAll(address, "@", "_"))
	g.kind, g.rtd, g.external = kindGuest, "GuestMailUser", address
	g.upn = strings.ReplaceAll(address, "@", "_") + "#EXT#@" + p.initialDomain()
	g.smtp = address
	g.name = strings.ReplaceAll(address, "@", "_") + "#EXT#"
	return g
}

// newContact adds a mail contact. Contacts that Entra does not have carry no object id.
func (p *plan) newContact(display, address string, inEntra bool) *principal {
	n := len(p.contacts)
	c := &principal{
		kind: kindContact, xid: p.guid("contact.exchange", n), display: display,
		name: strings.ReplaceAll(address, "@", "_"), alias: strings.SplitN(address, "@", 2)[0],
		smtp: address, external: address, rtd: "MailContact",
		created: time.Date(2024, 5, 2, 8, 0, 0, 0, time.UTC),
	}
	if inEntra {
		c.id = p.guid("contact", n)
	}
	p.contacts = append(p.contacts, c)
	return c
}

// newGroup adds a group; kind is security, mailSecurity, distribution or unified.
func (p *plan) newGroup(kind, display, alias string, members ...*principal) *principal {
	n := len(p.groups)
	g := &principal{
		kind: kindGroup, id: p.guid("group", n), display: display, alias: alias,
		group:   &groupPlan{kind: kind, members: members},
		created: time.Date(2022, 1, 10, 9, 0, 0, 0, time.UTC).AddDate(0, 0, n),
		rid:     p.nextRID(),
	}
	switch kind {
	case "mailSecurity":
		g.rtd = "MailUniversalSecurityGroup"
	case "distribution":
		g.rtd = "MailUniversalDistributionGroup"
	case "unified":
		g.rtd = "GroupMailbox"
	}
	if kind != "security" {
		g.xid, g.name = p.guid("group.exchange", n), display
		g.smtp = alias + "@" + p.DefaultDomain()
		if kind == "unified" {
			g.name = display + "_" + g.xid.String()[:10]
		}
	}
	p.groups = append(p.groups, g)
	return g
}

// index makes identities findable, as the Identity parameters of Exchange do.
func (p *plan) index() {
	size := len(p.users) + len(p.contacts) + len(p.groups) + len(p.others)
	p.byGUID = make(map[guid]entry, size*3)
	p.byText = make(map[string][]entry, size*2)
	add := func(pr *principal) {
		for _, g := range []guid{pr.id, pr.xid} {
			if g != (guid{}) {
				p.byGUID[g] = entry{pr}
			}
		}
		if pr.mailbox != nil {
			p.byGUID[pr.mailbox.store] = entry{pr}
		}
		keys := []string{pr.upn, pr.smtp, pr.name, pr.display}
		if pr.alias != "" && pr.rtd != "" && pr.rtd != "User" {
			keys = append(keys, pr.alias)
		}
		done := make(map[string]bool, len(keys))
		for _, k := range keys {
			k = strings.ToLower(k)
			if k == "" || done[k] {
				continue
			}
			done[k] = true
			p.byText[k] = append(p.byText[k], entry{pr})
		}
		for _, x := range pr.x500 {
			k := strings.ToLower(x)
			p.byText[k] = append(p.byText[k], entry{pr})
		}
	}
	for _, list := range [][]*principal{p.users, p.contacts, p.groups, p.dynamicGroups} {
		for _, pr := range list {
			add(pr)
		}
	}
	seen := map[*principal]bool{}
	for _, m := range p.others {
		if m.owner.group == nil && !seen[m.owner] {
			seen[m.owner] = true
			add(m.owner)
		}
	}
	for _, m := range p.mailboxes {
		if m.typ == "DiscoveryMailbox" {
			add(m.owner)
		}
	}
}

// find returns what an identity names: an id in any form, an address, a name, a
// LegacyExchangeDN. Several principals that share a display name are all returned.
func (p *plan) find(identity string) []*principal {
	if g, ok := parseGUID(identity); ok {
		if e, ok := p.byGUID[g]; ok {
			return []*principal{e.p}
		}
	}
	low := strings.ToLower(identity)
	if strings.HasPrefix(low, strings.ToLower(dnPrefix)) {
		rest := low[len(dnPrefix):]
		if len(rest) > 32 && rest[32] == '-' {
			if g, ok := parseGUID(rest[:32]); ok {
				if e, ok := p.byGUID[g]; ok && strings.EqualFold(e.p.legacyDN(), identity) {
					return []*principal{e.p}
				}
			}
		}
	}
	var out []*principal
	for _, e := range p.byText[low] {
		out = append(out, e.p)
	}
	return out
}

// DefaultDomain is the domain of the people.
func (p *plan) DefaultDomain() string {
	for _, d := range p.domains {
		if d.isDefault {
			return d.name
		}
	}
	return ""
}

func (p *plan) initialDomain() string {
	for _, d := range p.domains {
		if d.initial {
			return d.name
		}
	}
	return ""
}
