package faketenant

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"hash/fnv"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// invocation is one cmdlet, alone or in a batch.
type invocation struct {
	cmdlet                     string
	params                     map[string]any
	sel                        []string
	base, host, anchor, cookie string
	pageSize                   int
	token                      string
	inBatch                    bool
}

// result is the answer to one invocation.
type result struct {
	status int
	header map[string]string
	body   []byte
	nul    bool // a run of NUL bytes instead of a body
	cut    bool // the connection ends inside the body
}

func failed(f *failure) result {
	return result{status: f.status, header: f.header, body: f.body, nul: f.nul}
}

// rows are the objects that a cmdlet returns, rendered one by one.
type rows struct {
	n        int
	write    func(b *bag, i int)
	warnings []string
}

// moreResults is the warning next to a nextLink.
const moreResults = "There are more results available than are currently displayed. To view them, increase the value for the ResultSize parameter."

// invoke runs a cmdlet.
func (t *Tenant) invoke(ctx context.Context, inv invocation, x *exchange) result {
	t.invocations.Add(1)
	var token *pageToken
	if inv.token != "" {
		tk, ok := decodeToken(inv.token)
		if !ok {
			x.cmdlets = append(x.cmdlets, inv.cmdlet)
			return failed(badPage())
		}
		token = tk
		if inv.cmdlet == "" { // a GET continuation, where that is allowed
			inv.cmdlet, inv.params = tk.Cmdlet, tk.Params
		}
	}
	x.cmdlets = append(x.cmdlets, inv.cmdlet)
	if !wait(ctx, t.opt.InvocationLatency) {
		return result{status: http.StatusServiceUnavailable, body: contextError("ServiceUnavailable", "System.OperationCanceledException", "The client went away.")}
	}
	c, known := findCmdlet(inv.cmdlet)
	if !known || !t.mayRun(inv.cmdlet) {
		return failed(t.denial(inv.cmdlet, inv.inBatch))
	}
	if res, hit := t.cmdletFaults(ctx, c.name, inv); hit {
		return res
	}
	a, f := c.bind(inv.params)
	if f != nil {
		return failed(f)
	}
	offset := 0
	if token != nil {
		if f := t.checkToken(token, inv); f != nil {
			return failed(f)
		}
		offset = token.Offset
	}
	a.t = t
	rs, f := c.rows(t, a)
	if f != nil {
		return failed(f)
	}
	return t.page(c, inv, a, rs, offset)
}

// page renders one page.
func (t *Tenant) page(c *cmdlet, inv invocation, a args, rs rows, offset int) result {
	size := 1000
	if inv.pageSize > 0 {
		size = min(size, inv.pageSize)
	}
	if t.opt.PageSizeCap > 0 {
		size = min(size, t.opt.PageSizeCap)
	}
	if n, ok := a.resultSize(); ok && !t.opt.IgnoreResultSize {
		size = min(size, n)
	}
	offset = min(offset, rs.n)
	end := min(offset+size, rs.n)
	b := &bag{buf: make([]byte, 0, 4096), sidecars: true}
	sel := newSelection(inv.sel)
	b.start()
	b.str("@odata.context", inv.base+"/$metadata#Collection(Exchange.GenericHashTable)")
	warnings := rs.warnings
	more := end < rs.n
	loop := more && t.faults.fire(FaultLoop, c.name, 0)
	if more {
		warnings = append(slices.Clone(warnings), moreResults)
		if !t.faults.fire(FaultTruncated, c.name, 0) {
			next := end
			if loop {
				next = offset
			}
			b.str("@odata.nextLink", t.nextLink(inv, a, next))
		}
	}
	b.str("adminapi.warnings@odata.type", "#Collection(String)")
	b.list2("@adminapi.warnings", warnings)
	b.array("value", end-offset, func(i int) {
		b.sel = sel
		b.start()
		rs.write(b, offset+i)
		b.end()
		b.sel = nil
	})
	b.end()
	return result{status: http.StatusOK, body: b.buf}
}

// list2 writes an array without an annotation.
func (b *bag) list2(k string, v []string) {
	if b.name(k) {
		b.buf = appendList(b.buf, v)
	}
}

// pageToken is what a skiptoken says. It is opaque to clients.
type pageToken struct {
	Cmdlet string         `json:"c"`
	Params map[string]any `json:"p"`
	Offset int            `json:"o"`
	Bound  uint64         `json:"b"` // anchor, cookie, host and body
	Serial uint64         `json:"n"`
	Server string         `json:"s"`
}

// pageBook remembers the tokens given out.
type pageBook struct {
	mu     sync.Mutex
	next   uint64
	issued map[uint64]pageEntry
}

type pageEntry struct {
	at     time.Time
	used   bool
	anchor string
	cookie string
	host   string
	body   uint64
}

func (t *Tenant) nextLink(inv invocation, a args, offset int) string {
	t.pages.mu.Lock()
	if t.pages.issued == nil {
		t.pages.issued = map[uint64]pageEntry{}
	}
	t.pages.next++
	serial := t.pages.next
	t.pages.issued[serial] = pageEntry{at: time.Now(), anchor: inv.anchor, cookie: inv.cookie, host: inv.host, body: bodyHash(inv)}
	t.pages.mu.Unlock()
	token := encodeToken(pageToken{Cmdlet: inv.cmdlet, Params: inv.params, Offset: offset, Serial: serial, Server: "DB7PR08MB1234"})
	base := inv.base
	if t.faults.fire(FaultForeignLink, inv.cmdlet, 0) {
		base = "https://outlook.evil.example" + base[strings.Index(base, "/adminapi"):]
	}
	link := base + "/InvokeCommand?%24skiptoken=" + url.QueryEscape(token)
	if len(inv.sel) > 0 {
		link += "&%24select=" + url.QueryEscape(strings.Join(inv.sel, ","))
	}
	return link
}

func encodeToken(tk pageToken) string {
	b, err := json.Marshal(tk)
	if err != nil {
		return "" // unreachable: parameters came from JSON
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func decodeToken(s string) (*pageToken, bool) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return nil, false
	}
	var tk pageToken
	dec := json.NewDecoder(strings.NewReader(string(b)))
	dec.UseNumber()
	if dec.Decode(&tk) != nil || tk.Offset < 0 {
		return nil, false
	}
	return &tk, true
}

// checkToken holds a continuation to the page that gave the token out.
func (t *Tenant) checkToken(tk *pageToken, inv invocation) *failure {
	if t.faults.fire(FaultExpiredPage, inv.cmdlet, 0) {
		return badPage()
	}
	t.pages.mu.Lock()
	defer t.pages.mu.Unlock()
	e, ok := t.pages.issued[tk.Serial]
	s := t.opt.Strict
	switch {
	case !ok, !strings.EqualFold(tk.Cmdlet, inv.cmdlet),
		time.Since(e.at) > t.opt.PageLifetime,
		s.BindAnchor && e.anchor != inv.anchor,
		s.BindCookie && e.cookie != inv.cookie,
		s.BindHost && e.host != inv.host,
		s.BindBody && e.body != bodyHash(inv),
		s.ReplayFails && e.used:
		return badPage()
	}
	e.used = true
	t.pages.issued[tk.Serial] = e
	return nil
}

// bodyHash identifies cmdlet and parameters.
func bodyHash(inv invocation) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(strings.ToLower(inv.cmdlet)))
	b, err := json.Marshal(inv.params) // members sorted
	if err == nil {
		_, _ = h.Write(b)
	}
	return h.Sum64()
}

// args are the bound parameters, under lower-case names.
type args struct {
	t      *Tenant
	values map[string]any
}

func (a args) has(name string) bool { _, ok := a.values[name]; return ok }

// text is a string parameter; present is false when it is missing, null or "".
func (a args) text(name string) (s string, present bool) {
	switch v := a.values[name].(type) {
	case string:
		return v, v != ""
	case json.Number:
		return v.String(), true
	}
	return "", false
}

func (a args) flag(name string) bool {
	switch v := a.values[name].(type) {
	case bool:
		return v
	case string:
		return strings.EqualFold(v, "true")
	}
	return false
}

// names is a parameter that takes one or several strings.
func (a args) names(name string) []string {
	switch v := a.values[name].(type) {
	case string:
		var out []string
		for _, s := range strings.Split(v, ",") {
			out = append(out, strings.TrimSpace(s))
		}
		return out
	case []any:
		var out []string
		for _, e := range v {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// resultSize is a numeric ResultSize.
func (a args) resultSize() (int, bool) {
	s, ok := a.text("resultsize")
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n > 0
}
