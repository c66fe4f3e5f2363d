package checks

func auditChecks() []Check {
	return []Check{
		auditUALIngestionEnabled,
		auditOrgMailboxAuditOn,
		auditMailboxAudited,
		auditMailboxActionsComplete,
		auditMailboxExplicitlyEnabled,
		auditMailboxBypassAbsent,
		auditMailboxLogAge,
		auditPremiumActionsAvailable,
		auditRetentionMeetsNeed,
	}
}
