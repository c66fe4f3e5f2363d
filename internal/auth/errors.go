package auth

import (
	"context"
	"encoding/base64"
	"errors"
	"net"
	"regexp"
	"strings"
	"unicode"

	"tenantaudit/internal/transport"
)

// Error is a refused or impossible sign-in, in words.
type Error struct {
	Code  string // "AADSTS7000215"; "" when the authority named none
	Cause string
	Next  string
	Err   error
	final bool // asking again in this run gives the same
}

// Error says cause and next step on one line; no secret, no query.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("sign-in failed: " + e.Cause)
	if e.Code != "" {
		b.WriteString(" (" + e.Code + ")")
	}
	if e.Next != "" {
		b.WriteString("; " + e.Next)
	}
	return b.String()
}

// Unwrap lets errors.Is find transport.ErrSignIn and the library's error.
func (e *Error) Unwrap() []error { return []error{transport.ErrSignIn, e.Err} }

var codePattern = regexp.MustCompile(`AADSTS\d{4,8}`)

// explain turns the library's error into words; said is the authority's last refusal. Unknown
// codes keep the authority's first sentence, escaped.
func explain(err error, said oauthRefusal, method, scope string) error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	text := err.Error()
	code := codePattern.FindString(text)
	if code == "" {
		if code = codePattern.FindString(said.Description); code != "" {
			text = said.Description
		}
	}
	if a, ok := advices[code]; ok {
		return &Error{Code: code, Cause: a.cause, Next: a.next, Err: err, final: !a.passing}
	}
	if e := byPerson(text, said, method); e != nil {
		e.Err, e.final = err, true
		return e
	}
	var dns *net.DNSError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Cause: "the authority did not answer in time", Next: "check the network and the proxy settings", Err: err}
	case errors.As(err, &dns):
		return &Error{Cause: "the host " + printable(dns.Name) + " is not known", Next: "check the network, the proxy settings and --cloud", Err: err}
	case errors.Is(err, transport.ErrGuard):
		return &Error{Cause: oneLine(text), Next: "check --cloud and --authority-url", Err: err, final: true}
	case strings.Contains(text, "x509: "):
		return &Error{Cause: "the authority's certificate is not trusted by this machine", Next: "if a proxy inspects the traffic, pass its certificate with --ca-certificate", Err: err, final: true}
	case code != "":
		return &Error{Code: code, Cause: "the authority refused: " + sentence(text, code), Next: "look the code up at https://login.microsoftonline.com/error", Err: err, final: true}
	}
	switch method {
	case AzureCLI:
		return &Error{Cause: "the Azure CLI gave no token: " + oneLine(text), Next: "run az login --tenant and try again", Err: err}
	case ManagedIdentity:
		return &Error{Cause: "no managed identity answered: " + oneLine(text), Next: "run on a host that has one, or use another --auth", Err: err}
	case Default:
		return &Error{Cause: "none of the default sign-in methods worked: " + oneLine(text), Next: "name one with --auth", Err: err}
	}
	return &Error{Cause: oneLine(text), Next: "check --auth, --tenant and --client-id for " + scope, Err: err}
}

// byPerson explains how an interactive sign-in ends without a code of the authority; nil for
// anything else.
func byPerson(text string, said oauthRefusal, method string) *Error {
	late := strings.Contains(text, context.DeadlineExceeded.Error())
	switch {
	case method != DeviceCode && method != Browser:
		return nil
	case said.Error == "authorization_declined" || said.Error == "access_denied":
		return &Error{Cause: "the sign-in was declined", Next: "run the command again, and approve it with an account of the tenant"}
	case said.Error == "expired_token" || late && method == DeviceCode:
		return &Error{Cause: "the code was not entered in time", Next: "run the command again and enter the new code"}
	case late:
		return &Error{Cause: "nobody finished the sign-in in the browser in time", Next: "run the command again, or use --auth device-code"}
	case strings.Contains(text, "executable file not found"):
		return &Error{Cause: "no browser could be opened", Next: "use --auth device-code, which works with a browser on any device"}
	}
	return nil
}

// cliChallenge says how to meet a claims challenge, which the Azure CLI cannot meet by itself.
func cliChallenge(tenant, claims string) error {
	next := "run az logout and az login --tenant " + tenant + ", then go on with --resume"
	if len(claims) <= 1024 {
		next = "run az login --tenant " + tenant + " --claims-challenge " + base64.StdEncoding.EncodeToString([]byte(claims)) + " and go on with --resume"
	}
	return &Error{Cause: "the service asks for a new sign-in", Next: next, final: true}
}

// sentence is what the authority says after its code, up to the first full stop.
func sentence(text, code string) string {
	_, after, _ := strings.Cut(text, code)
	after = strings.TrimLeft(after, ": ")
	if i := strings.IndexAny(after, ".\r\n\""); i > 0 {
		after = after[:i]
	}
	return oneLine(after)
}

// oneLine makes text of others safe and short for one line of a terminal.
func oneLine(s string) string {
	s = printable(strings.Join(strings.Fields(transport.Redact(s)), " "))
	if r := []rune(s); len(r) > 300 {
		s = string(r[:300]) + "…"
	}
	return s
}

// printable replaces what a terminal would obey.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
