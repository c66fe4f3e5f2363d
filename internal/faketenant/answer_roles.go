package faketenant

import "slices"

// answersOfRoles are the answers about directory roles.
func (p *plan) answersOfRoles() []CheckAnswer {
	return []CheckAnswer{
		p.answerGlobalAdmins(),
		p.answerCloudOnly(),
		p.answerPermanent(),
		p.answerRolesOfApplications(),
		p.answerRolesOfGuests(),
		p.answerRolesOfDisabled(),
	}
}

// identity is who reviews the tenant.
func (p *plan) identity() *principal {
	if p.opt.Delegated {
		return p.auditorUser
	}
	return p.auditor.p
}

// roleBearer is somebody with everything that it holds, active or eligible, directly or by group.
type roleBearer struct {
	who  *principal
	held []roleHolding
}

func (h roleHolding) isPrivileged() bool { return h.role.privileged != nil && *h.role.privileged }

// holds is true for a holding that the test accepts.
func (b roleBearer) holds(test func(roleHolding) bool) bool { return slices.ContainsFunc(b.held, test) }

// bearers lists the holders of directory roles of the given kinds, each once.
func (p *plan) bearers(kinds ...string) []roleBearer {
	var all []roleBearer
	number := map[*principal]int{}
	for _, h := range p.holdings() {
		if h.to == nil {
			continue
		}
		holders := []*principal{h.to}
		if h.to.group != nil {
			holders = p.transitive(h.to)
		}
		for _, who := range holders {
			if !slices.Contains(kinds, who.kind) {
				continue
			}
			i, known := number[who]
			if !known {
				i = len(all)
				number[who] = i
				all = append(all, roleBearer{who: who})
			}
			all[i].held = append(all[i].held, h)
		}
	}
	return all
}

func (p *plan) answerGlobalAdmins() CheckAnswer {
	n := 0
	for _, b := range p.bearers(kindUser, kindGuest) {
		if b.holds(func(h roleHolding) bool { return h.role == roleGlobalAdmin && h.scope == "/" }) {
			n++
		}
	}
	return p.tenantVerdict("roles.global_admin_count", n < 2 || n > 4, "high")
}

func (p *plan) answerCloudOnly() CheckAnswer {
	var found []FindingAnswer
	people := p.bearers(kindUser)
	for _, b := range people {
		if b.who.synced == nil || !*b.who.synced {
			continue
		}
		severity := "medium"
		if b.holds(roleHolding.isPrivileged) {
			severity = "high"
		}
		found = append(found, FindingAnswer{"user", b.who.id.String(), severity})
	}
	return verdict("roles.admins_cloud_only", len(people), 0, found)
}

func (p *plan) answerPermanent() CheckAnswer {
	const id = "roles.no_permanent_privileged"
	if !p.gives(planP2) {
		return verdict(id, 0, 1, nil)
	}
	var subjects []scheduleInstance
	emergency := map[*principal]bool{} // people who are Global Administrator for good
	for _, s := range p.scheduleInstances() {
		if !s.holding.isPrivileged() || s.to.kind == kindApp {
			continue
		}
		subjects = append(subjects, s)
		if s.permanent() && s.holding.role == roleGlobalAdmin && s.to.kind == kindUser {
			emergency[s.to] = true
		}
	}
	var found []FindingAnswer
	for _, s := range subjects {
		if !s.permanent() {
			continue
		}
		severity := "medium"
		if s.to == p.identity() || s.holding.role == roleGlobalAdmin && len(emergency) <= 2 {
			severity = "info"
		}
		found = append(found, FindingAnswer{"roleAssignmentSchedule", s.id, severity})
	}
	return verdict(id, len(subjects), 0, found)
}

// permanent is true for a role of the holder itself that was given for good.
func (s scheduleInstance) permanent() bool {
	return !s.inherited && !s.holding.activated && s.holding.until.IsZero()
}

func (p *plan) answerRolesOfApplications() CheckAnswer {
	var found []FindingAnswer
	subjects := 0
	for _, b := range p.bearers(kindApp) {
		if b.who.app.isFirstParty() {
			continue
		}
		subjects++
		reads, writes := false, false
		for _, h := range b.held {
			if !h.isPrivileged() {
				continue
			}
			if h.role == roleGlobalReader || h.role == roleSecReader {
				reads = true
			} else {
				writes = true
			}
		}
		severity := ""
		switch {
		case writes:
			severity = "high"
		case reads && b.who == p.identity():
			severity = "info"
		case reads:
			severity = "medium"
		}
		if severity != "" {
			found = append(found, FindingAnswer{"servicePrincipal", b.who.id.String(), severity})
		}
	}
	return verdict("roles.service_principals_privileged", subjects, 0, found)
}

func (p *plan) answerRolesOfGuests() CheckAnswer {
	var found []FindingAnswer
	people := p.bearers(kindUser, kindGuest)
	for _, b := range people {
		if b.who.kind == kindGuest {
			found = append(found, FindingAnswer{"user", b.who.id.String(), "high"})
		}
	}
	return verdict("roles.guests_privileged", len(people), 0, found)
}

func (p *plan) answerRolesOfDisabled() CheckAnswer {
	var found []FindingAnswer
	subjects := 0
	for _, b := range p.bearers(kindUser, kindGuest) {
		if !b.holds(roleHolding.isPrivileged) {
			continue
		}
		subjects++
		if b.who.disabled {
			found = append(found, FindingAnswer{"user", b.who.id.String(), "low"})
		}
	}
	return verdict("roles.disabled_privileged", subjects, 0, found)
}
