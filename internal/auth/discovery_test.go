package auth

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"tenantaudit/internal/faketenant"
	"tenantaudit/internal/transport"
)

func TestTheTenantIsFoundBeforeSignIn(t *testing.T) {
	for home, words := range map[string]string{"global": "the global cloud", "usgov": "the US government cloud:", "usgovdod": "Department of Defense", "china": "21Vianet"} {
		for _, chosen := range []string{"global", "usgov", "usgovdod", "china"} {
			s := simulate(t, faketenant.SignIn{Cloud: home})
			var err error
			if s.options.Cloud, err = CloudByName(chosen); err != nil {
				t.Fatal(err)
			}
			s.options.Tenant, s.options.Method = s.DefaultDomain(), DeviceCode
			d, err := Discover(t.Context(), s.options)
			if chosen == home {
				if err != nil || d.TenantID != s.ID() || d.Cloud != home {
					t.Errorf("%s: %+v, %v", home, d, err)
				}
				continue
			}
			if !errors.Is(err, ErrUsage) || !strings.Contains(err.Error(), s.DefaultDomain()+" is a tenant of ") || !strings.Contains(err.Error(), words) || !strings.HasSuffix(err.Error(), "use --cloud "+home) {
				t.Errorf("a tenant of %s with --cloud %s: %v", home, chosen, err)
			}
			if n := len(s.Log()); n != 1 {
				t.Errorf("%d requests, want one", n)
			}
		}
	}
}

func TestATenantThatDoesNotExist(t *testing.T) {
	s := simulate(t, faketenant.SignIn{})
	s.options.Tenant = "contosso.example"
	_, err := Discover(t.Context(), s.options)
	if !errors.Is(err, ErrUsage) {
		t.Fatalf("%v, want a usage error", err)
	}
	for _, w := range []string{"--tenant contosso.example", "typing error", "AADSTS90002", "usgovdod"} {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q lacks %q", err, w)
		}
	}
	s.options.Method = StaticToken
	if d, err := Discover(t.Context(), s.options); err != nil || d != (Discovery{}) {
		t.Errorf("with ready tokens: %+v, %v; want no question", d, err)
	}
}

// documents of tenants as the authorities write them, and near misses.
func TestTheCloudOfADocument(t *testing.T) {
	for _, c := range []struct {
		name string
		doc  document
		want string
	}{
		{"worldwide", document{Instance: "microsoftonline.com", GraphHost: "graph.microsoft.com"}, "global"},
		{"GCC lives in the global cloud", document{Instance: "microsoftonline.com", SubScope: "GCC", GraphHost: "graph.microsoft.com"}, "global"},
		{"GCC High", document{Instance: "microsoftonline.us", SubScope: "DODCON", GraphHost: "graph.microsoft.us"}, "usgov"},
		{"a government tenant without a sub-scope", document{Instance: "microsoftonline.us"}, "usgov"},
		{"DoD", document{Instance: "microsoftonline.us", SubScope: "DOD", GraphHost: "graph.microsoft.us"}, "usgovdod"},
		{"DoD by its Graph host", document{Instance: "microsoftonline.us", GraphHost: "dod-graph.microsoft.us"}, "usgovdod"},
		{"China", document{Instance: "partner.microsoftonline.cn", GraphHost: "microsoftgraph.chinacloudapi.cn"}, "china"},
		{"China under an older name", document{Instance: "chinacloudapi.cn", GraphHost: "microsoftgraph.chinacloudapi.cn"}, "china"},
		{"DOD outside the government cloud", document{Instance: "microsoftonline.com", SubScope: "DOD"}, "global"},
		{"a cloud that is not in the table", document{Instance: "sovcloud-identity.fr", GraphHost: "graph.svc.sovcloud.fr"}, ""},
		{"nothing", document{}, ""},
		{"a look-alike", document{Instance: "microsoftonline.us.evil.example", GraphHost: "graph.microsoft.us.evil.example"}, ""},
	} {
		if got, _ := c.doc.cloud(); got.Name != c.want {
			t.Errorf("%s: %q, want %q", c.name, got.Name, c.want)
		}
	}
}

// An authority that says nothing useful stops nobody: sign-in itself will tell.
func TestADocumentThatCannotBeUsed(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
	}{
		"a proxy's page": {200, "<html>sign in to the network</html>"}, "an outage": {503, `{"error":"temporarily_unavailable"}`}, "a redirect": {302, ""},
		"another refusal": {400, "{\"error\":\"invalid_request\",\"error_description\":\"AADSTS90014: \\u001b[31mmissing\"}"},
	} {
		srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://login.evil.example/")
			w.WriteHeader(c.status)
			fmt.Fprint(w, c.body)
		}))
		u, err := url.Parse(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		pool := x509.NewCertPool()
		pool.AddCert(srv.Certificate())
		d, err := Discover(t.Context(), Options{Method: DeviceCode, Tenant: testTenant, Cloud: global(t), Authority: u, RootCAs: pool})
		if err == nil || errors.Is(err, ErrUsage) || d != (Discovery{}) || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%s: %+v, %v; want an error that is not about the input", name, d, err)
		}
		srv.Close()
	}
	u, err := url.Parse("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Discover(t.Context(), Options{Method: DeviceCode, Tenant: testTenant, Cloud: global(t), Authority: u}); !errors.Is(err, transport.ErrGuard) {
		t.Errorf("plain http: %v, want ErrGuard", err)
	}
	for issuer, want := range map[string]string{
		"https://login.microsoftonline.com/7D4C1F0E-52a9-4b8e-9c63-e1f0a2b3c4d5/v2.0": testTenant, "https://sts.windows.net/" + testTenant + "/": testTenant,
		"https://login.microsoftonline.com/{tenantid}/v2.0": "", "https://login.microsoftonline.com/" + testTenant + "0/v2.0": "",
	} {
		if got := (document{Issuer: issuer}).tenantID(); got != want {
			t.Errorf("%s: %q, want %q", issuer, got, want)
		}
	}
}
