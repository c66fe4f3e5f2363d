package forecast

import (
	"testing"
	"time"

	"tenantaudit/internal/snapshot"
)

func TestPlanCountsWhatTheContractCounts(t *testing.T) {
	in := Input{
		Sizes:   Sizes{Mailboxes: 10_000, Permission: 10_001, AllRows: 10_002, Users: 12_000, Groups: 500, ServicePrincipals: 60_000, Applications: -1, RoleGroups: 8, Folders: 8.4, Visible: 0.2},
		Sources: []snapshot.Source{"exo/Get-Mailbox", "exo/Get-MailboxPermission", "exo/Get-InboxRule", "exo/Get-InboxRule.visible", "exo/Get-MailboxFolderStatistics", "exo/Get-MailboxFolderPermission", "exo/Get-RoleGroupMember", "exo/Get-TransportRule", "graph/users", "graph/servicePrincipals", "graph/appRoleAssignments", "graph/applications", "graph/me", "graph/groupMembers"},
		Refused: map[snapshot.Source]string{"exo/Get-TransportRule": "not asked: denied"},
		Done:    map[snapshot.Source]int64{"exo/Get-InboxRule": 10},
		Whole:   map[snapshot.Source]bool{"graph/me": true},
		Checks: []Need{
			{"mail.rules", []snapshot.Source{"exo/Get-InboxRule", "exo/Get-Mailbox"}},
			{"delegation.folders", []snapshot.Source{"exo/Get-MailboxFolderPermission", "exo/Get-MailboxFolderStatistics", "exo/Get-Mailbox"}},
		},
	}
	p := Make(in)
	want := map[snapshot.Source][2]int64{
		"exo/Get-Mailbox": {11 + 3, 11 + 3}, "exo/Get-MailboxPermission": {10_001, 1001}, "exo/Get-InboxRule": {9990, 999}, "exo/Get-InboxRule.visible": {2000, 200},
		"exo/Get-MailboxFolderStatistics": {10_000, 1000}, "exo/Get-MailboxFolderPermission": {84_000, 8400}, "exo/Get-RoleGroupMember": {8, 1}, "exo/Get-TransportRule": {0, 0},
		"graph/users": {13, 13}, "graph/servicePrincipals": {61, 61}, "graph/appRoleAssignments": {122, 122}, "graph/applications": {1, 1}, "graph/me": {0, 0}, "graph/groupMembers": {0, 0},
	}
	for _, c := range p.Costs {
		if got := [2]int64{c.Calls, c.Requests}; got != want[c.Source] {
			t.Errorf("%s: %v calls and requests, want %v", c.Source, got, want[c.Source])
		}
		if unknown := c.Source == "graph/applications" || c.Source == "graph/groupMembers"; unknown && (!c.About || c.Note == "") {
			t.Errorf("%s does not say that it is not known: %+v", c.Source, c)
		}
	}
	calls, requests, about := p.Totals("exo")
	if calls != 14+10_001+9990+2000+10_000+84_000+8 || requests != 14+1001+999+200+1000+8400+1 || !about {
		t.Errorf("Exchange altogether: %d, %d, %v", calls, requests, about)
	}
	for _, c := range p.Checks {
		if c.ID == "mail.rules" && (c.Exchange != 9990+14 || c.Alone != 9990) || c.ID == "delegation.folders" && (c.Exchange != 94_014 || c.Alone != 94_000) {
			t.Errorf("%+v", c)
		}
	}
	if got := Time(80_000, 600*time.Millisecond, 8); got != 100*time.Minute {
		t.Errorf("80,000 calls take %s", got)
	}
}

func TestUnknownSizesAreSaid(t *testing.T) {
	p := Make(Input{Sizes: Sizes{Mailboxes: -1, Permission: -1, AllRows: -1}, Sources: []snapshot.Source{"exo/Get-MailboxPermission", "exo/Get-Mailbox"}})
	for _, c := range p.Costs {
		if !c.About || c.Note == "" {
			t.Errorf("%+v", c)
		}
	}
}
