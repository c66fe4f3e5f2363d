package normalize

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tenantaudit/internal/snapshot"
)

func yes() *bool { return ptr(true) }
func no() *bool  { return ptr(false) }

func wantRows[T any](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func TestUsers(t *testing.T) {
	f := newFixture(t)
	f.list("graph/users",
		fmt.Sprintf(`{"id":%q,"userPrincipalName":"kim@contoso.example","displayName":"Kim","mail":"kim@contoso.example","userType":"Member","accountEnabled":false,"onPremisesSyncEnabled":true,"createdDateTime":"2024-05-01T10:00:00Z"}`, kim),
		fmt.Sprintf(`{"id":%q,"userPrincipalName":"old@contoso.example","displayName":"Old","mail":null,"userType":null,"accountEnabled":null,"onPremisesSyncEnabled":null,"createdDateTime":null}`, lee))
	f.run()
	wantRows(t, "users", rows[snapshot.User](f), []snapshot.User{
		{User: kim, UserPrincipalName: "kim@contoso.example", DisplayName: "Kim", Mail: "kim@contoso.example", UserType: "Member", AccountEnabled: no(), OnPremisesSyncEnabled: yes(),
			CreatedDateTime: ptr(time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC))},
		{User: lee, UserPrincipalName: "old@contoso.example", DisplayName: "Old"},
	})
	if c := f.coverage(snapshot.Users); c.State != snapshot.CoverageComplete {
		t.Errorf("coverage %+v", c)
	}
}

func TestTransportConfig(t *testing.T) {
	for raw, want := range map[string]snapshot.TransportConfig{
		`{"Name":"Transport Settings","Identity":"x","SmtpClientAuthenticationDisabled":true}`: {Name: "Transport Settings", SMTPClientAuthenticationDisabled: yes()},
		`{"Identity":"Transport Settings","SmtpClientAuthenticationDisabled":false}`:           {Name: "Transport Settings", SMTPClientAuthenticationDisabled: no()},
		`{"Name":"Transport Settings","SmtpClientAuthenticationDisabled":null}`:                {Name: "Transport Settings"},
		`{"Name":"Transport Settings"}`:                                                        {Name: "Transport Settings"},
	} {
		f := newFixture(t)
		f.list("exo/Get-TransportConfig", raw)
		f.run()
		wantRows(t, raw, rows[snapshot.TransportConfig](f), []snapshot.TransportConfig{want})
	}
}

func TestCASMailboxesAreJoinedToMailboxes(t *testing.T) {
	f := people(t, "")
	f.list(casSource,
		// By the id, in another case; a later row of the same mailbox stands.
		fmt.Sprintf(`{"ExternalDirectoryObjectId":%q,"PrimarySmtpAddress":"old@contoso.example","SmtpClientAuthenticationDisabled":true}`, strings.ToUpper(kim)),
		fmt.Sprintf(`{"ExternalDirectoryObjectId":%q,"PrimarySmtpAddress":"kim@contoso.example","SmtpClientAuthenticationDisabled":false,"ImapEnabled":true,"PopEnabled":false}`, kim),
		// By the address alone.
		`{"ExternalDirectoryObjectId":"","Guid":"00000000-0000-0000-0000-000000000000","PrimarySmtpAddress":"LEE@contoso.example","SmtpClientAuthenticationDisabled":null}`,
		`{"Guid":"99999999-0000-4000-8000-000000000001","Identity":"Something else","PrimarySmtpAddress":"x@contoso.example","SmtpClientAuthenticationDisabled":false}`)
	f.run()
	wantRows(t, "rows", rows[snapshot.CASMailbox](f), []snapshot.CASMailbox{
		{Mailbox: kim, MailboxAddress: "kim@contoso.example", SMTPAuth: "enabled", IMAPEnabled: yes(), POPEnabled: no()},
		{Mailbox: lee, MailboxAddress: "lee@contoso.example", SMTPAuth: "inherits"},
	})
	if c := f.coverage(snapshot.CASMailboxes); c.State != snapshot.CoverageComplete || len(c.Reasons) != 0 {
		t.Errorf("coverage %+v: what is no mailbox is no gap", c)
	}
}

func TestSMTPAuthTellsNotSetFromNotSent(t *testing.T) {
	for value, want := range map[string]string{
		`,"SmtpClientAuthenticationDisabled":null`: "inherits", `,"SmtpClientAuthenticationDisabled":true`: "disabled", `,"SmtpClientAuthenticationDisabled":false`: "enabled",
		``: "", `,"SmtpClientAuthenticationDisabled":{"x":1}`: "", `,"SMTPClientAuthenticationDisabled":true`: "",
	} {
		f := people(t, "")
		f.list(casSource, fmt.Sprintf(`{"ExternalDirectoryObjectId":%q%s}`, kim, value), fmt.Sprintf(`{"ExternalDirectoryObjectId":%q%s}`, lee, value))
		f.run()
		for _, r := range rows[snapshot.CASMailbox](f) {
			if r.SMTPAuth != want {
				t.Errorf("%s: %q, want %q", value, r.SMTPAuth, want)
			}
		}
	}
}

// A mailbox of which the answer says nothing is unknown; one outside the scope is not missed.
func TestMailboxesMissingAmongTheProtocols(t *testing.T) {
	f := people(t, "")
	f.list("exo/Get-Mailbox", mailbox(kim, "kim@contoso.example", "Kim", ""), mailbox(lee, "lee@contoso.example", "Lee", ""),
		strings.Replace(mailbox("11111111-0000-4000-8000-000000000003", "team@contoso.example", "Team", ""), "UserMailbox", "GroupMailbox", 1),
		mailbox("11111111-0000-4000-8000-000000000004", "left@contoso.example", "Left", `,"IsInactiveMailbox":true`))
	f.list(casSource, fmt.Sprintf(`{"ExternalDirectoryObjectId":%q,"SmtpClientAuthenticationDisabled":null}`, kim))
	f.run()
	c := f.coverage(snapshot.CASMailboxes)
	if c.State != snapshot.CoveragePartial || len(c.Reasons) != 1 || c.Reasons[0].Count != 1 || !strings.Contains(c.Reasons[0].Detail, "missing in the answer") {
		t.Errorf("coverage %+v, want a gap of one mailbox", c)
	}
	// An answer that was cut says so itself.
	f.put(casSource, "", "000001", snapshot.Partial, fmt.Sprintf(`{"ExternalDirectoryObjectId":%q}`, kim))
	f.run()
	if c := f.coverage(snapshot.CASMailboxes); slices.ContainsFunc(c.Reasons, func(r snapshot.Reason) bool { return strings.Contains(r.Detail, "missing in the answer") }) {
		t.Errorf("coverage %+v", c)
	}
}

// Without the list of mailboxes every row stands, under the name it has.
func TestProtocolsWithoutTheListOfMailboxes(t *testing.T) {
	f := newFixture(t)
	f.put("exo/Get-Mailbox", "", "000001", snapshot.Denied)
	f.list(casSource, fmt.Sprintf(`{"ExternalDirectoryObjectId":%q,"Identity":"Kim","PrimarySmtpAddress":"kim@contoso.example","SmtpClientAuthenticationDisabled":true}`, strings.ToUpper(kim)),
		`{"Identity":"Lee","PrimarySmtpAddress":"lee@contoso.example","SmtpClientAuthenticationDisabled":true}`, `{"SmtpClientAuthenticationDisabled":true}`)
	f.run()
	wantRows(t, "rows", rows[snapshot.CASMailbox](f), []snapshot.CASMailbox{
		{Mailbox: kim, MailboxAddress: "kim@contoso.example", SMTPAuth: "disabled"}, {Mailbox: "Lee", MailboxAddress: "lee@contoso.example", SMTPAuth: "disabled"},
	})
	if c := f.coverage(snapshot.CASMailboxes); c.State != snapshot.CoveragePartial || len(c.Reasons) != 1 || c.Reasons[0].Count != 1 {
		t.Errorf("coverage %+v, want one row without a name", c)
	}
}

func TestSharingPolicies(t *testing.T) {
	f := newFixture(t)
	f.list("exo/Get-SharingPolicy",
		`{"Name":"Default Sharing Policy","Default":true,"Enabled":true,"Domains":["Anonymous:CalendarSharingFreeBusyReviewer","*: CalendarSharingFreeBusySimple"]}`,
		`{"Name":"Partners","Default":false,"Enabled":false,"Domains":["fabrikam.example : CalendarSharingFreeBusyDetail ,ContactsSharing"," * :CalendarSharingFreeBusySimple,a.example:ContactsSharing, CalendarSharingFreeBusySimple","b.example:"]}`,
		`{"Identity":"Silent","Domains":null}`, `{"Name":"None","Domains":[]}`)
	f.run()
	wantRows(t, "policies", rows[snapshot.SharingPolicy](f), []snapshot.SharingPolicy{
		{Name: "Default Sharing Policy", Default: yes(), Enabled: yes(), Domains: []string{"Anonymous: CalendarSharingFreeBusyReviewer", "*: CalendarSharingFreeBusySimple"}},
		{Name: "None", Domains: []string{}},
		{Name: "Partners", Default: no(), Enabled: no(), Domains: []string{"fabrikam.example: CalendarSharingFreeBusyDetail, ContactsSharing", "*: CalendarSharingFreeBusySimple",
			"a.example: ContactsSharing, CalendarSharingFreeBusySimple", "b.example:"}},
		{Name: "Silent"},
	})
	if c := f.coverage(snapshot.SharingPolicies); c.State != snapshot.CoverageComplete {
		t.Errorf("coverage %+v", c)
	}
}

func TestPolicies(t *testing.T) {
	f := newFixture(t)
	f.list("graph/authorizationPolicy", `{"id":"authorizationPolicy","allowInvitesFrom":"everyone","allowUserConsentForRiskyApps":null,"guestUserRoleId":"10dae51f-b6af-4016-8d66-8c2a99b929b3",
		"defaultUserRolePermissions":{"allowedToCreateApps":true,"permissionGrantPoliciesAssigned":["ManagePermissionGrantsForSelf.microsoft-user-default-legacy"]}}`, `{"id":"another"}`)
	f.list("graph/adminConsentRequestPolicy", `{"isEnabled":true,"notifyReviewers":false,"reviewers":[{"query":"/users/x","queryType":"MicrosoftGraph"}]}`)
	f.run()
	wantRows(t, "authorization", rows[snapshot.AuthorizationPolicy](f), []snapshot.AuthorizationPolicy{{
		ID: "authorizationPolicy", PermissionGrantPolicies: []string{"ManagePermissionGrantsForSelf.microsoft-user-default-legacy"}, AllowedToCreateApps: yes(),
		AllowInvitesFrom: "everyone", GuestUserRoleID: "10dae51f-b6af-4016-8d66-8c2a99b929b3",
	}})
	wantRows(t, "admin consent", rows[snapshot.AdminConsentPolicy](f), []snapshot.AdminConsentPolicy{{ID: "adminConsentRequestPolicy", IsEnabled: yes(), NotifyReviewers: no(), Reviewers: []string{"/users/x"}}})
	f = newFixture(t)
	f.list("graph/authorizationPolicy", `{"id":"authorizationPolicy"}`)
	f.put("graph/adminConsentRequestPolicy", "", "000001", snapshot.Unavailable)
	f.run()
	if p := rows[snapshot.AuthorizationPolicy](f)[0]; p.PermissionGrantPolicies != nil || p.AllowedToCreateApps != nil {
		t.Errorf("what was not sent is unknown: %+v", p)
	}
	if c := f.coverage(snapshot.AdminConsentPolicies); c.State != snapshot.CoverageUnavailable {
		t.Errorf("a cloud without the workflow: %+v", c)
	}
}

const (
	globalAdmin = "62e90394-69f5-4237-9190-012177145e10"
	app         = "55555555-0000-4000-8000-000000000001"
	appID       = "66666666-0000-4000-8000-000000000001"
)

func TestRoleSchedules(t *testing.T) {
	f := people(t, "")
	f.list("graph/servicePrincipals", fmt.Sprintf(`{"id":%q,"appId":%q,"displayName":"Bot"}`, app, appID))
	f.list("graph/roleDefinitions", `{"id":"77777777-0000-4000-8000-000000000001","displayName":"Helpers","isBuiltIn":false}`)
	const foreign = "88888888-0000-4000-8000-000000000001"
	f.list("graph/roleAssignments", fmt.Sprintf(`{"id":"r","principalId":%q,"roleDefinitionId":%q,"directoryScopeId":"/","principal":{"@odata.type":"#microsoft.graph.group","id":%q,"displayName":"Partners"}}`, foreign, globalAdmin, foreign))
	row := func(id, principal, role, assignment, member, end string) string {
		return fmt.Sprintf(`{"id":%q,"principalId":%q,"roleDefinitionId":%q,"directoryScopeId":"/","assignmentType":%q,"memberType":%q,"endDateTime":%s}`, id, principal, role, assignment, member, end)
	}
	f.list(string(roleScheduleSource),
		row("a", kim, globalAdmin, "Assigned", "Direct", "null"), row("b", guest, globalAdmin, "Activated", "Group", `"2026-11-02T08:00:00Z"`),
		row("c", sales, globalAdmin, "Assigned", "Group", "null"), row("d", app, "77777777-0000-4000-8000-000000000001", "Assigned", "Inherited", "null"),
		row("e", foreign, globalAdmin, "Assigned", "Direct", "null"), row("f", "88888888-0000-4000-8000-000000000002", globalAdmin, "Assigned", "Direct", "null"))
	f.run()
	ga := snapshot.RoleAssignmentSchedule{Role: "Global Administrator", RoleTemplateID: globalAdmin, AssignmentType: "Assigned", Scope: "/", Privileged: yes()}
	with := func(change func(*snapshot.RoleAssignmentSchedule)) snapshot.RoleAssignmentSchedule {
		v := ga
		change(&v)
		return v
	}
	wantRows(t, "schedules", rows[snapshot.RoleAssignmentSchedule](f), []snapshot.RoleAssignmentSchedule{
		with(func(v *snapshot.RoleAssignmentSchedule) {
			v.ID, v.Member, v.MemberType, v.MemberName = "a", kim, "user", "Kim Berg"
		}),
		with(func(v *snapshot.RoleAssignmentSchedule) {
			v.ID, v.Member, v.MemberType, v.MemberName, v.AssignmentType, v.Inherited = "b", guest, "guest", "Ann", "Activated", true
			v.EndDateTime = ptr(time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC))
		}),
		with(func(v *snapshot.RoleAssignmentSchedule) {
			v.ID, v.Member, v.MemberType, v.MemberName = "c", sales, "group", "Sales"
		}),
		{ID: "d", Role: "Helpers", RoleTemplateID: "77777777-0000-4000-8000-000000000001", Member: app, MemberType: "servicePrincipal", MemberName: "Bot", AssignmentType: "Assigned", Inherited: true, Scope: "/"},
		with(func(v *snapshot.RoleAssignmentSchedule) {
			v.ID, v.Member, v.MemberType, v.MemberName = "e", foreign, "group", "Partners"
		}),
		with(func(v *snapshot.RoleAssignmentSchedule) {
			v.ID, v.Member, v.MemberType = "f", "88888888-0000-4000-8000-000000000002", "unresolved"
		}),
	})
}

// An end that cannot be read is no "for ever", and an unknown kind is no activation.
func TestRoleSchedulesThatSayTooLittle(t *testing.T) {
	for _, odd := range []string{`"assignmentType":"Assigned","endDateTime":"some day"`, `"endDateTime":null`} {
		f := newFixture(t)
		f.list(string(roleScheduleSource), fmt.Sprintf(`{"id":"a","principalId":%q,"roleDefinitionId":%q,%s}`, kim, globalAdmin, odd))
		f.run()
		if c := f.coverage(snapshot.RoleAssignmentSchedules); c.State != snapshot.CoveragePartial || len(c.Reasons) != 1 {
			t.Errorf("%s: %+v, want a gap", odd, c)
		}
	}
}

// Without P2 there is nothing to read. A tenant that has it and is told that it has not
// must not read as one without roles.
func TestRoleSchedulesWithoutALicence(t *testing.T) {
	sku := func(status string) string {
		return fmt.Sprintf(`{"skuId":"84a661c4-e949-4bd2-a560-ed7766fcaf2b","skuPartNumber":"AAD_PREMIUM_P2","capabilityStatus":%q,"servicePlans":[{"servicePlanId":"eec0eb4f-6444-4f95-aba0-50c24d67f998","provisioningStatus":"Success"}]}`, status)
	}
	for name, c := range map[string]struct {
		skus  []string
		state snapshot.State
		want  snapshot.CoverageState
	}{
		"no licence":            {nil, snapshot.Unavailable, snapshot.CoverageComplete},
		"a licence of the past": {[]string{sku("Suspended")}, snapshot.Unavailable, snapshot.CoverageComplete},
		"a licence":             {[]string{sku("Enabled")}, snapshot.Unavailable, snapshot.CoverageUnavailable},
		"denied":                {nil, snapshot.Denied, snapshot.CoverageDenied},
	} {
		f := newFixture(t)
		f.list("graph/subscribedSkus", c.skus...)
		f.put(string(roleScheduleSource), "", "000001", c.state)
		f.run()
		if got := f.coverage(snapshot.RoleAssignmentSchedules); got.State != c.want || len(got.Reasons) == 0 {
			t.Errorf("%s: %+v, want %s with a reason", name, got, c.want)
		}
	}
}

func TestApplicationOwners(t *testing.T) {
	const foreignApp = "66666666-0000-4000-8000-000000000002"
	object := "77777777-0000-4000-8000-000000000009"
	owner := func(id, name string) string {
		return fmt.Sprintf(`{"@odata.type":"#microsoft.graph.user","id":%q,"displayName":%q,"userPrincipalName":"x@contoso.example"}`, id, name)
	}
	expanded := func(n int) string {
		var all []string
		for i := range n {
			all = append(all, owner(fmt.Sprintf("11111111-0000-4000-8000-0000000001%02d", i), "O"))
		}
		return fmt.Sprintf(`{"id":%q,"appId":%q,"owners":[%s]}`, object, appID, strings.Join(all, ","))
	}
	for name, c := range map[string]struct {
		build           func(fixture)
		here, elsewhere int // number of owners; -1: not read
	}{
		"shown":            {func(f fixture) { f.list("graph/applicationOwners", expanded(2)) }, 2, 0},
		"shown, none":      {func(f fixture) { f.list("graph/applicationOwners", expanded(0)) }, 0, 0},
		"as many as shown": {func(f fixture) { f.list("graph/applicationOwners", expanded(20)) }, -1, 0},
		"read in full": {func(f fixture) {
			f.list("graph/applicationOwners", expanded(20))
			f.put("graph/applicationOwners", object, "000001", snapshot.Complete, owner(kim, "Kim"), owner(lee, "Lee"), owner(kim, "Kim"))
		}, 2, 0},
		"failed in full": {func(f fixture) {
			f.list("graph/applicationOwners", expanded(20))
			f.put("graph/applicationOwners", object, "000001", snapshot.Failed)
		}, -1, 0},
		"one by one, none": {func(f fixture) {
			f.list("graph/applicationOwners")
			f.put("graph/applicationOwners", object, "000001", snapshot.Complete)
		}, 0, 0},
		"not read": {func(fixture) {}, -1, 0},
		"the list is not whole": {func(f fixture) {
			f.put("graph/applications", "", "000001", snapshot.Partial, fmt.Sprintf(`{"id":%q,"appId":%q}`, object, appID))
			f.list("graph/applicationOwners", expanded(2))
		}, 2, -1},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.list("graph/servicePrincipals", fmt.Sprintf(`{"id":%q,"appId":%q}`, app, appID), fmt.Sprintf(`{"id":"55555555-0000-4000-8000-000000000002","appId":%q}`, foreignApp))
			f.list("graph/applications", fmt.Sprintf(`{"id":%q,"appId":%q}`, object, appID))
			c.build(f)
			f.run()
			for _, s := range rows[snapshot.ServicePrincipal](f) {
				want := map[string]int{appID: c.here, foreignApp: c.elsewhere}[s.AppID]
				got := len(s.ApplicationOwners)
				if s.ApplicationOwners == nil {
					got = -1
				}
				if got != want {
					t.Errorf("%s: %d owners (%v), want %d", s.AppID, got, s.ApplicationOwners, want)
				}
			}
		})
	}
}
