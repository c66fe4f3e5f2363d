package checks

import (
	"slices"
	"testing"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

func TestUALIngestionEnabled(t *testing.T) {
	const id = "audit.ual_ingestion_enabled"
	runRows(t, id, []row{
		{"on", with(snapshot.UnifiedAudit{Name: "a", UnifiedAuditLogIngestionEnabled: on()}), "pass 1/1", "", ""},
		{"off", with(snapshot.UnifiedAudit{Name: "a", UnifiedAuditLogIngestionEnabled: off()}), "fail 1/1", "critical tenant tenant-1", ""},
		{"not sent", with(snapshot.UnifiedAudit{Name: "a", AdminAuditLogEnabled: on()}), "not-evaluated 0/1", "", "was not sent"},
		{"no row", with(), "not-evaluated 0/1", "", "was not sent"},
		{"denied", with().gap(cover(snapshot.UnifiedAudits, snapshot.CoverageDenied, 0, 1, snapshot.MissingPrivilege)), "not-evaluated 0/1", "", "Unified audit log settings: access denied (for the test) [unifiedAudit: denied]"},
	})
	everyNeed(t, id, snapshot.UnifiedAudit{Name: "a", UnifiedAuditLogIngestionEnabled: on()})
}

func TestOrgMailboxAuditOn(t *testing.T) {
	const id = "audit.org_mailbox_audit_on"
	runRows(t, id, []row{
		{"on", with(snapshot.OrganizationConfig{Name: "o", AuditDisabled: off()}), "pass 1/1", "", ""},
		{"switched off", with(snapshot.OrganizationConfig{Name: "o", AuditDisabled: on()}), "fail 1/1", "critical tenant tenant-1", ""},
		{"unknown is not false", with(snapshot.OrganizationConfig{Name: "o"}), "not-evaluated 0/1", "", "AuditDisabled was not sent"},
	})
	everyNeed(t, id, snapshot.OrganizationConfig{Name: "o", AuditDisabled: off()})
}

func mailbox(id, kind string, change func(*snapshot.Mailbox)) snapshot.Mailbox {
	m := snapshot.Mailbox{Mailbox: id, MailboxAddress: id + "@contoso.example", RecipientTypeDetails: kind, AuditEnabled: on(),
		DefaultAuditSet: []string{"Admin", "Delegate", "Owner"}}
	if change != nil {
		change(&m)
	}
	return m
}

func TestMailboxAudited(t *testing.T) {
	const id = "audit.mailbox_audited"
	switchOn := snapshot.OrganizationConfig{Name: "o", AuditDisabled: off()}
	switchOff := snapshot.OrganizationConfig{Name: "o", AuditDisabled: on()}
	unset := func(m *snapshot.Mailbox) { m.AuditEnabled = off() }
	unknown := func(m *snapshot.Mailbox) { m.AuditEnabled = nil }
	inactive := func(m *snapshot.Mailbox) { m.Inactive = true; m.AuditEnabled = off() }
	runRows(t, id, []row{
		{"AuditEnabled is ignored on covered types", with(switchOn,
			mailbox("a", "UserMailbox", unset), mailbox("b", "SharedMailbox", unset), mailbox("c", "LinkedMailbox", unset),
			mailbox("d", "GroupMailbox", unset), mailbox("e", "usermailbox", unknown)), "pass 5/5", "", ""},
		{"AuditEnabled counts on every other type", with(switchOn,
			mailbox("r", "RoomMailbox", unset), mailbox("e", "EquipmentMailbox", unset), mailbox("d", "DiscoveryMailbox", unset),
			mailbox("p", "PublicFolderMailbox", unset), mailbox("s", "SchedulingMailbox", unset), mailbox("ok", "RoomMailbox", nil)),
			"fail 6/6", "high mailbox d\nhigh mailbox e\nhigh mailbox p\nhigh mailbox r\nhigh mailbox s", ""},
		{"unknown on a room is no verdict", with(switchOn, mailbox("r", "RoomMailbox", unknown), mailbox("a", "UserMailbox", nil)), "not-evaluated 1/2", "", "was not sent (1)"},
		{"organisation off: every active mailbox", with(switchOff,
			mailbox("a", "UserMailbox", nil), mailbox("r", "RoomMailbox", nil), mailbox("i", "UserMailbox", inactive)), "fail 2/2", "high mailbox a\nhigh mailbox r", ""},
		{"inactive mailboxes are left out", with(switchOn, mailbox("i", "RoomMailbox", inactive)), "pass 0/0", "", ""},
		{"organisation unknown: only what is sure", with(snapshot.OrganizationConfig{Name: "o"},
			mailbox("a", "UserMailbox", nil), mailbox("r", "RoomMailbox", unset), mailbox("s", "RoomMailbox", nil)), "fail 1/3", "high mailbox r", "was not sent (2)"},
		{"half of the mailboxes", with(switchOn, mailbox("a", "UserMailbox", nil)).gap(cover(snapshot.Mailboxes, snapshot.CoveragePartial, 3, 4, snapshot.CauseThrottled)),
			"not-evaluated 1/4", "", "Mailboxes: 3 of 4 read (throttled by the service: for the test) [mailboxes: partial]"},
		{"a violation on half of the mailboxes", with(switchOn, mailbox("r", "RoomMailbox", unset)).gap(cover(snapshot.Mailboxes, snapshot.CoveragePartial, 3, 4, snapshot.CauseThrottled)),
			"fail 1/4", "high mailbox r", "mailboxes: partial"},
		{"no mailbox", with(switchOn), "pass 0/0", "", ""},
	})
	everyNeed(t, id, switchOn, mailbox("a", "UserMailbox", nil), mailbox("r", "RoomMailbox", nil))
}

func TestMailboxActionsComplete(t *testing.T) {
	const id = "audit.mailbox_actions_complete"
	org := snapshot.OrganizationConfig{Name: "o", AuditDisabled: off()}
	// custom is a mailbox whose three lists are managed by hand and complete.
	custom := func(premium *bool, change func(*snapshot.Mailbox)) func(*snapshot.Mailbox) {
		return func(m *snapshot.Mailbox) {
			m.DefaultAuditSet = []string{}
			m.PremiumAudit = premium
			p := premium != nil && *premium
			m.AuditAdmin, m.AuditDelegate, m.AuditOwner = facts.DefaultAuditActions("Admin", p), facts.DefaultAuditActions("Delegate", p), facts.DefaultAuditActions("Owner", p)
			if change != nil {
				change(m)
			}
		}
	}
	drop := func(list []string, name string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == name })
	}
	noHardDelete := func(m *snapshot.Mailbox) { m.AuditOwner = drop(m.AuditOwner, "HardDelete") }
	runRows(t, id, []row{
		{"Microsoft's default set, whatever the lists show", with(org, mailbox("a", "UserMailbox", func(m *snapshot.Mailbox) { m.AuditOwner = []string{} })), "pass 1/1", "", ""},
		{"complete by hand", with(org, mailbox("a", "UserMailbox", custom(off(), nil))), "pass 1/1", "", ""},
		{"complete by hand, other case and more than asked", with(org, mailbox("a", "UserMailbox", custom(off(), func(m *snapshot.Mailbox) {
			m.AuditOwner = append(drop(m.AuditOwner, "HardDelete"), "harddelete", "MailboxLogin")
		}))), "pass 1/1", "", ""},
		{"one action is missing", with(org, mailbox("a", "UserMailbox", custom(off(), noHardDelete))), "fail 1/1", "high mailbox a", ""},
		{"missing in a logon type that Microsoft manages", with(org, mailbox("a", "UserMailbox", custom(off(), func(m *snapshot.Mailbox) {
			noHardDelete(m)
			m.DefaultAuditSet = []string{"owner"}
		}))), "pass 1/1", "", ""},
		{"premium actions are not asked of others", with(org, mailbox("a", "UserMailbox", custom(off(), nil))), "pass 1/1", "", ""},
		{"a licence nobody read decides nothing", with(org, mailbox("a", "UserMailbox", custom(nil, nil))), "not-evaluated 0/1", "", "licence that decides is not known (1)"},
		{"with every action the licence does not matter", with(org, mailbox("a", "UserMailbox", custom(on(), func(m *snapshot.Mailbox) { m.PremiumAudit = nil }))), "pass 1/1", "", ""},
		{"premium actions are asked of the licensed", with(org, mailbox("a", "UserMailbox", custom(off(), func(m *snapshot.Mailbox) { m.PremiumAudit = on() }))), "fail 1/1", "high mailbox a", ""},
		{"licensed and complete", with(org, mailbox("a", "UserMailbox", custom(on(), nil))), "pass 1/1", "", ""},
		{"a folded name does not replace the one it folds into", with(org, mailbox("a", "UserMailbox", custom(off(), func(m *snapshot.Mailbox) {
			m.AuditOwner = append(drop(m.AuditOwner, "UpdateFolderPermissions"), "AddFolderPermissions")
		}))), "fail 1/1", "high mailbox a", ""},
		{"group, inactive and unaudited mailboxes are left out", with(org,
			mailbox("g", "GroupMailbox", custom(off(), noHardDelete)),
			mailbox("i", "UserMailbox", custom(off(), func(m *snapshot.Mailbox) { noHardDelete(m); m.Inactive = true })),
			mailbox("r", "RoomMailbox", custom(off(), func(m *snapshot.Mailbox) { noHardDelete(m); m.AuditEnabled = off() }))), "pass 0/0", "", ""},
		{"an audited room counts", with(org, mailbox("r", "RoomMailbox", custom(off(), noHardDelete))), "fail 1/1", "high mailbox r", ""},
		{"default set not sent", with(org, mailbox("a", "UserMailbox", func(m *snapshot.Mailbox) { m.DefaultAuditSet = nil })), "not-evaluated 0/1", "", "DefaultAuditSet"},
		{"a list not sent", with(org, mailbox("a", "UserMailbox", custom(off(), func(m *snapshot.Mailbox) { m.AuditOwner = nil }))), "not-evaluated 0/1", "", "was not sent, or the licence"},
		{"organisation off is never a pass", with(snapshot.OrganizationConfig{Name: "o", AuditDisabled: on()}, mailbox("a", "UserMailbox", nil)), "not-evaluated 0/1", "", "switched off"},
		{"organisation unknown", with(snapshot.OrganizationConfig{Name: "o"}, mailbox("a", "UserMailbox", nil)), "not-evaluated 0/1", "", "is not known (1)"},
	})
	everyNeed(t, id, org, mailbox("a", "UserMailbox", nil))

	_, found := judge(t, id, with(org, mailbox("a", "UserMailbox", custom(on(), func(m *snapshot.Mailbox) {
		noHardDelete(m)
		m.AuditOwner = drop(m.AuditOwner, "MailItemsAccessed")
	}))))
	missing := found[0].Details["missing"].(map[string][]string)
	if !slices.Equal(missing["Owner"], []string{"HardDelete", "MailItemsAccessed"}) || len(missing) != 1 {
		t.Errorf("missing = %v", missing)
	}
	advice := found[0].Details["benchmarkAdvice"].(map[string][]string)
	if !slices.Equal(advice["Owner"], []string{"Create", "MailboxLogin", "Move"}) {
		t.Errorf("advice = %v", advice)
	}
}

func TestMailboxBypassAbsent(t *testing.T) {
	const id = "audit.mailbox_bypass_absent"
	runRows(t, id, []row{
		{"none", with(), "pass 0/0", "", ""},
		{"one", with(snapshot.AuditBypass{Identity: "Backup", PrincipalID: "p1", PrincipalName: "Backup", AuditBypassEnabled: true}), "fail 1/1", "high principal p1", ""},
		{"a row that says no", with(snapshot.AuditBypass{Identity: "Backup", PrincipalID: "p1"}), "pass 0/0", "", ""},
		{"first page only", with(snapshot.AuditBypass{Identity: "Backup", PrincipalID: "p1", AuditBypassEnabled: true}).
			gap(cover(snapshot.AuditBypasses, snapshot.CoveragePartial, 0, 1, snapshot.Interrupted)), "fail 1/2", "high principal p1", "auditBypass: partial"},
	})
	everyNeed(t, id)
}
