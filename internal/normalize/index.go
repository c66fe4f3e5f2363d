package normalize

import (
	"slices"
	"strings"

	"tenantaudit/internal/exo"
	"tenantaudit/internal/graph/wire"
	"tenantaudit/internal/permissions"
	"tenantaudit/internal/snapshot"
)

// mailboxRef is a mailbox row in the making.
type mailboxRef struct {
	id       string
	address  string
	details  string
	inactive bool
	raw      exo.Mailbox
	unsent   []string // of restOn
}

// restOn are the properties of a mailbox whose absence a check could take for "none".
var restOn = []string{"ForwardingAddress", "ForwardingSmtpAddress", "GrantSendOnBehalfTo"}

type userRef struct {
	upn, name string
	guest     bool
}

// acceptedDomains reads the tenant's domains: Exchange's list, else Graph's verified
// domains, of which nobody knows whether subdomains count.
func (n *run) acceptedDomains() error {
	const src = "exo/Get-AcceptedDomain"
	seen := map[string]bool{}
	add := func(d snapshot.AcceptedDomain) {
		if k := strings.ToLower(d.DomainName); k != "" && !seen[k] {
			seen[k] = true
			n.accepted = append(n.accepted, d)
		}
	}
	for r, err := range decode(n, src, exo.DecodeAcceptedDomain) {
		if err != nil {
			return err
		}
		add(snapshot.AcceptedDomain{DomainName: r.V.DomainName, DomainType: r.V.DomainType, Default: r.V.Default, MatchSubDomains: r.V.MatchSubDomains, Source: "exchange"})
	}
	complete, err := n.complete(src)
	if err != nil {
		return err
	}
	if !complete {
		for r, err := range decode(n, "graph/domains", wire.DecodeDomain) {
			if err != nil {
				return err
			}
			if r.V.IsVerified == nil || *r.V.IsVerified {
				add(snapshot.AcceptedDomain{DomainName: r.V.ID, DomainType: "", Default: r.V.IsDefault, Source: "graph"})
			}
		}
	}
	n.domains = permissions.NewDomains(n.accepted, complete)
	for _, d := range n.accepted {
		if err := n.sink(d); err != nil {
			return err
		}
	}
	return nil
}

// index reads everybody who can be named: mailboxes, recipients, users, groups and
// applications, and merges what several lists say of one object.
func (n *run) index() error {
	n.dir = permissions.NewDirectory()
	for _, stage := range []func() error{n.indexMailboxes, n.indexRecipients, n.indexUsers, n.indexGroups, n.indexApplications} {
		if err := stage(); err != nil {
			return err
		}
	}
	return nil
}

func (n *run) indexMailboxes() error {
	seen := map[string]int{}
	for r, err := range decode(n, "exo/Get-Mailbox", exo.DecodeMailbox) {
		if err != nil {
			return err
		}
		m := mailboxRef{id: exo.MailboxID(r.V), address: r.V.PrimarySMTPAddress, details: r.V.RecipientTypeDetails, raw: r.V}
		m.inactive = r.V.IsInactiveMailbox != nil && *r.V.IsInactiveMailbox
		for _, name := range restOn {
			if !r.V.Sent(name) {
				m.unsent = append(m.unsent, name)
			}
		}
		m.raw.Row = exo.Row{} // it would keep the whole page
		if m.id == "" {
			n.oddRows["exo/Get-Mailbox"]++
			continue
		}
		if r.Unit.Key == "Inactive" && !m.inactive {
			continue // that listing repeats the active ones
		}
		if i, twice := seen[m.id]; twice {
			if n.mailboxes[i].inactive == m.inactive {
				n.mailboxes[i] = m // moved while reading: the later row stands
				continue
			}
			// A deleted user's mailbox beside the restored user's: told apart by Guid.
			if n.mailboxes[i].inactive {
				old := n.mailboxes[i]
				n.mailboxes[i] = m
				m = old
			}
			if m.id = m.raw.Guid; m.id == "" {
				continue
			}
			if _, again := seen[m.id]; again {
				continue
			}
		}
		seen[m.id] = len(n.mailboxes)
		n.mailboxes = append(n.mailboxes, m)
	}
	slices.SortFunc(n.mailboxes, func(a, b mailboxRef) int { return strings.Compare(a.id, b.id) })
	for i, m := range n.mailboxes {
		n.byID[m.id] = i
		if !m.inactive {
			n.nameMailbox(m)
			n.add(mailboxEntry(m), m.raw.ID, m.raw.Identity)
			n.dir.Add(permissions.Entry{ID: m.raw.ExternalDirectoryObjectID, GUID: m.raw.ExchangeGuid})
		}
		switch {
		case m.inactive:
			n.outOfScope["inactive"]++
		case m.details == "GroupMailbox":
			n.outOfScope["group"]++
		case m.details == "PublicFolderMailbox" || m.details == "PublicFolder":
			n.outOfScope["public-folder"]++
		case m.details == "DiscoveryMailbox":
			n.outOfScope["discovery"]++
		case !exo.InScope(m.raw):
			n.outOfScope["other"]++
		}
	}
	return nil
}

// nameMailbox registers what identifies a mailbox without doubt. Names are not here:
// the directory resolves them and sees when two objects share one.
func (n *run) nameMailbox(m mailboxRef) {
	for _, s := range []string{m.id, m.raw.ExternalDirectoryObjectID, m.raw.Guid, m.raw.ExchangeGuid, m.raw.ID, m.raw.Identity, m.raw.Name, m.address} {
		if s != "" {
			if _, taken := n.byAnyName[strings.ToLower(s)]; !taken {
				n.byAnyName[strings.ToLower(s)] = m.id
			}
		}
	}
}

func mailboxEntry(m mailboxRef) permissions.Entry {
	return permissions.Entry{
		ID: m.raw.ExternalDirectoryObjectID, GUID: m.raw.Guid, Name: m.raw.Name, DisplayName: m.raw.DisplayName, UPN: m.raw.UserPrincipalName,
		Address: m.address, Addresses: m.raw.EmailAddresses, LegacyDN: m.raw.LegacyExchangeDN, Details: m.details,
	}
}

// add adds an entry under its further names too: the same object in the other forms
// in which rows name it.
func (n *run) add(e permissions.Entry, names ...string) {
	n.dir.Add(e)
	for _, name := range names {
		if name != "" && name != e.Name && name != e.ID && name != e.GUID {
			n.dir.Add(permissions.Entry{ID: e.ID, GUID: e.GUID, Name: name})
		}
	}
}

func recipientEntry(r exo.Recipient) permissions.Entry {
	e := permissions.Entry{
		ID: r.ExternalDirectoryObjectID, GUID: r.Guid, Name: r.Name, DisplayName: r.DisplayName, Alias: r.Alias,
		Address: r.PrimarySMTPAddress, Addresses: r.EmailAddresses, LegacyDN: r.LegacyExchangeDN,
		ExternalAddress: deref(r.ExternalEmailAddress), Details: r.RecipientTypeDetails,
	}
	if r.RecipientTypeDetails == "ServicePrincipal" {
		e.Kind = snapshot.TrusteeApplication
	}
	return e
}

func (n *run) indexRecipients() error {
	for r, err := range decode(n, "exo/Get-Recipient", exo.DecodeRecipient) {
		if err != nil {
			return err
		}
		if exo.RecipientID(r.V) != "" {
			n.add(recipientEntry(r.V), r.V.ID, r.V.Identity)
		}
	}
	// A look-up by a name of the directory answers for the name that was asked.
	for r, err := range decode(n, "exo/Get-Recipient.byDN", exo.DecodeRecipient) {
		if err != nil {
			return err
		}
		if e := recipientEntry(r.V); exo.RecipientID(r.V) != "" {
			e.LegacyDN = r.Unit.Key
			n.dir.Add(e)
		}
	}
	complete, err := n.complete("exo/Get-Recipient")
	n.dir.Partial = !complete
	return err
}

func (n *run) indexUsers() error {
	for u, err := range decodeLast(n, "graph/users", wire.DecodeUser, func(u wire.User) string { return u.ID }) {
		if err != nil {
			return err
		}
		kind := snapshot.TrusteeUser
		if u.IsGuest() {
			kind = snapshot.TrusteeGuest
		}
		n.users[u.ID] = userRef{upn: u.UserPrincipalName, name: u.DisplayName, guest: u.IsGuest()}
		e := permissions.Entry{ID: u.ID, DisplayName: u.DisplayName, UPN: u.UserPrincipalName, Address: u.Mail, Addresses: u.ProxyAddresses, Kind: kind}
		if u.AccountEnabled != nil {
			disabled := !*u.AccountEnabled
			e.Disabled = &disabled
		}
		n.dir.Add(e)
		if err := n.sink(snapshot.User{
			User: u.ID, UserPrincipalName: u.UserPrincipalName, DisplayName: u.DisplayName, Mail: u.Mail, UserType: u.UserType,
			AccountEnabled: u.AccountEnabled, OnPremisesSyncEnabled: u.OnPremisesSyncEnabled, CreatedDateTime: timeOf(u.CreatedDateTime),
		}); err != nil {
			return err
		}
	}
	return nil
}

func (n *run) indexGroups() error {
	for g, err := range decodeLast(n, "graph/groups", wire.DecodeGroup, func(g wire.Group) string { return g.ID }) {
		if err != nil {
			return err
		}
		n.dir.Add(permissions.Entry{ID: g.ID, DisplayName: g.DisplayName, Address: g.Mail, Kind: snapshot.TrusteeGroup})
	}
	return nil
}

func (n *run) indexApplications() error {
	for s, err := range decodeLast(n, "graph/servicePrincipals", wire.DecodeServicePrincipal, principalID) {
		if err != nil {
			return err
		}
		n.dir.Add(permissions.Entry{ID: s.ID, DisplayName: s.DisplayName, Kind: snapshot.TrusteeApplication})
	}
	for r, err := range decode(n, "exo/Get-ServicePrincipal", exo.DecodeServicePrincipal) {
		if err != nil {
			return err
		}
		if r.V.ObjectID != "" {
			n.dir.Add(permissions.Entry{ID: r.V.ObjectID, GUID: r.V.Guid, Name: r.V.Identity, DisplayName: r.V.DisplayName, SID: r.V.SID, Kind: snapshot.TrusteeApplication})
		}
	}
	return nil
}

// isEntraGroup: dynamic distribution groups live in Exchange alone and have no Entra id.
func (n *run) isEntraGroup(id string) bool {
	e, ok := n.dir.ByID(id)
	return ok && e.Kind == snapshot.TrusteeGroup && e.ID != ""
}

// entry finds the one object that an identity in any form stands for; false when
// there is none, or several.
func (n *run) entry(identity string) (permissions.Entry, bool) {
	if identity == "" {
		return permissions.Entry{}, false
	}
	ref := n.dir.ResolveTrustee(identity, "")
	if ref.TrusteeID == "" {
		return permissions.Entry{}, false
	}
	return n.dir.ByID(ref.TrusteeID)
}

func entryID(e permissions.Entry) string { return firstOf(e.ID, e.GUID) }

// trusteeName is how a right names who holds it.
type trusteeName struct {
	name, sid string
	folder    bool // a folder permission, which goes by display names
}

// trustee resolves a name. The same few hold most rights, so each is resolved once.
func (n *run) trustee(name, sid string) snapshot.TrusteeRef {
	return n.resolved(trusteeName{name: name, sid: sid}, func() snapshot.TrusteeRef { return n.dir.ResolveTrustee(name, sid) })
}

func (n *run) resolved(key trusteeName, resolve func() snapshot.TrusteeRef) snapshot.TrusteeRef {
	ref, known := n.trustees[key]
	if !known {
		ref = resolve()
		n.trustees[key] = ref
	}
	return ref
}

// reaches notes the group that a trustee is.
func (n *run) reaches(t snapshot.TrusteeRef) {
	if t.TrusteeType == snapshot.TrusteeGroup {
		n.onGroup(t.TrusteeID)
	}
}

// target resolves a forwarding or rule target and notes the group it reaches.
func (n *run) target(asSent string) permissions.Target {
	t := n.dir.ResolveTarget(asSent, n.domains, n.groups.members)
	if n.onGroup != nil && t.EntryID != "" && n.isEntraGroup(t.EntryID) {
		n.onGroup(t.EntryID)
	}
	return t
}

func sorted(in []string) []string {
	if in == nil {
		return nil
	}
	out := slices.Clone(in)
	slices.Sort(out)
	return slices.Compact(out)
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
