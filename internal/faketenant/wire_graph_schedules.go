package faketenant

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// schedulePermissions let a caller read role assignment schedules; Directory.Read.All does not.
var schedulePermissions = []string{"RoleAssignmentSchedule.Read.Directory", "RoleAssignmentSchedule.ReadWrite.Directory",
	"RoleManagement.Read.Directory", "RoleManagement.Read.All", "RoleManagement.ReadWrite.Directory"}

// grants is true when the token holds one of the permissions.
func (c claims) grants(permissions []string) bool {
	return slices.ContainsFunc(append(strings.Fields(c.Scopes), c.Roles...), func(s string) bool { return slices.Contains(permissions, s) })
}

// scheduleInstances answers /roleManagement/directory/roleAssignmentScheduleInstances.
func (q *graphQuery) scheduleInstances() ([]byte, *graphFailure) {
	if c, _ := q.x.claims(); !c.grants(schedulePermissions) {
		return nil, &graphFailure{http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."}
	}
	p := q.x.t.plan
	all := p.scheduleInstances()
	expand := strings.ToLower(q.values["$expand"])
	return q.list(graphList{context: "roleManagement/directory/roleAssignmentScheduleInstances", typ: "unifiedRoleAssignmentScheduleInstance",
		expands: []string{"principal", "roleDefinition"}, n: len(all), defaultPage: 100, maxPage: 999,
		write: func(b *bag, i int) {
			p.writeInstance(b, all[i])
			switch expand {
			case "principal":
				b.object("principal", func() { p.writeMember(b, all[i].to) })
			case "roledefinition":
				b.object("roleDefinition", func() { writeRoleDefinition(b, all[i].holding.role) })
			}
		},
		get: func(i int, name string) (string, bool) {
			switch name {
			case "principalid":
				return all[i].to.id.String(), true
			case "roledefinitionid":
				return all[i].holding.role.id, true
			case "directoryscopeid":
				return all[i].holding.scope, true
			case "assignmenttype":
				return all[i].kind(), true
			}
			return "", false
		}})
}

func (p *plan) writeInstance(b *bag, s scheduleInstance) {
	h := s.holding
	b.str("id", s.id)
	b.str("principalId", s.to.id.String())
	b.str("roleDefinitionId", h.role.id)
	b.str("directoryScopeId", h.scope)
	b.null("appScopeId")
	if h.activated {
		b.date("startDateTime", dateGraph, h.until.Add(-8*time.Hour))
	} else {
		b.null("startDateTime")
	}
	b.date("endDateTime", dateGraph, h.until)
	b.str("assignmentType", s.kind())
	b.str("memberType", map[bool]string{true: "Group", false: "Direct"}[s.inherited])
	b.str("roleAssignmentOriginId", h.id)
	b.str("roleAssignmentScheduleId", h.id)
}
