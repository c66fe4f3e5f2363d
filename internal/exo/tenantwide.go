package exo

import (
	"context"
	"fmt"
	"slices"

	"tenantaudit/internal/snapshot"
)

// tenantWide collects a source whose units are listings.
type tenantWide struct {
	c      *Client
	source snapshot.Source
}

func listedSources() []snapshot.Source {
	var out []snapshot.Source
	for _, l := range listings {
		if !slices.Contains(out, l.source) {
			out = append(out, l.source)
		}
	}
	return out
}

func (w tenantWide) Source() snapshot.Source     { return w.source }
func (w tenantWide) Requires() []snapshot.Source { return []snapshot.Source{SourceModuleFile} }

// Collect stores each page as it comes. Page links live for minutes, so a listing
// that was cut off starts over.
func (w tenantWide) Collect(ctx context.Context, s Store) error {
	for _, l := range listings {
		if l.source != w.source {
			continue
		}
		if err := w.c.list(ctx, s, l); err != nil {
			return err
		}
	}
	return nil
}

// list reads one listing, and by its entity set where the cmdlet's paging does not work.
func (c *Client) list(ctx context.Context, s Store, l listing) error {
	id := snapshot.UnitID{Source: l.source, Key: l.key}
	if done, err := finished(ctx, s, id); done || err != nil {
		return err
	}
	name := cmdlet(l.source)
	ok, err := allowed(ctx, s, name)
	if err != nil {
		return err
	}
	if !ok {
		return c.store(ctx, s, snapshot.Write{Unit: id, Result: notExported(name, l.needs)})
	}
	t := l.task(c)
	var last step
	err = c.run(ctx, t, func(st step) error {
		last = st
		return c.store(ctx, s, t.write(st))
	})
	if err != nil || !t.broken || l.entity == "" {
		return err
	}
	return c.entity(ctx, s, l, last)
}

// entity reads a broken listing from its entity set. What the cmdlet gave stays when the
// entity set gives nothing at all, and is replaced by its first page otherwise.
func (c *Client) entity(ctx context.Context, s Store, l listing, last step) error {
	e := l.entityTask(c)
	return c.run(ctx, e, func(st step) error {
		if e.done && e.pages == 0 {
			st.result = snapshot.Result{State: last.result.State, Cause: last.result.Cause, Expected: -1, Attempts: st.result.Attempts,
				Detail: line(last.result.Detail, "the entity set gave nothing either: "+st.result.Detail)}
		}
		return c.store(ctx, s, e.write(st))
	})
}

func (c *Client) store(ctx context.Context, s Store, writes ...snapshot.Write) error {
	if err := s.Commit(ctx, writes...); err != nil {
		return fmt.Errorf("store %s: %w", writes[0].Unit.Source, err)
	}
	return nil
}
