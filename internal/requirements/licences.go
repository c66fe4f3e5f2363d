package requirements

import (
	"slices"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

// EntraP1 and AuditPremium decide how checks judge; nothing is read that only they open.
const (
	EntraP1      = "Microsoft Entra ID P1"
	AuditPremium = "Audit (Premium)"
)

// Licence is something bought that decides what there is to read, or how a check judges.
type Licence struct {
	Name string
	// Plan reports whether a service plan gives it.
	Plan func(planID string) bool
	// Checks are those that judge by it.
	Checks []Judged
}

// Judged is what a licence means to a check.
type Judged struct {
	Check, How string
	// Stops: the check judges nothing in a tenant without the licence.
	Stops bool
}

// Licences are the licences that the sources and the checks know, the least first.
// Sources: the rules of the checks, and the licensing notes of the pages of each source.
func Licences() []Licence {
	return []Licence{
		{Name: EntraP1, Plan: func(id string) bool { return facts.EntraPremium(id) != "" }, Checks: []Judged{
			{Check: "licence.entra_premium", How: "finds a tenant without it; no check reads sign-in logs"}}},
		{Name: EntraP2, Plan: func(id string) bool { return facts.EntraPremium(id) == "P2" }, Checks: []Judged{
			{Check: "roles.no_permanent_privileged", How: "judges nothing without it", Stops: true}}},
		{Name: AuditPremium, Plan: facts.AdvancedAuditPlan, Checks: []Judged{
			{Check: "audit.mailbox_actions_complete", How: "asks for the premium actions of users who have it"},
			{Check: "audit.mailbox_explicitly_enabled", How: "judges the mailboxes of users who do not have it"},
			{Check: "audit.premium_actions_available", How: "finds the active users who do not have it"},
			{Check: "audit.retention_meets_need", How: "counts on 365 days for users who have it and on 180 for others"}}},
	}
}

// Stops names the licences without which a check judges nothing.
func Stops(check string) (names []string) {
	for _, l := range Licences() {
		if slices.ContainsFunc(l.Checks, func(j Judged) bool { return j.Check == check && j.Stops }) {
			names = append(names, l.Name)
		}
	}
	return names
}

// hinge is a source that a check judges by although it only fills a column of the
// datasets that it needs.
type hinge struct {
	check  string
	source snapshot.Source
	// certain: without it the check judges nothing; else it depends on the rows.
	certain bool
}

// hinges: whether a user has Audit (Premium) is known only with users and products.
var hinges = []hinge{
	{"audit.mailbox_explicitly_enabled", "graph/subscribedSkus", true},
	{"audit.premium_actions_available", "graph/subscribedSkus", true},
	{"audit.mailbox_actions_complete", "graph/subscribedSkus", false},
	{"audit.mailbox_actions_complete", "graph/users", false},
}

// Hinges are the sources that a check judges by beside those of its datasets.
func Hinges(check string) (sources []snapshot.Source) {
	for _, h := range hinges {
		if h.check == check {
			sources = append(sources, h.source)
		}
	}
	return sources
}
