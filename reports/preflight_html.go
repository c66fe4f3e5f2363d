package reports

import (
	_ "embed"
	"html/template"
	"io"
	"strings"

	"tenantaudit/internal/requirements"
)

//go:embed templates/preflight.html
var preflightHTML string

//go:embed templates/preflight.css
var preflightCSS string

// WritePreflightHTML writes one self-contained page that can be attached to an offer. It
// runs no script and loads nothing.
func WritePreflightHTML(w io.Writer, p *Preflight) error {
	tmpl, err := template.New("preflight").Funcs(template.FuncMap{
		"shown": pageText, "word": OutlookWord, "lines": grantLines, "severity": severityWord,
		"join": func(s []string) string { return strings.Join(s, ", ") },
	}).Parse(preflightHTML)
	if err != nil {
		return err
	}
	type count struct {
		State requirements.State
		N     int
	}
	view := struct {
		*Preflight
		Policy  string
		Moment  string
		Token   string
		Counts  []count
		Trouble []PreflightSource
		// Fine are the checks of which there is nothing to say, Open the others.
		Fine, Open []PreflightCheck
	}{Preflight: p, Policy: strings.Join([]string{
		"default-src 'none'", "style-src " + cspHash(preflightCSS), "base-uri 'none'", "form-action 'none'", "object-src 'none'",
	}, "; "), Moment: p.At.UTC().Format("2006-01-02 15:04") + " UTC", Token: p.Identity.Token(p.At), Trouble: p.trouble()}
	for _, c := range p.Checks {
		if c.State == requirements.Works && len(c.Notes) == 0 {
			view.Fine = append(view.Fine, c)
		} else {
			view.Open = append(view.Open, c)
		}
	}
	for _, s := range Outlooks() {
		view.Counts = append(view.Counts, count{s, p.Count(s)})
	}
	// The style is a constant and written as it is: its hash must fit.
	for _, step := range []func() error{
		func() error { return tmpl.ExecuteTemplate(w, "head", view) },
		func() error { _, err := io.WriteString(w, "<style>"+preflightCSS+"</style>\n"); return err },
		func() error { return tmpl.ExecuteTemplate(w, "body", view) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
