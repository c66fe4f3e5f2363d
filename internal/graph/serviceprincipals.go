package graph

import (
	"context"
	"encoding/json"

	abs "github.com/microsoft/kiota-abstractions-go"
	sps "github.com/microsoftgraph/msgraph-sdk-go/serviceprincipals"

	"tenantaudit/internal/graph/wire"
	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/transport"
)

// servicePrincipalID is the SDK's name of the path parameter.
const servicePrincipalID = "servicePrincipal%2Did"

// servicePrincipalsListing reads every service principal with its credentials. Ids,
// usage and dates of certificates come with keyCredentials, which brings the key itself
// along when it is selected: inspect strikes it out before anything is stored. Leaving
// $select away instead would bring appRoles and scopes, several megabytes a page.
// createdDateTime is on the wire though not in the v1.0 schema, and national clouds lack
// verifiedPublisher: both are given up if the service refuses them. Requests that select
// keyCredentials have a quota of their own, 150 a minute
// (learn.microsoft.com/graph/api/serviceprincipal-list).
//
// Source: GET /v1.0/servicePrincipals (Application.Read.All).
func servicePrincipalsListing(c *Client) listing {
	return listing{
		sel: []string{
			"id", "appId", "displayName", "appDisplayName", "accountEnabled", "servicePrincipalType", "appOwnerOrganizationId",
			"verifiedPublisher", "signInAudience", "tags", "replyUrls", "homepage", "appRoleAssignmentRequired",
			"disabledByMicrosoftStatus", "createdDateTime", "keyCredentials", "passwordCredentials",
		},
		reduced: []string{
			"id", "appId", "displayName", "accountEnabled", "servicePrincipalType", "appOwnerOrganizationId",
			"appRoleAssignmentRequired", "keyCredentials", "passwordCredentials",
		},
		top:    maxTop,
		bucket: transport.BucketKeyCredentials,
		ask: func(ctx context.Context, sel []string, top int32) (*abs.RequestInformation, error) {
			return sps.NewServicePrincipalsRequestBuilderInternal(c.path(), silentAdapter{}).
				ToGetRequestInformation(ctx, &sps.ServicePrincipalsRequestBuilderGetRequestConfiguration{
					QueryParameters: &sps.ServicePrincipalsRequestBuilderGetQueryParameters{Select: sel, Top: &top},
				})
		},
	}
}

// servicePrincipal asks for one service principal by its object id.
func (c *Client) servicePrincipal(ctx context.Context, id string, sel []string) (*abs.RequestInformation, error) {
	return sps.NewServicePrincipalItemRequestBuilderInternal(c.path(servicePrincipalID, id), silentAdapter{}).
		ToGetRequestInformation(ctx, &sps.ServicePrincipalItemRequestBuilderGetRequestConfiguration{
			QueryParameters: &sps.ServicePrincipalItemRequestBuilderGetQueryParameters{Select: sel},
		})
}

// servicePrincipalExists asks for as little as shows that one is there.
func (c *Client) servicePrincipalExists(id string) func(context.Context) (*abs.RequestInformation, error) {
	return func(ctx context.Context) (*abs.RequestInformation, error) {
		return c.servicePrincipal(ctx, id, []string{"id"})
	}
}

// owners collects who owns the service principals, and can add credentials to them. Units
// as at applicationOwners: "" is all service principals with $expand=owners, and a service
// principal's id the owners of one that showed 20, or none at all.
//
// Source: GET /v1.0/servicePrincipals and …/{id}/owners (Application.Read.All).
func (c *Client) owners() Collector {
	requires := []snapshot.Source{ServicePrincipals}
	return Collector{source: ServicePrincipalOwners, requires: requires, collect: func(ctx context.Context, s Store) error {
		result, err := c.read(ctx, s, unitReading{
			unit:    snapshot.UnitID{Source: ServicePrincipalOwners},
			listing: c.expandedListing("owners"),
			before: func(ctx context.Context, p page) error {
				return s.Plan(ctx, ServicePrincipalOwners, cutOwned(p.Rows))
			},
			instead: c.oneByOne(s, ServicePrincipalOwners, ServicePrincipals),
		})
		if err != nil || result.State == snapshot.Denied {
			return err
		}
		return each(ctx, s, ServicePrincipalOwners, func(ctx context.Context, id string) error {
			_, err := c.read(ctx, s, unitReading{
				unit:    snapshot.UnitID{Source: ServicePrincipalOwners, Key: id},
				listing: c.ownersListing(id),
				exists:  c.servicePrincipalExists(id),
			})
			return err
		})
	}}
}

// cutOwned names the service principals of a page of the expanded list whose owners must be
// read in full.
func cutOwned(rows []json.RawMessage) []string {
	var keys []string
	for _, raw := range rows {
		sp, err := wire.DecodeServicePrincipalOwners(raw)
		if err != nil || sp.Owners == nil || len(sp.Owners) >= expandLimit {
			keys = append(keys, sp.ID)
		}
	}
	return objectIDs(keys)
}

func (c *Client) ownersListing(id string) listing {
	return listing{
		sel:     []string{"id", "displayName", "userPrincipalName", "userType", "appId"},
		reduced: []string{"id", "displayName", "userPrincipalName"},
		top:     maxTop,
		ask: func(ctx context.Context, sel []string, top int32) (*abs.RequestInformation, error) {
			return sps.NewItemOwnersRequestBuilderInternal(c.path(servicePrincipalID, id), silentAdapter{}).
				ToGetRequestInformation(ctx, &sps.ItemOwnersRequestBuilderGetRequestConfiguration{
					QueryParameters: &sps.ItemOwnersRequestBuilderGetQueryParameters{Select: sel, Top: &top},
				})
		},
	}
}
