package exo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/transport"
)

// listingOf finds a listing of the table.
func listingOf(t *testing.T, src snapshot.Source, key string) listing {
	t.Helper()
	i := slices.IndexFunc(listings, func(l listing) bool { return l.source == src && l.key == key })
	if i < 0 {
		t.Fatalf("no listing %s %q", src, key)
	}
	return listings[i]
}

func list(t *testing.T, f *fake, s Store, src snapshot.Source, key string) snapshot.Ledger {
	t.Helper()
	if err := f.client.list(t.Context(), s, listingOf(t, src, key)); err != nil {
		t.Fatal(err)
	}
	return unit(t, s, src, key)
}

func TestListingOverPages(t *testing.T) {
	s := newStore(t)
	f := newFake(t, func(c sent) reply {
		switch c.token {
		case "":
			return rows(c, "SECRET2", named("a", "b")...)
		case "SECRET2":
			return rows(c, "SECRET3", named("c")...)
		}
		return rows(c, "", named("d")...)
	})
	l := list(t, f, s, SourceMailbox, MailboxUnit)
	check(t, "state", l.State, snapshot.Complete)
	check(t, "rows", stored(t, s, SourceMailbox, MailboxUnit, "Name"), []string{"a", "b", "c", "d"})
	keys, err := s.PageKeys(t.Context(), l.Unit)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "pages", keys, []string{"000001", "000002", "000003"})
	calls := f.calls("Get-Mailbox")
	if len(calls) != 3 || l.Attempts != 3 {
		t.Fatalf("%d calls, %d attempts, want 3", len(calls), l.Attempts)
	}
	for i, c := range calls {
		check(t, fmt.Sprintf("parameters of page %d", i+1), c.params, map[string]any{"ResultSize": "Unlimited"})
		check(t, "anchor", c.anchor, systemMailbox+tenant)
		check(t, "page size", c.prefer, "odata.maxpagesize=1000")
		if c.cookie != calls[0].cookie {
			t.Errorf("page %d went to %s, page 1 to %s", i+1, c.cookie, calls[0].cookie)
		}
	}
	check(t, "selected", calls[0].sel, strings.Join(mailboxProperties, ","))
	for p, err := range s.Pages(t.Context(), l.Unit) {
		if err != nil {
			t.Fatal(err)
		}
		check(t, "request", p.Request, "Get-Mailbox ResultSize")
		check(t, "request id", p.RequestID, "request-1")
		if strings.Contains(string(p.Rows)+p.Request, "SECRET") {
			t.Errorf("page %s holds a page token", p.Key)
		}
	}
	f.reset()
	list(t, f, s, SourceMailbox, MailboxUnit)
	check(t, "calls for a complete unit", len(f.calls("Get-Mailbox")), 0)
}

func TestCallerAnchorsDelegatedCalls(t *testing.T) {
	f := newFakeWith(t, Options{CallerUPN: "auditor@contoso.example", PageSize: 50}, func(c sent) reply { return rows(c, "", named("a")...) })
	list(t, f, newStore(t), SourceAcceptedDomain, "")
	c := f.calls("Get-AcceptedDomain")[0]
	check(t, "anchor", c.anchor, "UPN:auditor@contoso.example")
	check(t, "page size", c.prefer, "odata.maxpagesize=50")
}

func TestExpiredPageStartsOver(t *testing.T) {
	s := newStore(t)
	expired := 0
	f := newFake(t, nil)
	f.answer = func(c sent) reply {
		if c.token == "" {
			return rows(c, "t", named("a", "b")...)
		}
		if expired++; expired <= 2 {
			return failing(t, 400, "400-pagination.json")
		}
		return rows(c, "", named("c")...)
	}
	l := list(t, f, s, SourceAcceptedDomain, "")
	check(t, "state", l.State, snapshot.Complete)
	check(t, "rows", stored(t, s, SourceAcceptedDomain, "", "Name"), []string{"a", "b", "c"})
	var firsts []string
	for _, c := range f.calls("Get-AcceptedDomain") {
		if c.token == "" {
			firsts = append(firsts, c.cookie)
		}
	}
	slices.Sort(firsts)
	if len(slices.Compact(firsts)) != 3 {
		t.Errorf("cookies of the three starts %v, want three", firsts)
	}
}

func TestPagingThatNeverWorks(t *testing.T) {
	answer := func(c sent) reply {
		switch {
		case c.entity != "" && c.token == "":
			return reply{body: fmt.Sprintf(`{"@odata.nextLink":"%s?$skiptoken=e2","value":[%s]}`, c.base, strings.Join(named("a", "b"), ","))}
		case c.entity != "":
			return rows(c, "", named("c")...)
		case c.token == "":
			return rows(c, "t", named("a", "b")...)
		}
		return failing(t, 400, "400-pagination.json")
	}
	s := newStore(t)
	f := newFake(t, answer)
	l := list(t, f, s, SourceAcceptedDomain, "")
	check(t, "state", l.State, snapshot.Partial)
	check(t, "cause", l.Cause, snapshot.ServiceError)
	check(t, "rows stand", stored(t, s, SourceAcceptedDomain, "", "Name"), []string{"a", "b"})
	check(t, "requests", len(f.calls("Get-AcceptedDomain")), 6)
	if !strings.Contains(l.Detail, "after 2 rows") || !strings.HasSuffix(l.Detail, resume) {
		t.Errorf("detail %q", l.Detail)
	}

	l = list(t, f, s, SourceMailbox, MailboxUnit)
	check(t, "state from the entity set", l.State, snapshot.Complete)
	check(t, "rows from the entity set", stored(t, s, SourceMailbox, MailboxUnit, "Name"), []string{"a", "b", "c"})
	gets := f.calls("")
	if len(gets) != 2 || gets[0].entity != "Mailbox" || gets[0].query.Get("PropertySet") != "Minimum,Audit,Delivery" || !strings.Contains(gets[0].query.Get("$select"), "LegacyExchangeDN") {
		t.Errorf("GET requests %+v", gets)
	}
	check(t, "second page is a GET with the same anchor", gets[1].anchor, gets[0].anchor)
}

func TestEntitySetThatIsDeniedKeepsTheRows(t *testing.T) {
	s := newStore(t)
	f := newFake(t, func(c sent) reply {
		switch {
		case c.entity != "":
			return failing(t, 401, "401-entity.json")
		case c.token == "":
			return rows(c, "t", named("a", "b")...)
		}
		return failing(t, 400, "400-pagination.json")
	})
	l := list(t, f, s, SourceRecipient, "")
	check(t, "state", l.State, snapshot.Partial)
	check(t, "rows", stored(t, s, SourceRecipient, "", "Name"), []string{"a", "b"})
	if !strings.Contains(l.Detail, "User is not allowed to call") {
		t.Errorf("detail %q", l.Detail)
	}
}

func TestListingsThatAreNotComplete(t *testing.T) {
	const warning = `"@adminapi.warnings":["There are more results available than are currently displayed. To view them, increase the value for the ResultSize parameter."],`
	empty := 0
	for _, c := range []struct {
		name   string
		answer func(sent) reply
		state  snapshot.State
		cause  snapshot.Cause
		rows   int64
		detail string
	}{
		{"page link again", func(c sent) reply { return rows(c, "same", named("a")...) }, snapshot.Partial, snapshot.ServiceError, 2, "same page link again"},
		{"more without a link", func(sent) reply { return reply{body: `{` + warning + `"value":[{"Name":"a"}]}`} }, snapshot.Partial, snapshot.ServiceError, 1, "more rows"},
		{"empty pages", func(c sent) reply { empty++; return rows(c, fmt.Sprint("t", empty)) }, snapshot.Partial, snapshot.ServiceError, 0, "50 empty pages"},
		{"odd row", func(sent) reply { return reply{body: `{"value":[{"Name":"a"},{"Name":"b","Name":"c"},7]}`} }, snapshot.Partial, snapshot.ServiceError, 3, "2 rows are no usable objects"},
		{"errors beside rows", func(sent) reply {
			return reply{body: `{"value":[{"Name":"a"}],"@adminapi.errors":["object b is corrupt"]}`}
		}, snapshot.Partial, snapshot.ServiceError, 1, "object b is corrupt"},
		{"null", func(sent) reply { return reply{body: `{"value":null}`} }, snapshot.Failed, snapshot.ServiceError, 0, "not an array"},
		{"web page", func(sent) reply { return reply{body: "<html>hello</html>"} }, snapshot.Failed, snapshot.ServiceError, 0, "a proxy answered"},
		{"no content", func(sent) reply { return reply{status: 204} }, snapshot.Failed, snapshot.ServiceError, 0, "empty answer"},
		{"bad enum", func(sent) reply { return failing(t, 400, "400-bad-enum.json") }, snapshot.Failed, snapshot.ServiceError, 0, "Cannot process argument"},
		{"denied", func(sent) reply { return failing(t, 403, "403-forbidden.json") }, snapshot.Denied, snapshot.MissingPrivilege, 0, "grant Global Reader"},
		{"denied as NUL bytes", func(sent) reply { return reply{status: 403, body: strings.Repeat("\x00", 4096)} }, snapshot.Denied, snapshot.MissingPrivilege, 0, "no text in the answer"},
		{"denied as unknown command", func(sent) reply { return failing(t, 400, "400-command-not-found.json") }, snapshot.Denied, snapshot.MissingPrivilege, 0, "not recognized"},
		{"denied as 401", func(sent) reply { return failing(t, 401, "401-entity.json") }, snapshot.Denied, snapshot.MissingPrivilege, 0, "not allowed"},
		{"busy for ever", func(sent) reply { return failing(t, 400, "400-proxy-transient.json") }, snapshot.Failed, snapshot.ServiceError, 0, "proxy command"},
		{"unknown tenant", func(sent) reply { return reply{status: 404} }, snapshot.Unavailable, snapshot.MissingLicence, 0, "Exchange Online"},
		{"changed while reading", func(c sent) reply {
			if c.token == "" {
				return rows(c, "t", named("a", "b")...)
			}
			return rows(c, "", `{"Guid":"guid-a","Name":"a"}`, `{"Guid":"guid-b","Name":"renamed"}`)
		}, snapshot.Complete, "", 4, "2 rows came twice, 1 of them changed"},
	} {
		s := newStore(t)
		f := newFake(t, c.answer)
		l := list(t, f, s, SourceAcceptedDomain, "")
		if l.State != c.state || l.Cause != c.cause || l.Rows != c.rows || !strings.Contains(l.Detail, c.detail) {
			t.Errorf("%s: %s, %s, %d rows, %q; want %s, %s, %d, …%q…", c.name, l.State, l.Cause, l.Rows, l.Detail, c.state, c.cause, c.rows, c.detail)
		}
		if strings.ContainsAny(l.Detail, "\n\r\x00") {
			t.Errorf("%s: detail %q is not one line", c.name, l.Detail)
		}
	}
}

func TestDamagedAnswersAreAskedForAgain(t *testing.T) {
	n := 0
	f := newFake(t, func(c sent) reply {
		if n++; n < 3 {
			return reply{body: `{"value":[{"Name":"cut`}
		}
		return rows(c, "", named("a")...)
	})
	l := list(t, f, newStore(t), SourceAcceptedDomain, "")
	if l.State != snapshot.Complete || l.Rows != 1 || l.Attempts != 3 {
		t.Errorf("%s with %d rows after %d attempts", l.State, l.Rows, l.Attempts)
	}
}

func TestSingletonWithoutARowFailed(t *testing.T) {
	f := newFake(t, func(c sent) reply { return rows(c, "") })
	l := list(t, f, newStore(t), SourceOrganizationConfig, "")
	if l.State != snapshot.Failed || !strings.Contains(l.Detail, "without a row") {
		t.Errorf("%s: %q", l.State, l.Detail)
	}
}

func TestNoContentIsAnEmptyListWhereListsMayBeEmpty(t *testing.T) {
	f := newFake(t, func(sent) reply { return reply{status: 204} })
	if l := list(t, f, newStore(t), SourceTransportRule, ""); l.State != snapshot.Complete || l.Rows != 0 {
		t.Errorf("%s with %d rows: %s", l.State, l.Rows, l.Detail)
	}
}

func TestOptionalParameters(t *testing.T) {
	refuse := func(c sent, name string) (reply, bool) {
		if _, given := c.params[name]; !given {
			return rows(c, "", named("a")...), false
		}
		return reply{status: 400, body: envelope("The parameter '" + name + "' is not present in the role definition of the current user.")}, true
	}
	f := newFake(t, func(c sent) reply { r, _ := refuse(c, "ResultSize"); return r })
	if l := list(t, f, newStore(t), SourceOutboundConnector, ""); l.State != snapshot.Complete {
		t.Errorf("without ResultSize: %s, %s", l.State, l.Detail)
	}
	check(t, "the other parameter stays", f.calls("Get-OutboundConnector")[1].params, map[string]any{"IncludeTestModeConnectors": true})

	f = newFake(t, func(c sent) reply { r, _ := refuse(c, "IncludeTestModeConnectors"); return r })
	l := list(t, f, newStore(t), SourceOutboundConnector, "")
	if l.State != snapshot.Partial || l.Cause != snapshot.MissingPrivilege || l.Rows != 1 || !strings.Contains(l.Detail, "read without IncludeTestModeConnectors") {
		t.Errorf("without a parameter that matters: %s, %s, %d rows, %q", l.State, l.Cause, l.Rows, l.Detail)
	}

	f = newFake(t, func(sent) reply { return failing(t, 400, "400-unknown-parameter.json") })
	if l := list(t, f, newStore(t), SourceAcceptedDomain, ""); l.State != snapshot.Failed || len(f.calls("Get-AcceptedDomain")) != 2 {
		t.Errorf("refused without it as well: %s after %d calls", l.State, len(f.calls("Get-AcceptedDomain")))
	}
}

func TestWrongRoutingHint(t *testing.T) {
	f := newFakeWith(t, Options{CallerUPN: "guest@fabrikam.example"}, func(c sent) reply {
		if c.anchor != systemMailbox+tenant {
			return reply{status: 400, body: `{"error":{"code":"ErrorIncorrectRoutingHint","message":"wrong"}}`}
		}
		return rows(c, "", named("a")...)
	})
	if l := list(t, f, newStore(t), SourceAcceptedDomain, ""); l.State != snapshot.Complete {
		t.Errorf("%s: %s", l.State, l.Detail)
	}
	f = newFake(t, func(sent) reply {
		return reply{status: 400, body: `{"error":{"code":"ErrorIncorrectRoutingHint","message":"wrong"}}`}
	})
	if l := list(t, f, newStore(t), SourceAcceptedDomain, ""); l.State != snapshot.Failed || len(f.calls("Get-AcceptedDomain")) != 2 {
		t.Errorf("a hint that is always wrong: %s after %d calls", l.State, len(f.calls("Get-AcceptedDomain")))
	}
}

func TestForeignPageLinkIsNotFollowed(t *testing.T) {
	s := newStore(t)
	f := newFake(t, func(c sent) reply {
		return reply{body: `{"@odata.nextLink":"https://outlook.evil.example/adminapi/beta/` + tenant + `/InvokeCommand?%24skiptoken=SECRET","value":[{"Name":"a"}]}`}
	})
	l := list(t, f, s, SourceAcceptedDomain, "")
	if l.State != snapshot.Failed || !strings.Contains(l.Detail, "outlook.evil.example") || strings.Contains(l.Detail, "SECRET") {
		t.Errorf("%s: %q", l.State, l.Detail)
	}
	if err := f.client.Refused(); !errors.Is(err, transport.ErrGuard) {
		t.Errorf("Refused() = %v, want the guard's refusal", err)
	}
	check(t, "requests", len(f.calls("Get-AcceptedDomain")), 1)
}

func TestPagesThatAreTooLargeAreHalved(t *testing.T) {
	s := newStore(t)
	f := newFakeOf(t, Options{}, 4000, nil)
	f.answer = func(c sent) reply {
		var size, from int
		if _, err := fmt.Sscanf(c.prefer, "odata.maxpagesize=%d", &size); err != nil {
			t.Errorf("Prefer %q", c.prefer)
		}
		_, _ = fmt.Sscanf(c.token, "%d", &from)
		var list []string
		for i := from; i < min(from+size, 400); i++ {
			list = append(list, fmt.Sprintf(`{"Guid":"g%d","Name":"n%d"}`, i, i))
		}
		if from+size < 400 {
			return rows(c, fmt.Sprint(from+size), list...)
		}
		return rows(c, "", list...)
	}
	l := list(t, f, s, SourceAcceptedDomain, "")
	if l.State != snapshot.Complete || l.Rows != 400 {
		t.Errorf("%s with %d rows: %s", l.State, l.Rows, l.Detail)
	}
	// 1000, 500 and 250 rows of 27 bytes do not fit into 4000 bytes, 125 do.
	check(t, "page size that fits", f.calls("Get-AcceptedDomain")[4].prefer, "odata.maxpagesize=125")

	f = newFakeOf(t, Options{}, 4000, func(c sent) reply { return rows(c, "", `{"Name":"`+strings.Repeat("x", 5000)+`"}`) })
	if l := list(t, f, newStore(t), SourceAcceptedDomain, ""); l.State != snapshot.Failed || !strings.Contains(l.Detail, "too large") {
		t.Errorf("one row that is too large: %s, %q", l.State, l.Detail)
	}
}

func TestFailureInMidListingStartsOver(t *testing.T) {
	n := 0
	f := newFake(t, func(c sent) reply {
		if c.token == "" {
			return rows(c, "t", named("a")...)
		}
		if n++; n == 1 {
			return reply{status: 400, body: envelope("something odd")}
		}
		return rows(c, "", named("b")...)
	})
	s := newStore(t)
	l := list(t, f, s, SourceAcceptedDomain, "")
	check(t, "state", l.State, snapshot.Complete)
	check(t, "rows", stored(t, s, SourceAcceptedDomain, "", "Name"), []string{"a", "b"})
}

func TestCutListingStartsOver(t *testing.T) {
	s := newStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	f := newFake(t, nil)
	f.answer = func(c sent) reply {
		if c.token == "" {
			return rows(c, "t", named("a", "b")...)
		}
		cancel()
		return rows(c, "", named("c")...)
	}
	if err := f.client.list(ctx, s, listingOf(t, SourceAcceptedDomain, "")); !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled run returned %v", err)
	}
	l := unit(t, s, SourceAcceptedDomain, "")
	if l.State != snapshot.Partial || l.Cause != snapshot.Interrupted || l.Rows != 2 {
		t.Errorf("after the cut: %s, %s, %d rows", l.State, l.Cause, l.Rows)
	}
	f.reset()
	l = list(t, f, s, SourceAcceptedDomain, "")
	check(t, "state", l.State, snapshot.Complete)
	check(t, "rows", stored(t, s, SourceAcceptedDomain, "", "Name"), []string{"a", "b", "c"})
	check(t, "the old link is not used", f.calls("Get-AcceptedDomain")[0].token, "")
}

func TestUnauthorizedIsDeniedAfterOneRenewal(t *testing.T) {
	f := newFake(t, func(sent) reply { return reply{status: http.StatusUnauthorized} })
	l := list(t, f, newStore(t), SourceAcceptedDomain, "")
	if l.State != snapshot.Denied || len(f.calls("Get-AcceptedDomain")) != 2 {
		t.Errorf("%s after %d calls, want denied after 2: %s", l.State, len(f.calls("Get-AcceptedDomain")), l.Detail)
	}
}
