package exo

import (
	"encoding/json"
)

// ServicePrincipal is an application that is registered in Exchange; most are not.
//
// Source: Get-ServicePrincipal.
type ServicePrincipal struct {
	Row
	AppID       string
	ObjectID    string // object id in Entra
	DisplayName string
	SID         string
	Identity    string
	Guid        string
}

// DecodeServicePrincipal reads one stored row.
func DecodeServicePrincipal(raw json.RawMessage) (ServicePrincipal, error) {
	r, err := parseRow(raw)
	if err != nil {
		return ServicePrincipal{}, err
	}
	v := ServicePrincipal{
		AppID:       r.text("AppId"),
		ObjectID:    r.text("ObjectId"),
		DisplayName: r.text("DisplayName"),
		SID:         r.text("Sid"),
		Identity:    r.text("Identity"),
		Guid:        r.text("Guid"),
	}
	v.Row = r
	return v, nil
}
