package checks

import (
	"encoding/json"
	"strings"
	"testing"

	"tenantaudit/internal/snapshot"
)

func trustee(name, kind string) snapshot.TrusteeRef {
	return snapshot.TrusteeRef{Trustee: name, TrusteeID: "id-" + name, TrusteeType: kind, Candidates: []string{}}
}

func TestFullAccess(t *testing.T) {
	const id = "delegation.full_access"
	grant := func(name, kind string, deny, inherited bool, rights ...string) snapshot.MailboxPermission {
		return snapshot.MailboxPermission{Mailbox: "m", MailboxAddress: "m@contoso.example", TrusteeRef: trustee(name, kind), TrusteeSID: "S-1", Rights: rights, Deny: deny, Inherited: inherited}
	}
	runRows(t, id, []row{
		{"user", with(grant("kim", "user", false, false, "FullAccess")), "info 1/1", "info mailboxPermission m|kim|S-1|false|false", ""},
		{"orphaned and unresolved too", with(grant("S-1-5-21-9", "orphaned", false, false, "FullAccess"), grant("robin", "unresolved", false, false, "FullAccess", "ReadPermission")), "info 1/1",
			"info mailboxPermission m|S-1-5-21-9|S-1|false|false\ninfo mailboxPermission m|robin|S-1|false|false", ""},
		{"inherited", with(grant("kim", "user", false, true, "FullAccess")), "info 1/1", "", ""},
		{"deny alone", with(grant("kim", "user", true, false, "FullAccess")), "info 1/1", "", ""},
		{"another right", with(grant("kim", "user", false, false, "ReadPermission")), "info 1/1", "", ""},
		{"the service's own", with(grant(`X\Exchange Servers`, "well-known", false, false, "FullAccess")), "info 1/1", "", ""},
		{"some mailboxes were not read", with(grant("kim", "user", false, false, "FullAccess")).gap(cover(snapshot.MailboxPermissions, snapshot.CoveragePartial, 9, 10, snapshot.ServiceError)),
			"not-evaluated 9/10", "info mailboxPermission m|kim|S-1|false|false", "9 of 10 read"},
	})
	everyNeed(t, id)

	_, found := judge(t, id, with(grant("kim", "user", false, false, "FullAccess"), grant("kim", "user", true, true, "FullAccess"), grant("lee", "user", false, false, "FullAccess"), grant("lee", "user", true, false, "ReadPermission")))
	if len(found) != 2 || found[0].Details["denied"] != true || found[1].Details["denied"] != false || len(found[0].Evidence) != 2 {
		t.Errorf("deny is not named: %+v", found)
	}
	_, found = judge(t, id, with(grant("team", "group", false, false, "FullAccess"),
		snapshot.GroupMember{Group: "id-team", Member: "a", MemberType: "user"}, snapshot.GroupMember{Group: "id-team", Member: "b", MemberType: "user"}))
	if found[0].Details["members"] != 2 || !strings.Contains(found[0].Summary, "2 members") {
		t.Errorf("group without its members: %+v", found[0])
	}
}

func TestSendAs(t *testing.T) {
	const id = "delegation.send_as"
	grant := func(name, kind, control string) snapshot.SendAsPermission {
		return snapshot.SendAsPermission{Recipient: "r", RecipientAddress: "r@contoso.example", TrusteeRef: trustee(name, kind), Rights: []string{"SendAs"}, AccessControlType: control}
	}
	runRows(t, id, []row{
		{"allow", with(grant("kim", "user", "Allow")), "info 1/1", "info sendAs r|kim||Allow", ""},
		{"deny", with(grant("kim", "user", "Deny")), "info 1/1", "", ""},
		{"the service's own", with(grant(`NT AUTHORITY\SYSTEM`, "well-known", "Allow")), "info 1/1", "", ""},
		{"none", with(), "info 0/0", "", ""},
	})
	everyNeed(t, id)
	_, found := judge(t, id, with(grant("kim", "user", "Allow"), grant("kim", "user", "Deny")))
	if len(found) != 1 || found[0].Details["denied"] != true || len(found[0].Evidence) != 2 {
		t.Errorf("deny is not named: %+v", found)
	}
}

func TestSendOnBehalf(t *testing.T) {
	const id = "delegation.send_on_behalf"
	runRows(t, id, []row{
		{"one entry each", with(
			mailbox("m", "UserMailbox", nil), mailbox("n", "SharedMailbox", nil), mailbox("i", "UserMailbox", func(m *snapshot.Mailbox) { m.Inactive = true }),
			snapshot.SendOnBehalfDelegate{Mailbox: "m", MailboxAddress: "m@contoso.example", TrusteeRef: trustee("kim", "user")},
			snapshot.SendOnBehalfDelegate{Mailbox: "m", MailboxAddress: "m@contoso.example", TrusteeRef: trustee("a|b", "unresolved")},
		), "info 2/2", "info sendOnBehalf m|a%7Cb\ninfo sendOnBehalf m|kim", ""},
		{"none", with(), "info 0/0", "", ""},
	})
	everyNeed(t, id)
}

func TestFolderPermissions(t *testing.T) {
	const id = "delegation.folder_permissions"
	grant := func(path, name, kind string, roles, rights []string) snapshot.FolderPermission {
		return snapshot.FolderPermission{Mailbox: "m", MailboxAddress: "m@contoso.example", FolderPath: path, FolderID: "id" + path, TrusteeRef: trustee(name, kind), Roles: roles, Rights: rights, SharingFlags: []string{}}
	}
	reads := []string{"FolderVisible", "ReadItems"}
	runRows(t, id, []row{
		{"one entry for several folders", with(
			grant("/Inbox", "kim", "user", []string{"Reviewer"}, reads),
			grant("/Kalender", "kim", "user", []string{"ReadItems", "FolderVisible"}, reads),
			grant("/Inbox", "lee", "guest", []string{"Reviewer"}, reads)), "info 1/1", "info mailbox m|kim\ninfo mailbox m|lee", ""},
		{"free/busy gives nothing", with(grant("/Calendar", "kim", "user", []string{"LimitedDetails"}, []string{})), "info 1/1", "", ""},
		{"default, anonymous and the service's own are judged elsewhere", with(
			grant("/Calendrier", "Par défaut", "default", []string{"Editor"}, reads),
			grant("/Calendar", "Anonymous", "anonymous", []string{"Reviewer"}, reads),
			grant("/", "Owner@local", "well-known", []string{"Owner"}, reads)), "info 1/1", "", ""},
		{"published outside", with(grant("/Calendar", "ExchangePublishedUser.kim@fabrikam.example", "external", []string{"Reviewer"}, reads)), "info 1/1",
			"info mailbox m|ExchangePublishedUser.kim@fabrikam.example", ""},
	})
	everyNeed(t, id)

	_, found := judge(t, id, with(grant("/B", "kim", "user", []string{"ReadItems", "FolderVisible"}, reads), grant("/A", "kim", "user", []string{"Reviewer"}, reads)))
	got, err := json.Marshal(found[0].Details["folders"])
	want := `[{"path":"/A","type":"","roles":["Reviewer"],"role":"Reviewer","rights":["FolderVisible","ReadItems"],"sharingFlags":[]},` +
		`{"path":"/B","type":"","roles":["ReadItems","FolderVisible"],"role":"Reviewer","rights":["FolderVisible","ReadItems"],"sharingFlags":[]}]`
	if err != nil || string(got) != want {
		t.Errorf("folders\n got %s\nwant %s (%v)", got, want, err)
	}
}
