package reports

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"
)

// pair is a label with its text.
type pair struct{ label, value string }

// coverWidths and readMeWidths are the two columns of those sheets.
var (
	coverWidths  = [2]float64{34, 88}
	readMeWidths = [2]float64{20, 102}
)

// pairs writes a title and a list of labels with text, from the top of a sheet.
func (b *workbook) pairs(sheet, title string, ps []pair) error {
	errs := []error{b.widths(sheet, coverWidths[:]...), b.put(sheet, 1, 2, title, b.st.title), b.f.SetRowHeight(sheet, 2, 32)}
	for i, p := range ps {
		errs = append(errs, b.line(sheet, i+4, b.m.t(p.label), cmp.Or(p.value, b.m.t("unknown")), b.st.label, b.st.value, coverWidths))
	}
	return errors.Join(errs...)
}

// cover is the first sheet: whose tenant, when, by whom, what was found and what was not looked at.
func (b *workbook) cover(_ context.Context, name string) error {
	if err := b.sheet(name, sheetPage{tab: navy}); err != nil {
		return err
	}
	m := b.m
	ps := []pair{
		{"Tenant", m.tenant.DisplayName},
		{"Tenant ID", m.tenant.ID},
		{"Default domain", m.tenant.DefaultDomain},
		{"Verified domains", strings.Join(m.tenant.VerifiedDomains, ", ")},
		{"Collected (UTC)", m.window()},
		{"Collected as", m.identity()},
		{"Directory roles", orNone(m, strings.Join(m.run.DirectoryRoles, ", "))},
		{"Graph permissions", orNone(m, strings.Join(m.run.Scopes, ", "))},
		{"Mode", m.t(readOnlyStatement)},
		{"Scope", m.scope()},
		{"Folders", m.folders()},
		{"Preflight", m.words.outlook(m.run.Preflight)},
		{"Requests", m.requests()},
		{"Tool", m.tool.Name + " " + m.tool.Version},
		{"Cannot be seen", m.t(deletedStatement)},
		{"Handling", m.t(handlingStatement)},
	}
	for i, s := range m.reused() {
		ps = slices.Insert(ps, 5+i, pair{reusedLabel, s}) // under the time of the collection
	}
	if m.redacted {
		ps = append([]pair{{"Redacted copy", m.t(redactedStatement)}}, ps...)
	}
	if m.preparedBy != "" {
		ps = append([]pair{{"Prepared by", m.preparedBy}}, ps...)
	}
	if err := errors.Join(b.pairs(name, m.name, ps), b.logo(name)); err != nil {
		return err
	}
	row := len(ps) + 5
	var errs []error
	line := func(label, value any, labelStyle, valueStyle int) {
		errs = append(errs, b.line(name, row, label, value, labelStyle, valueStyle, coverWidths))
		row++
	}
	heading := func(s string) {
		errs = append(errs, b.put(name, 1, row, m.t(s), b.st.heading))
		row++
	}
	left := b.st.count
	heading("Findings by severity")
	for _, c := range m.bySeverity() {
		line(m.t(c.Word), c.N, b.st.severity[c.ID], left)
	}
	row++
	heading("Checks by result")
	for _, c := range m.byStatus() {
		line(m.t(c.Word), c.N, b.st.status[c.ID], left)
	}
	row++
	heading("Not assessed at a glance")
	gaps, open, part := m.gaps(), m.notAssessed(), m.inPart()
	if len(gaps)+len(open)+len(part) == 0 {
		line(m.t("Nothing"), m.t("All datasets were read in full and all checks came to a full result."), b.st.label, b.st.value)
	}
	for _, c := range open {
		line(m.t(c.Title), m.tf("Not assessed (%s looked at). %s", m.evaluatedText(c), m.causeOf(c)), b.st.value, b.st.value)
	}
	for _, c := range part {
		line(m.t(c.Title), m.tf("Assessed in part (%s looked at). %s", m.evaluatedText(c), m.causeOf(c)), b.st.value, b.st.value)
	}
	for _, c := range gaps {
		line(m.tf("Data: %s", m.words.dataset(c.Dataset)), m.words.state(c.State)+". "+m.words.reasonsText(c), b.st.label, b.st.value)
	}
	return errors.Join(errs...)
}

// readMe tells how to read and to review the workbook.
func (b *workbook) readMe(_ context.Context, name string) error {
	if err := errors.Join(b.sheet(name, sheetPage{tab: navy}), b.widths(name, readMeWidths[:]...)); err != nil {
		return err
	}
	row := 1
	var errs []error
	heading := func(s string) {
		row++
		errs = append(errs, b.put(name, 1, row, b.m.t(s), b.st.heading))
		row++
	}
	line := func(label, text string, style int) {
		errs = append(errs, b.line(name, row, b.m.t(label), b.m.t(text), style, b.st.value, readMeWidths))
		row++
	}
	heading("How to review")
	line("1", "Start with Cover and Coverage: they say what was looked at and what was not.", b.st.label)
	line("2", "Work through Findings from the top. The left block comes from the tool; the pale yellow block is yours: review status, owner, due date, decision, notes, reviewer.", b.st.label)
	line("3", "Each finding names its evidence: the sheet and the row key (last column of that sheet).", b.st.label)
	line("4", "Sign-off closes the review when no finding is left open.", b.st.label)
	line("Printing", "Print Cover to Findings and Sign-off. Sheets of evidence print their first 500 rows.", b.st.label)
	heading("Severities")
	for _, s := range severities {
		line(s.word, s.meaning, b.st.severity[s.id])
	}
	heading("Results of checks")
	for _, s := range statuses {
		line(s.word, s.meaning, b.st.status[s.id])
	}
	heading("Cells")
	line("", "Hatched: the service did not say, so the value is unknown. Empty: the service said none.", b.st.unknown)
	line("Column names", "Columns of evidence carry the names of report.json and of the CSV files. Times are UTC.", b.st.label)
	line("effectiveAccess", "Computed from the other sheets: one row for each way in which somebody beside the owner reaches a mailbox, with the grant that gives it and the one change that would close it. “*” is every mailbox.", b.st.label)
	line("Tabs", "Grey: read in full. Orange: read in part. Black: not read, nothing can be concluded from an empty sheet.", b.st.label)
	line("Marks", "<U+202E> stands for a character that cannot be seen or that changes the order of text. Data notes counts all changes.", b.st.label)
	heading("What a review cannot say")
	line("Deleted", deletedStatement, b.st.label)
	line("Moment", momentStatement, b.st.label)
	line("Gaps", gapStatement, b.st.label)
	for _, l := range b.m.limits {
		line("", l.Text, b.st.label)
	}
	heading("Careful")
	line("Saving as CSV", "Text that begins like a formula is marked as text in this workbook. Saving a sheet as CSV from a spreadsheet program drops that mark; use the CSV files that tenantaudit writes (--format csv).", b.st.label)
	line("Handling", handlingStatement, b.st.label)
	return errors.Join(errs...)
}

// summary counts findings by area and severity: as delivered, in plain numbers, and now,
// in formulas that follow the review status.
func (b *workbook) summary(_ context.Context, name string) error {
	if err := errors.Join(b.sheet(name, sheetPage{tab: navy, landscape: true, high: 1}), b.widths(name, 30, 11, 11, 11, 11, 11, 11)); err != nil {
		return err
	}
	counts := b.m.byArea()
	var errs []error
	block := func(top int, title string, cell func(row, col int, area areaCounts) error) {
		errs = append(errs, b.put(name, 1, top, b.m.t(title), b.st.heading), b.put(name, 1, top+1, b.m.t("Area"), b.st.head))
		for j, s := range severities {
			errs = append(errs, b.put(name, j+2, top+1, b.m.t(s.word), b.st.headRight))
		}
		errs = append(errs, b.put(name, len(severities)+2, top+1, b.m.t("All"), b.st.headRight))
		for i, a := range counts {
			errs = append(errs, b.put(name, 1, top+2+i, b.m.t(a.Word), b.st.value), cell(top+2+i, 2, a))
		}
	}
	block(1, "Findings as delivered", func(row, col int, a areaCounts) error {
		var errs []error
		for j, n := range a.N {
			errs = append(errs, b.put(name, col+j, row, n, b.st.number))
		}
		return errors.Join(append(errs, b.put(name, col+len(a.N), row, a.Total, b.st.number))...)
	})
	second := len(counts) + 5
	block(second, "Findings not closed, now (computed by the spreadsheet program)", func(row, col int, a areaCounts) error {
		var errs []error
		for j, s := range severities {
			ref, err := excelize.CoordinatesToCellName(col+j, row)
			errs = append(errs, err, b.put(name, col+j, row, a.N[j], b.st.number), b.f.SetCellFormula(name, ref,
				fmt.Sprintf(`COUNTIFS(tblFindings[%s],$A%d,tblFindings[%s],"%s",tblFindings[%s],"<>%s")`, b.m.t("Area"), row, b.m.t("Severity"), b.m.t(s.word), b.m.t("Review status"), b.m.t("Closed"))))
		}
		ref, err := excelize.CoordinatesToCellName(col+len(severities), row)
		return errors.Join(append(errs, err, b.put(name, col+len(severities), row, a.Total, b.st.number),
			b.f.SetCellFormula(name, ref, fmt.Sprintf("SUM(B%d:F%d)", row, row)))...)
	})
	if err := errors.Join(errs...); err != nil || len(counts) == 0 {
		return err
	}
	var series []excelize.ChartSeries
	for j, color := range []string{"8F1020", "D9612C", "D9A521", "4E9A63", "6A8CC2"} {
		col := string(rune('B' + j))
		series = append(series, excelize.ChartSeries{
			Name:       "'" + name + "'!$" + col + "$2",
			Categories: fmt.Sprintf("'%s'!$A$3:$A$%d", name, len(counts)+2),
			Values:     fmt.Sprintf("'%s'!$%s$3:$%s$%d", name, col, col, len(counts)+2),
			Fill:       excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{color}},
		})
	}
	axis := excelize.ChartAxis{Font: excelize.Font{Color: ink, Size: 10}}
	if err := b.results(name, second+len(counts)+4); err != nil {
		return err
	}
	return b.f.AddChart(name, fmt.Sprintf("A%d", second+len(counts)+4+len(statuses)+4), &excelize.Chart{
		Type: excelize.BarStacked, Series: series, XAxis: excelize.ChartAxis{Font: axis.Font, ReverseOrder: true}, YAxis: axis,
		Title:     excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: b.m.t("Findings by area, as delivered")}}},
		Legend:    excelize.ChartLegend{Position: "bottom"},
		Dimension: excelize.ChartDimension{Width: 720, Height: 320},
		Format:    excelize.GraphicOptions{AltText: b.m.t("Stacked bars: number of findings in each area, by severity. The numbers are in the table at the top of this sheet.")},
	})
}

// results counts the checks by result, with a chart beside the numbers.
func (b *workbook) results(name string, row int) error {
	m := b.m
	errs := []error{b.put(name, 1, row, m.t("Checks by result"), b.st.heading), b.put(name, 1, row+1, m.t("Result"), b.st.head), b.put(name, 2, row+1, m.t("Checks"), b.st.headRight)}
	var points []excelize.ChartDataPoint
	for i, c := range m.byStatus() {
		errs = append(errs, b.put(name, 1, row+2+i, m.t(c.Word), b.st.value), b.put(name, 2, row+2+i, c.N, b.st.number))
		points = append(points, excelize.ChartDataPoint{Index: i, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{statusSeries[c.ID]}}})
	}
	series := b.series(name, 2, row+1, row+2, row+1+len(points), statusSeries["info"])
	series.DataPoint = points
	return errors.Join(append(errs, b.f.AddChart(name, "I2", &excelize.Chart{
		Type: excelize.Doughnut, Series: []excelize.ChartSeries{series}, HoleSize: 58,
		Title:     excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: m.t("Checks by result")}}},
		Legend:    excelize.ChartLegend{Position: "bottom"},
		Dimension: excelize.ChartDimension{Width: 340, Height: 320},
		Format:    excelize.GraphicOptions{AltText: m.t("Ring: number of checks by result. The numbers are in the table below.")},
	}))...)
}

// coverage lists every dataset with how much of it was read, and why not more.
func (b *workbook) coverage(ctx context.Context, name string) error {
	t, err := b.table(name, "tblCoverage", sheetPage{tab: green, landscape: true, wide: 1}, 2, []column{
		{"Dataset", 28}, {"Content", 30}, {"State", 36}, {"Rows", 12}, {"Expected", 11}, {"Collected", 11}, {"Failed", 9}, {"Reasons", 70}, {"Not read", 30}, {"Evidence", 34},
	})
	if err != nil {
		return err
	}
	t.lines = 12
	for i, c := range b.m.coverage {
		state := "pass"
		switch {
		case c.State == "complete":
		case c.State == "partial":
			state = "partial"
		default:
			state = "not-evaluated"
		}
		where := b.raw(b.m.where(b.plan, c.Dataset))
		if b.plan.file[c.Dataset] == reviewName {
			where.StyleID = b.st.link
			if err := b.link(name, fmt.Sprintf("J%d", i+2), sheetOf(c.Dataset)); err != nil {
				return err
			}
		}
		num := func(n int64) excelize.Cell { return excelize.Cell{StyleID: b.st.number, Value: n} }
		if err := t.row([]any{
			b.raw(string(c.Dataset)), b.str(datasetTitle(c.Dataset)), excelize.Cell{StyleID: b.st.status[state], Value: b.m.words.state(c.State)},
			num(c.Rows), num(c.Expected), num(c.Collected), num(c.Failed),
			b.text(name, "Reasons", string(c.Dataset), b.m.words.reasonsText(c), b.st.wrap), b.raw(b.m.words.units(c.Units)), where,
		}); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	note := b.m.t("Expected, collected and failed count units: 1 for a listing, mailboxes for data read mailbox by mailbox.")
	if n := b.m.partly.mailboxes; n > 0 {
		note += " " + b.m.tf("%s lists %s.", b.m.t(gapsTitle), n)
	}
	return t.end(note, 0)
}

// gapsMost is how many lines the sheet of such mailboxes has.
const gapsMost = 100_000

// mailboxGaps lists the mailboxes that were not read in full; no sheet when there is none.
func (b *workbook) mailboxGaps(ctx context.Context, name string) error {
	if b.m.partly.rows == 0 {
		return nil
	}
	t, err := b.table(name, "tblMailboxGaps", sheetPage{tab: green, landscape: true, wide: 1}, 1, []column{
		{"Mailbox address", 40}, {"Mailbox ID", 40}, {"Not read", 36}, {"Cause", 24}, {"Detail", 80}, {"Preflight", 28},
	})
	if err != nil {
		return err
	}
	t.lines = 6
	for g, err := range b.m.src.MailboxGaps() {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("read gaps of mailboxes: %w", err)
		}
		if t.rows == min(gapsMost, b.plan.sheetRows) {
			break
		}
		if err := t.row([]any{
			b.text(name, "Mailbox address", g.Mailbox, g.Address, b.st.wrap), b.text(name, "Mailbox ID", g.Mailbox, g.Mailbox, b.st.wrap),
			b.raw(b.m.words.datasets(g.Datasets)), b.raw(b.m.words.cause(g.Cause)), b.text(name, "Detail", g.Mailbox, g.Detail, b.st.wrap), b.str(g.Foresight()),
		}); err != nil {
			return err
		}
	}
	note := b.m.t(gapsText)
	if t.rows < b.m.partly.rows {
		note = b.m.tf("These are the first %s of %s lines; report.json has all of them.", t.rows, b.m.partly.rows) + " " + note
	}
	return t.end(note, printRows)
}

// checks lists every check with its verdict.
func (b *workbook) checks(ctx context.Context, name string) error {
	t, err := b.table(name, "tblChecks", sheetPage{tab: green, landscape: true, size: 8, wide: 1}, 1, []column{
		{"ID", 38}, {"Area", 23}, {"Title", 40}, {"Severity", 11}, {"Result", 14}, {"Evaluated", 11}, {"Expected", 11}, {"Findings", 11},
		{"Cause", 44}, {"Data not read", 44}, {"Why it matters", 48}, {"Recommended action", 48}, {"CIS", 26}, {"SCuBA", 30}, {"NIST", 30}, {"MITRE ATT&CK", 52}, {"Sources", 84},
	})
	if err != nil {
		return err
	}
	t.lines = 8
	t.print = [][2]int{{1, 12}} // frameworks and sources are for the screen
	for _, c := range b.m.checks {
		num := func(n int) excelize.Cell { return excelize.Cell{StyleID: b.st.number, Value: n} }
		text := func(col, s string) excelize.Cell { return b.text(name, col, c.ID, s, b.st.wrap) }
		severity := b.st.quiet // the severity that findings would have is no alarm
		if c.Status == "fail" {
			severity = b.st.severity[c.Severity]
		}
		if err := t.row([]any{
			b.text(name, "ID", c.ID, c.ID, b.st.line), text("Area", b.m.words.area(c.Area)), text("Title", b.m.t(c.Title)),
			excelize.Cell{StyleID: severity, Value: b.m.words.severity(c.Severity)},
			excelize.Cell{StyleID: b.st.status[c.Status], Value: b.m.words.status(c.Status)},
			num(c.Evaluated), num(c.Expected), num(c.Findings),
			text("Cause", b.m.causeOf(c)), excelize.Cell{StyleID: b.st.wrap, Value: strings.Join(b.m.words.missingText(c.Missing), "\n")}, text("Why it matters", b.m.t(c.Why)), text("Recommended action", b.m.t(c.Remediation)),
			text("CIS", strings.Join(c.CIS, ", ")), text("SCuBA", strings.Join(c.SCuBA, ", ")),
			text("NIST", strings.Join(c.NIST, ", ")), text("MITRE ATT&CK", strings.Join(c.MITRE, ", ")),
			text("Sources", strings.Join(c.Sources, "\n")),
		}); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return t.end(b.m.t("“Not assessed” never counts as a pass."), 0)
}

// signOff is filled in by people. Protection only guards against slips.
func (b *workbook) signOff(_ context.Context, name string) error {
	if err := errors.Join(b.sheet(name, sheetPage{tab: green}), b.widths(name, 22, 28, 16, 22, 44)); err != nil {
		return err
	}
	errs := []error{b.put(name, 1, 1, b.m.t("Sign-off"), b.st.heading)}
	for i, h := range []string{"Role", "Name", "Date", "Decision", "Remarks"} {
		errs = append(errs, b.put(name, i+1, 3, b.m.t(h), b.st.head))
	}
	for i, r := range []string{"Prepared by", "Reviewed by", "System owner", "Approved by"} {
		ref := func(col string) string { return fmt.Sprintf("%s%d", col, i+4) }
		errs = append(errs, b.put(name, 1, i+4, b.m.t(r), b.st.strong),
			b.f.SetCellStyle(name, ref("B"), ref("E"), b.st.input), b.f.SetCellStyle(name, ref("C"), ref("C"), b.st.inputDate))
	}
	errs = append(errs,
		b.put(name, 1, 9, b.m.t("Findings still open"), b.st.label), b.put(name, 2, 9, b.m.findings.Len(), b.st.number),
		b.f.SetCellFormula(name, "B9", fmt.Sprintf(`COUNTIFS(tblFindings[%[1]s],"<>%[2]s",tblFindings[%[1]s],"<>")`, b.m.t("Review status"), b.m.t("Closed"))),
		b.f.ProtectSheet(name, &excelize.SheetProtectionOptions{SelectLockedCells: true, SelectUnlockedCells: true, FormatColumns: true, FormatRows: true}))
	return errors.Join(errs...)
}
