package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tenantaudit/checks"
	"tenantaudit/internal/normalize"
	"tenantaudit/internal/snapshot"
)

// auditOptions are the flags of audit and collect.
type auditOptions struct {
	connectOptions
	scopeOptions
	outputOptions
	sinceOptions
	resume      bool
	onlyPlan    bool // print what would be asked, and end
	collectOnly bool // collect, not audit
}

func (o *auditOptions) bindRun(f *pflag.FlagSet) {
	f.BoolVar(&o.resume, "resume", false, "go on with the snapshot in --out")
	f.BoolVar(&o.onlyPlan, "plan", false, "print what would be asked of this tenant, how long it would take and what each check costs, and end; what it reads for that is kept")
	o.sinceOptions.bind(f)
	f.BoolVar(&o.noPreflight, "no-preflight", false, "do not look first at what can be read")
}

func (o *auditOptions) validate() error {
	if err := o.outputOptions.validate(); err != nil {
		return err
	}
	if err := errors.Join(o.scopeOptions.validate(), o.sinceOptions.validate()); err != nil {
		return err
	}
	return o.connectOptions.validate()
}

func (a *app) auditCommand() *cobra.Command {
	var o auditOptions
	c := &cobra.Command{
		Use:   "audit",
		Short: "Collect, judge and write the review of a tenant (the main job)",
		Long: `audit signs in, looks first at what can be read and which checks would be blind
(see tenantaudit preflight), reads every dataset that the chosen checks need into a
snapshot, runs the checks and writes the review. A run that was cut off goes on where it was
when it is started again with the same --out.`,
		Example: `  tenantaudit audit --tenant contoso.example --auth device-code --client-id 00000000-0000-0000-0000-000000000000
  tenantaudit audit --tenant contoso.example --auth certificate --client-id … --certificate audit.pfx --out review-contoso`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.audit(cmd.Context(), &o, true) },
	}
	o.connectOptions.bind(c.Flags())
	o.scopeOptions.bind(c.Flags())
	o.outputOptions.bind(c.Flags(), "folder for the review (default review-<default domain>-<UTC date>)")
	o.bindRun(c.Flags())
	return c
}

func (a *app) collectCommand() *cobra.Command {
	var o auditOptions
	o.judgement.AuditRetentionDays = checks.DefaultAuditRetentionDays // it judges nothing
	o.collectOnly = true
	c := &cobra.Command{
		Use:   "collect",
		Short: "Collect into a snapshot; judge it later, offline",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.audit(cmd.Context(), &o, false) },
	}
	o.connectOptions.bind(c.Flags())
	o.scopeOptions.bind(c.Flags())
	c.Flags().StringVar(&o.out, "out", "", "folder for the snapshot (default review-<default domain>-<UTC date>)")
	o.bindRun(c.Flags())
	return c
}

// audit is the main job; without review it ends with the snapshot.
func (a *app) audit(ctx context.Context, o *auditOptions, review bool) (err error) {
	if err := o.validate(); err != nil {
		return err
	}
	if o.out != "" {
		if err := writable(o.out); err != nil {
			return err
		}
	}
	if o.earlier, err = o.openEarlier(ctx); err != nil {
		return err
	}
	if o.earlier != nil {
		defer closing(o.earlier.store, &err)
	}
	s, err := a.connect(ctx, &o.connectOptions, a.waits())
	if err != nil {
		return interrupted(err, ctx, o.resumeCommand(review))
	}
	defer s.close()
	if o.out == "" {
		o.out = "review-" + folderName(firstNonEmpty(s.domain, s.tenantID)) + "-" + time.Now().UTC().Format(time.DateOnly)
	}
	if err := errors.Join(o.earlier.of(s.tenantID), o.earlier.otherThan(o.out)); err != nil {
		return err
	}
	if err := o.matchMailboxes(ctx, s); err != nil {
		return interrupted(err, ctx, o.resumeCommand(review))
	}
	return interrupted(a.auditInto(ctx, s, o, review), ctx, o.resumeCommand(review))
}

// matchMailboxes asks the service which mailboxes an OPATH filter selects.
func (o *auditOptions) matchMailboxes(ctx context.Context, s *session) (err error) {
	if o.filter == "" {
		return nil
	}
	if o.addresses, err = s.exo.Matching(ctx, o.filter); err != nil {
		return fmt.Errorf("--mailboxes: %w", err)
	}
	if len(o.addresses) == 0 {
		return usageError("--mailboxes: no mailbox matches %s", clip(o.filter))
	}
	return nil
}

func (a *app) auditInto(ctx context.Context, s *session, o *auditOptions, review bool) (err error) {
	plan := o.plan(s)
	store, err := openStore(ctx, o.out, plan, o.resume)
	if err != nil {
		return err
	}
	open := io.Closer(store)
	defer func() {
		if open != nil {
			closing(open, &err)
		}
	}()
	if o.onlyPlan {
		return a.showPlan(ctx, s, store, plan, o)
	}
	if err := a.gather(ctx, s, store, plan, &o.scopeOptions); err != nil {
		return err
	}
	view, err := store.View(ctx)
	if err != nil {
		return err
	}
	a.tellReused(o.earlier, view.Run())
	if !review {
		return errors.Join(a.collected(o.out, view), s.refusals())
	}
	a.profile.stage("check")
	j, err := judge(ctx, view, o.judgement, o.chosen)
	if err != nil {
		return err
	}
	// The snapshot is closed before it is hashed into the manifest; the review is
	// written from a read view of the finished file.
	open = nil
	if err := store.Close(); err != nil {
		return err
	}
	err = a.review(ctx, o.out, j, &o.outputOptions)
	if refused := s.refusals(); refused != nil {
		return refused
	}
	return err
}

// review writes the files from the finished snapshot in dir and says what came out.
func (a *app) review(ctx context.Context, dir string, j judged, o *outputOptions) (err error) {
	store, err := snapshot.OpenSnapshot(ctx, dir+"/"+snapshotFile)
	if err != nil {
		return err
	}
	defer closing(store, &err)
	view, err := store.View(ctx)
	if err != nil {
		return err
	}
	files, err := a.write(ctx, dir, view, j, o, snapshotFile)
	if err != nil {
		return err
	}
	if err := errors.Join(a.shareable(ctx, dir, view, j, o), a.summary(dir, view, j, files)); err != nil {
		return err
	}
	return verdict(j, o)
}

// plan is what this run sets out to read.
func (o *auditOptions) plan(s *session) normalize.Plan {
	p := normalize.Plan{Tenant: s.tenantID, Cloud: o.cloud, Folders: o.folders, Filter: o.describe()}
	if sets := o.datasets(); len(sets) < len(snapshot.Datasets()) {
		p.Sources, p.Datasets = normalize.SourcesFor(sets), normalize.WithParts(sets)
	}
	return p
}

// resumeCommand is what a person types to go on; nothing secret is ever a flag.
func (o *auditOptions) resumeCommand(review bool) string {
	parts := []string{"tenantaudit audit"}
	if !review {
		parts[0] = "tenantaudit collect"
	}
	add := func(flag, value string) {
		if value != "" {
			parts = append(parts, "--"+flag+" "+quote(value))
		}
	}
	add("tenant", o.tenant)
	add("auth", o.auth)
	add("client-id", o.clientID)
	add("certificate", o.certificate)
	if o.cloud != "global" {
		add("cloud", o.cloud)
	}
	add("graph-url", o.graphURL)
	add("exchange-url", o.exchangeURL)
	add("authority-url", o.authorityURL)
	add("ca-certificate", o.caCertificate)
	add("checks", strings.Join(o.checks, ","))
	add("skip-checks", strings.Join(o.skipChecks, ","))
	add("mailboxes", o.mailboxes)
	if o.folders != "default" {
		add("folders", o.folders)
	}
	o.sinceOptions.resume(add)
	if o.noPreflight {
		parts = append(parts, "--no-preflight")
	}
	if review {
		o.outputOptions.resume(add, func(flag string) { parts = append(parts, "--"+flag) })
	}
	add("out", o.out)
	return strings.Join(append(parts, "--resume"), " ")
}

// quote writes a value for a shell when it needs it.
func quote(s string) string {
	plain := strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@,=+", r))
	}) < 0
	if plain {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func (a *app) collected(dir string, v *snapshot.Snapshot) error {
	list, err := v.CoverageAll()
	if err != nil {
		return err
	}
	complete := 0
	for _, c := range list {
		if c.State == snapshot.CoverageComplete {
			complete++
		}
	}
	_, err = fmt.Fprintf(a.out, "%s/%s\n%d of %d datasets complete\n", safe(dir), snapshotFile, complete, len(list))
	return err
}
