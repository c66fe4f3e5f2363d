package faketenant

import (
	"strconv"
	"strings"
)

// inboxConditions are the condition properties in the order of the wire; the switches are
// sent as false when unset, the others as null.
var inboxConditions = []struct {
	name     string
	isSwitch bool
}{
	{"BodyContainsWords", false}, {"ExceptIfBodyContainsWords", false}, {"FlaggedForAction", false}, {"From", false}, {"ExceptIfFrom", false},
	{"FromAddressContainsWords", false}, {"HasAttachment", true}, {"HeaderContainsWords", false}, {"MessageTypeMatches", false},
	{"MyNameInCcBox", true}, {"MyNameInToBox", true}, {"MyNameInToOrCcBox", true}, {"MyNameNotInToBox", true}, {"ReceivedAfterDate", false}, {"ReceivedBeforeDate", false},
	{"RecipientAddressContainsWords", false}, {"SentOnlyToMe", true}, {"SentTo", false}, {"SubjectContainsWords", false},
	{"SubjectOrBodyContainsWords", false}, {"WithImportance", false}, {"WithSensitivity", false},
}

// inboxRuleWire is a row of Get-InboxRule.
type inboxRuleWire struct {
	m *mailbox
	r *rule
}

func inboxRuleRows(t *Tenant, a args) (rows, *failure) {
	boxes, f := t.boxes(a, "mailbox")
	if f != nil {
		return rows{}, f
	}
	hidden := a.flag("includehidden")
	var all []inboxRuleWire
	var warnings []string
	for _, m := range boxes {
		if m.brokenRule {
			warnings = append(warnings, `The Inbox rule "Old project" contains errors. To enable this rule, you must edit the rule properties to fix any errors or delete the rule and create a new rule. This rule won't run until it's fixed.`)
		}
		for _, r := range t.plan.rulesOf(m) {
			if !r.hidden || hidden {
				all = append(all, inboxRuleWire{m, r})
			}
		}
	}
	if id, ok := a.text("identity"); ok {
		all, f = named(a, all, func(w inboxRuleWire) []string {
			n := strconv.FormatUint(w.r.id, 10)
			return []string{w.r.name, n, w.m.owner.identity() + `\` + n}
		})
		if f != nil {
			return rows{}, notFound(id)
		}
	}
	rs := rowsOf(all, func(b *bag, w inboxRuleWire) { writeInboxRule(b, w.m, w.r) })
	rs.warnings = warnings
	return rs, nil
}

func writeInboxRule(b *bag, m *mailbox, r *rule) {
	id := m.owner.identity()
	b.str("Description", r.describe())
	b.bool("Enabled", !r.disabled)
	b.str("Identity", id+`\`+strconv.FormatUint(r.id, 10))
	b.bool("InError", r.inError)
	b.str("ErrorType", "None")
	b.str("Name", r.name)
	b.int32("Priority", r.priority)
	b.uint64("RuleIdentity", r.id)
	b.bool("SupportedByTask", !r.opaque)
	for _, c := range inboxConditions {
		var values []string
		set := false
		for _, w := range r.when {
			if w.name == c.name {
				values, set = w.values, true
			}
		}
		if c.isSwitch {
			b.bool(c.name, set)
			continue
		}
		b.listOrNull(c.name, values)
	}
	b.null("ApplyCategory")
	b.null("ApplySystemCategory")
	b.null("CopyToFolder")
	b.bool("DeleteMessage", r.delete)
	b.null("DeleteSystemCategory")
	b.listOrNull("ForwardAsAttachmentTo", texts(r.attachTo))
	b.listOrNull("ForwardTo", texts(r.forwardTo))
	b.bool("MarkAsRead", r.read)
	b.null("MarkImportance")
	b.opt("MoveToFolder", r.moveTo)
	b.bool("PinMessage", false)
	b.listOrNull("RedirectTo", texts(r.redirect))
	b.list("SendTextMessageNotificationTo", nil)
	b.bool("SoftDeleteMessage", r.soft)
	b.bool("StopProcessingRules", r.stop)
	b.str("MailboxOwnerId", id)
	b.bool("IsValid", true)
	b.str("ObjectState", "Unchanged")
}

// describe is the English text that the service composes.
func (r *rule) describe() string {
	if r.opaque {
		return ""
	}
	var b strings.Builder
	if len(r.when) > 0 {
		b.WriteString("If the message:\r\n")
		for _, c := range r.when {
			b.WriteString("\t" + c.name + " '" + strings.Join(c.values, "' or '") + "'\r\n")
		}
	}
	b.WriteString("Take the following actions:\r\n")
	for _, a := range r.actions() {
		b.WriteString("\t" + a.text() + "\r\n")
	}
	return b.String()
}

func transportRuleRows(t *Tenant, a args) (rows, *failure) {
	type numbered struct {
		*transportRule
		priority int
	}
	var all []numbered
	for i, r := range t.plan.transport {
		all = append(all, numbered{r, i})
	}
	if s, ok := a.text("state"); ok {
		var kept []numbered
		for _, r := range all {
			if strings.EqualFold(r.state, s) {
				kept = append(kept, r)
			}
		}
		all = kept
	}
	all, f := named(a, all, func(r numbered) []string { return []string{r.name, r.id.String()} })
	if f != nil {
		return rows{}, f
	}
	return rowsOf(all, func(b *bag, r numbered) { t.plan.writeTransportRule(b, r.transportRule, r.priority) }), nil
}

func (p *plan) writeTransportRule(b *bag, r *transportRule, priority int) {
	b.int32("Priority", priority)
	b.null("DlpPolicy")
	b.guid("DlpPolicyId", guid{})
	b.null("Comments")
	b.str("CreatedBy", "Emergency Access 1")
	b.str("LastModifiedBy", "Emergency Access 1")
	b.bool("ManuallyModified", false)
	b.null("ActivationDate")
	b.null("ExpiryDate")
	b.str("Description", "Take the following actions:\r\n\t"+strings.Join(clauseTexts(r.then), "\r\n\tand ")+"\r\n")
	b.str("RuleVersion", "15.0.5.2")
	b.int32("Size", 412)
	b.listOrNull("Conditions", clauseClasses(r.when))
	b.listOrNull("Exceptions", clauseClasses(r.except))
	b.listOrNull("Actions", clauseClasses(r.then))
	b.str("State", r.state)
	b.str("Mode", r.mode)
	b.str("RuleErrorAction", "Ignore")
	b.str("SenderAddressLocation", "Header")
	b.str("RecipientAddressType", "Resolved")
	b.str("RuleSubType", "None")
	b.bool("UseLegacyRegex", false)
	b.listOrNull("From", r.from)
	b.null("FromMemberOf")
	b.opt("FromScope", r.fromScope)
	b.null("SentTo")
	b.null("SentToMemberOf")
	b.null("SentToScope")
	b.listOrNull("SenderDomainIs", r.senderDomains)
	b.null("RecipientDomainIs")
	b.listOrNull("SenderIpRanges", r.senderIPs)
	b.listOrNull("FromAddressContainsWords", r.fromWords)
	b.listOrNull("FromAddressMatchesPatterns", r.fromPatterns)
	b.listOrNull("SubjectContainsWords", r.subjectWords)
	b.listOrNull("SubjectOrBodyContainsWords", r.bodyWords)
	b.opt("HeaderContainsMessageHeader", r.header)
	if r.headerWords == "" {
		b.null("HeaderContainsWords")
	} else {
		b.list("HeaderContainsWords", []string{r.headerWords})
	}
	b.null("ExceptIfFrom")
	b.null("ExceptIfSentTo")
	b.listOrNull("ExceptIfSenderDomainIs", r.exceptSenderDoms)
	b.opt("PrependSubject", r.prependSubject)
	nulls(b, "SetAuditSeverity", "ApplyHtmlDisclaimerText")
	b.opt("SetHeaderName", r.headerName)
	b.opt("SetHeaderValue", r.headerValue)
	b.null("RemoveHeader")
	b.opt("SetSCL", r.scl)
	b.listOrNull("AddToRecipients", texts(r.addTo))
	b.listOrNull("CopyTo", texts(r.copyTo))
	b.listOrNull("BlindCopyTo", texts(r.blindCopy))
	b.listOrNull("RedirectMessageTo", texts(r.redirect))
	b.null("AddManagerAsRecipientType")
	b.null("ModerateMessageByUser")
	b.null("RouteMessageOutboundConnector")
	b.bool("RouteMessageOutboundRequireTls", false)
	b.null("ApplyRightsProtectionTemplate")
	b.bool("DeleteMessage", r.deletes)
	b.bool("Quarantine", r.quarantine)
	b.bool("Disconnect", false)
	b.bool("StopRuleProcessing", false)
	b.null("RejectMessageReasonText")
	b.null("GenerateIncidentReport")
	p.tail(b, config{name: r.name, container: "TransportVersioned,CN=Rules,CN=Transport Settings", class: "msExchTransportRule", guid: r.id, changed: ruleChanged})
}
