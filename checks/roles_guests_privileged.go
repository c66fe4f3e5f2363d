package checks

import "tenantaudit/internal/snapshot"

var rolesGuestsPrivileged = Check{
	ID:       "roles.guests_privileged",
	Title:    "Guests hold no directory role",
	Severity: High,
	Needs:    []snapshot.Dataset{snapshot.DirectoryRoleAssignments, snapshot.GroupMembers},
	Uses:     []snapshot.Dataset{snapshot.Users},
	Subject:  "people with a directory role",
	Why:      "A guest's password, second factor and devices are looked after by somebody else. When the guest's own organisation loses the account, the role here is lost with it.",
	Rule:     "Every guest (by the type of the member or the userType of the account) who holds any directory role, active or eligible, directly or through a group, is a finding, whatever the role.",
	Fix:      "Remove the assignment (Entra admin center > Roles and admins > the role > Assignments; Remove-MgRoleManagementDirectoryRoleAssignment -UnifiedRoleAssignmentId <id>) or take the guest out of the group; give outside administrators an account of this tenant, or use GDAP for partners",
	Sources: []string{
		rolesBestPracticesPage,
		"https://learn.microsoft.com/entra/external-id/user-properties",
	},
	Run: runGuestsPrivileged,
}

func runGuestsPrivileged(in Input) (Output, error) {
	holders, err := in.rolesHolders()
	if err != nil {
		return Output{}, err
	}
	accounts, err := in.rolesAccounts(holders)
	if err != nil {
		return Output{}, err
	}
	var out Output
	for id, h := range holders {
		if !h.person() {
			continue
		}
		out.Evaluated++
		if h.kind != snapshot.TrusteeGuest {
			continue
		}
		f := h.finding(High, h.holds()+" as a guest.", map[string]any{"userType": nil, "accountEnabled": nil})
		if account, ok := accounts[id]; ok {
			f.Details["userType"], f.Details["accountEnabled"] = account.UserType, state(account.AccountEnabled)
			f = f.with(evidence(snapshot.Users, account))
		}
		out.Findings = append(out.Findings, f)
	}
	return out, nil
}
