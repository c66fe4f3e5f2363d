package checks

import (
	"fmt"

	"tenantaudit/internal/snapshot"
)

var mailAutoforwardRemoteDomains = Check{
	ID:       "mail.autoforward_remote_domains",
	Title:    "No remote domain lets mail be auto-forwarded outside",
	Severity: Medium,
	Needs:    []snapshot.Dataset{snapshot.RemoteDomains},
	Subject:  "remote domains",
	Why:      "Remote domains decide whether mail that users forward automatically may leave. Where they allow it, any rule in any mailbox can carry mail out, and only the outbound spam policies are left to stop it.",
	Rule: "AutoForwardEnabled must be false on every remote domain: the one called Default stands for all domains without an entry of their own, and each other entry makes an exception for its domain. " +
		"Whether an outbound spam policy would stop the mail is judged by mail.autoforward_outbound_policy.",
	Fix: "Set-RemoteDomain <name> -AutoForwardEnabled $false",
	Sources: []string{
		"https://learn.microsoft.com/exchange/mail-flow-best-practices/remote-domains/remote-domains",
		"https://learn.microsoft.com/powershell/module/exchangepowershell/set-remotedomain",
	},
	Run: runAutoforwardRemoteDomains,
}

func runAutoforwardRemoteDomains(in Input) (Output, error) {
	var out Output
	unsent := 0
	for d, err := range in.RemoteDomains() {
		if err != nil {
			return Output{}, err
		}
		if d.AutoForwardEnabled == nil {
			unsent++
			continue
		}
		out.Evaluated++
		if !*d.AutoForwardEnabled {
			continue
		}
		whom := "to " + d.DomainName
		if d.DomainName == "*" {
			whom = "to every domain without an entry of its own"
		}
		out.Findings = append(out.Findings, Finding{
			Subject:  Subject{Type: "remoteDomain", ID: snapshot.Key(d), Name: d.Name},
			Summary:  fmt.Sprintf("Remote domain %q lets mail be forwarded automatically %s.", d.Name, whom),
			Details:  map[string]any{"DomainName": d.DomainName, "AutoForwardEnabled": true},
			Evidence: []Evidence{evidence(snapshot.RemoteDomains, d)},
		})
	}
	out.Gaps = gap("AutoForwardEnabled was not sent", unsent)
	return out, nil
}
