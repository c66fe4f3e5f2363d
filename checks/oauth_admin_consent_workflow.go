package checks

import "tenantaudit/internal/snapshot"

var oauthAdminConsentWorkflow = Check{
	ID:       "oauth.admin_consent_workflow",
	Title:    "The admin consent workflow is on and staffed",
	Severity: Low,
	Needs:    []snapshot.Dataset{snapshot.AdminConsentPolicies},
	Subject:  "tenants",
	Why:      "Users who may not consent need a way to ask. Without one they look for a way around, or an administrator consents in a hurry and for everybody.",
	Rule:     "isEnabled must be true and at least one reviewer must be named. Who the reviewers are, and whether they answer, is not judged. Values that were not sent are no verdict.",
	Fix: "Entra admin center > Enterprise applications > Consent and permissions > Admin consent settings: " +
		"\"Users can request admin consent to apps they are unable to consent to\" = Yes, and choose reviewers (Graph: PUT /policies/adminConsentRequestPolicy)",
	Sources: []string{
		"https://learn.microsoft.com/entra/identity/enterprise-apps/configure-admin-consent-workflow",
		"https://learn.microsoft.com/graph/api/resources/adminconsentrequestpolicy",
	},
	Run: runAdminConsentWorkflow,
}

func runAdminConsentWorkflow(in Input) (Output, error) {
	rows, err := collect(in.AdminConsentPolicies())
	if err != nil {
		return Output{}, err
	}
	if len(rows) == 0 || rows[0].IsEnabled == nil {
		return Output{Gaps: gap("isEnabled of the admin consent workflow was not sent", 1)}, nil
	}
	p := rows[0]
	summary := ""
	switch {
	case isFalse(p.IsEnabled):
		summary = "The admin consent workflow is off: users cannot ask for an application."
	case p.Reviewers == nil:
		return Output{Gaps: gap("the reviewers of the admin consent workflow were not sent", 1)}, nil
	case len(p.Reviewers) == 0:
		summary = "The admin consent workflow is on, but nobody reviews the requests."
	default:
		return Output{Evaluated: 1}, nil
	}
	return Output{Evaluated: 1, Findings: []Finding{{
		Subject: in.tenantSubject(),
		Summary: summary,
		Details: map[string]any{
			"isEnabled":       state(p.IsEnabled),
			"notifyReviewers": state(p.NotifyReviewers),
			"reviewers":       p.Reviewers,
		},
		Evidence: []Evidence{evidence(snapshot.AdminConsentPolicies, p)},
	}}}, nil
}
