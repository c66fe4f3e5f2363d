package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"tenantaudit/internal/faketenant"
	"tenantaudit/internal/snapshot"
)

// reportFile is report.json as an outsider reads it.
type reportFile struct {
	Schema   string          `json:"schema"`
	Tenant   snapshot.Tenant `json:"tenant"`
	Coverage []struct {
		Dataset, State            string
		Rows, Expected, Collected int
		Failed                    int
		Reasons                   []struct{ Cause, Detail string }
	} `json:"coverage"`
	Checks []struct {
		ID, Status, Severity, Cause   string
		Evaluated, Expected, Findings int
	} `json:"checks"`
	Findings []struct {
		ID, Check, Severity string
		Subject             struct{ Type, ID, Name string }
		Evidence            []struct{ Dataset, Key string }
	} `json:"findings"`
	Datasets map[string][]map[string]any `json:"datasets"`
}

func readReport(t *testing.T, dir string) reportFile {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r reportFile
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&r); err != nil {
		t.Fatal(err)
	}
	return r
}

// tenantaudit runs the program as it is shipped, in a process of its own. inProcess runs it in this one,
// where the race detector sees it.
func tenantaudit(t *testing.T, ctx context.Context, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := exec.CommandContext(ctx, shipped(t), args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// inProcess runs the program in this process: seen by the race detector, and to be cancelled.
func inProcess(t *testing.T, ctx context.Context, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(ctx, args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// demoReport runs demo and reads what it wrote.
func demoReport(t *testing.T, args ...string) (reportFile, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "review")
	code, out, errs := inProcess(t, t.Context(), append([]string{"demo", "--out", dir, "--format", "json", "--no-progress"}, args...)...)
	if code != exitOK {
		t.Fatalf("demo: exit %d\n%s\n%s", code, out, errs)
	}
	return readReport(t, dir), dir
}

// canonical makes two values comparable: lists sorted, numbers as text.
func canonical(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]string, len(v))
		for i, e := range v {
			out[i] = text(canonical(e))
		}
		slices.Sort(out)
		return out
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = canonical(e)
		}
		return out
	}
	return v
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func keyOf(d snapshot.Dataset, row map[string]any) string {
	var parts []string
	for _, c := range snapshot.Columns(d) {
		if c.Key {
			parts = append(parts, fmt.Sprint(row[c.Name]))
		}
	}
	return strings.Join(parts, "|")
}

func answerKey(t *testing.T, o faketenant.Options) *faketenant.AnswerKey {
	t.Helper()
	o.Now = tenantClock()
	tenant, err := faketenant.New(o)
	if err != nil {
		t.Fatal(err)
	}
	// Through JSON and back, so that both sides are what a file would hold.
	raw, err := json.Marshal(tenant.AnswerKey())
	if err != nil {
		t.Fatal(err)
	}
	var k faketenant.AnswerKey
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&k); err != nil {
		t.Fatal(err)
	}
	return &k
}

// inWords are columns that hold sentences for people: what they say is not in the key.
var inWords = map[snapshot.Dataset][]string{snapshot.EffectiveAccess: {"note", "close"}}

// compareDataset fails on missing rows, extra rows and wrong values.
func compareDataset(t *testing.T, d snapshot.Dataset, got, want []map[string]any) {
	t.Helper()
	const most = 12
	faults := 0
	fault := func(format string, a ...any) {
		if faults++; faults <= most {
			t.Errorf(format, a...)
		}
	}
	have := map[string]map[string]any{}
	for _, row := range got {
		k := keyOf(d, row)
		if _, twice := have[k]; twice {
			fault("row %s stands twice", k)
		}
		have[k] = row
	}
	for _, row := range want {
		k := keyOf(d, row)
		mine, ok := have[k]
		if !ok {
			fault("missing row %s", text(row))
			continue
		}
		delete(have, k)
		for name, value := range row {
			if a, b := text(canonical(mine[name])), text(canonical(value)); a != b {
				fault("row %s: %s = %s, want %s", k, name, a, b)
			}
		}
		for name := range mine {
			if _, known := row[name]; !known && name != "rowKey" && !slices.Contains(inWords[d], name) {
				fault("row %s: the answer key does not know %s", k, name)
			}
		}
	}
	for _, row := range have {
		fault("extra row %s", text(row))
	}
	if faults > most {
		t.Errorf("%d faults in all", faults)
	}
	if len(got) != len(want) {
		t.Errorf("%d rows, want %d", len(got), len(want))
	}
}

func compareAll(t *testing.T, r reportFile, k *faketenant.AnswerKey) {
	t.Helper()
	for _, d := range snapshot.Datasets() {
		t.Run(string(d), func(t *testing.T) {
			rows, ok := r.Datasets[string(d)]
			if !ok {
				t.Fatal("not in report.json")
			}
			want, ok := k.Datasets[string(d)]
			if !ok {
				t.Fatal("not in the answer key")
			}
			compareDataset(t, d, rows, want)
			for _, c := range r.Coverage {
				if c.Dataset != string(d) {
					continue
				}
				w := k.Coverage[string(d)]
				if c.State != "complete" || c.Rows != w.Rows || c.Failed != 0 {
					t.Errorf("coverage %+v, want complete with %d rows", c, w.Rows)
				}
				if len(snapshotPerMailbox[d]) > 0 && (c.Expected != w.Expected || c.Collected != w.Collected) {
					t.Errorf("coverage %d of %d, want %d of %d", c.Collected, c.Expected, w.Collected, w.Expected)
				}
			}
		})
	}
	for _, want := range k.Checks {
		t.Run(want.ID, func(t *testing.T) { compareCheck(t, r, want) })
	}
}

var snapshotPerMailbox = map[snapshot.Dataset]string{snapshot.InboxRules: "m", snapshot.MailboxPermissions: "m", snapshot.FolderPermissions: "m"}

func compareCheck(t *testing.T, r reportFile, want faketenant.CheckAnswer) {
	t.Helper()
	found := false
	for _, c := range r.Checks {
		if c.ID != want.ID {
			continue
		}
		found = true
		if c.Status != want.Status {
			t.Errorf("status %s (%s), want %s", c.Status, c.Cause, want.Status)
		}
		if c.Evaluated != want.Evaluated || c.Expected != want.Expected {
			t.Errorf("evaluated %d of %d, want %d of %d", c.Evaluated, c.Expected, want.Evaluated, want.Expected)
		}
		if c.Findings != len(want.Findings) {
			t.Errorf("%d findings, want %d", c.Findings, len(want.Findings))
		}
	}
	if !found {
		t.Fatal("not in report.json")
	}
	have := map[string]string{}
	for _, f := range r.Findings {
		if f.Check == want.ID {
			have[f.Subject.Type+" "+f.Subject.ID] = f.Severity
			if len(f.Evidence) == 0 {
				t.Errorf("%s has no evidence", f.Subject.ID)
			}
		}
	}
	faults := 0
	for _, f := range want.Findings {
		id := f.SubjectType + " " + f.SubjectID
		got, ok := have[id]
		delete(have, id)
		if got != f.Severity {
			if faults++; faults < 8 {
				t.Errorf("finding %q: severity %q (present %v), want %q", id, got, ok, f.Severity)
			}
		}
	}
	for id, s := range have {
		if faults++; faults < 8 {
			t.Errorf("extra finding %q (%s)", id, s)
		}
	}
}

// The review of the simulated tenant is what its plan says, row by row.
func TestReviewEqualsTheAnswerKey(t *testing.T) {
	r, _ := demoReport(t, "--mailboxes", "60", "--seed", "7")
	compareAll(t, r, answerKey(t, faketenant.Options{Mailboxes: 60, Seed: 7}))
}

// shipped builds the program as it is shipped. Its tests see a process of its own, which the race
// detector does not: make test runs them without it, and those in this process with it.
func shipped(t *testing.T) string {
	t.Helper()
	if raced {
		t.Skip("the program is a process of its own: this test runs without the race detector")
	}
	builtOnce.Do(func() {
		dir, err := os.MkdirTemp("", "tenantaudit-shipped-")
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, dir)
		bin := filepath.Join(dir, "tenantaudit")
		build := exec.Command("go", "build", "-o", bin, ".")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build: %v\n%s", err, out)
		}
		built = bin
	})
	if built == "" {
		t.Fatal("the program was not built")
	}
	return built
}

var (
	builtOnce sync.Once
	built     string
)

// The same in larger tenants, by the program as it is shipped. From 1,500 on one group is too
// large to be shown by its members. make accuracy does it for 5,000.
func TestReviewOfALargeTenantEqualsTheAnswerKey(t *testing.T) {
	bin := shipped(t)
	for _, mailboxes := range []int{250, 1500} {
		t.Run(fmt.Sprint(mailboxes), func(t *testing.T) {
			r, _ := shippedReport(t, bin, "--mailboxes", fmt.Sprint(mailboxes), "--seed", "7")
			compareAll(t, r, answerKey(t, faketenant.Options{Mailboxes: mailboxes, Seed: 7}))
		})
	}
}

// shippedReport runs demo of the built program and reads what it wrote.
func shippedReport(t *testing.T, bin string, args ...string) (reportFile, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "review")
	cmd := exec.CommandContext(t.Context(), bin, append([]string{"demo", "--out", dir, "--format", "json", "--no-progress"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("demo: %v\n%s", err, out)
	}
	return readReport(t, dir), dir
}

// On a tenant with nothing to find every judging check passes, and nothing above info is said.
func TestCleanTenantPasses(t *testing.T) {
	r, _ := demoReport(t, "--profile", "clean", "--mailboxes", "60")
	compareAll(t, r, answerKey(t, faketenant.Options{Profile: "clean", Mailboxes: 60, Seed: 1}))
	for _, c := range r.Checks {
		if c.Status != "pass" && c.Status != "info" {
			t.Errorf("%s: %s (%s)", c.ID, c.Status, c.Cause)
		}
	}
	for _, f := range r.Findings {
		if f.Severity != "info" {
			t.Errorf("%s: %s finding on %s", f.Check, f.Severity, f.Subject.Name)
		}
	}
}
