// Command tenantaudit reviews the security posture of a Microsoft 365, Exchange
// Online and Entra ID tenant. It only reads.
//
// This package is flags, wiring and exit codes: one file per command, no tenant
// logic. stdout carries what was asked for, stderr everything else.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"unicode"

	"tenantaudit/internal/auth"
	"tenantaudit/internal/collect"
)

// version is set by the release build.
var version = "dev"

// The exit codes of every command.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitFindings    = 3
	exitCoverage    = 4
	exitInterrupted = 130
)

// exitError ends the program with a code. An empty text prints nothing: everything
// was said already.
type exitError struct {
	code int
	text string
}

func (e *exitError) Error() string { return e.text }

// usageError is bad input: one line that names what is wrong and what to do.
func usageError(format string, a ...any) error {
	return &exitError{code: exitUsage, text: fmt.Sprintf(format, a...)}
}

func main() {
	debug.SetGCPercent(garbage)
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel(collect.ErrInterrupted)
		<-signals // twice: leave at once; the store survives it
		os.Exit(exitInterrupted)
	}()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// garbage is how much may pile up before memory is cleared, in percent of what is in use: less
// than Go's own 100, for some processor time. A review runs beside the browser and the
// spreadsheet of the person who waits for it.
const garbage = 50

// run is the whole program: it returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	// Progress, logs and the word about an interrupt come from several goroutines. A file takes
	// them as they come, and has to stay one for those who ask whether it is a terminal.
	if _, file := stderr.(*os.File); !file {
		stderr = &oneAtATime{w: stderr}
	}
	a := &app{streams: &streams{in: stdin, out: stdout, err: stderr}}
	cmd := newRoot(a)
	cmd.SetArgs(args)
	cmd.SetIn(stdin)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	err := cmd.ExecuteContext(ctx)
	if perr := a.profile.end(); err == nil {
		err = perr
	}
	if err == nil {
		return exitOK
	}
	code, text := exitFailed, err.Error()
	var exit *exitError
	switch {
	case errors.As(err, &exit):
		code, text = exit.code, exit.text
	case errors.Is(err, auth.ErrUsage):
		code, text = exitUsage, strings.TrimPrefix(text, auth.ErrUsage.Error()+": ")
	case errors.Is(err, collect.ErrInterrupted) || errors.Is(context.Cause(ctx), collect.ErrInterrupted):
		code, text = exitInterrupted, "interrupted"
	}
	if text != "" {
		fmt.Fprintln(stderr, "tenantaudit: "+safe(text))
	}
	return code
}

// oneAtATime is a writer for several goroutines.
type oneAtATime struct {
	mu sync.Mutex
	w  io.Writer
}

func (o *oneAtATime) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.w.Write(p)
}

// streams are the three streams of the process.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// safe keeps text of others from commanding the terminal: what does not print is
// shown as its number. Line feeds stay. Bytes that are no UTF-8 become U+FFFD: a
// terminal may obey some of them.
func safe(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	clean := true
	for _, r := range s {
		if !unicode.IsPrint(r) && r != '\n' {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) || r == '\n' {
			b.WriteRune(r)
			continue
		}
		fmt.Fprintf(&b, "<U+%04X>", r)
	}
	return b.String()
}
