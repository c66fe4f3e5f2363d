package requirements_test

import (
	"bytes"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"tenantaudit/checks"
	"tenantaudit/internal/facts"
	"tenantaudit/internal/normalize"
	"tenantaudit/internal/requirements"
	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/transport"
)

var update = flag.Bool("update", false, "rewrite docs/permissions.md")

const document = "../../docs/permissions.md"

func TestTheDocumentIsWhatTheTableSays(t *testing.T) {
	var askers []requirements.Asker
	for _, c := range checks.All() {
		askers = append(askers, requirements.Asker{ID: c.ID, Needs: c.Needs, Uses: c.Uses})
	}
	text, err := requirements.Document(askers)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(document, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, []byte(text)) {
		t.Error("docs/permissions.md is not what the table says; run go test ./internal/requirements -update")
	}
}

// everySource are the sources of a run over everything.
func everySource() []snapshot.Source {
	out := append(normalize.SourcesFor(snapshot.Datasets()), normalize.GroupSources()...)
	out = append(out, normalize.SourcesOf(snapshot.Datasets())...)
	for _, set := range snapshot.Datasets() {
		out = append(out, normalize.SourcesFor([]snapshot.Dataset{set})...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestEverySourceHasARowAndEveryRowASource(t *testing.T) {
	sources := everySource()
	for _, src := range sources {
		if _, ok := requirements.Of(src); !ok {
			t.Errorf("%s has no row", src)
		}
	}
	seen := map[snapshot.Source]bool{}
	for _, r := range requirements.All() {
		if seen[r.Source] {
			t.Errorf("%s stands twice", r.Source)
		}
		seen[r.Source] = true
		if !slices.Contains(sources, r.Source) {
			t.Errorf("%s has a row and is no source", r.Source)
		}
	}
}

func TestEveryRowIsComplete(t *testing.T) {
	cmdlets := transport.Cmdlets()
	for _, r := range requirements.All() {
		switch r.Service {
		case requirements.Graph:
			if r.Least == "" || r.Cmdlet != "" || !strings.HasPrefix(r.Reads, "GET /v1.0/") {
				t.Errorf("%s: %+v", r.Source, r)
			}
			for _, p := range append([]string{r.Least}, r.Also...) {
				if len(requirements.Excess([]string{p}, nil)) > 0 {
					t.Errorf("%s asks for %s, which does more than read", r.Source, p)
				}
				for _, kind := range []facts.Kind{facts.Application, facts.Delegated} {
					if _, ok := facts.PermissionID(facts.MicrosoftGraph, p, kind); !ok && (kind == facts.Delegated || !r.PersonOnly) {
						t.Errorf("%s: %s (%s) has no id", r.Source, p, kind)
					}
				}
			}
			if r.NeedsRole && len(r.Roles) == 0 {
				t.Errorf("%s needs a role and names none", r.Source)
			}
		case requirements.Exchange:
			if r.Cmdlet == "" && r.Source != "exo/EXOModuleFile" {
				t.Errorf("%s names no cmdlet", r.Source)
			}
			if r.Cmdlet != "" && !slices.Contains(cmdlets, r.Cmdlet) {
				t.Errorf("%s: %s is not among the cmdlets that may be sent", r.Source, r.Cmdlet)
			}
			if r.Cmdlet != "" && (len(r.ViewOnly) == 0) == (len(r.Holders) == 0) {
				t.Errorf("%s: view-only roles %v, holders %v; want one of the two", r.Source, r.ViewOnly, r.Holders)
			}
			for _, v := range r.ViewOnly {
				if !strings.HasPrefix(v, "View-Only ") && v != "Security Reader" {
					t.Errorf("%s: %s is no view-only role", r.Source, v)
				}
			}
		default:
			t.Errorf("%s: service %q", r.Source, r.Service)
		}
		for _, id := range r.Roles {
			if len(requirements.Excess(nil, []string{id})) > 0 {
				t.Errorf("%s: role %s does more than read", r.Source, id)
			}
		}
	}
}

func datasets(t *testing.T, names ...string) []snapshot.Dataset {
	t.Helper()
	chosen, err := checks.Select(names, nil)
	if err != nil {
		t.Fatal(err)
	}
	var out []snapshot.Dataset
	for _, c := range chosen {
		out = append(out, c.Datasets()...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestTheGrantOfEverything(t *testing.T) {
	g := requirements.Least(facts.Application, snapshot.Datasets())
	// Directory.Read.All is the only one that reads consents; what it reads needs no other.
	// It reads neither eligible and scheduled roles nor the authorization policy.
	want := []string{"Directory.Read.All", "Policy.Read.All", "RoleAssignmentSchedule.Read.Directory", "RoleEligibilitySchedule.Read.Directory"}
	if !slices.Equal(g.GraphPermissions, want) {
		t.Errorf("graph %q, want %q", g.GraphPermissions, want)
	}
	if want := []string{"View-Only Audit Logs", "View-Only Configuration", "View-Only Recipients"}; !slices.Equal(g.ExchangeRoles, want) {
		t.Errorf("exchange %q, want %q", g.ExchangeRoles, want)
	}
	if len(g.CustomRoles) != 1 || g.CustomRoles[0].Parent != "User Options" || !slices.Equal(g.CustomRoles[0].Cmdlets, []string{"Get-InboxRule", "Get-MailboxFolderPermission"}) {
		t.Errorf("custom %+v", g.CustomRoles)
	}
	if g.DirectoryRole != "" || !slices.Equal(g.ExchangePermissions, []string{"Exchange.ManageAsApp"}) {
		t.Errorf("an application: role %q, Exchange permissions %q", g.DirectoryRole, g.ExchangePermissions)
	}
	p := requirements.Least(facts.Delegated, snapshot.Datasets())
	if p.DirectoryRole != "Global Reader" || !slices.Equal(p.ExchangePermissions, []string{"Exchange.Manage"}) {
		t.Errorf("a person: role %q, Exchange permissions %q", p.DirectoryRole, p.ExchangePermissions)
	}
	if slices.Contains(p.GraphPermissions, "User.Read") { // Directory.Read.All reads /me
		t.Errorf("a person: graph %q", p.GraphPermissions)
	}
}

// widest are permissions that read more than the named ones together.
var widest = []string{"Directory.Read.All", "Policy.Read.All", "RoleManagement.Read.Directory", "RoleEligibilitySchedule.Read.Directory", "RoleAssignmentSchedule.Read.Directory"}

func TestFewerChecksAskForLess(t *testing.T) {
	all := requirements.Least(facts.Application, snapshot.Datasets())
	g := requirements.Least(facts.Application, datasets(t, "mail.mailbox_forwarding", "mail.inbox_rule_forwarding"))
	for _, p := range g.GraphPermissions {
		if slices.Contains(widest, p) {
			t.Errorf("mail asks for %s", p)
		}
	}
	if want := []string{"Domain.Read.All", "GroupMember.Read.All", "LicenseAssignment.Read.All", "User.Read.All"}; !slices.Equal(g.GraphPermissions, want) {
		t.Errorf("graph %q, want %q", g.GraphPermissions, want)
	}
	for _, r := range g.ExchangeRoles {
		if !slices.Contains(all.ExchangeRoles, r) {
			t.Errorf("mail asks for %s, everything does not", r)
		}
	}
	if len(g.ExchangeRoles) >= len(all.ExchangeRoles) || len(g.CustomRoles) != 1 || !slices.Equal(g.CustomRoles[0].Cmdlets, []string{"Get-InboxRule"}) {
		t.Errorf("exchange %q, custom %+v", g.ExchangeRoles, g.CustomRoles)
	}
	// What mail reads is a part of what everything reads.
	mail, every := requirements.Needed(datasets(t, "mail")), requirements.Needed(snapshot.Datasets())
	if len(mail) >= len(every) {
		t.Errorf("mail reads %d sources, everything %d", len(mail), len(every))
	}
	for _, r := range mail {
		if !slices.ContainsFunc(every, func(e requirements.Requirement) bool { return e.Source == r.Source }) {
			t.Errorf("mail reads %s, everything does not", r.Source)
		}
	}
}

func TestEveryGrantCoversWhatItIsFor(t *testing.T) {
	for _, c := range checks.All() {
		for _, kind := range []facts.Kind{facts.Application, facts.Delegated} {
			g := requirements.Least(kind, c.Datasets())
			held := requirements.Held{Kind: kind, Permissions: g.GraphPermissions, Cmdlets: map[string]bool{}}
			var sources []snapshot.Source
			for _, r := range requirements.Needed(c.Datasets()) {
				sources = append(sources, r.Source)
				holds := slices.ContainsFunc(r.ViewOnly, func(v string) bool { return slices.Contains(g.ExchangeRoles, v) }) ||
					slices.ContainsFunc(g.CustomRoles, func(x requirements.CustomRole) bool { return slices.Contains(x.Cmdlets, r.Cmdlet) })
				if holds {
					held.Cmdlets[strings.ToLower(r.Cmdlet)] = true
				}
			}
			more := requirements.Missing(held, sources)
			more.DirectoryRole = "" // held by name in the grant, by id in what is held
			if !more.Empty() {
				t.Errorf("%s (%s): the grant lacks %s", c.ID, kind, more)
			}
			// Nothing in it can be left out.
			for i := range g.GraphPermissions {
				held.Permissions = slices.Delete(slices.Clone(g.GraphPermissions), i, i+1)
				if requirements.Missing(held, sources).Empty() {
					t.Errorf("%s (%s): %s is not needed", c.ID, kind, g.GraphPermissions[i])
				}
			}
		}
	}
}

func TestMissing(t *testing.T) {
	app := func(permissions ...string) requirements.Held {
		return requirements.Held{Kind: facts.Application, Permissions: permissions, Cmdlets: map[string]bool{"get-mailbox": true}}
	}
	person := func(roles ...string) requirements.Held {
		return requirements.Held{Kind: facts.Delegated, Permissions: []string{"Policy.Read.All"}, Roles: roles, Cmdlets: map[string]bool{}}
	}
	for _, c := range []struct {
		name    string
		held    requirements.Held
		sources []snapshot.Source
		want    string
	}{
		{"held by a wider one", app("Directory.Read.All"), []snapshot.Source{"graph/users", "graph/groups"}, ""},
		{"wider, not accepted", app("Directory.Read.All"), []snapshot.Source{"graph/roleEligibilitySchedules"}, "Graph permission RoleEligibilitySchedule.Read.Directory"},
		{"other case", app("user.read.all"), []snapshot.Source{"graph/users"}, ""},
		{"one for two", app(), []snapshot.Source{"graph/organization", "graph/subscribedSkus"}, "Graph permission Organization.Read.All"},
		{"an application needs no role", app("Policy.Read.All"), []snapshot.Source{"graph/authorizationPolicy"}, ""},
		{"and nothing for /me", app(), []snapshot.Source{"graph/me"}, ""},
		{"a person does", person(), []snapshot.Source{"graph/authorizationPolicy"}, "directory role Security Reader"},
		{"not that one", person(requirements.DirectoryReaders), []snapshot.Source{"graph/authorizationPolicy"}, "directory role Security Reader"},
		{"that one", person(facts.SecurityReader), []snapshot.Source{"graph/authorizationPolicy"}, ""},
		{"one role for two", person(), []snapshot.Source{"graph/authorizationPolicy", "graph/adminConsentRequestPolicy"}, "directory role Global Reader"},
		{"Global Administrator", person("62e90394-69f5-4237-9190-012177145e10"), []snapshot.Source{"graph/adminConsentRequestPolicy"}, ""},
		{"cmdlet allowed", app(), []snapshot.Source{"exo/Get-Mailbox"}, ""},
		{"view-only role", app(), []snapshot.Source{"exo/Get-Recipient", "exo/Get-RecipientPermission"}, "Exchange role View-Only Recipients (in a role group)"},
		{"no view-only role", app(), []snapshot.Source{"exo/Get-InboxRule", "exo/Get-InboxRule.visible"}, "a custom Exchange role of User Options that keeps Get-InboxRule"},
		{"cmdlets not known", requirements.Held{Kind: facts.Application}, []snapshot.Source{"exo/Get-Recipient"}, ""},
		{"no such source", app(), []snapshot.Source{"graph/weather"}, ""},
	} {
		g := requirements.Missing(c.held, c.sources)
		if g.String() != c.want || g.Empty() != (c.want == "") {
			t.Errorf("%s: %q, want %q", c.name, g, c.want)
		}
	}
}

func TestExcess(t *testing.T) {
	for _, c := range []struct {
		name, why string // "": no excess
	}{
		{"Directory.Read.All", ""}, {"RoleManagement.Read.Directory", ""}, {"DeviceManagementApps.Read.All", ""}, {"Policy.Read.PermissionGrant", ""},
		{"User.ReadBasic.All", ""}, {"openid", ""}, {"offline_access", ""}, {"Exchange.ManageAsApp", ""}, {"Exchange.Manage", ""}, {"AuditLog.Read.All", ""},
		{"Directory.ReadWrite.All", "can change what it reads"}, {"Application.ReadWrite.OwnedBy", "can change what it reads"}, {"Mail.Send", "can send"},
		{"Directory.AccessAsUser.All", "can do everything that the person can"}, {"full_access_as_app", "opens every mailbox and can change and send"},
		{"Sites.FullControl.All", "is not known to read only"}, {"User.Invite.All", "is not known to read only"}, {"Exchange.ManageAsAppV2", "is not known to read only"},
		{"Mail.Read", "reads content (mail), which a review of the configuration does not need"},
	} {
		got := requirements.Excess([]string{c.name}, nil)
		if (len(got) == 0) != (c.why == "") || len(got) == 1 && (got[0].Why != c.why || got[0].Name != c.name || got[0].Kind != "permission") {
			t.Errorf("%s: %+v, want %q", c.name, got, c.why)
		}
	}
	for _, c := range []struct {
		id, name string // "": no excess
	}{
		{facts.GlobalReader, ""}, {facts.SecurityReader, ""}, {requirements.DirectoryReaders, ""}, {"4a5d8f65-41da-4de4-8968-e035b65339cf", ""},
		{"b79fbf4d-3ef9-4689-8143-76b194e85509", ""}, {"0997a1d0-0d1d-4acb-b408-d5ca73121e90", ""}, {"10dae51f-b6af-4016-8d66-8c2a99b929b3", ""},
		{"62e90394-69f5-4237-9190-012177145e10", "Global Administrator"}, {"29232cdf-9323-42fd-ade2-1d097af3e4de", "Exchange Administrator"},
		{"11111111-2222-4333-8444-555555555555", "11111111-2222-4333-8444-555555555555"},
	} {
		got := requirements.Excess(nil, []string{c.id})
		if (len(got) == 0) != (c.name == "") || len(got) == 1 && (got[0].Name != c.name || got[0].Why == "") {
			t.Errorf("%s: %+v, want %q", c.id, got, c.name)
		}
	}
	if x, ok := requirements.ExcessCmdlets([]string{"Get-Mailbox", "Search-UnifiedAuditLog", "Test-Message"}); ok {
		t.Errorf("reading cmdlets are called excess: %+v", x)
	}
	if x, ok := requirements.ExcessCmdlets([]string{"Get-Mailbox", "Set-Mailbox", "New-InboxRule", "Set-Mailbox"}); !ok || x.Name != "2 Exchange cmdlets" || !strings.Contains(x.Why, "New-InboxRule, Set-Mailbox") {
		t.Errorf("changing cmdlets: %+v, %v", x, ok)
	}
}

func TestVerdict(t *testing.T) {
	const w, u, b = requirements.Works, requirements.Unknown, requirements.Blind
	for _, c := range []struct {
		name    string
		needs   []snapshot.Dataset
		sources map[snapshot.Source]requirements.State
		want    requirements.State
	}{
		{"one listing", []snapshot.Dataset{snapshot.AuditBypasses}, map[snapshot.Source]requirements.State{"exo/Get-MailboxAuditBypassAssociation": w}, w},
		{"a computed one, nothing known", []snapshot.Dataset{snapshot.EffectiveAccess}, nil, u},
		{"a computed one, a part missing", []snapshot.Dataset{snapshot.EffectiveAccess}, map[snapshot.Source]requirements.State{"exo/Get-TransportRule": b}, requirements.Partly},
		{"licences not readable, which only fills a column", []snapshot.Dataset{snapshot.Mailboxes}, map[snapshot.Source]requirements.State{"exo/Get-Mailbox": w, "graph/subscribedSkus": b}, w},
		{"denied", []snapshot.Dataset{snapshot.Mailboxes}, map[snapshot.Source]requirements.State{"exo/Get-Mailbox": b}, b},
		{"not known", []snapshot.Dataset{snapshot.Mailboxes}, nil, u},
		{"one of two lists", []snapshot.Dataset{snapshot.Connectors}, map[snapshot.Source]requirements.State{"exo/Get-InboundConnector": w, "exo/Get-OutboundConnector": b}, requirements.Partly},
		{"no list of mailboxes", []snapshot.Dataset{snapshot.MailboxPermissions}, map[snapshot.Source]requirements.State{"exo/Get-Mailbox": b, "exo/Get-MailboxPermission": w}, b},
		{"mailboxes, not their rights", []snapshot.Dataset{snapshot.MailboxPermissions}, map[snapshot.Source]requirements.State{"exo/Get-Mailbox": w, "exo/Get-MailboxPermission": b}, b},
		{"rights not known", []snapshot.Dataset{snapshot.MailboxPermissions}, map[snapshot.Source]requirements.State{"exo/Get-Mailbox": w, "exo/Get-MailboxPermission": u}, u},
		{"second need missing", []snapshot.Dataset{snapshot.Mailboxes, snapshot.AcceptedDomains},
			map[snapshot.Source]requirements.State{"exo/Get-Mailbox": w, "exo/Get-AcceptedDomain": b}, requirements.Partly},
		{"first need missing", []snapshot.Dataset{snapshot.Mailboxes, snapshot.AcceptedDomains},
			map[snapshot.Source]requirements.State{"exo/Get-Mailbox": b, "exo/Get-AcceptedDomain": w}, b},
		{"names cannot be looked up", []snapshot.Dataset{snapshot.SendAs}, map[snapshot.Source]requirements.State{
			"exo/Get-RecipientPermission": w, "exo/Get-Recipient": b, "graph/users": w, "graph/groups": w}, u},
		{"which groups matter is not known", []snapshot.Dataset{snapshot.GroupMembers}, map[snapshot.Source]requirements.State{
			"graph/groupMembers": w, "exo/Get-Recipient": b, "graph/users": w, "graph/groups": w}, requirements.Partly},
		{"names can be looked up", []snapshot.Dataset{snapshot.SendAs}, map[snapshot.Source]requirements.State{
			"exo/Get-RecipientPermission": w, "exo/Get-Recipient": w, "graph/users": w, "graph/groups": w}, w},
	} {
		if got := requirements.Verdict(requirements.Asker{Needs: c.needs}, c.sources); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestManifestAndRecipe(t *testing.T) {
	g := requirements.Least(facts.Delegated, []snapshot.Dataset{snapshot.OAuth2PermissionGrants, snapshot.InboxRules})
	m, err := g.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(m) != 2 || m[0].ResourceAppID != facts.MicrosoftGraph || m[1].ResourceAppID != facts.ExchangeOnline {
		t.Fatalf("manifest %+v", m)
	}
	if want := (requirements.Access{ID: "06da0dbc-49e2-44d2-8312-53f166ab848a", Type: "Scope"}); len(m[0].ResourceAccess) != 1 || m[0].ResourceAccess[0] != want {
		t.Errorf("graph %+v, want %+v alone", m[0].ResourceAccess, want)
	}
	if want := (requirements.Access{ID: "ab4f2b77-0b06-4fc1-a9de-02113fc2ab7c", Type: "Scope"}); len(m[1].ResourceAccess) != 1 || m[1].ResourceAccess[0] != want {
		t.Errorf("exchange %+v, want %+v alone", m[1].ResourceAccess, want)
	}
	recipe := g.Recipe()
	for _, part := range []string{"New-ManagementRole -Name 'tenantaudit User Options' -Parent 'User Options'", "$keep = 'Get-InboxRule'\n", "Remove-ManagementRoleEntry",
		"New-RoleGroup -Name 'tenantaudit Readers'", "'View-Only Recipients', 'tenantaudit User Options'", "Add-RoleGroupMember", "Remove-RoleGroup"} {
		if !strings.Contains(recipe, part) {
			t.Errorf("the recipe lacks %q:\n%s", part, recipe)
		}
	}
	if strings.Contains(recipe, "Get-MailboxFolderPermission") || strings.Contains(recipe, "New-ServicePrincipal") {
		t.Errorf("the recipe of inbox rules for a person:\n%s", recipe)
	}
	if !strings.Contains(requirements.Least(facts.Application, []snapshot.Dataset{snapshot.InboxRules}).Recipe(), "New-ServicePrincipal") {
		t.Error("an application is not registered in Exchange")
	}
	if r := (requirements.Grant{Kind: facts.Application}).Recipe(); r != "" {
		t.Errorf("nothing to grant: %q", r)
	}
}
