package auth

import (
	"context"
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

type advice struct{ cause, next string }

// advices explains the authority's codes.
// Source: https://learn.microsoft.com/entra/identity-platform/reference-error-codes.
var advices = map[string]advice{
	"AADSTS7000215": {"the client secret is wrong", "copy the secret's value, not its id, into AZURE_CLIENT_SECRET"},
	"AADSTS7000222": {"the client secret has expired", "create a new secret for the application and set AZURE_CLIENT_SECRET"},
	"AADSTS700016":  {"the application does not exist in this tenant", "check --client-id and --tenant; a multi-tenant application must be consented in the tenant first"},
	"AADSTS700027":  {"the certificate is not registered with the application, or has expired", "upload the certificate's public part to the application registration, or use the registered one"},
	"AADSTS1000502": {"the certificate has expired", "register a new certificate with the application and pass it with --certificate"},
	"AADSTS7000112": {"the application is disabled", "an administrator must enable its enterprise application"},
	"AADSTS7000218": {"the application registration is not a public client", "allow public client flows in the registration (Authentication), or use --auth client-secret or certificate"},
	"AADSTS65001":   {"nobody has consented to the permissions of this application", "an administrator must grant consent (Enterprise applications, Permissions)"},
	"AADSTS650052":  {"the service is not set up in this tenant", "the tenant lacks Exchange Online, or an administrator must consent to the application first"},
	"AADSTS90094":   {"an administrator must consent to the application", "ask a Global Administrator to grant consent for the organization"},
	"AADSTS53003":   {"Conditional Access blocks this sign-in", "sign in from an allowed device or place, with another --auth, or ask for an exclusion of this application"},
	"AADSTS530003":  {"Conditional Access asks for a managed device", "sign in from a device that the tenant manages"},
	"AADSTS50158":   {"Conditional Access asks for a further check", "sign in with --auth browser"},
	"AADSTS50076":   {"multifactor authentication is needed", "sign in with --auth browser or device-code"},
	"AADSTS50079":   {"multifactor authentication must be set up first", "register a second factor at https://aka.ms/mfasetup and try again"},
	"AADSTS50105":   {"the user is not assigned to this application", "an administrator must assign the user, or switch assignment off"},
	"AADSTS50034":   {"the user does not exist in this tenant", "check --tenant and the account you signed in with"},
	"AADSTS50126":   {"user name or password is wrong", "try again"},
	"AADSTS50053":   {"the account is locked", "wait, or ask an administrator"},
	"AADSTS50057":   {"the account is disabled", "ask an administrator"},
	"AADSTS50055":   {"the password has expired", "change it and try again"},
	"AADSTS50059":   {"the tenant could not be told from the request", "pass --tenant"},
	"AADSTS90002":   {"the tenant was not found", "check --tenant for a typing error, and --cloud: the tenant may live in another cloud"},
	"AADSTS900023":  {"the tenant name is not valid", "pass the tenant id or a verified domain with --tenant"},
	"AADSTS900432":  {"the tenant lives in another cloud", "pass --cloud usgov, usgovdod or china"},
	"AADSTS90038":   {"the tenant lives in another cloud", "pass --cloud usgov, usgovdod or china"},
	"AADSTS500011":  {"the service is not present in this tenant", "check --cloud; the tenant may lack Exchange Online"},
	"AADSTS500014":  {"the service is disabled in this tenant", "an administrator must enable its service principal"},
	"AADSTS70016":   {"the code has not been entered yet", "open the address shown and enter the code"},
	"AADSTS70020":   {"the code has expired", "run the command again and enter the new code"},
	"AADSTS700024":  {"the client assertion is not valid now", "set this machine's clock"},
	"AADSTS700082":  {"the sign-in has expired through inactivity", "sign in again; --resume goes on with what is stored"},
	"AADSTS50173":   {"the sign-in was revoked", "sign in again; --resume goes on with what is stored"},
	"AADSTS70043":   {"the sign-in has expired by policy", "sign in again; --resume goes on with what is stored"},
	"AADSTS50011":   {"the application registration lacks the redirect address", "add http://localhost as a redirect URI for mobile and desktop applications"},
	"AADSTS700213":  {"no federated credential of the application matches this workload", "check subject and issuer of the federated credential"},
	"AADSTS700211":  {"no federated credential of the application matches this workload", "check subject and issuer of the federated credential"},
	"AADSTS90019":   {"the tenant is missing in the request", "pass --tenant"},
	"AADSTS16000":   {"the account belongs to another tenant", "sign in with an account of the tenant"},
	"AADSTS53000":   {"Conditional Access asks for a compliant device", "sign in from a device that the tenant manages"},
	"AADSTS530035":  {"security defaults block this sign-in", "sign in with --auth browser"},
	"AADSTS399284":  {"the sign-in was refused for an invalid token", "sign in again"},
	"AADSTS1002012": {"the scope is not accepted for this kind of sign-in", "report this: it is a fault of this program"},
	"AADSTS7000229": {"the application has no service principal in this tenant", "an administrator must consent to the application in the tenant"},
	"AADSTS700030":  {"the certificate is not accepted for this application", "use a certificate that the registration lists"},
	"AADSTS7000114": {"the application is not allowed to call this service", "grant it the application permissions that the README lists"},
	"AADSTS501051":  {"the application is not assigned to a role of the service", "grant it the application permissions that the README lists"},
	"AADSTS50020":   {"the account is a guest or belongs to another directory", "use an account of the tenant, or be invited first"},
	"AADSTS90072":   {"the account is not a member of this tenant", "use an account of the tenant, or be invited first"},
	"AADSTS5000224": {"the tenant is not reachable at the moment", "try again later"},
	"AADSTS90033":   {"the authority is busy", "try again in a few minutes"},
	"AADSTS50196":   {"the authority stopped a loop of requests", "wait a few minutes and try again"},
}

var codePattern = regexp.MustCompile(`AADSTS\d{4,8}`)

// explain turns the library's error into words. Unknown codes keep the authority's
// first sentence, escaped.
func explain(err error, method, scope string) error {
	text := err.Error()
	code := codePattern.FindString(text)
	if a, ok := advices[code]; ok {
		return &Error{Code: code, Cause: a.cause, Next: a.next, Err: err}
	}
	var dns *net.DNSError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Cause: "the authority did not answer in time", Next: "check the network and the proxy settings", Err: err}
	case errors.As(err, &dns):
		return &Error{Cause: "the host " + printable(dns.Name) + " is not known", Next: "check the network, the proxy settings and --cloud", Err: err}
	case errors.Is(err, transport.ErrGuard):
		return &Error{Cause: oneLine(text), Next: "check --cloud and --authority-url", Err: err}
	case strings.Contains(text, "x509: "):
		return &Error{Cause: "the authority's certificate is not trusted by this machine", Next: "if a proxy inspects the traffic, pass its certificate with --ca-certificate", Err: err}
	case code != "":
		return &Error{Code: code, Cause: "the authority refused: " + sentence(text, code), Next: "look the code up at https://login.microsoftonline.com/error", Err: err}
	}
	switch method {
	case AzureCLI:
		return &Error{Cause: "the Azure CLI gave no token: " + oneLine(text), Next: "run az login --tenant and try again", Err: err}
	case ManagedIdentity:
		return &Error{Cause: "no managed identity answered: " + oneLine(text), Next: "run on a host that has one, or use another --auth", Err: err}
	case Default, "":
		return &Error{Cause: "none of the default sign-in methods worked: " + oneLine(text), Next: "name one with --auth", Err: err}
	}
	return &Error{Cause: oneLine(text), Next: "check --auth, --tenant and --client-id for " + scope, Err: err}
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
