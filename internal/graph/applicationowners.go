package graph

import (
	"context"
	"encoding/json"

	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/applications"

	"tenantaudit/internal/graph/wire"
	"tenantaudit/internal/snapshot"
)

// applicationID is the SDK's name of the path parameter.
const applicationID = "application%2Did"

// applicationOwners collects who owns the applications registered in this tenant, and
// can add credentials to them. Units as at appRoles:
//
//   - "": all applications with $expand=owners, which shows up to 20. Rows are
//     applications (wire.ApplicationOwners). Without rows where the service refuses the
//     $expand; each application has a unit then.
//   - an application's object id: the owners of one that showed 20, or none at all (no
//     array), read in full. Rows are owners.
//
// Source: GET /v1.0/applications and …/{id}/owners (Application.Read.All).
func (c *Client) applicationOwners() Collector {
	requires := []snapshot.Source{Applications}
	return Collector{source: ApplicationOwners, requires: requires, collect: func(ctx context.Context, s Store) error {
		result, err := c.read(ctx, s, unitReading{
			unit:    snapshot.UnitID{Source: ApplicationOwners},
			listing: c.expandedOwners(),
			before: func(ctx context.Context, p page) error {
				if keys := cutOwners(p.Rows); len(keys) > 0 {
					return s.Plan(ctx, ApplicationOwners, keys)
				}
				return nil
			},
			instead: c.oneByOne(s, ApplicationOwners, Applications),
		})
		if err != nil || result.State == snapshot.Denied {
			return err
		}
		return each(ctx, s, ApplicationOwners, func(ctx context.Context, id string) error {
			_, err := c.read(ctx, s, unitReading{
				unit:    snapshot.UnitID{Source: ApplicationOwners, Key: id},
				listing: c.ownersOfApplication(id),
				exists: func(ctx context.Context) (*abs.RequestInformation, error) {
					return applications.NewApplicationItemRequestBuilderInternal(c.path(applicationID, id), silentAdapter{}).
						ToGetRequestInformation(ctx, &applications.ApplicationItemRequestBuilderGetRequestConfiguration{
							QueryParameters: &applications.ApplicationItemRequestBuilderGetQueryParameters{Select: []string{"id"}},
						})
				},
			})
			return err
		})
	}}
}

// cutOwners names the applications of a page of the expanded list whose owners must be
// read in full.
func cutOwners(rows []json.RawMessage) []string {
	var keys []string
	for _, raw := range rows {
		a, err := wire.DecodeApplicationOwners(raw)
		if err != nil || a.Owners == nil || len(a.Owners) >= expandLimit {
			keys = append(keys, a.ID)
		}
	}
	return objectIDs(keys)
}

func (c *Client) expandedOwners() listing {
	return listing{
		sel: []string{"id", "appId"},
		top: maxTop,
		ask: func(ctx context.Context, sel []string, top int32) (*abs.RequestInformation, error) {
			return applications.NewApplicationsRequestBuilderInternal(c.path(), silentAdapter{}).
				ToGetRequestInformation(ctx, &applications.ApplicationsRequestBuilderGetRequestConfiguration{
					QueryParameters: &applications.ApplicationsRequestBuilderGetQueryParameters{Select: sel, Expand: []string{"owners"}, Top: &top},
				})
		},
	}
}

func (c *Client) ownersOfApplication(id string) listing {
	return listing{
		sel:     []string{"id", "displayName", "userPrincipalName", "userType", "appId"},
		reduced: []string{"id", "displayName", "userPrincipalName"},
		top:     maxTop,
		ask: func(ctx context.Context, sel []string, top int32) (*abs.RequestInformation, error) {
			return applications.NewItemOwnersRequestBuilderInternal(c.path(applicationID, id), silentAdapter{}).
				ToGetRequestInformation(ctx, &applications.ItemOwnersRequestBuilderGetRequestConfiguration{
					QueryParameters: &applications.ItemOwnersRequestBuilderGetQueryParameters{Select: sel, Top: &top},
				})
		},
	}
}
