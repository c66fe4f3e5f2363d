package graph

import (
	"context"

	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/rolemanagement"
)

// roleDefinitionsListing reads the directory roles, built-in and custom.
//
// Source: GET /v1.0/roleManagement/directory/roleDefinitions (RoleManagement.Read.Directory).
func roleDefinitionsListing(c *Client) listing {
	return listing{
		sel:     []string{"id", "templateId", "displayName", "isBuiltIn", "isEnabled"},
		reduced: []string{"id", "templateId", "displayName"},
		ask: func(ctx context.Context, sel []string, _ int32) (*abs.RequestInformation, error) {
			return rolemanagement.NewDirectoryRoleDefinitionsRequestBuilderInternal(c.path(), silentAdapter{}).
				ToGetRequestInformation(ctx, &rolemanagement.DirectoryRoleDefinitionsRequestBuilderGetRequestConfiguration{
					QueryParameters: &rolemanagement.DirectoryRoleDefinitionsRequestBuilderGetQueryParameters{Select: sel},
				})
		},
	}
}

// roleAssignmentsListing reads who holds a directory role now, activations included. It
// is preferred to /directoryRoles, which leaves out custom roles and scoped assignments.
//
// Source: GET /v1.0/roleManagement/directory/roleAssignments (RoleManagement.Read.Directory).
func roleAssignmentsListing(c *Client) listing {
	return listing{ask: func(ctx context.Context, _ []string, _ int32) (*abs.RequestInformation, error) {
		return rolemanagement.NewDirectoryRoleAssignmentsRequestBuilderInternal(c.path(), silentAdapter{}).
			ToGetRequestInformation(ctx, &rolemanagement.DirectoryRoleAssignmentsRequestBuilderGetRequestConfiguration{
				QueryParameters: &rolemanagement.DirectoryRoleAssignmentsRequestBuilderGetQueryParameters{Expand: []string{"principal"}},
			})
	}}
}

// roleEligibilityListing reads who may activate a directory role. A tenant without Entra
// ID P2 answers 400 AadPremiumLicenseRequired: there is nothing to read then.
//
// Source: GET /v1.0/roleManagement/directory/roleEligibilitySchedules
// (RoleEligibilitySchedule.Read.Directory; Directory.Read.All does not do).
func roleEligibilityListing(c *Client) listing {
	return listing{ask: func(ctx context.Context, _ []string, _ int32) (*abs.RequestInformation, error) {
		return rolemanagement.NewDirectoryRoleEligibilitySchedulesRequestBuilderInternal(c.path(), silentAdapter{}).
			ToGetRequestInformation(ctx, &rolemanagement.DirectoryRoleEligibilitySchedulesRequestBuilderGetRequestConfiguration{
				QueryParameters: &rolemanagement.DirectoryRoleEligibilitySchedulesRequestBuilderGetQueryParameters{Expand: []string{"principal"}},
			})
	}}
}

// roleScheduleListing reads how and until when the roles in force were given, which
// roleAssignments does not tell. Who holds them is resolved by id.
//
// Source: GET /v1.0/roleManagement/directory/roleAssignmentScheduleInstances
// (RoleAssignmentSchedule.Read.Directory; Directory.Read.All does not do; Entra ID P2).
func roleScheduleListing(c *Client) listing {
	return listing{ask: func(ctx context.Context, _ []string, _ int32) (*abs.RequestInformation, error) {
		return rolemanagement.NewDirectoryRoleAssignmentScheduleInstancesRequestBuilderInternal(c.path(), silentAdapter{}).ToGetRequestInformation(ctx, nil)
	}}
}
