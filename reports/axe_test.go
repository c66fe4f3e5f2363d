package reports

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"tenantaudit/checks"
	"tenantaudit/internal/snapshot"
)

// axe is the script of the accessibility rules, as tools/web pins it.
func axe(t *testing.T) string {
	t.Helper()
	program(t, "TENANTAUDIT_NO_BROWSER", "chromium", "chromium-browser", "google-chrome")
	raw, err := os.ReadFile(filepath.Join("..", "tools", "web", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatalf("%v: run `make deps`, or set TENANTAUDIT_NO_BROWSER=1 to go without this test", err)
	}
	return string(raw)
}

// violations runs the rules of WCAG 2.2, levels A and AA, on what is shown.
const violations = `axe.run(document, { runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] } })
	.then(r => r.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + ' ' + (n.any[0] || n.all[0] || n.none[0] || {}).message).join(' | ')))`

// No view of the page breaks a rule of WCAG 2.2 A or AA, in light or dark, wide or narrow.
func TestAccessibility(t *testing.T) {
	rules := axe(t)
	m, res := pictured(t)
	waysIn(m)
	delegates(m, 200, 3)
	m.complete(
		snapshot.Coverage{Dataset: snapshot.InboxRules, State: snapshot.CoverageDenied, Expected: 2, Failed: 2, Reasons: []snapshot.Reason{{Cause: snapshot.MissingPrivilege, Detail: "assign View-Only Recipients", Count: 2}}},
		snapshot.Coverage{Dataset: snapshot.EffectiveAccess, State: snapshot.CoveragePartial, Expected: 2, Collected: 1, Reasons: []snapshot.Reason{{Cause: snapshot.MissingPrivilege, Detail: "inboxRules is denied", Count: 1}}},
	)
	for i, s := range []checks.Severity{checks.Critical, checks.High, checks.Medium, checks.Low, checks.Info} {
		res.Findings = append(res.Findings, checks.Finding{ID: fmt.Sprintf("f%031d", i), Check: "mail.mailbox_forwarding", Severity: s, Subject: checks.Subject{Type: "mailbox", ID: id(i), Name: "kim@contoso.example"}, Summary: "Forwards outside"})
	}
	b := newBrowser(t, write(t, m, res))
	for _, width := range []int{1400, 390} {
		for _, view := range []struct{ hash, ready string }{
			{"#overview", `true`}, {"#findings", `true`}, {"#checks", `true`}, {"#coverage", `true`},
			{"#access/mailbox?of=box-1", `document.documentElement.dataset.ready === 'access'`},
			{"#evidence/mailboxPermissions?f.deny=false", `document.documentElement.dataset.ready === 'mailboxPermissions'`},
		} {
			b.size(width, 900)
			b.open(view.hash)
			b.until(view.ready)
			eval[any](b, rules+"; 1")
			eval[any](b, `for (const d of document.querySelectorAll('details')) d.open = true; 1`)
			for _, theme := range []string{"light", "dark"} {
				eval[any](b, fmt.Sprintf(`document.documentElement.dataset.theme = %q; 1`, theme))
				for _, v := range eval[[]string](b, violations) {
					t.Errorf("%s, %s, %d px wide: %s", view.hash, theme, width, v)
				}
			}
		}
	}
	// The rules themselves work: a picture without a text is found.
	eval[any](b, `document.querySelector('main').append(document.createElement('img')); 1`)
	if found := eval[[]string](b, violations); len(found) == 0 {
		t.Error("an image without a text was not found")
	}
}
