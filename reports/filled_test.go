package reports

import (
	"archive/zip"
	"context"
	"html"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// fill enters what reviewers enter: a decision, an owner, dates, a comment, a signature.
func fill(t *testing.T, path, out string) map[string]any {
	t.Helper()
	f := openBook(t, path)
	entered := map[string]any{
		"Findings!O2": "In progress", "Findings!P2": "Ada Lovelace", "Findings!Q2": time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC), "Findings!R2": "Accept risk",
		"Findings!S2": "Agreed with the owner: =1+1 is text, \"quotes\" and 名前 too", "Findings!O3": "Closed", "Findings!R3": "False positive", "Findings!T3": "Kim",
		"Sign-off!B4": "Ada Lovelace", "Sign-off!D4": "Accepted",
	}
	for at, v := range entered {
		sheet, cell, _ := strings.Cut(at, "!")
		if err := f.SetCellValue(sheet, cell, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.SaveAs(out); err != nil {
		t.Fatal(err)
	}
	return entered
}

// survived looks at a workbook that was filled in and saved.
func survived(t *testing.T, path, program string, sheets []string, entered map[string]any) {
	t.Helper()
	f := openBook(t, path)
	if got := f.GetSheetList(); !slices.Equal(got, sheets) {
		t.Errorf("%s: sheets %v, want %v", program, got, sheets)
	}
	for at, v := range entered {
		sheet, cell, _ := strings.Cut(at, "!")
		got, err := f.GetCellValue(sheet, cell)
		want, ok := v.(string)
		if !ok {
			want = v.(time.Time).Format(time.DateOnly)
		}
		if err != nil || got != want {
			t.Errorf("%s: %s holds %q, want %q (%v)", program, at, got, want, err)
		}
	}
	lists, err := f.GetDataValidations("Findings")
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, d := range lists {
		kinds = append(kinds, d.Type+" "+strings.Trim(html.UnescapeString(d.Formula1), `"`)+" in "+d.Sqref)
	}
	slices.Sort(kinds)
	want := []string{"date 43831 in Q2:Q3", "date 43831 in U2:U3", "list Fix,Accept risk,False positive,Mitigated,Defer in R2:R3", "list Open,In progress,Closed in O2:O3"}
	if !slices.Equal(kinds, want) {
		t.Errorf("%s: validations %q, want %q", program, kinds, want)
	}
	if formats, err := f.GetConditionalFormats("Findings"); err != nil || len(formats) != 2 {
		t.Errorf("%s: %d ranges with conditional formats, want 2 (%v)", program, len(formats), err)
	}
	if tables, err := f.GetTables("Findings"); err != nil || len(tables) != 1 || tables[0].Range != "A1:U3" {
		t.Errorf("%s: tables of Findings %+v (%v)", program, tables, err)
	}
	if got, err := f.GetCellFormula("Sign-off", "B9"); err != nil || !strings.Contains(got, "COUNTIFS") {
		t.Errorf("%s: number of open findings: formula %q (%v)", program, got, err)
	}
	if rows, err := f.GetRows("mailboxes"); err != nil || len(rows) != 3 {
		t.Errorf("%s: %d rows of mailboxes (%v)", program, len(rows), err)
	}
	charts := 0
	for name := range parts(t, path) {
		if strings.HasPrefix(name, "xl/charts/chart") {
			charts++
		}
	}
	if charts < 9 {
		t.Errorf("%s: %d charts", program, charts)
	}
}

// A workbook that people filled in opens again with what they entered, and with everything that
// helps them to enter more.
func TestFilledInWorkbook(t *testing.T) {
	m, res := small(t)
	path := write(t, m, res) + "/review.xlsx"
	fresh, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sheets := fresh.GetSheetList()
	if err := fresh.Close(); err != nil {
		t.Fatal(err)
	}
	filled := filepath.Join(t.TempDir(), "filled.xlsx")
	entered := fill(t, path, filled)
	survived(t, filled, "library", sheets, entered)

	office := program(t, "TENANTAUDIT_NO_OFFICE", "soffice", "libreoffice")
	out := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, office, "--headless", "-env:UserInstallation=file://"+t.TempDir(), "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", out, filled)
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, msg)
	}
	survived(t, filepath.Join(out, "filled.xlsx"), "LibreOffice", sheets, entered)
}

// parts are the files inside a workbook.
func parts(t *testing.T, path string) map[string]string {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(raw)
	}
	return out
}
