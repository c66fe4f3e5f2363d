package snapshot

import (
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// stored makes a snapshot with one unit in it and returns it open.
func stored(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Create(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), Write{Unit: UnitID{"exo/Get-Mailbox", ""}, Result: Result{State: Complete, Expected: -1},
		Pages: []Page{{Key: "000001", At: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), Rows: []byte(`[{"a":1}]`), Count: 1}}}); err != nil {
		t.Fatal(err)
	}
	return s
}

// look is everything in a folder, by content.
func look(t *testing.T, dir string) map[string][32]byte {
	t.Helper()
	out := map[string][32]byte{}
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = sha256.Sum256(b)
	}
	return out
}

func same(t *testing.T, what string, got, want map[string][32]byte) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d files, want %d", what, len(got), len(want))
	}
	for name, sum := range want {
		if got[name] != sum {
			t.Errorf("%s: %s changed", what, name)
		}
	}
}

// A finished snapshot is read where it lies, and neither it nor its folder changes.
func TestOpenReadOnlyLeavesAFinishedSnapshotAlone(t *testing.T) {
	dir, temp := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("TMP", temp)
	path := filepath.Join(dir, "a?b#c%20.db")
	if err := stored(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	before := look(t, dir)
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	s, err := OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, err := range s.Rows(t.Context(), "exo/Get-Mailbox") {
		if err != nil {
			t.Fatal(err)
		}
		rows++
	}
	if rows != 1 {
		t.Errorf("%d rows, want 1", rows)
	}
	if err := s.SetMeta(t.Context(), "run", 1); err == nil {
		t.Error("it was written to")
	}
	second, err := OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatalf("a second reader: %v", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if w, err := Resume(t.Context(), path); !errors.Is(err, ErrLocked) {
		t.Errorf("a writer beside a reader: %v", err)
		if err == nil {
			_ = w.Close()
		}
	}
	if list, err := os.ReadDir(temp); err != nil || len(list) > 0 {
		t.Errorf("%d private copies, %v", len(list), err)
	}
	if err := errors.Join(s.Close(), second.Close()); err != nil {
		t.Error(err)
	}
	same(t, "finished", look(t, dir), before)
	w, err := Resume(t.Context(), path)
	if err != nil {
		t.Fatalf("after the readers: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

// What a killed run left is read with its log, from a copy.
func TestOpenReadOnlyOfACutRun(t *testing.T) {
	dir, cut := t.TempDir(), t.TempDir()
	s := stored(t, filepath.Join(dir, "x.db"))
	for _, suffix := range []string{"", "-wal"} { // as a kill would leave it
		if err := copyFile(filepath.Join(dir, "x.db")+suffix, filepath.Join(cut, "x.db")+suffix); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	before := look(t, cut)
	r, err := OpenReadOnly(t.Context(), filepath.Join(cut, "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	if l, known, err := r.Unit(t.Context(), UnitID{"exo/Get-Mailbox", ""}); err != nil || !known || l.State != Complete {
		t.Errorf("unit %+v, %t, %v", l, known, err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	same(t, "cut", look(t, cut), before)
}

func TestOpenReadOnlyRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.db")
	if err := stored(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string][]byte{"empty": nil, "text": []byte("hello"), "cut": whole[:len(whole)/2], "head only": whole[:100]} {
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := OpenReadOnly(t.Context(), path); !errors.Is(err, ErrNotSnapshot) {
			t.Errorf("%s: %v", name, err)
			if err == nil {
				_ = s.Close()
			}
		}
	}
	if _, err := OpenReadOnly(t.Context(), filepath.Join(dir, "no.db")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// What was taken over is counted from the ledger; what was left out does not count as missing.
func TestReusedIsCountedFromTheLedger(t *testing.T) {
	s := stored(t, filepath.Join(t.TempDir(), "x.db"))
	t.Cleanup(func() { _ = s.Close() })
	day := func(n int) time.Time { return time.Date(2026, 5, n, 0, 0, 0, 0, time.UTC) }
	put := func(key string, state State, detail string, pages ...int) {
		w := Write{Unit: UnitID{"exo/Get-MailboxPermission", key}, Reset: true, Result: Result{State: state, Detail: detail, Attempts: 2}}
		for _, n := range pages {
			w.Pages = append(w.Pages, Page{Key: string(rune('a' + n)), At: day(n), Rows: []byte(`[]`)})
		}
		if err := s.Commit(t.Context(), w); err != nil {
			t.Fatal(err)
		}
	}
	view := func() Run {
		v, err := s.View(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return v.Run()
	}
	put("a", Complete, ReusedPrefix+"read", 3, 4)
	put("b", Complete, ReusedPrefix+"read", 7)
	put("c", Complete, "", 9)
	put("d", Partial, ReusedPrefix+"not", 1)
	put("e", Skipped, "")
	put("f", Gone, "")
	if got := view().Reused; got != nil {
		t.Errorf("without an earlier snapshot: %+v", got)
	}
	if err := s.SetMeta(t.Context(), "run", Run{StartedAt: day(20), EarlierStartedAt: day(8)}); err != nil {
		t.Fatal(err)
	}
	want := Reused{Source: "exo/Get-MailboxPermission", Units: 2, Of: 4, Oldest: day(3), Newest: day(7), SnapshotStartedAt: day(8)}
	if got := view().Reused; len(got) != 1 || got[0] != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	put("a", Complete, "", 10)
	if got := view().Reused; len(got) != 1 || got[0].Units != 1 || got[0].Oldest != day(7) {
		t.Errorf("after one was read: %+v", got)
	}
}
