package auth

import (
	"fmt"
	"sort"
	"strings"
)

// Cloud is one national deployment: where sign-in, Graph and Exchange Online live
// and which scopes their tokens need. Hosts and scopes are separate facts: a scope
// never follows an overridden host.
//
// Sources: https://learn.microsoft.com/graph/deployments and
// https://learn.microsoft.com/exchange/reference/admin-api-get-started. The scope of
// the 21Vianet cloud is the one that working Exchange clients use there. Azure Resource Manager:
// https://learn.microsoft.com/azure/azure-government/compare-azure-government-global-azure and
// https://learn.microsoft.com/azure/china/resources-developer-guide; the scope of Azure DevOps is its application id:
// https://learn.microsoft.com/azure/devops/integrate/get-started/authentication/service-principal-managed-identity
type Cloud struct {
	Name           string
	Authority      string
	Graph          string
	GraphScope     string
	Exchange       string
	ExchangeScope  string
	ExchangeSuffix string // of regional hosts
	Azure          string // Azure Resource Manager
	AzureScope     string
	DevOps         string // audit service of Azure DevOps; "" where it is not offered
	DevOpsScope    string

	// What a tenant's OpenID configuration says when it lives here.
	Instance string // cloud_instance_name
	SubScope string // tenant_region_sub_scope, where it tells clouds of one instance apart
	InWords  string // "the US government cloud"
}

var clouds = []Cloud{
	{"global", "https://login.microsoftonline.com", "https://graph.microsoft.com", "https://graph.microsoft.com/.default",
		"https://outlook.office365.com", "https://outlook.office365.com/.default", ".outlook.office365.com",
		"https://management.azure.com", "https://management.azure.com/.default", "https://auditservice.dev.azure.com", "499b84ac-1321-427f-aa17-267ca6975798/.default", "microsoftonline.com", "", "the global cloud"},
	{"usgov", "https://login.microsoftonline.us", "https://graph.microsoft.us", "https://graph.microsoft.us/.default",
		"https://outlook.office365.us", "https://outlook.office365.us/.default", ".outlook.office365.us",
		"https://management.usgovcloudapi.net", "https://management.usgovcloudapi.net/.default", "", "", "microsoftonline.us", "", "the US government cloud"},
	{"usgovdod", "https://login.microsoftonline.us", "https://dod-graph.microsoft.us", "https://dod-graph.microsoft.us/.default",
		"https://outlook-dod.office365.us", "https://outlook-dod.office365.us/.default", ".outlook-dod.office365.us",
		"https://management.usgovcloudapi.net", "https://management.usgovcloudapi.net/.default", "", "", "microsoftonline.us", "DOD", "the US government cloud of the Department of Defense"},
	{"china", "https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn/.default",
		"https://outlook.office365.cn", "https://partner.outlook.cn/.default", ".outlook.office365.cn",
		"https://management.chinacloudapi.cn", "https://management.chinacloudapi.cn/.default", "", "", "partner.microsoftonline.cn", "", "the cloud operated by 21Vianet in China"},
}

// CloudByName finds a cloud; the error names those that exist.
func CloudByName(name string) (Cloud, error) {
	for _, c := range clouds {
		if c.Name == name {
			return c, nil
		}
	}
	return Cloud{}, fmt.Errorf("unknown cloud %q: use one of %s", name, strings.Join(cloudNames(), ", "))
}

// cloudNames lists the clouds in alphabetical order.
func cloudNames() []string {
	names := make([]string, 0, len(clouds))
	for _, c := range clouds {
		names = append(names, c.Name)
	}
	sort.Strings(names)
	return names
}
