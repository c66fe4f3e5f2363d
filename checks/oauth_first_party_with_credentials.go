package checks

import (
	"fmt"
	"time"

	"tenantaudit/internal/snapshot"
)

var oauthFirstPartyWithCredentials = Check{
	ID:       "oauth.first_party_with_credentials",
	Title:    "Microsoft-owned service principals carry no added credentials",
	Severity: Critical,
	Needs:    []snapshot.Dataset{snapshot.ServicePrincipals},
	Subject:  "applications that Microsoft owns",
	Why:      "Microsoft's applications hold powerful permissions from the start, and no portal page shows credentials on them. Who adds one signs in as, say, Exchange Online, and no consent and no new application gives it away.",
	Rule: "An application is Microsoft's by the tenant that owns it, never by its name. Passwords and certificates on its service principal in this tenant are findings: critical while any of them is valid (one without an end is), low when all have expired. " +
		"Validity is judged at the time the review started. Credentials that were not read are no verdict. Applications of others are judged by oauth.app_secret_lifetime.",
	Fix: "Find out who added it (audit log: \"Add service principal credentials\") before removing it; then Remove-MgServicePrincipalPassword -ServicePrincipalId <id> -KeyId <keyId> or Remove-MgServicePrincipalKey; treat it as an intrusion until explained",
	Sources: []string{
		"https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in",
		"https://learn.microsoft.com/graph/api/serviceprincipal-removepassword",
		"https://learn.microsoft.com/security/operations/incident-response-playbook-compromised-malicious-app",
	},
	Run: runFirstPartyWithCredentials,
}

func runFirstPartyWithCredentials(in Input) (Output, error) {
	now := in.Run().StartedAt
	var out Output
	unknown := 0
	for sp, err := range in.ServicePrincipals() {
		if err != nil {
			return Output{}, err
		}
		if !firstParty(sp) {
			continue
		}
		if sp.Credentials == nil {
			unknown++
			continue
		}
		out.Evaluated++
		list, valid := addedCredentials(sp, now)
		name := displayName(sp.DisplayName, sp.ID)
		switch {
		case len(list) == 0:
		case valid > 0:
			out.Findings = append(out.Findings, oauthFinding(sp, Critical,
				fmt.Sprintf("%s belongs to Microsoft and carries %s that somebody added, %d of them valid.", name, plural(len(list), "credential"), valid), map[string]any{"credentials": list}))
		default:
			out.Findings = append(out.Findings, oauthFinding(sp, Low,
				fmt.Sprintf("%s belongs to Microsoft and carries %s that somebody added; all have expired.", name, plural(len(list), "credential")), map[string]any{"credentials": list}))
		}
	}
	out.Gaps = gap("the credentials were not sent", unknown)
	return out, nil
}

// addedCredentials are those on the service principal itself.
func addedCredentials(sp snapshot.ServicePrincipal, now time.Time) (list []judgedCredential, valid int) {
	for _, c := range sp.Credentials {
		if c.On != onServicePrincipal {
			continue
		}
		j := judgeCredential(c, now)
		j.Problem = "on an application of Microsoft"
		if !j.Expired {
			valid++
		}
		list = append(list, j)
	}
	return list, valid
}
