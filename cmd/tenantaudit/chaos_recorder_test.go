package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// recorder stands between the program and the simulator: it notes what was asked, holds it
// against its own list of what may be asked, and tells when the n-th request has arrived.
type recorder struct {
	srv   *httptest.Server
	conns atomic.Int64 // open connections of the program

	mu     sync.Mutex
	asked  []question
	faults []string // requests that a reading program does not send
	ring   int      // number of asked at which bell is rung; 0: never
	bell   chan struct{}
	gate   chan struct{} // not nil: answers wait until it is closed

	behind  map[question]bool // what waits at the gate
	secrets map[string]bool   // tokens, cookies and tokens of pages that passed
}

// question is one thing that was asked: a cmdlet, or a path of Graph or Exchange.
type question struct {
	what string // cmdlet in its own spelling, or the path
	of   string // Identity or Mailbox; "" for a listing
	all  string // the other parameters that make a question another one
	page bool   // a page after the first
}

// newRecorder serves in front of target until the test ends.
func newRecorder(t *testing.T, target string) *recorder {
	t.Helper()
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{bell: make(chan struct{}, 1), secrets: map[string]bool{}, behind: map[question]bool{}}
	proxy := &httputil.ReverseProxy{
		// The Host stays what the program sent: links of the simulator come back here.
		Rewrite:        func(p *httputil.ProxyRequest) { p.Out.URL.Scheme, p.Out.URL.Host = to.Scheme, to.Host },
		ModifyResponse: r.look,
		ErrorHandler:   func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		ErrorLog:       quietLog(),
	}
	r.srv = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		if gate := r.note(req, body); gate != nil {
			select {
			case <-gate:
			case <-req.Context().Done():
				panic(http.ErrAbortHandler)
			}
		}
		proxy.ServeHTTP(w, req)
	}))
	r.srv.Config.ErrorLog = quietLog()
	r.srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			r.conns.Add(1)
		case http.StateClosed, http.StateHijacked:
			r.conns.Add(-1)
		}
	}
	r.srv.Start()
	t.Cleanup(r.srv.Close)
	return r
}

// ringAt asks for the bell when n more requests have arrived; 0 switches it off.
func (r *recorder) ringAt(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.bell:
	default:
	}
	r.ring = 0
	if n > 0 {
		r.ring = n
	}
}

// count waits until a program that has ended can have nothing under way any more, and says
// how much has been asked until then.
func (r *recorder) count(t *testing.T) int {
	t.Helper()
	for n := 0; r.conns.Load() > 0; n++ {
		if n > 30_000 {
			t.Fatal("connections of a process that has ended stay open")
		}
		time.Sleep(time.Millisecond)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.asked)
}

var readingPaths = regexp.MustCompile(`^/(v1\.0|beta)/(organization|me|domains|subscribedSkus|users|groups|servicePrincipals|applications|oauth2PermissionGrants|` +
	`directoryRoles|roleManagement/directory|policies|auditLogs|identityGovernance|identity|security|\$batch)\b`)

// command is an invocation as Exchange takes it.
type command struct {
	CmdletInput struct {
		CmdletName string
		Parameters map[string]any
	}
}

// close makes answers wait until open is called.
func (r *recorder) close() (open func()) {
	gate := make(chan struct{})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gate = gate
	return sync.OnceFunc(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		close(gate)
		r.gate, r.behind = nil, map[question]bool{}
	})
}

var pageTokens = regexp.MustCompile(`(?i)skiptoken=([^"&\\]+)`)

// look keeps what an answer holds that is nobody else's business.
func (r *recorder) look(res *http.Response) error {
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader(raw))
	text := raw
	if z, err := gzip.NewReader(bytes.NewReader(raw)); err == nil {
		if plain, err := io.ReadAll(z); err == nil {
			text = plain
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range pageTokens.FindAllSubmatch(text, -1) {
		r.secrets[string(m[1])] = true
	}
	for _, c := range res.Cookies() {
		r.secrets[c.Value] = true
	}
	return nil
}

func (r *recorder) note(req *http.Request, body []byte) (gate chan struct{}) {
	q, fault := questions(req, body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secrets[strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer ")] = true
	r.asked = append(r.asked, q...)
	if fault != "" {
		r.faults = append(r.faults, fault)
	}
	if r.ring > 0 {
		if r.ring--; r.ring == 0 {
			r.bell <- struct{}{}
		}
	}
	if r.gate != nil {
		for _, one := range q {
			r.behind[one] = true
		}
	}
	return r.gate
}

// questions says what a request asks, and what is wrong with it for a program that only reads.
func questions(req *http.Request, body []byte) (asked []question, fault string) {
	path := req.URL.Path
	later := req.URL.Query().Has("$skiptoken") || req.URL.Query().Has("$skipToken")
	line := req.Method + " " + path
	for h := range req.Header {
		if strings.HasPrefix(h, "X-Http-Method") || h == "X-Method-Override" {
			return nil, line + " carries " + h
		}
	}
	if !strings.HasPrefix(req.Header.Get("Authorization"), "Bearer ") {
		return nil, line + " carries no token"
	}
	_, admin, exchange := strings.Cut(path, "/adminapi/")
	switch {
	case req.Method == http.MethodGet && len(body) > 0:
		return nil, line + " has a body"
	case req.Method == http.MethodGet && exchange:
		return []question{{what: path[strings.LastIndexByte(path, '/')+1:], page: later}}, ""
	case req.Method == http.MethodGet && readingPaths.MatchString(path):
		return []question{{what: path, all: req.URL.Query().Get("$select") + req.URL.Query().Get("$expand"), page: later}}, ""
	case req.Method == http.MethodPost && exchange && strings.HasSuffix(admin, "/InvokeCommand"):
		q, fault := invoked(body, later)
		return []question{q}, fault
	case req.Method == http.MethodPost && exchange && strings.HasSuffix(admin, "/$batch"):
		var batch struct {
			Requests []struct {
				Method, URL string
				Body        json.RawMessage
			}
		}
		if err := json.Unmarshal(body, &batch); err != nil || len(batch.Requests) == 0 {
			return nil, line + " is no batch"
		}
		for _, item := range batch.Requests {
			u, err := url.Parse(item.URL)
			if err != nil || item.Method != http.MethodPost || !strings.HasSuffix(u.Path, "/InvokeCommand") {
				return asked, fmt.Sprintf("%s holds %s %s", line, item.Method, item.URL)
			}
			q, wrong := invoked(item.Body, u.Query().Has("$skiptoken"))
			if asked = append(asked, q); wrong != "" {
				fault = wrong
			}
		}
		return asked, fault
	}
	return nil, line
}

func invoked(body []byte, later bool) (question, string) {
	var c command
	if err := json.Unmarshal(body, &c); err != nil {
		return question{}, "InvokeCommand without a command"
	}
	name := c.CmdletInput.CmdletName
	q := question{what: name, page: later}
	if !strings.HasPrefix(name, "Get-") {
		return q, "InvokeCommand " + name
	}
	for p, v := range c.CmdletInput.Parameters {
		switch p {
		case "Identity", "Mailbox":
			q.of, _ = v.(string)
			if strings.TrimSpace(q.of) == "" {
				return q, fmt.Sprintf("%s with the %s %q", name, p, v)
			}
		case "IncludeHidden", "GroupMailbox", "InactiveMailboxOnly", "PublicFolder", "Filter", "RecipientTypeDetails":
			q.all += p + "=" + fmt.Sprint(v) + ";"
		}
	}
	return q, ""
}

// trap is a proxy for everything that is not on this machine: nothing may come here.
func trap(t *testing.T) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("a request left for %s %s (authorization: %t)", r.Method, r.Host, r.Header.Get("Authorization") != "")
		http.Error(w, "trap", http.StatusBadGateway)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}
