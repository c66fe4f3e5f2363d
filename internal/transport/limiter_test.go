package transport

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// quotaServer lets rate requests per second through (a bucket of one second) and
// refuses the excess, and everything until a refusal's Retry-After has passed.
type quotaServer struct {
	rate       float64
	inFlight   int
	retryAfter time.Duration
	latency    time.Duration

	mu              sync.Mutex
	tokens          float64
	last            time.Time
	now             int
	locked          time.Time
	served, refused int
	early           int // requests during a lock
}

func (q *quotaServer) RoundTrip(*http.Request) (*http.Response, error) {
	q.mu.Lock()
	now := time.Now()
	if q.last.IsZero() {
		q.tokens = q.rate
	} else {
		q.tokens = min(q.rate, q.tokens+q.rate*now.Sub(q.last).Seconds())
	}
	q.last = now
	if now.Before(q.locked) {
		q.early++
	}
	wait := fmt.Sprint(q.retryAfter.Seconds())
	if q.tokens < 1 || now.Before(q.locked) {
		q.refused++
		q.locked = now.Add(q.retryAfter)
		q.mu.Unlock()
		return reply(429, "", "Retry-After", wait), nil
	}
	if q.inFlight > 0 && q.now >= q.inFlight {
		q.refused++
		q.mu.Unlock()
		return reply(429, "maximum number of concurrent requests", "Retry-After", "1"), nil
	}
	q.tokens--
	q.now++
	q.mu.Unlock()
	time.Sleep(q.latency)
	q.mu.Lock()
	q.now--
	q.served++
	q.mu.Unlock()
	return reply(200, "{}"), nil
}

// load keeps n callers busy for d.
func load(t *testing.T, s *Stack, n int, d time.Duration, classify Classifier) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for ctx.Err() == nil {
				_, _ = s.Invoke(ctx, nil, Command{Cmdlet: "Get-OrganizationConfig"}, classify)
			}
		})
	}
	wg.Wait()
}

// What a service allows is used, and little of what is sent is refused.
func TestLimiterFindsTheRate(t *testing.T) {
	for retryAfter, want := range map[time.Duration]float64{time.Second: 0.85, 10 * time.Second: 0.85, 30 * time.Second: 0.79} {
		t.Run(retryAfter.String(), func(t *testing.T) {
			used, refused := sustained(t, lockOut, retryAfter, 20*time.Minute)
			t.Logf("used %.1f %% of what is allowed, refused %.2f %%", 100*used, 100*refused)
			if used < want || refused > 0.05 {
				t.Errorf("used %.1f %%, refused %.2f %%; want at least %.0f and at most 5", 100*used, 100*refused, 100*want)
			}
		})
	}
}

func TestLimiterFindsTheConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &quotaServer{rate: 1000, inFlight: 8, latency: 600 * time.Millisecond}
		s := stack(t, cloud(t), q.RoundTrip)
		load(t, s, 64, 20*time.Minute, func(r *Response) Outcome {
			o, _ := Common(r)
			o.Concurrency = r.Status == 429
			return o
		})
		share := float64(q.served) / (8 / 0.6 * 60 * 20)
		refused := float64(q.refused) / float64(q.served+q.refused)
		t.Logf("served %.1f %% of what is allowed, refused %.2f %%", 100*share, 100*refused)
		if share < 0.8 || refused > 0.05 {
			t.Errorf("served %.1f %%, refused %.2f %%; want at least 80 and at most 5", 100*share, 100*refused)
		}
	})
}

// A limit that rises or falls is noticed. A rise shows at the next look for more, which comes after
// seven times the last Retry-After: more often would cost more than it finds.
func TestLimiterFollowsAChange(t *testing.T) {
	for _, c := range []struct {
		retryAfter time.Duration
		from, to   float64
		within     time.Duration
	}{
		{time.Second, 10, 40, 50 * time.Second}, {5 * time.Second, 10, 40, 80 * time.Second}, {10 * time.Second, 10, 40, 2 * time.Minute},
		{time.Second, 40, 10, 50 * time.Second}, {10 * time.Second, 40, 10, time.Minute},
	} {
		took, refused := follows(t, lockOut, c.retryAfter, 4*time.Minute, c.from, c.to)
		t.Logf("Retry-After %s, %v to %v: 85 %% after %s, refused %.2f %%", c.retryAfter, c.from, c.to, took, 100*refused)
		if took > c.within || refused > 0.05 {
			t.Errorf("Retry-After %s, %v to %v: 85 %% after %s, refused %.2f %%; want it within %s", c.retryAfter, c.from, c.to, took, 100*refused, c.within)
		}
	}
}

func TestCeilingsAreHard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		now, most, n := 0, 0, 0
		c := cloud(t)
		c.MaxConcurrency, c.RequestsPerSecond = 3, 5
		s := stack(t, c, func(*http.Request) (*http.Response, error) {
			mu.Lock()
			n++
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			now--
			mu.Unlock()
			return reply(200, "{}"), nil
		})
		load(t, s, 30, time.Minute, nil)
		if most > 3 {
			t.Errorf("%d in flight, want at most 3", most)
		}
		if n > 3*60+3 || n < 150 {
			t.Errorf("%d requests in a minute, want nearly 180", n)
		}
	})
}

func TestRateCeilingIsHard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		var mu sync.Mutex
		c := cloud(t)
		c.RequestsPerSecond = 5
		s := stack(t, c, func(*http.Request) (*http.Response, error) {
			mu.Lock()
			n++
			mu.Unlock()
			return reply(200, "{}"), nil
		})
		load(t, s, 30, time.Minute, nil)
		if n > 5*60+1 || n < 280 {
			t.Errorf("%d requests in a minute, want 300", n)
		}
	})
}

func TestDocumentedQuotas(t *testing.T) {
	for path, most := range map[string]float64{
		"/v1.0/auditLogs/signIns":                                          0.5,
		"/v1.0/reports/authenticationMethods/userRegistrationDetails":      0.5,
		"/v1.0/identity/conditionalAccess/policies":                        1,
		"/v1.0/servicePrincipals?$select=id,keyCredentials":                2.5,
		"/v1.0/applications?$select=id,KeyCredentials,passwordCredentials": 2.5,
	} {
		synctest.Test(t, func(t *testing.T) {
			n := 0
			var mu sync.Mutex
			s := stack(t, cloud(t), func(*http.Request) (*http.Response, error) {
				mu.Lock()
				n++
				mu.Unlock()
				return reply(200, "{}"), nil
			})
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
			defer cancel()
			var wg sync.WaitGroup
			for range 10 {
				wg.Go(func() {
					for ctx.Err() == nil {
						_, _ = s.Get(ctx, Request{Service: Graph, URL: mustURL(t, graphHost+path)})
					}
				})
			}
			wg.Wait()
			if got := float64(n) / 600; got > most || got < 0.8*most {
				t.Errorf("%s: %.3f per second, want nearly and at most %.3f", path, got, most)
			}
		})
	}
}

// A batch of ten costs ten invocations and one place in flight.
func TestBatchCostsItsItems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cloud(t)
		c.RequestsPerSecond = 10
		s := stack(t, c, func(*http.Request) (*http.Response, error) { return reply(200, "{}"), nil })
		var items []BatchItem
		for i := range 10 {
			items = append(items, BatchItem{ID: fmt.Sprint(i), Command: Command{Cmdlet: "Get-OrganizationConfig"}})
		}
		start := time.Now()
		for range 11 {
			if _, err := s.Batch(t.Context(), nil, items, nil); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took < 10*time.Second || took > 11*time.Second {
			t.Errorf("eleven batches of ten at ten a second took %s, want 10 s", took)
		}
	})
}

// Waiters leave in the order in which they came.
func TestFirstComeFirstServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var order []int
		l := newLimiter(Graph, Config{}, Policy{}.filled())
		defer l.end()
		q := quota{rate: 1, ceiling: 1, inFlight: 1}
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				p, _, err := l.acquire(t.Context(), "b", q, 1, time.Hour)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
				l.release(p)
			})
			synctest.Wait()
		}
		wg.Wait()
		for i, got := range order {
			if i != got {
				t.Fatalf("order %v", order)
			}
		}
	})
}

// A demo of 250 mailboxes needs about 3,500 invocations and must not be held back.
func TestLoopbackPolicyIsFast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cloud(t)
		c.Policy = LoopbackPolicy()
		s := stack(t, c, func(*http.Request) (*http.Response, error) { return reply(200, "{}"), nil })
		start := time.Now()
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				for range 70 {
					_, _ = s.Invoke(t.Context(), nil, Command{Cmdlet: "Get-OrganizationConfig"}, nil)
				}
			})
		}
		wg.Wait()
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("3,500 invocations took %s", took)
		}
	})
}

func TestHints(t *testing.T) {
	for _, tt := range []struct {
		header []string
		want   hints
	}{
		{nil, hints{}},
		{[]string{"x-ms-throttle-limit-percentage", "0.79"}, hints{}},
		{[]string{"x-ms-throttle-limit-percentage", "0.8"}, hints{hold: true}},
		{[]string{"x-ms-throttle-limit-percentage", "1.2"}, hints{hold: true, slow: true}},
		{[]string{"Rate-Limit-Limit", "30000", "Rate-Limit-Remaining", "29997"}, hints{}},
		{[]string{"Rate-Limit-Limit", "30000", "Rate-Limit-Remaining", "1499"}, hints{hold: true}},
		{[]string{"Rate-Limit-Limit", "0", "Rate-Limit-Remaining", "0"}, hints{}},
		{[]string{"Rate-Limit-Limit", "many", "Rate-Limit-Remaining", "0"}, hints{}},
	} {
		if got := hintsOf(reply(200, "", tt.header...).Header); got != tt.want {
			t.Errorf("%v: %+v, want %+v", tt.header, got, tt.want)
		}
	}
	b := newBucket("", quota{rate: 20, inFlight: 8})
	now := time.Now()
	b.succeed(now, now, 1, hints{hold: true, slow: true})
	if b.rate != 16 {
		t.Errorf("rate %v after a hint at the limit, want a fifth less than 20", b.rate)
	}
	b.succeed(now.Add(time.Millisecond), now, 1, hints{hold: true, slow: true})
	if b.rate != 16 {
		t.Errorf("rate %v: answers of one moment count once", b.rate)
	}
}

// The rules, one refusal each.
func TestRefusalRules(t *testing.T) {
	start := time.Now()
	steady := func() *bucket {
		b := newBucket("", quota{rate: 20, inFlight: 8})
		b.advance(start)
		b.refuse(start, start, time.Second, false)
		return b
	}
	b := steady()
	if b.base != 10 || b.rate != 10 {
		t.Errorf("first refusal with nothing proved: base %v, rate %v; want half of 20", b.base, b.rate)
	}
	reopened := b.closedUntil
	b.refuse(start.Add(time.Millisecond), start, time.Second, false)
	if b.base != 10 {
		t.Errorf("refusal of one under way: base %v, want 10 still", b.base)
	}
	b.refuse(reopened.Add(500*time.Millisecond), start, 3*time.Second, false)
	if b.base != 10 || b.waitFactor != 1 {
		t.Errorf("late refusal of one under way: base %v, factor %d; want 10 and 1", b.base, b.waitFactor)
	}

	b = steady()
	at := b.closedUntil.Add(500 * time.Millisecond)
	b.refuse(at, at, time.Second, false)
	if b.base != 10 || b.closedUntil.Sub(at) < 2*time.Second {
		t.Errorf("refused at once: base %v, closed for %s; want 10 and twice the time", b.base, b.closedUntil.Sub(at))
	}
	for range 10 {
		at = b.closedUntil.Add(time.Millisecond)
		b.refuse(at, at, time.Second, false)
	}
	if d := b.closedUntil.Sub(at); d < 16*time.Second || d > 18*time.Second {
		t.Errorf("closed for %s after many; want sixteen times the time", d)
	}

	// Served before the refusal half a second after reopening: the service is back, the rate is
	// too high. It did not hold at the base that the search had found, so more of it was savings
	// than a second's worth: ten in half a second and two.
	b = steady()
	at = b.closedUntil.Add(500 * time.Millisecond)
	b.succeed(at, b.closedUntil.Add(-time.Second), 5, hints{}) // from before the pause: proves nothing
	b.succeed(at, at, 10, hints{})
	b.refuse(at, at, time.Second, false)
	if got := b.base; got != 4 || b.waitFactor != 1 {
		t.Errorf("refused after ten answers: base %v, factor %d; want 4 and 1", got, b.waitFactor)
	}
	b = steady()
	at = b.closedUntil.Add(5 * time.Second)
	b.succeed(at, at, 39, hints{})
	b.saves, b.untried = 8*time.Second, false
	b.refuse(at, at, time.Second, false)
	if got := b.base; got != 3 {
		t.Errorf("refused soon: base %v, want 39 in thirteen seconds", got)
	}
	b = steady()
	at = b.closedUntil.Add(20 * time.Second)
	b.refuse(at, at, time.Second, false)
	if got := b.base; got != 9 {
		t.Errorf("refused after 20 s: base %v, want a tenth off 10", got)
	}
	b = steady()
	at = b.closedUntil.Add(10 * time.Minute)
	b.refuse(at, at, time.Second, false)
	if got := b.base; got != 9.5 {
		t.Errorf("refused after ten minutes: base %v, want a twentieth off 10", got)
	}

	b = newBucket("", quota{rate: 20, inFlight: 8})
	b.advance(start)
	b.inFlight = 6
	b.refuse(start, start, time.Second, true)
	if b.rate != 20 || b.flight != 5 {
		t.Errorf("too many in flight: rate %v, in flight %d; want 20 and 5", b.rate, b.flight)
	}

	b = newBucket("", quota{rate: 20, inFlight: 8})
	for i, want := range []time.Duration{2, 4, 8, 16, 32, 60, 60} {
		at := later(start, b.closedUntil).Add(20 * time.Second)
		b.refuse(at, at, 0, false)
		if d := b.closedUntil.Sub(at); d < want*time.Second || d > want*time.Second*11/10+1 {
			t.Errorf("refusal %d without a time: closed for %s, want %d s and up to a tenth", i, d, want)
		}
	}
}
