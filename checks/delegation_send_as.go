package checks

import (
	"cmp"
	"fmt"
	"strings"

	"tenantaudit/internal/snapshot"
)

var delegationSendAs = Check{
	ID:        "delegation.send_as",
	Title:     "Send As is known and justified",
	Severity:  Info,
	Inventory: true,
	Needs:     []snapshot.Dataset{snapshot.SendAs},
	Uses:      []snapshot.Dataset{snapshot.GroupMembers},
	Subject:   "entries",
	Why:       "Who may send as a mailbox or group writes in its name, and the reader of the message cannot tell the difference.",
	Rule:      "One entry per Send As right that allows, over mailboxes, groups, mail users and contacts. The mailbox's own user (SELF) and the service's own trustees are left out and stay in the evidence.",
	Fix:       "Remove-RecipientPermission -Identity <recipient> -Trustee <trustee> -AccessRights SendAs",
	Sources: []string{
		"https://learn.microsoft.com/powershell/module/exchangepowershell/get-recipientpermission",
		managePermissionsPage,
	},
	Run: runSendAs,
}

func runSendAs(in Input) (Output, error) {
	members, err := in.memberCounts()
	if err != nil {
		return Output{}, err
	}
	var out Output
	type grantee struct{ recipient, trustee, sid string }
	denied := map[grantee]snapshot.SendAsPermission{}
	var granted []snapshot.SendAsPermission
	for p, err := range in.SendAs() {
		if err != nil {
			return Output{}, err
		}
		out.Evaluated++
		switch {
		case strings.EqualFold(p.AccessControlType, "Deny"):
			denied[grantee{p.Recipient, p.Trustee, p.TrusteeSID}] = p
		case p.TrusteeType != snapshot.TrusteeWellKnown: // what is not said to be Deny gives
			granted = append(granted, p)
		}
	}
	for _, p := range granted {
		recipient := cmp.Or(p.RecipientAddress, p.Recipient)
		f := Finding{
			Subject:  Subject{Type: "sendAs", ID: snapshot.Key(p), Name: recipient + ": " + p.Trustee},
			Summary:  fmt.Sprintf("%s may send as %s.", holder(p.TrusteeRef, members), recipient),
			Details:  trusteeDetails(p.TrusteeRef, members),
			Evidence: []Evidence{evidence(snapshot.SendAs, p)},
		}
		f.Details["recipientAddress"] = p.RecipientAddress
		f.Details["recipientType"] = p.RecipientType
		deny, isDenied := denied[grantee{p.Recipient, p.Trustee, p.TrusteeSID}]
		f.Details["denied"] = isDenied
		if isDenied {
			f.Summary = fmt.Sprintf("%s is granted Send As over %s, and a Deny entry takes it away.", holder(p.TrusteeRef, members), recipient)
			f.Evidence = append(f.Evidence, evidence(snapshot.SendAs, deny))
		}
		out.Findings = append(out.Findings, f)
	}
	return out, nil
}
