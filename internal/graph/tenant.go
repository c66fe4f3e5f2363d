package graph

import (
	"context"

	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/domains"
	"github.com/microsoftgraph/msgraph-sdk-go/organization"
	"github.com/microsoftgraph/msgraph-sdk-go/subscribedskus"
)

// organizationListing reads the tenant: one row.
//
// Source: GET /v1.0/organization (Organization.Read.All).
func organizationListing(c *Client) listing {
	return listing{
		sel: []string{
			"id", "displayName", "verifiedDomains", "tenantType", "onPremisesSyncEnabled", "onPremisesLastSyncDateTime",
			"createdDateTime", "countryLetterCode", "assignedPlans", "technicalNotificationMails",
			"securityComplianceNotificationMails", "partnerTenantType",
		},
		reduced: []string{"id", "displayName", "verifiedDomains"},
		ask: func(ctx context.Context, sel []string, _ int32) (*abs.RequestInformation, error) {
			return organization.NewOrganizationRequestBuilderInternal(c.path(), silentAdapter{}).
				ToGetRequestInformation(ctx, &organization.OrganizationRequestBuilderGetRequestConfiguration{
					QueryParameters: &organization.OrganizationRequestBuilderGetQueryParameters{Select: sel},
				})
		},
	}
}

// domainsListing reads the tenant's domains, unverified ones included.
//
// Source: GET /v1.0/domains (Domain.Read.All).
func domainsListing(c *Client) listing {
	return listing{ask: func(ctx context.Context, _ []string, _ int32) (*abs.RequestInformation, error) {
		return domains.NewDomainsRequestBuilderInternal(c.path(), silentAdapter{}).ToGetRequestInformation(ctx, nil)
	}}
}

// subscribedSKUsListing reads what the tenant subscribes to. The endpoint takes neither
// $top nor $filter.
//
// Source: GET /v1.0/subscribedSkus (LicenseAssignment.Read.All).
func subscribedSKUsListing(c *Client) listing {
	return listing{ask: func(ctx context.Context, _ []string, _ int32) (*abs.RequestInformation, error) {
		return subscribedskus.NewSubscribedSkusRequestBuilderInternal(c.path(), silentAdapter{}).ToGetRequestInformation(ctx, nil)
	}}
}
