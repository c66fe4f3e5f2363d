package checks

import "strconv"

// plural writes a number with its noun: "1 mailbox", "2 mailboxes".
func plural(n int, noun string) string {
	s := strconv.Itoa(n) + " " + noun
	if n == 1 {
		return s
	}
	switch noun[len(noun)-1] {
	case 'x', 's':
		return s + "es"
	}
	return s + "s"
}

// grouped writes a number with commas between thousands.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
