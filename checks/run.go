package checks

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"tenantaudit/internal/snapshot"
)

// Run runs the checks of list on a snapshot, in order. Findings go to emit check
// by check, sorted by subject. An error is a broken store, an emit that failed or
// a cancelled context; a check that panics gets a Result that says so, and the
// others go on.
func Run(ctx context.Context, r Reader, o Options, list []Check, emit func(Finding) error) ([]Result, error) {
	results := make([]Result, 0, len(list))
	for _, c := range list {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		missing, err := gaps(r, c.Needs)
		if err != nil {
			return nil, fmt.Errorf("check %s: %w", c.ID, err)
		}
		out, broken, err := try(c, Input{r, o})
		if err != nil {
			return nil, fmt.Errorf("check %s: %w", c.ID, err)
		}
		complete(c, out.Findings)
		for _, f := range out.Findings {
			if err := emit(f); err != nil {
				return nil, fmt.Errorf("check %s: %w", c.ID, err)
			}
		}
		results = append(results, decide(c, out, missing, broken))
	}
	return results, nil
}

// try runs one check. broken is what went wrong inside the check itself; its
// findings are then dropped, because nobody knows which of them are true.
func try(c Check, in Input) (out Output, broken string, err error) {
	defer func() {
		if p := recover(); p != nil {
			out, err = Output{}, nil
			broken = fmt.Sprintf("internal error in %s (%s); please report it", c.ID, oneLine(fmt.Sprint(p)))
		}
	}()
	out, err = c.Run(in)
	return out, "", err
}

// oneLine makes a text fit for a cause: no control characters, not long.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s)
	if runes := []rune(s); len(runes) > 160 {
		s = string(runes[:160]) + "…"
	}
	return s
}

// gaps returns the coverage of the needed datasets that are not complete.
func gaps(r Reader, needs []snapshot.Dataset) ([]snapshot.Coverage, error) {
	var missing []snapshot.Coverage
	for _, d := range needs {
		c, err := r.Coverage(d)
		if err != nil {
			return nil, fmt.Errorf("coverage of %s: %w", d, err)
		}
		if c.State != snapshot.CoverageComplete {
			c.Dataset = d
			missing = append(missing, c)
		}
	}
	return missing, nil
}

// complete fills in what every finding has, and sorts.
func complete(c Check, list []Finding) {
	for i := range list {
		f := &list[i]
		f.Check = c.ID
		f.ID = FindingID(c.ID, f.Subject)
		f.Severity = cmp.Or(f.Severity, c.Severity)
		if f.Details == nil {
			f.Details = map[string]any{}
		}
		slices.SortFunc(f.Evidence, func(a, b Evidence) int {
			return cmp.Or(cmp.Compare(a.Dataset, b.Dataset), cmp.Compare(a.Key, b.Key))
		})
	}
	slices.SortStableFunc(list, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Subject.ID, b.Subject.ID), cmp.Compare(a.Subject.Type, b.Subject.Type))
	})
}

// FindingID is the first half of a SHA-256 over check and subject, in hex. The
// name of the subject is not part of it: people rename things.
func FindingID(check string, s Subject) string {
	sum := sha256.Sum256([]byte(check + "\x00" + s.Type + "\x00" + s.ID))
	return hex.EncodeToString(sum[:16])
}

// decide turns findings and gaps into a result.
func decide(c Check, out Output, missing []snapshot.Coverage, broken string) Result {
	res := Result{Check: c, Severity: c.Severity, Evaluated: out.Evaluated, Findings: len(out.Findings)}
	var causes []string
	for _, m := range missing {
		causes = append(causes, coverageCause(m))
	}
	unjudged := 0
	for _, g := range out.Gaps {
		unjudged += g.Count
		causes = append(causes, fmt.Sprintf("%s (%d)", g.Cause, g.Count))
	}
	if broken != "" {
		causes = append([]string{broken}, causes...)
	}
	res.Cause = strings.Join(causes, "; ")
	res.Expected = res.Evaluated + unjudged
	res.count(c, missing, broken != "")

	worst := Info
	for _, f := range out.Findings {
		if f.Severity.Rank() < worst.Rank() {
			worst = f.Severity
		}
	}
	if len(out.Findings) > 0 {
		res.Severity = worst
	}
	switch {
	case !c.Inventory && worst != Info:
		res.Status = Fail
	case len(causes) > 0:
		res.Status = NotEvaluated
	case c.Inventory || len(out.Findings) > 0:
		// Findings that are all informative judge nothing.
		res.Status = Informative
	default:
		res.Status = Pass
	}
	return res
}

// count makes Evaluated and Expected say that something is missing. Where the
// counted dataset itself has gaps, Expected grows by what was not read, at least
// by one, since what a broken listing would have held is not known. Where only
// another dataset has gaps, nothing but a violation is certain.
func (r *Result) count(c Check, missing []snapshot.Coverage, broken bool) {
	for _, m := range missing {
		if m.Dataset == c.Needs[0] {
			r.Expected = max(r.Expected, int(m.Expected), r.Evaluated+max(1, int(m.Expected-m.Collected)))
		}
	}
	if (broken || len(missing) > 0) && r.Expected <= r.Evaluated {
		r.Evaluated = min(r.Evaluated, r.Findings)
		r.Expected = max(r.Expected, r.Evaluated+1)
	}
}
