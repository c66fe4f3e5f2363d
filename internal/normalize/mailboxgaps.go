package normalize

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"tenantaudit/internal/snapshot"
)

// mailboxUnit is a mailbox that was not read, or not to the end, and how that came.
type mailboxUnit struct {
	at int // among the mailboxes
	snapshot.Ledger
}

// lacking adds a mailbox to those that were not read. One that is gone, or was left out on
// purpose, lacks nothing.
func lacking(to []mailboxUnit, at int, l snapshot.Ledger) []mailboxUnit {
	switch l.State {
	case snapshot.Complete, snapshot.Gone, snapshot.Skipped:
		return to
	}
	return append(to, mailboxUnit{at, l})
}

// noteMailboxGaps keeps which mailboxes a dataset lacks. When it lacks them all, the dataset's
// own coverage says so, and a hundred thousand lines would say it no better.
func (n *run) noteMailboxGaps(set snapshot.Dataset, t *tally, units []mailboxUnit) {
	if t.collected == 0 {
		return
	}
	for _, u := range units {
		r := whyNot(u.Ledger)
		foresee(&r, n.said[u.Unit.Source])
		n.noteMailboxGap(set, n.mailboxes[u.at], r)
	}
}

// noteMailboxGap adds a dataset to what a mailbox lacks for one cause.
func (n *run) noteMailboxGap(set snapshot.Dataset, m mailboxRef, r snapshot.Reason) {
	list := n.gapRows[m.id]
	for i, g := range list {
		if g.Cause == r.Cause && g.Detail == r.Detail && g.Foreseen == r.Foreseen && g.Unforeseen == r.Unforeseen {
			if !slices.Contains(g.Datasets, set) {
				list[i].Datasets = append(g.Datasets, set)
			}
			return
		}
	}
	n.gapRows[m.id] = append(list, snapshot.MailboxGap{
		Mailbox: m.id, Address: m.address, Datasets: []snapshot.Dataset{set}, Cause: r.Cause, Detail: r.Detail, Foreseen: r.Foreseen, Unforeseen: r.Unforeseen,
	})
}

// noteRecipientGaps does the same for Send As where every recipient was asked for alone.
func (n *run) noteRecipientGaps() error {
	units, err := n.store.Units(n.ctx, "exo/Get-RecipientPermission")
	if err != nil {
		return err
	}
	t := &tally{}
	var own []mailboxUnit
	for _, u := range units {
		if i, ok := n.byID[u.Unit.Key]; ok {
			own = lacking(own, i, u)
			if u.State == snapshot.Complete {
				t.collected++
			}
		}
	}
	n.noteMailboxGaps(snapshot.SendAs, t, own)
	return nil
}

func (n *run) putMailboxGaps(d *snapshot.Deriver) error {
	for _, id := range slices.Sorted(maps.Keys(n.gapRows)) {
		for _, g := range n.gapRows[id] {
			if err := d.PutMailboxGap(n.ctx, g); err != nil {
				return err
			}
		}
	}
	return nil
}

// StrangersKey is the name under which the Strangers of a run are kept in the snapshot.
const StrangersKey = "strangers"

// Strangers are addresses that --mailboxes names and that are of no mailbox.
type Strangers struct {
	Named     int      `json:"named"` // addresses in the list
	Addresses []string `json:"addresses"`
}

// strangersNamed is how many of them a reason names.
const strangersNamed = 5

func (s Strangers) reasons() []snapshot.Reason {
	count := len(s.Addresses)
	if count == 0 {
		return nil
	}
	some := strings.Join(s.Addresses[:min(count, strangersNamed)], ", ")
	if more := count - strangersNamed; more > 0 {
		some += fmt.Sprintf(" and %d more", more)
	}
	return []snapshot.Reason{{Cause: snapshot.Filtered, Count: int64(count),
		Detail: fmt.Sprintf("%d of %d addresses that --mailboxes names are of no mailbox: %s", count, s.Named, some)}}
}
