package checks

import (
	"fmt"

	"tenantaudit/internal/snapshot"
)

var delegationOrphanedTrustees = Check{
	ID:       "delegation.orphaned_trustees",
	Title:    "No grant belongs to a deleted principal",
	Severity: Low,
	Needs:    grantSets,
	Subject:  "mailboxes",
	Why: "An entry of a deleted account gives nobody anything today. It shows that grants are not taken back when people leave, " +
		"and it comes to life again when the account is restored.",
	Rule: "Every grant that allows and is not inherited, over a mailbox, a recipient or a folder, whose holder is a bare security identifier (SID) that belongs to nobody in the directory.",
	Fix:  removeGrant,
	Sources: []string{
		mailboxPermissionPage, recipientPermissionPage, folderPermissionPage,
	},
	Run: runOrphanedTrustees,
}

func runOrphanedTrustees(in Input) (Output, error) {
	read, err := in.units(snapshot.MailboxPermissions)
	if err != nil {
		return Output{}, err
	}
	out := Output{Evaluated: read}
	orphaned := func(t snapshot.TrusteeRef) bool { return t.TrusteeType == snapshot.TrusteeOrphaned }
	for g, err := range in.grants(orphaned) {
		if err != nil {
			return Output{}, err
		}
		out.Findings = append(out.Findings, g.finding(Low, fmt.Sprintf("%s %s.", holder(g.TrusteeRef, nil), g.says()), nil))
	}
	return out, nil
}
