package exo

import (
	"encoding/json"
)

// RoleAssignment gives a management role to a group, a user, a policy or an application.
//
// Source: Get-ManagementRoleAssignment without GetEffectiveUsers.
type RoleAssignment struct {
	Row
	Name                         string
	Identity                     string
	Role                         string
	RoleAssignee                 string
	RoleAssigneeName             string
	RoleAssigneeType             string // User, SecurityGroup, RoleGroup, RoleAssignmentPolicy, ServicePrincipal …
	AssignmentMethod             string // Direct, RoleGroup …
	EffectiveUserName            string // "All Group Members" for groups
	RoleAssignmentDelegationType string // Regular, Delegating …
	RecipientWriteScope          string
	ConfigWriteScope             string
	CustomRecipientWriteScope    *string
	CustomConfigWriteScope       *string
	CustomResourceScope          *string // scope of an application role
	Enabled                      *bool
	App                          *string // the application, for RBAC for Applications
	Guid                         string
}

// DecodeRoleAssignment reads one stored row.
func DecodeRoleAssignment(raw json.RawMessage) (RoleAssignment, error) {
	r, err := parseRow(raw)
	if err != nil {
		return RoleAssignment{}, err
	}
	v := RoleAssignment{
		Name:                         r.text("Name"),
		Identity:                     r.text("Identity"),
		Role:                         r.text("Role"),
		RoleAssignee:                 r.text("RoleAssignee"),
		RoleAssigneeName:             r.text("RoleAssigneeName"),
		RoleAssigneeType:             r.text("RoleAssigneeType"),
		AssignmentMethod:             r.text("AssignmentMethod"),
		EffectiveUserName:            r.text("EffectiveUserName"),
		RoleAssignmentDelegationType: r.text("RoleAssignmentDelegationType"),
		RecipientWriteScope:          r.text("RecipientWriteScope"),
		ConfigWriteScope:             r.text("ConfigWriteScope"),
		CustomRecipientWriteScope:    r.textPtr("CustomRecipientWriteScope"),
		CustomConfigWriteScope:       r.textPtr("CustomConfigWriteScope"),
		CustomResourceScope:          r.textPtr("CustomResourceScope"),
		Enabled:                      r.flag("Enabled"),
		App:                          r.textPtr("App"),
		Guid:                         r.text("Guid"),
	}
	v.Row = r
	return v, nil
}
