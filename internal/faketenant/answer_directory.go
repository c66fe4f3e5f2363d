package faketenant

import "slices"

func planNames(plans []servicePlan) []string {
	var out []string
	for _, s := range plans {
		out = append(out, s.name)
	}
	return sortedUnique(out)
}

func (p *plan) keySKUs() []map[string]any {
	var rows []map[string]any
	for _, s := range p.skus {
		var provisioned []string
		for _, sp := range s.plans {
			if !s.off[sp.id] {
				provisioned = append(provisioned, sp.id)
			}
		}
		rows = append(rows, map[string]any{
			"skuId": s.id, "skuPartNumber": s.part, "name": s.name, "status": s.status,
			"enabled": int64(s.enabled), "consumed": int64(s.consumed), "suspended": int64(s.suspended), "warning": int64(s.warning),
			"servicePlans": planNames(s.plans), "servicePlanIds": sortedUnique(provisioned),
		})
	}
	return rows
}

func (p *plan) keyUserLicences() []map[string]any {
	var rows []map[string]any
	for _, u := range p.users {
		for _, l := range u.licences {
			premium := ""
			if l.has(planP1) {
				premium = "P1"
			}
			if l.has(planP2) {
				premium = "P2"
			}
			rows = append(rows, map[string]any{
				"user": u.id.String(), "userPrincipalName": u.upn, "skuId": l.sku.id, "skuPartNumber": l.sku.part, "name": l.sku.name,
				"disabledPlans": planNames(l.off), "advancedAudit": l.has(planAudit), "entraPremium": premium,
			})
		}
	}
	return rows
}

func (p *plan) keyServicePrincipals() []map[string]any {
	var rows []map[string]any
	for _, a := range p.apps {
		credentials := []map[string]any{}
		for _, c := range a.creds {
			kind, on := "certificate", "servicePrincipal"
			if c.password {
				kind = "password"
			}
			if c.onApplication {
				on = "application"
			}
			credentials = append(credentials, map[string]any{"kind": kind, "on": on, "keyId": c.id.String(), "usage": c.usage, "start": orNever(c.start), "end": orNever(c.end)})
		}
		rows = append(rows, map[string]any{
			"id": a.p.id.String(), "appId": a.appID, "displayName": a.p.display, "servicePrincipalType": a.typ,
			"appOwnerOrganizationId": a.owner, "firstParty": a.isFirstParty(), "verifiedPublisher": a.publisher, "accountEnabled": !a.disabled,
			"credentials": credentials, "owners": ownerRefs(a.owners), "applicationOwners": ownerRefs(a.registrationOwners()), "knownBad": a.knownBad,
		})
	}
	return rows
}

func (p *plan) keyDelegatedGrants() []map[string]any {
	var rows []map[string]any
	for _, g := range p.grants {
		scopes := g.scopes
		if len(scopes) == 0 {
			scopes = []string{""}
		}
		for _, scope := range scopes {
			row := map[string]any{
				"id": g.id, "client": g.clientID.String(), "clientName": "", "consentType": "AllPrincipals", "principal": "", "principalName": "",
				"resource": g.resource.p.id.String(), "resourceName": g.resource.p.display, "scope": scope, "tier": "",
			}
			if perm, ok := findPermission(g.resource.appID, scope, delegated); ok {
				row["tier"] = perm.tier
			}
			if g.client != nil {
				row["clientName"] = g.client.p.display
			}
			if g.who != nil {
				row["consentType"], row["principal"], row["principalName"] = "Principal", g.who.id.String(), g.who.display
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// graphType is the type of a principal as app role assignments name it.
func graphType(pr *principal) string {
	switch pr.kind {
	case kindApp:
		return "ServicePrincipal"
	case kindGroup:
		return "Group"
	}
	return "User"
}

func (p *plan) keyAppRoleAssignments() []map[string]any {
	var rows []map[string]any
	for _, a := range p.assignments {
		row := map[string]any{
			"id": a.id, "principal": a.to.id.String(), "principalType": graphType(a.to), "principalName": a.to.display,
			"resource": a.resource.p.id.String(), "resourceName": a.resource.p.display, "appRoleId": a.roleID, "appRole": a.value,
			"tier": a.tier, "createdDateTime": nil,
		}
		if !a.created.IsZero() {
			row["createdDateTime"] = a.created
		}
		rows = append(rows, row)
	}
	return rows
}

func (p *plan) keyDirectoryRoles() []map[string]any {
	var rows []map[string]any
	for _, h := range p.holdings() {
		row := map[string]any{
			"id": h.id, "role": h.role.name, "roleTemplateId": h.role.id, "member": h.toID.String(), "memberType": kindUnresolved,
			"memberName": "", "assignment": "active", "scope": h.scope, "privileged": nil,
		}
		if h.eligible {
			row["assignment"] = "eligible"
		}
		if h.to != nil {
			row["memberType"], row["memberName"] = memberType(h.to), h.to.display
		}
		if h.role.privileged != nil {
			row["privileged"] = *h.role.privileged
		}
		rows = append(rows, row)
	}
	return rows
}

// groupsThatMatter are the groups that hold a right, a role or an app role, are a target,
// or scope an access policy.
func (p *plan) groupsThatMatter() []*principal {
	var out []*principal
	add := func(g *principal) {
		if g != nil && g.group != nil && g.id != (guid{}) && !slices.Contains(out, g) {
			out = append(out, g)
		}
	}
	targets := func(lists ...[]target) {
		for _, l := range lists {
			for _, t := range l {
				add(t.group)
			}
		}
	}
	for _, m := range p.mailboxes {
		for _, g := range m.perms {
			add(g.ref)
		}
		for _, h := range m.behalf {
			add(h.ref)
		}
		scope := map[string]bool{}
		if len(m.folderGrants) > 0 {
			for _, f := range m.folders() {
				scope[f.as] = f.inScope
			}
		}
		for _, g := range m.folderGrants {
			if scope[g.on] {
				add(g.ref)
			}
		}
		if m.forwardTo != nil {
			add(m.forwardTo.group)
		}
		for _, r := range m.rules {
			targets(r.forwardTo, r.attachTo, r.redirect)
		}
	}
	for _, r := range p.transport {
		targets(r.blindCopy, r.copyTo, r.redirect, r.addTo)
	}
	for _, s := range p.sendAs {
		add(s.ref)
	}
	for _, a := range p.assignments {
		add(a.to)
	}
	for _, h := range p.roleHolders {
		if !h.eligible || !p.opt.NoP2 {
			add(h.to)
		}
	}
	for _, a := range p.policies {
		add(a.group)
	}
	for _, s := range p.scoped {
		add(s.group)
	}
	for _, g := range p.roleGroups {
		for _, m := range g.members {
			add(m.ref)
		}
	}
	for _, d := range p.directRoles {
		add(d.to)
		add(d.scopeGroup)
	}
	return out
}

func (p *plan) keyGroupMembers() []map[string]any {
	var rows []map[string]any
	for _, g := range p.groupsThatMatter() {
		for _, m := range p.transitive(g) {
			rows = append(rows, map[string]any{
				"group": g.id.String(), "groupName": g.display, "member": m.id.String(), "memberType": memberType(m), "memberName": m.display,
			})
		}
	}
	return rows
}
