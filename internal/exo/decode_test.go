package exo

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// rowsOf reads the rows of a stored answer of a cmdlet.
func rowsOf(t *testing.T, name string) []json.RawMessage {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "rows", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := parseAnswer(b, nil)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var rows []json.RawMessage
	if err := json.Unmarshal(a.rows, &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) == 0 {
		t.Fatalf("%s has no rows", name)
	}
	return rows
}

func decodeAll[T any](t *testing.T, name string, decode func(json.RawMessage) (T, error)) []T {
	t.Helper()
	var out []T
	for i, raw := range rowsOf(t, name) {
		v, err := decode(raw)
		if err != nil {
			t.Fatalf("%s row %d: %v", name, i, err)
		}
		if odd := reflect.ValueOf(v); odd.Kind() == reflect.Struct && odd.FieldByName("Odd").Len() > 0 {
			t.Errorf("%s row %d has odd properties %v", name, i, odd.FieldByName("Odd"))
		}
		out = append(out, v)
	}
	return out
}

func check[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s = %#v, want %#v", what, got, want)
	}
}

func TestDecodeMailbox(t *testing.T) {
	all := decodeAll(t, "Get-Mailbox", DecodeMailbox)
	user, forwards, shared := all[0], all[1], all[2]
	check(t, "id", MailboxID(user), "1b7f3a10-0d51-4f0a-9a6b-1f2e3d4c5b01")
	check(t, "type", user.RecipientTypeDetails, "UserMailbox")
	check(t, "audit enabled", user.AuditEnabled, ptr(true))
	check(t, "age limit", user.AuditLogAgeLimitDays, ptr(int64(90)))
	check(t, "default audit set", user.DefaultAuditSet, []string{"Admin", "Delegate", "Owner"})
	check(t, "no forwarding", user.ForwardingSMTPAddress, nil)
	check(t, "created", user.WhenMailboxCreated, ptr(time.Date(2024, 2, 6, 13, 41, 55, 0, time.UTC)))
	check(t, "forwarding", forwards.ForwardingSMTPAddress, ptr("smtp:jlindqvist.private@fabrikam.example"))
	check(t, "copy stays", forwards.DeliverToMailboxAndForward, ptr(true))
	check(t, "customised", forwards.DefaultAuditSet, []string{"Delegate", "Owner"})
	check(t, "internal forwarding", shared.ForwardingAddress, ptr("3d9f5c32-2f73-4b2c-9c8d-3b4a5f6e7d03"))
	check(t, "delegates", shared.GrantSendOnBehalfTo, []string{"1b7f3a10-0d51-4f0a-9a6b-1f2e3d4c5b01"})
}

func TestMailboxPropertiesCoverTheStruct(t *testing.T) {
	// What is decoded but not asked for would be unknown in every row.
	raw := map[string]any{}
	for _, p := range mailboxProperties {
		raw[p] = "x"
	}
	b, err := json.Marshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	m, err := DecodeMailbox(b)
	if err != nil {
		t.Fatal(err)
	}
	v := reflect.ValueOf(m)
	for i := range v.NumField() {
		name, f := v.Type().Field(i).Name, v.Field(i)
		if name != "Row" && f.IsZero() && (f.Kind() == reflect.String || f.Kind() == reflect.Slice) {
			t.Errorf("%s is decoded but not asked for", name)
		}
	}
}

func TestMailboxIdentity(t *testing.T) {
	for _, c := range []struct{ raw, want string }{
		{`{"ExternalDirectoryObjectId":"e1","Guid":"g1"}`, "e1"},
		{`{"ExternalDirectoryObjectId":"","Guid":"g1"}`, "g1"},
		{`{"ExternalDirectoryObjectId":null,"Guid":"g1"}`, "g1"},
		{`{"ExternalDirectoryObjectId":"00000000-0000-0000-0000-000000000000","Guid":"g1"}`, "g1"},
		{`{"Identity":"Accounts Payable","Name":"Accounts Payable"}`, ""},
	} {
		m, err := DecodeMailbox(json.RawMessage(c.raw))
		if err != nil || MailboxID(m) != c.want {
			t.Errorf("MailboxID(%s) = %q, %v, want %q", c.raw, MailboxID(m), err, c.want)
		}
	}
}

func TestMailboxScope(t *testing.T) {
	for _, c := range []struct {
		typ               string
		inactive          *bool
		rules, permission bool
	}{
		{"UserMailbox", nil, true, true},
		{"SharedMailbox", ptr(false), true, true},
		{"RoomMailbox", nil, true, true},
		{"EquipmentMailbox", nil, true, true},
		{"SchedulingMailbox", nil, true, true},
		{"LinkedMailbox", nil, true, true},
		{"LinkedRoomMailbox", nil, true, true},
		{"LegacyMailbox", nil, true, true},
		{"TeamMailbox", nil, true, true},
		{"DiscoveryMailbox", nil, false, true},
		{"GroupMailbox", nil, false, false},
		{"PublicFolderMailbox", nil, false, false},
		{"UserMailbox", ptr(true), false, false},
		{"DiscoveryMailbox", ptr(true), false, false},
		{"", nil, false, false},
	} {
		m := Mailbox{RecipientTypeDetails: c.typ, IsInactiveMailbox: c.inactive}
		if InScope(m) != c.rules || InPermissionScope(m) != c.permission {
			t.Errorf("%q inactive %v: in scope %t, for permissions %t, want %t, %t", c.typ, c.inactive, InScope(m), InPermissionScope(m), c.rules, c.permission)
		}
	}
}

func TestDecodeMailboxPermission(t *testing.T) {
	var all []MailboxPermission
	for _, raw := range rowsOf(t, "Get-MailboxPermission") {
		p, err := DecodeMailboxPermission(raw)
		if err != nil {
			t.Fatal(err)
		}
		if len(p) != 1 {
			t.Fatalf("a row of the cmdlet gave %d permissions", len(p))
		}
		all = append(all, p[0])
	}
	check(t, "joined rights", all[0].AccessRights, []string{"FullAccess", "ReadPermission"})
	check(t, "three joined rights", all[1].AccessRights, []string{"FullAccess", "ExternalAccount", "ReadPermission"})
	check(t, "user", all[2].User, "mira.okafor@contoso.example")
	check(t, "deny", all[3].Deny, ptr(true))
	check(t, "inherited", all[3].IsInherited, ptr(true))
	check(t, "orphan", all[4].UserSID, "S-1-5-21-2210457783-1540983391-3309128834-1179999")
}

func TestDecodeGroupedMailboxPermission(t *testing.T) {
	raw := json.RawMessage(`{"MailboxIdentity":"Accounts Payable","User":"mira.okafor@contoso.example","PermissionList":[
		{"AccessRights":["FullAccess"],"IsInherited":false,"Deny":false,"InheritanceType":"All"},
		{"AccessRights":["FullAccess"],"IsInherited":true,"Deny":true,"InheritanceType":"All"}]}`)
	got, err := DecodeMailboxPermission(raw)
	if err != nil || len(got) != 2 {
		t.Fatalf("got %d permissions, %v, want 2", len(got), err)
	}
	check(t, "identity", got[1].Identity, "Accounts Payable")
	check(t, "user", got[1].User, "mira.okafor@contoso.example")
	check(t, "first deny", got[0].Deny, ptr(false))
	check(t, "second deny", got[1].Deny, ptr(true))
	for _, bad := range []string{`{"User":"x","PermissionList":{}}`, `{"User":"x","PermissionList":[7]}`} {
		if _, err := DecodeMailboxPermission(json.RawMessage(bad)); !errors.Is(err, ErrRow) {
			t.Errorf("%s: %v, want ErrRow", bad, err)
		}
	}
	for _, raw := range rowsOf(t, "rest-MailboxPermission") {
		p, err := DecodeMailboxPermission(raw)
		if err != nil || len(p) != 1 || len(p[0].AccessRights) == 0 {
			t.Errorf("%s = %v, %v", raw, p, err)
		}
	}
}

func TestDecodeInboxRule(t *testing.T) {
	all := decodeAll(t, "Get-InboxRule", DecodeInboxRule)
	hide, redirect, forward, junk := all[0], all[1], all[2], all[3]
	check(t, "an id beyond int64", hide.RuleIdentity, "15394007230974001153")
	check(t, "folder", hide.MoveToFolder, ptr("RSS Feeds"))
	check(t, "read", hide.MarkAsRead, ptr(true))
	check(t, "no forward", hide.ForwardTo, []string{})
	check(t, "condition kept", hide.Sent("SubjectOrBodyContainsWords"), true)
	check(t, "redirect", redirect.RedirectTo, []string{`"jlindqvist.private@fabrikam.example" [SMTP:jlindqvist.private@fabrikam.example]`})
	check(t, "forwards", len(forward.ForwardTo), 1)
	check(t, "disabled", forward.Enabled, ptr(false))
	check(t, "unsupported", junk.SupportedByTask, ptr(false))
	for i, want := range []bool{false, false, false, true} {
		if got := SystemRule(all[i]); got != want {
			t.Errorf("SystemRule(%q) = %t, want %t", all[i].Name, got, want)
		}
	}
}

func TestRuleIdentityFromIdentity(t *testing.T) {
	r, err := DecodeInboxRule(json.RawMessage(`{"Identity":"2c8e4b21\\9871204415529336833"}`))
	if err != nil || r.RuleIdentity != "9871204415529336833" {
		t.Errorf("rule identity %q, %v", r.RuleIdentity, err)
	}
	if r.ForwardTo != nil {
		t.Errorf("ForwardTo that was not sent = %v, want unknown", r.ForwardTo)
	}
}

func TestSystemRule(t *testing.T) {
	for _, c := range []struct {
		name string
		raw  string
		want bool
	}{
		{"junk", `{"Name":"Junk E-mail Rule","SupportedByTask":false}`, true},
		{"junk, support unknown", `{"Name":"Junk E-mail Rule"}`, true},
		{"out of office", `{"Name":"Microsoft.Exchange.OOF.AllExternalSenders.Global","SupportedByTask":false}`, true},
		{"delegate", `{"Name":"Delegate Rule -8646911284551352320","SupportedByTask":false,"MessageTypeMatches":"CalendaringRequest","ForwardTo":["\"P\" [EX:/o=x/cn=p]"]}`, true},
		{"delegate that forwards everything", `{"Name":"Delegate Rule -86","SupportedByTask":false,"ForwardTo":["\"P\" [EX:/o=x/cn=p]"]}`, false},
		{"delegate that forwards outside", `{"Name":"Delegate Rule -86","SupportedByTask":false,"MessageTypeMatches":"CalendaringRequest","ForwardTo":["\"P\" [SMTP:p@fabrikam.example]"]}`, false},
		{"borrowed name, supported", `{"Name":"Junk E-mail Rule","SupportedByTask":true}`, false},
		{"borrowed name, forwards", `{"Name":"Junk E-mail Rule","SupportedByTask":false,"RedirectTo":["\"P\" [SMTP:p@fabrikam.example]"]}`, false},
		{"borrowed name, deletes", `{"Name":"Microsoft.Exchange.OOF.x","SupportedByTask":false,"DeleteMessage":true}`, false},
		{"borrowed name, hides", `{"Name":"Junk E-mail Rule","SupportedByTask":false,"MoveToFolder":"RSS Feeds"}`, false},
		{"almost the name", `{"Name":"Junk E-mail Rule ","SupportedByTask":false}`, false},
		{"other case", `{"Name":"junk e-mail rule","SupportedByTask":false}`, false},
		{"not the prefix", `{"Name":"x Microsoft.Exchange.OOF.x","SupportedByTask":false}`, false},
		{"unsupported rule of a client", `{"Name":"","SupportedByTask":false}`, false},
	} {
		r, err := DecodeInboxRule(json.RawMessage(c.raw))
		if err != nil {
			t.Fatal(err)
		}
		if got := SystemRule(r); got != c.want {
			t.Errorf("%s: SystemRule = %t, want %t", c.name, got, c.want)
		}
	}
}

func TestDecodeFolderPermission(t *testing.T) {
	all := decodeAll(t, "Get-MailboxFolderPermission", DecodeFolderPermission)
	check(t, "default", all[0].User, "Default")
	check(t, "no flags", all[0].SharingFlags, []string{})
	check(t, "flags", all[2].SharingFlags, []string{"Delegate", "CanViewPrivateItems"})
	check(t, "single rights", all[3].AccessRights, []string{"CreateItems", "ReadItems", "FolderVisible"})
	rest := decodeAll(t, "rest-MailboxFolderPermission", DecodeFolderPermission)
	check(t, "entity user", rest[1].User, "Priya Raman")
	check(t, "entity UPN", rest[1].UserPrincipalName, "priya.raman@contoso.example")
	object, err := DecodeFolderPermission(json.RawMessage(`{"User":{"UserPrincipalName":"p@contoso.example","DisplayName":"P","UserType":"Internal"},"AccessRights":"Reviewer"}`))
	if err != nil {
		t.Fatal(err)
	}
	check(t, "object user", object.User, "P")
	check(t, "object type", object.UserType, "Internal")
	check(t, "bare right", object.AccessRights, []string{"Reviewer"})
	check(t, "flags not sent", object.SharingFlags, nil)
}

func TestDecodeTransportRule(t *testing.T) {
	all := decodeAll(t, "Get-TransportRule", DecodeTransportRule)
	check(t, "scl as text", all[1].SetSCL, ptr("-1"))
	check(t, "conditions", all[1].Conditions, []string{"Microsoft.Exchange.MessagingPolicies.Rules.Tasks.SenderDomainIsPredicate"})
	check(t, "null is none", all[1].BlindCopyTo, []string{})
	check(t, "changed", all[0].WhenChanged, ptr(time.Date(2026, 7, 1, 9, 15, 44, 0, time.UTC)))
	number, err := DecodeTransportRule(json.RawMessage(`{"SetSCL":-1,"RedirectMessageTo":"jo@fabrikam.example"}`))
	if err != nil {
		t.Fatal(err)
	}
	check(t, "scl as number", number.SetSCL, ptr("-1"))
	check(t, "bare target", number.RedirectMessageTo, []string{"jo@fabrikam.example"})
	check(t, "not sent", number.CopyTo, nil)
}

func TestDecodeTenantWide(t *testing.T) {
	org := decodeAll(t, "Get-OrganizationConfig", DecodeOrganizationConfig)[0]
	check(t, "auditing", org.AuditDisabled, ptr(false))
	check(t, "modern authentication", org.OAuth2ClientProfileEnabled, ptr(true))
	check(t, "policy", org.DefaultAuthenticationPolicy, ptr("Block Basic"))
	check(t, "tri-state", org.EwsEnabled, nil)
	log := decodeAll(t, "Get-AdminAuditLogConfig", DecodeAdminAuditLogConfig)[0]
	check(t, "ingestion", log.UnifiedAuditLogIngestionEnabled, ptr(true))
	check(t, "age", log.AdminAuditLogAgeLimitDays, ptr(int64(90)))
	check(t, "smtp auth", decodeAll(t, "Get-TransportConfig", DecodeTransportConfig)[0].SMTPClientAuthenticationDisabled, ptr(true))
	check(t, "domain", decodeAll(t, "Get-AcceptedDomain", DecodeAcceptedDomain)[0].DomainName, "contoso.onmicrosoft.example")
	remote := decodeAll(t, "Get-RemoteDomain", DecodeRemoteDomain)
	check(t, "everyone", remote[0].DomainName, "*")
	check(t, "auto-forward", remote[0].AutoForwardEnabled, ptr(true))
	policies := decodeAll(t, "Get-HostedOutboundSpamFilterPolicy", DecodeOutboundSpamPolicy)
	check(t, "default mode", policies[0].AutoForwardingMode, "Automatic")
	check(t, "custom limit", policies[1].RecipientLimitExternalPerHour, ptr(int64(500)))
	rule := decodeAll(t, "Get-HostedOutboundSpamFilterRule", DecodeOutboundSpamRule)[0]
	check(t, "binds", rule.Policy, "Allow forwarding - Finance")
	check(t, "members", rule.FromMemberOf, []string{"finance@contoso.example"})
	check(t, "no senders", rule.From, []string{})
	in := decodeAll(t, "Get-InboundConnector", DecodeInboundConnector)
	check(t, "certificate", in[0].TLSSenderCertificateName, ptr("*.mail.fabrikam.example"))
	check(t, "addresses", in[1].SenderIPAddresses, []string{"203.0.113.25", "198.51.100.0/28"})
	out := decodeAll(t, "Get-OutboundConnector", DecodeOutboundConnector)
	check(t, "tls", out[0].TLSSettings, ptr("DomainValidation"))
	check(t, "date without offset", out[0].LastValidationTimestamp, ptr(time.Date(2026, 3, 18, 11, 2, 51, 0, time.UTC)))
	check(t, "smart host", out[1].SmartHosts, []string{"relay.fabrikam.example"})
}

func TestDecodeRolesAndRecipients(t *testing.T) {
	group := decodeAll(t, "Get-RoleGroup", DecodeRoleGroup)[0]
	check(t, "members", group.Members, []string{"ExchangeServiceAdmins_-904516", "TenantAdmins_-5820f", "3d9f5c32-2f73-4b2c-9c8d-3b4a5f6e7d03"})
	members := decodeAll(t, "Get-RoleGroupMember", DecodeRoleGroupMember)
	check(t, "role behind a group", members[1].DisplayName, "Company Administrator")
	check(t, "role", decodeAll(t, "Get-ManagementRoleAssignment", DecodeRoleAssignment)[1].Role, "ApplicationImpersonation")
	check(t, "access right", decodeAll(t, "Get-ApplicationAccessPolicy", DecodeApplicationAccessPolicy)[0].AccessRight, "RestrictAccess")
	check(t, "application", decodeAll(t, "Get-ServicePrincipal", DecodeServicePrincipal)[0].DisplayName, "Audit bot")
	recipients := decodeAll(t, "Get-Recipient", DecodeRecipient)
	check(t, "recipient id", RecipientID(recipients[0]), "1b7f3a10-0d51-4f0a-9a6b-1f2e3d4c5b01")
	bypass := decodeAll(t, "Get-MailboxAuditBypassAssociation", DecodeAuditBypass)
	if !slices.ContainsFunc(bypass, func(b AuditBypass) bool { return isTrue(b.AuditBypassEnabled) }) {
		t.Error("no bypass among the rows")
	}
	send := decodeAll(t, "Get-RecipientPermission", DecodeRecipientPermission)
	check(t, "send as", send[3].AccessRights, []string{"SendAs"})
	check(t, "allow", send[3].AccessControlType, "Allow")
	module := decodeAll(t, "EXOModuleFile", DecodeModuleFile)
	check(t, "cmdlets of the first file", len(module[0].ExportedCmdlets) > 30, true)
	check(t, "cmdlets of the second", module[1].ExportedCmdlets, []string{})
}

func TestRowRules(t *testing.T) {
	decode := func(raw string) (Mailbox, error) { return DecodeMailbox(json.RawMessage(raw)) }
	m, err := decode(`{"AuditEnabled":"True","AccountDisabled":"false","LitigationHoldEnabled":null,"AuditAdmin":"Update, HardDelete",
		"AuditOwner":null,"Guid@data.type":"System.Guid","Guid":"g","auditlogagelimit":"1.00:00:00","EmailAddresses":["SMTP:a@contoso.example"]}`)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "text bool", m.AuditEnabled, ptr(true))
	check(t, "text false", m.AccountDisabled, ptr(false))
	check(t, "null bool", m.LitigationHoldEnabled, nil)
	check(t, "missing bool", m.DeliverToMailboxAndForward, nil)
	check(t, "bare list", m.AuditAdmin, []string{"Update", "HardDelete"})
	check(t, "null list", m.AuditOwner, nil)
	check(t, "other case", m.AuditLogAgeLimitDays, nil)
	check(t, "annotation dropped", m.Sent("Guid@data.type"), false)
	check(t, "null was sent", m.Sent("AuditOwner"), true)
	check(t, "missing was not", m.Sent("AuditDelegate"), false)
	check(t, "nothing odd", m.Odd, nil)

	m, err = decode(`{"AuditEnabled":7,"AuditLogAgeLimit":"Unlimited","WhenMailboxCreated":"soon","EmailAddresses":[["x"],"SMTP:a@contoso.example"],"UserPrincipalName":{}}`)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "odd bool", m.AuditEnabled, nil)
	check(t, "odd span", m.AuditLogAgeLimitDays, nil)
	check(t, "odd date", m.WhenMailboxCreated, nil)
	check(t, "odd element", m.EmailAddresses, []string{"SMTP:a@contoso.example"})
	check(t, "all odd ones are named", m.Odd, []string{"AuditEnabled", "AuditLogAgeLimit", "EmailAddresses", "UserPrincipalName", "WhenMailboxCreated"})

	m, err = decode(`{"GrantSendOnBehalfTo":[{"Identity":"id-1","DisplayName":"P"},"id-2"],"WhenMailboxCreated":"0001-01-01T00:00:00"}`)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "objects in a list", m.GrantSendOnBehalfTo, []string{"id-1", "id-2"})
	check(t, "the year 1 is no date", m.WhenMailboxCreated, nil)

	for _, bad := range []string{``, `null`, `[]`, `"x"`, `7`, `{"Guid":"a","Guid":"b"}`, `{"Guid":"a"} {}`, `{"Guid":"a"`, `{"Guid":`} {
		if _, err := decode(bad); !errors.Is(err, ErrRow) {
			t.Errorf("decode(%q): %v, want ErrRow", bad, err)
		}
	}
}

// A property reads like encoding/json reads it, whatever its form.
func FuzzProperty(f *testing.F) {
	for _, s := range []string{`null`, `true`, `"True"`, `""`, `"a\u00e9\n"`, "\"\xff\"", `7`, `-1.5e3`, `[]`, `["a",7,null,["x"],{"Id":"b"}]`, `{"Name":"n"}`, `{}`, ` "x" `} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		r, err := parseRow(json.RawMessage(`{"P":` + value + `}`))
		if !json.Valid([]byte(value)) {
			return // what else it may make of the row is a matter of parseRow
		}
		if err != nil {
			t.Fatalf("%q: %v", value, err)
		}
		dec := json.NewDecoder(strings.NewReader(value))
		dec.UseNumber()
		var want any
		if err := dec.Decode(&want); err != nil {
			t.Fatal(err)
		}
		check(t, value, r.value("P"), want)
		text, isScalar := scalar(want)
		check(t, value+" as text", r.text("P"), text)
		check(t, value+" is odd", r.Odd != nil, want != nil && !isScalar)
		if list, is := want.([]any); is {
			texts := []string{}
			for _, e := range list {
				if s, ok := scalar(e); ok {
					texts = append(texts, s)
				} else if m, ok := e.(map[string]any); ok {
					for _, k := range []string{"Identity", "Id", "Name", "PrimarySmtpAddress", "DisplayName"} {
						if s, ok := m[k].(string); ok && s != "" {
							texts = append(texts, s)
							break
						}
					}
				}
			}
			check(t, value+" as list", r.list("P"), texts)
		}
	})
}
