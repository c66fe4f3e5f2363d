package faketenant

import (
	"net/http"
	"slices"
	"strings"
)

// graphPath is what reading a path of Graph takes.
type graphPath struct {
	path string // lower case; "*" is any one segment; what follows it is included
	// accepted are the permissions, one of which is needed; a permission that changes
	// what another reads counts as that other.
	accepted []string
	// roles are the directory roles of which a person needs one beside the permission;
	// nil: any member of the tenant may read.
	roles []*directoryRole
}

// Directory roles that let a person read, beside Global Administrator.
var (
	roleReading   = []*directoryRole{roleReaders, roleGlobalReader, rolePrivAdmin}
	pimReading    = []*directoryRole{roleGlobalReader, roleSecReader, roleSecAdmin, rolePrivAdmin}
	policyReading = []*directoryRole{roleGlobalReader}
	authReading   = []*directoryRole{roleGlobalReader, roleSecReader, roleSecAdmin, rolePrivAdmin}
	logReading    = []*directoryRole{roleGlobalReader, roleSecReader, roleSecAdmin, roleReports}
)

// graphPaths are what the permission tables of the API pages say; the longest match counts.
// Sources: learn.microsoft.com/graph/api/, the page of each path; the roles are those of
// "list unifiedRoleAssignments", "get authorizationPolicy" and the pages of Privileged
// Identity Management.
var graphPaths = []graphPath{
	{"organization", []string{"Organization.Read.All", "Directory.Read.All", "User.Read.All"}, nil},
	{"domains", []string{"Domain.Read.All", "Directory.Read.All"}, nil},
	{"subscribedskus", []string{"LicenseAssignment.Read.All", "Directory.Read.All", "Organization.Read.All"}, nil},
	{"users", []string{"User.Read.All", "Directory.Read.All"}, nil},
	{"users/*/licensedetails", []string{"LicenseAssignment.Read.All", "User.Read.All", "Directory.Read.All"}, nil},
	{"users/*/oauth2permissiongrants", []string{"Directory.Read.All"}, nil},
	{"users/*/approleassignments", []string{"Directory.Read.All"}, nil},
	{"groups", []string{"Group.ReadBasic.All", "GroupMember.Read.All", "Group.Read.All", "Directory.Read.All"}, nil},
	{"groups/*/members", memberPermissions, nil},
	{"groups/*/transitivemembers", memberPermissions, nil},
	{"groups/*/approleassignments", []string{"Directory.Read.All"}, nil},
	{"serviceprincipals", applicationPermissions, nil},
	{"serviceprincipals/*/oauth2permissiongrants", []string{"Directory.Read.All"}, nil},
	{"applications", applicationPermissions, nil},
	{"oauth2permissiongrants", []string{"Directory.Read.All"}, nil},
	{"directoryroles", []string{"RoleManagement.Read.Directory", "Directory.Read.All"}, roleReading},
	{"rolemanagement/directory", []string{"RoleManagement.Read.Directory", "RoleManagement.Read.All", "Directory.Read.All"}, roleReading},
	{"rolemanagement/directory/roleeligibilityschedules",
		[]string{"RoleEligibilitySchedule.Read.Directory", "RoleManagement.Read.Directory", "RoleManagement.Read.All"}, pimReading},
	{"rolemanagement/directory/roleassignmentscheduleinstances", schedulePermissions, pimReading},
	{"policies", []string{"Policy.Read.All"}, policyReading},
	{"policies/authorizationpolicy", []string{"Policy.Read.All"}, authReading},
	{"policies/adminconsentrequestpolicy", []string{"Policy.Read.All", "Directory.Read.All"}, policyReading},
	{"policies/permissiongrantpolicies", []string{"Policy.Read.PermissionGrant"}, policyReading},
	{"identity/conditionalaccess", []string{"Policy.Read.All"}, policyReading},
	{"auditlogs", []string{"AuditLog.Read.All"}, logReading},
	{"me", []string{"User.Read", "User.Read.All", "Directory.Read.All"}, nil},
}

var (
	memberPermissions      = []string{"GroupMember.ReadBasic.All", "GroupMember.Read.All", "Group.Read.All", "Directory.Read.All"}
	applicationPermissions = []string{"Application.Read.All", "Directory.Read.All", "Application.ReadWrite.OwnedBy"}
)

// graphRule finds what a path takes.
func graphRule(seg []string) (rule graphPath, ok bool) {
	longest := 0
	for _, p := range graphPaths {
		parts := strings.Split(p.path, "/")
		if len(parts) <= longest || len(parts) > len(seg) {
			continue
		}
		if slices.EqualFunc(parts, seg[:len(parts)], func(part, s string) bool { return part == "*" || strings.EqualFold(part, s) }) {
			rule, ok, longest = p, true, len(parts)
		}
	}
	return rule, ok
}

// holds reports whether one of the permissions is carried, or one that changes what it reads.
func (c claims) holds(accepted []string) bool {
	return slices.ContainsFunc(c.permissions(), func(p string) bool {
		return slices.Contains(accepted, p) || slices.Contains(accepted, strings.Replace(p, ".ReadWrite.", ".Read.", 1))
	})
}

// inRole reports whether the token names one of the directory roles, or the one that has all rights.
func (c claims) inRole(roles []*directoryRole) bool {
	return slices.ContainsFunc(append([]*directoryRole{roleGlobalAdmin}, roles...), func(r *directoryRole) bool { return slices.Contains(c.RoleIDs, r.id) })
}

// graphRefusal says why the identity may not read a path; nil when it may.
func (x *exchange) graphRefusal(seg []string) *graphFailure {
	rule, ok := graphRule(seg)
	if x.t.opt.Grant == nil || !ok {
		return nil
	}
	c, _ := x.claims()
	switch {
	case rule.path == "me" && !c.person(): // 400, whatever the permissions are
		return nil
	case rule.path == "organization" && x.ownOnly(c):
		return nil
	case !c.holds(rule.accepted) && rule.path == "auditlogs":
		return &graphFailure{http.StatusForbidden, "Authentication_MSGraphPermissionMissing",
			"The principal does not have required Microsoft Graph permission(s): " + strings.Join(rule.accepted, ",") + " to call this API."}
	case !c.holds(rule.accepted), c.person() && rule.roles != nil && !c.inRole(rule.roles):
		return &graphFailure{http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."}
	}
	return nil
}

// ownOnly: a person with User.Read and no more sees name and domains of the organization.
func (x *exchange) ownOnly(c claims) bool {
	rule, _ := graphRule([]string{"organization"})
	return x.t.opt.Grant != nil && c.person() && !c.holds(rule.accepted) && c.holds([]string{"User.Read"})
}

// mayRead reports whether the identity may read objects of a Graph type: members of groups
// of another type come as a type and an id.
func (x *exchange) mayRead(typ string) bool {
	if x.t.opt.Grant == nil {
		return true
	}
	rule, ok := graphRule([]string{typ + "s"})
	if !ok {
		rule.accepted = []string{"OrgContact.Read.All", "Directory.Read.All"}
	}
	c, _ := x.claims()
	return c.holds(rule.accepted)
}
