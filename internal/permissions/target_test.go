package permissions

import (
	"strings"
	"testing"

	"tenantaudit/internal/snapshot"
)

func TestParseTarget(t *testing.T) {
	for _, c := range []struct{ in, kind, value string }{
		{`"Kim" [SMTP:kim@fabrikam.example]`, "SMTP", "kim@fabrikam.example"},
		{`"Kim" [smtp: kim@fabrikam.example ]`, "SMTP", "kim@fabrikam.example"},
		{`"Desk" [EX:/o=ExchangeLabs/cn=def-Desk]`, "EX", "/o=ExchangeLabs/cn=def-Desk"},
		{`"x [SMTP:kim@contoso.example]" [SMTP:kim@evil.example]`, "SMTP", "kim@evil.example"},
		{`kim@contoso.example`, "", "kim@contoso.example"},
		{`smtp:kim@contoso.example`, "", "kim@contoso.example"},
		{`"Kim Nordin"`, "", "Kim Nordin"},
		{`Room [2]`, "", "Room [2]"},
		{`[SMTP:]`, "", "[SMTP:]"},
	} {
		if kind, value := ParseTarget(c.in); kind != c.kind || value != c.value {
			t.Errorf("ParseTarget(%q) = %q, %q; want %q, %q", c.in, kind, value, c.kind, c.value)
		}
	}
}

func TestResolveTarget(t *testing.T) {
	d := people()
	for _, e := range []Entry{
		{GUID: "guid-masked", Name: "Invoices", Address: "invoices@contoso.example", ExternalAddress: "collector@evil.example", Details: "MailContact", LegacyDN: "/o=X/cn=invoices"},
		{ID: "id-hybrid", Address: "hy@contoso.example", ExternalAddress: "hy@mail.relay.example", Details: "MailUser"},
		{ID: "id-mailed-guest", UPN: "lee_fabrikam.example#EXT#@contoso.example", Address: "lee@fabrikam.example", Kind: snapshot.TrusteeGuest},
		{ID: "id-clean", DisplayName: "All staff", Address: "staff@contoso.example", Kind: snapshot.TrusteeGroup},
		{ID: "id-empty", Address: "empty@contoso.example", Kind: snapshot.TrusteeGroup},
		{ID: "id-unread", Address: "unread@contoso.example", Kind: snapshot.TrusteeGroup},
		{ID: "id-odd", Address: "odd@contoso.example", Kind: snapshot.TrusteeGroup},
		{ID: "id-nested", Address: "nested@contoso.example", Kind: snapshot.TrusteeGroup},
		{GUID: "guid-dyn", Address: "dyn@contoso.example", Details: "DynamicDistributionGroup"},
	} {
		d.Add(e)
	}
	groups := map[string][]snapshot.GroupMember{
		"id-group":  {{Member: "id-kim", MemberType: "user"}, {Member: "guid-contact", MemberType: "contact"}, {Member: "id-guest", MemberType: "guest"}},
		"id-clean":  {{Member: "id-kim", MemberType: "user"}, {Member: "not-listed", MemberType: "user"}, {Member: "tablet", MemberType: "device"}},
		"id-empty":  {},
		"id-nested": {{Member: "id-group", MemberType: "group"}, {Member: "id-nested", MemberType: "group"}},
		"id-odd":    {{Member: "not-listed", MemberType: "contact"}, {Member: "guid-contact", MemberType: "contact"}},
	}
	members := func(id string) []snapshot.GroupMember { return groups[id] }
	for _, c := range []struct {
		test, sent string
		kind       Where
		address    string
		externals  string
	}{
		{"one-off address outside", `"x" [SMTP:Kim@Fabrikam.example]`, External, "kim@fabrikam.example", "kim@fabrikam.example"},
		{"own address", "smtp:kim@contoso.example", Internal, "kim@contoso.example", ""},
		{"own secondary address", "k.nordin@contoso.example", Internal, "kim@contoso.example", ""},
		{"own domain, nobody known", "new.colleague@contoso.example", Internal, "new.colleague@contoso.example", ""},
		{"suffix of the own domain", "kim@contoso.example.evil.example", External, "kim@contoso.example.evil.example", "kim@contoso.example.evil.example"},
		{"prefix of the own domain", "kim@notcontoso.example", External, "kim@notcontoso.example", "kim@notcontoso.example"},
		{"contact by dn", `"Desk" [EX:/o=ExchangeLabs/cn=Recipients/cn=def-Desk]`, External, "desk@fabrikam.example", "desk@fabrikam.example"},
		{"contact that looks internal", "invoices@contoso.example", External, "collector@evil.example", "collector@evil.example"},
		{"contact that looks internal, by dn", `"Invoices" [EX:/o=x/CN=INVOICES]`, External, "collector@evil.example", "collector@evil.example"},
		{"contact by name", "Partner Desk", External, "desk@fabrikam.example", "desk@fabrikam.example"},
		{"mail user whose mailbox is ours", "hy@contoso.example", Internal, "hy@mail.relay.example", ""},
		{"guest with an address", "id-mailed-guest", External, "lee@fabrikam.example", "lee@fabrikam.example"},
		{"guest by its name alone", "sam_fabrikam.example#EXT#@contoso.example", External, "sam@fabrikam.example", "sam@fabrikam.example"},
		{"colleague by dn", `[EX:/o=ExchangeLabs/cn=Recipients/cn=abc-Kim]`, Internal, "kim@contoso.example", ""},
		{"group with outsiders", "finance@contoso.example", External, "finance@contoso.example", "desk@fabrikam.example|sam@fabrikam.example"},
		{"nested group in a cycle", "nested@contoso.example", External, "nested@contoso.example", "desk@fabrikam.example|sam@fabrikam.example"},
		{"group of colleagues", "All staff", Internal, "staff@contoso.example", ""},
		{"empty group", "empty@contoso.example", Internal, "empty@contoso.example", ""},
		{"group that was not read", "unread@contoso.example", Unresolved, "unread@contoso.example", "unresolved:unread@contoso.example"},
		{"dynamic group", "dyn@contoso.example", Unresolved, "dyn@contoso.example", "unresolved:dyn@contoso.example"},
		{"group with a member nobody knows", "odd@contoso.example", External, "odd@contoso.example", "desk@fabrikam.example|unresolved:odd@contoso.example"},
		{"dn of nobody", `"Gone" [EX:/o=ExchangeLabs/cn=gone]`, Unresolved, "", `unresolved:"Gone" [EX:/o=ExchangeLabs/cn=gone]`},
		{"name of two", "Alex Berg", Unresolved, "", "unresolved:Alex Berg"},
		{"name of nobody", "Robin Gone", Unresolved, "", "unresolved:Robin Gone"},
		{"subdomain of a domain that is not known to match", "x@mail.unsure.example", Unresolved, "", "unresolved:x@mail.unsure.example"},
	} {
		got := d.ResolveTarget(c.sent, ownDomains(true), members)
		if got.Kind != c.kind || got.Address != c.address || strings.Join(got.Externals, "|") != c.externals {
			t.Errorf("%s: ResolveTarget(%q)\n got %+v\nwant %s %q %q", c.test, c.sent, got, c.kind, c.address, c.externals)
		}
	}
	d.Partial = true
	if got := d.ResolveTarget("new.colleague@contoso.example", ownDomains(true), members); got.Kind != Unresolved {
		t.Errorf("own address of nobody while recipients are missing: %+v, want unresolved", got)
	}
	if got := d.ResolveTarget("kim@fabrikam.example", ownDomains(true), members); got.Kind != External {
		t.Errorf("outside address while recipients are missing: %+v, want external", got)
	}
}
