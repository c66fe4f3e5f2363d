package auth

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"tenantaudit/internal/faketenant"
	"tenantaudit/internal/transport"
)

// simulation is a simulated tenant whose authority is served over TLS.
type simulation struct {
	*faketenant.Tenant
	srv     *httptest.Server
	options Options
	prompt  *bytes.Buffer
}

func simulate(t *testing.T, s faketenant.SignIn, change ...func(*faketenant.Options)) *simulation {
	t.Helper()
	o := faketenant.Options{Mailboxes: 5, SignIn: s}
	for _, f := range change {
		f(&o)
	}
	tenant, err := faketenant.New(o)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewTLSServer(tenant.Handler())
	t.Cleanup(srv.Close)
	u, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(srv.Certificate())
	prompt := &bytes.Buffer{}
	return &simulation{tenant, srv, Options{Tenant: tenant.ID(), ClientID: tenant.ClientID(), Cloud: global(t), Authority: u, RootCAs: pool, Env: env(), Prompt: prompt}, prompt}
}

// source is New with a method and what belongs to it.
func (s *simulation) source(t *testing.T, method string, environment ...string) transport.TokenSource {
	t.Helper()
	o := s.options
	o.Method, o.Env = method, env(environment...)
	if environment == nil {
		o.Env = os.Getenv
	}
	src, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(src.(*source).close)
	return src
}

// bothServices fetches a token for each service and shows each to its service, which accepts it.
func (s *simulation) bothServices(t *testing.T, src transport.TokenSource) (graph, exchange string) {
	t.Helper()
	for scope, path := range map[string]string{s.options.Cloud.GraphScope: "/v1.0/organization", s.options.Cloud.ExchangeScope: "/adminapi/beta/" + s.ID() + "/"} {
		tok, err := src.Token(t.Context(), scope, "")
		if err != nil {
			t.Fatalf("%s: %v", scope, err)
		}
		if status := s.show(t, path, tok.Value.Reveal()); status != http.StatusOK {
			t.Errorf("%s: the service answers %d to the token", scope, status)
		}
		if scope == s.options.Cloud.GraphScope {
			graph = tok.Value.Reveal()
		} else {
			exchange = tok.Value.Reveal()
		}
	}
	return graph, exchange
}

func (s *simulation) show(t *testing.T, path, token string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.srv.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := s.srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// requests fails unless the token requests so far were these.
func (s *simulation) requests(t *testing.T, want ...string) {
	t.Helper()
	if got := s.TokenRequests(); !slices.Equal(got, want) {
		t.Errorf("requests %q, want %q", got, want)
	}
}

// claimsOf reads a token without looking at its signature.
func claimsOf(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("a token of %d parts", len(parts))
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(body, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// keys are made once: RSA takes its time.
var keys struct {
	sync.Mutex
	made []*rsa.PrivateKey
}

func rsaKey(t *testing.T, n int) *rsa.PrivateKey {
	t.Helper()
	keys.Lock()
	defer keys.Unlock()
	for len(keys.made) <= n {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		keys.made = append(keys.made, k)
	}
	return keys.made[n]
}

func rsaCertificate(t *testing.T, key *rsa.PrivateKey, serial int64, until time.Time) *x509.Certificate {
	t.Helper()
	tpl := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "audit"}, NotBefore: until.Add(-48 * time.Hour), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// certificateFiles writes a certificate in the forms that people have: PEM, PFX with a SHA-256
// MAC (OpenSSL 3, Entra's own exports) and PFX with a SHA-1 MAC (Windows).
func certificateFiles(t *testing.T, cert *x509.Certificate, key *rsa.PrivateKey, password string) map[string]string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	_ = pem.Encode(&text, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	_ = pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
	modern, err := pkcs12.Modern.Encode(key, cert, nil, password)
	if err != nil {
		t.Fatal(err)
	}
	legacy, err := pkcs12.LegacyDES.Encode(key, cert, nil, password)
	if err != nil {
		t.Fatal(err)
	}
	dir, out := t.TempDir(), map[string]string{}
	for name, data := range map[string][]byte{"pem": text.Bytes(), "pfx with SHA-256": modern, "pfx with SHA-1": legacy} {
		out[name] = filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
		if err := os.WriteFile(out[name], data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// signedJWT is an RS256 assertion, such as a workload's platform writes.
func signedJWT(t *testing.T, key *rsa.PrivateKey, claims map[string]any) string {
	t.Helper()
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	head := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT","kid":"1"}`)) + "." + base64.RawURLEncoding.EncodeToString(body)
	sum := sha256.Sum256([]byte(head))
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return head + "." + base64.RawURLEncoding.EncodeToString(sig)
}
