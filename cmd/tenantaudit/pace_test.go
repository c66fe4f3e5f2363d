package main

import (
	"strings"
	"testing"
	"time"

	"tenantaudit/internal/collect"
	"tenantaudit/internal/exo"
	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/transport"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func TestPausesAreShown(t *testing.T) {
	var p pauses
	lines := func() string { return strings.Join(p.lines(noon), "; ") }
	p.note(transport.Wait{Service: transport.Exchange, Bucket: "admin", Until: noon.Add(250 * time.Second), Reason: "throttled by exchange"})
	if got, want := lines(), "throttled by Exchange, 4 m 10 s left"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	p.note(transport.Wait{Service: transport.Graph, Bucket: "directory", Until: noon.Add(30 * time.Second), Reason: "retry 3 of 6 after 503"})
	if got := lines(); strings.Contains(got, "Graph") {
		t.Errorf("the wait of one request is shown as a pause of the service: %q", got)
	}
	p.note(transport.Wait{Service: transport.Graph, Bucket: "directory", Until: noon.Add(20 * time.Minute), Reason: "throttled by graph"})
	p.note(transport.Wait{Service: transport.Graph, Bucket: "logs", Until: noon.Add(time.Minute), Reason: "throttled by graph"})
	if got, want := lines(), "throttled by Exchange, 4 m 10 s left; throttled by Graph, 20 m 0 s left, until 12:20 UTC"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	p.note(transport.Wait{Service: transport.Graph, Bucket: "directory"})
	p.note(transport.Wait{Service: transport.Exchange, Bucket: "admin"})
	if got, want := lines(), "throttled by Graph, 1 m 0 s left"; got != want {
		t.Errorf("after two pauses ended: %q, want %q", got, want)
	}
	if got := p.lines(noon.Add(time.Hour)); len(got) > 0 {
		t.Errorf("a pause that is over is shown: %q", got)
	}
}

// The estimate begins with the 200th mailbox of this run and follows the pace of the last minutes.
func TestTheEndIsEstimated(t *testing.T) {
	state := func(rules, permissions int64) []collect.Progress {
		return []collect.Progress{
			{Source: exo.SourceInboxRule, Done: rules, Total: 10_000}, {Source: exo.SourceMailboxPermission, Done: permissions, Total: 10_000},
			{Source: snapshot.Source("graph/users"), Done: 1, Total: 1},
		}
	}
	var p pace
	// A run that goes on begins with what is stored.
	for _, step := range []struct {
		after              time.Duration
		rules, permissions int64
		want               string
	}{
		{0, 4000, 4000, ""},
		{time.Minute, 4100, 4100, ""},                      // 100 mailboxes
		{2 * time.Minute, 4200, 4199, ""},                  // one short of 200
		{2*time.Minute + 1, 4200, 4200, "about 58 m left"}, // 400 units in two minutes, 11,600 to go
		{12 * time.Minute, 8100, 8100, "about 5 m left"},   // 7,800 more in ten minutes: 780 a minute, 3,800 to go
		{30 * time.Minute, 8100, 8100, ""},                 // nothing moved for longer than the window
		{31 * time.Minute, 9990, 9990, "less than a minute left"},
		{32 * time.Minute, 10_000, 10_000, ""},
	} {
		if got := p.estimate(state(step.rules, step.permissions), noon.Add(step.after)); got != step.want {
			t.Errorf("after %s: %q, want %q", step.after, got, step.want)
		}
	}
	if got := new(pace).estimate(nil, noon); got != "" {
		t.Errorf("an estimate from nothing: %q", got)
	}
}

func TestDurationsForPeople(t *testing.T) {
	for d, want := range map[time.Duration]string{time.Second: "1 s", 500 * time.Millisecond: "1 s", 59 * time.Second: "59 s", time.Minute: "1 m 0 s", time.Hour: "1 h 0 m", 3*time.Hour + 25*time.Minute + 59*time.Second: "3 h 25 m"} {
		if got := inWordsOf(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}
