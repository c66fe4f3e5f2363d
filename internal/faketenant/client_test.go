package faketenant

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// client talks to one simulated tenant the way a careful client does: one cookie jar, one
// anchor, a bearer per service.
type client struct {
	t      *testing.T
	tenant *Tenant
	srv    *httptest.Server
	http   *http.Client
	anchor string
}

func start(t *testing.T, o Options) *client {
	t.Helper()
	tenant, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(tenant.Handler())
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, tenant: tenant, srv: srv, anchor: "APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@" + tenant.ID()}
	c.http = &http.Client{Transport: &http.Transport{}, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(func() {
		c.http.CloseIdleConnections()
		srv.Close()
	})
	return c
}

// answer is an answer read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (c *client) do(method, link string, header map[string]string, body string) answer {
	c.t.Helper()
	a, err := c.try(method, link, header, body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, link, err)
	}
	return a
}

func (c *client) try(method, link string, header map[string]string, body string) (answer, error) {
	c.t.Helper()
	if strings.HasPrefix(link, "/") {
		link = c.srv.URL + link
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, link, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	audience := "https://graph.microsoft.com"
	if strings.Contains(strings.ToLower(link), "/adminapi/") {
		audience = "https://outlook.office365.com"
		req.Header.Set("X-AnchorMailbox", c.anchor)
		req.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	req.Header.Set("Authorization", "Bearer "+c.tenant.Token(audience))
	for k, v := range header {
		if v == "" {
			req.Header.Del(k)
			continue
		}
		req.Header.Set(k, v)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, b}, err
}

// beta is a path of the Exchange admin API.
func (c *client) beta(resource string) string {
	return "/adminapi/beta/" + c.tenant.ID() + "/" + resource
}

func command(cmdlet string, params map[string]any) string {
	if params == nil {
		params = map[string]any{}
	}
	b, err := json.Marshal(map[string]any{"CmdletInput": map[string]any{"CmdletName": cmdlet, "Parameters": params}})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// page is the envelope of Exchange and of Graph.
type page struct {
	Next     string           `json:"@odata.nextLink"`
	Count    *int             `json:"@odata.count"`
	Warnings []string         `json:"@adminapi.warnings"`
	Value    []map[string]any `json:"value"`
}

func decode[T any](t *testing.T, b []byte) T {
	t.Helper()
	var v T
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%v in %.200s", err, b)
	}
	return v
}

// all reads every page of a cmdlet.
func (c *client) all(cmdlet string, params map[string]any) []map[string]any {
	c.t.Helper()
	var rows []map[string]any
	body := command(cmdlet, params)
	for link, n := c.beta("InvokeCommand"), 0; link != ""; n++ {
		a := c.do(http.MethodPost, link, map[string]string{"Prefer": "odata.maxpagesize=1000"}, body)
		if a.status != http.StatusOK {
			c.t.Fatalf("%s: %d %.300s", cmdlet, a.status, a.body)
		}
		p := decode[page](c.t, a.body)
		rows, link = append(rows, p.Value...), p.Next
		if n > 500 {
			c.t.Fatalf("%s: no end of pages", cmdlet)
		}
	}
	return rows
}

// graphAll reads every page of a Graph list with the advanced-query headers.
func (c *client) graphAll(path string) []map[string]any {
	c.t.Helper()
	var rows []map[string]any
	for link := "/v1.0/" + path; link != ""; {
		a := c.do(http.MethodGet, link, map[string]string{"ConsistencyLevel": "eventual"}, "")
		if a.status != http.StatusOK {
			c.t.Fatalf("%s: %d %.300s", path, a.status, a.body)
		}
		p := decode[page](c.t, a.body)
		rows, link = append(rows, p.Value...), p.Next
	}
	return rows
}

// graph reads one object.
func (c *client) graph(path string, header map[string]string) answer {
	c.t.Helper()
	return c.do(http.MethodGet, "/v1.0/"+path, header, "")
}

func query(pairs ...string) string {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return "?" + v.Encode()
}
