package checks

import (
	"fmt"
	"slices"

	"tenantaudit/internal/snapshot"
)

var mailTransportRuleDeletes = Check{
	ID:       "mail.transport_rule_deletes",
	Title:    "No mail flow rule silently drops mail",
	Severity: Medium,
	Needs:    []snapshot.Dataset{snapshot.TransportRules},
	Subject:  "mail flow rules",
	Why:      "A message that a mail flow rule deletes is gone before anybody sees it, with no notice to sender or recipient. The same rule can keep warnings about an intrusion from everybody at once.",
	Rule: "A rule with the action DeleteMessage is a finding; so is one that quarantines messages by words about money, passwords or security. High when a rule that deletes has no condition, so that it acts on every message; " +
		"low when the rule is disabled or only tested (mode other than Enforce). Rules that reject a message tell its sender, and rules that quarantine by other conditions can be looked into: both stay silent.",
	Fix: "Disable-TransportRule <rule>, then Remove-TransportRule <rule>; where mail must be kept out, reject it with a reason or quarantine it: Set-TransportRule <rule> -DeleteMessage $false -Quarantine $true",
	Sources: []string{
		"https://learn.microsoft.com/exchange/security-and-compliance/mail-flow-rules/mail-flow-rule-actions",
		"https://learn.microsoft.com/powershell/module/exchangepowershell/set-transportrule",
	},
	Run: runTransportRuleDeletes,
}

func runTransportRuleDeletes(in Input) (Output, error) {
	var out Output
	unknown := 0
	for r, err := range in.TransportRules() {
		if err != nil {
			return Output{}, err
		}
		deletes, known := transportRuleDrops(r)
		if !known {
			unknown++
			continue
		}
		out.Evaluated++
		words := []string{}
		if !deletes {
			words = transportRuleQuarantineWords(r)
		}
		if deletes || len(words) > 0 {
			out.Findings = append(out.Findings, dropFinding(r, deletes, words))
		}
	}
	out.Gaps = gap("DeleteMessage and the actions of the rule were not sent", unknown)
	return out, nil
}

// transportRuleDrops says whether a rule deletes messages.
func transportRuleDrops(r snapshot.TransportRule) (deletes, known bool) {
	if r.DeleteMessage != nil {
		return *r.DeleteMessage, true
	}
	_, deletes = ruleAction(r.Actions, "DeleteMessage")
	return deletes, r.Actions != nil
}

// transportRuleQuarantineWords returns the security-related words by which a rule quarantines.
func transportRuleQuarantineWords(r snapshot.TransportRule) []string {
	words := []string{}
	if _, ok := ruleAction(r.Actions, "Quarantine"); !ok {
		return words
	}
	for _, c := range r.Conditions {
		_, values := ruleEntry(c)
		words = append(words, ruleSecurityWords(values)...)
	}
	slices.Sort(words)
	return slices.Compact(words)
}

func dropFinding(r snapshot.TransportRule, deletes bool, words []string) Finding {
	severity, raised, verb := Medium, []string{}, "deletes messages without notice"
	switch {
	case !deletes:
		verb = "quarantines messages that say " + few(words)
	case transportRuleUnconditional(r):
		severity, verb = High, "deletes every message"
		raised = append(raised, "the rule has no condition")
	}
	if idle := transportRuleIdle(r); idle != "" {
		severity, raised = Low, []string{idle}
		verb += " once it acts; " + idle + " now"
	}
	details := transportRuleDetails(r, raised)
	details["DeleteMessage"] = deletes
	details["securityWords"] = words
	return Finding{
		Severity: severity,
		Subject:  Subject{Type: "transportRule", ID: snapshot.Key(r), Name: r.Name},
		Summary:  fmt.Sprintf("Mail flow rule %q %s.", r.Name, verb),
		Details:  details,
		Evidence: []Evidence{evidence(snapshot.TransportRules, r)},
	}
}
