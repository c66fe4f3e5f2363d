package checks

import (
	"cmp"
	"strings"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

const investigateConsentPage = "https://learn.microsoft.com/defender-office-365/detect-and-remediate-illicit-consent-grants"

// applications are the service principals by object id. Grants and assignments
// are joined to them by that id, never by appId or name.
type applications struct {
	byID     map[string]snapshot.ServicePrincipal
	complete bool
}

func (in Input) applications() (applications, error) {
	c, err := in.Coverage(snapshot.ServicePrincipals)
	if err != nil {
		return applications{}, err
	}
	a := applications{byID: map[string]snapshot.ServicePrincipal{}, complete: c.State == snapshot.CoverageComplete}
	for sp, err := range in.ServicePrincipals() {
		if err != nil {
			return applications{}, err
		}
		a.byID[strings.ToLower(sp.ID)] = sp
	}
	return a, nil
}

// find returns a service principal. known is false when it is not listed and the
// list has gaps: nothing can be said of its owner then. One that a complete list
// does not hold is gone, and its owner is nobody we trust.
func (a applications) find(id string) (sp snapshot.ServicePrincipal, known bool) {
	sp, ok := a.byID[strings.ToLower(id)]
	return sp, ok || a.complete
}

// firstParty reports whether Microsoft owns an application: by the tenant in
// which it is registered, never by its name.
func firstParty(sp snapshot.ServicePrincipal) bool {
	return sp.FirstParty || facts.MicrosoftTenant(sp.AppOwnerOrganizationID)
}

// applicationDetails are the details that show whose application it is.
func applicationDetails(sp snapshot.ServicePrincipal) map[string]any {
	return map[string]any{
		"appId":                  sp.AppID,
		"appOwnerOrganizationId": sp.AppOwnerOrganizationID,
		"verifiedPublisher":      sp.VerifiedPublisher,
		"accountEnabled":         state(sp.AccountEnabled),
		"knownBad":               sp.KnownBad,
	}
}

// displayName names an application, by its id where it has no name.
func displayName(name, id string) string { return cmp.Or(strings.TrimSpace(name), id) }
