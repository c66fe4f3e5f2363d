package checks

import (
	"strings"
	"testing"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

const (
	microsoft = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
	stranger  = "aaaaaaaa-0000-4000-8000-000000000001"
)

func app(id, owner string) snapshot.ServicePrincipal {
	return snapshot.ServicePrincipal{ID: id, AppID: "app-" + id, DisplayName: "App " + id, AppOwnerOrganizationID: owner, FirstParty: owner == microsoft}
}

func TestDelegatedGrantsAllPrincipals(t *testing.T) {
	const id = "oauth.delegated_grants_all_principals"
	// grant makes one row per scope; a scope is "name" or "name=tier".
	grant := func(n, client, consent string, scopes ...string) []any {
		var rows []any
		for _, s := range scopes {
			name, tier, _ := strings.Cut(s, "=")
			rows = append(rows, snapshot.OAuth2PermissionGrant{ID: n, Client: client, ClientName: "App " + client, ConsentType: consent, Resource: "graph", ResourceName: "Microsoft Graph", Scope: name, Tier: tier})
		}
		return rows
	}
	const all = "AllPrincipals"
	in := func(more ...[]any) *fake {
		rows := []any{app("c", stranger), app("ms", microsoft)}
		for _, m := range more {
			rows = append(rows, m...)
		}
		return with(rows...)
	}
	runRows(t, id, []row{
		{"critical scope", in(grant("g", "c", all, "openid=low", "Directory.AccessAsUser.All=critical")), "fail 1/1", "high oauth2PermissionGrant g", ""},
		{"high scope", in(grant("g", "c", all, "Mail.Read=high", "Calendars.Read=medium")), "fail 1/1", "high oauth2PermissionGrant g", ""},
		{"medium scope", in(grant("g", "c", all, "User.Read=low", "Group.Read.All=medium")), "fail 1/1", "medium oauth2PermissionGrant g", ""},
		{"low scope", in(grant("g", "c", all, "User.ReadBasic.All=low")), "fail 1/1", "low oauth2PermissionGrant g", ""},
		{"unrated scope", in(grant("g", "c", all, "access_as_user")), "fail 1/1", "low oauth2PermissionGrant g", ""},
		{"sign-in scopes alone", in(grant("g", "c", all, "openid", "profile", "email", "offline_access=medium", "user.read=low")), "info 1/1", "info oauth2PermissionGrant g", ""},
		{"no scope left", in(grant("g", "c", all, "")), "info 1/1", "info oauth2PermissionGrant g", ""},
		{"one user's grant", in(grant("g", "c", "Principal", "Mail.Read=high")), "pass 0/0", "", ""},
		{"Microsoft's client", in(grant("g", "ms", all, "Mail.Read=high")), "pass 1/1", "", ""},
		{"a name proves nothing", with(append(grant("g", "x", all, "Mail.Read=high"),
			snapshot.ServicePrincipal{ID: "x", AppID: facts.MicrosoftGraph, DisplayName: "Microsoft Graph", AppOwnerOrganizationID: stranger})...), "fail 1/1", "high oauth2PermissionGrant g", ""},
		{"client without an owner tenant", with(append(grant("g", "x", all, "Mail.Read=high"), app("x", ""))...), "fail 1/1", "high oauth2PermissionGrant g", ""},
		{"client that is gone", in(grant("g", "gone", all, "Mail.Read=high")), "fail 1/1", "high oauth2PermissionGrant g", ""},
		{"client that was not read", in(grant("g", "unread", all, "Mail.Read=high")).gap(cover(snapshot.ServicePrincipals, snapshot.CoveragePartial, 0, 1, snapshot.Interrupted)),
			"not-evaluated 0/1", "", "who owns the client application is not known (1)"},
		{"sign-in scopes beside a gap", in(grant("g", "c", all, "openid")).gap(cover(snapshot.OAuth2PermissionGrants, snapshot.CoveragePartial, 0, 1, snapshot.Interrupted)),
			"not-evaluated 1/2", "info oauth2PermissionGrant g", "oauth2PermissionGrants: partial"},
		{"several grants, in order", in(grant("b", "c", all, "Mail.Read=high"), grant("a", "c", all, "openid"), grant("c", "c", all, "x=low")), "fail 3/3",
			"info oauth2PermissionGrant a\nhigh oauth2PermissionGrant b\nlow oauth2PermissionGrant c", ""},
	})
	everyNeed(t, id, append(grant("g", "ms", all, "Mail.Read=high"), app("ms", microsoft))...)

	_, found := judge(t, id, in(grant("g", "c", all, "access_as_user")))
	if found[0].Details["unrated"] != true || !strings.Contains(found[0].Summary, "unrated") {
		t.Errorf("unrated is not said: %+v", found[0])
	}
}

func TestTier0ApplicationPermissions(t *testing.T) {
	const id = "oauth.tier0_application_permissions"
	const (
		roleManagement = "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8" // RoleManagement.ReadWrite.Directory: escalation
		consent        = "8e8e4742-1d95-4f68-9d56-6ee75648c72a" // DelegatedPermissionGrant.ReadWrite.All: consent
		mailRead       = "810c84a8-4a9e-49e6-bf7d-12d183f40d01" // Mail.Read: critical, impact mail
		manageAsApp    = "dc50a0fb-09a3-484d-be87-e023b12c6440" // Exchange.ManageAsApp
	)
	graph := snapshot.ServicePrincipal{ID: "graph", AppID: facts.MicrosoftGraph, AppOwnerOrganizationID: microsoft, FirstParty: true}
	exchange := snapshot.ServicePrincipal{ID: "exo", AppID: facts.ExchangeOnline, AppOwnerOrganizationID: microsoft, FirstParty: true}
	assign := func(n, principal, kind, resource, role string) snapshot.AppRoleAssignment {
		return snapshot.AppRoleAssignment{ID: n, Principal: principal, PrincipalType: kind, PrincipalName: "App " + principal, Resource: resource, AppRoleID: role, Tier: "critical"}
	}
	direct := func(n, principal, resource, role string) snapshot.AppRoleAssignment {
		return assign(n, principal, "ServicePrincipal", resource, role)
	}
	role := func(member, template, assignment string) snapshot.DirectoryRoleAssignment {
		return snapshot.DirectoryRoleAssignment{Role: template, RoleTemplateID: template, Member: member, Assignment: assignment, Scope: "/"}
	}
	inGroup := func(group, member, kind string) snapshot.GroupMember {
		return snapshot.GroupMember{Group: group, Member: member, MemberType: kind}
	}
	const exchangeAdmin = "29232cdf-9323-42fd-ade2-1d097af3e4de"
	in := func(rows ...any) *fake { return with(append([]any{graph, exchange, app("c", stranger)}, rows...)...) }
	own := snapshot.ServicePrincipal{ID: "api", AppID: "app-api", DisplayName: "Our API", AppOwnerOrganizationID: stranger}
	runRows(t, id, []row{
		{"nothing held", in(), "pass 1/1", "", ""},
		{"escalation", in(direct("1", "c", "graph", roleManagement)), "fail 1/1", "critical servicePrincipal c", ""},
		{"several permissions are one finding", in(direct("1", "c", "graph", roleManagement), direct("2", "c", "graph", consent)), "fail 1/1", "critical servicePrincipal c", ""},
		{"critical, but for mail", in(direct("1", "c", "graph", mailRead)), "pass 1/1", "", ""},
		{"Microsoft's own", in(app("ms", microsoft), direct("1", "ms", "graph", roleManagement)), "pass 1/1", "", ""},
		{"the same id on an API of our own", in(own, direct("1", "c", "api", roleManagement)), "pass 2/2", "", ""},
		{"a resource that is not listed", in(direct("1", "c", "elsewhere", roleManagement)), "fail 1/1", "critical servicePrincipal c", ""},
		{"a user's assignment", in(assign("1", "c", "User", "graph", roleManagement)), "pass 1/1", "", ""},
		{"through a group", in(assign("1", "g", "Group", "graph", roleManagement), inGroup("g", "c", "servicePrincipal"), inGroup("g", "kim", "user")), "fail 1/1", "critical servicePrincipal c", ""},
		{"a group of people", in(assign("1", "g", "Group", "graph", roleManagement), inGroup("g", "c", "user")), "pass 1/1", "", ""},
		{"ManageAsApp alone", in(direct("1", "c", "exo", manageAsApp)), "pass 1/1", "", ""},
		{"ManageAsApp and a role", in(direct("1", "c", "exo", manageAsApp), role("c", exchangeAdmin, "active")), "fail 1/1", "critical servicePrincipal c", ""},
		{"ManageAsApp and a role through a group", in(direct("1", "c", "exo", manageAsApp), role("g", exchangeAdmin, "active"), inGroup("g", "c", "servicePrincipal")), "fail 1/1", "critical servicePrincipal c", ""},
		{"ManageAsApp and somebody else's role", in(direct("1", "c", "exo", manageAsApp), role("kim", exchangeAdmin, "active")), "pass 1/1", "", ""},
		{"ManageAsApp and read-only roles", in(direct("1", "c", "exo", manageAsApp), role("c", strings.ToUpper(facts.GlobalReader), "active"), role("c", facts.SecurityReader, "active"),
			snapshot.ExchangeRoleAssignment{RoleGroup: "View-Only Organization Management", Member: "c"}), "pass 1/1", "", ""},
		{"ManageAsApp and a role group", in(direct("1", "c", "exo", manageAsApp), snapshot.ExchangeRoleAssignment{RoleGroup: "Organization Management", Member: "c"}), "fail 1/1", "critical servicePrincipal c", ""},
		{"ManageAsApp and a role group that names the application id", in(direct("1", "c", "exo", manageAsApp), snapshot.ExchangeRoleAssignment{RoleGroup: "Recipient Management", Member: "app-c"}), "fail 1/1", "critical servicePrincipal c", ""},
		{"ManageAsApp while roles are denied", in(direct("1", "c", "exo", manageAsApp)).gap(cover(snapshot.DirectoryRoleAssignments, snapshot.CoverageDenied, 0, 1, snapshot.MissingPrivilege)),
			"not-evaluated 0/1", "", "directoryRoleAssignments: denied"},
		{"escalation while roles are denied", in(direct("1", "c", "graph", roleManagement)).gap(cover(snapshot.DirectoryRoleAssignments, snapshot.CoverageDenied, 0, 1, snapshot.MissingPrivilege)),
			"fail 1/2", "critical servicePrincipal c", "directoryRoleAssignments: denied"},
		{"a principal that is gone", in(direct("1", "gone", "graph", roleManagement)), "fail 2/2", "critical servicePrincipal gone", ""},
		{"a principal that was not read", in(direct("1", "unread", "graph", roleManagement)).gap(cover(snapshot.ServicePrincipals, snapshot.CoveragePartial, 0, 1, snapshot.Interrupted)),
			"not-evaluated 1/2", "", "who owns the application is not known (1)"},
	})
	everyNeed(t, id, graph, app("c", stranger), direct("1", "c", "graph", mailRead), role("kim", exchangeAdmin, "active"),
		snapshot.ExchangeRoleAssignment{RoleGroup: "Organization Management", Member: "kim"}, inGroup("g", "kim", "user"))
}
