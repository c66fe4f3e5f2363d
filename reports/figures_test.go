package reports

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tenantaudit/internal/snapshot"
)

// pictured is a tenant whose figures are counted by hand below.
func pictured(t *testing.T) (*memory, Results) {
	t.Helper()
	m, res := small(t)
	way := func(box, who, kind, can, scope string) snapshot.AccessRow {
		address := box + "@contoso.example"
		if box == snapshot.Everywhere {
			address = ""
		}
		return snapshot.AccessRow{Mailbox: box, MailboxAddress: address, Principal: who, PrincipalName: strings.ToUpper(who), PrincipalType: kind, Capability: can, Route: "fullAccess", Scope: scope, Dataset: "mailboxPermissions", Key: box + "|" + who + "|" + can}
	}
	m.rows[snapshot.EffectiveAccess] = []any{
		way("*", "backup", "application", "read", "tenant"),
		way("kim", "ada", "user", "change", "mailbox"), way("kim", "ada", "user", "read", "mailbox"), // two ways of one person
		way("kim", "bo", "user", "read", "folder:/Calendar"), way("kim", "gus", "guest", "read", "mailbox"), way("kim", "zoe", "user", "sendAs", "mailbox"),
		way("lee", "ada", "user", "read", "mailbox"), way("lee", "crm", "application", "read", "members:Sales"),
		way("max", "bo", "user", "sendOnBehalf", "mailbox"), // nobody reads it
	}
	forwards := mailbox(3, "lee@contoso.example")
	forwards.ForwardingExternalRecipients = []string{"a@evil.example", "b@EVIL.example", "c@other.example", "unresolved:Somebody"}
	m.rows[snapshot.Mailboxes] = append(m.rows[snapshot.Mailboxes], forwards)
	m.rows[snapshot.InboxRules] = []any{
		snapshot.InboxRule{Mailbox: id(1), RuleIdentity: "1", Enabled: ptr(true), ExternalRecipients: []string{"x@evil.example"}},
		snapshot.InboxRule{Mailbox: id(1), RuleIdentity: "2", Enabled: ptr(false), ExternalRecipients: []string{"x@off.example"}},
		snapshot.InboxRule{Mailbox: id(2), RuleIdentity: "3", ExternalRecipients: []string{"x@evil.example"}},
	}
	m.rows[snapshot.TransportRules] = []any{snapshot.TransportRule{RuleID: "r", State: "Enabled", ExternalRecipients: []string{"copy@partner.example"}}, snapshot.TransportRule{RuleID: "s", State: "Disabled", ExternalRecipients: []string{"copy@off.example"}}}
	app := func(n int, name string, ours bool) snapshot.ServicePrincipal {
		return snapshot.ServicePrincipal{ID: id(n), DisplayName: name, FirstParty: ours}
	}
	m.rows[snapshot.ServicePrincipals] = []any{app(50, "Backup", false), app(51, "Microsoft's", true), app(52, "Notes", false), app(53, "Nothing", false), app(54, "Archive", false)}
	m.rows[snapshot.AppRoleAssignments] = []any{
		snapshot.AppRoleAssignment{ID: "1", Principal: id(50), AppRole: "Mail.Read", Tier: "high"}, snapshot.AppRoleAssignment{ID: "2", Principal: id(50), AppRole: "Directory.ReadWrite.All", Tier: "critical"},
		snapshot.AppRoleAssignment{ID: "3", Principal: id(51), AppRole: "Mail.Read", Tier: "high"}, snapshot.AppRoleAssignment{ID: "4", Principal: id(53), AppRole: ""},
	}
	m.rows[snapshot.OAuth2PermissionGrants] = []any{
		snapshot.OAuth2PermissionGrant{ID: "1", Client: id(52), Scope: "Mail.Read", Principal: id(1), Tier: "medium"}, snapshot.OAuth2PermissionGrant{ID: "2", Client: id(52), Scope: "User.Read", Principal: id(2), Tier: "low"},
		snapshot.OAuth2PermissionGrant{ID: "3", Client: id(54), Scope: "odd", Tier: ""},
	}
	m.rows[snapshot.OrganizationConfigs] = []any{snapshot.OrganizationConfig{Name: "Contoso", AuditDisabled: ptr(false)}}
	m.complete()
	return m, res
}

// figuresOf are the figures of a review.
func figuresOf(t *testing.T, m *memory, res Results) (*model, *figures) {
	t.Helper()
	mo, err := newModel(m, res, "")
	if err != nil {
		t.Fatal(err)
	}
	f, err := mo.counted(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return mo, f
}

func TestFigures(t *testing.T) {
	m, res := pictured(t)
	_, f := figuresOf(t, m, res)
	wantExposed := []exposure{{"kim", "kim@contoso.example", 1, 1, 0, 1}, {"lee", "lee@contoso.example", 1, 0, 1, 0}}
	if !slices.Equal(f.exposed, wantExposed) || f.open != 2 {
		t.Errorf("exposed: %+v of %d, want %+v of 2", f.exposed, f.open, wantExposed)
	}
	wantPeople := []reacher{{"backup", "BACKUP", "", "application", 0, true}, {"ada", "ADA", "", "user", 2, false}, {"crm", "CRM", "", "application", 1, false}, {"gus", "GUS", "", "guest", 1, false}}
	if !slices.Equal(f.people, wantPeople) {
		t.Errorf("people: %+v, want %+v", f.people, wantPeople)
	}
	// Those in the graph in that order; the mailboxes: every one, kim (2 of them), lee (2 of them).
	wantEdges := [][2]int{{0, 0}, {1, 1}, {1, 2}, {2, 2}, {3, 1}}
	if !slices.Equal(f.reach.Edges, wantEdges) || f.reach.MoreWho != 0 || f.reach.MoreBoxes != 0 {
		t.Errorf("graph: %+v, want edges %v", f.reach, wantEdges)
	}
	wantFlows := []flow{{"Mailbox forwarding", "evil.example", 2}, {"Mailbox forwarding", "other.example", 1}, {"Mailbox forwarding", domainUnknown, 1}, {"Inbox rule", "evil.example", 2}, {"Mail flow rule", "partner.example", 1}}
	if !slices.Equal(f.leaving, wantFlows) {
		t.Errorf("mail: %+v, want %+v", f.leaving, wantFlows)
	}
	// Three mailboxes are the largest listing: that is "all accounts".
	wantApps := "[{critical 3 [Backup]} {medium 2 [Notes]} { 3 [Archive]}]"
	if got := fmt.Sprint(f.apps); got != wantApps || f.ours != 1 {
		t.Errorf("applications: %s and %d of Microsoft, want %s and 1", got, f.ours, wantApps)
	}
	// Two of three mailboxes are audited and keep the owner's rule changes; of one the actions were not sent.
	if len(f.ready) != 1 || f.ready[0].Mailboxes != 3 {
		t.Fatalf("readiness: %+v", f.ready)
	}
	for i, want := range []readyCell{{3, 0}, {0, 1}, {0, 1}, {0, 1}, {2, 1}, {0, 1}, {0, 1}} {
		if got := f.ready[0].Cells[i]; got != want {
			t.Errorf("%s: %+v, want %+v", readyEvents[i].word, got, want)
		}
	}
	if got := fmt.Sprint(f.outcome[:3]); got != "[{full Assessed in full 4} {part Assessed in part 0} {missing-privilege permission missing 0}]" {
		t.Errorf("outcome: %s", got)
	}
}

// A long side is summed up, and the sum is said.
func TestGraphSaysWhatItLeavesOut(t *testing.T) {
	m, res := small(t)
	for i := range 40 {
		for j := range 60 {
			m.rows[snapshot.EffectiveAccess] = append(m.rows[snapshot.EffectiveAccess], snapshot.AccessRow{Mailbox: id(i), MailboxAddress: fmt.Sprintf("m%02d@contoso.example", i), Principal: id(1000 + j), PrincipalName: fmt.Sprint("P", j), PrincipalType: "user", Capability: "read", Scope: "mailbox"})
		}
	}
	m.complete()
	mo, f := figuresOf(t, m, res)
	if len(f.reach.Who) != 25 || len(f.reach.Mailboxes) != 25 || f.reach.MoreWho != 35 || f.reach.MoreBoxes != 15 || len(f.reach.Edges) != 625 || len(f.exposed) != 20 || f.open != 40 {
		t.Errorf("graph of %d and %d, %d and %d more, %d edges, bars %d of %d", len(f.reach.Who), len(f.reach.Mailboxes), f.reach.MoreWho, f.reach.MoreBoxes, len(f.reach.Edges), len(f.exposed), f.open)
	}
	if says := mo.plotReach(f).Says; !strings.Contains(says, "35 more who reach mailboxes, 15 more mailboxes") {
		t.Errorf("the picture says %q", says)
	}
}

// Pictures of hostile names are markup of ours alone.
func TestPicturesOfHostileNames(t *testing.T) {
	m, res := redTeam(t)
	waysIn(m)
	for i, h := range hostile {
		b := mailbox(700+i, h.value)
		b.ForwardingExternalRecipients = []string{"x@" + h.value}
		m.rows[snapshot.Mailboxes] = append(m.rows[snapshot.Mailboxes], b)
		m.rows[snapshot.ServicePrincipals] = append(m.rows[snapshot.ServicePrincipals], snapshot.ServicePrincipal{ID: id(800 + i), DisplayName: h.value})
		m.rows[snapshot.AppRoleAssignments] = append(m.rows[snapshot.AppRoleAssignments], snapshot.AppRoleAssignment{ID: id(i), Principal: id(800 + i), AppRole: h.value, Tier: "high"})
	}
	m.complete()
	mo, f := figuresOf(t, m, res)
	tag := regexp.MustCompile(`<(/?[a-z]+)`)
	for _, p := range mo.plots(f) {
		svg := string(p.SVG)
		for _, found := range tag.FindAllStringSubmatch(svg, -1) {
			if name := strings.TrimPrefix(found[1], "/"); !slices.Contains([]string{"svg", "title", "desc", "path", "rect", "text", "a", "circle", "line"}, name) {
				t.Errorf("%s holds the element %q", p.ID, name)
			}
		}
		for _, bad := range []string{"style=", "javascript:", "onload", "\u202e", "\x1b", "\x00"} {
			if strings.Contains(strings.ToLower(regexp.MustCompile(`>[^<]*<`).ReplaceAllString(svg, "><")), bad) || strings.ContainsAny(svg, "\u202e\x1b\x00") {
				t.Errorf("%s holds %q outside of text", p.ID, bad)
			}
		}
		if p.ID != "outcome" && p.ID != "ready" && len(p.Rows) == 0 {
			t.Errorf("%s is empty", p.ID)
		}
	}
}

// A picture of data that was not read never looks like one of a tenant that has none.
func TestPicturesSayWhatWasNotRead(t *testing.T) {
	m, res := small(t)
	m.complete(
		snapshot.Coverage{Dataset: snapshot.InboxRules, State: snapshot.CoverageDenied, Expected: 2, Failed: 2},
		snapshot.Coverage{Dataset: snapshot.EffectiveAccess, State: snapshot.CoveragePartial, Expected: 2, Collected: 1},
	)
	mo, f := figuresOf(t, m, res)
	for _, p := range mo.plots(f) {
		switch p.ID {
		case "leaving", "reach", "exposed":
			if !strings.HasPrefix(p.Gap, "Not all was read (") || p.ID != "leaving" && p.None != "Nothing was found in what was read." {
				t.Errorf("%s: gap %q, none %q", p.ID, p.Gap, p.None)
			}
		case "ready", "apps":
			if p.Gap != "" {
				t.Errorf("%s: gap %q", p.ID, p.Gap)
			}
		}
	}
	book := openBook(t, write(t, m, res)+"/review.xlsx")
	for _, sheet := range []string{"Mail leaving or hidden", "Delegation", "Access by person"} {
		if s := sheetText(t, book, sheet); !strings.Contains(s, "Not all was read (") || strings.Contains(s, "No mailbox can be opened") {
			t.Errorf("%s says\n%s", sheet, s)
		}
	}
}

// Every area has its numbers and charts, and the charts read plain numbers.
func TestAreaSheets(t *testing.T) {
	m, res := pictured(t)
	dir := write(t, m, res)
	book := openBook(t, dir+"/review.xlsx")
	for sheet, wants := range map[string][]string{
		"Mail leaving or hidden": {"1 findings of 2 checks.", "Title of mail.mailbox_forwarding\tFail\t1\t0\t0\t0\t0\t1\t2 of 2 mailboxes", "evil.example\t2\t2\t0", "partner.example\t0\t0\t1"},
		"Delegation":             {"kim@contoso.example\t1\t1\t0\t1", "lee@contoso.example\t1\t0\t1\t0", "2 mailboxes can be opened"},
		"Licensing and logs":     {"Office 365 E3\t25\t24"},
		"Access by person":       {"BACKUP\t\tapplication\tTRUE\t0\tbackup", "ADA\t\tuser\tFALSE\t2\tada"},
		"Affected":               {"f00000000000000000000000000000a1\tCritical\tmail.mailbox_forwarding\tMailbox\tboard@contoso.example\t" + id(2) + "\tMailboxes\tmailboxes\t" + id(2)},
		"Contents":               {"mailboxes\tMailboxes\t3", "Findings\tFindings\t2"},
		"Method":                 {"Get-InboxRule", "auditor@contoso.example (user)", "mail.mailbox_forwarding"},
	} {
		text := sheetText(t, book, sheet)
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q; it says\n%s", sheet, want, text)
			}
		}
	}
	charts := 0
	for name, part := range parts(t, dir+"/review.xlsx") {
		if strings.HasPrefix(name, "xl/charts/chart") {
			charts++
		}
		if strings.HasPrefix(name, "xl/drawings/drawing") && strings.Contains(part, "graphicFrame") && !strings.Contains(part, `descr="`) {
			t.Errorf("%s: a chart without a description", name)
		}
		if strings.HasPrefix(name, "xl/worksheets/sheet") && strings.Contains(part, "<f>") && !strings.Contains(part, "COUNTIFS") && !strings.Contains(part, "tblFindings") {
			t.Errorf("%s holds formulas", name)
		}
	}
	if charts < 9 {
		t.Errorf("%d charts", charts)
	}
}
