package exo

import (
	"encoding/json"
	"slices"
	"strings"
)

// InboxRule is one rule of one mailbox. Conditions and actions beyond the named ones
// are in Properties, by the parameter names of New-InboxRule.
//
// Source: Get-InboxRule.
type InboxRule struct {
	Row
	RuleIdentity    string // unsigned decimal that may exceed int64; unique within the mailbox
	Identity        string // "<mailbox>\<RuleIdentity>"
	MailboxOwnerID  string
	Name            string
	Description     string
	Priority        *int64
	Enabled         *bool
	InError         *bool
	ErrorType       string // "None" when there is no error
	SupportedByTask *bool  // false: made by another client, parts of it are not shown
	// Address elements as sent; ParseAddress reads them. Empty: the action is not set.
	ForwardTo             []string
	ForwardAsAttachmentTo []string
	RedirectTo            []string
	MoveToFolder          *string // display name
	CopyToFolder          *string
	DeleteMessage         *bool
	SoftDeleteMessage     *bool
	MarkAsRead            *bool
	StopProcessingRules   *bool
}

// DecodeInboxRule reads one stored row.
func DecodeInboxRule(raw json.RawMessage) (InboxRule, error) {
	r, err := parseRow(raw)
	if err != nil {
		return InboxRule{}, err
	}
	v := InboxRule{
		RuleIdentity:          r.text("RuleIdentity"),
		Identity:              r.text("Identity"),
		MailboxOwnerID:        r.text("MailboxOwnerId"),
		Name:                  r.text("Name"),
		Description:           r.text("Description"),
		Priority:              r.number("Priority"),
		Enabled:               r.flag("Enabled"),
		InError:               r.flag("InError"),
		ErrorType:             r.text("ErrorType"),
		SupportedByTask:       r.flag("SupportedByTask"),
		ForwardTo:             r.ruleList("ForwardTo"),
		ForwardAsAttachmentTo: r.ruleList("ForwardAsAttachmentTo"),
		RedirectTo:            r.ruleList("RedirectTo"),
		MoveToFolder:          r.textPtr("MoveToFolder"),
		CopyToFolder:          r.textPtr("CopyToFolder"),
		DeleteMessage:         r.flag("DeleteMessage"),
		SoftDeleteMessage:     r.flag("SoftDeleteMessage"),
		MarkAsRead:            r.flag("MarkAsRead"),
		StopProcessingRules:   r.flag("StopProcessingRules"),
	}
	if v.RuleIdentity == "" {
		if i := strings.LastIndexByte(v.Identity, '\\'); i >= 0 {
			v.RuleIdentity = v.Identity[i+1:]
		}
	}
	v.Row = r
	return v, nil
}

// ruleName recognises the name of one of the service's own rules.
type ruleName struct {
	name   string
	prefix bool // name is the beginning of the rule's name
	// delegate: the rule exists to forward meeting requests to delegates.
	delegate bool
}

// systemRules are the rules that the service itself keeps in mailboxes. They are shown
// with IncludeHidden only, and are not supported by the rule cmdlets.
var systemRules = []ruleName{
	{name: "Junk E-mail Rule"},
	{name: "Microsoft.Exchange.OOF.", prefix: true},
	{name: "Delegate Rule", prefix: true, delegate: true},
}

// SystemRule reports whether the rule is one of the service's own: junk mail, out of
// office or delegates. The name alone decides nothing, since anyone may choose it: a
// rule that the cmdlets support, or that shows an action which moves, deletes or sends
// mail on, is somebody's rule under a borrowed name. The delegate rule alone may
// forward, and only meeting requests to objects of the directory.
func SystemRule(r InboxRule) bool {
	i := slices.IndexFunc(systemRules, func(s ruleName) bool {
		return r.Name == s.name || s.prefix && strings.HasPrefix(r.Name, s.name)
	})
	if i < 0 || r.SupportedByTask != nil && *r.SupportedByTask {
		return false
	}
	if set(r.MoveToFolder) || set(r.CopyToFolder) || isTrue(r.DeleteMessage) || isTrue(r.SoftDeleteMessage) || len(r.ForwardAsAttachmentTo) > 0 {
		return false
	}
	targets := slices.Concat(r.ForwardTo, r.RedirectTo)
	if len(targets) == 0 {
		return true
	}
	return systemRules[i].delegate && r.meetingsOnly() && !slices.ContainsFunc(targets, func(t string) bool {
		kind, _, _ := ParseAddress(t)
		return kind != EX
	})
}

// meetingsOnly reports whether the rule's condition limits it to meeting messages.
func (r InboxRule) meetingsOnly() bool {
	row := Row{Properties: r.Properties}
	t := row.text("MessageTypeMatches")
	return strings.HasPrefix(t, "Calendaring") || strings.HasPrefix(t, "Meeting")
}

func set(s *string) bool  { return s != nil && *s != "" }
func isTrue(b *bool) bool { return b != nil && *b }
