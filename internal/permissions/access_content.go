package permissions

import (
	"cmp"
	"strings"

	"tenantaudit/internal/snapshot"
)

// leaving is one way by which mail reaches somebody else.
type leaving struct {
	box      uint32 // everywhereBox for transport rules
	who      uint32
	via, id  uint32 // the rule's name and identity
	kind     kind
	rule     leavingRule
	disabled bool
	testing  bool
	noCopy   bool
}

type leavingRule uint8

const (
	byForwarding leavingRule = iota
	byInboxRule
	byTransportRule
)

// reached returns the principal of an entry of a list of external recipients.
func (a *Access) reached(entry string) (who uint32, k kind) {
	if asSent, unresolved := strings.CutPrefix(entry, UnresolvedPrefix); unresolved {
		who = a.texts.Ref(asSent)
		a.meet(who, asSent, "", byText)
		return who, kindUnresolved
	}
	who = a.texts.Ref(entry)
	a.meet(who, entry, entry, byText)
	return who, kindExternal
}

func (a *Access) addForwarding(box uint32, m snapshot.Mailbox) {
	l := leaving{box: box, noCopy: m.DeliverToMailboxAndForward != nil && !*m.DeliverToMailboxAndForward}
	for _, r := range m.ForwardingExternalRecipients {
		l.who, l.kind = a.reached(r)
		a.leaving = append(a.leaving, l)
	}
	if m.ForwardingTargetType != string(Internal) {
		return
	}
	for address := range strings.SplitSeq(m.ForwardingTarget, ", ") {
		if address == "" {
			continue
		}
		l.who, l.kind = a.texts.Ref(address), kindUnresolved
		if a.dir != nil {
			if e, ok := a.dir.ByAddress(address); ok && e.Kind != "" {
				l.who, l.kind = a.id(e.key()), kindOf(e.Kind)
			}
		}
		a.meet(l.who, address, address, byText)
		a.leaving = append(a.leaving, l)
	}
}

func (a *Access) addInboxRule(r snapshot.InboxRule) {
	if r.System {
		return
	}
	for _, to := range r.ExternalRecipients {
		l := leaving{box: a.box(r.Mailbox, r.MailboxAddress), via: a.texts.Ref(r.Name), id: a.texts.Add(r.RuleIdentity), rule: byInboxRule,
			disabled: r.Enabled != nil && !*r.Enabled}
		l.who, l.kind = a.reached(to)
		a.leaving = append(a.leaving, l)
	}
}

func (a *Access) addTransportRule(r snapshot.TransportRule) {
	for _, to := range r.ExternalRecipients {
		l := leaving{box: everywhereBox, via: a.texts.Ref(r.Name), id: a.texts.Ref(r.RuleID), rule: byTransportRule,
			disabled: strings.EqualFold(r.State, "Disabled"), testing: r.Mode != "" && !strings.EqualFold(r.Mode, "Enforce")}
		l.who, l.kind = a.reached(to)
		a.tenantRules = append(a.tenantRules, l)
	}
}

func (l leaving) note() string {
	out := ""
	for _, n := range []struct {
		set  bool
		text string
	}{{l.disabled, "disabled"}, {l.testing, "test mode"}, {l.noCopy, "keeps no copy"}} {
		if n.set {
			out = join("; ", out, n.text)
		}
	}
	return out
}

func (c *answer) transportRules() {
	for _, l := range c.tenantRules {
		id := c.texts.Get(l.id)
		c.everywhere = append(c.everywhere, bounded{wide{
			h: holder{who: l.who, kind: l.kind}, reach: []string{snapshot.CanReceive}, route: RouteTransportRule, via: c.texts.Get(l.via), note: l.note(),
			close: closeTransportRule(id), dataset: snapshot.TransportRules, key: snapshot.Key(snapshot.TransportRule{RuleID: id}),
		}, scopeTenant, ""})
	}
}

// contents adds the ways by which mail of the mailbox at hand leaves it.
func (c *answer) contents(list []leaving) {
	for _, l := range list {
		h := holder{who: l.who, kind: l.kind}
		if g := c.groups[l.who]; l.kind == kindGroup { // it receives as one, whatever its size
			if h.unknown = g == nil || !g.known; !h.unknown {
				count := int64(len(g.leaves))
				h.members = &count
			}
		}
		w := way{can: snapshot.CanReceive, scope: scopeMailbox, note: l.note()}
		if l.rule == byForwarding {
			w.route, w.close = RouteForwarding, closeForwarding(c.boxName())
			w.dataset, w.key = snapshot.Mailboxes, snapshot.Key(snapshot.Mailbox{Mailbox: c.mailbox})
		} else {
			id := c.texts.Get(l.id)
			w.route, w.via, w.close = RouteInboxRule, c.texts.Get(l.via), closeInboxRule(c.boxName(), id)
			w.dataset, w.key = snapshot.InboxRules, snapshot.Key(snapshot.InboxRule{Mailbox: c.mailbox, RuleIdentity: id})
		}
		c.put(h, w)
	}
}

// boxName is how a command names the mailbox at hand.
func (c *answer) boxName() string { return cmp.Or(c.mail, c.mailbox) }
