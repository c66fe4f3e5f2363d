package graph

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/transport"
)

// One refused listing per answer that Graph is known to give.
func TestAnswersAndWhatTheyMean(t *testing.T) {
	for _, tc := range []struct {
		name     string
		status   int
		code     string
		message  string
		state    snapshot.State
		cause    snapshot.Cause
		detail   string // must be in the detail
		requests int
	}{
		{"privilege", 403, codeRequestDenied, "Insufficient privileges to complete the operation.", snapshot.Denied, snapshot.MissingPrivilege, "denied (needs RoleEligibilitySchedule.Read.Directory); grant it", 1},
		{"reports", 403, "Authentication_MSGraphPermissionMissing", "Calling principal does not have required MSGraph permissions", snapshot.Denied, snapshot.MissingPrivilege, "denied (needs", 1},
		{"caller's role", 403, "UnknownError", "", snapshot.Denied, snapshot.MissingPrivilege, "denied (needs", 1},
		{"access denied", 403, "AccessDenied", "required scopes are missing in the token.", snapshot.Denied, snapshot.MissingPrivilege, "denied (needs", 1},
		{"forbidden in another case", 403, "forbidden", "", snapshot.Denied, snapshot.MissingPrivilege, "denied (needs", 1},
		{"no premium", 403, codeNonPremium, "Neither tenant is B2C or tenant doesn't have premium license", snapshot.Unavailable, snapshot.MissingLicence, "compare with the subscribed SKUs", 3},
		{"no licence", 403, codeNoLicence, "", snapshot.Unavailable, snapshot.MissingLicence, "not licensed", 1},
		{"no P2", 400, codePremiumRequired, "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.", snapshot.Unavailable, snapshot.MissingLicence, "needs Entra ID P2", 1},
		{"segment in 400", 400, codeBadRequest, "Resource not found for the segment 'roleEligibilitySchedules'.", snapshot.Unavailable, snapshot.NotFound, "not offered in this cloud", 1},
		{"segment in 404", 404, codeNoSegment, "", snapshot.Unavailable, snapshot.NotFound, "not offered in this cloud", 1},
		{"not found", 404, codeNotFound, "Resource 'x' does not exist", snapshot.Failed, snapshot.NotFound, "", 1},
		{"our mistake", 400, "Request_UnsupportedQuery", "Unsupported Query.", snapshot.Failed, snapshot.ServiceError, "Request_UnsupportedQuery", 1},
		{"not on a collection", 501, "NotImplemented", "", snapshot.Failed, snapshot.ServiceError, "501", 1},
		{"wrong token", 401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.", snapshot.Denied, snapshot.MissingPrivilege, "InvalidAuthenticationToken", 2},
		{"broken", 500, "generalException", "", snapshot.Failed, snapshot.ServiceError, "500", 6},
		{"unavailable", 503, "serviceNotAvailable", "The service is temporarily unavailable.", snapshot.Failed, snapshot.ServiceError, "503", 6},
		{"gateway timeout", 504, "UnknownError", "", snapshot.Failed, snapshot.ServiceError, "504", 6},
	} {
		t.Run(tc.name, func(t *testing.T) {
			svc := serve(t, func(w http.ResponseWriter, _ *http.Request) { fail(w, tc.status, tc.code, tc.message) })
			c, _ := newClient(t, svc)
			store := newMemStore()
			collect(t, c, store, RoleEligibilitySchedules, CollectOptions{})
			l := store.state(t, RoleEligibilitySchedules, "")
			if l.State != tc.state || l.Cause != tc.cause || !strings.Contains(l.Detail, tc.detail) {
				t.Errorf("ledger %s, %s, %q; want %s, %s, %q in it", l.State, l.Cause, l.Detail, tc.state, tc.cause, tc.detail)
			}
			if n := len(svc.seen()); n != tc.requests || l.Attempts != tc.requests {
				t.Errorf("%d requests, %d attempts noted; want %d", n, l.Attempts, tc.requests)
			}
			if strings.ContainsAny(l.Detail, "\r\n") || l.Rows != 0 {
				t.Errorf("ledger %+v", l)
			}
		})
	}
}

func TestGatewayPagesKeepTheirStatus(t *testing.T) {
	for _, status := range []int{502, 404, 403} {
		svc := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			fmt.Fprint(w, "<html><head><title>Gateway</title></head></html>")
		})
		c, _ := newClient(t, svc)
		_, err := c.read(t.Context(), newMemStore(), unitReading{unit: snapshot.UnitID{Source: Users}, listing: usersListing(c)})
		if err != nil {
			t.Fatal(err)
		}
		var last error
		for _, err := range c.pages(t.Context(), usersListing(c)) {
			last = err
		}
		var e *Error
		if !errors.As(last, &e) || e.Status != status || e.Code != "" || e.RequestID == "" {
			t.Errorf("status %d: %#v", status, last)
		}
		if status == 404 && errors.Is(last, transport.ErrMissing) {
			t.Error("a proxy's 404 must not read as deleted")
		}
	}
}

func TestThrottling(t *testing.T) {
	for name, header := range map[string]func(h http.Header){
		"seconds": func(h http.Header) { h.Set("Retry-After", "1") },
		"date": func(h http.Header) {
			now := time.Now().UTC()
			h.Set("Date", now.Format(http.TimeFormat))
			h.Set("Retry-After", now.Add(time.Second).Format(http.TimeFormat))
		},
		"none": func(http.Header) {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := 0
			var first time.Time
			svc := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if n++; n == 1 {
					first = time.Now()
					header(w.Header())
					fail(w, 429, "TooManyRequests", "Too many requests.")
					return
				}
				if name != "none" && time.Since(first) < 900*time.Millisecond {
					t.Errorf("came back after %s", time.Since(first))
				}
				list(w, "", row("contoso.example", ""))
			})
			c, _ := newClient(t, svc)
			store := newMemStore()
			collect(t, c, store, Domains, CollectOptions{})
			if l := store.state(t, Domains, ""); l.State != snapshot.Complete || l.Rows != 1 || n != 2 {
				t.Errorf("%d requests, ledger %+v", n, l)
			}
		})
	}
}

func TestThrottledBeyondTheBudget(t *testing.T) {
	svc := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		fail(w, 429, "TooManyRequests", "")
	})
	c, _ := newClient(t, svc)
	store := newMemStore()
	collect(t, c, store, Domains, CollectOptions{})
	if l := store.state(t, Domains, ""); l.State != snapshot.Throttled || l.Cause != snapshot.CauseThrottled || !strings.Contains(l.Detail, "--resume") {
		t.Errorf("ledger %+v", l)
	}
}

func TestServiceComesBack(t *testing.T) {
	for _, status := range []int{500, 502, 503, 504} {
		n := 0
		svc := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if n++; n < 3 {
				w.Header().Set("Content-Type", "text/html")
				w.WriteHeader(status)
				fmt.Fprint(w, "<html>busy</html>")
				return
			}
			list(w, "")
		})
		c, _ := newClient(t, svc)
		store := newMemStore()
		collect(t, c, store, Domains, CollectOptions{})
		if l := store.state(t, Domains, ""); l.State != snapshot.Complete || l.Attempts != 3 {
			t.Errorf("status %d: ledger %+v", status, l)
		}
	}
}

func TestTokenIsRenewedWithTheClaimsThatAreAskedFor(t *testing.T) {
	const claims = `{"access_token":{"nbf":{"essential":true,"value":"1787212800"}}}`
	for name, challenge := range map[string]string{
		"expired":   `Bearer realm=""`,
		"evaluated": `Bearer realm="", error="insufficient_claims", claims="` + base64.StdEncoding.EncodeToString([]byte(claims)) + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			n := 0
			svc := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if n++; n == 1 {
					w.Header().Set("WWW-Authenticate", challenge)
					fail(w, 401, "InvalidAuthenticationToken", "")
					return
				}
				list(w, "")
			})
			c, d := newClient(t, svc)
			store := newMemStore()
			collect(t, c, store, Domains, CollectOptions{})
			if l := store.state(t, Domains, ""); l.State != snapshot.Complete || l.Attempts != 2 {
				t.Errorf("ledger %+v", l)
			}
			want := ""
			if name == "evaluated" {
				want = claims
			}
			if len(d.tokens.claims) < 2 || d.tokens.claims[0] != "" || d.tokens.claims[1] != want {
				t.Errorf("tokens were asked for with %q, want the second with %q", d.tokens.claims, want)
			}
		})
	}
}

func TestWithoutATokenTheUnitStaysOpen(t *testing.T) {
	svc := serve(t, func(w http.ResponseWriter, r *http.Request) { t.Errorf("asked %s without a token", r.URL) })
	c, d := newClient(t, svc)
	d.tokens.err = fmt.Errorf("%w: the sign-in has ended", transport.ErrSignIn)
	store := newMemStore()
	collect(t, c, store, Domains, CollectOptions{})
	if l := store.state(t, Domains, ""); l.State != snapshot.Failed || l.Cause != snapshot.Interrupted || !strings.HasSuffix(l.Detail, "sign in again and go on with --resume") {
		t.Errorf("ledger %+v", l)
	}
}

func TestCancelledRunIsReturnedAndNotRecorded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	svc := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		fail(w, 503, "serviceNotAvailable", "")
	})
	c, _ := newClient(t, svc)
	for _, one := range Collectors(c, CollectOptions{}) {
		switch one.Source() {
		case Domains, Me, OAuth2PermissionGrants, AppRoleAssignments:
		default:
			continue
		}
		store := newMemStore()
		if err := one.Collect(ctx, store); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", one.Source(), err)
		}
		if len(store.ledger) != 0 {
			t.Errorf("%s: %+v", one.Source(), store.ledger)
		}
	}
}

func TestErrorDecodesWhatThereIs(t *testing.T) {
	for _, tc := range []struct {
		body string
		want Error
	}{
		{`{"error":{"code":"A","message":"m","innerError":{"code":"B","innererror":{"code":"C","request-id":"r"}}}}`, Error{Status: 400, Code: "A", Inner: "C", Message: "m", RequestID: "r"}},
		{`{"error":{"code":"A"}}`, Error{Status: 400, Code: "A"}},
		{`{"error":{"code":"A","message":null,"innerError":null}}`, Error{Status: 400, Code: "A"}},
		{`{"error":{"code":"A","message":{"lang":"en"}}}`, Error{Status: 400, Code: "A"}},
		{`{"error":"invalid_token"}`, Error{Status: 400, Message: "Bad Request (application/json)"}},
		{`{}`, Error{Status: 400, Message: "Bad Request (application/json)"}},
		{`null`, Error{Status: 400, Message: "Bad Request (application/json)"}},
		{``, Error{Status: 400, Message: "Bad Request (application/json)"}},
		{`[1]`, Error{Status: 400, Message: "Bad Request (application/json)"}},
	} {
		got := newError(&transport.Response{Status: 400, Body: []byte(tc.body), Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}})
		if *got != tc.want {
			t.Errorf("%s: %+v, want %+v", tc.body, *got, tc.want)
		}
		if got.Error() == "" {
			t.Errorf("%s: no text", tc.body)
		}
	}
	hostile := (&Error{Status: 403, Code: "A\x1b[2J", Message: "line\r\nline Authorization: Bearer abcdefghijklmnop"}).Error()
	if strings.ContainsAny(hostile, "\x1b\r\n") || strings.Contains(hostile, "abcdefghijklmnop") {
		t.Errorf("%q", hostile)
	}
}
