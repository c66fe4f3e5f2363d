package faketenant

import (
	"slices"
	"strings"
)

// sharingPolicy says what users may share with people outside.
type sharingPolicy struct {
	name              string
	standard, enabled bool
	shares            []share
	guid              guid
}

// share is one entry of a sharing policy.
type share struct {
	as      string // as sent: blanks vary
	domain  string // a domain, "*" or "Anonymous"
	actions []string
}

const (
	shareSimple   = "CalendarSharingFreeBusySimple"
	shareDetail   = "CalendarSharingFreeBusyDetail"
	shareReviewer = "CalendarSharingFreeBusyReviewer"
	shareContacts = "ContactsSharing"
)

// details is true when the policy shows everybody outside more than free and busy.
func (s sharingPolicy) details() bool {
	return slices.ContainsFunc(s.shares, func(e share) bool {
		everybody := e.domain == "*" || strings.EqualFold(e.domain, "Anonymous")
		return everybody && (slices.Contains(e.actions, shareDetail) || slices.Contains(e.actions, shareReviewer))
	})
}

// consentSettings are what users may do with applications, and who decides the rest.
type consentSettings struct {
	grants      []string // permissionGrantPoliciesAssigned
	createApps  bool
	riskyApps   *bool
	invitesFrom string
	guestRole   string
	requests    bool // the admin consent workflow is on
	notify      bool
	reviewers   []string // queries
}

// policySettings adds the policies of calendars, consent and guests.
func (c *crew) policySettings() {
	c.sharing = []sharingPolicy{
		{name: "Default Sharing Policy", standard: true, enabled: true, shares: []share{{"*:" + shareSimple, "*", []string{shareSimple}}}},
		{name: "Fabrikam partners", enabled: true,
			shares: []share{{"fabrikam.example:" + shareDetail + ", " + shareContacts, "fabrikam.example", []string{shareDetail, shareContacts}}}},
	}
	const ownTeams = "ManagePermissionGrantsForOwnedResource.microsoft-dynamically-managed-permissions-for-team"
	c.consents = consentSettings{grants: []string{ownTeams}, invitesFrom: "adminsAndGuestInviters", guestRole: "2af84b1e-32c8-42b7-82bc-daa82404023b",
		requests: true, notify: true, reviewers: []string{"/users/" + c.auditorUser.id.String()}}
	if !c.clean {
		c.consents = consentSettings{grants: []string{"ManagePermissionGrantsForSelf.microsoft-user-default-legacy", ownTeams}, createApps: true,
			invitesFrom: "everyone", guestRole: "10dae51f-b6af-4016-8d66-8c2a99b929b3", reviewers: []string{}}
		c.looseSharing()
	}
	for i := range c.sharing {
		c.sharing[i].guid = c.guid("sharing."+c.sharing[i].name, 0)
	}
}

// looseSharing adds policies that show too much, and some that only look like it.
func (c *crew) looseSharing() {
	c.sharing[0].shares = append([]share{{"Anonymous:" + shareReviewer, "Anonymous", []string{shareReviewer}}}, c.sharing[0].shares...)
	c.sharing = append(c.sharing,
		sharingPolicy{name: "Événements publics", enabled: true,
			shares: []share{{"*:  " + shareDetail + "," + shareContacts, "*", []string{shareDetail, shareContacts}}}},
		sharingPolicy{name: "Old field trial", // says the same, and is off
			shares: []share{{"*:" + shareDetail, "*", []string{shareDetail}}}},
		sharingPolicy{name: "Front desk", enabled: true, // a domain of that name, and contacts for everybody
			shares: []share{{"anonymous.example: " + shareReviewer, "anonymous.example", []string{shareReviewer}},
				{"*: " + shareSimple + ",  " + shareContacts, "*", []string{shareSimple, shareContacts}}}})
}
