package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// SignInConfig says where sign-in may go.
type SignInConfig struct {
	// Hosts are the authority hosts, "host" or "host:port", compared without case.
	Hosts []string
	// Metadata are hosts of a managed identity endpoint; plain http is accepted for
	// these alone. Empty unless that mode was chosen.
	Metadata []string
	RootCAs  *x509.CertPool // nil: the system's
}

// SignIn is the HTTP client that sign-in libraries get: it reaches the authority
// and nothing else, with GET for metadata and POST for tokens, follows no redirect,
// and never carries a token of ours.
type SignIn struct{ client *http.Client }

// NewSignIn builds the client.
func NewSignIn(c SignInConfig) *SignIn {
	hosts, metadata := map[string]bool{}, map[string]bool{}
	for _, h := range c.Hosts {
		hosts[strings.ToLower(h)] = true
	}
	for _, h := range c.Metadata {
		metadata[strings.ToLower(h)] = true
	}
	base := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout:   15 * time.Second,
		ResponseHeaderTimeout: time.Minute,
		ForceAttemptHTTP2:     true,
		IdleConnTimeout:       30 * time.Second,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.RootCAs},
	}
	return &SignIn{client: &http.Client{
		Transport:     signInGuard{next: base, hosts: hosts, metadata: metadata},
		Timeout:       2 * time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Do sends one request of the sign-in library.
func (s *SignIn) Do(r *http.Request) (*http.Response, error) { return s.client.Do(r) }

// Get reads one metadata document of the authority.
func (s *SignIn) Get(ctx context.Context, url string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("sign-in: %w", err)
	}
	return s.client.Do(r)
}

// Close drops idle connections.
func (s *SignIn) Close() { s.client.CloseIdleConnections() }

type signInGuard struct {
	next            *http.Transport
	hosts, metadata map[string]bool
}

func (g signInGuard) RoundTrip(r *http.Request) (*http.Response, error) {
	host := strings.ToLower(r.URL.Host)
	switch {
	case r.URL.User != nil:
		return nil, fmt.Errorf("sign-in to %s: %w: user name in the address", host, ErrGuard)
	case r.Method != http.MethodGet && r.Method != http.MethodPost:
		return nil, fmt.Errorf("sign-in to %s: %w: method %s", host, ErrGuard, r.Method)
	case g.metadata[host]:
	case !g.hosts[host]:
		return nil, fmt.Errorf("sign-in to %s: %w: not the authority of this cloud", host, ErrGuard)
	case r.URL.Scheme != "https":
		return nil, fmt.Errorf("sign-in to %s: %w: not https", host, ErrGuard)
	}
	return g.next.RoundTrip(r)
}

func (g signInGuard) CloseIdleConnections() { g.next.CloseIdleConnections() }
