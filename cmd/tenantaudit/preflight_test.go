package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tenantaudit/checks"
	"tenantaudit/internal/facts"
	"tenantaudit/internal/faketenant"
	"tenantaudit/internal/graph"
	"tenantaudit/internal/graph/wire"
	"tenantaudit/internal/requirements"
	"tenantaudit/internal/transport"
	"tenantaudit/reports"
)

var update = flag.Bool("update", false, "rewrite the golden files of preflight")

// someChecks need one dataset of each kind: per mailbox, listings of both services, roles.
const someChecks = "licence.inventory,audit.ual_ingestion_enabled,mail.mailbox_forwarding,mail.inbox_rule_forwarding,delegation.folder_permissions,oauth.tier0_application_permissions,oauth.delegated_grants_all_principals"

func preflightArgs(tenant *faketenant.Tenant, url string, more ...string) []string {
	return append([]string{"preflight", "--tenant", tenant.ID(), "--auth", "token", "--graph-url", url, "--exchange-url", url}, more...)
}

// preflightDocument runs preflight and reads its document.
func preflightDocument(t *testing.T, tenant *faketenant.Tenant, url string, more ...string) reports.Preflight {
	t.Helper()
	code, out, errs := tenantaudit(t, t.Context(), preflightArgs(tenant, url, append(more, "--format", "json")...)...)
	if code != exitOK {
		t.Fatalf("preflight: exit %d\n%s", code, errs)
	}
	var p reports.Preflight
	dec := json.NewDecoder(strings.NewReader(out))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		t.Fatal(err)
	}
	if p.Schema != "tenantaudit.preflight/v1" {
		t.Errorf("schema %q", p.Schema)
	}
	return p
}

// What differs from run to run: times and the ids of requests.
var preflightVaries = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\dZ)?|\(\d+ minutes\)|request [0-9a-f-]{36}`)

func golden(t *testing.T, name, got string) {
	t.Helper()
	got = preflightVaries.ReplaceAllString(got, "…")
	path := filepath.Join("testdata", "preflight", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal([]byte(got), want) {
		t.Errorf("%s is another; run with -update and look at the difference. Got:\n%s", name, got)
	}
}

func TestPreflightOfTheSimulatedTenant(t *testing.T) {
	for _, c := range []struct {
		name    string
		options faketenant.Options
	}{
		{"default", faketenant.Options{Mailboxes: 5}},
		{"denied", faketenant.Options{Mailboxes: 5, Deny: []string{"Get-InboxRule", "Get-AdminAuditLogConfig", "Get-AcceptedDomain", "oauth2PermissionGrants"}}},
		{"no-p2", faketenant.Options{Mailboxes: 5, NoP2: true}},
		{"person", faketenant.Options{Mailboxes: 5, Delegated: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tenant, url := simulator(t, c.options)
			withTokens(t, tenant)
			for format, ext := range map[string]string{"text": "txt", "json": "json"} {
				code, out, errs := tenantaudit(t, t.Context(), preflightArgs(tenant, url, "--checks", someChecks, "--format", format)...)
				if code != exitOK || errs != "" {
					t.Fatalf("exit %d\n%s", code, errs)
				}
				golden(t, c.name+"."+ext, out)
			}
		})
	}
}

// However Exchange refuses, preflight says the same: it asks for the list of cmdlets.
func TestPreflightDoesNotDependOnTheWayOfRefusing(t *testing.T) {
	for _, style := range []string{"json403", "entity401", "400notfound"} {
		tenant, url := simulator(t, faketenant.Options{Mailboxes: 5, DenyStyle: style,
			Deny: []string{"Get-InboxRule", "Get-AdminAuditLogConfig", "Get-AcceptedDomain", "oauth2PermissionGrants"}})
		withTokens(t, tenant)
		code, out, errs := tenantaudit(t, t.Context(), preflightArgs(tenant, url, "--checks", someChecks)...)
		if code != exitOK {
			t.Fatalf("%s: exit %d\n%s", style, code, errs)
		}
		if *update {
			continue
		}
		golden(t, "denied.txt", out)
	}
}

// Every check has a verdict, and the number of requests does not grow with the tenant.
func TestPreflightOfEverythingIsCheap(t *testing.T) {
	var before int64
	for _, mailboxes := range []int{5, 400} {
		tenant, url := simulator(t, faketenant.Options{Mailboxes: mailboxes})
		withTokens(t, tenant)
		p := preflightDocument(t, tenant, url)
		if len(p.Checks) != len(checks.All()) {
			t.Errorf("%d checks, want %d", len(p.Checks), len(checks.All()))
		}
		n := tenant.Stats().Requests
		if n >= 60 || before != 0 && n != before {
			t.Errorf("%d mailboxes: %d requests, before %d", mailboxes, n, before)
		}
		if p.Requests != n {
			t.Errorf("the document says %d requests, the service counted %d", p.Requests, n)
		}
		before = n
		for _, c := range tenant.Log() {
			if len(c.Cmdlets) > 0 {
				t.Errorf("preflight ran %v", c.Cmdlets)
			}
		}
	}
}

// --checks asks for less, and is told less.
func TestPreflightOfAPart(t *testing.T) {
	tenant, url := simulator(t, faketenant.Options{Mailboxes: 5})
	withTokens(t, tenant)
	all, mail := preflightDocument(t, tenant, url), preflightDocument(t, tenant, url, "--checks", "mail.mailbox_forwarding,mail.inbox_rule_forwarding")
	if len(mail.Sources) >= len(all.Sources) || len(mail.Checks) != 2 {
		t.Errorf("%d sources of %d, %d checks", len(mail.Sources), len(all.Sources), len(mail.Checks))
	}
	for _, s := range mail.Sources {
		if !slices.ContainsFunc(all.Sources, func(a reports.PreflightSource) bool { return a.Source == s.Source }) {
			t.Errorf("%s is asked for mail and not for everything", s.Source)
		}
	}
	if slices.Contains(mail.Least.GraphPermissions, "Directory.Read.All") || !slices.Contains(all.Least.GraphPermissions, "Directory.Read.All") {
		t.Errorf("mail %v, everything %v", mail.Least.GraphPermissions, all.Least.GraphPermissions)
	}
}

func TestPreflightRequireCoverage(t *testing.T) {
	tenant, url := simulator(t, faketenant.Options{Mailboxes: 5, Deny: []string{"Get-InboxRule"}})
	withTokens(t, tenant)
	for _, c := range []struct {
		checks string
		code   int
	}{{"mail.mailbox_forwarding", exitOK}, {"mail.mailbox_forwarding,mail.inbox_rule_forwarding", exitCoverage}} {
		code, out, errs := tenantaudit(t, t.Context(), preflightArgs(tenant, url, "--checks", c.checks, "--require-coverage")...)
		if code != c.code || !strings.Contains(out, "CHECK") {
			t.Errorf("%s: exit %d, want %d\n%s", c.checks, code, c.code, errs)
		}
	}
}

func TestPreflightWritesItsFilesForTheOwnerOnly(t *testing.T) {
	tenant, url := simulator(t, faketenant.Options{Mailboxes: 5, Deny: []string{"Get-InboxRule"}})
	withTokens(t, tenant)
	dir := t.TempDir()
	for _, format := range []string{"html", "xlsx"} {
		path := filepath.Join(dir, "access."+format)
		if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
			t.Fatal(err)
		}
		code, out, errs := tenantaudit(t, t.Context(), preflightArgs(tenant, url, "--checks", someChecks, "--format", format, "--out", path)...)
		if code != exitOK || !strings.Contains(out, path) || !strings.Contains(out, "7 checks: ") {
			t.Fatalf("%s: exit %d\n%s%s", format, code, out, errs)
		}
		st, err := os.Stat(path)
		if err != nil || st.Mode().Perm() != 0o600 || st.Size() < 5000 {
			t.Errorf("%s: %v, %v", format, st, err)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// An identity that can change things is named as such.
func TestPreflightWarnsOfMoreThanReading(t *testing.T) {
	p := &reports.Preflight{Excess: requirements.Excess([]string{"Directory.Read.All", "Mail.ReadWrite"}, []string{"62e90394-69f5-4237-9190-012177145e10"}), Identity: reports.PreflightIdentity{Name: "a\x1b[2Jb\tc"}}
	var out bytes.Buffer
	if err := (&app{streams: &streams{out: &out}}).printPreflight(p); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Mail.ReadWrite can change what it reads", "Global Administrator can change everything", "a<U+001B>[2Jb<U+0009>c"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "Directory.Read.All can") || strings.Contains(out.String(), "\x1b") {
		t.Error(out.String())
	}
}

// The collectors name the same permission in a denial as the table.
func TestTheTableIsWhatTheCollectorsSay(t *testing.T) {
	for _, r := range requirements.All() {
		if least := graph.LeastPermission(r.Source); r.Service == requirements.Graph && least != "" && least != r.Least {
			t.Errorf("%s: the table says %s, the collector %s", r.Source, r.Least, least)
		}
		_, probed := probes[r.Source]
		_, follows := follows[r.Source]
		if r.Service == requirements.Graph && !probed && !follows && !slices.Contains(read, r.Source) {
			t.Errorf("%s: no small request tells whether it can be read", r.Source)
		}
	}
}

func TestPrintGrant(t *testing.T) {
	code, out, errs := tenantaudit(t, t.Context(), "preflight", "--print-grant", "--checks", "mail.inbox_rule_forwarding", "--grant-for", "person", "--format", "json")
	if code != exitOK {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	var d grantDocument
	if err := json.Unmarshal([]byte(out), &d); err != nil {
		t.Fatal(err)
	}
	if d.Schema != "tenantaudit.grant/v1" || len(d.Checks) != 1 || d.Grant.Kind != facts.Delegated || len(d.Manifest) != 2 || !strings.Contains(d.ExchangeRecipe, "New-ManagementRole") {
		t.Errorf("%+v", d)
	}
	for _, r := range d.Manifest {
		for _, x := range r.ResourceAccess {
			if _, ok := facts.Permission(r.ResourceAppID, x.ID, facts.Delegated); !ok || x.Type != "Scope" {
				t.Errorf("%s: %+v", r.ResourceAppID, x)
			}
		}
	}
}

// Whatever single thing is refused: what preflight says will work is judged by the audit,
// and what it calls blind is not.
func TestPreflightForetellsTheAudit(t *testing.T) {
	for _, deny := range []string{"Get-Mailbox", "Get-Recipient", "Get-AcceptedDomain", "Get-InboundConnector", "Get-MailboxFolderStatistics", "Get-RoleGroup",
		"users", "groups", "servicePrincipals", "applications", "roleAssignments", "subscribedSkus"} {
		t.Run(deny, func(t *testing.T) {
			tenant, url := simulator(t, faketenant.Options{Mailboxes: 60, Profile: "clean", Deny: []string{deny}})
			withTokens(t, tenant)
			p := preflightDocument(t, tenant, url)
			dir := filepath.Join(t.TempDir(), "review")
			if code, _, errs := tenantaudit(t, t.Context(), auditArgs(tenant, url, dir)...); code != exitOK {
				t.Fatalf("audit: exit %d\n%s", code, errs)
			}
			said := map[string]reports.PreflightCheck{}
			for _, c := range p.Checks {
				said[c.Check] = c
			}
			for _, c := range readReport(t, dir).Checks {
				if strings.Contains(c.Cause, ": skipped]") {
					continue // left out of the run: that says nothing of access
				}
				o := said[c.ID]
				judged := c.Status != "not-evaluated"
				if o.State == requirements.Works && !judged || o.State == requirements.Blind && judged {
					t.Errorf("%s: preflight says %s (%v), the audit %s (%s)", c.ID, o.State, o.Why, c.Status, c.Cause)
				}
			}
		})
	}
}

// answering is a Graph that gives one answer to everything.
type answering struct {
	body string
	asks []string
}

func (a *answering) Get(_ context.Context, r transport.Request) (*transport.Response, error) {
	a.asks = append(a.asks, r.URL.String())
	res := &transport.Response{Status: 200, Body: []byte(a.body)}
	if out := r.Classify(res); out.Err != nil {
		return nil, out.Err
	}
	return res, nil
}

func TestRolesFromActivationsHaveTheirEnd(t *testing.T) {
	const exchange = "29232cdf-9323-42fd-ade2-1d097af3e4de"
	g := &answering{body: `{"value":[
		{"roleDefinitionId":"` + facts.GlobalReader + `","directoryScopeId":"/","memberType":"Direct","endDateTime":"2026-11-01T18:00:00Z"},
		{"roleDefinitionId":"` + exchange + `","directoryScopeId":"/","memberType":"Group","endDateTime":null},
		{"roleDefinitionId":"` + facts.SecurityReader + `","directoryScopeId":"/administrativeUnits/1","memberType":"Direct","endDateTime":null},
		{"roleDefinitionId":"11111111-2222-4333-8444-555555555555","directoryScopeId":"/","memberType":"Direct"}]}`}
	client, err := graph.New(g, &url.URL{Scheme: "https", Host: "graph.example"})
	if err != nil {
		t.Fatal(err)
	}
	l := &looker{s: &session{graph: client, claims: wire.Claims{ObjectID: "0d253bc7-c732-4d4d-9360-f8c7d374e5b2"}}}
	by := map[string]*reports.PreflightRole{facts.GlobalReader: {Name: "Global Reader", TemplateID: facts.GlobalReader, Via: "token"}}
	if err := l.activations(t.Context(), by); err != nil {
		t.Fatal(err)
	}
	if want := "https://graph.example/v1.0/roleManagement/directory/roleAssignmentScheduleInstances?$filter=principalId%20eq%20%270d253bc7-c732-4d4d-9360-f8c7d374e5b2%27"; len(g.asks) != 1 || g.asks[0] != want {
		t.Errorf("asked %q, want %q", g.asks, want)
	}
	reader, admin := by[facts.GlobalReader], by[exchange]
	if reader.Until == nil || reader.Until.Hour() != 18 || reader.Via != "token" {
		t.Errorf("Global Reader %+v", reader)
	}
	if len(by) != 2 || admin == nil || admin.Via != "group" || admin.Until != nil || admin.Name != "Exchange Administrator" {
		t.Errorf("roles %+v, Exchange Administrator %+v", by, admin)
	}
	// What is no list leaves the roles as they are.
	g.body = `{"error":{}}`
	if err := l.activations(t.Context(), by); err != nil || len(by) != 2 {
		t.Errorf("%v, %v", err, by)
	}
}
