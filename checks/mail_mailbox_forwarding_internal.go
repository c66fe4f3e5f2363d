package checks

import (
	"cmp"
	"fmt"

	"tenantaudit/internal/permissions"
	"tenantaudit/internal/snapshot"
)

var mailMailboxForwardingInternal = Check{
	ID:        "mail.mailbox_forwarding_internal",
	Title:     "Internal forwarding is known",
	Severity:  Info,
	Inventory: true,
	Needs:     []snapshot.Dataset{snapshot.Mailboxes, snapshot.AcceptedDomains},
	Uses:      []snapshot.Dataset{snapshot.GroupMembers},
	Subject:   "active mailboxes",
	Why:       "Forwarding inside gives a colleague every message without any permission on the mailbox, so no list of permissions shows it. It often outlives the reason it was set for.",
	Rule: "Lists active mailboxes whose ForwardingAddress or ForwardingSmtpAddress reaches an address inside and none outside. Targets outside or unresolved are judged by mail.mailbox_forwarding. " +
		"Inactive mailboxes get no mail and are left out.",
	Fix: "Set-Mailbox <mailbox> -ForwardingSmtpAddress $null -ForwardingAddress $null, where nobody can say what it is for",
	Sources: []string{
		"https://learn.microsoft.com/powershell/module/exchangepowershell/set-mailbox",
		"https://learn.microsoft.com/exchange/recipients-in-exchange-online/manage-user-mailboxes/configure-email-forwarding",
	},
	Run: runMailboxForwardingInternal,
}

func runMailboxForwardingInternal(in Input) (Output, error) {
	var out Output
	for m, err := range in.Mailboxes() {
		if err != nil {
			return Output{}, err
		}
		if m.Inactive {
			continue
		}
		out.Evaluated++
		if permissions.Where(m.ForwardingTargetType) != permissions.Internal {
			continue
		}
		f := Finding{
			Subject: mailboxSubject(m),
			Summary: fmt.Sprintf("%s forwards to %s, inside.", m.MailboxAddress, cmp.Or(m.ForwardingTarget, "a target")),
			Details: map[string]any{
				"ForwardingAddress":          text(m.ForwardingAddress),
				"ForwardingSmtpAddress":      text(m.ForwardingSMTPAddress),
				"forwardingTarget":           m.ForwardingTarget,
				"DeliverToMailboxAndForward": state(m.DeliverToMailboxAndForward),
			},
			Evidence: []Evidence{evidence(snapshot.Mailboxes, m)},
		}
		if isFalse(m.DeliverToMailboxAndForward) {
			f.Summary = fmt.Sprintf("%s forwards to %s, inside, and keeps no copy.", m.MailboxAddress, cmp.Or(m.ForwardingTarget, "a target"))
		}
		out.Findings = append(out.Findings, f)
	}
	return out, nil
}
