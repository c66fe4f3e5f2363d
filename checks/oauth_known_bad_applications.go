package checks

import (
	"fmt"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

var oauthKnownBadApplications = Check{
	ID:       "oauth.known_bad_applications",
	Title:    "No application known from attacks is present",
	Severity: Critical,
	Needs:    []snapshot.Dataset{snapshot.ServicePrincipals},
	Subject:  "applications",
	Why:      "Intruders use the same applications again and again to copy mailboxes and to send mail. One of them in the tenant may be the trace of an intrusion, and its consent outlives a password reset.",
	Rule: "The application id is looked up in a table of applications that were seen in intrusions; names prove nothing. Three classes: malicious (no honest use is known) is critical; abused-tool (made for another purpose, seen mostly in attacks) is high; " +
		"legitimate-dual-use (an ordinary product that attackers use as well) is low and a question to the owner, not an accusation. Applications that Microsoft owns are left out. An application that is not in the table is not thereby harmless.",
	Fix: "malicious and abused-tool: Update-MgServicePrincipal -ServicePrincipalId <id> -AccountEnabled:$false, keep it as evidence, look through the audit log for what it did and who consented, then remove its grants and the application; " +
		"legitimate-dual-use: ask the users who consented, and remove it (Remove-MgServicePrincipal -ServicePrincipalId <id>) when nobody uses it",
	Sources: []string{
		investigateConsentPage,
		"https://learn.microsoft.com/security/operations/incident-response-playbook-compromised-malicious-app",
		"https://github.com/huntresslabs/rogueapps",
	},
	Run: runKnownBadApplications,
}

func runKnownBadApplications(in Input) (Output, error) {
	var out Output
	for sp, err := range in.ServicePrincipals() {
		if err != nil {
			return Output{}, err
		}
		out.Evaluated++
		if sp.KnownBad == "" || firstParty(sp) {
			continue
		}
		severity, words := knownBad(sp.KnownBad)
		known, _ := facts.KnownBad(sp.AppID)
		summary := fmt.Sprintf("%s %s.", displayName(sp.DisplayName, sp.ID), words)
		if isFalse(sp.AccountEnabled) {
			summary += " Its sign-in is switched off."
		}
		out.Findings = append(out.Findings, oauthFinding(sp, severity, summary, map[string]any{"class": sp.KnownBad, "knownAs": known.Name}))
	}
	return out, nil
}

// knownBad says what a class means. A class that is not known is taken for an
// abused tool: somebody saw the application in an attack.
func knownBad(class string) (Severity, string) {
	switch class {
	case "malicious":
		return Critical, "is an application that is known from attacks alone"
	case "legitimate-dual-use":
		return Low, "is an ordinary product that attackers use as well: ask who uses it"
	}
	return High, "is a tool that is often misused in attacks on mailboxes"
}
