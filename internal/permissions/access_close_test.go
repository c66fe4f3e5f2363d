package permissions

import (
	"testing"

	"tenantaudit/internal/snapshot"
)

func TestQuoted(t *testing.T) {
	for in, want := range map[string]string{
		"kim@contoso.example":       `'kim@contoso.example'`,
		"o'brien@contoso.example":   `'o''brien@contoso.example'`,
		"a‘b’c‚d‛e":                 `'a‘‘b’’c‚‚d‛‛e'`, // quotes to PowerShell as well
		"x'; Remove-Mailbox kim; '": `'x''; Remove-Mailbox kim; '''`,
		"$(calc) `n \"x\"":          "'$(calc) `n \"x\"'", // plain text between single quotes
		"two\nlines\u202eright":     "'two\ufffdlines\ufffdright'",
		"Kim\u00a0Berg":             "'Kim\u00a0Berg'",
		"":                          `''`,
	} {
		if got := quoted(in); got != want {
			t.Errorf("quoted(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestClose(t *testing.T) {
	root, calendar := folderOf("/Top of Information Store", user("lee"), "FolderOwner"), folderOf("/Kalender", defaultEntry, "Reviewer")
	root.FolderType, calendar.FolderType = "Root", "Calendar"
	dir := people()
	for _, c := range []struct {
		name string
		rows []any
		want string
	}{
		{"full access", []any{allow(user("lee"), "FullAccess")}, `Remove-MailboxPermission -Identity 'kim@contoso.example' -User 'lee' -AccessRights FullAccess -InheritanceType All`},
		{"inherited", []any{inherited(allow(user("lee"), "ChangeOwner"))}, `Add-MailboxPermission -Identity 'kim@contoso.example' -User 'lee' -AccessRights ChangeOwner -Deny`},
		{"a hostile name", []any{allow(snapshot.TrusteeRef{Trustee: "x'; evil '", TrusteeType: "unresolved"}, "DeleteItem")},
			`Remove-MailboxPermission -Identity 'kim@contoso.example' -User 'x''; evil ''' -AccessRights DeleteItem -InheritanceType All`},
		{"member of a group of Entra", []any{"known:id-secgroup", memberOf("id-secgroup", "user:lee"), allow(groupRef("id-secgroup"), "DeleteItem")}, `Remove-MgGroupMemberByRef -GroupId 'id-secgroup' -DirectoryObjectId 'lee'`},
		{"member of a group of Exchange", []any{"known:id-group", memberOf("id-group", "user:lee"), allow(groupRef("id-group"), "DeleteItem")}, `Remove-DistributionGroupMember -Identity 'id-group' -Member 'lee'`},
		{"a group that stays one", []any{allow(groupRef("id-group"), "DeleteItem")}, `Remove-MailboxPermission -Identity 'kim@contoso.example' -User 'id-group' -AccessRights DeleteItem -InheritanceType All`},
		{"send as", []any{sendAs(user("lee"), "Allow")}, `Remove-RecipientPermission -Identity 'kim@contoso.example' -Trustee 'lee' -AccessRights SendAs`},
		{"on behalf", []any{snapshot.SendOnBehalfDelegate{Mailbox: "kim", TrusteeRef: user("lee")}}, `Set-Mailbox -Identity 'kim@contoso.example' -GrantSendOnBehalfTo @{Remove='lee'}`},
		{"folder", []any{folderOf("/Inbox/Kim's", user("lee"), "ReadItems")}, `Remove-MailboxFolderPermission -Identity 'kim@contoso.example:\Inbox\Kim''s' -User 'lee'`},
		{"root folder", []any{root}, `Remove-MailboxFolderPermission -Identity 'kim@contoso.example:\' -User 'lee'`},
		{"folder with a slash in its name", []any{folderOf("/In\uf8ffOut", user("lee"), "ReadItems")}, "Remove-MailboxFolderPermission -Identity 'kim@contoso.example:id:/In\uf8ffOut' -User 'lee'"},
		{"default on a calendar", []any{calendar}, `Set-MailboxFolderPermission -Identity 'kim@contoso.example:\Kalender' -User Default -AccessRights AvailabilityOnly`},
		{"anonymous", []any{folderOf("/Inbox", anonymous, "ReadItems")}, `Set-MailboxFolderPermission -Identity 'kim@contoso.example:\Inbox' -User Anonymous -AccessRights None`},
		{"shared outside", []any{folderOf("/Inbox", published, "ReadItems")}, `Remove-MailboxFolderPermission -Identity 'kim@contoso.example:\Inbox' -User 'ExchangePublishedUser.x@fabrikam.example'`},
		{"app role", withApps(appRoleOf("app", "Mail.Read")), `Remove-MgServicePrincipalAppRoleAssignment -ServicePrincipalId 'app' -AppRoleAssignmentId 'r-Mail.Read'`},
		{"role for applications", withApps(rbacOf("Application Mail.Read", "", "")), `Remove-ManagementRoleAssignment -Identity 'Application Mail.Read'`},
		{"consent", withApps(snapshot.OAuth2PermissionGrant{ID: "g1", Client: "app", ConsentType: "AllPrincipals", Resource: "graph", Scope: "Mail.Read"}), `Remove-MgOauth2PermissionGrant -OAuth2PermissionGrantId 'g1'`},
		{"role group", []any{snapshot.ExchangeRoleAssignment{RoleGroup: "Org", Roles: []string{"Mailbox Search"}, Member: "lee", MemberType: "user"}}, `Remove-RoleGroupMember -Identity 'Org' -Member 'lee'`},
		{"directory role", []any{snapshot.DirectoryRoleAssignment{ID: "d1", RoleTemplateID: "29232cdf-9323-42fd-ade2-1d097af3e4de", Member: "lee", MemberType: "user", Assignment: "active", Scope: "/"}},
			`Remove-MgRoleManagementDirectoryRoleAssignment -UnifiedRoleAssignmentId 'd1'`},
		{"forwarding", []any{snapshot.Mailbox{Mailbox: "kim", ForwardingTargetType: "external", ForwardingExternalRecipients: []string{"x@fabrikam.example"}}}, `Set-Mailbox -Identity 'kim@contoso.example' -ForwardingAddress $null -ForwardingSmtpAddress $null`},
		{"inbox rule", []any{snapshot.InboxRule{Mailbox: "kim", RuleIdentity: "42", ExternalRecipients: []string{"x@fabrikam.example"}}}, `Remove-InboxRule -Mailbox 'kim@contoso.example' -Identity '42'`},
		{"transport rule", []any{snapshot.TransportRule{RuleID: "t1", ExternalRecipients: []string{"x@fabrikam.example"}}}, `Disable-TransportRule -Identity 't1'`},
	} {
		rows := accessRows(dir, c.rows...)
		if len(rows) == 0 {
			t.Errorf("%s: no rows", c.name)
		}
		for _, r := range rows {
			if r.Close != c.want {
				t.Errorf("%s:\n got %s\nwant %s", c.name, r.Close, c.want)
			}
		}
	}
}
