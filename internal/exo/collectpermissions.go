package exo

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/snapshot/rawjson"
)

// recipientPermissions collects who may send as whom.
//
// Source: Get-RecipientPermission without an identity, one list for the tenant. Where
// that form is refused, cannot be read to its end, or names fewer recipients than
// there are mailboxes (each has a row for SELF), every recipient is asked for alone.
// The unit of the list is complete without rows then, and its detail says so; the
// units of the recipients are planned before, so that it never stands alone.
type recipientPermissions struct {
	c *Client
	o CollectOptions
}

// perRecipient begins the detail of the list's unit where recipients are read alone.
const perRecipient = "read per recipient instead: "

func (recipientPermissions) Source() snapshot.Source { return SourceRecipientPermission }
func (recipientPermissions) Requires() []snapshot.Source {
	return []snapshot.Source{SourceModuleFile, SourceMailbox, SourceRecipient}
}

// Collect reads the list, and the recipients one by one where the list will not do.
func (p recipientPermissions) Collect(ctx context.Context, s Store) error {
	id := snapshot.UnitID{Source: SourceRecipientPermission}
	l, known, err := s.Unit(ctx, id)
	if err != nil {
		return fmt.Errorf("read ledger of %s: %w", id.Source, err)
	}
	if !known || !final(l.State) {
		alone, err := p.list(ctx, s)
		if err != nil || !alone {
			return err
		}
	} else if !strings.HasPrefix(l.Detail, perRecipient) {
		return nil
	}
	return p.each().Collect(ctx, s)
}

// list reads the tenant-wide list; true when recipients must be asked for one by one.
func (p recipientPermissions) list(ctx context.Context, s Store) (alone bool, err error) {
	id := snapshot.UnitID{Source: SourceRecipientPermission}
	const name = "Get-RecipientPermission"
	ok, err := allowed(ctx, s, name)
	if err != nil {
		return false, err
	}
	if !ok {
		return false, p.c.store(ctx, s, snapshot.Write{Unit: id, Result: notExported(name, viewRecipients)})
	}
	mailboxes, err := mailboxTargets(ctx, s, InScope)
	if err != nil {
		return false, err
	}
	t := newTask(p.c, id, call{cmdlet: name, params: unlimitedRows(), optional: onlyResultSize})
	t.needs = viewRecipients
	named := map[string]bool{}
	why, last := "", step{}
	err = p.c.run(ctx, t, func(st step) error {
		if st.reset {
			clear(named)
		}
		for _, page := range st.pages {
			identities(page.Rows, named)
		}
		switch {
		case t.broken:
			why = st.result.Detail
		case t.done && st.result.State == snapshot.Complete && len(named) < len(mailboxes):
			why = fmt.Sprintf("the list for the tenant names %d recipients, and there are %d mailboxes", len(named), len(mailboxes))
		}
		if last = st; why != "" {
			return nil // decided below
		}
		return p.c.store(ctx, s, t.write(st))
	})
	if err != nil || why == "" {
		return false, err
	}
	f := p.each()
	targets, err := f.targets(ctx, s)
	if err != nil {
		return false, err
	}
	if len(targets) == 0 {
		return false, p.c.store(ctx, s, t.write(last))
	}
	if err := f.plan(ctx, s, targets); err != nil {
		return false, err
	}
	return true, p.c.store(ctx, s, snapshot.Write{Unit: id, Reset: true, Result: snapshot.Result{
		State: snapshot.Complete, Expected: -1, Attempts: last.result.Attempts, Detail: perRecipient + clip(strings.TrimSuffix(why, "; "+resume), 400),
	}})
}

// identities adds the recipients that rows name.
func identities(rows json.RawMessage, to map[string]bool) {
	list, err := rawjson.Array(rows, nil)
	if err != nil {
		return // unreachable: the rows were read as an array
	}
	for _, raw := range list {
		if r, err := DecodeRecipientPermission(raw); err == nil && r.Identity != "" {
			to[strings.ToLower(r.Identity)] = true
		}
	}
}

// each asks for every recipient alone.
func (p recipientPermissions) each() fan {
	one := func(id string) call {
		return call{cmdlet: "Get-RecipientPermission", optional: onlyResultSize, noContent: true, params: with(unlimitedRows(), "Identity", id)}
	}
	return fan{
		c: p.c, o: p.o, source: SourceRecipientPermission, needs: viewRecipients, confirm: "Get-Recipient", unlisted: one,
		targets: func(ctx context.Context, s Store) ([]target, error) {
			type recipient struct{ id, address string }
			var all []recipient
			seen, outside := map[string]bool{}, map[string]bool{}
			add := func(id, address string) {
				if id != "" && !seen[id] {
					seen[id] = true
					all = append(all, recipient{id, address})
				}
			}
			mailboxes, err := mailboxTargets(ctx, s, active)
			if err != nil {
				return nil, err
			}
			for _, m := range mailboxes {
				add(m.id, m.address)
				outside[m.id] = p.o.Mailboxes != nil && !p.o.Mailboxes(m.address)
			}
			for r, err := range s.Rows(ctx, SourceRecipient) {
				if err != nil {
					return nil, fmt.Errorf("read %s: %w", SourceRecipient, err)
				}
				if v, err := DecodeRecipient(r.Row); err == nil {
					add(RecipientID(v), v.PrimarySMTPAddress)
				}
			}
			slices.SortFunc(all, func(a, b recipient) int {
				return cmp.Or(cmp.Compare(strings.ToLower(a.address), strings.ToLower(b.address)), cmp.Compare(a.id, b.id))
			})
			var out []target
			for _, r := range all {
				t := target{key: r.id, call: one(r.id)}
				if outside[r.id] {
					t.skip = leftOut("not among the chosen mailboxes")
				}
				out = append(out, t)
			}
			return out, nil
		},
	}
}
