package reports

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"tenantaudit/internal/snapshot"
)

// evidence writes the sheets of the datasets that the plan keeps in the named workbook, in
// report order. review.xlsx has a sheet for the others, too, which says where the rows are.
func (b *workbook) evidence(file string) func(context.Context, string) error {
	return func(ctx context.Context, _ string) error {
		for _, c := range b.m.coverage {
			var err error
			switch {
			case b.plan.file[c.Dataset] == file:
				err = b.dataset(ctx, c)
			case file == reviewName:
				err = b.elsewhere(c)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", c.Dataset, err)
			}
		}
		return nil
	}
}

// evidencePage is how sheets of evidence look: the tab is grey for complete data, amber for
// data read in part, dark for data not read.
func (m *model) evidencePage(c snapshot.Coverage) sheetPage {
	heads := columnsOf(c.Dataset)
	p := sheetPage{tab: grey, landscape: true, size: 8, grid: true, wide: pagesWide(heads[:len(heads)-1], 1)} // the row key is not printed
	switch c.State {
	case snapshot.CoverageComplete:
	case snapshot.CoveragePartial:
		p.tab, p.header = amber, m.t("Read in part: see Coverage")
	default:
		p.tab, p.header = "000000", m.t("Not assessed: see Coverage")
	}
	if c.Rows > printRows {
		p.header = strings.TrimPrefix(p.header+"; "+m.tf("first %d of %s rows printed", printRows, c.Rows), "; ")
	}
	return p
}

// evidenceNote says below a table what its emptiness or shortness means; "" for complete
// data with rows.
func (m *model) evidenceNote(c snapshot.Coverage, rows int) string {
	if c.State == snapshot.CoverageComplete {
		if rows == 0 {
			return m.t("Read in full: the tenant has none.")
		}
		return ""
	}
	s := m.words.state(c.State)
	if c.State == snapshot.CoveragePartial {
		s = m.t("Not assessed in full: read in part")
	}
	return shown(s + ". " + m.words.reasonsText(c))
}

// columnWidths are those of columns whose texts are shorter or longer than others of their kind.
var columnWidths = map[string]float64{
	"capability": 14, "route": 18, "principalType": 14, "via": 44, "scope": 26, "note": 36, "close": 60, "assignmentType": 16, "smtpAuth": 12,
}

// columnsOf are the columns of a dataset sheet.
func columnsOf(d snapshot.Dataset) []column {
	var cols []column
	for _, c := range snapshot.Columns(d) {
		w := 26.0
		switch c.Kind {
		case snapshot.KindBool:
			w = 11
		case snapshot.KindInt:
			w = 12
		case snapshot.KindTime:
			w = 17
		case snapshot.KindList:
			w = 36
		case snapshot.KindObject:
			w = 44
		case snapshot.KindText:
			if c.Key {
				w = 38 // mostly object ids
			}
		}
		w = cmp.Or(columnWidths[c.Name], w)
		cols = append(cols, column{c.Name, max(w, float64(len(c.Name))*1.2+4)})
	}
	return append(cols, column{rowKey, 48})
}

// dataset writes the sheets of one dataset: more than one when it is long, divided
// between objects (the first key column), not within one.
func (b *workbook) dataset(ctx context.Context, c snapshot.Coverage) error {
	cols := snapshot.Columns(c.Dataset)
	first := slices.IndexFunc(cols, func(c snapshot.Column) bool { return c.Key })
	heads := columnsOf(c.Dataset)
	cells := make([]any, len(heads))
	var t *table
	sheet, object := 0, any(nil)
	next := func() (err error) {
		if t != nil {
			if err = t.end("", printRows); err != nil {
				return err
			}
		}
		sheet++
		name := sheetOf(c.Dataset)
		if sheet > 1 {
			name += "-" + strconv.Itoa(sheet)
		}
		t, err = b.table(name, fmt.Sprintf("tbl_%s_%d", c.Dataset, sheet), b.m.evidencePage(c), 1, heads)
		if err == nil {
			t.print, t.what = [][2]int{{1, len(cols)}}, b.m.words.dataset(c.Dataset)
			err = t.spooled()
		}
		return err
	}
	if err := next(); err != nil {
		return err
	}
	for row, err := range b.m.rowsOf(ctx, c.Dataset) {
		if err != nil {
			return err
		}
		values := snapshot.Values(row)
		full := t.rows >= b.plan.sheetRows && values[first] != object
		if full || t.rows >= b.plan.sheetRows+sheetRowsSlack {
			if err := next(); err != nil {
				return err
			}
		}
		object = values[first]
		key := snapshot.Key(row)
		for i, v := range values {
			cells[i] = b.cell(t.sheet, cols[i].Name, key, v)
		}
		cells[len(values)] = b.text(t.sheet, rowKey, key, key, 0)
		if err := t.row(cells); err != nil {
			return err
		}
		b.rows++
	}
	return t.end(b.m.evidenceNote(c, t.rows), printRows)
}

// cell is a typed cell: numbers, booleans and dates as such, text and lists as string
// cells, null as an empty cell with the pattern that Read me explains.
func (b *workbook) cell(sheet, col, key string, v any) any {
	switch v := v.(type) {
	case nil:
		return excelize.Cell{StyleID: b.st.unknown}
	case bool:
		return v
	case int64:
		if exactInt(v) {
			return excelize.Cell{StyleID: b.st.integer, Value: v}
		}
		b.notes.add(sheet, col, noteInt, key, 1)
		return strconv.FormatInt(v, 10)
	case time.Time:
		if serial, ok := excelDate(v); ok {
			return excelize.Cell{StyleID: b.st.date, Value: serial}
		}
		b.notes.add(sheet, col, noteDate, key, 1)
		return utc(v)
	}
	s, _ := plain(v)
	if s == "" {
		return nil
	}
	return b.text(sheet, col, key, s, 0)
}

// elsewhere is the sheet of a dataset whose rows are in another workbook.
func (b *workbook) elsewhere(c snapshot.Coverage) error {
	t, err := b.table(sheetOf(c.Dataset), fmt.Sprintf("tbl_%s_1", c.Dataset), b.m.evidencePage(c), 1, columnsOf(c.Dataset))
	if err != nil {
		return err
	}
	note := b.m.tf("%s rows: see %s.", c.Rows, b.m.where(b.plan, c.Dataset))
	if gap := b.m.evidenceNote(c, int(c.Rows)); gap != "" {
		note += " " + gap
	}
	return t.end(note, 0)
}

// dataNotes lists what the workbook shows otherwise than it was sent.
func (b *workbook) dataNotes(_ context.Context, name string) error {
	t, err := b.table(name, "tblDataNotes", sheetPage{tab: grey, landscape: true}, 0,
		[]column{{"Sheet", 28}, {"Column", 28}, {"Change", 62}, {"Count", 10}, {"First row key", 60}})
	if err != nil {
		return err
	}
	t.lines = 4
	notes := slices.Clone(b.notes.all) // text below adds none: keys were counted before
	for _, n := range notes {
		key := b.text(name, "First row key", n.first, n.first, b.st.wrap)
		if err := t.row([]any{b.raw(n.sheet), b.raw(b.m.words.value(n.col)), b.str(n.change), excelize.Cell{StyleID: b.st.number, Value: n.count}, key}); err != nil {
			return err
		}
	}
	note := b.m.t("The exact values are in report.json and in the snapshot. Nothing else was changed.")
	if len(notes) == 0 {
		note = b.m.t("Every value is shown exactly as it was sent.")
	}
	return t.end(note, 0)
}

// raw is a cell of words that are in the language already, or are names.
func (b *workbook) raw(s string) excelize.Cell { return excelize.Cell{StyleID: b.st.wrap, Value: s} }

// str is a cell of the product's own words.
func (b *workbook) str(s string) excelize.Cell {
	return excelize.Cell{StyleID: b.st.wrap, Value: b.m.t(s)}
}

// evidenceCover is the first sheet of an evidence workbook.
func (b *workbook) evidenceCover(_ context.Context, name string) error {
	if err := b.sheet(name, sheetPage{tab: navy}); err != nil {
		return err
	}
	return b.pairs(name, b.m.tf("Evidence: %s", b.m.name), []pair{
		{"Tenant", b.m.tenant.DisplayName}, {"Tenant ID", b.m.tenant.ID}, {"Collected", b.m.window()},
		{"Mode", b.m.t(readOnlyStatement)}, {"What this is", b.m.tf("Rows that do not fit into %s. Results, coverage and notes are there.", reviewName)},
		{"Handling", b.m.t(handlingStatement)},
	})
}
