package faketenant

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Fault is a named, repeatable disturbance. Which requests it hits is counted, not
// diced: the n-th matching request of a run, so that a failing run can be had again.
type Fault struct {
	Name string
	// Cmdlet limits faults of Exchange to one cmdlet, and faults of Graph to paths with that segment; "" is any.
	Cmdlet string
	// Every hits each n-th matching request; 0 means the fault's own default.
	Every int
	// At hits the n-th matching request only, counted from 1; for faults of a mailbox it is the number of the mailbox
	// in the order of Get-Mailbox, counted from 1.
	At int
	// Times ends the fault after so many hits; 0 is without end, or once for faults that say so.
	Times int
	// RetryAfter is the Retry-After header of throttling faults; "" means the fault's own default.
	RetryAfter string
	// Delay is the pause of slow faults; 0 means 100 ms.
	Delay time.Duration
}

// Names of faults. "each" gives the default of Every; "once" is Times 1 unless said otherwise.
const (
	FaultThrottle429        = "throttle429"            // Exchange: 429 with Retry-After 1; each 10th
	FaultThrottleFractional = "throttle429-fractional" // Exchange: 429 with Retry-After 0.5; each 10th
	FaultThrottleNoHeader   = "throttle-noheader"      // Exchange: 429 without Retry-After; each 10th
	FaultConcurrency        = "concurrency"            // Exchange: 429 with the text of the limit of requests in flight; each 10th
	FaultBusy503            = "busy503"                // Exchange: 503 ServerBusyException; each 10th
	FaultProxy400           = "proxy400"               // Exchange: 400 CmdletProxyException, transient; each 10th
	FaultReset              = "reset"                  // any service: the connection is closed without an answer; each 10th
	FaultCutBody            = "cutbody"                // Exchange: the connection ends inside the body; each 10th
	FaultHTMLProxy          = "htmlproxy"              // Exchange: 200 with an HTML page; each 10th
	FaultEmpty204           = "empty204"               // Exchange: 204 without a body; once
	FaultNonTerminating     = "nonterminating"         // Exchange: 200 with @adminapi.errors and no rows; once
	FaultNullValue          = "nullvalue"              // Exchange: 200 with "value": null; once
	FaultSlowBody           = "slowbody"               // Exchange: the body arrives in pieces with pauses of Delay; each 10th
	FaultSlowCmdlet         = "slowcmdlet"             // Exchange: the cmdlet takes Delay; each
	FaultBatchItem429       = "batchitem429"           // Exchange: one item of a batch is throttled; each 7th item
	FaultBatchMissing       = "batchmissing"           // Exchange: the last response of a batch is missing; each 5th batch
	FaultBatchShuffle       = "batchshuffle"           // Exchange: responses in another order; each
	FaultExpiredPage        = "expiredpage"            // Exchange: a page token has expired; once
	FaultTruncated          = "truncated"              // Exchange: the warning of more results without a nextLink; once
	FaultLoop               = "nextlinkloop"           // Exchange: a nextLink to the same page; once
	FaultForeignLink        = "foreignlink"            // Exchange: a nextLink to a foreign host; once
	FaultRedirect           = "redirect"               // Exchange: 302 to a foreign host; once
	FaultMailboxGone        = "mailboxgone"            // Exchange: mailbox At is listed, but every cmdlet on it answers 404
	FaultMailbox            = "mailboxfault"           // Exchange: cmdlets on mailbox At answer 500 without a detail, Times often
	FaultMailboxThrottled   = "mailboxthrottled"       // Exchange: cmdlets on mailbox At answer 429, Times often
	FaultGraph429           = "graph429"               // Graph: 429 with Retry-After 1; each 10th
	FaultGraphNoHeader      = "graph429-noheader"      // Graph: 429 without Retry-After; each 10th
	FaultGraph503           = "graph503"               // Graph: 503 serviceNotAvailable; each 10th
	FaultGraphHTML          = "graph502html"           // Graph: 502 with an HTML page; each 10th
	FaultGraphExpiredPage   = "graphexpiredpage"       // Graph: Directory_ExpiredPageToken; once
	FaultGraphEmptyPage     = "graphemptypage"         // Graph: an empty page with a nextLink; once
	FaultTokenExpired       = "tokenexpired"           // any service: tokens given out so far are refused from the 20th request on; once
	FaultCAE                = "cae"                    // any service: tokens given out so far are refused with a claims challenge from this request on; once
	FaultGraphConsent       = "graphconsentremoved"    // Graph: from the 20th request on everything is refused, and new tokens hold no role; once
	FaultExchangeConsent    = "exchangeconsentremoved" // Exchange: the same
)

// faultKind is what the simulator knows of a fault.
type faultKind struct {
	every int // default of Every; 0: Times decides
	times int // default of Times
	retry string
}

var faultKinds = map[string]faultKind{
	FaultThrottle429: {every: 10, retry: "1"}, FaultThrottleFractional: {every: 10, retry: "0.5"}, FaultThrottleNoHeader: {every: 10},
	FaultConcurrency: {every: 10, retry: "1"}, FaultBusy503: {every: 10}, FaultProxy400: {every: 10}, FaultReset: {every: 10}, FaultCutBody: {every: 10},
	FaultHTMLProxy: {every: 10}, FaultEmpty204: {every: 1, times: 1}, FaultNonTerminating: {every: 1, times: 1}, FaultNullValue: {every: 1, times: 1},
	FaultSlowBody: {every: 10}, FaultSlowCmdlet: {every: 1}, FaultBatchItem429: {every: 7, retry: "1"}, FaultBatchMissing: {every: 5},
	FaultBatchShuffle: {every: 1}, FaultExpiredPage: {every: 1, times: 1}, FaultTruncated: {every: 1, times: 1}, FaultLoop: {every: 1, times: 1},
	FaultForeignLink: {every: 1, times: 1}, FaultRedirect: {every: 1, times: 1}, FaultMailboxGone: {}, FaultMailbox: {}, FaultMailboxThrottled: {retry: "1"},
	FaultGraph429: {every: 10, retry: "1"}, FaultGraphNoHeader: {every: 10}, FaultGraph503: {every: 10}, FaultGraphHTML: {every: 10},
	FaultGraphExpiredPage: {every: 1, times: 1}, FaultGraphEmptyPage: {every: 1, times: 1}, FaultTokenExpired: {every: 20, times: 1}, FaultCAE: {every: 1, times: 1},
	FaultGraphConsent: {every: 20, times: 1}, FaultExchangeConsent: {every: 20, times: 1},
}

// FaultNames lists the names that Fault.Name accepts, sorted.
func FaultNames() []string {
	var out []string
	for n := range faultKinds {
		out = append(out, n)
	}
	return sortedUnique(out)
}

func (f Fault) check() error {
	if _, ok := faultKinds[f.Name]; !ok {
		return fmt.Errorf("faketenant: fault %q is not known", f.Name)
	}
	if f.Every < 0 || f.At < 0 || f.Times < 0 || f.Delay < 0 {
		return fmt.Errorf("faketenant: fault %s: negative number", f.Name)
	}
	if ofMailbox(f.Name) && f.At == 0 {
		return fmt.Errorf("faketenant: fault %s: At names no mailbox", f.Name)
	}
	return nil
}

func ofMailbox(name string) bool {
	return name == FaultMailboxGone || name == FaultMailbox || name == FaultMailboxThrottled
}

// faultSet counts.
type faultSet struct {
	mu    sync.Mutex
	armed map[string][]*armedFault
}

type armedFault struct {
	Fault
	seen, hits int
}

func newFaultSet(list []Fault) *faultSet {
	s := &faultSet{armed: map[string][]*armedFault{}}
	for _, f := range list {
		k := faultKinds[f.Name]
		if f.Every == 0 && f.At == 0 {
			f.Every = k.every
		}
		if f.Times == 0 {
			f.Times = k.times
		}
		if f.RetryAfter == "" {
			f.RetryAfter = k.retry
		}
		if f.Delay == 0 {
			f.Delay = 100 * time.Millisecond
		}
		s.armed[f.Name] = append(s.armed[f.Name], &armedFault{Fault: f})
	}
	return s
}

// fire counts a matching request and says whether the fault hits it. box is the number of
// the mailbox for faults of a mailbox, else 0.
func (s *faultSet) fire(name, cmdlet string, box int) bool {
	return s.hit(name, cmdlet, box) != nil
}

func (s *faultSet) hit(name, cmdlet string, box int) *armedFault {
	if len(s.armed[name]) == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.armed[name] {
		if f.Cmdlet != "" && !strings.EqualFold(f.Cmdlet, cmdlet) {
			continue
		}
		if ofMailbox(name) {
			if box != f.At || f.Times > 0 && f.hits >= f.Times {
				continue
			}
			f.hits++
			return f
		}
		f.seen++
		if f.Times > 0 && f.hits >= f.Times {
			continue
		}
		if f.At > 0 && f.seen == f.At || f.At == 0 && f.Every > 0 && f.seen%f.Every == 0 {
			f.hits++
			return f
		}
	}
	return nil
}

func (s *faultSet) retryAfter(name string) string {
	for _, f := range s.armed[name] {
		return f.RetryAfter
	}
	return ""
}

// reset applies to every service; true means that the connection was closed.
func (x *exchange) reset() bool {
	if !x.t.faults.fire(FaultReset, "", 0) {
		return false
	}
	x.hangUp()
	return true
}

// hangUp closes the connection without an answer, or half-way through one.
func (x *exchange) hangUp() {
	if h, ok := x.w.(http.Hijacker); ok {
		if conn, _, err := h.Hijack(); err == nil {
			_ = conn.Close()
			return
		}
	}
	panic(http.ErrAbortHandler) // HTTP/2 cannot be hijacked; the server ends the stream
}

// cut sends the headers and half of a body, then closes the connection.
func (x *exchange) cut(body []byte) {
	h := x.w.Header()
	h.Set("Content-Type", typeExchange)
	h.Set("Content-Length", itoa(len(body)))
	x.status = http.StatusOK
	x.w.WriteHeader(http.StatusOK)
	_, _ = x.w.Write(body[:len(body)/2])
	if f, ok := x.w.(http.Flusher); ok {
		f.Flush()
	}
	panic(http.ErrAbortHandler)
}

// slow sends a body in pieces.
func (x *exchange) slow(body []byte, pause time.Duration) {
	x.w.Header().Set("Content-Type", typeExchange)
	x.status = http.StatusOK
	x.w.WriteHeader(http.StatusOK)
	f, _ := x.w.(http.Flusher)
	for piece := max(1, len(body)/8); len(body) > 0; {
		n := min(piece, len(body))
		if _, err := x.w.Write(body[:n]); err != nil {
			return
		}
		if f != nil {
			f.Flush()
		}
		body = body[n:]
		if !wait(x.r.Context(), pause) {
			return
		}
	}
}

// exchangeFaults are those of a whole HTTP request; true means that the answer was given.
func (x *exchange) exchangeFaults(resource string) bool {
	if x.reset() {
		return true
	}
	if resource != "invokecommand" && resource != "$batch" {
		if x.t.faults.fire(FaultRedirect, "", 0) {
			x.w.Header().Set("Location", "https://eur01.outlook.evil.example"+x.r.URL.RequestURI())
			x.answer(http.StatusFound, "text/html", nil)
			return true
		}
		return false
	}
	cmdlet := x.r.Header.Get("X-CmdletName")
	throttle := func(name string, body []byte) bool {
		f := x.t.faults.hit(name, cmdlet, 0)
		if f == nil {
			return false
		}
		if f.RetryAfter != "" {
			x.w.Header().Set(headerRetry, f.RetryAfter)
		}
		x.exo(http.StatusTooManyRequests, body)
		return true
	}
	plain := []byte(`{"error":{"code":"TooManyRequests","message":"Too many requests. Please retry later."}}`)
	switch {
	case throttle(FaultThrottle429, plain), throttle(FaultThrottleFractional, plain), throttle(FaultThrottleNoHeader, plain):
		return true
	case throttle(FaultConcurrency, []byte("You have reached the maximum number of concurrent requests per tenant. Please wait and try again")):
		return true
	case x.t.faults.fire(FaultBusy503, cmdlet, 0):
		x.exo(http.StatusServiceUnavailable, contextError("ServiceUnavailable", "Microsoft.Exchange.Data.Directory.ServerBusyException", "The server is busy. Please wait and try again."))
		return true
	case x.t.faults.fire(FaultHTMLProxy, cmdlet, 0):
		x.answer(http.StatusOK, "text/html", []byte("<html><head><title>Proxy</title></head><body>Please sign in to the network.</body></html>"))
		return true
	case x.t.faults.fire(FaultEmpty204, cmdlet, 0):
		x.status = http.StatusNoContent
		x.w.WriteHeader(http.StatusNoContent)
		return true
	}
	return false
}

// cmdletFaults are those of one invocation.
func (t *Tenant) cmdletFaults(ctx context.Context, cmdlet string, inv invocation) (result, bool) {
	if f := t.faults.hit(FaultSlowCmdlet, cmdlet, 0); f != nil {
		wait(ctx, f.Delay)
	}
	if t.faults.fire(FaultProxy400, cmdlet, 0) {
		return result{status: http.StatusBadRequest, body: contextError("BadRequest", "Microsoft.Exchange.Configuration.CmdletProxyException",
			"Error on proxy command '"+cmdlet+"' to server DB7PR08MB1234.eurprd08.prod.outlook.com: Server version 15.20.9000.0000, Proxy method PSWS: NotFound: ")}, true
	}
	empty := func(rest string) []byte {
		return []byte(`{"@odata.context":"` + inv.base + `/$metadata#Collection(Exchange.GenericHashTable)","adminapi.warnings@odata.type":"#Collection(String)","@adminapi.warnings":[],` + rest + `}`)
	}
	if t.faults.fire(FaultNonTerminating, cmdlet, 0) {
		return result{status: http.StatusOK, body: empty(`"value":[],"@adminapi.errors":["The operation couldn't be performed because the object couldn't be read."],"adminapi.errors@odata.type":"#Collection(String)"`)}, true
	}
	if t.faults.fire(FaultNullValue, cmdlet, 0) {
		return result{status: http.StatusOK, body: empty(`"value":null`)}, true
	}
	if t.faults.fire(FaultCutBody, cmdlet, 0) && !inv.inBatch {
		return result{status: http.StatusOK, cut: true, body: empty(`"value":[{"Identity":"` + strings.Repeat("x", 512) + `"}]`)}, true
	}
	if box := t.boxNumber(inv); box > 0 {
		if t.faults.fire(FaultMailbox, cmdlet, box) {
			return result{status: http.StatusInternalServerError, body: envelope("InternalServerError", "An internal server error has occurred.", "", "")}, true
		}
		if f := t.faults.hit(FaultMailboxThrottled, cmdlet, box); f != nil {
			return result{status: http.StatusTooManyRequests, header: map[string]string{headerRetry: f.RetryAfter},
				body: []byte(`{"error":{"code":"TooManyRequests","message":"Too many requests. Please retry later."}}`)}, true
		}
	}
	return result{}, false
}

// boxNumber is the number of the mailbox that an invocation is about; 0 for none.
func (t *Tenant) boxNumber(inv invocation) int {
	if len(t.faults.armed[FaultMailbox]) == 0 && len(t.faults.armed[FaultMailboxThrottled]) == 0 {
		return 0
	}
	for k, v := range inv.params {
		s, ok := v.(string)
		if !ok || !strings.EqualFold(k, "identity") && !strings.EqualFold(k, "mailbox") {
			continue
		}
		box, _ := splitFolder(s)
		for _, pr := range t.plan.find(box) {
			if pr.mailbox != nil {
				return t.plan.numberOf(pr.mailbox)
			}
		}
	}
	return 0
}

// numberOf is the place of a mailbox in Get-Mailbox, from 1; 0 when it is not there.
func (p *plan) numberOf(m *mailbox) int {
	for i, o := range p.mailboxes {
		if o == m {
			return i + 1
		}
	}
	return 0
}

// mailboxGone is true for the mailbox that was deleted between the list and the read.
func (t *Tenant) mailboxGone(m *mailbox) bool {
	for _, f := range t.faults.armed[FaultMailboxGone] {
		if f.At <= len(t.plan.mailboxes) && t.plan.mailboxes[f.At-1] == m {
			return true
		}
	}
	return false
}

// graphFaults are those of Graph; true means that the answer was given.
func (x *exchange) graphFaults(segment string) bool {
	if x.reset() {
		return true
	}
	f := x.t.faults
	if h := f.hit(FaultGraph429, segment, 0); h != nil {
		x.w.Header().Set(headerRetry, h.RetryAfter)
		x.w.Header().Set("x-ms-throttle-information", "ResourceUnitLimitExceeded")
		x.graphError(http.StatusTooManyRequests, "TooManyRequests", "Too many requests. Please retry again later.")
		return true
	}
	switch {
	case f.fire(FaultGraphNoHeader, segment, 0):
		x.graphError(http.StatusTooManyRequests, "UnknownError", "Too Many Requests")
	case f.fire(FaultGraph503, segment, 0):
		x.graphError(http.StatusServiceUnavailable, "serviceNotAvailable", "The service is temporarily unavailable.")
	case f.fire(FaultGraphHTML, segment, 0):
		x.answer(http.StatusBadGateway, "text/html", []byte("<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"))
	default:
		return false
	}
	return true
}
