package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tenantaudit/checks"
	"tenantaudit/internal/exo"
	"tenantaudit/internal/facts"
	"tenantaudit/internal/graph"
	"tenantaudit/internal/graph/wire"
	"tenantaudit/internal/normalize"
	"tenantaudit/internal/requirements"
	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/transport"
	"tenantaudit/reports"
)

// probes are the small requests that show whether a Graph source can be read, by
// path under /v1.0. Sources that are read object by object follow their listing.
var probes = map[snapshot.Source]string{
	graph.Domains:                  "domains",
	graph.Users:                    "users?$top=1&$select=id,accountEnabled",
	graph.Groups:                   "groups?$top=1&$select=id",
	graph.ServicePrincipals:        "servicePrincipals?$top=1&$select=id",
	graph.Applications:             "applications?$top=1&$select=id",
	graph.OAuth2PermissionGrants:   "oauth2PermissionGrants?$top=1",
	graph.RoleDefinitions:          "roleManagement/directory/roleDefinitions?$select=id",
	graph.RoleAssignments:          "roleManagement/directory/roleAssignments?$top=1",
	graph.RoleEligibilitySchedules: "roleManagement/directory/roleEligibilitySchedules?$top=1",
	graph.AuthorizationPolicy:      "policies/authorizationPolicy",

	graph.AdminConsentRequestPolicy:       "policies/adminConsentRequestPolicy",
	graph.RoleAssignmentScheduleInstances: "roleManagement/directory/roleAssignmentScheduleInstances?$top=1",
}

// follows names the listing whose right also reads an object-by-object source.
var follows = map[snapshot.Source]snapshot.Source{
	graph.AppRoleAssignments: graph.ServicePrincipals, graph.ServicePrincipalRoles: graph.ServicePrincipals,
	graph.ServicePrincipalOwners: graph.ServicePrincipals, graph.GroupMembers: graph.Groups,
	graph.ApplicationOwners: graph.Applications,
}

// read are the sources that a preflight reads in full: a handful of rows each.
var read = []snapshot.Source{graph.Me, graph.Organization, graph.SubscribedSKUs, exo.SourceModuleFile}

// looker finds out what can be read.
type looker struct {
	s     *session
	store *snapshot.Store
	held  requirements.Held
	// allowed are the cmdlets as Exchange spells them; unknown says why they are not known.
	allowed []string
	unknown string
	// licensed: the tenant has what Privileged Identity Management needs.
	licensed bool
	seen     map[snapshot.Source]reports.PreflightSource
}

// outlook is the whole preflight, with all that is read already in the store.
func (s *session) outlook(ctx context.Context, store *snapshot.Store, scope *scopeOptions) (*reports.Preflight, error) {
	return s.look(ctx, store, scope, map[snapshot.Source]reports.PreflightSource{})
}

// look is outlook without asking for the sources that were seen before.
func (s *session) look(ctx context.Context, store *snapshot.Store, scope *scopeOptions, seen map[snapshot.Source]reports.PreflightSource) (*reports.Preflight, error) {
	for _, step := range s.steps(store, normalize.Plan{Sources: read, Folders: "default"}, &scopeOptions{}) {
		if err := step.Run(ctx); err != nil {
			return nil, err
		}
	}
	l := &looker{s: s, store: store, seen: seen}
	if err := l.cmdlets(ctx); err != nil {
		return nil, err
	}
	t, err := tenant(ctx, store, s.tenantID)
	if err != nil {
		return nil, err
	}
	p := &reports.Preflight{
		Schema: reports.PreflightSchema, Tool: reports.PreflightTool{Name: "tenantaudit", Version: version}, At: time.Now().UTC().Truncate(time.Second),
		Tenant: reports.PreflightTenant{ID: t.ID, DisplayName: t.DisplayName, DefaultDomain: t.DefaultDomain},
	}
	if p.Identity, err = l.identity(ctx); err != nil {
		return nil, err
	}
	p.Excess = l.excess()
	sources := normalize.SourcesFor(scope.datasets())
	if p.Licences, err = l.licences(ctx, sources); err != nil {
		return nil, err
	}
	for _, src := range sources {
		one, err := l.sight(ctx, src)
		if err != nil {
			return nil, err
		}
		p.Sources = append(p.Sources, one)
	}
	for _, c := range scope.chosen {
		p.Checks = append(p.Checks, l.verdict(c))
	}
	p.Environments = environments(p.Sources)
	p.Least, p.Missing = requirements.Least(l.held.Kind, scope.datasets()), requirements.Missing(l.held, l.notWorking(sources))
	// One more looked up the tenant before the stack knew it.
	p.Requests = 1 + s.stack.Counters(transport.Graph).Requests + s.stack.Counters(transport.Exchange).Requests
	return p, ctx.Err()
}

// cmdlets reads what Exchange lets this identity run.
func (l *looker) cmdlets(ctx context.Context) error {
	ledger, known, err := l.store.Unit(ctx, snapshot.UnitID{Source: exo.SourceModuleFile})
	if err != nil {
		return err
	}
	if !known || ledger.State != snapshot.Complete {
		l.unknown = firstNonEmpty(ledger.Detail, "Exchange did not tell which cmdlets may be run")
		return nil
	}
	l.held.Cmdlets = map[string]bool{}
	for r, err := range l.store.Rows(ctx, exo.SourceModuleFile) {
		if err != nil {
			return err
		}
		m, err := exo.DecodeModuleFile(r.Row)
		if err != nil {
			continue
		}
		for _, name := range m.ExportedCmdlets {
			if low := strings.ToLower(name); !l.held.Cmdlets[low] {
				l.held.Cmdlets[low] = true
				l.allowed = append(l.allowed, name)
			}
		}
	}
	return nil
}

// sight is whether one source can be read. Every request is sent once.
func (l *looker) sight(ctx context.Context, src snapshot.Source) (reports.PreflightSource, error) {
	if one, known := l.seen[src]; known {
		return one, nil
	}
	row, _ := requirements.Of(src)
	one := reports.PreflightSource{Source: string(src), Service: string(row.Service), Reads: row.Reads, State: requirements.Works}
	switch root, follows := follows[src]; {
	case row.Service == requirements.Exchange:
		l.ofExchange(&one, row)
	case follows:
		of, err := l.sight(ctx, root)
		if err != nil {
			return one, err
		}
		one.State, one.Cause, one.Grant, one.Note = of.State, of.Cause, of.Grant, of.Note
	default:
		if err := l.ofGraph(ctx, &one, row); err != nil {
			return one, err
		}
	}
	l.seen[src] = one
	return one, ctx.Err()
}

func (l *looker) ofExchange(one *reports.PreflightSource, row requirements.Requirement) {
	switch {
	case l.unknown != "":
		one.State, one.Cause = requirements.Unknown, l.unknown
		if app := l.held.Kind == facts.Application; app && len(l.s.exchange.Roles) > 0 && !slices.Contains(l.s.exchange.Roles, requirements.ExchangeApp) {
			one.Grant = "Exchange permission " + requirements.ExchangeApp + ", and a role there"
		}
	case row.Cmdlet != "" && !l.held.Cmdlets[strings.ToLower(row.Cmdlet)]:
		one.State, one.Cause = requirements.Blind, "Exchange does not let this identity run "+row.Cmdlet
		one.Grant = l.fix(row)
	}
}

// ofGraph asks Graph, or looks at what was read.
func (l *looker) ofGraph(ctx context.Context, one *reports.PreflightSource, row requirements.Requirement) error {
	if slices.Contains(read, row.Source) {
		return l.ofLedger(ctx, one, row)
	}
	path, ok := probes[row.Source]
	if !ok {
		one.State, one.Cause = requirements.Unknown, "there is no small request that would tell"
		return nil
	}
	bare, query, _ := strings.Cut(path, "?")
	err := l.s.graph.Probe(ctx, bare, query)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, transport.ErrDenied):
		l.refused(one, row, err.Error())
	case errors.Is(err, transport.ErrUnavailable):
		l.absent(one, row, err.Error())
	default: // a passing fault: the audit tries again
		one.State, one.Cause = requirements.Unknown, err.Error()
	}
	return nil
}

func (l *looker) ofLedger(ctx context.Context, one *reports.PreflightSource, row requirements.Requirement) error {
	ledger, known, err := l.store.Unit(ctx, snapshot.UnitID{Source: row.Source})
	switch {
	case err != nil:
		return err
	case known && ledger.State == snapshot.Complete:
	case known && ledger.State == snapshot.Denied:
		l.refused(one, row, ledger.Detail)
	case known && ledger.State == snapshot.Unavailable:
		l.absent(one, row, ledger.Detail)
	default:
		one.State, one.Cause = requirements.Unknown, firstNonEmpty(ledger.Detail, "not read")
	}
	return nil
}

func (l *looker) refused(one *reports.PreflightSource, row requirements.Requirement, cause string) {
	one.State, one.Cause, one.Grant = requirements.Blind, cause, l.fix(row)
	if one.Grant == "" && l.known() {
		one.Note = row.Reads + ": the token carries what this takes and the service refuses all the same; look at the consent in this tenant and at its restrictions, and sign in again."
	}
}

// known reports whether anything is known of what the token carries.
func (l *looker) known() bool { return len(l.held.Permissions) > 0 }

func (l *looker) absent(one *reports.PreflightSource, row requirements.Requirement, cause string) {
	one.Cause = cause
	switch {
	case normalize.OptionalLicence(row.Source, l.licensed):
		one.State, one.Cause = requirements.Works, ""
		one.Note = row.Reads + ": not offered to this tenant, as without " + row.Licence + "; there is nothing of the kind to read, and nothing is missing."
	case row.Licence != "":
		one.State, one.Grant = requirements.Blind, "licence "+row.Licence
	default:
		one.State = requirements.Blind
	}
}

// fix is the smallest addition that reads one source, in words.
func (l *looker) fix(row requirements.Requirement) string {
	g := requirements.Missing(l.held, []snapshot.Source{row.Source})
	text := g.String()
	// A directory role that Exchange admits gives its view-only roles in one.
	if len(g.ExchangeRoles) > 0 && len(row.Roles) > 0 && !slices.ContainsFunc(row.Roles, func(id string) bool { return slices.Contains(l.held.Roles, id) }) {
		if r, ok := facts.Role(row.Roles[0]); ok {
			text += ", or directory role " + r.Name
		}
	}
	return text
}

func (l *looker) notWorking(list []snapshot.Source) []snapshot.Source {
	return slices.DeleteFunc(slices.Clone(list), func(src snapshot.Source) bool {
		one, known := l.seen[src]
		return !known || one.State != requirements.Blind
	})
}

// verdict folds the sources into a check.
func (l *looker) verdict(c checks.Check) reports.PreflightCheck {
	states := map[snapshot.Source]requirements.State{}
	for src, one := range l.seen {
		states[src] = one.State
	}
	out := reports.PreflightCheck{Check: c.ID, Title: c.Title, Severity: string(c.Severity), State: requirements.Verdict(c.Needs, states), Why: []string{}, Notes: []string{}}
	needs := normalize.SourcesOf(c.Needs)
	for _, set := range slices.Concat(c.Needs, parts(c.Needs)) {
		lists, _ := normalize.Resolvers(set)
		needs = append(needs, lists...)
	}
	slices.Sort(needs)
	var open []string
	var grants []string
	for _, src := range normalize.SourcesFor(c.Datasets()) {
		one, known := l.seen[src]
		if !known {
			continue
		}
		needed := slices.Contains(needs, src)
		switch {
		case one.State == requirements.Works && one.Note == "":
		case one.State == requirements.Works && needed:
			out.Notes = add(out.Notes, one.Note)
		case needed:
			out.Why = add(out.Why, why(one))
			out.Notes = add(out.Notes, one.Note)
			if strings.HasPrefix(one.Grant, "licence ") {
				grants = add(grants, one.Grant)
			}
		case one.State != requirements.Works:
			open = add(open, one.Reads)
		}
	}
	if len(open) > 0 {
		out.Notes = append(out.Notes, "Not readable either, which leaves names or details open: "+strings.Join(open, ", ")+".")
	}
	if g := requirements.Missing(l.held, l.notWorking(needs)); !g.Empty() && out.State != requirements.Works {
		grants = append([]string{g.String()}, grants...)
	}
	out.Grant = strings.Join(grants, "; ")
	return out
}

// parts are the datasets that computed ones among the sets are computed from.
func parts(sets []snapshot.Dataset) (out []snapshot.Dataset) {
	for _, set := range sets {
		out = append(out, normalize.PartsOf(set)...)
	}
	return out
}

func why(one reports.PreflightSource) string {
	if one.Service == string(requirements.Exchange) {
		return firstNonEmpty(one.Cause, one.Reads+": not readable")
	}
	if strings.HasPrefix(one.Cause, one.Reads) {
		return one.Cause
	}
	return one.Reads + ": " + firstNonEmpty(one.Cause, "not readable")
}

// add appends a line that is not there yet.
func add(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// licences says which licences of the needed sources the tenant has.
func (l *looker) licences(ctx context.Context, sources []snapshot.Source) ([]reports.PreflightLicence, error) {
	out := []reports.PreflightLicence{}
	p2 := reports.PreflightLicence{Name: requirements.EntraP2, State: "absent", Products: []string{}}
	for _, src := range sources {
		if r, ok := requirements.Of(src); ok && r.Licence == requirements.EntraP2 {
			p2.Gates = append(p2.Gates, r.Reads)
		}
	}
	if len(p2.Gates) == 0 {
		return out, nil
	}
	ledger, known, err := l.store.Unit(ctx, snapshot.UnitID{Source: graph.SubscribedSKUs})
	if err != nil {
		return nil, err
	}
	if !known || ledger.State != snapshot.Complete {
		p2.State = "unknown"
	}
	for r, err := range l.store.Rows(ctx, graph.SubscribedSKUs) {
		if err != nil {
			return nil, err
		}
		sku, err := wire.DecodeSubscribedSKU(r.Row)
		if err != nil || sku.CapabilityStatus != "Enabled" && sku.CapabilityStatus != "Warning" {
			continue
		}
		if slices.ContainsFunc(sku.ServicePlans, func(plan wire.ServicePlan) bool { return facts.EntraPremium(plan.ServicePlanID) == "P2" }) {
			l.licensed = true
			p2.State, p2.Products = "present", add(p2.Products, sku.SKUPartNumber)
		}
	}
	return append(out, p2), nil
}

// environments are the parts of a full review, the two that are read with their count.
func environments(sources []reports.PreflightSource) []reports.PreflightEnvironment {
	var out []reports.PreflightEnvironment
	services := []string{string(requirements.Graph), string(requirements.Exchange)}
	for i, e := range requirements.Environments() {
		one := reports.PreflightEnvironment{Name: e.Name, Grant: e.Grant, State: e.Note}
		if i < len(services) {
			all, works := 0, 0
			for _, s := range sources {
				if s.Service == services[i] {
					all++
					if s.State == requirements.Works {
						works++
					}
				}
			}
			one.State = fmt.Sprintf("%d of %d sources can be read", works, all)
			if all == 0 {
				one.State = "not needed for the chosen checks"
			}
		}
		out = append(out, one)
	}
	return out
}
