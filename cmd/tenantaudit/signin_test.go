package main

import (
	"bytes"
	"cmp"
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
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"tenantaudit/internal/faketenant"
)

// authority is a simulated tenant over TLS: both services and the sign-in.
type authority struct {
	*faketenant.Tenant
	url, ca string
}

func signInAt(t *testing.T, o faketenant.Options) *authority {
	t.Helper()
	o.Now, o.Mailboxes, o.Seed = tenantClock(), 5, cmp.Or(o.Seed, 1)
	tenant, err := faketenant.New(o)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewTLSServer(tenant.Handler())
	t.Cleanup(srv.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return &authority{tenant, srv.URL, ca}
}

// args of a command that signs in with a method.
func (a *authority) args(command, method string, more ...string) []string {
	return append([]string{command, "--tenant", a.ID(), "--auth", method, "--client-id", a.ClientID(),
		"--graph-url", a.url, "--exchange-url", a.url, "--authority-url", a.url, "--ca-certificate", a.ca, "--no-progress"}, more...)
}

func withSecret(t *testing.T) {
	t.Helper()
	t.Setenv("AZURE_CLIENT_SECRET", faketenant.SimulatorSecret)
}

// preflightWith runs preflight and fails unless everything can be read.
func (a *authority) preflightWith(t *testing.T, method string, more ...string) (out, errs string) {
	t.Helper()
	code, out, errs := tenantaudit(t, t.Context(), a.args("preflight", method, append(more, "--checks", "mail.mailbox_forwarding,oauth.tenant_wide_mail_applications", "--require-coverage")...)...)
	if code != exitOK {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	return out, errs
}

func (a *authority) requested(t *testing.T, want ...string) {
	t.Helper()
	if got := a.TokenRequests(); !slices.Equal(got, want) {
		t.Errorf("token requests %q, want %q", got, want)
	}
}

func testKey(t *testing.T) (*rsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	tpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "audit"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return key, cert
}

func TestSignInWithAClientSecret(t *testing.T) {
	a := signInAt(t, faketenant.Options{})
	withSecret(t)
	a.preflightWith(t, "client-secret")
	a.requested(t, "client_credentials", "client_credentials")
}

func TestSignInWithACertificate(t *testing.T) {
	key, cert := testKey(t)
	a := signInAt(t, faketenant.Options{SignIn: faketenant.SignIn{Certificates: []*x509.Certificate{cert}}})
	pfx, err := pkcs12.Modern.Encode(key, cert, nil, "a password")
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	_ = pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
	_ = pem.Encode(&text, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	dir := t.TempDir()
	for name, data := range map[string][]byte{"audit.pfx": pfx, "audit.pem": text.Bytes()} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("AZURE_CLIENT_CERTIFICATE_PASSWORD", "a password")
	a.preflightWith(t, "certificate", "--certificate", filepath.Join(dir, "audit.pfx"))
	a.preflightWith(t, "certificate", "--certificate", filepath.Join(dir, "audit.pem"))
	a.requested(t, "client_credentials", "client_credentials", "client_credentials", "client_credentials")
	// The secret does not open what the certificate guards, and neither does another certificate.
	other, strange := testKey(t)
	pfx, err = pkcs12.Modern.Encode(other, strange, nil, "a password")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "other.pfx"), pfx, 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, errs := tenantaudit(t, t.Context(), a.args("preflight", "certificate", "--certificate", filepath.Join(dir, "other.pfx"))...)
	if code != exitFailed || !strings.Contains(errs, "AADSTS700027") || strings.Count(errs, "\n") != 1 {
		t.Errorf("another certificate: exit %d, %q", code, errs)
	}
}

func TestSignInWithADeviceCodeAsksOnce(t *testing.T) {
	a := signInAt(t, faketenant.Options{SignIn: faketenant.SignIn{Device: []string{faketenant.DevicePending}}})
	out, errs := a.preflightWith(t, "device-code")
	if strings.Count(errs, "SIMULATE1") != 1 || strings.Contains(out, "SIMULATE1") {
		t.Errorf("the code belongs on stderr, once: %q", errs)
	}
	if !strings.Contains(out, "review@contoso.example") {
		t.Errorf("the person is not named:\n%s", out)
	}
	a.requested(t, "devicecode", "device_code, not yet approved", "urn:ietf:params:oauth:grant-type:device_code", "refresh_token")
}

func TestSignInWithAWorkloadIdentity(t *testing.T) {
	key, _ := testKey(t)
	fed := &faketenant.Federated{Issuer: "https://oidc.cluster.example/", Subject: "system:serviceaccount:audit:reader", Audience: "api://AzureADTokenExchange", Key: key.Public()}
	a := signInAt(t, faketenant.Options{SignIn: faketenant.SignIn{Federated: fed}})
	body, err := json.Marshal(map[string]any{"iss": fed.Issuer, "sub": fed.Subject, "aud": fed.Audience, "exp": time.Now().Add(time.Hour).Unix(), "nbf": time.Now().Unix()})
	if err != nil {
		t.Fatal(err)
	}
	head := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256"}`)) + "." + base64.RawURLEncoding.EncodeToString(body)
	sum := sha256.Sum256([]byte(head))
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(head+"."+base64.RawURLEncoding.EncodeToString(sig)), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AZURE_FEDERATED_TOKEN_FILE", file)
	a.preflightWith(t, "workload-identity")
	a.requested(t, "client_credentials", "client_credentials")
}
