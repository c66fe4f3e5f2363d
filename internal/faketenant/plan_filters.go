package faketenant

// filterClauses are the conditions and actions of mail flow rules that filter mail.
type filterClauses struct {
	senderIPs, from, fromWords, fromPatterns []string
	bodyWords                                []string // SubjectOrBodyContainsWords
	headerName, headerValue                  string   // SetHeaderName, SetHeaderValue
	quarantine                               bool
	bySender                                 bool // a condition names senders
	aboutSecurity                            bool // a condition holds words of money, sign-in or security
	bypasses                                 bool // the header that it sets keeps mail from being filtered
}

// exempts is true when the rule keeps mail from being filtered.
func (r *transportRule) exempts() bool { return r.scl == "-1" || r.bypasses }

// inForce is true when the rule acts on mail.
func (r *transportRule) inForce() bool { return r.state != "Disabled" && r.mode == "Enforce" }

const orgHeader = "X-MS-Exchange-Organization-"

// filterRules adds mail flow rules that drop mail or let it past the filters, and rules
// that only look like it.
func (c *crew) filterRules() {
	put := c.putTransport
	noScan := []clause{{"SetSclAction", "SetScl: -1"}}
	drop := []clause{{"DeleteMessageAction", "DeleteMessage"}}
	hold := []clause{{"QuarantineAction", "Quarantine"}}
	fromFabrikam := []clause{{"SenderDomainIsPredicate", "SenderDomainIs: fabrikam.example"}}
	fabrikam := []string{"fabrikam.example"}

	put(transportRule{name: "Gateway addresses", scl: "-1", then: noScan, when: []clause{{"SenderIpRangesPredicate", "SenderIpRanges: 198.51.100.7, 203.0.113.0/24"}},
		filterClauses: filterClauses{senderIPs: []string{"198.51.100.7", "203.0.113.0/24"}, bySender: true}})
	put(transportRule{name: "Inbound clean-up", scl: "-1", then: noScan})
	put(transportRule{name: "Internal scanners", scl: "-1", then: noScan, fromScope: "InOrganization", when: []clause{{"FromScopePredicate", "FromScope: InOrganization"}}})
	put(transportRule{name: "Old partner bypass", state: "Disabled", scl: "-1", then: noScan, when: fromFabrikam, senderDomains: fabrikam,
		filterClauses: filterClauses{bySender: true}})
	put(transportRule{name: "Bypass in trial", mode: "AuditAndNotify", scl: "-1", then: noScan,
		when:          []clause{{"FromAddressContainsPredicate", "FromAddressContains: training"}},
		filterClauses: filterClauses{fromWords: []string{"training"}, bySender: true}})
	put(transportRule{name: "Übungsmails", then: []clause{{"SetHeaderAction", "SetHeader: " + orgHeader + "SkipSafeLinksProcessing, 1"}},
		when:          []clause{{"FromAddressMatchesPredicate", `FromAddressMatches: @training\.example$`}},
		filterClauses: filterClauses{headerName: orgHeader + "SkipSafeLinksProcessing", headerValue: "1", fromPatterns: []string{`@training\.example$`}, bySender: true, bypasses: true}})
	put(transportRule{name: "Payroll portal", then: []clause{{"SetHeaderAction", "SetHeader: " + orgHeader + "SCL, -1"}},
		when:          []clause{{"FromPredicate", "From: buyer@fabrikam.example"}},
		filterClauses: filterClauses{headerName: orgHeader + "SCL", headerValue: "-1", from: []string{"buyer@fabrikam.example"}, bySender: true, bypasses: true}})
	put(transportRule{name: "Other inbox tab", then: []clause{{"SetHeaderAction", "SetHeader: " + orgHeader + "BypassFocusedInbox, true"}}, when: fromFabrikam, senderDomains: fabrikam,
		filterClauses: filterClauses{headerName: orgHeader + "BypassFocusedInbox", headerValue: "true", bySender: true}})
	put(transportRule{name: "Marked as spam", then: []clause{{"SetHeaderAction", "SetHeader: " + orgHeader + "SCL, 6"}}, when: fromFabrikam, senderDomains: fabrikam,
		filterClauses: filterClauses{headerName: orgHeader + "SCL", headerValue: "6", bySender: true}})
	put(transportRule{name: "Known spammer", scl: "9", then: []clause{{"SetSclAction", "SetScl: 9"}}, when: fromFabrikam, senderDomains: fabrikam,
		filterClauses: filterClauses{bySender: true}})

	put(transportRule{name: "Mail holiday", deletes: true, then: drop})
	put(transportRule{name: "Mail holiday 2024", state: "Disabled", deletes: true, then: drop})
	put(transportRule{name: "Drop in trial", mode: "Audit", deletes: true, then: drop, when: fromFabrikam, senderDomains: fabrikam})
	put(transportRule{name: "Betalingen", then: hold, when: []clause{{"SubjectOrBodyContainsPredicate", "SubjectOrBodyContains: payment, iban"}},
		filterClauses: filterClauses{quarantine: true, bodyWords: []string{"payment", "iban"}, aboutSecurity: true}})
	put(transportRule{name: "Hold campaigns", then: hold, header: "X-Campaign", headerWords: "bulk",
		when: []clause{{"HeaderContainsPredicate", "HeaderContains: X-Campaign, bulk"}}, filterClauses: filterClauses{quarantine: true}})
}
