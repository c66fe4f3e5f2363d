package transport

import (
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The buckets that the services count apart. A Request without one gets the bucket
// that its path belongs to.
const (
	BucketReports           = "reports"           // Graph: audit logs and authentication method reports
	BucketConditionalAccess = "conditionalAccess" // Graph: shared by every application of the tenant
	BucketKeyCredentials    = "keyCredentials"    // Graph: lists that select keyCredentials
)

// quota is what is known of a limit before the first request.
type quota struct {
	rate     float64 // per second, to begin with
	ceiling  float64 // never above; 0: unknown, to be found
	inFlight int     // to begin with; the limit itself where a ceiling is known
}

// documented are the limits that Microsoft publishes, with a tenth taken off.
// Source: https://learn.microsoft.com/graph/throttling-limits
var documented = map[string]quota{
	BucketReports:           {rate: 0.45, ceiling: 0.47, inFlight: 1},
	BucketConditionalAccess: {rate: 0.9, ceiling: 0.9, inFlight: 1},
	BucketKeyCredentials:    {rate: 2.2, ceiling: 2.4, inFlight: 2},
}

// bucketOf names the quota that a Graph request counts against.
func bucketOf(u *url.URL) string {
	path := strings.ToLower(u.Path)
	switch {
	case strings.Contains(path, "/auditlogs/"), strings.Contains(path, "/reports/"):
		return BucketReports
	case strings.Contains(path, "/identity/conditionalaccess/"):
		return BucketConditionalAccess
	case strings.Contains(strings.ToLower(u.RawQuery), "keycredentials"):
		return BucketKeyCredentials
	}
	return ""
}

// The numbers of the search for an unknown limit. A refusal costs a whole
// Retry-After, so the limit is remembered once it is met, and only a small part of
// the time is spent on looking for more.
const (
	growEvery      = 2 * time.Second
	growBy         = 1.25
	flightEvery    = time.Second
	firstBase      = 0.7  // of the rate at the first refusal
	leastCut       = 0.95 // refused after a long time: hardly too fast
	mostCut        = 0.6  // refused soon after reopening
	leastLeft      = 0.25 // of the rate, whatever the count says
	leastFound     = 0.5  // of the rate at the first refusal
	leastSaves     = time.Second
	mostSaves      = 16 * time.Second
	hintCut        = 0.8
	early          = 10 * time.Second
	atOnce         = time.Second
	recovered      = 3 // answers since reopening that show that the service is back
	maxWaitFactor  = 16
	minQuiet       = 15 * time.Second
	maxQuiet       = 5 * time.Minute
	quietWaits     = 7 // quiet time is so many times the last wait
	quietPenalty   = 2 // after a refusal outside a probe
	probeEvery     = 3 * time.Second
	flightProbe    = 10 * time.Second
	probeKeeps     = 0.98 // of what a probe shows to be allowed, and at most of the refused rate
	keptSteps      = 16
	leastRate      = 0.2
	greatestRate   = 100_000
	greatestFlight = 64
	burst          = 100 * time.Millisecond // timers are coarser than high rates
	spread         = time.Second            // after reopening
	leastWait      = 500 * time.Millisecond
	silentWait     = 2 * time.Second // first wait when the service names none; doubles
	maxSilentWait  = time.Minute
	holdFor        = 2 * time.Second // after a hint that the limit is near
)

// probeSteps are by how much the rate grows with each step of a probe; the last repeats.
var probeSteps = []float64{1.05, 1.20, 1.50, 1.80}

// The budget of retries.
const (
	retryWindow = 1000 // requests
	retryFree   = 20
	retryShare  = 10 // one in ten
	retryPause  = time.Minute
	calmAfter   = 5 // successes, one at a time
)

// bucket is one quota. Its limiter's mutex guards it.
type bucket struct {
	name     string
	queue    []*waiter
	inFlight int
	ceiling  float64 // 0: unknown
	fixed    bool    // in flight is documented

	rate  float64 // what is let through now
	base  float64 // what is known to be let through; 0 until the first refusal
	next  time.Time
	grew  time.Time // last step of the search or of a probe
	tight bool      // somebody waited for the rate since grew

	flight      int // limit of requests in flight
	flightKnown bool
	flightGrew  time.Time
	flightTight bool

	probing   bool
	probed    bool // at least once
	probeStep int
	let       float64       // cost of all that was let through
	steps     []pace        // of the search or the probe under way
	saves     time.Duration // how long the service is taken to save up what is not used
	untried   bool          // base comes from a probe and has not been let through yet

	closedUntil   time.Time
	closedSum     time.Duration // of all closings, what is planned included
	closedAtOK    time.Duration // closedSum when the last request succeeded
	announced     bool
	refusedAt     time.Time // start of the last episode of refusals
	refusedUntil  time.Time // when that one was to end
	lastWait      time.Duration
	quietTimes    time.Duration
	answered      float64 // since the bucket opened again, by cost
	waitFactor    time.Duration
	silent        int // refusals in a row without a time
	holdUntil     time.Time
	granted       int64
	retries       []int64 // granted when each retry was booked
	cautious      bool
	cautiousCount int
}

func newBucket(name string, q quota) *bucket {
	b := &bucket{name: name, rate: q.rate, ceiling: q.ceiling, flight: max(q.inFlight, 1), waitFactor: 1, quietTimes: 1, saves: leastSaves}
	if q.ceiling > 0 {
		b.base, b.fixed, b.flightKnown = q.rate, true, true
	}
	return b
}

func (b *bucket) limitRate(rate float64) float64 {
	if b.ceiling > 0 {
		rate = min(rate, b.ceiling)
	}
	return max(min(rate, greatestRate), min(leastRate, b.rate))
}

// quiet is how long nothing must have been refused before more is tried.
func (b *bucket) quiet() time.Duration {
	if b.quietTimes == 0 {
		return minQuiet
	}
	return min(max(time.Duration(quietWaits*float64(b.lastWait)), minQuiet)*b.quietTimes, maxQuiet)
}

// advance moves the search for the limits on to now.
func (b *bucket) advance(now time.Time) {
	if b.grew.IsZero() {
		b.grew, b.flightGrew, b.steps = now, now, []pace{{now, b.let}}
	}
	if now.Before(b.closedUntil) {
		return
	}
	if now.Before(b.holdUntil) {
		b.grew, b.flightGrew = now, now
		return
	}
	b.advanceRate(now)
	b.advanceFlight(now)
}

func (b *bucket) advanceRate(now time.Time) {
	switch {
	case b.base == 0: // the limit is unknown
		if now.Sub(b.grew) < growEvery {
			return
		}
		if b.tight {
			b.rate = b.limitRate(b.rate * growBy)
			b.mark(now)
		}
		b.grew, b.tight = now, false
	case b.probing:
		if now.Sub(b.grew) < probeEvery {
			return
		}
		if b.tight {
			b.probeStep = min(b.probeStep+1, len(probeSteps)-1)
			b.rate = b.limitRate(b.rate * probeSteps[b.probeStep])
			b.mark(now)
		}
		b.grew, b.tight = now, false
		if b.ceiling > 0 && b.rate >= b.ceiling {
			b.base, b.probing = b.rate, false
		}
	default:
		if !b.tight || now.Sub(later(b.refusedUntil, b.grew)) < b.quiet() || b.ceiling > 0 && b.rate >= b.ceiling {
			return
		}
		b.probing, b.probed, b.probeStep, b.steps = true, true, 0, []pace{{now, b.let}}
		b.rate = b.limitRate(b.base * probeSteps[0])
		b.grew, b.tight = now, false
	}
}

func (b *bucket) advanceFlight(now time.Time) {
	if b.fixed || !b.flightTight || b.flight >= greatestFlight {
		return
	}
	since, need := now.Sub(b.flightGrew), flightEvery
	if b.flightKnown {
		need = flightProbe
		if now.Sub(b.refusedUntil) < b.quiet() {
			return
		}
	}
	if since >= need {
		b.flight++
		b.flightGrew, b.flightTight = now, false
	}
}

// grantable reports whether the first of the queue may leave at now, and if not when
// to ask again; the zero time means when a request has come back.
func (b *bucket) grantable(now time.Time) (time.Time, bool) {
	b.advance(now)
	switch {
	case now.Before(b.closedUntil):
		return b.closedUntil, false
	case b.cautious && b.inFlight > 0:
		return time.Time{}, false
	case b.inFlight >= b.flight:
		b.flightTight = true
		if b.fixed || b.flight >= greatestFlight {
			return time.Time{}, false
		}
		return now.Add(flightEvery), false
	case now.Before(b.next):
		b.tight = true
		return b.next, false
	}
	return time.Time{}, true
}

func (b *bucket) grant(now time.Time, cost float64) *permit {
	b.next = later(b.next, now.Add(-burst)).Add(seconds(cost / b.rate))
	if b.ceiling > 0 {
		// A documented quota has no room for bursts.
		b.next = later(b.next, now.Add(seconds(cost/b.rate)))
	}
	if since := now.Sub(b.refusedUntil); !b.refusedUntil.IsZero() && since < spread {
		// Everybody waited for the reopening; they leave one after the other.
		b.next = later(b.next, now.Add(spread/time.Duration(b.flight)))
	}
	b.inFlight++
	b.granted++
	b.let += cost
	return &permit{b: b, granted: now, cost: cost}
}

// close keeps the bucket shut until then.
func (b *bucket) close(now, until time.Time) {
	if until.After(b.closedUntil) {
		b.closedSum += until.Sub(later(now, b.closedUntil))
		b.closedUntil = until
	}
}

// spent reports whether the bucket has been closed for budget since its last success.
func (b *bucket) spent(budget time.Duration) bool { return b.closedSum-b.closedAtOK > budget }

// refuse books a refusal of a request that was granted at granted.
func (b *bucket) refuse(now, granted time.Time, after time.Duration, concurrency bool) {
	wait := max(after, leastWait)
	if after <= 0 {
		wait = min(silentWait<<min(b.silent, 6), maxSilentWait)
	}
	if now.Before(b.closedUntil) || !b.refusedAt.IsZero() && !granted.After(b.refusedAt) {
		// One of those that were under way when the first was refused: the same episode.
		b.close(now, now.Add(jitter(wait)))
		b.refusedUntil = b.closedUntil
		return
	}
	if after <= 0 {
		b.silent++
	}
	reopened := now.Sub(b.refusedUntil)
	first := b.refusedUntil.IsZero()
	if !first && reopened < atOnce && b.answered < recovered {
		// The service has not recovered: the rate is not what is wrong.
		b.waitFactor = min(b.waitFactor*2, maxWaitFactor)
	} else {
		b.waitFactor = 1
		b.learn(now, reopened, concurrency)
	}
	wait = jitter(wait * b.waitFactor)
	b.close(now, now.Add(wait))
	b.answered = 0
	b.refusedAt, b.refusedUntil, b.lastWait = now, b.closedUntil, wait
	b.next, b.grew, b.flightGrew, b.tight, b.flightTight = b.closedUntil, b.closedUntil, b.closedUntil, false, false
}

// learn takes a limit from a refusal.
func (b *bucket) learn(now time.Time, reopened time.Duration, concurrency bool) {
	b.quietTimes = quietPenalty
	if !b.probed {
		b.quietTimes = 1 // the first guess was wrong, which says nothing about the service
	}
	if concurrency {
		if !b.fixed {
			b.flight = max(min(b.flight, b.inFlight)-1, 1)
		}
		if b.flightKnown && now.Sub(b.flightGrew) < flightProbe {
			b.quietTimes = 1
		}
		b.flightKnown = true
		return
	}
	first := b.base == 0
	switch {
	case first:
		b.base, b.quietTimes = max(probeKeeps*min(b.proved(now), b.rate), leastFound*b.rate), 1
	case b.probing:
		// The old base stands in any case: nothing was refused at it for the whole quiet time.
		b.base = min(max(probeKeeps*b.proved(now), b.base), probeKeeps*b.rate)
		b.quietTimes = 1
	case reopened < early:
		if b.untried {
			b.saves = min(2*b.saves, mostSaves) // the probe lived on savings
		}
		b.base = min(mostCut*b.base, max(b.shown(b.answered, reopened), leastLeft*b.base))
		b.quietTimes = 0 // less than half may be what is allowed: look soon
	default:
		b.base *= min(1-2*time.Second.Seconds()/reopened.Seconds(), leastCut)
	}
	b.untried = b.probing || first
	b.probing = false
	b.base = b.limitRate(b.base)
	b.rate = b.base
}

// shown is the rate that a service has proved to allow which let so much through in that time. What it
// had saved up before is no part of its rate.
func (b *bucket) shown(let float64, took time.Duration) float64 {
	return let / (took + b.saves).Seconds()
}

// pace is when a search or a probe began to go at another rate, and what had been let through by then.
type pace struct {
	at  time.Time
	let float64
}

// mark begins a step. The latest are enough: an older one proves no higher rate.
func (b *bucket) mark(now time.Time) {
	if len(b.steps) == keptSteps {
		b.steps = slices.Delete(b.steps, 0, 1)
	}
	b.steps = append(b.steps, pace{now, b.let})
}

// proved is the highest rate that the steps until now have proved to be allowed.
func (b *bucket) proved(now time.Time) (rate float64) {
	for _, s := range b.steps {
		rate = max(rate, b.shown(b.let-s.let, now.Sub(s.at)))
	}
	return rate
}

// hints is what an answer says about how near the limit is.
type hints struct {
	hold bool // go no faster
	slow bool // go slower
}

// hintsOf reads x-ms-throttle-limit-percentage (1.0 is the limit) and the Rate-Limit headers.
func hintsOf(h http.Header) hints {
	var found hints
	if used, err := strconv.ParseFloat(h.Get("X-Ms-Throttle-Limit-Percentage"), 64); err == nil {
		found.hold, found.slow = used >= 0.8, used >= 1
	}
	left, err := strconv.ParseFloat(h.Get("Rate-Limit-Remaining"), 64)
	of, errOf := strconv.ParseFloat(h.Get("Rate-Limit-Limit"), 64)
	if err == nil && errOf == nil && of > 0 && left < of/20 {
		found.hold = true
	}
	return found
}

// succeed books an answer that was no refusal.
func (b *bucket) succeed(now, granted time.Time, cost float64, h hints) {
	b.silent = 0
	if !granted.Before(b.refusedUntil) {
		b.answered += cost
	}
	b.closedAtOK = b.closedSum - max(b.closedUntil.Sub(now), 0)
	if b.cautious {
		if b.cautiousCount++; b.cautiousCount >= calmAfter {
			b.cautious, b.retries = false, nil
		}
	}
	if h.slow && !now.Before(b.holdUntil) {
		b.rate = b.limitRate(b.rate * hintCut)
		b.base, b.probing = b.rate, false
	}
	if h.hold || h.slow {
		b.holdUntil = now.Add(holdFor)
	}
}

// bookRetry counts one retry. More than a tenth of the last thousand requests, and
// twenty besides, means that the service is ill and not the request.
func (b *bucket) bookRetry(now time.Time) {
	if now.Before(b.closedUntil) {
		return
	}
	kept := b.retries[:0]
	for _, at := range b.retries {
		if at > b.granted-retryWindow {
			kept = append(kept, at)
		}
	}
	b.retries = append(kept, b.granted)
	if b.cautious || int64(len(b.retries)) > retryFree+min(b.granted, retryWindow)/retryShare {
		b.close(now, now.Add(retryPause))
		b.cautious, b.cautiousCount = true, 0
	}
}

// jitter adds up to a tenth, so that clients that were refused together do not come
// back together.
func jitter(d time.Duration) time.Duration { return d + rand.N(d/10+1) }
