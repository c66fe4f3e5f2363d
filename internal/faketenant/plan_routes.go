package faketenant

// routes adds the remote domains, outbound policies and connectors that a review has to
// name, and those that it must not.
func (c *crew) routes() {
	c.remote = append(c.remote,
		remoteDomain{name: "Northwind", domain: "*.northwind.example", forward: true, reply: true},
		remoteDomain{name: "Litware", domain: "litware.example", reply: true})
	enabled := func() *outboundRule {
		return &outboundRule{state: "Enabled", domains: []string{"contoso-labs.example"}}
	}
	c.outbound = append(c.outbound,
		outboundPolicy{name: "Überlassen", mode: "Automatic", rule: enabled()},
		outboundPolicy{name: "Unbound and automatic", mode: "Automatic"},
		outboundPolicy{name: "Strict", mode: "Off", rule: enabled()})
	everywhere, relay := []string{"*"}, []string{"relay.fabrikam.example"}
	c.connectors = append(c.connectors,
		connector{name: "Anybody", typ: "Partner", enabled: true, senderDomains: []string{"smtp:*;1"}},
		connector{name: "Addresses that do not bind", typ: "Partner", enabled: true, senderDomains: []string{"smtp:northwind.example;1"}, senderIPs: []string{"203.0.113.40"}},
		connector{name: "Hybrid without proof", typ: "OnPremises", enabled: true, senderDomains: []string{"smtp:*;1"}, cloudServices: true},
		connector{name: "Partner as colleague", typ: "Partner", enabled: true, senderDomains: []string{"smtp:litware.example;1"}, asInternal: true},
		connector{name: "Anybody, once", typ: "Partner", senderDomains: []string{"smtp:*;1"}},
		connector{name: "From Northwind", typ: "Partner", enabled: true, senderDomains: []string{"smtp:northwind.example;1"}, senderIPs: []string{"203.0.113.41"}, byIP: true},
		connector{name: "Hybrid with a certificate", typ: "OnPremises", enabled: true, senderDomains: []string{"smtp:*;1"}, certificate: "mail.contoso.example", cloudServices: true},
		connector{outbound: true, name: "Journal relay", typ: "Partner", enabled: true, recipientDomains: []string{"smtp:*;1"}, smartHosts: []string{"[198.51.100.9]"}},
		connector{outbound: true, name: "By rule", typ: "Partner", enabled: true, recipientDomains: everywhere, smartHosts: relay, ruleScoped: true},
		connector{outbound: true, name: "Through the old site", typ: "OnPremises", enabled: true, recipientDomains: []string{"contoso-labs.example"}, onPremises: true},
		connector{outbound: true, name: "Catch-all relay, once", typ: "Partner", recipientDomains: everywhere, smartHosts: relay},
		connector{outbound: true, name: "One partner", typ: "Partner", enabled: true, recipientDomains: []string{"*.northwind.example"}, smartHosts: []string{"mx.northwind.example"}},
		connector{outbound: true, name: "By rule, direct", typ: "Partner", enabled: true, recipientDomains: everywhere, mx: true, ruleScoped: true})
}
