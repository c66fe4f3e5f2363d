package checks

import (
	"strings"
	"testing"

	"tenantaudit/internal/snapshot"
)

// twoRead says that the rules of two mailboxes were read.
var twoRead = snapshot.Coverage{Dataset: snapshot.InboxRules, State: snapshot.CoverageComplete, Collected: 2, Expected: 2}

// ruleOf is a rule of mailbox m that does nothing, under conditions.
func ruleOf(name string, change func(*snapshot.InboxRule), conditions ...string) snapshot.InboxRule {
	r := snapshot.InboxRule{Mailbox: "m", MailboxAddress: "m@contoso.example", RuleIdentity: "1", Name: name, Enabled: on(), Hidden: off(),
		SupportedByTask: on(), DeleteMessage: off(), MarkAsRead: off(), Conditions: append([]string{}, conditions...), Actions: []string{"StopProcessingRules"},
		ExternalRecipients: []string{}}
	if change != nil {
		change(&r)
	}
	return r
}

func moves(folder string) func(*snapshot.InboxRule) {
	return func(r *snapshot.InboxRule) { r.MoveToFolder = &folder }
}
func deletes(r *snapshot.InboxRule)   { r.DeleteMessage = on() }
func marksRead(r *snapshot.InboxRule) { r.MarkAsRead = on() }

// both applies two changes.
func both(a, b func(*snapshot.InboxRule)) func(*snapshot.InboxRule) {
	return func(r *snapshot.InboxRule) { a(r); b(r) }
}

func TestInboxRuleHiding(t *testing.T) {
	const id = "mail.inbox_rule_hiding"
	const hit, worst, mild = "high inboxRule m|1", "critical inboxRule m|1", "low inboxRule m|1"
	one := func(r snapshot.InboxRule) *fake { return with(r).gap(twoRead) }
	finds := func(name, found string, r snapshot.InboxRule) row { return row{name, one(r), "fail 2/2", found, ""} }
	quiet := func(name string, r snapshot.InboxRule) row { return row{name, one(r), "pass 2/2", "", ""} }
	newsletters := both(moves("Newsletters"), marksRead)
	runRows(t, id, []row{
		// Actions.
		finds("deletes everything", hit, ruleOf("clean up", deletes)),
		finds("marks everything as read", hit, ruleOf("clean up", marksRead)),
		finds("moves everything to RSS", hit, ruleOf("clean up", moves("RSS Subscriptions"))),
		finds("a folder in another language, with its path", hit, ruleOf("clean up", moves(`m@contoso.example:\Gelöschte Elemente`))),
		finds("a folder behind a slash", hit, ruleOf("clean up", moves("Inbox/Conversation History"))),
		finds("a folder called with one sign", hit, ruleOf("clean up", moves("x"))),
		finds("a folder that cannot be read", hit, ruleOf("clean up", moves("...."))),
		quiet("moves everything to an ordinary folder", ruleOf("clean up", moves("Projects"))),
		quiet("a folder that only begins like one", ruleOf("clean up", moves("Archive 2024"))),
		quiet("the unwatched folder is the parent", ruleOf("clean up", moves(`Archive\Projects`))),
		quiet("an ideographic name of two signs", ruleOf("clean up", moves("会議"))),
		quiet("no folder after all", ruleOf("clean up", moves(""))),
		quiet("does nothing to the message", ruleOf("clean up", nil)),

		// Broad conditions.
		finds("exceptions are no condition", hit, ruleOf("clean up", deletes, "ExceptIfFrom: boss@contoso.example", "ExceptIfSentOnlyToMe")),
		finds("only to me", hit, ruleOf("clean up", deletes, "SentOnlyToMe")),
		finds("my name somewhere", hit, ruleOf("clean up", deletes, "MyNameInToOrCcBox", "MyNameNotInToBox")),
		finds("every address", hit, ruleOf("clean up", deletes, "FromAddressContainsWords: @")),
		finds("endings of addresses", hit, ruleOf("clean up", deletes, "RecipientAddressContainsWords: .com, @, .")),
		quiet("one word of an address is its own", ruleOf("clean up", deletes, "FromAddressContainsWords: @, fabrikam.example")),
		quiet("a name before the dot", ruleOf("clean up", deletes, "FromAddressContainsWords: @fabrikam.com")),
		quiet("a broad condition beside a narrow one", ruleOf("clean up", deletes, "HasAttachment", "SentOnlyToMe")),
		quiet("every subject with a dot is no address", ruleOf("clean up", deletes, "SubjectContainsWords: .com")),

		// Security-related conditions.
		finds("the classic", worst, ruleOf(".", both(moves("RSS Feeds"), marksRead), "SubjectOrBodyContainsWords: invoice, payment")),
		finds("a warning", hit, ruleOf("tidy", deletes, "SubjectContainsWords: Unusual sign-in activity")),
		finds("in German", hit, ruleOf("tidy", marksRead, "BodyContainsWords: Überweisung")),
		finds("the help desk as sender", hit, ruleOf("tidy", deletes, `From: "IT Support" [EX:/o=ExchangeLabs/ou=Group/cn=Recipients/cn=1f-it]`)),
		finds("sender address", hit, ruleOf("tidy", deletes, "FromAddressContainsWords: no-reply@docusign.net")),
		finds("header", hit, ruleOf("tidy", deletes, "HeaderContainsWords: X-Phish, phishing")),
		finds("with more conditions beside it", hit, ruleOf("tidy", deletes, "HasAttachment", "SubjectContainsWords: wire")),
		quiet("a longer word", ruleOf("tidy", deletes, "SubjectContainsWords: wireless, Bankett")),
		quiet("only in the directory name of the sender", ruleOf("tidy", deletes, `From: "Kim Lee" [EX:/o=ExchangeLabs/ou=security/cn=Recipients/cn=bank]`)),
		quiet("an exception about payments", ruleOf("tidy", deletes, "ExceptIfSubjectContainsWords: payment", "From: shop@fabrikam.example")),
		quiet("a condition that holds no words", ruleOf("tidy", deletes, "SentTo: payroll@contoso.example")),

		// Housekeeping.
		quiet("newsletters to their folder", ruleOf("Newsletters", newsletters, "From: newsletter@fabrikam.example")),
		quiet("an ordinary rule that deletes", ruleOf("Lunch menu", deletes, "SubjectContainsWords: lunch menu")),
		quiet("one sender to the archive", ruleOf("Shop", moves("Archive"), "From: orders@fabrikam.example")),
		quiet("odd name, harmless rule", ruleOf(".", newsletters, "From: newsletter@fabrikam.example")),
		quiet("the service's own", ruleOf("Junk E-mail Rule", func(r *snapshot.InboxRule) { r.System = true; r.DeleteMessage = on() })),

		// What raises and lowers.
		finds("name of two signs", worst, ruleOf(" aa ", deletes)),
		finds("name of three letters", hit, ruleOf("aaa", deletes)),
		finds("name without letters", worst, ruleOf("*****", deletes)),
		finds("name of two ideographs", hit, ruleOf("請求", deletes)),
		finds("hidden", worst, ruleOf("clean up", both(deletes, func(r *snapshot.InboxRule) { r.Hidden = on() }))),
		finds("whether it is hidden is not known", hit, ruleOf("clean up", both(deletes, func(r *snapshot.InboxRule) { r.Hidden = nil }))),
		finds("disabled, whatever else", mild, ruleOf(".", both(deletes, func(r *snapshot.InboxRule) { r.Enabled, r.Hidden = off(), on() }))),
		finds("whether it is enabled is not known", hit, ruleOf("clean up", both(deletes, func(r *snapshot.InboxRule) { r.Enabled = nil }))),

		// What cannot be judged.
		{"not fully readable", one(ruleOf("opaque", func(r *snapshot.InboxRule) { r.SupportedByTask, r.Actions = off(), []string{} })), "not-evaluated 1/2", "", "not fully readable"},
		{"not fully readable, with a narrow condition", one(ruleOf("opaque", func(r *snapshot.InboxRule) { r.SupportedByTask, r.Actions = off(), []string{} }, "HasAttachment")), "not-evaluated 1/2", "", "not fully readable"},
		quiet("not fully readable, disabled", ruleOf("opaque", func(r *snapshot.InboxRule) { r.SupportedByTask, r.Actions, r.Enabled = off(), []string{}, off() })),
		{"an action not sent", one(ruleOf("clean up", func(r *snapshot.InboxRule) { r.DeleteMessage = nil })), "not-evaluated 1/2", "", "were not sent (1)"},
		{"conditions not sent", one(ruleOf("clean up", both(deletes, func(r *snapshot.InboxRule) { r.Conditions = nil }))), "not-evaluated 1/2", "", "were not sent (1)"},
		quiet("an action not sent that does not matter", ruleOf("clean up", func(r *snapshot.InboxRule) { r.DeleteMessage = nil }, "HasAttachment")),
		{"one mailbox of four was throttled", with().gap(cover(snapshot.InboxRules, snapshot.CoveragePartial, 3, 4, snapshot.CauseThrottled)), "not-evaluated 3/4", "", "throttled"},
	})
	everyNeed(t, id, ruleOf("Newsletters", newsletters, "From: newsletter@fabrikam.example"))

	_, found := judge(t, id, one(ruleOf(".", both(moves("RSS Feeds"), func(r *snapshot.InboxRule) { r.MarkAsRead, r.Hidden = on(), on() }), "SubjectOrBodyContainsWords: payment, invoice")))
	f := found[0]
	if want := `Hidden rule "." of m@contoso.example takes mail that says invoice, payment and moves it to "RSS Feeds" and marks it as read.`; f.Summary != want {
		t.Errorf("summary %q, want %q", f.Summary, want)
	}
	if got := strings.Join(f.Details["raised"].([]string), "; "); got != "the rule's name has no letter and no digit; the rule is hidden" {
		t.Errorf("raised = %q", got)
	}
	if got := strings.Join(f.Details["securityWords"].([]string), " "); got != "invoice payment" {
		t.Errorf("words = %q", got)
	}
}

func TestInboxRuleHidden(t *testing.T) {
	const id = "mail.inbox_rule_hidden"
	hidden := func(r *snapshot.InboxRule) { r.Hidden = on() }
	opaque := func(r *snapshot.InboxRule) { r.SupportedByTask, r.Actions = off(), []string{} }
	unknown := func(r *snapshot.InboxRule) { r.Hidden = nil }
	disabled := func(r *snapshot.InboxRule) { r.Enabled = off() }
	second := func(r *snapshot.InboxRule) { r.RuleIdentity = "2" }
	one := func(rules ...any) *fake { return with(rules...).gap(twoRead) }
	runRows(t, id, []row{
		{"an ordinary rule", one(ruleOf("r", nil)), "pass 2/2", "", ""},
		{"hidden", one(ruleOf("r", hidden)), "fail 2/2", "medium inboxRule m|1", ""},
		{"not fully readable", one(ruleOf("r", opaque)), "fail 2/2", "medium inboxRule m|1", ""},
		{"both", one(ruleOf("r", both(hidden, opaque))), "fail 2/2", "high inboxRule m|1", ""},
		{"both, disabled", one(ruleOf("r", both(both(hidden, opaque), disabled))), "fail 2/2", "low inboxRule m|1", ""},
		{"another client's rule that shows what it does", one(ruleOf("r", func(r *snapshot.InboxRule) { r.SupportedByTask = off() })), "pass 2/2", "", ""},
		{"no action, but supported", one(ruleOf("r", func(r *snapshot.InboxRule) { r.Actions = []string{} })), "pass 2/2", "", ""},
		{"support not known", one(ruleOf("r", func(r *snapshot.InboxRule) { r.SupportedByTask, r.Actions = nil, []string{} })), "pass 2/2", "", ""},
		{"the service's own", one(ruleOf("Junk E-mail Rule", func(r *snapshot.InboxRule) { hidden(r); opaque(r); r.System = true })), "pass 2/2", "", ""},
		{"two unknown rules, one mailbox", one(ruleOf("r", unknown), ruleOf("s", both(unknown, second))), "not-evaluated 1/2", "", "is not known (1)"},
		{"unknown, and not readable in any case", one(ruleOf("r", both(unknown, opaque))), "fail 1/2", "medium inboxRule m|1", "is not known (1)"},
	})
	everyNeed(t, id, ruleOf("r", nil))
}

// flow is a mail flow rule in force.
func flow(change func(*snapshot.TransportRule), conditions ...string) snapshot.TransportRule {
	r := snapshot.TransportRule{RuleID: "1", Name: "rule", State: "Enabled", Mode: "Enforce", DeleteMessage: off(),
		Conditions: append([]string{}, conditions...), Exceptions: []string{}, Actions: []string{}, ExternalRecipients: []string{}}
	if change != nil {
		change(&r)
	}
	return r
}

// acts sets the actions of a mail flow rule.
func acts(actions ...string) func(*snapshot.TransportRule) {
	return func(r *snapshot.TransportRule) { r.Actions = actions }
}

func TestTransportRuleDeletes(t *testing.T) {
	const id = "mail.transport_rule_deletes"
	drops := func(r *snapshot.TransportRule) { r.DeleteMessage, r.Actions = on(), []string{"DeleteMessage"} }
	const when = "SubjectContains: raffle"
	runRows(t, id, []row{
		{"deletes by condition", with(flow(drops, when)), "fail 1/1", "medium transportRule 1", ""},
		{"deletes every message", with(flow(drops)), "fail 1/1", "high transportRule 1", ""},
		{"conditions not sent", with(flow(func(r *snapshot.TransportRule) { drops(r); r.Conditions = nil })), "fail 1/1", "medium transportRule 1", ""},
		{"exceptions alone are no condition", with(flow(func(r *snapshot.TransportRule) {
			drops(r)
			r.Exceptions = []string{"ExceptIfFrom: kim@contoso.example"}
		})), "fail 1/1", "high transportRule 1", ""},
		{"disabled", with(flow(func(r *snapshot.TransportRule) { drops(r); r.State = "Disabled" })), "fail 1/1", "low transportRule 1", ""},
		{"tested", with(flow(func(r *snapshot.TransportRule) { drops(r); r.Mode = "AuditAndNotify" }, when)), "fail 1/1", "low transportRule 1", ""},
		{"state not known", with(flow(func(r *snapshot.TransportRule) { drops(r); r.State, r.Mode = "", "" }, when)), "fail 1/1", "medium transportRule 1", ""},
		{"by its actions", with(flow(func(r *snapshot.TransportRule) { r.DeleteMessage, r.Actions = nil, []string{"DeleteMessage"} }, when)), "fail 1/1", "medium transportRule 1", ""},
		{"quarantines by a word", with(flow(acts("Quarantine"), "SubjectOrBodyContains: Password, reset")), "fail 1/1", "medium transportRule 1", ""},
		{"quarantines by a word, other form", with(flow(acts("Quarantine: True"), "HeaderContains: Subject, fraud")), "fail 1/1", "medium transportRule 1", ""},
		{"quarantines by a word, disabled", with(flow(func(r *snapshot.TransportRule) { acts("Quarantine")(r); r.State = "Disabled" }, "SubjectContains: password")), "fail 1/1", "low transportRule 1", ""},

		{"quarantines by anything else", with(flow(acts("Quarantine"), when, "SenderDomainIs: passwordless.example")), "pass 1/1", "", ""},
		{"does not quarantine", with(flow(acts("Quarantine: False"), "SubjectContains: password")), "pass 1/1", "", ""},
		{"rejects", with(flow(acts("RejectMessage: no thanks"), "SubjectContains: password")), "pass 1/1", "", ""},
		{"the switch says false", with(flow(func(r *snapshot.TransportRule) { r.DeleteMessage, r.Actions = nil, []string{"DeleteMessage: False"} })), "pass 1/1", "", ""},
		{"not sent, but its actions are", with(flow(func(r *snapshot.TransportRule) {
			r.DeleteMessage, r.Actions = nil, []string{"SetScl: 9", "PrependSubject: DeleteMessage"}
		})), "pass 1/1", "", ""},
		{"nothing was sent", with(flow(func(r *snapshot.TransportRule) { r.DeleteMessage, r.Actions = nil, nil })), "not-evaluated 0/1", "", "were not sent (1)"},
		{"no rule", with(), "pass 0/0", "", ""},
	})
	everyNeed(t, id, flow(acts("PrependSubject: [EXT]"), "FromScope: NotInOrganization"))
}

func TestTransportRuleAllowList(t *testing.T) {
	const id = "mail.transport_rule_allow_list"
	scl := func(v string) func(*snapshot.TransportRule) {
		return func(r *snapshot.TransportRule) { r.SetSCL, r.Actions = &v, []string{"SetScl: " + v} }
	}
	const domain = "SenderDomainIs: fabrikam.example"
	medium := func(name string, r snapshot.TransportRule) row {
		return row{name, with(r), "fail 1/1", "medium transportRule 1", ""}
	}
	quiet := func(name string, r snapshot.TransportRule) row { return row{name, with(r), "pass 1/1", "", ""} }
	runRows(t, id, []row{
		medium("domain", flow(scl("-1"), domain)),
		medium("addresses", flow(scl("-1"), "SenderIpRanges: 203.0.113.0/24")),
		medium("person", flow(scl("-1"), "From: ceo@fabrikam.example")),
		medium("words, as the class is called", flow(scl("-1"), "FromAddressContains: fabrikam")),
		medium("words, as the parameter is called", flow(scl("-1"), "FromAddressContainsWords: fabrikam")),
		medium("patterns", flow(scl("-1"), "FromAddressMatches: @fabrikam", "SentToScope: InOrganization")),
		medium("by its actions only", flow(acts("SetScl: -1"), domain)),
		medium("header", flow(acts("SetHeader: X-MS-Exchange-Organization-SkipSafeLinksProcessing, 1"), domain)),
		medium("header in two entries", flow(acts("SetHeaderName: X-MS-Exchange-Organization-SCL", "SetHeaderValue: -1"), domain)),
		{"no condition at all", with(flow(scl("-1"))), "fail 1/1", "high transportRule 1", ""},
		{"disabled", with(flow(func(r *snapshot.TransportRule) { scl("-1")(r); r.State = "Disabled" })), "fail 1/1", "low transportRule 1", ""},
		{"audited only", with(flow(func(r *snapshot.TransportRule) { scl("-1")(r); r.Mode = "Audit" }, domain)), "fail 1/1", "low transportRule 1", ""},

		quiet("another level", flow(scl("9"), domain)),
		quiet("the opposite", flow(scl("1"), domain)),
		quiet("members of a group", flow(scl("-1"), "FromMemberOf: partners@contoso.example")),
		quiet("mail from inside", flow(scl("-1"), "FromScope: InOrganization")),
		quiet("recipient", flow(scl("-1"), "SentTo: abuse@contoso.example")),
		quiet("a header that sorts", flow(acts("SetHeader: X-MS-Exchange-Organization-BypassFocusedInbox, true"), domain)),
		quiet("a header that says no", flow(acts("SetHeader: X-MS-Exchange-Organization-SkipSafeLinksProcessing, 0"), domain)),
		quiet("a domain as recipient", flow(scl("-1"), "RecipientDomainIs: contoso.example")),
		quiet("no exemption", flow(acts("PrependSubject: [EXT]"), domain)),

		{"actions not sent", with(flow(acts("StopRuleProcessing"), domain), flow(func(r *snapshot.TransportRule) { r.Actions, r.RuleID = nil, "2" }, domain)), "not-evaluated 1/2", "", "were not sent (1)"},
		{"conditions not sent", with(flow(func(r *snapshot.TransportRule) { scl("-1")(r); r.Conditions = nil })), "not-evaluated 0/1", "", "were not sent (1)"},
	})
	everyNeed(t, id, flow(acts("PrependSubject: [EXT]"), domain))
}

// What raised or lowered the severity of a finding stands in its details.
func TestForwardingSaysWhatRaisedIt(t *testing.T) {
	const out, lost = "kim@fabrikam.example", "unresolved:Robin"
	rule := func(change func(*snapshot.InboxRule), recipients ...string) *fake {
		r := ruleOf("r", change)
		r.ExternalRecipients = recipients
		return with(ownDomain, r).gap(twoRead)
	}
	box := func(kind string, keep *bool, recipients ...string) *fake {
		return with(ownDomain, mailbox("a", "UserMailbox", func(m *snapshot.Mailbox) {
			m.ForwardingTargetType, m.DeliverToMailboxAndForward, m.ForwardingExternalRecipients = kind, keep, recipients
		}))
	}
	redirect := func(state, mode string, recipients ...string) *fake {
		return with(ownDomain, flow(func(r *snapshot.TransportRule) { r.State, r.Mode, r.ExternalRecipients = state, mode, recipients }))
	}
	for _, c := range []struct {
		id   string
		in   *fake
		want string
	}{
		{"mail.mailbox_forwarding", box("external", on(), out), ""},
		{"mail.mailbox_forwarding", box("external", off(), out), "no copy stays in the mailbox"},
		{"mail.mailbox_forwarding", box("unresolved", off(), lost), "no target could be resolved"},
		{"mail.inbox_rule_forwarding", rule(nil, out), ""},
		{"mail.inbox_rule_forwarding", rule(both(deletes, func(r *snapshot.InboxRule) { r.Hidden = on() }), out), "the rule deletes the original; the rule is hidden"},
		{"mail.inbox_rule_forwarding", rule(both(deletes, func(r *snapshot.InboxRule) { r.Enabled = off() }), out), "the rule is disabled"},
		{"mail.inbox_rule_forwarding", rule(both(deletes, func(r *snapshot.InboxRule) { r.Enabled = nil }), out), ""},
		{"mail.inbox_rule_forwarding", rule(nil, lost), "no target could be resolved"},
		{"mail.transport_rule_redirects", redirect("Enabled", "Enforce", out), ""},
		{"mail.transport_rule_redirects", redirect("Disabled", "Enforce", out), "the rule is disabled"},
		{"mail.transport_rule_redirects", redirect("Enabled", "AuditAndNotify", out), "the rule is only tested (mode AuditAndNotify)"},
		{"mail.transport_rule_redirects", redirect("Enabled", "Enforce", lost), "no target could be resolved"},
	} {
		_, found := judge(t, c.id, c.in)
		if len(found) != 1 {
			t.Fatalf("%s: %d findings", c.id, len(found))
		}
		if got := strings.Join(found[0].Details["raised"].([]string), "; "); got != c.want {
			t.Errorf("%s (%s): raised %q, want %q", c.id, found[0].Severity, got, c.want)
		}
	}
}

func TestRuleEntries(t *testing.T) {
	for _, c := range []struct{ entry, name, values string }{
		{"SubjectContainsWords: a, b", "SubjectContainsWords", "a, b"},
		{"SentOnlyToMe", "SentOnlyToMe", ""},
		{`From: "Kim" [SMTP:kim@contoso.example]`, "From", `"Kim" [SMTP:kim@contoso.example]`},
	} {
		if n, v := ruleEntry(c.entry); n != c.name || v != c.values {
			t.Errorf("ruleEntry(%q) = %q, %q", c.entry, n, v)
		}
	}
	for values, want := range map[string]bool{"@": true, ".": true, ".com": true, "@, .net": true, "": false, "com": false, "@contoso.com": false, "7.com": false, ".co.uk": false} {
		if got := ruleWordsAnyAddress(values); got != want {
			t.Errorf("ruleWordsAnyAddress(%q) = %v", values, got)
		}
	}
}
