package permissions

import (
	"slices"
	"strings"
	"testing"
)

func TestMailboxRights(t *testing.T) {
	for _, c := range []struct {
		name string
		in   []string
		want string
	}{
		{"joined by commas", []string{"FullAccess, ReadPermission"}, "FullAccess|ReadPermission"},
		{"several elements that repeat", []string{"ReadPermission", "FullAccess,ReadPermission", " FullAccess "}, "FullAccess|ReadPermission"},
		{"empty elements", []string{"", " , "}, ""},
		{"none", nil, ""},
	} {
		got := MailboxRights(c.in)
		if strings.Join(got, "|") != c.want || got == nil {
			t.Errorf("%s: MailboxRights(%q) = %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

func TestSharingFlags(t *testing.T) {
	for in, want := range map[string]string{
		"Delegate, CanViewPrivateItems": "CanViewPrivateItems|Delegate",
		"Delegate":                      "Delegate",
		"None":                          "",
		"":                              "",
		"Delegate,Delegate":             "Delegate",
		"SomethingNew":                  "SomethingNew",
	} {
		if got := SharingFlags(in); strings.Join(got, "|") != want || got == nil {
			t.Errorf("SharingFlags(%q) = %q, want %q", in, got, want)
		}
	}
}

// The documented table, one row per role, columns in its order.
const folderTable = `
role             CreateItems CreateSubfolders DeleteAllItems DeleteOwnedItems EditAllItems EditOwnedItems FolderContact FolderOwner FolderVisible ReadItems
Author           x - - x - x - - x x
Contributor      x - - - - - - - x -
Editor           x - x x x x - - x x
NonEditingAuthor x - - x - - - - x x
Owner            x x x x x x x x x x
PublishingAuthor x x - x - x - - x x
PublishingEditor x x x x x x - - x x
Reviewer         - - - - - - - - x x
None             - - - - - - - - - -
AvailabilityOnly - - - - - - - - - -
LimitedDetails   - - - - - - - - - -
`

func TestFolderRolesBothWays(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(folderTable), "\n")
	columns := strings.Fields(lines[0])[1:]
	if len(lines)-1 != len(folderRoles) {
		t.Errorf("%d roles are known, the table has %d", len(folderRoles), len(lines)-1)
	}
	for _, line := range lines[1:] {
		cells := strings.Fields(line)
		role, want := cells[0], []string{}
		for i, c := range cells[1:] {
			if c == "x" {
				want = append(want, columns[i])
			}
		}
		slices.Sort(want)
		roles, rights, unknown := ExpandFolderRoles([]string{role})
		if !slices.Equal(roles, []string{role}) || !slices.Equal(rights, want) || len(unknown) != 0 {
			t.Errorf("ExpandFolderRoles(%s) = %q, %q, %q; want rights %q", role, roles, rights, unknown, want)
		}
		back, ok := FolderRole(want)
		if len(want) == 0 {
			if ok {
				t.Errorf("FolderRole of no right = %q: None, AvailabilityOnly and LimitedDetails cannot be told apart", back)
			}
			continue
		}
		if !ok || back != role {
			t.Errorf("FolderRole(%q) = %q, %v; want %q", want, back, ok, role)
		}
		// One right less is another grant.
		if near, ok := FolderRole(want[1:]); ok && near == role {
			t.Errorf("FolderRole(%q) = %q although a right is missing", want[1:], near)
		}
	}
}

func TestExpandFolderRoles(t *testing.T) {
	for _, c := range []struct {
		name                   string
		in                     []string
		roles, rights, unknown string
	}{
		{"single rights are kept", []string{"ReadItems", "CreateItems", "FolderVisible"}, "CreateItems|FolderVisible|ReadItems", "CreateItems|FolderVisible|ReadItems", ""},
		{"a role and a right", []string{"Reviewer", "CreateItems"}, "CreateItems|Reviewer", "CreateItems|FolderVisible|ReadItems", ""},
		{"free/busy beside a role", []string{"AvailabilityOnly", "Contributor"}, "AvailabilityOnly|Contributor", "CreateItems|FolderVisible", ""},
		{"unknown name", []string{"Curator", "Reviewer"}, "Curator|Reviewer", "FolderVisible|ReadItems", "Curator"},
		{"comma-joined, other case", []string{"reviewer, createitems"}, "CreateItems|Reviewer", "CreateItems|FolderVisible|ReadItems", ""},
		{"folder owner alone does not read", []string{"FolderOwner"}, "FolderOwner", "FolderOwner", ""},
		{"free and busy on a calendar", []string{"AvailabilityOnly"}, "AvailabilityOnly", "", ""},
		{"free and busy with subject and place", []string{"limiteddetails"}, "LimitedDetails", "", ""},
		{"a name that only begins like a level", []string{"AvailabilityOnlyPlus"}, "AvailabilityOnlyPlus", "", "AvailabilityOnlyPlus"},
		{"nothing", nil, "", "", ""},
	} {
		roles, rights, unknown := ExpandFolderRoles(c.in)
		got := [3]string{strings.Join(roles, "|"), strings.Join(rights, "|"), strings.Join(unknown, "|")}
		if got != [3]string{c.roles, c.rights, c.unknown} {
			t.Errorf("%s: ExpandFolderRoles(%q) = %q", c.name, c.in, got)
		}
		if roles == nil || rights == nil || unknown == nil {
			t.Errorf("%s: a list is nil", c.name)
		}
	}
	if role, ok := FolderRole([]string{ReadItems, FolderVisible, ReadItems}); !ok || role != "Reviewer" {
		t.Errorf("FolderRole of an unsorted list with a repetition = %q, %v", role, ok)
	}
}

// Single rights that together are a role get its name; one more or less is none.
func TestFolderRoleOfACombination(t *testing.T) {
	for _, c := range []struct {
		granted []string
		role    string
	}{
		{[]string{"ReadItems", "FolderVisible"}, "Reviewer"},
		{[]string{"readitems, foldervisible"}, "Reviewer"},
		{[]string{"CreateItems", "FolderVisible"}, "Contributor"},
		{[]string{"Contributor", "ReadItems", "DeleteOwnedItems"}, "NonEditingAuthor"},
		{[]string{"NonEditingAuthor", "EditOwnedItems"}, "Author"},
		{[]string{"Author", "CreateSubfolders"}, "PublishingAuthor"},
		{[]string{"PublishingEditor", "FolderContact", "FolderOwner"}, "Owner"},
		{[]string{"AvailabilityOnly", "Reviewer"}, "Reviewer"},
		{[]string{"ReadItems"}, ""},
		{[]string{"Reviewer", "CreateItems"}, ""},
		{[]string{"PublishingEditor", "FolderOwner"}, ""},
		{[]string{"None"}, ""},
		{[]string{"LimitedDetails"}, ""},
	} {
		_, rights, _ := ExpandFolderRoles(c.granted)
		if role, ok := FolderRole(rights); role != c.role || ok != (c.role != "") {
			t.Errorf("FolderRole of %q = %q, %v; want %q", c.granted, role, ok, c.role)
		}
	}
}
