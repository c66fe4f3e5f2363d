package exo

import (
	"encoding/json"
)

// InboundConnector is what mail from a partner or from on-premises has to show. It has none of
// the outbound properties.
//
// Source: Get-InboundConnector.
type InboundConnector struct {
	Row
	Name                         string
	Identity                     string
	Enabled                      *bool
	ConnectorType                string   // Partner, OnPremises
	ConnectorSource              string   // AdminUI, HybridWizard, Default …
	SenderDomains                []string // "smtp:<domain>;<priority>"
	SenderIPAddresses            []string
	RequireTLS                   *bool
	RestrictDomainsToIPAddresses *bool
	RestrictDomainsToCertificate *bool
	TLSSenderCertificateName     *string
	CloudServicesMailEnabled     *bool
	TreatMessagesAsInternal      *bool
	AssociatedAcceptedDomains    []string
	Guid                         string
}

// DecodeInboundConnector reads one stored row.
func DecodeInboundConnector(raw json.RawMessage) (InboundConnector, error) {
	r, err := parseRow(raw)
	if err != nil {
		return InboundConnector{}, err
	}
	v := InboundConnector{
		Name:                         r.text("Name"),
		Identity:                     r.text("Identity"),
		Enabled:                      r.flag("Enabled"),
		ConnectorType:                r.text("ConnectorType"),
		ConnectorSource:              r.text("ConnectorSource"),
		SenderDomains:                r.list("SenderDomains"),
		SenderIPAddresses:            r.list("SenderIPAddresses"),
		RequireTLS:                   r.flag("RequireTls"),
		RestrictDomainsToIPAddresses: r.flag("RestrictDomainsToIPAddresses"),
		RestrictDomainsToCertificate: r.flag("RestrictDomainsToCertificate"),
		TLSSenderCertificateName:     r.textPtr("TlsSenderCertificateName"),
		CloudServicesMailEnabled:     r.flag("CloudServicesMailEnabled"),
		TreatMessagesAsInternal:      r.flag("TreatMessagesAsInternal"),
		AssociatedAcceptedDomains:    r.list("AssociatedAcceptedDomains"),
		Guid:                         r.text("Guid"),
	}
	v.Row = r
	return v, nil
}
