package faketenant

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"
)

func TestParametersAreValidated(t *testing.T) {
	c := start(t, Options{Mailboxes: 60})
	for _, tc := range []struct {
		name, cmdlet string
		params       map[string]any
		status       int
		text         string
		rows         int // for 200
	}{
		{name: "unknown parameter", cmdlet: "Get-Mailbox", params: map[string]any{"BogusParameter": 1}, status: 400, text: "AmbiguousParameterSetException"},
		{name: "cmdlet without ResultSize", cmdlet: "Get-OrganizationConfig", params: map[string]any{"ResultSize": "Unlimited"}, status: 400, text: "ResultSize"},
		{name: "bad enum", cmdlet: "Get-Mailbox", params: map[string]any{"RecipientTypeDetails": "Nonsense"}, status: 400, text: "ParameterTransformationException"},
		{name: "prefix of an enum", cmdlet: "Get-Mailbox", params: map[string]any{"RecipientTypeDetails": "UserMail"}, status: 200},
		{name: "enum", cmdlet: "Get-Mailbox", params: map[string]any{"RecipientTypeDetails": []string{"RoomMailbox", "EquipmentMailbox"}}, status: 200, rows: 4},
		{name: "parameters in any case", cmdlet: "get-mailbox", params: map[string]any{"recipientTYPEdetails": "roommailbox"}, status: 200, rows: 3},
		{name: "null identity is everything", cmdlet: "Get-RecipientPermission", params: map[string]any{"Identity": nil}, status: 200, rows: 78},
		{name: "missing mandatory", cmdlet: "Get-MailboxPermission", status: 400, text: "Invalid Operation"},
		{name: "missing mailbox", cmdlet: "Get-InboxRule", params: map[string]any{"IncludeHidden": true}, status: 400, text: "Invalid Operation"},
		{name: "not found", cmdlet: "Get-MailboxPermission", params: map[string]any{"Identity": "gone@contoso.example"}, status: 404, text: "Ex6F9304|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|"},
		{name: "ambiguous", cmdlet: "Get-MailboxPermission", params: map[string]any{"Identity": "Alex Morgan"}, status: 400, text: "ManagementObjectAmbiguousException"},
		{name: "apostrophe", cmdlet: "Get-Mailbox", params: map[string]any{"Identity": "o'brien@contoso.example"}, status: 200, rows: 1},
		{name: "apostrophe in a filter", cmdlet: "Get-Mailbox", params: map[string]any{"Filter": "DisplayName -eq 'Siobhán O''Brien'"}, status: 200, rows: 1},
		{name: "filter", cmdlet: "Get-Mailbox", params: map[string]any{"Filter": "RecipientTypeDetails -eq 'RoomMailbox' -or Alias -like 'projector*'"}, status: 200, rows: 4},
		{name: "filter with and", cmdlet: "Get-Mailbox", params: map[string]any{"Filter": "(RecipientTypeDetails -eq 'RoomMailbox') -and (AuditEnabled -eq $false)"}, status: 200, rows: 1},
		{name: "broken filter", cmdlet: "Get-Mailbox", params: map[string]any{"Filter": "DisplayName -eq"}, status: 400, text: "Filter"},
		{name: "no match", cmdlet: "Get-Mailbox", params: map[string]any{"Filter": "DisplayName -eq 'nobody'"}, status: 200},
		{name: "switch that is a word", cmdlet: "Get-InboxRule", params: map[string]any{"Mailbox": "ap@contoso.example", "IncludeHidden": "yes"}, status: 400, text: "IncludeHidden"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := c.do(http.MethodPost, c.beta("InvokeCommand"), nil, command(tc.cmdlet, tc.params))
			if a.status != tc.status || !strings.Contains(string(a.body), tc.text) {
				t.Fatalf("got %d %.400s, want %d with %q", a.status, a.body, tc.status, tc.text)
			}
			if tc.status == http.StatusOK {
				if got := len(decode[page](t, a.body).Value); got != tc.rows {
					t.Errorf("%d rows, want %d", got, tc.rows)
				}
			}
		})
	}
	for name, body := range map[string]string{
		"null parameters":    `{"CmdletInput":{"CmdletName":"Get-Mailbox","Parameters":null}}`,
		"missing parameters": `{"CmdletInput":{"CmdletName":"Get-Mailbox"}}`,
		"no input":           `{}`,
		"no JSON":            `x`,
	} {
		if a := c.do(http.MethodPost, c.beta("InvokeCommand"), nil, body); a.status != http.StatusBadRequest {
			t.Errorf("%s: %d, want 400", name, a.status)
		}
	}
}

func TestSelectNarrows(t *testing.T) {
	c := start(t, Options{Mailboxes: 60})
	a := c.do(http.MethodPost, c.beta("InvokeCommand")+query("$select", "UserPrincipalName,AuditEnabled,DefaultAuditSet,Nonsense"), nil, command("Get-Mailbox", nil))
	if got := strings.Join(members(t, a.body), " "); got != "UserPrincipalName AuditEnabled DefaultAuditSet@odata.type DefaultAuditSet" {
		t.Errorf("members %s", got)
	}
	a = c.do(http.MethodPost, c.beta("InvokeCommand")+query("$select", "Name,AutoForwardingMode"), nil, command("Get-HostedOutboundSpamFilterPolicy", nil))
	if got := strings.Join(members(t, a.body), " "); got != "AutoForwardingMode Name" {
		t.Errorf("members %s", got)
	}
}

// firstPage asks for mailboxes in pages of 20.
func (c *client) firstPage() page {
	c.t.Helper()
	a := c.do(http.MethodPost, c.beta("InvokeCommand"), map[string]string{"Prefer": "odata.maxpagesize=20"}, command("Get-Mailbox", nil))
	p := decode[page](c.t, a.body)
	if len(p.Value) != 20 || p.Next == "" || len(p.Warnings) != 1 || !strings.HasPrefix(p.Warnings[0], "There are more results available") {
		c.t.Fatalf("first page: %d rows, next %q, warnings %v", len(p.Value), p.Next, p.Warnings)
	}
	return p
}

func TestPaging(t *testing.T) {
	small := map[string]string{"Prefer": "odata.maxpagesize=20"}
	body := command("Get-Mailbox", nil)
	t.Run("to the end", func(t *testing.T) {
		c := start(t, Options{Mailboxes: 60})
		seen := map[any]bool{}
		p := c.firstPage()
		for {
			for _, r := range p.Value {
				seen[r["Guid"]] = true
			}
			if p.Next == "" {
				break
			}
			p = decode[page](t, c.do(http.MethodPost, p.Next, small, body).body)
		}
		if len(seen) != 61 || len(p.Warnings) != 0 {
			t.Errorf("%d different mailboxes, want 61; last warnings %v", len(seen), p.Warnings)
		}
	})
	refused := func(name string, o Options, change func(c *client, p page) answer, status int) {
		t.Run(name, func(t *testing.T) {
			o.Mailboxes = 60
			c := start(t, o)
			a := change(c, c.firstPage())
			if a.status != status {
				t.Fatalf("got %d %.200s, want %d", a.status, a.body, status)
			}
			if status == http.StatusBadRequest && !bytes.Contains(a.body, []byte("Expired or Invalid pagination request. Default Expiry time is 00:30:00")) {
				t.Errorf("body %.300s", a.body)
			}
		})
	}
	loose := func(change func(*Strict)) Options {
		s := DefaultStrict()
		change(s)
		return Options{Strict: s}
	}
	otherAnchor := func(c *client, p page) answer {
		return c.do(http.MethodPost, p.Next, map[string]string{"Prefer": "odata.maxpagesize=20", "X-AnchorMailbox": "UPN:somebody@contoso.example"}, body)
	}
	noCookie := func(c *client, p page) answer {
		c.http.Jar, _ = cookiejar.New(nil)
		return c.do(http.MethodPost, p.Next, small, body)
	}
	otherBody := func(c *client, p page) answer {
		return c.do(http.MethodPost, p.Next, small, command("Get-Mailbox", map[string]any{"ResultSize": "Unlimited"}))
	}
	get := func(c *client, p page) answer { return c.do(http.MethodGet, p.Next, small, "") }
	twice := func(c *client, p page) answer {
		c.do(http.MethodPost, p.Next, small, body)
		return c.do(http.MethodPost, p.Next, small, body)
	}
	refused("another anchor", Options{}, otherAnchor, 400)
	refused("another anchor, loose", loose(func(s *Strict) { s.BindAnchor = false }), otherAnchor, 200)
	refused("no cookie", Options{}, noCookie, 400)
	refused("no cookie, loose", loose(func(s *Strict) { s.BindCookie = false }), noCookie, 200)
	refused("another body", Options{}, otherBody, 400)
	refused("another body, loose", loose(func(s *Strict) { s.BindBody = false }), otherBody, 200)
	refused("GET", Options{}, get, 405)
	refused("GET, loose", loose(func(s *Strict) { s.ContinueByPost = false }), get, 200)
	refused("replay is a retry", Options{}, twice, 200)
	refused("replay, strict", loose(func(s *Strict) { s.ReplayFails = true }), twice, 400)
	refused("another cmdlet", Options{}, func(c *client, p page) answer {
		return c.do(http.MethodPost, p.Next, small, command("Get-Recipient", nil))
	}, 400)
	refused("expired", Options{PageLifetime: time.Nanosecond}, func(c *client, p page) answer { return c.do(http.MethodPost, p.Next, small, body) }, 400)
	refused("forged", Options{}, func(c *client, p page) answer {
		return c.do(http.MethodPost, c.beta("InvokeCommand")+"?%24skiptoken=e30", small, body)
	}, 400)
}

func TestResultSizeAndCap(t *testing.T) {
	count := func(o Options, params map[string]any) page {
		o.Mailboxes = 60
		c := start(t, o)
		return decode[page](t, c.do(http.MethodPost, c.beta("InvokeCommand"), nil, command("Get-Mailbox", params)).body)
	}
	if p := count(Options{}, map[string]any{"ResultSize": 1}); len(p.Value) != 1 || p.Next == "" {
		t.Errorf("ResultSize 1: %d rows, next %q", len(p.Value), p.Next)
	}
	if p := count(Options{IgnoreResultSize: true}, map[string]any{"ResultSize": 1}); len(p.Value) != 61 {
		t.Errorf("ResultSize ignored: %d rows, want 61", len(p.Value))
	}
	if p := count(Options{PageSizeCap: 7}, map[string]any{"ResultSize": "Unlimited"}); len(p.Value) != 7 || p.Next == "" {
		t.Errorf("cap of 7: %d rows, next %q", len(p.Value), p.Next)
	}
}

func TestBypassStandsBeyondRowOneThousand(t *testing.T) {
	for _, n := range []int{60, 250, 5000} {
		c := start(t, Options{Mailboxes: n})
		rows := c.all("Get-MailboxAuditBypassAssociation", map[string]any{"ResultSize": "Unlimited"})
		var places []int
		for i, r := range rows {
			if r["AuditBypassEnabled"] == true {
				places = append(places, i)
			}
		}
		if len(rows) <= n+1000 || len(places) != 2 || places[0] < 1000 {
			t.Errorf("%d mailboxes: %d rows, bypassed at %v", n, len(rows), places)
		}
	}
}

// item is a batch item.
func item(id, base, cmdlet string, params map[string]any) map[string]any {
	return map[string]any{"id": id, "method": "POST", "url": base, "headers": map[string]string{"Content-Type": "application/json"},
		"body": json.RawMessage(command(cmdlet, params))}
}

type batchAnswer struct {
	Responses []struct {
		ID      string            `json:"id"`
		Status  int               `json:"status"`
		Headers map[string]string `json:"headers"`
		Body    json.RawMessage   `json:"body"`
	} `json:"responses"`
}

func (c *client) batch(items ...map[string]any) (answer, batchAnswer) {
	c.t.Helper()
	b, err := json.Marshal(map[string]any{"requests": items})
	if err != nil {
		c.t.Fatal(err)
	}
	a := c.do(http.MethodPost, c.beta("$batch"), map[string]string{"Prefer": "odata.maxpagesize=20;odata.continue-on-error"}, string(b))
	var out batchAnswer
	if a.status == http.StatusOK {
		out = decode[batchAnswer](c.t, a.body)
	}
	return a, out
}

func TestBatch(t *testing.T) {
	c := start(t, Options{Mailboxes: 60, Deny: []string{"Get-TransportRule"}})
	base := c.srv.URL + c.beta("InvokeCommand")
	_, got := c.batch(
		item("a", base, "Get-MailboxPermission", map[string]any{"Identity": "ap@contoso.example"}),
		item("b", base, "Get-MailboxPermission", map[string]any{"Identity": "gone@contoso.example"}),
		item("c", base, "Get-TransportRule", nil),
		item("d", base, "Get-Mailbox", nil),
	)
	if len(got.Responses) != 4 {
		t.Fatalf("%d responses", len(got.Responses))
	}
	for i, want := range []struct {
		id     string
		status int
		cmdlet string
	}{{"a", 200, "Get-MailboxPermission"}, {"b", 404, "Get-MailboxPermission"}, {"c", 403, "Get-TransportRule"}, {"d", 200, "Get-Mailbox"}} {
		r := got.Responses[i]
		if r.ID != want.id || r.Status != want.status || r.Headers["Cmdlet-Name"] != want.cmdlet {
			t.Errorf("response %d: %+v, want %+v", i, r, want)
		}
	}
	next := decode[page](t, got.Responses[3].Body).Next
	if next == "" {
		t.Fatal("no nextLink inside the item")
	}
	if _, more := c.batch(item("e", next, "Get-Mailbox", nil)); more.Responses[0].Status != http.StatusOK || len(decode[page](t, more.Responses[0].Body).Value) != 20 {
		t.Errorf("continuation inside a batch: %s", more.Responses[0].Body)
	}
	var eleven []map[string]any
	for i := range 11 {
		eleven = append(eleven, item(fmt.Sprint(i), base, "Get-AcceptedDomain", nil))
	}
	if a, _ := c.batch(eleven...); a.status != http.StatusBadRequest {
		t.Errorf("eleven items: %d, want 400", a.status)
	}
	if a, ten := c.batch(eleven[:10]...); a.status != http.StatusOK || len(ten.Responses) != 10 {
		t.Errorf("ten items: %d with %d responses", a.status, len(ten.Responses))
	}
	if a, _ := c.batch(eleven[0], eleven[0]); a.status != http.StatusBadRequest {
		t.Errorf("the same id twice: %d, want 400", a.status)
	}
	calls := c.tenant.Log()
	if last := calls[len(calls)-2]; len(last.Cmdlets) != 10 || last.Path != c.beta("$batch") || last.Status != http.StatusOK {
		t.Errorf("log of the batch of ten: %+v", last)
	}
}

func TestDenialStyles(t *testing.T) {
	for style, want := range map[string]struct {
		status int
		text   string
	}{
		"":            {403, "\x00\x00\x00\x00"},
		"nul403":      {403, "\x00\x00\x00\x00"},
		"json403":     {403, "User is not allowed to call Get-InboxRule"},
		"entity401":   {401, "User is not allowed to call Get-InboxRule"},
		"400notfound": {400, "The term 'Get-InboxRule' is not recognized"},
	} {
		c := start(t, Options{Mailboxes: 60, Deny: []string{"Get-InboxRule", "mailboxPermissions"}, DenyStyle: style})
		// Asked for by hand, the transport leaves the fake compression alone.
		a := c.do(http.MethodPost, c.beta("InvokeCommand"), map[string]string{"Accept-Encoding": "identity"}, command("Get-InboxRule", map[string]any{"Mailbox": "ap@contoso.example"}))
		if a.status != want.status || !strings.Contains(string(a.body), want.text) {
			t.Errorf("%q: %d %.100q", style, a.status, a.body)
		}
		if want.text[0] == 0 && (a.header.Get("Content-Encoding") != "gzip" || len(a.body) != 4096) {
			t.Errorf("%q: Content-Encoding %q, %d bytes", style, a.header.Get("Content-Encoding"), len(a.body))
		}
		file := c.do(http.MethodGet, "/AdminApi/v1.0/"+c.tenant.ID()+"/EXOModuleFile?Version=3.9.2", map[string]string{"CommandName": "*"}, "")
		list := decode[page](t, file.body).Value[0]["exportedCmdlets"].(string)
		if strings.Contains(list, "Get-InboxRule") || strings.Contains(list, "Get-MailboxPermission") || !strings.Contains(list, "Get-Mailbox,") {
			t.Errorf("%q: EXOModuleFile names %s", style, list)
		}
	}
	c := start(t, Options{Mailboxes: 60, DenyStyle: denyJSON})
	if a := c.do(http.MethodPost, c.beta("InvokeCommand"), nil, command("Set-Mailbox", map[string]any{"Identity": "x"})); a.status != http.StatusForbidden {
		t.Errorf("a cmdlet that does not exist: %d, want 403", a.status)
	}
	if got := c.tenant.Log()[0].Cmdlets; len(got) != 1 || got[0] != "Set-Mailbox" {
		t.Errorf("log: %v, want the refused cmdlet", got)
	}
}

func TestVersionsAndPaths(t *testing.T) {
	c := start(t, Options{Mailboxes: 60})
	post := func(path, body string) int { return c.do(http.MethodPost, path, nil, body).status }
	if got := post("/ADMINAPI/Beta/contoso.example/invokecommand", command("Get-AcceptedDomain", nil)); got != 200 {
		t.Errorf("path in another case, domain as tenant: %d", got)
	}
	if got := post("/adminapi/v1.0/"+c.tenant.ID()+"/InvokeCommand", command("Get-AcceptedDomain", nil)); got != 405 {
		t.Errorf("InvokeCommand on v1.0: %d, want 405", got)
	}
	if got := post("/adminapi/beta/11111111-2222-4333-8444-555555555555/InvokeCommand", command("Get-AcceptedDomain", nil)); got != 403 {
		t.Errorf("another tenant: %d, want 403", got)
	}
	a := c.do(http.MethodPost, "/adminapi/v2.0/"+c.tenant.ID()+"/Mailbox", nil, command("Get-Mailbox", nil))
	if a.status != 200 || bytes.Contains(a.body, []byte("AuditEnabled")) || !bytes.Contains(a.body, []byte("GrantSendOnBehalfTo")) {
		t.Errorf("v2.0 Mailbox: %d %.200s", a.status, a.body)
	}
	if a := c.do(http.MethodGet, c.beta(""), nil, ""); a.status != 200 || len(decode[page](t, a.body).Value) == 0 {
		t.Errorf("service document: %d", a.status)
	}
	if a := c.do(http.MethodGet, "/adminapi/v1.0/"+c.tenant.ID()+"/EXOBanner('AutogenSession')?Version=3.9.2", nil, ""); a.status != 200 {
		t.Errorf("EXOBanner: %d", a.status)
	}
}
