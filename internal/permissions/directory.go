package permissions

import (
	"slices"
	"strings"

	"tenantaudit/internal/snapshot"
)

// Entry is what one source knows of one object: a user, group, contact, mailbox
// or application. Empty fields are unknown; Add merges the entries of an object.
type Entry struct {
	// ID is the Entra object id; "" for an object that only Exchange has.
	ID string
	// GUID is Exchange's own identifier; "" for an object that only Entra has.
	GUID        string
	Name        string // Exchange's Name, unique in the organisation
	DisplayName string // not unique
	Alias       string
	UPN         string // userPrincipalName
	// Address is the primary SMTP address, in any case.
	Address string
	// Addresses are all proxy addresses, with or without "smtp:"; "x500:" ones too.
	Addresses []string
	LegacyDN  string // LegacyExchangeDN
	SID       string // as Exchange rows carry it
	// ExternalAddress is where mail for a contact, mail user or guest goes.
	ExternalAddress string
	// Kind is one of snapshot.TrusteeUser, TrusteeGuest, TrusteeGroup,
	// TrusteeApplication and TrusteeContact; "" is derived from Details.
	Kind string
	// Details is RecipientTypeDetails.
	Details  string
	Disabled *bool // the account is disabled; nil unknown
}

// KindOf returns the trustee type that a RecipientTypeDetails value stands for;
// "" for one that is not known.
func KindOf(recipientTypeDetails string) string {
	d := strings.ToLower(recipientTypeDetails)
	switch {
	case d == "":
		return ""
	case d == "guestmailuser":
		return snapshot.TrusteeGuest
	case d == "groupmailbox", strings.Contains(d, "group"), d == "roomlist":
		return snapshot.TrusteeGroup
	case d == "mailcontact", d == "contact", d == "mailforestcontact":
		return snapshot.TrusteeContact
	case strings.HasSuffix(d, "mailbox"), d == "mailuser", d == "user", d == "disableduser":
		return snapshot.TrusteeUser
	}
	return ""
}

// key is the identity of an entry in texts and rows.
func (e *Entry) key() string {
	if e.ID != "" {
		return e.ID
	}
	return e.GUID
}

func (e *Entry) label() string {
	for _, s := range []string{e.DisplayName, e.Name, e.UPN, e.Address} {
		if s != "" {
			return s
		}
	}
	return ""
}

// index maps a folded key to entries. Nearly every key has one entry, so the
// others live in a second map: 200,000 entries cost one word each.
type index struct {
	one  map[string]int32
	more map[string][]int32
}

func newIndex() index { return index{one: map[string]int32{}, more: map[string][]int32{}} }

func (x index) add(key string, n int32) {
	if key == "" {
		return
	}
	first, ok := x.one[key]
	if !ok {
		x.one[key] = n
		return
	}
	if first != n && !slices.Contains(x.more[key], n) {
		x.more[key] = append(x.more[key], n)
	}
}

// Directory is the index of everybody known. It is built by Add and then only
// read; reading is safe for concurrent use.
type Directory struct {
	// Partial says that the recipients were not read in full: an own address that
	// matches nobody may then be a contact with an address outside, and is
	// unresolved rather than internal.
	Partial bool

	entries []Entry
	merged  []int32 // slot an entry was merged into; its own number otherwise

	byID, byAddress, byDN, bySID, byUPN, byName, byAlias, byDisplay index
}

// NewDirectory returns an empty directory.
func NewDirectory() *Directory {
	return &Directory{
		byID: newIndex(), byAddress: newIndex(), byDN: newIndex(), bySID: newIndex(),
		byUPN: newIndex(), byName: newIndex(), byAlias: newIndex(), byDisplay: newIndex(),
	}
}

// Len returns the number of distinct objects.
func (d *Directory) Len() int {
	n := 0
	for i, m := range d.merged {
		if int32(i) == m {
			n++
		}
	}
	return n
}

// Add adds an object, or what a further source knows of one. Entries are the same
// object when they share an id (Entra's or Exchange's) or, where neither id
// contradicts, the primary address or the userPrincipalName. Fields that are
// known already are kept; lists are united; guest wins over user, because only
// one of the sources can tell.
func (d *Directory) Add(e Entry) {
	e = normalise(e)
	target := int32(-1)
	for _, n := range d.same(&e) {
		switch {
		case target < 0:
			target = n
		case target != n:
			d.merge(target, d.entries[n])
			d.merged[n] = target
		}
	}
	if target < 0 {
		target = int32(len(d.entries))
		d.entries = append(d.entries, e)
		d.merged = append(d.merged, target)
	} else {
		d.merge(target, e)
	}
	d.index(target, &e)
}

func normalise(e Entry) Entry {
	e.ID, e.GUID = strings.ToLower(strings.TrimSpace(e.ID)), strings.ToLower(strings.TrimSpace(e.GUID))
	e.Address = NormalAddress(e.Address)
	e.ExternalAddress = NormalAddress(e.ExternalAddress)
	e.SID = strings.ToUpper(strings.TrimSpace(e.SID))
	list := make([]string, 0, len(e.Addresses))
	for _, a := range e.Addresses {
		if a = NormalAddress(a); a != "" {
			list = append(list, a)
		}
	}
	e.Addresses = sortedUnique(list)
	if e.Kind == "" {
		e.Kind = KindOf(e.Details)
	}
	return e
}

// same returns the slots that hold the object of e.
func (d *Directory) same(e *Entry) []int32 {
	var found []int32
	for _, id := range []string{e.ID, e.GUID} {
		found = append(found, d.find(d.byID, id)...)
	}
	for _, candidate := range append(d.find(d.byAddress, e.Address), d.find(d.byUPN, foldKey(e.UPN))...) {
		o := &d.entries[candidate]
		if e.ID != "" && o.ID != "" && e.ID != o.ID || e.GUID != "" && o.GUID != "" && e.GUID != o.GUID {
			continue
		}
		// A secondary address is no identity: it may have moved to another object.
		if o.Address == e.Address && e.Address != "" || e.UPN != "" && strings.EqualFold(o.UPN, e.UPN) {
			found = append(found, candidate)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func (d *Directory) merge(target int32, e Entry) {
	o := &d.entries[target]
	for _, f := range []struct {
		into *string
		from string
	}{
		{&o.ID, e.ID}, {&o.GUID, e.GUID}, {&o.Name, e.Name}, {&o.DisplayName, e.DisplayName}, {&o.Alias, e.Alias},
		{&o.UPN, e.UPN}, {&o.Address, e.Address}, {&o.LegacyDN, e.LegacyDN}, {&o.SID, e.SID},
		{&o.ExternalAddress, e.ExternalAddress}, {&o.Details, e.Details}, {&o.Kind, e.Kind},
	} {
		if *f.into == "" {
			*f.into = f.from
		}
	}
	if e.Kind == snapshot.TrusteeGuest && o.Kind == snapshot.TrusteeUser {
		o.Kind = e.Kind
	}
	if o.Disabled == nil {
		o.Disabled = e.Disabled
	}
	if len(e.Addresses) > 0 {
		o.Addresses = sortedUnique(append(slices.Clone(o.Addresses), e.Addresses...))
	}
}

func (d *Directory) index(n int32, e *Entry) {
	d.byID.add(e.ID, n)
	d.byID.add(e.GUID, n)
	d.byAddress.add(e.Address, n)
	for _, a := range e.Addresses {
		if dn, ok := strings.CutPrefix(a, "x500:"); ok {
			d.byDN.add(dn, n)
			continue
		}
		d.byAddress.add(a, n)
	}
	d.byDN.add(foldKey(e.LegacyDN), n)
	d.bySID.add(e.SID, n)
	d.byUPN.add(foldKey(e.UPN), n)
	d.byName.add(foldKey(e.Name), n)
	d.byAlias.add(foldKey(e.Alias), n)
	d.byDisplay.add(foldKey(e.DisplayName), n)
}

// foldKey makes a name comparable: the service compares without regard to case
// and to blanks around it.
func foldKey(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// find returns the distinct slots under a key, merged ones followed.
func (d *Directory) find(x index, key string) []int32 {
	if key == "" {
		return nil
	}
	first, ok := x.one[key]
	if !ok {
		return nil
	}
	list := append([]int32{first}, x.more[key]...)
	for i, n := range list {
		for d.merged[n] != n {
			n = d.merged[n]
		}
		list[i] = n
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// lookupAny returns the distinct slots under a key in several indexes.
func (d *Directory) lookupAny(key string, in ...index) []int32 {
	var all []int32
	for _, x := range in {
		all = append(all, d.find(x, key)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// ByID returns the object with an Entra object id or an Exchange Guid.
func (d *Directory) ByID(id string) (Entry, bool) { return d.only(d.find(d.byID, foldKey(id))) }

// ByAddress returns the object with an SMTP address, primary or not.
func (d *Directory) ByAddress(address string) (Entry, bool) {
	return d.only(d.find(d.byAddress, NormalAddress(address)))
}

// ByDN returns the object with a LegacyExchangeDN or an X500 address.
func (d *Directory) ByDN(dn string) (Entry, bool) { return d.only(d.find(d.byDN, foldKey(dn))) }

// ByUPN returns the object with a userPrincipalName.
func (d *Directory) ByUPN(upn string) (Entry, bool) { return d.only(d.find(d.byUPN, foldKey(upn))) }

func (d *Directory) only(slots []int32) (Entry, bool) {
	if len(slots) != 1 {
		return Entry{}, false
	}
	return d.entries[slots[0]], true
}

// match finds the objects that a name stands for. Identifiers that are unique by
// design (object id, SID, userPrincipalName, address, DN) are tried first and
// decide; then name, alias and display name are taken together, so that a name
// which one object has as its Name and another as its display name is ambiguous.
func (d *Directory) match(name, sid string) []int32 {
	folded := foldKey(name)
	if folded == "" {
		return d.find(d.bySID, strings.ToUpper(strings.TrimSpace(sid)))
	}
	for _, slots := range [][]int32{
		d.find(d.byID, folded),
		d.find(d.bySID, strings.ToUpper(strings.TrimSpace(sid))),
		d.lookupAny(folded, d.byUPN),
		d.find(d.byAddress, NormalAddress(name)),
		d.find(d.byDN, strings.TrimPrefix(folded, "x500:")),
	} {
		if len(slots) > 0 {
			return slots
		}
	}
	return d.lookupAny(folded, d.byName, d.byAlias, d.byDisplay)
}
