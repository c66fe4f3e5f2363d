package graph

import (
	"context"
	"errors"
	"fmt"

	abs "github.com/microsoft/kiota-abstractions-go"

	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/transport"
)

// interruptedDetail is said of a unit between two of its pages: it stays there if the run is cut off.
const interruptedDetail = "cut off while it was read; go on with --resume"

// final says that a unit needs no reading any more.
func final(s snapshot.State) bool {
	switch s {
	case snapshot.Planned, snapshot.Partial, snapshot.Failed, snapshot.Throttled:
		return false
	}
	return true
}

// unitReading is a listing on its way into a unit.
type unitReading struct {
	unit    snapshot.UnitID
	listing listing
	// exists asks for the object that the unit belongs to; nil for a listing of its own. A
	// 404 counts as gone when the object itself is gone too.
	exists func(ctx context.Context) (*abs.RequestInformation, error)
	// before is called with each page before it is stored; nil: nobody.
	before func(ctx context.Context, p page) error
	// instead reads the unit in another way when the service refuses the query itself, and
	// says where it stands then; nil: the refusal is the end of it.
	instead func(ctx context.Context, why error, attempts int) (snapshot.Result, error)
}

// read reads a unit unless the ledger has it as final, one durable commit per answer.
// It returns the state that the unit ends in. The error is the store's or the context's.
func (c *Client) read(ctx context.Context, s Store, r unitReading) (snapshot.Result, error) {
	ledger, known, err := s.Unit(ctx, r.unit)
	if err != nil {
		return snapshot.Result{}, fmt.Errorf("%s: %w", r.unit.Source, err)
	}
	if known && final(ledger.State) {
		return snapshot.Result{State: ledger.State, Cause: ledger.Cause, Detail: ledger.Detail, Expected: ledger.Expected}, nil
	}
	expected := int64(-1)
	stored := 0
	for p, err := range c.pages(ctx, r.listing) {
		if err != nil {
			if ctx.Err() != nil {
				return snapshot.Result{}, ctx.Err()
			}
			if r.instead != nil && refused(err) {
				return r.instead(ctx, err, p.Attempts)
			}
			result := c.failed(ctx, r, err)
			if ctx.Err() != nil {
				return snapshot.Result{}, ctx.Err()
			}
			result.Expected, result.Attempts = expected, result.Attempts+p.Attempts
			if stored > 0 {
				result.Detail = fmt.Sprintf("after %d pages: %s", stored, result.Detail)
			}
			return result, c.commit(ctx, s, snapshot.Write{Unit: r.unit, Result: result})
		}
		if r.before != nil {
			if err := r.before(ctx, p); err != nil {
				return snapshot.Result{}, err
			}
		}
		expected = p.Announced
		result := pageResult(p)
		write := snapshot.Write{Unit: r.unit, Reset: p.First, Pages: []snapshot.Page{storedPage(p)}, Result: result}
		if err := c.commit(ctx, s, write); err != nil {
			return snapshot.Result{}, err
		}
		if stored++; p.First {
			stored = 1
		}
		if p.Last {
			return result, nil
		}
	}
	// unreachable: a listing ends with its last page or with an error
	return snapshot.Result{}, errors.New("graph: listing ended without a last page")
}

func (c *Client) commit(ctx context.Context, s Store, writes ...snapshot.Write) error {
	if err := s.Commit(ctx, writes...); err != nil {
		return fmt.Errorf("%s: %w", writes[0].Unit.Source, err)
	}
	return nil
}

func storedPage(p page) snapshot.Page {
	return snapshot.Page{
		Key: fmt.Sprintf("%06d", p.Number), At: p.Answer.At, Request: p.Answer.Label, RequestID: p.Answer.RequestID,
		Status: p.Answer.Status, Rows: rowsJSON(p.Rows), Count: len(p.Rows), Warnings: p.Warnings,
	}
}

// pageResult is where a unit stands when p is stored.
func pageResult(p page) snapshot.Result {
	r := snapshot.Result{State: snapshot.Complete, Expected: p.Announced, Attempts: p.Attempts}
	switch {
	case !p.Last:
		r.State, r.Cause, r.Detail = snapshot.Partial, snapshot.Interrupted, interruptedDetail
	case p.Announced > p.Distinct:
		r.State, r.Cause = snapshot.Partial, snapshot.ServiceError
		r.Detail = fmt.Sprintf("the service announced %d rows and sent %d; go on with --resume to ask again", p.Announced, p.Distinct)
	case p.Faults > 0:
		r.State, r.Cause = snapshot.Partial, snapshot.ServiceError
		r.Detail = fmt.Sprintf("%d rows are no objects with an id; the others stand; go on with --resume to ask again", p.Faults)
	}
	return r
}

// failed says where a unit stands after err.
func (c *Client) failed(ctx context.Context, r unitReading, err error) snapshot.Result {
	result := resultOf(r.unit.Source, err)
	if r.exists == nil || !errors.Is(err, transport.ErrMissing) {
		return result
	}
	info, builderErr := r.exists(ctx)
	if builderErr != nil {
		return resultOf(r.unit.Source, builderErr)
	}
	_, res, confirm := c.entity(ctx, info)
	switch {
	case confirm == nil:
		result.State, result.Cause = snapshot.Failed, snapshot.ServiceError
		result.Detail = "answered as not found although the object exists; go on with --resume to ask again"
		result.Attempts += res.Attempts
	case errors.Is(confirm, transport.ErrMissing):
		result.State, result.Cause = snapshot.Gone, snapshot.NotFound
		result.Detail = "deleted since it was listed: " + err.Error()
		result.Attempts += attemptsOf(confirm)
	default:
		attempts := attemptsOf(confirm)
		result = resultOf(r.unit.Source, confirm)
		result.Attempts = attempts
	}
	return result
}

func attemptsOf(err error) int {
	var f *transport.Failure
	if errors.As(err, &f) {
		return f.Attempts
	}
	return 0
}

// resultOf turns the error of a request or listing into the state of its unit. The
// detail is one line that ends with the next step.
func resultOf(source snapshot.Source, err error) snapshot.Result {
	r := snapshot.Result{State: snapshot.Failed, Cause: snapshot.ServiceError, Expected: -1}
	text := err.Error()
	next := "go on with --resume"
	var e *Error
	var cut *cutError
	errors.As(err, &e)
	switch {
	case e != nil && e.is(codePremiumRequired):
		r.State, r.Cause = snapshot.Unavailable, snapshot.MissingLicence
		next = "needs Entra ID P2 or ID Governance; without it there is nothing of the kind to read"
	case e != nil && e.is(codeNonPremium):
		r.State, r.Cause = snapshot.Unavailable, snapshot.MissingLicence
		next = "needs Entra ID P1; licensed tenants get this answer now and then too: compare with the subscribed SKUs, and collect again if they include it"
	case e != nil && e.is(codeNoLicence):
		r.State, r.Cause = snapshot.Unavailable, snapshot.MissingLicence
		next = "not licensed"
	case errors.Is(err, transport.ErrGuard):
		next = "nothing was sent; report this as a bug, or as a service that is not what it claims to be"
	case errors.Is(err, transport.ErrSignIn):
		r.Cause = snapshot.Interrupted
		next = "sign in again and go on with --resume"
	case errors.Is(err, transport.ErrDenied):
		r.State, r.Cause = snapshot.Denied, snapshot.MissingPrivilege
		next = fmt.Sprintf("denied (needs %s); grant it and collect again", LeastPermission(source))
	case errors.Is(err, transport.ErrUnavailable):
		r.State, r.Cause = snapshot.Unavailable, snapshot.NotFound
		next = "not offered in this cloud"
	case errors.Is(err, transport.ErrThrottled):
		r.State, r.Cause = snapshot.Throttled, snapshot.CauseThrottled
		next = "go on later with --resume"
	case errors.Is(err, transport.ErrMissing):
		r.Cause = snapshot.NotFound
	case errors.As(err, &cut):
		r.State = snapshot.Partial
	case errors.Is(err, transport.ErrInvalid):
		next = "the request was refused as wrong; report it with the request id"
	}
	r.Detail = transport.Redact(text) + "; " + next
	return r
}
