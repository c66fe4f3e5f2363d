package checks

func rolesChecks() []Check {
	return []Check{
		rolesGlobalAdminCount,
		rolesAdminsCloudOnly,
		rolesNoPermanentPrivileged,
		rolesServicePrincipalsPrivileged,
		rolesGuestsPrivileged,
		rolesDisabledPrivileged,
	}
}
