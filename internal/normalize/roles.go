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
	if err := n.exchangeRoles(); err != nil {
		return err
	}
	return n.managementRoles()
}

// roleRef names a directory role.
type roleRef struct {
	name, template string
	privileged     *bool
}

// roleNames reads the role definitions; the function returned names a role by the id of
// its definition, built-in ones also where the definitions were not read.
func (n *run) roleNames() (func(definition string) roleRef, error) {
	defs := map[string]roleRef{}
	for r, err := range decode(n, "graph/roleDefinitions", wire.DecodeRoleDefinition) {
		if err != nil {
			return nil, err
		}
		defs[r.V.ID] = roleRef{name: r.V.DisplayName, template: firstOf(r.V.TemplateID, r.V.ID)}
	}
	return func(definition string) roleRef {
		ref, ok := defs[definition]
		if !ok {
			ref.template = definition
		}
		if f, ok := facts.Role(ref.template); ok {
			ref.name, ref.privileged = firstOf(ref.name, f.Name), f.Privileged
		}
		return ref
	}, nil
}

func (n *run) directoryRoles() error {
	role, err := n.roleNames()
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	put := func(id, definition, principal, scope, assignment string, expanded *wire.DirectoryObject) error {
		ref := role(definition)
		row := snapshot.DirectoryRoleAssignment{ID: id, Role: ref.name, RoleTemplateID: ref.template, Privileged: ref.privileged, Member: principal, Assignment: assignment, Scope: scope}
		if expanded != nil {
			n.holders[principal] = *expanded
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

// roleSchedules writes how and until when the roles in force were given.
func (n *run) roleSchedules() error {
	role, err := n.roleNames()
	if err != nil {
		return err
	}
	for v, err := range decodeLast(n, roleScheduleSource, wire.DecodeRoleAssignmentScheduleInstance, func(v wire.RoleAssignmentScheduleInstance) string { return v.ID }) {
		if err != nil {
			return err
		}
		ref := role(v.RoleDefinitionID)
		row := snapshot.RoleAssignmentSchedule{
			ID: v.ID, Role: ref.name, RoleTemplateID: ref.template, Privileged: ref.privileged, Member: v.PrincipalID,
			AssignmentType: v.AssignmentType, Scope: firstOf(v.DirectoryScopeID, v.AppScopeID), EndDateTime: timeOf(v.EndDateTime),
		}
		if known, ok := n.holders[v.PrincipalID]; ok && v.Principal == nil {
			v.Principal = &known
		}
		row.MemberType, row.MemberName = n.member(v.PrincipalID, v.Principal)
		// A group is not a member of itself: what is said of it is how it holds the role.
		row.Inherited = strings.EqualFold(v.MemberType, "Inherited") || strings.EqualFold(v.MemberType, "Group") && row.MemberType != snapshot.TrusteeGroup
		if v.AssignmentType == "" {
			n.gap(snapshot.RoleAssignmentSchedules, "assignmentType was not sent")
		}
		if v.EndDateTime != "" && row.EndDateTime == nil {
			n.gap(snapshot.RoleAssignmentSchedules, "endDateTime could not be read")
		}
		if err := n.sink(row); err != nil {
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
