package graph

import (
	"context"
	"fmt"

	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/oauth2permissiongrants"

	"tenantaudit/internal/graph/wire"
	"tenantaudit/internal/snapshot"
)

// grants collects delegated consents. Unit "": the tenant-wide listing. When that is
// shorter than the service announced, each client that no Microsoft tenant owns is
// asked for by itself: unit = object id of the client. Grants of both kinds of unit
// overlap: they are one by id.
//
// Without ConsistencyLevel and $count the listing leaves out rows, more the smaller the
// page (microsoftgraph/msgraph-sdk-powershell issue 2469); with them the announced
// number is compared with what came. The filter by clientId reads with the least delay
// of replication (learn.microsoft.com/graph/api/oauth2permissiongrant-list).
//
// Source: GET /v1.0/oauth2PermissionGrants (Directory.Read.All).
func (c *Client) grants(o CollectOptions) Collector {
	requires := []snapshot.Source{ServicePrincipals}
	return Collector{source: OAuth2PermissionGrants, requires: requires, collect: func(ctx context.Context, s Store) error {
		var listed int64
		whole := unitReading{
			unit:    snapshot.UnitID{Source: OAuth2PermissionGrants},
			listing: c.grantsListing(""),
			before: func(_ context.Context, p page) error {
				listed = p.Distinct
				return nil
			},
		}
		result, err := c.read(ctx, s, whole)
		if err != nil {
			return err
		}
		if result.State != snapshot.Partial || listed >= result.Expected {
			// Clients that an earlier run asked for and did not get stay open until they are read.
			return c.openClients(ctx, s)
		}
		total, err := c.grantsByClient(ctx, s, o)
		if err != nil {
			return err
		}
		r := snapshot.Result{State: snapshot.Complete, Expected: result.Expected}
		r.Detail = fmt.Sprintf("the listing gave %d of %d announced rows; with each client asked for itself there are %d", listed, result.Expected, total)
		if total < result.Expected {
			r.State, r.Cause = snapshot.Partial, snapshot.ServiceError
			r.Detail += "; go on with --resume to ask again"
		}
		return c.commit(ctx, s, snapshot.Write{Unit: whole.unit, Result: r})
	}}
}

// grantsByClient reads the grants of every client that no Microsoft tenant owns, and
// returns how many grants the store holds then.
func (c *Client) grantsByClient(ctx context.Context, s Store, o CollectOptions) (int64, error) {
	var clients []string
	for sp, err := range decoded(ctx, s, ServicePrincipals, wire.DecodeServicePrincipal) {
		if err != nil {
			return 0, err
		}
		if !o.MicrosoftTenant(sp.AppOwnerOrganizationID) {
			clients = append(clients, sp.ID)
		}
	}
	if err := s.Plan(ctx, OAuth2PermissionGrants, objectIDs(clients)); err != nil {
		return 0, fmt.Errorf("%s: %w", OAuth2PermissionGrants, err)
	}
	if err := c.openClients(ctx, s); err != nil {
		return 0, err
	}
	// Counted from the store: units that an earlier run has read count too.
	seen := map[[16]byte]struct{}{}
	for g, err := range decoded(ctx, s, OAuth2PermissionGrants, wire.DecodeOAuth2PermissionGrant) {
		if err != nil {
			return 0, err
		}
		if g.ID != "" {
			seen[digest([]byte(g.ID))] = struct{}{}
		}
	}
	return int64(len(seen)), nil
}

// openClients reads the units of single clients that are open.
func (c *Client) openClients(ctx context.Context, s Store) error {
	return each(ctx, s, OAuth2PermissionGrants, func(ctx context.Context, client string) error {
		_, err := c.read(ctx, s, unitReading{
			unit:    snapshot.UnitID{Source: OAuth2PermissionGrants, Key: client},
			listing: c.grantsListing(client),
		})
		return err
	})
}

// grantsListing asks for all grants, or for those of one client.
func (c *Client) grantsListing(client string) listing {
	return listing{
		top: maxTop,
		ask: func(ctx context.Context, _ []string, top int32) (*abs.RequestInformation, error) {
			q := oauth2permissiongrants.Oauth2PermissionGrantsRequestBuilderGetQueryParameters{Top: &top}
			config := oauth2permissiongrants.Oauth2PermissionGrantsRequestBuilderGetRequestConfiguration{QueryParameters: &q}
			if client == "" {
				count := true
				q.Count, config.Headers = &count, eventual()
			} else {
				// A GUID, which objectIDs made sure of: nothing in it needs quoting.
				filter := "clientId eq '" + client + "'"
				q.Filter = &filter
			}
			return oauth2permissiongrants.NewOauth2PermissionGrantsRequestBuilderInternal(c.path(), silentAdapter{}).ToGetRequestInformation(ctx, &config)
		},
	}
}
