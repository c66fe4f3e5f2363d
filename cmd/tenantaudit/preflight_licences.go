package main

import (
	"context"
	"slices"
	"strings"

	"tenantaudit/checks"
	"tenantaudit/internal/graph"
	"tenantaudit/internal/graph/wire"
	"tenantaudit/internal/requirements"
	"tenantaudit/internal/snapshot"
	"tenantaudit/reports"
)

// States of a licence.
const (
	licencePresent = "present"
	licenceAbsent  = "absent"
	licenceUnknown = "unknown"
)

// gates says which of the licences that the needed sources and the chosen checks hang on
// the tenant has, and what hangs on each.
func (l *looker) gates(ctx context.Context, sources []snapshot.Source, chosen []checks.Check) ([]reports.PreflightLicence, error) {
	ledger, known, err := l.store.Unit(ctx, snapshot.UnitID{Source: graph.SubscribedSKUs})
	if err != nil {
		return nil, err
	}
	out := []reports.PreflightLicence{}
	for _, licence := range requirements.Licences() {
		one := reports.PreflightLicence{Name: licence.Name, State: licenceAbsent, Products: []string{}}
		if !known || ledger.State != snapshot.Complete {
			one.State = licenceUnknown
		}
		for _, src := range sources {
			if r, ok := requirements.Of(src); ok && r.Licence == licence.Name {
				one.Gates = append(one.Gates, r.Reads+" offers nothing without it")
			}
		}
		for _, j := range licence.Checks {
			if slices.ContainsFunc(chosen, func(c checks.Check) bool { return c.ID == j.Check }) {
				one.Gates = append(one.Gates, j.Check+" "+j.How)
			}
		}
		if one.Products, err = l.products(ctx, licence.Plan); err != nil {
			return nil, err
		}
		if len(one.Products) > 0 {
			one.State = licencePresent
		}
		l.licences[one.Name] = one.State
		if len(one.Gates) > 0 {
			out = append(out, one)
		}
	}
	return out, nil
}

// provisioned: the plan counts although it may wait for a person.
func provisioned(p wire.ServicePlan) bool {
	return slices.Contains([]string{"success", "pendinginput", "pendingactivation", "pendingprovisioning"}, strings.ToLower(p.ProvisioningStatus))
}

// products are those in force that give a plan.
func (l *looker) products(ctx context.Context, plan func(string) bool) ([]string, error) {
	out := []string{}
	for r, err := range l.store.Rows(ctx, graph.SubscribedSKUs) {
		if err != nil {
			return nil, err
		}
		sku, err := wire.DecodeSubscribedSKU(r.Row)
		if err != nil || !strings.EqualFold(sku.CapabilityStatus, "Enabled") && !strings.EqualFold(sku.CapabilityStatus, "Warning") {
			continue
		}
		if slices.ContainsFunc(sku.ServicePlans, func(p wire.ServicePlan) bool { return plan(p.ServicePlanID) && provisioned(p) }) {
			out = add(out, sku.SKUPartNumber)
		}
	}
	return out, nil
}
