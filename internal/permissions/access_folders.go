package permissions

import (
	"hash/maphash"
	"strings"

	"tenantaudit/internal/snapshot"
)

// folderRef is a folder with a right of somebody on it.
type folderRef struct {
	path, id       uint32
	root, calendar bool
}

// folderMark says that a folder of a mailbox was read: its path as a number.
type folderMark struct {
	box  uint32
	hash [2]uint32
}

var pathSeed = maphash.MakeSeed()

func pathHash(path string) [2]uint32 {
	h := maphash.String(pathSeed, path)
	return [2]uint32{uint32(h >> 32), uint32(h)}
}

func (a *Access) addFolder(p snapshot.FolderPermission) {
	n := a.box(p.Mailbox, p.MailboxAddress)
	root := p.FolderType == "Root"
	if mark := (folderMark{n, pathHash(p.FolderPath)}); !root && (len(a.read) == 0 || a.read[len(a.read)-1] != mark) {
		a.read = append(a.read, mark)
	}
	var can rights
	for _, r := range p.Rights {
		switch r {
		case ReadItems:
			can |= folderRead
		case EditAllItems, DeleteAllItems:
			can |= folderChange
		case FolderOwner:
			can |= folderManage
		case FolderVisible:
			can |= folderVisible
		}
	}
	if can == 0 || p.TrusteeType == snapshot.TrusteeWellKnown {
		return
	}
	a.grants = append(a.grants, grant{
		box: n, holder: a.holder(p.TrusteeRef, ""), detail: a.folder(n, p, root), kind: grantFolder, rights: can,
	})
}

// folder returns the index of a folder. The entries of one follow each other.
func (a *Access) folder(box uint32, p snapshot.FolderPermission, root bool) uint32 {
	path := a.texts.Ref(p.FolderPath)
	if last := len(a.folders) - 1; last >= 0 && len(a.grants) > 0 {
		f, g := a.folders[last], a.grants[len(a.grants)-1]
		if g.kind == grantFolder && g.box == box && f.path == path && a.texts.Get(f.id) == p.FolderID {
			return uint32(last)
		}
	}
	a.folders = append(a.folders, folderRef{path: path, id: a.texts.Add(p.FolderID), root: root, calendar: p.FolderType == "Calendar"})
	return uint32(len(a.folders) - 1)
}

// folderView is what is known of the folders of one mailbox.
type folderView struct {
	c     *answer
	list  []grant
	marks []folderMark

	read    map[[2]uint32]bool
	visible map[uint32][]uint32 // path -> who may see the folder
}

func (v *folderView) prepare() {
	if v.read != nil {
		return
	}
	v.read, v.visible = make(map[[2]uint32]bool, len(v.marks)), map[uint32][]uint32{}
	for _, m := range v.marks {
		v.read[m.hash] = true
	}
	for _, g := range v.list {
		if g.kind == grantFolder && g.rights&folderVisible != 0 {
			path := v.c.folders[g.detail].path
			v.visible[path] = append(v.visible[path], g.holder)
		}
	}
}

func (v *folderView) grant(g grant) {
	c := v.c
	t, f := c.trustees[g.holder], c.folders[g.detail]
	path := c.texts.Get(f.path)
	key := ""
	for _, r := range []struct {
		right rights
		can   string
	}{{folderRead, snapshot.CanRead}, {folderChange, snapshot.CanChange}, {folderManage, snapshot.CanManage}} {
		if g.rights&r.right == 0 {
			continue
		}
		if key == "" {
			key = snapshot.Key(snapshot.FolderPermission{Mailbox: c.mailbox, FolderID: c.texts.Get(f.id), TrusteeRef: snapshot.TrusteeRef{Trustee: c.texts.Get(t.name)}})
		}
		for h := range c.holders(t.who, t.kind, 0) {
			c.put(h, way{
				can: r.can, route: RouteFolder, via: c.groupName(h.group), scope: "folder:" + path, note: v.hiddenBy(path, h.who),
				close: c.closeGrant(h, func() string { return c.closeFolder(f, t) }), dataset: snapshot.FolderPermissions, key: key,
			})
		}
	}
}

// hiddenBy says that a folder cannot be reached in Outlook: one that it lies in was
// read, and neither the principal nor Default may see that one.
func (v *folderView) hiddenBy(path string, who uint32) string {
	for i := 1; i < len(path); i++ {
		next := strings.IndexByte(path[i:], '/')
		if next < 0 {
			return ""
		}
		i += next
		parent := path[:i]
		v.prepare()
		if v.read[pathHash(parent)] && !v.sees(parent, who) {
			return "not reachable in Outlook: " + parent + " is not visible to it"
		}
	}
	return ""
}

func (v *folderView) sees(path string, who uint32) bool {
	ref, ok := v.c.texts.Find(path)
	if !ok {
		return false
	}
	for _, holder := range v.visible[ref] {
		if v.c.trustees[holder].kind == kindDefault || v.c.names(holder, who) {
			return true
		}
	}
	return false
}
