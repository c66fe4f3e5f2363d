package checks

import "tenantaudit/internal/snapshot"

var auditMailboxExplicitlyEnabled = Check{
	ID:       "audit.mailbox_explicitly_enabled",
	Title:    "Mailboxes without the premium plan have auditing enabled explicitly, so that their records reach the unified log reliably",
	Severity: Low,
	Needs:    []snapshot.Dataset{snapshot.Mailboxes, snapshot.UserLicences},
	Subject:  "active mailboxes without the premium plan",
	Why:      "Auditing by default records what happens in these mailboxes, but a search of the unified audit log is sure to return it only for users with the premium plan and for mailboxes that were enabled one by one.",
	Rule: "AuditEnabled must be true on every active user, shared and linked mailbox whose user does not hold the service plan of Audit (Premium). Mailboxes with the plan are left out, as are inactive and group mailboxes. " +
		"The other types are judged by audit.mailbox_audited, because auditing by default does not cover them. That the mailbox is audited at all is not in doubt here, hence the low severity.",
	Fix: "Set-Mailbox <mailbox> -AuditEnabled $true (where it already shows true: first $false, then $true)",
	Sources: []string{
		auditMailboxesPage,
		"https://learn.microsoft.com/powershell/module/exchangepowershell/set-mailbox",
	},
	Run: runMailboxExplicitlyEnabled,
}

func runMailboxExplicitlyEnabled(in Input) (Output, error) {
	var out Output
	noLicence, unsent := 0, 0
	for m, err := range in.Mailboxes() {
		if err != nil {
			return Output{}, err
		}
		if m.Inactive || !mailboxHasType(m, "UserMailbox", "SharedMailbox", "LinkedMailbox") {
			continue
		}
		switch {
		case m.PremiumAudit == nil:
			noLicence++
			continue
		case *m.PremiumAudit:
			continue
		case m.AuditEnabled == nil:
			unsent++
			continue
		}
		out.Evaluated++
		if *m.AuditEnabled {
			continue
		}
		out.Findings = append(out.Findings, Finding{
			Subject:  mailboxSubject(m),
			Summary:  m.MailboxAddress + " is audited by default only: AuditEnabled is false, and its user has no Audit (Premium).",
			Details:  map[string]any{"AuditEnabled": false, "premiumAudit": false, "recipientTypeDetails": m.RecipientTypeDetails},
			Evidence: []Evidence{evidence(snapshot.Mailboxes, m)},
		})
	}
	out.Gaps = append(gap("whether the user holds the premium audit service plan is not known", noLicence),
		gap("AuditEnabled was not sent", unsent)...)
	return out, nil
}
