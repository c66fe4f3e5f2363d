// Command benchmark measures a whole audit against the simulator: requests per mailbox,
// mailboxes per second, processor time per mailbox by stage, peak memory by stage and the
// size of the snapshot, beside a client that asks mailbox by mailbox with four calls one
// after the other, as scripts do. Both run against the same simulator, so the ratio holds
// on any machine.
//
// It starts the built binary as its users do, in processes of its own. What a service
// that takes its time and allows so many requests makes of it is measured in simulated
// time by the test beside it.
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
	"slices"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"tenantaudit/internal/transport"
)

func main() {
	bin := flag.String("bin", "bin/tenantaudit", "the built program")
	sizes := flag.String("mailboxes", "10000,100000", "tenant sizes")
	latency := flag.Duration("latency", 0, "time before every answer")
	apps := flag.Int("service-principals", 60_000, "applications of the directory that is measured by itself; 0 for none")
	sample := flag.Int("baseline", 200, "mailboxes that the baseline client asks about")
	profiles := flag.String("profiles", "", "folder for the profiles of processor and memory; none without it")
	flag.Parse()
	err := bench(context.Background(), *bin, *sizes, *latency, *sample, *profiles)
	if err == nil && *apps > 0 {
		err = directory(context.Background(), *bin, *apps)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchmark:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, bin, sizes string, latency time.Duration, sample int, profiles string) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	begin := func(title string) { fmt.Fprintf(w, "\n%s\n", title) }
	fmt.Fprintf(w, "start of the program\t%s\n", strings.Join(startUp(ctx, bin), ", "))
	var all []result
	begin(fmt.Sprintf("whole audit, %s before every answer\nMAILBOXES\tWALL\tMAILBOXES/S\tREQUESTS/MAILBOX\tSNAPSHOT\tREVIEW\tCOLLECTED/S\tBASELINE/S\tRATIO\tBASELINE REQUESTS/MAILBOX", latency))
	for _, s := range strings.Split(sizes, ",") {
		n, err := strconv.Atoi(s)
		if err != nil {
			return fmt.Errorf("-mailboxes %q: %w", s, err)
		}
		r, err := one(ctx, bin, n, latency, min(sample, n), profiles)
		if err != nil {
			return fmt.Errorf("%d mailboxes: %w", n, err)
		}
		all = append(all, r)
		fmt.Fprintf(w, "%d\t%s\t%.0f\t%.3f\t%d MB\t%d MB\t%.0f\t%.0f\t%.1fx\t%.1f\n", n, r.wall.Round(time.Second), float64(n)/r.wall.Seconds(), float64(r.requests)/float64(n),
			r.snapshot/1e6, r.review/1e6, r.collectedPerSecond, r.basePerSecond, r.collectedPerSecond/r.basePerSecond, r.baseRequests)
		if err := w.Flush(); err != nil {
			return err
		}
	}
	begin("by stage\nMAILBOXES\tSTAGE\tWALL\tCPU\tCPU/MAILBOX\tPEAK MEMORY\tOF THE SMALLEST TENANT'S")
	for _, r := range all {
		for i, s := range r.stages {
			fmt.Fprintf(w, "%d\t%s\t%.1f s\t%.1f s\t%.2f ms\t%d MiB\t%.2fx\n", r.mailboxes, s.Name, s.Wall, s.CPU, 1000*s.CPU/float64(r.mailboxes), s.Memory>>20,
				float64(s.Memory)/float64(all[0].stages[i].Memory))
		}
	}
	return w.Flush()
}

// startUp is how long the commands take that read nothing, the median of eleven.
func startUp(ctx context.Context, bin string) []string {
	var out []string
	for _, args := range [][]string{{"--help"}, {"checks", "list"}, {"completion", "bash"}} {
		var took []time.Duration
		for range 11 {
			began := time.Now()
			if err := exec.CommandContext(ctx, bin, args...).Run(); err != nil {
				return append(out, err.Error())
			}
			took = append(took, time.Since(began))
		}
		slices.Sort(took)
		out = append(out, fmt.Sprintf("%s %s", strings.Join(args, " "), took[len(took)/2].Round(time.Millisecond)))
	}
	return out
}

type result struct {
	mailboxes                   int
	wall                        time.Duration
	requests, graph             int64
	snapshot, review            int64 // bytes
	stages                      []stage
	collectedPerSecond          float64
	basePerSecond, baseRequests float64
}

// stage is what the program says of a stage (--profile).
type stage struct {
	Name   string
	Wall   float64
	CPU    float64
	Memory int64
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

// directory measures what a directory of many applications takes, each with a consent and half of
// them with a permission.
func directory(ctx context.Context, bin string, apps int) (err error) {
	e, stop, err := simulate(ctx, bin, "--mailboxes", "60", "--service-principals", strconv.Itoa(apps))
	if err != nil {
		return err
	}
	defer stop()
	dir, err := os.MkdirTemp("", "tenantaudit-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r := result{mailboxes: 60}
	if err := audit(ctx, bin, e, dir, filepath.Join(dir, "profile"), &r); err != nil {
		return err
	}
	fmt.Fprintf(os.Stdout, "\n%d service principals with consents and permissions: %d requests of Graph, %.4f for each; whole audit %s\n", apps, r.graph, float64(r.graph)/float64(apps), r.wall.Round(time.Second))
	for _, s := range r.stages {
		fmt.Fprintf(os.Stdout, "  %s %.1f s, %.1f s of processor time, %d MiB\n", s.Name, s.Wall, s.CPU, s.Memory>>20)
	}
	return nil
}

// simulate starts the simulator; stop ends it.
func simulate(ctx context.Context, bin string, args ...string) (e endpoints, stop func(), err error) {
	sim := exec.CommandContext(ctx, bin, append([]string{"simulate"}, args...)...)
	sim.Stderr = os.Stderr
	out, err := sim.StdoutPipe()
	if err != nil {
		return e, nil, err
	}
	if err := sim.Start(); err != nil {
		return e, nil, err
	}
	stop = func() {
		// It ends by the signal, which is how it is meant to end.
		_ = sim.Process.Signal(syscall.SIGTERM)
		_ = sim.Wait()
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &e)
	}
	if err != nil {
		stop()
		return e, nil, fmt.Errorf("simulator said nothing of use: %w", err)
	}
	return e, stop, nil
}

func one(ctx context.Context, bin string, n int, latency time.Duration, sample int, profiles string) (r result, err error) {
	r.mailboxes = n
	e, stop, err := simulate(ctx, bin, "--mailboxes", strconv.Itoa(n), "--latency", latency.String())
	if err != nil {
		return r, err
	}
	defer stop()
	dir, err := os.MkdirTemp("", "tenantaudit-bench-")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	measured := filepath.Join(dir, "profile")
	if profiles != "" {
		measured = filepath.Join(profiles, strconv.Itoa(n))
	}
	if err := audit(ctx, bin, e, dir, measured, &r); err != nil {
		return r, err
	}
	return r, baseline(ctx, e, dir, sample, &r)
}

func audit(ctx context.Context, bin string, e endpoints, dir, measured string, r *result) error {
	review := filepath.Join(dir, "review")
	cmd := exec.CommandContext(ctx, bin, "audit", "--tenant", e.TenantID, "--auth", "token", "--graph-url", e.HTTP.Graph, "--exchange-url", e.HTTP.Exchange,
		"--out", review, "--no-progress", "--quiet", "--profile", measured)
	cmd.Env = append(os.Environ(), "TENANTAUDIT_GRAPH_TOKEN="+e.Tokens["graph"], "TENANTAUDIT_EXCHANGE_TOKEN="+e.Tokens["exchange"])
	cmd.Stderr = os.Stderr
	begun := time.Now()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	r.wall = time.Since(begun)
	raw, err := os.ReadFile(filepath.Join(measured, "stages.json"))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, &r.stages); err != nil {
		return err
	}
	for _, s := range r.stages {
		if s.Name == "collect" {
			r.collectedPerSecond = float64(r.mailboxes) / s.Wall
		}
	}
	files, err := os.ReadDir(review)
	if err != nil {
		return err
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			return err
		}
		if r.review += info.Size(); f.Name() == "snapshot.db" {
			r.snapshot = info.Size()
			r.review -= info.Size()
		}
	}
	f, err := os.Open(filepath.Join(review, "report.json"))
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
		r.requests, r.graph = counts.Graph+counts.Exchange, counts.Graph
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
		if err := fourCalls(ctx, stack, m); err != nil {
			return err
		}
	}
	r.basePerSecond = float64(len(mailboxes)) / time.Since(begun).Seconds()
	r.baseRequests = float64(stack.Counters(transport.Exchange).Requests) / float64(len(mailboxes))
	return nil
}

// fourCalls asks about one mailbox as scripts do.
func fourCalls(ctx context.Context, stack *transport.Stack, mailbox string) error {
	for _, c := range []transport.Command{
		{Cmdlet: "Get-MailboxPermission", Parameters: map[string]any{"Identity": mailbox}},
		{Cmdlet: "Get-InboxRule", Parameters: map[string]any{"Mailbox": mailbox}},
		{Cmdlet: "Get-MailboxFolderStatistics", Parameters: map[string]any{"Identity": mailbox, "FolderScope": "Calendar"}},
		{Cmdlet: "Get-MailboxFolderStatistics", Parameters: map[string]any{"Identity": mailbox}},
	} {
		if _, err := stack.Invoke(ctx, nil, c, accept); err != nil {
			return fmt.Errorf("baseline: %w", err)
		}
	}
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

// addresses takes the first user mailboxes from the review, without reading all of it.
func addresses(report string, most int) ([]string, error) {
	f, err := os.Open(report)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	dec := json.NewDecoder(bufio.NewReaderSize(f, 1<<20))
	for inside := false; ; {
		t, err := dec.Token()
		if err != nil {
			return nil, fmt.Errorf("report.json has no mailboxes: %w", err)
		}
		if t == "datasets" {
			inside = true
		}
		if inside && t == "mailboxes" {
			break
		}
	}
	if _, err := dec.Token(); err != nil { // [
		return nil, err
	}
	var out []string
	for dec.More() && len(out) < most {
		var m struct {
			Mailbox              string
			RecipientTypeDetails string
			Inactive             bool
		}
		if err := dec.Decode(&m); err != nil {
			return nil, err
		}
		if m.RecipientTypeDetails == "UserMailbox" && !m.Inactive {
			out = append(out, m.Mailbox)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("no user mailbox in the review")
	}
	return out, nil
}
