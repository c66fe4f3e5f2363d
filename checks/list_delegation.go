package checks

func delegationChecks() []Check {
	return []Check{
		delegationFullAccess,
		delegationSendAs,
		delegationSendOnBehalf,
		delegationFolderPermissions,
	}
}
