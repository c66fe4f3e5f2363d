package checks

import (
	"fmt"
	"slices"
	"strings"

	"tenantaudit/internal/snapshot"
)

var rolesGlobalAdminCount = Check{
	ID:       "roles.global_admin_count",
	Title:    "There are two to four Global Administrators",
	Severity: High,
	Needs:    []snapshot.Dataset{snapshot.DirectoryRoleAssignments, snapshot.GroupMembers},
	Subject:  "tenants",
	Why:      "Every Global Administrator is a way to lose the whole tenant at once. A single one is a way to be locked out of it.",
	Rule: "Counts people (users and guests), each once, who hold Global Administrator for the whole tenant, active or eligible, directly or through a group: two to four pass. " +
		"Applications are judged by roles.service_principals_privileged. Fewer than two is said only when roles and groups were read in full, and holders that did not resolve are no verdict where they could change it.",
	Fix: "More than four: give narrower roles (Exchange Administrator, User Administrator, Global Reader …) and remove the assignment in Entra admin center > Roles and admins > Global Administrator. Fewer than two: add emergency access accounts",
	Sources: []string{
		rolesBestPracticesPage,
		"https://learn.microsoft.com/entra/identity/role-based-access-control/security-emergency-access",
	},
	Run: runGlobalAdminCount,
}

const (
	fewestGlobalAdmins = 2
	mostGlobalAdmins   = 4
)

func runGlobalAdminCount(in Input) (Output, error) {
	holders, err := in.rolesHolders()
	if err != nil {
		return Output{}, err
	}
	complete := true
	for _, d := range []snapshot.Dataset{snapshot.DirectoryRoleAssignments, snapshot.GroupMembers} {
		c, err := in.Coverage(d)
		if err != nil {
			return Output{}, err
		}
		complete = complete && c.State == snapshot.CoverageComplete
	}
	admins := globalAdmins(holders)
	people, unresolved, active := 0, 0, 0
	for _, a := range admins {
		switch {
		case a.holder.person():
			people++
			if a.Active {
				active++
			}
		case a.Type == rolesUnresolved:
			unresolved++
		}
	}
	low, high := people < fewestGlobalAdmins, people > mostGlobalAdmins
	switch {
	case high, low && complete && people+unresolved < fewestGlobalAdmins:
	case low && complete, people+unresolved > mostGlobalAdmins:
		return Output{Gaps: gap("holders of Global Administrator did not resolve, so they may be people", 1)}, nil
	case low:
		return Output{}, nil // what was not read may hold more
	default:
		return Output{Evaluated: 1}, nil
	}
	f := Finding{
		Subject: in.tenantSubject(),
		Summary: fmt.Sprintf("%s Global Administrator, %d of them active; two to four are right.", rolesPeople(people), active),
		Details: map[string]any{"people": people, "active": active, "unresolved": unresolved, "holders": admins},
	}
	for _, a := range admins {
		f = f.with(a.holder.proofs...)
	}
	if len(f.Evidence) == 0 {
		f.Evidence = []Evidence{{Dataset: snapshot.DirectoryRoleAssignments}} // no row is the proof
	}
	return Output{Evaluated: 1, Findings: []Finding{f}}, nil
}

// rolesPeople begins a sentence about a number of people.
func rolesPeople(n int) string {
	switch n {
	case 0:
		return "Nobody holds"
	case 1:
		return "One person holds"
	}
	return fmt.Sprintf("%d people hold", n)
}

// globalAdmin is a holder of Global Administrator, as details show it.
type globalAdmin struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Type   string `json:"type"`
	Active bool   `json:"active"` // false: eligible only

	holder *rolesHolder
}

// globalAdmins lists who holds Global Administrator for the whole tenant, by id.
func globalAdmins(holders map[string]*rolesHolder) []globalAdmin {
	list := []globalAdmin{}
	for _, h := range holders {
		held, active := false, false
		for _, r := range h.roles {
			if strings.EqualFold(r.RoleTemplateID, rolesGlobalAdministrator) && r.Scope == "/" {
				held = true
				active = active || strings.EqualFold(r.Assignment, "active")
			}
		}
		if held {
			list = append(list, globalAdmin{h.id, h.name, h.kind, active, h})
		}
	}
	slices.SortFunc(list, func(a, b globalAdmin) int { return strings.Compare(a.ID, b.ID) })
	return list
}
