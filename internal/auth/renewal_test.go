package auth

import (
	"context"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"tenantaudit/internal/faketenant"
	"tenantaudit/internal/transport"
)

// Each code that the simulated authority can give has a cause and a next step of its own, on one
// line without the authority's text, the secret or an escape sequence.
func TestEveryCodeHasWordsAndANextStep(t *testing.T) {
	codes := faketenant.SignInErrors()
	if len(codes) < 35 {
		t.Fatalf("%d codes", len(codes))
	}
	for _, code := range codes {
		t.Run(code, func(t *testing.T) {
			s := simulate(t, faketenant.SignIn{}, func(o *faketenant.Options) { o.SignInError = code })
			src := s.source(t, ClientSecret, "AZURE_CLIENT_SECRET", canary)
			_, err := src.Token(t.Context(), s.options.Cloud.GraphScope, "")
			var e *Error
			if !errors.As(err, &e) || !errors.Is(err, transport.ErrSignIn) {
				t.Fatalf("%v, want an Error", err)
			}
			if e.Code != code || e.Cause != advices[code].cause || e.Next == "" || len(e.Cause) < 10 || strings.Contains(e.Next, "reference") {
				t.Errorf("%q: code %q, cause %q, next %q", code, e.Code, e.Cause, e.Next)
			}
			for _, never := range []string{canary, "Trace ID", "\n", "\x1b", s.srv.URL} {
				if strings.Contains(err.Error(), never) {
					t.Errorf("%q holds %q", err, never)
				}
			}
			before := len(s.TokenRequests())
			if _, again := src.Token(t.Context(), s.options.Cloud.GraphScope, ""); again == nil || len(s.TokenRequests()) != before {
				t.Errorf("asked again after a refusal: %v, %d requests more", again, len(s.TokenRequests())-before)
			}
		})
	}
	for code, a := range advices {
		if !strings.HasPrefix(code, "AADSTS") || codePattern.FindString(code) != code || a.cause == "" || a.next == "" {
			t.Errorf("%s: %+v", code, a)
		}
		if n, err := strconv.Atoi(strings.TrimPrefix(code, "AADSTS")); err != nil || n < 10000 {
			t.Errorf("%s is no code", code)
		}
	}
}

// A claims challenge is met: the token that comes is one which the services accept again.
func TestAClaimsChallengeIsMet(t *testing.T) {
	s := simulate(t, faketenant.SignIn{}, func(o *faketenant.Options) {
		o.Faults = []faketenant.Fault{{Name: faketenant.FaultCAE, Every: 1, Times: 1}}
	})
	src := s.source(t, ClientSecret, "AZURE_CLIENT_SECRET", faketenant.SimulatorSecret)
	token := func(claims string) string {
		tok, err := src.Token(t.Context(), s.options.Cloud.GraphScope, claims)
		if err != nil {
			t.Fatal(err)
		}
		return tok.Value.Reveal()
	}
	const path = "/v1.0/organization"
	if got := s.show(t, path, token("")); got != 401 {
		t.Fatalf("challenge: %d", got)
	}
	late := time.Now().Add(time.Minute).Unix()
	good := token(`{"access_token":{"nbf":{"essential":true,"value":"` + strconv.FormatInt(late, 10) + `"}}}`)
	if got := s.show(t, path, good); got != 200 {
		t.Errorf("with the claims: %d", got)
	}
	// The simulator is strict here: one that was asked for without them is refused again.
	if bad := token(`{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`); s.show(t, path, bad) != 401 {
		t.Error("a token without the challenge's claims is accepted")
	}
}

// fakeCredential fails a number of times.
type fakeCredential struct {
	mu    sync.Mutex
	fail  []error
	calls int
}

func (f *fakeCredential) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if f.calls <= len(f.fail) && f.fail[f.calls-1] != nil {
		return azcore.AccessToken{}, f.fail[f.calls-1]
	}
	return azcore.AccessToken{Token: "t" + strconv.Itoa(f.calls), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// An outage of the authority in the middle of a run is waited for; at the start it is said at
// once, and a refusal is never asked for again.
func TestPassingTroublesAreBridged(t *testing.T) {
	outage, busy, refused := errors.New("dial tcp: connection refused"), errors.New("AADSTS90033: busy"), errors.New("AADSTS7000222: expired")
	for name, c := range map[string]struct {
		fail  []error
		calls int // in all, of two questions
		want  string
	}{
		"outage at the start":     {[]error{outage, nil}, 2, ""},
		"outage in the middle":    {[]error{nil, outage, busy}, 4, ""},
		"an outage without end":   {[]error{nil, outage, outage, outage, outage}, 4, "connection refused"},
		"a refusal in the middle": {[]error{nil, refused, nil}, 2, "AADSTS7000222"},
	} {
		cred := &fakeCredential{fail: c.fail}
		s := &source{cred: cred, method: ClientSecret, answers: &answers{}, pauses: []time.Duration{time.Nanosecond, time.Nanosecond}, held: map[string]transport.Token{}, ended: map[string]error{}}
		_, first := s.Token(t.Context(), "scope", "")
		if (first != nil) != (c.fail[0] != nil) {
			t.Errorf("%s: the first question: %v", name, first)
		}
		_, err := s.Token(t.Context(), "scope", "")
		if cred.calls != c.calls || (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %d calls, %v; want %d and %q", name, cred.calls, err, c.calls, c.want)
		}
	}
}

func TestAReadyTokenThatEndsIsNoMissingPrivilege(t *testing.T) {
	c := global(t)
	short := simulate(t, faketenant.SignIn{}, func(o *faketenant.Options) { o.TokenLifetime = time.Nanosecond })
	long := simulate(t, faketenant.SignIn{})
	for name, tc := range map[string]struct {
		token, scope, want string
	}{
		"expired, Graph":       {short.Token(c.Graph), c.GraphScope, "has expired"},
		"expired, Exchange":    {short.Token(c.Exchange), c.ExchangeScope, "has expired"},
		"refused by Graph":     {long.Token(c.Graph), c.GraphScope, "not accepted"},
		"refused by Exchange":  {long.Token(c.Exchange), c.ExchangeScope, "not accepted"},
		"without a role":       {"e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"exp":32503680000,"roles":[]}`)) + ".e30", c.ExchangeScope, ""}, // Exchange answers 401 to it
		"no JWT, Exchange":     {"opaque", c.ExchangeScope, ""},
		"a JWT without an end": {"e30.e30.e30", c.ExchangeScope, ""},
	} {
		src, err := New(Options{Method: StaticToken, Cloud: c, Env: env("TENANTAUDIT_GRAPH_TOKEN", tc.token, "TENANTAUDIT_EXCHANGE_TOKEN", tc.token)})
		if err != nil {
			t.Fatal(err)
		}
		_, err = src.(transport.Renewer).Renew(t.Context(), tc.scope)
		if (err == nil) != (tc.want == "") || err != nil && (!strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "--resume") || strings.Contains(err.Error(), tc.token)) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}
