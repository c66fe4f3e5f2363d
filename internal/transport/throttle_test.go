package transport

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"text/tabwriter"
	"time"
)

// quotaKind is how a simulated service enforces its limit.
type quotaKind string

const (
	lockOut quotaKind = "locks out"          // a bucket of one second; a refusal closes it for its Retry-After, early requests prolong that
	excess  quotaKind = "refuses the excess" // a bucket of one second; what is above it is refused, the rest served
	window  quotaKind = "counts by window"   // so many in each ten seconds, refused until the window ends
)

// throttled is a service that allows so many requests per second. It keeps when it
// served each, so that any stretch of time can be looked at afterwards.
type throttled struct {
	kind       quotaKind
	rate       float64
	retryAfter time.Duration
	latency    time.Duration

	mu      sync.Mutex
	tokens  float64
	last    time.Time
	locked  time.Time
	opened  time.Time // of the window
	inside  float64
	served  []time.Time
	refused []time.Time
}

func (s *throttled) RoundTrip(*http.Request) (*http.Response, error) {
	s.mu.Lock()
	now := time.Now()
	if after, refuse := s.refuse(now); refuse {
		s.refused = append(s.refused, now)
		s.mu.Unlock()
		return reply(429, "", "Retry-After", fmt.Sprint(after.Seconds())), nil
	}
	s.served = append(s.served, now)
	s.mu.Unlock()
	time.Sleep(s.latency)
	return reply(200, "{}"), nil
}

// refuse decides one request; mu is held.
func (s *throttled) refuse(now time.Time) (time.Duration, bool) {
	if s.kind == window {
		const span = 10 * time.Second
		if now.Sub(s.opened) >= span {
			s.opened, s.inside = now, 0
		}
		if s.inside >= s.rate*span.Seconds() {
			return s.retryAfter, true
		}
		s.inside++
		return 0, false
	}
	if s.last.IsZero() {
		s.tokens = s.rate
	}
	s.tokens, s.last = min(s.rate, s.tokens+s.rate*now.Sub(s.last).Seconds()), now
	if s.kind == lockOut && now.Before(s.locked) || s.tokens < 1 {
		s.locked = now.Add(s.retryAfter)
		return s.retryAfter, true
	}
	s.tokens--
	return 0, false
}

func (s *throttled) setRate(rate float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rate = rate
}

// between counts the times in [from, to).
func between(times []time.Time, from, to time.Time) int {
	i, _ := slices.BinarySearchFunc(times, from, time.Time.Compare)
	j, _ := slices.BinarySearchFunc(times, to, time.Time.Compare)
	return j - i
}

// sustained runs at a constant limit and returns the share of it that was used, and the
// share of the requests that was refused.
func sustained(t *testing.T, kind quotaKind, retryAfter, d time.Duration) (used, refused float64) {
	synctest.Test(t, func(t *testing.T) {
		s := &throttled{kind: kind, rate: 40, retryAfter: retryAfter, latency: 50 * time.Millisecond}
		st := stack(t, cloud(t), s.RoundTrip)
		load(t, st, 24, d, nil)
		used = float64(len(s.served)) / (s.rate * d.Seconds())
		refused = float64(len(s.refused)) / float64(len(s.served)+len(s.refused))
	})
	return used, refused
}

// follows runs at one limit for that long, changes it, and returns how long it took until
// 85 % of the new limit was used over ten seconds, and the share that was refused after the change.
func follows(t *testing.T, kind quotaKind, retryAfter, before time.Duration, from, to float64) (took time.Duration, refused float64) {
	synctest.Test(t, func(t *testing.T) {
		s := &throttled{kind: kind, rate: from, retryAfter: retryAfter, latency: 50 * time.Millisecond}
		st := stack(t, cloud(t), s.RoundTrip)
		load(t, st, 48, before, nil)
		s.setRate(to)
		changed := time.Now()
		const look, over = 6 * time.Minute, 10 * time.Second
		load(t, st, 48, look, nil)
		took = look
		for at := over; at < look; at += time.Second {
			n := float64(between(s.served, changed.Add(at-over), changed.Add(at)))
			if n >= 0.85*to*over.Seconds() && n <= 1.2*to*over.Seconds() {
				took = at
				break
			}
		}
		all := between(s.served, changed, changed.Add(look)) + between(s.refused, changed, changed.Add(look))
		refused = float64(between(s.refused, changed, changed.Add(look))) / float64(all)
	})
	return took, refused
}

// TestThrottlingFigures prints what make bench shows.
func TestThrottlingFigures(t *testing.T) {
	if os.Getenv("TENANTAUDIT_BENCH") == "" {
		t.Skip("figures for make bench: set TENANTAUDIT_BENCH")
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	kinds := []quotaKind{lockOut, excess, window}
	waits := []time.Duration{time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second}
	fmt.Fprintln(w, "SERVICE\tRETRY-AFTER\tUSED OF 40/S\tREFUSED\tRISE 10 TO 40/S: MEDIAN\tWORST\tREFUSED AFTER IT\tFALL 40 TO 10/S: MEDIAN\tWORST")
	for _, kind := range kinds {
		for _, wait := range waits {
			used, refused := sustained(t, kind, wait, 20*time.Minute)
			fmt.Fprintf(w, "%s\t%s\t%.1f %%\t%.2f %%", kind, wait, 100*used, 100*refused)
			for _, change := range [][2]float64{{10, 40}, {40, 10}} {
				var took []time.Duration
				var most float64
				for phase := range 5 {
					d, r := follows(t, kind, wait, 4*time.Minute+time.Duration(phase)*23*time.Second, change[0], change[1])
					took, most = append(took, d), max(most, r)
				}
				slices.Sort(took)
				fmt.Fprintf(w, "\t%s\t%s", took[len(took)/2], took[len(took)-1])
				if change[0] < change[1] {
					fmt.Fprintf(w, "\t%.2f %%", 100*most)
				}
			}
			fmt.Fprintln(w)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(os.Stdout, b.String())
}
