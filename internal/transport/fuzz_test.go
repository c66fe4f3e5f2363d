package transport

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// planted are secrets in the forms in which they come by; the part behind the bar must
// not be in what Redact gives back.
var planted = []string{
	"Authorization: Bearer |eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl",
	"Cookie: |x-ms-gateway-slice=estsfd; stsservicecookie=estsfd",
	"bearer |opaque-token-0123456789",
	"https://graph.microsoft.com/v1.0/users?|$skiptoken=RFNwdAIAAQAAABg6VXNlcl8",
	"client_secret=|Zf8Q~0123456789abcdef",
	`"refresh_token":"|0.AXoA01234567"`,
	"$skiptoken=|RFNwdAIAAQAAABg6VXNlcl8",
	"|" + strings.Repeat("k3Jd", 50),
	`\u0022|eyJhbGciOiJub25lIn0.eyJhdWQiOiJ4In0.`,
}

// A secret must go whatever stands around it, a blank or a quote between; and what is
// clean must stay clean.
func FuzzRedact(f *testing.F) {
	for i := range planted {
		f.Add("request failed: ", " and more", uint8(i))
		f.Add(`{"error":{"message":"`, `"}}`, uint8(i))
	}
	f.Add("https://host/?", "&x=%22", uint8(6))
	f.Add("a\n", "\r\nHost: x", uint8(0))
	f.Add(`{\u0022token\u0022:\u0022`, `\u0022}`, uint8(8))
	f.Fuzz(func(t *testing.T, before, after string, which uint8) {
		label, secret, _ := strings.Cut(planted[int(which)%len(planted)], "|")
		if strings.Contains(before+after, secret) || len(before)+len(after) > 4096 {
			return
		}
		// A sign that belongs to neither keeps the two apart.
		got := Redact(before + " " + label + secret + " " + after)
		for _, part := range strings.FieldsFunc(secret, func(r rune) bool { return r == '.' || r == ' ' || r == ';' }) {
			if len(part) > 10 && strings.Contains(got, part) && !strings.Contains(before+after, part) {
				t.Errorf("Redact(%q…) = %q: the secret is in it", before, got)
			}
		}
		if once := Redact(before); Redact(once) != once && !strings.ContainsAny(before, "?#@:=\"'") {
			t.Errorf("Redact(%q) = %q, and again %q", before, once, Redact(once))
		}
	})
}

// What is shown of a body must be one short line of printable text, and the same when
// it is shown again.
func FuzzSnippet(f *testing.F) {
	for _, s := range []string{
		"<html>\r\n<head><title>502</title>", "\x00\x00a\x00", "\x1b[31mred\x1b]0;title\a", "\u202egnp.exe\u2066", "\xff\xfe\x9b31m", `{"error":"x"}`,
		strings.Repeat("é", 300), "Bearer " + strings.Repeat("x", 100), "\u2028\u0085\u00ad\u3164", strings.Repeat("a ", 99) + "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got := Snippet(body)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > 201 {
			t.Errorf("Snippet(%q) = %q", body, got)
		}
		for _, r := range got {
			if r != ' ' && !unicode.IsPrint(r) {
				t.Errorf("Snippet(%q) = %q holds %U", body, got, r)
			}
		}
		if escape(got) != got {
			t.Errorf("Snippet(%q) = %q is escaped to %q", body, got, escape(got))
		}
		if jwtShape.MatchString(got) {
			t.Errorf("Snippet(%q) = %q shows a token", body, got)
		}
	})
}

var jwtShape = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}`)

// escape must be reversible by its own marks for text that has none of them: nothing is
// dropped, nothing is moved.
func FuzzEscape(f *testing.F) {
	for _, s := range []string{"a\tb\nc\rd", "\x1b[0m\x7f", "\xff\u0085\u202e", "日本 é", "\U000e0041"} {
		f.Add(s)
	}
	mark := regexp.MustCompile(`\\x[0-9a-f]{2}|\\n|\\r|\\t|<U\+[0-9A-F]{4,6}>`)
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsAny(s, `\<`) {
			return
		}
		back := mark.ReplaceAllStringFunc(escape(s), func(m string) string {
			switch {
			case m == `\n`, m == `\r`, m == `\t`:
				c, _ := strconv.Unquote(`"` + m + `"`)
				return c
			case m[0] == '<':
				n, _ := strconv.ParseUint(m[3:len(m)-1], 16, 32)
				return string(rune(n))
			}
			n, _ := strconv.ParseUint(m[2:], 16, 8)
			return string([]byte{byte(n)})
		})
		if back != s {
			t.Errorf("escape(%q) = %q, which reads as %q", s, escape(s), back)
		}
	})
}

// What a log shows of a URL must hold the names of its parameters and no value, no
// user, no fragment.
func FuzzBare(f *testing.F) {
	for _, s := range []string{
		"https://graph.microsoft.com/v1.0/users?$select=id&$skiptoken=VALUE", "https://user:pass@host/p#frag", "https://h/p?=VALUE&a&b=c=d&%41=1",
		"https://h/%0a%1b?x=%zz;y=1", "/relative?a=1",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := url.Parse(s)
		if err != nil {
			return
		}
		got := bare(u)
		for _, r := range got {
			if r != ' ' && !unicode.IsPrint(r) {
				t.Errorf("bare(%q) = %q holds %U", s, got, r)
			}
		}
		if strings.Contains(got, "#") && !strings.Contains(u.Path+u.Host+u.RawQuery, "#") && !strings.Contains(u.RawQuery, "%23") {
			t.Errorf("bare(%q) = %q shows the fragment", s, got)
		}
		// With a value of its own in every parameter, none may be shown.
		const value = "qwvalueqw"
		pairs := strings.Split(u.RawQuery, "&")
		for i, p := range pairs {
			key, _, _ := strings.Cut(p, "=")
			pairs[i] = key + "=" + value
		}
		if strings.Contains(s, value) {
			return
		}
		u.RawQuery, u.User, u.Fragment = strings.Join(pairs, "&"), url.UserPassword(value, value), value
		if got := bare(u); strings.Contains(got, value) {
			t.Errorf("bare(%q) shows a value: %q", s, got)
		}
	})
}

// A claims challenge must come back as the JSON that was encoded, in either alphabet
// and with or without padding.
func FuzzClaimsChallenge(f *testing.F) {
	f.Add(`Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxNzg3MjEyODAwIn19fQ=="`, `{"access_token":{"nbf":{"essential":true,"value":"1787212800"}}}`)
	f.Add(`Bearer claims="!!"`, `{"a":"???>>>"}`)
	f.Add(`xclaims="eyJh"`, `[]`)
	f.Fuzz(func(t *testing.T, header, document string) {
		if got := Claims(http.Header{"Www-Authenticate": {header}}); got != "" && !json.Valid([]byte(got)) {
			t.Errorf("Claims(%q) = %q", header, got)
		}
		if !json.Valid([]byte(document)) {
			return
		}
		for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			h := http.Header{"Www-Authenticate": {`Basic realm="x"`, `Bearer error="insufficient_claims", claims="` + enc.EncodeToString([]byte(document)) + `"`}}
			if got := Claims(h); got != document {
				t.Errorf("Claims of %q = %q", document, got)
			}
		}
	})
}

// A redirect may name another region of the service and nothing else: one label in
// front of the known domain, at the scheme and port of this stack's own choice.
func FuzzLearn(f *testing.F) {
	for _, s := range []string{
		"https://eurpr08.outlook.office365.com/adminapi/v1.0/x", "https://eurpr08.outlook.office365.com:446/x", "https://a.b.outlook.office365.com/", "https://outlook.office365.com.evil.example/",
		"https://evil.example/.outlook.office365.com", "https://evil.example#.outlook.office365.com", "https://user@eurpr08.outlook.office365.com/", "//x.outlook.office365.com/", "http://x.outlook.office365.com/",
		"https://outlook.office365.com/", "https://-.outlook.office365.com/", "https://x.outlook.office365.com.", "https://x\u3002outlook.office365.com/", "https://[::1].outlook.office365.com/", "",
	} {
		f.Add(s)
	}
	base := &url.URL{Scheme: "https", Host: "outlook.office365.com"}
	f.Fuzz(func(t *testing.T, location string) {
		place, err := newPinned(Endpoint{Base: base, RegionSuffix: ".outlook.office365.com"}, always)
		if err != nil {
			t.Fatal(err)
		}
		u, err := place.learn(location)
		if err != nil {
			if place.current().Host != base.Host || len(place.regions) != 0 {
				t.Fatalf("refused %q, and remembers %q", location, place.regions)
			}
			return
		}
		label, ok := strings.CutSuffix(u.Host, ".outlook.office365.com")
		if u.Scheme != "https" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" ||
			u.Host != base.Host && (!ok || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || label == "") {
			t.Fatalf("learned %q from %q", u, location)
		}
		for _, host := range []string{u.Host, place.current().Host} {
			if !place.knows(host) {
				t.Fatalf("does not know %q of %q", host, location)
			}
		}
		if place.knows("evil.example") {
			t.Fatalf("%q opened another host", location)
		}
	})
}

// What may be read with GET from the admin API must be a resource of this tenant, at
// this host, without an empty key: that would mean every object.
func FuzzExchangeGet(f *testing.F) {
	for _, s := range []string{
		"/EXOModuleFile?Version=3.9.2", "/Mailbox('a%40contoso.example')/MailboxPermission", "/Mailbox('')", "/Mailbox('%20')/MailboxPermission", "/Mailbox('a''b')/MailboxFolder('x')/MailboxFolderPermission",
		"/Mailbox('a')/MailboxFolder/Exchange.GetMailboxFolderStatistics(folderscope=Exchange.ElcFolderType'All')", "/Recipient?$skiptoken=x", "/../v1.0/x", "/InvokeCommand", "/$batch", "/Mailbox('a')/Exchange.Remove()", "/mailbox", "@evil.example/x",
	} {
		f.Add(s)
	}
	place, err := newPinned(Endpoint{Base: &url.URL{Scheme: "https", Host: "outlook.office365.com"}}, always)
	if err != nil {
		f.Fatal(err)
	}
	g := &guard{tenant: tenant, names: []string{"contoso.example"}, services: map[Service]*pinned{Exchange: place}}
	f.Fuzz(func(t *testing.T, rest string) {
		u, err := url.Parse(exoBeta + rest)
		if err != nil || checkURL(u, place) != nil {
			return
		}
		version, resource, ok := g.exchangeResource(u.Path)
		if !ok || !exchangeAllowsGet(resource) {
			return
		}
		// Another reader of the same text: cut, not parsed.
		sent := u.String()
		after, ok := strings.CutPrefix(strings.ToLower(sent), "https://outlook.office365.com/adminapi/")
		if after2, port := strings.CutPrefix(strings.ToLower(sent), "https://outlook.office365.com:443/adminapi/"); port {
			after, ok = after2, true
		}
		if !ok || version != "beta" && version != "v1.0" {
			t.Fatalf("let through %q", sent)
		}
		path, _, _ := strings.Cut(after, "?")
		plain, err := url.PathUnescape(path)
		if err != nil {
			t.Fatal(err)
		}
		segments := strings.Split(plain, "/")
		if len(segments) < 3 || len(segments) > 5 || segments[0] != version || segments[1] != tenant && segments[1] != "contoso.example" {
			t.Fatalf("let through %q", sent)
		}
		for _, s := range segments[2:] {
			if s == "" || s == "." || s == ".." || strings.Contains(s, "('')") || strings.ContainsAny(s, "\\;?\x00\r\n") {
				t.Fatalf("let through segment %q of %q", s, sent)
			}
		}
		for _, verb := range []string{"invokecommand", "$batch", "remove", "set-", "$metadata"} {
			if name, _, _ := strings.Cut(segments[2], "("); strings.Contains(name, verb) {
				t.Fatalf("let through %q", sent)
			}
		}
	})
}

// The three forms of a date in a Retry-After must all mean the same wait, counted from
// the Date of the answer.
func FuzzRetryAfterDate(f *testing.F) {
	f.Add(int64(1787212800), int64(30))
	f.Add(int64(1787212800), int64(-30))
	f.Add(int64(0), int64(1<<40))
	f.Add(int64(946684799), int64(86400))
	f.Fuzz(func(t *testing.T, now, wait int64) {
		if now < 0 || now > 4102444800 || wait < -1<<32 || wait > 1<<32 {
			return
		}
		from, to := time.Unix(now, 0).UTC(), time.Unix(now+wait, 0).UTC()
		if to.Year() < 1970 || to.Year() > 2060 {
			return // a year of two digits means another century there
		}
		want := min(max(time.Duration(wait)*time.Second, 0), maxRetryAfter)
		for _, layout := range []string{http.TimeFormat, time.ANSIC, time.RFC3339, "Monday, 02-Jan-06 15:04:05 GMT"} {
			h := http.Header{"Retry-After": {to.Format(layout)}, "Date": {from.Format(http.TimeFormat)}}
			if got := RetryAfter(h); got != want {
				t.Errorf("Retry-After %q at %q: %s, want %s", h.Get("Retry-After"), h.Get("Date"), got, want)
			}
		}
		if wait >= 0 {
			if got := RetryAfter(http.Header{"Retry-After": {strconv.FormatInt(wait, 10)}}); got != want {
				t.Errorf("Retry-After %d: %s, want %s", wait, got, want)
			}
		}
	})
}

// An identity that is sent must name an object to every reader: no wildcard, no null, no
// text without a letter or digit, and the same text behind the JSON.
func FuzzIdentity(f *testing.F) {
	for _, s := range []string{"kim@contoso.example", "", " ", "*", "a*", "$null", "NULL ", `kim:\Calendar`, `:\Calendar`, "\u200b", "\u3164", "１", "a\x00", "\xff", `a"b\u002a</script>&`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := check(Command{Cmdlet: "Get-MailboxPermission", Parameters: map[string]any{"Identity": s}})
		if err != nil {
			return
		}
		body, err := encode(c.body())
		if err != nil {
			t.Fatal(err)
		}
		var sent struct {
			CmdletInput struct {
				CmdletName string
				Parameters map[string]any
			}
		}
		if err := json.Unmarshal(body, &sent); err != nil || sent.CmdletInput.CmdletName != "Get-MailboxPermission" || len(sent.CmdletInput.Parameters) != 1 {
			t.Fatalf("%q is sent as %q (%v)", s, body, err)
		}
		got, _ := sent.CmdletInput.Parameters["Identity"].(string)
		bare := strings.ToLower(strings.TrimSpace(got))
		if got != s || slices.Contains([]string{"", "*", "null", "$null"}, bare) || strings.Contains(got, "*") {
			t.Fatalf("%q is sent as %q", s, body)
		}
		seen := false
		for _, r := range got {
			seen = seen || unicode.In(r, unicode.L, unicode.Nd)
			if unicode.IsControl(r) {
				t.Fatalf("%q is sent with %U", s, r)
			}
		}
		if !seen {
			t.Fatalf("%q names nothing", s)
		}
	})
}

// unpack must give back what was packed, refuse what is cut or followed by more, and
// never give more than its limit.
func FuzzUnpack(f *testing.F) {
	f.Add([]byte("\x1f\x8b"), 4)
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x01\x00\x00\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00"), 0)
	f.Add([]byte(`{"value":[]}`), 3)
	f.Fuzz(func(t *testing.T, raw []byte, cut int) {
		const limit = 1 << 16
		plain, err := unpack(raw, limit)
		gzipped := len(raw) > 1 && raw[0] == 0x1f && raw[1] == 0x8b
		if !gzipped && (err != nil || string(plain) != string(raw)) || gzipped && len(plain) > limit {
			t.Fatalf("unpack(%q) = %d bytes, %v", raw, len(plain), err)
		}
		if len(raw) > limit {
			return
		}
		packed := zip(t, raw)
		if plain, err := unpack(packed, limit); err != nil || string(plain) != string(raw) {
			t.Fatalf("packed %q, unpacked %q, %v", raw, plain, err)
		}
		if cut > 1 && cut < len(packed) {
			if plain, err := unpack(packed[:cut], limit); err == nil {
				t.Fatalf("a body cut to %d of %d bytes unpacks to %q", cut, len(packed), plain)
			}
		}
		if _, err := unpack(append(packed, 'x'), limit); err == nil {
			t.Fatal("a body with more behind it unpacks")
		}
	})
}

func zip(t *testing.T, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTokenBehindAnEscapedQuoteIsStruckOut(t *testing.T) {
	const token = "eyJhbGciOiJub25lIn0.eyJhdWQiOiJ4In0.c2ln"
	for in, want := range map[string]string{
		`{\u0022t\u0022:\u0022` + token + `\u0022}`: `{\u0022t\u0022:\u0022[token]\u0022}`,
		"x%22" + token + "%22":                      "x%22[token]%22",
		"t_" + token:                                "t_[token]",
		"moneyJournals.and.more":                    "moneyJournals.and.more",
	} {
		if got := Redact(in); got != want {
			t.Errorf("Redact(%s) = %s, want %s", in, got, want)
		}
	}
}
