package checks

import (
	"fmt"

	"tenantaudit/internal/snapshot"
)

var oauthForeignApplications = Check{
	ID:       "oauth.foreign_applications",
	Title:    "Unverified applications of other tenants hold no powerful permission",
	Severity: High,
	Needs:    []snapshot.Dataset{snapshot.ServicePrincipals, snapshot.AppRoleAssignments, snapshot.OAuth2PermissionGrants, snapshot.GroupMembers},
	Subject:  "applications of other tenants",
	Why:      "Nobody here controls the secret of such an application, and nobody vouches for who does. If its owner is an attacker, or is broken into, the data of this tenant is open.",
	Rule: "An application is foreign when the tenant that owns it is neither this one nor one of Microsoft's; without an owner tenant it is not. Without a verified publisher it is high when it holds an app role of tier critical or high, directly or through a group, or a grant for all users with such a scope, " +
		"and medium when only single users granted such a scope. A verified publisher keeps it out: its grants are judged by the other checks.",
	Fix: "Ask the vendor to verify its publisher, or remove the consent: Remove-MgServicePrincipalAppRoleAssignment, Remove-MgOauth2PermissionGrant, or Remove-MgServicePrincipal -ServicePrincipalId <id> for the whole application",
	Sources: []string{
		"https://learn.microsoft.com/entra/identity-platform/publisher-verification-overview",
		"https://learn.microsoft.com/entra/identity/enterprise-apps/manage-application-permissions",
		investigateConsentPage,
	},
	Run: runForeignApplications,
}

func runForeignApplications(in Input) (Output, error) {
	apps, err := in.applications()
	if err != nil {
		return Output{}, err
	}
	groups, err := in.oauthGroups(nil)
	if err != nil {
		return Output{}, err
	}
	holders, err := in.oauthHolders(apps, groups, true)
	if err != nil {
		return Output{}, err
	}
	if in.Tenant().ID == "" {
		return Output{Gaps: gap("the id of this tenant is not known, so nothing can be called foreign", max(1, len(apps.byID)))}, nil
	}
	var out Output
	for id, sp := range apps.byID {
		if !in.foreignTenant(sp) {
			continue
		}
		out.Evaluated++
		h := holders[id]
		severity, powers := High, h.severe(oauthByAppRole, oauthByEveryone)
		how := "holds"
		if len(powers) == 0 {
			severity, powers, how = Medium, h.severe(oauthByUsers), "was given by single users"
		}
		if len(powers) == 0 || sp.VerifiedPublisher != "" {
			continue
		}
		names, proofs := oauthNames(powers)
		details := map[string]any{}
		h.addTo(details)
		out.Findings = append(out.Findings, oauthFinding(sp, severity,
			fmt.Sprintf("%s of tenant %s %s %s, and its publisher is not verified.", displayName(sp.DisplayName, sp.ID), sp.AppOwnerOrganizationID, how, few(names)), details, proofs...))
	}
	return out, nil
}
