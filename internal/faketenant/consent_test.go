package faketenant

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestApplicationsAreJudgedByName says of applications, look-alikes included, what each check finds.
func TestApplicationsAreJudgedByName(t *testing.T) {
	for _, n := range []int{60, 250} {
		tenant, k := keyOf(t, Options{Mailboxes: n})
		ids := map[string]string{}
		for _, a := range tenant.plan.apps {
			ids[a.p.display] = a.p.id.String() // the last of a name, which is the look-alike
		}
		for id, apps := range map[string]map[string]string{
			"oauth.tenant_wide_mail_applications": {
				"Contoso Backup": "high", "Newsletter Sender": "high", "Group Courier": "high", "Contoso Mailarchiv": "high", "Mailbox Export": "high",
				"Organisation Reader": "high", "Invoice Reader": "high", "func-contoso-prod": "high", "Meeting Planner": "medium", "Mail Flow Monitor": "medium",
				"Scanner IMAP": "medium", "Fax Gateway": "medium", "Printer Relay": "medium", "Retired Importer": "low",
				"Ticketing": "", "Desk Reader": "", "Helpdesk Mailer": "", "Portal Notifier": "", "Mailbox Hygiene": "", "Reception Screen": "",
				"Reception Kiosk": "", "Contoso Mail Reader": "", "Northwind Backup": "", "Contoso Provisioning": "",
			},
			"oauth.known_bad_applications":       {"Horizon Tech": "critical", "eM Client": "low", "PerfectData Software": "", "Litware Forms": ""},
			"oauth.foreign_applications":         {"Group Courier": "high", "Litware Archive": "high", "Fabrikam Expense Portal": "high", "Old Migration Tool": "high", "Litware Mail Merge": "medium", "eM Client": "medium", "Horizon Tech": "medium", "Northwind Backup": "", "Northwind Signatures": "", "Litware Calendar": "", "Microsoft Office 365 Portal": "", "Contoso Backup": ""},
			"oauth.first_party_with_credentials": {"Office 365 SharePoint Online": "critical", "Skype for Business Online": "critical", "Microsoft Teams Services": "low", "Microsoft Office 365 Portal": "", "Microsoft Graph": "", "Microsoft Azure CLI": ""},
			"oauth.app_secret_lifetime": {
				"Contoso Mailarchiv": "medium", "Contoso Backup": "medium", "Newsletter Sender": "medium", "Fabrikam Expense Portal": "medium", "Fax Gateway": "medium",
				"Portal Notifier": "low", "Invoice Reader": "", "Printer Relay": "", "Scanner IMAP": "", "Contoso Intranet": "", "Meeting Planner": "", "Posture review": "",
			},
			"oauth.application_owners": {
				"Newsletter Sender": "high", "Portal Notifier": "high", "Contoso Mailarchiv": "medium", "Mailbox Export": "medium",
				"Contoso Backup": "", "Invoice Reader": "", "Scanner IMAP": "", "Contoso Intranet": "", "Reception Screen": "", "Retired Importer": "", "Posture review": "",
			},
		} {
			a, _ := k.Check(id)
			for name, want := range apps {
				if ids[name] == "" {
					t.Errorf("no application %q", name)
				}
				got := ""
				for _, f := range a.Findings {
					if f.SubjectType == "servicePrincipal" && f.SubjectID == ids[name] {
						got = f.Severity
					}
				}
				if got != want {
					t.Errorf("%d mailboxes: %s: %s: %q, want %q", n, id, name, got, want)
				}
			}
		}
		a, _ := k.Check("oauth.tenant_wide_mail_applications")
		if a.Evaluated != a.Expected-1 { // the members of one scope are not known
			t.Errorf("evaluated %d of %d", a.Evaluated, a.Expected)
		}
	}
}

// TestAnEligibleRoleProtectsOnlyWithItsLicence: without Entra ID P2 there is none.
func TestAnEligibleRoleProtectsOnlyWithItsLicence(t *testing.T) {
	for _, poor := range []bool{false, true} {
		tenant, k := keyOf(t, Options{Mailboxes: 60, NoP2: poor})
		i := slices.IndexFunc(tenant.plan.apps, func(a *app) bool { return a.p.display == "Invoice Reader" })
		a, _ := k.Check("oauth.application_owners")
		found := slices.Contains(a.Findings, FindingAnswer{"servicePrincipal", tenant.plan.apps[i].p.id.String(), "medium"})
		if found != poor {
			t.Errorf("without P2 %v: found %v", poor, found)
		}
	}
}

func TestOwnersOfRegistrationsAreServed(t *testing.T) {
	c := start(t, Options{Mailboxes: 60})
	k := c.tenant.AnswerKey()
	expanded := map[string]int{}
	for _, a := range c.graphAll("applications?$expand=owners&$top=999") {
		expanded[a["appId"].(string)] = len(a["owners"].([]any))
	}
	apart, elsewhere := 0, 0
	for _, row := range k.Datasets["servicePrincipals"] {
		owners, of := row["owners"].([]map[string]any), row["applicationOwners"].([]map[string]any)
		appID := row["appId"].(string)
		n, registered := expanded[appID]
		if n != len(of) || !registered && len(of) > 0 {
			t.Errorf("%v: %d owners of the registration on the wire, %d in the key", row["displayName"], n, len(of))
		}
		if got := len(c.graphAll("servicePrincipals/" + row["id"].(string) + "/owners")); got != len(owners) {
			t.Errorf("%v: %d owners on the wire, %d in the key", row["displayName"], got, len(owners))
		}
		if registered {
			if got := len(c.graphAll("applications(appId='" + appID + "')/owners")); got != len(of) {
				t.Errorf("%v: %d owners of the registration at its own path, %d in the key", row["displayName"], got, len(of))
			}
		}
		if len(of) > 0 && len(owners) == 0 {
			apart++
		}
		if !registered {
			elsewhere++
		}
	}
	if apart != 1 || elsewhere == 0 {
		t.Errorf("%d with owners of the registration alone, %d not registered here", apart, elsewhere)
	}
}

func TestCredentialsWithoutStartOrEnd(t *testing.T) {
	c := start(t, Options{Mailboxes: 60})
	open := map[string]int{}
	count := func(objects []map[string]any) {
		for _, o := range objects {
			for _, list := range []string{"keyCredentials", "passwordCredentials"} {
				for _, cred := range o[list].([]any) {
					for _, end := range []string{"startDateTime", "endDateTime"} {
						if cred.(map[string]any)[end] == nil {
							open[end]++
						}
					}
				}
			}
		}
	}
	count(c.graphAll("servicePrincipals?$top=999"))
	count(c.graphAll("applications?$top=999"))
	want := map[string]int{}
	for _, row := range c.tenant.AnswerKey().Datasets["servicePrincipals"] {
		for _, cred := range row["credentials"].([]map[string]any) {
			for column, name := range map[string]string{"start": "startDateTime", "end": "endDateTime"} {
				if cred[column] == nil {
					want[name]++
				}
			}
		}
	}
	if open["startDateTime"] != 1 || open["endDateTime"] != 2 || fmt.Sprint(open) != fmt.Sprint(want) {
		t.Errorf("missing on the wire %v, in the key %v; want one start and two ends", open, want)
	}
}

func TestDirectRolesAreServed(t *testing.T) {
	c := start(t, Options{Mailboxes: 60})
	got := map[string]string{}
	for _, r := range c.all("Get-ManagementRoleAssignment", nil) {
		if kind := r["RoleAssigneeType"]; kind == "User" || kind == "SecurityGroup" {
			got[fmt.Sprint(r["Role"], " ", r["EffectiveUserName"], " ", kind)] = fmt.Sprint(r["RoleAssignmentDelegationType"], " ", r["Enabled"], " ", r["CustomRecipientWriteScope"])
		}
	}
	p := c.tenant.plan
	who := func(n int) string { return personAt(p, n).display }
	for key, want := range map[string]string{
		"ApplicationImpersonation svc-migration User":         "Regular true <nil>",
		"Mailbox Search Gina Guest (Fabrikam) User":           "Regular true <nil>",
		"Mail Recipients Mail Import Team SecurityGroup":      "Regular true <nil>",
		"Mailbox Import Export " + who(3) + " User":           "DelegatingOrgWide true <nil>",
		"ApplicationImpersonation " + who(4) + " User":        "Regular false <nil>",
		"ApplicationImpersonation " + who(5) + " User":        "Regular true App scope - ticketing",
		"Mailbox Search " + who(8) + " User":                  "Regular true Sales mailboxes",
		"View-Only Recipients " + who(9) + " User":            "Regular true <nil>",
		"Mailbox Search Company Administrator User (no role)": "",
	} {
		if got[key] != want {
			t.Errorf("%s: %q, want %q", key, got[key], want)
		}
	}
	ids := map[string]bool{}
	for _, r := range c.all("Get-ManagementRoleAssignment", nil) {
		if id := r["Identity"].(string); ids[id] {
			t.Errorf("two assignments %q", id)
		}
		ids[r["Identity"].(string)] = true
	}
	a, _ := c.tenant.AnswerKey().Check("delegation.exchange_role_groups")
	for _, f := range a.Findings {
		if f.SubjectType == "managementRoleAssignment" && !ids[f.SubjectID] {
			t.Errorf("no assignment %q on the wire", f.SubjectID)
		}
	}
}

func TestDynamicDistributionGroupsLiveInExchangeAlone(t *testing.T) {
	c := start(t, Options{Mailboxes: 60})
	rows := c.all("Get-Recipient", map[string]any{"RecipientTypeDetails": "DynamicDistributionGroup"})
	if len(rows) != 1 || rows[0]["ExternalDirectoryObjectId"] != "" || rows[0]["DisplayName"] != "Everyone in Dublin" {
		t.Fatalf("Get-Recipient: %v", rows)
	}
	for _, g := range c.graphAll("groups") {
		if g["displayName"] == "Everyone in Dublin" {
			t.Error("Graph knows the group")
		}
	}
	id := rows[0]["Guid"].(string)
	if a := c.do(http.MethodPost, c.beta("InvokeCommand"), nil, command("Get-DistributionGroupMember", map[string]any{"Identity": id})); a.status != http.StatusNotFound {
		t.Errorf("its members: %d, want 404", a.status)
	}
	k := c.tenant.AnswerKey()
	if got := k.rows("groupMembers", map[string]any{"groupName": "Everyone in Dublin"}); len(got) > 0 {
		t.Errorf("members in the key: %v", got)
	}
	for _, r := range k.rows("effectiveAccess", map[string]any{"principal": id}) {
		if r["principalType"] != kindGroup || r["members"] != nil {
			t.Errorf("%v: want the group, its members not known", r)
		}
	}
}

// TestDelegatesAreServed compares GrantSendOnBehalfTo, orphans included.
func TestDelegatesAreServed(t *testing.T) {
	c := start(t, Options{Mailboxes: 60})
	k := c.tenant.AnswerKey()
	n := 0
	for _, m := range c.all("Get-Mailbox", nil) {
		for _, d := range m["GrantSendOnBehalfTo"].([]any) {
			n++
			if len(k.rows("sendOnBehalf", map[string]any{"mailbox": m["ExternalDirectoryObjectId"], "trustee": d})) != 1 {
				t.Errorf("%v of %v is not in the key", d, m["DisplayName"])
			}
		}
	}
	if n != len(k.Datasets["sendOnBehalf"]) {
		t.Errorf("%d delegates on the wire, %d in the key", n, len(k.Datasets["sendOnBehalf"]))
	}
	kinds := map[string]bool{}
	for _, dataset := range []string{"mailboxPermissions", "sendAs", "sendOnBehalf", "folderPermissions"} {
		for _, r := range k.Datasets[dataset] {
			kinds[dataset+" "+r["trusteeType"].(string)] = true
		}
		for _, kind := range []string{kindUser, kindGuest, kindGroup, kindContact, kindOrphaned} {
			if !kinds[dataset+" "+kind] {
				t.Errorf("no %s in %s", kind, dataset)
			}
		}
	}
}

// TestGrantsOfUsersAreJudged names each grant by its client and the person.
func TestGrantsOfUsersAreJudged(t *testing.T) {
	tenant, k := keyOf(t, Options{Mailboxes: 60})
	p := tenant.plan
	a, _ := k.Check("oauth.user_grants_reviewed")
	got := map[string]string{}
	for _, g := range p.grants {
		if g.client == nil || g.who == nil {
			continue
		}
		for _, f := range a.Findings {
			if f.SubjectID == g.id {
				got[g.client.p.display+" "+strings.Join(g.scopes, " ")] = f.Severity
			}
		}
	}
	for name, want := range map[string]string{
		"Northwind Signatures Mail.ReadWrite offline_access": "medium", "Contoso Desktop Mail.Read.Shared openid": "medium", "Litware Mail Merge Mail.Send Contacts.Read": "high",
		"Litware Mail Merge Contacts.ReadWrite Calendars.Read": "low", "eM Client IMAP.AccessAsUser.All SMTP.Send": "high", "Microsoft Azure CLI Directory.Read.All": "",
		"Litware Mail Merge openid profile": "info", "Contoso Desktop Records.Read": "low", "Fabrikam Expense Portal User.Read openid profile": "info",
	} {
		if got[name] != want {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
	dangling, _ := k.Check("oauth.dangling_grants")
	if len(dangling.Findings) != 2 || dangling.Evaluated != len(p.grants) {
		t.Errorf("dangling: %+v", dangling)
	}
}
