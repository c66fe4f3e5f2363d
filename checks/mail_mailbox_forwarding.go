package checks

import (
	"fmt"

	"tenantaudit/internal/permissions"
	"tenantaudit/internal/snapshot"
)

var mailMailboxForwarding = Check{
	ID:       "mail.mailbox_forwarding",
	Title:    "No mailbox forwards outside through its own attributes",
	Severity: High,
	Needs:    []snapshot.Dataset{snapshot.Mailboxes, snapshot.AcceptedDomains},
	Uses:     []snapshot.Dataset{snapshot.GroupMembers},
	Subject:  "active mailboxes",
	Why:      "A forwarding address on the mailbox hands every message to somebody else, and the owner sees no rule. Where no copy stays, the owner does not even see the mail.",
	Rule: "ForwardingSmtpAddress and ForwardingAddress are both read and resolved: a contact, mail user, guest or group with one member outside counts as outside. " +
		"Critical when no copy stays in the mailbox; medium when the target could not be resolved. Inactive mailboxes get no mail and are left out. Whether outbound policies would stop the mail today is not considered: the setting outlives them.",
	Fix: "Set-Mailbox <mailbox> -ForwardingSmtpAddress $null -ForwardingAddress $null, or record it as an accepted exception",
	Sources: []string{
		"https://learn.microsoft.com/powershell/module/exchangepowershell/set-mailbox",
		"https://learn.microsoft.com/defender-office-365/outbound-spam-policies-external-email-forwarding",
	},
	Run: runMailboxForwarding,
}

func runMailboxForwarding(in Input) (Output, error) {
	own, err := in.domains()
	if err != nil {
		return Output{}, err
	}
	var out Output
	for m, err := range in.Mailboxes() {
		if err != nil {
			return Output{}, err
		}
		if m.Inactive {
			continue
		}
		out.Evaluated++
		if f, ok := forwardingFinding(m, own); ok {
			out.Findings = append(out.Findings, f)
		}
	}
	return out, nil
}

func forwardingFinding(m snapshot.Mailbox, own *permissions.Domains) (Finding, bool) {
	f := Finding{
		Subject:  mailboxSubject(m),
		Details:  recipientDetails(m.ForwardingExternalRecipients, own),
		Evidence: []Evidence{evidence(snapshot.Mailboxes, m)},
	}
	external, unresolved := split(m.ForwardingExternalRecipients)
	raised := []string{}
	switch permissions.Where(m.ForwardingTargetType) {
	case permissions.External:
		f.Severity = High
		f.Summary = fmt.Sprintf("%s forwards to %s.", m.MailboxAddress, few(external))
		if isFalse(m.DeliverToMailboxAndForward) {
			f.Severity = Critical
			raised = append(raised, "no copy stays in the mailbox")
			f.Summary = fmt.Sprintf("%s forwards to %s and keeps no copy.", m.MailboxAddress, few(external))
		}
	case permissions.Unresolved:
		f.Severity = Medium
		raised = append(raised, "no target could be resolved")
		f.Summary = fmt.Sprintf("%s forwards to a target that could not be resolved: %s.", m.MailboxAddress, few(unresolved))
	default:
		return Finding{}, false
	}
	f.Details["ForwardingAddress"] = text(m.ForwardingAddress)
	f.Details["ForwardingSmtpAddress"] = text(m.ForwardingSMTPAddress)
	f.Details["forwardingTarget"] = m.ForwardingTarget
	f.Details["DeliverToMailboxAndForward"] = state(m.DeliverToMailboxAndForward)
	f.Details["raised"] = raised
	return f, true
}
