package snapshot

import (
	"context"
	"fmt"
	"iter"
	"reflect"
	"strings"
)

// mostValues bounds the values of one question to SQLite.
const mostValues = 500

// Where walks the rows of the dataset whose row type is T that have one of the values
// in a text column, in key order. For many values the order holds within each 500 of them.
func Where[T any](ctx context.Context, s *Store, column string, values ...string) iter.Seq2[T, error] {
	l := layouts()[reflect.TypeFor[T]()]
	return func(yield func(T, error) bool) {
		var zero T
		if !l.hasText(column) {
			yield(zero, fmt.Errorf("%s has no text column %q", l.set, column))
			return
		}
		for len(values) > 0 {
			some := values[:min(len(values), mostValues)]
			values = values[len(some):]
			for v, err := range s.walk(ctx, l, filter{column, some}) {
				if err != nil {
					yield(zero, err)
					return
				}
				if !yield(v.Interface().(T), nil) {
					return
				}
			}
		}
	}
}

func (l *layout) hasText(column string) bool {
	for _, c := range l.cols {
		if c.Name == column {
			return c.Kind == KindText
		}
	}
	return false
}

// filter keeps rows with one of the values in a column; the zero value keeps all.
type filter struct {
	column string
	values []string
}

func (f filter) condition() string {
	if f.column == "" {
		return ""
	}
	return fmt.Sprintf("%q IN (%s)", f.column, strings.TrimSuffix(strings.Repeat("?, ", len(f.values)), ", "))
}

func (f filter) args() []any {
	out := make([]any, len(f.values))
	for i, v := range f.values {
		out[i] = v
	}
	return out
}

// AccessTo walks the effective access to a mailbox, and that to every mailbox.
func (v *Snapshot) AccessTo(mailbox string) iter.Seq2[AccessRow, error] {
	return Where[AccessRow](v.ctx, v.store, "mailbox", mailbox, Everywhere)
}

// AccessOf walks what principals reach.
func (v *Snapshot) AccessOf(principals ...string) iter.Seq2[AccessRow, error] {
	return Where[AccessRow](v.ctx, v.store, "principal", principals...)
}

// GroupsWith walks the memberships of a principal.
func (v *Snapshot) GroupsWith(member string) iter.Seq2[GroupMember, error] {
	return Where[GroupMember](v.ctx, v.store, "member", member)
}

// MembersOf walks the members of a group.
func (v *Snapshot) MembersOf(group string) iter.Seq2[GroupMember, error] {
	return Where[GroupMember](v.ctx, v.store, "group", group)
}

// AccessPrincipal is somebody who reaches a mailbox.
type AccessPrincipal struct{ ID, Name, Address, Type string }

// AccessPrincipals lists everybody who reaches a mailbox, sorted by id.
func (v *Snapshot) AccessPrincipals() ([]AccessPrincipal, error) {
	s := v.store
	s.mu.Lock()
	defer s.mu.Unlock()
	rows, err := s.conn.QueryContext(v.ctx, `SELECT DISTINCT "principal", "principalName", "principalAddress", "principalType" FROM "effectiveAccess" ORDER BY 1, 4, 2, 3`)
	if err != nil {
		if strings.Contains(err.Error(), "no such table") { // a snapshot cut off before its first Derive
			return nil, nil
		}
		return nil, fmt.Errorf("read principals: %w", s.explain(err))
	}
	defer rows.Close()
	var out []AccessPrincipal
	for rows.Next() {
		var p AccessPrincipal
		if err := rows.Scan(&p.ID, &p.Name, &p.Address, &p.Type); err != nil {
			return nil, fmt.Errorf("read principals: %w", s.explain(err))
		}
		out = append(out, p)
	}
	return out, s.explain(rows.Err())
}
