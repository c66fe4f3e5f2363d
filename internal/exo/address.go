package exo

import "strings"

// AddressKind is how an address element names its target.
type AddressKind string

// The kinds. An EX address is a directory object, which may well be a contact with an
// external address: it does not mean internal.
const (
	SMTP AddressKind = "SMTP" // an SMTP address
	EX   AddressKind = "EX"   // a LegacyExchangeDN, "/o=…/cn=…"
	Bare AddressKind = "bare" // anything without a type: an address, a name, an id
)

// ParseAddress reads an element of a rule's recipients, `"display name" [TYPE:value]`,
// by its last pair of brackets: display names are free text and may hold brackets,
// quotes and addresses of their own. What has no such pair is Bare: then a leading
// "smtp:" is dropped and makes it SMTP, and "/o=" makes it EX. name is the display
// name without its quotes, "" when there is none.
//
// Source: New-InboxRule, parameters ForwardTo and RedirectTo.
func ParseAddress(s string) (kind AddressKind, name, value string) {
	s = strings.TrimSpace(s)
	if strings.HasSuffix(s, "]") {
		if i := strings.LastIndexByte(s, '['); i >= 0 {
			inner := strings.TrimSpace(s[i+1 : len(s)-1])
			name = unquote(strings.TrimSpace(s[:i]))
			if typ, v, found := strings.Cut(inner, ":"); found {
				v = strings.TrimSpace(v)
				switch {
				case strings.EqualFold(typ, string(SMTP)) && v != "":
					return SMTP, name, v
				case strings.EqualFold(typ, string(EX)) && v != "":
					return EX, name, v
				}
			}
			if kind, v := bare(inner); kind != Bare || strings.Contains(v, "@") {
				return kind, name, v
			}
		}
	}
	kind, value = bare(unquote(s))
	return kind, "", value
}

func bare(s string) (AddressKind, string) {
	if len(s) > 5 && strings.EqualFold(s[:5], "smtp:") {
		return SMTP, strings.TrimSpace(s[5:])
	}
	if len(s) > 3 && strings.EqualFold(s[:3], "/o=") {
		return EX, s
	}
	return Bare, s
}

func unquote(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}
