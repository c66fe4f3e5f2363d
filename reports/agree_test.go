package reports

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"tenantaudit/internal/snapshot"
)

// The cover of the workbook, the page, report.json and the CSV files give the same numbers.
func TestNumbersAgree(t *testing.T) {
	m, res := redTeam(t)
	waysIn(m)
	delegates(m, 30, 4)
	m.complete(m.coverage[6], m.coverage[15])
	dir := write(t, m, res)

	var report struct {
		Coverage []struct {
			Dataset, State string
			Rows           int
		}
		Checks   []struct{ ID, Status string }
		Findings []struct{ Severity string }
		Datasets map[string][]json.RawMessage
	}
	if err := json.Unmarshal(read(t, dir, "report.json"), &report); err != nil {
		t.Fatal(err)
	}
	severity, status, rows := map[string]int{}, map[string]int{}, map[string]int{}
	for _, f := range report.Findings {
		severity[severityWord(f.Severity)]++
	}
	for _, c := range report.Checks {
		status[statusWord(c.Status)]++
	}
	for _, c := range report.Coverage {
		rows[c.Dataset] = c.Rows
		if n := len(report.Datasets[c.Dataset]); n != c.Rows {
			t.Errorf("report.json: %d rows of %s, its coverage says %d", n, c.Dataset, c.Rows)
		}
	}
	if len(severity) == 0 || len(status) < 3 || len(rows) != len(snapshot.Datasets()) {
		t.Fatalf("report.json: %v %v %v", severity, status, rows)
	}

	// CSV: one line a row, beside the header.
	for set, n := range rows {
		lines, err := csv.NewReader(bytes.NewReader(read(t, dir, "evidence/"+set+".csv"))).ReadAll()
		if err != nil || len(lines)-1 != n {
			t.Errorf("CSV of %s: %d rows, want %d (%v)", set, len(lines)-1, n, err)
		}
	}

	// The cover, and the sheets.
	book := openBook(t, dir+"/review.xlsx")
	cover := "\n" + sheetText(t, book, "Cover")
	for _, want := range []map[string]int{severity, status} {
		for word, n := range want {
			if !strings.Contains(cover, fmt.Sprintf("\n%s\t%d\n", word, n)) {
				t.Errorf("the cover does not say %s %d", word, n)
			}
		}
	}
	sheet, err := book.GetRows("Coverage")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range sheet[1:] {
		if len(r) > 3 && r[0] != "" {
			if n, err := strconv.Atoi(strings.ReplaceAll(r[3], ",", "")); err != nil || n != rows[r[0]] {
				t.Errorf("Coverage: %s has %s rows, want %d", r[0], r[3], rows[r[0]])
			}
		}
	}
	if all, err := book.GetRows("Findings"); err != nil || len(all)-1 != len(report.Findings) {
		t.Errorf("Findings: %d rows, want %d (%v)", len(all)-1, len(report.Findings), err)
	}

	// The page: tiles, the list of results, the coverage.
	page := string(read(t, dir, "review.html"))
	tiles := map[string]int{}
	for _, g := range regexp.MustCompile(`<a class="tile[^>]*><b>([\d,]+)</b><span>([^<]*)</span>`).FindAllStringSubmatch(page, -1) {
		tiles[g[2]], _ = strconv.Atoi(strings.ReplaceAll(g[1], ",", ""))
	}
	for word, n := range tiles {
		if severity[word] != n {
			t.Errorf("the page shows %d findings of %s, want %d", n, word, severity[word])
		}
	}
	results := map[string]int{}
	for _, g := range regexp.MustCompile(`fill-[a-z-]+"></span>([^<]*)</a><b>(\d+)</b>`).FindAllStringSubmatch(page, -1) {
		results[g[1]], _ = strconv.Atoi(g[2])
	}
	for word, n := range results {
		if status[word] != n {
			t.Errorf("the page shows %d checks with the result %s, want %d", n, word, status[word])
		}
	}
	if len(tiles) != len(severities) || len(results) != len(statuses) {
		t.Errorf("tiles %v, results %v", tiles, results)
	}
	part := page[strings.Index(page, `<section id="coverage"`):]
	for _, g := range regexp.MustCompile(`<code>([^<]*)</code></th><td><span[^>]*>[^<]*</span></td><td class="n">([\d,]+)</td>`).FindAllStringSubmatch(part, -1) {
		if n, _ := strconv.Atoi(strings.ReplaceAll(g[2], ",", "")); n != rows[html.UnescapeString(g[1])] {
			t.Errorf("the page says %s rows of %s, want %d", g[2], g[1], rows[g[1]])
		}
		delete(rows, g[1])
	}
	if len(rows) > 0 {
		t.Errorf("the page has no line for %v", rows)
	}
}
