package faketenant

import "strings"

// rule is an inbox rule.
type rule struct {
	id        uint64
	name      string
	priority  int
	disabled  bool
	inError   bool
	hidden    bool // only with IncludeHidden
	system    bool // one of the service's own
	opaque    bool // SupportedByTask false
	when      []property
	forwardTo []target
	attachTo  []target
	redirect  []target
	moveTo    string
	delete    bool
	soft      bool
	read      bool
	stop      bool
	hides     bool // what it does and when: a review has to call it hiding mail from the owner
}

// property is a condition with its values; no value means a switch.
type property struct {
	name   string
	values []string
}

// text is the form of the conditions and actions columns.
func (c property) text() string {
	if len(c.values) == 0 {
		return c.name
	}
	return c.name + ": " + strings.Join(c.values, ", ")
}

// actions lists what the rule does, under the names of the wire.
func (r *rule) actions() []property {
	var all []property
	add := func(name string, values ...string) { all = append(all, property{name, values}) }
	if r.delete {
		add("DeleteMessage")
	}
	if len(r.attachTo) > 0 {
		add("ForwardAsAttachmentTo", texts(r.attachTo)...)
	}
	if len(r.forwardTo) > 0 {
		add("ForwardTo", texts(r.forwardTo)...)
	}
	if r.read {
		add("MarkAsRead")
	}
	if r.moveTo != "" {
		add("MoveToFolder", r.moveTo)
	}
	if len(r.redirect) > 0 {
		add("RedirectTo", texts(r.redirect)...)
	}
	if r.soft {
		add("SoftDeleteMessage")
	}
	if r.stop {
		add("StopProcessingRules")
	}
	return all
}

// external lists what the rule reaches outside.
func (r *rule) external() []string { return reaches(r.forwardTo, r.attachTo, r.redirect) }

// rulesOf lists the rules of a mailbox: the special ones, then what ordinary mailboxes hold.
func (p *plan) rulesOf(m *mailbox) []*rule {
	if m.neverUsed {
		return nil
	}
	all := append([]*rule(nil), m.rules...)
	n := len(all)
	if m.newsletter {
		all = append(all, &rule{
			id: p.ruleID(m, 40), name: "Newsletters", priority: n + 1, moveTo: m.lang.newsletters, stop: true,
			when: []property{{"FromAddressContainsWords", []string{"newsletter@fabrikam.example"}}},
		})
	}
	if m.outOfOffice {
		all = append(all, &rule{id: p.ruleID(m, 41), name: "Microsoft.Exchange.OOF.KeywordRule.Global", hidden: true, system: true, opaque: true})
	}
	return append(all, &rule{id: p.ruleID(m, 42), name: "Junk E-mail Rule", hidden: true, system: true, opaque: true})
}

// ruleID is an unsigned 64-bit number; most exceed what a signed one holds.
func (p *plan) ruleID(m *mailbox, n int) uint64 { return p.u64("rule", m.index*64+n) }

// transportRule is a mail flow rule.
type transportRule struct {
	id                              guid
	name                            string
	state, mode                     string
	when, except, then              []clause
	blindCopy, copyTo, redirect     []target
	addTo                           []target
	deletes                         bool
	scl                             string
	fromScope, prependSubject       string
	senderDomains, exceptSenderDoms []string
	header, headerWords             string
	subjectWords                    []string
	filterClauses
}

// clause is a class of Conditions, Exceptions or Actions and the text of its column.
type clause struct{ class, text string }

const ruleTasks = "Microsoft.Exchange.MessagingPolicies.Rules.Tasks."

func clauseTexts(list []clause) []string {
	var out []string
	for _, c := range list {
		out = append(out, c.text)
	}
	return sortedUnique(out)
}

func clauseClasses(list []clause) []string {
	var out []string
	for _, c := range list {
		out = append(out, ruleTasks+c.class)
	}
	return out
}
