package faketenant

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// authority serves a tenant over TLS, which the identity library insists on.
func authority(t *testing.T, o Options) (*Tenant, azcore.ClientOptions, *httptest.Server) {
	t.Helper()
	o.Mailboxes = 5
	tenant, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewTLSServer(tenant.Handler())
	transport := srv.Client().Transport.(*http.Transport).Clone()
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		srv.Close()
	})
	return tenant, azcore.ClientOptions{
		Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: srv.URL},
		Transport: &http.Client{Transport: transport},
		Retry:     policy.RetryOptions{MaxRetries: -1},
	}, srv
}

func TestSignInWithASecret(t *testing.T) {
	tenant, options, srv := authority(t, Options{})
	for _, audience := range []string{"https://graph.microsoft.com", "https://outlook.office365.com"} {
		cred, err := azidentity.NewClientSecretCredential(tenant.ID(), "9b035418-6c11-51c5-bdcc-aa6a9f0cc567", SimulatorSecret,
			&azidentity.ClientSecretCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true})
		if err != nil {
			t.Fatal(err)
		}
		tok, err := cred.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{audience + "/.default"}})
		if err != nil {
			t.Fatalf("%s: %v", audience, err)
		}
		c := payload(t, tok.Token)
		if c["aud"] != audience || c["idtyp"] != "app" || c["tid"] != tenant.ID() || c["scp"] != nil || len(c["roles"].([]any)) == 0 {
			t.Errorf("%s: claims %v", audience, c)
		}
		path := "/v1.0/organization"
		if audience == "https://outlook.office365.com" {
			path = "/adminapi/beta/" + tenant.ID() + "/"
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+tok.Token)
		res, err := options.Transport.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s: the token is answered with %d", audience, res.StatusCode)
		}
	}
}

func TestSignInWithADeviceCode(t *testing.T) {
	tenant, options, _ := authority(t, Options{})
	told := ""
	cred, err := azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
		ClientOptions: options, TenantID: tenant.ID(), ClientID: "fb78d390-0c51-40cd-8e17-fdbfab77341b", DisableInstanceDiscovery: true,
		UserPrompt: func(_ context.Context, m azidentity.DeviceCodeMessage) error { told = m.UserCode; return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	tok, err := cred.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://graph.microsoft.com/.default"}})
	if err != nil {
		t.Fatal(err)
	}
	c := payload(t, tok.Token)
	if told != "SIMULATE1" || c["idtyp"] != "user" || c["upn"] != "review@contoso.example" || !strings.Contains(c["scp"].(string), "Directory.Read.All") {
		t.Errorf("code %q, claims %v", told, c)
	}
}

func TestSignInErrors(t *testing.T) {
	for code, want := range signInErrors {
		tenant, options, srv := authority(t, Options{SignInError: code})
		form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"x"}, "client_secret": {SimulatorSecret}, "scope": {"https://graph.microsoft.com/.default"}}
		status, body := post(t, options.Transport, srv.URL+"/"+tenant.ID()+"/oauth2/v2.0/token", form)
		if status != want.status || body["error"] != want.code || !strings.HasPrefix(body["error_description"].(string), code+": "+want.description) {
			t.Errorf("%s: %d %v", code, status, body)
		}
	}
	tenant, options, srv := authority(t, Options{})
	good := func() url.Values {
		return url.Values{"grant_type": {"client_credentials"}, "client_id": {"x"}, "client_secret": {SimulatorSecret}, "scope": {"https://graph.microsoft.com/.default"}}
	}
	for name, tc := range map[string]struct {
		path   string
		change func(url.Values)
		want   string
	}{
		"wrong secret":   {tenant.ID(), func(v url.Values) { v.Set("client_secret", "other") }, "AADSTS7000215"},
		"unknown tenant": {"nobody.example", func(url.Values) {}, "AADSTS90002"},
		"unknown scope":  {tenant.ID(), func(v url.Values) { v.Set("scope", "https://vault.azure.net/.default") }, "AADSTS500011"},
		"unknown grant":  {tenant.ID(), func(v url.Values) { v.Set("grant_type", "password") }, "AADSTS70003"},
		"forged code":    {tenant.ID(), func(v url.Values) { v.Set("grant_type", "refresh_token"); v.Set("refresh_token", "x.y.z") }, "AADSTS70000"},
		"good by domain": {tenant.DefaultDomain(), func(url.Values) {}, ""},
		"good assertion": {tenant.ID(), func(v url.Values) {
			v.Del("client_secret")
			v.Set("client_assertion", "e30.e30.x")
			v.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		}, ""},
		"other assertion": {tenant.ID(), func(v url.Values) { v.Set("client_assertion", "e30.e30.x") }, "AADSTS50027"},
	} {
		v := good()
		tc.change(v)
		_, body := post(t, options.Transport, srv.URL+"/"+tc.path+"/oauth2/v2.0/token", v)
		text, _ := body["error_description"].(string)
		if !strings.HasPrefix(text, tc.want) || tc.want == "" && body["access_token"] == nil {
			t.Errorf("%s: %v, want %s", name, body, tc.want)
		}
	}
}

func TestAuthorizationCodeAndRefresh(t *testing.T) {
	tenant, options, srv := authority(t, Options{})
	client := options.Transport.(*http.Client)
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	q := url.Values{"client_id": {"c"}, "scope": {"https://graph.microsoft.com/.default openid"}, "redirect_uri": {"http://localhost:8400"}, "state": {"s1"}, "response_type": {"code"}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/"+tenant.ID()+"/oauth2/v2.0/authorize?"+q.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	back, err := url.Parse(res.Header.Get("Location"))
	if err != nil || back.Host != "localhost:8400" || back.Query().Get("state") != "s1" {
		t.Fatalf("%d, Location %v %v", res.StatusCode, back, err)
	}
	token := srv.URL + "/" + tenant.ID() + "/oauth2/v2.0/token"
	_, body := post(t, client, token, url.Values{"grant_type": {"authorization_code"}, "client_id": {"c"}, "code": {back.Query().Get("code")}})
	if body["id_token"] == nil || body["client_info"] == nil || payload(t, body["access_token"].(string))["aud"] != "https://graph.microsoft.com" {
		t.Fatalf("code: %v", body)
	}
	_, again := post(t, client, token, url.Values{"grant_type": {"refresh_token"}, "client_id": {"c"}, "refresh_token": {body["refresh_token"].(string)}, "scope": {"https://outlook.office365.com/.default"}})
	if payload(t, again["access_token"].(string))["aud"] != "https://outlook.office365.com" {
		t.Errorf("refresh for the other service: %v", again)
	}
	q.Set("redirect_uri", "https://evil.example/")
	req.URL.RawQuery = q.Encode()
	foreign, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	foreign.Body.Close()
	if foreign.StatusCode != http.StatusBadRequest || foreign.Header.Get("Location") != "" {
		t.Errorf("foreign redirect: %d to %q", foreign.StatusCode, foreign.Header.Get("Location"))
	}
}

func TestBearersAreChecked(t *testing.T) {
	c := start(t, Options{Mailboxes: 5})
	other := start(t, Options{Mailboxes: 5, Seed: 7})
	for name, tc := range map[string]struct {
		bearer, path string
		want         int
	}{
		"none":                         {"", "/v1.0/organization", 401},
		"not ours":                     {"Bearer abc.def.ghi", "/v1.0/organization", 401},
		"of another tenant":            {"Bearer " + other.tenant.Token("https://graph.microsoft.com"), "/v1.0/organization", 401},
		"of the other service":         {"Bearer " + c.tenant.Token("https://outlook.office365.com"), "/v1.0/organization", 401},
		"of the other service, switch": {"Bearer " + c.tenant.Token("https://graph.microsoft.com"), c.beta(""), 401},
		"good":                         {"Bearer " + c.tenant.Token("https://graph.microsoft.com"), "/v1.0/organization", 200},
		"by application id":            {"Bearer " + c.tenant.Token("00000003-0000-0000-c000-000000000000"), "/v1.0/organization", 200},
	} {
		a := c.do(http.MethodGet, tc.path, map[string]string{"Authorization": tc.bearer}, "")
		if a.status != tc.want {
			t.Errorf("%s: %d, want %d", name, a.status, tc.want)
		}
		if tc.want == 401 && !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer ") {
			t.Errorf("%s: WWW-Authenticate %q", name, a.header.Get("WWW-Authenticate"))
		}
	}
	short := start(t, Options{Mailboxes: 5, TokenLifetime: time.Nanosecond})
	if a := short.graph("organization", nil); a.status != 401 {
		t.Errorf("expired: %d, want 401", a.status)
	}
}

func payload(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("token of %d parts", len(parts))
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func post(t *testing.T, client policy.Transporter, link string, form url.Values) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, link, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, out
}
