package graph

import (
	"bytes"
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"tenantaudit/internal/transport"
)

// A row that is stored must be the row that came, but for the secrets: struck from the
// decoded tree they must give the same tree.
func FuzzInspect(f *testing.F) {
	for _, s := range []string{
		`{"id":"1f","appId":"2f","keyCredentials":[{"keyId":"k","key":"MIIC","customKeyIdentifier":"3A==","type":"AsymmetricX509Cert"}],"passwordCredentials":[{"hint":"abc","secretText":null,"displayName":"ci"}]}`,
		`{"key":"stays","hint":7,"web":{"secretText":{"key":[1]}},"KEYCREDENTIALS":{"x":{"Hint":[{"secrettext":"a"}]}}}`,
		`{"\u0069d":"a","key\u0043redentials":[{"\u006bey":"x"}]}`, `{"id":7}`, `[{"id":"inner","secretText":"x"}]`, `"secretText"`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if walk(raw, nil) != nil {
			return // a page with such a row is refused as a whole
		}
		clean, id := inspect(raw)
		want, got := tree(t, raw), tree(t, clean)
		if want = withoutSecrets(want, false); !reflect.DeepEqual(want, got) {
			t.Fatalf("inspect(%q) = %q", raw, clean)
		}
		if again, _ := inspect(clean); !bytes.Equal(again, clean) {
			t.Errorf("inspect(%q) = %q, and that gives %q", raw, clean, again)
		}
		object, _ := tree(t, raw).(map[string]any)
		if text, _ := object["id"].(string); text != id {
			t.Errorf("inspect(%q): id %q, want %q", raw, id, text)
		}
	})
}

func tree(t *testing.T, raw []byte) any {
	t.Helper()
	var v any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	return v
}

// withoutSecrets replaces the secrets of a decoded value by null.
func withoutSecrets(v any, credentials bool) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = withoutSecrets(v[i], credentials)
		}
	case map[string]any:
		for name, e := range v {
			switch {
			case strings.EqualFold(name, "secretText"),
				credentials && (strings.EqualFold(name, "key") || strings.EqualFold(name, "hint") || strings.EqualFold(name, "customKeyIdentifier")):
				v[name] = nil
			default:
				v[name] = withoutSecrets(e, credentials || strings.EqualFold(name, "keyCredentials") || strings.EqualFold(name, "passwordCredentials"))
			}
		}
	}
	return v
}

// Whatever a service answers, its error must be one line without control characters,
// and every code in it a text of the body.
func FuzzGraphError(f *testing.F) {
	for _, s := range []string{
		`{"error":{"code":"Request_UnsupportedQuery","message":"Unsupported Query.","innerError":{"date":"2026-08-20T10:00:01","request-id":"9bb991c5-f5a4-52b8-a109-afbe0529d1ba","client-request-id":"53725af0-ced5-590e-95ed-71196f2c385f"}}}`,
		`{"error":{"code":"Forbidden","message":"x","innererror":{"code":"AadPremiumLicenseRequired","innererror":{"code":"Deeper"}}}}`,
		`{"error":{"code":7,"message":["x"],"innerError":"none"}}`, `{"error":"invalid_request","error_description":"AADSTS90002: x"}`,
		`<html>\x1b[31m502</html>`, `{"error":{"message":"\u001b]0;x\u0007 eyJhbGciOiJub25lIn0.eyJhIjoxfQ. \u202e"}}`, ``, `null`, `{"error":null}`,
		`{"error":{"innerError":` + strings.Repeat(`{"innerError":`, 300) + `{"code":"x"}` + strings.Repeat(`}`, 302),
	} {
		f.Add([]byte(s), 403)
	}
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		e := newError(&transport.Response{Status: status, Header: http.Header{"Content-Type": {"application/json; x"}}, Body: body, RequestID: "r"})
		if e.Status != status || e.RequestID != "r" {
			t.Fatalf("%q: status %d, request %q", body, e.Status, e.RequestID)
		}
		line := e.Error()
		if !utf8.ValidString(line) || utf8.RuneCountInString(line) > 450 {
			t.Errorf("%q: %q is no short line", body, line)
		}
		for _, r := range line {
			if !unicode.IsPrint(r) {
				t.Errorf("%q: %q holds %U", body, line, r)
			}
		}
		if token.MatchString(line) {
			t.Errorf("%q: the error shows a token: %q", body, line)
		}
		texts := map[string]bool{"": true}
		collectTexts(body, texts)
		if !texts[e.Code] || !texts[e.Inner] {
			t.Errorf("%q: codes %q and %q are not in it", body, e.Code, e.Inner)
		}
	})
}

var token = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{6,}\.eyJ[A-Za-z0-9_-]{6,}`)

// collectTexts gathers every text of a JSON document.
func collectTexts(body []byte, into map[string]bool) {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return
	}
	var visit func(any)
	visit = func(v any) {
		switch v := v.(type) {
		case string:
			into[v] = true
		case []any:
			for _, e := range v {
				visit(e)
			}
		case map[string]any:
			for _, e := range v {
				visit(e)
			}
		}
	}
	visit(v)
}

// The walk that strikes secrets and finds members sent twice must see what a plain
// decoder sees: every member once, with its value.
func FuzzWalk(f *testing.F) {
	for _, s := range []string{
		`{"value":[{"id":"a","b":{"c":[1,2,{"d":null}]}}],"@odata.count":1}`, `{"a":1,"\u0061":2}`, "[\t{ \"a\" : \"\\\\\\\"}\" } ]", `{"\ud800":1,"\udc00":2}`, `7`, `{"a":{}}x`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if !utf8.Valid(body) {
			return // a plain decoder takes names that are no UTF-8 for one another
		}
		n := 0
		err := walk(body, func(path []string, start, end int) {
			n++
			if len(path) == 0 || !json.Valid(body[start:end]) {
				t.Fatalf("%q: member %q is %q", body, path, body[start:end])
			}
		})
		twice, members, valid := count(body)
		switch {
		case (err != nil) != (twice || !valid):
			t.Fatalf("walk(%q): %v; valid %t, a member twice %t", body, err, valid, twice)
		case err == nil && n != members:
			t.Fatalf("walk(%q): %d members, want %d", body, n, members)
		}
	})
}

// count reads tokens: how many members there are, and whether one object has a name twice.
func count(body []byte) (twice bool, members int, valid bool) {
	if !json.Valid(body) {
		return false, 0, false
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	type level struct {
		names map[string]bool // nil in an array
		value bool            // a value comes next
	}
	var stack []level
	for {
		tok, err := dec.Token()
		if err != nil {
			return twice, members, true
		}
		top := len(stack) - 1
		if d, ok := tok.(json.Delim); ok && (d == '}' || d == ']') {
			stack = stack[:top]
			continue
		}
		if top >= 0 && stack[top].names != nil && !stack[top].value {
			name := tok.(string)
			twice = twice || stack[top].names[name]
			stack[top].names[name], stack[top].value = true, true
			members++
			continue
		}
		if top >= 0 {
			stack[top].value = false
		}
		switch tok {
		case json.Delim('{'):
			stack = append(stack, level{names: map[string]bool{}})
		case json.Delim('['):
			stack = append(stack, level{})
		}
	}
}
