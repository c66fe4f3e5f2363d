package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"tenantaudit/internal/graph/wire"
	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/transport"
)

// refused reports whether the service refused the query itself: $expand is not offered
// everywhere. Page tokens that expired and licences are not what this is about.
func refused(err error) bool {
	var e *Error
	if !errors.As(err, &e) || e.Status != http.StatusBadRequest && e.Status != http.StatusNotImplemented {
		return false
	}
	return !errors.Is(err, transport.ErrRestart) && !e.is(codePremiumRequired)
}

// oneByOne takes the place of an expanded listing that was refused: every object that
// list names becomes a unit. Unit "" is complete then and without rows, unless the list
// itself was not read. The units are planned first, so that it never stands alone.
func (c *Client) oneByOne(s Store, source, list snapshot.Source) func(context.Context, error, int) (snapshot.Result, error) {
	return func(ctx context.Context, why error, attempts int) (snapshot.Result, error) {
		var keys []string
		for o, err := range decoded(ctx, s, list, wire.DecodeDirectoryObject) {
			if err != nil {
				return snapshot.Result{}, err
			}
			keys = append(keys, o.ID)
		}
		unit := snapshot.UnitID{Source: source}
		if err := planned(ctx, s, source, objectIDs(keys), list); err != nil {
			return snapshot.Result{}, err
		}
		l, known, err := s.Unit(ctx, snapshot.UnitID{Source: list})
		if err != nil {
			return snapshot.Result{}, fmt.Errorf("%s: %w", source, err)
		}
		r := snapshot.Result{State: snapshot.Complete, Expected: -1, Attempts: attempts, Detail: "read object by object instead: " + transport.Redact(why.Error())}
		if !known || l.State != snapshot.Complete {
			u, _, err := s.Unit(ctx, unit) // planned said what is missing
			if err != nil {
				return snapshot.Result{}, fmt.Errorf("%s: %w", source, err)
			}
			r.State, r.Cause, r.Detail = u.State, u.Cause, u.Detail
			if r.State == "" || r.State == snapshot.Complete {
				r.State, r.Cause, r.Detail = snapshot.Unavailable, l.Cause, l.Detail // there is no such list in this cloud
			}
		}
		return r, c.commit(ctx, s, snapshot.Write{Unit: unit, Reset: true, Result: r})
	}
}
