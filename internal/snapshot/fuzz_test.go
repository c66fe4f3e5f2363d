package snapshot

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// soundFile is a small snapshot as bytes, and every page in it.
func soundFile(f *testing.F) (file []byte, pages map[string]bool) {
	ctx := context.Background()
	path := filepath.Join(f.TempDir(), "snapshot.db")
	s, err := Create(ctx, path)
	if err != nil {
		f.Fatal(err)
	}
	pages = map[string]bool{}
	for u := range 3 {
		w := Write{Unit: UnitID{Source: "exo/Get-MailboxPermission", Key: fmt.Sprintf("1f0%d", u)}, Result: Result{State: Complete, Expected: -1, Attempts: 1}}
		for p := range 2 {
			pg := page(fmt.Sprintf("%06d", p+1), fmt.Sprintf(`{"User":"user%d@contoso.example","AccessRights":["FullAccess"],"n":%d}`, u, p), `{"User":"NT AUTHORITY\\SELF"}`)
			pages[string(pg.Rows)] = true
			w.Pages = append(w.Pages, pg)
		}
		if err := s.Commit(ctx, w); err != nil {
			f.Fatal(err)
		}
	}
	err = s.Derive(ctx, "v1", func(d *Deriver) error {
		return errors.Join(
			d.Put(ctx, AcceptedDomain{DomainName: "contoso.example"}),
			d.Put(ctx, Mailbox{Mailbox: "1f00", MailboxAddress: "user0@contoso.example"}),
			d.PutCoverage(ctx, Coverage{Dataset: Mailboxes, State: CoverageComplete, Rows: 1, Expected: 1, Collected: 1}))
	})
	if err := errors.Join(err, s.SetMeta(ctx, "tenant", Tenant{ID: "t"}), s.Close()); err != nil {
		f.Fatal(err)
	}
	if file, err = os.ReadFile(path); err != nil {
		f.Fatal(err)
	}
	return file, pages
}

// damage writes over the file: each six bytes of the patches are a place, and what to
// put there. A length cuts the end off.
func damage(file, patches []byte, length uint32) []byte {
	out := bytes.Clone(file)
	for ; len(patches) >= 6; patches = patches[6:] {
		at := int(binary.BigEndian.Uint32(patches)) % len(out)
		out[at] = patches[4]
		out[(at+1)%len(out)] = patches[5]
	}
	if length > 0 {
		out = out[:int(length)%(len(out)+1)]
	}
	return out
}

// A damaged file must be refused as one, or read without a fault: no crash, no endless
// walk, no page other than those that were stored, and not a byte of it changed.
func FuzzDamagedSnapshot(f *testing.F) {
	file, pages := soundFile(f)
	for _, at := range []uint32{0, 16, 18, 24, 28, 44, 52, 56, 60, 68, 96, 100, 103, 105, 108} {
		f.Add(binary.BigEndian.AppendUint32(nil, at), uint32(0))
		for _, v := range []byte{0, 1, 0x7f, 0xff} {
			f.Add(append(binary.BigEndian.AppendUint32(nil, at), v, v), uint32(0))
		}
	}
	for at := uint32(4096); int(at) < len(file); at += 1361 {
		f.Add(append(binary.BigEndian.AppendUint32(nil, at), 0xff, 0), uint32(0))
		f.Add([]byte(nil), at)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, patches []byte, length uint32) {
		broken := damage(file, patches, length)
		path := filepath.Join(dir, fmt.Sprintf("%d.db", os.Getpid()))
		if err := os.WriteFile(path, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
		defer stop()
		s, err := OpenSnapshot(ctx, path)
		if err == nil {
			readAll(ctx, t, s, pages)
			if err := s.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		} else if !errors.Is(err, ErrNotSnapshot) {
			t.Errorf("a damaged file gives %v, and not that it is no snapshot", err)
		}
		if ctx.Err() != nil {
			t.Error("the file took more than 20 seconds")
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, broken) {
			t.Errorf("the file was touched (%v)", err)
		}
		for _, suffix := range []string{"-wal", "-shm", "-journal"} {
			if _, err := os.Stat(path + suffix); err == nil {
				t.Errorf("%s was left behind", suffix)
			}
		}
	})
}

// readAll reads what checks and reports read. Errors end a walk, as they do there.
func readAll(ctx context.Context, t *testing.T, s *Store, pages map[string]bool) {
	t.Helper()
	if v, err := s.View(ctx); err == nil {
		_, _ = v.CoverageAll()
	}
	for _, d := range Datasets() {
		n := 0
		for _, err := range s.Dataset(ctx, d) {
			if n++; err != nil {
				break
			}
		}
		if n > 100 {
			t.Errorf("%s has %d rows, and one was stored", d, n)
		}
	}
	for u := range 3 {
		n := 0
		for p, err := range s.Pages(ctx, UnitID{Source: "exo/Get-MailboxPermission", Key: fmt.Sprintf("1f0%d", u)}) {
			if err != nil {
				break
			}
			if n++; !pages[string(p.Rows)] {
				t.Errorf("a page that nobody stored: %q", p.Rows)
			}
		}
		if n > 6 {
			t.Errorf("%d pages of a unit, and six were stored in all", n)
		}
	}
	for _, err := range s.Rows(ctx, "exo/Get-MailboxPermission") {
		if err != nil {
			break
		}
	}
}

// A value of a table, of whatever type a hostile file gives it, must be refused or come
// back as what it is.
func FuzzScan(f *testing.F) {
	for kind := range uint8(5) {
		f.Add(uint8(3), kind, kind, "2026-11-01T08:00:00Z", int64(1))
		f.Add(uint8(9), uint8(2), kind, `["a","b"]`, int64(-1))
		f.Add(uint8(9), uint8(4), kind, `[{"kind":"password","end":"10000-01-01T00:00:00Z"}]`, int64(1<<62))
	}
	for _, list := range []string{`[]`, `["a","b, c"]`, `["a\",\"b"]`, `["\u0061"]`, `[ "a"]`, `["a",]`, `["a"`, `[null]`, `["a","b"]]`, `["",""]`, `[""]`, `["a"b"]`, `null`} {
		f.Add(uint8(6), uint8(9), uint8(1), list, int64(0))
	}
	f.Fuzz(func(t *testing.T, set, column, kind uint8, text string, number int64) {
		rt := rowTypes[int(set)%len(rowTypes)]
		l := layouts()[rt.typ]
		vals := make([]any, len(l.cols))
		at := int(column) % len(vals)
		vals[at] = []any{nil, text, number, float64(number) / 3, []byte(text)}[kind%5]
		row := reflect.New(l.typ).Elem()
		if l.scan(row, vals) != nil {
			return
		}
		again, err := l.bind(row.Interface())
		if err != nil {
			t.Fatalf("%s.%s = %v was read and cannot be written: %v", l.set, l.cols[at].Name, vals[at], err)
		}
		for i, v := range again {
			if b, ok := v.([]byte); ok {
				t.Fatalf("%s.%s writes %q as bytes", l.set, l.cols[i].Name, b)
			}
		}
		second := reflect.New(l.typ).Elem()
		if err := l.scan(second, again); err != nil || !reflect.DeepEqual(row.Interface(), second.Interface()) {
			t.Errorf("%s.%s = %#v reads as %+v, and written again as %+v (%v)", l.set, l.cols[at].Name, vals[at], row.Interface(), second.Interface(), err)
		}
	})
}

// Lists of strings are read as encoding/json reads them, or not at all.
func FuzzPlainList(f *testing.F) {
	for _, s := range []string{`[]`, `["a"]`, `["a","b"]`, `["a\",\"b"]`, `["\u0061"]`, `[ "a"]`, `["a",]`, `["a"`, `[null]`, `["a","b"]]`, `["",""]`, `[""]`, `["a"b"]`, `[,]`, "[\"a\x00b\"]", "[\"\xff\"]", `["é"]`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var got, want []string
		if !plainList(text, &got) {
			return
		}
		if err := json.Unmarshal([]byte(text), &want); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q reads as %q, and as %q by encoding/json (%v)", text, got, want, err)
		}
	})
}

// A file in a folder of any name must be opened there and nowhere else.
func FuzzFilePath(f *testing.F) {
	for _, s := range []string{"plain", "a b", "100%", "%41", "x?mode=memory", "x#y", "é", `back\slash`, "&_pragma=x", "a%3fb", ":memory:", "file:x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") || len(name) > 100 {
			return
		}
		dir := filepath.Join(t.TempDir(), name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			return // no name for this file system
		}
		s, err := Create(t.Context(), filepath.Join(dir, name))
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		if err := errors.Join(s.SetMeta(t.Context(), "tenant", Tenant{ID: "t"}), s.Close()); err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		list, err := os.ReadDir(dir)
		if err != nil || len(list) != 1 || list[0].Name() != name {
			t.Fatalf("%q: the folder holds %v (%v)", name, list, err)
		}
		s, err = OpenSnapshot(t.Context(), filepath.Join(dir, name))
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		defer s.Close()
		var got Tenant
		if ok, err := s.Meta(t.Context(), "tenant", &got); !ok || err != nil || got.ID != "t" {
			t.Errorf("%q: read %+v, %t, %v", name, got, ok, err)
		}
	})
}

// A page whose length is not the one that was stored is damaged, an empty one too.
func TestPagesThatAreNotThoseStoredAreRefused(t *testing.T) {
	unit := UnitID{Source: "exo/Get-Mailbox"}
	for name, change := range map[string]string{
		"an empty page":  "UPDATE page SET raw=x'' WHERE key='000002'",
		"another length": "UPDATE page SET raw_len=raw_len+1 WHERE key='000002'",
	} {
		s := newStore(t)
		if err := s.Commit(t.Context(), Write{Unit: unit, Pages: []Page{page("000001", `{"a":1}`), page("000002", `{"a":2}`)}, Result: Result{State: Complete, Expected: -1}}); err != nil {
			t.Fatal(err)
		}
		if err := s.exec(t.Context(), change); err != nil {
			t.Fatal(err)
		}
		var last error
		n := 0
		for _, err := range s.Rows(t.Context(), unit.Source) {
			if last = err; err == nil {
				n++
			}
		}
		if last == nil || n != 0 {
			t.Errorf("%s: %d rows, %v", name, n, last)
		}
	}
}

// However well pages are packed, a reader holds a few of them at a time.
func TestPagesAreHeldWithinABound(t *testing.T) {
	s := newStore(t)
	unit := UnitID{Source: "exo/Get-Mailbox"}
	blanks := json.RawMessage("[" + strings.Repeat(" ", 3<<19) + "]")
	var id int64
	for n := range 5 {
		w := Write{Unit: unit, Pages: []Page{{Key: fmt.Sprintf("%06d", n), At: testTime, Status: 200, Rows: blanks}}, Result: Result{State: Partial, Expected: -1}}
		if err := s.Commit(t.Context(), w); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.conn.QueryRowContext(t.Context(), "SELECT id FROM unit").Scan(&id); err != nil {
		t.Fatal(err)
	}
	var counts []int
	after, more := "", true
	for more {
		chunk, m, err := s.unitPages(t.Context(), id, unit, after)
		if err != nil || len(chunk) == 0 {
			t.Fatalf("%d pages, %v", len(chunk), err)
		}
		counts, after, more = append(counts, len(chunk)), chunk[len(chunk)-1].page.Key, m
	}
	if !reflect.DeepEqual(counts, []int{3, 2}) {
		t.Errorf("read %v pages at a time, want 3 and 2", counts)
	}
}

// A file of this program with an unknown format, or without its tables, is refused as
// what it is, and not with words of the database.
func TestSnapshotThatTheDriverRefusesIsNoSnapshot(t *testing.T) {
	for name, change := range map[string]func(*Store) error{
		"a later format": nil,
		"no table meta":  func(s *Store) error { return s.exec(t.Context(), "DROP TABLE meta") },
	} {
		s := newStore(t)
		if change != nil {
			if err := change(s); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(s.Path())
		if err != nil {
			t.Fatal(err)
		}
		if change == nil {
			b[47] = 9 // the schema format number
		}
		path := filepath.Join(t.TempDir(), "snapshot.db")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		for how, open := range map[string]func(context.Context, string) (*Store, error){"read": OpenSnapshot, "resume": Resume} {
			if _, err := open(t.Context(), path); !errors.Is(err, ErrNotSnapshot) {
				t.Errorf("%s, %s: %v, want ErrNotSnapshot", name, how, err)
			}
		}
	}
}
