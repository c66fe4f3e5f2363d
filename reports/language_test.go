package reports

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"tenantaudit/checks"
	"tenantaudit/internal/snapshot"
)

// everyWord is a review in which every sheet, view, state and cause occurs, with the whole catalogue.
func everyWord(t *testing.T) (*memory, Results) {
	t.Helper()
	m, res := pictured(t)
	waysIn(m)
	m.run.Filter, m.run.IdentityType = "kim@contoso.example", "application"
	m.run.Reused = []snapshot.Reused{{Source: "exo/Get-MailboxPermission", Units: 1180, Of: 1200}, {Source: "exo/Get-RoleGroupMember", Units: 1, Of: 2}}
	var covers []snapshot.Coverage
	states := []snapshot.CoverageState{snapshot.CoveragePartial, snapshot.CoverageDenied, snapshot.CoverageUnavailable, snapshot.CoverageFailed, snapshot.CoverageSkipped}
	causes := []snapshot.Cause{snapshot.MissingPrivilege, snapshot.MissingLicence, snapshot.CauseThrottled, snapshot.ServiceError, snapshot.NotFound, snapshot.Filtered, snapshot.Interrupted}
	for i, d := range snapshot.Datasets() {
		if i%3 == 0 {
			continue
		}
		c := snapshot.Coverage{Dataset: d, State: states[i%len(states)], Expected: 9, Collected: 1, Failed: 2, Units: snapshot.Units{Denied: 1, Unavailable: 1, Throttled: 1, Failed: 1, Open: 1, Filtered: 1, Outside: 1, Gone: 1}}
		if i%4 != 0 {
			c.Reasons = []snapshot.Reason{{Cause: causes[i%len(causes)], Detail: "Get-X", Count: 3, Foreseen: i%2 == 0, Unforeseen: i%2 == 1}, snapshot.Outside("group", 2)}
		}
		covers = append(covers, c)
	}
	m.complete(covers...)
	res.Checks, res.Findings = nil, nil
	statuses := []checks.Status{checks.Fail, checks.Pass, checks.NotEvaluated, checks.Informative}
	for i, c := range checks.All() {
		r := checks.Result{Check: c, Status: statuses[i%4], Severity: c.Severity, Evaluated: 1, Expected: 2}
		if i%3 == 0 || r.Status == checks.NotEvaluated {
			r.Cause = "AuditEnabled was not sent (1)"
		}
		if r.Status == checks.Fail || r.Status == checks.Informative {
			r.Findings = 1
			res.Findings = append(res.Findings, checks.Finding{ID: fmt.Sprintf("%032x", i), Check: c.ID, Severity: c.Severity, Subject: checks.Subject{Type: "mailbox", ID: id(i), Name: "kim@contoso.example"}, Summary: "In English: " + c.ID,
				Details: map[string]any{"on": true, "off": false, "nothing": nil}, Evidence: []checks.Evidence{{Dataset: snapshot.Mailboxes, Key: id(1)}}})
		}
		res.Checks = append(res.Checks, r)
	}
	return m, res
}

// noted is a tenant whose values have to be shown otherwise than they were sent.
func noted(t *testing.T) (*memory, Results) {
	t.Helper()
	m, res := everyWord(t)
	m.complete()
	m.gaps = nil
	for i, c := range res.Checks {
		res.Checks[i].Cause, res.Checks[i].Status = "", checks.Pass
		_ = c
	}
	return m, res
}

// nothing is a tenant in which nothing was found.
func nothing(*testing.T) (*memory, Results) {
	m := newMemory()
	m.complete()
	return m, Results{Checks: []checks.Result{{Check: checks.All()[0], Status: checks.Pass, Severity: checks.High}}}
}

// ownWords are texts that a review shows only now and then.
func ownWords() (out []string) {
	for _, c := range checks.All() {
		out = append(out, c.Title, c.Why, c.Fix, c.Rule, c.Subject)
	}
	for _, l := range checks.Limits(checks.All()) {
		out = append(out, l.Text)
	}
	for _, d := range snapshot.Datasets() {
		out = append(out, datasetTitle(d))
	}
	for _, s := range severities {
		out = append(out, s.word, s.meaning)
	}
	for _, s := range statuses {
		out = append(out, s.word, s.meaning)
	}
	for _, a := range areas {
		out = append(out, a.word)
	}
	for _, s := range stateWords {
		out = append(out, s)
	}
	for _, s := range folderWords {
		out = append(out, s)
	}
	for _, c := range []snapshot.Cause{snapshot.MissingPrivilege, snapshot.MissingLicence, snapshot.CauseThrottled, snapshot.ServiceError, snapshot.NotFound, snapshot.Filtered, snapshot.Interrupted} {
		out = append(out, checks.CauseWord(c))
	}
	for _, e := range readyEvents {
		out = append(out, e.word)
	}
	out = append(out, readyGroups...)
	out = append(out, mechanisms...)
	out = append(out, reviewStates...)
	out = append(out, reviewDecisions...)
	out = append(out, noteHidden, noteInvalid, noteLines, noteCut, noteFormula, noteInt, noteDate, ownCheck, redactedStatement, "Redacted copy", "application", "user")
	// Whatever the source asks for by name.
	asked := regexp.MustCompile("(?:\\bm\\.t|\\bm\\.tf|\\bw\\.in|\\bw\\.f|\\bm\\.words\\.in)\\((\"(?:[^\"\\\\]|\\\\.)*\")|\\{\\{(?:[^{}]*[ (])?tf? (\"[^\"]*\"|`[^`]*`)")
	files, _ := filepath.Glob("*.go")
	for _, name := range append(files, "templates/page.html") {
		raw, err := os.ReadFile(name)
		if err != nil || strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, g := range asked.FindAllStringSubmatch(string(raw), -1) {
			if s, err := strconv.Unquote(g[1] + g[2]); err == nil {
				out = append(out, s)
			}
		}
	}
	return append(out, pageTexts...)
}

// Every text of every report is in every catalogue.
func TestLanguagesAreComplete(t *testing.T) {
	var wanted []string
	for _, lang := range Languages()[1:] {
		w, err := wordsOf(lang)
		if err != nil {
			t.Fatal(err)
		}
		w.missing = map[string]bool{}
		for _, s := range ownWords() {
			w.in(s)
		}
		for _, c := range checks.All() {
			if w.text["finding:"+c.ID] == "" {
				w.missing["finding:"+c.ID] = true
			}
		}
		for _, make := range []func(*testing.T) (*memory, Results){everyWord, noted, nothing} {
			m, res := make(t)
			mo, err := newModel(m, res, "1.2.3")
			if err != nil {
				t.Fatal(err)
			}
			mo.words, mo.preparedBy, mo.redacted, mo.name = w, "Ada", true, "x"
			dir := t.TempDir()
			st := &staging{dir: dir}
			if err := writeWorkbooks(t.Context(), st, mo, planEvidence(mo, 2, 1000)); err != nil {
				t.Fatal(err)
			}
			f, err := os.Create(dir + "/x.html")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := writeHTMLLimit(t.Context(), f, dir, mo, 60_000); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
		for s := range w.missing {
			wanted = append(wanted, lang+": "+s)
		}
	}
	slices.Sort(wanted)
	if path := os.Getenv("TENANTAUDIT_MISSING_WORDS"); path != "" {
		raw, _ := json.MarshalIndent(wanted, "", " ")
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if len(wanted) > 0 {
		t.Errorf("%d texts are not in their catalogue: %.2000q", len(wanted), wanted)
	}
}

var values = regexp.MustCompile(`%(\[\d\])?[sd]`)

// A translation keeps the values of its text, and its cmdlets.
func TestTranslationsKeepWhatMatters(t *testing.T) {
	cmdlet := regexp.MustCompile(`\b(Get|Set|Remove|New|Add|Update|Disable|Test)-[A-Z][A-Za-z0-9]+`)
	for _, lang := range Languages()[1:] {
		w, err := wordsOf(lang)
		if err != nil {
			t.Fatal(err)
		}
		for en, s := range w.text {
			if a, b := values.FindAllString(en, -1), values.FindAllString(s, -1); len(a) != len(b) {
				t.Errorf("%s: %q has %d values, its translation %q has %d", lang, en, len(a), s, len(b))
			}
			for _, c := range cmdlet.FindAllString(en, -1) {
				if !strings.Contains(s, c) {
					t.Errorf("%s: the translation of %.60q lacks %s", lang, en, c)
				}
			}
			if strings.TrimSpace(s) == "" || strings.ContainsAny(s, "<>") && !strings.ContainsAny(en, "<>") {
				t.Errorf("%s: %q is translated as %q", lang, en, s)
			}
		}
	}
}

// Every text of the script has its place in the list of texts that pages carry.
func TestTextsOfTheScriptAreListed(t *testing.T) {
	for _, g := range regexp.MustCompile(`\bT\('((?:[^'\\]|\\.)*)'|\bT\([^'()]*\? '([^']*)' : '([^']*)'\)`).FindAllStringSubmatch(appJS, -1) {
		for _, s := range g[1:] {
			if s != "" && !slices.Contains(pageTexts, s) {
				t.Errorf("%q is not listed", s)
			}
		}
	}
}

// A review in another language says the same numbers, keeps ids and the machine formats, and calls an
// unassessed check by that language's words.
func TestReviewInAnotherLanguage(t *testing.T) {
	m, res := small(t)
	english := write(t, m, res)
	for lang, want := range map[string]struct{ sheet, fail, open, causes, cover string }{
		"fr": {"Constats", "Échec", "Ouvert", "Règles de boîte de réception : 0 lus sur 2, 2 refusés", "Non évalué\t1"},
		"de": {"Befunde", "Nicht bestanden", "Offen", "Posteingangsregeln: 0 von 2 gelesen, 2 verweigert", "Nicht bewertet\t1"},
	} {
		dir := t.TempDir() + "/review"
		if _, err := Write(t.Context(), dir, m, res, Options{Formats: Formats(), Version: "1.2.3", Language: lang}); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"report.json", "evidence/mailboxes.csv", ocsfName} {
			if string(read(t, dir, name)) != string(read(t, english, name)) {
				t.Errorf("%s: %s differs from the English one", lang, name)
			}
		}
		page := string(read(t, dir, "review.html"))
		for _, s := range []string{`<html lang="` + lang + `">`, want.fail, want.causes, "mail.inbox_rule_forwarding"} {
			if !strings.Contains(page, s) {
				t.Errorf("%s: the page lacks %q", lang, s)
			}
		}
		book := openBook(t, dir+"/review.xlsx")
		rows := sheetText(t, book, want.sheet)
		if !strings.Contains(rows, "f00000000000000000000000000000a1") || !strings.Contains(rows, want.open) {
			t.Errorf("%s: %s says\n%s", lang, want.sheet, rows)
		}
		if cover := sheetText(t, book, book.GetSheetName(0)); !strings.Contains(cover, want.cover) {
			t.Errorf("%s: the cover says\n%s", lang, cover)
		}
		for _, name := range book.GetSheetList() {
			if n := len([]rune(name)); n > 31 || strings.ContainsAny(name, `:\/?*[]'`) {
				t.Errorf("%s: sheet name %q", lang, name)
			}
		}
		lists, err := book.GetDataValidations(want.sheet)
		if err != nil || len(lists) != 4 || !slices.ContainsFunc(lists, func(d *excelize.DataValidation) bool { return strings.Contains(d.Formula1, want.open+",") }) {
			t.Errorf("%s: validations %+v (%v)", lang, lists, err)
		}
	}
	if _, err := Write(t.Context(), t.TempDir(), m, res, Options{Language: "tlh"}); err == nil || !strings.Contains(err.Error(), "choose from en, fr, de") {
		t.Errorf("an unknown language: %v", err)
	}
}
