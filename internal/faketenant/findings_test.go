package faketenant

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// severities writes what an answer found as "high=1 low=2".
func severities(a CheckAnswer) string {
	counts := map[string]int{}
	for _, f := range a.Findings {
		counts[f.Severity]++
	}
	var out []string
	for _, s := range []string{"critical", "high", "medium", "low", "info"} {
		if counts[s] > 0 {
			out = append(out, fmt.Sprintf("%s=%d", s, counts[s]))
		}
	}
	return strings.Join(out, " ")
}

// TestFindingsOfPolicies states what a review of 250 mailboxes has to find, counted from
// the list of situations.
func TestFindingsOfPolicies(t *testing.T) {
	tenant, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{
		"licence.entra_premium":               "pass ",
		"audit.premium_actions_available":     "fail low=147",
		"audit.retention_meets_need":          "pass ",
		"audit.mailbox_explicitly_enabled":    "fail low=2",
		"audit.mailbox_log_age":               "fail low=4",
		"mail.mailbox_forwarding_internal":    "info info=4",
		"mail.inbox_rule_hiding":              "fail critical=6 high=16 low=2",
		"mail.inbox_rule_hidden":              "fail high=1 medium=4 low=2",
		"mail.transport_rule_deletes":         "fail high=1 medium=2 low=2",
		"mail.transport_rule_allow_list":      "fail high=1 medium=4 low=2",
		"mail.autoforward_remote_domains":     "fail medium=2",
		"mail.autoforward_outbound_policy":    "fail medium=1 low=2 info=2",
		"mail.connectors_reviewed":            "fail high=2 medium=4 low=2 info=2",
		"mail.direct_send_rejected":           "fail medium=1",
		"mail.smtp_auth_disabled":             "fail medium=1 low=13",
		"mail.modern_auth_enabled":            "fail high=1",
		"mail.calendar_sharing_limited":       "fail medium=2",
		"mail.shared_mailbox_sign_in_blocked": "fail medium=5",
		"roles.global_admin_count":            "fail high=1",
		"roles.admins_cloud_only":             "fail high=2 medium=1",
		"roles.no_permanent_privileged":       "fail medium=5 info=2",
		"roles.service_principals_privileged": "fail high=2 medium=1 info=1",
		"roles.guests_privileged":             "fail high=2",
		"roles.disabled_privileged":           "fail low=2",
	} {
		a, ok := tenant.AnswerKey().Check(id)
		if got := a.Status + " " + severities(a); !ok || got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
		unread := 0
		if id == "mail.inbox_rule_hiding" {
			unread = 2 // mailboxes with a rule that nobody can read
		}
		if a.Evaluated == 0 || a.Expected-a.Evaluated != unread {
			t.Errorf("%s: %d of %d evaluated", id, a.Evaluated, a.Expected)
		}
	}
}

// TestEverySeverityIsPresent asks each check for the severities that its rule can give.
func TestEverySeverityIsPresent(t *testing.T) {
	for _, n := range []int{60, 250, 5000} {
		tenant, err := New(Options{Mailboxes: n, Seed: 4})
		if err != nil {
			t.Fatal(err)
		}
		for id, want := range map[string]string{
			"licence.inventory":                   "info",
			"audit.premium_actions_available":     "low",
			"audit.mailbox_explicitly_enabled":    "low",
			"audit.mailbox_log_age":               "low",
			"mail.mailbox_forwarding_internal":    "info",
			"mail.inbox_rule_hiding":              "critical high low",
			"mail.inbox_rule_hidden":              "high medium low",
			"mail.transport_rule_deletes":         "high medium low",
			"mail.transport_rule_allow_list":      "high medium low",
			"mail.autoforward_remote_domains":     "medium",
			"mail.autoforward_outbound_policy":    "medium low info",
			"mail.connectors_reviewed":            "high medium low info",
			"mail.direct_send_rejected":           "medium",
			"mail.smtp_auth_disabled":             "medium low",
			"mail.modern_auth_enabled":            "high",
			"mail.calendar_sharing_limited":       "medium",
			"mail.shared_mailbox_sign_in_blocked": "medium",
			"roles.global_admin_count":            "high",
			"roles.admins_cloud_only":             "high medium",
			"roles.no_permanent_privileged":       "medium info",
			"roles.service_principals_privileged": "high medium info",
			"roles.guests_privileged":             "high",
			"roles.disabled_privileged":           "low",
		} {
			a, _ := tenant.AnswerKey().Check(id)
			var got []string
			for _, s := range strings.Fields(severities(a)) {
				got = append(got, s[:strings.IndexByte(s, '=')])
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%d mailboxes: %s: severities %v, want %s", n, id, got, want)
			}
		}
	}
}

// TestLookAlikesStaySilent names objects that resemble a finding and are none.
func TestLookAlikesStaySilent(t *testing.T) {
	tenant, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, k := tenant.plan, tenant.AnswerKey()
	silent := func(check, subject string) {
		t.Helper()
		a, _ := k.Check(check)
		if i := slices.IndexFunc(a.Findings, func(f FindingAnswer) bool { return f.SubjectID == subject }); subject == "" || i >= 0 {
			t.Errorf("%s names %q", check, subject)
		}
	}
	row := func(dataset, column, value, id string) string {
		t.Helper()
		rows := k.rows(dataset, map[string]any{column: value})
		if len(rows) != 1 {
			t.Errorf("%s: %d rows with %s %q", dataset, len(rows), column, value)
			return ""
		}
		var parts []string
		for _, c := range strings.Fields(id) {
			parts = append(parts, fmt.Sprint(rows[0][c]))
		}
		return strings.Join(parts, "|")
	}
	for _, name := range []string{"Käufer ablegen", "lunch", "words in words", "stand-up", "Facturen", "projects first", "one partner", "jokes", "by year", "short"} {
		silent("mail.inbox_rule_hiding", row("inboxRules", "name", name, "mailbox ruleIdentity"))
	}
	silent("mail.inbox_rule_hidden", row("inboxRules", "name", "partly known", "mailbox ruleIdentity"))
	silent("mail.transport_rule_deletes", row("transportRules", "name", "Hold campaigns", "ruleId"))
	silent("mail.transport_rule_deletes", row("transportRules", "name", "Redirect the old desk", "ruleId"))
	for _, name := range []string{"Internal scanners", "Other inbox tab", "Marked as spam", "Known spammer"} {
		silent("mail.transport_rule_allow_list", row("transportRules", "name", name, "ruleId"))
	}
	silent("mail.autoforward_remote_domains", "Litware|litware.example")
	silent("mail.autoforward_outbound_policy", "Strict")
	for _, name := range []string{"inbound|From Fabrikam", "inbound|Legacy relay", "inbound|From Northwind", "inbound|Hybrid with a certificate",
		"outbound|One partner", "outbound|By rule, direct", "outbound|To Fabrikam"} {
		silent("mail.connectors_reviewed", name)
	}
	for _, name := range []string{"Old field trial", "Front desk", "Fabrikam partners"} {
		silent("mail.calendar_sharing_limited", name)
	}
	person := func(alias string) *principal {
		t.Helper()
		i := slices.IndexFunc(p.users, func(u *principal) bool { return u.alias == alias })
		if i < 0 {
			t.Fatalf("nobody is called %s", alias)
		}
		return p.users[i]
	}
	var premium, long, group, inactive string
	for _, m := range p.active() {
		switch {
		case m.typ == "UserMailbox" && m.auditOff && m.premium():
			premium = m.id()
		case m.keeps().text == "90.12:00:00":
			long = m.id()
		case m.typ == "GroupMailbox" && m.keeps().days < 90:
			group = m.id()
		}
	}
	for _, m := range p.others {
		if m.inactive && m.keeps().days < 90 {
			inactive = m.id()
		}
	}
	silent("audit.mailbox_explicitly_enabled", premium)
	for _, id := range []string{long, group, inactive} {
		silent("audit.mailbox_log_age", id)
	}
	silent("mail.smtp_auth_disabled", row("casMailboxes", "mailbox", p.mailboxByProtocols(true), "mailbox"))
	silent("mail.smtp_auth_disabled", row("casMailboxes", "mailbox", p.mailboxByProtocols(false), "mailbox"))
	silent("mail.shared_mailbox_sign_in_blocked", person("ap").id.String())
	silent("roles.admins_cloud_only", person("mohammed.alarabi").id.String())      // was synchronised once
	silent("roles.admins_cloud_only", person("alex.morgan2").id.String())          // synchronised, and holds no role
	silent("roles.guests_privileged", person("guest.services").id.String())        // a name
	silent("roles.guests_privileged", person("gina_fabrikam.example").id.String()) // a guest without a role
	silent("roles.disabled_privileged", person("former.reader").id.String())
	for _, a := range p.apps {
		if a.p.display == "Exchange Automation" || a.p.display == "Office Identity Sync" {
			silent("roles.service_principals_privileged", a.p.id.String())
		}
	}
	for _, s := range p.scheduleInstances() {
		if s.inherited || s.holding.activated || !s.holding.until.IsZero() {
			silent("roles.no_permanent_privileged", s.id)
		}
	}
}

// mailboxByProtocols finds a mailbox that is read by IMAP and does not send, or one with
// SMTP AUTH off of its own.
func (p *plan) mailboxByProtocols(imap bool) string {
	for _, m := range p.mailboxes {
		if off := m.protocols.smtpAuthOff; imap && m.protocols.imap && off == nil || !imap && off != nil && *off {
			return m.id()
		}
	}
	return ""
}

// TestGlobalAdministratorsAreCountedByPerson: four people hold the role in the clean
// profile, one of them in two ways; five would be too many.
func TestGlobalAdministratorsAreCountedByPerson(t *testing.T) {
	tenant, err := New(Options{Mailboxes: 60, Profile: "clean"})
	if err != nil {
		t.Fatal(err)
	}
	p := tenant.plan
	people, ways := map[*principal]bool{}, 0
	for _, h := range p.roleHolders {
		if h.role != roleGlobalAdmin {
			continue
		}
		holders := []*principal{h.to}
		if h.to.group != nil {
			holders = p.direct(h.to)
		}
		for _, who := range holders {
			people[who] = true
			ways++
		}
	}
	if a, _ := tenant.AnswerKey().Check("roles.global_admin_count"); len(people) != 4 || ways != 5 || a.Status != "pass" {
		t.Errorf("%d people in %d ways, answer %s; want 4 in 5 ways that pass", len(people), ways, a.Status)
	}
}

// TestAnswersWithoutPremium: what Entra ID P1 and P2 would show is not there.
func TestAnswersWithoutPremium(t *testing.T) {
	for _, tc := range []struct {
		name     string
		options  Options
		premium  string
		schedule string
	}{
		{"P2", Options{Mailboxes: 60}, "pass", "fail"},
		{"P1", Options{Mailboxes: 60, NoP2: true}, "pass", "not-evaluated"},
		{"none", Options{Mailboxes: 60, NoPremium: true}, "fail", "not-evaluated"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := start(t, tc.options)
			k := c.tenant.AnswerKey()
			premium, _ := k.Check("licence.entra_premium")
			schedule, _ := k.Check("roles.no_permanent_privileged")
			if premium.Status != tc.premium || schedule.Status != tc.schedule {
				t.Errorf("premium %s, schedules %s; want %s and %s", premium.Status, schedule.Status, tc.premium, tc.schedule)
			}
			licensed := tc.schedule == "fail"
			a := c.graph("roleManagement/directory/roleAssignmentScheduleInstances", nil)
			if (a.status == 200) != licensed || !licensed && !strings.Contains(string(a.body), "AadPremiumLicenseRequired") {
				t.Errorf("schedules: %d %.200s", a.status, a.body)
			}
			if rows := len(k.Datasets["roleAssignmentSchedules"]); (rows > 0) != licensed {
				t.Errorf("%d rows of schedules", rows)
			}
			if a := c.graph("auditLogs/signIns", nil); (a.status == 200) != (tc.premium == "pass") {
				t.Errorf("sign-in logs: %d", a.status)
			}
			held := 0
			for _, r := range k.Datasets["userLicences"] {
				if r["entraPremium"] != "" {
					held++
				}
			}
			if (held > 0) != (tc.premium == "pass") {
				t.Errorf("%d licences with Entra ID Premium", held)
			}
		})
	}
}
