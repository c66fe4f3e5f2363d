package checks

import (
	"fmt"
	"slices"
	"strings"

	"tenantaudit/internal/snapshot"
)

var mailConnectorsReviewed = Check{
	ID:       "mail.connectors_reviewed",
	Title:    "Connectors neither relay for strangers nor route mail away",
	Severity: Medium,
	Needs:    []snapshot.Dataset{snapshot.Connectors},
	Subject:  "connectors",
	Why:      "An inbound connector that does not prove who is at the other end lets strangers pass as a partner or as your own servers. An outbound one with a smart host for every domain hands all mail to that host first.",
	Rule: "An inbound connector is fine when it is limited to a certificate (RestrictDomainsToCertificate with TlsSenderCertificateName), to addresses (RestrictDomainsToIPAddresses with SenderIPAddresses), or is of type OnPremises and names a certificate or addresses. " +
		"Otherwise medium; high when it also treats messages as internal or keeps the headers of cloud services. An outbound connector is medium when it has smart hosts, takes every domain (*) and is not limited to mail flow rules; " +
		"low when mail flow rules send mail to its smart hosts, or when it routes all messages by way of on-premises servers. A disabled connector is listed as info. Which partners are meant is for the reader to say.",
	Fix: "Set-InboundConnector <name> -RequireTls $true -RestrictDomainsToCertificate $true -TlsSenderCertificateName <name on the certificate>, or -RestrictDomainsToIPAddresses $true -SenderIPAddresses <addresses>; outbound: Set-OutboundConnector <name> -RecipientDomains <the partner's domains>. Remove-InboundConnector or Remove-OutboundConnector for what nobody needs",
	Sources: []string{
		"https://learn.microsoft.com/exchange/mail-flow-best-practices/use-connectors-to-configure-mail-flow/use-connectors-to-configure-mail-flow",
		"https://learn.microsoft.com/powershell/module/exchangepowershell/set-inboundconnector",
		"https://learn.microsoft.com/powershell/module/exchangepowershell/set-outboundconnector",
	},
	Run: runConnectorsReviewed,
}

// connectorVerdict is what is wrong with a connector; why is empty when nothing is.
type connectorVerdict struct {
	severity Severity
	why      string
	raised   []string
}

func runConnectorsReviewed(in Input) (Output, error) {
	var out Output
	unknown := 0
	for c, err := range in.Connectors() {
		if err != nil {
			return Output{}, err
		}
		judge := outboundConnector
		if strings.EqualFold(c.Direction, "inbound") {
			judge = inboundConnector
		}
		v, known := judge(c)
		if !known || c.Enabled == nil {
			unknown++
			continue
		}
		out.Evaluated++
		if v.why != "" {
			out.Findings = append(out.Findings, connectorFinding(c, v))
		}
	}
	out.Gaps = gap("Enabled or a restriction of the connector was not sent", unknown)
	return out, nil
}

func inboundConnector(c snapshot.Connector) (v connectorVerdict, known bool) {
	limited := inboundLimited(c)
	if limited == nil {
		return v, false
	}
	if *limited {
		return v, true
	}
	v = connectorVerdict{Medium, "accepts mail without a certificate or an address that proves the sender", []string{}}
	if isTrue(c.TreatMessagesAsInternal) {
		v.raised = append(v.raised, "the connector treats messages as internal")
	}
	if isTrue(c.CloudServicesMailEnabled) {
		v.raised = append(v.raised, "the connector keeps the headers of cloud services")
	}
	if len(v.raised) > 0 {
		v.severity = High
	}
	return v, true
}

// inboundLimited reports whether a connector proves who is at the other end; nil when a
// value that decides was not sent.
func inboundLimited(c snapshot.Connector) *bool {
	yes, no := true, false
	certificate := c.TLSSenderCertificateName != nil && strings.TrimSpace(*c.TLSSenderCertificateName) != ""
	addresses, unsent := len(c.SenderIPAddresses) > 0, c.SenderIPAddresses == nil
	own := strings.EqualFold(c.Type, "OnPremises")
	switch {
	case certificate && isTrue(c.RestrictDomainsToCertificate),
		addresses && isTrue(c.RestrictDomainsToIPAddresses),
		own && (certificate || addresses):
		return &yes
	case certificate && c.RestrictDomainsToCertificate == nil,
		addresses && c.RestrictDomainsToIPAddresses == nil,
		unsent && (own || !isFalse(c.RestrictDomainsToIPAddresses)),
		c.Type == "" && (certificate || addresses || unsent):
		return nil
	}
	return &no
}

func outboundConnector(c snapshot.Connector) (v connectorVerdict, known bool) {
	hosts := len(c.SmartHosts) > 0
	hostsUnknown := c.SmartHosts == nil && !isTrue(c.UseMXRecord)
	all := slices.ContainsFunc(c.RecipientDomains, connectorTakesAll)
	scoped := c.IsTransportRuleScoped
	switch {
	case hosts && scoped == nil, hosts && isFalse(scoped) && c.RecipientDomains == nil:
		return v, false
	case hosts && all && isFalse(scoped):
		return connectorVerdict{Medium, "sends the mail to every domain by way of its smart hosts", []string{}}, true
	case hosts && isTrue(scoped):
		return connectorVerdict{Low, "sends the mail that mail flow rules choose by way of its smart hosts", []string{"only mail flow rules use the connector"}}, true
	case hostsUnknown && (!isFalse(scoped) || all || c.RecipientDomains == nil):
		return v, false
	case isTrue(c.RouteAllMessagesViaOnPremises):
		return connectorVerdict{Low, "routes all messages by way of on-premises servers", []string{"the mail goes to servers of your own"}}, true
	case c.RouteAllMessagesViaOnPremises == nil:
		return v, false
	}
	return v, true
}

// connectorTakesAll reports whether an entry of a connector stands for all domains: "*", also
// as the address space "smtp:*;1".
func connectorTakesAll(entry string) bool {
	entry = strings.TrimSpace(entry)
	if i := strings.IndexByte(entry, ':'); i >= 0 {
		entry = entry[i+1:]
	}
	entry, _, _ = strings.Cut(entry, ";")
	return strings.TrimSpace(entry) == "*"
}

func connectorFinding(c snapshot.Connector, v connectorVerdict) Finding {
	kind := "Connector"
	if isFalse(c.Enabled) {
		kind, v.severity, v.raised = "Disabled connector", Info, []string{"the connector is disabled"}
	}
	details := map[string]any{"direction": c.Direction, "ConnectorType": c.Type, "enabled": state(c.Enabled), "raised": v.raised}
	if strings.EqualFold(c.Direction, "inbound") {
		details["SenderDomains"] = c.SenderDomains
		details["SenderIPAddresses"] = c.SenderIPAddresses
		details["RequireTls"] = state(c.RequireTLS)
		details["RestrictDomainsToCertificate"] = state(c.RestrictDomainsToCertificate)
		details["RestrictDomainsToIPAddresses"] = state(c.RestrictDomainsToIPAddresses)
		details["TlsSenderCertificateName"] = text(c.TLSSenderCertificateName)
		details["TreatMessagesAsInternal"] = state(c.TreatMessagesAsInternal)
		details["CloudServicesMailEnabled"] = state(c.CloudServicesMailEnabled)
	} else {
		details["RecipientDomains"] = c.RecipientDomains
		details["SmartHosts"] = c.SmartHosts
		details["UseMXRecord"] = state(c.UseMXRecord)
		details["IsTransportRuleScoped"] = state(c.IsTransportRuleScoped)
		details["RouteAllMessagesViaOnPremises"] = state(c.RouteAllMessagesViaOnPremises)
		details["TlsSettings"] = text(c.TLSSettings)
	}
	return Finding{
		Severity: v.severity,
		Subject:  Subject{Type: "connector", ID: snapshot.Key(c), Name: c.Name},
		Summary:  fmt.Sprintf("%s %q (%s) %s.", kind, c.Name, c.Direction, v.why),
		Details:  details,
		Evidence: []Evidence{evidence(snapshot.Connectors, c)},
	}
}
