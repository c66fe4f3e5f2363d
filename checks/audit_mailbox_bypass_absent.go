package checks

import (
	"cmp"
	"time"

	"tenantaudit/internal/snapshot"
)

var auditMailboxBypassAbsent = Check{
	ID:       "audit.mailbox_bypass_absent",
	Title:    "No account bypasses mailbox auditing",
	Severity: High,
	Needs:    []snapshot.Dataset{snapshot.AuditBypasses},
	Subject:  "accounts with the bypass",
	Why:      "What a bypassed account does in any mailbox, its own included, is not recorded. It is the quietest way to read other people's mail.",
	Rule:     "Every account with AuditBypassEnabled is a finding. All pages are read: the cmdlet shows only the first 1,000 accounts unless it is asked for more.",
	Fix:      "Set-MailboxAuditBypassAssociation -Identity <account> -AuditBypassEnabled $false",
	Sources: []string{
		"https://learn.microsoft.com/powershell/module/exchangepowershell/set-mailboxauditbypassassociation",
		auditMailboxesPage,
	},
	Run: runMailboxBypassAbsent,
}

func runMailboxBypassAbsent(in Input) (Output, error) {
	var out Output
	for b, err := range in.AuditBypasses() {
		if err != nil {
			return Output{}, err
		}
		if !b.AuditBypassEnabled {
			continue
		}
		out.Evaluated++
		name := cmp.Or(b.PrincipalName, b.Identity)
		details := map[string]any{"identity": b.Identity, "whenChanged": nil}
		if b.WhenChanged != nil {
			details["whenChanged"] = b.WhenChanged.UTC().Format(time.RFC3339)
		}
		out.Findings = append(out.Findings, Finding{
			Subject:  Subject{Type: "principal", ID: b.PrincipalID, Name: name},
			Summary:  name + " bypasses mailbox auditing: nothing it does in a mailbox is recorded.",
			Details:  details,
			Evidence: []Evidence{evidence(snapshot.AuditBypasses, b)},
		})
	}
	return out, nil
}
