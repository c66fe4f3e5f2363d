package faketenant

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// Every cmdlet that answers is in some role, and every role names cmdlets that answer.
func TestEveryCmdletHasHolders(t *testing.T) {
	for _, c := range cmdletTable {
		if len(holders[c.name]) == 0 {
			t.Errorf("%s: no role holds it", c.name)
		}
	}
	for name := range holders {
		if _, ok := findCmdlet(name); !ok {
			t.Errorf("%s is in a role and answers nothing", name)
		}
	}
	for _, name := range changingCmdlets {
		if _, ok := findCmdlet(name); ok || strings.HasPrefix(name, "Get-") {
			t.Errorf("%s changes things and answers", name)
		}
	}
}

func TestGraphFollowsTheGrant(t *testing.T) {
	const (
		app    = false
		person = true
	)
	group := start(t, Options{Mailboxes: 5}).graphAll("groups?$select=id")[0]["id"].(string)
	for _, c := range []struct {
		name   string
		person bool
		grant  Grant
		path   string
		status int
		code   string
	}{
		{"least", app, Grant{Graph: []string{"User.Read.All"}}, "users", 200, ""},
		{"wider", app, Grant{Graph: []string{"Directory.Read.All"}}, "users", 200, ""},
		{"changing what it reads", app, Grant{Graph: []string{"Directory.ReadWrite.All"}}, "oauth2PermissionGrants", 200, ""},
		{"not the properties", app, Grant{Graph: []string{"User.ReadBasic.All"}}, "users", 403, "Authorization_RequestDenied"},
		{"another's", app, Grant{Graph: []string{"User.Read.All"}}, "groups", 403, "Authorization_RequestDenied"},
		{"nothing", app, Grant{}, "organization", 403, "Authorization_RequestDenied"},
		{"organization with users", app, Grant{Graph: []string{"User.Read.All"}}, "organization", 200, ""},
		{"no narrower one", app, Grant{Graph: []string{"Application.Read.All", "User.Read.All"}}, "oauth2PermissionGrants", 403, "Authorization_RequestDenied"},
		{"groups, not members", app, Grant{Graph: []string{"Group.ReadBasic.All"}}, "groups/" + group + "/transitiveMembers", 403, "Authorization_RequestDenied"},
		{"groups", app, Grant{Graph: []string{"Group.ReadBasic.All"}}, "groups", 200, ""},
		{"roles with the directory", app, Grant{Graph: []string{"Directory.Read.All"}}, "roleManagement/directory/roleAssignments", 200, ""},
		{"not eligible ones", app, Grant{Graph: []string{"Directory.Read.All"}}, "roleManagement/directory/roleEligibilitySchedules", 403, "Authorization_RequestDenied"},
		{"eligible ones", app, Grant{Graph: []string{"RoleEligibilitySchedule.Read.Directory"}}, "roleManagement/directory/roleEligibilitySchedules", 200, ""},
		{"no narrow one for the others", app, Grant{Graph: []string{"RoleEligibilitySchedule.Read.Directory"}}, "roleManagement/directory/roleAssignmentScheduleInstances", 403, "Authorization_RequestDenied"},
		{"a role is no permission", app, Grant{Roles: []string{roleGlobalReader.id}}, "users", 403, "Authorization_RequestDenied"},
		{"logs", app, Grant{Graph: []string{"Directory.Read.All"}}, "auditLogs/directoryAudits", 403, "Authentication_MSGraphPermissionMissing"},
		{"an application has no me", app, Grant{}, "me", 400, "BadRequest"},
		{"policies", app, Grant{Graph: []string{"Policy.Read.All"}}, "policies/authorizationPolicy", 200, ""},

		{"any member", person, Grant{Graph: []string{"Directory.Read.All"}}, "users", 200, ""},
		{"a policy takes a role", person, Grant{Graph: []string{"Policy.Read.All"}}, "policies/authorizationPolicy", 403, "Authorization_RequestDenied"},
		{"and the permission", person, Grant{Roles: []string{roleGlobalReader.id}}, "policies/authorizationPolicy", 403, "Authorization_RequestDenied"},
		{"with a role", person, Grant{Graph: []string{"Policy.Read.All"}, Roles: []string{roleSecReader.id}}, "policies/authorizationPolicy", 200, ""},
		{"of which that one is too small", person, Grant{Graph: []string{"Policy.Read.All"}, Roles: []string{roleSecReader.id}}, "policies/adminConsentRequestPolicy", 403, "Authorization_RequestDenied"},
		{"Security Reader sees no assignments", person, Grant{Graph: []string{"RoleManagement.Read.Directory"}, Roles: []string{roleSecReader.id}}, "roleManagement/directory/roleAssignments", 403, "Authorization_RequestDenied"},
		{"but eligible ones", person, Grant{Graph: []string{"RoleManagement.Read.Directory"}, Roles: []string{roleSecReader.id}}, "roleManagement/directory/roleEligibilitySchedules", 200, ""},
		{"Directory Readers see assignments", person, Grant{Graph: []string{"RoleManagement.Read.Directory"}, Roles: []string{roleReaders.id}}, "roleManagement/directory/roleAssignments", 200, ""},
		{"Global Administrator", person, Grant{Graph: []string{"Policy.Read.All"}, Roles: []string{roleGlobalAdmin.id}}, "policies/adminConsentRequestPolicy", 200, ""},
		{"a person without User.Read", person, Grant{}, "me", 403, "Authorization_RequestDenied"},
		{"a person with it", person, Grant{Graph: []string{"User.Read"}}, "me", 200, ""},
	} {
		got := start(t, Options{Mailboxes: 5, Delegated: c.person, Grant: &c.grant}).graph(c.path, map[string]string{"ConsistencyLevel": "eventual"})
		if got.status != c.status || c.code != "" && !strings.Contains(string(got.body), `"`+c.code+`"`) {
			t.Errorf("%s: %s: %d %.200s, want %d %s", c.name, c.path, got.status, got.body, c.status, c.code)
		}
	}
}

// What a caller may not read of an organization and of members is left empty, not refused.
func TestPartsThatMayNotBeReadAreEmpty(t *testing.T) {
	c := start(t, Options{Mailboxes: 5, Delegated: true, Grant: &Grant{Graph: []string{"User.Read"}}})
	org := c.graphAll("organization")[0]
	if org["displayName"] == nil || org["verifiedDomains"] == nil || org["createdDateTime"] != nil || org["assignedPlans"] != nil {
		t.Errorf("organization with User.Read: %v", org)
	}
	c = start(t, Options{Mailboxes: 60, Grant: &Grant{Graph: []string{"GroupMember.Read.All", "Application.Read.All"}}})
	kinds := map[string]bool{}
	for _, g := range c.graphAll("groups?$select=id") {
		for _, m := range c.graphAll("groups/" + g["id"].(string) + "/members") {
			kind := m["@odata.type"].(string)
			kinds[kind] = true
			if shown := m["displayName"] != nil; m["id"] == nil || shown != (kind != "#microsoft.graph.user" && kind != "#microsoft.graph.orgContact") {
				t.Errorf("a member: %v", m)
			}
		}
	}
	if !kinds["#microsoft.graph.user"] || !kinds["#microsoft.graph.group"] {
		t.Errorf("kinds of members: %v", kinds)
	}
}

// exports lists what EXOModuleFile names.
func (c *client) exports() []string {
	c.t.Helper()
	a := c.do(http.MethodGet, "/AdminApi/v1.0/"+c.tenant.ID()+"/EXOModuleFile?Version=3.9.2", map[string]string{"CommandName": "*"}, "")
	if a.status != http.StatusOK {
		c.t.Fatalf("EXOModuleFile: %d %.200s", a.status, a.body)
	}
	return strings.Split(decode[page](c.t, a.body).Value[0]["exportedCmdlets"].(string), ",")
}

func TestExchangeFollowsTheGrant(t *testing.T) {
	for _, c := range []struct {
		name        string
		grant       Grant
		some, never []string
		count       int
	}{
		{"audit logs", Grant{ExchangeRoles: []string{mrViewLogs}}, []string{"Get-AdminAuditLogConfig", "Get-RecipientPermission", "Search-UnifiedAuditLog"}, []string{"Get-Mailbox", "Get-OrganizationConfig"}, 4},
		{"one cmdlet", Grant{Cmdlets: []string{"Get-InboxRule"}}, []string{"Get-InboxRule"}, []string{"Get-Mailbox"}, 1},
		{"Security Reader", Grant{Roles: []string{roleSecReader.id}}, securityCmdlets, []string{"Get-OrganizationConfig", "Get-Mailbox"}, 4},
		{"the role of that name", Grant{ExchangeRoles: []string{mrSecReader}}, []string{"Get-TransportRule"}, []string{"Get-AdminAuditLogConfig"}, 3},
		{"Global Reader", Grant{Roles: []string{roleGlobalReader.id}}, []string{"Get-Mailbox", "Get-OrganizationConfig", "Get-MailboxFolderStatistics"}, []string{"Get-InboxRule", "Get-MailboxFolderPermission", "Set-Mailbox"}, 30},
		{"Exchange Administrator", Grant{Roles: []string{roleExchangeAdmin.id}}, []string{"Get-InboxRule", "Set-Mailbox", "New-InboxRule"}, nil, len(cmdletTable) + len(changingCmdlets)},
		{"both add up", Grant{Roles: []string{roleSecReader.id}, ExchangeRoles: []string{mrRecipients}}, []string{"Get-TransportRule", "Get-Mailbox"}, []string{"Get-OrganizationConfig"}, 14},
	} {
		c.grant.ExchangeAPI = true
		x := start(t, Options{Mailboxes: 5, Grant: &c.grant, DenyStyle: denyJSON})
		list := x.exports()
		if len(list) != c.count {
			t.Errorf("%s: %d cmdlets, want %d: %v", c.name, len(list), c.count, list)
		}
		for _, name := range c.some {
			if !slices.Contains(list, name) {
				t.Errorf("%s: no %s in %v", c.name, name, list)
			}
		}
		for _, name := range c.never {
			if slices.Contains(list, name) {
				t.Errorf("%s: %s is in the list", c.name, name)
			}
			if a := x.do(http.MethodPost, x.beta("InvokeCommand"), nil, command(name, map[string]any{"Identity": "x"})); a.status != 403 || !strings.Contains(string(a.body), "User is not allowed to call "+name) {
				t.Errorf("%s: %s ran: %d %.200s", c.name, name, a.status, a.body)
			}
		}
	}
}

// Exchange turns away who has no permission for it or no role there, whatever is asked.
func TestExchangeTurnsAway(t *testing.T) {
	for _, c := range []struct {
		name   string
		person bool
		grant  Grant
		status int
		text   string // "": no body
	}{
		{"no permission", false, Grant{Roles: []string{roleGlobalReader.id}}, 401, ""},
		{"another permission", false, Grant{Roles: []string{roleGlobalReader.id}, ExchangeOther: []string{"full_access_as_app"}}, 401, ""},
		{"no permission, a person", true, Grant{Roles: []string{roleGlobalReader.id}}, 401, ""},
		{"no role", false, Grant{ExchangeAPI: true}, 401, "isn't supported in this scenario"},
		{"a role that Exchange does not admit", false, Grant{ExchangeAPI: true, Roles: []string{roleReports.id}}, 401, "isn't supported in this scenario"},
		{"no role, a person", true, Grant{ExchangeAPI: true}, 400, "Provide valid credential"},
	} {
		x := start(t, Options{Mailboxes: 5, Delegated: c.person, Grant: &c.grant})
		batch := `{"requests":[{"id":"1","method":"POST","url":"` + x.beta("InvokeCommand") + `","body":` + command("Get-Mailbox", nil) + `}]}`
		for _, a := range []answer{
			x.do(http.MethodGet, "/AdminApi/v1.0/"+x.tenant.ID()+"/EXOModuleFile?Version=3.9.2", map[string]string{"CommandName": "*"}, ""),
			x.do(http.MethodPost, x.beta("InvokeCommand"), nil, command("Get-Mailbox", nil)),
			x.do(http.MethodPost, x.beta("$batch"), nil, batch),
			x.do(http.MethodGet, x.beta("Mailbox"), nil, ""),
		} {
			if a.status != c.status || !strings.Contains(string(a.body), c.text) || c.text == "" && len(a.body) > 0 {
				t.Errorf("%s: %d %.200s, want %d %q", c.name, a.status, a.body, c.status, c.text)
			}
		}
	}
}

func TestTokensCarryTheGrant(t *testing.T) {
	g := &Grant{Graph: []string{"User.Read.All", "Mail.ReadWrite"}, Roles: []string{roleSecReader.id}, ExchangeAPI: true, ExchangeOther: []string{"full_access_as_app"}}
	for _, person := range []bool{false, true} {
		c := start(t, Options{Mailboxes: 5, Profile: profileClean, Delegated: person, Grant: g})
		var onGraph, onExchange claims
		if !c.tenant.decode(c.tenant.Token(graphAudience), &onGraph) || !c.tenant.decode(c.tenant.Token(exchangeAudience), &onExchange) {
			t.Fatal("no token")
		}
		wantGraph, wantExchange := []string{"Mail.ReadWrite", "User.Read.All"}, []string{"Exchange.ManageAsApp", "full_access_as_app"}
		if person {
			wantGraph, wantExchange = append(wantGraph, "openid", "profile", "email"), []string{"Exchange.Manage", "full_access_as_app"}
		}
		if got := onGraph.permissions(); !slices.Equal(got, wantGraph) || (len(onGraph.Roles) == 0) != person {
			t.Errorf("person %v: Graph %v, want %v", person, got, wantGraph)
		}
		if got := onExchange.permissions(); !slices.Equal(got, wantExchange) {
			t.Errorf("person %v: Exchange %v, want %v", person, got, wantExchange)
		}
		if len(onGraph.RoleIDs) != 2 || onGraph.RoleIDs[0] != roleSecReader.id {
			t.Errorf("person %v: roles %v", person, onGraph.RoleIDs)
		}
		// The directory says the same of the identity.
		var held []string
		for _, s := range c.tenant.plan.scheduleInstances() {
			if s.to == c.tenant.plan.identity() {
				held = append(held, s.holding.role.id)
			}
		}
		if !slices.Equal(held, []string{roleSecReader.id}) {
			t.Errorf("person %v: the directory says %v", person, held)
		}
	}
}

func TestAccessProfiles(t *testing.T) {
	for _, name := range AccessProfiles() {
		tenant, err := New(Options{Mailboxes: 5, Access: name})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if premium := !tenant.opt.NoPremium; premium != (name != AccessNoP1) {
			t.Errorf("%s: premium %v", name, premium)
		}
	}
	for _, o := range []Options{
		{Access: "reader"}, {Access: AccessNoConsent, Grant: &Grant{}}, {Grant: &Grant{Roles: []string{"Global Reader"}}},
		{Grant: &Grant{ExchangeRoles: []string{"View-Only Everything"}}}, {Grant: &Grant{Cmdlets: []string{"Get-Weather"}}},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
}
