package normalize

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"tenantaudit/internal/exo"
	"tenantaudit/internal/facts"
	"tenantaudit/internal/graph/wire"
	"tenantaudit/internal/snapshot"
)

// principalRef is what other rows need to know of a service principal.
type principalRef struct{ appID, name string }

// resourceRef names the permissions that a resource offers.
type resourceRef struct {
	appID  string
	roles  map[string]string // app role id -> value
	scopes map[string]string // scope id -> value
}

const defaultRole = "00000000-0000-0000-0000-000000000000"

func (n *run) applications() error {
	for _, stage := range []func() error{n.servicePrincipals, n.grants, n.appRoleAssignments, n.accessPolicies} {
		if err := stage(); err != nil {
			return err
		}
	}
	return nil
}

func (n *run) servicePrincipals() error {
	owners, err := n.servicePrincipalOwners()
	if err != nil {
		return err
	}
	applicationOwners, err := n.applicationOwners()
	if err != nil {
		return err
	}
	registered, err := n.applicationCredentials()
	if err != nil {
		return err
	}
	for s, err := range decodeLast(n, "graph/servicePrincipals", wire.DecodeServicePrincipal, principalID) {
		if err != nil {
			return err
		}
		n.principals[s.ID] = principalRef{appID: s.AppID, name: s.DisplayName}
		row := snapshot.ServicePrincipal{
			ID: s.ID, AppID: s.AppID, DisplayName: s.DisplayName, ServicePrincipalType: s.ServicePrincipalType,
			AppOwnerOrganizationID: s.AppOwnerOrganizationID, FirstParty: facts.MicrosoftTenant(s.AppOwnerOrganizationID),
			VerifiedPublisher: s.VerifiedPublisher.DisplayName, AccountEnabled: s.AccountEnabled, Owners: owners[s.ID], ApplicationOwners: applicationOwners(s.AppID),
			Credentials: append(credentials("servicePrincipal", s.PasswordCredentials, s.KeyCredentials), registered[s.AppID]...),
		}
		if app, bad := facts.KnownBad(s.AppID); bad {
			row.KnownBad = app.Class
		}
		slices.SortFunc(row.Credentials, func(a, b snapshot.Credential) int {
			return cmp.Or(cmp.Compare(a.On, b.On), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.KeyID, b.KeyID))
		})
		if err := n.sink(row); err != nil {
			return err
		}
	}
	return nil
}

func principalID(s wire.ServicePrincipal) string { return s.ID }

func credentials(on string, passwords, keys []wire.Credential) []snapshot.Credential {
	out := make([]snapshot.Credential, 0, len(passwords)+len(keys))
	add := func(kind string, list []wire.Credential) {
		for _, c := range list {
			out = append(out, snapshot.Credential{Kind: kind, On: on, KeyID: c.KeyID, Usage: c.Usage, Start: timeOf(c.StartDateTime), End: timeOf(c.EndDateTime)})
		}
	}
	add("password", passwords)
	add("certificate", keys)
	return out
}

func timeOf(s string) *time.Time {
	if t, ok := wire.Time(s); ok {
		return &t
	}
	return nil
}

// applicationCredentials are those on the registrations of this tenant, by app id:
// who holds one signs in as the service principal.
func (n *run) applicationCredentials() (map[string][]snapshot.Credential, error) {
	out := map[string][]snapshot.Credential{}
	for r, err := range decode(n, "graph/applications", wire.DecodeApplication) {
		if err != nil {
			return nil, err
		}
		out[r.V.AppID] = credentials("application", r.V.PasswordCredentials, r.V.KeyCredentials)
	}
	return out, nil
}

// resource finds the catalogue of a resource: its own roles and scopes where they
// were read, and its app id for the published tables.
func (n *run) loadResources() error {
	for r, err := range decode(n, "graph/servicePrincipalRoles", wire.DecodeServicePrincipalRoles) {
		if err != nil {
			return err
		}
		ref := resourceRef{appID: r.V.AppID, roles: map[string]string{}, scopes: map[string]string{}}
		for _, a := range r.V.AppRoles {
			ref.roles[strings.ToLower(a.ID)] = a.Value
		}
		for _, s := range r.V.OAuth2PermissionScopes {
			ref.scopes[strings.ToLower(s.ID)] = s.Value
		}
		n.resources[r.V.ID] = ref
	}
	return nil
}

func (n *run) resourceAppID(id string) string {
	if r, ok := n.resources[id]; ok && r.appID != "" {
		return r.appID
	}
	return n.principals[id].appID
}

func (n *run) principalName(id, sent string) string {
	if p, ok := n.principals[id]; ok {
		return p.name
	}
	if e, ok := n.dir.ByID(id); ok && e.DisplayName != "" {
		return e.DisplayName
	}
	return sent
}

func tier(resourceAppID, value string, kind facts.Kind) string {
	if r, ok := facts.Risk(resourceAppID, value, kind); ok {
		return r.Tier
	}
	return ""
}

func (n *run) grants() error {
	if err := n.loadResources(); err != nil {
		return err
	}
	seen := map[string]bool{}
	for g, err := range decodeLast(n, "graph/oauth2PermissionGrants", wire.DecodeOAuth2PermissionGrant, func(g wire.OAuth2PermissionGrant) string { return g.ID }) {
		if err != nil {
			return err
		}
		scopes := g.Scopes
		if len(scopes) == 0 {
			scopes = []string{""} // consent without a scope left is still a row
		}
		for _, scope := range scopes {
			row := snapshot.OAuth2PermissionGrant{
				ID: g.ID, Client: g.ClientID, ClientName: n.principalName(g.ClientID, ""), ConsentType: g.ConsentType,
				Resource: g.ResourceID, ResourceName: n.principalName(g.ResourceID, ""), Scope: scope,
				Tier: tier(n.resourceAppID(g.ResourceID), scope, facts.Delegated),
			}
			if g.PrincipalID != "" {
				row.Principal, row.PrincipalName = g.PrincipalID, n.principalName(g.PrincipalID, "")
			}
			key := snapshot.Key(row)
			if seen[key] {
				continue
			}
			seen[key] = true
			if err := n.sink(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// appRoleAssignments unites what the holders' side and the resources' side list;
// the same assignment has the same id on both. A row of the expanded list is a
// service principal with its assignments inside; the other units hold assignments.
func (n *run) appRoleAssignments() error {
	seen := map[string]bool{}
	put := func(a wire.AppRoleAssignment) error {
		if a.ID == "" || seen[a.ID] {
			return nil
		}
		seen[a.ID] = true
		row := snapshot.AppRoleAssignment{
			ID: a.ID, Principal: a.PrincipalID, PrincipalType: a.PrincipalType, PrincipalName: n.principalName(a.PrincipalID, a.PrincipalDisplayName),
			Resource: a.ResourceID, ResourceName: n.principalName(a.ResourceID, a.ResourceDisplayName), AppRoleID: a.AppRoleID,
			CreatedDateTime: timeOf(a.CreatedDateTime),
		}
		if a.AppRoleID != defaultRole {
			row.AppRole = n.appRole(a.ResourceID, a.AppRoleID)
			row.Tier = n.appRoleTier(a.ResourceID, a.AppRoleID, row.AppRole)
		}
		return n.sink(row)
	}
	for raw, err := range n.store.Rows(n.ctx, "graph/appRoleAssignments") {
		if err != nil {
			return err
		}
		if raw.Unit.Key == "" || raw.Unit.Key == "to:" { // lists of service principals with what each holds, and who is assigned to it
			s, err := wire.DecodeServicePrincipalAssignments(raw.Row)
			if err != nil {
				n.oddRows["graph/appRoleAssignments"]++
			}
			for _, a := range append(s.AppRoleAssignments, s.AppRoleAssignedTo...) {
				if err := put(a); err != nil {
					return err
				}
			}
			continue
		}
		a, err := wire.DecodeAppRoleAssignment(raw.Row)
		if err != nil {
			n.oddRows["graph/appRoleAssignments"]++
		}
		if err := put(a); err != nil {
			return err
		}
	}
	return nil
}

// appRole is the value of a role: as the resource names it, else as the published
// tables do, else said to be unknown with its id.
func (n *run) appRole(resource, id string) string {
	if v, ok := n.resources[resource].roles[strings.ToLower(id)]; ok {
		return v
	}
	if v, ok := facts.Permission(n.resourceAppID(resource), id, facts.Application); ok {
		return v
	}
	return "unknown role " + id
}

func (n *run) appRoleTier(resource, id, value string) string {
	if r, ok := facts.RiskByID(n.resourceAppID(resource), id, facts.Application); ok {
		return r.Tier
	}
	return tier(n.resourceAppID(resource), value, facts.Application)
}

// accessPolicies writes application access policies and scoped assignments of
// application roles (RBAC for Applications).
func (n *run) accessPolicies() error {
	seen := map[string]bool{}
	put := func(row snapshot.ApplicationAccessPolicy) error {
		if key := snapshot.Key(row); !seen[key] {
			seen[key] = true
			return n.sink(row)
		}
		return nil
	}
	for r, err := range decode(n, "exo/Get-ApplicationAccessPolicy", exo.DecodeApplicationAccessPolicy) {
		if err != nil {
			return err
		}
		p := r.V
		row := snapshot.ApplicationAccessPolicy{ID: p.Identity, Kind: "applicationAccessPolicy", AppID: p.AppID, AccessRight: p.AccessRight, Scope: firstOf(p.ScopeName, p.ScopeIdentity)}
		_, guid, _ := strings.Cut(p.ScopeIdentityRaw, ";")
		for _, s := range []string{guid, p.ScopeIdentity, p.ScopeName} {
			if e, ok := n.entry(s); ok {
				// The members of nothing else can be listed: of a group without an id in Entra, of
				// somebody who is named by himself.
				if e.Kind == snapshot.TrusteeGroup {
					row.ScopeID = e.ID
				}
				break
			}
		}
		if err := put(row); err != nil {
			return err
		}
	}
	apps, err := n.exchangeApps()
	if err != nil {
		return err
	}
	for r, err := range decode(n, "exo/Get-ManagementRoleAssignment", exo.DecodeRoleAssignment) {
		if err != nil {
			return err
		}
		a := r.V
		if !strings.EqualFold(a.RoleAssigneeType, servicePrincipalAssignee) {
			continue
		}
		row := snapshot.ApplicationAccessPolicy{ID: firstOf(a.Identity, a.Name), Kind: "roleAssignment", AppID: n.assigneeApp(a, apps), AccessRight: a.Role}
		row.Scope, row.ScopeID = n.roleScope(a)
		if row.AppID == "" {
			row.AppID = firstOf(deref(a.App), a.RoleAssignee, a.RoleAssigneeName)
		}
		if err := put(row); err != nil {
			return err
		}
	}
	return nil
}
