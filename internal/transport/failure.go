package transport

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// ErrTooLarge is inside the Failure of an answer that exceeds the limit for one body.
// The same listing with smaller pages may succeed.
var ErrTooLarge = errors.New("answer too large")

var verdictNames = [...]string{
	OK: "ok", Transient: "transient", Throttled: "throttled", Unauthorized: "unauthorized", Denied: "denied",
	Missing: "missing", Unavailable: "unavailable", Restart: "restart", Invalid: "invalid",
}

func (v Verdict) String() string {
	if v < 0 || int(v) >= len(verdictNames) {
		return fmt.Sprintf("Verdict(%d)", int(v))
	}
	return verdictNames[v]
}

// Failure is why a call gave no answer that can be used. errors.Is finds exactly one
// of the package's sentinels in it, or the context's error; errors.As finds what the
// Classifier decoded.
type Failure struct {
	Label     string // what was asked: "GET /v1.0/users", "Get-Mailbox"
	Verdict   Verdict
	Status    int    // HTTP status of the last answer; 0: there was none
	RequestID string // of the last answer; ""
	Attempts  int    // requests that were sent
	Throttles int    // how often the service asked to wait
	Err       error  // the decoded service error, or what kept the request from an answer
}

// Error is one line without query strings or secrets.
func (f *Failure) Error() string {
	var b strings.Builder
	if f.Label != "" {
		b.WriteString(f.Label + ": ")
	}
	kind := f.kind()
	text := ""
	if f.Err != nil {
		text = escape(Redact(f.Err.Error()))
	}
	switch {
	case kind == nil || strings.Contains(text, kind.Error()):
		b.WriteString(text)
	case text == "":
		b.WriteString(kind.Error())
	default:
		b.WriteString(kind.Error() + ": " + text)
	}
	var facts []string
	if f.Status != 0 {
		facts = append(facts, fmt.Sprintf("status %d", f.Status))
	}
	if f.RequestID != "" {
		facts = append(facts, "request "+escape(Redact(f.RequestID)))
	}
	if f.Attempts > 1 {
		facts = append(facts, fmt.Sprintf("%d attempts", f.Attempts))
	}
	if len(facts) > 0 {
		b.WriteString(" (" + strings.Join(facts, ", ") + ")")
	}
	return b.String()
}

// Unwrap gives the Classifier's own error, or the context's.
func (f *Failure) Unwrap() error { return f.Err }

// Is reports whether target is the sentinel that belongs to this failure.
func (f *Failure) Is(target error) bool {
	kind := f.kind()
	return kind != nil && target == kind
}

// kind is the sentinel of the failure; nil when the context ended it.
func (f *Failure) kind() error {
	for _, direct := range []error{ErrGuard, ErrSignIn} {
		if errors.Is(f.Err, direct) {
			return direct
		}
	}
	if errors.Is(f.Err, context.Canceled) || errors.Is(f.Err, context.DeadlineExceeded) {
		return nil
	}
	switch f.Verdict {
	case Unauthorized, Denied:
		return ErrDenied
	case Missing:
		return ErrMissing
	case Unavailable:
		return ErrUnavailable
	case Throttled:
		return ErrThrottled
	case Restart:
		return ErrRestart
	case Invalid:
		return ErrInvalid
	default:
		return ErrService
	}
}
