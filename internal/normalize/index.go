package normalize

import (
	"iter"
	"slices"
	"strings"

	"tenantaudit/internal/exo"
	"tenantaudit/internal/graph/wire"
	"tenantaudit/internal/permissions"
	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/texts"
)

// mailboxRef is a mailbox row in the making.
type mailboxRef struct {
	id       string
	address  string
	details  string
	row      int32 // which row of the listings it is
	inactive bool
	// The datasets of single mailboxes, and that of Full Access, include it.
	inScope, inPermissionScope bool
}

// restOn are the properties of a mailbox whose absence a check could take for "none".
var restOn = []string{"ForwardingAddress", "ForwardingSmtpAddress", "GrantSendOnBehalfTo"}

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

// indexMailboxes reads who has a mailbox. The rows themselves are read again when their turn
// comes: those of a large tenant do not fit into memory.
func (n *run) indexMailboxes() error {
	seen := map[string]int{}
	n.names = texts.New()
	var guids map[int]string // of deleted users' mailboxes, whose id a restored user's has
	for r, err := range decode(n, mailboxSource, exo.DecodeMailbox) {
		if err != nil {
			return err
		}
		row := int32(len(n.rows)) //nolint:gosec // far fewer than 2 billion
		n.rows = append(n.rows, -1)
		m := n.mailboxRef(r.V, row)
		if m.id == "" {
			n.oddRows[mailboxSource]++
			continue
		}
		if r.Unit.Key == "Inactive" && !m.inactive {
			continue // that listing repeats the active ones
		}
		guid := n.dir.Keep(r.V.Guid)
		if i, twice := seen[m.id]; twice {
			if n.mailboxes[i].inactive == m.inactive {
				n.mailboxes[i] = m // moved while reading: the later row stands
				if m.inactive {
					guids[i] = guid
				}
				continue
			}
			// A deleted user's mailbox beside the restored user's: told apart by Guid.
			if n.mailboxes[i].inactive {
				old := n.mailboxes[i]
				n.mailboxes[i] = m
				m, guid = old, guids[i]
			}
			if m.id = guid; m.id == "" {
				continue
			}
			if _, again := seen[m.id]; again {
				continue
			}
		}
		seen[m.id] = len(n.mailboxes)
		if m.inactive {
			if guids == nil {
				guids = map[int]string{}
			}
			guids[len(n.mailboxes)] = guid
		}
		n.mailboxes = append(n.mailboxes, m)
	}
	slices.SortFunc(n.mailboxes, func(a, b mailboxRef) int { return strings.Compare(a.id, b.id) })
	for i, m := range n.mailboxes {
		n.byID[m.id] = i
		n.rows[m.row] = int32(i)
		switch {
		case m.inactive:
			n.outOfScope["inactive"]++
		case m.details == "GroupMailbox":
			n.outOfScope["group"]++
		case m.details == "PublicFolderMailbox" || m.details == "PublicFolder":
			n.outOfScope["public-folder"]++
		case m.details == "DiscoveryMailbox":
			n.outOfScope["discovery"]++
		case !m.inScope:
			n.outOfScope["other"]++
		}
	}
	return n.nameMailboxes()
}

// nameMailboxes enters the mailboxes into the directory, and what identifies them.
func (n *run) nameMailboxes() error {
	names := make([][]texts.Ref, len(n.mailboxes))
	for i, m := range n.rawMailboxes() {
		if m.err != nil {
			return m.err
		}
		if n.mailboxes[i].inactive {
			continue
		}
		names[i] = n.mailboxNames(n.mailboxes[i], m.raw)
		n.add(mailboxEntry(n.mailboxes[i], m.raw), m.raw.ID, m.raw.Identity)
		n.dir.Add(permissions.Entry{ID: m.raw.ExternalDirectoryObjectID, GUID: m.raw.ExchangeGuid})
	}
	// In the order of ids: a name that two mailboxes have is the first one's.
	for i, list := range names {
		for _, name := range list {
			if _, taken := n.byAnyName[name]; !taken {
				n.byAnyName[name] = int32(i)
			}
		}
	}
	return nil
}

const mailboxSource = "exo/Get-Mailbox"

func (n *run) mailboxRef(m exo.Mailbox, row int32) mailboxRef {
	return mailboxRef{
		id: n.dir.Keep(exo.MailboxID(m)), address: n.dir.Keep(m.PrimarySMTPAddress), details: n.dir.Keep(m.RecipientTypeDetails), row: row,
		inactive: m.IsInactiveMailbox != nil && *m.IsInactiveMailbox, inScope: exo.InScope(m), inPermissionScope: exo.InPermissionScope(m),
	}
}

// rawMailbox is a row of the listings; its Row is gone with the page.
type rawMailbox struct {
	raw    exo.Mailbox
	unsent []string // of restOn
	err    error
}

// rawMailboxes reads the rows of the mailboxes again, each with its place in mailboxes, in the
// order of the listings.
func (n *run) rawMailboxes() iter.Seq2[int, rawMailbox] {
	return func(yield func(int, rawMailbox) bool) {
		odd, row := n.oddRows[mailboxSource], 0
		defer func() { n.oddRows[mailboxSource] = odd }() // counted once
		for r, err := range decode(n, mailboxSource, exo.DecodeMailbox) {
			if err != nil {
				yield(0, rawMailbox{err: err})
				return
			}
			i := n.rows[row]
			if row++; i < 0 {
				continue
			}
			m := rawMailbox{raw: r.V}
			for _, name := range restOn {
				if !r.V.Sent(name) {
					m.unsent = append(m.unsent, name)
				}
			}
			m.raw.Row = exo.Row{} // it would keep the whole page
			if !yield(int(i), m) {
				return
			}
		}
	}
}

// mailboxNames is what identifies a mailbox without doubt. Names that people give are not
// here: the directory resolves them and sees when two objects share one.
func (n *run) mailboxNames(m mailboxRef, raw exo.Mailbox) []texts.Ref {
	var out []texts.Ref
	for _, s := range []string{m.id, raw.ExternalDirectoryObjectID, raw.Guid, raw.ExchangeGuid, raw.ID, raw.Identity, raw.Name, m.address} {
		if ref := n.names.Ref(strings.ToLower(s)); ref != 0 && !slices.Contains(out, ref) {
			out = append(out, ref)
		}
	}
	return out
}

// mailboxNamed finds a mailbox by any of its identifiers.
func (n *run) mailboxNamed(name string) (mailboxRef, bool) {
	ref, ok := n.names.Find(strings.ToLower(name))
	if !ok || ref == 0 {
		return mailboxRef{}, false
	}
	i, ok := n.byAnyName[ref]
	if !ok {
		return mailboxRef{}, false
	}
	return n.mailboxes[i], true
}

func mailboxEntry(m mailboxRef, raw exo.Mailbox) permissions.Entry {
	return permissions.Entry{
		ID: raw.ExternalDirectoryObjectID, GUID: raw.Guid, Name: raw.Name, DisplayName: raw.DisplayName, UPN: raw.UserPrincipalName,
		Address: m.address, Addresses: raw.EmailAddresses, LegacyDN: raw.LegacyExchangeDN, Details: m.details,
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

// mostTrustees bounds the names whose resolution is remembered.
const mostTrustees = 20_000

// trustee resolves a name. The same few hold most rights, so each is resolved once.
func (n *run) trustee(name, sid string) snapshot.TrusteeRef {
	return n.resolved(trusteeName{name: name, sid: sid}, func() snapshot.TrusteeRef { return n.dir.ResolveTrustee(name, sid) })
}

func (n *run) resolved(key trusteeName, resolve func() snapshot.TrusteeRef) snapshot.TrusteeRef {
	ref, known := n.trustees[key]
	if !known {
		if len(n.trustees) >= mostTrustees {
			clear(n.trustees)
		}
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
