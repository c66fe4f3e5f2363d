package faketenant

import (
	"strings"
	"testing"
)

// A filter must mean the same with and without parentheses and double negation, and a
// value in quotes must be compared whole, whatever it holds.
func FuzzOPath(f *testing.F) {
	f.Add("RecipientTypeDetails -eq 'SharedMailbox'", "SharedMailbox")
	f.Add("(A -eq 'x' -or B -like '*y*') -and -not C -ne $null", "it's -eq 'x'")
	f.Add("-not -not (A -eq \"\")", "a*b")
	f.Add("A -eq 'x", "$null")
	f.Add("((((", ")")
	f.Fuzz(func(t *testing.T, filter, value string) {
		if len(filter) > 1000 {
			return
		}
		get := func(name string) (string, bool) {
			switch strings.ToLower(name) {
			case "a":
				return value, true
			case "b":
				return "why", true
			}
			return "", false
		}
		plain, fail := parseOPath(filter)
		wrapped, fail2 := parseOPath("(" + filter + ")")
		negated, fail3 := parseOPath("-not -not (" + filter + ")")
		if fail == nil && (fail2 != nil || fail3 != nil) {
			t.Fatalf("%q is read, and not in parentheses", filter)
		}
		if fail == nil && (plain(get) != wrapped(get) || plain(get) != negated(get)) {
			t.Errorf("%q means something else in parentheses", filter)
		}
		quoted := "'" + strings.ReplaceAll(value, "'", "''") + "'"
		for op, want := range map[string]bool{"-eq": true, "-ne": false} {
			is, fail := parseOPath("A " + op + " " + quoted)
			if fail != nil {
				t.Fatalf("A %s %s is not read", op, quoted)
			}
			if got := is(get); got != want {
				t.Errorf("A %s %s is %t for %q", op, quoted, got, value)
			}
			if op == "-eq" && is(func(string) (string, bool) { return value + "x", true }) {
				t.Errorf("A -eq %s is true for %q", quoted, value+"x")
			}
		}
	})
}

func TestFiltersThatAreRefused(t *testing.T) {
	for filter, want := range map[string]bool{
		"A -eq 'x'": true, "A -eq 'it''s'": true, "A -eq 'x": false, "A -eq 'x''": false, `A -eq "x'`: false, "(A -eq 'x'": false, "": false,
	} {
		if _, fail := parseOPath(filter); (fail == nil) != want {
			t.Errorf("%q: read %t, want %t", filter, fail == nil, want)
		}
	}
	is, fail := parseOPath("A -eq '$null'")
	if fail != nil || !is(func(string) (string, bool) { return "$null", true }) || is(func(string) (string, bool) { return "", true }) {
		t.Error("a quoted $null is a text")
	}
}
