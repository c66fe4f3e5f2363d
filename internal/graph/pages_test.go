package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/transport"
)

// What is asked must be what Graph documents, to the letter.
func TestRequestsAreAsDocumented(t *testing.T) {
	id := guid(7)
	want := map[snapshot.Source]string{
		Organization:   "/v1.0/organization?$select=id,displayName,verifiedDomains,tenantType,onPremisesSyncEnabled,onPremisesLastSyncDateTime,createdDateTime,countryLetterCode,assignedPlans,technicalNotificationMails,securityComplianceNotificationMails,partnerTenantType",
		Domains:        "/v1.0/domains",
		SubscribedSKUs: "/v1.0/subscribedSkus",
		Users:          "/v1.0/users?$select=id,userPrincipalName,displayName,mail,accountEnabled,userType,onPremisesSyncEnabled,createdDateTime,assignedLicenses,assignedPlans,proxyAddresses,externalUserState,lastPasswordChangeDateTime,passwordPolicies&$top=999",
		Groups:         "/v1.0/groups?$select=id,displayName,mail,mailEnabled,securityEnabled,groupTypes,isAssignableToRole,onPremisesSyncEnabled,visibility,membershipRule,assignedLicenses&$top=999",
		ServicePrincipals: "/v1.0/servicePrincipals?$select=id,appId,displayName,appDisplayName,accountEnabled,servicePrincipalType,appOwnerOrganizationId,verifiedPublisher,signInAudience,tags,replyUrls,homepage," +
			"appRoleAssignmentRequired,disabledByMicrosoftStatus,createdDateTime,keyCredentials,passwordCredentials&$top=999",
		Applications: "/v1.0/applications?$select=id,appId,displayName,createdDateTime,signInAudience,publisherDomain,verifiedPublisher,requiredResourceAccess,keyCredentials,passwordCredentials,web,spa,publicClient," +
			"isFallbackPublicClient,servicePrincipalLockConfiguration&$top=999",
		RoleDefinitions:          "/v1.0/roleManagement/directory/roleDefinitions?$select=id,templateId,displayName,isBuiltIn,isEnabled",
		RoleAssignments:          "/v1.0/roleManagement/directory/roleAssignments?$expand=principal",
		RoleEligibilitySchedules: "/v1.0/roleManagement/directory/roleEligibilitySchedules?$expand=principal",
		ApplicationOwners:        "/v1.0/applications?$expand=owners&$select=id,appId&$top=999",
		AuthorizationPolicy:      "/v1.0/policies/authorizationPolicy",
		OAuth2PermissionGrants:   "/v1.0/oauth2PermissionGrants?$count=true&$top=999",
		AppRoleAssignments:       "/v1.0/servicePrincipals?$expand=appRoleAssignments&$select=id,appId&$top=999",
		ServicePrincipalOwners:   "/v1.0/servicePrincipals?$expand=owners&$select=id,appId&$top=999",
		GroupMembers:             "/v1.0/groups/" + id + "/transitiveMembers?$select=id,displayName,userPrincipalName,userType,mail,accountEnabled,appId&$top=999",
		Me:                       "/v1.0/me?$select=id,userPrincipalName,displayName",

		AdminConsentRequestPolicy:       "/v1.0/policies/adminConsentRequestPolicy",
		RoleAssignmentScheduleInstances: "/v1.0/roleManagement/directory/roleAssignmentScheduleInstances",

		ServicePrincipalRoles: "/v1.0/servicePrincipals/" + id + "?$select=id,appId,displayName,appRoles,oauth2PermissionScopes",
	}
	for src, line := range want {
		t.Run(string(src), func(t *testing.T) {
			svc := serve(t, func(w http.ResponseWriter, _ *http.Request) { list(w, "") })
			c, d := newClient(t, svc)
			store := newMemStore()
			store.put(t, ServicePrincipals, `{"id":"`+id+`","servicePrincipalType":"Application"}`)
			if src == ServicePrincipals {
				store = newMemStore()
			}
			if src == ServicePrincipalRoles {
				store.put(t, OAuth2PermissionGrants, `{"id":"g","resourceId":"`+id+`"}`)
				store.put(t, AppRoleAssignments)
			}
			collect(t, c, store, src, CollectOptions{Groups: func(context.Context, Store) ([]string, error) { return []string{id}, nil }})
			all := svc.seen()
			if len(all) == 0 {
				t.Fatal("nothing was asked")
			}
			got := all[0].Path
			if all[0].Query != "" {
				got += "?" + all[0].Query
			}
			if got != line {
				t.Errorf("asked\n%s\nwant\n%s", got, line)
			}
			if accept := all[0].Header.Get("Accept"); accept != "application/json" {
				t.Errorf("Accept: %q", accept)
			}
			if src == ServicePrincipals || src == Applications {
				if d.bucket[transport.BucketKeyCredentials] != 1 {
					t.Errorf("$select=keyCredentials has a quota of its own: %v", d.bucket)
				}
			} else if d.bucket[transport.BucketKeyCredentials] != 0 {
				t.Errorf("quota of keyCredentials used without need: %v", d.bucket)
			}
		})
	}
}

func TestNextLinksAreFollowedVerbatimWithTheSameHeaders(t *testing.T) {
	const token = "$skiptoken=RFNwdA%2BAA'%20x&odd=%24top"
	var svc *service
	svc = serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("ConsistencyLevel") != "eventual" {
			t.Errorf("%s without ConsistencyLevel", r.URL)
		}
		if strings.Contains(r.URL.RawQuery, "skiptoken") {
			list(w, "", row("b", "2"))
			return
		}
		fmt.Fprintf(w, `{"@odata.count":2,"@odata.nextLink":%q,"value":[%s]}`, svc.URL+"/v1.0/oauth2PermissionGrants?"+token, row("a", "1"))
	})
	c, _ := newClient(t, svc)
	store := newMemStore()
	collect(t, c, store, OAuth2PermissionGrants, CollectOptions{})
	if got := svc.seen(); len(got) != 2 || got[1].Query != token {
		t.Errorf("second request %+v, want query %s", got, token)
	}
	if l := store.state(t, OAuth2PermissionGrants, ""); l.State != snapshot.Complete || l.Expected != 2 || l.Rows != 2 || l.Attempts != 2 {
		t.Errorf("ledger %+v", l)
	}
}

func TestLinksThatLeadAstray(t *testing.T) {
	foreign := serve(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("followed to %s", r.URL) })
	for name, link := range map[string]func(base string) string{
		"other host":         func(string) string { return foreign.URL + "/v1.0/users?page=2" },
		"user info":          func(b string) string { return strings.Replace(b, "http://", "http://evil@", 1) + "/v1.0/users?page=2" },
		"other version":      func(b string) string { return b + "/beta/users?page=2" },
		"version look-alike": func(b string) string { return b + "/v1.0.evil.example/users" },
		"other scheme":       func(b string) string { return strings.Replace(b, "http:", "https:", 1) + "/v1.0/users?page=2" },
		"relative":           func(string) string { return "/v1.0/users?page=2" },
		"no URL":             func(b string) string { return b + "/v1.0/users?$skiptoken=secret-page-token\x7f" },
	} {
		t.Run(name, func(t *testing.T) {
			var svc *service
			svc = serve(t, func(w http.ResponseWriter, r *http.Request) { list(w, link(svc.URL), row("a", "1")) })
			c, _ := newClient(t, svc)
			store := newMemStore()
			collect(t, c, store, Users, CollectOptions{})
			l := store.state(t, Users, "")
			if l.State != snapshot.Failed || l.Cause != snapshot.ServiceError || l.Rows != 1 || len(svc.seen()) != 1 {
				t.Errorf("ledger %+v after %d requests", l, len(svc.seen()))
			}
			if strings.Contains(l.Detail, "secret-page-token") {
				t.Errorf("detail shows the page token: %s", l.Detail)
			}
		})
	}
}

func TestLoopEndsAsPartial(t *testing.T) {
	var svc *service
	svc = serve(t, func(w http.ResponseWriter, r *http.Request) {
		n := r.URL.Query().Get("page")
		next := map[string]string{"": "2", "2": "3", "3": "2"}[n]
		list(w, svc.URL+"/v1.0/users?page="+next, row("u"+n, "x"))
	})
	c, _ := newClient(t, svc)
	store := newMemStore()
	collect(t, c, store, Users, CollectOptions{})
	l := store.state(t, Users, "")
	if l.State != snapshot.Partial || !strings.Contains(l.Detail, "loop") || l.Rows != 3 || len(svc.seen()) != 3 {
		t.Errorf("ledger %+v after %d requests", l, len(svc.seen()))
	}
}

func TestEmptyPages(t *testing.T) {
	for _, tc := range []struct {
		name    string
		empties int
		state   snapshot.State
		rows    int64
	}{
		{"one", 1, snapshot.Complete, 2},
		{"forty-nine", 49, snapshot.Complete, 2},
		{"endless", 1 << 30, snapshot.Partial, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := 0
			var svc *service
			svc = serve(t, func(w http.ResponseWriter, r *http.Request) {
				n++
				next := fmt.Sprintf("%s/v1.0/users?page=%d", svc.URL, n)
				switch {
				case n == 1:
					list(w, next, row("a", "1"))
				case n <= 1+tc.empties:
					list(w, next)
				default:
					list(w, "", row("b", "2"))
				}
			})
			c, _ := newClient(t, svc)
			store := newMemStore()
			collect(t, c, store, Users, CollectOptions{})
			if l := store.state(t, Users, ""); l.State != tc.state || l.Rows != tc.rows {
				t.Errorf("ledger %+v", l)
			}
			if n > emptyPages+2 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestRowsThatCameBefore(t *testing.T) {
	var svc *service
	svc = serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("page") == "" {
			list(w, svc.URL+"/v1.0/users?page=2", row("a", "1"), row("b", "old"))
			return
		}
		list(w, "", row("a", "1"), row("b", "new"), row("c", "3"))
	})
	c, _ := newClient(t, svc)
	store := newMemStore()
	collect(t, c, store, Users, CollectOptions{})
	if got, want := store.ids(Users), []string{"a", "b", "b", "c"}; !slices.Equal(got, want) {
		t.Errorf("stored %v, want %v", got, want)
	}
	p := store.pages[snapshot.UnitID{Source: Users}]["000002"]
	warnings := strings.Join(p.Warnings, "; ")
	if !strings.Contains(warnings, "1 rows came before, unchanged") || !strings.Contains(warnings, "1 rows came before and have changed") {
		t.Errorf("warnings %q", warnings)
	}
	if l := store.state(t, Users, ""); l.State != snapshot.Complete {
		t.Errorf("ledger %+v", l)
	}
}

func TestExpiredPageTokenStartsOverOnce(t *testing.T) {
	for _, code := range []string{codeExpiredPage, codeUnknownPage} {
		for expiries, want := range map[int]snapshot.State{1: snapshot.Complete, 2: snapshot.Partial} {
			t.Run(fmt.Sprint(code, expiries), func(t *testing.T) {
				starts, expired := 0, 0
				var svc *service
				svc = serve(t, func(w http.ResponseWriter, r *http.Request) {
					switch page := r.URL.Query().Get("page"); {
					case page == "":
						starts++
						list(w, svc.URL+"/v1.0/users?page=2", row("a", fmt.Sprint("start ", starts)))
					case page == "2" && expired < expiries:
						expired++
						fail(w, 400, code, "The specified page token value has expired.")
					default:
						list(w, "", row("b", "2"))
					}
				})
				c, _ := newClient(t, svc)
				store := newMemStore()
				collect(t, c, store, Users, CollectOptions{})
				l := store.state(t, Users, "")
				if l.State != want || starts != 2 {
					t.Errorf("%d starts, ledger %+v", starts, l)
				}
				if got := store.ids(Users); want == snapshot.Complete && !slices.Equal(got, []string{"a", "b"}) {
					t.Errorf("stored %v: rows of the first start must be void", got)
				}
				for r := range store.Rows(t.Context(), Users) {
					if strings.Contains(string(r.Row), "start 1") {
						t.Errorf("a row of the first start is left: %s", r.Row)
					}
				}
			})
		}
	}
}

func TestUnknownPropertyIsGivenUp(t *testing.T) {
	svc := serve(t, func(w http.ResponseWriter, r *http.Request) {
		sel := r.URL.Query().Get("$select")
		for _, p := range []string{"createdDateTime", "verifiedPublisher"} {
			if strings.Contains(sel, p) {
				fail(w, 400, "Request_BadRequest", "Parsing OData Select and Expand failed: Could not find a property named '"+p+"' on type 'microsoft.graph.servicePrincipal'.")
				return
			}
		}
		list(w, "", row(guid(1), "one"))
	})
	c, _ := newClient(t, svc)
	store := newMemStore()
	collect(t, c, store, ServicePrincipals, CollectOptions{})
	l := store.state(t, ServicePrincipals, "")
	if l.State != snapshot.Complete || l.Rows != 1 || l.Attempts != 3 {
		t.Errorf("ledger %+v", l)
	}
	last := svc.seen()[2].Query
	if !strings.Contains(last, "keyCredentials") || !strings.Contains(last, "tags") || !strings.Contains(last, "$top=999") {
		t.Errorf("only what is unknown may go: %s", last)
	}
	p := store.pages[snapshot.UnitID{Source: ServicePrincipals}]["000001"]
	if !slices.Contains(p.Warnings, "not offered here: createdDateTime, verifiedPublisher") {
		t.Errorf("what was given up must be said: %q", p.Warnings)
	}
}

func TestReducedSelect(t *testing.T) {
	for name, message := range map[string]string{
		"property that is not ours": "Could not find a property named 'elsewhere' on type 'microsoft.graph.user'.",
	} {
		t.Run(name, func(t *testing.T) {
			reduced := strings.Join(usersListing(&Client{}).reduced, ",")
			svc := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Get("$select") != reduced {
					fail(w, 400, "Request_BadRequest", message)
					return
				}
				list(w, "", row("a", "1"))
			})
			c, _ := newClient(t, svc)
			store := newMemStore()
			collect(t, c, store, Users, CollectOptions{})
			if l := store.state(t, Users, ""); l.State != snapshot.Complete || len(svc.seen()) != 2 {
				t.Errorf("%d requests, ledger %+v", len(svc.seen()), l)
			}
		})
	}
	t.Run("always refused", func(t *testing.T) {
		svc := serve(t, func(w http.ResponseWriter, r *http.Request) {
			sel := strings.Split(r.URL.Query().Get("$select"), ",")
			fail(w, 400, "Request_BadRequest", "Could not find a property named '"+sel[len(sel)-1]+"' on type 'x'.")
		})
		c, _ := newClient(t, svc)
		store := newMemStore()
		collect(t, c, store, Users, CollectOptions{})
		if l := store.state(t, Users, ""); l.State != snapshot.Failed || len(svc.seen()) > 12 {
			t.Errorf("%d requests, ledger %+v", len(svc.seen()), l)
		}
	})
	t.Run("another 400 is no reason", func(t *testing.T) {
		svc := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			fail(w, 400, "Request_UnsupportedQuery", "Unsupported Query.")
		})
		c, _ := newClient(t, svc)
		store := newMemStore()
		collect(t, c, store, Users, CollectOptions{})
		if l := store.state(t, Users, ""); l.State != snapshot.Failed || len(svc.seen()) != 1 {
			t.Errorf("%d requests, ledger %+v", len(svc.seen()), l)
		}
	})
}

// None of these may read as a listing without rows.
func TestDamagedAnswersAreFailures(t *testing.T) {
	for name, body := range map[string]string{
		"empty":                  ``,
		"value null":             `{"value":null}`,
		"value missing":          `{}`,
		"value in another case":  `{"Value":[]}`,
		"value an object":        `{"value":{}}`,
		"value a string":         `{"value":"[]"}`,
		"error inside":           `{"error":{"code":"x","message":"y"},"value":[]}`,
		"member twice":           `{"value":[{"id":"a"}],"value":[]}`,
		"member twice, escaped":  `{"value":[{"id":"a"}],"v\u0061lue":[]}`,
		"member of a row twice":  `{"value":[{"id":"a","id":"b"}]}`,
		"second document":        `{"value":[]}{"value":[]}`,
		"cut":                    `{"value":[{"id":"a"}`,
		"an array":               `[]`,
		"null":                   `null`,
		"a link that is no text": `{"@odata.nextLink":7,"value":[]}`,
		"an empty link":          `{"@odata.nextLink":"","value":[]}`,
		"a count that is none":   `{"@odata.count":"many","value":[]}`,
	} {
		t.Run(name, func(t *testing.T) {
			svc := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) })
			c, _ := newClient(t, svc)
			store := newMemStore()
			collect(t, c, store, Domains, CollectOptions{})
			l := store.state(t, Domains, "")
			if l.State != snapshot.Failed || l.Cause != snapshot.ServiceError || l.Rows != 0 || l.Attempts != damagedTries {
				t.Errorf("ledger %+v", l)
			}
		})
	}
	t.Run("once only", func(t *testing.T) {
		n := 0
		svc := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if n++; n == 1 {
				w.Header().Set("Content-Type", "text/html")
				fmt.Fprint(w, "<html>proxy</html>")
				return
			}
			list(w, "", row("contoso.example", ""))
		})
		c, _ := newClient(t, svc)
		store := newMemStore()
		collect(t, c, store, Domains, CollectOptions{})
		if l := store.state(t, Domains, ""); l.State != snapshot.Complete || l.Attempts != 2 {
			t.Errorf("ledger %+v", l)
		}
	})
}

func TestOddRowsStandBesideTheOthers(t *testing.T) {
	svc := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"value":[{"id":"a"},null,"text",{"id":7},{"displayName":"x"},{"id":"b"}]}`)
	})
	c, _ := newClient(t, svc)
	store := newMemStore()
	collect(t, c, store, Domains, CollectOptions{})
	l := store.state(t, Domains, "")
	if l.State != snapshot.Partial || l.Rows != 6 || !strings.Contains(l.Detail, "4 rows are no objects with an id") {
		t.Errorf("ledger %+v", l)
	}
}

func TestFullLastPageIsSaid(t *testing.T) {
	rows := make([]string, maxTop)
	for i := range rows {
		rows[i] = row(guid(i), "x")
	}
	svc := serve(t, func(w http.ResponseWriter, _ *http.Request) { list(w, "", rows...) })
	c, _ := newClient(t, svc)
	store := newMemStore()
	collect(t, c, store, Users, CollectOptions{})
	p := store.pages[snapshot.UnitID{Source: Users}]["000001"]
	if len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], "full page") {
		t.Errorf("warnings %q", p.Warnings)
	}
}

func TestTooLargePagesAreAskedForAgainAtHalfTheSize(t *testing.T) {
	var svc *service
	var tops []string
	svc = serve(t, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		top := q.Get("$top")
		if q.Get("page") != "" {
			list(w, "", row("last", "x"))
			return
		}
		if tops = append(tops, top); top == "999" || top == "499" {
			list(w, "", row("big", strings.Repeat("x", 5000)))
			return
		}
		list(w, svc.URL+"/v1.0/users?page=2", row("first", "x"))
	})
	c, _ := newClient(t, svc, func(p *transport.Policy) { p.MaxBody = 4000 })
	store := newMemStore()
	collect(t, c, store, Users, CollectOptions{})
	if l := store.state(t, Users, ""); l.State != snapshot.Complete || !slices.Equal(slices.Compact(tops), []string{"999", "499", "249"}) {
		t.Errorf("page sizes %v, ledger %+v", tops, l)
	}
	if got := store.ids(Users); !slices.Equal(got, []string{"first", "last"}) {
		t.Errorf("stored %v", got)
	}
}

// A run that is cut off after any commit and goes on must end with the same rows.
func TestResumeAfterEveryCut(t *testing.T) {
	var svc *service
	svc = serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Query().Get("page") {
		case "":
			list(w, svc.URL+"/v1.0/users?page=2", row("a", "1"), row("b", "2"))
		case "2":
			list(w, svc.URL+"/v1.0/users?page=3", row("c", "3"))
		default:
			list(w, "", row("d", "4"))
		}
	})
	c, _ := newClient(t, svc)
	for cut := 1; cut <= 3; cut++ {
		store := newMemStore()
		store.onCommit = func(n int, _ []snapshot.Write) error {
			if n == cut {
				return errCut
			}
			return nil
		}
		users := Collectors(c, CollectOptions{Sources: map[snapshot.Source]bool{Users: true}})[0]
		if err := users.Collect(t.Context(), store); err == nil {
			t.Fatalf("cut %d: a broken store must be returned", cut)
		}
		if l, known, _ := store.Unit(t.Context(), snapshot.UnitID{Source: Users}); known && final(l.State) {
			t.Fatalf("cut %d: ledger %+v", cut, l)
		}
		store.onCommit = nil
		if err := users.Collect(t.Context(), store); err != nil {
			t.Fatal(err)
		}
		if got := store.ids(Users); !slices.Equal(got, []string{"a", "b", "c", "d"}) {
			t.Errorf("cut %d: %v", cut, got)
		}
		before := len(svc.seen())
		if err := users.Collect(t.Context(), store); err != nil || len(svc.seen()) != before {
			t.Errorf("cut %d: a complete listing was read again (%v)", cut, err)
		}
	}
}

func TestFailureInMidListingKeepsWhatWasRead(t *testing.T) {
	var svc *service
	svc = serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("page") == "" {
			list(w, svc.URL+"/v1.0/users?page=2", row("a", "1"))
			return
		}
		fail(w, 500, "generalException", "An error has occurred.")
	})
	c, _ := newClient(t, svc)
	store := newMemStore()
	collect(t, c, store, Users, CollectOptions{})
	l := store.state(t, Users, "")
	if l.State != snapshot.Failed || l.Rows != 1 || !strings.HasPrefix(l.Detail, "after 1 pages: ") || !strings.HasSuffix(l.Detail, "go on with --resume") {
		t.Errorf("ledger %+v", l)
	}
}

func FuzzFollow(f *testing.F) {
	base := "https://graph.example"
	for _, s := range []string{base + "/v1.0/users?$skiptoken=x", "https://graph.example@evil.example/v1.0/", "//evil.example/v1.0/x", "https://graph.example:443/v1.0/x", "https:\\\\evil/v1.0/", base + "/v1.0/../beta/x", "%"} {
		f.Add(s)
	}
	c := testClient(f, base)
	f.Fuzz(func(t *testing.T, link string) {
		u, err := c.follow(link)
		if err != nil {
			return
		}
		// What is accepted must start with the base, whatever a parser makes of it.
		if !strings.HasPrefix(strings.ToLower(u.String()), base+"/v1.0/") || u.User != nil {
			t.Fatalf("%q leads to %q", link, u)
		}
	})
}

func FuzzDecodeList(f *testing.F) {
	f.Add([]byte(`{"value":[{"id":"a","keyCredentials":[{"key":"x"}]}],"@odata.nextLink":"n","@odata.count":1}`))
	f.Add([]byte(`{"value":[{"a":{"b":[1,{"c":"\"}"}]}}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := decodeList(body)
		if err != nil {
			return
		}
		var loose struct {
			Value []json.RawMessage `json:"value"`
		}
		if err := json.Unmarshal(body, &loose); err != nil {
			t.Fatalf("accepted %s: %v", clip(body), err)
		}
		for _, raw := range a.Rows {
			clean, id := inspect(raw)
			if !json.Valid(clean) {
				t.Fatalf("striking %s left %s", clip(raw), clip(clean))
			}
			if id == "" {
				continue
			}
			var row map[string]json.RawMessage
			var got string
			if json.Unmarshal(raw, &row) != nil || json.Unmarshal(row["id"], &got) != nil || got != id {
				t.Fatalf("id %q of %s", id, clip(raw))
			}
		}
	})
}
