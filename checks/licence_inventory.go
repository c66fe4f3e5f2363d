package checks

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

const licencePlansPage = "https://learn.microsoft.com/entra/identity/users/licensing-service-plan-reference"

var licenceInventory = Check{
	ID:        "licence.inventory",
	Title:     "The licences and what each unlocks for logging are known",
	Severity:  Info,
	Inventory: true,
	Needs:     []snapshot.Dataset{snapshot.SKUs, snapshot.UserLicences},
	Subject:   "products",
	Why:       "Licences decide what is recorded and for how long: sign-ins for 30 days with Entra ID P1, audit records for one year with Audit (Premium), and less without.",
	Rule: "Lists every subscribed product with the units in use, the users who hold it and what it unlocks for logs. Judged by the ids of service plans, never by the names of products. " +
		"A plan that is switched off for a user is not counted for that user.",
	Fix: "Nothing to fix: read it together with the checks of the area audit",
	Sources: []string{
		licencePlansPage,
		"https://learn.microsoft.com/purview/audit-solutions-overview",
	},
	Run: runLicenceInventory,
}

// skuUsers counts the users of one product.
type skuUsers struct{ all, premiumAudit, entraPremium int }

func runLicenceInventory(in Input) (Output, error) {
	users := map[string]*skuUsers{}
	for l, err := range in.UserLicences() {
		if err != nil {
			return Output{}, err
		}
		u := users[l.SKUID]
		if u == nil {
			u = &skuUsers{}
			users[l.SKUID] = u
		}
		u.all++
		if l.AdvancedAudit {
			u.premiumAudit++
		}
		if l.EntraPremium != "" {
			u.entraPremium++
		}
	}
	c, err := in.Coverage(snapshot.UserLicences)
	if err != nil {
		return Output{}, err
	}
	var out Output
	for s, err := range in.SKUs() {
		if err != nil {
			return Output{}, err
		}
		out.Evaluated++
		held := users[s.SKUID]
		if held == nil {
			held = &skuUsers{}
		}
		out.Findings = append(out.Findings, skuFinding(s, *held, c.State == snapshot.CoverageComplete))
	}
	return out, nil
}

// skuFinding describes one product. With counted false the users are not known.
func skuFinding(s snapshot.SKU, held skuUsers, counted bool) Finding {
	audit, entra := skuUnlocks(s)
	details := map[string]any{
		"skuPartNumber": s.SKUPartNumber,
		"status":        s.Status,
		"consumed":      skuUnits(s.Consumed),
		"enabled":       skuUnits(s.Enabled),
		"warning":       skuUnits(s.Warning),
		"suspended":     skuUnits(s.Suspended),
		"auditPremium":  nil,
		"entraPremium":  nil,
		"users":         nil,
	}
	if s.ServicePlanIDs != nil {
		details["auditPremium"], details["entraPremium"] = audit, entra
	}
	if counted {
		details["users"] = held.all
		details["usersWithAuditPremium"] = held.premiumAudit
		details["usersWithEntraPremium"] = held.entraPremium
	}
	return Finding{
		Subject:  Subject{Type: "sku", ID: s.SKUID, Name: cmp.Or(s.Name, s.SKUPartNumber, s.SKUID)},
		Summary:  skuSummary(s, audit, entra),
		Details:  details,
		Evidence: []Evidence{evidence(snapshot.SKUs, s)},
	}
}

// skuUnlocks returns what the provisioned plans of a product give: Audit (Premium), and
// "", "P1" or "P2" of Entra ID.
func skuUnlocks(s snapshot.SKU) (audit bool, entra string) {
	for _, plan := range s.ServicePlanIDs {
		audit = audit || facts.AdvancedAuditPlan(plan)
		entra = max(entra, facts.EntraPremium(plan)) // "" < "P1" < "P2"
	}
	return audit, entra
}

func skuSummary(s snapshot.SKU, audit bool, entra string) string {
	units := "the units in use are not known"
	if s.Consumed != nil && s.Enabled != nil {
		units = fmt.Sprintf("%d of %d units are in use", *s.Consumed, *s.Enabled)
	}
	var gives []string
	if audit {
		gives = append(gives, "audit records for one year (Audit Premium)")
	}
	if entra != "" {
		gives = append(gives, "sign-in logs for 30 days (Entra ID "+entra+")")
	}
	name := cmp.Or(s.Name, s.SKUPartNumber, s.SKUID)
	switch {
	case s.ServicePlanIDs == nil:
		return fmt.Sprintf("%s: %s; its service plans are not known.", name, units)
	case len(gives) == 0:
		return fmt.Sprintf("%s: %s; it unlocks no logs.", name, units)
	}
	return fmt.Sprintf("%s: %s; it unlocks %s.", name, units, strings.Join(gives, " and "))
}

// skuUnits shows a number that may be unknown: nil stays null in JSON.
func skuUnits(n *int64) any {
	if n == nil {
		return nil
	}
	return *n
}

// skuInForce reports whether a product's plans are in force: paid for, or in the days of
// grace after that. known is false when the service did not say.
func skuInForce(s snapshot.SKU) (yes, known bool) {
	if s.Status == "" {
		return false, false
	}
	return slices.ContainsFunc([]string{"Enabled", "Warning"}, func(v string) bool { return strings.EqualFold(v, s.Status) }), true
}
