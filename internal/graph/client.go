package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	abs "github.com/microsoft/kiota-abstractions-go"

	"tenantaudit/internal/transport"
)

// Getter sends one GET, with everything that belongs to it: token, limits, repeats,
// guard. *transport.Stack is the product's.
type Getter interface {
	Get(ctx context.Context, r transport.Request) (*transport.Response, error)
}

// version is the API version that is read. /beta may change and is not read.
const version = "/v1.0"

// Client reads Graph. It is safe for concurrent use.
type Client struct {
	get  Getter
	base *url.URL // https://graph.microsoft.com/v1.0
}

// New returns a client for the Graph at base: scheme, host and port, as the Stack has
// it for transport.Graph; a path, query or user in it is an error.
func New(g Getter, base *url.URL) (*Client, error) {
	if g == nil || base == nil {
		return nil, errors.New("graph: no transport or no base URL")
	}
	if base.Host == "" || base.Scheme != "https" && base.Scheme != "http" || strings.Trim(base.Path, "/") != "" || base.RawQuery != "" || base.User != nil {
		return nil, fmt.Errorf("graph: base URL must be scheme and host, got %q", base.Redacted())
	}
	return &Client{get: g, base: &url.URL{Scheme: base.Scheme, Host: base.Host, Path: version}}, nil
}

// path starts the path parameters of a request builder. Builders share these maps and
// are not safe for concurrent use: each request makes its own.
func (c *Client) path(pairs ...string) map[string]string {
	m := map[string]string{"baseurl": c.base.String()}
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

// eventual are the headers of an advanced query, to be sent with $count=true
// (learn.microsoft.com/graph/aad-advanced-queries).
func eventual() *abs.RequestHeaders {
	h := abs.NewRequestHeaders()
	h.Add("ConsistencyLevel", "eventual")
	return h
}

// ask is one GET.
type ask struct {
	url    *url.URL
	header http.Header
	bucket string // quota of the transport; "" is Graph's ordinary one
}

// newAsk takes what a builder of the SDK described. The builders write %24select where
// Graph's documentation has $select, and put a placeholder where /me belongs; the SDK
// mends both while it sends, which it does not do here.
func newAsk(info *abs.RequestInformation, bucket string) (ask, error) {
	if info.Method != abs.GET {
		return ask{}, fmt.Errorf("graph: %s is no read", info.Method)
	}
	u, err := info.GetUri()
	if err != nil {
		return ask{}, fmt.Errorf("graph: build request: %w", err)
	}
	pairs := strings.Split(u.RawQuery, "&")
	for i, pair := range pairs {
		if name, value, ok := strings.Cut(pair, "="); ok {
			pairs[i] = strings.Replace(name, "%24", "$", 1) + "=" + value
		}
	}
	u.RawQuery = strings.Join(pairs, "&")
	for from, to := range map[string]string{
		mePlaceholder:          "/me",
		"/graph.directoryRole": "/microsoft.graph.directoryRole",
	} {
		u.Path = strings.Replace(u.Path, from, to, 1)
		u.RawPath = ""
	}
	h := http.Header{}
	for _, name := range info.Headers.ListKeys() {
		for _, v := range info.Headers.Get(name) {
			h.Add(name, v)
		}
	}
	return ask{url: u, header: h, bucket: bucket}, nil
}

// send sends one GET whose answer must satisfy shape.
func (c *Client) send(ctx context.Context, a ask, shape func([]byte) error) (*transport.Response, error) {
	return c.get.Get(ctx, transport.Request{
		Service:  transport.Graph,
		URL:      a.url,
		Header:   a.header.Clone(),
		Bucket:   a.bucket,
		Classify: classifier(shape),
	})
}

// entity reads a single object.
func (c *Client) entity(ctx context.Context, info *abs.RequestInformation) (json.RawMessage, *transport.Response, error) {
	a, err := newAsk(info, "")
	if err != nil {
		return nil, nil, err
	}
	res, err := c.send(ctx, a, func(body []byte) error {
		_, err := decodeObject(body)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	clean, _ := inspect(res.Body)
	return clean, res, nil
}

// follow checks a next link. The guard below refuses foreign hosts as well; here the
// error can say what happened to the listing.
func (c *Client) follow(link string) (*url.URL, error) {
	u, err := url.Parse(link)
	if err != nil {
		// The parser's error quotes the link, page token included.
		return nil, errors.New("the next link is no URL")
	}
	if u.Scheme != c.base.Scheme || !strings.EqualFold(u.Host, c.base.Host) || u.User != nil || u.Opaque != "" ||
		!strings.HasPrefix(u.EscapedPath(), version+"/") {
		return nil, fmt.Errorf("the next link leads to %s, not to %s%s", transport.Snippet([]byte(u.Scheme+"://"+u.Host)), c.base.Host, version)
	}
	return u, nil
}
