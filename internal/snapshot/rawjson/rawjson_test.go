package rawjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// samples are texts at the edges of the grammar; the fuzz tests start from them.
var samples = []string{
	"", " ", "null", " true ", "false", "nul", "truex", "0", "-0", "01", "-", "1.", ".5", "1.5e+07", "1e", "1E-3", "+1", "NaN",
	`""`, `"a`, `"a" "b"`, `"\u00e9\n\/"`, `"\u12"`, `"\u12g4"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\x"`, `"\`, "\"\n\"", "\"\x7f\"", "\"\xff\"", `"é"`,
	"[]", "[ ]", "[1]", "[1,]", "[,1]", "[1 2]", "[", "[1", "[[],{}]", "[]]", `[ "a" , {"b":[null]} ]`, "\ufeff[]",
	"{}", "{ }", `{"a":1}`, `{"a":1,}`, `{"a" : 1 , "b":[1, 2]}`, `{"a"}`, `{"a":}`, `{a:1}`, `{1:1}`, `{"a":1`, `{"a":1}{}`, `{"a":1}x`, `{"a":1 "b":2}`,
	`{"a":1,"a":2}`, `{"a":1,"A":2}`, `{"a":1,"\u0061":2}`, "{\"\xff\":1,\"\xfe\":2}", `{"":1}`, `{"Guid@data.type":"System.Guid","Guid":"g\"{}[],:"}`,
	strings.Repeat("[", 10000) + strings.Repeat("]", 10000), strings.Repeat("[", 10001) + strings.Repeat("]", 10001),
	strings.Repeat(`{"a":`, 10000) + "1" + strings.Repeat("}", 10000), strings.Repeat(`{"a":`, 10001) + "1" + strings.Repeat("}", 10001),
}

// reference is Object by way of encoding/json.
func reference(raw []byte) (names []string, values []string, twice, ok bool) {
	if !json.Valid(raw) {
		return nil, nil, false, false
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, nil, false, false
	}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, nil, false, false
		}
		name, _ := t.(string)
		var v json.RawMessage
		if dec.Decode(&v) != nil {
			return nil, nil, false, false
		}
		twice = twice || slices.Contains(names, name)
		names, values = append(names, name), append(values, string(v))
	}
	return names, values, twice, true
}

func compareObject(t *testing.T, raw []byte) {
	t.Helper()
	got, err := Object(raw, nil)
	names, values, twice, ok := reference(raw)
	if (err == nil) != (ok && !twice) || ok && twice && !errors.Is(err, ErrTwice) || !ok && json.Valid(raw) && !errors.Is(err, ErrNotObject) {
		t.Fatalf("Object(%.200q) = %v; valid %t, an object %t, a key twice %t", raw, err, json.Valid(raw), ok, twice)
	}
	if err != nil {
		return
	}
	if len(got) != len(names) {
		t.Fatalf("Object(%.200q) has %d members, want %d", raw, len(got), len(names))
	}
	for i, m := range got {
		if string(m.Name) != names[i] || string(m.Value) != values[i] {
			t.Fatalf("Object(%.200q)[%d] = %q: %s, want %q: %s", raw, i, m.Name, m.Value, names[i], values[i])
		}
	}
}

func compareArray(t *testing.T, raw []byte) {
	t.Helper()
	got, err := Array(raw, nil)
	var want []json.RawMessage
	ok := json.Valid(raw) && bytes.HasPrefix(bytes.TrimLeft(raw, " \t\r\n"), []byte("[")) && json.Unmarshal(raw, &want) == nil
	if (err == nil) != ok || !ok && json.Valid(raw) && !errors.Is(err, ErrNotArray) {
		t.Fatalf("Array(%.200q) = %v; valid %t, an array %t", raw, err, json.Valid(raw), ok)
	}
	if ok && !slices.EqualFunc(got, want, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
		t.Fatalf("Array(%.200q) = %s, want %s", raw, got, want)
	}
}

func compareText(t *testing.T, raw []byte) {
	t.Helper()
	got, ok := Text(raw)
	var want string
	isString := json.Valid(raw) && len(raw) > 0 && raw[0] == '"' && raw[len(raw)-1] == '"' && json.Unmarshal(raw, &want) == nil
	if ok != isString || ok && got != want {
		t.Fatalf("Text(%.200q) = %q, %t, want %q, %t", raw, got, ok, want, isString)
	}
}

func compare(t *testing.T, raw []byte) {
	t.Helper()
	if Valid(raw) != json.Valid(raw) {
		t.Fatalf("Valid(%.200q) = %t", raw, Valid(raw))
	}
	compareObject(t, raw)
	compareArray(t, raw)
	compareText(t, raw)
}

func TestLikeEncodingJSON(t *testing.T) {
	for _, s := range samples {
		compare(t, []byte(s))
	}
}

func FuzzLikeEncodingJSON(f *testing.F) {
	for _, s := range samples {
		f.Add([]byte(s))
	}
	f.Fuzz(compare)
}

func TestManyMembers(t *testing.T) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	many := map[string]int{}
	for i := range 5 * fewMembers {
		many[strings.Repeat("k", i+1)] = i
	}
	if err := enc.Encode(many); err != nil {
		t.Fatal(err)
	}
	compareObject(t, []byte(b.String()))
	for _, again := range []string{"k", strings.Repeat("k", 4*fewMembers)} {
		twice := strings.TrimSuffix(strings.TrimSpace(b.String()), "}") + `,"` + again + `":0}`
		if _, err := Object([]byte(twice), nil); !errors.Is(err, ErrTwice) {
			t.Errorf("a name that comes twice among %d: %v", len(many), err)
		}
	}
}

func TestAppends(t *testing.T) {
	members, err := Object([]byte(`{"b":2}`), []Member{{Name: []byte("b"), Value: json.RawMessage("1")}})
	if err != nil || len(members) != 2 || string(members[1].Value) != "2" {
		t.Errorf("members %s, %v", members, err)
	}
	elements, err := Array([]byte("[2]"), []json.RawMessage{json.RawMessage("1")})
	if err != nil || len(elements) != 2 {
		t.Errorf("elements %s, %v", elements, err)
	}
	// A part cannot grow into what follows it.
	raw := []byte(`["a","b"]`)
	parts, err := Array(raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = append(parts[0], "xxx"...)
	if string(raw) != `["a","b"]` {
		t.Errorf("appending to a part changed the whole to %s", raw)
	}
}

func BenchmarkObject(b *testing.B) {
	raw := []byte(`{"Name":"Inbox","FolderPath":"/Inbox","FolderId":"LgAAAADfolder","CreationTime@data.type":"System.DateTime","ItemsInFolder":12,"Rights":["a","b"]}`)
	b.SetBytes(int64(len(raw)))
	b.Run("here", func(b *testing.B) {
		var into []Member
		for b.Loop() {
			into, _ = Object(raw, into[:0])
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		for b.Loop() {
			dec := json.NewDecoder(bytes.NewReader(raw))
			for {
				if _, err := dec.Token(); err == io.EOF {
					break
				}
			}
		}
	})
}
