package checks

import (
	"fmt"
	"strings"

	"tenantaudit/internal/snapshot"
)

const (
	userConsentPage         = "https://learn.microsoft.com/entra/identity/enterprise-apps/configure-user-consent"
	authorizationPolicyPage = "https://learn.microsoft.com/graph/api/resources/authorizationpolicy"
)

var oauthUserConsentRestricted = Check{
	ID:       "oauth.user_consent_restricted",
	Title:    "Users cannot consent freely",
	Severity: High,
	Needs:    []snapshot.Dataset{snapshot.AuthorizationPolicies},
	Subject:  "tenants",
	Why:      "Where users may consent to any application, one convincing message is enough: the victim clicks Accept, and the attacker reads the mailbox with a token that outlives a password reset.",
	Rule: "The entries of permissionGrantPoliciesAssigned that start with managePermissionGrantsForSelf decide, and the worst one counts. microsoft-user-default-legacy (users consent to everything that needs no administrator) is high. " +
		"No entry, and microsoft-user-default-low (verified publishers, low-risk permissions), are fine. microsoft-user-default-recommended is low: Microsoft changes what it allows. Any other policy is the tenant's own and medium, because its conditions are not read. " +
		"allowUserConsentForRiskyApps makes it medium at least. Entries that let owners consent for a group or a chat are not judged here.",
	Fix: "Entra admin center > Enterprise applications > Consent and permissions > User consent settings: \"Do not allow user consent\"; " +
		"or Update-MgPolicyAuthorizationPolicy with defaultUserRolePermissions.permissionGrantPoliciesAssigned = @(\"managePermissionGrantsForSelf.microsoft-user-default-low\") (keep the entries that start with managePermissionGrantsForOwnedResource) and allowUserConsentForRiskyApps = $false",
	Sources: []string{userConsentPage, authorizationPolicyPage},
	Run:     runUserConsentRestricted,
}

// selfConsent starts the entries about what users may consent to for themselves.
const selfConsent = "managepermissiongrantsforself."

func runUserConsentRestricted(in Input) (Output, error) {
	rows, err := collect(in.AuthorizationPolicies())
	if err != nil {
		return Output{}, err
	}
	if len(rows) == 0 || rows[0].PermissionGrantPolicies == nil {
		return Output{Gaps: gap("permissionGrantPoliciesAssigned was not sent", 1)}, nil
	}
	p := rows[0]
	out := Output{Evaluated: 1}
	worst, summary := Severity(""), ""
	policies, raised := []string{}, []string{}
	for _, entry := range p.PermissionGrantPolicies {
		policy, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(entry)), selfConsent)
		if !ok {
			continue
		}
		policies = append(policies, policy)
		if s, words := consentPolicy(policy); s.Rank() < worst.Rank() {
			worst, summary = s, words
		}
	}
	if isTrue(p.AllowUserConsentForRiskyApp) {
		const risky = "users may consent to applications that Microsoft rates as risky"
		raised = append(raised, risky)
		switch {
		case summary == "":
			summary = "Users may consent to applications that Microsoft rates as risky."
		default:
			summary = strings.TrimSuffix(summary, ".") + ", also to applications that Microsoft rates as risky."
		}
		if !worst.AtLeast(Medium) {
			worst = Medium
		}
	}
	if summary == "" {
		return out, nil
	}
	out.Findings = []Finding{{
		Severity: worst,
		Subject:  in.tenantSubject(),
		Summary:  summary,
		Details: map[string]any{
			"permissionGrantPoliciesAssigned": p.PermissionGrantPolicies,
			"userConsentPolicies":             policies,
			"allowUserConsentForRiskyApps":    state(p.AllowUserConsentForRiskyApp),
			"raised":                          raised,
		},
		Evidence: []Evidence{evidence(snapshot.AuthorizationPolicies, p)},
	}}
	return out, nil
}

// consentPolicy rates a policy for the consent of users. A policy that is fine
// has no severity and no words.
func consentPolicy(policy string) (Severity, string) {
	switch policy {
	case "microsoft-user-default-legacy":
		return High, "Users may consent to any application for every permission that needs no administrator."
	case "microsoft-user-default-recommended":
		return Low, "Users may consent to what Microsoft currently recommends, and Microsoft changes what that is."
	case "", "none", "microsoft-user-default-low":
		return "", ""
	}
	return Medium, fmt.Sprintf("Users may consent under the tenant's own policy %s: its conditions need a look.", policy)
}
