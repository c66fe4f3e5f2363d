package faketenant

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func TestGraphLists(t *testing.T) {
	c := start(t, Options{Mailboxes: 60})
	plan := c.tenant.plan
	eligible, guests := 0, 0
	for _, h := range plan.roleHolders {
		if h.eligible {
			eligible++
		}
	}
	for _, u := range plan.users {
		if u.kind == kindGuest {
			guests++
		}
	}
	for path, want := range map[string]int{
		"organization": 1, "domains": 4, "subscribedSkus": 7, "users?$top=999": len(plan.users), "users?$top=7": len(plan.users),
		"groups": len(plan.groups), "servicePrincipals?$top=999": len(plan.apps), "servicePrincipals?$top=10": len(plan.apps),
		"oauth2PermissionGrants?$count=true&$top=999": len(plan.grants), "roleManagement/directory/roleDefinitions": len(plan.roles),
		"roleManagement/directory/roleEligibilitySchedules": eligible, "users?$filter=userType%20eq%20'Guest'": guests,
		"users?$filter=assignedLicenses/$count%20ne%200&$count=true": 49, "auditLogs/directoryAudits": 3,
		"servicePrincipals(appId='" + graphAppID + "')/appRoleAssignedTo?$top=999": 28,
	} {
		if got := len(c.graphAll(path)); got != want {
			t.Errorf("%s: %d rows, want %d", path, got, want)
		}
	}
}

func TestGraphRefusals(t *testing.T) {
	c := start(t, Options{Mailboxes: 60, Deny: []string{"oauth2PermissionGrants", "groupMembers"}})
	group := c.tenant.plan.groups[0].id.String()
	for _, tc := range []struct {
		name, path string
		header     map[string]string
		status     int
		code       string
	}{
		{"unknown property", "users?$select=id,verifiedPublisherr", nil, 400, "Request_BadRequest"},
		{"property of single users", "users?$select=mailboxSettings", nil, 501, "NotImplemented"},
		{"page too large", "users?$top=1000", nil, 400, "Request_BadRequest"},
		{"sign-in times in large pages", "users?$select=id,signInActivity&$top=999", nil, 400, "Request_BadRequest"},
		{"count without the header", "users?$count=true", nil, 400, "Request_UnsupportedQuery"},
		{"licence filter without the header", "users?$filter=assignedLicenses/$count%20ne%200", nil, 400, "Request_UnsupportedQuery"},
		{"skip", "users?$skip=1", nil, 400, "Request_BadRequest"},
		{"unknown segment", "nonsense", nil, 400, "BadRequest"},
		{"unknown user", "users/11111111-2222-4333-8444-555555555555", nil, 404, "Request_ResourceNotFound"},
		{"denied list", "oauth2PermissionGrants", nil, 403, "Authorization_RequestDenied"},
		{"denied as a dataset", "groups/" + group + "/transitiveMembers", nil, 403, "Authorization_RequestDenied"},
		{"me without a person", "me", nil, 400, "BadRequest"},
		{"unknown expand", "users?$expand=nonsense", nil, 400, "Request_BadRequest"},
		{"unknown page token", "users?$skiptoken=e30", nil, 400, "DirectoryPageTokenNotFoundException"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := c.graph(tc.path, tc.header)
			var e struct{ Error struct{ Code string } }
			if err := json.Unmarshal(a.body, &e); err != nil || a.status != tc.status || e.Error.Code != tc.code {
				t.Errorf("got %d %.300s, want %d %s", a.status, a.body, tc.status, tc.code)
			}
		})
	}
	if a := c.do(http.MethodPatch, "/v1.0/users/"+group, nil, "{}"); a.status != 405 {
		t.Errorf("PATCH: %d, want 405", a.status)
	}
}

func TestConsistencyLevelBelongsToEveryPage(t *testing.T) {
	c := start(t, Options{Mailboxes: 60})
	level := map[string]string{"ConsistencyLevel": "eventual"}
	first := decode[page](t, c.graph("users?$top=10&$count=true", level).body)
	if first.Count == nil || *first.Count != len(c.tenant.plan.users) || !strings.HasPrefix(first.Next, c.srv.URL+"/v1.0/users?") {
		t.Fatalf("first page: count %v, next %s", first.Count, first.Next)
	}
	if a := c.do(http.MethodGet, first.Next, nil, ""); a.status != http.StatusBadRequest {
		t.Errorf("page two without the header: %d, want 400", a.status)
	}
	second := decode[page](t, c.do(http.MethodGet, first.Next, level, "").body)
	if len(second.Value) != 10 || second.Count != nil {
		t.Errorf("page two: %d rows, count %v", len(second.Value), second.Count)
	}
	s := DefaultStrict()
	s.ConsistencyOnPage = false
	loose := start(t, Options{Mailboxes: 60, Strict: s})
	p := decode[page](t, loose.graph("users?$top=10&$count=true", level).body)
	if a := loose.do(http.MethodGet, p.Next, nil, ""); a.status != http.StatusOK {
		t.Errorf("page two without the header, loose: %d", a.status)
	}
}

func TestDelegatedGrantsAreIncompleteWithoutTheHeader(t *testing.T) {
	c := start(t, Options{})
	all := len(c.tenant.plan.grants)
	read := func(top string) int {
		n := 0
		for link := "/v1.0/oauth2PermissionGrants?$top=" + top; link != ""; {
			p := decode[page](t, c.do(http.MethodGet, link, nil, "").body)
			n, link = n+len(p.Value), p.Next
		}
		return n
	}
	one, hundred, many := read("1"), read("100"), read("999")
	if one >= hundred || hundred >= many || many >= all {
		t.Errorf("rows at $top 1, 100, 999: %d, %d, %d of %d; want them to grow and to stay short", one, hundred, many, all)
	}
	if got := len(c.graphAll("oauth2PermissionGrants?$count=true&$top=999")); got != all {
		t.Errorf("with the header: %d of %d", got, all)
	}
}

func TestExpandStopsAtTwenty(t *testing.T) {
	c := start(t, Options{Mailboxes: 60})
	shown := map[string]int{}
	for _, r := range c.graphAll("servicePrincipals?$select=id,appId,displayName&$expand=appRoleAssignments&$top=999") {
		if len(r) != 4 {
			t.Fatalf("members of %v: want the three selected and the expanded one", r)
		}
		shown[r["displayName"].(string)] = len(r["appRoleAssignments"].([]any))
	}
	hub := c.tenant.plan.appByName("Contoso Integration Hub")
	if shown["Contoso Integration Hub"] != 20 || shown["Contoso Reporting"] != 20 {
		t.Errorf("expanded: %d and %d, want 20 each", shown["Contoso Integration Hub"], shown["Contoso Reporting"])
	}
	if got := len(c.graphAll("servicePrincipals/" + hub.p.id.String() + "/appRoleAssignments?$top=999")); got != 25 {
		t.Errorf("read in full: %d, want 25", got)
	}
}

// appByName finds an application of the plan.
func (p *plan) appByName(name string) *app {
	for _, a := range p.apps {
		if a.p.display == name {
			return a
		}
	}
	return nil
}

func TestGroupMembers(t *testing.T) {
	c := start(t, Options{Mailboxes: 60})
	outer := c.tenant.plan.find("Projects Outer")[0]
	types := map[string]int{}
	for _, m := range c.graphAll("groups/" + outer.id.String() + "/transitiveMembers?$select=id,displayName,mail,userPrincipalName,userType,appId") {
		types[m["@odata.type"].(string)]++
		if m["id"] == outer.id.String() {
			t.Error("a cyclic group lists itself")
		}
	}
	if types["#microsoft.graph.user"] != 4 || types["#microsoft.graph.group"] != 1 || types["#microsoft.graph.orgContact"] != 1 {
		t.Errorf("types %v, want four users, the inner group and the contact", types)
	}
	cast := "groups/" + outer.id.String() + "/transitiveMembers/microsoft.graph.user"
	if a := c.graph(cast, nil); a.status != http.StatusBadRequest {
		t.Errorf("cast without the header: %d, want 400", a.status)
	}
	if got := len(c.graphAll(cast + "?$count=true")); got != 4 {
		t.Errorf("cast: %d, want 4", got)
	}
	for _, m := range c.graphAll("groups/" + c.tenant.plan.find("Automation identities")[0].id.String() + "/members") {
		if m["@odata.type"] != "#microsoft.graph.servicePrincipal" || m["appId"] == nil {
			t.Errorf("member %v: want the service principal", m)
		}
	}
}

func TestRoles(t *testing.T) {
	c := start(t, Options{Mailboxes: 60})
	missing, scopes := 0, 0
	for _, r := range c.graphAll("roleManagement/directory/roleAssignments?$expand=principal") {
		if r["principal"] == nil {
			missing++
		}
		if strings.HasPrefix(r["directoryScopeId"].(string), "/administrativeUnits/") {
			scopes++
		}
	}
	if missing != 1 || scopes != 2 {
		t.Errorf("%d without principal, %d scoped; want one and two", missing, scopes)
	}
	poor := start(t, Options{Mailboxes: 60, NoP2: true})
	if a := poor.graph("roleManagement/directory/roleEligibilitySchedules", nil); a.status != 400 || !bytes.Contains(a.body, []byte("AadPremiumLicenseRequired")) {
		t.Errorf("without P2: %d %.200s", a.status, a.body)
	}
	for _, s := range poor.graphAll("subscribedSkus") {
		if b, _ := json.Marshal(s); bytes.Contains(b, []byte(planP2.id)) {
			t.Errorf("without P2 the tenant holds the plan: %s", b)
		}
	}
}

func TestMe(t *testing.T) {
	c := start(t, Options{Mailboxes: 60, Delegated: true})
	me := decode[map[string]any](t, c.graph("me?$select=id,userPrincipalName,displayName", nil).body)
	if me["userPrincipalName"] != "review@contoso.example" {
		t.Errorf("me: %v", me)
	}
	roles := c.graphAll("me/transitiveMemberOf/microsoft.graph.directoryRole?$select=id,displayName,roleTemplateId&$count=true")
	if len(roles) != 1 || roles[0]["roleTemplateId"] != roleGlobalReader.id {
		t.Errorf("roles of me: %v", roles)
	}
}

func TestGraphBatch(t *testing.T) {
	c := start(t, Options{Mailboxes: 60})
	body := `{"requests":[{"id":"1","method":"GET","url":"/users?$top=3"},{"id":"2","method":"GET","url":"/nonsense"},{"id":"3","method":"DELETE","url":"/users"},` +
		`{"id":"4","method":"GET","url":"/users?$count=true&$top=2","headers":{"ConsistencyLevel":"eventual"}}]}`
	a := c.do(http.MethodPost, "/v1.0/$batch", map[string]string{"Content-Type": "application/json"}, body)
	got := map[string]int{}
	for _, r := range decode[batchAnswer](t, a.body).Responses {
		got[r.ID] = r.Status
	}
	if got["1"] != 200 || got["2"] != 400 || got["3"] != 400 || got["4"] != 200 {
		t.Errorf("statuses %v", got)
	}
}
