package normalize

import (
	"cmp"
	"slices"

	"tenantaudit/internal/graph/wire"
	"tenantaudit/internal/snapshot"
)

// ownersOf reads the owners of the objects that have a unit of their own in a source; a
// missing key means that they were not read.
func (n *run) ownersOf(src snapshot.Source) (map[string][]snapshot.ObjectRef, error) {
	out := map[string][]snapshot.ObjectRef{}
	units, err := n.store.Units(n.ctx, src)
	if err != nil {
		return nil, err
	}
	for _, u := range units {
		if u.State == snapshot.Complete && u.Unit.Key != "" {
			out[u.Unit.Key] = []snapshot.ObjectRef{}
		}
	}
	for raw, err := range n.store.Rows(n.ctx, src) {
		if err != nil {
			return nil, err
		}
		list, read := out[raw.Unit.Key]
		if !read {
			continue
		}
		o, err := wire.DecodeDirectoryObject(raw.Row)
		if err != nil {
			n.oddRows[src]++
		}
		out[raw.Unit.Key] = append(list, objectRef(o))
	}
	for id, list := range out {
		out[id] = sortedRefs(list)
	}
	return out, nil
}

func objectRef(o wire.DirectoryObject) snapshot.ObjectRef {
	return snapshot.ObjectRef{ID: o.ID, Name: firstOf(o.DisplayName, o.UserPrincipalName), Type: string(o.Kind())}
}

func sortedRefs(list []snapshot.ObjectRef) []snapshot.ObjectRef {
	slices.SortFunc(list, func(a, b snapshot.ObjectRef) int { return cmp.Compare(a.ID, b.ID) })
	return slices.CompactFunc(list, func(a, b snapshot.ObjectRef) bool { return a.ID == b.ID })
}

// servicePrincipalOwners are the owners of each service principal of which they were read.
func (n *run) servicePrincipalOwners() (map[string][]snapshot.ObjectRef, error) {
	const src = "graph/servicePrincipalOwners"
	owners, err := n.ownersOf(src)
	if err != nil {
		return nil, err
	}
	for raw, err := range n.store.Rows(n.ctx, src) {
		if err != nil {
			return nil, err
		}
		if raw.Unit.Key != "" {
			continue
		}
		s, err := wire.DecodeServicePrincipalOwners(raw.Row)
		if err != nil {
			n.oddRows[src]++
		}
		if _, inFull := owners[s.ID]; inFull || err != nil || s.Owners == nil || len(s.Owners) >= ownerLimit {
			continue
		}
		list := []snapshot.ObjectRef{}
		for _, o := range s.Owners {
			list = append(list, objectRef(o))
		}
		owners[s.ID] = sortedRefs(list)
	}
	return owners, nil
}

// ownerLimit is how many owners an expanded list shows: as many may be cut.
const ownerLimit = 20

// applicationOwners reads who owns the registrations of this tenant; the function
// returned tells it by app id: none for an application that is not registered here, nil
// where that was not read.
func (n *run) applicationOwners() (func(appID string) []snapshot.ObjectRef, error) {
	const src = "graph/applicationOwners"
	owners, err := n.ownersOf(src)
	if err != nil {
		return nil, err
	}
	registered := map[string]string{} // app id -> object id
	for raw, err := range n.store.Rows(n.ctx, src) {
		if err != nil {
			return nil, err
		}
		if raw.Unit.Key != "" {
			continue
		}
		a, err := wire.DecodeApplicationOwners(raw.Row)
		if err != nil {
			n.oddRows[src]++
		}
		if a.AppID != "" {
			registered[a.AppID] = a.ID
		}
		if _, inFull := owners[a.ID]; inFull || err != nil || a.Owners == nil || len(a.Owners) >= ownerLimit {
			continue
		}
		list := []snapshot.ObjectRef{}
		for _, o := range a.Owners {
			list = append(list, objectRef(o))
		}
		owners[a.ID] = sortedRefs(list)
	}
	const list = "graph/applications"
	for r, err := range n.store.Rows(n.ctx, list) {
		if err != nil {
			return nil, err
		}
		if a, _ := wire.DecodeApplication(r.Row); a.AppID != "" { // its faults are counted where its credentials are read
			registered[a.AppID] = a.ID
		}
	}
	known, err := n.complete(list)
	if err != nil {
		return nil, err
	}
	return func(appID string) []snapshot.ObjectRef {
		id, here := registered[appID]
		switch {
		case here:
			return owners[id]
		case known:
			return []snapshot.ObjectRef{}
		}
		return nil
	}, nil
}
