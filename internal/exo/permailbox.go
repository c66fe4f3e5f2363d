package exo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/snapshot/rawjson"
)

// mailboxTarget is a mailbox as far as reading it goes.
type mailboxTarget struct {
	id      string
	anchor  string // UPN, else primary address
	address string
}

// mailboxTargets lists the mailboxes of the default listing that inScope accepts, by
// primary address. Of rows with one id the first counts.
func mailboxTargets(ctx context.Context, s Store, inScope func(Mailbox) bool) ([]mailboxTarget, error) {
	var out []mailboxTarget
	seen := map[string]bool{}
	for r, err := range s.Rows(ctx, SourceMailbox) {
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", SourceMailbox, err)
		}
		if r.Unit.Key != MailboxUnit {
			continue
		}
		m, err := DecodeMailbox(r.Row)
		if err != nil {
			continue // the listing's unit is partial because of it
		}
		id := MailboxID(m)
		if id == "" || seen[id] || !inScope(m) {
			continue
		}
		seen[id] = true
		out = append(out, mailboxTarget{id: id, anchor: first(m.UserPrincipalName, m.PrimarySMTPAddress), address: m.PrimarySMTPAddress})
	}
	slices.SortFunc(out, func(a, b mailboxTarget) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.address), strings.ToLower(b.address)), cmp.Compare(a.id, b.id))
	})
	return out, nil
}

// leftOut is the result of objects that the run was told to leave out.
func leftOut(why string) *snapshot.Result {
	return &snapshot.Result{State: snapshot.Skipped, Cause: snapshot.Filtered, Detail: why, Expected: -1}
}

// perMailbox is a source that one cmdlet answers for one mailbox.
func perMailbox(c *Client, o CollectOptions, src snapshot.Source, inScope func(Mailbox) bool, needs string, build func(id, anchor string) call) fan {
	return fan{
		c: c, o: o, source: src, requires: []snapshot.Source{SourceMailbox}, needs: needs, confirm: "Get-Mailbox",
		unlisted: func(key string) call { return build(key, "") },
		targets: func(ctx context.Context, s Store) ([]target, error) {
			list, err := mailboxTargets(ctx, s, inScope)
			if err != nil {
				return nil, err
			}
			out := []target{}
			for _, m := range list {
				t := target{key: m.id, call: build(m.id, m.anchor)}
				if o.Mailboxes != nil && !o.Mailboxes(m.address) {
					t.skip = leftOut("not among the chosen mailboxes")
				}
				out = append(out, t)
			}
			return out, nil
		},
	}
}

// mailboxPermissions collects who may open which mailbox.
//
// Source: Get-MailboxPermission, which has no form without an identity.
func mailboxPermissions(c *Client, o CollectOptions) Collector {
	f := perMailbox(c, o, SourceMailboxPermission, InPermissionScope, viewRecipients, func(id, anchor string) call {
		return call{cmdlet: "Get-MailboxPermission", mailbox: anchor, optional: []string{"IncludeUnresolvedPermissions"},
			params: map[string]any{"Identity": id, "IncludeUnresolvedPermissions": true}}
	})
	f.unchanged = unchangedMailboxes
	return f
}

// inboxRules collects the rules of every mailbox, hidden ones included.
//
// Source: Get-InboxRule with IncludeHidden.
func inboxRules(c *Client, o CollectOptions) Collector {
	return perMailbox(c, o, SourceInboxRule, InScope, readMailboxes, func(id, anchor string) call {
		return call{cmdlet: "Get-InboxRule", mailbox: anchor, optional: []string{"IncludeHidden"}, noContent: true,
			params: map[string]any{"Mailbox": id, "IncludeHidden": true}}
	})
}

// visibleRules collects the rules that the owner sees, for the mailboxes that have a
// rule besides the service's own: what is only in the other answer is hidden.
//
// Source: Get-InboxRule.
func visibleRules(c *Client, o CollectOptions) Collector {
	visible := func(id, anchor string) call {
		return call{cmdlet: "Get-InboxRule", mailbox: anchor, noContent: true, params: map[string]any{"Mailbox": id}}
	}
	f := perMailbox(c, o, SourceInboxRuleVisible, InScope, readMailboxes, visible)
	f.requires = []snapshot.Source{SourceMailbox, SourceInboxRule}
	all := f.targets
	f.targets = func(ctx context.Context, s Store) ([]target, error) {
		worth := map[string]bool{}
		for r, err := range s.Rows(ctx, SourceInboxRule) {
			if err != nil {
				return nil, fmt.Errorf("read %s: %w", SourceInboxRule, err)
			}
			// A row that cannot be read may be a rule like any other.
			if rule, err := DecodeInboxRule(r.Row); err != nil || !SystemRule(rule) {
				worth[r.Unit.Key] = true
			}
		}
		list, err := all(ctx, s)
		return slices.DeleteFunc(list, func(t target) bool { return !worth[t.key] }), err
	}
	return f
}

// worthSecondLook reports whether a mailbox has a rule besides the service's own.
func worthSecondLook(ctx context.Context, s Store, mailbox string) (bool, error) {
	for page, err := range s.Pages(ctx, snapshot.UnitID{Source: SourceInboxRule, Key: mailbox}) {
		if err != nil {
			return false, fmt.Errorf("read %s: %w", SourceInboxRule, err)
		}
		rows, err := rawjson.Array(page.Rows, nil)
		if err != nil {
			return false, fmt.Errorf("read %s: %w", SourceInboxRule, err)
		}
		for _, raw := range rows {
			// A row that cannot be read may be a rule like any other.
			if rule, err := DecodeInboxRule(raw); err != nil || !SystemRule(rule) {
				return true, nil
			}
		}
	}
	return false, nil
}

// folderStatistics collects the folders of every mailbox. With the folders left out
// altogether every mailbox is recorded as skipped.
//
// Source: Get-MailboxFolderStatistics.
func folderStatistics(c *Client, o CollectOptions) Collector {
	f := perMailbox(c, o, SourceFolderStatistics, InScope, readMailboxes, folderStatisticsCall)
	if o.Folders == FoldersNone {
		all := f.targets
		f.targets = func(ctx context.Context, s Store) ([]target, error) {
			list, err := all(ctx, s)
			for i := range list {
				list[i].skip = leftOut("folders are left out")
			}
			return list, err
		}
	}
	return f
}

func folderStatisticsCall(id, anchor string) call {
	return call{cmdlet: "Get-MailboxFolderStatistics", mailbox: anchor, sel: folderProperties, params: map[string]any{"Identity": id}}
}

// roleGroupMembers collects the members of every role group that has any.
//
// Source: Get-RoleGroupMember.
func roleGroupMembers(c *Client, o CollectOptions) Collector {
	members := func(name string) call {
		return call{cmdlet: "Get-RoleGroupMember", noContent: true, optional: onlyResultSize, params: with(unlimitedRows(), "Identity", name)}
	}
	return fan{
		c: c, o: o, source: SourceRoleGroupMember, requires: []snapshot.Source{SourceRoleGroup}, needs: viewConfiguration,
		confirm: "Get-RoleGroup", unlisted: members, unchanged: unchangedRoleGroups,
		targets: func(ctx context.Context, s Store) ([]target, error) {
			var out []target
			for r, err := range s.Rows(ctx, SourceRoleGroup) {
				if err != nil {
					return nil, fmt.Errorf("read %s: %w", SourceRoleGroup, err)
				}
				g, err := DecodeRoleGroup(r.Row)
				// No members: nothing to ask. Members not sent: unknown, so ask.
				if err != nil || g.Name == "" || g.Members != nil && len(g.Members) == 0 {
					continue
				}
				out = append(out, target{key: g.Name, call: members(g.Name)})
			}
			slices.SortFunc(out, func(a, b target) int { return cmp.Compare(a.key, b.key) })
			return slices.CompactFunc(out, func(a, b target) bool { return a.key == b.key }), nil
		},
	}
}
