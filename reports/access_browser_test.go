package reports

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"tenantaudit/internal/snapshot"
)

// waysIn gives every hostile text a place in the computed access, beside ordinary rows.
func waysIn(m *memory) {
	row := func(box, address, who, name, can, route, via, scope string) snapshot.AccessRow {
		return snapshot.AccessRow{Mailbox: box, MailboxAddress: address, Principal: who, PrincipalName: name, PrincipalAddress: who + "@contoso.example", PrincipalType: "user",
			Capability: can, Route: route, Via: via, Scope: scope, Close: "Remove-MailboxPermission -Identity '" + address + "'", Dataset: "mailboxPermissions", Key: box + "|" + who}
	}
	rows := []any{
		row("*", "", "app-1", "Backup", "read", "application", "Mail.Read", "tenant"),
		row("box-1", "kim@contoso.example", "ada", "Ada", "sendAs", "sendAs", "", "mailbox"),
		row("box-1", "kim@contoso.example", "ada", "Ada", "read", "fullAccess", "Deputies", "mailbox"),
		row("box-1", "kim@contoso.example", "bo", "Bo", "read", "folder", "", "folder:/Calendar"),
		row("box-2", "lee@contoso.example", "ada", "Ada", "read", "fullAccess", "", "mailbox"),
	}
	for i, h := range hostile {
		rows = append(rows, row(fmt.Sprintf("hostile-%d", i), h.value, fmt.Sprintf("who-%d", i), h.value, "read", "inboxRule", h.value, "mailbox"))
	}
	m.rows[snapshot.EffectiveAccess] = rows
}

// Who can reach a mailbox, and what somebody can reach: found, listed, linked, and safe.
func TestAccessInBrowser(t *testing.T) {
	m, res := redTeam(t)
	waysIn(m)
	for i, c := range m.coverage {
		if c.Dataset == snapshot.EffectiveAccess {
			m.coverage[i].State, m.coverage[i].Rows = snapshot.CoveragePartial, int64(len(m.rows[snapshot.EffectiveAccess]))
			m.coverage[i].Reasons = []snapshot.Reason{{Cause: snapshot.MissingPrivilege, Detail: "inboxRules is denied", Count: 1}}
		}
	}
	b := newBrowser(t, write(t, m, res))
	ready := func() { b.t.Helper(); b.until(`document.documentElement.dataset.ready === 'access'`) }
	result := func() string { b.t.Helper(); return eval[string](b, `document.querySelector('#aresult').innerText`) }

	b.open("#access")
	ready()
	if got := eval[string](b, `document.querySelector('#access .banner').textContent`); !strings.Contains(got, "inboxRules is denied") || !strings.Contains(got, "There may be more ways in") {
		t.Errorf("above an incomplete answer: %q", got)
	}
	if got, want := eval[int](b, `document.querySelectorAll('#alist li').length`), 3+len(hostile); got != want {
		t.Errorf("%d mailboxes to choose from, want %d", got, want)
	}

	b.open("#access/mailbox?of=box-1")
	ready()
	got := result()
	for _, want := range []string{"kim@contoso.example", "3 ways into this mailbox, 1 more into every mailbox", "Deputies", "Backup", "Into every mailbox, and so into this one", "folder:/Calendar", "Remove-MailboxPermission -Identity 'kim@contoso.example'"} {
		if !strings.Contains(got, want) {
			t.Errorf("the answer for a mailbox lacks %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "lee@contoso.example") {
		t.Errorf("the answer for one mailbox names another:\n%s", got)
	}
	if order := eval[string](b, `[...document.querySelectorAll('#aresult tbody tr')].map(r => r.cells[1].textContent).join()`); order != "Read,Read,Send as,Read" {
		t.Errorf("what can be done comes in the order %q", order)
	}

	// From somebody in the answer to what that person can reach, by the keyboard.
	eval[any](b, `[...document.querySelectorAll('#aresult th button')].find(e => e.textContent === 'Ada').focus(); 1`)
	b.run(chromedp.KeyEvent("\r"))
	b.until(`location.hash.startsWith('#access/principal')`)
	b.until(`document.querySelector('#aresult').innerText.includes('3 ways into mailboxes')`)
	if got := result(); !strings.Contains(got, "lee@contoso.example") || strings.Contains(got, "Deputies\nmailbox (") {
		t.Errorf("the answer for a person:\n%s", got)
	}
	if got := eval[bool](b, `document.querySelector('input[name=ask][value=principal]').checked`); !got {
		t.Error("the question does not follow the answer")
	}

	// Words narrow the list; the evidence of a way opens.
	b.open("#access/principal?q=bo%20contoso")
	ready()
	if got := eval[string](b, `[...document.querySelectorAll('#alist b')].map(e => e.textContent).join()`); got != "Bo" {
		t.Errorf("found by two words: %q", got)
	}
	for i, h := range hostile {
		b.open("#access/mailbox?of=" + url.QueryEscape(fmt.Sprintf("hostile-%d", i)))
		ready()
		want := h.value
		if h.mark != "" {
			want = h.mark
		}
		if got := eval[string](b, `document.querySelector('#aresult th button').textContent`); got != want {
			t.Errorf("%s: shown as %q, want %q", h.name, got, want)
		}
	}
	if got := eval[int](b, `document.querySelectorAll('#aresult script, #aresult img, #aresult [onerror]').length`); got != 0 {
		t.Errorf("%d elements were made from texts", got)
	}
	b.open("#access/mailbox?of=box-1")
	ready()
	eval[any](b, `document.querySelector('#aresult td a').click(); 1`)
	b.until(`location.hash.startsWith('#evidence/mailboxPermissions?key=')`)
	b.clean()
}
