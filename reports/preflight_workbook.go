package reports

import (
	"cmp"
	"context"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"

	"tenantaudit/internal/requirements"
	"tenantaudit/internal/snapshot"
)

// WritePreflightWorkbook writes the same as a workbook: a cover, one row per check, one
// per source. Rows go through files in a private folder inside dir.
func WritePreflightWorkbook(ctx context.Context, w io.Writer, dir string, p *Preflight) error {
	m := &model{at: p.At.UTC(), tool: toolInfo{Name: p.Tool.Name, Version: p.Tool.Version},
		tenant: snapshot.Tenant{ID: p.Tenant.ID, DisplayName: p.Tenant.DisplayName, DefaultDomain: p.Tenant.DefaultDomain}}
	_, err := build(ctx, w, dir, m, evidencePlan{}, func(b *workbook) []part {
		sheets := preflightSheets{b, p}
		return []part{{"Access", sheets.cover}, {"Checks", sheets.checks}, {"Sources", sheets.sources}, {"Data notes", b.dataNotes}}
	})
	return err
}

type preflightSheets struct {
	b *workbook
	p *Preflight
}

func (s preflightSheets) cover(_ context.Context, name string) error {
	if err := s.b.sheet(name, sheetPage{tab: navy}); err != nil {
		return err
	}
	p, i := s.p, s.p.Identity
	excess := make([]string, len(p.Excess))
	for n, x := range p.Excess {
		excess[n] = x.Name + ": " + x.Why
	}
	ps := []pair{
		{"Tenant", p.Tenant.DisplayName}, {"Tenant ID", p.Tenant.ID}, {"Default domain", p.Tenant.DefaultDomain},
		{"Looked at (UTC)", p.At.UTC().Format("2006-01-02 15:04")}, {"Identity", i.Who()}, {"Application", i.AppID}, {"Token", i.Token(p.At)},
		{"Directory roles", i.Roles()}, {"Graph permissions", cmp.Or(strings.Join(i.GraphPermissions, ", "), "none known")},
		{"Exchange permissions", cmp.Or(strings.Join(i.ExchangePermissions, ", "), "none known")}, {"Exchange allows", i.Cmdlet()},
		{"More than reading needs", cmp.Or(strings.Join(excess, "\n"), "nothing known")},
		{"Still missing", strings.Join(grantLines(p.Missing), "\n")},
		{"All that the chosen checks need", strings.Join(grantLines(p.Least), "\n")},
	}
	for _, o := range Outlooks() {
		ps = append(ps, pair{"Checks: " + strings.ToLower(OutlookWord(o)), grouped(int64(p.Count(o)))})
	}
	for _, e := range p.Environments {
		ps = append(ps, pair{e.Where(), strings.Join(append([]string{e.State + ". " + e.Grant}, e.Remarks()...), "\n")})
	}
	for _, l := range p.Licences {
		text := l.State + "; gates " + strings.Join(l.Gates, ", ")
		if len(l.Products) > 0 {
			text = l.State + " (" + strings.Join(l.Products, ", ") + "); gates " + strings.Join(l.Gates, ", ")
		}
		ps = append(ps, pair{l.Name, text})
	}
	return s.b.pairs(name, "Access before a "+reviewTitle, ps)
}

// outlookStyles are the colours of the results that mean the same.
var outlookStyles = map[requirements.State]string{
	requirements.Works: "pass", requirements.Partly: "partial", requirements.Blind: "fail", requirements.Unknown: "not-evaluated",
}

func (s preflightSheets) outlook(o requirements.State) excelize.Cell {
	return excelize.Cell{StyleID: s.b.st.status[outlookStyles[o]], Value: OutlookWord(o)}
}

func (s preflightSheets) checks(_ context.Context, name string) error {
	t, err := s.b.table(name, "tblChecks", sheetPage{tab: navy, landscape: true, header: "Checks"}, 1,
		[]column{{"Check", 38}, {"Title", 50}, {"Severity", 12}, {"Outlook", 14}, {"Why", 70}, {"Grant", 60}, {"Notes", 60}})
	if err != nil {
		return err
	}
	t.lines = 12
	for _, c := range s.p.Checks {
		if err := t.row([]any{s.b.str(c.Check), s.b.str(c.Title), excelize.Cell{StyleID: s.b.st.severity[c.Severity], Value: severityWord(c.Severity)}, s.outlook(c.State),
			s.text(name, "Why", c.Check, strings.Join(c.Why, "\n")), s.text(name, "Grant", c.Check, c.Grant), s.text(name, "Notes", c.Check, strings.Join(c.Notes, "\n"))}); err != nil {
			return err
		}
	}
	return t.end("", 0)
}

func (s preflightSheets) sources(_ context.Context, name string) error {
	t, err := s.b.table(name, "tblSources", sheetPage{tab: grey, landscape: true, header: "Sources"}, 1,
		[]column{{"Source", 40}, {"Service", 18}, {"Reads", 50}, {"Outlook", 14}, {"Cause", 70}, {"Grant", 60}, {"Note", 50}})
	if err != nil {
		return err
	}
	t.lines = 8
	for _, r := range s.p.Sources {
		if err := t.row([]any{s.b.str(r.Source), s.b.str(r.Service), s.b.str(r.Reads), s.outlook(r.State),
			s.text(name, "Cause", r.Source, r.Cause), s.text(name, "Grant", r.Source, r.Grant), s.text(name, "Note", r.Source, r.Note)}); err != nil {
			return err
		}
	}
	return t.end("", 0)
}

func (s preflightSheets) text(sheet, col, key, v string) excelize.Cell {
	return s.b.text(sheet, col, key, v, s.b.st.wrap)
}
