// Package forecast says what a run will ask of the services before it asks: calls by
// source, requests, time, and what each check costs. It is arithmetic over the sizes of a
// tenant; the caller finds those out. The formulas are those of the collectors in
// internal/graph and internal/exo, and a test holds them against a run.
package forecast

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"tenantaudit/internal/snapshot"
)

// Sizes are what is known of a tenant. -1 is unknown: the plan then says so of each line
// that rests on it.
type Sizes struct {
	Mailboxes  int64 // in scope of the run
	Permission int64 // of which Full Access is read
	AllRows    int64 // of the default list of mailboxes, whatever is in scope
	Users, Groups, ServicePrincipals,
	Applications int64
	RoleGroups int64   // with members
	Folders    float64 // of a mailbox, in scope of the run
	Visible    float64 // share of the mailboxes whose rules need a second look, 0 to 1
}

// Cost is what reading one source takes.
type Cost struct {
	Source   snapshot.Source
	Units    int64  // objects or lists that are left to read
	Calls    int64  // cmdlets, or requests of Graph: what the service counts
	Requests int64  // HTTP requests: ten cmdlets of single objects travel in one
	About    bool   // rests on something that is not known exactly
	Note     string // why nothing is asked, or what is not known
}

// Check is what one check costs.
type Check struct {
	ID string
	// Exchange and Graph are the calls of everything it needs. Alone are the calls that fall
	// away when it alone is left out.
	Exchange, Graph, Alone int64
}

// Plan is what a run will ask.
type Plan struct {
	Costs  []Cost
	Checks []Check
}

// Need is a check with the sources that it rests on.
type Need struct {
	ID      string
	Sources []snapshot.Source
}

// Input is what a plan is made from.
type Input struct {
	Sizes   Sizes
	Sources []snapshot.Source // of the run
	Checks  []Need
	// Refused says why a source will not be asked; none for those that will.
	Refused map[snapshot.Source]string
	// Done is how many units of a source are in the snapshot already, Whole whether all are.
	Done  map[snapshot.Source]int64
	Whole map[snapshot.Source]bool
}

// pageSize is how many rows Exchange and Graph send at a time.
const (
	exchangePage = 1000
	graphPage    = 999
	batch        = 10
)

// Make plans.
func Make(in Input) Plan {
	var p Plan
	calls := map[snapshot.Source]int64{}
	for _, src := range in.Sources {
		c := cost(src, in)
		calls[src] = c.Calls
		p.Costs = append(p.Costs, c)
	}
	slices.SortStableFunc(p.Costs, func(a, b Cost) int {
		return cmp.Or(cmp.Compare(service(a.Source), service(b.Source)), cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Source, b.Source))
	})
	users := map[snapshot.Source]int{}
	for _, c := range in.Checks {
		for _, src := range c.Sources {
			users[src]++
		}
	}
	for _, c := range in.Checks {
		one := Check{ID: c.ID}
		for _, src := range c.Sources {
			n := calls[src]
			if service(src) == "exo" {
				one.Exchange += n
			} else {
				one.Graph += n
			}
			if users[src] == 1 {
				one.Alone += n
			}
		}
		p.Checks = append(p.Checks, one)
	}
	return p
}

func service(src snapshot.Source) string {
	s, _, _ := strings.Cut(string(src), "/")
	return s
}

// Totals are the calls and requests of one service, "exo" or "graph".
func (p Plan) Totals(of string) (calls, requests int64, about bool) {
	for _, c := range p.Costs {
		if service(c.Source) == of {
			calls, requests, about = calls+c.Calls, requests+c.Requests, about || c.About
		}
	}
	return calls, requests, about
}

// Time is how long calls take when each takes so long and so many are under way.
func Time(calls int64, each time.Duration, inFlight int) time.Duration {
	return time.Duration(float64(each) * float64(calls) / float64(inFlight))
}

// cost is what is left to ask of a source.
func cost(src snapshot.Source, in Input) Cost {
	c := Cost{Source: src}
	if why, refused := in.Refused[src]; refused {
		c.Note = why
		return c
	}
	if in.Whole[src] {
		c.Note = "read already"
		return c
	}
	z := in.Sizes
	each := func(units int64, by float64) {
		if units < 0 {
			c.About, c.Note = true, "not known before the run"
			return
		}
		c.Units = max(0, units-in.Done[src])
		c.Calls = int64(float64(c.Units)*by + 0.5)
		c.Requests = (c.Calls + batch - 1) / batch
	}
	pages := func(rows int64, about bool, note string) {
		if c.Units = 1; rows < 0 {
			c.Calls, c.Requests, c.About, c.Note = 1, 1, true, "at least; how many there are is not known"
			return
		}
		size := int64(exchangePage)
		if service(src) == "graph" {
			size = graphPage
		}
		c.Calls = max(1, (rows+size-1)/size)
		c.Requests, c.About, c.Note = c.Calls, about, note
	}
	switch src {
	case "exo/Get-Mailbox":
		pages(z.AllRows, false, "and one each for groups, inactive and public folder mailboxes")
		c.Calls, c.Requests = c.Calls+3, c.Requests+3
	case "exo/Get-CASMailbox":
		pages(z.AllRows, false, "")
	case "exo/Get-Recipient":
		pages(z.AllRows, true, "mailboxes alone; groups and contacts come on top")
	case "exo/Get-RecipientPermission":
		pages(2*z.AllRows, true, "taken as two rows for each mailbox")
	case "exo/Get-MailboxAuditBypassAssociation":
		pages(z.AllRows+500, true, "mailboxes and objects of the service's own")
	case "exo/Get-MailboxPermission":
		each(z.Permission, 1)
	case "exo/Get-InboxRule", "exo/Get-MailboxFolderStatistics":
		each(z.Mailboxes, 1)
	case "exo/Get-InboxRule.visible":
		each(z.Mailboxes, max(z.Visible, 0))
		c.About, c.Note = true, "a second look at mailboxes with rules of their own"
	case "exo/Get-MailboxFolderPermission":
		each(z.Mailboxes, max(z.Folders, 0))
		c.About, c.Note = true, "one for each folder in scope"
	case "exo/Get-RoleGroupMember":
		each(z.RoleGroups, 1)
	case "exo/Get-Recipient.byDN", "graph/groupMembers":
		each(-1, 1)
	case "graph/users":
		pages(z.Users, false, "")
	case "graph/groups":
		pages(z.Groups, false, "")
	case "graph/servicePrincipals":
		pages(z.ServicePrincipals, false, "")
	case "graph/appRoleAssignments":
		pages(z.ServicePrincipals, true, "from both sides; and one for each application that shows twenty assignments or more")
		c.Units, c.Calls, c.Requests = 2, 2*c.Calls, 2*c.Requests
	case "graph/servicePrincipalOwners":
		pages(z.ServicePrincipals, true, "and one for each application that shows twenty owners")
	case "graph/applications", "graph/applicationOwners":
		pages(z.Applications, false, "")
	case "graph/oauth2PermissionGrants":
		pages(-1, true, "")
	default:
		pages(1, false, "")
	}
	return c
}
