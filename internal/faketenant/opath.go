package faketenant

import (
	"strings"
)

// opath is a filter: comparisons with -eq, -ne and -like, joined by -and and -or, with
// parentheses. It is the part of Exchange's filter language that reviews use.
type opath func(property func(name string) (string, bool)) bool

// parseOPath reads a filter.
func parseOPath(s string) (opath, *failure) {
	tokens, closed := opathTokens(s)
	ps := &opathParser{tokens: tokens}
	f, ok := ps.or()
	if !ok || !closed || ps.pos != len(ps.tokens) {
		return nil, invalid("Cannot bind parameter 'Filter' to the target. Exception setting \"Filter\": \"Invalid filter syntax. For a description of the filter parameter syntax see the command help.\"",
			"System.Management.Automation.ParameterBindingException")
	}
	return f, nil
}

type opathParser struct {
	tokens []opathToken
	pos    int
}

type opathToken struct {
	text   string
	quoted bool
}

// opathTokens parts a filter; closed is false when a quotation does not end.
func opathTokens(s string) (out []opathToken, closed bool) {
	closed = true
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == ' ' || c == '\t':
			i++
		case c == '(' || c == ')':
			out = append(out, opathToken{text: string(c)})
			i++
		case c == '\'' || c == '"':
			var b strings.Builder
			j := i + 1
			for j < len(s) {
				if s[j] == c {
					if j+1 < len(s) && s[j+1] == c { // a doubled quote
						b.WriteByte(c)
						j += 2
						continue
					}
					break
				}
				b.WriteByte(s[j])
				j++
			}
			closed = j < len(s)
			out = append(out, opathToken{b.String(), true})
			i = j + 1
		default:
			j := i
			for j < len(s) && !strings.ContainsRune(" \t()'\"", rune(s[j])) {
				j++
			}
			out = append(out, opathToken{text: s[i:j]})
			i = j
		}
	}
	return out, closed
}

func (ps *opathParser) peek(word string) bool {
	return ps.pos < len(ps.tokens) && !ps.tokens[ps.pos].quoted && strings.EqualFold(ps.tokens[ps.pos].text, word)
}

func (ps *opathParser) take(word string) bool {
	if ps.peek(word) {
		ps.pos++
		return true
	}
	return false
}

func (ps *opathParser) or() (opath, bool) {
	left, ok := ps.and()
	for ok && ps.take("-or") {
		l := left
		r, fine := ps.and()
		left, ok = func(p func(string) (string, bool)) bool { return l(p) || r(p) }, fine
	}
	return left, ok
}

func (ps *opathParser) and() (opath, bool) {
	left, ok := ps.term()
	for ok && ps.take("-and") {
		l := left
		r, fine := ps.term()
		left, ok = func(p func(string) (string, bool)) bool { return l(p) && r(p) }, fine
	}
	return left, ok
}

func (ps *opathParser) term() (opath, bool) {
	if ps.take("-not") {
		f, ok := ps.term()
		return func(p func(string) (string, bool)) bool { return !f(p) }, ok
	}
	if ps.take("(") {
		f, ok := ps.or()
		return f, ok && ps.take(")")
	}
	if ps.pos+3 > len(ps.tokens) {
		return nil, false
	}
	name, op, value := ps.tokens[ps.pos], strings.ToLower(ps.tokens[ps.pos+1].text), ps.tokens[ps.pos+2]
	ps.pos += 3
	if name.quoted || strings.HasPrefix(name.text, "-") || name.text == ")" {
		return nil, false
	}
	want := strings.ToLower(value.text)
	if !value.quoted {
		if want = strings.TrimPrefix(want, "$"); want == "null" {
			want = ""
		}
	}
	get := func(p func(string) (string, bool)) string { v, _ := p(name.text); return strings.ToLower(v) }
	switch op {
	case "-eq":
		return func(p func(string) (string, bool)) bool { return get(p) == want }, true
	case "-ne":
		return func(p func(string) (string, bool)) bool { return get(p) != want }, true
	case "-like":
		before, after, star := strings.Cut(want, "*")
		return func(p func(string) (string, bool)) bool {
			v := get(p)
			if !star {
				return v == want
			}
			if before == "" && strings.HasSuffix(after, "*") {
				return strings.Contains(v, strings.TrimSuffix(after, "*"))
			}
			return len(v) >= len(before)+len(after) && strings.HasPrefix(v, before) && strings.HasSuffix(v, after)
		}, true
	}
	return nil, false
}

// filterable are the properties that a filter may name.
func filterable(pr *principal) func(string) (string, bool) {
	m := pr.mailbox
	return func(name string) (string, bool) {
		switch strings.ToLower(name) {
		case "displayname":
			return pr.display, true
		case "name", "identity", "id":
			return pr.identity(), true
		case "alias":
			return pr.alias, true
		case "primarysmtpaddress", "windowsemailaddress":
			return pr.smtp, true
		case "emailaddresses":
			return "smtp:" + pr.smtp, true
		case "userprincipalname":
			return pr.upn, true
		case "externaldirectoryobjectid":
			return pr.id.text(), true
		case "guid", "exchangeobjectid":
			return pr.xid.String(), true
		case "exchangeguid":
			if m != nil {
				return m.store.String(), true
			}
		case "recipienttypedetails":
			return pr.rtd, true
		case "recipienttype":
			return recipientType(pr.rtd), true
		case "hiddenfromaddresslistsenabled":
			return boolText(pr.hidden), true
		case "auditenabled":
			return boolText(m != nil && !m.auditOff), true
		case "isinactivemailbox":
			return boolText(m != nil && m.inactive), true
		case "litigationholdenabled":
			return boolText(m != nil && m.hold), true
		case "forwardingsmtpaddress":
			if m != nil && m.forwardSMTP != nil {
				return m.forwardSMTP.as, true
			}
			return "", true
		case "forwardingaddress":
			if m != nil && m.forwardTo != nil {
				return m.forwardTo.as, true
			}
			return "", true
		case "legacyexchangedn":
			return pr.legacyDN(), true
		}
		return "", false
	}
}

func boolText(v bool) string {
	if v {
		return "true"
	}
	return "false"
}
