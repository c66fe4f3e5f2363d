package checks

import (
	"cmp"
	"slices"
	"strings"

	"tenantaudit/internal/snapshot"
)

// How an application came by a permission.
const (
	oauthByAppRole  = "application"
	oauthByEveryone = "delegated for all users"
	oauthByUsers    = "delegated by single users"
)

// oauthUnknownRole starts the name of an app role that its resource no longer has.
const oauthUnknownRole = "unknown role "

// oauthPermission is a permission of an application, as details show it.
type oauthPermission struct {
	Permission string `json:"permission"` // "unknown role <id>" where only the id is known
	Kind       string `json:"kind"`       // one of the oauthBy… constants
	Resource   string `json:"resource"`
	Tier       string `json:"tier"` // "" when not rated
	// ViaGroup is the id of the group that holds the assignment; "" for a direct one.
	ViaGroup string `json:"viaGroup"`
	// Users is the number of users who granted it; 0 for the other kinds.
	Users int `json:"users"`

	resourceAppID, impact string
	proof                 Evidence
}

// oauthSevereTier reports whether a tier opens much of the tenant.
func oauthSevereTier(tier string) bool { return tier == string(Critical) || tier == string(High) }

// oauthHolder is an application with its permissions.
type oauthHolder struct {
	name        string // as grants and assignments have it
	permissions []*oauthPermission
	seen        map[oauthKey]*oauthPermission
}

type oauthKey struct{ kind, resource, permission, group string }

func (h *oauthHolder) add(key oauthKey, p func() oauthPermission) {
	known := h.seen[key]
	if known == nil {
		made := p()
		known = &made
		h.seen[key] = known
		h.permissions = append(h.permissions, known)
	}
	if key.kind == oauthByUsers {
		known.Users++
	}
}

// severe returns the permissions of tier critical and high among some kinds, worst first.
func (h *oauthHolder) severe(kinds ...string) []*oauthPermission {
	if h == nil {
		return nil
	}
	var list []*oauthPermission
	for _, p := range h.permissions {
		if oauthSevereTier(p.Tier) && slices.Contains(kinds, p.Kind) {
			list = append(list, p)
		}
	}
	oauthSort(list)
	return list
}

// powerful reports whether an application can do much harm without being asked
// again: by an app role, or on behalf of everybody.
func (h *oauthHolder) powerful() bool { return len(h.severe(oauthByAppRole, oauthByEveryone)) > 0 }

func oauthSort(list []*oauthPermission) {
	slices.SortFunc(list, func(a, b *oauthPermission) int {
		return cmp.Or(cmp.Compare(Severity(a.Tier).Rank(), Severity(b.Tier).Rank()), cmp.Compare(a.Permission, b.Permission),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.ViaGroup, b.ViaGroup), cmp.Compare(a.proof.Key, b.proof.Key))
	})
}

// addTo shows all permissions in details, the ids of unknown ones in a list of their own.
func (h *oauthHolder) addTo(details map[string]any) {
	list, unknown := []oauthPermission{}, []string{}
	if h != nil {
		oauthSort(h.permissions)
		for _, p := range h.permissions {
			list = append(list, *p)
			if id, ok := strings.CutPrefix(p.Permission, oauthUnknownRole); ok && !slices.Contains(unknown, id) {
				unknown = append(unknown, id)
			}
		}
	}
	details["permissions"] = list
	details["unknownPermissions"] = unknown
}

// oauthHolders reads which permissions the applications hold that are not
// Microsoft's, by object id in lower case. Principals that are not listed are in
// it too. delegated adds the grants of users.
func (in Input) oauthHolders(apps applications, groups oauthGroups, delegated bool) (map[string]*oauthHolder, error) {
	holders := map[string]*oauthHolder{}
	if err := in.addAppRoles(holders, apps, groups); err != nil {
		return nil, err
	}
	if !delegated {
		return holders, nil
	}
	for g, err := range in.OAuth2PermissionGrants() {
		if err != nil {
			return nil, err
		}
		kind := oauthByUsers
		if strings.EqualFold(g.ConsentType, "AllPrincipals") {
			kind = oauthByEveryone
		}
		h := oauthHolderOf(holders, apps, g.Client)
		if h == nil || g.Scope == "" {
			continue
		}
		h.name = cmp.Or(h.name, g.ClientName)
		h.add(oauthKey{kind, g.Resource, g.Scope, ""}, func() oauthPermission {
			return oauthPermission{Permission: g.Scope, Kind: kind, Resource: displayName(g.ResourceName, g.Resource), Tier: g.Tier,
				proof: evidence(snapshot.OAuth2PermissionGrants, g)}
		})
	}
	return holders, nil
}

func (in Input) addAppRoles(holders map[string]*oauthHolder, apps applications, groups oauthGroups) error {
	for a, err := range in.AppRoleAssignments() {
		if err != nil {
			return err
		}
		var who []string
		group := ""
		switch {
		case strings.EqualFold(a.PrincipalType, "ServicePrincipal"):
			who = []string{a.Principal}
		case strings.EqualFold(a.PrincipalType, "Group"):
			group = a.Principal
			who = groups.apps[strings.ToLower(a.Principal)]
		}
		for _, id := range who {
			h := oauthHolderOf(holders, apps, id)
			if h == nil {
				continue
			}
			if group == "" {
				h.name = cmp.Or(h.name, a.PrincipalName)
			}
			if p := oauthAppRole(a, apps); p.Permission != "" {
				p.ViaGroup = group
				h.add(oauthKey{oauthByAppRole, a.Resource, p.Permission, group}, func() oauthPermission { return p })
			}
		}
	}
	return nil
}

// oauthHolderOf finds or makes the holder of an object id; nil for Microsoft's own.
func oauthHolderOf(holders map[string]*oauthHolder, apps applications, id string) *oauthHolder {
	key := strings.ToLower(id)
	if h, ok := holders[key]; ok {
		return h
	}
	if sp, ok := apps.byID[key]; ok && firstParty(sp) {
		return nil
	}
	h := &oauthHolder{seen: map[oauthKey]*oauthPermission{}}
	holders[key] = h
	return h
}

// oauthAppRole names and rates an app role; no name for the default role, which
// lets nothing be done.
func oauthAppRole(a snapshot.AppRoleAssignment, apps applications) oauthPermission {
	const defaultRole = "00000000-0000-0000-0000-000000000000"
	if a.AppRoleID == defaultRole {
		return oauthPermission{}
	}
	rating, _ := rateAppRole(a, apps)
	p := oauthPermission{
		Permission: a.AppRole, Kind: oauthByAppRole, Resource: displayName(a.ResourceName, a.Resource), Tier: cmp.Or(a.Tier, rating.Tier),
		impact: rating.Impact, proof: evidence(snapshot.AppRoleAssignments, a),
	}
	if resource, ok := apps.byID[strings.ToLower(a.Resource)]; ok {
		p.resourceAppID = strings.ToLower(resource.AppID)
	}
	if p.Permission == "" || strings.HasPrefix(p.Permission, oauthUnknownRole) {
		p.Permission = cmp.Or(rating.Value, oauthUnknownRole+a.AppRoleID)
	}
	return p
}

// oauthGroups are the members of groups, as far as they matter here.
type oauthGroups struct {
	apps     map[string][]string               // the service principals in each group
	members  map[string][]snapshot.GroupMember // everybody in the groups that were asked for
	complete bool
}

// oauthGroups reads the members of groups once: the applications in all of them,
// and everybody in the wanted ones (ids in lower case).
func (in Input) oauthGroups(wanted map[string]bool) (oauthGroups, error) {
	c, err := in.Coverage(snapshot.GroupMembers)
	if err != nil {
		return oauthGroups{}, err
	}
	g := oauthGroups{apps: map[string][]string{}, members: map[string][]snapshot.GroupMember{}, complete: c.State == snapshot.CoverageComplete}
	for m, err := range in.GroupMembers() {
		if err != nil {
			return oauthGroups{}, err
		}
		key := strings.ToLower(m.Group)
		if strings.EqualFold(m.MemberType, "servicePrincipal") {
			g.apps[key] = append(g.apps[key], strings.ToLower(m.Member))
		}
		if wanted[key] {
			g.members[key] = append(g.members[key], m)
		}
	}
	return g, nil
}

// of tells who is in a wanted group: nil where that is not known, which is when
// there are no rows for it and the rows are not complete.
func (g oauthGroups) of(id string) []snapshot.GroupMember {
	list := g.members[strings.ToLower(id)]
	if list == nil && g.complete {
		return []snapshot.GroupMember{}
	}
	return list
}

// foreignTenant reports whether an application belongs to a tenant that is
// neither this one nor Microsoft's. Without an owner it is nobody's: a managed
// identity, or an old application of this tenant.
func (in Input) foreignTenant(sp snapshot.ServicePrincipal) bool {
	own := in.Tenant().ID
	return own != "" && sp.AppOwnerOrganizationID != "" && !strings.EqualFold(sp.AppOwnerOrganizationID, own) && !firstParty(sp)
}

// oauthFinding is a finding about a service principal, with what shows whose it
// is. One without an application id is no longer listed and has no row.
func oauthFinding(sp snapshot.ServicePrincipal, severity Severity, summary string, more map[string]any, proofs ...Evidence) Finding {
	details := applicationDetails(sp)
	for k, v := range more {
		details[k] = v
	}
	f := Finding{Severity: severity, Subject: Subject{Type: "servicePrincipal", ID: sp.ID, Name: displayName(sp.DisplayName, sp.ID)},
		Summary: summary, Details: details}
	if sp.AppID != "" {
		proofs = append(proofs, evidence(snapshot.ServicePrincipals, sp))
	}
	return f.with(proofs...)
}

// with adds evidence, each row once.
func (f Finding) with(proofs ...Evidence) Finding {
	for _, e := range proofs {
		if !slices.Contains(f.Evidence, e) {
			f.Evidence = append(f.Evidence, e)
		}
	}
	return f
}

// oauthNames lists the distinct names of permissions, and proofs their rows.
func oauthNames(list []*oauthPermission) (names []string, proofs []Evidence) {
	for _, p := range list {
		if !slices.Contains(names, p.Permission) {
			names = append(names, p.Permission)
		}
		proofs = append(proofs, p.proof)
	}
	return names, proofs
}

// oauthPowerful reads the powerful applications among those that are listed, by
// object id in lower case, and what else comes with them. wanted are groups whose
// members are needed.
func (in Input) oauthPowerful(wanted map[string]bool) (applications, oauthGroups, map[string]*oauthHolder, error) {
	apps, err := in.applications()
	if err != nil {
		return apps, oauthGroups{}, nil, err
	}
	groups, err := in.oauthGroups(wanted)
	if err != nil {
		return apps, groups, nil, err
	}
	holders, err := in.oauthHolders(apps, groups, true)
	for id, h := range holders {
		if _, listed := apps.byID[id]; !listed || !h.powerful() {
			delete(holders, id)
		}
	}
	return apps, groups, holders, err
}
