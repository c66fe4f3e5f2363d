package exo

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tenantaudit/internal/transport"
)

func sample(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "errors", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func envelope(message string) string {
	return `{"error":{"code":"BadRequest","message":"` + message + `"}}`
}

func detail(message string) string {
	return `{"error":{"code":"BadRequest","message":"Error executing cmdlet","details":[{"code":"Context","target":"","message":"` + message + `"}]}}`
}

func TestErrorMatrix(t *testing.T) {
	const notFound = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
	for _, c := range []struct {
		name    string
		status  int
		header  map[string]string
		file    string // in testdata/errors
		body    string
		verdict transport.Verdict
		hint    hint
		typ     string // end of the type
		message string // part of the message
	}{
		{name: "unknown parameter", status: 400, file: "400-unknown-parameter.json", verdict: transport.Invalid, hint: hintParameter, typ: "AmbiguousParameterSetException", message: "BogusParameter"},
		{name: "bad enum", status: 400, file: "400-bad-enum.json", verdict: transport.Invalid, typ: "ParameterTransformationException", message: "RecipientTypeDetails"},
		{name: "command not found", status: 400, file: "400-command-not-found.json", verdict: transport.Denied, typ: "CommandNotFoundException", message: "Get-InboxRule"},
		{name: "pagination", status: 400, file: "400-pagination.json", verdict: transport.Restart, typ: "ODataServiceException", message: "Expired or Invalid pagination"},
		{name: "proxy", status: 400, file: "400-proxy-transient.json", verdict: transport.Transient, typ: "CmdletProxyException", message: "Error on proxy command"},
		{name: "entity without right", status: 401, file: "401-entity.json", verdict: transport.Denied, message: "User is not allowed to call Get-Mailbox"},
		{name: "unsupported role", status: 401, file: "401-unsupported-app-role.json", verdict: transport.Denied, typ: "UnauthorizedAccessException", message: "isn't supported in this scenario"},
		{name: "forbidden", status: 403, file: "403-forbidden.json", verdict: transport.Denied, message: "Get-RoleGroup"},
		{name: "not found", status: 404, file: "404-object-not-found.json", verdict: transport.Missing, typ: notFound, message: "gone@contoso.example"},
		{name: "not found, JSON in the detail", status: 404, file: "404-object-not-found.jsondetail.json", verdict: transport.Missing, typ: notFound, message: "gone@contoso.example"},
		{name: "not found with 400", status: 400, file: "404-object-not-found.json", verdict: transport.Missing, typ: notFound},
		{name: "throttled", status: 429, file: "429-throttled.json", header: map[string]string{"Retry-After": "2.5"}, verdict: transport.Throttled, message: "Too many requests"},
		{name: "busy", status: 503, file: "503-server-busy.json", verdict: transport.Transient, typ: "ServerBusyException", message: "busy"},
		{name: "busy with a time", status: 503, file: "503-server-busy.json", header: map[string]string{"Retry-After": "2.5"}, verdict: transport.Throttled},
		{name: "busy with 400", status: 400, file: "503-server-busy.json", verdict: transport.Transient},

		{name: "NUL bytes", status: 403, body: strings.Repeat("\x00", 4096), verdict: transport.Denied, message: "no text in the answer (4096 bytes)"},
		{name: "empty 401", status: 401, verdict: transport.Unauthorized, message: "no text"},
		{name: "empty 403", status: 403, verdict: transport.Denied},
		{name: "concurrency as plain text", status: 503, body: "You have reached the maximum number of concurrent requests per tenant. Please wait and try again", verdict: transport.Throttled},
		{name: "concurrency with 400", status: 400, body: envelope("You have reached the maximum number of concurrent requests per tenant."), verdict: transport.Throttled},
		{name: "parameter right", status: 400, body: envelope("The parameter 'IncludeHidden' is not present in the role definition of the current user."), verdict: transport.Denied, hint: hintParameter, message: "IncludeHidden"},
		{name: "partner context", status: 400, body: envelope("Unable to initialize the authorization context."), verdict: transport.Denied},
		{name: "partner context with 401", status: 401, body: envelope("Unable to initialize the authorization context."), verdict: transport.Denied},
		{name: "credential", status: 400, body: envelope("Provide valid credential"), verdict: transport.Denied},
		{name: "routing", status: 400, body: `{"error":{"code":"ErrorIncorrectRoutingHint","message":"Wrong"}}`, verdict: transport.Invalid, hint: hintRouting},
		{name: "transient text", status: 400, body: detail("This issue may be transient. Try later."), verdict: transport.Transient, message: "may be transient"},
		{name: "typed transient", status: 400, body: detail("|Microsoft.Exchange.Data.Storage.StorageTransientException|x"), verdict: transport.Transient, typ: "StorageTransientException"},
		{name: "MAPI timeout", status: 500, body: detail("MapiExceptionTimeout: Unable to get folder. |a|b"), verdict: transport.Transient, message: "|a|b"},
		{name: "gateway", status: 504, body: "<html>504</html>", verdict: transport.Transient, message: "504"},
		{name: "request timeout", status: 408, verdict: transport.Transient},
		{name: "internal", status: 500, verdict: transport.Transient},
		{name: "method", status: 405, verdict: transport.Invalid},
		{name: "bad request without text", status: 400, verdict: transport.Invalid, message: "no text"},
		{name: "unknown path", status: 404, body: "<html>no</html>", verdict: transport.Unavailable},
		{name: "typed header", status: 404, header: map[string]string{"X-ExceptionType": "ManagementObjectNotFoundException"}, body: envelope("x"), verdict: transport.Missing},
		{name: "a quoted name is no meaning", status: 404, body: detail("Ex1|" + notFound + "|The object 'provide valid credential ServerBusyException' couldn't be found."), verdict: transport.Missing},
		{name: "bars in the text", status: 400, body: detail("Ex1|System.Exception|one|two|three"), verdict: transport.Invalid, typ: "System.Exception", message: "one|two|three"},
		{name: "bars that split nothing", status: 400, body: detail("either this | or that | or both"), verdict: transport.Invalid, message: "either this | or that | or both"},
		{name: "JSON without a message", status: 400, body: detail(`{\"Other\":1}`), verdict: transport.Invalid, message: `{"Other":1}`},
		{name: "error that is a text", status: 400, body: `{"error":"just a text"}`, verdict: transport.Invalid, message: "just a text"},
		{name: "details that are no list", status: 400, body: `{"error":{"message":"m","details":{"a":1},"innererror":"x"}}`, verdict: transport.Invalid, message: "m"},
		{name: "numeric code of a detail", status: 400, body: `{"error":{"message":"m","details":[{"code":7,"message":""},{"code":8,"message":"second"}]}}`, verdict: transport.Invalid, message: "second"},
	} {
		body := []byte(c.body)
		if c.file != "" {
			body = sample(t, c.file)
		}
		h := http.Header{}
		for k, v := range c.header {
			h.Set(k, v)
		}
		r := &transport.Response{Status: c.status, Header: h, Body: body, RequestID: "r-1"}
		var got answer
		o := classifyAnswer(r, false, &got)
		e, ok := o.Err.(*Error)
		if !ok {
			t.Errorf("%s: error %T, want *Error", c.name, o.Err)
			continue
		}
		if o.Verdict != c.verdict || e.hint != c.hint || !strings.HasSuffix(e.Type, c.typ) || !strings.Contains(e.Message, c.message) {
			t.Errorf("%s: %v, hint %d, type %q, message %q; want %v, %d, …%q, …%q…", c.name, o.Verdict, e.hint, e.Type, e.Message, c.verdict, c.hint, c.typ, c.message)
		}
		if e.Status != c.status || e.RequestID != "r-1" || e.Message == "" {
			t.Errorf("%s: status %d, request %q, message %q", c.name, e.Status, e.RequestID, e.Message)
		}
		if c.verdict == transport.Throttled && h.Get("Retry-After") != "" && o.RetryAfter != 2500*time.Millisecond {
			t.Errorf("%s: retry after %v, want 2.5s", c.name, o.RetryAfter)
		}
		if strings.Contains(c.name, "concurrency") != o.Concurrency {
			t.Errorf("%s: concurrency %t", c.name, o.Concurrency)
		}
	}
}

func TestErrorText(t *testing.T) {
	for _, c := range []struct {
		e    Error
		want string
	}{
		{Error{Status: 403, Code: "Forbidden", Message: "no"}, "403 Forbidden: no"},
		{Error{Status: 400, Type: "A.B.CException", Message: "no"}, "400 CException: no"},
		{Error{Message: "no"}, "error: no"},
	} {
		if got := c.e.Error(); got != c.want {
			t.Errorf("%+v reads %q, want %q", c.e, got, c.want)
		}
	}
}

func TestClaimsChallengeIsPassedOn(t *testing.T) {
	h := http.Header{"Www-Authenticate": {`Bearer realm="", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="`}}
	var got answer
	o := classifyAnswer(&transport.Response{Status: 401, Header: h}, false, &got)
	if o.Verdict != transport.Unauthorized || o.Claims != `{"access_token":{}}` {
		t.Errorf("verdict %v, claims %q", o.Verdict, o.Claims)
	}
}

func TestInternalErrorWithoutTextIsTriedLess(t *testing.T) {
	var got answer
	bare := classifyAnswer(&transport.Response{Status: 500, Header: http.Header{}}, false, &got)
	told := classifyAnswer(&transport.Response{Status: 500, Header: http.Header{}, Body: []byte(detail("|System.Exception|x"))}, false, &got)
	if bare.MaxTries != damagedTries || told.MaxTries != 0 {
		t.Errorf("tries %d and %d, want %d and the policy's", bare.MaxTries, told.MaxTries, damagedTries)
	}
}

func FuzzParseError(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "errors", "*.json"))
	if err != nil || len(files) == 0 {
		f.Fatal("no samples")
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, 400)
	}
	f.Add([]byte("\x00\x00"), 403)
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		var got answer
		o := classifyAnswer(&transport.Response{Status: status, Header: http.Header{}, Body: body}, false, &got)
		if o.Verdict != transport.OK && (o.Err == nil || o.Err.Error() == "") {
			t.Errorf("status %d, %q: %v without words", status, body, o.Verdict)
		}
		if status == 403 && o.Verdict != transport.Denied {
			t.Errorf("403 with %q is %v", body, o.Verdict)
		}
		if o.Verdict == transport.OK && got.rows == nil {
			t.Errorf("status %d, %q: success without rows", status, body)
		}
		if e := parseError(&transport.Response{Status: status, Header: http.Header{}, Body: body}); e.Message == "" {
			t.Errorf("%q: no message", body)
		}
	})
}
