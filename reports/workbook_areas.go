package reports

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/xuri/excelize/v2"

	"tenantaudit/internal/snapshot"
)

// A sheet for each area: what its checks came to, and the numbers that tell most about it, each
// with a chart. Charts read plain numbers only, so they are right in a protected view, too.

// Colours of series, as RRGGBB.
var (
	severitySeries = []string{"8F1020", "D9612C", "D9A521", "4E9A63", "6A8CC2"}
	sideSeries     = []string{"2F6FB3", "B3400B", "6B4AA8", "8FA3B8"}
	statusSeries   = map[string]string{"fail": "A81D2F", "not-evaluated": "8A94A1", "pass": "2F7D4F", "info": "4A76B8"}
)

// block is a table of plain numbers on an area sheet, with the chart that shows it.
type block struct {
	title, says, gap, none string
	head                   []string
	rows                   [][]any
	colours                []string // of the series, by column of numbers
	stacked                bool
}

// areaSheets adds a sheet for each area that has checks.
func (b *workbook) areaSheets(ctx context.Context, _ string) error {
	for _, a := range b.m.byArea() {
		if err := ctx.Err(); err != nil {
			return err
		}
		name := sheetName(b.m.t(a.Word))
		if err := b.areaSheet(name, a); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		b.listed = append(b.listed, listedSheet{name, b.m.t("Numbers and charts of one area"), -1})
	}
	return nil
}

var areaWidths = []float64{46, 15, 11, 11, 11, 11, 11, 11, 34}

func (b *workbook) areaSheet(name string, a areaCounts) error {
	m := b.m
	if err := errors.Join(b.sheet(name, sheetPage{tab: navy, size: 8, high: 1}), b.widths(name, areaWidths...)); err != nil {
		return err
	}
	var of []checkResult
	open, part := 0, 0
	for _, c := range m.checks {
		if c.Area != a.ID {
			continue
		}
		of = append(of, c)
		switch {
		case c.Status == "not-evaluated":
			open++
		case c.Cause != "":
			part++
		}
	}
	says := m.tf("%d findings of %d checks.", a.Total, len(of))
	if open+part > 0 {
		says += " " + m.tf("%d checks were not assessed and %d in part: they may have more.", open, part)
	}
	errs := []error{b.put(name, 1, 1, m.t(a.Word), b.st.title), b.f.SetRowHeight(name, 1, 32), b.put(name, 1, 2, says, b.st.note)}
	n := map[string][]int{}
	for check, of := range m.findings.Count() {
		for s, found := range of {
			if r := severityRank(string(s)); m.area[check] == a.ID && r < len(severities) {
				if n[check] == nil {
					n[check] = make([]int, len(severities))
				}
				n[check][r] += found
			}
		}
	}
	heads := []string{"Check", "Result"}
	for _, s := range severities {
		heads = append(heads, s.word)
	}
	heads = append(heads, "All", "Looked at")
	for i, h := range heads {
		style := b.st.headIndent
		if i >= 2 && i <= 7 {
			style = b.st.headRight
		}
		errs = append(errs, b.put(name, i+1, 4, m.t(h), style))
	}
	for i, c := range of {
		row := 5 + i
		errs = append(errs, b.put(name, 1, row, m.t(c.Title), b.st.wrap), b.put(name, 2, row, m.t(statusWord(c.Status)), b.st.status[c.Status]),
			b.f.SetRowHeight(name, row, lineHeight*float64(max(linesOf(m.t(c.Title), areaWidths[0]-2), linesOf(m.evaluatedText(c), areaWidths[8]-2)))))
		all := 0
		for j := range severities {
			v := 0
			if n[c.ID] != nil {
				v = n[c.ID][j]
			}
			all += v
			errs = append(errs, b.put(name, 3+j, row, v, b.st.number))
		}
		errs = append(errs, b.put(name, 8, row, all, b.st.number), b.put(name, 9, row, m.evaluatedText(c), b.st.wrap))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	row := 5 + len(of) + 1
	var series []excelize.ChartSeries
	for j := range severities {
		series = append(series, b.series(name, 3+j, 4, 5, 4+len(of), severitySeries[j]))
	}
	height := uint(120 + 26*len(of))
	if err := b.chart(name, row, m.t("Findings by check, as delivered"), m.t("Stacked bars: number of findings of each check, by severity. The numbers are in the table above."), excelize.BarStacked, series, height); err != nil {
		return err
	}
	row += int(height/chartRow) + 3
	for _, bl := range b.blocks(a.ID) {
		next, err := b.block(name, row, bl)
		if err != nil {
			return err
		}
		row = next
	}
	return nil
}

// block writes one table and its chart from a row on, and returns the row after them.
func (b *workbook) block(sheet string, row int, bl block) (int, error) {
	errs := []error{b.put(sheet, 1, row, bl.title, b.st.heading)}
	row++
	for _, s := range []string{bl.says, bl.gap} {
		if s != "" {
			errs = append(errs, b.put(sheet, 1, row, s, b.st.note))
			row++
		}
	}
	if len(bl.rows) == 0 {
		none := bl.none
		if bl.gap != "" {
			none = b.m.t("Nothing was found in what was read.")
		}
		return row + 2, errors.Join(append(errs, b.put(sheet, 1, row, none, b.st.note))...)
	}
	head := row
	lines := 1
	for i, h := range bl.head {
		style := b.st.headWrap
		lines = max(lines, linesOf(h, areaWidths[i]-3))
		if i == 0 {
			style = b.st.headIndent
		}
		errs = append(errs, b.put(sheet, i+1, head, h, style))
	}
	errs = append(errs, b.f.SetRowHeight(sheet, head, lineHeight*float64(lines)+5))
	for i, r := range bl.rows {
		for j, v := range r {
			style := b.st.number
			if _, ok := v.(string); ok {
				style = b.st.wrap
			}
			errs = append(errs, b.put(sheet, j+1, head+1+i, v, style))
		}
		if s, ok := r[0].(string); ok {
			errs = append(errs, b.f.SetRowHeight(sheet, head+1+i, lineHeight*float64(min(4, linesOf(shown(s), areaWidths[0]-2)))))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return 0, err
	}
	last := head + len(bl.rows)
	var series []excelize.ChartSeries
	for j, colour := range bl.colours {
		series = append(series, b.series(sheet, j+2, head, head+1, last, colour))
	}
	if len(series) == 0 {
		return last + 2, nil
	}
	kind := excelize.Bar
	if bl.stacked {
		kind = excelize.BarStacked
	}
	height := uint(120 + 24*len(bl.rows)*max(1, map[bool]int{true: 1, false: len(series)}[bl.stacked]*2/3))
	if err := b.chart(sheet, last+2, bl.title, b.m.tf("Bars: %s. The numbers are in the table above.", bl.title), kind, series, min(height, 900)); err != nil {
		return 0, err
	}
	return last + 2 + int(min(height, 900)/chartRow) + 3, nil
}

// chartRow is the height of a row in the pixels of charts, rounded down: rows of some programs are lower.
const chartRow = 18

// series is a column of plain numbers, named by its head.
func (b *workbook) series(sheet string, col, head, from, to int, colour string) excelize.ChartSeries {
	c, _ := excelize.ColumnNumberToName(col)
	q := "'" + sheet + "'"
	return excelize.ChartSeries{
		Name: fmt.Sprintf("%s!$%s$%d", q, c, head), Categories: fmt.Sprintf("%s!$A$%d:$A$%d", q, from, to),
		Values: fmt.Sprintf("%s!$%s$%d:$%s$%d", q, c, from, c, to),
		Fill:   excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{colour}},
	}
}

// chart adds a chart of bars below a row.
func (b *workbook) chart(sheet string, row int, title, alt string, kind excelize.ChartType, series []excelize.ChartSeries, height uint) error {
	font := excelize.Font{Color: ink, Size: 10}
	legend := "bottom"
	if len(series) == 1 {
		legend = "none"
	}
	return b.f.AddChart(sheet, fmt.Sprintf("A%d", row), &excelize.Chart{
		Type: kind, Series: series, XAxis: excelize.ChartAxis{Font: font, ReverseOrder: true}, YAxis: excelize.ChartAxis{Font: font, MajorGridLines: true, NumFmt: excelize.ChartNumFmt{CustomNumFmt: "#,##0"}},
		Title:     excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: title, Font: &excelize.Font{Color: ink, Size: 12, Bold: true}}}},
		Legend:    excelize.ChartLegend{Position: legend},
		Dimension: excelize.ChartDimension{Width: 980, Height: height},
		Format:    excelize.GraphicOptions{AltText: alt},
	})
}

// blocks are the numbers that tell most about an area.
func (b *workbook) blocks(area string) []block {
	m, f := b.m, b.m.figures
	switch area {
	case "licence":
		return []block{m.licenceBlock(f)}
	case "audit":
		return []block{m.auditBlock(f)}
	case "mail":
		return []block{m.mailBlock(f)}
	case "delegation":
		return []block{m.delegationBlock(f)}
	case "oauth":
		return []block{m.oauthBlock(f)}
	case "roles":
		return []block{m.rolesBlock(f)}
	}
	return nil
}

func (m *model) licenceBlock(f *figures) block {
	bl := block{title: m.t("Licences, bought and assigned"), gap: m.unread(snapshot.SKUs), none: m.t("The tenant has no licence."),
		head: []string{m.t("Product"), m.t("Bought"), m.t("Assigned")}, colours: []string{"8FA3B8", "2F6FB3"}}
	for i, l := range f.skus {
		if i == listedMost {
			bl.says = m.tf("The %d products with most assignments; %d more are on the sheet %s.", listedMost, len(f.skus)-listedMost, sheetOf(snapshot.SKUs))
			break
		}
		if l.Known {
			bl.rows = append(bl.rows, []any{l.Name, l.Enabled, l.Consumed})
		} else {
			bl.rows = append(bl.rows, []any{l.Name, m.t("unknown"), m.t("unknown")})
		}
	}
	return bl
}

func (m *model) auditBlock(f *figures) block {
	bl := block{title: m.t("What mailboxes record"), says: m.t("Number of mailboxes that record the owner's action, by kind of mailbox."), gap: m.unread(snapshot.Mailboxes, snapshot.OrganizationConfigs), none: m.t("No mailbox was read.")}
	bl.head = []string{m.t("Recorded")}
	colours := []string{"2F6FB3", "8FA3B8", "D9A521", "2B7A78", "6B4AA8"}
	unknown := 0
	for i, r := range f.ready {
		bl.head = append(bl.head, m.t(r.Group)+" ("+m.words.number(int64(r.Mailboxes))+")")
		bl.colours = append(bl.colours, colours[i%len(colours)])
		for _, c := range r.Cells {
			unknown += c.Unknown
		}
	}
	if len(f.ready) > 0 {
		for i, e := range readyEvents {
			row := []any{m.t(e.word)}
			for _, r := range f.ready {
				row = append(row, r.Cells[i].Yes)
			}
			bl.rows = append(bl.rows, row)
		}
	}
	if unknown > 0 {
		bl.says += " " + m.t("Where the service did not say, a mailbox is not counted as recording.")
	}
	return bl
}

func (m *model) mailBlock(f *figures) block {
	bl := block{title: m.t("Ways mail leaves the tenant"), says: m.t("Mailboxes and rules that send mail to a domain outside. An object counts once for each domain; what is switched off is left out."),
		gap: m.unread(snapshot.Mailboxes, snapshot.InboxRules, snapshot.TransportRules), none: m.t("No forwarding, inbox rule or mail flow rule sends mail out."),
		head: []string{m.t("Domain")}, colours: []string{"2F6FB3", "B3400B", "2B7A78"}, stacked: true}
	for _, mech := range mechanisms {
		bl.head = append(bl.head, m.t(mech))
	}
	at := map[string]int{}
	for _, e := range f.leaving {
		i, ok := at[e.Domain]
		if !ok {
			i = len(bl.rows)
			at[e.Domain] = i
			bl.rows = append(bl.rows, []any{m.domain(e.Domain), 0, 0, 0})
		}
		for j, mech := range mechanisms {
			if mech == e.Mechanism {
				bl.rows[i][j+1] = e.N
			}
		}
	}
	slices.SortStableFunc(bl.rows, func(a, b []any) int {
		sum := func(r []any) int { return r[1].(int) + r[2].(int) + r[3].(int) }
		none := func(r []any) int { return slices.Index([]string{m.t(domainOther), m.t(domainUnknown)}, r[0].(string)) }
		return cmp.Or(cmp.Compare(none(a), none(b)), cmp.Compare(sum(b), sum(a)))
	})
	return bl
}

func (m *model) delegationBlock(f *figures) block {
	bl := block{title: m.t("Mailboxes that most people can open"), gap: m.unread(snapshot.EffectiveAccess), none: m.t("No mailbox can be opened by anybody but its owner."),
		says: m.tf("People and applications beside the owner. %d mailboxes can be opened by somebody else; these are the first %d. Those who reach every mailbox are not counted here: see Access by person.", f.open, len(f.exposed)),
		head: []string{m.t("Mailbox"), m.t("Inside"), m.t("Outside or not known"), m.t("Application"), m.t("Single folders only")}, colours: sideSeries, stacked: true}
	for _, e := range f.exposed {
		bl.rows = append(bl.rows, []any{m.boxName(e.ID, e.Address), e.Inside, e.Outside, e.Apps, e.InFolder})
	}
	return bl
}

func (m *model) oauthBlock(f *figures) block {
	bl := block{title: m.t("Applications by their worst permission"), gap: m.unread(snapshot.ServicePrincipals, snapshot.AppRoleAssignments, snapshot.OAuth2PermissionGrants),
		says: m.tf("%d applications of Microsoft are left out. Application permissions and consent for everybody reach all accounts.", f.ours), none: m.t("No application that is not Microsoft's holds a permission."),
		head: []string{m.t("Worst permission"), m.t("Reaches all accounts"), m.t("Reaches some")}, colours: []string{"8F1020", "8FA3B8"}, stacked: true}
	for _, t := range tiers {
		if n, ok := f.classed[t]; ok {
			bl.rows = append(bl.rows, []any{m.t(tierWord(t)), n[0], n[1]})
		}
	}
	return bl
}

func (m *model) rolesBlock(f *figures) block {
	bl := block{title: m.t("Privileged directory roles"), gap: m.unread(snapshot.DirectoryRoleAssignments), none: m.t("No privileged role is assigned."),
		says: m.t("Assignments as the service has them: a group counts once."), head: []string{m.t("Role"), m.t("Active"), m.t("Eligible")}, colours: []string{"8F1020", "D9A521"}, stacked: true}
	for i, r := range f.roles {
		if i == listedMost {
			bl.says += " " + m.tf("%d more roles are on the sheet %s.", len(f.roles)-listedMost, sheetOf(snapshot.DirectoryRoleAssignments))
			break
		}
		bl.rows = append(bl.rows, []any{r.Role, r.Active, r.Eligible})
	}
	return bl
}

// sheetName is a name that a worksheet may have.
func sheetName(s string) string {
	out := make([]rune, 0, 31)
	for _, r := range s {
		switch r {
		case ':', '\\', '/', '?', '*', '[', ']', '\'':
			r = ' '
		}
		if len(out) < 31 {
			out = append(out, r)
		}
	}
	return string(out)
}
