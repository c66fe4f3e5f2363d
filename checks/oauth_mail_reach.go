package checks

import (
	"cmp"
	"slices"
	"strings"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/permissions"
	"tenantaudit/internal/snapshot"
)

// mailPrefixes start the names of permissions on mailboxes; mailRoles are the
// other names.
var (
	mailPrefixes  = []string{"mail.", "mail-", "mailboxsettings.", "mailboxitem.", "mailboxfolder.", "calendars.", "contacts."}
	mailRoles     = []string{"full_access_as_app", "mailbox.migration"}
	protocolRoles = []string{"imap.accessasapp", "pop.accessasapp", "smtp.sendasapp"}
)

func protocolRole(permission string) bool { return containsFold(protocolRoles, permission) }

// mailPermission reports whether an app role lets an application at mailboxes.
func mailPermission(p oauthPermission) bool {
	switch p.resourceAppID {
	case facts.MicrosoftGraph, facts.ExchangeOnline:
	case "": // a resource that is not listed: what its ids say
		return p.impact == "mail"
	default:
		return false
	}
	name := strings.ToLower(p.Permission)
	return p.impact == "mail" || slices.Contains(mailRoles, name) || protocolRole(name) ||
		slices.ContainsFunc(mailPrefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

// mailReview holds what the judgement of every application needs.
type mailReview struct {
	scopes *permissions.AppScopes
	// policiesKnown and mailboxesKnown: the dataset was read in full. Without the
	// first a consent may be limited by what nobody saw; without the second nobody
	// knows what half of the mailboxes is.
	policiesKnown, mailboxesKnown bool
}

// mailReview reads the policies, the groups and the mailboxes, each once.
func (in Input) mailReview(apps applications) (mailReview, oauthGroups, error) {
	policies, err := collect(in.ApplicationAccessPolicies())
	if err != nil {
		return mailReview{}, oauthGroups{}, err
	}
	wanted := map[string]bool{}
	for i, p := range policies {
		wanted[strings.ToLower(p.ScopeID)] = true
		// Exchange may name an application by the object id of its service principal.
		if sp, ok := apps.byID[strings.ToLower(p.AppID)]; ok {
			policies[i].AppID = sp.AppID
		}
	}
	groups, err := in.oauthGroups(wanted)
	if err != nil {
		return mailReview{}, groups, err
	}
	var active []string
	for m, err := range in.Mailboxes() {
		if err != nil {
			return mailReview{}, groups, err
		}
		if !m.Inactive {
			active = append(active, m.Mailbox)
		}
	}
	r := mailReview{scopes: permissions.NewAppScopes(policies, groups.of, active)}
	for d, known := range map[snapshot.Dataset]*bool{snapshot.ApplicationAccessPolicies: &r.policiesKnown, snapshot.Mailboxes: &r.mailboxesKnown} {
		c, err := in.Coverage(d)
		if err != nil {
			return r, groups, err
		}
		*known = c.State == snapshot.CoverageComplete
	}
	return r, groups, nil
}

// mail reports whether a holder has an app role on mailboxes.
func (h *oauthHolder) mail() bool {
	return slices.ContainsFunc(h.permissions, func(p *oauthPermission) bool { return mailPermission(*p) })
}

// mailPower is a mail permission with what it reaches, as details show it.
type mailPower struct {
	Permission string `json:"permission"`
	Resource   string `json:"resource"`
	Tier       string `json:"tier"`
	Grant      string `json:"grant"` // one of the by… constants
	ViaGroup   string `json:"viaGroup"`
	Reaches    string `json:"reaches"` // one of the reaches… constants
	// Mailboxes of Of active mailboxes are known to be reached; null where that is not known.
	Mailboxes *int     `json:"mailboxes"`
	Of        *int     `json:"of"`
	Scopes    []string `json:"scopes"` // what limits it
	Except    []string `json:"except"` // what is denied

	reach permissions.Reach
	proof *Evidence // the app role assignment; nil for a role
}

// How an application came by a mail permission.
const (
	byConsent = "consent"
	byRole    = "RBAC for Applications"
)

// What a permission reaches, in the words of details.
const (
	reachesAll      = "everything"
	reachesMost     = "more than half of the mailboxes"
	reachesSet      = "a set"
	reachesUnknown  = "unknown"
	reachesProtocol = "where the mailbox grants it"
)

// powers returns the mail permissions of an application, worst first.
func (r mailReview) powers(sp snapshot.ServicePrincipal, h *oauthHolder) []mailPower {
	var list []mailPower
	if h != nil {
		for _, p := range h.permissions {
			if !mailPermission(*p) {
				continue
			}
			reach := r.scopes.Consented(sp.AppID, p.Permission)
			if !reach.Everywhere && sp.AppID != "" {
				reach = r.scopes.Reach(sp.AppID, p.Permission, true) // a role adds to the scopes of the consent
			}
			list = append(list, r.power(mailPower{Permission: p.Permission, Resource: p.Resource, Tier: p.Tier, Grant: byConsent, ViaGroup: p.ViaGroup,
				reach: reach, proof: &p.proof}))
		}
	}
	if sp.AppID != "" {
		for _, name := range r.scopes.AssignedPermissions(sp.AppID) {
			if p := ratedRole(name); mailPermission(p) {
				list = append(list, r.power(mailPower{Permission: p.Permission, Resource: p.Resource, Tier: p.Tier, Grant: byRole,
					reach: r.scopes.Assigned(sp.AppID, name)}))
			}
		}
	}
	slices.SortStableFunc(list, func(a, b mailPower) int {
		return cmp.Or(cmp.Compare(Severity(a.Tier).Rank(), Severity(b.Tier).Rank()), cmp.Compare(a.Permission, b.Permission), cmp.Compare(a.Resource, b.Resource),
			cmp.Compare(a.Grant, b.Grant), cmp.Compare(a.ViaGroup, b.ViaGroup))
	})
	return list
}

// ratedRole rates a permission that RBAC for Applications gives.
func ratedRole(name string) oauthPermission {
	for _, resource := range []string{facts.MicrosoftGraph, facts.ExchangeOnline} {
		if rating, ok := facts.Risk(resource, name, facts.Application); ok {
			return oauthPermission{Permission: rating.Value, Resource: byRole, Tier: rating.Tier, impact: rating.Impact, resourceAppID: resource}
		}
	}
	return oauthPermission{Permission: name, Resource: byRole, resourceAppID: facts.ExchangeOnline}
}

// power says in details what a permission reaches.
func (r mailReview) power(p mailPower) mailPower {
	p.Scopes, p.Except = []string{}, append([]string{}, p.reach.Except...)
	for _, s := range p.reach.Scopes {
		p.Scopes = append(p.Scopes, s.Name)
	}
	n, of := r.scopes.Count(p.reach), r.scopes.Active()
	if r.mailboxesKnown {
		p.Mailboxes, p.Of = &n, &of
	}
	most := 2*n > of
	switch {
	case protocolRole(p.Permission) && p.reach.Everywhere:
		p.Reaches, p.Mailboxes = reachesProtocol, nil
	case p.Grant == byConsent && !r.policiesKnown && permissions.PolicyLimits(p.Permission):
		p.Reaches, p.Mailboxes = reachesUnknown, nil
	case p.reach.Everywhere:
		p.Reaches = reachesAll
	case !r.mailboxesKnown, most && len(p.reach.UnknownExcept) > 0, !most && len(p.reach.Unknown) > 0:
		p.Reaches = reachesUnknown
	case most:
		p.Reaches = reachesMost
	default:
		p.Reaches = reachesSet
	}
	return p
}

// wide reports whether nothing limits a permission, or nothing to speak of.
func (p mailPower) wide() bool {
	return p.Reaches == reachesAll || p.Reaches == reachesMost || p.Reaches == reachesProtocol
}

// severity of a permission that is not limited.
func (p mailPower) severity() Severity {
	switch {
	case p.Reaches == reachesProtocol:
		return Medium
	case oauthSevereTier(p.Tier):
		return High
	case p.Tier == string(Medium):
		return Medium
	}
	return Low
}
