package azure

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"

	"tenantaudit/internal/requirements"
	"tenantaudit/internal/transport"
)

const (
	sub    = "11111111-2222-4333-8444-555555555555"
	tenant = "0d253bc7-c732-4d4d-9360-f8c7d374e5b2"
)

type answer struct {
	status int
	body   string
}

// service answers by the end of the path.
type service struct {
	t       *testing.T
	answers map[string]answer
	asked   []string
}

func (s *service) Get(_ context.Context, r transport.Request) (*transport.Response, error) {
	s.asked = append(s.asked, r.URL.String())
	for end, a := range s.answers {
		if !strings.HasSuffix(r.URL.Path, end) {
			continue
		}
		res := &transport.Response{Status: a.status, Body: []byte(a.body)}
		if o := r.Classify(res); o.Verdict != transport.OK {
			return nil, &transport.Failure{Verdict: o.Verdict, Status: a.status, Err: o.Err}
		}
		return res, nil
	}
	s.t.Fatalf("nobody answers %s", r.URL)
	return nil, nil
}

func at(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestSubscription(t *testing.T) {
	const (
		visible = `{"tenantId":"` + tenant + `","state":"Enabled"}`
		none    = `{"value":[]}`
		denied  = `{"error":{"code":"AuthorizationFailed","message":"no"}}`
	)
	reader := answer{200, `{"value":[{"actions":["*/read","Microsoft.Support/*"],"notActions":["Microsoft.OperationalInsights/workspaces/sharedKeys/read"]}]}`}
	for _, c := range []struct {
		name              string
		sub, held         answer
		log, settings, ws answer
		state             requirements.State
		why               int
		grant, note       string
		excess            []string
	}{
		{"all", answer{200, visible}, reader, answer{200, none}, answer{200, none}, answer{200, none}, requirements.Works, 0, "", "", nil},
		{"not visible", answer{404, `{"error":{"code":"SubscriptionNotFound","message":"x"}}`}, reader, answer{}, answer{}, answer{}, requirements.Blind, 1, "role Log Analytics Reader on the subscription", "", nil},
		{"not accepted", answer{401, `{"error":{"code":"InvalidAuthenticationTokenTenant","message":"x"}}`}, reader, answer{}, answer{}, answer{}, requirements.Blind, 1, "role Log", "", nil},
		{"service down", answer{503, ""}, reader, answer{}, answer{}, answer{}, requirements.Unknown, 1, "", "", nil},
		{"some", answer{200, visible}, answer{200, `{"value":[{"actions":["microsoft.insights/eventtypes/*"],"notActions":[]}]}`}, answer{200, none}, answer{403, denied}, answer{403, denied},
			requirements.Partly, 3, "Microsoft.OperationalInsights/workspaces/query/read", "", nil},
		{"left out by notActions", answer{200, visible}, answer{200, `{"value":[{"actions":["*/read"],"notActions":["Microsoft.OperationalInsights/*"]}]}`}, answer{200, none}, answer{200, none}, answer{200, none},
			requirements.Partly, 1, "workspaces/query/read", "", nil},
		{"two roles make one", answer{200, visible}, answer{200, `{"value":[{"actions":["*/read"],"notActions":["Microsoft.OperationalInsights/*"]},{"actions":["Microsoft.OperationalInsights/workspaces/query/read"]}]}`},
			answer{200, none}, answer{200, none}, answer{200, none}, requirements.Works, 0, "", "", nil},
		{"the list is refused", answer{200, visible}, answer{403, denied}, answer{200, none}, answer{200, none}, answer{200, none}, requirements.Unknown, 1, "", "not known", nil},
		{"the list is none", answer{200, visible}, answer{200, `{"value":null}`}, answer{200, none}, answer{200, none}, answer{200, none}, requirements.Unknown, 1, "", "not known", nil},
		{"nothing", answer{200, visible}, answer{200, none}, answer{403, denied}, answer{403, denied}, answer{403, denied}, requirements.Blind, 4, "role Log", "", nil},
		{"owner", answer{200, visible}, answer{200, `{"value":[{"actions":["*"]}]}`}, answer{200, none}, answer{200, none}, answer{200, none}, requirements.Works, 0, "", "", []string{"everything (*)"}},
		{"writer", answer{200, visible}, answer{200, `{"value":[{"actions":["*/read","Microsoft.Insights/diagnosticSettings/write","a/b/delete","a/b/action"]}]}`}, answer{200, none}, answer{200, none}, answer{200, none},
			requirements.Works, 0, "", "", []string{"Microsoft.Insights/diagnosticSettings/write", "a/b/delete"}},
		{"another tenant's", answer{200, `{"tenantId":"` + sub + `","state":"Disabled"}`}, reader, answer{200, none}, answer{200, none}, answer{200, none}, requirements.Works, 0, "", "another tenant", nil},
		{"one gives no answer", answer{200, visible}, reader, answer{200, none}, answer{500, ""}, answer{200, none}, requirements.Unknown, 1, "", "", nil},
		{"a proxy's page", answer{200, visible}, reader, answer{200, "<html>"}, answer{200, none}, answer{200, none}, requirements.Unknown, 1, "", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &service{t: t, answers: map[string]answer{"/" + sub: c.sub, "/permissions": c.held, "/management/values": c.log, "/diagnosticSettings": c.settings, "/workspaces": c.ws}}
			o, err := Subscription(t.Context(), s, at(t, "https://management.azure.com"), sub, tenant, "eventTimestamp ge 'a' and eventTimestamp le 'b'")
			if err != nil {
				t.Fatal(err)
			}
			if o.State != c.state || len(o.Why) != c.why || !strings.Contains(o.Grant, c.grant) || (o.Grant == "") != (c.grant == "") {
				t.Errorf("%s, %q, grant %q; want %s, %d reasons, %q", o.State, o.Why, o.Grant, c.state, c.why, c.grant)
			}
			if !slices.Equal(o.Excess, c.excess) {
				t.Errorf("beyond reading %q, want %q", o.Excess, c.excess)
			}
			if c.note != "" && !strings.Contains(strings.Join(o.Notes, " "), c.note) {
				t.Errorf("notes %q, want %q", o.Notes, c.note)
			}
			if len(s.asked) > 5 {
				t.Errorf("%d requests: %q", len(s.asked), s.asked)
			}
		})
	}
}

func TestPermissionsStayAtTheirHost(t *testing.T) {
	s := &service{t: t, answers: map[string]answer{"/permissions": {200, `{"value":[],"nextLink":"https://management.azure.com.evil.example/x"}`}}}
	if _, err := permissions(t.Context(), s, at(t, "https://management.azure.com"), sub); err == nil || len(s.asked) != 1 {
		t.Errorf("asked %q, %v", s.asked, err)
	}
	s = &service{t: t, answers: map[string]answer{"/permissions": {200, `{"value":[],"nextLink":"https://management.azure.com/subscriptions/` + sub + `/providers/Microsoft.Authorization/permissions?api-version=2022-04-01&$skipToken=1"}`}}}
	if _, err := permissions(t.Context(), s, at(t, "https://management.azure.com"), sub); err == nil || len(s.asked) != maxPages {
		t.Errorf("%d requests of a list without end, %v", len(s.asked), err)
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, action string
		want            bool
	}{
		{"*", "a/b/read", true}, {"*/read", "a/b/read", true}, {"*/read", "a/b/write", false}, {"a/*/read", "a/b/c/read", true}, {"a/*/read", "b/b/read", false},
		{"a/b/read", "a/b/read", true}, {"a/b/read", "a/b/readx", false}, {"A/B/READ", "a/b/read", true}, {"a*a", "a", false}, {"a/*b*/read", "a/xbx/read", true}, {"", "a", false},
	} {
		if got := anyMatches([]string{c.pattern}, c.action); got != c.want {
			t.Errorf("%q, %q: %v", c.pattern, c.action, got)
		}
	}
}

func TestOrganization(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer answer
		state  requirements.State
		grant  string
	}{
		{"works", answer{200, `{"decoratedAuditLogEntries":[]}`}, requirements.Works, ""},
		{"denied", answer{403, `{"message":"TF400813"}`}, requirements.Blind, "View audit log"},
		{"not signed in", answer{401, ""}, requirements.Blind, "access to the organization"},
		{"sign-in page", answer{203, "<html>Sign In</html>"}, requirements.Blind, "access to the organization"},
		{"redirect to sign-in", answer{302, ""}, requirements.Blind, "access to the organization"},
		{"no such organization", answer{404, ""}, requirements.Blind, ""},
		{"down", answer{500, ""}, requirements.Unknown, ""},
	} {
		s := &service{t: t, answers: map[string]answer{"/auditlog": c.answer}}
		o, err := Organization(t.Context(), s, at(t, "https://auditservice.dev.azure.com"), "contoso", "startTime=a&endTime=b")
		if err != nil || o.State != c.state || !strings.Contains(o.Grant, c.grant) || (o.Grant == "") != (c.grant == "") {
			t.Errorf("%s: %+v, %v; want %s and %q", c.name, o, err, c.state, c.grant)
		}
	}
}

func TestNames(t *testing.T) {
	for s, want := range map[string]bool{"contoso": true, "a-b": true, "A1": true, "": false, "-a": false, "a-": false, "a/b": false, "a b": false, "ä": false, strings.Repeat("a", 51): false} {
		if ValidOrganization(s) != want {
			t.Errorf("organization %q: %v", s, !want)
		}
	}
	for s, want := range map[string]bool{sub: true, strings.ToUpper(tenant): true, "": false, sub + "/x": false, "{" + sub + "}": false} {
		if ValidSubscription(s) != want {
			t.Errorf("subscription %q: %v", s, !want)
		}
	}
}
