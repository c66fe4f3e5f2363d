package exo

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"tenantaudit/internal/transport"
)

func TestAnswersThatAreNoAnswers(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       error
	}{
		{"empty", "", errEmpty},
		{"blank", " \n", errEmpty},
		{"web page", "<html>sign in</html>", errNotJSON},
		{"text", "try later", errNotJSON},
		{"cut", `{"value":[{"a":1}`, errNotJSON},
		{"second document", `{"value":[]}{"value":[]}`, errNotJSON},
		{"no value", `{"@odata.context":"x"}`, errShape},
		{"null", `{"value":null}`, errShape},
		{"object", `{"value":{}}`, errShape},
		{"text value", `{"value":"[]"}`, errShape},
		{"other case", `{"Value":[]}`, errShape},
		{"key twice", `{"value":[1],"value":[]}`, errShape},
		{"array", `[]`, errShape},
		{"odd link", `{"value":[],"@odata.nextLink":{"x":1}}`, errShape},
	} {
		if _, err := parseAnswer([]byte(c.body), http.Header{}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		var got answer
		o := classifyAnswer(&transport.Response{Status: 200, Header: http.Header{}, Body: []byte(c.body)}, true, &got)
		if o.Verdict != transport.Transient || o.MaxTries != damagedTries {
			t.Errorf("%s: %v with %d tries, want transient with %d", c.name, o.Verdict, o.MaxTries, damagedTries)
		}
	}
}

func TestErrorInsideASuccess(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       transport.Verdict
	}{
		{"error object", `{"error":{"code":"X","message":"broken"},"value":[]}`, transport.Transient},
		{"denial", `{"error":{"code":"X","message":"User is not allowed to call Get-Mailbox"}}`, transport.Denied},
		{"error entry", string(sample(t, "ok-with-nonterminating-errors.json")), transport.Missing},
		{"error entry as JSON", `{"value":[],"@adminapi.errors":["{\"Message\":\"x\",\"TypeName\":\"A.ManagementObjectNotFoundException\"}"]}`, transport.Missing},
		{"error entry as an object", `{"value":[],"@adminapi.errors":[{"a":1}]}`, transport.Transient},
		{"error entry as one text", `{"value":[],"@adminapi.errors":"The server is busy; ServerBusyException"}`, transport.Transient},
	} {
		var got answer
		if o := classifyAnswer(&transport.Response{Status: 200, Header: http.Header{}, Body: []byte(c.body)}, false, &got); o.Verdict != c.want || o.Err == nil {
			t.Errorf("%s: %v, %v, want %v", c.name, o.Verdict, o.Err, c.want)
		}
	}
	var got answer
	o := classifyAnswer(&transport.Response{Status: 200, Header: http.Header{}, Body: []byte(`{"value":[{"Name":"x"}],"@adminapi.errors":["one object is corrupt"]}`)}, false, &got)
	if o.Verdict != transport.OK || got.count != 1 || len(got.errors) != 1 {
		t.Errorf("rows beside an error: %v, %d rows, %d errors", o.Verdict, got.count, len(got.errors))
	}
	if o := classifyAnswer(&transport.Response{Status: 200, Header: http.Header{}, Body: []byte(`{"value":[],"error":null,"@adminapi.errors":[]}`)}, false, &got); o.Verdict != transport.OK {
		t.Errorf("null error and empty errors: %v, %v", o.Verdict, o.Err)
	}
}

func TestNoContent(t *testing.T) {
	var got answer
	if o := classifyAnswer(&transport.Response{Status: 204, Header: http.Header{}}, true, &got); o.Verdict != transport.OK || string(got.rows) != "[]" {
		t.Errorf("204 where a list may be empty: %v, rows %q", o.Verdict, got.rows)
	}
	if o := classifyAnswer(&transport.Response{Status: 204, Header: http.Header{}}, false, &got); o.Verdict == transport.OK {
		t.Error("204 where rows must come is a success")
	}
}

func TestAnswerIsKeptAsReceived(t *testing.T) {
	const rows = `[{"Name":"b\u00e9","RuleIdentity":15394007230974001153,"Guid":"A1"}, {"Guid":"00000000-0000-0000-0000-000000000000"} ,7,{"a":1,"a":2}]`
	h := http.Header{"X-Warnings": {`["from the header"]`, "plain"}}
	a, err := parseAnswer([]byte(`{"odata.nextLink":"https://x/legacy","@adminapi.warnings":["There are more results available than are currently displayed. To view them, increase the value for the ResultSize parameter."],"value":`+rows+`}`), h)
	if err != nil {
		t.Fatal(err)
	}
	if string(a.rows) != rows || a.count != 4 || a.odd != 2 {
		t.Errorf("rows %s, count %d, odd %d", a.rows, a.count, a.odd)
	}
	if len(a.ids) != 1 || a.ids[0].guid != "a1" {
		t.Errorf("ids %v", a.ids)
	}
	if a.next != "https://x/legacy" || !a.more {
		t.Errorf("next %q, more %t", a.next, a.more)
	}
	check(t, "warnings", a.warnings[1:], []string{"from the header", "plain"})
	both, err := parseAnswer([]byte(`{"value":[],"@odata.nextLink":"https://x/new","odata.nextLink":"https://x/old"}`), h)
	if err != nil || both.next != "https://x/new" {
		t.Errorf("next %q, %v", both.next, err)
	}
	none, err := parseAnswer([]byte(`{"value":[],"@odata.nextLink":null}`), h)
	if err != nil || none.next != "" {
		t.Errorf("null link: %q, %v", none.next, err)
	}
}

func TestSecretsAreStruckOut(t *testing.T) {
	jwt := "eyJ" + strings.Repeat("a", 20) + "." + strings.Repeat("b", 20) + "." + strings.Repeat("c", 20)
	body := `{"value":[{"PublishedCalendarUrl":"https://outlook.example/owa/calendar/abc\"def/reachcalendar.html","Name":"keep",
		"PublishedICalUrl":null,"Description":"see https:\/\/outlook.example\/owa\/calendar\/abc123\/cal.ics now","Next":"x?%24skiptoken=SECRET1&a=b","T":"` + jwt + `"}],
		"@adminapi.warnings":["next https://x.example/InvokeCommand?%24skiptoken=SECRET2"]}`
	a, err := parseAnswer([]byte(body), http.Header{})
	if err != nil {
		t.Fatal(err)
	}
	kept := string(a.rows) + strings.Join(a.warnings, " ")
	for _, secret := range []string{"abc", "SECRET1", "SECRET2", jwt} {
		if strings.Contains(kept, secret) {
			t.Errorf("%q is kept: %s", secret, kept)
		}
	}
	row, err := parseRow(a.rows[1 : len(a.rows)-1])
	if err != nil {
		t.Fatalf("what is left is no row: %v: %s", err, a.rows)
	}
	check(t, "name", row.text("Name"), "keep")
	published, _ := row.Properties.Get("PublishedICalUrl")
	check(t, "null stays", string(published), "null")
	check(t, "around the address", row.text("Description"), "see [struck out] now")
}

func FuzzParseAnswer(f *testing.F) {
	for _, s := range []string{`{"value":[]}`, `{"value":[{"Guid":"x"}],"@odata.nextLink":"y"}`, `{"value":[{"a":"eyJ"}]}`, `{"value":null}`, "\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := parseAnswer(body, http.Header{})
		if err != nil {
			return
		}
		again, err := parseAnswer([]byte(`{"value":`+string(a.rows)+`}`), http.Header{})
		if err != nil || again.count != a.count {
			t.Errorf("%q: stored rows %q do not read back: %d rows, %v", body, a.rows, again.count, err)
		}
	})
}

// The quick look before each expression must never hide a secret from it.
func FuzzStrike(f *testing.F) {
	for _, s := range []string{
		`"PublishedCalendarUrl":"https://x.example/a"`, `"PublishedICalUrl" : "b\"c"`, `https:\/\/x.example\/owa\/calendar\/a`, `HTTP://x.example/OWA/Calendar/a`,
		`httpſ://x.example/owa/calendar/a`, `skiptoken=a`, `SKIP_TOKEN=a`, "s\u212aip_to\u212aen=a", `$skiptoken=`, `token=a`, `/o=x/cn=y`, `eyJhbGciOiJub25l.eyJhbGciOiJub25l.`, `eyJ`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want := s
		for _, x := range strikes {
			want = x.find.ReplaceAllString(want, x.put)
		}
		if got := string(strike([]byte(s))); got != want {
			t.Errorf("strike(%q) = %q, want %q", s, got, want)
		}
	})
}
