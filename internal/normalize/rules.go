package normalize

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tenantaudit/internal/exo"
	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/snapshot/rawjson"
)

// inboxRules writes the rules of every mailbox. Which are hidden shows only beside
// the plain answer, which is read where it can matter.
func (n *run) inboxRules() error {
	if n.onGroup != nil {
		return n.inboxRuleGroups()
	}
	visible := map[string]bool{} // mailboxes whose plain answer was read
	for u, err := range n.store.EachUnit(n.ctx, visibleSource) {
		if err != nil {
			return err
		}
		if u.State == snapshot.Complete {
			visible[n.dir.Keep(u.Unit.Key)] = true
		}
	}
	var shown map[string]bool // rule identities of the plain answer; nil: not read
	seen, mailbox := map[string]bool{}, ""
	for r, err := range decode(n, "exo/Get-InboxRule", exo.DecodeInboxRule) {
		if err != nil {
			return err
		}
		if r.Unit.Key != mailbox {
			mailbox, seen, shown = r.Unit.Key, map[string]bool{}, nil
			if visible[mailbox] {
				if shown, err = n.shownRules(mailbox); err != nil {
					return err
				}
			}
		}
		id := ruleIdentity(r.V)
		if seen[id] {
			continue
		}
		seen[id] = true
		row := n.inboxRule(r.Unit.Key, id, r.V)
		if row.System {
			row.Hidden = ptr(true)
		} else if shown != nil {
			row.Hidden = ptr(!shown[r.V.RuleIdentity])
		}
		if err := n.sink(row); err != nil {
			return err
		}
	}
	return nil
}

const visibleSource = "exo/Get-InboxRule.visible"

// shownRules are the identities of the rules that a mailbox's owner sees.
func (n *run) shownRules(mailbox string) (map[string]bool, error) {
	out := map[string]bool{}
	for page, err := range n.store.Pages(n.ctx, snapshot.UnitID{Source: visibleSource, Key: mailbox}) {
		if err != nil {
			return nil, err
		}
		rows, err := rawjson.Array(page.Rows, nil)
		if err != nil {
			return nil, fmt.Errorf("read rules of %s: %w", mailbox, err)
		}
		for _, raw := range rows {
			rule, err := exo.DecodeInboxRule(raw)
			if err != nil {
				n.oddRows[visibleSource]++
			}
			if !errors.Is(err, exo.ErrRow) {
				out[rule.RuleIdentity] = true
			}
		}
	}
	return out, nil
}

// inboxRuleGroups notes the groups that rules send mail to.
func (n *run) inboxRuleGroups() error {
	seen, mailbox := map[string]bool{}, ""
	for r, err := range decode(n, "exo/Get-InboxRule", exo.DecodeInboxRule) {
		if err != nil {
			return err
		}
		if r.Unit.Key != mailbox {
			mailbox, seen = r.Unit.Key, map[string]bool{}
		}
		id := ruleIdentity(r.V)
		if seen[id] {
			continue
		}
		seen[id] = true
		n.externals(r.V.ForwardTo, r.V.ForwardAsAttachmentTo, r.V.RedirectTo)
	}
	return nil
}

func ptr[T any](v T) *T { return &v }

// ruleIdentity is the rule's number, or the part of Identity behind the mailbox.
func ruleIdentity(r exo.InboxRule) string {
	if r.RuleIdentity != "" {
		return r.RuleIdentity
	}
	if i := strings.LastIndexByte(r.Identity, '\\'); i >= 0 {
		return r.Identity[i+1:]
	}
	return firstOf(r.Identity, r.Name)
}

func (n *run) inboxRule(mailbox, id string, r exo.InboxRule) snapshot.InboxRule {
	row := snapshot.InboxRule{
		Mailbox: mailbox, RuleIdentity: id, Name: r.Name, Priority: r.Priority, Enabled: r.Enabled, InError: r.InError,
		System: exo.SystemRule(r), SupportedByTask: r.SupportedByTask, ForwardTo: r.ForwardTo, ForwardAsAttachmentTo: r.ForwardAsAttachmentTo,
		RedirectTo: r.RedirectTo, MoveToFolder: r.MoveToFolder, MarkAsRead: r.MarkAsRead, StopProcessingRules: r.StopProcessingRules,
		DeleteMessage: either(r.DeleteMessage, r.SoftDeleteMessage), Conditions: []string{}, Actions: []string{},
	}
	if i, ok := n.byID[mailbox]; ok {
		row.MailboxAddress = n.mailboxes[i].address
	}
	for _, p := range r.Properties {
		part, is := inboxRuleParts[string(bytes.TrimPrefix(p.Name, []byte("ExceptIf")))]
		if !is {
			continue
		}
		text, set := propertyText(string(p.Name), p.Value)
		if !set {
			continue
		}
		if part == actionPart {
			row.Actions = append(row.Actions, text)
		} else {
			row.Conditions = append(row.Conditions, text)
		}
	}
	slices.Sort(row.Conditions)
	slices.Sort(row.Actions)
	row.ExternalRecipients = n.externals(r.ForwardTo, r.ForwardAsAttachmentTo, r.RedirectTo)
	return row
}

func either(a, b *bool) *bool {
	switch {
	case a != nil && *a || b != nil && *b:
		return ptr(true)
	case a != nil:
		return a
	}
	return b
}

// externals are the external addresses that a rule's targets reach, sorted; nil,
// unknown, when there are none and a list of targets was not sent.
func (n *run) externals(lists ...[]string) []string {
	out, unknown := []string{}, false
	for _, list := range lists {
		unknown = unknown || list == nil
		for _, t := range list {
			out = append(out, n.target(t).Externals...)
		}
	}
	if unknown && len(out) == 0 {
		return nil
	}
	return sorted(out)
}

type rulePart int

const (
	conditionPart rulePart = iota
	actionPart
)

// inboxRuleParts says of each property of a rule whether it is a condition or an
// action. ExceptIf… twins of conditions are conditions. Source: New-InboxRule.
var inboxRuleParts = map[string]rulePart{
	"BodyContainsWords": conditionPart, "FlaggedForAction": conditionPart, "From": conditionPart, "FromAddressContainsWords": conditionPart,
	"FromSubscription": conditionPart, "HasAttachment": conditionPart, "HasClassification": conditionPart, "HeaderContainsWords": conditionPart,
	"MessageTypeMatches": conditionPart, "MyNameInCcBox": conditionPart, "MyNameInToBox": conditionPart, "MyNameInToOrCcBox": conditionPart,
	"MyNameNotInToBox": conditionPart, "ReceivedAfterDate": conditionPart, "ReceivedBeforeDate": conditionPart, "RecipientAddressContainsWords": conditionPart,
	"SentOnlyToMe": conditionPart, "SentTo": conditionPart, "SubjectContainsWords": conditionPart, "SubjectOrBodyContainsWords": conditionPart,
	"WithImportance": conditionPart, "WithSensitivity": conditionPart, "WithinSizeRangeMaximum": conditionPart, "WithinSizeRangeMinimum": conditionPart,

	"ApplyCategory": actionPart, "ApplySystemCategory": actionPart, "CopyToFolder": actionPart, "DeleteMessage": actionPart, "DeleteSystemCategory": actionPart,
	"ForwardAsAttachmentTo": actionPart, "ForwardTo": actionPart, "MarkAsRead": actionPart, "MarkImportance": actionPart, "MoveToFolder": actionPart,
	"PinMessage": actionPart, "RedirectTo": actionPart, "SendTextMessageNotificationTo": actionPart, "SoftDeleteMessage": actionPart, "StopProcessingRules": actionPart,
}

// propertyText writes a property as "Name: value, value", or "Name" for a switch;
// false for null, false, "" and an empty list.
func propertyText(name string, raw json.RawMessage) (string, bool) {
	values, flag := propertyValues(raw)
	switch {
	case flag:
		return name, true
	case len(values) == 0:
		return "", false
	}
	return name + ": " + strings.Join(values, ", "), true
}

// propertyValues reads any JSON value as texts; flag is true for the value true.
func propertyValues(raw json.RawMessage) (values []string, flag bool) {
	if string(raw) == "null" {
		return nil, false
	}
	if s, ok := rawjson.Text(raw); ok {
		if s == "" {
			return nil, false
		}
		return []string{s}, false
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return nil, false
	}
	switch v := v.(type) {
	case bool:
		return nil, v
	case []any:
		for _, e := range v {
			if s := scalarText(e); s != "" {
				values = append(values, s)
			}
		}
	default:
		if s := scalarText(v); s != "" {
			values = append(values, s)
		}
	}
	return values, false
}

func scalarText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	}
	b, err := json.Marshal(v)
	if err != nil { // unreachable: it was decoded from JSON
		return ""
	}
	return string(b)
}

func (n *run) transportRules() error {
	seen := map[string]bool{}
	for r, err := range decode(n, "exo/Get-TransportRule", exo.DecodeTransportRule) {
		if err != nil {
			return err
		}
		t := r.V
		row := snapshot.TransportRule{
			RuleID: firstOf(t.Guid, t.Identity, t.Name), Name: t.Name, Priority: t.Priority, State: t.State, Mode: t.Mode,
			Conditions: describe(t, t.Conditions, "Predicate", ""), Exceptions: describe(t, t.Exceptions, "Predicate", "ExceptIf"), Actions: describe(t, t.Actions, "Action", ""),
			BlindCopyTo: t.BlindCopyTo, CopyTo: t.CopyTo, RedirectTo: t.RedirectMessageTo, AddToRecipients: t.AddToRecipients,
			DeleteMessage: t.DeleteMessage, SetSCL: t.SetSCL, WhenChanged: t.WhenChanged,
			ExternalRecipients: n.externals(t.BlindCopyTo, t.CopyTo, t.RedirectMessageTo, t.AddToRecipients),
		}
		if seen[row.RuleID] {
			continue
		}
		seen[row.RuleID] = true
		if err := n.sink(row); err != nil {
			return err
		}
	}
	return nil
}

// describe writes the classes of a rule's conditions or actions with the values of
// the properties that belong to them: "…Tasks.FromScopePredicate" becomes
// "FromScope: NotInOrganization".
func describe(t exo.TransportRule, classes []string, suffix, prefix string) []string {
	out := []string{}
	for _, class := range classes {
		name := prefix + strings.TrimSuffix(class[strings.LastIndexByte(class, '.')+1:], suffix)
		values, flag := classValues(t.Properties, name)
		switch {
		case len(values) > 0 && !flag:
			out = append(out, name+": "+strings.Join(values, ", "))
		default:
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// classValues finds the property of that name in any case, else those that begin with it.
func classValues(props exo.Properties, name string) (values []string, flag bool) {
	var longer exo.Properties
	for _, p := range props {
		if strings.EqualFold(string(p.Name), name) {
			return propertyValues(p.Value)
		}
		if len(p.Name) > len(name) && strings.EqualFold(string(p.Name[:len(name)]), name) {
			longer = append(longer, p)
		}
	}
	slices.SortFunc(longer, func(a, b rawjson.Member) int { return bytes.Compare(a.Name, b.Name) })
	for _, p := range longer {
		v, _ := propertyValues(p.Value)
		values = append(values, v...)
	}
	return values, false
}
