package faketenant

import (
	"slices"
)

// keyChecks writes the results of the checks that the plan has an answer for.
func keyChecks(p *plan) []CheckAnswer {
	return []CheckAnswer{
		p.answerIngestion(),
		p.answerOrganisationAudit(),
		p.answerAudited(),
		p.answerActions(),
		p.answerBypass(),
		p.answerForwarding(),
		p.answerInboxRules(),
		p.answerTransportRules(),
		p.answerFullAccess(),
		p.answerSendAs(),
		p.answerSendOnBehalf(),
		p.answerDefaultFolders(),
		p.answerExternalSharing(),
		p.answerTakeover(),
		p.answerOrphans(),
		p.answerDisabledTrustees(),
		p.answerWideReach(),
		p.answerExchangeRoles(),
		p.answerEffectiveAccess(),
		p.answerMailApplications(),
		p.answerUserGrants(),
		p.answerKnownBad(),
		p.answerForeign(),
		p.answerFirstParty(),
		p.answerSecrets(),
		p.answerOwners(),
		p.answerDangling(),
		p.answerFolders(),
		p.answerDelegatedGrants(),
		p.answerTier0(),
	}
}

// judged makes an answer in which every subject has a verdict.
func judged(id string, subjects int, found []FindingAnswer) CheckAnswer {
	return verdict(id, subjects, 0, found)
}

// inventory makes an answer that never fails.
func inventory(id string, subjects int, found []FindingAnswer) CheckAnswer {
	return CheckAnswer{ID: id, Status: "info", Evaluated: subjects, Expected: subjects, Findings: found}
}

// active are all mailboxes that are not inactive.
func (p *plan) active() []*mailbox {
	all := p.mailboxes[:len(p.mailboxes):len(p.mailboxes)]
	for _, m := range p.others {
		if !m.inactive {
			all = append(all, m)
		}
	}
	return all
}

func (p *plan) answerIngestion() CheckAnswer {
	var found []FindingAnswer
	if p.org.ingestionOff {
		found = append(found, FindingAnswer{"tenant", p.tenant.String(), "critical"})
	}
	return judged("audit.ual_ingestion_enabled", 1, found)
}

func (p *plan) answerOrganisationAudit() CheckAnswer {
	return judged("audit.org_mailbox_audit_on", 1, nil)
}

// onByDefault are the types whose own AuditEnabled the service ignores.
func (m *mailbox) onByDefault() bool {
	switch m.typ {
	case "UserMailbox", "SharedMailbox", "LinkedMailbox", "GroupMailbox":
		return true
	}
	return false
}

func (p *plan) answerAudited() CheckAnswer {
	var found []FindingAnswer
	for _, m := range p.active() {
		if !m.onByDefault() && m.auditOff {
			found = append(found, FindingAnswer{"mailbox", m.id(), "high"})
		}
	}
	return judged("audit.mailbox_audited", len(p.active()), found)
}

func (p *plan) answerActions() CheckAnswer {
	var found []FindingAnswer
	subjects := 0
	for _, m := range p.active() {
		if m.typ == "GroupMailbox" || !m.onByDefault() && m.auditOff {
			continue
		}
		subjects++
		if m.lacksActions() {
			found = append(found, FindingAnswer{"mailbox", m.id(), "high"})
		}
	}
	return judged("audit.mailbox_actions_complete", subjects, found)
}

// lacksActions compares the customised lists with Microsoft's own.
func (m *mailbox) lacksActions() bool {
	want := auditStandard
	if m.premium() {
		want = auditPremium
	}
	managed := map[string]bool{}
	for _, l := range m.audit.managed {
		managed[l] = true
	}
	lacks := func(logon string, have, want []string) bool {
		if managed[logon] {
			return false
		}
		set := map[string]bool{}
		for _, a := range have {
			set[a] = true
		}
		for _, a := range want {
			if !set[a] {
				return true
			}
		}
		return false
	}
	return lacks("Admin", m.audit.admin, want.admin) || lacks("Delegate", m.audit.delegate, want.delegate) || lacks("Owner", m.audit.owner, want.owner)
}

func (p *plan) answerBypass() CheckAnswer {
	var found []FindingAnswer
	for _, b := range p.bypassed {
		found = append(found, FindingAnswer{"principal", b.who.key(), "high"})
	}
	return judged("audit.mailbox_bypass_absent", len(p.bypassed), found)
}

func (p *plan) answerForwarding() CheckAnswer {
	var found []FindingAnswer
	for _, m := range p.active() {
		var set []target
		if m.forwardTo != nil {
			set = append(set, *m.forwardTo)
		}
		if m.forwardSMTP != nil {
			set = append(set, *m.forwardSMTP)
		}
		if len(set) == 0 {
			continue
		}
		severity := ""
		switch _, kind := joined(set); {
		case kind == targetExternal && !m.copyStays:
			severity = "critical"
		case kind == targetExternal:
			severity = "high"
		case kind == targetUnresolved:
			severity = "medium"
		}
		if severity != "" {
			found = append(found, FindingAnswer{"mailbox", m.id(), severity})
		}
	}
	return judged("mail.mailbox_forwarding", len(p.active()), found)
}

// onlyUnresolved is true when no target is known to be outside.
func onlyUnresolved(lists ...[]target) bool {
	for _, l := range lists {
		for _, t := range l {
			if t.kind == targetExternal {
				return false
			}
		}
	}
	return true
}

func (p *plan) answerInboxRules() CheckAnswer {
	var found []FindingAnswer
	subjects, unreadable := 0, 0
	for _, m := range p.mailboxes {
		if !m.covered() {
			continue
		}
		subjects++
		if slices.ContainsFunc(m.rules, func(r *rule) bool { return r.unreadable() && !r.disabled }) {
			unreadable++ // what such a rule does is not shown: nobody can say that it does not forward
		}
		for _, r := range m.rules {
			if r.system || len(r.external()) == 0 {
				continue
			}
			severity := "high"
			switch {
			case r.disabled:
				severity = "low"
			case onlyUnresolved(r.forwardTo, r.attachTo, r.redirect):
				severity = "medium"
			case r.delete || r.soft || r.hidden:
				severity = "critical"
			}
			found = append(found, FindingAnswer{"inboxRule", rowKey(m.id(), ruleNumber(r)), severity})
		}
	}
	a := judged("mail.inbox_rule_forwarding", subjects, found)
	a.Evaluated -= unreadable
	if unreadable > 0 && a.Status == "pass" {
		a.Status = "not-evaluated"
	}
	return a
}

func (p *plan) answerTransportRules() CheckAnswer {
	var found []FindingAnswer
	for _, r := range p.transport {
		if len(r.external()) == 0 {
			continue
		}
		severity := "critical"
		switch {
		case r.state == "Disabled" || r.mode != "Enforce":
			severity = "low"
		case onlyUnresolved(r.blindCopy, r.copyTo, r.redirect, r.addTo):
			severity = "medium"
		}
		found = append(found, FindingAnswer{"transportRule", r.id.String(), severity})
	}
	return judged("mail.transport_rule_redirects", len(p.transport), found)
}

func (p *plan) answerFullAccess() CheckAnswer {
	var found []FindingAnswer
	for _, m := range p.mailboxes {
		for _, r := range p.permissionRows(m) {
			if r.deny || r.inherited || r.h.kind == kindWellKnown {
				continue
			}
			for _, right := range r.rights {
				if right == "FullAccess" {
					found = append(found, FindingAnswer{"mailboxPermission", r.key(), "info"})
				}
			}
		}
	}
	return inventory("delegation.full_access", len(p.mailboxes), found)
}

func (p *plan) answerSendAs() CheckAnswer {
	var found []FindingAnswer
	for _, s := range p.sendAs {
		if !s.deny && s.kind != kindWellKnown {
			found = append(found, FindingAnswer{"sendAs", s.key(), "info"})
		}
	}
	return inventory("delegation.send_as", len(p.sendAs), found)
}

func (p *plan) answerSendOnBehalf() CheckAnswer {
	var found []FindingAnswer
	for _, m := range p.mailboxes {
		for _, h := range m.behalf {
			found = append(found, FindingAnswer{"sendOnBehalf", rowKey(m.id(), h.as), "info"})
		}
	}
	return inventory("delegation.send_on_behalf", len(p.active()), found)
}

func (p *plan) answerFolders() CheckAnswer {
	var found []FindingAnswer
	subjects := 0
	for _, m := range p.mailboxes {
		if !m.covered() {
			continue
		}
		subjects++
		if len(m.folderGrants) == 0 {
			continue
		}
		done := map[string]bool{}
		for _, f := range m.folders() {
			if !f.inScope {
				continue
			}
			for _, g := range m.grantsOn(f) {
				if g.kind == kindDefault || g.kind == kindAnonymous || g.kind == kindWellKnown || done[g.as] || len(expand(g.roles)) == 0 {
					continue
				}
				done[g.as] = true
				found = append(found, FindingAnswer{"mailbox", rowKey(m.id(), g.as), "info"})
			}
		}
	}
	return inventory("delegation.folder_permissions", subjects, found)
}

// basicScopes sign in and say who somebody is, nothing more.
var basicScopes = map[string]bool{"openid": true, "profile": true, "email": true, "offline_access": true, "User.Read": true}

func (p *plan) answerDelegatedGrants() CheckAnswer {
	var found []FindingAnswer
	subjects := 0
	for _, g := range p.grants {
		if g.who != nil {
			continue
		}
		subjects++
		if g.client != nil && g.client.isFirstParty() {
			continue
		}
		rank, basic := 0, true
		for _, s := range g.scopes {
			basic = basic && basicScopes[s]
			perm, _ := findPermission(g.resource.appID, s, delegated)
			switch perm.tier {
			case "critical", "high":
				rank = max(rank, 2)
			case "medium":
				rank = max(rank, 1)
			}
		}
		severity := []string{"low", "medium", "high"}[rank]
		if basic {
			severity = "info"
		}
		found = append(found, FindingAnswer{"oauth2PermissionGrant", g.id, severity})
	}
	return judged("oauth.delegated_grants_all_principals", subjects, found)
}

// leadsToAdmin is true for permissions with which a tenant can be taken over.
func (a roleGrant) leadsToAdmin() bool {
	return a.tier == "critical" && (a.impact == "escalation" || a.impact == "consent" || a.impact == "identity")
}

// writesInExchange is true for a principal that holds a role that is more than reading.
func (p *plan) writesInExchange(a *app) bool {
	for _, h := range p.roleHolders {
		if h.to == a.p && !h.eligible && h.role != roleGlobalReader && h.role != roleSecReader {
			return true
		}
	}
	for _, g := range p.roleGroups {
		for _, m := range g.members {
			if m.ref == a.p && !g.readOnly {
				return true
			}
		}
	}
	return false
}

func (p *plan) answerTier0() CheckAnswer {
	var found []FindingAnswer
	subjects := 0
	for _, a := range p.apps {
		if a.isFirstParty() {
			continue
		}
		subjects++
		for _, g := range p.assignments {
			holds := g.to == a.p
			if !holds && g.to.group != nil {
				for _, m := range p.transitive(g.to) {
					holds = holds || m == a.p
				}
			}
			if !holds || !g.leadsToAdmin() || g.value == "Exchange.ManageAsApp" && !p.writesInExchange(a) {
				continue
			}
			found = append(found, FindingAnswer{"servicePrincipal", a.p.id.String(), "critical"})
			break
		}
	}
	return judged("oauth.tier0_application_permissions", subjects, found)
}
