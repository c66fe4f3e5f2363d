package reports

import (
	"tenantaudit/checks"
	"tenantaudit/internal/snapshot"
)

// noEvidence stands for a finding that names no row.
var noEvidence checks.Evidence

// checkFinding is a finding as the runner emits it.
type checkFinding = checks.Finding

// checkResult is the outcome of a check with what reports say about the check.
type checkResult struct {
	ID, Title, Area, Severity, Status string
	Cause, Remediation, Why, Rule     string
	Evaluated, Expected, Findings     int
	CIS, SCuBA, NIST, MITRE, Sources  []string
	Subject                           string // what is counted: "mailboxes"
	Needs                             []snapshot.Dataset
	Missing                           []snapshot.Coverage // those of Needs that were not read in full
}

func resultOf(r checks.Result) checkResult {
	// Controls are empty lists for a check that no public framework has.
	mapping, _ := r.Check.Controls()
	return checkResult{
		ID: r.Check.ID, Title: r.Check.Title, Area: r.Check.Area(), Severity: string(r.Severity), Status: string(r.Status),
		Cause: r.Cause, Remediation: r.Check.Fix, Why: r.Check.Why, Rule: r.Check.Rule,
		Evaluated: r.Evaluated, Expected: r.Expected, Findings: r.Findings,
		CIS: mapping.CIS, SCuBA: mapping.SCuBA, NIST: mapping.NIST, MITRE: mapping.MITRE, Sources: r.Check.Sources,
		Subject: r.Check.Subject, Needs: r.Check.Needs,
	}
}

// ownCheck is said of a check without a public control.
const ownCheck = "tenantaudit's own check: no public control"

// controls names the public controls of a check; their texts carry the framework and its version.
func (c checkResult) controls() []string {
	var out []string
	out = append(out, c.CIS...)
	for _, id := range c.SCuBA {
		out = append(out, "CISA SCuBA "+id)
	}
	out = append(out, c.NIST...)
	out = append(out, c.MITRE...)
	if len(out) == 0 {
		return []string{ownCheck}
	}
	return out
}
