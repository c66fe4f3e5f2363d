package exo

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/transport"
)

// Options say how to talk to one tenant.
type Options struct {
	Tenant string // tenant id, the segment of every path
	// CallerUPN is the signed-in user, who anchors the calls that concern no mailbox.
	// "" anchors them at the organization's system mailbox: applications, and partners
	// who have no mailbox in the tenant.
	CallerUPN string
	PageSize  int // rows per page, 1 to 1000; 0: 1000
}

// Client reads from the Exchange admin API of one tenant. It is safe for concurrent use.
type Client struct {
	stack     *transport.Stack
	opts      Options
	baseDelay time.Duration // of the back-off between tries of a batch item; the policy's own unless a test shortens it

	health health

	mu      sync.Mutex
	refused error // first refusal of the read-only guard
}

const maxPageSize = 1000

// New returns a client that sends through stack.
func New(stack *transport.Stack, o Options) *Client {
	if o.PageSize <= 0 || o.PageSize > maxPageSize {
		o.PageSize = maxPageSize
	}
	return &Client{stack: stack, opts: o, baseDelay: 2 * time.Second}
}

// Refused is the first refusal of the read-only guard, nil while there was none. The
// unit concerned is recorded as failed and the others go on, but a run with a refusal
// must not end as if nothing had happened: it is a bug, or a service that sends
// links to elsewhere.
func (c *Client) Refused() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refused
}

func (c *Client) noteRefusal(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refused == nil {
		c.refused = err
	}
}

// routed are the cmdlets that are served where their mailbox lives.
// Source: https://learn.microsoft.com/powershell/exchange/exchange-online-powershell-v2
var routed = []string{
	"Get-InboxRule", "Get-MailboxCalendarFolder", "Get-MailboxFolderPermission", "Get-MailboxFolderStatistics",
	"Get-MailboxPermission", "Get-MailboxStatistics",
}

// call is one cmdlet with its parameters, or the entity set that stands in for it.
type call struct {
	cmdlet     string
	params     map[string]any
	sel        []string
	mailbox    string   // UPN or address of the one mailbox concerned; "" for none
	optional   []string // parameters that may be left out when the identity may not use them
	entity     string   // "Mailbox", "CasMailbox" or "Recipient": read by GET instead; "" for the cmdlet
	query      url.Values
	noContent  bool // 204 can mean "no rows"
	systemRoot bool // anchored at the system mailbox, whatever else is known
}

// one reports whether the call is about one object.
func (k call) one() bool {
	_, identity := k.params["Identity"]
	_, mailbox := k.params["Mailbox"]
	return identity || mailbox
}

// label is the request as the ledger names it: the cmdlet and its parameter names.
func (k call) label() string {
	if k.entity != "" {
		return "GET " + k.entity
	}
	names := make([]string, 0, len(k.params))
	for n := range k.params {
		names = append(names, n)
	}
	slices.Sort(names)
	return strings.TrimSpace(k.cmdlet + " " + strings.Join(names, ","))
}

// command is the call as transport sends it.
func (c *Client) command(k call, pageSize int, next string) transport.Command {
	cmd := transport.Command{Cmdlet: k.cmdlet, Parameters: k.params, Select: k.sel, PageSize: pageSize, Next: next}
	switch {
	case k.systemRoot:
	case k.mailbox != "" && slices.Contains(routed, k.cmdlet):
		cmd.Anchor, cmd.Routed = "UPN:"+k.mailbox, true
	case c.opts.CallerUPN != "":
		cmd.Anchor = "UPN:" + c.opts.CallerUPN
	}
	return cmd
}

// systemMailbox is the same in every organization.
// Source: https://learn.microsoft.com/exchange/reference/admin-api-get-started
const systemMailbox = "APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@"

func (c *Client) anchor() string {
	if c.opts.CallerUPN != "" {
		return "UPN:" + c.opts.CallerUPN
	}
	return systemMailbox + c.opts.Tenant
}

// get asks for one page of an entity set, or another resource of the admin API.
func (c *Client) get(ctx context.Context, s *transport.Session, link string, h http.Header, cl transport.Classifier) (*transport.Response, error) {
	u, err := url.Parse(link)
	if err != nil {
		return nil, &transport.Failure{Label: "GET", Verdict: transport.Invalid, Err: errors.New("a link that is no URL")}
	}
	h.Set("X-AnchorMailbox", c.anchor())
	return c.stack.Get(ctx, transport.Request{Service: transport.Exchange, URL: u, Header: h, Classify: cl, Session: s})
}

// resource is the URL of a resource of the admin API.
func (c *Client) resource(version, name string, q url.Values) (string, error) {
	u := c.stack.Base(transport.Exchange)
	if u == nil {
		return "", &transport.Failure{Label: "GET " + name, Verdict: transport.Invalid, Err: errors.New("no Exchange endpoint")}
	}
	u.Path = "/adminapi/" + version + "/" + c.opts.Tenant + "/" + name
	// Names and commas stay as they are: the service and its proxies compare them literally.
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(q)) {
		parts = append(parts, strings.ReplaceAll(k, " ", "%20")+"="+strings.ReplaceAll(url.QueryEscape(q.Get(k)), "%2C", ","))
	}
	u.RawQuery = strings.Join(parts, "&")
	return u.String(), nil
}

// send asks for the next page of a task, alone.
func (c *Client) send(ctx context.Context, t *task) (*transport.Response, answer, error) {
	var got answer
	classify := func(r *transport.Response) transport.Outcome { return classifyAnswer(r, t.call.noContent, &got) }
	var r *transport.Response
	var err error
	if t.call.entity == "" {
		r, err = c.stack.Invoke(ctx, t.session, c.command(t.call, t.pageSize, t.next), classify)
	} else {
		link := t.next
		if link == "" {
			if link, err = c.resource("beta", t.call.entity, t.call.query); err != nil {
				return nil, answer{}, err
			}
		}
		h := http.Header{"Prefer": {"odata.maxpagesize=" + strconv.Itoa(t.pageSize)}}
		r, err = c.get(ctx, t.session, link, h, classify)
	}
	return r, got, err
}

// run works a task to its end, one request at a time, and hands every step to
// commit before it asks for the next page. The error is the context's or commit's.
func (c *Client) run(ctx context.Context, t *task, commit func(step) error) error {
	for !t.done {
		if res, ended := c.health.ended(); ended {
			return commit(t.give(res))
		}
		r, a, err := c.send(ctx, t)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var s step
		if err == nil {
			s = t.took(r, a)
		} else {
			s = t.failed(c, asFailure(err))
		}
		if s.again {
			continue
		}
		c.note(t, s)
		if err := commit(s); err != nil {
			return err
		}
	}
	return nil
}

// asFailure gives any error the form of a Failure.
func asFailure(err error) *transport.Failure {
	var f *transport.Failure
	if errors.As(err, &f) {
		return f
	}
	v := transport.Transient
	if errors.Is(err, transport.ErrThrottled) {
		v = transport.Throttled
	}
	return &transport.Failure{Verdict: v, Err: err}
}

// exists asks the service whether an object that answered "not found" is really gone.
// Only a clear "not found" counts; anything else leaves it in existence.
func (c *Client) exists(ctx context.Context, cmdlet, identity string) (bool, error) {
	t := newTask(c, snapshot.UnitID{}, call{cmdlet: cmdlet, params: map[string]any{"Identity": identity}, sel: []string{"Guid", "Identity", "Name"}})
	gone := false
	err := c.run(ctx, t, func(step) error {
		gone = t.failure != nil && t.failure.Verdict == transport.Missing
		return nil
	})
	return !gone, err
}

// health ends the service for a run that gets nowhere: every further unit would cost
// minutes and fail the same way.
type health struct {
	mu     sync.Mutex
	row    int // units in a row that failed for a transient cause
	result *snapshot.Result
}

// maxFailedRow is how many units may fail in a row for a transient cause.
const maxFailedRow = 50

func (h *health) ended() (snapshot.Result, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.result == nil {
		return snapshot.Result{}, false
	}
	return *h.result, true
}

// note takes the end of a unit's work into account.
func (c *Client) note(t *task, s step) {
	if !t.done {
		return
	}
	if t.failure != nil && errors.Is(t.failure, transport.ErrGuard) {
		c.noteRefusal(t.failure)
	}
	h := &c.health
	h.mu.Lock()
	defer h.mu.Unlock()
	signIn := t.failure != nil && errors.Is(t.failure, transport.ErrSignIn)
	switch {
	case h.result != nil:
	case s.result.State == snapshot.Throttled:
		h.result = &snapshot.Result{State: snapshot.Throttled, Cause: snapshot.CauseThrottled, Expected: -1,
			Detail: "not asked: Exchange refused requests until the waiting budget was spent; " + resume}
	case signIn || t.failure != nil && t.failure.Verdict == transport.Transient:
		if h.row++; h.row < maxFailedRow && !signIn {
			return
		}
		why := fmt.Sprintf("%d units in a row failed", h.row)
		if signIn {
			why = "no token for Exchange"
		}
		h.result = &snapshot.Result{State: snapshot.Failed, Cause: snapshot.ServiceError, Expected: -1, Detail: "not asked: " + why + "; " + resume}
	default:
		h.row = 0
	}
}

// resume is the next step that details end with when nothing but time is needed.
const resume = "run again with --resume"

func linkSum(link string) [sha256.Size]byte { return sha256.Sum256([]byte(link)) }
