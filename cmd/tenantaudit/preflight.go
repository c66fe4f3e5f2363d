package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tenantaudit/checks"
	"tenantaudit/internal/exo"
	"tenantaudit/internal/graph"
	"tenantaudit/internal/normalize"
	"tenantaudit/internal/snapshot"
)

func (a *app) preflightCommand() *cobra.Command {
	var o connectOptions
	var scope scopeOptions
	var out outputOptions
	var format string
	c := &cobra.Command{
		Use:   "preflight",
		Short: "Who am I, what may I read, which checks would be blind and why",
		Long: `preflight signs in, asks Exchange which cmdlets this identity may run and Graph with
one small request for each thing that is read, and tells for every chosen check whether
it would work. It reads no dataset.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if format != "text" && format != "json" {
				return usageError("unknown --format %q: use text or json", format)
			}
			if err := scope.validate(); err != nil {
				return err
			}
			if err := o.validate(); err != nil {
				return err
			}
			return a.preflight(cmd.Context(), &o, &scope, format, out.requireCoverage)
		},
	}
	o.bind(c.Flags())
	c.Flags().StringSliceVar(&scope.checks, "checks", nil, "check ids or areas to look at (default: all)")
	c.Flags().StringSliceVar(&scope.skipChecks, "skip-checks", nil, "check ids or areas to leave out")
	c.Flags().StringVar(&format, "format", "text", "text or json")
	c.Flags().BoolVar(&out.requireCoverage, "require-coverage", false, "exit 4 when a chosen check would be blind")
	scope.folders = "default"
	return c
}

// probes are the small requests that show whether a Graph source can be read, by
// path under /v1.0. Sources that are read object by object follow their listing.
var probes = map[snapshot.Source]string{
	graph.Organization:             "organization?$select=id",
	graph.Domains:                  "domains",
	graph.SubscribedSKUs:           "subscribedSkus",
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
	graph.ServicePrincipalOwners: graph.ServicePrincipals, graph.ApplicationOwners: graph.Applications, graph.GroupMembers: graph.Groups,
	"exo/Get-InboxRule.visible": "exo/Get-InboxRule", "exo/Get-Recipient.byDN": "exo/Get-Recipient",
}

// sight is whether one source can be read.
type sight struct {
	Source snapshot.Source `json:"source"`
	Works  bool            `json:"works"`
	// Unknown: nobody could tell without reading it; the audit will try.
	Unknown bool   `json:"unknown,omitempty"`
	Cause   string `json:"cause,omitempty"`
	Needs   string `json:"needs,omitempty"`
}

// outlook is whether one check would work.
type outlook struct {
	Check string   `json:"check"`
	State string   `json:"state"` // works, unknown, partly, blind
	Why   []string `json:"why,omitempty"`
}

type preflightReport struct {
	Tenant         string    `json:"tenant"`
	Identity       string    `json:"identity"`
	IdentityType   string    `json:"identityType"`
	DirectoryRoles []string  `json:"directoryRoles"`
	Scopes         []string  `json:"scopes"`
	Writes         []string  `json:"moreThanReading"`
	Sources        []sight   `json:"sources"`
	Checks         []outlook `json:"checks"`
}

func (a *app) preflight(ctx context.Context, o *connectOptions, scope *scopeOptions, format string, requireCoverage bool) (err error) {
	s, err := a.connect(ctx, o, a.waits())
	if err != nil {
		return err
	}
	defer s.close()
	dir, err := os.MkdirTemp("", "tenantaudit-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	store, err := snapshot.Create(ctx, filepath.Join(dir, snapshotFile))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	sights, err := s.look(ctx, store, scope)
	if err != nil {
		return err
	}
	var run snapshot.Run
	if err := identity(ctx, store, s.claims, &run); err != nil {
		return err
	}
	report := preflightReport{Tenant: s.tenantID, Identity: run.Identity, IdentityType: run.IdentityType, DirectoryRoles: run.DirectoryRoles,
		Scopes: run.Scopes, Writes: writeScopes(run.Scopes), Sources: sights, Checks: outlooks(scope.chosen, sights)}
	if err := a.printPreflight(report, format); err != nil {
		return err
	}
	if blind := slices.DeleteFunc(slices.Clone(report.Checks), func(c outlook) bool { return c.State == "works" }); requireCoverage && len(blind) > 0 {
		return &exitError{code: exitCoverage, text: fmt.Sprintf("%d checks would not see everything (--require-coverage)", len(blind))}
	}
	return nil
}

// look finds out what can be read.
func (s *session) look(ctx context.Context, store *snapshot.Store, scope *scopeOptions) ([]sight, error) {
	only := map[snapshot.Source]bool{graph.Me: true, exo.SourceModuleFile: true}
	for _, step := range s.steps(store, normalize.Plan{Sources: sortedKeys(only), Folders: "default"}, &scopeOptions{}) {
		if err := step.Run(ctx); err != nil {
			return nil, err
		}
	}
	allowed, unknown, err := allowedCmdlets(ctx, store)
	if err != nil {
		return nil, err
	}
	seen := map[snapshot.Source]sight{}
	var out []sight
	for _, src := range normalize.SourcesFor(scope.datasets()) {
		root := src
		if r, ok := follows[src]; ok {
			root = r
		}
		one, known := seen[root]
		if !known {
			one = s.sight(ctx, root, allowed, unknown)
			seen[root] = one
		}
		one.Source = src
		out = append(out, one)
	}
	return out, ctx.Err()
}

func (s *session) sight(ctx context.Context, src snapshot.Source, allowed map[string]bool, unknown string) sight {
	if cmdlet, ok := strings.CutPrefix(string(src), "exo/"); ok {
		if src == exo.SourceModuleFile || unknown != "" {
			return sight{Source: src, Works: unknown == "", Unknown: unknown != "", Cause: unknown}
		}
		one := sight{Source: src, Works: allowed[strings.ToLower(cmdlet)]}
		if !one.Works {
			one.Cause, one.Needs = "Exchange does not let this identity run "+cmdlet, exo.Grant(src)
		}
		return one
	}
	path, ok := probes[src]
	if !ok {
		return sight{Source: src, Works: true}
	}
	bare, query, _ := strings.Cut(path, "?")
	if err := s.graph.Probe(ctx, bare, query); err != nil {
		return sight{Source: src, Cause: err.Error(), Needs: graph.LeastPermission(src)}
	}
	return sight{Source: src, Works: true}
}

// allowedCmdlets reads what Exchange lets this identity run, in lower case; unknown
// says why that is not known.
func allowedCmdlets(ctx context.Context, store *snapshot.Store) (allowed map[string]bool, unknown string, err error) {
	l, known, err := store.Unit(ctx, snapshot.UnitID{Source: exo.SourceModuleFile})
	if err != nil {
		return nil, "", err
	}
	if !known || l.State != snapshot.Complete {
		return nil, firstNonEmpty(l.Detail, "Exchange did not tell which cmdlets may be run"), nil
	}
	allowed = map[string]bool{}
	for r, err := range store.Rows(ctx, exo.SourceModuleFile) {
		if err != nil {
			return nil, "", err
		}
		m, err := exo.DecodeModuleFile(r.Row)
		if err != nil {
			continue
		}
		for _, name := range m.ExportedCmdlets {
			allowed[strings.ToLower(name)] = true
		}
	}
	return allowed, "", nil
}

// outlooks folds the sources into the checks: blind when nothing that a check needs
// can be read, partly when something cannot.
func outlooks(list []checks.Check, sights []sight) []outlook {
	by := map[snapshot.Source]sight{}
	for _, s := range sights {
		by[s.Source] = s
	}
	var out []outlook
	for _, c := range list {
		o := outlook{Check: c.ID, State: "works"}
		good, unknown := 0, 0
		sources := normalize.SourcesOf(c.Needs)
		for _, src := range sources {
			if s := by[src]; s.Works {
				good++
			} else {
				if s.Unknown {
					unknown++
				}
				why := string(src) + ": " + firstNonEmpty(s.Cause, "not readable")
				if s.Needs != "" {
					why += "; grant " + s.Needs
				}
				o.Why = append(o.Why, why)
			}
		}
		switch {
		case good == len(sources):
		case good+unknown == len(sources):
			o.State = "unknown"
		case good == 0:
			o.State = "blind"
		default:
			o.State = "partly"
		}
		out = append(out, o)
	}
	return out
}

// writeScopes are the permissions of a token that reading does not need.
func writeScopes(scopes []string) []string {
	out := []string{}
	for _, s := range scopes {
		if slices.ContainsFunc([]string{"ReadWrite", ".Write", ".Send", "full_access", "AccessAsUser", "Manage", "Create", "Update", "Delete", "Invite"},
			func(mark string) bool { return strings.Contains(s, mark) }) {
			out = append(out, s)
		}
	}
	return out
}

func (a *app) printPreflight(r preflightReport, format string) error {
	if format == "json" {
		enc := json.NewEncoder(a.out)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Tenant    %s\nIdentity  %s (%s)\nRoles     %s\nScopes    %s\n", r.Tenant, firstNonEmpty(r.Identity, "unknown"), firstNonEmpty(r.IdentityType, "unknown"),
		firstNonEmpty(strings.Join(r.DirectoryRoles, ", "), "none known"), firstNonEmpty(strings.Join(r.Scopes, " "), "none known"))
	if len(r.Writes) > 0 {
		fmt.Fprintf(&b, "Warning   this identity can do more than reading needs: %s\n", strings.Join(r.Writes, " "))
	}
	b.WriteString("\n")
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "CHECK\tOUTLOOK\tWHY")
	for _, c := range r.Checks {
		fmt.Fprintf(w, "%s\t%s\t%s\n", c.Check, c.State, strings.Join(c.Why, "; "))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprint(a.out, safe(b.String()))
	return err
}
