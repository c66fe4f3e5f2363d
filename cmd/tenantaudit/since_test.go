package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tenantaudit/internal/collect"
	"tenantaudit/internal/exo"
	"tenantaudit/internal/faketenant"
	"tenantaudit/internal/redact"
	"tenantaudit/internal/snapshot"
)

// sinceWorld is a tenant before and after, whose objects changed long ago unless edited.
type sinceWorld struct {
	t     *testing.T
	o     faketenant.Options
	edits map[string]faketenant.Edit
	asked map[string]map[string]bool // of the last run: identities by cmdlet
}

func newSinceWorld(t *testing.T, mailboxes int) *sinceWorld {
	t.Helper()
	w := &sinceWorld{t: t, o: faketenant.Options{Mailboxes: mailboxes, Seed: 7, Now: tenantClock()}, edits: map[string]faketenant.Edit{}}
	tenant, err := faketenant.New(w.o)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range tenant.AnswerKey().Datasets["mailboxes"] {
		if kind := str(row, "recipientTypeDetails"); kind != "GroupMailbox" && kind != "PublicFolderMailbox" && row["inactive"] != true {
			w.edit(str(row, "mailboxAddress"), faketenant.Edit{Changed: longAgo})
		}
	}
	for _, row := range tenant.AnswerKey().Datasets["exchangeRoleAssignments"] {
		w.edit(str(row, "roleGroup"), faketenant.Edit{Changed: longAgo})
	}
	return w
}

var longAgo = time.Date(2020, 5, 1, 10, 20, 30, 0, time.UTC)

func (w *sinceWorld) edit(object string, e faketenant.Edit) {
	e.Object = object
	w.edits[object] = e
}

// start serves the tenant as it is now, behind a recorder.
func (w *sinceWorld) start() (*faketenant.Tenant, *recorder) {
	w.t.Helper()
	o := w.o
	for _, k := range slices.Sorted(maps.Keys(w.edits)) {
		o.Edits = append(o.Edits, w.edits[k])
	}
	tenant, url := simulator(w.t, o)
	withTokens(w.t, tenant)
	return tenant, newRecorder(w.t, url)
}

// run audits the tenant as it is now into a new folder and notes what was asked.
func (w *sinceWorld) run(more ...string) (dir, stderr string) {
	w.t.Helper()
	tenant, rec := w.start()
	dir = filepath.Join(w.t.TempDir(), "review")
	code, _, errs := inProcess(w.t, w.t.Context(), auditArgs(tenant, rec.srv.URL, dir, append([]string{"--no-preflight"}, more...)...)...)
	if code != exitOK {
		w.t.Fatalf("exit %d\n%s", code, errs)
	}
	w.asked = askedOf(rec)
	return dir, errs
}

func askedOf(rec *recorder) map[string]map[string]bool {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	out := map[string]map[string]bool{}
	for _, q := range rec.asked {
		if out[q.what] == nil {
			out[q.what] = map[string]bool{}
		}
		out[q.what][strings.ToLower(q.of)] = true
	}
	return out
}

// aged makes every answer of a source older.
func aged(t *testing.T, dir string, by time.Duration, sources ...snapshot.Source) {
	t.Helper()
	s, err := snapshot.Resume(t.Context(), filepath.Join(dir, snapshotFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, src := range sources {
		units, err := s.Units(t.Context(), src)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range units {
			w := snapshot.Write{Unit: l.Unit, Reset: true, Result: snapshot.Result{State: l.State, Cause: l.Cause, Detail: l.Detail, Expected: l.Expected}}
			for p, err := range s.Pages(t.Context(), l.Unit) {
				if err != nil {
					t.Fatal(err)
				}
				p.At = p.At.Add(-by)
				w.Pages = append(w.Pages, p)
			}
			if err := s.Commit(t.Context(), w); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

type reusedLine struct {
	Source, Dataset, Oldest, Newest, SnapshotStartedAt, Proof string
	Units, Of                                                 int
}

func reusedIn(t *testing.T, dir string) map[string]reusedLine {
	t.Helper()
	var r struct{ Run struct{ Reused []reusedLine } }
	if err := json.Unmarshal([]byte(readFile(t, dir, "report.json")), &r); err != nil {
		t.Fatal(err)
	}
	out := map[string]reusedLine{}
	for _, l := range r.Run.Reused {
		out[l.Source] = l
	}
	return out
}

var reusedPart = regexp.MustCompile(`,?"reused":\[[^\]]*\]`)

// plainReport is report.json without what tells one way of collecting from the other.
func plainReport(t *testing.T, dir string) []byte {
	t.Helper()
	return reusedPart.ReplaceAll(requestsOut(withoutTimes(t, dir)), nil)
}

const day = 24 * time.Hour

// unproven are the mailboxes of a review that somebody may open who is no mailbox, or one of
// those that were made again.
func unproven(t *testing.T, dir string, again ...string) map[string]bool {
	t.Helper()
	r := readReport(t, dir)
	boxes, out := map[string]bool{}, map[string]bool{}
	for _, m := range r.Datasets["mailboxes"] {
		if kind := str(m, "recipientTypeDetails"); kind != "GroupMailbox" && kind != "PublicFolderMailbox" && m["inactive"] != true && !slices.Contains(again, str(m, "mailboxAddress")) {
			boxes[strings.ToLower(str(m, "userPrincipalName"))] = true
		}
	}
	for _, p := range r.Datasets["mailboxPermissions"] {
		if p["inherited"] != true && !boxes[strings.ToLower(str(p, "trustee"))] && !strings.HasPrefix(str(p, "trustee"), `NT AUTHORITY\`) {
			out[str(p, "mailbox")] = true
		}
	}
	return out
}

func idOf(t *testing.T, dir, address string) string {
	t.Helper()
	for _, m := range readReport(t, dir).Datasets["mailboxes"] {
		if str(m, "mailboxAddress") == address {
			return str(m, "mailbox")
		}
	}
	t.Fatalf("no mailbox %s", address)
	return ""
}

// A second run asks only for what the first does not prove, gives the same report as a run
// that reads everything, and says what it took over.
func TestSinceReadsWhatChanged(t *testing.T) {
	w := newSinceWorld(t, 60)
	first, _ := w.run()
	open := unproven(t, first)
	var quiet []string // mailboxes that nobody but the service may open
	for _, address := range slices.Sorted(maps.Keys(w.edits)) {
		if strings.Contains(address, "@") && !open[idOf(t, first, address)] {
			quiet = append(quiet, address)
		}
	}
	if len(quiet) < 20 || len(open) == 0 {
		t.Fatalf("%d mailboxes are quiet, %d are not: the tenant proves nothing", len(quiet), len(open))
	}
	changed, undated, again, recent := quiet[0], quiet[1], quiet[2], quiet[3]
	w.edit(recent, faketenant.Edit{Changed: time.Now().Add(-2 * time.Hour).Truncate(time.Second)})
	w.edit("Organization Management", faketenant.Edit{Changed: longAgo})
	first, _ = w.run()
	aged(t, first, 50*day, exo.SourceMailboxPermission)
	aged(t, first, 30*day, exo.SourceRoleGroupMember)
	before := readFile(t, first, snapshotFile)

	w.edit(changed, faketenant.Edit{Changed: time.Now().Add(-time.Hour).Truncate(time.Second), Grant: quiet[4]})
	w.edit(undated, faketenant.Edit{})
	w.edit(again, faketenant.Edit{Changed: longAgo, Recreated: true})
	w.edit("Organization Management", faketenant.Edit{Changed: time.Now().Add(-time.Hour).Truncate(time.Second), Grant: quiet[4]})
	full, _ := w.run()
	whole := w.asked
	since, errs := w.run("--since", first, "--format", "json,html,xlsx")

	want := unproven(t, first, again)
	for _, address := range []string{changed, undated, again, recent} {
		want[idOf(t, since, address)] = true
	}
	if got := w.asked["Get-MailboxPermission"]; !maps.Equal(got, want) {
		t.Errorf("asked for the permissions of %d mailboxes, want %d:\n got %v\nwant %v", len(got), len(want), slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
	if got := w.asked["Get-RoleGroupMember"]; !maps.Equal(got, map[string]bool{"organization management": true}) {
		t.Errorf("asked for the members of %v", got)
	}
	for cmdlet, of := range whole {
		if cmdlet != "Get-MailboxPermission" && cmdlet != "Get-RoleGroupMember" && !maps.Equal(of, w.asked[cmdlet]) {
			t.Errorf("%s was asked for %d objects, a run that reads everything asks for %d", cmdlet, len(w.asked[cmdlet]), len(of))
		}
	}
	sameBytes(t, "the report", plainReport(t, since), plainReport(t, full))
	if !bytes.Contains(plainReport(t, since), []byte(changed)) || bytes.Equal(plainReport(t, since), plainReport(t, first)) {
		t.Error("the change is not in the report")
	}
	if readFile(t, first, snapshotFile) != before {
		t.Error("the earlier snapshot was written to")
	}

	all := len(whole["Get-MailboxPermission"])
	got := reusedIn(t, since)
	line := got[string(exo.SourceMailboxPermission)]
	if line.Units != all-len(want) || line.Of != all || line.Dataset != "mailboxPermissions" || line.Proof != "WhenChangedUTC" || line.Oldest > line.Newest || line.SnapshotStartedAt == "" {
		t.Errorf("reused %+v, want %d of %d", line, all-len(want), all)
	}
	if groups := len(whole["Get-RoleGroupMember"]); got[string(exo.SourceRoleGroupMember)].Units != groups-1 || got[string(exo.SourceRoleGroupMember)].Of != groups {
		t.Errorf("reused %+v, want %d of %d", got[string(exo.SourceRoleGroupMember)], groups-1, groups)
	}
	if len(got) != 2 || len(reusedIn(t, full)) != 0 {
		t.Errorf("reused %d sources, the full run %d", len(got), len(reusedIn(t, full)))
	}
	said := fmt.Sprintf("Mailbox permission lists: %d of %d were not read again but taken over from the snapshot of ", all-len(want), all)
	if !strings.Contains(errs, said) || !strings.Contains(errs, "Age of the oldest in days, when this run began: 50.") {
		t.Errorf("stderr does not say %q:\n%s", said, errs)
	}
	var run struct {
		Run struct{ CollectedFrom string }
	}
	if err := json.Unmarshal([]byte(readFile(t, since, "report.json")), &run); err != nil || run.Run.CollectedFrom[:16] != line.Oldest[:16] {
		t.Errorf("collected from %s, the oldest answer is of %s, %v", run.Run.CollectedFrom, line.Oldest, err)
	}
	sheets, small := 0, []byte(strings.ToLower(said))
	for name, body := range contents(t, since) {
		if name == "review.html" && !bytes.Contains(body, small) {
			t.Error("the page does not say what was taken over")
		}
		if strings.HasPrefix(name, "review.xlsx/") {
			sheets += bytes.Count(body, small)
		}
	}
	if sheets != 1 && sheets != 2 { // cover and Method; a shared text stands there once
		t.Errorf("the workbook says what was taken over %d times", sheets)
	}

	// The stored snapshot says the same, and so does a copy for others.
	report := filepath.Join(t.TempDir(), "again")
	if code, _, errs := inProcess(t, t.Context(), "report", since, "--out", report, "--format", "json", "--redact"); code != exitOK {
		t.Fatalf("report: exit %d\n%s", code, errs)
	}
	sameBytes(t, "report from the snapshot", requestsOut(withoutTimes(t, report)), requestsOut(withoutTimes(t, since)))
	if !maps.Equal(reusedIn(t, report), got) || !maps.Equal(reusedIn(t, filepath.Join(report, shareableFolder)), got) {
		t.Error("report, or the redacted copy, has other numbers")
	}
}

// An answer that was taken over is as old in the next run, until it is too old.
func TestSinceKeepsTheAgeOfTheFirstReading(t *testing.T) {
	w := newSinceWorld(t, 6)
	first, _ := w.run()
	aged(t, first, 50*day, exo.SourceMailboxPermission)
	second, _ := w.run("--since", first)
	third, _ := w.run("--since", filepath.Join(second, snapshotFile), "--since-max-age", "51")
	a, b := reusedIn(t, second)[string(exo.SourceMailboxPermission)], reusedIn(t, third)[string(exo.SourceMailboxPermission)]
	if a.Units == 0 || a.Units != b.Units || a.Oldest != b.Oldest || a.Newest != b.Newest || a.SnapshotStartedAt > b.SnapshotStartedAt {
		t.Errorf("second run %+v, third %+v", a, b)
	}
	fourth, errs := w.run("--since", third, "--since-max-age", "49", "--checks", "delegation.full_access")
	if got := reusedIn(t, fourth); len(got) > 0 || len(w.asked["Get-MailboxPermission"]) != b.Of {
		t.Errorf("beyond the age: reused %+v, asked for %d of %d", got, len(w.asked["Get-MailboxPermission"]), b.Of)
	}
	if !strings.Contains(errs, "Nothing was taken over from "+filepath.Join(third, snapshotFile)) {
		t.Errorf("stderr does not say that nothing was taken over:\n%s", errs)
	}
	// Nothing was taken over: the report is that of a run without an earlier snapshot.
	plain, _ := w.run("--checks", "delegation.full_access")
	sameBytes(t, "the report", withoutTimes(t, fourth), withoutTimes(t, plain))
}

// What the first run left out or was refused is read by the second.
func TestSinceReadsWhatWasNotRead(t *testing.T) {
	w := newSinceWorld(t, 6)
	whole, _ := w.run()
	var some []string
	for _, m := range slices.Sorted(maps.Keys(w.edits)) {
		if strings.Contains(m, "@") && len(some) < 2 && !unproven(t, whole)[idOf(t, whole, m)] {
			some = append(some, m)
		}
	}
	list := filepath.Join(t.TempDir(), "list.txt")
	if err := os.WriteFile(list, []byte(strings.Join(some, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	all := len(w.asked["Get-MailboxPermission"])
	part, _ := w.run("--mailboxes", list)
	full, _ := w.run("--since", part)
	if got := w.asked["Get-MailboxPermission"]; len(got) != all-2 || got[idOf(t, whole, some[0])] || got[idOf(t, whole, some[1])] {
		t.Errorf("asked for %d of %d mailboxes, two had been read: %v", len(got), all, got)
	}
	sameBytes(t, "the report", plainReport(t, full), plainReport(t, whole))

	part2, _ := w.run("--mailboxes", list, "--since", whole, "--checks", "delegation")
	if got := reusedIn(t, part2)[string(exo.SourceMailboxPermission)]; got.Units != 2 || got.Of != 2 || len(w.asked["Get-MailboxPermission"]) != 0 {
		t.Errorf("two mailboxes: reused %+v, asked for %v", got, w.asked["Get-MailboxPermission"])
	}

	w.o.Deny = []string{"Get-MailboxPermission"}
	denied, _ := w.run("--since", whole)
	for _, c := range readReport(t, denied).Coverage {
		if c.Dataset == "mailboxPermissions" && c.State != "denied" {
			t.Errorf("denied now, and the review says %s", c.State)
		}
	}
	w.o.Deny = nil
	_, _ = w.run("--since", denied)
	if len(w.asked["Get-MailboxPermission"]) != all {
		t.Errorf("asked for %d of %d mailboxes that had been denied", len(w.asked["Get-MailboxPermission"]), all)
	}
}

// A run that is cut off goes on with its earlier snapshot, or without it.
func TestSinceAfterACut(t *testing.T) {
	w := newSinceWorld(t, 12)
	first, _ := w.run()
	want, _ := w.run("--since", first)
	proven := reusedIn(t, want)[string(exo.SourceMailboxPermission)]
	requests := 0
	for n := 4; ; n += 4 + n/2 {
		tenant, rec := w.start()
		rec.ringAt(n)
		ctx, cut := context.WithCancelCause(t.Context())
		ended := make(chan struct{})
		go func() {
			select {
			case <-rec.bell:
				cut(collect.ErrInterrupted)
			case <-ended:
			}
		}()
		dir := filepath.Join(t.TempDir(), "review")
		args := auditArgs(tenant, rec.srv.URL, dir, "--no-preflight", "--since", first, "--since-max-age", "80")
		code, _, errs := inProcess(t, ctx, args...)
		close(ended)
		if code == exitOK {
			requests = n
			break
		}
		if code != exitInterrupted || !strings.Contains(errs, " --since "+first+" --since-max-age 80 ") {
			t.Fatalf("cut at %d: exit %d, no command to go on with:\n%s", n, code, errs)
		}
		if _, err := os.Stat(filepath.Join(dir, snapshotFile)); err != nil {
			continue // before anything was stored
		}
		with, without := dir+"-with", dir+"-without"
		for _, to := range []string{with, without} {
			if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
		}
		for to, more := range map[string][]string{with: {"--since", first, "--resume"}, without: {"--resume"}} {
			code, _, errs := inProcess(t, t.Context(), auditArgs(tenant, rec.srv.URL, to, append([]string{"--no-preflight"}, more...)...)...)
			if code != exitOK {
				t.Fatalf("cut at %d, %v: exit %d\n%s", n, more, code, errs)
			}
			sameBytes(t, fmt.Sprint("cut at ", n, ", ", more), plainReport(t, to), plainReport(t, want))
			got := reusedIn(t, to)[string(exo.SourceMailboxPermission)]
			if len(more) == 3 && (got.Units != proven.Units || got.SnapshotStartedAt != proven.SnapshotStartedAt) {
				t.Errorf("cut at %d, %v: reused %+v, want %+v", n, more, got, proven)
			}
			if got.Units != 0 && got.Units != proven.Units {
				t.Errorf("cut at %d, %v: reused %+v: neither all nor nothing", n, more, got)
			}
		}
	}
	if requests < 20 {
		t.Errorf("the run was over after %d requests: it was hardly cut", requests)
	}
}

// What cannot serve as an earlier snapshot is refused before the tenant is asked.
func TestSinceRefuses(t *testing.T) {
	w := newSinceWorld(t, 5)
	tenant, rec := w.start()
	base := t.TempDir()
	good := filepath.Join(base, "good")
	if code, _, errs := inProcess(t, t.Context(), auditArgs(tenant, rec.srv.URL, good, "--no-preflight", "--redact")...); code != exitOK {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	variant := func(name string, edit func(*snapshot.Store) error) string {
		dir := filepath.Join(base, name)
		if err := os.CopyFS(dir, os.DirFS(good)); err != nil {
			t.Fatal(err)
		}
		s, err := snapshot.Resume(t.Context(), filepath.Join(dir, snapshotFile))
		if err != nil {
			t.Fatal(err)
		}
		if err := edit(s); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	meta := func(key string, set map[string]any) func(*snapshot.Store) error {
		return func(s *snapshot.Store) error {
			have := map[string]any{}
			if _, err := s.Meta(t.Context(), key, &have); err != nil {
				return err
			}
			maps.Copy(have, set)
			return s.SetMeta(t.Context(), key, have)
		}
	}
	ahead := time.Now().Add(time.Hour)
	text := filepath.Join(base, "text.db")
	broken := variant("broken", func(*snapshot.Store) error { return nil })
	whole := readFile(t, good, snapshotFile)
	for file, body := range map[string]string{text: "no snapshot", filepath.Join(broken, snapshotFile): whole[:len(whole)/3]} {
		if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	copied := filepath.Join(base, "copied.db")
	func() {
		key, err := redact.NewKey()
		if err != nil {
			t.Fatal(err)
		}
		from, err := snapshot.OpenReadOnly(t.Context(), filepath.Join(good, snapshotFile))
		if err != nil {
			t.Fatal(err)
		}
		defer from.Close()
		view, err := from.View(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		to, err := snapshot.Create(t.Context(), copied)
		if err != nil {
			t.Fatal(err)
		}
		if err := redact.New(key).Copy(t.Context(), view, to); err != nil {
			t.Fatal(err)
		}
		if err := to.Close(); err != nil {
			t.Fatal(err)
		}
	}()
	if err := os.Symlink(filepath.Join(good, snapshotFile), filepath.Join(base, "link.db")); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(base, "new")
	other := variant("other", meta("plan", map[string]any{"tenant": "00000000-1111-2222-3333-444444444444"}))
	for name, c := range map[string]struct {
		args []string // behind --since
		out  string
		says string
	}{
		"no such file":    {args: []string{filepath.Join(base, "no.db")}, says: "no snapshot is there"},
		"a folder":        {args: []string{base}, says: "no snapshot is there"},
		"a shared copy":   {args: []string{filepath.Join(good, shareableFolder)}, says: "a redacted copy holds none"},
		"a text":          {args: []string{text}, says: "not a tenantaudit snapshot"},
		"a damaged one":   {args: []string{broken}, says: "damaged"},
		"a redacted one":  {args: []string{copied}, says: "it is a redacted copy"},
		"another tenant":  {args: []string{other}, says: "a snapshot of another tenant (00000000-1111-2222-3333-444444444444"},
		"another cloud":   {args: []string{variant("cloud", meta("plan", map[string]any{"cloud": "usgov"}))}, says: "a snapshot of the cloud usgov, and --cloud is global"},
		"of the future":   {args: []string{variant("future", meta("run", map[string]any{"StartedAt": ahead}))}, says: "was read in the future"},
		"never begun":     {args: []string{variant("begun", meta("run", map[string]any{"StartedAt": time.Time{}}))}, says: "its run read nothing"},
		"its own":         {args: []string{good}, out: good, says: "is the snapshot that this run writes"},
		"its own by link": {args: []string{filepath.Join(base, "link.db")}, out: good, says: "is the snapshot that this run writes"},
		"no age":          {args: []string{good, "--since-max-age", "0"}, says: "--since-max-age 0"},
	} {
		n := rec.count(t)
		code, _, errs := inProcess(t, t.Context(), auditArgs(tenant, rec.srv.URL, firstNonEmpty(c.out, out), append([]string{"--no-preflight", "--since"}, c.args...)...)...)
		if code != exitUsage || !strings.Contains(errs, c.says) {
			t.Errorf("%s: exit %d, want %d with %q:\n%s", name, code, exitUsage, c.says, errs)
		}
		if more := rec.count(t) - n; more > 0 {
			t.Errorf("%s: %d requests were sent", name, more)
		}
	}
	// A tenant that is named by its domain is known once it is asked which one it is.
	args := auditArgs(tenant, rec.srv.URL, out, "--no-preflight", "--since", other)
	args[slices.Index(args, tenant.ID())] = tenant.DefaultDomain()
	if code, _, errs := inProcess(t, t.Context(), args...); code != exitUsage || !strings.Contains(errs, "a snapshot of another tenant") {
		t.Errorf("another tenant by domain: exit %d\n%s", code, errs)
	}
	if _, err := os.Stat(out); !os.IsNotExist(err) {
		t.Errorf("a refused run made its folder: %v", err)
	}

	// One that was cut off is good; a run takes over from one snapshot only.
	cut := variant("cut", meta("run", map[string]any{"Complete": false, "StartedAt": time.Now().Add(-day).UTC().Truncate(time.Second)}))
	if code, _, errs := inProcess(t, t.Context(), auditArgs(tenant, rec.srv.URL, out, "--no-preflight", "--since", cut)...); code != exitOK || len(reusedIn(t, out)) == 0 {
		t.Errorf("one that was cut off: exit %d\n%s", code, errs)
	}
	if code, _, errs := inProcess(t, t.Context(), auditArgs(tenant, rec.srv.URL, out, "--no-preflight", "--since", good, "--resume")...); code != exitUsage || !strings.Contains(errs, "takes over from the snapshot of") {
		t.Errorf("two snapshots: exit %d\n%s", code, errs)
	}
	if code, _, errs := inProcess(t, t.Context(), auditArgs(tenant, rec.srv.URL, out, "--no-preflight", "--resume")...); code != exitOK || len(reusedIn(t, out)) == 0 {
		t.Errorf("resumed without: exit %d, reused %v\n%s", code, reusedIn(t, out), errs)
	}
}
