package transport

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// endAfter is how many calls in a row may fail for reasons of the service before
// nothing more is asked of it in this run.
const endAfter = 50

// Stack is the way to both services. Safe for concurrent use.
type Stack struct {
	guard    *guard
	policy   Policy
	logger   *slog.Logger
	log      *requestLog // nil: none
	onWait   func(Wait)
	services map[Service]*service
	session  *Session      // of calls that bring none
	large    chan struct{} // places for large bodies
	idle     interface{ CloseIdleConnections() }
	skew     atomic.Pointer[time.Duration]
}

// service is what a Stack knows of one service.
type service struct {
	limiter  *limiter
	ordinary quota
	requests, retries,
	throttled atomic.Int64
	failing atomic.Int64 // calls that failed in a row
}

// New builds a Stack. It asks for no token and opens no connection. An endpoint
// without a Base is left out, and calls to it are refused.
func New(c Config) (*Stack, error) {
	t := newTransport(c.RootCAs)
	s, err := newStack(c, t)
	if err != nil {
		return nil, err
	}
	s.idle = t
	return s, nil
}

// NewOver builds a Stack that sends through next what the guard has let through, instead of
// over the network: for measurements in simulated time.
func NewOver(c Config, next http.RoundTripper) (*Stack, error) { return newStack(c, next) }

func newStack(c Config, next http.RoundTripper) (*Stack, error) {
	if c.Tokens == nil {
		return nil, fmt.Errorf("transport: no token source")
	}
	if c.Tenant != "" && !plainTenant(c.Tenant) {
		return nil, fmt.Errorf("transport: tenant %.64q: an id or a domain is wanted", c.Tenant)
	}
	p := c.Policy.filled()
	s := &Stack{
		guard:    &guard{next: next, tenant: c.Tenant, names: c.TenantNames, services: map[Service]*pinned{}, userAgent: cmp.Or(c.UserAgent, "tenantaudit")},
		policy:   p,
		logger:   cmp.Or(c.Logger, slog.New(slog.DiscardHandler)),
		onWait:   c.OnWait,
		services: map[Service]*service{},
		session:  newSession(),
		large:    make(chan struct{}, largePlaces),
	}
	if c.RequestLog != nil {
		s.log = &requestLog{w: c.RequestLog, logger: s.logger}
	}
	for name, endpoint := range map[Service]Endpoint{Graph: c.Graph, Exchange: c.Exchange, Azure: c.Azure, DevOps: c.DevOps} {
		if endpoint.Base == nil {
			continue
		}
		place, err := newPinned(endpoint, c.Tokens)
		if err != nil {
			return nil, fmt.Errorf("transport: %s endpoint: %w", name, err)
		}
		s.guard.services[name] = place
		ordinary := quota{rate: p.GraphRate, inFlight: p.GraphInFlight}
		if name == Exchange {
			ordinary = quota{rate: p.ExchangeRate, inFlight: p.ExchangeInFlight}
		}
		s.services[name] = &service{limiter: newLimiter(name, c, p), ordinary: ordinary}
	}
	if len(s.services) == 0 {
		return nil, fmt.Errorf("transport: no endpoint")
	}
	return s, nil
}

// plainTenant accepts what can stand in a path: an id or a domain.
func plainTenant(tenant string) bool {
	for label := range strings.SplitSeq(strings.ToLower(tenant), ".") {
		if !isLabel(label) {
			return false
		}
	}
	return true
}

// Close ends every wait and drops idle connections.
func (s *Stack) Close() {
	for _, svc := range s.services {
		svc.limiter.end()
	}
	if s.idle != nil {
		s.idle.CloseIdleConnections()
	}
}

// Finish lets no request leave any more and waits until those that are under way have been
// answered, or until ctx ends. Who waits for a place goes on waiting until its own context ends.
func (s *Stack) Finish(ctx context.Context) {
	for _, svc := range s.services {
		select {
		case <-svc.limiter.finish():
		case <-ctx.Done():
		}
	}
}

// NewSession returns a session without cookies and with a connection id of its own.
func (s *Stack) NewSession() *Session { return newSession() }

// Counters returns what was counted for a service so far: attempts that left,
// attempts after the first of a call, refusals for load.
func (s *Stack) Counters(name Service) Counters {
	svc := s.services[name]
	if svc == nil {
		return Counters{}
	}
	return Counters{Requests: svc.requests.Load(), Retries: svc.retries.Load(), Throttled: svc.throttled.Load()}
}

// Region is the regional Exchange host that was learned from a redirect; "" for none.
func (s *Stack) Region() string {
	place := s.guard.services[Exchange]
	if place == nil {
		return ""
	}
	place.mu.Lock()
	defer place.mu.Unlock()
	return place.region
}

// Base is scheme and host for new requests to a service: the regional host once one
// is known. nil for a service without an endpoint.
func (s *Stack) Base(name Service) *url.URL {
	if place := s.guard.services[name]; place != nil {
		return place.current()
	}
	return nil
}

// Skew is how far this machine's clock is ahead of the services', by the Date of the
// last answer (whole seconds, transit included); false before the first.
func (s *Stack) Skew() (time.Duration, bool) {
	if d := s.skew.Load(); d != nil {
		return *d, true
	}
	return 0, false
}

// Refused tells the limiter that the service refused one item of a batch alone.
// retryAfter 0: it named no time.
func (s *Stack) Refused(name Service, bucket string, retryAfter time.Duration, concurrency bool) {
	if svc := s.services[name]; svc != nil {
		svc.throttled.Add(1)
		svc.limiter.refused(bucket, s.quota(name, bucket), nil, retryAfter, concurrency)
	}
}

// WaitOpen waits until a bucket lets requests through. The error wraps ErrThrottled
// when that takes longer than one call may wait.
func (s *Stack) WaitOpen(ctx context.Context, name Service, bucket string) error {
	svc := s.services[name]
	if svc == nil {
		return &Failure{Verdict: Invalid, Err: refuse("service %.32q is unknown", name)}
	}
	err := svc.limiter.waitOpen(ctx, bucket, s.quota(name, bucket))
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrThrottled):
		return &Failure{Verdict: Throttled, Err: err}
	}
	return &Failure{Err: err}
}

func (s *Stack) quota(name Service, bucket string) quota {
	if q, known := documented[bucket]; known && name == Graph {
		return q
	}
	return s.services[name].ordinary
}

// Get reads r.URL. The error is a *Failure.
func (s *Stack) Get(ctx context.Context, r Request) (*Response, error) {
	c := &call{
		service: r.Service, method: http.MethodGet, header: r.Header, bucket: r.Bucket, cost: 1,
		classify: r.Classify, session: cmp.Or(r.Session, s.session), label: "GET",
	}
	if r.URL != nil {
		u := *r.URL
		// Services send links with blanks in their queries; on the wire these are %20.
		u.RawQuery = strings.ReplaceAll(u.RawQuery, " ", "%20")
		c.url = &u
		c.label = "GET " + escape(u.Path)
		if _, resource, ok := s.guard.exchangeResource(u.Path); ok && r.Service == Exchange {
			c.label = "GET " + escape(resource)
		}
		if r.Bucket == "" && r.Service == Graph {
			c.bucket = bucketOf(&u)
		}
	}
	return s.run(ctx, c)
}

// Invoke runs one cmdlet, or continues it at Command.Next. The error is a *Failure.
func (s *Stack) Invoke(ctx context.Context, session *Session, command Command, classify Classifier) (*Response, error) {
	return s.run(ctx, &call{
		service: Exchange, method: http.MethodPost, items: []BatchItem{{Command: command}}, cost: 1,
		classify: classify, session: cmp.Or(session, s.session), label: command.Cmdlet,
	})
}

// Batch runs one to ten cmdlets in one request. The Classifier sees the outer answer;
// what each item means is the caller's to say. The error is a *Failure.
func (s *Stack) Batch(ctx context.Context, session *Session, items []BatchItem, classify Classifier) (*Response, error) {
	c := &call{
		service: Exchange, method: http.MethodPost, items: items, batch: true, cost: max(len(items), 1),
		classify: classify, session: cmp.Or(session, s.session),
	}
	c.label = "$batch " + strings.Join(c.cmdlets(), ",")
	return s.run(ctx, c)
}

// filled replaces what is not set by the product's own numbers.
func (p Policy) filled() Policy {
	p.Attempts = cmp.Or(p.Attempts, 6)
	p.BaseDelay = cmp.Or(p.BaseDelay, 2*time.Second)
	p.MaxDelay = cmp.Or(p.MaxDelay, time.Minute)
	p.MinDelay = cmp.Or(p.MinDelay, 500*time.Millisecond)
	p.UnitBudget = cmp.Or(p.UnitBudget, 30*time.Minute)
	p.GraphRate = cmp.Or(p.GraphRate, 20)
	p.ExchangeRate = cmp.Or(p.ExchangeRate, 10)
	p.GraphInFlight = cmp.Or(p.GraphInFlight, 8)
	p.ExchangeInFlight = cmp.Or(p.ExchangeInFlight, 4)
	p.BodyStall = cmp.Or(p.BodyStall, time.Minute)
	p.MaxBody = cmp.Or(p.MaxBody, 32<<20)
	return p
}

// LoopbackPolicy starts fast, for services that run on this machine (the demo, the
// simulator): their limits need not be felt for. Everything else is as always, a
// refusal included. With it 3,500 invocations of a service that answers at once
// take a few seconds.
func LoopbackPolicy() Policy {
	return Policy{GraphRate: 1000, ExchangeRate: 2000, GraphInFlight: 8, ExchangeInFlight: 8}
}

// call is what one of the exported methods was asked for, and how far it has come.
type call struct {
	service  Service
	method   string
	url      *url.URL // of a GET
	header   http.Header
	items    []BatchItem
	batch    bool
	session  *Session
	label    string
	bucket   string
	cost     int
	classify Classifier

	attempts   int           // requests that left
	tries      int           // of those, failures that count
	throttles  int           // refusals for load
	waited     time.Duration // for closed buckets
	renewed    bool
	redirected bool
	last       *Response // answer of the last attempt; nil: there was none
	lastErr    error     // why that was a refusal
}

// cmdlets returns the names in a call, each once, in order.
func (c *call) cmdlets() []string {
	var names []string
	for _, item := range c.items {
		if !slices.Contains(names, item.Cmdlet) {
			names = append(names, escape(fmt.Sprintf("%.64s", item.Cmdlet)))
		}
	}
	return names
}

// parameterNames returns the parameter names in a call, sorted, each once.
func (c *call) parameterNames() []string {
	var names []string
	for _, item := range c.items {
		for name := range item.Parameters {
			names = append(names, escape(fmt.Sprintf("%.64s", name)))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// request builds what the guard is asked. A POST has no body yet: the guard writes it.
func (s *Stack) request(ctx context.Context, c *call) (*http.Request, error) {
	u := c.url
	if c.method == http.MethodPost {
		var err error
		if u, err = s.guard.target(c); err != nil {
			return nil, err
		}
	}
	if u == nil {
		return nil, refuse("no URL")
	}
	r := &http.Request{Method: c.method, URL: u, Header: c.header, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	return r.WithContext(ctx), nil
}

// target is the URL of a POST: of its command, or of $batch at the host of the pages
// that it continues.
func (g *guard) target(c *call) (*url.URL, error) {
	place := g.services[Exchange]
	if place == nil || len(c.items) == 0 {
		return nil, refuse("a POST of %d commands", len(c.items))
	}
	if !c.batch {
		agreed, err := check(c.items[0].Command)
		if err != nil {
			return nil, err
		}
		return g.link(agreed)
	}
	u := place.current()
	for _, item := range c.items {
		if item.Next != "" {
			next, err := parseLink(item.Next)
			if err != nil {
				return nil, err
			}
			u.Host = next.Host
			break
		}
	}
	u.Path = "/adminapi/beta/" + g.tenant + "/" + batchCommand
	return u, nil
}

// headerTimeout is how long the first byte of an answer may take. The admin API
// itself allows searches fifteen minutes.
func (s *Stack) headerTimeout(c *call) time.Duration {
	if s.policy.HeaderTimeout > 0 {
		return s.policy.HeaderTimeout
	}
	for _, item := range c.items {
		if strings.HasPrefix(item.Cmdlet, "Search-") {
			return 15 * time.Minute
		}
	}
	if c.service == Exchange {
		return 5 * time.Minute
	}
	return 2 * time.Minute
}
