package exo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tenantaudit/internal/snapshot/rawjson"
)

// Row is what every decoded row carries besides its fields.
//
// Conventions of all row structs of this package: a nil pointer and a nil slice mean
// that the service did not say; "" in a plain string means not sent, null or empty;
// an empty slice means none. Nothing is defaulted: a property of an unexpected form is
// unknown, and named in Odd.
type Row struct {
	// Properties are the properties as received, without the type annotations (names
	// with "@").
	Properties Properties
	// Odd names the properties whose value could not be read, sorted.
	Odd []string
}

// Properties are the members of one row as received. They share the memory of the row,
// and with it that of its page.
type Properties []rawjson.Member

// Get is the property of that exact name; false when it was not sent.
func (p Properties) Get(name string) (json.RawMessage, bool) {
	for i := range p {
		if string(p[i].Name) == name {
			return p[i].Value, true
		}
	}
	return nil, false
}

// value is Get with nil for not sent.
func (p Properties) value(name string) json.RawMessage {
	raw, _ := p.Get(name)
	return raw
}

// Sent reports whether the service sent the property at all; null counts as sent.
func (r Row) Sent(name string) bool {
	_, ok := r.Properties.Get(name)
	return ok
}

// IsOdd reports whether the property was sent and could not be read.
func (r Row) IsOdd(name string) bool {
	_, found := slices.BinarySearch(r.Odd, name)
	return found
}

// ErrRow is the error of a row that is no JSON object with unique keys.
var ErrRow = errors.New("unusable row")

// parseRow reads one property bag. Keys are kept in exact case; one that occurs twice
// makes the row unusable, because which value holds would be a guess.
func parseRow(raw json.RawMessage) (Row, error) {
	room := min(bytes.Count(raw, []byte{':'}), 64)
	props, err := rawjson.Object(raw, make([]rawjson.Member, 0, room))
	if err != nil {
		return Row{}, fmt.Errorf("%w: %w", ErrRow, err)
	}
	props = slices.DeleteFunc(props, func(m rawjson.Member) bool { return bytes.IndexByte(m.Name, '@') >= 0 })
	return Row{Properties: props}, nil
}

func (r *Row) odd(name string) {
	if i, found := slices.BinarySearch(r.Odd, name); !found {
		r.Odd = slices.Insert(r.Odd, i, name)
	}
}

// get is the property as received, nil for null and for not sent.
func (r *Row) get(name string) json.RawMessage {
	raw, ok := r.Properties.Get(name)
	if !ok || string(raw) == "null" {
		return nil
	}
	return raw
}

// value is the decoded property: nil for null and for not sent; numbers as json.Number.
func (r *Row) value(name string) any {
	raw := r.get(name)
	if raw == nil {
		return nil
	}
	if s, ok := rawjson.Text(raw); ok {
		return s
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		r.odd(name)
		return nil
	}
	return v
}

// text reads a string, or the text of a number or a bool; "" for null and not sent.
func (r *Row) text(name string) string {
	raw := r.get(name)
	if raw == nil {
		return ""
	}
	s, ok := literal(raw)
	if !ok {
		r.odd(name)
	}
	return s
}

// textPtr is text with nil for null and not sent.
func (r *Row) textPtr(name string) *string {
	raw := r.get(name)
	if raw == nil {
		return nil
	}
	s, ok := literal(raw)
	if !ok {
		r.odd(name)
		return nil
	}
	return &s
}

// literal is the text of a string, number or bool as received.
func literal(raw json.RawMessage) (string, bool) {
	if len(raw) == 0 {
		return "", false
	}
	switch raw[0] {
	case '"':
		return rawjson.Text(raw)
	case '{', '[', 'n':
		return "", false
	}
	return string(raw), true
}

// scalar is the text of a string, number or bool.
func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// flag reads a bool, also as "True" or "False"; nil for null and not sent.
func (r *Row) flag(name string) *bool {
	raw := r.get(name)
	if raw == nil {
		return nil
	}
	s, ok := literal(raw)
	switch {
	case ok && strings.EqualFold(s, "true"):
		return ptr(true)
	case ok && strings.EqualFold(s, "false"):
		return ptr(false)
	case !ok || s != "":
		r.odd(name)
	}
	return nil
}

// number reads an integer, also as text; nil for null and not sent, and odd beyond int64.
func (r *Row) number(name string) *int64 {
	s := r.textPtr(name)
	if s == nil || *s == "" {
		return nil
	}
	n, err := strconv.ParseInt(strings.TrimSpace(*s), 10, 64)
	if err != nil {
		r.odd(name)
		return nil
	}
	return &n
}

// list reads an array, or one bare value; nil for null and not sent.
func (r *Row) list(name string) []string {
	raw := r.get(name)
	if raw == nil {
		return nil
	}
	if raw[0] == '[' {
		var room [8]json.RawMessage
		elements, err := rawjson.Array(raw, room[:0])
		if err != nil {
			r.odd(name)
			return nil
		}
		out := make([]string, 0, len(elements))
		for _, e := range elements {
			s, ok := element(e)
			if !ok {
				r.odd(name)
				continue
			}
			out = append(out, s)
		}
		return out
	}
	s, ok := element(raw)
	switch {
	case !ok:
		r.odd(name)
		return nil
	case s == "":
		return []string{}
	}
	return []string{s}
}

// ruleList is list for rule objects, where the service sends null for "not set": nil
// only when the property was not sent.
func (r *Row) ruleList(name string) []string {
	if r.get(name) == nil && r.Sent(name) {
		return []string{}
	}
	return r.list(name)
}

// element is the text of one element of a list. Parameters like
// IncludeGrantSendOnBehalfToWithDisplayNames turn elements into objects; then the
// first identifying member speaks for it.
func element(raw json.RawMessage) (string, bool) {
	if len(raw) == 0 || raw[0] != '{' {
		return literal(raw)
	}
	var m map[string]any
	if json.Unmarshal(raw, &m) != nil {
		return "", false
	}
	for _, k := range []string{"Identity", "Id", "Name", "PrimarySmtpAddress", "DisplayName"} {
		if s, ok := m[k].(string); ok && s != "" {
			return s, true
		}
	}
	return "", false
}

// flags reads names joined by commas ("Delegate, CanViewPrivateItems"), also as a
// list of such; nil for null and not sent.
func (r *Row) flags(name string) []string { return splitJoined(r.list(name)) }

// splitJoined splits elements that hold several names joined by ", ". nil stays nil.
func splitJoined(in []string) []string {
	if in == nil {
		return nil
	}
	out := make([]string, 0, len(in))
	for _, e := range in {
		for s := range strings.SplitSeq(e, ",") {
			if s = strings.TrimSpace(s); s != "" {
				out = append(out, s)
			}
		}
	}
	return out
}

// date reads a date as ParseDate does; nil for null, not sent and the year 1.
func (r *Row) date(name string) *time.Time {
	s := r.textPtr(name)
	if s == nil || *s == "" {
		return nil
	}
	t, ok := ParseDate(*s)
	if !ok {
		r.odd(name)
		return nil
	}
	if t.Year() <= 1 { // .NET's DateTime.MinValue stands for "never"
		return nil
	}
	return &t
}

// days reads a time span in whole days; nil for null and not sent.
func (r *Row) days(name string) *int64 {
	s := r.textPtr(name)
	if s == nil || *s == "" {
		return nil
	}
	n, ok := ParseDays(*s)
	if !ok {
		r.odd(name)
		return nil
	}
	return &n
}

// size reads a size in bytes; nil for null, not sent and Unlimited.
func (r *Row) size(name string) *int64 {
	s := r.textPtr(name)
	if s == nil || *s == "" || strings.EqualFold(*s, unlimited) {
		return nil
	}
	n, ok := ParseSize(*s)
	if !ok {
		r.odd(name)
		return nil
	}
	return &n
}

func ptr[T any](v T) *T { return &v }
