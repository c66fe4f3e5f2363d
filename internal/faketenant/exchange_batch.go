package faketenant

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// batchRequest is the body of POST $batch.
type batchRequest struct {
	Requests []struct {
		ID      string            `json:"id"`
		Method  string            `json:"method"`
		URL     string            `json:"url"`
		Headers map[string]string `json:"headers"`
		Body    json.RawMessage   `json:"body"`
	} `json:"requests"`
}

// exchangeBatchLimit is what every known client sends at most.
const exchangeBatchLimit = 10

// batch is POST $batch of Exchange. Items run one after the other.
func (x *exchange) batch() {
	if x.r.Method != http.MethodPost {
		x.exo(http.StatusMethodNotAllowed, envelope("MethodNotAllowed", "The requested resource does not support http method '"+x.r.Method+"'.", "", ""))
		return
	}
	var in batchRequest
	if json.NewDecoder(io.LimitReader(x.r.Body, 4<<20)).Decode(&in) != nil || len(in.Requests) == 0 {
		x.exo(http.StatusBadRequest, envelope("BadRequest", "The batch request body is not valid.", "", ""))
		return
	}
	if len(in.Requests) > exchangeBatchLimit && x.t.opt.Strict.BatchLimit {
		x.exo(http.StatusBadRequest, envelope("BadRequest", "The batch holds more requests than the service accepts.", "", ""))
		return
	}
	ids := map[string]bool{}
	for _, it := range in.Requests {
		if it.ID == "" || ids[it.ID] {
			x.exo(http.StatusBadRequest, envelope("BadRequest", "Each request of a batch needs an id of its own.", "", ""))
			return
		}
		ids[it.ID] = true
	}
	type item struct {
		id  string
		res result
		cmd string
	}
	var done []item
	for _, it := range in.Requests {
		headers := http.Header{}
		for k, v := range it.Headers {
			headers.Set(k, v)
		}
		if headers.Get(headerAnchor) == "" {
			headers.Set(headerAnchor, x.r.Header.Get(headerAnchor))
		}
		if headers.Get("Prefer") == "" {
			headers.Set("Prefer", x.r.Header.Get("Prefer"))
		}
		u, err := url.Parse(it.URL)
		if err != nil || !strings.EqualFold(it.Method, http.MethodPost) || !strings.HasSuffix(strings.ToLower(u.Path), "/invokecommand") {
			done = append(done, item{it.ID, failed(invalid("Only InvokeCommand can be part of a batch.", "Microsoft.OData.ODataException")), ""})
			continue
		}
		inv := x.invocation(u, headers)
		inv.inBatch = true
		if f := inv.decode(it.Body); f != nil {
			done = append(done, item{it.ID, failed(f), inv.cmdlet})
			continue
		}
		if x.t.faults.fire(FaultBatchItem429, inv.cmdlet, 0) {
			x.cmdlets = append(x.cmdlets, inv.cmdlet)
			done = append(done, item{it.ID, concurrencyRefusal(x.t.faults.retryAfter(FaultBatchItem429)), inv.cmdlet})
			continue
		}
		done = append(done, item{it.ID, x.t.invoke(x.r.Context(), inv, x), inv.cmdlet})
	}
	if len(done) > 1 && x.t.faults.fire(FaultBatchShuffle, "", 0) {
		n := int(x.t.requests.Load())
		x.t.plan.shuffle("batch", len(done), func(i, j int) { done[i], done[j] = done[j], done[i] })
		done = append(done[n%len(done):len(done):len(done)], done[:n%len(done)]...)
	}
	if x.t.faults.fire(FaultBatchMissing, "", 0) {
		done = done[:len(done)-1]
	}
	b := &bag{buf: make([]byte, 0, 8192)}
	b.start()
	b.array("responses", len(done), func(i int) {
		it := done[i]
		b.start()
		b.str("id", it.id)
		b.int("status", it.res.status)
		b.object("headers", func() {
			b.str("Cmdlet-Name", it.cmd)
			for _, k := range []string{headerRetry} {
				if v, ok := it.res.header[k]; ok {
					b.str(k, v)
				}
			}
			b.str("Content-Type", "application/json; odata.metadata=minimal")
		})
		body := it.res.body
		if !json.Valid(body) {
			body = nil
		}
		if len(body) == 0 {
			b.null("body")
		} else {
			b.raw("body", string(body))
		}
		b.end()
	})
	b.end()
	x.exo(http.StatusOK, b.buf)
}

// concurrencyRefusal is the 429 of the tenant's limit of requests in flight.
func concurrencyRefusal(retryAfter string) result {
	header := map[string]string{}
	if retryAfter != "" {
		header[headerRetry] = retryAfter
	}
	return result{status: http.StatusTooManyRequests, header: header,
		body: []byte(`{"error":{"code":"TooManyRequests","message":"You have reached the maximum number of concurrent requests per tenant. Please wait and try again"}}`)}
}
