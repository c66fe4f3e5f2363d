package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"tenantaudit/checks"
	"tenantaudit/internal/facts"
	"tenantaudit/internal/faketenant"
	"tenantaudit/internal/requirements"
)

// held turns a printed grant into what the simulator gives.
func held(g requirements.Grant) *faketenant.Grant {
	out := &faketenant.Grant{Graph: g.GraphPermissions, ExchangeAPI: len(g.ExchangePermissions) > 0, ExchangeRoles: g.ExchangeRoles}
	for _, c := range g.CustomRoles {
		out.Cmdlets = append(out.Cmdlets, c.Cmdlets...)
	}
	return out
}

// without are the grants that lack one thing, by that one thing in words.
func without(g requirements.Grant) map[string]requirements.Grant {
	out := map[string]requirements.Grant{}
	lacking := func(list []string, name string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == name })
	}
	for _, p := range g.GraphPermissions {
		less := g
		less.GraphPermissions = lacking(g.GraphPermissions, p)
		out[requirements.Grant{GraphPermissions: []string{p}}.String()] = less
	}
	for _, p := range g.ExchangePermissions {
		less := g
		less.ExchangePermissions = nil
		out[requirements.Grant{ExchangePermissions: []string{p}}.String()] = less
	}
	for _, r := range g.ExchangeRoles {
		less := g
		less.ExchangeRoles = lacking(g.ExchangeRoles, r)
		out[requirements.Grant{ExchangeRoles: []string{r}}.String()] = less
	}
	for i, c := range g.CustomRoles {
		for _, name := range c.Cmdlets {
			less := g
			less.CustomRoles = slices.Clone(g.CustomRoles)
			less.CustomRoles[i].Cmdlets = lacking(c.Cmdlets, name)
			out[requirements.Grant{CustomRoles: []requirements.CustomRole{{Parent: c.Parent, Cmdlets: []string{name}}}}.String()] = less
		}
	}
	return out
}

// printed is what preflight --print-grant prints for checks.
func printed(t *testing.T, checks ...string) requirements.Grant {
	t.Helper()
	code, out, errs := tenantaudit(t, t.Context(), append([]string{"preflight", "--print-grant", "--format", "json"}, chosen(checks)...)...)
	if code != exitOK {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	var d grantDocument
	if err := json.Unmarshal([]byte(out), &d); err != nil {
		t.Fatal(err)
	}
	if d.Grant.Kind != facts.Application || d.Grant.DirectoryRole != "" {
		t.Fatalf("the grant of an application: %+v", d.Grant)
	}
	return d.Grant
}

// What --print-grant prints for a check is enough for it, and each thing in it is there for
// a reason: without it preflight names exactly that one, and the audit passes nothing that it needs.
func TestThePrintedGrantIsEnoughAndNoMore(t *testing.T) {
	bin := shipped(t)
	grants, groups := map[string]requirements.Grant{}, map[string][]string{}
	var keys []string
	for _, c := range checks.All() {
		g := printed(t, c.ID)
		key := g.String()
		if grants[key] = g; groups[key] == nil {
			keys = append(keys, key)
		}
		groups[key] = append(groups[key], c.ID)
	}
	for _, key := range keys {
		t.Run(groups[key][0], func(t *testing.T) {
			t.Parallel()
			full := newTrial(t, bin, faketenant.Options{Grant: held(grants[key])})
			said, came := full.foretold(t, groups[key]...), full.audited(t, groups[key]...)
			agree(t, said, came)
			for id, c := range said {
				if c.State != requirements.Works || c.Grant != "" || len(c.Notes) > 0 {
					t.Errorf("%s with its grant (%s): %s, %v, to grant %q, %v", id, key, c.State, c.Why, c.Grant, c.Notes)
				}
			}
			for element, less := range without(grants[key]) {
				t.Run(element, func(t *testing.T) {
					lacks(t, newTrial(t, bin, faketenant.Options{Grant: held(less)}), element, came, groups[key])
				})
			}
		})
	}
}

// lacks looks without one element of a grant.
func lacks(t *testing.T, r *trial, element string, before map[string]resultLine, checks []string) {
	said, came := r.foretold(t, checks...), r.audited(t, checks...)
	agree(t, said, came)
	for _, id := range checks {
		switch c := said[id]; c.State {
		case requirements.Works:
			if !slices.ContainsFunc(c.Notes, func(n string) bool { return strings.Contains(n, "names or details") }) {
				t.Errorf("%s works, and nothing is said of what is lacking: %v", id, c.Notes)
			}
			if before[id].Status != came[id].Status {
				t.Errorf("%s: %s before, %s (%s) now", id, before[id].Status, came[id].Status, came[id].Cause)
			}
		default:
			if c.Grant != element || len(c.Why) == 0 {
				t.Errorf("%s is %s (%v) and asks for %q", id, c.State, c.Why, c.Grant)
			}
			t.Logf("%s %s audit %s", id, c.State, came[id].Status)
		}
	}
}
