package facts

import (
	"slices"
	"strings"
	"testing"
)

func TestEveryTableParses(t *testing.T) {
	if n := len(licences().skus); n < 600 {
		t.Errorf("licences: %d products, want at least 600", n)
	}
	if n := len(licences().plans); n < 750 {
		t.Errorf("licences: %d service plans, want at least 750", n)
	}
	if n := len(permissionNames()); n < 1500 {
		t.Errorf("permissions: %d, want at least 1500", n)
	}
	if n := len(risks().byValue); n < 450 {
		t.Errorf("risks: %d, want at least 450", n)
	}
	if n := len(roles()); n < 140 {
		t.Errorf("roles: %d, want at least 140", n)
	}
	if n := len(apps().first); n < 1000 {
		t.Errorf("first-party applications: %d, want at least 1000", n)
	}
	if n := len(controls()); n < 75 {
		t.Errorf("controls: %d, want at least 75", n)
	}
	for _, tr := range trustees() {
		if tr.Name == "" || tr.Reason == "" {
			t.Errorf("trustee %+v lacks its name or its reason", tr)
		}
	}
}

func TestEveryRatedPermissionHasAKnownTierAndImpact(t *testing.T) {
	tiers := []string{"critical", "high", "medium", "low"}
	impacts := []string{"escalation", "consent", "identity", "evasion", "persistence", "mail", "files", "chat", "data", "device", "reconnaissance", "none"}
	for key, r := range risks().byValue {
		if !slices.Contains(tiers, r.Tier) || !slices.Contains(impacts, r.Impact) {
			t.Errorf("%v: tier %q impact %q", key, r.Tier, r.Impact)
		}
		if !slices.Contains(Resources(), key.resource) {
			t.Errorf("%v: resource is not one of Resources", key)
		}
	}
}

func TestSKU(t *testing.T) {
	const e5 = "06EBC4EE-1BB5-47DD-8120-11324BC54E06" // Microsoft 365 E5, upper case on purpose
	got, ok := SKU(e5)
	if !ok || got.PartNumber != "SPE_E5" || got.Name != "Microsoft 365 E5" {
		t.Fatalf("SKU(%s) = %+v, %v", e5, got, ok)
	}
	for _, plan := range []string{"2f442157-a11c-46b9-ae5b-6e39ff4e5849", "41781fb2-bc02-4b7c-bd55-b576c07bb09d", "eec0eb4f-6444-4f95-aba0-50c24d67f998"} {
		if !slices.Contains(got.PlanIDs, plan) {
			t.Errorf("SPE_E5 lacks plan %s", plan)
		}
	}
	got.PlanIDs[0] = "changed"
	if again, _ := SKU(e5); again.PlanIDs[0] == "changed" {
		t.Error("a caller can change the table")
	}
	if by, ok := SKUByPart("spe_e5"); !ok || by.ID != strings.ToLower(e5) {
		t.Errorf("SKUByPart(spe_e5) = %+v, %v", by, ok)
	}
	if by, ok := SKUByPart("MCOPSTN5"); ok {
		t.Errorf("SKUByPart(MCOPSTN5) = %+v: two products bear that part number", by)
	}
	if _, ok := SKU("00000000-0000-0000-0000-000000000000"); ok {
		t.Error("an unknown skuId was found")
	}
}

func TestServicePlans(t *testing.T) {
	for _, c := range []struct {
		id, name, premium string
		audit             bool
	}{
		{"41781fb2-bc02-4b7c-bd55-b576c07bb09d", "AAD_PREMIUM", "P1", false},
		{"EEC0EB4F-6444-4F95-ABA0-50C24D67F998", "AAD_PREMIUM_P2", "P2", false},
		{"2f442157-a11c-46b9-ae5b-6e39ff4e5849", "M365_ADVANCED_AUDITING", "", true},
		{"f6de4823-28fa-440b-b886-4783fa86ddba", "M365_AUDIT_PLATFORM", "", false}, // near-miss: gives no capability
		{"8a256a2b-b617-496d-b51b-e76466e88db0", "MFA_PREMIUM", "", false},         // near-miss: comes with P1, is not P1
		{"ffffffff-0000-0000-0000-000000000000", "", "", false},
	} {
		name, ok := ServicePlanName(c.id)
		if name != c.name || ok != (c.name != "") {
			t.Errorf("ServicePlanName(%s) = %q, %v; want %q", c.id, name, ok, c.name)
		}
		if got := EntraPremium(c.id); got != c.premium {
			t.Errorf("EntraPremium(%s) = %q, want %q", c.id, got, c.premium)
		}
		if got := AdvancedAuditPlan(c.id); got != c.audit {
			t.Errorf("AdvancedAuditPlan(%s) = %v, want %v", c.id, got, c.audit)
		}
	}
	if title, ok := ServicePlanTitle("41781fb2-bc02-4b7c-bd55-b576c07bb09d"); !ok || title != "Microsoft Entra ID P1" {
		t.Errorf("ServicePlanTitle(P1) = %q, %v", title, ok)
	}
}

func TestPermission(t *testing.T) {
	const mailRead = "810c84a8-4a9e-49e6-bf7d-12d183f40d01"
	for _, c := range []struct {
		name, resource, id string
		kind               Kind
		want               string
	}{
		{"graph application", MicrosoftGraph, mailRead, Application, "Mail.Read"},
		{"same id on exchange", ExchangeOnline, mailRead, Application, "Mail.Read"},
		{"same id, other kind", MicrosoftGraph, mailRead, Delegated, ""},
		{"same id, other resource", ManagementAPIs, mailRead, Application, ""},
		{"graph delegated", MicrosoftGraph, "E1FE6DD8-BA31-4D61-89E7-88639DA4683D", Delegated, "User.Read"},
		{"exchange application", ExchangeOnline, "dc890d15-9560-4a4c-9b7f-a736ec74ec40", Application, "full_access_as_app"},
		{"management", ManagementAPIs, "594c1fb6-4f81-4475-ae41-0c394909246c", Application, "ActivityFeed.Read"},
		{"unknown", MicrosoftGraph, "00000000-0000-0000-0000-000000000000", Application, ""},
	} {
		got, ok := Permission(c.resource, c.id, c.kind)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%s: Permission = %q, %v; want %q", c.name, got, ok, c.want)
		}
	}
}

func TestPermissionID(t *testing.T) {
	for _, c := range []struct {
		name, resource, value string
		kind                  Kind
		want                  string
	}{
		{"application", MicrosoftGraph, "Directory.Read.All", Application, "7ab1d382-f21e-4acd-a863-ba3e13f7da61"},
		{"delegated, other case", MicrosoftGraph, "directory.read.all", Delegated, "06da0dbc-49e2-44d2-8312-53f166ab848a"},
		{"exchange", ExchangeOnline, "Exchange.ManageAsApp", Application, "dc50a0fb-09a3-484d-be87-e023b12c6440"},
		{"exchange, not the second version", ExchangeOnline, "Exchange.Manage", Delegated, "ab4f2b77-0b06-4fc1-a9de-02113fc2ab7c"},
		{"two ids", ExchangeOnline, "IMAP.AccessAsApp", Application, ""},
		{"other kind", ExchangeOnline, "Exchange.ManageAsApp", Delegated, ""},
		{"other resource", MicrosoftGraph, "Exchange.ManageAsApp", Application, ""},
	} {
		if got, ok := PermissionID(c.resource, c.value, c.kind); ok != (c.want != "") || ok && got != c.want {
			t.Errorf("%s: PermissionID = %q, %v; want %q", c.name, got, ok, c.want)
		}
	}
}

func TestRisk(t *testing.T) {
	for _, c := range []struct {
		name, resource, value string
		kind                  Kind
		tier, impact          string
	}{
		{"escalation", MicrosoftGraph, "RoleManagement.ReadWrite.Directory", Application, "critical", "escalation"},
		{"identity", MicrosoftGraph, "UserAuthenticationMethod.ReadWrite.All", Application, "critical", "identity"},
		{"consent", MicrosoftGraph, "DelegatedPermissionGrant.ReadWrite.All", Application, "critical", "consent"},
		{"mail", ExchangeOnline, "full_access_as_app", Application, "critical", "mail"},
		{"name in other case", MicrosoftGraph, "mail.read", Application, "critical", "mail"},
		{"not rated", MicrosoftGraph, "No.Such.Permission", Application, "", ""},
		{"other resource", SharePointOnline, "RoleManagement.ReadWrite.Directory", Application, "", ""},
	} {
		got, ok := Risk(c.resource, c.value, c.kind)
		if got.Tier != c.tier || got.Impact != c.impact || ok != (c.tier != "") {
			t.Errorf("%s: Risk = %+v, %v; want %s %s", c.name, got, ok, c.tier, c.impact)
		}
	}
	// Two ids name the same permission of Exchange Online.
	for _, id := range []string{"28b54159-e98b-4a00-9d52-10c8c7cbd7f3", "5E5ADDCD-3E8D-4E90-BAF5-964EFAB2B20A"} {
		if got, ok := RiskByID(ExchangeOnline, id, Application); !ok || got.Value != "IMAP.AccessAsApp" {
			t.Errorf("RiskByID(%s) = %+v, %v", id, got, ok)
		}
	}
}

func TestRole(t *testing.T) {
	if r, ok := Role("62E90394-69F5-4237-9190-012177145E10"); !ok || r.Name != "Global Administrator" || r.Privileged == nil || !*r.Privileged {
		t.Errorf("Global Administrator = %+v, %v", r, ok)
	}
	if r, ok := Role(SecurityReader); !ok || r.Name != "Security Reader" {
		t.Errorf("Security Reader = %+v, %v", r, ok)
	}
	if r, ok := Role(GlobalReader); !ok || r.Name != "Global Reader" {
		t.Errorf("Global Reader = %+v, %v", r, ok)
	}
	// Announced, and not yet in the list that the label comes from: unknown is not false.
	if r, ok := Role("58f930cc-fcf4-4152-852c-1d7dbf502139"); !ok || r.Privileged != nil {
		t.Errorf("role without a known label = %+v, %v", r, ok)
	}
	if _, ok := Role("11111111-2222-3333-4444-555555555555"); ok {
		t.Error("a custom role was found")
	}
}

func TestMicrosoftTenant(t *testing.T) {
	for id, want := range map[string]bool{
		"f8cdef31-a31e-4b4a-93e4-5f571e91255a": true,
		"72F988BF-86F1-41AF-91AB-2D7CD011DB47": true,
		"cdc5aeea-15c5-4db6-b079-fcadd2505dc2": true,
		"9188040d-6c67-4c5b-b112-36a304b66dad": false, // personal accounts
		"f8cdef31-a31e-4b4a-93e4-5f571e91255b": false,
		"":                                     false,
	} {
		if got := MicrosoftTenant(id); got != want {
			t.Errorf("MicrosoftTenant(%q) = %v, want %v", id, got, want)
		}
	}
}

func TestApps(t *testing.T) {
	if name, ok := FirstPartyApp(strings.ToUpper(MicrosoftGraph)); !ok || name != "Microsoft Graph" {
		t.Errorf("FirstPartyApp(Graph) = %q, %v", name, ok)
	}
	if app, ok := KnownBad("ff8d92dc-3d82-41d6-bcbd-b9174d163620"); !ok || app != (App{"abused-tool", "PerfectData Software"}) {
		t.Errorf("KnownBad = %+v, %v", app, ok)
	}
	if _, ok := KnownBad(MicrosoftGraph); ok {
		t.Error("Microsoft Graph is listed as known from attacks")
	}
}

// The sets are those of the documentation's table, spelled out here once more.
func TestDefaultAuditActions(t *testing.T) {
	for _, c := range []struct {
		logon   string
		premium bool
		want    string
	}{
		{LogonAdmin, false, "ApplyRecord Create HardDelete MoveToDeletedItems SendAs SendOnBehalf SoftDelete Update UpdateCalendarDelegation UpdateFolderPermissions UpdateInboxRules"},
		{LogonDelegate, false, "ApplyRecord Create HardDelete MoveToDeletedItems SendAs SendOnBehalf SoftDelete Update UpdateFolderPermissions UpdateInboxRules"},
		{LogonOwner, false, "ApplyRecord HardDelete MoveToDeletedItems SoftDelete Update UpdateCalendarDelegation UpdateFolderPermissions UpdateInboxRules"},
		{LogonAdmin, true, "ApplyRecord Create HardDelete MailItemsAccessed MoveToDeletedItems Send SendAs SendOnBehalf SoftDelete Update UpdateCalendarDelegation UpdateFolderPermissions UpdateInboxRules"},
		{LogonDelegate, true, "ApplyRecord Create HardDelete MailItemsAccessed MoveToDeletedItems SendAs SendOnBehalf SoftDelete Update UpdateFolderPermissions UpdateInboxRules"},
		{LogonOwner, true, "ApplyRecord HardDelete MailItemsAccessed MoveToDeletedItems Send SoftDelete Update UpdateCalendarDelegation UpdateFolderPermissions UpdateInboxRules"},
		{"Everyone", false, ""},
	} {
		if got := strings.Join(DefaultAuditActions(c.logon, c.premium), " "); got != c.want {
			t.Errorf("DefaultAuditActions(%s, %v)\n got %s\nwant %s", c.logon, c.premium, got, c.want)
		}
	}
	for _, name := range []string{"AddFolderPermissions", "ModifyFolderPermissions", "removefolderpermissions"} {
		if into, ok := FoldedAction(name); !ok || into != "UpdateFolderPermissions" {
			t.Errorf("FoldedAction(%s) = %q, %v", name, into, ok)
		}
	}
	if into, ok := FoldedAction("UpdateFolderPermissions"); ok {
		t.Errorf("UpdateFolderPermissions folds into %q", into)
	}
	if got := strings.Join(BenchmarkExtraActions(LogonOwner), " "); got != "Create MailboxLogin Move" {
		t.Errorf("BenchmarkExtraActions(Owner) = %s", got)
	}
}

func TestControls(t *testing.T) {
	m, ok := Controls("audit.ual_ingestion_enabled")
	if !ok {
		t.Fatal("audit.ual_ingestion_enabled has no mapping")
	}
	for _, c := range []struct {
		name      string
		got, want []string
	}{
		{"CIS", m.CIS, []string{"CIS M365 7.0: 3.1.1"}},
		{"SCuBA", m.SCuBA, []string{"MS.SECURITYSUITE.5.1v1"}},
		{"NIST", m.NIST, []string{"NIST SP 800-53 Rev. 5: AU-12"}},
		{"MITRE", m.MITRE, []string{"ATT&CK v19: T1685.002 (before v19: T1562.008)"}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s = %q, want %q", c.name, c.got, c.want)
		}
	}
	// The number is the one of the newest benchmark that still has the control.
	if m, _ := Controls("mail.mailbox_forwarding"); !slices.Equal(m.CIS, []string{"CIS M365 3.0: 6.4.1"}) {
		t.Errorf("mail.mailbox_forwarding CIS = %q", m.CIS)
	}
	if m, _ := Controls("mail.mailbox_forwarding"); !slices.Equal(m.MITRE, []string{"ATT&CK v19: T1114.003 (own mapping)"}) {
		t.Errorf("mail.mailbox_forwarding MITRE = %q", m.MITRE)
	}
	if _, ok := Controls("no.such_check"); ok {
		t.Error("an unknown check has a mapping")
	}
	if v := newest(map[string][]string{"7.0": nil, "10.0": nil, "9.1": nil}); v != "10.0" {
		t.Errorf("newest = %s, want 10.0", v)
	}
}

func TestWellKnownTrustee(t *testing.T) {
	const domain = "S-1-5-21-1111111111-2222222222-3333333333"
	for _, c := range []struct {
		name, sid string
		want      bool
	}{
		{`EURPR01A001\Administrator`, domain + "-500", true},
		{`EURPR01A001\Administrator`, domain + "-1500", false}, // near-miss: not the built-in account
		{`EURPR01A001\Administrator`, "", false},               // unproven
		{`Administrator`, domain + "-500", false},              // a user of the tenant
		{`EURPR01A001\Administrators`, domain + "-500", false},
		{`NT AUTHORITY\SELF`, SelfSID, false},
		{`NT AUTHORITY\SELF`, "", false},
		{`NT-AUTORITÄT\SELBST`, SelfSID, false},
		{`nt authority\system`, "S-1-5-18", true},
		{`NT-AUTORITÄT\SYSTEM`, "S-1-5-18", true},
		{`S-1-5-18`, "", true},
		{`S-1-5-180`, "", false},
		{`NT AUTHORITY\NETWORK SERVICE`, "", true},
		{`NT AUTHORITY\`, "", false},
		{`PRDTSB01\Exchange Servers`, domain + "-2147", true},
		{`PRDTSB01\Exchange Servers 2`, "", false},
		{`PRDTSB01\Domain Admins`, domain + "-512", true},
		{`Domain Admins`, domain + "-512", false}, // a synchronised group of the tenant
		{`EURPR01A001\JitUsers`, "", true},
		{`Discovery Management`, "", true},
		{`Discovery Management Team`, "", false},
		{`Owner@local`, "", true},
		{`member@LOCAL`, "", true},
		{`owner@local.example`, "", false},
		{`kim@contoso.example`, domain + "-1104", false},
		{`CONTOSO\kim`, domain + "-1104", false},
		{``, "", false},
	} {
		reason, ok := WellKnownTrustee(c.name, c.sid)
		if ok != c.want || ok != (reason != "") {
			t.Errorf("WellKnownTrustee(%q, %q) = %q, %v; want %v", c.name, c.sid, reason, ok, c.want)
		}
	}
	if !RoleGroupName("Organization Management") || RoleGroupName(`EURPR01\Organization Management`) || RoleGroupName("Owner@local") {
		t.Error("RoleGroupName must hold for names without a domain that a tenant can use, and for no other")
	}
}

func FuzzWellKnownTrustee(f *testing.F) {
	f.Add(`NT AUTHORITY\SELF`, SelfSID)
	f.Add(`A\B\C`, "S-1-5-21-1-2-3-500")
	f.Fuzz(func(t *testing.T, name, sid string) {
		if _, ok := WellKnownTrustee(name, SelfSID); ok {
			t.Errorf("SELF under the name %q is called well-known", name)
		}
		if reason, ok := WellKnownTrustee(name, sid); ok && reason == "" {
			t.Errorf("%q is well-known without a reason", name)
		}
	})
}
