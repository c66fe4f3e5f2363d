// Package collect runs collectors: each as soon as what it requires has ended, a
// bounded number at a time per service, with progress read from the ledger. It does
// not know the services; a Step is a source, what must have ended before, and a
// function.
//
// A source's own failure is in the ledger when its step returns nil. A step returns
// an error only for what ends the run: a store that cannot be written, a cancelled
// context, an answer that the read-only guard refused.
package collect

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"tenantaudit/internal/snapshot"
)

// Step collects one source.
type Step struct {
	Source snapshot.Source
	// Requires are sources whose steps must have ended first, however they ended.
	// Sources without a step in the run are not waited for.
	Requires []snapshot.Source
	Run      func(ctx context.Context) error
}

// Service is the part of a source's name before the slash; steps of one service
// share a limit.
func Service(src snapshot.Source) string {
	service, _, _ := strings.Cut(string(src), "/")
	return service
}

// Options are how to run.
type Options struct {
	// PerService bounds the steps of one service that run at a time; 0: 4.
	PerService int
	// Started and Ended are told of each step; nil: nobody. They are called one at a time.
	Started, Ended func(snapshot.Source)
}

// Run runs all steps. It returns when every step that was started has returned. The
// first error cancels the others; a cancelled ctx is returned as its cause.
func Run(ctx context.Context, steps []Step, o Options) error {
	if err := check(steps); err != nil {
		return err
	}
	if o.PerService <= 0 {
		o.PerService = 4
	}
	r := runner{opts: o, done: map[snapshot.Source]chan struct{}{}, slots: map[string]chan struct{}{}}
	for _, s := range steps {
		r.done[s.Source] = make(chan struct{})
		if r.slots[Service(s.Source)] == nil {
			r.slots[Service(s.Source)] = make(chan struct{}, o.PerService)
		}
	}
	g, gctx := errgroup.WithContext(ctx)
	gctx, r.stop = context.WithCancelCause(gctx)
	defer r.stop(nil)
	for _, s := range steps {
		g.Go(func() error { return r.step(gctx, s) })
	}
	err := g.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return context.Cause(gctx)
	}
	return nil
}

type runner struct {
	opts  Options
	done  map[snapshot.Source]chan struct{}
	slots map[string]chan struct{}
	stop  context.CancelCauseFunc // keeps the first cause
	mu    sync.Mutex
}

func (r *runner) step(ctx context.Context, s Step) (err error) {
	defer close(r.done[s.Source])
	// An error ends the run before anybody who waits for this step goes on.
	defer func() {
		if err != nil {
			r.stop(err)
		}
	}()
	for _, need := range s.Requires {
		done, ok := r.done[need]
		if !ok {
			continue
		}
		select {
		case <-done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	slot := r.slots[Service(s.Source)]
	select {
	case slot <- struct{}{}:
		defer func() { <-slot }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r.tell(r.opts.Started, s.Source)
	defer r.tell(r.opts.Ended, s.Source)
	// A panic is a bug in one collector: name it instead of losing the run's last words.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("collect %s: internal error: %v\n%s", s.Source, p, debug.Stack())
		}
	}()
	if err := s.Run(ctx); err != nil {
		return fmt.Errorf("collect %s: %w", s.Source, err)
	}
	return nil
}

func (r *runner) tell(f func(snapshot.Source), src snapshot.Source) {
	if f == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	f(src)
}

// check refuses a plan that could not end: a source twice, or a circle of requirements.
func check(steps []Step) error {
	needs := map[snapshot.Source][]snapshot.Source{}
	for _, s := range steps {
		if _, twice := needs[s.Source]; twice {
			return fmt.Errorf("plan: two steps collect %s", s.Source)
		}
		needs[s.Source] = s.Requires
	}
	state := map[snapshot.Source]int{} // 1: on the path, 2: clear
	var visit func(snapshot.Source) error
	visit = func(src snapshot.Source) error {
		switch state[src] {
		case 1:
			return fmt.Errorf("plan: %s requires itself", src)
		case 2:
			return nil
		}
		state[src] = 1
		for _, n := range needs[src] {
			if err := visit(n); err != nil {
				return err
			}
		}
		state[src] = 2
		return nil
	}
	for _, s := range steps {
		if err := visit(s.Source); err != nil {
			return err
		}
	}
	return nil
}

// ErrInterrupted is the cause of a context that a person cancelled.
var ErrInterrupted = errors.New("interrupted")
