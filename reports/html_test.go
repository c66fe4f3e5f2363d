package reports

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"

	"tenantaudit/checks"
	"tenantaudit/internal/snapshot"
)

func pageOf(t *testing.T, m *memory, res Results, limit int64) string {
	t.Helper()
	mo, err := newModel(m, res, "1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := writeHTMLLimit(t.Context(), &b, t.TempDir(), mo, limit); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPolicyFitsThePage(t *testing.T) {
	m, res := small(t)
	s := pageOf(t, m, res, htmlData)
	meta := regexp.MustCompile(`http-equiv="Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(s)
	if meta == nil {
		t.Fatal("no policy")
	}
	rules := html.UnescapeString(meta[1])
	for tag, rule := range map[string]string{"script": "script-src", "style": "style-src"} {
		body := regexp.MustCompile(`(?s)<` + tag + `>(.*?)</` + tag + `>`).FindStringSubmatch(s)
		sum := sha256.Sum256([]byte(body[1]))
		if want := rule + " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "';"; !strings.Contains(rules, want) {
			t.Errorf("the policy %q does not hold %q", rules, want)
		}
	}
	for _, want := range []string{"default-src 'none'", "connect-src 'none'", "base-uri 'none'", "form-action 'none'", "object-src 'none'", "require-trusted-types-for 'script'"} {
		if !strings.Contains(rules, want) {
			t.Errorf("the policy does not hold %q", want)
		}
	}
	for _, bad := range []string{"unsafe-inline", "unsafe-eval", "http:", "https:", "*"} {
		if strings.Contains(rules, bad) {
			t.Errorf("the policy allows %q", bad)
		}
	}
	for _, bad := range []string{` style="`, "<link", "src=", "<iframe", " onclick=\"", "innerHTML", "eval(", "localStorage"} {
		if strings.Contains(s, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
}

func TestLinksLeadToDocumentationOnly(t *testing.T) {
	for in, want := range map[string]string{
		"https://learn.microsoft.com/powershell/x":    "https://learn.microsoft.com/powershell/x",
		"https://LEARN.microsoft.com/x":               "https://LEARN.microsoft.com/x",
		"http://learn.microsoft.com/x":                "",
		"https://learn.microsoft.com.evil.example/":   "",
		"https://kim@learn.microsoft.com/":            "",
		"https://learn.microsoft.com:8443/":           "",
		"https://evil.example/https://www.cisa.gov/x": "",
		"javascript:alert(1)":                         "",
		"cisagov/ScubaGear":                           "",
	} {
		if got := linkOf(in); got.URL != want || got.Text != in {
			t.Errorf("linkOf(%q) = %+v, want link %q", in, got, want)
		}
	}
	m, res := small(t)
	s := pageOf(t, m, res, htmlData)
	if strings.Contains(s, `href="https://evil.example`) || !strings.Contains(s, "https://evil.example/x") {
		t.Error("a source of a foreign host is a link, or is not shown")
	}
}

// The parts that need no script say everything in the markup.
func TestStaticParts(t *testing.T) {
	m, res := small(t)
	s := pageOf(t, m, res, htmlData)
	flat := html.UnescapeString(regexp.MustCompile(`\s+`).ReplaceAllString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(s[strings.Index(s, "<body>"):strings.LastIndex(s, "<script>")], " "), " "))
	for _, want := range []string{
		"Contoso Example Microsoft 365 security review", "2026-03-02 10:05 UTC", m.tenant.ID, fmt.Sprintf("3 of %d datasets were not read in full", len(snapshot.Datasets())),
		"A rule that was deleted after use cannot be seen here; the audit log can show it", readOnlyStatement, "The whole tenant",
		"Title of mail.inbox_rule_forwarding mail.inbox_rule_forwarding Mail leaving or hidden Not assessed High 0 0 of 2 mailboxes Inbox rules: access denied (Get-InboxRule) [inboxRules: denied]",
		"Title of audit.mailbox_audited audit.mailbox_audited Auditing Pass",
		"Inbox rules inboxRules Not assessed: access denied 0 2 0 2 Permission missing (2): Get-InboxRule: assign View-Only Recipients",
		"Critical board@contoso.example Forwards to drop@evil.example and keeps no copy", "Copy kept false", "Target drop@evil.example",
		"Evidence Mailboxes " + id(2), "Why mail.mailbox_forwarding matters.", "Set-Mailbox <mailbox> -Something $true", "T1114.003",
		"Members unknown",
	} {
		if !strings.Contains(flat, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(s, "<section hidden") || regexp.MustCompile(`<section[^>]*hidden`).MatchString(s) {
		t.Error("a part of the page is hidden before the script runs")
	}
	if strings.Index(flat, "Critical board@contoso.example") > strings.Index(flat, "Info Lee Osman on kim") {
		t.Error("the worst finding is not first")
	}
}

func TestManyFindingsAreCounted(t *testing.T) {
	m, res := small(t)
	for i := range findingsPerSet + 20 {
		res.Findings = append(res.Findings, checks.Finding{ID: fmt.Sprintf("%032d", i), Check: "delegation.full_access", Severity: checks.Info, Summary: "more"})
	}
	s := pageOf(t, m, res, htmlData)
	if n := strings.Count(s, `class="finding"`); n != findingsPerSet+1 {
		t.Errorf("%d findings written out, want %d", n, findingsPerSet+1)
	}
	if !strings.Contains(s, "21 more findings of this check are not written out here.") || !strings.Contains(s, fmt.Sprintf(`"name":"findings","title":"All findings","rows":%d`, findingsPerSet+22)) {
		t.Error("the page does not say how many are left, or the table does not hold all")
	}
}

func TestTablesThatDoNotFitAreNamed(t *testing.T) {
	m, res := small(t)
	m.rows[snapshot.MailboxPermissions] = nil
	delegates(m, 2000, 2)
	m.complete()
	s := pageOf(t, m, res, 14_000)
	if strings.Contains(s, `"name":"mailboxPermissions"`) || !strings.Contains(s, `"name":"findings"`) || !strings.Contains(s, `"name":"skus"`) {
		t.Error("the large table is in the page, or the small ones are not")
	}
	if !strings.Contains(s, "Not in this page, because of its size:") || !strings.Contains(s, "Mailbox permissions (4,000 rows)") || !strings.Contains(s, "Rows are in the workbook only.") {
		t.Error("the page does not say what is left out")
	}
	if !strings.HasSuffix(s, "</script>\n</body>\n</html>\n") {
		t.Errorf("the page ends %q", s[len(s)-60:])
	}
}

// A table of millions of rows is not even read for the page.
func TestTablesThatCannotFitAreNotRead(t *testing.T) {
	m, res := small(t)
	m.fail[snapshot.GroupMembers] = errors.New("was read")
	for i := range m.coverage {
		if m.coverage[i].Dataset == snapshot.GroupMembers {
			m.coverage[i].Rows = htmlRows + 1
		}
	}
	s := pageOf(t, m, res, htmlData)
	if strings.Contains(s, `"name":"groupMembers"`) || !strings.Contains(s, "Group members (2,000,001 rows)") {
		t.Error("the page does not say that the table is left out")
	}
}

func TestNoFindingsOnThePage(t *testing.T) {
	m, res := small(t)
	res.Findings = nil
	if s := pageOf(t, m, res, htmlData); !strings.Contains(s, "No findings. What was not assessed cannot have findings") {
		t.Error("an empty list of findings is not explained")
	}
}
