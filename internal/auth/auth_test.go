package auth

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"software.sslmate.com/src/go-pkcs12"

	"tenantaudit/internal/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testTenant = "7d4c1f0e-52a9-4b8e-9c63-e1f0a2b3c4d5"
	testClient = "9f8e7d6c-5b4a-4392-8817-06f5e4d3c2b1"
	canary     = "canary-value-that-must-not-appear"
)

func env(pairs ...string) func(string) string {
	m := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return func(k string) string { return m[k] }
}

func global(t *testing.T) Cloud {
	t.Helper()
	c, err := CloudByName("global")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestInputIsCheckedBeforeAnyRequest(t *testing.T) {
	dir := t.TempDir()
	notCert := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(notCert, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		o    Options
		want string
	}{
		"no secret":            {Options{Method: ClientSecret, ClientID: testClient}, "AZURE_CLIENT_SECRET"},
		"no client id":         {Options{Method: ClientSecret}, "--client-id"},
		"device no client":     {Options{Method: DeviceCode}, "--client-id"},
		"no certificate":       {Options{Method: Certificate, ClientID: testClient}, "--certificate FILE"},
		"missing file":         {Options{Method: Certificate, ClientID: testClient, Certificate: filepath.Join(dir, "absent.pfx")}, "no such file"},
		"no certificate in it": {Options{Method: Certificate, ClientID: testClient, Certificate: notCert}, "neither PEM nor a readable PFX"},
		"no token":             {Options{Method: StaticToken}, "TENANTAUDIT_GRAPH_TOKEN"},
		"unknown method":       {Options{Method: "magic", ClientID: testClient}, "unknown --auth"},
	} {
		c.o.Tenant, c.o.Cloud, c.o.Env = testTenant, global(t), env()
		_, err := New(c.o)
		if !errors.Is(err, ErrUsage) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want a usage error with %q", name, err, c.want)
		}
	}
	if _, err := CloudByName("mars"); err == nil || !strings.Contains(err.Error(), "usgovdod") {
		t.Errorf("unknown cloud: %v, want the names that exist", err)
	}
}

func TestReadyTokensGoToTheirServiceOnly(t *testing.T) {
	c := global(t)
	src, err := New(Options{Method: StaticToken, Cloud: c, Env: env("TENANTAUDIT_GRAPH_TOKEN", "g-token", "TENANTAUDIT_EXCHANGE_TOKEN", " e-token\n")})
	if err != nil {
		t.Fatal(err)
	}
	for scope, want := range map[string]string{c.GraphScope: "g-token", c.ExchangeScope: "e-token"} {
		tok, err := src.Token(t.Context(), scope, "")
		if err != nil || tok.Value.Reveal() != want {
			t.Errorf("%s: %q, %v", scope, tok.Value.Reveal(), err)
		}
	}
	if _, err := src.Token(t.Context(), "https://evil.example/.default", ""); !errors.Is(err, transport.ErrSignIn) {
		t.Errorf("foreign scope: %v, want ErrSignIn", err)
	}
	if _, err := src.Token(t.Context(), c.GraphScope, `{"access_token":{}}`); err == nil || !strings.Contains(err.Error(), "--resume") {
		t.Errorf("claims challenge: %v, want the next step", err)
	}
}

var tokenRequests atomic.Int64

// authority answers like a sign-in endpoint.
func authority(t *testing.T, code string) *httptest.Server {
	t.Helper()
	var srv *httptest.Server
	mux := http.NewServeMux()
	mux.HandleFunc("GET /"+testTenant+"/v2.0/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"issuer":%q,"authorization_endpoint":%q,"token_endpoint":%q}`, srv.URL+"/"+testTenant+"/v2.0", srv.URL+"/"+testTenant+"/oauth2/v2.0/authorize", srv.URL+"/"+testTenant+"/oauth2/v2.0/token")
	})
	mux.HandleFunc("POST /"+testTenant+"/oauth2/v2.0/token", func(w http.ResponseWriter, r *http.Request) {
		tokenRequests.Add(1)
		w.Header().Set("Content-Type", "application/json")
		if code != "" {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, `{"error":"invalid_client","error_description":"%s: The provided thing is not right for %s. Trace ID: 1","error_codes":[1]}`, code, canary)
			return
		}
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":3600,"access_token":"token for %s"}`, r.Form.Get("scope"))
	})
	srv = httptest.NewTLSServer(mux)
	t.Cleanup(srv.Close)
	return srv
}

func secretSource(t *testing.T, srv *httptest.Server) transport.TokenSource {
	t.Helper()
	u, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(srv.Certificate())
	src, err := New(Options{Method: ClientSecret, Tenant: testTenant, ClientID: testClient, Cloud: global(t), Authority: u, RootCAs: pool, Env: env("AZURE_CLIENT_SECRET", canary), Prompt: &bytes.Buffer{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(src.(*source).close)
	return src
}

func TestClientSecretSignsInAtTheGivenAuthority(t *testing.T) {
	src := secretSource(t, authority(t, ""))
	c := global(t)
	for _, scope := range []string{c.GraphScope, c.ExchangeScope} {
		tok, err := src.Token(t.Context(), scope, "")
		if err != nil {
			t.Fatal(err)
		}
		if got := tok.Value.Reveal(); !strings.Contains(got, scope) {
			t.Errorf("token %q is not for %s", got, scope)
		}
	}
}

// A token that the service refuses is not taken from the cache again.
func TestRenewAsksTheAuthority(t *testing.T) {
	srv := authority(t, "")
	src := secretSource(t, srv)
	c := global(t)
	if _, err := src.Token(t.Context(), c.GraphScope, ""); err != nil {
		t.Fatal(err)
	}
	before := tokenRequests.Load()
	if _, err := src.Token(t.Context(), c.GraphScope, ""); err != nil || tokenRequests.Load() != before {
		t.Errorf("second token: %v, %d requests; want the cached one", err, tokenRequests.Load()-before)
	}
	if _, err := src.(transport.Renewer).Renew(t.Context(), c.GraphScope); err != nil || tokenRequests.Load() != before+1 {
		t.Errorf("Renew: %v, %d requests; want one", err, tokenRequests.Load()-before)
	}
}

func TestRefusedSignInsSayWhyAndWhatNext(t *testing.T) {
	for code, want := range map[string][]string{
		"AADSTS7000215": {"client secret is wrong", "AZURE_CLIENT_SECRET"},
		"AADSTS7000222": {"client secret has expired", "new secret"},
		"AADSTS1000502": {"certificate has expired", "--certificate"},
		"AADSTS65001":   {"consent", "administrator"},
		"AADSTS53003":   {"Conditional Access", "allowed device"},
		"AADSTS90002":   {"tenant was not found", "--cloud"},
		"AADSTS9999999": {"the authority refused", "login.microsoftonline.com/error"},
	} {
		_, err := secretSource(t, authority(t, code)).Token(t.Context(), global(t).GraphScope, "")
		if !errors.Is(err, transport.ErrSignIn) {
			t.Errorf("%s: %v, want ErrSignIn", code, err)
			continue
		}
		for _, w := range append(want, code) {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q lacks %q", code, err, w)
			}
		}
		if strings.ContainsAny(err.Error(), "\n\r\x1b") {
			t.Errorf("%s: %q is more than one line", code, err)
		}
	}
}

func TestSignInReachesTheAuthorityOnly(t *testing.T) {
	var hits int
	trap := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits++ }))
	t.Cleanup(trap.Close)
	pool := x509.NewCertPool()
	pool.AddCert(trap.Certificate())
	c := transport.NewSignIn(transport.SignInConfig{Hosts: []string{"login.example"}, RootCAs: pool})
	t.Cleanup(c.Close)
	for _, target := range []struct{ method, url string }{
		{http.MethodGet, trap.URL}, {http.MethodPost, trap.URL}, {http.MethodDelete, "https://login.example/"}, {http.MethodGet, "http://login.example/"}, {http.MethodGet, "https://user:pw@login.example/"},
	} {
		r, err := http.NewRequestWithContext(context.Background(), target.method, target.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := c.Do(r)
		if err == nil {
			_ = res.Body.Close()
		}
		if !errors.Is(err, transport.ErrGuard) {
			t.Errorf("%s %s: %v, want ErrGuard", target.method, target.url, err)
		}
	}
	if hits != 0 {
		t.Errorf("%d requests reached a foreign host", hits)
	}
}

func certificate(t *testing.T, until time.Time) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tpl := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "audit"}, NotBefore: until.Add(-48 * time.Hour), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

func TestCertificatesOfBothForms(t *testing.T) {
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	cert, key := certificate(t, now.Add(24*time.Hour))
	old, oldKey := certificate(t, now.Add(-time.Hour))
	_, strangerKey := certificate(t, now.Add(24*time.Hour))
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pemOf := func(c *x509.Certificate, k *ecdsa.PrivateKey) []byte {
		var b bytes.Buffer
		if k != nil {
			der, err := x509.MarshalPKCS8PrivateKey(k)
			if err != nil {
				t.Fatal(err)
			}
			_ = pem.Encode(&b, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
		}
		_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
		return b.Bytes()
	}
	pfx, err := pkcs12.Modern.Encode(key, cert, nil, canary)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, path, password, want string }{
		{"pem", write("a.pem", pemOf(cert, key)), "", ""},
		{"pfx", write("a.pfx", pfx), canary, ""},
		{"pfx without password", write("b.pfx", pfx), "", "set AZURE_CLIENT_CERTIFICATE_PASSWORD"},
		{"pfx with wrong password", write("c.pfx", pfx), "other", "is wrong"},
		{"pem without key", write("b.pem", pemOf(cert, nil)), "", "no private key"},
		{"pem with a stranger's key", write("c.pem", pemOf(cert, strangerKey)), "", "belongs to none"},
		{"expired", write("d.pem", pemOf(old, oldKey)), "", "expired on 2026-10-31"},
		{"encrypted pem", write("e.pem", append(pemOf(cert, nil), []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")...)), "", "encrypted PEM"},
	} {
		certs, k, err := loadCertificate(c.path, c.password, now)
		if c.want == "" {
			if err != nil || len(certs) != 1 || k == nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if !errors.Is(err, ErrUsage) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("%s: the password is in %q", c.name, err)
		}
	}
}
