package exo

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"tenantaudit/internal/snapshot"
)

// Store is what collectors need of the snapshot.
type Store = interface {
	Commit(ctx context.Context, writes ...snapshot.Write) error
	Plan(ctx context.Context, src snapshot.Source, keys []string) error
	Unit(ctx context.Context, id snapshot.UnitID) (snapshot.Ledger, bool, error)
	Open(ctx context.Context, src snapshot.Source) ([]snapshot.Ledger, error)
	Pages(ctx context.Context, id snapshot.UnitID) iter.Seq2[snapshot.Page, error]
	PageKeys(ctx context.Context, id snapshot.UnitID) ([]string, error)
	Rows(ctx context.Context, src snapshot.Source) iter.Seq2[snapshot.RawRow, error]
}

// Collector reads one source into the store.
//
// Collect reads what the store does not have yet and returns nil when every unit of
// the source has a recorded state, whatever it is; an error means that the store
// failed or that ctx ended. It can be called again at any time: units in a final
// state are not asked about twice.
type Collector interface {
	Source() snapshot.Source
	// Requires are sources that must have been collected before, as far as they can be.
	Requires() []snapshot.Source
	Collect(ctx context.Context, s Store) error
}

// CollectOptions say what to collect.
type CollectOptions struct {
	Sources map[snapshot.Source]bool // nil: all
	Folders string                   // FoldersDefault, FoldersAll or FoldersNone; "": FoldersDefault
	// Mailboxes says which mailboxes the per-mailbox sources read, by primary address;
	// nil: all. The others are recorded as left out.
	Mailboxes   func(address string) bool
	Concurrency int    // batches under way per source; 0: 8. The transport's limiter decides the rate
	Reuse       *Reuse // an earlier snapshot whose unchanged answers are taken over; nil: none
}

// Collectors returns the collectors of the chosen sources, each after those it requires.
func Collectors(c *Client, o CollectOptions) []Collector {
	if o.Folders == "" {
		o.Folders = FoldersDefault
	}
	if o.Concurrency <= 0 {
		o.Concurrency = 8
	}
	all := []Collector{moduleFile{c}}
	for _, src := range listedSources() {
		all = append(all, tenantWide{c, src})
	}
	all = append(all,
		roleGroupMembers(c, o),
		recipientPermissions{c, o},
		mailboxPermissions(c, o),
		inboxRules(c, o),
		visibleRules(c, o),
		recipientsByDN(c, o),
		folderStatistics(c, o),
		folderPermissions{c, o},
	)
	if o.Sources == nil {
		return all
	}
	var chosen []Collector
	for _, col := range all {
		if o.Sources[col.Source()] {
			chosen = append(chosen, col)
		}
	}
	return chosen
}

// final reports whether a unit needs no further reading.
func final(s snapshot.State) bool {
	switch s {
	case snapshot.Complete, snapshot.Denied, snapshot.Unavailable, snapshot.Gone, snapshot.Skipped:
		return true
	}
	return false
}

// finished reports whether the store has the unit in a final state.
func finished(ctx context.Context, s Store, id snapshot.UnitID) (bool, error) {
	l, known, err := s.Unit(ctx, id)
	if err != nil {
		return false, fmt.Errorf("read ledger of %s: %w", id.Source, err)
	}
	return known && final(l.State), nil
}

// allowed reports whether the identity may run a cmdlet, as far as is known: true
// unless a list of its cmdlets was read and does not name it.
func allowed(ctx context.Context, s Store, name string) (bool, error) {
	l, known, err := s.Unit(ctx, snapshot.UnitID{Source: SourceModuleFile})
	if err != nil {
		return false, fmt.Errorf("read ledger of %s: %w", SourceModuleFile, err)
	}
	if !known || l.State != snapshot.Complete {
		return true, nil
	}
	listed := false
	for r, err := range s.Rows(ctx, SourceModuleFile) {
		if err != nil {
			return false, fmt.Errorf("read %s: %w", SourceModuleFile, err)
		}
		m, err := DecodeModuleFile(r.Row)
		if err != nil {
			continue // stored as received; the other rows still list
		}
		for _, c := range m.ExportedCmdlets {
			if listed = true; strings.EqualFold(c, name) {
				return true, nil
			}
		}
	}
	return !listed, nil
}

// notExported is the result of units whose cmdlet the identity does not have.
func notExported(name, needs string) snapshot.Result {
	return snapshot.Result{State: snapshot.Denied, Cause: snapshot.MissingPrivilege, Expected: -1,
		Detail: fmt.Sprintf("not asked: %s is not among the cmdlets of this identity; grant %s", name, first(needs, viewConfiguration))}
}
