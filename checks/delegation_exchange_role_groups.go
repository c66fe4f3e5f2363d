package checks

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

var delegationExchangeRoleGroups = Check{
	ID:       "delegation.exchange_role_groups",
	Title:    "Exchange roles that open mailboxes are tightly held",
	Severity: High,
	Needs:    []snapshot.Dataset{snapshot.ExchangeRoleAssignments, snapshot.ManagementRoleAssignments},
	Uses:     []snapshot.Dataset{snapshot.GroupMembers},
	Subject:  "role groups and direct assignments with such a role",
	Why: "A few Exchange roles reach into every mailbox: export it, search it, act as its owner, or give the right to. " +
		"Their holders stand in no mailbox's permissions and often not in any directory role.",
	Rule: "Members of role groups with ApplicationImpersonation, Mailbox Import Export, Mailbox Search, Role Management or Mail Recipients, and the same roles given directly. " +
		"High; a guest raises it to critical; a direct assignment that may only hand the role on is medium; the identity that made this review is info. " +
		"Members that stand for the holders of an Entra role are left out: those are judged as directory roles. Direct assignments that are switched off are silent.",
	Fix: "Remove-RoleGroupMember -Identity '<role group>' -Member <member>; for a direct assignment: Remove-ManagementRoleAssignment -Identity '<assignment>'",
	Sources: []string{
		"https://learn.microsoft.com/exchange/permissions-exo/permissions-exo",
		"https://learn.microsoft.com/powershell/module/exchangepowershell/get-rolegroupmember",
		"https://learn.microsoft.com/powershell/module/exchangepowershell/get-managementroleassignment",
	},
	Run: runExchangeRoleGroups,
}

// canDo says in words what a capability over every mailbox means.
var canDo = map[string]string{
	snapshot.CanRead: "read every mailbox", snapshot.CanChange: "change or delete what is in it", snapshot.CanSendAs: "send as everybody",
	snapshot.CanManage: "give anybody access", snapshot.CanSendOnBehalf: "send on behalf of everybody", snapshot.CanReceive: "receive a copy of mail",
}

// effects are the roles of a list that open mailboxes, sorted, and all that they
// allow together, in the order of access from read to manage.
func effects(roles []string) (opening, capabilities []string) {
	all := map[string]bool{}
	for _, r := range roles {
		if reach, ok := facts.ExchangeRole(r); ok {
			opening = append(opening, r)
			for _, what := range reach.Can {
				all[what] = true
			}
		}
	}
	slices.Sort(opening)
	for _, c := range []string{snapshot.CanRead, snapshot.CanChange, snapshot.CanSendAs, snapshot.CanManage} {
		if all[c] {
			capabilities = append(capabilities, c)
		}
	}
	return opening, capabilities
}

// inWords joins capabilities to the end of a sentence.
func inWords(capabilities []string) string {
	words := make([]string, len(capabilities))
	for i, c := range capabilities {
		words[i] = cmp.Or(canDo[c], c)
	}
	return strings.Join(words, ", ")
}

// roleHolder is who holds an Exchange role.
type roleHolder struct{ id, name, kind string }

// roleHolders judges who holds a role, and keeps what is the same for all.
type roleHolders struct {
	guests  map[string]*guestsOf
	members map[string]int
	self    string // the identity that made the review; "" when it is not known
}

func (r roleHolders) label(h roleHolder) string {
	name := cmp.Or(h.name, h.id)
	n, known := r.members[h.id]
	switch {
	case h.kind == snapshot.TrusteeGuest:
		return name + " (guest)"
	case h.kind != snapshot.TrusteeGroup:
		return name
	case !known:
		return "group " + name + " (members not known)"
	case r.guests[h.id] != nil:
		return fmt.Sprintf("group %s (%s, %s)", name, plural(n, "member"), plural(r.guests[h.id].count, "guest"))
	}
	return fmt.Sprintf("group %s (%s)", name, plural(n, "member"))
}

// finding is about one holder; how says by what it holds the roles.
func (r roleHolders) finding(h roleHolder, s Severity, how string, roles, can []string) Finding {
	d := map[string]any{"member": h.id, "memberName": h.name, "memberType": h.kind, "roles": roles, "canDo": can, "members": nil, "raised": []string{}}
	if n, known := r.members[h.id]; known && h.kind == snapshot.TrusteeGroup {
		d["members"] = n
		if g := r.guests[h.id]; g != nil {
			d["guests"], d["guestNames"] = g.count, g.names
		}
	}
	label := r.label(h)
	switch {
	case r.self != "" && h.id == r.self:
		s, label = Info, label+", which made this review,"
	case h.kind == snapshot.TrusteeGuest:
		s, d["raised"] = Critical, []string{"the holder is a guest"}
	}
	return Finding{Severity: s, Summary: fmt.Sprintf("%s %s and so can %s.", label, how, inWords(can)), Details: d}
}

func runExchangeRoleGroups(in Input) (Output, error) {
	guests, members, err := in.groupGuests()
	if err != nil {
		return Output{}, err
	}
	r := roleHolders{guests, members, in.Run().IdentityID}
	var out Output
	groups := map[string]bool{}
	for a, err := range in.ExchangeRoleAssignments() {
		if err != nil {
			return Output{}, err
		}
		if roles, _ := effects(a.Roles); len(roles) > 0 {
			groups[a.RoleGroup] = true
			out.Findings = append(out.Findings, r.groupMember(a)...)
		}
	}
	out.Evaluated = len(groups)
	for a, err := range in.ManagementRoleAssignments() {
		if err != nil {
			return Output{}, err
		}
		if roles, can := effects([]string{a.Role}); len(roles) > 0 {
			out.Evaluated++
			out.Findings = append(out.Findings, r.direct(a, roles, can)...)
		}
	}
	return out, nil
}

// groupMember judges a member of a role group; none for one that stands for an Entra role.
// A stand-in has no members of its own: a group of the tenant that only bears such a name has.
func (r roleHolders) groupMember(a snapshot.ExchangeRoleAssignment) []Finding {
	nameless := a.MemberType == snapshot.TrusteeGroup || a.MemberType == snapshot.TrusteeUnresolved
	if nameless && r.members[a.Member] == 0 && standsForRole(a.Member, a.MemberName) {
		return nil
	}
	roles, can := effects(a.Roles)
	f := r.finding(roleHolder{a.Member, a.MemberName, a.MemberType}, High, fmt.Sprintf("is in the role group %s (%s)", a.RoleGroup, strings.Join(roles, ", ")), roles, can)
	f.Subject = Subject{Type: "exchangeRoleAssignment", ID: snapshot.Key(a), Name: a.RoleGroup + ": " + cmp.Or(a.MemberName, a.Member)}
	f.Details["roleGroup"] = a.RoleGroup
	f.Evidence = []Evidence{evidence(snapshot.ExchangeRoleAssignments, a)}
	return []Finding{f}
}

// standsForRole reports whether a member of a role group, by id or name, stands for the
// holders of an Entra role.
func standsForRole(id, name string) bool {
	_, byID := facts.EntraRoleStandIn(id)
	_, byName := facts.EntraRoleStandIn(name)
	return byID || byName
}

// direct judges an assignment to somebody without a role group; none for one that is switched off.
func (r roleHolders) direct(a snapshot.ManagementRoleAssignment, roles, can []string) []Finding {
	if isFalse(a.Enabled) {
		return nil
	}
	severity, how := High, "holds the role "+a.Role+" directly"
	if a.Delegating {
		severity, how = Medium, "may give the role "+a.Role+" to anybody"
	}
	if a.Scope != "" {
		how += ", limited to " + a.Scope + ","
	}
	f := r.finding(roleHolder{a.Assignee, a.AssigneeName, a.AssigneeType}, severity, how, roles, can)
	f.Subject = Subject{Type: "managementRoleAssignment", ID: snapshot.Key(a), Name: a.Role + ": " + cmp.Or(a.AssigneeName, a.Assignee)}
	f.Details["scope"], f.Details["delegating"], f.Details["enabled"] = a.Scope, a.Delegating, state(a.Enabled)
	f.Evidence = []Evidence{evidence(snapshot.ManagementRoleAssignments, a)}
	return []Finding{f}
}
