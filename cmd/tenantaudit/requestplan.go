package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"tenantaudit/internal/collect"
	"tenantaudit/internal/exo"
	"tenantaudit/internal/forecast"
	"tenantaudit/internal/graph"
	"tenantaudit/internal/normalize"
	"tenantaudit/internal/requirements"
	"tenantaudit/internal/snapshot"
	"tenantaudit/reports"
)

// In flight: what a run begins with, and what Exchange is known to allow.
const (
	leastInFlight = 4
	mostInFlight  = 8
	graphRate     = 20 // requests a second, to begin with
)

// showPlan says what the run would ask of this tenant, and ends. It reads the sizes: the
// list of mailboxes and of role groups, four counts, and the folders, rules and permissions
// of ten mailboxes, which also shows how fast the service answers. All of it stays in the
// snapshot, so that the run itself goes on from there.
func (a *app) showPlan(ctx context.Context, s *session, store *snapshot.Store, plan normalize.Plan, o *auditOptions) error {
	run, err := beginRun(ctx, store, plan, &o.scopeOptions)
	if err != nil {
		return err
	}
	var p forecast.Plan
	var seen exo.Sampled
	err = a.foresee(ctx, s, store, &o.scopeOptions, &run)
	if err == nil {
		p, seen, err = s.forecast(ctx, store, plan, &o.scopeOptions)
	}
	s.count(&run)
	if err := errors.Join(err, store.SetMeta(context.WithoutCancel(ctx), "run", run)); err != nil {
		return err
	}
	return a.printPlan(p, seen, o)
}

// forecast finds out the sizes and plans.
func (s *session) forecast(ctx context.Context, store *snapshot.Store, plan normalize.Plan, scope *scopeOptions) (p forecast.Plan, seen exo.Sampled, err error) {
	in := forecast.Input{Sizes: forecast.Sizes{Users: -1, Groups: -1, ServicePrincipals: -1, Applications: -1}, Sources: normalize.SourcesFor(scope.datasets()),
		Refused: map[snapshot.Source]string{}, Done: map[snapshot.Source]int64{}, Whole: map[snapshot.Source]bool{}}
	for _, c := range scope.chosen {
		in.Checks = append(in.Checks, forecast.Need{ID: c.ID, Sources: normalize.SourcesFor(normalize.WithParts(c.Datasets()))})
	}
	if err := refused(ctx, store, &in); err != nil {
		return p, seen, err
	}
	var first []collect.Step
	for _, step := range s.steps(store, plan, scope) {
		if step.Source == exo.SourceMailbox || step.Source == exo.SourceRoleGroup {
			first = append(first, step)
		}
	}
	if err := collect.Run(ctx, first, collect.Options{}); err != nil {
		return p, seen, err
	}
	if slices.Contains(in.Sources, exo.SourceMailbox) {
		if seen, err = exo.Sample(ctx, s.exo, s.collectOptions(plan, scope), store); err != nil {
			return p, seen, err
		}
	}
	z := &in.Sizes
	z.Mailboxes, z.Permission = int64(seen.Mailboxes), int64(seen.Permission)
	if seen.Looked > 0 {
		z.Folders = float64(seen.Folders) / float64(seen.Looked)
	}
	if seen.Ruled > 0 {
		z.Visible = float64(seen.Visible) / float64(seen.Ruled)
	}
	l, _, err := store.Unit(ctx, snapshot.UnitID{Source: exo.SourceMailbox})
	if err != nil {
		return p, seen, err
	}
	if z.AllRows = l.Rows; l.State != snapshot.Complete {
		z.AllRows, z.Mailboxes, z.Permission = -1, -1, -1
	}
	for path, into := range map[string]*int64{"users": &z.Users, "groups": &z.Groups, "servicePrincipals": &z.ServicePrincipals, "applications": &z.Applications} {
		src := snapshot.Source("graph/" + path)
		if _, no := in.Refused[src]; no || !slices.Contains(in.Sources, src) {
			continue
		}
		if n, err := s.graph.Count(ctx, path); err == nil {
			*into = n
		} else if ctx.Err() != nil {
			return p, seen, ctx.Err()
		}
	}
	if z.RoleGroups, err = s.roleGroups(ctx, store); err != nil {
		return p, seen, err
	}
	counts, err := store.Counts(ctx)
	if err != nil {
		return p, seen, err
	}
	for src, n := range counts {
		in.Done[src] = n[snapshot.Complete]
		in.Whole[src] = n[snapshot.Complete] == n.Total() && slices.Contains([]snapshot.Source{graph.Me, graph.Organization, graph.SubscribedSKUs, exo.SourceModuleFile, exo.SourceMailbox, exo.SourceRoleGroup}, src)
	}
	return forecast.Make(in), seen, nil
}

// refused notes the sources that the preflight saw denied: they are not asked for.
func refused(ctx context.Context, store *snapshot.Store, in *forecast.Input) error {
	var p reports.Preflight
	if _, err := store.Meta(ctx, normalize.PreflightKey, &p); err != nil {
		return err
	}
	for _, one := range p.Sources {
		if one.State == requirements.Blind {
			in.Refused[snapshot.Source(one.Source)] = "not asked: this identity may not read it"
		}
	}
	return nil
}

// roleGroups is how many role groups have members to ask for.
func (s *session) roleGroups(ctx context.Context, store *snapshot.Store) (n int64, err error) {
	for r, err := range store.Rows(ctx, exo.SourceRoleGroup) {
		if err != nil {
			return 0, err
		}
		if g, err := exo.DecodeRoleGroup(r.Row); err == nil && (g.Members == nil || len(g.Members) > 0) {
			n++
		}
	}
	return n, nil
}

func (a *app) printPlan(p forecast.Plan, seen exo.Sampled, o *auditOptions) error {
	var b strings.Builder
	fmt.Fprintf(&b, "REQUEST PLAN: %d mailboxes in scope", seen.Mailboxes)
	if seen.Looked > 0 {
		fmt.Fprintf(&b, ", %.1f folders each by a sample of %d", float64(seen.Folders)/float64(seen.Looked), seen.Looked)
	}
	b.WriteString("\n\n")
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "READS\tCALLS\tREQUESTS\tREMARK")
	for _, c := range p.Costs {
		reads := string(c.Source)
		if r, ok := requirements.Of(c.Source); ok {
			reads = r.Reads
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", cell(reads), about(c.About, c.Calls), about(c.About, c.Requests), cell(c.Note))
	}
	for _, of := range []struct{ service, name string }{{"exo", "Exchange Online"}, {"graph", "Microsoft Graph"}} {
		calls, requests, rough := p.Totals(of.service)
		fmt.Fprintf(w, "%s altogether\t%s\t%s\t\n", of.name, about(rough, calls), about(rough, requests))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	b.WriteString("\n" + howLong(p, seen) + "\n\n")
	t := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "CHECK\tEXCHANGE CALLS\tGRAPH REQUESTS\tSAVED WITHOUT IT")
	slices.SortStableFunc(p.Checks, func(x, y forecast.Check) int { return int(min(max(y.Exchange+y.Graph-x.Exchange-x.Graph, -1), 1)) })
	for _, c := range p.Checks {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\n", c.ID, c.Exchange, c.Graph, c.Alone)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(&b, "\nNothing was judged. What was read for this plan is kept in %s and not asked for again; go on with:\n  %s\n", o.out, strings.TrimSuffix(o.resumeCommand(!o.collectOnly), " --resume"))
	_, err := fmt.Fprint(a.out, safe(trimLines(b.String())))
	return err
}

func about(rough bool, n int64) string {
	if rough {
		return fmt.Sprintf("about %d", n)
	}
	return fmt.Sprint(n)
}

// howLong estimates how long it takes: from the rate that was observed, or not at all.
func howLong(p forecast.Plan, seen exo.Sampled) string {
	calls, _, _ := p.Totals("exo")
	_, requests, _ := p.Totals("graph")
	graphTime := time.Duration(float64(requests) / graphRate * float64(time.Second))
	if seen.Calls == 0 || seen.Took <= 0 {
		return fmt.Sprintf("Time: not known, no mailbox could be looked at. Microsoft Graph takes %s at %d requests a second, beside it.", inWordsOf(graphTime), graphRate)
	}
	each := seen.Took / time.Duration(seen.Calls)
	return fmt.Sprintf("Time: %s to %s for Exchange, at the %s a call that were observed and %d to %d requests under way; Microsoft Graph beside it, %s at %d requests a second.",
		inWordsOf(forecast.Time(calls, each, mostInFlight)), inWordsOf(forecast.Time(calls, each, leastInFlight)), each.Round(time.Millisecond), mostInFlight, leastInFlight,
		inWordsOf(graphTime), graphRate)
}
