package checks

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"tenantaudit/internal/snapshot"
)

var update = flag.Bool("update", false, "rewrite README.md")

func TestCatalogueIsInTheREADME(t *testing.T) {
	want := []byte(Catalogue())
	if *update {
		if err := os.WriteFile("README.md", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("README.md is not what the checks say; run go test ./checks -update")
	}
}

func TestEveryCheckIsComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range All() {
		if seen[c.ID] {
			t.Errorf("%s stands twice in the list", c.ID)
		}
		seen[c.ID] = true
		area, name, ok := strings.Cut(c.ID, ".")
		if !ok || area == "" || name == "" || strings.ToLower(c.ID) != c.ID {
			t.Errorf("%q is no area.name", c.ID)
		}
		for what, s := range map[string]string{"title": c.Title, "subject": c.Subject, "why": c.Why, "rule": c.Rule, "fix": c.Fix} {
			if strings.TrimSpace(s) == "" {
				t.Errorf("%s has no %s", c.ID, what)
			}
		}
		if strings.HasSuffix(c.Title, ".") {
			t.Errorf("%s: the title is no sentence with a full stop", c.ID)
		}
		if c.Severity.Rank() > Info.Rank() || len(c.Needs) == 0 || len(c.Sources) == 0 || c.Run == nil {
			t.Errorf("%s lacks a severity, a need, a source or its Run", c.ID)
		}
		if c.Inventory != (c.Severity == Info) {
			t.Errorf("%s: an inventory is info, and nothing else is", c.ID)
		}
		for _, s := range c.Sources {
			if !strings.HasPrefix(s, "https://") {
				t.Errorf("%s: source %q", c.ID, s)
			}
		}
		for _, d := range c.Datasets() {
			if !slices.Contains(snapshot.Datasets(), d) {
				t.Errorf("%s reads %q, which is no dataset", c.ID, d)
			}
		}
		if c.Area() != area {
			t.Errorf("%s: area %q", c.ID, c.Area())
		}
	}
}

func TestSelect(t *testing.T) {
	for _, c := range []struct {
		name             string
		include, exclude []string
		want, err        string
	}{
		{"one", []string{"mail.mailbox_forwarding"}, nil, "mail.mailbox_forwarding", ""},
		{"area, in the order of the list", []string{"mail.inbox_rule_forwarding", "licence"}, nil, "licence.inventory licence.entra_premium mail.inbox_rule_forwarding", ""},
		{"area less one", []string{" OAuth "}, []string{"oauth.tier0_application_permissions"}, "oauth.tenant_wide_mail_applications oauth.delegated_grants_all_principals oauth.user_grants_reviewed " +
			"oauth.known_bad_applications oauth.foreign_applications oauth.first_party_with_credentials oauth.app_secret_lifetime oauth.application_owners " +
			"oauth.user_consent_restricted oauth.admin_consent_workflow oauth.app_registration_restricted oauth.dangling_grants", ""},
		{"everything less areas", nil, slices.DeleteFunc(Areas(), func(a string) bool { return a == "licence" }), "licence.inventory licence.entra_premium", ""},
		{"slip of the pen", []string{"mail.mailbox_fowarding"}, nil, "", `no check or area "mail.mailbox_fowarding"; did you mean mail.mailbox_forwarding?`},
		{"part of a name", []string{"full_access"}, nil, "", `no check or area "full_access"; did you mean delegation.full_access?`},
		{"slip in an area", nil, []string{"licens"}, "", "did you mean licence"},
		{"nothing like it", []string{"weather"}, nil, "", "areas are licence, audit, mail, delegation, oauth"},
		{"nothing left", []string{"licence"}, []string{"licence"}, "", "no check is left"},
	} {
		got, err := Select(c.include, c.exclude)
		var ids []string
		for _, x := range got {
			ids = append(ids, x.ID)
		}
		if strings.Join(ids, " ") != c.want {
			t.Errorf("%s: %q, want %q", c.name, ids, c.want)
		}
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.err)
		}
	}
	if all, err := Select(nil, nil); err != nil || len(all) != len(All()) {
		t.Errorf("Select() = %d checks, %v", len(all), err)
	}
	if _, ok := Get("mail.no_such_check"); ok {
		t.Error("Get found an unknown check")
	}
}

// sample is a tenant in which most checks find something.
func sample() *fake {
	return with(ownDomain,
		snapshot.OrganizationConfig{Name: "o", AuditDisabled: off()},
		snapshot.UnifiedAudit{Name: "a", UnifiedAuditLogIngestionEnabled: off()},
		mailbox("m1", "RoomMailbox", func(m *snapshot.Mailbox) { m.AuditEnabled = off() }),
		mailbox("m2", "UserMailbox", func(m *snapshot.Mailbox) {
			m.ForwardingTargetType, m.ForwardingExternalRecipients = "external", []string{"kim@fabrikam.example"}
		}),
		snapshot.FolderPermission{Mailbox: "m2", FolderID: "f", TrusteeRef: trustee("kim", "user"), Rights: []string{"ReadItems"}},
		snapshot.FolderPermission{Mailbox: "m2", FolderID: "f", TrusteeRef: trustee("lee", "user"), Rights: []string{"ReadItems"}},
		snapshot.OAuth2PermissionGrant{ID: "g1", Client: "c", ConsentType: "AllPrincipals", Scope: "b"},
		snapshot.OAuth2PermissionGrant{ID: "g1", Client: "c", ConsentType: "AllPrincipals", Scope: "a"},
		snapshot.OAuth2PermissionGrant{ID: "g2", Client: "c", ConsentType: "AllPrincipals", Scope: "a"},
		app("c", stranger),
	)
}

// The same snapshot gives the same bytes, whatever order maps are walked in.
func TestRunIsDeterministic(t *testing.T) {
	var first []byte
	for i := range 20 {
		var b bytes.Buffer
		_, err := Run(context.Background(), sample(), Options{}, All(), func(f Finding) error { return json.NewEncoder(&b).Encode(f) })
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = b.Bytes()
			continue
		}
		if !bytes.Equal(b.Bytes(), first) {
			t.Fatalf("run %d differs:\n%s\n%s", i, b.Bytes(), first)
		}
	}
}

func TestFindingID(t *testing.T) {
	s := Subject{Type: "mailbox", ID: "m1", Name: "old name"}
	id := FindingID("a.b", s)
	s.Name = "new name"
	if FindingID("a.b", s) != id {
		t.Error("the id changes with the name")
	}
	for _, other := range []string{FindingID("a.c", s), FindingID("a.b", Subject{Type: "mailbox", ID: "m2"}), FindingID("a.b", Subject{Type: "mailboxm", ID: "1"})} {
		if other == id {
			t.Error("two subjects share an id")
		}
	}
}

func TestRunGoesOnAfterAPanic(t *testing.T) {
	bad := Check{ID: "x.panics", Severity: High, Needs: []snapshot.Dataset{snapshot.Mailboxes},
		Run: func(Input) (Output, error) { panic("index out of range\nin\ttenant text \u202e") }}
	good, _ := Get("licence.inventory")
	results, err := Run(context.Background(), with(), Options{}, []Check{bad, good}, func(Finding) error { return nil })
	if err != nil || len(results) != 2 {
		t.Fatalf("%v, %v", results, err)
	}
	if r := results[0]; r.Status != NotEvaluated || r.Evaluated >= r.Expected || !strings.Contains(r.Cause, "internal error in x.panics") || strings.ContainsAny(r.Cause, "\n\t\u202e") {
		t.Errorf("%s: %q", verdict(r), r.Cause)
	}
	if results[1].Status != Informative {
		t.Errorf("the next check: %s", verdict(results[1]))
	}
}

func TestRunReturnsWhatIsNoPropertyOfTheTenant(t *testing.T) {
	for _, c := range All() {
		for _, need := range c.Needs {
			f := sample()
			f.broken = need
			if _, err := Run(context.Background(), f, Options{}, []Check{c}, func(Finding) error { return nil }); c.reads(need) && !errors.Is(err, errBroken) {
				t.Errorf("%s with a broken %s: %v", c.ID, need, err)
			}
		}
	}
	stop := errors.New("disk is full")
	if _, err := Run(context.Background(), sample(), Options{}, All(), func(Finding) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("emit failed: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, sample(), Options{}, All(), func(Finding) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// reads reports whether a check walks over the rows of a dataset. Some need a dataset
// only to be complete: what it says stands in the rows of another one.
func (c Check) reads(d snapshot.Dataset) bool {
	return !slices.Contains(map[string][]snapshot.Dataset{
		"audit.mailbox_explicitly_enabled": {snapshot.UserLicences},    // mailboxes.premiumAudit
		"mail.mailbox_forwarding_internal": {snapshot.AcceptedDomains}, // mailboxes.forwardingTargetType
	}[c.ID], d)
}

func TestCompleteWithAReasonIsComplete(t *testing.T) {
	in := with(snapshot.SKU{SKUID: "s"}).gap(snapshot.Coverage{Dataset: snapshot.SKUs, State: snapshot.CoverageComplete, Expected: 1, Collected: 1,
		Reasons: []snapshot.Reason{{Cause: snapshot.MissingLicence, Detail: "no eligible roles without Entra ID P2", Count: 1}}})
	if r, _ := judge(t, "licence.inventory", in); verdict(r) != "info 1/1" || r.Cause != "" {
		t.Errorf("%s %q", verdict(r), r.Cause)
	}
}

func TestSeverity(t *testing.T) {
	if !Critical.AtLeast(High) || !High.AtLeast(High) || Medium.AtLeast(High) || Severity("odd").AtLeast(Info) {
		t.Error("AtLeast orders severities wrongly")
	}
	c, _ := Get("mail.transport_rule_redirects")
	r, _ := judge(t, c.ID, with(ownDomain, snapshot.TransportRule{RuleID: "1", State: "Disabled", ExternalRecipients: []string{"kim@fabrikam.example"}}))
	if r.Severity != Low || r.Check.Severity != Critical {
		t.Errorf("severity of the result %s, of the check %s", r.Severity, r.Check.Severity)
	}
}

func FuzzDistance(f *testing.F) {
	f.Add("mail", "email")
	f.Fuzz(func(t *testing.T, a, b string) {
		d := distance(a, b)
		if d != distance(b, a) || (d == 0) != (a == b) || d > max(len(a), len(b)) {
			t.Errorf("distance(%q, %q) = %d", a, b, d)
		}
	})
}
