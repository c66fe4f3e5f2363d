package permissions

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tenantaudit/internal/snapshot"
)

const sidBase = "S-1-5-21-1111111111-2222222222-3333333333-"

// people is a small directory from two sources: Entra first, then Exchange.
func people() *Directory {
	d := NewDirectory()
	for _, e := range []Entry{
		{ID: "id-kim", UPN: "kim@contoso.example", DisplayName: "Kim Nordin", Address: "Kim@contoso.example", Kind: snapshot.TrusteeUser},
		{ID: "id-alex1", UPN: "alex.berg@contoso.example", DisplayName: "Alex Berg", Address: "alex.berg@contoso.example", Kind: snapshot.TrusteeUser},
		{ID: "id-alex2", UPN: "alex.berg2@contoso.example", DisplayName: "Alex Berg", Address: "alex.berg2@contoso.example", Kind: snapshot.TrusteeUser},
		{ID: "id-guest", UPN: "sam_fabrikam.example#EXT#@contoso.example", DisplayName: "Sam (Fabrikam)", Kind: snapshot.TrusteeGuest},
		{ID: "id-group", DisplayName: "Finance", Address: "finance@contoso.example", Kind: snapshot.TrusteeGroup},
		{ID: "id-secgroup", DisplayName: "Helpdesk Security", Kind: snapshot.TrusteeGroup},
		{ID: "id-app", DisplayName: "Archiver", Kind: snapshot.TrusteeApplication},
		// A display name that is somebody else's address, to see that addresses come first.
		{ID: "id-mimic", UPN: "mimic@contoso.example", DisplayName: "kim@contoso.example", Kind: snapshot.TrusteeUser},

		{ID: "id-kim", GUID: "guid-kim", Name: "kim47163", Alias: "kim", Address: "kim@contoso.example", SID: sidBase + "1104", Details: "UserMailbox",
			Addresses: []string{"SMTP:kim@contoso.example", "smtp:k.nordin@contoso.example", "x500:/o=Old/cn=kim"}, LegacyDN: "/o=ExchangeLabs/cn=Recipients/cn=abc-Kim"},
		{GUID: "guid-contact", Name: "Partner Desk", DisplayName: "Partner Desk", Alias: "partnerdesk", Address: "desk@fabrikam.example", ExternalAddress: "SMTP:Desk@Fabrikam.example", Details: "MailContact",
			LegacyDN: "/o=ExchangeLabs/cn=Recipients/cn=def-Desk"},
		{ID: "id-group", GUID: "guid-group", Name: "Finance", Alias: "finance", Address: "finance@contoso.example", Details: "MailUniversalDistributionGroup"},
		{GUID: "guid-obrien", Name: "obrien", DisplayName: "Pat O'Brien", Address: "o'brien@contoso.example", Details: "SharedMailbox"},
	} {
		d.Add(e)
	}
	return d
}

func TestAddMergesSourcesOfOneObject(t *testing.T) {
	d := people()
	if got, want := d.Len(), 10; got != want {
		t.Errorf("Len = %d, want %d", got, want)
	}
	e, ok := d.ByID("GUID-KIM")
	if !ok || e.ID != "id-kim" || e.UPN != "kim@contoso.example" || e.Alias != "kim" || e.Details != "UserMailbox" {
		t.Errorf("ByID(guid) = %+v, %v", e, ok)
	}
	if e, ok := d.ByAddress("smtp:K.Nordin@contoso.example"); !ok || e.ID != "id-kim" {
		t.Errorf("ByAddress(secondary) = %+v, %v", e, ok)
	}
	for _, dn := range []string{"/o=old/CN=Kim", "/O=exchangelabs/cn=recipients/cn=ABC-kim"} {
		if e, ok := d.ByDN(dn); !ok || e.ID != "id-kim" {
			t.Errorf("ByDN(%q) = %+v, %v", dn, e, ok)
		}
	}
	if _, ok := d.ByUPN("nobody@contoso.example"); ok {
		t.Error("ByUPN found nobody")
	}
}

// Two entries become one when a third proves that they are the same object,
// whatever the order.
func TestAddJoinsEntriesLater(t *testing.T) {
	parts := []Entry{
		{ID: "id-1", DisplayName: "Kim Nordin", Kind: snapshot.TrusteeUser},
		{GUID: "guid-1", Name: "kim", Address: "kim@contoso.example"},
		{ID: "id-1", GUID: "guid-1", SID: sidBase + "1104"},
	}
	for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		d := NewDirectory()
		for _, i := range order {
			d.Add(parts[i])
		}
		if d.Len() != 1 {
			t.Errorf("order %v: %d objects, want 1", order, d.Len())
		}
		for _, name := range []string{"Kim Nordin", "kim", "kim@contoso.example", "guid-1", "id-1"} {
			if ref := d.ResolveTrustee(name, ""); ref.TrusteeID != "id-1" || ref.TrusteeAddress != "kim@contoso.example" || ref.TrusteeType != snapshot.TrusteeUser {
				t.Errorf("order %v: %q = %+v", order, name, ref)
			}
		}
	}
}

func TestAddKeepsDifferentObjectsApart(t *testing.T) {
	d := NewDirectory()
	d.Add(Entry{ID: "a", UPN: "x@contoso.example", Address: "shared@contoso.example", Kind: snapshot.TrusteeUser})
	d.Add(Entry{ID: "b", UPN: "y@contoso.example", Address: "shared@contoso.example", Kind: snapshot.TrusteeUser})
	d.Add(Entry{GUID: "g", Address: "z@contoso.example", Addresses: []string{"smtp:x@contoso.example"}, Kind: snapshot.TrusteeUser})
	if d.Len() != 3 {
		t.Errorf("%d objects, want 3", d.Len())
	}
	if ref := d.ResolveTrustee("shared@contoso.example", ""); ref.TrusteeType != snapshot.TrusteeUnresolved || len(ref.Candidates) != 2 {
		t.Errorf("an address of two objects = %+v", ref)
	}
}

func TestResolveTrustee(t *testing.T) {
	d := people()
	for _, c := range []struct {
		test, name, sid, kind, id, address, candidates string
	}{
		{"upn", "KIM@contoso.example", "", "user", "id-kim", "kim@contoso.example", ""},
		{"address beats a display name", "kim@contoso.example", sidBase + "1104", "user", "id-kim", "kim@contoso.example", ""},
		{"apostrophe", "o'brien@contoso.example", "", "user", "guid-obrien", "o'brien@contoso.example", ""},
		{"sid of a known object under another name", "Former Name", sidBase + "1104", "user", "id-kim", "kim@contoso.example", ""},
		{"bare sid of a known object", sidBase + "1104", sidBase + "1104", "user", "id-kim", "kim@contoso.example", ""},
		{"object id", "ID-GROUP", "", "group", "id-group", "finance@contoso.example", ""},
		{"exchange name", "kim47163", "", "user", "id-kim", "kim@contoso.example", ""},
		{"alias behind a domain", `EURPR01A001\kim`, "", "user", "id-kim", "kim@contoso.example", ""},
		{"legacy dn", "/o=ExchangeLabs/cn=Recipients/cn=abc-kim", "", "user", "id-kim", "kim@contoso.example", ""},
		{"display name", "Kim Nordin", "", "user", "id-kim", "kim@contoso.example", ""},
		{"security group without mail, exchange's own sid", "Helpdesk Security", sidBase + "9999", "group", "id-secgroup", "", ""},
		{"guest", "sam_fabrikam.example#EXT#@contoso.example", "", "guest", "id-guest", "", ""},
		{"contact", "Partner Desk", "", "contact", "guid-contact", "desk@fabrikam.example", ""},
		{"application", "Archiver", "", "application", "id-app", "", ""},
		{"display name of two", "Alex Berg", "", "unresolved", "", "", "Alex Berg (id-alex1)|Alex Berg (id-alex2)"},
		{"nobody", "Robin Gone", sidBase + "4242", "unresolved", "", "", ""},
		{"orphaned", sidBase + "4242", sidBase + "4242", "orphaned", "", "", ""},
		{"orphaned with prefix", "NT:" + sidBase + "4242", "", "orphaned", "", "", ""},
		{"orphaned with the long prefix", "NT User:" + sidBase + "4242", "", "orphaned", "", "", ""},
		{"prefix and the sid of somebody known", "NT:" + sidBase + "1104", "", "user", "id-kim", "kim@contoso.example", ""},
		{"prefix and a name", `NT User:EURPR01A001\kim`, "", "user", "id-kim", "kim@contoso.example", ""},
		{"prefix and a name of nobody", `NT User:EURPR01A001\robin`, "", "unresolved", "", "", ""},
		{"prefix alone is a name", "NT:", "", "unresolved", "", "", ""},
		{"x500 address", "X500:/o=Old/cn=kim", "", "user", "id-kim", "kim@contoso.example", ""},
		{"legacy dn of nobody", "/o=ExchangeLabs/cn=Recipients/cn=abc-Kimberly", "", "unresolved", "", "", ""},
		{"guest by the address it came from is not guessed", "sam@fabrikam.example", "", "unresolved", "", "", ""},
		{"display name of two, with the sid of one", "Alex Berg", sidBase + "1104", "user", "id-kim", "kim@contoso.example", ""},
		{"sid without a name", "", sidBase + "4242", "orphaned", "", "", ""},
		{"well-known", `EURPR01A001\Exchange Servers`, "", "well-known", "", "", ""},
		{"administrator of the forest", `EURPR01A001\Administrator`, sidBase + "500", "well-known", "", "", ""},
		{"administrator of something else", `EURPR01A001\Administrator`, sidBase + "5000", "unresolved", "", "", ""},
		{"role group", "Discovery Management", sidBase + "777", "well-known", "", "", ""},
		{"system by sid", "S-1-5-18", "S-1-5-18", "well-known", "", "", ""},
		{"everyone is nobody's account", "S-1-1-0", "S-1-1-0", "orphaned", "", "", ""},
		{"local owner", "Owner@local", "", "well-known", "", "", ""},
		{"nothing", "", "", "unresolved", "", "", ""},
		{"a sid with letters is a name", "S-1-5-21-kim", "", "unresolved", "", "", ""},
	} {
		got := d.ResolveTrustee(c.name, c.sid)
		want := snapshot.TrusteeRef{Trustee: c.name, TrusteeID: c.id, TrusteeAddress: c.address, TrusteeType: c.kind}
		if got.Trustee != want.Trustee || got.TrusteeID != want.TrusteeID || got.TrusteeAddress != want.TrusteeAddress || got.TrusteeType != want.TrusteeType ||
			strings.Join(got.Candidates, "|") != c.candidates || got.Candidates == nil {
			t.Errorf("%s: ResolveTrustee(%q, %q)\n got %+v\nwant %+v candidates %q", c.test, c.name, c.sid, got, want, c.candidates)
		}
	}
}

// An account of the tenant that bears the name of a role group must not vanish
// from the findings.
func TestRoleGroupNameOfATenantObject(t *testing.T) {
	d := people()
	d.Add(Entry{ID: "id-fake", DisplayName: "Organization Management", Kind: snapshot.TrusteeUser})
	if ref := d.ResolveTrustee("Organization Management", ""); ref.TrusteeType != snapshot.TrusteeUser || ref.TrusteeID != "id-fake" {
		t.Errorf("%+v, want the user", ref)
	}
	d.Add(Entry{GUID: "guid-role", Name: "Discovery Management", Details: "RoleGroup"})
	if ref := d.ResolveTrustee("Discovery Management", ""); ref.TrusteeType != snapshot.TrusteeWellKnown {
		t.Errorf("%+v, want well-known", ref)
	}
}

func TestIsSelf(t *testing.T) {
	for _, c := range []struct {
		name, sid string
		want      bool
	}{
		{`NT AUTHORITY\SELF`, "S-1-5-10", true},
		{`NT-AUTORITÄT\SELBST`, "S-1-5-10", true},
		{`nt authority\self`, "", true},
		{"S-1-5-10", "", true},
		{"SELF", "", false},
		{`NT AUTHORITY\SYSTEM`, "S-1-5-18", false},
		{`NT AUTHORITY\SELF`, sidBase + "1104", false}, // an object that is only named so
		{"kim@contoso.example", "S-1-5-100", false},
	} {
		if got := IsSelf(c.name, c.sid); got != c.want {
			t.Errorf("IsSelf(%q, %q) = %v, want %v", c.name, c.sid, got, c.want)
		}
	}
}

func TestResolveFolderTrustee(t *testing.T) {
	d := people()
	d.Add(Entry{ID: "id-std", DisplayName: "Standard", Kind: snapshot.TrusteeUser})
	for _, c := range []struct{ user, kind, id, address, candidates string }{
		{"Default", "default", "", "", ""},
		{"Par défaut", "default", "", "", ""},
		{"Padrão", "default", "", "", ""},
		{"既定", "default", "", "", ""},
		{"Standard", "unresolved", "", "", "Standard (id-std)"}, // also somebody's name
		{"Anonymous", "anonymous", "", "", ""},
		{"Anónimo", "anonymous", "", "", ""},
		{"по подразбиране", "default", "", "", ""},
		{"VAIKIMISI", "default", "", "", ""},
		{"Anonīms", "anonymous", "", "", ""},
		{"Anonymous Coward", "unresolved", "", "", ""},
		{"NT User:" + sidBase + "4242", "orphaned", "", "", ""},
		{"sam_fabrikam.example#EXT#@contoso.example", "guest", "id-guest", "", ""},
		{"/o=ExchangeLabs/cn=Recipients/cn=abc-Kim", "user", "id-kim", "kim@contoso.example", ""},
		{"ExchangePublishedUsers.kim@fabrikam.example", "unresolved", "", "", ""}, // another word
		{"匿名", "anonymous", "", "", ""},
		{"Default User", "unresolved", "", "", ""},
		{"ExchangePublishedUser.Kim@Fabrikam.example", "external", "", "kim@fabrikam.example", ""},
		{"ExchangePublishedUser.nobody", "external", "", "", ""},
		{"NT:" + sidBase + "4242", "orphaned", "", "", ""},
		{"Member@local", "well-known", "", "", ""},
		{"Kim Nordin", "user", "id-kim", "kim@contoso.example", ""},
		{"Sam (Fabrikam)", "guest", "id-guest", "", ""},
		{"Alex Berg", "unresolved", "", "", "Alex Berg (id-alex1)|Alex Berg (id-alex2)"},
	} {
		got := d.ResolveFolderTrustee(c.user)
		if got.Trustee != c.user || got.TrusteeType != c.kind || got.TrusteeID != c.id || got.TrusteeAddress != c.address || strings.Join(got.Candidates, "|") != c.candidates {
			t.Errorf("ResolveFolderTrustee(%q) = %+v, want %+v", c.user, got, c)
		}
	}
}

func TestKindOf(t *testing.T) {
	for details, want := range map[string]string{
		"UserMailbox": "user", "SharedMailbox": "user", "MailUser": "user", "GuestMailUser": "guest", "MailContact": "contact",
		"GroupMailbox": "group", "MailUniversalSecurityGroup": "group", "DynamicDistributionGroup": "group", "RoomList": "group",
		"PublicFolder": "", "": "",
	} {
		if got := KindOf(details); got != want {
			t.Errorf("KindOf(%q) = %q, want %q", details, got, want)
		}
	}
}

func TestExpandEndsInCyclesAndSaysWhatIsMissing(t *testing.T) {
	member := func(id, kind string) snapshot.GroupMember {
		return snapshot.GroupMember{Member: id, MemberType: kind}
	}
	groups := map[string][]snapshot.GroupMember{
		"a": {member("b", "group"), member("kim", "user"), member("sam", "guest")},
		"b": {member("a", "group"), member("c", "group"), member("kim", "user"), member("alex", "user")},
		"c": {},
		"d": {member("a", "group"), member("unread", "group")},
	}
	lookup := func(id string) []snapshot.GroupMember { return groups[id] }
	for _, c := range []struct {
		group, want string
		complete    bool
	}{
		{"a", "alex kim sam", true},
		{"b", "alex kim sam", true},
		{"c", "", true},
		{"d", "alex kim sam", false},
		{"unread", "", false},
	} {
		leaves, complete := Expand(c.group, lookup, nil)
		var ids []string
		for _, m := range leaves {
			ids = append(ids, m.Member)
		}
		if strings.Join(ids, " ") != c.want || complete != c.complete {
			t.Errorf("Expand(%s) = %v, %v; want %q, %v", c.group, ids, complete, c.want, c.complete)
		}
	}
	if leaves, complete := Expand("a", nil, nil); len(leaves) != 0 || complete {
		t.Errorf("without members: %v, %v", leaves, complete)
	}
}

func FuzzResolve(f *testing.F) {
	for _, s := range []string{`NT AUTHORITY\SELF`, "NT:S-1-5-21-1", `"x" [SMTP:a@b.example]`, `"x [EX:/o=y]" [SMTP:a@b]`, "ExchangePublishedUser.", "[", "]", "[:]", `\`} {
		f.Add(s, "S-1-5-10")
	}
	d := people()
	domains := ownDomains(true)
	f.Fuzz(func(t *testing.T, name, sid string) {
		for _, ref := range []snapshot.TrusteeRef{d.ResolveTrustee(name, sid), d.ResolveFolderTrustee(name)} {
			if ref.Trustee != name || ref.TrusteeType == "" || ref.Candidates == nil {
				t.Fatalf("%q: %+v", name, ref)
			}
			if (ref.TrusteeID != "") != slices.Contains([]string{"user", "guest", "group", "application", "contact"}, ref.TrusteeType) {
				t.Fatalf("%q: id and type disagree: %+v", name, ref)
			}
		}
		target := d.ResolveTarget(name, domains, nil)
		switch target.Kind {
		case External, Unresolved:
			if len(target.Externals) == 0 {
				t.Fatalf("ResolveTarget(%q) is %s and names nothing", name, target.Kind)
			}
		case Internal:
			if len(target.Externals) != 0 || target.Externals == nil {
				t.Fatalf("ResolveTarget(%q) is internal and names %q", name, target.Externals)
			}
		default:
			t.Fatalf("ResolveTarget(%q).Kind = %q", name, target.Kind)
		}
	})
}

func BenchmarkDirectory200k(b *testing.B) {
	for b.Loop() {
		d := NewDirectory()
		for i := range 200_000 {
			s := fmt.Sprintf("user%06d", i)
			d.Add(Entry{ID: "id-" + s, UPN: s + "@contoso.example", DisplayName: s, Address: s + "@contoso.example", Kind: snapshot.TrusteeUser})
			d.Add(Entry{ID: "id-" + s, GUID: "g-" + s, Name: s, Alias: s, Address: s + "@contoso.example", Addresses: []string{"SMTP:" + s + "@contoso.example"}, LegacyDN: "/o=x/cn=" + s, Details: "UserMailbox"})
		}
		for i := range 200_000 {
			if ref := d.ResolveTrustee(fmt.Sprintf("user%06d", i), ""); ref.TrusteeType != snapshot.TrusteeUser {
				b.Fatal(ref)
			}
		}
	}
}
