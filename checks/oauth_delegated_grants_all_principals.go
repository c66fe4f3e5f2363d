package checks

import (
	"fmt"
	"slices"
	"strings"

	"tenantaudit/internal/snapshot"
)

var oauthDelegatedGrantsAllPrincipals = Check{
	ID:       "oauth.delegated_grants_all_principals",
	Title:    "Delegated grants for all users are reviewed",
	Severity: High,
	Needs:    []snapshot.Dataset{snapshot.OAuth2PermissionGrants, snapshot.ServicePrincipals},
	Subject:  "grants for all users",
	Why:      "A grant for all users lets the application act as anybody who ever signs in to it, administrators included, without asking them.",
	Rule: "Every AllPrincipals grant whose client does not belong to Microsoft (by the tenant that owns it) is a finding. Its severity is that of its worst scope: high for critical and high, medium, low; low and said to be unrated when no scope is rated. " +
		"Grants that hold nothing but openid, profile, email, offline_access and User.Read are listed as info.",
	Fix: "Remove-MgOauth2PermissionGrant -OAuth2PermissionGrantId <id>, or narrow its scopes with Update-MgOauth2PermissionGrant",
	Sources: []string{
		"https://learn.microsoft.com/graph/api/resources/oauth2permissiongrant",
		investigateConsentPage,
	},
	Run: runDelegatedGrantsAllPrincipals,
}

// signInScopes let an application know who its user is, and nothing else.
var signInScopes = []string{"openid", "profile", "email", "offline_access", "User.Read"}

// grantedScope is one scope of a grant, as details show it.
type grantedScope struct {
	Scope string `json:"scope"`
	Tier  string `json:"tier"` // "" when not rated
}

type delegatedGrant struct {
	row      snapshot.OAuth2PermissionGrant
	scopes   []grantedScope
	evidence []Evidence
}

func runDelegatedGrantsAllPrincipals(in Input) (Output, error) {
	apps, err := in.applications()
	if err != nil {
		return Output{}, err
	}
	grants := map[string]*delegatedGrant{}
	for g, err := range in.OAuth2PermissionGrants() {
		if err != nil {
			return Output{}, err
		}
		if !strings.EqualFold(g.ConsentType, "AllPrincipals") {
			continue
		}
		d := grants[g.ID]
		if d == nil {
			d = &delegatedGrant{row: g, scopes: []grantedScope{}}
			grants[g.ID] = d
		}
		if g.Scope != "" {
			d.scopes = append(d.scopes, grantedScope{g.Scope, g.Tier})
		}
		d.evidence = append(d.evidence, evidence(snapshot.OAuth2PermissionGrants, g))
	}
	var out Output
	unknown := 0
	for _, d := range grants {
		client, known := apps.find(d.row.Client)
		if !known {
			unknown++
			continue
		}
		out.Evaluated++
		if !firstParty(client) {
			out.Findings = append(out.Findings, d.finding(client))
		}
	}
	out.Gaps = gap("who owns the client application is not known", unknown)
	return out, nil
}

func (d *delegatedGrant) finding(client snapshot.ServicePrincipal) Finding {
	slices.SortFunc(d.scopes, func(a, b grantedScope) int { return strings.Compare(a.Scope, b.Scope) })
	severity, rated := d.severity()
	names := make([]string, len(d.scopes))
	for i, s := range d.scopes {
		names[i] = s.Scope
	}
	name := displayName(d.row.ClientName, d.row.Client)
	resource := displayName(d.row.ResourceName, d.row.Resource)
	summary := fmt.Sprintf("%s may act for every user on %s: %s.", name, resource, few(names))
	switch {
	case len(names) == 0:
		summary = fmt.Sprintf("%s has a grant for every user on %s that holds no scope.", name, resource)
	case !rated:
		summary = fmt.Sprintf("%s may act for every user on %s with unrated scopes: %s.", name, resource, few(names))
	}
	details := applicationDetails(client)
	details["client"] = d.row.Client
	details["clientName"] = d.row.ClientName
	details["resource"] = d.row.Resource
	details["resourceName"] = d.row.ResourceName
	details["scopes"] = d.scopes
	details["unrated"] = !rated
	f := Finding{
		Severity: severity,
		Subject:  Subject{Type: "oauth2PermissionGrant", ID: d.row.ID, Name: name + " on " + resource},
		Summary:  summary,
		Details:  details,
		Evidence: d.evidence,
	}
	if client.ID != "" {
		f.Evidence = append(f.Evidence, evidence(snapshot.ServicePrincipals, client))
	}
	return f
}

// severity is that of the worst scope. rated is false when no scope has a rating.
func (d *delegatedGrant) severity() (s Severity, rated bool) {
	beyondSignIn := false
	worst := Severity("")
	for _, g := range d.scopes {
		if !containsFold(signInScopes, g.Scope) {
			beyondSignIn = true
		}
		if tier := Severity(g.Tier); tier.Rank() < worst.Rank() {
			worst = tier
		}
	}
	switch {
	case !beyondSignIn:
		return Info, true
	case worst == "":
		return Low, false
	case worst == Critical:
		return High, true
	}
	return worst, true
}
