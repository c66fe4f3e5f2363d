package exo

import (
	"encoding/json"
	"time"
)

// AdminAuditLogConfig says whether the unified audit log takes records, one row. Only Exchange
// Online tells the truth about it: Security & Compliance PowerShell always answers false.
//
// Source: Get-AdminAuditLogConfig.
type AdminAuditLogConfig struct {
	Row
	Name                            string
	Identity                        string
	UnifiedAuditLogIngestionEnabled *bool
	UnifiedAuditLogFirstOptInDate   *time.Time
	AdminAuditLogEnabled            *bool
	LogLevel                        string // None, Verbose
	AdminAuditLogAgeLimitDays       *int64 // whole days; sent as "90.00:00:00"
}

// DecodeAdminAuditLogConfig reads one stored row.
func DecodeAdminAuditLogConfig(raw json.RawMessage) (AdminAuditLogConfig, error) {
	r, err := parseRow(raw)
	if err != nil {
		return AdminAuditLogConfig{}, err
	}
	v := AdminAuditLogConfig{
		Name:                            r.text("Name"),
		Identity:                        r.text("Identity"),
		UnifiedAuditLogIngestionEnabled: r.flag("UnifiedAuditLogIngestionEnabled"),
		UnifiedAuditLogFirstOptInDate:   r.date("UnifiedAuditLogFirstOptInDate"),
		AdminAuditLogEnabled:            r.flag("AdminAuditLogEnabled"),
		LogLevel:                        r.text("LogLevel"),
		AdminAuditLogAgeLimitDays:       r.days("AdminAuditLogAgeLimit"),
	}
	v.Row = r
	return v, nil
}
