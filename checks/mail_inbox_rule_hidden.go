package checks

import (
	"fmt"

	"tenantaudit/internal/snapshot"
)

var mailInboxRuleHidden = Check{
	ID:       "mail.inbox_rule_hidden",
	Title:    "No mailbox holds a hidden or unreadable rule of unknown origin",
	Severity: Medium,
	Needs:    []snapshot.Dataset{snapshot.InboxRules},
	Subject:  "mailboxes",
	Why:      "A rule can be made so that neither Outlook nor the plain cmdlet shows it. Few programs do that for a good reason, and an administrator who looks at the rules of a mailbox does not see it.",
	Rule: "The rules of a mailbox are read with and without the hidden ones. What only the first answer holds is hidden; a rule that the cmdlets do not support and of which they show no action is not fully readable. " +
		"High when both hold; low when the rule is disabled. The service's own rules (junk mail, out of office, delegates) are hidden by design and left out: they are known by name and by doing nothing else.",
	Fix: "Get-InboxRule -Mailbox <mailbox> -IncludeHidden shows the rule; MFCMAPI shows its parts. If nobody knows it, look for the sign-in that made it and delete it with MFCMAPI, or every rule of the mailbox with outlook.exe /cleanrules",
	Sources: []string{
		"https://learn.microsoft.com/powershell/module/exchangepowershell/get-inboxrule",
		"https://learn.microsoft.com/defender-office-365/detect-and-remediate-outlook-rules-forms-attack",
	},
	Run: runInboxRuleHidden,
}

// inboxRuleUnreadableCause is the gap of checks that must know what a rule does.
const inboxRuleUnreadableCause = "a rule made by another client is not fully readable: open the mailbox with a tool that reads MAPI rules"

func runInboxRuleHidden(in Input) (Output, error) {
	var out Output
	unknown := map[string]bool{} // mailboxes whose plain answer was not read
	for r, err := range in.InboxRules() {
		if err != nil {
			return Output{}, err
		}
		if r.System {
			continue
		}
		if r.Hidden == nil {
			unknown[r.Mailbox] = true
		}
		if isTrue(r.Hidden) || inboxRuleUnreadable(r) {
			out.Findings = append(out.Findings, hiddenRuleFinding(r))
		}
	}
	read, err := in.units(snapshot.InboxRules)
	if err != nil {
		return Output{}, err
	}
	out.Evaluated = max(0, read-len(unknown))
	out.Gaps = gap("the plain list of rules was not read, so what is hidden is not known", len(unknown))
	return out, nil
}

func hiddenRuleFinding(r snapshot.InboxRule) Finding {
	hidden, opaque := isTrue(r.Hidden), inboxRuleUnreadable(r)
	severity, raised, what := Medium, []string{}, "is not fully readable"
	switch {
	case hidden && opaque:
		severity, what = High, "is hidden and not fully readable"
		raised = append(raised, "the rule is hidden and not fully readable")
	case hidden:
		what = "is hidden"
	}
	if isFalse(r.Enabled) {
		severity, raised = Low, []string{"the rule is disabled"}
	}
	return Finding{
		Severity: severity,
		Subject:  inboxRuleSubject(r),
		Summary:  fmt.Sprintf("Rule %q of %s %s.", r.Name, r.MailboxAddress, what),
		Details: map[string]any{
			"rule":            r.Name,
			"enabled":         state(r.Enabled),
			"hidden":          state(r.Hidden),
			"SupportedByTask": state(r.SupportedByTask),
			"conditions":      r.Conditions,
			"actions":         r.Actions,
			"raised":          raised,
		},
		Evidence: []Evidence{evidence(snapshot.InboxRules, r)},
	}
}
