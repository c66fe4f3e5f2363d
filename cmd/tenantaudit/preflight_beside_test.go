package main

import (
	"encoding/json"
	"strings"
	"testing"

	"tenantaudit/internal/faketenant"
	"tenantaudit/internal/requirements"
)

// A subscription and an organization are looked at when they are named, and not else.
func TestPreflightBesideTheTenant(t *testing.T) {
	const other = "99999999-8888-4777-8666-555555555555"
	for _, c := range []struct {
		name         string
		options      faketenant.Options
		subscription string
		code         int
		azure, ops   requirements.State
	}{
		{"works", faketenant.Options{}, faketenant.SimulatedSubscription, exitOK, requirements.Works, requirements.Works},
		{"some", faketenant.Options{AzureRole: faketenant.RoleActivityReader, DevOps: faketenant.DevOpsDenied}, faketenant.SimulatedSubscription, exitCoverage, requirements.Partly, requirements.Blind},
		{"none", faketenant.Options{AzureRole: faketenant.RoleNone, DevOps: faketenant.DevOpsStranger}, other, exitCoverage, requirements.Blind, requirements.Blind},
		{"owner", faketenant.Options{AzureRole: faketenant.RoleOwner}, faketenant.SimulatedSubscription, exitOK, requirements.Works, requirements.Works},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.options.Mailboxes = 5
			tenant, url := simulator(t, c.options)
			withTokens(t, tenant)
			t.Setenv("TENANTAUDIT_ARM_TOKEN", tenant.Token("https://management.azure.com"))
			t.Setenv("TENANTAUDIT_DEVOPS_TOKEN", tenant.Token("499b84ac-1321-427f-aa17-267ca6975798"))
			args := []string{"--checks", "licence.inventory", "--subscription", strings.ToUpper(c.subscription), "--devops-org", "contoso", "--arm-url", url, "--devops-url", url}
			code, out, errs := tenantaudit(t, t.Context(), preflightArgs(tenant, url, append(args, "--require-coverage")...)...)
			if code != c.code {
				t.Errorf("exit %d, want %d\n%s", code, c.code, errs)
			}
			golden(t, "env-"+c.name+".txt", out)
			before := tenant.Stats().Requests
			p := preflightDocument(t, tenant, url, args...)
			if len(p.Environments) != 4 || p.Environments[2].Outlook != c.azure || p.Environments[3].Outlook != c.ops || p.Environments[2].Target != c.subscription || p.Environments[3].Target != "contoso" {
				t.Errorf("environments %+v", p.Environments)
			}
			if n := tenant.Stats().Requests - before; n != p.Requests {
				t.Errorf("the document says %d requests, the service counted %d", p.Requests, n)
			}
			// Not named: not asked.
			for _, e := range preflightDocument(t, tenant, url, "--checks", "licence.inventory").Environments[2:] {
				if e.Target != "" || !strings.Contains(e.State, "only with") {
					t.Errorf("%+v", e)
				}
			}
		})
	}
}

// Without a token for them the rest of the preflight stands.
func TestPreflightBesideWithoutAToken(t *testing.T) {
	tenant, url := simulator(t, faketenant.Options{Mailboxes: 5})
	withTokens(t, tenant)
	p := preflightDocument(t, tenant, url, "--checks", "licence.inventory", "--subscription", faketenant.SimulatedSubscription, "--arm-url", url)
	e := p.Environments[2]
	if e.Outlook != requirements.Blind || !strings.Contains(strings.Join(e.Why, " "), "no token was given") || p.Checks[0].State != requirements.Works {
		t.Errorf("%+v, check %+v", e, p.Checks[0])
	}
}

func TestPreflightBesideBadInput(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--subscription", "contoso"}, "is not the id of a subscription"},
		{[]string{"--subscription", faketenant.SimulatedSubscription + "/resourceGroups/x"}, "is not the id of a subscription"},
		{[]string{"--devops-org", "con/toso"}, "is not the name of an organization"},
		{[]string{"--devops-org", "a,b,c,d,e,f"}, "name at most 5"},
		{[]string{"--devops-org", "contoso", "--cloud", "usgov"}, "in the global cloud only"},
		{[]string{"--subscription", faketenant.SimulatedSubscription, "--arm-url", "http://arm.example"}, "http is accepted for loopback hosts only"},
	} {
		code, _, errs := tenantaudit(t, t.Context(), append([]string{"preflight", "--tenant", "contoso.example", "--auth", "token"}, c.args...)...)
		if code != exitUsage || !strings.Contains(errs, c.want) {
			t.Errorf("%v: exit %d, %q; want %q", c.args, code, errs, c.want)
		}
	}
}

// The custom role holds what is looked at, for the named subscriptions.
func TestPrintGrantOfASubscription(t *testing.T) {
	code, out, errs := tenantaudit(t, t.Context(), "preflight", "--print-grant", "--checks", "licence.inventory", "--format", "json", "--subscription", faketenant.SimulatedSubscription)
	var d grantDocument
	if code != exitOK || json.Unmarshal([]byte(out), &d) != nil || d.AzureRole == nil {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	if r := d.AzureRole; len(r.Actions) != 4 || len(r.AssignableScopes) != 1 || r.AssignableScopes[0] != "/subscriptions/"+faketenant.SimulatedSubscription {
		t.Errorf("%+v", r)
	}
	for _, a := range d.AzureRole.Actions {
		if !strings.HasSuffix(a, "/read") {
			t.Errorf("the role allows %s", a)
		}
	}
}
