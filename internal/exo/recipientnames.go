package exo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"tenantaudit/internal/snapshot"
)

// recipientsByDN collects the recipients behind names that the lists of mailboxes and
// recipients do not show: the LegacyExchangeDNs that inbox rules send mail to, and
// distinguished and canonical names in ForwardingAddress and GrantSendOnBehalfTo. Each
// is asked for once, unit = the name as sent.
//
// Source: Get-Recipient by identity.
func recipientsByDN(c *Client, o CollectOptions) Collector {
	lookUp := func(dn string) call {
		return call{cmdlet: "Get-Recipient", sel: recipientProperties, params: map[string]any{"Identity": dn}}
	}
	return fan{
		c: c, o: o, source: SourceRecipientByDN, requires: []snapshot.Source{SourceMailbox, SourceRecipient, SourceInboxRule},
		needs: viewRecipients, unlisted: lookUp,
		targets: func(ctx context.Context, s Store) ([]target, error) {
			known, err := knownNames(ctx, s)
			if err != nil {
				return nil, err
			}
			var out []target
			add := func(name string) {
				if low := strings.ToLower(name); !known[low] {
					known[low] = true
					out = append(out, target{key: name, call: lookUp(name)})
				}
			}
			if err := ruleNames(ctx, s, add); err != nil {
				return nil, err
			}
			if err := mailboxNames(ctx, s, add); err != nil {
				return nil, err
			}
			slices.SortFunc(out, func(a, b target) int { return cmp.Compare(strings.ToLower(a.key), strings.ToLower(b.key)) })
			return out, nil
		},
	}
}

// ruleNames hands out the LegacyExchangeDNs that inbox rules send mail to.
func ruleNames(ctx context.Context, s Store, add func(string)) error {
	for r, err := range s.Rows(ctx, SourceInboxRule) {
		if err != nil {
			return fmt.Errorf("read %s: %w", SourceInboxRule, err)
		}
		rule, err := DecodeInboxRule(r.Row)
		if err != nil {
			continue // the rule's unit is partial because of it
		}
		for _, e := range slices.Concat(rule.ForwardTo, rule.ForwardAsAttachmentTo, rule.RedirectTo) {
			if kind, _, dn := ParseAddress(e); kind == EX {
				add(dn)
			}
		}
	}
	return nil
}

// mailboxNames hands out the names of a directory's form that stand in the forwarding
// and the send-on-behalf list of mailboxes.
func mailboxNames(ctx context.Context, s Store, add func(string)) error {
	for r, err := range s.Rows(ctx, SourceMailbox) {
		if err != nil {
			return fmt.Errorf("read %s: %w", SourceMailbox, err)
		}
		m, err := DecodeMailbox(r.Row)
		if err != nil {
			continue // the listing's unit is partial because of it
		}
		names := m.GrantSendOnBehalfTo
		if m.ForwardingAddress != nil {
			names = append(slices.Clone(names), *m.ForwardingAddress)
		}
		for _, name := range names {
			if name = strings.TrimSpace(name); directoryName(name) {
				add(name)
			}
		}
	}
	return nil
}

// directoryName reports whether a name has the form of a distinguished name
// ("CN=Kim,OU=…"), a LegacyExchangeDN ("/o=…") or a canonical name ("domain/ou/name"),
// and can be asked for.
func directoryName(name string) bool {
	if len(name) > 2000 || strings.Contains(name, "*") || strings.ContainsFunc(name, unicode.IsControl) {
		return false
	}
	low := strings.ToLower(name)
	switch {
	case strings.HasPrefix(low, "/o="):
		return true
	case strings.HasPrefix(low, "cn="), strings.HasPrefix(low, "ou="):
		_, rest, more := strings.Cut(low, ",")
		return more && strings.Contains(rest, "=")
	}
	domain, path, cut := strings.Cut(low, "/")
	return cut && path != "" && strings.Contains(strings.Trim(domain, "."), ".") && !strings.ContainsAny(domain, "@: \\")
}

// knownNames are the names, in lower case, by which the lists know somebody: ids, names
// and LegacyExchangeDNs of mailboxes and recipients, and their X500 addresses.
func knownNames(ctx context.Context, s Store) (map[string]bool, error) {
	known := map[string]bool{}
	add := func(addresses []string, names ...string) {
		for _, n := range names {
			if n = strings.ToLower(strings.TrimSpace(n)); n != "" {
				known[n] = true
			}
		}
		for _, a := range addresses {
			if len(a) > 5 && strings.EqualFold(a[:5], "x500:") {
				known[strings.ToLower(a[5:])] = true
			}
		}
	}
	for r, err := range s.Rows(ctx, SourceMailbox) {
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", SourceMailbox, err)
		}
		if m, err := DecodeMailbox(r.Row); err == nil {
			add(m.EmailAddresses, m.LegacyExchangeDN, m.ID, m.Identity, m.Name)
		}
	}
	for r, err := range s.Rows(ctx, SourceRecipient) {
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", SourceRecipient, err)
		}
		if v, err := DecodeRecipient(r.Row); err == nil {
			add(v.EmailAddresses, v.LegacyExchangeDN, v.ID, v.Identity, v.Name)
		}
	}
	return known, nil
}
