package transport

import (
	"regexp"
	"strings"
)

// The Graph paths that may be read, without their version. {} stands for one
// identifier, {guid} for a key in parentheses. Paths of beta are those that v1.0
// lacks or serves in another form.
// Source: the API pages under https://learn.microsoft.com/graph/api/
var graphPaths = map[string][]string{
	"v1.0": {
		"organization",
		"domains",
		"domains/{}/federationConfiguration",
		"subscribedSkus",
		"directory/onPremisesSynchronization",
		"users",
		"users/{}",
		"users/{}/licenseDetails",
		"users/{}/appRoleAssignments",
		"users/{}/oauth2PermissionGrants",
		"groups",
		"groups/{}",
		"groups/{}/appRoleAssignments",
		"groups/{}/members",
		"groups/{}/members/{cast}",
		"groups/{}/transitiveMembers",
		"groups/{}/transitiveMembers/{cast}",
		"servicePrincipals",
		"servicePrincipals/{}",
		"servicePrincipals/{}/owners",
		"servicePrincipals/{}/appRoleAssignedTo",
		"servicePrincipals/{}/appRoleAssignments",
		"servicePrincipals/{}/oauth2PermissionGrants",
		"servicePrincipals(appId='{guid}')",
		"servicePrincipals(appId='{guid}')/owners",
		"servicePrincipals(appId='{guid}')/appRoleAssignedTo",
		"servicePrincipals(appId='{guid}')/appRoleAssignments",
		"servicePrincipals(appId='{guid}')/oauth2PermissionGrants",
		"applications",
		"applications/{}",
		"applications/{}/owners",
		"applications/{}/federatedIdentityCredentials",
		"oauth2PermissionGrants",
		"directoryRoles",
		"directoryRoles/{}/members",
		"directoryRoles(roleTemplateId='{guid}')/members",
		"roleManagement/directory/roleDefinitions",
		"roleManagement/directory/roleAssignments",
		"roleManagement/directory/roleAssignmentScheduleInstances",
		"roleManagement/directory/roleEligibilitySchedules",
		"policies/identitySecurityDefaultsEnforcementPolicy",
		"policies/authorizationPolicy",
		"policies/permissionGrantPolicies",
		"policies/adminConsentRequestPolicy",
		"policies/authenticationMethodsPolicy",
		"policies/crossTenantAccessPolicy",
		"policies/crossTenantAccessPolicy/default",
		"policies/crossTenantAccessPolicy/partners",
		"policies/defaultAppManagementPolicy",
		"policies/appManagementPolicies",
		"policies/roleManagementPolicies",
		"identity/conditionalAccess/policies",
		"identity/conditionalAccess/namedLocations",
		"auditLogs/signIns",
		"auditLogs/directoryAudits",
		"reports/authenticationMethods/userRegistrationDetails",
		"me",
		"me/memberOf",
		"me/memberOf/{cast}",
		"me/transitiveMemberOf",
		"me/transitiveMemberOf/{cast}",
	},
	"beta": {
		"auditLogs/signIns",
		"reports/servicePrincipalSignInActivities",
		"roleManagement/directory/roleDefinitions",
	},
}

var (
	// An object id, a domain name or a user principal name.
	graphID = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.@#'!~+-]{0,255}$`)
	guid    = regexp.MustCompile(`^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
	cast    = regexp.MustCompile(`^microsoft\.graph\.(?:user|group|servicePrincipal|application|directoryRole|administrativeUnit|device|orgContact)$`)
)

// graphAllows reports whether the decoded path, "/v1.0/users", is under a template.
func graphAllows(path string) bool {
	version, rest, found := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if !found {
		return false
	}
	segments := strings.Split(rest, "/")
	for _, template := range graphPaths[version] {
		if underTemplate(strings.Split(template, "/"), segments) {
			return true
		}
	}
	return false
}

// azurePaths and devOpsPaths are what a preflight may ask of the two services beside; {org} is an
// Azure DevOps organization.
// Sources: https://learn.microsoft.com/rest/api/resources/subscriptions/get,
// https://learn.microsoft.com/rest/api/authorization/permissions, https://learn.microsoft.com/rest/api/monitor/,
// https://learn.microsoft.com/rest/api/loganalytics/workspaces/list,
// https://learn.microsoft.com/rest/api/azure/devops/audit/audit-log/query
var (
	azurePaths = []string{
		"subscriptions/{guid}",
		"subscriptions/{guid}/providers/Microsoft.Authorization/permissions",
		"subscriptions/{guid}/providers/Microsoft.Insights/eventtypes/management/values",
		"subscriptions/{guid}/providers/Microsoft.Insights/diagnosticSettings",
		"subscriptions/{guid}/providers/Microsoft.OperationalInsights/workspaces",
	}
	devOpsPaths = []string{"{org}/_apis/audit/auditlog"}
	org         = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9-]{0,48}[A-Za-z0-9])?$`)
)

// allowsGet reports whether a path of a service that takes nothing but GET is on its list.
func allowsGet(s Service, path string) bool {
	templates := map[Service][]string{Azure: azurePaths, DevOps: devOpsPaths}[s]
	if s == Graph {
		return graphAllows(path)
	}
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for _, template := range templates {
		if underTemplate(strings.Split(template, "/"), segments) {
			return true
		}
	}
	return false
}

func underTemplate(template, segments []string) bool {
	if len(template) != len(segments) {
		return false
	}
	for i, want := range template {
		got := segments[i]
		switch {
		case want == "{}":
			if !graphID.MatchString(got) {
				return false
			}
		case want == "{org}":
			if !org.MatchString(got) {
				return false
			}
		case want == "{cast}":
			if !cast.MatchString(got) {
				return false
			}
		case strings.Contains(want, "{guid}"):
			before, after, _ := strings.Cut(want, "{guid}")
			id, opened := strings.CutPrefix(got, before)
			id, closed := strings.CutSuffix(id, after)
			if !opened || !closed || !guid.MatchString(id) {
				return false
			}
		case want != got:
			return false
		}
	}
	return true
}

// key is an entity key in parentheses: one character that names something is there,
// and no slash, so that it stays one segment.
const key = `\('[^'/\\]*[0-9A-Za-z][^'/\\]*'\)`

// exchangeGets are the resources of the Exchange admin API that may be read with
// GET, behind /adminapi/{beta|v1.0}/{tenant}/.
// Sources: https://learn.microsoft.com/powershell/exchange/exchange-online-powershell-v2
// and the entity model that the service publishes under $metadata.
var exchangeGets = []*regexp.Regexp{
	moduleFile,
	banner,
	regexp.MustCompile(`^(?:Mailbox|Recipient|CasMailbox)(?:` + key + `)?$`),
	regexp.MustCompile(`^(?:User|ExchangeRoleGroupMember)` + key + `$`),
	regexp.MustCompile(`^Mailbox` + key + `/(?:MailboxPermission|Exchange\.GetMailboxStatistics\(\))$`),
	regexp.MustCompile(`^Recipient` + key + `/RecipientPermission$`),
	regexp.MustCompile(`^Mailbox` + key + `/MailboxFolder/Exchange\.GetMailboxFolderStatistics\(folderscope=Exchange\.ElcFolderType'(?:` + strings.Join(folderScopes, "|") + `)'\)$`),
	regexp.MustCompile(`^Mailbox` + key + `/MailboxFolder` + key + `/MailboxFolderPermission$`),
}

var (
	moduleFile = regexp.MustCompile(`^EXOModuleFile$`)
	banner     = regexp.MustCompile(`^EXOBanner\('[A-Za-z0-9]{1,64}'\)$`)
)

// namesRegion reports whether a redirect of this resource may name the tenant's regional host.
func namesRegion(resource string) bool {
	return moduleFile.MatchString(resource) || banner.MatchString(resource)
}

func exchangeAllowsGet(resource string) bool {
	for _, allowed := range exchangeGets {
		if allowed.MatchString(resource) {
			return true
		}
	}
	return false
}

// The two resources that take a POST, beta only.
const (
	invokeCommand = "InvokeCommand"
	batchCommand  = "$batch"
)

// exchangeResource splits "/adminapi/beta/{tenant}/{resource…}" and is false when the
// path has another form or names another tenant. The service compares paths
// without regard to case; the resource is compared exactly.
func exchangeResource(path, tenant string) (version, resource string, ok bool) {
	parts := strings.SplitN(path, "/", 5)
	if len(parts) != 5 || parts[0] != "" || !strings.EqualFold(parts[1], "adminapi") {
		return "", "", false
	}
	if tenant == "" || !strings.EqualFold(parts[3], tenant) {
		return "", "", false
	}
	if parts[2] != "beta" && parts[2] != "v1.0" {
		return "", "", false
	}
	return parts[2], parts[4], true
}

// exchangeResource reads a path of this tenant, named by its id or by one of its domains.
func (g *guard) exchangeResource(path string) (version, resource string, ok bool) {
	if version, resource, ok = exchangeResource(path, g.tenant); ok {
		return version, resource, true
	}
	for _, name := range g.names {
		if version, resource, ok = exchangeResource(path, name); ok {
			return version, resource, true
		}
	}
	return "", "", false
}
