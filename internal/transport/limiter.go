package transport

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// limiter paces the requests of one service. Each quota is a bucket with a rate and
// a number in flight of its own; ceilings that a person has set hold for all of them
// together. Waiters of a bucket go in the order in which they came. Nobody polls:
// pump grants what can be granted and sets one timer for the next moment at which
// more could be.
type limiter struct {
	service     Service
	maxInFlight int     // 0: none
	maxRate     float64 // per second; 0: none
	budget      time.Duration
	onWait      func(Wait)

	mu       sync.Mutex
	buckets  map[string]*bucket
	order    []*bucket
	inFlight int
	next     time.Time // when maxRate lets the next one go
	timer    *time.Timer
	ended    bool
	empty    chan struct{} // not nil: nothing more is let out; closed when nothing is under way
	told     []Wait        // to be reported once mu is free
}

// permit is the right to send one request.
type permit struct {
	b       *bucket
	granted time.Time
	cost    float64
	done    bool
}

// waiter is a request that waits for its permit.
type waiter struct {
	cost   float64
	ready  chan struct{}
	permit *permit
	err    error
	// closedBefore is how long the bucket had been closed, past and planned, when the
	// waiter came; what is added since is waiting for throttling.
	closedBefore time.Duration
	budget       time.Duration
	blocked      time.Duration // that difference when the permit was granted
}

func newLimiter(service Service, c Config, p Policy) *limiter {
	return &limiter{
		service: service, maxInFlight: c.MaxConcurrency, maxRate: c.RequestsPerSecond,
		budget: p.UnitBudget, onWait: c.OnWait, buckets: map[string]*bucket{},
	}
}

// bucket returns the bucket of that name, made at need from what is known of its quota.
func (l *limiter) bucket(name string, start quota) *bucket {
	b := l.buckets[name]
	if b == nil {
		b = newBucket(name, start)
		l.buckets[name] = b
		l.order = append(l.order, b)
	}
	return b
}

// acquire waits until a request of that cost may leave. It returns how long the
// bucket was closed meanwhile, and an error that wraps ErrThrottled when that would
// exceed budget.
func (l *limiter) acquire(ctx context.Context, name string, start quota, cost int, budget time.Duration) (*permit, time.Duration, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	w := &waiter{cost: float64(cost), ready: make(chan struct{}), budget: budget}
	l.mu.Lock()
	b := l.bucket(name, start)
	now := time.Now()
	w.closedBefore = b.closedSum - max(b.closedUntil.Sub(now), 0)
	if err := l.refuseWaiter(b, w, now); err != nil {
		l.mu.Unlock()
		return nil, 0, err
	}
	b.queue = append(b.queue, w)
	l.pump(now)
	l.unlockAndTell()

	select {
	case <-w.ready:
	case <-ctx.Done():
		l.mu.Lock()
		i := slices.Index(b.queue, w)
		if i >= 0 {
			b.queue = slices.Delete(b.queue, i, i+1)
		} else if w.permit != nil {
			l.giveBack(w.permit)
		}
		l.pump(time.Now())
		l.unlockAndTell()
		return nil, 0, ctx.Err()
	}
	return w.permit, w.blocked, w.err
}

// refuseWaiter says why w need not wait: the pause is longer than it may take.
func (l *limiter) refuseWaiter(b *bucket, w *waiter, now time.Time) error {
	if l.ended {
		return fmt.Errorf("%w: the run has ended", context.Canceled)
	}
	over := b.closedSum-w.closedBefore > w.budget
	switch {
	case (over || b.spent(l.budget)) && now.Before(b.closedUntil):
		return fmt.Errorf("%w: closed until %s, longer than one call may wait", ErrThrottled, b.closedUntil.UTC().Format("2006-01-02 15:04:05Z"))
	case b.spent(l.budget):
		return fmt.Errorf("%w: nothing was let through for %s; nothing more is asked in this run", ErrThrottled, l.budget)
	case over:
		return fmt.Errorf("%w: waited %s in all", ErrThrottled, l.budget)
	}
	return nil
}

// release gives the place in flight back.
func (l *limiter) release(p *permit) {
	l.mu.Lock()
	l.giveBack(p)
	l.pump(time.Now())
	l.unlockAndTell()
}

// giveBack is release without waking anybody; mu is held.
func (l *limiter) giveBack(p *permit) {
	if !p.done {
		p.done = true
		p.b.inFlight--
		l.inFlight--
		if l.empty != nil && l.inFlight == 0 {
			close(l.empty)
		}
	}
}

// refused tells that the service would not answer now. p is nil for a batch item.
// after is what the service asked for; 0: nothing.
func (l *limiter) refused(name string, start quota, p *permit, after time.Duration, concurrency bool) {
	l.mu.Lock()
	now := time.Now()
	b := l.bucket(name, start)
	granted := now
	if p != nil {
		granted = p.granted
	}
	until := b.closedUntil
	b.refuse(now, granted, after, concurrency)
	if b.closedUntil.After(until) {
		l.tell(b, "throttled by "+string(l.service))
	}
	b.queue = slices.DeleteFunc(b.queue, func(w *waiter) bool {
		if err := l.refuseWaiter(b, w, now); err != nil {
			w.err = err
			close(w.ready)
			return true
		}
		return false
	})
	l.pump(now)
	l.unlockAndTell()
}

// succeeded tells that the service answered p.
func (l *limiter) succeeded(p *permit, h hints) {
	l.mu.Lock()
	now := time.Now()
	p.b.succeed(now, p.granted, p.cost, h)
	l.pump(now)
	l.unlockAndTell()
}

// retry books one retry against the bucket's budget of retries. When that is spent
// the bucket pauses.
func (l *limiter) retry(p *permit) {
	l.mu.Lock()
	now := time.Now()
	until := p.b.closedUntil
	p.b.bookRetry(now)
	if p.b.closedUntil.After(until) {
		l.tell(p.b, "too many failures of "+string(l.service))
	}
	l.pump(now)
	l.unlockAndTell()
}

// waitOpen waits until the bucket is open.
func (l *limiter) waitOpen(ctx context.Context, name string, start quota) error {
	for {
		l.mu.Lock()
		b := l.bucket(name, start)
		now := time.Now()
		err := l.refuseWaiter(b, &waiter{closedBefore: b.closedSum - max(b.closedUntil.Sub(now), 0), budget: l.budget}, now)
		left := b.closedUntil.Sub(now)
		l.mu.Unlock()
		if err != nil || left <= 0 {
			return err
		}
		if err := Pause(ctx, left); err != nil {
			return err
		}
	}
}

// pump grants what can be granted at now; mu is held.
func (l *limiter) pump(now time.Time) {
	var wake time.Time // the earliest moment at which more could go
	sooner := func(t time.Time) {
		if wake.IsZero() || t.Before(wake) {
			wake = t
		}
	}
	for _, b := range l.order {
		if b.announced && !now.Before(b.closedUntil) {
			b.announced = false
			l.told = append(l.told, Wait{Service: l.service, Bucket: b.name})
		} else if b.announced {
			sooner(b.closedUntil)
		}
	}
	// Buckets take turns, one grant each, so that none starves below a shared ceiling.
	for granted := l.empty == nil; granted; {
		granted = false
		for _, b := range l.order {
			if len(b.queue) == 0 {
				continue
			}
			if l.maxInFlight > 0 && l.inFlight >= l.maxInFlight {
				continue
			}
			if now.Before(l.next) {
				sooner(l.next)
				continue
			}
			at, ok := b.grantable(now)
			if !ok {
				if !at.IsZero() {
					sooner(at)
				}
				continue
			}
			w := b.queue[0]
			b.queue = b.queue[1:]
			w.permit, w.blocked = b.grant(now, w.cost), b.closedSum-w.closedBefore
			l.inFlight++
			if l.maxRate > 0 {
				l.next = later(l.next, now).Add(seconds(w.cost / l.maxRate))
			}
			close(w.ready)
			granted = true
		}
	}
	l.arm(now, wake)
}

// arm sets the one timer.
func (l *limiter) arm(now, wake time.Time) {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	if wake.IsZero() || l.ended {
		return
	}
	l.timer = time.AfterFunc(max(wake.Sub(now), 0), func() {
		l.mu.Lock()
		l.pump(time.Now())
		l.unlockAndTell()
	})
}

// tell notes that b is closed, for those pauses that a person would notice.
func (l *limiter) tell(b *bucket, reason string) {
	if time.Until(b.closedUntil) <= time.Second {
		return
	}
	b.announced = true
	l.told = append(l.told, Wait{Service: l.service, Bucket: b.name, Until: b.closedUntil, Reason: reason})
}

// unlockAndTell reports with mu free: whoever listens may call back.
func (l *limiter) unlockAndTell() {
	told := l.told
	l.told = nil
	l.mu.Unlock()
	if l.onWait == nil {
		return
	}
	for _, w := range told {
		l.onWait(w)
	}
}

// finish lets nothing out any more. The channel is closed when nothing is under way.
func (l *limiter) finish() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.empty == nil {
		l.empty = make(chan struct{})
		if l.inFlight == 0 {
			close(l.empty)
		}
	}
	return l.empty
}

// end fails everybody who waits and stops the timer.
func (l *limiter) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	for _, b := range l.order {
		for _, w := range b.queue {
			w.err = fmt.Errorf("%w: the run has ended", context.Canceled)
			close(w.ready)
		}
		b.queue = nil
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }
