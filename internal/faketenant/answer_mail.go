package faketenant

import (
	"strconv"
	"strings"
)

// strings without nil: [] in JSON.
func list(v []string) []string {
	if v == nil {
		return []string{}
	}
	return v
}

func (p *plan) keyOrganizationConfig() []map[string]any {
	return []map[string]any{{
		"name": p.initialDomain(), "auditDisabled": false, "oAuth2ClientProfileEnabled": !p.org.modernAuthOff, "rejectDirectSend": !p.org.directSend,
		"defaultAuthenticationPolicy": "Block Basic", "customerLockboxEnabled": false, "ewsEnabled": nil, "sendFromAliasEnabled": false,
	}}
}

func (p *plan) keyUnifiedAudit() []map[string]any {
	return []map[string]any{{
		"name": "Admin Audit Log Settings", "unifiedAuditLogIngestionEnabled": !p.org.ingestionOff,
		"adminAuditLogEnabled": true, "adminAuditLogAgeLimitDays": int64(90),
	}}
}

func (p *plan) keyMailboxes() []map[string]any {
	var rows []map[string]any
	for _, m := range append(p.mailboxes[:len(p.mailboxes):len(p.mailboxes)], p.others...) {
		o := m.owner
		row := map[string]any{
			"mailbox": m.id(), "mailboxAddress": m.primary(), "userPrincipalName": m.signInName(), "displayName": o.display,
			"recipientTypeDetails": m.typ, "inactive": m.inactive, "auditEnabled": !m.auditOff, "auditLogAgeLimitDays": int64(m.keeps().days),
			"auditOwner": m.audit.owner, "auditDelegate": m.audit.delegate, "auditAdmin": m.audit.admin, "defaultAuditSet": m.audit.managed,
			"forwardingAddress": nil, "forwardingSmtpAddress": nil, "forwardingTarget": "", "forwardingTargetType": "",
			"forwardingExternalRecipients": []string{}, "deliverToMailboxAndForward": m.copyStays, "accountDisabled": o.disabled,
			"whenMailboxCreated": o.created, "hiddenFromAddressLists": o.hidden, "litigationHold": m.hold, "premiumAudit": m.premium(),
		}
		var set []target
		if m.forwardTo != nil {
			row["forwardingAddress"] = m.forwardTo.as
			set = append(set, *m.forwardTo)
		}
		if m.forwardSMTP != nil {
			row["forwardingSmtpAddress"] = strings.TrimPrefix(m.forwardSMTP.as, "smtp:")
			set = append(set, *m.forwardSMTP)
		}
		if len(set) > 0 {
			row["forwardingTarget"], row["forwardingTargetType"] = joined(set)
			row["forwardingExternalRecipients"] = reaches(set)
		}
		rows = append(rows, row)
	}
	return rows
}

// joined is the address and the type of one or two targets.
func joined(set []target) (address, kind string) {
	var all []string
	worst := map[string]bool{}
	for _, t := range set {
		worst[t.kind] = true
		if t.address != "" && (len(all) == 0 || all[0] != t.address) {
			all = append(all, t.address)
		}
	}
	kind = targetInternal
	if worst[targetUnresolved] {
		kind = targetUnresolved
	}
	if worst[targetExternal] {
		kind = targetExternal
	}
	return strings.Join(all, ", "), kind
}

func (p *plan) keyAuditBypass() []map[string]any {
	var rows []map[string]any
	for _, b := range p.bypassed {
		rows = append(rows, map[string]any{
			"identity": b.who.identity(), "principalId": b.who.key(), "principalName": b.who.display,
			"auditBypassEnabled": true, "whenChanged": b.changed,
		})
	}
	return rows
}

func (p *plan) keyInboxRules() []map[string]any {
	var rows []map[string]any
	for _, m := range p.mailboxes {
		if !m.covered() {
			continue
		}
		for _, r := range p.rulesOf(m) {
			var when, then []string
			for _, c := range r.when {
				when = append(when, c.text())
			}
			for _, a := range r.actions() {
				then = append(then, a.text())
			}
			row := map[string]any{
				"mailbox": m.id(), "mailboxAddress": m.primary(), "ruleIdentity": strconv.FormatUint(r.id, 10), "name": r.name,
				"priority": int64(r.priority), "enabled": !r.disabled, "inError": r.inError, "hidden": r.hidden, "system": r.system,
				"supportedByTask": !r.opaque, "conditions": sortedUnique(when), "actions": sortedUnique(then),
				"forwardTo": texts(r.forwardTo), "forwardAsAttachmentTo": texts(r.attachTo), "redirectTo": texts(r.redirect),
				"moveToFolder": nil, "deleteMessage": r.delete || r.soft, "markAsRead": r.read, "stopProcessingRules": r.stop,
				"externalRecipients": r.external(),
			}
			if r.moveTo != "" {
				row["moveToFolder"] = r.moveTo
			}
			rows = append(rows, row)
		}
	}
	return rows
}

func (r *transportRule) external() []string {
	return reaches(r.blindCopy, r.copyTo, r.redirect, r.addTo)
}

func (p *plan) keyTransportRules() []map[string]any {
	var rows []map[string]any
	for i, r := range p.transport {
		row := map[string]any{
			"ruleId": r.id.String(), "name": r.name, "priority": int64(i), "state": r.state, "mode": r.mode,
			"conditions": clauseTexts(r.when), "exceptions": clauseTexts(r.except), "actions": clauseTexts(r.then),
			"blindCopyTo": texts(r.blindCopy), "copyTo": texts(r.copyTo), "redirectTo": texts(r.redirect), "addToRecipients": texts(r.addTo),
			"deleteMessage": r.deletes, "setScl": nil, "externalRecipients": r.external(), "whenChanged": ruleChanged,
		}
		if r.scl != "" {
			row["setScl"] = r.scl
		}
		rows = append(rows, row)
	}
	return rows
}

func (p *plan) keyRemoteDomains() []map[string]any {
	var rows []map[string]any
	for _, d := range p.remote {
		rows = append(rows, map[string]any{"name": d.name, "domainName": d.domain, "autoForwardEnabled": d.forward, "autoReplyEnabled": d.reply})
	}
	return rows
}

func (p *plan) keyOutboundPolicies() []map[string]any {
	var rows []map[string]any
	for _, o := range p.outbound {
		row := map[string]any{"name": o.name, "isDefault": o.isDefault, "autoForwardingMode": o.mode, "appliesTo": []string{}, "ruleState": ""}
		if o.isDefault {
			row["appliesTo"] = []string{"*"}
		}
		if r := o.rule; r != nil {
			var to []string
			add := func(prefix string, values []string) {
				for _, v := range values {
					to = append(to, prefix+": "+v)
				}
			}
			add("From", r.from)
			add("FromMemberOf", r.memberOf)
			add("SenderDomainIs", r.domains)
			add("ExceptIfFrom", r.exceptFrom)
			add("ExceptIfFromMemberOf", r.exceptMember)
			row["appliesTo"], row["ruleState"] = sortedUnique(to), r.state
		}
		rows = append(rows, row)
	}
	return rows
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (p *plan) keyConnectors() []map[string]any {
	var rows []map[string]any
	for _, c := range p.connectors {
		row := map[string]any{
			"direction": "inbound", "name": c.name, "enabled": c.enabled, "type": c.typ, "smartHosts": nil, "recipientDomains": nil,
			"senderDomains": nil, "senderIPAddresses": nil, "requireTls": nil, "restrictDomainsToIPAddresses": nil,
			"restrictDomainsToCertificate": nil, "tlsSenderCertificateName": nil, "tlsSettings": nil, "tlsDomain": nil, "useMXRecord": nil,
			"isTransportRuleScoped": nil, "routeAllMessagesViaOnPremises": nil, "cloudServicesMailEnabled": c.cloudServices, "treatMessagesAsInternal": nil,
		}
		if c.outbound {
			row["direction"] = "outbound"
			row["smartHosts"], row["recipientDomains"] = list(c.smartHosts), list(c.recipientDomains)
			row["tlsSettings"], row["tlsDomain"] = orNil(c.tls), orNil(c.tlsDomain)
			row["useMXRecord"], row["isTransportRuleScoped"], row["routeAllMessagesViaOnPremises"] = c.mx, c.ruleScoped, c.onPremises
		} else {
			row["senderDomains"], row["senderIPAddresses"] = list(c.senderDomains), list(c.senderIPs)
			row["requireTls"], row["restrictDomainsToIPAddresses"], row["restrictDomainsToCertificate"] = c.requireTLS, c.byIP, c.byCertificate
			row["tlsSenderCertificateName"], row["treatMessagesAsInternal"] = orNil(c.certificate), c.asInternal
		}
		rows = append(rows, row)
	}
	return rows
}

func (p *plan) keyAcceptedDomains() []map[string]any {
	var rows []map[string]any
	for _, d := range p.domains {
		rows = append(rows, map[string]any{"domainName": d.name, "domainType": d.kind, "default": d.isDefault, "matchSubDomains": d.subdomains, "source": "exchange"})
	}
	return rows
}

// primary is the primary SMTP address as the service sends it.
func (m *mailbox) primary() string { return m.owner.smtp }

// signInName is the UserPrincipalName as Get-Mailbox sends it; group mailboxes have one too.
func (m *mailbox) signInName() string {
	if m.owner.upn == "" {
		return m.owner.smtp
	}
	return m.owner.upn
}
