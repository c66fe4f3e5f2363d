package checks

import (
	"fmt"
	"strings"

	"tenantaudit/internal/snapshot"
)

var oauthDanglingGrants = Check{
	ID:       "oauth.dangling_grants",
	Title:    "No grant refers to a client or resource that is gone",
	Severity: Low,
	Needs:    []snapshot.Dataset{snapshot.OAuth2PermissionGrants, snapshot.ServicePrincipals},
	Subject:  "delegated grants",
	Why:      "A grant whose application was deleted clutters every review, and it is in force again at once when the application is restored from the recycle bin.",
	Rule:     "Client and resource of every delegated grant must be among the service principals, by object id. This is said only when the list of service principals is complete; otherwise a grant whose client or resource is not in it has no verdict.",
	Fix:      "Remove-MgOauth2PermissionGrant -OAuth2PermissionGrantId <id>",
	Sources: []string{
		"https://learn.microsoft.com/graph/api/resources/oauth2permissiongrant",
		"https://learn.microsoft.com/graph/api/oauth2permissiongrant-delete",
	},
	Run: runDanglingGrants,
}

func runDanglingGrants(in Input) (Output, error) {
	apps, err := in.applications()
	if err != nil {
		return Output{}, err
	}
	listed := func(id string) bool { _, ok := apps.byID[strings.ToLower(id)]; return ok }
	var out Output
	unknown := 0
	found := map[string]int{} // grant id -> index into the findings
	seen := map[string]bool{}
	for g, err := range in.OAuth2PermissionGrants() {
		if err != nil {
			return Output{}, err
		}
		if seen[g.ID] {
			if i, ok := found[g.ID]; ok {
				out.Findings[i].addScope(g)
			}
			continue
		}
		seen[g.ID] = true
		clientGone, resourceGone := !listed(g.Client), !listed(g.Resource)
		switch {
		case !clientGone && !resourceGone:
			out.Evaluated++
		case !apps.complete:
			unknown++
		default:
			out.Evaluated++
			found[g.ID] = len(out.Findings)
			out.Findings = append(out.Findings, danglingFinding(g, clientGone, resourceGone))
		}
	}
	out.Gaps = gap("the client or resource of the grant is not among the service principals that were read", unknown)
	return out, nil
}

func danglingFinding(g snapshot.OAuth2PermissionGrant, clientGone, resourceGone bool) Finding {
	client, resource := displayName(g.ClientName, g.Client), displayName(g.ResourceName, g.Resource)
	missing := []string{}
	if clientGone {
		missing = append(missing, "client "+g.Client)
	}
	if resourceGone {
		missing = append(missing, "resource "+g.Resource)
	}
	f := Finding{
		Subject: Subject{Type: "oauth2PermissionGrant", ID: g.ID, Name: client + " on " + resource},
		Summary: fmt.Sprintf("The grant of %s on %s refers to what is gone: %s.", client, resource, strings.Join(missing, " and ")),
		Details: map[string]any{
			"client": g.Client, "clientName": g.ClientName, "clientGone": clientGone,
			"resource": g.Resource, "resourceName": g.ResourceName, "resourceGone": resourceGone,
			"consentType": g.ConsentType, "principal": g.Principal, "principalName": g.PrincipalName, "scopes": []grantedScope{},
		},
	}
	f.addScope(g)
	return f
}

// addScope adds a scope of the same grant to a finding, with its row.
func (f *Finding) addScope(g snapshot.OAuth2PermissionGrant) {
	if g.Scope != "" {
		scopes, _ := f.Details["scopes"].([]grantedScope)
		f.Details["scopes"] = append(scopes, grantedScope{g.Scope, g.Tier})
	}
	f.Evidence = append(f.Evidence, evidence(snapshot.OAuth2PermissionGrants, g))
}
