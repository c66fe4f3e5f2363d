package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"tenantaudit/internal/transport"
)

// Discovery is what the authority tells of a tenant before anybody signs in. The zero value
// says that it told nothing.
type Discovery struct {
	TenantID string // lower case; "" when the document names none
	Cloud    string // name of the cloud that the tenant lives in; "" when it is none of the table
}

const (
	discoveryTime = 20 * time.Second
	maxDocument   = 256 << 10
)

// Discover reads the tenant's OpenID configuration: one request, without a token. Input that
// cannot work is ErrUsage: a tenant that does not exist, or that lives in another cloud than
// the chosen one. Any other error means that nothing is known, and sign-in may still work.
func Discover(ctx context.Context, o Options) (Discovery, error) {
	if o.Method == StaticToken {
		return Discovery{}, nil // nobody signs in
	}
	b := builder{o: o}
	client := transport.NewSignIn(transport.SignInConfig{RootCAs: o.RootCAs, Hosts: b.authorityHosts()})
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, discoveryTime)
	defer cancel()
	doc, err := readDocument(ctx, client, strings.TrimSuffix(b.authority(), "/")+"/"+url.PathEscape(o.Tenant)+"/v2.0/.well-known/openid-configuration")
	if err != nil {
		return Discovery{}, err
	}
	if unknownTenant(doc) {
		return Discovery{}, usage("--tenant %s: %s knows no such tenant (AADSTS90002): check it for a typing error, and --cloud: this was %s, other tenants need another of %s",
			oneLine(o.Tenant), o.Cloud.InWords, o.Cloud.Name, strings.Join(cloudNames(), ", "))
	}
	d := Discovery{TenantID: doc.tenantID()}
	if home, ok := doc.cloud(); ok {
		d.Cloud = home.Name
		if home.Name != o.Cloud.Name {
			return d, usage("%s is a tenant of %s: use --cloud %s", oneLine(o.Tenant), home.InWords, home.Name)
		}
	}
	return d, nil
}

func (b builder) authorityHosts() []string {
	if u, err := url.Parse(b.authority()); err == nil {
		return []string{u.Host}
	}
	return nil
}

// document is the part of the OpenID configuration that is used. cloud_graph_host_name is not:
// it is the same for tenants of different clouds.
type document struct {
	Issuer    string `json:"issuer"`
	Instance  string `json:"cloud_instance_name"`
	SubScope  string `json:"tenant_region_sub_scope"`
	GraphHost string `json:"msgraph_host"`
	Error     string `json:"error"`
	Words     string `json:"error_description"`
}

func readDocument(ctx context.Context, client *transport.SignIn, link string) (document, error) {
	var doc document
	res, err := client.Get(ctx, link)
	if err != nil {
		return doc, fmt.Errorf("tenant discovery: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxDocument))
	if err != nil {
		return doc, fmt.Errorf("tenant discovery: %w", err)
	}
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusBadRequest {
		return doc, fmt.Errorf("tenant discovery: status %d", res.StatusCode)
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return doc, errors.New("tenant discovery: the answer is not JSON")
	}
	if res.StatusCode != http.StatusOK && !unknownTenant(doc) {
		return doc, fmt.Errorf("tenant discovery: %s", oneLine(doc.Error+" "+doc.Words))
	}
	return doc, nil
}

// unknownTenant: the authority answers 400 invalid_tenant, with AADSTS90002 for an id or a
// domain that it does not know and AADSTS900023 for a name that cannot be one.
func unknownTenant(doc document) bool {
	code := codePattern.FindString(doc.Words)
	return doc.Error == "invalid_tenant" || doc.Error != "" && (code == "AADSTS90002" || code == "AADSTS900023" || code == "AADSTS900021")
}

var issuerTenant = regexp.MustCompile(`(?i)^https://[^/]+/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:/|$)`)

// tenantID is the tenant's id as the issuer names it.
func (d document) tenantID() string {
	if m := issuerTenant.FindStringSubmatch(d.Issuer); m != nil {
		return strings.ToLower(m[1])
	}
	return ""
}

// cloud finds the tenant's cloud in the table: by the name of its instance, else by its Graph
// host. Clouds that share an instance differ in the sub-scope, or in the Graph host.
func (d document) cloud() (Cloud, bool) {
	var found Cloud
	for _, c := range clouds {
		byInstance, byGraph := strings.EqualFold(d.Instance, c.Instance), strings.EqualFold("https://"+d.GraphHost, c.Graph)
		switch {
		case byInstance && c.SubScope != "" && (byGraph || strings.EqualFold(d.SubScope, c.SubScope)):
			return c, true
		case byInstance && c.SubScope == "", byGraph && found.Name == "":
			found = c
		}
	}
	return found, found.Name != ""
}
