package checks

import (
	"testing"

	"tenantaudit/internal/snapshot"
)

var ownDomain = snapshot.AcceptedDomain{DomainName: "contoso.example", MatchSubDomains: off(), Source: "exchange"}

func TestMailboxForwarding(t *testing.T) {
	const id = "mail.mailbox_forwarding"
	forward := func(kind string, keep *bool, recipients ...string) func(*snapshot.Mailbox) {
		return func(m *snapshot.Mailbox) {
			m.ForwardingTargetType, m.DeliverToMailboxAndForward, m.ForwardingExternalRecipients = kind, keep, recipients
		}
	}
	runRows(t, id, []row{
		{"none", with(ownDomain, mailbox("a", "UserMailbox", forward("", nil))), "pass 1/1", "", ""},
		{"inside", with(ownDomain, mailbox("a", "UserMailbox", forward("internal", off()))), "pass 1/1", "", ""},
		{"outside, a copy stays", with(ownDomain, mailbox("a", "UserMailbox", forward("external", on(), "kim@fabrikam.example"))), "fail 1/1", "high mailbox a", ""},
		{"outside, nothing is said of a copy", with(ownDomain, mailbox("a", "UserMailbox", forward("external", nil, "kim@fabrikam.example"))), "fail 1/1", "high mailbox a", ""},
		{"outside, no copy stays", with(ownDomain, mailbox("a", "SharedMailbox", forward("external", off(), "kim@fabrikam.example"))), "fail 1/1", "critical mailbox a", ""},
		{"not resolved, no copy stays", with(ownDomain, mailbox("a", "UserMailbox", forward("unresolved", off(), "unresolved:Robin"))), "fail 1/1", "medium mailbox a", ""},
		{"domains of graph stand in", with(ownDomain, mailbox("a", "UserMailbox", nil)).gap(cover(snapshot.AcceptedDomains, snapshot.CoverageDenied, 0, 1, snapshot.MissingPrivilege)),
			"not-evaluated 0/1", "", "acceptedDomains: denied"},
		{"a violation stands without the domains", with(mailbox("a", "UserMailbox", forward("external", on(), "kim@fabrikam.example")), mailbox("b", "UserMailbox", nil)).
			gap(cover(snapshot.AcceptedDomains, snapshot.CoverageDenied, 0, 1, snapshot.MissingPrivilege)), "fail 1/2", "high mailbox a", "acceptedDomains: denied"},
		{"an inactive mailbox gets no mail", with(ownDomain, mailbox("a", "UserMailbox", func(m *snapshot.Mailbox) {
			forward("external", off(), "kim@fabrikam.example")(m)
			m.Inactive = true
		})), "pass 0/0", "", ""},
		{"fifty-one mailboxes, the last one forwards", with(append(many(50), ownDomain, mailbox("z", "UserMailbox", forward("external", on(), "kim@fabrikam.example")))...), "fail 51/51", "high mailbox z", ""},
	})
	everyNeed(t, id, ownDomain, mailbox("a", "UserMailbox", nil))

	_, found := judge(t, id, with(ownDomain, mailbox("a", "UserMailbox", forward("external", on(), "kim@c0ntoso.example", "lee@notcontoso.example"))))
	alike := found[0].Details["looksLikeOwnDomain"].(map[string]string)
	if len(alike) != 1 || alike["kim@c0ntoso.example"] != "contoso.example" {
		t.Errorf("look-alikes = %v", alike)
	}
}

// many returns n mailboxes at which nothing is wrong.
func many(n int) []any {
	var rows []any
	for i := range n {
		rows = append(rows, mailbox(string(rune('a'+i/26))+string(rune('a'+i%26)), "UserMailbox", nil))
	}
	return rows
}

func TestInboxRuleForwarding(t *testing.T) {
	const id = "mail.inbox_rule_forwarding"
	rule := func(n string, change func(*snapshot.InboxRule), recipients ...string) snapshot.InboxRule {
		r := snapshot.InboxRule{Mailbox: "m", MailboxAddress: "m@contoso.example", RuleIdentity: n, Name: "r" + n, Enabled: on(), Hidden: off(),
			DeleteMessage: off(), ExternalRecipients: append([]string{}, recipients...)}
		if change != nil {
			change(&r)
		}
		return r
	}
	const out, lost = "kim@fabrikam.example", "unresolved:Robin"
	deletes := func(r *snapshot.InboxRule) { r.DeleteMessage = on() }
	hidden := func(r *snapshot.InboxRule) { r.Hidden = on() }
	disabled := func(r *snapshot.InboxRule) { r.Enabled = off(); r.DeleteMessage = on() }
	unsure := func(r *snapshot.InboxRule) { r.Enabled = nil; r.DeleteMessage = on() }
	unreadable := func(r *snapshot.InboxRule) { r.SupportedByTask = off(); r.Actions = []string{} }
	hiddenUnknown := func(r *snapshot.InboxRule) { r.Hidden = nil }
	two := snapshot.Coverage{Dataset: snapshot.InboxRules, State: snapshot.CoverageComplete, Collected: 2, Expected: 2}
	runRows(t, id, []row{
		{"inside", with(ownDomain, rule("1", deletes)).gap(two), "pass 2/2", "", ""},
		{"outside", with(ownDomain, rule("1", nil, out)).gap(two), "fail 2/2", "high inboxRule m|1", ""},
		{"outside and deletes", with(ownDomain, rule("1", deletes, out)).gap(two), "fail 2/2", "critical inboxRule m|1", ""},
		{"outside and hidden", with(ownDomain, rule("1", hidden, out)).gap(two), "fail 2/2", "critical inboxRule m|1", ""},
		{"hidden is not known", with(ownDomain, rule("1", hiddenUnknown, out)).gap(two), "fail 2/2", "high inboxRule m|1", ""},
		{"disabled", with(ownDomain, rule("1", disabled, out)).gap(two), "fail 2/2", "low inboxRule m|1", ""},
		{"whether it is enabled is not known", with(ownDomain, rule("1", unsure, out)).gap(two), "fail 2/2", "high inboxRule m|1", ""},
		{"nothing resolved", with(ownDomain, rule("1", nil, lost)).gap(two), "fail 2/2", "medium inboxRule m|1", ""},
		{"one of two resolved", with(ownDomain, rule("1", nil, out, lost)).gap(two), "fail 2/2", "high inboxRule m|1", ""},
		{"the service's own rule", with(ownDomain, rule("1", func(r *snapshot.InboxRule) { r.System = true; r.Hidden = on() }, out)).gap(two), "pass 2/2", "", ""},
		{"targets not known", with(ownDomain, rule("1", func(r *snapshot.InboxRule) { r.ExternalRecipients = nil })).gap(two), "not-evaluated 1/2", "", "targets of a rule are not known (1)"},
		{"a rule that is not fully readable", with(ownDomain, rule("1", unreadable)).gap(two), "not-evaluated 1/2", "", "not fully readable"},
		{"a disabled one moves nothing", with(ownDomain, rule("1", func(r *snapshot.InboxRule) { unreadable(r); r.Enabled = off() })).gap(two), "pass 2/2", "", ""},
		{"one that shows its actions is readable", with(ownDomain, rule("1", func(r *snapshot.InboxRule) { unreadable(r); r.Actions = []string{"MarkAsRead"} })).gap(two), "pass 2/2", "", ""},
		{"a throttled mailbox is not a mailbox without rules", with(ownDomain).gap(cover(snapshot.InboxRules, snapshot.CoveragePartial, 3, 4, snapshot.CauseThrottled)),
			"not-evaluated 3/4", "", "Inbox rules: 3 of 4 read (throttled by the service"},
		{"large identities keep their digits", with(ownDomain, rule("15394007230974001153", nil, out)).gap(two), "fail 2/2", "high inboxRule m|15394007230974001153", ""},
	})
	everyNeed(t, id, ownDomain, rule("1", nil))
}

func TestTransportRuleRedirects(t *testing.T) {
	const id = "mail.transport_rule_redirects"
	rule := func(n, state, mode string, recipients ...string) snapshot.TransportRule {
		return snapshot.TransportRule{RuleID: n, Name: "rule " + n, State: state, Mode: mode, ExternalRecipients: append([]string{}, recipients...)}
	}
	const out, lost = "tap@evil.example", "unresolved:Robin"
	unknown := rule("1", "Enabled", "Enforce")
	unknown.ExternalRecipients = nil
	runRows(t, id, []row{
		{"a blind copy outside beside a redirect inside", with(ownDomain, rule("1", "Enabled", "Enforce", out), rule("2", "Enabled", "Enforce")), "fail 2/2", "critical transportRule 1", ""},
		{"inside only", with(ownDomain, rule("2", "Enabled", "Enforce")), "pass 1/1", "", ""},
		{"disabled", with(ownDomain, rule("1", "Disabled", "Enforce", out)), "fail 1/1", "low transportRule 1", ""},
		{"test mode", with(ownDomain, rule("1", "Enabled", "AuditAndNotify", out)), "fail 1/1", "low transportRule 1", ""},
		{"state and mode unknown", with(ownDomain, rule("1", "", "", out)), "fail 1/1", "critical transportRule 1", ""},
		{"nothing resolved", with(ownDomain, rule("1", "Enabled", "Enforce", lost)), "fail 1/1", "medium transportRule 1", ""},
		{"one of two resolved", with(ownDomain, rule("1", "Enabled", "Enforce", out, lost)), "fail 1/1", "critical transportRule 1", ""},
		{"disabled and nothing resolved", with(ownDomain, rule("1", "Disabled", "Enforce", lost)), "fail 1/1", "low transportRule 1", ""},
		{"targets not known", with(ownDomain, unknown, rule("2", "Enabled", "Enforce")), "not-evaluated 1/2", "", "targets of the rule"},
		{"no rule", with(ownDomain), "pass 0/0", "", ""},
	})
	everyNeed(t, id, ownDomain, rule("2", "Enabled", "Enforce"))
}
