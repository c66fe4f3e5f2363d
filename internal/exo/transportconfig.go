package exo

import (
	"encoding/json"
)

// TransportConfig is the tenant-wide mail flow configuration, one row.
//
// Source: Get-TransportConfig.
type TransportConfig struct {
	Row
	Name                             string
	Identity                         string
	SMTPClientAuthenticationDisabled *bool // default of SMTP AUTH for mailboxes that do not say
	AllowLegacyTLSClients            *bool // null: not configured
	ExternalPostmasterAddress        *string
	JournalingReportNDRTo            string // "<>" when unset
}

// DecodeTransportConfig reads one stored row.
func DecodeTransportConfig(raw json.RawMessage) (TransportConfig, error) {
	r, err := parseRow(raw)
	if err != nil {
		return TransportConfig{}, err
	}
	v := TransportConfig{
		Name:                             r.text("Name"),
		Identity:                         r.text("Identity"),
		SMTPClientAuthenticationDisabled: r.flag(smtpAuthProperty),
		AllowLegacyTLSClients:            r.flag("AllowLegacyTLSClients"),
		ExternalPostmasterAddress:        r.textPtr("ExternalPostmasterAddress"),
		JournalingReportNDRTo:            r.text("JournalingReportNdrTo"),
	}
	v.Row = r
	return v, nil
}
