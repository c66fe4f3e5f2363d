package permissions

import (
	"cmp"
	"slices"
	"strings"

	"tenantaudit/internal/snapshot"
)

// id returns the number of an object's id. GUIDs are compared without regard to case.
func (a *Access) id(s string) uint32 {
	if isGUID(s) {
		s = strings.ToLower(s)
	}
	return a.texts.Ref(s)
}

func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, c := range []byte(s) {
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
		default:
			return false
		}
	}
	return true
}

// kind is a trustee type in one byte.
type kind uint8

var kinds = []string{
	"", snapshot.TrusteeUser, snapshot.TrusteeGuest, snapshot.TrusteeGroup, snapshot.TrusteeApplication, snapshot.TrusteeContact,
	snapshot.TrusteeDefault, snapshot.TrusteeAnonymous, snapshot.TrusteeExternal, snapshot.TrusteeWellKnown, snapshot.TrusteeOrphaned, snapshot.TrusteeUnresolved,
}

const (
	kindGroup       kind = 3
	kindApplication kind = 4
	kindDefault     kind = 6
	kindExternal    kind = 8
	kindUnresolved  kind = 11
)

// kindOf reads a trustee type or a member type. What has none is unresolved: an id
// alone says that somebody is there.
func kindOf(s string) kind {
	if s == "servicePrincipal" {
		return kindApplication
	}
	if n := slices.Index(kinds, s); n > 0 {
		return kind(n)
	}
	return kindUnresolved
}

// rights is a set of what a grant gives.
type rights uint8

const (
	canFullAccess rights = 1 << iota
	canChangePermission
	canChangeOwner
	canDeleteItem
	canSendAs
	canSendOnBehalf
)

// The rights of a folder grant.
const (
	folderRead rights = 1 << iota
	folderChange
	folderManage
	folderVisible
)

type grantKind uint8

const (
	grantMailbox grantKind = iota
	grantSendAs
	grantSendOnBehalf
	grantFolder
)

// grant is one entry that stands on a mailbox or on a folder of it.
type grant struct {
	box    uint32 // index of boxes
	holder uint32 // index of trustees
	// detail is an index of folders for folder grants, the text of the recipient for SendAs.
	detail          uint32
	kind            grantKind
	rights          rights
	deny, inherited bool
}

// box is a mailbox.
type box struct {
	id, address uint32
	known       bool // there is a row of it
	group       bool // of a Microsoft 365 group: its id is that of the group
}

// box returns the index of a mailbox.
func (a *Access) box(id, address string) uint32 {
	ref := a.texts.Ref(id)
	n, ok := a.boxAt[ref]
	if !ok {
		n = uint32(len(a.boxes))
		a.boxes = append(a.boxes, box{id: ref})
		a.boxAt[ref] = n
	}
	if a.boxes[n].address == 0 {
		a.boxes[n].address = a.texts.Ref(address)
	}
	return n
}

// trustee is who an entry names.
type trustee struct {
	name, sid uint32 // as sent: they are part of the row's key
	who       uint32 // the principal: an id, "default", "anonymous", else the text
	kind      kind
}

// holder returns the index of a trustee.
func (a *Access) holder(t snapshot.TrusteeRef, sid string) uint32 {
	h := trustee{name: a.texts.Ref(t.Trustee), sid: a.texts.Ref(sid), kind: kindOf(t.TrusteeType)}
	h.who = a.principal(t)
	n, ok := a.holderAt[h]
	if !ok {
		n = uint32(len(a.trustees))
		a.trustees = append(a.trustees, h)
		a.holderAt[h] = n
		a.meet(h.who, trusteeName(t), t.TrusteeAddress, byText)
	}
	return n
}

func (a *Access) principal(t snapshot.TrusteeRef) uint32 {
	switch {
	case t.TrusteeID != "":
		return a.id(t.TrusteeID)
	case t.TrusteeType == snapshot.TrusteeDefault, t.TrusteeType == snapshot.TrusteeAnonymous:
		return a.texts.Ref(t.TrusteeType)
	case t.TrusteeType == snapshot.TrusteeExternal:
		return a.texts.Ref(cmp.Or(t.TrusteeAddress, t.Trustee))
	}
	return a.texts.Ref(t.Trustee)
}

func trusteeName(t snapshot.TrusteeRef) string {
	switch t.TrusteeType {
	case snapshot.TrusteeDefault:
		return "Default"
	case snapshot.TrusteeAnonymous:
		return "Anonymous"
	case snapshot.TrusteeExternal:
		return cmp.Or(t.TrusteeAddress, t.Trustee)
	}
	return t.Trustee
}

// person is what is shown of a principal.
type person struct {
	name, address uint32
	from          source
}

// source says where a name is from, the best first.
type source uint8

const (
	byDirectory source = iota
	byObject           // the object's own row
	byMember           // as a member of something
	byText             // how an entry named it
)

// meet notes the name and address of a principal. The directory knows best; among
// rows the better source wins, and of equals the first.
func (a *Access) meet(who uint32, name, address string, from source) {
	p, known := a.people[who]
	if known && p.name != 0 && p.from <= from {
		return
	}
	if !known && a.dir != nil {
		if e, ok := a.dir.ByID(a.texts.Get(who)); ok && e.label() != "" {
			name, address, from = e.label(), e.Address, byDirectory
		}
	}
	if name == "" && p.name != 0 {
		return
	}
	next := person{name: a.texts.Ref(name), address: a.texts.Ref(address), from: from}
	if next.address == 0 {
		next.address = p.address
	}
	a.people[who] = next
}

// group is a group with those of its members who are no groups themselves.
type group struct {
	name   uint32
	known  bool
	wide   bool   // its entries times its members are more than MostGroupRows
	leaves []leaf // sorted by who and unique once Rows has begun
}

type leaf struct {
	who  uint32
	kind kind
}

func (a *Access) group(id uint32) *group {
	g := a.groups[id]
	if g == nil {
		g = &group{}
		a.groups[id] = g
	}
	return g
}

func (a *Access) addMember(m snapshot.GroupMember) {
	g := a.group(a.id(m.Group))
	if g.name == 0 {
		g.name = a.texts.Ref(m.GroupName)
	}
	if m.MemberType == snapshot.TrusteeGroup || m.MemberType == "device" {
		return // its own members are listed with the group's
	}
	who := a.id(m.Member)
	g.leaves = append(g.leaves, leaf{who, kindOf(m.MemberType)})
	a.meet(who, m.MemberName, "", byMember)
}

// settle sorts the members of every group, and finds the groups that would take too many rows.
func (a *Access) settle() {
	for _, g := range a.groups {
		slices.SortFunc(g.leaves, func(x, y leaf) int { return cmp.Or(cmp.Compare(x.who, y.who), cmp.Compare(x.kind, y.kind)) })
		g.leaves = slices.CompactFunc(g.leaves, func(x, y leaf) bool { return x.who == y.who })
	}
	entries := map[uint32]int64{}
	for _, g := range a.grants {
		if t := a.trustees[g.holder]; t.kind == kindGroup {
			entries[t.who]++
		}
	}
	for who, n := range entries {
		if g := a.groups[who]; g != nil {
			g.wide = n*int64(len(g.leaves)) > a.rows
		}
	}
}

// in reports whether somebody is a known member of a group.
func (a *Access) in(groupID, who uint32) bool {
	g := a.groups[groupID]
	if g == nil || !g.known {
		return false
	}
	_, found := slices.BinarySearchFunc(g.leaves, who, func(l leaf, who uint32) int { return cmp.Compare(l.who, who) })
	return found
}
