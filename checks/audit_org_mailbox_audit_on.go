package checks

import "tenantaudit/internal/snapshot"

var auditOrgMailboxAuditOn = Check{
	ID:       "audit.org_mailbox_audit_on",
	Title:    "Mailbox auditing is not switched off for the organisation",
	Severity: Critical,
	Needs:    []snapshot.Dataset{snapshot.OrganizationConfigs},
	Subject:  "tenants",
	Why:      "The organisation's switch overrules every mailbox. While it is off, reading, sending from and deleting in any mailbox leaves no record, whatever the mailbox itself is set to.",
	Rule:     "AuditDisabled must be false. A value that was not sent is not taken for false.",
	Fix:      "Set-OrganizationConfig -AuditDisabled $false",
	Sources: []string{
		auditMailboxesPage,
		"https://learn.microsoft.com/powershell/module/exchangepowershell/set-organizationconfig",
	},
	Run: runOrgMailboxAuditOn,
}

func runOrgMailboxAuditOn(in Input) (Output, error) {
	disabled, proof, err := auditSwitch(in)
	if err != nil {
		return Output{}, err
	}
	if disabled == nil {
		return Output{Gaps: gap("AuditDisabled was not sent", 1)}, nil
	}
	out := Output{Evaluated: 1}
	if *disabled {
		out.Findings = []Finding{{
			Subject:  in.tenantSubject(),
			Summary:  "Mailbox auditing is switched off for the whole organisation.",
			Details:  map[string]any{"AuditDisabled": true},
			Evidence: proof,
		}}
	}
	return out, nil
}
