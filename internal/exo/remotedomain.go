package exo

import (
	"encoding/json"
)

// RemoteDomain is what mail to a foreign domain may do; DomainName "*" is everyone else.
//
// Source: Get-RemoteDomain.
type RemoteDomain struct {
	Row
	Name                       string
	Identity                   string
	DomainName                 string
	AutoForwardEnabled         *bool
	AutoReplyEnabled           *bool
	AllowedOOFType             string // External, InternalLegacy, ExternalLegacy, None
	DeliveryReportEnabled      *bool
	NDREnabled                 *bool
	IsInternal                 *bool
	TrustedMailInboundEnabled  *bool
	TrustedMailOutboundEnabled *bool
	Guid                       string
}

// DecodeRemoteDomain reads one stored row.
func DecodeRemoteDomain(raw json.RawMessage) (RemoteDomain, error) {
	r, err := parseRow(raw)
	if err != nil {
		return RemoteDomain{}, err
	}
	v := RemoteDomain{
		Name:                       r.text("Name"),
		Identity:                   r.text("Identity"),
		DomainName:                 r.text("DomainName"),
		AutoForwardEnabled:         r.flag("AutoForwardEnabled"),
		AutoReplyEnabled:           r.flag("AutoReplyEnabled"),
		AllowedOOFType:             r.text("AllowedOOFType"),
		DeliveryReportEnabled:      r.flag("DeliveryReportEnabled"),
		NDREnabled:                 r.flag("NDREnabled"),
		IsInternal:                 r.flag("IsInternal"),
		TrustedMailInboundEnabled:  r.flag("TrustedMailInboundEnabled"),
		TrustedMailOutboundEnabled: r.flag("TrustedMailOutboundEnabled"),
		Guid:                       r.text("Guid"),
	}
	v.Row = r
	return v, nil
}
