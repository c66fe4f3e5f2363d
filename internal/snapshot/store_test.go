package snapshot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

var testTime = time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)

func newStore(t *testing.T) *Store {
	t.Helper()
	s, err := Create(t.Context(), filepath.Join(t.TempDir(), "snapshot.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func page(key string, rows ...string) Page {
	return Page{Key: key, At: testTime, Request: "Get-Mailbox", Status: 200, Rows: json.RawMessage("[" + strings.Join(rows, ",") + "]"), Count: len(rows)}
}

func rawRows(t *testing.T, s *Store, src Source) []string {
	t.Helper()
	var out []string
	for r, err := range s.Rows(t.Context(), src) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r.Unit.Key+"/"+r.Page+"="+string(r.Row))
	}
	return out
}

func TestCommitStoresPagesAndLedger(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	listing := UnitID{Source: "exo/Get-Mailbox"}
	if err := s.Commit(ctx, Write{Unit: listing, Pages: []Page{page("000001", `{"a":1}`, `{"a":2}`)}, Result: Result{State: Partial, Expected: -1, Attempts: 1}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(ctx, Write{Unit: listing, Pages: []Page{page("000002", `{"n":18446744073709551615}`)}, Result: Result{State: Complete, Expected: 3, Attempts: 2}}); err != nil {
		t.Fatal(err)
	}
	want := []string{`/000001={"a":1}`, `/000001={"a":2}`, `/000002={"n":18446744073709551615}`}
	if got := rawRows(t, s, listing.Source); !reflect.DeepEqual(got, want) {
		t.Errorf("rows = %q, want %q", got, want)
	}
	l, ok, err := s.Unit(ctx, listing)
	if err != nil || !ok {
		t.Fatalf("Unit = %v, %v", ok, err)
	}
	if l.State != Complete || l.Rows != 3 || l.Attempts != 3 || l.Expected != 3 || !l.FirstAt.Equal(testTime) {
		t.Errorf("ledger = %+v", l)
	}
	// A listing that starts over loses its old pages, not its count of attempts.
	if err := s.Commit(ctx, Write{Unit: listing, Reset: true, Pages: []Page{page("000001", `{"b":1}`)}, Result: Result{State: Complete, Expected: -1, Attempts: 1}}); err != nil {
		t.Fatal(err)
	}
	if got := rawRows(t, s, listing.Source); len(got) != 1 {
		t.Errorf("after Reset rows = %q, want one", got)
	}
}

// The ledger counts the rows that are stored, whichever way they came.
func TestLedgerCountsStoredRows(t *testing.T) {
	s := newStore(t)
	id := UnitID{"exo/Get-MailboxFolderPermission", "anna"}
	for _, c := range []struct {
		what  string
		reset bool
		pages []Page
		want  int64
	}{
		{"first pages", false, []Page{page("a", `{"n":1}`), page("b", `{"n":2}`, `{"n":3}`)}, 3},
		{"one more", false, []Page{page("c", `{"n":4}`)}, 4},
		{"one again, with fewer rows, and a new one", false, []Page{page("b", `{"n":2}`), page("d")}, 3},
		{"no page", false, nil, 3},
		{"started over, one page twice", true, []Page{page("a", `{"n":1}`, `{"n":5}`), page("a", `{"n":1}`)}, 1},
		{"started over without pages", true, nil, 0},
	} {
		if err := s.Commit(t.Context(), Write{Unit: id, Reset: c.reset, Pages: c.pages, Result: Result{State: Partial, Expected: -1}}); err != nil {
			t.Fatal(err)
		}
		l, _, err := s.Unit(t.Context(), id)
		if err != nil || l.Rows != c.want || len(rawRows(t, s, id.Source)) != int(c.want) {
			t.Errorf("%s: the ledger has %d rows, the pages %d, want %d (%v)", c.what, l.Rows, len(rawRows(t, s, id.Source)), c.want, err)
		}
	}
}

func TestOpenListsWhatAResumedRunMustRead(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	src := Source("exo/Get-InboxRule")
	states := []State{Planned, Partial, Complete, Denied, Unavailable, Failed, Throttled, Gone, Skipped}
	var keys []string
	for _, st := range states {
		keys = append(keys, string(st))
	}
	if err := s.Plan(ctx, src, keys); err != nil {
		t.Fatal(err)
	}
	for _, st := range states[1:] {
		if err := s.Commit(ctx, Write{Unit: UnitID{src, string(st)}, Result: Result{State: st, Expected: -1}}); err != nil {
			t.Fatal(err)
		}
	}
	// Planning again changes nothing.
	if err := s.Plan(ctx, src, keys); err != nil {
		t.Fatal(err)
	}
	open, err := s.Open(ctx, src)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range open {
		got = append(got, l.Unit.Key)
	}
	if want := "planned partial failed throttled"; strings.Join(got, " ") != want {
		t.Errorf("open = %q, want %q", got, want)
	}
}

func TestPagesSurviveMoreThanOneChunk(t *testing.T) {
	s := newStore(t)
	src := Source("exo/Get-MailboxFolderPermission")
	var writes []Write
	for u := range 5 {
		w := Write{Unit: UnitID{src, fmt.Sprintf("m%d", u)}, Result: Result{State: Complete, Expected: -1}}
		for p := range 50 {
			w.Pages = append(w.Pages, page(fmt.Sprintf("f%03d", p), fmt.Sprintf(`{"u":%d,"p":%d}`, u, p)))
		}
		writes = append(writes, w)
	}
	if err := s.Commit(t.Context(), writes...); err != nil {
		t.Fatal(err)
	}
	got := rawRows(t, s, src)
	if len(got) != 250 {
		t.Fatalf("%d rows, want 250", len(got))
	}
	seen := map[string]bool{}
	for _, r := range got {
		if seen[r] {
			t.Errorf("%s twice", r)
		}
		seen[r] = true
	}
	keys, err := s.PageKeys(t.Context(), UnitID{src, "m3"})
	if err != nil || len(keys) != 50 || keys[0] != "f000" {
		t.Errorf("PageKeys = %d keys, %v", len(keys), err)
	}
}

// A killed process leaves a file and a log; what was acknowledged is there again.
func TestResumeReplaysTheLogOfAKilledRun(t *testing.T) {
	s := newStore(t)
	unit := UnitID{Source: "exo/Get-Mailbox"}
	if err := s.Commit(t.Context(), Write{Unit: unit, Pages: []Page{page("000001", `{"a":1}`)}, Result: Result{State: Partial, Expected: -1}}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, suffix := range []string{"", "-wal"} { // the files as a kill would leave them
		if err := copyFile(s.Path()+suffix, filepath.Join(dir, "snapshot.db"+suffix)); err != nil {
			t.Fatal(err)
		}
	}
	for name, open := range map[string]func(context.Context, string) (*Store, error){"read": OpenSnapshot, "resume": Resume} {
		r, err := open(t.Context(), filepath.Join(dir, "snapshot.db"))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := rawRows(t, r, unit.Source); len(got) != 1 {
			t.Errorf("%s: rows = %q, want one", name, got)
		}
		if err := r.Close(); err != nil {
			t.Errorf("%s: close: %v", name, err)
		}
		if name == "resume" {
			if _, err := os.Stat(filepath.Join(dir, "snapshot.db-wal")); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("after Close a log is left: %v", err)
			}
		}
	}
}

func TestSecondProcessIsKeptOff(t *testing.T) {
	s := newStore(t)
	if _, err := Resume(t.Context(), s.Path()); !errors.Is(err, ErrLocked) {
		t.Errorf("second writer: %v, want ErrLocked", err)
	}
	if _, err := Create(t.Context(), s.Path()); !errors.Is(err, ErrExists) {
		t.Errorf("Create over it: %v, want ErrExists", err)
	}
}

func TestWhatIsNoSnapshotIsRefused(t *testing.T) {
	dir := t.TempDir()
	good := newStore(t)
	if err := good.exec(t.Context(), "PRAGMA user_version=99"); err != nil {
		t.Fatal(err)
	}
	if err := good.Close(); err != nil {
		t.Fatal(err)
	}
	cases := map[string]func(path string){
		"empty":        func(p string) { _ = os.WriteFile(p, nil, 0o600) },
		"text":         func(p string) { _ = os.WriteFile(p, []byte(strings.Repeat("not a database ", 100)), 0o600) },
		"truncated":    func(p string) { _ = os.WriteFile(p, []byte("SQLite format 3\x00"), 0o600) },
		"other schema": func(p string) { _ = copyFile(good.Path(), p) },
		"header only": func(p string) {
			_ = os.WriteFile(p, append([]byte("SQLite format 3\x00"), make([]byte, 4096)...), 0o600)
		},
	}
	for name, make := range cases {
		path := filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+".db")
		make(path)
		before, _ := os.ReadFile(path)
		if _, err := OpenSnapshot(t.Context(), path); !errors.Is(err, ErrNotSnapshot) {
			t.Errorf("%s: %v, want ErrNotSnapshot", name, err)
		}
		if after, _ := os.ReadFile(path); !reflect.DeepEqual(before, after) {
			t.Errorf("%s: the file was touched", name)
		}
	}
	if _, err := OpenSnapshot(t.Context(), filepath.Join(dir, "absent.db")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
}

// fill sets every field of a row to something that is not its zero value.
func fill(v reflect.Value, n int) {
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(testTime.Add(time.Duration(n) * time.Second)))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), n+i)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n+1)
	case reflect.String:
		v.SetString(fmt.Sprintf("=é\u202e|%d'", n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int64:
		v.SetInt(int64(n) << 33)
	}
}

// Every row type comes back as it was put: full, empty, and with nulls told from empty lists.
func TestEveryDatasetRoundTrips(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	rows := map[Dataset][]any{}
	err := s.Derive(ctx, "v1", func(d *Deriver) error {
		for _, rt := range rowTypes {
			full, null, empty := reflect.New(rt.typ).Elem(), reflect.New(rt.typ).Elem(), reflect.New(rt.typ).Elem()
			fill(full, 1)
			for i := range empty.NumField() {
				if f := empty.Field(i); f.Kind() == reflect.Slice {
					f.Set(reflect.MakeSlice(f.Type(), 0, 0))
				}
			}
			l := layouts()[rt.typ]
			empty.FieldByIndex(l.index[l.keys[0]]).SetString("a")
			for _, r := range []reflect.Value{null, full, empty} {
				rows[rt.set] = append(rows[rt.set], r.Interface())
				if err := d.Put(ctx, r.Interface()); err != nil {
					return err
				}
			}
			if err := d.PutCoverage(ctx, Coverage{Dataset: rt.set, State: CoveragePartial, Rows: d.Rows(rt.set), Expected: 3, Collected: 2, Failed: 1, Reasons: []Reason{{Cause: ServiceError, Detail: "x", Count: 1}}}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range Datasets() {
		got := map[string]any{}
		for r, err := range s.Dataset(ctx, d) {
			if err != nil {
				t.Fatal(err)
			}
			got[Key(r)] = r
		}
		for _, want := range rows[d] {
			if !reflect.DeepEqual(got[Key(want)], want) {
				t.Errorf("%s:\n got %#v\nwant %#v", d, got[Key(want)], want)
			}
		}
		c, err := s.Coverage(ctx, d)
		if err != nil || c.State != CoveragePartial || c.Rows != 3 || len(c.Reasons) != 1 {
			t.Errorf("%s: coverage %+v, %v", d, c, err)
		}
	}
	if ok, err := s.Derived(ctx, "v1"); !ok || err != nil {
		t.Errorf("Derived = %v, %v", ok, err)
	}
	if ok, _ := s.Derived(ctx, "v2"); ok {
		t.Error("tables of other rules count as derived")
	}
	if err := s.Commit(ctx, Write{Unit: UnitID{Source: "graph/users"}, Result: Result{State: Complete}}); err != nil {
		t.Fatal(err)
	}
	if ok, _ := s.Derived(ctx, "v1"); ok {
		t.Error("tables count as derived although raw rows were added")
	}
}

// A Derive that fails leaves the tables of the one before.
func TestFailedDeriveKeepsTheOldTables(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	put := func(name string, fail error) error {
		return s.Derive(ctx, "v1", func(d *Deriver) error {
			if err := d.Put(ctx, RemoteDomain{Name: name}); err != nil {
				return err
			}
			return fail
		})
	}
	if err := put("first", nil); err != nil {
		t.Fatal(err)
	}
	boom := errors.New("boom")
	if err := put("second", boom); !errors.Is(err, boom) {
		t.Fatalf("Derive = %v, want boom", err)
	}
	var names []string
	for r, err := range All[RemoteDomain](ctx, s) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, r.Name)
	}
	if len(names) != 1 || names[0] != "first" {
		t.Errorf("rows = %q, want the first", names)
	}
}

func TestWalkCrossesChunksInKeyOrder(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	const n = 2*chunkRows + 7
	if err := s.Derive(ctx, "v1", func(d *Deriver) error {
		for i := range n {
			if err := d.Put(ctx, FolderPermission{Mailbox: fmt.Sprintf("m%04d", (i*7919)%n), FolderID: "f", TrusteeRef: TrusteeRef{Trustee: "t"}}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	i := 0
	for r, err := range All[FolderPermission](ctx, s) {
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("m%04d", i); r.Mailbox != want {
			t.Fatalf("row %d is %s, want %s", i, r.Mailbox, want)
		}
		i++
	}
	if i != n {
		t.Errorf("%d rows, want %d", i, n)
	}
}

func TestAnUncoveredDatasetIsNeverComplete(t *testing.T) {
	c, err := newStore(t).Coverage(t.Context(), InboxRules)
	if err != nil || c.State != CoverageSkipped {
		t.Errorf("coverage of a fresh store = %+v, %v; want skipped", c, err)
	}
}

func TestKeyTellsRowsApart(t *testing.T) {
	a := Key(MailboxPermission{Mailbox: "m|x", TrusteeRef: TrusteeRef{Trustee: "y"}})
	b := Key(MailboxPermission{Mailbox: "m", TrusteeRef: TrusteeRef{Trustee: "x|y"}})
	if a == b {
		t.Errorf("two rows share the key %q", a)
	}
	if want := "m%7Cx|y||false|false"; a != want {
		t.Errorf("Key = %q, want %q", a, want)
	}
}

func TestFilesAreForTheOwnerOnly(t *testing.T) {
	s := newStore(t)
	if err := s.SetMeta(t.Context(), "tenant", Tenant{ID: "t"}); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal"} {
		st, err := os.Stat(s.Path() + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if st.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o, want 600", suffix, st.Mode().Perm())
		}
	}
	v, err := s.View(t.Context())
	if err != nil || v.Tenant().ID != "t" {
		t.Errorf("View = %+v, %v", v, err)
	}
}
