package checks

import (
	"fmt"

	"tenantaudit/internal/snapshot"
)

var delegationExternalSharing = Check{
	ID:       "delegation.external_sharing",
	Title:    "No folder is shared with people outside",
	Severity: Medium,
	Needs:    append(append([]snapshot.Dataset{}, grantSets...), snapshot.GroupMembers),
	Subject:  "mailboxes",
	Why: "Somebody outside who can open a mailbox or send in its name is under no policy of this organization: no multifactor rule, no managed device, no leaver process. " +
		"The grant stays when the project is over.",
	Rule: "Grants that allow and are not inherited, whose holder is a guest, a contact, or an address that a folder was shared or published to; and groups with at least one guest in them. " +
		"Mailbox rights, Send As and Send on Behalf are high, through a group medium; folder rights are medium, free/busy alone is low. The service's own trustees are left out.",
	Fix: removeGrant + "; or take the guest out of the group: Remove-DistributionGroupMember -Identity <group> -Member <guest>",
	Sources: []string{
		folderPermissionPage, managePermissionsPage,
		"https://learn.microsoft.com/exchange/sharing/sharing-policies/sharing-policies",
	},
	Run: runExternalSharing,
}

// guestsOf are the guests in a group.
type guestsOf struct {
	count int
	names []string // up to fewNames
	first Evidence
}

// fewNames is how many names details show.
const fewNames = 5

// groupGuests returns the groups that have guests in them, and the number of
// members of each group.
func (in Input) groupGuests() (map[string]*guestsOf, map[string]int, error) {
	guests, members := map[string]*guestsOf{}, map[string]int{}
	for m, err := range in.GroupMembers() {
		if err != nil {
			return nil, nil, err
		}
		members[m.Group]++
		if m.MemberType != snapshot.TrusteeGuest {
			continue
		}
		g := guests[m.Group]
		if g == nil {
			g = &guestsOf{first: evidence(snapshot.GroupMembers, m)}
			guests[m.Group] = g
		}
		g.count++
		if len(g.names) < fewNames {
			g.names = append(g.names, m.MemberName)
		}
	}
	return guests, members, nil
}

func runExternalSharing(in Input) (Output, error) {
	guests, members, err := in.groupGuests()
	if err != nil {
		return Output{}, err
	}
	read, err := in.units(snapshot.MailboxPermissions)
	if err != nil {
		return Output{}, err
	}
	out := Output{Evaluated: read}
	outside := func(t snapshot.TrusteeRef) bool {
		return isOutside(t.TrusteeType) || t.TrusteeType == snapshot.TrusteeGroup && guests[t.TrusteeID] != nil
	}
	for g, err := range in.grants(outside) {
		if err != nil {
			return Output{}, err
		}
		severity := High
		switch {
		case !g.items:
			severity = Low
		case g.set == snapshot.FolderPermissions || g.TrusteeType == snapshot.TrusteeGroup:
			severity = Medium
		}
		f := g.finding(severity, fmt.Sprintf("%s %s.", holder(g.TrusteeRef, members), g.says()), members)
		raised := []string{}
		if severity == High {
			raised = append(raised, "the right is over the whole mailbox")
		}
		if in := guests[g.TrusteeID]; g.TrusteeType == snapshot.TrusteeGroup {
			f.Summary = fmt.Sprintf("%s, with %s in it, %s.", holder(g.TrusteeRef, members), plural(in.count, "guest"), g.says())
			f.Details["guests"], f.Details["guestNames"] = in.count, in.names
			f.Evidence = append(f.Evidence, in.first)
		}
		f.Details["raised"] = raised
		out.Findings = append(out.Findings, f)
	}
	return out, nil
}

// isOutside reports whether a trustee or principal is somebody outside.
func isOutside(trusteeType string) bool {
	switch trusteeType {
	case snapshot.TrusteeGuest, snapshot.TrusteeExternal, snapshot.TrusteeContact:
		return true
	}
	return false
}
