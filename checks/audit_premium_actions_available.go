package checks

import (
	"slices"
	"strings"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

var auditPremiumActionsAvailable = Check{
	ID:       "audit.premium_actions_available",
	Title:    "People whose mail matters have the premium audit service plan",
	Severity: Low,
	Needs:    []snapshot.Dataset{snapshot.Mailboxes, snapshot.UserLicences},
	Subject:  "active user mailboxes",
	Why:      "After a break-in the question is which messages were read. Microsoft lists MailItemsAccessed, which answers it, and Send among the default actions of licensed mailboxes only, and keeps the records of their users for one year.",
	Rule: "The user of every active user or linked mailbox should hold the service plan of Audit (Premium), enabled in at least one of the user's products. Shared, room and other mailboxes have no person of their own and are left out, as are inactive ones. " +
		"Whose mail matters is for the reader to say: record the others as accepted exceptions. The details name what an investigator would not have.",
	Fix: "Assign the person a product with the service plan M365_ADVANCED_AUDITING (2f442157-a11c-46b9-ae5b-6e39ff4e5849; Microsoft 365 E5 or its compliance add-ons), and enable that plan where it is switched off: Set-MgUserLicense",
	Sources: []string{
		auditMailboxesPage,
		"https://learn.microsoft.com/purview/audit-log-investigate-accounts",
		licencePlansPage,
	},
	Run: runPremiumActionsAvailable,
}

// advancedAuditPlan is the service plan's name in the column disabledPlans.
const advancedAuditPlan = "M365_ADVANCED_AUDITING"

func runPremiumActionsAvailable(in Input) (Output, error) {
	products, switchedOff := map[string][]string{}, map[string]bool{}
	for l, err := range in.UserLicences() {
		if err != nil {
			return Output{}, err
		}
		products[l.User] = append(products[l.User], l.SKUPartNumber)
		if containsFold(l.DisabledPlans, advancedAuditPlan) {
			switchedOff[l.User] = true
		}
	}
	lost := premiumOnlyActions()
	var out Output
	unknown := 0
	for m, err := range in.Mailboxes() {
		if err != nil {
			return Output{}, err
		}
		if m.Inactive || !mailboxHasType(m, "UserMailbox", "LinkedMailbox") {
			continue
		}
		if m.PremiumAudit == nil {
			unknown++
			continue
		}
		out.Evaluated++
		if *m.PremiumAudit {
			continue
		}
		held := append([]string{}, products[m.Mailbox]...)
		f := Finding{
			Subject: mailboxSubject(m),
			Summary: m.MailboxAddress + " has no Audit (Premium).",
			Details: map[string]any{
				"skus":               held,
				"planSwitchedOff":    switchedOff[m.Mailbox],
				"actionsNotRecorded": lost,
				"retentionDays":      DefaultAuditRetentionDays,
			},
			Evidence: []Evidence{evidence(snapshot.Mailboxes, m)},
		}
		if switchedOff[m.Mailbox] {
			f.Summary = m.MailboxAddress + " has no Audit (Premium): the user's product holds the service plan, and it is switched off."
		}
		out.Findings = append(out.Findings, f)
	}
	out.Gaps = gap("whether the user holds the premium audit service plan is not known", unknown)
	return out, nil
}

// premiumOnlyActions returns, by logon type, the default actions that only licensed
// mailboxes record.
func premiumOnlyActions() map[string][]string {
	only := map[string][]string{}
	for _, logon := range []string{facts.LogonAdmin, facts.LogonDelegate, facts.LogonOwner} {
		only[logon] = lacks(facts.DefaultAuditActions(logon, false), facts.DefaultAuditActions(logon, true))
	}
	return only
}

// mailboxHasType reports whether a mailbox is of one of the types.
func mailboxHasType(m snapshot.Mailbox, types ...string) bool {
	return slices.ContainsFunc(types, func(t string) bool { return strings.EqualFold(t, m.RecipientTypeDetails) })
}
