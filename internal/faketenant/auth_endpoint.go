package faketenant

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// oauthError answers in the form of the authority.
func (x *exchange) oauthError(e signInError) {
	n := x.t.serial.Add(1)
	trace, correlation := x.t.plan.guid("trace", int(n)).String(), x.t.plan.guid("correlation", int(n)).String() // #nosec G115 -- a count
	stamp := time.Now().UTC().Format("2006-01-02 15:04:05Z")
	b := &bag{}
	b.start()
	b.str("error", e.code)
	b.str("error_description", e.description+" Trace ID: "+trace+" Correlation ID: "+correlation+" Timestamp: "+stamp)
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
			x.refused(SignInUnknownTenant)
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

// deviceCode hands out a code for a person to enter.
func (x *exchange) deviceCode(tenant string) {
	if x.r.Method != http.MethodPost || x.r.ParseForm() != nil {
		x.refused("AADSTS900144")
		return
	}
	x.t.asked("devicecode")
	held := x.t.encode(code{Kind: kindDevice, Scope: x.r.Form.Get("scope"), Client: x.r.Form.Get("client_id"), Serial: x.t.serial.Add(1)})
	b := &bag{}
	b.start()
	b.str("user_code", "SIMULATE1")
	b.str("device_code", held)
	b.str("verification_uri", x.origin()+"/"+tenant+"/device")
	b.int("expires_in", 900)
	b.int("interval", 1)
	b.str("message", "The simulator approves this code by itself.")
	b.end()
	x.answer(http.StatusOK, typeJSON, b.buf)
}

// Kinds of codes.
const (
	kindDevice    = "device"
	kindAuthorize = "authorize"
	kindRefresh   = "refresh"
)

// code is what device codes, authorization codes and refresh tokens carry.
type code struct {
	Kind      string `json:"kind"`
	Scope     string `json:"scope"`
	Client    string `json:"client"`
	Nonce     string `json:"nonce,omitempty"`
	Challenge string `json:"challenge,omitempty"` // of PKCE, S256
	Redirect  string `json:"redirect,omitempty"`
	Serial    uint64 `json:"serial,omitempty"`
}

// token is the token endpoint.
func (x *exchange) token() {
	if x.r.Method != http.MethodPost || x.r.ParseForm() != nil {
		x.refused("AADSTS900144")
		return
	}
	form := x.r.PostForm
	grant := form.Get("grant_type")
	wait := ""
	if grant == "device_code" { // MSAL's name for it
		grant = grantDeviceCode
	}
	if grant == grantDeviceCode {
		wait = x.t.polled(form.Get("device_code"))
	}
	if wait != "" {
		grant = grantDevicePoll
	}
	refused := x.t.asked(grant)
	switch e := x.t.opt.SignInError; {
	case e != "":
		x.refused(e)
		return
	case refused:
		x.refused(x.t.opt.SignIn.RefuseWith)
		return
	case wait != "":
		x.refused(deviceAnswers[wait])
		return
	}
	granted, person, refusal := x.grantee(grant)
	if refusal != "" {
		x.refused(refusal)
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
		x.refused("AADSTS500011")
		return
	}
	x.grant(audience, granted, person)
}

const (
	grantDeviceCode = "urn:ietf:params:oauth:grant-type:device_code"
	grantDevicePoll = "device_code, not yet approved"
	assertionType   = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// grantee checks who asks for a token. refusal is the code of the error, "" for none.
func (x *exchange) grantee(grant string) (granted code, person bool, refusal string) {
	form := x.r.PostForm
	granted = code{Scope: form.Get("scope"), Client: form.Get("client_id")}
	kind, held := "", ""
	switch grant {
	case "client_credentials":
		return granted, x.t.opt.Delegated, x.application()
	case grantDeviceCode:
		kind, held = kindDevice, form.Get("device_code")
	case "authorization_code":
		kind, held = kindAuthorize, form.Get("code")
	case "refresh_token":
		kind, held = kindRefresh, form.Get("refresh_token")
	default:
		return granted, false, "AADSTS70003"
	}
	var c code
	if !x.t.decode(held, &c) || c.Kind != kind || c.Client != granted.Client {
		return granted, false, "AADSTS70000"
	}
	if kind == kindAuthorize {
		if refusal := c.redeem(form); refusal != "" {
			return granted, false, refusal
		}
	}
	granted.Nonce = c.Nonce
	if granted.Scope == "" {
		granted.Scope = c.Scope
	}
	return granted, true, ""
}

// application checks the credential of an application.
func (x *exchange) application() (refusal string) {
	form := x.r.PostForm
	assertion := form.Get("client_assertion")
	switch {
	case assertion == "" && form.Get("client_secret") == "":
		return "AADSTS7000218"
	case assertion == "" && form.Get("client_secret") != x.t.opt.ClientSecret:
		return SignInWrongSecret
	case assertion == "":
		return ""
	case form.Get("client_assertion_type") != assertionType:
		return "AADSTS50027"
	}
	return x.assertion(assertion, form.Get("client_id"))
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
	access := x.t.mint(audience, person, c.Client)
	x.t.challengeAnswered(access, x.r.PostForm.Get("claims"))
	b := &bag{}
	b.start()
	b.str("token_type", "Bearer")
	if person {
		b.str("scope", c.Scope)
	}
	b.int("expires_in", seconds)
	b.int("ext_expires_in", seconds)
	b.str("access_token", access)
	if person {
		u := x.t.plan.auditorUser
		now := time.Now().Unix()
		b.str("refresh_token", x.t.encode(code{Kind: kindRefresh, Scope: c.Scope, Client: c.Client}))
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
