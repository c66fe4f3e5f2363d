package normalize

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tenantaudit/internal/permissions"
	"tenantaudit/internal/snapshot"
)

// accessTenant is a tenant of which everything was read: Sales may open Kim's mailbox,
// whose mail goes to Lee as well.
func accessTenant(t *testing.T) fixture {
	f := people(t, `,"ForwardingAddress":"Lee O'Brien","DeliverToMailboxAndForward":false`)
	f.salesMembers()
	for _, id := range []string{kim, lee} {
		f.put("exo/Get-InboxRule", id, "000001", snapshot.Complete)
		f.put("exo/Get-MailboxFolderStatistics", id, "000001", snapshot.Complete)
		f.put("exo/Get-MailboxFolderPermission", id, "folder", snapshot.Complete)
	}
	self := `{"User":"NT AUTHORITY\\SELF","UserSid":"S-1-5-10","AccessRights":["FullAccess"]}`
	f.put("exo/Get-MailboxPermission", kim, "000001", snapshot.Complete, self, `{"User":"Sales","UserSid":"S-1-5-21-1-2-3-9","AccessRights":["FullAccess"],"IsInherited":false,"Deny":false}`)
	f.put("exo/Get-MailboxPermission", lee, "000001", snapshot.Complete, self)
	f.list("exo/Get-RecipientPermission", `{"Identity":"`+kim+`","Trustee":"NT AUTHORITY\\SELF","TrusteeSidString":"S-1-5-10","AccessControlType":"Allow","AccessRights":["SendAs"]}`)
	for _, src := range []string{"exo/Get-TransportRule", "exo/Get-RoleGroup", "exo/Get-ApplicationAccessPolicy", "exo/Get-ManagementRoleAssignment", "graph/servicePrincipals", "graph/applications",
		"graph/oauth2PermissionGrants", "graph/appRoleAssignments", "graph/roleAssignments", "graph/roleEligibilitySchedules"} {
		f.list(src)
	}
	return f
}

func TestEffectiveAccessIsComputedFromTheOtherDatasets(t *testing.T) {
	f := accessTenant(t)
	f.run()
	if c := f.coverage(snapshot.EffectiveAccess); c.State != snapshot.CoverageComplete || c.Expected != 2 || c.Collected != 2 || c.Rows != 3 || len(c.Reasons) != 0 {
		t.Errorf("coverage = %+v", c)
	}
	var got []string
	for _, r := range rows[snapshot.AccessRow](f) {
		got = append(got, strings.Join([]string{r.MailboxAddress, r.PrincipalName, r.PrincipalAddress, r.PrincipalType, r.Capability, r.Route, r.Via, r.Note, r.Dataset, r.Key}, "|"))
	}
	// Kim is in Sales too and needs no row for a mailbox of her own.
	entry := kim + "|Sales|S-1-5-21-1-2-3-9|false|false"
	want := []string{
		"kim@contoso.example|Lee O'Brien|lee@contoso.example|user|receive|forwarding||keeps no copy|mailboxes|" + kim,
		"kim@contoso.example|Ann|ann@tailspin.example|guest|change|fullAccess|Sales||mailboxPermissions|" + entry,
		"kim@contoso.example|Ann|ann@tailspin.example|guest|read|fullAccess|Sales||mailboxPermissions|" + entry,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	found := map[string]bool{}
	for _, r := range rows[snapshot.MailboxPermission](f) {
		found[snapshot.Key(r)] = true
	}
	if !found[entry] {
		t.Errorf("the evidence %q is no row of mailboxPermissions: %v", entry, found)
	}
}

func TestEffectiveAccessIsOnlyAsCompleteAsItsInputs(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(fixture)
		state snapshot.CoverageState
		words string // of the one reason; "" for none
		cause snapshot.Cause
	}{
		"all there":                  {func(fixture) {}, snapshot.CoverageComplete, "", ""},
		"a listing denied":           {func(f fixture) { f.put("exo/Get-TransportRule", "", "000001", snapshot.Denied) }, snapshot.CoveragePartial, "transportRules is denied: denied (needs a role); grant it", snapshot.MissingPrivilege},
		"one mailbox's rules missed": {func(f fixture) { f.put("exo/Get-InboxRule", lee, "000001", snapshot.Throttled) }, snapshot.CoveragePartial, "inboxRules is partial: ", snapshot.CauseThrottled},
		"folders left out":           {func(f fixture) { f.put("exo/Get-MailboxFolderPermission", lee, "folder", snapshot.Skipped) }, snapshot.CoveragePartial, "folderPermissions is partial: ", snapshot.Filtered},
		"a group was not read":       {func(f fixture) { f.put("graph/groupMembers", sales, "000001", snapshot.Failed) }, snapshot.CoveragePartial, "groupMembers is ", snapshot.MissingPrivilege},
	} {
		t.Run(name, func(t *testing.T) {
			f := accessTenant(t)
			c.spoil(f)
			f.run()
			got := f.coverage(snapshot.EffectiveAccess)
			if got.State != c.state || got.Expected != 2 {
				t.Errorf("%+v, want %s", got, c.state)
			}
			if c.words == "" != (len(got.Reasons) == 0) || c.words != "" && (!strings.HasPrefix(got.Reasons[0].Detail, c.words) || got.Reasons[0].Cause != c.cause) {
				t.Errorf("reasons %+v, want %s %q", got.Reasons, c.cause, c.words)
			}
		})
	}
}

func TestEffectiveAccessIsDeniedWhenEverythingIs(t *testing.T) {
	f := newFixture(t)
	for _, src := range SourcesOf(permissions.AccessInputs) {
		f.put(string(src), "", "000001", snapshot.Denied)
	}
	f.run()
	if c := f.coverage(snapshot.EffectiveAccess); c.State != snapshot.CoverageDenied || len(c.Reasons) != len(permissions.AccessInputs) {
		for _, set := range permissions.AccessInputs {
			t.Logf("%+v", f.coverage(set))
		}
		t.Errorf("%+v", c)
	}
}

// A run that leaves out one source of an input does not claim to know who reaches what.
func TestEffectiveAccessNeedsEverySource(t *testing.T) {
	all := SourcesFor([]snapshot.Dataset{snapshot.EffectiveAccess})
	for _, set := range permissions.AccessInputs {
		for _, src := range SourcesOf([]snapshot.Dataset{set}) {
			if !slices.Contains(all, src) {
				t.Errorf("%s of %s is not among the sources of effectiveAccess", src, set)
			}
		}
	}
	if got, want := SourcesOf([]snapshot.Dataset{snapshot.EffectiveAccess}), SourcesOf(permissions.AccessInputs); !slices.Equal(got, want) {
		t.Errorf("SourcesOf = %q, want %q", got, want)
	}
	for _, c := range []struct {
		name    string
		sources []snapshot.Source
		rows    int
		state   snapshot.CoverageState
	}{
		{"everything", nil, 3, snapshot.CoverageComplete},
		{"all of its sources", all, 3, snapshot.CoverageComplete},
		{"one left out", slices.DeleteFunc(slices.Clone(all), func(s snapshot.Source) bool { return s == "exo/Get-TransportRule" }), 0, snapshot.CoverageSkipped},
	} {
		f := accessTenant(t)
		if err := f.store.SetMeta(t.Context(), PlanKey, Plan{Sources: c.sources}); err != nil {
			t.Fatal(err)
		}
		f.run()
		if got, cover := len(rows[snapshot.AccessRow](f)), f.coverage(snapshot.EffectiveAccess); got != c.rows || cover.State != c.state {
			t.Errorf("%s: %d rows, %+v; want %d, %s", c.name, got, cover, c.rows, c.state)
		}
	}
}

// The two directions of the store agree with the whole: what is found by mailbox is
// found by principal.
func TestAccessIsFoundFromBothSides(t *testing.T) {
	f := accessTenant(t)
	for i := range 3 {
		f.list("graph/roleAssignments", fmt.Sprintf(`{"id":"ra%d","principalId":%q,"roleDefinitionId":"62e90394-69f5-4237-9190-012177145e10","directoryScopeId":"/"}`, i, lee))
	}
	f.run()
	all := rows[snapshot.AccessRow](f)
	for _, column := range []string{"mailbox", "principal"} {
		of := func(r snapshot.AccessRow) string {
			if column == "mailbox" {
				return r.Mailbox
			}
			return r.Principal
		}
		var values, found []string
		for _, r := range all {
			if !slices.Contains(values, of(r)) {
				values = append(values, of(r))
			}
		}
		for _, v := range values {
			for r, err := range snapshot.Where[snapshot.AccessRow](t.Context(), f.store, column, v) {
				if err != nil {
					t.Fatal(err)
				}
				if of(r) != v {
					t.Errorf("asked for %s, got %+v", v, r)
				}
				found = append(found, snapshot.Key(r))
			}
		}
		slices.Sort(found)
		if want := keysOf(all); !slices.Equal(found, want) {
			t.Errorf("by %s: %q, want %q", column, found, want)
		}
	}
}

func keysOf(list []snapshot.AccessRow) []string {
	var out []string
	for _, r := range list {
		out = append(out, snapshot.Key(r))
	}
	slices.Sort(out)
	return out
}
