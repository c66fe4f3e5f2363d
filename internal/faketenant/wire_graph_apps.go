package faketenant

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// expandLimit is how many related objects $expand shows; the rest is left out without a sign.
const expandLimit = 20

var (
	servicePrincipalProps = []string{"id", "appId", "displayName", "appDisplayName", "accountEnabled", "servicePrincipalType", "appOwnerOrganizationId",
		"verifiedPublisher", "signInAudience", "tags", "replyUrls", "homepage", "appRoleAssignmentRequired", "disabledByMicrosoftStatus", "keyCredentials",
		"passwordCredentials", "appRoles", "oauth2PermissionScopes", "createdDateTime", "servicePrincipalNames", "appDescription", "description", "notes",
		"loginUrl", "logoutUrl", "preferredSingleSignOnMode", "alternativeNames", "info", "deletedDateTime", "notificationEmailAddresses", "applicationTemplateId",
		"resourceSpecificApplicationPermissions", "preferredTokenSigningKeyThumbprint", "tokenEncryptionKeyId", "samlSingleSignOnSettings", "addIns"}
	applicationProps = []string{"id", "appId", "displayName", "createdDateTime", "signInAudience", "publisherDomain", "verifiedPublisher", "requiredResourceAccess",
		"keyCredentials", "passwordCredentials", "web", "spa", "publicClient", "isFallbackPublicClient", "servicePrincipalLockConfiguration", "appRoles", "api",
		"identifierUris", "tags", "notes", "description", "deletedDateTime", "disabledByMicrosoftStatus", "info", "groupMembershipClaims", "optionalClaims",
		"defaultRedirectUri", "certification", "uniqueName", "isDeviceOnlyAuthSupported", "serviceManagementReference", "applicationTemplateId"}
)

// assignmentsOf are the app roles that a principal holds.
func (p *plan) assignmentsOf(to *principal) []roleGrant {
	var out []roleGrant
	for _, a := range p.assignments {
		if a.to == to {
			out = append(out, a)
		}
	}
	return out
}

func (q *graphQuery) assignmentList(context string, all []roleGrant) graphList {
	return graphList{context: context, typ: "appRoleAssignment", n: len(all), defaultPage: 100, maxPage: 999,
		write: func(b *bag, i int) { writeAssignment(b, all[i]) }}
}

func writeAssignment(b *bag, a roleGrant) {
	b.str("id", a.id)
	b.null("deletedDateTime")
	b.str("appRoleId", a.roleID)
	b.date("createdDateTime", dateGraph, a.created)
	b.str("principalDisplayName", a.shown)
	b.str("principalId", a.to.id.String())
	b.str("principalType", graphType(a.to))
	b.str("resourceDisplayName", a.resource.p.display)
	b.str("resourceId", a.resource.p.id.String())
}

func (q *graphQuery) servicePrincipalList(all []*app) graphList {
	p := q.x.t.plan
	expand := strings.ToLower(q.values["$expand"])
	held, to := map[*principal][]roleGrant{}, map[*app][]roleGrant{}
	for _, a := range p.assignments {
		switch {
		case expand == "approleassignments":
			held[a.to] = append(held[a.to], a)
		case expand == "approleassignedto" && (a.to.app == nil || a.to.app.typ != "ManagedIdentity"):
			to[a.resource] = append(to[a.resource], a) // in a short list the service leaves out what managed identities hold
		}
	}
	shown := func(b *bag, name string, list []roleGrant) {
		list = list[:min(len(list), expandLimit)]
		b.array(name, len(list), func(i int) {
			b.start()
			writeAssignment(b, list[i])
			b.end()
		})
	}
	return graphList{context: "servicePrincipals", typ: "servicePrincipal", props: servicePrincipalProps, expands: []string{"appRoleAssignments", "appRoleAssignedTo", "owners"},
		n: len(all), defaultPage: 100, maxPage: 999, advanced: true,
		write: func(b *bag, i int) {
			p.writeServicePrincipal(b, all[i])
			switch expand {
			case "approleassignments":
				shown(b, "appRoleAssignments", held[all[i].p])
			case "approleassignedto":
				shown(b, "appRoleAssignedTo", to[all[i]])
			case "owners":
				owners := all[i].owners[:min(len(all[i].owners), expandLimit)]
				b.array("owners", len(owners), func(i int) {
					b.start()
					p.writeMember(b, owners[i])
					b.end()
				})
			}
		},
		get: func(i int, name string) (string, bool) {
			a := all[i]
			switch name {
			case "id":
				return a.p.id.String(), true
			case "appid":
				return a.appID, true
			case "displayname":
				return a.p.display, true
			case "serviceprincipaltype":
				return a.typ, true
			case "appownerorganizationid":
				return a.owner, true
			}
			return "", false
		}}
}

func (p *plan) writeServicePrincipal(b *bag, a *app) {
	b.str("id", a.p.id.String())
	b.null("deletedDateTime")
	b.bool("accountEnabled", !a.disabled)
	b.list("alternativeNames", nil)
	b.opt("appDisplayName", map[bool]string{true: a.p.display}[a.typ != "ManagedIdentity"])
	b.null("appDescription")
	b.str("appId", a.appID)
	b.null("applicationTemplateId")
	b.opt("appOwnerOrganizationId", a.owner)
	b.bool("appRoleAssignmentRequired", false)
	b.date("createdDateTime", dateGraph, a.created)
	b.null("description")
	if a.disabled {
		b.str("disabledByMicrosoftStatus", "DisabledDueToViolationOfServicesAgreement")
	} else {
		b.null("disabledByMicrosoftStatus")
	}
	b.str("displayName", a.p.display)
	nulls(b, "homepage", "loginUrl", "logoutUrl", "notes", "preferredSingleSignOnMode", "preferredTokenSigningKeyThumbprint", "tokenEncryptionKeyId", "samlSingleSignOnSettings")
	b.list("notificationEmailAddresses", nil)
	b.list("replyUrls", a.replyURLs)
	b.list("servicePrincipalNames", []string{a.appID})
	b.str("servicePrincipalType", a.typ)
	b.opt("signInAudience", map[bool]string{true: "AzureADMultipleOrgs"}[a.owner != ""])
	b.list("tags", a.tags)
	writePublisher(b, a.publisher, p)
	b.array("addIns", 0, nil)
	b.array("resourceSpecificApplicationPermissions", 0, nil)
	p.writeCredentials(b, a, false)
	roles := p.rolesOffered(a)
	b.array("appRoles", len(roles), func(i int) {
		r := roles[i]
		b.start()
		b.list("allowedMemberTypes", []string{r.member})
		b.str("description", r.value)
		b.str("displayName", r.value)
		b.str("id", r.id)
		b.bool("isEnabled", true)
		b.str("origin", "Application")
		b.str("value", r.value)
		b.end()
	})
	scopes := p.scopesOffered(a)
	b.array("oauth2PermissionScopes", len(scopes), func(i int) {
		s := scopes[i]
		b.start()
		b.str("adminConsentDescription", s.value)
		b.str("adminConsentDisplayName", s.value)
		b.str("id", s.id)
		b.bool("isEnabled", true)
		b.str("type", map[bool]string{true: "User", false: "Admin"}[s.tier == "low"])
		b.str("userConsentDescription", s.value)
		b.str("userConsentDisplayName", s.value)
		b.str("value", s.value)
		b.end()
	})
}

// writePublisher writes an object of nulls where there is no verified publisher.
func writePublisher(b *bag, name string, p *plan) {
	b.object("verifiedPublisher", func() {
		b.opt("displayName", name)
		if name == "" {
			nulls(b, "verifiedPublisherId", "addedDateTime")
			return
		}
		b.str("verifiedPublisherId", itoa(6000000+p.intn("publisher."+name, 0, 999999)))
		b.str("addedDateTime", "2023-04-02T08:00:00Z")
	})
}

func (p *plan) rolesOffered(a *app) []appRole {
	out := slices.Clone(a.extraRoles)
	for _, perm := range permissionTable {
		if a.offers != "" && perm.resource == a.offers && perm.kind == application {
			out = append(out, appRole{perm.id, perm.value, "Application"})
		}
	}
	return out
}

func (p *plan) scopesOffered(a *app) []permission {
	var out []permission
	for _, perm := range permissionTable {
		if a.offers != "" && perm.resource == a.offers && perm.kind == delegated {
			out = append(out, perm)
		}
	}
	if len(a.extraRoles) > 0 {
		out = append(out, permission{value: "Forms.Fill", id: p.guid("scope.forms", 0).String(), kind: delegated})
	}
	return out
}

// writeCredentials writes those of the service principal or of the application. Values are
// never sent: key and secretText are null.
func (p *plan) writeCredentials(b *bag, a *app, onApplication bool) {
	var keys, passwords []credential
	for _, c := range a.creds {
		switch {
		case c.onApplication != onApplication:
		case c.password:
			passwords = append(passwords, c)
		default:
			keys = append(keys, c)
		}
	}
	b.array("keyCredentials", len(keys), func(i int) {
		c := keys[i]
		b.start()
		b.str("customKeyIdentifier", "MEYwMTAyMDMwNA==")
		b.opt("displayName", c.name)
		b.date("endDateTime", dateGraph, c.end)
		b.null("key")
		b.str("keyId", c.id.String())
		b.date("startDateTime", dateGraph, c.start)
		b.str("type", "AsymmetricX509Cert")
		b.str("usage", c.usage)
		b.end()
	})
	b.array("passwordCredentials", len(passwords), func(i int) {
		c := passwords[i]
		b.start()
		b.null("customKeyIdentifier")
		b.opt("displayName", c.name)
		b.date("endDateTime", dateGraph, c.end)
		b.null("hint")
		b.str("keyId", c.id.String())
		b.null("secretText")
		b.date("startDateTime", dateGraph, c.start)
		b.end()
	})
}

// findApp finds by object id or by "appId='…'".
func findApp(all []*app, id string, object func(*app) string) int {
	if rest, ok := strings.CutPrefix(id, "appId='"); ok {
		id = strings.TrimSuffix(rest, "'")
		return slices.IndexFunc(all, func(a *app) bool { return strings.EqualFold(a.appID, id) })
	}
	return slices.IndexFunc(all, func(a *app) bool { return strings.EqualFold(object(a), id) })
}

func (q *graphQuery) servicePrincipals(id, sub string) ([]byte, *graphFailure) {
	p := q.x.t.plan
	if id == "" {
		return q.list(q.servicePrincipalList(p.apps))
	}
	n := findApp(p.apps, id, func(a *app) string { return a.p.id.String() })
	if sub == "" {
		l := q.servicePrincipalList(p.apps)
		return q.item(l, n, id)
	}
	if n < 0 {
		return nil, missingResource(id)
	}
	a := p.apps[n]
	context := "servicePrincipals('" + a.p.id.String() + "')/" + q.seg[len(q.seg)-1]
	switch sub {
	case "owners":
		return q.list(q.ownerList(a.owners))
	case "approleassignments":
		return q.list(q.assignmentList(context, p.assignmentsOf(a.p)))
	case "approleassignedto":
		var all []roleGrant
		top, _ := strconv.Atoi(q.values["$top"])
		for _, g := range p.assignments {
			// Without a large page the service leaves out what managed identities hold.
			if g.resource == a && (top >= 999 || g.to.app == nil || g.to.app.typ != "ManagedIdentity") {
				all = append(all, g)
			}
		}
		return q.list(q.assignmentList(context, all))
	case "oauth2permissiongrants":
		var all []delegatedGrant
		for _, g := range p.grants {
			if g.client == a {
				all = append(all, g)
			}
		}
		return q.list(q.grantList(all, false))
	}
	return nil, unknownSegment(sub)
}

func (q *graphQuery) ownerList(owners []*principal) graphList {
	return graphList{context: "directoryObjects", typ: "directoryObject", n: len(owners), defaultPage: 100, maxPage: 999,
		write: func(b *bag, i int) { q.x.t.plan.writeMember(b, owners[i]) }}
}

func (q *graphQuery) applications(id, sub string) ([]byte, *graphFailure) {
	p := q.x.t.plan
	var all []*app
	for _, a := range p.apps {
		if a.registered {
			all = append(all, a)
		}
	}
	l := q.applicationList(all)
	if id == "" {
		return q.list(l)
	}
	n := findApp(all, id, func(a *app) string { return a.object.String() })
	if sub == "" {
		return q.item(l, n, id)
	}
	if n < 0 {
		return nil, missingResource(id)
	}
	switch sub {
	case "owners":
		return q.list(q.ownerList(all[n].registrationOwners()))
	case "federatedidentitycredentials":
		return q.list(graphList{context: "applications('" + id + "')/federatedIdentityCredentials", typ: "federatedIdentityCredential"})
	}
	return nil, unknownSegment(sub)
}

func (q *graphQuery) applicationList(all []*app) graphList {
	p := q.x.t.plan
	expand := strings.EqualFold(q.values["$expand"], "owners")
	return graphList{context: "applications", typ: "application", props: applicationProps, expands: []string{"owners"}, n: len(all), defaultPage: 100, maxPage: 999,
		advanced: true, write: func(b *bag, i int) {
			a := all[i]
			b.str("id", a.object.String())
			b.null("deletedDateTime")
			b.str("appId", a.appID)
			b.date("createdDateTime", dateGraph, a.created)
			b.str("displayName", a.p.display)
			b.str("publisherDomain", p.DefaultDomain())
			b.str("signInAudience", "AzureADMyOrg")
			writePublisher(b, a.publisher, p)
			p.writeCredentials(b, a, true)
			b.array("requiredResourceAccess", 0, nil)
			b.object("web", func() {
				nulls(b, "homePageUrl", "logoutUrl")
				b.list("redirectUris", nil)
			})
			b.object("spa", func() { b.list("redirectUris", nil) })
			b.object("publicClient", func() { b.list("redirectUris", nil) })
			nulls(b, "isFallbackPublicClient", "servicePrincipalLockConfiguration", "notes", "description", "disabledByMicrosoftStatus")
			b.list("identifierUris", nil)
			b.list("tags", nil)
			b.array("appRoles", 0, nil)
			if expand {
				owners := a.registrationOwners()
				owners = owners[:min(len(owners), expandLimit)]
				b.array("owners", len(owners), func(i int) {
					b.start()
					p.writeMember(b, owners[i])
					b.end()
				})
			}
		},
		get: func(i int, name string) (string, bool) {
			switch name {
			case "id":
				return all[i].object.String(), true
			case "appid":
				return all[i].appID, true
			case "displayname":
				return all[i].p.display, true
			}
			return "", false
		}}
}

// grantList lists delegated grants. The tenant-wide list is incomplete without the headers
// of an advanced query, and how much is missing depends on the page size.
func (q *graphQuery) grantList(all []delegatedGrant, tenantWide bool) graphList {
	if tenantWide && q.values["$filter"] == "" && (q.r.Header.Get(headerLevel) == "" || !strings.EqualFold(q.values["$count"], "true")) {
		top, err := strconv.Atoi(q.values["$top"])
		if err != nil {
			top = 100
		}
		percent := 45
		switch {
		case top >= 999:
			percent = 95
		case top >= 500:
			percent = 90
		case top >= 100:
			percent = 73
		case top >= 10:
			percent = 60
		}
		var shown []delegatedGrant
		for i, g := range all {
			if q.x.t.plan.intn("grant.shown", i, 100) < percent && i != len(all)-1 {
				shown = append(shown, g)
			}
		}
		all = shown
	}
	return graphList{context: "oauth2PermissionGrants", typ: "oAuth2PermissionGrant", n: len(all), defaultPage: 100, maxPage: 999, advanced: true,
		props: []string{"id", "clientId", "consentType", "principalId", "resourceId", "scope"},
		write: func(b *bag, i int) {
			g := all[i]
			b.str("clientId", g.clientID.String())
			b.str("consentType", map[bool]string{true: "AllPrincipals", false: "Principal"}[g.who == nil])
			b.str("id", g.id)
			if g.who == nil {
				b.null("principalId")
			} else {
				b.str("principalId", g.who.id.String())
			}
			b.str("resourceId", g.resource.p.id.String())
			b.str("scope", g.scope)
		},
		get: func(i int, name string) (string, bool) {
			g := all[i]
			switch name {
			case "id":
				return g.id, true
			case "clientid":
				return g.clientID.String(), true
			case "consenttype":
				return map[bool]string{true: "AllPrincipals", false: "Principal"}[g.who == nil], true
			case "resourceid":
				return g.resource.p.id.String(), true
			case "principalid":
				if g.who == nil {
					return "null", true
				}
				return g.who.id.String(), true
			}
			return "", false
		}}
}

// policies answers the policies that say what users may do.
func (q *graphQuery) policies(what string) ([]byte, *graphFailure) {
	p := q.x.t.plan
	one := func(context string, write func(b *bag)) ([]byte, *graphFailure) {
		return q.item(graphList{context: "policies/" + context, typ: context, write: func(b *bag, _ int) { write(b) }}, 0, what)
	}
	switch what {
	case "authorizationpolicy":
		return one("authorizationPolicy", func(b *bag) {
			b.str("id", "authorizationPolicy")
			b.str("allowInvitesFrom", p.consents.invitesFrom)
			bools(b, !p.clean, "allowedToSignUpEmailBasedSubscriptions", "allowedToUseSSPR")
			b.bool("allowEmailVerifiedUsersToJoinOrganization", false)
			b.optBool("allowUserConsentForRiskyApps", p.consents.riskyApps)
			b.bool("blockMsolPowerShell", p.clean)
			b.str("description", "Used to manage authorization related settings across the company.")
			b.str("displayName", "Authorization Policy")
			b.str("guestUserRoleId", p.consents.guestRole)
			b.object("defaultUserRolePermissions", func() {
				b.bool("allowedToCreateApps", p.consents.createApps)
				bools(b, !p.clean, "allowedToCreateSecurityGroups", "allowedToCreateTenants")
				b.bool("allowedToReadBitlockerKeysForOwnedDevice", true)
				b.bool("allowedToReadOtherUsers", true)
				b.list("permissionGrantPoliciesAssigned", p.consents.grants)
			})
		})
	case "adminconsentrequestpolicy":
		return one("adminConsentRequestPolicy", func(b *bag) {
			b.bool("isEnabled", p.consents.requests)
			b.int("version", 0)
			bools(b, p.consents.notify, "notifyReviewers", "remindersEnabled")
			b.int("requestDurationInDays", map[bool]int{true: 30}[p.consents.requests])
			b.array("reviewers", len(p.consents.reviewers), func(i int) {
				b.start()
				b.str("query", p.consents.reviewers[i])
				b.str("queryType", "MicrosoftGraph")
				b.end()
			})
		})
	case "identitysecuritydefaultsenforcementpolicy":
		return one("identitySecurityDefaultsEnforcementPolicy", func(b *bag) {
			b.str("id", "00000000-0000-0000-0000-000000000005")
			b.str("displayName", "Security Defaults")
			b.str("description", "Security defaults is a set of basic identity security mechanisms recommended by Microsoft.")
			b.bool("isEnabled", p.clean)
		})
	case "permissiongrantpolicies":
		return q.list(graphList{context: "policies/permissionGrantPolicies", typ: "permissionGrantPolicy", n: 1, write: func(b *bag, _ int) {
			b.str("id", "microsoft-user-default-legacy")
			b.str("displayName", "Microsoft User Default Policy (legacy)")
			b.str("description", "Users may consent to any permission that does not need admin consent.")
			b.array("includes", 1, func(int) {
				b.start()
				b.str("id", p.guid("grantpolicy", 0).String())
				b.str("permissionClassification", "all")
				b.str("permissionType", "delegatedUserConsentable")
				b.str("resourceApplication", "any")
				for _, k := range []string{"permissions", "clientApplicationIds", "clientApplicationTenantIds", "clientApplicationPublisherIds"} {
					b.list(k, []string{"all"})
				}
				b.bool("clientApplicationsFromVerifiedPublisherOnly", false)
				b.end()
			})
			b.array("excludes", 0, nil)
		}})
	}
	return nil, &graphFailure{http.StatusBadRequest, "BadRequest", "Resource not found for the segment '" + what + "'."}
}
