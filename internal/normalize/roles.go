package normalize

import (
	"strings"

	"tenantaudit/internal/exo"
	"tenantaudit/internal/facts"
	"tenantaudit/internal/graph/wire"
	"tenantaudit/internal/snapshot"
)

const memberUnresolved = "unresolved"

func (n *run) roles() error {
	if err := n.directoryRoles(); err != nil {
		return err
	}
	return n.exchangeRoles()
}

type roleRef struct {
	name, template string
	builtIn        *bool
}

func (n *run) directoryRoles() error {
	defs := map[string]roleRef{}
	for r, err := range decode(n, "graph/roleDefinitions", wire.DecodeRoleDefinition) {
		if err != nil {
			return err
		}
		defs[r.V.ID] = roleRef{r.V.DisplayName, firstOf(r.V.TemplateID, r.V.ID), r.V.IsBuiltIn}
	}
	seen := map[string]bool{}
	put := func(id, definition, principal, scope, assignment string, expanded *wire.DirectoryObject) error {
		row := snapshot.DirectoryRoleAssignment{ID: id, RoleTemplateID: definition, Member: principal, Assignment: assignment, Scope: scope}
		if d, ok := defs[definition]; ok {
			row.Role, row.RoleTemplateID = d.name, d.template
		}
		if f, ok := facts.Role(row.RoleTemplateID); ok {
			row.Role, row.Privileged = firstOf(row.Role, f.Name), f.Privileged
		}
		row.MemberType, row.MemberName = n.member(principal, expanded)
		if key := snapshot.Key(row); !seen[key] {
			seen[key] = true
			return n.sink(row)
		}
		return nil
	}
	for r, err := range decode(n, "graph/roleAssignments", wire.DecodeRoleAssignment) {
		if err != nil {
			return err
		}
		if err := put(r.V.ID, r.V.RoleDefinitionID, r.V.PrincipalID, firstOf(r.V.DirectoryScopeID, r.V.AppScopeID), "active", r.V.Principal); err != nil {
			return err
		}
	}
	for r, err := range decode(n, "graph/roleEligibilitySchedules", wire.DecodeRoleEligibilitySchedule) {
		if err != nil {
			return err
		}
		if err := put(r.V.ID, r.V.RoleDefinitionID, r.V.PrincipalID, firstOf(r.V.DirectoryScopeID, r.V.AppScopeID), "eligible", r.V.Principal); err != nil {
			return err
		}
	}
	return nil
}

// member says what a principal is: by the directory, else by what was expanded with
// the assignment. A deleted or foreign principal is unresolved.
func (n *run) member(id string, expanded *wire.DirectoryObject) (kind, name string) {
	if e, ok := n.dir.ByID(id); ok && e.Kind != "" {
		return memberKind(e.Kind), firstOf(e.DisplayName, e.UPN)
	}
	if p, ok := n.principals[id]; ok {
		return "servicePrincipal", p.name
	}
	if expanded != nil {
		if k := string(expanded.Kind()); k != "" {
			return k, firstOf(expanded.DisplayName, expanded.UserPrincipalName)
		}
	}
	return memberUnresolved, ""
}

// exchangeRoles writes the direct members of Exchange role groups.
func (n *run) exchangeRoles() error {
	roles := map[string][]string{}
	for r, err := range decode(n, "exo/Get-RoleGroup", exo.DecodeRoleGroup) {
		if err != nil {
			return err
		}
		roles[firstOf(r.V.Name, r.V.Identity)] = sorted(r.V.Roles)
	}
	seen := map[string]bool{}
	for r, err := range decode(n, "exo/Get-RoleGroupMember", exo.DecodeRoleGroupMember) {
		if err != nil {
			return err
		}
		m := r.V
		row := snapshot.ExchangeRoleAssignment{
			RoleGroup: r.Unit.Key, Roles: roles[r.Unit.Key], Member: firstOf(m.ExternalDirectoryObjectID, m.Guid, m.Identity, m.Name),
			MemberName: firstOf(m.DisplayName, m.Name), MemberType: roleGroupMemberKind(m.RecipientTypeDetails, m.RecipientType),
		}
		if e, ok := n.dir.ByID(row.Member); ok && e.Kind != "" {
			row.MemberType = memberKind(e.Kind)
		}
		if key := snapshot.Key(row); !seen[key] {
			seen[key] = true
			if err := n.sink(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// roleGroupMemberKind reads the type of a member that the directory does not know:
// an entry for an Entra directory role is a role group, so a group.
func roleGroupMemberKind(details, recipientType string) string {
	for _, d := range []string{details, recipientType} {
		switch d = strings.ToLower(d); {
		case d == "":
		case d == "serviceprincipal":
			return "servicePrincipal"
		case d == "guestmailuser":
			return snapshot.TrusteeGuest
		case strings.Contains(d, "contact"):
			return snapshot.TrusteeContact
		case strings.Contains(d, "group"):
			return snapshot.TrusteeGroup
		case strings.Contains(d, "user") || strings.Contains(d, "mailbox"):
			return snapshot.TrusteeUser
		}
	}
	return memberUnresolved
}
