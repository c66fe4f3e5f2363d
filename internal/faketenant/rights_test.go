package faketenant

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// inDefaultScope is the default folder scope of the output contract, applied to a row of
// Get-MailboxFolderStatistics: it knows nothing of the plan.
func inDefaultScope(f map[string]any, root, inbox string) bool {
	if f["RecoverableItemsFolder"] == true || f["SearchFolder"] == true {
		return false
	}
	kind, path := f["FolderType"].(string), f["FolderPath"].(string)
	if slices.Contains([]string{"Root", "Inbox", "Calendar", "Contacts", "SentItems", "DeletedItems", "Drafts", "Tasks", "Notes", "Archive"}, kind) {
		return true
	}
	if strings.HasPrefix(f["ContainerClass"].(string), "IPF.Appointment") {
		return true
	}
	if kind != "User Created" {
		return false
	}
	parent := path[:strings.LastIndex(path, "/")]
	return parent == "" || parent == root || parent == inbox
}

// TestRightsOfTheKeyAgreeWithTheWire reads every mailbox permission and every folder in
// scope, and compares who holds what with the key.
func TestRightsOfTheKeyAgreeWithTheWire(t *testing.T) {
	c := start(t, Options{Mailboxes: 60})
	k := c.tenant.AnswerKey()
	want := map[string]string{}
	for _, r := range k.Datasets["mailboxPermissions"] {
		want[fmt.Sprint("box|", r["mailbox"], "|", r["trustee"], "|", r["trusteeSid"], "|", r["deny"], "|", r["inherited"])] = fmt.Sprint(r["rights"])
	}
	for _, r := range k.Datasets["folderPermissions"] {
		want[fmt.Sprint("folder|", r["mailbox"], "|", r["folderId"], "|", r["folderPath"], "|", r["folderType"], "|", r["trustee"])] = fmt.Sprint(r["roles"], r["sharingFlags"])
	}
	got := map[string]string{}
	for _, m := range c.tenant.plan.mailboxes {
		union := map[string][]string{}
		for _, r := range c.all("Get-MailboxPermission", map[string]any{"Identity": m.owner.xid.String(), "IncludeUnresolvedPermissions": true}) {
			if r["UserSid"] == "S-1-5-10" {
				continue
			}
			key := fmt.Sprint("box|", m.id(), "|", r["User"], "|", r["UserSid"], "|", r["Deny"], "|", r["IsInherited"])
			for _, e := range r["AccessRights"].([]any) {
				union[key] = append(union[key], strings.Split(e.(string), ", ")...)
			}
		}
		for key, rights := range union {
			got[key] = fmt.Sprint(sortedUnique(rights))
		}
		if m.typ == "DiscoveryMailbox" {
			continue
		}
		stats := c.all("Get-MailboxFolderStatistics", map[string]any{"Identity": m.owner.smtp})
		root, inbox := "", ""
		for _, f := range stats {
			switch f["FolderType"] {
			case "Root":
				root = f["FolderPath"].(string)
			case "Inbox":
				inbox = f["FolderPath"].(string)
			}
		}
		if len(stats) < 10 || root == "" || inbox == "" {
			t.Errorf("%s: %d folders, root %q, inbox %q", m.owner.smtp, len(stats), root, inbox)
		}
		for _, f := range stats {
			if !inDefaultScope(f, root, inbox) {
				continue
			}
			for _, r := range c.all("Get-MailboxFolderPermission", map[string]any{"Identity": m.owner.smtp + ":" + f["FolderId"].(string)}) {
				flags := []string{}
				if s, ok := r["SharingPermissionFlags"].(string); ok {
					flags = sortedUnique(strings.Split(s, ", "))
				}
				var roles []string
				for _, e := range r["AccessRights"].([]any) {
					roles = append(roles, e.(string))
				}
				key := fmt.Sprint("folder|", m.id(), "|", f["FolderId"], "|", f["FolderPath"], "|", f["FolderType"], "|", r["User"])
				got[key] = fmt.Sprint(sortedUnique(roles), flags)
			}
		}
	}
	for key, v := range want {
		if got[key] != v {
			t.Errorf("%q: key %s, wire %s", key, v, got[key])
		}
	}
	for key, v := range got {
		if _, ok := want[key]; !ok {
			t.Errorf("%q: %s on the wire, not in the key", key, v)
		}
	}
}

func TestFolderRolesExpand(t *testing.T) {
	for role, want := range map[string]string{
		"Reviewer": "FolderVisible ReadItems", "Contributor": "CreateItems FolderVisible", "None": "", "AvailabilityOnly": "", "LimitedDetails": "",
		"Editor":           "CreateItems DeleteAllItems DeleteOwnedItems EditAllItems EditOwnedItems FolderVisible ReadItems",
		"NonEditingAuthor": "CreateItems DeleteOwnedItems FolderVisible ReadItems",
		"Author":           "CreateItems DeleteOwnedItems EditOwnedItems FolderVisible ReadItems",
		"PublishingAuthor": "CreateItems CreateSubfolders DeleteOwnedItems EditOwnedItems FolderVisible ReadItems",
		"PublishingEditor": "CreateItems CreateSubfolders DeleteAllItems DeleteOwnedItems EditAllItems EditOwnedItems FolderVisible ReadItems",
		"Owner":            "CreateItems CreateSubfolders DeleteAllItems DeleteOwnedItems EditAllItems EditOwnedItems FolderContact FolderOwner FolderVisible ReadItems",
		"FolderOwner":      "FolderOwner",
	} {
		if got := strings.Join(expand([]string{role}), " "); got != want {
			t.Errorf("%s: %s, want %s", role, got, want)
		}
	}
}
