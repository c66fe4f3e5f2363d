package exo

import (
	"context"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tenantaudit/internal/faketenant"
	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/transport"
)

// simulated collects the chosen sources from the simulated tenant, or all of them.
func simulated(t *testing.T, o faketenant.Options, sources map[snapshot.Source]bool) (*faketenant.Tenant, *snapshot.Store, *Client) {
	t.Helper()
	if o.Mailboxes == 0 {
		o.Mailboxes = 60 // the least that holds every situation
	}
	tenant, err := faketenant.New(o)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(tenant.Handler())
	defer server.Close()
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	stack, err := transport.New(transport.Config{
		Tenant: tenant.ID(), Exchange: transport.Endpoint{Base: base, Scope: "https://outlook.office365.com/.default"}, Tokens: minted{tenant},
		Policy: transport.Policy{BaseDelay: time.Millisecond, MaxDelay: time.Millisecond, MinDelay: time.Microsecond, ExchangeRate: 5000, ExchangeInFlight: 8},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stack.Close()
	c := New(stack, Options{Tenant: tenant.ID()})
	c.baseDelay = time.Millisecond
	s := newStore(t)
	collect(t, s, Collectors(c, CollectOptions{Concurrency: 4, Sources: sources}))
	return tenant, s, c
}

type minted struct{ tenant *faketenant.Tenant }

func (m minted) Token(context.Context, string, string) (transport.Token, error) {
	return transport.Token{Value: transport.Secret(m.tenant.Token("https://outlook.office365.com")), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// unfinishedUnits lists the units that are not complete, apart from names nobody bears.
func unfinishedUnits(t *testing.T, s *snapshot.Store, c *Client) []string {
	t.Helper()
	out := []string{}
	for _, col := range Collectors(c, CollectOptions{}) {
		units, err := s.Units(t.Context(), col.Source())
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range units {
			if l.State != snapshot.Complete && (col.Source() != SourceRecipientByDN || l.State != snapshot.Gone) {
				out = append(out, strings.Join([]string{string(col.Source()), l.Unit.Key, string(l.State), string(l.Cause), l.Detail}, " "))
			}
		}
	}
	return out
}

func TestSimulatedTenant(t *testing.T) {
	tenant, s, c := simulated(t, faketenant.Options{PageSizeCap: 25}, nil)
	check(t, "units that are not complete", unfinishedUnits(t, s, c), []string{})
	key := tenant.AnswerKey()
	for dataset, src := range map[string]snapshot.Source{"inboxRules": SourceInboxRule, "mailboxPermissions": SourceMailboxPermission, "folderPermissions": SourceFolderPermission} {
		check(t, "mailboxes of "+dataset, len(states(t, s, src)), key.Coverage[dataset].Expected)
	}
	hidden := 0
	for r, err := range s.Rows(t.Context(), SourceInboxRule) {
		if err != nil {
			t.Fatal(err)
		}
		rule, err := DecodeInboxRule(r.Row)
		if err != nil || len(rule.Odd) > 0 {
			t.Errorf("rule %s: %v, odd %v", r.Row, err, rule.Odd)
		}
		hidden++
	}
	check(t, "rules", hidden, len(key.Datasets["inboxRules"]))
	if err := c.Refused(); err != nil {
		t.Errorf("the guard refused something: %v", err)
	}
	for _, call := range tenant.Log() {
		for _, name := range call.Cmdlets {
			if !strings.HasPrefix(name, "Get-") {
				t.Errorf("%s was invoked", name)
			}
		}
	}
}

// What passes is read in the end as if nothing had happened.
// The faults are few: a client that retries more than its budget pauses for a minute.
// The bypass list is left out: its thousand rows, forty pages here, would be read four times.
func TestSimulatedTroubleThatPasses(t *testing.T) {
	sources := map[snapshot.Source]bool{}
	for _, c := range Collectors(newFake(t, contoso(t)).client, CollectOptions{}) {
		sources[c.Source()] = c.Source() != SourceAuditBypass
	}
	calm, whole, c := simulated(t, faketenant.Options{Mailboxes: 30, PageSizeCap: 25}, sources)
	want := content(t, whole, Collectors(c, CollectOptions{}))
	for name, faults := range map[string][]faketenant.Fault{
		"transient": {{Name: faketenant.FaultBusy503, Every: 13, Times: 3}, {Name: faketenant.FaultProxy400, Every: 17, Times: 3}, {Name: faketenant.FaultReset, Every: 19, Times: 3},
			{Name: faketenant.FaultCutBody, Every: 23, Times: 3}, {Name: faketenant.FaultHTMLProxy, Every: 29, Times: 3}, {Name: faketenant.FaultNullValue}},
		"batches":        {{Name: faketenant.FaultBatchMissing}, {Name: faketenant.FaultBatchShuffle}, {Name: faketenant.FaultBatchItem429, Every: 50, RetryAfter: "0.02", Times: 1}},
		"load and pages": {{Name: faketenant.FaultConcurrency, Every: 40, RetryAfter: "0.02", Times: 1}, {Name: faketenant.FaultExpiredPage}},
	} {
		tenant, s, c := simulated(t, faketenant.Options{Mailboxes: 30, PageSizeCap: 25, Faults: faults}, sources)
		if got, least := len(tenant.Log()), len(calm.Log())+len(faults); got < least {
			t.Errorf("%s: %d requests, want %d or more: there was no trouble", name, got, least)
		}
		check(t, name+": units that are not complete", unfinishedUnits(t, s, c), []string{})
		if got := content(t, s, Collectors(c, CollectOptions{})); got != want {
			t.Errorf("%s: the snapshot differs from one without trouble", name)
		}
	}
}

func TestSimulatedDenials(t *testing.T) {
	for _, style := range []string{"nul403", "entity401"} {
		_, s, c := simulated(t, faketenant.Options{Mailboxes: 6, Deny: []string{"Get-InboxRule", "Get-TransportRule"}, DenyStyle: style}, nil)
		for _, line := range unfinishedUnits(t, s, c) {
			if !strings.HasPrefix(line, string(SourceInboxRule)) && !strings.HasPrefix(line, string(SourceTransportRule)) || !strings.Contains(line, "denied missing-privilege") {
				t.Errorf("%s: %s", style, line)
			}
		}
		check(t, style, unit(t, s, SourceTransportRule, "").State, snapshot.Denied)
	}
}

func TestSimulatedLinkToElsewhere(t *testing.T) {
	_, s, c := simulated(t, faketenant.Options{Mailboxes: 30, PageSizeCap: 25, Faults: []faketenant.Fault{{Name: faketenant.FaultForeignLink, Cmdlet: "Get-Mailbox"}}},
		map[snapshot.Source]bool{SourceModuleFile: true, SourceMailbox: true})
	if c.Refused() == nil || unit(t, s, SourceMailbox, MailboxUnit).State != snapshot.Failed {
		t.Errorf("refused %v, mailbox list %s", c.Refused(), unit(t, s, SourceMailbox, MailboxUnit).State)
	}
}
