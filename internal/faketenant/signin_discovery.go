package faketenant

import "net/http"

// nationalCloud is what the document of a tenant says of its cloud. The endpoints in it stay
// those of the simulator, which stands for the authority of every cloud.
type nationalCloud struct {
	instance  string // cloud_instance_name
	graph     string // msgraph_host
	region    string // tenant_region_scope
	subRegion string // tenant_region_sub_scope; "" leaves it out
}

var nationalClouds = map[string]nationalCloud{
	"":         {"microsoftonline.com", "graph.microsoft.com", "EU", ""},
	"global":   {"microsoftonline.com", "graph.microsoft.com", "EU", ""},
	"usgov":    {"microsoftonline.us", "graph.microsoft.us", "USGov", "DODCON"},
	"usgovdod": {"microsoftonline.us", "dod-graph.microsoft.us", "USGov", "DOD"},
	"china":    {"partner.microsoftonline.cn", "microsoftgraph.chinacloudapi.cn", "AS", ""},
}

// openIDConfiguration tells where the tenant signs in and in which cloud it lives. It is asked
// for by the tenant's id or by one of its domains.
func (x *exchange) openIDConfiguration(tenant string) {
	cloud := nationalClouds[x.t.opt.SignIn.Cloud]
	base := x.origin() + "/" + tenant
	b := &bag{}
	b.start()
	b.str("token_endpoint", base+"/oauth2/v2.0/token")
	b.list("token_endpoint_auth_methods_supported", []string{"client_secret_post", "private_key_jwt", "client_secret_basic"})
	b.str("jwks_uri", base+"/discovery/v2.0/keys")
	b.list("response_modes_supported", []string{"query", "fragment", "form_post"})
	b.list("response_types_supported", []string{"code"})
	b.list("scopes_supported", []string{"openid", "profile", "email", "offline_access"})
	b.str("issuer", x.origin()+"/"+x.t.ID()+"/v2.0")
	b.str("authorization_endpoint", base+"/oauth2/v2.0/authorize")
	b.str("device_authorization_endpoint", base+"/oauth2/v2.0/devicecode")
	b.str("tenant_region_scope", cloud.region)
	if cloud.subRegion != "" {
		b.str("tenant_region_sub_scope", cloud.subRegion)
	}
	b.str("cloud_instance_name", cloud.instance)
	b.str("cloud_graph_host_name", "graph.windows.net")
	b.str("msgraph_host", cloud.graph)
	b.end()
	x.answer(http.StatusOK, typeJSON, b.buf)
}
