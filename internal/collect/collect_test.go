package collect

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"tenantaudit/internal/snapshot"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStepsWaitForWhatTheyRequire(t *testing.T) {
	var mu sync.Mutex
	var order []string
	step := func(src string, requires ...snapshot.Source) Step {
		return Step{Source: snapshot.Source(src), Requires: requires, Run: func(context.Context) error {
			mu.Lock()
			defer mu.Unlock()
			order = append(order, src)
			return nil
		}}
	}
	err := Run(t.Context(), []Step{step("exo/c", "exo/b", "graph/absent"), step("exo/b", "exo/a"), step("exo/a")}, Options{PerService: 1})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"exo/a", "exo/b", "exo/c"}; !reflect.DeepEqual(order, want) {
		t.Errorf("order = %q, want %q", order, want)
	}
}

func TestAFailingStoreEndsTheRun(t *testing.T) {
	boom := errors.New("disk full")
	var cancelled bool
	started := make(chan struct{})
	err := Run(t.Context(), []Step{
		{Source: "exo/a", Run: func(context.Context) error { <-started; return boom }},
		{Source: "graph/b", Run: func(ctx context.Context) error { close(started); <-ctx.Done(); cancelled = true; return ctx.Err() }},
	}, Options{})
	if !errors.Is(err, boom) || !cancelled {
		t.Errorf("Run = %v (cancelled %v), want the store's error", err, cancelled)
	}
}

// A step that ends the run is the last of its line: whoever waits for it does not start.
func TestNobodyStartsBehindAFailingStep(t *testing.T) {
	boom := errors.New("none of them")
	for range 50 {
		var started bool
		err := Run(t.Context(), []Step{
			{Source: "exo/a", Run: func(context.Context) error { return boom }},
			{Source: "exo/b", Requires: []snapshot.Source{"exo/a"}, Run: func(context.Context) error { started = true; return nil }},
		}, Options{})
		if !errors.Is(err, boom) || !strings.Contains(err.Error(), "exo/a") || started {
			t.Fatalf("Run = %v, and the step behind started: %v", err, started)
		}
	}
}

func TestAnInterruptIsReturnedAsItsCause(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	err := Run(ctx, []Step{{Source: "exo/a", Run: func(ctx context.Context) error { cancel(ErrInterrupted); <-ctx.Done(); return ctx.Err() }}}, Options{})
	if !errors.Is(err, ErrInterrupted) {
		t.Errorf("Run = %v, want ErrInterrupted", err)
	}
}

func TestAPanicNamesTheSource(t *testing.T) {
	err := Run(t.Context(), []Step{{Source: "exo/a", Run: func(context.Context) error { panic("boom") }}}, Options{})
	if err == nil || !strings.Contains(err.Error(), "exo/a") || !strings.Contains(err.Error(), "boom") {
		t.Errorf("Run = %v, want an error that names exo/a and boom", err)
	}
}

func TestImpossiblePlansAreRefused(t *testing.T) {
	nop := func(context.Context) error { return nil }
	for name, steps := range map[string][]Step{
		"twice":  {{Source: "exo/a", Run: nop}, {Source: "exo/a", Run: nop}},
		"circle": {{Source: "exo/a", Requires: []snapshot.Source{"exo/b"}, Run: nop}, {Source: "exo/b", Requires: []snapshot.Source{"exo/a"}, Run: nop}},
	} {
		if err := Run(t.Context(), steps, Options{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

type counts map[snapshot.Source]snapshot.Count

func (c counts) Counts(context.Context) (map[snapshot.Source]snapshot.Count, error) { return c, nil }

func TestProgressCountsFinalUnits(t *testing.T) {
	got, err := ReadProgress(t.Context(), counts{"exo/b": {snapshot.Planned: 3, snapshot.Complete: 4, snapshot.Failed: 1, snapshot.Partial: 1}, "exo/a": {snapshot.Denied: 1}},
		map[snapshot.Source]bool{"exo/b": true})
	if err != nil {
		t.Fatal(err)
	}
	want := []Progress{{Source: "exo/a", Done: 1, Total: 1, Troubled: 1}, {Source: "exo/b", Done: 5, Total: 9, Troubled: 1, Running: true}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
