package requirements

import (
	"slices"
	"strings"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

// Grant is what an identity is given so that it can read, and nothing beyond.
type Grant struct {
	Kind facts.Kind `json:"kind"`
	// GraphPermissions are scopes of a person or app roles of an application.
	GraphPermissions []string `json:"graphPermissions"`
	// ExchangePermissions open the admin API; they give nothing without a role.
	ExchangePermissions []string `json:"exchangePermissions"`
	// DirectoryRole is what Microsoft Graph asks of a person beside the permissions; "" for none.
	DirectoryRole string `json:"directoryRole"`
	// ExchangeRoles are view-only management roles, given through a role group.
	ExchangeRoles []string `json:"exchangeRoles"`
	// CustomRoles hold what no view-only role holds.
	CustomRoles []CustomRole `json:"customRoles"`
}

// CustomRole is a management role cut down to cmdlets that read.
type CustomRole struct {
	Parent  string   `json:"parent"`
	Cmdlets []string `json:"cmdlets"`
}

// Empty reports whether nothing has to be granted.
func (g Grant) Empty() bool {
	return len(g.GraphPermissions)+len(g.ExchangePermissions)+len(g.ExchangeRoles)+len(g.CustomRoles) == 0 && g.DirectoryRole == ""
}

// String is the grant in one line.
func (g Grant) String() string { return strings.Join(g.Parts(), "; ") }

// Parts are the parts of the grant in words.
func (g Grant) Parts() []string {
	var parts []string
	if len(g.GraphPermissions) > 0 {
		parts = append(parts, "Graph permission "+strings.Join(g.GraphPermissions, ", "))
	}
	if g.DirectoryRole != "" {
		parts = append(parts, "directory role "+g.DirectoryRole)
	}
	if len(g.ExchangePermissions) > 0 {
		parts = append(parts, "Exchange permission "+strings.Join(g.ExchangePermissions, ", "))
	}
	if len(g.ExchangeRoles) > 0 {
		parts = append(parts, "Exchange role "+strings.Join(g.ExchangeRoles, ", ")+" (in a role group)")
	}
	for _, c := range g.CustomRoles {
		parts = append(parts, "a custom Exchange role of "+c.Parent+" that keeps "+strings.Join(c.Cmdlets, ", "))
	}
	return parts
}

// Held is what an identity has already.
type Held struct {
	Kind        facts.Kind
	Permissions []string // of Microsoft Graph
	Roles       []string // template ids of directory roles
	// Cmdlets are those that Exchange lets it run, in lower case; nil: not known.
	Cmdlets map[string]bool
	// ShutOut: Exchange does not let the identity in at all. Exchange are the permissions
	// of its token there.
	ShutOut  bool
	Exchange []string
}

// OpensExchange reports whether one of the permissions opens the admin API. Tokens of
// Microsoft's own client carry the last three.
func OpensExchange(permissions []string) bool {
	return overlap(permissions, []string{ExchangeApp, ExchangePerson, "AdminApi.AccessAsUser.All", "RemotePowerShell.AccessAsUser.All", "FfoPowerShell.AccessAsUser.All"})
}

// Least is the smallest grant that reads the datasets: of several ways the one with the
// narrower permissions.
func Least(kind facts.Kind, sets []snapshot.Dataset) Grant {
	return missing(Held{Kind: kind, Cmdlets: map[string]bool{}}, Needed(sets), true)
}

// Missing is the smallest addition to what is held that reads the sources, as far as the
// table tells. A source that was refused although everything is held gives nothing.
func Missing(held Held, sources []snapshot.Source) Grant { return missing(held, rows(sources), false) }

func missing(held Held, needed []Requirement, fresh bool) Grant {
	g := Grant{Kind: held.Kind, GraphPermissions: []string{}, ExchangePermissions: []string{}, ExchangeRoles: []string{}, CustomRoles: []CustomRole{}}
	var permissions, viewOnly [][]string
	var byHolder [][]string
	var cut []Requirement
	roles := slices.Clone(sizes)
	needsRole := false
	for _, r := range needed {
		if !r.applies(held.Kind) {
			continue
		}
		if r.Service == Graph {
			permissions = append(permissions, r.permissions())
			if r.NeedsRole && held.Kind == facts.Delegated && !sufficient(held.Roles, r.Roles) {
				needsRole = true
				roles = slices.DeleteFunc(roles, func(id string) bool { return !slices.Contains(r.Roles, id) })
			}
			continue
		}
		switch {
		case r.Cmdlet == "" || held.Cmdlets == nil || held.Cmdlets[strings.ToLower(r.Cmdlet)]:
		case len(r.ViewOnly) > 0:
			viewOnly = append(viewOnly, r.ViewOnly)
		default:
			byHolder, cut = append(byHolder, r.Holders), append(cut, r)
		}
	}
	g.GraphPermissions = cover(permissions, held.Permissions)
	g.ExchangeRoles = cover(viewOnly, nil)
	if needsRole && len(roles) > 0 {
		g.DirectoryRole = roleName(roles[0])
	}
	g.CustomRoles = customRoles(cut, cover(byHolder, nil))
	if (fresh || held.ShutOut && !OpensExchange(held.Exchange)) && slices.ContainsFunc(needed, func(r Requirement) bool { return r.Service == Exchange }) {
		g.ExchangePermissions = []string{exchangePermission(held.Kind)}
	}
	return g
}

func exchangePermission(kind facts.Kind) string {
	if kind == facts.Application {
		return ExchangeApp
	}
	return ExchangePerson
}

// sufficient reports whether one of the roles that are held is among the wanted, or
// includes them all.
func sufficient(held, wanted []string) bool {
	return slices.ContainsFunc(held, func(id string) bool {
		return slices.Contains(wanted, id) || id == globalAdministrator || id == facts.GlobalReader
	})
}

func roleName(id string) string {
	if r, ok := facts.Role(id); ok {
		return r.Name
	}
	return id
}

// cover chooses names so that each item has one of its options, the first of which is
// the one to prefer. It begins with all first options and takes away, from the widest to
// the narrowest, those that the others make needless. What is held costs nothing.
func cover(items [][]string, held []string) []string {
	items = slices.DeleteFunc(slices.Clone(items), func(options []string) bool { return overlap(options, held) })
	chosen := []string{}
	for _, options := range items {
		if len(options) > 0 && !slices.Contains(chosen, options[0]) {
			chosen = append(chosen, options[0])
		}
	}
	width := func(name string) (n int) {
		for _, options := range items {
			if slices.Contains(options, name) {
				n++
			}
		}
		return n
	}
	order := slices.Clone(chosen)
	slices.SortFunc(order, func(a, b string) int {
		if d := width(b) - width(a); d != 0 {
			return d
		}
		return compare(a, b)
	})
	for _, name := range order {
		rest := slices.DeleteFunc(slices.Clone(chosen), func(s string) bool { return s == name })
		if !slices.ContainsFunc(items, func(options []string) bool { return len(options) > 0 && !overlap(options, rest) }) {
			chosen = rest
		}
	}
	slices.Sort(chosen)
	return chosen
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool {
		return slices.ContainsFunc(b, func(t string) bool { return strings.EqualFold(s, t) })
	})
}

// customRoles gives each cmdlet to the first parent that holds it.
func customRoles(cut []Requirement, parents []string) []CustomRole {
	out := []CustomRole{}
	for _, p := range parents {
		c := CustomRole{Parent: p}
		for _, r := range cut {
			taken := slices.ContainsFunc(out, func(o CustomRole) bool { return slices.Contains(o.Cmdlets, r.Cmdlet) })
			if slices.Contains(r.Holders, p) && !taken && !slices.Contains(c.Cmdlets, r.Cmdlet) {
				c.Cmdlets = append(c.Cmdlets, r.Cmdlet)
			}
		}
		if len(c.Cmdlets) > 0 {
			out = append(out, c)
		}
	}
	return out
}
