package exo

import (
	"encoding/json"
	"time"
)

// TransportRule is one mail flow rule. Every condition, exception and action has a
// property of its own in Properties, by the parameter names of New-TransportRule.
//
// Source: Get-TransportRule.
type TransportRule struct {
	Row
	Guid        string
	Identity    string
	Name        string
	Priority    *int64 // 0 is first
	State       string // Enabled, Disabled
	Mode        string // Enforce, Audit, AuditAndNotify
	Description string // English text over several lines
	// Conditions, Exceptions and Actions are .NET class names, one per part that is set:
	// "Microsoft.Exchange.MessagingPolicies.Rules.Tasks.FromScopePredicate".
	Conditions []string
	Exceptions []string
	Actions    []string
	// Recipients as sent; empty: the action is not set.
	BlindCopyTo       []string
	CopyTo            []string
	RedirectMessageTo []string
	AddToRecipients   []string
	DeleteMessage     *bool
	Quarantine        *bool
	SetSCL            *string // a number or a word, as text
	WhenChanged       *time.Time
}

// DecodeTransportRule reads one stored row.
func DecodeTransportRule(raw json.RawMessage) (TransportRule, error) {
	r, err := parseRow(raw)
	if err != nil {
		return TransportRule{}, err
	}
	v := TransportRule{
		Guid:              r.text("Guid"),
		Identity:          r.text("Identity"),
		Name:              r.text("Name"),
		Priority:          r.number("Priority"),
		State:             r.text("State"),
		Mode:              r.text("Mode"),
		Description:       r.text("Description"),
		Conditions:        r.ruleList("Conditions"),
		Exceptions:        r.ruleList("Exceptions"),
		Actions:           r.ruleList("Actions"),
		BlindCopyTo:       r.ruleList("BlindCopyTo"),
		CopyTo:            r.ruleList("CopyTo"),
		RedirectMessageTo: r.ruleList("RedirectMessageTo"),
		AddToRecipients:   r.ruleList("AddToRecipients"),
		DeleteMessage:     r.flag("DeleteMessage"),
		Quarantine:        r.flag("Quarantine"),
		SetSCL:            r.textPtr("SetSCL"),
		WhenChanged:       r.date("WhenChanged"),
	}
	v.Row = r
	return v, nil
}
