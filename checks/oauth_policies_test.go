package checks

import (
	"strings"
	"testing"

	"tenantaudit/internal/snapshot"
)

func TestUserConsentRestricted(t *testing.T) {
	const id = "oauth.user_consent_restricted"
	policy := func(risky *bool, entries ...string) *fake {
		return with(snapshot.AuthorizationPolicy{ID: "authorizationPolicy", PermissionGrantPolicies: entries, AllowUserConsentForRiskyApp: risky})
	}
	const self = "managePermissionGrantsForSelf."
	runRows(t, id, []row{
		{"legacy", policy(nil, "ManagePermissionGrantsForSelf.microsoft-user-default-legacy"), "fail 1/1", "high tenant tenant-1", ""},
		{"verified publishers only", policy(off(), self+"microsoft-user-default-low"), "pass 1/1", "", ""},
		{"not sent", policy(off()), "not-evaluated 0/1", "", "permissionGrantPoliciesAssigned was not sent"},
		{"an empty list", with(snapshot.AuthorizationPolicy{ID: "p", PermissionGrantPolicies: []string{}}), "pass 1/1", "", ""},
		{"Microsoft decides", policy(off(), self+"microsoft-user-default-recommended"), "fail 1/1", "low tenant tenant-1", ""},
		{"the tenant's own", policy(off(), self+"contoso-consent"), "fail 1/1", "medium tenant tenant-1", ""},
		{"a name that only starts like a good one", policy(off(), self+"microsoft-user-default-low-2"), "fail 1/1", "medium tenant tenant-1", ""},
		{"the worst counts", policy(off(), self+"microsoft-user-default-low", self+"microsoft-user-default-legacy", self+"contoso"), "fail 1/1", "high tenant tenant-1", ""},
		{"for owned resources", policy(off(), "managePermissionGrantsForOwnedResource.microsoft-user-default-legacy"), "pass 1/1", "", ""},
		{"risky applications", policy(on(), self+"microsoft-user-default-low"), "fail 1/1", "medium tenant tenant-1", ""},
		{"risky applications raise", policy(on(), self+"microsoft-user-default-recommended"), "fail 1/1", "medium tenant tenant-1", ""},
		{"risky applications do not lower", policy(on(), self+"microsoft-user-default-legacy"), "fail 1/1", "high tenant tenant-1", ""},
		{"no row", with(), "not-evaluated 0/1", "", "permissionGrantPoliciesAssigned was not sent"},
	})
	everyNeed(t, id, snapshot.AuthorizationPolicy{ID: "p", PermissionGrantPolicies: []string{self + "microsoft-user-default-low"}})

	_, found := judge(t, id, policy(on(), self+"microsoft-user-default-recommended"))
	if raised, _ := found[0].Details["raised"].([]string); len(raised) != 1 || !strings.Contains(found[0].Summary, "risky") {
		t.Errorf("what raised it is not said: %+v", found[0])
	}
}

func TestAdminConsentWorkflow(t *testing.T) {
	const id = "oauth.admin_consent_workflow"
	policy := func(enabled *bool, reviewers []string) *fake {
		return with(snapshot.AdminConsentPolicy{ID: "adminConsentRequestPolicy", IsEnabled: enabled, Reviewers: reviewers})
	}
	runRows(t, id, []row{
		{"on and staffed", policy(on(), []string{"/users/kim"}), "pass 1/1", "", ""},
		{"off", policy(off(), nil), "fail 1/1", "low tenant tenant-1", ""},
		{"nobody reviews", policy(on(), []string{}), "fail 1/1", "low tenant tenant-1", ""},
		{"reviewers not sent", policy(on(), nil), "not-evaluated 0/1", "", "the reviewers of the admin consent workflow were not sent"},
		{"not sent", policy(nil, []string{"/users/kim"}), "not-evaluated 0/1", "", "isEnabled of the admin consent workflow was not sent"},
		{"no row", with(), "not-evaluated 0/1", "", "isEnabled of the admin consent workflow was not sent"},
	})
	everyNeed(t, id, snapshot.AdminConsentPolicy{ID: "p", IsEnabled: on(), Reviewers: []string{"/users/kim"}})
}

func TestAppRegistrationRestricted(t *testing.T) {
	const id = "oauth.app_registration_restricted"
	policy := func(allowed *bool) *fake {
		return with(snapshot.AuthorizationPolicy{ID: "p", AllowedToCreateApps: allowed})
	}
	runRows(t, id, []row{
		{"everybody", policy(on()), "fail 1/1", "medium tenant tenant-1", ""},
		{"administrators", policy(off()), "pass 1/1", "", ""},
		{"not sent", policy(nil), "not-evaluated 0/1", "", "allowedToCreateApps was not sent"},
		{"no row", with(), "not-evaluated 0/1", "", "allowedToCreateApps was not sent"},
	})
	everyNeed(t, id, snapshot.AuthorizationPolicy{ID: "p", AllowedToCreateApps: off()})
}
