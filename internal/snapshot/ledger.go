package snapshot

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"tenantaudit/internal/snapshot/rawjson"
)

// Commit makes all writes durable together: pages added, ledger rows updated. When
// it returns nil, the units concerned survive any crash. Once begun it is not broken
// off when ctx ends: an answer that was received is kept.
func (s *Store) Commit(ctx context.Context, writes ...Write) error {
	s.mu.Lock()
	err := s.tx(ctx, func() error {
		ctx := context.WithoutCancel(ctx)
		for _, w := range writes {
			if err := s.write(ctx, w); err != nil {
				return fmt.Errorf("store %s %s: %w", w.Unit.Source, w.Unit.Key, err)
			}
		}
		return s.changed(ctx)
	})
	s.mu.Unlock()
	if err == nil && s.onCommit != nil {
		s.onCommit(writes)
	}
	return err
}

// changed marks the derived tables as out of date.
func (s *Store) changed(ctx context.Context) error {
	_, err := s.do(ctx, "UPDATE meta SET value=CAST(value AS INTEGER)+1 WHERE key='change'")
	return err
}

const (
	// putUnit counts the new pages as if all were new; countRows counts anew where one
	// replaces another. ?8 is 1 to keep the count and 0 to begin again.
	putUnit = `INSERT INTO unit(source,key,state,cause,detail,expected,rows,attempts,first_at,last_at) VALUES(?1,?2,?3,?4,?5,?6,?7,?9,?10,?10)
		ON CONFLICT(source,key) DO UPDATE SET state=excluded.state, cause=excluded.cause, detail=excluded.detail, expected=excluded.expected, rows=unit.rows*?8+excluded.rows,
		attempts=unit.attempts+excluded.attempts, first_at=coalesce(unit.first_at,excluded.first_at), last_at=excluded.last_at RETURNING id`
	dropPages   = "DELETE FROM page WHERE unit=?"
	addPage     = "INSERT INTO page VALUES(?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING"
	replacePage = "INSERT OR REPLACE INTO page VALUES(?,?,?,?,?,?,?,?,?,?)"
	countRows   = "UPDATE unit SET rows=(SELECT coalesce(sum(count),0) FROM page WHERE unit=?1) WHERE id=?1"
)

func (s *Store) write(ctx context.Context, w Write) error {
	at := time.Now().UTC()
	if n := len(w.Pages); n > 0 {
		at = w.Pages[n-1].At
	}
	rows, keep := 0, 1
	for _, p := range w.Pages {
		rows += p.Count
	}
	if w.Reset {
		keep = 0
	}
	st, err := s.stmt(ctx, putUnit)
	if err != nil {
		return err
	}
	var id int64
	if err := st.QueryRowContext(ctx, string(w.Unit.Source), w.Unit.Key, string(w.Result.State), string(w.Result.Cause), w.Result.Detail, w.Result.Expected,
		rows, keep, w.Result.Attempts, stamp(at)).Scan(&id); err != nil {
		return s.explain(err)
	}
	if w.Reset {
		if _, err := s.do(ctx, dropPages, id); err != nil {
			return err
		}
	}
	recount := false
	for _, p := range w.Pages {
		replaced, err := s.putPage(ctx, id, p)
		if err != nil {
			return err
		}
		recount = recount || replaced
	}
	if recount {
		_, err = s.do(ctx, countRows, id)
	}
	return err
}

// putPage stores a page; true when there was one of that key.
func (s *Store) putPage(ctx context.Context, unit int64, p Page) (replaced bool, err error) {
	if !rawjson.Valid(p.Rows) {
		return false, fmt.Errorf("page %s: rows are not JSON", p.Key)
	}
	var warnings any
	if len(p.Warnings) > 0 {
		b, err := json.Marshal(p.Warnings)
		if err != nil {
			return false, fmt.Errorf("page %s: %w", p.Key, err)
		}
		warnings = string(b)
	}
	s.packed = s.enc.EncodeAll(p.Rows, s.packed[:0])
	args := []any{unit, p.Key, stamp(p.At), p.Request, p.RequestID, p.Status, p.Count, warnings, len(p.Rows), s.packed}
	added, err := s.do(ctx, addPage, args...)
	if err != nil || added > 0 {
		return false, err
	}
	_, err = s.do(ctx, replacePage, args...)
	return true, err
}

// Plan records that the units are needed; those that exist already stay as they are.
func (s *Store) Plan(ctx context.Context, src Source, keys []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tx(ctx, func() error {
		for _, k := range keys {
			if err := ctx.Err(); err != nil {
				return err
			}
			if _, err := s.do(context.WithoutCancel(ctx), "INSERT INTO unit(source,key,state,cause,detail,expected,rows,attempts) VALUES(?,?,?,'','',-1,0,0) ON CONFLICT DO NOTHING",
				string(src), k, string(Planned)); err != nil {
				return fmt.Errorf("plan %s: %w", src, err)
			}
		}
		return s.changed(ctx)
	})
}

// Reopen makes units of a source that stand in one of the states planned again, so that the
// next run reads them. Pages that are stored stay until an answer replaces them. It returns
// the number of units.
func (s *Store) Reopen(ctx context.Context, src Source, states ...State) (n int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.tx(ctx, func() error {
		n = 0
		for _, state := range states {
			changed, err := s.do(context.WithoutCancel(ctx), "UPDATE unit SET state=?, cause='', detail='' WHERE source=? AND state=?", string(Planned), string(src), string(state))
			if err != nil {
				return fmt.Errorf("plan %s again: %w", src, err)
			}
			n += changed
		}
		return s.changed(ctx)
	})
	return n, err
}

const ledgerColumns = "source,key,state,cause,detail,expected,rows,attempts,first_at,last_at"

func scanLedger(scan func(...any) error) (Ledger, error) {
	var l Ledger
	var source, state, cause string
	var first, last sql.NullString
	if err := scan(&source, &l.Unit.Key, &state, &cause, &l.Detail, &l.Expected, &l.Rows, &l.Attempts, &first, &last); err != nil {
		return l, err
	}
	l.Unit.Source, l.State, l.Cause = Source(source), State(state), Cause(cause)
	l.FirstAt, l.LastAt = unstamp(first), unstamp(last)
	return l, nil
}

// Unit reads one ledger row; false when the unit is unknown.
func (s *Store) Unit(ctx context.Context, id UnitID) (Ledger, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.stmt(ctx, "SELECT "+ledgerColumns+" FROM unit WHERE source=? AND key=?")
	if err != nil {
		return Ledger{}, false, err
	}
	l, err := scanLedger(st.QueryRowContext(ctx, string(id.Source), id.Key).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Ledger{}, false, nil
	}
	return l, err == nil, s.explain(err)
}

// Units reads the ledger of a source in planning order.
func (s *Store) Units(ctx context.Context, src Source) ([]Ledger, error) {
	return s.ledgers(ctx, "SELECT "+ledgerColumns+" FROM unit WHERE source=? ORDER BY id", string(src))
}

// EachUnit walks the ledger of a source in planning order, a chunk at a time.
func (s *Store) EachUnit(ctx context.Context, src Source) iter.Seq2[Ledger, error] {
	return func(yield func(Ledger, error) bool) {
		last := int64(0)
		for {
			chunk, ids, err := s.ledgerChunk(ctx, "SELECT id,"+ledgerColumns+" FROM unit INDEXED BY unit_source WHERE source=? AND id>? ORDER BY id LIMIT ?", string(src), last, unitChunk)
			if err != nil {
				yield(Ledger{}, err)
				return
			}
			for _, l := range chunk {
				if !yield(l, nil) {
					return
				}
			}
			if len(chunk) < unitChunk {
				return
			}
			last = ids[len(ids)-1]
		}
	}
}

func (s *Store) ledgerChunk(ctx context.Context, query string, args ...any) (out []Ledger, ids []int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows, err := s.conn.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, nil, s.explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		l, id, err := scanUnit(rows)
		if err != nil {
			return nil, nil, s.explain(err)
		}
		out, ids = append(out, l), append(ids, id)
	}
	return out, ids, s.explain(rows.Err())
}

// scanUnit reads a ledger row behind its number.
func scanUnit(rows *sql.Rows) (l Ledger, id int64, err error) {
	l, err = scanLedger(func(into ...any) error { return rows.Scan(append([]any{&id}, into...)...) })
	return l, id, err
}

// Open reads the units of a source that still need reading, in planning order:
// planned, partial, failed and throttled ones.
func (s *Store) Open(ctx context.Context, src Source) ([]Ledger, error) {
	return s.ledgers(ctx, "SELECT "+ledgerColumns+" FROM unit WHERE source=? AND state IN ('planned','partial','failed','throttled') ORDER BY id", string(src))
}

func (s *Store) ledgers(ctx context.Context, query string, args ...any) ([]Ledger, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows, err := s.conn.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, s.explain(err)
	}
	defer rows.Close()
	var out []Ledger
	for rows.Next() {
		l, err := scanLedger(rows.Scan)
		if err != nil {
			return nil, s.explain(err)
		}
		out = append(out, l)
	}
	return out, s.explain(rows.Err())
}

// Count is how many units of a source are in each state.
type Count map[State]int64

// Total is the number of units.
func (c Count) Total() (n int64) {
	for _, v := range c {
		n += v
	}
	return n
}

// Counts reads how far every source is.
func (s *Store) Counts(ctx context.Context) (map[Source]Count, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows, err := s.conn.QueryContext(ctx, "SELECT source,state,count(*) FROM unit GROUP BY source,state")
	if err != nil {
		return nil, s.explain(err)
	}
	defer rows.Close()
	out := map[Source]Count{}
	for rows.Next() {
		var src, state string
		var n int64
		if err := rows.Scan(&src, &state, &n); err != nil {
			return nil, s.explain(err)
		}
		if out[Source(src)] == nil {
			out[Source(src)] = Count{}
		}
		out[Source(src)][State(state)] = n
	}
	return out, s.explain(rows.Err())
}

// Window is the time of the oldest and of the newest stored answer; zero when
// nothing is stored.
func (s *Store) Window(ctx context.Context) (from, to time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var a, b sql.NullString
	err = s.conn.QueryRowContext(ctx, "SELECT min(at), max(at) FROM page").Scan(&a, &b)
	return unstamp(a), unstamp(b), s.explain(err)
}

// PageKeys lists the keys of a unit's stored pages, in order.
func (s *Store) PageKeys(ctx context.Context, id UnitID) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows, err := s.conn.QueryContext(ctx, "SELECT p.key FROM page p JOIN unit u ON u.id=p.unit WHERE u.source=? AND u.key=? ORDER BY p.key", string(id.Source), id.Key)
	if err != nil {
		return nil, s.explain(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var k string
		if err := rows.Scan(&k); err != nil {
			return nil, s.explain(err)
		}
		out = append(out, k)
	}
	return out, s.explain(rows.Err())
}

// storedPage is a page with the unit it belongs to.
type storedPage struct {
	id   UnitID
	page Page
}

// pageChunk and chunkBytes bound how many pages a reader holds at once; one page more
// than chunkBytes allow is held. unitChunk bounds the units whose ids it looks ahead.
const (
	pageChunk  = 64
	chunkBytes = 4 << 20
	unitChunk  = 1000
)

const readPages = `SELECT key,at,request,request_id,status,count,warnings,raw_len,raw FROM page WHERE unit=? AND key>? ORDER BY key LIMIT 64` // pageChunk

// unitPages reads pages of one unit behind a key; more is false when they are the last.
func (s *Store) unitPages(ctx context.Context, id int64, unit UnitID, after string) (out []storedPage, more bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	ctx = context.WithoutCancel(ctx) // short, and watching ctx costs as much as the query
	st, err := s.stmt(ctx, readPages)
	if err != nil {
		return nil, false, err
	}
	rows, err := st.QueryContext(ctx, id, after)
	if err != nil {
		return nil, false, s.explain(err)
	}
	defer rows.Close()
	held := 0
	for rows.Next() {
		p := storedPage{id: unit}
		var at, warnings sql.NullString
		var packed sql.RawBytes
		var size int
		if err := rows.Scan(&p.page.Key, &at, &p.page.Request, &p.page.RequestID, &p.page.Status, &p.page.Count, &warnings, &size, &packed); err != nil {
			return nil, false, s.explain(err)
		}
		p.page.At = unstamp(at)
		if warnings.Valid {
			if err := json.Unmarshal([]byte(warnings.String), &p.page.Warnings); err != nil {
				return nil, false, fmt.Errorf("read warnings of %s %s: %w", unit.Source, unit.Key, err)
			}
		}
		if p.page.Rows, err = s.dec.DecodeAll(packed, nil); err != nil {
			return nil, false, fmt.Errorf("unpack %s %s: %w", unit.Source, unit.Key, err)
		}
		if len(p.page.Rows) != size {
			return nil, false, fmt.Errorf("unpack %s %s: %d bytes, and %d were stored", unit.Source, unit.Key, len(p.page.Rows), size)
		}
		if p.page.Key <= after {
			return nil, false, fmt.Errorf("%s: %w: damaged: pages of %s %s are out of order", s.path, ErrNotSnapshot, unit.Source, unit.Key)
		}
		after = p.page.Key
		out = append(out, p)
		if held += size; held >= chunkBytes {
			return out, true, nil
		}
	}
	return out, len(out) == pageChunk, s.explain(rows.Err())
}

type unitRow struct {
	id  int64
	key string
}

// unitsOf reads units of a source behind an id, in planning order.
func (s *Store) unitsOf(ctx context.Context, src Source, after int64) ([]unitRow, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows, err := s.conn.QueryContext(ctx, fmt.Sprintf("SELECT id,key FROM unit INDEXED BY unit_source WHERE source=? AND id>? ORDER BY id LIMIT %d", unitChunk), string(src), after)
	if err != nil {
		return nil, s.explain(err)
	}
	defer rows.Close()
	var out []unitRow
	for rows.Next() {
		var u unitRow
		if err := rows.Scan(&u.id, &u.key); err != nil {
			return nil, s.explain(err)
		}
		out = append(out, u)
	}
	return out, s.explain(rows.Err())
}

// pages walks the pages of a source in chunks; no cursor stays open while the caller
// works.
func (s *Store) pages(ctx context.Context, src Source) iter.Seq2[storedPage, error] {
	return func(yield func(storedPage, error) bool) {
		last := int64(0)
		for {
			units, err := s.unitsOf(ctx, src, last)
			if err != nil {
				yield(storedPage{}, err)
				return
			}
			for _, u := range units {
				for p, err := range s.pagesOf(ctx, u.id, UnitID{Source: src, Key: u.key}) {
					if !yield(p, err) || err != nil {
						return
					}
				}
				last = u.id
			}
			if len(units) < unitChunk {
				return
			}
		}
	}
}

func (s *Store) pagesOf(ctx context.Context, id int64, unit UnitID) iter.Seq2[storedPage, error] {
	return func(yield func(storedPage, error) bool) {
		after := ""
		for {
			chunk, more, err := s.unitPages(ctx, id, unit, after)
			if err != nil {
				yield(storedPage{}, err)
				return
			}
			for _, p := range chunk {
				if !yield(p, nil) {
					return
				}
			}
			if !more {
				return
			}
			after = chunk[len(chunk)-1].page.Key
		}
	}
}

// Pages walks the stored pages of one unit in key order.
func (s *Store) Pages(ctx context.Context, id UnitID) iter.Seq2[Page, error] {
	return func(yield func(Page, error) bool) {
		var unit int64
		s.mu.Lock()
		st, err := s.stmt(ctx, "SELECT id FROM unit WHERE source=? AND key=?")
		if err == nil {
			err = st.QueryRowContext(ctx, string(id.Source), id.Key).Scan(&unit)
		}
		s.mu.Unlock()
		if errors.Is(err, sql.ErrNoRows) {
			return
		}
		if err != nil {
			yield(Page{}, s.explain(err))
			return
		}
		for p, err := range s.pagesOf(ctx, unit, id) {
			if !yield(p.page, err) || err != nil {
				return
			}
		}
	}
}

// Rows walks every stored row of a source: units in planning order, pages in key
// order, rows as received. A row shares the memory of its page: do not keep it.
func (s *Store) Rows(ctx context.Context, src Source) iter.Seq2[RawRow, error] {
	return func(yield func(RawRow, error) bool) {
		for p, err := range s.pages(ctx, src) {
			if err != nil {
				yield(RawRow{}, err)
				return
			}
			rows, err := rawjson.Array(p.page.Rows, nil)
			if err != nil {
				yield(RawRow{}, fmt.Errorf("read %s %s: %w", p.id.Source, p.id.Key, err))
				return
			}
			for _, r := range rows {
				if !yield(RawRow{Unit: p.id, Page: p.page.Key, At: p.page.At, Row: r}, nil) {
					return
				}
			}
		}
	}
}
