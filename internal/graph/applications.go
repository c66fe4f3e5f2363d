package graph

import (
	"context"

	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/applications"

	"tenantaudit/internal/transport"
)

// applicationsListing reads every application registered in the tenant, with its
// credentials as at servicePrincipalsListing.
//
// Source: GET /v1.0/applications (Application.Read.All).
func applicationsListing(c *Client) listing {
	return listing{
		sel: []string{
			"id", "appId", "displayName", "createdDateTime", "signInAudience", "publisherDomain", "verifiedPublisher",
			"requiredResourceAccess", "keyCredentials", "passwordCredentials", "web", "spa", "publicClient",
			"isFallbackPublicClient", "servicePrincipalLockConfiguration",
		},
		reduced: []string{
			"id", "appId", "displayName", "createdDateTime", "signInAudience", "requiredResourceAccess",
			"keyCredentials", "passwordCredentials", "web", "publicClient",
		},
		top:    maxTop,
		bucket: transport.BucketKeyCredentials,
		ask: func(ctx context.Context, sel []string, top int32) (*abs.RequestInformation, error) {
			return applications.NewApplicationsRequestBuilderInternal(c.path(), silentAdapter{}).
				ToGetRequestInformation(ctx, &applications.ApplicationsRequestBuilderGetRequestConfiguration{
					QueryParameters: &applications.ApplicationsRequestBuilderGetQueryParameters{Select: sel, Top: &top},
				})
		},
	}
}
