package checks

import (
	"strings"
	"testing"

	"tenantaudit/internal/snapshot"
)

func TestMailboxForwardingInternal(t *testing.T) {
	const id = "mail.mailbox_forwarding_internal"
	forward := func(name, kind string, change func(*snapshot.Mailbox)) snapshot.Mailbox {
		return mailbox(name, "UserMailbox", func(m *snapshot.Mailbox) {
			m.ForwardingTargetType, m.ForwardingTarget = kind, "lee@contoso.example"
			if change != nil {
				change(m)
			}
		})
	}
	runRows(t, id, []row{
		{"none", with(mailbox("a", "UserMailbox", nil)), "info 1/1", "", ""},
		{"inside", with(forward("a", "internal", nil), mailbox("b", "UserMailbox", nil)), "info 2/2", "info mailbox a", ""},
		{"outside and unresolved are judged elsewhere", with(forward("a", "external", nil), forward("b", "unresolved", nil)), "info 2/2", "", ""},
		{"inactive", with(forward("a", "internal", func(m *snapshot.Mailbox) { m.Inactive = true })), "info 0/0", "", ""},
		{"domains not read", with(forward("a", "internal", nil)).gap(cover(snapshot.AcceptedDomains, snapshot.CoverageDenied, 0, 1, snapshot.MissingPrivilege)),
			"not-evaluated 1/2", "info mailbox a", "acceptedDomains: denied"},
	})
	everyNeed(t, id, ownDomain, mailbox("a", "UserMailbox", nil))

	_, found := judge(t, id, with(forward("a", "internal", func(m *snapshot.Mailbox) { m.DeliverToMailboxAndForward = off() })))
	if want := "a@contoso.example forwards to lee@contoso.example, inside, and keeps no copy."; found[0].Summary != want {
		t.Errorf("summary %q, want %q", found[0].Summary, want)
	}
}

func TestAutoforwardRemoteDomains(t *testing.T) {
	const id = "mail.autoforward_remote_domains"
	domain := func(name, of string, forward *bool) snapshot.RemoteDomain {
		return snapshot.RemoteDomain{Name: name, DomainName: of, AutoForwardEnabled: forward}
	}
	runRows(t, id, []row{
		{"off everywhere", with(domain("Default", "*", off()), domain("Fabrikam", "fabrikam.example", off())), "pass 2/2", "", ""},
		{"the default", with(domain("Default", "*", on())), "fail 1/1", "medium remoteDomain Default|*", ""},
		{"another than the default", with(domain("Default", "*", off()), domain("Fabrikam", "fabrikam.example", on())), "fail 2/2", "medium remoteDomain Fabrikam|fabrikam.example", ""},
		{"not sent", with(domain("Default", "*", nil), domain("Fabrikam", "fabrikam.example", off())), "not-evaluated 1/2", "", "was not sent (1)"},
		{"a separator in a name", with(domain("a|b", "*", on())), "fail 1/1", "medium remoteDomain a%7Cb|*", ""},
	})
	everyNeed(t, id, domain("Default", "*", off()))
}

func TestAutoforwardOutboundPolicy(t *testing.T) {
	const id = "mail.autoforward_outbound_policy"
	base := func(mode string) snapshot.OutboundSpamPolicy {
		return snapshot.OutboundSpamPolicy{Name: "Default", IsDefault: on(), AutoForwardingMode: mode, AppliesTo: []string{"*"}}
	}
	custom := func(mode, state string, appliesTo ...string) snapshot.OutboundSpamPolicy {
		return snapshot.OutboundSpamPolicy{Name: "Sales", IsDefault: off(), AutoForwardingMode: mode, RuleState: state, AppliesTo: append([]string{}, appliesTo...)}
	}
	const who = "FromMemberOf: sales@contoso.example"
	unsent := custom("On", "Enabled")
	unsent.AppliesTo = nil
	unsure := custom("Off", "Enabled", who)
	unsure.IsDefault = nil
	runRows(t, id, []row{
		{"off", with(base("Off"), custom("off", "Enabled", who)), "pass 2/2", "", ""},
		{"default on", with(base("On")), "fail 1/1", "medium outboundSpamPolicy Default", ""},
		{"default automatic", with(base("Automatic")), "fail 1/1", "low outboundSpamPolicy Default", ""},
		{"custom on, default off", with(base("Off"), custom("On", "Enabled", who)), "fail 2/2", "medium outboundSpamPolicy Sales", ""},
		{"custom automatic", with(base("Off"), custom("Automatic", "Enabled", who)), "fail 2/2", "low outboundSpamPolicy Sales", ""},
		{"custom on, rule disabled", with(base("Off"), custom("On", "Disabled", who)), "info 2/2", "info outboundSpamPolicy Sales", ""},
		{"custom on, without a rule", with(base("Off"), custom("On", "")), "info 2/2", "info outboundSpamPolicy Sales", ""},
		{"custom automatic, rule names nobody", with(base("Off"), custom("Automatic", "Enabled")), "info 2/2", "info outboundSpamPolicy Sales", ""},
		{"custom off, not in force", with(base("Off"), custom("Off", "Disabled", who)), "pass 2/2", "", ""},
		{"mode not sent", with(base("")), "not-evaluated 0/1", "", "is not known (1)"},
		{"a mode nobody knows", with(base("Off"), custom("Maybe", "Enabled", who)), "not-evaluated 1/2", "", "is not known (1)"},
		{"default or not is not known", with(base("Off"), unsure), "not-evaluated 1/2", "", "is not known (1)"},
		{"senders not known", with(base("Off"), unsent), "not-evaluated 1/2", "", "is not known (1)"},
		{"no default policy", with(custom("Off", "Enabled", who)), "not-evaluated 1/2", "", "default policy is not among"},
		{"nothing at all", with(), "not-evaluated 0/1", "", "default policy is not among"},
		{"one that may be the default", with(unsure), "not-evaluated 0/1", "", "is not known (1)"},
		{"denied", with().gap(cover(snapshot.OutboundSpamPolicies, snapshot.CoverageDenied, 0, 1, snapshot.MissingPrivilege)), "not-evaluated 0/1", "", "outboundSpamPolicies: denied"},
	})
	everyNeed(t, id, base("Off"))
}

func name(s string) *string { return &s }

func TestConnectorsReviewed(t *testing.T) {
	const id = "mail.connectors_reviewed"
	inbound := func(change func(*snapshot.Connector)) snapshot.Connector {
		c := snapshot.Connector{Direction: "inbound", Name: "in", Enabled: on(), Type: "Partner", SenderIPAddresses: []string{}, SenderDomains: []string{"smtp:*;1"},
			RestrictDomainsToCertificate: off(), RestrictDomainsToIPAddresses: off(), TreatMessagesAsInternal: off(), CloudServicesMailEnabled: off()}
		change(&c)
		return c
	}
	outbound := func(change func(*snapshot.Connector)) snapshot.Connector {
		c := snapshot.Connector{Direction: "outbound", Name: "out", Enabled: on(), Type: "Partner", SmartHosts: []string{"relay.fabrikam.example"}, RecipientDomains: []string{"*"},
			UseMXRecord: off(), IsTransportRuleScoped: off(), RouteAllMessagesViaOnPremises: off()}
		change(&c)
		return c
	}
	none := func(*snapshot.Connector) {}
	addresses := func(c *snapshot.Connector) { c.SenderIPAddresses = []string{"203.0.113.25"} }
	certificate := func(c *snapshot.Connector) { c.TLSSenderCertificateName = name("*.fabrikam.example") }
	const in, out = " connector inbound|in", " connector outbound|out"
	runRows(t, id, []row{
		{"limited to a certificate", with(inbound(func(c *snapshot.Connector) { certificate(c); c.RestrictDomainsToCertificate = on() })), "pass 1/1", "", ""},
		{"limited to addresses", with(inbound(func(c *snapshot.Connector) { addresses(c); c.RestrictDomainsToIPAddresses = on() })), "pass 1/1", "", ""},
		{"own servers by address", with(inbound(func(c *snapshot.Connector) { addresses(c); c.Type = "onpremises"; c.TreatMessagesAsInternal = on() })), "pass 1/1", "", ""},
		{"own servers by certificate", with(inbound(func(c *snapshot.Connector) { certificate(c); c.Type = "OnPremises" })), "pass 1/1", "", ""},
		{"open", with(inbound(none)), "fail 1/1", "medium" + in, ""},
		{"named, and not limited to it", with(inbound(func(c *snapshot.Connector) { certificate(c); addresses(c) })), "fail 1/1", "medium" + in, ""},
		{"limited to a certificate without a name", with(inbound(func(c *snapshot.Connector) {
			c.RestrictDomainsToCertificate, c.TLSSenderCertificateName = on(), name(" ")
		})), "fail 1/1", "medium" + in, ""},
		{"limited to no address", with(inbound(func(c *snapshot.Connector) { c.RestrictDomainsToIPAddresses = on() })), "fail 1/1", "medium" + in, ""},
		{"own servers by nothing", with(inbound(func(c *snapshot.Connector) { c.Type = "OnPremises" })), "fail 1/1", "medium" + in, ""},
		{"open and internal", with(inbound(func(c *snapshot.Connector) { c.TreatMessagesAsInternal = on() })), "fail 1/1", "high" + in, ""},
		{"open and with cloud headers", with(inbound(func(c *snapshot.Connector) { c.CloudServicesMailEnabled = on() })), "fail 1/1", "high" + in, ""},
		{"open, disabled", with(inbound(func(c *snapshot.Connector) { c.Enabled = off(); c.TreatMessagesAsInternal = on() })), "info 1/1", "info" + in, ""},
		{"disabled and fine", with(inbound(func(c *snapshot.Connector) { c.Enabled = off(); certificate(c); c.RestrictDomainsToCertificate = on() })), "pass 1/1", "", ""},
		{"enabled is not known", with(inbound(func(c *snapshot.Connector) { c.Enabled = nil })), "not-evaluated 0/1", "", "was not sent (1)"},
		{"limit not sent", with(inbound(func(c *snapshot.Connector) { certificate(c); c.RestrictDomainsToCertificate = nil })), "not-evaluated 0/1", "", "was not sent (1)"},
		{"limit not sent, and nothing to limit to", with(inbound(func(c *snapshot.Connector) { c.RestrictDomainsToCertificate, c.RestrictDomainsToIPAddresses = nil, nil })), "fail 1/1", "medium" + in, ""},
		{"addresses not sent", with(inbound(func(c *snapshot.Connector) { c.SenderIPAddresses = nil; c.RestrictDomainsToIPAddresses = on() })), "not-evaluated 0/1", "", "was not sent (1)"},
		{"type not sent", with(inbound(func(c *snapshot.Connector) { addresses(c); c.Type = "" })), "not-evaluated 0/1", "", "was not sent (1)"},

		{"smart host for everything", with(outbound(none)), "fail 1/1", "medium" + out, ""},
		{"as an address space", with(outbound(func(c *snapshot.Connector) { c.RecipientDomains = []string{"smtp:fabrikam.example;1", "SMTP: * ;1"} })), "fail 1/1", "medium" + out, ""},
		{"smart host for a partner", with(outbound(func(c *snapshot.Connector) {
			c.RecipientDomains = []string{"fabrikam.example", "*.fabrikam.example"}
		})), "pass 1/1", "", ""},
		{"everything by MX", with(outbound(func(c *snapshot.Connector) { c.SmartHosts, c.UseMXRecord = []string{}, on() })), "pass 1/1", "", ""},
		{"smart hosts null beside MX", with(outbound(func(c *snapshot.Connector) { c.SmartHosts, c.UseMXRecord = nil, on() })), "pass 1/1", "", ""},
		{"for mail flow rules", with(outbound(func(c *snapshot.Connector) { c.IsTransportRuleScoped = on() })), "fail 1/1", "low" + out, ""},
		{"for mail flow rules, one domain", with(outbound(func(c *snapshot.Connector) { c.IsTransportRuleScoped, c.RecipientDomains = on(), nil })), "fail 1/1", "low" + out, ""},
		{"all by way of own servers", with(outbound(func(c *snapshot.Connector) {
			c.RouteAllMessagesViaOnPremises, c.RecipientDomains = on(), []string{"fabrikam.example"}
		})), "fail 1/1", "low" + out, ""},
		{"the worse of two", with(outbound(func(c *snapshot.Connector) { c.RouteAllMessagesViaOnPremises = on() })), "fail 1/1", "medium" + out, ""},
		{"smart host, disabled", with(outbound(func(c *snapshot.Connector) { c.Enabled = off() })), "info 1/1", "info" + out, ""},
		{"scope not sent", with(outbound(func(c *snapshot.Connector) { c.IsTransportRuleScoped = nil })), "not-evaluated 0/1", "", "was not sent (1)"},
		{"domains not sent", with(outbound(func(c *snapshot.Connector) { c.RecipientDomains = nil })), "not-evaluated 0/1", "", "was not sent (1)"},
		{"smart hosts not sent", with(outbound(func(c *snapshot.Connector) { c.SmartHosts = nil })), "not-evaluated 0/1", "", "was not sent (1)"},
		{"routing not sent", with(outbound(func(c *snapshot.Connector) { c.SmartHosts, c.RouteAllMessagesViaOnPremises = []string{}, nil })), "not-evaluated 0/1", "", "was not sent (1)"},
		{"no connector", with(), "pass 0/0", "", ""},
	})
	everyNeed(t, id, outbound(func(c *snapshot.Connector) { c.SmartHosts, c.UseMXRecord = []string{}, on() }))

	_, found := judge(t, id, with(inbound(func(c *snapshot.Connector) { c.TreatMessagesAsInternal, c.CloudServicesMailEnabled = on(), on() })))
	if got := strings.Join(found[0].Details["raised"].([]string), "; "); got != "the connector treats messages as internal; the connector keeps the headers of cloud services" {
		t.Errorf("raised = %q", got)
	}
}

func TestOrganizationSwitches(t *testing.T) {
	for _, c := range []struct {
		id, severity, property string
		set                    func(*snapshot.OrganizationConfig, *bool)
	}{
		{"mail.direct_send_rejected", "medium", "RejectDirectSend", func(o *snapshot.OrganizationConfig, b *bool) { o.RejectDirectSend = b }},
		{"mail.modern_auth_enabled", "high", "OAuth2ClientProfileEnabled", func(o *snapshot.OrganizationConfig, b *bool) { o.OAuth2ClientProfileEnabled = b }},
	} {
		// The other switches say the opposite: none of them is read in its place.
		org := func(b *bool) snapshot.OrganizationConfig {
			o := snapshot.OrganizationConfig{Name: "o", AuditDisabled: off(), RejectDirectSend: off(), OAuth2ClientProfileEnabled: off(), EwsEnabled: on()}
			if b != nil && !*b {
				o.RejectDirectSend, o.OAuth2ClientProfileEnabled = on(), on()
			}
			c.set(&o, b)
			return o
		}
		runRows(t, c.id, []row{
			{"on", with(org(on())), "pass 1/1", "", ""},
			{"off", with(org(off())), "fail 1/1", c.severity + " tenant tenant-1", ""},
			{"not sent", with(org(nil)), "not-evaluated 0/1", "", c.property + " was not sent (1)"},
			{"no row", with(), "not-evaluated 0/1", "", c.property + " was not sent (1)"},
		})
		everyNeed(t, c.id, org(on()))
	}
}

func TestSMTPAuthDisabled(t *testing.T) {
	const id = "mail.smtp_auth_disabled"
	tenant := func(b *bool) snapshot.TransportConfig {
		return snapshot.TransportConfig{Name: "t", SMTPClientAuthenticationDisabled: b}
	}
	box := func(name, auth string) snapshot.CASMailbox {
		return snapshot.CASMailbox{Mailbox: name, MailboxAddress: name + "@contoso.example", SMTPAuth: auth}
	}
	runRows(t, id, []row{
		{"off, and nobody differs", with(tenant(on()), box("a", snapshot.SMTPAuthInherits), box("b", snapshot.SMTPAuthDisabled)), "pass 3/3", "", ""},
		{"on for the tenant", with(tenant(off()), box("a", snapshot.SMTPAuthInherits)), "fail 2/2", "medium tenant tenant-1", ""},
		{"an exception", with(tenant(on()), box("a", snapshot.SMTPAuthEnabled), box("b", snapshot.SMTPAuthInherits)), "fail 3/3", "low mailbox a", ""},
		{"on, and an exception as well", with(tenant(off()), box("a", snapshot.SMTPAuthEnabled)), "fail 2/2", "low mailbox a\nmedium tenant tenant-1", ""},
		{"default not sent", with(tenant(nil), box("a", snapshot.SMTPAuthInherits)), "not-evaluated 1/2", "", "the tenant's SmtpClientAuthenticationDisabled was not sent (1)"},
		{"no configuration", with(box("a", snapshot.SMTPAuthEnabled)), "fail 1/2", "low mailbox a", "the tenant's"},
		{"a mailbox that was not sent", with(tenant(on()), box("a", ""), box("b", "")), "not-evaluated 1/3", "", "of the mailbox was not sent (2)"},
	})
	everyNeed(t, id, tenant(on()), box("a", snapshot.SMTPAuthInherits))
}

func TestCalendarSharingLimited(t *testing.T) {
	const id = "mail.calendar_sharing_limited"
	policy := func(enabled *bool, domains ...string) snapshot.SharingPolicy {
		return snapshot.SharingPolicy{Name: "p", Enabled: enabled, Domains: domains}
	}
	fails := func(name string, domains ...string) row {
		return row{name, with(policy(on(), domains...)), "fail 1/1", "medium sharingPolicy p", ""}
	}
	quiet := func(name string, domains ...string) row {
		return row{name, with(policy(on(), domains...)), "pass 1/1", "", ""}
	}
	runRows(t, id, []row{
		fails("everybody, with subjects", "*: CalendarSharingFreeBusyDetail"),
		fails("a link, with everything", "Anonymous: CalendarSharingFreeBusyReviewer", "*: CalendarSharingFreeBusySimple"),
		fails("without blanks, in other case", "anonymous:calendarsharingfreebusydetail"),
		fails("behind another action", "* : ContactsSharing ,  CalendarSharingFreeBusyReviewer"),
		quiet("free and busy only", "*: CalendarSharingFreeBusySimple", "Anonymous: CalendarSharingFreeBusySimple"),
		quiet("contacts only", "*: ContactsSharing"),
		quiet("a partner sees details", "fabrikam.example: CalendarSharingFreeBusyReviewer"),
		quiet("a domain that only looks like everybody", "anonymous.example: CalendarSharingFreeBusyDetail", "*.fabrikam.example: CalendarSharingFreeBusyDetail"),
		quiet("no action", "*", "*:"),
		{"nobody", with(snapshot.SharingPolicy{Name: "p", Enabled: on(), Domains: []string{}}), "pass 1/1", "", ""},
		{"disabled", with(policy(off(), "*: CalendarSharingFreeBusyDetail")), "pass 1/1", "", ""},
		{"disabled, domains not sent", with(snapshot.SharingPolicy{Name: "p", Enabled: off()}), "pass 1/1", "", ""},
		{"enabled is not known, and it would count", with(policy(nil, "*: CalendarSharingFreeBusyDetail")), "not-evaluated 0/1", "", "was not sent (1)"},
		{"enabled is not known, and it does not count", with(policy(nil, "*: CalendarSharingFreeBusySimple")), "pass 1/1", "", ""},
		{"domains not sent", with(snapshot.SharingPolicy{Name: "p", Enabled: on()}), "not-evaluated 0/1", "", "was not sent (1)"},
	})
	everyNeed(t, id, policy(on(), "*: CalendarSharingFreeBusySimple"))
}

func TestSharedMailboxSignInBlocked(t *testing.T) {
	const id = "mail.shared_mailbox_sign_in_blocked"
	account := func(id string, enabled *bool) snapshot.User {
		return snapshot.User{User: id, UserPrincipalName: id + "@contoso.example", AccountEnabled: enabled}
	}
	runRows(t, id, []row{
		{"blocked", with(mailbox("a", "SharedMailbox", nil), account("a", off())), "pass 1/1", "", ""},
		{"may sign in", with(mailbox("a", "SharedMailbox", nil), mailbox("b", "RoomMailbox", nil), mailbox("c", "EquipmentMailbox", nil),
			account("c", on()), account("a", on()), account("b", on())), "fail 3/3", "medium mailbox a\nmedium mailbox b\nmedium mailbox c", ""},
		{"people may", with(mailbox("a", "UserMailbox", nil), account("a", on())), "pass 0/0", "", ""},
		{"scheduling mailboxes are not among them", with(mailbox("a", "SchedulingMailbox", nil), account("a", on())), "pass 0/0", "", ""},
		{"inactive", with(mailbox("a", "SharedMailbox", func(m *snapshot.Mailbox) { m.Inactive = true }), account("a", on())), "pass 0/0", "", ""},
		{"no account", with(mailbox("a", "SharedMailbox", nil), account("b", off())), "not-evaluated 0/1", "", "was not found among the users (1)"},
		{"state not sent", with(mailbox("a", "SharedMailbox", nil), account("a", nil), mailbox("b", "SharedMailbox", nil), account("b", off())), "not-evaluated 1/2", "", "accountEnabled was not sent (1)"},
		{"what Exchange says does not decide", with(mailbox("a", "SharedMailbox", func(m *snapshot.Mailbox) { m.AccountDisabled = on() }), account("a", on())), "fail 1/1", "medium mailbox a", ""},
	})
	everyNeed(t, id, mailbox("a", "SharedMailbox", nil), account("a", off()))
}

// Checks of these areas that no public control covers are the product's own, and say so.
func TestChecksWithoutAPublicControl(t *testing.T) {
	own := map[string]bool{
		"licence.inventory":                true,
		"licence.entra_premium":            true,
		"audit.mailbox_audited":            true,
		"audit.mailbox_explicitly_enabled": true,
		"audit.mailbox_log_age":            true,
		"mail.mailbox_forwarding_internal": true,
		"mail.inbox_rule_hidden":           true,
		"mail.transport_rule_deletes":      true,
	}
	for _, c := range append(append(licenceChecks(), auditChecks()...), mailChecks()...) {
		if _, mapped := c.Controls(); mapped == own[c.ID] {
			t.Errorf("%s: has a mapping %v, listed as our own %v", c.ID, mapped, own[c.ID])
		}
		if explained := strings.Contains(Explain(c), "Public controls: none; it is our own check"); explained != own[c.ID] {
			t.Errorf("%s: shown as our own %v", c.ID, explained)
		}
		delete(own, c.ID)
	}
	for id := range own {
		t.Errorf("no check %s", id)
	}
}
