// Package requirements knows what reading each source takes: the endpoint or cmdlet, the
// permission of Microsoft Graph, the directory role, the Exchange management role and the
// licence. From this one table come the smallest grant for the chosen datasets, what an
// identity still lacks, what a token carries beyond reading, and docs/permissions.md.
//
// The table tells what to ask for. What an identity can really do only the service
// knows: tenants differ, and a preflight believes the service.
package requirements

import (
	"slices"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/normalize"
	"tenantaudit/internal/snapshot"
)

// Service is where a source is read.
type Service string

// The services.
const (
	Graph    Service = "Microsoft Graph"
	Exchange Service = "Exchange Online"
)

// Requirement is what reading one source takes.
type Requirement struct {
	Source  snapshot.Source
	Service Service
	// Reads is the endpoint or cmdlet that is asked.
	Reads string

	// Least is the smallest permission of Microsoft Graph, by the same name for a signed-in
	// person and for an application. Also are others that are accepted; all only read.
	Least string
	Also  []string
	// PersonOnly: an application has nothing of the kind and needs nothing for it.
	PersonOnly bool
	// NeedsRole: a signed-in person needs one of Roles beside the permission. Where it is
	// not set, any member may read, unless the tenant restricts its members.
	NeedsRole bool
	// Roles are template ids of directory roles that suffice and only read, the smallest
	// first. Exchange admits some of them as role groups.
	Roles []string

	// Cmdlet is the Exchange cmdlet; "" for the list of cmdlets itself, which is open to
	// everybody whom Exchange lets in.
	Cmdlet string
	// ViewOnly are the management roles that hold the cmdlet and change nothing, the one to
	// grant first. Where there is none, Holders are the roles that a custom role can be
	// cut down from.
	ViewOnly, Holders []string

	// Licence is the service plan without which there is nothing to read; "" for none.
	Licence string
	// Optional: without the licence the dataset is complete all the same.
	Optional bool
}

// Directory roles of the table, by template id. The others are in package facts.
const (
	DirectoryReaders = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"
)

// sizes orders the directory roles of the table, the smallest first.
var sizes = []string{DirectoryReaders, facts.SecurityReader, facts.GlobalReader}

// Permissions of the Exchange resource that open the admin API.
const (
	ExchangeApp    = "Exchange.ManageAsApp"
	ExchangePerson = "Exchange.Manage"
)

// EntraP2 is the licence of Privileged Identity Management.
const EntraP2 = "Microsoft Entra ID P2"

// All returns the table, sorted by source.
func All() []Requirement {
	out := slices.Concat(graphTable(), exchangeTable())
	slices.SortFunc(out, func(a, b Requirement) int { return compare(a.Source, b.Source) })
	for i := range out {
		out[i].Optional = normalize.OptionalLicence(out[i].Source, false)
	}
	return out
}

// Of returns the requirement of a source. ok is false for one that the table does not have.
func Of(src snapshot.Source) (Requirement, bool) {
	for _, r := range All() {
		if r.Source == src {
			return r, true
		}
	}
	return Requirement{}, false
}

// Needed returns what the datasets take, sorted by source: what they are made of, and
// what resolves their names.
func Needed(sets []snapshot.Dataset) []Requirement { return rows(normalize.SourcesFor(sets)) }

// rows returns the rows of the sources that the table has.
func rows(sources []snapshot.Source) []Requirement {
	var out []Requirement
	for _, r := range All() {
		if slices.Contains(sources, r.Source) {
			out = append(out, r)
		}
	}
	return out
}

func compare[T ~string](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// permissions are all that are accepted, the least first.
func (r Requirement) permissions() []string {
	if r.Least == "" {
		return nil
	}
	return append([]string{r.Least}, r.Also...)
}

// applies reports whether an identity of this kind needs the row at all.
func (r Requirement) applies(kind facts.Kind) bool { return !r.PersonOnly || kind == facts.Delegated }
