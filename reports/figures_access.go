package reports

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"tenantaudit/internal/snapshot"
)

// exposure is how many beside the owner reach one mailbox.
type exposure struct {
	ID, Address                     string
	Inside, Outside, Apps, InFolder int // as a whole, by who they are; single folders only
}

func (e exposure) total() int { return e.Inside + e.Outside + e.Apps + e.InFolder }

// reacher is somebody who reaches mailboxes as a whole.
type reacher struct {
	ID, Name, Address, Type string
	Mailboxes               int // single ones
	Every                   bool
}

// reachGraph is who reaches which mailbox as a whole. Edges hold positions in the two lists.
type reachGraph struct {
	Who       []reacher
	Mailboxes []reached
	Edges     [][2]int
	MoreWho   int // people beyond those of the list
	MoreBoxes int // mailboxes that those of the list reach, beyond theirs
}

// reached is a mailbox of the graph, with how many of the people of the graph reach it.
type reached struct {
	ID, Address string
	By          int
}

// sides of a principal: who they are to the tenant.
const (
	inside = iota
	outsider
	application
)

func sideOf(trusteeType string) int {
	switch trusteeType {
	case snapshot.TrusteeApplication:
		return application
	case snapshot.TrusteeUser, snapshot.TrusteeGroup, snapshot.TrusteeDefault, snapshot.TrusteeWellKnown:
		return inside
	}
	return outsider // guests, contacts, links; and who is not known is not taken for one of the house
}

// pairOf is a mailbox and somebody who reaches it as a whole, by their numbers.
type pairOf struct{ box, who uint32 }

// access counts who reaches whose mail. It keeps 8 bytes for each pair and the names of
// both sides, not the rows.
func (f *figures) access(ctx context.Context, m *model) error {
	var (
		who   []reacher
		at    = map[string]uint32{}
		boxes []exposure
		pairs []pairOf
	)
	const none, folder, whole = 0, 1, 2
	var last snapshot.AccessRow
	how := none
	flush := func() {
		if how == none {
			return
		}
		if len(boxes) == 0 || boxes[len(boxes)-1].ID != last.Mailbox {
			boxes = append(boxes, exposure{ID: last.Mailbox, Address: last.MailboxAddress})
		}
		box := &boxes[len(boxes)-1]
		if how == folder {
			box.InFolder++
			return
		}
		i, ok := at[last.Principal]
		if !ok {
			i = uint32(len(who))
			at[last.Principal] = i
			who = append(who, reacher{ID: last.Principal, Name: cmp.Or(last.PrincipalName, last.PrincipalAddress, last.Principal), Address: last.PrincipalAddress, Type: last.PrincipalType})
		}
		if last.Mailbox == snapshot.Everywhere {
			who[i].Every = true
		} else {
			who[i].Mailboxes++
		}
		pairs = append(pairs, pairOf{uint32(len(boxes) - 1), i})
		switch sideOf(last.PrincipalType) {
		case inside:
			box.Inside++
		case application:
			box.Apps++
		default:
			box.Outside++
		}
	}
	// Rows come by mailbox, then by principal: the ways of one pair follow each other.
	err := each(ctx, m, snapshot.EffectiveAccess, func(r snapshot.AccessRow) {
		if r.Mailbox != last.Mailbox || r.Principal != last.Principal {
			flush()
			how = none
		}
		last = r
		if r.Capability == snapshot.CanRead || r.Capability == snapshot.CanChange || r.Capability == snapshot.CanReceive {
			if strings.HasPrefix(r.Scope, "folder:") {
				how = max(how, folder)
			} else {
				how = whole
			}
		}
	})
	if err != nil {
		return err
	}
	flush()
	f.graph(who, boxes, pairs)
	order := slices.DeleteFunc(slices.Clone(boxes), func(e exposure) bool { return e.ID == snapshot.Everywhere })
	slices.SortStableFunc(order, func(a, b exposure) int {
		return cmp.Or(cmp.Compare(b.total(), a.total()), cmp.Compare(a.Address, b.Address), cmp.Compare(a.ID, b.ID))
	})
	f.open, f.exposed = len(order), slices.Clone(order[:min(exposedMost, len(order))])
	slices.SortStableFunc(who, compareReach)
	f.people = who
	return nil
}

// compareReach puts those first who reach every mailbox, then those who reach most.
func compareReach(a, b reacher) int {
	every := func(r reacher) int {
		if r.Every {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(every(a), every(b)), cmp.Compare(b.Mailboxes, a.Mailboxes), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
}

// graph keeps those who reach most, and of their mailboxes those that most of them reach.
func (f *figures) graph(who []reacher, boxes []exposure, pairs []pairOf) {
	order := make([]uint32, len(who))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortStableFunc(order, func(a, b uint32) int { return compareReach(who[a], who[b]) })
	place := map[uint32]int{}
	for _, i := range order[:min(sideMost, len(order))] {
		place[i] = len(f.reach.Who)
		f.reach.Who = append(f.reach.Who, who[i])
	}
	f.reach.MoreWho = len(who) - len(f.reach.Who)
	by := map[uint32]int{}
	for _, p := range pairs {
		if _, ok := place[p.who]; ok {
			by[p.box]++
		}
	}
	found := slices.Collect(maps.Keys(by))
	slices.SortFunc(found, func(a, b uint32) int {
		every := func(i uint32) int {
			if boxes[i].ID == snapshot.Everywhere {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(every(a), every(b)), cmp.Compare(by[b], by[a]), cmp.Compare(boxes[a].Address, boxes[b].Address), cmp.Compare(boxes[a].ID, boxes[b].ID))
	})
	row := map[uint32]int{}
	for _, i := range found[:min(sideMost, len(found))] {
		row[i] = len(f.reach.Mailboxes)
		f.reach.Mailboxes = append(f.reach.Mailboxes, reached{boxes[i].ID, boxes[i].Address, by[i]})
	}
	f.reach.MoreBoxes = len(found) - len(f.reach.Mailboxes)
	for _, p := range pairs {
		w, ok := place[p.who]
		b, shown := row[p.box]
		if ok && shown {
			f.reach.Edges = append(f.reach.Edges, [2]int{w, b})
		}
	}
	slices.SortFunc(f.reach.Edges, func(a, b [2]int) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
}
