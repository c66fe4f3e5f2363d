package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/requirements"
	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/transport"
	"tenantaudit/reports"
)

// preflightOptions are the flags of preflight.
type preflightOptions struct {
	connectOptions
	beside          besideOptions
	scope           scopeOptions
	format, out     string
	requireCoverage bool
	printGrant      bool
	grantFor        string
}

var preflightFormats = []string{"text", "json", "html", "xlsx"}

// kinds of identities that a grant can be printed for.
var grantKinds = map[string]facts.Kind{"application": facts.Application, "person": facts.Delegated}

func (o *preflightOptions) validate() error {
	if !slices.Contains(preflightFormats, o.format) {
		return usageError("unknown --format %q: use text, json, html or xlsx", o.format)
	}
	file := o.format == "html" || o.format == "xlsx"
	if _, known := grantKinds[o.grantFor]; !known {
		return usageError("unknown --grant-for %q: use application or person", o.grantFor)
	}
	if err := errors.Join(o.scope.validate(), o.beside.validate(&o.connectOptions)); err != nil {
		return err
	}
	switch {
	case o.printGrant && file:
		return usageError("--print-grant goes with --format text or json")
	case o.out != "" && (!file || o.printGrant):
		return usageError("--out names the file of --format html or xlsx")
	case o.printGrant:
		return nil
	case file && o.out == "":
		o.out = "preflight." + o.format
	}
	if o.out != "" {
		if st, err := os.Stat(o.out); err == nil && st.IsDir() {
			return usageError("--out %s is a folder; name a file", o.out)
		}
		if err := writable(filepath.Dir(o.out)); err != nil {
			return err
		}
	}
	if err := o.connectOptions.validate(); err != nil {
		return err
	}
	return o.beside.connect(&o.connectOptions)
}

func (a *app) preflightCommand() *cobra.Command {
	var o preflightOptions
	c := &cobra.Command{
		Use:   "preflight",
		Short: "Who am I, what may I read, which checks would be blind and why",
		Long: `preflight signs in, asks Exchange which cmdlets this identity may run and Graph with
one small request for each thing that is read, and tells for every chosen check whether
it would work, why not, and the smallest grant that would fix it. It warns of what the
identity can do beyond reading. It reads no dataset.

With --print-grant it signs in nowhere and prints what the chosen checks need: the
permissions of an app registration and the PowerShell of an Exchange role group.`,
		Example: `  tenantaudit preflight --tenant contoso.example --auth device-code --client-id 00000000-0000-0000-0000-000000000000
  tenantaudit preflight --tenant contoso.example --checks mail --format html --out access-contoso.html
  tenantaudit preflight --print-grant --checks mail,oauth --grant-for person`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.validate(); err != nil {
				return err
			}
			if o.printGrant {
				return a.printGrant(&o)
			}
			return a.preflight(cmd.Context(), &o)
		},
	}
	f := c.Flags()
	o.connectOptions.bind(f)
	o.beside.bind(f)
	f.StringSliceVar(&o.scope.checks, "checks", nil, "check ids or areas to look at (default: all)")
	f.StringSliceVar(&o.scope.skipChecks, "skip-checks", nil, "check ids or areas to leave out")
	f.StringVar(&o.format, "format", "text", "text, json, html or xlsx")
	f.StringVar(&o.out, "out", "", "file for html or xlsx (default preflight.html or preflight.xlsx here)")
	f.BoolVar(&o.requireCoverage, "require-coverage", false, "exit 4 when a chosen check would not see everything")
	f.BoolVar(&o.printGrant, "print-grant", false, "print the smallest grant for the chosen checks, without signing in")
	f.StringVar(&o.grantFor, "grant-for", "application", "whose grant --print-grant prints: application or person")
	o.scope.folders = "default"
	return c
}

func (a *app) preflight(ctx context.Context, o *preflightOptions) (err error) {
	s, err := a.connect(ctx, &o.connectOptions, a.waits())
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
	report, err := s.outlook(ctx, store, &o.scope)
	if err := errors.Join(err, s.tokens.lost()); err != nil {
		return err
	}
	if report.Environments, err = o.beside.look(ctx, s, report.Environments); err != nil {
		return err
	}
	report.Requests += s.stack.Counters(transport.Azure).Requests + s.stack.Counters(transport.DevOps).Requests
	if err := a.writePreflight(ctx, report, o); err != nil {
		return err
	}
	if blind := len(report.Checks) - report.Count(requirements.Works); o.requireCoverage && blind > 0 {
		return &exitError{code: exitCoverage, text: fmt.Sprintf("%d checks would not see everything (--require-coverage)", blind)}
	}
	if open := openBeside(report); o.requireCoverage && open > 0 {
		return &exitError{code: exitCoverage, text: fmt.Sprintf("%d of the named subscriptions and organizations cannot be seen in full (--require-coverage)", open)}
	}
	return nil
}

// writePreflight writes the document in the chosen format.
func (a *app) writePreflight(ctx context.Context, p *reports.Preflight, o *preflightOptions) error {
	switch o.format {
	case "json":
		return reports.WritePreflightJSON(a.out, p)
	case "text":
		return a.printPreflight(p)
	}
	if err := writeFile(o.out, func(f *os.File) error {
		if o.format == "html" {
			return reports.WritePreflightHTML(f, p)
		}
		return reports.WritePreflightWorkbook(ctx, f, filepath.Dir(o.out), p)
	}); err != nil {
		return err
	}
	_, err := fmt.Fprintf(a.out, "%s\n%s\n", tally(p), safe(o.out))
	return err
}

// writeFile writes a file for its owner only, whole or not at all.
func writeFile(path string, write func(*os.File) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".preflight-*") // 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := errors.Join(write(f), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(f.Name(), path)
}
