package checks

import (
	"fmt"

	"tenantaudit/internal/snapshot"
)

var auditMailboxAudited = Check{
	ID:       "audit.mailbox_audited",
	Title:    "Every mailbox is audited in effect",
	Severity: High,
	Needs:    []snapshot.Dataset{snapshot.Mailboxes, snapshot.OrganizationConfigs},
	Subject:  "active mailboxes",
	Why:      "What happens in a mailbox that is not audited cannot be found out later: who opened it, what was read, sent or deleted.",
	Rule: "Auditing is in effect when the organisation's switch is on and the mailbox is of a type that auditing by default covers (user, shared, linked and Microsoft 365 group mailboxes), or has AuditEnabled set. " +
		"AuditEnabled:false on a covered type is ignored by the service and is no finding; on room, equipment, public folder, discovery and other mailboxes it is. Inactive mailboxes are left out.",
	Fix: "Set-OrganizationConfig -AuditDisabled $false; for types that are not covered by default: Set-Mailbox <mailbox> -AuditEnabled $true",
	Sources: []string{
		auditMailboxesPage,
		"https://learn.microsoft.com/powershell/module/exchangepowershell/set-mailbox",
	},
	Run: runMailboxAudited,
}

func runMailboxAudited(in Input) (Output, error) {
	disabled, orgProof, err := auditSwitch(in)
	if err != nil {
		return Output{}, err
	}
	var out Output
	unknown := 0
	for m, err := range in.Mailboxes() {
		if err != nil {
			return Output{}, err
		}
		if m.Inactive {
			continue
		}
		audited := AuditedInEffect(m, disabled)
		if audited == nil {
			unknown++
			continue
		}
		out.Evaluated++
		if *audited {
			continue
		}
		f := Finding{
			Subject: mailboxSubject(m),
			Summary: fmt.Sprintf("%s is not audited: AuditEnabled is false and its type, %s, is not covered by default.", m.MailboxAddress, m.RecipientTypeDetails),
			Details: map[string]any{
				"recipientTypeDetails": m.RecipientTypeDetails,
				"AuditEnabled":         state(m.AuditEnabled),
				"AuditDisabled":        state(disabled),
			},
			Evidence: []Evidence{evidence(snapshot.Mailboxes, m)},
		}
		if isTrue(disabled) {
			f.Summary = m.MailboxAddress + " is not audited: auditing is switched off for the organisation."
			f.Evidence = append(f.Evidence, orgProof...)
		}
		out.Findings = append(out.Findings, f)
	}
	out.Gaps = gap("AuditDisabled of the organisation or AuditEnabled of the mailbox was not sent", unknown)
	return out, nil
}
