package exo

import (
	"encoding/json"
	"time"
)

// RoleGroup is an Exchange role group.
//
// Source: Get-RoleGroup.
type RoleGroup struct {
	Row
	Name                      string
	Identity                  string
	Guid                      string
	ExternalDirectoryObjectID string
	DisplayName               string
	Description               string
	Roles                     []string // names of management roles
	Members                   []string // ids or names; groups that stand for Entra roles, users (often their object id), service principals
	ManagedBy                 []string
	RoleGroupType             string
	LinkedGroup               *string
	WhenChanged               *time.Time
}

// DecodeRoleGroup reads one stored row.
func DecodeRoleGroup(raw json.RawMessage) (RoleGroup, error) {
	r, err := parseRow(raw)
	if err != nil {
		return RoleGroup{}, err
	}
	v := RoleGroup{
		Name:                      r.text("Name"),
		Identity:                  r.text("Identity"),
		Guid:                      r.text("Guid"),
		ExternalDirectoryObjectID: r.text("ExternalDirectoryObjectId"),
		DisplayName:               r.text("DisplayName"),
		Description:               r.text("Description"),
		Roles:                     r.list("Roles"),
		Members:                   r.list("Members"),
		ManagedBy:                 r.list("ManagedBy"),
		RoleGroupType:             r.text("RoleGroupType"),
		LinkedGroup:               r.textPtr("LinkedGroup"),
		WhenChanged:               r.date("WhenChangedUTC"),
	}
	v.Row = r
	return v, nil
}
