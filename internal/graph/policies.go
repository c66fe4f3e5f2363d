package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/policies"

	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/transport"
)

// authorizationPolicy collects what users may do by default: unit "", one row.
//
// Source: GET /v1.0/policies/authorizationPolicy (Policy.Read.All).
func (c *Client) authorizationPolicy() Collector {
	return c.single(AuthorizationPolicy, false, func(ctx context.Context) (*abs.RequestInformation, error) {
		return policies.NewAuthorizationPolicyRequestBuilderInternal(c.path(), silentAdapter{}).ToGetRequestInformation(ctx, nil)
	})
}

// adminConsentRequestPolicy collects the admin consent workflow: unit "", one row. Some
// clouds do not have it.
//
// Source: GET /v1.0/policies/adminConsentRequestPolicy (Policy.Read.All).
func (c *Client) adminConsentRequestPolicy() Collector {
	return c.single(AdminConsentRequestPolicy, true, func(ctx context.Context) (*abs.RequestInformation, error) {
		return policies.NewAdminConsentRequestPolicyRequestBuilderInternal(c.path(), silentAdapter{}).ToGetRequestInformation(ctx, nil)
	})
}

// single is the collector of a source that is one object. An answer that is a
// collection holds the object in it. notEverywhere: a refusal of the path itself means
// that this cloud does not offer it.
func (c *Client) single(source snapshot.Source, notEverywhere bool, ask func(context.Context) (*abs.RequestInformation, error)) Collector {
	return Collector{source: source, collect: func(ctx context.Context, s Store) error {
		unit := snapshot.UnitID{Source: source}
		if l, known, err := s.Unit(ctx, unit); err != nil || known && final(l.State) {
			return err
		}
		info, err := ask(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", source, err)
		}
		row, res, err := c.entity(ctx, info)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			r := resultOf(source, err)
			if notEverywhere && r.State == snapshot.Failed && pathRefused(err) {
				r.State, r.Cause = snapshot.Unavailable, snapshot.NotFound
				r.Detail = "not offered in this cloud: " + transport.Redact(err.Error())
			}
			r.Attempts = attemptsOf(err)
			return c.commit(ctx, s, snapshot.Write{Unit: unit, Result: r})
		}
		rows := objects(row)
		write := snapshot.Write{Unit: unit, Reset: true, Result: snapshot.Result{State: snapshot.Complete, Expected: -1, Attempts: res.Attempts}}
		write.Pages = []snapshot.Page{{
			Key: "000001", At: res.At, Request: res.Label, RequestID: res.RequestID, Status: res.Status, Rows: rowsJSON(rows), Count: len(rows),
		}}
		if len(rows) == 0 {
			write.Result.State, write.Result.Cause = snapshot.Failed, snapshot.ServiceError
			write.Result.Detail = "answered without the object; go on with --resume"
		}
		return c.commit(ctx, s, write)
	}}
}

// objects is the object itself, or what a collection holds.
func objects(answer json.RawMessage) []json.RawMessage {
	var list struct {
		Value json.RawMessage `json:"value"`
	}
	var rows []json.RawMessage
	if json.Unmarshal(answer, &list) == nil && len(list.Value) > 0 && list.Value[0] == '[' && json.Unmarshal(list.Value, &rows) == nil {
		return rows
	}
	return []json.RawMessage{answer}
}

// pathRefused: Graph itself knows no such path, or nothing behind it.
func pathRefused(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Status == http.StatusBadRequest || e.Status == http.StatusNotFound && e.Code != "")
}
