package reports

import "fmt"

// words is a catalogue: texts of the product in a language, by their English form.
type words struct {
	lang     string // as the attribute lang of a page takes it
	text     map[string]string
	thousand string // stands between thousands
}

// in is a text in the language; nil is English.
func (w *words) in(s string) string {
	if w == nil {
		return s
	}
	if t, ok := w.text[s]; ok {
		return t
	}
	return s
}

// number writes a number as the language does.
func (w *words) number(n int64) string { return grouped(n) }

// t is a text of the product in the language of the review. English texts are the keys of the
// catalogues; a text that a catalogue lacks stays English.
func (m *model) t(s string) string { return m.words.in(s) }

// tf is t for a text with values in it.
func (m *model) tf(format string, args ...any) string {
	for i, a := range args {
		if n, ok := a.(int); ok {
			args[i] = number(m.words.number(int64(n)))
		}
	}
	return fmt.Sprintf(m.words.in(format), args...)
}

// number is a number that is written already; %d takes it as well as %s.
type number string

// Format writes the number for any verb.
func (n number) Format(f fmt.State, _ rune) { fmt.Fprint(f, string(n)) }
