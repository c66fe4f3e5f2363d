package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tenantaudit/internal/collect"
	"tenantaudit/internal/exo"
	"tenantaudit/internal/normalize"
	"tenantaudit/internal/snapshot"
)

// meetStrangers looks, as soon as the mailboxes are listed, whether those that --mailboxes
// names are among them. When none is, the run ends before anything is read of a mailbox.
func (a *app) meetStrangers(steps []collect.Step, store *snapshot.Store, scope *scopeOptions) {
	i := slices.IndexFunc(steps, func(s collect.Step) bool { return s.Source == exo.SourceMailbox })
	if i < 0 {
		return
	}
	list := steps[i].Run
	steps[i].Run = func(ctx context.Context) error {
		if err := list(ctx); err != nil {
			return err
		}
		return a.strangers(ctx, store, scope)
	}
}

func (a *app) strangers(ctx context.Context, store *snapshot.Store, scope *scopeOptions) error {
	l, known, err := store.Unit(ctx, snapshot.UnitID{Source: exo.SourceMailbox, Key: exo.MailboxUnit})
	if err != nil || !known || l.State != snapshot.Complete {
		return err // nobody knows all mailboxes, and the review says that
	}
	strange, aliases, err := unmatched(ctx, store, scope.addresses)
	if err != nil {
		return err
	}
	found := normalize.Strangers{Named: len(scope.addresses), Addresses: strange}
	if err := store.SetMeta(ctx, normalize.StrangersKey, found); err != nil || len(strange) == 0 {
		return err
	}
	names := make([]string, 0, len(strange))
	for _, s := range strange {
		if of := aliases[s]; of != "" {
			s += " (another address of " + of + ")"
		}
		names = append(names, s)
	}
	some := strings.Join(names[:min(len(names), outlookLines)], ", ")
	if more := len(names) - outlookLines; more > 0 {
		some += fmt.Sprintf(" and %d more", more)
	}
	if len(strange) == len(scope.addresses) {
		return usageError("--mailboxes %s names no mailbox of this tenant by its primary address: %s; what was read is kept, correct the list and start again with the same --out", scope.mailboxes, some)
	}
	a.log.Warn("--mailboxes names addresses that are of no mailbox", "count", len(strange), "of", len(scope.addresses), "addresses", some)
	return nil
}

// unmatched are the addresses that are not the primary one of a mailbox that is read, sorted;
// aliases says of which mailbox some of them are another address.
func unmatched(ctx context.Context, store *snapshot.Store, addresses map[string]bool) (strange []string, aliases map[string]string, err error) {
	primary := map[string]bool{}
	aliases = map[string]string{}
	for r, err := range store.Rows(ctx, exo.SourceMailbox) {
		if err != nil {
			return nil, nil, err
		}
		m, err := exo.DecodeMailbox(r.Row)
		if err != nil || r.Unit.Key != exo.MailboxUnit || !exo.InPermissionScope(m) {
			continue
		}
		primary[strings.ToLower(m.PrimarySMTPAddress)] = true
		for _, proxy := range m.EmailAddresses {
			if kind, address, ok := strings.Cut(strings.ToLower(proxy), ":"); ok && kind == "smtp" && addresses[address] && address != strings.ToLower(m.PrimarySMTPAddress) {
				aliases[address] = m.PrimarySMTPAddress
			}
		}
	}
	for _, address := range sortedKeys(addresses) {
		if !primary[address] {
			strange = append(strange, address)
		}
	}
	return strange, aliases, nil
}
