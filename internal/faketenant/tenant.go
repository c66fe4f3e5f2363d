package faketenant

import (
	"compress/gzip"
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Tenant is a simulated tenant with its services.
type Tenant struct {
	plan   *plan
	opt    Options
	denied map[string]bool
	// runnable are the cmdlets of the Grant, in lower case; nil: all.
	runnable map[string]bool
	faults   *faultSet
	pages    pageBook
	signIn   signInState
	key      func() *AnswerKey

	mu    sync.Mutex
	calls []Call

	requests, invocations atomic.Int64
	inFlight              atomic.Int64  // requests of Exchange
	serial                atomic.Uint64 // of requests and tokens
	revoked               atomic.Uint64 // tokens up to this serial number are refused
}

// Call is one request that was served.
type Call struct {
	Method  string
	Path    string   // without query
	Cmdlets []string // of InvokeCommand and of each batch item
	Status  int      // 0: the connection was cut before an answer
}

// Stats are counts since the Tenant was made.
type Stats struct {
	Requests    int64 // HTTP requests, of all services
	Invocations int64 // cmdlets, batch items one by one
}

// New makes a tenant. It fails on options that have no meaning.
func New(o Options) (*Tenant, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	t := &Tenant{plan: newPlan(o), opt: o, denied: map[string]bool{}, runnable: o.Grant.runnable(), faults: newFaultSet(o.Faults)}
	for _, d := range o.Deny {
		d = strings.ToLower(d)
		t.denied[d] = true
		for _, also := range sourcesOf[d] {
			t.denied[strings.ToLower(also)] = true
		}
	}
	t.key = sync.OnceValue(func() *AnswerKey { return newAnswerKey(t.plan) })
	return t, nil
}

// sourcesOf names what Deny of a dataset refuses, where the names differ.
var sourcesOf = map[string][]string{
	"skus": {"subscribedSkus"}, "organizationconfig": {"Get-OrganizationConfig"}, "unifiedaudit": {"Get-AdminAuditLogConfig"},
	"mailboxes": {"Get-Mailbox"}, "auditbypass": {"Get-MailboxAuditBypassAssociation"}, "inboxrules": {"Get-InboxRule"},
	"transportrules": {"Get-TransportRule"}, "remotedomains": {"Get-RemoteDomain"}, "accepteddomains": {"Get-AcceptedDomain"},
	"outboundspampolicies": {"Get-HostedOutboundSpamFilterPolicy", "Get-HostedOutboundSpamFilterRule"},
	"connectors":           {"Get-InboundConnector", "Get-OutboundConnector"},
	"mailboxpermissions":   {"Get-MailboxPermission"}, "sendas": {"Get-RecipientPermission"},
	"folderpermissions":        {"Get-MailboxFolderPermission", "Get-MailboxFolderStatistics"},
	"approleassignments":       {"appRoleAssignedTo"},
	"directoryroleassignments": {"roleAssignments", "roleEligibilitySchedules"},
	"exchangeroleassignments":  {"Get-RoleGroup", "Get-RoleGroupMember"}, "applicationaccesspolicies": {"Get-ApplicationAccessPolicy"},
	"groupmembers": {"members", "transitiveMembers"}, "transportconfig": {"Get-TransportConfig"}, "casmailboxes": {"Get-CASMailbox"},
	"sharingpolicies": {"Get-SharingPolicy"}, "adminconsentpolicy": {"adminConsentRequestPolicy"},
	"roleassignmentschedules": {"roleAssignmentScheduleInstances"}, "managementroleassignments": {"Get-ManagementRoleAssignment"},
}

// ID is the tenant id.
func (t *Tenant) ID() string { return t.plan.tenant.String() }

// DefaultDomain is the domain that is marked as default.
func (t *Tenant) DefaultDomain() string { return t.plan.DefaultDomain() }

// AnswerKey is what a correct review says. It is made at the first call and shared: do
// not change it. It is large for large tenants (about 2 KB per mailbox folder in scope).
func (t *Tenant) AnswerKey() *AnswerKey { return t.key() }

// Log returns every request served so far, in the order of their answers.
func (t *Tenant) Log() []Call {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]Call(nil), t.calls...)
}

// Stats returns the counts so far.
func (t *Tenant) Stats() Stats {
	return Stats{Requests: t.requests.Load(), Invocations: t.invocations.Load()}
}

// Handler serves the three services. It is safe for concurrent use and starts no goroutine.
func (t *Tenant) Handler() http.Handler { return http.HandlerFunc(t.serve) }

func (t *Tenant) serve(w http.ResponseWriter, r *http.Request) {
	t.requests.Add(1)
	x := &exchange{t: t, w: w, r: r}
	call := Call{Method: r.Method, Path: r.URL.Path}
	defer func() {
		call.Cmdlets, call.Status = x.cmdlets, x.status
		t.mu.Lock()
		t.calls = append(t.calls, call)
		t.mu.Unlock()
	}()
	if !wait(r.Context(), t.opt.Latency) {
		return
	}
	low := strings.ToLower(r.URL.Path)
	switch {
	case strings.HasPrefix(low, "/adminapi/"):
		x.serveExchange()
	case strings.HasPrefix(low, "/v1.0/") || strings.HasPrefix(low, "/beta/"):
		x.serveGraph()
	case strings.HasPrefix(low, "/subscriptions/"):
		x.serveAzure()
	case strings.Contains(low, "/_apis/"):
		x.serveDevOps()
	default:
		x.serveAuth()
	}
}

// wait pauses without holding up a cancelled request.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// exchange is one request and its answer, of any of the services.
type exchange struct {
	t       *Tenant
	w       http.ResponseWriter
	r       *http.Request
	cmdlets []string
	status  int
}

const (
	typeJSON      = "application/json"
	typeExchange  = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
	typeGraph     = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
	headerRetry   = "Retry-After"
	headerAnchor  = "X-AnchorMailbox"
	headerLevel   = "ConsistencyLevel"
	affinity      = "exchangecookie"
	defaultServer = "DB7PR08A012DC004.EURPR08A012.PROD.OUTLOOK.COM"
)

// answer writes a body, compressed when the client takes that.
func (x *exchange) answer(status int, contentType string, body []byte) {
	h := x.w.Header()
	h.Set("Content-Type", contentType)
	x.status = status
	if !strings.Contains(x.r.Header.Get("Accept-Encoding"), "gzip") || len(body) == 0 {
		x.w.WriteHeader(status)
		_, _ = x.w.Write(body) // the client may be gone: nothing to do about it
		return
	}
	h.Set("Content-Encoding", "gzip")
	h.Add("Vary", "Accept-Encoding")
	x.w.WriteHeader(status)
	z := gzip.NewWriter(x.w)
	_, _ = z.Write(body)
	_ = z.Close()
}
