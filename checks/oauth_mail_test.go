package checks

import (
	"fmt"
	"strings"
	"testing"

	"tenantaudit/internal/snapshot"
)

// mailboxes returns active mailboxes m1 … mn.
func mailboxes(n int) []any {
	var rows []any
	for i := range n {
		rows = append(rows, snapshot.Mailbox{Mailbox: fmt.Sprintf("m%d", i+1)})
	}
	return rows
}

// members puts the first n of those mailboxes' users into a group.
func members(group string, n int) []any {
	var rows []any
	for i := range n {
		rows = append(rows, memberOf(group, fmt.Sprintf("M%d", i+1), "user"))
	}
	return rows
}

func TestTenantWideMailApplications(t *testing.T) {
	const id = "oauth.tenant_wide_mail_applications"
	policy := func(right, appID, group string) snapshot.ApplicationAccessPolicy {
		return snapshot.ApplicationAccessPolicy{ID: right + group, Kind: "applicationAccessPolicy", AppID: appID, AccessRight: right, Scope: "Group " + group, ScopeID: group}
	}
	role := func(name, group string) snapshot.ApplicationAccessPolicy {
		a := snapshot.ApplicationAccessPolicy{ID: "role " + name + group, Kind: "roleAssignment", AppID: "APP-C", AccessRight: name}
		if group != "" {
			a.Scope, a.ScopeID = "Group "+group, group
		}
		return a
	}
	restrict := func(group string) snapshot.ApplicationAccessPolicy { return policy("RestrictAccess", "APP-C", group) }
	onExchange := func(n, value string) snapshot.AppRoleAssignment {
		a := appRole(n, "c", value)
		a.Resource, a.ResourceName = "EXO", "Office 365 Exchange Online"
		return a
	}
	// The tenant has ten active mailboxes; five of them are in g-half, six in g-most.
	in := func(rows ...any) *fake {
		all := []any{graphApp, exchangeApp, app("c", stranger), snapshot.Mailbox{Mailbox: "m11", Inactive: true}}
		all = append(append(append(all, mailboxes(10)...), members("g-half", 5)...), members("g-most", 6)...)
		return with(append(all, rows...)...)
	}
	own := snapshot.ServicePrincipal{ID: "api", AppID: "app-api", AppOwnerOrganizationID: stranger}
	ownRole := appRole("1", "c", "Mail.Read=critical")
	ownRole.Resource = "api"
	unlisted := appRole("1", "c", "Mail.Read=critical")
	unlisted.Resource, unlisted.AppRoleID = "elsewhere", "810c84a8-4a9e-49e6-bf7d-12d183f40d01"
	disabled := changed("d", stranger, func(sp *snapshot.ServicePrincipal) { sp.AccountEnabled = off() })
	anyone := appRole("1", "c", "Mail.Read=critical")
	anyone.PrincipalType = "User"
	read := appRole("1", "c", "Mail.Read=critical")
	const high, medium, low = "high servicePrincipal c", "medium servicePrincipal c", "low servicePrincipal c"
	runRows(t, id, []row{
		{"nothing held", in(), "pass 1/1", "", ""},
		{"not limited", in(read), "fail 1/1", high, ""},
		{"limited to half", in(read, restrict("g-half")), "pass 1/1", "", ""},
		{"limited to all staff", in(read, restrict("g-most")), "fail 1/1", high, ""},
		{"limited to nobody", in(read, restrict("g-empty")), "pass 1/1", "", ""},
		{"another application's policy", in(read, policy("RestrictAccess", "app-x", "g-half")), "fail 1/1", high, ""},
		{"two policies add up", in(read, restrict("g-half"), restrict("g-more"), memberOf("g-more", "m9", "user")), "fail 1/1", high, ""},
		{"denied to many is no limit", in(read, policy("DenyAccess", "app-c", "g-most")), "fail 1/1", high, ""},
		{"all staff less the denied", in(read, restrict("g-most"), policy("DenyAccess", "app-c", "g-half")), "pass 1/1", "", ""},
		{"inactive mailboxes and strangers do not count", in(read, restrict("g-half"), memberOf("g-half", "m11", "user"), memberOf("g-half", "kim", "user")), "pass 1/1", "", ""},
		{"scope that did not resolve", in(read, snapshot.ApplicationAccessPolicy{ID: "p", Kind: "applicationAccessPolicy", AppID: "app-c", AccessRight: "RestrictAccess", Scope: "Sales"}),
			"not-evaluated 0/1", "", "who is in the scope of the mail permission is not known (1)"},
		{"a permission that no policy limits", in(appRole("1", "c", "MailboxItem.Read.All=critical"), restrict("g-half")), "fail 1/1", high, ""},
		{"one of two is limited", in(read, appRole("2", "c", "MailboxFolder.Read.All=medium"), restrict("g-half")), "fail 1/1", medium, ""},
		{"medium", in(appRole("1", "c", "Calendars.Read=medium")), "fail 1/1", medium, ""},
		{"high", in(appRole("1", "c", "Contacts.ReadWrite=high")), "fail 1/1", high, ""},
		{"not rated", in(appRole("1", "c", "MailboxItem.New")), "fail 1/1", low, ""},
		{"settings", in(appRole("1", "c", "MailboxSettings.Read=medium"), restrict("g-half")), "pass 1/1", "", ""},
		{"no mail permission", in(appRole("1", "c", "User.Read.All=high"), appRole("2", "c", "Mailer.Use=high"), appRole("3", "c", "unknown role 1")), "pass 1/1", "", ""},
		{"full access on Exchange", in(onExchange("1", "full_access_as_app=critical")), "fail 1/1", high, ""},
		{"full access on Exchange, limited", in(onExchange("1", "full_access_as_app=critical"), restrict("g-half")), "pass 1/1", "", ""},
		{"migration is never limited", in(onExchange("1", "Mailbox.Migration=critical"), restrict("g-half")), "fail 1/1", high, ""},
		{"IMAP alone", in(onExchange("1", "IMAP.AccessAsApp=high"), restrict("g-half")), "fail 1/1", medium, ""},
		{"IMAP beside something worse", in(onExchange("1", "IMAP.AccessAsApp=high"), read), "fail 1/1", high, ""},
		{"SMTP beside something less", in(onExchange("1", "SMTP.SendAsApp=high"), appRole("2", "c", "MailboxItem.New")), "fail 1/1", medium, ""},
		{"an API of our own with the same name", in(own, ownRole), "pass 2/2", "", ""},
		{"a resource that is not listed", in(unlisted), "fail 1/1", high, ""},
		{"a user's assignment", in(anyone), "pass 1/1", "", ""},
		{"through a group", in(groupRole("1", "g", "Mail.Read=critical"), memberOf("g", "c", "servicePrincipal")), "fail 1/1", high, ""},
		{"a group of people", in(groupRole("1", "g", "Mail.Read=critical"), memberOf("g", "c", "user")), "pass 1/1", "", ""},
		{"signs in no more", in(disabled, appRole("1", "d", "Mail.Read=critical")), "fail 2/2", "low servicePrincipal d", ""},
		{"Microsoft's", in(app("ms", microsoft), appRole("1", "ms", "Mail.Read=critical")), "pass 1/1", "", ""},
		{"role for everything", in(role("Application Mail.Read", "")), "fail 1/1", high, ""},
		{"role for everything, whatever a policy says", in(role("Application Mail Full Access", ""), restrict("g-half")), "fail 1/1", high, ""},
		{"role for half", in(role("Application Mail.Read", "g-half")), "pass 1/1", "", ""},
		{"role for all staff", in(role("Application EWS.AccessAsApp", "g-most")), "fail 1/1", high, ""},
		{"role for a filter", in(snapshot.ApplicationAccessPolicy{ID: "r", Kind: "roleAssignment", AppID: "app-c", AccessRight: "Application Mail.Read", Scope: "filter"}),
			"not-evaluated 0/1", "", "who is in the scope of the mail permission is not known (1)"},
		{"role by the object id", in(snapshot.ApplicationAccessPolicy{ID: "r", Kind: "roleAssignment", AppID: "C", AccessRight: "Application Mail.Read"}), "fail 1/1", high, ""},
		{"a role that is not about mail", in(role("Application Something.Else", "")), "pass 1/1", "", ""},
		{"role and consent", in(role("Application Mail.Read", "g-half"), read), "fail 1/1", high, ""},
		{"role for half and consent for one more", in(role("Application Mail.Read", "g-half"), read, restrict("g-more"), memberOf("g-more", "m9", "user")), "fail 1/1", high, ""},
		{"a principal that is gone", in(appRole("1", "gone", "Mail.Read=critical")), "fail 2/2", "high servicePrincipal gone", ""},
		{"a principal that was not read", in(appRole("1", "unread", "Mail.Read=critical")).gap(cutShort(snapshot.ServicePrincipals)),
			"not-evaluated 1/2", "", "who owns the application is not known (1)"},
		{"policies denied", in(read).gap(cover(snapshot.ApplicationAccessPolicies, snapshot.CoverageDenied, 0, 1, snapshot.MissingPrivilege)),
			"not-evaluated 0/1", "", "who is in the scope of the mail permission is not known (1)"},
		{"policies denied, and none would limit it", in(appRole("1", "c", "MailboxItem.Read.All=critical")).gap(cover(snapshot.ApplicationAccessPolicies, snapshot.CoverageDenied, 0, 1, snapshot.MissingPrivilege)),
			"fail 1/2", high, "applicationAccessPolicies: denied"},
		{"all staff while mailboxes are not known", in(read, restrict("g-most")).gap(cutShort(snapshot.Mailboxes)), "not-evaluated 0/1", "", "mailboxes: partial"},
		{"a group that was not read", in(read, restrict("g-unread")).gap(cutShort(snapshot.GroupMembers)), "not-evaluated 0/1", "", "who is in the scope of the mail permission is not known (1)"},
	})
	quiet := append(mailboxes(2), graphApp, app("c", stranger), read, restrict("g"))
	everyNeed(t, id, append(quiet, members("g", 1)...)...)

	_, found := judge(t, id, in(read, role("Application Mail.ReadBasic", "g-half"), role("Application Mail.Send", "g-half")))
	if raised := fmt.Sprint(found[0].Details["raised"]); !strings.Contains(raised, "defeats the scope Group g-half of the role for Mail.ReadBasic") || strings.Contains(raised, "Mail.Send") {
		t.Errorf("raised %s", raised)
	}
	_, found = judge(t, id, in(read, restrict("g-most")))
	p := found[0].Details["mailPermissions"].([]mailPower)
	if len(p) != 1 || *p[0].Mailboxes != 6 || *p[0].Of != 10 || p[0].Reaches != reachesMost || !strings.Contains(fmt.Sprint(found[0].Details["raised"]), "6 of 10") {
		t.Errorf("reach %+v, raised %v", p, found[0].Details["raised"])
	}
	_, found = judge(t, id, in(read, policy("DenyAccess", "app-c", "g-half")))
	p = found[0].Details["mailPermissions"].([]mailPower)
	if *p[0].Mailboxes != 5 || p[0].Reaches != reachesAll || len(p[0].Except) != 1 || len(found[0].Evidence) != 3 {
		t.Errorf("reach %+v, evidence %v", p, found[0].Evidence)
	}
}
