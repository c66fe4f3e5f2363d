package faketenant

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// signInError is a refusal of the authority.
type signInError struct {
	status      int
	code        string // OAuth error
	number      int
	description string
}

var signInErrors = map[string]signInError{
	SignInWrongSecret:       {http.StatusUnauthorized, "invalid_client", 7000215, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID."},
	SignInExpiredSecret:     {http.StatusUnauthorized, "invalid_client", 7000222, "The provided client secret keys are expired. Create new keys for your app."},
	SignInBadCertificate:    {http.StatusUnauthorized, "invalid_client", 700027, "The certificate with identifier used to sign the client assertion is not registered on application, or is expired."},
	SignInNoCertificate:     {http.StatusUnauthorized, "invalid_client", 1000502, "The provided certificate is not within its specified validity period."},
	SignInConsentMissing:    {http.StatusBadRequest, "invalid_grant", 65001, "The user or administrator has not consented to use the application. Send an interactive authorization request for this user and resource."},
	SignInConditionalAccess: {http.StatusBadRequest, "invalid_grant", 53003, "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."},
	SignInUnknownTenant:     {http.StatusBadRequest, "invalid_request", 90002, "Tenant not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."},
	SignInUnknownApp:        {http.StatusBadRequest, "unauthorized_client", 700016, "Application was not found in the directory. This can happen if the application has not been installed by the administrator of the tenant."},
}

// oauthError answers in the form of the authority.
func (x *exchange) oauthError(name string, e signInError) {
	n := x.t.serial.Add(1)
	trace, correlation := x.t.plan.guid("trace", int(n)).String(), x.t.plan.guid("correlation", int(n)).String() // #nosec G115 -- a count
	stamp := time.Now().UTC().Format("2006-01-02 15:04:05Z")
	b := &bag{}
	b.start()
	b.str("error", e.code)
	b.str("error_description", name+": "+e.description+" Trace ID: "+trace+" Correlation ID: "+correlation+" Timestamp: "+stamp)
	b.raw("error_codes", "["+itoa(e.number)+"]")
	b.str("timestamp", stamp)
	b.str("trace_id", trace)
	b.str("correlation_id", correlation)
	b.str("error_uri", x.origin()+"/error?code="+itoa(e.number))
	b.end()
	x.answer(e.status, typeJSON, b.buf)
}

// serveAuth answers the paths of the authority: /{tenant}/….
func (x *exchange) serveAuth() {
	tenant, rest, _ := strings.Cut(strings.TrimPrefix(x.r.URL.Path, "/"), "/")
	low := strings.ToLower(rest)
	if low == "discovery/instance" {
		x.instanceDiscovery()
		return
	}
	known := x.t.isTenant(tenant) || strings.EqualFold(tenant, "common") || strings.EqualFold(tenant, "organizations")
	if !known || x.t.opt.SignInError == SignInUnknownTenant {
		if strings.Contains(low, "openid-configuration") || strings.HasPrefix(low, "oauth2/") {
			x.oauthError(SignInUnknownTenant, signInErrors[SignInUnknownTenant])
			return
		}
	}
	switch low {
	case "v2.0/.well-known/openid-configuration", ".well-known/openid-configuration":
		x.openIDConfiguration(tenant)
	case "oauth2/v2.0/token":
		x.token()
	case "oauth2/v2.0/devicecode":
		x.deviceCode(tenant)
	case "oauth2/v2.0/authorize":
		x.authorize()
	case "discovery/v2.0/keys", "discovery/keys":
		x.answer(http.StatusOK, typeJSON, []byte(`{"keys":[]}`))
	default:
		x.answer(http.StatusNotFound, "text/plain; charset=utf-8", []byte("not found\n"))
	}
}

func (x *exchange) openIDConfiguration(tenant string) {
	base := x.origin() + "/" + tenant
	b := &bag{}
	b.start()
	b.str("token_endpoint", base+"/oauth2/v2.0/token")
	b.list("token_endpoint_auth_methods_supported", []string{"client_secret_post", "private_key_jwt", "client_secret_basic"})
	b.str("jwks_uri", base+"/discovery/v2.0/keys")
	b.list("response_modes_supported", []string{"query", "fragment", "form_post"})
	b.list("response_types_supported", []string{"code"})
	b.list("scopes_supported", []string{"openid", "profile", "email", "offline_access"})
	b.str("issuer", x.origin()+"/"+x.t.ID()+"/v2.0")
	b.str("authorization_endpoint", base+"/oauth2/v2.0/authorize")
	b.str("device_authorization_endpoint", base+"/oauth2/v2.0/devicecode")
	b.str("tenant_region_scope", "EU")
	b.end()
	x.answer(http.StatusOK, typeJSON, b.buf)
}

func (x *exchange) instanceDiscovery() {
	b := &bag{}
	b.start()
	b.str("tenant_discovery_endpoint", x.origin()+"/"+x.t.ID()+"/v2.0/.well-known/openid-configuration")
	b.str("api-version", "1.1")
	b.array("metadata", 1, func(int) {
		b.start()
		b.str("preferred_network", x.r.Host)
		b.str("preferred_cache", x.r.Host)
		b.list("aliases", []string{x.r.Host})
		b.end()
	})
	b.end()
	x.answer(http.StatusOK, typeJSON, b.buf)
}

// deviceCode hands out a code that is approved at once.
func (x *exchange) deviceCode(tenant string) {
	if x.r.Method != http.MethodPost || x.r.ParseForm() != nil {
		x.oauthError("AADSTS900144", signInError{http.StatusBadRequest, "invalid_request", 900144, "The request body must contain the following parameter: 'client_id'."})
		return
	}
	code := x.t.encode(code{Scope: x.r.Form.Get("scope"), Client: x.r.Form.Get("client_id")})
	b := &bag{}
	b.start()
	b.str("user_code", "SIMULATE1")
	b.str("device_code", code)
	b.str("verification_uri", x.origin()+"/"+tenant+"/device")
	b.int("expires_in", 900)
	b.int("interval", 1)
	b.str("message", "The simulator approves this code at once.")
	b.end()
	x.answer(http.StatusOK, typeJSON, b.buf)
}

// code is what device codes, authorization codes and refresh tokens carry.
type code struct {
	Scope  string `json:"scope"`
	Client string `json:"client"`
	Nonce  string `json:"nonce,omitempty"`
}

// authorize signs in without asking and goes back with a code.
func (x *exchange) authorize() {
	q := x.r.URL.Query()
	back := q.Get("redirect_uri")
	if !strings.HasPrefix(back, "http://localhost") && !strings.HasPrefix(back, "http://127.0.0.1") {
		x.oauthError("AADSTS50011", signInError{http.StatusBadRequest, "invalid_request", 50011, "The redirect URI specified in the request does not match the redirect URIs configured for the application."})
		return
	}
	sep := "?"
	if strings.Contains(back, "?") {
		sep = "&"
	}
	target := back + sep
	if e, bad := signInErrors[x.t.opt.SignInError]; bad {
		target += "error=" + e.code + "&error_description=" + x.t.opt.SignInError
	} else {
		target += "code=" + x.t.encode(code{Scope: q.Get("scope"), Client: q.Get("client_id"), Nonce: q.Get("nonce")})
	}
	if s := q.Get("state"); s != "" {
		target += "&state=" + s
	}
	x.w.Header().Set("Location", target)
	x.answer(http.StatusFound, "text/html", nil)
}

// token is the token endpoint.
func (x *exchange) token() {
	if x.r.Method != http.MethodPost || x.r.ParseForm() != nil {
		x.oauthError("AADSTS900144", signInError{http.StatusBadRequest, "invalid_request", 900144, "The request body must contain the following parameter: 'grant_type'."})
		return
	}
	if e, bad := signInErrors[x.t.opt.SignInError]; bad {
		x.oauthError(x.t.opt.SignInError, e)
		return
	}
	form := x.r.PostForm
	granted := code{Scope: form.Get("scope"), Client: form.Get("client_id")}
	person := true
	switch form.Get("grant_type") {
	case "client_credentials":
		person = x.t.opt.Delegated
		if form.Get("client_assertion") == "" && form.Get("client_secret") != x.t.opt.ClientSecret {
			x.oauthError(SignInWrongSecret, signInErrors[SignInWrongSecret])
			return
		}
		if form.Get("client_assertion") != "" && form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
			x.oauthError("AADSTS50027", signInError{http.StatusUnauthorized, "invalid_client", 50027, "JWT token is invalid or malformed."})
			return
		}
	case "urn:ietf:params:oauth:grant-type:device_code", "device_code", "authorization_code", "refresh_token":
		held := cmp.Or(form.Get("device_code"), form.Get("code"), form.Get("refresh_token"))
		var c code
		if !x.t.decode(held, &c) {
			x.oauthError("AADSTS70000", signInError{http.StatusBadRequest, "invalid_grant", 70000, "The provided value for the code or the refresh token is not valid."})
			return
		}
		granted.Nonce = c.Nonce
		if granted.Scope == "" {
			granted.Scope = c.Scope
		}
	default:
		x.oauthError("AADSTS70003", signInError{http.StatusBadRequest, "unsupported_grant_type", 70003, "The app requested an unsupported grant type."})
		return
	}
	audience := ""
	for _, s := range strings.Fields(granted.Scope) {
		if a := audienceOf(audienceHost(s)); a != "" {
			audience = strings.TrimSuffix(audienceHost(s), "/.default")
			break
		}
	}
	if audience == "" {
		x.oauthError("AADSTS500011", signInError{http.StatusBadRequest, "invalid_resource", 500011, "The resource principal was not found in the tenant. You might have sent your authentication request to the wrong tenant."})
		return
	}
	x.grant(audience, granted, person)
}

// audienceHost cuts the permission off a scope: "https://host/Some.Scope" is for "https://host".
func audienceHost(scope string) string {
	if i := strings.LastIndexByte(scope, '/'); i > len("https://") {
		return scope[:i]
	}
	return scope
}

// grant answers with tokens.
func (x *exchange) grant(audience string, c code, person bool) {
	seconds := int(x.t.opt.TokenLifetime / time.Second)
	b := &bag{}
	b.start()
	b.str("token_type", "Bearer")
	if person {
		b.str("scope", c.Scope)
	}
	b.int("expires_in", seconds)
	b.int("ext_expires_in", seconds)
	b.str("access_token", x.t.mint(audience, person, c.Client))
	if person {
		u := x.t.plan.auditorUser
		now := time.Now().Unix()
		b.str("refresh_token", x.t.encode(code{Scope: c.Scope, Client: c.Client}))
		b.str("id_token", x.t.encode(map[string]any{
			"aud": c.Client, "iss": x.origin() + "/" + x.t.ID() + "/v2.0", "iat": now, "nbf": now, "exp": now + int64(seconds),
			"name": u.display, "nonce": c.Nonce, "oid": u.id.String(), "preferred_username": u.upn, "sub": x.t.plan.key("subject", 0), "tid": x.t.ID(), "ver": "2.0",
		}))
		info, err := json.Marshal(map[string]string{"uid": u.id.String(), "utid": x.t.ID()})
		if err == nil {
			b.str("client_info", base64.RawURLEncoding.EncodeToString(info))
		}
	}
	b.end()
	x.answer(http.StatusOK, typeJSON, b.buf)
}
