package exo

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"tenantaudit/internal/snapshot/rawjson"
	"tenantaudit/internal/transport"
)

// answer is one success of a cmdlet or an entity set, read strictly.
type answer struct {
	rows     json.RawMessage // JSON array, the elements as received, secrets struck out
	count    int
	ids      []rowID  // of the rows that have a Guid
	odd      int      // rows that are no objects with unique keys
	next     string   // "" on the last page
	warnings []string // of the body and of the X-Warnings header, redacted
	more     bool     // a warning says that rows are missing
	errors   []*Error // non-terminating errors that came with the success
}

// rowID tells a row that was sent again from one that changed meanwhile.
type rowID struct {
	guid string
	sum  [sha256.Size]byte
}

// The reasons why a 2xx answer cannot be used.
var (
	errEmpty   = errors.New("empty answer")
	errNotJSON = errors.New("not JSON")
	errShape   = errors.New("answer without a list of rows")
)

// moreResults is part of the warning that comes with a cut listing. The client asks
// for English texts, which is what makes it recognisable.
const moreResults = "more results available than are currently displayed"

// parseAnswer reads a 2xx body. null, a missing "value" or an "error" beside it would
// all decode to "no rows"; here each is an error.
func parseAnswer(body []byte, h http.Header) (answer, error) {
	trimmed := bytes.TrimSpace(body)
	switch {
	case len(trimmed) == 0:
		return answer{}, errEmpty
	case trimmed[0] == '<':
		return answer{}, fmt.Errorf("%w: a proxy answered with a web page (%s): %s", errNotJSON, mediaType(h), transport.Snippet(clipBytes(trimmed)))
	}
	env, err := members(trimmed)
	switch {
	case errors.Is(err, rawjson.ErrSyntax):
		return answer{}, fmt.Errorf("%w (%s): %s", errNotJSON, mediaType(h), transport.Snippet(clipBytes(trimmed)))
	case err != nil:
		return answer{}, fmt.Errorf("%w: %w", errShape, err)
	}
	if raw, ok := env.Get("error"); ok && string(raw) != "null" {
		e := &Error{Status: http.StatusOK}
		if e.read(raw); e.Message == "" {
			e.Message = "an error object without text"
		}
		return answer{}, fmt.Errorf("error inside a success: %w", e)
	}
	value := env.value("value")
	rows, err := rawjson.Array(value, nil)
	if err != nil {
		return answer{}, fmt.Errorf(`%w: "value" is not an array`, errShape)
	}
	a := answer{rows: strike(value), count: len(rows)}
	var row Row
	for _, raw := range rows {
		if row.Properties, err = rawjson.Object(raw, row.Properties[:0]); err != nil {
			a.odd++
			continue
		}
		if guid := row.text("Guid"); guid != "" && guid != noGuid {
			a.ids = append(a.ids, rowID{guid: strings.ToLower(guid), sum: sha256.Sum256(raw)})
		}
	}
	if a.next, err = nextLink(env); err != nil {
		return answer{}, err
	}
	a.readWarnings(env.value("@adminapi.warnings"), h)
	for _, text := range texts(env.value("@adminapi.errors")) {
		typ, message := parseDetail(text)
		a.errors = append(a.errors, &Error{Status: http.StatusOK, Type: typ, Message: first(message, "an error without text")})
	}
	return a, nil
}

// members reads the object that an answer is. What is no JSON is rawjson.ErrSyntax,
// wherever the fault lies.
func members(body []byte) (Properties, error) {
	env, err := rawjson.Object(body, make([]rawjson.Member, 0, 8))
	if err != nil && !rawjson.Valid(body) {
		return nil, rawjson.ErrSyntax
	}
	return env, err
}

func clipBytes(b []byte) []byte { return b[:min(len(b), 4096)] }

func mediaType(h http.Header) string {
	typ, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return first(clip(strings.TrimSpace(typ), 60), "no content type")
}

// nextLink reads the link in today's spelling, else in the legacy one.
func nextLink(env Properties) (string, error) {
	for _, key := range []string{"@odata.nextLink", "odata.nextLink"} {
		raw, ok := env.Get(key)
		if !ok || string(raw) == "null" {
			continue
		}
		var link string
		if err := json.Unmarshal(raw, &link); err != nil {
			return "", fmt.Errorf("%w: %s is not a string", errShape, key)
		}
		if link != "" {
			return link, nil
		}
	}
	return "", nil
}

func (a *answer) readWarnings(raw json.RawMessage, h http.Header) {
	all := texts(raw)
	for _, v := range h.Values("X-Warnings") {
		if list := texts(json.RawMessage(v)); list != nil {
			all = append(all, list...)
		} else if v != "" {
			all = append(all, v)
		}
	}
	for _, w := range all {
		if strings.Contains(strings.ToLower(w), moreResults) {
			a.more = true
		}
		a.warnings = append(a.warnings, clip(transport.Redact(w), 1000))
	}
}

// texts reads a list of texts, tolerating one bare text and elements of other kinds;
// nil when raw is not JSON, null or empty.
func texts(raw json.RawMessage) []string {
	if len(raw) == 0 {
		return nil
	}
	list, err := rawjson.Array(raw, nil)
	switch {
	case errors.Is(err, rawjson.ErrNotArray):
		list = []json.RawMessage{raw}
	case err != nil:
		return nil
	}
	var out []string
	for _, e := range list {
		if s := str(e); s != "" {
			out = append(out, s)
		} else if t := strings.TrimSpace(string(e)); t != "null" && t != `""` {
			out = append(out, t)
		}
	}
	return out
}

// strikes are the secrets that rows may hold: whoever knows the address of a published
// calendar can read it, and page tokens and bearer tokens open more. None of them eats
// the backslash of an escaped quote: the quote would then end the text.
var strikes = []struct {
	may  func(raw []byte) bool // false: find matches nowhere
	find *regexp.Regexp
	put  string
}{
	{mayHold("Published"), regexp.MustCompile(`("Published(?:Calendar|ICal)Url"\s*:\s*)"(?:[^"\\]|\\.)*"`), `$1"[struck out]"`},
	{mayHold(":/", `:\/`), regexp.MustCompile(`(?i)https?:(?:\\?/){2}[^\s"\\<>]+(?:\\?/)owa(?:\\?/)calendar(?:\\?/)(?:[^\s"\\<>]|\\[^\s"])*`), `[struck out]`},
	{mayHoldToken, regexp.MustCompile(`(?i)(skip_?token=)[^\s"&\\]+`), `$1[struck out]`},
	{mayHold("eyJ"), regexp.MustCompile(`eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*`), `[struck out]`},
}

// strike removes secrets from raw JSON and leaves every other byte as received. Rows
// hardly ever hold one, and looking for what one begins with is much cheaper than the
// expressions.
func strike(raw json.RawMessage) json.RawMessage {
	for _, s := range strikes {
		if s.may(raw) && s.find.Match(raw) {
			raw = s.find.ReplaceAll(raw, []byte(s.put))
		}
	}
	return raw
}

func mayHold(parts ...string) func([]byte) bool {
	return func(raw []byte) bool {
		return slices.ContainsFunc(parts, func(p string) bool { return bytes.Contains(raw, []byte(p)) })
	}
}

// mayHoldToken looks for "en=" in any case.
func mayHoldToken(raw []byte) bool {
	for from := 0; ; {
		i := bytes.IndexByte(raw[from:], '=')
		if i < 0 {
			return false
		}
		if i += from; i >= 2 && raw[i-1]|0x20 == 'n' && raw[i-2]|0x20 == 'e' {
			return true
		}
		from = i + 1
	}
}

// classifyAnswer says what any answer means, and hands the rows of a success to got.
// noContent tells whether an answer without a body can mean "no rows".
func classifyAnswer(r *transport.Response, noContent bool, got *answer) transport.Outcome {
	*got = answer{}
	switch {
	case r.Status == http.StatusNoContent && noContent:
		*got = answer{rows: json.RawMessage("[]")}
		return transport.Outcome{Verdict: transport.OK}
	case r.Status < 200 || r.Status > 299:
		return classifyError(r)
	}
	a, err := parseAnswer(r.Body, r.Header)
	if err == nil && len(a.errors) == 0 {
		*got = a
		return transport.Outcome{Verdict: transport.OK}
	}
	var inside *Error
	if err == nil {
		inside = a.errors[0]
	} else if !errors.As(err, &inside) {
		return transport.Outcome{Verdict: transport.Transient, Err: err, MaxTries: damagedTries}
	}
	inside.RequestID = r.RequestID
	p := inside.match()
	if a.count > 0 && (p == nil || p.verdict != transport.Transient) {
		*got = a // some rows came: they stand, and the errors make the unit partial
		return transport.Outcome{Verdict: transport.OK}
	}
	if p != nil {
		return transport.Outcome{Verdict: p.verdict, Err: inside, Concurrency: p.concurrency, MaxTries: damagedTries}
	}
	if strings.Contains(strings.ReplaceAll(inside.Message, "’", "'"), "couldn't be found") {
		return transport.Outcome{Verdict: transport.Missing, Err: inside}
	}
	return transport.Outcome{Verdict: transport.Transient, Err: inside, MaxTries: damagedTries}
}
