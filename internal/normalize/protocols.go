package normalize

import (
	"strings"

	"tenantaudit/internal/exo"
	"tenantaudit/internal/snapshot"
)

const casSource = "exo/Get-CASMailbox"

// casMailboxes writes what protocols mailboxes accept. The list is joined to that of
// mailboxes: what is on it and no mailbox is left out, and a mailbox that it lacks is
// unknown, as far as the list of mailboxes says which there are.
func (n *run) casMailboxes() error {
	_, listed, err := n.mailboxList("exo/Get-Mailbox")
	if err != nil {
		return err
	}
	// Of several rows, which a list that moves while it is read can hold, the last one stands.
	last, row := map[string]int32{}, int32(0)
	for r, err := range decode(n, casSource, exo.DecodeCASMailbox) {
		if err != nil {
			return err
		}
		row++
		id, known := n.casMailbox(r.V)
		switch {
		case !known && listed:
			continue
		case id == "":
			n.oddRows[casSource]++
			continue
		}
		last[n.dir.Keep(id)] = row
	}
	odd := n.oddRows[casSource]
	row = 0
	for r, err := range decode(n, casSource, exo.DecodeCASMailbox) {
		if err != nil {
			return err
		}
		row++
		id, _ := n.casMailbox(r.V)
		if last[id] != row {
			continue
		}
		if err := n.sink(snapshot.CASMailbox{
			Mailbox: id, MailboxAddress: firstOf(n.address(id), r.V.PrimarySMTPAddress), SMTPAuth: smtpAuth(r.V),
			IMAPEnabled: r.V.IMAPEnabled, POPEnabled: r.V.POPEnabled,
		}); err != nil {
			return err
		}
	}
	n.oddRows[casSource] = odd // counted once
	whole, err := n.complete(casSource)
	if err != nil || !whole || !listed {
		return err
	}
	for _, m := range n.mailboxes {
		if _, ok := last[m.id]; !ok && !m.inactive && m.inScope {
			n.gap(snapshot.CASMailboxes, "mailboxes are missing in the answer")
		}
	}
	return nil
}

// casMailbox is the id of the mailbox that a row is about, and whether the list of
// mailboxes has it.
func (n *run) casMailbox(c exo.CASMailbox) (id string, known bool) {
	for _, name := range []string{c.ExternalDirectoryObjectID, c.Guid, c.Identity, c.PrimarySMTPAddress} {
		if name == defaultRole { // a GUID that is not set
			continue
		}
		if m, ok := n.mailboxNamed(name); ok {
			return m.id, true
		}
	}
	id = exo.MailboxID(exo.Mailbox{ExternalDirectoryObjectID: c.ExternalDirectoryObjectID, Guid: c.Guid})
	return firstOf(id, c.Identity, c.PrimarySMTPAddress), false
}

// smtpAuth: a mailbox that does not say has the tenant's default, and one of which the
// service does not say is unknown.
func smtpAuth(c exo.CASMailbox) string {
	switch disabled := c.SMTPClientAuthenticationDisabled; {
	case !c.SMTPAuthSaid():
		return ""
	case disabled == nil:
		return snapshot.SMTPAuthInherits
	case *disabled:
		return snapshot.SMTPAuthDisabled
	}
	return snapshot.SMTPAuthEnabled
}

func (n *run) sharingPolicies() error {
	seen := map[string]bool{}
	for r, err := range decode(n, "exo/Get-SharingPolicy", exo.DecodeSharingPolicy) {
		if err != nil {
			return err
		}
		name := firstOf(r.V.Name, r.V.Identity, r.V.Guid)
		if seen[name] {
			continue
		}
		seen[name] = true
		row := snapshot.SharingPolicy{Name: name, Default: r.V.Default, Enabled: r.V.Enabled, Domains: sharingEntries(r.V.Domains)}
		if r.V.IsOdd("Domains") {
			n.gap(snapshot.SharingPolicies, "Domains could not be read in full")
		}
		if err := n.sink(row); err != nil {
			return err
		}
	}
	return nil
}

// sharingEntries writes entries as "domain: action, action". No domain holds a colon, so
// that a part with one begins another entry; nil stays nil.
func sharingEntries(in []string) []string {
	if in == nil {
		return nil
	}
	out := []string{}
	for _, text := range in {
		first := true
		for part := range strings.SplitSeq(text, ",") {
			part = strings.TrimSpace(part)
			domain, action, starts := strings.Cut(part, ":")
			switch {
			case part == "":
			case starts:
				out = append(out, strings.TrimSpace(strings.TrimSpace(domain)+": "+strings.TrimSpace(action)))
			case first:
				out = append(out, part)
			case strings.HasSuffix(out[len(out)-1], ":"):
				out[len(out)-1] += " " + part
			default:
				out[len(out)-1] += ", " + part
			}
			first = first && part == ""
		}
	}
	return out
}
