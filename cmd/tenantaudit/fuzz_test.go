package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
)

// What goes to a terminal must hold nothing that it obeys, and be the same when it goes
// through twice; in a table it is on one line and in one column.
func FuzzSafe(f *testing.F) {
	for _, s := range []string{"plain", "two\nlines", "a\tb", "\x1b[2J\x1b]0;owned\a", "\x9b31m", "a\xffb", "\u009b31m", "gnp\u202e.exe", "\u2028\v\f", "\ufffd", "\U000e0041", "<U+001B>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := safe(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
			t.Errorf("safe(%q) = %q", s, got)
		}
		if safe(got) != got {
			t.Errorf("safe(%q) = %q, and again %q", s, got, safe(got))
		}
		if strings.Count(got, "\n") != strings.Count(s, "\n") {
			t.Errorf("safe(%q) = %q: other lines", s, got)
		}
		one := cell(s)
		if strings.ContainsFunc(one, func(r rune) bool { return !unicode.IsPrint(r) }) || !utf8.ValidString(one) {
			t.Errorf("cell(%q) = %q", s, one)
		}
	})
}

// Names in a file of mailboxes must all count: each line is an address, a comment, blank,
// or the reason why the file is refused. None is dropped without a word.
func FuzzMailboxFile(f *testing.F) {
	for _, s := range []string{
		"kim@contoso.example\r\nSam@Contoso.example\n", "\ufeff# finance\nkim@contoso.example\n\n", "kim@contoso.example;sam@contoso.example", "kim", "k\x00@\x00c\x00", strings.Repeat("a", 1100) + "@b",
		"\ufeff\n", "a@b\n\x85c@d", "a@b\rc@d", "\u200bkim@contoso.example", "İ@x.example",
	} {
		f.Add([]byte(s))
	}
	path := filepath.Join(f.TempDir(), "list")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		o := &scopeOptions{mailboxes: path}
		err := o.readMailboxes()
		want, refused := map[string]bool{}, false
		for _, line := range strings.Split(string(content), "\n") {
			line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSuffix(line, "\r"), "\ufeff"))
			if line == "" || line[0] == '#' {
				continue
			}
			refused = refused || !strings.Contains(line, "@") || strings.ContainsAny(line, " \t\x00,;<>")
			want[strings.ToLower(line)] = true
		}
		long := false
		for _, line := range bytes.SplitAfter(content, []byte("\n")) {
			long = long || len(line) >= maxMailboxLine
		}
		if err != nil {
			if !refused && !long && len(want) > 0 {
				t.Errorf("%q is refused: %v", content, err)
			}
			if text := safe(err.Error()); strings.Contains(text, "\n") {
				t.Errorf("%q: the refusal has lines: %q", content, text)
			}
			return
		}
		if refused || len(o.addresses) != len(want) {
			t.Errorf("%q gives %d addresses, want %d (refused: %t)", content, len(o.addresses), len(want), refused)
		}
		for a := range o.addresses {
			if !want[a] {
				t.Errorf("%q gives the address %q", content, a)
			}
		}
	})
}

// A base address must be one that can be called and no more: the scheme, a host and a
// port, without TLS for this machine only.
func FuzzBaseURL(f *testing.F) {
	for _, s := range []string{
		"https://graph.microsoft.com", "https://127.0.0.1:8443/", "http://localhost:80", "http://127.0.0.1.evil.example", "http://localhost@evil.example", "https://user:pass@x", "https://x/y", "https://:443", "https://",
		"HTTP://LOCALHOST", "http://[::1]:1", "http://0x7f.1", "https://x?", "https://x#", "//x", "https://x\\@y", "https://[::1%25eth0]",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := baseURL("--graph-url", s, "")
		if err != nil {
			return
		}
		if u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
			t.Errorf("%q is taken as %q", s, u)
		}
		rest, _ := strings.CutPrefix(strings.ToLower(u.String()), "http://")
		local := false
		for _, host := range []string{"localhost", "127.", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.", "[::ffff:7f"} {
			local = local || strings.HasPrefix(rest, host)
		}
		if u.Scheme == "http" && !local && !loopback(u.Hostname()) {
			t.Errorf("%q goes out without TLS to %q", s, u.Host)
		}
		if strings.ContainsFunc(u.Host, func(r rune) bool { return r >= utf8.RuneSelf || r == '%' }) {
			return // no host that the stack calls
		}
		if again, err := baseURL("--graph-url", u.String(), ""); err != nil || again.String() != u.String() {
			t.Errorf("%q is taken as %q, and that as %v (%v)", s, u, again, err)
		}
		if validTenant(s) {
			t.Errorf("%q passes for a tenant", s)
		}
	})
}

// fileFor is a command with flags of every kind, and what a configuration file makes of it.
func fileFor(path string) (o scopeOptions, out outputOptions, err error) {
	root := &cobra.Command{Use: "tenantaudit"}
	cmd := &cobra.Command{Use: "audit"}
	root.AddCommand(cmd)
	o.bind(cmd.Flags())
	out.bind(cmd.Flags(), "where")
	file, err := readConfig(path)
	if err == nil {
		err = fillFromFile(cmd, file)
	}
	return o, out, err
}

// A text that a configuration file gives must reach its flag unchanged, however YAML
// chooses to write it; what cannot be used must be refused with a usage error.
func FuzzConfigText(f *testing.F) {
	for _, s := range []string{"list.txt", "RecipientTypeDetails -eq 'SharedMailbox'", "a: b", "- x", "null", "~", "yes", "0o17", "a,b", "\"", "#x", "x\ny", "é\u2028", "*a", "&a", "!!str x", "{{x}}", " lead", "1e3", ""} {
		f.Add(s)
	}
	path := filepath.Join(f.TempDir(), "config.yaml")
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return // YAML would write it as binary
		}
		doc, err := yaml.Marshal(map[string]any{"mailboxes": s, "wide-reach": 7, "require-coverage": true, "format": []string{"xlsx", "json"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, doc, 0o600); err != nil {
			t.Fatal(err)
		}
		o, out, err := fileFor(path)
		if err != nil {
			t.Fatalf("%q: %v", doc, err)
		}
		if o.mailboxes != s || out.judgement.WideReach != 7 || !out.requireCoverage || strings.Join(out.formats, "|") != "xlsx|json" {
			t.Errorf("%q gives mailboxes %q, %+v", doc, o.mailboxes, out)
		}
	})
}

// Any bytes as a configuration file must be read or refused in one line that says where.
func FuzzConfigFile(f *testing.F) {
	for _, s := range []string{
		"mailboxes: list.txt\nformat: [xlsx, json]\n", "mailboxes:\n", "mailboxes: ~\nout: null\n", "format:\n  - a: b\n", "nothing: 1", "a: &a [*a]\n", "x: &x [1]\nformat: *x\n", "<<: {out: x}", "- a\n", "out: x\nout: y\n", "\t", "wide-reach: many", "\"\\x1b[2J\": 1",
		"? [a]\n: b", "out: !!binary aGk=", "checks: [\"a,\\\"b\"]", "%YAML 1.1\n---\n", "\xff\xfe", "a: b: c",
	} {
		f.Add([]byte(s))
	}
	path := filepath.Join(f.TempDir(), "config.yaml")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		o, out, err := fileFor(path)
		if err != nil {
			var exit *exitError
			if code := exitCode(err, &exit); code != exitUsage {
				t.Errorf("%q: exit code %d, %v", content, code, err)
			}
			if text := safe(err.Error()); strings.Contains(text, "\n") || !strings.Contains(text, "config") {
				t.Errorf("%q is refused with %q", content, text)
			}
			return
		}
		// A name that stands for nothing must leave the flag as it is.
		var plain map[string]any
		if yaml.Unmarshal(content, &plain) != nil {
			return
		}
		if v, given := plain["mailboxes"]; given && v == nil && o.mailboxes != "" {
			t.Errorf("%q gives mailboxes %q", content, o.mailboxes)
		}
		if v, given := plain["out"]; given && v == nil && out.out != "" {
			t.Errorf("%q gives out %q", content, out.out)
		}
	})
}

// exitCode is the code of the error's own kind; 0 for another kind.
func exitCode(err error, exit **exitError) int {
	for ; err != nil; err = unwrap(err) {
		if e, ok := err.(*exitError); ok {
			*exit = e
			return e.code
		}
	}
	return 0
}

func unwrap(err error) error {
	if u, ok := err.(interface{ Unwrap() error }); ok {
		return u.Unwrap()
	}
	return nil
}

// The file that says who works on a snapshot may come from elsewhere: what is shown of
// it must be one printable line, or nothing.
func FuzzRunFile(f *testing.F) {
	for _, s := range []string{`{"pid":7,"host":"audit-1","started":"2026-11-24T10:00:00Z"}`, `{"host":"a\ntenantaudit: all is well\u001b[2J"}`, `{"started":"9999-12-31T23:59:59-14:00"}`, `{}`, `null`, `[]`, ``} {
		f.Add([]byte(s))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(filepath.Join(dir, runFileName), content, 0o600); err != nil {
			t.Fatal(err)
		}
		got := holder(dir)
		if strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) || utf8.RuneCountInString(got) > 1000 {
			t.Errorf("%q is shown as %q", content, got)
		}
	})
}

// A refusal in words must be printable whatever was typed, and end with a code of its own.
func FuzzArguments(f *testing.F) {
	for _, s := range []string{"list", "text", "", "\x1b[2J\n", "x\xff", "\u202elist", "%s%n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, args := range [][]string{{"checks", "explain", "--", s}, {"checks", "list", "--log-format=" + s}} {
			var errs bytes.Buffer
			code := run(t.Context(), args, strings.NewReader(""), io.Discard, &errs)
			if code != exitOK && code != exitUsage && code != exitFailed {
				t.Errorf("%q: exit %d", args, code)
			}
			if code != exitOK && errs.Len() == 0 {
				t.Errorf("%q: exit %d without a word", args, code)
			}
			if strings.ContainsFunc(errs.String(), func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) || !utf8.Valid(errs.Bytes()) {
				t.Errorf("%q: says %q", args, errs.String())
			}
		}
	})
}

func TestBytesThatAreNoTextDoNotReachTheTerminal(t *testing.T) {
	if got, want := safe("a\x9b31mb\xff\n"), "a\ufffd31mb\ufffd\n"; got != want {
		t.Errorf("safe = %q, want %q", got, want)
	}
}

func TestNullInTheConfigurationGivesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	for content, want := range map[string]string{"mailboxes: ~": "", "mailboxes: null": "", "mailboxes:": "", "mailboxes: 'null'": "null", "mailboxes: nullx": "nullx"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if o, _, err := fileFor(path); err != nil || o.mailboxes != want {
			t.Errorf("%s: %q, %v, want %q", content, o.mailboxes, err, want)
		}
	}
}

func TestHolderOfASnapshotIsOneLine(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, runFileName), []byte(`{"pid":7,"host":"a\ntenantaudit: done","started":"2026-11-24T10:00:00Z"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, want := holder(dir), " (process 7 on a<U+000A>tenantaudit: done since 2026-11-24T10:00:00Z)"; got != want {
		t.Errorf("holder = %q, want %q", got, want)
	}
}

func TestAddressWithoutAHostIsRefused(t *testing.T) {
	for _, s := range []string{"https://:443", "https://", "http://:80"} {
		if u, err := baseURL("--graph-url", s, ""); err == nil {
			t.Errorf("%q is taken as %q", s, u)
		}
	}
}
