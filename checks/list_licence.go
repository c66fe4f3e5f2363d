package checks

func licenceChecks() []Check {
	return []Check{
		licenceInventory,
		licenceEntraPremium,
	}
}
