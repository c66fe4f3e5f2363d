package transport

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// serviceError is what a caller decodes.
type serviceError struct{ Code string }

func (e *serviceError) Error() string { return e.Code }

// script answers with one reply after another and fails the test when asked once more.
func script(t testing.TB, replies ...func() (*http.Response, error)) roundTripper {
	var mu sync.Mutex
	return func(*http.Request) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		if len(replies) == 0 {
			t.Error("one request too many")
			return reply(500, ""), nil
		}
		next := replies[0]
		replies = replies[1:]
		return next()
	}
}

func answer(status int, body string, header ...string) func() (*http.Response, error) {
	return func() (*http.Response, error) { return reply(status, body, header...), nil }
}

func broken(err error) func() (*http.Response, error) {
	return func() (*http.Response, error) { return nil, err }
}

func TestOutcomes(t *testing.T) {
	ok := answer(200, `{"value":[]}`)
	html := answer(200, "<html><body>Blocked by \x1b[31mProxy</body></html>", "Content-Type", "text/html; charset=utf-8")
	reset := broken(&net.OpError{Op: "read", Err: errors.New("connection reset by peer")})
	unknownHost := broken(&net.DNSError{Err: "no such host", Name: "graph.microsoft.com", IsNotFound: true})
	tests := []struct {
		name     string
		replies  []func() (*http.Response, error)
		want     error
		attempts int
		text     string
	}{
		{"first answer", []func() (*http.Response, error){ok}, nil, 1, ""},
		{"503 twice", []func() (*http.Response, error){answer(503, ""), answer(503, ""), ok}, nil, 3, ""},
		{"each transient status", []func() (*http.Response, error){answer(408, ""), answer(500, ""), answer(502, "<p>"), answer(504, ""), ok}, nil, 5, ""},
		{"reset", []func() (*http.Response, error){reset, reset, ok}, nil, 3, ""},
		{"six failures", []func() (*http.Response, error){reset, reset, reset, reset, reset, reset}, ErrService, 6, "connection reset by peer"},
		{"unknown host twice", []func() (*http.Response, error){unknownHost, unknownHost}, ErrService, 2, "host graph.microsoft.com is unknown"},
		{"HTML three times", []func() (*http.Response, error){html, html, html}, ErrService, 3, `a proxy answered: status 200, text/html: <html><body>Blocked by \x1b[31mProxy</body></html>`},
		{"two documents", []func() (*http.Response, error){answer(200, "{}{}"), ok}, nil, 2, ""},
		{"empty 200", []func() (*http.Response, error){answer(200, ""), answer(200, ""), answer(200, "")}, ErrService, 3, "empty body"},
		{"204", []func() (*http.Response, error){answer(204, "")}, nil, 1, ""},
		{"403", []func() (*http.Response, error){answer(403, `{"error":{"code":"x"}}`)}, ErrDenied, 1, "status 403"},
		{"404", []func() (*http.Response, error){answer(404, "")}, ErrMissing, 1, "not found"},
		{"400", []func() (*http.Response, error){answer(400, "no")}, ErrInvalid, 1, "no"},
		{"405", []func() (*http.Response, error){answer(405, "")}, ErrInvalid, 1, "405"},
		{"redirect", []func() (*http.Response, error){answer(302, "", "Location", "https://evil.example/path?secret=x")}, ErrGuard, 1, "redirect to host evil.example"},
		{"redirect to the region outside the preflight", []func() (*http.Response, error){answer(307, "", "Location", "https://eur01.outlook.office365.com/")}, ErrGuard, 1, "eur01.outlook.office365.com"},
		{"not modified", []func() (*http.Response, error){answer(304, "")}, ErrGuard, 1, "no host"},
		{"429 then an answer", []func() (*http.Response, error){answer(429, "", "Retry-After", "3"), ok}, nil, 2, ""},
		{"503 with a time", []func() (*http.Response, error){answer(503, "", "Retry-After", "3"), ok}, nil, 2, ""},
		{"longer than a call may wait", []func() (*http.Response, error){answer(429, "", "Retry-After", "1860")}, ErrThrottled, 1, "closed until"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				left := len(tt.replies)
				service := script(t, tt.replies...)
				s := stack(t, cloud(t), func(r *http.Request) (*http.Response, error) { left--; return service(r) })
				resp, err := s.Get(t.Context(), getUsers(t))
				if left != 0 {
					t.Errorf("%d answers were not asked for", left)
				}
				if tt.want == nil {
					if err != nil || resp.Attempts != tt.attempts {
						t.Fatalf("answer %+v, error %v; want %d attempts", resp, err, tt.attempts)
					}
					return
				}
				var f *Failure
				if !errors.Is(err, tt.want) || !errors.As(err, &f) {
					t.Fatalf("error = %v, want %v", err, tt.want)
				}
				if f.Attempts != tt.attempts || !strings.Contains(err.Error(), tt.text) {
					t.Errorf("%d attempts, error %q; want %d and %q", f.Attempts, err, tt.attempts, tt.text)
				}
				for _, other := range []error{ErrDenied, ErrMissing, ErrUnavailable, ErrThrottled, ErrRestart, ErrService, ErrInvalid, ErrGuard, ErrSignIn, context.Canceled, context.DeadlineExceeded} {
					if other != tt.want && errors.Is(err, other) {
						t.Errorf("error is also %v", other)
					}
				}
			})
		})
	}
}

func TestVerdictsOfTheCaller(t *testing.T) {
	for verdict, want := range map[Verdict]error{
		Denied: ErrDenied, Missing: ErrMissing, Unavailable: ErrUnavailable, Restart: ErrRestart, Invalid: ErrInvalid,
	} {
		s := stack(t, cloud(t), script(t, answer(400, "{}", "Request-Id", "r-1")))
		r := getUsers(t)
		r.Classify = func(*Response) Outcome { return Outcome{Verdict: verdict, Err: &serviceError{Code: "some.code"}} }
		_, err := s.Get(t.Context(), r)
		var own *serviceError
		var f *Failure
		if !errors.Is(err, want) || !errors.As(err, &own) || own.Code != "some.code" || !errors.As(err, &f) {
			t.Errorf("%v: error = %v", verdict, err)
			continue
		}
		if f.Verdict != verdict || f.Status != 400 || f.RequestID != "r-1" {
			t.Errorf("%v: failure = %+v", verdict, f)
		}
		if want := "GET /v1.0/users: " + want.Error() + ": some.code (status 400, request r-1)"; err.Error() != want {
			t.Errorf("error %q, want %q", err, want)
		}
	}
}

func TestCallerLimitsTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stack(t, cloud(t), script(t, answer(403, "{}"), answer(403, "{}")))
		r := getUsers(t)
		r.Classify = func(*Response) Outcome {
			return Outcome{Verdict: Transient, MaxTries: 2, Err: &serviceError{Code: "sporadic"}}
		}
		if _, err := s.Get(t.Context(), r); !errors.Is(err, ErrService) {
			t.Errorf("error = %v, want ErrService", err)
		}
		if c := s.Counters(Graph); c != (Counters{Requests: 2, Retries: 1}) {
			t.Errorf("counters = %+v", c)
		}
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var waits []Wait
		c := cloud(t)
		c.OnWait = func(w Wait) {
			mu.Lock()
			defer mu.Unlock()
			waits = append(waits, w)
		}
		s := stack(t, c, script(t, answer(429, "", "Retry-After", "600"), answer(200, "{}")))
		start := time.Now()
		if _, err := s.Get(t.Context(), getUsers(t)); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took < 600*time.Second || took > 661*time.Second {
			t.Errorf("took %s, want 600 s and up to a tenth more", took)
		}
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if len(waits) != 2 || waits[0].Reason != "throttled by graph" || waits[0].Until.Sub(start) < 600*time.Second || !waits[1].Until.IsZero() {
			t.Errorf("waits = %+v", waits)
		}
		if got := s.Counters(Graph); got != (Counters{Requests: 2, Retries: 1, Throttled: 1}) {
			t.Errorf("counters = %+v", got)
		}
	})
}

// While a bucket is closed nothing leaves, whoever asks; other buckets go on.
func TestClosedBucketHoldsEveryone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var mu sync.Mutex
		users, policies := 0, 0
		s := stack(t, cloud(t), func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			since := time.Since(start)
			if strings.Contains(r.URL.Path, "conditionalAccess") {
				policies++
				return reply(200, "{}"), nil
			}
			users++
			if users == 1 {
				return reply(429, "", "Retry-After", "60"), nil
			}
			if since < 60*time.Second {
				t.Errorf("a request left %s after a refusal for 60 s", since)
			}
			return reply(200, "{}"), nil
		})
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = s.Get(t.Context(), getUsers(t)) })
		synctest.Wait()
		for range 20 {
			wg.Go(func() {
				if _, err := s.Get(t.Context(), getUsers(t)); err != nil {
					t.Errorf("get: %v", err)
				}
			})
		}
		if _, err := s.Get(t.Context(), Request{Service: Graph, URL: mustURL(t, graphHost+"/v1.0/identity/conditionalAccess/policies")}); err != nil {
			t.Error(err)
		}
		if since := time.Since(start); policies != 1 || since > time.Second {
			t.Errorf("the other bucket's request took %s", since)
		}
		wg.Wait()
		if users != 22 {
			t.Errorf("%d requests, want 22", users)
		}
	})
}

// Endless 429 ends, with a reason, and the service is left alone from then on.
func TestEndlessThrottling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stack(t, cloud(t), func(*http.Request) (*http.Response, error) { return reply(429, ""), nil })
		start := time.Now()
		_, err := s.Get(t.Context(), getUsers(t))
		var f *Failure
		if !errors.Is(err, ErrThrottled) || !errors.As(err, &f) || f.Status != 429 || f.Throttles < 5 {
			t.Fatalf("error = %v, failure %+v", err, f)
		}
		if took := time.Since(start); took > 31*time.Minute {
			t.Errorf("took %s", took)
		}
		if f.Attempts > 120 {
			t.Errorf("%d requests in 30 minutes of refusals", f.Attempts)
		}
		before := s.Counters(Graph).Requests
		if _, err := s.Get(t.Context(), getUsers(t)); !errors.Is(err, ErrThrottled) {
			t.Errorf("next call: error = %v, want ErrThrottled", err)
		}
		if after := s.Counters(Graph).Requests; after != before {
			t.Errorf("%d more requests", after-before)
		}
	})
}

func TestRefusedItemClosesTheBucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stack(t, cloud(t), func(*http.Request) (*http.Response, error) { return reply(200, "{}"), nil })
		start := time.Now()
		s.Refused(Exchange, "", 30*time.Second, false)
		s.Refused(Exchange, "", 20*time.Second, false)
		if err := s.WaitOpen(t.Context(), Exchange, ""); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took < 30*time.Second || took > 34*time.Second {
			t.Errorf("open after %s, want 30 s", took)
		}
		if err := s.WaitOpen(t.Context(), Graph, ""); err != nil || time.Since(start) > 34*time.Second {
			t.Errorf("Graph waited too: %v", err)
		}
		s.Refused(Exchange, "", time.Hour, false)
		if err := s.WaitOpen(t.Context(), Exchange, ""); !errors.Is(err, ErrThrottled) {
			t.Errorf("an hour: error = %v, want ErrThrottled", err)
		}
	})
}

func TestDelays(t *testing.T) {
	s := stack(t, cloud(t), trap(t))
	for n := range 40 {
		most := min(time.Minute, 2*time.Second<<min(n, 10))
		for range 200 {
			if d := s.delay(n); d < 500*time.Millisecond || d > most {
				t.Fatalf("delay(%d) = %s, want 0.5 s to %s", n, d, most)
			}
		}
	}
}

// A service that is ill is not hammered: beyond the budget of retries everything pauses.
func TestRetryBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var mu sync.Mutex
		var at []time.Duration
		s := stack(t, cloud(t), func(*http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			at = append(at, time.Since(start))
			if time.Since(start) < 10*time.Minute {
				return reply(500, ""), nil
			}
			return reply(200, "{}"), nil
		})
		var wg sync.WaitGroup
		for range 40 {
			wg.Go(func() { _, _ = s.Get(t.Context(), getUsers(t)) })
		}
		wg.Wait()
		early := 0
		for _, d := range at {
			if d < time.Minute {
				early++
			}
		}
		// Forty calls, twenty free retries and a tenth; those under way when it was spent come on top.
		if early > 40+20+8+8 {
			t.Errorf("%d requests in the first minute", early)
		}
	})
}

func TestFiftyFailuresEndTheService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cloud(t)
		c.Policy.Attempts = 1
		s := stack(t, c, func(*http.Request) (*http.Response, error) { return reply(500, ""), nil })
		for range endAfter {
			_, _ = s.Get(t.Context(), getUsers(t))
		}
		before := s.Counters(Graph).Requests
		_, err := s.Get(t.Context(), getUsers(t))
		if !errors.Is(err, ErrService) || s.Counters(Graph).Requests != before {
			t.Errorf("error = %v, %d requests more", err, s.Counters(Graph).Requests-before)
		}
	})
}

func TestCancellation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stack(t, cloud(t), func(r *http.Request) (*http.Response, error) {
			if strings.Contains(r.URL.Path, "groups") {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return reply(429, "", "Retry-After", "900"), nil
		})
		for _, path := range []string{"/v1.0/groups", "/v1.0/users"} {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			_, err := s.Get(ctx, Request{Service: Graph, URL: mustURL(t, graphHost+path)})
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrService) || errors.Is(err, ErrThrottled) {
				t.Errorf("%s: error = %v, want the context's", path, err)
			}
		}
		// The place of a cancelled waiter is free again.
		l := s.services[Graph].limiter
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.inFlight != 0 || len(l.buckets[""].queue) != 0 {
			t.Errorf("%d in flight, %d waiting; want none", l.inFlight, len(l.buckets[""].queue))
		}
	})
}

func TestHeaderTimeoutIsTransient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		s := stack(t, cloud(t), func(r *http.Request) (*http.Response, error) {
			if calls++; calls == 1 {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return reply(200, "{}"), nil
		})
		start := time.Now()
		if _, err := s.Get(t.Context(), getUsers(t)); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took < 2*time.Minute || took > 2*time.Minute+3*time.Second {
			t.Errorf("took %s, want two minutes and a short pause", took)
		}
	})
}

func TestTimeouts(t *testing.T) {
	s := stack(t, cloud(t), trap(t))
	for _, tt := range []struct {
		call call
		want time.Duration
	}{
		{call{service: Graph}, 2 * time.Minute},
		{call{service: Exchange}, 5 * time.Minute},
		{call{service: Exchange, items: []BatchItem{{Command: Command{Cmdlet: "Get-Mailbox"}}}}, 5 * time.Minute},
		{call{service: Exchange, items: []BatchItem{{Command: Command{Cmdlet: "Get-Mailbox"}}, {Command: Command{Cmdlet: "Search-UnifiedAuditLog"}}}}, 15 * time.Minute},
	} {
		if got := s.headerTimeout(&tt.call); got != tt.want {
			t.Errorf("timeout of %v = %s, want %s", tt.call.cmdlets(), got, tt.want)
		}
	}
}

func TestRegionIsLearned(t *testing.T) {
	var hosts []string
	s := stack(t, cloud(t), func(r *http.Request) (*http.Response, error) {
		hosts = append(hosts, r.URL.Host)
		if r.URL.Host == "outlook.office365.com" {
			return reply(302, "", "Location", "https://eur01.outlook.office365.com:446/other/path?x=y"), nil
		}
		return reply(200, `{"value":[]}`), nil
	})
	_, err := s.Get(t.Context(), Request{Service: Exchange, URL: mustURL(t, exoV1+"/EXOModuleFile?Version=3.9.2")})
	if err != nil || s.Region() != "eur01.outlook.office365.com" || s.Base(Exchange).String() != "https://eur01.outlook.office365.com" {
		t.Fatalf("region %q, base %v, error %v", s.Region(), s.Base(Exchange), err)
	}
	if _, err := s.Invoke(t.Context(), nil, Command{Cmdlet: "Get-OrganizationConfig"}, nil); err != nil {
		t.Fatal(err)
	}
	// A listing that began at the front door goes on there.
	if _, err := s.Invoke(t.Context(), nil, Command{Cmdlet: "Get-Mailbox", Next: exoBeta + "/InvokeCommand?%24skiptoken=x"}, nil); !errors.Is(err, ErrGuard) {
		t.Errorf("redirect of a command: error = %v, want ErrGuard", err)
	}
	want := "outlook.office365.com eur01.outlook.office365.com eur01.outlook.office365.com outlook.office365.com"
	if got := strings.Join(hosts, " "); got != want {
		t.Errorf("hosts %q, want %q", got, want)
	}
}

func TestRedirectLoopEnds(t *testing.T) {
	n := 0
	s := stack(t, cloud(t), func(*http.Request) (*http.Response, error) {
		n++
		return reply(302, "", "Location", "https://eur01.outlook.office365.com/"), nil
	})
	if _, err := s.Get(t.Context(), Request{Service: Exchange, URL: mustURL(t, exoV1+"/EXOModuleFile")}); !errors.Is(err, ErrGuard) || n != 2 {
		t.Errorf("error = %v after %d requests; want ErrGuard after 2", err, n)
	}
}

func TestWhatIsSent(t *testing.T) {
	var body, path string
	var header http.Header
	s := stack(t, cloud(t), func(r *http.Request) (*http.Response, error) {
		raw, _ := io.ReadAll(r.Body)
		body, path, header = string(raw), r.URL.RequestURI(), r.Header
		if int64(len(raw)) != r.ContentLength {
			t.Errorf("content length %d for %d bytes", r.ContentLength, len(raw))
		}
		return reply(200, "{}"), nil
	})
	_, err := s.Invoke(t.Context(), nil, Command{
		Cmdlet: "Get-Mailbox", Select: []string{"Guid", "Name"}, PageSize: 50, Routed: true, Anchor: "UPN:kim@contoso.example",
		Parameters: map[string]any{"ResultSize": "Unlimited", "RecipientTypeDetails": []string{"UserMailbox"}, "Filter": "Name -like '<&>'"},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"CmdletInput":{"CmdletName":"Get-Mailbox","Parameters":{"Filter":"Name -like '<&>'","RecipientTypeDetails":["UserMailbox"],"ResultSize":"Unlimited"}}}`; body != want {
		t.Errorf("body %s, want %s", body, want)
	}
	if want := "/adminapi/beta/" + tenant + "/InvokeCommand?$select=Guid,Name"; path != want {
		t.Errorf("path %s, want %s", path, want)
	}
	for name, want := range map[string]string{
		"X-CmdletName": "Get-Mailbox", "X-AnchorMailbox": "UPN:kim@contoso.example", "Prefer": "odata.maxpagesize=50",
		"parameter-based-routing": "true", "Accept-Language": "en-US", "X-ResponseFormat": "json", "Accept": "application/json",
		"Content-Type": "application/json; charset=utf-8", "User-Agent": "tenantaudit",
	} {
		if got := header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	first := header.Get("client-request-id")
	if _, err := s.Invoke(t.Context(), nil, Command{Cmdlet: "Get-OrganizationConfig"}, nil); err != nil {
		t.Fatal(err)
	}
	if want := `{"CmdletInput":{"CmdletName":"Get-OrganizationConfig","Parameters":{}}}`; body != want {
		t.Errorf("body %s, want %s: null is another request", body, want)
	}
	if got := header.Get("X-AnchorMailbox"); got != systemAnchor+tenant {
		t.Errorf("default anchor %q", got)
	}
	if second := header.Get("client-request-id"); !guid.MatchString(first) || first == second {
		t.Errorf("client-request-id %q, then %q; want two GUIDs", first, second)
	}

	next := exoBeta + "/InvokeCommand?%24skiptoken=abc"
	_, err = s.Batch(t.Context(), nil, []BatchItem{
		{ID: "1", Command: Command{Cmdlet: "Get-MailboxPermission", Parameters: map[string]any{"Identity": "kim@contoso.example"}, Anchor: "UPN:kim@contoso.example"}},
		{ID: "2", Command: Command{Cmdlet: "Get-Mailbox", Next: next, Anchor: "UPN:lee@contoso.example"}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`{"requests":[{"id":"1","method":"POST","url":"` + exoBeta + `/InvokeCommand","headers":{`,
		`"body":{"CmdletInput":{"CmdletName":"Get-MailboxPermission","Parameters":{"Identity":"kim@contoso.example"}}}}`,
		`{"id":"2","method":"POST","url":"` + next + `"`, `"X-AnchorMailbox":"UPN:lee@contoso.example"`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("batch body %s\nlacks %s", body, want)
		}
	}
	if got := header.Get("X-AnchorMailbox"); got != systemAnchor+tenant {
		t.Errorf("anchor of a mixed batch %q", got)
	}
	if path != "/adminapi/beta/"+tenant+"/$batch" {
		t.Errorf("batch path %s", path)
	}
}

// No secret in errors or logs, whatever the service sends back.
func TestCanary(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lines, logged strings.Builder
		c := cloud(t)
		c.RequestLog = &lines
		c.Logger = slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
		s := stack(t, c, func(r *http.Request) (*http.Response, error) {
			// A service, or a debugging proxy, that repeats everything it was sent.
			echo := "Authorization: " + r.Header.Get("Authorization") + "\n" + r.URL.String()
			return reply(400, echo, "Request-Id", "r-1"), nil
		})
		var texts []string
		_, err := s.Get(t.Context(), Request{Service: Graph, URL: mustURL(t, graphHost+"/v1.0/users?$filter=x&$skiptoken="+canary)})
		texts = append(texts, err.Error())
		_, err = s.Invoke(t.Context(), nil, Command{Cmdlet: "Get-InboxRule", Parameters: map[string]any{"Mailbox": canary, "IncludeHidden": true}}, nil)
		texts = append(texts, err.Error())
		_, err = s.Invoke(t.Context(), nil, Command{Cmdlet: "Get-Mailbox", Next: "https://evil.example/?$skiptoken=" + canary}, nil)
		texts = append(texts, err.Error(), lines.String(), logged.String())
		for _, text := range texts {
			if strings.Contains(text, canary) {
				t.Errorf("the canary sings in %s", text)
			}
		}
		want := []string{`"url":"https://graph.microsoft.com/v1.0/users?$filter=\u0026$skiptoken="`, `"cmdlets":["Get-InboxRule"]`, `"parameters":["IncludeHidden","Mailbox"]`, `"status":400`, `"verdict":"invalid"`, `"verdict":"guard"`, `"request_id":"r-1"`}
		for _, w := range want {
			if !strings.Contains(lines.String(), w) {
				t.Errorf("request log lacks %s:\n%s", w, lines.String())
			}
		}
		if n := strings.Count(lines.String(), "\n"); n != 3 {
			t.Errorf("%d lines, want 3", n)
		}
	})
}
