package checks

import (
	"fmt"

	"tenantaudit/internal/snapshot"
)

var delegationSendOnBehalf = Check{
	ID:        "delegation.send_on_behalf",
	Title:     "Send on Behalf is known and justified",
	Severity:  Info,
	Inventory: true,
	Needs:     []snapshot.Dataset{snapshot.SendOnBehalf},
	Uses:      []snapshot.Dataset{snapshot.Mailboxes, snapshot.GroupMembers},
	Subject:   "active mailboxes",
	Why:       "A delegate writes for somebody else. The message shows both names, but few readers look, and the right outlives the task that it was given for.",
	Rule:      "One entry per name in GrantSendOnBehalfTo, of hidden mailboxes too.",
	Fix:       "Set-Mailbox <mailbox> -GrantSendOnBehalfTo @{Remove='<trustee>'}",
	Sources: []string{
		"https://learn.microsoft.com/powershell/module/exchangepowershell/set-mailbox",
		managePermissionsPage,
	},
	Run: runSendOnBehalf,
}

func runSendOnBehalf(in Input) (Output, error) {
	members, err := in.memberCounts()
	if err != nil {
		return Output{}, err
	}
	var out Output
	for m, err := range in.Mailboxes() {
		if err != nil {
			return Output{}, err
		}
		if !m.Inactive {
			out.Evaluated++
		}
	}
	for p, err := range in.SendOnBehalf() {
		if err != nil {
			return Output{}, err
		}
		details := trusteeDetails(p.TrusteeRef, members)
		details["mailboxAddress"] = p.MailboxAddress
		out.Findings = append(out.Findings, Finding{
			Subject:  Subject{Type: "sendOnBehalf", ID: snapshot.Key(p), Name: p.MailboxAddress + ": " + p.Trustee},
			Summary:  fmt.Sprintf("%s may send on behalf of %s.", holder(p.TrusteeRef, members), p.MailboxAddress),
			Details:  details,
			Evidence: []Evidence{evidence(snapshot.SendOnBehalf, p)},
		})
	}
	return out, nil
}
