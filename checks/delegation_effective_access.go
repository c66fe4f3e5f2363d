package checks

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tenantaudit/internal/snapshot"
)

var delegationEffectiveAccess = Check{
	ID:        "delegation.effective_access",
	Title:     "For every mailbox it is known who can read it, send as it and manage it",
	Severity:  Info,
	Inventory: true,
	Needs:     []snapshot.Dataset{snapshot.EffectiveAccess, snapshot.Mailboxes},
	Subject:   "active mailboxes",
	Why: "The permissions of a mailbox are a small part of who can open it. Groups, folders, applications, Exchange roles and rules that send mail on are the rest, " +
		"and no single page of any admin center shows them together.",
	Rule: "One entry per active mailbox with access of its own, and one per principal that reaches every mailbox. Each names how many people, groups and applications can read, change, send as, send on behalf, manage or receive, and the first of them. " +
		"Groups are expanded, Deny entries are taken away, and the mailbox's own user is left out. All rows are in the evidence, with the one change that would close each.",
	Fix: "The column close of the dataset effectiveAccess holds the one change for each row.",
	Sources: []string{
		managePermissionsPage,
		"https://learn.microsoft.com/graph/auth-limit-mailbox-access",
		"https://learn.microsoft.com/exchange/permissions-exo/permissions-exo",
	},
	Run: runEffectiveAccess,
}

// capabilityWords are the capabilities in the order of reports, with what they
// are for a sentence.
var capabilityWords = []struct{ id, word string }{
	{snapshot.CanRead, "read"}, {snapshot.CanChange, "change"}, {snapshot.CanSendAs, "send as"},
	{snapshot.CanSendOnBehalf, "send on behalf"}, {snapshot.CanManage, "manage"}, {snapshot.CanReceive, "receive"},
}

// routeWords are the routes of access in words.
var routeWords = map[string]string{
	"fullAccess": "Full Access", "mailboxPermission": "mailbox permissions", "folder": "folder permissions", "sendAs": "Send As", "sendOnBehalf": "Send on Behalf",
	"application": "application permissions", "delegatedGrant": "delegated consents", "exchangeRole": "Exchange roles", "directoryRole": "directory roles",
	"forwarding": "mailbox forwarding", "inboxRule": "inbox rules", "transportRule": "mail flow rules",
}

func routeWord(route string) string { return cmp.Or(routeWords[route], route) }

// holders counts who has one capability over one mailbox.
type holders struct {
	Principals int      `json:"principals"`
	Outside    int      `json:"outside"` // guests, contacts and external addresses among them
	Names      []string `json:"names"`   // the first of them
	last       string
	first      snapshot.AccessRow
}

// accessTally collects the rows of one mailbox, which come one after the other.
type accessTally struct {
	mailbox, address string
	by               map[string]*holders // by capability
}

func (t *accessTally) add(row snapshot.AccessRow) {
	h := t.by[row.Capability]
	if h == nil {
		h = &holders{Names: []string{}, first: row}
		t.by[row.Capability] = h
	}
	if h.Principals > 0 && h.last == row.Principal {
		return // rows are sorted by principal within a mailbox
	}
	h.last = row.Principal
	h.Principals++
	if isOutside(row.PrincipalType) {
		h.Outside++
	}
	if len(h.Names) < fewNames {
		h.Names = append(h.Names, cmp.Or(row.PrincipalName, row.PrincipalAddress, row.Principal))
	}
}

func (t *accessTally) finding() Finding {
	details := map[string]any{"mailboxAddress": t.address}
	var words []string
	var proof []Evidence
	for _, c := range capabilityWords {
		if h := t.by[c.id]; h != nil {
			details[c.id] = h
			words = append(words, fmt.Sprintf("%s: %s", c.word, grouped(h.Principals)))
			proof = append(proof, evidence(snapshot.EffectiveAccess, h.first))
		}
	}
	name := cmp.Or(t.address, t.mailbox)
	return Finding{
		Subject:  Subject{Type: "mailbox", ID: subjectID(t.mailbox), Name: name},
		Summary:  fmt.Sprintf("Access to %s beside its owner: %s.", name, strings.Join(words, ", ")),
		Details:  details,
		Evidence: proof,
	}
}

// tenantReach is what one principal may do with every mailbox.
type tenantReach struct {
	row    snapshot.AccessRow // the first
	can    map[string]snapshot.AccessRow
	routes []string
	via    []string // up to fewNames
	notes  []string
}

func (r *tenantReach) add(row snapshot.AccessRow) {
	if _, ok := r.can[row.Capability]; !ok {
		r.can[row.Capability] = row
	}
	note := func(list []string, s string) []string {
		if s == "" || slices.Contains(list, s) || len(list) == fewNames {
			return list
		}
		return append(list, s)
	}
	r.via, r.notes = note(r.via, row.Via), note(r.notes, row.Note)
	if !slices.Contains(r.routes, row.Route) {
		r.routes = append(r.routes, row.Route)
	}
}

func (r *tenantReach) finding() Finding {
	var can, words, routes []string
	var proof []Evidence
	for _, c := range capabilityWords {
		if row, ok := r.can[c.id]; ok {
			can, words = append(can, c.id), append(words, c.word)
			proof = append(proof, evidence(snapshot.EffectiveAccess, row))
		}
	}
	for _, route := range r.routes {
		routes = append(routes, routeWord(route))
	}
	name := cmp.Or(r.row.PrincipalName, r.row.PrincipalAddress, r.row.Principal)
	return Finding{
		Subject: Subject{Type: "principal", ID: subjectID(r.row.Principal), Name: name},
		Summary: fmt.Sprintf("%s (%s) reaches every mailbox (%s), by %s.", name, r.row.PrincipalType, strings.Join(words, ", "), strings.Join(routes, ", ")),
		Details: map[string]any{
			"principalAddress": r.row.PrincipalAddress, "principalType": r.row.PrincipalType, "capabilities": can, "routes": r.routes,
			"via": append([]string{}, r.via...), "notes": append([]string{}, r.notes...),
		},
		Evidence: proof,
	}
}

func runEffectiveAccess(in Input) (Output, error) {
	active, err := in.activeMailboxes()
	if err != nil {
		return Output{}, err
	}
	out := Output{Evaluated: len(active)}
	var at *accessTally
	flush := func() {
		if at != nil && len(at.by) > 0 {
			out.Findings = append(out.Findings, at.finding())
		}
	}
	wide := map[string]*tenantReach{}
	for row, err := range in.EffectiveAccess() {
		if err != nil {
			return Output{}, err
		}
		if row.Mailbox == snapshot.Everywhere {
			r := wide[row.Principal]
			if r == nil {
				r = &tenantReach{row: row, can: map[string]snapshot.AccessRow{}}
				wide[row.Principal] = r
			}
			r.add(row)
			continue
		}
		address, ok := active[row.Mailbox]
		if !ok {
			continue // inactive, or outside of what was asked for: in the evidence only
		}
		if at == nil || at.mailbox != row.Mailbox {
			flush()
			at = &accessTally{mailbox: row.Mailbox, address: address, by: map[string]*holders{}}
		}
		at.add(row)
	}
	flush()
	for _, r := range wide {
		out.Findings = append(out.Findings, r.finding())
	}
	return out, nil
}
