package reports

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"tenantaudit/checks"
	"tenantaudit/internal/snapshot"
)

const reportSchema = "tenantaudit.report/v1"

// The parts of report.json. Absent lists are [], unknown values are null; times are
// RFC 3339 in UTC.
type (
	tenantJSON struct {
		ID              string   `json:"id"`
		DisplayName     string   `json:"displayName"`
		DefaultDomain   string   `json:"defaultDomain"`
		VerifiedDomains []string `json:"verifiedDomains"`
	}
	// reviewJSON is there when the review was given a name or an author.
	reviewJSON struct {
		Title      string `json:"title"`
		PreparedBy string `json:"preparedBy"`
	}
	runJSON struct {
		StartedAt      *string           `json:"startedAt"`
		FinishedAt     *string           `json:"finishedAt"`
		CollectedFrom  *string           `json:"collectedFrom"`
		CollectedTo    *string           `json:"collectedTo"`
		Identity       string            `json:"identity"`
		IdentityType   string            `json:"identityType"`
		DirectoryRoles []string          `json:"directoryRoles"`
		Scopes         []string          `json:"scopes"`
		Requests       snapshot.Requests `json:"requests"`
		Filter         string            `json:"filter"`
		Folders        string            `json:"folders"`
		Preflight      *snapshot.Outlook `json:"preflight"` // null: none was made
		Reused         []reusedJSON      `json:"reused,omitempty"`
	}
	// reusedJSON is what was taken over from an earlier snapshot instead of read.
	reusedJSON struct {
		Source            snapshot.Source  `json:"source"`
		Dataset           snapshot.Dataset `json:"dataset"`
		Units             int64            `json:"units"`
		Of                int64            `json:"of"`
		Oldest            *string          `json:"oldest"`
		Newest            *string          `json:"newest"`
		SnapshotStartedAt *string          `json:"snapshotStartedAt"`
		Proof             string           `json:"proof"`
	}
	coverageJSON struct {
		Dataset   snapshot.Dataset       `json:"dataset"`
		State     snapshot.CoverageState `json:"state"`
		Rows      int64                  `json:"rows"`
		Expected  int64                  `json:"expected"`
		Collected int64                  `json:"collected"`
		Failed    int64                  `json:"failed"`
		Reasons   []snapshot.Reason      `json:"reasons"`
		Units     snapshot.Units         `json:"units"` // that were not read, by what became of them
	}
	// missingJSON is a dataset that a check needs and that was not read in full.
	missingJSON struct {
		Dataset   snapshot.Dataset       `json:"dataset"`
		State     snapshot.CoverageState `json:"state"`
		Expected  int64                  `json:"expected"`
		Collected int64                  `json:"collected"`
		Units     snapshot.Units         `json:"units"`
		Causes    []snapshot.Cause       `json:"causes"`
	}
	checkJSON struct {
		ID          string        `json:"id"`
		Title       string        `json:"title"`
		Area        string        `json:"area"`
		Severity    string        `json:"severity"`
		Status      string        `json:"status"`
		Evaluated   int           `json:"evaluated"`
		Expected    int           `json:"expected"`
		Findings    int           `json:"findings"`
		Cause       string        `json:"cause"`
		Missing     []missingJSON `json:"missing"`
		Why         string        `json:"why"`
		Remediation string        `json:"remediation"`
		Mappings    mappingsJSON  `json:"mappings"`
		Sources     []string      `json:"sources"`
	}
	mappingsJSON struct {
		CIS   []string `json:"cis"`
		SCuBA []string `json:"scuba"`
		NIST  []string `json:"nist"`
		MITRE []string `json:"mitre"`
	}
	findingJSON struct {
		ID       string         `json:"id"`
		Check    string         `json:"check"`
		Severity string         `json:"severity"`
		Subject  subjectJSON    `json:"subject"`
		Summary  string         `json:"summary"`
		Details  map[string]any `json:"details"`
		Evidence []evidenceJSON `json:"evidence"`
	}
	subjectJSON struct {
		Type string `json:"type"`
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	evidenceJSON struct {
		Dataset string `json:"dataset"`
		Key     string `json:"key"`
	}
)

// list is v, or an empty list: report.json writes no null where a list is known to be empty.
func list[T any](v []T) []T {
	if v == nil {
		return []T{}
	}
	return v
}

// timeJSON is null for a time that never was.
func timeJSON(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := utc(t)
	return &s
}

func (m *model) tenantJSON() tenantJSON {
	t := m.tenant
	return tenantJSON{ID: t.ID, DisplayName: t.DisplayName, DefaultDomain: t.DefaultDomain, VerifiedDomains: list(t.VerifiedDomains)}
}

func (m *model) runJSON() runJSON {
	r := m.run
	return runJSON{
		StartedAt: timeJSON(r.StartedAt), FinishedAt: timeJSON(r.FinishedAt),
		CollectedFrom: timeJSON(r.CollectedFrom), CollectedTo: timeJSON(r.CollectedTo),
		Identity: r.Identity, IdentityType: r.IdentityType,
		DirectoryRoles: list(r.DirectoryRoles), Scopes: list(r.Scopes),
		Requests: r.Requests, Filter: r.Filter, Folders: r.Folders, Preflight: r.Preflight,
		Reused: reusedList(r.Reused),
	}
}

// jsonWriter writes report.json piece by piece: one element of a list per line, so that the
// file can be read by line tools and compared. The first error sticks.
type jsonWriter struct {
	w   io.Writer
	buf bytes.Buffer
	enc *json.Encoder
	err error
}

func newJSONWriter(w io.Writer) *jsonWriter {
	j := &jsonWriter{w: w}
	j.enc = json.NewEncoder(&j.buf)
	j.enc.SetEscapeHTML(false)
	return j
}

func (j *jsonWriter) raw(s string) { j.buf.WriteString(s) }

func (j *jsonWriter) value(v any) {
	if err := j.enc.Encode(v); err != nil && j.err == nil {
		j.err = err
		return
	}
	j.buf.Truncate(j.buf.Len() - 1) // Encode ends with a line feed
}

// flush hands over what is buffered.
func (j *jsonWriter) flush() error {
	if j.err == nil {
		_, j.err = j.w.Write(j.buf.Bytes())
	}
	j.buf.Reset()
	return j.err
}

// items writes a list, one element per line.
func items[T any](j *jsonWriter, name string, all iter.Seq[T], view func(T) any) error {
	j.raw(",\n\"" + name + "\": [")
	n := 0
	for v := range all {
		if n > 0 {
			j.raw(",")
		}
		n++
		j.raw("\n  ")
		j.value(view(v))
		if err := j.flush(); err != nil {
			return err
		}
	}
	if n > 0 {
		j.raw("\n")
	}
	j.raw("]")
	return j.flush()
}

// writeJSON writes report.json and returns the number of dataset rows in it.
func writeJSON(ctx context.Context, w io.Writer, m *model) (int64, error) {
	j := newJSONWriter(w)
	j.raw("{\n\"schema\": \"" + reportSchema + "\",\n")
	if m.redacted {
		j.raw("\"redacted\": true,\n")
	}
	if m.name != m.t(reviewTitle) || m.preparedBy != "" {
		j.raw("\"review\": ")
		j.value(reviewJSON{m.name, m.preparedBy})
		j.raw(",\n")
	}
	j.raw("\"tool\": ")
	j.value(m.tool)
	j.raw(",\n\"tenant\": ")
	j.value(m.tenantJSON())
	j.raw(",\n\"run\": ")
	j.value(m.runJSON())
	err := items(j, "coverage", slices.Values(m.coverage), func(c snapshot.Coverage) any {
		return coverageJSON{c.Dataset, c.State, c.Rows, c.Expected, c.Collected, c.Failed, list(c.Reasons), c.Units}
	})
	if err != nil {
		return 0, err
	}
	if err := j.mailboxGaps(m); err != nil {
		return 0, err
	}
	if err := items(j, "checks", slices.Values(m.checksByID()), checkView); err != nil {
		return 0, err
	}
	if err := items(j, "findings", m.findings.All(), findingView); err != nil {
		return 0, err
	}
	if err := items(j, "limitations", slices.Values(m.limits), func(l checks.Limit) any { return l }); err != nil {
		return 0, err
	}
	j.raw(",\n\"datasets\": {")
	var total int64
	for i, c := range m.coverage {
		if i > 0 {
			j.raw(",")
		}
		j.raw("\n")
		j.value(c.Dataset)
		j.raw(": [")
		n, err := writeJSONRows(ctx, j, m, c.Dataset)
		if err != nil {
			return 0, err
		}
		total += n
	}
	j.raw("\n}\n}\n")
	return total, j.flush()
}

func writeJSONRows(ctx context.Context, j *jsonWriter, m *model, d snapshot.Dataset) (int64, error) {
	cols := snapshot.Columns(d)
	var n int64
	for row, err := range m.rowsOf(ctx, d) {
		if err != nil {
			return n, err
		}
		if n > 0 {
			j.raw(",")
		}
		j.raw("\n  {")
		for i, v := range snapshot.Values(row) {
			j.value(cols[i].Name)
			j.raw(":")
			if t, ok := v.(time.Time); ok {
				v = utc(t)
			}
			j.value(v)
			j.raw(",")
		}
		j.raw("\"" + rowKey + "\":")
		j.value(snapshot.Key(row))
		j.raw("}")
		if err := j.flush(); err != nil {
			return n, fmt.Errorf("dataset %s: %w", d, err)
		}
		n++
	}
	if n > 0 {
		j.raw("\n")
	}
	j.raw("]")
	return n, j.flush()
}

func checkView(c checkResult) any {
	return checkJSON{
		ID: c.ID, Title: c.Title, Area: c.Area, Severity: c.Severity, Status: c.Status,
		Evaluated: c.Evaluated, Expected: c.Expected, Findings: c.Findings,
		Cause: c.Cause, Missing: missingView(c.Missing), Why: c.Why, Remediation: c.Remediation,
		Mappings: mappingsJSON{list(c.CIS), list(c.SCuBA), list(c.NIST), list(c.MITRE)},
		Sources:  list(c.Sources),
	}
}

func missingView(list []snapshot.Coverage) []missingJSON {
	out := make([]missingJSON, 0, len(list))
	for _, c := range list {
		one := missingJSON{c.Dataset, c.State, c.Expected, c.Collected, c.Units, []snapshot.Cause{}}
		for _, r := range c.Reasons {
			if !r.ByDefinition() && !slices.Contains(one.Causes, r.Cause) {
				one.Causes = append(one.Causes, r.Cause)
			}
		}
		out = append(out, one)
	}
	return out
}

func findingView(f checkFinding) any {
	out := findingJSON{
		ID: f.ID, Check: f.Check, Severity: string(f.Severity),
		Subject: subjectJSON{Type: f.Subject.Type, ID: f.Subject.ID, Name: f.Subject.Name},
		Summary: f.Summary, Details: f.Details, Evidence: make([]evidenceJSON, len(f.Evidence)),
	}
	if out.Details == nil {
		out.Details = map[string]any{}
	}
	for i, e := range f.Evidence {
		out.Evidence[i] = evidenceJSON{Dataset: string(e.Dataset), Key: e.Key}
	}
	return out
}
