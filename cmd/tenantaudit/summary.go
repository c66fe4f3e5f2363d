package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"tenantaudit/checks"
	"tenantaudit/internal/snapshot"
	"tenantaudit/reports"
)

// summary says on stdout what came out: verdicts, findings by severity, coverage and
// where the files are.
func (a *app) summary(dir string, v *snapshot.Snapshot, j judged, files []reports.File) error {
	var b strings.Builder
	t := v.Tenant()
	fmt.Fprintf(&b, "Review of %s (%s)\n\n", firstNonEmpty(t.DisplayName, t.DefaultDomain, t.ID), firstNonEmpty(t.DefaultDomain, t.ID))
	status := map[checks.Status]int{}
	for _, r := range j.results {
		status[r.Status]++
	}
	fmt.Fprintf(&b, "Checks    %d pass, %d fail, %d info, %d not assessed\n", status[checks.Pass], status[checks.Fail], status[checks.Informative], status[checks.NotEvaluated])
	severity := map[checks.Severity]int{}
	for _, of := range j.findings.Count() {
		for s, n := range of {
			severity[s] += n
		}
	}
	fmt.Fprintf(&b, "Findings  %d critical, %d high, %d medium, %d low, %d info\n",
		severity[checks.Critical], severity[checks.High], severity[checks.Medium], severity[checks.Low], severity[checks.Info])
	coverage, err := v.CoverageAll()
	if err != nil {
		return err
	}
	complete := 0
	for _, c := range coverage {
		if c.State == snapshot.CoverageComplete {
			complete++
		}
	}
	fmt.Fprintf(&b, "Coverage  %d of %d datasets complete\n", complete, len(coverage))
	skipped := 0
	for _, c := range coverage {
		if c.State == snapshot.CoverageComplete {
			continue
		}
		if c.State == snapshot.CoverageSkipped && c.Expected+c.Units.Filtered == 0 {
			skipped++
			continue
		}
		fmt.Fprintf(&b, "  %-26s %-11s %d of %d read", c.Dataset, c.State, c.Collected, c.Expected)
		if w := reports.UnitWords(c.Units); w != "" {
			b.WriteString(", " + w)
		}
		// What never belongs to a dataset is not why it has gaps.
		if i := slices.IndexFunc(c.Reasons, func(r snapshot.Reason) bool { return !r.ByDefinition() }); i >= 0 {
			fmt.Fprintf(&b, "; %s: %s", checks.CauseWord(c.Reasons[i].Cause), c.Reasons[i].Detail)
			if w := c.Reasons[i].Foresight(); w != "" {
				b.WriteString("; " + w)
			}
		}
		b.WriteString("\n")
	}
	if skipped > 0 {
		fmt.Fprintf(&b, "  %s not read: no chosen check needs it\n", plural(skipped, "dataset"))
	}
	gaps, err := reports.CountMailboxGaps(v)
	if err != nil {
		return err
	}
	if gaps > 0 {
		fmt.Fprintf(&b, "  %s not read in full although others were: listed in the review\n", plural(gaps, "mailbox"))
	}
	for _, r := range j.results {
		switch {
		case r.Status == checks.NotEvaluated:
			fmt.Fprintf(&b, "  not assessed: %s (%d of %d; %s)\n", r.Check.ID, r.Evaluated, r.Expected, r.Cause)
		case r.Cause != "":
			fmt.Fprintf(&b, "  assessed in part: %s (%d of %d; %s)\n", r.Check.ID, r.Evaluated, r.Expected, r.Cause)
		}
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		abs = dir
	}
	fmt.Fprintf(&b, "\nFiles in %s\n", abs)
	for _, f := range files {
		fmt.Fprintf(&b, "  %-34s %s\n", f.Name, size(f.Size))
	}
	b.WriteString("  manifest.json, manifest.json.sha256\n")
	_, err = fmt.Fprint(a.out, safe(b.String()))
	return err
}

// plural is a number with what it counts.
func plural(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "x"):
		what += "e"
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func size(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d B", n)
}

func firstNonEmpty(s ...string) string {
	for _, v := range s {
		if v != "" {
			return v
		}
	}
	return ""
}

// folderName keeps of a name what every file system takes.
func folderName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '-' {
			return r
		}
		return '-'
	}, strings.ToLower(s))
	if s = strings.Trim(s, ".-"); len(s) > 100 {
		s = s[:100]
	}
	return firstNonEmpty(s, "tenant")
}
