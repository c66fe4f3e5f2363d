package faketenant

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestFaultsOfWholeRequests(t *testing.T) {
	body := command("Get-AcceptedDomain", nil)
	for _, tc := range []struct {
		fault  Fault
		status int
		retry  string
		text   string
	}{
		{Fault{Name: FaultThrottle429}, 429, "1", "TooManyRequests"},
		{Fault{Name: FaultThrottle429, RetryAfter: "7"}, 429, "7", "TooManyRequests"},
		{Fault{Name: FaultThrottleFractional}, 429, "0.5", "TooManyRequests"},
		{Fault{Name: FaultThrottleNoHeader}, 429, "", "TooManyRequests"},
		{Fault{Name: FaultConcurrency}, 429, "1", "maximum number of concurrent requests per tenant"},
		{Fault{Name: FaultBusy503}, 503, "", "ServerBusyException"},
		{Fault{Name: FaultProxy400}, 400, "", "CmdletProxyException"},
		{Fault{Name: FaultHTMLProxy}, 200, "", "<html>"},
		{Fault{Name: FaultEmpty204}, 204, "", ""},
		{Fault{Name: FaultNonTerminating}, 200, "", `"@adminapi.errors":["`},
		{Fault{Name: FaultNullValue}, 200, "", `"value":null`},
		{Fault{Name: FaultCAE}, 401, "", ""},
	} {
		t.Run(tc.fault.Name, func(t *testing.T) {
			tc.fault.Every, tc.fault.Times = 2, 1
			c := start(t, Options{Mailboxes: 5, Faults: []Fault{tc.fault}})
			send := func() answer { return c.do(http.MethodPost, c.beta("InvokeCommand"), nil, body) }
			if a := send(); a.status != 200 || !bytes.Contains(a.body, []byte("contoso.example")) {
				t.Fatalf("first request: %d %.200s", a.status, a.body)
			}
			a := send()
			if a.status != tc.status || a.header.Get("Retry-After") != tc.retry || !strings.Contains(string(a.body), tc.text) {
				t.Errorf("second request: %d, Retry-After %q, %.200s", a.status, a.header.Get("Retry-After"), a.body)
			}
			if tc.fault.Name == FaultCAE && !strings.Contains(a.header.Get("WWW-Authenticate"), `error="insufficient_claims", claims="`) {
				t.Errorf("challenge %q", a.header.Get("WWW-Authenticate"))
			}
			for range 3 { // Times is 1
				if a := send(); a.status != 200 || bytes.Contains(a.body, []byte("adminapi.errors")) {
					t.Errorf("later request: %d", a.status)
				}
			}
		})
	}
}

func TestFaultsOfTheConnection(t *testing.T) {
	for _, name := range []string{FaultReset, FaultCutBody} {
		c := start(t, Options{Mailboxes: 5, Faults: []Fault{{Name: name, Every: 1, Times: 1}}})
		_, err := c.try(http.MethodPost, c.beta("InvokeCommand"), nil, command("Get-AcceptedDomain", nil))
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		if name == FaultCutBody && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v, want an unexpected end", name, err)
		}
		if a := c.do(http.MethodPost, c.beta("InvokeCommand"), nil, command("Get-AcceptedDomain", nil)); a.status != 200 {
			t.Errorf("%s: afterwards %d", name, a.status)
		}
	}
	c := start(t, Options{Mailboxes: 5, Faults: []Fault{{Name: FaultSlowBody, Every: 1, Delay: 5 * time.Millisecond}}})
	began := time.Now()
	a := c.do(http.MethodPost, c.beta("InvokeCommand"), nil, command("Get-AcceptedDomain", nil))
	if time.Since(began) < 30*time.Millisecond || len(decode[page](t, a.body).Value) != 4 {
		t.Errorf("slow body: %v, %.100s", time.Since(began), a.body)
	}
}

func TestFaultsOfPages(t *testing.T) {
	small := map[string]string{"Prefer": "odata.maxpagesize=20"}
	body := command("Get-Mailbox", nil)
	first := func(name string) (*client, page) {
		c := start(t, Options{Mailboxes: 60, Faults: []Fault{{Name: name}}})
		return c, decode[page](t, c.do(http.MethodPost, c.beta("InvokeCommand"), small, body).body)
	}
	c, p := first(FaultExpiredPage)
	if a := c.do(http.MethodPost, p.Next, small, body); a.status != 400 || !bytes.Contains(a.body, []byte("pagination")) {
		t.Errorf("expired page: %d", a.status)
	}
	if a := c.do(http.MethodPost, p.Next, small, body); a.status != 200 {
		t.Errorf("expired page, again: %d", a.status)
	}
	if _, p = first(FaultTruncated); p.Next != "" || len(p.Warnings) != 1 || len(p.Value) != 20 {
		t.Errorf("truncated: next %q, warnings %v, %d rows", p.Next, p.Warnings, len(p.Value))
	}
	if _, p = first(FaultForeignLink); !strings.HasPrefix(p.Next, "https://outlook.evil.example/adminapi/") {
		t.Errorf("foreign link: %q", p.Next)
	}
	c, p = first(FaultLoop)
	if again := decode[page](t, c.do(http.MethodPost, p.Next, small, body).body); again.Value[0]["Guid"] != p.Value[0]["Guid"] {
		t.Errorf("loop: page two begins with %v", again.Value[0]["Guid"])
	}
	g := start(t, Options{Mailboxes: 60, Faults: []Fault{{Name: FaultGraphExpiredPage}}})
	gp := decode[page](t, g.graph("users?$top=10", nil).body)
	if a := g.do(http.MethodGet, gp.Next, nil, ""); a.status != 400 || !bytes.Contains(a.body, []byte("Directory_ExpiredPageToken")) {
		t.Errorf("Graph, expired page: %d", a.status)
	}
	e := start(t, Options{Mailboxes: 60, Faults: []Fault{{Name: FaultGraphEmptyPage}}})
	ep := decode[page](t, e.graph("users?$top=10", nil).body)
	if len(ep.Value) != 0 || ep.Next == "" {
		t.Errorf("empty page: %d rows, next %q", len(ep.Value), ep.Next)
	}
	if got := len(e.graphAll("users?$top=10")); got != len(e.tenant.plan.users) {
		t.Errorf("after the empty page: %d users", got)
	}
}

func TestFaultsOfBatches(t *testing.T) {
	c := start(t, Options{Mailboxes: 60, Faults: []Fault{{Name: FaultBatchItem429, Every: 3, Times: 1, RetryAfter: "2"}, {Name: FaultBatchMissing, At: 2}, {Name: FaultBatchShuffle}}})
	base := c.srv.URL + c.beta("InvokeCommand")
	var items []map[string]any
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		items = append(items, item(id, base, "Get-MailboxPermission", map[string]any{"Identity": "ap@contoso.example"}))
	}
	_, got := c.batch(items...)
	order, throttled := "", ""
	for _, r := range got.Responses {
		order += r.ID
		if r.Status == 429 {
			throttled += r.ID + r.Headers["Retry-After"]
		}
	}
	if order == "abcde" || len(order) != 5 || throttled != "c2" {
		t.Errorf("order %s, throttled %s", order, throttled)
	}
	if _, second := c.batch(items...); len(second.Responses) != 4 {
		t.Errorf("second batch: %d responses, want one missing", len(second.Responses))
	}
}

func TestFaultsOfOneMailbox(t *testing.T) {
	c := start(t, Options{Mailboxes: 250, Faults: []Fault{{Name: FaultMailboxGone, At: 51}, {Name: FaultMailbox, At: 101, Cmdlet: "Get-InboxRule"}, {Name: FaultMailboxThrottled, At: 201, Times: 2}}})
	box := func(n int) string { return c.tenant.plan.mailboxes[n-1].owner.upn }
	ask := func(cmdlet, parameter string, n int) int {
		return c.do(http.MethodPost, c.beta("InvokeCommand"), nil, command(cmdlet, map[string]any{parameter: box(n)})).status
	}
	if got := len(c.all("Get-Mailbox", nil)); got != 251 {
		t.Errorf("%d mailboxes listed, want all of them", got)
	}
	for _, q := range []struct {
		cmdlet, parameter string
		n, want           int
	}{
		{"Get-InboxRule", "Mailbox", 51, 404}, {"Get-MailboxPermission", "Identity", 51, 404}, {"Get-Mailbox", "Identity", 51, 404},
		{"Get-InboxRule", "Mailbox", 52, 200}, {"Get-Mailbox", "Identity", 52, 200},
		{"Get-InboxRule", "Mailbox", 101, 500}, {"Get-InboxRule", "Mailbox", 101, 500}, {"Get-MailboxPermission", "Identity", 101, 200},
		{"Get-InboxRule", "Mailbox", 201, 429}, {"Get-MailboxFolderStatistics", "Identity", 201, 429}, {"Get-InboxRule", "Mailbox", 201, 200},
	} {
		if got := ask(q.cmdlet, q.parameter, q.n); got != q.want {
			t.Errorf("%s of mailbox %d: %d, want %d", q.cmdlet, q.n, got, q.want)
		}
	}
}

func TestFaultsOfGraph(t *testing.T) {
	for _, tc := range []struct {
		name   string
		status int
		retry  string
		text   string
	}{
		{FaultGraph429, 429, "1", "TooManyRequests"}, {FaultGraphNoHeader, 429, "", "UnknownError"},
		{FaultGraph503, 503, "", "serviceNotAvailable"}, {FaultGraphHTML, 502, "", "<html>"},
	} {
		c := start(t, Options{Mailboxes: 5, Faults: []Fault{{Name: tc.name, Every: 2, Cmdlet: "domains"}}})
		c.graph("organization", nil)
		if a := c.graph("domains", nil); a.status != 200 {
			t.Errorf("%s: first request %d", tc.name, a.status)
		}
		if a := c.graph("domains", nil); a.status != tc.status || a.header.Get("Retry-After") != tc.retry || !bytes.Contains(a.body, []byte(tc.text)) {
			t.Errorf("%s: %d %q %.100s", tc.name, a.status, a.header.Get("Retry-After"), a.body)
		}
	}
	c := start(t, Options{Mailboxes: 5, Faults: []Fault{{Name: FaultTokenExpired, At: 3}}})
	old := map[string]string{"Authorization": "Bearer " + c.tenant.Token("https://graph.microsoft.com")}
	for i, want := range []int{200, 200, 401, 401} {
		if a := c.graph("organization", old); a.status != want {
			t.Errorf("request %d with the old token: %d, want %d", i+1, a.status, want)
		}
	}
	if a := c.graph("organization", nil); a.status != 200 {
		t.Errorf("with a new token: %d", a.status)
	}
}

func TestLatencyEndsWithTheRequest(t *testing.T) {
	tenant, err := New(Options{Mailboxes: 5, Latency: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	began := time.Now()
	if wait(ctx, tenant.opt.Latency) || time.Since(began) > time.Second {
		t.Errorf("a cancelled request waited %v", time.Since(began))
	}
	c := start(t, Options{Mailboxes: 5, InvocationLatency: 30 * time.Millisecond})
	began = time.Now()
	c.do(http.MethodPost, c.beta("InvokeCommand"), nil, command("Get-AcceptedDomain", nil))
	if time.Since(began) < 30*time.Millisecond {
		t.Errorf("a cmdlet of 30 ms took %v", time.Since(began))
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for name, o := range map[string]Options{
		"too few mailboxes": {Mailboxes: 4}, "negative": {Mailboxes: -1}, "profile": {Profile: "perfect"}, "style": {DenyStyle: "silent"},
		"fault": {Faults: []Fault{{Name: "gremlins"}}}, "fault without a mailbox": {Faults: []Fault{{Name: FaultMailbox}}},
		"negative fault": {Faults: []Fault{{Name: FaultReset, Every: -1}}}, "sign-in error": {SignInError: "AADSTS1"}, "page cap": {PageSizeCap: -1},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if names := FaultNames(); len(names) != len(faultKinds) || names[0] != "batchitem429" {
		t.Errorf("fault names %v", names)
	}
}

func TestLogAndStats(t *testing.T) {
	c := start(t, Options{Mailboxes: 60})
	base := c.srv.URL + c.beta("InvokeCommand")
	c.graph("users?$top=3", nil)
	c.do(http.MethodPost, c.beta("InvokeCommand"), nil, command("Get-Mailbox", nil))
	c.batch(item("1", base, "Get-InboxRule", map[string]any{"Mailbox": "ap@contoso.example"}), item("2", base, "Remove-Mailbox", nil))
	if s := c.tenant.Stats(); s.Requests != 3 || s.Invocations != 3 {
		t.Errorf("%+v, want 3 requests and 3 invocations", s)
	}
	log := c.tenant.Log()
	if len(log) != 3 || log[0].Path != "/v1.0/users" || log[0].Status != 200 || log[1].Cmdlets[0] != "Get-Mailbox" || len(log[2].Cmdlets) != 2 || log[2].Cmdlets[1] != "Remove-Mailbox" {
		t.Errorf("log %+v", log)
	}
}
