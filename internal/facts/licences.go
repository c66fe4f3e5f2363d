package facts

import (
	"slices"
	"sync"
)

// SKUInfo is a product as Microsoft's licensing table describes it.
type SKUInfo struct {
	ID         string // skuId, lower case
	PartNumber string // skuPartNumber, as the table spells it
	Name       string // display name
	PlanIDs    []string
}

type licenceTables struct {
	skus     map[string]SKUInfo
	byPart   map[string][]string
	plans    map[string]planInfo
	advanced map[string]bool
	premium  map[string]string
}

type planInfo struct{ name, title string }

var licences = sync.OnceValue(func() licenceTables {
	src := table[struct {
		AdvancedAudit []string
		EntraPremium  map[string]string
		Plans         []struct{ ID, Name, Title string }
		SKUs          []struct {
			ID, Part, Name string
			Plans          []int
		}
	}]("licences.json")
	t := licenceTables{
		skus:     make(map[string]SKUInfo, len(src.SKUs)),
		byPart:   make(map[string][]string, len(src.SKUs)),
		plans:    make(map[string]planInfo, len(src.Plans)),
		advanced: map[string]bool{},
		premium:  src.EntraPremium,
	}
	for _, p := range src.Plans {
		t.plans[p.ID] = planInfo{p.Name, p.Title}
	}
	for _, s := range src.SKUs {
		info := SKUInfo{ID: s.ID, PartNumber: s.Part, Name: s.Name, PlanIDs: make([]string, len(s.Plans))}
		for i, n := range s.Plans {
			info.PlanIDs[i] = src.Plans[n].ID
		}
		t.skus[s.ID] = info
		t.byPart[fold(s.Part)] = append(t.byPart[fold(s.Part)], s.ID)
	}
	for _, id := range src.AdvancedAudit {
		t.advanced[id] = true
	}
	return t
})

// SKU returns the product with a skuId. ok is false for one that the licensing
// table does not name: newer, private and retired products are common.
func SKU(skuID string) (info SKUInfo, ok bool) {
	info, ok = licences().skus[fold(skuID)]
	info.PlanIDs = slices.Clone(info.PlanIDs)
	return info, ok
}

// SKUByPart returns the product with a skuPartNumber. Part numbers are not
// unique; ok is false when no product or more than one bears it.
func SKUByPart(part string) (info SKUInfo, ok bool) {
	ids := licences().byPart[fold(part)]
	if len(ids) != 1 {
		return SKUInfo{}, false
	}
	return SKU(ids[0])
}

// ServicePlanName returns the servicePlanName of a service plan ("AAD_PREMIUM").
func ServicePlanName(planID string) (name string, ok bool) {
	p, ok := licences().plans[fold(planID)]
	return p.name, ok
}

// ServicePlanTitle returns the display name of a service plan ("Microsoft Entra ID P1").
func ServicePlanTitle(planID string) (title string, ok bool) {
	p, ok := licences().plans[fold(planID)]
	return p.title, ok
}

// AdvancedAuditPlan reports whether a service plan gives Audit (Premium) to the
// user who holds it: one year of Exchange, SharePoint and Entra records.
func AdvancedAuditPlan(planID string) bool { return licences().advanced[fold(planID)] }

// EntraPremium returns "P1" or "P2" for a service plan that is Microsoft Entra ID
// Premium, "" for every other plan.
func EntraPremium(planID string) string { return licences().premium[fold(planID)] }
