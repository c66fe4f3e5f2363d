package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"tenantaudit/internal/faketenant"
)

// The tests of this file review a tenant whose every name and text was written by an
// attacker, and open what came out with the programs that people open it with.

// hostileReview is that review, made once by the program as it is shipped.
var hostileReview struct {
	sync.Once
	dir, bin, url, stdout, stderr string
	tenant                        *faketenant.Tenant
}

func redTeamReview(t *testing.T) string {
	t.Helper()
	h, bin := &hostileReview, shipped(t) // skips every test of it under the race detector, not only the first
	h.Do(func() {
		h.bin = bin
		tenant, err := faketenant.New(faketenant.Options{Mailboxes: 60, Now: tenantClock()})
		if err != nil {
			t.Fatal(err)
		}
		srv, err := serve(context.Background(), faketenant.Hostile(tenant.Handler(), true), "127.0.0.1:0", nil)
		if err != nil {
			t.Fatal(err)
		}
		h.tenant, h.url = tenant, srv.url
		base, err := os.MkdirTemp("", "tenantaudit-redteam-")
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, base)
		dir := filepath.Join(base, "review")
		args := auditArgs(tenant, srv.url, dir)
		args[slices.Index(args, "--format")+1] = "xlsx,html,json,csv,ocsf"
		cmd := exec.Command(h.bin, append(args, "--verbose", "--redact")...)
		cmd.Env = tokensOf(tenant)
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v\n%s", err, errs.String())
		}
		h.stdout, h.stderr, h.dir = out.String(), errs.String(), dir
	})
	if h.dir == "" {
		t.Fatal("the review of the hostile tenant was not made")
	}
	return h.dir
}

func tokensOf(tenant *faketenant.Tenant) []string {
	return append(os.Environ(), "TENANTAUDIT_GRAPH_TOKEN="+tenant.Token("https://graph.microsoft.com"), "TENANTAUDIT_EXCHANGE_TOKEN="+tenant.Token("https://outlook.office365.com"))
}

// The copy for others holds no text of the attacker, and its mapping is safe in a spreadsheet.
func TestRedTeamInTheRedactedCopy(t *testing.T) {
	dir := redTeamReview(t)
	files := contents(t, filepath.Join(dir, shareableFolder))
	for name, body := range files {
		if strings.HasSuffix(name, ".xlsx") {
			continue // its parts are looked at unpacked
		}
		bad := []string{"attacker.example", "document.title=", "hyperlink(", "calc'!a0", "0;owned", "owned=1", "\x1b[2j", "\x1b[31m", "\x1b]0;", "\x1b]8;;"}
		if !strings.Contains(name, "#") { // columns of the page are bytes, in which two may follow each other by chance
			bad = append(bad, "\x1b")
		}
		for _, bad := range bad {
			if at := bytes.Index(body, []byte(bad)); at >= 0 {
				t.Errorf("%s holds %q: …%q…", name, bad, body[max(0, at-60):min(len(body), at+60)])
			}
		}
	}
	if len(files) < 40 {
		t.Errorf("%d files and parts in the copy", len(files))
	}
	raw, err := os.ReadFile(filepath.Join(dir, redactionMap))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\x1b") || strings.ContainsAny(cell, "\x00\x1b") {
				t.Fatalf("the mapping holds %.60q", cell)
			}
		}
	}
}

// The attack arrives: each text stands somewhere in the review's data, and all of the tenant was read.
func TestRedTeamReachesTheReview(t *testing.T) {
	dir := redTeamReview(t)
	r := readReport(t, dir)
	for _, c := range r.Coverage {
		if c.State != "complete" {
			t.Errorf("%s is %s: %v", c.Dataset, c.State, c.Reasons)
		}
	}
	all := text(r.Datasets)
	missing := 0
	for _, h := range faketenant.HostileTexts() {
		if strings.ContainsRune(h, '\ue0ba') {
			h = "bytes \ufffd"
		}
		want := text(h)
		if !strings.Contains(all, want[1:len(want)-1]) {
			missing++
			t.Logf("no row holds %q", h)
		}
	}
	if missing > 2 {
		t.Errorf("%d of the hostile texts are in no row", missing)
	}
	long := slices.ContainsFunc(r.Datasets["inboxRules"], func(row map[string]any) bool {
		name, _ := row["name"].(string)
		return len(name) == 10_000_000
	})
	if !long {
		t.Error("the rule with a name of 10 MB is not whole in report.json")
	}
}

// Every part of the page, in a real browser: no script of the tenant runs, nothing is asked
// of any host, no dialog opens.
func TestRedTeamInTheBrowser(t *testing.T) {
	path := installed(t, "TENANTAUDIT_NO_BROWSER", "chromium", "chromium-browser", "google-chrome")
	dir := redTeamReview(t)
	st, err := os.Stat(filepath.Join(dir, "review.html"))
	if err != nil {
		t.Fatal(err)
	}
	if st.Size() > 9_000_000 {
		t.Errorf("review.html has %d bytes: a text of 10 MB is to be shown by its beginning", st.Size())
	}
	b := openBrowser(t, path)
	url := "file://" + filepath.Join(dir, "review.html")
	places := []string{"", "#findings", "#checks", "#coverage"}
	for d := range readReport(t, dir).Datasets {
		places = append(places, "#evidence/"+d)
	}
	for _, at := range places {
		b.visit(t, url+at)
	}
	if b.seen < len(places) {
		t.Errorf("%d of %d places were looked at", b.seen, len(places))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.requests {
		if !strings.HasPrefix(r, url) && !strings.HasPrefix(r, "blob:") && r != "about:blank" {
			t.Errorf("the page asks for %q", r)
		}
	}
	for _, e := range b.faults {
		t.Errorf("in the browser: %s", e)
	}
}

// visitor is a browser that keeps what should not happen.
type visitor struct {
	ctx  context.Context
	seen int

	mu               sync.Mutex
	requests, faults []string
}

func openBrowser(t *testing.T, path string) *visitor {
	t.Helper()
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-component-update", true), chromedp.WindowSize(1400, 900))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	v := &visitor{ctx: ctx}
	err := chromedp.Listen(ctx, func(ev any) {
		v.mu.Lock()
		defer v.mu.Unlock()
		switch ev := ev.(type) {
		case *network.EventRequestWillBeSent:
			v.requests = append(v.requests, ev.Request.URL)
		case *page.EventJavascriptDialogOpening:
			v.faults = append(v.faults, "a dialog opened: "+ev.Message)
		case *runtime.EventExceptionThrown:
			v.faults = append(v.faults, ev.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			v.faults = append(v.faults, "console."+string(ev.Type))
		case *cdplog.EventEntryAdded:
			if level := string(ev.Entry.Level); level == "warning" || level == "error" {
				v.faults = append(v.faults, ev.Entry.Text)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, enable := range []func() error{
		func() error { _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); return err },
		func() error { _, err := chromedp.Call(ctx, cdplog.Enable, cdp.Empty{}); return err },
	} {
		if err := enable(); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

// visit opens a place of the page and looks at what stands there.
func (v *visitor) visit(t *testing.T, url string) {
	t.Helper()
	if err := chromedp.Do(v.ctx, chromedp.Navigate("about:blank"), chromedp.Navigate(url)); err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	_, table, _ := strings.Cut(url, "#evidence/")
	ready := `document.readyState === 'complete' && !document.querySelector('#grid').hasAttribute('aria-busy')`
	if table != "" {
		ready += fmt.Sprintf(` && document.documentElement.dataset.ready === %q`, table)
	}
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		ok, err := chromedp.Run(v.ctx, chromedp.Evaluate[bool](ready))
		if err != nil {
			t.Fatalf("%s: %v", url, err)
		}
		if ok {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%s is not there after a minute", url)
		}
	}
	for what, script := range map[string]string{
		"the title is that of an attacker": `document.title === 'owned'`,
		"an element of an attacker":        `!!document.querySelector('[onerror],[onload],[onfocus],[autofocus]:not(h3),body script[src],body link,iframe,object,embed,form[action]')`,
		"a link leads outside":             `[...document.querySelectorAll('a[href]')].some(a => !a.getAttribute('href').startsWith('#') && !/^https:\/\/([a-z0-9-]+\.)*(microsoft\.com|github\.com|mitre\.org)\//.test(a.href))`,
	} {
		bad, err := chromedp.Run(v.ctx, chromedp.Evaluate[bool](script))
		if err != nil {
			t.Fatalf("%s: %v", url, err)
		}
		if bad {
			t.Errorf("%s: %s", url, what)
		}
	}
	v.seen++
}

// The workbook in a spreadsheet program: every formula and link is ours, and it prints.
func TestRedTeamInTheWorkbook(t *testing.T) {
	onlyInFull(t)
	office := installed(t, "TENANTAUDIT_NO_OFFICE", "soffice", "libreoffice")
	dir, out := redTeamReview(t), t.TempDir()
	formulas, links := spreadsheet(t, office, filepath.Join(dir, "review.xlsx"), out)
	// Ours count and add up; they name nothing but cells.
	for f := range formulas {
		for _, bad := range []string{"HYPERLINK", "DDE", "WEBSERVICE", "cmd", "|", "attacker", "A1:A9"} {
			if strings.Contains(f, bad) {
				t.Errorf("formula %q", f)
			}
		}
	}
	for l := range links {
		if !strings.HasPrefix(l, "#") && !strings.HasPrefix(l, "https://learn.microsoft.com/") && !strings.HasPrefix(l, "https://") || strings.Contains(l, "attacker") {
			t.Errorf("link %q", l)
		}
	}
	if len(links) == 0 {
		t.Error("the workbook has no links at all: the test looks at the wrong thing")
	}
	convert(t, office, "pdf", filepath.Join(dir, "review.xlsx"), out)
	if st, err := os.Stat(filepath.Join(out, "review.pdf")); err != nil || st.Size() < 10_000 {
		t.Errorf("as PDF: %v, %v", st, err)
	}
}

// Each CSV in a spreadsheet program: no formula at all.
func TestRedTeamInCSV(t *testing.T) {
	onlyInFull(t)
	office := installed(t, "TENANTAUDIT_NO_OFFICE", "soffice", "libreoffice")
	files, err := filepath.Glob(filepath.Join(redTeamReview(t), "evidence", "*.csv"))
	if err != nil || len(files) < 20 {
		t.Fatalf("%d CSV files, %v", len(files), err)
	}
	out := t.TempDir()
	convert(t, office, "fods", append(files, out)...)
	for _, f := range files {
		formulas, links := inSpreadsheet(t, filepath.Join(out, strings.TrimSuffix(filepath.Base(f), ".csv")+".fods"))
		if len(formulas)+len(links) > 0 {
			t.Errorf("%s: formulas %v, links %v", filepath.Base(f), formulas, links)
		}
	}
}

// spreadsheet opens a file and returns the formulas and the links in it.
func spreadsheet(t *testing.T, office, file, out string) (formulas, links map[string]bool) {
	t.Helper()
	convert(t, office, "fods", file, out)
	return inSpreadsheet(t, filepath.Join(out, strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))+".fods"))
}

// convert opens files and saves them in another format; the last name is the folder to save in.
func convert(t *testing.T, office, format string, files ...string) {
	t.Helper()
	out := files[len(files)-1]
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	args := append([]string{"--headless", "-env:UserInstallation=file://" + t.TempDir(), "--convert-to", format, "--outdir", out}, files[:len(files)-1]...)
	if msg, err := exec.CommandContext(ctx, office, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, msg)
	}
}

func inSpreadsheet(t *testing.T, file string) (formulas, links map[string]bool) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	formulas, links = map[string]bool{}, map[string]bool{}
	cells := 0
	dec := xml.NewDecoder(f)
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if e.Name.Local == "table-cell" {
			cells++
		}
		for _, a := range e.Attr {
			switch {
			case a.Name.Local == "formula" && a.Value != "":
				formulas[a.Value] = true
			case a.Name.Local == "href" && e.Name.Local == "a":
				links[a.Value] = true
			}
		}
	}
	if cells == 0 {
		t.Fatalf("%s: no cell", file)
	}
	return formulas, links
}

// ourEscapes are those with which progress is drawn on a terminal.
var ourEscapes = regexp.MustCompile(`\x1b\[([0-9]*[KA]|\?25[lh])`)

// What is printed on a terminal holds no escape, control or bidi character of the tenant.
func TestRedTeamOnATerminal(t *testing.T) {
	script := installed(t, "TENANTAUDIT_NO_TERMINAL", "script")
	dir := redTeamReview(t)
	h := &hostileReview
	clean(t, "stdout of audit", h.stdout)
	clean(t, "log of audit", h.stderr)
	subject := readReport(t, dir).Datasets["mailboxes"][0]["mailboxAddress"].(string)
	db := filepath.Join(dir, "snapshot.db")
	audit := append([]string{h.bin}, auditArgs(h.tenant, h.url, filepath.Join(t.TempDir(), "review"), "--mailboxes", writeList(t, subject))...)
	audit = slices.DeleteFunc(audit, func(a string) bool { return a == "--no-progress" })
	for name, args := range map[string][]string{
		"audit":     audit,
		"preflight": append([]string{h.bin}, preflightArgs(h.tenant, h.url)...),
		"check":     {h.bin, "check", db},
		"access":    {h.bin, "access", "--mailbox", subject, db},
		"unknown":   {h.bin, "access", "--mailbox", "\x1b[31mnobody\u202e", db},
	} {
		t.Run(name, func(t *testing.T) {
			quoted := make([]string, len(args))
			for i, a := range args {
				quoted[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
			}
			cmd := exec.CommandContext(t.Context(), script, "-qec", strings.Join(quoted, " "), "/dev/null")
			cmd.Env = append(tokensOf(h.tenant), "TERM=xterm", "COLUMNS=200")
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			if len(out) < 40 {
				t.Fatalf("printed only %q", out)
			}
			clean(t, name, string(out))
		})
	}
}

func writeList(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "list.txt")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// clean fails on what a terminal would act on or hide.
func clean(t *testing.T, what, out string) {
	t.Helper()
	out = ourEscapes.ReplaceAllString(out, "")
	for i, r := range out {
		bad := r < 0x20 && r != '\n' && r != '\r' && r != '\t' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200b || r == 0xfeff
		if bad {
			t.Fatalf("%s prints %U: …%q…", what, r, out[max(i-60, 0):min(i+60, len(out))])
		}
	}
}

// onlyInFull leaves a test to make redteam: the report tests open a small hostile workbook already.
func onlyInFull(t *testing.T) {
	t.Helper()
	if os.Getenv("TENANTAUDIT_REDTEAM") == "" {
		t.Skip("run by make redteam")
	}
}

// installed finds a program that a test opens the review with.
func installed(t *testing.T, without string, names ...string) string {
	t.Helper()
	if os.Getenv(without) != "" {
		t.Skipf("left out because %s is set", without)
	}
	for _, n := range names {
		if path, err := exec.LookPath(n); err == nil {
			return path
		}
	}
	t.Fatalf("%s is not installed: run `make deps`, or set %s=1 to go without this test", names[0], without)
	return ""
}
