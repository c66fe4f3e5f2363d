package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"tenantaudit/internal/graph/wire"
	"tenantaudit/internal/snapshot"
)

// Store is what collectors need of the snapshot; *snapshot.Store has it.
type Store interface {
	Commit(ctx context.Context, writes ...snapshot.Write) error
	Plan(ctx context.Context, src snapshot.Source, keys []string) error
	Unit(ctx context.Context, id snapshot.UnitID) (snapshot.Ledger, bool, error)
	Open(ctx context.Context, src snapshot.Source) ([]snapshot.Ledger, error)
	PageKeys(ctx context.Context, id snapshot.UnitID) ([]string, error)
	Rows(ctx context.Context, src snapshot.Source) iter.Seq2[snapshot.RawRow, error]
}

// CollectOptions say what is collected. The zero value collects everything.
type CollectOptions struct {
	// Sources to collect; nil: all. What they require is collected with them, save for
	// GroupsRequire.
	Sources map[snapshot.Source]bool
	// Groups names the ids of the groups whose members matter, when groupMembers runs.
	// nil: groups that hold a directory role, an eligibility or an app role.
	Groups func(ctx context.Context, s Store) ([]string, error)
	// GroupsRequire are the sources that Groups reads, those of other services included:
	// they go first where they are collected at all.
	GroupsRequire []snapshot.Source
	// MicrosoftTenant says whether a tenant is one of Microsoft's own, which hold its
	// first-party applications. nil: a built-in list.
	MicrosoftTenant func(tenant string) bool
	// Claims are the claims of the Graph token in use, which tell who an application is
	// and what a token may do. nil: not known.
	Claims func(ctx context.Context) (wire.Claims, error)
}

// Collector reads one source.
type Collector struct {
	source   snapshot.Source
	requires []snapshot.Source
	alone    bool // what it requires goes first, and is not collected for its sake
	collect  func(ctx context.Context, s Store) error
}

// Source names what it reads.
func (c Collector) Source() snapshot.Source { return c.source }

// Requires names the sources that must have been collected before, whatever their outcome.
func (c Collector) Requires() []snapshot.Source { return slices.Clone(c.requires) }

// Collect reads everything of the source that the ledger does not show as final. It
// returns errors of the store and of the context; the outcome is in the ledger.
func (c Collector) Collect(ctx context.Context, s Store) error { return c.collect(ctx, s) }

// Collectors returns the collectors of the chosen sources, each after those it requires.
func Collectors(c *Client, o CollectOptions) []Collector {
	if o.MicrosoftTenant == nil {
		o.MicrosoftTenant = ownedByMicrosoft
	}
	all := []Collector{
		c.listed(Organization, organizationListing),
		c.listed(Domains, domainsListing),
		c.listed(SubscribedSKUs, subscribedSKUsListing),
		c.me(o),
		c.listed(Users, usersListing),
		c.listed(Groups, groupsListing),
		c.listed(ServicePrincipals, servicePrincipalsListing),
		c.listed(Applications, applicationsListing),
		c.listed(RoleDefinitions, roleDefinitionsListing),
		c.listed(RoleAssignments, roleAssignmentsListing),
		c.listed(RoleEligibilitySchedules, roleEligibilityListing),
		c.listed(RoleAssignmentScheduleInstances, roleScheduleListing),
		c.authorizationPolicy(),
		c.adminConsentRequestPolicy(),
		c.applicationOwners(),
		c.grants(o),
		c.appRoles(o),
		c.resources(o),
		c.owners(),
		c.members(o),
	}
	if o.Sources == nil {
		return all
	}
	wanted := map[snapshot.Source]bool{}
	// Backwards: a collector stands after everything it requires.
	for _, one := range slices.Backward(all) {
		if o.Sources[one.source] || wanted[one.source] {
			wanted[one.source] = true
			for _, r := range one.requires {
				wanted[r] = wanted[r] || !one.alone
			}
		}
	}
	return slices.DeleteFunc(all, func(one Collector) bool { return !wanted[one.source] })
}

// listed is the collector of a source that is one listing, unit "".
func (c *Client) listed(source snapshot.Source, of func(*Client) listing) Collector {
	return Collector{source: source, collect: func(ctx context.Context, s Store) error {
		_, err := c.read(ctx, s, unitReading{unit: snapshot.UnitID{Source: source}, listing: of(c)})
		return err
	}}
}

// inFlight bounds the units of one source that are read at the same time; the
// transport's limiter decides how many requests really leave.
const inFlight = 8

// each reads the open units of a source, less the one with key "", some at a time.
func each(ctx context.Context, s Store, source snapshot.Source, read func(ctx context.Context, key string) error) error {
	open, err := s.Open(ctx, source)
	if err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(inFlight)
	for _, l := range open {
		if gctx.Err() != nil {
			break
		}
		if key := l.Unit.Key; key != "" {
			g.Go(func() error { return read(gctx, key) })
		}
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// planned enters the units of a source that is read object by object. When the listings
// that name the objects were not read, unit "" of the source says so, because no units
// at all would read as "nothing to do"; it is complete once they were.
func planned(ctx context.Context, s Store, source snapshot.Source, keys []string, from ...snapshot.Source) error {
	slices.Sort(keys)
	keys = slices.Compact(keys)
	if err := s.Plan(ctx, source, keys); err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	unit := snapshot.UnitID{Source: source}
	for _, f := range from {
		l, known, err := s.Unit(ctx, snapshot.UnitID{Source: f})
		if err != nil {
			return fmt.Errorf("%s: %w", source, err)
		}
		if known && (l.State == snapshot.Complete || l.State == snapshot.Unavailable) {
			continue
		}
		r := snapshot.Result{State: l.State, Cause: l.Cause, Detail: fmt.Sprintf("needs %s: %s", f, l.Detail), Expected: -1}
		if !known || l.State == snapshot.Planned {
			r.State, r.Cause, r.Detail = snapshot.Failed, snapshot.Interrupted, fmt.Sprintf("needs %s, which was not read; go on with --resume", f)
		}
		if err := s.Commit(ctx, snapshot.Write{Unit: unit, Result: r}); err != nil {
			return fmt.Errorf("%s: %w", source, err)
		}
		return nil
	}
	l, known, err := s.Unit(ctx, unit)
	if err == nil && known && l.State != snapshot.Complete {
		err = s.Commit(ctx, snapshot.Write{Unit: unit, Result: snapshot.Result{State: snapshot.Complete, Expected: -1}})
	}
	if err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	return nil
}

// decoded goes through the stored rows of a source. A row that does not decode in full
// is handed out with what could be read of it.
func decoded[T any](ctx context.Context, s Store, source snapshot.Source, decode func(json.RawMessage) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for row, err := range s.Rows(ctx, source) {
			var v T
			if err == nil {
				v, _ = decode(row.Row)
			} else {
				err = fmt.Errorf("%s: %w", source, err)
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// ownedByMicrosoft knows the tenants that own Microsoft's first-party applications. A
// display name proves nothing. Source:
// learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in
// and, for the third, the owner of Microsoft Graph Command Line Tools.
func ownedByMicrosoft(tenant string) bool {
	switch strings.ToLower(tenant) {
	case "f8cdef31-a31e-4b4a-93e4-5f571e91255a", "72f988bf-86f1-41af-91ab-2d7cd011db47", "cdc5aeea-15c5-4db6-b079-fcadd2505dc2":
		return true
	}
	return false
}
