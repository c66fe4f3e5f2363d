package graph

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"tenantaudit/internal/transport"
)

// Codes that Graph shares between causes or that mean more than their status. Source:
// learn.microsoft.com/graph/errors and the pages of the APIs that answer them.
const (
	codePremiumRequired = "AadPremiumLicenseRequired"
	codeNonPremium      = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
	codeNoLicence       = "NoLicense"
	codeRequestDenied   = "Authorization_RequestDenied"
	codeExpiredPage     = "Directory_ExpiredPageToken"
	codeUnknownPage     = "DirectoryPageTokenNotFoundException"
	codeNotFound        = "Request_ResourceNotFound"
	codeNoSegment       = "ResourceNotFound"
	codeBadRequest      = "BadRequest"
)

// Error is an error answer of Graph.
type Error struct {
	Status    int    // HTTP status
	Code      string // error.code; "" when the body had none, as gateways send
	Inner     string // the most specific code of innerError; ""
	Message   string // error.message, for people, or what was wrong with the answer; untrusted text
	RequestID string // what Microsoft's support asks for; ""
}

// Error is one line; the message is shortened and freed of what is shaped like a secret.
func (e *Error) Error() string {
	parts := []string{fmt.Sprintf("%d", e.Status)}
	if e.Code != "" {
		parts = append(parts, transport.Snippet([]byte(e.Code)))
	}
	if e.Message != "" {
		parts = append(parts, transport.Snippet([]byte(e.Message)))
	}
	return "graph: " + strings.Join(parts, " ")
}

// newError decodes an error answer. It always gives an Error: gateways answer HTML or
// nothing, and then the status is what there is.
func newError(r *transport.Response) *Error {
	e := &Error{Status: r.Status, RequestID: r.RequestID}
	var body struct {
		Error json.RawMessage `json:"error"`
	}
	var detail struct {
		Code       string          `json:"code"`
		Message    string          `json:"message"`
		InnerError json.RawMessage `json:"innerError"` // "innererror" from some services
	}
	if json.Unmarshal(r.Body, &body) == nil && len(body.Error) > 0 && body.Error[0] == '{' {
		// A field of an odd type must not cost the others.
		_ = json.Unmarshal(body.Error, &detail)
	} else {
		e.Message = strings.TrimSpace(http.StatusText(r.Status) + " " + contentType(r))
		return e
	}
	e.Code, e.Message = detail.Code, detail.Message
	for inner := detail.InnerError; len(inner) > 0 && inner[0] == '{'; {
		var in struct {
			Code       string          `json:"code"`
			InnerError json.RawMessage `json:"innerError"`
			RequestID  string          `json:"request-id"`
		}
		_ = json.Unmarshal(inner, &in)
		if in.Code != "" {
			e.Inner = in.Code
		}
		if e.RequestID == "" {
			e.RequestID = in.RequestID
		}
		inner = in.InnerError
	}
	return e
}

func contentType(r *transport.Response) string {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if kind = strings.TrimSpace(kind); kind == "" {
		return "(no content type)"
	}
	return "(" + kind + ")"
}

func (e *Error) is(codes ...string) bool {
	for _, c := range codes {
		if strings.EqualFold(e.Code, c) || strings.EqualFold(e.Inner, c) {
			return true
		}
	}
	return false
}

// missingSegment: the endpoint itself is not there, in this cloud or version.
func (e *Error) missingSegment() bool {
	return strings.Contains(strings.ToLower(e.Message), "resource not found for the segment")
}
