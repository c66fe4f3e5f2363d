package faketenant

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// graphBatchLimit is the documented number of items.
const graphBatchLimit = 20

// graphBatch answers POST $batch of reads. The body may be compressed.
func (x *exchange) graphBatch() {
	if x.r.Method != http.MethodPost {
		x.graphError(http.StatusMethodNotAllowed, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
		return
	}
	var body io.Reader = x.r.Body
	if strings.EqualFold(x.r.Header.Get("Content-Encoding"), "gzip") {
		z, err := gzip.NewReader(body)
		if err != nil {
			x.graphError(http.StatusBadRequest, "BadRequest", "The request body cannot be decompressed.")
			return
		}
		body = z
	}
	var in batchRequest
	if json.NewDecoder(io.LimitReader(body, 4<<20)).Decode(&in) != nil || len(in.Requests) == 0 {
		x.graphError(http.StatusBadRequest, "BadRequest", "Invalid batch payload format.")
		return
	}
	if len(in.Requests) > graphBatchLimit && x.t.opt.Strict.BatchLimit {
		x.graphError(http.StatusBadRequest, "BadRequest", "Number of batch request steps exceeds the maximum value of 20.")
		return
	}
	ids := map[string]bool{}
	for _, it := range in.Requests {
		if it.ID == "" || ids[it.ID] {
			x.graphError(http.StatusBadRequest, "BadRequest", "The request id must be unique.")
			return
		}
		ids[it.ID] = true
	}
	b := &bag{}
	b.start()
	last := len(in.Requests) - 1
	b.array("responses", len(in.Requests), func(i int) {
		it := in.Requests[last-i] // any order is allowed: the reverse one is used
		status, answer := http.StatusBadRequest, x.t.graphErrorBody(x.r, "BadRequest", "Invalid batch item.")
		if u, err := url.Parse(it.URL); err == nil && strings.EqualFold(it.Method, http.MethodGet) {
			path := "/" + strings.TrimPrefix(strings.TrimPrefix(u.Path, "/v1.0"), "/")
			r := x.r.Clone(x.r.Context())
			r.Method, r.URL = http.MethodGet, &url.URL{Path: "/v1.0" + path, RawQuery: u.RawQuery}
			r.Header = http.Header{}
			for k, v := range it.Headers {
				r.Header.Set(k, v)
			}
			r.Header.Set("Authorization", x.r.Header.Get("Authorization"))
			status, answer = x.graphGet(r, graphSegments(path))
		}
		b.start()
		b.str("id", it.ID)
		b.int("status", status)
		b.object("headers", func() { b.str("Content-Type", "application/json") })
		if len(answer) == 0 {
			b.null("body")
		} else {
			b.raw("body", string(answer))
		}
		b.end()
	})
	b.end()
	x.answer(http.StatusOK, typeJSON, b.buf)
}
