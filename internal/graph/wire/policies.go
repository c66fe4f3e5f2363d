package wire

import "encoding/json"

// AuthorizationPolicy is what users may do by default. Source: GET
// /policies/authorizationPolicy.
type AuthorizationPolicy struct {
	ID                           string
	AllowInvitesFrom             string // none, adminsAndGuestInviters, adminsGuestInvitersAndAllMembers, everyone
	GuestUserRoleID              string
	AllowUserConsentForRiskyApps *bool
	AllowedToCreateApps          *bool
	// PermissionGrantPoliciesAssigned are "<scope>.<policy>", as sent.
	PermissionGrantPoliciesAssigned []string
}

// DecodeAuthorizationPolicy reads the authorization policy. What users may do is an
// object of its own in it.
func DecodeAuthorizationPolicy(raw json.RawMessage) (AuthorizationPolicy, error) {
	return decode("authorizationPolicy", raw, func(r reader) AuthorizationPolicy {
		p := AuthorizationPolicy{
			ID:                           r.text("id"),
			AllowInvitesFrom:             r.text("allowInvitesFrom"),
			GuestUserRoleID:              r.id("guestUserRoleId"),
			AllowUserConsentForRiskyApps: r.flag("allowUserConsentForRiskyApps"),
		}
		if user, ok := r.object("defaultUserRolePermissions"); ok {
			p.AllowedToCreateApps = user.flag("allowedToCreateApps")
			p.PermissionGrantPoliciesAssigned = user.texts("permissionGrantPoliciesAssigned")
		}
		if p.PermissionGrantPoliciesAssigned == nil { // where other versions have it
			p.PermissionGrantPoliciesAssigned = r.texts("permissionGrantPolicyIdsAssignedToDefaultUserRole")
		}
		return p
	})
}

// AdminConsentRequestPolicy is the admin consent workflow. Source: GET
// /policies/adminConsentRequestPolicy, which has no id as a rule.
type AdminConsentRequestPolicy struct {
	ID              string
	IsEnabled       *bool
	NotifyReviewers *bool
	Reviewers       []string // the query of each reviewer scope; "" for one without a query
}

// DecodeAdminConsentRequestPolicy reads the admin consent request policy.
func DecodeAdminConsentRequestPolicy(raw json.RawMessage) (AdminConsentRequestPolicy, error) {
	return decode("adminConsentRequestPolicy", raw, func(r reader) AdminConsentRequestPolicy {
		return AdminConsentRequestPolicy{
			ID:              r.text("id"),
			IsEnabled:       r.flag("isEnabled"),
			NotifyReviewers: r.flag("notifyReviewers"),
			Reviewers:       list(r, "reviewers", func(r reader) string { return r.text("query") }),
		}
	})
}
