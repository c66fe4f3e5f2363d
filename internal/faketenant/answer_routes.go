package faketenant

import (
	"slices"
	"strings"
)

// answersOfMail are the answers about mail that leaves, is hidden or gets in, beyond the first ones.
func (p *plan) answersOfMail() []CheckAnswer {
	return []CheckAnswer{
		p.answerInternalForwarding(),
		p.answerHiding(),
		p.answerOutOfSight(),
		p.answerDrops(),
		p.answerExemptions(),
		p.answerRemoteDomains(),
		p.answerOutboundPolicies(),
		p.answerConnectors(),
		p.tenantVerdict("mail.direct_send_rejected", p.org.directSend, "medium"),
		p.answerSMTPAuth(),
		p.tenantVerdict("mail.modern_auth_enabled", p.org.modernAuthOff, "high"),
		p.answerSharing(),
		p.answerSharedSignIn(),
	}
}

func (p *plan) answerInternalForwarding() CheckAnswer {
	var found []FindingAnswer
	for _, m := range p.active() {
		var set []target
		for _, t := range []*target{m.forwardTo, m.forwardSMTP} {
			if t != nil {
				set = append(set, *t)
			}
		}
		if len(set) == 0 {
			continue
		}
		if _, kind := joined(set); kind == targetInternal {
			found = append(found, FindingAnswer{"mailbox", m.id(), "info"})
		}
	}
	return inventory("mail.mailbox_forwarding_internal", len(p.active()), found)
}

func (p *plan) answerRemoteDomains() CheckAnswer {
	var found []FindingAnswer
	for _, d := range p.remote {
		if d.forward {
			found = append(found, FindingAnswer{"remoteDomain", d.name + "|" + d.domain, "medium"})
		}
	}
	return verdict("mail.autoforward_remote_domains", len(p.remote), 0, found)
}

// binds is true when the policy holds for somebody.
func (o outboundPolicy) binds() bool {
	return o.isDefault || o.rule != nil && o.rule.state == "Enabled"
}

func (p *plan) answerOutboundPolicies() CheckAnswer {
	var found []FindingAnswer
	for _, o := range p.outbound {
		severity := map[string]string{"On": "medium", "Automatic": "low"}[o.mode]
		if severity == "" {
			continue
		}
		if !o.binds() {
			severity = "info"
		}
		found = append(found, FindingAnswer{"outboundSpamPolicy", o.name, severity})
	}
	return verdict("mail.autoforward_outbound_policy", len(p.outbound), 0, found)
}

// takesFromAnybody is the severity of an inbound connector; "" when it asks for proof.
func (c connector) takesFromAnybody() string {
	switch proof := c.certificate != "" || len(c.senderIPs) > 0; {
	case c.byCertificate && c.certificate != "", c.byIP && len(c.senderIPs) > 0, c.typ == "OnPremises" && proof:
		return ""
	case c.asInternal, c.cloudServices:
		return "high"
	}
	return "medium"
}

// sendsAway is the severity of an outbound connector; "" when it sends to a partner only.
func (c connector) sendsAway() string {
	everywhere := slices.ContainsFunc(c.recipientDomains, func(d string) bool {
		return strings.TrimSuffix(strings.TrimPrefix(d, "smtp:"), ";1") == "*"
	})
	switch relayed := len(c.smartHosts) > 0; {
	case relayed && everywhere && !c.ruleScoped:
		return "medium"
	case relayed && c.ruleScoped, c.onPremises:
		return "low"
	}
	return ""
}

func (p *plan) answerConnectors() CheckAnswer {
	var found []FindingAnswer
	for _, c := range p.connectors {
		direction, severity := "inbound", c.takesFromAnybody
		if c.outbound {
			direction, severity = "outbound", c.sendsAway
		}
		s := severity()
		if s != "" && !c.enabled {
			s = "info"
		}
		if s != "" {
			found = append(found, FindingAnswer{"connector", direction + "|" + c.name, s})
		}
	}
	return verdict("mail.connectors_reviewed", len(p.connectors), 0, found)
}

func (p *plan) answerSMTPAuth() CheckAnswer {
	a := p.tenantVerdict("mail.smtp_auth_disabled", p.org.smtpAuthOn, "medium")
	for _, m := range p.mailboxes {
		if m.smtpAuth() == "enabled" {
			a.Findings = append(a.Findings, FindingAnswer{"mailbox", m.id(), "low"})
		}
	}
	return verdict(a.ID, 1+len(p.mailboxes), 0, a.Findings)
}

func (p *plan) answerSharing() CheckAnswer {
	var found []FindingAnswer
	for _, s := range p.sharing {
		if s.enabled && s.details() {
			found = append(found, FindingAnswer{"sharingPolicy", s.name, "medium"})
		}
	}
	return verdict("mail.calendar_sharing_limited", len(p.sharing), 0, found)
}

func (p *plan) answerSharedSignIn() CheckAnswer {
	var found []FindingAnswer
	subjects := 0
	for _, m := range p.active() {
		switch m.typ {
		case "SharedMailbox", "RoomMailbox", "EquipmentMailbox":
			subjects++
			if !m.owner.disabled {
				found = append(found, FindingAnswer{"mailbox", m.id(), "medium"})
			}
		}
	}
	return verdict("mail.shared_mailbox_sign_in_blocked", subjects, 0, found)
}
