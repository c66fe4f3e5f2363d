package checks

import (
	"fmt"
	"time"

	"tenantaudit/internal/snapshot"
)

var oauthAppSecretLifetime = Check{
	ID:       "oauth.app_secret_lifetime",
	Title:    "Credentials of powerful applications are short-lived and not expired",
	Severity: Medium,
	Needs:    []snapshot.Dataset{snapshot.ServicePrincipals, snapshot.AppRoleAssignments, snapshot.OAuth2PermissionGrants, snapshot.GroupMembers},
	Subject:  "powerful applications",
	Why:      "A secret is copied into scripts, tickets and laptops. The longer it lives, the surer somebody else has it, and an application has no second factor. Expired ones show that nobody looks after the application.",
	Rule: "Powerful are applications that are not Microsoft's and hold an app role of tier critical or high, directly or through a group, or a grant for all users with such a scope. " +
		"A password that was made for more than 180 days (one day is tolerated), a certificate for more than 366 days, and anything without an end are medium; where none is too long, expired ones are low. Without a start only the end is judged. " +
		"Credentials on the service principal and on its registration in this tenant count alike. The signing certificate of SAML single sign-on is left out (a Sign certificate on the service principal, its twin with the same start and end, and the password with the same key id): nobody signs in with it.",
	Fix: "Add a new one (Add-MgApplicationPassword with an endDateTime within 180 days, or a certificate of at most one year), switch the application over, then Remove-MgApplicationPassword -ApplicationId <id> -KeyId <keyId> (Remove-MgServicePrincipalPassword for one on the service principal); " +
		"better a managed identity or a federated credential. An app management policy (defaultAppManagementPolicy: passwordLifetime, asymmetricKeyLifetime) keeps it so",
	Sources: []string{
		"https://learn.microsoft.com/entra/identity-platform/security-best-practices-for-app-registration",
		"https://learn.microsoft.com/graph/api/resources/applicationauthenticationmethodpolicy",
	},
	Run: runAppSecretLifetime,
}

const (
	onServicePrincipal  = "servicePrincipal"
	longestPassword     = 181 * 24 * time.Hour
	longestCertificate  = 366 * 24 * time.Hour
	credentialPassword  = "password"
	credentialSignUsage = "Sign"
)

// judgedCredential is a credential with what is wrong with it, as details show it.
type judgedCredential struct {
	Kind    string     `json:"kind"`
	On      string     `json:"on"`
	KeyID   string     `json:"keyId"`
	Start   *time.Time `json:"start"`
	End     *time.Time `json:"end"`
	Days    *int       `json:"days"` // from start to end; null when either is not known
	Expired bool       `json:"expired"`
	Problem string     `json:"problem"`

	tooLong bool
}

func runAppSecretLifetime(in Input) (Output, error) {
	now := in.Run().StartedAt
	apps, _, holders, err := in.oauthPowerful(nil)
	if err != nil {
		return Output{}, err
	}
	var out Output
	unknown := 0
	for id, h := range holders {
		sp := apps.byID[id]
		if sp.Credentials == nil {
			unknown++
			continue
		}
		out.Evaluated++
		var bad []judgedCredential
		tooLong, expired := 0, 0
		for _, c := range signInCredentials(sp.Credentials) {
			j := judgeCredential(c, now)
			switch {
			case j.tooLong:
				tooLong++
			case j.Expired:
				expired++
			default:
				continue
			}
			bad = append(bad, j)
		}
		if len(bad) > 0 {
			out.Findings = append(out.Findings, h.credentialFinding(sp, bad, tooLong, expired))
		}
	}
	out.Gaps = gap("the credentials were not sent", unknown)
	return out, nil
}

func (h *oauthHolder) credentialFinding(sp snapshot.ServicePrincipal, bad []judgedCredential, tooLong, expired int) Finding {
	name := displayName(sp.DisplayName, sp.ID)
	names, proofs := oauthNames(h.severe(oauthByAppRole, oauthByEveryone))
	severity, what := Medium, plural(tooLong, "credential")+" valid for too long"
	if tooLong == 0 {
		severity, what = Low, plural(expired, "expired credential")
	}
	details := map[string]any{"credentials": bad}
	h.addTo(details)
	return oauthFinding(sp, severity, fmt.Sprintf("%s, which holds %s, has %s.", name, few(names), what), details, proofs...)
}

// judgeCredential measures a credential. A day that has begun counts as whole in
// what people read; the limits compare hours.
func judgeCredential(c snapshot.Credential, now time.Time) judgedCredential {
	j := judgedCredential{Kind: c.Kind, On: c.On, KeyID: c.KeyID, Start: c.Start, End: c.End}
	limit := longestCertificate
	if c.Kind == credentialPassword {
		limit = longestPassword
	}
	switch {
	case c.End == nil:
		j.tooLong, j.Problem = true, "no end"
	case c.Start != nil && c.End.Sub(*c.Start) > limit:
		j.tooLong, j.Problem = true, "valid for too long"
	}
	if c.End != nil && !c.End.After(now) {
		j.Expired = true
		if j.Problem == "" {
			j.Problem = "expired"
		}
	}
	if c.Start != nil && c.End != nil {
		days := int((c.End.Sub(*c.Start) + 24*time.Hour - 1) / (24 * time.Hour))
		j.Days = &days
	}
	return j
}

// signInCredentials leaves out what signs the tokens of SAML single sign-on: the
// Sign certificate, its Verify twin, and the password that protects the key.
func signInCredentials(list []snapshot.Credential) []snapshot.Credential {
	type span struct{ start, end time.Time }
	spans, keys := map[span]bool{}, map[string]bool{}
	spanOf := func(c snapshot.Credential) (span, bool) {
		if c.Start == nil || c.End == nil {
			return span{}, false
		}
		return span{c.Start.UTC(), c.End.UTC()}, true
	}
	for _, c := range list {
		if c.On != onServicePrincipal || c.Kind == credentialPassword || c.Usage != credentialSignUsage {
			continue
		}
		if s, ok := spanOf(c); ok {
			spans[s] = true
			keys[c.KeyID] = c.KeyID != ""
		}
	}
	var out []snapshot.Credential
	for _, c := range list {
		s, dated := spanOf(c)
		switch {
		case c.On != onServicePrincipal:
		case c.Kind == credentialPassword && keys[c.KeyID]:
			continue
		case c.Kind != credentialPassword && dated && spans[s]:
			continue
		}
		out = append(out, c)
	}
	return out
}
