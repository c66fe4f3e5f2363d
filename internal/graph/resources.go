package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"tenantaudit/internal/graph/wire"
	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/transport"
)

// resources collects what the resources of assignments and grants offer: app roles and
// scopes by id and name. One unit, "", with one page per resource, keyed by its object
// id: one row, or none and status 404 for a resource that is deleted while what was
// granted on it stays. What is not read in this run grants nothing here.
//
// Source: GET /v1.0/servicePrincipals/{id} (Application.Read.All).
func (c *Client) resources(o CollectOptions) Collector {
	requires := []snapshot.Source{AppRoleAssignments, OAuth2PermissionGrants}
	if o.Sources[AppRoleAssignments] != o.Sources[OAuth2PermissionGrants] {
		requires = slices.DeleteFunc(requires, func(src snapshot.Source) bool { return !o.Sources[src] })
	}
	return Collector{source: ServicePrincipalRoles, requires: requires, collect: func(ctx context.Context, s Store) error {
		unit := snapshot.UnitID{Source: ServicePrincipalRoles}
		wanted, err := grantedResources(ctx, s)
		if err != nil {
			return err
		}
		stored, err := s.PageKeys(ctx, unit)
		if err != nil {
			return fmt.Errorf("%s: %w", ServicePrincipalRoles, err)
		}
		have := map[string]bool{}
		for _, key := range stored {
			have[key] = true
		}
		var missing []string
		for _, id := range wanted {
			if !have[id] {
				missing = append(missing, id)
			}
		}
		if len(wanted) == 0 {
			// Nothing is granted, or what is granted was not read: planned tells them apart.
			if err := planned(ctx, s, ServicePrincipalRoles, nil, requires...); err != nil {
				return err
			}
			if _, known, err := s.Unit(ctx, unit); err != nil || known {
				return err
			}
			return c.commit(ctx, s, snapshot.Write{Unit: unit, Result: snapshot.Result{State: snapshot.Complete, Expected: -1}})
		}
		var mu sync.Mutex
		var first *snapshot.Result // the first failure
		failures := 0
		g, gctx := errgroup.WithContext(ctx)
		g.SetLimit(inFlight)
		for _, id := range missing {
			g.Go(func() error {
				failed, err := c.resource(gctx, s, unit, id)
				if failed != nil {
					mu.Lock()
					defer mu.Unlock()
					if failures++; first == nil {
						first = failed
					}
				}
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		result := snapshot.Result{State: snapshot.Complete, Expected: int64(-1)}
		if first != nil {
			result = *first
			if failures < len(wanted) {
				result.State = snapshot.Partial
			}
			result.Detail = fmt.Sprintf("%d of %d resources could not be read, the first: %s", failures, len(wanted), first.Detail)
		} else if l, known, err := s.Unit(ctx, unit); err != nil || known && len(missing) == 0 && l.State == snapshot.Complete {
			return err
		}
		return c.commit(ctx, s, snapshot.Write{Unit: unit, Result: result})
	}}
}

// resource reads one resource into its page. It returns why that failed, and the error
// of store or context.
func (c *Client) resource(ctx context.Context, s Store, unit snapshot.UnitID, id string) (*snapshot.Result, error) {
	info, err := c.servicePrincipal(ctx, id, []string{"id", "appId", "displayName", "appRoles", "oauth2PermissionScopes"})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", unit.Source, err)
	}
	row, res, err := c.entity(ctx, info)
	p := snapshot.Page{Key: id}
	attempts := 0
	switch {
	case err == nil:
		attempts = res.Attempts
		p.At, p.Request, p.RequestID, p.Status = res.At, res.Label, res.RequestID, res.Status
		p.Rows, p.Count = rowsJSON([]json.RawMessage{row}), 1
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, transport.ErrMissing):
		var f *transport.Failure
		if errors.As(err, &f) {
			attempts, p.Request, p.RequestID, p.Status = f.Attempts, f.Label, f.RequestID, f.Status
		}
		p.At, p.Rows, p.Warnings = time.Now().UTC(), rowsJSON(nil), []string{"the resource is deleted"}
	default:
		r := resultOf(unit.Source, err)
		r.Attempts = attemptsOf(err)
		return &r, nil
	}
	return nil, c.commit(ctx, s, snapshot.Write{Unit: unit, Pages: []snapshot.Page{p}, Result: snapshot.Result{
		State: snapshot.Partial, Cause: snapshot.Interrupted, Detail: interruptedDetail, Expected: -1, Attempts: attempts,
	}})
}

// grantedResources names the resources that assignments and grants point at.
func grantedResources(ctx context.Context, s Store) ([]string, error) {
	seen := map[string]bool{}
	for a, err := range assignments(ctx, s) {
		if err != nil {
			return nil, err
		}
		seen[a.ResourceID] = true
	}
	for g, err := range decoded(ctx, s, OAuth2PermissionGrants, wire.DecodeOAuth2PermissionGrant) {
		if err != nil {
			return nil, err
		}
		seen[g.ResourceID] = true
	}
	all := make([]string, 0, len(seen))
	for id := range seen {
		all = append(all, id)
	}
	return objectIDs(all), nil
}
