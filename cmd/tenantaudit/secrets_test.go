package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tenantaudit/internal/faketenant"
	"tenantaudit/internal/snapshot"
)

// jwt is the form of an access token, in lower case.
var jwt = regexp.MustCompile(`^eyj[a-z0-9_-]{20,}\.[a-z0-9_-]{20,}`)

// token finds the first text in that form.
func token(body []byte) []byte {
	for {
		at := bytes.Index(body, []byte("eyj"))
		if at < 0 {
			return nil
		}
		if m := jwt.Find(body[at:]); m != nil {
			return m
		}
		body = body[at+3:]
	}
}

// leaks names the files that hold one of the secrets, or anything in the form of a token.
func leaks(files map[string][]byte, secrets map[string]bool) (found []string) {
	for name, body := range files {
		for s := range secrets {
			if len(s) >= 8 && bytes.Contains(body, []byte(strings.ToLower(s))) {
				found = append(found, fmt.Sprintf("%s holds %.12s…", name, s))
			}
		}
		if m := token(body); m != nil {
			found = append(found, fmt.Sprintf("%s holds a token %.24s…", name, m))
		}
	}
	slices.Sort(found)
	return found
}

// answers are the stored answers of a snapshot, unpacked.
func answers(t *testing.T, path string) map[string][]byte {
	t.Helper()
	s, err := snapshot.OpenSnapshot(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	counts, err := s.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for src := range counts {
		units, err := s.Units(t.Context(), src)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range units {
			for p, err := range s.Pages(t.Context(), u.Unit) {
				if err != nil {
					t.Fatal(err)
				}
				out[fmt.Sprintf("answer %s %s %s", src, u.Unit.Key, p.Key)] = bytes.ToLower([]byte(fmt.Sprintf("%s %s %v %s", p.Request, p.RequestID, p.Warnings, p.Rows)))
			}
		}
	}
	return out
}

// The whole product against services with faults, cut off once: it only reads, nobody else sees a
// token, and no token, cookie, token of a page or client secret is in anything that it leaves.
func TestNothingIsWrittenAndNoSecretIsLeft(t *testing.T) {
	faults := []faketenant.Fault{{Name: faketenant.FaultReset, Every: 61}, {Name: faketenant.FaultHTMLProxy, Every: 83}, {Name: faketenant.FaultThrottleFractional, Every: 71},
		{Name: faketenant.FaultGraph503, Every: 67}, {Name: faketenant.FaultExpiredPage}, {Name: faketenant.FaultForeignLink}, {Name: faketenant.FaultRedirect}}
	tenant, url := simulator(t, faketenant.Options{Mailboxes: 60, Seed: 3, PageSizeCap: 25, Faults: faults})
	withTokens(t, tenant)
	proxy := trap(t)
	t.Setenv("HTTPS_PROXY", proxy)
	t.Setenv("HTTP_PROXY", proxy)
	rec := newRecorder(t, url)
	root := t.TempDir()
	dir, log := filepath.Join(root, "review"), filepath.Join(root, "requests.jsonl")
	said := map[string][]byte{}
	run := func(name string, want []int, args ...string) {
		t.Helper()
		code, out, errs := tenantaudit(t, t.Context(), args...)
		if !slices.Contains(want, code) {
			t.Fatalf("%s: exit %d\n%s", name, code, errs)
		}
		said[name] = bytes.ToLower([]byte(out + errs))
	}
	connected := func(command string, more ...string) []string {
		return append([]string{command, "--tenant", tenant.ID(), "--auth", "token", "--graph-url", rec.srv.URL, "--exchange-url", rec.srv.URL, "--verbose", "--log-format", "json"}, more...)
	}
	run("preflight", []int{exitOK}, connected("preflight", "--format", "json")...)
	run("collect", []int{exitOK, exitFailed}, connected("collect", "--checks", "mail", "--out", filepath.Join(root, "collected"), "--request-log", filepath.Join(root, "collect.jsonl"))...)

	audit := connected("audit", "--out", dir, "--format", "xlsx,html,json,csv,ocsf", "--redact", "--request-log", log)
	rec.ringAt(150)
	cmd := exec.CommandContext(t.Context(), shipped(t), audit...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-rec.bell
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	said["killed"] = bytes.ToLower(errs.Bytes())
	run("audit", []int{exitOK, exitFailed}, audit...)
	for n := 0; !whole(t, dir); n++ {
		if n == 6 {
			t.Fatalf("not whole after %d more runs: %s", n, gapsOf(t, dir))
		}
		run("resume", []int{exitOK, exitFailed}, append(audit, "--resume")...)
	}
	run("check", []int{exitOK}, "check", dir, "--format", "json")
	run("report", []int{exitOK}, "report", dir, "--out", filepath.Join(root, "again"))

	for _, f := range rec.faults {
		t.Errorf("asked: %s", f)
	}
	if len(rec.asked) < 500 || len(rec.secrets) < 20 {
		t.Errorf("%d questions and %d secrets passed: this test does not see what it should", len(rec.asked), len(rec.secrets))
	}
	files := contents(t, root)
	for name, body := range said {
		files["output of "+name] = body
	}
	for name, body := range answers(t, filepath.Join(dir, snapshotFile)) {
		files[name] = body
	}
	for _, l := range leaks(files, rec.secrets) {
		t.Error(l)
	}
	for _, name := range []string{"review/review.html", "review/snapshot.db", "requests.jsonl", "output of resume", "output of audit"} {
		if len(files[name]) == 0 && name != "output of resume" {
			t.Errorf("%s was not looked at", name)
		}
	}
	// The search finds what is there.
	if err := os.WriteFile(filepath.Join(dir, "planted.txt"), []byte("x"+tenant.Token("https://graph.microsoft.com")), 0o600); err != nil {
		t.Fatal(err)
	}
	if found := leaks(contents(t, dir), rec.secrets); len(found) == 0 {
		t.Error("a token that was planted was not found")
	}
}

// A client secret and the tokens that it fetches stay in memory.
func TestAClientSecretIsNowhere(t *testing.T) {
	a := signInAt(t, faketenant.Options{})
	withSecret(t)
	dir := t.TempDir()
	code, out, errs := tenantaudit(t, t.Context(), a.args("audit", "client-secret", "--out", filepath.Join(dir, "review"), "--format", "xlsx,html,json,csv,ocsf", "--verbose", "--request-log", filepath.Join(dir, "requests.jsonl"))...)
	if code != exitOK {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	files := contents(t, dir)
	files["output"] = bytes.ToLower([]byte(out + errs))
	for name, body := range answers(t, filepath.Join(dir, "review", snapshotFile)) {
		files[name] = body
	}
	for _, l := range leaks(files, map[string]bool{faketenant.SimulatorSecret: true}) {
		t.Error(l)
	}
}
