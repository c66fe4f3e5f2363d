package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tenantaudit/checks"
	"tenantaudit/internal/collect"
	"tenantaudit/internal/exo"
	"tenantaudit/internal/normalize"
	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/transport"
	"tenantaudit/reports"
)

const snapshotFile = "snapshot.db"

// openStore makes the snapshot of a run, or goes on with the one that is there.
func openStore(ctx context.Context, dir string, plan normalize.Plan, resume bool) (*snapshot.Store, error) {
	if err := makeFolder(dir); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, snapshotFile)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		if resume {
			return nil, usageError("--resume: %s holds no snapshot; leave --resume out to start, or name the folder with --out", dir)
		}
		s, err := snapshot.Create(ctx, path)
		if err != nil {
			return nil, err
		}
		if err := errors.Join(s.SetMeta(ctx, normalize.PlanKey, plan), writeRunFile(dir)); err != nil {
			return nil, errors.Join(err, s.Close())
		}
		return s, nil
	}
	s, err := snapshot.Resume(ctx, path)
	if err != nil {
		return nil, snapshotError(err, dir)
	}
	if err := fits(ctx, s, dir, plan, resume); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, writeRunFile(dir)
}

// makeFolder makes the folder of a review, for its owner only, and makes sure that it
// can be written to.
func makeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return usageError("--out %s: %s; choose another folder", dir, reason(err))
	}
	if err := probe(dir); err != nil {
		return usageError("--out %s is not writable: %s; choose another folder", dir, reason(err))
	}
	return nil
}

// writable asks the same before anything is made: of the folder, or of the nearest one
// above it that exists.
func writable(dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return usageError("--out %s: %s", dir, reason(err))
	}
	for at := abs; ; at = filepath.Dir(at) {
		st, err := os.Stat(at)
		switch {
		case errors.Is(err, os.ErrNotExist) && filepath.Dir(at) != at:
			continue
		case err != nil:
			return usageError("--out %s: %s; choose another folder", dir, reason(err))
		case !st.IsDir():
			return usageError("--out %s: %s is a file; choose another folder", dir, at)
		}
		if err := probe(at); err != nil {
			return usageError("--out %s is not writable: %s; choose another folder", dir, reason(err))
		}
		return nil
	}
}

// probe writes a file and removes it, before the first request.
func probe(dir string) error {
	f, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return err
	}
	_, werr := f.WriteString("x")
	return errors.Join(werr, f.Close(), os.Remove(f.Name()))
}

// fits refuses to mix two runs, and to overwrite a finished one.
func fits(ctx context.Context, s *snapshot.Store, dir string, plan normalize.Plan, resume bool) error {
	var have normalize.Plan
	if _, err := s.Meta(ctx, normalize.PlanKey, &have); err != nil {
		return err
	}
	if have.Filter != plan.Filter {
		if err := correctFilter(ctx, s, &have, plan); err != nil {
			return err
		}
	}
	if len(have.Sources) > 0 && len(have.Datasets) == 0 {
		have.Datasets = plan.Datasets // of an earlier version, which kept the sources only
	}
	for _, d := range []struct{ what, have, want string }{
		{"tenant", have.Tenant, plan.Tenant}, {"--cloud", have.Cloud, plan.Cloud}, {"--folders", have.Folders, plan.Folders},
		{"--mailboxes", have.Filter, plan.Filter}, {"--checks", words(have.Sources), words(plan.Sources)},
		{"--checks", words(have.Datasets), words(plan.Datasets)},
	} {
		if d.have != d.want {
			return usageError("%s holds a snapshot with another %s (%s, this run has %s): choose another folder with --out, or the same options",
				dir, d.what, orNone(d.have), orNone(d.want))
		}
	}
	var run snapshot.Run
	if _, err := s.Meta(ctx, "run", &run); err != nil {
		return err
	}
	// The manifest is written last: without it the run was cut off before its review was whole.
	if _, err := os.Stat(filepath.Join(dir, "manifest.json")); run.Complete && err == nil && !resume {
		return usageError("%s holds a finished review of %s: choose another folder with --out, or pass --resume to read again what failed", dir, run.FinishedAt.Format(time.DateOnly))
	}
	return nil
}

// correctFilter lets a run go on with other mailboxes as long as none was chosen yet: the
// list of the first part named none that exists.
func correctFilter(ctx context.Context, s *snapshot.Store, have *normalize.Plan, plan normalize.Plan) error {
	counts, err := s.Counts(ctx)
	if err != nil {
		return err
	}
	for _, src := range perMailbox {
		if counts[src].Total() > 0 {
			return nil
		}
	}
	var run snapshot.Run
	if _, err := s.Meta(ctx, "run", &run); err != nil || run.Complete {
		return err
	}
	have.Filter, run.Filter = plan.Filter, plan.Filter
	if err := errors.Join(s.SetMeta(ctx, normalize.PlanKey, have), s.SetMeta(ctx, normalize.StrangersKey, normalize.Strangers{})); err != nil {
		return err
	}
	if run.StartedAt.IsZero() {
		return nil
	}
	return s.SetMeta(ctx, "run", run)
}

// perMailbox are the sources that --mailboxes limits. The list of Send As has a unit of its
// own, and one for each recipient where it cannot be read.
var perMailbox = []snapshot.Source{exo.SourceMailboxPermission, exo.SourceInboxRule, exo.SourceInboxRuleVisible, exo.SourceFolderStatistics,
	exo.SourceFolderPermission, exo.SourceRecipientPermission}

func words[T ~string](list []T) string {
	parts := make([]string, len(list))
	for i, s := range list {
		parts[i] = string(s)
	}
	return strings.Join(parts, " ")
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return clip(s)
}

// snapshotError says in words why a snapshot cannot be used.
func snapshotError(err error, dir string) error {
	switch {
	case errors.Is(err, snapshot.ErrLocked):
		return usageError("%s is in use by another run%s; wait for it, or choose another folder with --out", dir, holder(dir))
	case errors.Is(err, snapshot.ErrNotSnapshot), errors.Is(err, os.ErrNotExist), errors.Is(err, os.ErrPermission):
		return usageError("%s", err)
	}
	return err
}

// runFile tells a second process who holds the snapshot. The lock itself is the
// database's and dies with its process.
type runFile struct {
	PID     int       `json:"pid"`
	Host    string    `json:"host"`
	Started time.Time `json:"started"`
}

const runFileName = "run.json"

func writeRunFile(dir string) error {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	b, err := json.Marshal(runFile{PID: os.Getpid(), Host: host, Started: time.Now().UTC().Truncate(time.Second)})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, runFileName), append(b, '\n'), 0o600)
}

func holder(dir string) string {
	b, err := os.ReadFile(filepath.Join(dir, runFileName))
	var r runFile
	if err != nil || json.Unmarshal(b, &r) != nil {
		return ""
	}
	return fmt.Sprintf(" (process %d on %s since %s)", r.PID, cell(clip(r.Host)), r.Started.Format(time.RFC3339))
}

// gather collects into the store, derives the datasets and keeps who read what.
func (a *app) gather(ctx context.Context, s *session, store *snapshot.Store, plan normalize.Plan, scope *scopeOptions) error {
	run, err := beginRun(ctx, store, plan, scope)
	if err != nil {
		return err
	}
	a.profile.stage("preflight")
	err = a.foresee(ctx, s, store, scope, &run)
	if err == nil {
		a.profile.stage("collect")
		err = a.collect(ctx, s, store, plan, scope)
	}
	s.count(&run)
	// From here on ctx may be cancelled: what was read must be kept all the same.
	keep := context.WithoutCancel(ctx)
	if err != nil {
		return errors.Join(err, store.SetMeta(keep, "run", run))
	}
	if err := identity(ctx, store, s.claims, &run); err != nil {
		return err
	}
	t, err := tenant(ctx, store, s.tenantID)
	if err != nil {
		return err
	}
	run.FinishedAt, run.Complete = time.Now().UTC().Truncate(time.Second), true
	if err := errors.Join(store.SetMeta(ctx, "tenant", t), store.SetMeta(ctx, "run", run)); err != nil {
		return err
	}
	a.profile.stage("derive")
	return normalize.Run(ctx, store)
}

// beginRun begins a run, or goes on with the one that is in the store.
func beginRun(ctx context.Context, store *snapshot.Store, plan normalize.Plan, scope *scopeOptions) (snapshot.Run, error) {
	var run snapshot.Run
	if _, err := store.Meta(ctx, "run", &run); err != nil {
		return run, err
	}
	if run.StartedAt.IsZero() {
		run = snapshot.Run{StartedAt: time.Now().UTC().Truncate(time.Second), ToolVersion: version, Cloud: plan.Cloud, Filter: plan.Filter, Folders: plan.Folders}
	}
	run.Complete = false
	if err := scope.earlier.note(&run, filepath.Dir(store.Path())); err != nil {
		return run, err
	}
	return run, store.SetMeta(ctx, "run", run)
}

// count adds the requests of this process to those of a run.
func (s *session) count(run *snapshot.Run) {
	for _, of := range []struct {
		service transport.Service
		into    *int64
	}{{transport.Graph, &run.Requests.Graph}, {transport.Exchange, &run.Requests.Exchange}} {
		c := s.stack.Counters(of.service)
		*of.into += c.Requests
		run.Requests.Retries += c.Retries
		run.Requests.Throttled += c.Throttled
	}
}

// collect reads everything of the plan that the store does not have yet.
func (a *app) collect(ctx context.Context, s *session, store *snapshot.Store, plan normalize.Plan, scope *scopeOptions) error {
	steps := s.steps(store, plan, scope)
	if scope.addresses != nil && scope.filter == "" {
		a.meetStrangers(steps, store, scope)
	}
	show := a.progress(store)
	defer show.stop()
	ctx, done := a.finishing(ctx, s.stack)
	defer done()
	return collect.Run(ctx, steps, collect.Options{PerService: 6, Started: show.started, Ended: show.ended})
}

// How long an interrupted collection may take to finish what is under way, and to store what
// was answered last.
const (
	finishTime = 30 * time.Second
	storeTime  = 250 * time.Millisecond
)

// finishing is a context that outlives an interrupt: no request leaves after it, but those
// under way are answered and stored before the context ends.
func (a *app) finishing(ctx context.Context, stack *transport.Stack) (work context.Context, done func()) {
	work, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		defer cancel(context.Cause(ctx))
		if !errors.Is(context.Cause(ctx), collect.ErrInterrupted) {
			return
		}
		if !a.quiet {
			fmt.Fprintf(a.err, "Interrupted: what is under way is finished first, in %s at most. Interrupt again to leave at once.\n", finishTime)
		}
		limit, end := context.WithTimeout(work, finishTime)
		defer end()
		stack.Finish(limit)
		_ = transport.Pause(limit, storeTime) // the context is about to end anyway
	})
	return work, func() {
		stop()
		cancel(nil)
	}
}

// refusals ends a run that met a link or a request which the read-only guard refused: a
// hostile service or a bug. What was read is reviewed all the same, with the gap.
func (s *session) refusals() error {
	if err := s.exo.Refused(); err != nil {
		return fmt.Errorf("a request was refused before it was sent; the review says what is missing because of it: %w", err)
	}
	return nil
}

// interrupted says how to go on.
func interrupted(err error, ctx context.Context, resume string) error {
	if errors.Is(err, collect.ErrInterrupted) || errors.Is(context.Cause(ctx), collect.ErrInterrupted) {
		return &exitError{code: exitInterrupted, text: "interrupted; everything read so far is kept. Go on with:\n  " + resume}
	}
	return signedOut(err, resume)
}

// judged is a snapshot's verdict.
type judged struct {
	results  []checks.Result
	findings *checks.Findings
}

func judge(ctx context.Context, v *snapshot.Snapshot, o checks.Options, list []checks.Check) (judged, error) {
	j := judged{findings: &checks.Findings{}}
	var err error
	j.results, err = checks.Run(ctx, v, o, list, func(f checks.Finding) error {
		j.findings.Add(f)
		return nil
	})
	return j, err
}

// write writes the review folder, the manifest last.
func (a *app) write(ctx context.Context, dir string, v *snapshot.Snapshot, j judged, o *outputOptions, extra ...string) ([]reports.File, error) {
	a.profile.stage("report")
	formats := o.formats
	if slices.Contains(formats, "csv") {
		formats = append(slices.DeleteFunc(slices.Clone(formats), func(f string) bool { return f == "csv" }), "csv")
	}
	return reports.Write(ctx, dir, v, reports.Results{Checks: j.results, Packed: j.findings}, reports.Options{
		Formats: formats, Version: version, Extra: extra, Title: o.title, PreparedBy: o.preparedBy, Logo: o.logo, Language: o.language,
	})
}

// verdict is the exit code that the findings and gaps ask for.
func verdict(j judged, o *outputOptions) error {
	if o.failOn != "" {
		n := 0
		for _, of := range j.findings.Count() {
			for s, found := range of {
				if s.AtLeast(checks.Severity(o.failOn)) {
					n += found
				}
			}
		}
		if n > 0 {
			return &exitError{code: exitFindings, text: fmt.Sprintf("%d findings of severity %s or worse (--fail-on)", n, o.failOn)}
		}
	}
	if o.requireCoverage {
		var blind []string
		for _, r := range j.results {
			if r.Status == checks.NotEvaluated || r.Cause != "" {
				blind = append(blind, r.Check.ID)
			}
		}
		if len(blind) > 0 {
			return &exitError{code: exitCoverage, text: fmt.Sprintf("%d checks could not be evaluated in full (--require-coverage): %s", len(blind), strings.Join(blind, ", "))}
		}
	}
	return nil
}

func rawRows(page json.RawMessage) ([]json.RawMessage, error) {
	var rows []json.RawMessage
	dec := json.NewDecoder(bytes.NewReader(page))
	dec.UseNumber()
	err := dec.Decode(&rows)
	return rows, err
}

func sortedKeys[K ~string, V any](m map[K]V) []K {
	out := make([]K, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// closing closes at the end of a function; its error counts when there was no other.
func closing(c io.Closer, err *error) {
	if cerr := c.Close(); *err == nil {
		*err = cerr
	}
}
