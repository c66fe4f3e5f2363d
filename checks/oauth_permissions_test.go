package checks

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

// Checks of these areas that no public framework asks for.
var ownOAuthAndRoles = []string{"oauth.known_bad_applications", "oauth.dangling_grants", "roles.guests_privileged", "roles.disabled_privileged"}

func TestOAuthAndRolesControls(t *testing.T) {
	for _, c := range slices.Concat(oauthChecks(), rolesChecks()) {
		if _, ok := c.Controls(); ok == slices.Contains(ownOAuthAndRoles, c.ID) {
			t.Errorf("%s: known to the table of controls: %v", c.ID, ok)
		}
	}
}

func TestOAuthPowerful(t *testing.T) {
	for _, c := range []struct {
		name string
		rows []any
		want string // ids of powerful applications
	}{
		{"nothing", nil, ""},
		{"critical app role", []any{appRole("1", "c", "Mail.Read=critical")}, "c"},
		{"high app role", []any{appRole("1", "C", "Files.Read.All=high")}, "c"},
		{"medium app role", []any{appRole("1", "c", "Calendars.Read=medium")}, ""},
		{"app role that is not rated", []any{appRole("1", "c", "Odd.Thing")}, ""},
		{"through a group", []any{groupRole("1", "G", "Mail.Read=high"), memberOf("g", "c", "servicePrincipal"), memberOf("g", "d", "user")}, "c"},
		{"all users", []any{consented("g", "c", "", "Mail.Read=high")}, "c"},
		{"one user", []any{consented("g", "c", "kim", "Mail.Read=high")}, ""},
		{"Microsoft's", []any{appRole("1", "ms", "Mail.Read=critical"), consented("g", "ms", "", "Mail.Read=high")}, ""},
		{"not listed", []any{appRole("1", "gone", "Mail.Read=critical")}, ""},
		{"two", []any{appRole("1", "c", "Mail.Read=critical"), consented("g", "d", "", "Mail.Read=high")}, "c d"},
	} {
		in := Input{Reader: with(append([]any{graphApp, app("c", stranger), app("d", ""), app("ms", microsoft)}, c.rows...)...)}
		_, _, holders, err := in.oauthPowerful(nil)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for id := range holders {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		if got := strings.Join(ids, " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestMailPermission(t *testing.T) {
	for _, c := range []struct {
		resource, name, impact string
		want                   bool
	}{
		{facts.MicrosoftGraph, "Mail.Read", "", true},
		{facts.MicrosoftGraph, "Mail-Advanced.ReadWrite.All", "", true},
		{facts.MicrosoftGraph, "SecurityAnalyzedMessage.Read.All", "mail", true},
		{facts.ExchangeOnline, "POP.AccessAsApp", "", true},
		{facts.ExchangeOnline, "Mailbox.Migration", "", true},
		{facts.ExchangeOnline, "Exchange.ManageAsApp", "escalation", false},
		{facts.MicrosoftGraph, "Mailer.Send", "", false},
		{facts.MicrosoftGraph, "User.Read.All", "reconnaissance", false},
		{facts.SharePointOnline, "Mail.Read", "", false},
		{"app-own", "Mail.Read", "mail", false},
		{"", "Mail.Read", "", false},
		{"", "Mail.Read", "mail", true},
	} {
		if got := mailPermission(oauthPermission{Permission: c.name, resourceAppID: c.resource, impact: c.impact}); got != c.want {
			t.Errorf("%s %s: %v", c.resource, c.name, got)
		}
	}
}

func TestRolesExpand(t *testing.T) {
	in := Input{Reader: with(
		holdsRole("KIM", "user", rolesTestUserAdmin, "active"), holdsRole("kim", "user", rolesTestUserAdmin, "eligible"),
		holdsRole("g", "group", rolesTestExchangeAdmin, "active"), memberOf("G", "Kim", "user"), memberOf("g", "c", "servicePrincipal"),
		memberOf("g", "h", "group"), memberOf("g", "pc", "device"), memberOf("other", "lee", "user"),
		holdsRole("max", "user", rolesTestCustom, "active"), holdsRole("g2", "group", rolesTestCustom, "active"), memberOf("g2", "max", "guest"),
	)}
	holders, err := in.rolesHolders()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for id, h := range holders {
		line := fmt.Sprintf("%s %s privileged=%v", id, h.kind, h.privileged())
		for _, r := range h.roles {
			line += fmt.Sprintf(" %s/%s/%s", r.RoleTemplateID[:4], r.Assignment, r.ViaGroup)
		}
		got = append(got, line)
	}
	slices.Sort(got)
	want := []string{
		"c servicePrincipal privileged=false 2923/active/g",
		"kim user privileged=true fe93/active/ fe93/eligible/ 2923/active/g",
		"max guest privileged=false 1111/active/ 1111/active/g2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Maps are walked in any order; what is written must not show it.
func TestOAuthAndRolesAreDeterministic(t *testing.T) {
	rows := []any{graphApp, snapshot.AuthorizationPolicy{ID: "p", PermissionGrantPolicies: []string{"managePermissionGrantsForSelf.x"}}}
	for i := range 8 {
		c := fmt.Sprintf("c%d", i)
		rows = append(rows, changed(c, stranger, func(sp *snapshot.ServicePrincipal) {
			sp.Owners, sp.ApplicationOwners = []snapshot.ObjectRef{{ID: "kim"}}, []snapshot.ObjectRef{{ID: "lee"}}
			sp.Credentials = []snapshot.Credential{madePassword(inDays(-1), nil)}
		}), appRole("a"+c, c, "Mail.Read=critical"), appRole("b"+c, c, "Calendars.Read=medium"), consented("g"+c, c, "kim", "Mail.Send=critical"), consented("g"+c, c, "kim", "Mail.Read=high"),
			consented("h"+c, "gone", "", "x"), holdsRole(c, "servicePrincipal", rolesTestUserAdmin, "active"), holdsRole("u"+c, "guest", rolesTestUserAdmin, "active"),
			snapshot.User{User: "u" + c, AccountEnabled: off(), OnPremisesSyncEnabled: on()})
	}
	var first []byte
	for i := range 10 {
		var b bytes.Buffer
		if _, err := Run(context.Background(), with(rows...), Options{}, slices.Concat(oauthChecks(), rolesChecks()), func(f Finding) error { return json.NewEncoder(&b).Encode(f) }); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = b.Bytes()
		} else if !bytes.Equal(first, b.Bytes()) {
			t.Fatalf("run %d differs:\n%s\n%s", i, first, b.Bytes())
		}
	}
}
