package permissions

import (
	"strings"
	"testing"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

// thePrincipals are the resources, an outside application and one of Microsoft's.
func thePrincipals() []any {
	off := false
	return []any{
		snapshot.ServicePrincipal{ID: "graph", AppID: strings.ToUpper(facts.MicrosoftGraph), FirstParty: true}, snapshot.ServicePrincipal{ID: "exo", AppID: facts.ExchangeOnline, FirstParty: true},
		snapshot.ServicePrincipal{ID: "sharepoint", AppID: facts.SharePointOnline, FirstParty: true},
		snapshot.ServicePrincipal{ID: "app", AppID: "a1", DisplayName: "Archiver"}, snapshot.ServicePrincipal{ID: "ms", AppID: "a2", FirstParty: true},
		snapshot.ServicePrincipal{ID: "off", AppID: "a3", AccountEnabled: &off},
	}
}

func appRoleOf(principal, permission string) snapshot.AppRoleAssignment {
	return snapshot.AppRoleAssignment{ID: "r-" + permission, Principal: principal, PrincipalType: "ServicePrincipal", Resource: "graph", AppRole: permission}
}

func policyOf(right, scope, scopeID string) snapshot.ApplicationAccessPolicy {
	return snapshot.ApplicationAccessPolicy{ID: right + scope, Kind: "applicationAccessPolicy", AppID: "a1", AccessRight: right, Scope: scope, ScopeID: scopeID}
}

func rbacOf(role, scope, scopeID string) snapshot.ApplicationAccessPolicy {
	return snapshot.ApplicationAccessPolicy{ID: role, Kind: "roleAssignment", AppID: "a1", AccessRight: role, Scope: scope, ScopeID: scopeID}
}

func withApps(rows ...any) []any { return append(thePrincipals(), rows...) }

func TestAccessByApplications(t *testing.T) {
	onSharePoint, toUser, toGroup := appRoleOf("app", "Mail.Read"), appRoleOf("kim", "Mail.Read"), appRoleOf("g", "Mail.Read")
	onSharePoint.Resource, toUser.PrincipalType, toGroup.PrincipalType = "sharepoint", "User", "Group"
	runAccessCases(t, []accessCase{
		{"reads the tenant", withApps(appRoleOf("app", "Mail.Read")), []string{"* app read application tenant via Mail.Read"}},
		{"everything", withApps(appRoleOf("app", "full_access_as_app")), []string{
			"* app read application tenant via full_access_as_app", "* app change application tenant via full_access_as_app", "* app sendAs application tenant via full_access_as_app"}},
		{"Microsoft's own", withApps(appRoleOf("ms", "Mail.Read")), nil},
		{"an application that is gone", withApps(appRoleOf("lost", "Mail.Read")), nil},
		{"disabled", withApps(appRoleOf("off", "Mail.Send")), []string{"* off sendAs application tenant via Mail.Send (disabled)"}},
		{"protocol roles need a grant of the mailbox", withApps(appRoleOf("app", "IMAP.AccessAsApp"), appRoleOf("app", "SMTP.SendAsApp")), nil},
		{"the name on another resource", withApps(onSharePoint), nil},
		{"a role that a user holds", withApps(toUser), nil},
		{"through a group", withApps("known:g", memberOf("g", "servicePrincipal:app", "servicePrincipal:ms", "user:lee"), toGroup), []string{"* app read application tenant via The g > Mail.Read"}},
		{"through a group that was not read", withApps(toGroup), []string{"* g read application tenant via Mail.Read (members could not be expanded)"}},
	})
}

func TestAccessPolicies(t *testing.T) {
	in := func(group, id string) []any { return append(memberOf(group, "user:"+id), "known:"+group) }
	read := appRoleOf("app", "Mail.Read")
	const unknown = "who is in the scope is not known"
	runAccessCases(t, []accessCase{
		{"restricted to one", withApps(read, in("g", "kim"), policyOf("RestrictAccess", "Desk", "g")), []string{"kim app read application members:Desk via Mail.Read"}},
		{"members without a mailbox", withApps(read, in("g", "nobody"), policyOf("RestrictAccess", "Desk", "g")), nil},
		{"the scope is a mailbox", withApps(read, policyOf("RestrictAccess", "Room", "room")), []string{"room app read application members:Room via Mail.Read"}},
		{"two scopes are a union", withApps(read, in("g", "kim"), in("h", "room"), policyOf("RestrictAccess", "B", "g"), policyOf("RestrictAccess", "A", "h")),
			[]string{"kim app read application members:B via Mail.Read", "room app read application members:A via Mail.Read"}},
		{"in two scopes", withApps(read, in("g", "kim"), in("h", "kim"), policyOf("RestrictAccess", "B", "g"), policyOf("RestrictAccess", "A", "h")),
			[]string{"kim app read application members:A via Mail.Read"}},
		{"a scope that was not read", withApps(read, policyOf("RestrictAccess", "Desk", "g")), []string{"* app read application members:Desk via Mail.Read (" + unknown + ")"}},
		{"a scope that is nobody", withApps(read, policyOf("RestrictAccess", "Desk", "")), []string{"* app read application members:Desk via Mail.Read (" + unknown + ")"}},
		{"denied to some", withApps(read, in("g", "kim"), policyOf("DenyAccess", "Board", "g")), []string{"* app read application tenant via Mail.Read (except members of Board)"}},
		{"restricted and denied", withApps(read, in("g", "kim"), in("g", "room"), in("h", "kim"), policyOf("RestrictAccess", "Desk", "g"), policyOf("DenyAccess", "Board", "h")),
			[]string{"room app read application members:Desk via Mail.Read"}},
		{"denied to who knows whom", withApps(read, in("g", "kim"), policyOf("RestrictAccess", "Desk", "g"), policyOf("DenyAccess", "Board", "h")),
			[]string{"kim app read application members:Desk via Mail.Read (except members of Board, who are not known)"}},
		{"a policy for another application", withApps(appRoleOf("off", "Mail.Read"), in("g", "kim"), policyOf("RestrictAccess", "Desk", "g")), []string{"* off read application tenant via Mail.Read (disabled)"}},
		{"a permission that no policy limits", withApps(appRoleOf("app", "Mailbox.Migration"), in("g", "kim"), policyOf("RestrictAccess", "Desk", "g")),
			[]string{"* app read application tenant via Mailbox.Migration", "* app change application tenant via Mailbox.Migration"}},
		{"a group's own mailbox is not the group", withApps(read, snapshot.Mailbox{Mailbox: "g", RecipientTypeDetails: "GroupMailbox"}, policyOf("RestrictAccess", "Team", "g")),
			[]string{"* app read application members:Team via Mail.Read (" + unknown + ")"}},
		{"RBAC, whole tenant", withApps(rbacOf("Application Mail Full Access", "", "")), []string{
			"* app read application tenant via Application Mail Full Access", "* app change application tenant via Application Mail Full Access", "* app sendAs application tenant via Application Mail Full Access"}},
		{"RBAC, scoped", withApps(rbacOf("Application Mail.Read", "Desk", "g"), in("g", "kim")), []string{"kim app read application members:Desk via Application Mail.Read"}},
		{"RBAC, custom scope", withApps(rbacOf("Application Mail.Send", "Desk", "")), []string{"* app sendAs application members:Desk via Application Mail.Send (" + unknown + ")"}},
		{"RBAC is not limited by policies", withApps(rbacOf("Application Mail.Read", "", ""), in("g", "kim"), policyOf("RestrictAccess", "Desk", "g")), []string{"* app read application tenant via Application Mail.Read"}},
		{"RBAC for other things", withApps(rbacOf("Application MailboxSettings.Read", "", ""), rbacOf("View-Only Recipients", "", "")), nil},
		{"RBAC for an application that Graph does not show", []any{rbacOf("Application Mail.Read", "", "")}, []string{"* a1 read application tenant via Application Mail.Read"}},
	})
}

func TestAccessByConsents(t *testing.T) {
	consent := func(client, user, scope string) snapshot.OAuth2PermissionGrant {
		g := snapshot.OAuth2PermissionGrant{ID: "g-" + scope, Client: client, ConsentType: "AllPrincipals", Resource: "graph", Scope: scope}
		if user != "" {
			g.ConsentType, g.Principal = "Principal", user
		}
		return g
	}
	elsewhere := consent("app", "", "Mail.Read")
	elsewhere.Resource = "sharepoint"
	runAccessCases(t, []accessCase{
		{"of one user", withApps(consent("app", "kim", "Mail.ReadWrite")), []string{"kim app read delegatedGrant mailbox via Mail.ReadWrite", "kim app change delegatedGrant mailbox via Mail.ReadWrite"}},
		{"of a user without a mailbox", withApps(consent("app", "lee", "Mail.Read")), nil},
		{"for everybody", withApps(consent("app", "", "SMTP.Send")), []string{"* app sendAs delegatedGrant tenant via SMTP.Send (acts as the user who signs in)"}},
		{"of shared mailboxes", withApps(consent("app", "kim", "Mail.Read.Shared")), []string{"kim app read delegatedGrant mailbox via Mail.Read.Shared"}},
		{"sign-in only", withApps(consent("app", "", "openid"), consent("app", "", "User.Read")), nil},
		{"Microsoft's own, gone, elsewhere", withApps(consent("ms", "", "Mail.Read"), consent("lost", "", "Mail.Read"), elsewhere), nil},
	})
}

func TestAccessByRoles(t *testing.T) {
	no, yes := false, true
	roleGroup := func(member, kind, name string, roles ...string) snapshot.ExchangeRoleAssignment {
		return snapshot.ExchangeRoleAssignment{RoleGroup: "Org", Roles: roles, Member: member, MemberType: kind, MemberName: name}
	}
	direct := func(role, scope, scopeID string) snapshot.ManagementRoleAssignment {
		return snapshot.ManagementRoleAssignment{ID: role, Role: role, Assignee: "lee", AssigneeType: "user", Scope: scope, ScopeID: scopeID}
	}
	delegating, disabled, enabled := direct("Mailbox Search", "", ""), direct("Mailbox Search", "", ""), direct("Mailbox Search", "", "")
	delegating.Delegating, disabled.Enabled, enabled.Enabled = true, &no, &yes
	entra := func(template, member, kind, assignment, scope string) snapshot.DirectoryRoleAssignment {
		return snapshot.DirectoryRoleAssignment{Role: "Chief", RoleTemplateID: template, Member: member, MemberType: kind, Assignment: assignment, Scope: scope}
	}
	const globalAdmin, recipientAdmin = "62e90394-69f5-4237-9190-012177145e10", "31392ffb-586c-42d1-9346-e59415a2cc4e"
	runAccessCases(t, []accessCase{
		{"role group", []any{roleGroup("lee", "user", "Lee", "Mailbox Import Export", "Role Management", "Legal Hold")}, []string{
			"* lee read exchangeRole tenant via Org > Mailbox Import Export", "* lee change exchangeRole tenant via Org > Mailbox Import Export", "* lee manage exchangeRole tenant via Org > Role Management"}},
		{"role group without such a role", []any{roleGroup("lee", "user", "Lee", "View-Only Recipients")}, nil},
		{"group in a role group", []any{"known:g", memberOf("g", "user:lee"), roleGroup("g", "group", "G", "Mailbox Search")}, []string{"* lee read exchangeRole tenant via Org > Mailbox Search > The g"}},
		{"stand-ins have their own rows", []any{roleGroup("1", "group", "Company Administrator", "Mail Recipients"), roleGroup("TenantAdmins_9", "unresolved", "", "Mail Recipients")}, nil},
		{"a person with such a name", []any{roleGroup("lee", "user", "Company Administrator", "Mail Recipients")}, []string{"* lee manage exchangeRole tenant via Org > Mail Recipients"}},
		{"a known group with such a name", []any{"known:g", memberOf("g", "user:lee"), roleGroup("g", "group", "Company Administrator", "Mail Recipients")}, []string{"* lee manage exchangeRole tenant via Org > Mail Recipients > The g"}},
		{"direct", []any{enabled}, []string{"* lee read exchangeRole tenant via direct > Mailbox Search"}},
		{"to hand on only, or off", []any{delegating}, nil},
		{"switched off", []any{disabled}, nil},
		{"direct and scoped", []any{direct("Mail Recipients", "Desk", "g"), "known:g", memberOf("g", "user:kim", "user:lee")}, []string{"kim lee manage exchangeRole members:Desk via direct > Mail Recipients"}},
		{"direct in a custom scope", []any{direct("Mail Recipients", "Desk", "")}, []string{"* lee manage exchangeRole members:Desk via direct > Mail Recipients (who is in the scope is not known)"}},
		{"directory role", []any{entra(globalAdmin, "lee", "user", "active", "/")}, []string{"* lee manage directoryRole tenant via Chief"}},
		{"eligible", []any{entra(recipientAdmin, "lee", "user", "eligible", "/")}, []string{"* lee manage directoryRole tenant via Chief (eligible, not active)"}},
		{"directory role by group", []any{"known:g", memberOf("g", "servicePrincipal:app"), entra(globalAdmin, "g", "group", "active", "/")}, []string{"* app manage directoryRole tenant via Chief > The g"}},
		{"in an administrative unit", []any{entra(globalAdmin, "lee", "user", "active", "/administrativeUnits/1")}, nil},
		{"another role", []any{entra(facts.GlobalReader, "lee", "user", "active", "/")}, nil},
	})
}

// Every capability of the tables is one that the dataset knows.
func TestFactsUseTheWordsOfTheDataset(t *testing.T) {
	words := map[string]bool{snapshot.CanRead: true, snapshot.CanChange: true, snapshot.CanSendAs: true, snapshot.CanManage: true}
	for _, role := range []string{"ApplicationImpersonation", "Mailbox Import Export", "Mailbox Search", "Role Management", "Mail Recipients"} {
		reach, _ := facts.ExchangeRole(role)
		for _, can := range reach.Can {
			if !words[can] {
				t.Errorf("%s: %q", role, can)
			}
		}
	}
	for _, p := range []string{"full_access_as_app", "Mail.ReadWrite", "Mail.Send"} {
		reach, _ := facts.MailPermission(p, facts.Application)
		for _, can := range reach.Can {
			if !words[can] {
				t.Errorf("%s: %q", p, can)
			}
		}
	}
}
