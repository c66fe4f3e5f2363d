package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"tenantaudit/internal/faketenant"
)

// A disk that is full ends the run with words; with room again the same folder goes on, and
// the review is that of a run that always had room.
func TestAFullDiskCostsNothingStored(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("makes a small file system of its own, which needs Linux")
	}
	if out, err := exec.CommandContext(t.Context(), "unshare", "--mount", "--map-root-user", "mount", "-t", "tmpfs", "-o", "size=1m", "none", t.TempDir()).CombinedOutput(); err != nil {
		t.Skipf("no small file system can be made here: %v: %s", err, out)
	}
	tenant, url := simulator(t, faketenant.Options{Mailboxes: 400, Seed: 3})
	withTokens(t, tenant)
	whole := filepath.Join(t.TempDir(), "whole")
	if code, _, errs := tenantaudit(t, t.Context(), auditArgs(tenant, url, whole)...); code != exitOK {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	small := t.TempDir()
	args := strings.Join(auditArgs(tenant, url, filepath.Join(small, "review")), " ")
	before := tenant.Stats().Invocations
	kept := filepath.Join(t.TempDir(), "kept")
	script := fmt.Sprintf(`set -u
mount -t tmpfs -o size=1500k none %[1]s
for size in 1500k 2500k 3500k 100m; do
	mount -o remount,size=$size %[1]s
	echo "room $size" >&2
	%[2]s %[3]s
	echo "exit $?" >&2
done
mkdir %[4]s && cp %[1]s/review/report.json %[1]s/review/manifest.json %[4]s`, small, shipped(t), args, kept)
	cmd := exec.CommandContext(t.Context(), "unshare", "--mount", "--map-root-user", "sh", "-c", script)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	t.Log(errs.String())
	runs := strings.Split(errs.String(), "room ")[1:]
	for i, run := range runs {
		full := !strings.HasSuffix(strings.TrimSpace(run), "exit 0")
		if i == len(runs)-1 {
			if full {
				t.Errorf("with room: %s", run)
			}
			continue
		}
		if i == 0 && !full {
			t.Errorf("the first file system was large enough: this test tests nothing")
		}
		if full && !strings.Contains(run, "full") && !strings.Contains(run, "no space") {
			t.Errorf("no word about the disk: %s", run)
		}
		if strings.Contains(run, "panic") || strings.Contains(run, "goroutine") {
			t.Errorf("a panic: %s", run)
		}
	}
	if _, err := os.Stat(filepath.Join(kept, "manifest.json")); err != nil {
		t.Fatal(err)
	}
	sameBytes(t, "the review", requestsOut(withoutTimes(t, kept)), requestsOut(withoutTimes(t, whole)))
	if got, most := tenant.Stats().Invocations-before, before+before/2; got > most {
		t.Errorf("%d invocations with a full disk on the way, %d without: stored units were read again", got, before)
	}
}
