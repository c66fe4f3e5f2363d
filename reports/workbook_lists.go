package reports

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"tenantaudit/internal/requirements"
	"tenantaudit/internal/snapshot"
)

// affected lists each object of each finding with the row that proves it: what to filter by
// object, where Findings is filtered by decision.
func (b *workbook) affected(ctx context.Context, name string) error {
	sheet := 0
	var t *table
	next := func() (err error) {
		if t != nil {
			if err := t.end("", printRows); err != nil {
				return err
			}
		}
		sheet++
		at, id := name, "tblAffected"
		if sheet > 1 {
			at, id = fmt.Sprintf("%s-%d", name, sheet), fmt.Sprintf("tblAffected%d", sheet)
		}
		t, err = b.table(at, id, sheetPage{tab: amber, landscape: true, size: 8, wide: 1}, 1, []column{
			{"Finding ID", 36}, {"Severity", 11}, {"Check", 38}, {"Object type", 22}, {"Object", 40}, {"Object ID", 40}, {"Evidence", 26}, {"Evidence sheet", 34}, {"Row key", 60},
		})
		if err != nil {
			return err
		}
		return t.spooled()
	}
	if err := next(); err != nil {
		return err
	}
	i := 0
	for f := range b.m.findings.All() {
		if i++; i%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		evidence := f.Evidence
		if len(evidence) == 0 {
			evidence = append(evidence, noEvidence)
		}
		for _, e := range evidence {
			if t.rows >= b.plan.sheetRows {
				if err := next(); err != nil {
					return err
				}
			}
			set, where := "", b.m.t("none")
			if e.Dataset != "" {
				set, where = b.m.words.dataset(e.Dataset), b.m.where(b.plan, e.Dataset)
			}
			text := func(col, s string) excelize.Cell { return b.text(t.sheet, col, f.ID, s, b.st.line) }
			if err := t.row([]any{
				text("Finding ID", f.ID), excelize.Cell{StyleID: b.st.severity[string(f.Severity)], Value: b.m.words.severity(string(f.Severity))}, text("Check", f.Check),
				text("Object type", b.m.words.label(f.Subject.Type)), text("Object", f.Subject.Name), text("Object ID", f.Subject.ID), text("Evidence", set), text("Evidence sheet", where), text("Row key", e.Key),
			}); err != nil {
				return err
			}
		}
	}
	return t.end("", printRows)
}

// accessByPerson turns the computed access around: who reaches how many mailboxes as a whole.
func (b *workbook) accessByPerson(ctx context.Context, name string) error {
	t, err := b.table(name, "tblAccessByPerson", sheetPage{tab: amber, landscape: true, size: 8, wide: 1}, 1, []column{
		{"Who", 46}, {"Address", 44}, {"Type", 16}, {"Every mailbox", 16}, {"Mailboxes", 14}, {"ID", 42},
	})
	if err != nil {
		return err
	}
	if err := t.spooled(); err != nil {
		return err
	}
	people := b.m.figures.people
	for i, p := range people {
		if i == b.plan.sheetRows {
			break
		}
		if i%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		text := func(col, s string) excelize.Cell { return b.text(name, col, p.ID, s, b.st.line) }
		if err := t.row([]any{text("Who", p.Name), text("Address", p.Address), text("Type", b.m.words.value(p.Type)), p.Every, excelize.Cell{StyleID: b.st.number, Value: int64(p.Mailboxes)}, text("ID", p.ID)}); err != nil {
			return err
		}
	}
	note := b.m.tf("Mailboxes that somebody beside the owner reaches as a whole, those of every mailbox not counted. Filter the sheet %s by principal for each way.", b.m.where(b.plan, snapshot.EffectiveAccess))
	if gap := b.m.unread(snapshot.EffectiveAccess); gap != "" {
		note = gap + " " + note
	}
	if n := len(people) - t.rows; n > 0 {
		note = b.m.tf("%d more do not fit here.", n) + " " + note
	}
	return t.end(note, printRows)
}

// method says how the review was made: with which rights, by which calls and by which rules.
func (b *workbook) method(_ context.Context, name string) error {
	m := b.m
	w := [3]float64{44, 62, 62}
	if err := errors.Join(b.sheet(name, sheetPage{tab: grey, landscape: true}), b.widths(name, w[:]...)); err != nil {
		return err
	}
	row := 1
	var errs []error
	heading := func(s string) {
		errs = append(errs, b.put(name, 1, row, m.t(s), b.st.heading))
		row++
	}
	line := func(style int, cells ...string) {
		lines := 1
		for i, s := range cells {
			st := b.st.value
			if i == 0 {
				st = style
			}
			errs = append(errs, b.put(name, i+1, row, s, st))
			lines = max(lines, linesOf(shown(s), w[i]))
		}
		errs = append(errs, b.f.SetRowHeight(name, row, min(lineHeight*float64(lines), excelize.MaxRowHeight)))
		row++
	}
	head := func(cells ...string) {
		for i, s := range cells {
			errs = append(errs, b.put(name, i+1, row, m.t(s), b.st.headIndent))
		}
		row++
	}
	heading("Privileges used")
	line(b.st.label, m.t("Collected as"), m.identity())
	line(b.st.label, m.t("Directory roles"), orNone(m, strings.Join(m.run.DirectoryRoles, ", ")))
	line(b.st.label, m.t("Graph permissions"), orNone(m, strings.Join(m.run.Scopes, ", ")))
	line(b.st.label, m.t("Mode"), m.t(readOnlyStatement))
	row++
	heading("Calls and what reading them takes")
	head("Call", "Service", "Smallest permission or role")
	var sets []snapshot.Dataset
	for _, c := range m.coverage {
		if c.State != snapshot.CoverageSkipped {
			sets = append(sets, c.Dataset)
		}
	}
	for _, r := range requirements.Needed(sets) {
		var takes []string
		if r.Least != "" {
			takes = append(takes, r.Least)
		}
		if r.Cmdlet != "" {
			takes = append(takes, strings.Join(slices.Concat(r.ViewOnly, r.Holders), ", "))
		}
		line(b.st.label, r.Reads, string(r.Service), orNone(m, strings.Join(slices.DeleteFunc(takes, func(s string) bool { return s == "" }), "; ")))
	}
	row++
	if reused := m.reused(); len(reused) > 0 {
		heading(reusedLabel)
		for i, s := range reused {
			line(b.st.label, string(m.run.Reused[i].Source), s, m.t(reusedStatement))
		}
		row++
	}
	heading("Rules")
	line(b.st.label, m.t("Rules of"), m.tool.Name+" "+m.tool.Version)
	head("Check", "How it decides", "What is counted")
	for _, c := range m.checks {
		line(b.st.label, c.ID, m.t(c.Rule), m.t(c.Subject))
	}
	row++
	heading("What a review cannot say")
	for _, s := range []string{deletedStatement, momentStatement, gapStatement} {
		line(b.st.label, "", m.t(s))
	}
	for _, l := range m.limits {
		line(b.st.label, "", m.t(l.Text))
	}
	return errors.Join(errs...)
}

func orNone(m *model, s string) string {
	if s == "" {
		return m.t("none known")
	}
	return s
}

// listedSheet is a line of Contents; rows is -1 for a sheet that is no table.
type listedSheet struct {
	name, what string
	rows       int
}

// contents lists the sheets with their rows. The hashes of the files are in manifest.json: a
// workbook cannot hold its own.
func (b *workbook) contents(_ context.Context, name string) error {
	listed := b.listed
	t, err := b.table(name, "tblContents", sheetPage{tab: grey}, 0, []column{{"Sheet", 40}, {"Content", 46}, {"Rows", 14}})
	if err != nil {
		return err
	}
	for _, s := range listed {
		rows := excelize.Cell{StyleID: b.st.number}
		if s.rows >= 0 {
			rows.Value = s.rows
		}
		if err := t.row([]any{b.text(name, "Sheet", s.name, s.name, b.st.line), b.text(name, "Content", s.name, s.what, b.st.line), rows}); err != nil {
			return err
		}
	}
	for _, file := range b.plan.others() {
		if err := t.row([]any{b.text(name, "Sheet", file, file, b.st.line), b.raw(b.m.tf("Rows that do not fit into %s", reviewName)), excelize.Cell{StyleID: b.st.number}}); err != nil {
			return err
		}
	}
	return t.end(b.m.t("Size and SHA-256 of every file are in manifest.json beside this workbook."), 0)
}
