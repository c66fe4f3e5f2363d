package wire

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func yes(b *bool) bool { return b != nil && *b }
func no(b *bool) bool  { return b != nil && !*b }

func TestUserReadsWhatIsSent(t *testing.T) {
	u, err := DecodeUser(json.RawMessage(`{
		"id":"4F490DE5-A041-5238-9269-FAF26FE27F6E","userPrincipalName":"ada.byte@contoso.example","displayName":"Ada Byte","mail":null,
		"userType":"Member","accountEnabled":false,"onPremisesSyncEnabled":null,"createdDateTime":"2021-03-04T10:11:12Z",
		"assignedLicenses":[{"skuId":"06EBC4EE-1BB5-47DD-8120-11324BC54E06","disabledPlans":["EFB87545-963C-4E0D-99DF-69C6916D9EB0"]}],
		"assignedPlans":[{"servicePlanId":"efb87545-963c-4e0d-99df-69c6916d9eb0","service":"exchange","capabilityStatus":"LaterWord","assignedDateTime":"2024-01-10T09:00:00Z"}],
		"proxyAddresses":["SMTP:ada.byte@contoso.example"],"somethingNew":{"a":[1]}}`))
	if err != nil {
		t.Fatalf("a sound row has faults: %v", err)
	}
	if u.ID != "4f490de5-a041-5238-9269-faf26fe27f6e" {
		t.Errorf("id %q: GUIDs are lower case", u.ID)
	}
	if !no(u.AccountEnabled) || u.OnPremisesSyncEnabled != nil || u.Mail != "" {
		t.Errorf("false, null and null read as %v, %v, %q", u.AccountEnabled, u.OnPremisesSyncEnabled, u.Mail)
	}
	want := []AssignedLicense{{SKUID: "06ebc4ee-1bb5-47dd-8120-11324bc54e06", DisabledPlans: []string{"efb87545-963c-4e0d-99df-69c6916d9eb0"}}}
	if !reflect.DeepEqual(u.AssignedLicenses, want) {
		t.Errorf("licences %+v, want %+v", u.AssignedLicenses, want)
	}
	if len(u.AssignedPlans) != 1 || u.AssignedPlans[0].CapabilityStatus != "LaterWord" {
		t.Errorf("an unknown enum word must stay as sent: %+v", u.AssignedPlans)
	}
}

func TestAbsentIsNotEmpty(t *testing.T) {
	for _, tc := range []struct {
		name, row string
		isNil     bool
	}{
		{"absent", `{"id":"a"}`, true},
		{"null", `{"id":"a","assignedLicenses":null,"proxyAddresses":null}`, true},
		{"empty", `{"id":"a","assignedLicenses":[],"proxyAddresses":[]}`, false},
	} {
		u, err := DecodeUser(json.RawMessage(tc.row))
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		if (u.AssignedLicenses == nil) != tc.isNil || (u.ProxyAddresses == nil) != tc.isNil {
			t.Errorf("%s: licences %#v, addresses %#v", tc.name, u.AssignedLicenses, u.ProxyAddresses)
		}
	}
}

func TestOneOddValueCostsThatValueAlone(t *testing.T) {
	u, err := DecodeUser(json.RawMessage(`{"id":"a","userPrincipalName":"ada@contoso.example","accountEnabled":"true",
		"assignedLicenses":[{"skuId":7,"disabledPlans":[null,"x"]},"odd",{"skuId":"ok"}]}`))
	var fe *FieldError
	if !errors.As(err, &fe) {
		t.Fatalf("got %v, want faults", err)
	}
	for _, want := range []string{
		"user: accountEnabled: want a boolean, got a string",
		"user: assignedLicenses[0].skuId: want a string, got a number",
		"user: assignedLicenses[0].disabledPlans[0]: want a string, got null",
		"user: assignedLicenses[1]: want an object, got a string",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("faults lack %q:\n%v", want, err)
		}
	}
	if u.UserPrincipalName != "ada@contoso.example" || u.AccountEnabled != nil {
		t.Errorf("the rest of the row must stand and the odd flag be unknown: %+v", u)
	}
	if len(u.AssignedLicenses) != 2 || u.AssignedLicenses[1].SKUID != "ok" || len(u.AssignedLicenses[0].DisabledPlans) != 1 {
		t.Errorf("sound elements must stand: %+v", u.AssignedLicenses)
	}
	if strings.Contains(err.Error(), "contoso") {
		t.Errorf("a fault shows tenant data: %v", err)
	}
}

func TestWhatIsNoRow(t *testing.T) {
	for _, raw := range []string{``, `null`, `[]`, `"x"`, `7`, `{`} {
		if _, err := DecodeGroup(json.RawMessage(raw)); err == nil {
			t.Errorf("%q was taken for a group", raw)
		}
	}
	if _, err := DecodeGroup(json.RawMessage(`{"displayName":"without id"}`)); err == nil {
		t.Error("a group without an id was taken")
	}
	if g, err := DecodeGroup(json.RawMessage(`{"ID":"a","id":"b"}`)); err != nil || g.ID != "b" {
		t.Errorf("names are compared exactly: id %q, %v", g.ID, err)
	}
}

func TestServicePrincipalWithoutOwnerTenant(t *testing.T) {
	for _, owner := range []string{`null`, `""`} {
		sp, err := DecodeServicePrincipal(json.RawMessage(`{"id":"5fb4a672-6437-58ef-b5d3-adf8629a3def","appOwnerOrganizationId":` + owner + `,
			"servicePrincipalType":"ManagedIdentity","verifiedPublisher":{"displayName":null,"verifiedPublisherId":null,"addedDateTime":null},
			"keyCredentials":[{"keyId":"72A4D71C-9C55-5F55-BA45-1AFD703F8A92","type":"AsymmetricX509Cert","usage":"Sign","startDateTime":"2025-01-01T00:00:00Z","endDateTime":"2027-01-01T00:00:00Z","key":null}],
			"passwordCredentials":[{"keyId":"28e96288-14af-5f08-9d3d-4e2ad1dd146b","endDateTime":"2299-12-31T00:00:00Z"}]}`))
		if err != nil {
			t.Errorf("owner %s: %v", owner, err)
		}
		if sp.AppOwnerOrganizationID != "" || sp.VerifiedPublisher != (VerifiedPublisher{}) {
			t.Errorf("owner %s read as %q, publisher %+v", owner, sp.AppOwnerOrganizationID, sp.VerifiedPublisher)
		}
		want := []Credential{{KeyID: "72a4d71c-9c55-5f55-ba45-1afd703f8a92", Type: "AsymmetricX509Cert", Usage: "Sign", StartDateTime: "2025-01-01T00:00:00Z", EndDateTime: "2027-01-01T00:00:00Z"}}
		if !reflect.DeepEqual(sp.KeyCredentials, want) {
			t.Errorf("certificates %+v, want %+v", sp.KeyCredentials, want)
		}
		if len(sp.PasswordCredentials) != 1 || sp.PasswordCredentials[0].EndDateTime != "2299-12-31T00:00:00Z" {
			t.Errorf("passwords %+v", sp.PasswordCredentials)
		}
	}
}

func TestSplitScope(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want []string
	}{
		{"", []string{}},
		{"   ", []string{}},
		{" EWS.AccessAsUser.All offline_access", []string{"EWS.AccessAsUser.All", "offline_access"}},
		{"User.Read  Mail.Read\tMail.Send\n", []string{"User.Read", "Mail.Read", "Mail.Send"}},
		{"Mail.Read mail.read Mail.ReadWrite", []string{"Mail.Read", "Mail.ReadWrite"}},
	} {
		if got := SplitScope(tc.in); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("SplitScope(%q) = %q, want %q", tc.in, got, tc.want)
		}
	}
}

func TestGrantKeepsScopeAsSentAndSplit(t *testing.T) {
	g, err := DecodeOAuth2PermissionGrant(json.RawMessage(`{"id":"GNaahrx-m-w3M4em","clientId":"4C54E52F-85AA-5C32-9D97-3CB1F226D768","consentType":"AllPrincipals","principalId":null,"resourceId":"b9e0eeb7-d2d3-5424-bf00-a182d62a8788","scope":" Mail.Read  Mail.Read"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := OAuth2PermissionGrant{
		ID: "GNaahrx-m-w3M4em", ClientID: "4c54e52f-85aa-5c32-9d97-3cb1f226d768", ConsentType: "AllPrincipals",
		ResourceID: "b9e0eeb7-d2d3-5424-bf00-a182d62a8788", Scope: " Mail.Read  Mail.Read", Scopes: []string{"Mail.Read"},
	}
	if !reflect.DeepEqual(g, want) {
		t.Errorf("got %+v, want %+v", g, want)
	}
}

func TestDirectoryObjectKinds(t *testing.T) {
	for _, tc := range []struct {
		row  string
		want Kind
	}{
		{`{"id":"a","@odata.type":"#microsoft.graph.user","userType":"Member","userPrincipalName":"a#EXT#@contoso.example"}`, KindUser},
		{`{"id":"a","@odata.type":"#microsoft.graph.user","userType":"guest"}`, KindGuest},
		{`{"id":"a","@odata.type":"#microsoft.graph.user","userPrincipalName":"a_fabrikam.example#ext#@contoso.example"}`, KindGuest},
		{`{"id":"a","@odata.type":"#microsoft.graph.user","displayName":null,"userPrincipalName":null}`, KindUser},
		{`{"id":"a","@odata.type":"microsoft.graph.group"}`, KindGroup},
		{`{"id":"a","@odata.type":"#microsoft.graph.servicePrincipal"}`, KindServicePrincipal},
		{`{"id":"a","@odata.type":"#microsoft.graph.device"}`, KindDevice},
		{`{"id":"a","@odata.type":"#microsoft.graph.orgContact"}`, KindContact},
		{`{"id":"a","@odata.type":"#microsoft.graph.somethingNew"}`, KindUnknown},
		{`{"id":"a"}`, KindUnknown},
	} {
		o, err := DecodeDirectoryObject(json.RawMessage(tc.row))
		if err != nil || o.Kind() != tc.want {
			t.Errorf("%s: kind %q, %v; want %q", tc.row, o.Kind(), err, tc.want)
		}
	}
}

func TestRolesWithoutPrincipal(t *testing.T) {
	a, err := DecodeRoleAssignment(json.RawMessage(`{"id":"x-1","principalId":"94f31407-9cc4-504f-97ef-79e32154ace5","roleDefinitionId":"f2ef992c-3afb-46b9-b7cf-a126ee74c451","directoryScopeId":"/"}`))
	if err != nil || a.Principal != nil || a.DirectoryScopeID != "/" {
		t.Errorf("deleted principal: %+v, %v", a, err)
	}
	e, err := DecodeRoleEligibilitySchedule(json.RawMessage(`{"id":"c5f66c01-2ac5-5e41-ba53-9c3183a1ca0e","principalId":"f7a0800a-b3bf-5696-aee7-1f63bbcb30f5",
		"memberType":"Direct","status":"Provisioned","principal":{"@odata.type":"#microsoft.graph.group","id":"f7a0800a-b3bf-5696-aee7-1f63bbcb30f5","displayName":"Admins"},
		"scheduleInfo":{"startDateTime":"2026-05-11T07:30:00Z","recurrence":null,"expiration":{"type":"afterDateTime","endDateTime":"2027-05-11T07:30:00Z","duration":null}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if e.ExpirationType != "afterDateTime" || e.EndDateTime != "2027-05-11T07:30:00Z" || e.Principal.Kind() != KindGroup || e.Principal.DisplayName != "Admins" {
		t.Errorf("eligibility %+v, principal %+v", e, e.Principal)
	}
}

func TestSubscribedSKUCounts(t *testing.T) {
	s, err := DecodeSubscribedSKU(json.RawMessage(`{"skuId":"05e9a617-0261-4cee-bb44-138d3ef5d965","skuPartNumber":"SPE_E3","consumedUnits":231,
		"prepaidUnits":{"enabled":250,"suspended":0,"warning":99999999999999999999},"servicePlans":[{"servicePlanId":"41781FB2-BC02-4B7C-BD55-B576C07BB09D","servicePlanName":"AAD_PREMIUM","provisioningStatus":"Success"}]}`))
	if err == nil || !strings.Contains(err.Error(), "prepaidUnits.warning: want a whole number, got a number") {
		t.Errorf("a number beyond int64 is a fault, got %v", err)
	}
	if s.ConsumedUnits == nil || *s.ConsumedUnits != 231 || *s.PrepaidUnits.Enabled != 250 || *s.PrepaidUnits.Suspended != 0 || s.PrepaidUnits.Warning != nil || s.PrepaidUnits.LockedOut != nil {
		t.Errorf("units %+v consumed %v", s.PrepaidUnits, s.ConsumedUnits)
	}
	if s.ServicePlans[0].ServicePlanID != "41781fb2-bc02-4b7c-bd55-b576c07bb09d" {
		t.Errorf("plans %+v", s.ServicePlans)
	}
}

func TestOtherRows(t *testing.T) {
	o, err := DecodeOrganization(json.RawMessage(`{"id":"06532b20-24c3-5a0e-a1f1-c50a25e376bd","displayName":"Contoso","onPremisesSyncEnabled":true,"verifiedDomains":[{"name":"contoso.example","isDefault":true,"isInitial":false}]}`))
	if err != nil || !yes(o.OnPremisesSyncEnabled) || len(o.VerifiedDomains) != 1 || !yes(o.VerifiedDomains[0].IsDefault) || o.AssignedPlans != nil {
		t.Errorf("organization %+v, %v", o, err)
	}
	d, err := DecodeDomain(json.RawMessage(`{"id":"contoso.example","isVerified":true,"supportedServices":["Email"],"passwordValidityPeriodInDays":2147483647}`))
	if err != nil || !yes(d.IsVerified) || d.PasswordValidityPeriodInDays == nil || *d.PasswordValidityPeriodInDays != 2147483647 {
		t.Errorf("domain %+v, %v", d, err)
	}
	a, err := DecodeApplication(json.RawMessage(`{"id":"aa8d0fe6-7708-5af7-8906-8ad62bcea4d6","web":{"redirectUris":["https://a.contoso.example"]},"publicClient":{"redirectUris":[]},
		"requiredResourceAccess":[{"resourceAppId":"00000003-0000-0000-c000-000000000000","resourceAccess":[{"id":"810c84a8-4a9e-49e6-bf7d-12d183f40d01","type":"Role"}]}]}`))
	if err != nil || len(a.WebRedirectURIs) != 1 || a.PublicRedirectURIs == nil || a.SPARedirectURIs != nil || a.RequiredResourceAccess[0].ResourceAccess[0].Type != "Role" {
		t.Errorf("application %+v, %v", a, err)
	}
	r, err := DecodeServicePrincipalRoles(json.RawMessage(`{"id":"b9e0eeb7-d2d3-5424-bf00-a182d62a8788","appRoles":[{"id":"810C84A8-4A9E-49E6-BF7D-12D183F40D01","value":"Mail.Read","allowedMemberTypes":["Application"],"isEnabled":true}],"oauth2PermissionScopes":[{"id":"e1fe6dd8-ba31-4d61-89e7-88639da4683d","value":"User.Read","type":"User"}]}`))
	if err != nil || r.AppRoles[0].ID != "810c84a8-4a9e-49e6-bf7d-12d183f40d01" || r.AppRoles[0].Value != "Mail.Read" || r.OAuth2PermissionScopes[0].Value != "User.Read" {
		t.Errorf("roles %+v, %v", r, err)
	}
	x, err := DecodeServicePrincipalAssignments(json.RawMessage(`{"id":"6af84191-561a-5c99-9b80-b48a50881c36"}`))
	if err != nil || x.AppRoleAssignments != nil {
		t.Errorf("assignments that were not shown must stay unknown: %+v, %v", x, err)
	}
	y, err := DecodeAppRoleAssignment(json.RawMessage(`{"id":"KKm0-x","appRoleId":"00000000-0000-0000-0000-000000000000","createdDateTime":null,"principalType":"Group","principalId":"ECF5BD0F-0EE7-5B56-BE22-C8CB771D0E4F"}`))
	if err != nil || y.ID != "KKm0-x" || y.PrincipalID != "ecf5bd0f-0ee7-5b56-be22-c8cb771d0e4f" || y.CreatedDateTime != "" {
		t.Errorf("assignment %+v, %v", y, err)
	}
	z, err := DecodeRoleDefinition(json.RawMessage(`{"id":"f2ef992c-3afb-46b9-b7cf-a126ee74c451","displayName":"Global Reader","isBuiltIn":true}`))
	if err != nil || z.DisplayName != "Global Reader" || !yes(z.IsBuiltIn) || z.IsEnabled != nil {
		t.Errorf("role definition %+v, %v", z, err)
	}
	m, err := DecodeMe(json.RawMessage(`{"id":"f7a0800a-b3bf-5696-aee7-1f63bbcb30f5","userPrincipalName":"nora@contoso.example"}`))
	if err != nil || m.UserPrincipalName != "nora@contoso.example" {
		t.Errorf("me %+v, %v", m, err)
	}
	dr, err := DecodeDirectoryRole(json.RawMessage(`{"id":"48e00599-9697-569c-be8a-bff9b8521b29","roleTemplateId":"F2EF992C-3AFB-46B9-B7CF-A126EE74C451"}`))
	if err != nil || dr.RoleTemplateID != "f2ef992c-3afb-46b9-b7cf-a126ee74c451" {
		t.Errorf("directory role %+v, %v", dr, err)
	}
}

func TestTime(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want time.Time
		ok   bool
	}{
		{"2026-08-20T05:41:02Z", time.Date(2026, 8, 20, 5, 41, 2, 0, time.UTC), true},
		{"2026-08-20T07:41:02+02:00", time.Date(2026, 8, 20, 5, 41, 2, 0, time.UTC), true},
		{"2026-08-20T05:41:02", time.Date(2026, 8, 20, 5, 41, 2, 0, time.UTC), true},
		{"2026-08-20T05:41:02.5Z", time.Date(2026, 8, 20, 5, 41, 2, 5e8, time.UTC), true},
		{"", time.Time{}, false},
		{"yesterday", time.Time{}, false},
	} {
		if got, ok := Time(tc.in); ok != tc.ok || !got.Equal(tc.want) {
			t.Errorf("Time(%q) = %v, %v; want %v, %v", tc.in, got, ok, tc.want, tc.ok)
		}
	}
}

func TestIsGUID(t *testing.T) {
	for in, want := range map[string]bool{
		"06532b20-24c3-5a0e-a1f1-c50a25e376bd":  true,
		"06532B20-24C3-5A0E-A1F1-C50A25E376BD":  true,
		"":                                      false,
		"06532b20-24c3-5a0e-a1f1-c50a25e376b":   false,
		"06532b20-24c3-5a0e-a1f1-c50a25e376bd/": false,
		"06532b20024c3-5a0e-a1f1-c50a25e376bd":  false,
		"../6532b20-24c3-5a0e-a1f1-c50a25e3bd":  false,
	} {
		if got := IsGUID(in); got != want {
			t.Errorf("IsGUID(%q) = %v, want %v", in, got, want)
		}
	}
}

// jwt makes a token of claims; its signature is nothing.
func jwt(claims string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + "."
}

func TestParseClaims(t *testing.T) {
	user, err := ParseClaims(jwt(`{"aud":["00000003-0000-0000-c000-000000000000"],"tid":"06532B20-24c3-5a0e-a1f1-c50a25e376bd","idtyp":"user","scp":" Directory.Read.All  openid",
		"wids":["F2EF992C-3AFB-46B9-B7CF-A126EE74C451"],"oid":"f7a0800a-b3bf-5696-aee7-1f63bbcb30f5","unique_name":"nora@contoso.example","appid":"9b035418-6c11-51c5-bdcc-aa6a9f0cc567","app_displayname":"Posture","exp":1787299200}`))
	if err != nil {
		t.Fatal(err)
	}
	want := Claims{
		Audience: "00000003-0000-0000-c000-000000000000", TenantID: "06532b20-24c3-5a0e-a1f1-c50a25e376bd", IDType: "user",
		Scopes: []string{"Directory.Read.All", "openid"}, RoleTemplateIDs: []string{"f2ef992c-3afb-46b9-b7cf-a126ee74c451"},
		ObjectID: "f7a0800a-b3bf-5696-aee7-1f63bbcb30f5", UPN: "nora@contoso.example", AppID: "9b035418-6c11-51c5-bdcc-aa6a9f0cc567",
		AppDisplayName: "Posture", Expires: time.Unix(1787299200, 0).UTC(),
	}
	if !reflect.DeepEqual(user, want) {
		t.Errorf("got %+v\nwant %+v", user, want)
	}
	row, err := user.Row()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := DecodeClaims(row); err != nil || !reflect.DeepEqual(again, user) {
		t.Errorf("stored and read: %+v, %v", again, err)
	}
}

func TestIdentityType(t *testing.T) {
	for claims, want := range map[string]string{
		`{"idtyp":"user"}`:            IdentityUser,
		`{"idtyp":"app","scp":"x"}`:   IdentityApplication,
		`{"scp":"User.Read"}`:         IdentityUser,
		`{"roles":["User.Read.All"]}`: IdentityApplication,
		`{"scp":"a","roles":["b"]}`:   IdentityUser,
		`{"idtyp":"device"}`:          "",
		`{}`:                          "",
	} {
		c, err := ParseClaims(jwt(claims))
		if err != nil || c.IdentityType() != want {
			t.Errorf("%s: %q, %v; want %q", claims, c.IdentityType(), err, want)
		}
	}
}

func TestClaimsOfWhatIsNoJWT(t *testing.T) {
	for _, token := range []string{"", "opaque", "a.b", "a.!!.c", "a." + base64.RawURLEncoding.EncodeToString([]byte("no json")) + ".c", "a.b.c.d.e"} {
		c, err := ParseClaims(token)
		if err == nil || !reflect.DeepEqual(c, Claims{}) {
			t.Errorf("%q: %+v, %v", token, c, err)
		}
		if err != nil && token != "" && strings.Contains(err.Error(), token) {
			t.Errorf("the error shows the token: %v", err)
		}
	}
	c, err := ParseClaims(jwt(`{"tid":7,"oid":"f7a0800a-b3bf-5696-aee7-1f63bbcb30f5"}`))
	if err == nil || c.ObjectID == "" {
		t.Errorf("one odd claim must cost that claim alone: %+v, %v", c, err)
	}
}

func FuzzSplitScope(f *testing.F) {
	f.Add(" User.Read  Mail.Read")
	f.Add("\u2003a\x00 A")
	f.Fuzz(func(t *testing.T, s string) {
		got := SplitScope(s)
		seen := map[string]bool{}
		for _, one := range got {
			if one == "" || strings.ContainsAny(one, " \t\r\n") {
				t.Fatalf("SplitScope(%q) has %q", s, one)
			}
			if seen[strings.ToLower(one)] {
				t.Fatalf("SplitScope(%q) has %q twice", s, one)
			}
			seen[strings.ToLower(one)] = true
			if !strings.Contains(s, one) {
				t.Fatalf("SplitScope(%q) made up %q", s, one)
			}
		}
		if !reflect.DeepEqual(SplitScope(strings.Join(got, " ")), got) {
			t.Fatalf("SplitScope(%q) does not repeat", s)
		}
	})
}

func FuzzParseClaims(f *testing.F) {
	f.Add(jwt(`{"aud":[],"scp":["a"],"exp":1e3}`))
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) {
		c, _ := ParseClaims(token)
		row, err := c.Row()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeClaims(row); err != nil {
			t.Fatalf("what Row made does not decode: %v: %s", err, row)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"id":"a","principal":{"id":1},"scheduleInfo":[],"keyCredentials":[{}],"prepaidUnits":null}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		// No input may panic, and what is no object must be an error.
		_, err := DecodeServicePrincipal(raw)
		var top map[string]json.RawMessage
		if isObject := json.Unmarshal(raw, &top) == nil && top != nil; !isObject && err == nil {
			t.Fatalf("%q was taken for a row", raw)
		}
		_, _ = DecodeUser(raw)
		_, _ = DecodeSubscribedSKU(raw)
		_, _ = DecodeRoleEligibilitySchedule(raw)
		_, _ = DecodeServicePrincipalAssignments(raw)
		_, _ = DecodeApplication(raw)
		_, _ = DecodeApplicationOwners(raw)
		_, _ = DecodeAuthorizationPolicy(raw)
		_, _ = DecodeAdminConsentRequestPolicy(raw)
		_, _ = DecodeRoleAssignmentScheduleInstance(raw)
		_, _ = DecodeClaims(raw)
	})
}
