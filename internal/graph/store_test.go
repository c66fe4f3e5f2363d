package graph

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"tenantaudit/internal/snapshot"
)

// breaking fails its n-th call, whichever it is.
type breaking struct {
	*memStore
	left atomic.Int64
}

func (b *breaking) fail() error {
	if b.left.Add(-1) == 0 {
		return errCut
	}
	return nil
}

func (b *breaking) Commit(ctx context.Context, w ...snapshot.Write) error {
	if err := b.fail(); err != nil {
		return err
	}
	return b.memStore.Commit(ctx, w...)
}

func (b *breaking) Plan(ctx context.Context, src snapshot.Source, keys []string) error {
	if err := b.fail(); err != nil {
		return err
	}
	return b.memStore.Plan(ctx, src, keys)
}

func (b *breaking) Unit(ctx context.Context, id snapshot.UnitID) (snapshot.Ledger, bool, error) {
	if err := b.fail(); err != nil {
		return snapshot.Ledger{}, false, err
	}
	return b.memStore.Unit(ctx, id)
}

func (b *breaking) Open(ctx context.Context, src snapshot.Source) ([]snapshot.Ledger, error) {
	if err := b.fail(); err != nil {
		return nil, err
	}
	return b.memStore.Open(ctx, src)
}

func (b *breaking) PageKeys(ctx context.Context, id snapshot.UnitID) ([]string, error) {
	if err := b.fail(); err != nil {
		return nil, err
	}
	return b.memStore.PageKeys(ctx, id)
}

func (b *breaking) Rows(ctx context.Context, src snapshot.Source) iter.Seq2[snapshot.RawRow, error] {
	if err := b.fail(); err != nil {
		return func(yield func(snapshot.RawRow, error) bool) { yield(snapshot.RawRow{}, err) }
	}
	return b.memStore.Rows(ctx, src)
}

// tenant answers every source of this package with a little of everything: paging, an
// expanded list at its limit, a short listing of grants, a deleted resource.
func tenant(t *testing.T) *service {
	app, api, group := guid(1), guid(9), guid(3)
	var svc *service
	svc = serve(t, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		switch path := strings.TrimPrefix(r.URL.Path, "/v1.0"); {
		case path == "/servicePrincipals" && q.Has("$expand"):
			var all []string
			for i := range expandLimit {
				all = append(all, held(fmt.Sprint("a", i), app, api))
			}
			list(w, "", `{"id":"`+app+`","appRoleAssignments":[`+strings.Join(all, ",")+`]}`)
		case path == "/servicePrincipals":
			list(w, "", sp(app, "Application", "null"))
		case path == "/users" && !q.Has("page"):
			list(w, svc.URL+"/v1.0/users?page=2", row(guid(70), "x"))
		case path == "/oauth2PermissionGrants" && q.Has("$count"):
			fmt.Fprintf(w, `{"@odata.count":2,"value":[{"id":"g1","clientId":%q,"resourceId":%q,"scope":"User.Read"}]}`, app, api)
		case path == "/oauth2PermissionGrants":
			list(w, "", fmt.Sprintf(`{"id":"g2","clientId":%q,"resourceId":%q,"scope":"Mail.Read"}`, app, guid(8)))
		case path == "/servicePrincipals/"+api:
			fmt.Fprintf(w, `{"id":%q,"appRoles":[],"oauth2PermissionScopes":[]}`, api)
		case path == "/servicePrincipals/"+guid(8):
			fail(w, 404, codeNotFound, "Resource does not exist.")
		case path == "/roleManagement/directory/roleAssignments":
			list(w, "", `{"id":"r1","principalId":"`+group+`","principal":{"@odata.type":"#microsoft.graph.group","id":"`+group+`"}}`)
		case path == "/roleManagement/directory/roleEligibilitySchedules":
			fail(w, 400, codePremiumRequired, "no P2")
		case path == "/me":
			fmt.Fprint(w, row(guid(60), "Nora"))
		default:
			list(w, "", row(guid(80), "x"))
		}
	})
	return svc
}

// A broken store is returned at once and never taken for an answer of the service.
func TestStoreErrorsAreReturned(t *testing.T) {
	svc := tenant(t)
	c, _ := newClient(t, svc)
	all := Collectors(c, CollectOptions{})
	full := newMemStore()
	for _, one := range all {
		if err := one.Collect(t.Context(), full); err != nil {
			t.Fatalf("%s: %v", one.Source(), err)
		}
		for n := int64(1); ; n++ {
			store := &breaking{memStore: without(t, full, one.Source())}
			store.left.Store(n)
			err := one.Collect(t.Context(), store)
			if store.left.Load() > 0 {
				if err != nil {
					t.Errorf("%s: %v without a broken store", one.Source(), err)
				}
				break
			}
			if !errors.Is(err, errCut) {
				t.Errorf("%s, call %d of the store broke: %v", one.Source(), n, err)
			}
			if n > 100 {
				t.Fatalf("%s: no end", one.Source())
			}
		}
	}
}

// without copies a store less one source.
func without(t *testing.T, s *memStore, src snapshot.Source) *memStore {
	t.Helper()
	out := newMemStore()
	for _, id := range s.order {
		if id.Source == src {
			continue
		}
		l := s.ledger[id]
		var pages []snapshot.Page
		for _, p := range s.pages[id] {
			pages = append(pages, p)
		}
		err := out.Commit(t.Context(), snapshot.Write{Unit: id, Pages: pages, Result: snapshot.Result{State: l.State, Cause: l.Cause, Detail: l.Detail, Expected: l.Expected}})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// The same run against the real store: no reader of it may stand in the way of a writer.
func TestWholeRunWithTheRealStore(t *testing.T) {
	svc := tenant(t)
	c, _ := newClient(t, svc)
	store, err := snapshot.Create(t.Context(), filepath.Join(t.TempDir(), "snapshot.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for _, one := range Collectors(c, CollectOptions{}) {
		if err := one.Collect(t.Context(), store); err != nil {
			t.Fatalf("%s: %v", one.Source(), err)
		}
		open, err := store.Open(t.Context(), one.Source())
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range open {
			t.Errorf("left open: %+v", l)
		}
	}
	l, known, err := store.Unit(t.Context(), snapshot.UnitID{Source: RoleEligibilitySchedules})
	if err != nil || !known || l.State != snapshot.Unavailable || l.Cause != snapshot.MissingLicence {
		t.Errorf("eligibility without P2: %+v, %v", l, err)
	}
	before := len(svc.seen())
	for _, one := range Collectors(c, CollectOptions{}) {
		if err := one.Collect(t.Context(), store); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(svc.seen()); n != before {
		t.Errorf("a finished run asked %d more times: %+v", n-before, svc.seen()[before:])
	}
}
