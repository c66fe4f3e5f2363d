package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"

	abs "github.com/microsoft/kiota-abstractions-go"
	sps "github.com/microsoftgraph/msgraph-sdk-go/serviceprincipals"

	"tenantaudit/internal/graph/wire"
	"tenantaudit/internal/snapshot"
)

// expandLimit is how many objects $expand shows of a relationship. It says nothing when
// there are more (learn.microsoft.com/graph/known-issues): as many as this may be cut.
const expandLimit = 20

// AssignedToPrefix leads the unit keys of graph/appRoleAssignments that were read from
// the resource's side; the rest of such a key is the resource's object id.
const AssignedToPrefix = "to:"

// appRoles collects app role assignments. There is no tenant-wide list; three kinds of
// unit, whose rows overlap and are one by id, make one:
//
//   - "": all service principals with $expand=appRoleAssignments, which gives what each
//     holds, up to 20. Rows are service principals (wire.ServicePrincipalAssignments).
//     Without rows where the service refuses the $expand.
//   - a service principal's id: appRoleAssignments of one that showed 20 or none at all
//     (no array), read in full; of every one without the $expand. Rows are assignments.
//   - "to:" and a service principal's id: appRoleAssignedTo of one as the resource,
//     which gives users and groups that were assigned to it. Rows are assignments. Read
//     for enterprise applications that no Microsoft tenant owns, for every one that
//     requires assignment, and for the resources whose permissions reach mail and
//     directory. Users and groups assigned to others of Microsoft's own applications get
//     visibility by it, and no permission: these are not read.
//
// Source: GET /v1.0/servicePrincipals and …/{id}/appRoleAssignments and
// …/{id}/appRoleAssignedTo (Application.Read.All).
func (c *Client) appRoles(o CollectOptions) Collector {
	requires := []snapshot.Source{ServicePrincipals}
	return Collector{source: AppRoleAssignments, requires: requires, collect: func(ctx context.Context, s Store) error {
		result, err := c.read(ctx, s, unitReading{
			unit:    snapshot.UnitID{Source: AppRoleAssignments},
			listing: c.expandedListing(),
			before: func(ctx context.Context, p page) error {
				if keys := cutHolders(p.Rows); len(keys) > 0 {
					return s.Plan(ctx, AppRoleAssignments, keys)
				}
				return nil
			},
			instead: c.oneByOne(s, AppRoleAssignments, ServicePrincipals),
		})
		if err != nil {
			return err
		}
		if result.State == snapshot.Denied {
			return nil // the same permission opens the others
		}
		if err := planAssignedTo(ctx, s, o); err != nil {
			return err
		}
		return each(ctx, s, AppRoleAssignments, func(ctx context.Context, key string) error {
			id, to := strings.CutPrefix(key, AssignedToPrefix)
			r := unitReading{
				unit:    snapshot.UnitID{Source: AppRoleAssignments, Key: key},
				listing: c.heldListing(id),
				exists:  c.servicePrincipalExists(id),
			}
			if to {
				r.listing = c.assignedToListing(id)
			}
			_, err := c.read(ctx, s, r)
			return err
		})
	}}
}

// cutHolders names the service principals of a page of the expanded list whose
// assignments must be read in full.
func cutHolders(rows []json.RawMessage) []string {
	var keys []string
	for _, raw := range rows {
		sp, err := wire.DecodeServicePrincipalAssignments(raw)
		if err != nil || sp.AppRoleAssignments == nil || len(sp.AppRoleAssignments) >= expandLimit {
			keys = append(keys, sp.ID)
		}
	}
	return objectIDs(keys)
}

// planAssignedTo enters the resources that are asked who is assigned to them.
func planAssignedTo(ctx context.Context, s Store, o CollectOptions) error {
	var resources []string
	for sp, err := range decoded(ctx, s, ServicePrincipals, wire.DecodeServicePrincipal) {
		if err != nil {
			return err
		}
		enterprise := sp.ServicePrincipalType != "ManagedIdentity" && sp.ServicePrincipalType != "SocialIdp" && !o.MicrosoftTenant(sp.AppOwnerOrganizationID)
		required := sp.AppRoleAssignmentRequired != nil && *sp.AppRoleAssignmentRequired
		if enterprise || required || keyResource(sp.AppID) {
			resources = append(resources, sp.ID)
		}
	}
	keys := objectIDs(resources)
	for i, id := range keys {
		keys[i] = AssignedToPrefix + id
	}
	if err := s.Plan(ctx, AppRoleAssignments, keys); err != nil {
		return fmt.Errorf("%s: %w", AppRoleAssignments, err)
	}
	return nil
}

// keyResource knows the resources whose permissions reach mail and directory, by appId.
// Source: learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in.
func keyResource(appID string) bool {
	switch appID {
	case "00000003-0000-0000-c000-000000000000", // Microsoft Graph
		"00000002-0000-0ff1-ce00-000000000000", // Office 365 Exchange Online
		"00000003-0000-0ff1-ce00-000000000000", // Office 365 SharePoint Online
		"00000002-0000-0000-c000-000000000000", // Azure Active Directory Graph
		"c5393580-f805-4401-95e8-94b7a6ef2fc2": // Office 365 Management APIs
		return true
	}
	return false
}

func (c *Client) expandedListing() listing {
	return listing{
		sel: []string{"id", "appId"},
		top: maxTop,
		ask: func(ctx context.Context, sel []string, top int32) (*abs.RequestInformation, error) {
			return sps.NewServicePrincipalsRequestBuilderInternal(c.path(), silentAdapter{}).
				ToGetRequestInformation(ctx, &sps.ServicePrincipalsRequestBuilderGetRequestConfiguration{
					QueryParameters: &sps.ServicePrincipalsRequestBuilderGetQueryParameters{Select: sel, Expand: []string{"appRoleAssignments"}, Top: &top},
				})
		},
	}
}

// heldListing reads what one service principal holds. $top=999 is not a matter of speed:
// smaller pages left out assignments (microsoftgraph/microsoft-graph-docs issue 12243).
func (c *Client) heldListing(id string) listing {
	return listing{
		top: maxTop,
		ask: func(ctx context.Context, _ []string, top int32) (*abs.RequestInformation, error) {
			return sps.NewItemAppRoleAssignmentsRequestBuilderInternal(c.path(servicePrincipalID, id), silentAdapter{}).
				ToGetRequestInformation(ctx, &sps.ItemAppRoleAssignmentsRequestBuilderGetRequestConfiguration{
					QueryParameters: &sps.ItemAppRoleAssignmentsRequestBuilderGetQueryParameters{Top: &top},
				})
		},
	}
}

// assignedToListing reads who is assigned to one service principal; $top as at heldListing.
func (c *Client) assignedToListing(id string) listing {
	return listing{
		top: maxTop,
		ask: func(ctx context.Context, _ []string, top int32) (*abs.RequestInformation, error) {
			return sps.NewItemAppRoleAssignedToRequestBuilderInternal(c.path(servicePrincipalID, id), silentAdapter{}).
				ToGetRequestInformation(ctx, &sps.ItemAppRoleAssignedToRequestBuilderGetRequestConfiguration{
					QueryParameters: &sps.ItemAppRoleAssignedToRequestBuilderGetQueryParameters{Top: &top},
				})
		},
	}
}

// assignments goes through the stored assignments of all kinds of unit; repeats included.
func assignments(ctx context.Context, s Store) iter.Seq2[wire.AppRoleAssignment, error] {
	return func(yield func(wire.AppRoleAssignment, error) bool) {
		for row, err := range s.Rows(ctx, AppRoleAssignments) {
			if err != nil {
				yield(wire.AppRoleAssignment{}, fmt.Errorf("%s: %w", AppRoleAssignments, err))
				return
			}
			if row.Unit.Key != "" {
				a, _ := wire.DecodeAppRoleAssignment(row.Row)
				if !yield(a, nil) {
					return
				}
				continue
			}
			sp, _ := wire.DecodeServicePrincipalAssignments(row.Row)
			for _, a := range sp.AppRoleAssignments {
				if !yield(a, nil) {
					return
				}
			}
		}
	}
}
