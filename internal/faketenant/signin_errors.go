package faketenant

import (
	"net/http"
	"strconv"
	"strings"
)

// signInError is a refusal of the authority.
type signInError struct {
	status      int
	code        string // OAuth error
	number      int
	description string
}

// SignInErrors lists the values that Options.SignInError and SignIn.RefuseWith accept, sorted.
func SignInErrors() []string {
	out := make([]string, 0, len(signInErrors))
	for name := range signInErrors {
		out = append(out, name)
	}
	return sortedUnique(out)
}

// deviceAnswers are the codes behind the answers to a poll for a device code.
var deviceAnswers = map[string]string{
	DevicePending: "AADSTS70016", DeviceSlowDown: slowDown, DeviceDeclined: declined, DeviceExpired: "AADSTS70020",
}

// Refusals that have no number of their own.
const (
	slowDown = "AADSTS70016 slow_down"
	declined = "declined"
)

// refused answers with the error of a code.
func (x *exchange) refused(name string) {
	e, ok := signInErrors[name]
	if !ok {
		e = otherRefusals[name]
	}
	number, numbered := strings.CutPrefix(strings.TrimSuffix(name, " "+DeviceSlowDown), "AADSTS")
	if numbered {
		e.number, _ = strconv.Atoi(number) // the tables hold nothing else
		e.description = "AADSTS" + number + ": " + e.description
	}
	x.oauthError(e)
}

// signInErrors are refusals with the status, the OAuth error and the sentence of the authority.
// Source: https://learn.microsoft.com/entra/identity-platform/reference-error-codes.
var signInErrors = map[string]signInError{
	SignInWrongSecret:       refuse(http.StatusUnauthorized, "invalid_client", "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID."),
	SignInExpiredSecret:     refuse(http.StatusUnauthorized, "invalid_client", "The provided client secret keys are expired. Create new keys for your app."),
	SignInBadCertificate:    refuse(http.StatusUnauthorized, "invalid_client", "The certificate with identifier used to sign the client assertion is not registered on application, or is expired."),
	SignInNoCertificate:     refuse(http.StatusUnauthorized, "invalid_client", "The provided certificate is not within its specified validity period."),
	SignInConsentMissing:    refuse(http.StatusBadRequest, "invalid_grant", "The user or administrator has not consented to use the application. Send an interactive authorization request for this user and resource."),
	SignInConditionalAccess: refuse(http.StatusBadRequest, "invalid_grant", "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."),
	SignInUnknownTenant:     refuse(http.StatusBadRequest, "invalid_request", "Tenant not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."),
	SignInUnknownApp:        refuse(http.StatusBadRequest, "unauthorized_client", "Application was not found in the directory. This can happen if the application has not been installed by the administrator of the tenant."),

	"AADSTS50011":   refuse(http.StatusBadRequest, "invalid_request", "The redirect URI specified in the request does not match the redirect URIs configured for the application."),
	"AADSTS50034":   refuse(http.StatusBadRequest, "invalid_grant", "The user account does not exist in the directory. To sign into this application, the account must be added to the directory."),
	"AADSTS50053":   refuse(http.StatusBadRequest, "invalid_grant", "The account is locked, you've tried to sign in too many times with an incorrect user ID or password."),
	"AADSTS50055":   refuse(http.StatusBadRequest, "invalid_grant", "The password is expired."),
	"AADSTS50057":   refuse(http.StatusBadRequest, "invalid_grant", "The user account is disabled."),
	"AADSTS50058":   refuse(http.StatusBadRequest, "interaction_required", "A silent sign-in request was sent but no user is signed in."),
	"AADSTS50076":   refuse(http.StatusBadRequest, "interaction_required", "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access the resource."),
	"AADSTS50079":   refuse(http.StatusBadRequest, "interaction_required", "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access the resource."),
	"AADSTS50105":   refuse(http.StatusBadRequest, "invalid_grant", "Your administrator has configured the application to block users unless they are specifically granted access to the application."),
	"AADSTS50126":   refuse(http.StatusBadRequest, "invalid_grant", "Error validating credentials due to invalid username or password."),
	"AADSTS50158":   refuse(http.StatusBadRequest, "interaction_required", "External security challenge not satisfied. User will be redirected to another page or authentication provider to satisfy additional authentication challenges."),
	"AADSTS50173":   refuse(http.StatusBadRequest, "invalid_grant", "The provided grant has expired due to it being revoked, a fresh auth token is needed."),
	"AADSTS50194":   refuse(http.StatusBadRequest, "invalid_request", "Application is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such apps."),
	"AADSTS53000":   refuse(http.StatusBadRequest, "interaction_required", "Device is not in required device state. Conditional Access policy requires a compliant device, and the device is not compliant."),
	"AADSTS53001":   refuse(http.StatusBadRequest, "interaction_required", "Device is not in required device state. Conditional Access policy requires a domain joined device, and the device is not domain joined."),
	"AADSTS530031":  refuse(http.StatusBadRequest, "invalid_grant", "Access policy does not allow token issuance."),
	"AADSTS500011":  refuse(http.StatusBadRequest, "invalid_resource", "The resource principal was not found in the tenant. You might have sent your authentication request to the wrong tenant."),
	"AADSTS500113":  refuse(http.StatusBadRequest, "invalid_request", "No reply address is registered for the application."),
	"AADSTS65004":   refuse(http.StatusBadRequest, "access_denied", "User declined to consent to access the app."),
	"AADSTS650052":  refuse(http.StatusBadRequest, "invalid_client", "The app is trying to access a service that your organization lacks a service principal for."),
	"AADSTS70008":   refuse(http.StatusBadRequest, "invalid_grant", "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource."),
	"AADSTS70011":   refuse(http.StatusBadRequest, "invalid_scope", "The provided value for the input parameter 'scope' is not valid."),
	"AADSTS70043":   refuse(http.StatusBadRequest, "invalid_grant", "The refresh token has expired or is invalid due to sign-in frequency checks by Conditional Access."),
	"AADSTS700024":  refuse(http.StatusUnauthorized, "invalid_client", "Client assertion is not within its valid time range."),
	"AADSTS700082":  refuse(http.StatusBadRequest, "invalid_grant", "The refresh token has expired due to inactivity."),
	"AADSTS7000112": refuse(http.StatusBadRequest, "unauthorized_client", "Application is disabled."),
	"AADSTS7000218": refuse(http.StatusUnauthorized, "invalid_client", "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."),
	"AADSTS90014":   refuse(http.StatusBadRequest, "invalid_request", "The required field 'scope' is missing from the credential."),
	"AADSTS90072":   refuse(http.StatusBadRequest, "invalid_grant", "User account from identity provider does not exist in tenant and cannot access the application in that tenant."),
	"AADSTS90094":   refuse(http.StatusBadRequest, "invalid_grant", "Admin consent is required for the permissions requested by the application."),
	"AADSTS900023":  refuse(http.StatusBadRequest, "invalid_request", "Specified tenant identifier is neither a valid DNS name, nor a valid external domain."),
	"AADSTS900382":  refuse(http.StatusBadRequest, "invalid_request", "Confidential Client is not supported in Cross Cloud request."),
}

// otherRefusals are those that a request brings about by what it holds.
var otherRefusals = map[string]signInError{
	"AADSTS50013":  refuse(http.StatusUnauthorized, "invalid_client", "Assertion failed signature validation."),
	"AADSTS50027":  refuse(http.StatusUnauthorized, "invalid_client", "JWT token is invalid or malformed."),
	"AADSTS50148":  refuse(http.StatusBadRequest, "invalid_grant", "The code_verifier does not match the code_challenge supplied in the authorization request for PKCE."),
	"AADSTS500112": refuse(http.StatusBadRequest, "invalid_client", "The reply address does not match the reply address provided when requesting the authorization code."),
	"AADSTS70000":  refuse(http.StatusBadRequest, "invalid_grant", "The provided value for the code or the refresh token is not valid."),
	"AADSTS70003":  refuse(http.StatusBadRequest, "unsupported_grant_type", "The app requested an unsupported grant type."),
	"AADSTS70016":  refuse(http.StatusBadRequest, DevicePending, "OAuth 2.0 device flow error. Authorization is pending. Continue polling."),
	slowDown:       refuse(http.StatusBadRequest, DeviceSlowDown, "OAuth 2.0 device flow error. The polling is too fast."),
	declined:       refuse(http.StatusBadRequest, DeviceDeclined, "The end user denied the authorization request."),
	"AADSTS70020":  refuse(http.StatusBadRequest, DeviceExpired, "The provided value for the input parameter 'device_code' is not valid. This device code has expired."),
	"AADSTS700021": refuse(http.StatusUnauthorized, "invalid_client", "Client assertion application identifier doesn't match 'client_id' parameter."),
	"AADSTS700023": refuse(http.StatusUnauthorized, "invalid_client", "Client assertion audience claim does not match Realm issuer."),
	"AADSTS700211": refuse(http.StatusUnauthorized, "invalid_client", "No matching federated identity record found for presented assertion issuer."),
	"AADSTS700212": refuse(http.StatusUnauthorized, "invalid_client", "No matching federated identity record found for presented assertion audience."),
	"AADSTS700213": refuse(http.StatusUnauthorized, "invalid_client", "No matching federated identity record found for presented assertion subject."),
	"AADSTS900144": refuse(http.StatusBadRequest, "invalid_request", "The request body must contain the following parameter: 'grant_type'."),
}

// refuse makes the tables short.
func refuse(status int, code, description string) signInError {
	return signInError{status: status, code: code, description: description}
}
