package permissions

import (
	"strings"
	"testing"

	"tenantaudit/internal/snapshot"
)

func flag(v bool) *bool { return &v }

func ownDomains(complete bool) *Domains {
	return NewDomains([]snapshot.AcceptedDomain{
		{DomainName: "contoso.example", MatchSubDomains: flag(false), Source: "exchange"},
		{DomainName: "Relay.Example", MatchSubDomains: flag(true), Source: "exchange"},
		{DomainName: "unsure.example", Source: "exchange"},
		{DomainName: "münchen.example", MatchSubDomains: flag(false), Source: "exchange"},
	}, complete)
}

func TestClassify(t *testing.T) {
	whole, part := ownDomains(true), ownDomains(false)
	for _, c := range []struct {
		address            string
		complete, withGaps Where
	}{
		{"kim@contoso.example", Internal, Internal},
		{"SMTP:Kim@CONTOSO.Example", Internal, Internal},
		{" <kim@contoso.example> ", Internal, Internal},
		{"kim@contoso.example.", Internal, Internal},
		{"kim@ｃｏｎｔｏｓｏ.example", Internal, Internal}, // full-width letters are mapped by mail systems
		{"kim@contoso。example", Internal, Internal}, // ideographic full stop
		{"kim@MÜNCHEN.example", Internal, Internal},
		{"kim@xn--mnchen-3ya.example", Internal, Internal},
		{`"a@b"@contoso.example`, Internal, Internal},
		{"a@contoso.example@evil.example", External, Unresolved}, // the last @ counts
		{"kim@notcontoso.example", External, Unresolved},
		{"kim@contoso.example.evil.example", External, Unresolved},
		{"kim@mail.contoso.example", External, Unresolved}, // MatchSubDomains is off
		{"kim@mail.relay.example", Internal, Internal},
		{"kim@a.b.relay.example", Internal, Internal},
		{"kim@notrelay.example", External, Unresolved},
		{"kim@mail.unsure.example", Unresolved, Unresolved},
		{"kim@unsure.example", Internal, Internal},
		{"kim@cоntoso.example", External, Unresolved}, // Cyrillic o
		{"kim@example", External, Unresolved},
		{"kim@xn--cntoso-wqf.example", External, Unresolved}, // the same, as mail systems write it
		{"kim@xn--.example", Unresolved, Unresolved},
		{"kim@contoso.example.relay.example", Internal, Internal},
		{"kim@contoso-example", External, Unresolved},
		{"kim@", Unresolved, Unresolved},
		{"@contoso.example", Unresolved, Unresolved},
		{"contoso.example", Unresolved, Unresolved},
		{"kim@con toso.example", Unresolved, Unresolved},
		{"kim@contoso..example", Unresolved, Unresolved},
		{"", Unresolved, Unresolved},
	} {
		if got := whole.Classify(c.address); got != c.complete {
			t.Errorf("complete list: Classify(%q) = %s, want %s", c.address, got, c.complete)
		}
		if got := part.Classify(c.address); got != c.withGaps {
			t.Errorf("list with gaps: Classify(%q) = %s, want %s", c.address, got, c.withGaps)
		}
	}
}

func TestVerifiedDomainsOfGraphStandIn(t *testing.T) {
	d := NewDomains([]snapshot.AcceptedDomain{{DomainName: "contoso.example", Source: "graph"}}, false)
	for address, want := range map[string]Where{
		"kim@contoso.example":      Internal,
		"kim@mail.contoso.example": Unresolved,
		"kim@fabrikam.example":     External,
	} {
		if got := d.Classify(address); got != want {
			t.Errorf("Classify(%q) = %s, want %s", address, got, want)
		}
	}
	if got := NewDomains(nil, false).Classify("kim@contoso.example"); got != Unresolved {
		t.Errorf("without any domain: %s, want unresolved", got)
	}
}

func TestLooksLike(t *testing.T) {
	d := ownDomains(true)
	for _, c := range []struct{ domain, own string }{
		{"cоntoso.example", "contoso.example"},      // Cyrillic o
		{"c0ntoso.example", "contoso.example"},      // zero
		{"contosó.example", "contoso.example"},      // accent
		{"mail.c0ntoso.example", "contoso.example"}, // below a look-alike
		{"re1ay.example", "relay.example"},          // digit one
		{"munchen.example", "münchen.example"},      // accent left out
		{"contoso.example", ""},                     // our own
		{"mail.contoso.example", ""},                // below our own
		{"notcontoso.example", ""},                  // another word
		{"contoso-mail.example", ""},                // another word
		{"contoso.example.evil.example", ""},        // not drawn alike
		{"fabrikam.example", ""},
		{"", ""},
	} {
		want, _ := ASCIIDomain(c.own)
		got, ok := d.LooksLike(c.domain)
		if got != want || ok != (want != "") {
			t.Errorf("LooksLike(%q) = %q, %v; want %q", c.domain, got, ok, want)
		}
	}
	puny, ok := ASCIIDomain("cоntoso.example")
	if !ok || !strings.HasPrefix(puny, "xn--") {
		t.Fatalf("ASCIIDomain = %q, %v", puny, ok)
	}
	if own, ok := d.LooksLike(puny); !ok || own != "contoso.example" {
		t.Errorf("LooksLike(%q) = %q, %v", puny, own, ok)
	}
	if _, ok := NewDomains([]snapshot.AcceptedDomain{{DomainName: "modern.example", MatchSubDomains: flag(false)}}, true).LooksLike("rnodem.example"); !ok {
		t.Error("rn for m was not seen")
	}
}

func FuzzClassify(f *testing.F) {
	for _, s := range []string{"kim@contoso.example", "smtp:a@b@c", "<x@münchen.example>", "a@\x00.example", "x@" + strings.Repeat("a", 300)} {
		f.Add(s)
	}
	d := ownDomains(true)
	f.Fuzz(func(t *testing.T, address string) {
		domain, ok := ParseDomain(address)
		where := d.Classify(address)
		if !ok && where != Unresolved {
			t.Fatalf("Classify(%q) = %s without a domain", address, where)
		}
		if ok {
			again, stable := ASCIIDomain(domain)
			if !stable || again != domain {
				t.Fatalf("ASCIIDomain is not stable: %q gives %q, %v", domain, again, stable)
			}
			inside := domain == "contoso.example" || domain == "unsure.example" || domain == "xn--mnchen-3ya.example" ||
				domain == "relay.example" || strings.HasSuffix(domain, ".relay.example")
			if (where == Internal) != inside {
				t.Fatalf("Classify(%q) = %s for domain %q", address, where, domain)
			}
		}
		d.LooksLike(address)
	})
}
