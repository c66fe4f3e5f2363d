// Package wire gives Graph rows, as they were stored, a Go shape.
//
// Every Decode function takes one row (one element of "value", or one entity) and
// returns what could be read of it together with the faults that were found: one odd
// value costs that value and is named in the error, it never costs the rest of the
// row, and never another row. A caller keeps the value and reports the error.
//
// Conventions of every struct of the package:
//
//   - Member names are compared exactly. Unknown members and unknown enum words are
//     no fault; enums, dates and versions are strings as the service sent them
//     (Time reads a date).
//   - "" means that the service sent nothing, null or an empty string; a nil *bool
//     or *int64 means not sent or null, never "no" or zero; a nil slice means not
//     sent or null, an empty one means that there is none.
//   - Ids that look like a GUID are in lower case, because GUIDs compare without
//     regard to case; every other id (assignments, grants) is as sent.
//
// The package knows JSON alone: no network, no store, nothing of the Graph SDK.
package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// FieldError is one value that could not be read. It carries no value of the row, so
// that it may be logged.
type FieldError struct {
	Row   string // what the row is: "user", "servicePrincipal"
	Field string // path inside the row: "assignedLicenses[2].skuId"; "" for the row itself
	Want  string // what was expected there: "a boolean"
	Got   string // the JSON kind that was found: "a string", "nothing"
}

// Error names the place, what was expected and what was found there.
func (e *FieldError) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("%s: want %s, got %s", e.Row, e.Want, e.Got)
	}
	return fmt.Sprintf("%s: %s: want %s, got %s", e.Row, e.Field, e.Want, e.Got)
}

// Time reads a date as Graph writes it. A date without a zone is UTC, as Graph means
// it. The second result is false for "", for text that is no date, and for a date whose
// offset takes it out of the years 0 to 9999: neither the snapshot nor JSON could hold it.
func Time(s string) (time.Time, bool) {
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil {
			if t = t.UTC(); t.Year() < 0 || t.Year() > 9999 {
				return time.Time{}, false
			}
			return t, true
		}
	}
	return time.Time{}, false
}

// IsGUID says whether s has the form of a GUID: 8-4-4-4-12 hexadecimal digits. Ids of
// directory objects have it; what has not is never put into the path of a request.
func IsGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F':
		default:
			return false
		}
	}
	return true
}

// fold puts a GUID into lower case and leaves every other text alone.
func fold(s string) string {
	if IsGUID(s) {
		return strings.ToLower(s)
	}
	return s
}

// reader reads the members of one JSON object and collects faults as it goes.
type reader struct {
	members map[string]json.RawMessage
	row     string
	path    string // prefix of field names, with the dot
	faults  *[]error
}

// decode reads one row with read. The result holds what could be read, whatever the error.
func decode[T any](row string, raw json.RawMessage, read func(reader) T) (T, error) {
	var faults []error
	r := reader{row: row, faults: &faults}
	if err := json.Unmarshal(raw, &r.members); err != nil || r.members == nil {
		var none T
		return none, &FieldError{Row: row, Want: "an object", Got: kindOf(raw)}
	}
	v := read(r)
	return v, errors.Join(faults...)
}

// decodeByID is decode for rows that are nothing without their id.
func decodeByID[T any](row string, raw json.RawMessage, read func(reader) T) (T, error) {
	return decode(row, raw, func(r reader) T {
		if _, ok := r.member("id"); !ok {
			r.fault("id", "an id", nil)
		}
		return read(r)
	})
}

func (r reader) fault(name, want string, raw json.RawMessage) {
	*r.faults = append(*r.faults, &FieldError{Row: r.row, Field: r.path + name, Want: want, Got: kindOf(raw)})
}

// member returns the raw value; false when it is absent or null.
func (r reader) member(name string) (json.RawMessage, bool) {
	raw, ok := r.members[name]
	if !ok || bytes.Equal(raw, []byte("null")) {
		return nil, false
	}
	return raw, true
}

func (r reader) text(name string) string {
	raw, ok := r.member(name)
	if !ok {
		return ""
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		r.fault(name, "a string", raw)
		return ""
	}
	return s
}

func (r reader) id(name string) string { return fold(r.text(name)) }

func (r reader) flag(name string) *bool {
	raw, ok := r.member(name)
	if !ok {
		return nil
	}
	var b bool
	if err := json.Unmarshal(raw, &b); err != nil {
		r.fault(name, "a boolean", raw)
		return nil
	}
	return &b
}

// number reads a whole number; one beyond int64 or with a fraction is a fault, not a guess.
func (r reader) number(name string) *int64 {
	raw, ok := r.member(name)
	if !ok {
		return nil
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		r.fault(name, "a whole number", raw)
		return nil
	}
	return &n
}

func (r reader) elements(name string) ([]json.RawMessage, bool) {
	raw, ok := r.member(name)
	if !ok {
		return nil, false
	}
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		r.fault(name, "an array", raw)
		return nil, false
	}
	return items, true
}

func (r reader) texts(name string) []string {
	items, ok := r.elements(name)
	if !ok {
		return nil
	}
	out := make([]string, 0, len(items))
	for i, raw := range items {
		// Unmarshal takes null for a string; an element that is null says nothing.
		if len(raw) == 0 || raw[0] != '"' {
			r.fault(name+"["+strconv.Itoa(i)+"]", "a string", raw)
			continue
		}
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			r.fault(name+"["+strconv.Itoa(i)+"]", "a string", raw)
			continue
		}
		out = append(out, s)
	}
	return out
}

func (r reader) ids(name string) []string {
	out := r.texts(name)
	for i := range out {
		out[i] = fold(out[i])
	}
	return out
}

// object opens a nested object; false when it is absent, null or no object.
func (r reader) object(name string) (reader, bool) {
	raw, ok := r.member(name)
	if !ok {
		return reader{}, false
	}
	return r.open(name, raw)
}

func (r reader) open(name string, raw json.RawMessage) (reader, bool) {
	in := reader{row: r.row, path: r.path + name + ".", faults: r.faults}
	if err := json.Unmarshal(raw, &in.members); err != nil || in.members == nil {
		r.fault(name, "an object", raw)
		return reader{}, false
	}
	return in, true
}

// list reads an array of objects; an element that is none is a fault and left out.
func list[T any](r reader, name string, read func(reader) T) []T {
	items, ok := r.elements(name)
	if !ok {
		return nil
	}
	out := make([]T, 0, len(items))
	for i, raw := range items {
		if in, ok := r.open(name+"["+strconv.Itoa(i)+"]", raw); ok {
			out = append(out, read(in))
		}
	}
	return out
}

// kindOf names the JSON kind of raw, never its value.
func kindOf(raw json.RawMessage) string {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	if len(raw) == 0 {
		return "nothing"
	}
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	default:
		return "a number"
	}
}
