package faketenant

import "time"

func acceptedDomainRows(t *Tenant, a args) (rows, *failure) {
	p := t.plan
	all, f := named(a, p.domains, func(d domain) []string { return []string{d.name, d.guid.String()} })
	if f != nil {
		return rows{}, f
	}
	return rowsOf(all, func(b *bag, d domain) {
		b.str("DomainName", d.name)
		b.null("CatchAllRecipientID")
		b.str("DomainType", d.kind)
		b.bool("MatchSubDomains", d.subdomains)
		b.bool("AddressBookEnabled", true)
		b.bool("Default", d.isDefault)
		b.bool("InitialDomain", d.initial)
		bools(b, false, "EmailOnly", "ExternallyManaged")
		b.str("AuthenticationType", "Managed")
		b.str("RawAuthenticationType", "Managed")
		b.str("LiveIdInstanceType", "Business")
		bools(b, false, "PendingRemoval", "PendingCompletion")
		b.str("FederatedOrganizationLink", "Federation")
		b.null("MailFlowPartner")
		bools(b, false, "OutboundOnly", "IsCoexistenceDomain", "SendingFromDomainDisabled", "SendingToDomainDisabled")
		b.str("SmtpDaneStatus", "Disabled")
		b.str("MailFlowRegion", "")
		b.str("AzureProvisioningRegion", "")
		bools(b, false, "DualProvisioningEnabled", "CanHaveCloudCache")
		p.tail(b, config{name: d.name, container: "Accepted Domains,CN=Transport Settings", class: "msExchAcceptedDomain", guid: d.guid})
	}), nil
}

func remoteDomainRows(t *Tenant, a args) (rows, *failure) {
	p := t.plan
	all, f := named(a, p.remote, func(d remoteDomain) []string { return []string{d.name, d.guid.String()} })
	if f != nil {
		return rows{}, f
	}
	return rowsOf(all, func(b *bag, d remoteDomain) {
		b.str("DomainName", d.domain)
		bools(b, false, "IsInternal", "TargetDeliveryDomain")
		b.str("ByteEncoderTypeFor7BitCharsets", "Undefined")
		b.str("CharacterSet", "iso-8859-1")
		b.str("NonMimeCharacterSet", "iso-8859-1")
		b.str("AllowedOOFType", "External")
		b.bool("AutoReplyEnabled", d.reply)
		b.bool("AutoForwardEnabled", d.forward)
		bools(b, true, "DeliveryReportEnabled", "NDREnabled")
		b.bool("MeetingForwardNotificationEnabled", false)
		b.str("ContentType", "MimeHtmlText")
		b.bool("DisplaySenderName", true)
		b.str("PreferredInternetCodePageForShiftJis", "Undefined")
		nulls(b, "RequiredCharsetCoverage", "TNEFEnabled")
		b.str("LineWrapSize", "Unlimited")
		bools(b, false, "TrustedMailOutboundEnabled", "TrustedMailInboundEnabled", "UseSimpleDisplayName")
		b.bool("NDRDiagnosticInfoEnabled", true)
		b.int32("MessageCountThreshold", 2147483647)
		p.tail(b, config{name: d.name, container: "Internet Message Formats,CN=Global Settings", class: "msExchDomainContentConfig", guid: d.guid})
	}), nil
}

func outboundPolicyRows(t *Tenant, a args) (rows, *failure) {
	p := t.plan
	all, f := named(a, p.outbound, func(o outboundPolicy) []string { return []string{o.name, o.guid.String()} })
	if f != nil {
		return rows{}, f
	}
	return rowsOf(all, func(b *bag, o outboundPolicy) {
		b.str("AdminDisplayName", "")
		b.bool("IsDefault", o.isDefault)
		b.str("ConfigurationType", "HostedOutboundSpamFilterPolicy")
		b.bool("Enabled", true)
		b.uint32("RecipientLimitExternalPerHour", 0)
		b.uint32("RecipientLimitInternalPerHour", 0)
		b.uint32("RecipientLimitPerDay", 0)
		b.str("ActionWhenThresholdReached", "BlockUserForToday")
		b.list("NotifyOutboundSpamRecipients", nil)
		b.list("BccSuspiciousOutboundAdditionalRecipients", nil)
		bools(b, false, "BccSuspiciousOutboundMail", "NotifyOutboundSpam")
		b.str("RecommendedPolicyType", "Custom")
		b.str("AutoForwardingMode", o.mode)
		p.tailWithoutAdminName(b, config{name: o.name, container: "Outbound Spam Filter,CN=Transport Settings", class: "msExchHostedContentFilterConfig", guid: o.guid})
	}), nil
}

// tailWithoutAdminName is tail for objects that begin with AdminDisplayName.
func (p *plan) tailWithoutAdminName(b *bag, c config) {
	rest := &bag{sidecars: b.sidecars, sel: b.sel}
	rest.start()
	p.tail(rest, c)
	const first = `{"AdminDisplayName":"",`
	out := rest.buf[1:]
	if len(rest.buf) > len(first) && string(rest.buf[:len(first)]) == first {
		out = rest.buf[len(first):]
	}
	if len(out) == 0 {
		return
	}
	if b.open {
		b.buf = append(b.buf, ',')
	}
	b.open = true
	b.buf = append(b.buf, out...)
}

func outboundRuleRows(t *Tenant, a args) (rows, *failure) {
	p := t.plan
	var bound []outboundPolicy
	for _, o := range p.outbound {
		if o.rule != nil {
			bound = append(bound, o)
		}
	}
	all, f := named(a, bound, func(o outboundPolicy) []string { return []string{o.name, o.rule.guid.String()} })
	if f != nil {
		return rows{}, f
	}
	return rowsOf(all, func(b *bag, o outboundPolicy) {
		r := o.rule
		b.str("HostedOutboundSpamFilterPolicy", o.name)
		b.listOrNull("From", r.from)
		b.listOrNull("FromMemberOf", r.memberOf)
		b.listOrNull("SenderDomainIs", r.domains)
		b.listOrNull("ExceptIfFrom", r.exceptFrom)
		b.listOrNull("ExceptIfFromMemberOf", r.exceptMember)
		b.null("ExceptIfSenderDomainIs")
		b.str("State", r.state)
		b.int32("Priority", 0)
		b.null("Comments")
		b.str("Description", "Take the following actions:\r\n\tApply hosted outbound spam filter policy \""+o.name+"\".\r\n")
		b.str("RuleVersion", "14.0.0.0")
		condition := "SenderDomainIsPredicate"
		if len(r.memberOf) > 0 {
			condition = "FromMemberOfPredicate"
		}
		b.list("Conditions", []string{ruleTasks + condition})
		if len(r.exceptFrom) > 0 {
			b.list("Exceptions", []string{ruleTasks + "FromPredicate"})
		} else {
			b.null("Exceptions")
		}
		p.tail(b, config{name: o.name, container: "HostedOutboundSpamFilterVersioned,CN=Rules,CN=Transport Settings", class: "ms-Exch-Object", guid: r.guid})
	}), nil
}

func (p *plan) connectorsOf(outbound bool) []connector {
	var out []connector
	for _, c := range p.connectors {
		if c.outbound == outbound {
			out = append(out, c)
		}
	}
	return out
}

func connectorNames(c connector) []string { return []string{c.name, c.guid.String()} }

func inboundConnectorRows(t *Tenant, a args) (rows, *failure) {
	p := t.plan
	all, f := named(a, p.connectorsOf(false), connectorNames)
	if f != nil {
		return rows{}, f
	}
	return rowsOf(all, func(b *bag, c connector) {
		b.bool("Enabled", c.enabled)
		b.str("ConnectorType", c.typ)
		b.str("ConnectorSource", "AdminUI")
		b.str("Comment", "")
		b.list("SenderIPAddresses", c.senderIPs)
		b.list("SenderDomains", c.senderDomains)
		for _, k := range []string{"TrustedOrganizations", "ClientHostNames", "AssociatedAcceptedDomains"} {
			b.list(k, nil)
		}
		b.bool("RequireTls", c.requireTLS)
		b.bool("RestrictDomainsToIPAddresses", c.byIP)
		b.bool("RestrictDomainsToCertificate", c.byCertificate)
		b.bool("CloudServicesMailEnabled", c.cloudServices)
		b.bool("TreatMessagesAsInternal", c.asInternal)
		b.opt("TlsSenderCertificateName", c.certificate)
		b.bool("EFTestMode", false)
		b.list("ScanAndDropRecipients", nil)
		b.bool("EFSkipLastIP", false)
		for _, k := range []string{"EFSkipIPs", "EFSkipMailGateway", "EFUsers"} {
			b.list(k, nil)
		}
		p.tail(b, config{name: c.name, container: "Transport Settings", class: "msExchSMTPReceiveConnector", guid: c.guid})
	}), nil
}

func outboundConnectorRows(t *Tenant, a args) (rows, *failure) {
	p := t.plan
	all, f := named(a, p.connectorsOf(true), connectorNames)
	if f != nil {
		return rows{}, f
	}
	return rowsOf(all, func(b *bag, c connector) {
		b.bool("Enabled", c.enabled)
		b.bool("UseMXRecord", c.mx)
		b.str("Comment", "")
		b.str("ConnectorType", c.typ)
		b.str("ConnectorSource", "AdminUI")
		b.list("RecipientDomains", c.recipientDomains)
		b.list("SmartHosts", c.smartHosts)
		b.opt("TlsDomain", c.tlsDomain)
		b.opt("TlsSettings", c.tls)
		b.bool("IsTransportRuleScoped", c.ruleScoped)
		b.bool("RouteAllMessagesViaOnPremises", c.onPremises)
		b.bool("CloudServicesMailEnabled", c.cloudServices)
		bools(b, false, "AllAcceptedDomains", "SenderRewritingEnabled")
		b.str("MtaStsMode", "Opportunistic")
		b.str("SmtpDaneMode", "Opportunistic")
		b.bool("TestMode", false)
		b.list("ValidationRecipients", nil)
		b.bool("IsValidated", c.tls != "")
		b.date("LastValidationTimestamp", dateBare, time.Date(2026, 3, 18, 11, 2, 51, 0, time.UTC))
		p.tail(b, config{name: c.name, container: "Transport Settings", class: "msExchSMTPSendConnector", guid: c.guid})
	}), nil
}

func journalRuleRows(t *Tenant, _ args) (rows, *failure) {
	if t.plan.clean {
		return rows{}, nil
	}
	p := t.plan
	return one(func(b *bag) {
		b.null("Recipient")
		b.str("JournalEmailAddress", "journal@archive.fabrikam.example")
		b.str("Scope", "Global")
		b.bool("Enabled", true)
		b.bool("FullReport", false)
		b.null("ExpiryDate")
		b.str("RuleType", "Journal")
		b.int32("Priority", 0)
		b.str("RuleVersion", "14.0.0.0")
		p.tail(b, config{name: "Journal everything", container: "JournalingVersioned,CN=Rules,CN=Transport Settings", class: "ms-Exch-Object", guid: p.guid("journal", 0)})
	}), nil
}
