package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tenantaudit/internal/faketenant"
)

// planned runs audit --plan and returns what it printed, with its options besides.
func planned(t *testing.T, tenant *faketenant.Tenant, url, dir string, more ...string) string {
	t.Helper()
	code, out, errs := inProcess(t, t.Context(), auditArgs(tenant, url, dir, append([]string{"--plan"}, more...)...)...)
	if code != exitOK {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	return out
}

// What a run would ask is said before it asks; the run goes on from there, asks nothing twice, and
// asks about what the plan says.
func TestPlanSaysWhatTheRunAsks(t *testing.T) {
	tenant, url := simulator(t, faketenant.Options{Mailboxes: 120, Seed: 3, Now: tenantClock()})
	withTokens(t, tenant)
	dir := filepath.Join(t.TempDir(), "review")
	out := planned(t, tenant, url, dir)
	for _, want := range []string{`REQUEST PLAN: 120 mailboxes in scope, [0-9.]+ folders each by a sample of 10\n`, `Get-MailboxPermission +111 +12\n`, `Get-MailboxFolderPermission +about [0-9]+ +about [0-9]+ +one for each folder in scope`,
		`Get-Mailbox +0 +0 +read already`, `Time: [^\n]* for Exchange, at the [^ ]+ a call that were observed`, `\nmail\.inbox_rule_forwarding +[0-9]+ +[0-9]+ +[0-9]+\n`, `not asked for again; go on with:\n  tenantaudit audit `} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("the plan lacks %s:\n%s", want, out)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "manifest.json")); err == nil || strings.Contains(out, "--plan") || strings.Contains(out, "--resume") {
		t.Errorf("a plan is no review:\n%s", out)
	}
	m := regexp.MustCompile(`Exchange Online altogether +about ([0-9]+)`).FindStringSubmatch(out)
	if m == nil {
		t.Fatal(out)
	}
	said, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	before := tenant.Stats().Invocations
	if before > 60 {
		t.Errorf("a plan took %d cmdlets", before)
	}
	if code, _, errs := inProcess(t, t.Context(), auditArgs(tenant, url, dir)...); code != exitOK {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	if asked := float64(tenant.Stats().Invocations - before); asked < 0.75*said || asked > 1.25*said {
		t.Errorf("the plan says %.0f cmdlets, and the run asked %.0f", said, asked)
	}
	// Every mailbox was asked about once, those of the sample included.
	counts := map[string]int{}
	for _, c := range tenant.Log() {
		for _, name := range c.Cmdlets {
			counts[name]++
		}
	}
	if counts["Get-MailboxPermission"] != 121 || counts["Get-MailboxFolderStatistics"] != 120 {
		t.Errorf("asked again: %v", counts)
	}
}

// A plan of one check has what that check needs, and what is denied is not planned.
func TestPlanOfOneCheckAndOfWhatIsDenied(t *testing.T) {
	tenant, url := simulator(t, faketenant.Options{Mailboxes: 30, Seed: 3, Now: tenantClock(), Deny: []string{"Get-InboxRule"}})
	withTokens(t, tenant)
	out := planned(t, tenant, url, filepath.Join(t.TempDir(), "one"), "--checks", "mail.direct_send_rejected")
	if strings.Contains(out, "Get-MailboxPermission") || !regexp.MustCompile(`Get-OrganizationConfig +1 +1`).MatchString(out) {
		t.Error(out)
	}
	out = planned(t, tenant, url, filepath.Join(t.TempDir(), "rules"), "--checks", "mail.inbox_rule_forwarding")
	if !regexp.MustCompile(`Get-InboxRule +0 +0 +not asked: this identity may not read it`).MatchString(out) {
		t.Error(out)
	}
	asked := slices.ContainsFunc(tenant.Log(), func(c faketenant.Call) bool { return slices.Contains(c.Cmdlets, "Get-InboxRule") })
	if asked {
		t.Error("a plan asked for what is denied")
	}
}
