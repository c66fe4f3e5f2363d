package reports

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"
)

// styles are all cell formats of the workbook, created once. A style that tenant text
// may use has a twin with quotePrefix, in quoted: a cell that begins like a formula keeps
// its exact value and stays text when it is edited.
type styles struct {
	title, heading, label, value, strong, head, headIndent, headRight, headWrap, wrap, line, id, note, link, quiet, input, inputDate int
	number, count, integer, date, unknown                                                                                            int
	severity, status                                                                                                                 map[string]int
	quoted                                                                                                                           map[int]int
}

// Colours, as RRGGBB.
const (
	navy  = "1F3864"
	ink   = "1B2430"
	muted = "54606F"
	rule  = "D5DBE3"
	amber = "B3400B"
	green = "2F7D4F"
	grey  = "7F7F7F"
)

// severityColours are foreground and background of the severity words.
var severityColours = map[string][2]string{
	"critical": {"8F1020", "FBE3E6"}, "high": {"B3400B", "FDEADF"}, "medium": {"8A6100", "FDF3D6"},
	"low": {"2F6D3A", "E4F3E6"}, "info": {"3B5B8C", "E7EEF8"},
}

// statusColours are those of the results. Not assessed is never green.
var statusColours = map[string][2]string{
	"pass": {"2F6D3A", "E4F3E6"}, "fail": {"8F1020", "FBE3E6"}, "not-evaluated": {"54606F", "E3E7EC"}, "info": {"3B5B8C", "E7EEF8"},
	"partial": {"8A6100", "FDF3D6"}, // of coverage, not of a check
}

func newStyles(f *excelize.File) (s styles, err error) {
	font := func(bold bool, size float64, color string) *excelize.Font {
		return &excelize.Font{Family: "Calibri", Size: size, Bold: bold, Color: color}
	}
	fill := func(color string) excelize.Fill {
		return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{color}}
	}
	top := &excelize.Alignment{Vertical: "top", WrapText: true}
	// Columns of text stand beside each other; the indent keeps them apart.
	indent := &excelize.Alignment{Vertical: "top", Horizontal: "left", Indent: 1, WrapText: true}
	flat := &excelize.Alignment{Vertical: "top", Horizontal: "left", Indent: 1}
	line := []excelize.Border{{Type: "bottom", Color: rule, Style: 1}}
	add := func(st excelize.Style) int {
		var id int
		if err == nil {
			id, err = f.NewStyle(&st)
		}
		return id
	}
	s.quoted = map[int]int{}
	twin := func(st excelize.Style) int {
		id := add(st)
		// The library has no option for quotePrefix and would find the same style again, so
		// the twin is appended to the style sheet itself.
		if err == nil {
			xfs := f.Styles.CellXfs
			xf := xfs.Xf[id]
			xf.QuotePrefix = ptr(true)
			xfs.Xf = append(xfs.Xf, xf)
			xfs.Count = len(xfs.Xf)
			s.quoted[id] = len(xfs.Xf) - 1
		}
		return id
	}
	s.title = twin(excelize.Style{Font: font(true, 20, navy)})
	s.heading = add(excelize.Style{Font: font(true, 13, navy)})
	s.label = add(excelize.Style{Font: font(false, 11, muted), Alignment: top, Border: line})
	s.value = twin(excelize.Style{Font: font(false, 11, ink), Alignment: top, Border: line})
	s.strong = add(excelize.Style{Font: font(true, 11, ink), Alignment: top, Border: line})
	s.head = add(excelize.Style{Font: font(true, 11, "FFFFFF"), Fill: fill(navy), Alignment: &excelize.Alignment{Vertical: "center"}})
	s.headIndent = add(excelize.Style{Font: font(true, 11, "FFFFFF"), Fill: fill(navy), Alignment: &excelize.Alignment{Vertical: "center", Horizontal: "left", Indent: 1}})
	s.headRight = add(excelize.Style{Font: font(true, 11, "FFFFFF"), Fill: fill(navy), Alignment: &excelize.Alignment{Vertical: "center", Horizontal: "right", Indent: 1}})
	s.headWrap = add(excelize.Style{Font: font(true, 11, "FFFFFF"), Fill: fill(navy), Alignment: &excelize.Alignment{Vertical: "center", Horizontal: "right", Indent: 1, WrapText: true}})
	s.id = twin(excelize.Style{Font: font(false, 8, muted), Alignment: flat, Border: line})
	s.line = twin(excelize.Style{Font: font(false, 11, ink), Alignment: flat, Border: line})
	s.wrap = twin(excelize.Style{Font: font(false, 11, ink), Alignment: indent, Border: line})
	s.note = twin(excelize.Style{Font: &excelize.Font{Family: "Calibri", Size: 11, Italic: true, Color: muted}})
	s.link = add(excelize.Style{Font: &excelize.Font{Family: "Calibri", Size: 11, Color: "0B5CAD", Underline: "single"}, Alignment: indent, Border: line})
	s.quiet = add(excelize.Style{Font: font(false, 11, muted), Alignment: &excelize.Alignment{Vertical: "top", Horizontal: "center"}, Border: line})
	s.input = twin(excelize.Style{Font: font(false, 11, ink), Fill: fill("FFFBE6"), Alignment: top, Border: line, Protection: &excelize.Protection{Locked: false}})
	s.inputDate = add(excelize.Style{Font: font(false, 11, ink), Fill: fill("FFFBE6"), Alignment: top, Border: line, CustomNumFmt: ptr("yyyy-mm-dd"), Protection: &excelize.Protection{Locked: false}})
	s.number = add(excelize.Style{Font: font(false, 11, ink), NumFmt: 3, Alignment: &excelize.Alignment{Vertical: "top", Horizontal: "right", Indent: 1}, Border: line})
	s.count = add(excelize.Style{Font: font(true, 11, ink), NumFmt: 3, Alignment: &excelize.Alignment{Horizontal: "left"}, Border: line})
	s.integer = add(excelize.Style{NumFmt: 1})
	s.date = add(excelize.Style{CustomNumFmt: ptr("yyyy-mm-dd hh:mm"), Alignment: &excelize.Alignment{Horizontal: "left"}})
	s.unknown = add(excelize.Style{Fill: excelize.Fill{Type: "pattern", Pattern: 17, Color: []string{rule}}})
	s.quoted[0] = s.quoted[twin(excelize.Style{NumFmt: 49})] // evidence text has the default style
	words := func(colours map[string][2]string, ids []string) map[string]int {
		out := map[string]int{}
		for _, id := range ids {
			c := colours[id]
			out[id] = add(excelize.Style{Font: font(true, 11, c[0]), Fill: fill(c[1]), Alignment: &excelize.Alignment{Vertical: "top", Horizontal: "center"}, Border: line})
		}
		return out
	}
	s.severity = words(severityColours, []string{"critical", "high", "medium", "low", "info"})
	s.status = words(statusColours, []string{"pass", "fail", "not-evaluated", "info", "partial"})
	return s, err
}

// oneLine reports whether text of a style does not wrap.
func (s *styles) oneLine(id int) bool {
	return slices.Contains([]int{s.line, s.quoted[s.line], s.id, s.quoted[s.id]}, id)
}

// text is a cell of tenant text: always a string cell. What had to be changed, and
// what looks like a formula, is counted on the sheet Data notes.
func (b *workbook) text(sheet, col, key, s string, style int) excelize.Cell {
	note := func(change string, n int) {
		if n > 0 {
			b.notes.add(sheet, col, change, key, n)
		}
	}
	if len(s) <= cellUnits && bare(s) && !strings.Contains(s, "_x") && !formulaLead(s) { // as most texts are
		return excelize.Cell{StyleID: style, Value: s}
	}
	s, marks, invalid := visible(s, "\t\n\r")
	note(noteHidden, marks)
	note(noteInvalid, invalid)
	if n := strings.Count(s, "\n"); n > cellLines {
		note(noteLines, n-cellLines)
		s = strings.Replace(s, "\n", "\x00", cellLines)
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\n", " "), "\x00", "\n")
	}
	s, shortened := cut(s, cellUnits)
	if shortened {
		note(noteCut, 1)
	}
	if formulaLead(s) {
		note(noteFormula, 1)
		style = cmp.Or(b.st.quoted[style], style)
	}
	return excelize.Cell{StyleID: style, Value: cellValue(s)}
}

// escapeAt is text that a worksheet takes for the number of a character. The library
// escapes it, but not two that share an underscore, nor half of a surrogate pair: there a
// text could still smuggle any character into a cell.
var (
	escapeAt = regexp.MustCompile(`^_x[0-9A-Fa-f]{4}_`)
	missed   = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_x[0-9A-Fa-f]{4}_|_x[Dd][89A-Fa-f][0-9A-Fa-f]{2}_`)
)

// cellValue is a text for a cell: as runs, none of which holds a whole escape, where the
// library would leave one.
func cellValue(s string) any {
	if !strings.Contains(s, "_x") || !missed.MatchString(s) {
		return s
	}
	var runs []excelize.RichTextRun
	from := 0
	for i := range s {
		if s[i] == '_' && escapeAt.MatchString(s[i:]) {
			runs = append(runs, excelize.RichTextRun{Text: s[from : i+1]})
			from = i + 1
		}
	}
	return append(runs, excelize.RichTextRun{Text: s[from:]})
}

// Words for what the sheet Data notes counts.
const (
	noteHidden  = "Control, bidirectional or zero-width character shown as a mark"
	noteInvalid = "Bytes that are no UTF-8 shown as U+FFFD"
	noteLines   = "Line breaks beyond 253 in a cell written as spaces"
	noteCut     = "Text longer than 32,000 characters cut"
	noteFormula = "Begins like a formula; kept exactly, as text"
	noteInt     = "Number of more than 15 digits written as text"
	noteDate    = "Time that a worksheet cannot hold written as text"
)

// dataNote counts one kind of change in one column.
type dataNote struct {
	sheet, col, change string
	first              string // key of the first row concerned
	count              int
}

// dataNotes are the changes of the whole workbook, in the order in which they came.
type dataNotes struct {
	all []dataNote
	at  map[[3]string]int
}

func (n *dataNotes) add(sheet, col, change, key string, count int) {
	id := [3]string{sheet, col, change}
	i, ok := n.at[id]
	if !ok {
		if n.at == nil {
			n.at = map[[3]string]int{}
		}
		i = len(n.all)
		n.at[id] = i
		n.all = append(n.all, dataNote{sheet: sheet, col: col, change: change, first: key})
	}
	n.all[i].count += count
}
