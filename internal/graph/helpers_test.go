package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/transport"
)

var _ Store = (*snapshot.Store)(nil)

// memStore is a snapshot in memory. Rows counts as the real one does.
type memStore struct {
	mu      sync.Mutex
	order   []snapshot.UnitID
	ledger  map[snapshot.UnitID]*snapshot.Ledger
	pages   map[snapshot.UnitID]map[string]snapshot.Page
	commits int
	// onCommit, when set, is asked before each commit; its error is the commit's.
	onCommit func(n int, writes []snapshot.Write) error
}

func newMemStore() *memStore {
	return &memStore{ledger: map[snapshot.UnitID]*snapshot.Ledger{}, pages: map[snapshot.UnitID]map[string]snapshot.Page{}}
}

func (s *memStore) unit(id snapshot.UnitID) *snapshot.Ledger {
	l, ok := s.ledger[id]
	if !ok {
		l = &snapshot.Ledger{Unit: id, State: snapshot.Planned, Expected: -1}
		s.ledger[id], s.pages[id] = l, map[string]snapshot.Page{}
		s.order = append(s.order, id)
	}
	return l
}

func (s *memStore) Commit(ctx context.Context, writes ...snapshot.Write) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	s.commits++
	if s.onCommit != nil {
		if err := s.onCommit(s.commits, writes); err != nil {
			return err
		}
	}
	for _, w := range writes {
		l := s.unit(w.Unit)
		if w.Reset {
			s.pages[w.Unit] = map[string]snapshot.Page{}
		}
		for _, p := range w.Pages {
			var rows []json.RawMessage
			if err := json.Unmarshal(p.Rows, &rows); err != nil {
				return fmt.Errorf("page %s: %w", p.Key, err)
			}
			if len(rows) != p.Count {
				return fmt.Errorf("page %s: %d rows counted as %d", p.Key, len(rows), p.Count)
			}
			if p.At.IsZero() {
				return fmt.Errorf("page %s has no time", p.Key)
			}
			s.pages[w.Unit][p.Key] = p
		}
		l.State, l.Cause, l.Detail, l.Expected = w.Result.State, w.Result.Cause, w.Result.Detail, w.Result.Expected
		l.Attempts += w.Result.Attempts
		l.Rows = 0
		for _, p := range s.pages[w.Unit] {
			l.Rows += int64(p.Count)
		}
	}
	return nil
}

func (s *memStore) Plan(_ context.Context, src snapshot.Source, keys []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range keys {
		s.unit(snapshot.UnitID{Source: src, Key: k})
	}
	return nil
}

func (s *memStore) Unit(_ context.Context, id snapshot.UnitID) (snapshot.Ledger, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.ledger[id]
	if !ok {
		return snapshot.Ledger{}, false, nil
	}
	return *l, true, nil
}

func (s *memStore) Open(_ context.Context, src snapshot.Source) ([]snapshot.Ledger, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []snapshot.Ledger
	for _, id := range s.order {
		if l := s.ledger[id]; id.Source == src && !final(l.State) {
			out = append(out, *l)
		}
	}
	return out, nil
}

func (s *memStore) PageKeys(_ context.Context, id snapshot.UnitID) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var keys []string
	for k := range s.pages[id] {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys, nil
}

func (s *memStore) Rows(_ context.Context, src snapshot.Source) iter.Seq2[snapshot.RawRow, error] {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []snapshot.RawRow
	for _, id := range s.order {
		if id.Source != src {
			continue
		}
		var keys []string
		for k := range s.pages[id] {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			var rows []json.RawMessage
			if err := json.Unmarshal(s.pages[id][k].Rows, &rows); err != nil {
				panic(err) // Commit checked it
			}
			for _, r := range rows {
				out = append(out, snapshot.RawRow{Unit: id, Page: k, Row: r})
			}
		}
	}
	return func(yield func(snapshot.RawRow, error) bool) {
		for _, r := range out {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// put stores rows as a complete unit "" of src.
func (s *memStore) put(t *testing.T, src snapshot.Source, rows ...string) {
	t.Helper()
	err := s.Commit(t.Context(), snapshot.Write{
		Unit:   snapshot.UnitID{Source: src},
		Pages:  []snapshot.Page{{Key: "000001", At: time.Now(), Rows: json.RawMessage("[" + strings.Join(rows, ",") + "]"), Count: len(rows)}},
		Result: snapshot.Result{State: snapshot.Complete, Expected: -1},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// ids lists "id" of every stored row of a source, in order.
func (s *memStore) ids(src snapshot.Source) []string {
	var out []string
	for r := range s.Rows(context.Background(), src) {
		var row struct{ ID any }
		_ = json.Unmarshal(r.Row, &row)
		out = append(out, fmt.Sprint(row.ID))
	}
	return out
}

func (s *memStore) state(t *testing.T, src snapshot.Source, key string) snapshot.Ledger {
	t.Helper()
	l, ok, _ := s.Unit(t.Context(), snapshot.UnitID{Source: src, Key: key})
	if !ok {
		t.Fatalf("%s %q has no ledger row", src, key)
	}
	return l
}

// seen is a request as it arrived.
type seen struct {
	Path, Query string
	Header      http.Header
}

// service is a Graph that answers from a script.
type service struct {
	*httptest.Server
	mu       sync.Mutex
	requests []seen
}

// serve starts a service; every request is recorded and must be a GET.
func serve(t *testing.T, answer http.HandlerFunc) *service {
	t.Helper()
	s := &service{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		s.mu.Lock()
		s.requests = append(s.requests, seen{r.URL.Path, r.URL.RawQuery, r.Header.Clone()})
		s.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("request-id", "9bb991c5-f5a4-52b8-a109-afbe0529d1ba")
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *service) seen() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// count is how many requests had a path.
func (s *service) count(path string) int {
	n := 0
	for _, r := range s.seen() {
		if r.Path == path {
			n++
		}
	}
	return n
}

// list writes a page.
func list(w io.Writer, next string, rows ...string) {
	link := ""
	if next != "" {
		b, _ := json.Marshal(next)
		link = `"@odata.nextLink":` + string(b) + `,`
	}
	fmt.Fprintf(w, `{"@odata.context":"x",%s"value":[%s]}`, link, strings.Join(rows, ","))
}

// fail writes an error answer of Graph.
func fail(w http.ResponseWriter, status int, code, message string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":{"code":%q,"message":%q,"innerError":{"date":"2026-08-20T10:00:01","request-id":"9bb991c5-f5a4-52b8-a109-afbe0529d1ba"}}}`, code, message)
}

// row is a row with an id and a name.
func row(id, name string) string { return fmt.Sprintf(`{"id":%q,"displayName":%q}`, id, name) }

// guid makes the n-th invented GUID.
func guid(n int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", n, n) }

// recorder is the product's transport with a list of the buckets that were used.
type recorder struct {
	*transport.Stack
	mu     sync.Mutex
	bucket map[string]int
	tokens *tokens
}

func (r *recorder) Get(ctx context.Context, q transport.Request) (*transport.Response, error) {
	r.mu.Lock()
	r.bucket[q.Bucket]++
	r.mu.Unlock()
	return r.Stack.Get(ctx, q)
}

// tokens hands out a token that is none and remembers the claims it was asked for.
type tokens struct {
	mu     sync.Mutex
	claims []string
	err    error
}

func (k *tokens) Token(_ context.Context, _, claims string) (transport.Token, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.claims = append(k.claims, claims)
	return transport.Token{Value: "no-token", ExpiresOn: time.Now().Add(time.Hour)}, k.err
}

// newClient returns a client for a service, and the transport below it.
func newClient(t *testing.T, s *service, change ...func(*transport.Policy)) (*Client, *recorder) {
	t.Helper()
	policy := transport.Policy{
		BaseDelay: time.Millisecond, MinDelay: time.Millisecond, MaxDelay: 2 * time.Millisecond, GraphRate: 5000, GraphInFlight: 16, UnitBudget: 5 * time.Second,
	}
	for _, f := range change {
		f(&policy)
	}
	base, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	k := &tokens{}
	stack, err := transport.New(transport.Config{
		Graph:  transport.Endpoint{Base: base, Scope: "https://graph.microsoft.com/.default"},
		Tokens: k,
		Policy: policy,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stack.Close)
	r := &recorder{Stack: stack, bucket: map[string]int{}, tokens: k}
	c, err := New(r, base)
	if err != nil {
		t.Fatal(err)
	}
	return c, r
}

// collect runs the collector of one source over a store.
func collect(t *testing.T, c *Client, s Store, src snapshot.Source, o CollectOptions) {
	t.Helper()
	for _, one := range Collectors(c, o) {
		if one.Source() == src {
			if err := one.Collect(t.Context(), s); err != nil {
				t.Fatalf("%s: %v", src, err)
			}
			return
		}
	}
	t.Fatalf("no collector of %s", src)
}

// clip shortens text for a failure message.
func clip(b []byte) string { return string(bytes.TrimSpace(b[:min(len(b), 300)])) }

var errCut = errors.New("cut")

func testClient(t testing.TB, base string) *Client {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(&recorder{}, u)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
