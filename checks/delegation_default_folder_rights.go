package checks

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tenantaudit/internal/permissions"
	"tenantaudit/internal/snapshot"
)

var delegationDefaultFolderRights = Check{
	ID:       "delegation.default_folder_rights",
	Title:    "Default and Anonymous see no more than free/busy",
	Severity: High,
	Needs:    []snapshot.Dataset{snapshot.FolderPermissions},
	Subject:  "mailboxes",
	Why: "What the entry Default may do, everybody in the organization may do, and every stolen account with them. What Anonymous may do asks for no sign-in at all. " +
		"Both are set with one careless click, and no list of delegates shows them.",
	Rule: "A finding for each folder whose entry Default or Anonymous, in whatever language, gives a right over the folder or its items. " +
		"None, AvailabilityOnly and LimitedDetails give none and are fine. Anonymous raises the finding to critical. A role that is not known is not judged.",
	Fix: "Set-MailboxFolderPermission -Identity <mailbox>:<folder> -User <Default|Anonymous> -AccessRights None; for a calendar that shows free/busy: -AccessRights AvailabilityOnly",
	Sources: []string{
		folderPermissionPage,
		"https://learn.microsoft.com/powershell/module/exchangepowershell/set-mailboxfolderpermission",
	},
	Run: runDefaultFolderRights,
}

func runDefaultFolderRights(in Input) (Output, error) {
	read, err := in.units(snapshot.FolderPermissions)
	if err != nil {
		return Output{}, err
	}
	var out Output
	unknown := map[string]bool{} // mailboxes with a role that nobody can judge
	for p, err := range in.FolderPermissions() {
		if err != nil {
			return Output{}, err
		}
		switch {
		case p.TrusteeType != snapshot.TrusteeDefault && p.TrusteeType != snapshot.TrusteeAnonymous:
		case len(p.Rights) > 0:
			out.Findings = append(out.Findings, defaultFolderFinding(p))
		case p.Rights == nil && p.Roles == nil || slices.ContainsFunc(p.Roles, givesUnknown):
			unknown[p.Mailbox] = true
		}
	}
	out.Evaluated = max(0, read-len(unknown))
	out.Gaps = gap("the role of Default or Anonymous on a folder is not known", len(unknown))
	return out, nil
}

// givesUnknown reports whether a role without rights is none of the three that
// are known to give nothing.
func givesUnknown(role string) bool {
	return !containsFold([]string{permissions.RoleNone, permissions.RoleAvailabilityOnly, permissions.RoleLimitedDetails}, role)
}

func defaultFolderFinding(p snapshot.FolderPermission) Finding {
	severity, who, raised := High, "Everybody in the organization", []string{}
	if p.TrusteeType == snapshot.TrusteeAnonymous {
		severity, who, raised = Critical, "Everybody, without signing in,", []string{"Anonymous needs no sign-in"}
	}
	role, _ := permissions.FolderRole(p.Rights)
	folder := cmp.Or(p.FolderPath, p.FolderType, "a folder")
	return Finding{
		Severity: severity,
		Subject:  Subject{Type: "folderPermission", ID: snapshot.Key(p), Name: p.MailboxAddress + " " + folder + ": " + p.Trustee},
		Summary:  fmt.Sprintf("%s has rights in %s of %s (%s): %s.", who, folder, p.MailboxAddress, p.Trustee, cmp.Or(role, strings.Join(p.Rights, ", "))),
		Details: map[string]any{
			"mailboxAddress": p.MailboxAddress, "folderPath": p.FolderPath, "folderType": p.FolderType,
			"trustee": p.Trustee, "trusteeType": p.TrusteeType, "roles": p.Roles, "role": role, "rights": p.Rights, "raised": raised,
		},
		Evidence: []Evidence{evidence(snapshot.FolderPermissions, p)},
	}
}
