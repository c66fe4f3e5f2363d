package requirements

import (
	"slices"

	"tenantaudit/internal/normalize"
	"tenantaudit/internal/snapshot"
)

// State is what can be expected of a source, a dataset or a check.
type State string

// The states, the worst last.
const (
	Works   State = "works"
	Unknown State = "unknown" // nobody can tell without reading; the audit tries
	Partly  State = "partly"
	Blind   State = "blind"
)

// Outlook folds what is known of the sources into the state of a dataset. A source that
// is not named counts as unknown.
func Outlook(set snapshot.Dataset, sources map[snapshot.Source]State) State {
	of := func(src snapshot.Source) State {
		if s, ok := sources[src]; ok {
			return s
		}
		return Unknown
	}
	if parts := normalize.PartsOf(set); len(parts) > 0 {
		return fold(parts, func(part snapshot.Dataset) State { return Outlook(part, sources) })
	}
	return resolved(set, made(set, of), sources)
}

// resolved lowers a dataset whose names could not be looked up. A list that is not named is
// not part of the run.
func resolved(set snapshot.Dataset, state State, sources map[snapshot.Source]State) State {
	lists, certain := normalize.Resolvers(set)
	for _, src := range lists {
		switch s, planned := sources[src]; {
		case s == Blind && certain:
			state = worse(state, Partly)
		case planned && s != Works:
			state = worse(state, Unknown)
		}
	}
	return state
}

// made is the state of what a dataset is made of.
func made(set snapshot.Dataset, of func(snapshot.Source) State) State {
	o, _ := normalize.OriginOf(set)
	if len(o.PerMailbox) == 0 {
		return fold(o.Listings, of)
	}
	// Each object needs all of them, and the list of objects.
	worst := Works
	for _, src := range append([]snapshot.Source{o.Objects}, o.PerMailbox...) {
		worst = worse(worst, of(src))
	}
	return worst
}

// fold is blind when all are, works when all do.
func fold[T ~string](list []T, of func(T) State) State {
	count := map[State]int{}
	for _, one := range list {
		count[of(one)]++
	}
	switch n := len(list); {
	case n == 0:
		return Unknown
	case count[Works] == n:
		return Works
	case count[Blind] == n:
		return Blind
	case count[Blind]+count[Partly] > 0:
		return Partly
	}
	return Unknown
}

func rank(s State) int { return slices.Index([]State{Works, Unknown, Partly, Blind}, s) }

func worse(a, b State) State {
	if rank(b) > rank(a) {
		return b
	}
	return a
}

// Verdict is what can be expected of a check: blind when the first dataset that it needs,
// whose objects it judges, cannot be read at all, or none of the others; partly when
// something of what it needs is missing. What it judges by counts too.
func Verdict(check Asker, sources map[snapshot.Source]State) State {
	verdict, blind := needed(check.Needs, sources), false
	for _, h := range hinges {
		if h.check != check.ID || sources[h.source] != Blind {
			continue
		}
		if blind = blind || h.certain; !h.certain {
			verdict = worse(verdict, Unknown)
		}
	}
	if blind {
		return Blind
	}
	return verdict
}

func needed(needs []snapshot.Dataset, sources map[snapshot.Source]State) State {
	verdict, blind := Works, 0
	for i, set := range needs {
		s := Outlook(set, sources)
		if s == Blind {
			blind++
			if i > 0 {
				s = Partly
			}
		}
		verdict = worse(verdict, s)
	}
	if blind > 0 && blind == len(needs) {
		return Blind
	}
	return verdict
}
