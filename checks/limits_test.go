package checks

import (
	"slices"
	"strings"
	"testing"
)

// Every limit names checks or areas that exist, and its text can stand in a report.
func TestLimitsNameWhatExists(t *testing.T) {
	var known []string
	for _, c := range All() {
		known = append(known, c.ID, c.Area())
	}
	seen := map[string]bool{}
	for _, l := range limits {
		if seen[l.ID] || l.ID == "" {
			t.Errorf("limit %q stands twice or has no id", l.ID)
		}
		seen[l.ID] = true
		if !strings.HasSuffix(l.Text, ".") || len(l.Checks) == 0 {
			t.Errorf("limit %s: %q for %v", l.ID, l.Text, l.Checks)
		}
		for _, c := range l.Checks {
			if !slices.Contains(known, c) {
				t.Errorf("limit %s names %q, which is no check and no area", l.ID, c)
			}
		}
	}
}

func TestLimitsOfChosenChecks(t *testing.T) {
	ids := func(names ...string) []string {
		list, err := Select(names, nil)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, l := range Limits(list) {
			out = append(out, l.ID)
		}
		return out
	}
	if got := ids("mail.inbox_rule_forwarding"); !slices.Contains(got, "state_not_history") || !slices.Contains(got, "rules_of_other_clients") || slices.Contains(got, "group_eligibility") {
		t.Errorf("limits of inbox rules: %v", got)
	}
	if got := ids("licence"); len(got) != 0 {
		t.Errorf("limits of licences: %v", got)
	}
}
