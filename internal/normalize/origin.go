package normalize

import (
	"slices"

	"tenantaudit/internal/permissions"
	"tenantaudit/internal/snapshot"
)

// Origin is what a dataset is made of.
type Origin struct {
	// Listings are read once for the tenant.
	Listings []snapshot.Source
	// PerMailbox are read for each mailbox; every one of them is needed.
	PerMailbox []snapshot.Source
	// Objects lists the objects that PerMailbox is read of; "" for none.
	Objects snapshot.Source
}

// OriginOf says what a dataset is made of. ok is false for one that is computed from
// other datasets: PartsOf has those.
func OriginOf(set snapshot.Dataset) (origin Origin, ok bool) {
	o, ok := origins[set]
	return Origin{Listings: slices.Clone(o.listings), PerMailbox: slices.Clone(o.perMailbox), Objects: o.needs}, ok
}

// PartsOf are the datasets that a computed dataset is computed from; nil for any other.
func PartsOf(set snapshot.Dataset) []snapshot.Dataset {
	if set != snapshot.EffectiveAccess {
		return nil
	}
	return slices.Clone(permissions.AccessInputs)
}

// OptionalLicence reports whether a source that the service says is not there leaves
// nothing unread: the tenant has nothing of the kind. licensed: it has the licence that
// the source asks for.
func OptionalLicence(src snapshot.Source, licensed bool) bool {
	return optionalLicence[src] && (src != roleScheduleSource || !licensed)
}

// Resolvers are the lists that turn the names in a dataset's rows into people and groups. certain: without one of them the dataset is not complete;
// otherwise rows may hold somebody or something that could not be found. nil for a dataset that stands without them.
func Resolvers(set snapshot.Dataset) (sources []snapshot.Source, certain bool) {
	switch set {
	case snapshot.GroupMembers:
		return slices.Clone(names), true
	case snapshot.MailboxPermissions, snapshot.SendAs, snapshot.SendOnBehalf, snapshot.FolderPermissions, snapshot.ManagementRoleAssignments:
		return slices.Clone(names), false
	}
	return nil, false
}
