package normalize

import (
	"tenantaudit/internal/exo"
	"tenantaudit/internal/snapshot"
)

// tallyMailboxes counts mailboxes. What the sources say of one mailbox is folded
// into its worst state.
func (n *run) tallyMailboxes(t *tally, set snapshot.Dataset, o origin) error {
	list, known, err := n.mailboxList(o.needs)
	if err != nil {
		return err
	}
	worst := map[string]snapshot.Ledger{}
	units := map[snapshot.Source]map[string]bool{}
	for _, src := range o.perMailbox {
		ledgers, err := n.store.Units(n.ctx, src)
		if err != nil {
			return err
		}
		units[src] = map[string]bool{}
		for _, l := range ledgers {
			if l.Unit.Key == "" { // the source as a whole: the cmdlet is not available to this identity
				if l.State != snapshot.Complete && l.State != snapshot.Planned {
					known, list = false, l
				}
				continue
			}
			units[src][l.Unit.Key] = true
			if w, ok := worst[l.Unit.Key]; !ok || rank(l.State) > rank(w.State) {
				worst[l.Unit.Key] = l
			}
		}
	}
	var own []mailboxUnit
	for i, m := range n.mailboxes {
		if !n.countsFor(set, m) {
			continue
		}
		l, ok := worst[m.id]
		switch {
		case !ok && known:
			l = snapshot.Ledger{State: snapshot.Planned}
		case !ok:
			l = list
			if l.State == snapshot.Complete || l.State == "" {
				l.State = snapshot.Planned
			}
		case l.State == snapshot.Complete && !n.everyNeeded(set, units, m.id):
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

// everyNeeded: a mailbox's folders count when their permissions were planned too.
func (n *run) everyNeeded(set snapshot.Dataset, units map[snapshot.Source]map[string]bool, mailbox string) bool {
	return set != snapshot.FolderPermissions || units["exo/Get-MailboxFolderPermission"][mailbox]
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
		return exo.InPermissionScope(m.raw)
	}
	return exo.InScope(m.raw)
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
