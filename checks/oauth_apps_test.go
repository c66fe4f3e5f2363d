package checks

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

// The rows of the tests below: Graph, Exchange, and short ways to give permissions.
var (
	graphApp    = snapshot.ServicePrincipal{ID: "graph", AppID: facts.MicrosoftGraph, DisplayName: "Microsoft Graph", AppOwnerOrganizationID: microsoft, FirstParty: true, Credentials: []snapshot.Credential{}}
	exchangeApp = snapshot.ServicePrincipal{ID: "exo", AppID: strings.ToUpper(facts.ExchangeOnline), AppOwnerOrganizationID: microsoft, FirstParty: true, Credentials: []snapshot.Credential{}}
)

// changed returns an application of a tenant, changed.
func changed(id, owner string, change func(*snapshot.ServicePrincipal)) snapshot.ServicePrincipal {
	sp := app(id, owner)
	change(&sp)
	return sp
}

// appRole gives a permission of Graph to a principal; "value=tier".
func appRole(n, principal, value string) snapshot.AppRoleAssignment {
	name, tier, _ := strings.Cut(value, "=")
	return snapshot.AppRoleAssignment{ID: n, Principal: principal, PrincipalType: "ServicePrincipal", PrincipalName: "App " + principal,
		Resource: "graph", ResourceName: "Microsoft Graph", AppRoleID: "role-" + name, AppRole: name, Tier: tier}
}

func groupRole(n, group, value string) snapshot.AppRoleAssignment {
	a := appRole(n, group, value)
	a.PrincipalType = "Group"
	return a
}

// consented is one scope of a grant; without a user it is for all of them.
func consented(n, client, user, value string) snapshot.OAuth2PermissionGrant {
	name, tier, _ := strings.Cut(value, "=")
	g := snapshot.OAuth2PermissionGrant{ID: n, Client: client, ClientName: "App " + client, ConsentType: "AllPrincipals", Resource: "graph", ResourceName: "Microsoft Graph", Scope: name, Tier: tier}
	if user != "" {
		g.ConsentType, g.Principal, g.PrincipalName = "Principal", user, "User "+user
	}
	return g
}

func memberOf(group, member, kind string) snapshot.GroupMember {
	return snapshot.GroupMember{Group: group, Member: member, MemberName: "Member " + member, MemberType: kind}
}

func cutShort(d snapshot.Dataset) snapshot.Coverage {
	return cover(d, snapshot.CoveragePartial, 0, 1, snapshot.Interrupted)
}

func TestUserGrantsReviewed(t *testing.T) {
	const id = "oauth.user_grants_reviewed"
	verified := changed("v", stranger, func(sp *snapshot.ServicePrincipal) { sp.VerifiedPublisher = "Fabrikam" })
	in := func(more ...any) *fake {
		return with(append([]any{app("c", stranger), app("own", "TENANT-1"), app("none", ""), verified, app("ms", microsoft)}, more...)...)
	}
	runRows(t, id, []row{
		{"foreign and not verified", in(consented("g", "c", "kim", "Mail.Read=high")), "fail 1/1", "high oauth2PermissionGrant g", ""},
		{"critical is no more than that", in(consented("g", "c", "kim", "Directory.AccessAsUser.All=critical")), "fail 1/1", "high oauth2PermissionGrant g", ""},
		{"verified", in(consented("g", "v", "kim", "Mail.Read=high")), "fail 1/1", "medium oauth2PermissionGrant g", ""},
		{"our own", in(consented("g", "own", "kim", "Mail.Read=critical")), "fail 1/1", "medium oauth2PermissionGrant g", ""},
		{"without an owner", in(consented("g", "none", "kim", "Mail.Read=high")), "fail 1/1", "medium oauth2PermissionGrant g", ""},
		{"client that is gone", in(consented("g", "gone", "kim", "Mail.Read=high")), "fail 1/1", "medium oauth2PermissionGrant g", ""},
		{"medium scope", in(consented("g", "c", "kim", "Calendars.Read=medium"), consented("g", "c", "kim", "User.Read=low")), "fail 1/1", "low oauth2PermissionGrant g", ""},
		{"unrated scope", in(consented("g", "c", "kim", "access_as_user")), "fail 1/1", "low oauth2PermissionGrant g", ""},
		{"sign-in alone", in(consented("g", "c", "kim", "openid"), consented("g", "c", "kim", "User.Read=low")), "info 1/1", "info oauth2PermissionGrant g", ""},
		{"no scope left", in(consented("g", "c", "kim", "")), "info 1/1", "info oauth2PermissionGrant g", ""},
		{"Microsoft's client", in(consented("g", "ms", "kim", "Mail.Read=high")), "pass 1/1", "", ""},
		{"for all users", in(consented("g", "c", "", "Mail.Read=high")), "pass 0/0", "", ""},
		{"client that was not read", in(consented("g", "unread", "kim", "Mail.Read=high"), consented("g", "unread", "kim", "openid")).gap(cutShort(snapshot.ServicePrincipals)),
			"not-evaluated 0/1", "", "who owns the client application is not known (1)"},
		{"two users", in(consented("b", "c", "kim", "Mail.Read=high"), consented("a", "c", "lee", "openid")), "fail 2/2", "info oauth2PermissionGrant a\nhigh oauth2PermissionGrant b", ""},
	})
	everyNeed(t, id, consented("g", "ms", "kim", "Mail.Read=high"), app("ms", microsoft))

	_, found := judge(t, id, in(consented("g", "c", "kim", "Mail.Read=high")))
	d := found[0].Details
	if d["granted"] != nil || d["grantedNote"] == "" || d["verifiedPublisher"] != "" || len(d["raised"].([]string)) != 1 || !strings.Contains(found[0].Summary, "not verified") {
		t.Errorf("details: %+v", d)
	}
}

func TestKnownBadApplications(t *testing.T) {
	const id = "oauth.known_bad_applications"
	of := func(class, owner string) snapshot.ServicePrincipal {
		return changed("x", owner, func(sp *snapshot.ServicePrincipal) { sp.KnownBad = class })
	}
	runRows(t, id, []row{
		{"malicious", with(of("malicious", stranger), app("c", stranger)), "fail 2/2", "critical servicePrincipal x", ""},
		{"abused tool", with(of("abused-tool", stranger)), "fail 1/1", "high servicePrincipal x", ""},
		{"dual use", with(of("legitimate-dual-use", stranger)), "fail 1/1", "low servicePrincipal x", ""},
		{"a class that is new", with(of("odd", stranger)), "fail 1/1", "high servicePrincipal x", ""},
		{"Microsoft's", with(of("malicious", microsoft)), "pass 1/1", "", ""},
		{"a name proves nothing", with(changed("x", stranger, func(sp *snapshot.ServicePrincipal) { sp.DisplayName = "PerfectData Software" })), "pass 1/1", "", ""},
	})
	everyNeed(t, id, app("c", stranger), graphApp)

	words := map[string]string{}
	for _, class := range []string{"malicious", "abused-tool", "legitimate-dual-use"} {
		_, found := judge(t, id, with(of(class, stranger)))
		if other, ok := words[found[0].Summary]; ok {
			t.Errorf("%s and %s are said in the same words", class, other)
		}
		words[found[0].Summary] = class
		if found[0].Details["class"] != class {
			t.Errorf("details %+v", found[0].Details)
		}
	}
	_, found := judge(t, id, with(changed("x", stranger, func(sp *snapshot.ServicePrincipal) { sp.KnownBad, sp.AccountEnabled = "malicious", off() })))
	if !strings.Contains(found[0].Summary, "switched off") {
		t.Errorf("summary %q", found[0].Summary)
	}
}

func TestForeignApplications(t *testing.T) {
	const id = "oauth.foreign_applications"
	verified := changed("v", stranger, func(sp *snapshot.ServicePrincipal) { sp.VerifiedPublisher = "Fabrikam" })
	in := func(more ...any) *fake {
		return with(append([]any{graphApp, app("c", stranger), app("own", "Tenant-1"), app("none", ""), verified}, more...)...)
	}
	const found = "servicePrincipal c"
	runRows(t, id, []row{
		{"nothing held", in(), "pass 2/2", "", ""},
		{"app role", in(appRole("1", "c", "Mail.Read=critical")), "fail 2/2", "high " + found, ""},
		{"app role through a group", in(groupRole("1", "g", "Files.Read.All=high"), memberOf("g", "c", "servicePrincipal")), "fail 2/2", "high " + found, ""},
		{"a group of people", in(groupRole("1", "g", "Files.Read.All=high"), memberOf("g", "c", "user")), "pass 2/2", "", ""},
		{"app role of tier medium", in(appRole("1", "c", "Calendars.Read=medium"), appRole("2", "c", "unknown role x")), "pass 2/2", "", ""},
		{"grant for all users", in(consented("g", "c", "", "Mail.Read=high")), "fail 2/2", "high " + found, ""},
		{"grant by one user", in(consented("g", "c", "kim", "Mail.Read=critical")), "fail 2/2", "medium " + found, ""},
		{"both", in(consented("g", "c", "kim", "Mail.Read=critical"), appRole("1", "c", "Mail.Read=critical")), "fail 2/2", "high " + found, ""},
		{"sign-in", in(consented("g", "c", "", "openid=low")), "pass 2/2", "", ""},
		{"verified", in(appRole("1", "v", "Mail.Read=critical"), consented("g", "v", "", "Mail.Read=high")), "pass 2/2", "", ""},
		{"our own", in(appRole("1", "own", "Mail.Read=critical")), "pass 2/2", "", ""},
		{"without an owner", in(appRole("1", "none", "Mail.Read=critical")), "pass 2/2", "", ""},
		{"Microsoft's", in(app("ms", microsoft), appRole("1", "ms", "Mail.Read=critical")), "pass 2/2", "", ""},
	})
	everyNeed(t, id, graphApp, app("c", stranger), appRole("1", "c", "Calendars.Read=medium"), consented("g", "c", "", "openid=low"), memberOf("g", "kim", "user"))

	retired := appRole("2", "c", "unknown role 1234")
	retired.AppRoleID = "1234"
	_, list := judge(t, id, in(appRole("1", "c", "Mail.Read=critical"), retired, consented("g", "c", "kim", "x"), consented("h", "c", "lee", "x"), consented("a", "c", "", "Mail.Send=critical")))
	if got := list[0].Details["unknownPermissions"]; fmt.Sprint(got) != "[1234]" {
		t.Errorf("unknown permissions %v", got)
	}
	var shown []string
	for _, p := range list[0].Details["permissions"].([]oauthPermission) {
		shown = append(shown, fmt.Sprintf("%s/%s/%s/%d", p.Permission, p.Kind, p.Tier, p.Users))
	}
	want := []string{"Mail.Read/application/critical/0", "Mail.Send/delegated for all users/critical/0", "unknown role 1234/application//0", "x/delegated by single users//2"}
	if !slices.Equal(shown, want) {
		t.Errorf("permissions %q, want %q", shown, want)
	}
}

func inDays(days int) *time.Time { t := reviewed.AddDate(0, 0, days); return &t }

// secret is a password made some days ago that ends in some days.
func madePassword(start, end *time.Time) snapshot.Credential {
	return snapshot.Credential{Kind: "password", On: "application", KeyID: "p", Start: start, End: end}
}

func madeCertificate(on, key, usage string, start, end *time.Time) snapshot.Credential {
	return snapshot.Credential{Kind: "certificate", On: on, KeyID: key, Usage: usage, Start: start, End: end}
}

func TestFirstPartyWithCredentials(t *testing.T) {
	const id = "oauth.first_party_with_credentials"
	ms := func(list ...snapshot.Credential) snapshot.ServicePrincipal {
		return changed("ms", microsoft, func(sp *snapshot.ServicePrincipal) {
			sp.Credentials = append([]snapshot.Credential{}, list...)
		})
	}
	added := func(end *time.Time) snapshot.Credential {
		c := madePassword(inDays(-10), end)
		c.On = "servicePrincipal"
		return c
	}
	others := changed("c", stranger, func(sp *snapshot.ServicePrincipal) { sp.Credentials = []snapshot.Credential{added(inDays(10))} })
	runRows(t, id, []row{
		{"none", with(ms(), others), "pass 1/1", "", ""},
		{"valid", with(ms(added(inDays(10)))), "fail 1/1", "critical servicePrincipal ms", ""},
		{"a certificate", with(ms(madeCertificate("servicePrincipal", "k", "Verify", inDays(-10), inDays(10)))), "fail 1/1", "critical servicePrincipal ms", ""},
		{"without an end", with(ms(added(nil))), "fail 1/1", "critical servicePrincipal ms", ""},
		{"expired", with(ms(added(inDays(-1)))), "fail 1/1", "low servicePrincipal ms", ""},
		{"ended as the review began", with(ms(added(inDays(0)))), "fail 1/1", "low servicePrincipal ms", ""},
		{"one of two valid", with(ms(added(inDays(-1)), added(inDays(1)))), "fail 1/1", "critical servicePrincipal ms", ""},
		{"on a registration", with(ms(madePassword(inDays(-10), inDays(10)))), "pass 1/1", "", ""},
		{"Microsoft's name, another's tenant", with(changed("x", stranger, func(sp *snapshot.ServicePrincipal) {
			sp.DisplayName, sp.Credentials = "Office 365 Exchange Online", []snapshot.Credential{added(inDays(10))}
		})), "pass 0/0", "", ""},
		{"not sent", with(app("ms", microsoft)), "not-evaluated 0/1", "", "the credentials were not sent (1)"},
	})
	everyNeed(t, id, ms())
}

func TestAppSecretLifetime(t *testing.T) {
	const id = "oauth.app_secret_lifetime"
	in := func(list ...snapshot.Credential) *fake {
		return with(graphApp, changed("c", stranger, func(sp *snapshot.ServicePrincipal) {
			sp.Credentials = append([]snapshot.Credential{}, list...)
		}), appRole("1", "c", "Mail.Read=critical"))
	}
	sign := madeCertificate("servicePrincipal", "s", "Sign", inDays(-10), inDays(1000))
	twin := madeCertificate("servicePrincipal", "v", "Verify", inDays(-10), inDays(1000))
	guard := snapshot.Credential{Kind: "password", On: "servicePrincipal", KeyID: "s", Start: inDays(-10), End: inDays(1000)}
	onApp := twin
	onApp.On = "application"
	const medium, low = "medium servicePrincipal c", "low servicePrincipal c"
	owned := changed("c", stranger, func(sp *snapshot.ServicePrincipal) {
		sp.Credentials = []snapshot.Credential{madePassword(inDays(-10), nil)}
	})
	runRows(t, id, []row{
		{"none", in(), "pass 1/1", "", ""},
		{"180 days", in(madePassword(inDays(-10), inDays(170))), "pass 1/1", "", ""},
		{"a day is tolerated", in(madePassword(inDays(-10), inDays(171))), "pass 1/1", "", ""},
		{"182 days", in(madePassword(inDays(-10), inDays(172))), "fail 1/1", medium, ""},
		{"without an end", in(madePassword(inDays(-10), nil)), "fail 1/1", medium, ""},
		{"a certificate of a leap year", in(madeCertificate("application", "k", "Verify", inDays(-1), inDays(365))), "pass 1/1", "", ""},
		{"a certificate of 367 days", in(madeCertificate("application", "k", "Verify", inDays(-1), inDays(366))), "fail 1/1", medium, ""},
		{"expired", in(madePassword(inDays(-100), inDays(-1))), "fail 1/1", low, ""},
		{"expired and another too long", in(madePassword(inDays(-100), inDays(-1)), madePassword(inDays(-1), inDays(700))), "fail 1/1", medium, ""},
		{"no start", in(madePassword(nil, inDays(700))), "pass 1/1", "", ""},
		{"no start and expired", in(madePassword(nil, inDays(-1))), "fail 1/1", low, ""},
		{"SAML signing", in(sign, twin, guard), "pass 1/1", "", ""},
		{"a certificate of the same days on the registration", in(sign, twin, onApp), "fail 1/1", medium, ""},
		{"a certificate of other days beside SAML", in(sign, twin, madeCertificate("servicePrincipal", "w", "Verify", inDays(-10), inDays(1001))), "fail 1/1", medium, ""},
		{"a password of another key beside SAML", in(sign, twin, madePassword(inDays(-10), inDays(1000))), "fail 1/1", medium, ""},
		{"not sent", with(graphApp, app("c", stranger), appRole("1", "c", "Mail.Read=critical")), "not-evaluated 0/1", "", "the credentials were not sent (1)"},
		{"not powerful", with(graphApp, owned, appRole("1", "c", "Calendars.Read=medium"), consented("g", "c", "kim", "Mail.Read=critical")), "pass 0/0", "", ""},
		{"powerful on behalf of everybody", with(graphApp, owned, consented("g", "c", "", "Mail.Read=high")), "fail 1/1", medium, ""},
		{"powerful through a group", with(graphApp, owned, groupRole("1", "g", "Mail.Read=high"), memberOf("g", "c", "servicePrincipal")), "fail 1/1", medium, ""},
		{"Microsoft's", with(graphApp, changed("ms", microsoft, func(sp *snapshot.ServicePrincipal) { sp.Credentials = owned.Credentials }), appRole("1", "ms", "Mail.Read=critical")), "pass 0/0", "", ""},
	})
	everyNeed(t, id, graphApp, changed("c", stranger, func(sp *snapshot.ServicePrincipal) {
		sp.Credentials = []snapshot.Credential{madePassword(inDays(-1), inDays(90))}
	}),
		appRole("1", "c", "Mail.Read=critical"), consented("g", "c", "", "Mail.Read=high"), memberOf("g", "kim", "user"))
}

func TestApplicationOwners(t *testing.T) {
	const (
		id       = "oauth.application_owners"
		appAdmin = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3" // Application Administrator: privileged
		exchange = "29232cdf-9323-42fd-ade2-1d097af3e4de" // Exchange Administrator: not
	)
	owner := func(id, kind string) snapshot.ObjectRef {
		return snapshot.ObjectRef{ID: id, Name: "Name " + id, Type: kind}
	}
	owned := func(owners, registration []snapshot.ObjectRef) snapshot.ServicePrincipal {
		return changed("c", stranger, func(sp *snapshot.ServicePrincipal) { sp.Owners, sp.ApplicationOwners = owners, registration })
	}
	list := func(o ...snapshot.ObjectRef) []snapshot.ObjectRef { return append([]snapshot.ObjectRef{}, o...) }
	kim := list(owner("kim", "user"))
	in := func(sp snapshot.ServicePrincipal, more ...any) *fake {
		return with(append([]any{graphApp, sp, appRole("1", "c", "Mail.Read=critical")}, more...)...)
	}
	const medium, high = "medium servicePrincipal c", "high servicePrincipal c"
	runRows(t, id, []row{
		{"no owners", in(owned(list(), list())), "pass 1/1", "", ""},
		{"an ordinary owner", in(owned(kim, list()), snapshot.User{User: "kim", AccountEnabled: on()}), "fail 1/1", medium, ""},
		{"of the registration", in(owned(list(), kim)), "fail 1/1", medium, ""},
		{"with a privileged role", in(owned(kim, list()), holdsRole("KIM", "user", appAdmin, "active")), "pass 1/1", "", ""},
		{"eligible for it", in(owned(kim, kim), holdsRole("kim", "user", appAdmin, "eligible")), "pass 1/1", "", ""},
		{"through a group", in(owned(kim, list()), holdsRole("g", "group", appAdmin, "active"), memberOf("g", "kim", "user")), "pass 1/1", "", ""},
		{"a role that is not privileged", in(owned(kim, list()), holdsRole("kim", "user", exchange, "active")), "fail 1/1", medium, ""},
		{"a guest", in(owned(list(owner("kim", "guest")), list())), "fail 1/1", high, ""},
		{"a guest by the account", in(owned(kim, list()), snapshot.User{User: "kim", UserType: "Guest"}), "fail 1/1", high, ""},
		{"a guest with a role", in(owned(list(owner("kim", "guest")), list()), holdsRole("kim", "guest", appAdmin, "active")), "pass 1/1", "", ""},
		{"a disabled account", in(owned(kim, list()), snapshot.User{User: "KIM", AccountEnabled: off()}), "fail 1/1", high, ""},
		{"an application", in(owned(list(owner("x", "servicePrincipal")), list())), "fail 1/1", medium, ""},
		{"not read", in(owned(nil, nil)), "not-evaluated 0/1", "", "the owners were not read (1)"},
		{"those of the registration not read", in(owned(list(), nil)), "not-evaluated 0/1", "", "the owners were not read (1)"},
		{"one list is enough to fail", in(owned(nil, kim)), "fail 1/1", medium, ""},
		{"roles not read in full", in(owned(kim, list())).gap(cutShort(snapshot.DirectoryRoleAssignments)), "not-evaluated 0/1", "", "whether the owners hold a privileged role is not known (1)"},
		{"not powerful", with(graphApp, owned(kim, list()), appRole("1", "c", "User.Read.All=medium")), "pass 0/0", "", ""},
		{"Microsoft's", with(graphApp, changed("ms", microsoft, func(sp *snapshot.ServicePrincipal) { sp.Owners = kim }), appRole("1", "ms", "Mail.Read=critical")), "pass 0/0", "", ""},
	})
	everyNeed(t, id, graphApp, owned(kim, list()), appRole("1", "c", "Mail.Read=critical"), consented("g", "c", "", "Mail.Read=high"),
		holdsRole("g", "group", appAdmin, "active"), memberOf("g", "kim", "user"), snapshot.User{User: "kim", AccountEnabled: on()})
}

func TestDanglingGrants(t *testing.T) {
	const id = "oauth.dangling_grants"
	to := func(n, client, resource string) snapshot.OAuth2PermissionGrant {
		g := consented(n, client, "", "Mail.Read=high")
		g.Resource = resource
		return g
	}
	more := to("g", "gone", "graph")
	more.Scope = "Mail.Send"
	runRows(t, id, []row{
		{"both there", with(graphApp, app("c", stranger), to("g", "C", "GRAPH")), "pass 1/1", "", ""},
		{"client gone", with(graphApp, to("g", "gone", "graph"), more), "fail 1/1", "low oauth2PermissionGrant g", ""},
		{"resource gone", with(app("c", stranger), to("g", "c", "gone")), "fail 1/1", "low oauth2PermissionGrant g", ""},
		{"the application id is not the object id", with(graphApp, app("c", stranger), to("g", "app-c", "graph")), "fail 1/1", "low oauth2PermissionGrant g", ""},
		{"list with gaps", with(graphApp, app("c", stranger), to("g", "unread", "graph"), to("h", "c", "graph")).gap(cutShort(snapshot.ServicePrincipals)),
			"not-evaluated 1/2", "", "not among the service principals that were read (1)"},
	})
	everyNeed(t, id, to("g", "c", "graph"), app("c", stranger), graphApp)

	_, found := judge(t, id, with(graphApp, to("g", "gone", "graph"), more))
	if d := found[0].Details; d["clientGone"] != true || d["resourceGone"] != false || len(d["scopes"].([]grantedScope)) != 2 || len(found[0].Evidence) != 2 {
		t.Errorf("details: %+v", found[0])
	}
}
