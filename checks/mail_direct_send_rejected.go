package checks

import "tenantaudit/internal/snapshot"

var mailDirectSendRejected = Check{
	ID:       "mail.direct_send_rejected",
	Title:    "Unauthenticated Direct Send is rejected",
	Severity: Medium,
	Needs:    []snapshot.Dataset{snapshot.OrganizationConfigs},
	Subject:  "tenants",
	Why:      "Direct Send lets anybody on the internet hand over mail that bears one of your own addresses, with no sign-in. Phishing sent that way looks as if a colleague wrote it.",
	Rule:     "RejectDirectSend must be true; the service's default is false. A value that was not sent is not taken for either. Mail that comes in by a connector which proves its sender is not affected by the setting.",
	Fix:      "Set-OrganizationConfig -RejectDirectSend $true, after devices and services that send with your own domain have a connector or sign in",
	Sources: []string{
		"https://learn.microsoft.com/powershell/module/exchangepowershell/set-organizationconfig",
		"https://learn.microsoft.com/exchange/mail-flow-best-practices/how-to-set-up-a-multifunction-device-or-application-to-send-email-using-microsoft-365-or-office-365",
	},
	Run: runDirectSendRejected,
}

func runDirectSendRejected(in Input) (Output, error) {
	return organizationMustHave(in, "RejectDirectSend", "Mail with the tenant's own addresses is accepted from anybody without sign-in (Direct Send).",
		func(o snapshot.OrganizationConfig) *bool { return o.RejectDirectSend })
}
