package checks

import (
	"regexp"
	"strings"
	"unicode"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

// ruleEntry takes one condition or action of a rule apart: "Property: value, value",
// or "Property" for a switch.
func ruleEntry(entry string) (name, values string) {
	name, values, _ = strings.Cut(entry, ":")
	return strings.TrimSpace(name), strings.TrimSpace(values)
}

// ruleAction returns the values of an action, and whether the rule has it. A switch
// that says False is none.
func ruleAction(actions []string, name string) (values string, ok bool) {
	for _, a := range actions {
		n, v := ruleEntry(a)
		if strings.EqualFold(n, name) {
			return v, !strings.EqualFold(v, "False")
		}
	}
	return "", false
}

// legacyName is the directory name behind a person in a rule. It holds words of its
// own, and repeats the name before it.
var legacyName = regexp.MustCompile(`\[EX:[^\]]*\]`)

// ruleSecurityWords returns the words of a condition that have to do with money, passwords or security.
func ruleSecurityWords(values string) []string {
	return facts.SecurityWords(legacyName.ReplaceAllString(values, " "))
}

// ruleWordsAnyAddress reports whether words that are looked for in addresses are found in every
// address: "@", "." or an ending like ".com".
func ruleWordsAnyAddress(values string) bool {
	if values == "" {
		return false
	}
	for _, w := range strings.Split(values, ",") {
		w = strings.TrimSpace(w)
		if dot := strings.LastIndexByte(w, '.'); dot >= 0 {
			w = w[:dot]
		}
		if strings.ContainsFunc(w, ruleNameReadable) {
			return false
		}
	}
	return true
}

// ruleNameEvades says what is odd about the name of a rule or a folder that nobody gives to be
// found again; "" for every other name. Signs of scripts that write a word in one or two
// of them count double.
func ruleNameEvades(name string) string {
	name = strings.TrimSpace(name)
	if !strings.ContainsFunc(name, ruleNameReadable) {
		return "has no letter and no digit"
	}
	width := 0
	for _, r := range name {
		width++
		if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) {
			width++
		}
	}
	if width <= 2 {
		return "is one or two signs"
	}
	return ""
}

func ruleNameReadable(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// transportRuleIdle says why a mail flow rule does not act; "" for one that does. An
// unknown state or mode is taken for one that acts.
func transportRuleIdle(r snapshot.TransportRule) string {
	switch {
	case strings.EqualFold(r.State, "Disabled"):
		return "the rule is disabled"
	case r.Mode != "" && !strings.EqualFold(r.Mode, "Enforce"):
		return "the rule is only tested (mode " + r.Mode + ")"
	}
	return ""
}

// transportRuleDetails are the details that every finding about a mail flow rule shows.
func transportRuleDetails(r snapshot.TransportRule, raised []string) map[string]any {
	return map[string]any{
		"state":      r.State,
		"mode":       r.Mode,
		"conditions": r.Conditions,
		"exceptions": r.Exceptions,
		"actions":    r.Actions,
		"raised":     raised,
	}
}

// transportRuleUnconditional reports whether a mail flow rule acts on every message. A rule whose
// conditions were not sent is not called so.
func transportRuleUnconditional(r snapshot.TransportRule) bool {
	return r.Conditions != nil && len(r.Conditions) == 0
}

// inboxRuleUnreadable reports whether another client made an inbox rule of parts that the
// cmdlets do not show.
func inboxRuleUnreadable(r snapshot.InboxRule) bool {
	return isFalse(r.SupportedByTask) && len(r.Actions) == 0
}

// inboxRuleSubject is the subject of a finding about an inbox rule.
func inboxRuleSubject(r snapshot.InboxRule) Subject {
	return Subject{Type: "inboxRule", ID: snapshot.Key(r), Name: r.MailboxAddress + ": " + r.Name}
}

// inboxRuleKind begins a sentence about an inbox rule.
func inboxRuleKind(r snapshot.InboxRule) string {
	switch {
	case isFalse(r.Enabled):
		return "Disabled rule"
	case isTrue(r.Hidden):
		return "Hidden rule"
	}
	return "Rule"
}
