package normalize

import (
	"tenantaudit/internal/graph/wire"
	"tenantaudit/internal/snapshot"
)

// memberIndex holds the transitive members of the groups that were read in full.
type memberIndex map[string][]snapshot.GroupMember

// members lists who is in a group; nil when that was not read in full. Nested groups
// are left out: the list is transitive, so their members are in it already.
func (m memberIndex) members(id string) []snapshot.GroupMember { return m[id] }

// groupMembers reads and writes the members of the groups that matter.
func (n *run) groupMembers() error {
	n.groups = memberIndex{}
	units, err := n.store.Units(n.ctx, "graph/groupMembers")
	if err != nil {
		return err
	}
	for _, u := range units {
		if u.State == snapshot.Complete {
			n.groups[u.Unit.Key] = []snapshot.GroupMember{}
		}
	}
	seen, group := map[string]bool{}, ""
	for r, err := range decode(n, "graph/groupMembers", wire.DecodeDirectoryObject) {
		if err != nil {
			return err
		}
		if r.Unit.Key != group {
			group, seen = r.Unit.Key, map[string]bool{}
		}
		if r.V.ID == "" || seen[r.V.ID] {
			continue
		}
		seen[r.V.ID] = true
		row := snapshot.GroupMember{Group: group, Member: r.V.ID, MemberName: r.V.DisplayName, MemberType: string(r.V.Kind())}
		if e, ok := n.dir.ByID(group); ok {
			row.GroupName = e.DisplayName
		}
		// A caller who may not read a member's type gets its id alone; the directory may know more.
		if e, ok := n.dir.ByID(r.V.ID); ok {
			row.MemberName = firstOf(row.MemberName, e.DisplayName)
			if row.MemberType == "" || row.MemberType == snapshot.TrusteeUser && e.Kind == snapshot.TrusteeGuest {
				row.MemberType = memberKind(e.Kind)
			}
		}
		if known := n.groups[group]; known != nil && row.MemberType != snapshot.TrusteeGroup {
			n.groups[group] = append(known, row)
		}
		if err := n.sink(row); err != nil {
			return err
		}
	}
	return nil
}

// memberKind writes a trustee type in the words of member columns.
func memberKind(trusteeType string) string {
	if trusteeType == snapshot.TrusteeApplication {
		return "servicePrincipal"
	}
	return trusteeType
}
