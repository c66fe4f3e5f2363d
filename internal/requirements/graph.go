package requirements

import "tenantaudit/internal/facts"

// Graph permissions that stand in several rows.
const (
	directoryRead   = "Directory.Read.All"
	applicationRead = "Application.Read.All"
	memberRead      = "GroupMember.Read.All"
	userRead        = "User.Read.All"
	rolesRead       = "RoleManagement.Read.Directory"
	policyRead      = "Policy.Read.All"
)

// graphTable are the sources of Microsoft Graph.
// Sources: the permission tables of the API pages under
// https://learn.microsoft.com/graph/api/ and, for the roles, the lists of supported
// Microsoft Entra roles on the same pages.
func graphTable() []Requirement {
	readers := []string{DirectoryReaders, facts.SecurityReader, facts.GlobalReader}
	security := []string{facts.SecurityReader, facts.GlobalReader}
	row := func(name, reads, least string, also ...string) Requirement {
		return Requirement{Source: "graph/" + source(name), Service: Graph, Reads: "GET /v1.0/" + reads, Least: least, Also: also, Roles: readers}
	}
	needsRole := func(r Requirement, roles []string) Requirement {
		r.NeedsRole, r.Roles = true, roles
		return r
	}
	pim := func(r Requirement) Requirement {
		r.Licence = EntraP2
		return needsRole(r, security)
	}
	me := row("me", "me", "User.Read", userRead, directoryRead)
	me.PersonOnly, me.Roles = true, nil
	return []Requirement{
		me,
		row("organization", "organization", "Organization.Read.All", directoryRead, userRead),
		needsRole(row("domains", "domains", "Domain.Read.All", directoryRead), readers),
		needsRole(row("subscribedSkus", "subscribedSkus", "LicenseAssignment.Read.All", "Organization.Read.All", directoryRead), readers),
		row("users", "users", userRead, directoryRead),
		row("groups", "groups", memberRead, "Group.Read.All", directoryRead),
		row("groupMembers", "groups/{id}/transitiveMembers", memberRead, "Group.Read.All", directoryRead),
		row("servicePrincipals", "servicePrincipals", applicationRead, directoryRead),
		row("servicePrincipalOwners", "servicePrincipals/{id}/owners", applicationRead, directoryRead),
		row("servicePrincipalRoles", "servicePrincipals/{id}", applicationRead, directoryRead),
		row("appRoleAssignments", "servicePrincipals/{id}/appRoleAssignments", applicationRead, directoryRead),
		row("applications", "applications", applicationRead, directoryRead),
		row("applicationOwners", "applications/{id}/owners", applicationRead, directoryRead),
		row("oauth2PermissionGrants", "oauth2PermissionGrants", directoryRead),
		needsRole(row("roleDefinitions", "roleManagement/directory/roleDefinitions", rolesRead, directoryRead), []string{DirectoryReaders, facts.GlobalReader}),
		needsRole(row("roleAssignments", "roleManagement/directory/roleAssignments", rolesRead, directoryRead), []string{DirectoryReaders, facts.GlobalReader}),
		pim(row("roleEligibilitySchedules", "roleManagement/directory/roleEligibilitySchedules", "RoleEligibilitySchedule.Read.Directory", rolesRead)),
		pim(row("roleAssignmentScheduleInstances", "roleManagement/directory/roleAssignmentScheduleInstances", "RoleAssignmentSchedule.Read.Directory", rolesRead)),
		needsRole(row("authorizationPolicy", "policies/authorizationPolicy", policyRead), security),
		needsRole(row("adminConsentRequestPolicy", "policies/adminConsentRequestPolicy", policyRead, directoryRead), []string{facts.GlobalReader}),
	}
}
