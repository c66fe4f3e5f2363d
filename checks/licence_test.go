package checks

import (
	"strings"
	"testing"

	"tenantaudit/internal/snapshot"
)

const (
	planP1     = "41781fb2-bc02-4b7c-bd55-b576c07bb09d"
	planP2     = "eec0eb4f-6444-4f95-aba0-50c24d67f998"
	planAudit  = "2f442157-a11c-46b9-ae5b-6e39ff4e5849"
	planMFA    = "8a256a2b-b617-496d-b51b-e76466e88db0" // comes with P1, is not P1
	planSilent = "9aaf7827-d63c-4b61-89c3-182f06f82e5c" // Exchange Online Plan 1
)

func units(n int64) *int64 { return &n }

func sku(id, status string, plans ...string) snapshot.SKU {
	return snapshot.SKU{SKUID: id, SKUPartNumber: "PART_" + id, Name: "Product " + id, Status: status,
		Enabled: units(10), Consumed: units(8), ServicePlanIDs: append([]string{}, plans...)}
}

func TestEntraPremium(t *testing.T) {
	const id = "licence.entra_premium"
	unknown := sku("u", "Enabled")
	unknown.ServicePlanIDs = nil
	runRows(t, id, []row{
		{"P1", with(sku("a", "Enabled", planSilent), sku("b", "Enabled", planP1)), "pass 1/1", "", ""},
		{"P2, days of grace, other case", with(sku("b", "warning", strings.ToUpper(planP2))), "pass 1/1", "", ""},
		{"no plan of it", with(sku("a", "Enabled", planSilent, planMFA)), "fail 1/1", "low tenant tenant-1", ""},
		{"suspended", with(sku("b", "Suspended", planP2), sku("a", "Enabled", planSilent)), "fail 1/1", "low tenant tenant-1", ""},
		{"locked out and deleted", with(sku("b", "LockedOut", planP2), sku("c", "Deleted", planP1)), "fail 1/1", "low tenant tenant-1", ""},
		{"no product at all", with(), "fail 1/1", "low tenant tenant-1", ""},
		{"plans not known", with(unknown), "not-evaluated 0/1", "", "service plans of a product were not sent (1)"},
		{"status not known", with(sku("b", "", planP1)), "not-evaluated 0/1", "", "the status or"},
		{"unknown beside a proof", with(unknown, sku("b", "Enabled", planP1)), "pass 1/1", "", ""},
		{"unknown that does not matter", with(sku("b", "", planSilent)), "fail 1/1", "low tenant tenant-1", ""},
		{"suspended with unknown plans", with(func() snapshot.SKU { s := unknown; s.Status = "Suspended"; return s }()), "fail 1/1", "low tenant tenant-1", ""},
	})
	everyNeed(t, id, sku("b", "Enabled", planP1))
	row{"absence proves nothing on half of the products", with(sku("a", "Enabled", planSilent)).gap(cover(snapshot.SKUs, snapshot.CoveragePartial, 0, 1, snapshot.Interrupted)),
		"not-evaluated 0/1", "", "skus: partial"}.run(t, id)
}

func TestLicenceInventory(t *testing.T) {
	const id = "licence.inventory"
	e5 := sku("e5", "Enabled", planP1, planP2, planAudit)
	hidden := sku("x", "Enabled")
	hidden.ServicePlanIDs, hidden.Consumed = nil, nil
	rows := []any{
		e5, sku("mail", "Enabled", planSilent), hidden,
		snapshot.UserLicence{User: "u1", SKUID: "e5", AdvancedAudit: true, EntraPremium: "P2"},
		snapshot.UserLicence{User: "u2", SKUID: "e5", EntraPremium: "P2", DisabledPlans: []string{"M365_ADVANCED_AUDITING"}},
		snapshot.UserLicence{User: "u2", SKUID: "mail"},
		snapshot.UserLicence{User: "u3", SKUID: "gone", AdvancedAudit: true},
	}
	found := row{"three products", with(rows...), "info 3/3", "info sku e5\ninfo sku mail\ninfo sku x", ""}.run(t, id)
	for i, want := range []string{
		"Product e5: 8 of 10 units are in use; it unlocks audit records for one year (Audit Premium) and sign-in logs for 30 days (Entra ID P2).",
		"Product mail: 8 of 10 units are in use; it unlocks no logs.",
		"Product x: the units in use are not known; its service plans are not known.",
	} {
		if found[i].Summary != want {
			t.Errorf("summary %q, want %q", found[i].Summary, want)
		}
	}
	if d := found[0].Details; d["users"] != 2 || d["usersWithAuditPremium"] != 1 || d["usersWithEntraPremium"] != 2 || d["auditPremium"] != true || d["entraPremium"] != "P2" {
		t.Errorf("details of e5: %v", d)
	}
	if d := found[1].Details; d["users"] != 1 || d["auditPremium"] != false || d["entraPremium"] != "" {
		t.Errorf("details of mail: %v", d)
	}
	if d := found[2].Details; d["users"] != 0 || d["auditPremium"] != nil || d["consumed"] != nil {
		t.Errorf("details of x: %v", d)
	}
	// A user count from half of the users is none.
	half := row{"users read in part", with(rows...).gap(cover(snapshot.UserLicences, snapshot.CoveragePartial, 1, 2, snapshot.CauseThrottled)),
		"not-evaluated 3/4", "info sku e5\ninfo sku mail\ninfo sku x", "userLicences: partial"}.run(t, id)
	if half[0].Details["users"] != nil {
		t.Errorf("users = %v on partial data", half[0].Details["users"])
	}
	everyNeed(t, id, rows...)
}

func TestPremiumActionsAvailable(t *testing.T) {
	const id = "audit.premium_actions_available"
	premium := func(b *bool) func(*snapshot.Mailbox) { return func(m *snapshot.Mailbox) { m.PremiumAudit = b } }
	runRows(t, id, []row{
		{"with", with(mailbox("a", "UserMailbox", premium(on()))), "pass 1/1", "", ""},
		{"without", with(mailbox("a", "UserMailbox", premium(off())), mailbox("b", "linkedmailbox", premium(off()))), "fail 2/2", "low mailbox a\nlow mailbox b", ""},
		{"licence not known", with(mailbox("a", "UserMailbox", premium(nil)), mailbox("b", "UserMailbox", premium(on()))), "not-evaluated 1/2", "", "is not known (1)"},
		{"other types have nobody of their own", with(mailbox("a", "SharedMailbox", premium(off())), mailbox("b", "RoomMailbox", premium(off())), mailbox("c", "GroupMailbox", premium(nil))), "pass 0/0", "", ""},
		{"inactive", with(mailbox("a", "UserMailbox", func(m *snapshot.Mailbox) { m.PremiumAudit = off(); m.Inactive = true })), "pass 0/0", "", ""},
	})
	everyNeed(t, id, mailbox("a", "UserMailbox", premium(on())))

	_, found := judge(t, id, with(mailbox("a", "UserMailbox", premium(off())), mailbox("b", "UserMailbox", premium(off())),
		snapshot.UserLicence{User: "a", SKUID: "e5", SKUPartNumber: "SPE_E5", DisabledPlans: []string{"M365_ADVANCED_AUDITING"}},
		snapshot.UserLicence{User: "b", SKUID: "e3", SKUPartNumber: "SPE_E3", DisabledPlans: []string{}}))
	if d := found[0].Details; d["planSwitchedOff"] != true || !strings.Contains(found[0].Summary, "switched off") || strings.Join(d["skus"].([]string), " ") != "SPE_E5" {
		t.Errorf("%q %v", found[0].Summary, d)
	}
	if d := found[1].Details; d["planSwitchedOff"] != false || strings.Contains(found[1].Summary, "switched off") {
		t.Errorf("%q %v", found[1].Summary, d)
	}
	lost := found[0].Details["actionsNotRecorded"].(map[string][]string)
	if strings.Join(lost["Owner"], " ") != "MailItemsAccessed Send" || strings.Join(lost["Delegate"], " ") != "MailItemsAccessed" || len(lost) != 3 {
		t.Errorf("lost = %v", lost)
	}
}

func TestRetentionMeetsNeed(t *testing.T) {
	const id = "audit.retention_meets_need"
	licence := func(user, sku string, premium bool) snapshot.UserLicence {
		return snapshot.UserLicence{User: user, UserPrincipalName: user + "@contoso.example", SKUID: sku, SKUPartNumber: sku, AdvancedAudit: premium}
	}
	need := func(days int, f *fake) *fake { f.options.AuditRetentionDays = days; return f }
	runRows(t, id, []row{
		{"by default everybody has enough", with(licence("u1", "e3", false), licence("u2", "e5", true)), "pass 2/2", "", ""},
		{"180 days", need(180, with(licence("u1", "e3", false))), "pass 1/1", "", ""},
		{"181 days", need(181, with(licence("u1", "e3", false), licence("u2", "e5", true))), "fail 2/2", "medium user u1", ""},
		{"a year", need(365, with(licence("u2", "e5", true))), "pass 1/1", "", ""},
		{"more than a year", need(366, with(licence("u2", "e5", true))), "fail 1/1", "medium user u2", ""},
		{"any product counts, the user once", need(365, with(licence("u1", "e3", false), licence("u1", "addon", true), licence("u1", "zz", false))), "pass 1/1", "", ""},
		{"two products, no plan, one finding", need(365, with(licence("u1", "e3", false), licence("u1", "p1", false))), "fail 1/1", "medium user u1", ""},
		{"nobody has a licence", need(365, with()), "pass 0/0", "", ""},
	})
	everyNeed(t, id, licence("u1", "e3", false))

	_, found := judge(t, id, need(365, with(licence("u1", "p1", false), licence("u1", "e3", false))))
	if d := found[0].Details; d["retentionDays"] != 180 || d["neededDays"] != 365 || strings.Join(d["skus"].([]string), " ") != "e3 p1" || len(found[0].Evidence) != 2 {
		t.Errorf("%v, %d rows of evidence", d, len(found[0].Evidence))
	}
}

func TestMailboxExplicitlyEnabled(t *testing.T) {
	const id = "audit.mailbox_explicitly_enabled"
	box := func(name, kind string, premium, enabled *bool) snapshot.Mailbox {
		return mailbox(name, kind, func(m *snapshot.Mailbox) { m.PremiumAudit, m.AuditEnabled = premium, enabled })
	}
	runRows(t, id, []row{
		{"enabled", with(box("a", "UserMailbox", off(), on())), "pass 1/1", "", ""},
		{"by default only", with(box("a", "UserMailbox", off(), off()), box("b", "SharedMailbox", off(), off()), box("c", "LinkedMailbox", off(), off())), "fail 3/3", "low mailbox a\nlow mailbox b\nlow mailbox c", ""},
		{"with the plan it does not matter", with(box("a", "UserMailbox", on(), off())), "pass 0/0", "", ""},
		{"licence not known", with(box("a", "UserMailbox", nil, off())), "not-evaluated 0/1", "", "service plan is not known (1)"},
		{"not sent", with(box("a", "UserMailbox", off(), nil)), "not-evaluated 0/1", "", "AuditEnabled was not sent (1)"},
		{"with the plan, not sent", with(box("a", "UserMailbox", on(), nil)), "pass 0/0", "", ""},
		{"other types and inactive ones", with(box("a", "RoomMailbox", off(), off()), box("g", "GroupMailbox", off(), off()),
			mailbox("i", "UserMailbox", func(m *snapshot.Mailbox) { m.PremiumAudit, m.AuditEnabled, m.Inactive = off(), off(), true })), "pass 0/0", "", ""},
	})
	everyNeed(t, id, box("a", "UserMailbox", off(), on()))
}

func TestMailboxLogAge(t *testing.T) {
	const id = "audit.mailbox_log_age"
	age := func(days *int64) func(*snapshot.Mailbox) {
		return func(m *snapshot.Mailbox) { m.AuditLogAgeLimitDays = days }
	}
	runRows(t, id, []row{
		{"the default", with(mailbox("a", "UserMailbox", age(units(90)))), "pass 1/1", "", ""},
		{"longer", with(mailbox("a", "RoomMailbox", age(units(3650)))), "pass 1/1", "", ""},
		{"a day short", with(mailbox("a", "UserMailbox", age(units(89)))), "fail 1/1", "low mailbox a", ""},
		{"zero keeps nothing", with(mailbox("a", "DiscoveryMailbox", age(units(0)))), "fail 1/1", "low mailbox a", ""},
		{"not sent", with(mailbox("a", "UserMailbox", age(nil)), mailbox("b", "UserMailbox", age(units(90)))), "not-evaluated 1/2", "", "AuditLogAgeLimit was not sent (1)"},
		{"group and inactive mailboxes", with(mailbox("g", "GroupMailbox", age(units(1))),
			mailbox("i", "UserMailbox", func(m *snapshot.Mailbox) { m.AuditLogAgeLimitDays, m.Inactive = units(1), true })), "pass 0/0", "", ""},
	})
	everyNeed(t, id, mailbox("a", "UserMailbox", age(units(90))))
}
