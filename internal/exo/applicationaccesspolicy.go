package exo

import (
	"encoding/json"
)

// ApplicationAccessPolicy limits the mailboxes that an application may open.
//
// Source: Get-ApplicationAccessPolicy.
type ApplicationAccessPolicy struct {
	Row
	Identity         string // "<tenant>\\<appId>:<SID>;<guid>"
	AppID            string
	ScopeName        string
	ScopeIdentity    string
	ScopeIdentityRaw string // "<SID>;<guid>"
	AccessRight      string // RestrictAccess, DenyAccess
	Description      string
}

// DecodeApplicationAccessPolicy reads one stored row.
func DecodeApplicationAccessPolicy(raw json.RawMessage) (ApplicationAccessPolicy, error) {
	r, err := parseRow(raw)
	if err != nil {
		return ApplicationAccessPolicy{}, err
	}
	v := ApplicationAccessPolicy{
		Identity:         r.text("Identity"),
		AppID:            r.text("AppId"),
		ScopeName:        r.text("ScopeName"),
		ScopeIdentity:    r.text("ScopeIdentity"),
		ScopeIdentityRaw: r.text("ScopeIdentityRaw"),
		AccessRight:      r.text("AccessRight"),
		Description:      r.text("Description"),
	}
	v.Row = r
	return v, nil
}
