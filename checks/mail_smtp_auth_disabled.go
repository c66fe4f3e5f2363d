package checks

import (
	"cmp"

	"tenantaudit/internal/snapshot"
)

var mailSMTPAuthDisabled = Check{
	ID:       "mail.smtp_auth_disabled",
	Title:    "SMTP AUTH is off, exceptions are known",
	Severity: Medium,
	Needs:    []snapshot.Dataset{snapshot.TransportConfigs, snapshot.CASMailboxes},
	Subject:  "tenants and mailboxes",
	Why:      "SMTP AUTH takes a user name and a password, and no second factor. It is what password guessing is aimed at, and a guessed password is enough to send mail as that person.",
	Rule: "The tenant's default, SmtpClientAuthenticationDisabled, must be true. A mailbox on which the setting is false may use SMTP AUTH whatever the default says: each is a finding of severity low, to be known as an exception. " +
		"A mailbox that does not say (null) follows the default and is none.",
	Fix: "Set-TransportConfig -SmtpClientAuthenticationDisabled $true; for a mailbox that does not need it: Set-CASMailbox <mailbox> -SmtpClientAuthenticationDisabled $null",
	Sources: []string{
		"https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/authenticated-client-smtp-submission",
		"https://learn.microsoft.com/powershell/module/exchangepowershell/set-transportconfig",
		"https://learn.microsoft.com/powershell/module/exchangepowershell/set-casmailbox",
	},
	Run: runSMTPAuthDisabled,
}

func runSMTPAuthDisabled(in Input) (Output, error) {
	tenant, err := collect(in.TransportConfigs())
	if err != nil {
		return Output{}, err
	}
	var out Output
	switch {
	case len(tenant) == 0 || tenant[0].SMTPClientAuthenticationDisabled == nil:
		out.Gaps = gap("the tenant's SmtpClientAuthenticationDisabled was not sent", 1)
	case !*tenant[0].SMTPClientAuthenticationDisabled:
		out.Findings = append(out.Findings, Finding{
			Subject:  in.tenantSubject(),
			Summary:  "SMTP AUTH is on for every mailbox that does not say otherwise.",
			Details:  map[string]any{"SmtpClientAuthenticationDisabled": false},
			Evidence: []Evidence{evidence(snapshot.TransportConfigs, tenant[0])},
		})
		fallthrough
	default:
		out.Evaluated++
	}
	unsent := 0
	for m, err := range in.CASMailboxes() {
		if err != nil {
			return Output{}, err
		}
		switch m.SMTPAuth {
		case snapshot.SMTPAuthEnabled:
			out.Findings = append(out.Findings, smtpException(m))
			fallthrough
		case snapshot.SMTPAuthDisabled, snapshot.SMTPAuthInherits:
			out.Evaluated++
		default:
			unsent++
		}
	}
	out.Gaps = append(out.Gaps, gap("SmtpClientAuthenticationDisabled of the mailbox was not sent", unsent)...)
	return out, nil
}

func smtpException(m snapshot.CASMailbox) Finding {
	name := cmp.Or(m.MailboxAddress, m.Mailbox)
	return Finding{
		Severity: Low,
		Subject:  Subject{Type: "mailbox", ID: m.Mailbox, Name: name},
		Summary:  name + " may use SMTP AUTH, whatever the tenant's default says.",
		Details: map[string]any{
			"SmtpClientAuthenticationDisabled": false,
			"ImapEnabled":                      state(m.IMAPEnabled),
			"PopEnabled":                       state(m.POPEnabled),
			"raised":                           []string{"an exception for one mailbox"},
		},
		Evidence: []Evidence{evidence(snapshot.CASMailboxes, m)},
	}
}
