package snapshot

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// accessStore holds rows of 40 mailboxes and 60 principals.
func accessStore(t *testing.T) (*Store, []AccessRow) {
	t.Helper()
	s, err := Create(t.Context(), filepath.Join(t.TempDir(), "snapshot.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	var all []AccessRow
	err = s.Derive(t.Context(), "1", func(d *Deriver) error {
		for m := range 41 {
			id := fmt.Sprintf("m%03d", m)
			if m == 0 {
				id = Everywhere
			}
			for p := range 60 {
				r := AccessRow{Mailbox: id, Principal: fmt.Sprintf("p%03d", p), PrincipalName: fmt.Sprintf("P %d", p), PrincipalType: TrusteeUser, Capability: CanRead, Route: "fullAccess", Key: "k"}
				if p == 7 && m > 0 {
					r.Capability = CanManage
				}
				all = append(all, r)
				if err := d.Put(t.Context(), r); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, all
}

func TestWhereReadsEveryRowOfAValue(t *testing.T) {
	s, all := accessStore(t)
	read := func(column string, values ...string) []string {
		var out []string
		for r, err := range Where[AccessRow](t.Context(), s, column, values...) {
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, Key(r))
		}
		return out
	}
	want := func(keep func(AccessRow) bool) []string {
		var out []string
		for _, r := range all {
			if keep(r) {
				out = append(out, Key(r))
			}
		}
		return out
	}
	var many []string // more values than one question takes; more rows than one chunk holds
	for p := range 700 {
		many = append(many, fmt.Sprintf("p%03d", p))
	}
	for _, c := range []struct {
		name, column string
		values       []string
		keep         func(AccessRow) bool
	}{
		{"a mailbox and every mailbox", "mailbox", []string{"m003", Everywhere}, func(r AccessRow) bool { return r.Mailbox == "m003" || r.Mailbox == Everywhere }},
		{"a principal", "principal", []string{"p007"}, func(r AccessRow) bool { return r.Principal == "p007" }},
		{"other letters are another value", "principal", []string{"P007"}, func(AccessRow) bool { return false }},
		{"a hostile value", "principal", []string{`p007' OR '1'='1`, `"`}, func(AccessRow) bool { return false }},
		{"many values", "principal", many, func(AccessRow) bool { return true }},
		{"no value", "principal", nil, func(AccessRow) bool { return false }},
	} {
		if got, want := read(c.column, c.values...), want(c.keep); !slices.Equal(got, want) {
			t.Errorf("%s: %d rows, want %d in key order", c.name, len(got), len(want))
		}
	}
	for range Where[AccessRow](t.Context(), s, "principal", "p001") {
		break // a reader may stop
	}
	for _, column := range []string{"nothing", "members", `principal" OR "a`} {
		for _, err := range Where[AccessRow](t.Context(), s, column, "x") {
			if err == nil || !strings.Contains(err.Error(), "has no text column") {
				t.Errorf("column %q: %v", column, err)
			}
		}
	}
}

func TestAccessOfTheView(t *testing.T) {
	s, _ := accessStore(t)
	v, err := s.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, err := range v.AccessTo("m001") {
		if err != nil {
			t.Fatal(err)
		}
		count++
	}
	if count != 120 {
		t.Errorf("a mailbox and every mailbox: %d rows, want 120", count)
	}
	people, err := v.AccessPrincipals()
	if err != nil || len(people) != 60 || people[7] != (AccessPrincipal{"p007", "P 7", "", TrusteeUser}) {
		t.Errorf("%d principals, %v", len(people), err)
	}
	// A snapshot that was cut off before its tables were built has nobody.
	empty, err := Create(t.Context(), filepath.Join(t.TempDir(), "empty.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer empty.Close()
	if v, err = empty.View(t.Context()); err != nil {
		t.Fatal(err)
	}
	if people, err := v.AccessPrincipals(); err != nil || len(people) != 0 {
		t.Errorf("an empty snapshot: %v, %v", people, err)
	}
	for r, err := range v.GroupsWith("x") {
		t.Errorf("an empty snapshot: %v, %v", r, err)
	}
}
