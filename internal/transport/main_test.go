package transport

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const tenant = "7d4c1f0e-52a9-4b8e-9c63-e1f0a2b3c4d5"

// canary is shaped like nothing in particular, so that only leaving it out hides it.
const canary = "canary-bird-sings"

type sourceFunc func(ctx context.Context, scope, claims string) (Token, error)

func (f sourceFunc) Token(ctx context.Context, scope, claims string) (Token, error) {
	return f(ctx, scope, claims)
}

// always hands out the canary.
var always = sourceFunc(func(context.Context, string, string) (Token, error) {
	return Token{Value: canary, ExpiresOn: time.Now().Add(time.Hour)}, nil
})

func mustURL(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatalf("parse %q: %v", text, err)
	}
	return u
}

// cloud is a configuration for the global cloud; nothing in it is reached by a test.
func cloud(t testing.TB) Config {
	return Config{
		Tenant:   tenant,
		Graph:    Endpoint{Base: mustURL(t, "https://graph.microsoft.com"), Scope: "https://graph.microsoft.com/.default"},
		Exchange: Endpoint{Base: mustURL(t, "https://outlook.office365.com"), Scope: "https://outlook.office365.com/.default", RegionSuffix: ".outlook.office365.com"},
		Tokens:   always,
	}
}

// roundTripper is a service in memory.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// reply builds an answer with headers given as name, value, name, value.
func reply(status int, body string, header ...string) *http.Response {
	h := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(bytes.NewReader([]byte(body))), ContentLength: int64(len(body))}
}

// stack builds a Stack over a service in memory.
func stack(t testing.TB, c Config, service roundTripper) *Stack {
	t.Helper()
	s, err := newStack(c, service)
	if err != nil {
		t.Fatalf("new stack: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

func getUsers(t testing.TB) Request {
	return Request{Service: Graph, URL: mustURL(t, "https://graph.microsoft.com/v1.0/users?$top=999")}
}
