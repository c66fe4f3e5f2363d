package checks

import (
	"fmt"
	"slices"
	"strings"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

var mailInboxRuleHiding = Check{
	ID:       "mail.inbox_rule_hiding",
	Title:    "No inbox rule hides mail from its owner",
	Severity: High,
	Needs:    []snapshot.Dataset{snapshot.InboxRules},
	Subject:  "mailboxes",
	Why:      "An intruder who writes from a stolen mailbox keeps the answers and the warnings from its owner: a rule deletes them, files them where nobody looks, or marks them as read. Such a rule is one of the surest signs that somebody was, or is, inside.",
	Rule: "A rule hides when it deletes messages, marks them as read, or moves them to a place that people do not look at (RSS, archive, conversation history, junk, deleted items and sync issues in eight languages, or a folder whose name is one or two signs or holds no letter and no digit), " +
		"and acts on nearly everything or on what an intruder must hide. Nearly everything: no condition, or none but SentOnlyToMe, MyNameInToBox and their kin, or address words like \"@\" or \".com\". What an intruder must hide: the words that it looks for in subject, body, header or sender are about money, passwords or security. " +
		"Critical when the rule is hidden itself, or its name is one or two signs or holds no letter and no digit; low when it is disabled. A rule for one sender or one topic is housekeeping and stays silent, whatever it does with the mail. The service's own rules are left out.",
	Fix: "Ask the owner. If it is not theirs: Disable-InboxRule -Mailbox <mailbox> -Identity <rule>, look for the sign-in that made it, reset the sign-in, then Remove-InboxRule -Mailbox <mailbox> -Identity <rule>",
	Sources: []string{
		"https://learn.microsoft.com/defender-xdr/alert-grading-playbook-inbox-manipulation-rules",
		"https://learn.microsoft.com/powershell/module/exchangepowershell/new-inboxrule",
		"https://attack.mitre.org/techniques/T1564/008/",
	},
	Run: runInboxRuleHiding,
}

func runInboxRuleHiding(in Input) (Output, error) {
	var out Output
	unsent := map[string]bool{}     // mailboxes with a rule of which a part is not known
	unreadable := map[string]bool{} // mailboxes with a rule whose actions the service does not show
	for r, err := range in.InboxRules() {
		if err != nil {
			return Output{}, err
		}
		if r.System {
			continue
		}
		does, known := hidingActions(r)
		when := hidingConditions(r)
		switch {
		case len(does) > 0 && when.hides():
			out.Findings = append(out.Findings, hidingFinding(r, does, when))
		case isFalse(r.Enabled): // hides nothing now, whatever it is
		case inboxRuleUnreadable(r):
			unreadable[r.Mailbox] = true
		case !known && when.hides(), r.Conditions == nil && (!known || len(does) > 0):
			unsent[r.Mailbox] = true
		}
	}
	read, err := in.units(snapshot.InboxRules)
	if err != nil {
		return Output{}, err
	}
	for m := range unsent {
		delete(unreadable, m) // one mailbox is one gap
	}
	out.Evaluated = max(0, read-len(unsent)-len(unreadable))
	out.Gaps = append(gap("an action or the conditions of a rule were not sent", len(unsent)),
		gap(inboxRuleUnreadableCause, len(unreadable))...)
	return out, nil
}

// hidingActions returns what a rule does to keep mail from sight, in words. known is
// false when one of the actions was not sent.
func hidingActions(r snapshot.InboxRule) (does []string, known bool) {
	if isTrue(r.DeleteMessage) {
		does = append(does, "deletes it")
	}
	if r.MoveToFolder != nil {
		folder := ruleFolder(*r.MoveToFolder)
		_, unwatched := facts.UnwatchedFolder(folder)
		if folder != "" && (unwatched || ruleNameEvades(folder) != "") {
			does = append(does, fmt.Sprintf("moves it to %q", folder))
		}
	}
	if isTrue(r.MarkAsRead) {
		does = append(does, "marks it as read")
	}
	return does, r.DeleteMessage != nil && r.MarkAsRead != nil
}

// ruleFolder is the name of a folder without its path.
func ruleFolder(path string) string {
	return strings.TrimSpace(path[strings.LastIndexAny(path, `\/`)+1:])
}

// ruleConditions is what the conditions of a rule say of its aim.
type ruleConditions struct {
	all   bool     // there is no condition, exceptions aside
	broad []string // the conditions, when all of them hold for nearly everything
	words []string // security-related words that are looked for
}

func (c ruleConditions) hides() bool { return c.all || len(c.broad) > 0 || len(c.words) > 0 }

func hidingConditions(r snapshot.InboxRule) ruleConditions {
	if r.Conditions == nil {
		return ruleConditions{}
	}
	c := ruleConditions{all: true}
	narrow := false
	for _, entry := range r.Conditions {
		name, values := ruleEntry(entry)
		if strings.HasPrefix(strings.ToLower(name), "exceptif") {
			continue
		}
		c.all = false
		if facts.WordCondition(name) {
			c.words = append(c.words, ruleSecurityWords(values)...)
		}
		if facts.BroadCondition(name) || facts.BroadWordCondition(name) && ruleWordsAnyAddress(values) {
			c.broad = append(c.broad, entry)
		} else {
			narrow = true
		}
	}
	if narrow {
		c.broad = nil
	}
	slices.Sort(c.words)
	c.words = slices.Compact(c.words)
	return c
}

func hidingFinding(r snapshot.InboxRule, does []string, when ruleConditions) Finding {
	severity, raised := hidingSeverity(r)
	takes := "all mail"
	switch {
	case len(when.words) > 0:
		takes = "mail that says " + few(when.words)
	case len(when.broad) > 0:
		takes = "nearly all mail (" + few(when.broad) + ")"
	}
	return Finding{
		Severity: severity,
		Subject:  inboxRuleSubject(r),
		Summary:  fmt.Sprintf("%s %q of %s takes %s and %s.", inboxRuleKind(r), r.Name, r.MailboxAddress, takes, strings.Join(does, " and ")),
		Details: map[string]any{
			"rule":                r.Name,
			"enabled":             state(r.Enabled),
			"hidden":              state(r.Hidden),
			"DeleteMessage":       state(r.DeleteMessage),
			"MoveToFolder":        text(r.MoveToFolder),
			"MarkAsRead":          state(r.MarkAsRead),
			"StopProcessingRules": state(r.StopProcessingRules),
			"conditions":          r.Conditions,
			"actions":             r.Actions,
			"broadConditions":     append([]string{}, when.broad...),
			"securityWords":       append([]string{}, when.words...),
			"raised":              raised,
		},
		Evidence: []Evidence{evidence(snapshot.InboxRules, r)},
	}
}

func hidingSeverity(r snapshot.InboxRule) (Severity, []string) {
	raised := []string{}
	if isFalse(r.Enabled) {
		return Low, append(raised, "the rule is disabled")
	}
	if why := ruleNameEvades(r.Name); why != "" {
		raised = append(raised, "the rule's name "+why)
	}
	if isTrue(r.Hidden) {
		raised = append(raised, "the rule is hidden")
	}
	if len(raised) > 0 {
		return Critical, raised
	}
	return High, raised
}
