package faketenant

import (
	"strings"
	"time"
)

// boolOrNil is nil where the service sends null.
func boolOrNil(b *bool) any {
	if b == nil {
		return nil
	}
	return *b
}

func timeOrNil(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

func (p *plan) keyUsers() []map[string]any {
	var rows []map[string]any
	for _, u := range p.users {
		rows = append(rows, map[string]any{
			"user": u.id.String(), "userPrincipalName": u.upn, "displayName": u.display, "mail": u.mailOf(), "userType": u.userType(),
			"accountEnabled": !u.disabled, "onPremisesSyncEnabled": boolOrNil(u.synced), "createdDateTime": timeOrNil(u.created),
		})
	}
	return rows
}

func (p *plan) keyTransportConfig() []map[string]any {
	return []map[string]any{{"name": "Transport Settings", "smtpClientAuthenticationDisabled": !p.org.smtpAuthOn}}
}

// smtpAuth says in a word what the override of a mailbox does.
func (m *mailbox) smtpAuth() string {
	switch off := m.protocols.smtpAuthOff; {
	case off == nil:
		return "inherits"
	case *off:
		return "disabled"
	}
	return "enabled"
}

func (p *plan) keyCASMailboxes() []map[string]any {
	var rows []map[string]any
	for _, m := range p.mailboxes {
		rows = append(rows, map[string]any{
			"mailbox": m.id(), "mailboxAddress": m.primary(), "smtpAuth": m.smtpAuth(), "imapEnabled": m.protocols.imap, "popEnabled": m.protocols.pop,
		})
	}
	return rows
}

func (p *plan) keySharingPolicies() []map[string]any {
	var rows []map[string]any
	for _, s := range p.sharing {
		var domains []string
		for _, e := range s.shares {
			domains = append(domains, e.domain+": "+strings.Join(e.actions, ", "))
		}
		rows = append(rows, map[string]any{"name": s.name, "default": s.standard, "enabled": s.enabled, "domains": list(domains)})
	}
	return rows
}

func (p *plan) keyAuthorizationPolicy() []map[string]any {
	c := p.consents
	return []map[string]any{{
		"id": "authorizationPolicy", "permissionGrantPoliciesAssigned": list(c.grants), "allowedToCreateApps": c.createApps,
		"allowUserConsentForRiskyApps": boolOrNil(c.riskyApps), "allowInvitesFrom": c.invitesFrom, "guestUserRoleId": c.guestRole,
	}}
}

func (p *plan) keyAdminConsentPolicy() []map[string]any {
	c := p.consents
	return []map[string]any{{"id": "adminConsentRequestPolicy", "isEnabled": c.requests, "notifyReviewers": c.notify, "reviewers": list(c.reviewers)}}
}

func (p *plan) keyRoleSchedules() []map[string]any {
	if p.opt.NoP2 {
		return nil
	}
	var rows []map[string]any
	for _, s := range p.scheduleInstances() {
		h := s.holding
		rows = append(rows, map[string]any{
			"id": s.id, "role": h.role.name, "roleTemplateId": h.role.id, "member": s.to.id.String(), "memberType": memberType(s.to), "memberName": s.to.display,
			"assignmentType": s.kind(), "inherited": s.inherited, "scope": h.scope, "endDateTime": timeOrNil(h.until), "privileged": boolOrNil(h.role.privileged),
		})
	}
	return rows
}

func (p *plan) keyManagementRoles() []map[string]any {
	var rows []map[string]any
	for _, s := range p.scoped {
		rows = append(rows, map[string]any{
			"id": s.identity(), "role": s.role, "assignee": s.app.p.id.String(), "assigneeName": s.app.p.display, "assigneeType": memberType(s.app.p),
			"appId": s.app.appID, "delegating": false, "enabled": true, "scope": s.scope, "scopeId": groupID(s.group),
		})
	}
	return append(rows, p.keyDirectRoles()...)
}
