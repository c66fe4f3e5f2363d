package checks

import (
	"fmt"
	"slices"
	"strings"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

var rolesNoPermanentPrivileged = Check{
	ID:       "roles.no_permanent_privileged",
	Title:    "Privileged roles are eligible, not permanently active",
	Severity: Medium,
	Needs:    []snapshot.Dataset{snapshot.RoleAssignmentSchedules, snapshot.DirectoryRoleAssignments, snapshot.SKUs},
	Subject:  "privileged assignments of people and groups",
	Why:      "A role that is always active is there for whoever steals the account, at any hour. An eligible one has to be activated, with a second factor and a reason, and the activation is on record.",
	Rule: "Assignments of roles with Microsoft's privileged label that were assigned (not activated from an eligible one), directly (not inherited from a group), without an end. Applications cannot activate roles and are left out. " +
		"The role of the identity that made this review is listed as info; so is Global Administrator held by users while at most two users hold it permanently: those are taken for emergency access accounts. " +
		"The check needs Microsoft Entra ID P2, by service plan in a product that is in use; without it nothing is judged.",
	Fix: "Entra admin center > Identity Governance > Privileged Identity Management > Microsoft Entra roles > Assignments: make the assignment eligible, then remove the active one; keep at most two emergency access accounts",
	Sources: []string{
		rolesBestPracticesPage,
		"https://learn.microsoft.com/entra/id-governance/privileged-identity-management/pim-deployment-plan",
		"https://learn.microsoft.com/entra/identity/role-based-access-control/security-emergency-access",
	},
	Run: runNoPermanentPrivileged,
}

// emergencyAccounts is how many users may hold Global Administrator permanently.
const emergencyAccounts = 2

func runNoPermanentPrivileged(in Input) (Output, error) {
	licensed, err := in.entraP2()
	if err != nil {
		return Output{}, err
	}
	eligible, err := in.eligibleRoles()
	if err != nil {
		return Output{}, err
	}
	rows, err := collect(in.RoleAssignmentSchedules())
	if err != nil {
		return Output{}, err
	}
	if !licensed {
		c, err := in.Coverage(snapshot.SKUs)
		if err != nil || c.State != snapshot.CoverageComplete {
			return Output{}, err // the licence may be among what was not read
		}
		return Output{Gaps: gap("not licensed: needs Entra ID P2 (service plan eec0eb4f-6444-4f95-aba0-50c24d67f998)", 1)}, nil
	}
	var out Output
	admins := permanentGlobalAdmins(rows)
	for _, r := range rows {
		if !rolesPrivileged(r.RoleTemplateID) || rolesKind(r.MemberType) == "servicePrincipal" {
			continue
		}
		out.Evaluated++
		if !permanent(r) || r.Inherited {
			continue
		}
		severity, summary := Medium, fmt.Sprintf("%s holds %s permanently.", displayName(r.MemberName, r.Member), displayName(r.Role, r.RoleTemplateID))
		switch {
		case in.Run().IdentityID != "" && strings.EqualFold(in.Run().IdentityID, r.Member):
			severity, summary = Info, strings.TrimSuffix(summary, ".")+"; it is the identity that made this review."
		case globalAdminUser(r) && len(admins) <= emergencyAccounts:
			severity, summary = Info, strings.TrimSuffix(summary, ".")+", as an emergency access account would."
		}
		out.Findings = append(out.Findings, Finding{
			Severity: severity,
			Subject:  Subject{Type: "roleAssignmentSchedule", ID: r.ID, Name: displayName(r.MemberName, r.Member) + " as " + displayName(r.Role, r.RoleTemplateID)},
			Summary:  summary,
			Details: map[string]any{
				"role": r.Role, "roleTemplateId": r.RoleTemplateID, "member": r.Member, "memberName": r.MemberName, "memberType": r.MemberType,
				"scope": r.Scope, "assignmentType": r.AssignmentType, "endDateTime": nil,
				"alsoEligible":                  eligible[eligibleKey(r.RoleTemplateID, r.Member, r.Scope)],
				"permanentGlobalAdministrators": len(admins),
			},
			Evidence: []Evidence{evidence(snapshot.RoleAssignmentSchedules, r)},
		})
	}
	return out, nil
}

// permanent reports whether an assignment was made without an end.
func permanent(r snapshot.RoleAssignmentSchedule) bool {
	return strings.EqualFold(r.AssignmentType, "Assigned") && r.EndDateTime == nil
}

// globalAdminUser reports whether a row gives Global Administrator to one user.
func globalAdminUser(r snapshot.RoleAssignmentSchedule) bool {
	kind := rolesKind(r.MemberType)
	return strings.EqualFold(r.RoleTemplateID, rolesGlobalAdministrator) && (kind == snapshot.TrusteeUser || kind == snapshot.TrusteeGuest)
}

// permanentGlobalAdmins are the users who hold Global Administrator permanently,
// those who inherit it from a group included.
func permanentGlobalAdmins(rows []snapshot.RoleAssignmentSchedule) map[string]bool {
	users := map[string]bool{}
	for _, r := range rows {
		if permanent(r) && globalAdminUser(r) {
			users[strings.ToLower(r.Member)] = true
		}
	}
	return users
}

// entraP2 reports whether a product in use holds the plan of Microsoft Entra ID P2.
func (in Input) entraP2() (bool, error) {
	found := false
	for s, err := range in.SKUs() {
		if err != nil {
			return false, err
		}
		usable := strings.EqualFold(s.Status, "Enabled") || strings.EqualFold(s.Status, "Warning")
		found = found || usable && slices.ContainsFunc(s.ServicePlanIDs, func(id string) bool { return facts.EntraPremium(id) == "P2" })
	}
	return found, nil
}

// eligibleRoles tells which roles somebody could activate: a permanent one beside
// them is not needed.
func (in Input) eligibleRoles() (map[string]bool, error) {
	eligible := map[string]bool{}
	for a, err := range in.DirectoryRoleAssignments() {
		if err != nil {
			return nil, err
		}
		if strings.EqualFold(a.Assignment, "eligible") {
			eligible[eligibleKey(a.RoleTemplateID, a.Member, a.Scope)] = true
		}
	}
	return eligible, nil
}

func eligibleKey(template, member, scope string) string {
	return strings.ToLower(template + "|" + member + "|" + scope)
}
