package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tenantaudit/internal/exo"
	"tenantaudit/internal/faketenant"
	"tenantaudit/internal/normalize"
	"tenantaudit/internal/requirements"
	"tenantaudit/internal/snapshot"
	"tenantaudit/reports"
)

// fewChecks read one source mailbox by mailbox and lists of both services.
const fewChecks = "mail.inbox_rule_forwarding,oauth.delegated_grants_all_principals,mail.autoforward_remote_domains"

// requestIDs are the request ids in what a service refused.
var requestIDs = regexp.MustCompile(`request [0-9a-f-]{36}`)

// asked counts the requests for a path that ends so, and the runs of a cmdlet.
func asked(tenant *faketenant.Tenant, what string) (n int) {
	for _, c := range tenant.Log() {
		if strings.HasSuffix(c.Path, "/"+what) {
			n++
		}
		for _, name := range c.Cmdlets {
			if name == what {
				n++
			}
		}
	}
	return n
}

// gapReport is report.json as far as it speaks of what was foreseen.
type gapReport struct {
	Run      struct{ Preflight *snapshot.Outlook }
	Coverage []struct {
		Dataset, State string
		Rows           int
		Reasons        []snapshot.Reason
		Units          snapshot.Units
	}
	MailboxGaps []snapshot.MailboxGap
}

func readGaps(t *testing.T, dir string) (r gapReport) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r gapReport) reasons(set snapshot.Dataset) (out []snapshot.Reason) {
	for _, c := range r.Coverage {
		if c.Dataset == string(set) {
			out = append(out, slices.DeleteFunc(slices.Clone(c.Reasons), snapshot.Reason.ByDefinition)...)
		}
	}
	return out
}

func TestAnAuditBeginsWithThePreflightAndAsksNothingTwice(t *testing.T) {
	tenant, url := simulator(t, faketenant.Options{Mailboxes: 8, Deny: []string{"Get-InboxRule"}})
	withTokens(t, tenant)
	dir := filepath.Join(t.TempDir(), "review")
	code, _, errs := tenantaudit(t, t.Context(), auditArgs(tenant, url, dir)...)
	if code != exitOK {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	for what, want := range map[string]int{"EXOModuleFile": 1, "me": 1, "subscribedSkus": 1, "organization": 2, "domains": 2, "Get-InboxRule": 0} {
		// The tenant is looked up before the snapshot is there; domains are probed and listed.
		if got := asked(tenant, what); got != want {
			t.Errorf("%s was asked for %d times, want %d", what, got, want)
		}
	}
	for _, want := range []string{"Preflight: 58 checks: ", " blind", "\n  mail.inbox_rule_forwarding: blind: Exchange does not let this identity run Get-InboxRule; grant a custom Exchange role"} {
		if !strings.Contains(errs, want) {
			t.Errorf("stderr does not hold %q:\n%s", want, errs)
		}
	}
	r := readGaps(t, dir)
	if o := r.Run.Preflight; o == nil || o.Checks != 58 || o.Blind == 0 || o.Works+o.Partly+o.Blind+o.Unknown != o.Checks {
		t.Errorf("the report says of the preflight %+v", o)
	}
	if got := r.reasons(snapshot.InboxRules); len(got) != 1 || !got[0].Foreseen || got[0].Unforeseen {
		t.Errorf("a denial that was foreseen: %+v", got)
	}
	if len(r.MailboxGaps) != 0 {
		t.Errorf("every mailbox lacks its rules, and the list names %d of them", len(r.MailboxGaps))
	}
	// Offline the document is still there.
	store, err := snapshot.OpenSnapshot(t.Context(), filepath.Join(dir, snapshotFile))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	var p reports.Preflight
	if known, err := store.Meta(t.Context(), normalize.PreflightKey, &p); !known || err != nil || len(p.Checks) != 58 || p.Count(requirements.Blind) != r.Run.Preflight.Blind {
		t.Errorf("kept: %v (%v), %d checks", known, err, len(p.Checks))
	}
}

func TestThePreflightCanBeQuietOrLeftOut(t *testing.T) {
	for _, c := range []struct {
		flag   string
		probes int // of a list that no chosen check needs in full
		known  bool
	}{{"--quiet", 1, true}, {"--no-preflight", 0, false}} {
		tenant, url := simulator(t, faketenant.Options{Mailboxes: 5, Deny: []string{"Get-RemoteDomain"}})
		withTokens(t, tenant)
		dir := filepath.Join(t.TempDir(), "review")
		code, _, errs := tenantaudit(t, t.Context(), auditArgs(tenant, url, dir, "--checks", "mail.autoforward_remote_domains", c.flag)...)
		if code != exitOK || strings.Contains(errs, "Preflight") {
			t.Errorf("%s: exit %d\n%s", c.flag, code, errs)
		}
		r := readGaps(t, dir)
		got := r.reasons(snapshot.RemoteDomains)
		if (r.Run.Preflight != nil) != c.known || asked(tenant, "subscribedSkus") != c.probes || len(got) != 1 || got[0].Foreseen != c.known || got[0].Unforeseen {
			t.Errorf("%s: preflight %+v, %d requests for SKUs, reasons %+v", c.flag, r.Run.Preflight, asked(tenant, "subscribedSkus"), got)
		}
	}
}

func TestTheSummaryOfThePreflightIsShort(t *testing.T) {
	p := &reports.Preflight{}
	for i := range 14 {
		state := requirements.Works
		if i > 0 {
			state = []requirements.State{requirements.Partly, requirements.Blind}[i%2]
		}
		p.Checks = append(p.Checks, reports.PreflightCheck{Check: fmt.Sprintf("a.%02d", i), State: state, Why: []string{"because", "and because"}, Grant: "it"})
	}
	got := outlookOf(p)
	if got[0] != "Preflight: 14 checks: 1 work, 6 partly, 7 blind." || len(got) != 12 || got[1] != "  a.01: blind: because (and 1 more); grant it" || got[8] != "  a.02: partly: because (and 1 more); grant it" ||
		got[11] != "  … and 3 more: run tenantaudit preflight" {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
	p.Checks = p.Checks[:1]
	if got := outlookOf(p); len(got) != 1 || got[0] != "Preflight: 1 check: 1 work." {
		t.Errorf("%q", got)
	}
}

// What was denied is read by a later part of the run once it may be, and only then.
func TestResumeReadsWhatMayBeReadNow(t *testing.T) {
	deny := []string{"Get-InboxRule", "oauth2PermissionGrants"}
	open := faketenant.Options{Mailboxes: 12, Seed: 4}
	shut := open
	shut.Deny = deny
	audit := func(o faketenant.Options, dir string, more ...string) *faketenant.Tenant {
		t.Helper()
		tenant, url := simulator(t, o)
		withTokens(t, tenant)
		if code, _, errs := tenantaudit(t, t.Context(), auditArgs(tenant, url, dir, append(more, "--checks", fewChecks)...)...); code != exitOK {
			t.Fatalf("exit %d\n%s", code, errs)
		}
		return tenant
	}
	whole, dir := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "cut")
	audit(open, whole)
	audit(shut, dir)
	before := requestsOut(withoutTimes(t, dir))
	if got := readGaps(t, dir).reasons(snapshot.OAuth2PermissionGrants); len(got) != 1 || !got[0].Foreseen {
		t.Fatalf("consents: %+v", got)
	}

	tenant := audit(shut, dir, "--resume")
	sameBytes(t, "what is still denied", requestIDs.ReplaceAll(requestsOut(withoutTimes(t, dir)), nil), requestIDs.ReplaceAll(before, nil))
	if n := tenant.Stats().Invocations; n != 0 || asked(tenant, "oauth2PermissionGrants") != 1 || asked(tenant, "EXOModuleFile") != 1 || asked(tenant, "servicePrincipals") != 0 {
		t.Errorf("%d cmdlets were run, %d requests for consents, %d for the list of cmdlets", n, asked(tenant, "oauth2PermissionGrants"), asked(tenant, "EXOModuleFile"))
	}

	tenant = audit(open, dir, "--resume")
	sameBytes(t, "the resumed report", requestsOut(withoutTimes(t, dir)), requestsOut(withoutTimes(t, whole)))
	if asked(tenant, "Get-InboxRule") == 0 || asked(tenant, "Get-Mailbox") != 0 || asked(tenant, "Get-RemoteDomain") != 0 {
		t.Errorf("asked: %+v", tenant.Log())
	}

	// Nothing denied is left: nothing is looked at again.
	if tenant = audit(open, dir, "--resume"); tenant.Stats().Requests != 1 { // the tenant is looked up
		t.Errorf("%d requests of a run with nothing to do", tenant.Stats().Requests)
	}
}

// A refusal that came although the preflight had been let in is said to be one.
func TestADenialThatWasNotForeseenIsSaidToBeOne(t *testing.T) {
	tenant, err := faketenant.New(faketenant.Options{Mailboxes: 5, Now: tenantClock()})
	if err != nil {
		t.Fatal(err)
	}
	srv, err := serve(t.Context(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/applications") && !strings.Contains(r.URL.RawQuery, "top=1&") {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation."}}`)
			return
		}
		tenant.Handler().ServeHTTP(w, r)
	}), "127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.stop)
	withTokens(t, tenant)
	dir := filepath.Join(t.TempDir(), "review")
	code, out, errs := tenantaudit(t, t.Context(), append(auditArgs(tenant, srv.url, dir, "--checks", "oauth.app_secret_lifetime"), "--format", "json,html,xlsx")...)
	if code != exitOK || !strings.Contains(errs, " work.") {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	if !strings.Contains(out, "not foreseen by the preflight") {
		t.Errorf("the summary does not say it:\n%s", out)
	}
	got := readGaps(t, dir).reasons(snapshot.ServicePrincipals)
	if len(got) != 1 || !got[0].Unforeseen || got[0].Foreseen {
		t.Errorf("reasons: %+v", got)
	}
	page, err := os.ReadFile(filepath.Join(dir, "review.html"))
	if err != nil || !bytes.Contains(page, []byte("(not foreseen by the preflight)")) {
		t.Errorf("the page does not say it (%v)", err)
	}
}

func TestAddressesOfNoMailboxAreSaid(t *testing.T) {
	tenant, url := simulator(t, faketenant.Options{Mailboxes: 12})
	withTokens(t, tenant)
	here := tenant.AnswerKey().Datasets["mailboxes"][0]["mailboxAddress"].(string)
	list, dir := filepath.Join(t.TempDir(), "list.txt"), filepath.Join(t.TempDir(), "review")
	audit := func(text string) (int, string) {
		t.Helper()
		if err := os.WriteFile(list, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		code, _, errs := tenantaudit(t, t.Context(), auditArgs(tenant, url, dir, "--checks", "mail.inbox_rule_forwarding", "--mailboxes", list)...)
		return code, errs
	}
	code, errs := audit("nobody@contoso.example\nno.one@contoso.example\n")
	if code != exitUsage || !strings.Contains(errs, "names no mailbox of this tenant by its primary address: no.one@contoso.example, nobody@contoso.example; what was read is kept") {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	if n := asked(tenant, "Get-InboxRule"); n != 0 {
		t.Errorf("%d mailboxes were read", n)
	}
	lists := asked(tenant, "Get-Mailbox")

	// The list is put right, and the same folder goes on.
	if code, errs = audit("nobody@contoso.example\n" + here + "\n"); code != exitOK || !strings.Contains(errs, "addresses=nobody@contoso.example") {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	if asked(tenant, "Get-Mailbox") != lists || asked(tenant, "Get-InboxRule") == 0 {
		t.Errorf("Get-Mailbox was run %d times, before %d", asked(tenant, "Get-Mailbox"), lists)
	}
	got := readGaps(t, dir).reasons(snapshot.InboxRules)
	if !slices.ContainsFunc(got, func(r snapshot.Reason) bool {
		return r.Count == 1 && r.Detail == "1 of 2 addresses that --mailboxes names are of no mailbox: nobody@contoso.example"
	}) {
		t.Errorf("reasons: %+v", got)
	}
	// Once mailboxes were chosen, others are another run.
	if code, errs = audit(here + "\n"); code != exitUsage || !strings.Contains(errs, "another --mailboxes") {
		t.Errorf("exit %d\n%s", code, errs)
	}
}

func TestAnotherAddressOfAMailboxIsNamed(t *testing.T) {
	store, err := snapshot.Create(t.Context(), filepath.Join(t.TempDir(), snapshotFile))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	mailbox := func(kind, address, more string) string {
		return fmt.Sprintf(`{"Guid":%q,"RecipientTypeDetails":%q,"PrimarySmtpAddress":%q,"EmailAddresses":["SMTP:%s","smtp:%s","X500:nobody@x.example"]}`, address, kind, address, address, more)
	}
	rows := "[" + mailbox("UserMailbox", "Kim@x.example", "Alias@x.example") + "," + mailbox("DiscoveryMailbox", "search@x.example", "s@x.example") + "," + mailbox("GroupMailbox", "team@x.example", "t@x.example") + "]"
	if err := store.Commit(t.Context(), snapshot.Write{Unit: snapshot.UnitID{Source: exo.SourceMailbox}, Pages: []snapshot.Page{{Key: "000001", At: tenantClock(), Rows: json.RawMessage(rows), Count: 3}},
		Result: snapshot.Result{State: snapshot.Complete}}); err != nil {
		t.Fatal(err)
	}
	strange, aliases, err := unmatched(t.Context(), store, map[string]bool{"kim@x.example": true, "alias@x.example": true, "search@x.example": true, "team@x.example": true, "nobody@x.example": true})
	if err != nil || !slices.Equal(strange, []string{"alias@x.example", "nobody@x.example", "team@x.example"}) || len(aliases) != 1 || aliases["alias@x.example"] != "Kim@x.example" {
		t.Errorf("%q %v (%v)", strange, aliases, err)
	}
}

// Datasets that no chosen check needs are left out, although some of what they are made of
// was read for other ends. A snapshot of an earlier version goes by its sources.
func TestDatasetsThatWereNotChosenAreSkipped(t *testing.T) {
	tenant, url := simulator(t, faketenant.Options{Mailboxes: 12})
	withTokens(t, tenant)
	dir := filepath.Join(t.TempDir(), "review")
	args := auditArgs(tenant, url, dir, "--checks", "mail.inbox_rule_forwarding")
	if code, _, errs := tenantaudit(t, t.Context(), args...); code != exitOK {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	states := func() map[string]string {
		out := map[string]string{}
		for _, c := range readGaps(t, dir).Coverage {
			out[c.Dataset] = c.State
			if c.State == "skipped" && c.Rows != 0 {
				t.Errorf("%s was left out and has %d rows", c.Dataset, c.Rows)
			}
		}
		return out
	}
	if s := states(); s["inboxRules"] != "complete" || s["mailboxes"] != "skipped" || s["skus"] != "skipped" || s["users"] != "skipped" {
		t.Errorf("%v", s)
	}
	path := filepath.Join(dir, snapshotFile)
	store, err := snapshot.Resume(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	var plan normalize.Plan
	if _, err := store.Meta(t.Context(), normalize.PlanKey, &plan); err != nil || len(plan.Datasets) == 0 {
		t.Fatalf("plan %+v: %v", plan, err)
	}
	plan.Datasets = nil
	if err := store.SetMeta(t.Context(), normalize.PlanKey, plan); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := tenantaudit(t, t.Context(), append(args, "--resume")...); code != exitOK {
		t.Fatalf("a snapshot of an earlier version: exit %d\n%s", code, errs)
	}
	if s := states(); s["inboxRules"] != "complete" || s["mailboxes"] != "complete" || s["transportRules"] != "skipped" {
		t.Errorf("an earlier version: %v", s)
	}
}

// Another list of mailboxes goes into the same folder only as long as none was chosen.
func TestAnotherListOfMailboxes(t *testing.T) {
	for planned, want := range map[bool]string{false: "", true: "another --mailboxes (a, this run has b)"} {
		dir := t.TempDir()
		store, err := openStore(t.Context(), dir, normalize.Plan{Tenant: "t", Filter: "a"}, false)
		if err != nil {
			t.Fatal(err)
		}
		if planned {
			if err := store.Plan(t.Context(), exo.SourceInboxRule, []string{"kim"}); err != nil {
				t.Fatal(err)
			}
		}
		said := ""
		if err := fits(t.Context(), store, dir, normalize.Plan{Tenant: "t", Filter: "b"}, false); err != nil {
			said = err.Error()
		}
		var plan normalize.Plan
		if _, err := store.Meta(t.Context(), normalize.PlanKey, &plan); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(said, want) || (said == "") != (want == "") || (plan.Filter == "b") == planned {
			t.Errorf("planned %v: %q, and the plan has %q", planned, said, plan.Filter)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
