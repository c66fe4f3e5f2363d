package transport

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
)

// damagedTries is how often a request is sent whose answers say 200 and cannot be read.
const damagedTries = 3

// Common classifies what both services mean by the same status. It is false for an
// answer whose meaning lies in its body or belongs to one service: a 2xx with JSON,
// 204, 400, 401, 403, 404, 405 and other 4xx. A Classifier asks it first.
func Common(r *Response) (Outcome, bool) {
	switch {
	case r.Status == http.StatusTooManyRequests,
		r.Status == http.StatusServiceUnavailable && RetryAfter(r.Header) > 0:
		return Outcome{Verdict: Throttled, RetryAfter: RetryAfter(r.Header), Err: statusError(r)}, true
	case r.Status == http.StatusRequestTimeout, r.Status == http.StatusInternalServerError, r.Status == http.StatusBadGateway,
		r.Status == http.StatusServiceUnavailable, r.Status == http.StatusGatewayTimeout:
		return Outcome{Verdict: Transient, Err: statusError(r)}, true
	case r.Status == http.StatusNoContent:
		return Outcome{}, false
	case r.Status >= 200 && r.Status < 300 && !json.Valid(r.Body):
		return Outcome{Verdict: Transient, MaxTries: damagedTries, Err: notJSON(r)}, true
	case r.Status < 200 || r.Status >= 300 && r.Status < 400:
		return Outcome{Verdict: Invalid, Err: statusError(r)}, true
	}
	return Outcome{}, false
}

// statusError describes an answer by its status and the start of its body.
func statusError(r *Response) error {
	text := fmt.Sprintf("status %d %s", r.Status, http.StatusText(r.Status))
	if start := Snippet(r.Body); start != "" {
		text += ": " + start
	}
	return errors.New(strings.TrimSpace(text))
}

// notJSON says what came instead of JSON.
func notJSON(r *Response) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind == "" {
		kind = "no content type"
	}
	start := Snippet(r.Body)
	switch {
	case len(r.Body) == 0:
		return fmt.Errorf("status %d with an empty body", r.Status)
	case kind == "text/html" || strings.HasPrefix(strings.TrimSpace(start), "<"):
		return fmt.Errorf("a proxy answered: status %d, %s: %s", r.Status, escape(kind), start)
	}
	return fmt.Errorf("status %d, %s, is not one JSON value: %s", r.Status, escape(kind), start)
}

// byStatus is the classification for a call without a Classifier.
func byStatus(r *Response) Outcome {
	if o, ok := Common(r); ok {
		return o
	}
	switch {
	case r.Status < 300:
		return Outcome{}
	case r.Status == http.StatusUnauthorized:
		return Outcome{Verdict: Unauthorized, Claims: Claims(r.Header), Err: statusError(r)}
	case r.Status == http.StatusForbidden:
		return Outcome{Verdict: Denied, Err: statusError(r)}
	case r.Status == http.StatusNotFound, r.Status == http.StatusGone:
		return Outcome{Verdict: Missing, Err: statusError(r)}
	}
	return Outcome{Verdict: Invalid, Err: statusError(r)}
}
