package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tenantaudit/internal/collect"
	"tenantaudit/internal/faketenant"
)

// situation is a review of the simulated tenant. The tests below are the seventeen
// situations in which widely used tools answer wrongly.
type situation struct {
	reportFile
	raw, html string // report.json and review.html
}

var review250 struct {
	sync.Once
	situation
}

// review is the tenant with every situation, 250 mailboxes, made once.
func review(t *testing.T) situation {
	t.Helper()
	bin := shipped(t)
	review250.Do(func() {
		var dir string
		review250.reportFile, dir = shippedReport(t, bin, "--mailboxes", "250", "--format", "json,html")
		review250.raw, review250.html = readFile(t, dir, "report.json"), readFile(t, dir, "review.html")
	})
	if review250.raw == "" {
		t.Fatal("the review of the simulated tenant was not made")
	}
	return review250.situation
}

func readFile(t *testing.T, dir, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// status of a check.
func (s situation) status(t *testing.T, check string) string {
	t.Helper()
	for _, c := range s.Checks {
		if c.ID == check {
			return c.Status
		}
	}
	t.Fatalf("no check %s in the report", check)
	return ""
}

// severity of the finding of a check on a subject; "" when there is none.
func (s situation) severity(check, subject string) string {
	for _, f := range s.Findings {
		if f.Check == check && f.Subject.ID == subject {
			return f.Severity
		}
	}
	return ""
}

// rows of a dataset that a test asks for; at least one, or the test would prove nothing.
func (s situation) rows(t *testing.T, dataset string, want func(map[string]any) bool) []map[string]any {
	t.Helper()
	var out []map[string]any
	for _, row := range s.Datasets[dataset] {
		if want(row) {
			out = append(out, row)
		}
	}
	if len(out) == 0 {
		t.Fatalf("no row of %s is of the kind that the test is about", dataset)
	}
	return out
}

func str(row map[string]any, name string) string {
	v, _ := row[name].(string)
	return v
}

func strs(row map[string]any, name string) []string {
	var out []string
	list, _ := row[name].([]any)
	for _, v := range list {
		out = append(out, fmt.Sprint(v))
	}
	return out
}

func TestSituation01DefaultAuditSetPasses(t *testing.T) {
	s := review(t)
	for _, m := range s.rows(t, "mailboxes", func(r map[string]any) bool { return len(strs(r, "defaultAuditSet")) == 3 }) {
		if got := s.severity("audit.mailbox_actions_complete", str(m, "mailbox")); got != "" {
			t.Errorf("%s is on Microsoft's default set and has a finding (%s)", str(m, "mailboxAddress"), got)
		}
	}
	customised := s.rows(t, "mailboxes", func(r map[string]any) bool {
		return s.severity("audit.mailbox_actions_complete", str(r, "mailbox")) != ""
	})
	for _, m := range customised {
		if len(strs(m, "defaultAuditSet")) == 3 {
			t.Errorf("%s has a finding on the default set", str(m, "mailboxAddress"))
		}
	}
}

func TestSituation02BypassBeyondTheThousandthObject(t *testing.T) {
	s := review(t)
	tenant, _ := simulator(t, faketenant.Options{Mailboxes: 250, Seed: 1})
	want, ok := tenant.AnswerKey().Check("audit.mailbox_bypass_absent")
	if !ok || len(want.Findings) == 0 {
		t.Fatal("the tenant holds no bypass")
	}
	if all := len(s.Datasets["auditBypass"]); all != len(want.Findings) {
		t.Errorf("%d bypassed principals, want %d", all, len(want.Findings))
	}
	// More than 1,000 objects come before the last of them, where the cmdlet stops by itself
	// (internal/faketenant tests that).
	for _, f := range want.Findings {
		if s.severity("audit.mailbox_bypass_absent", f.SubjectID) == "" {
			t.Errorf("bypass of %s is missing", f.SubjectID)
		}
	}
}

func TestSituation03ForwardingAllowedByOtherThanTheDefault(t *testing.T) {
	s := review(t)
	for _, d := range s.rows(t, "remoteDomains", func(r map[string]any) bool { return str(r, "domainName") != "*" && r["autoForwardEnabled"] == true }) {
		if got := s.severity("mail.autoforward_remote_domains", str(d, "name")+"|"+str(d, "domainName")); got == "" {
			t.Errorf("remote domain %s lets mail be forwarded and has no finding", str(d, "domainName"))
		}
	}
	custom := s.rows(t, "outboundSpamPolicies", func(r map[string]any) bool {
		return r["isDefault"] == false && str(r, "autoForwardingMode") == "On" && str(r, "ruleState") == "Enabled"
	})
	for _, p := range custom {
		if got := s.severity("mail.autoforward_outbound_policy", str(p, "name")); got != "medium" {
			t.Errorf("custom policy %s allows forwarding: severity %q", str(p, "name"), got)
		}
	}
}

func TestSituation04NamesInEveryScriptAreLookedUpAsTheyAre(t *testing.T) {
	s := review(t)
	for _, name := range []string{"o'brien@", "yamada.taro@", "mohammed.alarabi@", "formula.name@", "kim.rtl@"} {
		s.rows(t, "mailboxes", func(r map[string]any) bool { return strings.HasPrefix(str(r, "mailboxAddress"), name) })
	}
	for _, d := range []string{"inboxRules", "mailboxPermissions", "folderPermissions"} {
		for _, c := range s.Coverage {
			if c.Dataset == d && (c.State != "complete" || c.Failed != 0) {
				t.Errorf("%s is %s, %d failed", d, c.State, c.Failed)
			}
		}
	}
}

func TestSituation05CalendarsInOtherLanguages(t *testing.T) {
	s := review(t)
	for _, path := range []string{"Calendrier", "Kalender", "予定表"} {
		rows := s.rows(t, "folderPermissions", func(r map[string]any) bool {
			return strings.Contains(str(r, "folderPath"), path) && str(r, "trusteeType") == "default" && len(strs(r, "rights")) > 0
		})
		for _, r := range rows {
			if got := s.severity("delegation.default_folder_rights", str(r, "rowKey")); got != "high" {
				t.Errorf("%s of %s is open to everybody: severity %q", path, str(r, "mailboxAddress"), got)
			}
		}
	}
}

func TestSituation06FullAccessOfADeletedAccount(t *testing.T) {
	s := review(t)
	for _, r := range s.rows(t, "mailboxPermissions", func(r map[string]any) bool {
		return str(r, "trusteeType") == "orphaned" && slices.Contains(strs(r, "rights"), "FullAccess") && r["deny"] == false
	}) {
		if s.severity("delegation.full_access", str(r, "rowKey")) == "" || s.severity("delegation.orphaned_trustees", str(r, "rowKey")) == "" {
			t.Errorf("Full Access of %s is not reported", str(r, "trustee"))
		}
	}
}

func TestSituation07AThrottledMailboxIsNeverZeroRules(t *testing.T) {
	// The service refuses one mailbox for good. The run waits as it is told to; somebody ends it.
	tenant, url := simulator(t, faketenant.Options{Mailboxes: 8, Seed: 1, Profile: "clean", Faults: []faketenant.Fault{{Name: faketenant.FaultMailboxThrottled, At: 3}}})
	withTokens(t, tenant)
	dir := filepath.Join(t.TempDir(), "review")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 12*time.Second, collect.ErrInterrupted)
	defer cancel()
	checks := "mail.inbox_rule_forwarding,mail.inbox_rule_hiding,mail.inbox_rule_hidden"
	if code, _, errs := inProcess(t, ctx, auditArgs(tenant, url, dir, "--checks", checks)...); code != exitInterrupted {
		t.Fatalf("exit %d, want 130\n%s", code, errs)
	}
	code, out, errs := tenantaudit(t, t.Context(), "check", dir, "--checks", checks, "--format", "json")
	if code != exitOK {
		t.Fatalf("check: exit %d\n%s", code, errs)
	}
	var r struct {
		Checks []struct {
			ID, Status, Cause   string
			Evaluated, Expected int
		} `json:"checks"`
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Checks) != 3 {
		t.Fatalf("%d checks", len(r.Checks))
	}
	for _, c := range r.Checks {
		if c.Status != "not-evaluated" || c.Evaluated >= c.Expected {
			t.Errorf("%s: %s, %d of %d; want not-evaluated", c.ID, c.Status, c.Evaluated, c.Expected)
		}
	}
}

func TestSituation08ADomainThatBeginsLikeOurs(t *testing.T) {
	s := review(t)
	for _, m := range s.rows(t, "mailboxes", func(r map[string]any) bool {
		return strings.HasSuffix(str(r, "forwardingSmtpAddress"), "contoso.example.evil.example") || strings.HasSuffix(str(r, "forwardingSmtpAddress"), "@notcontoso.example")
	}) {
		if got := s.severity("mail.mailbox_forwarding", str(m, "mailbox")); got != "high" && got != "critical" {
			t.Errorf("forwarding to %s: severity %q", str(m, "forwardingSmtpAddress"), got)
		}
	}
}

func TestSituation09ARuleThatForwardsToAContact(t *testing.T) {
	s := review(t)
	for _, r := range s.rows(t, "inboxRules", func(r map[string]any) bool {
		to := strings.Join(append(strs(r, "forwardTo"), strs(r, "redirectTo")...), " ")
		return strings.Contains(to, "[EX:") && len(strs(r, "externalRecipients")) > 0 && r["enabled"] == true
	}) {
		if s.severity("mail.inbox_rule_forwarding", str(r, "rowKey")) == "" {
			t.Errorf("rule %q reaches %v and is not reported", str(r, "name"), strs(r, "externalRecipients"))
		}
	}
}

func TestSituation10IngestionOffIsAFinding(t *testing.T) {
	s := review(t)
	// The directory keeps its own log whatever this switch says: rows there prove nothing about it.
	s.rows(t, "unifiedAudit", func(r map[string]any) bool { return r["unifiedAuditLogIngestionEnabled"] == false })
	if got := s.status(t, "audit.ual_ingestion_enabled"); got != "fail" {
		t.Errorf("status %s, want fail", got)
	}
}

func TestSituation11ABlindCopyOutsideBesideAnInternalRedirect(t *testing.T) {
	s := review(t)
	for _, r := range s.rows(t, "transportRules", func(r map[string]any) bool {
		return len(strs(r, "blindCopyTo")) > 0 && len(strs(r, "externalRecipients")) > 0 && str(r, "state") == "Enabled" && str(r, "mode") == "Enforce"
	}) {
		if got := s.severity("mail.transport_rule_redirects", str(r, "ruleId")); got != "critical" && got != "medium" {
			t.Errorf("blind copy %q: severity %q", str(r, "name"), got)
		}
	}
	for _, r := range s.rows(t, "transportRules", func(r map[string]any) bool {
		return len(strs(r, "redirectTo")) > 0 && len(strs(r, "externalRecipients")) == 0
	}) {
		if got := s.severity("mail.transport_rule_redirects", str(r, "ruleId")); got != "" {
			t.Errorf("internal redirect %q: severity %q", str(r, "name"), got)
		}
	}
}

func TestSituation12AnAllStaffGroupIsNoLimit(t *testing.T) {
	s := review(t)
	limited := map[string]string{} // app id -> scope
	for _, p := range s.rows(t, "applicationAccessPolicies", func(r map[string]any) bool { return str(r, "accessRight") == "RestrictAccess" }) {
		limited[str(p, "appId")] = str(p, "scope")
	}
	judged := map[bool]int{}
	for _, sp := range s.rows(t, "servicePrincipals", func(r map[string]any) bool { _, ok := limited[str(r, "appId")]; return ok }) {
		mail := false
		for _, a := range s.Datasets["appRoleAssignments"] {
			mail = mail || a["principal"] == sp["id"] && str(a, "appRole") == "Mail.ReadWrite"
		}
		if !mail {
			continue
		}
		everybody := strings.Contains(limited[str(sp, "appId")], "All Staff")
		judged[everybody]++
		if got := s.severity("oauth.tenant_wide_mail_applications", str(sp, "id")); everybody && got == "" {
			t.Errorf("%s is limited to %s, which is everybody, and has no finding", str(sp, "displayName"), limited[str(sp, "appId")])
		}
	}
	if judged[true] == 0 {
		t.Fatalf("no application is limited to all staff: %v", limited)
	}
}

func TestSituation13SendOnBehalfAndHiddenMailboxesAreThere(t *testing.T) {
	s := review(t)
	s.rows(t, "sendOnBehalf", func(r map[string]any) bool { return str(r, "mailbox") != "" && str(r, "trustee") != "" })
	hidden := s.rows(t, "mailboxes", func(r map[string]any) bool { return r["hiddenFromAddressLists"] == true })
	names := map[string]bool{}
	for _, m := range hidden {
		names[str(m, "mailbox")] = true
	}
	for _, c := range s.Checks {
		if c.ID == "delegation.effective_access" && c.Expected < len(hidden) {
			t.Errorf("effective access of %d mailboxes, %d are hidden", c.Expected, len(hidden))
		}
	}
}

func TestSituation14ASlowCmdletIsWaitedFor(t *testing.T) {
	// Eleven and sixty seconds are not slept through here: the timeout of one attempt is what
	// counts, and internal/transport proves it with a clock of its own. This shows the whole way.
	quick, _ := demoReport(t, "--mailboxes", "5", "--checks", "mail.inbox_rule_forwarding")
	tenant, url := simulator(t, faketenant.Options{Mailboxes: 5, Seed: 1, Faults: []faketenant.Fault{{Name: faketenant.FaultSlowCmdlet, Cmdlet: "Get-InboxRule", Delay: 3 * time.Second, Times: 1}}})
	withTokens(t, tenant)
	dir := filepath.Join(t.TempDir(), "slow")
	if code, _, errs := tenantaudit(t, t.Context(), auditArgs(tenant, url, dir, "--checks", "mail.inbox_rule_forwarding")...); code != exitOK {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	slow := readReport(t, dir)
	if got, want := len(slow.Datasets["inboxRules"]), len(quick.Datasets["inboxRules"]); got != want {
		t.Errorf("%d rules behind a slow cmdlet, want %d", got, want)
	}
}

func TestSituation15OneFaultAmongManyMailboxes(t *testing.T) {
	bin := shipped(t)
	for at, mailboxes := range map[int]int{51: 120, 101: 120, 1001: 1100} {
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			r, _ := shippedReport(t, bin, "--mailboxes", fmt.Sprint(mailboxes), "--profile", "clean", "--checks", "mail.inbox_rule_forwarding",
				"--fault", fmt.Sprintf("mailboxfault@%d", at))
			for _, c := range r.Coverage {
				if c.Dataset == "inboxRules" && (c.State != "partial" || c.Failed != 1 || c.Collected != c.Expected-1) {
					t.Errorf("inboxRules is %s: %d of %d, %d failed; want one failed", c.State, c.Collected, c.Expected, c.Failed)
				}
			}
			if got := (situation{reportFile: r}).status(t, "mail.inbox_rule_forwarding"); got != "not-evaluated" {
				t.Errorf("status %s, want not-evaluated", got)
			}
		})
	}
}

func TestSituation16LicencesAreJudgedByServicePlans(t *testing.T) {
	s := review(t)
	s.rows(t, "skus", func(r map[string]any) bool { return str(r, "skuPartNumber") == "ENTERPRISEPREMIUM" })
	unknown := s.rows(t, "userLicences", func(r map[string]any) bool { return str(r, "skuPartNumber") == "CONTOSO_SECURITY_PILOT" })
	for _, l := range append(unknown, s.rows(t, "userLicences", func(r map[string]any) bool { return str(r, "skuPartNumber") == "ENTERPRISEPREMIUM" })...) {
		if l["advancedAudit"] != true {
			t.Errorf("%s gives premium auditing by its service plan, and %s is shown without", str(l, "skuPartNumber"), str(l, "userPrincipalName"))
		}
		if s.severity("audit.premium_actions_available", str(l, "user")) != "" {
			t.Errorf("%s has a finding although the plan is there", str(l, "userPrincipalName"))
		}
	}
	// The part number promises nothing where the plan is switched off for the user.
	for _, l := range s.rows(t, "userLicences", func(r map[string]any) bool {
		return str(r, "skuPartNumber") == "SPE_E5" && slices.Contains(strs(r, "disabledPlans"), "M365_ADVANCED_AUDITING")
	}) {
		if l["advancedAudit"] != false {
			t.Errorf("%s has premium auditing switched off and is shown with it", str(l, "userPrincipalName"))
		}
	}
}

func TestSituation17TheReviewSaysThatItCannotSeeWhatWasDeleted(t *testing.T) {
	s := review(t)
	for name, text := range map[string]string{"review.html": s.html, "report.json": s.raw} {
		if !strings.Contains(text, "used and deleted before that time cannot be seen here") {
			t.Errorf("%s does not say it", name)
		}
	}
}
