package transport

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

const (
	graphHost = "https://graph.microsoft.com"
	exoHost   = "https://outlook.office365.com"
	exoBeta   = exoHost + "/adminapi/beta/" + tenant
	exoV1     = exoHost + "/adminapi/v1.0/" + tenant
)

// trap fails the test when anything is sent.
func trap(t testing.TB) roundTripper {
	return func(r *http.Request) (*http.Response, error) {
		t.Errorf("sent %s %s", r.Method, r.URL)
		return reply(200, "{}"), nil
	}
}

// refused runs send on a stack whose token source and service must not be asked.
func refused(t *testing.T, send func(*Stack) error) {
	t.Helper()
	c := cloud(t)
	c.Tokens = sourceFunc(func(context.Context, string, string) (Token, error) {
		t.Error("a token was fetched")
		return Token{}, errors.New("no token")
	})
	s := stack(t, c, trap(t))
	err := send(s)
	if !errors.Is(err, ErrGuard) {
		t.Errorf("error = %v, want ErrGuard", err)
	}
	var f *Failure
	if !errors.As(err, &f) {
		t.Errorf("error %T is not a *Failure", err)
	}
	if n := s.Counters(Graph).Requests + s.Counters(Exchange).Requests; n != 0 {
		t.Errorf("%d requests counted, want 0", n)
	}
}

func TestGuardRefusesURLs(t *testing.T) {
	long := strings.Repeat("a", maxURL)
	tests := []struct {
		name    string
		service Service
		url     string
	}{
		// Scheme, host, port.
		{"plain http", Graph, "http://graph.microsoft.com/v1.0/users"},
		{"other scheme", Graph, "ftp://graph.microsoft.com/v1.0/users"},
		{"no scheme", Graph, "//graph.microsoft.com/v1.0/users"},
		{"relative", Graph, "/v1.0/users"},
		{"foreign host", Graph, "https://evil.example/v1.0/users"},
		{"user information", Graph, "https://graph.microsoft.com@evil.example/v1.0/users"},
		{"user information before the right host", Graph, "https://evil@graph.microsoft.com/v1.0/users"},
		{"empty user information", Graph, "https://@graph.microsoft.com/v1.0/users"},
		{"suffix", Graph, "https://graph.microsoft.com.evil.example/v1.0/users"},
		{"prefix", Graph, "https://evilgraph.microsoft.com/v1.0/users"},
		{"subdomain", Graph, "https://x.graph.microsoft.com/v1.0/users"},
		{"parent domain", Graph, "https://microsoft.com/v1.0/users"},
		{"port", Graph, "https://graph.microsoft.com:8443/v1.0/users"},
		{"port 80", Graph, "https://graph.microsoft.com:80/v1.0/users"},
		{"port 4430", Graph, "https://graph.microsoft.com:4430/v1.0/users"},
		{"trailing dot", Graph, "https://graph.microsoft.com./v1.0/users"},
		{"look-alike letter", Graph, "https://grаph.microsoft.com/v1.0/users"},
		{"punycode look-alike", Graph, "https://xn--grph-43d.microsoft.com/v1.0/users"},
		{"full-width dot", Graph, "https://graph。microsoft.com/v1.0/users"},
		{"soft hyphen", Graph, "https://graph\u00ad.microsoft.com/v1.0/users"},
		{"Kelvin sign folds to k", Exchange, "https://outloo\u212a.office365.com/adminapi/beta/" + tenant + "/EXOModuleFile"},
		{"no host", Graph, "https:///v1.0/users"},
		{"loopback", Graph, "https://127.0.0.1/v1.0/users"},
		{"metadata address", Graph, "https://169.254.169.254/v1.0/users"},
		{"host of the other service", Graph, exoHost + "/v1.0/users"},
		{"Exchange path at Graph", Exchange, graphHost + "/adminapi/beta/" + tenant + "/EXOModuleFile"},
		{"other cloud", Graph, "https://graph.microsoft.us/v1.0/users"},
		{"region that nobody named", Exchange, "https://eur01.outlook.office365.com/adminapi/v1.0/" + tenant + "/EXOModuleFile"},
		{"opaque", Graph, "https:graph.microsoft.com/v1.0/users"},
		{"fragment", Graph, graphHost + "/v1.0/users#x"},
		{"too long", Graph, graphHost + "/v1.0/users?$filter=" + long},
		// Form of the path.
		{"parent segment", Graph, graphHost + "/v1.0/../beta/users"},
		{"parent segment at the end", Graph, graphHost + "/v1.0/users/.."},
		{"dot segment", Graph, graphHost + "/v1.0/./users"},
		{"double slash", Graph, graphHost + "/v1.0//users"},
		{"double slash first", Graph, graphHost + "//v1.0/users"},
		{"trailing slash", Graph, graphHost + "/v1.0/users/"},
		{"backslash", Graph, graphHost + `/v1.0\users`},
		{"encoded slash", Graph, graphHost + "/v1.0/users%2fme"},
		{"encoded slash, upper case", Graph, graphHost + "/v1.0/users%2Fx%2Fmessages"},
		{"encoded backslash", Graph, graphHost + "/v1.0/users%5cx"},
		{"encoded dots", Graph, graphHost + "/v1.0/%2e%2e/beta/users"},
		{"encoded dot in an id", Graph, graphHost + "/v1.0/users/a%2eb"},
		{"encoded percent", Graph, graphHost + "/v1.0/users/a%252fmessages"},
		{"encoded NUL", Graph, graphHost + "/v1.0/users/a%00"},
		{"encoded newline", Graph, graphHost + "/v1.0/users/a%0ab"},
		{"encoded blank in an id", Graph, graphHost + "/v1.0/users/a%20b"},
		{"semicolon", Graph, graphHost + "/v1.0/users/a;b"},
		{"encoded question mark", Graph, graphHost + "/v1.0/users/a%3fb"},
		{"invalid UTF-8", Graph, graphHost + "/v1.0/users/a%ff"},
		{"no path", Graph, graphHost},
		{"root", Graph, graphHost + "/"},
		// Graph templates.
		{"version alone", Graph, graphHost + "/v1.0"},
		{"other version", Graph, graphHost + "/v2.0/users"},
		{"version in another case", Graph, graphHost + "/V1.0/users"},
		{"no version", Graph, graphHost + "/users"},
		{"beta of a v1.0 path", Graph, graphHost + "/beta/users"},
		{"mail", Graph, graphHost + "/v1.0/users/u1/messages"},
		{"my mail", Graph, graphHost + "/v1.0/me/messages"},
		{"mailbox settings", Graph, graphHost + "/v1.0/users/u1/mailboxSettings"},
		{"drive", Graph, graphHost + "/v1.0/users/u1/drive"},
		{"files", Graph, graphHost + "/v1.0/drives/d1/root"},
		{"sites", Graph, graphHost + "/v1.0/sites"},
		{"authentication methods", Graph, graphHost + "/v1.0/users/u1/authentication/methods"},
		{"photo", Graph, graphHost + "/v1.0/users/u1/photo"},
		{"batch", Graph, graphHost + "/v1.0/$batch"},
		{"metadata", Graph, graphHost + "/v1.0/$metadata"},
		{"count segment", Graph, graphHost + "/v1.0/users/$count"},
		{"ref segment", Graph, graphHost + "/v1.0/groups/g1/members/$ref"},
		{"function", Graph, graphHost + "/v1.0/users/delta()"},
		{"security", Graph, graphHost + "/v1.0/security/alerts_v2"},
		{"audit queries", Graph, graphHost + "/v1.0/security/auditLog/queries"},
		{"deleted items", Graph, graphHost + "/v1.0/directory/deletedItems"},
		{"secrets of an application", Graph, graphHost + "/v1.0/applications/a1/extensionProperties"},
		{"unknown cast", Graph, graphHost + "/v1.0/groups/g1/members/microsoft.graph.message"},
		{"cast where none is listed", Graph, graphHost + "/v1.0/users/microsoft.graph.user/x"},
		{"key that is no GUID", Graph, graphHost + "/v1.0/servicePrincipals(appId='x')"},
		{"key that is closed early", Graph, graphHost + "/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')')"},
		{"empty id", Graph, graphHost + "/v1.0/groups//members"},
		{"id that begins with a dollar", Graph, graphHost + "/v1.0/groups/$x/members"},
		{"Azure AD Graph", Graph, "https://graph.windows.net/v1.0/users"},
		// Exchange resources.
		{"other tenant", Exchange, exoHost + "/adminapi/beta/11111111-2222-4333-8444-555555555555/EXOModuleFile"},
		{"tenant with a suffix", Exchange, exoHost + "/adminapi/beta/" + tenant + "x/EXOModuleFile"},
		{"no tenant", Exchange, exoHost + "/adminapi/beta/EXOModuleFile"},
		{"empty tenant", Exchange, exoHost + "/adminapi/beta//EXOModuleFile"},
		{"version of the admin API", Exchange, exoHost + "/adminapi/v2.0/" + tenant + "/Mailbox"},
		{"not the admin API", Exchange, exoHost + "/ews/beta/" + tenant + "/EXOModuleFile"},
		{"Outlook REST", Exchange, exoHost + "/api/v2.0/me/messages"},
		{"PowerShell", Exchange, exoHost + "/powershell-liveid"},
		{"GET of InvokeCommand", Exchange, exoBeta + "/InvokeCommand"},
		{"GET of $batch", Exchange, exoBeta + "/$batch"},
		{"service document", Exchange, exoBeta},
		{"metadata of the admin API", Exchange, exoBeta + "/$metadata"},
		{"unlisted entity set", Exchange, exoBeta + "/SecurityPrincipal"},
		{"unlisted action", Exchange, exoBeta + "/RbacQuery"},
		{"entity set in another case", Exchange, exoBeta + "/mailbox"},
		{"empty key", Exchange, exoBeta + "/Mailbox('')"},
		{"blank key", Exchange, exoBeta + "/Mailbox('%20')"},
		{"permissions without an owner", Exchange, exoBeta + "/Mailbox/MailboxPermission"},
		{"permissions of an empty key", Exchange, exoBeta + "/Mailbox('')/MailboxPermission"},
		{"key with a quote inside", Exchange, exoBeta + "/Mailbox('a')/x')"},
		{"unlisted sub-resource", Exchange, exoBeta + "/Mailbox('a')/MailboxRecoverableItem"},
		{"unlisted function", Exchange, exoBeta + "/Mailbox('a')/Exchange.Remove()"},
		{"unknown folder scope", Exchange, exoBeta + "/Mailbox('a')/MailboxFolder/Exchange.GetMailboxFolderStatistics(folderscope=Exchange.ElcFolderType'Everything')"},
		{"a second resource behind", Exchange, exoBeta + "/EXOModuleFile/x"},
		{"banner with a hostile key", Exchange, exoV1 + "/EXOBanner('a'b')"},
		{"service that does not exist", "sharepoint", "https://contoso.example/"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := mustURL(t, tt.url)
			refused(t, func(s *Stack) error {
				_, err := s.Get(t.Context(), Request{Service: tt.service, URL: u})
				return err
			})
		})
	}
	t.Run("no URL", func(t *testing.T) {
		refused(t, func(s *Stack) error {
			_, err := s.Get(t.Context(), Request{Service: Graph})
			return err
		})
	})
}

func TestGuardRefusesHeaders(t *testing.T) {
	for _, header := range []http.Header{
		{"Authorization": {"Bearer x"}},
		{"authorization": {"Bearer x"}},
		{"Host": {"evil.example"}},
		{"Cookie": {"a=b"}},
		{"Proxy-Authorization": {"Basic x"}},
		{"X-Http-Method": {"DELETE"}},
		{"X-HTTP-Method-Override": {"PATCH"}},
		{"X-Method-Override": {"PUT"}},
		{"Content-Type": {"text/xml"}},
		{"Content-Length": {"4"}},
		{"Transfer-Encoding": {"chunked"}},
		{"Accept-Encoding": {"br"}},
		{"X-Forwarded-Host": {"evil.example"}},
		{"Accept": {"a", "b"}},
		{"Accept": {"a"}, "accept": {"b"}},
		{"Accept": {"a\r\nAuthorization: Bearer x"}},
		{"Prefer": {"a\x00b"}},
		{"Prefer": {strings.Repeat("x", 1025)}},
		{"": {"x"}},
	} {
		refused(t, func(s *Stack) error {
			r := getUsers(t)
			r.Header = header
			_, err := s.Get(t.Context(), r)
			return err
		})
	}
}

func TestGuardRefusesCommands(t *testing.T) {
	type m = map[string]any
	tests := []struct {
		name    string
		command Command
	}{
		{"no cmdlet", Command{}},
		{"verb that writes", Command{Cmdlet: "Set-Mailbox", Parameters: m{"Identity": "kim@contoso.example"}}},
		{"verb in another case", Command{Cmdlet: "get-mailbox"}},
		{"upper case", Command{Cmdlet: "GET-MAILBOX"}},
		{"a search that deletes", Command{Cmdlet: "Search-Mailbox", Parameters: m{"Identity": "kim@contoso.example", "DeleteContent": true}}},
		{"unlisted Get", Command{Cmdlet: "Get-MessageTrace"}},
		{"two cmdlets", Command{Cmdlet: "Get-Mailbox; Set-Mailbox"}},
		{"pipe", Command{Cmdlet: "Get-Mailbox | Remove-Mailbox"}},
		{"blank before", Command{Cmdlet: " Get-Mailbox"}},
		{"NUL behind", Command{Cmdlet: "Get-Mailbox\x00"}},
		{"remove", Command{Cmdlet: "Remove-InboxRule"}},
		{"new", Command{Cmdlet: "New-InboxRule"}},
		{"enable", Command{Cmdlet: "Enable-OrganizationCustomization"}},
		{"export", Command{Cmdlet: "Export-Mailbox"}},
		{"unknown parameter", Command{Cmdlet: "Get-OrganizationConfig", Parameters: m{"ResultSize": "Unlimited"}}},
		{"parameter in another case", Command{Cmdlet: "Get-Mailbox", Parameters: m{"identity": "kim@contoso.example"}}},
		{"parameter twice by case", Command{Cmdlet: "Get-Mailbox", Parameters: m{"identity": "", "Identity": "kim@contoso.example"}}},
		{"client-side switch", Command{Cmdlet: "Get-Mailbox", Parameters: m{"UseCustomRouting": true}}},
		{"common parameter", Command{Cmdlet: "Get-Mailbox", Parameters: m{"ErrorAction": "Stop"}}},
		{"null identity", Command{Cmdlet: "Get-MailboxPermission", Parameters: m{"Identity": nil}}},
		{"missing identity", Command{Cmdlet: "Get-MailboxPermission"}},
		{"empty identity", Command{Cmdlet: "Get-MailboxPermission", Parameters: m{"Identity": ""}}},
		{"blank identity", Command{Cmdlet: "Get-MailboxPermission", Parameters: m{"Identity": " \t"}}},
		{"no-break space", Command{Cmdlet: "Get-MailboxPermission", Parameters: m{"Identity": "\u00a0"}}},
		{"zero-width identity", Command{Cmdlet: "Get-MailboxPermission", Parameters: m{"Identity": "\u200b\ufeff"}}},
		{"wildcard", Command{Cmdlet: "Get-Mailbox", Parameters: m{"Identity": "*"}}},
		{"wildcard with text", Command{Cmdlet: "Get-Mailbox", Parameters: m{"Identity": "kim*"}}},
		{"the word null", Command{Cmdlet: "Get-Mailbox", Parameters: m{"Identity": "$null"}}},
		{"optional identity, empty", Command{Cmdlet: "Get-Mailbox", Parameters: m{"Identity": ""}}},
		{"optional identity, null", Command{Cmdlet: "Get-RecipientPermission", Parameters: m{"Identity": nil}}},
		{"list as identity", Command{Cmdlet: "Get-Mailbox", Parameters: m{"Identity": []string{"a", "b"}}}},
		{"object as identity", Command{Cmdlet: "Get-Mailbox", Parameters: m{"Identity": m{"a": 1}}}},
		{"number as identity", Command{Cmdlet: "Get-Mailbox", Parameters: m{"Identity": 7}}},
		{"missing mailbox", Command{Cmdlet: "Get-InboxRule", Parameters: m{"IncludeHidden": true}}},
		{"empty mailbox", Command{Cmdlet: "Get-InboxRule", Parameters: m{"Mailbox": "", "IncludeHidden": true}}},
		{"folder of nobody", Command{Cmdlet: "Get-MailboxFolderPermission", Parameters: m{"Identity": `:\Calendar`}}},
		{"folder of a blank", Command{Cmdlet: "Get-MailboxFolderPermission", Parameters: m{"Identity": ` :\Calendar`}}},
		{"calendar of nobody", Command{Cmdlet: "Get-MailboxCalendarFolder", Parameters: m{"Identity": `:\Calendar`}}},
		{"no group", Command{Cmdlet: "Get-RoleGroupMember"}},
		{"enum prefix", Command{Cmdlet: "Get-Mailbox", Parameters: m{"RecipientTypeDetails": "User"}}},
		{"enum in another case", Command{Cmdlet: "Get-Mailbox", Parameters: m{"RecipientTypeDetails": "usermailbox"}}},
		{"one bad enum of two", Command{Cmdlet: "Get-Mailbox", Parameters: m{"RecipientTypeDetails": []string{"UserMailbox", "Shared"}}}},
		{"bad enum in a comma list", Command{Cmdlet: "Get-Mailbox", Parameters: m{"RecipientTypeDetails": "UserMailbox,Shared"}}},
		{"empty enum", Command{Cmdlet: "Get-MailboxFolderStatistics", Parameters: m{"Identity": "kim", "FolderScope": ""}}},
		{"empty enum list", Command{Cmdlet: "Get-Mailbox", Parameters: m{"RecipientTypeDetails": []string{}}}},
		{"enum by number", Command{Cmdlet: "Get-MailboxFolderStatistics", Parameters: m{"Identity": "kim", "FolderScope": 1}}},
		{"folder scope that does not exist", Command{Cmdlet: "Get-MailboxFolderStatistics", Parameters: m{"Identity": "kim", "FolderScope": "Everything"}}},
		{"no page at all", Command{Cmdlet: "Get-Mailbox", Parameters: m{"ResultSize": 0}}},
		{"negative count", Command{Cmdlet: "Get-Mailbox", Parameters: m{"ResultSize": -1}}},
		{"count as text", Command{Cmdlet: "Get-Mailbox", Parameters: m{"ResultSize": "1000"}}},
		{"fraction", Command{Cmdlet: "Get-Mailbox", Parameters: m{"ResultSize": 1.5}}},
		{"unlimited in another case", Command{Cmdlet: "Get-Mailbox", Parameters: m{"ResultSize": "unlimited"}}},
		{"search of more than there is", Command{Cmdlet: "Search-UnifiedAuditLog", Parameters: m{"StartDate": "2026-11-01", "EndDate": "2026-11-02", "ResultSize": 5001}}},
		{"search without a start", Command{Cmdlet: "Search-UnifiedAuditLog", Parameters: m{"EndDate": "2026-11-02"}}},
		{"search from no date", Command{Cmdlet: "Search-UnifiedAuditLog", Parameters: m{"StartDate": "yesterday", "EndDate": "2026-11-02"}}},
		{"switch as text", Command{Cmdlet: "Get-InboxRule", Parameters: m{"Mailbox": "kim", "IncludeHidden": "true"}}},
		{"empty filter", Command{Cmdlet: "Get-Mailbox", Parameters: m{"Filter": " "}}},
		{"empty list", Command{Cmdlet: "Search-MailboxAuditLog", Parameters: m{"Mailboxes": []string{}}}},
		{"empty entry in a list", Command{Cmdlet: "Search-MailboxAuditLog", Parameters: m{"Mailboxes": []string{"kim", ""}}}},
		{"control character", Command{Cmdlet: "Get-Mailbox", Parameters: m{"Identity": "kim\nlee"}}},
		{"not UTF-8", Command{Cmdlet: "Get-Mailbox", Parameters: m{"Identity": "kim\xff"}}},
		{"endless identity", Command{Cmdlet: "Get-Mailbox", Parameters: m{"Identity": strings.Repeat("k", maxValue+1)}}},
		{"select of two queries", Command{Cmdlet: "Get-Mailbox", Select: []string{"Name&$filter=x"}}},
		{"empty select", Command{Cmdlet: "Get-Mailbox", Select: []string{""}}},
		{"anchor with a second header", Command{Cmdlet: "Get-Mailbox", Anchor: "UPN:kim\r\nX-HTTP-Method: DELETE"}},
		{"page of nothing", Command{Cmdlet: "Get-Mailbox", PageSize: -1}},
		{"page above the ceiling", Command{Cmdlet: "Get-Mailbox", PageSize: 1001}},
		{"next link to a foreign host", Command{Cmdlet: "Get-Mailbox", Next: "https://evil.example/adminapi/beta/" + tenant + "/InvokeCommand?$skiptoken=x"}},
		{"next link to a look-alike", Command{Cmdlet: "Get-Mailbox", Next: "https://outlook.office365.com.evil.example/adminapi/beta/" + tenant + "/InvokeCommand"}},
		{"next link with a user", Command{Cmdlet: "Get-Mailbox", Next: "https://outlook.office365.com@evil.example/adminapi/beta/" + tenant + "/InvokeCommand"}},
		{"next link over http", Command{Cmdlet: "Get-Mailbox", Next: "http://outlook.office365.com/adminapi/beta/" + tenant + "/InvokeCommand"}},
		{"next link to another port", Command{Cmdlet: "Get-Mailbox", Next: "https://outlook.office365.com:446/adminapi/beta/" + tenant + "/InvokeCommand"}},
		{"next link to another tenant", Command{Cmdlet: "Get-Mailbox", Next: exoHost + "/adminapi/beta/11111111-2222-4333-8444-555555555555/InvokeCommand"}},
		{"next link to another resource", Command{Cmdlet: "Get-Mailbox", Next: exoBeta + "/Mailbox"}},
		{"next link to a batch", Command{Cmdlet: "Get-Mailbox", Next: exoBeta + "/$batch"}},
		{"next link to v1.0", Command{Cmdlet: "Get-Mailbox", Next: exoV1 + "/InvokeCommand"}},
		{"next link with parent segments", Command{Cmdlet: "Get-Mailbox", Next: exoBeta + "/x/../InvokeCommand"}},
		{"relative next link", Command{Cmdlet: "Get-Mailbox", Next: "/adminapi/beta/" + tenant + "/InvokeCommand"}},
		{"next link that is no URL", Command{Cmdlet: "Get-Mailbox", Next: "https://[::1"}},
		{"endless next link", Command{Cmdlet: "Get-Mailbox", Next: exoBeta + "/InvokeCommand?" + strings.Repeat("a", maxURL)}},
		{"next link that is a script", Command{Cmdlet: "Get-Mailbox", Next: "javascript:alert(1)"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			refused(t, func(s *Stack) error {
				_, err := s.Invoke(t.Context(), nil, tt.command, nil)
				return err
			})
			refused(t, func(s *Stack) error {
				_, err := s.Batch(t.Context(), nil, []BatchItem{
					{ID: "1", Command: Command{Cmdlet: "Get-OrganizationConfig"}}, {ID: "2", Command: tt.command},
				}, nil)
				return err
			})
		})
	}
}

func TestGuardRefusesBatches(t *testing.T) {
	item := func(id string) BatchItem {
		return BatchItem{ID: id, Command: Command{Cmdlet: "Get-OrganizationConfig"}}
	}
	var eleven []BatchItem
	for i := range 11 {
		eleven = append(eleven, item(string(rune('a'+i))))
	}
	for name, items := range map[string][]BatchItem{
		"none": nil, "eleven": eleven, "an id twice": {item("1"), item("1")}, "an empty id": {item("")},
		"an id with a line break": {item("1\n2")}, "an endless id": {item(strings.Repeat("1", 129))},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, func(s *Stack) error {
				_, err := s.Batch(t.Context(), nil, items, nil)
				return err
			})
		})
	}
}

// A request that does not come through the Stack is refused as well: the guard
// trusts nothing above it.
func TestGuardRefusesRawRequests(t *testing.T) {
	s := stack(t, cloud(t), trap(t))
	command := []BatchItem{{Command: Command{Cmdlet: "Get-OrganizationConfig"}}}
	tests := []struct {
		name, method, url, body string
		errand                  *errand
	}{
		{"no errand", "GET", graphHost + "/v1.0/users", "", nil},
		{"POST to Graph", "POST", graphHost + "/v1.0/users", "", &errand{service: Graph}},
		{"PATCH", "PATCH", graphHost + "/v1.0/users/u1", "", &errand{service: Graph}},
		{"DELETE", "DELETE", graphHost + "/v1.0/users/u1", "", &errand{service: Graph}},
		{"HEAD", "HEAD", graphHost + "/v1.0/users", "", &errand{service: Graph}},
		{"lower case", "get", graphHost + "/v1.0/users", "", &errand{service: Graph}},
		{"no method", "", graphHost + "/v1.0/users", "", &errand{service: Graph}},
		{"GET with a body", "GET", graphHost + "/v1.0/users", "{}", &errand{service: Graph}},
		{"GET with a command", "GET", exoBeta + "/EXOModuleFile", "", &errand{service: Exchange, items: command}},
		{"POST of bytes", "POST", exoBeta + "/InvokeCommand", `{"CmdletInput":{"CmdletName":"Set-Mailbox"}}`, &errand{service: Exchange, items: command}},
		{"POST without a command", "POST", exoBeta + "/InvokeCommand", "", &errand{service: Exchange}},
		{"POST of two commands", "POST", exoBeta + "/InvokeCommand", "", &errand{service: Exchange, items: append(command, command...)}},
		{"command to $batch", "POST", exoBeta + "/$batch", "", &errand{service: Exchange, items: command}},
		{"batch to InvokeCommand", "POST", exoBeta + "/InvokeCommand", "", &errand{service: Exchange, items: command, batch: true}},
		{"POST to an entity set", "POST", exoBeta + "/Mailbox", "", &errand{service: Exchange, items: command}},
		{"POST to v1.0", "POST", exoV1 + "/InvokeCommand", "", &errand{service: Exchange, items: command}},
		{"POST with a query of its own", "POST", exoBeta + "/InvokeCommand?$select=x", "", &errand{service: Exchange, items: command}},
		{"DELETE at Exchange", "DELETE", exoBeta + "/Mailbox('a')", "", &errand{service: Exchange}},
		{"PUT of a command", "PUT", exoBeta + "/InvokeCommand", "", &errand{service: Exchange, items: command}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx := t.Context()
			if tt.errand != nil {
				ctx = withErrand(ctx, tt.errand)
			}
			var r *http.Request
			var err error
			if tt.body == "" {
				r, err = http.NewRequestWithContext(ctx, tt.method, tt.url, nil)
			} else {
				r, err = http.NewRequestWithContext(ctx, tt.method, tt.url, strings.NewReader(tt.body))
			}
			if err != nil {
				t.Fatal(err)
			}
			r.Method = tt.method
			if _, err := s.guard.RoundTrip(r); !errors.Is(err, ErrGuard) {
				t.Errorf("error = %v, want ErrGuard", err)
			}
		})
	}
	r, _ := http.NewRequestWithContext(withErrand(t.Context(), &errand{service: Graph}), "GET", graphHost+"/v1.0/users", nil)
	r.Host = "evil.example"
	if _, err := s.guard.RoundTrip(r); !errors.Is(err, ErrGuard) {
		t.Errorf("foreign Host header: error = %v, want ErrGuard", err)
	}
}

func TestGuardLetsReadsThrough(t *testing.T) {
	key := "%27" // an apostrophe may be encoded
	for _, tt := range []struct {
		service Service
		url     string
	}{
		{Graph, graphHost + "/v1.0/users?$select=id,displayName&$top=999"},
		{Graph, "https://GRAPH.microsoft.com/v1.0/users"},
		{Graph, graphHost + ":443/v1.0/users"},
		{Graph, graphHost + "/v1.0/users/kim%23EXT%23@contoso.example/licenseDetails"},
		{Graph, graphHost + "/v1.0/domains/contoso.example/federationConfiguration"},
		{Graph, graphHost + "/v1.0/groups/7d4c1f0e-52a9-4b8e-9c63-e1f0a2b3c4d5/transitiveMembers/microsoft.graph.user?$count=true"},
		{Graph, graphHost + "/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')/appRoleAssignedTo"},
		{Graph, graphHost + "/v1.0/servicePrincipals(appId=" + key + "00000003-0000-0000-c000-000000000000" + key + ")"},
		{Graph, graphHost + "/v1.0/identity/conditionalAccess/policies"},
		{Graph, graphHost + "/v1.0/me/transitiveMemberOf/microsoft.graph.directoryRole?$count=true"},
		{Graph, graphHost + "/beta/auditLogs/signIns"},
		{Graph, graphHost + "/v1.0/users?$filter=accountEnabled eq true"},
		{Exchange, exoHost + "/AdminApi/v1.0/" + strings.ToUpper(tenant) + "/EXOModuleFile?Version=3.9.2"},
		{Exchange, exoV1 + "/EXOBanner('AutogenSession')?Version=3.9.2"},
		{Exchange, exoBeta + "/Mailbox?PropertySet=Minimum,Audit"},
		{Exchange, exoBeta + "/Mailbox('a2ltQGNvbnRvc28uZXhhbXBsZQ%3D%3D')/MailboxPermission?isEncoded=true"},
		{Exchange, exoBeta + "/Mailbox('a2lt')/MailboxFolder/Exchange.GetMailboxFolderStatistics(folderscope=Exchange.ElcFolderType'All')?isEncoded=true"},
		{Exchange, exoBeta + "/Mailbox('a2lt')/MailboxFolder('SW5ib3g=')/MailboxFolderPermission"},
		{Exchange, exoBeta + "/Recipient('a2lt')/RecipientPermission"},
	} {
		sent := 0
		s := stack(t, cloud(t), func(r *http.Request) (*http.Response, error) {
			sent++
			if got := r.Header.Get("Authorization"); got != "Bearer "+canary {
				t.Errorf("%s: Authorization = %q", tt.url, got)
			}
			if got := r.Header.Get("Accept-Encoding"); got != "gzip" {
				t.Errorf("%s: Accept-Encoding = %q, want gzip", tt.url, got)
			}
			if strings.Contains(r.URL.RawQuery, " ") {
				t.Errorf("%s: blank on the wire", tt.url)
			}
			return reply(200, `{"value":[]}`), nil
		})
		if _, err := s.Get(t.Context(), Request{Service: tt.service, URL: mustURL(t, tt.url)}); err != nil || sent != 1 {
			t.Errorf("%s: sent %d times, error %v; want once and none", tt.url, sent, err)
		}
	}
}

func TestEndpoints(t *testing.T) {
	for base, ok := range map[string]bool{
		"https://graph.microsoft.com":            true,
		"https://graph.microsoft.com/":           true,
		"http://127.0.0.1:8080":                  true,
		"http://[::1]:8080":                      true,
		"http://localhost:8080":                  true,
		"https://127.0.0.1:8443":                 true,
		"http://graph.microsoft.com":             false,
		"http://127.0.0.1.evil.example":          false,
		"http://10.0.0.1:8080":                   false,
		"http://notlocalhost:80":                 false,
		"ftp://127.0.0.1":                        false,
		"https://kim@graph.microsoft.com":        false,
		"https://graph.microsoft.com/v1.0":       false,
		"https://graph.microsoft.com?x=1":        false,
		"https://graph.microsoft.com.":           false,
		"https://":                               false,
		"https://gr\u00e4ph.contoso.example:443": false,
	} {
		c := cloud(t)
		c.Graph.Base = mustURL(t, base)
		s, err := New(c)
		if (err == nil) != ok {
			t.Errorf("base %q: error %v, want accepted = %v", base, err, ok)
		}
		if s != nil {
			s.Close()
		}
	}
	for suffix, ok := range map[string]bool{
		".outlook.office365.com": true, ".localhost": true, "": true, "outlook.office365.com": false, ".com": false, ".öffice365.com": false,
	} {
		c := cloud(t)
		c.Exchange.RegionSuffix = suffix
		if _, err := New(c); (err == nil) != ok {
			t.Errorf("region suffix %q: error %v, want accepted = %v", suffix, err, ok)
		}
	}
	for _, tenant := range []string{"../x", "a/b", "a b", "contoso..example", "x?y", "common%2f"} {
		c := cloud(t)
		c.Tenant = tenant
		if _, err := New(c); err == nil {
			t.Errorf("tenant %q was accepted", tenant)
		}
	}
}

// A link may name the tenant by its id or by a domain of its own, and by nothing else.
func TestLinksMayNameTheTenantByItsDomains(t *testing.T) {
	g := &guard{tenant: tenant, names: []string{"contoso.example", "contoso.onmicrosoft.example"}}
	for name, want := range map[string]bool{tenant: true, strings.ToUpper(tenant): true, "contoso.example": true, "Contoso.OnMicrosoft.example": true,
		"fabrikam.example": false, "contoso.example.evil.example": false, "": false} {
		if _, resource, ok := g.exchangeResource("/adminapi/beta/" + name + "/InvokeCommand"); ok != want || ok && resource != "InvokeCommand" {
			t.Errorf("tenant %q in a link: accepted %v, want %v", name, ok, want)
		}
	}
}

func TestLearnRegion(t *testing.T) {
	for location, want := range map[string]string{
		"https://eur01.outlook.office365.com/adminapi/x":       "eur01.outlook.office365.com",
		"https://EUR01.outlook.office365.com:446/x":            "eur01.outlook.office365.com",
		"http://eur01.outlook.office365.com/x":                 "eur01.outlook.office365.com", // built anew as https
		"//eur01.outlook.office365.com/x":                      "eur01.outlook.office365.com",
		"https://a.b.outlook.office365.com/x":                  "",
		"https://.outlook.office365.com/x":                     "",
		"https://eur01.outlook.office365.com.evil.example/":    "",
		"https://evil.example/":                                "",
		"https://eur01.outlook.office365.com@evil.example/":    "",
		"https://kim@eur01.outlook.office365.com/":             "",
		"https://-eur.outlook.office365.com/":                  "",
		"https://eur01.outlook.office365.com./":                "",
		"https://e%75r.evil.example%2f.outlook.office365.com/": "",
		"/adminapi/x":                         "",
		"":                                    "",
		"https://eüro.outlook.office365.com/": "",
		"https://" + strings.Repeat("a", 64) + ".outlook.office365.com/": "",
	} {
		c := cloud(t)
		place, err := newPinned(c.Exchange, always)
		if err != nil {
			t.Fatal(err)
		}
		u, err := place.learn(location)
		switch {
		case want == "" && !errors.Is(err, ErrGuard):
			t.Errorf("learn(%q) = %v, %v; want ErrGuard", location, u, err)
		case want != "" && (err != nil || u.String() != "https://"+want):
			t.Errorf("learn(%q) = %v, %v; want https://%s", location, u, err, want)
		}
		if got := place.region; got != want {
			t.Errorf("after learn(%q) the region is %q, want %q", location, got, want)
		}
	}
	// A redirect to where we are teaches nothing and is no harm; it is followed once, with the guard's own URL.
	here, err := newPinned(cloud(t).Exchange, always)
	if err != nil {
		t.Fatal(err)
	}
	if u, err := here.learn("https://outlook.office365.com/elsewhere?x=y"); err != nil || u.String() != "https://outlook.office365.com" || here.region != "" {
		t.Errorf("learn of the host itself = %v, %v, region %q", u, err, here.region)
	}
	place, _ := newPinned(cloud(t).Exchange, always)
	for i := range maxRegions {
		if _, err := place.learn("https://r" + string(rune('a'+i)) + ".outlook.office365.com/"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := place.learn("https://onemore.outlook.office365.com/"); !errors.Is(err, ErrGuard) {
		t.Errorf("one region more: error = %v, want ErrGuard", err)
	}
}

func TestRegionOfLoopbackStaysThere(t *testing.T) {
	place, err := newPinned(Endpoint{Base: mustURL(t, "http://127.0.0.1:8080"), RegionSuffix: ".outlook.office365.com"}, always)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := place.learn("https://eur01.outlook.office365.com/"); !errors.Is(err, ErrGuard) {
		t.Errorf("an override left this machine: error = %v, want ErrGuard", err)
	}
	place, err = newPinned(Endpoint{Base: mustURL(t, "http://127.0.0.1:8080"), RegionSuffix: ".localhost"}, always)
	if err != nil {
		t.Fatal(err)
	}
	if u, err := place.learn("https://eur01.localhost:446/"); err != nil || u.String() != "http://eur01.localhost:8080" {
		t.Errorf("learn = %v, %v; want http://eur01.localhost:8080", u, err)
	}
}

// The table itself: nothing but reads can be in it.
func TestCmdletTable(t *testing.T) {
	for name, rows := range cmdlets {
		if !strings.HasPrefix(name, "Get-") && !strings.HasPrefix(name, "Search-") {
			t.Errorf("%s does not begin with Get- or Search-", name)
		}
		for parameter, row := range rows {
			if row.kind == enum && len(row.names) == 0 {
				t.Errorf("%s -%s has no names", name, parameter)
			}
			if parameter == "Identity" || parameter == "Mailbox" {
				if row.kind != identity {
					t.Errorf("%s -%s is no identity", name, parameter)
				}
			}
			for _, verb := range []string{"Delete", "Remove", "Force", "Confirm", "Target", "Log"} {
				if strings.HasPrefix(parameter, verb) && parameter != "LogonTypes" {
					t.Errorf("%s -%s", name, parameter)
				}
			}
		}
	}
	if _, there := cmdlets["Search-Mailbox"]; there {
		t.Error("Search-Mailbox can delete and must not be in the table")
	}
	for _, name := range []string{"Get-MailboxPermission", "Get-MailboxFolderStatistics", "Get-MailboxFolderPermission", "Get-MailboxCalendarFolder", "Get-MailboxStatistics", "Get-RoleGroupMember", "Get-DistributionGroupMember"} {
		if !cmdlets[name]["Identity"].required {
			t.Errorf("%s does not need its Identity", name)
		}
	}
	for _, name := range []string{"Get-OrganizationConfig", "Get-TransportConfig", "Get-JournalRule", "Get-ServicePrincipal", "Get-ManagementRoleAssignment", "Get-MailboxStatistics", "Get-MailboxCalendarFolder"} {
		if _, there := cmdlets[name]["ResultSize"]; there {
			t.Errorf("%s has no ResultSize", name)
		}
	}
}

// Each rule over paths holds by itself, whatever the tables behind it say.
func TestCheckPath(t *testing.T) {
	for path, ok := range map[string]bool{
		"/v1.0/users": true, "/v1.0/users/kim%23EXT%23@contoso.example": true, "/a('b')": true,
		"v1.0/users": false, "": false, "/a//b": false, "//a": false, "/a/": false, "/a/..": false, "/../a": false, "/a..b": false,
		"/a/./b": false, `/a\b`: false, "/a;b": false, "/a%2fb": false, "/a%2Fb": false, "/a%5Cb": false, "/a%2e%2e": false,
		"/a%2Eb": false, "/a%252e": false, "/a%00": false, "/a%3bb": false, "/a%3fb": false, "/a%0a": false, "/a%7f": false, "/a%ff": false,
	} {
		u := &url.URL{Scheme: "https", Host: "graph.microsoft.com", Path: path}
		if strings.HasPrefix(path, "/") {
			u = mustURL(t, "https://graph.microsoft.com"+path)
		}
		if err := checkPath(u); (err == nil) != ok {
			t.Errorf("path %q: error %v, want accepted = %v", path, err, ok)
		}
	}
}
