package reports

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"tenantaudit/checks"
	"tenantaudit/internal/snapshot"
)

// How much a picture or a summary shows; what is beyond is summed up and said.
const (
	exposedMost = 20 // mailboxes of the bars
	sideMost    = 25 // people, and mailboxes, of the graph
	domainsMost = 12 // domains that mail goes to
	labelsMost  = 15 // points of the scatter that carry a name
	listedMost  = 12 // lines of other summaries
)

// figures are the numbers behind the pictures of the page and the charts of the workbook. They
// are counted once, in one walk over each dataset; both show the same ones.
type figures struct {
	outcome []count // checks: looked at in full, in part, not assessed by cause
	exposed []exposure
	open    int // mailboxes that anybody beside the owner reaches
	reach   reachGraph
	people  []reacher // everybody who reaches a mailbox as a whole, those with most first
	leaving []flow
	apps    []appGroup
	classed map[string][2]int // applications by tier: reaching everybody, reaching some
	ours    int               // Microsoft's applications, which are left out
	ready   []readyRow
	skus    []licence
	roles   []roleCount
}

// flow counts objects of one mechanism that send mail to one domain.
type flow struct {
	Mechanism, Domain string
	N                 int
}

// mechanisms are the ways in which mail leaves, in the order in which they are drawn.
var mechanisms = []string{"Mailbox forwarding", "Inbox rule", "Mail flow rule"}

// Names of the domains that are none.
const (
	domainUnknown = "not resolved"
	domainOther   = "other domains"
)

// appGroup is applications of the same privilege and reach.
type appGroup struct {
	Tier  string // critical, high, medium, low; "" not classified
	Reach int    // accounts whose data they may touch
	Names []string
}

// tiers of permissions, worst first; "" is not classified.
var tiers = []string{"critical", "high", "medium", "low", ""}

func tierWord(t string) string {
	if t == "" {
		return "Not classified"
	}
	return severityWord(t)
}

// readyRow says of mailboxes of one kind how many record what.
type readyRow struct {
	Group     string
	Mailboxes int
	Cells     []readyCell // by readyEvents
}

// readyCell counts mailboxes that do, and of which it is not known.
type readyCell struct{ Yes, Unknown int }

// readyEvents are the columns of the matrix. Actions are those of the owner, as the service lists
// them for the mailbox. Source: learn.microsoft.com/purview/audit-mailboxes.
var readyEvents = []struct{ word, action string }{
	{"Audited", ""}, {"Mail read", "MailItemsAccessed"}, {"Mail sent", "Send"}, {"Mail deleted", "HardDelete"},
	{"Inbox rules changed", "UpdateInboxRules"}, {"Permissions changed", "UpdateFolderPermissions"}, {"Kept 180 days", "180"},
}

// readyGroups are the rows of the matrix.
var readyGroups = []string{"People with Audit (Premium)", "People with Audit (Standard)", "People, licence not known", "Shared mailboxes", "Rooms, equipment and others"}

type licence struct {
	Name              string
	Enabled, Consumed int64
	Known             bool
}

type roleCount struct {
	Role             string
	Active, Eligible int
}

// counted are the figures of the review, counted when the first report asks for them.
func (m *model) counted(ctx context.Context) (*figures, error) {
	if m.figures != nil {
		return m.figures, nil
	}
	f := &figures{outcome: m.outcome(), classed: map[string][2]int{}}
	for _, step := range []func(context.Context, *model) error{f.access, f.mail, f.applications, f.readiness, f.licences, f.directory} {
		if err := step(ctx, m); err != nil {
			return nil, err
		}
	}
	m.figures = f
	return f, nil
}

// outcome says of how many checks everything was looked at, and what kept the others from it.
func (m *model) outcome() []count {
	causes := []snapshot.Cause{snapshot.MissingPrivilege, snapshot.MissingLicence, snapshot.CauseThrottled, snapshot.ServiceError, snapshot.Interrupted, snapshot.NotFound, snapshot.Filtered}
	full, part, other, by := 0, 0, 0, map[snapshot.Cause]int{}
	for _, c := range m.checks {
		switch {
		case c.Status != "not-evaluated" && c.Cause == "":
			full++
		case c.Status != "not-evaluated":
			part++
		default:
			if cause := c.mainCause(); cause != "" && slices.Contains(causes, cause) {
				by[cause]++
			} else {
				other++
			}
		}
	}
	out := []count{{"full", "Assessed in full", full}, {"part", "Assessed in part", part}}
	for _, c := range causes {
		out = append(out, count{string(c), checks.CauseWord(c), by[c]})
	}
	return append(out, count{"other", "Not assessed: a value was not sent, or another cause", other})
}

// mainCause is the cause of the first gap that kept a check from its result; "" when it was none
// of a dataset.
func (c checkResult) mainCause() snapshot.Cause {
	for _, cov := range c.Missing {
		for _, r := range cov.Reasons {
			if !r.ByDefinition() {
				return r.Cause
			}
		}
		if cov.State == snapshot.CoverageSkipped {
			return snapshot.Filtered
		}
	}
	return ""
}

// each walks a dataset as rows of one type.
func each[T any](ctx context.Context, m *model, d snapshot.Dataset, use func(T)) error {
	for row, err := range m.rowsOf(ctx, d) {
		if err != nil {
			return err
		}
		if r, ok := row.(T); ok {
			use(r)
		}
	}
	return nil
}

// mail counts the objects that send mail out, by mechanism and domain. A domain counts once for
// each object; what is switched off sends nothing.
func (f *figures) mail(ctx context.Context, m *model) error {
	n := map[[2]string]int{}
	add := func(mechanism string, recipients []string) {
		var domains []string
		for _, r := range recipients {
			d := domainUnknown
			if _, after, ok := strings.Cut(r, "@"); ok && !strings.HasPrefix(r, "unresolved:") {
				d = strings.ToLower(after[strings.LastIndexByte(after, '@')+1:])
			}
			domains = append(domains, d)
		}
		slices.Sort(domains)
		for _, d := range slices.Compact(domains) {
			n[[2]string{mechanism, d}]++
		}
	}
	err := each(ctx, m, snapshot.Mailboxes, func(r snapshot.Mailbox) { add(mechanisms[0], r.ForwardingExternalRecipients) })
	if err != nil {
		return err
	}
	if err := each(ctx, m, snapshot.InboxRules, func(r snapshot.InboxRule) {
		if r.Enabled == nil || *r.Enabled {
			add(mechanisms[1], r.ExternalRecipients)
		}
	}); err != nil {
		return err
	}
	if err := each(ctx, m, snapshot.TransportRules, func(r snapshot.TransportRule) {
		if !strings.EqualFold(r.State, "Disabled") {
			add(mechanisms[2], r.ExternalRecipients)
		}
	}); err != nil {
		return err
	}
	total := map[string]int{}
	for k, c := range n {
		if k[1] != domainUnknown {
			total[k[1]] += c
		}
	}
	domains := slices.Collect(maps.Keys(total))
	slices.SortFunc(domains, func(a, b string) int { return cmp.Or(cmp.Compare(total[b], total[a]), cmp.Compare(a, b)) })
	if len(domains) > domainsMost {
		for _, d := range domains[domainsMost:] {
			for _, mech := range mechanisms {
				n[[2]string{mech, domainOther}] += n[[2]string{mech, d}]
			}
		}
		domains = append(domains[:domainsMost:domainsMost], domainOther)
	}
	for _, mech := range mechanisms {
		for _, d := range append(slices.Clone(domains), domainUnknown) {
			if c := n[[2]string{mech, d}]; c > 0 {
				f.leaving = append(f.leaving, flow{mech, d, c})
			}
		}
	}
	return nil
}

// applications places every application that is not Microsoft's by the worst of its permissions
// and by whose data it may touch: everybody's for application permissions and for consent given for all,
// else of those who consented.
func (f *figures) applications(ctx context.Context, m *model) error {
	type app struct {
		name, tier string
		held       bool
		all        bool
		people     map[string]bool
	}
	everybody := 1
	for _, c := range m.coverage {
		if c.Dataset == snapshot.Users || c.Dataset == snapshot.Mailboxes {
			everybody = max(everybody, int(c.Rows))
		}
	}
	apps := map[string]*app{}
	err := each(ctx, m, snapshot.ServicePrincipals, func(r snapshot.ServicePrincipal) {
		if r.FirstParty {
			f.ours++
			return
		}
		apps[r.ID] = &app{name: cmp.Or(r.DisplayName, r.AppID, r.ID)}
	})
	if err != nil {
		return err
	}
	worse := func(a *app, tier string) {
		if !a.held || slices.Index(tiers, tier) < slices.Index(tiers, a.tier) {
			a.tier = tier
		}
		a.held = true
	}
	if err := each(ctx, m, snapshot.AppRoleAssignments, func(r snapshot.AppRoleAssignment) {
		if a := apps[r.Principal]; a != nil && r.AppRole != "" {
			worse(a, r.Tier)
			a.all = true
		}
	}); err != nil {
		return err
	}
	if err := each(ctx, m, snapshot.OAuth2PermissionGrants, func(r snapshot.OAuth2PermissionGrant) {
		a := apps[r.Client]
		if a == nil || r.Scope == "" {
			return
		}
		worse(a, r.Tier)
		if r.Principal == "" {
			a.all = true
			return
		}
		if a.people == nil {
			a.people = map[string]bool{}
		}
		a.people[r.Principal] = true
	}); err != nil {
		return err
	}
	groups := map[appGroupKey][]string{}
	for _, a := range apps {
		if !a.held {
			continue
		}
		key, n := appGroupKey{a.tier, len(a.people)}, f.classed[a.tier]
		if a.all {
			key.reach = everybody
			n[0]++
		} else {
			n[1]++
		}
		f.classed[a.tier] = n
		groups[key] = append(groups[key], a.name)
	}
	for key, names := range groups {
		slices.Sort(names)
		f.apps = append(f.apps, appGroup{key.tier, key.reach, names})
	}
	slices.SortFunc(f.apps, func(a, b appGroup) int {
		return cmp.Or(cmp.Compare(slices.Index(tiers, a.Tier), slices.Index(tiers, b.Tier)), cmp.Compare(b.Reach, a.Reach))
	})
	return nil
}

type appGroupKey struct {
	tier  string
	reach int
}

// readiness counts mailboxes that record what an investigation asks for.
func (f *figures) readiness(ctx context.Context, m *model) error {
	var disabled *bool
	err := each(ctx, m, snapshot.OrganizationConfigs, func(r snapshot.OrganizationConfig) { disabled = r.AuditDisabled })
	if err != nil {
		return err
	}
	rows := make([]readyRow, len(readyGroups))
	for i, g := range readyGroups {
		rows[i] = readyRow{Group: g, Cells: make([]readyCell, len(readyEvents))}
	}
	err = each(ctx, m, snapshot.Mailboxes, func(r snapshot.Mailbox) {
		if r.Inactive {
			return
		}
		row := &rows[readyGroup(r)]
		row.Mailboxes++
		audited := checks.AuditedInEffect(r, disabled)
		for i, e := range readyEvents {
			var yes *bool
			switch {
			case e.action == "":
				yes = audited
			case e.action == "180":
				if r.AuditLogAgeLimitDays != nil {
					yes = ptr(*r.AuditLogAgeLimitDays >= 180)
				}
			case r.AuditOwner != nil:
				yes = ptr(slices.Contains(r.AuditOwner, e.action))
			}
			if i > 0 && (audited == nil || !*audited) { // nothing is recorded, or it is not known whether
				yes = audited
			}
			if yes == nil {
				row.Cells[i].Unknown++
			} else if *yes {
				row.Cells[i].Yes++
			}
		}
	})
	for _, r := range rows {
		if r.Mailboxes > 0 {
			f.ready = append(f.ready, r)
		}
	}
	return err
}

func readyGroup(r snapshot.Mailbox) int {
	switch r.RecipientTypeDetails {
	case "UserMailbox", "LinkedMailbox", "LegacyMailbox":
		switch {
		case r.PremiumAudit == nil:
			return 2
		case *r.PremiumAudit:
			return 0
		}
		return 1
	case "SharedMailbox":
		return 3
	}
	return 4
}

func (f *figures) licences(ctx context.Context, m *model) error {
	err := each(ctx, m, snapshot.SKUs, func(r snapshot.SKU) {
		l := licence{Name: cmp.Or(r.Name, r.SKUPartNumber, r.SKUID), Known: r.Enabled != nil && r.Consumed != nil}
		if l.Known {
			l.Enabled, l.Consumed = *r.Enabled, *r.Consumed
		}
		f.skus = append(f.skus, l)
	})
	slices.SortStableFunc(f.skus, func(a, b licence) int {
		return cmp.Or(cmp.Compare(b.Consumed, a.Consumed), cmp.Compare(a.Name, b.Name))
	})
	return err
}

// directory counts who holds which privileged directory role.
func (f *figures) directory(ctx context.Context, m *model) error {
	at := map[string]int{}
	err := each(ctx, m, snapshot.DirectoryRoleAssignments, func(r snapshot.DirectoryRoleAssignment) {
		if r.Privileged != nil && !*r.Privileged {
			return
		}
		i, ok := at[r.Role]
		if !ok {
			i = len(f.roles)
			at[r.Role] = i
			f.roles = append(f.roles, roleCount{Role: r.Role})
		}
		if r.Assignment == "eligible" {
			f.roles[i].Eligible++
		} else {
			f.roles[i].Active++
		}
	})
	slices.SortStableFunc(f.roles, func(a, b roleCount) int {
		return cmp.Or(cmp.Compare(b.Active+b.Eligible, a.Active+a.Eligible), cmp.Compare(a.Role, b.Role))
	})
	return err
}

// unread says which of the datasets behind a picture were not read in full; "" for none.
func (m *model) unread(sets ...snapshot.Dataset) string {
	var parts []string
	for _, c := range m.coverage {
		if slices.Contains(sets, c.Dataset) && c.State != snapshot.CoverageComplete {
			parts = append(parts, m.words.dataset(c.Dataset)+": "+m.words.lower(m.words.state(c.State)))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return m.tf("Not all was read (%s). What was not read is not counted here.", strings.Join(parts, "; "))
}
