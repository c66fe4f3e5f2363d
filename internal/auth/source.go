package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"tenantaudit/internal/transport"
)

// source fetches tokens through the credential's own cache.
type source struct {
	cred    azcore.TokenCredential
	method  string
	tenant  string
	answers *answers
	pauses  []time.Duration // before each further attempt of a renewal that meets a passing trouble

	mu       sync.Mutex // one sign-in at a time: an interactive one must not open twice
	signedIn bool
	held     map[string]transport.Token
	ended    map[string]error // scope -> the refusal that nothing will change in this run; "" for every scope
}

// renewalPauses bridge an outage of the authority in the middle of a run. The first sign-in
// fails at once: somebody is there to see it.
var renewalPauses = []time.Duration{5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute}

// interactiveTime is how long a person has to sign in; device codes live as long.
const interactiveTime = 15 * time.Minute

// close drops idle connections to the authority.
func (s *source) close() { s.answers.client.Close() }

func (s *source) Token(ctx context.Context, scope, claims string) (transport.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token(ctx, scope, claims)
}

// token asks the credential; a refusal is remembered, so that nobody is asked twice and the
// authority is not either.
func (s *source) token(ctx context.Context, scope, claims string) (transport.Token, error) {
	for _, key := range []string{"", scope} {
		if err := s.ended[key]; err != nil {
			return transport.Token{}, err
		}
	}
	if t, ok := s.held[scope]; ok && claims == "" && time.Until(t.ExpiresOn) > renewBefore {
		return t, nil
	}
	for n := 0; ; n++ {
		token, err := s.once(ctx, scope, claims)
		switch {
		case err == nil:
			s.signedIn = true
			s.hold(scope, token)
			return token, nil
		case ctx.Err() != nil:
			return transport.Token{}, ctx.Err()
		}
		refusal := explain(err, s.answers.last(), s.method, scope)
		var e *Error
		if !errors.As(refusal, &e) || !e.final && s.signedIn && n < len(s.pauses) {
			if err := transport.Pause(ctx, s.pauses[n]); err != nil {
				return transport.Token{}, err
			}
			continue
		}
		switch {
		case s.interactive():
			s.ended[""] = refusal
		case e.final:
			s.ended[scope] = refusal
		}
		return transport.Token{}, refusal
	}
}

// renewBefore is the end of a token's life in which a new one is asked for.
const renewBefore = 5 * time.Minute

// hold keeps a token for the credentials without a cache of their own: each question to the
// Azure CLI starts a process, and every request that is sent asks for a token.
func (s *source) hold(scope string, t transport.Token) {
	if s.method == AzureCLI || s.method == Default {
		s.held[scope] = t
	}
}

func (s *source) interactive() bool { return s.method == DeviceCode || s.method == Browser }

// once makes one attempt.
func (s *source) once(ctx context.Context, scope, claims string) (transport.Token, error) {
	if s.method == AzureCLI && claims != "" {
		return transport.Token{}, cliChallenge(s.tenant, claims)
	}
	if s.interactive() {
		limited, cancel := context.WithTimeout(ctx, interactiveTime)
		defer cancel()
		ctx = limited
	}
	s.answers.forget()
	t, err := s.cred.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{scope}, Claims: claims, EnableCAE: true})
	if err != nil {
		return transport.Token{}, err
	}
	return transport.Token{Value: transport.Secret(t.Token), ExpiresOn: t.ExpiresOn}, nil
}

// Renew replaces a token that the service refuses although it looks valid here. The
// library keeps such a token in its cache; a claim that asks for one issued from now
// on passes it by. The Azure CLI takes no claims, and renews what is about to expire by itself.
func (s *source) Renew(ctx context.Context, scope string) (transport.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	claims := fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"}}}`, time.Now().Unix())
	if s.method == AzureCLI {
		claims = ""
	}
	delete(s.held, scope)
	token, err := s.token(ctx, scope, claims)
	if err != nil && s.method == Default && s.ended[scope] == nil && ctx.Err() == nil {
		return s.token(ctx, scope, "") // the chain may have ended at a tool that takes no claims
	}
	return token, err
}

// answers is the sign-in client. It remembers the last refusal: not every library error keeps
// what the authority said.
type answers struct {
	client *transport.SignIn

	mu      sync.Mutex
	refusal oauthRefusal
}

// oauthRefusal is what an authority says when it gives no token.
type oauthRefusal struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

func (a *answers) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refusal = oauthRefusal{}
}

func (a *answers) last() oauthRefusal {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.refusal
}

const maxRefusal = 64 << 10

// note keeps a refusal; anything else is no answer of an authority.
func (a *answers) note(body []byte) {
	var r oauthRefusal
	if json.Unmarshal(body, &r) != nil || r.Error == "" {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refusal = r
}

// Do sends a request of the library.
func (a *answers) Do(r *http.Request) (*http.Response, error) {
	res, err := a.client.Do(r)
	if err != nil || res.StatusCode < http.StatusBadRequest {
		return res, err
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxRefusal))
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return nil, err
	}
	a.note(body)
	res.Body = io.NopCloser(bytes.NewReader(body))
	return res, nil
}
