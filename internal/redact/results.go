package redact

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tenantaudit/checks"
)

// Results joins two judgements: the verdicts of the original, in the words that the same
// checks found for the copy.
func (r *Redactor) Results(original, copied []checks.Result) []checks.Result {
	words := map[string]checks.Result{}
	for _, c := range copied {
		words[c.Check.ID] = c
	}
	out := slices.Clone(original)
	for i := range out {
		if out[i].Cause == "" {
			continue
		}
		out[i].Cause = leftOut
		if c := words[out[i].Check.ID]; c.Status == out[i].Status && c.Cause != "" {
			out[i].Cause = c.Cause
		}
	}
	return out
}

// Findings gives each finding of the original the words that the copy has for it: the finding
// of the same check on the same evidence, or else about the same subject. One that the copy does not have keeps its check,
// severity and evidence, with the title of the check for a summary.
func (r *Redactor) Findings(original, copied []checks.Finding, title map[string]string) ([]checks.Finding, error) {
	words, about := map[string][]checks.Finding{}, map[string][]checks.Finding{}
	for _, f := range copied {
		k := findingKey(f)
		words[k] = append(words[k], f)
		about[subjectKey(f)] = append(about[subjectKey(f)], f)
	}
	out := make([]checks.Finding, 0, len(original))
	for _, f := range original {
		g := checks.Finding{Check: f.Check, Severity: f.Severity, Summary: title[f.Check], Details: map[string]any{},
			Subject: checks.Subject{Type: f.Subject.Type, ID: r.subject(f.Subject.ID), Name: r.note("name", f.Subject.Name, "name-"+r.short("subject", f.Subject.Name))}}
		for _, e := range f.Evidence {
			key, err := r.Key(e.Dataset, e.Key)
			if err != nil {
				return nil, fmt.Errorf("finding of %s: %w", f.Check, err)
			}
			g.Evidence = append(g.Evidence, checks.Evidence{Dataset: e.Dataset, Key: key})
		}
		sortEvidence(g.Evidence)
		same := words[findingKey(g)]
		if len(same) != 1 {
			// Which of many rows a check names as evidence may follow their order, and the
			// copy has another order.
			same = about[subjectKey(g)]
		}
		if len(same) == 1 {
			g.Subject, g.Summary, g.Details = same[0].Subject, same[0].Summary, same[0].Details
		}
		g.ID = checks.FindingID(g.Check, g.Subject)
		out = append(out, g)
	}
	return out, nil
}

// subject is the id of what a finding is about: ids, addresses and names, with bars between.
func (r *Redactor) subject(v string) string { return r.joined("|", r.value)(v) }

func sortEvidence(list []checks.Evidence) {
	slices.SortFunc(list, func(a, b checks.Evidence) int {
		return cmp.Or(cmp.Compare(a.Dataset, b.Dataset), cmp.Compare(a.Key, b.Key))
	})
}

// subjectKey tells findings of one check apart by what they are about.
func subjectKey(f checks.Finding) string {
	return f.Check + "\x00" + f.Subject.Type + "\x00" + f.Subject.ID
}

// findingKey tells findings of one check apart by what they stand on.
func findingKey(f checks.Finding) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\x00%s", f.Check, f.Subject.Type)
	list := slices.Clone(f.Evidence)
	sortEvidence(list)
	for _, e := range list {
		fmt.Fprintf(&b, "\x00%s\x00%s", e.Dataset, e.Key)
	}
	return b.String()
}
