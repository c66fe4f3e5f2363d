package permissions

import (
	"slices"
	"strconv"
	"strings"

	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/texts"
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

// slot is an entry as it is held: numbers of texts.
type slot struct {
	id, guid, name, displayName, alias, upn, address, externalAddress, kind, details texts.Ref
	into                                                                             int32 // the slot that it was merged into; its own number otherwise
	disabled                                                                         int8  // 1 yes, -1 no, 0 unknown
}

// field is a kind of key under which objects are found.
type field uint8

const (
	byID field = iota
	byAddress
	byDN
	bySID
	byUPN
	byName // Name, alias and display name, which are looked up together
	fields
)

// Directory is the index of everybody known. It is built by Add and then only
// read; reading is safe for concurrent use. An object of a large tenant takes some
// 300 bytes: its texts are kept once, in one table, and the keys are numbers.
type Directory struct {
	// Partial says that the recipients were not read in full: an own address that
	// matches nobody may then be a contact with an address outside, and is
	// unresolved rather than internal.
	Partial bool

	texts *texts.Table
	slots []slot
	// first is the slot under a key, more are the others where several share it. Nearly
	// every key has one. A key is a field and the number of a folded text.
	first map[uint64]int32
	more  map[uint64][]int32
}

// NewDirectory returns an empty directory.
func NewDirectory() *Directory {
	return &Directory{texts: texts.New(), first: map[uint64]int32{}, more: map[uint64][]int32{}}
}

// Keep returns a text that shares its memory with the same text of the directory.
func (d *Directory) Keep(s string) string { return d.texts.Keep(s) }

// Len returns the number of distinct objects.
func (d *Directory) Len() int {
	n := 0
	for i := range d.slots {
		if int32(i) == d.slots[i].into {
			n++
		}
	}
	return n
}

// Add adds an object, or what a further source knows of one. Entries are the same
// object when they share an id (Entra's or Exchange's) or, where neither id
// contradicts, the primary address or the userPrincipalName. Fields that are
// known already are kept; guest wins over user, because only one of the sources can
// tell. Addresses, LegacyDN and SID are found by, and not given back.
func (d *Directory) Add(e Entry) {
	e = normalise(e)
	target := int32(-1)
	for _, n := range d.same(&e) {
		switch {
		case target < 0:
			target = n
		case target != n:
			d.merge(target, d.slots[n])
			d.slots[n].into = target
		}
	}
	s := d.held(&e)
	if target < 0 {
		target = int32(len(d.slots))
		s.into = target
		d.slots = append(d.slots, s)
	} else {
		d.merge(target, s)
	}
	d.index(target, &e)
}

// held is an entry as it is held.
func (d *Directory) held(e *Entry) slot {
	s := slot{
		id: d.texts.Ref(e.ID), guid: d.texts.Ref(e.GUID), name: d.texts.Ref(e.Name), displayName: d.texts.Ref(e.DisplayName), alias: d.texts.Ref(e.Alias),
		upn: d.texts.Ref(e.UPN), address: d.texts.Ref(e.Address), externalAddress: d.texts.Ref(e.ExternalAddress), kind: d.texts.Ref(e.Kind), details: d.texts.Ref(e.Details),
	}
	if e.Disabled != nil {
		if s.disabled = -1; *e.Disabled {
			s.disabled = 1
		}
	}
	return s
}

// entry is what is known of a slot.
func (d *Directory) entry(n int32) Entry {
	s := &d.slots[n]
	e := Entry{
		ID: d.texts.Get(s.id), GUID: d.texts.Get(s.guid), Name: d.texts.Get(s.name), DisplayName: d.texts.Get(s.displayName), Alias: d.texts.Get(s.alias),
		UPN: d.texts.Get(s.upn), Address: d.texts.Get(s.address), ExternalAddress: d.texts.Get(s.externalAddress), Kind: d.texts.Get(s.kind), Details: d.texts.Get(s.details),
	}
	if s.disabled != 0 {
		disabled := s.disabled > 0
		e.Disabled = &disabled
	}
	return e
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
		found = append(found, d.find(byID, id)...)
	}
	for _, candidate := range append(d.find(byAddress, e.Address), d.find(byUPN, foldKey(e.UPN))...) {
		o := &d.slots[candidate]
		if e.ID != "" && o.id != 0 && e.ID != d.texts.Get(o.id) || e.GUID != "" && o.guid != 0 && e.GUID != d.texts.Get(o.guid) {
			continue
		}
		// A secondary address is no identity: it may have moved to another object.
		if e.Address != "" && d.texts.Get(o.address) == e.Address || e.UPN != "" && strings.EqualFold(d.texts.Get(o.upn), e.UPN) {
			found = append(found, candidate)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func (d *Directory) merge(target int32, e slot) {
	o := &d.slots[target]
	guest := d.texts.Get(e.kind) == snapshot.TrusteeGuest && d.texts.Get(o.kind) == snapshot.TrusteeUser
	for _, f := range []struct {
		into *texts.Ref
		from texts.Ref
	}{
		{&o.id, e.id}, {&o.guid, e.guid}, {&o.name, e.name}, {&o.displayName, e.displayName}, {&o.alias, e.alias}, {&o.upn, e.upn},
		{&o.address, e.address}, {&o.externalAddress, e.externalAddress}, {&o.details, e.details}, {&o.kind, e.kind},
	} {
		if *f.into == 0 {
			*f.into = f.from
		}
	}
	if guest {
		o.kind = e.kind
	}
	if o.disabled == 0 {
		o.disabled = e.disabled
	}
}

func (d *Directory) index(n int32, e *Entry) {
	d.put(byID, e.ID, n)
	d.put(byID, e.GUID, n)
	d.put(byAddress, e.Address, n)
	for _, a := range e.Addresses {
		if dn, ok := strings.CutPrefix(a, "x500:"); ok {
			d.put(byDN, dn, n)
			continue
		}
		d.put(byAddress, a, n)
	}
	d.put(byDN, foldKey(e.LegacyDN), n)
	d.put(bySID, e.SID, n)
	d.put(byUPN, foldKey(e.UPN), n)
	d.put(byName, foldKey(e.Name), n)
	d.put(byName, foldKey(e.Alias), n)
	d.put(byName, foldKey(e.DisplayName), n)
}

// put enters a slot under a key.
func (d *Directory) put(in field, text string, n int32) {
	if text == "" {
		return
	}
	if in == byDN {
		text = d.shortDN(text)
	}
	key := uint64(d.texts.Ref(text))*uint64(fields) + uint64(in)
	one, ok := d.first[key]
	if !ok {
		d.first[key] = n
		return
	}
	if one != n && !slices.Contains(d.more[key], n) {
		d.more[key] = append(d.more[key], n)
	}
}

// shortDN writes a name of the directory with a number for everything but its last part:
// the names of a tenant differ in nothing else.
func (d *Directory) shortDN(dn string) string {
	cut := strings.LastIndexByte(dn, '/') + 1
	return strconv.FormatUint(uint64(d.texts.Ref(dn[:cut])), 36) + " " + dn[cut:]
}

// key is the key of a text, false when nothing is under it.
func (d *Directory) key(in field, text string) (uint64, bool) {
	if in == byDN {
		cut := strings.LastIndexByte(text, '/') + 1
		prefix, ok := d.texts.Find(text[:cut])
		if !ok {
			return 0, false
		}
		text = strconv.FormatUint(uint64(prefix), 36) + " " + text[cut:]
	}
	ref, ok := d.texts.Find(text)
	return uint64(ref)*uint64(fields) + uint64(in), ok
}

// foldKey makes a name comparable: the service compares without regard to case
// and to blanks around it.
func foldKey(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// find returns the distinct slots under a key, merged ones followed.
func (d *Directory) find(in field, text string) []int32 {
	if text == "" {
		return nil
	}
	key, ok := d.key(in, text)
	if !ok {
		return nil
	}
	first, ok := d.first[key]
	if !ok {
		return nil
	}
	list := append([]int32{first}, d.more[key]...)
	for i, n := range list {
		for d.slots[n].into != n {
			n = d.slots[n].into
		}
		list[i] = n
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// lookupAny returns the distinct slots under a key of several kinds.
func (d *Directory) lookupAny(text string, in ...field) []int32 {
	var all []int32
	for _, f := range in {
		all = append(all, d.find(f, text)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// ByID returns the object with an Entra object id or an Exchange Guid.
func (d *Directory) ByID(id string) (Entry, bool) { return d.only(d.find(byID, foldKey(id))) }

// ByAddress returns the object with an SMTP address, primary or not.
func (d *Directory) ByAddress(address string) (Entry, bool) {
	return d.only(d.find(byAddress, NormalAddress(address)))
}

// ByDN returns the object with a LegacyExchangeDN or an X500 address.
func (d *Directory) ByDN(dn string) (Entry, bool) { return d.only(d.find(byDN, foldKey(dn))) }

// ByUPN returns the object with a userPrincipalName.
func (d *Directory) ByUPN(upn string) (Entry, bool) { return d.only(d.find(byUPN, foldKey(upn))) }

func (d *Directory) only(slots []int32) (Entry, bool) {
	if len(slots) != 1 {
		return Entry{}, false
	}
	return d.entry(slots[0]), true
}

// match finds the objects that a name stands for. Identifiers that are unique by
// design (object id, SID, userPrincipalName, address, DN) are tried first and
// decide; then name, alias and display name are taken together, so that a name
// which one object has as its Name and another as its display name is ambiguous.
func (d *Directory) match(name, sid string) []int32 {
	folded := foldKey(name)
	if folded == "" {
		return d.find(bySID, strings.ToUpper(strings.TrimSpace(sid)))
	}
	for _, slots := range [][]int32{
		d.find(byID, folded),
		d.find(bySID, strings.ToUpper(strings.TrimSpace(sid))),
		d.find(byUPN, folded),
		d.find(byAddress, NormalAddress(name)),
		d.find(byDN, strings.TrimPrefix(folded, "x500:")),
	} {
		if len(slots) > 0 {
			return slots
		}
	}
	return d.find(byName, folded)
}
