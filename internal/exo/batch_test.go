package exo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/transport"
)

// mailboxRows stores a list of n user mailboxes, "m000" … in the order of their
// addresses, and returns their ids.
func mailboxRows(t *testing.T, s Store, n int) []string {
	t.Helper()
	var list, ids []string
	for i := range n {
		id := fmt.Sprintf("m%03d", i)
		ids = append(ids, id)
		list = append(list, fmt.Sprintf(`{"ExternalDirectoryObjectId":%q,"Guid":"guid-%s","UserPrincipalName":"%s@contoso.example","PrimarySmtpAddress":"%s@contoso.example","RecipientTypeDetails":"UserMailbox","LegacyExchangeDN":"/o=x/cn=%s"}`, id, id, id, id, id))
	}
	slices.Reverse(list) // the order of the list is not the order of work
	put(t, s, SourceMailbox, MailboxUnit, list...)
	return ids
}

// put stores a complete unit.
func put(t *testing.T, s Store, src snapshot.Source, key string, list ...string) {
	t.Helper()
	err := s.Commit(t.Context(), snapshot.Write{Unit: snapshot.UnitID{Source: src, Key: key}, Reset: true,
		Pages: []snapshot.Page{{Key: "000001", At: time.Unix(1, 0), Rows: json.RawMessage("[" + strings.Join(list, ",") + "]"), Count: len(list)}}, Result: snapshot.Result{State: snapshot.Complete, Expected: -1}})
	if err != nil {
		t.Fatal(err)
	}
}

func permission(user string) string {
	return fmt.Sprintf(`{"User":%q,"AccessRights":["FullAccess"]}`, user)
}

// states lists the state of every unit of a source by key.
func states(t *testing.T, s *snapshot.Store, src snapshot.Source) map[string]snapshot.State {
	t.Helper()
	units, err := s.Units(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]snapshot.State{}
	for _, l := range units {
		out[l.Unit.Key] = l.State
	}
	return out
}

func each(keys []string, state snapshot.State) map[string]snapshot.State {
	out := map[string]snapshot.State{}
	for _, k := range keys {
		out[k] = state
	}
	return out
}

func TestMailboxesInBatches(t *testing.T) {
	s := newStore(t)
	ids := mailboxRows(t, s, 25)
	f := newFake(t, func(c sent) reply { return rows(c, "", permission("owner of "+c.identity())) })
	f.batched = func(_ http.ResponseWriter, items []map[string]any) bool {
		slices.Reverse(items) // the order of the answers means nothing
		return false
	}
	collect(t, s, []Collector{mailboxPermissions(f.client, CollectOptions{Concurrency: 1})})
	check(t, "states", states(t, s, SourceMailboxPermission), each(ids, snapshot.Complete))
	for _, id := range ids {
		check(t, id, stored(t, s, SourceMailboxPermission, id, "User"), []string{"owner of " + id})
	}
	calls := f.calls("Get-MailboxPermission")
	check(t, "batches", f.batches, 3)
	check(t, "calls", len(calls), 25)
	for i, c := range calls {
		check(t, "order of work", c.identity(), ids[i])
		check(t, "anchor", c.anchor, "UPN:"+ids[i]+"@contoso.example")
		check(t, "routed", c.routed, true)
		check(t, "orphans too", c.params["IncludeUnresolvedPermissions"], any(true))
	}
	l := unit(t, s, SourceMailboxPermission, ids[0])
	check(t, "attempts", l.Attempts, 1)
	f.reset()
	collect(t, s, []Collector{mailboxPermissions(f.client, CollectOptions{Concurrency: 1})})
	check(t, "calls for stored units", len(f.calls("Get-MailboxPermission")), 0)
}

// Each trouble befalls one mailbox of a batch; the others must not notice.
func TestTroubleOfOneItem(t *testing.T) {
	for _, c := range []struct {
		name     string
		trouble  func(n int, s sent) reply // n counts the calls for the mailbox, from 1
		state    snapshot.State
		cause    snapshot.Cause
		detail   string
		attempts int
		exists   reply // of Get-Mailbox
	}{
		{name: "throttled once", state: snapshot.Complete, attempts: 2, trouble: func(n int, s sent) reply {
			if n == 1 {
				return reply{status: 429, header: map[string]string{"Retry-After": "0.05"}, body: envelope("slow down")}
			}
			return rows(s, "", permission("x"))
		}},
		{name: "too many at a time", state: snapshot.Complete, attempts: 2, trouble: func(n int, s sent) reply {
			if n == 1 {
				return reply{status: 429, header: map[string]string{"Retry-After": "0.05"}, body: envelope("You have reached the maximum number of concurrent requests per tenant.")}
			}
			return rows(s, "", permission("x"))
		}},
		{name: "busy twice", state: snapshot.Complete, attempts: 3, trouble: func(n int, s sent) reply {
			if n <= 2 {
				return failing(t, 503, "503-server-busy.json")
			}
			return rows(s, "", permission("x"))
		}},
		{name: "left out once", state: snapshot.Complete, attempts: 2, trouble: func(n int, s sent) reply {
			if n == 1 {
				return reply{missing: true}
			}
			return rows(s, "", permission("x"))
		}},
		{name: "damaged once", state: snapshot.Complete, attempts: 2, trouble: func(n int, s sent) reply {
			if n == 1 {
				return reply{body: `{"value":null}`}
			}
			return rows(s, "", permission("x"))
		}},
		{name: "busy for ever", state: snapshot.Failed, cause: snapshot.ServiceError, attempts: 6, detail: "busy", trouble: func(int, sent) reply { return failing(t, 503, "503-server-busy.json") }},
		{name: "denied", state: snapshot.Denied, cause: snapshot.MissingPrivilege, attempts: 1, detail: "grant Global Reader", trouble: func(int, sent) reply { return failing(t, 403, "403-forbidden.json") }},
		{name: "401 that a new token does not help", state: snapshot.Denied, cause: snapshot.MissingPrivilege, attempts: 3, trouble: func(int, sent) reply { return reply{status: 401} }},
		{name: "gone", state: snapshot.Gone, cause: snapshot.NotFound, attempts: 1, detail: "deleted between list and read",
			trouble: func(int, sent) reply { return failing(t, 404, "404-object-not-found.json") }, exists: failing(t, 404, "404-object-not-found.json")},
		{name: "gone by a text", state: snapshot.Gone, cause: snapshot.NotFound, attempts: 1,
			trouble: func(int, sent) reply { return failing(t, 200, "ok-with-nonterminating-errors.json") }, exists: failing(t, 200, "ok-with-nonterminating-errors.json")},
		{name: "not found but there", state: snapshot.Failed, cause: snapshot.NotFound, attempts: 1, detail: "did not confirm",
			trouble: func(int, sent) reply { return failing(t, 404, "404-object-not-found.json") }, exists: reply{body: `{"value":[{"Name":"m004"}]}`}},
		{name: "not found and nobody knows", state: snapshot.Failed, cause: snapshot.NotFound, attempts: 1,
			trouble: func(int, sent) reply { return failing(t, 404, "404-object-not-found.json") }, exists: reply{status: 403}},
		{name: "not found and no answer either", state: snapshot.Failed, cause: snapshot.NotFound, attempts: 1,
			trouble: func(int, sent) reply { return failing(t, 404, "404-object-not-found.json") }, exists: reply{body: `{"value":[]}`}},
		{name: "gone without a word", state: snapshot.Gone, cause: snapshot.NotFound, attempts: 1, detail: "deleted between list and read",
			trouble: func(int, sent) reply { return reply{status: 404} }, exists: failing(t, 404, "404-object-not-found.json")},
		{name: "a bare 404 but there", state: snapshot.Failed, cause: snapshot.NotFound, attempts: 1, detail: "did not confirm",
			trouble: func(int, sent) reply { return reply{status: 404, body: "<html>not here</html>"} }, exists: reply{body: `{"value":[{"Name":"m004"}]}`}},
		{name: "nothing but bare 404s", state: snapshot.Failed, cause: snapshot.NotFound, attempts: 1, detail: "did not confirm",
			trouble: func(int, sent) reply { return reply{status: 404} }, exists: reply{status: 404}},
		{name: "two pages", state: snapshot.Complete, attempts: 2, trouble: func(n int, s sent) reply {
			if s.token == "" {
				return rows(s, "t", permission("x"))
			}
			return rows(s, "", permission("y"))
		}},
		{name: "second page expired once", state: snapshot.Complete, attempts: 4, trouble: func(n int, s sent) reply {
			switch {
			case s.token == "":
				return rows(s, "t", permission("x"))
			case n == 2:
				return failing(t, 400, "400-pagination.json")
			}
			return rows(s, "", permission("y"))
		}},
	} {
		s := newStore(t)
		ids := mailboxRows(t, s, 10)
		sick, n := ids[4], 0
		f := newFake(t, nil)
		f.answer = func(call sent) reply {
			switch {
			case call.cmdlet == "Get-Mailbox":
				return c.exists
			case call.identity() != sick:
				return rows(call, "", permission("x"))
			}
			n++
			return c.trouble(n, call)
		}
		collect(t, s, []Collector{mailboxPermissions(f.client, CollectOptions{Concurrency: 1})})
		want := each(ids, snapshot.Complete)
		want[sick] = c.state
		check(t, c.name+": states", states(t, s, SourceMailboxPermission), want)
		l := unit(t, s, SourceMailboxPermission, sick)
		if l.Cause != c.cause || !strings.Contains(l.Detail, c.detail) || l.Attempts != c.attempts {
			t.Errorf("%s: %s after %d attempts, %q; want %s after %d, …%q…", c.name, l.Cause, l.Attempts, l.Detail, c.cause, c.attempts, c.detail)
		}
		for _, call := range f.calls("Get-MailboxPermission") {
			if call.token != "" && call.cookie == "" {
				t.Errorf("%s: a page was asked for without cookies", c.name)
			}
		}
		if healthy := len(f.calls("Get-MailboxPermission")) - n; healthy != 9 {
			t.Errorf("%s: the nine others were asked for %d times", c.name, healthy)
		}
		if strings.Contains(c.name, "page") {
			check(t, c.name+": rows", stored(t, s, SourceMailboxPermission, sick, "User"), []string{"x", "y"})
		}
	}
}

func TestThrottledItemHoldsTheServiceBack(t *testing.T) {
	s := newStore(t)
	mailboxRows(t, s, 10)
	var refused, again time.Time
	f := newFake(t, nil)
	f.answer = func(c sent) reply {
		switch {
		case c.identity() != "m004":
			return rows(c, "", permission("x"))
		case refused.IsZero():
			refused = time.Now()
			return reply{status: 429, header: map[string]string{"Retry-After": "0.4"}, body: envelope("slow down")}
		}
		again = time.Now()
		return rows(c, "", permission("x"))
	}
	collect(t, s, []Collector{mailboxPermissions(f.client, CollectOptions{Concurrency: 1})})
	if waited := again.Sub(refused); waited < 400*time.Millisecond {
		t.Errorf("asked again after %v, want at least 400ms", waited)
	}
	check(t, "throttled answers counted", f.stack.Counters(transport.Exchange).Throttled, int64(1))
}

func TestPagesOfABatchKeepItsCookies(t *testing.T) {
	s := newStore(t)
	mailboxRows(t, s, 10)
	cookies := map[string]string{}
	f := newFake(t, nil)
	f.answer = func(c sent) reply {
		if c.token == "" {
			cookies[c.identity()] = c.cookie
			return rows(c, "t-"+c.identity(), permission("x"))
		}
		if c.cookie != cookies[c.identity()] || c.token != "t-"+c.identity() {
			return failing(t, 400, "400-pagination.json")
		}
		return rows(c, "", permission("y"))
	}
	collect(t, s, []Collector{mailboxPermissions(f.client, CollectOptions{Concurrency: 1})})
	check(t, "calls", len(f.calls("Get-MailboxPermission")), 20)
	check(t, "batches", f.batches, 2)
}

func TestBatchAnswersThatCannotBeTrusted(t *testing.T) {
	ok := func(id int) string {
		return fmt.Sprintf(`{"id":"%d","status":200,"body":{"value":[%s]}}`, id, permission("x"))
	}
	all := func(more ...string) string {
		list := more
		for i := range 10 {
			list = append(list, ok(i+1))
		}
		return `{"responses":[` + strings.Join(list, ",") + `]}`
	}
	for _, c := range []struct {
		name, body string
		status     int
	}{
		{"cut", all()[:100], 200},
		{"web page", "<html>", 200},
		{"no list", `{"value":[]}`, 200},
		{"null", `{"responses":null}`, 200},
		{"key twice", `{"responses":[],"responses":[]}`, 200},
		{"error", `{"error":{"message":"x"},"responses":[]}`, 200},
		{"empty", `{"responses":[]}`, 200},
		{"item twice with another answer", all(`{"id":"3","status":403,"body":{}}`), 200},
		{"item twice, the denial last", strings.TrimSuffix(all(), "]}") + `,{"id":"3","status":403,"body":{}}]}`, 200},
		{"item without status", strings.Replace(all(), `"id":"3","status":200`, `"id":"3"`, 1), 200},
		{"item with a key twice", strings.Replace(all(), `"id":"3"`, `"id":"3","id":"3"`, 1), 200},
		{"busy", "", 503},
		{"batches unknown", "", 404},
		{"batches refused", envelope("no batches"), 400},
		{"batches denied", "", 403},
	} {
		s := newStore(t)
		ids := mailboxRows(t, s, 10)
		f := newFake(t, func(call sent) reply { return rows(call, "", permission("x")) })
		f.batched = func(w http.ResponseWriter, _ []map[string]any) bool {
			if f.batches > 1 {
				return false
			}
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.body))
			return true
		}
		collect(t, s, []Collector{mailboxPermissions(f.client, CollectOptions{Concurrency: 1})})
		check(t, c.name, states(t, s, SourceMailboxPermission), each(ids, snapshot.Complete))
	}
}

func TestBatchOfOddForms(t *testing.T) {
	s := newStore(t)
	ids := mailboxRows(t, s, 2)
	f := newFake(t, func(call sent) reply { return rows(call, "", permission("x")) })
	f.batched = func(w http.ResponseWriter, _ []map[string]any) bool {
		// Status as text, body as text, a stranger, a header with several values.
		_, _ = w.Write([]byte(`{"responses":[{"id":"99","status":500},{"id":2,"status":"200","headers":{"X-Warnings":["one","two"]},"body":{"value":[]}},
			{"id":"1","status":200,"headers":null,"body":"{\"value\":[{\"User\":\"text\"}]}"}]}`))
		return true
	}
	collect(t, s, []Collector{mailboxPermissions(f.client, CollectOptions{Concurrency: 1})})
	check(t, "states", states(t, s, SourceMailboxPermission), each(ids, snapshot.Complete))
	check(t, "body as text", stored(t, s, SourceMailboxPermission, ids[0], "User"), []string{"text"})
}

func TestItemThatTheGuardRefusesFailsAlone(t *testing.T) {
	s := newStore(t)
	put(t, s, SourceMailbox, MailboxUnit, `{"Guid":"a*","PrimarySmtpAddress":"a@contoso.example","RecipientTypeDetails":"UserMailbox"}`,
		`{"Guid":"b1","PrimarySmtpAddress":"b@contoso.example","RecipientTypeDetails":"UserMailbox"}`,
		`{"Guid":"c1","PrimarySmtpAddress":"c@contoso.example","RecipientTypeDetails":"UserMailbox"}`)
	f := newFake(t, func(call sent) reply { return rows(call, "", permission("x")) })
	collect(t, s, []Collector{mailboxPermissions(f.client, CollectOptions{Concurrency: 1})})
	check(t, "states", states(t, s, SourceMailboxPermission), map[string]snapshot.State{"a*": snapshot.Failed, "b1": snapshot.Complete, "c1": snapshot.Complete})
	if f.client.Refused() == nil {
		t.Error("the refusal is not known to the client")
	}
}
