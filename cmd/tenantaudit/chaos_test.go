package main

import (
	"bufio"
	"bytes"
	"cmp"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tenantaudit/internal/faketenant"

	_ "modernc.org/sqlite" // reads the ledger of a snapshot without the code under test
)

// quietLog is for servers whose clients are killed.
func quietLog() *log.Logger { return log.New(io.Discard, "", 0) }

// chaos is one audit that is cut off again and again, on a service with faults, until its
// review is whole. What was stored at a cut may not be asked for again.
type chaos struct {
	t         *testing.T
	rnd       *rand.Rand
	mailboxes int
	seed      int
	faults    []string
	kills     int // how often it is cut
	reach     int // a cut comes within so many requests

	sim    endpoints
	rec    *recorder
	dir    string
	env    []string
	stored map[unit]int // how much had been asked when the unit was first seen to be stored
	killed int
	runs   int
	late   int // cuts after the last request
}

// unit names what was stored as the ledger does.
type unit struct{ source, key string }

// startSimulator runs the simulator as a process of its own.
func (c *chaos) startSimulator(faults []string) endpoints {
	c.t.Helper()
	args := []string{"simulate", "--mailboxes", fmt.Sprint(c.mailboxes), "--seed", fmt.Sprint(c.seed)}
	if len(faults) > 0 {
		args = append(args, "--fault", strings.Join(faults, ","))
	}
	cmd := exec.CommandContext(c.t.Context(), shipped(c.t), args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		c.t.Fatalf("simulate: %v\n%s", err, errs.String())
	}
	var e endpoints
	if err := json.Unmarshal(line, &e); err != nil {
		c.t.Fatal(err)
	}
	return e
}

func (c *chaos) command(base, dir string) *exec.Cmd {
	args := []string{"audit", "--tenant", c.sim.TenantID, "--auth", "token", "--graph-url", base, "--exchange-url", base, "--out", dir, "--format", "json", "--no-progress"}
	if _, err := os.Stat(filepath.Join(dir, "manifest.json")); err == nil {
		args = append(args, "--resume")
	}
	cmd := exec.CommandContext(c.t.Context(), shipped(c.t), args...)
	// A sign-in before each run, as a person would do it: tokens expire on the way.
	cmd.Env = append(os.Environ(), "TENANTAUDIT_GRAPH_TOKEN="+c.token("https://graph.microsoft.com"), "TENANTAUDIT_EXCHANGE_TOKEN="+c.token("https://outlook.office365.com"))
	cmd.Env = append(cmd.Env, c.env...)
	return cmd
}

// token asks the simulator for one, beside the recorder.
func (c *chaos) token(audience string) string {
	c.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.sim.ClientID}, "client_secret": {c.sim.ClientSecret}, "scope": {audience + "/.default"},
		"claims": {fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"}}}`, time.Now().Unix())}}
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.sim.HTTP.Authority+"/"+c.sim.TenantID+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := new(http.Client).Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || answer.Token == "" {
		c.t.Fatalf("the simulator gave no token: %s, %v", res.Status, err)
	}
	return answer.Token
}

// reference is the review of an uncut run on a service without faults, or with those that
// are no fault of the service, such as a mailbox that is deleted.
func (c *chaos) reference(faults ...string) []byte {
	c.t.Helper()
	c.sim = c.startSimulator(faults)
	dir := filepath.Join(c.t.TempDir(), "reference")
	if out, err := c.command(c.sim.HTTP.Graph, dir).CombinedOutput(); err != nil {
		c.t.Fatalf("reference: %v\n%s", err, out)
	}
	return requestsOut(withoutTimes(c.t, dir))
}

// run cuts the audit c.kills times, lets it end, and compares the review with want.
func (c *chaos) run(want []byte) {
	t := c.t
	t.Helper()
	c.sim = c.startSimulator(c.faults)
	c.rec = newRecorder(t, c.sim.HTTP.Graph)
	c.dir = filepath.Join(t.TempDir(), "review")
	proxy := trap(t)
	c.env = []string{"HTTP_PROXY=" + proxy, "HTTPS_PROXY=" + proxy, "NO_PROXY="}
	c.stored = map[unit]int{}
	for c.killed < c.kills {
		if !c.cut() {
			// It ended before its cut: what follows needs a review to begin with.
			if err := os.RemoveAll(c.dir); err != nil {
				t.Fatal(err)
			}
			c.stored = map[unit]int{}
		}
	}
	const most = 12
	for n := 0; ; n++ {
		code, errs := c.end()
		if code == exitOK && whole(t, c.dir) {
			break
		}
		if n == most {
			t.Fatalf("faults %v: not whole after %d more runs: exit %d\n%s\n%s", c.faults, n, code, errs, gapsOf(t, c.dir))
		}
		if code != exitOK && code != exitFailed {
			t.Fatalf("faults %v: exit %d\n%s", c.faults, code, errs)
		}
	}
	sameBytes(t, fmt.Sprintf("the review after %d cuts under %v", c.killed, c.faults), requestsOut(withoutTimes(t, c.dir)), want)
	c.askedTwice()
	for _, f := range c.rec.faults {
		t.Errorf("asked: %s", f)
	}
	if c.runs < c.kills {
		t.Errorf("%d runs for %d cuts", c.runs, c.kills)
	}
}

// cut starts the program and kills it at a random instant: at the n-th request, or, where all
// has been asked, while it judges and writes. false: it ended before.
func (c *chaos) cut() bool {
	t := c.t
	t.Helper()
	at := 1 + c.rnd.IntN(c.reach)
	if c.rnd.IntN(4) == 0 {
		at = 1 + c.rnd.IntN(30) // while it looks at what can be read
	}
	c.rec.ringAt(at)
	cmd := c.command(c.rec.srv.URL, c.dir)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c.runs++
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	// After the last request there is no bell: then the clock decides when.
	late := time.NewTimer(time.Duration(2000+c.rnd.IntN(4000)) * time.Millisecond)
	defer late.Stop()
	finished := false
	select {
	case <-c.rec.bell:
		time.Sleep(time.Duration(c.rnd.IntN(3000)) * time.Microsecond)
	case <-late.C:
		c.late++
	case <-ended:
		finished = true
	}
	if !finished {
		_ = cmd.Process.Kill()
		<-ended
		c.killed++
	}
	c.look(c.rec.count(t))
	if finished && cmd.ProcessState.ExitCode() != exitOK && cmd.ProcessState.ExitCode() != exitFailed {
		t.Fatalf("faults %v: exit %d\n%s", c.faults, cmd.ProcessState.ExitCode(), errs.String())
	}
	return !finished || !whole(t, c.dir)
}

// end lets the program run to its end.
func (c *chaos) end() (int, string) {
	c.t.Helper()
	c.rec.ringAt(0)
	cmd := c.command(c.rec.srv.URL, c.dir)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Run(); cmd.ProcessState == nil {
		c.t.Fatal(err)
	}
	c.runs++
	c.look(c.rec.count(c.t))
	return cmd.ProcessState.ExitCode(), errs.String()
}

// look reads the ledger from a copy of the snapshot, log of changes included, and notes what
// is stored and had not been before.
func (c *chaos) look(asked int) {
	t := c.t
	t.Helper()
	copied := filepath.Join(t.TempDir(), "copy.db")
	for _, suffix := range []string{"", "-wal"} {
		raw, err := os.ReadFile(filepath.Join(c.dir, "snapshot.db"+suffix))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(copied+suffix, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(copied); err != nil || info.Size() == 0 {
		if len(c.stored) > 0 {
			t.Fatalf("the snapshot is gone; it held %d units", len(c.stored))
		}
		return
	}
	db, err := sql.Open("sqlite", copied)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), `SELECT source, key FROM unit WHERE state = 'complete'`)
	if err != nil {
		if len(c.stored) == 0 && strings.Contains(err.Error(), "no such table") {
			return // cut before its tables were made
		}
		t.Fatal(err)
	}
	defer rows.Close()
	now := map[unit]bool{}
	for rows.Next() {
		var u unit
		if err := rows.Scan(&u.source, &u.key); err != nil {
			t.Fatal(err)
		}
		now[u] = true
		if _, known := c.stored[u]; !known {
			c.stored[u] = asked
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for u := range c.stored {
		if !now[u] {
			t.Errorf("%s %q was stored, and is not any more", u.source, u.key)
		}
	}
}

// askedTwice fails on questions about what had been stored in an earlier run.
func (c *chaos) askedTwice() {
	t := c.t
	t.Helper()
	faults, known := 0, map[unit]bool{}
	for i, q := range c.rec.asked {
		u, ok := unitOf(q)
		if !ok {
			continue
		}
		if _, stored := c.stored[u]; stored {
			known[u] = true
		}
		if at, stored := c.stored[u]; stored && i >= at {
			if faults++; faults <= 12 {
				t.Errorf("request %d asks for %s %q again (%+v), which was stored at request %d", i, u.source, u.key, q, at)
			}
		}
	}
	if faults > 12 {
		t.Errorf("%d questions about what was stored", faults)
	}
	if least := 4 * c.mailboxes; len(known) < least {
		t.Errorf("only %d units of the ledger were seen to be asked for, want %d and more: this test does not see what it should", len(known), least)
	}
}

// unitOf says which unit of the ledger a question reads; false for what is asked on the way:
// the preflight's trials of one object, and lists that several units are made of.
func unitOf(q question) (unit, bool) {
	switch q.what {
	case "Get-MailboxPermission", "Get-MailboxFolderStatistics":
		return unit{"exo/" + q.what, q.of}, q.of != ""
	case "Get-MailboxFolderPermission":
		box, _, _ := strings.Cut(q.of, ":")
		return unit{"exo/" + q.what, box}, true
	case "Get-InboxRule":
		if strings.Contains(q.all, "IncludeHidden") {
			return unit{"exo/Get-InboxRule", q.of}, true
		}
		return unit{"exo/Get-InboxRule.visible", q.of}, true
	case "Get-RecipientPermission", "Get-Recipient", "Get-TransportRule", "Get-RemoteDomain", "Get-OrganizationConfig", "Get-CASMailbox":
		return unit{"exo/" + q.what, ""}, q.of == ""
	}
	parts := strings.Split(q.what, "/")
	if len(parts) == 5 && parts[2] == "groups" && parts[4] == "transitiveMembers" {
		return unit{"graph/groupMembers", parts[3]}, true
	}
	if len(parts) == 5 && parts[2] == "servicePrincipals" && parts[4] == "owners" {
		return unit{"graph/servicePrincipalOwners", parts[3]}, true
	}
	if len(parts) == 3 && slices.Contains([]string{"oauth2PermissionGrants", "users", "groups", "subscribedSkus"}, parts[2]) {
		return unit{"graph/" + parts[2], ""}, true
	}
	return unit{}, false
}

// whole says whether a review was written and no dataset has a gap.
func whole(t *testing.T, dir string) bool {
	t.Helper()
	if _, err := os.Stat(filepath.Join(dir, "manifest.json")); err != nil {
		return false
	}
	return gapsOf(t, dir) == ""
}

func gapsOf(t *testing.T, dir string) string {
	t.Helper()
	if _, err := os.Stat(filepath.Join(dir, "report.json")); err != nil {
		return "no review"
	}
	var b strings.Builder
	for _, c := range readReport(t, dir).Coverage {
		if c.State != "complete" {
			fmt.Fprintf(&b, "%s is %s: %v\n", c.Dataset, c.State, c.Reasons)
		}
	}
	return b.String()
}

// chaosFaults is every fault that a run, or the next one, gets over. The numbers make each
// hit a few times in a run over 2,000 mailboxes, so that waiting does not fill the day.
var chaosFaults = []string{
	"throttle429:401", "throttle429-fractional:301", "throttle-noheader:499", "concurrency:401", "busy503:499", "proxy400:1997", "reset:333", "cutbody:97",
	"htmlproxy:389", "empty204", "nonterminating", "nullvalue", "slowbody:97", "slowcmdlet:997", "batchitem429:2003", "batchmissing:151", "batchshuffle",
	"expiredpage", "truncated", "nextlinkloop", "foreignlink", "redirect", "mailboxfault@51*40", "mailboxthrottled@77*5",
	"graph429:89", "graph429-noheader:199", "graph503:89", "graph502html:97", "graphexpiredpage", "graphemptypage", "tokenexpired", "cae",
}

// Every fault of the simulator is in the list, or has its reason not to be.
func TestChaosKnowsEveryFault(t *testing.T) {
	elsewhere := map[string]string{
		faketenant.FaultMailboxGone:     "the review is another one; TestChaosOfEverything compares with that",
		faketenant.FaultGraphConsent:    "is for good: TestConsentRemovedInTheMiddleOfARun",
		faketenant.FaultExchangeConsent: "is for good: TestConsentRemovedInTheMiddleOfARun",
	}
	var have []string
	for _, f := range chaosFaults {
		have = append(have, f[:len(f)-len(strings.TrimLeft(f, "abcdefghijklmnopqrstuvwxyz0123456789-"))])
	}
	for _, name := range faketenant.FaultNames() {
		if elsewhere[name] == "" && !slices.Contains(have, name) {
			t.Errorf("no cut is tried under the fault %s", name)
		}
	}
}

// An audit that is killed twenty times goes on where it was, whatever the services do meanwhile.
func TestChaos(t *testing.T) {
	c := &chaos{t: t, rnd: rand.New(rand.NewPCG(20, 11)), mailboxes: 2000, seed: 9, kills: 20, reach: 400,
		faults: []string{"throttle429-fractional:301", "reset:333", "cutbody:97", "batchmissing:151", "batchitem429:2003", "graph503:89", "htmlproxy:389", "expiredpage", "foreignlink"}}
	c.run(c.reference())
	t.Log(c)
}

func (c *chaos) String() string {
	return fmt.Sprintf("%v: %d cuts (%d by the clock), %d runs, %d questions", c.faults, c.killed, c.late, c.runs, len(c.rec.asked))
}

// make chaos: every fault alone, in pairs and all together. TENANTAUDIT_CHAOS is the seed, or "1".
func TestChaosOfEverything(t *testing.T) {
	seed, err := strconv.ParseUint(os.Getenv("TENANTAUDIT_CHAOS"), 10, 64)
	if err != nil {
		t.Skip("hundreds of cuts take most of an hour: make chaos runs them")
	}
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 11))
	with := func(t *testing.T, kills int, faults ...string) *chaos {
		return &chaos{t: t, rnd: rand.New(rand.NewPCG(rnd.Uint64(), 11)), mailboxes: 2000, seed: 9, kills: kills, reach: 500, faults: faults}
	}
	first := with(t, 0)
	want := first.reference()
	total := 0
	try := func(want []byte, kills int, faults ...string) {
		name := strings.Join(faults, "+")
		if len(faults) > 2 {
			name = "all"
		}
		t.Run(cmp.Or(name, "none"), func(t *testing.T) {
			c := with(t, kills, faults...)
			c.run(want)
			t.Log(c)
			total += c.killed
		})
	}
	try(want, 20)
	for _, f := range chaosFaults {
		try(want, 3, f)
	}
	for range 12 {
		two := rnd.Perm(len(chaosFaults))[:2]
		try(want, 3, chaosFaults[two[0]], chaosFaults[two[1]])
	}
	try(want, 60, chaosFaults...)
	gone := with(t, 0)
	try(gone.reference("mailboxgone@51"), 5, "mailboxgone@51")
	if t.Logf("%d cuts", total); total < 200 {
		t.Errorf("%d cuts, want 200 at least", total)
	}
}
