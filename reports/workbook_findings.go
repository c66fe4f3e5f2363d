package reports

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// The columns of Findings: what the tool says, then what people decide.
var findingColumns = []column{
	{"ID", 27}, {"Severity", 11}, {"Area", 23}, {"Title", 38}, {"Subject", 34}, {"Summary", 52}, {"Why it matters", 46}, {"Recommended action", 46},
	{"Details", 72}, {"Check", 38}, {"Subject type", 24}, {"Subject ID", 42}, {"Evidence", 60}, {"Reference", 46},
	{"Review status", 15}, {"Owner", 20}, {"Due date", 13}, {"Decision", 16}, {"Review notes", 44}, {"Reviewed by", 18}, {"Reviewed on", 13},
}

// Positions (1-based) of columns.
const (
	colAction   = 8 // the last that is printed of the left block
	colEvidence = 13
	colStatus   = 15 // Review status; the first of the columns that people fill in
	colDue      = 17
	colDecision = 18
	colReviewed = 21
)

// What people choose from.
var (
	reviewStates    = []string{"Open", "In progress", "Closed"}
	reviewDecisions = []string{"Fix", "Accept risk", "False positive", "Mitigated", "Defer"}
)

// findings lists every finding, worst first, with the columns of the reviewer.
func (b *workbook) findings(ctx context.Context, name string) error {
	about := map[string]checkResult{}
	for _, c := range b.m.checks {
		about[c.ID] = c
	}
	sheet := 1
	t, err := b.findingSheet(name, sheet)
	if err != nil {
		return err
	}
	i := 0
	for f := range b.m.findings.All() {
		if i++; i%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if t.rows == b.plan.sheetRows {
			if err := b.endFindings(t); err != nil {
				return err
			}
			sheet++
			if t, err = b.findingSheet(fmt.Sprintf("%s-%d", name, sheet), sheet); err != nil {
				return err
			}
		}
		if err := b.finding(t, f, about[f.Check]); err != nil {
			return err
		}
	}
	return b.endFindings(t)
}

func (b *workbook) findingSheet(name string, n int) (*table, error) {
	id := "tblFindings"
	if n > 1 {
		id += strconv.Itoa(n)
	}
	t, err := b.table(name, id, sheetPage{tab: amber, landscape: true, size: 8, wide: 1}, 2, findingColumns)
	if err == nil {
		t.lines = 6
		t.print = [][2]int{{1, colAction}, {colStatus, colReviewed}} // the rest is for the screen
	}
	return t, err
}

func (b *workbook) finding(t *table, f checkFinding, c checkResult) error {
	text := func(col, s string) excelize.Cell { return b.text(t.sheet, col, f.ID, s, b.st.wrap) }
	evidence := text("Evidence", evidenceText(f))
	if t.rows < sheetLinks && len(f.Evidence) > 0 {
		for _, cov := range b.m.coverage {
			if string(cov.Dataset) == string(f.Evidence[0].Dataset) {
				evidence.StyleID = b.st.link
				ref, err := excelize.CoordinatesToCellName(colEvidence, t.rows+2)
				if err != nil {
					return err
				}
				if err := b.link(t.sheet, ref, sheetOf(cov.Dataset)); err != nil {
					return err
				}
			}
		}
	}
	input, date := excelize.Cell{StyleID: b.st.input}, excelize.Cell{StyleID: b.st.inputDate}
	return t.row([]any{
		b.text(t.sheet, "ID", f.ID, f.ID, b.st.id), excelize.Cell{StyleID: b.st.severity[string(f.Severity)], Value: b.m.words.severity(string(f.Severity))},
		text("Area", b.m.words.area(b.m.area[f.Check])), text("Title", b.m.t(c.Title)), text("Subject", f.Subject.Name), text("Summary", b.m.summary(f)),
		text("Why it matters", b.m.t(c.Why)), text("Recommended action", b.m.t(c.Remediation)), text("Details", b.m.detailsText(f)),
		b.text(t.sheet, "Check", f.ID, f.Check, b.st.line), text("Subject type", f.Subject.Type), text("Subject ID", f.Subject.ID),
		evidence, text("Reference", strings.Join(b.m.controls(c), "\n")),
		excelize.Cell{StyleID: b.st.input, Value: b.m.t(reviewStates[0])}, input, date, input, input, input, date,
	})
}

// endFindings adds the lists to choose from, the colours, and closes the sheet.
func (b *workbook) endFindings(t *table) error {
	pick := func(col int, words []string) error {
		values := make([]string, len(words))
		for i, w := range words {
			values[i] = b.m.t(w)
		}
		if n := len(strings.Join(values, ",")); n > listLimit {
			return fmt.Errorf("list of %d characters", n)
		}
		d := excelize.NewDataValidation(true)
		d.Sqref = t.rangeOf(col, col)
		if err := d.SetDropList(values); err != nil {
			return err
		}
		d.SetError(excelize.DataValidationErrorStyleStop, b.m.t("Not in the list"), b.m.t("Choose one of the listed values."))
		return b.f.AddDataValidation(t.sheet, d)
	}
	if err := pick(colStatus, reviewStates); err != nil {
		return err
	}
	if err := pick(colDecision, reviewDecisions); err != nil {
		return err
	}
	for _, col := range []int{colDue, colReviewed} {
		d := excelize.NewDataValidation(true)
		d.Sqref = t.rangeOf(col, col)
		// From 2020 to 2099, as serial numbers of days.
		if err := d.SetRange(43831, 73050, excelize.DataValidationTypeDate, excelize.DataValidationOperatorBetween); err != nil {
			return err
		}
		d.SetError(excelize.DataValidationErrorStyleStop, b.m.t("Not a date"), b.m.t("Enter a date, such as 2026-12-31."))
		if err := b.f.AddDataValidation(t.sheet, d); err != nil {
			return err
		}
	}
	closed, err := b.f.NewConditionalStyle(&excelize.Style{Font: &excelize.Font{Color: "8A93A0", Strike: true}})
	if err != nil {
		return err
	}
	late, err := b.f.NewConditionalStyle(&excelize.Style{Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"FBE3E6"}}})
	if err != nil {
		return err
	}
	if err := b.f.SetConditionalFormat(t.sheet, t.rangeOf(1, colReviewed), []excelize.ConditionalFormatOptions{
		{Type: "formula", Criteria: fmt.Sprintf(`=$O2="%s"`, b.m.t("Closed")), Format: &closed}}); err != nil {
		return err
	}
	if err := b.f.SetConditionalFormat(t.sheet, t.rangeOf(colDue, colDue), []excelize.ConditionalFormatOptions{
		{Type: "formula", Criteria: fmt.Sprintf(`=AND($Q2<>"",$Q2<TODAY(),$O2<>"%s")`, b.m.t("Closed")), Format: &late}}); err != nil {
		return err
	}
	note := ""
	if t.rows == 0 {
		note = b.m.t("No findings. Look at Coverage and Checks before taking that for a good result: what was not assessed cannot have findings.")
	}
	return t.end(note, 0)
}
