package exo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"tenantaudit/internal/snapshot/rawjson"
	"tenantaudit/internal/transport"
)

// Error is an error of the Exchange admin API, decoded once.
type Error struct {
	Status    int    // HTTP status of the answer or of the batch item; 200 for an error inside a success
	Code      string // error.code, "BadRequest"; ""
	Type      string // .NET type of the innermost exception; ""
	Message   string // the innermost text; never empty
	RequestID string // ""

	hint hint
}

// hint is what may be done about a refusal besides reporting it.
type hint int

const (
	noHint        hint = iota
	hintParameter      // an optional parameter is not known, or not granted to this identity
	hintRouting        // the anchor mailbox names the wrong place
)

// Error is the status, code and text in one line.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Status != 0 {
		fmt.Fprintf(&b, "%d ", e.Status)
	}
	if e.Code != "" {
		b.WriteString(e.Code)
	} else if e.Type != "" {
		b.WriteString(e.Type[strings.LastIndexByte(e.Type, '.')+1:])
	} else {
		b.WriteString("error")
	}
	return b.String() + ": " + e.Message
}

// errorBody is what may stand under "error". Every part may be missing or of another
// form, so the nested ones are read by themselves.
type errorBody struct {
	Code       json.RawMessage `json:"code"`
	Message    json.RawMessage `json:"message"`
	Details    json.RawMessage `json:"details"`
	InnerError json.RawMessage `json:"innererror"`
}

type innerError struct {
	Message   json.RawMessage `json:"message"`
	Exception json.RawMessage `json:"internalexception"`
}

type exception struct {
	Message json.RawMessage `json:"message"`
	Type    json.RawMessage `json:"type"`
}

// parseError decodes an error answer of any shape. error.message is a fixed phrase of
// the service ("Error executing cmdlet"), so it is the last of the texts that are asked.
func parseError(r *transport.Response) *Error {
	e := &Error{Status: r.Status, RequestID: r.RequestID, Type: r.Header.Get("X-ExceptionType")}
	body := bytes.TrimSpace(bytes.Trim(r.Body, "\x00"))
	var envelope struct {
		Error json.RawMessage `json:"error"`
	}
	if json.Unmarshal(body, &envelope) == nil && len(envelope.Error) > 0 {
		e.read(envelope.Error)
	}
	if e.Message == "" {
		e.Message = transport.Snippet(body)
	}
	if e.Message == "" {
		e.Message = fmt.Sprintf("no text in the answer (%d bytes)", len(r.Body))
	}
	return e
}

func (e *Error) read(raw json.RawMessage) {
	var b errorBody
	if json.Unmarshal(raw, &b) != nil {
		e.Message = str(raw)
		return
	}
	e.Code = str(b.Code)
	var inner innerError
	var deepest exception
	_ = json.Unmarshal(b.InnerError, &inner) // another shape: the details speak
	_ = json.Unmarshal(inner.Exception, &deepest)
	typ, text := detailText(b.Details)
	e.Message = first(str(deepest.Message), text, str(inner.Message), str(b.Message))
	e.Type = first(str(deepest.Type), typ, e.Type)
}

// detailText is the type and text of the first entry of details that says something.
func detailText(raw json.RawMessage) (typ, text string) {
	var details []struct {
		Message json.RawMessage `json:"message"`
	}
	if json.Unmarshal(raw, &details) != nil {
		return "", ""
	}
	for _, d := range details {
		if typ, text = parseDetail(str(d.Message)); text != "" {
			return typ, text
		}
	}
	return "", ""
}

// typeName is a .NET type: a full name with dots, or the bare name of an exception.
var typeName = regexp.MustCompile("^[A-Za-z_][A-Za-z0-9_+`]*(?:\\.[A-Za-z0-9_+`]+)+$|^[A-Za-z_][A-Za-z0-9_]*(?:Exception|Failure)$")

// parseDetail reads the shapes of a detail: "<id>|<type>|<text>" with or without the
// id, a JSON document in a string, or plain text. The text itself may hold "|".
func parseDetail(s string) (typ, text string) {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "{") {
		var doc map[string]json.RawMessage
		if json.Unmarshal([]byte(s), &doc) == nil {
			text = first(str(doc["Message"]), str(doc["localizedString"]), str(doc["message"]))
			if text != "" {
				return first(str(doc["TypeName"]), str(doc["ClassName"])), text
			}
		}
		return "", s
	}
	if parts := strings.SplitN(s, "|", 3); len(parts) == 3 && typeName.MatchString(parts[1]) {
		return parts[1], strings.TrimSpace(parts[2])
	}
	return "", s
}

// str is the text of a JSON scalar, trimmed; "" for anything else.
func str(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || raw[0] != '"' && raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') {
		return ""
	}
	if s, ok := rawjson.Text(raw); ok {
		return strings.TrimSpace(s)
	}
	if !rawjson.Valid(raw) {
		return ""
	}
	return string(raw)
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// pattern recognises an error. type is matched against the end of the .NET type's
// name, text within the message, both without regard to case; one of them is enough.
type pattern struct {
	typ, text   string
	verdict     transport.Verdict
	hint        hint
	concurrency bool
}

// patterns is the meaning of what the service says, whatever the status. The first
// match counts, types before texts: a text may quote names that people chose.
var patterns = []pattern{
	{typ: "ManagementObjectNotFoundException", verdict: transport.Missing},
	{typ: "CommandNotFoundException", verdict: transport.Denied},
	{typ: "AmbiguousParameterSetException", verdict: transport.Invalid, hint: hintParameter},
	{typ: "ParameterTransformationException", verdict: transport.Invalid},
	{typ: "CmdletProxyException", verdict: transport.Transient},
	{typ: "CmdletProxyNotAvailableFailure", verdict: transport.Transient},
	{typ: "BackendCommunicationException", verdict: transport.Transient},
	{typ: "ServerBusyException", verdict: transport.Transient},
	{typ: "TransientException", verdict: transport.Transient},
	{typ: "TimeoutException", verdict: transport.Transient},
	{typ: "ExceptionTimeout", verdict: transport.Transient},
	{text: "expired or invalid pagination request", verdict: transport.Restart},
	{text: "maximum number of concurrent requests", verdict: transport.Throttled, concurrency: true},
	{text: "is not present in the role definition of the current user", verdict: transport.Denied, hint: hintParameter},
	{text: "isn't supported in this scenario", verdict: transport.Denied},
	{text: "unable to initialize the authorization context", verdict: transport.Denied},
	{text: "provide valid credential", verdict: transport.Denied},
	{text: "user is not allowed to call", verdict: transport.Denied},
	{text: "is not recognized as the name of a cmdlet", verdict: transport.Denied},
	{text: "errorincorrectroutinghint", verdict: transport.Invalid, hint: hintRouting},
	{text: "mailboxinfostale", verdict: transport.Transient},
	{text: "invalid cmdlet parameters specified", verdict: transport.Invalid, hint: hintParameter},
	{text: "couldn't be found on '", verdict: transport.Missing},
	{text: "cmdletproxynotavailablefailure", verdict: transport.Transient},
	{text: "serverbusyexception", verdict: transport.Transient},
	{text: "backendcommunicationexception", verdict: transport.Transient},
	{text: "error on proxy command", verdict: transport.Transient},
	{text: "issue may be transient", verdict: transport.Transient},
	{text: "mapiexceptiontimeout", verdict: transport.Transient},
	{text: "micro delay", verdict: transport.Transient},
	{text: "adserversettings", verdict: transport.Transient},
}

// match finds the pattern of e and notes its hint; nil when none matches.
func (e *Error) match() *pattern {
	typ, code, text := strings.ToLower(e.Type), strings.ToLower(e.Code), strings.ToLower(strings.ReplaceAll(e.Message, "’", "'"))
	for i := range patterns {
		p := &patterns[i]
		if p.typ != "" && strings.HasSuffix(typ, strings.ToLower(p.typ)) || p.text != "" && (strings.Contains(text, p.text) || code == p.text) {
			e.hint = p.hint
			return p
		}
	}
	return nil
}

// damagedTries is how often an answer that cannot be read is asked for.
const damagedTries = 3

// classifyError says what an answer outside 2xx means. What the service says beats the
// status it says it with; 401 and 403 never mean anything but missing rights, however.
func classifyError(r *transport.Response) transport.Outcome {
	e := parseError(r)
	out := transport.Outcome{Err: e}
	if common, ok := transport.Common(r); ok {
		out = common
		out.Err = e
	}
	p := e.match()
	switch {
	case r.Status == http.StatusUnauthorized:
		out.Verdict = transport.Unauthorized
		if p != nil && p.verdict == transport.Denied {
			out.Verdict = transport.Denied
		} else {
			out.Claims = transport.Claims(r.Header)
		}
	case r.Status == http.StatusForbidden:
		out.Verdict = transport.Denied
	case r.Status == http.StatusTooManyRequests, out.Verdict == transport.Throttled:
		out.Verdict, out.RetryAfter = transport.Throttled, transport.RetryAfter(r.Header)
		out.Concurrency = p != nil && p.concurrency
	case p != nil:
		out.Verdict, out.Concurrency = p.verdict, p.concurrency
		if p.verdict == transport.Throttled {
			out.RetryAfter = transport.RetryAfter(r.Header)
		}
	case r.Status == http.StatusRequestTimeout || r.Status >= 500:
		out.Verdict = transport.Transient
		if r.Status == http.StatusInternalServerError && e.Type == "" {
			out.MaxTries = damagedTries // nothing is said; the service itself does not expect it to pass
		}
	case r.Status == http.StatusNotFound && e.Code != "":
		out.Verdict = transport.Missing
	case r.Status == http.StatusNotFound:
		out.Verdict = transport.Unavailable
	default:
		out.Verdict = transport.Invalid
	}
	return out
}
