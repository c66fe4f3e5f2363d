package checks

import "tenantaudit/internal/snapshot"

var oauthAppRegistrationRestricted = Check{
	ID:       "oauth.app_registration_restricted",
	Title:    "Only administrators register applications",
	Severity: Medium,
	Needs:    []snapshot.Dataset{snapshot.AuthorizationPolicies},
	Subject:  "tenants",
	Why:      "Whoever takes over one ordinary account can register an application with it, give it a secret and ask colleagues for consent under a name that looks like the organisation's own.",
	Rule:     "allowedToCreateApps in the default user permissions must be false. Roles that may register applications keep that right either way. A value that was not sent is no verdict.",
	Fix: "Entra admin center > Users > User settings: \"Users can register applications\" = No " +
		"(Update-MgPolicyAuthorizationPolicy -DefaultUserRolePermissions @{ AllowedToCreateApps = $false }); give those who need it the role Application Developer",
	Sources: []string{
		"https://learn.microsoft.com/entra/fundamentals/users-default-permissions",
		"https://learn.microsoft.com/entra/identity/role-based-access-control/delegate-app-roles",
		authorizationPolicyPage,
	},
	Run: runAppRegistrationRestricted,
}

func runAppRegistrationRestricted(in Input) (Output, error) {
	rows, err := collect(in.AuthorizationPolicies())
	if err != nil {
		return Output{}, err
	}
	if len(rows) == 0 || rows[0].AllowedToCreateApps == nil {
		return Output{Gaps: gap("allowedToCreateApps was not sent", 1)}, nil
	}
	out := Output{Evaluated: 1}
	if isTrue(rows[0].AllowedToCreateApps) {
		out.Findings = []Finding{{
			Subject:  in.tenantSubject(),
			Summary:  "Every user may register applications.",
			Details:  map[string]any{"allowedToCreateApps": true},
			Evidence: []Evidence{evidence(snapshot.AuthorizationPolicies, rows[0])},
		}}
	}
	return out, nil
}
