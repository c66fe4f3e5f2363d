package checks

import (
	"fmt"

	"tenantaudit/internal/snapshot"
)

var delegationDisabledTrustees = Check{
	ID:       "delegation.disabled_trustees",
	Title:    "No grant belongs to a disabled account",
	Severity: Low,
	Needs:    append(append([]snapshot.Dataset{}, grantSets...), snapshot.Users),
	Subject:  "mailboxes",
	Why: "Whoever enables the account again, or takes it over, has the access back at once. " +
		"Accounts of leavers are disabled first and forgotten next.",
	Rule: "Every grant that allows and is not inherited, over a mailbox, a recipient or a folder, whose holder is a user or guest with AccountEnabled false. " +
		"An account whose state was not sent is a gap. A holder that only Exchange knows has no account to disable and is left out.",
	Fix: removeGrant,
	Sources: []string{
		mailboxPermissionPage, recipientPermissionPage, folderPermissionPage,
		"https://learn.microsoft.com/graph/api/resources/user",
	},
	Run: runDisabledTrustees,
}

func runDisabledTrustees(in Input) (Output, error) {
	accounts := map[string]*bool{} // those that are not known to be enabled
	for u, err := range in.Users() {
		if err != nil {
			return Output{}, err
		}
		if !isTrue(u.AccountEnabled) {
			accounts[u.User] = u.AccountEnabled
		}
	}
	read, err := in.units(snapshot.MailboxPermissions)
	if err != nil {
		return Output{}, err
	}
	var out Output
	unknown := map[string]bool{} // mailboxes and recipients with a holder whose state is not known
	suspect := func(t snapshot.TrusteeRef) bool {
		_, ok := accounts[t.TrusteeID]
		return ok && (t.TrusteeType == snapshot.TrusteeUser || t.TrusteeType == snapshot.TrusteeGuest)
	}
	for g, err := range in.grants(suspect) {
		if err != nil {
			return Output{}, err
		}
		if accounts[g.TrusteeID] == nil {
			unknown[g.over] = true
			continue
		}
		f := g.finding(Low, fmt.Sprintf("%s, whose account is disabled, %s.", holder(g.TrusteeRef, nil), g.says()), nil)
		f.Details["accountEnabled"] = false
		out.Findings = append(out.Findings, f)
	}
	out.Evaluated = max(0, read-len(unknown))
	out.Gaps = gap("it is not known whether the account of a holder is enabled", len(unknown))
	return out, nil
}
