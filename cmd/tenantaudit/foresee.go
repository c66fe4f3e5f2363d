package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tenantaudit/internal/collect"
	"tenantaudit/internal/exo"
	"tenantaudit/internal/graph"
	"tenantaudit/internal/normalize"
	"tenantaudit/internal/requirements"
	"tenantaudit/internal/snapshot"
	"tenantaudit/reports"
)

// foresee is the preflight of a run: it says before anything is collected which checks will
// not see everything, and keeps the document in the snapshot. What it reads in full is the
// run's own, and is not asked for again.
//
// A run that goes on looks again only when something was denied, or when the earlier look was
// cut off before it knew: then at the rights of the identity, at what was denied and at what
// is not known. What can be read now is planned again; what is still
// denied is not asked for.
func (a *app) foresee(ctx context.Context, s *session, store *snapshot.Store, scope *scopeOptions, run *snapshot.Run) error {
	if scope.noPreflight {
		return nil
	}
	var before reports.Preflight
	known, err := store.Meta(ctx, normalize.PreflightKey, &before)
	if err != nil {
		return err
	}
	denied, err := deniedSources(ctx, store)
	if err != nil || known && len(denied) == 0 && before.Count(requirements.Unknown) == 0 {
		return err
	}
	if err := askRightsAgain(ctx, store, denied); err != nil {
		return err
	}
	p, err := s.look(ctx, store, scope, stillKnown(&before, denied))
	if err != nil {
		return err
	}
	run.Preflight = &snapshot.Outlook{Checks: len(p.Checks), Works: p.Count(requirements.Works), Partly: p.Count(requirements.Partly),
		Blind: p.Count(requirements.Blind), Unknown: p.Count(requirements.Unknown)}
	if err := store.SetMeta(ctx, normalize.PreflightKey, p); err != nil {
		return err
	}
	if err := store.SetMeta(ctx, "run", run); err != nil {
		return err
	}
	a.showOutlook(p)
	return a.planAgain(ctx, store, p, denied)
}

// deniedSources are the sources with units that were denied.
func deniedSources(ctx context.Context, store *snapshot.Store) (map[snapshot.Source]bool, error) {
	counts, err := store.Counts(ctx)
	if err != nil {
		return nil, err
	}
	out := map[snapshot.Source]bool{}
	for src, n := range counts {
		if n[snapshot.Denied] > 0 {
			out[src] = true
		}
	}
	return out, nil
}

// askRightsAgain plans anew what tells which rights the identity has, and what of the
// sources that a preflight reads in full was denied.
func askRightsAgain(ctx context.Context, store *snapshot.Store, denied map[snapshot.Source]bool) error {
	if len(denied) == 0 {
		return nil
	}
	for _, src := range read {
		states := []snapshot.State{snapshot.Denied}
		if src == graph.Me || src == exo.SourceModuleFile {
			states = append(states, snapshot.Complete)
		}
		if _, err := store.Reopen(ctx, src, states...); err != nil {
			return err
		}
	}
	return nil
}

// stillKnown is what an earlier preflight saw of Graph and need not ask again. What Exchange
// allows is in one list, which is read anew.
func stillKnown(before *reports.Preflight, denied map[snapshot.Source]bool) map[snapshot.Source]reports.PreflightSource {
	out := map[snapshot.Source]reports.PreflightSource{}
	for _, one := range before.Sources {
		src := snapshot.Source(one.Source)
		if collect.Service(src) == "graph" && !denied[src] && one.State != requirements.Unknown && !slices.Contains(read, src) {
			out[src] = one
		}
	}
	return out
}

// planAgain plans what was denied and can be read now.
func (a *app) planAgain(ctx context.Context, store *snapshot.Store, p *reports.Preflight, denied map[snapshot.Source]bool) error {
	for _, one := range p.Sources {
		src := snapshot.Source(one.Source)
		if !denied[src] || one.State != requirements.Works || slices.Contains(read, src) {
			continue
		}
		n, err := store.Reopen(ctx, src, snapshot.Denied)
		if err != nil {
			return err
		}
		a.log.Info("was denied and can be read now", "source", src, "units", n)
	}
	return nil
}

// outlookLines is how many checks the summary of the preflight names.
const outlookLines = 10

// showOutlook says on stderr what the preflight found, in short.
func (a *app) showOutlook(p *reports.Preflight) {
	lines := outlookOf(p)
	if a.logFormat == "json" {
		for _, line := range lines {
			a.log.Info("preflight", "says", line)
		}
		return
	}
	if !a.quiet {
		fmt.Fprintln(a.err, safe(strings.Join(lines, "\n")))
	}
}

// outlookOf is the summary: how many checks work, and the others one by one, the worst first.
func outlookOf(p *reports.Preflight) []string {
	counts := []string{fmt.Sprintf("%d work", p.Count(requirements.Works))}
	var rest []string
	for _, s := range []struct {
		state requirements.State
		word  string
	}{{requirements.Blind, "blind"}, {requirements.Partly, "partly"}, {requirements.Unknown, "not known"}} {
		for _, c := range p.Checks {
			if c.State == s.state {
				rest = append(rest, outlookLine(c, s.word))
			}
		}
	}
	for _, s := range []struct {
		state requirements.State
		word  string
	}{{requirements.Partly, "partly"}, {requirements.Blind, "blind"}, {requirements.Unknown, "not known"}} {
		if n := p.Count(s.state); n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, s.word))
		}
	}
	noun := "checks"
	if len(p.Checks) == 1 {
		noun = "check"
	}
	lines := []string{fmt.Sprintf("Preflight: %d %s: %s.", len(p.Checks), noun, strings.Join(counts, ", "))}
	lines = append(lines, rest[:min(len(rest), outlookLines)]...)
	if more := len(rest) - outlookLines; more > 0 {
		lines = append(lines, fmt.Sprintf("  … and %d more: run tenantaudit preflight", more))
	}
	return lines
}

// outlookLine is one check that will not see everything.
func outlookLine(c reports.PreflightCheck, word string) string {
	line := c.Check + ": " + word
	if len(c.Why) > 0 {
		line += ": " + shorten(c.Why[0])
	}
	if more := len(c.Why) - 1; more > 0 {
		line += fmt.Sprintf(" (and %d more)", more)
	}
	if c.Grant != "" {
		line += "; grant " + c.Grant
	}
	return "  " + strings.Join(strings.Fields(line), " ")
}

// shorten keeps a reason to a line; tenantaudit preflight has all of it.
func shorten(s string) string {
	const most = 120
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
