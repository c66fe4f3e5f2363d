package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

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

// follow is a source that is read object by object: the listing that names the objects,
// and what is asked of one of them.
type follow struct {
	listing snapshot.Source
	path    string // under the listing's path and the id
}

var follows = map[snapshot.Source]follow{
	graph.AppRoleAssignments:     {graph.ServicePrincipals, "/appRoleAssignments?$top=1"},
	graph.ServicePrincipalRoles:  {graph.ServicePrincipals, "?$select=id"},
	graph.ServicePrincipalOwners: {graph.ServicePrincipals, "/owners?$top=1&$select=id"},
	graph.GroupMembers:           {graph.Groups, "/transitiveMembers?$top=1&$select=id"},
	graph.ApplicationOwners:      {graph.Applications, "/owners?$top=1&$select=id"},
}

// read are the sources that a preflight reads in full: a handful of rows each.
var read = []snapshot.Source{graph.Me, graph.Organization, graph.SubscribedSKUs, exo.SourceModuleFile}

// looker finds out what can be read.
type looker struct {
	s     *session
	store *snapshot.Store
	held  requirements.Held
	// allowed are the cmdlets as Exchange spells them; unknown says why they are not known,
	// shut that Exchange does not let the identity in at all.
	allowed       []string
	unknown, shut string
	// licences are the states of the licences by name.
	licences map[string]string
	seen     map[snapshot.Source]reports.PreflightSource
	// first is the id of one object of a listing.
	first map[snapshot.Source]string
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
	l := &looker{s: s, store: store, licences: map[string]string{}, seen: seen, first: map[snapshot.Source]string{}}
	l.held.Kind = facts.Delegated
	if s.claims.IdentityType() == wire.IdentityApplication {
		l.held.Kind = facts.Application
	}
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
	if p.Licences, err = l.gates(ctx, sources, scope.chosen); err != nil {
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
		if known && ledger.State == snapshot.Denied {
			l.shutOut()
		}
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

// shutOut says why Exchange does not let the identity in, as far as its token tells: to
// whom Exchange answers at all, it tells the cmdlets.
func (l *looker) shutOut() {
	l.held.ShutOut, l.held.Exchange = true, permissionsOf(l.s.exchange)
	l.shut = "Exchange does not let this identity in"
	switch told := l.s.exchange.IdentityType() != ""; {
	case told && !requirements.OpensExchange(l.held.Exchange):
		l.shut += ": its token carries no permission for it"
	case told:
		l.shut += ": it has no role that Exchange accepts"
		l.held.Cmdlets = map[string]bool{}
	default:
		l.held.Cmdlets = map[string]bool{}
	}
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
		if err := l.ofObject(ctx, &one, row, root); err != nil {
			return one, err
		}
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
	case l.shut != "":
		one.State, one.Cause, one.Grant = requirements.Blind, l.shut, l.fix(row)
		if l.held.Cmdlets == nil {
			one.Note = "Which Exchange roles are missing shows once the permission is there: run preflight again."
		}
	case l.unknown != "":
		one.State, one.Cause = requirements.Unknown, l.unknown
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
	err := l.ask(ctx, row.Source, path)
	return l.answered(ctx, one, row, err)
}

// ask sends the small request. Of a listing whose objects are asked about, it keeps an id.
func (l *looker) ask(ctx context.Context, src snapshot.Source, path string) error {
	bare, query, _ := strings.Cut(path, "?")
	listing := false
	for _, f := range follows {
		listing = listing || f.listing == src
	}
	if !listing {
		return l.s.graph.Probe(ctx, bare, query)
	}
	rows, err := l.s.graph.Read(ctx, bare, query)
	var object struct {
		ID string `json:"id"`
	}
	if err == nil && len(rows) > 0 && json.Unmarshal(rows[0], &object) == nil {
		l.first[src] = object.ID
	}
	return err
}

// ofObject asks about one object of a listing that can be read. Without an object there
// is nothing to ask: the listing stands for it.
func (l *looker) ofObject(ctx context.Context, one *reports.PreflightSource, row requirements.Requirement, f follow) error {
	of, err := l.sight(ctx, f.listing)
	if err != nil {
		return err
	}
	if of.State != requirements.Works || !guidPattern.MatchString(l.first[f.listing]) {
		one.State, one.Cause, one.Grant, one.Note = of.State, of.Cause, of.Grant, of.Note
		return nil
	}
	listing, _, _ := strings.Cut(probes[f.listing], "?")
	err = l.ask(ctx, row.Source, listing+"/"+l.first[f.listing]+f.path)
	if errors.Is(err, transport.ErrMissing) {
		err = nil // deleted meanwhile
	}
	return l.answered(ctx, one, row, err)
}

// answered says what the answer to a small request means.
func (l *looker) answered(ctx context.Context, one *reports.PreflightSource, row requirements.Requirement, err error) error {
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
	case normalize.OptionalLicence(row.Source, l.licences[row.Licence] == "present"):
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
