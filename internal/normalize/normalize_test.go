package normalize

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tenantaudit/internal/snapshot"
)

// fixture is a snapshot in the making: rows as a service sends them.
type fixture struct {
	t     *testing.T
	store *snapshot.Store
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	s, err := snapshot.Create(t.Context(), filepath.Join(t.TempDir(), "snapshot.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return fixture{t, s}
}

func (f fixture) put(src, key, page string, state snapshot.State, rows ...string) {
	f.t.Helper()
	w := snapshot.Write{Unit: snapshot.UnitID{Source: snapshot.Source(src), Key: key}, Result: snapshot.Result{State: state, Expected: -1}}
	if state != snapshot.Complete && state != snapshot.Partial {
		w.Result.Cause, w.Result.Detail = snapshot.MissingPrivilege, "denied (needs a role); grant it"
	}
	if len(rows) > 0 || state == snapshot.Complete {
		w.Pages = []snapshot.Page{{Key: page, At: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Rows: json.RawMessage("[" + strings.Join(rows, ",") + "]"), Count: len(rows), Status: 200}}
	}
	if err := f.store.Commit(f.t.Context(), w); err != nil {
		f.t.Fatal(err)
	}
}

func (f fixture) list(src string, rows ...string) {
	f.t.Helper()
	f.put(src, "", "000001", snapshot.Complete, rows...)
}

func (f fixture) run() {
	f.t.Helper()
	if err := Run(f.t.Context(), f.store); err != nil {
		f.t.Fatal(err)
	}
}

func rows[T any](f fixture) []T {
	f.t.Helper()
	var out []T
	for r, err := range snapshot.All[T](f.t.Context(), f.store) {
		if err != nil {
			f.t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

func (f fixture) coverage(d snapshot.Dataset) snapshot.Coverage {
	f.t.Helper()
	c, err := f.store.Coverage(f.t.Context(), d)
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

const (
	kim   = "11111111-0000-4000-8000-000000000001"
	lee   = "11111111-0000-4000-8000-000000000002"
	sales = "22222222-0000-4000-8000-000000000001"
	guest = "11111111-0000-4000-8000-000000000009"
)

func mailbox(id, address, name, extra string) string {
	for _, p := range []string{"ForwardingAddress", "ForwardingSmtpAddress", "GrantSendOnBehalfTo"} {
		if !strings.Contains(extra, `"`+p+`"`) {
			extra += `,"` + p + `":null`
		}
	}
	return fmt.Sprintf(`{"ExternalDirectoryObjectId":%q,"Guid":"9%s","Identity":%q,"Id":%q,"Name":%q,"UserPrincipalName":%q,"PrimarySmtpAddress":%q,"DisplayName":%q,
		"RecipientTypeDetails":"UserMailbox","LegacyExchangeDN":"/o=Ex/cn=Recipients/cn=%s","EmailAddresses":["SMTP:%s"]%s}`, id, id[1:], id, id, id, address, address, name, id, address, extra)
}

// people is a small tenant: two mailboxes, a contact outside, a group with a guest.
func people(t *testing.T, kimExtra string) fixture {
	f := newFixture(t)
	f.list("exo/Get-AcceptedDomain", `{"DomainName":"contoso.example","DomainType":"Authoritative","Default":true,"MatchSubDomains":false}`)
	f.list("exo/Get-Mailbox", mailbox(kim, "kim@contoso.example", "Kim Berg", kimExtra), mailbox(lee, "lee@contoso.example", "Lee O'Brien", ""))
	f.list("exo/Get-Recipient",
		`{"Name":"Partner","Identity":"Partner","DisplayName":"Partner","RecipientTypeDetails":"MailContact","Guid":"33333333-0000-4000-8000-000000000001","PrimarySmtpAddress":"partner@contoso.example",`+
			`"ExternalEmailAddress":"SMTP:partner@fabrikam.example","EmailAddresses":["SMTP:partner@contoso.example","X500:/o=Ex/cn=Recipients/cn=partner"]}`,
		fmt.Sprintf(`{"Name":"Sales","Identity":"Sales","DisplayName":"Sales","RecipientTypeDetails":"MailUniversalSecurityGroup","ExternalDirectoryObjectId":%q,"Guid":"44444444-0000-4000-8000-000000000001","PrimarySmtpAddress":"sales@contoso.example"}`, sales))
	f.list("graph/users",
		fmt.Sprintf(`{"id":%q,"userPrincipalName":"kim@contoso.example","displayName":"Kim Berg","mail":"kim@contoso.example","userType":"Member"}`, kim),
		fmt.Sprintf(`{"id":%q,"userPrincipalName":"lee@contoso.example","displayName":"Lee O'Brien","mail":"lee@contoso.example","userType":"Member"}`, lee),
		fmt.Sprintf(`{"id":%q,"userPrincipalName":"ann_tailspin.example#EXT#@contoso.example","displayName":"Ann","mail":"ann@tailspin.example","userType":"Guest"}`, guest))
	f.list("graph/groups", fmt.Sprintf(`{"id":%q,"displayName":"Sales","mail":"sales@contoso.example","mailEnabled":true}`, sales))
	f.list("graph/subscribedSkus")
	return f
}

func (f fixture) salesMembers() {
	f.put("graph/groupMembers", sales, "000001", snapshot.Complete,
		fmt.Sprintf(`{"@odata.type":"#microsoft.graph.user","id":%q,"displayName":"Kim Berg","userPrincipalName":"kim@contoso.example"}`, kim),
		fmt.Sprintf(`{"@odata.type":"#microsoft.graph.user","id":%q,"displayName":"Ann","userPrincipalName":"ann_tailspin.example#EXT#@contoso.example"}`, guest))
}

func TestForwardingIsResolved(t *testing.T) {
	for name, c := range map[string]struct {
		attributes           string
		members              bool
		target, kind, leaves string
	}{
		"none":                    {``, true, "", "", ""},
		"a colleague by id":       {fmt.Sprintf(`,"ForwardingAddress":%q`, lee), true, "lee@contoso.example", "internal", ""},
		"a contact is outside":    {`,"ForwardingAddress":"Partner"`, true, "partner@fabrikam.example", "external", "partner@fabrikam.example"},
		"an address outside":      {`,"ForwardingSmtpAddress":"smtp:me@gmail.example"`, true, "me@gmail.example", "external", "me@gmail.example"},
		"a look-alike is outside": {`,"ForwardingSmtpAddress":"smtp:me@notcontoso.example"`, true, "me@notcontoso.example", "external", "me@notcontoso.example"},
		"a longer domain":         {`,"ForwardingSmtpAddress":"smtp:me@contoso.example.evil.example"`, true, "me@contoso.example.evil.example", "external", "me@contoso.example.evil.example"},
		"a subdomain is outside":  {`,"ForwardingSmtpAddress":"smtp:me@mail.contoso.example"`, true, "me@mail.contoso.example", "external", "me@mail.contoso.example"},
		"a group with a guest":    {`,"ForwardingAddress":"Sales"`, true, "sales@contoso.example", "external", "ann@tailspin.example"},
		"a group nobody read":     {`,"ForwardingAddress":"Sales"`, false, "sales@contoso.example", "unresolved", "unresolved:Sales"},
		"nobody":                  {`,"ForwardingAddress":"Gone Person"`, true, "", "unresolved", "unresolved:Gone Person"},
		"both, the worse counts":  {fmt.Sprintf(`,"ForwardingAddress":%q,"ForwardingSmtpAddress":"smtp:me@gmail.example"`, lee), true, "lee@contoso.example, me@gmail.example", "external", "me@gmail.example"},
	} {
		t.Run(name, func(t *testing.T) {
			f := people(t, c.attributes)
			if c.members {
				f.salesMembers()
			}
			f.run()
			m := rows[snapshot.Mailbox](f)[0]
			if m.ForwardingTarget != c.target || m.ForwardingTargetType != c.kind || strings.Join(m.ForwardingExternalRecipients, " ") != c.leaves {
				t.Errorf("target %q, %q, leaves %q; want %q, %q, %q", m.ForwardingTarget, m.ForwardingTargetType, m.ForwardingExternalRecipients, c.target, c.kind, c.leaves)
			}
		})
	}
}

// Without the list of accepted domains nothing that hangs on it is called internal or external by guess.
func TestDeniedDomainsLeaveSubdomainsUnresolved(t *testing.T) {
	f := people(t, `,"ForwardingSmtpAddress":"smtp:me@mail.contoso.example"`)
	f.put("exo/Get-AcceptedDomain", "", "000001", snapshot.Denied)
	if err := f.store.Commit(t.Context(), snapshot.Write{Unit: snapshot.UnitID{Source: "exo/Get-AcceptedDomain"}, Reset: true, Result: snapshot.Result{State: snapshot.Denied, Cause: snapshot.MissingPrivilege, Detail: "denied"}}); err != nil {
		t.Fatal(err)
	}
	f.list("graph/domains", `{"id":"contoso.example","isVerified":true,"isDefault":true}`)
	f.run()
	m := rows[snapshot.Mailbox](f)[0]
	if m.ForwardingTargetType != "unresolved" {
		t.Errorf("a subdomain is %q, want unresolved", m.ForwardingTargetType)
	}
	if d := rows[snapshot.AcceptedDomain](f); len(d) != 1 || d[0].Source != "graph" || d[0].MatchSubDomains != nil {
		t.Errorf("domains = %+v, want Graph's with MatchSubDomains unknown", d)
	}
	if c := f.coverage(snapshot.AcceptedDomains); c.State != snapshot.CoverageDenied {
		t.Errorf("coverage = %+v, want denied", c)
	}
}

func rule(id, extra string) string {
	for _, p := range []string{"ForwardTo", "ForwardAsAttachmentTo", "RedirectTo"} {
		if !strings.Contains(extra, `"`+p+`"`) {
			extra += `,"` + p + `":null`
		}
	}
	return fmt.Sprintf(`{"RuleIdentity":%s,"Identity":"m\\%s","Name":"r","Enabled":true,"Priority":1,"SupportedByTask":true%s}`, id, id, extra)
}

func TestInboxRules(t *testing.T) {
	f := people(t, "")
	f.salesMembers()
	const big = "18446744073709551615"
	f.put("exo/Get-InboxRule", kim, "000001", snapshot.Complete,
		rule(big, `,"ForwardTo":["\"Partner\" [EX:/o=ex/CN=recipients/cn=PARTNER]"],"SubjectContainsWords":["invoice","pay"],"DeleteMessage":true,"ExceptIfFrom":["x"],"HasAttachment":false,"MoveToFolder":null`),
		rule("7", `,"RedirectTo":["\"Lee\" [EX:/o=Ex/cn=Recipients/cn=`+lee+`]"],"StopProcessingRules":true`),
		rule("8", `,"ForwardTo":["\"x\" [EX:/o=Ex/cn=gone]"]`),
		rule("7", `,"RedirectTo":["\"Lee\" [EX:/o=Ex/cn=Recipients/cn=`+lee+`]"],"StopProcessingRules":true`))
	f.put("exo/Get-InboxRule", lee, "000001", snapshot.Complete)
	f.put("exo/Get-InboxRule.visible", kim, "000001", snapshot.Complete, rule("7", ""))
	f.run()
	got := map[string]snapshot.InboxRule{}
	for _, r := range rows[snapshot.InboxRule](f) {
		got[r.RuleIdentity] = r
	}
	if len(got) != 3 {
		t.Fatalf("%d rules, want 3", len(got))
	}
	r := got[big]
	want := snapshot.InboxRule{
		Conditions: []string{"ExceptIfFrom: x", "SubjectContainsWords: invoice, pay"}, Actions: []string{"DeleteMessage", `ForwardTo: "Partner" [EX:/o=ex/CN=recipients/cn=PARTNER]`},
		ExternalRecipients: []string{"partner@fabrikam.example"},
	}
	if !reflect.DeepEqual(r.Conditions, want.Conditions) || !reflect.DeepEqual(r.Actions, want.Actions) || !reflect.DeepEqual(r.ExternalRecipients, want.ExternalRecipients) {
		t.Errorf("rule = %q %q %q", r.Conditions, r.Actions, r.ExternalRecipients)
	}
	if r.Hidden == nil || !*r.Hidden || got["7"].Hidden == nil || *got["7"].Hidden {
		t.Errorf("hidden = %v, %v; want true, false", r.Hidden, got["7"].Hidden)
	}
	if len(got["7"].ExternalRecipients) != 0 {
		t.Errorf("a colleague by EX is %q, want no external recipient", got["7"].ExternalRecipients)
	}
	if e := got["8"].ExternalRecipients; len(e) != 1 || !strings.HasPrefix(e[0], "unresolved:") {
		t.Errorf("an unknown DN is %q, want unresolved", e)
	}
	if c := f.coverage(snapshot.InboxRules); c.State != snapshot.CoverageComplete || c.Expected != 2 || c.Collected != 2 {
		t.Errorf("coverage = %+v", c)
	}
}

func TestHiddenIsUnknownWhereThePlainAnswerWasNotRead(t *testing.T) {
	f := people(t, "")
	f.put("exo/Get-InboxRule", kim, "000001", snapshot.Complete, rule("7", ""))
	f.put("exo/Get-InboxRule", lee, "000001", snapshot.Complete)
	f.put("exo/Get-InboxRule.visible", kim, "000001", snapshot.Failed)
	f.run()
	if r := rows[snapshot.InboxRule](f)[0]; r.Hidden != nil {
		t.Errorf("hidden = %v, want unknown", *r.Hidden)
	}
	if c := f.coverage(snapshot.InboxRules); c.State != snapshot.CoveragePartial || c.Failed != 1 {
		t.Errorf("coverage = %+v, want partial with one failed", c)
	}
}

func TestMailboxPermissionsUniteDoubledRowsAndLeaveOutSelf(t *testing.T) {
	f := people(t, "")
	row := func(user, sid, rights string, deny, inherited bool) string {
		return fmt.Sprintf(`{"Identity":"x","User":%q,"UserSid":%q,"AccessRights":[%q],"Deny":%v,"IsInherited":%v}`, user, sid, rights, deny, inherited)
	}
	f.put("exo/Get-MailboxPermission", kim, "000001", snapshot.Complete,
		row(`NT AUTHORITY\SELF`, "S-1-5-10", "FullAccess, ReadPermission", false, false), row(`NT-AUTORITÄT\SELBST`, "S-1-5-10", "FullAccess", false, false),
		row("lee@contoso.example", "S-1-5-21-1-2-3-4", "FullAccess", false, false), row("lee@contoso.example", "S-1-5-21-1-2-3-4", "ReadPermission, ExternalAccount", false, false),
		row("lee@contoso.example", "S-1-5-21-1-2-3-4", "FullAccess", true, false), row("S-1-5-21-9-9-9-9", "S-1-5-21-9-9-9-9", "FullAccess", false, false),
		row(`EURPR01\Administrator`, "S-1-5-21-1-2-3-500", "FullAccess", true, true))
	f.put("exo/Get-MailboxPermission", lee, "000001", snapshot.Complete)
	f.run()
	var got []string
	for _, p := range rows[snapshot.MailboxPermission](f) {
		got = append(got, fmt.Sprintf("%s %s %v deny=%v inherited=%v", p.Trustee, p.TrusteeType, p.Rights, p.Deny, p.Inherited))
	}
	want := []string{
		`EURPR01\Administrator well-known [FullAccess] deny=true inherited=true`,
		`S-1-5-21-9-9-9-9 orphaned [FullAccess] deny=false inherited=false`,
		`lee@contoso.example user [ExternalAccount FullAccess ReadPermission] deny=false inherited=false`,
		`lee@contoso.example user [FullAccess] deny=true inherited=false`,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestFolderPermissions(t *testing.T) {
	f := people(t, "")
	f.put("exo/Get-MailboxFolderStatistics", kim, "000001", snapshot.Complete, `{"FolderId":"F1","FolderPath":"/予定表","FolderType":"Calendar"}`, `{"FolderId":"F2","FolderPath":"/Inbox","FolderType":"Inbox"}`)
	f.put("exo/Get-MailboxFolderPermission", kim, "F1", snapshot.Complete,
		`{"User":"Default","AccessRights":["AvailabilityOnly"]}`, `{"User":"Lee O'Brien","AccessRights":["Editor"],"SharingPermissionFlags":"Delegate, CanViewPrivateItems"}`,
		`{"User":"ExchangePublishedUser.out@fabrikam.example","AccessRights":["Reviewer"]}`, `{"User":"NT:S-1-5-21-7-7-7-7","AccessRights":["Owner"]}`)
	f.run()
	got := map[string]snapshot.FolderPermission{}
	for _, p := range rows[snapshot.FolderPermission](f) {
		got[p.Trustee] = p
	}
	if p := got["Lee O'Brien"]; p.TrusteeID != lee || p.FolderType != "Calendar" || p.FolderPath != "/予定表" || len(p.Rights) != 7 || !reflect.DeepEqual(p.SharingFlags, []string{"CanViewPrivateItems", "Delegate"}) {
		t.Errorf("Editor = %+v", p)
	}
	for trustee, kind := range map[string]string{"Default": "default", "ExchangePublishedUser.out@fabrikam.example": "external", "NT:S-1-5-21-7-7-7-7": "orphaned"} {
		if got[trustee].TrusteeType != kind {
			t.Errorf("%s is %q, want %q", trustee, got[trustee].TrusteeType, kind)
		}
	}
	if p := got["Default"]; len(p.Rights) != 0 || p.Rights == nil {
		t.Errorf("AvailabilityOnly gives %v, want no right", p.Rights)
	}
	// Lee's folders were never asked for: the dataset is a part.
	if c := f.coverage(snapshot.FolderPermissions); c.State != snapshot.CoveragePartial || c.Expected != 2 || c.Collected != 1 {
		t.Errorf("coverage = %+v, want 1 of 2", c)
	}
}

func TestAnAmbiguousNameIsUnresolvedWithBoth(t *testing.T) {
	f := people(t, `,"GrantSendOnBehalfTo":["Sam Doe","Lee O'Brien"]`)
	f.list("graph/users",
		`{"id":"aaaaaaaa-0000-4000-8000-000000000001","userPrincipalName":"sam1@contoso.example","displayName":"Sam Doe"}`,
		`{"id":"aaaaaaaa-0000-4000-8000-000000000002","userPrincipalName":"sam2@contoso.example","displayName":"sam doe"}`)
	f.run()
	for _, d := range rows[snapshot.SendOnBehalfDelegate](f) {
		if d.Trustee == "Sam Doe" && (d.TrusteeType != "unresolved" || len(d.Candidates) != 2 || d.TrusteeID != "") {
			t.Errorf("Sam Doe = %+v, want unresolved with two candidates", d.TrusteeRef)
		}
		if d.Trustee == "Lee O'Brien" && d.TrusteeID != lee {
			t.Errorf("Lee = %+v", d.TrusteeRef)
		}
	}
}

func TestCoverageFoldsUnits(t *testing.T) {
	unit := func(key string, s snapshot.State) func(fixture) {
		return func(f fixture) {
			f.t.Helper()
			if s == snapshot.Complete {
				f.put("exo/Get-MailboxPermission", key, "000001", s, `{"User":"NT AUTHORITY\\SELF","UserSid":"S-1-5-10","AccessRights":["FullAccess"]}`)
				return
			}
			f.put("exo/Get-MailboxPermission", key, "000001", s)
		}
	}
	for name, c := range map[string]struct {
		units               []func(fixture)
		state               snapshot.CoverageState
		expected, collected int64
		cause               snapshot.Cause
	}{
		"all":                {[]func(fixture){unit(kim, snapshot.Complete), unit(lee, snapshot.Complete)}, snapshot.CoverageComplete, 2, 2, ""},
		"one failed":         {[]func(fixture){unit(kim, snapshot.Complete), unit(lee, snapshot.Failed)}, snapshot.CoveragePartial, 2, 1, snapshot.MissingPrivilege},
		"one throttled":      {[]func(fixture){unit(kim, snapshot.Complete), unit(lee, snapshot.Throttled)}, snapshot.CoveragePartial, 2, 1, snapshot.CauseThrottled},
		"all denied":         {[]func(fixture){unit(kim, snapshot.Denied), unit(lee, snapshot.Denied)}, snapshot.CoverageDenied, 2, 0, snapshot.MissingPrivilege},
		"one gone":           {[]func(fixture){unit(kim, snapshot.Complete), unit(lee, snapshot.Gone)}, snapshot.CoverageComplete, 1, 1, snapshot.NotFound},
		"one left out":       {[]func(fixture){unit(kim, snapshot.Complete), unit(lee, snapshot.Skipped)}, snapshot.CoveragePartial, 1, 1, snapshot.Filtered},
		"cut off":            {[]func(fixture){unit(kim, snapshot.Complete), unit(lee, snapshot.Planned)}, snapshot.CoveragePartial, 2, 1, snapshot.Interrupted},
		"never started":      {nil, snapshot.CoveragePartial, 2, 0, snapshot.Interrupted},
		"failed and refused": {[]func(fixture){unit(kim, snapshot.Denied), unit(lee, snapshot.Failed)}, snapshot.CoveragePartial, 2, 0, snapshot.MissingPrivilege},
	} {
		t.Run(name, func(t *testing.T) {
			f := people(t, "")
			for _, u := range c.units {
				u(f)
			}
			f.run()
			got := f.coverage(snapshot.MailboxPermissions)
			if got.State != c.state || got.Expected != c.expected || got.Collected != c.collected {
				t.Errorf("%+v, want %s %d of %d", got, c.state, c.collected, c.expected)
			}
			if c.cause != "" && (len(got.Reasons) == 0 || got.Reasons[0].Cause != c.cause) {
				t.Errorf("reasons = %+v, want %s", got.Reasons, c.cause)
			}
		})
	}
}

// A tenant without P2 has no eligible roles; that takes nothing from the dataset. A
// refusal does.
func TestEligibleRolesWithoutALicenceAreComplete(t *testing.T) {
	for state, want := range map[snapshot.State]snapshot.CoverageState{snapshot.Unavailable: snapshot.CoverageComplete, snapshot.Denied: snapshot.CoveragePartial} {
		f := people(t, "")
		f.list("graph/roleAssignments")
		f.put("graph/roleEligibilitySchedules", "", "000001", state)
		f.run()
		c := f.coverage(snapshot.DirectoryRoleAssignments)
		if c.State != want || len(c.Reasons) == 0 {
			t.Errorf("%s: %+v, want %s with a reason", state, c, want)
		}
	}
}

// An answer without a single entry shows nothing, and is no proof that there is none.
func TestASilentServiceIsNoCleanTenant(t *testing.T) {
	f := people(t, "")
	for _, m := range []string{kim, lee} {
		f.put("exo/Get-MailboxPermission", m, "000001", snapshot.Complete)
	}
	f.list("exo/Get-RecipientPermission")
	f.run()
	for _, d := range []snapshot.Dataset{snapshot.MailboxPermissions, snapshot.SendAs} {
		if c := f.coverage(d); c.State == snapshot.CoverageComplete || len(c.Reasons) == 0 {
			t.Errorf("%s: %+v, want a gap", d, c)
		}
	}
}

// A trustee that matches nobody is only then known to match nobody when everybody was listed.
func TestUnresolvedTrusteesNeedTheWholeDirectory(t *testing.T) {
	for _, denied := range []bool{false, true} {
		f := people(t, "")
		if denied {
			f.put("graph/groups", "", "000001", snapshot.Denied)
		}
		f.put("exo/Get-MailboxPermission", lee, "000001", snapshot.Complete, `{"User":"Some Team","UserSid":"S-1-5-21-1-1-1-1","AccessRights":["FullAccess"],"Deny":false,"IsInherited":false}`)
		f.put("exo/Get-MailboxPermission", kim, "000001", snapshot.Complete)
		f.run()
		if c := f.coverage(snapshot.MailboxPermissions); (c.State == snapshot.CoverageComplete) == denied {
			t.Errorf("groups denied %v: %+v", denied, c)
		}
		if c := f.coverage(snapshot.GroupMembers); (c.State == snapshot.CoverageComplete) == denied {
			t.Errorf("groups denied %v: group members %+v", denied, c)
		}
	}
}

func TestOddRowsAreCountedNeverDropped(t *testing.T) {
	f := people(t, "")
	f.list("exo/Get-RemoteDomain", `{"Name":"Default","DomainName":"*","AutoForwardEnabled":true}`, `"not an object"`)
	f.run()
	if c := f.coverage(snapshot.RemoteDomains); c.State != snapshot.CoveragePartial || len(c.Reasons) != 1 || c.Reasons[0].Count != 1 {
		t.Errorf("coverage = %+v, want partial with one odd row", c)
	}
}

// What the service did not say is unknown, and the dataset says so; it is not "none".
func TestWhatWasNotSentIsUnknown(t *testing.T) {
	f := people(t, "")
	f.list("exo/Get-Mailbox", strings.ReplaceAll(mailbox(kim, "kim@contoso.example", "Kim Berg", ""), `,"ForwardingSmtpAddress":null`, ""))
	f.put("exo/Get-InboxRule", kim, "000001", snapshot.Complete, strings.ReplaceAll(rule("7", ""), `,"RedirectTo":null`, ""), rule("8", ""))
	f.list("exo/Get-MailboxAuditBypassAssociation", `{"Name":"Asc-1","Identity":"Asc-1","Guid":"77777777-0000-4000-8000-000000000001"}`, fmt.Sprintf(`{"Name":"Kim","ObjectId":%q}`, kim))
	f.run()
	for _, d := range []snapshot.Dataset{snapshot.Mailboxes, snapshot.AuditBypasses} {
		c := f.coverage(d)
		said := slices.ContainsFunc(c.Reasons, func(r snapshot.Reason) bool { return strings.Contains(r.Detail, "was not sent") && r.Count == 1 })
		if c.State == snapshot.CoverageComplete || !said {
			t.Errorf("%s: %+v, want a gap for what was not sent", d, c)
		}
	}
	for _, r := range rows[snapshot.InboxRule](f) {
		if unknown := r.ExternalRecipients == nil; unknown != (r.RuleIdentity == "7") {
			t.Errorf("rule %s: external recipients %v", r.RuleIdentity, r.ExternalRecipients)
		}
	}
}

func TestGroupsOfInterest(t *testing.T) {
	f := people(t, `,"ForwardingAddress":"Sales"`)
	got, err := GroupsOfInterest(t.Context(), f.store)
	if err != nil || !reflect.DeepEqual(got, []string{sales}) {
		t.Errorf("groups = %q, %v; want %s", got, err, sales)
	}
	f = people(t, "")
	if got, err := GroupsOfInterest(t.Context(), f.store); err != nil || len(got) != 0 {
		t.Errorf("groups = %q, %v; want none", got, err)
	}
}

// A group matters wherever it holds a right over mail or receives it.
func TestGroupsOfInterestByEveryWay(t *testing.T) {
	for _, c := range []struct{ what, mailbox, src, row string }{
		{"send on behalf", `,"GrantSendOnBehalfTo":["Sales"]`, "", ""},
		{"forwarding", `,"ForwardingSmtpAddress":"smtp:sales@contoso.example"`, "", ""},
		{"mailbox permission", "", "exo/Get-MailboxPermission", `{"User":"Sales","AccessRights":["FullAccess"]}`},
		{"folder permission", "", "exo/Get-MailboxFolderPermission", `{"User":"Sales","AccessRights":["Reviewer"]}`},
		{"send as", "", "exo/Get-RecipientPermission", `{"Identity":"kim","Trustee":"Sales","AccessRights":["SendAs"]}`},
		{"inbox rule", "", "exo/Get-InboxRule", `{"RuleIdentity":7,"Name":"on","ForwardTo":["\"Sales\" [SMTP:sales@contoso.example]"]}`},
	} {
		f := people(t, c.mailbox)
		if c.src != "" {
			f.put(c.src, kim, "F1", snapshot.Complete, c.row)
		}
		if got, err := GroupsOfInterest(t.Context(), f.store); err != nil || !reflect.DeepEqual(got, []string{sales}) {
			t.Errorf("%s: groups = %q, %v; want %s", c.what, got, err, sales)
		}
	}
}

// Folders are looked at mailbox by mailbox, whether or not anybody has a right on one.
func TestOddFoldersAreCountedOnceEach(t *testing.T) {
	f := people(t, "")
	const statistics = "exo/Get-MailboxFolderStatistics"
	f.put(statistics, lee, "000001", snapshot.Complete, `"not an object"`, `{"FolderId":"L","FolderPath":"/Lee","FolderType":"Inbox"}`)
	f.put(statistics, kim, "000001", snapshot.Complete, `{"FolderId":"F1","FolderPath":"/A","FolderType":"Inbox"}`, `7`, `{"FolderId":"F2","FolderPath":"/B","FolderType":"Calendar"}`)
	f.put("exo/Get-MailboxFolderPermission", kim, "F1", snapshot.Complete, `{"User":"Default","AccessRights":["Reviewer"]}`)
	f.put("exo/Get-MailboxFolderPermission", kim, "F2", snapshot.Complete, `{"User":"Default","AccessRights":["Reviewer"]}`)
	n := &run{ctx: t.Context(), store: f.store, sink: func(any) error { return nil }}
	if err := n.all(); err != nil {
		t.Fatal(err)
	}
	if n.oddRows[statistics] != 2 {
		t.Errorf("%d odd folders, want 2", n.oddRows[statistics])
	}
	f.run()
	for _, p := range rows[snapshot.FolderPermission](f) {
		if want := map[string]string{"F1": "/A", "F2": "/B"}[p.FolderID]; p.FolderPath != want {
			t.Errorf("folder %s is at %q, want %q", p.FolderID, p.FolderPath, want)
		}
	}
}

// The same raw pages give the same rows, in any number of derivations.
func TestDerivingAgainGivesTheSame(t *testing.T) {
	f := people(t, `,"GrantSendOnBehalfTo":["Sales"],"ForwardingSmtpAddress":"smtp:x@gmail.example"`)
	f.run()
	first := fmt.Sprintf("%+v %+v", rows[snapshot.Mailbox](f), rows[snapshot.SendOnBehalfDelegate](f))
	f.run()
	if again := fmt.Sprintf("%+v %+v", rows[snapshot.Mailbox](f), rows[snapshot.SendOnBehalfDelegate](f)); len(again) != len(first) {
		t.Errorf("second derivation differs:\n%s\n%s", first, again)
	}
}
