package auth

import (
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tenantaudit/internal/faketenant"
	"tenantaudit/internal/transport"
)

func TestClientSecretServesBothServices(t *testing.T) {
	s := simulate(t, faketenant.SignIn{})
	src := s.source(t, ClientSecret, "AZURE_CLIENT_SECRET", faketenant.SimulatorSecret)
	graph, exchange := s.bothServices(t, src)
	if g, e := claimsOf(t, graph), claimsOf(t, exchange); g["aud"] == e["aud"] || g["idtyp"] != "app" {
		t.Errorf("claims %v and %v", g, e)
	}
	s.bothServices(t, src) // cached
	s.requests(t, "client_credentials", "client_credentials")
}

func TestCertificateSignsAnAssertionThatIsVerified(t *testing.T) {
	until := time.Now().Add(24 * time.Hour)
	cert, other := rsaCertificate(t, rsaKey(t, 0), 1, until), rsaCertificate(t, rsaKey(t, 1), 2, until)
	files := certificateFiles(t, cert, rsaKey(t, 0), canary)
	for form, path := range files {
		t.Run(form, func(t *testing.T) {
			s := simulate(t, faketenant.SignIn{Certificates: []*x509.Certificate{other, cert}})
			s.options.Certificate = path
			src := s.source(t, Certificate, "AZURE_CLIENT_CERTIFICATE_PASSWORD", canary)
			s.bothServices(t, src)
			s.requests(t, "client_credentials", "client_credentials")
		})
	}
	refused := func(name string, registered []*x509.Certificate, change func(*Options), want ...string) {
		t.Run(name, func(t *testing.T) {
			s := simulate(t, faketenant.SignIn{Certificates: registered})
			s.options.Certificate = files["pem"]
			change(&s.options)
			_, err := s.source(t, Certificate).Token(t.Context(), s.options.Cloud.GraphScope, "")
			if !errors.Is(err, transport.ErrSignIn) {
				t.Fatalf("%v, want ErrSignIn", err)
			}
			for _, w := range want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q lacks %q", err, w)
				}
			}
		})
	}
	refused("another is registered", []*x509.Certificate{other}, func(*Options) {}, "AADSTS700027", "not registered")
	// The same key in a renewed certificate is another certificate to the authority.
	refused("the same key, renewed", []*x509.Certificate{rsaCertificate(t, rsaKey(t, 0), 3, until)}, func(*Options) {}, "AADSTS700027")
}

func TestWorkloadIdentityHandsOnItsPlatformsToken(t *testing.T) {
	key := rsaKey(t, 1)
	fed := &faketenant.Federated{Issuer: "https://oidc.cluster.example/", Subject: "system:serviceaccount:audit:reader", Audience: "api://AzureADTokenExchange", Key: key.Public()}
	good := func() map[string]any {
		return map[string]any{"iss": fed.Issuer, "sub": fed.Subject, "aud": []string{fed.Audience}, "exp": time.Now().Add(time.Hour).Unix(), "nbf": time.Now().Unix()}
	}
	for name, c := range map[string]struct {
		change func(map[string]any)
		key    int
		want   string
	}{
		"good":             {func(map[string]any) {}, 1, ""},
		"another subject":  {func(m map[string]any) { m["sub"] = "system:serviceaccount:audit:reader2" }, 1, "AADSTS700213"},
		"another issuer":   {func(m map[string]any) { m["iss"] = "https://oidc.cluster.example" }, 1, "AADSTS700211"},
		"another audience": {func(m map[string]any) { m["aud"] = "api://other" }, 1, "AADSTS700212"},
		"another key":      {func(map[string]any) {}, 0, "AADSTS50013"},
		"expired":          {func(m map[string]any) { m["exp"] = time.Now().Add(-time.Hour).Unix() }, 1, "AADSTS700024"},
	} {
		t.Run(name, func(t *testing.T) {
			claims := good()
			c.change(claims)
			file := filepath.Join(t.TempDir(), "token")
			if err := os.WriteFile(file, []byte(signedJWT(t, rsaKey(t, c.key), claims)), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv("AZURE_FEDERATED_TOKEN_FILE", file)
			s := simulate(t, faketenant.SignIn{Federated: fed})
			src := s.source(t, WorkloadIdentity)
			if c.want == "" {
				s.bothServices(t, src)
				s.requests(t, "client_credentials", "client_credentials")
				return
			}
			_, err := src.Token(t.Context(), s.options.Cloud.GraphScope, "")
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "eyJ") {
				t.Errorf("%v, want %s and no part of the assertion", err, c.want)
			}
		})
	}
}

func TestADeviceCodeIsAskedForOnce(t *testing.T) {
	s := simulate(t, faketenant.SignIn{Device: []string{faketenant.DevicePending, faketenant.DeviceSlowDown}})
	src := s.source(t, DeviceCode)
	graph, exchange := s.bothServices(t, src)
	if g, e := claimsOf(t, graph), claimsOf(t, exchange); g["idtyp"] != "user" || e["idtyp"] != "user" || g["oid"] != e["oid"] {
		t.Errorf("claims %v and %v, want one person", g, e)
	}
	if n := strings.Count(s.prompt.String(), "SIMULATE1"); n != 1 || strings.Count(s.prompt.String(), "\n") != 1 {
		t.Errorf("the person was asked %d times: %q", n, s.prompt)
	}
	s.requests(t, "devicecode", "device_code, not yet approved", "device_code, not yet approved", "urn:ietf:params:oauth:grant-type:device_code", "refresh_token")
}

func TestADeviceCodeThatComesToNothing(t *testing.T) {
	for answer, want := range map[string][]string{
		faketenant.DeviceDeclined: {"the sign-in was declined", "run the command again"},
		faketenant.DeviceExpired:  {"the code has expired", "AADSTS70020", "enter the new code"},
	} {
		s := simulate(t, faketenant.SignIn{Device: []string{faketenant.DevicePending, answer}})
		src := s.source(t, DeviceCode)
		_, err := src.Token(t.Context(), s.options.Cloud.GraphScope, "")
		if !errors.Is(err, transport.ErrSignIn) {
			t.Fatalf("%s: %v, want ErrSignIn", answer, err)
		}
		for _, w := range want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q lacks %q", answer, err, w)
			}
		}
		// Whoever else waits for a token does not ask the person a second time.
		if _, again := src.Token(t.Context(), s.options.Cloud.ExchangeScope, ""); again == nil || again.Error() != err.Error() {
			t.Errorf("%s: the other service: %v", answer, again)
		}
		if n := strings.Count(s.prompt.String(), "SIMULATE1"); n != 1 {
			t.Errorf("%s: the person was asked %d times", answer, n)
		}
	}
}
