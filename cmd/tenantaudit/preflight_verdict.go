package main

import (
	"regexp"
	"slices"
	"strings"

	"tenantaudit/checks"
	"tenantaudit/internal/exo"
	"tenantaudit/internal/normalize"
	"tenantaudit/internal/requirements"
	"tenantaudit/internal/snapshot"
	"tenantaudit/reports"
)

// verdict folds the sources into a check.
func (l *looker) verdict(c checks.Check) reports.PreflightCheck {
	states := map[snapshot.Source]requirements.State{}
	for src, one := range l.seen {
		states[src] = one.State
	}
	asker := requirements.Asker{ID: c.ID, Needs: c.Needs, Uses: c.Uses}
	out := reports.PreflightCheck{Check: c.ID, Title: c.Title, Severity: string(c.Severity), State: requirements.Verdict(asker, states), Why: []string{}, Notes: []string{}}
	needs := needed(c)
	var why, open []reports.PreflightSource
	var grants []string
	for _, src := range reads(c) {
		one, known := l.seen[src]
		switch {
		case !known:
		case one.State == requirements.Works && slices.Contains(needs, src), one.State != requirements.Works && out.State != requirements.Works && slices.Contains(needs, src):
			out.Notes = add(out.Notes, one.Note)
			if one.State == requirements.Works {
				continue
			}
			why = append(why, one)
			if strings.HasPrefix(one.Grant, "licence ") {
				grants = add(grants, one.Grant)
			}
		case one.State != requirements.Works && src != exo.SourceModuleFile:
			open = append(open, one)
		}
	}
	out.Why = append(out.Why, reasons(why)...)
	if out.State != requirements.Blind {
		for _, reads := range readsOf(open) {
			out.Notes = add(out.Notes, reads+" is not readable, which leaves names or details open.")
		}
	}
	if g := l.missing(needs, reads(c)); !g.Empty() && out.State != requirements.Works {
		grants = append([]string{g.String()}, grants...)
	}
	l.stop(c.ID, &out, &grants)
	out.Grant = strings.Join(grants, "; ")
	return out
}

// missing is the smallest grant for the needed sources. Where as many permissions would open all that
// the check reads, it is those: they are what the grant for the check names.
func (l *looker) missing(needed, all []snapshot.Source) requirements.Grant {
	g, more := requirements.Missing(l.held, l.notWorking(needed)), requirements.Missing(l.held, l.notWorking(all))
	if len(g.GraphPermissions) > 0 && len(more.GraphPermissions) == len(g.GraphPermissions) {
		g.GraphPermissions = more.GraphPermissions
	}
	return g
}

// needed are the sources without which a check is not known to judge everything.
func needed(c checks.Check) []snapshot.Source {
	out := append(normalize.SourcesOf(c.Needs), requirements.Hinges(c.ID)...)
	for _, set := range slices.Concat(c.Needs, parts(c.Needs)) {
		lists, _ := normalize.Resolvers(set)
		out = append(out, lists...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// reads are all sources that a check has to do with, sorted.
func reads(c checks.Check) []snapshot.Source {
	out := append(normalize.SourcesFor(c.Datasets()), needed(c)...)
	slices.Sort(out)
	return slices.Compact(out)
}

// parts are the datasets that computed ones among the sets are computed from.
func parts(sets []snapshot.Dataset) (out []snapshot.Dataset) {
	for _, set := range sets {
		out = append(out, normalize.PartsOf(set)...)
	}
	return out
}

// stop blinds a check that judges nothing without a licence that the tenant does not have.
func (l *looker) stop(check string, out *reports.PreflightCheck, grants *[]string) {
	for _, name := range requirements.Stops(check) {
		if l.licences[name] != licenceAbsent {
			continue
		}
		out.State, out.Notes = requirements.Blind, []string{}
		out.Why = append(out.Why, "the tenant has no "+name+", without which this check judges nothing")
		*grants = add(*grants, "licence "+name)
	}
}

// refusal is the status and code in what Graph answered.
var refusal = regexp.MustCompile(`denied: graph: (\d{3}(?: \w+)?)`)

// cannotRun begins the cause of a cmdlet that is not among those of the identity.
const cannotRun = "Exchange does not let this identity run "

// reasons say why sources cannot be read, those of one cause in one line.
func reasons(list []reports.PreflightSource) []string {
	var order []string
	reads := map[string][]string{}
	for _, one := range list {
		cause := firstNonEmpty(one.Cause, "not readable")
		exchange := one.Service == string(requirements.Exchange)
		code := refusal.FindStringSubmatch(cause)
		switch {
		case exchange && strings.HasPrefix(cause, cannotRun):
			cause = cannotRun + "%"
		case exchange:
		case len(code) == 2:
			cause = "Microsoft Graph refuses % (" + code[1] + ")"
		case !strings.HasPrefix(cause, one.Reads):
			cause = one.Reads + ": " + cause
		}
		order = add(order, cause)
		for _, r := range readsOf([]reports.PreflightSource{one}) {
			reads[cause] = add(reads[cause], r)
		}
	}
	for i, cause := range order {
		if strings.HasPrefix(cause, cannotRun) || strings.HasPrefix(cause, "Microsoft Graph refuses %") {
			order[i] = strings.Replace(cause, "%", strings.Join(reads[cause], ", "), 1)
		}
	}
	return order
}

// readsOf are the cmdlets and paths of sources, for people.
func readsOf(list []reports.PreflightSource) (out []string) {
	for _, one := range list {
		out = add(out, strings.TrimPrefix(one.Reads, "GET /v1.0"))
	}
	return out
}

// add appends a line that is not there yet.
func add(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
