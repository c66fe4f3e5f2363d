package requirements_test

import (
	"slices"
	"testing"

	"tenantaudit/checks"
	"tenantaudit/internal/facts"
	"tenantaudit/internal/normalize"
	"tenantaudit/internal/requirements"
	"tenantaudit/internal/snapshot"
)

// Every check that reads licences is named with the licence that it judges by; the
// inventory lists them and judges none.
func TestEveryCheckThatJudgesByALicenceIsNamed(t *testing.T) {
	named := map[string]bool{"licence.inventory": true}
	for _, l := range requirements.Licences() {
		for _, j := range l.Checks {
			if _, ok := checks.Get(j.Check); !ok || j.How == "" {
				t.Errorf("%s: %+v", l.Name, j)
			}
			named[j.Check] = true
		}
	}
	for _, c := range checks.All() {
		for _, set := range c.Datasets() {
			if (set == snapshot.SKUs || set == snapshot.UserLicences) && !named[c.ID] {
				t.Errorf("%s reads %s, and no licence says what hangs on it", c.ID, set)
			}
		}
	}
	// Every licence of a source is in the list, or preflight would not look for it.
	for _, r := range requirements.All() {
		if r.Licence != "" && !slices.ContainsFunc(requirements.Licences(), func(l requirements.Licence) bool { return l.Name == r.Licence }) {
			t.Errorf("%s: %s is not in the list", r.Source, r.Licence)
		}
	}
	const p1, p2, audit = "41781fb2-bc02-4b7c-bd55-b576c07bb09d", "eec0eb4f-6444-4f95-aba0-50c24d67f998", "2f442157-a11c-46b9-ae5b-6e39ff4e5849"
	for plan, want := range map[string][]string{p1: {requirements.EntraP1}, p2: {requirements.EntraP1, requirements.EntraP2}, audit: {requirements.AuditPremium}, "": nil} {
		var got []string
		for _, l := range requirements.Licences() {
			if l.Plan(plan) {
				got = append(got, l.Name)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("plan %q gives %v, want %v", plan, got, want)
		}
	}
	if got := requirements.Stops("roles.no_permanent_privileged"); !slices.Equal(got, []string{requirements.EntraP2}) {
		t.Errorf("stopped by %v", got)
	}
	if got := requirements.Stops("licence.entra_premium"); got != nil {
		t.Errorf("a finding is no stop: %v", got)
	}
}

// Whether a user has Audit (Premium) is a column of the mailboxes that only users and
// products fill.
func TestHinges(t *testing.T) {
	const w, u, b = requirements.Works, requirements.Unknown, requirements.Blind
	for _, c := range []struct {
		check        string
		skus, users  requirements.State
		want, listed requirements.State // listed: with Get-Mailbox refused
	}{
		{"audit.premium_actions_available", b, w, b, b},
		{"audit.mailbox_explicitly_enabled", b, w, b, b},
		{"audit.mailbox_actions_complete", b, w, u, b},
		{"audit.mailbox_actions_complete", w, b, u, b},
		{"audit.mailbox_log_age", b, b, w, b},
		{"mail.mailbox_forwarding", b, b, w, b},
		{"audit.premium_actions_available", w, w, w, b},
	} {
		check, ok := checks.Get(c.check)
		if !ok {
			t.Fatal(c.check)
		}
		asker := requirements.Asker{ID: check.ID, Needs: check.Needs, Uses: check.Uses}
		states := map[snapshot.Source]requirements.State{}
		for _, src := range normalize.SourcesFor(check.Datasets()) {
			states[src] = w
		}
		states["graph/subscribedSkus"], states["graph/users"] = c.skus, c.users
		if got := requirements.Verdict(asker, states); got != c.want {
			t.Errorf("%s, products %s, users %s: %s, want %s", c.check, c.skus, c.users, got, c.want)
		}
		states["exo/Get-Mailbox"] = b
		if got := requirements.Verdict(asker, states); got != c.listed {
			t.Errorf("%s without mailboxes: %s, want %s", c.check, got, c.listed)
		}
	}
}

// Whom Exchange does not let in lacks the permission, else a role; which role shows only
// with the permission.
func TestMissingOfWhomExchangeShutsOut(t *testing.T) {
	sources := []snapshot.Source{"exo/EXOModuleFile", "exo/Get-Mailbox"}
	none := map[string]bool{}
	for _, c := range []struct {
		name string
		held requirements.Held
		want string
	}{
		{"no permission", requirements.Held{Kind: facts.Application, ShutOut: true}, "Exchange permission Exchange.ManageAsApp"},
		{"a person", requirements.Held{Kind: facts.Delegated, ShutOut: true, Exchange: []string{"openid"}}, "Exchange permission Exchange.Manage"},
		{"another permission", requirements.Held{Kind: facts.Application, ShutOut: true, Exchange: []string{"full_access_as_app"}}, "Exchange permission Exchange.ManageAsApp"},
		{"no role", requirements.Held{Kind: facts.Application, ShutOut: true, Exchange: []string{"Exchange.ManageAsApp"}, Cmdlets: none}, "Exchange role View-Only Recipients (in a role group)"},
		{"Microsoft's own client", requirements.Held{Kind: facts.Delegated, ShutOut: true, Exchange: []string{"AdminApi.AccessAsUser.All"}, Cmdlets: none}, "Exchange role View-Only Recipients (in a role group)"},
		{"a token that does not tell", requirements.Held{Kind: facts.Application, ShutOut: true, Cmdlets: none}, "Exchange permission Exchange.ManageAsApp; Exchange role View-Only Recipients (in a role group)"},
		{"let in", requirements.Held{Kind: facts.Application, Cmdlets: map[string]bool{"get-mailbox": true}}, ""},
	} {
		if got := requirements.Missing(c.held, sources).String(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if got := requirements.Missing(requirements.Held{Kind: facts.Application, ShutOut: true, Permissions: []string{"User.Read.All"}}, []snapshot.Source{"graph/users"}); !got.Empty() {
		t.Errorf("Graph alone asks for %s", got)
	}
}
