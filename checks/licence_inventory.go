package checks

import "tenantaudit/internal/snapshot"

var licenceInventory = Check{
	ID:        "licence.inventory",
	Title:     "The licences and what each unlocks for logging are known",
	Severity:  Info,
	Inventory: true,
	Needs:     []snapshot.Dataset{snapshot.SKUs, snapshot.UserLicences},
	Subject:   "products",
	Why:       "Licences decide what is recorded and for how long: sign-ins for 30 days with Entra ID P1, audit records for one year with Audit (Premium), and less without.",
	Rule:      "Lists the subscribed products and, for each user, the enabled service plans. Judged by the ids of service plans, never by the names of products. Produces no findings.",
	Fix:       "Nothing to fix: read it together with the checks of the area audit",
	Sources: []string{
		"https://learn.microsoft.com/entra/identity/users/licensing-service-plan-reference",
		"https://learn.microsoft.com/purview/audit-solutions-overview",
	},
	Run: runLicenceInventory,
}

func runLicenceInventory(in Input) (Output, error) {
	skus, err := collect(in.SKUs())
	return Output{Evaluated: len(skus)}, err
}
