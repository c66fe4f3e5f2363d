package faketenant

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// judgedHere are the checks whose situations plan_access.go and plan_consent.go hold, with the
// severities that their rules can give.
var judgedHere = map[string]string{
	"delegation.default_folder_rights":      "critical high",
	"delegation.external_sharing":           "high low medium",
	"delegation.permission_takeover":        "high info",
	"delegation.orphaned_trustees":          "low",
	"delegation.disabled_trustees":          "low",
	"delegation.wide_reach":                 "critical high low",
	"delegation.exchange_role_groups":       "critical high medium",
	"delegation.effective_access":           "info",
	"oauth.tenant_wide_mail_applications":   "high low medium",
	"oauth.user_grants_reviewed":            "high info low medium",
	"oauth.known_bad_applications":          "critical high low",
	"oauth.foreign_applications":            "high medium",
	"oauth.first_party_with_credentials":    "critical low",
	"oauth.app_secret_lifetime":             "low medium",
	"oauth.application_owners":              "high medium",
	"oauth.dangling_grants":                 "low",
	"oauth.delegated_grants_all_principals": "high info low medium",
}

func severityNames(a CheckAnswer) string {
	seen := map[string]bool{}
	for _, f := range a.Findings {
		seen[f.Severity] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(seen)), " ")
}

func keyOf(t *testing.T, o Options) (*Tenant, *AnswerKey) {
	t.Helper()
	tenant, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return tenant, tenant.AnswerKey()
}

func TestEveryCheckHasSomethingToFind(t *testing.T) {
	for _, n := range []int{60, 250, 5000} {
		_, k := keyOf(t, Options{Mailboxes: n})
		for id, want := range judgedHere {
			a, ok := k.Check(id)
			if !ok || severityNames(a) != want {
				t.Errorf("%d mailboxes: %s: %q (in the key: %v), want %q", n, id, severityNames(a), ok, want)
			}
		}
	}
	_, clean := keyOf(t, Options{Profile: "clean"})
	for id := range judgedHere {
		if a, _ := clean.Check(id); severityNames(a) != "" && severityNames(a) != "info" {
			t.Errorf("clean: %s: %s", id, severityNames(a))
		}
	}
}

func TestEffectiveAccessOfThousandsTakesSeconds(t *testing.T) {
	tenant, err := New(Options{Mailboxes: 5000})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	rows := tenant.plan.reach()
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("%d rows in %v", len(rows), took)
	}
}

// reachers are who reaches a mailbox with a capability, with "via" where it is through something.
func reachers(k *AnswerKey, m *mailbox, columns map[string]any) []string {
	columns["mailbox"] = everywhere
	if m != nil {
		columns["mailbox"] = m.id()
	}
	var out []string
	for _, r := range k.rows("effectiveAccess", columns) {
		name := fmt.Sprint(r["principalName"])
		if v := fmt.Sprint(r["via"]); v != "" {
			name += " (" + v + ")"
		}
		out = append(out, name)
	}
	return sortedUnique(out)
}

// TestDenyAndAllow reads the mailbox on which entries meet.
func TestDenyAndAllow(t *testing.T) {
	tenant, k := keyOf(t, Options{})
	p := tenant.plan
	c := map[string]*mailbox{}
	for _, m := range p.mailboxes {
		c[m.owner.alias] = m
	}
	who := func(n int) string { return personAt(p, n).display }
	box := c["projector1"]
	want := sortedUnique([]string{
		who(4) + " (Finance Team)", who(14) + " (Finance Team)", who(20) + " (Finance Team)", // the fourth of them, number 5, is denied
		who(22), // denied other rights
		who(23), // the Deny is inherited
		who(24), // the Allow is inherited, and nothing stands against it
	})
	if got := reachers(k, box, map[string]any{"route": "fullAccess", "capability": canRead}); !slices.Equal(got, want) {
		t.Errorf("Full Access of the projector: %q, want %q", got, want)
	}
	// 21 is denied Full Access through a group and keeps the other right; 27 has it and is denied it.
	if got := reachers(k, box, map[string]any{"route": "mailboxPermission", "capability": canChange}); !slices.Equal(got, []string{who(21)}) {
		t.Errorf("DeleteItem on the projector: %q, want %q", got, who(21))
	}
	if got := reachers(k, box, map[string]any{"capability": canManage, "route": "mailboxPermission"}); !slices.Equal(got, []string{who(26)}) {
		t.Errorf("ChangePermission on the projector: %q, want %q", got, who(26))
	}
	want = sortedUnique([]string{who(5) + " (Finance Team)", who(14) + " (Finance Team)", who(20) + " (Finance Team)"})
	if got := reachers(k, box, map[string]any{"capability": canSendAs, "scope": "mailbox"}); !slices.Equal(got, want) {
		t.Errorf("Send As the projector: %q, want %q", got, want)
	}
	if got := reachers(k, c["room.fjord2"], map[string]any{"route": "fullAccess", "capability": canRead}); !slices.Equal(got, []string{"Emergency Access 2"}) {
		t.Errorf("a room that staff are denied: %q", got)
	}
	own := personAt(p, 14).mailbox
	for _, r := range k.rows("effectiveAccess", map[string]any{"mailbox": own.id()}) {
		if r["principal"] == own.id() {
			t.Errorf("the owner is listed: %v", r)
		}
	}
	if got := reachers(k, own, map[string]any{"route": "fullAccess", "capability": canRead}); !slices.Contains(got, who(5)+" (Finance Team)") {
		t.Errorf("one's own mailbox: %q, want the others of the group", got)
	}
}

// personAt is the n-th person, in the order of the directory.
func personAt(p *plan, n int) *principal { return p.staff()[n] }

// TestLargeGroupsStandForTheirMembers: everybody in a room, before and after a thousand.
func TestLargeGroupsStandForTheirMembers(t *testing.T) {
	for n, listed := range map[int]bool{250: true, 5000: false} {
		tenant, k := keyOf(t, Options{Mailboxes: n})
		staff := len(tenant.plan.staff())
		room := tenant.plan.find("room.fjord1@contoso.example")[0].mailbox
		rows := k.rows("effectiveAccess", map[string]any{"mailbox": room.id(), "route": "fullAccess", "capability": canRead})
		if listed {
			if len(rows) != staff-1 { // one is denied
				t.Errorf("%d mailboxes: %d rows, want %d", n, len(rows), staff-1)
			}
			continue
		}
		closed := tenant.plan.find("room.fjord2@contoso.example")[0].mailbox
		if got := reachers(k, closed, map[string]any{"route": "fullAccess", "capability": canRead}); !slices.Equal(got, []string{"Emergency Access 2"}) {
			t.Errorf("%d mailboxes: a room that staff are denied: %q", n, got)
		}
		if len(rows) != 1 || rows[0]["principalName"] != "All Staff" || rows[0]["principalType"] != kindGroup || rows[0]["members"] != int64(staff) {
			t.Errorf("%d mailboxes: %v, want one row of the group with %d members", n, rows, staff)
		}
	}
}

// TestWideReach says of each who is near the limit whether it is a finding.
func TestWideReach(t *testing.T) {
	for _, n := range []int{60, 250, 5000} {
		tenant, k := keyOf(t, Options{Mailboxes: n})
		p := tenant.plan
		found := map[string]string{}
		a, _ := k.Check("delegation.wide_reach")
		for _, f := range a.Findings {
			found[f.SubjectID] = f.Severity
		}
		id := func(name string) string {
			if all := p.find(name); len(all) == 1 {
				return all[0].key()
			}
			for _, ap := range p.apps {
				if ap.p.display == name {
					return ap.p.id.String()
				}
			}
			return name
		}
		for name, want := range map[string]string{
			"svc-journal": "high", "svc-scan": "", "svc-print": "", "svc-roomdisplay": "", "Wes Watcher (Litware)": "critical",
			"reports@fabrikam.example": "critical", "Everyone in Dublin": "high", "Deputies": "", "Paul Partner (Northwind)": "critical",
			personAt(p, 12).upn: "high", personAt(p, 11).upn: "high", "Company Administrator": "high", "svc-migration": "high",
			"Contoso Backup": "high", "Retired Importer": "low", "Meeting Planner": "", "Mail Flow Monitor": "", "Newsletter Sender": "",
			"Mailbox Export": "high", "Group Courier": "high", "Organisation Reader": "high", "Desk Reader": "", "Scanner IMAP": "",
			"Litware Archive": "high", "Litware Calendar": "", "Northwind Signatures": "high", "Exchange Operator": "", "Ticketing": "",
		} {
			if got := found[id(name)]; got != want {
				t.Errorf("%d mailboxes: %s: %q, want %q", n, name, got, want)
			}
		}
	}
}

// TestRoutesOfEffectiveAccess looks for one row of each kind.
func TestRoutesOfEffectiveAccess(t *testing.T) {
	tenant, k := keyOf(t, Options{})
	p := tenant.plan
	desk := p.find("ap@contoso.example")[0].mailbox
	for _, tc := range []struct {
		name, via, scope, route, capability string
		m                                   *mailbox
		kind                                string
	}{
		{"Contoso Mailarchiv", "Mail.ReadWrite", "members:All Staff", "application", canChange, personAt(p, 3).mailbox, kindApp},
		{"Helpdesk Mailer", "Mail.ReadWrite", "members:App scope - desks", "application", canRead, desk, kindApp},
		{"Desk Reader", "Application Mail Full Access", "members:App scope - ticketing", "application", canSendAs, desk, kindApp},
		{"Contoso Mail Reader", "Application Mail.Read", "members:Finance mailboxes", "application", canRead, nil, kindApp},
		{"Group Courier", "Mail automation > Mail.Send", "tenant", "application", canSendAs, nil, kindApp},
		{"Newsletter Sender", "Mail.Send", "tenant", "application", canSendAs, nil, kindApp},
		{"eM Client", "IMAP.AccessAsUser.All", "mailbox", "delegatedGrant", canChange, personAt(p, 12).mailbox, kindApp},
		{"Litware Archive", "Mail.Read", "tenant", "delegatedGrant", canRead, nil, kindApp},
		{personAt(p, 7).display, "Import Operators > Mailbox Import Export > Mail Import Team", "tenant", "exchangeRole", canChange, nil, kindUser},
		{"svc-migration", "direct > ApplicationImpersonation", "tenant", "exchangeRole", canSendAs, nil, kindUser},
		{personAt(p, 5).display, "direct > ApplicationImpersonation", "members:App scope - ticketing", "exchangeRole", canRead, desk, kindUser},
		{personAt(p, 8).display, "direct > Mailbox Search", "members:Sales mailboxes", "exchangeRole", canRead, nil, kindUser},
		{"Exchange Night Shift", "Exchange Administrator > Role: Exchange operations", "tenant", "directoryRole", canManage, nil, kindUser},
		{"drop@evil.example", "", "mailbox", "forwarding", canReceive, personAt(p, 14).mailbox, kindExternal},
		{"Former Colleague", "", "mailbox", "forwarding", canReceive, personAt(p, 24).mailbox, kindUnresolved},
		{"Accounts Payable", "", "mailbox", "forwarding", canReceive, personAt(p, 23).mailbox, kindUser},
		{"ops@chamber.contoso-labs.example", "", "mailbox", "forwarding", canReceive, personAt(p, 19).mailbox, kindUnresolved},
		{"quiet@evil.example", "x", "mailbox", "inboxRule", canReceive, personAt(p, 30).mailbox, kindExternal},
		{"archive@fabrikam.example", "Copy to archive outside", "tenant", "transportRule", canReceive, nil, kindExternal},
		{"Default", "", "folder:/Kalender", "folder", canChange, personAt(p, 2).mailbox, kindDefault},
		{"freebusy@northwind.example", "", "", "folder", canRead, personAt(p, 21).mailbox, ""},
	} {
		columns := map[string]any{"mailbox": everywhere, "principalName": tc.name, "via": tc.via, "scope": tc.scope, "route": tc.route, "capability": tc.capability}
		if tc.m != nil {
			columns["mailbox"] = tc.m.id()
		}
		rows := k.rows("effectiveAccess", columns)
		if tc.kind == "" && len(rows) == 0 {
			continue // free/busy reads nothing
		}
		if len(rows) != 1 || rows[0]["principalType"] != tc.kind {
			t.Errorf("%v: %v, want one row of type %q", columns, rows, tc.kind)
		}
	}
	for _, r := range k.Datasets["effectiveAccess"] {
		if r["principal"] == "" || r["principalName"] == "" || r["principalType"] == "" || r["scope"] == "" {
			t.Errorf("a row of nobody, or of nothing: %v", r)
		}
	}
	if rows := k.rows("effectiveAccess", map[string]any{"route": "forwarding", "principalType": kindGroup}); len(rows) != 1 || rows[0]["members"] != int64(3) {
		t.Errorf("forwarding to a group: %v, want one row with three members", rows)
	}
	for _, silent := range []string{"Litware Mail Merge", "Scanner IMAP", "Fax Gateway", "Contoso Desktop", "Microsoft Azure CLI", "Azure CLI"} {
		for _, r := range k.rows("effectiveAccess", map[string]any{"principalName": silent, "mailbox": everywhere}) {
			t.Errorf("%s reaches every mailbox: %v", silent, r)
		}
	}
}

// TestEvidenceOfAccessExists: every row of effectiveAccess names a row of the key.
func TestEvidenceOfAccessExists(t *testing.T) {
	tenant, k := keyOf(t, Options{Mailboxes: 60})
	columns := map[string][]string{
		"mailboxPermissions": {"mailbox", "trustee", "trusteeSid", "deny", "inherited"}, "sendAs": {"recipient", "trustee", "trusteeSid", "accessControlType"},
		"sendOnBehalf": {"mailbox", "trustee"}, "folderPermissions": {"mailbox", "folderId", "trustee"}, "appRoleAssignments": {"id"},
		"applicationAccessPolicies": {"id", "kind"}, "oauth2PermissionGrants": {"id", "scope"}, "exchangeRoleAssignments": {"roleGroup", "member"},
		"directoryRoleAssignments": {"roleTemplateId", "member", "assignment", "scope"}, "mailboxes": {"mailbox"}, "inboxRules": {"mailbox", "ruleIdentity"}, "transportRules": {"ruleId"},
	}
	keys := map[string]bool{}
	for dataset, names := range columns {
		for _, r := range k.Datasets[dataset] {
			var parts []string
			for _, n := range names {
				parts = append(parts, fmt.Sprint(r[n]))
			}
			keys[dataset+" "+rowKey(parts...)] = true
		}
	}
	for _, r := range tenant.plan.keyDirectRoles() {
		keys["managementRoleAssignments "+rowKey(r["id"].(string))] = true
	}
	for _, r := range k.Datasets["effectiveAccess"] {
		dataset := r["evidenceDataset"].(string)
		if e := dataset + " " + r["evidenceKey"].(string); !keys[e] {
			t.Errorf("no row %q for %v", e, r)
		}
	}
}
