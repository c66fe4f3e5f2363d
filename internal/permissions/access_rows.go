package permissions

import (
	"cmp"
	"iter"
	"slices"

	"tenantaudit/internal/snapshot"
)

// answer is one computation over what an Access holds.
type answer struct {
	*Access
	rank []uint32 // of each box in the order of ids

	grants  queue[grant]
	marks   queue[folderMark]
	leaving queue[leaving]
	own     queue[delegated] // consents of single users
	within  queue[inSet]     // which scopes a mailbox is in

	limitsOf   map[int32][]*limit // by set
	everywhere []bounded

	// The mailbox at hand.
	box           uint32 // everywhereBox for all of them
	owner         uint32 // its user
	mailbox, mail string
	rows          []snapshot.AccessRow
}

// everywhereBox stands for all mailboxes.
const everywhereBox = ^uint32(0)

// queue hands out a list mailbox by mailbox. The list is sorted by the rank of the mailbox.
type queue[T any] struct {
	list []T
	of   func(T) uint32 // the box
}

func newQueue[T any](list []T, rank []uint32, of func(T) uint32) queue[T] {
	slices.SortFunc(list, func(x, y T) int { return cmp.Compare(rank[of(x)], rank[of(y)]) })
	return queue[T]{list, of}
}

// next returns what belongs to a mailbox; mailboxes are asked for in their order.
func (q *queue[T]) next(box uint32) []T {
	n := 0
	for n < len(q.list) && q.of(q.list[n]) == box {
		n++
	}
	out := q.list[:n]
	q.list = q.list[n:]
	return out
}

// Rows computes the rows, sorted by key and each key once. Rows of one mailbox are in
// memory at a time. Nothing may be added while they are read.
func (a *Access) Rows() iter.Seq[snapshot.AccessRow] {
	return func(yield func(snapshot.AccessRow) bool) {
		a.settle()
		c, order := a.begin()
		done := false
		for _, n := range order {
			// Every mailbox id is compared with "*": it has no fixed place.
			if !done && c.texts.Get(c.boxes[n].id) > snapshot.Everywhere {
				if done = true; !c.flush(everywhereBox, yield) {
					return
				}
			}
			if !c.flush(n, yield) {
				return
			}
		}
		if !done {
			c.flush(everywhereBox, yield)
		}
	}
}

// begin sorts everything by mailbox.
func (a *Access) begin() (*answer, []uint32) {
	order := make([]uint32, len(a.boxes))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(x, y uint32) int { return cmp.Compare(a.texts.Get(a.boxes[x].id), a.texts.Get(a.boxes[y].id)) })
	c := &answer{Access: a, rank: make([]uint32, len(order)), limitsOf: map[int32][]*limit{}}
	for i, n := range order {
		c.rank[n] = uint32(i)
	}
	c.grants = newQueue(a.grants, c.rank, func(g grant) uint32 { return g.box })
	c.marks = newQueue(a.read, c.rank, func(m folderMark) uint32 { return m.box })
	c.leaving = newQueue(a.leaving, c.rank, func(l leaving) uint32 { return l.box })
	c.applications()
	c.exchangeRoles()
	c.directoryRoles()
	c.transportRules()
	c.scopes()
	return c, order
}

// flush yields the rows of one mailbox, or of all.
func (c *answer) flush(box uint32, yield func(snapshot.AccessRow) bool) bool {
	c.box, c.rows = box, c.rows[:0]
	if box == everywhereBox {
		c.owner, c.mailbox, c.mail = 0, snapshot.Everywhere, ""
		for _, b := range c.everywhere {
			c.putWide(b.wide, b.scope, b.note)
		}
	} else {
		b := c.boxes[box]
		c.mailbox, c.mail = c.texts.Get(b.id), c.texts.Get(b.address)
		c.owner = c.id(c.mailbox)
		c.grantRows(c.grants.next(box), c.marks.next(box))
		c.limited(c.within.next(box))
		c.consents(c.own.next(box))
		c.contents(c.leaving.next(box))
	}
	slices.SortFunc(c.rows, compareRows)
	for i, r := range c.rows {
		if i > 0 && compareKeys(c.rows[i-1], r) == 0 {
			continue
		}
		if !yield(r) {
			return false
		}
	}
	return true
}

func compareKeys(x, y snapshot.AccessRow) int {
	return cmp.Or(cmp.Compare(x.Principal, y.Principal), cmp.Compare(x.Capability, y.Capability), cmp.Compare(x.Route, y.Route),
		cmp.Compare(x.Via, y.Via), cmp.Compare(x.Scope, y.Scope), cmp.Compare(x.Key, y.Key))
}

// compareRows orders rows of one key too, so that the same one stands every time.
func compareRows(x, y snapshot.AccessRow) int {
	return cmp.Or(compareKeys(x, y), cmp.Compare(x.Dataset, y.Dataset), cmp.Compare(x.Note, y.Note), cmp.Compare(x.Close, y.Close), cmp.Compare(x.PrincipalType, y.PrincipalType))
}

// holder is a principal that an entry reaches: the one it names, a member of the group
// that it names, or that group where it stands for its members.
type holder struct {
	who     uint32
	kind    kind
	group   uint32 // the id of the group through which; 0 for none
	members *int64 // of a group that stands for its members
	unknown bool   // a group whose members are not known
}

// holders yields who an entry reaches. of restricts the members of a group to one kind; 0: all.
func (a *Access) holders(who uint32, k, of kind) iter.Seq[holder] {
	return func(yield func(holder) bool) {
		if k != kindGroup {
			yield(holder{who: who, kind: k})
			return
		}
		g := a.groups[who]
		if g == nil || !g.known {
			yield(holder{who: who, kind: k, unknown: true})
			return
		}
		count := int64(len(g.leaves))
		if of != 0 {
			count = 0
			for _, l := range g.leaves {
				if l.kind == of {
					count++
				}
			}
		}
		if count > a.most || g.wide {
			yield(holder{who: who, kind: k, members: &count})
			return
		}
		for _, l := range g.leaves {
			if (of == 0 || l.kind == of) && !yield(holder{who: l.who, kind: l.kind, group: who}) {
				return
			}
		}
	}
}

// groupName is how a group is called in Via; "" for none.
func (a *Access) groupName(id uint32) string {
	if id == 0 {
		return ""
	}
	if g := a.groups[id]; g != nil && g.name != 0 {
		return a.texts.Get(g.name)
	}
	if p := a.people[id]; p.name != 0 {
		return a.texts.Get(p.name)
	}
	return a.texts.Get(id)
}

// way is how a principal gets at a mailbox.
type way struct {
	can, route, via, scope, note, close string
	dataset                             snapshot.Dataset
	key                                 string
}

// put adds a row. The owner of a mailbox needs none.
func (c *answer) put(h holder, w way) {
	if c.box != everywhereBox && h.who == c.owner {
		return
	}
	p := c.people[h.who]
	note := w.note
	if h.unknown {
		note = join("; ", note, "members could not be expanded")
	}
	c.rows = append(c.rows, snapshot.AccessRow{
		Mailbox: c.mailbox, MailboxAddress: c.mail, Principal: c.texts.Get(h.who),
		PrincipalName: cmp.Or(c.texts.Get(p.name), c.texts.Get(h.who)), PrincipalAddress: c.texts.Get(p.address), PrincipalType: kinds[h.kind],
		Capability: w.can, Route: w.route, Via: w.via, Scope: w.scope, Members: h.members, Note: note, Close: w.close,
		Dataset: string(w.dataset), Key: w.key,
	})
}

// join joins what is not empty.
func join(between string, parts ...string) string {
	out := ""
	for _, p := range parts {
		switch {
		case p == "":
		case out == "":
			out = p
		default:
			out += between + p
		}
	}
	return out
}
