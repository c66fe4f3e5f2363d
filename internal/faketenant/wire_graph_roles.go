package faketenant

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// roleManagement answers /roleManagement/directory/….
func (q *graphQuery) roleManagement(what string) ([]byte, *graphFailure) {
	p := q.x.t.plan
	switch what {
	case "roledefinitions":
		return q.list(graphList{context: "roleManagement/directory/roleDefinitions", typ: "unifiedRoleDefinition", n: len(p.roles),
			props: []string{"id", "templateId", "displayName", "isBuiltIn", "isEnabled", "description", "version", "rolePermissions", "resourceScopes", "inheritsPermissionsFrom"},
			write: func(b *bag, i int) {
				r := p.roles[i]
				b.str("id", r.id)
				b.str("description", r.name)
				b.str("displayName", r.name)
				b.bool("isBuiltIn", !r.custom)
				b.bool("isEnabled", true)
				b.list("resourceScopes", []string{"/"})
				b.str("templateId", r.id)
				b.null("version")
			}})
	case "roleassignments":
		return q.list(q.roleAssignmentList(false))
	case "roleeligibilityschedules", "roleassignmentscheduleinstances":
		if q.x.t.opt.NoP2 {
			return nil, &graphFailure{http.StatusBadRequest, "AadPremiumLicenseRequired",
				"The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license."}
		}
		if what == "roleassignmentscheduleinstances" {
			return q.scheduleInstances()
		}
		return q.list(q.roleAssignmentList(true))
	}
	return nil, unknownSegment(what)
}

func (q *graphQuery) roleAssignmentList(eligible bool) graphList {
	p := q.x.t.plan
	var all []roleHolding
	for _, h := range p.roleHolders {
		if h.eligible == eligible {
			all = append(all, h)
		}
	}
	context, typ := "roleManagement/directory/roleAssignments", "unifiedRoleAssignment"
	if eligible {
		context, typ = "roleManagement/directory/roleEligibilitySchedules", "unifiedRoleEligibilitySchedule"
	}
	expand := strings.EqualFold(q.values["$expand"], "principal")
	return graphList{context: context, typ: typ, expands: []string{"principal", "roleDefinition"}, n: len(all), defaultPage: 100, maxPage: 999,
		write: func(b *bag, i int) {
			h := all[i]
			b.str("id", h.id)
			b.str("principalId", h.toID.String())
			if eligible {
				writeSchedule(b, p, h, i)
			} else {
				b.str("directoryScopeId", h.scope)
				b.str("roleDefinitionId", h.role.id)
			}
			if expand && h.to != nil { // a deleted principal is missing
				b.object("principal", func() { p.writeMember(b, h.to) })
			}
			if strings.EqualFold(q.values["$expand"], "roleDefinition") {
				b.object("roleDefinition", func() { writeRoleDefinition(b, h.role) })
			}
		},
		get: func(i int, name string) (string, bool) {
			switch name {
			case "principalid":
				return all[i].toID.String(), true
			case "roledefinitionid":
				return all[i].role.id, true
			case "directoryscopeid":
				return all[i].scope, true
			}
			return "", false
		}}
}

// writeRoleDefinition writes a role where it is expanded.
func writeRoleDefinition(b *bag, r *directoryRole) {
	b.str("id", r.id)
	b.str("displayName", r.name)
	b.str("templateId", r.id)
	b.bool("isBuiltIn", !r.custom)
}

// writeSchedule writes what an eligibility has beyond an assignment.
func writeSchedule(b *bag, p *plan, h roleHolding, n int) {
	start := time.Date(2026, 2, 3, 12, 0, 0, 0, time.UTC)
	b.str("roleDefinitionId", h.role.id)
	b.str("directoryScopeId", h.scope)
	b.null("appScopeId")
	b.str("createdUsing", p.guid("eligible.request", n).String())
	b.date("createdDateTime", dateGraph, start)
	b.null("modifiedDateTime")
	b.str("status", "Provisioned")
	b.str("memberType", "Direct")
	b.object("scheduleInfo", func() {
		b.date("startDateTime", dateGraph, start)
		b.null("recurrence")
		b.object("expiration", func() {
			if h.until.IsZero() {
				b.str("type", "noExpiration")
			} else {
				b.str("type", "afterDateTime")
			}
			b.date("endDateTime", dateGraph, h.until)
			b.null("duration")
		})
	})
}

// directoryRoles lists only roles that somebody holds, as the service does.
func (q *graphQuery) directoryRoles(id, sub string) ([]byte, *graphFailure) {
	p := q.x.t.plan
	var active []*directoryRole
	for _, h := range p.roleHolders {
		if !h.eligible && !h.role.custom && !slices.Contains(active, h.role) {
			active = append(active, h.role)
		}
	}
	if id == "" {
		return q.list(graphList{context: "directoryRoles", typ: "directoryRole", n: len(active), write: func(b *bag, i int) {
			b.str("id", p.guid("role.object."+active[i].id, 0).String())
			b.null("deletedDateTime")
			b.str("description", active[i].name)
			b.str("displayName", active[i].name)
			b.str("roleTemplateId", active[i].id)
		}})
	}
	want := strings.TrimSuffix(strings.TrimPrefix(id, "roleTemplateId='"), "'")
	for _, r := range active {
		if !strings.EqualFold(want, r.id) && !strings.EqualFold(want, p.guid("role.object."+r.id, 0).String()) {
			continue
		}
		if sub != "members" {
			return nil, unknownSegment(sub)
		}
		var members []*principal
		for _, h := range p.roleHolders {
			if h.role == r && !h.eligible && h.scope == "/" && h.to != nil {
				members = append(members, h.to)
			}
		}
		return q.list(graphList{context: "directoryObjects", typ: "directoryObject", n: len(members), write: func(b *bag, i int) { p.writeMember(b, members[i]) }})
	}
	return nil, missingResource(id)
}
