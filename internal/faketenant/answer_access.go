package faketenant

import (
	"slices"
	"strings"
)

// Effective access is worked out from the plan by going through every grant and every
// member, one after the other: slow, and plain to see.

// Capabilities: what somebody can do with a mailbox.
const (
	canRead         = "read"
	canChange       = "change"
	canSendAs       = "sendAs"
	canSendOnBehalf = "sendOnBehalf"
	canManage       = "manage"
	canReceive      = "receive"
)

// everywhere is the mailbox column of access that no mailbox limits.
const everywhere = "*"

// listedMembers is how many people of a group are listed one by one; of a larger group
// the group itself is.
const listedMembers = 1000

// accessor is who reaches a mailbox.
type accessor struct {
	id, name, address, kind string
	people                  *int64 // in a group that stands for its members
	disabled                bool   // an application that is switched off
}

// reachRow is a row of effectiveAccess before it is written.
type reachRow struct {
	m                      *mailbox // nil: every mailbox
	who                    accessor
	capability, route, via string
	scope                  string
	dataset, key           string // the row that gives it
	folder                 string // type of the folder that it is limited to
}

// box is the mailbox column.
func (r reachRow) box() string {
	if r.m == nil {
		return everywhere
	}
	return r.m.id()
}

// rowKey is the natural key of the row.
func (r reachRow) rowKey() string {
	return rowKey(r.box(), r.who.id, r.capability, r.route, r.via, r.scope, r.key)
}

// rowKey joins the columns of a natural key; "|" and "%" in a value are escaped.
func rowKey(columns ...string) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = strings.ReplaceAll(strings.ReplaceAll(c, "%", "%25"), "|", "%7C")
	}
	return strings.Join(parts, "|")
}

// reachBook collects the rows of effectiveAccess.
type reachBook struct {
	*plan
	rows    []reachRow
	seen    map[string]bool
	members map[*principal][]*principal // people and applications of each group
}

// effectiveAccess lists every way in which somebody other than the owner reaches a mailbox.
func (p *plan) effectiveAccess() []reachRow {
	b := &reachBook{plan: p, seen: map[string]bool{}, members: map[*principal][]*principal{}}
	for _, m := range p.mailboxes {
		b.mailboxRights(m)
		b.folderRights(m)
		for _, h := range m.behalf {
			key := rowKey(m.id(), h.as)
			b.each(h, func(s stand) { b.put(m, s, "sendOnBehalf", "mailbox", "sendOnBehalf", key, canSendOnBehalf) })
		}
	}
	b.sendAsRights()
	b.applications()
	b.delegatedGrants()
	b.exchangeRoles()
	b.directoryRoles()
	b.content()
	slices.SortFunc(b.rows, func(x, y reachRow) int { return strings.Compare(x.rowKey(), y.rowKey()) })
	return b.rows
}

// add takes a row once; nobody is listed for a mailbox of their own.
func (b *reachBook) add(r reachRow) {
	if r.m != nil && r.m.id() == r.who.id {
		return
	}
	if k := r.rowKey(); !b.seen[k] {
		b.seen[k] = true
		b.rows = append(b.rows, r)
	}
}

// stand is somebody who has what a holder was given, and the group through which.
type stand struct {
	who accessor
	via string
}

func (b *reachBook) put(m *mailbox, s stand, route, scope, dataset, key string, capabilities ...string) {
	for _, c := range capabilities {
		b.add(reachRow{m: m, who: s.who, capability: c, route: route, via: s.via, scope: scope, dataset: dataset, key: key})
	}
}

// person describes an object of the directory.
func person(pr *principal) accessor {
	a := accessor{id: pr.key(), name: pr.display, address: pr.smtp, kind: pr.kind}
	a.disabled = pr.app != nil && pr.app.disabled
	return a
}

// leaves are the people and applications in a group; nil when nobody can list them.
func (b *reachBook) leaves(g *principal) []*principal {
	if g.id == (guid{}) {
		return nil
	}
	all, known := b.members[g]
	if !known {
		all = []*principal{}
		for _, m := range b.transitive(g) {
			if m.group == nil {
				all = append(all, m)
			}
		}
		b.members[g] = all
	}
	return all
}

// inGroup is who stands for a group: its members, or the group where they are too many
// or not known.
func (b *reachBook) inGroup(g *principal) []stand {
	all := b.leaves(g)
	if all == nil || len(all) > listedMembers {
		return []stand{{who: b.whole(g)}}
	}
	var out []stand
	for _, m := range all {
		out = append(out, stand{person(m), g.display})
	}
	return out
}

// whole is a group that stands for its members, with their number where it is known.
func (b *reachBook) whole(g *principal) accessor {
	a := person(g)
	if all := b.leaves(g); all != nil {
		n := int64(len(all))
		a.people = &n
	}
	return a
}

// of is who stands for a principal.
func (b *reachBook) of(pr *principal) []stand {
	if pr.group != nil {
		return b.inGroup(pr)
	}
	return []stand{{who: person(pr)}}
}

// behind is who stands for a holder. The service's own trustees are nobody.
func (b *reachBook) behind(h holder) []stand {
	switch {
	case h.kind == kindWellKnown:
		return nil
	case h.ref != nil:
		return b.of(h.ref)
	case h.kind == kindDefault || h.kind == kindAnonymous:
		return []stand{{who: accessor{id: h.kind, name: h.as, kind: h.kind}}}
	case h.address != "":
		return []stand{{who: accessor{id: h.address, name: h.address, address: h.address, kind: h.kind}}}
	}
	return []stand{{who: accessor{id: h.as, name: h.as, kind: h.kind}}}
}

func (b *reachBook) each(h holder, do func(stand)) {
	for _, s := range b.behind(h) {
		do(s)
	}
}

// refused are the ids that a Deny for a holder takes a right from: the holder itself, and
// everybody in the group that it is.
func (b *reachBook) refused(h holder) []string {
	if h.ref == nil {
		return []string{h.as}
	}
	out := []string{h.ref.key()}
	if h.ref.group != nil {
		for _, m := range b.leaves(h.ref) {
			out = append(out, m.key())
		}
	}
	return out
}

// mailboxRights: an explicit Deny beats an explicit Allow, that an inherited Deny, and that
// an inherited Allow; each right by itself.
func (b *reachBook) mailboxRights(m *mailbox) {
	for _, right := range []struct {
		name, route string
		gives       []string
	}{
		{"FullAccess", "fullAccess", []string{canRead, canChange}},
		{"ChangePermission", "mailboxPermission", []string{canManage}},
		{"ChangeOwner", "mailboxPermission", []string{canManage}},
		{"DeleteItem", "mailboxPermission", []string{canChange}},
	} {
		denied, deniedAbove, allowed := map[string]bool{}, map[string]bool{}, map[string]bool{}
		var entries []permissionRow
		for _, r := range b.permissionRows(m) {
			if r.h.kind == kindWellKnown || !slices.Contains(r.rights, right.name) {
				continue
			}
			entries = append(entries, r)
			switch {
			case r.deny && !r.inherited:
				mark(denied, b.refused(r.h))
			case r.deny:
				mark(deniedAbove, b.refused(r.h))
			case !r.inherited:
				b.each(r.h, func(s stand) { allowed[s.who.id] = true })
			}
		}
		for _, r := range entries {
			if r.deny {
				continue
			}
			b.each(r.h, func(s stand) {
				id := s.who.id
				if denied[id] || r.inherited && (allowed[id] || deniedAbove[id]) {
					return
				}
				b.put(m, s, right.route, "mailbox", "mailboxPermissions", r.key(), right.gives...)
			})
		}
	}
}

func mark(set map[string]bool, ids []string) {
	for _, id := range ids {
		set[id] = true
	}
}

// key is the natural key of a row of sendAs.
func (s sendAs) key() string { return rowKey(s.on.key(), s.as, s.sid, s.access()) }

// sendAsRights: a Deny beats an Allow.
func (b *reachBook) sendAsRights() {
	denied := map[*mailbox]map[string]bool{}
	for _, s := range b.plan.sendAs {
		if m := s.on.mailbox; m != nil && s.deny {
			if denied[m] == nil {
				denied[m] = map[string]bool{}
			}
			mark(denied[m], b.refused(s.holder))
		}
	}
	for _, s := range b.plan.sendAs {
		m := s.on.mailbox
		if m == nil || s.deny {
			continue
		}
		b.each(s.holder, func(st stand) {
			if !denied[m][st.who.id] {
				b.put(m, st, "sendAs", "mailbox", "sendAs", s.key(), canSendAs)
			}
		})
	}
}

// folderRights: roles over the folders that are read by default.
func (b *reachBook) folderRights(m *mailbox) {
	if !m.covered() || len(m.folderGrants) == 0 {
		return
	}
	for _, f := range m.folders() {
		if !f.inScope {
			continue
		}
		for _, g := range m.grantsOn(f) {
			has := func(right string) bool { return slices.Contains(expand(g.roles), right) }
			var gives []string
			if has("ReadItems") {
				gives = append(gives, canRead)
			}
			if has("EditAllItems") || has("DeleteAllItems") {
				gives = append(gives, canChange)
			}
			if has("FolderOwner") {
				gives = append(gives, canManage)
			}
			key := b.folderKey(m, f, g)
			b.each(g.holder, func(s stand) {
				for _, c := range gives {
					b.add(reachRow{m: m, who: s.who, capability: c, route: "folder", via: s.via, scope: "folder:" + f.path,
						dataset: "folderPermissions", key: key, folder: f.typ})
				}
			})
		}
	}
}

// folderKey is the natural key of a row of folderPermissions.
func (p *plan) folderKey(m *mailbox, f folder, g folderGrant) string {
	return rowKey(m.id(), p.folderID(m, f.number), g.as)
}

// keyEffectiveAccess writes the rows. Notes and remedies are words, and not in the key.
func (p *plan) keyEffectiveAccess() []map[string]any {
	var rows []map[string]any
	for _, r := range p.reach() {
		row := map[string]any{
			"mailbox": everywhere, "mailboxAddress": "", "principal": r.who.id, "principalName": r.who.name, "principalAddress": r.who.address,
			"principalType": r.who.kind, "capability": r.capability, "route": r.route, "via": r.via, "scope": r.scope, "members": nil,
			"evidenceDataset": r.dataset, "evidenceKey": r.key,
		}
		if r.m != nil {
			row["mailbox"], row["mailboxAddress"] = r.m.id(), r.m.primary()
		}
		if r.who.people != nil {
			row["members"] = *r.who.people
		}
		rows = append(rows, row)
	}
	return rows
}
