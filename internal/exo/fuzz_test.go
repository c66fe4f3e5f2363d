package exo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tenantaudit/internal/transport"
)

// addRows seeds a target with the rows of the samples, and with each alone.
func addRows(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "rows", "*.json"))
	if err != nil || len(files) == 0 {
		f.Fatal("no samples")
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		var rows []json.RawMessage
		if json.Unmarshal(b, &rows) != nil {
			rows = []json.RawMessage{b}
		}
		for _, r := range rows[:min(len(rows), 2)] {
			f.Add([]byte(r))
		}
	}
}

// What is struck out must not take the form of JSON with it: the same members and
// elements in the same places, and no address of a published calendar in any of them.
func FuzzStrikeKeepsJSON(f *testing.F) {
	for _, s := range []string{
		`[{"PublishedCalendarUrl":"https://outlook.office365.com/owa/calendar/1f@contoso.example/ab/calendar.html"}]`,
		`[{"MailTip":"<a href=\"https://outlook.office365.com/owa/calendar/1f@contoso.example/ab/calendar.html\">free?</a>"}]`,
		`[{"MailTip":"see https:\/\/outlook.office365.com\/owa\/calendar\/1f\/calendar.html\nor call"}]`,
		`[{"Notes":"x?$skiptoken=abc\u0026y=\"z\""},"C:\\owa\\calendar\\"]`,
		`["http://x.example/owa/calendar/\\","eyJhbGciOiJub25lIn0.eyJhbGciOiJub25lIn0."]`,
	} {
		f.Add([]byte(s))
	}
	address := regexp.MustCompile(`(?i)https?://[^\s"\\<>]+/owa/calendar/[0-9a-z@]`)
	f.Fuzz(func(t *testing.T, raw []byte) {
		var before, after any
		if json.Unmarshal(raw, &before) != nil {
			return
		}
		struck := strike(bytes.Clone(raw))
		if err := json.Unmarshal(struck, &after); err != nil {
			t.Fatalf("strike(%q) = %q, which is no JSON: %v", raw, struck, err)
		}
		if want, got := outline(before), outline(after); want != got && !strings.Contains(want, "\x00") {
			t.Errorf("strike(%q) = %q: form %s, was %s", raw, struck, got, want)
		}
		if found := address.Find(struck); found != nil {
			t.Errorf("strike(%q) left %q", raw, found)
		}
	})
}

// outline is the form of a JSON value without its texts. NUL marks an object, whose
// names may themselves be struck out and then fall together.
func outline(v any) string {
	switch v := v.(type) {
	case []any:
		var b strings.Builder
		for _, e := range v {
			b.WriteString(outline(e) + ",")
		}
		return "[" + b.String() + "]"
	case map[string]any:
		for name := range v {
			if string(strike([]byte(strconv.Quote(name)))) != strconv.Quote(name) {
				return "{\x00}"
			}
		}
		var b strings.Builder
		for _, name := range slices.Sorted(mapKeys(v)) {
			b.WriteString(name + ":" + outline(v[name]) + ",")
		}
		return "{" + b.String() + "}"
	}
	return fmt.Sprintf("%T", v)
}

func mapKeys(m map[string]any) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// The link of an answer must be the one that a plain decoder finds, in today's spelling
// before the old one, and an answer with a link that is no text must be refused: taken
// for the last page, it would end the listing early.
func FuzzNextLink(f *testing.F) {
	for _, s := range []string{
		`"https://outlook.office365.com/adminapi/beta/7d4c1f0e-52a9-4b8e-9c63-e1f0a2b3c4d5/InvokeCommand?%24skiptoken=PT0"`,
		`"https:\/\/outlook.office365.com\/x"`, `null`, `""`, `7`, `{"href":"x"}`, `["x"]`, `"\u0000"`,
	} {
		f.Add(s, `"old"`)
		f.Add(`null`, s)
	}
	f.Fuzz(func(t *testing.T, today, old string) {
		if !json.Valid([]byte(today)) || !json.Valid([]byte(old)) {
			return
		}
		body := `{"@odata.context":"c","value":[{"Guid":"1"}],"@odata.nextLink":` + today + `,"odata.nextLink":` + old + `}`
		got, err := parseAnswer([]byte(body), http.Header{})
		want, odd := "", false
		for _, raw := range []string{today, old} {
			var v any
			if err := json.Unmarshal([]byte(raw), &v); err != nil {
				t.Fatal(err)
			}
			s, text := v.(string)
			if odd = v != nil && !text; odd || s != "" {
				want = s
				break
			}
		}
		switch {
		case odd && err == nil:
			t.Errorf("%s: took a link that is no text for %q", body, got.next)
		case !odd && (err != nil || got.next != want):
			t.Errorf("%s: link %q, %v; want %q", body, got.next, err, want)
		}
	})
}

// Each answer inside a batch must go to the item that it names, and to no other.
func FuzzSplitBatch(f *testing.F) {
	for _, s := range []string{
		`{"responses":[{"id":"1","status":200,"headers":{"Content-Type":"application/json"},"body":{"value":[{"User":"NT AUTHORITY\\SELF"}]}},{"id":"2","status":404,"headers":{"Retry-After":"3"},"body":{"error":{"code":"NotFound","message":"Error executing cmdlet"}}}]}`,
		`{"responses":[{"id":"1","status":200,"body":null},{"id":"1","status":200,"body":{}}]}`,
		`{"responses":[{"id":3,"status":"429","headers":{"Retry-After":["1","2"],"retry-after":7},"body":"busy"}]}`,
		`{"responses":[{"id":"4","status":200},{"id":"0","status":200},{"id":"-1","status":200},null,7,{"status":1}]}`,
		`{"error":{"code":"x"}}`, `{"responses":{}}`,
	} {
		f.Add([]byte(s))
	}
	const n = 3
	f.Fuzz(func(t *testing.T, body []byte) {
		split := func() ([]*transport.Response, error) {
			return splitBatch(&transport.Response{Status: 200, Header: http.Header{"Date": {"d"}}, Body: body}, n)
		}
		got, err := split()
		if err != nil {
			return
		}
		if len(got) != n {
			t.Fatalf("%q: %d answers for %d items", body, len(got), n)
		}
		again, _ := split()
		if !reflect.DeepEqual(got, again) {
			t.Fatalf("%q reads differently the second time: %v and %v", body, got, again)
		}
		var plain struct {
			Responses []json.RawMessage `json:"responses"`
		}
		if err := json.Unmarshal(body, &plain); err != nil {
			t.Fatalf("accepted %q: %v", body, err)
		}
		named := map[int]int{} // item to the number of answers that name it
		for _, raw := range plain.Responses {
			var item map[string]any
			dec := json.NewDecoder(bytes.NewReader(raw))
			dec.UseNumber()
			if dec.Decode(&item) != nil {
				continue
			}
			if i, err := strconv.Atoi(strings.TrimSpace(fmt.Sprint(item["id"]))); err == nil {
				named[i]++
			}
		}
		for i, r := range got {
			if r != nil && named[i+1] == 0 {
				t.Errorf("%q: item %d has an answer that does not name it", body, i+1)
			}
			if r != nil && r.Header == nil {
				t.Errorf("%q: item %d without a header", body, i+1)
			}
		}
	})
}

// What is kept of the module's files must name every cmdlet that the answer named,
// and read back as itself.
func FuzzModuleFile(f *testing.F) {
	for _, s := range []string{
		`[{"fileName":"ExchangeOnline.psd1","fileContent":"(omitted)","exportedCmdlets":"Get-AcceptedDomain,Get-Mailbox, Get-InboxRule"},{"fileName":"x.psm1"}]`,
		`[{"fileName":null,"exportedCmdlets":["Get-A,Get-B","Get-C"]}]`, `[]`, `[{"exportedCmdlets":","}]`, `[7]`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, rows []byte) {
		if !json.Valid(rows) || len(bytes.TrimSpace(rows)) == 0 || bytes.TrimSpace(rows)[0] != '[' {
			return // parseAnswer lets nothing else through
		}
		kept, n, err := slim(rows)
		if err != nil {
			return
		}
		var in, out []json.RawMessage
		if json.Unmarshal(rows, &in) != nil || json.Unmarshal(kept, &out) != nil || len(in) != len(out) {
			t.Fatalf("slim(%q) = %q", rows, kept)
		}
		count := 0
		for i := range out {
			a, err := DecodeModuleFile(in[i])
			if err != nil {
				t.Fatal(err)
			}
			b, err := DecodeModuleFile(out[i])
			if err != nil {
				t.Fatal(err)
			}
			if len(a.ExportedCmdlets) != len(b.ExportedCmdlets) || a.FileName != b.FileName && json.Valid(in[i]) && strings.ToValidUTF8(a.FileName, "\ufffd") != b.FileName {
				t.Errorf("kept %q of %q", out[i], in[i])
			}
			count += len(b.ExportedCmdlets)
		}
		if count != n {
			t.Errorf("slim(%q) counts %d cmdlets, and keeps %d", rows, n, count)
		}
		if again, m, err := slim(kept); err != nil || m != n || !bytes.Equal(again, kept) {
			t.Errorf("slim(%q) = %q, %d, %v: not what was kept", kept, again, m, err)
		}
	})
}

// Every decoder must take any object, keep every property as received, and name odd
// properties that were really sent.
func FuzzDecodeRows(f *testing.F) {
	addRows(f)
	f.Add([]byte(`{"Identity":7,"AccessRights":"FullAccess, ReadPermission","Deny":"maybe","AuditLogAgeLimit":"90.00:00:00","WhenChanged":"9999-12-31T23:59:59.9999999-08:00","User":["x"]}`))
	decoders := map[string]func(json.RawMessage) (Row, error){
		"mailbox":       rowOf(DecodeMailbox, func(v Mailbox) Row { return v.Row }),
		"mailboxes":     rowOf(DecodeCASMailbox, func(v CASMailbox) Row { return v.Row }),
		"inboxRule":     rowOf(DecodeInboxRule, func(v InboxRule) Row { return v.Row }),
		"transportRule": rowOf(DecodeTransportRule, func(v TransportRule) Row { return v.Row }),
		"recipient":     rowOf(DecodeRecipient, func(v Recipient) Row { return v.Row }),
		"moduleFile":    rowOf(DecodeModuleFile, func(v ModuleFile) Row { return v.Row }),
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) {
			return // stored rows are parts of a valid document
		}
		var plain map[string]json.RawMessage
		isObject := json.Unmarshal(raw, &plain) == nil && plain != nil
		for name, decode := range decoders {
			r, err := decode(raw)
			if err == nil && !isObject {
				t.Errorf("%s took %q for a row", name, raw)
			}
			if err != nil {
				continue
			}
			for _, p := range r.Properties {
				if string(plain[string(p.Name)]) != string(p.Value) && json.Valid(p.Value) && !strings.Contains(string(raw), "\ufffd") && strings.ToValidUTF8(string(raw), "") == string(raw) {
					t.Errorf("%s of %q: property %q is %q, want %q", name, raw, p.Name, p.Value, plain[string(p.Name)])
				}
			}
			for _, odd := range r.Odd {
				if !r.Sent(odd) {
					t.Errorf("%s of %q: %q is odd and was not sent", name, raw, odd)
				}
			}
			if !slices.IsSorted(r.Odd) {
				t.Errorf("%s of %q: odd properties %q are not sorted", name, raw, r.Odd)
			}
		}
	})
}

func rowOf[T any](decode func(json.RawMessage) (T, error), row func(T) Row) func(json.RawMessage) (Row, error) {
	return func(raw json.RawMessage) (Row, error) {
		v, err := decode(raw)
		return row(v), err
	}
}

// A date that is read must be one that the snapshot and the reports can write and read
// again: the years 1 to 9999, in UTC.
func FuzzParseDate(f *testing.F) {
	for _, s := range []string{
		"2026-11-24T10:00:00Z", "2026-11-24T10:00:00.1234567+02:00", "2026-11-24T10:00:00", "2026-11-24", "0001-01-01T00:00:00",
		"9999-12-31T23:59:59.9999999-08:00", "0001-01-01T00:00:00+14:00", "0000-01-01", "11/24/2026", "",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, ok := ParseDate(s)
		if !ok {
			if !at.IsZero() {
				t.Errorf("ParseDate(%q) = %s without ok", s, at)
			}
			return
		}
		text := at.Format(time.RFC3339Nano)
		again, err := time.Parse(time.RFC3339Nano, text)
		if err != nil || !again.Equal(at) {
			t.Errorf("ParseDate(%q) writes as %q, which reads as %s (%v)", s, text, again, err)
		}
		if _, err := at.MarshalJSON(); err != nil {
			t.Errorf("ParseDate(%q): %v", s, err)
		}
		// The date in the text is at most a day's offset away.
		if day, err := time.Parse(time.DateOnly, strings.TrimSpace(s)[:10]); err != nil || at.Sub(day).Abs() > 48*time.Hour {
			t.Errorf("ParseDate(%q) = %s", s, at)
		}
	})
}

var timeSpan = regexp.MustCompile(`^(-?)(?:([0-9]{1,10})\.)?([0-9]+):([0-9]+):([0-9]+)(?:\.[0-9]+)?$`)

// An expression and arithmetic in place of the parser's steps.
func FuzzTimeSpan(f *testing.F) {
	for _, s := range []string{"90.00:00:00", "-1.12:30:00.5", "7:30:00", "1.24:00:00", "+1.00:00:00", "1.00:00", "00:00:00.", "2147483648.00:00:00", "1.00:00:0٣", "0090.0:0:0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := ParseDays(s)
		want, valid := int64(0), false
		if m := timeSpan.FindStringSubmatch(strings.TrimSpace(s)); m != nil {
			valid = true
			for i, limit := range []int{23, 59, 59} {
				if n, err := strconv.Atoi(m[3+i]); err != nil || n > limit {
					valid = false
				}
			}
			if m[2] != "" {
				n, err := strconv.ParseInt(m[2], 10, 64)
				if err != nil || n > 1<<31-1 {
					valid = false
				}
				if want = n; m[1] == "-" {
					want = -n
				}
			}
		}
		if leading := regexp.MustCompile(`^-?0{10}`).MatchString(strings.TrimSpace(s)); leading {
			return // any number of leading zeros is harmless either way
		}
		if ok != valid || ok && got != want {
			t.Errorf("ParseDays(%q) = %d, %t; want %d, %t", s, got, ok, want, valid)
		}
	})
}

// A size that the service writes must be read to the byte, whatever groups the digits.
func FuzzSizeRoundTrip(f *testing.F) {
	f.Add(uint64(106_300_440_576), ",")
	f.Add(uint64(0), ".")
	f.Add(uint64(1<<63-1), "\u202f")
	f.Add(uint64(1<<63), "’")
	f.Fuzz(func(t *testing.T, n uint64, sep string) {
		if !slices.Contains([]string{"", ",", ".", "'", "’", " ", "\u00a0", "\u202f"}, sep) {
			sep = ","
		}
		plain := strconv.FormatUint(n, 10)
		var grouped strings.Builder
		for i, d := range plain {
			if i > 0 && (len(plain)-i)%3 == 0 {
				grouped.WriteString(sep)
			}
			grouped.WriteRune(d)
		}
		for _, text := range []string{plain, fmt.Sprintf("%.4g GB (%s bytes)", float64(n)/(1<<30), grouped.String())} {
			got, ok := ParseSize(text)
			if n > 1<<63-1 {
				if ok {
					t.Errorf("ParseSize(%q) = %d, and does not fit", text, got)
				}
			} else if !ok || uint64(got) != n {
				t.Errorf("ParseSize(%q) = %d, %t, want %d", text, got, ok, n)
			}
		}
	})
}

// A page is stored only while it is JSON: a quote behind the address of a published
// calendar must not be struck out half.
func TestAddressInMarkupIsStruckOutWhole(t *testing.T) {
	for in, want := range map[string]string{
		`"<a href=\"https://x.example/owa/calendar/a/b.html\">free?</a>"`:      `"<a href=\"[struck out]\">free?</a>"`,
		`"https:\/\/x.example\/owa\/calendar\/a\/b.html"`:                      `"[struck out]"`,
		`"https://x.example/owa/calendar/a?b=1\u0026c=2"`:                      `"[struck out]"`,
		`"https://x.example/owa/calendar/a\\"`:                                 `"[struck out]"`,
		`{"PublishedCalendarUrl":"https://x.example/owa/calendar/a\"b","c":1}`: `{"PublishedCalendarUrl":"[struck out]","c":1}`,
		`"https://x.example/owa/calendars/a"`:                                  `"https://x.example/owa/calendars/a"`,
	} {
		if got := string(strike([]byte(in))); got != want {
			t.Errorf("strike(%s) = %s, want %s", in, got, want)
		}
	}
}

func TestDateOutsideTheCalendarIsNone(t *testing.T) {
	for in, want := range map[string]bool{
		"9999-12-31T23:59:59.9999999Z": true, "9999-12-31T23:59:59.9999999-08:00": false, "9999-12-31T23:59:59+08:00": true,
		"0001-01-01T00:00:00": true, "0000-01-01T00:00:00+14:00": false,
	} {
		if at, ok := ParseDate(in); ok != want {
			t.Errorf("ParseDate(%q) = %s, %t", in, at, ok)
		}
	}
}

func TestHeadersOfABatchItemHaveOneOrder(t *testing.T) {
	body := []byte(`{"responses":[{"id":"1","status":429,"headers":{"retry-after":"7","Retry-After":"3","RETRY-AFTER":"5"},"body":null}]}`)
	for range 50 {
		got, err := splitBatch(&transport.Response{Header: http.Header{}, Body: body}, 1)
		if err != nil || !slices.Equal(got[0].Header["Retry-After"], []string{"5", "3", "7"}) {
			t.Fatalf("Retry-After %v, %v", got[0].Header, err)
		}
	}
}
