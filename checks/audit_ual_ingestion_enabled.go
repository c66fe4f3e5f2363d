package checks

import "tenantaudit/internal/snapshot"

var auditUALIngestionEnabled = Check{
	ID:       "audit.ual_ingestion_enabled",
	Title:    "Unified audit log ingestion is on",
	Severity: Critical,
	Needs:    []snapshot.Dataset{snapshot.UnifiedAudits},
	Subject:  "tenants",
	Why:      "Without ingestion nothing that people or applications do in Exchange, SharePoint, Teams or Entra reaches the unified audit log. An intrusion then leaves no record to investigate, and none can be made afterwards.",
	Rule:     "UnifiedAuditLogIngestionEnabled, as Exchange Online answers it, must be true. The value that Security & Compliance PowerShell shows for the same setting is always false and is not used. Rows in other logs prove nothing about it.",
	Fix:      "Set-AdminAuditLogConfig -UnifiedAuditLogIngestionEnabled $true (in Exchange Online PowerShell; it can take an hour to act)",
	Sources: []string{
		"https://learn.microsoft.com/purview/audit-log-enable-disable",
		"https://learn.microsoft.com/powershell/module/exchangepowershell/set-adminauditlogconfig",
	},
	Run: runUALIngestionEnabled,
}

// runUALIngestionEnabled reports the tenant whose ingestion is off. A value that
// was not sent is no verdict: "not true" is not the same as "false".
func runUALIngestionEnabled(in Input) (Output, error) {
	rows, err := collect(in.UnifiedAudits())
	if err != nil {
		return Output{}, err
	}
	if len(rows) == 0 || rows[0].UnifiedAuditLogIngestionEnabled == nil {
		return Output{Gaps: gap("UnifiedAuditLogIngestionEnabled was not sent", 1)}, nil
	}
	out := Output{Evaluated: 1}
	if isFalse(rows[0].UnifiedAuditLogIngestionEnabled) {
		out.Findings = []Finding{{
			Subject:  in.tenantSubject(),
			Summary:  "Unified audit log ingestion is off: nothing is being recorded.",
			Details:  map[string]any{"UnifiedAuditLogIngestionEnabled": false},
			Evidence: []Evidence{evidence(snapshot.UnifiedAudits, rows[0])},
		}}
	}
	return out, nil
}
