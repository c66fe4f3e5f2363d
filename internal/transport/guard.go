package transport

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// maxURL is the length of the longest URL that is sent.
const maxURL = 8 << 10

// errandKey is where a request's context holds what a URL and headers cannot say.
type errandKey struct{}

// errand travels with one attempt. The guard reads what is asked and tells which
// token it used.
type errand struct {
	service Service
	items   []BatchItem // of a POST: one command, or the items of a batch
	batch   bool
	session *Session

	used  Secret // token of this attempt, for its renewal
	begin func() // called when the request leaves; nil: nobody
}

// guard is the innermost RoundTripper: it decides over each request, and only then
// fetches the token that belongs to its host and sends a clone. It encodes bodies
// itself from typed commands, so that what was checked is what is sent.
type guard struct {
	next      http.RoundTripper
	tenant    string
	names     []string // domains of the tenant, by which links may name it
	services  map[Service]*pinned
	userAgent string
}

// pinned is where one service may be reached.
type pinned struct {
	base   *url.URL
	suffix string // of regional hosts
	tokens *tokens

	mu      sync.Mutex
	region  string   // current regional host with its port; "" for none
	regions []string // all that were learned
}

// maxRegions bounds what a hostile service can make us remember; a tenant has one.
const maxRegions = 4

func newPinned(e Endpoint, source TokenSource) (*pinned, error) {
	if e.Base == nil {
		return nil, fmt.Errorf("no base URL")
	}
	base := &url.URL{Scheme: strings.ToLower(e.Base.Scheme), Host: strings.ToLower(e.Base.Host)}
	loopback := isLoopback(base.Hostname())
	switch {
	case base.Scheme != "https" && (base.Scheme != "http" || !loopback):
		return nil, fmt.Errorf("%s: https is needed; http only for a loopback host", bare(e.Base))
	case e.Base.User != nil || e.Base.Opaque != "" || e.Base.RawQuery != "" || e.Base.Fragment != "" || strings.Trim(e.Base.Path, "/") != "":
		return nil, fmt.Errorf("%s: only scheme, host and port are wanted", bare(e.Base))
	case base.Hostname() == "" || !isASCII(base.Host) || strings.HasSuffix(base.Hostname(), "."):
		return nil, fmt.Errorf("%s: no host name that can be compared", bare(e.Base))
	}
	suffix := strings.ToLower(e.RegionSuffix)
	if suffix != "" && (!strings.HasPrefix(suffix, ".") || !isASCII(suffix) || strings.Count(suffix, ".") < 2 && !isLoopback("x"+suffix)) {
		return nil, fmt.Errorf("region suffix %q: a dot and a domain are wanted", suffix)
	}
	return &pinned{base: base, suffix: suffix, tokens: newTokens(source, e.Scope)}, nil
}

// isLoopback reports whether host can only be this machine. Names below localhost
// are resolved here, not by DNS (RFC 6761, 6.3).
func isLoopback(host string) bool {
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback()
	}
	return strings.EqualFold(host, "localhost") || underLocalhost(host)
}

func underLocalhost(host string) bool {
	return len(host) > len(".localhost") && strings.EqualFold(host[len(host)-len(".localhost"):], ".localhost")
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf || s[i] <= ' ' || s[i] == 0x7f {
			return false
		}
	}
	return true
}

// RoundTrip sends r if every rule holds, and returns an error that wraps ErrGuard
// otherwise. It never follows a redirect.
func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	e, _ := r.Context().Value(errandKey{}).(*errand)
	if e == nil {
		return nil, refuse("%s without an errand", r.Method)
	}
	out, err := g.decide(r, e)
	if err != nil {
		return nil, err
	}
	token, err := g.services[e.service].tokens.get(r.Context())
	if err != nil {
		return nil, err
	}
	e.used = token
	out.Header.Set("Authorization", "Bearer "+token.Reveal())
	if e.session != nil {
		e.session.stamp(out)
	}
	if e.begin != nil {
		e.begin()
	}
	resp, err := g.next.RoundTrip(out)
	if err == nil && e.session != nil {
		e.session.keep(out.URL, resp)
	}
	return resp, err
}

// decide returns the request that may be sent, without its token.
func (g *guard) decide(r *http.Request, e *errand) (*http.Request, error) {
	place := g.services[e.service]
	if place == nil {
		return nil, refuse("service %.32q is unknown", e.service)
	}
	if r.Body != nil && r.Body != http.NoBody || r.ContentLength != 0 {
		return nil, refuse("a body that the guard did not write")
	}
	if err := checkURL(r.URL, place); err != nil {
		return nil, err
	}
	if r.Host != "" && !strings.EqualFold(r.Host, r.URL.Host) {
		return nil, refuse("host header %.64q", r.Host)
	}
	headers, err := callerHeaders(r.Header)
	if err != nil {
		return nil, err
	}
	body, err := g.decideOn(r, e, headers)
	if err != nil {
		return nil, err
	}
	out := r.Clone(r.Context())
	out.Host = ""
	out.Header = headers
	if _, given := headers["Accept"]; !given {
		headers.Set("Accept", "application/json")
	}
	headers.Set("Accept-Encoding", "gzip")
	headers.Set("User-Agent", g.userAgent)
	headers.Set("Client-Request-Id", newID())
	if e.service == Exchange {
		headers.Set("Accept-Language", "en-US")
	}
	out.Body, out.GetBody, out.ContentLength = nil, nil, 0
	if body != nil {
		out.Body, out.ContentLength = io.NopCloser(strings.NewReader(string(body))), int64(len(body))
	}
	return out, nil
}

// decideOn holds method and path against the tables, and returns the encoded body of a POST.
func (g *guard) decideOn(r *http.Request, e *errand, headers http.Header) ([]byte, error) {
	if r.Method == http.MethodGet && len(e.items) > 0 || e.batch && len(e.items) == 0 {
		return nil, refuse("a %s with %d commands", r.Method, len(e.items))
	}
	if e.service != Exchange {
		if r.Method != http.MethodGet {
			return nil, refuse("%.16q to %s", r.Method, e.service)
		}
		if !allowsGet(e.service, r.URL.Path) {
			return nil, refuse("path %.128q is not on the list", r.URL.Path)
		}
		return nil, nil
	}
	version, resource, ok := g.exchangeResource(r.URL.Path)
	if !ok {
		return nil, refuse("path %.128q is not below the admin API of this tenant", r.URL.Path)
	}
	switch r.Method {
	case http.MethodGet:
		if !exchangeAllowsGet(resource) {
			return nil, refuse("GET %.128q is not on the list", resource)
		}
		return nil, nil
	case http.MethodPost:
		if version != "beta" {
			return nil, refuse("POST to %s of the admin API", version)
		}
		return g.decideOnCommands(r, resource, e, headers)
	}
	return nil, refuse("%.16q to Exchange", r.Method)
}

func (g *guard) decideOnCommands(r *http.Request, resource string, e *errand, headers http.Header) ([]byte, error) {
	if len(headers) > 0 {
		return nil, refuse("a command with headers of its own")
	}
	if !e.batch {
		if resource != invokeCommand || len(e.items) != 1 {
			return nil, refuse("POST %.64q with %d commands", resource, len(e.items))
		}
		c, err := check(e.items[0].Command)
		if err != nil {
			return nil, err
		}
		want, err := g.link(c)
		if err != nil {
			return nil, err
		}
		// The host of a first page may change to the regional one in between; its query may not.
		if c.Next == "" && r.URL.RawQuery != want.RawQuery || c.Next != "" && r.URL.String() != want.String() {
			return nil, refuse("a URL that is not the command's")
		}
		for name, value := range c.header(g.tenant) {
			headers.Set(name, value)
		}
		return encode(c.body())
	}
	if resource != batchCommand || r.URL.RawQuery != "" {
		return nil, refuse("a batch to %.64q", resource)
	}
	items, ids, err := checkItems(e.items)
	if err != nil {
		return nil, err
	}
	var links []*url.URL
	anchor := items[0].anchor(g.tenant)
	for _, item := range items {
		link, err := g.link(item)
		if err != nil {
			return nil, err
		}
		links = append(links, link)
		if item.anchor(g.tenant) != anchor {
			// Items for different mailboxes share one outer request, which then is routed as a whole.
			anchor = systemAnchor + g.tenant
		}
	}
	headers.Set("Content-Type", "application/json; charset=utf-8")
	headers.Set("Prefer", "odata.maxpagesize="+strconv.Itoa(pageSize)+";odata.continue-on-error")
	headers.Set("X-AnchorMailbox", anchor)
	headers.Set("Parameter-Based-Routing", "true")
	return encodeBatch(items, ids, links, g.tenant)
}

// link is the URL of one command: its nextLink, held against the same rules as any
// other URL, or the first page at the current host.
func (g *guard) link(c checked) (*url.URL, error) {
	place := g.services[Exchange]
	if c.Next == "" {
		u := place.current()
		u.Path = "/adminapi/beta/" + g.tenant + "/" + invokeCommand
		u.RawQuery = c.query()
		return u, nil
	}
	u, err := parseLink(c.Next)
	if err != nil {
		return nil, err
	}
	if err := checkURL(u, place); err != nil {
		return nil, err
	}
	version, resource, ok := g.exchangeResource(u.Path)
	if !ok || version != "beta" || resource != invokeCommand {
		return nil, refuse("next link with path %.128q", u.Path)
	}
	return u, nil
}

// parseLink parses a link that a service sent.
func parseLink(link string) (*url.URL, error) {
	if len(link) > maxURL {
		return nil, refuse("a link of %d bytes", len(link))
	}
	u, err := url.Parse(link)
	if err != nil {
		return nil, refuse("a link that is no URL")
	}
	return u, nil
}

// checkURL holds rules that need no table: scheme, host, port, form of the path.
func checkURL(u *url.URL, place *pinned) error {
	if u == nil {
		return refuse("no URL")
	}
	where := u.Scheme + "://" + u.Host
	switch {
	case u.Scheme != place.base.Scheme:
		return refuse("scheme of %.128q", where)
	case u.User != nil:
		return refuse("user information in %.128q", where)
	case u.Opaque != "" || u.Fragment != "" || u.RawFragment != "" || u.OmitHost:
		return refuse("form of %.128q", where)
	case !place.knows(u.Host):
		return refuse("host %.128q", u.Host)
	case len(u.String()) > maxURL:
		return refuse("URL of %d bytes to %s", len(u.String()), u.Host)
	}
	if err := checkPath(u); err != nil {
		return refuse("path of %.128q: %v", where, err)
	}
	if !isASCII(u.RawQuery) && u.RawQuery != "" {
		return refuse("query to %.128q with characters that need encoding", where)
	}
	return nil
}

// checkPath refuses every path that another reader could read another way.
func checkPath(u *url.URL) error {
	raw := u.EscapedPath()
	lower := strings.ToLower(raw)
	switch {
	case !strings.HasPrefix(u.Path, "/"):
		return fmt.Errorf("not absolute")
	case strings.Contains(u.Path, "//") || strings.HasSuffix(u.Path, "/"):
		return fmt.Errorf("empty segment")
	case strings.Contains(u.Path, ".."):
		return fmt.Errorf("two dots")
	case strings.ContainsAny(u.Path, "\\;?"):
		return fmt.Errorf("separator that is none")
	case !utf8.ValidString(u.Path):
		return fmt.Errorf("not UTF-8")
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		if segment == "." {
			return fmt.Errorf("dot segment")
		}
	}
	// %25 would be decoded again by a reader that decodes twice.
	for _, encoded := range []string{"%2f", "%5c", "%2e", "%25", "%00", "%3b", "%3f"} {
		if strings.Contains(lower, encoded) {
			return fmt.Errorf("encoded %s", encoded)
		}
	}
	for _, r := range u.Path {
		if r < ' ' || r == 0x7f {
			return fmt.Errorf("control character")
		}
	}
	return nil
}

// knows reports whether host, with its port, is the base or a learned regional host.
func (p *pinned) knows(host string) bool {
	if !isASCII(host) {
		return false
	}
	host = withoutDefaultPort(strings.ToLower(host), p.base.Scheme)
	if host == withoutDefaultPort(p.base.Host, p.base.Scheme) {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Contains(p.regions, host)
}

func withoutDefaultPort(host, scheme string) string {
	switch scheme {
	case "https":
		return strings.TrimSuffix(host, ":443")
	case "http":
		return strings.TrimSuffix(host, ":80")
	}
	return host // unreachable: New accepts no other scheme
}

// current is scheme and host of new requests: the regional host once one is known.
func (p *pinned) current() *url.URL {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := *p.base
	if p.region != "" {
		u.Host = p.region
	}
	return &u
}

// learn takes the regional host from the Location of a redirect. Only the first
// label is taken; the URL is built anew, so that neither port (the service may name
// 446) nor path nor scheme of the answer matter.
func (p *pinned) learn(location string) (*url.URL, error) {
	to, err := url.Parse(location)
	if err != nil || to.Host == "" {
		return nil, refuse("redirect to an address that names no host")
	}
	host := strings.ToLower(to.Hostname())
	label, found := strings.CutSuffix(host, p.suffix)
	if strings.EqualFold(to.Host, p.base.Host) && to.Scheme == p.base.Scheme && to.User == nil {
		return &url.URL{Scheme: p.base.Scheme, Host: p.base.Host}, nil // where we are already
	}
	if p.suffix == "" || !found || !isLabel(label) || to.User != nil {
		return nil, refuse("redirect to host %.128q", to.Host)
	}
	if isLoopback(p.base.Hostname()) != isLoopback(host) {
		// An overridden endpoint is pinned to this machine and stays on it.
		return nil, refuse("redirect from this machine to host %.128q", to.Host)
	}
	if port := p.base.Port(); port != "" && isLoopback(host) {
		host = net.JoinHostPort(host, port)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Contains(p.regions, host) {
		if len(p.regions) == maxRegions {
			return nil, refuse("redirect to host %.128q after %d other regions", to.Host, maxRegions)
		}
		p.regions = append(p.regions, host)
	}
	p.region = host
	return &url.URL{Scheme: p.base.Scheme, Host: host}, nil
}

// isLabel reports whether s is one DNS label: letters, digits and inner hyphens.
func isLabel(s string) bool {
	if len(s) < 1 || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// headerNames are what a caller may set. Authorization, Host, Cookie and the
// headers that make a POST count as another method are not among them.
var headerNames = []string{
	"Accept", "Accept-Language", "Client-Request-Id", "Commandname", "Consistencylevel", "Exomodule-Version",
	"Is-Cloud-Shell-Environment", "Parameter-Based-Routing", "Prefer", "Ps-Version", "X-Anchormailbox",
	"X-Cmdletname", "X-Initializeconnectioncontextobjectiddynamic", "X-Responseformat", "X-Serializationlevel",
}

// callerHeaders returns a copy of h if every name is on the list and every value is plain.
func callerHeaders(h http.Header) (http.Header, error) {
	out := make(http.Header, len(h)+8)
	for name, values := range h {
		canonical := http.CanonicalHeaderKey(name)
		if !slices.Contains(headerNames, canonical) {
			return nil, refuse("header %.64q is not on the list", name)
		}
		if _, twice := out[canonical]; twice || len(values) != 1 {
			return nil, refuse("header %.64q more than once", canonical)
		}
		if err := checkHeader(canonical, values[0]); err != nil {
			return nil, refuse("%v", err)
		}
		out[canonical] = []string{values[0]}
	}
	return out, nil
}

func checkHeader(name, value string) error {
	if len(value) > 1024 || !utf8.ValidString(value) {
		return fmt.Errorf("%s is too long or not UTF-8", name)
	}
	for _, r := range value {
		if r < ' ' || r == 0x7f {
			return fmt.Errorf("%s holds control characters", name)
		}
	}
	return nil
}

// withErrand gives ctx the errand of one attempt.
func withErrand(ctx context.Context, e *errand) context.Context {
	return context.WithValue(ctx, errandKey{}, e)
}
