package normalize

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"tenantaudit/internal/exo"
)

// What a rule says of a property must be what a plain decoder finds: nothing for null,
// false and empty, the flag for true, else every text of the value in its order.
func FuzzPropertyText(f *testing.F) {
	for _, s := range []string{
		`null`, `true`, `false`, `""`, `"a\u0000b"`, `7`, `1.5e300`, `["invoice","payment",null,"",{"Name":"x"}]`, `{"Name":"x","IsValid":true}`, `[[1]]`, `"\ud800"`, ` "x" `,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) || len(raw) != len(bytes.TrimSpace(raw)) {
			return // values are cut out of a valid row, without the blanks around them
		}
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.UseNumber()
		var v any
		if err := dec.Decode(&v); err != nil {
			t.Fatal(err)
		}
		list, isList := v.([]any)
		if !isList {
			list = []any{v}
		}
		var want []string
		for _, e := range list {
			switch e := e.(type) {
			case nil:
			case bool:
				if isList {
					want = append(want, map[bool]string{true: "true", false: "false"}[e])
				}
			case string:
				if e != "" {
					want = append(want, e)
				}
			case json.Number:
				want = append(want, e.String())
			default:
				b, err := json.Marshal(e)
				if err != nil {
					t.Fatal(err)
				}
				want = append(want, string(b))
			}
		}
		text, ok := propertyText("Name", raw)
		switch {
		case v == true && (text != "Name" || !ok),
			v != true && len(want) == 0 && ok,
			len(want) > 0 && (!ok || text != "Name: "+strings.Join(want, ", ")):
			t.Errorf("propertyText(%q) = %q, %t; values %q", raw, text, ok, want)
		}
	})
}

// Every class of a transport rule must be in its description, under its own name, and
// the description of one row must not depend on the order of its properties.
func FuzzDescribe(f *testing.F) {
	f.Add("Microsoft.Exchange.MessagingPolicies.Rules.Tasks.FromScopePredicate", "FromScope", `"NotInOrganization"`, "SentTo", `["a@contoso.example"]`)
	f.Add("RedirectMessageAction", "RedirectMessageTo", `["x@evil.example"]`, "redirectmessage", `true`)
	f.Add(".", "", `null`, "ſ", `"x"`)
	f.Add("Predicate", "K", `7`, "\u212a", `"kelvin"`)
	f.Fuzz(func(t *testing.T, class, name1, value1, name2, value2 string) {
		if !json.Valid([]byte(value1)) || !json.Valid([]byte(value2)) {
			return
		}
		row := func(a, av, b, bv string) (exo.TransportRule, bool) {
			n1, _ := json.Marshal(a)
			n2, _ := json.Marshal(b)
			r, err := exo.DecodeTransportRule(json.RawMessage(`{` + string(n1) + `:` + av + `,` + string(n2) + `:` + bv + `}`))
			return r, err == nil
		}
		r, ok := row(name1, value1, name2, value2)
		swapped, ok2 := row(name2, value2, name1, value1)
		if !ok || !ok2 {
			return
		}
		got := describe(r, []string{class}, "Predicate", "")
		short := strings.TrimSuffix(class[strings.LastIndexByte(class, '.')+1:], "Predicate")
		if len(got) != 1 || !strings.HasPrefix(got[0], short) {
			t.Fatalf("class %q is described as %q", class, got)
		}
		if again := describe(swapped, []string{class}, "Predicate", ""); !strings.EqualFold(name1, name2) && (len(again) != 1 || again[0] != got[0]) {
			t.Errorf("class %q of {%q: %s, %q: %s} is %q; in the other order %q", class, name1, value1, name2, value2, got, again)
		}
	})
}
