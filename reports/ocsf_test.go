package reports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	"tenantaudit/checks"
)

// ocsfSchema is the class and its objects as the published schema has them.
type ocsfSchema struct {
	Version string
	UID     int
	Class   map[string]ocsfAttribute
	Objects map[string]map[string]ocsfAttribute
}

type ocsfAttribute struct {
	Type       string
	Array      bool
	Required   bool
	Deprecated bool
	Enum       map[string]string
}

// against holds an object against the schema: what must be there is, nothing else is, and types and
// captions are right.
func (s ocsfSchema) against(at string, attrs map[string]ocsfAttribute, v map[string]any) (bad []string) {
	for name, a := range attrs {
		if _, ok := v[name]; a.Required && !ok {
			bad = append(bad, at+"."+name+" is missing")
		}
	}
	for name, value := range v {
		a, ok := attrs[name]
		where := at + "." + name
		if !ok || a.Deprecated {
			bad = append(bad, where+" is not of the schema")
			continue
		}
		list := []any{value}
		if a.Array {
			if list, ok = value.([]any); !ok {
				bad = append(bad, where+" is no list")
				continue
			}
		}
		for _, e := range list {
			switch e := e.(type) {
			case map[string]any:
				if o, ok := s.Objects[a.Type]; ok {
					bad = append(bad, s.against(where, o, e)...)
				} else if a.Type != "object" {
					bad = append(bad, where+" is an object, not "+a.Type)
				}
			case string:
				if !slices.Contains([]string{"string_t", "url_t", "uuid_t"}, a.Type) {
					bad = append(bad, where+" is a text, not "+a.Type)
				}
			case json.Number:
				if _, err := e.Int64(); err != nil || a.Type != "integer_t" && a.Type != "long_t" {
					bad = append(bad, where+" is a number, not "+a.Type)
				}
				// The class has its own number where its base has 0.
				if want, ok := a.Enum[e.String()]; len(a.Enum) > 1 && !ok {
					bad = append(bad, where+" has no value "+e.String())
				} else if caption, has := v[trimID(name)].(string); ok && has && caption != want && want != "Other" {
					bad = append(bad, fmt.Sprintf("%s is %s, its caption %q, want %q", where, e, caption, want))
				}
			default:
				bad = append(bad, fmt.Sprintf("%s is a %T", where, e))
			}
		}
	}
	return bad
}

// trimID is the name of the caption beside a number: severity_id has severity.
func trimID(name string) string {
	if n := len(name) - len("_id"); n > 0 && name[n:] == "_id" {
		return name[:n]
	}
	return ""
}

func TestOCSFFollowsThePublishedSchema(t *testing.T) {
	raw, err := os.ReadFile("testdata/ocsf-1.5.0.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema ocsfSchema
	if err := json.Unmarshal(raw, &schema); err != nil || schema.Version != ocsfVersion || schema.UID != ocsfClass {
		t.Fatalf("schema %s of class %d: %v", schema.Version, schema.UID, err)
	}
	m, res := redTeam(t)
	for i, c := range checks.All() {
		res.Checks = append(res.Checks, checks.Result{Check: c, Status: []checks.Status{checks.Pass, checks.NotEvaluated, checks.Informative}[i%3], Severity: c.Severity, Cause: []string{"", "x was not sent (1)"}[i%2]})
	}
	dir := write(t, m, res)
	lines := bytes.Split(bytes.TrimSpace(read(t, dir, ocsfName)), []byte("\n"))
	found, silent := 0, map[string]bool{}
	for i, line := range lines {
		var e map[string]any
		dec := json.NewDecoder(bytes.NewReader(line))
		dec.UseNumber()
		if err := dec.Decode(&e); err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		for _, bad := range schema.against("event", schema.Class, e) {
			t.Errorf("line %d: %s", i+1, bad)
		}
		c := e["compliance"].(map[string]any)
		if _, ok := e["unmapped"]; ok {
			found++
		} else {
			silent[c["control"].(string)+" "+c["status"].(string)] = true
		}
		if fmt.Sprint(e["class_uid"]) != "2003" || fmt.Sprint(e["type_uid"]) != "200301" || fmt.Sprint(e["category_uid"]) != "2" {
			t.Errorf("line %d: class %v, type %v", i+1, e["class_uid"], e["type_uid"])
		}
	}
	if found != len(res.Findings) {
		t.Errorf("%d events of findings, want %d", found, len(res.Findings))
	}
	// Nothing is silent: a check without findings says what became of it, and not assessed is no pass.
	for _, c := range res.Checks {
		want := map[checks.Status]string{checks.Pass: "Pass", checks.NotEvaluated: "Warning", checks.Informative: "Inventory"}[c.Status]
		if c.Findings == 0 && c.Status != checks.Fail && !silent[c.Check.ID+" "+want] {
			t.Errorf("no event says that %s is %s", c.Check.ID, want)
		}
	}
}
