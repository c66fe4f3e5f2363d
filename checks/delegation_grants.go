package checks

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"

	"tenantaudit/internal/permissions"
	"tenantaudit/internal/snapshot"
)

// grantSets are the datasets of grants over mailboxes and other recipients.
var grantSets = []snapshot.Dataset{snapshot.MailboxPermissions, snapshot.SendAs, snapshot.SendOnBehalf, snapshot.FolderPermissions}

const (
	mailboxPermissionPage   = "https://learn.microsoft.com/powershell/module/exchangepowershell/get-mailboxpermission"
	recipientPermissionPage = "https://learn.microsoft.com/powershell/module/exchangepowershell/get-recipientpermission"
	folderPermissionPage    = "https://learn.microsoft.com/powershell/module/exchangepowershell/get-mailboxfolderpermission"
	removeGrant             = "Remove-MailboxPermission -Identity <mailbox> -User <trustee> -AccessRights <rights>; " +
		"Remove-RecipientPermission -Identity <recipient> -Trustee <trustee> -AccessRights SendAs; " +
		"Set-Mailbox <mailbox> -GrantSendOnBehalfTo @{Remove='<trustee>'}; " +
		"Remove-MailboxFolderPermission -Identity <mailbox>:<folder> -User <trustee>"
)

// grant is one entry that gives somebody a right, of whichever dataset.
type grant struct {
	snapshot.TrusteeRef
	set     snapshot.Dataset
	kind    string // subject type of a finding
	key     string
	over    string // id of the mailbox or recipient
	address string
	rights  []string // as granted
	folder  string   // path, for folder rights
	items   bool     // gives a right over items; false for free/busy alone
}

// grants walks every entry that allows and is not inherited, whose trustee is
// wanted; the service's own trustees never are.
func (in Input) grants(want func(snapshot.TrusteeRef) bool) iter.Seq2[grant, error] {
	return func(yield func(grant, error) bool) {
		_ = walkGrants(in.MailboxPermissions(), mailboxGrant, want, yield) &&
			walkGrants(in.SendAs(), sendAsGrant, want, yield) &&
			walkGrants(in.SendOnBehalf(), onBehalfGrant, want, yield) &&
			walkGrants(in.FolderPermissions(), folderEntry, want, yield)
	}
}

// walkGrants passes on the grants of one dataset; false when the walk has ended.
func walkGrants[T any](rows iter.Seq2[T, error], as func(T) (grant, bool), want func(snapshot.TrusteeRef) bool, yield func(grant, error) bool) bool {
	for row, err := range rows {
		if err != nil {
			yield(grant{}, err)
			return false
		}
		g, ok := as(row)
		if !ok || g.TrusteeType == snapshot.TrusteeWellKnown || !want(g.TrusteeRef) {
			continue
		}
		g.key = snapshot.Key(row)
		if !yield(g, nil) {
			return false
		}
	}
	return true
}

func mailboxGrant(p snapshot.MailboxPermission) (grant, bool) {
	return grant{TrusteeRef: p.TrusteeRef, set: snapshot.MailboxPermissions, kind: "mailboxPermission", over: p.Mailbox, address: p.MailboxAddress,
		rights: p.Rights, items: true}, !p.Deny && !p.Inherited
}

func sendAsGrant(p snapshot.SendAsPermission) (grant, bool) {
	return grant{TrusteeRef: p.TrusteeRef, set: snapshot.SendAs, kind: "sendAs", over: p.Recipient, address: cmp.Or(p.RecipientAddress, p.Recipient),
		rights: p.Rights, items: true}, !strings.EqualFold(p.AccessControlType, "Deny") // what is not said to be Deny gives
}

func onBehalfGrant(p snapshot.SendOnBehalfDelegate) (grant, bool) {
	return grant{TrusteeRef: p.TrusteeRef, set: snapshot.SendOnBehalf, kind: "sendOnBehalf", over: p.Mailbox, address: p.MailboxAddress,
		rights: []string{"SendOnBehalf"}, items: true}, true
}

func folderEntry(p snapshot.FolderPermission) (grant, bool) {
	gives := slices.ContainsFunc(p.Roles, func(r string) bool { return !strings.EqualFold(r, permissions.RoleNone) })
	return grant{TrusteeRef: p.TrusteeRef, set: snapshot.FolderPermissions, kind: "folderPermission", over: p.Mailbox, address: p.MailboxAddress,
		rights: p.Roles, folder: cmp.Or(p.FolderPath, p.FolderType, "a folder"), items: len(p.Rights) > 0}, gives
}

// finding makes the finding about a grant; details are those of its trustee.
func (g grant) finding(s Severity, summary string, members map[string]int) Finding {
	d := trusteeDetails(g.TrusteeRef, members)
	d["address"] = g.address
	d["rights"] = g.rights
	name := g.address + ": " + g.Trustee
	if g.folder != "" {
		d["folderPath"] = g.folder
		name = g.address + " " + g.folder + ": " + g.Trustee
	}
	return Finding{
		Severity: s,
		Subject:  Subject{Type: g.kind, ID: g.key, Name: name},
		Summary:  summary,
		Details:  d,
		Evidence: []Evidence{{g.set, g.key}},
	}
}

// says is what a grant lets its holder do, as the end of a sentence.
func (g grant) says() string {
	switch g.set {
	case snapshot.SendAs:
		return "may send as " + g.address
	case snapshot.SendOnBehalf:
		return "may send on behalf of " + g.address
	case snapshot.FolderPermissions:
		return fmt.Sprintf("has %s in %s of %s", strings.Join(g.rights, ", "), g.folder, g.address)
	}
	return fmt.Sprintf("has %s over the mailbox %s", strings.Join(g.rights, ", "), g.address)
}
