package faketenant

import (
	"slices"
	"time"
)

// Ends of directory roles that do not last.
var (
	reviewEnds     = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	activationEnds = time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
)

// administrators adds the holders that every tenant has beside the emergency accounts: one
// person who is eligible twice, and one whose role is activated for a few hours.
func (c *crew) administrators() {
	granted := c.opt.Grant != nil
	if granted && c.opt.Delegated {
		c.identityRoles(c.auditorUser)
	} else if reader := c.hold(roleGlobalReader, c.auditorUser, false, "/"); c.clean {
		reader.until = reviewEnds
	}
	switch {
	case granted && !c.opt.Delegated:
		c.identityRoles(c.auditor.p)
	case !c.clean || !c.opt.Delegated: // a person who reviews needs no application that may
		c.hold(roleGlobalReader, c.auditor.p, false, "/")
	}
	tierZero := c.roleGroup("Role: Tier zero", "roletierzero", c.some(13, 4)...)
	c.hold(roleGlobalAdmin, tierZero, true, "/")
	if u := c.who(4); u != nil {
		c.activate(roleUserAdmin, u)
	}
}

// roleGroup adds a group that may hold directory roles.
func (c *crew) roleGroup(display, alias string, members ...*principal) *principal {
	g := c.newGroup("security", display, alias, members...)
	g.group.assignable = true
	return g
}

// activate makes somebody eligible, and active for a few hours.
func (c *crew) activate(role *directoryRole, to *principal) {
	c.hold(role, to, true, "/")
	h := c.hold(role, to, false, "/")
	h.activated, h.until = true, activationEnds
}

// adminSituations adds holders of directory roles that a review has to name, and those
// that it must not.
func (c *crew) adminSituations() {
	c.adminPeople()
	c.adminOutsiders()
	c.adminApplications()
}

func (c *crew) adminPeople() {
	if u := c.who(6); u != nil {
		c.activate(roleGlobalAdmin, u)
	}
	if u := c.who(7); u != nil { // until the end of a project, and through the group as well
		c.hold(roleGlobalAdmin, u, false, "/").until = reviewEnds
		projects := c.roleGroup("Role: Migration project", "rolemigration", u)
		c.hold(roleGlobalAdmin, projects, false, "/").until = reviewEnds
	}
	if u := c.who(3); u != nil {
		c.hold(roleSecAdmin, u, false, "/")
	}
	for _, u := range c.some(5) { // synchronised, and the role is none of the powerful ones
		c.hold(roleMsgCenter, u, false, "/")
	}
	gone := c.newUser("Former Administrator", "former.admin")
	gone.disabled = true
	c.hold(roleHelpdesk, gone, true, "/")
	reader := c.newUser("Former Reader", "former.reader") // disabled as well, with a role that is not powerful
	reader.disabled = true
	c.hold(roleReaders, reader, false, "/")
	c.hold(roleReports, c.newUser("Guest Services", "guest.services"), false, "/") // no guest, whatever the name
}

func (c *crew) adminOutsiders() {
	nour := c.newGuest("Nour Guest (Litware)", "nour@litware.example")
	reporting := c.roleGroup("Role: Reporting", "rolereporting", append(c.some(9), nour)...)
	c.hold(roleReports, reporting, false, "/")
}

func (c *crew) adminApplications() {
	own := c.tenant.String()
	backup := c.register(c.newApp("Contoso Tenant Backup", "", own, ""))
	c.hold(roleGlobalAdmin, backup.p, false, "/")
	c.hold(roleSecReader, c.newApp("func-contoso-watch", "", "", "ManagedIdentity").p, false, "/")
	runner := c.register(c.newApp("Deployment Runner", "", own, ""))
	deployment := c.roleGroup("Role: Deployment", "roledeployment", append(c.some(8), runner.p)...)
	c.hold(roleAppAdmin, deployment, false, "/")
	c.hold(roleUserAdmin, c.newApp("Office Identity Sync", "", microsoftServices, "").p, false, "/") // Microsoft's own
}

// holdings are the directory roles that the tenant shows: without Entra ID P2 nobody is eligible.
func (p *plan) holdings() []roleHolding {
	if !p.opt.NoP2 {
		return p.roleHolders
	}
	return slices.DeleteFunc(slices.Clone(p.roleHolders), func(h roleHolding) bool { return h.eligible })
}

// scheduleInstance is a directory role in force: of its holder, or of a member of the
// group that holds it.
type scheduleInstance struct {
	id        string
	holding   roleHolding
	to        *principal
	inherited bool
}

// scheduleInstances lists the directory roles in force. A principal that was deleted has none.
func (p *plan) scheduleInstances() []scheduleInstance {
	var all []scheduleInstance
	for _, h := range p.roleHolders {
		if h.eligible || h.to == nil {
			continue
		}
		all = append(all, scheduleInstance{id: p.key("instance."+h.id, 0), holding: h, to: h.to})
		if h.to.group == nil {
			continue
		}
		for i, m := range p.transitive(h.to) {
			all = append(all, scheduleInstance{id: p.key("instance."+h.id, i+1), holding: h, to: m, inherited: true})
		}
	}
	return all
}

func (s scheduleInstance) kind() string {
	if s.holding.activated {
		return "Activated"
	}
	return "Assigned"
}
