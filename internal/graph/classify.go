package graph

import (
	"errors"
	"net/http"
	"strings"

	"tenantaudit/internal/transport"
)

// Tries of answers that are seldom worth the full number: a damaged answer, and the
// "no premium licence" that licensed tenants get now and then
// (microsoftgraph/microsoft-graph-docs-contrib issues 3033 and 3808).
const (
	damagedTries    = 3
	nonPremiumTries = 3
)

// classifier says what an answer of Graph means. A 200 must satisfy shape.
func classifier(shape func([]byte) error) transport.Classifier {
	return func(r *transport.Response) transport.Outcome {
		if r.Status == http.StatusOK {
			return classifyOK(r, shape)
		}
		e := newError(r)
		out := transport.Outcome{Err: e}
		switch r.Status {
		case http.StatusBadRequest:
			out.Verdict = transport.Invalid
			switch {
			case e.is(codePremiumRequired), e.missingSegment():
				out.Verdict = transport.Unavailable
			case e.is(codeExpiredPage, codeUnknownPage):
				out.Verdict = transport.Restart
			}
		case http.StatusUnauthorized:
			out.Verdict, out.Claims = transport.Unauthorized, transport.Claims(r.Header)
			if e.is(codeRequestDenied) {
				out.Verdict = transport.Denied
			}
		case http.StatusForbidden:
			out.Verdict = transport.Denied
			switch {
			case e.is(codeNonPremium):
				out.Verdict, out.MaxTries = transport.Transient, nonPremiumTries
			case e.is(codeNoLicence, codePremiumRequired):
				out.Verdict = transport.Unavailable
			}
		case http.StatusNotFound:
			switch {
			case e.is(codeNotFound):
				out.Verdict = transport.Missing
			case e.is(codeNoSegment), e.missingSegment():
				out.Verdict = transport.Unavailable
			case e.Code == "":
				// Not Graph's own words: a proxy or gateway. That must not read as "deleted".
				out.Verdict, out.MaxTries = transport.Transient, damagedTries
			default:
				out.Verdict = transport.Missing
			}
		default:
			if common, ok := transport.Common(r); ok {
				common.Err = e
				return common
			}
			out.Verdict = transport.Invalid
		}
		return out
	}
}

// classifyOK judges the body of an answer with status 200. A damaged one may be whole
// the next time.
func classifyOK(r *transport.Response, shape func([]byte) error) transport.Outcome {
	if common, ok := transport.Common(r); ok {
		common.Err = &Error{Status: r.Status, RequestID: r.RequestID, Message: common.Err.Error()}
		return common
	}
	err := shape(r.Body)
	if err == nil {
		return transport.Outcome{}
	}
	e := &Error{Status: r.Status, RequestID: r.RequestID, Message: err.Error()}
	if errors.Is(err, errErrorInside) {
		e = newError(r)
		e.Message = strings.TrimSuffix(err.Error()+": "+e.Message, ": ")
	}
	return transport.Outcome{Verdict: transport.Transient, MaxTries: damagedTries, Err: e}
}
