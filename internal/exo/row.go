package exo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Row is what every decoded row carries besides its fields.
//
// Conventions of all row structs of this package: a nil pointer and a nil slice mean
// that the service did not say; "" in a plain string means not sent, null or empty;
// an empty slice means none. Nothing is defaulted: a property of an unexpected form is
// unknown, and named in Odd.
type Row struct {
	// Properties are the properties as received, by exact name, without the type
	// annotations (names with "@").
	Properties map[string]json.RawMessage
	// Odd names the properties whose value could not be read, sorted.
	Odd []string
}

// Sent reports whether the service sent the property at all; null counts as sent.
func (r Row) Sent(name string) bool {
	_, ok := r.Properties[name]
	return ok
}

// ErrRow is the error of a row that is no JSON object with unique keys.
var ErrRow = errors.New("unusable row")

// parseRow reads one property bag. Keys are kept in exact case; one that occurs twice
// makes the row unusable, because which value holds would be a guess.
func parseRow(raw json.RawMessage) (Row, error) {
	props, err := object(raw)
	if err != nil {
		return Row{}, fmt.Errorf("%w: %w", ErrRow, err)
	}
	for name := range props {
		if strings.Contains(name, "@") {
			delete(props, name)
		}
	}
	return Row{Properties: props}, nil
}

// object reads one JSON object into its members. encoding/json would take the last of
// two equal keys and match struct fields in any case; neither is good enough here.
func object(raw json.RawMessage) (map[string]json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	open, err := dec.Token()
	if err != nil {
		return nil, fmt.Errorf("read object: %w", err)
	}
	if open != json.Delim('{') {
		return nil, errors.New("not an object")
	}
	out := map[string]json.RawMessage{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, fmt.Errorf("read key: %w", err)
		}
		key, ok := t.(string)
		if !ok {
			return nil, errors.New("key is not a string")
		}
		if _, twice := out[key]; twice {
			return nil, fmt.Errorf("key %q occurs twice", clip(key, 60))
		}
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			return nil, fmt.Errorf("read %q: %w", clip(key, 60), err)
		}
		out[key] = v
	}
	if _, err := dec.Token(); err != nil {
		return nil, fmt.Errorf("read object: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the object")
	}
	return out, nil
}

func (r *Row) odd(name string) {
	if i, found := slices.BinarySearch(r.Odd, name); !found {
		r.Odd = slices.Insert(r.Odd, i, name)
	}
}

// value is the decoded property: nil for null and for not sent; numbers as json.Number.
func (r *Row) value(name string) any {
	raw, ok := r.Properties[name]
	if !ok {
		return nil
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
	s := r.textPtr(name)
	if s == nil {
		return ""
	}
	return *s
}

// textPtr is text with nil for null and not sent.
func (r *Row) textPtr(name string) *string {
	v := r.value(name)
	if v == nil {
		return nil
	}
	s, ok := scalar(v)
	if !ok {
		r.odd(name)
		return nil
	}
	return &s
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
	switch v := r.value(name).(type) {
	case nil:
	case bool:
		return &v
	case string:
		switch {
		case strings.EqualFold(v, "true"):
			return ptr(true)
		case strings.EqualFold(v, "false"):
			return ptr(false)
		case v != "":
			r.odd(name)
		}
	default:
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
	switch v := r.value(name).(type) {
	case nil:
		return nil
	case []any:
		out := make([]string, 0, len(v))
		for _, e := range v {
			s, ok := element(e)
			if !ok {
				r.odd(name)
				continue
			}
			out = append(out, s)
		}
		return out
	case string:
		if v == "" {
			return []string{}
		}
		return []string{v}
	default:
		s, ok := element(v)
		if !ok {
			r.odd(name)
			return nil
		}
		return []string{s}
	}
}

// ruleList is list for rule objects, where the service sends null for "not set": nil
// only when the property was not sent.
func (r *Row) ruleList(name string) []string {
	if string(bytes.TrimSpace(r.Properties[name])) == "null" {
		return []string{}
	}
	return r.list(name)
}

// element is the text of one element of a list. Parameters like
// IncludeGrantSendOnBehalfToWithDisplayNames turn elements into objects; then the
// first identifying member speaks for it.
func element(v any) (string, bool) {
	if m, ok := v.(map[string]any); ok {
		for _, k := range []string{"Identity", "Id", "Name", "PrimarySmtpAddress", "DisplayName"} {
			if s, ok := m[k].(string); ok && s != "" {
				return s, true
			}
		}
		return "", false
	}
	return scalar(v)
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
