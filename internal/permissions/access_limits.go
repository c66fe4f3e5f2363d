package permissions

import (
	"cmp"
	"slices"
)

// limit is access that holds for the mailboxes in certain scopes.
type limit struct {
	restrict, except []scope // by name; the mailbox is in one of restrict and in none of except
	way              wide
	note             string
}

// inSet says that a mailbox is in a scope.
type inSet struct {
	box uint32
	set int32
}

// set names a scope by its group or mailbox; unknownSet when nobody knows who is in it.
func (c *answer) set(scopeID string) int32 {
	id := c.id(scopeID)
	if g := c.groups[id]; scopeID == "" || (g == nil || !g.known) && !c.isBox(id) {
		return unknownSet
	}
	return int32(id)
}

// isBox: a scope may name one mailbox in place of a group.
func (c *answer) isBox(id uint32) bool {
	n, ok := c.ownBox[id]
	return ok && !c.boxes[n].group
}

// boxesIn lists the mailboxes in a scope.
func (c *answer) boxesIn(set int32) []uint32 {
	g := c.groups[uint32(set)]
	if g == nil || !g.known {
		return []uint32{c.ownBox[uint32(set)]}
	}
	var out []uint32
	for _, l := range g.leaves {
		if n, ok := c.ownBox[l.who]; ok {
			out = append(out, n)
		}
	}
	return out
}

const whoIsUnknown = "who is in the scope is not known"

// bind limits an application's permission to what its access policies leave.
func (c *answer) bind(w wide, p *policy) {
	open, notes := []string{}, ""
	for _, d := range p.deny {
		open = append(open, d.name)
		if d.set == unknownSet {
			notes = join("; ", notes, "except members of "+d.name+", who are not known")
		}
	}
	except := ""
	for _, name := range slices.Compact(open) {
		except = join("; ", except, "except members of "+name)
	}
	if len(p.restrict) == 0 {
		c.everywhere = append(c.everywhere, bounded{w, scopeTenant, except})
		return
	}
	l := &limit{way: w, note: notes}
	for _, d := range p.deny {
		if d.set != unknownSet {
			l.except = append(l.except, d)
		}
	}
	for _, s := range p.restrict {
		if s.set == unknownSet {
			c.everywhere = append(c.everywhere, bounded{w, "members:" + s.name, join("; ", whoIsUnknown, except)})
			continue
		}
		l.restrict = append(l.restrict, s)
	}
	c.limit(l)
}

// scoped limits access to one scope; "" is the whole organisation.
func (c *answer) scoped(w wide, name, id string) {
	switch set := c.set(id); {
	case name == "" && id == "":
		c.everywhere = append(c.everywhere, bounded{w, scopeTenant, ""})
	case set == unknownSet:
		c.everywhere = append(c.everywhere, bounded{w, "members:" + name, whoIsUnknown})
	default:
		c.limit(&limit{restrict: []scope{{name, set}}, way: w})
	}
}

func (c *answer) limit(l *limit) {
	seen := map[int32]bool{}
	for _, s := range l.restrict {
		if !seen[s.set] {
			seen[s.set] = true
			c.limitsOf[s.set] = append(c.limitsOf[s.set], l)
		}
	}
	for _, s := range l.except {
		if _, known := c.limitsOf[s.set]; !known {
			c.limitsOf[s.set] = nil // nothing holds there, and who is there matters
		}
	}
}

// scopes notes which scopes each mailbox is in.
func (c *answer) scopes() {
	var pairs []inSet
	for set := range c.limitsOf {
		for _, box := range c.boxesIn(set) {
			pairs = append(pairs, inSet{box, set})
		}
	}
	slices.SortFunc(pairs, func(x, y inSet) int { return cmp.Or(cmp.Compare(x.box, y.box), cmp.Compare(x.set, y.set)) })
	c.within = newQueue(pairs, c.rank, func(p inSet) uint32 { return p.box })
}

// limited adds the access that holds for the mailbox because it is in a scope.
func (c *answer) limited(in []inSet) {
	if len(in) == 0 {
		return
	}
	inside := func(s scope) bool { return slices.ContainsFunc(in, func(p inSet) bool { return p.set == s.set }) }
	done := map[*limit]bool{}
	for _, p := range in {
		for _, l := range c.limitsOf[p.set] {
			if done[l] {
				continue
			}
			done[l] = true
			first := slices.IndexFunc(l.restrict, inside)
			if !slices.ContainsFunc(l.except, inside) {
				c.putWide(l.way, "members:"+l.restrict[first].name, l.note)
			}
		}
	}
}
