package checks

import "tenantaudit/internal/snapshot"

var rolesDisabledPrivileged = Check{
	ID:       "roles.disabled_privileged",
	Title:    "Disabled accounts hold no privileged role",
	Severity: Low,
	Needs:    []snapshot.Dataset{snapshot.DirectoryRoleAssignments, snapshot.GroupMembers, snapshot.Users},
	Subject:  "people with a privileged role",
	Why:      "A disabled account is one switch away from being an administrator again, and nobody misses it while somebody else uses it.",
	Rule: "Everybody who holds a role with Microsoft's privileged label, active or eligible, directly or through a group, must have an enabled account. Roles without the label, custom ones included, are left out. " +
		"An account that does not say whether it is enabled, or that is not among the users, is no verdict.",
	Fix:     "Remove the assignment: Remove-MgRoleManagementDirectoryRoleAssignment -UnifiedRoleAssignmentId <id>; for an eligible one Entra admin center > Identity Governance > Privileged Identity Management > Microsoft Entra roles > Assignments",
	Sources: []string{rolesBestPracticesPage, "https://learn.microsoft.com/entra/identity/role-based-access-control/privileged-roles-permissions"},
	Run:     runDisabledPrivileged,
}

func runDisabledPrivileged(in Input) (Output, error) {
	holders, err := in.rolesHolders()
	if err != nil {
		return Output{}, err
	}
	accounts, err := in.rolesAccounts(holders)
	if err != nil {
		return Output{}, err
	}
	var out Output
	silent, missing := 0, 0
	for id, h := range holders {
		if !h.person() || !h.privileged() {
			continue
		}
		account, ok := accounts[id]
		switch {
		case !ok:
			missing++
			continue
		case account.AccountEnabled == nil:
			silent++
			continue
		}
		out.Evaluated++
		if isFalse(account.AccountEnabled) {
			f := h.finding(Low, h.holds()+", and the account is disabled.", map[string]any{"accountEnabled": false})
			out.Findings = append(out.Findings, f.with(evidence(snapshot.Users, account)))
		}
	}
	out.Gaps = append(gap("accountEnabled was not sent", silent), gap("the account is not in users", missing)...)
	return out, nil
}
