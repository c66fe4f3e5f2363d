// Command benchmark measures a whole audit against the simulator: requests and
// cmdlet invocations per mailbox, mailboxes per second and peak memory, beside a
// client that asks mailbox by mailbox with four calls one after the other, as
// scripts do. Both run against the same simulator with the same latency, so the
// ratio holds on any machine.
//
// It starts the built binary as its users do, in processes of its own.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"tenantaudit/internal/transport"
)

func main() {
	bin := flag.String("bin", "bin/tenantaudit", "the built program")
	sizes := flag.String("mailboxes", "1000,5000", "tenant sizes")
	latency := flag.Duration("latency", 50*time.Millisecond, "time before every answer")
	sample := flag.Int("baseline", 40, "mailboxes that the baseline client asks about")
	flag.Parse()
	if err := bench(context.Background(), *bin, *sizes, *latency, *sample); err != nil {
		fmt.Fprintln(os.Stderr, "benchmark:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, bin, sizes string, latency time.Duration, sample int) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintf(w, "latency %s a request\nMAILBOXES\tWALL\tMAILBOXES/S\tREQUESTS\tREQUESTS/MAILBOX\tPEAK MEMORY\tBASELINE MAILBOXES/S\tRATIO\tBASELINE REQUESTS/MAILBOX\n", latency)
	for _, s := range strings.Split(sizes, ",") {
		n, err := strconv.Atoi(s)
		if err != nil {
			return fmt.Errorf("-mailboxes %q: %w", s, err)
		}
		r, err := one(ctx, bin, n, latency, min(sample, n))
		if err != nil {
			return fmt.Errorf("%d mailboxes: %w", n, err)
		}
		perSecond := float64(n) / r.wall.Seconds()
		fmt.Fprintf(w, "%d\t%s\t%.1f\t%d\t%.3f\t%d MiB\t%.2f\t%.1fx\t%.1f\n", n, r.wall.Round(100*time.Millisecond), perSecond, r.requests,
			float64(r.requests)/float64(n), r.peak>>20, r.basePerSecond, perSecond/r.basePerSecond, r.baseRequests)
		if err := w.Flush(); err != nil {
			return err
		}
	}
	return nil
}

type result struct {
	wall                        time.Duration
	requests                    int64
	peak                        int64 // bytes
	basePerSecond, baseRequests float64
}

// endpoints is what simulate prints, as far as it is needed here.
type endpoints struct {
	TenantID string `json:"tenantId"`
	HTTP     struct {
		Graph    string `json:"graph"`
		Exchange string `json:"exchange"`
	} `json:"http"`
	Tokens map[string]string `json:"tokens"`
}

func one(ctx context.Context, bin string, n int, latency time.Duration, sample int) (r result, err error) {
	sim := exec.CommandContext(ctx, bin, "simulate", "--mailboxes", strconv.Itoa(n), "--latency", latency.String())
	sim.Stderr = os.Stderr
	out, err := sim.StdoutPipe()
	if err != nil {
		return r, err
	}
	if err := sim.Start(); err != nil {
		return r, err
	}
	defer func() {
		// It ends by the signal, which is how it is meant to end.
		_ = sim.Process.Signal(syscall.SIGTERM)
		_ = sim.Wait()
	}()
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		return r, fmt.Errorf("simulator said nothing: %w", err)
	}
	var e endpoints
	if err := json.Unmarshal(line, &e); err != nil {
		return r, err
	}
	dir, err := os.MkdirTemp("", "tenantaudit-bench-")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := audit(ctx, bin, e, dir, &r); err != nil {
		return r, err
	}
	return r, baseline(ctx, e, dir, sample, &r)
}

func audit(ctx context.Context, bin string, e endpoints, dir string, r *result) error {
	cmd := exec.CommandContext(ctx, bin, "audit", "--tenant", e.TenantID, "--auth", "token", "--graph-url", e.HTTP.Graph, "--exchange-url", e.HTTP.Exchange,
		"--out", filepath.Join(dir, "review"), "--no-progress")
	cmd.Env = append(os.Environ(), "TENANTAUDIT_GRAPH_TOKEN="+e.Tokens["graph"], "TENANTAUDIT_EXCHANGE_TOKEN="+e.Tokens["exchange"])
	cmd.Stderr = os.Stderr
	begun := time.Now()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	r.wall = time.Since(begun)
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		r.peak = usage.Maxrss << 10
	}
	f, err := os.Open(filepath.Join(dir, "review", "report.json"))
	if err != nil {
		return err
	}
	defer f.Close()
	return readRequests(f, r)
}

// readRequests takes the counts from the head of report.json without reading the rows.
func readRequests(f *os.File, r *result) error {
	dec := json.NewDecoder(f)
	for {
		t, err := dec.Token()
		if err != nil {
			return fmt.Errorf("report.json has no request counts: %w", err)
		}
		if t != "requests" {
			continue
		}
		var counts struct{ Graph, Exchange int64 }
		if err := dec.Decode(&counts); err != nil {
			return err
		}
		r.requests = counts.Graph + counts.Exchange
		return nil
	}
}

// baseline asks about a sample of mailboxes: Full Access, inbox rules, calendar
// folder, its permissions, each call after the other.
func baseline(ctx context.Context, e endpoints, dir string, sample int, r *result) error {
	mailboxes, err := addresses(filepath.Join(dir, "review", "report.json"), sample)
	if err != nil {
		return err
	}
	base, err := url.Parse(e.HTTP.Exchange)
	if err != nil {
		return err
	}
	endpoint := transport.Endpoint{Base: base, Scope: "exchange"}
	stack, err := transport.New(transport.Config{Tenant: e.TenantID, Graph: endpoint, Exchange: endpoint, Tokens: tokens(e.Tokens["exchange"]), Policy: transport.LoopbackPolicy()})
	if err != nil {
		return err
	}
	defer stack.Close()
	begun := time.Now()
	for _, m := range mailboxes {
		for _, c := range []transport.Command{
			{Cmdlet: "Get-MailboxPermission", Parameters: map[string]any{"Identity": m}},
			{Cmdlet: "Get-InboxRule", Parameters: map[string]any{"Mailbox": m}},
			{Cmdlet: "Get-MailboxFolderStatistics", Parameters: map[string]any{"Identity": m, "FolderScope": "Calendar"}},
			{Cmdlet: "Get-MailboxFolderStatistics", Parameters: map[string]any{"Identity": m}},
		} {
			if _, err := stack.Invoke(ctx, nil, c, accept); err != nil {
				return fmt.Errorf("baseline: %w", err)
			}
		}
	}
	r.basePerSecond = float64(len(mailboxes)) / time.Since(begun).Seconds()
	r.baseRequests = float64(stack.Counters(transport.Exchange).Requests) / float64(len(mailboxes))
	return nil
}

func accept(r *transport.Response) transport.Outcome {
	if o, known := transport.Common(r); known {
		return o
	}
	if r.Status == http.StatusOK {
		return transport.Outcome{Verdict: transport.OK}
	}
	return transport.Outcome{Verdict: transport.Invalid, Err: fmt.Errorf("status %d", r.Status)}
}

type tokens string

func (t tokens) Token(context.Context, string, string) (transport.Token, error) {
	return transport.Token{Value: transport.Secret(t)}, nil
}

// addresses takes the first user mailboxes from the review.
func addresses(report string, most int) ([]string, error) {
	raw, err := os.ReadFile(report)
	if err != nil {
		return nil, err
	}
	var r struct {
		Datasets struct {
			Mailboxes []struct {
				Mailbox              string
				RecipientTypeDetails string
				Inactive             bool
			}
		}
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, err
	}
	var out []string
	for _, m := range r.Datasets.Mailboxes {
		if m.RecipientTypeDetails == "UserMailbox" && !m.Inactive && len(out) < most {
			out = append(out, m.Mailbox)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("no user mailbox in the review")
	}
	return out, nil
}
