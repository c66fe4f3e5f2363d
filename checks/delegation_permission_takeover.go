package checks

import (
	"fmt"
	"slices"
	"strings"

	"tenantaudit/internal/permissions"
	"tenantaudit/internal/snapshot"
)

var delegationPermissionTakeover = Check{
	ID:       "delegation.permission_takeover",
	Title:    "Nobody but administrators can change a mailbox's permissions or owner",
	Severity: High,
	Needs:    []snapshot.Dataset{snapshot.MailboxPermissions, snapshot.FolderPermissions},
	Uses:     []snapshot.Dataset{snapshot.DirectoryRoleAssignments, snapshot.GroupMembers},
	Subject:  "mailboxes",
	Why: "Who can change the permissions of a mailbox, or take it over as owner, can give Full Access to anybody, use it and take it away again. " +
		"The right looks harmless in a list because it opens nothing by itself.",
	Rule: "Mailbox entries with ChangePermission or ChangeOwner that allow and are not inherited, and FolderOwner on the root folder. Default, Anonymous and deleted accounts count as well; the service's own trustees do not. " +
		"An entry for an active Global or Exchange Administrator of the whole tenant, directly or by group, is shown as info: the role gives as much.",
	Fix: "Remove-MailboxPermission -Identity <mailbox> -User <trustee> -AccessRights ChangePermission,ChangeOwner; for the root folder: Remove-MailboxFolderPermission -Identity <mailbox>:\\ -User <trustee>",
	Sources: []string{
		"https://learn.microsoft.com/powershell/module/exchangepowershell/add-mailboxpermission",
		"https://learn.microsoft.com/powershell/module/exchangepowershell/add-mailboxfolderpermission",
	},
	Run: runPermissionTakeover,
}

// Role template ids of those who may change every mailbox anyway.
const (
	globalAdministrator   = "62e90394-69f5-4237-9190-012177145e10"
	exchangeAdministrator = "29232cdf-9323-42fd-ade2-1d097af3e4de"
	wholeTenant           = "/"
)

// mailboxAdmins returns the role of everybody who holds one of the two roles
// actively over the whole tenant, directly or as a member of a group.
func (in Input) mailboxAdmins() (map[string]string, error) {
	roles := map[string]string{}
	for a, err := range in.DirectoryRoleAssignments() {
		if err != nil {
			return nil, err
		}
		counts := strings.EqualFold(a.RoleTemplateID, globalAdministrator) || strings.EqualFold(a.RoleTemplateID, exchangeAdministrator)
		if counts && a.Assignment == "active" && a.Scope == wholeTenant {
			roles[a.Member] = a.Role
		}
	}
	through := map[string]string{}
	for m, err := range in.GroupMembers() {
		if err != nil {
			return nil, err
		}
		if role, ok := roles[m.Group]; ok && roles[m.Member] == "" {
			through[m.Member] = role
		}
	}
	for member, role := range through {
		roles[member] = role
	}
	return roles, nil
}

func runPermissionTakeover(in Input) (Output, error) {
	admins, err := in.mailboxAdmins()
	if err != nil {
		return Output{}, err
	}
	members, err := in.memberCounts()
	if err != nil {
		return Output{}, err
	}
	read, err := in.units(snapshot.MailboxPermissions)
	if err != nil {
		return Output{}, err
	}
	out := Output{Evaluated: read}
	found := func(g grant, rights []string) {
		f := g.finding(High, fmt.Sprintf("%s can take over %s: %s.", holder(g.TrusteeRef, members), g.address, strings.Join(rights, ", ")), members)
		if role, ok := admins[g.TrusteeID]; ok && g.TrusteeID != "" {
			f.Severity = Info
			f.Summary = fmt.Sprintf("%s, who holds %s, can change the permissions of %s by an entry of their own: %s.", holder(g.TrusteeRef, members), role, g.address, strings.Join(rights, ", "))
			f.Details["directoryRole"] = role
		}
		f.Details["takeoverRights"] = rights
		out.Findings = append(out.Findings, f)
	}
	for p, err := range in.MailboxPermissions() {
		if err != nil {
			return Output{}, err
		}
		rights := takeoverRights(p.Rights)
		if g, allows := mailboxGrant(p); allows && len(rights) > 0 && p.TrusteeType != snapshot.TrusteeWellKnown {
			g.key = snapshot.Key(p)
			found(g, rights)
		}
	}
	for p, err := range in.FolderPermissions() {
		if err != nil {
			return Output{}, err
		}
		if p.FolderType == "Root" && p.TrusteeType != snapshot.TrusteeWellKnown && containsFold(p.Rights, permissions.FolderOwner) {
			g, _ := folderEntry(p)
			g.key = snapshot.Key(p)
			found(g, []string{permissions.FolderOwner + " on the root folder"})
		}
	}
	return out, nil
}

// takeoverRights are those of a mailbox's rights that change who has access.
func takeoverRights(rights []string) []string {
	return slices.DeleteFunc(slices.Clone(rights), func(r string) bool {
		return !strings.EqualFold(r, permissions.ChangePermission) && !strings.EqualFold(r, permissions.ChangeOwner)
	})
}
