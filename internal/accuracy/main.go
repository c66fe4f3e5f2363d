// Command accuracy holds the product against the answer key of the simulated
// tenant, check by check: recall (how many of the true findings it reports),
// precision (how many of its findings are true), severity and status. It also runs
// the clean tenant, on which nothing above info may be found.
//
// The key is written from what the tenant was made of, never from what it answers
// on the wire. The command starts the built binary as its users do, and ends with
// exit 1 when a figure is below 1.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"text/tabwriter"
	"time"

	"tenantaudit/internal/faketenant"
)

func main() {
	bin := flag.String("bin", "bin/tenantaudit", "the built program")
	mailboxes := flag.Int("mailboxes", 5000, "mailboxes of the tenant")
	seed := flag.Int64("seed", 7, "seed of the tenant")
	flag.Parse()
	// The program judges what has expired by today's date, so the tenant lives today.
	today := time.Now().UTC().Truncate(24 * time.Hour)
	err := errors.Join(
		measure(context.Background(), os.Stdout, *bin, faketenant.Options{Mailboxes: *mailboxes, Seed: *seed, Now: today}),
		measure(context.Background(), os.Stdout, *bin, faketenant.Options{Mailboxes: *mailboxes, Seed: *seed, Now: today, Profile: "clean"}),
	)
	if err != nil {
		fmt.Fprintln(os.Stderr, "accuracy:", err)
		os.Exit(1)
	}
}

// report is the part of report.json that is compared.
type report struct {
	Checks []struct {
		ID, Status          string
		Evaluated, Expected int
	} `json:"checks"`
	Findings []struct {
		Check, Severity string
		Subject         struct{ Type, ID string }
	} `json:"findings"`
}

// subject is what a finding is about; severity is compared apart.
type subject struct{ check, typ, id string }

// score is one check's.
type score struct {
	check                        string
	want, got, hit, sameSeverity int
	status, wantStatus           string
	evaluated, expected          int
	wantEvaluated, wantExpected  int
	aboveInfo                    int
	missed, wrong, otherSeverity []string
}

func measure(ctx context.Context, w io.Writer, bin string, o faketenant.Options) error {
	tenant, err := faketenant.New(o)
	if err != nil {
		return err
	}
	r, err := review(ctx, bin, o)
	if err != nil {
		return err
	}
	scores := compare(r, tenant.AnswerKey())
	profile := cmp.Or(o.Profile, "default")
	fmt.Fprintf(w, "%s tenant, %d mailboxes, seed %d\n", profile, o.Mailboxes, o.Seed)
	failed := printScores(w, scores)
	if profile == "clean" {
		for _, s := range scores {
			if s.aboveInfo > 0 {
				failed = append(failed, fmt.Sprintf("%s: %d findings above info", s.check, s.aboveInfo))
			}
		}
	}
	for _, f := range failed {
		fmt.Fprintln(w, " ", f)
	}
	if len(failed) > 0 {
		return fmt.Errorf("%s tenant: %d differences from the answer key", profile, len(failed))
	}
	return nil
}

// review runs the built program on the same tenant and reads its report.
func review(ctx context.Context, bin string, o faketenant.Options) (r report, err error) {
	dir, err := os.MkdirTemp("", "accuracy-*")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	out := filepath.Join(dir, "review")
	cmd := exec.CommandContext(ctx, bin, "demo", "--out", out, "--format", "json", "--no-progress", "--quiet",
		"--mailboxes", strconv.Itoa(o.Mailboxes), "--now", o.Now.Format(time.DateOnly), "--seed", strconv.FormatInt(o.Seed, 10), "--profile", cmp.Or(o.Profile, "default")) // #nosec G204 -- the program under measurement
	if text, err := cmd.CombinedOutput(); err != nil {
		return r, fmt.Errorf("%s demo: %w\n%s", bin, err, text)
	}
	f, err := os.Open(filepath.Join(out, "report.json"))
	if err != nil {
		return r, err
	}
	defer f.Close()
	if err := json.NewDecoder(f).Decode(&r); err != nil {
		return r, fmt.Errorf("read report.json: %w", err)
	}
	return r, nil
}

func compare(r report, key *faketenant.AnswerKey) []score {
	found := map[subject]string{}
	byCheck := map[string]int{}
	above := map[string]int{}
	for _, f := range r.Findings {
		found[subject{f.Check, f.Subject.Type, f.Subject.ID}] = f.Severity
		byCheck[f.Check]++
		if f.Severity != "info" {
			above[f.Check]++
		}
	}
	var scores []score
	known := map[string]bool{}
	for _, c := range r.Checks {
		known[c.ID] = true
		s := score{check: c.ID, status: c.Status, evaluated: c.Evaluated, expected: c.Expected, got: byCheck[c.ID], aboveInfo: above[c.ID]}
		a, ok := key.Check(c.ID)
		if !ok {
			s.wantStatus = "no answer in the key"
			scores = append(scores, s)
			continue
		}
		s.wantStatus, s.wantEvaluated, s.wantExpected, s.want = a.Status, a.Evaluated, a.Expected, len(a.Findings)
		wanted := map[subject]bool{}
		for _, f := range a.Findings {
			at := subject{c.ID, f.SubjectType, f.SubjectID}
			wanted[at] = true
			severity, hit := found[at]
			switch {
			case !hit:
				s.missed = append(s.missed, f.SubjectType+" "+f.SubjectID)
			case severity != f.Severity:
				s.hit++
				s.otherSeverity = append(s.otherSeverity, fmt.Sprintf("%s %s is %s, want %s", f.SubjectType, f.SubjectID, severity, f.Severity))
			default:
				s.hit++
				s.sameSeverity++
			}
		}
		for at := range found {
			if at.check == c.ID && !wanted[at] {
				s.wrong = append(s.wrong, at.typ+" "+at.id)
			}
		}
		scores = append(scores, s)
	}
	for _, a := range key.Checks {
		if !known[a.ID] {
			scores = append(scores, score{check: a.ID, want: len(a.Findings), wantStatus: a.Status, status: "not run"})
		}
	}
	return scores
}

// printScores writes a line a check and returns what is wrong.
func printScores(out io.Writer, scores []score) (failed []string) {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "CHECK\tTRUE\tREPORTED\tRECALL\tPRECISION\tSEVERITY\tSTATUS\tEVALUATED")
	for _, s := range scores {
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\t%s\t%s\t%d/%d\n", s.check, s.want, s.got,
			ratio(s.hit, s.want), ratio(s.hit, s.got), ratio(s.sameSeverity, s.hit), s.status, s.evaluated, s.expected)
		if s.status != s.wantStatus || s.evaluated != s.wantEvaluated || s.expected != s.wantExpected {
			failed = append(failed, fmt.Sprintf("%s: %s %d/%d, want %s %d/%d", s.check, s.status, s.evaluated, s.expected, s.wantStatus, s.wantEvaluated, s.wantExpected))
		}
		for _, l := range []struct {
			what string
			list []string
		}{{"missed", s.missed}, {"not in the key", s.wrong}, {"severity", s.otherSeverity}} {
			for i, text := range l.list {
				if i == 5 {
					failed = append(failed, fmt.Sprintf("%s: %s: and %d more", s.check, l.what, len(l.list)-i))
					break
				}
				failed = append(failed, fmt.Sprintf("%s: %s: %s", s.check, l.what, text))
			}
		}
	}
	if err := w.Flush(); err != nil {
		failed = append(failed, err.Error())
	}
	return failed
}

// ratio writes hits of all; "-" where there is nothing to divide by.
func ratio(hits, all int) string {
	if all == 0 {
		return "-"
	}
	return strconv.FormatFloat(float64(hits)/float64(all), 'f', 3, 64)
}
