// Package transport is the one HTTP stack of the product: everything that leaves
// the process for Microsoft Graph, the Exchange admin API, Azure Resource Manager or
// Azure DevOps goes through a Stack.
//
// From outside to inside: retry (classified by the caller's Classifier), limiter
// (one bucket per quota), request log, read-only guard. The guard is the innermost
// http.RoundTripper and the only code that holds an http.Transport; it decides,
// then fetches the token for the audience of that host and stamps it on a clone, so
// that a refused request never carries a token. The package knows nothing of
// datasets: what an answer means is the caller's Classifier.
//
// It promises: no verb but GET, no POST but InvokeCommand and $batch with cmdlets
// of the compiled table, no host but the configured ones and their regional hosts,
// no redirect followed, no secret in an error or a log.
package transport

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// Service is one of the services that are read: two for a review, and two that a preflight may look at.
type Service string

// The services.
const (
	Graph    Service = "graph"
	Exchange Service = "exchange"
	Azure    Service = "azure"  // Azure Resource Manager
	DevOps   Service = "devops" // the audit service of Azure DevOps
)

// Token is a bearer token and when it ends.
type Token struct {
	Value     Secret
	ExpiresOn time.Time
}

// TokenSource hands out tokens; implementations cache and renew. claims is "" or the
// decoded claims challenge of a 401, and then a cached token must not be returned.
type TokenSource interface {
	Token(ctx context.Context, scope, claims string) (Token, error)
}

// Endpoint is where one service answers. Scope follows the cloud, never an overridden Base.
type Endpoint struct {
	Base  *url.URL // scheme, host, port; no path. http is accepted for loopback hosts only
	Scope string   // "https://graph.microsoft.com/.default"
	// RegionSuffix is the host suffix of regional hosts that a 302 of EXOModuleFile or
	// EXOBanner may name (".outlook.office365.com"); "" learns none.
	RegionSuffix string
}

// Config builds a Stack.
type Config struct {
	Tenant string // tenant id; the tenant segment of Exchange paths must equal it
	// TenantNames are the tenant's domains: links that the service sends may name it by one.
	TenantNames       []string
	Graph, Exchange   Endpoint
	Azure, DevOps     Endpoint // without a Base unless they are to be looked at
	Tokens            TokenSource
	RootCAs           *x509.CertPool // nil: the system's
	MaxConcurrency    int            // hard ceiling of requests in flight per service; 0: none
	RequestsPerSecond float64        // hard ceiling per service; 0: none
	Logger            *slog.Logger   // nil: discards
	RequestLog        io.Writer      // one JSON line per attempt; nil: none
	UserAgent         string
	// OnWait is told of every wait for the service longer than a second, and with a zero Until when it is over;
	// ordinary pacing is none. It is called from several goroutines. nil: nobody.
	OnWait func(Wait)
	// Policy changes limits for tests; the zero value means the product's own. For services
	// on this machine LoopbackPolicy starts fast enough not to be felt.
	Policy Policy
}

// Wait is a pause that a person may want to know of.
type Wait struct {
	Service Service
	Bucket  string
	Until   time.Time
	Reason  string // "throttled by exchange", "retry 3 of 6 after 503"
}

// Policy holds the numbers of the retry and limiter rules.
type Policy struct {
	Attempts                        int           // tries of a transient failure; 6
	BaseDelay                       time.Duration // 2 s
	MaxDelay                        time.Duration // 60 s
	MinDelay                        time.Duration // 0.5 s
	UnitBudget                      time.Duration // waiting for throttling per call before it fails as throttled; 30 min
	GraphRate, ExchangeRate         float64       // starting rates per second; 20 and 10
	GraphInFlight, ExchangeInFlight int           // starting values; 8 and 4
	HeaderTimeout                   time.Duration // response header; 2 min Graph, 5 min Exchange, 15 min Search-*
	BodyStall                       time.Duration // window of the body watchdog (1 KiB/s); 60 s
	MaxBody                         int64         // 32 MiB
}

// Verdict is what an answer means for the retry loop.
type Verdict int

// The verdicts.
const (
	OK           Verdict = iota
	Transient            // try again, with back-off
	Throttled            // wait as told, no attempt counted
	Unauthorized         // renew the token once, then Denied
	Denied               // the identity may not read it
	Missing              // the object does not exist
	Unavailable          // not licensed, or not offered in this cloud
	Restart              // page token expired or unknown: start the listing over
	Invalid              // our request is wrong, or the answer cannot be used
)

// Outcome is a Classifier's answer.
type Outcome struct {
	Verdict     Verdict
	Err         error         // the decoded service error; nil for OK
	RetryAfter  time.Duration // 0: the service named none
	Concurrency bool          // the refusal is about requests in flight, not about rate
	Claims      string        // decoded claims challenge of a 401
	MaxTries    int           // tries for this Transient; 0: the policy's
}

// Classifier says what an answer means. It is called with the body read to its end.
type Classifier func(*Response) Outcome

// Request is one GET.
type Request struct {
	Service  Service
	URL      *url.URL    // absolute
	Header   http.Header // only names of the guard's list
	Bucket   string      // quota; "" is the one that the path belongs to
	Classify Classifier
	Session  *Session
}

// Command is one cmdlet invocation. The guard encodes it: what was checked is what is sent.
type Command struct {
	Cmdlet     string
	Parameters map[string]any
	Select     []string // ?$select=
	Anchor     string   // X-AnchorMailbox
	Routed     bool     // parameter-based-routing: true
	PageSize   int      // Prefer: odata.maxpagesize; 0: 1000
	Next       string   // nextLink to continue from; "" for the first page
}

// BatchItem is one cmdlet of a batch.
type BatchItem struct {
	ID string
	Command
}

// Response is an answer, read to its end and unpacked.
type Response struct {
	Service   Service
	Label     string // "GET /v1.0/users", "Get-Mailbox"
	Status    int
	Header    http.Header
	Body      []byte
	RequestID string
	At        time.Time // when the answer was complete, UTC
	Attempts  int
}

// Counters are the numbers of one service since the Stack was made.
type Counters struct{ Requests, Retries, Throttled int64 }

// The errors that callers ask for with errors.Is.
var (
	ErrDenied      = errors.New("denied")
	ErrMissing     = errors.New("not found")
	ErrUnavailable = errors.New("not available")
	ErrThrottled   = errors.New("throttled")
	ErrRestart     = errors.New("page token expired")
	ErrService     = errors.New("service error")
	ErrInvalid     = errors.New("invalid request or answer")
	ErrGuard       = errors.New("refused by the read-only guard")
	ErrSignIn      = errors.New("no token")
)
