package permissions

import (
	"slices"
	"strings"

	"tenantaudit/internal/snapshot"
)

// Values of ApplicationAccessPolicy.Kind.
const (
	appPolicyKind     = "applicationAccessPolicy"
	appAssignmentKind = "roleAssignment"
)

// AppScopes says which mailboxes the application permissions of an application
// reach. Two things decide it: application access policies limit what is
// consented to in Entra ID, and RBAC for Applications gives a permission of its
// own, for everything or for a scope. Neither takes anything from the other.
//
// It remembers what it worked out, so it is not for concurrent use.
type AppScopes struct {
	policies, assigned map[string][]snapshot.ApplicationAccessPolicy // by app id, folded
	members            Members
	active             map[string]bool

	sets   map[string]scopeSet // by scope id, folded
	limits map[string]Reach    // of policies, by app id, folded
}

type scopeSet struct {
	mailboxes map[string]bool
	known     bool
}

// AppScope is a group (or one mailbox) to which a permission is limited.
type AppScope struct {
	Name string // as the service sends it
	ID   string // Entra object id; "" where it did not resolve
	// Mailboxes are the active mailboxes in it; nil where its members are not known.
	Mailboxes map[string]bool
}

// Reach is what a permission reaches. The maps hold folded mailbox ids and must
// not be changed. The zero value reaches nothing.
type Reach struct {
	// Everywhere: no scope limits it, so mailboxes made tomorrow are reached too.
	Everywhere bool
	// Scopes limit it, sorted by name; several add up. Empty where Everywhere.
	Scopes []AppScope
	// Mailboxes are the active mailboxes in the scopes, less what is denied; nil where Everywhere.
	Mailboxes map[string]bool
	// Except names the groups whose members are denied, sorted.
	Except []string
	// Denied are the active mailboxes that Everywhere leaves out; nil for none.
	Denied map[string]bool
	// Unknown names the scopes whose members are not known: it may reach more.
	Unknown []string
	// UnknownExcept names denied groups whose members are not known: it may reach less.
	UnknownExcept []string
}

// Nothing reports that the application does not have the permission at all.
func (r Reach) Nothing() bool { return !r.Everywhere && len(r.Scopes) == 0 }

// NewAppScopes prepares the policies and assignments of a tenant. members tells
// who is in a scope group; active are the ids of the mailboxes that count.
func NewAppScopes(rows []snapshot.ApplicationAccessPolicy, members Members, active []string) *AppScopes {
	s := &AppScopes{
		policies: map[string][]snapshot.ApplicationAccessPolicy{}, assigned: map[string][]snapshot.ApplicationAccessPolicy{},
		members: members, active: make(map[string]bool, len(active)),
		sets: map[string]scopeSet{}, limits: map[string]Reach{},
	}
	for _, r := range rows {
		switch key := foldKey(r.AppID); r.Kind {
		case appPolicyKind:
			s.policies[key] = append(s.policies[key], r)
		case appAssignmentKind:
			s.assigned[key] = append(s.assigned[key], r)
		}
	}
	for _, id := range active {
		s.active[foldKey(id)] = true
	}
	return s
}

// Active is the number of active mailboxes.
func (s *AppScopes) Active() int { return len(s.active) }

// Count is the number of active mailboxes that are known to be reached.
func (s *AppScopes) Count(r Reach) int {
	if r.Everywhere {
		return len(s.active) - len(r.Denied)
	}
	return len(r.Mailboxes)
}

// Reach is what a permission reaches, by consent (where there is one) and by RBAC
// for Applications together.
func (s *AppScopes) Reach(appID, permission string, consented bool) Reach {
	r := s.Assigned(appID, permission)
	if consented {
		r = joinReach(s.Consented(appID, permission), r)
	}
	return r
}

// Consented is what a permission that is consented to in Entra ID reaches under
// the application access policies. Permissions that no policy limits reach
// everything.
func (s *AppScopes) Consented(appID, permission string) Reach {
	if !PolicyLimits(permission) {
		return Reach{Everywhere: true}
	}
	key := foldKey(appID)
	r, ok := s.limits[key]
	if !ok {
		r = s.limit(s.policies[key])
		s.limits[key] = r
	}
	return r
}

func (s *AppScopes) limit(policies []snapshot.ApplicationAccessPolicy) Reach {
	r := Reach{Everywhere: true}
	denied := map[string]bool{}
	for _, p := range policies {
		scope := s.scope(p)
		switch {
		case strings.EqualFold(p.AccessRight, "RestrictAccess"):
			r.Everywhere = false
			r.Scopes = append(r.Scopes, scope)
		case strings.EqualFold(p.AccessRight, "DenyAccess") && scope.Mailboxes == nil:
			r.UnknownExcept = append(r.UnknownExcept, scope.Name)
		case strings.EqualFold(p.AccessRight, "DenyAccess"):
			r.Except = append(r.Except, scope.Name)
			for id := range scope.Mailboxes {
				denied[id] = true
			}
		}
	}
	r.Except, r.UnknownExcept = sortedUnique(r.Except), sortedUnique(r.UnknownExcept)
	if r.Everywhere {
		if len(denied) > 0 {
			r.Denied = denied
		}
		return r
	}
	r = withScopes(r)
	if len(denied) > 0 {
		r.Mailboxes = withoutSet(r.Mailboxes, denied)
	}
	return r
}

// Assigned is what RBAC for Applications gives of a permission.
func (s *AppScopes) Assigned(appID, permission string) Reach {
	var r Reach
	for _, a := range s.assigned[foldKey(appID)] {
		if !slices.ContainsFunc(RolePermissions(a.AccessRight), func(p string) bool { return strings.EqualFold(p, permission) }) {
			continue
		}
		if a.Scope == "" && a.ScopeID == "" {
			return Reach{Everywhere: true}
		}
		r.Scopes = append(r.Scopes, s.scope(a))
	}
	if len(r.Scopes) == 0 {
		return Reach{}
	}
	return withScopes(r)
}

// AssignedPermissions are the permissions that RBAC for Applications gives an
// application, sorted.
func (s *AppScopes) AssignedPermissions(appID string) []string {
	var list []string
	for _, a := range s.assigned[foldKey(appID)] {
		list = append(list, RolePermissions(a.AccessRight)...)
	}
	return sortedUnique(list)
}

// Rows are the policies and assignments that name an application.
func (s *AppScopes) Rows(appID string) []snapshot.ApplicationAccessPolicy {
	return slices.Concat(s.policies[foldKey(appID)], s.assigned[foldKey(appID)])
}

// scope resolves a scope once. A policy may name one mailbox in place of a group.
func (s *AppScopes) scope(p snapshot.ApplicationAccessPolicy) AppScope {
	out := AppScope{Name: p.Scope, ID: p.ScopeID}
	for _, name := range []string{p.ScopeID, p.ID} {
		if out.Name == "" {
			out.Name = name
		}
	}
	key := foldKey(p.ScopeID)
	if key == "" {
		return out
	}
	set, ok := s.sets[key]
	if !ok {
		set = s.resolve(p.ScopeID)
		s.sets[key] = set
	}
	if set.known {
		out.Mailboxes = set.mailboxes
	}
	return out
}

func (s *AppScopes) resolve(id string) scopeSet {
	var list []snapshot.GroupMember
	if s.members != nil {
		list = s.members(id)
	}
	if len(list) == 0 && s.active[foldKey(id)] {
		return scopeSet{map[string]bool{foldKey(id): true}, true}
	}
	if list == nil {
		return scopeSet{}
	}
	set := map[string]bool{}
	for _, m := range list {
		if key := foldKey(m.Member); s.active[key] {
			set[key] = true
		}
	}
	return scopeSet{set, true}
}

// withScopes sorts the scopes and adds up what they hold. One scope's set is
// shared, not copied: the same group may limit a thousand applications.
func withScopes(r Reach) Reach {
	slices.SortStableFunc(r.Scopes, func(a, b AppScope) int { return strings.Compare(a.Name, b.Name) })
	r.Mailboxes, r.Unknown = map[string]bool{}, nil
	for _, scope := range r.Scopes {
		switch {
		case scope.Mailboxes == nil:
			r.Unknown = append(r.Unknown, scope.Name)
		case len(r.Mailboxes) == 0:
			r.Mailboxes = scope.Mailboxes
		default:
			r.Mailboxes = unionSets(r.Mailboxes, scope.Mailboxes)
		}
	}
	r.Unknown = sortedUnique(r.Unknown)
	return r
}

// joinReach is what two ways to the same permission reach together: by consent, and
// by an assignment, which no policy limits.
func joinReach(consent, assigned Reach) Reach {
	switch {
	case assigned.Nothing():
		return consent
	case consent.Nothing(), assigned.Everywhere:
		return assigned
	case consent.Everywhere:
		if left := withoutSet(consent.Denied, assigned.Mailboxes); len(left) > 0 {
			consent.Denied = left
		} else {
			consent.Denied, consent.Except = nil, nil
		}
		return consent
	}
	both := consent
	both.Scopes = slices.Concat(consent.Scopes, assigned.Scopes)
	both = withScopes(both)
	both.Mailboxes = unionSets(consent.Mailboxes, assigned.Mailboxes)
	return both
}

func unionSets(a, b map[string]bool) map[string]bool {
	out := make(map[string]bool, max(len(a), len(b)))
	for _, set := range []map[string]bool{a, b} {
		for id := range set {
			out[id] = true
		}
	}
	return out
}

func withoutSet(a, b map[string]bool) map[string]bool {
	out := map[string]bool{}
	for id := range a {
		if !b[id] {
			out[id] = true
		}
	}
	return out
}

// policyLimited are the permissions that an application access policy limits;
// a name with a dot at its end stands for everything that starts so.
// Source: learn.microsoft.com/graph/auth-limit-mailbox-access.
var policyLimited = []string{
	"mail.read", "mail.readbasic", "mail.readbasic.all", "mail.readwrite", "mail.send",
	"mailboxsettings.", "calendars.", "contacts.", "full_access_as_app",
}

// PolicyLimits reports whether application access policies hold for an
// application permission.
func PolicyLimits(permission string) bool {
	p := foldKey(permission)
	return slices.ContainsFunc(policyLimited, func(s string) bool {
		return p == s || strings.HasSuffix(s, ".") && strings.HasPrefix(p, s)
	})
}

// RolePermissions are the application permissions that a role of RBAC for
// Applications stands for; none for every other role.
// Source: learn.microsoft.com/exchange/permissions-exo/application-rbac.
func RolePermissions(role string) []string {
	const prefix = "application "
	r := strings.TrimSpace(role)
	if len(r) <= len(prefix) || !strings.EqualFold(r[:len(prefix)], prefix) {
		return nil
	}
	switch name := strings.TrimSpace(r[len(prefix):]); strings.ToLower(name) {
	case "mail full access":
		return []string{"Mail.ReadWrite", "Mail.Send"}
	case "exchange full access", "ews.accessasapp":
		return []string{"full_access_as_app"}
	default:
		return []string{name}
	}
}

// Includes reports whether one application permission on mailboxes allows
// everything that another does.
func Includes(wide, narrow string) bool {
	w, n := foldKey(wide), foldKey(narrow)
	if w == n {
		return true
	}
	area, can := areaAndAction(w)
	other, wanted := areaAndAction(n)
	if w == "full_access_as_app" {
		return slices.Contains([]string{"mail", "mailboxsettings", "calendars", "contacts"}, other)
	}
	rank := []string{"readbasic", "read", "readwrite"}
	return area == other && slices.Contains(rank, wanted) && slices.Index(rank, can) >= slices.Index(rank, wanted)
}

// areaAndAction parts "calendars.read.all" into "calendars" and "read".
func areaAndAction(permission string) (area, can string) {
	area, can, _ = strings.Cut(strings.TrimSuffix(permission, ".all"), ".")
	return area, can
}
