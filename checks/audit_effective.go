package checks

import (
	"slices"
	"strings"

	"tenantaudit/internal/snapshot"
)

const auditMailboxesPage = "https://learn.microsoft.com/purview/audit-mailboxes"

// onByDefault are the mailbox types that auditing by default covers. For them
// the service ignores AuditEnabled; for every other type AuditEnabled counts.
// Source: learn.microsoft.com/purview/audit-mailboxes.
var onByDefault = []string{"UserMailbox", "SharedMailbox", "LinkedMailbox", "GroupMailbox"}

func coveredByDefault(recipientTypeDetails string) bool {
	return slices.ContainsFunc(onByDefault, func(t string) bool { return strings.EqualFold(t, recipientTypeDetails) })
}

// auditSwitch returns the organisation's AuditDisabled and its row; nil when it
// is not known.
func auditSwitch(in Input) (*bool, []Evidence, error) {
	rows, err := collect(in.OrganizationConfigs())
	if err != nil || len(rows) == 0 {
		return nil, nil, err
	}
	return rows[0].AuditDisabled, []Evidence{evidence(snapshot.OrganizationConfigs, rows[0])}, nil
}

// auditedInEffect says whether the actions in a mailbox are recorded: the
// organisation's switch is on, and the type is covered or AuditEnabled is set.
// nil: the values that decide it were not sent.
func auditedInEffect(m snapshot.Mailbox, disabled *bool) *bool {
	yes, no := true, false
	switch {
	case isTrue(disabled):
		return &no
	case coveredByDefault(m.RecipientTypeDetails):
		if disabled == nil {
			return nil
		}
		return &yes
	case isFalse(m.AuditEnabled):
		return &no
	case m.AuditEnabled == nil || disabled == nil:
		return nil
	}
	return &yes
}

// mailboxSubject is the subject of a finding about a mailbox.
func mailboxSubject(m snapshot.Mailbox) Subject {
	name := m.MailboxAddress
	if name == "" {
		name = m.DisplayName
	}
	return Subject{Type: "mailbox", ID: m.Mailbox, Name: name}
}
