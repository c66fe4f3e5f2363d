package exo

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"tenantaudit/internal/snapshot"
)

func TestDecodeCASMailbox(t *testing.T) {
	all := decodeAll(t, "Get-CASMailbox", DecodeCASMailbox)
	check(t, "id", all[0].ExternalDirectoryObjectID, "1b7f3a10-0d51-4f0a-9a6b-1f2e3d4c5b01")
	check(t, "address", all[0].PrimarySMTPAddress, "mira.okafor@contoso.example")
	check(t, "switched off", all[0].SMTPClientAuthenticationDisabled, ptr(true))
	check(t, "inherits", all[1].SMTPClientAuthenticationDisabled, nil)
	check(t, "imap", all[1].IMAPEnabled, ptr(true))
	check(t, "pop off", all[0].POPEnabled, ptr(false))
	for _, c := range []struct {
		raw  string
		said bool
	}{
		{`{"SmtpClientAuthenticationDisabled":null}`, true},
		{`{"SmtpClientAuthenticationDisabled":false}`, true},
		{`{"SmtpClientAuthenticationDisabled":"True"}`, true},
		{`{"SmtpClientAuthenticationDisabled":"perhaps"}`, false},
		{`{"SmtpClientAuthenticationDisabled":[true]}`, false},
		{`{"smtpclientauthenticationdisabled":true}`, false},
		{`{}`, false},
	} {
		m, err := DecodeCASMailbox(json.RawMessage(c.raw))
		if err != nil || m.SMTPAuthSaid() != c.said {
			t.Errorf("%s: said %t, %v; want %t", c.raw, m.SMTPAuthSaid(), err, c.said)
		}
	}
}

func TestDecodeSharingPolicy(t *testing.T) {
	all := decodeAll(t, "Get-SharingPolicy", DecodeSharingPolicy)
	check(t, "name", all[0].Name, "Default Sharing Policy")
	check(t, "default", all[0].Default, ptr(true))
	check(t, "domains", all[0].Domains, []string{"Anonymous:CalendarSharingFreeBusyReviewer", "*:CalendarSharingFreeBusySimple"})
	for _, c := range []struct {
		raw  string
		want []string
		odd  bool
	}{
		{`{}`, nil, false},
		{`{"Domains":null}`, nil, false},
		{`{"Domains":[]}`, []string{}, false},
		{`{"Domains":"*:ContactsSharing"}`, []string{"*:ContactsSharing"}, false},
		{`{"Domains":[{"Domain":"*","Actions":"ContactsSharing"},{"Domain":"a.example","Actions":["ContactsSharing","CalendarSharingFreeBusySimple"]}]}`,
			[]string{"*:ContactsSharing", "a.example:ContactsSharing, CalendarSharingFreeBusySimple"}, false},
		{`{"Domains":[{"Actions":"ContactsSharing"},["x"],"b.example:"]}`, []string{"b.example:"}, true},
	} {
		p, err := DecodeSharingPolicy(json.RawMessage(c.raw))
		if err != nil {
			t.Fatal(err)
		}
		check(t, c.raw, p.Domains, c.want)
		check(t, c.raw+" is odd", p.IsOdd("Domains"), c.odd)
	}
}

func TestTransportConfigHasItsName(t *testing.T) {
	check(t, "name", decodeAll(t, "Get-TransportConfig", DecodeTransportConfig)[0].Name, "Transport Settings")
}

// A folder's user may come as an object; whatever names it is read.
func TestFolderUserObjects(t *testing.T) {
	const id = "1b7f3a10-0d51-4f0a-9a6b-1f2e3d4c5b01"
	for _, c := range []struct{ raw, user, upn, address, id string }{
		{`{"User":{"ADRecipient":{"PrimarySmtpAddress":"kim@contoso.example"}}}`, "kim@contoso.example", "", "kim@contoso.example", ""},
		{`{"User":{"DisplayName":null,"UserType":"Internal","ADRecipient":{"PrimarySmtpAddress":"kim@contoso.example"}}}`, "kim@contoso.example", "", "kim@contoso.example", ""},
		{`{"User":{"DisplayName":"Kim","ADRecipient":{"Guid":"` + strings.ToUpper(id) + `","PrimarySmtpAddress":"kim@contoso.example"}}}`, "Kim", "", "kim@contoso.example", id},
		{`{"User":{"ADRecipient":{"ExternalDirectoryObjectId":"` + id + `"}}}`, id, "", "", id},
		{`{"User":{"ADRecipient":"Kim Berg"}}`, "Kim Berg", "", "", ""},
		{`{"User":{"UserType":"Default","ADRecipient":null}}`, "Default", "", "", ""},
		{`{"User":{"UserPrincipalName":"kim@contoso.example","ADRecipient":{"UserPrincipalName":"other@contoso.example"}}}`, "kim@contoso.example", "kim@contoso.example", "", ""},
	} {
		p, err := DecodeFolderPermission(json.RawMessage(c.raw))
		if err != nil {
			t.Fatal(err)
		}
		check(t, c.raw, []string{p.User, p.UserPrincipalName, p.UserAddress, p.UserID}, []string{c.user, c.upn, c.address, c.id})
	}
}

func TestProtocolsAreListedOverPages(t *testing.T) {
	s := newStore(t)
	f := newFake(t, func(c sent) reply {
		if c.token == "" {
			return rows(c, "t", named("a")...)
		}
		return rows(c, "", named("b")...)
	})
	l := list(t, f, s, SourceCASMailbox, "")
	check(t, "state", l.State, snapshot.Complete)
	check(t, "rows", stored(t, s, SourceCASMailbox, "", "Name"), []string{"a", "b"})
	for _, c := range f.calls("Get-CASMailbox") {
		check(t, "parameters", c.params, map[string]any{"ResultSize": "Unlimited"})
		if c.token == "" && !strings.Contains(c.sel, "SmtpClientAuthenticationDisabled") {
			t.Errorf("selected %q", c.sel)
		}
	}
	// Where the pages do not work the entity set stands in.
	s = newStore(t)
	f = newFake(t, func(c sent) reply {
		if c.entity != "" {
			return rows(c, "", named("a", "b")...)
		}
		return failing(t, 400, "400-pagination.json")
	})
	check(t, "state from the entity set", list(t, f, s, SourceCASMailbox, "").State, snapshot.Complete)
	check(t, "entity set", f.calls("")[0].entity, "CasMailbox")
	// The list of sharing policies takes no parameter at all.
	f = newFake(t, func(c sent) reply { return rows(c, "", named("a")...) })
	check(t, "sharing policies", list(t, f, newStore(t), SourceSharingPolicy, "").State, snapshot.Complete)
	check(t, "parameters", f.calls("Get-SharingPolicy")[0].params, map[string]any{})
}

func TestNamesOfADirectory(t *testing.T) {
	for name, want := range map[string]bool{
		"CN=Kim Berg,OU=contoso.onmicrosoft.example,DC=EURPR08A012": true,
		"cn=kim, ou=sales":     true,
		"OU=a,CN=b":            true,
		"/o=ExchangeLabs/cn=x": true,
		"EURPR08A012.PROD.OUTLOOK.COM/Microsoft Exchange Hosted Organizations/contoso/Kim Berg": true,
		"contoso.example/Users/Kim":            true,
		"Kim Berg":                             false,
		"Sales/Marketing":                      false,
		"kim@contoso.example":                  false,
		"kim@contoso.example/x":                false,
		"smtp:kim@contoso.example":             false,
		"CN=Kim":                               false,
		"CN=Kim, the first":                    false,
		"contoso.example/":                     false,
		"A. Berg/Sales":                        false,
		"CN=*,OU=x":                            false,
		"CN=a\nb,OU=x":                         false,
		"1b7f3a10-0d51-4f0a-9a6b-1f2e3d4c5b01": false,
		"":                                     false,
		"contoso.example/Users/" + strings.Repeat("long", 1000): false,
	} {
		if got := directoryName(name); got != want {
			t.Errorf("%.60q: %t, want %t", name, got, want)
		}
	}
}

// Names of a directory's form that the lists do not explain are asked for once each.
func TestForwardingAndSendOnBehalfByDirectoryName(t *testing.T) {
	s := newStore(t)
	put := func(src snapshot.Source, raw ...string) {
		t.Helper()
		err := s.Commit(t.Context(), snapshot.Write{Unit: snapshot.UnitID{Source: src}, Result: snapshot.Result{State: snapshot.Complete, Expected: -1},
			Pages: []snapshot.Page{{Key: "000001", At: time.Now(), Rows: json.RawMessage("[" + strings.Join(raw, ",") + "]"), Count: len(raw)}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	put(SourceMailbox,
		`{"Guid":"m1","Identity":"contoso.example/Users/Lee","ForwardingAddress":"contoso.example/Users/Gone","GrantSendOnBehalfTo":["contoso.example/Users/LEE","CN=Kim,OU=Users","Sales"]}`,
		`{"Guid":"m2","ForwardingAddress":"cn=kim,ou=users","GrantSendOnBehalfTo":null}`, `{"Guid":"m3","ForwardingAddress":null}`, `{"Guid":"m4","ForwardingAddress":"contoso.example/Users/Rick"}`)
	put(SourceRecipient, `{"Guid":"r1","Id":"contoso.example/users/rick"}`)
	f := newFake(t, func(c sent) reply {
		if strings.HasPrefix(strings.ToLower(c.identity()), "cn=kim") {
			return rows(c, "", fmt.Sprintf(`{"Guid":"kim","Name":"Kim","Identity":%q}`, c.identity()))
		}
		return failing(t, 404, "404-object-not-found.json")
	})
	collect(t, s, []Collector{recipientsByDN(f.client, CollectOptions{Concurrency: 1})})
	check(t, "looked up", states(t, s, SourceRecipientByDN), map[string]snapshot.State{"CN=Kim,OU=Users": snapshot.Complete, "contoso.example/Users/Gone": snapshot.Gone})
	check(t, "calls", len(f.calls("Get-Recipient")), 2)

	// Nobody else is asked, so that a bare 404 proves nothing.
	bare := newStore(t)
	if err := bare.Plan(t.Context(), SourceRecipientByDN, []string{"/o=x/cn=y"}); err != nil {
		t.Fatal(err)
	}
	f = newFake(t, func(sent) reply { return reply{status: 404} })
	collect(t, bare, []Collector{recipientsByDN(f.client, CollectOptions{Concurrency: 1})})
	l := unit(t, bare, SourceRecipientByDN, "/o=x/cn=y")
	check(t, "bare 404", l.State, snapshot.Failed)
	check(t, "its cause", l.Cause, snapshot.NotFound)
}

// Of a listing a bare 404 still says that there is no Exchange.
func TestABare404OfAListing(t *testing.T) {
	f := newFake(t, func(sent) reply { return reply{status: 404} })
	l := list(t, f, newStore(t), SourceSharingPolicy, "")
	check(t, "state", l.State, snapshot.Unavailable)
	check(t, "cause", l.Cause, snapshot.MissingLicence)
}
