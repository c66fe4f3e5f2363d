package faketenant

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// trustee writes the columns of a holder.
func (h holder) trustee(row map[string]any) map[string]any {
	row["trustee"], row["trusteeType"] = h.as, h.kind
	row["trusteeId"], row["trusteeAddress"] = "", h.address
	candidates := make([]string, 0, len(h.candidates))
	for _, c := range h.candidates {
		candidates = append(candidates, fmt.Sprintf("%s (%s)", c.display, c.key()))
	}
	slices.Sort(candidates)
	row["candidates"] = candidates
	if h.ref != nil {
		row["trusteeId"], row["trusteeAddress"] = h.ref.key(), h.ref.smtp
	}
	return row
}

// permissionRow is a row of mailboxPermissions before it is written.
type permissionRow struct {
	m               *mailbox
	h               holder
	rights          []string
	deny, inherited bool
}

func (r permissionRow) key() string {
	return rowKey(r.m.id(), r.h.as, r.h.sid, strconv.FormatBool(r.deny), strconv.FormatBool(r.inherited))
}

// permissionRows merges doubled grants; SELF is none.
func (p *plan) permissionRows(m *mailbox) []permissionRow {
	var rows []permissionRow
	for _, g := range allGrants(m) {
		row := permissionRow{m: m, h: g.holder, deny: g.deny, inherited: g.inherited}
		for _, r := range g.rights {
			row.rights = append(row.rights, strings.Split(r, ", ")...)
		}
		i := slices.IndexFunc(rows, func(r permissionRow) bool { return r.key() == row.key() })
		if i >= 0 {
			rows[i].rights = append(rows[i].rights, row.rights...)
			continue
		}
		rows = append(rows, row)
	}
	for i := range rows {
		rows[i].rights = sortedUnique(rows[i].rights)
	}
	return rows
}

// allGrants adds to the special grants the one that every mailbox inherits.
func allGrants(m *mailbox) []mailboxGrant {
	admin := mailboxGrant{holder: wellKnown(forest+`\Administrator`, domainSID+"500"), rights: []string{"FullAccess"}, deny: true, inherited: true}
	return append(m.perms[:len(m.perms):len(m.perms)], admin)
}

func (p *plan) keyMailboxPermissions() []map[string]any {
	var rows []map[string]any
	for _, m := range p.mailboxes {
		for _, r := range p.permissionRows(m) {
			rows = append(rows, r.h.trustee(map[string]any{
				"mailbox": m.id(), "mailboxAddress": m.primary(), "trusteeSid": r.h.sid, "rights": r.rights, "deny": r.deny, "inherited": r.inherited,
			}))
		}
	}
	return rows
}

func (s sendAs) access() string {
	if s.deny {
		return "Deny"
	}
	return "Allow"
}

func (p *plan) keySendAs() []map[string]any {
	var rows []map[string]any
	for _, s := range p.sendAs {
		row := map[string]any{
			"recipient": s.on.key(), "recipientAddress": s.on.smtp, "recipientType": s.on.rtd, "mailbox": nil, "mailboxAddress": nil,
			"trusteeSid": s.sid, "rights": []string{"SendAs"}, "accessControlType": s.access(),
		}
		if s.on.mailbox != nil {
			row["mailbox"], row["mailboxAddress"] = s.on.key(), s.on.smtp
		}
		rows = append(rows, s.trustee(row))
	}
	return rows
}

func (p *plan) keySendOnBehalf() []map[string]any {
	var rows []map[string]any
	for _, m := range p.mailboxes {
		for _, h := range m.behalf {
			rows = append(rows, h.trustee(map[string]any{"mailbox": m.id(), "mailboxAddress": m.primary()}))
		}
	}
	return rows
}

func (g folderGrant) sharing() []string {
	if g.flags == "" {
		return []string{}
	}
	return sortedUnique(strings.Split(g.flags, ", "))
}

func (p *plan) keyFolderPermissions() []map[string]any {
	var rows []map[string]any
	for _, m := range p.mailboxes {
		if !m.covered() {
			continue
		}
		for _, f := range m.folders() {
			if !f.inScope {
				continue
			}
			id := p.folderID(m, f.number)
			for _, g := range m.grantsOn(f) {
				rows = append(rows, g.trustee(map[string]any{
					"mailbox": m.id(), "mailboxAddress": m.primary(), "folderPath": f.path, "folderId": id, "folderType": f.typ,
					"roles": sortedUnique(g.roles), "rights": expand(g.roles), "sharingFlags": g.sharing(),
				}))
			}
		}
	}
	return rows
}

func (p *plan) keyExchangeRoles() []map[string]any {
	var rows []map[string]any
	for _, g := range p.roleGroups {
		for _, m := range g.members {
			row := map[string]any{"roleGroup": g.name, "roles": g.roles, "member": m.guid.String(), "memberType": "group", "memberName": m.display}
			if m.ref != nil {
				row["member"], row["memberType"], row["memberName"] = m.ref.key(), memberType(m.ref), m.ref.display
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// memberType is the word that roles and groups use for a principal.
func memberType(pr *principal) string {
	if pr.kind == kindApp {
		return "servicePrincipal"
	}
	return pr.kind
}

func (p *plan) keyAccessPolicies() []map[string]any {
	var rows []map[string]any
	for _, a := range p.policies {
		rows = append(rows, map[string]any{
			"id": a.identity(p.tenant), "kind": "applicationAccessPolicy", "appId": a.app.appID, "accessRight": a.right,
			"scope": a.group.display, "scopeId": a.group.id.String(),
		})
	}
	for _, s := range p.scoped {
		rows = append(rows, map[string]any{
			"id": s.identity(), "kind": "roleAssignment", "appId": s.app.appID, "accessRight": s.role, "scope": s.scope, "scopeId": groupID(s.group),
		})
	}
	return rows
}
