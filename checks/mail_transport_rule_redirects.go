package checks

import (
	"fmt"
	"maps"

	"tenantaudit/internal/permissions"
	"tenantaudit/internal/snapshot"
)

var mailTransportRuleRedirects = Check{
	ID:       "mail.transport_rule_redirects",
	Title:    "No mail flow rule copies or redirects outside",
	Severity: Critical,
	Needs:    []snapshot.Dataset{snapshot.TransportRules, snapshot.AcceptedDomains},
	Uses:     []snapshot.Dataset{snapshot.GroupMembers},
	Subject:  "mail flow rules",
	Why:      "A mail flow rule acts on the mail of everybody, and nobody sees it in a mailbox. One blind copy to the outside is a tap on the whole organisation.",
	Rule: "BlindCopyTo, CopyTo, RedirectMessageTo and AddToRecipients are resolved: contacts, guests and groups with a member outside count as outside. " +
		"Low when the rule is disabled or only tested (mode other than Enforce); medium when nothing but unresolved targets is left.",
	Fix: "Disable-TransportRule <rule>, then Remove-TransportRule <rule>, or record it as an accepted exception (journaling, archiving)",
	Sources: []string{
		"https://learn.microsoft.com/powershell/module/exchangepowershell/get-transportrule",
		"https://learn.microsoft.com/exchange/security-and-compliance/mail-flow-rules/mail-flow-rule-actions",
	},
	Run: runTransportRuleRedirects,
}

func runTransportRuleRedirects(in Input) (Output, error) {
	own, err := in.domains()
	if err != nil {
		return Output{}, err
	}
	var out Output
	unknown := 0
	for r, err := range in.TransportRules() {
		if err != nil {
			return Output{}, err
		}
		if r.ExternalRecipients == nil {
			unknown++
			continue
		}
		out.Evaluated++
		if len(r.ExternalRecipients) > 0 {
			out.Findings = append(out.Findings, transportRuleFinding(r, own))
		}
	}
	out.Gaps = gap("the targets of the rule are not known", unknown)
	return out, nil
}

func transportRuleFinding(r snapshot.TransportRule, own *permissions.Domains) Finding {
	external, unresolved := split(r.ExternalRecipients)
	idle := transportRuleIdle(r)
	severity, raised := Critical, []string{}
	switch {
	case idle != "":
		severity, raised = Low, append(raised, idle)
	case len(external) == 0:
		severity, raised = Medium, append(raised, "no target could be resolved")
	}
	targets := few(external)
	if len(external) == 0 {
		targets = "targets that could not be resolved (" + few(unresolved) + ")"
	}
	verb := "sends mail to"
	if idle != "" {
		verb = "does not act now, and would send mail to"
	}
	details := recipientDetails(r.ExternalRecipients, own)
	maps.Copy(details, transportRuleDetails(r, raised))
	details["BlindCopyTo"] = r.BlindCopyTo
	details["CopyTo"] = r.CopyTo
	details["RedirectMessageTo"] = r.RedirectTo
	details["AddToRecipients"] = r.AddToRecipients
	return Finding{
		Severity: severity,
		Subject:  Subject{Type: "transportRule", ID: snapshot.Key(r), Name: r.Name},
		Summary:  fmt.Sprintf("Mail flow rule %q %s %s.", r.Name, verb, targets),
		Details:  details,
		Evidence: []Evidence{evidence(snapshot.TransportRules, r)},
	}
}
