// Package permissions says what a right means, who a trustee is and what an
// address is. Its functions are pure: they read rows and tables in memory, never
// the store, the network or the clock.
//
// Rights: MailboxRights, SharingFlags and ExpandFolderRoles turn what the
// service sends into sorted, unique names. Addresses: Domains holds the accepted
// domains and classifies an address as internal, external or unresolved.
// People: Directory is the index of everybody known, from several sources; it
// resolves a trustee to one entry, and a forwarding or rule target to the
// addresses that mail reaches. Groups are expanded with cycles in mind.
// Access puts it all together: who reaches which mailbox, and how.
//
// What cannot be resolved is said to be unresolved. Nothing here calls an
// unknown address internal, or picks one of several candidates.
package permissions

import (
	"slices"
	"strings"
)

// The rights of a mailbox, as Get-MailboxPermission spells them.
const (
	FullAccess       = "FullAccess"
	ReadPermission   = "ReadPermission"
	ChangePermission = "ChangePermission"
	ChangeOwner      = "ChangeOwner"
	DeleteItem       = "DeleteItem"
	ExternalAccount  = "ExternalAccount"
	SendAs           = "SendAs"
)

// MailboxRights splits the elements of an AccessRights array, which may hold
// several rights each ("FullAccess, ReadPermission"), into a sorted list without
// repetition. It is empty, not nil, when there is no right.
func MailboxRights(elements []string) []string { return splitAll(elements) }

// SharingFlags splits SharingPermissionFlags ("Delegate, CanViewPrivateItems";
// "" or "None" when there are none) into a sorted list without repetition.
func SharingFlags(sent string) []string {
	return slices.DeleteFunc(splitAll([]string{sent}), func(s string) bool { return strings.EqualFold(s, "None") })
}

func splitAll(elements []string) []string {
	out := []string{}
	for _, e := range elements {
		for part := range strings.SplitSeq(e, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return sortedUnique(out)
}

// sortedUnique sorts in place and drops repetitions; the result is never nil.
func sortedUnique(list []string) []string {
	slices.Sort(list)
	list = slices.Compact(list)
	if list == nil {
		list = []string{}
	}
	return list
}
