package checks

import (
	"cmp"
	"fmt"
	"slices"

	"tenantaudit/internal/permissions"
	"tenantaudit/internal/snapshot"
)

var delegationFolderPermissions = Check{
	ID:        "delegation.folder_permissions",
	Title:     "Folder-level rights are known and justified",
	Severity:  Info,
	Inventory: true,
	Needs:     []snapshot.Dataset{snapshot.FolderPermissions},
	Uses:      []snapshot.Dataset{snapshot.GroupMembers},
	Subject:   "mailboxes",
	Why:       "A right on a single folder opens the inbox or the calendar as surely as Full Access does, and no list of mailbox permissions shows it.",
	Rule: "One entry per mailbox and trustee with a right over items of at least one folder, roles expanded into rights; free/busy alone is none. " +
		"The entries Default and Anonymous that every folder has, and the service's own trustees, are left out: other checks judge them.",
	Fix: "Remove-MailboxFolderPermission -Identity <mailbox>:<folder> -User <trustee>",
	Sources: []string{
		"https://learn.microsoft.com/powershell/module/exchangepowershell/get-mailboxfolderpermission",
		"https://learn.microsoft.com/powershell/module/exchangepowershell/add-mailboxfolderpermission",
	},
	Run: runFolderPermissions,
}

// folderGrant is what a trustee holds in one folder, as details show it.
type folderGrant struct {
	Path         string   `json:"path"`
	Type         string   `json:"type"`
	Roles        []string `json:"roles"`
	Role         string   `json:"role"` // the role that the rights amount to; "" for none
	Rights       []string `json:"rights"`
	SharingFlags []string `json:"sharingFlags"`
	id           string
}

func runFolderPermissions(in Input) (Output, error) {
	members, err := in.memberCounts()
	if err != nil {
		return Output{}, err
	}
	read, err := in.units(snapshot.FolderPermissions)
	if err != nil {
		return Output{}, err
	}
	type holding struct {
		row      snapshot.FolderPermission
		folders  []folderGrant
		evidence []Evidence
	}
	held := map[string]*holding{}
	for p, err := range in.FolderPermissions() {
		if err != nil {
			return Output{}, err
		}
		if len(p.Rights) == 0 || nobody(p.TrusteeType) {
			continue
		}
		key := subjectID(p.Mailbox, p.Trustee)
		h := held[key]
		if h == nil {
			h = &holding{row: p}
			held[key] = h
		}
		role, _ := permissions.FolderRole(p.Rights)
		h.folders = append(h.folders, folderGrant{p.FolderPath, p.FolderType, p.Roles, role, p.Rights, p.SharingFlags, p.FolderID})
		h.evidence = append(h.evidence, evidence(snapshot.FolderPermissions, p))
	}
	out := Output{Evaluated: read}
	for key, h := range held {
		slices.SortFunc(h.folders, func(a, b folderGrant) int {
			return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.id, b.id))
		})
		paths := make([]string, len(h.folders))
		for i, g := range h.folders {
			paths[i] = g.Path
		}
		details := trusteeDetails(h.row.TrusteeRef, members)
		details["mailboxAddress"] = h.row.MailboxAddress
		details["folders"] = h.folders
		out.Findings = append(out.Findings, Finding{
			Subject:  Subject{Type: "mailbox", ID: key, Name: h.row.MailboxAddress + ": " + h.row.Trustee},
			Summary:  fmt.Sprintf("%s has rights in %s of %s: %s.", holder(h.row.TrusteeRef, members), plural(len(paths), "folder"), h.row.MailboxAddress, few(paths)),
			Details:  details,
			Evidence: h.evidence,
		})
	}
	return out, nil
}
