package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tenantaudit/internal/graph/wire"
	"tenantaudit/internal/snapshot"
)

const microsoft = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"

func sp(id, kind, owner string) string {
	return fmt.Sprintf(`{"id":%q,"appId":%q,"servicePrincipalType":%q,"appOwnerOrganizationId":%s}`, id, id, kind, owner)
}

// held is one assignment to a service principal.
func held(id, principal, resource string) string {
	return fmt.Sprintf(`{"id":%q,"principalId":%q,"principalType":"ServicePrincipal","resourceId":%q,"appRoleId":%q}`, id, principal, resource, guid(900))
}

func TestCredentialSecretsAreStruckOut(t *testing.T) {
	svc := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		list(w, "", `{"id":"`+guid(1)+`","tags":["key","hint"],"key":"a member of ours is none",
			"keyCredentials":[{"keyId":"`+guid(2)+`","usage":"Sign","type":"AsymmetricX509Cert","startDateTime":"2025-01-01T00:00:00Z","key":"QUFBQS1jZXJ0","customKeyIdentifier":"VEhVTUI="}],
			"passwordCredentials":[{"keyId":"`+guid(3)+`","hint":"w3x","secretText":"not null here","Hint":"W3X"}]}`)
	})
	c, _ := newClient(t, svc)
	for _, src := range []snapshot.Source{ServicePrincipals, Applications} {
		store := newMemStore()
		collect(t, c, store, src, CollectOptions{})
		stored := string(store.pages[snapshot.UnitID{Source: src}]["000001"].Rows)
		for _, secret := range []string{"QUFBQS1jZXJ0", "VEhVTUI=", "w3x", "W3X", "not null here"} {
			if strings.Contains(stored, secret) {
				t.Errorf("%s: %q was stored: %s", src, secret, stored)
			}
		}
		for _, kept := range []string{guid(2), guid(3), `"usage":"Sign"`, `"startDateTime":"2025-01-01T00:00:00Z"`, `"key":"a member of ours is none"`, `"tags":["key","hint"]`, `"key":null`, `"secretText":null`} {
			if !strings.Contains(stored, kept) {
				t.Errorf("%s: %q is missing: %s", src, kept, stored)
			}
		}
	}
}

func TestInspect(t *testing.T) {
	for _, tc := range []struct{ in, out, id string }{
		{`{"id":"a"}`, `{"id":"a"}`, "a"},
		{`{ "id" : "a" , "secretText" : { "x" : [1,"}"] } , "b":1}`, `{ "id" : "a" , "secretText" : null , "b":1}`, "a"},
		{`{"keyCredentials":{"key":{"secretText":"x"}}}`, `{"keyCredentials":{"key":null}}`, ""},
		{`{"nested":{"id":"inner"}}`, `{"nested":{"id":"inner"}}`, ""},
		{`[{"id":"a"}]`, `[{"id":"a"}]`, ""},
		{`{"id":null}`, `{"id":null}`, ""},
		{`{"Id":"a"}`, `{"Id":"a"}`, ""},
		{`{"passwordCredentials":[{"\u0068int":"abc"}],"id":"b"}`, `{"passwordCredentials":[{"\u0068int":null}],"id":"b"}`, "b"},
		{`"text"`, `"text"`, ""},
	} {
		out, id := inspect(json.RawMessage(tc.in))
		if string(out) != tc.out || id != tc.id {
			t.Errorf("inspect(%s) = %s, %q; want %s, %q", tc.in, out, id, tc.out, tc.id)
		}
	}
}

func TestDuplicateMembersInLargeObjects(t *testing.T) {
	var b strings.Builder
	for i := range 100 {
		fmt.Fprintf(&b, `"m%d":%d,`, i, i)
	}
	if err := walk([]byte("{"+b.String()+`"end":1}`), nil); err != nil {
		t.Errorf("no member is there twice: %v", err)
	}
	for _, again := range []string{"m0", "m40", "m99"} {
		if err := walk([]byte("{"+b.String()+`"`+again+`":1}`), nil); err == nil {
			t.Errorf("%s is there twice", again)
		}
	}
}

// Twenty shown is twenty or more: such a service principal is read in full.
func TestExpandedAssignmentsAreNeverTrustedAtTheLimit(t *testing.T) {
	few, full, hidden, resource := guid(1), guid(2), guid(3), guid(9)
	rows := func(n int, principal string) string {
		var all []string
		for i := range n {
			all = append(all, held(fmt.Sprint(principal[:8], "-", i), principal, resource))
		}
		return strings.Join(all, ",")
	}
	var svc *service
	svc = serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1.0/servicePrincipals":
			if r.URL.Query().Get("$expand") == "appRoleAssignedTo" {
				list(w, "", `{"id":"`+few+`","appRoleAssignedTo":[`+rows(19, few)+`]}`, `{"id":"`+full+`","appRoleAssignedTo":[]}`,
					`{"id":"`+resource+`","appRoleAssignedTo":[`+rows(20, full)+`]}`)
				return
			}
			list(w, "", `{"id":"`+few+`","appRoleAssignments":[`+rows(19, few)+`]}`,
				`{"id":"`+full+`","appRoleAssignments":[`+rows(20, full)+`]}`,
				`{"id":"`+hidden+`"}`)
		case "/v1.0/servicePrincipals/" + full + "/appRoleAssignments":
			if r.URL.Query().Get("page") == "" {
				list(w, svc.URL+r.URL.Path+"?page=2", strings.Split(strings.ReplaceAll(rows(20, full), "},{", "}\n{"), "\n")...)
				return
			}
			list(w, "", held("the 21st", full, resource))
		case "/v1.0/servicePrincipals/" + hidden + "/appRoleAssignments":
			list(w, "")
		case "/v1.0/servicePrincipals/" + resource + "/appRoleAssignedTo":
			list(w, "", `{"id":"a group's","principalType":"Group","principalId":"`+guid(77)+`","resourceId":"`+resource+`"}`)
		default:
			t.Errorf("asked %s", r.URL)
		}
	})
	c, _ := newClient(t, svc)
	store := newMemStore()
	store.put(t, ServicePrincipals)
	collect(t, c, store, AppRoleAssignments, CollectOptions{})
	if l := store.state(t, AppRoleAssignments, full); l.State != snapshot.Complete || l.Rows != 21 {
		t.Errorf("read in full: %+v", l)
	}
	if l := store.state(t, AppRoleAssignments, hidden); l.State != snapshot.Complete {
		t.Errorf("not shown: %+v", l)
	}
	if _, known, _ := store.Unit(t.Context(), snapshot.UnitID{Source: AppRoleAssignments, Key: few}); known {
		t.Error("nineteen need no second look")
	}
	distinct := map[string]bool{}
	for a, err := range assignments(t.Context(), store) {
		if err != nil {
			t.Fatal(err)
		}
		distinct[a.ID] = true
	}
	if len(distinct) != 19+21+1 {
		t.Errorf("%d assignments, want 41", len(distinct))
	}
	if l := store.state(t, AppRoleAssignments, AssignedToPrefix+resource); l.State != snapshot.Complete || l.Rows != 1 {
		t.Errorf("who is assigned to a resource that showed twenty: %+v", l)
	}
	// Both lists, two that hold or may hold more, and one that more are assigned to.
	if got := len(svc.seen()); got != 2+3+1 {
		t.Errorf("%d requests: %+v", got, svc.seen())
	}
}

// Without the list of service principals nobody knows whom to ask where $expand is refused.
func TestRefusedAssignedToNeedsTheList(t *testing.T) {
	svc := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("$expand") == "appRoleAssignedTo" {
			fail(w, 400, "Request_BadRequest", "no such $expand")
			return
		}
		list(w, "")
	})
	c, _ := newClient(t, svc)
	store := newMemStore()
	collect(t, c, store, AppRoleAssignments, CollectOptions{})
	if l := store.state(t, AppRoleAssignments, AssignedToPrefix); l.State != snapshot.Partial || !strings.Contains(l.Detail, string(ServicePrincipals)) {
		t.Errorf("%+v", l)
	}
}

func TestAssignedToIsAskedOfResourcesThatCanHaveHolders(t *testing.T) {
	ours, foreign, firstParty, required, managed, legacy := guid(1), guid(2), guid(3), guid(4), guid(5), guid(6)
	svc := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("$expand") == "appRoleAssignedTo" {
			fail(w, 400, "Request_BadRequest", "no such $expand") // else the list says it all
			return
		}
		if strings.HasSuffix(r.URL.Path, "/appRoleAssignedTo") {
			list(w, "", fmt.Sprintf(`{"id":"to %s","principalType":"Group","principalId":%q}`, r.URL.Path, guid(77)))
			return
		}
		list(w, "")
	})
	c, _ := newClient(t, svc)
	store := newMemStore()
	store.put(t, ServicePrincipals,
		sp(ours, "Application", `"`+guid(50)+`"`), sp(foreign, "Application", `"`+guid(51)+`"`), sp(firstParty, "Application", `"`+strings.ToUpper(microsoft)+`"`),
		`{"id":"`+required+`","servicePrincipalType":"Application","appOwnerOrganizationId":"`+microsoft+`","appRoleAssignmentRequired":true}`,
		sp(managed, "ManagedIdentity", "null"), sp(legacy, "Legacy", "null"),
		`{"id":"`+guid(7)+`","appId":"00000003-0000-0000-c000-000000000000","servicePrincipalType":"Application","appOwnerOrganizationId":"`+microsoft+`"}`,
		`{"id":"../users","servicePrincipalType":"Application"}`, `{"servicePrincipalType":"Application"}`)
	collect(t, c, store, AppRoleAssignments, CollectOptions{})
	var asked []string
	for _, r := range svc.seen() {
		if id, ok := strings.CutSuffix(strings.TrimPrefix(r.Path, "/v1.0/servicePrincipals/"), "/appRoleAssignedTo"); ok {
			asked = append(asked, id)
			if r.Query != "$top=999" {
				t.Errorf("without $top=999 assignments are left out: %q", r.Query)
			}
		}
	}
	slices.Sort(asked)
	if want := []string{ours, foreign, required, legacy, guid(7)}; !slices.Equal(asked, want) {
		t.Errorf("asked %v, want %v", asked, want)
	}
	if l := store.state(t, AppRoleAssignments, AssignedToPrefix+ours); l.State != snapshot.Complete || l.Rows != 1 {
		t.Errorf("ledger %+v", l)
	}
	groups, err := holdingGroups(t.Context(), store)
	if err != nil || !slices.Contains(groups, guid(77)) {
		t.Errorf("groups that hold an app role: %v, %v", groups, err)
	}
}

func TestGoneNeedsConfirmation(t *testing.T) {
	for name, want := range map[string]snapshot.State{"gone": snapshot.Gone, "there": snapshot.Failed, "hidden": snapshot.Denied} {
		t.Run(name, func(t *testing.T) {
			svc := serve(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.Query().Has("$expand"):
					list(w, "", `{"id":"`+guid(1)+`"}`)
				case strings.HasSuffix(r.URL.Path, "/owners"), name == "gone":
					fail(w, 404, codeNotFound, "Resource does not exist.")
				case name == "hidden":
					fail(w, 403, codeRequestDenied, "")
				default:
					fmt.Fprintf(w, `{"id":%q}`, guid(1))
				}
			})
			c, _ := newClient(t, svc)
			store := newMemStore()
			store.put(t, ServicePrincipals, sp(guid(1), "Application", "null"))
			collect(t, c, store, ServicePrincipalOwners, CollectOptions{})
			l := store.state(t, ServicePrincipalOwners, guid(1))
			if l.State != want || l.Attempts != 2 || svc.count("/v1.0/servicePrincipals/"+guid(1)) != 1 {
				t.Errorf("ledger %+v", l)
			}
		})
	}
}

// One list has the owners of nearly all service principals; twenty shown are twenty or more.
func TestOwnersAreListedAndReadInFullAtTheLimit(t *testing.T) {
	owner := func(i int) string { return `{"@odata.type":"#microsoft.graph.user","id":"` + guid(100+i) + `"}` }
	var twenty []string
	for i := range expandLimit {
		twenty = append(twenty, owner(i))
	}
	svc := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("$expand") == "owners" {
			list(w, "", `{"id":"`+guid(1)+`","owners":[`+owner(1)+`]}`, `{"id":"`+guid(2)+`","owners":[`+strings.Join(twenty, ",")+`]}`, `{"id":"`+guid(3)+`"}`, `{"id":"`+guid(4)+`","owners":[]}`)
			return
		}
		list(w, "", owner(1), owner(2))
	})
	c, _ := newClient(t, svc)
	store := newMemStore()
	store.put(t, ServicePrincipals)
	collect(t, c, store, ServicePrincipalOwners, CollectOptions{})
	for _, id := range []string{guid(2), guid(3)} {
		if l := store.state(t, ServicePrincipalOwners, id); l.State != snapshot.Complete || l.Rows != 2 {
			t.Errorf("%s: %+v", id, l)
		}
	}
	if got := len(svc.seen()); got != 3 {
		t.Errorf("%d requests, want 3: %+v", got, svc.seen())
	}
}

// Objects that were never listed must not read as "nothing to do".
func TestPerObjectSourcesSayWhenTheirListIsMissing(t *testing.T) {
	svc := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("$expand") {
			fail(w, 400, "Request_BadRequest", "no such $expand")
			return
		}
		list(w, "")
	})
	c, _ := newClient(t, svc)
	store := newMemStore()
	unit := snapshot.UnitID{Source: ServicePrincipals}
	if err := store.Commit(t.Context(), snapshot.Write{Unit: unit, Result: snapshot.Result{State: snapshot.Failed, Cause: snapshot.ServiceError, Detail: "broken", Expected: -1}}); err != nil {
		t.Fatal(err)
	}
	collect(t, c, store, ServicePrincipalOwners, CollectOptions{})
	if l := store.state(t, ServicePrincipalOwners, ""); l.State != snapshot.Failed || l.Cause != snapshot.ServiceError {
		t.Errorf("ledger %+v", l)
	}
	// The next run has the listing, and the note goes.
	store.put(t, ServicePrincipals, sp(guid(1), "Application", "null"))
	collect(t, c, store, ServicePrincipalOwners, CollectOptions{})
	if l := store.state(t, ServicePrincipalOwners, ""); l.State != snapshot.Complete {
		t.Errorf("ledger %+v", l)
	}
	if l := store.state(t, ServicePrincipalOwners, guid(1)); l.State != snapshot.Complete {
		t.Errorf("ledger %+v", l)
	}
	empty := newMemStore()
	collect(t, c, empty, ServicePrincipalRoles, CollectOptions{})
	if l := empty.state(t, ServicePrincipalRoles, ""); l.State != snapshot.Failed || l.Cause != snapshot.Interrupted {
		t.Errorf("nothing was read before: %+v", l)
	}
}

func TestShortGrantListingIsVerifiedByClient(t *testing.T) {
	ours, firstParty := guid(1), guid(2)
	grant := func(id string) string {
		return fmt.Sprintf(`{"id":%q,"clientId":%q,"consentType":"AllPrincipals","resourceId":%q,"scope":"User.Read"}`, id, ours, guid(9))
	}
	for _, tc := range []struct {
		name      string
		announced int
		byClient  []string
		state     snapshot.State
		requests  int
	}{
		{"agrees", 2, nil, snapshot.Complete, 1},
		{"more than announced", 1, nil, snapshot.Complete, 1},
		{"short, found by client", 3, []string{grant("b"), grant("c")}, snapshot.Complete, 2},
		{"short and stays so", 9, []string{grant("c")}, snapshot.Partial, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			svc := serve(t, func(w http.ResponseWriter, r *http.Request) {
				q := r.URL.Query()
				if q.Has("$filter") {
					if q.Get("$filter") != "clientId eq '"+ours+"'" || q.Get("$top") != "999" {
						t.Errorf("asked %s", r.URL)
					}
					list(w, "", tc.byClient...)
					return
				}
				fmt.Fprintf(w, `{"@odata.count":%d,"value":[%s,%s]}`, tc.announced, grant("a"), grant("b"))
			})
			c, _ := newClient(t, svc)
			store := newMemStore()
			store.put(t, ServicePrincipals, sp(ours, "Application", "null"), sp(firstParty, "Application", `"`+microsoft+`"`))
			collect(t, c, store, OAuth2PermissionGrants, CollectOptions{})
			l := store.state(t, OAuth2PermissionGrants, "")
			if l.State != tc.state || l.Expected != int64(tc.announced) || len(svc.seen()) != tc.requests {
				t.Errorf("%d requests, ledger %+v", len(svc.seen()), l)
			}
			if tc.state == snapshot.Partial && (!strings.Contains(l.Detail, "2 of 9") || !strings.Contains(l.Detail, "there are 3")) {
				t.Errorf("both numbers belong into the detail: %s", l.Detail)
			}
		})
	}
}

func TestClientsThatFailedAreAskedForAgain(t *testing.T) {
	broken := true
	svc := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch client := r.URL.Query().Get("$filter"); {
		case client == "":
			fmt.Fprint(w, `{"@odata.count":2,"value":[{"id":"a"}]}`)
		case strings.Contains(client, guid(1)):
			list(w, "", `{"id":"b"}`)
		case broken:
			fail(w, 500, "generalException", "")
		default:
			list(w, "", `{"id":"c"}`)
		}
	})
	c, _ := newClient(t, svc)
	store := newMemStore()
	store.put(t, ServicePrincipals, sp(guid(1), "Application", "null"), sp(guid(2), "Application", "null"))
	collect(t, c, store, OAuth2PermissionGrants, CollectOptions{})
	if l := store.state(t, OAuth2PermissionGrants, guid(2)); l.State != snapshot.Failed {
		t.Errorf("ledger %+v", l)
	}
	broken = false
	collect(t, c, store, OAuth2PermissionGrants, CollectOptions{})
	if l := store.state(t, OAuth2PermissionGrants, guid(2)); l.State != snapshot.Complete || l.Rows != 1 {
		t.Errorf("ledger %+v", l)
	}
}

func TestResourcesOfGrantsAndAssignments(t *testing.T) {
	known, deleted := guid(9), guid(8)
	broken := true
	svc := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1.0/servicePrincipals/" + known:
			if broken {
				fail(w, 500, "generalException", "")
				return
			}
			fmt.Fprintf(w, `{"id":%q,"appRoles":[{"id":%q,"value":"Mail.Read"}],"oauth2PermissionScopes":[]}`, known, guid(900))
		default:
			fail(w, 404, codeNotFound, "Resource does not exist.")
		}
	})
	c, _ := newClient(t, svc)
	store := newMemStore()
	store.put(t, AppRoleAssignments, `{"id":"`+guid(1)+`","appRoleAssignments":[`+held("x", guid(1), strings.ToUpper(known))+`]}`)
	store.put(t, OAuth2PermissionGrants, `{"id":"g","clientId":"`+guid(1)+`","resourceId":"`+known+`"}`, `{"id":"h","resourceId":"`+deleted+`"}`, `{"id":"i","resourceId":"../../beta"}`)
	collect(t, c, store, ServicePrincipalRoles, CollectOptions{})
	l := store.state(t, ServicePrincipalRoles, "")
	if l.State != snapshot.Partial || l.Cause != snapshot.ServiceError || !strings.HasPrefix(l.Detail, "1 of 2 resources could not be read") {
		t.Errorf("ledger %+v", l)
	}
	p := store.pages[l.Unit][deleted]
	if p.Status != 404 || p.Count != 0 || len(p.Warnings) != 1 {
		t.Errorf("page of the deleted one: %+v", p)
	}
	broken = false
	collect(t, c, store, ServicePrincipalRoles, CollectOptions{})
	if l := store.state(t, ServicePrincipalRoles, ""); l.State != snapshot.Complete || l.Rows != 1 || l.Cause != "" {
		t.Errorf("ledger %+v", l)
	}
	if n := svc.count("/v1.0/servicePrincipals/" + deleted); n != 1 {
		t.Errorf("the deleted one was asked for %d times", n)
	}
	before := len(svc.seen())
	collect(t, c, store, ServicePrincipalRoles, CollectOptions{})
	if len(svc.seen()) != before {
		t.Error("complete, and read again")
	}
	for r, err := range decoded(t.Context(), store, ServicePrincipalRoles, wire.DecodeServicePrincipalRoles) {
		if err != nil || r.AppRoles[0].Value != "Mail.Read" {
			t.Errorf("%+v, %v", r, err)
		}
	}
}

func TestEveryResourceRefusedIsDenied(t *testing.T) {
	svc := serve(t, func(w http.ResponseWriter, _ *http.Request) { fail(w, 403, codeRequestDenied, "") })
	c, _ := newClient(t, svc)
	store := newMemStore()
	store.put(t, AppRoleAssignments)
	store.put(t, OAuth2PermissionGrants, `{"id":"g","resourceId":"`+guid(9)+`"}`)
	collect(t, c, store, ServicePrincipalRoles, CollectOptions{})
	if l := store.state(t, ServicePrincipalRoles, ""); l.State != snapshot.Denied || l.Cause != snapshot.MissingPrivilege {
		t.Errorf("ledger %+v", l)
	}
}

func TestGroupMembersOfGroupsThatHoldSomething(t *testing.T) {
	role, eligible, app := guid(1), guid(2), guid(3)
	svc := serve(t, func(w http.ResponseWriter, r *http.Request) {
		list(w, "", `{"@odata.type":"#microsoft.graph.user","id":"`+guid(70)+`","displayName":null}`)
	})
	c, _ := newClient(t, svc)
	store := newMemStore()
	group := func(id string) string {
		return `"principal":{"@odata.type":"#microsoft.graph.group","id":"` + id + `"}`
	}
	store.put(t, RoleAssignments, `{"id":"r1","principalId":"`+role+`",`+group(role)+`}`, `{"id":"r2","principalId":"`+guid(60)+`","principal":{"@odata.type":"#microsoft.graph.user","id":"`+guid(60)+`"}}`, `{"id":"r3","principalId":"`+guid(61)+`"}`)
	store.put(t, RoleEligibilitySchedules, `{"id":"e1","principalId":"`+eligible+`",`+group(eligible)+`}`)
	store.put(t, AppRoleAssignments, `{"id":"`+guid(5)+`","appRoleAssignments":[{"id":"x","principalType":"Group","principalId":"`+app+`"}]}`)
	collect(t, c, store, GroupMembers, CollectOptions{})
	for _, id := range []string{role, eligible, app} {
		if l := store.state(t, GroupMembers, id); l.State != snapshot.Complete || l.Rows != 1 {
			t.Errorf("group %s: %+v", id, l)
		}
	}
	if n := len(svc.seen()); n != 3 {
		t.Errorf("%d requests", n)
	}
}

func TestGroupsHookAndItsError(t *testing.T) {
	svc := serve(t, func(w http.ResponseWriter, _ *http.Request) { list(w, "") })
	c, _ := newClient(t, svc)
	o := CollectOptions{GroupsRequire: []snapshot.Source{"exo/Get-Mailbox"}, Groups: func(context.Context, Store) ([]string, error) { return nil, errCut }}
	all := Collectors(c, o)
	last := all[len(all)-1]
	if last.Source() != GroupMembers || !slices.Equal(last.Requires(), o.GroupsRequire) {
		t.Errorf("%s requires %v", last.Source(), last.Requires())
	}
	if err := last.Collect(t.Context(), newMemStore()); !errors.Is(err, errCut) {
		t.Errorf("got %v", err)
	}
}

func TestMe(t *testing.T) {
	claims := func(context.Context) (wire.Claims, error) {
		return wire.Claims{TenantID: guid(1), IDType: "app", Roles: []string{"Directory.Read.All"}, AppDisplayName: "Posture", Expires: time.Unix(1787216400, 0)}, nil
	}
	const roles = "/v1.0/me/transitiveMemberOf/microsoft.graph.directoryRole"
	user := func(w http.ResponseWriter) {
		fmt.Fprintf(w, `{"@odata.context":"x","id":%q,"userPrincipalName":"nora@contoso.example"}`, guid(2))
	}
	for _, tc := range []struct {
		name   string
		answer func(w http.ResponseWriter, r *http.Request)
		state  snapshot.State
		pages  []string
	}{
		{"user", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != roles {
				user(w)
				return
			}
			if r.Header.Get("ConsistencyLevel") != "eventual" || r.URL.RawQuery != "$count=true&$select=id,displayName,roleTemplateId" {
				t.Errorf("roles were asked for as %s", r.URL)
			}
			list(w, "", `{"id":"`+guid(3)+`","displayName":"Global Reader","roleTemplateId":"f2ef992c-3afb-46b9-b7cf-a126ee74c451"}`)
		}, snapshot.Complete, []string{ClaimsPage, RolesPage, MePage}},
		{"application", func(w http.ResponseWriter, _ *http.Request) {
			fail(w, 400, "BadRequest", "/me request is only valid with delegated authentication flow.")
		}, snapshot.Complete, []string{ClaimsPage}},
		{"roles denied", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == roles {
				fail(w, 403, codeRequestDenied, "")
				return
			}
			user(w)
		}, snapshot.Partial, []string{ClaimsPage, MePage}},
		{"broken", func(w http.ResponseWriter, _ *http.Request) { fail(w, 500, "generalException", "") }, snapshot.Failed, []string{ClaimsPage}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			svc := serve(t, tc.answer)
			c, _ := newClient(t, svc)
			store := newMemStore()
			collect(t, c, store, Me, CollectOptions{Claims: claims})
			l := store.state(t, Me, "")
			keys, _ := store.PageKeys(t.Context(), l.Unit)
			slices.Sort(tc.pages)
			if l.State != tc.state || !slices.Equal(keys, tc.pages) {
				t.Errorf("pages %v, ledger %+v", keys, l)
			}
			for r := range store.Rows(t.Context(), Me) {
				if r.Page != ClaimsPage {
					continue
				}
				if got, err := wire.DecodeClaims(r.Row); err != nil || got.AppDisplayName != "Posture" || got.IdentityType() != wire.IdentityApplication {
					t.Errorf("claims %+v, %v", got, err)
				}
			}
		})
	}
	t.Run("claims that cannot be read", func(t *testing.T) {
		svc := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == roles {
				list(w, "")
				return
			}
			user(w)
		})
		c, _ := newClient(t, svc)
		store := newMemStore()
		collect(t, c, store, Me, CollectOptions{Claims: func(context.Context) (wire.Claims, error) { return wire.Claims{}, errCut }})
		if l := store.state(t, Me, ""); l.State != snapshot.Complete {
			t.Errorf("ledger %+v", l)
		}
	})
}

func TestCollectorsFollowTheirRequirements(t *testing.T) {
	c := testClient(t, "https://graph.example")
	done := map[snapshot.Source]bool{}
	for _, one := range Collectors(c, CollectOptions{}) {
		for _, r := range one.Requires() {
			if !done[r] {
				t.Errorf("%s stands before %s, which it requires", one.Source(), r)
			}
		}
		if LeastPermission(one.Source()) == "" {
			t.Errorf("%s has no permission", one.Source())
		}
		done[one.Source()] = true
	}
	if len(done) != 20 {
		t.Errorf("%d sources", len(done))
	}
	var got []snapshot.Source
	for _, one := range Collectors(c, CollectOptions{Sources: map[snapshot.Source]bool{ServicePrincipalRoles: true, Users: false}}) {
		got = append(got, one.Source())
	}
	want := []snapshot.Source{ServicePrincipals, OAuth2PermissionGrants, AppRoleAssignments, ServicePrincipalRoles}
	if !slices.Equal(got, want) {
		t.Errorf("chosen %v, want %v", got, want)
	}
}

func TestNewWantsABaseAlone(t *testing.T) {
	for _, base := range []string{"", "graph.example", "https://graph.example/v1.0", "https://graph.example?x=1", "https://user@graph.example", "ftp://graph.example"} {
		u, err := url.Parse(base)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := New(&recorder{}, u); err == nil {
			t.Errorf("%q was taken", base)
		}
	}
	if _, err := New(nil, nil); err == nil {
		t.Error("nothing was taken")
	}
}

// The SDK describes requests and sends none.
func TestSilentAdapterSendsNothing(t *testing.T) {
	var a silentAdapter
	ctx := t.Context()
	_, e1 := a.Send(ctx, nil, nil, nil)
	_, e2 := a.SendEnum(ctx, nil, nil, nil)
	_, e3 := a.SendCollection(ctx, nil, nil, nil)
	_, e4 := a.SendEnumCollection(ctx, nil, nil, nil)
	_, e5 := a.SendPrimitive(ctx, nil, "", nil)
	_, e6 := a.SendPrimitiveCollection(ctx, nil, "", nil)
	_, e7 := a.ConvertToNativeRequest(ctx, nil)
	for i, err := range []error{e1, e2, e3, e4, e5, e6, e7, a.SendNoContent(ctx, nil, nil)} {
		if !errors.Is(err, errNeverSends) {
			t.Errorf("method %d: %v", i, err)
		}
	}
}

func BenchmarkDecodePage(b *testing.B) {
	rows := make([]string, maxTop)
	for i := range rows {
		rows[i] = fmt.Sprintf(`{"id":%q,"displayName":"%s","tags":["a","b"],"keyCredentials":[{"keyId":%q,"key":%q}]}`, guid(i), strings.Repeat("n", 200), guid(i), strings.Repeat("k", 2000))
	}
	body := []byte(`{"value":[` + strings.Join(rows, ",") + `]}`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		a, err := decodeList(body)
		if err != nil {
			b.Fatal(err)
		}
		for _, r := range a.Rows {
			inspect(r)
		}
	}
}
