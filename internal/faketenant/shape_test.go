package faketenant

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// members lists the member names of the first element of "value", in wire order.
func members(t *testing.T, body []byte) []string {
	t.Helper()
	var env struct {
		Value []json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(body, &env); err != nil {
		t.Fatalf("%v in %.200s", err, body)
	}
	if len(env.Value) == 0 {
		t.Fatalf("no rows in %.200s", body)
	}
	dec := json.NewDecoder(bytes.NewReader(env.Value[0]))
	if _, err := dec.Token(); err != nil {
		t.Fatal(err)
	}
	var out []string
	for dec.More() {
		k, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, k.(string))
		var skip json.RawMessage
		if err := dec.Decode(&skip); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// TestShapesFollowTheContract compares the member names and sidecar annotations of rows with
// lists written by hand from the public contract.
func TestShapesFollowTheContract(t *testing.T) {
	c := start(t, Options{Mailboxes: 60})
	box := c.tenant.plan.mailboxes[0].owner.upn
	for _, tc := range []struct {
		cmdlet string
		params map[string]any
		want   string // the whole list
		has    string // members that must be there, in this order
	}{
		{cmdlet: "Get-MailboxPermission", params: map[string]any{"Identity": box},
			want: "Identity User AccessRights@odata.type AccessRights Deny InheritanceType IsInherited UserSid PrimarySmtpAddress IsValid ObjectState"},
		{cmdlet: "Get-RecipientPermission",
			want: "Identity Trustee AccessControlType AccessRights@odata.type AccessRights InheritanceType TrusteeSidString TrusteeWithPrimarySmtpAddress IsValid ObjectState"},
		{cmdlet: "Get-MailboxFolderPermission", params: map[string]any{"Identity": box},
			want: "Identity FolderName User AccessRights@odata.type AccessRights SharingPermissionFlags IsValid ObjectState"},
		{cmdlet: "Get-ApplicationAccessPolicy",
			want: "Identity AppId ScopeName ScopeIdentity ScopeIdentityRaw AccessRight ShardType Description IsValid ObjectState"},
		{cmdlet: "Get-Mailbox",
			has: "ExchangeGuid@data.type ExchangeGuid@odata.type ExchangeGuid ForwardingAddress ForwardingSmtpAddress AuditEnabled AuditLogAgeLimit " +
				"AuditAdmin@odata.type AuditAdmin DefaultAuditSet@odata.type DefaultAuditSet WhenMailboxCreated@data.type WhenMailboxCreated " +
				"GrantSendOnBehalfTo@odata.type GrantSendOnBehalfTo ExternalDirectoryObjectId LegacyExchangeDN RecipientTypeDetails Identity Id Name " +
				"Guid@data.type Guid@odata.type Guid"},
		{cmdlet: "Get-InboxRule", params: map[string]any{"Mailbox": box, "IncludeHidden": true},
			has: "Description Enabled Identity InError ErrorType Name Priority@data.type Priority RuleIdentity@data.type RuleIdentity@odata.type RuleIdentity " +
				"SupportedByTask BodyContainsWords HasAttachment SubjectOrBodyContainsWords DeleteMessage ForwardAsAttachmentTo ForwardTo MarkAsRead MoveToFolder " +
				"RedirectTo SendTextMessageNotificationTo@odata.type SendTextMessageNotificationTo StopProcessingRules MailboxOwnerId"},
		{cmdlet: "Get-MailboxFolderStatistics", params: map[string]any{"Identity": box},
			has: "Name SearchFolder CreationTime@data.type CreationTime FolderPath FolderId ContentMailboxGuid@data.type ContentMailboxGuid Identity FolderType " +
				"RecoverableItemsFolder ContainerClass ItemsInFolder@data.type ItemsInFolder FolderSize"},
		{cmdlet: "Get-TransportRule",
			has: "Priority@data.type Priority Conditions@odata.type Conditions Exceptions Actions@odata.type Actions State Mode FromScope SetSCL AddToRecipients CopyTo " +
				"BlindCopyTo RedirectMessageTo DeleteMessage Name Identity WhenChanged@data.type WhenChanged Guid@data.type Guid"},
		{cmdlet: "Get-HostedOutboundSpamFilterPolicy",
			has: "AdminDisplayName IsDefault RecipientLimitPerDay@data.type RecipientLimitPerDay@odata.type RecipientLimitPerDay AutoForwardingMode ExchangeVersion Name"},
		{cmdlet: "Get-OrganizationConfig", has: "Name Guid AuditDisabled OAuth2ClientProfileEnabled DefaultAuthenticationPolicy EwsEnabled RejectDirectSend"},
		{cmdlet: "Get-AdminAuditLogConfig", has: "AdminAuditLogEnabled AdminAuditLogAgeLimit LoadBalancerCount@data.type UnifiedAuditLogIngestionEnabled Name"},
		{cmdlet: "Get-AcceptedDomain", has: "DomainName CatchAllRecipientID DomainType MatchSubDomains Default InitialDomain Name Guid@odata.type Guid"},
		{cmdlet: "Get-Recipient", has: "Alias ExternalDirectoryObjectId EmailAddresses@odata.type EmailAddresses ExternalEmailAddress DisplayName PrimarySmtpAddress RecipientTypeDetails Identity Guid"},
		{cmdlet: "Get-RoleGroup", has: "ManagedBy@odata.type Roles@odata.type Roles Members@odata.type Members RoleGroupType Name Guid"},
		{cmdlet: "Get-RoleGroupMember", params: map[string]any{"Identity": "Organization Management"}, has: "Identity Name DisplayName RecipientTypeDetails ExternalDirectoryObjectId Guid@data.type Guid"},
		{cmdlet: "Get-ManagementRoleAssignment", has: "Identity EffectiveUserName RoleAssigneeType RoleAssignee Role CustomResourceScope RecipientWriteScope Enabled Name"},
		{cmdlet: "Get-ServicePrincipal", has: "DisplayName AppId ObjectId Sid Identity Guid@data.type Guid"},
		{cmdlet: "Get-OutboundConnector", has: "Enabled UseMXRecord ConnectorType RecipientDomains SmartHosts TlsDomain TlsSettings IsTransportRuleScoped LastValidationTimestamp@data.type LastValidationTimestamp"},
		{cmdlet: "Get-InboundConnector", has: "Enabled ConnectorType SenderIPAddresses SenderDomains RequireTls RestrictDomainsToIPAddresses TreatMessagesAsInternal TlsSenderCertificateName Name"},
	} {
		t.Run(tc.cmdlet, func(t *testing.T) {
			a := c.do(http.MethodPost, c.beta("InvokeCommand"), nil, command(tc.cmdlet, tc.params))
			if a.status != http.StatusOK {
				t.Fatalf("%d %.300s", a.status, a.body)
			}
			got := members(t, a.body)
			if tc.want != "" && strings.Join(got, " ") != tc.want {
				t.Errorf("members\n got %s\nwant %s", strings.Join(got, " "), tc.want)
			}
			at := 0
			for _, w := range strings.Fields(tc.has) {
				i := slices.Index(got[at:], w)
				if i < 0 {
					t.Errorf("%s is missing, or stands in the wrong place, in %v", w, got)
					break
				}
				at += i
			}
		})
	}
}

func TestValuesFollowTheContract(t *testing.T) {
	c := start(t, Options{})
	var joined, beyond, offsets, bare int
	ages := map[any]int{}
	for _, row := range c.all("Get-MailboxPermission", map[string]any{"Identity": nil, "IncludeUnresolvedPermissions": true}) {
		for _, r := range row["AccessRights"].([]any) {
			if strings.Contains(r.(string), ", ") {
				joined++
			}
		}
		if row["PrimarySmtpAddress"] != "" {
			t.Errorf("PrimarySmtpAddress %v: the service leaves it empty", row["PrimarySmtpAddress"])
		}
	}
	if joined == 0 {
		t.Error("no element of AccessRights holds several rights")
	}
	for _, row := range c.all("Get-InboxRule", map[string]any{"Mailbox": nil, "IncludeHidden": true}) {
		n := row["RuleIdentity"].(json.Number).String()
		if len(n) == 20 || n > "9223372036854775807" && len(n) == 19 {
			beyond++
		}
		if row["ForwardTo"] != nil {
			if _, ok := row["ForwardTo"].([]any); !ok {
				t.Errorf("ForwardTo %v: want an array or null", row["ForwardTo"])
			}
		}
	}
	if beyond == 0 {
		t.Error("no RuleIdentity exceeds int64")
	}
	for _, row := range c.all("Get-Mailbox", nil) {
		if s := row["WhenMailboxCreated"].(string); strings.HasSuffix(s, ".0000000+00:00") {
			offsets++
		}
		ages[row["AuditLogAgeLimit"]]++
		if row["RecipientTypeDetails"] == "DiscoveryMailbox" && row["ExternalDirectoryObjectId"] != "" {
			t.Errorf("discovery mailbox: ExternalDirectoryObjectId %v, want an empty string", row["ExternalDirectoryObjectId"])
		}
	}
	for _, row := range c.all("Get-OutboundConnector", nil) {
		if s := row["LastValidationTimestamp"].(string); !strings.ContainsAny(s[10:], "Z+") {
			bare++
		}
	}
	if ages["90.00:00:00"] < 200 || ages["30.00:00:00"] != 1 || ages["00:00:00"] != 1 {
		t.Errorf("AuditLogAgeLimit %v: want the service's ninety days but for a few", ages)
	}
	if offsets == 0 || bare == 0 {
		t.Errorf("dates with offset %d, without %d: want both", offsets, bare)
	}
}

func TestLocalizedFolders(t *testing.T) {
	c := start(t, Options{})
	for alias, want := range map[string]string{"marie-claire.lefevre": "Calendrier", "juergen.gross": "Kalender", "yamada.taro": "予定表", "o'brien": "Calendar"} {
		box := alias + "@contoso.example"
		rows := c.all("Get-MailboxFolderStatistics", map[string]any{"Identity": box, "FolderScope": "Calendar"})
		if len(rows) == 0 || rows[0]["Name"] != want || rows[0]["FolderType"] != "Calendar" {
			t.Errorf("%s: first calendar folder %v, want %s", box, rows, want)
			continue
		}
		byID := c.all("Get-MailboxFolderPermission", map[string]any{"Identity": box + ":" + rows[0]["FolderId"].(string)})
		byPath := c.all("Get-MailboxFolderPermission", map[string]any{"Identity": box + `:\` + want})
		if len(byID) < 2 || len(byID) != len(byPath) || byID[0]["User"] != "Default" {
			t.Errorf("%s: %d rows by id, %d by path", box, len(byID), len(byPath))
		}
		if alias != "o'brien" && byID[0]["AccessRights"].([]any)[0] != "Editor" {
			t.Errorf("%s: Default holds %v on the calendar, want Editor", box, byID[0]["AccessRights"])
		}
	}
	rows := c.all("Get-MailboxFolderStatistics", map[string]any{"Identity": "script.name@contoso.example"})
	var slashed, search bool
	for _, r := range rows {
		slashed = slashed || strings.Contains(r["FolderPath"].(string), "\uf8ff")
		search = search || r["SearchFolder"] == true
	}
	if !slashed || !search {
		t.Errorf("a slash inside a name %t, a search folder %t: want both", slashed, search)
	}
}

func TestSwitchesShowTheirOwnMailboxesOnly(t *testing.T) {
	c := start(t, Options{Mailboxes: 60})
	count := func(params map[string]any) map[string]int {
		out := map[string]int{}
		for _, r := range c.all("Get-Mailbox", params) {
			kind := r["RecipientTypeDetails"].(string)
			if r["IsInactiveMailbox"] == true {
				kind = "inactive"
			}
			out[kind]++
		}
		return out
	}
	plain := count(nil)
	active := plain["UserMailbox"] + plain["SharedMailbox"] + plain["RoomMailbox"] + plain["EquipmentMailbox"]
	if active != 60 || plain["DiscoveryMailbox"] != 1 || plain["inactive"]+plain["GroupMailbox"]+plain["PublicFolderMailbox"] != 0 {
		t.Errorf("plain listing: %v", plain)
	}
	if got := count(map[string]any{"GroupMailbox": true}); len(got) != 1 || got["GroupMailbox"] != 3 {
		t.Errorf("GroupMailbox: %v", got)
	}
	if got := count(map[string]any{"PublicFolder": true}); len(got) != 1 || got["PublicFolderMailbox"] != 1 {
		t.Errorf("PublicFolder: %v", got)
	}
	if got := count(map[string]any{"InactiveMailboxOnly": true}); len(got) != 1 || got["inactive"] != 2 {
		t.Errorf("InactiveMailboxOnly: %v", got)
	}
	if got := count(map[string]any{"IncludeInactiveMailbox": true}); got["inactive"] != 2 || got["UserMailbox"] != plain["UserMailbox"] {
		t.Errorf("IncludeInactiveMailbox: %v", got)
	}
}

func TestHiddenThingsNeedTheirSwitch(t *testing.T) {
	c := start(t, Options{Mailboxes: 60})
	var hidden *mailbox
	for _, m := range c.tenant.plan.mailboxes {
		for _, r := range m.rules {
			if r.hidden && r.name == "x" {
				hidden = m
			}
		}
	}
	names := func(include bool) []string {
		p := map[string]any{"Mailbox": hidden.owner.upn}
		if include {
			p["IncludeHidden"] = true
		}
		var out []string
		for _, r := range c.all("Get-InboxRule", p) {
			out = append(out, r["Name"].(string))
		}
		return out
	}
	plain, all := names(false), names(true)
	if slices.Contains(plain, "x") || slices.Contains(plain, "Junk E-mail Rule") || !slices.Contains(all, "x") || !slices.Contains(all, "Junk E-mail Rule") {
		t.Errorf("plain %v, with IncludeHidden %v", plain, all)
	}
	sids := func(p map[string]any) int {
		p["Identity"] = "ap@contoso.example"
		n := 0
		for _, r := range c.all("Get-MailboxPermission", p) {
			if strings.HasPrefix(r["User"].(string), "S-1-5-21-") {
				n++
			}
		}
		return n
	}
	if got := sids(map[string]any{}); got != 0 {
		t.Errorf("%d bare SIDs without IncludeUnresolvedPermissions, want 0", got)
	}
	if got := sids(map[string]any{"IncludeUnresolvedPermissions": true}); got != 1 {
		t.Errorf("%d bare SIDs with IncludeUnresolvedPermissions, want 1", got)
	}
}

func TestDistinguishedNamesResolve(t *testing.T) {
	c := start(t, Options{Mailboxes: 60})
	contact := c.tenant.plan.contacts[1] // its name stands in no list
	for _, r := range c.all("Get-Recipient", nil) {
		for _, e := range r["EmailAddresses"].([]any) {
			if strings.Contains(e.(string), contact.legacyDN()) {
				t.Errorf("the list names %s: only Identity may resolve it", contact.legacyDN())
			}
		}
		if _, ok := r["LegacyExchangeDN"]; ok {
			t.Error("Get-Recipient lists LegacyExchangeDN")
		}
	}
	rows := c.all("Get-Recipient", map[string]any{"Identity": contact.legacyDN()})
	if len(rows) != 1 || rows[0]["ExternalEmailAddress"] != "SMTP:accounts@northwind.example" {
		t.Errorf("by LegacyExchangeDN: %v", rows)
	}
	a := c.do(http.MethodPost, c.beta("InvokeCommand"), nil, command("Get-Recipient", map[string]any{"Identity": dnPrefix + "ffffffffffffffffffffffffffffffff-nobody"}))
	if a.status != http.StatusNotFound || !bytes.Contains(a.body, []byte("ManagementObjectNotFoundException")) {
		t.Errorf("unknown DN: %d %.200s", a.status, a.body)
	}
	former := c.all("Get-Recipient", map[string]any{"Identity": dnPrefix + "0123456789abcdef0123456789abcdef-former"})
	if len(former) != 1 {
		t.Errorf("by a former DN: %v", former)
	}
}
