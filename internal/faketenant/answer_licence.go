package faketenant

// verdict makes an answer for subjects of which some could not be judged: informational
// findings fail nothing, and a subject without a verdict keeps a check from passing.
func verdict(id string, evaluated, gaps int, found []FindingAnswer) CheckAnswer {
	a := CheckAnswer{ID: id, Status: "pass", Evaluated: evaluated, Expected: evaluated + gaps, Findings: found}
	if len(found) > 0 {
		a.Status = "info"
	}
	if gaps > 0 {
		a.Status = "not-evaluated"
	}
	for _, f := range found {
		if f.Severity != "info" {
			a.Status = "fail"
		}
	}
	return a
}

// tenantVerdict is the answer to a question about the tenant as a whole.
func (p *plan) tenantVerdict(id string, bad bool, severity string) CheckAnswer {
	var found []FindingAnswer
	if bad {
		found = append(found, FindingAnswer{"tenant", p.tenant.String(), severity})
	}
	return verdict(id, 1, 0, found)
}

// answersOfLicence are the answers about licences and auditing beyond the first ones.
func (p *plan) answersOfLicence() []CheckAnswer {
	return []CheckAnswer{
		p.answerLicences(),
		p.tenantVerdict("licence.entra_premium", !p.gives(planP1) && !p.gives(planP2), "low"),
		p.answerPremiumActions(),
		p.answerRetention(),
		p.answerExplicitAudit(),
		p.answerLogAge(),
	}
}

func (p *plan) answerLicences() CheckAnswer {
	var found []FindingAnswer
	for _, s := range p.skus {
		found = append(found, FindingAnswer{"sku", s.id, "info"})
	}
	return inventory("licence.inventory", len(p.skus), found)
}

// gives is true when a product that works holds the plan.
func (p *plan) gives(want servicePlan) bool {
	for _, s := range p.skus {
		if (s.status == "Enabled" || s.status == "Warning") && (licence{sku: s}).has(want) {
			return true
		}
	}
	return false
}

func (p *plan) answerPremiumActions() CheckAnswer {
	var found []FindingAnswer
	subjects := 0
	for _, m := range p.active() {
		if m.typ != "UserMailbox" && m.typ != "LinkedMailbox" {
			continue
		}
		subjects++
		if !m.premium() {
			found = append(found, FindingAnswer{"mailbox", m.id(), "low"})
		}
	}
	return verdict("audit.premium_actions_available", subjects, 0, found)
}

// answerRetention: standard auditing keeps what is asked for, so that every licensed user passes.
func (p *plan) answerRetention() CheckAnswer {
	const standard, premium, wanted = 180, 365, 180
	var found []FindingAnswer
	subjects := 0
	for _, u := range p.users {
		if len(u.licences) == 0 {
			continue
		}
		subjects++
		days := standard
		if holdsAudit(u.licences) {
			days = premium
		}
		if days < wanted {
			found = append(found, FindingAnswer{"user", u.id.String(), "medium"})
		}
	}
	return verdict("audit.retention_meets_need", subjects, 0, found)
}

func (p *plan) answerExplicitAudit() CheckAnswer {
	var found []FindingAnswer
	subjects := 0
	for _, m := range p.active() {
		switch m.typ {
		case "UserMailbox", "SharedMailbox", "LinkedMailbox":
		default:
			continue
		}
		if m.premium() {
			continue
		}
		subjects++
		if m.auditOff {
			found = append(found, FindingAnswer{"mailbox", m.id(), "low"})
		}
	}
	return verdict("audit.mailbox_explicitly_enabled", subjects, 0, found)
}

func (p *plan) answerLogAge() CheckAnswer {
	var found []FindingAnswer
	subjects := 0
	for _, m := range p.active() {
		if m.typ == "GroupMailbox" {
			continue
		}
		subjects++
		if m.keeps().days < 90 {
			found = append(found, FindingAnswer{"mailbox", m.id(), "low"})
		}
	}
	return verdict("audit.mailbox_log_age", subjects, 0, found)
}
