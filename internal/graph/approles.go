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
	"tenantaudit/internal/transport"
)

// expandLimit is how many objects $expand shows of a relationship. It says nothing when
// there are more (learn.microsoft.com/graph/known-issues): as many as this may be cut.
const expandLimit = 20

// AssignedToPrefix leads the unit keys of graph/appRoleAssignments that were read from
// the resource's side; the rest of such a key is the resource's object id, and nothing for
// the list of all.
const AssignedToPrefix = "to:"

// appRoles collects app role assignments. There is no tenant-wide list; four kinds of
// unit, whose rows overlap and are one by id, make one:
//
//   - "": all service principals with $expand=appRoleAssignments, which gives what each
//     holds, up to 20. Rows are service principals (wire.ServicePrincipalAssignments).
//     Without rows where the service refuses the $expand.
//   - a service principal's id: appRoleAssignments of one that showed 20 or none at all
//     (no array), read in full; of every one without the $expand. Rows are assignments.
//   - "to:": all service principals with $expand=appRoleAssignedTo, which gives who was
//     assigned to each as the resource, users and groups too, up to 20. Sixty pages for
//     sixty thousand applications, of which hardly any has somebody assigned. That a short
//     list may leave out what managed identities hold (microsoft-graph-docs issue 12243)
//     takes nothing away: the other list has it from their side.
//   - "to:" and a service principal's id: appRoleAssignedTo of one that showed 20 or none at
//     all, read in full. Rows are assignments. Without the $expand it is read for enterprise
//     applications that no Microsoft tenant owns, for every one that requires assignment, and
//     for the resources whose permissions reach mail and directory: users and groups
//     assigned to others of Microsoft's own get visibility by it, and no permission.
//
// Source: GET /v1.0/servicePrincipals and …/{id}/appRoleAssignments and
// …/{id}/appRoleAssignedTo (Application.Read.All).
func (c *Client) appRoles(o CollectOptions) Collector {
	requires := []snapshot.Source{ServicePrincipals}
	return Collector{source: AppRoleAssignments, requires: requires, collect: func(ctx context.Context, s Store) error {
		result, err := c.read(ctx, s, unitReading{
			unit:    snapshot.UnitID{Source: AppRoleAssignments},
			listing: c.expandedListing("appRoleAssignments"),
			before: func(ctx context.Context, p page) error {
				return s.Plan(ctx, AppRoleAssignments, cutHolders(p.Rows, "", func(sp wire.ServicePrincipalAssignments) []wire.AppRoleAssignment { return sp.AppRoleAssignments }))
			},
			instead: c.oneByOne(s, AppRoleAssignments, ServicePrincipals),
		})
		if err != nil {
			return err
		}
		if result.State == snapshot.Denied {
			return nil // the same permission opens the others
		}
		assignedTo := snapshot.UnitID{Source: AppRoleAssignments, Key: AssignedToPrefix}
		if _, err := c.read(ctx, s, unitReading{
			unit:    assignedTo,
			listing: c.expandedListing("appRoleAssignedTo"),
			before: func(ctx context.Context, p page) error {
				return s.Plan(ctx, AppRoleAssignments, cutHolders(p.Rows, AssignedToPrefix, func(sp wire.ServicePrincipalAssignments) []wire.AppRoleAssignment { return sp.AppRoleAssignedTo }))
			},
			instead: func(ctx context.Context, why error, attempts int) (snapshot.Result, error) {
				if err := planAssignedTo(ctx, s, o); err != nil {
					return snapshot.Result{}, err
				}
				r := snapshot.Result{State: snapshot.Complete, Expected: -1, Attempts: attempts, Detail: "read resource by resource instead: " + transport.Redact(why.Error())}
				l, known, err := s.Unit(ctx, snapshot.UnitID{Source: ServicePrincipals})
				if err != nil {
					return snapshot.Result{}, fmt.Errorf("%s: %w", AppRoleAssignments, err)
				}
				if !known || l.State != snapshot.Complete { // nobody knows whom to ask
					r.State, r.Cause = snapshot.Partial, snapshot.ServiceError
					r.Detail = fmt.Sprintf("who is assigned to applications needs %s, which was not read in full; go on with --resume", ServicePrincipals)
				}
				return r, c.commit(ctx, s, snapshot.Write{Unit: assignedTo, Reset: true, Result: r})
			},
		}); err != nil {
			return err
		}
		return each(ctx, s, AppRoleAssignments, func(ctx context.Context, key string) error {
			id, to := strings.CutPrefix(key, AssignedToPrefix)
			if id == "" {
				return nil // the list itself, which was read above
			}
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

// cutHolders are the unit keys of the service principals of a page of an expanded list whose
// assignments must be read in full.
func cutHolders(rows []json.RawMessage, prefix string, of func(wire.ServicePrincipalAssignments) []wire.AppRoleAssignment) []string {
	var ids []string
	for _, raw := range rows {
		sp, err := wire.DecodeServicePrincipalAssignments(raw)
		if shown := of(sp); err != nil || shown == nil || len(shown) >= expandLimit {
			ids = append(ids, sp.ID)
		}
	}
	keys := objectIDs(ids)
	for i, id := range keys {
		keys[i] = prefix + id
	}
	return keys
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

func (c *Client) expandedListing(relation string) listing {
	return listing{
		sel: []string{"id", "appId"},
		top: maxTop,
		ask: func(ctx context.Context, sel []string, top int32) (*abs.RequestInformation, error) {
			return sps.NewServicePrincipalsRequestBuilderInternal(c.path(), silentAdapter{}).
				ToGetRequestInformation(ctx, &sps.ServicePrincipalsRequestBuilderGetRequestConfiguration{
					QueryParameters: &sps.ServicePrincipalsRequestBuilderGetQueryParameters{Select: sel, Expand: []string{relation}, Top: &top},
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
			if row.Unit.Key != "" && row.Unit.Key != AssignedToPrefix {
				a, _ := wire.DecodeAppRoleAssignment(row.Row)
				if !yield(a, nil) {
					return
				}
				continue
			}
			sp, _ := wire.DecodeServicePrincipalAssignments(row.Row)
			for _, a := range append(sp.AppRoleAssignments, sp.AppRoleAssignedTo...) {
				if !yield(a, nil) {
					return
				}
			}
		}
	}
}
