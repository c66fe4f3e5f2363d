package checks

import (
	"fmt"

	"tenantaudit/internal/snapshot"
)

var mailSharedMailboxSignInBlocked = Check{
	ID:       "mail.shared_mailbox_sign_in_blocked",
	Title:    "Shared, room and equipment accounts cannot sign in",
	Severity: Medium,
	Needs:    []snapshot.Dataset{snapshot.Mailboxes, snapshot.Users},
	Subject:  "shared, room and equipment mailboxes",
	Why:      "These mailboxes are opened with permissions, so their accounts need no sign-in. Where one may sign in, a password is known to several people or to nobody, no second factor is set up, and what happens cannot be put down to a person.",
	Rule:     "The account of every active shared, room and equipment mailbox must be disabled. Inactive mailboxes and other types are left out. An account that was not found, or of which the state was not sent, is not judged.",
	Fix:      "Update-MgUser -UserId <id> -AccountEnabled:$false, or in the Microsoft 365 admin center: Active users > the account > Block sign-in",
	Sources: []string{
		"https://learn.microsoft.com/microsoft-365/admin/email/create-a-shared-mailbox",
		"https://learn.microsoft.com/microsoft-365/admin/email/about-shared-mailboxes",
	},
	Run: runSharedMailboxSignInBlocked,
}

func runSharedMailboxSignInBlocked(in Input) (Output, error) {
	accounts := map[string]snapshot.Mailbox{} // by the id that mailbox and account share
	for m, err := range in.Mailboxes() {
		if err != nil {
			return Output{}, err
		}
		if !m.Inactive && mailboxHasType(m, "SharedMailbox", "RoomMailbox", "EquipmentMailbox") {
			accounts[m.Mailbox] = m
		}
	}
	var out Output
	unsent := 0
	for u, err := range in.Users() {
		if err != nil {
			return Output{}, err
		}
		m, ok := accounts[u.User]
		if !ok {
			continue
		}
		delete(accounts, u.User)
		if u.AccountEnabled == nil {
			unsent++
			continue
		}
		out.Evaluated++
		if !*u.AccountEnabled {
			continue
		}
		out.Findings = append(out.Findings, Finding{
			Subject: mailboxSubject(m),
			Summary: fmt.Sprintf("The account of %s (%s) can sign in.", m.MailboxAddress, m.RecipientTypeDetails),
			Details: map[string]any{
				"recipientTypeDetails": m.RecipientTypeDetails,
				"userPrincipalName":    u.UserPrincipalName,
				"accountEnabled":       true,
			},
			Evidence: []Evidence{evidence(snapshot.Mailboxes, m), evidence(snapshot.Users, u)},
		})
	}
	out.Gaps = append(gap("accountEnabled was not sent", unsent), gap("the mailbox's account was not found among the users", len(accounts))...)
	return out, nil
}
