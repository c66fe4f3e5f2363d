package checks

import (
	"fmt"

	"tenantaudit/internal/permissions"
	"tenantaudit/internal/snapshot"
)

var delegationFullAccess = Check{
	ID:        "delegation.full_access",
	Title:     "Full Access is known and justified",
	Severity:  Info,
	Inventory: true,
	Needs:     []snapshot.Dataset{snapshot.MailboxPermissions},
	Uses:      []snapshot.Dataset{snapshot.GroupMembers},
	Subject:   "mailboxes",
	Why:       "Full Access opens a mailbox with everything in it. It does not let its holder send as the owner, and nothing in the mailbox shows that it exists.",
	Rule: "One entry per grant of FullAccess that allows and is not inherited. The mailbox's own user (SELF) and the service's own trustees are left out and stay in the evidence. " +
		"A Deny entry for the same trustee is named: it wins over the grant. Groups are shown with the number of people in them.",
	Fix: "Remove-MailboxPermission -Identity <mailbox> -User <trustee> -AccessRights FullAccess",
	Sources: []string{
		"https://learn.microsoft.com/powershell/module/exchangepowershell/get-mailboxpermission",
		managePermissionsPage,
	},
	Run: runFullAccess,
}

func runFullAccess(in Input) (Output, error) {
	members, err := in.memberCounts()
	if err != nil {
		return Output{}, err
	}
	read, err := in.units(snapshot.MailboxPermissions)
	if err != nil {
		return Output{}, err
	}
	out := Output{Evaluated: read}
	type grantee struct{ mailbox, trustee, sid string }
	denied := map[grantee]snapshot.MailboxPermission{}
	var granted []snapshot.MailboxPermission
	for p, err := range in.MailboxPermissions() {
		if err != nil {
			return Output{}, err
		}
		switch {
		case !containsFold(p.Rights, permissions.FullAccess):
		case p.Deny:
			denied[grantee{p.Mailbox, p.Trustee, p.TrusteeSID}] = p
		case !p.Inherited && p.TrusteeType != snapshot.TrusteeWellKnown:
			granted = append(granted, p)
		}
	}
	for _, p := range granted {
		f := Finding{
			Subject:  Subject{Type: "mailboxPermission", ID: snapshot.Key(p), Name: p.MailboxAddress + ": " + p.Trustee},
			Summary:  fmt.Sprintf("%s has Full Access to %s.", holder(p.TrusteeRef, members), p.MailboxAddress),
			Details:  trusteeDetails(p.TrusteeRef, members),
			Evidence: []Evidence{evidence(snapshot.MailboxPermissions, p)},
		}
		f.Details["mailboxAddress"] = p.MailboxAddress
		f.Details["rights"] = p.Rights
		deny, isDenied := denied[grantee{p.Mailbox, p.Trustee, p.TrusteeSID}]
		f.Details["denied"] = isDenied
		if isDenied {
			f.Summary = fmt.Sprintf("%s is granted Full Access to %s, and a Deny entry takes it away.", holder(p.TrusteeRef, members), p.MailboxAddress)
			f.Evidence = append(f.Evidence, evidence(snapshot.MailboxPermissions, deny))
		}
		out.Findings = append(out.Findings, f)
	}
	return out, nil
}
