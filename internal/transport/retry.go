package transport

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"
)

// run makes attempts until one is answered for good. Every call is a read, so that
// repeating is safe.
func (s *Stack) run(ctx context.Context, c *call) (*Response, error) {
	svc := s.services[c.service]
	if svc == nil {
		return nil, s.fail(c, nil, Invalid, refuse("service %.32q is unknown", c.service))
	}
	// What the guard would refuse does not wait in a queue first.
	r, err := s.request(ctx, c)
	if err == nil {
		_, err = s.guard.decide(r, c.errand())
	}
	if err != nil {
		s.record(c, r, nil, time.Now(), "guard")
		return nil, s.fail(c, nil, Invalid, err)
	}
	if n := svc.failing.Load(); n >= endAfter {
		return nil, s.fail(c, nil, Transient, fmt.Errorf("%d calls in a row failed; nothing more is asked of %s in this run", n, c.service))
	}
	for {
		q := s.quota(c.service, c.bucket)
		p, waited, err := svc.limiter.acquire(ctx, c.bucket, q, c.cost, s.policy.UnitBudget-c.waited)
		c.waited += waited
		if err != nil {
			if p != nil {
				svc.limiter.release(p)
			}
			if c.lastErr != nil && errors.Is(err, ErrThrottled) {
				err = fmt.Errorf("%w; last answer: %w", err, c.lastErr)
			}
			return nil, s.fail(c, c.last, Throttled, err)
		}
		step := s.attempt(ctx, c, svc, p)
		svc.limiter.release(p)
		if step.pause > 0 {
			step.err = s.pause(ctx, c, step.pause, step.reason)
			if step.err != nil {
				return nil, s.fail(c, step.answer, Transient, step.err)
			}
		}
		if !step.again {
			return step.answer, step.err
		}
	}
}

// step is how a call goes on after an attempt.
type step struct {
	again  bool
	pause  time.Duration // before that
	reason string
	answer *Response
	err    error
}

// attempt makes one attempt and decides over it.
func (s *Stack) attempt(ctx context.Context, c *call, svc *service, p *permit) step {
	start := time.Now()
	r, err := s.request(ctx, c)
	if err != nil {
		s.record(c, r, nil, start, "guard")
		return step{err: s.fail(c, nil, Invalid, err)}
	}
	e := c.errand()
	answer, err := send(ctx, s.guard, r, e, limits{
		header: s.headerTimeout(c), stall: s.policy.BodyStall, body: s.policy.MaxBody, large: s.large,
		left: func() {
			c.attempts++
			svc.requests.Add(1)
			if c.attempts > 1 {
				svc.retries.Add(1)
			}
		},
	})
	c.last, c.lastErr = answer, nil
	if answer != nil {
		answer.Label, answer.Attempts = c.label, c.attempts
		s.note(answer)
	}
	switch {
	case err == nil:
	case ctx.Err() != nil:
		s.record(c, r, answer, start, "cancelled")
		return step{err: s.fail(c, answer, Transient, ctx.Err())}
	case errors.Is(err, ErrGuard):
		s.record(c, r, nil, start, "guard")
		return step{err: s.fail(c, nil, Invalid, err)}
	case errors.Is(err, ErrSignIn):
		s.record(c, r, nil, start, "sign-in")
		return step{err: s.fail(c, nil, Denied, err)}
	default:
		o := networkOutcome(r.URL.Host, err)
		s.record(c, r, answer, start, o.Verdict.String())
		return s.transientOrFailed(c, svc, p, answer, o)
	}
	if answer.Status >= 300 && answer.Status < 400 {
		s.record(c, r, answer, start, "redirect")
		return s.redirect(c, answer)
	}
	o := s.classify(c, answer)
	s.record(c, r, answer, start, o.Verdict.String())
	switch o.Verdict {
	case Throttled:
		return s.throttled(c, svc, p, answer, o)
	case Transient:
		return s.transientOrFailed(c, svc, p, answer, o)
	}
	svc.limiter.succeeded(p, hintsOf(answer.Header))
	svc.failing.Store(0)
	switch o.Verdict {
	case OK:
		return step{answer: answer}
	case Unauthorized:
		if c.renewed {
			return step{err: s.fail(c, answer, Denied, o.Err)}
		}
		c.renewed = true
		if err := s.guard.services[c.service].tokens.renew(ctx, e.used, o.Claims); err != nil {
			return step{err: s.fail(c, answer, Denied, err)}
		}
		return step{again: true}
	}
	return step{err: s.fail(c, answer, o.Verdict, o.Err)}
}

// classify asks the caller, and fills in what the headers say of a refusal.
func (s *Stack) classify(c *call, answer *Response) Outcome {
	if c.classify == nil {
		return byStatus(answer)
	}
	o := c.classify(answer)
	if o.Verdict == Throttled && o.RetryAfter == 0 {
		o.RetryAfter = RetryAfter(answer.Header)
	}
	if o.Verdict == Unauthorized && o.Claims == "" {
		o.Claims = Claims(answer.Header)
	}
	return o
}

// throttled books a refusal; the next attempt waits for the bucket to open.
func (s *Stack) throttled(c *call, svc *service, p *permit, answer *Response, o Outcome) step {
	c.throttles++
	c.lastErr = o.Err
	svc.throttled.Add(1)
	svc.limiter.refused(c.bucket, s.quota(c.service, c.bucket), p, o.RetryAfter, o.Concurrency)
	return step{again: true, answer: answer}
}

// transientOrFailed tries again after a random pause while tries are left.
func (s *Stack) transientOrFailed(c *call, svc *service, p *permit, answer *Response, o Outcome) step {
	if o.Verdict != Transient {
		return step{err: s.fail(c, answer, o.Verdict, o.Err)}
	}
	c.tries++
	most := s.policy.Attempts
	if o.MaxTries > 0 {
		most = min(most, o.MaxTries)
	}
	if c.tries >= most {
		svc.failing.Add(1)
		return step{err: s.fail(c, answer, Transient, o.Err)}
	}
	svc.limiter.retry(p)
	reason := fmt.Sprintf("retry %d of %d after no answer", c.tries, most-1)
	if answer != nil {
		reason = fmt.Sprintf("retry %d of %d after %d", c.tries, most-1, answer.Status)
	}
	return step{again: true, pause: s.delay(c.tries - 1), reason: reason, answer: answer}
}

// delay is a random time up to BaseDelay doubled n times: callers that failed
// together do not come back together.
func (s *Stack) delay(n int) time.Duration {
	most := s.policy.MaxDelay
	if n < 16 {
		most = min(most, s.policy.BaseDelay<<n)
	}
	least := min(s.policy.MinDelay, most)
	return least + rand.N(most-least+1)
}

// pause waits before a retry and says so where a person would notice.
func (s *Stack) pause(ctx context.Context, c *call, d time.Duration, reason string) error {
	if s.onWait != nil && d > time.Second {
		s.onWait(Wait{Service: c.service, Bucket: c.bucket, Until: time.Now().Add(d), Reason: reason})
		defer s.onWait(Wait{Service: c.service, Bucket: c.bucket})
	}
	return Pause(ctx, d)
}

// redirect follows the one redirect that is explained: to the tenant's region, which
// EXOModuleFile and EXOBanner name.
func (s *Stack) redirect(c *call, answer *Response) step {
	location := answer.Header.Get("Location")
	if c.service == Exchange && c.method == http.MethodGet && !c.redirected && answer.Status != http.StatusNotModified {
		if _, resource, ok := s.guard.exchangeResource(c.url.Path); ok && namesRegion(resource) {
			region, err := s.guard.services[Exchange].learn(location)
			if err != nil {
				return step{err: s.fail(c, answer, Invalid, err)}
			}
			c.redirected = true
			region.Path, region.RawPath, region.RawQuery = c.url.Path, c.url.RawPath, c.url.RawQuery
			c.url = region
			return step{again: true}
		}
	}
	host := "no host"
	if to, err := url.Parse(location); err == nil && to.Host != "" {
		host = "host " + to.Host
	}
	return step{err: s.fail(c, answer, Invalid, refuse("status %d, redirect to %.128s", answer.Status, host))}
}

// fail builds the error of a call.
func (s *Stack) fail(c *call, answer *Response, v Verdict, err error) error {
	f := &Failure{Label: c.label, Verdict: v, Attempts: c.attempts, Throttles: c.throttles, Err: err}
	if answer != nil {
		f.Status, f.RequestID = answer.Status, answer.RequestID
	}
	return f
}

// errand is what the guard is told of one attempt.
func (c *call) errand() *errand {
	e := &errand{service: c.service, items: c.items, batch: c.batch}
	if c.service == Exchange {
		e.session = c.session
	}
	return e
}

// note keeps the clock difference.
func (s *Stack) note(answer *Response) {
	if at, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		skew := answer.At.Sub(at)
		s.skew.Store(&skew)
	}
}

// record writes the line of one attempt to the request log.
func (s *Stack) record(c *call, r *http.Request, answer *Response, start time.Time, verdict string) {
	if s.log == nil {
		return
	}
	e := logEntry{
		Time: start.UTC(), Service: c.service, Method: c.method, Cmdlets: c.cmdlets(), Parameters: c.parameterNames(),
		DurationMS: time.Since(start).Milliseconds(), Verdict: verdict,
	}
	switch {
	case r != nil && r.URL != nil:
		e.URL = bare(r.URL)
	case c.url != nil:
		e.URL = bare(c.url)
	}
	if answer != nil {
		e.Status, e.Bytes, e.RequestID = answer.Status, len(answer.Body), escape(answer.RequestID)
	}
	s.log.write(e)
}
