package normalize

import (
	"strings"

	"tenantaudit/internal/exo"
	"tenantaudit/internal/permissions"
	"tenantaudit/internal/snapshot"
)

// The kinds of assignee that matter here, as Exchange names them.
const (
	servicePrincipalAssignee = "ServicePrincipal"
	roleGroupAssignee        = "RoleGroup"
	policyAssignee           = "RoleAssignmentPolicy"
)

// exchangeApps are the app ids of the applications that Exchange knows, by any of their
// names there.
func (n *run) exchangeApps() (map[string]string, error) {
	apps := map[string]string{}
	for r, err := range decode(n, "exo/Get-ServicePrincipal", exo.DecodeServicePrincipal) {
		if err != nil {
			return nil, err
		}
		for _, s := range []string{r.V.ObjectID, r.V.AppID, r.V.Identity, r.V.Guid, r.V.SID, r.V.DisplayName} {
			if s != "" {
				apps[strings.ToLower(s)] = r.V.AppID
			}
		}
	}
	return apps, nil
}

// assigneeNames are what an assignment calls its assignee, the most telling first.
func assigneeNames(a exo.RoleAssignment) []string {
	return []string{deref(a.App), a.RoleAssignee, a.RoleAssigneeName}
}

// assigneeApp is the app id of the application that an assignment is for; "" when it is
// not known.
func (n *run) assigneeApp(a exo.RoleAssignment, apps map[string]string) string {
	for _, s := range assigneeNames(a) {
		s = strings.ToLower(s)
		if id, ok := apps[s]; ok && s != "" {
			return id
		}
		if p, ok := n.principals[s]; ok {
			return p.appID
		}
	}
	return ""
}

// roleScope is what limits an assignment: the custom scope or group as named, and the
// group's id where it is one. Both are "" for the whole organisation. A limit that is
// not named (the holder's own mailbox, an organisational unit) is said by its kind.
func (n *run) roleScope(a exo.RoleAssignment) (name, group string) {
	name = firstOf(deref(a.CustomResourceScope), deref(a.CustomRecipientWriteScope))
	if name == "" {
		switch strings.ToLower(a.RecipientWriteScope) {
		case "", "organization", "none", "notapplicable":
			return "", ""
		}
		return a.RecipientWriteScope, ""
	}
	if e, ok := n.entry(name); ok && e.Kind == snapshot.TrusteeGroup {
		group = e.ID
	}
	return name, group
}

// managementRoles writes the Exchange roles that are given to somebody directly. Role
// groups have a dataset of their own, and policies give people roles over themselves.
func (n *run) managementRoles() error {
	apps, err := n.exchangeApps()
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for r, err := range decode(n, "exo/Get-ManagementRoleAssignment", exo.DecodeRoleAssignment) {
		if err != nil {
			return err
		}
		a := r.V
		switch {
		case strings.EqualFold(a.RoleAssigneeType, roleGroupAssignee), strings.EqualFold(a.RoleAssigneeType, policyAssignee):
			continue
		case a.RoleAssigneeType == "":
			n.gap(snapshot.ManagementRoleAssignments, "RoleAssigneeType was not sent")
			continue
		}
		row := snapshot.ManagementRoleAssignment{
			ID: firstOf(a.Identity, a.Name), Role: a.Role, Enabled: a.Enabled,
			Delegating: strings.HasPrefix(strings.ToLower(a.RoleAssignmentDelegationType), "delegating"),
		}
		row.Scope, row.ScopeID = n.roleScope(a)
		if strings.EqualFold(a.RoleAssigneeType, servicePrincipalAssignee) {
			row.AppID = n.assigneeApp(a, apps)
		}
		n.assignee(&row, a)
		if key := snapshot.Key(row); !seen[key] {
			seen[key] = true
			if err := n.sink(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// assignee says who holds an assignment: the first of its names that stands for one
// object of the kind that the service says.
func (n *run) assignee(row *snapshot.ManagementRoleAssignment, a exo.RoleAssignment) {
	for _, s := range assigneeNames(a) {
		if e, ok := n.entry(s); ok && e.Kind != "" && ofAssigneeType(e, a.RoleAssigneeType) {
			row.Assignee, row.AssigneeType = entryID(e), memberKind(e.Kind)
			row.AssigneeName = firstOf(e.DisplayName, e.Name, e.UPN, a.RoleAssigneeName)
			return
		}
	}
	row.Assignee = firstOf(a.RoleAssignee, a.RoleAssigneeName, deref(a.App))
	row.AssigneeName = firstOf(a.RoleAssigneeName, row.Assignee)
	row.AssigneeType = memberUnresolved
}

// ofAssigneeType keeps a name that two kinds of object share from standing for the wrong one.
func ofAssigneeType(e permissions.Entry, assigneeType string) bool {
	switch strings.ToLower(assigneeType) {
	case "serviceprincipal":
		return e.Kind == snapshot.TrusteeApplication
	case "securitygroup":
		return e.Kind == snapshot.TrusteeGroup
	case "user":
		return e.Kind != snapshot.TrusteeApplication && e.Kind != snapshot.TrusteeGroup
	}
	return true
}
