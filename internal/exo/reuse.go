package exo

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/snapshot/rawjson"
)

// Reuse takes over from an earlier snapshot what the service proves unchanged.
//
// Two sources have such a proof. Full Access entries stand in the mailbox's directory object
// and the members of a role group in the group's, so WhenChangedUTC of the object in the
// listing covers them. What lives in the mailbox itself (inbox rules, folders, permissions of
// folders) can change without a trace in any listing, and is never taken over. Neither is a
// listing: one call tells how it is now.
type Reuse struct {
	From      Earlier
	NotBefore time.Time // what was answered before it is read again
}

// Earlier is the earlier snapshot, looked at unit by unit.
type Earlier interface {
	Unit(ctx context.Context, id snapshot.UnitID) (snapshot.Ledger, bool, error)
	Pages(ctx context.Context, id snapshot.UnitID) iter.Seq2[snapshot.Page, error]
	Rows(ctx context.Context, src snapshot.Source) iter.Seq2[snapshot.RawRow, error]
}

const (
	// replicated is how long after a change an answer must have been read to be taken over: a
	// directory server that had not heard of the change yet could have given an earlier one.
	// Replication takes minutes as a rule; a day also covers a clock that is wrong by hours.
	replicated = 24 * time.Hour
	// reuseBytes bounds the pages that one commit takes over.
	reuseBytes = 4 << 20
)

// proof tells of which objects an earlier answer still holds.
type proof struct {
	// since is when the object last changed, if both snapshots show it as the same and unchanged.
	since func(key string) (time.Time, bool)
	// same reports whether a row of the earlier answer would be sent in the same words today.
	// nil: every row.
	same func(row json.RawMessage) bool
}

// reuse takes over the answers of an earlier snapshot that still hold, and returns the
// targets that have to be read.
func (f fan) reuse(ctx context.Context, s Store, open []target) ([]target, error) {
	if f.o.Reuse == nil || f.unchanged == nil || len(open) == 0 {
		return open, nil
	}
	p, err := f.unchanged(ctx, s, f.o.Reuse.From)
	if err != nil {
		return nil, fmt.Errorf("compare %s with the earlier snapshot: %w", f.source, err)
	}
	var rest []target
	var writes []snapshot.Write
	size := 0
	store := func() error {
		if len(writes) == 0 {
			return nil
		}
		err := f.c.store(ctx, s, writes...)
		writes, size = writes[:0], 0
		return err
	}
	for _, t := range open {
		w, ok, err := f.takeOver(ctx, t, p)
		if err != nil {
			return nil, err
		}
		if !ok {
			rest = append(rest, t)
			continue
		}
		writes = append(writes, w)
		for _, page := range w.Pages {
			size += len(page.Rows)
		}
		if len(writes) >= bulk || size >= reuseBytes {
			if err := store(); err != nil {
				return nil, err
			}
		}
	}
	return rest, store()
}

// takeOver is the earlier answer for a target, with the time at which it was read; false when
// it is not proven to hold. An earlier snapshot that cannot be read there proves nothing.
func (f fan) takeOver(ctx context.Context, t target, p proof) (w snapshot.Write, ok bool, err error) {
	if err := ctx.Err(); err != nil {
		return w, false, context.Cause(ctx)
	}
	since, same := p.since(t.key)
	if !same {
		return w, false, nil
	}
	w.Unit = snapshot.UnitID{Source: f.source, Key: t.key}
	l, known, err := f.o.Reuse.From.Unit(ctx, w.Unit)
	if err != nil || !known || l.State != snapshot.Complete || l.Detail != "" && !strings.HasPrefix(l.Detail, snapshot.ReusedPrefix) {
		return w, false, context.Cause(ctx)
	}
	label, rows := t.call.label(), 0
	var read time.Time
	for page, err := range f.o.Reuse.From.Pages(ctx, w.Unit) {
		if err != nil || page.Request != label || len(page.Warnings) > 0 || page.At.Before(since.Add(replicated)) || page.At.Before(f.o.Reuse.NotBefore) {
			return w, false, context.Cause(ctx)
		}
		list, err := rawjson.Array(page.Rows, nil)
		if err != nil || len(list) != page.Count || p.same != nil && slices.ContainsFunc(list, func(row json.RawMessage) bool { return !p.same(row) }) {
			return w, false, context.Cause(ctx)
		}
		if read.IsZero() || page.At.Before(read) {
			read = page.At
		}
		rows += page.Count
		w.Pages = append(w.Pages, page)
	}
	if len(w.Pages) == 0 || int64(rows) != l.Rows {
		return w, false, context.Cause(ctx)
	}
	w.Reset = true
	w.Result = snapshot.Result{State: snapshot.Complete, Expected: -1, Detail: snapshot.ReusedPrefix +
		fmt.Sprintf("read %s, unchanged since %s (WhenChangedUTC)", read.UTC().Format(time.RFC3339), since.UTC().Format(time.RFC3339Nano))}
	return w, true, nil
}

// sum stands for a text of any length.
type sum [16]byte

func sumOf(parts ...string) sum {
	h := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return sum(h[:16])
}

// object is what is compared of a mailbox or a role group: 16 bytes for each name and id,
// however many there are.
type object struct {
	sec  int64 // of WhenChangedUTC
	nsec int32
	seen seen
	ids  sum
}

type seen uint8

const (
	now     seen = iota // in this run
	both                // in both snapshots, the same
	differs             // or without a proof
)

// objects are the rows of a listing in this run, held against those of the earlier one.
type objects map[sum]object

func newObject(at *time.Time, ids ...string) object {
	o := object{ids: sumOf(ids...)}
	if at == nil || slices.ContainsFunc(ids, func(id string) bool { return id == "" || id == noGuid }) {
		o.seen = differs
		return o
	}
	o.sec, o.nsec = at.Unix(), int32(at.Nanosecond()) // #nosec G115 -- below a billion
	return o
}

// add notes a row of this run; rows of one key that differ prove nothing.
func (all objects) add(key sum, o object) {
	if have, twice := all[key]; twice && have != o {
		o.seen = differs
	}
	all[key] = o
}

// compare holds a row of the earlier run against those of this one.
func (all objects) compare(key sum, o object) {
	have, known := all[key]
	if !known || have.seen == differs {
		return
	}
	if have.seen = both; o.seen == differs || have.sec != o.sec || have.nsec != o.nsec || have.ids != o.ids {
		have.seen = differs
	}
	all[key] = have
}

func (all objects) since(key string) (time.Time, bool) {
	o := all[sumOf(key)]
	return time.Unix(o.sec, int64(o.nsec)), o.seen == both
}

// earlierRows walks the rows of an earlier snapshot. What cannot be read proves nothing: all
// that was compared is void.
func (all objects) earlierRows(ctx context.Context, earlier Earlier, src snapshot.Source, each func(snapshot.RawRow)) error {
	for r, err := range earlier.Rows(ctx, src) {
		if err != nil {
			clear(all)
			return context.Cause(ctx)
		}
		each(r)
	}
	return nil
}

// unchangedMailboxes proves permissions of mailboxes: the mailbox is the same one and did not
// change, and neither did whom its entries name.
//
// An entry holds the trustee as an id, and the service writes the name that the trustee has
// when it is asked. A trustee that was renamed, deleted or restored since is named otherwise
// without a change of the mailbox. So an entry holds if it is the service's own (inherited, or
// of NT AUTHORITY), or names a mailbox by an address or sign-in name that in both runs belongs to one and the
// same mailbox; with any other entry, a group's for example, the mailbox is read again.
func unchangedMailboxes(ctx context.Context, s Store, earlier Earlier) (proof, error) {
	boxes, names := objects{}, objects{}
	each := func(r snapshot.RawRow, box, name func(sum, object)) {
		if r.Unit.Key != MailboxUnit {
			return
		}
		m, err := DecodeMailbox(r.Row)
		id := MailboxID(m)
		if err != nil {
			m.WhenChanged, m.Guid = nil, "" // what could be read of it proves nothing
		}
		if id != "" {
			box(sumOf(id), newObject(m.WhenChanged, joinID(m.Guid), joinID(m.ExchangeGuid)))
		}
		var at time.Time // names belong to somebody whenever that one changed
		for _, n := range []string{m.UserPrincipalName, m.PrimarySMTPAddress} {
			if n != "" {
				name(sumOf(strings.ToLower(n)), newObject(&at, joinID(m.Guid), joinID(m.ExchangeGuid)))
			}
		}
	}
	for r, err := range s.Rows(ctx, SourceMailbox) {
		if err != nil {
			return proof{}, fmt.Errorf("read %s: %w", SourceMailbox, err)
		}
		each(r, boxes.add, names.add)
	}
	err := boxes.earlierRows(ctx, earlier, SourceMailbox, func(r snapshot.RawRow) { each(r, boxes.compare, names.compare) })
	return proof{since: boxes.since, same: func(row json.RawMessage) bool {
		entries, err := DecodeMailboxPermission(row)
		return err == nil && !slices.ContainsFunc(entries, func(e MailboxPermission) bool {
			own := e.IsInherited != nil && *e.IsInherited || strings.HasPrefix(strings.ToUpper(e.User), `NT AUTHORITY\`)
			_, known := names.since(strings.ToLower(e.User))
			return !own && !known
		})
	}}, err
}

// unchangedRoleGroups proves members of role groups: the group is the same one, did not
// change, and its row names the same members. A member that is deleted or restored leaves no
// trace in WhenChangedUTC, but does in the list.
func unchangedRoleGroups(ctx context.Context, s Store, earlier Earlier) (proof, error) {
	groups := objects{}
	each := func(r snapshot.RawRow, group func(sum, object)) {
		g, err := DecodeRoleGroup(r.Row)
		if err != nil || g.Members == nil {
			g.WhenChanged = nil
		}
		members := slices.Clone(g.Members)
		slices.Sort(members)
		group(sumOf(g.Name), newObject(g.WhenChanged, joinID(g.Guid), fmt.Sprintf("%q", members)))
	}
	for r, err := range s.Rows(ctx, SourceRoleGroup) {
		if err != nil {
			return proof{}, fmt.Errorf("read %s: %w", SourceRoleGroup, err)
		}
		each(r, groups.add)
	}
	err := groups.earlierRows(ctx, earlier, SourceRoleGroup, func(r snapshot.RawRow) { each(r, groups.compare) })
	return proof{since: groups.since}, err
}
