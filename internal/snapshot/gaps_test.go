package snapshot

import (
	"fmt"
	"path/filepath"
	"reflect"
	"testing"
)

func TestMailboxGapsRoundTripInOrder(t *testing.T) {
	s := newStore(t)
	var want []MailboxGap
	for i := range chunkRows + 5 {
		want = append(want, MailboxGap{Mailbox: fmt.Sprint(9000 - i), Address: fmt.Sprintf("m%05d@x.example", i), Datasets: []Dataset{InboxRules}, Cause: ServiceError, Detail: "a", Unforeseen: i%2 == 1, Foreseen: i%3 == 0})
	}
	// The same mailbox for another cause, and one without an address.
	want = append([]MailboxGap{{Mailbox: "z", Datasets: []Dataset{InboxRules, FolderPermissions}, Cause: CauseThrottled}}, want...)
	want = append(want, want[len(want)-1])
	want[len(want)-1].Detail = "b"
	put := func() error {
		return s.Derive(t.Context(), "v1", func(d *Deriver) error {
			for i := range want {
				if err := d.PutMailboxGap(t.Context(), want[len(want)-1-i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for range 2 { // derived again, none is left over
		if err := put(); err != nil {
			t.Fatal(err)
		}
	}
	v, err := s.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []MailboxGap
	for g, err := range v.MailboxGaps() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, g)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%d gaps, want %d in order", len(got), len(want))
	}
}

// A snapshot of an earlier version has no such table and a narrower one of coverage.
func TestASnapshotOfAnEarlierVersionOpens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "snapshot.db")
	s, err := Create(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.exec(t.Context(), `DROP TABLE mailboxGap; DROP TABLE coverage; CREATE TABLE coverage(dataset TEXT PRIMARY KEY, state TEXT NOT NULL, rows INTEGER NOT NULL,
		expected INTEGER NOT NULL, collected INTEGER NOT NULL, failed INTEGER NOT NULL, reasons TEXT NOT NULL) STRICT, WITHOUT ROWID; INSERT INTO coverage VALUES('skus','complete',1,1,1,0,'[]')`); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = OpenSnapshot(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	v, err := s.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range v.MailboxGaps() {
		t.Error("a gap, or an error, of a table that is not there")
	}
	if err := s.Derive(t.Context(), "v2", func(d *Deriver) error {
		return d.PutCoverage(t.Context(), Coverage{Dataset: SKUs, State: CoveragePartial, Units: Units{Denied: 3, Gone: 1}})
	}); err != nil {
		t.Fatal(err)
	}
	if c, err := s.Coverage(t.Context(), SKUs); err != nil || c.State != CoveragePartial || c.Units != (Units{Denied: 3, Gone: 1}) {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestReopenPlansOnlyWhatIsAskedFor(t *testing.T) {
	s := newStore(t)
	for key, state := range map[string]State{"a": Denied, "b": Complete, "c": Denied, "d": Failed} {
		if err := s.Commit(t.Context(), Write{Unit: UnitID{Source: "exo/x", Key: key}, Pages: []Page{page("000001", `{"id":1}`)}, Result: Result{State: state, Cause: MissingPrivilege, Detail: "no"}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Commit(t.Context(), Write{Unit: UnitID{Source: "exo/y", Key: "a"}, Result: Result{State: Denied}}); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Reopen(t.Context(), "exo/x", Denied); n != 2 || err != nil {
		t.Errorf("%d units, %v", n, err)
	}
	for id, want := range map[UnitID]State{{"exo/x", "a"}: Planned, {"exo/x", "b"}: Complete, {"exo/x", "c"}: Planned, {"exo/x", "d"}: Failed, {"exo/y", "a"}: Denied} {
		l, known, err := s.Unit(t.Context(), id)
		if err != nil || !known || l.State != want || want == Planned && (l.Cause != "" || l.Detail != "" || l.Rows != 1) {
			t.Errorf("%v: %+v, want %s with its pages (%v)", id, l, want, err)
		}
	}
}
