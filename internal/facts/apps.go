package facts

import "sync"

// App is an application known from attacks. Only class "malicious" has no known
// legitimate use; a match of another class is a question to the owner.
type App struct {
	Class string // malicious, abused-tool, legitimate-dual-use
	Name  string
}

type appTables struct {
	tenants map[string]bool
	first   map[string]string
	bad     map[string]App
}

var apps = sync.OnceValue(func() appTables {
	src := table[struct {
		MicrosoftTenants []string
		FirstParty       [][2]string
		KnownBad         [][3]string
	}]("apps.json")
	t := appTables{
		tenants: make(map[string]bool, len(src.MicrosoftTenants)),
		first:   make(map[string]string, len(src.FirstParty)),
		bad:     make(map[string]App, len(src.KnownBad)),
	}
	for _, id := range src.MicrosoftTenants {
		t.tenants[id] = true
	}
	for _, a := range src.FirstParty {
		t.first[a[0]] = a[1]
	}
	for _, a := range src.KnownBad {
		t.bad[a[0]] = App{Class: a[1], Name: a[2]}
	}
	return t
})

// MicrosoftTenant reports whether a tenant id (appOwnerOrganizationId) is one of
// the tenants in which Microsoft registers its own applications. It is the only
// proof that an application is first party; the tenant of personal accounts is
// not one of them.
func MicrosoftTenant(tenantID string) bool { return apps().tenants[fold(tenantID)] }

// FirstPartyApp returns the name under which an appId is known as Microsoft's.
// It serves to show a name; it proves nothing about a service principal.
func FirstPartyApp(appID string) (name string, ok bool) {
	name, ok = apps().first[fold(appID)]
	return name, ok
}

// KnownBad returns what is known of an appId that was seen in intrusions.
func KnownBad(appID string) (app App, ok bool) {
	app, ok = apps().bad[fold(appID)]
	return app, ok
}
