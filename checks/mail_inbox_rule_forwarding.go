package checks

import (
	"fmt"

	"tenantaudit/internal/permissions"
	"tenantaudit/internal/snapshot"
)

var mailInboxRuleForwarding = Check{
	ID:       "mail.inbox_rule_forwarding",
	Title:    "No inbox rule forwards or redirects outside",
	Severity: High,
	Needs:    []snapshot.Dataset{snapshot.InboxRules, snapshot.AcceptedDomains},
	Uses:     []snapshot.Dataset{snapshot.GroupMembers},
	Subject:  "mailboxes",
	Why:      "A rule that sends copies outside is the usual way to keep reading a mailbox after its password was changed.",
	Rule: "ForwardTo, ForwardAsAttachmentTo and RedirectTo of every rule, hidden ones included, are resolved: contacts, guests and groups with a member outside count as outside. " +
		"Critical when an enabled rule also deletes the message or is hidden; low when the rule is disabled; medium when nothing but unresolved targets is left. The service's own rules are left out. " +
		"A rule that was deleted after use cannot be seen here; only the audit log shows it.",
	Fix: "Remove-InboxRule -Mailbox <mailbox> -Identity <rule>; look for the sign-in that made it before removing it",
	Sources: []string{
		"https://learn.microsoft.com/powershell/module/exchangepowershell/get-inboxrule",
		"https://learn.microsoft.com/defender-office-365/detect-and-remediate-outlook-rules-forms-attack",
	},
	Run: runInboxRuleForwarding,
}

func runInboxRuleForwarding(in Input) (Output, error) {
	own, err := in.domains()
	if err != nil {
		return Output{}, err
	}
	var out Output
	unresolved := map[string]bool{} // mailboxes with a rule whose targets are not known
	unreadable := map[string]bool{} // mailboxes with a rule whose actions the service does not show
	for r, err := range in.InboxRules() {
		if err != nil {
			return Output{}, err
		}
		switch {
		case r.System:
		case r.ExternalRecipients == nil:
			unresolved[r.Mailbox] = true
		case len(r.ExternalRecipients) > 0:
			out.Findings = append(out.Findings, inboxRuleFinding(r, own))
		case inboxRuleUnreadable(r) && !isFalse(r.Enabled):
			// Made by another client with parts that the cmdlets do not know: it may well forward.
			unreadable[r.Mailbox] = true
		}
	}
	read, err := in.units(snapshot.InboxRules)
	if err != nil {
		return Output{}, err
	}
	for m := range unresolved {
		delete(unreadable, m) // one mailbox is one gap
	}
	out.Evaluated = max(0, read-len(unresolved)-len(unreadable))
	out.Gaps = append(gap("the targets of a rule are not known", len(unresolved)),
		gap(inboxRuleUnreadableCause, len(unreadable))...)
	return out, nil
}

func inboxRuleFinding(r snapshot.InboxRule, own *permissions.Domains) Finding {
	external, unresolved := split(r.ExternalRecipients)
	severity, raised := forwardingSeverity(r, len(external) > 0)
	targets := few(external)
	if len(external) == 0 {
		targets = "targets that could not be resolved (" + few(unresolved) + ")"
	}
	details := recipientDetails(r.ExternalRecipients, own)
	details["rule"] = r.Name
	details["enabled"] = state(r.Enabled)
	details["hidden"] = state(r.Hidden)
	details["deleteMessage"] = state(r.DeleteMessage)
	details["conditions"] = r.Conditions
	details["actions"] = r.Actions
	details["raised"] = raised
	return Finding{
		Severity: severity,
		Subject:  inboxRuleSubject(r),
		Summary:  fmt.Sprintf("%s %q of %s sends mail to %s.", inboxRuleKind(r), r.Name, r.MailboxAddress, targets),
		Details:  details,
		Evidence: []Evidence{evidence(snapshot.InboxRules, r)},
	}
}

// forwardingSeverity returns the severity of a rule that sends mail outside, and what
// raised or lowered it. A rule of which it is not known whether it is enabled raises nothing.
func forwardingSeverity(r snapshot.InboxRule, resolved bool) (Severity, []string) {
	raised := []string{}
	switch {
	case isFalse(r.Enabled):
		return Low, append(raised, "the rule is disabled")
	case !resolved:
		return Medium, append(raised, "no target could be resolved")
	case !isTrue(r.Enabled):
		return High, raised
	}
	if isTrue(r.DeleteMessage) {
		raised = append(raised, "the rule deletes the original")
	}
	if isTrue(r.Hidden) {
		raised = append(raised, "the rule is hidden")
	}
	if len(raised) > 0 {
		return Critical, raised
	}
	return High, raised
}
