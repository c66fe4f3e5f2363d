package reports

import (
	"cmp"
	"html/template"
	"net/url"
	"slices"
	"strings"

	"tenantaudit/checks"
	"tenantaudit/internal/snapshot"
)

// pageView is what the markup of the page shows. Tenant text in it passes through "shown"
// in the template.
type pageView struct {
	Policy                             string
	Title                              string
	Tenant                             snapshot.Tenant
	At, Domain, Version                string
	Facts                              []pairView // who, when, what part
	Statements                         []string
	Severities, Statuses               []count
	Found                              int // findings in all
	Areas                              []areaView
	Bar                                []barView
	Plots                              []plotView
	Assessed, Checks                   int
	Verdicts                           []verdictView
	Coverage                           []coverageView
	Limits                             []checks.Limit
	InPart                             int // checks with a result that did not see everything
	Gaps                               []coverageView
	MailboxGaps                        []gapView // the first of them
	GapMailboxes, GapRows              int
	GapsHeld                           bool // all of them are in a table of the page
	GapsTitle, GapsText                string
	Catalogue                          []groupView // every check
	Groups                             []groupView // checks with findings
	InPage                             int         // findings that stand in the page itself
	Tables                             []tableView
	LeftOut                            []tableView
	SeverityMeanings, StatusMeanings   []meaning
	Deleted, Moment, GapText, ReadOnly string
	AccessGap                          *coverageView // of the computed access, when it is not complete or not in the page; else nil
	AccessSheet                        string
	Name                               string       // of the review
	Logo                               template.URL // a data address made here; "" for none
	Redacted                           string       // says that the page is a copy with pseudonyms; ""
}

type (
	pairView struct{ Label, Value string }
	meaning  struct{ ID, Word, Text string }
	heatCell struct {
		Severity, Word, Area, AreaWord string
		N                              int
	}
	areaView struct {
		Word  string
		Cells []heatCell
		Total int
	}
	// barView is a stretch of the results bar, in thousandths of its width.
	barView struct {
		ID, Word    string
		N, X, Width int
	}
	verdictView struct {
		Missing                                                                   []string
		ID, Title, Area, AreaWord, Severity, Status, StatusWord, Evaluated, Cause string
		Findings                                                                  int
	}
	coverageView struct {
		Set, Title, State, Word, Class, Tab string
		Rows, Expected, Collected, Failed   int64
		Reasons                             []string
		Units                               string
		Held                                bool
	}
	// groupView is a check with its findings.
	groupView struct {
		verdictView
		Why, Remediation string
		Controls         []string
		Links            []linkView
		Findings         []findingItem
		Total, More      int
	}
	linkView    struct{ URL, Text string }
	findingItem struct {
		ID, Severity, SubjectType, SubjectName, SubjectID, Summary, Area string
		Details                                                          []detail
		Evidence                                                         []evidenceView
	}
	evidenceView struct{ Set, Title, Key string }
	tableView    struct {
		Name, Title string
		Rows        int
	}
)

// docHosts are the hosts that the page may link to. Links come from the catalogue of
// checks; this list makes sure that nothing else ever becomes one.
var docHosts = []string{
	"learn.microsoft.com", "www.cisecurity.org", "www.cisa.gov", "github.com", "attack.mitre.org",
	"csrc.nist.gov", "nvlpubs.nist.gov", "www.microsoft.com", "techcommunity.microsoft.com", "msrc.microsoft.com",
}

// linkOf is a link when the source is an https address of a documentation host, else plain text.
func linkOf(source string) linkView {
	u, err := url.Parse(source)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Port() != "" || !slices.Contains(docHosts, strings.ToLower(u.Hostname())) {
		return linkView{Text: source}
	}
	return linkView{URL: u.String(), Text: source}
}

// worded are counts with their words in the language of the review.
func (m *model) worded(list []count) []count {
	for i := range list {
		list[i].Word = m.t(list[i].Word)
	}
	return list
}

// missing is what a check could not look at; where its cause says that already, nothing.
func (m *model) missing(c checkResult) []string {
	if m.words != nil {
		return nil
	}
	return m.words.missingText(c.Missing)
}

// requests are the numbers of requests in words.
func (m *model) requests() string {
	r := m.run.Requests
	return m.tf("Graph %s, Exchange %s, retries %s, throttled %s", r.Graph, r.Exchange, r.Retries, r.Throttled)
}

// controls names the public controls of a check.
func (m *model) controls(c checkResult) []string {
	out := c.controls()
	if len(out) == 1 && out[0] == ownCheck {
		out[0] = m.t(ownCheck)
	}
	return out
}

func newPageView(m *model, tables []spooled) *pageView {
	v := &pageView{
		Title: cmp.Or(m.tenant.DisplayName, m.tenant.DefaultDomain, m.tenant.ID), Tenant: m.tenant,
		At: m.at.Format("2006-01-02 15:04") + " UTC", Version: m.tool.Version, Domain: cmp.Or(m.tenant.DefaultDomain, m.tenant.ID),
		Severities: m.worded(m.bySeverity()), Statuses: m.worded(m.byStatus()), Found: m.findings.Len(), Checks: len(m.checks),
		Limits: m.limits, Deleted: m.t(deletedStatement), Moment: m.t(momentStatement), GapText: m.t(gapStatement), ReadOnly: m.t(readOnlyStatement),
	}
	if m.redacted {
		v.Redacted = m.t(redactedStatement)
	}
	v.Facts = []pairView{
		{"Tenant", m.tenant.DisplayName}, {"Tenant ID", m.tenant.ID}, {"Default domain", m.tenant.DefaultDomain},
		{"Verified domains", strings.Join(m.tenant.VerifiedDomains, ", ")},
		{"Collected", m.window()}, {"Collected as", m.identity()},
		{"Directory roles", cmp.Or(strings.Join(m.run.DirectoryRoles, ", "), m.t("none known"))},
		{"Graph permissions", cmp.Or(strings.Join(m.run.Scopes, ", "), m.t("none known"))},
		{"Scope", m.scope()}, {"Folders", m.folders()}, {"Preflight", m.words.outlook(m.run.Preflight)},
		{"Requests", m.requests()},
		{"Tool", m.tool.Name + " " + m.tool.Version}, {"Handling", m.t(handlingStatement)},
	}
	for i, s := range m.reused() {
		v.Facts = slices.Insert(v.Facts, 5+i, pairView{reusedLabel, s})
	}
	for i := range v.Facts {
		v.Facts[i].Label = m.t(v.Facts[i].Label)
	}
	v.Name, v.Logo = m.name, m.logo.address()
	if m.preparedBy != "" {
		v.Facts = append([]pairView{{m.t("Prepared by"), m.preparedBy}}, v.Facts...)
	}
	for _, s := range severities {
		v.SeverityMeanings = append(v.SeverityMeanings, meaning{s.id, m.t(s.word), m.t(s.meaning)})
	}
	for _, s := range statuses {
		v.StatusMeanings = append(v.StatusMeanings, meaning{s.id, m.t(s.word), m.t(s.meaning)})
	}
	for _, a := range m.byArea() {
		av := areaView{Word: m.t(a.Word), Total: a.Total}
		for j, n := range a.N {
			av.Cells = append(av.Cells, heatCell{severities[j].id, m.t(severities[j].word), a.ID, m.t(a.Word), n})
		}
		v.Areas = append(v.Areas, av)
	}
	x := 0
	for i, s := range v.Statuses {
		if s.ID != "not-evaluated" {
			v.Assessed += s.N
		}
		if s.N == 0 || v.Checks == 0 {
			continue
		}
		w := s.N * 1000 / v.Checks
		if i == len(v.Statuses)-1 {
			w = 1000 - x
		}
		v.Bar = append(v.Bar, barView{s.ID, s.Word, s.N, x, w})
		x += w
	}
	held := map[string]bool{}
	for _, t := range tables {
		tv := tableView{t.meta.Name, t.meta.Title, t.meta.Rows}
		held[t.meta.Name] = t.held
		if t.held {
			v.Tables = append(v.Tables, tv)
		} else {
			v.LeftOut = append(v.LeftOut, tv)
		}
	}
	for _, c := range m.coverage {
		cv := coverageView{
			Set: string(c.Dataset), Title: m.words.dataset(c.Dataset), State: string(c.State), Word: m.words.state(c.State), Class: "none",
			Rows: c.Rows, Expected: c.Expected, Collected: c.Collected, Failed: c.Failed, Held: held[string(c.Dataset)],
		}
		switch c.State {
		case snapshot.CoverageComplete:
			cv.Class = "pass"
		case snapshot.CoveragePartial:
			cv.Class = "partial"
		}
		cv.Reasons, cv.Units = m.words.reasons(c), m.words.units(c.Units)
		v.Coverage = append(v.Coverage, cv)
		if c.Dataset == snapshot.EffectiveAccess {
			v.AccessSheet = sheetOf(c.Dataset)
			if cv.State != "complete" || !cv.Held {
				v.AccessGap = &cv
			}
		}
		if c.State != snapshot.CoverageComplete {
			v.Gaps = append(v.Gaps, cv)
		}
	}
	v.GapMailboxes, v.GapRows, v.GapsHeld = m.partly.mailboxes, m.partly.rows, held[gapsName]
	v.GapsTitle, v.GapsText = m.t(gapsTitle), m.t(gapsText)
	v.InPart = len(m.inPart())
	v.groups(m)
	return v
}

// groups puts findings under their checks: worst first. Each check shows up to a limit;
// how many more there are is said.
func (v *pageView) groups(m *model) {
	at := map[string]int{}
	for _, c := range m.checks {
		vd := verdictView{
			ID: c.ID, Title: m.t(c.Title), Area: c.Area, AreaWord: m.words.area(c.Area), Severity: c.Severity,
			Status: c.Status, StatusWord: m.words.status(c.Status), Evaluated: m.evaluatedText(c), Cause: m.causeOf(c), Findings: c.Findings,
			Missing: m.missing(c),
		}
		v.Verdicts = append(v.Verdicts, vd)
		g := groupView{verdictView: vd, Why: m.t(c.Why), Remediation: m.t(c.Remediation), Controls: m.controls(c)}
		for _, s := range c.Sources {
			g.Links = append(g.Links, linkOf(s))
		}
		at[c.ID] = len(v.Groups)
		v.Groups = append(v.Groups, g)
	}
	v.Catalogue = slices.Clone(v.Groups)
	perSet := findingsPerSet
	if m.findings.Len() > findingsMany { // a browser lays out every element of them
		perSet = fewPerSet
	}
	for f := range m.findings.All() {
		i, ok := at[f.Check]
		if !ok { // a finding of a check that has no result is still a finding
			i = len(v.Groups)
			at[f.Check] = i
			v.Groups = append(v.Groups, groupView{verdictView: verdictView{ID: f.Check, Title: f.Check, Severity: string(f.Severity)}})
		}
		g := &v.Groups[i]
		g.Total++
		if len(g.Findings) == perSet || v.InPage == findingsPage {
			g.More++
			continue
		}
		v.InPage++
		fv := findingItem{
			ID: f.ID, Severity: string(f.Severity), SubjectType: f.Subject.Type, SubjectName: cmp.Or(f.Subject.Name, f.Subject.ID), SubjectID: f.Subject.ID,
			Summary: m.summary(f), Area: m.area[f.Check], Details: m.detailsOf(f),
		}
		for _, e := range f.Evidence {
			fv.Evidence = append(fv.Evidence, evidenceView{string(e.Dataset), m.words.dataset(e.Dataset), e.Key})
		}
		g.Findings = append(g.Findings, fv)
	}
	v.Groups = slices.DeleteFunc(v.Groups, func(g groupView) bool { return g.Total == 0 })
	slices.SortStableFunc(v.Groups, func(a, b groupView) int {
		return cmp.Compare(worst(a), worst(b))
	})
}

// worst is the rank of the worst finding of a group: they are in order.
func worst(g groupView) int {
	if len(g.Findings) == 0 {
		return len(severities)
	}
	return severityRank(g.Findings[0].Severity)
}
