package faketenant

import (
	"slices"
	"strconv"
)

// eachRule visits the rules of the mailboxes that are read, and counts these mailboxes and
// those among them that hold a rule nobody can read.
func (p *plan) eachRule(visit func(m *mailbox, r *rule)) (read, unreadable int) {
	for _, m := range p.mailboxes {
		if !m.covered() {
			continue
		}
		read++
		if slices.ContainsFunc(m.rules, func(r *rule) bool { return r.unreadable() && !r.disabled }) {
			unreadable++
		}
		for _, r := range m.rules {
			if !r.system {
				visit(m, r)
			}
		}
	}
	return read, unreadable
}

func ruleSubject(m *mailbox, r *rule, severity string) FindingAnswer {
	return FindingAnswer{"inboxRule", m.id() + "|" + strconv.FormatUint(r.id, 10), severity}
}

func (p *plan) answerHiding() CheckAnswer {
	var found []FindingAnswer
	read, unreadable := p.eachRule(func(m *mailbox, r *rule) {
		switch {
		case !r.hides:
		case r.disabled:
			found = append(found, ruleSubject(m, r, "low"))
		case r.hidden || r.nameless():
			found = append(found, ruleSubject(m, r, "critical"))
		default:
			found = append(found, ruleSubject(m, r, "high"))
		}
	})
	return verdict("mail.inbox_rule_hiding", read-unreadable, unreadable, found)
}

func (p *plan) answerOutOfSight() CheckAnswer {
	var found []FindingAnswer
	read, _ := p.eachRule(func(m *mailbox, r *rule) {
		switch {
		case !r.hidden && !r.unreadable():
		case r.disabled:
			found = append(found, ruleSubject(m, r, "low"))
		case r.hidden && r.unreadable():
			found = append(found, ruleSubject(m, r, "high"))
		default:
			found = append(found, ruleSubject(m, r, "medium"))
		}
	})
	return verdict("mail.inbox_rule_hidden", read, 0, found)
}

func (p *plan) answerDrops() CheckAnswer {
	var found []FindingAnswer
	for _, r := range p.transport {
		severity := "medium"
		switch {
		case !r.deletes && !(r.quarantine && r.aboutSecurity):
			continue
		case !r.inForce():
			severity = "low"
		case r.deletes && len(r.when) == 0:
			severity = "high"
		}
		found = append(found, FindingAnswer{"transportRule", r.id.String(), severity})
	}
	return verdict("mail.transport_rule_deletes", len(p.transport), 0, found)
}

func (p *plan) answerExemptions() CheckAnswer {
	var found []FindingAnswer
	for _, r := range p.transport {
		severity := "medium"
		switch {
		case !r.exempts() || !r.bySender && len(r.when) > 0:
			continue
		case !r.inForce():
			severity = "low"
		case len(r.when) == 0:
			severity = "high"
		}
		found = append(found, FindingAnswer{"transportRule", r.id.String(), severity})
	}
	return verdict("mail.transport_rule_allow_list", len(p.transport), 0, found)
}
