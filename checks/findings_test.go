package checks

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"
)

func TestPackedFindingsComeBackAsTheyWereInTheOrderOfAReview(t *testing.T) {
	when := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	values := []any{nil, "text", "", "\xff<U+202E>", true, false, 0, -7, int64(1) << 60, 1.5, []string{"a", ""}, []string{}, []string(nil),
		map[string]any{"x": []string{"y"}, "n": nil}, map[string]any{}, map[string]any(nil), map[string]string{"k": "v"}, map[string]string(nil), map[string]int{"k": 3}, []int{1}, when,
		struct{ A int }{3}}
	var list []Finding
	for i := range 1500 {
		details := map[string]any{"n": i}
		for k, v := range values {
			if (i+k)%5 == 0 {
				details[fmt.Sprintf("v%d", k)] = v
			}
		}
		f := Finding{ID: fmt.Sprintf("id-%d", i), Check: []string{"b.two", "a.one", "c.three"}[i%3], Severity: []Severity{Low, Critical, Info, High, Medium}[i%5],
			Subject: Subject{Type: "mailbox", ID: fmt.Sprintf("s-%d", i), Name: fmt.Sprintf("Zoë %d", i%40)}, Summary: "says " + fmt.Sprint(i), Details: details}
		for e := range i % 3 {
			f.Evidence = append(f.Evidence, Evidence{"mailboxes", fmt.Sprintf("%d|%d", i, e)})
		}
		list = append(list, f)
	}
	want := slices.Clone(list)
	slices.SortStableFunc(want, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), cmp.Compare(a.Check, b.Check), cmp.Compare(a.Subject.Name, b.Subject.Name), cmp.Compare(a.Subject.ID, b.Subject.ID))
	})
	p := PackFindings(list)
	for range 2 { // they can be walked again
		got := slices.Collect(p.All())
		if len(got) != len(want) || p.Len() != len(want) {
			t.Fatalf("%d findings came back, %d were packed, %d added", len(got), p.Len(), len(want))
		}
		for i := range want {
			if !reflect.DeepEqual(got[i], want[i]) {
				t.Fatalf("finding %d came back as\n%#v\nand was\n%#v", i, got[i], want[i])
			}
		}
	}
	n := 0
	for check, of := range p.Count() {
		for s, k := range of {
			n += k
			for _, f := range list {
				if f.Check == check && f.Severity == s {
					k--
				}
			}
			if k != 0 {
				t.Errorf("%s %s is counted %d too many", check, s, k)
			}
		}
	}
	if n != len(list) {
		t.Errorf("%d counted, %d added", n, len(list))
	}
}

func TestFindingsThatEndEarlyAndNone(t *testing.T) {
	for range (&Findings{}).All() {
		t.Error("a finding of none")
	}
	p := PackFindings([]Finding{{ID: "1", Check: "a"}, {ID: "2", Check: "a"}})
	for f := range p.All() {
		if f.ID != "1" {
			t.Error(f.ID)
		}
		break
	}
}
