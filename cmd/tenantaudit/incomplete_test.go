package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"tenantaudit/checks"
	"tenantaudit/internal/faketenant"
	"tenantaudit/internal/normalize"
	"tenantaudit/internal/snapshot"
)

// A review of a tenant in which every check could pass, damaged at random: whole sources and
// single objects denied, failed, throttled, cut off or never read. No check passes that needs
// something of what is lost, and each that is not evaluated says why.
func TestNoPassOnIncompleteData(t *testing.T) {
	tenant, url := simulator(t, faketenant.Options{Mailboxes: 30, Seed: 11, Profile: "clean"})
	withTokens(t, tenant)
	dir := filepath.Join(t.TempDir(), "review")
	if code, _, errs := tenantaudit(t, t.Context(), auditArgs(tenant, url, dir)...); code != exitOK {
		t.Fatalf("audit: exit %d\n%s", code, errs)
	}
	whole, err := os.ReadFile(filepath.Join(dir, snapshotFile))
	if err != nil {
		t.Fatal(err)
	}
	before := judgedOf(t, filepath.Join(dir, snapshotFile))
	passes := 0
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), snapshotFile)
			if err := os.WriteFile(path, whole, 0o600); err != nil {
				t.Fatal(err)
			}
			lost := damage(t, path, rand.New(rand.NewPCG(seed, 5)))
			for id, r := range judgedOf(t, path) {
				var from []snapshot.Source
				for _, set := range r.Check.Needs {
					from = append(from, sourcesOf(set)...)
				}
				touched := slices.ContainsFunc(from, func(src snapshot.Source) bool { return lost[src] > 0 })
				switch {
				case r.Status == checks.Pass && touched:
					t.Errorf("%s passes, and of %v is lost: %v", id, r.Check.Needs, lost)
				case r.Status == checks.NotEvaluated && r.Cause == "":
					t.Errorf("%s is not evaluated and does not say why", id)
				case before[id].Status == checks.Pass && !touched && r.Status == checks.Pass:
					passes++ // what was not touched may pass: the test can tell the two apart
				}
			}
		})
	}
	if passes == 0 {
		t.Error("no check passed in any damaged snapshot: the damage was too wide to show anything")
	}
}

// judgedOf derives a snapshot again and runs every check on it.
func judgedOf(t *testing.T, path string) map[string]checks.Result {
	t.Helper()
	store, view, err := (&app{}).openDerived(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	j, err := judge(t.Context(), view, checks.Options{}, checks.All())
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	out := map[string]checks.Result{}
	for _, r := range j.results {
		out[r.Check.ID] = r
	}
	return out
}

// sourcesOf are what a dataset is read from, through computed ones to the listings.
func sourcesOf(set snapshot.Dataset) (out []snapshot.Source) {
	for _, part := range normalize.PartsOf(set) {
		out = append(out, sourcesOf(part)...)
	}
	if o, ok := normalize.OriginOf(set); ok {
		out = append(out, o.Listings...)
		out = append(out, o.PerMailbox...)
		if o.Objects != "" {
			out = append(out, o.Objects)
		}
	}
	return out
}

// damage loses some of what a snapshot holds and says how many units of which source. What
// was skipped on purpose stays as it is.
func damage(t *testing.T, path string, rnd *rand.Rand) map[snapshot.Source]int {
	t.Helper()
	results := []snapshot.Result{
		{State: snapshot.Denied, Cause: snapshot.MissingPrivilege, Detail: "access denied"},
		{State: snapshot.Failed, Cause: snapshot.ServiceError, Detail: "the answer was broken"},
		{State: snapshot.Throttled, Cause: snapshot.CauseThrottled, Detail: "the time for waiting was spent"},
		{State: snapshot.Partial, Cause: snapshot.Interrupted, Detail: "cut off"},
		{State: snapshot.Planned, Cause: snapshot.Interrupted},
	}
	store, err := snapshot.Resume(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	counts, err := store.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sources := make([]snapshot.Source, 0, len(counts))
	for src := range counts {
		sources = append(sources, src)
	}
	slices.Sort(sources)
	lost := map[snapshot.Source]int{}
	for _, src := range sources {
		units, err := store.Units(t.Context(), src)
		if err != nil {
			t.Fatal(err)
		}
		one := 0.0 // chance of each unit
		switch n := rnd.IntN(20); {
		case n == 0:
			one = 1
		case n <= 2:
			one = 0.1
		}
		for _, u := range units {
			if u.State != snapshot.Complete || rnd.Float64() >= one {
				continue
			}
			result := results[rnd.IntN(len(results))]
			result.Expected, result.Attempts = -1, 1
			if err := store.Commit(t.Context(), snapshot.Write{Unit: u.Unit, Reset: true, Result: result}); err != nil {
				t.Fatal(err)
			}
			lost[src]++
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return lost
}
