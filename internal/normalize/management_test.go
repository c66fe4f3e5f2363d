package normalize

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"tenantaudit/internal/snapshot"
)

// assignment is a role assignment; extra takes the place of what it has by default.
func assignment(id, role, kind, assignee, extra string) string {
	for _, p := range []string{`"Enabled":true`, `"RoleAssignmentDelegationType":"Regular"`, `"RecipientWriteScope":"Organization"`} {
		name, _, _ := strings.Cut(p, ":")
		if !strings.Contains(extra, name+":") {
			extra += "," + p
		}
	}
	return fmt.Sprintf(`{"Identity":%q,"Name":%q,"Role":%q,"RoleAssigneeType":%q,"RoleAssignee":%q,"RoleAssigneeName":%q%s}`, id, id, role, kind, assignee, assignee, extra)
}

func TestManagementRoleAssignments(t *testing.T) {
	f := people(t, "")
	f.list("graph/servicePrincipals", fmt.Sprintf(`{"id":%q,"appId":%q,"displayName":"Bot"}`, app, appID))
	f.list("exo/Get-ServicePrincipal", fmt.Sprintf(`{"ObjectId":%q,"AppId":%q,"DisplayName":"Bot","Identity":%q}`, app, appID, app))
	f.list("exo/Get-ManagementRoleAssignment",
		assignment("1", "Mail Recipients", "RoleGroup", "Organization Management", ""),
		assignment("2", "MyBaseOptions", "roleassignmentpolicy", "Default Role Assignment Policy", ""),
		assignment("3", "ApplicationImpersonation", "User", kim, ""),
		assignment("4", "Mailbox Search", "SecurityGroup", "Sales", `,"RoleAssignmentDelegationType":"DelegatingOrgWide"`),
		assignment("5", "Application Mail.Read", "ServicePrincipal", app, `,"CustomResourceScope":"Sales","RecipientWriteScope":"CustomRecipientScope"`),
		assignment("6", "Mailbox Import Export", "User", "Somebody who left", `,"CustomRecipientWriteScope":"Berlin","Enabled":false`),
		assignment("7", "View-Only Recipients", "User", guest, `,"RecipientWriteScope":"None","Enabled":null`),
		assignment("8", "Mail Recipients", "User", "lee@contoso.example", `,"RecipientWriteScope":"OU"`),
		assignment("8", "Mail Recipients", "User", "lee@contoso.example", ""),
		assignment("9", "Application Mail.Send", "ServicePrincipal", "99999999-0000-4000-8000-000000000009", ""))
	f.run()
	if c := f.coverage(snapshot.ManagementRoleAssignments); c.State != snapshot.CoverageComplete {
		t.Errorf("coverage %+v", c)
	}
	wantRows(t, "assignments", rows[snapshot.ManagementRoleAssignment](f), []snapshot.ManagementRoleAssignment{
		{ID: "3", Role: "ApplicationImpersonation", Assignee: kim, AssigneeName: "Kim Berg", AssigneeType: "user", Enabled: yes()},
		{ID: "4", Role: "Mailbox Search", Assignee: sales, AssigneeName: "Sales", AssigneeType: "group", Delegating: true, Enabled: yes()},
		{ID: "5", Role: "Application Mail.Read", Assignee: app, AssigneeName: "Bot", AssigneeType: "servicePrincipal", AppID: appID, Enabled: yes(), Scope: "Sales", ScopeID: sales},
		{ID: "6", Role: "Mailbox Import Export", Assignee: "Somebody who left", AssigneeName: "Somebody who left", AssigneeType: "unresolved", Enabled: no(), Scope: "Berlin"},
		{ID: "7", Role: "View-Only Recipients", Assignee: guest, AssigneeName: "Ann", AssigneeType: "guest"},
		{ID: "8", Role: "Mail Recipients", Assignee: lee, AssigneeName: "Lee O'Brien", AssigneeType: "user", Enabled: yes(), Scope: "OU"},
		{ID: "9", Role: "Application Mail.Send", Assignee: "99999999-0000-4000-8000-000000000009", AssigneeName: "99999999-0000-4000-8000-000000000009", AssigneeType: "unresolved", Enabled: yes()},
	})
}

// Groups that hold a role, or limit one, are groups of interest.
func TestGroupsOfDirectRoles(t *testing.T) {
	for what, row := range map[string]string{
		"assignee": assignment("1", "Mailbox Search", "SecurityGroup", "Sales", ""),
		"scope":    assignment("1", "Mailbox Search", "User", kim, `,"CustomRecipientWriteScope":"Sales"`),
	} {
		f := people(t, "")
		f.list("exo/Get-ManagementRoleAssignment", row)
		if got, err := GroupsOfInterest(t.Context(), f.store); err != nil || !reflect.DeepEqual(got, []string{sales}) {
			t.Errorf("%s: groups = %q, %v; want %s", what, got, err, sales)
		}
	}
}

func TestDirectRolesThatSayTooLittle(t *testing.T) {
	f := people(t, "")
	f.list("exo/Get-ManagementRoleAssignment", `{"Identity":"1","Role":"Mailbox Search","RoleAssignee":"Sales"}`)
	f.run()
	if got := rows[snapshot.ManagementRoleAssignment](f); len(got) != 0 {
		t.Errorf("rows %+v", got)
	}
	if c := f.coverage(snapshot.ManagementRoleAssignments); c.State != snapshot.CoveragePartial || len(c.Reasons) != 1 || c.Reasons[0].Count != 1 {
		t.Errorf("coverage %+v, want a gap", c)
	}
	// Who matched nobody may be one of those that were not read.
	f = people(t, "")
	f.put("graph/users", "", "000001", snapshot.Denied)
	f.list("exo/Get-ManagementRoleAssignment", assignment("1", "Mailbox Search", "User", "Somebody", ""))
	f.run()
	if c := f.coverage(snapshot.ManagementRoleAssignments); c.State != snapshot.CoveragePartial {
		t.Errorf("coverage %+v, want a part", c)
	}
}
