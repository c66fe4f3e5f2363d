package exo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tenantaudit/internal/snapshot"
)

// Sampled is what a look at a few mailboxes tells of all of them.
type Sampled struct {
	Mailboxes  int           // in scope of the run
	Permission int           // of which Full Access is read: discovery mailboxes too
	Looked     int           // mailboxes of which the folders were read
	Folders    int           // in scope, of those
	Ruled      int           // mailboxes of which the rules were read
	Visible    int           // of those, with rules that need a second look
	Calls      int           // cmdlets that were run for it
	Took       time.Duration // for all of them, one request after the other
}

// sampleSize is one batch of each cmdlet.
const sampleSize = batchSize

// Sample reads the folders, rules and permissions of ten mailboxes, spread over the whole
// list, into the store, and says what it saw and how long the service took. Of the sources
// that are not chosen nothing is read. What it read is not asked for again.
func Sample(ctx context.Context, c *Client, o CollectOptions, s Store) (Sampled, error) {
	if o.Folders == "" {
		o.Folders = FoldersDefault
	}
	var out Sampled
	chosen := func(inScope func(Mailbox) bool) ([]mailboxTarget, error) {
		list, err := mailboxTargets(ctx, s, inScope)
		return slices.DeleteFunc(list, func(m mailboxTarget) bool { return o.Mailboxes != nil && !o.Mailboxes(m.address) }), err
	}
	list, err := chosen(InScope)
	if err != nil {
		return out, err
	}
	wide, err := chosen(InPermissionScope)
	if err != nil {
		return out, err
	}
	out.Mailboxes, out.Permission = len(list), len(wide)
	keys := map[string]bool{}
	for i := range min(sampleSize, len(list)) {
		keys[list[i*len(list)/min(sampleSize, len(list))].id] = true
	}
	for _, col := range []Collector{mailboxPermissions(c, o), inboxRules(c, o), folderStatistics(c, o)} {
		f := col.(fan) //nolint:forcetypeassert // made three lines above
		if o.Sources != nil && !o.Sources[f.source] || f.source == SourceFolderStatistics && o.Folders == FoldersNone {
			continue
		}
		if err := f.sample(ctx, s, keys, &out); err != nil {
			return out, err
		}
	}
	return out, out.count(ctx, s, o, keys)
}

// sample reads the units of a few targets.
func (f fan) sample(ctx context.Context, s Store, keys map[string]bool, out *Sampled) error {
	ok, err := allowed(ctx, s, cmdlet(f.source))
	if err != nil || !ok {
		return err
	}
	targets, err := f.targets(ctx, s)
	if err != nil {
		return err
	}
	targets = slices.DeleteFunc(targets, func(t target) bool { return !keys[t.key] })
	if err := f.plan(ctx, s, targets); err != nil {
		return err
	}
	open, err := f.open(ctx, s, targets)
	if err != nil {
		return err
	}
	open = slices.DeleteFunc(open, func(t target) bool { return !keys[t.key] })
	if len(open) == 0 {
		return nil
	}
	began := time.Now()
	if err := f.work(ctx, s, open[:min(len(open), sampleSize)], &denials{}); err != nil {
		return fmt.Errorf("sample %s: %w", f.source, err)
	}
	out.Took += time.Since(began)
	out.Calls += min(len(open), sampleSize)
	return nil
}

// count looks at what is stored of the sampled mailboxes.
func (out *Sampled) count(ctx context.Context, s Store, o CollectOptions, keys map[string]bool) error {
	w := &folderWork{s: s}
	for key := range keys {
		for _, one := range []struct {
			source snapshot.Source
			note   func() error
		}{
			{SourceFolderStatistics, func() error {
				folders, err := w.folders(ctx, key)
				out.Looked++
				out.Folders += len(FoldersInScope(folders, o.Folders))
				return err
			}},
			{SourceInboxRule, func() error {
				out.Ruled++
				more, err := worthSecondLook(ctx, s, key)
				if more {
					out.Visible++
				}
				return err
			}},
		} {
			l, known, err := s.Unit(ctx, snapshot.UnitID{Source: one.source, Key: key})
			if err != nil {
				return fmt.Errorf("read ledger of %s: %w", one.source, err)
			}
			if !known || l.State != snapshot.Complete {
				continue
			}
			if err := one.note(); err != nil {
				return err
			}
		}
	}
	return nil
}
