package checks

import (
	"fmt"
	"slices"
	"strings"

	"tenantaudit/internal/snapshot"
)

var oauthUserGrantsReviewed = Check{
	ID:       "oauth.user_grants_reviewed",
	Title:    "Delegated grants by single users are reviewed",
	Severity: Medium,
	Needs:    []snapshot.Dataset{snapshot.OAuth2PermissionGrants, snapshot.ServicePrincipals},
	Subject:  "grants by single users",
	Why:      "Consent phishing ends in a grant by one user. It lets the application read and send that person's mail until somebody removes it, whatever happens to the password.",
	Rule: "Every Principal grant whose client does not belong to Microsoft (by the tenant that owns it) is a finding by its worst scope: medium for critical and high, low for the rest. " +
		"Medium becomes high when another tenant owns the client and its publisher is not verified. Grants that hold nothing but openid, profile, email, offline_access and User.Read are listed as info. " +
		"The service keeps no date of delegated grants, so their age cannot be judged. Grants for all users are judged by oauth.delegated_grants_all_principals.",
	Fix: "Ask the user what the application is for. Remove-MgOauth2PermissionGrant -OAuth2PermissionGrantId <id>; for many users at once remove the application (Remove-MgServicePrincipal -ServicePrincipalId <client>) or switch its sign-in off",
	Sources: []string{
		"https://learn.microsoft.com/graph/api/resources/oauth2permissiongrant",
		"https://learn.microsoft.com/entra/identity/enterprise-apps/manage-application-permissions",
		investigateConsentPage,
	},
	Run: runUserGrantsReviewed,
}

func runUserGrantsReviewed(in Input) (Output, error) {
	apps, err := in.applications()
	if err != nil {
		return Output{}, err
	}
	var out Output
	unknown := 0
	grants := map[string]*delegatedGrant{} // nil for one that needs no finding
	for g, err := range in.OAuth2PermissionGrants() {
		if err != nil {
			return Output{}, err
		}
		if !strings.EqualFold(g.ConsentType, "Principal") {
			continue
		}
		d, seen := grants[g.ID]
		if !seen {
			client, known := apps.find(g.Client)
			switch {
			case !known:
				unknown++
			case firstParty(client):
				out.Evaluated++
			default:
				out.Evaluated++
				d = &delegatedGrant{row: g, scopes: []grantedScope{}}
			}
			grants[g.ID] = d
		}
		if d == nil {
			continue
		}
		if g.Scope != "" {
			d.scopes = append(d.scopes, grantedScope{g.Scope, g.Tier})
		}
		d.evidence = append(d.evidence, evidence(snapshot.OAuth2PermissionGrants, g))
	}
	for _, d := range grants {
		if d != nil {
			client, _ := apps.find(d.row.Client)
			out.Findings = append(out.Findings, d.userFinding(client, in.foreignTenant(client)))
		}
	}
	out.Gaps = gap("who owns the client application is not known", unknown)
	return out, nil
}

func (d *delegatedGrant) userFinding(client snapshot.ServicePrincipal, foreign bool) Finding {
	slices.SortFunc(d.scopes, func(a, b grantedScope) int { return strings.Compare(a.Scope, b.Scope) })
	worst, rated := d.severity()
	severity, raised := worst, []string{}
	switch {
	case worst == Info:
	case !worst.AtLeast(High):
		severity = Low
	case foreign && client.VerifiedPublisher == "":
		severity = High
		raised = append(raised, "another tenant owns the application and its publisher is not verified")
	default:
		severity = Medium
	}
	names := make([]string, len(d.scopes))
	for i, s := range d.scopes {
		names[i] = s.Scope
	}
	name, resource := displayName(d.row.ClientName, d.row.Client), displayName(d.row.ResourceName, d.row.Resource)
	user := displayName(d.row.PrincipalName, d.row.Principal)
	summary := fmt.Sprintf("%s lets %s act for them on %s: %s", user, name, resource, few(names))
	switch {
	case len(names) == 0:
		summary = fmt.Sprintf("%s once let %s act on %s; no scope is left", user, name, resource)
	case !rated:
		summary += " (not rated)"
	}
	if len(raised) > 0 {
		summary += "; " + raised[0]
	}
	// One literal, not a copy of a copy: there may be a million of these.
	details := map[string]any{
		"appId": client.AppID, "appOwnerOrganizationId": client.AppOwnerOrganizationID, "verifiedPublisher": client.VerifiedPublisher,
		"accountEnabled": state(client.AccountEnabled), "knownBad": client.KnownBad, "ownedByAnotherTenant": foreign,
		"client": d.row.Client, "clientName": d.row.ClientName, "resource": d.row.Resource, "resourceName": d.row.ResourceName,
		"principal": d.row.Principal, "principalName": d.row.PrincipalName, "scopes": d.scopes, "unrated": !rated,
		"granted": nil, "grantedNote": "the service keeps no date of delegated grants", "raised": raised,
	}
	f := Finding{
		Severity: severity,
		Subject:  Subject{Type: "oauth2PermissionGrant", ID: d.row.ID, Name: name + " for " + user},
		Summary:  summary + ".",
		Details:  details,
		Evidence: d.evidence,
	}
	if client.ID != "" {
		f.Evidence = append(f.Evidence, evidence(snapshot.ServicePrincipals, client))
	}
	return f
}
