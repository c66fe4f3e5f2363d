package exo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/transport"
)

// target is one object that a source is read for.
type target struct {
	key  string // unit key
	call call
	skip *snapshot.Result // left out on purpose; nil: read it
}

// fan collects a source that is read once for each of many objects.
type fan struct {
	c        *Client
	o        CollectOptions
	source   snapshot.Source
	requires []snapshot.Source
	needs    string
	// targets lists the objects in a stable order, so that a run that ends early has
	// covered a set that the next one agrees with.
	targets func(ctx context.Context, s Store) ([]target, error)
	// unlisted makes the call for a unit that an earlier run planned and that is not
	// among the targets any more.
	unlisted func(key string) call
	// confirm is the cmdlet that is asked whether an object that was not found is really
	// gone; "": the answer itself settles it.
	confirm string
	// unchanged tells which answers of an earlier snapshot still hold; nil: none ever.
	unchanged func(ctx context.Context, s Store, earlier Earlier) (proof, error)
}

func (f fan) Source() snapshot.Source { return f.source }
func (f fan) Requires() []snapshot.Source {
	return append([]snapshot.Source{SourceModuleFile}, f.requires...)
}

// bulk is how many writes that no answer stands behind go into one commit.
const bulk = 500

// Collect plans every target, records those that are left out, and reads the rest in
// batches of ten, several at a time.
func (f fan) Collect(ctx context.Context, s Store) error {
	targets, err := f.targets(ctx, s)
	if err != nil {
		return err
	}
	if err := f.plan(ctx, s, targets); err != nil {
		return err
	}
	open, err := f.open(ctx, s, targets)
	if err != nil || len(open) == 0 {
		return err
	}
	name := cmdlet(f.source)
	ok, err := allowed(ctx, s, name)
	if err != nil {
		return err
	}
	if !ok {
		return f.record(ctx, s, open, notExported(name, f.needs))
	}
	if open, err = f.reuse(ctx, s, open); err != nil {
		return err
	}
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(f.o.Concurrency)
	row := &denials{}
	for chunk := range slices.Chunk(open, batchSize) {
		group.Go(func() error { return f.work(gctx, s, chunk, row) })
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("collect %s: %w", f.source, err)
	}
	return nil
}

func (f fan) plan(ctx context.Context, s Store, targets []target) error {
	keys := make([]string, 0, len(targets))
	for _, t := range targets {
		keys = append(keys, t.key)
	}
	if err := s.Plan(ctx, f.source, keys); err != nil {
		return fmt.Errorf("plan %s: %w", f.source, err)
	}
	return nil
}

// open is the targets that still need reading, in planning order. Those that are left
// out are recorded here.
func (f fan) open(ctx context.Context, s Store, targets []target) ([]target, error) {
	byKey := make(map[string]target, len(targets))
	for _, t := range targets {
		byKey[t.key] = t
	}
	ledger, err := s.Open(ctx, f.source)
	if err != nil {
		return nil, fmt.Errorf("read ledger of %s: %w", f.source, err)
	}
	var open []target
	var skipped []snapshot.Write
	for _, l := range ledger {
		t, listed := byKey[l.Unit.Key]
		switch {
		case !listed && (l.Unit.Key == "" || f.unlisted == nil):
			continue
		case !listed:
			t = target{key: l.Unit.Key, call: f.unlisted(l.Unit.Key)}
		case t.skip != nil:
			skipped = append(skipped, snapshot.Write{Unit: l.Unit, Result: *t.skip})
			continue
		}
		open = append(open, t)
	}
	for chunk := range slices.Chunk(skipped, bulk) {
		if err := f.c.store(ctx, s, chunk...); err != nil {
			return nil, err
		}
	}
	return open, nil
}

// record gives all targets one result without asking.
func (f fan) record(ctx context.Context, s Store, targets []target, r snapshot.Result) error {
	for chunk := range slices.Chunk(targets, bulk) {
		var writes []snapshot.Write
		for _, t := range chunk {
			writes = append(writes, snapshot.Write{Unit: snapshot.UnitID{Source: f.source, Key: t.key}, Result: r})
		}
		if err := f.c.store(ctx, s, writes...); err != nil {
			return err
		}
	}
	return nil
}

// work reads up to ten targets.
func (f fan) work(ctx context.Context, s Store, targets []target, row *denials) error {
	if r, hopeless := row.hopeless(); hopeless {
		return f.record(ctx, s, targets, r)
	}
	tasks := make([]*task, 0, len(targets))
	for _, t := range targets {
		k := newTask(f.c, snapshot.UnitID{Source: f.source, Key: t.key}, t.call)
		k.needs = f.needs
		tasks = append(tasks, k)
	}
	return f.c.batch(ctx, tasks, func(out []ended) error {
		writes := make([]snapshot.Write, 0, len(out))
		for _, e := range out {
			if missing(e.task) {
				r, err := f.gone(ctx, e)
				if err != nil {
					return err
				}
				e.step.result = r
			}
			if e.task.done {
				row.note(e.step.result)
			}
			writes = append(writes, e.task.write(e.step))
		}
		return f.c.store(ctx, s, writes...)
	})
}

// missing reports whether a task ended with "not found", in whatever words.
func missing(t *task) bool {
	return t.done && t.failure != nil && (errors.Is(t.failure, transport.ErrMissing) || t.wordless(t.failure))
}

// gone settles what a "not found" means: the object was deleted between list and read,
// or the service does not find what it has, and that is a failure.
func (f fan) gone(ctx context.Context, e ended) (snapshot.Result, error) {
	r := e.step.result
	if f.confirm != "" {
		there, err := f.c.exists(ctx, f.confirm, e.task.unit.Key)
		if err != nil {
			return r, err
		}
		if there {
			r.Detail = line("not found, but "+f.confirm+" did not confirm that it is gone: "+e.task.failure.Error(), resume)
			return r, nil
		}
	}
	if f.confirm == "" {
		if e.task.wordless(e.task.failure) {
			return r, nil // a proxy may have said so; nobody else was asked
		}
		r.State, r.Cause, r.Detail = snapshot.Gone, snapshot.NotFound, "the service knows no such object"
		return r, nil
	}
	r.State, r.Cause, r.Detail = snapshot.Gone, snapshot.NotFound, "deleted between list and read"
	return r, nil
}

// denials notices that a whole source is denied: rights belong to the cmdlet, so an
// identity that was refused for so many objects, and served for none, is not asked
// about the others.
type denials struct {
	mu     sync.Mutex
	denied int
	served bool
	last   snapshot.Result
}

// enoughDenials is three batches.
const enoughDenials = 30

func (d *denials) note(r snapshot.Result) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch r.State {
	case snapshot.Denied:
		d.denied++
		d.last = r
	case snapshot.Complete, snapshot.Partial:
		d.served = true
	}
}

func (d *denials) hopeless() (snapshot.Result, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := d.last
	r.Attempts = 0
	return r, !d.served && d.denied >= enoughDenials
}
