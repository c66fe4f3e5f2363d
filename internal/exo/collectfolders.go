package exo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/snapshot/rawjson"
)

// folderPermissions collects who may do what in the folders in scope: one unit per
// mailbox, one page per folder under the folder's id. Folders are worked ten at a
// time across mailboxes; a mailbox that was cut off goes on at its first folder that
// is not stored. A mailbox without any folder in scope is complete without pages.
//
// Source: Get-MailboxFolderPermission with "<mailbox>:<folder id>", the one form that
// needs no localised name and no escaping.
type folderPermissions struct {
	c *Client
	o CollectOptions
}

func (folderPermissions) Source() snapshot.Source { return SourceFolderPermission }
func (folderPermissions) Requires() []snapshot.Source {
	return []snapshot.Source{SourceModuleFile, SourceMailbox, SourceFolderStatistics}
}

func (p folderPermissions) fan() fan {
	f := perMailbox(p.c, p.o, SourceFolderPermission, InScope, readMailboxes, folderStatisticsCall)
	if p.o.Folders == FoldersNone {
		all := f.targets
		f.targets = func(ctx context.Context, s Store) ([]target, error) {
			list, err := all(ctx, s)
			for i := range list {
				list[i].skip = leftOut("folders are left out")
			}
			return list, err
		}
	}
	return f
}

func (p folderPermissions) Collect(ctx context.Context, s Store) error {
	f := p.fan()
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
	const name = "Get-MailboxFolderPermission"
	ok, err := allowed(ctx, s, name)
	if err != nil {
		return err
	}
	if !ok {
		return f.record(ctx, s, open, notExported(name, readMailboxes))
	}
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(p.o.Concurrency)
	w := &folderWork{p: p, s: s, fan: f, row: &denials{}}
	fillErr := w.fill(gctx, open, func(tasks []*folderTask) {
		group.Go(func() error { return w.work(gctx, tasks) })
	})
	if err := group.Wait(); err != nil {
		return fmt.Errorf("collect %s: %w", SourceFolderPermission, err)
	}
	return fillErr
}

// folderWork is one run of the collector.
type folderWork struct {
	p   folderPermissions
	s   Store
	fan fan
	row *denials
	// mu orders the commits: a mailbox's last folder must not be overtaken by the
	// state that an earlier one left.
	mu sync.Mutex
}

// folderTask reads one folder of a mailbox.
type folderTask struct {
	*task
	of     *folderUnit
	folder string
}

// folderUnit is how far one mailbox is.
type folderUnit struct {
	id, anchor string
	left       int // folders not settled
	stored     int
	vanished   int // folders deleted since they were listed
	gone       bool
	listing    *snapshot.Result // why the list of folders itself is not complete; nil: it is
	failures   []snapshot.Result
}

// fill makes the tasks of all open mailboxes and hands them on ten at a time, in order.
func (w *folderWork) fill(ctx context.Context, open []target, hand func([]*folderTask)) error {
	var queue []*folderTask
	for _, t := range open {
		if ctx.Err() != nil {
			return nil // the group has the reason
		}
		tasks, err := w.tasks(ctx, t)
		if err != nil {
			return err
		}
		queue = append(queue, tasks...)
		for len(queue) >= batchSize {
			hand(slices.Clone(queue[:batchSize]))
			queue = queue[batchSize:]
		}
	}
	if len(queue) > 0 {
		hand(queue)
	}
	return nil
}

// tasks lists what is left to read of a mailbox. A mailbox with nothing left, or whose
// folders could not be listed, is settled here.
func (w *folderWork) tasks(ctx context.Context, t target) ([]*folderTask, error) {
	id := snapshot.UnitID{Source: SourceFolderPermission, Key: t.key}
	u := &folderUnit{id: t.key, anchor: t.call.mailbox}
	l, known, err := w.s.Unit(ctx, snapshot.UnitID{Source: SourceFolderStatistics, Key: t.key})
	if err != nil {
		return nil, fmt.Errorf("read ledger of %s: %w", SourceFolderStatistics, err)
	}
	switch {
	case !known:
		return nil, nil // its folders were never asked for; it stays planned
	case l.State == snapshot.Planned:
		return nil, nil
	case l.State != snapshot.Complete:
		u.listing = &snapshot.Result{State: l.State, Cause: l.Cause, Expected: -1, Detail: line("its folders: "+strings.TrimSuffix(l.Detail, "; "+resume), resume)}
		if l.State != snapshot.Partial {
			if l.State == snapshot.Gone || l.State == snapshot.Skipped || l.State == snapshot.Denied {
				u.listing.Detail = l.Detail
			}
			return nil, w.p.c.store(ctx, w.s, snapshot.Write{Unit: id, Result: *u.listing})
		}
	}
	folders, err := w.folders(ctx, t.key)
	if err != nil {
		return nil, err
	}
	have, err := w.have(ctx, id)
	if err != nil {
		return nil, err
	}
	var out []*folderTask
	for _, f := range FoldersInScope(folders, w.p.o.Folders) {
		if have[f.FolderID] {
			u.stored++
			continue
		}
		have[f.FolderID] = true // listed twice is read once
		k := newTask(w.p.c, id, call{cmdlet: "Get-MailboxFolderPermission", mailbox: u.anchor, noContent: true,
			params: map[string]any{"Identity": t.key + ":" + f.FolderID}})
		k.needs, k.pageKey = readMailboxes, f.FolderID
		out = append(out, &folderTask{task: k, of: u, folder: f.FolderID})
	}
	if u.left = len(out); u.left == 0 {
		return nil, w.p.c.store(ctx, w.s, snapshot.Write{Unit: id, Result: u.result()})
	}
	return out, nil
}

// folders reads the stored folders of a mailbox.
func (w *folderWork) folders(ctx context.Context, mailbox string) ([]FolderStatistics, error) {
	var out []FolderStatistics
	for page, err := range w.s.Pages(ctx, snapshot.UnitID{Source: SourceFolderStatistics, Key: mailbox}) {
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", SourceFolderStatistics, err)
		}
		rows, err := rawjson.Array(page.Rows, nil)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", SourceFolderStatistics, err)
		}
		for _, raw := range rows {
			if f, err := DecodeFolderStatistics(raw); err == nil {
				out = append(out, f)
			}
		}
	}
	return out, nil
}

// have is the folders of a mailbox that are stored whole.
func (w *folderWork) have(ctx context.Context, id snapshot.UnitID) (map[string]bool, error) {
	have := map[string]bool{}
	for page, err := range w.s.Pages(ctx, id) {
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", id.Source, err)
		}
		if !slices.ContainsFunc(page.Warnings, func(s string) bool { return strings.HasPrefix(s, incomplete) }) {
			have[page.Key] = true
		}
	}
	return have, nil
}

// work reads up to ten folders.
func (w *folderWork) work(ctx context.Context, folders []*folderTask) error {
	byTask := map[*task]*folderTask{}
	tasks := make([]*task, 0, len(folders))
	denied, hopeless := w.row.hopeless()
	for _, f := range folders {
		byTask[f.task] = f
		tasks = append(tasks, f.task)
	}
	settle := func(out []ended) error {
		for i, e := range out {
			if missing(e.task) {
				r, err := w.missing(ctx, byTask[e.task], e)
				if err != nil {
					return err
				}
				out[i].step.result = r
			}
		}
		return w.commit(ctx, byTask, out)
	}
	if hopeless {
		var out []ended
		for _, t := range tasks {
			out = append(out, ended{t, t.give(denied)})
		}
		return settle(out)
	}
	return w.p.c.batch(ctx, tasks, settle)
}

// missing settles a folder that was not found: its mailbox is gone, the folder itself
// is gone, or it is there and could not be read.
func (w *folderWork) missing(ctx context.Context, f *folderTask, e ended) (snapshot.Result, error) {
	r := e.step.result
	there, err := w.p.c.exists(ctx, "Get-Mailbox", f.of.id)
	if err != nil {
		return r, err
	}
	if !there {
		w.mu.Lock()
		f.of.gone = true
		w.mu.Unlock()
		r.State, r.Cause = snapshot.Gone, snapshot.NotFound
		return r, nil
	}
	listed, err := w.relist(ctx, f)
	if err != nil {
		return r, err
	}
	if listed {
		r.Detail = line("a folder that the mailbox lists was not found: "+f.failure.Error(), resume)
		return r, nil
	}
	r.State, r.Cause = snapshot.Gone, snapshot.NotFound
	return r, nil
}

// relist asks for the mailbox's folders again; true unless the complete list lacks the folder.
func (w *folderWork) relist(ctx context.Context, f *folderTask) (bool, error) {
	t := newTask(w.p.c, snapshot.UnitID{}, folderStatisticsCall(f.of.id, f.of.anchor))
	found, complete := false, false
	err := w.p.c.run(ctx, t, func(s step) error {
		for _, p := range s.pages {
			rows, err := rawjson.Array(p.Rows, nil)
			if err != nil {
				return fmt.Errorf("read folders: %w", err) // unreachable: the rows were read as an array
			}
			for _, raw := range rows {
				if v, err := DecodeFolderStatistics(raw); err == nil && v.FolderID == f.folder {
					found = true
				}
			}
		}
		complete = s.result.State == snapshot.Complete
		return nil
	})
	return found || !complete, err
}

// commit stores the folders of one answer with the state of their mailboxes.
func (w *folderWork) commit(ctx context.Context, byTask map[*task]*folderTask, out []ended) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var writes []snapshot.Write
	at := map[*folderUnit]int{}
	for _, e := range out {
		u := byTask[e.task].of
		i, listed := at[u]
		if !listed {
			i = len(writes)
			at[u] = i
			writes = append(writes, snapshot.Write{Unit: e.task.unit})
		}
		writes[i].Pages = append(writes[i].Pages, e.step.pages...)
		attempts := writes[i].Result.Attempts + e.step.result.Attempts
		if e.task.done {
			w.row.note(e.step.result)
			u.settle(e.step.result)
		}
		writes[i].Result = u.result()
		writes[i].Result.Attempts = attempts
	}
	return w.p.c.store(ctx, w.s, writes...)
}

func (u *folderUnit) settle(r snapshot.Result) {
	u.left--
	switch r.State {
	case snapshot.Complete:
		u.stored++
	case snapshot.Gone:
		u.vanished++
	default:
		u.failures = append(u.failures, r)
	}
}

// result is the state of the mailbox as far as its folders are settled.
func (u *folderUnit) result() snapshot.Result {
	all := u.left + u.stored + u.vanished + len(u.failures)
	r := snapshot.Result{State: snapshot.Complete, Expected: -1}
	switch {
	case u.gone:
		r.State, r.Cause, r.Detail = snapshot.Gone, snapshot.NotFound, "deleted between list and read"
	case u.left > 0:
		r.State, r.Cause, r.Detail = snapshot.Partial, snapshot.Interrupted, fmt.Sprintf("%d of %d folders read; %s", all-u.left, all, resume)
	case len(u.failures) > 0:
		f := u.failures[0]
		r.State, r.Cause = snapshot.Partial, f.Cause
		r.Detail = fmt.Sprintf("%d of %d folders were not read: %s", len(u.failures), all, f.Detail)
		if u.stored == 0 && !slices.ContainsFunc(u.failures, func(o snapshot.Result) bool { return o.State != f.State }) {
			r.State = f.State
		}
	case u.listing != nil:
		r = *u.listing
	case u.vanished > 0:
		r.Detail = fmt.Sprintf("%d folders were deleted while reading", u.vanished)
	}
	return r
}
