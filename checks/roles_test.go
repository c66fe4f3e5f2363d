package checks

import (
	"strings"
	"testing"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

const (
	rolesTestGlobalAdmin   = "62e90394-69f5-4237-9190-012177145e10"
	rolesTestUserAdmin     = "fe930be7-5e62-47db-91af-98c3a49a38b1" // privileged
	rolesTestExchangeAdmin = "29232cdf-9323-42fd-ade2-1d097af3e4de" // not privileged by Microsoft's label
	rolesTestCustom        = "11111111-2222-4333-8444-555555555555"
)

// holdsRole is a directory role for the whole tenant.
func holdsRole(member, kind, template, assignment string) snapshot.DirectoryRoleAssignment {
	return snapshot.DirectoryRoleAssignment{ID: member + template, Role: "Role " + template, RoleTemplateID: template, Member: member,
		MemberType: kind, MemberName: "Name " + member, Assignment: assignment, Scope: "/"}
}

// holdRole gives a role to people, one row for each.
func holdRole(template, assignment string, members ...string) []any {
	var rows []any
	for _, m := range members {
		rows = append(rows, holdsRole(m, "user", template, assignment))
	}
	return rows
}

func TestGlobalAdminCount(t *testing.T) {
	const id = "roles.global_admin_count"
	in := func(lists ...[]any) *fake {
		var rows []any
		for _, l := range lists {
			rows = append(rows, l...)
		}
		return with(rows...)
	}
	admins := func(members ...string) []any {
		return holdRole(strings.ToUpper(rolesTestGlobalAdmin), "active", members...)
	}
	one := func(rows ...any) []any { return rows }
	unit := holdsRole("d", "user", rolesTestGlobalAdmin, "active")
	unit.Scope = "/administrativeUnits/1"
	const tenant = "high tenant tenant-1"
	runRows(t, id, []row{
		{"two", in(admins("a", "b")), "pass 1/1", "", ""},
		{"four", in(admins("a", "b", "c", "d")), "pass 1/1", "", ""},
		{"five", in(admins("a", "b", "c", "d", "e")), "fail 1/1", tenant, ""},
		{"one", in(admins("a")), "fail 1/1", tenant, ""},
		{"none", in(holdRole(rolesTestUserAdmin, "active", "a", "b")), "fail 1/1", tenant, ""},
		{"no rows at all", with(), "fail 1/1", tenant, ""},
		{"eligible ones count", in(admins("a"), holdRole(rolesTestGlobalAdmin, "eligible", "b")), "pass 1/1", "", ""},
		{"active and eligible is one person", in(admins("a", "b", "c", "d"), holdRole(rolesTestGlobalAdmin, "eligible", "A", "b")), "pass 1/1", "", ""},
		{"through a group, once", in(admins("a", "b", "c"), one(holdsRole("g", "group", rolesTestGlobalAdmin, "active"), memberOf("g", "a", "user"), memberOf("g", "x", "user"), memberOf("g", "sp", "servicePrincipal"))), "pass 1/1", "", ""},
		{"five through a group", in(admins("a", "b", "c"), one(holdsRole("G", "group", rolesTestGlobalAdmin, "eligible"), memberOf("g", "x", "user"), memberOf("g", "y", "guest"))), "fail 1/1", tenant, ""},
		{"members of another group", in(admins("a", "b", "c", "d"), one(memberOf("g", "x", "user"))), "pass 1/1", "", ""},
		{"a guest counts", in(admins("a", "b", "c", "d"), one(holdsRole("e", "guest", rolesTestGlobalAdmin, "active"))), "fail 1/1", tenant, ""},
		{"an application does not", in(admins("a", "b", "c", "d"), one(holdsRole("e", "servicePrincipal", rolesTestGlobalAdmin, "active"))), "pass 1/1", "", ""},
		{"another role does not", in(admins("a", "b", "c", "d"), holdRole(rolesTestUserAdmin, "active", "e")), "pass 1/1", "", ""},
		{"another scope does not", in(admins("a"), one(unit)), "fail 1/1", tenant, ""},
		{"who did not resolve could be the fifth", in(admins("a", "b", "c", "d"), one(holdsRole("e", "unresolved", rolesTestGlobalAdmin, "active"))), "not-evaluated 0/1", "", "did not resolve"},
		{"who did not resolve could be the second", in(admins("a"), one(holdsRole("e", "unresolved", rolesTestGlobalAdmin, "active"))), "not-evaluated 0/1", "", "did not resolve"},
		{"who did not resolve changes nothing", in(admins("a", "b"), one(holdsRole("e", "unresolved", rolesTestGlobalAdmin, "active"))), "pass 1/1", "", ""},
		{"five of a partial list", in(admins("a", "b", "c", "d", "e")).gap(cutShort(snapshot.DirectoryRoleAssignments)), "fail 1/2", tenant, "directoryRoleAssignments: partial"},
		{"one of a partial list", in(admins("a")).gap(cutShort(snapshot.DirectoryRoleAssignments)), "not-evaluated 0/1", "", "directoryRoleAssignments: partial"},
		{"one, while groups are not known", in(admins("a")).gap(cutShort(snapshot.GroupMembers)), "not-evaluated 0/1", "", "groupMembers: partial"},
	})
	everyNeed(t, id, append(admins("a"), holdsRole("g", "group", rolesTestGlobalAdmin, "active"), memberOf("g", "b", "user"))...)
}

func TestAdminsCloudOnly(t *testing.T) {
	const id = "roles.admins_cloud_only"
	synced := func(user string) snapshot.User {
		return snapshot.User{User: user, UserPrincipalName: user + "@contoso.example", OnPremisesSyncEnabled: on()}
	}
	cloud := func(user string) snapshot.User { return snapshot.User{User: user} }
	no := cloud("kim")
	no.OnPremisesSyncEnabled = off()
	guest := synced("kim")
	guest.UserType = "Guest"
	kim := func(template string) snapshot.DirectoryRoleAssignment {
		return holdsRole("kim", "user", template, "active")
	}
	runRows(t, id, []row{
		{"cloud", with(kim(rolesTestGlobalAdmin), cloud("kim")), "pass 1/1", "", ""},
		{"said not to be synchronised", with(kim(rolesTestGlobalAdmin), no), "pass 1/1", "", ""},
		{"synchronised", with(kim(rolesTestUserAdmin), synced("KIM")), "fail 1/1", "high user kim", ""},
		{"eligible", with(holdsRole("kim", "user", rolesTestUserAdmin, "eligible"), synced("kim")), "fail 1/1", "high user kim", ""},
		{"a role that is not privileged", with(kim(rolesTestExchangeAdmin), synced("kim")), "fail 1/1", "medium user kim", ""},
		{"a custom role", with(kim(rolesTestCustom), synced("kim")), "fail 1/1", "medium user kim", ""},
		{"two roles are one finding", with(kim(rolesTestExchangeAdmin), kim(rolesTestUserAdmin), synced("kim")), "fail 1/1", "high user kim", ""},
		{"through a group", with(holdsRole("g", "group", rolesTestUserAdmin, "active"), memberOf("g", "kim", "user"), memberOf("g", "nested", "group"), synced("kim")), "fail 1/1", "high user kim", ""},
		{"synchronised without a role", with(kim(rolesTestUserAdmin), cloud("kim"), synced("lee")), "pass 1/1", "", ""},
		{"a guest by the account", with(kim(rolesTestUserAdmin), guest), "pass 0/0", "", ""},
		{"a guest by the member", with(holdsRole("kim", "guest", rolesTestUserAdmin, "active"), synced("kim")), "pass 0/0", "", ""},
		{"not among the users", with(kim(rolesTestUserAdmin)), "not-evaluated 0/1", "", "the account is not in users (1)"},
	})
	everyNeed(t, id, holdsRole("g", "group", rolesTestUserAdmin, "active"), kim(rolesTestUserAdmin), memberOf("g", "kim", "user"), cloud("kim"))
}

func TestNoPermanentPrivileged(t *testing.T) {
	const id = "roles.no_permanent_privileged"
	p2 := snapshot.SKU{SKUID: "s", Status: "Enabled", ServicePlanIDs: []string{"eec0eb4f-6444-4f95-aba0-50c24d67f998"}}
	warning, suspended := p2, p2
	warning.Status, suspended.Status = "Warning", "Suspended"
	p1 := snapshot.SKU{SKUID: "s", Status: "Enabled", ServicePlans: []string{"AAD_PREMIUM_P2"}, ServicePlanIDs: []string{"41781fb2-bc02-4b7c-bd55-b576c07bb09d"}}
	given := func(n, member, kind, template string) snapshot.RoleAssignmentSchedule {
		return snapshot.RoleAssignmentSchedule{ID: n, Role: "Role", RoleTemplateID: template, Member: member, MemberType: kind, AssignmentType: "Assigned", Scope: "/"}
	}
	activated, inherited, ending := given("1", "kim", "user", rolesTestUserAdmin), given("1", "kim", "user", rolesTestUserAdmin), given("1", "kim", "user", rolesTestUserAdmin)
	activated.AssignmentType, inherited.Inherited, ending.EndDateTime = "Activated", true, inDays(30)
	heir := given("3", "max", "user", rolesTestGlobalAdmin)
	heir.Inherited = true
	self := with(p2, given("1", "KIM", "user", rolesTestUserAdmin))
	self.run.IdentityID = "kim"
	admin := func(n, member string) snapshot.RoleAssignmentSchedule {
		return given(n, member, "user", rolesTestGlobalAdmin)
	}
	const found = "medium roleAssignmentSchedule 1"
	const info1, info2 = "info roleAssignmentSchedule 1", "info roleAssignmentSchedule 2"
	runRows(t, id, []row{
		{"permanent", with(p2, given("1", "kim", "user", rolesTestUserAdmin)), "fail 1/1", found, ""},
		{"in a product that ends soon", with(warning, given("1", "kim", "user", rolesTestUserAdmin)), "fail 1/1", found, ""},
		{"a group", with(p2, given("1", "g", "group", rolesTestUserAdmin)), "fail 1/1", found, ""},
		{"activated", with(p2, activated), "pass 1/1", "", ""},
		{"inherited", with(p2, inherited), "pass 1/1", "", ""},
		{"with an end", with(p2, ending), "pass 1/1", "", ""},
		{"an application", with(p2, given("1", "sp", "servicePrincipal", rolesTestUserAdmin)), "pass 0/0", "", ""},
		{"a role that is not privileged", with(p2, given("1", "kim", "user", rolesTestExchangeAdmin)), "pass 0/0", "", ""},
		{"a custom role", with(p2, given("1", "kim", "user", rolesTestCustom)), "pass 0/0", "", ""},
		{"two emergency accounts", with(p2, admin("1", "kim"), admin("2", "lee")), "info 2/2", info1 + "\n" + info2, ""},
		{"three are no emergency accounts", with(p2, admin("1", "kim"), admin("2", "lee"), admin("3", "max")), "fail 3/3", found + "\nmedium roleAssignmentSchedule 2\nmedium roleAssignmentSchedule 3", ""},
		{"the third through a group", with(p2, admin("1", "kim"), admin("2", "lee"), heir), "fail 3/3", found + "\nmedium roleAssignmentSchedule 2", ""},
		{"Global Administrator of a group", with(p2, given("1", "g", "group", rolesTestGlobalAdmin)), "fail 1/1", found, ""},
		{"the identity of the review", self, "info 1/1", info1, ""},
		{"no P2, whatever a plan is called", with(p1, given("1", "kim", "user", rolesTestUserAdmin)), "not-evaluated 0/1", "", "not licensed: needs Entra ID P2 (service plan eec0eb4f-6444-4f95-aba0-50c24d67f998)"},
		{"a suspended product", with(suspended), "not-evaluated 0/1", "", "not licensed"},
		{"products not read", with().gap(cutShort(snapshot.SKUs)), "not-evaluated 0/1", "", "skus: partial"},
		{"products not read in full, but P2 among them", with(p2, given("1", "kim", "user", rolesTestUserAdmin)).gap(cutShort(snapshot.SKUs)), "fail 1/2", found, "skus: partial"},
	})
	everyNeed(t, id, p2, activated, holdsRole("kim", "user", rolesTestUserAdmin, "eligible"))

	_, list := judge(t, id, with(p2, given("1", "kim", "user", rolesTestUserAdmin), holdsRole("KIM", "user", rolesTestUserAdmin, "eligible")))
	if list[0].Details["alsoEligible"] != true {
		t.Errorf("details %+v", list[0].Details)
	}
	r, _ := judge(t, id, with(p1))
	if strings.Contains(r.Cause, "skus:") {
		t.Errorf("cause %q", r.Cause)
	}
}

func TestServicePrincipalsPrivileged(t *testing.T) {
	const id = "roles.service_principals_privileged"
	sp := func(template string) snapshot.DirectoryRoleAssignment {
		return holdsRole("c", "servicePrincipal", template, "active")
	}
	auditor := func(rows ...any) *fake {
		f := with(append(rows, app("c", "tenant-1"))...)
		f.run.IdentityID = "C"
		return f
	}
	c := app("c", "tenant-1")
	const high, medium, info = "high servicePrincipal c", "medium servicePrincipal c", "info servicePrincipal c"
	runRows(t, id, []row{
		{"privileged", with(c, sp(rolesTestUserAdmin)), "fail 1/1", high, ""},
		{"eligible", with(c, holdsRole("C", "servicePrincipal", rolesTestUserAdmin, "eligible")), "fail 1/1", "high servicePrincipal C", ""},
		{"through a group", with(c, holdsRole("g", "group", rolesTestUserAdmin, "active"), memberOf("g", "c", "servicePrincipal"), memberOf("g", "kim", "user")), "fail 1/1", high, ""},
		{"reads only", with(c, sp(facts.GlobalReader), sp(strings.ToUpper(facts.SecurityReader))), "fail 1/1", medium, ""},
		{"reads and more", with(c, sp(facts.GlobalReader), sp(rolesTestUserAdmin)), "fail 1/1", high, ""},
		{"reads, and a role without the label", with(c, sp(facts.GlobalReader), sp(rolesTestExchangeAdmin)), "fail 1/1", high, ""},
		{"a role without the label", with(c, sp(rolesTestExchangeAdmin)), "pass 1/1", "", ""},
		{"the identity of the review reads", auditor(sp(facts.GlobalReader)), "info 1/1", info, ""},
		{"the identity of the review does more", auditor(sp(facts.GlobalReader), sp(rolesTestExchangeAdmin)), "fail 1/1", high, ""},
		{"Microsoft's", with(app("c", microsoft), sp(rolesTestUserAdmin)), "pass 0/0", "", ""},
		{"a person", with(c, holdsRole("kim", "user", rolesTestUserAdmin, "active")), "pass 0/0", "", ""},
		{"gone", with(sp(rolesTestUserAdmin)), "fail 1/1", high, ""},
		{"not read", with(sp(rolesTestUserAdmin)).gap(cutShort(snapshot.ServicePrincipals)), "not-evaluated 0/1", "", "who owns the application is not known (1)"},
	})
	everyNeed(t, id, c, sp(rolesTestExchangeAdmin), holdsRole("g", "group", rolesTestUserAdmin, "active"), memberOf("g", "kim", "user"))
}

func TestGuestsPrivileged(t *testing.T) {
	const id = "roles.guests_privileged"
	runRows(t, id, []row{
		{"guest", with(holdsRole("kim", "guest", rolesTestExchangeAdmin, "active")), "fail 1/1", "high user kim", ""},
		{"eligible for a custom role", with(holdsRole("kim", "guest", rolesTestCustom, "eligible")), "fail 1/1", "high user kim", ""},
		{"by the account", with(holdsRole("kim", "user", rolesTestUserAdmin, "active"), snapshot.User{User: "KIM", UserType: "guest"}), "fail 1/1", "high user kim", ""},
		{"through a group", with(holdsRole("g", "group", rolesTestUserAdmin, "active"), memberOf("g", "kim", "guest"), memberOf("g", "lee", "user")), "fail 2/2", "high user kim", ""},
		{"a member", with(holdsRole("kim", "user", rolesTestUserAdmin, "active"), snapshot.User{User: "kim", UserType: "Member"}), "pass 1/1", "", ""},
		{"a guest without a role", with(holdsRole("kim", "user", rolesTestUserAdmin, "active"), snapshot.User{User: "lee", UserType: "Guest"}, memberOf("g", "lee", "guest")), "pass 1/1", "", ""},
		{"an application", with(holdsRole("c", "servicePrincipal", rolesTestUserAdmin, "active")), "pass 0/0", "", ""},
	})
	everyNeed(t, id, holdsRole("kim", "user", rolesTestUserAdmin, "active"), holdsRole("g", "group", rolesTestUserAdmin, "active"), memberOf("g", "lee", "user"), snapshot.User{User: "kim", UserType: "Member"})
}

func TestDisabledPrivileged(t *testing.T) {
	const id = "roles.disabled_privileged"
	account := func(enabled *bool) snapshot.User { return snapshot.User{User: "kim", AccountEnabled: enabled} }
	kim := holdsRole("kim", "user", rolesTestUserAdmin, "active")
	runRows(t, id, []row{
		{"enabled", with(kim, account(on())), "pass 1/1", "", ""},
		{"disabled", with(kim, account(off())), "fail 1/1", "low user kim", ""},
		{"a disabled guest, eligible", with(holdsRole("kim", "guest", rolesTestUserAdmin, "eligible"), account(off())), "fail 1/1", "low user kim", ""},
		{"through a group", with(holdsRole("g", "group", rolesTestUserAdmin, "active"), memberOf("G", "kim", "user"), account(off())), "fail 1/1", "low user kim", ""},
		{"a role without the label", with(holdsRole("kim", "user", rolesTestExchangeAdmin, "active"), account(off())), "pass 0/0", "", ""},
		{"disabled without a role", with(kim, account(on()), snapshot.User{User: "lee", AccountEnabled: off()}), "pass 1/1", "", ""},
		{"not sent", with(kim, account(nil)), "not-evaluated 0/1", "", "accountEnabled was not sent (1)"},
		{"not among the users", with(kim), "not-evaluated 0/1", "", "the account is not in users (1)"},
	})
	everyNeed(t, id, kim, holdsRole("g", "group", rolesTestUserAdmin, "active"), memberOf("g", "kim", "user"), account(on()))
}
