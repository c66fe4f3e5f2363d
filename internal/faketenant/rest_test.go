package faketenant

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func encoded(s string) string { return url.PathEscape(base64.StdEncoding.EncodeToString([]byte(s))) }

func TestTypedEndpoints(t *testing.T) {
	c := start(t, Options{Mailboxes: 60})
	for _, tc := range []struct {
		name, path string
		rows       int // 0: any number above zero
		want       string
	}{
		{"mailboxes", "Mailbox?PropertySet=Minimum,Audit,Delivery", 61, "ExternalDirectoryObjectId UserPrincipalName Alias DisplayName AuditAdmin DefaultAuditSet ForwardingSmtpAddress GrantSendOnBehalfTo"},
		{"one mailbox", "Mailbox('" + encoded("o'brien@contoso.example") + "')?isEncoded=true", 1, ""},
		{"one mailbox, quoted", "Mailbox('" + url.PathEscape("o''brien@contoso.example") + "')", 1, ""},
		{"kind", "Mailbox?RecipientTypeDetails=RoomMailbox,EquipmentMailbox", 4, ""},
		{"filter", "Mailbox" + query("$filter", "RecipientTypeDetails eq 'RoomMailbox'"), 3, ""},
		{"recipients", "Recipient?PropertySet=Minimum&$select=DisplayName,Guid,HiddenFromAddressListsEnabled", 0, ""},
		{"protocols", "CasMailbox?PropertySet=Minimum&$select=SmtpClientAuthenticationDisabled", 61, ""},
		{"permissions", "Mailbox('" + encoded("ap@contoso.example") + "')/MailboxPermission?isEncoded=true", 0, "PermissionId MailboxIdentity User IsOwner PermissionList"},
		{"send as", "Recipient('" + encoded("ap@contoso.example") + "')/RecipientPermission?isEncoded=true", 0, "Identity Trustee AccessControlType AccessRights IsInherited InheritanceType"},
		{"folders", "Mailbox('" + encoded("yamada.taro@contoso.example") + "')/MailboxFolder/Exchange.GetMailboxFolderStatistics(folderscope=Exchange.ElcFolderType'Calendar')?isEncoded=true", 1,
			"Name FolderPath FolderId FolderType ContentFolder ContainerClass ItemsInFolder HiddenItemsInFolder FolderSize FolderAndSubfolderSize Identity"},
		{"folder permissions", "Mailbox('" + encoded("yamada.taro@contoso.example") + "')/MailboxFolder('" + encoded(`\予定表`) + "')/MailboxFolderPermission?IsUsingMailboxFolderId=True&isEncoded=true", 2,
			"Identity MailboxFolderIdentity FolderName User MailboxFolderUser AccessRights SharingPermissionFlags"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := c.do(http.MethodGet, c.beta(tc.path), nil, "")
			if a.status != http.StatusOK {
				t.Fatalf("%d %.300s", a.status, a.body)
			}
			p := decode[page](t, a.body)
			if len(p.Value) == 0 || tc.rows > 0 && len(p.Value) != tc.rows {
				t.Errorf("%d rows, want %d", len(p.Value), tc.rows)
			}
			got := members(t, a.body)
			for _, w := range strings.Fields(tc.want) {
				if !slices.Contains(got, w) {
					t.Errorf("members %v lack %s", got, w)
				}
			}
			if joined := strings.Join(got, " "); strings.Contains(joined, "@data.type") || strings.Contains(joined, "@odata.type") {
				t.Errorf("members %v: typed endpoints send no annotations", got)
			}
		})
	}
	a := c.do(http.MethodGet, c.beta("Mailbox('"+encoded("ap@contoso.example")+"')/Exchange.GetMailboxStatistics()?isEncoded=true"), nil, "")
	if a.status != http.StatusOK || decode[map[string]any](t, a.body)["DisplayName"] != "Accounts Payable" {
		t.Errorf("statistics: %d %.200s", a.status, a.body)
	}
	seen := map[any]bool{}
	for link := c.beta("Mailbox?PropertySet=Minimum"); link != ""; {
		p := decode[page](t, c.do(http.MethodGet, link, map[string]string{"Prefer": "odata.maxpagesize=20"}, "").body)
		for _, r := range p.Value {
			seen[r["Guid"]] = true
		}
		link = p.Next
	}
	if len(seen) != 61 {
		t.Errorf("%d mailboxes over all pages, want 61", len(seen))
	}
	denied := start(t, Options{Mailboxes: 60, Deny: []string{"Get-Mailbox"}})
	if a := denied.do(http.MethodGet, denied.beta("Mailbox"), nil, ""); a.status != 401 || !strings.Contains(string(a.body), "User is not allowed to call Get-Mailbox") {
		t.Errorf("denied: %d %.200s", a.status, a.body)
	}
	if a := c.do(http.MethodGet, c.beta("Mailbox('"+encoded("gone@contoso.example")+"')?isEncoded=true"), nil, ""); a.status != 404 {
		t.Errorf("gone: %d, want 404", a.status)
	}
}
