package permissions

import (
	"strings"

	"tenantaudit/internal/snapshot"
)

// UnresolvedPrefix marks an entry of a list of external recipients that could
// not be resolved: "unresolved:<as sent>".
const UnresolvedPrefix = "unresolved:"

// Target is what a forwarding or rule target resolved to.
type Target struct {
	// Address is where mail goes: lower case; a group's own address; "" for a target
	// without an address.
	Address string
	Kind    Where
	// Externals are the external addresses that mail reaches: lower case, sorted,
	// unique, members of a group included; "unresolved:<as sent>" where something
	// did not resolve. Empty for an internal target.
	Externals []string
	// EntryID is the id of the directory object; "" when the target is an address of nobody known.
	EntryID string
}

// ParseTarget splits a target into its type and value. The service writes
// `"name" [SMTP:kim@fabrikam.example]` or `"name" [EX:/o=…]`; the last bracket
// counts, since a display name may hold brackets too. Without one, kind is ""
// and value is the whole text, blanks and a proxy prefix removed.
func ParseTarget(asSent string) (kind, value string) {
	s := strings.TrimSpace(asSent)
	if strings.HasSuffix(s, "]") {
		if open := strings.LastIndexByte(s, '['); open >= 0 {
			if k, v, ok := strings.Cut(s[open+1:len(s)-1], ":"); ok && strings.TrimSpace(v) != "" {
				return strings.ToUpper(strings.TrimSpace(k)), strings.TrimSpace(v)
			}
		}
	}
	return "", TrimAddress(strings.Trim(s, `"`))
}

// ResolveTarget says where mail for a target goes. A contact, mail user or guest
// counts by its external address although the reference looks internal; a group
// is expanded, and one external member makes it external. What cannot be
// resolved, and a group whose members are not known, is unresolved; a group with
// both is external and lists both.
func (d *Directory) ResolveTarget(asSent string, domains *Domains, members Members) Target {
	kind, value := ParseTarget(asSent)
	unresolved := Target{Kind: Unresolved, Externals: []string{UnresolvedPrefix + asSent}}
	var slots []int32
	switch kind {
	case "SMTP", "MAILTO":
		slots = d.lookupAny(NormalAddress(value), byAddress, byUPN)
	case "EX", "X500":
		slots = d.find(byDN, foldKey(value))
		if len(slots) == 0 {
			return unresolved
		}
	default:
		slots = d.match(value, "")
	}
	switch {
	case len(slots) == 1:
		e := d.entry(slots[0])
		return d.entryTarget(&e, asSent, domains, members)
	case len(slots) > 1:
		return unresolved
	}
	address := NormalAddress(value)
	switch where := domains.Classify(address); {
	case where == External:
		return Target{Address: address, Kind: External, Externals: []string{address}}
	case where == Internal && !d.Partial:
		return Target{Address: address, Kind: Internal, Externals: []string{}}
	}
	return unresolved
}

func (d *Directory) entryTarget(e *Entry, asSent string, domains *Domains, members Members) Target {
	t := Target{EntryID: e.key()}
	if e.Kind == snapshot.TrusteeGroup {
		t.Address = e.Address
		t.Kind, t.Externals = d.groupTarget(e, asSent, domains, members)
		return t
	}
	t.Address, t.Kind = entryAddress(e, domains)
	switch t.Kind {
	case External:
		t.Externals = []string{t.Address}
	case Unresolved:
		t.Externals = []string{UnresolvedPrefix + asSent}
	default:
		t.Externals = []string{}
	}
	return t
}

// groupTarget expands a group target.
func (d *Directory) groupTarget(e *Entry, asSent string, domains *Domains, members Members) (Where, []string) {
	leaves, complete := Expand(e.key(), members, nil)
	externals := []string{}
	external, unresolved := false, !complete
	for _, m := range leaves {
		address, where := d.memberAddress(m, domains)
		switch where {
		case External:
			external = true
			externals = append(externals, address)
		case Unresolved:
			unresolved = true
		}
	}
	if unresolved {
		externals = append(externals, UnresolvedPrefix+asSent)
	}
	switch externals = sortedUnique(externals); {
	case external:
		return External, externals
	case unresolved:
		return Unresolved, externals
	}
	return Internal, externals
}

func (d *Directory) memberAddress(m snapshot.GroupMember, domains *Domains) (string, Where) {
	if m.MemberType == "device" || m.MemberType == "servicePrincipal" {
		return "", Internal // receives no mail
	}
	e, ok := d.ByID(m.Member)
	if !ok {
		if m.MemberType == snapshot.TrusteeUser {
			return "", Internal // a member account of this tenant, whatever else is unknown of it
		}
		return "", Unresolved
	}
	return entryAddress(&e, domains)
}

// entryAddress returns where mail for an object that is no group goes.
func entryAddress(e *Entry, domains *Domains) (string, Where) {
	if e.ExternalAddress != "" {
		return e.ExternalAddress, domains.Classify(e.ExternalAddress)
	}
	switch e.Kind {
	case snapshot.TrusteeGuest:
		if domains.Classify(e.Address) == External {
			return e.Address, External
		}
		if home, ok := guestHome(e.UPN); ok {
			return home, domains.Classify(home)
		}
		return e.Address, Unresolved
	case snapshot.TrusteeContact:
		return e.Address, domains.Classify(e.Address)
	}
	if strings.HasSuffix(strings.ToLower(e.Details), "mailbox") || e.Address == "" {
		return e.Address, Internal // a mailbox of this tenant, or an account that gets no mail
	}
	return e.Address, domains.Classify(e.Address)
}

// guestHome returns the address that a guest's userPrincipalName was made from:
// "kim_fabrikam.example#EXT#@contoso.example" was kim@fabrikam.example.
func guestHome(upn string) (address string, ok bool) {
	local, _, ok := strings.Cut(strings.ToLower(upn), "#ext#")
	if !ok {
		return "", false
	}
	cut := strings.LastIndexByte(local, '_')
	if cut <= 0 || cut == len(local)-1 || strings.Contains(local, "@") {
		return "", false
	}
	return local[:cut] + "@" + local[cut+1:], true
}
