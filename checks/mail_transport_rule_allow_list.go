package checks

import (
	"fmt"
	"strings"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

var mailTransportRuleAllowList = Check{
	ID:       "mail.transport_rule_allow_list",
	Title:    "No mail flow rule exempts senders from spam filtering",
	Severity: Medium,
	Needs:    []snapshot.Dataset{snapshot.TransportRules},
	Subject:  "mail flow rules",
	Why:      "The sender of a message is easily forged. Mail from an exempted address, domain or network reaches the inbox unfiltered, which is where an attacker wants it.",
	Rule: "A rule exempts when it sets the spam confidence level to -1, or a header that makes a filter skip the message (X-MS-Exchange-Organization-SCL with -1, SkipSafeLinksProcessing, SkipSafeAttachmentProcessing, an X-Forefront-Antispam-Report that claims a skipped filter). " +
		"With a condition on the sender (address, words or patterns of it, domain, IP range) that is a finding; with no condition at all it is high, because it exempts everybody. Low when the rule is disabled or only tested. " +
		"Rules with other conditions alone (a recipient's mailbox, mail from inside) stay silent, as do headers that only sort mail.",
	Fix: "Remove-TransportRule <rule>; let users keep safe senders of their own, or allow single senders for a time: New-TenantAllowBlockListItems -ListType Sender -Allow -Entries <sender> -RemoveAfter 45",
	Sources: []string{
		"https://learn.microsoft.com/defender-office-365/create-safe-sender-lists-in-office-365",
		"https://learn.microsoft.com/exchange/security-and-compliance/mail-flow-rules/use-rules-to-set-scl",
		"https://learn.microsoft.com/powershell/module/exchangepowershell/get-transportrule",
	},
	Run: runTransportRuleAllowList,
}

func runTransportRuleAllowList(in Input) (Output, error) {
	var out Output
	unknown := 0
	for r, err := range in.TransportRules() {
		if err != nil {
			return Output{}, err
		}
		effects := transportRuleExemptions(r)
		if r.Conditions == nil && len(effects) > 0 || r.Actions == nil && len(effects) == 0 {
			unknown++
			continue
		}
		out.Evaluated++
		senders := transportRuleSenders(r)
		if len(effects) > 0 && (len(senders) > 0 || transportRuleUnconditional(r)) {
			out.Findings = append(out.Findings, allowListFinding(r, effects, senders))
		}
	}
	out.Gaps = gap("the actions or the conditions of the rule were not sent", unknown)
	return out, nil
}

// transportRuleExemptions returns what a rule does to keep filters from a message, in words.
func transportRuleExemptions(r snapshot.TransportRule) []string {
	effects := []string{}
	scl := ""
	if r.SetSCL != nil {
		scl = *r.SetSCL
	} else {
		scl, _ = ruleAction(r.Actions, "SetScl")
	}
	if strings.TrimSpace(scl) == "-1" {
		effects = append(effects, "spam confidence level -1: spam filtering is skipped")
	}
	if header, value := transportRuleHeader(r.Actions); header != "" {
		if effect, ok := facts.ExemptingHeader(header, value); ok {
			effects = append(effects, fmt.Sprintf("header %s: %s", header, effect))
		}
	}
	return effects
}

// transportRuleHeader returns the header that a rule sets: "SetHeader: name, value", or name and
// value as two entries.
func transportRuleHeader(actions []string) (header, value string) {
	for _, name := range []string{"SetHeader", "SetHeaderName"} {
		if set, ok := ruleAction(actions, name); ok {
			header, value, _ = strings.Cut(set, ",")
			break
		}
	}
	if separate, ok := ruleAction(actions, "SetHeaderValue"); ok && value == "" {
		value = separate
	}
	return strings.TrimSpace(header), strings.TrimSpace(value)
}

// transportRuleSenders returns the conditions of a rule that name senders.
func transportRuleSenders(r snapshot.TransportRule) []string {
	senders := []string{}
	for _, c := range r.Conditions {
		if name, _ := ruleEntry(c); facts.SenderCondition(name) {
			senders = append(senders, c)
		}
	}
	return senders
}

func allowListFinding(r snapshot.TransportRule, effects, senders []string) Finding {
	severity, raised, who := Medium, []string{}, "for senders it names ("+few(senders)+")"
	if len(senders) == 0 {
		severity, who = High, "for every sender"
		raised = append(raised, "the rule has no condition")
	}
	if idle := transportRuleIdle(r); idle != "" {
		severity, raised = Low, []string{idle}
		who += "; " + idle
	}
	details := transportRuleDetails(r, raised)
	details["SetSCL"] = text(r.SetSCL)
	details["exemptions"] = effects
	details["senderConditions"] = senders
	return Finding{
		Severity: severity,
		Subject:  Subject{Type: "transportRule", ID: snapshot.Key(r), Name: r.Name},
		Summary:  fmt.Sprintf("Mail flow rule %q switches filtering off %s.", r.Name, who),
		Details:  details,
		Evidence: []Evidence{evidence(snapshot.TransportRules, r)},
	}
}
