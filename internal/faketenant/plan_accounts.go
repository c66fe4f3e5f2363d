package faketenant

import (
	"slices"
	"time"
)

// protocols are the settings of Get-CASMailbox that a review reads.
type protocols struct {
	smtpAuthOff *bool // SmtpClientAuthenticationDisabled; nil: the tenant's default holds
	imap, pop   bool
}

// logAge is how long a mailbox keeps its audit records.
type logAge struct {
	text string // AuditLogAgeLimit as sent
	days int    // whole days in it
}

var defaultLogAge = &logAge{"90.00:00:00", 90}

// keeps is the log age of the mailbox.
func (m *mailbox) keeps() *logAge {
	if m.logAge == nil {
		return defaultLogAge
	}
	return m.logAge
}

// holdsAudit is true when one of the licences gives Audit (Premium).
func holdsAudit(all []licence) bool {
	return slices.ContainsFunc(all, func(l licence) bool { return l.has(planAudit) })
}

// dropPremium takes Entra ID P1 out of every product, and leaves a suspended product that
// would give it.
func (c *crew) dropPremium() {
	for _, s := range c.skus {
		if s.part == "AAD_PREMIUM_P2" {
			s.status = "Suspended"
			continue
		}
		s.plans = slices.DeleteFunc(slices.Clone(s.plans), func(sp servicePlan) bool { return sp == planP1 })
	}
}

// accountDetails says which accounts come from another directory, and who may sign in.
func (c *crew) accountDetails() {
	for i, m := range c.people {
		if i%3 == 2 {
			m.owner.synced = &yes
		}
	}
	if u := c.who(4); u != nil { // was synchronised once, and is a cloud account now
		u.synced = &no
	}
	for _, u := range c.users {
		if u.alias == "svc-erp" {
			u.ancient = true
			u.created = time.Time{}
		}
	}
	if c.clean {
		return
	}
	for i, m := range c.shared {
		if i == 5 || i%12 == 10 {
			m.owner.disabled = false
		}
	}
	for _, m := range []*mailbox{at(c.rooms, 1), at(c.equipment, 0)} {
		if m != nil {
			m.owner.disabled = false
		}
	}
}

// protocolSettings says what mailboxes accept, and sets the switches of the organisation.
func (c *crew) protocolSettings() {
	for i, m := range c.mailboxes {
		switch {
		case i%20 == 3 && !c.clean:
			m.protocols = protocols{smtpAuthOff: &no, imap: true, pop: true}
		case i%20 == 8 && !c.clean: // reads by IMAP, and does not send
			m.protocols = protocols{imap: true}
		case i%20 == 13: // off whatever the tenant says
			m.protocols = protocols{smtpAuthOff: &yes}
		}
	}
	c.org.modernAuthOff, c.org.directSend, c.org.smtpAuthOn = !c.clean, !c.clean, !c.clean
}

// logAges: records that go too early, and some that only seem to.
func (c *crew) logAges() {
	for n, age := range map[int]*logAge{
		8:  {"30.00:00:00", 30},
		16: {"89.23:59:59", 89}, // ninety days but for a second
		18: {"90.12:00:00", 90},
		26: {"00:00:00", 0}, // keeps none
		33: {"365.00:00:00", 365},
	} {
		if m := c.person(n); m != nil {
			m.logAge = age
		}
	}
	if m := at(c.rooms, 0); m != nil {
		m.logAge = &logAge{"14.00:00:00", 14}
	}
	for _, m := range c.others { // nobody asks that of groups and of mailboxes without an owner
		if m.inactive || m.typ == "GroupMailbox" {
			m.logAge = &logAge{"60.00:00:00", 60}
		}
	}
	if m := c.person(40); m != nil { // holds Audit (Premium): auditing of its own changes nothing
		m.auditOff = true
	}
}
