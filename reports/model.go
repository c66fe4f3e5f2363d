package reports

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"tenantaudit/checks"
	"tenantaudit/internal/snapshot"
)

// model is what every report shows, computed once: results in display order, counts
// and gaps. It holds no dataset rows; those are streamed from the source.
type model struct {
	src      Source
	tool     toolInfo
	tenant   snapshot.Tenant
	run      snapshot.Run
	at       time.Time           // the time of the review: end of the run
	coverage []snapshot.Coverage // in report order
	checks   []checkResult       // by area, then severity, then ID
	findings *checks.Findings    // worst first, then by check and subject
	area     map[string]string   // area of each check ID
	title    map[string]string   // title of each check ID
	limits   []checks.Limit      // what the checks of this review cannot see
	partly   mailboxCount        // mailboxes that were not read in full
	redacted bool                // names, addresses and ids are pseudonyms

	figures *figures // behind the pictures; nil when no format shows any
	words   *words   // of the language of the review; nil is English

	name, preparedBy string // of the review; preparedBy may be ""
	logo             Logo
}

func newModel(src Source, res Results, version string) (*model, error) {
	m := &model{name: reviewTitle, src: src, tenant: src.Tenant(), run: src.Run(), area: map[string]string{}, title: map[string]string{}}
	m.tool = toolInfo{Name: "tenantaudit", Version: cmp.Or(version, m.run.ToolVersion)}
	for _, t := range []time.Time{m.run.FinishedAt, m.run.CollectedTo, m.run.StartedAt} {
		if m.at.IsZero() {
			m.at = t.UTC()
		}
	}
	var err error
	if m.coverage, err = src.CoverageAll(); err != nil {
		return nil, fmt.Errorf("read coverage: %w", err)
	}
	order := map[snapshot.Dataset]int{}
	for i, d := range snapshot.Datasets() {
		order[d] = i
	}
	m.coverage = slices.Clone(m.coverage)
	for _, c := range m.coverage {
		if _, ok := order[c.Dataset]; !ok {
			return nil, fmt.Errorf("read coverage: no dataset %q", c.Dataset)
		}
	}
	slices.SortStableFunc(m.coverage, func(a, b snapshot.Coverage) int { return cmp.Compare(order[a.Dataset], order[b.Dataset]) })

	ran := make([]checks.Check, 0, len(res.Checks))
	if m.partly, err = countMailboxGaps(src); err != nil {
		return nil, err
	}
	for _, r := range res.Checks {
		m.checks, ran = append(m.checks, resultOf(r)), append(ran, r.Check)
	}
	m.limits = checks.Limits(ran)
	slices.SortStableFunc(m.checks, func(a, b checkResult) int {
		return cmp.Or(
			cmp.Compare(areaRank(a.Area), areaRank(b.Area)), cmp.Compare(a.Area, b.Area),
			cmp.Compare(severityRank(a.Severity), severityRank(b.Severity)), cmp.Compare(a.ID, b.ID))
	})
	for i, c := range m.checks {
		m.checks[i].Missing = m.missingOf(c.Needs)
		m.area[c.ID], m.title[c.ID] = c.Area, c.Title
	}
	if m.findings = res.Packed; m.findings == nil {
		m.findings = checks.PackFindings(res.Findings)
	}
	return m, nil
}

// checksByID is the order of report.json.
func (m *model) checksByID() []checkResult {
	out := slices.Clone(m.checks)
	slices.SortFunc(out, func(a, b checkResult) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// rowsOf walks a dataset and stops when the context ends.
func (m *model) rowsOf(ctx context.Context, d snapshot.Dataset) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		n := 0
		for row, err := range m.src.Rows(d) {
			if err == nil && n%256 == 0 {
				err = ctx.Err()
			}
			n++
			if err != nil {
				yield(nil, fmt.Errorf("read %s: %w", d, err))
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// rows is the number of rows of all datasets.
func (m *model) rows() (n int64) {
	for _, c := range m.coverage {
		n += c.Rows
	}
	return n
}

// count is a number with its label.
type count struct {
	ID, Word string
	N        int
}

// bySeverity counts findings, worst first; severities without a finding are 0.
func (m *model) bySeverity() []count {
	out := make([]count, len(severities))
	for i, s := range severities {
		out[i] = count{ID: s.id, Word: s.word}
	}
	for _, of := range m.findings.Count() {
		for s, n := range of {
			if r := severityRank(string(s)); r < len(out) {
				out[r].N += n
			}
		}
	}
	return out
}

// byStatus counts checks by result.
func (m *model) byStatus() []count {
	out := make([]count, len(statuses))
	for i, s := range statuses {
		out[i] = count{ID: s.id, Word: s.word}
		for _, c := range m.checks {
			if c.Status == s.id {
				out[i].N++
			}
		}
	}
	return out
}

// areaCounts are the findings of one area by severity.
type areaCounts struct {
	ID, Word string
	N        []int // by severities
	Total    int
}

// byArea counts findings by area and severity, for the areas that have checks.
func (m *model) byArea() []areaCounts {
	var out []areaCounts
	at := map[string]int{}
	for _, c := range m.checks {
		if _, ok := at[c.Area]; !ok {
			at[c.Area] = len(out)
			out = append(out, areaCounts{ID: c.Area, Word: areaWord(c.Area), N: make([]int, len(severities))})
		}
	}
	for check, of := range m.findings.Count() {
		i, ok := at[m.area[check]]
		for s, n := range of {
			if r := severityRank(string(s)); ok && r < len(severities) {
				out[i].N[r] += n
				out[i].Total += n
			}
		}
	}
	return out
}

// gaps are the datasets that were not read in full.
func (m *model) gaps() []snapshot.Coverage {
	var out []snapshot.Coverage
	for _, c := range m.coverage {
		if c.State != snapshot.CoverageComplete {
			out = append(out, c)
		}
	}
	return out
}

// notAssessed are the checks without a verdict.
func (m *model) notAssessed() []checkResult {
	var out []checkResult
	for _, c := range m.checks {
		if c.Status == "not-evaluated" {
			out = append(out, c)
		}
	}
	return out
}

// inPart are the checks that came to a result without having seen everything: what they found
// stands, and what they did not see may hold more.
func (m *model) inPart() []checkResult {
	var out []checkResult
	for _, c := range m.checks {
		if c.Status != "not-evaluated" && c.Cause != "" {
			out = append(out, c)
		}
	}
	return out
}

// reason is a coverage reason in one line: "Throttled by the service (12): ask again later".
func (w *words) reason(r snapshot.Reason) string {
	s := w.cause(r.Cause)
	if r.Count > 0 {
		s += " (" + w.number(r.Count) + ")"
	}
	if r.Detail != "" {
		s += ": " + r.Detail
	}
	if f := r.Foresight(); f != "" {
		s += " (" + w.in(f) + ")"
	}
	return s
}

// outside ends the reason for mailboxes of a kind that a dataset does not cover, as coverage
// writes it.
const outside = " mailboxes are outside this dataset"

// reasons lists the reasons of a dataset. What is out of scope by design comes last; kinds of
// mailboxes share a line: "Out of scope: mailboxes of the kinds group (3), inactive (2)". A gap
// without a reason says so.
func (w *words) reasons(c snapshot.Coverage) []string {
	var gaps, scope, kinds []string
	for _, r := range c.Reasons {
		kind, ok := strings.CutSuffix(r.Detail, outside)
		switch {
		case r.Cause != snapshot.Filtered:
			gaps = append(gaps, w.reason(r))
		case ok:
			kinds = append(kinds, kind+" ("+w.number(r.Count)+")")
		default:
			scope = append(scope, w.reason(r))
		}
	}
	if len(kinds) > 0 {
		scope = append(scope, w.f("%s: mailboxes of the kinds %s", w.cause(snapshot.Filtered), strings.Join(kinds, ", ")))
	}
	out := append(gaps, scope...)
	if len(out) == 0 && c.State != snapshot.CoverageComplete {
		return []string{w.in("No reason was recorded")}
	}
	return out
}

// reasonsText joins the reasons of a dataset in one line.
func (w *words) reasonsText(c snapshot.Coverage) string {
	return strings.Join(w.reasons(c), listSep)
}

// window is when the evidence was collected.
func (m *model) window() string {
	from, to := m.run.CollectedFrom, m.run.CollectedTo
	if from.IsZero() || to.IsZero() {
		from, to = m.run.StartedAt, m.run.FinishedAt
	}
	switch {
	case from.IsZero():
		return m.t("unknown")
	case to.IsZero():
		return m.tf("%s UTC, not finished", from.UTC().Format(timeText))
	}
	return m.tf("%s to %s UTC", from.UTC().Format(timeText), to.UTC().Format(timeText))
}

// scope says what part of the tenant was reviewed.
func (m *model) scope() string {
	if m.run.Filter == "" {
		return m.t("The whole tenant")
	}
	return m.tf("A part of the tenant only: %s", m.run.Filter)
}

// folders says which folders were looked at.
func (m *model) folders() string {
	if w, ok := folderWords[m.run.Folders]; ok {
		return m.t(w)
	}
	return cmp.Or(m.run.Folders, m.t("unknown"))
}

// identity says who read the tenant, and with which rights.
func (m *model) identity() string {
	s := cmp.Or(m.run.Identity, m.t("unknown"))
	if m.run.IdentityType != "" {
		s += " (" + m.t(m.run.IdentityType) + ")"
	}
	return s
}

// evaluatedText is how much of its subjects a check looked at.
func (m *model) evaluatedText(c checkResult) string {
	s := m.tf("%d of %d", c.Evaluated, c.Expected)
	if c.Subject != "" {
		s += " " + m.t(c.Subject)
	}
	return s
}

// grouped writes a number with commas between thousands.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// detail is one entry of a finding's details, as text.
type detail struct{ Name, Value string }

// detailsOf lists the details of a finding by name, in words.
func (m *model) detailsOf(f checkFinding) []detail {
	out := make([]detail, 0, len(f.Details))
	for name, v := range f.Details {
		out = append(out, detail{Name: name, Value: m.detailText(v)})
	}
	slices.SortFunc(out, func(a, b detail) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// detailText is a value in the language of the review: sentences and words of the product are
// translated, everything else stays.
func (m *model) detailText(v any) string {
	switch v := v.(type) {
	case string:
		return m.words.value(v)
	case []string:
		if m.words != nil {
			out := make([]string, len(v))
			for i, s := range v {
				out[i] = m.words.value(s)
			}
			return strings.Join(out, listSep)
		}
	case bool:
		return m.t(fmt.Sprint(v))
	}
	if s := detailText(v); s != "unknown" {
		return s
	}
	return m.t("unknown")
}

// detailText is a value of a finding's details in one line; null is "unknown".
func detailText(v any) string {
	switch v := v.(type) {
	case nil:
		return "unknown"
	case string:
		return v
	case []string:
		return strings.Join(v, listSep)
	case time.Time:
		return utc(v)
	}
	// The JSON form of everything else tells pointers, numbers and nested values alike.
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	raw := bytes.TrimSpace(b.Bytes())
	if string(raw) == "null" {
		return "unknown"
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var texts []string
	if json.Unmarshal(raw, &texts) == nil {
		return strings.Join(texts, listSep)
	}
	var tree any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&tree); err != nil {
		return string(raw)
	}
	return treeText(tree)
}

// treeText is nested JSON for people: "path /Calendar, roles (Reviewer, Owner); path /Inbox, …",
// with the names of an object in alphabetical order.
func treeText(v any) string {
	switch v := v.(type) {
	case nil:
		return "unknown"
	case []any:
		parts, sep := make([]string, len(v)), ", "
		for i, e := range v {
			parts[i] = treeText(e)
			if _, ok := e.(map[string]any); ok {
				sep = listSep
			}
		}
		return strings.Join(parts, sep)
	case map[string]any:
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			text := treeText(v[name])
			switch v[name].(type) {
			case []any, map[string]any:
				text = "(" + text + ")"
			}
			parts = append(parts, name+" "+text)
		}
		return strings.Join(parts, ", ")
	}
	return fmt.Sprint(v)
}

// detailsText joins the details of a finding for one cell.
func (m *model) detailsText(f checkFinding) string {
	ds := m.detailsOf(f)
	parts := make([]string, len(ds))
	for i, d := range ds {
		parts[i] = m.detailName(d.Name) + ": " + d.Value
	}
	return strings.Join(parts, "\n")
}

// detailName is the name of a detail: as in report.json in English, in words elsewhere.
func (m *model) detailName(name string) string {
	if m.words == nil {
		return name
	}
	return m.words.label(name)
}

// evidenceText lists what a finding rests on: "mailboxes 1f…".
func evidenceText(f checkFinding) string {
	parts := make([]string, len(f.Evidence))
	for i, e := range f.Evidence {
		parts[i] = string(e.Dataset) + " " + e.Key
	}
	return strings.Join(parts, "\n")
}
