package permissions

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"tenantaudit/internal/exo"
)

// Two readers of a rule's target must find the same address behind the same name: the
// one of the wire package, and the one that resolves it.
func FuzzParseTarget(f *testing.F) {
	for _, s := range []string{
		`"Kim Nordin" [SMTP:kim@fabrikam.example]`, `"Kim Nordin" [EX:/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=abc-Kim]`,
		`"[SMTP:a@contoso.example]" [SMTP:b@evil.example]`, `"x [EX:/o=y]" [smtp: c@d.example ]`, `[SMTP:]`, `"a" []`, `kim@fabrikam.example`, `"kim@fabrikam.example"`,
		`smtp:kim@fabrikam.example`, `/o=ExchangeLabs/cn=x`, `[[SMTP:a@b.example]]`, `"x" [SMTP:a@b.example] "y"`, "x\u00a0[EX:/o=a]",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		kind, value := ParseTarget(s)
		wire, _, address := exo.ParseAddress(s)
		bracketed := strings.HasSuffix(strings.TrimSpace(s), "]") && strings.Contains(s, "[")
		if bracketed && wire != exo.Bare && strings.Contains(strings.ToLower(s), "["+strings.ToLower(string(wire))+":") && (kind == "SMTP" || kind == "EX") {
			if kind != string(wire) || value != address {
				t.Errorf("%q: %s %q here, %s %q in the wire package", s, kind, value, wire, address)
			}
		}
		if value != strings.TrimSpace(value) || !strings.Contains(s, value) || kind != strings.ToUpper(kind) {
			t.Errorf("ParseTarget(%q) = %q, %q", s, kind, value)
		}
		if kind != "" && value == "" {
			t.Errorf("ParseTarget(%q) has a kind and no value", s)
		}
	})
}

// A target must be read back whatever the display name holds: it is the part that
// anybody may choose.
func FuzzTargetName(f *testing.F) {
	for _, name := range []string{"Kim", `"quoted" [SMTP:other@contoso.example]`, "[", "]", "[EX:/o=x]", "a\nb", "\u202e", ""} {
		f.Add(name, "kim", "fabrikam.example")
	}
	f.Fuzz(func(t *testing.T, name, local, domain string) {
		address := local + "@" + domain
		if strings.ContainsAny(address, "[]") || address != strings.TrimSpace(address) || local == "" || domain == "" {
			return
		}
		for _, kind := range []string{"SMTP", "smtp"} {
			asSent := `"` + name + `" [` + kind + ":" + address + "]"
			if k, v := ParseTarget(asSent); k != "SMTP" || v != address {
				t.Errorf("ParseTarget(%q) = %q, %q, want %q", asSent, k, v, address)
			}
			if k, _, v := exo.ParseAddress(asSent); k != exo.SMTP || v != address {
				t.Errorf("exo.ParseAddress(%q) = %q, %q, want %q", asSent, k, v, address)
			}
		}
	})
}

// A text of the tenant inside a command must be one PowerShell string, whatever it
// holds: read by PowerShell's rules it ends where it should, and says the same.
func FuzzQuoted(f *testing.F) {
	for _, s := range []string{"kim@contoso.example", "o'brien", "a'; Remove-Mailbox x; '", "a\u2019; b", "\u2018\u201a\u201b''", "$(calc)`n", "a\nb\r\u2028", "\u202e", "\xff'", ""} {
		f.Add(s)
	}
	quote := func(r rune) bool { return r == '\'' || r >= '\u2018' && r <= '\u201b' }
	f.Fuzz(func(t *testing.T, s string) {
		got := []rune(quoted(s))
		if len(got) < 2 || !quote(got[0]) {
			t.Fatalf("quoted(%q) = %q", s, string(got))
		}
		var said strings.Builder
		i := 1
		for ; i < len(got); i++ {
			if quote(got[i]) {
				if i+1 == len(got) || !quote(got[i+1]) {
					break
				}
				i++
			}
			said.WriteRune(got[i])
		}
		if i != len(got)-1 {
			t.Fatalf("quoted(%q) = %q ends early, before %q", s, string(got), string(got[i+1:]))
		}
		want := strings.Map(func(r rune) rune {
			if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
				return '\ufffd'
			}
			return r
		}, s)
		if said.String() != strings.ToValidUTF8(want, "\ufffd") && said.String() != string([]rune(want)) {
			t.Errorf("quoted(%q) says %q", s, said.String())
		}
	})
}

// The address that a guest's name was made from must come back.
func FuzzGuestHome(f *testing.F) {
	f.Add("kim", "fabrikam.example", "contoso.example")
	f.Add("kim_x", "fabrikam.example", "contoso.onmicrosoft.example")
	f.Add("#ext#", "a", "")
	f.Fuzz(func(t *testing.T, local, domain, tenant string) {
		upn := local + "_" + domain + "#EXT#@" + tenant
		got, ok := guestHome(upn)
		if ok && (strings.Count(got, "@") != 1 || strings.HasPrefix(got, "@") || strings.HasSuffix(got, "@")) {
			t.Errorf("guestHome(%q) = %q", upn, got)
		}
		if strings.Contains(local+domain, "@") || local == "" || domain == "" || strings.Contains(strings.ToLower(domain), "_") || strings.Contains(strings.ToLower(local+"_"+domain), "#ext#") {
			return
		}
		if want := strings.ToLower(local) + "@" + strings.ToLower(domain); !ok || got != want {
			t.Errorf("guestHome(%q) = %q, %t, want %q", upn, got, ok, want)
		}
	})
}

// Rights that are split and expanded must be stable: once more gives the same, and
// nothing is made up or lost.
func FuzzRights(f *testing.F) {
	for _, s := range []string{"FullAccess, ReadPermission", "Reviewer", "reviewer,READITEMS,,Owner", "None", "AvailabilityOnly", "ſ, FolderOwner", "Custom Role", ", ,\t"} {
		f.Add(s, "Editor")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		once := MailboxRights([]string{a, b})
		if again := MailboxRights(once); !slices.Equal(again, once) || !slices.IsSorted(once) {
			t.Errorf("MailboxRights(%q, %q) = %q, then %q", a, b, once, again)
		}
		for _, r := range once {
			if r == "" || strings.Contains(r, ",") || !strings.Contains(a, r) && !strings.Contains(b, r) {
				t.Errorf("MailboxRights(%q, %q) made up %q", a, b, r)
			}
		}
		roles, rights, unknown := ExpandFolderRoles([]string{a, b})
		roles2, rights2, unknown2 := ExpandFolderRoles(roles)
		if !slices.Equal(roles, roles2) || !slices.Equal(rights, rights2) || !slices.Equal(unknown, unknown2) {
			t.Errorf("%q, %q: %q %q %q, then %q %q %q", a, b, roles, rights, unknown, roles2, rights2, unknown2)
		}
		for _, r := range rights {
			if !slices.Contains(singleRights, r) {
				t.Errorf("%q, %q: %q is no right", a, b, r)
			}
		}
		for _, u := range unknown {
			if !slices.Contains(roles, u) {
				t.Errorf("%q, %q: unknown %q is in no role", a, b, u)
			}
		}
		if len(roles) > len(once) {
			t.Errorf("%q, %q: %d roles of %d names", a, b, len(roles), len(once))
		}
	})
}

// A name that only looks like an own domain must never be an own one, and the look is
// that of an accepted domain.
func FuzzLooksLike(f *testing.F) {
	for _, s := range []string{"contoso.example", "c0ntoso.example", "соntoso.example", "mail.contosо.example", "xn--ntoso-1ve.example", "notcontoso.example", "ｃｏｎｔｏｓｏ.example", "x..", "münchen.example", "rnunchen.example"} {
		f.Add(s)
	}
	d := ownDomains(true)
	f.Fuzz(func(t *testing.T, domain string) {
		own, ok := d.LooksLike(domain)
		if !ok {
			return
		}
		if d.ClassifyDomain(domain) == Internal {
			t.Errorf("%q is an own domain and looks like %q", domain, own)
		}
		if d.ClassifyDomain(own) != Internal {
			t.Errorf("%q looks like %q, which is no own domain", domain, own)
		}
		if ascii, _ := ASCIIDomain(domain); ascii == own {
			t.Errorf("%q looks like itself", domain)
		}
	})
}

func TestGuestNamesThatHoldNoAddress(t *testing.T) {
	for upn, want := range map[string]string{
		"kim_fabrikam.example#EXT#@contoso.example": "kim@fabrikam.example", "kim_x_fabrikam.example#EXT#@contoso.example": "kim_x@fabrikam.example",
		"kim_@#EXT#@contoso.example": "", "kim@x_y#EXT#@contoso.example": "", "kim_#EXT#@contoso.example": "", "_x#EXT#@contoso.example": "", "kim@contoso.example": "",
	} {
		if got, ok := guestHome(upn); got != want || ok != (want != "") {
			t.Errorf("guestHome(%q) = %q, %t, want %q", upn, got, ok, want)
		}
	}
}
