package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"tenantaudit/internal/collect"
	"tenantaudit/internal/snapshot"
)

// display shows how far the collection is: redrawn lines on a terminal, one plain
// line a minute elsewhere.
type display struct {
	app      *app
	store    *snapshot.Store
	terminal bool
	width    int

	mu      sync.Mutex
	running map[snapshot.Source]bool
	lines   int // on the terminal now
	begun   time.Time
	pace    pace

	done    chan struct{}
	stopped sync.WaitGroup
}

// progress starts a display; its stop must be called.
func (a *app) progress(store *snapshot.Store) *display {
	d := &display{app: a, store: store, running: map[snapshot.Source]bool{}, done: make(chan struct{}), begun: time.Now()}
	if a.verbose {
		store.OnCommit(func(writes []snapshot.Write) {
			for _, w := range writes {
				rows := 0
				for _, p := range w.Pages {
					rows += p.Count
				}
				a.log.Debug("stored", "source", w.Unit.Source, "state", w.Result.State, "cause", w.Result.Cause, "rows", rows)
			}
		})
	}
	if a.quiet || a.noProgress {
		return d
	}
	every := time.Minute
	if f, ok := a.err.(*os.File); ok && term.IsTerminal(int(f.Fd())) && !a.verbose {
		d.terminal, every = true, 250*time.Millisecond
		if w, _, err := term.GetSize(int(f.Fd())); err == nil {
			d.width = w
		}
	}
	d.stopped.Add(1)
	go d.loop(every)
	return d
}

func (d *display) started(src snapshot.Source) { d.mark(src, true) }
func (d *display) ended(src snapshot.Source)   { d.mark(src, false) }

func (d *display) mark(src snapshot.Source, on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if on {
		d.running[src] = true
	} else {
		delete(d.running, src)
	}
}

func (d *display) loop(every time.Duration) {
	defer d.stopped.Done()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			d.draw()
		case <-d.done:
			if d.terminal {
				d.draw()
			}
			return
		}
	}
}

// stop ends the display and leaves the last state on the screen.
func (d *display) stop() {
	close(d.done)
	d.stopped.Wait()
}

func (d *display) draw() {
	d.mu.Lock()
	defer d.mu.Unlock()
	list, err := collect.ReadProgress(context.Background(), d.store, d.running)
	if err != nil {
		return // a display is never worth a failed run
	}
	var done, total, troubled int64
	var busy []string
	for _, p := range list {
		done, total, troubled = done+p.Done, total+p.Total, troubled+p.Troubled
		if p.Running {
			busy = append(busy, fmt.Sprintf("  %-38s %s %7d of %d", p.Source, bar(p.Done, p.Total), p.Done, p.Total))
		}
	}
	head := fmt.Sprintf("Reading: %d of %d units, %s", done, total, time.Since(d.begun).Round(time.Second))
	if troubled > 0 {
		head += fmt.Sprintf(", %d with a gap", troubled)
	}
	now := time.Now()
	if left := d.pace.estimate(list, now); left != "" {
		head += ", " + left
	}
	waiting := d.app.pauses.lines(now)
	if !d.terminal {
		fmt.Fprintln(d.app.err, strings.Join(append([]string{head}, waiting...), "; "))
		return
	}
	for i, w := range waiting {
		waiting[i] = "  " + w
	}
	busy = append(waiting, busy...)
	var b strings.Builder
	if d.lines > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", d.lines)
	}
	out := append([]string{head}, busy...)
	for _, line := range out {
		if d.width > 1 && len(line) >= d.width {
			line = line[:d.width-1]
		}
		b.WriteString("\x1b[2K" + line + "\n")
	}
	for range max(0, d.lines-len(out)) {
		b.WriteString("\x1b[2K\n")
	}
	if extra := d.lines - len(out); extra > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", extra)
	}
	d.lines = len(out)
	fmt.Fprint(d.app.err, b.String())
}

func bar(done, total int64) string {
	const width = 20
	filled := int64(0)
	if total > 0 {
		filled = done * width / total
	}
	return "[" + strings.Repeat("#", int(filled)) + strings.Repeat(".", int(width-filled)) + "]"
}
