package reports

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"tenantaudit/checks"
	"tenantaudit/internal/snapshot"
)

// browser is a tab on a review that keeps what goes wrong in it.
type browser struct {
	t   *testing.T
	ctx context.Context
	url string

	mu       sync.Mutex
	requests []string // other than of the page itself and its worker
	errors   []string
}

func newBrowser(t *testing.T, dir string) *browser {
	t.Helper()
	path := program(t, "TENANTAUDIT_NO_BROWSER", "chromium", "chromium-browser", "google-chrome")
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.WindowSize(1400, 900))
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx, url: "file://" + dir + "/review.html"}
	err := chromedp.Listen(ctx, func(ev any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch ev := ev.(type) {
		case *network.EventRequestWillBeSent:
			if u := ev.Request.URL; !strings.HasPrefix(u, b.url) && !strings.HasPrefix(u, "blob:") {
				b.requests = append(b.requests, u)
			}
		case *runtime.EventExceptionThrown:
			text := ev.ExceptionDetails.Text
			if o := ev.ExceptionDetails.Exception; o != nil {
				text += " " + o.Description
			}
			b.errors = append(b.errors, text)
		case *runtime.EventConsoleAPICalled:
			b.errors = append(b.errors, "console."+string(ev.Type))
		case *log.EventEntryAdded:
			b.errors = append(b.errors, ev.Entry.Text) // violations of the policy, too
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, log.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *browser) run(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// eval runs script as the developer tools do, outside the policy of the page.
func eval[T any](b *browser, script string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%v in %s", err, script)
	}
	return v
}

// until waits for a condition.
func (b *browser) until(condition string) {
	b.t.Helper()
	for end := time.Now().Add(60 * time.Second); !eval[bool](b, condition); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatalf("not in 60 seconds: %s", condition)
		}
	}
}

// open loads the page at a place.
func (b *browser) open(hash string) {
	b.t.Helper()
	b.run(chromedp.Navigate("about:blank"), chromedp.Navigate(b.url+hash))
}

// rows waits until the grid has settled on a table and says how many rows match.
func (b *browser) rows(table string) string {
	b.t.Helper()
	b.until(fmt.Sprintf(`document.documentElement.dataset.ready === %q && !document.querySelector('#grid').hasAttribute('aria-busy')`, table))
	return eval[string](b, `document.querySelector('#qcount').textContent`)
}

// clean fails when the page asked for anything or complained.
func (b *browser) clean() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.requests) > 0 || len(b.errors) > 0 {
		b.t.Errorf("requests %q, errors %q; want none", b.requests, b.errors)
	}
}

func TestPageInBrowser(t *testing.T) {
	m, res := redTeam(t)
	delegates(m, 3000, 4)
	m.complete(m.coverage[6])
	res.Findings = append(res.Findings, checks.Finding{
		ID: "f00000000000000000000000000000a1", Check: "mail.mailbox_forwarding", Severity: checks.Critical, Subject: checks.Subject{Type: "mailbox", ID: id(1), Name: "kim@contoso.example"},
		Summary: "Forwards outside", Evidence: []checks.Evidence{{Dataset: snapshot.MailboxPermissions, Key: snapshot.Key(m.rows[snapshot.MailboxPermissions][700])}},
	})
	b := newBrowser(t, write(t, m, res))

	b.open("")
	visible := `[...document.querySelectorAll('.view')].filter(s => !s.hidden).map(s => s.id).join()`
	if got := eval[string](b, visible); got != "overview" {
		t.Errorf("parts shown at first: %q", got)
	}
	if got := eval[string](b, `document.title`); !strings.HasPrefix(got, "Overview · </script><script>") {
		t.Errorf("title: %q", got)
	}

	b.open("#findings?severity=critical")
	count := `[...document.querySelectorAll('.finding')].filter(f => !f.hidden && !f.closest('.group').hidden).length`
	if got := eval[int](b, count); got != 1 {
		t.Errorf("critical findings shown: %d, want 1", got)
	}
	eval[any](b, `document.querySelector('#ffilter button[type=reset]').click(); 1`)
	time.Sleep(300 * time.Millisecond)
	if got := eval[int](b, count); got != len(hostile)+1 {
		t.Errorf("findings after clearing: %d, want %d", got, len(hostile)+1)
	}
	b.run(chromedp.SendKeys(chromedp.CSS("#ftext"), "fdp.exe"), chromedp.Sleep(300*time.Millisecond))
	if got := eval[int](b, count); got != 1 {
		t.Errorf("findings with that text: %d, want 1", got)
	}

	// Evidence of a finding leads to its row.
	b.open("#findings?severity=critical")
	eval[any](b, `document.querySelector('.finding:not([hidden]) .ev').click(); 1`)
	if got, want := b.rows("mailboxPermissions"), fmt.Sprintf("1 of %s rows", grouped(int64(12002+len(hostile)))); got != want {
		t.Errorf("rows behind a finding: %q, want %q", got, want)
	}
	cell := `document.querySelector('#gridbody [role=row] [role=gridcell]').textContent`
	if got, want := eval[string](b, cell), m.rows[snapshot.MailboxPermissions][700].(snapshot.MailboxPermission).Mailbox; got != want {
		t.Errorf("mailbox of that row: %q, want %q", got, want)
	}

	// Every hostile value reads as it is, marks apart, and its row is found by its key.
	b.open("#evidence/mailboxes")
	b.rows("mailboxes")
	for i, h := range hostile {
		want := h.value
		if h.mark != "" {
			want = h.mark
		}
		got := eval[string](b, fmt.Sprintf(`document.querySelector('#gridbody [aria-rowindex="%d"]').children[3].textContent`, i+2))
		if got != want {
			t.Errorf("%s: shown as %q, want %q", h.name, got, want)
		}
	}
	key := snapshot.Key(m.rows[snapshot.MailboxPermissions][0])
	b.open("#evidence/mailboxPermissions?key=" + strings.NewReplacer("%", "%25", "|", "%7C", " ", "%20", "&", "%26", "#", "%23", "+", "%2B").Replace(key))
	if got := b.rows("mailboxPermissions"); !strings.HasPrefix(got, "1 of ") {
		t.Errorf("row by key %q: %q", key, got)
	}

	// Search, filter and sort.
	b.open("#evidence/mailboxPermissions?q=DELEGATE")
	if got, want := b.rows("mailboxPermissions"), fmt.Sprintf("12,000 of %s rows", grouped(int64(12002+len(hostile)))); got != want {
		t.Errorf("search: %q, want %q", got, want)
	}
	b.open("#evidence/mailboxPermissions?f.trustee=Delegate 1&f.trustee=Delegate 2&q=" + id(2999))
	if got := b.rows("mailboxPermissions"); !strings.HasPrefix(got, "2 of ") {
		t.Errorf("search and filter: %q, want 2 rows", got)
	}
	b.open("#evidence/mailboxPermissions?q=delegate&sort=-mailbox")
	b.rows("mailboxPermissions")
	if got := eval[string](b, cell); got != id(3000) {
		t.Errorf("first row sorted down: %q, want %q", got, id(3000))
	}

	// The keyboard reaches the last row; Enter opens it.
	eval[any](b, `document.querySelector('#gridbody [role=gridcell]').focus(); 1`)
	b.run(chromedp.KeyEvent(kb.End, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	b.until(`document.activeElement.getAttribute('role') === 'gridcell' && document.activeElement.parentNode.getAttribute('aria-rowindex') === '12001'`)
	b.run(chromedp.KeyEvent(kb.Enter))
	b.until(`document.querySelector('#rowbox').open`)
	if got := eval[string](b, `document.querySelector('#rowbox dl').textContent`); !strings.Contains(got, id(1)) {
		t.Errorf("the opened row says %q", got)
	}

	// What was not read is said above its table.
	b.open("#evidence/inboxRules")
	if got := b.rows("inboxRules"); got != "0 rows" {
		t.Errorf("inbox rules: %q", got)
	}
	if got := eval[string](b, `[...document.querySelectorAll('.gap')].filter(p => !p.hidden).map(p => p.textContent).join()`); !strings.HasPrefix(got, "Not assessed: access denied.") {
		t.Errorf("above the empty table: %q", got)
	}
	if got := eval[string](b, `document.documentElement.dataset.worker || 'worker'`); got != "worker" {
		t.Errorf("the engine runs in: %q", got)
	}
	b.clean()
}

// What the page saves follows the rules of the product's own CSV files.
func TestPageSavesSafeCSV(t *testing.T) {
	m, res := redTeam(t)
	dir := write(t, m, res)
	b := newBrowser(t, dir)
	b.open("#evidence/mailboxPermissions")
	b.rows("mailboxPermissions")
	got := eval[string](b, `new Promise(done => {
		const make = URL.createObjectURL;
		URL.createObjectURL = blob => { blob.text().then(done); return make(blob); };
		HTMLAnchorElement.prototype.click = () => {};
		document.querySelector('#qsave').click();
	})`)
	want := strings.TrimPrefix(string(read(t, dir, "evidence/mailboxPermissions.csv")), bom)
	if strings.TrimPrefix(got, "\uFEFF") != want {
		t.Errorf("saved by the page:\n%s\nwritten by the product:\n%s", got, want)
	}
	b.clean()
}

// A damaged table is said to be damaged; it is never shown in part.
func TestDamagedTableIsNotShown(t *testing.T) {
	m, res := small(t)
	dir := write(t, m, res)
	s := string(read(t, dir, "review.html"))
	table := regexp.MustCompile(`id="t(\d+)"[^>]*>\{"name":"mailboxes"`).FindStringSubmatch(s)
	if table == nil {
		t.Fatal("the page holds no table of mailboxes")
	}
	mark := `id="c` + table[1] + `-0">` // its first column
	at := strings.Index(s, mark) + len(mark)
	if err := os.WriteFile(dir+"/review.html", []byte(s[:at+24]+"AAAA"+s[at+28:]), 0o600); err != nil {
		t.Fatal(err)
	}
	b := newBrowser(t, dir)
	b.open("#evidence/mailboxes")
	b.until(`document.documentElement.dataset.ready === 'error'`)
	if got := eval[string](b, `document.querySelector('#qerror').textContent`); !strings.Contains(got, "cannot be read") {
		t.Errorf("message: %q", got)
	}
	if n := eval[int](b, `document.querySelector('#gridbody').children.length`); n != 0 {
		t.Errorf("%d rows shown of a damaged table", n)
	}
}

// Without scripts, and on paper, the parts with words are all there.
func TestPageWithoutScripts(t *testing.T) {
	m, res := small(t)
	dir := write(t, m, res)
	b := newBrowser(t, dir)
	b.open("")
	if pdf, err := chromedp.Run(b.ctx, chromedp.PrintToPDF(chromedp.PDFLandscape(), chromedp.PDFPreferCSSPageSize())); err != nil || len(pdf) < 10_000 {
		t.Errorf("print: %d bytes of PDF, %v", len(pdf), err)
	}
	b.clean()
	// The policy of the copy forbids scripts, so that none runs.
	s := strings.Replace(string(read(t, dir, "review.html")), "script-src &#39;sha256-", "script-src &#39;sha256-AAAA", 1)
	if err := os.WriteFile(dir+"/review.html", []byte(s), 0o600); err != nil {
		t.Fatal(err)
	}
	b.open("")
	shown := eval[string](b, `[...document.querySelectorAll('.view')].filter(s => s.checkVisibility()).map(s => s.id).join()`)
	if shown != "overview,findings,access,checks,coverage,evidence" {
		t.Errorf("parts shown without scripts: %s", shown)
	}
	if eval[bool](b, `document.querySelector('#explorer').checkVisibility() || document.querySelector('#ffilter').checkVisibility()`) {
		t.Error("controls are shown that do nothing without scripts")
	}
}

// Where a browser bars workers the same engine runs on the page.
func TestPageWithoutWorkers(t *testing.T) {
	m, res := small(t)
	b := newBrowser(t, write(t, m, res))
	if _, err := chromedp.Call(b.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: "delete window.Worker"}); err != nil {
		t.Fatal(err)
	}
	b.open("#evidence/mailboxes?q=board")
	if got := b.rows("mailboxes"); got != "1 of 2 rows" {
		t.Errorf("search without a worker: %q", got)
	}
	if got := eval[string](b, `document.documentElement.dataset.worker`); got != "none" {
		t.Errorf("the engine runs in: %q", got)
	}
	b.clean()
}

// Tables higher than browsers let an element be are scrolled in proportion, to the last row.
func TestVeryLongTableReachesItsEnd(t *testing.T) {
	const rows = 300_000 // 8.4 million pixels
	m, res := small(t)
	for i := range rows {
		m.rows[snapshot.GroupMembers] = append(m.rows[snapshot.GroupMembers], snapshot.GroupMember{Group: id(i / 1000), GroupName: "Staff", Member: id(i % 1000), MemberType: "user"})
	}
	m.complete()
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/review.html", []byte(pageOf(t, m, res, htmlData)), 0o600); err != nil {
		t.Fatal(err)
	}
	b := newBrowser(t, dir)
	b.open("#evidence/groupMembers")
	if got := b.rows("groupMembers"); got != "300,000 rows" {
		t.Errorf("rows: %q", got)
	}
	last := fmt.Sprintf(`document.querySelector('#gridbody [role=row]:last-child').getAttribute('aria-rowindex') === '%d'`, rows+1)
	eval[any](b, `const s = document.querySelector('#scroller'); s.scrollTop = s.scrollHeight; 1`)
	b.until(last)
	eval[any](b, `document.querySelector('#scroller').scrollTop = 0; 1`)
	b.until(`document.querySelector('#gridbody [role=row]').getAttribute('aria-rowindex') === '2'`)
	eval[any](b, `document.querySelector('#gridbody [role=gridcell]').focus(); 1`)
	b.run(chromedp.KeyEvent(kb.End, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	b.until(last)
	b.until(fmt.Sprintf(`document.activeElement.parentNode.getAttribute('aria-rowindex') === '%d'`, rows+1))
	b.clean()
}

// size sets the size of the window.
func (b *browser) size(width, height int) {
	b.t.Helper()
	b.run(chromedp.EmulateViewport(int64(width), int64(height)))
}

func chromedpNavigate(url string) chromedp.Action[chromedp.Void] { return chromedp.Navigate(url) }

// Copy puts the rows that are shown on the clipboard, as the page would save them.
func TestPageCopies(t *testing.T) {
	m, res := small(t)
	b := newBrowser(t, write(t, m, res))
	b.open("#evidence/mailboxes?q=board")
	b.rows("mailboxes")
	got := eval[string](b, `new Promise(done => {
		Object.defineProperty(navigator, 'clipboard', { value: { writeText: async s => done(s) } });
		document.querySelector('#qcopy').click();
	})`)
	if !strings.HasPrefix(got, "mailbox,mailboxAddress,") || strings.Count(got, "\r\n") != 2 || !strings.Contains(got, "board@contoso.example") {
		t.Errorf("copied %q", got)
	}
	b.until(`document.querySelector('#live').textContent === 'Copied 1 of 1 rows'`)
	b.clean()
}
