package facts

import (
	"slices"
	"strings"
	"testing"
)

func TestMailPermission(t *testing.T) {
	for _, c := range []struct {
		value  string
		kind   Kind
		can    string // "" for no row
		policy bool
	}{
		{"Mail.Read", Application, "read", true},
		{"mail.readwrite", Application, "read change", true},
		{"Mail.Send", Application, "sendAs", true},
		{"full_access_as_app", Application, "read change sendAs", true},
		{"Mailbox.Migration", Application, "read change", false},
		{"MailboxItem.Read.All", Application, "read", false},
		{"Mail-Advanced.ReadWrite.All", Application, "read change", false},
		{"Calendars.ReadWrite.All", Application, "read change", true},
		{"IMAP.AccessAsApp", Application, "", false},
		{"SMTP.SendAsApp", Application, "", false},
		{"MailboxSettings.ReadWrite", Application, "", false},
		{"Mail.Read.Shared", Application, "", false}, // a delegated scope
		{"Mail.Read.Shared", Delegated, "read", false},
		{"Mail.ReadWrite", Delegated, "read change", false},
		{"POP.AccessAsUser.All", Delegated, "read", false},
		{"IMAP.AccessAsUser.All", Delegated, "read change", false},
		{"EWS.AccessAsUser.All", Delegated, "read change sendAs", false},
		{"EAS.AccessAsUser.All", Delegated, "read change sendAs", false},
		{"SMTP.Send", Delegated, "sendAs", false},
		{"full_access_as_app", Delegated, "", false}, // an app role
		{"User.Read", Delegated, "", false},
		{"", Delegated, "", false},
	} {
		got, ok := MailPermission(c.value, c.kind)
		if strings.Join(got.Can, " ") != c.can || ok != (c.can != "") || got.Policy != c.policy {
			t.Errorf("MailPermission(%q, %s) = %+v, %v; want %q, policy %v", c.value, c.kind, got, ok, c.can, c.policy)
		}
	}
}

func TestApplicationRole(t *testing.T) {
	for role, want := range map[string]string{
		"Application Mail.Read":            "Mail.Read",
		"application calendars.readwrite":  "calendars.readwrite",
		"Application Mail Full Access":     "Mail.ReadWrite Mail.Send",
		"Application Exchange Full Access": "full_access_as_app",
		"Application EWS.AccessAsApp":      "full_access_as_app",
		"ApplicationImpersonation":         "",
		"Application ":                     "",
		"Mailbox Search":                   "",
	} {
		got, ok := ApplicationRole(role)
		if strings.Join(got, " ") != want || ok != (want != "") {
			t.Errorf("ApplicationRole(%q) = %q, %v; want %q", role, got, ok, want)
		}
	}
}

func TestExchangeAndDirectoryRoles(t *testing.T) {
	for role, want := range map[string]string{
		"ApplicationImpersonation": "read change sendAs", "Mailbox Import Export": "read change", "mailbox search": "read",
		"Role Management": "manage", "Mail Recipients": "manage", "View-Only Recipients": "", "Mail Recipient Creation": "",
	} {
		got, ok := ExchangeRole(role)
		if strings.Join(got.Can, " ") != want || ok != (want != "") {
			t.Errorf("ExchangeRole(%q) = %+v, %v; want %q", role, got, ok, want)
		}
	}
	for _, id := range []string{"62E90394-69F5-4237-9190-012177145E10", "29232cdf-9323-42fd-ade2-1d097af3e4de", "31392ffb-586c-42d1-9346-e59415a2cc4e"} {
		name, ok := MailboxAdministrator(id)
		if info, known := Role(id); !ok || known && info.Name != name {
			t.Errorf("MailboxAdministrator(%s) = %q, %v; the role table says %q", id, name, ok, info.Name)
		}
	}
	if name, ok := MailboxAdministrator(GlobalReader); ok {
		t.Errorf("Global Reader administers mailboxes as %q", name)
	}
}

func TestEntraRoleStandIn(t *testing.T) {
	for name, want := range map[string]string{
		"ExchangeServiceAdmins_-904516": "Exchange Administrator",
		"tenantadmins_5820f":            "Global Administrator",
		"GlobalReaders_1":               "Global Reader",
		"HelpdeskAdmins_x_y":            "Helpdesk Administrator",
		"Company Administrator":         "Global Administrator",
		"compliance administrator":      "Compliance Administrator",
		"TenantAdmins_":                 "", // nothing behind it
		"TenantAdmins":                  "",
		"TenantAdminsExtra_1":           "",
		"My TenantAdmins_1":             "",
		"Company Administrators":        "",
		"":                              "",
	} {
		if got, ok := EntraRoleStandIn(name); got != want || ok != (want != "") {
			t.Errorf("EntraRoleStandIn(%q) = %q, %v; want %q", name, got, ok, want)
		}
	}
}

// A caller that changes an answer must not change the table.
func TestMailReachIsACopy(t *testing.T) {
	first, _ := MailPermission("Mail.ReadWrite", Application)
	first.Can[0] = "manage"
	role, _ := ExchangeRole("Mailbox Search")
	role.Can[0] = "manage"
	if again, _ := MailPermission("Mail.ReadWrite", Application); slices.Contains(again.Can, "manage") {
		t.Errorf("permission table changed: %q", again.Can)
	}
	if again, _ := ExchangeRole("Mailbox Search"); slices.Contains(again.Can, "manage") {
		t.Errorf("role table changed: %q", again.Can)
	}
}
