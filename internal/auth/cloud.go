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
// the 21Vianet cloud is the one that working Exchange clients use there.
type Cloud struct {
	Name           string
	Authority      string
	Graph          string
	GraphScope     string
	Exchange       string
	ExchangeScope  string
	ExchangeSuffix string // of regional hosts
}

var clouds = []Cloud{
	{"global", "https://login.microsoftonline.com", "https://graph.microsoft.com", "https://graph.microsoft.com/.default",
		"https://outlook.office365.com", "https://outlook.office365.com/.default", ".outlook.office365.com"},
	{"usgov", "https://login.microsoftonline.us", "https://graph.microsoft.us", "https://graph.microsoft.us/.default",
		"https://outlook.office365.us", "https://outlook.office365.us/.default", ".outlook.office365.us"},
	{"usgovdod", "https://login.microsoftonline.us", "https://dod-graph.microsoft.us", "https://dod-graph.microsoft.us/.default",
		"https://outlook-dod.office365.us", "https://outlook-dod.office365.us/.default", ".outlook-dod.office365.us"},
	{"china", "https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn/.default",
		"https://outlook.office365.cn", "https://partner.outlook.cn/.default", ".outlook.office365.cn"},
}

// CloudByName finds a cloud; the error names those that exist.
func CloudByName(name string) (Cloud, error) {
	var names []string
	for _, c := range clouds {
		if c.Name == name {
			return c, nil
		}
		names = append(names, c.Name)
	}
	sort.Strings(names)
	return Cloud{}, fmt.Errorf("unknown cloud %q: use one of %s", name, strings.Join(names, ", "))
}
