package transport

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// quick are the rules of a run with pauses that a test can wait for.
func quick() Policy {
	return Policy{
		BaseDelay: time.Millisecond, MaxDelay: 2 * time.Millisecond, MinDelay: time.Millisecond,
		GraphRate: 1000, ExchangeRate: 1000,
	}
}

// local serves both services on one loopback server.
func local(t *testing.T, base string, p Policy) *Stack {
	t.Helper()
	s, err := New(Config{
		Tenant: tenant, Tokens: always, Policy: p,
		Graph:    Endpoint{Base: mustURL(t, base), Scope: "https://graph.microsoft.com/.default"},
		Exchange: Endpoint{Base: mustURL(t, base), Scope: "https://outlook.office365.com/.default", RegionSuffix: ".localhost"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server
}

func get(t *testing.T, s *Stack, base string) (*Response, error) {
	t.Helper()
	return s.Get(t.Context(), Request{Service: Graph, URL: mustURL(t, base+"/v1.0/users")})
}

func zipped(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, text)
	_ = z.Close()
	return b.Bytes()
}

// The admin API refuses with NUL bytes that claim to be gzip.
func TestFakeGzipIsReadAsItIs(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(403)
		_, _ = w.Write(make([]byte, 4096))
	})
	s := local(t, server.URL, quick())
	seen := 0
	_, err := s.Invoke(t.Context(), nil, Command{Cmdlet: "Get-Mailbox"}, func(r *Response) Outcome {
		seen++
		if r.Status != 403 || len(r.Body) != 4096 {
			t.Errorf("status %d with %d bytes, want 403 with 4096", r.Status, len(r.Body))
		}
		return Outcome{Verdict: Denied, Err: errors.New("not available to this identity")}
	})
	if !errors.Is(err, ErrDenied) || seen != 1 {
		t.Errorf("error = %v, classified %d times", err, seen)
	}
}

func TestGzip(t *testing.T) {
	good := zipped(`{"value":[1]}`)
	flipped := bytes.Clone(good)
	flipped[len(flipped)-6] ^= 1 // in the checksum
	for name, tt := range map[string]struct {
		body []byte
		ok   bool
	}{
		"whole":         {good, true},
		"not packed":    {[]byte(`{"value":[1]}`), true},
		"bad checksum":  {flipped, false},
		"cut":           {good[:len(good)-4], false},
		"trailing data": {append(bytes.Clone(good), '!'), false},
		"two members":   {append(bytes.Clone(good), good...), false},
		"header alone":  {good[:3], false},
	} {
		t.Run(name, func(t *testing.T) {
			var n atomic.Int32
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				n.Add(1)
				if r.Header.Get("Accept-Encoding") != "gzip" {
					t.Errorf("Accept-Encoding = %q", r.Header.Get("Accept-Encoding"))
				}
				w.Header().Set("Content-Encoding", "gzip")
				_, _ = w.Write(tt.body)
			})
			resp, err := get(t, local(t, server.URL, quick()), server.URL)
			if tt.ok {
				if err != nil || string(resp.Body) != `{"value":[1]}` {
					t.Errorf("answer %+v, error %v", resp, err)
				}
				return
			}
			if !errors.Is(err, ErrService) || n.Load() != damagedTries {
				t.Errorf("error = %v after %d requests; want ErrService after %d", err, n.Load(), damagedTries)
			}
		})
	}
}

// breakOff answers with whole headers and half a body.
func breakOff(t *testing.T, reset bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = rw.WriteString("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"value\":[]}")
		_ = rw.Flush()
		if tcp, ok := conn.(*net.TCPConn); ok && reset {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
	}
}

// A body that parses but broke off is no answer.
func TestBrokenBodies(t *testing.T) {
	for name, reset := range map[string]bool{"cut": false, "reset": true} {
		t.Run(name, func(t *testing.T) {
			var n atomic.Int32
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if n.Add(1) < 3 {
					breakOff(t, reset)(w, r)
					return
				}
				_, _ = io.WriteString(w, `{"value":[1]}`)
			})
			resp, err := get(t, local(t, server.URL, quick()), server.URL)
			if err != nil || string(resp.Body) != `{"value":[1]}` || resp.Attempts != 3 {
				t.Errorf("answer %+v, error %v; want the third", resp, err)
			}
		})
	}
}

func TestSlowBody(t *testing.T) {
	var n atomic.Int32
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) > 1 {
			_, _ = io.WriteString(w, `{"value":[1]}`)
			return
		}
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, " ")
			w.(http.Flusher).Flush()
			time.Sleep(10 * time.Millisecond)
		}
	})
	p := quick()
	p.BodyStall = 300 * time.Millisecond
	start := time.Now()
	resp, err := get(t, local(t, server.URL, p), server.URL)
	if err != nil || resp.Attempts != 2 || time.Since(start) > 5*time.Second {
		t.Errorf("answer %+v, error %v after %s; want the second soon", resp, err, time.Since(start))
	}
}

func TestNoHeader(t *testing.T) {
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	p := quick()
	p.HeaderTimeout, p.Attempts = 50*time.Millisecond, 2
	_, err := get(t, local(t, server.URL, p), server.URL)
	if !errors.Is(err, ErrService) || errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "no answer in time") {
		t.Errorf("error = %v, want ErrService", err)
	}
}

func TestTooLarge(t *testing.T) {
	for name, body := range map[string][]byte{
		"plain":  []byte(`"` + strings.Repeat("a", 2000) + `"`),
		"packed": zipped(`"` + strings.Repeat("a", 200_000) + `"`),
	} {
		var n atomic.Int32
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) { n.Add(1); _, _ = w.Write(body) })
		p := quick()
		p.MaxBody = 1000
		_, err := get(t, local(t, server.URL, p), server.URL)
		if !errors.Is(err, ErrTooLarge) || !errors.Is(err, ErrInvalid) || n.Load() != 1 {
			t.Errorf("%s: error = %v after %d requests; want ErrTooLarge after one", name, err, n.Load())
		}
	}
}

// Bodies beyond the size that takes a large place come through whole, several at a time.
func TestLargeBodies(t *testing.T) {
	body := []byte(`"` + strings.Repeat("a", largeBody+largeBody/2) + `"`)
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) })
	s := local(t, server.URL, quick())
	var wg sync.WaitGroup
	for range 2 * largePlaces {
		wg.Go(func() {
			if resp, err := get(t, s, server.URL); err != nil || !bytes.Equal(resp.Body, body) {
				t.Errorf("error %v", err)
			}
		})
	}
	wg.Wait()
}

func TestLargeErrorBodyIsCut(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(404)
		_, _ = w.Write(bytes.Repeat([]byte("x"), 1<<20))
	})
	s := local(t, server.URL, quick())
	r := Request{Service: Graph, URL: mustURL(t, server.URL+"/v1.0/users"), Classify: func(r *Response) Outcome {
		if len(r.Body) != maxErrorBody {
			t.Errorf("%d bytes, want %d", len(r.Body), maxErrorBody)
		}
		return Outcome{Verdict: Missing}
	}}
	if _, err := s.Get(t.Context(), r); !errors.Is(err, ErrMissing) {
		t.Error(err)
	}
}

// A redirect to another host is not followed, and that host learns nothing.
func TestRedirectTrap(t *testing.T) {
	var hits atomic.Int32
	trap := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		t.Errorf("the trap was reached, Authorization %q", r.Header.Get("Authorization"))
	})
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, trap.URL+r.URL.Path, status) })
		s := local(t, server.URL, quick())
		_, err := get(t, s, server.URL)
		if !errors.Is(err, ErrGuard) || !strings.Contains(err.Error(), strings.TrimPrefix(trap.URL, "http://")) {
			t.Errorf("%d: error = %v, want ErrGuard that names the host", status, err)
		}
		if _, err := s.Get(t.Context(), Request{Service: Exchange, URL: mustURL(t, server.URL+"/adminapi/v1.0/"+tenant+"/EXOModuleFile")}); !errors.Is(err, ErrGuard) {
			t.Errorf("%d, preflight: error = %v, want ErrGuard", status, err)
		}
		if _, err := s.Invoke(t.Context(), nil, Command{Cmdlet: "Get-OrganizationConfig"}, nil); !errors.Is(err, ErrGuard) {
			t.Errorf("%d, command: error = %v, want ErrGuard", status, err)
		}
	}
	if hits.Load() != 0 {
		t.Errorf("%d requests reached the trap", hits.Load())
	}
}

// On loopback a region is a name below localhost, at the server's own port.
func TestRegionOnLoopback(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Host, "eur01.localhost:") {
			w.Header().Set("Location", "https://eur01.localhost:446"+r.URL.Path)
			w.WriteHeader(302)
			return
		}
		_, _ = fmt.Fprintf(w, `{"value":[{"path":%q}]}`, r.URL.RequestURI())
	})
	s := local(t, server.URL, quick())
	path := "/adminapi/v1.0/" + tenant + "/EXOModuleFile?Version=3.9.2"
	resp, err := s.Get(t.Context(), Request{Service: Exchange, URL: mustURL(t, server.URL+path), Header: http.Header{"CommandName": {"*"}}})
	if err != nil || !strings.Contains(string(resp.Body), path) || !strings.HasPrefix(s.Region(), "eur01.localhost:") {
		t.Fatalf("answer %+v, error %v, region %q", resp, err, s.Region())
	}
	if _, err := s.Invoke(t.Context(), nil, Command{Cmdlet: "Get-OrganizationConfig"}, nil); err != nil {
		t.Errorf("command at the region: %v", err)
	}
}

// Each session has cookies and a connection id of its own; Graph gets neither.
func TestSessions(t *testing.T) {
	var n atomic.Int32
	var mu sync.Mutex
	seen := map[string][]string{} // connection id: cookies as they came
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v1.0/") && (r.Header.Get("Cookie") != "" || r.Header.Get("connection-id") != "") {
			t.Error("Graph got a session")
		}
		mu.Lock()
		id := r.Header.Get("connection-id")
		seen[id] = append(seen[id], r.Header.Get("Cookie"))
		mu.Unlock()
		if r.Header.Get("Cookie") == "" {
			http.SetCookie(w, &http.Cookie{Name: "backend", Value: fmt.Sprint(n.Add(1)), Path: "/"})
		}
		_, _ = io.WriteString(w, `{"value":[]}`)
	})
	s := local(t, server.URL, quick())
	one, two := s.NewSession(), s.NewSession()
	for _, session := range []*Session{one, one, two, one, two, nil, nil} {
		if _, err := s.Invoke(t.Context(), session, Command{Cmdlet: "Get-OrganizationConfig"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := get(t, s, server.URL); err != nil {
		t.Fatal(err)
	}
	for session, want := range map[*Session]string{one: "|backend=1|backend=1", two: "|backend=2", s.session: "|backend=3"} {
		if got := strings.Join(seen[session.id], "|"); got != want {
			t.Errorf("cookies of a session %q, want %q", got, want)
		}
	}
}

// A certificate that nobody vouches for is not tried again, and no token is sent.
func TestCertificates(t *testing.T) {
	var n atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		_, _ = io.WriteString(w, `{"value":[]}`)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)

	s := local(t, server.URL, quick())
	_, err := get(t, s, server.URL)
	var f *Failure
	if !errors.Is(err, ErrInvalid) || !errors.As(err, &f) || f.Attempts != 1 || n.Load() != 0 {
		t.Errorf("error = %v, %d requests served; want ErrInvalid at once", err, n.Load())
	}
	for _, want := range []string{strings.TrimPrefix(server.URL, "https://"), "SSL_CERT_FILE"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %q lacks %q", err, want)
		}
	}

	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	trusting, err := New(Config{Tenant: tenant, Tokens: always, RootCAs: roots, Policy: quick(), Graph: Endpoint{Base: mustURL(t, server.URL)}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(trusting.Close)
	if _, err := get(t, trusting, server.URL); err != nil {
		t.Errorf("with its root: %v", err)
	}
	if _, known := trusting.Skew(); !known {
		t.Error("no clock difference after an answer")
	}
}

func TestNobodyListens(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + listener.Addr().String()
	_ = listener.Close()
	_, err = get(t, local(t, base, quick()), base)
	var f *Failure
	if !errors.Is(err, ErrService) || !errors.As(err, &f) || f.Attempts != 6 || !strings.Contains(err.Error(), "refused") {
		t.Errorf("error = %v, want ErrService after 6 attempts", err)
	}
}

// A token reaches the service of its scope and no other.
func TestTokenFollowsTheHost(t *testing.T) {
	check := func(want string) *httptest.Server {
		return serve(t, func(w http.ResponseWriter, r *http.Request) {
			if got := r.Header.Get("Authorization"); got != "Bearer token for "+want {
				t.Errorf("%s got %q", want, got)
			}
			_, _ = io.WriteString(w, `{"value":[]}`)
		})
	}
	graph, exchange := check("graph"), check("exchange")
	s, err := New(Config{
		Tenant: tenant, Policy: quick(),
		Graph:    Endpoint{Base: mustURL(t, graph.URL), Scope: "graph"},
		Exchange: Endpoint{Base: mustURL(t, exchange.URL), Scope: "exchange"},
		Tokens: sourceFunc(func(_ context.Context, scope, _ string) (Token, error) {
			return Token{Value: Secret("token for " + scope)}, nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if _, err := get(t, s, graph.URL); err != nil {
		t.Error(err)
	}
	if _, err := s.Invoke(t.Context(), nil, Command{Cmdlet: "Get-OrganizationConfig"}, nil); err != nil {
		t.Error(err)
	}
	// A link from one service into the other is refused.
	if _, err := get(t, s, exchange.URL); !errors.Is(err, ErrGuard) {
		t.Errorf("Graph path at the Exchange host: error = %v, want ErrGuard", err)
	}
}
