package checks

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

const (
	rolesGlobalAdministrator = "62e90394-69f5-4237-9190-012177145e10" // role template id
	rolesBestPracticesPage   = "https://learn.microsoft.com/entra/identity/role-based-access-control/best-practices"
	rolesReferencePage       = "https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference"
)

// rolesHeld is a directory role that somebody holds, as details show it.
type rolesHeld struct {
	Role           string `json:"role"`
	RoleTemplateID string `json:"roleTemplateId"`
	Privileged     bool   `json:"privileged"`
	Assignment     string `json:"assignment"` // active, eligible
	Scope          string `json:"scope"`
	// ViaGroup is the id of the group that holds the role; "" for a direct assignment.
	ViaGroup string `json:"viaGroup"`
}

// rolesHolder is somebody with the directory roles that they hold, directly and
// through groups.
type rolesHolder struct {
	id, name string
	kind     string // user, guest, servicePrincipal, unresolved
	roles    []rolesHeld
	proofs   []Evidence
}

// person reports whether a holder is a human being's account.
func (h *rolesHolder) person() bool {
	return h.kind == snapshot.TrusteeUser || h.kind == snapshot.TrusteeGuest
}

// privileged reports whether any of the roles is one of Microsoft's privileged ones.
func (h *rolesHolder) privileged() bool {
	return slices.ContainsFunc(h.roles, func(r rolesHeld) bool { return r.Privileged })
}

// readOnly reports whether every role only reads.
func (h *rolesHolder) readOnly() bool {
	return !slices.ContainsFunc(h.roles, func(r rolesHeld) bool {
		return !strings.EqualFold(r.RoleTemplateID, facts.GlobalReader) && !strings.EqualFold(r.RoleTemplateID, facts.SecurityReader)
	})
}

// names lists the distinct roles, the privileged ones first; an eligible role is said to be.
func (h *rolesHolder) names() []string {
	var list []string
	for _, r := range h.roles {
		name := displayName(r.Role, r.RoleTemplateID)
		if strings.EqualFold(r.Assignment, "eligible") {
			name += " (eligible)"
		}
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

func (h *rolesHolder) details(more map[string]any) map[string]any {
	d := map[string]any{"roles": h.roles, "memberType": h.kind}
	for k, v := range more {
		d[k] = v
	}
	return d
}

// rolesPrivileged reports whether Microsoft labels a built-in role as privileged.
// Custom roles and roles that are not known have no label.
func rolesPrivileged(template string) bool {
	r, _ := facts.Role(template)
	return isTrue(r.Privileged)
}

// rolesHolders reads who holds directory roles, by object id in lower case:
// people, applications and what did not resolve. A group stands for its members.
func (in Input) rolesHolders() (map[string]*rolesHolder, error) {
	assignments, err := collect(in.DirectoryRoleAssignments())
	if err != nil {
		return nil, err
	}
	groups, err := in.oauthGroups(rolesGroups(assignments))
	if err != nil {
		return nil, err
	}
	return rolesExpand(assignments, groups), nil
}

// rolesGroups are the ids of the groups that hold roles, in lower case.
func rolesGroups(assignments []snapshot.DirectoryRoleAssignment) map[string]bool {
	groups := map[string]bool{}
	for _, a := range assignments {
		if strings.EqualFold(a.MemberType, snapshot.TrusteeGroup) {
			groups[strings.ToLower(a.Member)] = true
		}
	}
	return groups
}

// rolesExpand joins assignments with the members of the groups that hold them.
// The list of members is transitive, so nested groups add nothing.
func rolesExpand(assignments []snapshot.DirectoryRoleAssignment, groups oauthGroups) map[string]*rolesHolder {
	holders := map[string]*rolesHolder{}
	give := func(id, name, kind string, r rolesHeld, proofs ...Evidence) {
		key := strings.ToLower(id)
		h := holders[key]
		if h == nil {
			h = &rolesHolder{id: id, kind: kind}
			holders[key] = h
		}
		h.name = cmp.Or(h.name, name)
		// Of two sources that differ, the one that knows of a guest is right.
		if kind == snapshot.TrusteeGuest {
			h.kind = kind
		}
		if !slices.Contains(h.roles, r) {
			h.roles = append(h.roles, r)
		}
		h.proofs = append(h.proofs, proofs...)
	}
	for _, a := range assignments {
		r := rolesHeld{Role: a.Role, RoleTemplateID: a.RoleTemplateID, Privileged: rolesPrivileged(a.RoleTemplateID), Assignment: a.Assignment, Scope: a.Scope}
		proof := evidence(snapshot.DirectoryRoleAssignments, a)
		if !strings.EqualFold(a.MemberType, snapshot.TrusteeGroup) {
			give(a.Member, a.MemberName, rolesKind(a.MemberType), r, proof)
			continue
		}
		r.ViaGroup = a.Member
		for _, m := range groups.members[strings.ToLower(a.Member)] {
			if kind := rolesKind(m.MemberType); kind != rolesUnresolved {
				give(m.Member, m.MemberName, kind, r, proof, evidence(snapshot.GroupMembers, m))
			}
		}
	}
	for _, h := range holders {
		slices.SortStableFunc(h.roles, func(a, b rolesHeld) int {
			return cmp.Or(rolesFirst(a.Privileged, b.Privileged), cmp.Compare(a.Role, b.Role), cmp.Compare(a.Assignment, b.Assignment),
				cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.ViaGroup, b.ViaGroup))
		})
	}
	return holders
}

func rolesFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

const rolesUnresolved = "unresolved"

// rolesKind is the type of a member in the words of rolesHolder.
func rolesKind(memberType string) string {
	for _, k := range []string{snapshot.TrusteeUser, snapshot.TrusteeGuest, "servicePrincipal"} {
		if strings.EqualFold(memberType, k) {
			return k
		}
	}
	return rolesUnresolved
}

// rolesAccounts reads the accounts of the holders, by object id in lower case. An
// account that says it is a guest makes its holder one.
func (in Input) rolesAccounts(holders map[string]*rolesHolder) (map[string]snapshot.User, error) {
	accounts := map[string]snapshot.User{}
	for u, err := range in.Users() {
		if err != nil {
			return nil, err
		}
		key := strings.ToLower(u.User)
		h := holders[key]
		if h == nil {
			continue
		}
		accounts[key] = u
		switch {
		case strings.EqualFold(u.UserType, "Guest"):
			h.kind = snapshot.TrusteeGuest
		case h.kind == rolesUnresolved:
			h.kind = snapshot.TrusteeUser
		}
		h.name = cmp.Or(u.UserPrincipalName, h.name)
	}
	return accounts, nil
}

// finding is a finding about a holder.
func (h *rolesHolder) finding(severity Severity, summary string, more map[string]any) Finding {
	kind := "user"
	if h.kind == "servicePrincipal" {
		kind = h.kind
	}
	f := Finding{Severity: severity, Subject: Subject{Type: kind, ID: h.id, Name: displayName(h.name, h.id)}, Summary: summary, Details: h.details(more)}
	return f.with(h.proofs...)
}

// holds says in a sentence who holds what.
func (h *rolesHolder) holds() string {
	return fmt.Sprintf("%s holds %s", displayName(h.name, h.id), few(h.names()))
}
