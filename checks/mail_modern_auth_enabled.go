package checks

import "tenantaudit/internal/snapshot"

var mailModernAuthEnabled = Check{
	ID:       "mail.modern_auth_enabled",
	Title:    "Modern authentication is on",
	Severity: High,
	Needs:    []snapshot.Dataset{snapshot.OrganizationConfigs},
	Subject:  "tenants",
	Why:      "Without modern authentication Outlook signs in with a bare user name and password. Multi-factor authentication and conditional access then do not protect mailboxes.",
	Rule:     "OAuth2ClientProfileEnabled must be true. A value that was not sent is not taken for true.",
	Fix:      "Set-OrganizationConfig -OAuth2ClientProfileEnabled $true",
	Sources: []string{
		"https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/enable-or-disable-modern-authentication-in-exchange-online",
		"https://learn.microsoft.com/powershell/module/exchangepowershell/set-organizationconfig",
	},
	Run: runModernAuthEnabled,
}

func runModernAuthEnabled(in Input) (Output, error) {
	return organizationMustHave(in, "OAuth2ClientProfileEnabled", "Modern authentication is switched off for Exchange Online.",
		func(o snapshot.OrganizationConfig) *bool { return o.OAuth2ClientProfileEnabled })
}
