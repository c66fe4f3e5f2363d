// Package normalize turns the raw pages of a snapshot into the datasets of the
// output contract and their coverage: it joins what several services say of one
// object, resolves names to people, expands roles into rights and classifies
// addresses. It reads the snapshot only, never the network and never the clock, so
// the same raw pages give the same rows.
//
// Run writes the tables; GroupsOfInterest walks the same rules without writing, to
// tell the collector of group members which groups matter.
package normalize

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"tenantaudit/internal/exo"
	"tenantaudit/internal/graph/wire"
	"tenantaudit/internal/permissions"
	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/texts"
)

// Version names the rules of this package; a snapshot derived by other rules is
// derived again.
const Version = "3"

// Store is what normalize reads: *snapshot.Store.
type Store interface {
	Rows(ctx context.Context, src snapshot.Source) iter.Seq2[snapshot.RawRow, error]
	Pages(ctx context.Context, id snapshot.UnitID) iter.Seq2[snapshot.Page, error]
	Units(ctx context.Context, src snapshot.Source) ([]snapshot.Ledger, error)
	EachUnit(ctx context.Context, src snapshot.Source) iter.Seq2[snapshot.Ledger, error]
}

// Run derives all datasets of the store and their coverage in one transaction.
func Run(ctx context.Context, s *snapshot.Store) error {
	var plan Plan
	if _, err := s.Meta(ctx, PlanKey, &plan); err != nil {
		return err
	}
	said, err := foretold(ctx, s)
	if err != nil {
		return err
	}
	var strangers Strangers
	if _, err := s.Meta(ctx, StrangersKey, &strangers); err != nil {
		return err
	}
	return s.Derive(ctx, Version, func(d *snapshot.Deriver) error {
		n := &run{ctx: ctx, store: s, plan: plan, said: said, strangers: strangers, gapRows: map[string][]snapshot.MailboxGap{}}
		n.sink = func(row any) error {
			set := snapshot.DatasetOf(row)
			if !n.isPlanned(set) {
				return nil // read on the way to something else; the dataset itself was not asked for
			}
			n.noteTrustee(set, row)
			if n.access != nil {
				n.access.Add(row)
			}
			return d.Put(ctx, row)
		}
		if err := n.all(); err != nil {
			return err
		}
		for _, set := range snapshot.Datasets() {
			c, err := n.coverage(set)
			if err != nil {
				return fmt.Errorf("coverage of %s: %w", set, err)
			}
			c.Rows = d.Rows(set)
			n.covered[set] = c
			if err := d.PutCoverage(ctx, c); err != nil {
				return err
			}
		}
		return n.putMailboxGaps(d)
	})
}

// PlanKey is the name under which a run's Plan is kept in the snapshot.
const PlanKey = "plan"

// Plan is what a collection set out to read. A resumed run must have the same.
type Plan struct {
	Tenant  string            `json:"tenant"`
	Cloud   string            `json:"cloud"`
	Sources []snapshot.Source `json:"sources"` // empty: every source
	// Datasets are those that were asked for, with what a computed one is computed from. A
	// source can be read for other ends: it does not make its dataset one that was asked for.
	// Empty: every dataset of which a source is read.
	Datasets []snapshot.Dataset `json:"datasets,omitempty"`
	Folders  string             `json:"folders"`
	Filter   string             `json:"filter"` // what --mailboxes limits the run to; ""
}

// Has reports whether the plan includes a source.
func (p Plan) Has(src snapshot.Source) bool {
	if len(p.Sources) == 0 {
		return true
	}
	for _, s := range p.Sources {
		if s == src {
			return true
		}
	}
	return false
}

// run is one pass over a snapshot.
type run struct {
	ctx   context.Context //nolint:containedctx // one pass, started and ended by Run
	store Store
	plan  Plan
	sink  func(row any) error
	// said is what the preflight expected of each source; nil without one.
	said      map[snapshot.Source]string
	strangers Strangers
	gapRows   map[string][]snapshot.MailboxGap // by mailbox
	// onGroup is told of every group that a target reaches or that holds a right over mail.
	// With it nobody reads the rows of such rights and of rules: they are not put
	// together. nil outside GroupsOfInterest.
	onGroup func(id string)

	dir      *permissions.Directory
	domains  *permissions.Domains
	accepted []snapshot.AcceptedDomain
	trustees map[trusteeName]snapshot.TrusteeRef // resolved so far
	groups   memberIndex

	names      *texts.Table // the folded names of mailboxes
	mailboxes  []mailboxRef // every mailbox, in id order
	byID       map[string]int
	rows       []int32             // the mailbox of each row of the listings; -1 for a row that another replaces
	byAnyName  map[texts.Ref]int32 // any identifier of a mailbox, folded -> its place in mailboxes
	premium    map[string]bool     // users with the advanced auditing plan
	usersKnown bool                // the list of users and of SKUs is complete
	skus       map[string]skuRef
	principals map[string]principalRef
	holders    map[string]wire.DirectoryObject // of directory roles, as they came with the assignment
	resources  map[string]resourceRef
	outOfScope map[string]int64 // mailboxes outside the per-mailbox datasets, by kind
	oddRows    map[snapshot.Source]int64
	gaps       map[snapshot.Dataset]map[string]int64 // rows without a property that a check rests on, by what was not said
	unresolved map[snapshot.Dataset]int64            // rows that name somebody who matched nobody
	covered    map[snapshot.Dataset]snapshot.Coverage
	access     *permissions.Access // fed by the sink; nil when effective access was not asked for
}

// all runs every stage in the order of their needs.
func (n *run) all() error {
	n.byID, n.byAnyName, n.trustees = map[string]int{}, map[texts.Ref]int32{}, map[trusteeName]snapshot.TrusteeRef{}
	n.skus, n.premium = map[string]skuRef{}, map[string]bool{}
	n.principals, n.resources, n.holders = map[string]principalRef{}, map[string]resourceRef{}, map[string]wire.DirectoryObject{}
	n.outOfScope, n.oddRows = map[string]int64{}, map[snapshot.Source]int64{}
	n.gaps, n.unresolved = map[snapshot.Dataset]map[string]int64{}, map[snapshot.Dataset]int64{}
	n.covered = map[snapshot.Dataset]snapshot.Coverage{}
	stages := []struct {
		name   string
		do     func() error
		groups bool // names groups of interest, or is needed to find them
	}{
		{"accepted domains", n.acceptedDomains, true},
		{"directory", n.index, true},
		{"access", n.beginAccess, false},
		{"licences", n.licences, false},
		{"organisation", n.organisation, false},
		{"mail flow", n.mailFlow, false},
		{"protocols", n.casMailboxes, false},
		{"sharing policies", n.sharingPolicies, false},
		{"policies", n.policies, false},
		{"group members", n.groupMembers, false},
		{"mailboxes", n.emitMailboxes, true},
		{"audit bypass", n.auditBypass, false},
		{"inbox rules", n.inboxRules, true},
		{"transport rules", n.transportRules, true},
		{"mailbox permissions", n.mailboxPermissions, true},
		{"send as", n.sendAs, true},
		{"folder permissions", n.folderPermissions, true},
		{"applications", n.applications, true},
		{"roles", n.roles, true},
		{"role schedules", n.roleSchedules, false},
		{"effective access", n.effectiveAccess, false}, // last: it is computed from the rows of the others
	}
	for _, s := range stages {
		if n.onGroup != nil && !s.groups {
			continue
		}
		if err := s.do(); err != nil {
			return fmt.Errorf("normalise %s: %w", s.name, err)
		}
	}
	return nil
}

// decode walks the rows of a source through a decoder. A row with a fault is counted
// against the source's coverage; what could be read of it stands, like the others.
func decode[T any](n *run, src snapshot.Source, dec func(json.RawMessage) (T, error)) iter.Seq2[decoded[T], error] {
	return func(yield func(decoded[T], error) bool) {
		for raw, err := range n.store.Rows(n.ctx, src) {
			if err != nil {
				yield(decoded[T]{}, err)
				return
			}
			v, err := dec(raw.Row)
			if err != nil {
				n.oddRows[src]++
				if errors.Is(err, exo.ErrRow) {
					continue // nothing of it could be read
				}
			}
			if !yield(decoded[T]{Unit: raw.Unit, Page: raw.Page, V: v}, nil) {
				return
			}
		}
	}
}

// decodeLast is decode for a listing whose rows have an id: of several rows with one
// id, which a list that moves while it is read can hold, the last one stands. Rows
// without an id are counted like rows that cannot be decoded.
func decodeLast[T any](n *run, src snapshot.Source, dec func(json.RawMessage) (T, error), id func(T) string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		count := map[[16]byte]int32{}
		for r, err := range decode(n, src, dec) {
			if err != nil {
				yield(r.V, err)
				return
			}
			if id(r.V) == "" {
				n.oddRows[src]++
			}
			count[digest(id(r.V))]++
		}
		odd := n.oddRows[src]
		for r, err := range decode(n, src, dec) {
			if err != nil {
				yield(r.V, err)
				return
			}
			key := digest(id(r.V))
			if count[key]--; count[key] > 0 || id(r.V) == "" {
				continue
			}
			if !yield(r.V, nil) {
				return
			}
		}
		n.oddRows[src] = odd // counted once
	}
}

// digest stands for a text where a million of them are only compared.
func digest(s string) (d [16]byte) {
	sum := sha256.Sum256([]byte(s))
	copy(d[:], sum[:])
	return d
}

// decoded is a row with where it came from.
type decoded[T any] struct {
	Unit snapshot.UnitID
	Page string
	V    T
}

// complete reports whether a listing was read in full.
func (n *run) complete(src snapshot.Source) (bool, error) {
	read := false
	for u, err := range n.store.EachUnit(n.ctx, src) {
		if err != nil || u.State != snapshot.Complete && u.State != snapshot.Gone {
			return false, err
		}
		read = true
	}
	return read, nil
}

// GroupsOfInterest lists the ids of the groups that hold a right, a role or an app
// role, are a forwarding or rule target, or scope an application policy, sorted.
func GroupsOfInterest(ctx context.Context, s Store) ([]string, error) {
	seen, sure := map[string]bool{}, map[string]bool{}
	add := func(id string) {
		if id != "" {
			seen[id] = true
		}
	}
	n := &run{ctx: ctx, store: s, onGroup: add}
	n.sink = func(row any) error {
		switch r := row.(type) {
		case snapshot.AppRoleAssignment:
			if r.PrincipalType == "Group" {
				add(r.Principal)
				sure[r.Principal] = true
			}
		case snapshot.DirectoryRoleAssignment:
			if r.MemberType == "group" {
				add(r.Member)
				sure[r.Member] = true
			}
		case snapshot.ExchangeRoleAssignment:
			if r.MemberType == "group" {
				add(r.Member)
			}
		case snapshot.ManagementRoleAssignment:
			if r.AssigneeType == "group" {
				add(r.Assignee)
			}
			add(r.ScopeID)
		case snapshot.ApplicationAccessPolicy:
			add(r.ScopeID)
		}
		return nil
	}
	if err := n.all(); err != nil {
		return nil, err
	}
	var out []string
	for id := range seen {
		// What Graph itself calls a group is one, whether or not the list of groups was read.
		if sure[id] || n.isEntraGroup(id) {
			out = append(out, id)
		}
	}
	return sorted(out), nil
}

// ErrNotDerived: a snapshot whose tables were never built.
var ErrNotDerived = errors.New("snapshot is not normalised")
