package transport

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

const (
	dialTimeout   = 15 * time.Second
	pingAfter     = 30 * time.Second // silence on HTTP/2 before a ping
	maxErrorBody  = 64 << 10
	largeBody     = 4 << 20 // from here on a body takes one of the few large places
	largePlaces   = 3       // bounds the memory of all bodies that are being read
	minBodyRate   = 1 << 10 // bytes per second
	watchdogSteps = 6       // the watchdog looks this often per window
)

// What ends an attempt from our side.
var (
	errNoHeader = errors.New("no answer in time")
	errSlowBody = errors.New("the answer's body comes too slowly")
	errDamaged  = errors.New("damaged gzip")
)

// newTransport is the only http.Transport of the product.
func newTransport(roots *x509.CertPool) *http.Transport {
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy: func(r *http.Request) (*url.URL, error) {
			if isLoopback(r.URL.Hostname()) {
				return nil, nil
			}
			return http.ProxyFromEnvironment(r)
		},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if host, port, err := net.SplitHostPort(address); err == nil && underLocalhost(host) {
				address = net.JoinHostPort("127.0.0.1", port)
			}
			return dialer.DialContext(ctx, network, address)
		},
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    dialTimeout,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: dialTimeout},
		DisableCompression:     true, // bodies are unpacked by what they are, not by what they claim
		MaxIdleConnsPerHost:    64,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 256 << 10,
	}
}

// limits are the bounds of one attempt.
type limits struct {
	header time.Duration
	stall  time.Duration
	body   int64
	large  chan struct{}
	left   func() // called when the request leaves
}

// send makes one attempt and reads the answer to its end. An error means that no
// answer can be used; a Response with an error is an answer whose body broke off.
func send(ctx context.Context, rt http.RoundTripper, r *http.Request, e *errand, l limits) (*Response, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	// A sign-in may take minutes of a person's time, so the clock starts when the request leaves.
	var timer *time.Timer
	e.begin = func() {
		l.left()
		timer = time.AfterFunc(l.header, func() { cancel(errNoHeader) })
	}
	resp, err := rt.RoundTrip(r.WithContext(withErrand(ctx, e)))
	if timer != nil {
		timer.Stop()
	}
	if err != nil {
		return nil, own(ctx, err)
	}
	defer resp.Body.Close()

	answer := &Response{
		Service: e.service, Status: resp.StatusCode, Header: resp.Header,
		RequestID: resp.Header.Get("Request-Id"),
	}
	body, err := readBody(ctx, cancel, resp, l)
	answer.Body, answer.At = body, time.Now().UTC()
	return answer, own(ctx, err)
}

// own puts our own reason for ending an attempt in place of what it caused.
func own(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); errors.Is(cause, errNoHeader) || errors.Is(cause, errSlowBody) {
		return cause
	}
	return err
}

// readBody reads and unpacks a body. A failure's body is cut at a limit and kept as
// far as it can be read; any other body is whole or an error.
func readBody(ctx context.Context, cancel context.CancelCauseFunc, resp *http.Response, l limits) ([]byte, error) {
	watched := watch(resp.Body, l.stall, func() { cancel(errSlowBody) })
	defer watched.stop()
	if resp.StatusCode >= 400 {
		return readFailure(watched, resp)
	}
	raw, err := readWhole(ctx, watched, l)
	if err != nil {
		return nil, err
	}
	return unpack(raw, l.body)
}

func readFailure(r io.Reader, resp *http.Response) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxErrorBody))
	if plain, gzipErr := unpack(raw, maxErrorBody); gzipErr == nil || len(plain) > 0 {
		raw = plain
	}
	// Only a 400 is told apart by its text; for any other the status says enough.
	if err != nil && resp.StatusCode != http.StatusBadRequest {
		err = nil
	}
	return raw, err
}

func readWhole(ctx context.Context, r *watchdog, l limits) ([]byte, error) {
	var b bytes.Buffer
	_, err := io.Copy(&b, io.LimitReader(r, min(largeBody, l.body+1)))
	if err != nil {
		return nil, err
	}
	if int64(b.Len()) > l.body {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, l.body)
	}
	if b.Len() < largeBody {
		return b.Bytes(), nil
	}
	r.pause()
	select {
	case l.large <- struct{}{}:
		defer func() { <-l.large }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	r.resume()
	if _, err := io.Copy(&b, io.LimitReader(r, l.body+1-int64(b.Len()))); err != nil {
		return nil, err
	}
	if int64(b.Len()) > l.body {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, l.body)
	}
	return b.Bytes(), nil
}

// unpack undoes gzip where the bytes are gzip. The Content-Encoding header is not
// asked: the admin API sends refusals of NUL bytes that claim to be gzip.
func unpack(raw []byte, limit int64) ([]byte, error) {
	if len(raw) < 2 || raw[0] != 0x1f || raw[1] != 0x8b {
		return raw, nil
	}
	in := bytes.NewReader(raw)
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	z.Multistream(false)
	plain, err := io.ReadAll(io.LimitReader(z, limit+1))
	switch {
	case int64(len(plain)) > limit:
		return plain[:limit], fmt.Errorf("%w: more than %d bytes unpacked", ErrTooLarge, limit)
	case err != nil:
		return plain, fmt.Errorf("%w: %w", errDamaged, err)
	case in.Len() > 0:
		return plain, fmt.Errorf("%w: %d bytes follow its end", errDamaged, in.Len())
	}
	return plain, nil
}

// watchdog ends an attempt whose body drips: header timeouts do not see that.
type watchdog struct {
	io.Reader
	read   atomic.Int64
	paused atomic.Bool
	slow   func()
	least  int64 // bytes per window
	step   time.Duration

	mu      sync.Mutex
	timer   *time.Timer
	stopped bool
	seen    [watchdogSteps]int64 // bytes of the last steps
	steps   int
	before  int64
}

func watch(r io.Reader, window time.Duration, slow func()) *watchdog {
	w := &watchdog{Reader: r, slow: slow, step: window / watchdogSteps}
	w.least = int64(window.Seconds() * minBodyRate)
	w.mu.Lock()
	w.timer = time.AfterFunc(w.step, w.look)
	w.mu.Unlock()
	return w
}

func (w *watchdog) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	w.read.Add(int64(n))
	return n, err
}

func (w *watchdog) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return
	}
	now := w.read.Load()
	if w.paused.Load() {
		w.steps = 0
	} else {
		w.seen[w.steps%watchdogSteps] = now - w.before
		w.steps++
	}
	w.before = now
	if w.steps >= watchdogSteps {
		var sum int64
		for _, n := range w.seen {
			sum += n
		}
		if sum < w.least {
			w.slow()
			return
		}
	}
	w.timer.Reset(w.step)
}

func (w *watchdog) pause()  { w.paused.Store(true) }
func (w *watchdog) resume() { w.paused.Store(false) }

func (w *watchdog) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	w.timer.Stop()
}

// networkOutcome says what an attempt without an answer means.
func networkOutcome(host string, err error) Outcome {
	var (
		dns      *net.DNSError
		invalid  x509.CertificateInvalidError
		unknown  x509.UnknownAuthorityError
		name     x509.HostnameError
		roots    x509.SystemRootsError
		tlsCheck *tls.CertificateVerificationError
	)
	switch {
	case errors.Is(err, ErrTooLarge):
		return Outcome{Verdict: Invalid, Err: fmt.Errorf("%s: %w", host, err)}
	case errors.As(err, &unknown), errors.As(err, &invalid), errors.As(err, &name), errors.As(err, &roots), errors.As(err, &tlsCheck):
		return Outcome{Verdict: Invalid, Err: fmt.Errorf("certificate of %s: %s; if a proxy of yours inspects TLS, "+
			"add its CA to the system's trust store or name it in SSL_CERT_FILE", host, flat(err))}
	case errors.As(err, &dns) && dns.IsNotFound:
		return Outcome{Verdict: Transient, MaxTries: 2, Err: fmt.Errorf("host %s is unknown; check the name and the network's DNS", host)}
	case errors.Is(err, errNoHeader), errors.Is(err, errSlowBody):
		return Outcome{Verdict: Transient, Err: fmt.Errorf("%s: %w", host, err)}
	case errors.Is(err, errDamaged), errors.Is(err, gzip.ErrChecksum):
		return Outcome{Verdict: Transient, MaxTries: damagedTries, Err: fmt.Errorf("%s: damaged answer: %s", host, flat(err))}
	}
	return Outcome{Verdict: Transient, Err: fmt.Errorf("%s: %s", host, flat(err))}
}

// flat is the text of a network error. Its chain is dropped on purpose: a dial that
// timed out would otherwise count as the context's deadline.
func flat(err error) string { return escape(Redact(err.Error())) }
