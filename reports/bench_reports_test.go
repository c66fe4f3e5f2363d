package reports

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"tenantaudit/checks"
	"tenantaudit/internal/snapshot"
)

// tall is a Source of any size whose rows are made while they are walked: it takes no memory, so
// what a writer takes is its own.
type tall struct {
	*memory
	boxes, grants  int
	ids, addresses []string // of the mailboxes, so that rows cost little to make
}

// mix spreads numbers; the same ones every time.
func mix(n, salt int) int {
	x := uint64(n)*0x9e3779b97f4a7c15 + uint64(salt)*0xbf58476d1ce4e5b9
	x ^= x >> 31
	x *= 0x94d049bb133111eb
	return int((x ^ x>>29) >> 33)
}

func newTall(boxes, grants, findings int) (*tall, Results) {
	s := &tall{memory: newMemory(), boxes: boxes, grants: grants}
	for n := range boxes {
		s.ids = append(s.ids, id(n))
		s.addresses = append(s.addresses, fmt.Sprintf("person.%06d@%s.contoso.example", n, []string{"north", "south", "east", "west", "sales"}[mix(n, 1)%5]))
	}
	for _, d := range snapshot.Datasets() {
		c := snapshot.Coverage{Dataset: d, State: snapshot.CoverageComplete, Expected: 1, Collected: 1}
		switch d {
		case snapshot.Mailboxes:
			c.Rows = int64(boxes)
		case snapshot.MailboxPermissions, snapshot.EffectiveAccess:
			c.Rows = int64(grants)
		}
		s.coverage = append(s.coverage, c)
	}
	var res Results
	list := checks.All()
	for _, c := range list {
		res.Checks = append(res.Checks, checks.Result{Check: c, Status: checks.Fail, Severity: c.Severity, Evaluated: boxes, Expected: boxes, Findings: findings / len(list)})
	}
	for i := range findings {
		c, n := list[i%len(list)], i*7%boxes
		res.Findings = append(res.Findings, checks.Finding{ID: fmt.Sprintf("%032x", i), Check: c.ID, Severity: c.Severity, Subject: checks.Subject{Type: "mailbox", ID: id(n), Name: s.address(n)},
			Summary: s.address(n) + " is not as it should be.", Details: map[string]any{"rights": []string{"FullAccess"}, "number": n},
			Evidence: []checks.Evidence{{Dataset: snapshot.Mailboxes, Key: id(n)}}})
	}
	return s, res
}

func (s *tall) address(n int) string { return s.addresses[n] }

func (s *tall) Rows(d snapshot.Dataset) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		switch d {
		case snapshot.Mailboxes:
			for i := range s.boxes {
				if !yield(mailbox(i, s.address(i)), nil) {
					return
				}
			}
		case snapshot.MailboxPermissions, snapshot.EffectiveAccess:
			each := max(1, s.grants/s.boxes)
			for i := range s.grants {
				box, who := i/each, mix(i, 2)%s.boxes
				kind := []string{"user", "user", "user", "group", "guest", "application"}[mix(i, 3)%6]
				var row any = snapshot.MailboxPermission{Mailbox: s.ids[box], MailboxAddress: s.address(box), TrusteeRef: snapshot.TrusteeRef{Trustee: s.address(who), TrusteeID: s.ids[who], TrusteeAddress: s.address(who), TrusteeType: kind, Candidates: []string{}},
					Rights: [][]string{{"FullAccess"}, {"FullAccess", "ReadPermission"}, {"ReadPermission"}}[mix(i, 4)%3], Deny: mix(i, 5)%50 == 0, Inherited: mix(i, 6)%9 == 0}
				if d == snapshot.EffectiveAccess {
					row = snapshot.AccessRow{Mailbox: s.ids[box], MailboxAddress: s.address(box), Principal: s.ids[who], PrincipalName: s.address(who), PrincipalAddress: s.address(who), PrincipalType: kind,
						Capability: snapshot.CanRead, Route: "fullAccess", Scope: "mailbox", Close: "Remove-MailboxPermission -Identity '" + s.address(box) + "'", Dataset: "mailboxPermissions", Key: s.ids[box] + "|" + s.ids[who]}
				}
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}

// size of the tenant of the figures; TENANTAUDIT_BENCH_MAILBOXES makes it smaller for a try.
func benchSize() (boxes, grants, findings int) {
	boxes, _ = strconv.Atoi(os.Getenv("TENANTAUDIT_BENCH_MAILBOXES"))
	if boxes == 0 {
		boxes = 100_000
	}
	return boxes, 12 * boxes, boxes / 2
}

// plainTable writes what scripts write: a table with every row.
func plainTable(w io.Writer, s *tall, rows int) error {
	if _, err := io.WriteString(w, "<!doctype html><meta charset=utf-8><title>t</title><input id=q><table id=t><tbody>"); err != nil {
		return err
	}
	n := 0
	for row := range s.Rows(snapshot.MailboxPermissions) {
		if n++; n > rows {
			break
		}
		io.WriteString(w, "<tr>")
		for _, v := range snapshot.Values(row) {
			text, _ := plain(v)
			fmt.Fprintf(w, "<td>%s</td>", text)
		}
	}
	_, err := io.WriteString(w, "</table>")
	return err
}

// TestReportFigures prints what writing and reading a review of a large tenant takes: `make
// bench-reports`. Each writer runs in a process of its own, whose memory is then known.
func TestReportFigures(t *testing.T) {
	if as := os.Getenv("TENANTAUDIT_BENCH_WRITER"); as != "" {
		benchWriter(t, as)
		return
	}
	if os.Getenv("TENANTAUDIT_BENCH") == "" {
		t.Skip("figures are printed by make bench-reports")
	}
	boxes, grants, findings := benchSize()
	dir := t.TempDir()
	out := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintf(out, "%d mailboxes, %d permissions, %d rows of computed access, %d findings; %s\n", boxes, grants, grants, findings, runtime.Version())
	fmt.Fprintln(out, "WRITER\tWALL\tCPU\tPEAK MEMORY\tSIZE\tLIMIT")
	limits := map[string]string{XLSX: "evidence of 2.4M rows: 160 MiB, 30 s for 2M", HTML: "300 MiB, 8 s for 2M rows; 12 MB at 1.2M rows", "table": "what scripts write: 100,000 rows"}
	for _, as := range []string{XLSX, HTML, JSON, CSV, "table"} {
		at := filepath.Join(dir, as)
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestReportFigures$", "-test.timeout", "30m")
		if err := os.Mkdir(at, 0o700); err != nil {
			t.Fatal(err)
		}
		cmd.Dir, cmd.Env = at, append(os.Environ(), "TENANTAUDIT_BENCH_WRITER="+as)
		begin := time.Now()
		if msg, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", as, err, msg)
		}
		use, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
		if !ok {
			t.Fatal("no usage of the process is known")
		}
		var size int64
		if err := filepath.Walk(at, func(_ string, st os.FileInfo, err error) error {
			if err == nil && !st.IsDir() {
				size += st.Size()
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(out, "%s\t%.1f s\t%.1f s\t%d MiB\t%.1f MB\t%s\n", as, time.Since(begin).Seconds(), (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), use.Maxrss>>10, float64(size)/1e6, limits[as])
		out.Flush()
	}
	benchPage(t, out, filepath.Join(dir, HTML), filepath.Join(dir, "table"))
}

// benchWriter is the process that writes one format.
func benchWriter(t *testing.T, as string) {
	boxes, grants, findings := benchSize()
	s, res := newTall(boxes, grants, findings)
	if as == "table" {
		f, err := os.Create("review.html")
		if err != nil {
			t.Fatal(err)
		}
		if err := plainTable(f, s, boxes); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		return
	}
	if _, err := Write(t.Context(), ".", s, res, Options{Formats: []string{as}, Version: "1.2.3"}); err != nil {
		t.Fatal(err)
	}
}

// timed goes to a place of the page and measures until its rows are drawn, in milliseconds.
const timed = `(async () => {
	const grid = document.querySelector('#grid'), t = performance.now();
	document.documentElement.dataset.ready = '';
	location.hash = %q;
	await new Promise(done => { const see = () => document.documentElement.dataset.ready && !grid.hasAttribute('aria-busy') ? done() : setTimeout(see, 1); setTimeout(see, 1); });
	return performance.now() - t;
})()`

func benchPage(t *testing.T, out *tabwriter.Writer, dir, tableDir string) {
	fmt.Fprintln(out, "\nPAGE\tVALUE\tLIMIT\tPLAIN TABLE OF 100,000 ROWS")
	b := newBrowser(t, dir)
	line := func(what, got, limit, base string) {
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", what, got, limit, base)
		out.Flush()
	}
	ready := func(url, hash, condition string) float64 {
		b.url = "file://" + url + "/review.html"
		b.run(chromedpNavigate("about:blank"))
		begin := time.Now()
		b.run(chromedpNavigate(b.url + hash))
		b.until(condition)
		return float64(time.Since(begin).Milliseconds())
	}
	var opened []float64
	for range 3 {
		opened = append(opened, ready(dir, "#evidence/mailboxPermissions", `document.documentElement.dataset.ready === 'mailboxPermissions'`))
	}
	paint := eval[float64](b, `(performance.getEntriesByName('first-contentful-paint')[0] || {}).startTime || -1`)
	nodes := eval[int](b, `document.querySelectorAll('*').length`)
	held := rendererMemory(b.ctx)
	var took []float64
	for i := range 5 {
		for _, h := range []string{fmt.Sprintf("q=person.%05d", i*1237), fmt.Sprintf("q=north sales %d", i), "f.trusteeType=guest&f.deny=false&q=" + strconv.Itoa(i), "sort=-trustee&q=" + strconv.Itoa(i), "sort=mailboxAddress&f.inherited=true&q=1" + strconv.Itoa(i)} {
			took = append(took, eval[float64](b, fmt.Sprintf(timed, "#evidence/mailboxPermissions?"+h)))
		}
	}
	slices.Sort(took)
	peak := rendererMemory(b.ctx)
	access := ready(dir, "#access/mailbox?of="+id(77), `document.documentElement.dataset.ready === 'access' && document.querySelectorAll('#aresult tr').length > 1`)
	b.clean()

	base := newBrowser(t, tableDir)
	begin := time.Now()
	base.run(chromedpNavigate("file://" + tableDir + "/review.html"))
	base.until(`document.readyState === 'complete' && document.querySelector('#t').offsetHeight > 0`)
	plainReady := float64(time.Since(begin).Milliseconds())
	plainHeld := rendererMemory(base.ctx)
	plainFilter := eval[float64](base, `(async () => { const t = performance.now(); for (const r of document.querySelectorAll('tr')) r.hidden = !r.textContent.includes('guest'); document.querySelector('#t').offsetHeight; return performance.now() - t; })()`)

	line("first paint", fmt.Sprintf("%.0f ms", paint), "500 ms", "")
	line("evidence of the largest table ready (median of 3)", fmt.Sprintf("%.0f ms", middle(opened)), "2,500 ms", fmt.Sprintf("%.0f ms", plainReady))
	line("search, filter, sort: median of "+strconv.Itoa(len(took)), fmt.Sprintf("%.0f ms", middle(took)), "150 ms", fmt.Sprintf("%.0f ms", plainFilter))
	line("search, filter, sort: 95th percentile", fmt.Sprintf("%.0f ms", took[len(took)*95/100]), "350 ms", "")
	line("access of a mailbox, page opened on it", fmt.Sprintf("%.0f ms", access), "", "")
	line("renderer after load", fmt.Sprintf("%d MiB", held), "350 MiB", fmt.Sprintf("%d MiB", plainHeld))
	line("renderer after the searches", fmt.Sprintf("%d MiB", peak), "450 MiB", "")
	line("elements of the page", strconv.Itoa(nodes), "2,500", "")
}

func middle(list []float64) float64 {
	s := slices.Sorted(slices.Values(list))
	return s[len(s)/2]
}

// rendererMemory is what the largest renderer process of this browser keeps for itself, in MiB.
func rendererMemory(ctx context.Context) int64 {
	_ = ctx
	var most int64
	dirs, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range dirs {
		raw, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(raw), "--type=renderer") {
			continue
		}
		rollup, err := os.ReadFile(filepath.Join(filepath.Dir(path), "smaps_rollup"))
		if err != nil {
			continue
		}
		for l := range strings.SplitSeq(string(rollup), "\n") {
			var kib int64
			if n, _ := fmt.Sscanf(l, "Pss: %d kB", &kib); n == 1 {
				most = max(most, kib>>10)
			}
		}
	}
	return most
}
