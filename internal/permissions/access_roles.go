package permissions

import (
	"cmp"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

// exchangeRoles works out who holds a role of Exchange that opens every mailbox, as a
// member of a role group or directly.
func (c *answer) exchangeRoles() {
	for _, r := range c.exchange {
		who, k := c.id(r.Member), kindOf(r.MemberType)
		if c.standIn(who, k, r.Member, r.MemberName) {
			continue
		}
		c.meet(who, r.MemberName, "", byMember)
		for _, role := range r.Roles {
			reach, ok := facts.ExchangeRole(role)
			if !ok {
				continue
			}
			for h := range c.holders(who, k, 0) {
				c.everywhere = append(c.everywhere, bounded{wide{
					h: h, reach: reach.Can, route: RouteExchangeRole, via: join(" > ", r.RoleGroup, role, c.groupName(h.group)),
					close:   c.closeGrant(h, func() string { return closeRoleGroup(r.RoleGroup, r.Member) }),
					dataset: snapshot.ExchangeRoleAssignments, key: snapshot.Key(r),
				}, scopeTenant, ""})
			}
		}
	}
	for _, r := range c.direct {
		who, k := c.id(r.Assignee), kindOf(r.AssigneeType)
		if c.standIn(who, k, r.Assignee, r.AssigneeName) {
			continue
		}
		c.meet(who, r.AssigneeName, "", byMember)
		reach, _ := facts.ExchangeRole(r.Role)
		for h := range c.holders(who, k, 0) {
			c.scoped(wide{
				h: h, reach: reach.Can, route: RouteExchangeRole, via: join(" > ", "direct", r.Role, c.groupName(h.group)),
				close:   c.closeGrant(h, func() string { return closeRoleAssignment(r.ID) }),
				dataset: snapshot.ManagementRoleAssignments, key: snapshot.Key(r),
			}, r.Scope, r.ScopeID)
		}
	}
}

// standIn reports whether a member of a role group stands for the holders of a directory
// role, who have rows of their own. A group whose members are known is a group of the
// tenant, whatever its name.
func (c *answer) standIn(who uint32, k kind, names ...string) bool {
	if k != kindGroup && k != kindUnresolved {
		return false
	}
	if g := c.groups[who]; g != nil && g.known {
		return false
	}
	for _, n := range names {
		if _, ok := facts.EntraRoleStandIn(n); ok {
			return true
		}
	}
	return false
}

// directoryRoles works out who can give themselves access as an administrator.
func (c *answer) directoryRoles() {
	for _, r := range c.directory {
		name, _ := facts.MailboxAdministrator(r.RoleTemplateID)
		role, note := cmp.Or(r.Role, name), ""
		if r.Assignment == "eligible" {
			note = "eligible, not active"
		}
		who := c.id(r.Member)
		c.meet(who, r.MemberName, "", byMember)
		for h := range c.holders(who, kindOf(r.MemberType), 0) {
			c.everywhere = append(c.everywhere, bounded{wide{
				h: h, reach: []string{snapshot.CanManage}, route: RouteDirectoryRole, via: join(" > ", role, c.groupName(h.group)), note: note,
				close:   c.closeGrant(h, func() string { return closeDirectoryRole(r) }),
				dataset: snapshot.DirectoryRoleAssignments, key: snapshot.Key(r),
			}, scopeTenant, ""})
		}
	}
}
