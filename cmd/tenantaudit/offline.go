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
	"tenantaudit/internal/normalize"
	"tenantaudit/internal/snapshot"
)

// openDerived opens a stored snapshot for judging. One that was cut off, or that was
// derived by other rules, is derived again in the private copy.
func (a *app) openDerived(ctx context.Context, path string) (*snapshot.Store, *snapshot.Snapshot, error) {
	if st, err := os.Stat(path); err == nil && st.IsDir() {
		path = filepath.Join(path, snapshotFile)
	}
	a.profile.stage("open")
	store, err := snapshot.OpenSnapshot(ctx, path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, nil, usageError("%s does not exist: name a snapshot.db, or the folder that holds one", path)
	case err != nil:
		return nil, nil, snapshotError(err, filepath.Dir(path))
	}
	ok, err := store.Derived(ctx, normalize.Version)
	if err == nil && (!ok || a.profile != nil) { // a measured run measures this too
		a.profile.stage("derive")
		err = normalize.Run(ctx, store)
	}
	var view *snapshot.Snapshot
	if err == nil {
		view, err = store.View(ctx)
	}
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	return store, view, nil
}

func (a *app) checkCommand() *cobra.Command {
	var scope scopeOptions
	var out outputOptions
	var format string
	c := &cobra.Command{
		Use:   "check SNAPSHOT",
		Short: "Run the checks on a stored snapshot, offline",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := errors.Join(scope.validate(), out.validate()); err != nil {
				return err
			}
			if format != "text" && format != "json" {
				return usageError("unknown --format %q: use text or json", format)
			}
			return a.check(cmd.Context(), args[0], &scope, &out, format)
		},
	}
	c.Flags().StringSliceVar(&scope.checks, "checks", nil, "check ids or areas to run (default: all)")
	c.Flags().StringSliceVar(&scope.skipChecks, "skip-checks", nil, "check ids or areas to leave out")
	c.Flags().StringVar(&format, "format", "text", "text or json")
	scope.folders = "default"
	out.bindVerdict(c.Flags())
	return c
}

func (a *app) check(ctx context.Context, path string, scope *scopeOptions, out *outputOptions, format string) (err error) {
	store, view, err := a.openDerived(ctx, path)
	if err != nil {
		return err
	}
	defer closing(store, &err)
	a.profile.stage("check")
	j, err := judge(ctx, view, out.judgement, scope.chosen)
	if err != nil {
		return err
	}
	if err := a.printResults(j, format); err != nil {
		return err
	}
	return verdict(j, out)
}

// resultLine is one check in the output of check.
type resultLine struct {
	ID        string          `json:"id"`
	Title     string          `json:"title"`
	Status    checks.Status   `json:"status"`
	Severity  checks.Severity `json:"severity"`
	Evaluated int             `json:"evaluated"`
	Expected  int             `json:"expected"`
	Findings  int             `json:"findings"`
	Cause     string          `json:"cause,omitempty"`
}

func (a *app) printResults(j judged, format string) error {
	if format == "json" {
		out := struct {
			Checks   []resultLine     `json:"checks"`
			Findings []checks.Finding `json:"findings"`
		}{[]resultLine{}, slices.AppendSeq([]checks.Finding{}, j.findings.All())}
		for _, r := range j.results {
			out.Checks = append(out.Checks, resultLine{r.Check.ID, r.Check.Title, r.Status, r.Severity, r.Evaluated, r.Expected, r.Findings, r.Cause})
		}
		enc := json.NewEncoder(a.out)
		enc.SetIndent("", "  ")
		return enc.Encode(out)
	}
	w := tabwriter.NewWriter(a.out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "RESULT\tSEVERITY\tFINDINGS\tEVALUATED\tCHECK\tCAUSE")
	for _, r := range j.results {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d of %d\t%s\t%s\n", r.Status, r.Severity, r.Findings, r.Evaluated, r.Expected, r.Check.ID, safe(r.Cause))
	}
	return w.Flush()
}

func (a *app) reportCommand() *cobra.Command {
	var scope scopeOptions
	var out outputOptions
	c := &cobra.Command{
		Use:   "report SNAPSHOT",
		Short: "Write the review from a stored snapshot, offline",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := errors.Join(scope.validate(), out.validate()); err != nil {
				return err
			}
			return a.report(cmd.Context(), args[0], &scope, &out)
		},
	}
	c.Flags().StringSliceVar(&scope.checks, "checks", nil, "check ids or areas to run (default: all)")
	c.Flags().StringSliceVar(&scope.skipChecks, "skip-checks", nil, "check ids or areas to leave out")
	scope.folders = "default"
	out.bind(c.Flags(), "folder for the review (default: the snapshot's own)")
	return c
}

func (a *app) report(ctx context.Context, path string, scope *scopeOptions, out *outputOptions) (err error) {
	store, view, err := a.openDerived(ctx, path)
	if err != nil {
		return err
	}
	defer closing(store, &err)
	a.profile.stage("check")
	j, err := judge(ctx, view, out.judgement, scope.chosen)
	if err != nil {
		return err
	}
	home := filepath.Dir(store.Path())
	dir, extra := out.out, []string{}
	if dir == "" || sameFolder(dir, home) {
		dir = home
		extra = append(extra, filepath.Base(store.Path()))
	}
	if err := makeFolder(dir); err != nil {
		return err
	}
	files, err := a.write(ctx, dir, view, j, out, extra...)
	if err != nil {
		return err
	}
	if err := errors.Join(a.shareable(ctx, dir, view, j, out), a.summary(dir, view, j, files)); err != nil {
		return err
	}
	return verdict(j, out)
}

func sameFolder(a, b string) bool {
	x, errA := os.Stat(a)
	y, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(x, y)
}

func (a *app) checksCommand() *cobra.Command {
	c := &cobra.Command{Use: "checks", Short: "The catalogue of checks", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	var format string
	list := &cobra.Command{
		Use: "list", Short: "List the checks", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.listChecks(format) },
	}
	list.Flags().StringVar(&format, "format", "text", "text or json")
	explain := &cobra.Command{
		Use: "explain ID", Short: "Print one check in full", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			list, err := checks.Select(args, nil)
			if err != nil || len(list) != 1 || list[0].ID != args[0] {
				if err == nil {
					err = fmt.Errorf("%q is an area, not a check", args[0])
				}
				return usageError("%s; see tenantaudit checks list", err)
			}
			_, err = fmt.Fprint(a.out, checks.Explain(list[0]))
			return err
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var ids []string
			for _, c := range checks.All() {
				ids = append(ids, c.ID+"\t"+c.Title)
			}
			return ids, cobra.ShellCompDirectiveNoFileComp
		},
	}
	c.AddCommand(list, explain)
	return c
}

func (a *app) listChecks(format string) error {
	switch format {
	case "json":
		type line struct {
			ID       string             `json:"id"`
			Title    string             `json:"title"`
			Area     string             `json:"area"`
			Severity checks.Severity    `json:"severity"`
			Needs    []snapshot.Dataset `json:"needs"`
		}
		out := []line{}
		for _, c := range checks.All() {
			out = append(out, line{c.ID, c.Title, c.Area(), c.Severity, c.Needs})
		}
		enc := json.NewEncoder(a.out)
		enc.SetIndent("", "  ")
		return enc.Encode(out)
	case "text":
		w := tabwriter.NewWriter(a.out, 0, 8, 2, ' ', 0)
		fmt.Fprintln(w, "CHECK\tSEVERITY\tTITLE")
		for _, c := range checks.All() {
			fmt.Fprintln(w, strings.Join([]string{c.ID, string(c.Severity), c.Title}, "\t"))
		}
		return w.Flush()
	}
	return usageError("unknown --format %q: use text or json", format)
}
