package reports

import (
	"bufio"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"
	"os"
	"strings"

	"tenantaudit/internal/snapshot"
)

//go:embed templates/page.html
var pageHTML string

//go:embed templates/style.css
var styleCSS string

//go:embed templates/engine.js
var engineJS string

//go:embed templates/app.js
var appJS string

// Limits of the page.
const (
	htmlData       = 40 << 20  // bytes of evidence; a table that does not fit is left out, and said to be
	htmlRows       = 2_000_000 // rows of a table beyond which it cannot fit; it is then not even encoded
	findingsPerSet = 150       // findings of one check that stand in the page itself
	findingsPage   = 1_500     // and of all checks together; the table "findings" has every one
	findingsMany   = 10_000    // findings from which on the page itself shows the worst of each check only
	fewPerSet      = 8         // of each check, then
)

// source of an inline element, as a Content-Security-Policy names it.
func cspHash(s string) string {
	h := sha256.Sum256([]byte(s))
	return "'sha256-" + base64.StdEncoding.EncodeToString(h[:]) + "'"
}

// policy lets the page run its own style and script and nothing else: no request, no
// form, no frame, no markup made by script.
func policy(style, script string) string {
	return strings.Join([]string{
		"default-src 'none'", "script-src " + cspHash(script), "style-src " + cspHash(style), "img-src data:",
		"worker-src blob:", "connect-src 'none'", "base-uri 'none'", "form-action 'none'", "object-src 'none'",
		"require-trusted-types-for 'script'", "trusted-types review-worker",
	}, "; ")
}

// writeHTML writes review.html and returns the number of dataset rows in it. The
// evidence is encoded first, into a private folder inside dir, so that the page can say at its
// top what did not fit.
func writeHTML(ctx context.Context, w io.Writer, dir string, m *model) (int64, error) {
	return writeHTMLLimit(ctx, w, dir, m, htmlData)
}

func writeHTMLLimit(ctx context.Context, w io.Writer, dir string, m *model, limit int64) (rows int64, err error) {
	spool, err := os.CreateTemp(dir, ".spool-*")
	if err != nil {
		return 0, fmt.Errorf("make spool file: %w", err)
	}
	defer func() { err = errors.Join(err, spool.Close(), os.Remove(spool.Name())) }()

	tables, err := spoolTables(ctx, spool, m, limit)
	if err != nil {
		return 0, err
	}
	tmpl, err := template.New("page").Funcs(template.FuncMap{
		"shown": pageText, "grouped": func(n any) string { return m.words.number(toInt(n)) }, "severity": m.words.severity, "status": m.words.status, "t": m.t, "tf": m.tf, "lang": m.words.code,
		"cellclass": m.cellClass,
		"label":     func(s string) string { return pageText(m.words.label(s)) },
	}).Parse(pageHTML)
	if err != nil {
		return 0, err
	}
	script := engineJS + appJS
	view := newPageView(m, tables)
	f, err := m.counted(ctx)
	if err != nil {
		return 0, err
	}
	view.Plots = m.plots(f)
	if view.MailboxGaps, err = m.gapViews(); err != nil {
		return 0, err
	}
	view.Policy = policy(styleCSS, script)
	texts, err := m.words.pageBlock()
	if err != nil {
		return 0, err
	}
	// Style and script are constants and are written as they are: the template engine would
	// take comments out of them, and their hashes would no longer fit.
	for _, step := range []func() error{
		func() error { return tmpl.ExecuteTemplate(w, "head", view) },
		func() error { _, err := io.WriteString(w, "<style>"+styleCSS+"</style>\n"); return err },
		func() error { return tmpl.ExecuteTemplate(w, "body", view) },
		func() error { _, err := io.WriteString(w, texts); return err },
		func() error { _, err := io.WriteString(w, "<script>"+script+"</script>\n"); return err },
		func() error { _, err := spool.Seek(0, io.SeekStart); return err },
		func() error { _, err := io.Copy(w, spool); return err },
		func() error { _, err := io.WriteString(w, "</body>\n</html>\n"); return err },
	} {
		if err := step(); err != nil {
			return 0, err
		}
	}
	for _, t := range tables {
		if t.held && t.dataset != "" {
			rows += int64(t.meta.Rows)
		}
	}
	return rows, nil
}

// pageText is tenant text on the page: hidden characters as marks, very long text cut.
func pageText(s string) string {
	s, _ = cut(shown(s), htmlUnits)
	return s
}

func toInt(n any) int64 {
	switch n := n.(type) {
	case int:
		return int64(n)
	case int64:
		return n
	}
	return 0
}

// spooled is a table of the page: every finding, or a dataset.
type spooled struct {
	meta    tableMeta
	dataset snapshot.Dataset // "" for the findings
	held    bool             // its blocks are in the page
}

// spoolTables encodes the tables in report order. A table whose blocks would take the page
// beyond limit is left out; a smaller one after it may still be in.
func spoolTables(ctx context.Context, f *os.File, m *model, limit int64) ([]spooled, error) {
	var out []spooled
	var at int64
	add := func(t spooled, fill func() ([]*colBuilder, int, error)) error {
		cols, rows, err := fill()
		if err != nil {
			return err
		}
		t.meta.Rows = rows
		w := bufio.NewWriterSize(f, 1<<16)
		if err := errors.Join(writeTable(w, len(out), t.meta, cols), w.Flush()); err != nil {
			return err
		}
		end, err := f.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		if t.held = end <= limit; t.held {
			at = end
		} else if err := f.Truncate(at); err != nil {
			return err
		} else if _, err := f.Seek(at, io.SeekStart); err != nil {
			return err
		}
		out = append(out, t)
		return nil
	}
	err := add(spooled{meta: tableMeta{Name: "findings", Title: m.t("All findings")}}, func() ([]*colBuilder, int, error) {
		return findingColumnsHTML(m), m.findings.Len(), nil
	})
	if err != nil {
		return nil, err
	}
	if m.partly.rows > 0 {
		t := spooled{meta: tableMeta{Name: gapsName, Title: m.t(gapsTitle)}}
		if err := add(t, func() ([]*colBuilder, int, error) { return mailboxGapColumnsHTML(m) }); err != nil {
			return nil, err
		}
	}
	for _, c := range m.coverage {
		t := spooled{meta: tableMeta{Name: string(c.Dataset), Title: m.words.dataset(c.Dataset)}, dataset: c.Dataset}
		if c.Rows > htmlRows {
			t.meta.Rows = int(c.Rows)
			out = append(out, t)
			continue
		}
		err := add(t, func() ([]*colBuilder, int, error) { return datasetColumnsHTML(ctx, m, c.Dataset) })
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Dataset, err)
		}
	}
	return out, nil
}

// datasetColumnsHTML reads a dataset into columns. The row key is not one of them: the
// page puts it together from the key columns.
func datasetColumnsHTML(ctx context.Context, m *model, d snapshot.Dataset) ([]*colBuilder, int, error) {
	var cols []*colBuilder
	for _, c := range snapshot.Columns(d) {
		cols = append(cols, &colBuilder{name: c.Name, kind: htmlKind(c.Kind), key: c.Key})
	}
	for _, c := range m.coverage {
		if c.Dataset == d {
			for _, col := range cols {
				col.expect(int(c.Rows))
			}
		}
	}
	n := 0
	for row, err := range m.rowsOf(ctx, d) {
		if err != nil {
			return nil, 0, err
		}
		for i, v := range snapshot.Values(row) {
			cols[i].add(v)
		}
		n++
	}
	return cols, n, nil
}

// findingColumnsHTML are all findings as a table.
func findingColumnsHTML(m *model) []*colBuilder {
	names := []string{"severity", "area", "check", "subjectType", "subject", "summary", "details", "evidence", "subjectId", "id"}
	var cols []*colBuilder
	for _, n := range names {
		cols = append(cols, &colBuilder{name: n, kind: "text", key: n == "id"})
	}
	for f := range m.findings.All() {
		for i, s := range []string{
			m.words.severity(string(f.Severity)), m.words.area(m.area[f.Check]), f.Check, f.Subject.Type, f.Subject.Name, m.summary(f),
			strings.ReplaceAll(m.detailsText(f), "\n", listSep), strings.ReplaceAll(evidenceText(f), "\n", listSep), f.Subject.ID, f.ID,
		} {
			cols[i].add(s)
		}
	}
	return cols
}
