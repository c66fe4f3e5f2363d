package exo

import (
	"encoding/json"
	"time"
)

// OutboundConnector is where mail to some domains goes. It has none of the inbound properties.
//
// Source: Get-OutboundConnector with IncludeTestModeConnectors.
type OutboundConnector struct {
	Row
	Name                          string
	Identity                      string
	Enabled                       *bool
	ConnectorType                 string // Partner, OnPremises
	ConnectorSource               string
	UseMXRecord                   *bool
	SmartHosts                    []string
	RecipientDomains              []string
	TLSSettings                   *string // EncryptionOnly, CertificateValidation, DomainValidation; null: opportunistic
	TLSDomain                     *string
	RouteAllMessagesViaOnPremises *bool
	AllAcceptedDomains            *bool
	IsTransportRuleScoped         *bool
	CloudServicesMailEnabled      *bool
	TestMode                      *bool
	IsValidated                   *bool
	LastValidationTimestamp       *time.Time // sent without an offset; taken as UTC
	Guid                          string
}

// DecodeOutboundConnector reads one stored row.
func DecodeOutboundConnector(raw json.RawMessage) (OutboundConnector, error) {
	r, err := parseRow(raw)
	if err != nil {
		return OutboundConnector{}, err
	}
	v := OutboundConnector{
		Name:                          r.text("Name"),
		Identity:                      r.text("Identity"),
		Enabled:                       r.flag("Enabled"),
		ConnectorType:                 r.text("ConnectorType"),
		ConnectorSource:               r.text("ConnectorSource"),
		UseMXRecord:                   r.flag("UseMXRecord"),
		SmartHosts:                    r.list("SmartHosts"),
		RecipientDomains:              r.list("RecipientDomains"),
		TLSSettings:                   r.textPtr("TlsSettings"),
		TLSDomain:                     r.textPtr("TlsDomain"),
		RouteAllMessagesViaOnPremises: r.flag("RouteAllMessagesViaOnPremises"),
		AllAcceptedDomains:            r.flag("AllAcceptedDomains"),
		IsTransportRuleScoped:         r.flag("IsTransportRuleScoped"),
		CloudServicesMailEnabled:      r.flag("CloudServicesMailEnabled"),
		TestMode:                      r.flag("TestMode"),
		IsValidated:                   r.flag("IsValidated"),
		LastValidationTimestamp:       r.date("LastValidationTimestamp"),
		Guid:                          r.text("Guid"),
	}
	v.Row = r
	return v, nil
}
