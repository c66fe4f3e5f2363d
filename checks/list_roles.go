package checks

func rolesChecks() []Check {
	return []Check{}
}
