package exo

import (
	"encoding/json"
)

// AcceptedDomain is a domain that the tenant receives mail for.
//
// Source: Get-AcceptedDomain.
type AcceptedDomain struct {
	Row
	Name                      string
	DomainName                string
	DomainType                string // Authoritative, InternalRelay, ExternalRelay
	Default                   *bool
	InitialDomain             *bool
	MatchSubDomains           *bool   // true: every subdomain counts as accepted
	AuthenticationType        *string // Managed, Federated; null for domains that were never synchronised
	SendingFromDomainDisabled *bool
	Guid                      string
}

// DecodeAcceptedDomain reads one stored row.
func DecodeAcceptedDomain(raw json.RawMessage) (AcceptedDomain, error) {
	r, err := parseRow(raw)
	if err != nil {
		return AcceptedDomain{}, err
	}
	v := AcceptedDomain{
		Name:                      r.text("Name"),
		DomainName:                r.text("DomainName"),
		DomainType:                r.text("DomainType"),
		Default:                   r.flag("Default"),
		InitialDomain:             r.flag("InitialDomain"),
		MatchSubDomains:           r.flag("MatchSubDomains"),
		AuthenticationType:        r.textPtr("AuthenticationType"),
		SendingFromDomainDisabled: r.flag("SendingFromDomainDisabled"),
		Guid:                      r.text("Guid"),
	}
	v.Row = r
	return v, nil
}
