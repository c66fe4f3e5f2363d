package faketenant

import (
	"net/http"
	"strings"
)

func (q *graphQuery) organizationList() graphList {
	p := q.x.t.plan
	if c, _ := q.x.claims(); q.x.ownOnly(c) {
		return graphList{context: "organization", typ: "organization", n: 1, write: func(b *bag, _ int) {
			b.str("id", p.tenant.String())
			b.str("displayName", p.company)
			p.writeVerifiedDomains(b)
			nulls(b, "assignedPlans", "countryLetterCode", "createdDateTime", "onPremisesSyncEnabled", "tenantType")
		}}
	}
	return graphList{context: "organization", typ: "organization", n: 1, write: func(b *bag, _ int) {
		b.str("id", p.tenant.String())
		b.null("deletedDateTime")
		b.list("businessPhones", []string{"+353 1 5550100"})
		b.str("city", "Dublin")
		b.null("country")
		b.str("countryLetterCode", "IE")
		b.str("createdDateTime", "2019-05-14T08:12:31Z")
		b.null("defaultUsageLocation")
		b.str("displayName", p.company)
		b.list("marketingNotificationEmails", nil)
		nulls(b, "onPremisesLastSyncDateTime", "onPremisesSyncEnabled", "partnerTenantType")
		b.str("preferredLanguage", "en")
		b.null("privacyProfile")
		b.list("securityComplianceNotificationMails", nil)
		b.list("securityComplianceNotificationPhones", nil)
		nulls(b, "state", "street")
		b.list("technicalNotificationMails", []string{"admin@" + p.DefaultDomain()})
		b.str("tenantType", "AAD")
		b.array("assignedPlans", 3, func(i int) {
			sp := []servicePlan{planExoEnt, planP1, planLockbox}[i]
			writeAssignedPlan(b, sp, map[bool]string{true: "Deleted", false: "Enabled"}[i == 2])
		})
		b.array("provisionedPlans", 1, func(int) {
			b.start()
			b.str("capabilityStatus", "Enabled")
			b.str("provisioningStatus", "Success")
			b.str("service", "exchange")
			b.end()
		})
		p.writeVerifiedDomains(b)
	}}
}

func (p *plan) writeVerifiedDomains(b *bag) {
	b.array("verifiedDomains", len(p.domains), func(i int) {
		d := p.domains[i]
		b.start()
		b.str("capabilities", "Email, OfficeCommunicationsOnline")
		b.bool("isDefault", d.isDefault)
		b.bool("isInitial", d.initial)
		b.str("name", d.name)
		b.str("type", "Managed")
		b.end()
	})
}

func writeAssignedPlan(b *bag, sp servicePlan, status string) {
	b.start()
	b.str("assignedDateTime", "2024-01-10T09:00:00Z")
	b.str("capabilityStatus", status)
	b.str("service", sp.service)
	b.str("servicePlanId", sp.id)
	b.end()
}

func (q *graphQuery) domainList() graphList {
	p := q.x.t.plan
	return graphList{context: "domains", typ: "domain", n: len(p.domains), write: func(b *bag, i int) {
		d := p.domains[i]
		b.str("authenticationType", "Managed")
		b.null("availabilityStatus")
		b.str("id", d.name)
		b.bool("isAdminManaged", true)
		b.bool("isDefault", d.isDefault)
		b.bool("isInitial", d.initial)
		b.bool("isRoot", true)
		b.bool("isVerified", true)
		b.list("supportedServices", []string{"Email", "OfficeCommunicationsOnline"})
		b.int("passwordValidityPeriodInDays", 2147483647)
		b.int("passwordNotificationWindowInDays", 14)
		b.null("state")
	}}
}

func (q *graphQuery) skuList() graphList {
	p := q.x.t.plan
	return graphList{context: "subscribedSkus", typ: "subscribedSku", n: len(p.skus), write: func(b *bag, i int) {
		s := p.skus[i]
		b.str("accountName", "contosoresearch")
		b.str("accountId", p.tenant.String())
		b.str("appliesTo", "User")
		b.str("capabilityStatus", s.status)
		b.int("consumedUnits", s.consumed)
		b.str("id", p.tenant.String()+"_"+s.id)
		b.str("skuId", s.id)
		b.str("skuPartNumber", s.part)
		b.list("subscriptionIds", []string{p.guid("subscription", i).String()})
		b.object("prepaidUnits", func() {
			b.int("enabled", s.enabled)
			b.int("suspended", s.suspended)
			b.int("warning", s.warning)
			b.int("lockedOut", 0)
		})
		b.array("servicePlans", len(s.plans), func(i int) { writeServicePlan(b, s.plans[i], s.off[s.plans[i].id]) })
	}}
}

func writeServicePlan(b *bag, sp servicePlan, off bool) {
	b.start()
	b.str("servicePlanId", sp.id)
	b.str("servicePlanName", sp.name)
	b.str("provisioningStatus", map[bool]string{true: "Disabled", false: "Success"}[off])
	b.str("appliesTo", "User")
	b.end()
}

// userProps are the properties of a user that the simulator has.
var (
	userProps = []string{"id", "userPrincipalName", "displayName", "mail", "accountEnabled", "userType", "onPremisesSyncEnabled", "createdDateTime",
		"assignedLicenses", "assignedPlans", "licenseAssignmentStates", "proxyAddresses", "externalUserState", "externalUserStateChangeDateTime",
		"lastPasswordChangeDateTime", "passwordPolicies", "businessPhones", "givenName", "jobTitle", "mobilePhone", "officeLocation", "preferredLanguage",
		"surname", "department", "companyName", "usageLocation", "mailNickname", "onPremisesImmutableId", "onPremisesSecurityIdentifier",
		"signInActivity", "otherMails", "deletedDateTime", "employeeId", "creationType"}
	userStandard = []string{"businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation", "preferredLanguage",
		"surname", "userPrincipalName", "id"}
)

func (q *graphQuery) userList(all []*principal) graphList {
	p := q.x.t.plan
	maxPage := 999
	if strings.Contains(strings.ToLower(q.values["$select"]), "signinactivity") {
		maxPage = 500
	}
	return graphList{context: "users", typ: "user", props: userProps, standard: userStandard, n: len(all), defaultPage: 100, maxPage: maxPage, advanced: true,
		write: func(b *bag, i int) { p.writeGraphUser(b, all[i]) },
		get: func(i int, name string) (string, bool) {
			u := all[i]
			switch name {
			case "id":
				return u.id.String(), true
			case "userprincipalname":
				return u.upn, true
			case "displayname":
				return u.display, true
			case "mail":
				return u.mailOf(), true
			case "accountenabled":
				return boolText(!u.disabled), true
			case "usertype":
				return u.userType(), true
			case "haslicence":
				return boolText(len(u.licences) > 0), true
			}
			return "", false
		}}
}

func (pr *principal) userType() string {
	if pr.ancient {
		return ""
	}
	if pr.kind == kindGuest {
		return "Guest"
	}
	return "Member"
}

// mailOf is the mail property of Graph.
func (pr *principal) mailOf() string {
	if pr.external != "" {
		return pr.external
	}
	return pr.smtp
}

func (p *plan) writeGraphUser(b *bag, u *principal) {
	b.str("id", u.id.String())
	b.null("deletedDateTime")
	b.str("displayName", u.display)
	b.str("userPrincipalName", u.upn)
	b.opt("mail", u.mailOf())
	b.opt("userType", u.userType())
	b.bool("accountEnabled", !u.disabled)
	b.optBool("onPremisesSyncEnabled", u.synced)
	nulls(b, "onPremisesImmutableId", "onPremisesSecurityIdentifier")
	b.date("createdDateTime", dateGraph, u.created)
	b.array("assignedLicenses", len(u.licences), func(i int) {
		l := u.licences[i]
		var off []string
		for _, s := range l.off {
			off = append(off, s.id)
		}
		b.start()
		b.list("disabledPlans", off)
		b.str("skuId", l.sku.id)
		b.end()
	})
	type assigned struct {
		plan   servicePlan
		status string
	}
	var plans []assigned
	for _, l := range u.licences {
		for _, s := range l.sku.plans {
			switch {
			case l.has(s):
				plans = append(plans, assigned{s, "Enabled"})
			case !l.sku.off[s.id]: // switched off for the user: the entry stays
				plans = append(plans, assigned{s, "Deleted"})
			}
		}
	}
	b.array("assignedPlans", len(plans), func(i int) { writeAssignedPlan(b, plans[i].plan, plans[i].status) })
	b.array("licenseAssignmentStates", len(u.licences), func(i int) {
		l := u.licences[i]
		var off []string
		for _, s := range l.off {
			off = append(off, s.id)
		}
		b.start()
		b.str("skuId", l.sku.id)
		b.list("disabledPlans", off)
		b.null("assignedByGroup")
		b.str("state", "Active")
		b.str("error", "None")
		b.str("lastUpdatedDateTime", "2024-01-10T09:00:00Z")
		b.end()
	})
	var proxies []string
	if u.smtp != "" {
		proxies = []string{"SMTP:" + u.smtp}
	}
	b.list("proxyAddresses", proxies)
	if u.kind == kindGuest {
		b.str("externalUserState", "Accepted")
	} else {
		b.null("externalUserState")
	}
	nulls(b, "externalUserStateChangeDateTime")
	b.date("lastPasswordChangeDateTime", dateGraph, u.created)
	nulls(b, "passwordPolicies")
	b.list("businessPhones", nil)
	nulls(b, "givenName", "jobTitle", "mobilePhone", "officeLocation", "preferredLanguage", "surname", "department", "companyName")
	b.str("usageLocation", "IE")
	b.str("mailNickname", u.alias)
	b.list("otherMails", nil)
	nulls(b, "employeeId", "creationType")
	if b.sel != nil && b.sel.has("signInActivity") && u.id[0]%4 != 0 { // absent for accounts that never signed in
		b.object("signInActivity", func() {
			b.date("lastSignInDateTime", dateGraph, p.now.AddDate(0, 0, -2))
			b.date("lastNonInteractiveSignInDateTime", dateGraph, p.now.AddDate(0, 0, -1))
			b.date("lastSuccessfulSignInDateTime", dateGraph, p.now.AddDate(0, 0, -2))
		})
	}
}

// directoryUser finds a user by object id or sign-in name.
func (p *plan) directoryUser(id string) int {
	for i, u := range p.users {
		if strings.EqualFold(u.id.String(), id) || strings.EqualFold(u.upn, id) {
			return i
		}
	}
	return -1
}

func (q *graphQuery) users(id, sub string) ([]byte, *graphFailure) {
	p := q.x.t.plan
	if id == "" {
		return q.list(q.userList(p.users))
	}
	n := p.directoryUser(id)
	if sub == "" {
		return q.item(q.userList(p.users), n, id)
	}
	if n < 0 {
		return nil, missingResource(id)
	}
	u := p.users[n]
	switch sub {
	case "licensedetails":
		return q.list(graphList{context: "users('" + id + "')/licenseDetails", typ: "licenseDetails", n: len(u.licences), write: func(b *bag, i int) {
			l := u.licences[i]
			b.str("id", p.key("licence."+u.id.String(), i))
			b.str("skuId", l.sku.id)
			b.str("skuPartNumber", l.sku.part)
			b.array("servicePlans", len(l.sku.plans), func(i int) { writeServicePlan(b, l.sku.plans[i], !l.has(l.sku.plans[i])) })
		}})
	case "oauth2permissiongrants":
		var own []delegatedGrant
		for _, g := range p.grants {
			if g.who == u {
				own = append(own, g)
			}
		}
		return q.list(q.grantList(own, false))
	case "approleassignments":
		return q.list(q.assignmentList("users('"+id+"')/appRoleAssignments", p.assignmentsOf(u)))
	case "memberof", "transitivememberof":
		return q.list(q.memberships(u))
	}
	return nil, unknownSegment(sub)
}

// memberships are the directory roles and groups of a user.
func (q *graphQuery) memberships(u *principal) graphList {
	p := q.x.t.plan
	type entry struct {
		role  *directoryRole
		group *principal
	}
	var all []entry
	for _, h := range p.roleHolders {
		if h.to == u && !h.eligible && h.scope == "/" {
			all = append(all, entry{role: h.role})
		}
	}
	onlyRoles := strings.HasSuffix(strings.ToLower(q.r.URL.Path), "microsoft.graph.directoryrole")
	if !onlyRoles {
		for _, g := range p.groups {
			for _, m := range p.transitive(g) {
				if m == u {
					all = append(all, entry{group: g})
				}
			}
		}
	}
	context := "directoryObjects"
	if onlyRoles {
		context = "directoryRoles"
	}
	return graphList{context: context, typ: "directoryObject", n: len(all), defaultPage: 100, maxPage: 999, advanced: true, write: func(b *bag, i int) {
		if r := all[i].role; r != nil {
			if !onlyRoles {
				b.str("@odata.type", "#microsoft.graph.directoryRole")
			}
			b.str("id", p.guid("role.object."+r.id, 0).String())
			b.str("displayName", r.name)
			b.str("roleTemplateId", r.id)
			return
		}
		p.writeMember(b, all[i].group)
	}}
}

func (q *graphQuery) me(what, cast string) ([]byte, *graphFailure) {
	c, _ := q.x.claims()
	p := q.x.t.plan
	if c.Type != "user" {
		return nil, &graphFailure{http.StatusBadRequest, "BadRequest", "/me request is only valid with delegated authentication flow."}
	}
	u := p.auditorUser
	switch what {
	case "":
		l := q.userList([]*principal{u})
		return q.item(l, 0, "me")
	case "memberof", "transitivememberof":
		if cast != "" && cast != "microsoft.graph.directoryrole" {
			return nil, unknownSegment(cast)
		}
		return q.list(q.memberships(u))
	}
	return nil, unknownSegment(what)
}

var groupProps = []string{"id", "displayName", "mail", "mailEnabled", "securityEnabled", "groupTypes", "isAssignableToRole", "onPremisesSyncEnabled", "visibility",
	"membershipRule", "membershipRuleProcessingState", "assignedLicenses", "createdDateTime", "description", "mailNickname", "proxyAddresses", "deletedDateTime",
	"resourceProvisioningOptions", "classification", "onPremisesSecurityIdentifier", "securityIdentifier"}

func (q *graphQuery) groupList(all []*principal) graphList {
	return graphList{context: "groups", typ: "group", props: groupProps, n: len(all), defaultPage: 100, maxPage: 999, advanced: true,
		write: func(b *bag, i int) { writeGraphGroup(b, all[i]) },
		get: func(i int, name string) (string, bool) {
			g := all[i]
			switch name {
			case "id":
				return g.id.String(), true
			case "displayname":
				return g.display, true
			case "mail":
				return g.smtp, true
			case "isassignabletorole":
				return boolText(g.group.assignable), true
			case "securityenabled":
				return boolText(g.group.kind == "security" || g.group.kind == "mailSecurity"), true
			}
			return "", false
		}}
}

func writeGraphGroup(b *bag, g *principal) {
	var kinds []string
	if g.group.kind == "unified" {
		kinds = append(kinds, "Unified")
	}
	if g.group.dynamic != "" {
		kinds = append(kinds, "DynamicMembership")
	}
	b.str("id", g.id.String())
	b.null("deletedDateTime")
	b.null("classification")
	b.date("createdDateTime", dateGraph, g.created)
	b.null("description")
	b.str("displayName", g.display)
	b.list("groupTypes", kinds)
	if g.group.assignable {
		b.bool("isAssignableToRole", true)
	} else {
		b.null("isAssignableToRole")
	}
	b.opt("mail", g.smtp)
	b.bool("mailEnabled", g.smtp != "")
	b.str("mailNickname", g.alias)
	b.opt("membershipRule", g.group.dynamic)
	if g.group.dynamic != "" {
		b.str("membershipRuleProcessingState", "On")
	} else {
		b.null("membershipRuleProcessingState")
	}
	nulls(b, "onPremisesSecurityIdentifier", "onPremisesSyncEnabled")
	var proxies []string
	if g.smtp != "" {
		proxies = []string{"SMTP:" + g.smtp}
	}
	b.list("proxyAddresses", proxies)
	b.list("resourceProvisioningOptions", nil)
	b.bool("securityEnabled", g.group.kind == "security" || g.group.kind == "mailSecurity")
	b.str("securityIdentifier", "S-1-12-1-"+itoa(int(g.id[0])<<8|int(g.id[1]))+"-1-2-3")
	if g.group.kind == "unified" {
		b.str("visibility", "Private")
	} else {
		b.null("visibility")
	}
	b.array("assignedLicenses", 0, nil)
}

// groups answers a group, its members and its assignments.
func (q *graphQuery) groups(id, sub, cast string) ([]byte, *graphFailure) {
	p := q.x.t.plan
	if id == "" {
		return q.list(q.groupList(p.groups))
	}
	n := -1
	for i, g := range p.groups {
		if strings.EqualFold(g.id.String(), id) {
			n = i
		}
	}
	if sub == "" {
		return q.item(q.groupList(p.groups), n, id)
	}
	if n < 0 {
		return nil, missingResource(id)
	}
	g := p.groups[n]
	var all []*principal
	switch sub {
	case "members":
		all = p.direct(g)
	case "transitivemembers":
		all = p.transitive(g)
	case "approleassignments":
		return q.list(q.assignmentList("groups('"+id+"')/appRoleAssignments", p.assignmentsOf(g)))
	case "owners":
		all = nil
	default:
		return nil, unknownSegment(sub)
	}
	if cast != "" {
		if q.r.Header.Get(headerLevel) == "" || !strings.EqualFold(q.values["$count"], "true") {
			return nil, unsupportedQuery()
		}
		var kept []*principal
		for _, m := range all {
			if strings.EqualFold(cast, "microsoft.graph."+objectType(m)) {
				kept = append(kept, m)
			}
		}
		all = kept
	}
	return q.list(graphList{context: "directoryObjects", typ: "directoryObject", n: len(all), defaultPage: 100, maxPage: 999, advanced: true,
		write: func(b *bag, i int) {
			if typ := objectType(all[i]); !q.x.mayRead(typ) {
				b.str("@odata.type", "#microsoft.graph."+typ)
				b.str("id", all[i].id.String())
				return
			}
			p.writeMember(b, all[i])
		}})
}

// objectType is the Graph type of a directory object.
func objectType(m *principal) string {
	switch m.kind {
	case kindGroup:
		return "group"
	case kindApp:
		return "servicePrincipal"
	case kindContact:
		return "orgContact"
	}
	return "user"
}

// writeMember writes an object of a mixed collection, with its type.
func (p *plan) writeMember(b *bag, m *principal) {
	b.str("@odata.type", "#microsoft.graph."+objectType(m))
	switch m.kind {
	case kindGroup:
		writeGraphGroup(b, m)
	case kindApp:
		b.str("id", m.id.String())
		b.str("displayName", m.display)
		b.str("appId", m.app.appID)
		b.bool("accountEnabled", !m.app.disabled)
		b.str("servicePrincipalType", m.app.typ)
	case kindContact:
		b.str("id", m.id.String())
		b.str("displayName", m.display)
		b.str("mail", m.external)
		b.list("proxyAddresses", []string{"SMTP:" + m.external})
	default:
		p.writeGraphUser(b, m)
	}
}
