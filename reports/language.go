package reports

import (
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"tenantaudit/checks"
	"tenantaudit/internal/snapshot"
)

// The texts of the product in other languages: one flat file for each language, whose keys are the
// English texts. Keys "finding:<check>" say what a finding of a check means. Ids, names of datasets and
// columns, cmdlets and whatever the tenant or a service wrote stay as they are.
//
//go:embed languages
var languages embed.FS

// Languages lists the languages of reviews; the first is the default.
func Languages() []string { return []string{"en", "fr", "de"} }

// words is the catalogue of one language; nil is English.
type words struct {
	lang string // as the attribute lang of a page takes it
	text map[string]string
	sep  string // between thousands

	mu      sync.Mutex
	missing map[string]bool // texts that were asked for and are not in the catalogue; nil: not kept
}

// wordsOf reads a catalogue. "" and "en" are English.
func wordsOf(lang string) (*words, error) {
	if lang == "" || lang == "en" {
		return nil, nil
	}
	if !slices.Contains(Languages(), lang) {
		return nil, fmt.Errorf("no language %q; choose from %s", lang, strings.Join(Languages(), ", "))
	}
	w := &words{lang: lang, sep: map[string]string{"fr": "\u202f", "de": "."}[lang], text: map[string]string{}}
	for _, part := range []string{"", ".checks", ".labels"} {
		raw, err := languages.ReadFile(path.Join("languages", lang+part+".json"))
		if err != nil {
			return nil, fmt.Errorf("read language %s: %w", lang, err)
		}
		if err := json.Unmarshal(raw, &w.text); err != nil {
			return nil, fmt.Errorf("read language %s%s: %w", lang, part, err)
		}
	}
	return w, nil
}

// in is a text in the language; one that the catalogue lacks stays English.
func (w *words) in(s string) string {
	if w == nil || s == "" {
		return s
	}
	if t, ok := w.text[s]; ok {
		return t
	}
	if w.missing != nil {
		w.mu.Lock()
		w.missing[s] = true
		w.mu.Unlock()
	}
	return s
}

// value is in for a text that may be the tenant's: it is translated when the catalogue has it.
func (w *words) value(s string) string {
	if w == nil {
		return s
	}
	return cmp.Or(w.text[s], s)
}

// f is in for a text with values in it: %s and %d take numbers and texts alike.
func (w *words) f(format string, args ...any) string {
	for i, a := range args {
		switch n := a.(type) {
		case int:
			args[i] = written(w.number(int64(n)))
		case int64:
			args[i] = written(w.number(n))
		}
	}
	return fmt.Sprintf(w.in(format), args...)
}

// written is a number as the language writes it; any verb prints it.
type written string

// Format writes the number.
func (n written) Format(f fmt.State, _ rune) { fmt.Fprint(f, string(n)) }

// number writes a number with the language's mark between thousands.
func (w *words) number(n int64) string {
	if w == nil {
		return grouped(n)
	}
	return strings.ReplaceAll(grouped(n), ",", w.sep)
}

// code is the language as an attribute of a page takes it.
func (w *words) code() string {
	if w == nil {
		return "en"
	}
	return w.lang
}

func (w *words) severity(id string) string             { return w.in(severityWord(id)) }
func (w *words) status(id string) string               { return w.in(statusWord(id)) }
func (w *words) area(id string) string                 { return w.in(areaWord(id)) }
func (w *words) dataset(d snapshot.Dataset) string     { return w.in(datasetTitle(d)) }
func (w *words) state(s snapshot.CoverageState) string { return w.in(stateWord(s)) }

// cause is the cause of a gap at the beginning of a text.
func (w *words) cause(c snapshot.Cause) string { return capital(w.in(checks.CauseWord(c))) }

// label is a name of the product in words; Microsoft's own names stay.
func (w *words) label(name string) string {
	s := label(name)
	if s == name {
		return s
	}
	return w.in(s)
}

// lower is a text that goes on within a sentence. German nouns keep their capitals.
func (w *words) lower(s string) string {
	if w.code() == "de" || s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// pageTexts are the texts of app.js.
var pageTexts = []string{
	"%s findings", "%s of %s findings on this page", "Reading…", "This table cannot be read: the page is damaged or the browser too old (%s). No rows are shown. The workbook has them.",
	"%s rows", "%s of %s rows", "No row matches.", "This table has no rows.", "Only the row that a finding rests on.", "The row that the finding rests on is not in this table.",
	"(empty or unknown)", "unknown", "%s, row %s", "Saved %s of %s rows", "Copied %s of %s rows", "The browser does not let this page copy; use Save as CSV",
	"Not in this page. The workbook has these rows.", "The first %s of %s", "%s found", "1 way", "%s ways",
	"This table cannot be read: the page is damaged or the browser too old (%s). Nothing is shown. The workbook has these rows.", "Every mailbox",
	"%s into this mailbox, %s more into every mailbox", "%s into mailboxes", "Into this mailbox", "What it can reach", "Into every mailbox, and so into this one",
	"Who", "Mailbox", "Can", "How", "Where", "What closes it", "These are the first %s of %s. Evidence has all of them.", "No row of this page names it.", "Light", "Dark",
	"Read", "Change or delete", "Send as", "Send on behalf", "Change who has access", "Receive its mail",
	"Full Access", "permission on the mailbox", "permission on a folder", "Send As", "Send on Behalf", "application permission", "delegated consent", "Exchange role", "directory role", "forwarding", "inbox rule", "mail flow rule",
}

// pageBlock is the texts of app.js in the language of the page, as a block of data.
func (w *words) pageBlock() (string, error) {
	texts := map[string]string{}
	if w != nil {
		for _, s := range pageTexts {
			texts[s] = w.in(s)
		}
	}
	raw, err := json.Marshal(texts) // escapes what could end the element
	return `<script type="application/json" id="texts">` + string(raw) + "</script>\n", err
}

// t is a text of the product in the language of the review.
func (m *model) t(s string) string { return m.words.in(s) }

// tf is t for a text with values in it.
func (m *model) tf(format string, args ...any) string { return m.words.f(format, args...) }

// summary says what a finding means: the check's own sentence, or in other languages the sentence of
// the catalogue. What is special about the one finding is in its details.
func (m *model) summary(f checkFinding) string {
	if m.words == nil {
		return f.Summary
	}
	return cmp.Or(m.words.text["finding:"+f.Check], f.Summary)
}

// causeOf says why a check did not see everything. English is the runner's own text; other languages
// give what was not read in numbers, and the runner's text for what is no dataset.
func (m *model) causeOf(c checkResult) string {
	if m.words == nil || c.Cause == "" {
		return c.Cause
	}
	parts := m.words.missingText(c.Missing)
	for part := range strings.SplitSeq(c.Cause, listSep) {
		if strings.HasSuffix(part, "]") { // of a dataset: said in numbers above
			continue
		}
		text, count := part, ""
		if i := strings.LastIndex(part, " ("); i > 0 && strings.HasSuffix(part, ")") {
			text, count = part[:i], part[i:]
		}
		parts = append(parts, m.words.value(text)+count)
	}
	return strings.Join(parts, listSep)
}
