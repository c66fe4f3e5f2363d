package checks

import (
	"fmt"
	"slices"
	"strings"

	"tenantaudit/internal/snapshot"
)

var oauthApplicationOwners = Check{
	ID:       "oauth.application_owners",
	Title:    "Owners of powerful applications are themselves protected",
	Severity: Medium,
	Needs: []snapshot.Dataset{
		snapshot.ServicePrincipals, snapshot.AppRoleAssignments, snapshot.OAuth2PermissionGrants, snapshot.GroupMembers, snapshot.DirectoryRoleAssignments,
	},
	Uses:    []snapshot.Dataset{snapshot.Users},
	Subject: "powerful applications",
	Why:     "An owner can add a secret to the application and sign in as it. An ordinary account that owns a powerful application is therefore worth as much as an administrator's, without the care that those get.",
	Rule: "Powerful are applications that are not Microsoft's and hold an app role of tier critical or high, directly or through a group, or a grant for all users with such a scope. Owners of the service principal and of its registration count alike. " +
		"An owner is protected when it holds a privileged directory role (by Microsoft's label), active or eligible, directly or through a group. Any other owner is a finding of medium, high when one of them is a guest or a disabled account. " +
		"Owners that were not read are no verdict; nor is an owner without a known role while roles or groups were not read in full.",
	Fix: "Remove the owner (Remove-MgServicePrincipalOwnerDirectoryObjectByRef -ServicePrincipalId <id> -DirectoryObjectId <owner>; Remove-MgApplicationOwnerDirectoryObjectByRef for the registration) and let the holders of Cloud Application Administrator look after it",
	Sources: []string{
		"https://learn.microsoft.com/entra/identity/enterprise-apps/overview-assign-app-owners",
		"https://learn.microsoft.com/graph/api/serviceprincipal-delete-owners",
		"https://learn.microsoft.com/entra/identity-platform/security-best-practices-for-app-registration",
	},
	Run: runApplicationOwners,
}

// oauthOwner is an owner as details show it.
type oauthOwner struct {
	snapshot.ObjectRef
	On             string `json:"on"` // servicePrincipal, application
	Protected      bool   `json:"protected"`
	AccountEnabled any    `json:"accountEnabled"` // null: not known

	guest, disabled bool
}

func runApplicationOwners(in Input) (Output, error) {
	assignments, err := collect(in.DirectoryRoleAssignments())
	if err != nil {
		return Output{}, err
	}
	apps, groups, holders, err := in.oauthPowerful(rolesGroups(assignments))
	if err != nil {
		return Output{}, err
	}
	c, err := in.Coverage(snapshot.DirectoryRoleAssignments)
	if err != nil {
		return Output{}, err
	}
	sure := groups.complete && c.State == snapshot.CoverageComplete
	roles := rolesExpand(assignments, groups)
	accounts, err := in.ownerAccounts(apps, holders)
	if err != nil {
		return Output{}, err
	}
	var out Output
	unread, unsure := 0, 0
	for id, h := range holders {
		sp := apps.byID[id]
		owners := judgeOwners(sp, roles, accounts)
		open := slices.ContainsFunc(owners, func(o oauthOwner) bool { return !o.Protected })
		switch {
		case open && sure:
			out.Evaluated++
			out.Findings = append(out.Findings, h.ownerFinding(sp, owners))
		case open:
			unsure++
		case sp.Owners == nil || sp.ApplicationOwners == nil:
			unread++
		default:
			out.Evaluated++
		}
	}
	out.Gaps = append(gap("the owners were not read", unread), gap("whether the owners hold a privileged role is not known", unsure)...)
	return out, nil
}

// ownerAccounts reads the accounts that own a powerful application, by id in lower case.
func (in Input) ownerAccounts(apps applications, holders map[string]*oauthHolder) (map[string]snapshot.User, error) {
	accounts := map[string]snapshot.User{}
	wanted := map[string]bool{}
	for id := range holders {
		for _, o := range slices.Concat(apps.byID[id].Owners, apps.byID[id].ApplicationOwners) {
			wanted[strings.ToLower(o.ID)] = true
		}
	}
	for u, err := range in.Users() {
		if err != nil {
			return nil, err
		}
		if key := strings.ToLower(u.User); wanted[key] {
			accounts[key] = u
		}
	}
	return accounts, nil
}

// judgeOwners returns the owners, each once, those of the service principal first.
func judgeOwners(sp snapshot.ServicePrincipal, roles map[string]*rolesHolder, accounts map[string]snapshot.User) []oauthOwner {
	var list []oauthOwner
	seen := map[string]bool{}
	add := func(refs []snapshot.ObjectRef, on string) {
		for _, ref := range refs {
			key := strings.ToLower(ref.ID)
			if seen[key] {
				continue
			}
			seen[key] = true
			account := accounts[key]
			holder := roles[key]
			list = append(list, oauthOwner{
				ObjectRef: ref, On: on, Protected: holder != nil && holder.privileged(), AccountEnabled: state(account.AccountEnabled),
				guest:    ref.Type == snapshot.TrusteeGuest || strings.EqualFold(account.UserType, "Guest"),
				disabled: isFalse(account.AccountEnabled),
			})
		}
	}
	add(sp.Owners, onServicePrincipal)
	add(sp.ApplicationOwners, "application")
	return list
}

func (h *oauthHolder) ownerFinding(sp snapshot.ServicePrincipal, owners []oauthOwner) Finding {
	severity := Medium
	names, raised := []string{}, []string{}
	for _, o := range owners {
		if o.Protected {
			continue
		}
		name := displayName(o.Name, o.ID)
		switch {
		case o.guest:
			raised = append(raised, name+" is a guest")
			severity = High
		case o.disabled:
			raised = append(raised, name+" is a disabled account")
			severity = High
		}
		names = append(names, name)
	}
	powers, proofs := oauthNames(h.severe(oauthByAppRole, oauthByEveryone))
	verb := "holds no privileged role"
	if len(names) > 1 {
		verb = "hold no privileged role"
	}
	summary := fmt.Sprintf("%s, which holds %s, can be taken over by its owners: %s %s", displayName(sp.DisplayName, sp.ID), few(powers), few(names), verb)
	if len(raised) > 0 {
		summary += "; " + few(raised)
	}
	details := map[string]any{"owners": owners, "raised": raised}
	h.addTo(details)
	return oauthFinding(sp, severity, summary+".", details, proofs...)
}
