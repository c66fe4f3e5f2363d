package checks

import (
	"fmt"
	"strings"

	"tenantaudit/internal/snapshot"
)

var mailAutoforwardOutboundPolicy = Check{
	ID:       "mail.autoforward_outbound_policy",
	Title:    "Every outbound spam policy blocks automatic forwarding",
	Severity: Medium,
	Needs:    []snapshot.Dataset{snapshot.OutboundSpamPolicies},
	Subject:  "outbound spam policies",
	Why:      "The outbound spam policy is the last place that can stop mail which a rule or a mailbox setting forwards outside. A custom policy that allows it for a few senders overrules the default one for exactly those.",
	Rule: "AutoForwardingMode must be Off. On is a finding; Automatic is one of severity low, because the service decides what it means and has changed that before: today it blocks, and the setting does not say so. " +
		"A custom policy counts when its rule is enabled and names senders; one that is not in force is listed as info.",
	Fix: "Set-HostedOutboundSpamFilterPolicy <policy> -AutoForwardingMode Off; where some senders need it, a policy of their own with a rule that names them, recorded as an accepted exception",
	Sources: []string{
		"https://learn.microsoft.com/defender-office-365/outbound-spam-policies-external-email-forwarding",
		"https://learn.microsoft.com/powershell/module/exchangepowershell/set-hostedoutboundspamfilterpolicy",
	},
	Run: runAutoforwardOutboundPolicy,
}

func runAutoforwardOutboundPolicy(in Input) (Output, error) {
	var out Output
	unknown, unsureDefault, hasDefault := 0, false, false
	for p, err := range in.OutboundSpamPolicies() {
		if err != nil {
			return Output{}, err
		}
		hasDefault = hasDefault || isTrue(p.IsDefault)
		unsureDefault = unsureDefault || p.IsDefault == nil
		f, finding, known := outboundPolicyFinding(p)
		if !known {
			unknown++
			continue
		}
		out.Evaluated++
		if finding {
			out.Findings = append(out.Findings, f)
		}
	}
	out.Gaps = gap("IsDefault, AutoForwardingMode or the rule of the policy is not known", unknown)
	if hasDefault || unsureDefault {
		return out, nil
	}
	// Every tenant has a default policy: an answer without it is not the whole answer.
	c, err := in.Coverage(snapshot.OutboundSpamPolicies)
	if err == nil && c.State == snapshot.CoverageComplete {
		out.Gaps = append(out.Gaps, Gap{"the default policy is not among the policies that were read", 1})
	}
	return out, err
}

// outboundPolicyFinding judges one policy. known is false when a value that decides was not sent.
func outboundPolicyFinding(p snapshot.OutboundSpamPolicy) (f Finding, finding, known bool) {
	if p.IsDefault == nil {
		return Finding{}, false, false
	}
	severity, raised, what := Medium, []string{}, "lets mail be forwarded outside automatically"
	switch strings.ToLower(p.AutoForwardingMode) {
	case "off":
		return Finding{}, false, true
	case "on":
	case "automatic":
		severity, what = Low, "leaves automatic forwarding to the service (Automatic is ambiguous: set Off or On)"
		raised = append(raised, "the mode is Automatic")
	default:
		return Finding{}, false, false
	}
	inForce, sure := outboundPolicyInForce(p)
	if !sure {
		return Finding{}, false, false
	}
	if !inForce {
		severity, raised = Info, []string{"the policy is not in force"}
		what += ", and is not in force"
	}
	return Finding{
		Severity: severity,
		Subject:  Subject{Type: "outboundSpamPolicy", ID: snapshot.Key(p), Name: p.Name},
		Summary:  fmt.Sprintf("Outbound spam policy %q %s.", p.Name, what),
		Details: map[string]any{
			"AutoForwardingMode": p.AutoForwardingMode,
			"isDefault":          *p.IsDefault,
			"ruleState":          p.RuleState,
			"appliesTo":          p.AppliesTo,
			"inForce":            inForce,
			"raised":             raised,
		},
		Evidence: []Evidence{evidence(snapshot.OutboundSpamPolicies, p)},
	}, true, true
}

// outboundPolicyInForce reports whether a policy applies to anybody. known is false when the
// senders of an enabled rule were not sent.
func outboundPolicyInForce(p snapshot.OutboundSpamPolicy) (inForce, known bool) {
	switch {
	case isTrue(p.IsDefault):
		return true, true
	case !strings.EqualFold(p.RuleState, "Enabled"):
		return false, true
	}
	return len(p.AppliesTo) > 0, p.AppliesTo != nil
}
