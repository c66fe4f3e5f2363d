package reports

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// findings.ocsf.jsonl is for log platforms: one event of the class Compliance Finding a line, by the
// Open Cybersecurity Schema Framework. Every finding is one (fail, or other for an inventory), and so is
// every check that passed or was not assessed: a platform that counts lines must not take silence for a
// pass. Not assessed is Warning, which the schema has for "no result because of missing information".
// Source: ocsf/ocsf-schema 1.5.0, events/findings/compliance_finding.json.

// Numbers of the schema.
const (
	ocsfVersion  = "1.5.0"
	ocsfName     = "findings.ocsf.jsonl"
	ocsfCategory = 2    // Findings
	ocsfClass    = 2003 // Compliance Finding
	ocsfCreate   = 1
	ocsfNew      = 1
)

type (
	ocsfEvent struct {
		ActivityID   int              `json:"activity_id"`
		ActivityName string           `json:"activity_name"`
		CategoryUID  int              `json:"category_uid"`
		CategoryName string           `json:"category_name"`
		ClassUID     int              `json:"class_uid"`
		ClassName    string           `json:"class_name"`
		TypeUID      int              `json:"type_uid"`
		TypeName     string           `json:"type_name"`
		Time         int64            `json:"time"` // milliseconds
		SeverityID   int              `json:"severity_id"`
		Severity     string           `json:"severity"`
		StatusID     int              `json:"status_id"`
		Status       string           `json:"status"`
		Message      string           `json:"message"`
		Metadata     ocsfMetadata     `json:"metadata"`
		FindingInfo  ocsfInfo         `json:"finding_info"`
		Compliance   ocsfCompliance   `json:"compliance"`
		Remediation  *ocsfRemediation `json:"remediation,omitempty"`
		Resources    []ocsfResource   `json:"resources"`
		Unmapped     map[string]any   `json:"unmapped,omitempty"`
	}
	ocsfMetadata struct {
		Version   string      `json:"version"`
		Product   ocsfProduct `json:"product"`
		TenantUID string      `json:"tenant_uid"`
		UID       string      `json:"uid"`
	}
	ocsfProduct struct {
		Name       string `json:"name"`
		VendorName string `json:"vendor_name"`
		Version    string `json:"version"`
	}
	ocsfInfo struct {
		UID         string   `json:"uid"`
		Title       string   `json:"title"`
		Desc        string   `json:"desc"`
		CreatedTime int64    `json:"created_time"`
		Types       []string `json:"types"`
	}
	ocsfCompliance struct {
		Control       string   `json:"control"`
		Standards     []string `json:"standards"`
		Requirements  []string `json:"requirements"`
		StatusID      int      `json:"status_id"`
		Status        string   `json:"status"`
		StatusDetails []string `json:"status_details,omitempty"`
	}
	ocsfRemediation struct {
		Desc       string   `json:"desc"`
		References []string `json:"references,omitempty"`
	}
	ocsfResource struct {
		UID  string `json:"uid,omitempty"`
		Name string `json:"name,omitempty"`
		Type string `json:"type"`
	}
)

// ocsfSeverities are the schema's numbers and captions.
var ocsfSeverities = map[string]struct {
	id      int
	caption string
}{
	"info": {1, "Informational"}, "low": {2, "Low"}, "medium": {3, "Medium"}, "high": {4, "High"}, "critical": {5, "Critical"},
}

// writeOCSF writes the events: findings in the order of report.json, then the other checks by ID.
func writeOCSF(ctx context.Context, w io.Writer, m *model) (int64, error) {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	about := map[string]checkResult{}
	for _, c := range m.checks {
		about[c.ID] = c
	}
	n := int64(0)
	put := func(e ocsfEvent) error {
		if n++; n%256 == 1 && ctx.Err() != nil {
			return ctx.Err()
		}
		return enc.Encode(e)
	}
	for f := range m.findings.All() {
		c := about[f.Check]
		e := m.ocsf(c, f.Check, f.ID, string(f.Severity), f.Summary)
		e.Compliance.StatusID, e.Compliance.Status = 3, "Fail"
		if c.Status == "info" {
			e.Compliance.StatusID, e.Compliance.Status = 99, "Inventory"
		}
		e.Resources = []ocsfResource{{UID: f.Subject.ID, Name: f.Subject.Name, Type: f.Subject.Type}}
		e.Unmapped = map[string]any{"details": f.Details, "evidence": evidenceOf(f)}
		if err := put(e); err != nil {
			return 0, fmt.Errorf("finding %s: %w", f.ID, err)
		}
	}
	for _, c := range m.checksByID() {
		if c.Findings > 0 {
			continue
		}
		e := m.ocsf(c, c.ID, c.ID, "info", c.Title)
		switch c.Status {
		case "pass":
			e.Compliance.StatusID, e.Compliance.Status = 1, "Pass"
		case "info":
			e.Compliance.StatusID, e.Compliance.Status = 99, "Inventory"
		default: // also a fail whose findings are not known: no result can be told
			e.Compliance.StatusID, e.Compliance.Status = 2, "Warning"
		}
		e.Resources = []ocsfResource{{UID: m.tenant.ID, Name: m.tenant.DisplayName, Type: "tenant"}}
		if err := put(e); err != nil {
			return 0, fmt.Errorf("check %s: %w", c.ID, err)
		}
	}
	return n, nil
}

func evidenceOf(f checkFinding) []evidenceJSON {
	out := make([]evidenceJSON, 0, len(f.Evidence))
	for _, e := range f.Evidence {
		out = append(out, evidenceJSON{string(e.Dataset), e.Key})
	}
	return out
}

// ocsf is an event about one check, without its result.
func (m *model) ocsf(c checkResult, check, uid, severity, message string) ocsfEvent {
	s, ok := ocsfSeverities[severity]
	if !ok {
		s.id, s.caption = 0, "Unknown"
	}
	at := m.at.UnixMilli()
	e := ocsfEvent{
		ActivityID: ocsfCreate, ActivityName: "Create", CategoryUID: ocsfCategory, CategoryName: "Findings", ClassUID: ocsfClass, ClassName: "Compliance Finding",
		TypeUID: ocsfClass*100 + ocsfCreate, TypeName: "Compliance Finding: Create", Time: at, SeverityID: s.id, Severity: s.caption, StatusID: ocsfNew, Status: "New", Message: message,
		Metadata:    ocsfMetadata{Version: ocsfVersion, Product: ocsfProduct{Name: m.tool.Name, VendorName: m.tool.Name, Version: m.tool.Version}, TenantUID: m.tenant.ID, UID: uid},
		FindingInfo: ocsfInfo{UID: uid, Title: cmp.Or(c.Title, check), Desc: c.Why, CreatedTime: at, Types: []string{cmp.Or(c.Area, "other")}},
		Compliance:  ocsfCompliance{Control: check, Standards: []string{}, Requirements: []string{}},
	}
	for _, set := range []struct {
		name string
		ids  []string
	}{{"CIS", c.CIS}, {"CISA SCuBA", c.SCuBA}, {"NIST SP 800-53", c.NIST}, {"MITRE ATT&CK", c.MITRE}} {
		if len(set.ids) > 0 {
			e.Compliance.Standards = append(e.Compliance.Standards, set.name)
			e.Compliance.Requirements = append(e.Compliance.Requirements, set.ids...)
		}
	}
	if len(e.Compliance.Standards) == 0 {
		e.Compliance.Standards = append(e.Compliance.Standards, m.tool.Name)
	}
	if c.Cause != "" {
		e.Compliance.StatusDetails = []string{fmt.Sprintf("%d of %d %s looked at", c.Evaluated, c.Expected, c.Subject), c.Cause}
	}
	if c.Remediation != "" {
		e.Remediation = &ocsfRemediation{Desc: c.Remediation}
		for _, s := range c.Sources {
			if l := linkOf(s); strings.HasPrefix(l.URL, "https://") {
				e.Remediation.References = append(e.Remediation.References, l.URL)
			}
		}
	}
	return e
}
