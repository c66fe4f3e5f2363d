package permissions

import (
	"slices"
	"strings"

	"tenantaudit/internal/snapshot"
)

// Members returns the members of a group, direct or transitive, by its Entra
// object id. nil means that they are not known; an empty slice means none.
type Members = func(groupID string) []snapshot.GroupMember

// Expand returns everybody who is in a group by any path, nested groups
// included, sorted by id and without repetition; groups themselves are left out.
// Cycles end. complete is false when the members of the group, or of a group in
// it, are not known: the list is then a part. visited holds the groups that were
// expanded already and may be nil.
func Expand(groupID string, members Members, visited map[string]bool) (leaves []snapshot.GroupMember, complete bool) {
	if visited == nil {
		visited = map[string]bool{}
	}
	seen := map[string]bool{}
	complete = true
	pending := []string{groupID}
	for len(pending) > 0 {
		id := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		if visited[foldKey(id)] {
			continue
		}
		visited[foldKey(id)] = true
		var list []snapshot.GroupMember
		if members != nil {
			list = members(id)
		}
		if list == nil {
			complete = false
			continue
		}
		for _, m := range list {
			switch {
			case m.MemberType == snapshot.TrusteeGroup:
				pending = append(pending, m.Member)
			case !seen[foldKey(m.Member)]:
				seen[foldKey(m.Member)] = true
				leaves = append(leaves, m)
			}
		}
	}
	slices.SortFunc(leaves, func(a, b snapshot.GroupMember) int { return strings.Compare(a.Member, b.Member) })
	return leaves, complete
}
