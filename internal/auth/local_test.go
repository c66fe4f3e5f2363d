package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"tenantaudit/internal/faketenant"
)

// program puts a shell script on the PATH, before everything else of its name.
func program(t *testing.T, name, script string) (dir string) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the fake program is a shell script")
	}
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o700); err != nil { // #nosec G306 -- a program
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return dir
}

var (
	formAction = regexp.MustCompile(`action="([^"]*)"`)
	formInput  = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)
)

// browse does what a browser does with the address that it is told to open: it gets the page
// and sends the form on.
func (s *simulation) browse(ctx context.Context, link string, change func(url.Values)) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return err
	}
	res, err := s.srv.Client().Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var page strings.Builder
	if _, err := fmt.Fprint(&page, readAll(res)); err != nil {
		return err
	}
	action := formAction.FindStringSubmatch(page.String())
	if action == nil {
		return fmt.Errorf("status %d, no form in %q", res.StatusCode, page.String())
	}
	form := url.Values{}
	for _, m := range formInput.FindAllStringSubmatch(page.String(), -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	change(form)
	back, err := http.NewRequestWithContext(ctx, http.MethodPost, html.UnescapeString(action[1]), strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	back.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(back)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

func readAll(res *http.Response) string {
	var b strings.Builder
	buf := make([]byte, 4096)
	for {
		n, err := res.Body.Read(buf)
		b.Write(buf[:n])
		if err != nil {
			return b.String()
		}
	}
}

// opened waits until the fake browser was told an address, and surfs there.
func (s *simulation) opened(t *testing.T, dir string, change func(url.Values)) <-chan string {
	out := make(chan string, 1)
	go func() {
		for {
			link, err := os.ReadFile(filepath.Join(dir, "link"))
			if err == nil {
				if err := s.browse(t.Context(), string(link), change); err != nil {
					t.Error(err)
				}
				out <- string(link)
				return
			}
			select {
			case <-t.Context().Done():
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return out
}

const openLink = `d=$(dirname "$0"); printf %s "$1" >"$d/part" && mv "$d/part" "$d/link"; echo opened >>"$d/times"` + "\n"

func TestABrowserIsOpenedOnce(t *testing.T) {
	dir := program(t, "xdg-open", openLink)
	s := simulate(t, faketenant.SignIn{})
	link := s.opened(t, dir, func(url.Values) {})
	src := s.source(t, Browser)
	graph, exchange := s.bothServices(t, src)
	if g, e := claimsOf(t, graph), claimsOf(t, exchange); g["idtyp"] != "user" || g["oid"] != e["oid"] {
		t.Errorf("claims %v and %v, want one person", g, e)
	}
	u, err := url.Parse(<-link)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" || q.Get("state") == "" || !strings.HasPrefix(q.Get("redirect_uri"), "http://localhost:") {
		t.Errorf("the browser was sent to %s", u.Redacted())
	}
	if times, err := os.ReadFile(filepath.Join(dir, "times")); err != nil || string(times) != "opened\n" {
		t.Errorf("the browser was opened: %q, %v", times, err)
	}
	s.requests(t, "authorize", "authorization_code", "refresh_token")
}

func TestABrowserSignInThatComesToNothing(t *testing.T) {
	for name, c := range map[string]struct {
		refuse string
		change func(url.Values)
		want   []string
	}{
		"declined":        {"AADSTS65004", func(url.Values) {}, []string{"AADSTS65004", "the consent was declined"}},
		"a strange state": {"", func(v url.Values) { v.Set("state", "other") }, []string{"state"}},
		"a strange code":  {"", func(v url.Values) { v.Set("code", "e30.e30.e30") }, []string{"AADSTS70000", "sign in again"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := program(t, "xdg-open", openLink)
			s := simulate(t, faketenant.SignIn{}, func(o *faketenant.Options) { o.SignInError = c.refuse })
			link := s.opened(t, dir, c.change)
			_, err := s.source(t, Browser).Token(t.Context(), s.options.Cloud.GraphScope, "")
			<-link // the page that says so is read to its end
			if err == nil {
				t.Fatal("signed in")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q lacks %q", err, w)
				}
			}
		})
	}
	t.Run("no browser", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		s := simulate(t, faketenant.SignIn{})
		_, err := s.source(t, Browser).Token(t.Context(), s.options.Cloud.GraphScope, "")
		if err == nil || !strings.Contains(err.Error(), "no browser could be opened") || !strings.Contains(err.Error(), "--auth device-code") {
			t.Errorf("%v, want the other way", err)
		}
	})
}

func TestManagedIdentityAsksItsEndpoint(t *testing.T) {
	s := simulate(t, faketenant.SignIn{})
	var asked []string
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		asked = append(asked, q.Get("resource"))
		w.Header().Set("Content-Type", "application/json")
		if r.Header.Get("X-IDENTITY-HEADER") != "proof" || q.Get("client_id") != s.ClientID() {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, `{"access_token":%q,"expires_on":"%d","resource":%q,"token_type":"Bearer"}`, s.Token(q.Get("resource")), time.Now().Add(24*time.Hour).Unix(), q.Get("resource"))
	}))
	t.Cleanup(endpoint.Close)
	t.Setenv("IDENTITY_ENDPOINT", endpoint.URL+"/msi/token")
	t.Setenv("IDENTITY_HEADER", "proof")
	src := s.source(t, ManagedIdentity)
	s.bothServices(t, src)
	s.bothServices(t, src) // from the cache
	if len(asked) != 2 || asked[0] == asked[1] {
		t.Errorf("the endpoint was asked for %q, want each service once", asked)
	}
	s.requests(t) // the authority was not
}

func TestTheAzureCLIIsAskedOnceForEachService(t *testing.T) {
	s := simulate(t, faketenant.SignIn{})
	answer := func(audience string) string {
		b, err := json.Marshal(map[string]any{"accessToken": s.Token(audience), "expires_on": time.Now().Add(time.Hour).Unix(), "tokenType": "Bearer"})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	dir := program(t, "az", `echo "$*" >>"$(dirname "$0")/calls"
case "$*" in
*graph.microsoft.com*) echo '`+answer("https://graph.microsoft.com")+`';;
*outlook.office365.com*) echo '`+answer("https://outlook.office365.com")+`';;
*) exit 1;;
esac
`)
	calls := func() []string {
		b, err := os.ReadFile(filepath.Join(dir, "calls"))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSpace(string(b)), "\n")
	}
	src := s.source(t, AzureCLI)
	s.bothServices(t, src)
	s.bothServices(t, src)
	if got := calls(); len(got) != 2 || !strings.Contains(strings.Join(got, " "), "--tenant "+s.ID()) {
		t.Errorf("az was called with %q, want once for each service", got)
	}
	// A token that the service refuses is asked for again; the CLI knows no claims.
	if _, err := src.(*source).Renew(t.Context(), s.options.Cloud.GraphScope); err != nil || len(calls()) != 3 {
		t.Errorf("renewal: %v, %d calls", err, len(calls()))
	}
	_, err := src.Token(t.Context(), s.options.Cloud.GraphScope, `{"access_token":{"nbf":{"essential":true,"value":"1"}}}`)
	if err == nil || !strings.Contains(err.Error(), "az login --tenant "+s.ID()+" --claims-challenge eyJ") || len(calls()) != 3 {
		t.Errorf("challenge: %v, %d calls; want the command to type", err, len(calls()))
	}
	t.Run("not signed in", func(t *testing.T) {
		program(t, "az", "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1\n")
		_, err := s.source(t, AzureCLI).Token(t.Context(), s.options.Cloud.GraphScope, "")
		if err == nil || !strings.Contains(err.Error(), "az login") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want the next step on one line", err)
		}
	})
}

// The default chain takes what the environment holds.
func TestTheDefaultChainTakesASecretFromTheEnvironment(t *testing.T) {
	s := simulate(t, faketenant.SignIn{})
	for k, v := range map[string]string{"AZURE_TENANT_ID": s.ID(), "AZURE_CLIENT_ID": s.ClientID(), "AZURE_CLIENT_SECRET": faketenant.SimulatorSecret, "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential"} {
		t.Setenv(k, v)
	}
	s.bothServices(t, s.source(t, Default))
	s.requests(t, "client_credentials", "client_credentials")
}
