package faketenant

import (
	"sort"
	"strings"
	"time"
)

// Kinds of a principal, and the other values of the trusteeType column.
const (
	kindUser       = "user"
	kindGuest      = "guest"
	kindGroup      = "group"
	kindApp        = "application"
	kindContact    = "contact"
	kindDefault    = "default"
	kindAnonymous  = "anonymous"
	kindExternal   = "external"
	kindWellKnown  = "well-known"
	kindOrphaned   = "orphaned"
	kindUnresolved = "unresolved"
)

// plan is the tenant before it is rendered. It is written once, by newPlan, and read only
// afterwards; every pointer that a reference resolves to was put there on purpose.
type plan struct {
	dice
	opt     Options
	clean   bool
	now     time.Time
	tenant  guid
	company string

	domains []domain
	skus    []*sku

	users     []*principal // of the directory: people, shared and room accounts, guests
	contacts  []*principal
	groups    []*principal
	mailboxes []*mailbox // in wire order, active ones without group and public folder mailboxes
	others    []*mailbox // group, inactive and public folder mailboxes

	apps        []*app
	grants      []delegatedGrant
	assignments []roleGrant // app role assignments
	roles       []*directoryRole
	roleHolders []roleHolding
	roleGroups  []*roleGroup
	policies    []accessPolicy
	scoped      []scopedAssignment
	directRoles []directRole // Exchange roles of people and groups

	sendAs     []sendAs
	bypassed   []bypass
	transport  []*transportRule
	remote     []remoteDomain
	outbound   []outboundPolicy
	connectors []connector
	org        orgSettings
	sharing    []sharingPolicy
	consents   consentSettings

	// dynamicGroups are dynamic distribution groups: Exchange has them, Entra does not.
	dynamicGroups []*principal

	auditor     *app       // the application that client credentials sign in as
	auditorUser *principal // the person that delegated flows sign in as

	reach func() []reachRow // who reaches which mailbox, worked out once

	byGUID map[guid]entry
	byText map[string][]entry
	rid    int
}

// entry is what an identity names.
type entry struct{ p *principal }

// domain is an accepted domain.
type domain struct {
	name, kind         string
	isDefault, initial bool
	subdomains         bool // MatchSubDomains
	guid               guid
}

// principal is anything that has an identity in the directory or in Exchange.
type principal struct {
	kind     string // one of the kinds that resolve
	id       guid   // Entra object id; zero for a recipient that Entra does not have
	xid      guid   // Exchange Guid; zero when Exchange does not have it
	name     string // Exchange Name, Identity and Id; "" means the text of id
	display  string
	alias    string
	upn      string
	smtp     string // primary address, lower case
	rtd      string // RecipientTypeDetails; "" when it is no recipient
	external string // target address of contacts and guests
	rid      int    // last part of the SID; 0: none
	x500     []string
	hidden   bool
	disabled bool // account
	created  time.Time
	synced   *bool // onPremisesSyncEnabled; nil for an account that was never synchronised
	ancient  bool  // from before Graph kept userType and createdDateTime

	licences []licence
	mailbox  *mailbox
	group    *groupPlan
	app      *app
}

// licence is a SKU assigned to a user.
type licence struct {
	sku *sku
	off []servicePlan
}

// identity is the Exchange Name, Identity and Id.
func (p *principal) identity() string {
	if p.name != "" {
		return p.name
	}
	return p.id.String()
}

// key is the id that rows carry: the Entra object id, or the Exchange Guid.
func (p *principal) key() string {
	if p.id != (guid{}) {
		return p.id.String()
	}
	return p.xid.String()
}

// sid is the SID in Exchange's own domain; "" for none.
func (p *principal) sid() string {
	if p.rid == 0 {
		return ""
	}
	return sidOf(p.rid)
}

// address is the address that mail to the principal reaches.
func (p *principal) address() string {
	if p.external != "" {
		return p.external
	}
	return p.smtp
}

const dnPrefix = "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn="

// legacyDN is the LegacyExchangeDN.
func (p *principal) legacyDN() string {
	suffix := p.alias
	if i := strings.IndexAny(suffix, ".-_@ "); i > 0 {
		suffix = suffix[:i]
	}
	return dnPrefix + strings.ReplaceAll(p.xid.String(), "-", "") + "-" + suffix
}

// groupPlan is what only groups have.
type groupPlan struct {
	kind       string // security, mailSecurity, distribution, unified
	members    []*principal
	everyone   bool // all member accounts; members is empty
	assignable bool
	dynamic    string // membership rule
}

// staff are the members of the all-staff group: everybody with a mailbox of their own.
func (p *plan) staff() []*principal {
	var out []*principal
	for _, u := range p.users {
		if u.kind == kindUser && u.mailbox != nil && u.rtd == "UserMailbox" {
			out = append(out, u)
		}
	}
	return out
}

// direct lists the direct members of a group.
func (p *plan) direct(g *principal) []*principal {
	if g.group.everyone {
		return p.staff()
	}
	return g.group.members
}

// transitive lists the members of a group and of the groups in it, without the group
// itself, each once; cycles end.
func (p *plan) transitive(g *principal) []*principal {
	seen := map[*principal]bool{g: true}
	var out []*principal
	var walk func(*principal)
	walk = func(g *principal) {
		for _, m := range p.direct(g) {
			if seen[m] {
				continue
			}
			seen[m] = true
			out = append(out, m)
			if m.group != nil {
				walk(m)
			}
		}
	}
	walk(g)
	return out
}

// outside lists the external addresses that mail to a group reaches.
func (p *plan) outside(g *principal) []string {
	var out []string
	for _, m := range p.transitive(g) {
		if m.external != "" {
			out = append(out, m.external)
		}
	}
	sort.Strings(out)
	return out
}

// mailbox is a mailbox of any type.
type mailbox struct {
	owner        *principal
	store        guid // ExchangeGuid
	typ          string
	inactive     bool
	hold         bool
	kind         string // "", GroupMailbox, Inactive, PublicFolder: the listing that shows it
	audit        *auditSetup
	auditOff     bool // AuditEnabled false
	logAge       *logAge
	protocols    protocols
	forwardTo    *target
	forwardSMTP  *target
	copyStays    bool
	behalf       []holder
	perms        []mailboxGrant
	rules        []*rule
	newsletter   bool
	outOfOffice  bool
	neverUsed    bool // no rule, not even the service's own
	brokenRule   bool
	lang         *language
	extraFolders []folder
	folderGrants []folderGrant
	changed      time.Time // WhenChangedUTC; zero: not sent
	index        int       // number, not the position on the wire
}

// id is the id that every row carries.
func (m *mailbox) id() string { return m.owner.key() }

// covered is true for the mailboxes that per-mailbox datasets describe.
func (m *mailbox) covered() bool {
	return m.kind == "" && m.typ != "DiscoveryMailbox"
}

// premium is true when the owner holds the advanced auditing plan.
func (m *mailbox) premium() bool {
	for _, l := range m.owner.licences {
		if l.has(planAudit) {
			return true
		}
	}
	return false
}

// has is true when the plan is part of the licence, provisioned, and not switched off for the user.
func (l licence) has(want servicePlan) bool {
	for _, o := range l.off {
		if o == want {
			return false
		}
	}
	if l.sku.off[want.id] {
		return false
	}
	for _, s := range l.sku.plans {
		if s == want {
			return true
		}
	}
	return false
}

// auditSetup is what a mailbox records.
type auditSetup struct{ admin, delegate, owner, managed []string }

var (
	auditStandard = &auditSetup{auditAdminStandard, auditDelegateStandard, auditOwnerStandard, auditAllLogons}
	auditPremium  = &auditSetup{auditAdminPremium, auditDelegatePremium, auditOwnerPremium, auditAllLogons}
	auditGroup    = &auditSetup{auditGroupMember, auditGroupMember, auditGroupOwner, auditAllLogons}
)

// holder is who holds a right, as the service writes it and as a correct review resolves it.
type holder struct {
	as         string // text on the wire
	sid        string
	kind       string
	ref        *principal // nil when it does not resolve
	candidates []*principal
	address    string // of external holders
}

func byUPN(p *principal) holder     { return holder{as: p.upn, sid: p.sid(), kind: p.kind, ref: p} }
func byDisplay(p *principal) holder { return holder{as: p.display, sid: p.sid(), kind: p.kind, ref: p} }
func byName(p *principal) holder    { return holder{as: p.identity(), sid: p.sid(), kind: p.kind, ref: p} }
func byObjectID(p *principal) holder {
	return holder{as: p.id.String(), sid: p.sid(), kind: p.kind, ref: p}
}

// orphan is a deleted principal: all that is left is its SID.
func orphan(rid int) holder {
	return holder{as: sidOf(rid), sid: sidOf(rid), kind: kindOrphaned}
}

// orphanNT is the form that folder permissions use.
func orphanNT(rid int) holder { return holder{as: "NT:" + sidOf(rid), kind: kindOrphaned} }

func wellKnown(as, sid string) holder { return holder{as: as, sid: sid, kind: kindWellKnown} }

// published is a folder shared with an address outside.
func published(address string) holder {
	return holder{as: "ExchangePublishedUser." + address, kind: kindExternal, address: address}
}

// ambiguous is a display name that several principals bear.
func ambiguous(display string, all ...*principal) holder {
	return holder{as: display, kind: kindUnresolved, candidates: all}
}

// gone is a name that nobody bears any more.
func gone(as string) holder { return holder{as: as, kind: kindUnresolved} }

const domainSID = "S-1-5-21-2210457783-1540983391-3309128834-"

func sidOf(rid int) string { return domainSID + itoa(rid) }

// mailboxGrant is a row of Get-MailboxPermission.
type mailboxGrant struct {
	holder
	rights    []string // as elements on the wire: one element may hold several, joined by ", "
	deny      bool
	inherited bool
}

// sendAs is a row of Get-RecipientPermission.
type sendAs struct {
	on *principal
	holder
	deny bool
}

// bypass is an account that mailbox auditing leaves out.
type bypass struct {
	who     *principal
	changed time.Time
}

// target is where a forwarding or a rule sends mail.
type target struct {
	as      string // text on the wire
	kind    string // internal, external, unresolved
	address string // what it resolves to; "" for unresolved
	reaches []string
	group   *principal
}

// The values of target.kind.
const (
	targetInternal   = "internal"
	targetExternal   = "external"
	targetUnresolved = "unresolved"
)

// plainAddress is an address that is no recipient of the tenant.
func plainAddress(as, address string, external bool) target {
	t := target{as: as, kind: targetInternal, address: address}
	if external {
		t.kind, t.reaches = targetExternal, []string{address}
	}
	return t
}

// toward resolves to a recipient. The kind follows from what the plan made of it.
func (p *plan) toward(as string, r *principal) target {
	t := target{as: as, kind: targetInternal, address: r.address()}
	switch {
	case r.group != nil:
		t.group = r
		if t.reaches = p.outside(r); len(t.reaches) > 0 {
			t.kind = targetExternal
		}
	case r.external != "":
		t.kind, t.reaches = targetExternal, []string{r.external}
	}
	return t
}

// nowhere does not resolve.
func nowhere(as string) target {
	return target{as: as, kind: targetUnresolved, reaches: []string{"unresolved:" + as}}
}

// smtpElement is an address element of an inbox rule for a one-off address.
func smtpElement(display, address string) string {
	return `"` + display + `" [SMTP:` + address + `]`
}

// exElement is an address element of an inbox rule for a directory object.
func exElement(display, dn string) string { return `"` + display + `" [EX:` + dn + `]` }

func sortedUnique(in []string) []string {
	out := make([]string, 0, len(in))
	out = append(out, in...)
	sort.Strings(out)
	n := 0
	for i, s := range out {
		if i == 0 || s != out[n-1] {
			out[n] = s
			n++
		}
	}
	return out[:n]
}

func reaches(lists ...[]target) []string {
	var all []string
	for _, l := range lists {
		for _, t := range l {
			all = append(all, t.reaches...)
		}
	}
	return sortedUnique(all)
}

func texts(list []target) []string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = t.as
	}
	return out
}

func itoa(n int) string {
	if n < 0 {
		return "-" + itoa(-n)
	}
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}

// forest is the name of the Exchange forest.
const forest = "EURPR08A012"
