package normalize

import (
	"tenantaudit/internal/snapshot"
)

// tallyMailboxes counts mailboxes. What the sources say of one mailbox is folded
// into its worst state.
func (n *run) tallyMailboxes(t *tally, set snapshot.Dataset, o origin) error {
	list, known, err := n.mailboxList(o.needs)
	if err != nil {
		return err
	}
	units, err := n.mailboxUnits(o.perMailbox)
	if err != nil {
		return err
	}
	if units.whole != nil {
		known, list = false, *units.whole
	}
	var own []mailboxUnit
	for i, m := range n.mailboxes {
		if !n.countsFor(set, m) {
			continue
		}
		l := snapshot.Ledger{State: snapshot.Complete}
		switch seen, open := units.seen[i], units.open[i]; {
		case open != nil:
			l = *open
		case seen == 0 && known:
			l = snapshot.Ledger{State: snapshot.Planned}
		case seen == 0:
			l = list
			if l.State == snapshot.Complete || l.State == "" {
				l.State = snapshot.Planned
			}
		case set == snapshot.FolderPermissions && int(seen) < len(o.perMailbox):
			l.State = snapshot.Planned // folders listed, permissions not yet read
		}
		t.count(l)
		own = lacking(own, i, l)
	}
	n.noteMailboxGaps(set, t, own)
	if len(n.mailboxes) == 0 || !known && t.expected == 0 {
		if list.State != snapshot.Complete {
			t.count(list)
		}
	} else if !known && t.collected == t.expected {
		t.count(list) // the list of mailboxes itself is a part: nobody knows how many there are
	}
	outside := n.outside(set)
	for _, r := range outside {
		t.units.Outside += r.Count
	}
	t.reasons = append(append(t.reasons, outside...), n.strangers.reasons()...)
	return nil
}

// mailboxLedger is what several sources say of each mailbox, folded.
type mailboxLedger struct {
	seen  []uint8                  // by mailbox: how many of the sources have a unit of it
	open  map[int]*snapshot.Ledger // by mailbox: the worst that is not complete
	whole *snapshot.Ledger         // a source as a whole was refused: the cmdlet is not available to this identity
}

func (n *run) mailboxUnits(sources []snapshot.Source) (mailboxLedger, error) {
	out := mailboxLedger{seen: make([]uint8, len(n.mailboxes)), open: map[int]*snapshot.Ledger{}}
	for _, src := range sources {
		for l, err := range n.store.EachUnit(n.ctx, src) {
			if err != nil {
				return out, err
			}
			if l.Unit.Key == "" {
				if l.State != snapshot.Complete && l.State != snapshot.Planned {
					out.whole = &l
				}
				continue
			}
			i, ok := n.byID[l.Unit.Key]
			if !ok {
				continue
			}
			out.seen[i]++
			if l.State == snapshot.Complete {
				continue
			}
			if w := out.open[i]; w == nil || rank(l.State) > rank(w.State) {
				out.open[i] = &l
			}
		}
	}
	return out, nil
}

// mailboxList is where the list of ordinary mailboxes stands.
func (n *run) mailboxList(src snapshot.Source) (list snapshot.Ledger, known bool, err error) {
	units, err := n.store.Units(n.ctx, src)
	if err != nil {
		return list, false, err
	}
	for _, u := range units {
		if u.Unit.Key == "" {
			return u, u.State == snapshot.Complete, nil
		}
	}
	return snapshot.Ledger{Unit: snapshot.UnitID{Source: src}, State: snapshot.Planned}, false, nil
}

// countsFor reports whether a mailbox is in the scope of a per-mailbox dataset.
func (n *run) countsFor(set snapshot.Dataset, m mailboxRef) bool {
	if m.inactive {
		return false
	}
	if set == snapshot.MailboxPermissions {
		return m.inPermissionScope
	}
	return m.inScope
}

// outside names the mailboxes that the dataset leaves out by its definition, with
// their number. They take nothing away from its completeness.
func (n *run) outside(set snapshot.Dataset) []snapshot.Reason {
	var out []snapshot.Reason
	for _, kind := range []string{"group", "inactive", "public-folder", "discovery", "other"} {
		count := n.outOfScope[kind]
		if count == 0 || kind == "discovery" && set == snapshot.MailboxPermissions {
			continue
		}
		out = append(out, snapshot.Outside(kind, count))
	}
	return out
}
