package transport

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
)

const subscription = "https://management.azure.com/subscriptions/11111111-2222-4333-8444-555555555555"

// beside is a configuration with the two services that a preflight may look at.
func beside(t testing.TB) Config {
	c := cloud(t)
	c.Azure = Endpoint{Base: mustURL(t, "https://management.azure.com"), Scope: "arm"}
	c.DevOps = Endpoint{Base: mustURL(t, "https://auditservice.dev.azure.com"), Scope: "devops"}
	return c
}

// Azure Resource Manager can change and delete everything: only the few reads are let through.
func TestGuardRefusesAzureAndDevOps(t *testing.T) {
	const ops = "https://auditservice.dev.azure.com"
	for _, c := range []struct {
		name    string
		service Service
		url     string
	}{
		{"all subscriptions", Azure, "https://management.azure.com/subscriptions"},
		{"no id", Azure, "https://management.azure.com/subscriptions/contoso"},
		{"resource groups", Azure, subscription + "/resourceGroups"},
		{"role assignments", Azure, subscription + "/providers/Microsoft.Authorization/roleAssignments"},
		{"keys of a workspace", Azure, subscription + "/providers/Microsoft.OperationalInsights/workspaces/w/sharedKeys"},
		{"another provider", Azure, subscription + "/providers/Microsoft.KeyVault/vaults"},
		{"climbing", Azure, subscription + "/../x"},
		{"suffix", Azure, strings.Replace(subscription, "azure.com", "azure.com.evil.example", 1)},
		{"subdomain", Azure, strings.Replace(subscription, "https://", "https://x.", 1)},
		{"plain http", Azure, strings.Replace(subscription, "https", "http", 1)},
		{"other cloud", Azure, strings.Replace(subscription, "management.azure.com", "management.usgovcloudapi.net", 1)},
		{"at Graph's host", Azure, strings.Replace(subscription, "management.azure.com", "graph.microsoft.com", 1)},
		{"Graph path", Azure, "https://management.azure.com/v1.0/users"},
		{"Azure by Graph", Graph, subscription},
		{"Azure by DevOps", DevOps, subscription},
		{"streams", DevOps, ops + "/contoso/_apis/audit/streams"},
		{"projects", DevOps, ops + "/contoso/_apis/projects"},
		{"download", DevOps, ops + "/contoso/_apis/audit/downloadlog"},
		{"organization with a dot", DevOps, ops + "/con.toso/_apis/audit/auditlog"},
		{"no organization", DevOps, ops + "/_apis/audit/auditlog"},
		{"two organizations", DevOps, ops + "/a/b/_apis/audit/auditlog"},
		{"other host", DevOps, "https://dev.azure.com/contoso/_apis/audit/auditlog"},
		{"DevOps by Azure", Azure, ops + "/contoso/_apis/audit/auditlog"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := beside(t)
			cfg.Tokens = sourceFunc(func(context.Context, string, string) (Token, error) {
				t.Error("a token was fetched")
				return Token{}, errors.New("no token")
			})
			_, err := stack(t, cfg, trap(t)).Get(t.Context(), Request{Service: c.service, URL: mustURL(t, c.url)})
			if !errors.Is(err, ErrGuard) {
				t.Errorf("%v, want ErrGuard", err)
			}
		})
	}
	// Without an endpoint the services are not there at all.
	if _, err := stack(t, cloud(t), trap(t)).Get(t.Context(), Request{Service: Azure, URL: mustURL(t, subscription)}); !errors.Is(err, ErrGuard) {
		t.Errorf("an Azure that nobody asked for: %v", err)
	}
}

// No method but GET, and no body.
func TestAzureTakesReadsOnly(t *testing.T) {
	s := stack(t, beside(t), trap(t))
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "HEAD"} {
		r := &http.Request{Method: method, URL: mustURL(t, subscription), Header: http.Header{}}
		ctx := withErrand(t.Context(), &errand{service: Azure})
		if _, err := s.guard.RoundTrip(r.WithContext(ctx)); !errors.Is(err, ErrGuard) {
			t.Errorf("%s: %v", method, err)
		}
	}
}

// Each service gets the token of its own audience.
func TestTokensOfAzureAndDevOps(t *testing.T) {
	c := beside(t)
	c.Tokens = sourceFunc(func(_ context.Context, scope, _ string) (Token, error) {
		return Token{Value: Secret("for " + scope)}, nil
	})
	got := map[string]string{}
	s := stack(t, c, func(r *http.Request) (*http.Response, error) {
		got[r.URL.Host] = r.Header.Get("Authorization")
		return reply(200, "{}"), nil
	})
	for service, url := range map[Service]string{Azure: subscription + "?api-version=2022-12-01", DevOps: "https://auditservice.dev.azure.com/contoso/_apis/audit/auditlog?batchSize=1"} {
		if _, err := s.Get(t.Context(), Request{Service: service, URL: mustURL(t, url)}); err != nil {
			t.Error(err)
		}
	}
	if got["management.azure.com"] != "Bearer for arm" || got["auditservice.dev.azure.com"] != "Bearer for devops" {
		t.Errorf("%v", got)
	}
}
