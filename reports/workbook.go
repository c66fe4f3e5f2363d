package reports

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"slices"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"tenantaudit/internal/snapshot"
)

// Limits of a worksheet that the writer keeps by itself.
const (
	cellUnits  = 32_000 // UTF-16 units; a cell holds 32,767 and the library cuts there in silence
	cellLines  = 253    // line feeds in one cell
	sheetLinks = 2_000  // hyperlinks: adding one costs time in proportion to those before it
	printRows  = 500    // rows of evidence that are printed
	pageWidth  = 270    // characters beside each other on a printed A3 page that can still be read
	pagesMost  = 3      // pages that a table is printed over, beside each other; beyond that it gets smaller
	listLimit  = 255    // characters of a validated list
)

// workbook is a workbook while it is written.
type workbook struct {
	f     *excelize.File
	m     *model
	plan  evidencePlan
	st    styles
	notes dataNotes
	rows  int64 // dataset rows written

	listed []listedSheet // tables so far, for Contents
	spool  string        // private folder for what is on its way into the archive
	spools []*rowSpool   // rows of evidence sheets
}

// part is one sheet of a workbook, or the run of evidence sheets.
type part struct {
	name  string
	write func(ctx context.Context, sheet string) error
}

// writeWorkbook writes review.xlsx and returns the number of dataset rows in it.
// Rows go through files in a private folder inside dir.
func writeWorkbook(ctx context.Context, w io.Writer, dir string, m *model, plan evidencePlan) (int64, error) {
	if _, err := m.counted(ctx); err != nil {
		return 0, err
	}
	return build(ctx, w, dir, m, plan, func(b *workbook) []part {
		return []part{
			{"Cover", b.cover}, {"Read me", b.readMe}, {"Summary", b.summary}, {"", b.areaSheets}, {"Coverage", b.coverage}, {gapsTitle, b.mailboxGaps},
			{"Checks", b.checks}, {"Findings", b.findings}, {"Affected", b.affected}, {"Access by person", b.accessByPerson},
			{"", b.evidence(reviewName)}, {"Method", b.method}, {"Data notes", b.dataNotes}, {"Sign-off", b.signOff}, {"Contents", b.contents},
		}
	})
}

// writeEvidence writes one evidence-<area>.xlsx: the datasets that the plan put there.
func writeEvidence(ctx context.Context, w io.Writer, dir string, m *model, plan evidencePlan, name string) (int64, error) {
	return build(ctx, w, dir, m, plan, func(b *workbook) []part {
		return []part{{"Cover", b.evidenceCover}, {"", b.evidence(name)}, {"Data notes", b.dataNotes}}
	})
}

func build(ctx context.Context, w io.Writer, dir string, m *model, plan evidencePlan, parts func(*workbook) []part) (rows int64, err error) {
	// The library keeps rows in memory, without a word, when its folder cannot be written to;
	// MkdirTemp proves that it can.
	spool, err := os.MkdirTemp(dir, ".spool-*")
	if err != nil {
		return 0, fmt.Errorf("make spool folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(spool)) }()

	f := excelize.NewFile(excelize.Options{TmpDir: spool})
	defer func() { err = errors.Join(err, f.Close()) }()
	b := &workbook{f: f, m: m, plan: plan, spool: spool}
	defer func() {
		for _, s := range b.spools {
			err = errors.Join(err, s.file.Close())
		}
	}()
	if b.st, err = newStyles(f); err != nil {
		return 0, fmt.Errorf("workbook styles: %w", err)
	}
	if err := b.properties(); err != nil {
		return 0, fmt.Errorf("workbook properties: %w", err)
	}
	for _, p := range parts(b) {
		name := sheetName(m.t(p.name))
		if err := p.write(ctx, name); err != nil {
			return 0, fmt.Errorf("sheet %s: %w", name, err)
		}
	}
	// The library fills this list from a map.
	types := f.ContentTypes.Defaults
	sort.Slice(types, func(i, j int) bool { return types[i].Extension < types[j].Extension })
	f.SetZipWriter(func(io.Writer) excelize.ZipWriter { return &sortedZip{dst: w, dir: spool, stamp: m.at, rows: b.spools} })
	// Never SaveAs: it opens the file for everyone to read. The archive goes to w, not here.
	if err := f.Write(io.Discard); err != nil {
		return 0, err
	}
	return b.rows, nil
}

func (b *workbook) properties() error {
	at := b.m.at.Format(time.RFC3339)
	if err := b.f.SetDocProps(&excelize.DocProperties{
		Title: shown(b.m.name), Subject: b.m.tf("Tenant %s", shown(b.m.tenant.ID)), Creator: "tenantaudit " + shown(b.m.tool.Version),
		LastModifiedBy: "tenantaudit", Created: at, Modified: at, Category: b.m.t("Confidential"), Language: b.m.words.code(),
	}); err != nil {
		return err
	}
	if err := b.f.SetAppProps(&excelize.AppProperties{Application: "tenantaudit"}); err != nil {
		return err
	}
	// Formulas (on Summary) are computed when the workbook is opened.
	full := true
	return b.f.SetCalcProps(&excelize.CalcPropsOptions{FullCalcOnLoad: &full})
}

// sheetPage describes how a sheet looks and prints.
type sheetPage struct {
	tab       string // colour
	landscape bool
	size      int    // paper: 9 is A4, 8 is A3
	wide      int    // pages beside each other; 0 is one
	high      int    // pages below each other; 0 is as many as it takes
	header    string // beside the title
	grid      bool
}

func ptr[T any](v T) *T { return &v }

// sheet adds a sheet. Properties, view and page must be set before rows are streamed.
func (b *workbook) sheet(name string, p sheetPage) error {
	if b.f.SheetCount == 1 && b.f.GetSheetName(0) == "Sheet1" {
		if err := b.f.SetSheetName("Sheet1", name); err != nil {
			return err
		}
	} else if _, err := b.f.NewSheet(name); err != nil {
		return err
	}
	orientation, size := "portrait", p.size
	if p.landscape {
		orientation = "landscape"
	}
	if size == 0 {
		size = 9
	}
	wide := max(p.wide, 1)
	head := "&L&8" + b.m.t(reviewTitle) + "&C&8" + p.header + "&R&8" + b.m.t("Confidential")
	foot := "&L&8&A&C&8" + b.m.tf("Review of %s UTC", b.m.at.Format("2006-01-02 15:04")) + "&R&8" + b.m.t("Page &P of &N")
	return errors.Join(
		b.f.SetSheetProps(name, &excelize.SheetPropsOptions{TabColorRGB: &p.tab, FitToPage: ptr(true)}),
		b.f.SetSheetView(name, 0, &excelize.ViewOptions{ShowGridLines: &p.grid}),
		b.f.SetPageLayout(name, &excelize.PageLayoutOptions{Size: &size, Orientation: &orientation, FitToWidth: &wide, FitToHeight: &p.high}),
		b.f.SetPageMargins(name, &excelize.PageLayoutMarginsOptions{Left: ptr(.4), Right: ptr(.4), Top: ptr(.7), Bottom: ptr(.7), Header: ptr(.35), Footer: ptr(.35)}),
		b.f.SetHeaderFooter(name, &excelize.HeaderFooterOptions{OddHeader: head, OddFooter: foot}),
	)
}

// escapes is text that a worksheet takes for the number of a character. The stream writer
// escapes it; SetCellStr does not.
var escapes = regexp.MustCompile(`_(x[0-9A-Fa-f]{4}_)`)

// put writes one cell of a sheet that is not streamed. Text passes through text.
func (b *workbook) put(sheet string, col, row int, v any, style int) error {
	ref, err := excelize.CoordinatesToCellName(col, row)
	if err != nil {
		return err
	}
	switch v := v.(type) {
	case string:
		c := b.text(sheet, "", ref, v, style)
		if runs, ok := c.Value.([]excelize.RichTextRun); ok {
			return errors.Join(b.f.SetCellRichText(sheet, ref, runs), b.f.SetCellStyle(sheet, ref, ref, c.StyleID))
		}
		return errors.Join(b.f.SetCellStr(sheet, ref, escapes.ReplaceAllString(c.Value.(string), "_x005F_$1")), b.f.SetCellStyle(sheet, ref, ref, c.StyleID))
	default:
		return errors.Join(b.f.SetCellValue(sheet, ref, v), b.f.SetCellStyle(sheet, ref, ref, style))
	}
}

// line writes a label and its text beside it, in a row that is high enough for both.
func (b *workbook) line(sheet string, row int, label, text any, labelStyle, textStyle int, w [2]float64) error {
	lines := 1
	for i, v := range [2]any{label, text} {
		if s, ok := v.(string); ok {
			lines = max(lines, linesOf(s, w[i]))
		}
	}
	return errors.Join(b.put(sheet, 1, row, label, labelStyle), b.put(sheet, 2, row, text, textStyle),
		b.f.SetRowHeight(sheet, row, min(lineHeight*float64(lines), excelize.MaxRowHeight)))
}

// widths sets the widths of columns from A on.
func (b *workbook) widths(sheet string, w ...float64) error {
	for i, v := range w {
		col, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return err
		}
		if err := b.f.SetColWidth(sheet, col, col, v); err != nil {
			return err
		}
	}
	return nil
}

// lineHeight is the height of a line of text in points.
const lineHeight = 15.0

// linesOf estimates how many lines a text takes in a column of a width. Spreadsheet programs
// differ in fonts and lines break between words; a line too many is better than text over text.
func linesOf(s string, width float64) int {
	n := 0
	for line := range strings.SplitSeq(s, "\n") {
		if c := float64(utf8.RuneCountInString(line)); c > width {
			n += int(math.Ceil(1.12 * c / width))
		} else {
			n++
		}
	}
	return n
}

// table is a streamed sheet: a header, rows, one Excel table over both.
type table struct {
	b      *workbook
	sw     *excelize.StreamWriter
	sheet  string
	name   string // of the Excel table
	what   string // it holds, for Contents; "" is its sheet's name
	cols   []column
	frozen int
	lines  int // rows grow with wrapped text up to this many lines; 0 is one line each
	rows   int
	direct *rowSpool // takes the rows in place of the stream writer
	print  [][2]int  // columns that are printed, from and to (1-based), each range on pages of its own; none is all
}

// column is one column of a table.
type column struct {
	head  string
	width float64
}

// numberHeads are the columns of the review sheets that hold numbers.
var numberHeads = []string{"Rows", "Expected", "Collected", "Failed", "Evaluated", "Findings", "Count", "Mailboxes"}

// pagesWide is over how many A3 pages beside each other columns go; the frozen ones are on each.
func pagesWide(cols []column, frozen int) int {
	total, repeated := 0.0, 0.0
	for i, c := range cols {
		if i < frozen {
			repeated += c.width
		} else {
			total += c.width
		}
	}
	return min(pagesMost, max(1, int(math.Ceil(total/(pageWidth-min(repeated, pageWidth/2))))))
}

// table begins a table on a new sheet, with frozen columns at the left.
func (b *workbook) table(sheet, name string, p sheetPage, frozen int, cols []column) (*table, error) {
	if p.wide == 0 {
		p.wide = pagesWide(cols, frozen)
	}
	if err := b.sheet(sheet, p); err != nil {
		return nil, err
	}
	sw, err := b.f.NewStreamWriter(sheet)
	if err != nil {
		return nil, err
	}
	t := &table{b: b, sw: sw, sheet: sheet, name: name, cols: cols, frozen: frozen}
	head := make([]any, len(cols))
	for i, c := range cols {
		if err := sw.SetColWidth(i+1, i+1, c.width); err != nil {
			return nil, err
		}
		style := b.st.headIndent
		if p.grid {
			style = b.st.head // cells of evidence have the default style
		}
		if slices.Contains(numberHeads, c.head) {
			style = b.st.headRight
		}
		text := c.head
		if !p.grid { // those of evidence are the names of report.json
			text = b.m.t(text)
		}
		head[i] = excelize.Cell{StyleID: style, Value: text}
	}
	corner, err := excelize.CoordinatesToCellName(frozen+1, 2)
	if err != nil {
		return nil, err
	}
	panes := &excelize.Panes{Freeze: true, XSplit: frozen, YSplit: 1, TopLeftCell: corner, ActivePane: "bottomRight"}
	if frozen == 0 {
		panes.ActivePane = "bottomLeft"
	}
	if err := sw.SetPanes(panes); err != nil {
		return nil, err
	}
	return t, sw.SetRow("A1", head, excelize.RowOpts{Height: 20})
}

// spooled lets the rows of a long table go to the archive by themselves.
func (t *table) spooled() error {
	s, err := newRowSpool(t.b.spool, rand.Text(), len(t.cols))
	if err != nil {
		return err
	}
	t.direct = s
	t.b.spools = append(t.b.spools, s)
	return nil
}

// row appends one row.
func (t *table) row(cells []any) error {
	t.rows++
	if t.direct != nil {
		return t.direct.row(t.rows+1, cells)
	}
	ref, err := excelize.CoordinatesToCellName(1, t.rows+1)
	if err != nil {
		return err
	}
	if t.lines == 0 {
		return t.sw.SetRow(ref, cells)
	}
	lines := 1
	for i, v := range cells {
		c, ok := v.(excelize.Cell)
		if s, isText := c.Value.(string); ok && isText && !t.b.st.oneLine(c.StyleID) {
			n := linesOf(s, t.cols[i].width)
			if !t.printed(i + 1) {
				n = min(n, screenLines)
			}
			lines = max(lines, n)
		}
	}
	return t.sw.SetRow(ref, cells, excelize.RowOpts{Height: lineHeight * float64(min(lines, t.lines))})
}

// screenLines is how many lines of text a column that is not printed may take; more is read in
// the cell itself.
const screenLines = 4

// printed reports whether a column (1-based) is printed.
func (t *table) printed(col int) bool {
	return len(t.print) == 0 || slices.ContainsFunc(t.print, func(r [2]int) bool { return r[0] <= col && col <= r[1] })
}

// rangeOf is the cells of columns from to to (1-based) below the header.
func (t *table) rangeOf(from, to int) string {
	a, _ := excelize.CoordinatesToCellName(from, 2)
	z, _ := excelize.CoordinatesToCellName(to, max(t.rows, 1)+1)
	return a + ":" + z
}

// end closes the sheet. Validations, formats and links must be set before. note, when
// not empty, is written below the table.
func (t *table) end(note string, printed int) error {
	last, err := excelize.CoordinatesToCellName(len(t.cols), max(t.rows, 1)+1)
	if err != nil {
		return err
	}
	if t.direct != nil && t.rows > 0 { // where the rows will be
		if err := errors.Join(t.direct.end(), t.sw.SetRow("A2", []any{t.direct.mark})); err != nil {
			return err
		}
	}
	if note != "" {
		ref, err := excelize.CoordinatesToCellName(1, max(t.rows, 1)+3)
		if err != nil {
			return err
		}
		if err := t.sw.SetRow(ref, []any{excelize.Cell{StyleID: t.b.st.note, Value: note}}); err != nil {
			return err
		}
	}
	t.b.listed = append(t.b.listed, listedSheet{t.sheet, cmp.Or(t.what, t.sheet), t.rows})
	if err := t.sw.AddTable(&excelize.Table{Range: "A1:" + last, Name: t.name, StyleName: "TableStyleLight1", ShowRowStripes: ptr(false)}); err != nil {
		return err
	}
	if err := t.sw.Flush(); err != nil {
		return err
	}
	quoted := "'" + t.sheet + "'"
	titles := quoted + "!$1:$1"
	if t.frozen > 0 { // the frozen columns are on every page
		col, err := excelize.ColumnNumberToName(t.frozen)
		if err != nil {
			return err
		}
		titles = fmt.Sprintf("%s!$A:$%s,%s", quoted, col, titles)
	}
	err = t.b.f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: titles, Scope: t.sheet})
	if err != nil {
		return err
	}
	return t.printArea(quoted, note, printed)
}

// printArea limits what is printed: to the columns in print, and to the first printed rows (0 is
// all). A note below the table is printed unless rows were left out before it.
func (t *table) printArea(quoted, note string, printed int) error {
	long := printed > 0 && t.rows > printed
	if !long && len(t.print) == 0 {
		return nil
	}
	bottom := max(t.rows, 1) + 1
	if note != "" {
		bottom += 2
	}
	if long {
		bottom = printed + 1
	}
	ranges := t.print
	if len(ranges) == 0 {
		ranges = [][2]int{{1, len(t.cols)}}
	}
	var areas []string
	for _, r := range ranges {
		from, err := excelize.ColumnNumberToName(r[0])
		if err != nil {
			return err
		}
		to, err := excelize.ColumnNumberToName(r[1])
		if err != nil {
			return err
		}
		areas = append(areas, fmt.Sprintf("%s!$%s$1:$%s$%d", quoted, from, to, bottom))
	}
	return t.b.f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Area", RefersTo: strings.Join(areas, ","), Scope: t.sheet})
}

// link makes a cell of a streamed sheet lead to the top of another sheet.
func (b *workbook) link(sheet, ref, target string) error {
	return b.f.SetCellHyperLink(sheet, ref, "'"+target+"'!A1", "Location")
}

// sheetOf is the first evidence sheet of a dataset.
func sheetOf(d snapshot.Dataset) string { return string(d) }
