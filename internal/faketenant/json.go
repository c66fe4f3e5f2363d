package faketenant

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// bag writes one JSON object member by member, in the order of the calls.
// With sidecars it writes the type annotations of the Exchange admin API in front of
// a value; without, the plain form of Graph and of the REST entity endpoints.
type bag struct {
	buf      []byte
	sidecars bool
	sel      *selection
	open     bool // a member was written
}

// selection is a $select: nil selects everything. Names match in any case.
type selection struct {
	lower map[string]bool
	seen  map[string]bool // exact spelling -> selected
}

func newSelection(names []string) *selection {
	if len(names) == 0 {
		return nil
	}
	s := &selection{lower: map[string]bool{}, seen: map[string]bool{}}
	for _, n := range names {
		if n = strings.TrimSpace(n); n != "" {
			s.lower[strings.ToLower(n)] = true
		}
	}
	return s
}

func (s *selection) has(name string) bool {
	if s == nil {
		return true
	}
	v, ok := s.seen[name]
	if !ok {
		v = s.lower[strings.ToLower(name)]
		s.seen[name] = v
	}
	return v
}

func (b *bag) start() { b.buf = append(b.buf, '{'); b.open = false }
func (b *bag) end()   { b.buf = append(b.buf, '}'); b.open = true }

// name writes the member name; false when it is not selected.
func (b *bag) name(k string) bool {
	if !b.sel.has(k) {
		return false
	}
	b.member(k)
	return true
}

func (b *bag) member(k string) {
	if b.open {
		b.buf = append(b.buf, ',')
	}
	b.open = true
	b.buf = appendString(b.buf, k)
	b.buf = append(b.buf, ':')
}

// note writes an annotation in front of a value.
func (b *bag) note(k, suffix, v string) {
	if b.sidecars {
		b.member(k + suffix)
		b.buf = appendString(b.buf, v)
	}
}

func (b *bag) str(k, v string) {
	if b.name(k) {
		b.buf = appendString(b.buf, v)
	}
}

// opt writes null for "".
func (b *bag) opt(k, v string) {
	if v == "" {
		b.null(k)
		return
	}
	b.str(k, v)
}

func (b *bag) null(k string) {
	if b.name(k) {
		b.buf = append(b.buf, "null"...)
	}
}

// optBool writes null for nil.
func (b *bag) optBool(k string, v *bool) {
	if v == nil {
		b.null(k)
		return
	}
	b.bool(k, *v)
}

func (b *bag) bool(k string, v bool) {
	if b.name(k) {
		b.buf = strconv.AppendBool(b.buf, v)
	}
}

func (b *bag) num(k, dataType, odataType string, v uint64) {
	if !b.sel.has(k) {
		return
	}
	b.note(k, "@data.type", dataType)
	if odataType != "" {
		b.note(k, "@odata.type", odataType)
	}
	b.member(k)
	b.buf = strconv.AppendUint(b.buf, v, 10)
}

func (b *bag) int32(k string, v int) {
	b.num(k, "System.Int32", "", uint64(v)) // #nosec G115 -- never negative
}
func (b *bag) uint32(k string, v uint64) { b.num(k, "System.UInt32", "#Decimal", v) }
func (b *bag) uint64(k string, v uint64) { b.num(k, "System.UInt64", "#Decimal", v) }

// int writes a plain number.
func (b *bag) int(k string, v int) {
	if b.name(k) {
		b.buf = strconv.AppendInt(b.buf, int64(v), 10)
	}
}

func (b *bag) guid(k string, v guid) {
	if !b.sel.has(k) {
		return
	}
	b.note(k, "@data.type", "System.Guid")
	b.note(k, "@odata.type", "#Guid")
	b.member(k)
	b.buf = appendString(b.buf, v.String())
}

// The three ways in which Exchange writes a time, and the one of Graph.
const (
	dateLocal = "2006-01-02T15:04:05.0000000+00:00"
	dateUTC   = "2006-01-02T15:04:05.0000000Z"
	dateBare  = "2006-01-02T15:04:05.0000000"
	dateGraph = "2006-01-02T15:04:05Z"
)

func (b *bag) date(k, layout string, t time.Time) {
	if !b.sel.has(k) {
		return
	}
	if t.IsZero() {
		b.null(k)
		return
	}
	if layout != dateGraph {
		b.note(k, "@data.type", "System.DateTime")
	}
	b.member(k)
	b.buf = append(b.buf, '"')
	b.buf = t.UTC().AppendFormat(b.buf, layout)
	b.buf = append(b.buf, '"')
}

// list writes an array; [] for none.
func (b *bag) list(k string, v []string) {
	if !b.sel.has(k) {
		return
	}
	b.note(k, "@odata.type", "#Collection(String)")
	b.member(k)
	b.buf = appendList(b.buf, v)
}

// listOrNull writes null for none, as rule objects do.
func (b *bag) listOrNull(k string, v []string) {
	if len(v) == 0 {
		b.null(k)
		return
	}
	b.list(k, v)
}

// raw writes v, which is JSON.
func (b *bag) raw(k, v string) {
	if b.name(k) {
		b.buf = append(b.buf, v...)
	}
}

// array writes n elements through write, which appends one JSON value each.
func (b *bag) array(k string, n int, write func(i int)) {
	if !b.name(k) {
		return
	}
	sel := b.sel
	b.sel = nil
	b.buf = append(b.buf, '[')
	for i := range n {
		if i > 0 {
			b.buf = append(b.buf, ',')
		}
		write(i)
	}
	b.buf = append(b.buf, ']')
	b.sel, b.open = sel, true
}

// object writes a nested object, which $select does not narrow.
func (b *bag) object(k string, write func()) {
	if !b.name(k) {
		return
	}
	sel := b.sel
	b.sel = nil
	b.start()
	write()
	b.end()
	b.sel = sel
}

func appendList(buf []byte, v []string) []byte {
	buf = append(buf, '[')
	for i, s := range v {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = appendString(buf, s)
	}
	return append(buf, ']')
}

const hexDigits = "0123456789abcdef"

// appendString writes s as a JSON string; what is no valid UTF-8 becomes U+FFFD.
func appendString(buf []byte, s string) []byte {
	buf = append(buf, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			switch {
			case c == '"' || c == '\\':
				buf = append(buf, '\\', c)
			case c == '\r':
				buf = append(buf, '\\', 'r')
			case c == '\n':
				buf = append(buf, '\\', 'n')
			case c == '\t':
				buf = append(buf, '\\', 't')
			case c < 0x20 || c == 0x7f:
				buf = append(buf, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			default:
				buf = append(buf, c)
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		buf = utf8.AppendRune(buf, r)
		i += n
	}
	return append(buf, '"')
}
