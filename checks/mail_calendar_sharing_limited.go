package checks

import (
	"fmt"
	"slices"
	"strings"

	"tenantaudit/internal/snapshot"
)

var mailCalendarSharingLimited = Check{
	ID:       "mail.calendar_sharing_limited",
	Title:    "Calendar details are not shared with everyone outside",
	Severity: Medium,
	Needs:    []snapshot.Dataset{snapshot.SharingPolicies},
	Subject:  "sharing policies",
	Why:      "Subjects, places and names of participants tell a stranger who meets whom about what. That is material for a convincing fraud, and often confidential in itself.",
	Rule: "An enabled sharing policy must not give all domains (*) or everybody with a link (Anonymous) more than free and busy times: CalendarSharingFreeBusyDetail and CalendarSharingFreeBusyReviewer are findings. " +
		"CalendarSharingFreeBusySimple, contacts alone, and any right for a named domain stay silent; so does a policy that is disabled. Policies without users count too: the next user may be given one.",
	Fix: "Set-SharingPolicy <policy> -Domains @{Remove=\"<entry>\"}, or give free and busy times only: Set-SharingPolicy <policy> -Domains \"*:CalendarSharingFreeBusySimple\"",
	Sources: []string{
		"https://learn.microsoft.com/exchange/sharing/sharing-policies/modify-a-sharing-policy",
		"https://learn.microsoft.com/powershell/module/exchangepowershell/set-sharingpolicy",
	},
	Run: runCalendarSharingLimited,
}

func runCalendarSharingLimited(in Input) (Output, error) {
	var out Output
	unknown := 0
	for p, err := range in.SharingPolicies() {
		if err != nil {
			return Output{}, err
		}
		wide := sharingTooWide(p.Domains)
		switch {
		case isFalse(p.Enabled):
			out.Evaluated++
			continue
		case p.Domains == nil, p.Enabled == nil && len(wide) > 0:
			unknown++
			continue
		}
		out.Evaluated++
		if len(wide) == 0 {
			continue
		}
		out.Findings = append(out.Findings, Finding{
			Subject:  Subject{Type: "sharingPolicy", ID: snapshot.Key(p), Name: p.Name},
			Summary:  fmt.Sprintf("Sharing policy %q lets users share calendar details with everyone outside: %s.", p.Name, strings.Join(wide, "; ")),
			Details:  map[string]any{"Default": state(p.Default), "Domains": p.Domains, "tooWide": wide},
			Evidence: []Evidence{evidence(snapshot.SharingPolicies, p)},
		})
	}
	out.Gaps = gap("Enabled or Domains was not sent", unknown)
	return out, nil
}

// sharingTooWide returns the entries, "domain: action, action", that give calendar details to everybody.
func sharingTooWide(entries []string) []string {
	var wide []string
	for _, e := range entries {
		domain, actions, _ := strings.Cut(e, ":")
		domain = strings.TrimSpace(domain)
		if domain != "*" && !strings.EqualFold(domain, "Anonymous") {
			continue
		}
		if slices.ContainsFunc(strings.Split(actions, ","), sharingShowsDetails) {
			wide = append(wide, e)
		}
	}
	return wide
}

func sharingShowsDetails(action string) bool {
	action = strings.TrimSpace(action)
	return strings.EqualFold(action, "CalendarSharingFreeBusyDetail") || strings.EqualFold(action, "CalendarSharingFreeBusyReviewer")
}
