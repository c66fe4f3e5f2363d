package faketenant

import (
	"encoding/json"
	"net/http"
	"strings"
)

// What the simulator holds beside the tenant. Any other subscription or organization is unknown.
const (
	SimulatedSubscription = "5f9a3b1c-0d2e-4f60-8a71-93b2c4d5e6f7"
	SimulatedOrganization = "contoso"
)

// Values of Options.AzureRole: built-in roles of Azure, and one that reads the activity log alone.
const (
	RoleLogReader      = "Log Analytics Reader"
	RoleNone           = "none"
	RoleActivityReader = "activity log only"
	RoleOwner          = "Owner"
)

// Values of Options.DevOps.
const (
	DevOpsDenied   = "denied"
	DevOpsStranger = "stranger"
)

// azureActions are the actions of the roles.
// Source: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/analytics
var azureActions = map[string]string{
	RoleLogReader: `{"actions":["*/read","Microsoft.OperationalInsights/workspaces/analytics/query/action","Microsoft.OperationalInsights/workspaces/search/action","Microsoft.Support/*"],` +
		`"notActions":["Microsoft.OperationalInsights/workspaces/sharedKeys/read"],"dataActions":[],"notDataActions":[]}`,
	RoleActivityReader: `{"actions":["Microsoft.Resources/subscriptions/read","Microsoft.Authorization/*/read","microsoft.insights/eventtypes/*"],"notActions":[],"dataActions":[],"notDataActions":[]}`,
	RoleOwner:          `{"actions":["*"],"notActions":[],"dataActions":[],"notDataActions":[]}`,
}

// azureAnswer is what Azure Resource Manager answers.
func (t *Tenant) azureAnswer(path string) (int, string) {
	parts := strings.SplitN(strings.TrimPrefix(path, "/"), "/", 3)
	role := t.opt.AzureRole
	if role == "" {
		role = RoleLogReader
	}
	switch {
	case len(parts) < 2 || !strings.EqualFold(parts[1], SimulatedSubscription), role == RoleNone && len(parts) == 2:
		return http.StatusNotFound, `{"error":{"code":"SubscriptionNotFound","message":"The subscription '` + parts[1] + `' could not be found."}}`
	case len(parts) == 2:
		return http.StatusOK, `{"id":"/subscriptions/` + SimulatedSubscription + `","subscriptionId":"` + SimulatedSubscription + `","displayName":"Logs","state":"Enabled","tenantId":"` + t.ID() + `"}`
	case role == RoleNone:
		return http.StatusForbidden, denial
	}
	switch low := strings.ToLower(parts[2]); low {
	case "providers/microsoft.authorization/permissions":
		return http.StatusOK, `{"value":[` + azureActions[role] + `]}`
	case "providers/microsoft.insights/eventtypes/management/values":
		return http.StatusOK, `{"value":[]}`
	case "providers/microsoft.insights/diagnosticsettings", "providers/microsoft.operationalinsights/workspaces":
		if role == RoleActivityReader {
			return http.StatusForbidden, denial
		}
		return http.StatusOK, `{"value":[]}`
	}
	return http.StatusNotFound, `{"error":{"code":"InvalidResourceType","message":"The resource type could not be found."}}`
}

const denial = `{"error":{"code":"AuthorizationFailed","message":"The client does not have authorization to perform the action over the scope, or the scope is invalid."}}`

func (x *exchange) serveAzure() {
	switch {
	case x.r.Method != http.MethodGet:
		x.plain(http.StatusMethodNotAllowed, `{"error":{"code":"MethodNotAllowed","message":"The simulator reads only."}}`)
	case !x.bearerFor(azureAudience):
		x.plain(http.StatusUnauthorized, `{"error":{"code":"InvalidAuthenticationToken","message":"The access token is invalid."}}`)
	case x.r.URL.Query().Get("api-version") == "":
		x.plain(http.StatusBadRequest, `{"error":{"code":"MissingApiVersionParameter","message":"The api-version query parameter (?api-version=) is required for all requests."}}`)
	default:
		x.plain(x.t.azureAnswer(x.r.URL.Path))
	}
}

// serveDevOps answers as the audit service: people it does not know get its sign-in page.
func (x *exchange) serveDevOps() {
	name, path, _ := strings.Cut(strings.TrimPrefix(x.r.URL.Path, "/"), "/")
	switch {
	case x.r.Method != http.MethodGet:
		x.plain(http.StatusMethodNotAllowed, `{"message":"The simulator reads only."}`)
	case !x.bearerFor(devOpsAudience) || x.t.opt.DevOps == DevOpsStranger:
		x.w.Header().Set("Content-Type", "text/html; charset=utf-8")
		x.status = http.StatusNonAuthoritativeInfo
		x.w.WriteHeader(x.status)
		_, _ = x.w.Write([]byte("<!DOCTYPE html><html><title>Azure DevOps Services | Sign In</title></html>"))
	case !strings.EqualFold(name, SimulatedOrganization) || path != "_apis/audit/auditlog":
		x.plain(http.StatusNotFound, `{"message":"The resource cannot be found."}`)
	case x.t.opt.DevOps == DevOpsDenied:
		x.plain(http.StatusForbidden, `{"$id":"1","message":"TF400813: The user is not authorized to access this resource.","typeKey":"UnauthorizedRequestException","errorCode":0}`)
	default:
		x.plain(http.StatusOK, `{"decoratedAuditLogEntries":[],"continuationToken":null,"hasMore":false}`)
	}
}

// bearerFor reports whether the request carries a token of this tenant for an audience.
func (x *exchange) bearerFor(audience string) bool {
	c, ok := x.claims()
	return ok && audienceOf(c.Audience) == audience && c.Tenant == x.t.ID()
}

// plain writes a JSON answer.
func (x *exchange) plain(status int, body string) {
	if !json.Valid([]byte(body)) {
		status, body = http.StatusInternalServerError, `{}`
	}
	x.status = status
	x.w.Header().Set("Content-Type", "application/json; charset=utf-8")
	x.w.WriteHeader(status)
	_, _ = x.w.Write([]byte(body))
}
