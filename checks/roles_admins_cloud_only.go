package checks

import "tenantaudit/internal/snapshot"

var rolesAdminsCloudOnly = Check{
	ID:       "roles.admins_cloud_only",
	Title:    "Administrators use cloud-only accounts",
	Severity: High,
	Needs:    []snapshot.Dataset{snapshot.DirectoryRoleAssignments, snapshot.GroupMembers, snapshot.Users},
	Subject:  "people with a directory role",
	Why:      "An account that comes from the directory on premises falls with it: whoever controls a domain controller sets its password and is an administrator of the cloud.",
	Rule: "Everybody who holds a directory role, active or eligible, directly or through a group, must have an account with onPremisesSyncEnabled not true. A synchronised one is high when any of the roles carries Microsoft's privileged label, else medium. " +
		"Guests are left out: roles.guests_privileged judges them. A holder who is not among the users is no verdict.",
	Fix: "Create a cloud-only account (user@<tenant>.onmicrosoft.com) for the administrative work, give it the role, and remove the role from the synchronised account",
	Sources: []string{
		rolesBestPracticesPage,
		"https://learn.microsoft.com/entra/architecture/protect-m365-from-on-premises-attacks",
	},
	Run: runAdminsCloudOnly,
}

func runAdminsCloudOnly(in Input) (Output, error) {
	holders, err := in.rolesHolders()
	if err != nil {
		return Output{}, err
	}
	accounts, err := in.rolesAccounts(holders)
	if err != nil {
		return Output{}, err
	}
	var out Output
	unknown := 0
	for id, h := range holders {
		if h.kind != snapshot.TrusteeUser {
			continue
		}
		account, ok := accounts[id]
		if !ok {
			unknown++
			continue
		}
		out.Evaluated++
		if !isTrue(account.OnPremisesSyncEnabled) {
			continue
		}
		severity, raised := Medium, []string{}
		if h.privileged() {
			severity, raised = High, []string{"a role is privileged"}
		}
		f := h.finding(severity, h.holds()+" with an account that is synchronised from on premises.", map[string]any{"onPremisesSyncEnabled": true, "accountEnabled": state(account.AccountEnabled), "raised": raised})
		out.Findings = append(out.Findings, f.with(evidence(snapshot.Users, account)))
	}
	out.Gaps = gap("the account is not in users", unknown)
	return out, nil
}
