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
	return organizationSwitch(in, func(o snapshot.OrganizationConfig) *bool { return o.AuditDisabled })
}

// organizationSwitch returns one switch of the organisation and its row; nil when it
// is not known.
func organizationSwitch(in Input, pick func(snapshot.OrganizationConfig) *bool) (*bool, []Evidence, error) {
	rows, err := collect(in.OrganizationConfigs())
	if err != nil || len(rows) == 0 {
		return nil, nil, err
	}
	return pick(rows[0]), []Evidence{evidence(snapshot.OrganizationConfigs, rows[0])}, nil
}

// organizationMustHave judges a switch of the organisation that should be true.
func organizationMustHave(in Input, property, summary string, pick func(snapshot.OrganizationConfig) *bool) (Output, error) {
	on, proof, err := organizationSwitch(in, pick)
	if err != nil {
		return Output{}, err
	}
	if on == nil {
		return Output{Gaps: gap(property+" was not sent", 1)}, nil
	}
	out := Output{Evaluated: 1}
	if !*on {
		out.Findings = []Finding{{
			Subject:  in.tenantSubject(),
			Summary:  summary,
			Details:  map[string]any{property: false},
			Evidence: proof,
		}}
	}
	return out, nil
}

// AuditedInEffect says whether the actions in a mailbox are recorded: the
// organisation's switch is on, and the type is covered or AuditEnabled is set.
// nil: the values that decide it were not sent.
func AuditedInEffect(m snapshot.Mailbox, disabled *bool) *bool {
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
