package checks

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tenantaudit/internal/snapshot"
)

var delegationWideReach = Check{
	ID:       "delegation.wide_reach",
	Title:    "Nobody can open many mailboxes",
	Severity: High,
	Needs:    []snapshot.Dataset{snapshot.EffectiveAccess, snapshot.FolderPermissions, snapshot.Mailboxes},
	Subject:  "people, groups and applications that can read a mailbox",
	Why: "One stolen account opens everything that its owner can open. A helpdesk account, a migration account or a forgotten application " +
		"that reads every mailbox is worth more to an attacker than the account of the chief executive.",
	Rule: "Counts the distinct mailboxes that a person, a group that could not be expanded or an application can read, by any route and through groups. Access to the whole tenant counts as every active mailbox. " +
		"Calendars, contacts, tasks, notes and journal alone do not count, nor permissions that show no message text. The limit is --wide-reach, or 10 mailboxes or 2 % of the active ones, whichever is more. " +
		"Somebody from outside raises the finding to critical; a principal whose access is all switched off lowers it. Default and Anonymous are judged by delegation.default_folder_rights.",
	Fix: "Take away the routes named in the details, the widest first; Remove-MailboxPermission -Identity <mailbox> -User <principal> -AccessRights FullAccess; for an application, limit it with New-ApplicationAccessPolicy -AppId <appId> -PolicyScopeGroupId <group> -AccessRight RestrictAccess",
	Sources: []string{
		managePermissionsPage,
		"https://learn.microsoft.com/graph/auth-limit-mailbox-access",
		"https://learn.microsoft.com/exchange/permissions-exo/application-rbac",
	},
	Run: runWideReach,
}

// Reach is wide from the larger of these two on.
const (
	wideReachLeast   = 10
	wideReachPercent = 2
)

// reach is what one principal can read. It holds counters, no mailboxes: rows
// come sorted by mailbox, so that a mailbox is new or is the one counted last.
type reach struct {
	name, address, kind string
	everywhere          bool   // every active mailbox of the tenant
	mailboxes           int    // those that have a row of their own
	inactive            int    // of these, the ones that are not active
	last                string // the mailbox counted last
	enabled             bool   // at least one row is not switched off
	sample              []string
	routes              []routeReach
}

// routeReach is the part of a reach that comes by one route.
type routeReach struct {
	name       string
	everywhere bool
	mailboxes  int
	inactive   int
	last       string
	via        []string   // up to fewNames
	proof      []Evidence // of the first row
}

func runWideReach(in Input) (Output, error) {
	active, err := in.activeMailboxes()
	if err != nil {
		return Output{}, err
	}
	limit := cmp.Or(in.Options.WideReach, max(wideReachLeast, (len(active)*wideReachPercent+99)/100))
	reaches := map[string]*reach{}
	folders := newFolderTypes(in.FolderPermissions())
	defer folders.stop()
	for row, err := range in.EffectiveAccess() {
		if err != nil {
			return Output{}, err
		}
		if row.Capability != snapshot.CanRead || nobody(row.PrincipalType) {
			continue
		}
		mail, err := folders.opensMail(row)
		if err != nil {
			return Output{}, err
		}
		if !mail {
			continue
		}
		r := reaches[row.Principal]
		if r == nil {
			r = &reach{name: row.PrincipalName, address: row.PrincipalAddress, kind: row.PrincipalType}
			reaches[row.Principal] = r
		}
		_, isActive := active[row.Mailbox]
		r.add(row, isActive)
	}
	if err := folders.rest(); err != nil {
		return Output{}, err
	}
	out := Output{Evaluated: len(reaches)}
	for _, id := range slices.Sorted(maps.Keys(reaches)) {
		if r := reaches[id]; r.total(active) >= limit {
			out.Findings = append(out.Findings, r.finding(id, active, limit))
		}
	}
	return out, nil
}

// activeMailboxes returns the addresses of the active mailboxes by id.
func (in Input) activeMailboxes() (map[string]string, error) {
	active := map[string]string{}
	for m, err := range in.Mailboxes() {
		if err != nil {
			return nil, err
		}
		if !m.Inactive {
			active[m.Mailbox] = m.MailboxAddress
		}
	}
	return active, nil
}

// add counts a row.
func (r *reach) add(row snapshot.AccessRow, active bool) {
	t := r.route(row)
	inactive := 0
	if !active {
		inactive = 1
	}
	if row.Mailbox == snapshot.Everywhere {
		r.everywhere, t.everywhere = true, true
	} else {
		if r.last != row.Mailbox {
			r.last = row.Mailbox
			r.mailboxes++
			r.inactive += inactive
			if len(r.sample) < fewNames {
				r.sample = append(r.sample, row.MailboxAddress)
			}
		}
		if t.last != row.Mailbox {
			t.last = row.Mailbox
			t.mailboxes++
			t.inactive += inactive
		}
	}
	if len(t.via) < fewNames && row.Via != "" && !slices.Contains(t.via, row.Via) {
		t.via = append(t.via, row.Via)
	}
	r.enabled = r.enabled || !strings.Contains(row.Note, "disabled")
}

// route returns the part of the reach that a row belongs to.
func (r *reach) route(row snapshot.AccessRow) *routeReach {
	i := slices.IndexFunc(r.routes, func(t routeReach) bool { return t.name == row.Route })
	if i < 0 {
		i = len(r.routes)
		t := routeReach{name: row.Route, proof: []Evidence{evidence(snapshot.EffectiveAccess, row)}}
		if row.Dataset != "" {
			t.proof = append(t.proof, Evidence{snapshot.Dataset(row.Dataset), row.Key})
		}
		r.routes = append(r.routes, t)
	}
	return &r.routes[i]
}

// total is a number of distinct mailboxes: every active one, or those with a row of their own.
func total(everywhere bool, own, inactive, active int) int {
	if everywhere {
		return active + inactive
	}
	return own
}

func (r *reach) total(active map[string]string) int {
	return total(r.everywhere, r.mailboxes, r.inactive, len(active))
}

// routeDetail is a route as details show it.
type routeDetail struct {
	Route     string   `json:"route"`
	Mailboxes int      `json:"mailboxes"`
	Via       []string `json:"via"`
}

func (r *reach) finding(id string, active map[string]string, limit int) Finding {
	severity, raised := High, []string{}
	switch {
	case !r.enabled:
		severity, raised = Low, append(raised, "all of its access is switched off")
	case isOutside(r.kind):
		severity, raised = Critical, append(raised, "the principal is from outside ("+r.kind+")")
	}
	slices.SortFunc(r.routes, func(a, b routeReach) int { return cmp.Compare(a.name, b.name) })
	routes, words, proof := []routeDetail{}, []string{}, []Evidence{}
	for _, t := range r.routes {
		routes = append(routes, routeDetail{t.name, total(t.everywhere, t.mailboxes, t.inactive, len(active)), append([]string{}, t.via...)})
		words = append(words, routeWord(t.name))
		proof = append(proof, t.proof...)
	}
	mailboxes := r.total(active)
	name := cmp.Or(r.name, r.address, id)
	return Finding{
		Severity: severity,
		Subject:  Subject{Type: "principal", ID: subjectID(id), Name: name},
		Summary:  fmt.Sprintf("%s (%s) can read %s; %s are active in all. Routes: %s.", name, r.kind, plural(mailboxes, "mailbox"), grouped(len(active)), strings.Join(words, ", ")),
		Details: map[string]any{
			"principal": id, "principalAddress": r.address, "principalType": r.kind, "mailboxes": mailboxes, "activeMailboxes": len(active), "limit": limit,
			"wholeTenant": r.everywhere, "routes": routes, "examples": append([]string{}, r.sample...), "raised": raised,
		},
		Evidence: proof,
	}
}
