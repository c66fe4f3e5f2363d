package exo

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestParseDays(t *testing.T) {
	for _, c := range []struct {
		in   string
		want int64
		ok   bool
	}{
		{"90.00:00:00", 90, true},
		{"00:00:00", 0, true},
		{"06:30:15.1234567", 0, true},
		{"365.23:59:59.9999999", 365, true},
		{"-1.12:00:00", -1, true},
		{" 14.00:00:00 ", 14, true},
		{"10675199.02:48:05.4775807", 10675199, true}, // TimeSpan.MaxValue does not fit a time.Duration
		{"Unlimited", 0, false},
		{"", 0, false},
		{"90", 0, false},
		{"90 days", 0, false},
		{"90.25:00:00", 0, false},
		{"+90.00:00:00", 0, false},
		{"1.00:00:00.", 0, false},
		{"1.-2:00:00", 0, false},
	} {
		if got, ok := ParseDays(c.in); got != c.want || ok != c.ok {
			t.Errorf("ParseDays(%q) = %d, %t, want %d, %t", c.in, got, ok, c.want, c.ok)
		}
	}
}

func TestParseSize(t *testing.T) {
	for _, c := range []struct {
		in   string
		want int64
		ok   bool
	}{
		{"99 GB (106,300,440,576 bytes)", 106300440576, true},
		{"0 B (0 bytes)", 0, true},
		{"182,4 MB (191.260.262 bytes)", 191260262, true},
		{"182,4 Mo (191\u202f260\u00a0262 bytes)", 191260262, true},
		{"191260262", 191260262, true},
		{"8 EB (9,223,372,036,854,775,807 bytes)", math.MaxInt64, true},
		{"8 EB (9,223,372,036,854,775,808 bytes)", 0, false},
		{"99 GB", 0, false},
		{"99 GB (bytes)", 0, false},
		{"99 GB (-5 bytes)", 0, false},
		{"99 GB (5 bytes) or so", 0, false},
		{"Unlimited", 0, false},
		{"", 0, false},
	} {
		if got, ok := ParseSize(c.in); got != c.want || ok != c.ok {
			t.Errorf("ParseSize(%q) = %d, %t, want %d, %t", c.in, got, ok, c.want, c.ok)
		}
	}
}

func TestParseDate(t *testing.T) {
	want := time.Date(2026, 3, 18, 11, 2, 51, 123456700, time.UTC)
	for _, in := range []string{"2026-03-18T11:02:51.1234567Z", "2026-03-18T11:02:51.1234567+00:00", "2026-03-18T12:02:51.1234567+01:00", "2026-03-18T11:02:51.1234567"} {
		if got, ok := ParseDate(in); !ok || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("ParseDate(%q) = %v, %t, want %v", in, got, ok, want)
		}
	}
	if got, ok := ParseDate("2026-03-18"); !ok || !got.Equal(time.Date(2026, 3, 18, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("a date alone = %v, %t", got, ok)
	}
	for _, in := range []string{"", "18/03/2026 11:02", "2026-13-01T00:00:00Z", "/Date(1700000000000)/"} {
		if got, ok := ParseDate(in); ok {
			t.Errorf("ParseDate(%q) = %v, want none", in, got)
		}
	}
}

func FuzzParseDays(f *testing.F) {
	for _, s := range []string{"90.00:00:00", "-1.12:00:00", "Unlimited", "1..2", "::"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, ok := ParseDays(s)
		if !ok && n != 0 {
			t.Errorf("ParseDays(%q) = %d without ok", s, n)
		}
		if ok && strings.Count(s, ":") != 2 {
			t.Errorf("ParseDays(%q) = %d, but it is no time span", s, n)
		}
	})
}

func FuzzParseSize(f *testing.F) {
	for _, s := range []string{"99 GB (106,300,440,576 bytes)", "5", "(1 bytes)", "((9 bytes)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, ok := ParseSize(s); n < 0 || ok && !strings.ContainsAny(s, "0123456789") {
			t.Errorf("ParseSize(%q) = %d, %t", s, n, ok)
		}
	})
}

func TestParseAddress(t *testing.T) {
	const dn = "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=c6f3e8d4-priya"
	for _, c := range []struct {
		in          string
		kind        AddressKind
		name, value string
	}{
		{`"Jo Private" [SMTP:jo@fabrikam.example]`, SMTP, "Jo Private", "jo@fabrikam.example"},
		{`"Priya Raman" [EX:` + dn + `]`, EX, "Priya Raman", dn},
		{`"a [EX:/o=x] b" [SMTP:jo@fabrikam.example]`, SMTP, "a [EX:/o=x] b", "jo@fabrikam.example"},
		{`"ceo@contoso.example" [SMTP:jo@fabrikam.example]`, SMTP, "ceo@contoso.example", "jo@fabrikam.example"},
		{`"He said \"hi\"" [smtp: jo@fabrikam.example ]`, SMTP, `He said \"hi\"`, "jo@fabrikam.example"},
		{`Jo [jo@fabrikam.example]`, Bare, "Jo", "jo@fabrikam.example"},
		{"jo@fabrikam.example", Bare, "", "jo@fabrikam.example"},
		{"smtp:jo@fabrikam.example", SMTP, "", "jo@fabrikam.example"},
		{dn, EX, "", dn},
		{"Sales [EMEA]", Bare, "", "Sales [EMEA]"},
		{`"Priya Raman"`, Bare, "", "Priya Raman"},
		{"[SMTP:]", Bare, "", "[SMTP:]"},
		{"]", Bare, "", "]"},
		{"", Bare, "", ""},
	} {
		kind, name, value := ParseAddress(c.in)
		if kind != c.kind || name != c.name || value != c.value {
			t.Errorf("ParseAddress(%q) = %s, %q, %q, want %s, %q, %q", c.in, kind, name, value, c.kind, c.name, c.value)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{`"Jo" [SMTP:jo@fabrikam.example]`, "[EX:/o=x]", "[[]]", `"`, "smtp:", "日本 [SMTP:a@b.example]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		kind, name, value := ParseAddress(s)
		if kind != SMTP && kind != EX && kind != Bare {
			t.Fatalf("ParseAddress(%q) has kind %q", s, kind)
		}
		if !strings.Contains(s, value) || !strings.Contains(s, name) {
			t.Errorf("ParseAddress(%q) = %q, %q: not parts of it", s, name, value)
		}
		if kind == EX && value == "" || strings.TrimSpace(s) != "" && kind == Bare && value == "" && s != `""` && strings.TrimSpace(s) != `""` {
			t.Errorf("ParseAddress(%q) lost its value", s)
		}
		if utf8.ValidString(s) && !utf8.ValidString(value) {
			t.Errorf("ParseAddress(%q) = %q cuts a character", s, value)
		}
	})
}
