package permissions

import (
	"slices"
	"strings"
)

// The single rights over a folder, as Add-MailboxFolderPermission spells them.
const (
	CreateItems      = "CreateItems"
	CreateSubfolders = "CreateSubfolders"
	DeleteAllItems   = "DeleteAllItems"
	DeleteOwnedItems = "DeleteOwnedItems"
	EditAllItems     = "EditAllItems"
	EditOwnedItems   = "EditOwnedItems"
	FolderContact    = "FolderContact"
	FolderOwner      = "FolderOwner"
	FolderVisible    = "FolderVisible"
	ReadItems        = "ReadItems"
)

// The roles that give no right over items: None, and the two of calendars that
// show free/busy times only (LimitedDetails adds subject and location).
const (
	RoleNone             = "None"
	RoleAvailabilityOnly = "AvailabilityOnly"
	RoleLimitedDetails   = "LimitedDetails"
)

var singleRights = []string{
	CreateItems, CreateSubfolders, DeleteAllItems, DeleteOwnedItems, EditAllItems,
	EditOwnedItems, FolderContact, FolderOwner, FolderVisible, ReadItems,
}

// folderRoles is the table of roles and the rights that each stands for, sorted.
// Source: learn.microsoft.com/powershell/module/exchangepowershell/add-mailboxfolderpermission.
var folderRoles = map[string][]string{
	"Author":             {CreateItems, DeleteOwnedItems, EditOwnedItems, FolderVisible, ReadItems},
	"Contributor":        {CreateItems, FolderVisible},
	"Editor":             {CreateItems, DeleteAllItems, DeleteOwnedItems, EditAllItems, EditOwnedItems, FolderVisible, ReadItems},
	"NonEditingAuthor":   {CreateItems, DeleteOwnedItems, FolderVisible, ReadItems},
	"Owner":              {CreateItems, CreateSubfolders, DeleteAllItems, DeleteOwnedItems, EditAllItems, EditOwnedItems, FolderContact, FolderOwner, FolderVisible, ReadItems},
	"PublishingAuthor":   {CreateItems, CreateSubfolders, DeleteOwnedItems, EditOwnedItems, FolderVisible, ReadItems},
	"PublishingEditor":   {CreateItems, CreateSubfolders, DeleteAllItems, DeleteOwnedItems, EditAllItems, EditOwnedItems, FolderVisible, ReadItems},
	"Reviewer":           {FolderVisible, ReadItems},
	RoleNone:             {},
	RoleAvailabilityOnly: {},
	RoleLimitedDetails:   {},
}

// ExpandFolderRoles turns the AccessRights of a folder permission into roles, as
// granted and sorted (role names or single rights), and the rights that they
// give together, sorted. None, AvailabilityOnly and LimitedDetails give none.
// A name that is neither a role nor a right stays in roles, gives nothing, and
// is reported in unknown. None of the lists is nil. Elements may hold several
// names joined by commas; case is corrected to the service's spelling.
func ExpandFolderRoles(granted []string) (roles, rights, unknown []string) {
	roles, rights, unknown = []string{}, []string{}, []string{}
	for _, g := range splitAll(granted) {
		if role, ok := canonicalRole(g); ok {
			roles = append(roles, role)
			rights = append(rights, folderRoles[role]...)
		} else if right, ok := canonicalRight(g); ok {
			roles = append(roles, right)
			rights = append(rights, right)
		} else {
			roles = append(roles, g)
			unknown = append(unknown, g)
		}
	}
	return sortedUnique(roles), sortedUnique(rights), sortedUnique(unknown)
}

// FolderRole returns the role that stands for exactly these rights. ok is false
// for a combination that is no role, and for no right at all: None,
// AvailabilityOnly and LimitedDetails cannot be told apart by rights.
func FolderRole(rights []string) (role string, ok bool) {
	want := sortedUnique(slices.Clone(rights))
	if len(want) == 0 {
		return "", false
	}
	for name, list := range folderRoles {
		if slices.Equal(list, want) {
			return name, true
		}
	}
	return "", false
}

func canonicalRole(name string) (string, bool) {
	if _, ok := folderRoles[name]; ok {
		return name, true
	}
	for role := range folderRoles {
		if strings.EqualFold(role, name) {
			return role, true
		}
	}
	return "", false
}

func canonicalRight(name string) (string, bool) {
	for _, r := range singleRights {
		if strings.EqualFold(r, name) {
			return r, true
		}
	}
	return "", false
}
