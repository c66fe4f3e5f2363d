package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tenantaudit/internal/faketenant"
	"tenantaudit/internal/requirements"
	"tenantaudit/reports"
)

// trial is an identity in a tenant, asked with the built program what it will see, and then
// made to look.
type trial struct {
	bin    string
	url    string
	tenant *faketenant.Tenant
}

// newTrial serves a small tenant with nothing to find.
func newTrial(t *testing.T, bin string, o faketenant.Options) *trial {
	t.Helper()
	if o.Mailboxes == 0 {
		o.Mailboxes = 5
	}
	if o.Profile == "" {
		o.Profile = "clean"
	}
	tenant, url := simulator(t, o)
	return &trial{bin: bin, url: url, tenant: tenant}
}

// run runs the program; every run here has to end well.
func (r *trial) run(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), r.bin, args...)
	cmd.Env = append(os.Environ(),
		"TENANTAUDIT_GRAPH_TOKEN="+r.tenant.Token("https://graph.microsoft.com"), "TENANTAUDIT_EXCHANGE_TOKEN="+r.tenant.Token("https://outlook.office365.com"))
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return out.String()
}

func (r *trial) connected(command string, more ...string) []string {
	return append([]string{command, "--tenant", r.tenant.ID(), "--auth", "token", "--graph-url", r.url, "--exchange-url", r.url}, more...)
}

// foretold is what preflight says of each check.
func (r *trial) foretold(t *testing.T, checks ...string) map[string]reports.PreflightCheck {
	t.Helper()
	var p reports.Preflight
	if err := json.Unmarshal([]byte(r.run(t, r.connected("preflight", append(chosen(checks), "--format", "json")...)...)), &p); err != nil {
		t.Fatal(err)
	}
	out := map[string]reports.PreflightCheck{}
	for _, c := range p.Checks {
		out[c.Check] = c
	}
	return out
}

// audited is what the checks themselves say after reading.
func (r *trial) audited(t *testing.T, checks ...string) map[string]resultLine {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "review")
	r.run(t, r.connected("collect", append(chosen(checks), "--out", dir, "--no-progress")...)...)
	var result struct{ Checks []resultLine }
	if err := json.Unmarshal([]byte(r.run(t, append([]string{"check", filepath.Join(dir, snapshotFile), "--format", "json"}, chosen(checks)...)...)), &result); err != nil {
		t.Fatal(err)
	}
	out := map[string]resultLine{}
	for _, c := range result.Checks {
		out[c.ID] = c
	}
	return out
}

func chosen(checks []string) []string {
	if len(checks) == 0 {
		return nil
	}
	return []string{"--checks", strings.Join(checks, ",")}
}

// agree holds what was foretold against what came: what works is judged, what is blind is
// not, and of what is seen in part nothing passes.
func agree(t *testing.T, said map[string]reports.PreflightCheck, came map[string]resultLine) {
	t.Helper()
	if len(said) == 0 || len(said) != len(came) {
		t.Fatalf("%d checks foretold, %d came", len(said), len(came))
	}
	for id, c := range came {
		judged := c.Status != "not-evaluated"
		wrong := false
		switch said[id].State {
		case requirements.Works:
			wrong = !judged || c.Cause != ""
		case requirements.Blind:
			wrong = judged
		case requirements.Partly:
			wrong = judged && c.Status != "fail"
		}
		if wrong {
			t.Errorf("%s: preflight says %s (%s), the audit %s (%s)", id, said[id].State, strings.Join(said[id].Why, "; "), c.Status, c.Cause)
		}
	}
}
