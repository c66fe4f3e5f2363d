package reports

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// addHostile seeds a target with texts that reports must survive.
func addHostile(f *testing.F) {
	for _, h := range hostile {
		f.Add(h.value)
	}
	for _, s := range []string{"", "'", "'=1", "''=1", " =1", "\ufeff=1", "_x0041_x0042_", "_x0041_x202E_gnp.exe", "_x005F_x0041_", "__x0041_", "_xD83D_", "\r\n", "<U+202E>", "a\u0301", "\U000e0041", "\ufffe\uffff", "\u180e", "\u061c"} {
		f.Add(s)
	}
}

// obeyed reports whether a character steers a terminal, a viewer or its neighbours.
func obeyed(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.In(r, unicode.Zl, unicode.Zp) || r >= 0x200b && r <= 0x200f || r == 0xfeff || r&0xfffe == 0xfffe
}

var markOf = regexp.MustCompile(`<U\+([0-9A-F]{4,6})>`)

// unmark reads the marks of visible back.
func unmark(s string) string {
	return markOf.ReplaceAllStringFunc(s, func(m string) string {
		n, err := strconv.ParseUint(m[3:len(m)-1], 16, 32)
		if err != nil {
			return m
		}
		return string(rune(n))
	})
}

// What is shown must hold nothing that is obeyed, count what it replaced, and be shown
// the same again; the marks tell what stood there.
func FuzzVisible(f *testing.F) {
	addHostile(f)
	f.Fuzz(func(t *testing.T, s string) {
		got, marks, invalid := visible(s, "")
		if !utf8.ValidString(got) || strings.ContainsFunc(got, obeyed) {
			t.Fatalf("visible(%q) = %q", s, got)
		}
		if again, m, i := visible(got, ""); again != got || m != 0 || i != 0 {
			t.Errorf("visible(%q) = %q, and again %q (%d, %d)", s, got, again, m, i)
		}
		if n := len(markOf.FindAllString(got, -1)) - len(markOf.FindAllString(s, -1)); n != marks && !strings.Contains(s, "<U+") {
			t.Errorf("visible(%q) = %q counts %d marks, and holds %d", s, got, marks, n)
		}
		if (invalid > 0) != !utf8.ValidString(s) {
			t.Errorf("visible(%q) counts %d invalid bytes", s, invalid)
		}
		if !strings.Contains(s, "<U+") && invalid == 0 && unmark(got) != s {
			t.Errorf("visible(%q) = %q, which reads as %q", s, got, unmark(got))
		}
	})
}

// A text must come out of a CSV file as it went in, but for marks and the one
// apostrophe, and no cell may begin as a formula begins.
func FuzzCSV(f *testing.F) {
	addHostile(f)
	f.Fuzz(func(t *testing.T, s string) {
		var b strings.Builder
		for i, cell := range []string{csvText(s), "", csvText(s + "x")} {
			if i > 0 {
				b.WriteByte(',')
			}
			csvCell(&b, cell)
		}
		b.WriteString("\r\n")
		if strings.ContainsFunc(strings.TrimSuffix(b.String(), "\r\n"), obeyed) {
			t.Fatalf("%q is written as %q", s, b.String())
		}
		rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
		if err != nil || len(rows) != 1 || len(rows[0]) != 3 {
			t.Fatalf("%q is written as %q, which reads as %q (%v)", s, b.String(), rows, err)
		}
		cell := rows[0][0]
		if cell != csvText(s) || rows[0][2] != csvText(s+"x") {
			t.Errorf("%q reads as %q", s, rows[0])
		}
		if cell != "" && strings.ContainsRune("=+-@\t\r＝＋－＠", []rune(cell)[0]) {
			t.Errorf("%q begins the cell %q", s, cell)
		}
		// The apostrophe stands before a formula's sign, or before the mark of one.
		back := unmark(cell)
		if rest, added := strings.CutPrefix(back, "'"); added && formulaLead(rest) && !strings.HasPrefix(s, "'") {
			back = rest
		}
		if want := strings.ToValidUTF8(s, "\ufffd"); utf8.ValidString(s) && !strings.Contains(s, "<U+") && back != want {
			t.Errorf("%q is written as %q, which says %q", s, cell, back)
		}
	})
}

// A text that is cut must fit, be a beginning of what it was, and say so.
func FuzzCut(f *testing.F) {
	f.Add("", 100)
	f.Add(strings.Repeat("😀", 100), 100)
	f.Add(strings.Repeat("é", 51)+"😀", 101)
	f.Add(strings.Repeat("x", 200), 40)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		if limit < 40 || limit > 1<<20 || !utf8.ValidString(s) {
			return // no report has room for less, and visible comes first
		}
		got, was := cut(s, limit)
		if utf16Len(got) > limit || was == (got == s) || !utf8.ValidString(got) {
			t.Fatalf("cut(%q, %d) = %q, %t", s, limit, got, was)
		}
		if was {
			head, said, found := strings.Cut(got, " … [cut, ")
			if n, err := strconv.Atoi(strings.TrimSuffix(said, " characters]")); !found || err != nil || n != utf16Len(s) || !strings.HasPrefix(s, head) && !strings.Contains(s, " … [cut, ") {
				t.Errorf("cut(%q, %d) = %q", s, limit, got)
			}
		}
	})
}

// A text must come out of a worksheet as it went in, but for marks, whichever way it is
// written: read as a spreadsheet reads it, from the left, each _xHHHH_ as a character.
func FuzzWorkbookText(f *testing.F) {
	addHostile(f)
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 2000 || strings.Count(s, "\n") > cellLines {
			return // cutting has a target of its own
		}
		file := excelize.NewFile()
		defer file.Close()
		st, err := newStyles(file)
		if err != nil {
			t.Fatal(err)
		}
		b := &workbook{f: file, st: st}
		if err := b.put("Sheet1", 1, 1, s, st.wrap); err != nil {
			t.Fatal(err)
		}
		if _, err := file.NewSheet("stream"); err != nil {
			t.Fatal(err)
		}
		sw, err := file.NewStreamWriter("stream")
		if err != nil {
			t.Fatal(err)
		}
		if err := sw.SetRow("A1", []any{b.text("stream", "c", "k", s, st.wrap)}); err != nil {
			t.Fatal(err)
		}
		if err := sw.Flush(); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := file.Write(&out); err != nil {
			t.Fatal(err)
		}
		want, _, _ := visible(s, "\t\n\r")
		for _, sheet := range []string{"Sheet1", "stream"} {
			if got := spreadsheetText(t, out.Bytes(), sheet); strings.ReplaceAll(got, "\r\n", "\n") != strings.ReplaceAll(want, "\r\n", "\n") {
				t.Errorf("%s: %q reads as %q, want %q", sheet, s, got, want)
			}
		}
	})
}

// spreadsheetText is the text of A1 by the rules of the file format alone.
func spreadsheetText(t *testing.T, file []byte, sheet string) string {
	t.Helper()
	texts := partsOf(t, file, map[string]string{"Sheet1": "xl/sharedStrings.xml", "stream": "xl/worksheets/sheet2.xml"}[sheet])
	for i, s := range texts {
		texts[i] = unescapeCell(s)
	}
	return strings.Join(texts, "")
}

var cellEscape = regexp.MustCompile(`^_x[0-9A-Fa-f]{4}_`)

func unescapeCell(s string) string {
	var b strings.Builder
	for s != "" {
		if m := cellEscape.FindString(s); m != "" {
			n, _ := strconv.ParseUint(m[2:6], 16, 32)
			b.WriteRune(rune(n))
			s = s[len(m):]
			continue
		}
		_, n := utf8.DecodeRuneInString(s)
		b.WriteString(s[:n])
		s = s[n:]
	}
	return b.String()
}

// A column must come back from the page as its values, whatever they are and however
// long its runs.
func FuzzColumn(f *testing.F) {
	f.Add("a\x00b\x00a\x00", uint8(1), int64(0))
	f.Add("Ä\x00ä\x00=1\x00\u202e", uint8(40), int64(1)<<62)
	f.Add("", uint8(200), int64(-1))
	f.Fuzz(func(t *testing.T, words string, repeat uint8, number int64) {
		var values []any
		for i, w := range strings.Split(words, "\x00") {
			for range int(repeat)/(i+1) + 1 {
				values = append(values, w)
			}
			values = append(values, nil)
		}
		numbers := make([]any, len(values))
		times := make([]any, len(values))
		for i := range values {
			if i%7 != 3 {
				numbers[i] = number>>(i%64) + int64(i)
				times[i] = start.Add(time.Duration(number >> 2))
			}
		}
		for kind, values := range map[string][]any{"text": values, "int": numbers, "time": times} {
			c := &colBuilder{name: "c", kind: kind}
			for _, v := range values {
				c.add(v)
			}
			meta, codes, dict := c.finish()
			got := decodeColumn(t, meta, len(values), codes, dict)
			for i, v := range values {
				want, known := plain(v)
				if at, ok := v.(time.Time); ok {
					want = at.UTC().Format(timeText)
				}
				want, _ = cut(shown(want), htmlUnits)
				if (got[i] != nil) != known || known && *got[i] != want {
					t.Fatalf("%s value %d of %d is %v, was %#v", kind, i, len(values), got[i], v)
				}
			}
		}
	})
}

// A detail of a finding must be one text, in which every text of the value can be found.
func FuzzDetail(f *testing.F) {
	for _, s := range []string{`"x"`, `null`, `["a","b"]`, `[{"path":"/Calendar","roles":["Reviewer","Owner"]},{"path":null}]`, `{"a":{"b":[1,2.50,true]}}`, `[[]]`, `18446744073709551615`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, texts, ok := decoded(s)
		if !ok {
			return
		}
		got := detailText(v)
		if got != detailText(v) {
			t.Fatalf("%s: %q is another text the second time", s, got)
		}
		for _, part := range texts {
			if !strings.Contains(got, part) {
				t.Errorf("%s: %q is not in %q", s, part, got)
			}
		}
	})
}

// A link of the page may lead to documentation and nowhere else, as any reader of links
// understands it.
func FuzzLinkOf(f *testing.F) {
	for _, s := range []string{"https://learn.microsoft.com/a", "http://learn.microsoft.com/a", "https://learn.microsoft.com.evil.example/", "https://learn.microsoft.com@evil.example/", "javascript:alert(1)//learn.microsoft.com", "//learn.microsoft.com", "https://learn.microsoft.com:8443/", `https://evil.example\@learn.microsoft.com/`, "https://LEARN.microsoft.com?x", "https://learn.microsoft.com:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v := linkOf(s)
		if v.Text != s {
			t.Errorf("%q is shown as %q", s, v.Text)
		}
		if v.URL == "" {
			return
		}
		rest, ok := strings.CutPrefix(strings.ToLower(v.URL), "https://")
		host := rest[:len(rest)-len(strings.TrimLeft(rest, "abcdefghijklmnopqrstuvwxyz0123456789.-"))]
		if after := strings.TrimPrefix(rest[len(host):], ":"); !ok || !slices.Contains(docHosts, host) || after != "" && !strings.ContainsAny(after[:1], "/?#") || strings.ContainsFunc(v.URL, unicode.IsControl) {
			t.Errorf("%q links to %q", s, v.URL)
		}
	})
}

// decoded is a JSON value and the texts and names in it.
func decoded(s string) (v any, texts []string, ok bool) {
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	if dec.Decode(&v) != nil || dec.More() {
		return nil, nil, false
	}
	var visit func(any)
	visit = func(v any) {
		switch v := v.(type) {
		case string:
			texts = append(texts, v)
		case json.Number:
			texts = append(texts, v.String())
		case []any:
			for _, e := range v {
				visit(e)
			}
		case map[string]any:
			for name, e := range v {
				texts = append(texts, name)
				visit(e)
			}
		}
	}
	visit(v)
	return v, texts, true
}

// partsOf are the texts of one part of a workbook: what its t elements hold.
func partsOf(t *testing.T, file []byte, name string) (texts []string) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	part, err := z.Open(name)
	if err != nil {
		return nil // no text, no part
	}
	defer part.Close()
	dec := xml.NewDecoder(part)
	inside := false
	for {
		tok, err := dec.Token()
		switch tok := tok.(type) {
		case xml.StartElement:
			if inside = tok.Name.Local == "t"; inside {
				texts = append(texts, "")
			}
		case xml.EndElement:
			inside = false
		case xml.CharData:
			if inside {
				texts[len(texts)-1] += string(tok)
			}
		}
		if errors.Is(err, io.EOF) {
			return texts
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
}

// Two escapes of a worksheet that share an underscore are text, the second one too.
func TestEscapesThatShareAnUnderscoreStayText(t *testing.T) {
	for in, runs := range map[string]int{
		"_x0041_": 0, "_x0041__x0042_": 0, "x_x0041": 0,
		"_x0041_x202E_gnp.exe": 3, "a_x005F_x0041_": 3, "_xD83D_": 2, "_x0041_x0042_x0043_": 4,
	} {
		got, _ := cellValue(in).([]excelize.RichTextRun)
		joined := ""
		for _, r := range got {
			if joined += r.Text; cellEscape.MatchString(r.Text) || strings.Contains(r.Text, "_x0") && strings.HasSuffix(r.Text, "_") {
				t.Errorf("%q: the run %q holds an escape", in, r.Text)
			}
		}
		if len(got) != runs || runs > 0 && joined != in {
			t.Errorf("%q in runs: %+v, want %d", in, got, runs)
		}
	}
}
