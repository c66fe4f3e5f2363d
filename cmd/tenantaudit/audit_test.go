package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tenantaudit/checks"
	"tenantaudit/internal/faketenant"
	"tenantaudit/internal/snapshot"
	"tenantaudit/reports"
)

// simulator serves a tenant in this process.
func simulator(t *testing.T, o faketenant.Options) (*faketenant.Tenant, string) {
	t.Helper()
	o.Now = tenantClock()
	tenant, err := faketenant.New(o)
	if err != nil {
		t.Fatal(err)
	}
	srv, err := serve(t.Context(), tenant.Handler(), "127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.stop)
	return tenant, srv.url
}

func withTokens(t *testing.T, tenant *faketenant.Tenant) {
	t.Helper()
	t.Setenv("TENANTAUDIT_GRAPH_TOKEN", tenant.Token("https://graph.microsoft.com"))
	t.Setenv("TENANTAUDIT_EXCHANGE_TOKEN", tenant.Token("https://outlook.office365.com"))
}

func auditArgs(tenant *faketenant.Tenant, url, dir string, more ...string) []string {
	return append([]string{"audit", "--tenant", tenant.ID(), "--auth", "token", "--graph-url", url, "--exchange-url", url, "--out", dir, "--format", "json", "--no-progress"}, more...)
}

var runTimes = regexp.MustCompile(`"(startedAt|finishedAt|collectedFrom|collectedTo)": ?"[^"]*"`)

// withoutTimes is report.json apart from when it ran.
func withoutTimes(t *testing.T, dir string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	return runTimes.ReplaceAll(raw, []byte(`"$1":""`))
}

func sameBytes(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	cut := func(b []byte) string { return string(b[max(0, i-150):min(len(b), i+150)]) }
	t.Errorf("%s differs at byte %d:\n got …%s…\nwant …%s…", what, i, cut(got), cut(want))
}

// Demo, audit with ready tokens over http, and audit with a client secret over https
// against the simulator's own token endpoint give the same report.
func TestEveryWayToTheSimulatorGivesTheSameReport(t *testing.T) {
	const mailboxes = 60
	_, demoDir := demoReport(t, "--mailboxes", fmt.Sprint(mailboxes))
	want := withoutTimes(t, demoDir)

	tenant, url := simulator(t, faketenant.Options{Mailboxes: mailboxes, Seed: 1})
	withTokens(t, tenant)
	dir := filepath.Join(t.TempDir(), "http")
	if code, _, errs := tenantaudit(t, t.Context(), auditArgs(tenant, url, dir)...); code != exitOK {
		t.Fatalf("audit over http: exit %d\n%s", code, errs)
	}
	sameBytes(t, "audit over http", withoutTimes(t, dir), want)

	ctx, cancel := context.WithCancel(t.Context())
	out := &lineWriter{lines: make(chan string, 1)}
	done := make(chan int, 1)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	go func() {
		done <- run(ctx, []string{"simulate", "--mailboxes", fmt.Sprint(mailboxes), "--listen-tls", "127.0.0.1:0", "--ca-file", ca}, strings.NewReader(""), out, os.Stderr)
	}()
	t.Cleanup(func() { cancel(); <-done })
	var e endpoints
	if err := json.Unmarshal([]byte(<-out.lines), &e); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AZURE_CLIENT_SECRET", e.ClientSecret)
	dir = filepath.Join(t.TempDir(), "tls")
	if code, _, errs := tenantaudit(t, t.Context(), "audit", "--tenant", e.TenantID, "--auth", "client-secret", "--client-id", e.ClientID,
		"--graph-url", e.TLS.Graph, "--exchange-url", e.TLS.Exchange, "--authority-url", e.TLS.Authority, "--ca-certificate", ca,
		"--out", dir, "--format", "json", "--no-progress"); code != exitOK {
		t.Fatalf("audit over https: exit %d\n%s", code, errs)
	}
	sameBytes(t, "audit over https", withoutTimes(t, dir), want)

	// A wrong secret is named, with the next step.
	t.Setenv("AZURE_CLIENT_SECRET", "wrong")
	code, _, errs := tenantaudit(t, t.Context(), "audit", "--tenant", e.TenantID, "--auth", "client-secret", "--client-id", e.ClientID,
		"--graph-url", e.TLS.Graph, "--exchange-url", e.TLS.Exchange, "--authority-url", e.TLS.Authority, "--ca-certificate", ca, "--out", filepath.Join(t.TempDir(), "no"))
	if code != exitFailed || !strings.Contains(errs, "the client secret is wrong (AADSTS7000215); copy the secret's value") {
		t.Errorf("wrong secret: exit %d, %q", code, errs)
	}
}

// lineWriter hands on the first line written.
type lineWriter struct {
	buf   bytes.Buffer
	lines chan string
}

func (w *lineWriter) Write(p []byte) (int, error) {
	w.buf.Write(p)
	if line, _, ok := strings.Cut(w.buf.String(), "\n"); ok {
		select {
		case w.lines <- line:
		default:
		}
	}
	return len(p), nil
}

// Whatever is denied, in whatever style: no check that needs it passes, and each says why.
func TestWhatIsDeniedIsNeverAPass(t *testing.T) {
	bin := shipped(t) // one run for each dataset
	styles := []string{"nul403", "json403", "entity401", "400notfound"}
	for i, d := range snapshot.Datasets() {
		t.Run(string(d), func(t *testing.T) {
			deny := string(d)
			switch d { // columns of another listing
			case snapshot.UserLicences:
				deny = "users"
			case snapshot.SendOnBehalf:
				deny = "Get-Mailbox"
			case snapshot.EffectiveAccess: // computed: one input is enough
				deny = string(snapshot.MailboxPermissions)
			}
			r, _ := shippedReport(t, bin, "--mailboxes", "8", "--profile", "clean", "--deny", deny, "--deny-style", styles[i%len(styles)])
			for _, c := range r.Coverage {
				if c.Dataset == string(d) && c.State == "complete" {
					t.Errorf("coverage of %s is %s (%v)", d, c.State, c.Reasons)
				}
				if c.Dataset == string(d) && (len(c.Reasons) == 0 || c.Reasons[0].Detail == "") {
					t.Errorf("coverage of %s has no reason", d)
				}
			}
			for _, c := range checks.All() {
				if !slices.Contains(c.Needs, d) {
					continue
				}
				for _, got := range r.Checks {
					if got.ID == c.ID && (got.Status != "not-evaluated" || got.Cause == "") {
						t.Errorf("%s: %s (%q), want not-evaluated with a cause", c.ID, got.Status, got.Cause)
					}
				}
			}
		})
	}
}

// The list of mailboxes itself denied: every dataset that is read mailbox by mailbox is.
func TestDeniedMailboxListDeniesWhatHangsOnIt(t *testing.T) {
	r, _ := demoReport(t, "--mailboxes", "8", "--deny", "Get-Mailbox")
	for _, c := range r.Coverage {
		switch snapshot.Dataset(c.Dataset) {
		case snapshot.Mailboxes, snapshot.InboxRules, snapshot.MailboxPermissions, snapshot.FolderPermissions, snapshot.SendOnBehalf:
			if c.State != "denied" {
				t.Errorf("%s is %s, want denied", c.Dataset, c.State)
			}
		}
	}
}

// A process that is killed at any instant leaves a snapshot that a second run goes on
// with; the report equals that of an uncut run, and what was stored is not read again.
func TestKilledRunsGoOnWhereTheyWere(t *testing.T) {
	tenant, url := simulator(t, faketenant.Options{Mailboxes: 60, Seed: 3})
	withTokens(t, tenant)
	whole := filepath.Join(t.TempDir(), "whole")
	if code, _, errs := tenantaudit(t, t.Context(), auditArgs(tenant, url, whole)...); code != exitOK {
		t.Fatalf("uncut run: exit %d\n%s", code, errs)
	}
	want := requestsOut(withoutTimes(t, whole))
	uncut := tenant.Stats().Invocations

	tenant, url = simulator(t, faketenant.Options{Mailboxes: 60, Seed: 3, Latency: 3 * time.Millisecond})
	withTokens(t, tenant)
	dir := filepath.Join(t.TempDir(), "cut")
	rnd := rand.New(rand.NewPCG(1, 2))
	kills := 0
	for range 12 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], auditArgs(tenant, url, dir)...)
		cmd.Env = append(os.Environ(), asProgram+"=1")
		var errs bytes.Buffer
		cmd.Stderr = &errs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("resumed run failed: %v\n%s", err, errs.String())
			}
		case <-time.After(time.Duration(80+rnd.IntN(250)) * time.Millisecond):
			_ = cmd.Process.Kill()
			<-ended
			kills++
			continue
		}
		break
	}
	if kills < 2 {
		t.Fatalf("only %d kills: the run is too short to be cut", kills)
	}
	if _, err := os.Stat(filepath.Join(dir, "report.json")); err != nil {
		if code, _, errs := tenantaudit(t, t.Context(), auditArgs(tenant, url, dir)...); code != exitOK {
			t.Fatalf("last run: exit %d\n%s", code, errs)
		}
	}
	sameBytes(t, "the resumed report", requestsOut(withoutTimes(t, dir)), want)
	// In flight at a kill: up to eight batches of ten, and the listings that start over.
	if got, most := tenant.Stats().Invocations, uncut+int64(kills)*150; got > most {
		t.Errorf("%d invocations over %d kills, an uncut run needs %d: stored units were read again", got, kills, uncut)
	}
}

var requestCounts = regexp.MustCompile(`"requests": ?\{[^}]*\}`)

func requestsOut(b []byte) []byte { return requestCounts.ReplaceAll(b, []byte(`"requests":{}`)) }

func TestTheSecondRunIntoAFinishedFolderIsRefused(t *testing.T) {
	tenant, url := simulator(t, faketenant.Options{Mailboxes: 5})
	withTokens(t, tenant)
	dir := filepath.Join(t.TempDir(), "review")
	if code, _, errs := tenantaudit(t, t.Context(), auditArgs(tenant, url, dir)...); code != exitOK {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	for args, want := range map[string]string{"": "holds a finished review", "--folders=all": "another --folders", "--checks=mail": "another --checks"} {
		code, _, errs := tenantaudit(t, t.Context(), auditArgs(tenant, url, dir, strings.Fields(args)...)...)
		if code != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%q: exit %d, %q; want 2 with %q", args, code, errs, want)
		}
	}
	if code, _, errs := tenantaudit(t, t.Context(), auditArgs(tenant, url, dir, "--resume")...); code != exitOK {
		t.Errorf("--resume: exit %d, %s", code, errs)
	}
	code, _, errs := tenantaudit(t, t.Context(), auditArgs(tenant, url, filepath.Join(t.TempDir(), "none"), "--resume")...)
	if code != exitUsage || !strings.Contains(errs, "holds no snapshot") {
		t.Errorf("--resume without a snapshot: exit %d, %q", code, errs)
	}
}

// Choosing checks reads what they need and nothing else, and the review says so.
func TestChosenChecksReadOnlyWhatTheyNeed(t *testing.T) {
	tenant, url := simulator(t, faketenant.Options{Mailboxes: 60})
	withTokens(t, tenant)
	dir := filepath.Join(t.TempDir(), "review")
	if code, _, errs := tenantaudit(t, t.Context(), auditArgs(tenant, url, dir, "--checks", "audit.ual_ingestion_enabled,mail.transport_rule_redirects")...); code != exitOK {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	for _, c := range tenant.Log() {
		for _, name := range c.Cmdlets {
			switch name {
			case "Get-MailboxPermission", "Get-InboxRule", "Get-MailboxFolderStatistics", "Get-MailboxFolderPermission", "Get-RecipientPermission":
				t.Fatalf("%s was called although no chosen check needs it", name)
			}
		}
	}
	r := readReport(t, dir)
	if len(r.Checks) != 2 {
		t.Errorf("%d checks in the report, want the two that were chosen", len(r.Checks))
	}
	for _, c := range r.Checks {
		if c.Status == "not-evaluated" {
			t.Errorf("%s: %s", c.ID, c.Cause)
		}
	}
	for _, c := range r.Coverage {
		if c.Dataset == string(snapshot.InboxRules) && c.State != "skipped" {
			t.Errorf("inboxRules is %s, want skipped", c.State)
		}
	}
}

// A subset of mailboxes is said everywhere, and passes nothing for the tenant.
func TestASubsetOfMailboxesIsSaid(t *testing.T) {
	tenant, url := simulator(t, faketenant.Options{Mailboxes: 60, Profile: "clean"})
	withTokens(t, tenant)
	first := tenant.AnswerKey().Datasets["mailboxes"][0]["mailboxAddress"].(string)
	list := filepath.Join(t.TempDir(), "list.txt")
	if err := os.WriteFile(list, []byte("\ufeff"+strings.ToUpper(first)+"\r\n# a comment\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "review")
	if code, _, errs := tenantaudit(t, t.Context(), auditArgs(tenant, url, dir, "--mailboxes", list)...); code != exitOK {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	for _, c := range readReport(t, dir).Checks {
		if c.ID == "mail.inbox_rule_forwarding" && (c.Status == "pass" || !strings.Contains(c.Cause, "out of scope")) {
			t.Errorf("%s: %s (%q) on a subset", c.ID, c.Status, c.Cause)
		}
	}
}

// Every request of a whole audit is a read, by the simulator's own log.
func TestAnAuditOnlyReads(t *testing.T) {
	tenant, url := simulator(t, faketenant.Options{Mailboxes: 60})
	withTokens(t, tenant)
	log := filepath.Join(t.TempDir(), "requests.jsonl")
	if code, _, errs := tenantaudit(t, t.Context(), auditArgs(tenant, url, filepath.Join(t.TempDir(), "review"), "--request-log", log)...); code != exitOK {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	calls := tenant.Log()
	if len(calls) == 0 {
		t.Fatal("the simulator saw nothing")
	}
	for _, c := range calls {
		exchangePost := c.Method == "POST" && (strings.HasSuffix(c.Path, "/InvokeCommand") || strings.HasSuffix(c.Path, "/$batch"))
		if c.Method != "GET" && !exchangePost {
			t.Errorf("%s %s", c.Method, c.Path)
		}
		for _, name := range c.Cmdlets {
			if !strings.HasPrefix(name, "Get-") {
				t.Errorf("cmdlet %s", name)
			}
		}
	}
	raw, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if lines := bytes.Count(raw, []byte("\n")); lines != len(calls) {
		t.Errorf("the request log has %d lines, the simulator saw %d requests", lines, len(calls))
	}
	if bytes.Contains(raw, []byte(tenant.Token("https://graph.microsoft.com"))) || bytes.Contains(raw, []byte("Bearer")) {
		t.Error("a token is in the request log")
	}
}

// Faults of the services cost time, never a row: the report is that of a quiet day.
func TestFaultsCostNoRow(t *testing.T) {
	quiet, quietDir := demoReport(t, "--mailboxes", "30", "--seed", "5")
	want := requestsOut(withoutTimes(t, quietDir))
	for _, faults := range [][]string{
		{"throttle429-fractional:40", "batchshuffle"}, {"batchitem429:400", "batchmissing:25"}, {"reset:60", "cutbody:70"}, {"busy503:50"}, {"proxy400:40"}, {"expiredpage"}, {"graph429:45"}, {"htmlproxy:80"},
	} {
		t.Run(strings.Join(faults, "+"), func(t *testing.T) {
			t.Parallel() // they spend their time waiting
			r, dir := demoReport(t, append([]string{"--mailboxes", "30", "--seed", "5"}, "--fault", strings.Join(faults, ","))...)
			for _, c := range r.Coverage {
				if c.State != "complete" {
					t.Errorf("%s is %s: %v", c.Dataset, c.State, c.Reasons)
				}
			}
			sameBytes(t, "the report", requestsOut(withoutTimes(t, dir)), want)
		})
	}
	if len(quiet.Findings) == 0 {
		t.Error("nothing was found on a quiet day")
	}
}

// A mailbox that was deleted between listing and reading is said to be gone, and is no
// gap: nothing of it exists that could have been read.
func TestADeletedMailboxIsGone(t *testing.T) {
	tenant, url := simulator(t, faketenant.Options{Mailboxes: 60, Seed: 5, Faults: []faketenant.Fault{{Name: faketenant.FaultMailboxGone, At: 7}}})
	withTokens(t, tenant)
	dir := filepath.Join(t.TempDir(), "review")
	if code, _, errs := tenantaudit(t, t.Context(), auditArgs(tenant, url, dir)...); code != exitOK {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	for _, c := range readReport(t, dir).Coverage {
		switch snapshot.Dataset(c.Dataset) {
		case snapshot.InboxRules, snapshot.MailboxPermissions, snapshot.FolderPermissions:
			gone := slices.ContainsFunc(c.Reasons, func(r struct{ Cause, Detail string }) bool { return r.Cause == "not-found" })
			if c.State != "complete" || !gone {
				t.Errorf("%s is %s with %v, want complete with the reason not-found", c.Dataset, c.State, c.Reasons)
			}
		}
	}
}

// An OPATH filter is asked of the service, and the review says what it was limited to.
func TestMailboxesByFilter(t *testing.T) {
	tenant, url := simulator(t, faketenant.Options{Mailboxes: 60})
	withTokens(t, tenant)
	dir := filepath.Join(t.TempDir(), "review")
	filter := "RecipientTypeDetails -eq 'SharedMailbox'"
	if code, _, errs := tenantaudit(t, t.Context(), auditArgs(tenant, url, dir, "--mailboxes", filter)...); code != exitOK {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	shared := map[string]bool{}
	r := readReport(t, dir)
	for _, m := range r.Datasets["mailboxes"] {
		shared[m["mailbox"].(string)] = m["recipientTypeDetails"] == "SharedMailbox"
	}
	if len(r.Datasets["mailboxPermissions"]) == 0 {
		t.Error("no permission of a shared mailbox was read")
	}
	for _, p := range r.Datasets["mailboxPermissions"] {
		if !shared[p["mailbox"].(string)] {
			t.Errorf("a permission of %s was read, which is no shared mailbox", p["mailboxAddress"])
		}
	}
	code, _, errs := tenantaudit(t, t.Context(), auditArgs(tenant, url, filepath.Join(t.TempDir(), "none"), "--mailboxes", "Alias -eq 'nobody-is-called-that'")...)
	if code != exitUsage || !strings.Contains(errs, "no mailbox matches") {
		t.Errorf("a filter that matches nothing: exit %d, %q", code, errs)
	}
}

// A tenant may be named by a domain; Exchange is asked by the id that Graph tells.
func TestTenantByDomain(t *testing.T) {
	tenant, url := simulator(t, faketenant.Options{Mailboxes: 5})
	withTokens(t, tenant)
	dir := filepath.Join(t.TempDir(), "review")
	args := auditArgs(tenant, url, dir)
	args[slices.Index(args, "--tenant")+1] = tenant.DefaultDomain()
	if code, _, errs := tenantaudit(t, t.Context(), args...); code != exitOK {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	if r := readReport(t, dir); r.Tenant.ID != tenant.ID() {
		t.Errorf("tenant %q, want %q", r.Tenant.ID, tenant.ID())
	}
	args[slices.Index(args, "--tenant")+1] = "00000000-0000-4000-8000-00000000abcd"
	args[slices.Index(args, "--out")+1] = filepath.Join(t.TempDir(), "other")
	if code, _, errs := tenantaudit(t, t.Context(), args...); code != exitUsage || !strings.Contains(errs, "the Graph token is for tenant") {
		t.Errorf("another tenant's id: exit %d, %q", code, errs)
	}
}

// A token that Graph refuses is a failed sign-in, not a review full of gaps.
func TestARefusedTokenEndsTheRun(t *testing.T) {
	tenant, url := simulator(t, faketenant.Options{Mailboxes: 5})
	t.Setenv("TENANTAUDIT_GRAPH_TOKEN", "stale")
	t.Setenv("TENANTAUDIT_EXCHANGE_TOKEN", "stale")
	code, _, errs := tenantaudit(t, t.Context(), auditArgs(tenant, url, filepath.Join(t.TempDir(), "review"))...)
	if code != exitFailed || !strings.Contains(errs, "token") || strings.Count(errs, "\n") != 1 {
		t.Errorf("exit %d, %q; want 1 and one line about the token", code, errs)
	}
}

// Preflight predicts what an audit of the same identity can read.
func TestPreflightAgreesWithTheAudit(t *testing.T) {
	tenant, url := simulator(t, faketenant.Options{Mailboxes: 5, Profile: "clean", Deny: []string{"Get-InboxRule", "oauth2PermissionGrants"}})
	withTokens(t, tenant)
	args := auditArgs(tenant, url, "")
	code, out, errs := tenantaudit(t, t.Context(), append([]string{"preflight", "--format", "json"}, args[1:slices.Index(args, "--out")]...)...)
	if code != exitOK {
		t.Fatalf("preflight: exit %d\n%s", code, errs)
	}
	var p reports.Preflight
	if err := json.Unmarshal([]byte(out), &p); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "review")
	if code, _, errs := tenantaudit(t, t.Context(), auditArgs(tenant, url, dir)...); code != exitOK {
		t.Fatalf("audit: exit %d\n%s", code, errs)
	}
	for _, c := range readReport(t, dir).Checks {
		for _, o := range p.Checks {
			if o.Check == c.ID && (o.State == "works") != (c.Status != "not-evaluated") {
				t.Errorf("%s: preflight says %s (%v), the audit %s (%s)", c.ID, o.State, o.Why, c.Status, c.Cause)
			}
		}
	}
}

// What collect leaves behind is judged offline as audit judges it.
func TestCollectedAndCheckedIsAudited(t *testing.T) {
	tenant, url := simulator(t, faketenant.Options{Mailboxes: 5})
	withTokens(t, tenant)
	audited, collected := filepath.Join(t.TempDir(), "audited"), filepath.Join(t.TempDir(), "collected")
	args := auditArgs(tenant, url, audited, "--checks", someChecks)
	if code, _, errs := tenantaudit(t, t.Context(), args...); code != exitOK {
		t.Fatalf("audit: exit %d\n%s", code, errs)
	}
	args[0], args = "collect", slices.Delete(args, slices.Index(args, "--format"), slices.Index(args, "--format")+2)
	args[slices.Index(args, audited)] = collected
	if code, _, errs := tenantaudit(t, t.Context(), args...); code != exitOK {
		t.Fatalf("collect: exit %d\n%s", code, errs)
	}
	code, out, errs := tenantaudit(t, t.Context(), "check", filepath.Join(collected, snapshotFile), "--checks", someChecks, "--format", "json")
	type result struct {
		ID, Status string
		Findings   int
	}
	var got struct{ Checks []result }
	if code != exitOK || json.Unmarshal([]byte(out), &got) != nil {
		t.Fatalf("check: exit %d\n%s\n%s", code, errs, out)
	}
	want := readReport(t, audited).Checks
	slices.SortFunc(got.Checks, func(a, b result) int { return strings.Compare(a.ID, b.ID) })
	if len(got.Checks) != len(want) {
		t.Fatalf("%d checks, the audit has %d", len(got.Checks), len(want))
	}
	for i, c := range got.Checks {
		if w := want[i]; c.ID != w.ID || c.Status != w.Status || c.Findings != w.Findings {
			t.Errorf("%+v, the audit says %s %s with %d findings", c, w.ID, w.Status, w.Findings)
		}
	}
}
