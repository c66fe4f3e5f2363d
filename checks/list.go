package checks

import (
	"fmt"
	"slices"
	"strings"
)

// list is every check, in the order of reports: by area, and within an area as
// one reads them.
func list() []Check {
	return slices.Concat(licenceChecks(), auditChecks(), mailChecks(), delegationChecks(), oauthChecks(), rolesChecks())
}

// All returns every check, in the order of reports.
func All() []Check { return list() }

// Get returns the check with an ID.
func Get(id string) (Check, bool) {
	for _, c := range list() {
		if c.ID == id {
			return c, true
		}
	}
	return Check{}, false
}

// Areas returns the areas, in the order of reports.
func Areas() []string {
	var areas []string
	for _, c := range list() {
		if !slices.Contains(areas, c.Area()) {
			areas = append(areas, c.Area())
		}
	}
	return areas
}

// Select returns the checks that include names, less those that exclude names,
// in the order of All. A name is the ID of a check or an area; case and blanks
// around it do not matter. An empty include means all. An unknown name is an
// error that offers the names it may have meant.
func Select(include, exclude []string) ([]Check, error) {
	in, err := matcher(include)
	if err != nil {
		return nil, err
	}
	out, err := matcher(exclude)
	if err != nil {
		return nil, err
	}
	var chosen []Check
	for _, c := range list() {
		if (len(in) == 0 || in[c.ID] || in[c.Area()]) && !out[c.ID] && !out[c.Area()] {
			chosen = append(chosen, c)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no check is left after leaving out %s", strings.Join(exclude, ", "))
	}
	return chosen, nil
}

// matcher checks names and returns them as a set, folded.
func matcher(names []string) (map[string]bool, error) {
	known := Areas()
	for _, c := range list() {
		known = append(known, c.ID)
	}
	set := map[string]bool{}
	for _, n := range names {
		folded := strings.ToLower(strings.TrimSpace(n))
		if folded == "" {
			continue
		}
		if !slices.Contains(known, folded) {
			if near := nearest(folded, known); len(near) > 0 {
				return nil, fmt.Errorf("no check or area %q; did you mean %s?", n, strings.Join(near, " or "))
			}
			return nil, fmt.Errorf("no check or area %q; areas are %s", n, strings.Join(Areas(), ", "))
		}
		set[folded] = true
	}
	return set, nil
}

// nearest returns up to three known names that are a slip of the pen away from
// name, or that hold it, nearest first.
func nearest(name string, known []string) []string {
	type near struct {
		name string
		far  int
	}
	var list []near
	for _, k := range known {
		far := distance(name, k)
		if len(name) >= 4 && strings.Contains(k, name) {
			far = min(far, 1)
		}
		if far <= max(1, len(name)/3) {
			list = append(list, near{k, far})
		}
	}
	slices.SortStableFunc(list, func(a, b near) int { return a.far - b.far })
	var names []string
	for _, n := range list[:min(3, len(list))] {
		names = append(names, n.name)
	}
	return names
}

// distance is the Levenshtein distance of two names, in bytes.
func distance(a, b string) int {
	previous := make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(previous[j+1]+1, row[j]+1, previous[j]+cost)
		}
		previous = row
	}
	return previous[len(b)]
}
