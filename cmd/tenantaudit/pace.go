package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"tenantaudit/internal/collect"
	"tenantaudit/internal/transport"
)

// pauses are the services that let nothing through for now.
type pauses struct {
	mu   sync.Mutex
	open map[string]transport.Wait // by service and bucket
}

// note keeps a pause, or forgets it when it has ended. The wait of a single request before its
// next try is no pause: the others go on.
func (p *pauses) note(w transport.Wait) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := string(w.Service) + " " + w.Bucket
	if w.Until.IsZero() {
		delete(p.open, key)
		return
	}
	if !strings.HasPrefix(w.Reason, "throttled") {
		return
	}
	if p.open == nil {
		p.open = map[string]transport.Wait{}
	}
	p.open[key] = w
}

// serviceNames are the services as people know them.
var serviceNames = map[transport.Service]string{transport.Graph: "Graph", transport.Exchange: "Exchange"}

// lines say what is waited for, one service a line, and until when where it is long.
func (p *pauses) lines(now time.Time) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	longest := map[transport.Service]time.Time{}
	for _, w := range p.open {
		if w.Until.After(now) && w.Until.After(longest[w.Service]) {
			longest[w.Service] = w.Until
		}
	}
	var out []string
	for _, service := range sortedKeys(longest) {
		until := longest[service]
		line := fmt.Sprintf("throttled by %s, %s left", cmp.Or(serviceNames[service], string(service)), inWordsOf(until.Sub(now)))
		if until.Sub(now) > 5*time.Minute {
			line += ", until " + until.UTC().Format("15:04") + " UTC"
		}
		out = append(out, line)
	}
	return out
}

// inWordsOf is a duration for people: "45 s", "4 m 10 s", "2 h 5 m".
func inWordsOf(d time.Duration) string {
	s := int64((d + time.Second - 1) / time.Second) // what is left is never shown as less
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%d m %d s", s/60, s%60)
	}
	return fmt.Sprintf("%d h %d m", s/3600, s%3600/60)
}

// The basis of an estimate: so many mailboxes read in this run, at the pace of the last minutes.
const (
	paceMailboxes = 200
	paceWindow    = 5 * time.Minute
)

// pace estimates when the mailboxes will have been read.
type pace struct {
	first   int64 // units that were done when this run began; -1: not known yet
	samples []paceSample
}

type paceSample struct {
	at   time.Time
	done int64
}

// estimate notes how far the sources of single mailboxes are and says how long the rest will
// take; "" as long as nothing can be said: before the first 200 mailboxes, or when nothing moves.
func (p *pace) estimate(list []collect.Progress, now time.Time) string {
	var done, total, sources int64
	for _, one := range list {
		if slices.Contains(perMailbox, one.Source) && one.Total > 1 {
			done, total, sources = done+one.Done, total+one.Total, sources+1
		}
	}
	if sources == 0 {
		return ""
	}
	if len(p.samples) == 0 {
		p.first = done
	}
	p.samples = append(p.samples, paceSample{now, done})
	// The newest sample that is older than the window stays, as the other end of it.
	for len(p.samples) > 2 && now.Sub(p.samples[1].at) >= paceWindow {
		p.samples = p.samples[1:]
	}
	oldest := p.samples[0]
	took, moved := now.Sub(oldest.at), done-oldest.done
	if done-p.first < paceMailboxes*sources || moved <= 0 || took < 10*time.Second || done >= total {
		return ""
	}
	left := time.Duration(float64(took) / float64(moved) * float64(total-done))
	switch {
	case left < time.Minute:
		return "less than a minute left"
	case left < time.Hour:
		return fmt.Sprintf("about %d m left", (left+30*time.Second)/time.Minute)
	case left < 100*time.Hour:
		left = left.Round(5 * time.Minute)
		return fmt.Sprintf("about %d h %d m left", left/time.Hour, left%time.Hour/time.Minute)
	}
	return "more than four days left"
}
