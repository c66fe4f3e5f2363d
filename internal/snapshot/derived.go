package snapshot

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"strings"
)

// Deriver writes the dataset tables. It exists only inside Derive.
type Deriver struct {
	s     *Store
	stmts map[Dataset]*sql.Stmt
	rows  map[Dataset]int64
}

// Derive replaces all dataset tables and the coverage in one transaction. f may
// read raw rows of the same store meanwhile; nothing else may write. version names
// the rules that f follows.
func (s *Store) Derive(ctx context.Context, version string, f func(*Deriver) error) error {
	d := &Deriver{s: s, stmts: map[Dataset]*sql.Stmt{}, rows: map[Dataset]int64{}}
	defer func() {
		for _, st := range d.stmts {
			_ = st.Close() // prepared statements hold nothing worth an error
		}
	}()
	return s.tx(ctx, func() error {
		for _, t := range rowTypes {
			l := layouts()[t.typ]
			if err := s.exec(ctx, fmt.Sprintf("DROP TABLE IF EXISTS %q; %s", l.set, l.createSQL())); err != nil {
				return fmt.Errorf("prepare %s: %w", l.set, err)
			}
		}
		// The table of an earlier version may lack a column.
		if err := s.exec(ctx, "DROP TABLE IF EXISTS coverage; "+coverageTable+"DROP TABLE IF EXISTS mailboxGap; "+mailboxGapTable); err != nil {
			return err
		}
		if err := f(d); err != nil {
			return err
		}
		return s.exec(ctx, `INSERT INTO meta SELECT 'derived', ?||'#'||value FROM meta WHERE key='change' ON CONFLICT(key) DO UPDATE SET value=excluded.value`, version)
	})
}

// Derived says whether the dataset tables are those of the stored raw rows by the
// rules of version.
func (s *Store) Derived(ctx context.Context, version string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change, _, err := s.meta(ctx, "change")
	if err != nil {
		return false, err
	}
	have, _, err := s.meta(ctx, "derived")
	return have == version+"#"+change, err
}

// Put adds one row to its dataset. A second row of the same key is an error: the
// caller merges.
func (d *Deriver) Put(ctx context.Context, row any) error {
	l := layoutOf(row)
	st := d.stmts[l.set]
	if st == nil {
		var err error
		if st, err = d.s.conn.PrepareContext(ctx, l.insertSQL()); err != nil {
			return fmt.Errorf("prepare %s: %w", l.set, d.s.explain(err))
		}
		d.stmts[l.set] = st
	}
	vals, err := l.bind(row)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	// One row is soon written, and watching ctx meanwhile costs as much.
	if _, err := st.ExecContext(context.WithoutCancel(ctx), vals...); err != nil {
		return fmt.Errorf("store %s %s: %w", l.set, Key(row), d.s.explain(err))
	}
	d.rows[l.set]++
	return nil
}

// Rows is how many rows of a dataset were put so far.
func (d *Deriver) Rows(set Dataset) int64 { return d.rows[set] }

// PutCoverage stores the coverage of a dataset.
func (d *Deriver) PutCoverage(ctx context.Context, c Coverage) error {
	if c.Reasons == nil {
		c.Reasons = []Reason{}
	}
	b, err := json.Marshal(c.Reasons)
	if err != nil {
		return fmt.Errorf("encode coverage of %s: %w", c.Dataset, err)
	}
	units, err := json.Marshal(c.Units)
	if err != nil {
		return fmt.Errorf("encode coverage of %s: %w", c.Dataset, err) // unreachable: numbers marshal
	}
	return d.s.exec(ctx, "INSERT INTO coverage VALUES(?,?,?,?,?,?,?,?)", string(c.Dataset), string(c.State), c.Rows, c.Expected, c.Collected, c.Failed, string(b), string(units))
}

// Coverage reads how much of a dataset was read. A dataset that no run covered is
// skipped, never complete.
func (s *Store) Coverage(ctx context.Context, set Dataset) (Coverage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := Coverage{Dataset: set}
	var state, reasons, units string
	err := s.conn.QueryRowContext(ctx, "SELECT state,rows,expected,collected,failed,reasons,units FROM coverage WHERE dataset=?", string(set)).
		Scan(&state, &c.Rows, &c.Expected, &c.Collected, &c.Failed, &reasons, &units)
	if errors.Is(err, sql.ErrNoRows) {
		c.State, c.Reasons = CoverageSkipped, []Reason{{Cause: Filtered, Detail: "not part of this run"}}
		return c, nil
	}
	if err != nil {
		return c, s.explain(err)
	}
	c.State = CoverageState(state)
	if err := errors.Join(json.Unmarshal([]byte(reasons), &c.Reasons), json.Unmarshal([]byte(units), &c.Units)); err != nil {
		return c, fmt.Errorf("read coverage of %s: %w", set, err)
	}
	return c, nil
}

// All walks the rows of the dataset whose row type is T, in key order.
func All[T any](ctx context.Context, s *Store) iter.Seq2[T, error] {
	l := layouts()[reflect.TypeFor[T]()]
	return func(yield func(T, error) bool) {
		for v, err := range s.walk(ctx, l, filter{}) {
			if err != nil {
				var zero T
				yield(zero, err)
				return
			}
			if !yield(v.Interface().(T), nil) {
				return
			}
		}
	}
}

// Dataset walks the rows of a dataset in key order, as values of its row type.
func (s *Store) Dataset(ctx context.Context, set Dataset) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		l := layoutFor(set)
		if l == nil {
			yield(nil, fmt.Errorf("no dataset %q", set))
			return
		}
		for v, err := range s.walk(ctx, l, filter{}) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(v.Interface(), nil) {
				return
			}
		}
	}
}

// walk reads in chunks behind the last key, so that no cursor stays open while the
// caller works.
func (s *Store) walk(ctx context.Context, l *layout, f filter) iter.Seq2[reflect.Value, error] {
	return func(yield func(reflect.Value, error) bool) {
		var after []any
		for {
			chunk, last, err := s.chunk(ctx, l, f, after)
			if err != nil {
				yield(reflect.Value{}, err)
				return
			}
			n := chunk.Len()
			for i := range n {
				if !yield(chunk.Index(i), nil) {
					return
				}
			}
			if n < chunkRows {
				return
			}
			after = last
		}
	}
}

// chunk reads rows behind a key: a slice of the row type, and the key of the last one.
func (s *Store) chunk(ctx context.Context, l *layout, f filter, after []any) (out reflect.Value, last []any, err error) {
	out = reflect.New(reflect.SliceOf(l.typ)).Elem()
	s.mu.Lock()
	defer s.mu.Unlock()
	rows, err := s.conn.QueryContext(ctx, l.selectSQL(f.condition(), after != nil), append(f.args(), after...)...)
	if err != nil {
		if strings.Contains(err.Error(), "no such table") { // a snapshot cut off before its first Derive
			return out, nil, nil
		}
		return out, nil, fmt.Errorf("read %s: %w", l.set, s.explain(err))
	}
	defer rows.Close()
	// The driver hands out strings of its own: the values of one row can be those of the next.
	vals, ptrs := make([]any, len(l.cols)), make([]any, len(l.cols))
	for i := range vals {
		ptrs[i] = &vals[i]
	}
	n := 0
	for rows.Next() {
		if err := rows.Scan(ptrs...); err != nil {
			return out, nil, fmt.Errorf("read %s: %w", l.set, s.explain(err))
		}
		if n == out.Cap() {
			out.Grow(max(16, n))
		}
		n++
		out.SetLen(n)
		if err := l.scan(out.Index(n-1), vals); err != nil {
			return out, nil, err
		}
	}
	if n == chunkRows {
		for _, k := range l.keys {
			last = append(last, vals[k])
		}
	}
	return out, last, s.explain(rows.Err())
}
