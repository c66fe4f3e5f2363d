package checks

func delegationChecks() []Check {
	return []Check{
		delegationFullAccess,
		delegationSendAs,
		delegationSendOnBehalf,
		delegationFolderPermissions,
		delegationDefaultFolderRights,
		delegationExternalSharing,
		delegationPermissionTakeover,
		delegationOrphanedTrustees,
		delegationDisabledTrustees,
		delegationWideReach,
		delegationExchangeRoleGroups,
		delegationEffectiveAccess,
	}
}
