package faketenant

import "time"

// orgSettings are the switches of the organisation; false is the good state of each.
type orgSettings struct {
	ingestionOff  bool
	modernAuthOff bool // OAuth2ClientProfileEnabled false
	directSend    bool // RejectDirectSend false
	smtpAuthOn    bool // SmtpClientAuthenticationDisabled false: the default of all mailboxes
}

// remoteDomain is an entry of Get-RemoteDomain.
type remoteDomain struct {
	name, domain string
	forward      bool
	reply        bool
	guid         guid
}

// outboundPolicy is an outbound spam policy with the rule that binds it.
type outboundPolicy struct {
	name, mode string
	isDefault  bool
	guid       guid
	rule       *outboundRule
}

type outboundRule struct {
	state                    string
	from, memberOf, domains  []string
	exceptFrom, exceptMember []string
	guid                     guid
}

// connector is an inbound or outbound connector.
type connector struct {
	outbound                        bool
	name, typ                       string
	enabled                         bool
	smartHosts, recipientDomains    []string
	senderDomains, senderIPs        []string
	requireTLS, byIP, byCertificate bool
	certificate, tls, tlsDomain     string
	mx, ruleScoped, onPremises      bool
	cloudServices, asInternal       bool
	guid                            guid
}

// mailFlow adds what stands between mailboxes and the outside.
func (c *crew) mailFlow() {
	c.remote = []remoteDomain{{name: "Default", domain: "*", reply: true}}
	c.outbound = []outboundPolicy{{name: "Default", mode: "Off", isDefault: true}}
	c.connectors = []connector{
		{name: "From Fabrikam", typ: "Partner", enabled: true, senderDomains: []string{"smtp:fabrikam.example;1"}, senderIPs: []string{},
			requireTLS: true, byCertificate: true, certificate: "*.mail.fabrikam.example"},
		{outbound: true, name: "To Fabrikam", typ: "Partner", enabled: true, mx: true, recipientDomains: []string{"fabrikam.example"},
			smartHosts: []string{}, tls: "DomainValidation", tlsDomain: "mail.fabrikam.example"},
	}
	if !c.clean {
		c.remote = append(c.remote, remoteDomain{name: "Fabrikam", domain: "fabrikam.example", forward: true})
		c.outbound[0].mode = "Automatic"
		c.outbound = append(c.outbound,
			outboundPolicy{name: "Allow forwarding - Finance", mode: "On", rule: &outboundRule{state: "Enabled",
				memberOf: []string{c.finance.smtp}, exceptFrom: []string{c.who(0).smtp}}},
			outboundPolicy{name: "Pilot", mode: "On", rule: &outboundRule{state: "Disabled", domains: []string{"contoso-labs.example"}}},
			outboundPolicy{name: "Unbound", mode: "Off"})
		c.connectors = append(c.connectors,
			connector{name: "Legacy relay", typ: "OnPremises", enabled: true, senderDomains: []string{"smtp:*;1"},
				senderIPs: []string{"198.51.100.0/28", "203.0.113.25"}, asInternal: true},
			connector{outbound: true, name: "Catch-all relay", typ: "Partner", enabled: true, recipientDomains: []string{"*"},
				smartHosts: []string{"relay.fabrikam.example"}})
		c.routes()
	}
	for i := range c.remote {
		c.remote[i].guid = c.guid("remote", i)
	}
	for i := range c.outbound {
		c.outbound[i].guid = c.guid("outbound", i)
		if r := c.outbound[i].rule; r != nil {
			r.guid = c.guid("outbound.rule", i)
		}
	}
	for i := range c.connectors {
		c.connectors[i].guid = c.guid("connector", i)
	}
	c.transportRules()
}

// transportRules adds the mail flow rules.
func (c *crew) transportRules() {
	outside := func(address string) []target { return []target{plainAddress(address, address, true)} }
	inside := func(u *principal) []target { return []target{c.toward(u.smtp, u)} }
	put := c.putTransport
	desk := c.shared[0].owner
	put(transportRule{name: "External banner", fromScope: "NotInOrganization", prependSubject: "[EXT]",
		when: []clause{{"FromScopePredicate", "FromScope: NotInOrganization"}}, then: []clause{{"PrependSubjectAction", "PrependSubject: [EXT]"}}})
	put(transportRule{name: "Redirect the old desk", redirect: inside(desk), subjectWords: []string{"desk", "invoice"},
		when: []clause{{"SubjectContainsPredicate", "SubjectContains: desk, invoice"}},
		then: []clause{{"RedirectMessageAction", "RedirectMessage: " + desk.smtp}}})
	if c.clean {
		return
	}
	put(transportRule{name: "Copy to archive outside", blindCopy: outside("archive@fabrikam.example"), then: []clause{{"BlindCopyToAction", "BlindCopyTo: archive@fabrikam.example"}}})
	put(transportRule{name: "Legacy archive copy", state: "Disabled", blindCopy: outside("legacy@fabrikam.example"), then: []clause{{"BlindCopyToAction", "BlindCopyTo: legacy@fabrikam.example"}}})
	put(transportRule{name: "Pilot copy", mode: "Audit", copyTo: outside("pilot@northwind.example"), then: []clause{{"CopyToAction", "CopyTo: pilot@northwind.example"}}})
	put(transportRule{name: "Partner bypass", scl: "-1", senderDomains: []string{"fabrikam.example"}, filterClauses: filterClauses{bySender: true},
		when: []clause{{"SenderDomainIsPredicate", "SenderDomainIs: fabrikam.example"}}, then: []clause{{"SetSclAction", "SetScl: -1"}}})
	put(transportRule{name: "Drop bulk mail", deletes: true, header: "X-Campaign", headerWords: "bulk",
		when: []clause{{"HeaderContainsPredicate", "HeaderContains: X-Campaign, bulk"}}, then: []clause{{"DeleteMessageAction", "DeleteMessage"}}})
	put(transportRule{name: "Project copies", addTo: []target{c.toward(c.outer.smtp, c.outer)},
		then: []clause{{"AddToRecipientAction", "AddToRecipient: " + c.outer.smtp}}})
	put(transportRule{name: "Finance copy inside", blindCopy: inside(desk), exceptSenderDoms: []string{"fabrikam.example"},
		except: []clause{{"SenderDomainIsPredicate", "ExceptIfSenderDomainIs: fabrikam.example"}},
		then:   []clause{{"BlindCopyToAction", "BlindCopyTo: " + desk.smtp}}})
	c.filterRules()
}

// putTransport adds a mail flow rule, enabled and enforced unless it says otherwise.
func (c *crew) putTransport(r transportRule) {
	r.id = c.guid("transport", len(c.transport))
	if r.state == "" {
		r.state = "Enabled"
	}
	if r.mode == "" {
		r.mode = "Enforce"
	}
	c.transport = append(c.transport, &r)
}

// Times that objects of the organisation bear on the wire.
var (
	orgCreated  = time.Date(2024, 2, 6, 13, 40, 9, 0, time.UTC)
	orgChanged  = time.Date(2026, 5, 11, 8, 14, 22, 0, time.UTC)
	ruleChanged = time.Date(2026, 7, 1, 9, 15, 44, 0, time.UTC)
)
