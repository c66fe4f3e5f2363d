package checks

import (
	"fmt"

	"tenantaudit/internal/snapshot"
)

var auditMailboxLogAge = Check{
	ID:       "audit.mailbox_log_age",
	Title:    "Mailbox audit records last at least 90 days",
	Severity: Low,
	Needs:    []snapshot.Dataset{snapshot.Mailboxes},
	Subject:  "active mailboxes",
	Why:      "The mailbox keeps its own copy of its audit records. A shorter life than the default makes the traces in the mailbox go away sooner, which is what somebody with something to hide would set.",
	Rule: "AuditLogAgeLimit must be 90 days or more, which is the service's default; less is a finding, and 0 keeps nothing. Inactive and Microsoft 365 group mailboxes are left out. " +
		"Records in the unified audit log live on their own and are not affected, hence the low severity.",
	Fix: "Set-Mailbox <mailbox> -AuditLogAgeLimit 90.00:00:00",
	Sources: []string{
		"https://learn.microsoft.com/powershell/module/exchangepowershell/set-mailbox",
		auditMailboxesPage,
	},
	Run: runMailboxLogAge,
}

// leastLogAgeDays is the service's default.
const leastLogAgeDays = 90

func runMailboxLogAge(in Input) (Output, error) {
	var out Output
	unsent := 0
	for m, err := range in.Mailboxes() {
		if err != nil {
			return Output{}, err
		}
		if m.Inactive || mailboxHasType(m, "GroupMailbox") {
			continue
		}
		if m.AuditLogAgeLimitDays == nil {
			unsent++
			continue
		}
		out.Evaluated++
		days := *m.AuditLogAgeLimitDays
		if days >= leastLogAgeDays {
			continue
		}
		f := Finding{
			Subject:  mailboxSubject(m),
			Summary:  fmt.Sprintf("%s keeps its audit records for %d days.", m.MailboxAddress, days),
			Details:  map[string]any{"auditLogAgeLimitDays": days, "defaultDays": leastLogAgeDays},
			Evidence: []Evidence{evidence(snapshot.Mailboxes, m)},
		}
		if days == 0 {
			f.Summary = m.MailboxAddress + " keeps no audit records of its own: AuditLogAgeLimit is 0 days."
		}
		out.Findings = append(out.Findings, f)
	}
	out.Gaps = gap("AuditLogAgeLimit was not sent", unsent)
	return out, nil
}
