package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"tenantaudit/internal/collect"
	"tenantaudit/internal/exo"
	"tenantaudit/internal/faketenant"
	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/transport"
)

// through answers requests with a handler, in the goroutine that asks.
type through struct{ handler http.Handler }

func (h through) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	in := r.Clone(r.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.RequestURI, in.Host = in.URL.RequestURI(), in.URL.Host
	h.handler.ServeHTTP(w, in)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	out := w.Result()
	out.Body = io.NopCloser(bytes.NewReader(w.Body.Bytes()))
	out.Request = r
	return out, nil
}

// simulated is a collection of Exchange from a simulated tenant, in the time of a bubble.
type simulated struct {
	tenant *faketenant.Tenant
	stack  *transport.Stack
	store  *snapshot.Store
	took   time.Duration
}

// delegation are the sources of single mailboxes and what they need: Full Access, Send As, folders
// with the calendar, and the rules of inboxes.
var delegation = map[snapshot.Source]bool{
	exo.SourceModuleFile: true, exo.SourceMailbox: true, exo.SourceRecipient: true, exo.SourceRecipientPermission: true, exo.SourceMailboxPermission: true,
	exo.SourceInboxRule: true, exo.SourceInboxRuleVisible: true, exo.SourceFolderStatistics: true, exo.SourceFolderPermission: true,
}

// collectExchange collects sources (nil: all of Exchange) and returns what came of it.
func collectExchange(t *testing.T, o faketenant.Options, sources map[snapshot.Source]bool, policy transport.Policy) *simulated {
	t.Helper()
	tenant, err := faketenant.New(o)
	if err != nil {
		t.Fatal(err)
	}
	base := &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
	const audience = "https://outlook.office365.com"
	stack, err := transport.NewOver(transport.Config{Tenant: tenant.ID(), Exchange: transport.Endpoint{Base: base, Scope: audience + "/.default"}, Tokens: tokens(tenant.Token(audience)), Policy: policy},
		through{tenant.Handler()})
	if err != nil {
		t.Fatal(err)
	}
	store, err := snapshot.Create(t.Context(), filepath.Join(t.TempDir(), "snapshot.db"))
	if err != nil {
		t.Fatal(err)
	}
	s := &simulated{tenant: tenant, stack: stack, store: store}
	var steps []collect.Step
	for _, c := range exo.Collectors(exo.New(stack, exo.Options{Tenant: tenant.ID()}), exo.CollectOptions{Sources: sources}) {
		steps = append(steps, collect.Step{Source: c.Source(), Requires: c.Requires(), Run: func(ctx context.Context) error { return c.Collect(ctx, store) }})
	}
	began := time.Now()
	if err := collect.Run(t.Context(), steps, collect.Options{PerService: 6}); err != nil {
		t.Fatal(err)
	}
	s.took = time.Since(began)
	return s
}

func (s *simulated) close(t *testing.T) {
	t.Helper()
	s.stack.Close()
	if err := s.store.Close(); err != nil {
		t.Error(err)
	}
}

// units are how many units of a source there are, and how many rows they hold.
func (s *simulated) units(t *testing.T, src snapshot.Source) (units, rows int64) {
	t.Helper()
	for l, err := range s.store.EachUnit(t.Context(), src) {
		if err != nil {
			t.Fatal(err)
		}
		if l.State != snapshot.Complete {
			t.Fatalf("%s %s is %s: %s", src, l.Unit.Key, l.State, l.Detail)
		}
		units, rows = units+1, rows+l.Rows
	}
	return units, rows
}

// folders is the number of folders in scope, by the lists of folders.
func (s *simulated) folders(t *testing.T) (n int64) {
	t.Helper()
	var of []exo.FolderStatistics
	at := ""
	for r, err := range s.store.Rows(t.Context(), exo.SourceFolderStatistics) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Unit.Key != at {
			n += int64(len(exo.FoldersInScope(of, exo.FoldersDefault)))
			of, at = of[:0], r.Unit.Key
		}
		f, err := exo.DecodeFolderStatistics(r.Row)
		if err != nil {
			t.Fatal(err)
		}
		of = append(of, f)
	}
	return n + int64(len(exo.FoldersInScope(of, exo.FoldersDefault)))
}

func pagesOf(rows int64) int64 { return max(1, (rows+999)/1000) }

// minimum is the smallest number of cmdlets that the Exchange contract allows for everything, with
// all folders in scope (its section 8), and of HTTP requests: per-mailbox cmdlets in batches of ten.
func (s *simulated) minimum(t *testing.T) (invocations, requests int64) {
	t.Helper()
	_, mailboxes := s.units(t, exo.SourceMailbox)
	_, cas := s.units(t, exo.SourceCASMailbox)
	_, sendAs := s.units(t, exo.SourceRecipientPermission)
	_, bypass := s.units(t, exo.SourceAuditBypass)
	_, recipients := s.units(t, exo.SourceRecipient)
	scope, _ := s.units(t, exo.SourceInboxRule)
	wide, _ := s.units(t, exo.SourceMailboxPermission)
	// Twenty lists of the tenant, and the kinds of mailboxes that the default list leaves out.
	lists := 20 + 3 + pagesOf(mailboxes) + pagesOf(cas) + pagesOf(sendAs) + pagesOf(bypass) + pagesOf(recipients)
	each := wide + 2*scope + s.folders(t) // Full Access, rules, folders, permissions of each folder
	return lists + each, lists + (each+9)/10
}

// A change that makes a run ask for more than a tenth more than the contract's minimum fails here.
// Nothing is timed: these are counts.
func TestRequestsPerMailbox(t *testing.T) {
	const mailboxes = 1000
	s := collectExchange(t, faketenant.Options{Mailboxes: mailboxes, Seed: 1}, nil, transport.LoopbackPolicy())
	defer s.close(t)
	least, leastRequests := s.minimum(t)
	got, requests := s.tenant.Stats().Invocations, s.tenant.Stats().Requests
	t.Logf("%d mailboxes: %d cmdlets (%.3f a mailbox), at least %d: %+.1f %%; %d requests (%.3f), at least %d: %+.1f %%", mailboxes, got, float64(got)/mailboxes, least,
		100*(float64(got)/float64(least)-1), requests, float64(requests)/mailboxes, leastRequests, 100*(float64(requests)/float64(leastRequests)-1))
	if float64(got) > 1.03*float64(least) {
		t.Errorf("%d cmdlets, more than 3 %% above the minimum of %d", got, least)
	}
	if float64(requests) > 1.1*float64(leastRequests) {
		t.Errorf("%d requests, more than 10 %% above the minimum of %d", requests, leastRequests)
	}
}

// TestWallTimeFigures prints how long the delegation datasets of ten thousand mailboxes take, in
// simulated time, from a service that needs 600 ms for a cmdlet and works on eight requests at a
// time, beside the limit and beside a client that asks mailbox by mailbox with four calls.
func TestWallTimeFigures(t *testing.T) {
	if os.Getenv("TENANTAUDIT_BENCH") == "" {
		t.Skip("make bench prints it")
	}
	mailboxes := 10_000
	if s := os.Getenv("TENANTAUDIT_BENCH_SIMULATED"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		mailboxes = n
	}
	const each, allowed = 600 * time.Millisecond, 8
	var took, limit, serial time.Duration
	var invocations int64
	synctest.Test(t, func(t *testing.T) {
		s := collectExchange(t, faketenant.Options{Mailboxes: mailboxes, Seed: 1, InvocationLatency: each, InFlight: allowed, TokenLifetime: 1000 * time.Hour, PageLifetime: 1000 * time.Hour}, delegation, transport.Policy{})
		defer s.close(t)
		s.units(t, exo.SourceFolderPermission) // all complete
		invocations, took = s.tenant.Stats().Invocations, s.took
		limit = time.Duration(invocations) * each / allowed
		c := s.stack.Counters(transport.Exchange)
		t.Logf("%d requests, %d refused", c.Requests, c.Throttled)
	})
	synctest.Test(t, func(t *testing.T) {
		serial = serialClient(t, faketenant.Options{Mailboxes: mailboxes, Seed: 1, InvocationLatency: each, InFlight: allowed, TokenLifetime: 1000 * time.Hour}, mailboxes)
	})
	t.Logf("%d mailboxes, %s a cmdlet, %d in flight (simulated time): %d cmdlets in %s; limit %s, %.1f %% above it", mailboxes, each, allowed, invocations,
		took.Round(time.Second), limit.Round(time.Second), 100*(took.Seconds()/limit.Seconds()-1))
	// The baseline makes four calls a mailbox and reads no folder but the calendar: the ratio is of cmdlets a second.
	t.Logf("client with four serial calls a mailbox: %s for %d cmdlets; %.1fx the cmdlets a second", serial.Round(time.Second), 4*mailboxes,
		float64(invocations)/took.Seconds()/(4*float64(mailboxes)/serial.Seconds()))
	if took > limit*11/10 {
		t.Errorf("took %s, more than 10 %% above the limit of %s", took, limit)
	}
}

// serialClient asks about a sample of mailboxes, call by call, and says how long all would take.
func serialClient(t *testing.T, o faketenant.Options, mailboxes int) time.Duration {
	t.Helper()
	const sample = 100
	o.Mailboxes = sample
	s := collectExchange(t, o, map[snapshot.Source]bool{exo.SourceMailbox: true}, transport.Policy{})
	defer s.close(t)
	began, asked := time.Now(), 0
	for r, err := range s.store.Rows(t.Context(), exo.SourceMailbox) {
		if err != nil {
			t.Fatal(err)
		}
		m, err := exo.DecodeMailbox(r.Row)
		if err != nil || r.Unit.Key != exo.MailboxUnit || !exo.InScope(m) {
			continue
		}
		if err := fourCalls(t.Context(), s.stack, exo.MailboxID(m)); err != nil {
			t.Fatal(err)
		}
		asked++
	}
	return time.Since(began) / time.Duration(asked) * time.Duration(mailboxes)
}
