package faketenant

import (
	"slices"
	"strings"
)

// grantRow is a grant of any kind, as checks see it.
type grantRow struct {
	holder
	kind, key string   // subject
	rights    []string // of a mailbox permission or a folder
	folder    string   // type of the folder; "" for other kinds
}

// allGrantRows lists what is granted: no Deny, nothing inherited, none of the service's
// own, and no folder entry that says None.
func (p *plan) allGrantRows() []grantRow {
	var out []grantRow
	add := func(h holder, kind, key, folder string, rights []string) {
		if h.kind != kindWellKnown {
			out = append(out, grantRow{holder: h, kind: kind, key: key, rights: rights, folder: folder})
		}
	}
	for _, m := range p.mailboxes {
		for _, r := range p.permissionRows(m) {
			if !r.deny && !r.inherited {
				add(r.h, "mailboxPermission", r.key(), "", r.rights)
			}
		}
		for _, h := range m.behalf {
			add(h, "sendOnBehalf", rowKey(m.id(), h.as), "", nil)
		}
		if !m.covered() || len(m.folderGrants) == 0 {
			continue
		}
		for _, f := range m.folders() {
			if !f.inScope {
				continue
			}
			for _, g := range m.grantsOn(f) {
				if slices.ContainsFunc(g.roles, func(role string) bool { return role != "None" }) {
					add(g.holder, "folderPermission", p.folderKey(m, f, g), f.typ, expand(g.roles))
				}
			}
		}
	}
	for _, s := range p.sendAs {
		if !s.deny {
			add(s.holder, "sendAs", s.key(), "", nil)
		}
	}
	return out
}

func (g grantRow) finding(severity string) FindingAnswer {
	return FindingAnswer{g.kind, g.key, severity}
}

// folderBoxes is how many mailboxes have their folders read.
func (p *plan) folderBoxes() int {
	n := 0
	for _, m := range p.mailboxes {
		if m.covered() {
			n++
		}
	}
	return n
}

func (p *plan) answerDefaultFolders() CheckAnswer {
	var found []FindingAnswer
	for _, g := range p.allGrantRows() {
		switch {
		case g.kind != "folderPermission" || len(g.rights) == 0:
		case g.holder.kind == kindDefault:
			found = append(found, g.finding("high"))
		case g.holder.kind == kindAnonymous:
			found = append(found, g.finding("critical"))
		}
	}
	return judged("delegation.default_folder_rights", p.folderBoxes(), found)
}

func (p *plan) answerExternalSharing() CheckAnswer {
	var found []FindingAnswer
	for _, g := range p.allGrantRows() {
		outside, severity := false, "high"
		switch g.holder.kind {
		case kindGuest, kindExternal, kindContact:
			outside = true
		case kindGroup:
			outside = slices.ContainsFunc(p.transitive(g.ref), func(m *principal) bool { return m.kind == kindGuest })
			severity = "medium"
		}
		if !outside {
			continue
		}
		if g.kind == "folderPermission" {
			severity = "medium"
			if len(g.rights) == 0 {
				severity = "low"
			}
		}
		found = append(found, g.finding(severity))
	}
	return judged("delegation.external_sharing", len(p.mailboxes), found)
}

// administersExchange is true for who actively holds one of the two roles over the whole tenant.
func (p *plan) administersExchange(pr *principal) bool {
	return pr != nil && p.holds(pr, func(h roleHolding) bool {
		return !h.eligible && h.scope == "/" && (h.role == roleGlobalAdmin || h.role == roleExchangeAdmin)
	})
}

// holds is true for who has a directory role of a kind, directly or through a group.
func (p *plan) holds(pr *principal, kind func(roleHolding) bool) bool {
	return slices.ContainsFunc(p.heldRoles(), func(h roleHolding) bool {
		return kind(h) && (h.to == pr || h.to.group != nil && slices.Contains(p.transitive(h.to), pr))
	})
}

func (p *plan) answerTakeover() CheckAnswer {
	var found []FindingAnswer
	for _, g := range p.allGrantRows() {
		takes := g.kind == "mailboxPermission" && (slices.Contains(g.rights, "ChangePermission") || slices.Contains(g.rights, "ChangeOwner")) ||
			g.folder == "Root" && slices.Contains(g.rights, "FolderOwner")
		switch {
		case !takes:
		case p.administersExchange(g.ref):
			found = append(found, g.finding("info"))
		default:
			found = append(found, g.finding("high"))
		}
	}
	return judged("delegation.permission_takeover", len(p.mailboxes), found)
}

func (p *plan) answerOrphans() CheckAnswer {
	var found []FindingAnswer
	for _, g := range p.allGrantRows() {
		if g.holder.kind == kindOrphaned {
			found = append(found, g.finding("low"))
		}
	}
	return judged("delegation.orphaned_trustees", len(p.mailboxes), found)
}

func (p *plan) answerDisabledTrustees() CheckAnswer {
	inDirectory := map[*principal]bool{}
	for _, u := range p.users {
		inDirectory[u] = true
	}
	var found []FindingAnswer
	for _, g := range p.allGrantRows() {
		if inDirectory[g.ref] && g.ref.disabled {
			found = append(found, g.finding("low"))
		}
	}
	return judged("delegation.disabled_trustees", len(p.mailboxes), found)
}

// readsMail is true for rows that count towards reach: calendars, address books and
// headers alone are no mail.
func (r reachRow) readsMail() bool {
	if r.capability != canRead || r.who.kind == kindDefault || r.who.kind == kindAnonymous {
		return false
	}
	switch r.route {
	case "folder":
		return !slices.Contains([]string{"Calendar", "Contacts", "Tasks", "Notes", "Journal"}, r.folder)
	case "application", "delegatedGrant":
		permission := r.via[strings.LastIndex(r.via, "> ")+1:]
		permission = strings.TrimPrefix(strings.TrimSpace(permission), "Application ")
		return !strings.HasPrefix(permission, "Calendars.") && !strings.HasPrefix(permission, "Contacts.") && !strings.Contains(permission, "ReadBasic")
	}
	return true
}

func (p *plan) answerWideReach() CheckAnswer {
	type reach struct {
		who   accessor
		boxes map[string]bool
	}
	all := map[string]*reach{}
	for _, r := range p.reach() {
		if !r.readsMail() {
			continue
		}
		if all[r.who.id] == nil {
			all[r.who.id] = &reach{r.who, map[string]bool{}}
		}
		all[r.who.id].boxes[r.box()] = true
	}
	limit := p.wideLimit()
	var found []FindingAnswer
	for id, who := range all {
		n := len(who.boxes)
		if who.boxes[everywhere] {
			n = len(p.active())
		}
		if n < limit {
			continue
		}
		severity := "high"
		switch {
		case who.who.disabled:
			severity = "low"
		case who.who.kind == kindGuest || who.who.kind == kindExternal || who.who.kind == kindContact:
			severity = "critical"
		}
		found = append(found, FindingAnswer{"principal", rowKey(id), severity})
	}
	return judged("delegation.wide_reach", len(all), found)
}

// rolesThatOpenMailboxes matter wherever they are held.
func rolesThatOpenMailboxes(roles ...string) bool {
	return slices.ContainsFunc(roles, func(r string) bool { return len(exchangeRoleCapabilities[r]) > 0 })
}

// reviewer is who signs in to read the tenant.
func (p *plan) reviewer() *principal {
	if p.opt.Delegated {
		return p.auditorUser
	}
	return p.auditor.p
}

func (p *plan) answerExchangeRoles() CheckAnswer {
	var found []FindingAnswer
	subjects := 0
	severity := func(pr *principal) string {
		switch {
		case pr == p.reviewer():
			return "info"
		case pr.kind == kindGuest:
			return "critical"
		}
		return "high"
	}
	for _, g := range p.roleGroups {
		if len(g.members) == 0 || !rolesThatOpenMailboxes(g.roles...) {
			continue
		}
		subjects++
		for _, m := range g.members {
			if m.ref != nil { // the others stand for directory roles
				found = append(found, FindingAnswer{"exchangeRoleAssignment", rowKey(g.name, m.ref.key()), severity(m.ref)})
			}
		}
	}
	for _, d := range p.directRoles {
		if !rolesThatOpenMailboxes(d.role) {
			continue
		}
		subjects++
		s := severity(d.to)
		if d.delegating && s != "critical" {
			s = "medium"
		}
		if !d.disabled {
			found = append(found, FindingAnswer{"managementRoleAssignment", rowKey(d.identity()), s})
		}
	}
	return judged("delegation.exchange_role_groups", subjects, found)
}

func (p *plan) answerEffectiveAccess() CheckAnswer {
	active := map[*mailbox]bool{}
	for _, m := range p.active() {
		active[m] = true
	}
	seen := map[FindingAnswer]bool{}
	var found []FindingAnswer
	for _, r := range p.reach() {
		f := FindingAnswer{"principal", rowKey(r.who.id), "info"}
		if r.m != nil {
			f = FindingAnswer{"mailbox", r.m.id(), "info"}
		}
		if (r.m == nil || active[r.m]) && !seen[f] {
			seen[f] = true
			found = append(found, f)
		}
	}
	return inventory("delegation.effective_access", len(p.active()), found)
}

// keyDirectRoles are the rows of managementRoleAssignments of people and groups.
func (p *plan) keyDirectRoles() []map[string]any {
	var rows []map[string]any
	for _, d := range p.directRoles {
		rows = append(rows, map[string]any{
			"id": d.identity(), "role": d.role, "assignee": d.to.key(), "assigneeName": d.to.display, "assigneeType": memberType(d.to), "appId": "",
			"delegating": d.delegating, "enabled": !d.disabled, "scope": d.scope, "scopeId": groupID(d.scopeGroup),
		})
	}
	return rows
}
