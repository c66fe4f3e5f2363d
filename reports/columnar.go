package reports

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"

	"tenantaudit/internal/snapshot"
)

// The page holds each table column by column. A column of text is a dictionary (sorted, front
// coded) and one code per row; numbers, times and booleans are codes alone. Codes and
// dictionaries are compressed and stand in base64 in script elements of a type that
// browsers do not run, so that no tenant text is markup or script. The reader of the
// format is templates/engine.js.

// nullText stands for null in a dictionary. Text never holds it: control characters
// were replaced by marks before.
const nullText = "\x00"

// Encodings of codes.
const (
	encRuns   = "runs"   // (code, length) pairs, as varints
	encDelta  = "delta"  // zigzag varints of differences: long ascending columns
	encPlanes = "planes" // all low bytes, then all second bytes …
)

// colBuilder collects one column.
type colBuilder struct {
	name  string
	kind  string // text, bool, int, time
	key   bool   // part of the row key
	codes []uint32
	index map[string]uint32 // of dict; nil also where texts hardly ever come twice
	loose bool              // dict may hold a text more than once: sorting puts them together
	dict  []string
	nums  []int64
	nulls []bool
}

// colMeta describes a column to the page: numbers and the product's own names only.
type colMeta struct {
	Name  string `json:"name"`
	Kind  string `json:"kind"`
	Key   bool   `json:"key,omitempty"`
	Enc   string `json:"enc"`
	Width int    `json:"width"`           // bytes of a code
	Count int    `json:"count,omitempty"` // entries of the dictionary
	Base  int64  `json:"base,omitempty"`  // code n is base+n-1; 0 is null
	Chars int    `json:"chars,omitempty"` // the length that nine of ten texts keep to
}

// tableMeta describes a table to the page.
type tableMeta struct {
	Name  string    `json:"name"`
	Title string    `json:"title"`
	Rows  int       `json:"rows"`
	Cols  []colMeta `json:"cols"`
}

// htmlKind is the column kind of the page.
func htmlKind(k snapshot.Kind) string {
	switch k {
	case snapshot.KindBool:
		return "bool"
	case snapshot.KindInt:
		return "int"
	case snapshot.KindTime:
		return "time"
	}
	return "text"
}

// expect makes room for a number of rows.
func (c *colBuilder) expect(rows int) {
	switch rows = max(0, min(rows, htmlRows)); c.kind {
	case "int", "time":
		c.nums, c.nulls = make([]int64, 0, rows), make([]bool, 0, rows)
	default:
		c.codes = make([]uint32, 0, rows)
	}
}

// looseFrom is the size of a dictionary at which a column of keys is told from one of names: where
// nine of ten texts so far were new, the map that finds old ones costs more than it saves.
const looseFrom = 1 << 16

// addText appends text that is safe to show; the caller has replaced hidden characters.
func (c *colBuilder) addText(s string) {
	i, ok := c.index[s]
	if !ok {
		if c.index == nil && !c.loose {
			c.index = map[string]uint32{}
		}
		if n := len(c.dict); n == looseFrom && n*10 > len(c.codes)*9 {
			c.index, c.loose = nil, true
		}
		i = uint32(len(c.dict))
		s = strings.Clone(s)
		if c.index != nil {
			c.index[s] = i
		}
		c.dict = append(c.dict, s)
	}
	c.codes = append(c.codes, i)
}

// add appends a column value.
func (c *colBuilder) add(v any) {
	switch c.kind {
	case "bool":
		code := uint32(0)
		if b, ok := v.(bool); ok {
			code = 1
			if b {
				code = 2
			}
		}
		c.codes = append(c.codes, code)
	case "int", "time":
		var n int64
		null := false
		switch v := v.(type) {
		case int64:
			n = v
		case time.Time:
			n = v.Unix()
		default:
			null = true
		}
		c.nums, c.nulls = append(c.nums, n), append(c.nulls, null)
	default:
		s, known := plain(v)
		if !known {
			c.addText(nullText)
			return
		}
		s = shown(s)
		if !c.key {
			s, _ = cut(s, htmlUnits)
		}
		c.addText(s)
	}
}

// htmlUnits is the longest text that the page shows of one value.
const htmlUnits = 4000

// finish returns the codes and the dictionary as bytes; the builder is empty then.
func (c *colBuilder) finish() (meta colMeta, codes, dict []byte) {
	meta = colMeta{Name: c.name, Kind: c.kind, Key: c.key}
	if c.nums != nil {
		meta.Base = c.number()
		meta.Kind = c.kind
	}
	if c.kind == "text" {
		meta.Chars = usualLength(c.dict)
		dict, meta.Count = c.sortDict()
	}
	meta.Enc, meta.Width, codes = encodeCodes(c.codes)
	*c = colBuilder{}
	return meta, codes, dict
}

// number turns numbers into codes above a base, or into text when they span more than 32 bits.
func (c *colBuilder) number() (base int64) {
	low, high, any := int64(0), int64(0), false
	for i, n := range c.nums {
		if c.nulls[i] {
			continue
		}
		if !any || n < low {
			low = n
		}
		if !any || n > high {
			high = n
		}
		any = true
	}
	if span := uint64(high) - uint64(low); span >= 1<<32-2 {
		wasTime := c.kind == "time"
		c.kind = "text"
		for i, n := range c.nums {
			switch {
			case c.nulls[i]:
				c.addText(nullText)
			case wasTime:
				c.addText(time.Unix(n, 0).UTC().Format(timeText))
			default:
				c.addText(fmt.Sprint(n))
			}
		}
		return 0
	}
	c.codes = make([]uint32, len(c.nums))
	for i, n := range c.nums {
		if !c.nulls[i] {
			c.codes[i] = uint32(n-low) + 1
		}
	}
	return low
}

// usualLength is the length, in characters, that nine of ten texts keep to, from a sample of them.
func usualLength(texts []string) int {
	var lens []int
	for i := 0; i < len(texts); i += max(1, len(texts)/1000) {
		lens = append(lens, utf8.RuneCountInString(texts[i]))
	}
	if len(lens) == 0 {
		return 0
	}
	slices.Sort(lens)
	return lens[(len(lens)-1)*9/10]
}

// sortDict sorts the dictionary by lower case, then bytes, so that the order of codes is the
// order of text; it renumbers the codes and returns the dictionary front coded: for each entry
// the length shared with the one before, the length of the rest, the rest. unique is how many
// entries there are.
func (c *colBuilder) sortDict() (coded []byte, unique int) {
	type entry struct {
		low  string
		code uint32
	}
	order := make([]entry, len(c.dict))
	for i, s := range c.dict {
		order[i] = entry{strings.ToLower(s), uint32(i)}
	}
	slices.SortFunc(order, func(a, b entry) int {
		return cmp.Or(strings.Compare(a.low, b.low), strings.Compare(c.dict[a.code], c.dict[b.code]))
	})
	renumber := make([]uint32, len(order))
	var b bytes.Buffer
	var tmp [binary.MaxVarintLen64]byte
	put := func(n int) { b.Write(tmp[:binary.PutUvarint(tmp[:], uint64(n))]) }
	prev := ""
	for i, e := range order {
		s, shared := c.dict[e.code], 0
		if i > 0 && s == prev {
			renumber[e.code] = uint32(unique - 1)
			continue
		}
		renumber[e.code] = uint32(unique)
		unique++
		for shared < len(s) && shared < len(prev) && s[shared] == prev[shared] {
			shared++
		}
		put(shared)
		put(len(s) - shared)
		b.WriteString(s[shared:])
		prev = s
	}
	for i, code := range c.codes {
		c.codes[i] = renumber[code]
	}
	return b.Bytes(), unique
}

// encodeCodes picks the shortest of the encodings by the shape of the column.
func encodeCodes(codes []uint32) (enc string, width int, out []byte) {
	var top uint32
	runs, ascending := 0, 0
	for i, v := range codes {
		top = max(top, v)
		if i == 0 || v != codes[i-1] {
			runs++
		}
		if i > 0 && v >= codes[i-1] {
			ascending++
		}
	}
	width = 4
	switch {
	case top < 1<<8:
		width = 1
	case top < 1<<16:
		width = 2
	}
	n := len(codes)
	switch {
	case runs*3 < n:
		for i := 0; i < n; {
			j := i
			for j < n && codes[j] == codes[i] {
				j++
			}
			out = binary.AppendUvarint(out, uint64(codes[i]))
			out = binary.AppendUvarint(out, uint64(j-i))
			i = j
		}
		return encRuns, width, out
	case ascending*10 > n*9 && width == 4:
		var prev int64
		for _, v := range codes {
			out = binary.AppendVarint(out, int64(v)-prev)
			prev = int64(v)
		}
		return encDelta, width, out
	}
	out = make([]byte, n*width)
	for k := range width {
		plane := out[k*n : (k+1)*n]
		for i, v := range codes {
			plane[i] = byte(v >> (8 * k))
		}
	}
	return encPlanes, width, out
}

// writeTable writes the blocks of one table; id makes their names unique in the page.
func writeTable(w *bufio.Writer, id int, meta tableMeta, cols []*colBuilder) error {
	for i, c := range cols {
		m, codes, dict := c.finish()
		meta.Cols = append(meta.Cols, m)
		if err := writeBlock(w, fmt.Sprintf("c%d-%d", id, i), codes); err != nil {
			return err
		}
		if m.Kind == "text" {
			if err := writeBlock(w, fmt.Sprintf("s%d-%d", id, i), dict); err != nil {
				return err
			}
		}
	}
	// Names and numbers of the product, escaped by the encoder for use inside markup.
	b, err := json.Marshal(meta)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "<script type=\"application/json\" class=\"table\" id=\"t%d\">%s</script>\n", id, b)
	return err
}

// writeBlock writes bytes as gzip in base64.
func writeBlock(w *bufio.Writer, id string, data []byte) error {
	fmt.Fprintf(w, "<script type=\"application/octet-stream\" id=%q>", id)
	enc := base64.NewEncoder(base64.StdEncoding, w)
	zip, err := gzip.NewWriterLevel(enc, 6)
	if err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { _, err := zip.Write(data); return err }, zip.Close, enc.Close,
		func() error { _, err := io.WriteString(w, "</script>\n"); return err },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
