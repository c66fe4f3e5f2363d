// Package graph reads Microsoft Graph: a small GET client and one collector for each
// thing that is read.
//
// The Graph SDK's request builders say what to ask (path, $select, $expand, headers);
// they never send. Client turns what they describe into requests of the one HTTP stack
// (package transport), follows next links, refuses answers that would read as fewer rows
// than there are, and yields the rows as they were received. A collector commits each
// answer to the store before it asks for the next one and ends with the state of its
// unit: complete, partial, denied, unavailable, failed, throttled or gone, with the
// cause and the next step in one line.
//
// What a collector promises:
//
//   - A source's own failure is recorded and never returned; Collect returns the errors
//     of the store and of the context alone.
//   - Rows are stored as received, less the secrets of credentials (strike.go).
//   - Nothing is read again that the ledger shows as final. A listing that was cut off
//     starts over, because page tokens expire within minutes.
//   - A row that came twice unchanged is stored once; a row that came again changed is
//     stored again and the page says so: of several rows with one id, the last one
//     (highest page key) stands.
//
// Units are described at each collector. Package wire gives the stored rows a shape.
package graph

import "tenantaudit/internal/snapshot"

// The sources of this package.
const (
	Organization             snapshot.Source = "graph/organization"
	Domains                  snapshot.Source = "graph/domains"
	SubscribedSKUs           snapshot.Source = "graph/subscribedSkus"
	Me                       snapshot.Source = "graph/me"
	Users                    snapshot.Source = "graph/users"
	Groups                   snapshot.Source = "graph/groups"
	ServicePrincipals        snapshot.Source = "graph/servicePrincipals"
	Applications             snapshot.Source = "graph/applications"
	OAuth2PermissionGrants   snapshot.Source = "graph/oauth2PermissionGrants"
	AppRoleAssignments       snapshot.Source = "graph/appRoleAssignments"
	ServicePrincipalRoles    snapshot.Source = "graph/servicePrincipalRoles"
	ServicePrincipalOwners   snapshot.Source = "graph/servicePrincipalOwners"
	RoleDefinitions          snapshot.Source = "graph/roleDefinitions"
	RoleAssignments          snapshot.Source = "graph/roleAssignments"
	RoleEligibilitySchedules snapshot.Source = "graph/roleEligibilitySchedules"
	GroupMembers             snapshot.Source = "graph/groupMembers"
	ApplicationOwners        snapshot.Source = "graph/applicationOwners"
	AuthorizationPolicy      snapshot.Source = "graph/authorizationPolicy"

	AdminConsentRequestPolicy       snapshot.Source = "graph/adminConsentRequestPolicy"
	RoleAssignmentScheduleInstances snapshot.Source = "graph/roleAssignmentScheduleInstances"
)

// LeastPermission names the smallest permission that reads a source, the same for
// delegated and application use; "" for a source of another service. Source: the
// permissions tables of learn.microsoft.com/graph/api.
func LeastPermission(s snapshot.Source) string {
	switch s {
	case Organization:
		return "Organization.Read.All"
	case Domains:
		return "Domain.Read.All"
	case SubscribedSKUs:
		return "LicenseAssignment.Read.All"
	case Me:
		return "User.Read"
	case Users:
		return "User.Read.All"
	case Groups, GroupMembers:
		return "GroupMember.Read.All"
	case ServicePrincipals, Applications, AppRoleAssignments, ServicePrincipalRoles, ServicePrincipalOwners, ApplicationOwners:
		return "Application.Read.All"
	case OAuth2PermissionGrants:
		return "Directory.Read.All"
	case RoleDefinitions, RoleAssignments:
		return "RoleManagement.Read.Directory"
	case RoleEligibilitySchedules:
		return "RoleEligibilitySchedule.Read.Directory"
	case RoleAssignmentScheduleInstances:
		return "RoleAssignmentSchedule.Read.Directory"
	case AuthorizationPolicy, AdminConsentRequestPolicy:
		return "Policy.Read.All"
	}
	return ""
}
