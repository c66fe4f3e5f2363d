package reports

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"tenantaudit/checks"
	"tenantaudit/internal/snapshot"
)

// memory is a Source whose rows are given by hand.
type memory struct {
	tenant   snapshot.Tenant
	run      snapshot.Run
	coverage []snapshot.Coverage
	gaps     []snapshot.MailboxGap
	rows     map[snapshot.Dataset][]any
	fail     map[snapshot.Dataset]error // at the end of the rows
}

func (m *memory) Tenant() snapshot.Tenant                   { return m.tenant }
func (m *memory) Run() snapshot.Run                         { return m.run }
func (m *memory) CoverageAll() ([]snapshot.Coverage, error) { return m.coverage, nil }
func (m *memory) Rows(d snapshot.Dataset) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		for _, r := range m.rows[d] {
			if !yield(r, nil) {
				return
			}
		}
		if err := m.fail[d]; err != nil {
			yield(nil, err)
		}
	}
}

func (m *memory) MailboxGaps() iter.Seq2[snapshot.MailboxGap, error] {
	return func(yield func(snapshot.MailboxGap, error) bool) {
		for _, g := range m.gaps {
			if !yield(g, nil) {
				return
			}
		}
	}
}

// complete makes the coverage of every dataset complete, with the rows there are, but for
// the given ones.
func (m *memory) complete(others ...snapshot.Coverage) {
	m.coverage = nil
	for _, d := range snapshot.Datasets() {
		slices.SortFunc(m.rows[d], func(a, b any) int { return cmp.Compare(snapshot.Key(a), snapshot.Key(b)) })
		n := int64(len(m.rows[d]))
		c := snapshot.Coverage{Dataset: d, State: snapshot.CoverageComplete, Rows: n, Expected: 1, Collected: 1}
		for _, o := range others {
			if o.Dataset == d {
				c, c.Rows = o, n
			}
		}
		m.coverage = append(m.coverage, c)
	}
}

var start = time.Date(2026, time.March, 2, 8, 30, 0, 0, time.UTC)

func newMemory() *memory {
	return &memory{
		tenant: snapshot.Tenant{
			ID: "0b1c2d3e-0000-4000-8000-00000000c0de", DisplayName: "Contoso Example", DefaultDomain: "contoso.example",
			VerifiedDomains: []string{"contoso.example", "mail.contoso.example"},
		},
		run: snapshot.Run{
			StartedAt: start, FinishedAt: start.Add(95 * time.Minute), CollectedFrom: start.Add(time.Second), CollectedTo: start.Add(94 * time.Minute),
			Identity: "auditor@contoso.example", IdentityType: "user", DirectoryRoles: []string{"Global Reader"},
			Scopes: []string{"Directory.Read.All"}, Requests: snapshot.Requests{Graph: 212, Exchange: 1402, Retries: 9, Throttled: 4},
			ToolVersion: "1.2.3", Cloud: "global", Folders: "default", Complete: true,
			Preflight: &snapshot.Outlook{Checks: 58, Works: 55, Partly: 2, Blind: 1},
		},
		rows: map[snapshot.Dataset][]any{},
		fail: map[snapshot.Dataset]error{},
	}
}

func id(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

func mailbox(n int, address string) snapshot.Mailbox {
	created := start.AddDate(-1, 0, -n)
	return snapshot.Mailbox{
		Mailbox: id(n), MailboxAddress: address, UserPrincipalName: address, DisplayName: fmt.Sprintf("Person %d", n),
		RecipientTypeDetails: "UserMailbox", AuditEnabled: ptr(true), AuditLogAgeLimitDays: ptr(int64(90)),
		AuditOwner: []string{"MailboxLogin", "UpdateInboxRules"}, AuditDelegate: []string{}, DefaultAuditSet: []string{"Admin", "Delegate", "Owner"},
		WhenMailboxCreated: &created, AccountDisabled: ptr(false),
	}
}

func trustee(name string) snapshot.TrusteeRef {
	return snapshot.TrusteeRef{Trustee: name, TrusteeID: id(900), TrusteeAddress: "lee@contoso.example", TrusteeType: snapshot.TrusteeUser, Candidates: []string{}}
}

// small is a tenant in which every kind of cell, state and result occurs.
func small(t *testing.T) (*memory, Results) {
	t.Helper()
	m := newMemory()
	a, b := mailbox(1, "kim@contoso.example"), mailbox(2, "board@contoso.example")
	b.AuditEnabled, b.AuditOwner, b.WhenMailboxCreated, b.AuditLogAgeLimitDays = nil, nil, nil, nil
	b.ForwardingSMTPAddress, b.ForwardingTarget, b.ForwardingTargetType = ptr("drop@evil.example"), "drop@evil.example", "external"
	b.DeliverToMailboxAndForward, b.ForwardingExternalRecipients = ptr(false), []string{"drop@evil.example"}
	m.rows[snapshot.Mailboxes] = []any{a, b}
	m.rows[snapshot.MailboxPermissions] = []any{
		snapshot.MailboxPermission{Mailbox: id(1), MailboxAddress: a.MailboxAddress, TrusteeRef: trustee("Lee Osman"), Rights: []string{"FullAccess"}},
		snapshot.MailboxPermission{Mailbox: id(2), MailboxAddress: b.MailboxAddress, TrusteeRef: trustee("Audit | 100%"), Rights: []string{"FullAccess", "ReadPermission"}, Deny: true},
	}
	end := start.AddDate(0, 3, 0)
	m.rows[snapshot.ServicePrincipals] = []any{snapshot.ServicePrincipal{
		ID: id(50), AppID: id(51), DisplayName: "Archive connector", AccountEnabled: ptr(true),
		Credentials: []snapshot.Credential{{Kind: "password", On: "application", KeyID: id(52), Start: &start, End: &end}},
		Owners:      []snapshot.ObjectRef{{ID: id(2), Name: "Board", Type: "user"}},
	}}
	m.rows[snapshot.SKUs] = []any{snapshot.SKU{SKUID: id(70), SKUPartNumber: "ENTERPRISEPACK", Name: "Office 365 E3", Status: "Enabled", Enabled: ptr(int64(25)), Consumed: ptr(int64(24)), ServicePlans: []string{"EXCHANGE_S_ENTERPRISE"}, ServicePlanIDs: []string{}}}
	m.complete(
		snapshot.Coverage{Dataset: snapshot.InboxRules, State: snapshot.CoverageDenied, Expected: 2, Failed: 2, Units: snapshot.Units{Denied: 2, Outside: 1},
			Reasons: []snapshot.Reason{{Cause: snapshot.MissingPrivilege, Detail: "Get-InboxRule: assign View-Only Recipients", Count: 2, Foreseen: true}}},
		snapshot.Coverage{Dataset: snapshot.FolderPermissions, State: snapshot.CoveragePartial, Expected: 2, Collected: 1, Failed: 1, Units: snapshot.Units{Throttled: 1}, Reasons: []snapshot.Reason{{Cause: snapshot.CauseThrottled, Detail: "waiting budget spent", Count: 1}}},
		snapshot.Coverage{Dataset: snapshot.UserLicences, State: snapshot.CoverageSkipped, Reasons: []snapshot.Reason{{Cause: snapshot.Filtered, Detail: "not needed by the chosen checks"}}},
	)
	m.gaps = []snapshot.MailboxGap{{Mailbox: id(2), Address: b.MailboxAddress, Datasets: []snapshot.Dataset{snapshot.FolderPermissions}, Cause: snapshot.CauseThrottled, Detail: "waiting budget spent"}}
	res := Results{
		Checks: []checks.Result{
			result("licence.inventory", checks.Informative, checks.Info, 1, 1, 0, ""),
			result("audit.mailbox_audited", checks.Pass, checks.High, 2, 2, 0, ""),
			result("mail.mailbox_forwarding", checks.Fail, checks.Critical, 2, 2, 1, ""),
			result("mail.inbox_rule_forwarding", checks.NotEvaluated, checks.High, 0, 2, 0, "Inbox rules: access denied (Get-InboxRule) [inboxRules: denied]"),
			result("delegation.full_access", checks.Informative, checks.Info, 1, 1, 1, ""),
		},
		Findings: []checks.Finding{
			{
				ID: "f00000000000000000000000000000d1", Check: "delegation.full_access", Severity: checks.Info,
				Subject: checks.Subject{Type: "mailboxPermission", ID: id(1), Name: "Lee Osman on kim@contoso.example"}, Summary: "Lee Osman can open kim@contoso.example",
				Details:  map[string]any{"rights": []string{"FullAccess"}, "members": nil},
				Evidence: []checks.Evidence{{Dataset: snapshot.MailboxPermissions, Key: snapshot.Key(m.rows[snapshot.MailboxPermissions][0])}},
			},
			{
				ID: "f00000000000000000000000000000a1", Check: "mail.mailbox_forwarding", Severity: checks.Critical,
				Subject: checks.Subject{Type: "mailbox", ID: id(2), Name: "board@contoso.example"}, Summary: "Forwards to drop@evil.example and keeps no copy",
				Details:  map[string]any{"target": "drop@evil.example", "copyKept": false, "count": 3},
				Evidence: []checks.Evidence{{Dataset: snapshot.Mailboxes, Key: id(2)}},
			},
		},
	}
	return m, res
}

var needs = map[string][]snapshot.Dataset{
	"audit.mailbox_audited": {snapshot.Mailboxes}, "mail.mailbox_forwarding": {snapshot.Mailboxes}, "mail.inbox_rule_forwarding": {snapshot.InboxRules, snapshot.AcceptedDomains},
}

// result is the outcome of a check. Its ID is of the catalogue, so that it has controls; its
// words are the fixture's own.
func result(name string, st checks.Status, sev checks.Severity, evaluated, expected, findings int, cause string) checks.Result {
	return checks.Result{
		Check: checks.Check{
			ID: name, Title: "Title of " + name, Severity: sev, Subject: "mailboxes", Why: "Why " + name + " matters.",
			Needs: needs[name],
			Fix:   "Set-Mailbox <mailbox> -Something $true", Sources: []string{"https://learn.microsoft.com/example", "https://evil.example/x"},
		},
		Status: st, Severity: sev, Evaluated: evaluated, Expected: expected, Findings: findings, Cause: cause,
	}
}

// write writes a review of all formats into a new folder.
func write(t *testing.T, src Source, res Results) string {
	t.Helper()
	dir := t.TempDir() + "/review"
	if _, err := Write(t.Context(), dir, src, res, Options{Formats: Formats(), Version: "1.2.3"}); err != nil {
		t.Fatalf("Write: %v", err)
	}
	return dir
}
