package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tenantaudit/internal/snapshot"
)

var capabilities = []string{snapshot.CanRead, snapshot.CanChange, snapshot.CanSendAs, snapshot.CanSendOnBehalf, snapshot.CanManage, snapshot.CanReceive}

type accessOptions struct {
	mailbox, principal, capability, format string
}

func (o *accessOptions) validate() error {
	if (o.mailbox == "") == (o.principal == "") {
		return usageError("pass either --mailbox or --principal")
	}
	if o.format != "text" && o.format != "json" {
		return usageError("unknown --format %q: use text or json", o.format)
	}
	if o.capability == "" {
		return nil
	}
	i := slices.IndexFunc(capabilities, func(c string) bool { return strings.EqualFold(c, o.capability) })
	if i < 0 {
		return usageError("unknown --capability %q: use one of %s", o.capability, strings.Join(capabilities, ", "))
	}
	o.capability = capabilities[i]
	return nil
}

func (a *app) accessCommand() *cobra.Command {
	var o accessOptions
	c := &cobra.Command{
		Use:   "access (--mailbox X | --principal Y) SNAPSHOT",
		Short: "Who can reach a mailbox, or which mailboxes somebody can reach, offline",
		Long: `Answers from a stored snapshot who can read, change, send from or manage a mailbox, by
which route, and with which change each route is closed; or the other way round, what a
person, a group or an application reaches. Access to every mailbox is part of both answers.

The owner of a mailbox is not listed. The answer says when the data behind it is not
complete: then there may be more ways than are shown.`,
		Example: `  tenantaudit access --mailbox kim@contoso.example review
  tenantaudit access --principal "Backup Tool" --capability read review/snapshot.db
  tenantaudit access --principal anonymous --format json review`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.validate(); err != nil {
				return err
			}
			return a.access(cmd.Context(), args[0], o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.mailbox, "mailbox", "", "address, user principal name, id or display name of a mailbox")
	f.StringVar(&o.principal, "principal", "", "address, user principal name, object id, app id or display name; or default, anonymous")
	f.StringVar(&o.capability, "capability", "", "only this: "+strings.Join(capabilities, ", "))
	f.StringVar(&o.format, "format", "text", "text or json")
	return c
}

// accessAnswer is what the command prints.
type accessAnswer struct {
	Question struct {
		Mailbox    *subject `json:"mailbox,omitempty"`
		Principal  *subject `json:"principal,omitempty"`
		Capability string   `json:"capability,omitempty"`
	} `json:"question"`
	Coverage struct {
		State   snapshot.CoverageState `json:"state"`
		Reasons []snapshot.Reason      `json:"reasons"`
	} `json:"coverage"`
	Access []snapshot.AccessRow `json:"access"`
}

func (a *app) access(ctx context.Context, path string, o accessOptions) (err error) {
	store, view, err := a.openDerived(ctx, path)
	if err != nil {
		return err
	}
	defer closing(store, &err)
	var out accessAnswer
	if o.mailbox != "" {
		out.Question.Mailbox, out.Access, err = accessToMailbox(view, o.mailbox)
	} else {
		out.Question.Principal, out.Access, err = accessOfPrincipal(view, o.principal)
	}
	if err != nil {
		return err
	}
	out.Question.Capability = o.capability
	if o.capability != "" {
		out.Access = slices.DeleteFunc(out.Access, func(r snapshot.AccessRow) bool { return r.Capability != o.capability })
	}
	coverage, err := view.Coverage(snapshot.EffectiveAccess)
	if err != nil {
		return err
	}
	out.Coverage.State, out.Coverage.Reasons = coverage.State, coverage.Reasons
	out.Access = inOrder(out.Access)
	if o.format == "json" {
		enc := json.NewEncoder(a.out)
		enc.SetIndent("", "  ")
		return enc.Encode(out)
	}
	return a.printAccess(out)
}

func accessToMailbox(v *snapshot.Snapshot, text string) (*subject, []snapshot.AccessRow, error) {
	all, err := mailboxSubjects(v)
	if err != nil {
		return nil, nil, err
	}
	m, err := find("mailbox", text, all)
	if err != nil {
		return nil, nil, err
	}
	rows, err := rowsOf(v.AccessTo(m.ID), func(r snapshot.AccessRow) bool { return r.Mailbox == m.ID || r.Principal != m.ID })
	return &m, rows, err
}

// accessOfPrincipal adds what groups reach that stand for their members, and for a group
// what its members reach through it.
func accessOfPrincipal(v *snapshot.Snapshot, text string) (*subject, []snapshot.AccessRow, error) {
	all, err := principalSubjects(v)
	if err != nil {
		return nil, nil, err
	}
	p, err := find("person, group or application", text, all)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range all { // what other lists know of it
		if strings.EqualFold(s.ID, p.ID) {
			p.Name, p.Address, p.Type = cmp.Or(p.Name, s.Name), cmp.Or(p.Address, s.Address), cmp.Or(p.Type, s.Type)
		}
	}
	rows, err := rowsOf(v.AccessOf(sameAs(p, all)...), func(snapshot.AccessRow) bool { return true })
	if err != nil {
		return nil, nil, err
	}
	groups, err := listed(v.GroupsWith(p.ID), func(m snapshot.GroupMember) subject { return subject{ID: m.Group} })
	if err != nil {
		return nil, nil, err
	}
	byGroup, err := rowsOf(v.AccessOf(ids(groups)...), func(r snapshot.AccessRow) bool { return r.Mailbox != p.ID })
	if err != nil {
		return nil, nil, err
	}
	rows = append(rows, byGroup...)
	members, err := listed(v.MembersOf(p.ID), func(m snapshot.GroupMember) subject { return subject{ID: m.Member, Name: m.GroupName} })
	if err != nil || len(members) == 0 {
		return &p, rows, err
	}
	through, err := rowsOf(v.AccessOf(ids(members)...), func(r snapshot.AccessRow) bool {
		return slices.Contains(strings.Split(r.Via, " > "), members[0].Name)
	})
	return &p, append(rows, through...), err
}

// sameAs are the forms in which a principal stands in rows: mail that leaves names an
// address, whoever it belongs to, and an entry that could not be resolved a name.
func sameAs(p subject, all []subject) []string {
	out := []string{p.ID}
	for _, s := range all {
		byAddress := (s.Type == snapshot.TrusteeExternal || s.Type == snapshot.TrusteeUnresolved) && strings.EqualFold(s.ID, p.Address)
		byName := s.Type == snapshot.TrusteeUnresolved && p.Name != "" && strings.EqualFold(s.ID, p.Name)
		if (byAddress || byName) && s.ID != p.ID {
			out = append(out, s.ID)
		}
	}
	return out
}

func ids(list []subject) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = s.ID
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func rowsOf(rows iter.Seq2[snapshot.AccessRow, error], keep func(snapshot.AccessRow) bool) ([]snapshot.AccessRow, error) {
	var out []snapshot.AccessRow
	for r, err := range rows {
		if err != nil {
			return nil, err
		}
		if keep(r) {
			out = append(out, r)
		}
	}
	return out, nil
}

// inOrder sorts rows of several questions and keeps each once.
func inOrder(rows []snapshot.AccessRow) []snapshot.AccessRow {
	keyed := make(map[string]snapshot.AccessRow, len(rows))
	keys := make([]string, 0, len(rows))
	for _, r := range rows {
		k := snapshot.Key(r)
		if _, twice := keyed[k]; !twice {
			keys = append(keys, k)
		}
		keyed[k] = r
	}
	slices.Sort(keys)
	out := make([]snapshot.AccessRow, len(keys))
	for i, k := range keys {
		out[i] = keyed[k]
	}
	return out
}

// oneCell writes what would break out of the cell of a table visibly.
var oneCell = strings.NewReplacer("\t", "<U+0009>", "\n", "<U+000A>", "\v", "<U+000B>", "\f", "<U+000C>")

// cell is a text of the tenant in a table: on one line and in its column, whatever it holds.
func cell(s string) string { return oneCell.Replace(safe(s)) }

func (a *app) printAccess(out accessAnswer) error {
	head := "PRINCIPAL"
	if out.Question.Mailbox != nil {
		fmt.Fprintf(a.out, "Who can reach %s\n\n", cell(out.Question.Mailbox.String()))
	} else {
		head = "MAILBOX\tPRINCIPAL"
		fmt.Fprintf(a.out, "What %s can reach\n\n", cell(out.Question.Principal.String()))
	}
	if len(out.Access) > 0 {
		w := tabwriter.NewWriter(a.out, 0, 8, 2, ' ', 0)
		fmt.Fprintln(w, head+"\tTYPE\tCAN\tROUTE\tVIA\tSCOPE\tNOTE\tTO CLOSE")
		for _, r := range out.Access {
			// A name of 300 characters would push every other column off the screen; the command must stay whole.
			columns := []string{who(r), r.PrincipalType, r.Capability, r.Route, clip(dash(r.Via)), clip(reachWords(r)), clip(dash(r.Note)), r.Close}
			if out.Question.Principal != nil {
				mailbox := cmp.Or(r.MailboxAddress, r.Mailbox)
				if r.Mailbox == snapshot.Everywhere {
					mailbox = "every mailbox"
				}
				columns = append([]string{mailbox}, columns...)
			}
			for i, c := range columns {
				columns[i] = cell(c)
			}
			fmt.Fprintln(w, strings.Join(columns, "\t"))
		}
		if err := w.Flush(); err != nil {
			return err
		}
		fmt.Fprintln(a.out)
	}
	_, err := fmt.Fprint(a.out, verdictOnAccess(out))
	return err
}

func who(r snapshot.AccessRow) string {
	s := subject{ID: r.Principal, Name: clip(r.PrincipalName), Address: r.PrincipalAddress}.String()
	if r.Members != nil {
		s += fmt.Sprintf(" (%d members)", *r.Members)
	}
	return s
}

func reachWords(r snapshot.AccessRow) string {
	if r.Mailbox == snapshot.Everywhere && r.Scope == "tenant" {
		return "every mailbox"
	}
	return r.Scope
}

func dash(s string) string { return cmp.Or(s, "-") }

// verdictOnAccess counts what was found, and says whether that is all.
func verdictOnAccess(out accessAnswer) string {
	found := fmt.Sprintf("%d ways in.", len(out.Access))
	switch {
	case len(out.Access) == 1:
		found = "1 way in."
	case len(out.Access) == 0 && out.Question.Capability != "":
		found = "None found for " + out.Question.Capability + "."
	case len(out.Access) == 0:
		found = "None found."
	}
	if p := out.Question.Principal; p != nil && slices.ContainsFunc(out.Access, func(r snapshot.AccessRow) bool {
		return r.PrincipalType == snapshot.TrusteeUnresolved && r.Principal != p.ID
	}) {
		found += " Those of type unresolved go by the name alone, and may be for somebody else of that name."
	}
	if out.Coverage.State == snapshot.CoverageComplete {
		return found + " The data behind this answer is complete.\n"
	}
	text := fmt.Sprintf("%s The data behind this answer is not complete (%s): there may be more ways than are shown.\n", found, out.Coverage.State)
	for _, r := range out.Coverage.Reasons {
		text += fmt.Sprintf("  %s (%s)\n", cell(r.Detail), r.Cause)
	}
	return text
}
