package reports

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
)

// decodeColumn reads a column back, by the description of the format, as texts; nil is null.
func decodeColumn(t *testing.T, m colMeta, rows int, codes, dict []byte) []*string {
	t.Helper()
	vals := make([]uint64, rows)
	switch m.Enc {
	case encPlanes:
		for k := range m.Width {
			for i := range rows {
				vals[i] |= uint64(codes[k*rows+i]) << (8 * k)
			}
		}
	case encRuns:
		for i := 0; i < rows; {
			v, n := binary.Uvarint(codes)
			run, k := binary.Uvarint(codes[n:])
			codes = codes[n+k:]
			for range run {
				vals[i] = v
				i++
			}
		}
	case encDelta:
		var v int64
		for i := range rows {
			d, n := binary.Varint(codes)
			codes = codes[n:]
			v += d
			vals[i] = uint64(v)
		}
	default:
		t.Fatalf("unknown encoding %q", m.Enc)
	}
	var words []string
	prev := ""
	for range m.Count {
		shared, n := binary.Uvarint(dict)
		rest, k := binary.Uvarint(dict[n:])
		dict = dict[n+k:]
		prev = prev[:shared] + string(dict[:rest])
		dict = dict[rest:]
		words = append(words, prev)
	}
	out := make([]*string, rows)
	for i, v := range vals {
		switch {
		case m.Kind == "text" && words[v] == nullText, m.Kind != "text" && v == 0:
		case m.Kind == "text":
			out[i] = &words[v]
		case m.Kind == "bool":
			out[i] = ptr(fmt.Sprint(v == 2))
		case m.Kind == "time":
			out[i] = ptr(time.Unix(m.Base+int64(v)-1, 0).UTC().Format(timeText))
		default:
			out[i] = ptr(fmt.Sprint(m.Base + int64(v) - 1))
		}
	}
	return out
}

func unzip(t *testing.T, s []byte) []byte {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(string(s))
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestColumnsRoundTrip(t *testing.T) {
	at := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	ascending := make([]any, 70_000)
	for i := range ascending {
		ascending[i] = int64(i) * 3
	}
	many := make([]any, 300)
	for i := range many {
		many[i] = fmt.Sprintf("Name %03d", (i*7)%300)
	}
	same := make([]any, 100)
	for i := range same {
		same[i] = "UserMailbox"
	}
	for _, c := range []struct {
		name, kind string
		in         []any
		enc        string
	}{
		{"text with null, empty and twins", "text", []any{"b", nil, "", "B", "b", "ä", "予定表"}, encPlanes},
		{"runs", "text", same, encRuns},
		{"more than 256 entries", "text", many, encPlanes},
		{"booleans", "bool", []any{true, nil, false, true}, encPlanes},
		{"integers below zero", "int", []any{int64(-5), nil, int64(7), int64(0)}, encPlanes},
		{"ascending integers", "int", ascending, encDelta},
		{"integers too far apart for codes", "int", []any{int64(math.MinInt64), nil, int64(math.MaxInt64)}, encPlanes},
		{"times", "time", []any{at, nil, at.AddDate(1, 0, 0)}, encPlanes},
		{"times too far apart", "time", []any{time.Time{}, at}, encPlanes},
		{"lists", "text", []any{[]string{"a", "b"}, []string{}, nil}, encPlanes},
		{"nothing", "text", nil, encPlanes},
		{"nulls alone", "int", []any{nil, nil}, encPlanes},
	} {
		b := &colBuilder{name: "x", kind: c.kind}
		want := make([]*string, len(c.in))
		for i, v := range c.in {
			b.add(v)
			if at, ok := v.(time.Time); ok {
				want[i] = ptr(at.UTC().Format(timeText))
			} else if s, known := plain(v); known {
				want[i] = &s
			}
		}
		var buf bytes.Buffer
		w := bufio.NewWriter(&buf)
		if err := writeTable(w, 0, tableMeta{Name: "t", Rows: len(c.in)}, []*colBuilder{b}); err != nil {
			t.Fatal(err)
		}
		_ = w.Flush()
		var meta tableMeta
		blocks := map[string][]byte{}
		for _, m := range regexp.MustCompile(`id="([^"]+)">([^<]*)</script>`).FindAllSubmatch(buf.Bytes(), -1) {
			blocks[string(m[1])] = m[2]
		}
		if err := json.Unmarshal(blocks["t0"], &meta); err != nil {
			t.Fatal(err)
		}
		var dict []byte
		if meta.Cols[0].Kind == "text" {
			dict = unzip(t, blocks["s0-0"])
		}
		got := decodeColumn(t, meta.Cols[0], meta.Rows, unzip(t, blocks["c0-0"]), dict)
		if meta.Cols[0].Enc != c.enc {
			t.Errorf("%s: encoding %s, want %s", c.name, meta.Cols[0].Enc, c.enc)
		}
		same := func(a, b *string) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }
		if !slices.EqualFunc(got, want, same) {
			t.Errorf("%s: read back other values than were written", c.name)
		}
	}
}

func TestDictionaryOrderIsTextOrder(t *testing.T) {
	b := &colBuilder{name: "x", kind: "text"}
	for _, s := range []string{"zeta", "Alpha", "beta", "alpha", "Beta"} {
		b.add(s)
	}
	meta, codes, dict := b.finish()
	got := decodeColumn(t, meta, 5, codes, dict)
	order := make([]string, 5)
	for i, c := range codes {
		order[c] = *got[i]
	}
	if want := []string{"Alpha", "alpha", "Beta", "beta", "zeta"}; !slices.Equal(order, want) {
		t.Errorf("got %v, want %v", order, want)
	}
}

// A long column of keys, whose texts are not looked up any more, reads back as it was; what comes
// twice in it has one entry.
func TestColumnOfKeys(t *testing.T) {
	c := colBuilder{name: "key", kind: "text"}
	want, unique := []string{}, map[string]bool{}
	for i := range looseFrom * 2 {
		s := id(i)
		if i%1000 == 999 { // seen before, some of them before the column was told from one of names
			s = id(i / 2)
		}
		want, unique[s] = append(want, s), true
		c.addText(s)
	}
	if !c.loose || c.index != nil {
		t.Fatal("the texts are still looked up")
	}
	meta, codes, dict := c.finish()
	if meta.Count != len(unique) {
		t.Errorf("%d entries, want %d", meta.Count, len(unique))
	}
	for i, got := range decodeColumn(t, meta, len(want), codes, dict) {
		if got == nil || *got != want[i] {
			t.Fatalf("row %d reads %v, want %s", i, got, want[i])
		}
	}
	// Names that come again and again are looked up, however many rows there are.
	names := colBuilder{name: "name", kind: "text"}
	for i := range looseFrom * 4 {
		names.addText(id(i / 2))
	}
	if names.loose {
		t.Error("a column of names is taken for one of keys")
	}
}
