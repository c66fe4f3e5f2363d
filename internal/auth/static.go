package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"tenantaudit/internal/transport"
)

// static hands out the tokens that the person brought along.
type static struct {
	byScope map[string]transport.Secret
	graph   string            // the scope of Graph
	beside  map[string]string // variables of the services that only a preflight may look at, by scope
}

func newStatic(o Options) (transport.TokenSource, error) {
	s := static{byScope: map[string]transport.Secret{}, graph: o.Cloud.GraphScope,
		beside: map[string]string{o.Cloud.AzureScope: "TENANTAUDIT_ARM_TOKEN", o.Cloud.DevOpsScope: "TENANTAUDIT_DEVOPS_TOKEN"}}
	take := func(scope, name string) {
		if v := strings.TrimSpace(o.Env(name)); v != "" {
			s.byScope[scope] = transport.Secret(v)
		}
	}
	take(o.Cloud.GraphScope, "TENANTAUDIT_GRAPH_TOKEN")
	take(o.Cloud.ExchangeScope, "TENANTAUDIT_EXCHANGE_TOKEN")
	none := len(s.byScope) == 0
	for scope, name := range s.beside {
		take(scope, name)
	}
	if none {
		return nil, usage("--auth token needs access tokens in TENANTAUDIT_GRAPH_TOKEN and TENANTAUDIT_EXCHANGE_TOKEN, for example from: az account get-access-token --scope %s", o.Cloud.GraphScope)
	}
	return s, nil
}

const newTokens = "fetch new tokens and run again with --resume: everything stored is kept"

func (s static) Token(_ context.Context, scope, claims string) (transport.Token, error) {
	v, ok := s.byScope[scope]
	switch {
	case !ok && s.beside[scope] != "":
		return transport.Token{}, &Error{Cause: "no token was given for " + scope, Next: "set " + s.beside[scope], final: true}
	case !ok:
		return transport.Token{}, &Error{Cause: "no token was given for " + scope, Next: "set TENANTAUDIT_GRAPH_TOKEN and TENANTAUDIT_EXCHANGE_TOKEN", final: true}
	case claims != "":
		return transport.Token{}, &Error{Cause: "the service asks for a newer token", Next: newTokens, final: true}
	}
	return transport.Token{Value: v}, nil
}

// Renew is asked when a service refuses the token. There is no other one. An expired token is
// the end of the run, and so is one that is not accepted although it holds permissions. Exchange
// answers in the same way to a token without any; that is a matter of privileges, which the
// service's second answer will say. Graph answers 403 then, never 401.
func (s static) Renew(ctx context.Context, scope string) (transport.Token, error) {
	t, err := s.Token(ctx, scope, "")
	if err != nil {
		return t, err
	}
	c := parseToken(t.Value.Reveal())
	switch {
	case c.Expires > 0 && time.Now().Unix() >= int64(c.Expires):
		return transport.Token{}, &Error{Cause: "the access token for " + scope + " has expired", Next: newTokens, final: true}
	case scope == s.graph, len(c.Roles) > 0, c.Scopes != "":
		return transport.Token{}, &Error{Cause: "the access token for " + scope + " is not accepted (revoked, for another audience, or for another cloud)", Next: newTokens + "; check --cloud", final: true}
	}
	return t, nil
}

// tokenClaims are a hint that the service's own check does not depend on.
type tokenClaims struct {
	Expires float64  `json:"exp"`
	Roles   []string `json:"roles"`
	Scopes  string   `json:"scp"`
}

// parseToken reads a token that is a JWT; any other text says nothing.
func parseToken(token string) (c tokenClaims) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(body, &c) != nil {
		return tokenClaims{}
	}
	return c
}
