package faketenant

import "time"

// app is a service principal, with its application object when it is registered here.
type app struct {
	p          *principal
	appID      string
	owner      string // tenant of the application; "" for managed identities and legacy principals
	typ        string // Application, ManagedIdentity, Legacy
	disabled   bool
	publisher  string // verified publisher
	creds      []credential
	registered bool // has an application object in this tenant
	object     guid // of the application object
	owners     []*principal
	knownBad   string
	offers     string // resource app id whose permissions it offers; "" for none
	extraRoles []appRole
	inExchange bool // registered with New-ServicePrincipal
	created    time.Time
	tags       []string
	replyURLs  []string

	// onlyRegistration own the registration and not the service principal; nil: the same owners.
	onlyRegistration []*principal
}

// credential of a service principal or an application.
type credential struct {
	password      bool
	onApplication bool
	id            guid
	usage         string // Sign, Verify; "" for passwords
	name          string
	start, end    time.Time
}

// appRole is a role of an application that is no published permission.
type appRole struct{ id, value, member string }

// delegatedGrant is an oauth2PermissionGrant.
type delegatedGrant struct {
	id       string
	client   *app // nil: the client is gone
	clientID guid
	who      *principal // nil: all principals
	resource *app
	scope    string   // as sent
	scopes   []string // what it stands for, each once
}

// roleGrant is an app role assignment.
type roleGrant struct {
	id       string
	to       *principal
	shown    string // principalDisplayName as sent, when it is out of date
	resource *app
	roleID   string
	value    string // "" default role; "unknown role <id>" when the resource has lost it
	tier     string
	impact   string
	created  time.Time // zero: not known
}

// roleHolding is a directory role assignment.
type roleHolding struct {
	id       string
	role     *directoryRole
	to       *principal // nil: the principal is gone
	toID     guid
	eligible bool
	scope    string
	until    time.Time // zero: no end
	// activated: in force because an eligible holder asked for it.
	activated bool
}

// roleGroup is a role group of Exchange.
type roleGroup struct {
	name, description string
	guid              guid
	roles             []string
	members           []roleGroupMember
	readOnly          bool
	changed           time.Time // WhenChangedUTC; zero: not sent
}

// roleGroupMember is a person, an application, or the stand-in of a directory role.
type roleGroupMember struct {
	ref           *principal
	name, display string // of a stand-in
	guid          guid
}

// accessPolicy is an application access policy.
type accessPolicy struct {
	app   *app
	group *principal
	right string
	note  string
	guid  guid
}

// identity is the Identity of a policy.
func (a accessPolicy) identity(tenant guid) string {
	return tenant.String() + `\` + a.app.appID + ":" + a.group.sid() + ";" + a.group.xid.String()
}

// scopedAssignment is a management role that an application holds over a custom scope.
type scopedAssignment struct {
	app   *app
	role  string
	scope string     // "" for the whole organisation
	group *principal // nil when the scope is no group
	guid  guid
}

func (s scopedAssignment) identity() string { return s.role + "-" + s.app.p.id.String() }

// newApp adds a service principal.
func (p *plan) newApp(name, appID, owner, typ string) *app {
	n := len(p.apps)
	a := &app{appID: appID, owner: owner, typ: typ, created: time.Date(2024, 6, 1, 9, 30, 0, 0, time.UTC).AddDate(0, 0, -(n % 5000))}
	if appID == "" {
		a.appID = p.guid("app.appid", n).String()
	}
	if typ == "" {
		a.typ = "Application"
	}
	a.p = &principal{kind: kindApp, id: p.guid("app", n), display: name, app: a}
	p.apps = append(p.apps, a)
	return a
}

// register gives an application of this tenant its application object.
func (p *plan) register(a *app) *app {
	a.registered = true
	a.object = p.guid("app.object", len(p.apps))
	return a
}

func (a *app) isFirstParty() bool {
	switch a.owner {
	case microsoftServices, microsoftCorp, "cdc5aeea-15c5-4db6-b079-fcadd2505dc2":
		return true
	}
	return false
}

// secret adds a password credential.
func (p *plan) secret(a *app, onApplication bool, name string, start, end time.Time) {
	a.creds = append(a.creds, credential{password: true, onApplication: onApplication, id: p.guid("cred."+a.appID, len(a.creds)), name: name, start: start, end: end})
}

// certificate adds a key credential.
func (p *plan) certificate(a *app, onApplication bool, usage, name string, start, end time.Time) {
	a.creds = append(a.creds, credential{onApplication: onApplication, usage: usage, id: p.guid("cred."+a.appID, len(a.creds)), name: name, start: start, end: end})
}

// consent adds a delegated grant; scope is written as sent, scopes as it is meant.
func (p *plan) consent(client *app, who *principal, resource *app, scope string, scopes ...string) {
	g := delegatedGrant{id: p.key("grant", len(p.grants)), client: client, who: who, resource: resource, scope: scope, scopes: scopes}
	if client != nil {
		g.clientID = client.p.id
	} else {
		g.clientID = p.guid("client.gone", len(p.grants))
	}
	p.grants = append(p.grants, g)
}

// assign gives a principal an application permission of a resource.
func (p *plan) assign(to *principal, resource *app, value string) *roleGrant {
	perm, _ := findPermission(resource.appID, value, application)
	return p.assignRole(to, resource, perm.id, value, perm.tier, perm.impact)
}

// assignRole gives a principal a role by id.
func (p *plan) assignRole(to *principal, resource *app, roleID, value, tier, impact string) *roleGrant {
	n := len(p.assignments)
	p.assignments = append(p.assignments, roleGrant{
		id: p.key("assignment", n), to: to, shown: to.display, resource: resource, roleID: roleID, value: value, tier: tier, impact: impact,
		created: time.Date(2024, 6, 1, 9, 31, 12, 0, time.UTC).AddDate(0, 0, n),
	})
	return &p.assignments[n]
}

// hold gives a directory role.
func (p *plan) hold(role *directoryRole, to *principal, eligible bool, scope string) *roleHolding {
	n := len(p.roleHolders)
	h := roleHolding{id: p.key("role", n), role: role, to: to, eligible: eligible, scope: scope}
	if eligible {
		h.id = p.guid("eligible", n).String()
	}
	if to != nil {
		h.toID = to.id
	} else {
		h.toID = p.guid("role.gone", n)
	}
	p.roleHolders = append(p.roleHolders, h)
	return &p.roleHolders[n]
}
