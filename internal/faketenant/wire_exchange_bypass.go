package faketenant

import (
	"cmp"
	"time"
)

// bypassRow is an object of Get-MailboxAuditBypassAssociation.
type bypassRow struct {
	name    string
	guid    guid
	skip    bool // true: bypassed
	unknown bool // the key is missing
	changed time.Time
}

// systemObjects is how many objects of the service the bypass list begins with, so that it is
// longer than the 1,000 rows that the cmdlet shows by default.
const systemObjects = 1030

// bypassList lists system objects first and accounts after them.
func (p *plan) bypassList() []bypassRow {
	out := make([]bypassRow, 0, systemObjects+len(p.mailboxes))
	for i := range systemObjects {
		r := bypassRow{guid: p.guid("bypass.system", i), changed: orgChanged}
		switch i % 3 {
		case 0:
			r.name = "SystemMailbox{" + p.guid("bypass.name", i).String() + "}"
		case 1:
			r.name = "TenantSetting_" + p.guid("bypass.name", i).String()
		default:
			r.name = "Asc-2X" + itoa(i) + "-" + p.guid("bypass.name", i).String()[:8]
		}
		r.unknown = !p.clean && i == 511
		out = append(out, r)
	}
	skipped := map[*principal]bypass{}
	for _, b := range p.bypassed {
		skipped[b.who] = b
	}
	for _, m := range p.mailboxes {
		b, skip := skipped[m.owner]
		out = append(out, bypassRow{name: m.owner.identity(), guid: m.owner.xid, skip: skip, changed: cmp.Or(b.changed, mailboxChanged)})
	}
	return out
}

func bypassRows(t *Tenant, a args) (rows, *failure) {
	p := t.plan
	all, f := named(a, p.bypassList(), func(r bypassRow) []string { return []string{r.name, r.guid.String()} })
	if f != nil {
		return rows{}, f
	}
	rs := rowsOf(all, func(b *bag, r bypassRow) {
		b.str("ObjectId", r.name)
		if !r.unknown {
			b.bool("AuditBypassEnabled", r.skip)
		}
		b.str("Name", r.name)
		b.str("Identity", r.name)
		b.str("Id", r.name)
		b.bool("IsValid", true)
		b.str("DistinguishedName", p.distinguishedName(r.name))
		b.list("ObjectClass", []string{"top", "person", "organizationalPerson", "user"})
		b.date("WhenChangedUTC", dateUTC, r.changed)
		b.guid("ExchangeObjectId", r.guid)
		b.str("OrganizationId", p.organizationID())
		b.guid("Guid", r.guid)
		b.str("ExchangeVersion", exchangeVersion)
		b.str("ObjectState", "Unchanged")
	})
	rs.warnings = []string{"The object Asc-2X1-09f1c0aa has been corrupted or isn't compatible with Microsoft support requirements, and it's in an inconsistent state. The following validation errors happened:"}
	return rs, nil
}
