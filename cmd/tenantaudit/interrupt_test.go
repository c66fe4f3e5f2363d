package main

import (
	"bufio"
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tenantaudit/internal/faketenant"
)

// heldRun is a run of the program whose requests wait at the recorder.
type heldRun struct {
	t      *testing.T
	cmd    *exec.Cmd
	lines  chan string
	mu     sync.Mutex
	stderr bytes.Buffer
}

// hold starts the program and waits until it has n requests behind it and others under way.
func hold(t *testing.T, rec *recorder, n int, args ...string) (h *heldRun, open func()) {
	t.Helper()
	rec.ringAt(n)
	h = &heldRun{t: t, cmd: exec.CommandContext(t.Context(), shipped(t), args...), lines: make(chan string, 1000)}
	pipe, err := h.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(h.lines)
		for in := bufio.NewScanner(pipe); in.Scan(); {
			h.mu.Lock()
			h.stderr.WriteString(in.Text() + "\n")
			h.mu.Unlock()
			h.lines <- in.Text()
		}
	}()
	<-rec.bell
	open = rec.close()
	// Whatever was let through is answered; what comes now stays.
	for len(rec.waiting()) == 0 {
		time.Sleep(time.Millisecond)
	}
	return h, open
}

// said waits for a line.
func (h *heldRun) said(text string) {
	h.t.Helper()
	for {
		select {
		case line, ok := <-h.lines:
			if !ok {
				h.t.Fatalf("the program never said %q: %s", text, h.all())
			}
			if strings.Contains(line, text) {
				return
			}
		case <-time.After(2 * time.Minute):
			h.t.Fatalf("the program does not say %q: %s", text, h.all())
		}
	}
}

func (h *heldRun) all() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.stderr.String()
}

// code waits for the end of the program.
func (h *heldRun) code() int {
	h.t.Helper()
	for range h.lines { // until it has said everything
	}
	if err := h.cmd.Wait(); h.cmd.ProcessState == nil {
		h.t.Fatal(err)
	}
	return h.cmd.ProcessState.ExitCode()
}

func (h *heldRun) signal(s os.Signal) {
	h.t.Helper()
	if err := h.cmd.Process.Signal(s); err != nil {
		h.t.Fatal(err)
	}
}

// waiting are the questions whose answers the recorder holds back.
func (r *recorder) waiting() map[question]bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.behind)
}

// One interrupt: what is under way is finished and stored, the command that goes on is printed, and works.
func TestAnInterruptFinishesWhatIsUnderWay(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			tenant, url := simulator(t, faketenant.Options{Mailboxes: 120, Seed: 3})
			withTokens(t, tenant)
			rec := newRecorder(t, url)
			whole := filepath.Join(t.TempDir(), "whole")
			if code, _, errs := tenantaudit(t, t.Context(), auditArgs(tenant, rec.srv.URL, whole)...); code != exitOK {
				t.Fatalf("exit %d\n%s", code, errs)
			}
			uncut := rec.count(t)
			dir := filepath.Join(t.TempDir(), "it's a review")
			h, open := hold(t, rec, 150, auditArgs(tenant, rec.srv.URL, dir, "--fail-on", "critical", "--require-coverage", "--checks", "audit,mail,delegation", "--audit-retention-days", "200", "--wide-reach", "7")...)
			under := rec.waiting()
			h.signal(signal)
			h.said("what is under way is finished first")
			open()
			if code := h.code(); code != exitInterrupted {
				t.Fatalf("exit %d, want 130\n%s", code, h.all())
			}
			asked := rec.count(t)
			resume := regexp.MustCompile(`(?m)^  (tenantaudit audit .*--resume)$`).FindStringSubmatch(h.all())
			if resume == nil {
				t.Fatalf("no command to go on with:\n%s", h.all())
			}
			for _, flag := range []string{"--format json", "--fail-on critical", "--require-coverage", "--checks audit,mail,delegation", "--audit-retention-days 200", "--wide-reach 7"} {
				if !strings.Contains(resume[1], flag) {
					t.Errorf("%s is not repeated: %s", flag, resume[1])
				}
			}
			// As a person would: the line as it stands, in a shell.
			sh := exec.CommandContext(t.Context(), "sh", "-c", resume[1])
			sh.Env = append(os.Environ(), "PATH="+filepath.Dir(shipped(t))+":"+os.Getenv("PATH"), "TENANTAUDIT_NO_PROGRESS=true")
			if out, err := sh.CombinedOutput(); sh.ProcessState == nil || sh.ProcessState.ExitCode() != exitFindings {
				t.Fatalf("%s: %v\n%s", resume[1], err, out)
			}
			rec.mu.Lock()
			again := slices.DeleteFunc(slices.Clone(rec.asked[asked:]), func(q question) bool {
				_, unit := unitOf(q)
				return !unit || !under[q]
			})
			rec.mu.Unlock()
			if len(again) > 0 {
				t.Errorf("%d questions that were under way were asked again: %+v", len(again), again)
			}
			if len(under) == 0 || uncut == 0 {
				t.Error("nothing was under way: this test sees nothing")
			}
			reference := filepath.Join(t.TempDir(), "reference")
			args := auditArgs(tenant, rec.srv.URL, reference, "--checks", "audit,mail,delegation", "--audit-retention-days", "200", "--wide-reach", "7")
			if code, _, errs := tenantaudit(t, t.Context(), args...); code != exitOK {
				t.Fatalf("exit %d\n%s", code, errs)
			}
			sameBytes(t, "the review of the resumed run", requestsOut(withoutTimes(t, dir)), requestsOut(withoutTimes(t, reference)))
		})
	}
}

// Two interrupts: the program leaves although answers are out, and the snapshot is good. While it
// runs, nobody else writes to its folder.
func TestTwoInterruptsLeaveAtOnce(t *testing.T) {
	tenant, url := simulator(t, faketenant.Options{Mailboxes: 60, Seed: 3})
	withTokens(t, tenant)
	rec := newRecorder(t, url)
	dir := filepath.Join(t.TempDir(), "review")
	h, open := hold(t, rec, 150, auditArgs(tenant, rec.srv.URL, dir)...)
	defer open()

	// The second run is answered: it does not come by the recorder.
	code, _, errs := tenantaudit(t, t.Context(), auditArgs(tenant, url, dir)...)
	if want := regexp.MustCompile(`in use by another run \(process ` + strconv.Itoa(h.cmd.Process.Pid) + ` on \S+ since 20`); code != exitUsage || !want.MatchString(errs) {
		t.Errorf("a second run: exit %d, %q; want 2 and who holds the folder", code, errs)
	}
	h.signal(os.Interrupt)
	h.said("what is under way is finished first")
	h.signal(os.Interrupt)
	if code := h.code(); code != exitInterrupted { // while the gate is still closed
		t.Errorf("exit %d, want 130\n%s", code, h.all())
	}
	open()
	if code, _, errs := tenantaudit(t, t.Context(), auditArgs(tenant, rec.srv.URL, dir)...); code != exitOK {
		t.Fatalf("the run that goes on: exit %d\n%s", code, errs)
	}

	// The lock dies with its process, however that ends.
	other := filepath.Join(t.TempDir(), "killed")
	h, open = hold(t, rec, 150, auditArgs(tenant, rec.srv.URL, other)...)
	defer open()
	h.signal(os.Kill)
	_ = h.code()
	open()
	if code, _, errs := tenantaudit(t, t.Context(), auditArgs(tenant, rec.srv.URL, other)...); code != exitOK {
		t.Fatalf("after a kill: exit %d\n%s", code, errs)
	}
	sameBytes(t, "the review after a kill", requestsOut(withoutTimes(t, other)), requestsOut(withoutTimes(t, dir)))
}
