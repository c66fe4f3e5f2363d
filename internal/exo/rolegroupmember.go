package exo

import (
	"encoding/json"
)

// RoleGroupMember is a direct member of a role group. RecipientTypeDetails RoleGroup stands for an
// Entra directory role, which DisplayName names.
//
// Source: Get-RoleGroupMember.
type RoleGroupMember struct {
	Row
	Identity                  string
	ID                        string
	Name                      string
	DisplayName               string
	RecipientType             string
	RecipientTypeDetails      string
	PrimarySMTPAddress        string
	ExternalDirectoryObjectID string
	WindowsLiveID             string
	Guid                      string
}

// DecodeRoleGroupMember reads one stored row.
func DecodeRoleGroupMember(raw json.RawMessage) (RoleGroupMember, error) {
	r, err := parseRow(raw)
	if err != nil {
		return RoleGroupMember{}, err
	}
	v := RoleGroupMember{
		Identity:                  r.text("Identity"),
		ID:                        r.text("Id"),
		Name:                      r.text("Name"),
		DisplayName:               r.text("DisplayName"),
		RecipientType:             r.text("RecipientType"),
		RecipientTypeDetails:      r.text("RecipientTypeDetails"),
		PrimarySMTPAddress:        r.text("PrimarySmtpAddress"),
		ExternalDirectoryObjectID: r.text("ExternalDirectoryObjectId"),
		WindowsLiveID:             r.text("WindowsLiveID"),
		Guid:                      r.text("Guid"),
	}
	v.Row = r
	return v, nil
}
