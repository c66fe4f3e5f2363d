package normalize

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tenantaudit/internal/snapshot"
)

// A scope group without members is known to be empty; what is no group of Entra, or was
// not read, is not.
func TestScopesWithoutMembers(t *testing.T) {
	policy := func(scope, guid string) string {
		return fmt.Sprintf(`{"Identity":"p","AppId":%q,"AccessRight":"RestrictAccess","ScopeName":%q,"ScopeIdentity":%q,"ScopeIdentityRaw":"S-1-5-21-1;%s"}`, appID, scope, scope, guid)
	}
	const dynamic = `{"Name":"Everybody","Identity":"Everybody","DisplayName":"Everybody","RecipientTypeDetails":"DynamicDistributionGroup","Guid":"44444444-0000-4000-8000-000000000002"}`
	for name, c := range map[string]struct {
		scope, guid, id string
		read            snapshot.State
		members         snapshot.CoverageState
	}{
		"empty":           {"Sales", "44444444-0000-4000-8000-000000000001", sales, snapshot.Complete, snapshot.CoverageComplete},
		"not read":        {"Sales", "", sales, snapshot.Failed, snapshot.CoverageFailed},
		"dynamic":         {"Everybody", "44444444-0000-4000-8000-000000000002", "", "", snapshot.CoverageComplete},
		"a mailbox":       {"Kim Berg", "", "", "", snapshot.CoverageComplete},
		"nobody we know":  {"Gone", "44444444-0000-4000-8000-000000000009", "", "", snapshot.CoverageComplete},
		"deleted by then": {"Sales", "", sales, snapshot.Gone, snapshot.CoverageComplete},
	} {
		t.Run(name, func(t *testing.T) {
			f := people(t, "")
			f.put("exo/Get-Recipient", "", "000002", snapshot.Complete, dynamic)
			f.list("exo/Get-ApplicationAccessPolicy", policy(c.scope, c.guid))
			want := []string{}
			if c.id != "" {
				want = []string{c.id}
			}
			if got, err := GroupsOfInterest(t.Context(), f.store); err != nil || !slices.Equal(got, want) {
				t.Errorf("groups of interest %q, %v; want %q", got, err, want)
			}
			f.list("graph/groupMembers") // the list of groups to read was whole
			if c.read != "" {
				f.put("graph/groupMembers", sales, "000001", c.read)
			}
			f.run()
			if got := rows[snapshot.ApplicationAccessPolicy](f); len(got) != 1 || got[0].ScopeID != c.id || got[0].Scope != c.scope {
				t.Errorf("policies %+v, want scope id %q", got, c.id)
			}
			if got := f.coverage(snapshot.GroupMembers); got.State != c.members || got.Rows != 0 {
				t.Errorf("members %+v, want %s", got, c.members)
			}
		})
	}
}

func TestSpellingsOfOneTrusteeAreOneRow(t *testing.T) {
	f := people(t, "")
	row := func(user, rights string, deny bool) string {
		return fmt.Sprintf(`{"User":%q,"UserSid":"S-1-5-21-1-2-3-4","AccessRights":[%q],"Deny":%v,"IsInherited":false}`, user, rights, deny)
	}
	f.put("exo/Get-MailboxPermission", kim, "000001", snapshot.Complete,
		row("lee@contoso.example", "FullAccess", false), row("Lee@Contoso.example", "ReadPermission", false), row("LEE@contoso.example", "ChangeOwner", true), row("leea@contoso.example", "FullAccess", false))
	f.put("exo/Get-MailboxPermission", lee, "000001", snapshot.Complete, row("lee@Contoso.example", "FullAccess", false))
	f.run()
	var got []string
	for _, p := range rows[snapshot.MailboxPermission](f) {
		got = append(got, fmt.Sprintf("%s %s %v %v", p.Mailbox[len(p.Mailbox)-1:], p.Trustee, p.Rights, p.Deny))
	}
	want := []string{"1 LEE@contoso.example [ChangeOwner] true", "1 Lee@Contoso.example [FullAccess ReadPermission] false", "1 leea@contoso.example [FullAccess] false", "2 lee@Contoso.example [FullAccess] false"}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What a look-up found out stands for the name that was asked.
func TestNamesOfTheDirectoryAreResolved(t *testing.T) {
	const canonical, dn = "contoso.example/Users/Partner", "CN=Lee,OU=Users,DC=contoso"
	f := people(t, fmt.Sprintf(`,"ForwardingAddress":%q,"GrantSendOnBehalfTo":[%q,"contoso.example/Users/Gone"]`, canonical, dn))
	f.put("exo/Get-Recipient.byDN", canonical, "000001", snapshot.Complete, `{"Name":"Partner","Guid":"33333333-0000-4000-8000-000000000001","RecipientTypeDetails":"MailContact","ExternalEmailAddress":"SMTP:partner@fabrikam.example"}`)
	f.put("exo/Get-Recipient.byDN", dn, "000001", snapshot.Complete, fmt.Sprintf(`{"Name":"Lee","ExternalDirectoryObjectId":%q,"RecipientTypeDetails":"UserMailbox"}`, lee))
	f.put("exo/Get-Recipient.byDN", "contoso.example/Users/Gone", "000001", snapshot.Gone)
	f.run()
	m := rows[snapshot.Mailbox](f)[0]
	if m.ForwardingTargetType != "external" || m.ForwardingTarget != "partner@fabrikam.example" {
		t.Errorf("forwarding %q, %q", m.ForwardingTarget, m.ForwardingTargetType)
	}
	got := map[string]string{}
	for _, d := range rows[snapshot.SendOnBehalfDelegate](f) {
		got[d.Trustee] = d.TrusteeType + " " + d.TrusteeID
	}
	if want := map[string]string{dn: "user " + lee, "contoso.example/Users/Gone": "unresolved "}; !reflect.DeepEqual(got, want) {
		t.Errorf("delegates %v, want %v", got, want)
	}
}

func TestFolderUsersByAddress(t *testing.T) {
	f := people(t, "")
	f.put("exo/Get-MailboxFolderStatistics", kim, "000001", snapshot.Complete, `{"FolderId":"F1","FolderPath":"/Inbox","FolderType":"Inbox"}`)
	f.put("exo/Get-MailboxFolderPermission", kim, "F1", snapshot.Complete,
		`{"User":{"UserType":"Internal","ADRecipient":{"PrimarySmtpAddress":"lee@contoso.example"}},"AccessRights":["Reviewer"]}`,
		`{"User":{"DisplayName":"Kim Berg","ADRecipient":{"PrimarySmtpAddress":"somebody@else.example"}},"AccessRights":["Reviewer"]}`,
		fmt.Sprintf(`{"User":{"DisplayName":"The team","ADRecipient":{"Guid":"12121212-0000-4000-8000-000000000001","ExternalDirectoryObjectId":%q}},"AccessRights":["Reviewer"]}`, sales))
	f.run()
	got := map[string]string{}
	for _, p := range rows[snapshot.FolderPermission](f) {
		got[p.Trustee] = p.TrusteeType + " " + p.TrusteeID
	}
	// A display name does not help where the address is somebody else's.
	if want := map[string]string{"lee@contoso.example": "user " + lee, "Kim Berg": "unresolved ", "The team": "group " + sales}; !reflect.DeepEqual(got, want) {
		t.Errorf("trustees %v, want %v", got, want)
	}
}
