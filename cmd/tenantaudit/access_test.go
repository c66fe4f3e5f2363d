package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tenantaudit/internal/normalize"
	"tenantaudit/internal/snapshot"
)

// storedRows makes a snapshot that holds the given rows.
func storedRows(t testing.TB, state snapshot.CoverageState, rows ...any) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "snapshot.db")
	s, err := snapshot.Create(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	err = s.Derive(t.Context(), normalize.Version, func(d *snapshot.Deriver) error {
		for _, r := range rows {
			if err := d.Put(t.Context(), r); err != nil {
				return err
			}
		}
		return d.PutCoverage(t.Context(), snapshot.Coverage{Dataset: snapshot.EffectiveAccess, State: state, Reasons: []snapshot.Reason{{Cause: snapshot.Interrupted, Detail: "cut\x1b[31m off", Count: 1}}})
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func accessRow(mailbox, principal, kind, key string) snapshot.AccessRow {
	return snapshot.AccessRow{Mailbox: mailbox, MailboxAddress: mailbox + "@contoso.example", Principal: principal, PrincipalName: principal, PrincipalType: kind,
		Capability: snapshot.CanRead, Route: "fullAccess", Scope: "mailbox", Close: "Remove-It", Dataset: "mailboxPermissions", Key: key}
}

func TestAccessAnswersBothWays(t *testing.T) {
	big, via, outside := accessRow("m1", "big", "group", "1"), accessRow("m1", "u1", "user", "2"), accessRow("m2", "u2@fabrikam.example", "external", "3")
	count := int64(1500)
	big.Members, via.Via, outside.Capability = &count, "Small team", snapshot.CanReceive
	everywhere := accessRow(snapshot.Everywhere, "u1", "user", "4")
	everywhere.MailboxAddress, everywhere.Scope = "", "tenant"
	path := storedRows(t, snapshot.CoverageComplete,
		snapshot.Mailbox{Mailbox: "m1", MailboxAddress: "m1@contoso.example", DisplayName: "One", UserPrincipalName: "first@contoso.example"},
		snapshot.Mailbox{Mailbox: "m2", MailboxAddress: "m2@contoso.example", DisplayName: "Two"},
		snapshot.User{User: "u1", UserPrincipalName: "u1@contoso.example", DisplayName: "Una", Mail: "una@contoso.example"},
		snapshot.User{User: "u2", UserPrincipalName: "u2_fabrikam#EXT#@contoso.example", DisplayName: "Duo", Mail: "u2@fabrikam.example"},
		snapshot.User{User: "u3", UserPrincipalName: "u3@contoso.example", DisplayName: "Una "},
		snapshot.User{User: "u4", UserPrincipalName: "u4@contoso.example", DisplayName: "Quarta"},
		snapshot.ServicePrincipal{ID: "s1", AppID: "aaaa", DisplayName: "Tool"},
		snapshot.GroupMember{Group: "big", GroupName: "Everybody", Member: "u2", MemberType: "guest", MemberName: "Duo"},
		snapshot.GroupMember{Group: "big", GroupName: "Everybody", Member: "m1", MemberType: "user", MemberName: "One"},
		snapshot.GroupMember{Group: "small", GroupName: "Small team", Member: "u1", MemberType: "user", MemberName: "Una"},
		big, via, outside, everywhere, accessRow("m2", "u1", "user", "5"), accessRow("m2", "s1", "application", "6"),
	)
	for _, c := range []struct{ flag, text, keys string }{
		{"mailbox", "m1", "1 2 4"},
		{"mailbox", "M1@CONTOSO.example", "1 2 4"},
		{"mailbox", "first@contoso.example", "1 2 4"},
		{"mailbox", "two", "3 4 5 6"},
		{"principal", "u1", "2 4 5"},
		{"principal", "una@contoso.example", "2 4 5"},
		{"principal", "aaaa", "6"},
		{"principal", "Tool", "6"},
		{"principal", "Duo", "1 3"}, // a member of the large group, and the address that is theirs
		{"principal", "u2@fabrikam.example", "1 3"},
		{"principal", "Everybody", "1"},
		{"principal", "Small team", "2"}, // not what Una reaches without it
		{"principal", "Quarta", ""},
		{"principal", "m1", ""}, // a member of the large group, and the owner of the mailbox
		{"principal", "Default", ""},
	} {
		code, out, errs := tenantaudit(t, t.Context(), "access", "--"+c.flag, c.text, "--format", "json", path)
		if code != exitOK {
			t.Errorf("%s %s: exit %d, %s", c.flag, c.text, code, errs)
			continue
		}
		var got accessAnswer
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, r := range got.Access {
			keys = append(keys, r.Key)
		}
		slices.Sort(keys)
		if strings.Join(keys, " ") != c.keys || got.Access == nil {
			t.Errorf("%s %s: rows %v, want %s", c.flag, c.text, keys, c.keys)
		}
	}
	for _, c := range []struct{ flag, text, stderr string }{
		{"principal", "Una", `"Una" is the name of 2: name one by its id`},
		{"mailbox", "Una", `no mailbox is called "Una" in this snapshot`},
		{"mailbox", "m3@contoso.example", "the nearest: m1@contoso.example, m2@contoso.example"},
		{"principal", "Quatra", "the nearest: Quarta"},
	} {
		if code, out, errs := tenantaudit(t, t.Context(), "access", "--"+c.flag, c.text, path); code != exitUsage || out != "" || !strings.Contains(errs, c.stderr) {
			t.Errorf("%s %s: exit %d, %q, %q", c.flag, c.text, code, out, errs)
		}
	}
}

// Text of the tenant cannot command the terminal, nor break out of its line.
func TestAccessEscapesWhatTheTenantWrote(t *testing.T) {
	row := accessRow("m1", "x\x1b]0;evil\x07\nMAILBOX\tfake", "unresolved", "1")
	row.Note, row.Via = "line\nbreak", "\u202eright to left"
	path := storedRows(t, snapshot.CoveragePartial, snapshot.Mailbox{Mailbox: "m1", DisplayName: "One\x1b[2J"}, row)
	code, out, errs := tenantaudit(t, t.Context(), "access", "--mailbox", "m1", path)
	if code != exitOK {
		t.Fatalf("exit %d, %s", code, errs)
	}
	if strings.ContainsAny(out, "\x1b\x07\t\u202e") || !strings.Contains(out, "<U+001B>]0;evil<U+0007><U+000A>MAILBOX<U+0009>fake") || !strings.Contains(out, "line<U+000A>break") {
		t.Errorf("%q", out)
	}
	if !strings.Contains(out, "1 way in. The data behind this answer is not complete (partial): there may be more ways than are shown.\n  cut<U+001B>[31m off (interrupted)") {
		t.Errorf("%q", out)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"kim", "kim", 0}, {"kim", "tim", 1}, {"kim", "", 3}, {"kitten", "sitting", 3}, {"müller", "muller", 1}} {
		if got := distance(c.a, c.b); got != c.want || distance(c.b, c.a) != got {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// BenchmarkAccess asks a snapshot of 5,000 mailboxes with 40 rows each.
func BenchmarkAccess(b *testing.B) {
	var rows []any
	for m := range 5000 {
		id := fmt.Sprintf("%08d-0000-4000-8000-000000000000", m)
		rows = append(rows, snapshot.Mailbox{Mailbox: id, MailboxAddress: fmt.Sprintf("user%d@contoso.example", m), DisplayName: fmt.Sprint("User ", m)},
			snapshot.User{User: id, UserPrincipalName: fmt.Sprintf("user%d@contoso.example", m), DisplayName: fmt.Sprint("User ", m)})
		for p := range 40 {
			who := (m*31 + p*977) % 5000
			r := accessRow(id, fmt.Sprintf("%08d-0000-4000-8000-000000000000", who), "user", fmt.Sprintf("%s|user%d@contoso.example|S-1-5-21-1-2-3-%d|false|false", id, who, who))
			r.PrincipalName, r.Close = fmt.Sprint("User ", who), "Remove-MailboxPermission -Identity 'user@contoso.example' -User 'user@contoso.example' -AccessRights FullAccess -InheritanceType All"
			rows = append(rows, r)
		}
	}
	path := storedRows(b, snapshot.CoverageComplete, rows...)
	for name, args := range map[string][]string{"mailbox": {"--mailbox", "user77@contoso.example"}, "principal": {"--principal", "User 77"}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				var out, errs strings.Builder
				if code := run(b.Context(), append([]string{"access", path}, args...), strings.NewReader(""), &out, &errs); code != exitOK {
					b.Fatal(errs.String())
				}
			}
		})
	}
}
