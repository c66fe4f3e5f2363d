package transport

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// redactions are applied in order; the wider patterns come last.
var redactions = []struct {
	find *regexp.Regexp
	put  string
}{
	// Header lines that carry credentials, whatever their form.
	{regexp.MustCompile(`(?i)\b(authorization|proxy-authorization|cookie|set-cookie)(["']?\s*[:=]\s*)[^\r\n]*`), "$1$2[redacted]"},
	{regexp.MustCompile(`(?i)\bbearer\s+[A-Za-z0-9._~+/=-]{8,}`), "Bearer [redacted]"},
	// JWT and JWE: base64url of {" … and one or more further parts. Two such parts are one
	// even behind a letter or digit: a quote may be escaped as \u0022 or %22.
	{regexp.MustCompile(`(?:\beyJ[A-Za-z0-9_-]{6,}|eyJ[A-Za-z0-9_-]{6,}\.eyJ[A-Za-z0-9_-]{6,})(?:\.[A-Za-z0-9_-]*)*`), "[token]"},
	// The query and fragment of anything that has a scheme.
	{regexp.MustCompile(`(?i)(\b[a-z][a-z0-9+.-]*://[^\s"'<>?#]*)[?#][^\s"'<>]*`), "$1?[redacted]"},
	{regexp.MustCompile(`(?i)(://)[^\s/@"'<>]*@`), "$1"},
	{regexp.MustCompile(`(?i)((?:\$|%24)?skip_?token|deltatoken|access_token|refresh_token|id_token|client_secret|client_assertion|assertion|password|secrettext|claims|code|sig|sas)(["']?\s*(?:=|:|%3d)\s*["']?)[^\s"'&,;<>}]{4,}`), "$1$2[redacted]"},
	// Opaque tokens have no shape but their length.
	{regexp.MustCompile(`[A-Za-z0-9_+/=.~-]{160,}`), "[token]"},
}

// Redact strikes out of text what a log or an error must not show: query strings,
// bearer tokens, anything shaped like a token, page tokens, credentials in headers
// and forms. It is the last net, not the first: no caller may rely on it to print a secret.
func Redact(text string) string {
	for _, r := range redactions {
		text = r.find.ReplaceAllString(text, r.put)
	}
	return text
}

// escape makes foreign text fit for one line on a terminal: control, format and
// unassigned characters become visible, invalid UTF-8 becomes \x.. .
func escape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == ' ' || unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, "<U+%04X>", r)
		}
		i += n
	}
	return b.String()
}

// Snippet shows the start of a body in an error: NUL bytes dropped, at most 200
// characters, redacted, on one line; "" for a body without text.
func Snippet(body []byte) string {
	const limit = 200
	// Redaction comes before the cut: half a token has no shape any more.
	text := string(body[:min(len(body), 64<<10)])
	text = strings.TrimSpace(strings.ReplaceAll(text, "\x00", ""))
	runes := []rune(escape(Redact(text)))
	if len(runes) > limit {
		return string(runes[:limit]) + "…"
	}
	return string(runes)
}

// bare writes u without query values: "https://host/path?$select=&$top=".
func bare(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	text := escape(shown.String())
	var keys []string
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		key, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(key); err == nil {
			key = plain
		}
		if key != "" && len(key) <= 64 {
			keys = append(keys, escape(key)+"=")
		}
	}
	if len(keys) == 0 {
		return text
	}
	slices.Sort(keys)
	return text + "?" + strings.Join(keys, "&")
}
