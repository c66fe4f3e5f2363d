package main

import (
	"encoding/json"
	"testing"

	"tenantaudit/internal/faketenant"
	"tenantaudit/internal/requirements"
	"tenantaudit/reports"
)

// The identities as reviewers meet them: what preflight says of each check, however Exchange
// refuses, and that the audit which follows agrees with it.
func TestPreflightOfEachAccess(t *testing.T) {
	bin := shipped(t)
	type identity struct {
		access string
		person bool
	}
	var all []identity
	for _, access := range faketenant.AccessProfiles() {
		all = append(all, identity{access, false})
	}
	all = append(all, identity{faketenant.AccessReaderDefault, true}, identity{faketenant.AccessSecurityReader, true})
	for _, who := range all {
		name := "access-" + who.access
		if who.person {
			name += "-person"
		}
		t.Run(name, func(t *testing.T) {
			for i, style := range []string{"nul403", "json403", "entity401", "400notfound"} {
				r := newTrial(t, bin, faketenant.Options{Access: who.access, Delegated: who.person, DenyStyle: style})
				// All styles give the table of the first. Who is refused nothing is refused it in one way.
				refused := !who.person && who.access != faketenant.AccessNoP1 && who.access != faketenant.AccessOverPrivileged
				if i > 0 && (*update || !refused) {
					continue
				}
				golden(t, name+".txt", r.run(t, r.connected("preflight")...))
				said, came := r.foretold(t), r.audited(t)
				agree(t, said, came)
			}
		})
	}
}

// What an identity carries beyond reading is named, and its reading stands.
func TestAnOverPrivilegedIdentityIsNamed(t *testing.T) {
	tenant, url := simulator(t, faketenant.Options{Mailboxes: 5, Access: faketenant.AccessOverPrivileged})
	withTokens(t, tenant)
	p := preflightDocument(t, tenant, url)
	named := map[string]string{}
	for _, x := range p.Excess {
		named[x.Name] = x.Kind
	}
	for name, kind := range map[string]string{"Global Administrator": "directoryRole", "Directory.ReadWrite.All": "permission", "Mail.ReadWrite": "permission", "full_access_as_app": "permission"} {
		if named[name] != kind {
			t.Errorf("%s is not named as beyond reading (%v)", name, named)
		}
	}
}

// Everything that --print-grant prints opens every check, in one registration.
func TestThePrintedGrantOpensEveryCheck(t *testing.T) {
	r := newTrial(t, shipped(t), faketenant.Options{Grant: held(printed(t))})
	said, came := r.foretold(t), r.audited(t)
	agree(t, said, came)
	for id, c := range said {
		if c.State != requirements.Works {
			t.Errorf("%s: %s (%v)", id, c.State, c.Why)
		}
	}
	var p reports.Preflight
	if err := json.Unmarshal([]byte(r.run(t, r.connected("preflight", "--format", "json", "--require-coverage")...)), &p); err != nil {
		t.Fatal(err)
	}
	if !p.Missing.Empty() || len(p.Excess) != 0 {
		t.Errorf("still missing %s, beyond reading %v", p.Missing, p.Excess)
	}
}
