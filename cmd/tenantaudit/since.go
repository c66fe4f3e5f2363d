package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"tenantaudit/internal/exo"
	"tenantaudit/internal/normalize"
	"tenantaudit/internal/snapshot"
	"tenantaudit/reports"
)

const (
	defaultSinceMaxAge = 90 // days
	// clockSlack is how far ahead an earlier snapshot may seem to be: two clocks never agree.
	clockSlack = 5 * time.Minute
)

// sinceOptions name an earlier snapshot whose unchanged answers are taken over.
type sinceOptions struct {
	since       string
	sinceMaxAge int
}

func (o *sinceOptions) bind(f *pflag.FlagSet) {
	f.StringVar(&o.since, "since", "", "an earlier snapshot.db, or a review folder that holds one: take over from it the permission lists of mailboxes and the members of role groups "+
		"that Exchange proves unchanged, and say so in the review; inbox rules, folders, their permissions and all listings are always read")
	f.IntVar(&o.sinceMaxAge, "since-max-age", defaultSinceMaxAge, "with --since: read again what was read more than this many days ago")
}

func (o *sinceOptions) validate() error {
	if o.sinceMaxAge < 1 {
		return usageError("--since-max-age %d: give a number of days of at least 1", o.sinceMaxAge)
	}
	return nil
}

// resume repeats the options of the run.
func (o *sinceOptions) resume(add func(flag, value string)) {
	add("since", o.since)
	if o.since != "" && o.sinceMaxAge != defaultSinceMaxAge {
		add("since-max-age", strconv.Itoa(o.sinceMaxAge))
	}
}

// earlierRun is the snapshot that --since names, open for reading.
type earlierRun struct {
	path      string
	store     *snapshot.Store
	plan      normalize.Plan
	run       snapshot.Run
	notBefore time.Time
}

// instead is the way out of every refusal of --since.
const instead = "name another snapshot, or leave --since out to read everything"

// openEarlier opens the snapshot that --since names and refuses, before anything is asked of
// the tenant, what cannot be of use; nil without --since.
func (o *auditOptions) openEarlier(ctx context.Context) (_ *earlierRun, err error) {
	if o.since == "" {
		return nil, nil
	}
	e := &earlierRun{path: o.since, notBefore: time.Now().AddDate(0, 0, -o.sinceMaxAge)}
	st, err := os.Stat(e.path)
	if err == nil && st.IsDir() {
		e.path = filepath.Join(e.path, snapshotFile)
		st, err = os.Stat(e.path)
	}
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, usageError("--since %s: no snapshot is there (a redacted copy holds none): name a snapshot.db of an earlier run or the folder that holds it, or leave --since out to read everything", o.since)
	case err != nil:
		return nil, usageError("--since %s: %s; %s", o.since, reason(err), instead)
	case !st.Mode().IsRegular():
		return nil, usageError("--since %s is no file; %s", e.path, instead)
	}
	if err := e.otherThan(o.out); err != nil {
		return nil, err
	}
	e.store, err = snapshot.OpenReadOnly(ctx, e.path)
	switch {
	case errors.Is(err, snapshot.ErrLocked):
		return nil, usageError("--since %s is in use by another run%s; wait for it, or leave --since out to read everything", e.path, holder(filepath.Dir(e.path)))
	case errors.Is(err, snapshot.ErrNotSnapshot):
		return nil, usageError("--since %s; %s", err, instead)
	case errors.Is(err, os.ErrPermission):
		return nil, usageError("--since %s: %s; %s", e.path, reason(err), instead)
	case err != nil:
		return nil, fmt.Errorf("--since: %w", err)
	}
	if err := e.fits(ctx, o); err != nil {
		return nil, errors.Join(err, e.store.Close())
	}
	return e, nil
}

// fits refuses what is no collection of this tenant and cloud, or was made in the future.
func (e *earlierRun) fits(ctx context.Context, o *auditOptions) error {
	_, err1 := e.store.Meta(ctx, normalize.PlanKey, &e.plan)
	_, err2 := e.store.Meta(ctx, "run", &e.run)
	_, to, err3 := e.store.Window(ctx)
	if err := errors.Join(err1, err2, err3); err != nil {
		return usageError("--since %s: damaged (%s); %s", e.path, err, instead)
	}
	latest := e.run.StartedAt
	if to.After(latest) {
		latest = to
	}
	switch {
	case e.plan.Tenant == "":
		return usageError("--since %s holds no answers as the services sent them: it is a redacted copy, or no collection; name the snapshot.db of the review itself, or leave --since out to read everything", e.path)
	case e.run.StartedAt.IsZero():
		return usageError("--since %s: its run read nothing; %s", e.path, instead)
	case e.plan.Cloud != o.cloud:
		return usageError("--since %s is a snapshot of the cloud %s, and --cloud is %s: name a snapshot of this one, or leave --since out to read everything", e.path, orNone(e.plan.Cloud), o.cloud)
	case latest.After(time.Now().Add(clockSlack)):
		return usageError("--since %s was read in the future, at %s by the clock of this machine: set the clock right, or leave --since out to read everything", e.path, latest.UTC().Format(time.RFC3339))
	case guidPattern.MatchString(o.tenant):
		return e.of(o.tenant)
	}
	return nil
}

// of refuses a snapshot of another tenant.
func (e *earlierRun) of(tenant string) error {
	if e == nil || strings.EqualFold(e.plan.Tenant, tenant) {
		return nil
	}
	return usageError("--since %s is a snapshot of another tenant (%s, this run is of %s): name a snapshot of this one, or leave --since out to read everything", e.path, clip(e.plan.Tenant), tenant)
}

// otherThan refuses the snapshot that this run writes itself.
func (e *earlierRun) otherThan(out string) error {
	if e != nil && out != "" && sameFolder(e.path, filepath.Join(out, snapshotFile)) {
		return usageError("--since %s is the snapshot that this run writes: choose another folder with --out, or leave --since out and pass --resume to go on with it", e.path)
	}
	return nil
}

// reuse is what the collectors need of it; nil without --since.
func (e *earlierRun) reuse() *exo.Reuse {
	if e == nil {
		return nil
	}
	return &exo.Reuse{From: e.store, NotBefore: e.notBefore}
}

// note keeps in the run which snapshot it takes over from. A run can begin without one, but
// has no two.
func (e *earlierRun) note(run *snapshot.Run, dir string) error {
	if e == nil {
		return nil
	}
	if have := run.EarlierStartedAt; !have.IsZero() && !have.Equal(e.run.StartedAt) {
		return usageError("%s holds a run that takes over from the snapshot of %s, and --since %s is of %s: name the same one again, leave --since out to read the rest, or choose another folder with --out",
			dir, have.Format(time.RFC3339), e.path, e.run.StartedAt.Format(time.RFC3339))
	}
	run.EarlierStartedAt = e.run.StartedAt
	return nil
}

// tellReused says on stderr what was taken over and how old it is.
func (a *app) tellReused(e *earlierRun, run snapshot.Run) {
	var lines []string
	for _, r := range run.Reused {
		lines = append(lines, reports.ReusedText(r, run))
	}
	if len(lines) == 0 && e != nil {
		lines = append(lines, "Nothing was taken over from "+e.path+": it proves nothing unchanged that this run reads.")
	}
	for _, line := range lines {
		if a.logFormat == "json" {
			a.log.Info("reused", "says", line)
		} else if !a.quiet {
			fmt.Fprintln(a.err, safe(line))
		}
	}
}
