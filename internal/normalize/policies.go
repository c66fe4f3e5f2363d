package normalize

import (
	"tenantaudit/internal/graph/wire"
	"tenantaudit/internal/snapshot"
)

// policies writes what users may do by default and how they ask for more: one row each.
func (n *run) policies() error {
	for r, err := range decode(n, "graph/authorizationPolicy", wire.DecodeAuthorizationPolicy) {
		if err != nil {
			return err
		}
		p := r.V
		if err := n.sink(snapshot.AuthorizationPolicy{
			ID: firstOf(p.ID, "authorizationPolicy"), PermissionGrantPolicies: p.PermissionGrantPoliciesAssigned, AllowedToCreateApps: p.AllowedToCreateApps,
			AllowUserConsentForRiskyApp: p.AllowUserConsentForRiskyApps, AllowInvitesFrom: p.AllowInvitesFrom, GuestUserRoleID: p.GuestUserRoleID,
		}); err != nil {
			return err
		}
		break // one per tenant
	}
	for r, err := range decode(n, "graph/adminConsentRequestPolicy", wire.DecodeAdminConsentRequestPolicy) {
		if err != nil {
			return err
		}
		p := r.V
		return n.sink(snapshot.AdminConsentPolicy{
			ID: firstOf(p.ID, "adminConsentRequestPolicy"), IsEnabled: p.IsEnabled, NotifyReviewers: p.NotifyReviewers, Reviewers: p.Reviewers,
		})
	}
	return nil
}
