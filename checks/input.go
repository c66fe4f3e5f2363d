package checks

import (
	"iter"
	"slices"
	"strings"

	"tenantaudit/internal/permissions"
	"tenantaudit/internal/snapshot"
)

// collect reads a dataset into a slice.
func collect[T any](rows iter.Seq2[T, error]) ([]T, error) {
	var list []T
	for row, err := range rows {
		if err != nil {
			return nil, err
		}
		list = append(list, row)
	}
	return list, nil
}

// units returns how many units of a dataset were read, mailboxes for a dataset
// that is read mailbox by mailbox.
func (in Input) units(d snapshot.Dataset) (int, error) {
	c, err := in.Coverage(d)
	return int(c.Collected), err
}

// domains returns the accepted domains. They are as complete as their coverage.
func (in Input) domains() (*permissions.Domains, error) {
	rows, err := collect(in.AcceptedDomains())
	if err != nil {
		return nil, err
	}
	c, err := in.Coverage(snapshot.AcceptedDomains)
	if err != nil {
		return nil, err
	}
	return permissions.NewDomains(rows, c.State == snapshot.CoverageComplete), nil
}

// memberCounts returns the number of transitive members by group id. A group
// that is not in it has none, or was not read: unknown either way.
func (in Input) memberCounts() (map[string]int, error) {
	counts := map[string]int{}
	for m, err := range in.GroupMembers() {
		if err != nil {
			return nil, err
		}
		counts[m.Group]++
	}
	return counts, nil
}

// tenantSubject is the subject of a finding about the tenant as a whole.
func (in Input) tenantSubject() Subject {
	t := in.Tenant()
	return Subject{Type: "tenant", ID: t.ID, Name: t.DisplayName}
}

// evidence points at a row.
func evidence(d snapshot.Dataset, row any) Evidence { return Evidence{d, snapshot.Key(row)} }

// gap returns a one-element list, or none for no subjects.
func gap(cause string, count int) []Gap {
	if count == 0 {
		return nil
	}
	return []Gap{{cause, count}}
}

var subjectEscaper = strings.NewReplacer("%", "%25", "|", "%7C")

// subjectID joins the parts of a subject that is no single row, in the way of
// snapshot.Key.
func subjectID(parts ...string) string {
	for i, p := range parts {
		parts[i] = subjectEscaper.Replace(p)
	}
	return strings.Join(parts, "|")
}

// split parts a list of external recipients into addresses and targets that did
// not resolve, as sent.
func split(recipients []string) (external, unresolved []string) {
	external, unresolved = []string{}, []string{}
	for _, r := range recipients {
		if sent, ok := strings.CutPrefix(r, permissions.UnresolvedPrefix); ok {
			unresolved = append(unresolved, sent)
		} else {
			external = append(external, r)
		}
	}
	return external, unresolved
}

// recipientDetails are the details of mail that leaves: who gets it, what did
// not resolve, and addresses whose domain is drawn like one of ours.
func recipientDetails(recipients []string, own *permissions.Domains) map[string]any {
	external, unresolved := split(recipients)
	alike := map[string]string{}
	for _, address := range external {
		if domain, ok := permissions.ParseDomain(address); ok {
			if like, ok := own.LooksLike(domain); ok {
				alike[address] = like
			}
		}
	}
	d := map[string]any{"externalRecipients": external, "unresolved": unresolved}
	if len(alike) > 0 {
		d["looksLikeOwnDomain"] = alike
	}
	return d
}

// few lists up to three names and how many more there are.
func few(names []string) string {
	const most = 3
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + " and " + plural(len(names)-most, "other")
}

// isTrue and isFalse ask for a value that the service stated: unknown is neither.
func isTrue(b *bool) bool  { return b != nil && *b }
func isFalse(b *bool) bool { return b != nil && !*b }

// state shows a switch that may be unknown: nil stays null in JSON.
func state(b *bool) any {
	if b == nil {
		return nil
	}
	return *b
}

// containsFold reports whether a list holds a name in any case.
func containsFold(list []string, name string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, name) })
}

// text shows a text that may be unknown: nil stays null in JSON.
func text(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}
