package graph

import (
	"context"

	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/users"
)

// usersListing reads every account, guests included. assignedPlans saves a request per
// user for licence details; sign-in times are not asked for, because without Entra ID
// P1 they cost the whole listing.
//
// Source: GET /v1.0/users (User.Read.All).
func usersListing(c *Client) listing {
	return listing{
		sel: []string{
			"id", "userPrincipalName", "displayName", "mail", "accountEnabled", "userType", "onPremisesSyncEnabled", "createdDateTime",
			"assignedLicenses", "assignedPlans", "proxyAddresses", "externalUserState", "lastPasswordChangeDateTime", "passwordPolicies",
		},
		reduced: []string{"id", "userPrincipalName", "displayName", "mail", "accountEnabled", "userType", "assignedLicenses", "assignedPlans", "proxyAddresses"},
		top:     maxTop,
		ask: func(ctx context.Context, sel []string, top int32) (*abs.RequestInformation, error) {
			return users.NewUsersRequestBuilderInternal(c.path(), silentAdapter{}).
				ToGetRequestInformation(ctx, &users.UsersRequestBuilderGetRequestConfiguration{
					QueryParameters: &users.UsersRequestBuilderGetQueryParameters{Select: sel, Top: &top},
				})
		},
	}
}
