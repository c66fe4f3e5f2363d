package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// walk visits every member of every object of a JSON text, inner ones first. path
// holds the names of the members that lead there, the member's own last; it is valid
// during the call only. body[start:end] is the member's value.
//
// It fails on text that is not exactly one JSON value and on a name that occurs twice
// in one object, which encoding/json would resolve silently in favour of the last one.
func walk(body []byte, visit func(path []string, start, end int)) error {
	if !json.Valid(body) {
		return errors.New("not one JSON value")
	}
	w := walker{body: body, visit: visit}
	w.value()
	return w.err
}

// walker steps through text that json.Valid accepted, so that it need not check syntax.
type walker struct {
	body  []byte
	at    int
	path  []string
	visit func(path []string, start, end int)
	err   error
}

func (w *walker) space() {
	for w.at < len(w.body) && strings.IndexByte(" \t\r\n", w.body[w.at]) >= 0 {
		w.at++
	}
}

func (w *walker) value() {
	w.space()
	switch w.body[w.at] {
	case '{':
		w.object()
	case '[':
		w.array()
	case '"':
		w.text()
	default:
		for w.at < len(w.body) && strings.IndexByte(",]} \t\r\n", w.body[w.at]) < 0 {
			w.at++
		}
	}
}

// text returns the string at hand, quotes included.
func (w *walker) text() []byte {
	start := w.at
	for w.at++; w.body[w.at] != '"'; w.at++ {
		if w.body[w.at] == '\\' {
			w.at++
		}
	}
	w.at++
	return w.body[start:w.at]
}

func (w *walker) array() {
	w.at++
	for w.space(); w.body[w.at] != ']'; w.space() {
		if w.value(); w.err != nil {
			return
		}
		if w.space(); w.body[w.at] == ',' {
			w.at++
		}
	}
	w.at++
}

func (w *walker) object() {
	// Small objects are searched in order; a map would cost more than it saves.
	var few []string
	var many map[string]bool
	w.at++
	for w.space(); w.body[w.at] != '}'; w.space() {
		name := memberName(w.text())
		if many[name] || slices.Contains(few, name) {
			w.err = fmt.Errorf("a member occurs twice in one object: %.60q", name)
			return
		}
		if few = append(few, name); len(few) == 32 {
			if many == nil {
				many = map[string]bool{}
			}
			for _, n := range few {
				many[n] = true
			}
			few = few[:0]
		}
		w.space()
		w.at++ // the colon
		w.space()
		start := w.at
		w.path = append(w.path, name)
		if w.value(); w.err != nil {
			return
		}
		if w.visit != nil {
			w.visit(w.path, start, w.at)
		}
		w.path = w.path[:len(w.path)-1]
		if w.space(); w.body[w.at] == ',' {
			w.at++
		}
	}
	w.at++
}

func memberName(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		// unreachable: json.Valid accepted the string
		return string(quoted)
	}
	return s
}

// listAnswer is the body of one page of a listing.
type listAnswer struct {
	Rows  []json.RawMessage
	Next  string // "" on the last page
	Count int64  // @odata.count; -1 when the answer has none
}

// decodeList reads a page strictly: one JSON object, no member twice, names in exact
// case, no error object, "value" an array. Whatever else would decode to "no rows".
func decodeList(body []byte) (listAnswer, error) {
	top, err := decodeObject(body)
	if err != nil {
		return listAnswer{}, err
	}
	a := listAnswer{Count: -1}
	value, ok := top["value"]
	if !ok || len(value) == 0 || value[0] != '[' {
		return listAnswer{}, errors.New(`"value" is missing or no array`)
	}
	if err := json.Unmarshal(value, &a.Rows); err != nil {
		return listAnswer{}, fmt.Errorf("value: %w", err)
	}
	if next, ok := top["@odata.nextLink"]; ok && string(next) != "null" {
		// Text that is no link must not read as "last page".
		if err := json.Unmarshal(next, &a.Next); err != nil || a.Next == "" {
			return listAnswer{}, errors.New("@odata.nextLink is no link")
		}
	}
	if count, ok := top["@odata.count"]; ok && string(count) != "null" {
		if err := json.Unmarshal(count, &a.Count); err != nil || a.Count < 0 {
			return listAnswer{}, errors.New("@odata.count is no number of rows")
		}
	}
	return a, nil
}

// decodeObject reads the outermost object of an answer and refuses one that reports an error.
func decodeObject(body []byte) (map[string]json.RawMessage, error) {
	if err := walk(body, nil); err != nil {
		return nil, err
	}
	var top map[string]json.RawMessage
	if err := json.Unmarshal(body, &top); err != nil || top == nil {
		return nil, errors.New("not a JSON object")
	}
	if e, ok := top["error"]; ok && string(e) != "null" {
		return nil, errErrorInside
	}
	return top, nil
}

// errErrorInside is an answer with a status of success that carries an error object.
var errErrorInside = errors.New("an error object in an answer of success")
