package permissions

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tenantaudit/internal/snapshot"
)

// shown renders what a permission reaches.
func shown(s *AppScopes, r Reach) string {
	ids := make([]string, 0, len(r.Mailboxes))
	for id := range r.Mailboxes {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	var scopes []string
	for _, x := range r.Scopes {
		scopes = append(scopes, x.Name)
	}
	out := fmt.Sprintf("%d of %d", s.Count(r), s.Active())
	switch {
	case r.Nothing():
		return "nothing"
	case r.Everywhere:
		out += " everywhere"
	default:
		out += " [" + strings.Join(ids, " ") + "] by " + strings.Join(scopes, " ")
	}
	for what, list := range map[string][]string{" except ": r.Except, " unknown ": r.Unknown, " perhaps except ": r.UnknownExcept} {
		if len(list) > 0 {
			out += what + strings.Join(list, " ")
		}
	}
	return out
}

func TestAppScopes(t *testing.T) {
	groups := map[string][]snapshot.GroupMember{
		"g-two":   {{Member: "M1"}, {Member: "m2"}, {Member: "elsewhere"}},
		"g-three": {{Member: "m3"}, {Member: "m2"}},
		"g-empty": {},
	}
	members := func(id string) []snapshot.GroupMember { return groups[strings.ToLower(id)] }
	active := []string{"m1", "m2", "M3", "m4"}
	policy := func(right, scope string) snapshot.ApplicationAccessPolicy {
		return snapshot.ApplicationAccessPolicy{ID: right + scope, Kind: "applicationAccessPolicy", AppID: "APP", AccessRight: right, Scope: scope, ScopeID: "g-" + scope}
	}
	role := func(name, scope, id string) snapshot.ApplicationAccessPolicy {
		return snapshot.ApplicationAccessPolicy{ID: name + scope, Kind: "roleAssignment", AppID: "app", AccessRight: name, Scope: scope, ScopeID: id}
	}
	restrict := func(scope string) snapshot.ApplicationAccessPolicy { return policy("RestrictAccess", scope) }
	deny := func(scope string) snapshot.ApplicationAccessPolicy { return policy("denyaccess", scope) }
	other := restrict("two")
	other.AppID = "app-2"
	for _, c := range []struct {
		name       string
		rows       []snapshot.ApplicationAccessPolicy
		permission string
		consented  bool
		want       string
	}{
		{"no policy", nil, "Mail.Read", true, "4 of 4 everywhere"},
		{"no consent", []snapshot.ApplicationAccessPolicy{restrict("two")}, "Mail.Read", false, "nothing"},
		{"another application's policy", []snapshot.ApplicationAccessPolicy{other}, "Mail.Read", true, "4 of 4 everywhere"},
		{"restricted; a member without a mailbox does not count", []snapshot.ApplicationAccessPolicy{restrict("two")}, "mail.read", true, "2 of 4 [m1 m2] by two"},
		{"two policies add up", []snapshot.ApplicationAccessPolicy{restrict("two"), restrict("three")}, "Mail.Send", true, "3 of 4 [m1 m2 m3] by three two"},
		{"restricted to nobody", []snapshot.ApplicationAccessPolicy{restrict("empty")}, "Mail.Read", true, "0 of 4 [] by empty"},
		{"restricted to one mailbox", []snapshot.ApplicationAccessPolicy{{ID: "p", Kind: "applicationAccessPolicy", AppID: "app", AccessRight: "RestrictAccess", Scope: "Kim", ScopeID: "m4"}}, "Mail.Read", true, "1 of 4 [m4] by Kim"},
		{"members not known", []snapshot.ApplicationAccessPolicy{restrict("gone"), restrict("two")}, "Mail.Read", true, "2 of 4 [m1 m2] by gone two unknown gone"},
		{"scope that did not resolve", []snapshot.ApplicationAccessPolicy{{ID: "p", Kind: "applicationAccessPolicy", AppID: "app", AccessRight: "RestrictAccess", Scope: "Sales"}}, "Mail.Read", true, "0 of 4 [] by Sales unknown Sales"},
		{"a permission that no policy limits", []snapshot.ApplicationAccessPolicy{restrict("two")}, "MailboxItem.Read.All", true, "4 of 4 everywhere"},
		{"denied to some is still everywhere", []snapshot.ApplicationAccessPolicy{deny("two")}, "Calendars.Read.All", true, "2 of 4 everywhere except two"},
		{"denied inside a restriction", []snapshot.ApplicationAccessPolicy{restrict("two"), deny("three")}, "Contacts.Read", true, "1 of 4 [m1] by two except three"},
		{"denied to nobody known", []snapshot.ApplicationAccessPolicy{restrict("two"), deny("gone")}, "MailboxSettings.Read", true, "2 of 4 [m1 m2] by two perhaps except gone"},
		{"a right that is neither", []snapshot.ApplicationAccessPolicy{policy("Odd", "two")}, "Mail.Read", true, "4 of 4 everywhere"},
		{"role for everything", []snapshot.ApplicationAccessPolicy{role("Application Mail.Read", "", "")}, "Mail.Read", false, "4 of 4 everywhere"},
		{"role for a scope", []snapshot.ApplicationAccessPolicy{role("application mail.read", "two", "g-two")}, "Mail.Read", false, "2 of 4 [m1 m2] by two"},
		{"role for a custom scope", []snapshot.ApplicationAccessPolicy{role("Application Mail.Read", "filter", "")}, "Mail.Read", false, "0 of 4 [] by filter unknown filter"},
		{"role for something else", []snapshot.ApplicationAccessPolicy{role("Application Mail.Send", "", "")}, "Mail.Read", false, "nothing"},
		{"a role that is not for applications", []snapshot.ApplicationAccessPolicy{role("Mail Recipients", "", "")}, "Mail Recipients", false, "nothing"},
		{"a policy does not limit a role", []snapshot.ApplicationAccessPolicy{restrict("two"), role("Application Mail.Read", "", "")}, "Mail.Read", true, "4 of 4 everywhere"},
		{"consent defeats a role's scope", []snapshot.ApplicationAccessPolicy{role("Application Mail.Read", "two", "g-two")}, "Mail.Read", true, "4 of 4 everywhere"},
		{"restricted consent and scoped role add up", []snapshot.ApplicationAccessPolicy{restrict("two"), role("Application Mail.Read", "three", "g-three")}, "Mail.Read", true, "3 of 4 [m1 m2 m3] by three two"},
		{"a role reaches what a policy denies", []snapshot.ApplicationAccessPolicy{deny("two"), role("Application Mail.Read", "two", "g-two")}, "Mail.Read", true, "4 of 4 everywhere"},
		{"full access in words", []snapshot.ApplicationAccessPolicy{role("Application Exchange Full Access", "two", "g-two")}, "full_access_as_app", false, "2 of 4 [m1 m2] by two"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := NewAppScopes(c.rows, members, active)
			for range 2 { // the second answer comes from memory
				if got := shown(s, s.Reach("App", c.permission, c.consented)); got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
			}
		})
	}
}

func TestRolePermissions(t *testing.T) {
	for role, want := range map[string]string{
		"Application Mail.Read":             "Mail.Read",
		"Application Mail Full Access":      "Mail.ReadWrite Mail.Send",
		"APPLICATION EWS.AccessAsApp":       "full_access_as_app",
		"Application Exchange Full Access":  "full_access_as_app",
		"Application Calendars.ReadWrite":   "Calendars.ReadWrite",
		"ApplicationImpersonation":          "",
		"Application":                       "",
		"Mailbox Import Export":             "",
		"Organization Configuration":        "",
		"View-Only Application Permissions": "",
	} {
		if got := strings.Join(RolePermissions(role), " "); got != want {
			t.Errorf("%s: %q, want %q", role, got, want)
		}
	}
	s := NewAppScopes([]snapshot.ApplicationAccessPolicy{
		{ID: "1", Kind: "roleAssignment", AppID: "APP", AccessRight: "Application Mail Full Access"},
		{ID: "2", Kind: "roleAssignment", AppID: "app", AccessRight: "Application Mail.Send"},
		{ID: "3", Kind: "applicationAccessPolicy", AppID: "other", AccessRight: "RestrictAccess"},
	}, nil, nil)
	if got := strings.Join(s.AssignedPermissions("app"), " "); got != "Mail.ReadWrite Mail.Send" {
		t.Errorf("assigned permissions %q", got)
	}
	if len(s.Rows("App")) != 2 || len(s.Rows("other")) != 1 || len(s.Rows("none")) != 0 {
		t.Errorf("rows %v, %v", s.Rows("App"), s.Rows("other"))
	}
}

func TestPolicyLimits(t *testing.T) {
	for p, want := range map[string]bool{
		"Mail.Read": true, "mail.readbasic.all": true, "Mail.Send": true, "MailboxSettings.ReadWrite": true, "Calendars.ReadWrite.All": true,
		"Contacts.Read": true, "full_access_as_app": true, "Mail-Advanced.ReadWrite.All": false, "MailboxItem.Read.All": false,
		"IMAP.AccessAsApp": false, "Mailbox.Migration": false, "Mail.Read.All": false,
	} {
		if PolicyLimits(p) != want {
			t.Errorf("%s: %v", p, !want)
		}
	}
}

func TestIncludes(t *testing.T) {
	for _, c := range []struct {
		wide, narrow string
		want         bool
	}{
		{"Mail.Read", "mail.read", true},
		{"Mail.ReadWrite", "Mail.Read", true},
		{"Mail.ReadWrite", "Mail.ReadBasic", true},
		{"Mail.Read", "Mail.ReadBasic.All", true},
		{"Calendars.ReadWrite.All", "Calendars.Read", true},
		{"full_access_as_app", "Mail.Send", true},
		{"full_access_as_app", "Contacts.ReadWrite", true},
		{"Mail.Read", "Mail.ReadWrite", false},
		{"Mail.ReadWrite", "Mail.Send", false},
		{"Mail.ReadWrite", "Calendars.Read", false},
		{"Mail.Send", "Mail.Read", false},
		{"full_access_as_app", "User.Read.All", false},
		{"IMAP.AccessAsApp", "Mail.Read", false},
	} {
		if got := Includes(c.wide, c.narrow); got != c.want {
			t.Errorf("Includes(%s, %s) = %v", c.wide, c.narrow, got)
		}
	}
}
