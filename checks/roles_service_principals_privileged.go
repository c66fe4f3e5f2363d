package checks

import (
	"strings"

	"tenantaudit/internal/snapshot"
)

var rolesServicePrincipalsPrivileged = Check{
	ID:       "roles.service_principals_privileged",
	Title:    "Workload identities hold no privileged role",
	Severity: High,
	Needs:    []snapshot.Dataset{snapshot.DirectoryRoleAssignments, snapshot.GroupMembers, snapshot.ServicePrincipals},
	Subject:  "applications of others with a directory role",
	Why:      "An application signs in with a secret alone: no second factor, no device, and nobody who notices. With a privileged role that secret is as good as an administrator's password.",
	Rule: "Every application that is not Microsoft's (by the tenant that owns it) and holds a role with Microsoft's privileged label, active or eligible, directly or through a group, is high; medium when all its roles only read (Global Reader, Security Reader). " +
		"The identity that made this review is listed as info while its roles only read. An application whose owner is not known is no verdict.",
	Fix: "Replace the role by the application permission that does the work, limited where that is possible, then remove the assignment: Remove-MgRoleManagementDirectoryRoleAssignment -UnifiedRoleAssignmentId <id>",
	Sources: []string{
		"https://learn.microsoft.com/entra/identity/role-based-access-control/privileged-roles-permissions",
		"https://learn.microsoft.com/entra/architecture/service-accounts-principal",
		rolesReferencePage,
	},
	Run: runServicePrincipalsPrivileged,
}

func runServicePrincipalsPrivileged(in Input) (Output, error) {
	holders, err := in.rolesHolders()
	if err != nil {
		return Output{}, err
	}
	apps, err := in.applications()
	if err != nil {
		return Output{}, err
	}
	self := in.Run().IdentityID
	var out Output
	unknown := 0
	for id, h := range holders {
		sp, listed := apps.byID[id]
		if h.kind != "servicePrincipal" && !listed {
			continue
		}
		if !listed && !apps.complete {
			unknown++
			continue
		}
		if firstParty(sp) {
			continue
		}
		out.Evaluated++
		if !h.privileged() {
			continue
		}
		h.kind = "servicePrincipal"
		severity, summary, lowered := High, h.holds()+".", ""
		if h.readOnly() {
			severity, lowered = Medium, "the roles only read"
			summary = h.holds() + ", which only read."
			if self != "" && strings.EqualFold(self, h.id) {
				severity, lowered = Info, "the identity that made this review, with roles that only read"
				summary = h.holds() + " to make this review."
			}
		}
		more := applicationDetails(sp)
		more["lowered"] = lowered
		f := h.finding(severity, summary, more)
		if listed {
			f.Subject.Name = displayName(sp.DisplayName, sp.ID)
			f = f.with(evidence(snapshot.ServicePrincipals, sp))
		}
		out.Findings = append(out.Findings, f)
	}
	out.Gaps = gap("who owns the application is not known", unknown)
	return out, nil
}
