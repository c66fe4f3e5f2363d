package graph

import (
	"context"
	"fmt"
	"slices"

	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/groups"

	"tenantaudit/internal/graph/wire"
	"tenantaudit/internal/snapshot"
)

// groupsListing reads every group.
//
// Source: GET /v1.0/groups (GroupMember.Read.All).
func groupsListing(c *Client) listing {
	return listing{
		sel: []string{
			"id", "displayName", "mail", "mailEnabled", "securityEnabled", "groupTypes", "isAssignableToRole",
			"onPremisesSyncEnabled", "visibility", "membershipRule", "assignedLicenses",
		},
		reduced: []string{"id", "displayName", "mail", "mailEnabled", "securityEnabled", "groupTypes"},
		top:     maxTop,
		ask: func(ctx context.Context, sel []string, top int32) (*abs.RequestInformation, error) {
			return groups.NewGroupsRequestBuilderInternal(c.path(), silentAdapter{}).
				ToGetRequestInformation(ctx, &groups.GroupsRequestBuilderGetRequestConfiguration{
					QueryParameters: &groups.GroupsRequestBuilderGetQueryParameters{Select: sel, Top: &top},
				})
		},
	}
}

// members collects the transitive members of the groups that matter: unit = group id.
// Nested groups are rows themselves. Members of a type that the caller may not read
// come with type and id alone; hidden memberships need Member.Read.Hidden.
//
// Source: GET /v1.0/groups/{id}/transitiveMembers (GroupMember.Read.All).
func (c *Client) members(o CollectOptions) Collector {
	requires, from := o.GroupsRequire, []snapshot.Source(nil)
	alone := o.Groups != nil
	if !alone {
		o.Groups = holdingGroups
		requires = []snapshot.Source{RoleAssignments, RoleEligibilitySchedules, AppRoleAssignments}
		from = requires
	}
	return Collector{source: GroupMembers, requires: requires, alone: alone, collect: func(ctx context.Context, s Store) error {
		ids, err := o.Groups(ctx, s)
		if err != nil {
			return fmt.Errorf("groups whose members matter: %w", err)
		}
		if err := planned(ctx, s, GroupMembers, objectIDs(ids), from...); err != nil {
			return err
		}
		return each(ctx, s, GroupMembers, func(ctx context.Context, id string) error {
			_, err := c.read(ctx, s, unitReading{
				unit:    snapshot.UnitID{Source: GroupMembers, Key: id},
				listing: c.membersListing(id),
				exists: func(ctx context.Context) (*abs.RequestInformation, error) {
					return groups.NewGroupItemRequestBuilderInternal(c.path(groupID, id), silentAdapter{}).
						ToGetRequestInformation(ctx, &groups.GroupItemRequestBuilderGetRequestConfiguration{
							QueryParameters: &groups.GroupItemRequestBuilderGetQueryParameters{Select: []string{"id"}},
						})
				},
			})
			return err
		})
	}}
}

// groupID is the SDK's name of the path parameter.
const groupID = "group%2Did"

func (c *Client) membersListing(id string) listing {
	return listing{
		sel:     []string{"id", "displayName", "userPrincipalName", "userType", "mail", "accountEnabled", "appId"},
		reduced: []string{"id", "displayName", "userPrincipalName"},
		top:     maxTop,
		ask: func(ctx context.Context, sel []string, top int32) (*abs.RequestInformation, error) {
			return groups.NewItemTransitiveMembersRequestBuilderInternal(c.path(groupID, id), silentAdapter{}).
				ToGetRequestInformation(ctx, &groups.ItemTransitiveMembersRequestBuilderGetRequestConfiguration{
					QueryParameters: &groups.ItemTransitiveMembersRequestBuilderGetQueryParameters{Select: sel, Top: &top},
				})
		},
	}
}

// holdingGroups finds the groups that hold a directory role, an eligibility or an app role.
func holdingGroups(ctx context.Context, s Store) ([]string, error) {
	var ids []string
	principal := func(id string, p *wire.DirectoryObject) {
		if p != nil && p.Kind() == wire.KindGroup {
			ids = append(ids, id)
		}
	}
	for a, err := range decoded(ctx, s, RoleAssignments, wire.DecodeRoleAssignment) {
		if err != nil {
			return nil, err
		}
		principal(a.PrincipalID, a.Principal)
	}
	for a, err := range decoded(ctx, s, RoleEligibilitySchedules, wire.DecodeRoleEligibilitySchedule) {
		if err != nil {
			return nil, err
		}
		principal(a.PrincipalID, a.Principal)
	}
	for a, err := range assignments(ctx, s) {
		if err != nil {
			return nil, err
		}
		if a.PrincipalType == "Group" {
			ids = append(ids, a.PrincipalID)
		}
	}
	return ids, nil
}

// objectIDs keeps what is the id of a directory object, each once, in order. Anything
// else came from a damaged row and must not get into a path: an empty id there asks for
// the whole collection.
func objectIDs(ids []string) []string {
	out := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !wire.IsGUID(id) })
	slices.Sort(out)
	return slices.Compact(out)
}
