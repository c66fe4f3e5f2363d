package wire

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestAuthorizationPolicy(t *testing.T) {
	p, err := DecodeAuthorizationPolicy(json.RawMessage(`{"@odata.context":"x","@odata.id":"y","id":"authorizationPolicy","allowInvitesFrom":"everyone","allowUserConsentForRiskyApps":null,
		"guestUserRoleId":"10DAE51F-B6AF-4016-8D66-8C2A99B929B3","defaultUserRolePermissions":{"allowedToCreateApps":true,"allowedToCreateTenants":true,
		"permissionGrantPoliciesAssigned":["ManagePermissionGrantsForSelf.microsoft-user-default-legacy"]}}`))
	if err != nil || p.ID != "authorizationPolicy" || p.AllowInvitesFrom != "everyone" || p.GuestUserRoleID != "10dae51f-b6af-4016-8d66-8c2a99b929b3" ||
		p.AllowUserConsentForRiskyApps != nil || !yes(p.AllowedToCreateApps) || !slices.Equal(p.PermissionGrantPoliciesAssigned, []string{"ManagePermissionGrantsForSelf.microsoft-user-default-legacy"}) {
		t.Errorf("%+v, %v", p, err)
	}
	for raw, want := range map[string][]string{
		`{}`:                                  nil,
		`{"defaultUserRolePermissions":null}`: nil,
		`{"defaultUserRolePermissions":{}}`:   nil,
		`{"defaultUserRolePermissions":{"permissionGrantPoliciesAssigned":[]}}`: {},
		`{"permissionGrantPolicyIdsAssignedToDefaultUserRole":["a.b"]}`:         {"a.b"},
	} {
		p, err := DecodeAuthorizationPolicy(json.RawMessage(raw))
		if err != nil || !slices.Equal(p.PermissionGrantPoliciesAssigned, want) || (p.PermissionGrantPoliciesAssigned == nil) != (want == nil) {
			t.Errorf("%s: %#v, %v; want %#v", raw, p.PermissionGrantPoliciesAssigned, err, want)
		}
	}
	if p, err := DecodeAuthorizationPolicy(json.RawMessage(`{"allowInvitesFrom":"none","defaultUserRolePermissions":"x"}`)); err == nil || p.AllowInvitesFrom != "none" {
		t.Errorf("an odd value costs itself alone: %+v, %v", p, err)
	}
}

func TestAdminConsentRequestPolicy(t *testing.T) {
	p, err := DecodeAdminConsentRequestPolicy(json.RawMessage(`{"isEnabled":false,"version":0,"notifyReviewers":false,"remindersEnabled":false,"requestDurationInDays":0,"reviewers":[]}`))
	if err != nil || p.ID != "" || p.IsEnabled == nil || *p.IsEnabled || p.NotifyReviewers == nil || p.Reviewers == nil || len(p.Reviewers) != 0 {
		t.Errorf("%+v, %v", p, err)
	}
	p, err = DecodeAdminConsentRequestPolicy(json.RawMessage(`{"isEnabled":true,"reviewers":[{"query":"/users/x","queryType":"MicrosoftGraph"},{"query":null}]}`))
	if err != nil || !yes(p.IsEnabled) || !slices.Equal(p.Reviewers, []string{"/users/x", ""}) {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err := DecodeAdminConsentRequestPolicy(json.RawMessage(`{"reviewers":null}`)); err != nil || p.Reviewers != nil || p.IsEnabled != nil {
		t.Errorf("not sent: %+v, %v", p, err)
	}
}

func TestRoleAssignmentScheduleInstance(t *testing.T) {
	v, err := DecodeRoleAssignmentScheduleInstance(json.RawMessage(`{"id":"lAPpYvVpN0KRkAEhdxReEJC2sEqbR_9Hr48lds9SGHI-1","principalId":"F7A0800A-B3BF-5696-AEE7-1F63BBCB30F5",
		"roleDefinitionId":"62e90394-69f5-4237-9190-012177145e10","directoryScopeId":"/","appScopeId":null,"startDateTime":"2026-01-05T09:00:00Z","endDateTime":null,
		"assignmentType":"Assigned","memberType":"Direct","roleAssignmentOriginId":"x","roleAssignmentScheduleId":"y"}`))
	if err != nil || v.PrincipalID != "f7a0800a-b3bf-5696-aee7-1f63bbcb30f5" || v.AssignmentType != "Assigned" || v.MemberType != "Direct" || v.EndDateTime != "" ||
		v.DirectoryScopeID != "/" || v.StartDateTime != "2026-01-05T09:00:00Z" || v.Principal != nil {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestApplicationOwnersTellNoneFromNotShown(t *testing.T) {
	for raw, want := range map[string]int{`{"id":"a","appId":"b"}`: -1, `{"id":"a","owners":null}`: -1, `{"id":"a","owners":[]}`: 0,
		`{"id":"a","owners":[{"@odata.type":"#microsoft.graph.user","id":"u"}]}`: 1} {
		a, err := DecodeApplicationOwners(json.RawMessage(raw))
		got := len(a.Owners)
		if a.Owners == nil {
			got = -1
		}
		if err != nil || got != want {
			t.Errorf("%s: %d owners, %v; want %d", raw, got, err, want)
		}
	}
}
