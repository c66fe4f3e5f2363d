package checks

import (
	"strings"
	"testing"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

// held are the four kinds of grants over m@contoso.example, in short.
func mailboxRight(who snapshot.TrusteeRef, rights ...string) snapshot.MailboxPermission {
	return snapshot.MailboxPermission{Mailbox: "m", MailboxAddress: "m@contoso.example", TrusteeRef: who, Rights: rights}
}

func sendAsRight(who snapshot.TrusteeRef, control string) snapshot.SendAsPermission {
	return snapshot.SendAsPermission{Recipient: "m", RecipientAddress: "m@contoso.example", TrusteeRef: who, Rights: []string{"SendAs"}, AccessControlType: control}
}

func onBehalfRight(who snapshot.TrusteeRef) snapshot.SendOnBehalfDelegate {
	return snapshot.SendOnBehalfDelegate{Mailbox: "m", MailboxAddress: "m@contoso.example", TrusteeRef: who}
}

func folderRight(who snapshot.TrusteeRef, folderType, role string, rights ...string) snapshot.FolderPermission {
	if rights == nil {
		rights = []string{}
	}
	return snapshot.FolderPermission{Mailbox: "m", MailboxAddress: "m@contoso.example", FolderPath: "/" + folderType, FolderID: "f" + folderType, FolderType: folderType,
		TrusteeRef: who, Roles: []string{role}, Rights: rights, SharingFlags: []string{}}
}

func TestDefaultFolderRights(t *testing.T) {
	const id = "delegation.default_folder_rights"
	everybody, anybody := trustee("Standard", snapshot.TrusteeDefault), trustee("Anonym", snapshot.TrusteeAnonymous)
	runRows(t, id, []row{
		{"default reads", with(folderRight(everybody, "Inbox", "Reviewer", "FolderVisible", "ReadItems")), "fail 1/1", "high folderPermission m|fInbox|Standard", ""},
		{"anonymous reads", with(folderRight(anybody, "Calendar", "Reviewer", "FolderVisible", "ReadItems")), "fail 1/1", "critical folderPermission m|fCalendar|Anonym", ""},
		{"a right over the folder alone", with(folderRight(everybody, "Root", "FolderVisible", "FolderVisible")), "fail 1/1", "high folderPermission m|fRoot|Standard", ""},
		{"free/busy and none", with(folderRight(everybody, "Calendar", "AvailabilityOnly"), folderRight(everybody, "Archive", "LimitedDetails"), folderRight(anybody, "Inbox", "None")), "pass 1/1", "", ""},
		{"a person of that name, and a delegate", with(folderRight(trustee("Standard", "unresolved"), "Inbox", "Owner", "ReadItems"), folderRight(trustee("kim", "user"), "Calendar", "Editor", "ReadItems")), "pass 1/1", "", ""},
		{"a role that is not known", with(folderRight(everybody, "Inbox", "Curator"), folderRight(anybody, "Inbox", "Curator")), "not-evaluated 0/1", "", "is not known (1)"},
		{"some mailboxes were not read", with(folderRight(anybody, "Inbox", "Author", "ReadItems")).gap(cover(snapshot.FolderPermissions, snapshot.CoveragePartial, 1, 4, snapshot.ServiceError)),
			"fail 1/4", "critical folderPermission m|fInbox|Anonym", "folderPermissions: partial"},
	})
	everyNeed(t, id, folderRight(everybody, "Calendar", "AvailabilityOnly"))
	_, found := judge(t, id, with(folderRight(anybody, "Calendar", "Reviewer", "FolderVisible", "ReadItems")))
	if raised := found[0].Details["raised"].([]string); len(raised) != 1 || !strings.Contains(found[0].Summary, "without signing in") || !strings.Contains(found[0].Summary, "Reviewer") {
		t.Errorf("what raised it is not said: %+v", found[0])
	}
}

func TestExternalSharing(t *testing.T) {
	const id = "delegation.external_sharing"
	guest := trustee("lee", snapshot.TrusteeGuest)
	project, staff := trustee("project", snapshot.TrusteeGroup), trustee("staff", snapshot.TrusteeGroup)
	in := func(group, member, kind string) snapshot.GroupMember {
		return snapshot.GroupMember{Group: "id-" + group, Member: member, MemberType: kind, MemberName: "Name of " + member}
	}
	inherited, denied := mailboxRight(guest, "FullAccess"), mailboxRight(guest, "FullAccess")
	inherited.Inherited, denied.Deny = true, true
	runRows(t, id, []row{
		{"a guest, every way", with(mailboxRight(guest, "FullAccess"), sendAsRight(guest, "Allow"), onBehalfRight(guest), folderRight(guest, "Inbox", "Reviewer", "ReadItems")), "fail 1/1",
			"medium folderPermission m|fInbox|lee\nhigh sendOnBehalf m|lee\nhigh sendAs m|lee||Allow\nhigh mailboxPermission m|lee||false|false", ""},
		{"external and contact", with(folderRight(trustee("ExchangePublishedUser.a@b.example", snapshot.TrusteeExternal), "Calendar", "Reviewer", "ReadItems"), sendAsRight(trustee("partner", snapshot.TrusteeContact), "Allow")), "fail 1/1",
			"medium folderPermission m|fCalendar|ExchangePublishedUser.a@b.example\nhigh sendAs m|partner||Allow", ""},
		{"a group with a guest", with(mailboxRight(project, "FullAccess"), folderRight(project, "Inbox", "Editor", "ReadItems"), in("project", "u", "user"), in("project", "g", "guest")), "fail 1/1",
			"medium folderPermission m|fInbox|project\nmedium mailboxPermission m|project||false|false", ""},
		{"free/busy alone", with(folderRight(guest, "Calendar", "AvailabilityOnly")), "fail 1/1", "low folderPermission m|fCalendar|lee", ""},
		{"a group of our own people, a user, and what gives nothing", with(mailboxRight(staff, "FullAccess"), in("staff", "u", "user"), in("staff", "c", "contact"), sendAsRight(trustee("kim", "user"), "Allow"),
			inherited, denied, sendAsRight(guest, "Deny"), folderRight(guest, "Inbox", "None"), in("other", "g", "guest")), "pass 1/1", "", ""},
		{"members not known", with(mailboxRight(project, "FullAccess")).gap(cover(snapshot.GroupMembers, snapshot.CoverageDenied, 0, 1, snapshot.MissingPrivilege)), "not-evaluated 0/1", "", "groupMembers: denied"},
	})
	everyNeed(t, id, mailboxRight(trustee("kim", "user"), "FullAccess"), sendAsRight(trustee("kim", "user"), "Allow"), onBehalfRight(trustee("kim", "user")), folderRight(trustee("kim", "user"), "Inbox", "Editor", "ReadItems"), in("staff", "u", "user"))
	_, found := judge(t, id, with(mailboxRight(project, "FullAccess"), in("project", "u", "user"), in("project", "g", "guest")))
	if f := found[0]; f.Details["guests"] != 1 || f.Details["members"] != 2 || !strings.Contains(f.Summary, "1 guest") || len(f.Evidence) != 2 {
		t.Errorf("a group without its guests: %+v", f)
	}
}

func TestPermissionTakeover(t *testing.T) {
	const id = "delegation.permission_takeover"
	kim := trustee("kim", "user")
	role := func(member, template, assignment, scope string) snapshot.DirectoryRoleAssignment {
		return snapshot.DirectoryRoleAssignment{Role: "A role", RoleTemplateID: template, Member: member, MemberType: "user", Assignment: assignment, Scope: scope}
	}
	inherited, denied := mailboxRight(kim, "ChangeOwner"), mailboxRight(kim, "ChangeOwner")
	inherited.Inherited, denied.Deny = true, true
	found := "high mailboxPermission m|kim||false|false"
	runRows(t, id, []row{
		{"mailbox rights", with(mailboxRight(kim, "ChangePermission", "ReadPermission"), mailboxRight(trustee("S-1-5-21-1", "orphaned"), "ChangeOwner")), "fail 1/1", "high mailboxPermission m|S-1-5-21-1||false|false\n" + found, ""},
		{"owner of the root, anonymous too", with(folderRight(kim, "Root", "Owner", "FolderOwner", "ReadItems"), folderRight(trustee("Anonymous", "anonymous"), "Root", "FolderOwner", "FolderOwner")), "fail 1/1",
			"high folderPermission m|fRoot|Anonymous\nhigh folderPermission m|fRoot|kim", ""},
		{"global administrator", with(mailboxRight(kim, "ChangePermission"), role("id-kim", strings.ToUpper(globalAdministrator), "active", "/")), "info 1/1", "info mailboxPermission m|kim||false|false", ""},
		{"exchange administrator by group", with(mailboxRight(kim, "ChangePermission"), role("g", exchangeAdministrator, "active", "/"), snapshot.GroupMember{Group: "g", Member: "id-kim", MemberType: "user"}), "info 1/1", "info mailboxPermission m|kim||false|false", ""},
		{"the group itself", with(mailboxRight(trustee("g", "group"), "ChangePermission"), role("id-g", exchangeAdministrator, "active", "/")), "info 1/1", "info mailboxPermission m|g||false|false", ""},
		{"eligible, another scope, another role", with(mailboxRight(kim, "ChangePermission"), role("id-kim", globalAdministrator, "eligible", "/"), role("id-kim", exchangeAdministrator, "active", "/administrativeUnits/1"),
			role("id-kim", "fe930be7-5e62-47db-91af-98c3a49a38b1", "active", "/")), "fail 1/1", found, ""},
		{"somebody without an id and a role without a member", with(mailboxRight(snapshot.TrusteeRef{Trustee: "robin", TrusteeType: "unresolved"}, "ChangeOwner"), role("", globalAdministrator, "active", "/")), "fail 1/1", "high mailboxPermission m|robin||false|false", ""},
		{"other rights, deny, inherited, the service's own, another folder", with(mailboxRight(kim, "FullAccess", "ReadPermission"), inherited, denied, mailboxRight(trustee(`X\Exchange Servers`, "well-known"), "ChangeOwner"),
			folderRight(kim, "Inbox", "Owner", "FolderOwner"), folderRight(kim, "Root", "Reviewer", "ReadItems"), folderRight(trustee("Owner@local", "well-known"), "Root", "Owner", "FolderOwner")), "pass 1/1", "", ""},
	})
	everyNeed(t, id, mailboxRight(kim, "FullAccess"), folderRight(kim, "Inbox", "Owner", "FolderOwner"), role("a", globalAdministrator, "active", "/"))
}

func TestOrphanedTrustees(t *testing.T) {
	const id = "delegation.orphaned_trustees"
	gone, kim := trustee("S-1-5-21-9", snapshot.TrusteeOrphaned), trustee("kim", "user")
	denied := mailboxRight(gone, "FullAccess")
	denied.Deny = true
	runRows(t, id, []row{
		{"every way", with(mailboxRight(gone, "FullAccess"), sendAsRight(gone, "Allow"), onBehalfRight(gone), folderRight(gone, "Calendar", "AvailabilityOnly")), "fail 1/1",
			"low sendOnBehalf m|S-1-5-21-9\nlow sendAs m|S-1-5-21-9||Allow\nlow mailboxPermission m|S-1-5-21-9||false|false\nlow folderPermission m|fCalendar|S-1-5-21-9", ""},
		{"not resolved is not deleted", with(mailboxRight(trustee("robin", "unresolved"), "FullAccess"), mailboxRight(kim, "FullAccess")), "pass 1/1", "", ""},
		{"what gives nothing", with(denied, sendAsRight(gone, "Deny"), folderRight(gone, "Inbox", "None")), "pass 1/1", "", ""},
	})
	everyNeed(t, id, mailboxRight(kim, "FullAccess"), sendAsRight(kim, "Allow"), onBehalfRight(kim), folderRight(kim, "Inbox", "Editor", "ReadItems"))
}

func TestDisabledTrustees(t *testing.T) {
	const id = "delegation.disabled_trustees"
	kim, lee := trustee("kim", "user"), trustee("lee", snapshot.TrusteeGuest)
	account := func(name string, enabled *bool) snapshot.User {
		return snapshot.User{User: "id-" + name, AccountEnabled: enabled}
	}
	runRows(t, id, []row{
		{"a user and a guest", with(mailboxRight(kim, "FullAccess"), folderRight(lee, "Inbox", "Editor", "ReadItems"), account("kim", off()), account("lee", off())), "fail 1/1",
			"low folderPermission m|fInbox|lee\nlow mailboxPermission m|kim||false|false", ""},
		{"enabled", with(mailboxRight(kim, "FullAccess"), account("kim", on()), account("other", off())), "pass 1/1", "", ""},
		{"no account in the directory", with(mailboxRight(kim, "FullAccess")), "pass 1/1", "", ""},
		{"a group of that id", with(mailboxRight(trustee("kim", "group"), "FullAccess"), account("kim", off())), "pass 1/1", "", ""},
		{"the state was not sent", with(mailboxRight(kim, "FullAccess"), sendAsRight(kim, "Allow"), account("kim", nil)), "not-evaluated 0/1", "", "enabled (1)"},
	})
	everyNeed(t, id, mailboxRight(kim, "FullAccess"), sendAsRight(kim, "Allow"), onBehalfRight(kim), folderRight(kim, "Inbox", "Editor", "ReadItems"), account("kim", on()))
}

func TestExchangeRoleGroups(t *testing.T) {
	const id = "delegation.exchange_role_groups"
	member := func(group, member, name, kind string, roles ...string) snapshot.ExchangeRoleAssignment {
		return snapshot.ExchangeRoleAssignment{RoleGroup: group, Roles: roles, Member: member, MemberName: name, MemberType: kind}
	}
	direct := func(role, kind string, change func(*snapshot.ManagementRoleAssignment)) snapshot.ManagementRoleAssignment {
		a := snapshot.ManagementRoleAssignment{ID: role + "-kim", Role: role, Assignee: "u1", AssigneeName: "Kim", AssigneeType: kind, Enabled: on()}
		if change != nil {
			change(&a)
		}
		return a
	}
	self := with(member("Discovery", "auditor", "Auditor", "user", "Mailbox Search"), direct("Mailbox Search", "user", func(a *snapshot.ManagementRoleAssignment) { a.Assignee = "auditor" }))
	self.run.IdentityID = "auditor"
	runRows(t, id, []row{
		{"members", with(member("Discovery", "u1", "Kim", "user", "Legal Hold", "mailbox search"), member("Discovery", "g1", "Lee", "guest", "Mailbox Search"), member("Org", "s1", "App", "servicePrincipal", "Role Management")), "fail 2/2",
			"critical exchangeRoleAssignment Discovery|g1\nhigh exchangeRoleAssignment Discovery|u1\nhigh exchangeRoleAssignment Org|s1", ""},
		{"roles that open nothing", with(member("Help Desk", "u1", "Kim", "user", "View-Only Recipients", "Audit Logs", "Mail Recipient Creation"), member("Empty", "u1", "Kim", "user")), "pass 0/0", "", ""},
		{"stand-ins of Entra roles", with(
			member("Organization Management", "x1", "TenantAdmins_1a2b3", "group", "Role Management"), member("Organization Management", "x2", "Company Administrator", "unresolved", "Role Management"),
			member("Organization Management", "ExchangeServiceAdmins_99", "", "group", "Role Management")), "pass 1/1", "", ""},
		{"a group with members that bears the name of a stand-in", with(member("Organization Management", "x1", "TenantAdmins_1a2b3", "group", "Role Management"),
			snapshot.GroupMember{Group: "x1", Member: "kim", MemberType: "user"}), "fail 1/1", "high exchangeRoleAssignment Organization Management|x1", ""},
		{"look-alikes of stand-ins", with(
			member("Organization Management", "x1", "TenantAdmins_1a2b3", "user", "Role Management"), member("Organization Management", "x2", "Company Administrators", "group", "Role Management"),
			member("Organization Management", "x3", "My TenantAdmins_1", "group", "Role Management")), "fail 1/1",
			"high exchangeRoleAssignment Organization Management|x1\nhigh exchangeRoleAssignment Organization Management|x2\nhigh exchangeRoleAssignment Organization Management|x3", ""},
		{"direct", with(direct("ApplicationImpersonation", "user", nil), direct("Mail Recipients", "user", func(a *snapshot.ManagementRoleAssignment) { a.Enabled = nil }),
			direct("Role Management", "user", func(a *snapshot.ManagementRoleAssignment) { a.Delegating = true }), direct("Mailbox Import Export", "guest", nil)), "fail 4/4",
			"high managementRoleAssignment ApplicationImpersonation-kim\nhigh managementRoleAssignment Mail Recipients-kim\ncritical managementRoleAssignment Mailbox Import Export-kim\nmedium managementRoleAssignment Role Management-kim", ""},
		{"direct, switched off or harmless", with(direct("ApplicationImpersonation", "user", func(a *snapshot.ManagementRoleAssignment) { a.Enabled = off() }), direct("View-Only Configuration", "guest", nil)), "pass 1/1", "", ""},
		{"the identity that made the review", self, "info 2/2", "info exchangeRoleAssignment Discovery|auditor\ninfo managementRoleAssignment Mailbox Search-kim", ""},
	})
	everyNeed(t, id, member("Help Desk", "u1", "Kim", "user", "View-Only Recipients"), direct("View-Only Configuration", "user", nil), snapshot.GroupMember{Group: "g", Member: "u1", MemberType: "user"})

	_, found := judge(t, id, with(member("Discovery", "g", "Hunters", "group", "Mailbox Import Export"),
		snapshot.GroupMember{Group: "g", Member: "a", MemberType: "user"}, snapshot.GroupMember{Group: "g", Member: "b", MemberType: "guest", MemberName: "Lee"}))
	if f := found[0]; f.Details["members"] != 2 || f.Details["guests"] != 1 || f.Summary != "group Hunters (2 members, 1 guest) is in the role group Discovery (Mailbox Import Export) and so can read every mailbox, change or delete what is in it." {
		t.Errorf("group: %+v", f)
	}
}

func TestExchangeRoleEffects(t *testing.T) {
	for role, want := range map[string]string{
		"ApplicationImpersonation": "read change sendAs", " mailbox import export": "read change", "Mailbox Search": "read", "Role Management": "manage", "Mail Recipients": "manage",
		"Audit Logs": "", "Mailbox Search Application": "", "": "",
	} {
		got, ok := facts.ExchangeRole(role)
		if strings.Join(got.Can, " ") != want || ok != (want != "") {
			t.Errorf("ExchangeRole(%q) = %v, %v; want %q", role, got, ok, want)
		}
	}
}
