package exo

import (
	"encoding/json"
)

// OutboundSpamRule binds a policy other than the default one to senders.
//
// Source: Get-HostedOutboundSpamFilterRule.
type OutboundSpamRule struct {
	Row
	Name                   string
	Identity               string
	Policy                 string // name of the policy
	State                  string // Enabled, Disabled
	Priority               *int64 // 0 is first
	From                   []string
	FromMemberOf           []string
	SenderDomainIs         []string
	ExceptIfFrom           []string
	ExceptIfFromMemberOf   []string
	ExceptIfSenderDomainIs []string
	Guid                   string
}

// DecodeOutboundSpamRule reads one stored row.
func DecodeOutboundSpamRule(raw json.RawMessage) (OutboundSpamRule, error) {
	r, err := parseRow(raw)
	if err != nil {
		return OutboundSpamRule{}, err
	}
	v := OutboundSpamRule{
		Name:                   r.text("Name"),
		Identity:               r.text("Identity"),
		Policy:                 r.text("HostedOutboundSpamFilterPolicy"),
		State:                  r.text("State"),
		Priority:               r.number("Priority"),
		From:                   r.ruleList("From"),
		FromMemberOf:           r.ruleList("FromMemberOf"),
		SenderDomainIs:         r.ruleList("SenderDomainIs"),
		ExceptIfFrom:           r.ruleList("ExceptIfFrom"),
		ExceptIfFromMemberOf:   r.ruleList("ExceptIfFromMemberOf"),
		ExceptIfSenderDomainIs: r.ruleList("ExceptIfSenderDomainIs"),
		Guid:                   r.text("Guid"),
	}
	v.Row = r
	return v, nil
}
