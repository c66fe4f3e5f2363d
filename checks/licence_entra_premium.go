package checks

import "tenantaudit/internal/snapshot"

var licenceEntraPremium = Check{
	ID:       "licence.entra_premium",
	Title:    "Entra ID P1 or P2 is present, so sign-in logs can be read and last 30 days",
	Severity: Low,
	Needs:    []snapshot.Dataset{snapshot.SKUs},
	Subject:  "tenants",
	Why:      "Without Entra ID P1 sign-ins are kept for seven days and cannot be read by the interface that tools use. An intrusion that is found after a week can no longer be followed back to its first sign-in.",
	Rule: "Passes when a product in force (status Enabled or Warning) holds a provisioned service plan of Entra ID P1 or P2. Products are judged by the ids of their service plans, so a plan inside a larger product counts. " +
		"Suspended, deleted and locked-out products do not count. How many users hold the plan is not judged here: licence.inventory counts them.",
	Fix: "Buy Microsoft Entra ID P1 (service plan 41781fb2-bc02-4b7c-bd55-b576c07bb09d; part of Microsoft 365 Business Premium, E3 and E5); until then, download the sign-in log by hand every week: Microsoft Entra admin center > Monitoring & health > Sign-in logs > Download",
	Sources: []string{
		"https://learn.microsoft.com/entra/identity/monitoring-health/reference-reports-data-retention",
		licencePlansPage,
	},
	Run: runEntraPremium,
}

func runEntraPremium(in Input) (Output, error) {
	skus, err := collect(in.SKUs())
	if err != nil {
		return Output{}, err
	}
	names := []string{}
	unsure := false
	for _, s := range skus {
		_, entra := skuUnlocks(s)
		inForce, known := skuInForce(s)
		switch {
		case inForce && entra != "":
			return Output{Evaluated: 1}, nil
		case !known && (entra != "" || s.ServicePlanIDs == nil), inForce && s.ServicePlanIDs == nil:
			unsure = true
		}
		names = append(names, s.SKUPartNumber)
	}
	if unsure {
		return Output{Gaps: gap("the status or the service plans of a product were not sent", 1)}, nil
	}
	// A plan that is missing among the products that were read may be in the rest.
	if c, err := in.Coverage(snapshot.SKUs); err != nil || c.State != snapshot.CoverageComplete {
		return Output{}, err
	}
	f := Finding{
		Subject: in.tenantSubject(),
		Summary: "No product in force holds Entra ID P1 or P2: sign-in logs last seven days, and tools cannot read them.",
		Details: map[string]any{"skus": names},
	}
	for _, s := range skus {
		f.Evidence = append(f.Evidence, evidence(snapshot.SKUs, s))
	}
	if len(skus) == 0 {
		f.Summary = "The tenant holds no product at all, and so no Entra ID P1 or P2: sign-in logs last seven days, and tools cannot read them."
		f.Evidence = []Evidence{{Dataset: snapshot.SKUs}} // no row: that the dataset is empty is the proof
	}
	return Output{Evaluated: 1, Findings: []Finding{f}}, nil
}
