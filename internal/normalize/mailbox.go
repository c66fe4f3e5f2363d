package normalize

import (
	"slices"
	"strings"

	"tenantaudit/internal/exo"
	"tenantaudit/internal/permissions"
	"tenantaudit/internal/snapshot"
)

// emitMailboxes writes mailboxes and what stands on them: forwarding and send on behalf.
func (n *run) emitMailboxes() error {
	for i, row := range n.rawMailboxes() {
		if row.err != nil {
			return row.err
		}
		m := n.mailboxes[i]
		if n.onGroup != nil {
			n.mailboxGroups(m, row.raw)
			continue
		}
		if err := n.sink(n.mailboxRow(m, row.raw)); err != nil {
			return err
		}
		if m.inactive {
			continue
		}
		for _, name := range row.unsent {
			set := snapshot.Mailboxes
			if name == "GrantSendOnBehalfTo" {
				set = snapshot.SendOnBehalf
			}
			n.gap(set, name+" was not sent")
		}
		seen := map[string]bool{}
		for _, d := range row.raw.GrantSendOnBehalfTo {
			if d == "" || seen[d] {
				continue
			}
			seen[d] = true
			if err := n.sink(snapshot.SendOnBehalfDelegate{Mailbox: m.id, MailboxAddress: m.address, TrusteeRef: n.trustee(d, "")}); err != nil {
				return err
			}
		}
	}
	return nil
}

// gap counts a row that leaves something unknown against its dataset: what was not said
// is not "none".
func (n *run) gap(set snapshot.Dataset, detail string) {
	if n.gaps[set] == nil {
		n.gaps[set] = map[string]int64{}
	}
	n.gaps[set][detail]++
}

// mailboxGroups notes the groups that a mailbox forwards to, or lets send on its behalf.
func (n *run) mailboxGroups(m mailboxRef, raw exo.Mailbox) {
	for _, s := range []string{deref(raw.ForwardingAddress), deref(raw.ForwardingSMTPAddress)} {
		if s != "" {
			n.target(s)
		}
	}
	if m.inactive {
		return
	}
	for _, d := range raw.GrantSendOnBehalfTo {
		if d != "" {
			n.reaches(n.trustee(d, ""))
		}
	}
}

func (n *run) mailboxRow(m mailboxRef, r exo.Mailbox) snapshot.Mailbox {
	row := snapshot.Mailbox{
		Mailbox: m.id, MailboxAddress: m.address, UserPrincipalName: r.UserPrincipalName, DisplayName: r.DisplayName, RecipientTypeDetails: m.details,
		Inactive: m.inactive, AuditEnabled: r.AuditEnabled, AuditLogAgeLimitDays: r.AuditLogAgeLimitDays,
		AuditOwner: sorted(r.AuditOwner), AuditDelegate: sorted(r.AuditDelegate), AuditAdmin: sorted(r.AuditAdmin), DefaultAuditSet: sorted(r.DefaultAuditSet),
		DeliverToMailboxAndForward: r.DeliverToMailboxAndForward, AccountDisabled: r.AccountDisabled, WhenMailboxCreated: r.WhenMailboxCreated,
		HiddenFromAddressLists: r.HiddenFromAddressLists, LitigationHold: r.LitigationHoldEnabled, ForwardingExternalRecipients: []string{},
	}
	if n.usersKnown {
		premium := n.premium[strings.ToLower(m.id)]
		row.PremiumAudit = &premium
	}
	n.forwarding(&row, r)
	return row
}

// forwarding resolves the two attributes by which a mailbox forwards by itself.
func (n *run) forwarding(row *snapshot.Mailbox, r exo.Mailbox) {
	var targets []string
	var kinds []permissions.Where
	add := func(asSent string) {
		t := n.target(asSent)
		if t.Address != "" && !slices.Contains(targets, t.Address) {
			targets = append(targets, t.Address)
		}
		kinds = append(kinds, t.Kind)
		row.ForwardingExternalRecipients = append(row.ForwardingExternalRecipients, t.Externals...)
	}
	if s := deref(r.ForwardingAddress); s != "" {
		row.ForwardingAddress = &s
		add(s)
	}
	if s := deref(r.ForwardingSMTPAddress); s != "" {
		bare := s
		if len(s) > 5 && strings.EqualFold(s[:5], "smtp:") {
			bare = s[5:]
		}
		row.ForwardingSMTPAddress = &bare
		add(s)
	}
	row.ForwardingTarget = strings.Join(targets, ", ")
	row.ForwardingTargetType = worst(kinds)
	row.ForwardingExternalRecipients = sorted(row.ForwardingExternalRecipients)
}

// worst of several targets: external beats unresolved beats internal.
func worst(kinds []permissions.Where) string {
	for _, k := range []permissions.Where{permissions.External, permissions.Unresolved, permissions.Internal} {
		if slices.Contains(kinds, k) {
			return string(k)
		}
	}
	return ""
}

func (n *run) auditBypass() error {
	seen := map[string]bool{}
	for r, err := range decode(n, "exo/Get-MailboxAuditBypassAssociation", exo.DecodeAuditBypass) {
		if err != nil {
			return err
		}
		b := r.V
		if b.AuditBypassEnabled == nil && n.known(b) {
			n.gap(snapshot.AuditBypasses, "AuditBypassEnabled was not sent") // odd objects of the service's own lack it as a rule
		}
		if b.AuditBypassEnabled == nil || !*b.AuditBypassEnabled {
			continue
		}
		row := snapshot.AuditBypass{Identity: firstOf(b.Identity, b.Name), PrincipalName: b.Name, AuditBypassEnabled: true, WhenChanged: b.WhenChanged}
		for _, id := range []string{b.ObjectID, b.Guid, b.ExchangeObjectID, b.Identity, b.Name} {
			if e, ok := n.entry(id); ok {
				row.PrincipalID, row.PrincipalName = entryID(e), firstOf(e.DisplayName, b.Name)
				break
			}
		}
		row.PrincipalID = firstOf(row.PrincipalID, b.ObjectID, b.Guid, b.ExchangeObjectID)
		if key := snapshot.Key(row); !seen[key] {
			seen[key] = true
			if err := n.sink(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// known reports whether a row of the bypass list is about somebody: the list holds many
// objects of the service's own.
func (n *run) known(b exo.AuditBypass) bool {
	for _, id := range []string{b.ObjectID, b.Guid, b.ExchangeObjectID} {
		if _, ok := n.dir.ByID(id); ok && id != "" {
			return true
		}
	}
	return false
}
