package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"tenantaudit/internal/auth"
	"tenantaudit/internal/collect"
	"tenantaudit/internal/exo"
	"tenantaudit/internal/facts"
	"tenantaudit/internal/graph"
	"tenantaudit/internal/graph/wire"
	"tenantaudit/internal/normalize"
	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/transport"
)

// session is a signed-in connection to one tenant.
type session struct {
	stack    *transport.Stack
	graph    *graph.Client
	exo      *exo.Client
	claims   wire.Claims // of the Graph token; the zero value when it cannot be read
	exchange wire.Claims // of the Exchange token, likewise
	tenantID string      // the tenant's id where the token or Graph tells it, else as given
	domain   string      // its default domain; "" when Graph does not tell
	tokens   *watchedTokens
	close    func()
}

var guidPattern = regexp.MustCompile(`(?i)^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// connect finds the tenant, signs in and builds the clients. Both tokens are fetched now, so that a
// refused sign-in is known before anything is written.
func (a *app) connect(ctx context.Context, o *connectOptions, onWait func(transport.Wait)) (*session, error) {
	choices := auth.Options{
		Method: o.auth, Tenant: o.tenant, ClientID: o.clientID, Certificate: o.certificate, Cloud: o.env,
		Authority: o.authorityBase, RootCAs: o.roots, Prompt: a.err,
	}
	source, err := auth.New(choices)
	if err != nil {
		return nil, err
	}
	found, err := auth.Discover(ctx, choices)
	switch {
	case errors.Is(err, auth.ErrUsage):
		return nil, err
	case err != nil: // sign-in will say what is wrong, or do without
		a.log.Debug("the authority did not describe the tenant", "error", err)
	}
	return a.open(ctx, o, source, found, onWait)
}

// connectWith is connect with tokens from elsewhere.
func (a *app) connectWith(ctx context.Context, o *connectOptions, source transport.TokenSource, onWait func(transport.Wait)) (*session, error) {
	return a.open(ctx, o, source, auth.Discovery{}, onWait)
}

func (a *app) open(ctx context.Context, o *connectOptions, tokens transport.TokenSource, found auth.Discovery, onWait func(transport.Wait)) (*session, error) {
	source := &watchedTokens{source: tokens}
	s := &session{tenantID: strings.ToLower(o.tenant), tokens: source, close: func() {}}
	if err := s.signIn(ctx, o, source, found); err != nil {
		return nil, err
	}
	requestLog, err := openRequestLog(o.requestLog)
	if err != nil {
		return nil, err
	}
	s.close = func() {
		if s.stack != nil {
			s.stack.Close()
		}
		if err := closeLog(requestLog); err != nil {
			a.log.Error("request log not written in full", "error", err)
		}
	}
	if err := s.build(ctx, o, a.transport(o, source, requestLog, onWait)); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// transport is the configuration of the stack, all but the tenant.
func (a *app) transport(o *connectOptions, source transport.TokenSource, requestLog io.Writer, onWait func(transport.Wait)) transport.Config {
	c := transport.Config{
		Graph:          transport.Endpoint{Base: o.graphBase, Scope: o.env.GraphScope},
		Exchange:       transport.Endpoint{Base: o.exchangeBase, Scope: o.env.ExchangeScope, RegionSuffix: o.env.ExchangeSuffix},
		Azure:          transport.Endpoint{Base: o.azureBase, Scope: o.env.AzureScope},
		DevOps:         transport.Endpoint{Base: o.devOpsBase, Scope: o.env.DevOpsScope},
		Tokens:         source,
		RootCAs:        o.roots,
		MaxConcurrency: o.maxConcurrency, RequestsPerSecond: o.maxRequestsPerSecond,
		Logger: a.log, OnWait: onWait, UserAgent: "tenantaudit/" + version,
	}
	if requestLog != nil {
		c.RequestLog = requestLog
	}
	if loopback(o.graphBase.Hostname()) && loopback(o.exchangeBase.Hostname()) {
		c.Policy = transport.LoopbackPolicy()
	}
	return c
}

// build makes the clients. Exchange's links carry the tenant's id, so a tenant that
// was named by a domain is looked up first, unless the token told already.
func (s *session) build(ctx context.Context, o *connectOptions, config transport.Config) (err error) {
	config.Tenant = s.tenantID
	if s.stack, err = transport.New(config); err != nil {
		return err
	}
	id, domain, names, err := s.organization(ctx)
	if err != nil {
		return err
	}
	s.domain = domain
	known, given := strings.ToLower(id), s.tenantID
	switch {
	case !guidPattern.MatchString(known) || known == given:
	case !guidPattern.MatchString(given):
		s.tenantID = known
		names = append(names, given)
	case strings.EqualFold(s.claims.TenantID, known):
		return usageError("the Graph token is for tenant %s, but --tenant says %s: sign in to the tenant that you want to review", known, given)
	default:
		config.Logger.Warn("Graph names another tenant id than --tenant: make sure that both tokens are of the tenant that you want to review", "graph", known, "given", given)
	}
	// Links of the service may name the tenant by its id or by any of its domains.
	s.stack.Close()
	config.Tenant, config.TenantNames = s.tenantID, names
	if s.stack, err = transport.New(config); err != nil {
		return err
	}
	if s.graph, err = graph.New(s.stack, o.graphBase); err != nil {
		return err
	}
	s.exo = exo.New(s.stack, exo.Options{Tenant: s.tenantID, CallerUPN: s.claims.UPN})
	return nil
}

// signIn fetches a token for each service and reads what the Graph token says.
// Claims are a hint only: a token that is no JWT is as good.
func (s *session) signIn(ctx context.Context, o *connectOptions, source transport.TokenSource, found auth.Discovery) error {
	token, err := source.Token(ctx, o.env.GraphScope, "")
	if err != nil {
		return err
	}
	if s.claims, err = wire.ParseClaims(token.Value.Reveal()); err != nil {
		s.claims = wire.Claims{}
	}
	if token, err = source.Token(ctx, o.env.ExchangeScope, ""); err != nil {
		return err
	}
	if s.exchange, err = wire.ParseClaims(token.Value.Reveal()); err != nil {
		s.exchange = wire.Claims{}
	}
	// A domain names a tenant only through the authority: a token of another tenant must not
	// decide whose review this is.
	own := strings.ToLower(s.claims.TenantID)
	switch {
	case guidPattern.MatchString(o.tenant):
	case found.TenantID != "" && guidPattern.MatchString(own) && own != found.TenantID:
		return usageError("the Graph token is for tenant %s, but --tenant %s is %s: sign in to the tenant that you want to review", own, o.tenant, found.TenantID)
	case guidPattern.MatchString(own):
		s.tenantID = own
	case found.TenantID != "":
		s.tenantID = found.TenantID
	}
	return nil
}

func openRequestLog(path string) (io.WriteCloser, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, usageError("--request-log %s: %s", path, reason(err))
	}
	return f, nil
}

func closeLog(f io.Closer) error {
	if f == nil {
		return nil
	}
	return f.Close()
}

// steps are the collectors of the plan.
func (s *session) steps(store *snapshot.Store, plan normalize.Plan, scope *scopeOptions) []collect.Step {
	wanted := wantedOf(plan)
	var out []collect.Step
	for _, c := range graph.Collectors(s.graph, graph.CollectOptions{
		Sources: wanted,
		Groups: func(ctx context.Context, _ graph.Store) ([]string, error) {
			return normalize.GroupsOfInterest(ctx, store)
		},
		GroupsRequire:   normalize.GroupSources(),
		MicrosoftTenant: facts.MicrosoftTenant,
		Claims:          func(context.Context) (wire.Claims, error) { return s.claims, nil },
	}) {
		out = append(out, collect.Step{Source: c.Source(), Requires: c.Requires(), Run: s.tokens.watch(func(ctx context.Context) error { return c.Collect(ctx, store) })})
	}
	for _, c := range exo.Collectors(s.exo, s.collectOptions(plan, scope)) {
		out = append(out, collect.Step{Source: c.Source(), Requires: c.Requires(), Run: s.tokens.watch(func(ctx context.Context) error { return c.Collect(ctx, store) })})
	}
	return out
}

// wantedOf are the sources of a plan; nil: all.
func wantedOf(plan normalize.Plan) map[snapshot.Source]bool {
	if len(plan.Sources) == 0 {
		return nil
	}
	wanted := map[snapshot.Source]bool{}
	for _, src := range plan.Sources {
		wanted[src] = true
	}
	return wanted
}

// collectOptions say what is read of Exchange.
func (s *session) collectOptions(plan normalize.Plan, scope *scopeOptions) exo.CollectOptions {
	o := exo.CollectOptions{Sources: wantedOf(plan), Folders: plan.Folders, Reuse: scope.earlier.reuse()}
	if scope.addresses != nil {
		o.Mailboxes = func(address string) bool { return scope.addresses[strings.ToLower(address)] }
	}
	return o
}

// identity is who reads, as far as Graph and the token tell.
func identity(ctx context.Context, store *snapshot.Store, claims wire.Claims, run *snapshot.Run) error {
	run.IdentityType = claims.IdentityType()
	run.Scopes = append([]string{}, claims.Scopes...)
	run.Identity, run.IdentityID = claims.UPN, claims.ObjectID
	if run.IdentityType == wire.IdentityApplication {
		run.Scopes = append([]string{}, claims.Roles...)
		run.Identity = claims.AppDisplayName
		if run.Identity == "" {
			run.Identity = claims.AppID
		}
	}
	roles := map[string]bool{}
	for _, id := range claims.RoleTemplateIDs {
		if r, ok := facts.Role(id); ok {
			roles[r.Name] = true
		}
	}
	for p, err := range store.Pages(ctx, snapshot.UnitID{Source: graph.Me}) {
		if err != nil {
			return err
		}
		rows, err := rawRows(p.Rows)
		if err != nil {
			return fmt.Errorf("read %s: %w", graph.Me, err)
		}
		for _, raw := range rows {
			switch p.Key {
			case graph.MePage:
				if me, err := wire.DecodeMe(raw); err == nil && me.UserPrincipalName != "" {
					run.Identity = me.UserPrincipalName
				}
			case graph.RolesPage:
				if r, err := wire.DecodeDirectoryRole(raw); err == nil && r.DisplayName != "" {
					roles[r.DisplayName] = true
				}
			}
		}
	}
	run.DirectoryRoles = sortedKeys(roles)
	return nil
}

// tenant names the tenant: by Graph's organization, else by what was given.
func tenant(ctx context.Context, store *snapshot.Store, given string) (snapshot.Tenant, error) {
	t := snapshot.Tenant{ID: given, VerifiedDomains: []string{}}
	for r, err := range store.Rows(ctx, graph.Organization) {
		if err != nil {
			return t, err
		}
		org, err := wire.DecodeOrganization(r.Row)
		if err != nil {
			continue // the ledger says what was read; the name is a convenience
		}
		t.DisplayName = org.DisplayName
		if org.ID != "" {
			t.ID = org.ID
		}
		for _, d := range org.VerifiedDomains {
			t.VerifiedDomains = append(t.VerifiedDomains, d.Name)
			if d.IsDefault != nil && *d.IsDefault {
				t.DefaultDomain = d.Name
			}
		}
		break
	}
	return t, nil
}

// organization asks Graph for the tenant's id and default domain; both are "" when it
// does not tell, which the collection will explain. A token that Graph does not accept
// at all is an error: nothing could be read with it.
func (s *session) organization(ctx context.Context) (id, domain string, names []string, err error) {
	u := *s.stack.Base(transport.Graph)
	u.Path, u.RawQuery = "/v1.0/organization", "$select=id,displayName,verifiedDomains"
	res, err := s.stack.Get(ctx, transport.Request{Service: transport.Graph, URL: &u, Classify: func(r *transport.Response) transport.Outcome {
		if o, known := transport.Common(r); known {
			return o
		}
		switch r.Status {
		case http.StatusOK:
			return transport.Outcome{Verdict: transport.OK}
		case http.StatusUnauthorized:
			return transport.Outcome{Verdict: transport.Unauthorized, Claims: transport.Claims(r.Header), Err: errors.New("the token was refused")}
		}
		return transport.Outcome{Verdict: transport.Denied, Err: errors.New("denied")}
	}})
	var failure *transport.Failure
	switch {
	case ctx.Err() != nil:
		return "", "", nil, context.Cause(ctx)
	case errors.Is(err, transport.ErrSignIn), errors.Is(err, transport.ErrGuard):
		return "", "", nil, plainly(err)
	case errors.As(err, &failure) && failure.Status == http.StatusUnauthorized:
		return "", "", nil, errors.New("the token was refused by Microsoft Graph (expired, for another audience, or for another cloud): sign in again, and check --cloud")
	case err != nil:
		return "", "", nil, nil // the collection will record why
	}
	var body struct {
		Value []json.RawMessage `json:"value"`
	}
	if json.Unmarshal(res.Body, &body) != nil || len(body.Value) == 0 {
		return "", "", nil, nil
	}
	org, err := wire.DecodeOrganization(body.Value[0])
	if err != nil && org.ID == "" {
		return "", "", nil, nil
	}
	for _, d := range org.VerifiedDomains {
		if d.IsDefault != nil && *d.IsDefault {
			domain = d.Name
		}
		if validTenant(d.Name) {
			names = append(names, d.Name)
		}
	}
	return org.ID, domain, names, nil
}

// waits turns the transport's waits into lines for people, at most one for each
// bucket and end.
func (a *app) waits() func(transport.Wait) {
	var mu sync.Mutex // each service tells of its own pauses
	last := map[string]time.Time{}
	return func(w transport.Wait) {
		a.pauses.note(w)
		mu.Lock()
		defer mu.Unlock()
		if w.Until.IsZero() || time.Until(w.Until) < 5*time.Second || w.Until.Sub(last[w.Bucket]) < 5*time.Second {
			return
		}
		last[w.Bucket] = w.Until
		a.log.Info("waiting", "service", w.Service, "reason", w.Reason, "for", time.Until(w.Until).Round(time.Second))
	}
}
