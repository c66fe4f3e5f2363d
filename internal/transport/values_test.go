package transport

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestSecretNeverPrints(t *testing.T) {
	s := Secret(canary)
	holder := struct {
		Value Secret
		Ref   *Secret
		List  []Secret
	}{s, &s, []Secret{s}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&out, verb+"\n", s)
		fmt.Fprintf(&out, verb+"\n", holder)
	}
	for _, marshal := range []func(any) ([]byte, error){json.Marshal, xml.Marshal} {
		text, _ := marshal(s)
		out.Write(text)
	}
	text, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(text)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "secret", s, "holder", holder)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "secret", s, "holder", holder)
	fmt.Fprintln(&out, fmt.Errorf("wrapped: %v", s))
	if strings.Contains(out.String(), canary) || strings.Contains(out.String(), fmt.Sprintf("%x", canary)) {
		t.Errorf("printed: %s", out.String())
	}
	if s.Reveal() != canary {
		t.Errorf("Reveal = %q", s.Reveal())
	}
}

func TestRetryAfter(t *testing.T) {
	const date = "Tue, 24 Nov 2026 10:00:00 GMT"
	for _, tt := range []struct {
		header []string
		want   time.Duration
	}{
		{nil, 0},
		{[]string{"Retry-After", "120"}, 2 * time.Minute},
		{[]string{"Retry-After", " 7 "}, 7 * time.Second},
		{[]string{"Retry-After", "0.25"}, 250 * time.Millisecond},
		{[]string{"Retry-After", "1.5"}, 1500 * time.Millisecond},
		{[]string{"Retry-After", "0"}, 0},
		{[]string{"Retry-After", "-5"}, 0},
		{[]string{"Retry-After", "soon"}, 0},
		{[]string{"Retry-After", "NaN"}, 0},
		{[]string{"Retry-After", "Inf"}, 0},
		{[]string{"Retry-After", "1e9"}, 0},
		{[]string{"Retry-After", "0x10"}, 0},
		{[]string{"Retry-After", "999999999999"}, maxRetryAfter},
		{[]string{"Retry-After", "9999999999999"}, 0},
		// The three forms of a date, against the clock of the answer.
		{[]string{"Date", date, "Retry-After", "Tue, 24 Nov 2026 10:01:30 GMT"}, 90 * time.Second},
		{[]string{"Date", date, "Retry-After", "Tuesday, 24-Nov-26 10:01:30 GMT"}, 90 * time.Second},
		{[]string{"Date", date, "Retry-After", "Tue Nov 24 10:01:30 2026"}, 90 * time.Second},
		{[]string{"Date", date, "Retry-After", "Tue, 24 Nov 2026 09:59:00 GMT"}, 0},
		{[]string{"Date", date, "Retry-After", "Fri, 24 Nov 2126 10:00:00 GMT"}, maxRetryAfter},
		{[]string{"retry-after-ms", "1500"}, 1500 * time.Millisecond},
		{[]string{"x-ms-retry-after-ms", "1500"}, 1500 * time.Millisecond},
		{[]string{"Retry-After", "2", "retry-after-ms", "1500"}, 2 * time.Second},
		{[]string{"Retry-After", "later", "retry-after-ms", "1500"}, 1500 * time.Millisecond},
		{[]string{"Date", date, "Rate-Limit-Remaining", "0", "Rate-Limit-Reset", "2026-11-24T10:00:16.365Z"}, 16365 * time.Millisecond},
		{[]string{"Rate-Limit-Remaining", "0", "Rate-Limit-Reset", "16"}, 16 * time.Second},
		{[]string{"Date", date, "Rate-Limit-Remaining", "5", "Rate-Limit-Reset", "2026-11-24T10:00:16.365Z"}, 0},
		{[]string{"Date", date, "Rate-Limit-Reset", "2026-11-24T10:00:16.365Z"}, 0},
	} {
		if got := RetryAfter(reply(429, "", tt.header...).Header); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.header, got, tt.want)
		}
	}
}

func TestClaims(t *testing.T) {
	for value, want := range map[string]string{
		challenge:                          challengeClaim,
		`Bearer claims="eyJhIjoiPz8_In0"`:  `{"a":"???"}`, // URL alphabet, no padding
		`Bearer claims="eyJhIjoiPz8/In0="`: `{"a":"???"}`,
		`Bearer claims="bm90IGpzb24="`:     "",
		`Bearer claims="%%%"`:              "",
		`Bearer noclaims="eyJhIjoiYiJ9"`:   "",
		`Bearer error="invalid_token"`:     "",
		"":                                 "",
	} {
		if got := Claims(http.Header{"Www-Authenticate": {`Negotiate`, value}}); got != want {
			t.Errorf("Claims(%q) = %q, want %q", value, got, want)
		}
	}
}

func TestRedact(t *testing.T) {
	jwt := "eyJhbGciOiJub25lIn0." + "eyJzdWIiOiJraW0ifQ." + "c2ln"
	opaque := strings.Repeat("aB3_", 50)
	for in, want := range map[string]string{
		"Get https://graph.microsoft.com/v1.0/users?$skiptoken=abcd: EOF": "Get https://graph.microsoft.com/v1.0/users?[redacted] EOF",
		`parse "https://a.example/x?y=z": no`:                             `parse "https://a.example/x?[redacted]": no`,
		"https://kim:hunter22@a.example/":                                 "https://a.example/",
		"Authorization: Bearer abc.def.ghi":                               "Authorization: [redacted]",
		"sent bearer abcdefgh12 to it":                                    "sent Bearer [redacted] to it",
		"token " + jwt + " expired":                                       "token [token] expired",
		"refresh " + opaque:                                               "refresh [token]",
		"link with %24skiptoken=X%27abc here":                             "link with %24skiptoken=[redacted] here",
		`{"access_token":"abcdef","x":1}`:                                 `{"access_token":"[redacted]","x":1}`,
		"client_secret=abcdef&x=1":                                        "client_secret=[redacted]&x=1",
		"Set-Cookie: a=b; path=/":                                         "Set-Cookie: [redacted]",
		"User kim@contoso.example is not allowed to call Get-Mailbox":     "User kim@contoso.example is not allowed to call Get-Mailbox",
		"what? nothing":                                                   "what? nothing",
		"":                                                                "",
	} {
		if got := Redact(in); got != want {
			t.Errorf("Redact(%q)\n got %q\nwant %q", in, got, want)
		}
		if again := Redact(Redact(in)); again != want {
			t.Errorf("Redact twice of %q = %q", in, again)
		}
	}
}

func TestSnippet(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "\x00\x00\x00": "", " plain ": "plain",
		"a\r\n\tb":               `a\r\n\tb`,
		"\x1b[2J\xffé":           `\x1b[2J\xffé`,
		"\u202eevil":             "<U+202E>evil",
		"\u200bx":                "<U+200B>x",
		"x\x00y":                 "xy",
		strings.Repeat("é", 300): strings.Repeat("é", 200) + "…",
	} {
		if got := Snippet([]byte(in)); got != want {
			t.Errorf("Snippet(%q) = %q, want %q", in, got, want)
		}
	}
	// A token at the cut has no shape once it is cut.
	body := strings.Repeat("x ", 90) + "eyJhbGciOiJub25lIn0.eyJzdWIiOiJraW0ifQ.c2ln"
	if got := Snippet([]byte(body)); strings.Contains(got, "eyJ") {
		t.Errorf("half a token is left: %q", got)
	}
}

func TestBare(t *testing.T) {
	for in, want := range map[string]string{
		"https://a.example/x?$top=9&$select=id&flag": "https://a.example/x?$select=&$top=&flag=",
		"https://a.example/x":                        "https://a.example/x",
		"https://kim:pw@a.example/x#frag":            "https://a.example/x",
		"https://a.example/x?%24skiptoken=abc":       "https://a.example/x?$skiptoken=",
	} {
		if got := bare(mustURL(t, in)); got != want {
			t.Errorf("bare(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestFailureText(t *testing.T) {
	f := &Failure{Label: "Get-InboxRule", Verdict: Denied, Status: 403, RequestID: "r-1", Attempts: 2, Err: errors.New("User is not allowed\nto call \x1b[1mGet-InboxRule")}
	want := `Get-InboxRule: denied: User is not allowed\nto call \x1b[1mGet-InboxRule (status 403, request r-1, 2 attempts)`
	if f.Error() != want {
		t.Errorf("got %q\nwant %q", f.Error(), want)
	}
	if got := (&Failure{Verdict: Missing}).Error(); got != "not found" {
		t.Errorf("empty failure: %q", got)
	}
	f = &Failure{Verdict: Transient, Err: &url.Error{Op: "Get", URL: "https://a.example/?code=" + canary, Err: errors.New("x")}}
	if strings.Contains(f.Error(), canary) {
		t.Errorf("error shows the query: %s", f)
	}
	for v := OK; v <= Invalid; v++ {
		if strings.HasPrefix(v.String(), "Verdict(") {
			t.Errorf("verdict %d has no name", int(v))
		}
	}
}

func TestPause(t *testing.T) {
	if err := Pause(t.Context(), time.Millisecond); err != nil {
		t.Error(err)
	}
	if err := Pause(t.Context(), -1); err != nil {
		t.Error(err)
	}
}

// FuzzRetryAfter: whatever comes, the wait is between nothing and the bound.
func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"1", "0.5", "-1", "Tue, 24 Nov 2026 10:00:00 GMT", "1e309", "\x00", "2026-11-24T10:00:00Z"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, value, date string) {
		h := http.Header{"Retry-After": {value}, "Date": {date}, "Retry-After-Ms": {value}, "Rate-Limit-Remaining": {"0"}, "Rate-Limit-Reset": {value}}
		if d := RetryAfter(h); d < 0 || d > maxRetryAfter {
			t.Errorf("RetryAfter(%q, %q) = %s", value, date, d)
		}
	})
}

// FuzzLink: a link that the guard lets through satisfies a second reading of the
// rules, written on its text alone.
func FuzzLink(f *testing.F) {
	for _, seed := range []string{
		exoBeta + "/InvokeCommand?%24skiptoken=x", "https://outlook.office365.com@evil.example/", exoBeta + "/../x",
		"https://outlook.office365.com:443/adminapi/beta/" + tenant + "/InvokeCommand", "http://x", "//x", "\\\\x", exoBeta + "/InvokeCommand#x",
		"HTTPS://OUTLOOK.office365.com/AdminApi/beta/" + strings.ToUpper(tenant) + "/InvokeCommand",
	} {
		f.Add(seed)
	}
	g := &guard{tenant: tenant, services: map[Service]*pinned{}}
	place, err := newPinned(Endpoint{Base: &url.URL{Scheme: "https", Host: "outlook.office365.com"}}, always)
	if err != nil {
		f.Fatal(err)
	}
	g.services[Exchange] = place
	f.Fuzz(func(t *testing.T, link string) {
		u, err := g.link(checked{Command: Command{Next: link}})
		if link == "" || err != nil {
			return
		}
		sent := strings.ToLower(u.String())
		rest, ok := strings.CutPrefix(sent, "https://outlook.office365.com/")
		if !ok {
			rest, ok = strings.CutPrefix(sent, "https://outlook.office365.com:443/")
		}
		if !ok || len(sent) > maxURL {
			t.Fatalf("let through %q as %q", link, sent)
		}
		path, query, _ := strings.Cut(rest, "?")
		if path != "adminapi/beta/"+tenant+"/invokecommand" {
			// Letters may be percent-encoded, but nothing else may be.
			plain, err := url.PathUnescape(path)
			if err != nil || plain != "adminapi/beta/"+tenant+"/invokecommand" {
				t.Fatalf("let through path %q of %q", path, link)
			}
		}
		if strings.ContainsAny(query, " \t\r\n\x00#") {
			t.Fatalf("let through query %q", query)
		}
	})
}

// FuzzGraphURL: the same for Graph paths: no segment that another reader could take
// for another one, and nothing below mail, files or settings.
func FuzzGraphURL(f *testing.F) {
	for _, seed := range []string{"/v1.0/users", "/v1.0/users/a%2fmessages", "/v1.0/users/../x", "/v1.0/users/a/messages", "/beta/users", "/v1.0/groups/a/members"} {
		f.Add(seed)
	}
	place, err := newPinned(Endpoint{Base: &url.URL{Scheme: "https", Host: "graph.microsoft.com"}}, always)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path string) {
		u, err := url.Parse(graphHost + path)
		if err != nil || checkURL(u, place) != nil || !graphAllows(u.Path) {
			return
		}
		segments := strings.Split(u.EscapedPath(), "/")
		if segments[1] != "v1.0" && segments[1] != "beta" || len(segments) > 6 {
			t.Fatalf("let through %q", path)
		}
		for _, segment := range segments[1:] {
			plain, err := url.PathUnescape(segment)
			if err != nil || plain == "" || plain == "." || plain == ".." || strings.ContainsAny(plain, "/\\%;?$ \x00\n") {
				t.Fatalf("let through segment %q of %q", plain, path)
			}
			if len(segments) > 4 && (plain == "messages" || plain == "mailFolders" || plain == "drive") && segment == segments[len(segments)-1] {
				t.Fatalf("let through %q", path)
			}
		}
	})
}
