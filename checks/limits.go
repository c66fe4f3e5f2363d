package checks

import "slices"

// Limit is something that no check of a snapshot can see, however complete the data.
// A review that does not say so would pass off silence as an all-clear.
type Limit struct {
	// ID is stable, like the ID of a check.
	ID string `json:"id"`
	// Text is one or two sentences for the reader of the review.
	Text string `json:"text"`
	// Checks are the IDs or areas that the limit concerns.
	Checks []string `json:"checks"`
}

// limits are in the order of the areas.
var limits = []Limit{
	{"state_not_history", "A review shows the tenant at the time it was read. An inbox rule, a permission or a consent that somebody used and deleted before that time cannot be seen here; " +
		"only the audit logs can show it.", []string{"mail", "delegation", "oauth", "roles"}},
	{"rules_of_other_clients", "Rules that run inside Outlook on a computer only, and flows or scripts that forward mail from outside the mailbox, are not stored as inbox rules and are not part of the answer.",
		[]string{"mail.inbox_rule_forwarding", "mail.inbox_rule_hiding", "mail.inbox_rule_hidden"}},
	{"grants_without_date", "The service keeps no date and no author of a delegated grant. When it was given, and by whom, is in the directory audit log for at most 30 days.",
		[]string{"oauth.delegated_grants_all_principals", "oauth.user_grants_reviewed"}},
	{"preauthorised_applications", "What Microsoft allows its own applications among themselves leaves no grant in the tenant and is not listed.", []string{"oauth"}},
	{"group_eligibility", "Who may activate membership of a group that holds a role (PIM for groups) is not read; such people are not counted as holders of the role.", []string{"roles"}},
	{"azure_and_partners", "Rights over Azure subscriptions, and partners with delegated administration, are not read.", []string{"roles"}},
	{"folders_in_scope", "Recoverable items, search folders and sync issues are never read, and with the default choice of folders neither are folders deeper than one level below the root or the inbox.",
		[]string{"delegation.folder_permissions", "delegation.default_folder_rights", "delegation.effective_access"}},
	{"mailboxes_in_scope", "Rules and permissions of group, inactive and public-folder mailboxes are not read.", []string{"mail.inbox_rule_forwarding", "mail.inbox_rule_hiding", "delegation"}},
	{"audit_records_themselves", "The checks of auditing judge the settings. Whether records arrive is not tested.", []string{"audit"}},
}

// Limits returns the limits that concern any of the checks, in order.
func Limits(list []Check) []Limit {
	var out []Limit
	for _, l := range limits {
		if slices.ContainsFunc(list, func(c Check) bool { return slices.Contains(l.Checks, c.ID) || slices.Contains(l.Checks, c.Area()) }) {
			out = append(out, l)
		}
	}
	return out
}
