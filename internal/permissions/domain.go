package permissions

import (
	"strings"

	"golang.org/x/net/idna"

	"tenantaudit/internal/snapshot"
)

// Where says on which side of the tenant's border an address lies.
type Where string

// The sides.
const (
	Internal   Where = "internal"
	External   Where = "external"
	Unresolved Where = "unresolved" // not known: never shown as internal
)

// lookup maps a domain as a mail system would: case folded, full-width and
// ideographic forms mapped, punycode. Underscores and hyphens in any place are
// let through because they occur in accepted domains.
var lookup = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.CheckHyphens(false))

// ASCIIDomain returns a domain in its ASCII (IDNA) form, lower case and without
// a final dot: the form in which domains are compared. ok is false for what is
// no domain name.
func ASCIIDomain(domain string) (ascii string, ok bool) {
	domain = strings.TrimSpace(domain)
	ascii, err := lookup.ToASCII(domain)
	if err != nil {
		return "", false
	}
	ascii = strings.ToLower(strings.TrimSuffix(ascii, "."))
	if ascii == "" || len(ascii) > 253 {
		return "", false
	}
	// Some mapped letters end in a name that is no valid domain itself.
	if again, err := lookup.ToASCII(ascii); err != nil || again != ascii {
		return "", false
	}
	for label := range strings.SplitSeq(ascii, ".") {
		if label == "" || len(label) > 63 {
			return "", false
		}
		for _, c := range []byte(label) {
			if c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
				return "", false
			}
		}
	}
	return ascii, true
}

// ParseDomain returns the domain of an SMTP address in its ASCII form. The proxy
// prefix ("SMTP:"), angle brackets and blanks around the address are dropped; the
// domain is what follows the last "@". ok is false for what is no address.
func ParseDomain(address string) (domain string, ok bool) {
	address = TrimAddress(address)
	at := strings.LastIndexByte(address, '@')
	if at <= 0 {
		return "", false
	}
	return ASCIIDomain(address[at+1:])
}

// TrimAddress drops blanks, angle brackets and the proxy prefix "smtp:" around an
// address and keeps its spelling.
func TrimAddress(address string) string {
	address = strings.TrimSpace(address)
	if strings.HasPrefix(address, "<") && strings.HasSuffix(address, ">") {
		address = strings.TrimSpace(address[1 : len(address)-1])
	}
	if len(address) >= 5 && strings.EqualFold(address[:5], "smtp:") {
		address = strings.TrimSpace(address[5:])
	}
	return address
}

// NormalAddress returns an address as rows carry it: trimmed and lower case. The
// domain keeps its Unicode form, so that people can read it.
func NormalAddress(address string) string { return strings.ToLower(TrimAddress(address)) }

// Domains are the tenant's accepted domains. The zero value knows none.
type Domains struct {
	complete bool
	domains  map[string]*bool  // ASCII name to MatchSubDomains, nil unknown
	skeleton map[string]string // skeleton to the own domain
}

// NewDomains indexes the accepted domains. complete says that the list names
// every domain of the tenant; rows that came from Graph do (its verified domains
// come whole or not at all), although they leave MatchSubDomains unknown.
func NewDomains(list []snapshot.AcceptedDomain, complete bool) *Domains {
	d := &Domains{
		complete: complete,
		domains:  make(map[string]*bool, len(list)),
		skeleton: make(map[string]string, len(list)),
	}
	for _, a := range list {
		name, ok := ASCIIDomain(strings.TrimPrefix(a.DomainName, "*."))
		if !ok {
			continue
		}
		d.domains[name] = a.MatchSubDomains
		if strings.HasPrefix(a.DomainName, "*.") {
			yes := true
			d.domains[name] = &yes
		}
		d.skeleton[skeleton(name)] = name
		if a.Source == "graph" {
			d.complete = true
		}
	}
	return d
}

// Complete reports whether the list names every domain of the tenant.
func (d *Domains) Complete() bool { return d.complete }

// Classify says where an address lies. Its domain is internal when it equals an
// accepted domain, or lies below one that has MatchSubDomains; it is unresolved
// when the address cannot be read, when it lies below a domain whose
// MatchSubDomains is unknown, or when it is not in a list that is not complete;
// otherwise it is external.
func (d *Domains) Classify(address string) Where {
	domain, ok := ParseDomain(address)
	if !ok {
		return Unresolved
	}
	return d.ClassifyDomain(domain)
}

// ClassifyDomain is Classify for a domain in any form.
func (d *Domains) ClassifyDomain(domain string) Where {
	domain, ok := ASCIIDomain(domain)
	if !ok {
		return Unresolved
	}
	if _, own := d.domains[domain]; own {
		return Internal
	}
	unknown := !d.complete
	for _, parent, more := strings.Cut(domain, "."); more; _, parent, more = strings.Cut(parent, ".") {
		match, own := d.domains[parent]
		switch {
		case !own:
		case match == nil:
			unknown = true
		case *match:
			return Internal
		}
	}
	if unknown {
		return Unresolved
	}
	return External
}

// LooksLike returns the accepted domain that a domain, or one it lies below, is
// drawn to look like: another name with the same skeleton (see skeleton). ok is
// false for own domains and for names that only share words with one.
func (d *Domains) LooksLike(domain string) (own string, ok bool) {
	domain, valid := ASCIIDomain(domain)
	if !valid || d.ClassifyDomain(domain) == Internal {
		return "", false
	}
	for rest, more := domain, true; more && strings.Contains(rest, "."); _, rest, more = strings.Cut(rest, ".") {
		if name, found := d.skeleton[skeleton(rest)]; found && name != rest {
			return name, true
		}
	}
	return "", false
}
