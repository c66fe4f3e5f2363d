package reports

import (
	"context"
	"io"
	"strings"

	"tenantaudit/internal/snapshot"
)

// bom tells spreadsheets that a CSV file is UTF-8.
const bom = "\xef\xbb\xbf"

// csvText is a text cell for CSV: hidden characters as marks, line breaks and tabs
// included, so that a record is a line; a leading apostrophe where a spreadsheet would
// see a formula. The exact value is in report.json.
func csvText(s string) string {
	if formulaLead(s) {
		return "'" + shown(s)
	}
	return shown(s)
}

// csvCell quotes a cell by RFC 4180.
func csvCell(b *strings.Builder, s string) {
	if !strings.ContainsAny(s, "\",\r\n") && (s == "" || s[0] != ' ' && s[len(s)-1] != ' ') {
		b.WriteString(s)
		return
	}
	b.WriteByte('"')
	b.WriteString(strings.ReplaceAll(s, `"`, `""`))
	b.WriteByte('"')
}

// WriteTable writes rows of text as a CSV file by the same rules as the evidence: a spreadsheet
// sees no formula in it, and no control characters.
func WriteTable(w io.Writer, rows [][]string) error {
	var b strings.Builder
	b.WriteString(bom)
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				b.WriteByte(',')
			}
			csvCell(&b, csvText(cell))
		}
		b.WriteString("\r\n")
		if _, err := io.WriteString(w, b.String()); err != nil {
			return err
		}
		b.Reset()
	}
	return nil
}

// writeCSV writes one dataset: a header of column names and rowKey, then one line per
// row. Null is an empty cell.
func writeCSV(ctx context.Context, w io.Writer, m *model, d snapshot.Dataset) (int64, error) {
	cols := snapshot.Columns(d)
	var b strings.Builder
	b.WriteString(bom)
	for _, c := range cols {
		csvCell(&b, c.Name)
		b.WriteByte(',')
	}
	b.WriteString(rowKey + "\r\n")
	if _, err := io.WriteString(w, b.String()); err != nil {
		return 0, err
	}
	var n int64
	for row, err := range m.rowsOf(ctx, d) {
		if err != nil {
			return n, err
		}
		b.Reset()
		for i, v := range snapshot.Values(row) {
			s, _ := plain(v)
			switch cols[i].Kind {
			case snapshot.KindBool, snapshot.KindInt, snapshot.KindTime:
			default:
				s = csvText(s)
			}
			csvCell(&b, s)
			b.WriteByte(',')
		}
		csvCell(&b, csvText(snapshot.Key(row)))
		b.WriteString("\r\n")
		if _, err := io.WriteString(w, b.String()); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
