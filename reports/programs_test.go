package reports

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tenantaudit/internal/snapshot"
)

// program finds a program that a test needs. Tests install nothing: when it is missing they fail,
// unless the variable says that this machine goes without.
func program(t *testing.T, without string, names ...string) string {
	t.Helper()
	if os.Getenv(without) != "" {
		t.Logf("left out because %s is set", without)
		t.SkipNow()
	}
	for _, n := range names {
		if path, err := exec.LookPath(n); err == nil {
			return path
		}
	}
	t.Fatalf("%s is not installed: run `make deps`, or set %s=1 to go without this test", names[0], without)
	return ""
}

// The workbook opens in a spreadsheet program, with all rows and without anything computed from
// tenant text.
func TestWorkbookOpensInLibreOffice(t *testing.T) {
	office := program(t, "TENANTAUDIT_NO_OFFICE", "soffice", "libreoffice")
	m, res := redTeam(t)
	delegates(m, 300, 4)
	m.complete()
	dir := write(t, m, res)
	out := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	// -1 in the filter options writes one CSV file per sheet.
	cmd := exec.CommandContext(ctx, office, "--headless", "-env:UserInstallation=file://"+t.TempDir(), "--convert-to",
		"csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1", "--outdir", out, dir+"/review.xlsx")
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, msg)
	}
	sheet := func(name string) [][]string {
		b, err := os.Open(filepath.Join(out, "review-"+name+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		r := csv.NewReader(b)
		r.FieldsPerRecord = -1
		rows, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	filled := func(rows [][]string) (n int) {
		for _, r := range rows[1:] {
			if r[0] != "" && !strings.HasPrefix(r[0], "Read in full") {
				n++
			}
		}
		return n
	}
	for _, d := range snapshot.Datasets() {
		rows := sheet(string(d))
		if got, want := filled(rows), len(m.rows[d]); got != want {
			t.Errorf("%s: %d rows, want %d", d, got, want)
		}
	}
	rows := sheet("mailboxes")
	col := slices.Index(rows[0], "displayName")
	for i, h := range hostile {
		want := h.value
		if h.xlsx != "" {
			want = h.xlsx
		}
		if h.name == "carriage return" { // an end of line for this program
			continue
		}
		if got := rows[i+1][col]; got != want {
			t.Errorf("%s: shown as %q, want %q", h.name, got, want)
		}
	}
	if enabled := rows[1][slices.Index(rows[0], "auditEnabled")]; enabled != "TRUE" {
		t.Errorf("a boolean is shown as %q", enabled)
	}
	if created := rows[1][slices.Index(rows[0], "whenMailboxCreated")]; !strings.HasPrefix(created, "2025-03-01 08:30") {
		t.Errorf("a date is shown as %q", created)
	}
	// The formulas of Summary are computed and agree with the plain numbers.
	sum := sheet("Summary")
	at := func(name string, from int) []string {
		for _, r := range sum[from:] {
			if r[0] == name {
				return r[:7]
			}
		}
		return nil
	}
	first, second := at("Delegation", 0), at("Delegation", len(newAreas(m, res))+3)
	if want := fmt.Sprint(len(hostile)); first == nil || !slices.Equal(first, second) || first[6] != want {
		t.Errorf("Summary: delivered %v, now %v, want the same and %s in all", first, second, want)
	}
}

func TestWorkbookPrints(t *testing.T) {
	office := program(t, "TENANTAUDIT_NO_OFFICE", "soffice", "libreoffice")
	info := program(t, "TENANTAUDIT_NO_OFFICE", "pdfinfo")
	m, res := small(t)
	dir, out := write(t, m, res), t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, office, "--headless", "-env:UserInstallation=file://"+t.TempDir(), "--convert-to", "pdf", "--outdir", out, dir+"/review.xlsx")
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, msg)
	}
	msg, err := exec.CommandContext(ctx, info, out+"/review.pdf").Output()
	if err != nil {
		t.Fatal(err)
	}
	var pages int
	for line := range strings.SplitSeq(string(msg), "\n") {
		if n, ok := strings.CutPrefix(line, "Pages:"); ok {
			fmt.Sscan(n, &pages)
		}
	}
	// Every sheet has a page; none of a small review runs into dozens.
	if sheets := 8 + len(snapshot.Datasets()); pages < sheets || pages > sheets*4 {
		t.Errorf("%d pages for %d sheets", pages, sheets)
	}
}
