package faketenant

import "strings"

// answersOfConsents are the answers about what users may do with applications.
func (p *plan) answersOfConsents() []CheckAnswer {
	c := p.consents
	free := ""
	for _, g := range c.grants {
		policy, own := strings.CutPrefix(strings.ToLower(g), "managepermissiongrantsforself.")
		if !own {
			continue
		}
		switch policy {
		case "microsoft-user-default-legacy":
			free = "high"
		case "microsoft-user-default-low":
		case "microsoft-user-default-recommended":
			if free == "" {
				free = "low"
			}
		default:
			if free != "high" {
				free = "medium"
			}
		}
	}
	if c.riskyApps != nil && *c.riskyApps && free != "high" {
		free = "medium"
	}
	return []CheckAnswer{
		p.tenantVerdict("oauth.user_consent_restricted", free != "", free),
		p.tenantVerdict("oauth.admin_consent_workflow", !c.requests || len(c.reviewers) == 0, "low"),
		p.tenantVerdict("oauth.app_registration_restricted", c.createApps, "medium"),
	}
}
