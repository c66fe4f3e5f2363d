package main

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"

	"tenantaudit/internal/snapshot"
)

// subject is a mailbox, a person, a group or an application that a question is about.
type subject struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Address string `json:"address"`
	Type    string `json:"type,omitempty"`

	names []string // every other way to name it without doubt: app id, user principal name
}

func (s subject) String() string {
	if s.Address != "" && !strings.EqualFold(s.Address, s.Name) {
		return fmt.Sprintf("%s <%s>", cmp.Or(s.Name, s.ID), s.Address)
	}
	return cmp.Or(s.Name, s.ID)
}

// find picks the one subject that a text names: by id, address or another unique name,
// else by display name.
func find(what, text string, all []subject) (subject, error) {
	want := strings.ToLower(strings.TrimSpace(text))
	var exact, named []subject
	for _, s := range all {
		switch {
		case s.Type == snapshot.TrusteeUnresolved && strings.ToLower(s.ID) == want:
			named = append(named, s) // an entry's name for somebody, not an id
		case slices.ContainsFunc(append(s.names, s.ID, s.Address), func(n string) bool { return n != "" && strings.ToLower(n) == want }):
			exact = append(exact, s)
		case strings.ToLower(strings.TrimSpace(s.Name)) == want:
			named = append(named, s)
		}
	}
	hits := distinct(exact)
	// An address outside that is also a guest's: the guest, whose addresses are looked at too.
	if known := slices.DeleteFunc(slices.Clone(hits), func(s subject) bool { return s.Type == snapshot.TrusteeExternal }); len(known) == 1 {
		hits = known
	}
	if len(hits) == 0 {
		hits = distinct(named)
		// What goes by the name alone is part of the answer for anybody who bears it.
		if known := slices.DeleteFunc(slices.Clone(hits), func(s subject) bool { return s.Type == snapshot.TrusteeUnresolved }); len(known) > 0 {
			hits = known
		}
	}
	switch len(hits) {
	case 1:
		return hits[0], nil
	case 0:
		return subject{}, usageError("no %s is called %q in this snapshot%s", what, text, suggest(want, all))
	}
	lines := make([]string, len(hits))
	for i, h := range hits {
		lines[i] = fmt.Sprintf("  %s (%s)", cell(h.String()), cell(h.ID))
	}
	return subject{}, usageError("%q is the name of %d: name one by its id\n%s", text, len(hits), strings.Join(lines, "\n"))
}

// distinct keeps one subject of each id, sorted by id; what several lists know is put together.
func distinct(list []subject) []subject {
	at, out := map[string]int{}, []subject{}
	for _, s := range list {
		i, known := at[strings.ToLower(s.ID)]
		if !known {
			at[strings.ToLower(s.ID)] = len(out)
			out = append(out, s)
			continue
		}
		o := &out[i]
		o.Name, o.Address, o.Type = cmp.Or(o.Name, s.Name), cmp.Or(o.Address, s.Address), cmp.Or(o.Type, s.Type)
		o.names = append(o.names, s.names...)
	}
	slices.SortFunc(out, func(a, b subject) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

const mostSuggestions = 5

// suggest names what is spelled nearly like what was asked for.
func suggest(want string, all []subject) string {
	type near struct {
		name     string
		distance int
	}
	seen, list := map[string]bool{}, []near{}
	for _, s := range all {
		for _, n := range append(s.names, s.Name, s.Address) {
			folded := strings.ToLower(n)
			if n == "" || seen[folded] {
				continue
			}
			seen[folded] = true
			d := distance(want, folded)
			if len(want) >= 3 && strings.Contains(folded, want) {
				d = 1
			}
			if d <= max(2, len(want)/4) {
				list = append(list, near{n, d})
			}
		}
	}
	if len(list) == 0 {
		return ""
	}
	slices.SortFunc(list, func(a, b near) int { return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.name, b.name)) })
	var names []string
	for _, n := range list[:min(len(list), mostSuggestions)] {
		names = append(names, cell(n.name))
	}
	return "; the nearest: " + strings.Join(names, ", ")
}

// distance is the number of letters to insert, remove or replace.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j := range y {
			cost := diagonal
			if x[i] != y[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(y)]
}

// mailboxSubjects lists what --mailbox can name.
func mailboxSubjects(v *snapshot.Snapshot) ([]subject, error) {
	return listed(v.Mailboxes(), func(m snapshot.Mailbox) subject {
		return subject{ID: m.Mailbox, Name: m.DisplayName, Address: m.MailboxAddress, names: []string{m.UserPrincipalName}}
	})
}

// principalSubjects lists what --principal can name: everybody in the snapshot, and
// whoever holds access under a name that is nobody's.
func principalSubjects(v *snapshot.Snapshot) ([]subject, error) {
	all := []subject{{ID: snapshot.TrusteeDefault, Name: "Default", Type: snapshot.TrusteeDefault}, {ID: snapshot.TrusteeAnonymous, Name: "Anonymous", Type: snapshot.TrusteeAnonymous}}
	for _, load := range []func() ([]subject, error){
		func() ([]subject, error) {
			return listed(v.Users(), func(u snapshot.User) subject {
				return subject{ID: u.User, Name: u.DisplayName, Address: u.Mail, Type: snapshot.TrusteeUser, names: []string{u.UserPrincipalName}}
			})
		},
		func() ([]subject, error) { return mailboxSubjects(v) },
		func() ([]subject, error) {
			return listed(v.ServicePrincipals(), func(p snapshot.ServicePrincipal) subject {
				return subject{ID: p.ID, Name: p.DisplayName, Type: snapshot.TrusteeApplication, names: []string{p.AppID}}
			})
		},
		func() ([]subject, error) { return membershipSubjects(v) },
		func() ([]subject, error) {
			list, err := v.AccessPrincipals()
			out := make([]subject, len(list))
			for i, p := range list {
				out[i] = subject{ID: p.ID, Name: p.Name, Address: p.Address, Type: p.Type}
			}
			return out, err
		},
	} {
		list, err := load()
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

// membershipSubjects are the groups and their members, each once.
func membershipSubjects(v *snapshot.Snapshot) ([]subject, error) {
	var out []subject
	seen := map[string]bool{}
	add := func(s subject) {
		if !seen[s.ID] {
			seen[s.ID] = true
			out = append(out, s)
		}
	}
	for m, err := range v.GroupMembers() {
		if err != nil {
			return nil, err
		}
		add(subject{ID: m.Group, Name: m.GroupName, Type: snapshot.TrusteeGroup})
		add(subject{ID: m.Member, Name: m.MemberName})
	}
	return out, nil
}

// listed turns rows into subjects.
func listed[T any](rows iter.Seq2[T, error], as func(T) subject) ([]subject, error) {
	var out []subject
	for r, err := range rows {
		if err != nil {
			return nil, err
		}
		out = append(out, as(r))
	}
	return out, nil
}
