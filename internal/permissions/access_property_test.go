package permissions

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

// oracle answers "may this principal do that, and how" from the rows, one principal
// at a time, without any of the engine's tables.
type oracle struct {
	tenant
	out     map[string]bool
	lists   map[reflect.Type]any
	members map[string][]string
}

func newOracle(t tenant) oracle {
	o := oracle{tenant: t, out: map[string]bool{}, lists: map[reflect.Type]any{}, members: map[string][]string{}}
	for _, m := range ofType[snapshot.GroupMember](o) {
		if m.MemberType != "group" && m.MemberType != "device" {
			o.members[m.Group] = append(o.members[m.Group], m.Member)
		}
	}
	return o
}

// ofType lists the rows of one dataset.
func ofType[T any](o oracle) []T {
	if list, ok := o.lists[reflect.TypeFor[T]()]; ok {
		return list.([]T)
	}
	var out []T
	for _, r := range o.rows {
		if v, ok := r.(T); ok {
			out = append(out, v)
		}
	}
	o.lists[reflect.TypeFor[T]()] = out
	return out
}

// those copies the rows that something holds for.
func those[T any](list []T, holds func(T) bool) (out []T) {
	for _, v := range list {
		if holds(v) {
			out = append(out, v)
		}
	}
	return out
}

// leaves of a group; ok is false when they are not known.
func (o oracle) leaves(group string) (list []string, ok bool) {
	return o.members[group], o.known[group]
}

// as says in what way a named holder is a principal: itself, or as a member of the
// group that is shown member by member. apps: only applications count as members.
func (o oracle) as(holder, holderType, principal string, apps bool) (via, members string, ok bool) {
	if holderType != "group" {
		return "", "", holder == principal
	}
	list, known := o.leaves(holder)
	if apps {
		list = those(list, func(id string) bool { return typeOf(id) == "application" })
	}
	switch {
	case !known:
		return "", "", holder == principal
	case int64(len(list)) > o.most:
		return "", fmt.Sprint(len(list)), holder == principal
	}
	return "Group " + holder, "", slices.Contains(list, principal)
}

// concerns reports whether an entry for a trustee is one for a principal too.
func (o oracle) concerns(t snapshot.TrusteeRef, principal string) bool {
	list, known := o.leaves(t.TrusteeID)
	return principalOf(t) == principal || t.TrusteeType == "group" && known && slices.Contains(list, principal)
}

func principalOf(t snapshot.TrusteeRef) string {
	switch {
	case t.TrusteeID != "":
		return t.TrusteeID
	case t.TrusteeType == "default" || t.TrusteeType == "anonymous":
		return t.TrusteeType
	case t.TrusteeAddress != "":
		return t.TrusteeAddress
	}
	return t.Trustee
}

func (o oracle) say(mailbox, principal string, can []string, route, via, scope, members, key string) {
	for _, c := range can {
		if mailbox != principal {
			o.out[strings.Join([]string{mailbox, principal, c, route, via, scope, members, key}, " / ")] = true
		}
	}
}

func (o oracle) principals() []string {
	return append(append(slices.Clone(castPeople), castGroups...), "app2", "lost", "Ghost", "S-1-5-21-9", `EUR\Domain Admins`, "default", "x@fabrikam.example")
}

func (o oracle) all() map[string]bool {
	for _, p := range o.principals() {
		for _, m := range castBoxes {
			for _, right := range []string{FullAccess, ChangePermission, ChangeOwner, DeleteItem} {
				o.mailboxRight(m, p, right)
			}
			o.sending(m, p)
			o.folders(m, p)
			o.consents(m, p)
		}
		o.appRoles(p)
		o.rbac(p)
		o.admins(p)
	}
	o.content()
	return o.out
}

func (o oracle) mailboxRight(mailbox, principal, right string) {
	about := those(ofType[snapshot.MailboxPermission](o), func(r snapshot.MailboxPermission) bool {
		return r.Mailbox == mailbox && slices.Contains(r.Rights, right) && o.concerns(r.TrusteeRef, principal)
	})
	has := func(deny, inherited bool) bool {
		return slices.ContainsFunc(about, func(r snapshot.MailboxPermission) bool { return r.Deny == deny && r.Inherited == inherited })
	}
	if has(true, false) {
		return
	}
	decided := slices.ContainsFunc(about, func(r snapshot.MailboxPermission) bool {
		_, _, shown := o.as(principalOf(r.TrusteeRef), r.TrusteeType, principal, false)
		return !r.Deny && !r.Inherited && shown && r.TrusteeType != "well-known"
	})
	for _, r := range about {
		// What stands on the mailbox itself decides before anything inherited.
		if r.Deny || r.TrusteeType == "well-known" || r.Inherited && (decided || has(true, true)) {
			continue
		}
		if via, members, ok := o.as(principalOf(r.TrusteeRef), r.TrusteeType, principal, false); ok {
			can, route := []string{"manage"}, RouteMailboxPermission
			switch right {
			case FullAccess:
				can, route = []string{"read", "change"}, RouteFullAccess
			case DeleteItem:
				can = []string{"change"}
			}
			o.say(mailbox, principal, can, route, via, "mailbox", members, snapshot.Key(r))
		}
	}
}

func (o oracle) sending(mailbox, principal string) {
	denied := false
	all := ofType[snapshot.SendAsPermission](o)
	for _, r := range all {
		denied = denied || r.Mailbox != nil && *r.Mailbox == mailbox && r.AccessControlType == "Deny" && o.concerns(r.TrusteeRef, principal)
	}
	for _, r := range all {
		via, members, ok := o.as(principalOf(r.TrusteeRef), r.TrusteeType, principal, false)
		if ok && !denied && r.Mailbox != nil && *r.Mailbox == mailbox && r.AccessControlType == "Allow" && r.TrusteeType != "well-known" {
			o.say(mailbox, principal, []string{"sendAs"}, RouteSendAs, via, "mailbox", members, snapshot.Key(r))
		}
	}
	for _, r := range ofType[snapshot.SendOnBehalfDelegate](o) {
		if via, members, ok := o.as(principalOf(r.TrusteeRef), r.TrusteeType, principal, false); ok && r.Mailbox == mailbox && r.TrusteeType != "well-known" {
			o.say(mailbox, principal, []string{"sendOnBehalf"}, RouteSendOnBehalf, via, "mailbox", members, snapshot.Key(r))
		}
	}
}

func (o oracle) folders(mailbox, principal string) {
	for _, r := range ofType[snapshot.FolderPermission](o) {
		via, members, ok := o.as(principalOf(r.TrusteeRef), r.TrusteeType, principal, false)
		if !ok || r.Mailbox != mailbox || r.TrusteeType == "well-known" {
			continue
		}
		var can []string
		if slices.Contains(r.Rights, ReadItems) {
			can = append(can, "read")
		}
		if slices.Contains(r.Rights, EditAllItems) || slices.Contains(r.Rights, DeleteAllItems) {
			can = append(can, "change")
		}
		if slices.Contains(r.Rights, FolderOwner) {
			can = append(can, "manage")
		}
		key := snapshot.Key(r)
		if o.hidden(r, principal) {
			key += " hidden"
		}
		o.say(mailbox, principal, can, RouteFolder, via, "folder:"+r.FolderPath, members, key)
	}
}

// hidden: some folder above was read, and nobody let the principal see it.
func (o oracle) hidden(r snapshot.FolderPermission, principal string) bool {
	levels := strings.Split(r.FolderPath, "/")
	for n := 2; n < len(levels); n++ {
		parent, read, seen := strings.Join(levels[:n], "/"), false, false
		for _, f := range ofType[snapshot.FolderPermission](o) {
			if f.Mailbox == r.Mailbox && f.FolderPath == parent && f.FolderType != "Root" {
				read = true
				seen = seen || slices.Contains(f.Rights, FolderVisible) && f.TrusteeType != "well-known" && (f.TrusteeType == "default" || o.concerns(f.TrusteeRef, principal))
			}
		}
		if read && !seen {
			return true
		}
	}
	return false
}

func (o oracle) app(id string) (snapshot.ServicePrincipal, bool) {
	for _, s := range ofType[snapshot.ServicePrincipal](o) {
		if s.ID == id {
			return s, true
		}
	}
	return snapshot.ServicePrincipal{}, false
}

func (o oracle) outsider(id string) bool {
	s, ok := o.app(id)
	return ok && !s.FirstParty
}

var mailResources = []string{"graph", "exo"}

func (o oracle) consents(mailbox, principal string) {
	for _, g := range ofType[snapshot.OAuth2PermissionGrant](o) {
		reach, ok := facts.MailPermission(g.Scope, facts.Delegated)
		if !ok || g.Client != principal || !o.outsider(principal) || !slices.Contains(mailResources, g.Resource) {
			continue
		}
		if g.ConsentType == "AllPrincipals" {
			o.say("*", principal, reach.Can, RouteDelegatedGrant, g.Scope, "tenant", "", snapshot.Key(g))
		} else if g.Principal == mailbox {
			o.say(mailbox, principal, reach.Can, RouteDelegatedGrant, g.Scope, "mailbox", "", snapshot.Key(g))
		}
	}
}

// inScope: a scope names a group with known members, or one mailbox; known is false otherwise.
func (o oracle) inScope(scopeID, mailbox string) (in, known bool) {
	if list, ok := o.leaves(scopeID); ok {
		return slices.Contains(list, mailbox), true
	}
	return scopeID == mailbox, slices.Contains(castBoxes, scopeID)
}

func (o oracle) appRoles(principal string) {
	for _, r := range ofType[snapshot.AppRoleAssignment](o) {
		kind := map[string]string{"ServicePrincipal": "application", "Group": "group"}[r.PrincipalType]
		via, members, ok := o.as(r.Principal, kind, principal, true)
		reach, opens := facts.MailPermission(r.AppRole, facts.Application)
		if !ok || !opens || !slices.Contains(mailResources, r.Resource) || typeOf(principal) != "group" && !o.outsider(principal) {
			continue
		}
		if via != "" {
			via += " > "
		}
		say := func(mailbox, scope string) {
			o.say(mailbox, principal, reach.Can, RouteApplication, via+r.AppRole, scope, members, snapshot.Key(r))
		}
		s, _ := o.app(principal)
		policies := those(ofType[snapshot.ApplicationAccessPolicy](o), func(p snapshot.ApplicationAccessPolicy) bool {
			return reach.Policy && p.Kind == "applicationAccessPolicy" && p.AppID == s.AppID
		})
		slices.SortFunc(policies, func(a, b snapshot.ApplicationAccessPolicy) int { return strings.Compare(a.Scope, b.Scope) })
		if !slices.ContainsFunc(policies, func(p snapshot.ApplicationAccessPolicy) bool { return p.AccessRight == "RestrictAccess" }) {
			say("*", "tenant")
			continue
		}
		for _, p := range policies {
			if _, known := o.inScope(p.ScopeID, ""); !known && p.AccessRight == "RestrictAccess" {
				say("*", "members:"+p.Scope)
			}
		}
		for _, m := range castBoxes {
			name, denied := "", false
			for _, p := range policies {
				in, known := o.inScope(p.ScopeID, m)
				denied = denied || in && known && p.AccessRight == "DenyAccess"
				if in && known && p.AccessRight == "RestrictAccess" && name == "" {
					name = p.Scope
				}
			}
			if name != "" && !denied {
				say(m, "members:"+name)
			}
		}
	}
}

// reachOf is where a scoped assignment holds: mailbox -> the words for it.
func (o oracle) reachOf(scope, scopeID string) map[string]string {
	out := map[string]string{}
	if scope == "" && scopeID == "" {
		return map[string]string{"*": "tenant"}
	}
	for _, m := range castBoxes {
		in, known := o.inScope(scopeID, m)
		if !known {
			return map[string]string{"*": "members:" + scope}
		}
		if in {
			out[m] = "members:" + scope
		}
	}
	return out
}

func (o oracle) rbac(principal string) {
	for _, p := range ofType[snapshot.ApplicationAccessPolicy](o) {
		s, _ := o.app(principal)
		can := map[string][]string{"Application Mail.Read": {"read"}, "Application Mail Full Access": {"read", "change", "sendAs"}, "Application Exchange Full Access": {"read", "change", "sendAs"}}[p.AccessRight]
		if p.Kind == "roleAssignment" && s.AppID == p.AppID && s.AppID != "" && !s.FirstParty {
			for m, scope := range o.reachOf(p.Scope, p.ScopeID) {
				o.say(m, principal, can, RouteApplication, p.AccessRight, scope, "", snapshot.Key(p))
			}
		}
	}
}

func (o oracle) admins(principal string) {
	behind := func(via string) string {
		if via == "" {
			return ""
		}
		return " > " + via
	}
	for _, r := range ofType[snapshot.ExchangeRoleAssignment](o) {
		if via, members, ok := o.as(r.Member, holderType(r.MemberType), principal, false); ok && r.MemberName != "Company Administrator" {
			o.say("*", principal, []string{"manage"}, RouteExchangeRole, r.RoleGroup+" > Mail Recipients"+behind(via), "tenant", members, snapshot.Key(r))
			o.say("*", principal, []string{"read"}, RouteExchangeRole, r.RoleGroup+" > Mailbox Search"+behind(via), "tenant", members, snapshot.Key(r))
		}
	}
	for _, r := range ofType[snapshot.ManagementRoleAssignment](o) {
		can := map[string][]string{"ApplicationImpersonation": {"read", "change", "sendAs"}, "Mail Recipients": {"manage"}}[r.Role]
		if via, members, ok := o.as(r.Assignee, holderType(r.AssigneeType), principal, false); ok && !r.Delegating && (r.Enabled == nil || *r.Enabled) {
			for m, scope := range o.reachOf(r.Scope, r.ScopeID) {
				o.say(m, principal, can, RouteExchangeRole, "direct > "+r.Role+behind(via), scope, members, snapshot.Key(r))
			}
		}
	}
	for _, r := range ofType[snapshot.DirectoryRoleAssignment](o) {
		if via, members, ok := o.as(r.Member, holderType(r.MemberType), principal, false); ok && r.Scope == "/" && r.RoleTemplateID != facts.GlobalReader {
			o.say("*", principal, []string{"manage"}, RouteDirectoryRole, "the role"+behind(via), "tenant", members, snapshot.Key(r))
		}
	}
}

func holderType(memberType string) string {
	if memberType == "servicePrincipal" {
		return "application"
	}
	return memberType
}

func (o oracle) content() {
	for _, m := range ofType[snapshot.Mailbox](o) {
		switch m.ForwardingTargetType {
		case "external":
			o.say(m.Mailbox, "x@fabrikam.example", []string{"receive"}, RouteForwarding, "", "mailbox", "", snapshot.Key(m))
			o.say(m.Mailbox, "Nobody", []string{"receive"}, RouteForwarding, "", "mailbox", "", snapshot.Key(m))
		case "internal":
			o.say(m.Mailbox, "desk@contoso.example", []string{"receive"}, RouteForwarding, "", "mailbox", "", snapshot.Key(m))
		}
	}
	for _, r := range ofType[snapshot.InboxRule](o) {
		if !r.System {
			o.say(r.Mailbox, "y@fabrikam.example", []string{"receive"}, RouteInboxRule, r.Name, "mailbox", "", snapshot.Key(r))
		}
	}
	for _, r := range ofType[snapshot.TransportRule](o) {
		o.say("*", "z@fabrikam.example", []string{"receive"}, RouteTransportRule, r.Name, "tenant", "", snapshot.Key(r))
	}
}

// engineOf feeds a tenant to the engine.
func engineOf(t tenant) *Access {
	a := NewAccess(nil)
	a.most = t.most
	for _, r := range t.rows {
		a.Add(r)
	}
	for g := range t.known {
		a.KnownGroup(g)
	}
	return a
}

func said(r snapshot.AccessRow) string {
	members, key := "", r.Key
	if r.Members != nil {
		members = fmt.Sprint(*r.Members)
	}
	if strings.Contains(r.Note, "not reachable in Outlook") {
		key += " hidden"
	}
	return strings.Join([]string{r.Mailbox, r.Principal, r.Capability, r.Route, r.Via, r.Scope, members, key}, " / ")
}

// Random tenants: the engine, which goes by mailbox, and the oracle, which goes by
// principal, know the same rows; rows come in key order, each once.
func TestAccessAgreesWithTheOracle(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	tenants, rows := 3000, 0
	if testing.Short() {
		tenants = 300
	}
	for n := range tenants {
		tenant := randomTenant(r)
		got, last := map[string]bool{}, ""
		for row := range engineOf(tenant).Rows() {
			rows++
			got[said(row)] = true
			order := strings.Join([]string{row.Mailbox, row.Principal, row.Capability, row.Route, row.Via, row.Scope, row.Key}, "\x00")
			if order <= last {
				t.Fatalf("seed %d, tenant %d: %q after %q", seed, n, order, last)
			}
			last = order
			if row.PrincipalName == "" || row.PrincipalType == "" || row.Close == "" || row.Dataset == "" {
				t.Fatalf("seed %d, tenant %d: %+v lacks a column", seed, n, row)
			}
		}
		if want := newOracle(tenant).all(); !maps.Equal(got, want) {
			t.Fatalf("seed %d, tenant %d (groups up to %d, known %v):\n%s%s", seed, n, tenant.most, tenant.known, difference("only the engine:", got, want), difference("only the oracle:", want, got)+"\n"+listing(tenant.rows))
		}
	}
	if rows < tenants {
		t.Errorf("%d rows in %d tenants: too few to mean anything", rows, tenants)
	}
	t.Logf("%d rows in %d tenants", rows, tenants)
}

func difference(title string, a, b map[string]bool) string {
	out := title + "\n"
	for _, k := range slices.Sorted(maps.Keys(a)) {
		if !b[k] {
			out += "  " + k + "\n"
		}
	}
	return out
}

func listing(rows []any) string {
	out := ""
	for _, r := range rows {
		out += fmt.Sprintf("  %T %+v\n", r, r)
	}
	return out
}
