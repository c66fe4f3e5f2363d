package faketenant

import (
	"slices"
	"strings"
	"time"
)

// orNever is a time, or nil for none.
func orNever(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

// ownerRefs are owners as a row shows them.
func ownerRefs(owners []*principal) []map[string]any {
	out := []map[string]any{}
	for _, o := range owners {
		out = append(out, map[string]any{"id": o.id.String(), "name": o.display, "type": memberType(o)})
	}
	return out
}

// groupID is the id of a group; "" for none.
func groupID(g *principal) string {
	if g == nil {
		return ""
	}
	return g.id.text()
}

// thirdParties are the applications that are not Microsoft's.
func (p *plan) thirdParties() []*app {
	var out []*app
	for _, a := range p.apps {
		if !a.isFirstParty() {
			out = append(out, a)
		}
	}
	return out
}

// rolesOf are the app roles that an application holds, directly or through a group.
func (p *plan) rolesOf(a *app) []roleGrant {
	var out []roleGrant
	for _, g := range p.assignments {
		if g.to == a.p || g.to.group != nil && slices.Contains(p.transitive(g.to), a.p) {
			out = append(out, g)
		}
	}
	return out
}

func strong(tier string) bool { return tier == "critical" || tier == "high" }

// worstTier ranks the scopes of a grant: 3 critical or high, 2 medium, 1 anything else that
// is more than signing in, 0 signing in.
func (g delegatedGrant) worstTier() int {
	worst := 0
	for _, s := range g.scopes {
		if basicScopes[s] {
			continue
		}
		perm, _ := findPermission(g.resource.appID, s, delegated)
		switch {
		case strong(perm.tier):
			worst = 3
		case perm.tier == "medium":
			worst = max(worst, 2)
		default:
			worst = max(worst, 1)
		}
	}
	return worst
}

// grantedToAll and grantedToOne: a strong scope for everybody, or for a single user.
func (p *plan) grantedToAll(a *app) bool { return p.granted(a, true) }
func (p *plan) grantedToOne(a *app) bool { return p.granted(a, false) }

func (p *plan) granted(a *app, all bool) bool {
	return slices.ContainsFunc(p.grants, func(g delegatedGrant) bool {
		return g.client == a && (g.who == nil) == all && g.worstTier() == 3
	})
}

func (p *plan) holdsStrongRole(a *app) bool {
	return slices.ContainsFunc(p.rolesOf(a), func(g roleGrant) bool { return strong(g.tier) })
}

// powerful applications can do harm to everybody.
func (p *plan) powerful(a *app) bool {
	return !a.isFirstParty() && (p.holdsStrongRole(a) || p.grantedToAll(a))
}

// isMail is true for application permissions that touch mailboxes.
func isMail(value string) bool {
	switch value {
	case "full_access_as_app", "Mailbox.Migration":
		return true
	}
	for _, prefix := range []string{"Mail.", "Mail-", "MailboxSettings.", "MailboxItem.", "MailboxFolder.", "Calendars.", "Contacts."} {
		if strings.HasPrefix(value, prefix) {
			return true
		}
	}
	return false
}

// needsMailbox is true for the permissions that work where a mailbox lets them in.
func needsMailbox(value string) bool {
	return value == "IMAP.AccessAsApp" || value == "POP.AccessAsApp" || value == "SMTP.SendAsApp"
}

// everybody is true for so many of the active mailboxes that it is no limit.
func (p *plan) everybody(n int) bool { return 2*n > len(p.active()) }

// mailReach is how far an application's mail permissions go: the severity of what no limit
// holds, "" for nothing, and whether there is a scope of unknown members.
func (p *plan) mailReach(a *app) (severity string, unknown bool) {
	rank := 0
	free := func(value string) {
		perm, _ := findPermission(graphAppID, value, application)
		if perm.tier == "" {
			perm, _ = findPermission(exchangeAppID, value, application)
		}
		switch {
		case strong(perm.tier):
			rank = 3
		case perm.tier == "medium":
			rank = max(rank, 2)
		default:
			rank = max(rank, 1)
		}
	}
	l := p.policyLimit(a)
	for _, g := range p.rolesOf(a) {
		switch {
		case !g.resource.offersMail():
		case needsMailbox(g.value):
			rank = max(rank, 2)
		case !isMail(g.value):
		case !l.restricted || !limitable(g.value) && !strings.HasPrefix(g.value, "MailboxSettings.") || p.everybody(len(l.reachable)):
			free(g.value)
		}
	}
	for _, s := range p.scoped {
		if s.app != a {
			continue
		}
		for _, value := range permissionsOfRole(s.role) {
			switch {
			case s.scope == "" || s.group != nil && p.everybody(len(p.boxesOf(s.group))):
				free(value)
			case s.group == nil:
				unknown = true
			}
		}
	}
	severity = []string{"", "low", "medium", "high"}[rank]
	if rank > 0 && a.disabled {
		severity = "low"
	}
	return severity, unknown && rank == 0
}

func servicePrincipal(a *app, severity string) FindingAnswer {
	return FindingAnswer{"servicePrincipal", a.p.id.String(), severity}
}

func (p *plan) answerMailApplications() CheckAnswer {
	var found []FindingAnswer
	all, unknown := p.thirdParties(), 0
	for _, a := range all {
		severity, open := p.mailReach(a)
		if open {
			unknown++
		}
		if severity != "" {
			found = append(found, servicePrincipal(a, severity))
		}
	}
	a := judged("oauth.tenant_wide_mail_applications", len(all), found)
	if a.Evaluated -= unknown; unknown > 0 && a.Status == "pass" {
		a.Status = "not-evaluated"
	}
	return a
}

// foreign is true for an application of another tenant that is not Microsoft's.
func (p *plan) foreign(a *app) bool {
	return a.owner != "" && a.owner != p.tenant.String() && !a.isFirstParty()
}

func (p *plan) answerUserGrants() CheckAnswer {
	var found []FindingAnswer
	subjects := 0
	for _, g := range p.grants {
		if g.who == nil {
			continue
		}
		subjects++
		if g.client != nil && g.client.isFirstParty() {
			continue
		}
		severity := []string{"info", "low", "low", "medium"}[g.worstTier()]
		if severity == "medium" && g.client != nil && p.foreign(g.client) && g.client.publisher == "" {
			severity = "high"
		}
		found = append(found, FindingAnswer{"oauth2PermissionGrant", g.id, severity})
	}
	return judged("oauth.user_grants_reviewed", subjects, found)
}

func (p *plan) answerKnownBad() CheckAnswer {
	var found []FindingAnswer
	for _, a := range p.apps {
		if a.knownBad != "" {
			found = append(found, servicePrincipal(a, map[string]string{"malicious": "critical", "abused-tool": "high", "legitimate-dual-use": "low"}[a.knownBad]))
		}
	}
	return judged("oauth.known_bad_applications", len(p.apps), found)
}

func (p *plan) answerForeign() CheckAnswer {
	var found []FindingAnswer
	subjects := 0
	for _, a := range p.apps {
		if !p.foreign(a) {
			continue
		}
		subjects++
		switch {
		case a.publisher != "":
		case p.holdsStrongRole(a) || p.grantedToAll(a):
			found = append(found, servicePrincipal(a, "high"))
		case p.grantedToOne(a):
			found = append(found, servicePrincipal(a, "medium"))
		}
	}
	return judged("oauth.foreign_applications", subjects, found)
}

// expired is true for a credential whose time is over; one without an end has none.
func (p *plan) expired(c credential) bool { return !c.end.IsZero() && !c.end.After(p.now) }

func (p *plan) answerFirstParty() CheckAnswer {
	var found []FindingAnswer
	subjects := 0
	for _, a := range p.apps {
		if !a.isFirstParty() {
			continue
		}
		subjects++
		severity := ""
		for _, c := range a.creds {
			switch {
			case c.onApplication:
			case !p.expired(c):
				severity = "critical"
			case severity == "":
				severity = "low"
			}
		}
		if severity != "" {
			found = append(found, servicePrincipal(a, severity))
		}
	}
	return judged("oauth.first_party_with_credentials", subjects, found)
}

// signsTokens is true for the pair of certificates that single sign-on leaves on a service
// principal: nobody signs in with them.
func (a *app) signsTokens(c credential) bool {
	has := map[string]bool{}
	for _, o := range a.creds {
		if !o.password && !o.onApplication && o.start.Equal(c.start) && o.end.Equal(c.end) {
			has[o.usage] = true
		}
	}
	return !c.password && !c.onApplication && has["Sign"] && has["Verify"]
}

const (
	day             = 24 * time.Hour
	secretLifetime  = 181 * day // 180 days, and one for how portals count
	certificateLife = 366 * day
)

// longLived is true for a credential that is good for too long, or for ever.
func (c credential) longLived() bool {
	switch {
	case c.end.IsZero():
		return true
	case c.start.IsZero():
		return false
	case c.password:
		return c.end.Sub(c.start) > secretLifetime
	}
	return c.end.Sub(c.start) > certificateLife
}

func (p *plan) answerSecrets() CheckAnswer {
	var found []FindingAnswer
	subjects := 0
	for _, a := range p.apps {
		if !p.powerful(a) {
			continue
		}
		subjects++
		severity := ""
		for _, c := range a.creds {
			switch {
			case a.signsTokens(c):
			case c.longLived():
				severity = "medium"
			case p.expired(c) && severity == "":
				severity = "low"
			}
		}
		if severity != "" {
			found = append(found, servicePrincipal(a, severity))
		}
	}
	return judged("oauth.app_secret_lifetime", subjects, found)
}

func (p *plan) answerOwners() CheckAnswer {
	var found []FindingAnswer
	subjects := 0
	privileged := func(h roleHolding) bool { return h.role.privileged != nil && *h.role.privileged }
	for _, a := range p.apps {
		if !p.powerful(a) {
			continue
		}
		subjects++
		severity := ""
		for _, o := range slices.Concat(a.owners, a.registrationOwners()) {
			switch {
			case p.holds(o, privileged):
			case o.kind == kindGuest || o.disabled:
				severity = "high"
			case severity == "":
				severity = "medium"
			}
		}
		if severity != "" {
			found = append(found, servicePrincipal(a, severity))
		}
	}
	return judged("oauth.application_owners", subjects, found)
}

func (p *plan) answerDangling() CheckAnswer {
	var found []FindingAnswer
	for _, g := range p.grants {
		if g.client == nil || !slices.Contains(p.apps, g.resource) {
			found = append(found, FindingAnswer{"oauth2PermissionGrant", g.id, "low"})
		}
	}
	return judged("oauth.dangling_grants", len(p.grants), found)
}
