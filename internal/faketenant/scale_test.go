package faketenant

import (
	"compress/gzip"
	"net/http"
	"runtime"
	"testing"
	"time"
)

// TestLargeTenantsStaySmall makes a tenant of 100,000 mailboxes and reads a little of it:
// rows are rendered on demand, so that the plan is all that is held.
func TestLargeTenantsStaySmall(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	began := time.Now()
	c := start(t, Options{Mailboxes: 100_000})
	took := time.Since(began)
	runtime.GC()
	runtime.ReadMemStats(&after)
	held := (after.HeapAlloc - before.HeapAlloc) >> 20
	t.Logf("made in %v, %d MiB held", took, held)
	if held > 400 {
		t.Errorf("the plan of 100,000 mailboxes holds %d MiB, want less than 400", held)
	}
	last := c.tenant.plan.mailboxes[99_999].owner
	if rows := c.all("Get-Mailbox", map[string]any{"Identity": last.upn}); len(rows) != 1 || rows[0]["Guid"] != last.xid.String() {
		t.Errorf("the last mailbox: %v", rows)
	}
	a := c.do(http.MethodPost, c.beta("InvokeCommand")+query("$select", "Guid"), nil, command("Get-Mailbox", nil))
	if p := decode[page](t, a.body); len(p.Value) != 1000 || p.Next == "" {
		t.Errorf("first page: %d rows, next %q", len(p.Value), p.Next)
	}
}

func TestNamesOfPeopleAreUnique(t *testing.T) {
	p := &plan{}
	displays, aliases := map[string]int{}, map[string]int{}
	for _, n := range namedPeople {
		displays[n.display]++
		aliases[n.alias]++
	}
	for i := range 30_000 {
		d, a := p.ordinaryName(i)
		displays[d]++
		aliases[a]++
	}
	for d, n := range displays {
		if n > 1 && d != "Alex Morgan" {
			t.Errorf("display name %q given %d times", d, n)
		}
	}
	for a, n := range aliases {
		if n > 1 {
			t.Errorf("alias %q given %d times", a, n)
		}
	}
}

func TestAnswersAreCompressedOnRequest(t *testing.T) {
	c := start(t, Options{Mailboxes: 60})
	for _, path := range []string{"/v1.0/users", c.beta("Mailbox")} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.srv.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		audience := "https://graph.microsoft.com"
		if path != "/v1.0/users" {
			audience = "https://outlook.office365.com"
		}
		req.Header.Set("Authorization", "Bearer "+c.tenant.Token(audience))
		req.Header.Set("Accept-Encoding", "gzip") // by hand: the transport leaves it alone
		res, err := c.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_, bad := gzip.NewReader(res.Body)
		res.Body.Close()
		if res.Header.Get("Content-Encoding") != "gzip" || bad != nil {
			t.Errorf("%s: Content-Encoding %q, %v", path, res.Header.Get("Content-Encoding"), bad)
		}
	}
}
