package checks

import (
	"cmp"
	"fmt"
	"slices"

	"tenantaudit/internal/snapshot"
)

var auditRetentionMeetsNeed = Check{
	ID:       "audit.retention_meets_need",
	Title:    "Audit records are kept as long as needed",
	Severity: Medium,
	Needs:    []snapshot.Dataset{snapshot.UserLicences},
	Subject:  "licensed users",
	Why:      "Break-ins are often found months later. Records that are gone by then cannot show what was read or who let the intruder in.",
	Rule: "Audit (Standard) keeps records for 180 days. Audit (Premium) keeps those of Exchange, SharePoint and Entra ID for one year, user by user, when the service plan is enabled in at least one of the user's products. " +
		"What is needed is set by --audit-retention-days; by default 180 days, which every licensed user meets. Retention policies of your own and the ten-year add-on are not read; users without a licence are left out.",
	Fix: "Assign the user a product with the service plan M365_ADVANCED_AUDITING (2f442157-a11c-46b9-ae5b-6e39ff4e5849); for longer than a year add New-UnifiedAuditLogRetentionPolicy with the ten-year add-on, or export the records to a store of your own",
	Sources: []string{
		"https://learn.microsoft.com/purview/audit-solutions-overview",
		"https://learn.microsoft.com/purview/audit-log-retention-policies",
	},
	Run: runRetentionMeetsNeed,
}

// premiumRetentionDays is what Audit (Premium) keeps.
const premiumRetentionDays = 365

// auditLicensedUser is what the licences of one user add up to.
type auditLicensedUser struct {
	id, name string
	premium  bool
	skus     []string
	proof    []Evidence
}

func runRetentionMeetsNeed(in Input) (Output, error) {
	users, err := auditLicensedUsers(in)
	if err != nil {
		return Output{}, err
	}
	need := cmp.Or(in.Options.AuditRetentionDays, DefaultAuditRetentionDays)
	out := Output{Evaluated: len(users)}
	for _, u := range users {
		kept := DefaultAuditRetentionDays
		if u.premium {
			kept = premiumRetentionDays
		}
		if kept >= need {
			continue
		}
		slices.Sort(u.skus)
		out.Findings = append(out.Findings, Finding{
			Subject:  Subject{Type: "user", ID: u.id, Name: u.name},
			Summary:  fmt.Sprintf("Audit records of %s are kept for %d days; %d are needed.", u.name, kept, need),
			Details:  map[string]any{"retentionDays": kept, "neededDays": need, "auditPremium": u.premium, "skus": u.skus},
			Evidence: u.proof,
		})
	}
	return out, nil
}

// auditLicensedUsers returns the users who hold a licence, by id.
func auditLicensedUsers(in Input) ([]*auditLicensedUser, error) {
	byID := map[string]*auditLicensedUser{}
	var list []*auditLicensedUser
	for l, err := range in.UserLicences() {
		if err != nil {
			return nil, err
		}
		u := byID[l.User]
		if u == nil {
			u = &auditLicensedUser{id: l.User, name: cmp.Or(l.UserPrincipalName, l.User), skus: []string{}}
			byID[l.User] = u
			list = append(list, u)
		}
		u.premium = u.premium || l.AdvancedAudit
		u.skus = append(u.skus, l.SKUPartNumber)
		u.proof = append(u.proof, evidence(snapshot.UserLicences, l))
	}
	return list, nil
}
