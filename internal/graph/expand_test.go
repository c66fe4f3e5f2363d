package graph

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tenantaudit/internal/snapshot"
)

// Where $expand is refused every service principal is asked by itself, and nothing is missing.
func TestRefusedExpandIsReadObjectByObject(t *testing.T) {
	a, b := guid(1), guid(2)
	down := true
	svc := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Query().Has("$expand"):
			fail(w, 400, "Request_UnsupportedQuery", "The query is not supported.")
		case r.URL.Path == "/v1.0/servicePrincipals/"+a+"/appRoleAssignments":
			list(w, "", held("x", a, guid(9)))
		case r.URL.Path == "/v1.0/servicePrincipals/"+b+"/appRoleAssignments" && down:
			fail(w, 500, "generalException", "")
		default:
			list(w, "")
		}
	})
	c, _ := newClient(t, svc)
	store := newMemStore()
	store.put(t, ServicePrincipals, sp(a, "Application", "null"), sp(b, "Application", `"`+microsoft+`"`))
	collect(t, c, store, AppRoleAssignments, CollectOptions{})
	if l := store.state(t, AppRoleAssignments, ""); l.State != snapshot.Complete || l.Rows != 0 || !strings.Contains(l.Detail, "Request_UnsupportedQuery") || l.Attempts != 1 {
		t.Errorf("the listing: %+v", l)
	}
	if l := store.state(t, AppRoleAssignments, a); l.State != snapshot.Complete || l.Rows != 1 {
		t.Errorf("read alone: %+v", l)
	}
	if l := store.state(t, AppRoleAssignments, b); l.State != snapshot.Failed {
		t.Errorf("failed alone: %+v", l)
	}
	// A second run asks for what failed, and not for the listing again.
	down = false
	before := svc.count("/v1.0/servicePrincipals")
	collect(t, c, store, AppRoleAssignments, CollectOptions{})
	if l := store.state(t, AppRoleAssignments, b); l.State != snapshot.Complete || svc.count("/v1.0/servicePrincipals") != before {
		t.Errorf("the second run: %+v", l)
	}
}

// Without the list of objects nobody knows whom to ask: the refusal is no complete answer.
func TestRefusedExpandNeedsTheList(t *testing.T) {
	svc := serve(t, func(w http.ResponseWriter, r *http.Request) { fail(w, 400, "Request_BadRequest", "no $expand") })
	for _, state := range []snapshot.State{"", snapshot.Denied, snapshot.Partial, snapshot.Unavailable} {
		c, _ := newClient(t, svc)
		store := newMemStore()
		if state != "" {
			write := snapshot.Write{Unit: snapshot.UnitID{Source: Applications}, Result: snapshot.Result{State: state, Cause: snapshot.ServiceError, Detail: "because", Expected: -1}}
			if err := store.Commit(t.Context(), write); err != nil {
				t.Fatal(err)
			}
		}
		collect(t, c, store, ApplicationOwners, CollectOptions{})
		want := state
		if want == "" {
			want = snapshot.Failed
		}
		if l := store.state(t, ApplicationOwners, ""); l.State != want || l.Detail == "" {
			t.Errorf("list %q: %+v", state, l)
		}
	}
}

// Other failures of the listing are no reason to ask for every object.
func TestOnlyARefusedQueryIsReadObjectByObject(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter)
		state  snapshot.State
	}{
		"denied":   {func(w http.ResponseWriter) { fail(w, 403, codeRequestDenied, "no") }, snapshot.Denied},
		"down":     {func(w http.ResponseWriter) { fail(w, 500, "generalException", "") }, snapshot.Failed},
		"licence":  {func(w http.ResponseWriter) { fail(w, 400, codePremiumRequired, "") }, snapshot.Unavailable},
		"refused":  {func(w http.ResponseWriter) { fail(w, 501, "NotImplemented", "") }, snapshot.Complete},
		"no names": {func(w http.ResponseWriter) { fail(w, 400, "BadRequest", "Could not find a property named 'owners'.") }, snapshot.Complete},
	} {
		svc := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Has("$expand") {
				c.answer(w)
				return
			}
			list(w, "")
		})
		client, _ := newClient(t, svc)
		store := newMemStore()
		store.put(t, Applications, row(guid(1), "a"))
		collect(t, client, store, ApplicationOwners, CollectOptions{})
		asked := svc.count("/v1.0/applications/" + guid(1) + "/owners")
		if l := store.state(t, ApplicationOwners, ""); l.State != c.state || (asked == 1) != (c.state == snapshot.Complete) {
			t.Errorf("%s: %d applications asked alone, %+v", name, asked, l)
		}
	}
}

func TestApplicationOwners(t *testing.T) {
	few, full, hidden, gone := guid(1), guid(2), guid(3), guid(4)
	owners := func(n int) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(`{"@odata.type":"#microsoft.graph.user","id":%q}`, guid(100+i)))
		}
		return strings.Join(all, ",")
	}
	svc := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1.0/applications":
			list(w, "", `{"id":"`+few+`","appId":"f","owners":[`+owners(19)+`]}`, `{"id":"`+full+`","owners":[`+owners(20)+`]}`, `{"id":"`+hidden+`"}`, `{"id":"`+gone+`","owners":null}`)
		case "/v1.0/applications/" + full + "/owners":
			list(w, "", strings.Split(strings.ReplaceAll(owners(21), "},{", "}\n{"), "\n")...)
		case "/v1.0/applications/" + hidden + "/owners":
			list(w, "")
		default:
			fail(w, 404, codeNotFound, "Resource does not exist.")
		}
	})
	c, _ := newClient(t, svc)
	store := newMemStore()
	store.put(t, Applications)
	collect(t, c, store, ApplicationOwners, CollectOptions{})
	for id, want := range map[string]struct {
		state snapshot.State
		rows  int64
	}{full: {snapshot.Complete, 21}, hidden: {snapshot.Complete, 0}, gone: {snapshot.Gone, 0}, "": {snapshot.Complete, 4}} {
		if l := store.state(t, ApplicationOwners, id); l.State != want.state || l.Rows != want.rows {
			t.Errorf("%q: %+v, want %v", id, l, want)
		}
	}
	if _, known, _ := store.Unit(t.Context(), snapshot.UnitID{Source: ApplicationOwners, Key: few}); known {
		t.Error("nineteen need no second look")
	}
}

// A policy is one object, however it is wrapped, and not every cloud has every one.
func TestPolicies(t *testing.T) {
	const object = `{"@odata.context":"x","isEnabled":true}`
	for _, tc := range []struct {
		name   string
		source snapshot.Source
		answer func(w http.ResponseWriter)
		state  snapshot.State
		cause  snapshot.Cause
		rows   int64
	}{
		{"an object", AuthorizationPolicy, func(w http.ResponseWriter) { fmt.Fprint(w, object) }, snapshot.Complete, "", 1},
		{"without an id", AdminConsentRequestPolicy, func(w http.ResponseWriter) { fmt.Fprint(w, object) }, snapshot.Complete, "", 1},
		{"in a collection", AuthorizationPolicy, func(w http.ResponseWriter) { list(w, "", `{"id":"authorizationPolicy"}`) }, snapshot.Complete, "", 1},
		{"an empty collection", AuthorizationPolicy, func(w http.ResponseWriter) { list(w, "") }, snapshot.Failed, snapshot.ServiceError, 0},
		{"an array", AuthorizationPolicy, func(w http.ResponseWriter) { fmt.Fprint(w, `[]`) }, snapshot.Failed, snapshot.ServiceError, 0},
		{"denied", AuthorizationPolicy, func(w http.ResponseWriter) { fail(w, 403, codeRequestDenied, "") }, snapshot.Denied, snapshot.MissingPrivilege, 0},
		{"no such path, 400", AdminConsentRequestPolicy, func(w http.ResponseWriter) { fail(w, 400, "BadRequest", "no") }, snapshot.Unavailable, snapshot.NotFound, 0},
		{"no such path, 404", AdminConsentRequestPolicy, func(w http.ResponseWriter) { fail(w, 404, codeNotFound, "no") }, snapshot.Unavailable, snapshot.NotFound, 0},
		{"no such segment", AdminConsentRequestPolicy, func(w http.ResponseWriter) { fail(w, 404, codeNoSegment, "no") }, snapshot.Unavailable, snapshot.NotFound, 0},
		{"a gateway's 404", AdminConsentRequestPolicy, func(w http.ResponseWriter) { w.WriteHeader(404) }, snapshot.Failed, snapshot.ServiceError, 0},
		{"wrong, where every cloud has it", AuthorizationPolicy, func(w http.ResponseWriter) { fail(w, 400, "BadRequest", "no") }, snapshot.Failed, snapshot.ServiceError, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			svc := serve(t, func(w http.ResponseWriter, _ *http.Request) { tc.answer(w) })
			c, _ := newClient(t, svc)
			store := newMemStore()
			collect(t, c, store, tc.source, CollectOptions{})
			l := store.state(t, tc.source, "")
			if l.State != tc.state || l.Cause != tc.cause || l.Rows != tc.rows || l.Attempts == 0 || (l.State != snapshot.Complete) != (l.Detail != "") {
				t.Errorf("ledger %+v", l)
			}
			before := len(svc.seen())
			collect(t, c, store, tc.source, CollectOptions{})
			if again := len(svc.seen()) > before; again == final(tc.state) {
				t.Errorf("asked again: %t", again)
			}
		})
	}
}

func TestRoleSchedulesWithoutALicence(t *testing.T) {
	svc := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		fail(w, 400, codePremiumRequired, "The tenant needs Microsoft Entra ID P2.")
	})
	c, _ := newClient(t, svc)
	store := newMemStore()
	collect(t, c, store, RoleAssignmentScheduleInstances, CollectOptions{})
	if l := store.state(t, RoleAssignmentScheduleInstances, ""); l.State != snapshot.Unavailable || l.Cause != snapshot.MissingLicence {
		t.Errorf("ledger %+v", l)
	}
}

// Nothing is collected that nobody chose or builds on.
func TestChosenSourcesAlone(t *testing.T) {
	c := testClient(t, "https://graph.example")
	hook := func(context.Context, Store) ([]string, error) { return nil, nil }
	before := []snapshot.Source{AppRoleAssignments, RoleAssignments, Users, "exo/Get-Mailbox"}
	for _, tc := range []struct {
		chosen, want []snapshot.Source
	}{
		{[]snapshot.Source{AuthorizationPolicy}, []snapshot.Source{AuthorizationPolicy}},
		{[]snapshot.Source{GroupMembers, Users}, []snapshot.Source{Users, GroupMembers}},
		{[]snapshot.Source{ApplicationOwners}, []snapshot.Source{Applications, ApplicationOwners}},
		{[]snapshot.Source{ServicePrincipalRoles, OAuth2PermissionGrants}, []snapshot.Source{ServicePrincipals, OAuth2PermissionGrants, ServicePrincipalRoles}},
		{[]snapshot.Source{ServicePrincipalRoles, AppRoleAssignments}, []snapshot.Source{ServicePrincipals, AppRoleAssignments, ServicePrincipalRoles}},
	} {
		sources := map[snapshot.Source]bool{}
		for _, s := range tc.chosen {
			sources[s] = true
		}
		var got []snapshot.Source
		for _, one := range Collectors(c, CollectOptions{Sources: sources, Groups: hook, GroupsRequire: before}) {
			got = append(got, one.Source())
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("chosen %v: collected %v, want %v", tc.chosen, got, tc.want)
		}
	}
	// The built-in choice of groups is read off sources that come along.
	var got []snapshot.Source
	for _, one := range Collectors(c, CollectOptions{Sources: map[snapshot.Source]bool{GroupMembers: true}}) {
		got = append(got, one.Source())
	}
	if !slices.Contains(got, AppRoleAssignments) || !slices.Contains(got, RoleAssignments) {
		t.Errorf("collected %v", got)
	}
}

// Resources are those of what this run reads: nothing waits for the other listing.
func TestResourcesOfGrantsAlone(t *testing.T) {
	svc := serve(t, func(w http.ResponseWriter, _ *http.Request) { list(w, "") })
	c, _ := newClient(t, svc)
	store := newMemStore()
	store.put(t, OAuth2PermissionGrants)
	collect(t, c, store, ServicePrincipalRoles, CollectOptions{Sources: map[snapshot.Source]bool{OAuth2PermissionGrants: true, ServicePrincipalRoles: true}})
	if l := store.state(t, ServicePrincipalRoles, ""); l.State != snapshot.Complete {
		t.Errorf("ledger %+v", l)
	}
}
