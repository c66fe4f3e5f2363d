package normalize

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"tenantaudit/internal/snapshot"
)

// origin says what a dataset is made of.
type origin struct {
	// listings are sources that are read once for the tenant. Each unit counts as one.
	listings []snapshot.Source
	// units restricts a listing source to these unit keys; nil: all its units.
	units []string
	// perMailbox are sources that are read for each mailbox; a mailbox counts as
	// collected when every one of them ended well.
	perMailbox []snapshot.Source
	// needs are sources without which the units of perMailbox are not known.
	needs snapshot.Source
}

// origins of the datasets. helper sources, whose absence only leaves a column
// unknown, are in helpers.
var origins = map[snapshot.Dataset]origin{
	snapshot.SKUs:                      {listings: []snapshot.Source{"graph/subscribedSkus"}},
	snapshot.UserLicences:              {listings: []snapshot.Source{"graph/users"}},
	snapshot.OrganizationConfigs:       {listings: []snapshot.Source{"exo/Get-OrganizationConfig"}},
	snapshot.UnifiedAudits:             {listings: []snapshot.Source{"exo/Get-AdminAuditLogConfig"}},
	snapshot.Mailboxes:                 {listings: []snapshot.Source{"exo/Get-Mailbox"}},
	snapshot.AuditBypasses:             {listings: []snapshot.Source{"exo/Get-MailboxAuditBypassAssociation"}},
	snapshot.InboxRules:                {perMailbox: []snapshot.Source{"exo/Get-InboxRule", "exo/Get-InboxRule.visible"}, needs: "exo/Get-Mailbox"},
	snapshot.TransportRules:            {listings: []snapshot.Source{"exo/Get-TransportRule"}},
	snapshot.RemoteDomains:             {listings: []snapshot.Source{"exo/Get-RemoteDomain"}},
	snapshot.OutboundSpamPolicies:      {listings: []snapshot.Source{"exo/Get-HostedOutboundSpamFilterPolicy", "exo/Get-HostedOutboundSpamFilterRule"}},
	snapshot.Connectors:                {listings: []snapshot.Source{"exo/Get-InboundConnector", "exo/Get-OutboundConnector"}},
	snapshot.AcceptedDomains:           {listings: []snapshot.Source{"exo/Get-AcceptedDomain"}},
	snapshot.MailboxPermissions:        {perMailbox: []snapshot.Source{"exo/Get-MailboxPermission"}, needs: "exo/Get-Mailbox"},
	snapshot.SendAs:                    {listings: []snapshot.Source{"exo/Get-RecipientPermission"}},
	snapshot.SendOnBehalf:              {listings: []snapshot.Source{"exo/Get-Mailbox"}, units: []string{""}},
	snapshot.FolderPermissions:         {perMailbox: []snapshot.Source{"exo/Get-MailboxFolderStatistics", "exo/Get-MailboxFolderPermission"}, needs: "exo/Get-Mailbox"},
	snapshot.ServicePrincipals:         {listings: []snapshot.Source{"graph/servicePrincipals", "graph/applications"}},
	snapshot.OAuth2PermissionGrants:    {listings: []snapshot.Source{"graph/oauth2PermissionGrants"}},
	snapshot.AppRoleAssignments:        {listings: []snapshot.Source{"graph/appRoleAssignments"}},
	snapshot.DirectoryRoleAssignments:  {listings: []snapshot.Source{"graph/roleAssignments", "graph/roleEligibilitySchedules"}},
	snapshot.ExchangeRoleAssignments:   {listings: []snapshot.Source{"exo/Get-RoleGroup", "exo/Get-RoleGroupMember"}},
	snapshot.ApplicationAccessPolicies: {listings: []snapshot.Source{"exo/Get-ApplicationAccessPolicy", "exo/Get-ManagementRoleAssignment"}},
	snapshot.GroupMembers:              {listings: []snapshot.Source{"graph/groupMembers"}},
	snapshot.Users:                     {listings: []snapshot.Source{"graph/users"}},
	snapshot.TransportConfigs:          {listings: []snapshot.Source{"exo/Get-TransportConfig"}},
	snapshot.CASMailboxes:              {listings: []snapshot.Source{"exo/Get-CASMailbox"}},
	snapshot.SharingPolicies:           {listings: []snapshot.Source{"exo/Get-SharingPolicy"}},
	snapshot.AuthorizationPolicies:     {listings: []snapshot.Source{"graph/authorizationPolicy"}},
	snapshot.AdminConsentPolicies:      {listings: []snapshot.Source{"graph/adminConsentRequestPolicy"}},
	snapshot.RoleAssignmentSchedules:   {listings: []snapshot.Source{"graph/roleAssignmentScheduleInstances"}},
	snapshot.ManagementRoleAssignments: {listings: []snapshot.Source{"exo/Get-ManagementRoleAssignment"}},
}

// optionalLicence are sources that a tenant without the licence simply does not
// have: their absence is said and takes nothing away from the dataset.
var optionalLicence = map[snapshot.Source]bool{"graph/roleEligibilitySchedules": true, roleScheduleSource: true}

const roleScheduleSource snapshot.Source = "graph/roleAssignmentScheduleInstances"

// nothingToHave reports whether an unavailable source leaves nothing unread. Roles in
// force exist in every tenant: a tenant that has the licence is not without them.
func (n *run) nothingToHave(src snapshot.Source) bool {
	return optionalLicence[src] && (src != roleScheduleSource || !n.licensed("P2"))
}

// tally counts the units of a dataset.
type tally struct {
	expected, collected int64
	units               snapshot.Units
	byState             map[snapshot.State]int64
	filtered            bool // units were left out by the person's choice
	reasons             []snapshot.Reason
	said                map[snapshot.Source]string // what the preflight expected
}

// failed is the number of units whose reading ended without what they hold.
func (t *tally) failed() int64 {
	return t.units.Denied + t.units.Unavailable + t.units.Throttled + t.units.Failed
}

// coverage says how much of a dataset was read.
func (n *run) coverage(set snapshot.Dataset) (snapshot.Coverage, error) {
	if set == snapshot.EffectiveAccess {
		return n.accessCoverage()
	}
	o := origins[set]
	c := snapshot.Coverage{Dataset: set, State: snapshot.CoverageSkipped, Reasons: []snapshot.Reason{}}
	if !n.isPlanned(set) {
		c.Reasons = []snapshot.Reason{{Cause: snapshot.Filtered, Detail: "no chosen check needs it"}}
		return c, nil
	}
	t := &tally{byState: map[snapshot.State]int64{}, said: n.said}
	var err error
	if len(o.perMailbox) > 0 {
		err = n.tallyMailboxes(t, set, o)
	} else {
		err = n.tallyListings(t, o)
		if err == nil && set == snapshot.SendAs {
			err = n.noteRecipientGaps()
		}
	}
	if err != nil {
		return c, err
	}
	c.Expected, c.Collected, c.Failed, c.Units = t.expected, t.collected, t.failed(), t.units
	c.State = t.state()
	c.Reasons = append(c.Reasons, mergeReasons(t.reasons)...)
	if err := n.tallyHelpers(&c); err != nil {
		return c, err
	}
	for _, detail := range slices.Sorted(maps.Keys(n.gaps[set])) {
		c.Reasons = append(c.Reasons, snapshot.Reason{Cause: snapshot.ServiceError, Detail: detail, Count: n.gaps[set][detail]})
		if c.State == snapshot.CoverageComplete {
			c.State = snapshot.CoveragePartial
		}
	}
	for _, src := range append(slices.Clone(o.listings), o.perMailbox...) {
		if odd := n.oddRows[src]; odd > 0 {
			c.Reasons = append(c.Reasons, snapshot.Reason{Cause: snapshot.ServiceError, Detail: fmt.Sprintf("rows of %s could not be read", src), Count: odd})
			if c.State == snapshot.CoverageComplete {
				c.State = snapshot.CoveragePartial
			}
		}
	}
	return c, nil
}

func (n *run) planned(o origin) bool {
	for _, src := range append(slices.Clone(o.listings), o.perMailbox...) {
		if n.plan.Has(src) {
			return true
		}
	}
	return false
}

// count adds one unit in the given state.
func (t *tally) count(l snapshot.Ledger) {
	state := l.State
	if state == snapshot.Gone {
		t.units.Gone++
		t.reason(snapshot.NotFound, "deleted between listing and reading, and confirmed gone", 1)
		return
	}
	if state == snapshot.Skipped {
		t.filtered = true
		t.units.Filtered++
		t.reason(snapshot.Filtered, firstOf(l.Detail, "left out by choice"), 1)
		return
	}
	t.expected++
	t.byState[state]++
	if state == snapshot.Complete {
		t.collected++
		return
	}
	switch state {
	case snapshot.Planned, snapshot.Partial:
		t.units.Open++
	case snapshot.Denied:
		t.units.Denied++
	case snapshot.Unavailable:
		t.units.Unavailable++
	case snapshot.Throttled:
		t.units.Throttled++
	default:
		t.units.Failed++
	}
	r := whyNot(l)
	foresee(&r, t.said[l.Unit.Source])
	t.reasons = append(t.reasons, r)
}

// whyNot is why one unit was not read, or not to its end.
func whyNot(l snapshot.Ledger) snapshot.Reason {
	cause, detail := snapshot.ServiceError, ""
	switch l.State {
	case snapshot.Planned:
		return snapshot.Reason{Cause: snapshot.Interrupted, Detail: "not read yet; go on with --resume", Count: 1}
	case snapshot.Partial:
		cause, detail = snapshot.Interrupted, "read in part; go on with --resume"
	case snapshot.Denied:
		cause = snapshot.MissingPrivilege
	case snapshot.Unavailable:
		cause = snapshot.MissingLicence
	case snapshot.Throttled:
		return snapshot.Reason{Cause: snapshot.CauseThrottled, Detail: firstOf(l.Detail, "the waiting budget was spent; go on with --resume"), Count: 1}
	}
	return snapshot.Reason{Cause: orCause(l.Cause, cause), Detail: firstOf(l.Detail, detail), Count: 1}
}

func orCause(c, fallback snapshot.Cause) snapshot.Cause {
	if c == "" {
		return fallback
	}
	return c
}

func (t *tally) reason(cause snapshot.Cause, detail string, count int64) {
	t.reasons = append(t.reasons, snapshot.Reason{Cause: cause, Detail: detail, Count: count})
}

// state folds the units' states into the dataset's.
func (t *tally) state() snapshot.CoverageState {
	switch {
	case t.collected == t.expected && !t.filtered:
		return snapshot.CoverageComplete
	case t.collected == t.expected && t.expected == 0:
		return snapshot.CoverageSkipped
	case t.collected > 0:
		return snapshot.CoveragePartial
	}
	for state, as := range map[snapshot.State]snapshot.CoverageState{
		snapshot.Denied: snapshot.CoverageDenied, snapshot.Unavailable: snapshot.CoverageUnavailable, snapshot.Failed: snapshot.CoverageFailed, snapshot.Throttled: snapshot.CoverageFailed,
	} {
		if t.byState[state] == t.expected {
			return as
		}
	}
	if t.byState[snapshot.Failed]+t.byState[snapshot.Throttled] == t.expected {
		return snapshot.CoverageFailed
	}
	return snapshot.CoveragePartial
}

func (n *run) tallyListings(t *tally, o origin) error {
	for _, src := range o.listings {
		if !n.plan.Has(src) {
			t.filtered = true
			t.units.Filtered++
			t.reason(snapshot.Filtered, string(src)+" was not part of this run", 1)
			continue
		}
		units, err := n.store.Units(n.ctx, src)
		if err != nil {
			return err
		}
		if folded[src] {
			units = fold(units)
		}
		read := false
		for _, u := range units {
			if o.units != nil && !slices.Contains(o.units, u.Unit.Key) || lazy[src] && u.Unit.Key == "" && u.State == snapshot.Complete {
				continue
			}
			read = true
			if u.State == snapshot.Unavailable && n.nothingToHave(src) {
				t.expected++
				t.collected++
				t.reason(orCause(u.Cause, snapshot.MissingLicence), u.Detail, 1)
				continue
			}
			t.count(u)
		}
		if !read && !lazy[src] {
			t.count(snapshot.Ledger{Unit: snapshot.UnitID{Source: src}, State: snapshot.Planned, Cause: snapshot.Interrupted})
		}
	}
	return nil
}

// folded sources are one listing to a reader, however many requests it took: units
// beside the first one read again, or object by object, what the listing left open.
var folded = map[snapshot.Source]bool{
	"graph/appRoleAssignments": true, "graph/oauth2PermissionGrants": true, "exo/Get-RecipientPermission": true, "exo/Get-RoleGroupMember": true,
}

// fold makes one ledger row of several: complete when all ended well, in the state of
// all when they agree, else partial with the words of the worst.
func fold(units []snapshot.Ledger) []snapshot.Ledger {
	var worst, best snapshot.Ledger
	open := 0
	for i, u := range units {
		if i == 0 || rank(u.State) > rank(worst.State) && u.State != snapshot.Gone {
			worst = u
		}
		if i == 0 || rank(u.State) < rank(best.State) {
			best = u
		}
		if u.State != snapshot.Complete && u.State != snapshot.Gone {
			open++
		}
	}
	switch {
	case len(units) == 0:
		return nil
	case open == 0:
		worst.State, worst.Cause, worst.Detail = snapshot.Complete, "", ""
	case best.State != worst.State:
		worst.State = snapshot.Partial
		if len(units) > 1 {
			worst.Detail = fmt.Sprintf("%d of %d parts not read: %s", open, len(units), worst.Detail)
		}
	}
	worst.Unit.Key = ""
	return []snapshot.Ledger{worst}
}

// lazy sources have a unit per object of interest; none at all means that nothing
// was of interest.
var lazy = map[snapshot.Source]bool{"exo/Get-RoleGroupMember": true, "graph/groupMembers": true}

// rank orders states from good to bad.
func rank(s snapshot.State) int {
	return slices.Index([]snapshot.State{snapshot.Complete, snapshot.Skipped, snapshot.Planned, snapshot.Partial, snapshot.Unavailable, snapshot.Throttled, snapshot.Failed, snapshot.Denied, snapshot.Gone}, s)
}

// mergeReasons adds up equal reasons. Details that differ only by what they name are
// kept apart up to a bound, so that one fault of 10,000 mailboxes stays readable.
func mergeReasons(in []snapshot.Reason) []snapshot.Reason {
	const most = 20
	type sort struct {
		cause, detail string
		foresight     string
	}
	var out []snapshot.Reason
	at := map[sort]int{}
	for _, r := range in {
		key := sort{string(r.Cause), r.Detail, r.Foresight()}
		i, ok := at[key]
		if !ok && len(out) >= most {
			key.detail = "and others"
			i, ok = at[key]
			r.Detail = key.detail
		}
		if ok {
			out[i].Count += r.Count
			continue
		}
		at[key] = len(out)
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(a, b snapshot.Reason) int {
		return strings.Compare(string(a.Cause)+"\x00"+a.Detail+"\x00"+a.Foresight(), string(b.Cause)+"\x00"+b.Detail+"\x00"+b.Foresight())
	})
	return out
}

// names are the listings that turn names into people and ids into groups.
var names = []snapshot.Source{"exo/Get-Recipient", "graph/users", "graph/groups"}

// tallyHelpers lowers a dataset whose rows name somebody that could not be resolved while
// a list of people or groups was not read in full: "nobody is called that" is then not
// known. Members of groups are as complete as the list of groups that names them.
func (n *run) tallyHelpers(c *snapshot.Coverage) error {
	count := n.unresolved[c.Dataset]
	if c.Dataset != snapshot.GroupMembers && count == 0 {
		return nil
	}
	for _, src := range names {
		if !n.plan.Has(src) {
			continue
		}
		units, err := n.store.Units(n.ctx, src)
		if err != nil {
			return err
		}
		for _, u := range units {
			if u.State == snapshot.Complete {
				continue
			}
			r := snapshot.Reason{Cause: orCause(u.Cause, snapshot.Interrupted), Count: count,
				Detail: fmt.Sprintf("names could not be resolved in full: %s was not read (%s)", src, firstOf(u.Detail, string(u.State)))}
			if c.Dataset == snapshot.GroupMembers {
				r.Count, r.Detail = 1, fmt.Sprintf("which groups matter is not known in full: %s was not read (%s)", src, firstOf(u.Detail, string(u.State)))
			}
			foresee(&r, n.said[src])
			c.Reasons = append(c.Reasons, r)
			if c.State == snapshot.CoverageComplete {
				c.State = snapshot.CoveragePartial
			}
		}
	}
	return nil
}

// noteTrustee counts the rows whose trustee matched nobody.
func (n *run) noteTrustee(set snapshot.Dataset, row any) {
	var t snapshot.TrusteeRef
	switch r := row.(type) {
	case snapshot.MailboxPermission:
		t = r.TrusteeRef
	case snapshot.SendAsPermission:
		t = r.TrusteeRef
		if r.RecipientType == "" {
			n.unresolved[set]++ // over whom the right is, nobody could say
		}
	case snapshot.SendOnBehalfDelegate:
		t = r.TrusteeRef
	case snapshot.FolderPermission:
		t = r.TrusteeRef
	case snapshot.ManagementRoleAssignment:
		if r.AssigneeType == memberUnresolved {
			n.unresolved[set]++
		}
		return
	default:
		return
	}
	if t.TrusteeType == snapshot.TrusteeUnresolved {
		n.unresolved[set]++
	}
}
