package checks

import (
	"fmt"
	"slices"
	"strings"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

var auditMailboxActionsComplete = Check{
	ID:       "audit.mailbox_actions_complete",
	Title:    "Every mailbox records the default actions of each logon type",
	Severity: High,
	Needs:    []snapshot.Dataset{snapshot.Mailboxes, snapshot.OrganizationConfigs},
	Uses:     []snapshot.Dataset{snapshot.UserLicences},
	Subject:  "audited mailboxes",
	Why:      "A list of actions that somebody once wrote by hand keeps what it had then. It lacks the actions that Microsoft added since, and may lack the very ones that show what an intruder read or deleted.",
	Rule: "For a logon type that DefaultAuditSet names, Microsoft manages the list and it is complete. For every other logon type the mailbox's own list must hold Microsoft's default actions: " +
		"with MailItemsAccessed and Send for a mailbox whose user is licensed for Audit (Premium), without them otherwise. Names that the service folds into UpdateFolderPermissions are satisfied by it. " +
		"Group mailboxes cannot be customised and are left out, as are inactive mailboxes and those that are not audited (audit.mailbox_audited names them). Actions that the CIS benchmark asks for beyond the default are advice in the details.",
	Fix: "Set-Mailbox <mailbox> -DefaultAuditSet Admin,Delegate,Owner (gives the lists back to Microsoft), or add the missing actions: Set-Mailbox <mailbox> -AuditOwner @{Add='…'}",
	Sources: []string{
		auditMailboxesPage,
		"https://learn.microsoft.com/powershell/module/exchangepowershell/set-mailbox",
	},
	Run: runMailboxActionsComplete,
}

func runMailboxActionsComplete(in Input) (Output, error) {
	disabled, _, err := auditSwitch(in)
	if err != nil {
		return Output{}, err
	}
	var out Output
	var off, undecided, unsent int
	for m, err := range in.Mailboxes() {
		if err != nil {
			return Output{}, err
		}
		if m.Inactive || strings.EqualFold(m.RecipientTypeDetails, "GroupMailbox") {
			continue
		}
		switch audited := AuditedInEffect(m, disabled); {
		case isTrue(disabled):
			// No mailbox records anything: a pass with no subject would be a lie.
			off++
			continue
		case audited == nil:
			undecided++
			continue
		case !*audited:
			continue
		}
		missing, known := missingActions(m)
		if !known && len(missing) == 0 {
			unsent++
			continue
		}
		out.Evaluated++
		if len(missing) > 0 {
			out.Findings = append(out.Findings, actionsFinding(m, missing))
		}
	}
	out.Gaps = slices.Concat(
		gap("auditing is switched off for the organisation, so no action is recorded", off),
		gap("whether the mailbox is audited is not known", undecided),
		gap("DefaultAuditSet or a list of actions was not sent, or the licence that decides is not known", unsent),
	)
	return out, nil
}

// missingActions returns the default actions that each customised logon type
// lacks. known is false when DefaultAuditSet, or a list that counts, was not sent, and
// when the answer hangs on a licence that is not known.
func missingActions(m snapshot.Mailbox) (missing map[string][]string, known bool) {
	if m.DefaultAuditSet == nil {
		return nil, false
	}
	missing, known = map[string][]string{}, true
	for logon, list := range auditLists(m) {
		if containsFold(m.DefaultAuditSet, logon) {
			continue
		}
		if list == nil {
			known = false
			continue
		}
		if lacking := lacks(list, facts.DefaultAuditActions(logon, isTrue(m.PremiumAudit))); len(lacking) > 0 {
			missing[logon] = lacking
		}
		// Whether the premium actions are asked for hangs on a licence that nobody read.
		if m.PremiumAudit == nil && len(lacks(list, facts.DefaultAuditActions(logon, true))) > 0 {
			known = false
		}
	}
	return missing, known
}

// lacks returns the wanted actions that are not in a list.
func lacks(list, wanted []string) (missing []string) {
	for _, want := range wanted {
		into, folded := facts.FoldedAction(want)
		if !containsFold(list, want) && !(folded && containsFold(list, into)) {
			missing = append(missing, want)
		}
	}
	return missing
}

func auditLists(m snapshot.Mailbox) map[string][]string {
	return map[string][]string{
		facts.LogonAdmin:    m.AuditAdmin,
		facts.LogonDelegate: m.AuditDelegate,
		facts.LogonOwner:    m.AuditOwner,
	}
}

func actionsFinding(m snapshot.Mailbox, missing map[string][]string) Finding {
	var parts []string
	for _, logon := range []string{facts.LogonAdmin, facts.LogonDelegate, facts.LogonOwner} {
		if len(missing[logon]) > 0 {
			parts = append(parts, fmt.Sprintf("%s lacks %s", logon, strings.Join(missing[logon], ", ")))
		}
	}
	return Finding{
		Subject: mailboxSubject(m),
		Summary: fmt.Sprintf("%s does not record every default action: %s.", m.MailboxAddress, strings.Join(parts, "; ")),
		Details: map[string]any{
			"missing":         missing,
			"DefaultAuditSet": m.DefaultAuditSet,
			"premiumAudit":    state(m.PremiumAudit),
			"benchmarkAdvice": benchmarkAdvice(m, missing),
		},
		Evidence: []Evidence{evidence(snapshot.Mailboxes, m)},
	}
}

// benchmarkAdvice returns what the CIS benchmark asks for beyond the default and
// the list of a failing logon type does not hold.
func benchmarkAdvice(m snapshot.Mailbox, missing map[string][]string) map[string][]string {
	advice := map[string][]string{}
	lists := auditLists(m)
	for logon := range missing {
		for _, extra := range facts.BenchmarkExtraActions(logon) {
			if !containsFold(lists[logon], extra) {
				advice[logon] = append(advice[logon], extra)
			}
		}
	}
	return advice
}
