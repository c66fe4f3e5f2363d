package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"time"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/graph"
	"tenantaudit/internal/graph/wire"
	"tenantaudit/internal/requirements"
	"tenantaudit/internal/snapshot"
	"tenantaudit/reports"
)

// identity is who is signed in, as far as the tokens and Graph tell; it fills in what is held.
func (l *looker) identity(ctx context.Context) (reports.PreflightIdentity, error) {
	var run snapshot.Run
	claims := l.s.claims
	if err := identity(ctx, l.store, claims, &run); err != nil {
		return reports.PreflightIdentity{}, err
	}
	l.held.Permissions = run.Scopes
	out := reports.PreflightIdentity{
		Name: run.Identity, ID: run.IdentityID, Type: run.IdentityType, AppID: claims.AppID, Cmdlets: -1,
		GraphPermissions: sorted(run.Scopes), ExchangePermissions: sorted(permissionsOf(l.s.exchange)), DirectoryRoles: []reports.PreflightRole{},
	}
	if l.unknown == "" || l.shut != "" {
		out.Cmdlets = len(l.allowed)
	}
	if !claims.Expires.IsZero() {
		out.TokenExpires = &claims.Expires
	}
	roles, err := l.roles(ctx)
	if err != nil {
		return out, err
	}
	out.DirectoryRoles = append(out.DirectoryRoles, roles...)
	for _, r := range roles {
		if r.TemplateID != "" {
			l.held.Roles = append(l.held.Roles, r.TemplateID)
		}
	}
	return out, nil
}

// permissionsOf are the scopes of a person or the app roles of an application.
func permissionsOf(c wire.Claims) []string {
	if c.IdentityType() == wire.IdentityApplication {
		return c.Roles
	}
	return c.Scopes
}

func sorted(list []string) []string {
	out := append([]string{}, list...)
	slices.Sort(out)
	return slices.Compact(out)
}

// roles are the active directory roles: of the token, of the directory (those through
// groups too), and the end of an activation.
func (l *looker) roles(ctx context.Context) ([]reports.PreflightRole, error) {
	by := map[string]*reports.PreflightRole{}
	for _, id := range l.s.claims.RoleTemplateIDs {
		if requirements.IsRole(id) {
			by[id] = &reports.PreflightRole{Name: roleName(id), TemplateID: id, Via: "token"}
		}
	}
	for page, err := range l.store.Pages(ctx, snapshot.UnitID{Source: graph.Me}) {
		if err != nil {
			return nil, err
		}
		if page.Key != graph.RolesPage {
			continue
		}
		rows, err := rawRows(page.Rows)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", graph.Me, err)
		}
		for _, raw := range rows {
			r, err := wire.DecodeDirectoryRole(raw)
			if id := r.RoleTemplateID; err == nil && id != "" && by[id] == nil {
				by[id] = &reports.PreflightRole{Name: firstNonEmpty(r.DisplayName, roleName(id)), TemplateID: id, Via: "directory"}
			}
		}
	}
	if err := l.activations(ctx, by); err != nil {
		return nil, err
	}
	var out []reports.PreflightRole
	for _, id := range sortedKeys(by) {
		out = append(out, *by[id])
	}
	slices.SortStableFunc(out, func(a, b reports.PreflightRole) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return out, nil
}

// activation is a row of GET /roleManagement/directory/roleAssignmentScheduleInstances.
type activation struct {
	RoleDefinitionID string     `json:"roleDefinitionId"`
	DirectoryScopeID string     `json:"directoryScopeId"`
	MemberType       string     `json:"memberType"` // Direct, Group, Inherited
	EndDateTime      *time.Time `json:"endDateTime"`
}

// activations adds what Privileged Identity Management knows of the identity's roles. A
// tenant without it, or an identity that may not ask, leaves them as they are.
func (l *looker) activations(ctx context.Context, by map[string]*reports.PreflightRole) error {
	id := l.s.claims.ObjectID
	if !guidPattern.MatchString(id) {
		return nil
	}
	query := "$filter=" + url.PathEscape("principalId eq '"+id+"'")
	rows, err := l.s.graph.Read(ctx, "roleManagement/directory/roleAssignmentScheduleInstances", query)
	if err != nil {
		return ctx.Err()
	}
	for _, raw := range rows {
		var a activation
		if json.Unmarshal(raw, &a) != nil || a.DirectoryScopeID != "" && a.DirectoryScopeID != "/" {
			continue
		}
		r := by[a.RoleDefinitionID]
		if r == nil {
			if _, builtIn := facts.Role(a.RoleDefinitionID); !builtIn {
				continue
			}
			r = &reports.PreflightRole{Name: roleName(a.RoleDefinitionID), TemplateID: a.RoleDefinitionID, Via: "directory"}
			by[a.RoleDefinitionID] = r
		}
		if a.MemberType == "Group" {
			r.Via = "group"
		}
		if a.EndDateTime != nil {
			until := a.EndDateTime.UTC()
			r.Until = &until
		}
	}
	return nil
}

func roleName(id string) string {
	if r, ok := facts.Role(id); ok {
		return r.Name
	}
	return id
}

// excess is what the identity can do beyond reading.
func (l *looker) excess() []requirements.Extra {
	permissions := append(append([]string{}, l.held.Permissions...), permissionsOf(l.s.exchange)...)
	out := requirements.Excess(permissions, l.held.Roles)
	if x, ok := requirements.ExcessCmdlets(l.allowed); ok {
		out = append(out, x)
	}
	return out
}
