package faketenant

import (
	"fmt"
	"slices"
	"strings"
)

// Grant is what the signed-in identity was given in the tenant. Tokens, the list of
// cmdlets, /me and every refusal follow from it. The tenant's own lists show the directory
// roles of the identity; the consents that they show stay as they are.
type Grant struct {
	// Graph are permissions of Microsoft Graph: scopes of a person, app roles of an application.
	Graph []string
	// Roles are template ids of directory roles.
	Roles []string
	// ExchangeAPI: Exchange.Manage or Exchange.ManageAsApp is consented to.
	ExchangeAPI bool
	// ExchangeOther are further permissions of the Exchange resource, "full_access_as_app".
	ExchangeOther []string
	// ExchangeRoles are management roles, held through a role group.
	ExchangeRoles []string
	// Cmdlets are the cmdlets of a custom management role.
	Cmdlets []string
}

// check refuses names that nothing here knows: they would grant nothing, in silence.
func (g *Grant) check() error {
	for _, id := range g.Roles {
		if !slices.ContainsFunc(builtInRoles, func(r *directoryRole) bool { return strings.EqualFold(r.id, id) }) {
			return fmt.Errorf("faketenant: directory role %q is not known", id)
		}
	}
	for _, r := range g.ExchangeRoles {
		if !knownManagementRole(r) {
			return fmt.Errorf("faketenant: Exchange role %q is not known", r)
		}
	}
	for _, c := range g.Cmdlets {
		if _, reads := findCmdlet(c); !reads && !slices.Contains(changingCmdlets, c) {
			return fmt.Errorf("faketenant: cmdlet %q is not known", c)
		}
	}
	return nil
}

// carries are the permissions in the identity's token for a service.
func (t *Tenant) carries(exchange, person bool) []string {
	g := t.opt.Grant
	api := "Exchange.ManageAsApp"
	if person {
		api = "Exchange.Manage"
	}
	switch {
	case g == nil && exchange:
		return []string{api}
	case g == nil:
		return slices.Clone(readerPermissions)
	case !exchange:
		out := slices.Clone(g.Graph)
		slices.Sort(out)
		return out
	case g.ExchangeAPI:
		return append([]string{api}, g.ExchangeOther...)
	}
	return slices.Clone(g.ExchangeOther)
}

// roles are the template ids of the identity's directory roles.
func (t *Tenant) roles() []string {
	if g := t.opt.Grant; g != nil {
		return slices.Clone(g.Roles)
	}
	return []string{roleGlobalReader.id}
}

// identityRoles gives the auditing identity the roles of the grant.
func (c *crew) identityRoles(to *principal) {
	for _, id := range c.opt.Grant.Roles {
		for _, r := range builtInRoles {
			if !strings.EqualFold(r.id, id) {
				continue
			}
			h := c.hold(r, to, false, "/")
			if c.clean {
				h.until = reviewEnds
			}
		}
	}
}

// permissions are what the token carries.
func (c claims) permissions() []string { return append(strings.Fields(c.Scopes), c.Roles...) }

// person reports whether the token belongs to a person.
func (c claims) person() bool { return c.Type == "user" }
