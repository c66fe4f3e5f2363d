package exo

import (
	"encoding/json"
)

// OutboundSpamPolicy is an outbound spam policy. Enabled is false on a live default policy
// that applies all the same, so it is not read.
//
// Source: Get-HostedOutboundSpamFilterPolicy.
type OutboundSpamPolicy struct {
	Row
	Name                          string
	Identity                      string
	IsDefault                     *bool
	AutoForwardingMode            string // Automatic, On, Off; Automatic means Off or On depending on the age of the tenant
	ActionWhenThresholdReached    string
	RecipientLimitExternalPerHour *int64 // 0: the service's own limit
	RecipientLimitInternalPerHour *int64 // 0: the service's own limit
	RecipientLimitPerDay          *int64 // 0: the service's own limit
	Guid                          string
}

// DecodeOutboundSpamPolicy reads one stored row.
func DecodeOutboundSpamPolicy(raw json.RawMessage) (OutboundSpamPolicy, error) {
	r, err := parseRow(raw)
	if err != nil {
		return OutboundSpamPolicy{}, err
	}
	v := OutboundSpamPolicy{
		Name:                          r.text("Name"),
		Identity:                      r.text("Identity"),
		IsDefault:                     r.flag("IsDefault"),
		AutoForwardingMode:            r.text("AutoForwardingMode"),
		ActionWhenThresholdReached:    r.text("ActionWhenThresholdReached"),
		RecipientLimitExternalPerHour: r.number("RecipientLimitExternalPerHour"),
		RecipientLimitInternalPerHour: r.number("RecipientLimitInternalPerHour"),
		RecipientLimitPerDay:          r.number("RecipientLimitPerDay"),
		Guid:                          r.text("Guid"),
	}
	v.Row = r
	return v, nil
}
