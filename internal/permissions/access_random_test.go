package permissions

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

// tenant is a small random tenant as the rows of its datasets.
type tenant struct {
	rows  []any
	known map[string]bool // groups whose members were read
	most  int64           // the number of members up to which a group is expanded
}

// The cast: few enough that grants meet.
var (
	castBoxes  = []string{"u0", "u1", "room"}
	castPeople = []string{"u0", "u1", "u2", "u3", "guest", "contact", "app0", "app1"}
	castGroups = []string{"g0", "g1", "g2", "g3"}
	castTypes  = map[string]string{"guest": "guest", "contact": "contact", "app0": "application", "app1": "application", "app2": "application"}
)

func typeOf(id string) string {
	switch {
	case castTypes[id] != "":
		return castTypes[id]
	case strings.HasPrefix(id, "g"):
		return "group"
	}
	return "user"
}

func memberTypeOf(id string) string {
	if t := typeOf(id); t != "application" {
		return t
	}
	return "servicePrincipal"
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func chance(r *rand.Rand, percent int) bool { return r.IntN(100) < percent }

func randomTenant(r *rand.Rand) tenant {
	t := tenant{known: map[string]bool{}, most: int64(1 + r.IntN(6))}
	t.groups(r)
	for _, b := range castBoxes {
		m := snapshot.Mailbox{Mailbox: b, MailboxAddress: b + "@contoso.example", RecipientTypeDetails: "UserMailbox"}
		if chance(r, 15) {
			m.ForwardingTargetType, m.ForwardingExternalRecipients = "external", []string{"x@fabrikam.example", "unresolved:Nobody"}
			m.DeliverToMailboxAndForward = flag(chance(r, 50))
		} else if chance(r, 15) {
			m.ForwardingTargetType, m.ForwardingTarget = "internal", "desk@contoso.example"
		}
		t.rows = append(t.rows, m)
	}
	for range r.IntN(14) {
		t.grant(r)
	}
	t.folderTree(r)
	t.applications(r)
	t.roles(r)
	if chance(r, 20) {
		t.rows = append(t.rows, snapshot.InboxRule{Mailbox: pick(r, castBoxes), RuleIdentity: "7", Name: "Away", System: chance(r, 30), Enabled: flag(chance(r, 50)), ExternalRecipients: []string{"y@fabrikam.example"}})
	}
	if chance(r, 20) {
		t.rows = append(t.rows, snapshot.TransportRule{RuleID: "t1", Name: "Copy all", State: "Enabled", Mode: "Enforce", ExternalRecipients: []string{"z@fabrikam.example"}})
	}
	t.rows = unique(t.rows)
	r.Shuffle(len(t.rows), func(i, j int) { t.rows[i], t.rows[j] = t.rows[j], t.rows[i] })
	return t
}

// unique keeps one row of each key, as a dataset does.
func unique(rows []any) []any {
	seen := map[string]bool{}
	return slices.DeleteFunc(rows, func(row any) bool {
		key := fmt.Sprintf("%T|%s", row, snapshot.Key(row))
		had := seen[key]
		seen[key] = true
		return had
	})
}

// groups makes a random graph of groups, with cycles, and lists its members transitively.
func (t *tenant) groups(r *rand.Rand) {
	direct := map[string][]string{}
	for _, g := range castGroups {
		for range r.IntN(5) {
			if chance(r, 35) {
				direct[g] = append(direct[g], pick(r, castGroups))
			} else {
				direct[g] = append(direct[g], pick(r, castPeople))
			}
		}
	}
	for _, g := range castGroups {
		if chance(r, 15) {
			continue // nobody read it
		}
		t.known[g] = true
		seen := map[string]bool{}
		var walk func(string)
		walk = func(id string) {
			for _, m := range direct[id] {
				if !seen[m] {
					seen[m] = true
					walk(m)
				}
			}
		}
		walk(g)
		for m := range seen {
			t.rows = append(t.rows, snapshot.GroupMember{Group: g, GroupName: "Group " + g, Member: m, MemberType: memberTypeOf(m), MemberName: m})
		}
		if chance(r, 20) {
			t.rows = append(t.rows, snapshot.GroupMember{Group: g, GroupName: "Group " + g, Member: "tablet", MemberType: "device"})
		}
	}
}

func randomTrustee(r *rand.Rand) snapshot.TrusteeRef {
	switch r.IntN(10) {
	case 0:
		return snapshot.TrusteeRef{Trustee: "Ghost", TrusteeType: "unresolved"}
	case 1:
		return snapshot.TrusteeRef{Trustee: "S-1-5-21-9", TrusteeType: "orphaned"}
	case 2:
		return snapshot.TrusteeRef{Trustee: `EUR\Domain Admins`, TrusteeType: "well-known"}
	case 3, 4, 5:
		id := pick(r, castGroups)
		return snapshot.TrusteeRef{Trustee: "the " + id, TrusteeID: id, TrusteeType: "group"}
	}
	id := pick(r, castPeople)
	return snapshot.TrusteeRef{Trustee: id + "@contoso.example", TrusteeID: id, TrusteeType: typeOf(id)}
}

func (t *tenant) grant(r *rand.Rand) {
	box, who := pick(r, castBoxes), randomTrustee(r)
	switch r.IntN(6) {
	case 0:
		t.rows = append(t.rows, snapshot.SendOnBehalfDelegate{Mailbox: box, TrusteeRef: who})
	case 1:
		row := snapshot.SendAsPermission{Recipient: box, Mailbox: &box, TrusteeRef: who, Rights: []string{"SendAs"}, AccessControlType: pick(r, []string{"Allow", "Allow", "Deny"})}
		if chance(r, 10) {
			row.Mailbox, row.Recipient = nil, "a list"
		}
		t.rows = append(t.rows, row)
	default:
		var rights []string
		for _, right := range []string{FullAccess, FullAccess, ChangePermission, ChangeOwner, DeleteItem, ReadPermission} {
			if chance(r, 40) {
				rights = append(rights, right)
			}
		}
		t.rows = append(t.rows, snapshot.MailboxPermission{Mailbox: box, TrusteeRef: who, Rights: sortedUnique(rights), Deny: chance(r, 35), Inherited: chance(r, 30)})
	}
}

func (t *tenant) folderTree(r *rand.Rand) {
	paths := []string{"/Top of Information Store", "/Inbox", "/Inbox/A", "/Inbox/A/B", "/Calendar", "/Inbox2/A"}
	for range r.IntN(8) {
		path, kind := pick(r, paths), "User Created"
		if path == paths[0] {
			kind = "Root"
		}
		who := randomTrustee(r)
		switch r.IntN(4) {
		case 0:
			who = snapshot.TrusteeRef{Trustee: "Standard", TrusteeType: "default"}
		case 1:
			who = snapshot.TrusteeRef{Trustee: "ExchangePublishedUser.x@fabrikam.example", TrusteeAddress: "x@fabrikam.example", TrusteeType: "external"}
		}
		_, rights, _ := ExpandFolderRoles([]string{pick(r, []string{"None", "Reviewer", "Editor", "Owner", "FolderOwner", "ReadItems", "Contributor", "AvailabilityOnly", "FolderVisible"})})
		t.rows = append(t.rows, snapshot.FolderPermission{Mailbox: pick(r, castBoxes), FolderPath: path, FolderID: "id" + path, FolderType: kind, TrusteeRef: who, Rights: rights})
	}
}

func (t *tenant) applications(r *rand.Rand) {
	for _, p := range []snapshot.ServicePrincipal{
		{ID: "graph", AppID: facts.MicrosoftGraph, FirstParty: true}, {ID: "exo", AppID: facts.ExchangeOnline, FirstParty: true}, {ID: "other", AppID: "a-other"},
		{ID: "app0", AppID: "a0"}, {ID: "app1", AppID: "a1"}, {ID: "app2", AppID: "a2", FirstParty: true},
	} {
		t.rows = append(t.rows, p)
	}
	resources, apps := []string{"graph", "exo", "other"}, []string{"app0", "app1", "app2", "lost"}
	for i := range r.IntN(5) {
		row := snapshot.AppRoleAssignment{ID: fmt.Sprint("ra", i), Principal: pick(r, apps), PrincipalType: "ServicePrincipal", Resource: pick(r, resources),
			AppRole: pick(r, []string{"Mail.Read", "Mail.Send", "full_access_as_app", "Mailbox.Migration", "User.Read.All", "IMAP.AccessAsApp"})}
		if chance(r, 35) {
			row.Principal, row.PrincipalType = pick(r, castGroups), "Group"
		}
		t.rows = append(t.rows, row)
	}
	for i := range r.IntN(4) {
		row := snapshot.ApplicationAccessPolicy{ID: fmt.Sprint("p", i), Kind: "applicationAccessPolicy", AppID: pick(r, []string{"a0", "a1"}),
			AccessRight: pick(r, []string{"RestrictAccess", "RestrictAccess", "DenyAccess"}), ScopeID: pick(r, append(castGroups, "", "room"))}
		row.Scope = "scope " + fmt.Sprint(r.IntN(3)) + row.ScopeID
		if chance(r, 40) {
			row.Kind, row.AccessRight = "roleAssignment", pick(r, []string{"Application Mail.Read", "Application Mail Full Access", "Application Exchange Full Access", "Mailbox Search"})
			if row.ScopeID == "" && chance(r, 60) {
				row.Scope = ""
			}
		}
		t.rows = append(t.rows, row)
	}
	for i := range r.IntN(4) {
		row := snapshot.OAuth2PermissionGrant{ID: fmt.Sprint("gr", i), Client: pick(r, apps), Resource: pick(r, resources), ConsentType: "AllPrincipals",
			Scope: pick(r, []string{"Mail.Read", "Mail.ReadWrite.Shared", "SMTP.Send", "User.Read", "EWS.AccessAsUser.All"})}
		if chance(r, 60) {
			row.ConsentType, row.Principal = "Principal", pick(r, []string{"u0", "u1", "u2"})
		}
		t.rows = append(t.rows, row)
	}
}

func (t *tenant) roles(r *rand.Rand) {
	anyone := append(slices.Clone(castPeople), castGroups...)
	for range r.IntN(3) {
		who := pick(r, anyone)
		row := snapshot.ExchangeRoleAssignment{RoleGroup: pick(r, []string{"Org", "Help"}), Roles: []string{"Mail Recipients", "View-Only Recipients", "Mailbox Search"}, Member: who, MemberType: memberTypeOf(who), MemberName: who}
		if chance(r, 25) {
			row.Member, row.MemberType, row.MemberName = "TenantAdmins_1", "unresolved", "Company Administrator"
		}
		t.rows = append(t.rows, row)
	}
	for i := range r.IntN(3) {
		who := pick(r, anyone)
		row := snapshot.ManagementRoleAssignment{ID: fmt.Sprint("ma", i), Role: pick(r, []string{"ApplicationImpersonation", "Mail Recipients", "Audit Logs"}), Assignee: who, AssigneeType: memberTypeOf(who),
			AssigneeName: who, Delegating: chance(r, 20), ScopeID: pick(r, append(castGroups, "", ""))}
		if row.ScopeID != "" || chance(r, 20) {
			row.Scope = "named" + row.ScopeID
		}
		if chance(r, 30) {
			row.Enabled = flag(chance(r, 50))
		}
		t.rows = append(t.rows, row)
	}
	for range r.IntN(3) {
		who := pick(r, anyone)
		t.rows = append(t.rows, snapshot.DirectoryRoleAssignment{Role: "the role", RoleTemplateID: pick(r, []string{"62e90394-69f5-4237-9190-012177145e10", "31392ffb-586c-42d1-9346-e59415a2cc4e", facts.GlobalReader}),
			Member: who, MemberType: memberTypeOf(who), Assignment: pick(r, []string{"active", "eligible"}), Scope: pick(r, []string{"/", "/", "/administrativeUnits/1"})})
	}
}
