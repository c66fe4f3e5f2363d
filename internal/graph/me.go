package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"tenantaudit/internal/snapshot"
)

// Page keys of graph/me.
const (
	MePage     = "me"             // the user; no row for an application
	RolesPage  = "directoryRoles" // the user's active directory roles, by group too; wire.DirectoryRole
	ClaimsPage = "claims"         // what the token says of its holder; wire.Claims
)

// The SDK reaches /me through the builders of a user whose id is this word, which its
// own http client replaces while sending; newAsk does it here.
const (
	meToken       = "me-token-to-replace"
	mePlaceholder = "/users/" + meToken
)

// me collects the signed-in identity: unit "", pages MePage, RolesPage and ClaimsPage. An
// application has no /me (Graph answers 400): its identity is what the claims say, and
// that is no failure.
//
// Source: GET /v1.0/me, /v1.0/me/transitiveMemberOf/microsoft.graph.directoryRole (User.Read).
func (c *Client) me(o CollectOptions) Collector {
	return Collector{source: Me, collect: func(ctx context.Context, s Store) error {
		unit := snapshot.UnitID{Source: Me}
		if l, known, err := s.Unit(ctx, unit); err != nil || known && final(l.State) {
			return err
		}
		write := snapshot.Write{Unit: unit, Reset: true, Result: snapshot.Result{State: snapshot.Complete, Expected: -1}}
		if o.Claims != nil {
			// Claims are a hint; a token that cannot be read is no reason to stop.
			if claims, err := o.Claims(ctx); err == nil {
				row, err := claims.Row()
				if err != nil {
					return fmt.Errorf("%s: %w", Me, err)
				}
				write.Pages = append(write.Pages, snapshot.Page{
					Key: ClaimsPage, At: time.Now().UTC(), Request: "claims of the token", Rows: rowsJSON([]json.RawMessage{row}), Count: 1,
				})
			}
		}
		info, err := c.meBuilder().ToGetRequestInformation(ctx, &users.UserItemRequestBuilderGetRequestConfiguration{
			QueryParameters: &users.UserItemRequestBuilderGetQueryParameters{Select: []string{"id", "userPrincipalName", "displayName"}},
		})
		if err != nil {
			return fmt.Errorf("%s: %w", Me, err)
		}
		row, res, err := c.entity(ctx, info)
		switch {
		case err == nil:
			write.Result.Attempts += res.Attempts
			write.Pages = append(write.Pages, snapshot.Page{
				Key: MePage, At: res.At, Request: res.Label, RequestID: res.RequestID, Status: res.Status, Rows: rowsJSON([]json.RawMessage{row}), Count: 1,
			})
			if err := c.meRoles(ctx, &write); err != nil {
				return err
			}
		case ctx.Err() != nil:
			return ctx.Err()
		case applicationToken(err):
			write.Result.Detail = "an application is signed in: it has no /me"
			write.Result.Attempts += attemptsOf(err)
		default:
			write.Result = resultOf(Me, err)
			write.Result.Attempts = attemptsOf(err)
		}
		return c.commit(ctx, s, write)
	}}
}

func (c *Client) meBuilder() *users.UserItemRequestBuilder {
	return users.NewUserItemRequestBuilderInternal(c.path("user%2Did", meToken), silentAdapter{})
}

// applicationToken: 400 BadRequest is what /me answers to an application.
func applicationToken(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusBadRequest && e.is(codeBadRequest)
}

// meRoles adds the user's directory roles to the write.
func (c *Client) meRoles(ctx context.Context, write *snapshot.Write) error {
	roles := listing{
		sel: []string{"id", "displayName", "roleTemplateId"},
		ask: func(ctx context.Context, sel []string, _ int32) (*abs.RequestInformation, error) {
			count := true
			return c.meBuilder().TransitiveMemberOf().GraphDirectoryRole().
				ToGetRequestInformation(ctx, &users.ItemTransitiveMemberOfGraphDirectoryRoleRequestBuilderGetRequestConfiguration{
					Headers:         eventual(),
					QueryParameters: &users.ItemTransitiveMemberOfGraphDirectoryRoleRequestBuilderGetQueryParameters{Select: sel, Count: &count},
				})
		},
	}
	var rows []json.RawMessage
	var at page
	for p, err := range c.pages(ctx, roles) {
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			attempts := write.Result.Attempts
			write.Result = resultOf(Me, err)
			write.Result.State = snapshot.Partial // who it is stands
			write.Result.Detail = "directory roles: " + write.Result.Detail
			write.Result.Attempts = attempts + p.Attempts
			return nil
		}
		if p.First {
			rows = nil
		}
		rows = append(rows, p.Rows...)
		write.Result.Attempts += p.Attempts
		at = p
	}
	if r := pageResult(at); r.State != snapshot.Complete {
		write.Result.State, write.Result.Cause, write.Result.Detail = r.State, r.Cause, "directory roles: "+r.Detail
	}
	write.Pages = append(write.Pages, snapshot.Page{
		Key: RolesPage, At: at.Answer.At, Request: at.Answer.Label, RequestID: at.Answer.RequestID, Status: at.Answer.Status,
		Rows: rowsJSON(rows), Count: len(rows), Warnings: at.Warnings,
	})
	return nil
}
