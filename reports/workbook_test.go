package reports

import (
	"archive/zip"
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"tenantaudit/checks"
	"tenantaudit/internal/snapshot"
)

func openBook(t *testing.T, path string) *excelize.File {
	t.Helper()
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// sheetText is all text of a sheet.
func sheetText(t *testing.T, f *excelize.File, sheet string) string {
	t.Helper()
	rows, err := f.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, r := range rows {
		b.WriteString(strings.Join(r, "\t") + "\n")
	}
	return b.String()
}

func TestWorkbookSheetsAndTables(t *testing.T) {
	m, res := small(t)
	f := openBook(t, write(t, m, res)+"/review.xlsx")
	want := []string{"Cover", "Read me", "Summary", "Licensing and logs", "Auditing", "Mail leaving or hidden", "Delegation", "Coverage", "Mailboxes not read in full",
		"Checks", "Findings", "Affected", "Access by person"}
	for _, d := range snapshot.Datasets() {
		want = append(want, string(d))
	}
	want = append(want, "Method", "Data notes", "Sign-off", "Contents")
	if got := f.GetSheetList(); !slices.Equal(got, want) {
		t.Errorf("sheets: got %v, want %v", got, want)
	}
	for _, sheet := range want {
		if len(sheet) > 31 {
			t.Errorf("%s: the name is too long", sheet)
		}
	}
	names := map[string]bool{}
	for _, d := range snapshot.Datasets() {
		sheet := string(d)
		tables, err := f.GetTables(sheet)
		if err != nil || len(tables) != 1 {
			t.Fatalf("%s: %d tables (%v), want one with its filter", sheet, len(tables), err)
		}
		if names[tables[0].Name] {
			t.Errorf("two tables are called %s", tables[0].Name)
		}
		names[tables[0].Name] = true
		if end := fmt.Sprintf("%d", max(len(m.rows[d]), 1)+1); !strings.HasPrefix(tables[0].Range, "A1:") || !strings.HasSuffix(tables[0].Range, end) {
			t.Errorf("%s: table range %s, want A1 to row %s", sheet, tables[0].Range, end)
		}
		panes, err := f.GetPanes(sheet)
		if err != nil || !panes.Freeze || panes.YSplit != 1 || panes.XSplit != 1 {
			t.Errorf("%s: panes %+v (%v), want the header and the first column frozen", sheet, panes, err)
		}
		rows, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		var heads []string
		for _, c := range snapshot.Columns(d) {
			heads = append(heads, c.Name)
		}
		if !slices.Equal(rows[0], append(heads, "rowKey")) {
			t.Errorf("%s: header %v", sheet, rows[0])
		}
		if w, err := f.GetColWidth(sheet, "A"); err != nil || w < 10 {
			t.Errorf("%s: width of column A %v (%v)", sheet, w, err)
		}
	}
	props, err := f.GetDocProps()
	if err != nil || props.Creator != "tenantaudit 1.2.3" || props.Created != "2026-03-02T10:05:00Z" || props.Title != reviewTitle {
		t.Errorf("properties: got %+v (%v)", props, err)
	}
}

func TestWorkbookCellsAreTyped(t *testing.T) {
	m, res := small(t)
	f := openBook(t, write(t, m, res)+"/review.xlsx")
	at := map[string]string{}
	for i, c := range snapshot.Columns(snapshot.Mailboxes) {
		at[c.Name], _ = excelize.ColumnNumberToName(i + 1)
	}
	for _, c := range []struct {
		col, row string
		kind     excelize.CellType
		raw      string
	}{
		{"mailbox", "2", excelize.CellTypeInlineString, id(1)},
		{"inactive", "2", excelize.CellTypeBool, "0"},
		{"auditEnabled", "2", excelize.CellTypeBool, "1"},
		{"auditEnabled", "3", excelize.CellTypeUnset, ""},
		{"auditLogAgeLimitDays", "2", excelize.CellTypeUnset, "90"}, // a number has no type mark
		{"auditOwner", "2", excelize.CellTypeInlineString, "MailboxLogin; UpdateInboxRules"},
		{"auditDelegate", "2", excelize.CellTypeUnset, ""},
		{"whenMailboxCreated", "2", excelize.CellTypeUnset, "45717.35416667"}, // 2025-03-01 08:30
		{"forwardingSmtpAddress", "3", excelize.CellTypeInlineString, "drop@evil.example"},
	} {
		ref := at[c.col] + c.row
		kind, err := f.GetCellType("mailboxes", ref)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := f.GetCellValue("mailboxes", ref, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		if kind != c.kind || !strings.HasPrefix(raw, c.raw) && !strings.HasPrefix(c.raw, raw) || (raw == "") != (c.raw == "") {
			t.Errorf("%s%s: got type %v value %q, want %v %q", c.col, c.row, kind, raw, c.kind, c.raw)
		}
	}
	if got, _ := f.GetCellValue("mailboxes", at["whenMailboxCreated"]+"2"); got != "2025-03-01 08:30" {
		t.Errorf("date shown as %q", got)
	}
	// Unknown and none look different.
	unknown, _ := f.GetCellStyle("mailboxes", at["auditOwner"]+"3")
	none, _ := f.GetCellStyle("mailboxes", at["auditDelegate"]+"2")
	if unknown == none {
		t.Error("an unknown value looks like none")
	}
}

func TestWorkbookSaysWhatWasNotAssessed(t *testing.T) {
	m, res := small(t)
	m.run.Filter = "kim@contoso.example, board@contoso.example"
	f := openBook(t, write(t, m, res)+"/review.xlsx")
	for sheet, wants := range map[string][]string{
		"Cover": {
			"Contoso Example", m.tenant.ID, "2026-03-02 08:30:01 to 2026-03-02 10:04:00 UTC", "auditor@contoso.example (user)", readOnlyStatement, "tenantaudit 1.2.3",
			"A part of the tenant only: kim@contoso.example, board@contoso.example", deletedStatement, "Critical\t1", "Not assessed\t1",
			"Not assessed at a glance", "Data: Inbox rules\tNot assessed: access denied. Permission missing (2): Get-InboxRule: assign View-Only Recipients",
			"Title of mail.inbox_rule_forwarding\tNot assessed (0 of 2 mailboxes looked at). Inbox rules: access denied (Get-InboxRule) [inboxRules: denied]",
		},
		"Read me":            {deletedStatement, momentStatement, gapStatement},
		"Coverage":           {"inboxRules\tInbox rules\tNot assessed: access denied\t0\t2\t0\t2\tPermission missing (2)"},
		"Checks":             {"mail.inbox_rule_forwarding\tMail leaving or hidden\tTitle of mail.inbox_rule_forwarding\tHigh\tNot assessed\t0\t2\t0\tInbox rules: access denied (Get-InboxRule) [inboxRules: denied]"},
		"inboxRules":         {"Not assessed: access denied. Permission missing (2)"},
		"folderPermissions":  {"Not assessed in full: read in part. Throttled by the service (1)"},
		"transportRules":     {"Read in full: the tenant has none."},
		"Summary":            {"Mail leaving or hidden\t1\t0\t0\t0\t0\t1", "Delegation\t0\t0\t0\t0\t1\t1"},
		"mailboxPermissions": {id(2) + "|Audit %7C 100%25||true|false"},
	} {
		text := sheetText(t, f, sheet)
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q; it says\n%s", sheet, want, text)
			}
		}
	}
}

// Only what failed has the colour of its severity: a passed check must not look like an alarm.
func TestSeverityIsColouredWhereACheckFailed(t *testing.T) {
	m, res := small(t)
	f := openBook(t, write(t, m, res)+"/review.xlsx")
	rows, err := f.GetRows("Checks")
	if err != nil {
		t.Fatal(err)
	}
	fills := map[string]string{}
	for i, r := range rows[1:] {
		if len(r) < 5 {
			continue // the note below the table
		}
		style, err := f.GetCellStyle("Checks", fmt.Sprintf("D%d", i+2))
		if err != nil {
			t.Fatal(err)
		}
		s, err := f.GetStyle(style)
		if err != nil {
			t.Fatal(err)
		}
		fills[r[0]] = strings.Join(s.Fill.Color, "")
	}
	want := map[string]string{"mail.mailbox_forwarding": severityColours["critical"][1], "audit.mailbox_audited": "", "mail.inbox_rule_forwarding": "", "licence.inventory": "", "delegation.full_access": ""}
	if !maps.Equal(fills, want) {
		t.Errorf("backgrounds of the severities: got %v, want %v", fills, want)
	}
}

func TestFindingsSheetIsForReviewers(t *testing.T) {
	m, res := small(t)
	f := openBook(t, write(t, m, res)+"/review.xlsx")
	rows, err := f.GetRows("Findings")
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 3 || rows[1][1] != "Critical" || rows[1][colEvidence-1] != "mailboxes "+id(2) || rows[1][colStatus-1] != "Open" || rows[2][1] != "Info" {
		t.Errorf("rows: %q", rows)
	}
	for n, want := range map[int]string{colEvidence: "Evidence", colStatus: "Review status", colDue: "Due date", colDecision: "Decision", colReviewed: "Reviewed on"} {
		if rows[0][n-1] != want {
			t.Errorf("column %d is %q, want %q", n, rows[0][n-1], want)
		}
	}
	rules, err := f.GetDataValidations("Findings")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range rules {
		got[r.Sqref] = r.Type + " " + r.Formula1
	}
	for ref, want := range map[string]string{
		"O2:O3": `list "Open,In progress,Closed"`, "R2:R3": `list "Fix,Accept risk,False positive,Mitigated,Defer"`, "Q2:Q3": "date 43831", "U2:U3": "date 43831",
	} {
		if got[ref] != want {
			t.Errorf("validation of %s: got %q, want %q", ref, got[ref], want)
		}
	}
	formats, err := f.GetConditionalFormats("Findings")
	if err != nil || len(formats) != 2 {
		t.Errorf("conditional formats: %v (%v)", formats, err)
	}
	if ok, target, err := f.GetCellHyperLink("Findings", "M2"); err != nil || !ok || target != "'mailboxes'!A1" {
		t.Errorf("evidence link: %v %q %v", ok, target, err)
	}
	if formula, _ := f.GetCellFormula("Summary", "B"+fmt.Sprint(len(newAreas(m, res))+7)); !strings.HasPrefix(formula, "COUNTIFS(tblFindings[Area]") {
		t.Errorf("formula of the second block: %q", formula)
	}
}

func newAreas(m *memory, res Results) []areaCounts {
	mo, _ := newModel(m, res, "")
	return mo.byArea()
}

// delegates gives each of n mailboxes k delegates.
func delegates(m *memory, n, k int) {
	for i := range n {
		for j := range k {
			m.rows[snapshot.MailboxPermissions] = append(m.rows[snapshot.MailboxPermissions], snapshot.MailboxPermission{
				Mailbox: id(i + 1), TrusteeRef: trustee(fmt.Sprintf("Delegate %d", j)), Rights: []string{"FullAccess"},
			})
		}
	}
}

// bookWithPlan writes the workbooks of a review under limits of its own.
func bookWithPlan(t *testing.T, m *memory, res Results, rows int64, perSheet int) (string, []File) {
	t.Helper()
	mo, err := newModel(m, res, "1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	st := &staging{dir: t.TempDir()}
	if err := writeWorkbooks(t.Context(), st, mo, planEvidence(mo, rows, perSheet)); err != nil {
		t.Fatal(err)
	}
	if err := st.publish(); err != nil {
		t.Fatal(err)
	}
	return st.dir, st.done
}

func TestLongDatasetsAreSplitBetweenObjects(t *testing.T) {
	m, res := small(t)
	m.rows[snapshot.MailboxPermissions] = nil
	delegates(m, 5, 3)
	m.complete()
	dir, files := bookWithPlan(t, m, res, 1000, 4)
	if files[0].Rows != 19 {
		t.Errorf("rows written: got %d, want 19", files[0].Rows)
	}
	f := openBook(t, dir+"/review.xlsx")
	var counts []int
	for _, sheet := range []string{"mailboxPermissions", "mailboxPermissions-2", "mailboxPermissions-3"} {
		rows, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		counts = append(counts, len(rows)-1)
		seen := map[string]int{}
		for _, r := range rows[1:] {
			seen[r[0]]++
		}
		for box, n := range seen {
			if n != 3 {
				t.Errorf("%s holds %d of 3 rows of %s", sheet, n, box)
			}
		}
	}
	if !slices.Equal(counts, []int{6, 6, 3}) {
		t.Errorf("rows per sheet: got %v, want 6, 6, 3", counts)
	}
}

func TestFindingsAreSplit(t *testing.T) {
	m, res := small(t)
	for i := range 9 {
		res.Findings = append(res.Findings, checks.Finding{ID: fmt.Sprintf("%032d", i), Check: "delegation.full_access", Severity: checks.Info})
	}
	dir, _ := bookWithPlan(t, m, res, 1000, 5)
	f := openBook(t, dir+"/review.xlsx")
	total := 0
	for _, sheet := range []string{"Findings", "Findings-2", "Findings-3"} {
		rows, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		total += len(rows) - 1
	}
	if total != 11 {
		t.Errorf("got %d findings on three sheets, want 11", total)
	}
}

func TestLargeEvidenceMovesToItsOwnWorkbook(t *testing.T) {
	m, res := small(t)
	m.rows[snapshot.MailboxPermissions] = nil
	delegates(m, 10, 3)
	m.complete()
	dir, files := bookWithPlan(t, m, res, 10, 1000)
	var names []string
	var rows int64
	for _, f := range files {
		names = append(names, f.Name)
		rows += f.Rows
	}
	if !slices.Equal(names, []string{"review.xlsx", "evidence-delegation.xlsx"}) || rows != 34 {
		t.Fatalf("files %v with %d rows, want two with 34", names, rows)
	}
	review := openBook(t, dir+"/review.xlsx")
	if text := sheetText(t, review, "mailboxPermissions"); !strings.Contains(text, "30 rows: see evidence-delegation.xlsx, sheet mailboxPermissions.") {
		t.Errorf("the sheet in review.xlsx says %q", text)
	}
	if text := sheetText(t, review, "Coverage"); !strings.Contains(text, "evidence-delegation.xlsx, sheet mailboxPermissions") {
		t.Error("Coverage does not name the workbook")
	}
	evidence := openBook(t, dir+"/evidence-delegation.xlsx")
	if got := evidence.GetSheetList(); !slices.Equal(got, []string{"Cover", "mailboxPermissions", "Data notes"}) {
		t.Errorf("sheets of the evidence workbook: %v", got)
	}
	if rows, err := evidence.GetRows("mailboxPermissions"); err != nil || len(rows) != 31 {
		t.Errorf("%d rows (%v), want 30 and a header", len(rows), err)
	}
}

func TestNoFindingsIsNoGoodNews(t *testing.T) {
	m, res := small(t)
	res.Findings = nil
	f := openBook(t, write(t, m, res)+"/review.xlsx")
	if text := sheetText(t, f, "Findings"); !strings.Contains(text, "what was not assessed cannot have findings") {
		t.Errorf("Findings says %q", text)
	}
}

func TestArchiveIsSorted(t *testing.T) {
	m, res := small(t)
	b, err := os.ReadFile(write(t, m, res) + "/review.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range r.File {
		names = append(names, f.Name)
		if got := f.Modified.UTC().Format("2006-01-02 15:04"); got != "2026-03-02 10:05" {
			t.Errorf("%s: time %s, want that of the review", f.Name, got)
		}
	}
	if names[0] != "[Content_Types].xml" || !slices.IsSorted(names[1:]) {
		t.Errorf("order: %v", names)
	}
}

func TestDatasetsHaveAreaAndTitle(t *testing.T) {
	for _, d := range snapshot.Datasets() {
		if datasetAreas[d] == "" || datasetTitle(d) == string(d) {
			t.Errorf("%s has no area or no title", d)
		}
	}
}

// definedName is a name of a sheet, such as its print area.
func definedName(f *excelize.File, sheet, name string) string {
	for _, d := range f.GetDefinedName() {
		if d.Scope == sheet && d.Name == name {
			return d.RefersTo
		}
	}
	return ""
}

func TestPrintedPartIsReadable(t *testing.T) {
	m, res := small(t)
	m.rows[snapshot.MailboxPermissions] = nil
	delegates(m, 300, 2)
	m.complete()
	f := openBook(t, write(t, m, res)+"/review.xlsx")
	last, err := excelize.ColumnNumberToName(len(snapshot.Columns(snapshot.MailboxPermissions))) // not the row key
	if err != nil {
		t.Fatal(err)
	}
	for sheet, want := range map[string]string{
		"Findings":           "'Findings'!$A$1:$H$3,'Findings'!$O$1:$U$3",
		"mailboxPermissions": "'mailboxPermissions'!$A$1:$" + last + "$501",
		"Cover":              "",
	} {
		if got := definedName(f, sheet, "_xlnm.Print_Area"); got != want {
			t.Errorf("print area of %s: got %q, want %q", sheet, got, want)
		}
	}
	if got := definedName(f, "Findings", "_xlnm.Print_Titles"); got != "'Findings'!$A:$B,'Findings'!$1:$1" {
		t.Errorf("repeated on each page of Findings: %q", got)
	}
	head, err := f.GetHeaderFooter("mailboxPermissions")
	if err != nil || !strings.Contains(head.OddHeader, "first 500 of 600 rows printed") {
		t.Errorf("header of a sheet that is not printed in full: %+v (%v)", head, err)
	}
	for _, sheet := range f.GetSheetList() {
		layout, err := f.GetPageLayout(sheet)
		if err != nil || layout.FitToWidth == nil || *layout.FitToWidth < 1 || *layout.FitToWidth > pagesMost {
			t.Errorf("%s: pages beside each other %+v (%v), want 1 to %d", sheet, layout, err, pagesMost)
		}
	}
}
