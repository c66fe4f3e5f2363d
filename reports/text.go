package reports

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// hidden reports whether a reader cannot see r, or whether r changes how its
// neighbours are shown: control and format characters (bidirectional marks and
// overrides, zero-width characters, tags), line and paragraph separators, fillers that
// look like nothing, and noncharacters. Tab and line feed are left to the caller.
func hidden(r rune) bool {
	switch {
	case r < 0x20 || r >= 0x7f && r <= 0x9f:
		return true
	case r < 0x300: // the fast way for nearly all text
		return r == 0xad
	case r == 0x034f, r == 0x115f, r == 0x1160, r == 0x17b4, r == 0x17b5, r == 0x3164, r == 0xffa0:
		return true // a joiner and fillers that take no or blank space
	case r == 0x2028, r == 0x2029:
		return true
	case r&0xfffe == 0xfffe, r >= 0xfdd0 && r <= 0xfdef:
		return true // noncharacters; two of them are no legal XML
	case r >= 0xe0000 && r <= 0xe0fff:
		return true // tags and supplementary selectors
	}
	return unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// visible writes hidden characters as marks such as <U+202E> and bytes that are no
// UTF-8 as U+FFFD. Characters in keep stay as they are. marks and invalid count
// what was replaced.
func visible(s, keep string) (out string, marks, invalid int) {
	clean := true
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c >= 0x7f {
			clean = false
			break
		}
	}
	if clean {
		return s, 0, 0
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			invalid++
			b.WriteRune(utf8.RuneError)
		case hidden(r) && !strings.ContainsRune(keep, r):
			marks++
			fmt.Fprintf(&b, "<U+%04X>", r)
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String(), marks, invalid
}

// shown is visible for text that people read on a page: no character is kept.
func shown(s string) string {
	s, _, _ = visible(s, "")
	return s
}

// formulaLead reports whether a spreadsheet could take s for a formula: it begins
// with = + - @, a tab or a carriage return, or with a full-width form of a sign.
func formulaLead(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	switch r {
	case '=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠':
		return true
	}
	return false
}

// utf16Len is the length of s as spreadsheets count it.
func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xffff {
			n++
		}
	}
	return n
}

// cut shortens s to at most limit UTF-16 units and says so in place of the rest.
func cut(s string, limit int) (string, bool) {
	if len(s) <= limit { // bytes are never fewer than UTF-16 units
		return s, false
	}
	total := utf16Len(s)
	if total <= limit {
		return s, false
	}
	mark := fmt.Sprintf(" … [cut, %d characters]", total)
	room, used := limit-utf16Len(mark), 0
	for i, r := range s {
		n := 1
		if r > 0xffff {
			n = 2
		}
		if used+n > room {
			return s[:i] + mark, true
		}
		used += n
	}
	return s, false // unreachable: total is above limit
}
