package graph

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"tenantaudit/internal/transport"
)

// errNoList is an answer without the member that every list has.
var errNoList = errors.New("the answer is no list")

// Probe sends one small GET and says whether it was allowed: path under /v1.0 without
// a leading slash, query as Graph documents it. The error is the one that collecting
// would record, in one line.
func (c *Client) Probe(ctx context.Context, path, query string) error {
	_, err := c.probe(ctx, path, query, func([]byte) error { return nil })
	return err
}

// Read is Probe for a list that fits one page: it returns the rows as received.
func (c *Client) Read(ctx context.Context, path, query string) ([]json.RawMessage, error) {
	var body struct {
		Value *[]json.RawMessage `json:"value"`
	}
	_, err := c.probe(ctx, path, query, func(raw []byte) error {
		body.Value = nil
		if err := json.Unmarshal(raw, &body); err != nil || body.Value == nil {
			return errNoList
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return *body.Value, nil
}

func (c *Client) probe(ctx context.Context, path, query string, shape func([]byte) error) (*transport.Response, error) {
	u := c.base.JoinPath(path)
	u.RawQuery = query
	return c.send(ctx, ask{url: u, header: http.Header{}}, shape)
}

// errNoCount is an answer without the number that was asked for.
var errNoCount = errors.New("the answer holds no count")

// Count asks how many objects a listing has, without reading it: path under /v1.0. It is an
// advanced query, which not every cloud and list offers; the error says so.
func (c *Client) Count(ctx context.Context, path string) (int64, error) {
	u := c.base.JoinPath(path)
	u.RawQuery = "$count=true&$top=1&$select=id"
	var body struct {
		Count *int64 `json:"@odata.count"`
	}
	_, err := c.send(ctx, ask{url: u, header: http.Header{"ConsistencyLevel": {"eventual"}}}, func(raw []byte) error {
		body.Count = nil
		if err := json.Unmarshal(raw, &body); err != nil || body.Count == nil || *body.Count < 0 {
			return errNoCount
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return *body.Count, nil
}
