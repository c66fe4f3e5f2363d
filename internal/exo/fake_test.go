package exo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const tenant = "7d4c1f0e-52a9-4b8e-9c63-e1f0a2b3c4d5"

// sent is one cmdlet as the fake service received it, alone or in a batch.
type sent struct {
	cmdlet  string
	params  map[string]any
	token   string // of the page link; "" for a first page
	anchor  string
	routed  bool
	prefer  string
	sel     string
	cookie  string
	batch   int // number of the batch, from 1; 0: alone
	entity  string
	query   url.Values
	headers http.Header
	base    string
}

func (s sent) identity() string {
	for _, name := range []string{"Identity", "Mailbox"} {
		if v, ok := s.params[name].(string); ok {
			return v
		}
	}
	return ""
}

// reply is the fake service's answer to one cmdlet.
type reply struct {
	status  int // 0: 200
	body    string
	header  map[string]string
	missing bool // leave the item out of its batch
}

// fake is an Exchange admin API that a test scripts.
type fake struct {
	t      *testing.T
	server *httptest.Server
	client *Client
	stack  *transport.Stack
	// answer is asked for every cmdlet and entity; batchAnswer, when set, may rewrite
	// or replace the answer to a whole batch.
	answer  func(sent) reply
	batched func(w http.ResponseWriter, items []map[string]any) bool

	mu      sync.Mutex
	log     []sent
	batches int
	cookies int
}

type tokens struct{}

func (tokens) Token(context.Context, string, string) (transport.Token, error) {
	return transport.Token{Value: "test", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func newFake(t *testing.T, answer func(sent) reply) *fake {
	t.Helper()
	return newFakeWith(t, Options{}, answer)
}

func newFakeWith(t *testing.T, o Options, answer func(sent) reply) *fake {
	t.Helper()
	return newFakeOf(t, o, 0, answer)
}

// newFakeOf limits answers to maxBody bytes; 0: the policy's own limit.
func newFakeOf(t *testing.T, o Options, maxBody int64, answer func(sent) reply) *fake {
	t.Helper()
	f := &fake{t: t, answer: answer}
	f.server = httptest.NewServer(http.HandlerFunc(f.serve))
	base, err := url.Parse(f.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	f.stack, err = transport.New(transport.Config{
		Tenant: tenant, Exchange: transport.Endpoint{Base: base, Scope: "https://outlook.office365.com/.default"}, Tokens: tokens{},
		Policy: transport.Policy{BaseDelay: time.Millisecond, MaxDelay: time.Millisecond, MinDelay: time.Microsecond, ExchangeRate: 5000, ExchangeInFlight: 8, MaxBody: maxBody},
	})
	if err != nil {
		t.Fatal(err)
	}
	o.Tenant = tenant
	f.client = New(f.stack, o)
	f.client.baseDelay = time.Millisecond
	t.Cleanup(func() {
		f.stack.Close()
		f.server.Close()
	})
	return f
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer test" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	cookie := ""
	if c, err := r.Cookie("backend"); err == nil {
		cookie = c.Value
	} else {
		f.mu.Lock()
		f.cookies++
		cookie = fmt.Sprint("server-", f.cookies)
		f.mu.Unlock()
		http.SetCookie(w, &http.Cookie{Name: "backend", Value: cookie, Path: "/"})
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.URL.Host = r.Host
	base := "http://" + r.Host + "/adminapi/beta/" + tenant + "/"
	resource := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	headers := func(name string) string { return r.Header.Get(name) }
	switch {
	case r.Method == http.MethodGet:
		s := sent{entity: resource, query: r.URL.Query(), anchor: headers("X-AnchorMailbox"), prefer: headers("Prefer"), cookie: cookie, headers: r.Header, base: base + resource}
		s.token = s.query.Get("$skiptoken")
		f.write(w, f.ask(s))
	case resource == "InvokeCommand":
		f.write(w, f.ask(f.read(body, r.URL, headers, cookie, 0)))
	case resource == "$batch":
		f.batch(w, body, cookie)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (f *fake) read(body []byte, u *url.URL, header func(string) string, cookie string, batch int) sent {
	var in struct {
		CmdletInput struct {
			CmdletName string
			Parameters map[string]any
		}
	}
	if err := json.Unmarshal(body, &in); err != nil {
		f.t.Errorf("body %s: %v", body, err)
	}
	if in.CmdletInput.Parameters == nil {
		f.t.Errorf("%s was sent without parameters object", in.CmdletInput.CmdletName)
	}
	return sent{
		cmdlet: in.CmdletInput.CmdletName, params: in.CmdletInput.Parameters, token: u.Query().Get("$skiptoken"), sel: u.Query().Get("$select"),
		anchor: header("X-AnchorMailbox"), routed: header("parameter-based-routing") == "true", prefer: header("Prefer"), cookie: cookie, batch: batch,
		base: "http://" + u.Host + "/adminapi/beta/" + tenant + "/InvokeCommand",
	}
}

func (f *fake) batch(w http.ResponseWriter, body []byte, cookie string) {
	f.mu.Lock()
	f.batches++
	n := f.batches
	f.mu.Unlock()
	var in struct {
		Requests []struct {
			ID      string
			URL     string
			Headers map[string]string
			Body    json.RawMessage
		}
	}
	if err := json.Unmarshal(body, &in); err != nil {
		f.t.Errorf("batch %s: %v", body, err)
	}
	if len(in.Requests) > 10 {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	items := []map[string]any{}
	for _, r := range in.Requests {
		u, err := url.Parse(r.URL)
		if err != nil {
			f.t.Errorf("item %s: %v", r.URL, err)
			return
		}
		a := f.ask(f.read(r.Body, u, func(name string) string { return r.Headers[name] }, cookie, n))
		if a.missing {
			continue
		}
		item := map[string]any{"id": r.ID, "status": a.code(), "headers": a.header}
		if json.Valid([]byte(a.body)) {
			item["body"] = json.RawMessage(a.body)
		} else if a.body != "" {
			item["body"] = a.body
		}
		items = append(items, item)
	}
	if f.batched != nil && f.batched(w, items) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"responses": items})
}

func (f *fake) ask(s sent) reply {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = append(f.log, s)
	return f.answer(s)
}

func (a reply) code() int {
	if a.status == 0 {
		return http.StatusOK
	}
	return a.status
}

func (f *fake) write(w http.ResponseWriter, a reply) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("request-id", "request-1")
	for k, v := range a.header {
		w.Header().Set(k, v)
	}
	w.WriteHeader(a.code())
	_, _ = io.WriteString(w, a.body)
}

// calls lists what was asked of a cmdlet, in order.
func (f *fake) calls(cmdlet string) []sent {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []sent
	for _, s := range f.log {
		if s.cmdlet == cmdlet {
			out = append(out, s)
		}
	}
	return out
}

func (f *fake) reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log, f.batches = nil, 0
}

// rows answers with rows, and a link to more when token is not "".
func rows(s sent, token string, list ...string) reply {
	next := ""
	if token != "" {
		next = fmt.Sprintf(`"@odata.nextLink":%q,`, s.base+"?%24skiptoken="+token)
	}
	return reply{body: fmt.Sprintf(`{"@odata.context":"x",%s"@adminapi.warnings":[],"value":[%s]}`, next, strings.Join(list, ","))}
}

// named makes rows that have a Guid and a Name.
func named(names ...string) []string {
	var out []string
	for _, n := range names {
		out = append(out, fmt.Sprintf(`{"Guid":"guid-%s","Name":%q}`, n, n))
	}
	return out
}

func failing(t *testing.T, status int, file string) reply {
	return reply{status: status, body: string(sample(t, file))}
}

func newStore(t *testing.T) *snapshot.Store {
	t.Helper()
	s, err := snapshot.Create(t.Context(), filepath.Join(t.TempDir(), "snapshot.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// collect runs collectors in order.
func collect(t *testing.T, s Store, all []Collector) {
	t.Helper()
	for _, c := range all {
		if err := c.Collect(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", c.Source(), err)
		}
	}
}

// unit reads the ledger of a unit that must be there.
func unit(t *testing.T, s Store, src snapshot.Source, key string) snapshot.Ledger {
	t.Helper()
	l, ok, err := s.Unit(t.Context(), snapshot.UnitID{Source: src, Key: key})
	if err != nil || !ok {
		t.Fatalf("unit %s %q: %t, %v", src, key, ok, err)
	}
	return l
}

// stored lists the names in the rows of a unit, in order.
func stored(t *testing.T, s Store, src snapshot.Source, key, property string) []string {
	t.Helper()
	out := []string{}
	for r, err := range s.Rows(t.Context(), src) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Unit.Key == key {
			row, err := parseRow(r.Row)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, row.text(property))
		}
	}
	return out
}
