package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"tenantaudit/internal/azure"
	"tenantaudit/internal/requirements"
	"tenantaudit/internal/transport"
	"tenantaudit/reports"
)

// besideOptions name the environments of a full review that lie beside the tenant. They are
// looked at only when they are named.
type besideOptions struct {
	subscriptions, organizations []string
	armURL, devOpsURL            string
}

// mostBeside keeps a preflight below sixty requests.
const mostBeside = 5

func (o *besideOptions) bind(f *pflag.FlagSet) {
	f.StringSliceVar(&o.subscriptions, "subscription", nil, "ids of Azure subscriptions that hold logs: looks at them too")
	f.StringSliceVar(&o.organizations, "devops-org", nil, "names of Azure DevOps organizations: looks at them too")
	f.StringVar(&o.armURL, "arm-url", "", "base URL of Azure Resource Manager instead of the cloud's")
	f.StringVar(&o.devOpsURL, "devops-url", "", "base URL of the Azure DevOps audit service instead of its own")
}

func (o *besideOptions) validate(c *connectOptions) (err error) {
	for _, id := range o.subscriptions {
		if !azure.ValidSubscription(id) {
			return usageError("--subscription %q is not the id of a subscription, such as 00000000-0000-0000-0000-000000000000", clip(id))
		}
	}
	for _, name := range o.organizations {
		if !azure.ValidOrganization(name) {
			return usageError("--devops-org %q is not the name of an organization: letters, digits and hyphens, as in https://dev.azure.com/NAME", clip(name))
		}
	}
	switch n := len(o.subscriptions) + len(o.organizations); {
	case n > mostBeside:
		return usageError("%d subscriptions and organizations: name at most %d in one preflight", n, mostBeside)
	case len(o.organizations) > 0 && c.cloud != "global":
		return usageError("--devops-org: Azure DevOps is offered in the global cloud only, not in %s", c.cloud)
	}
	return nil
}

// connect sets where the two services answer, if they are to be looked at.
func (o *besideOptions) connect(c *connectOptions) (err error) {
	if len(o.subscriptions) > 0 {
		if c.azureBase, err = baseURL("--arm-url", o.armURL, c.env.Azure); err != nil {
			return err
		}
	}
	if len(o.organizations) > 0 {
		c.devOpsBase, err = baseURL("--devops-url", o.devOpsURL, c.env.DevOps)
	}
	return err
}

// look asks each named environment, and returns the list with what it found.
func (o *besideOptions) look(ctx context.Context, s *session, list []reports.PreflightEnvironment) ([]reports.PreflightEnvironment, error) {
	out := list[: len(list)-2 : len(list)-2]
	subscription, organization := list[len(list)-2], list[len(list)-1]
	end := time.Now().UTC().Truncate(time.Minute)
	from, to := end.Add(-time.Hour).Format(time.RFC3339), end.Format(time.RFC3339)
	for _, id := range o.subscriptions {
		hour := fmt.Sprintf("eventTimestamp ge '%s' and eventTimestamp le '%s'", from, to)
		found, err := azure.Subscription(ctx, s.stack, s.stack.Base(transport.Azure), strings.ToLower(id), s.tenantID, hour)
		if err != nil {
			return nil, err
		}
		out = append(out, beside(subscription, strings.ToLower(id), found))
	}
	if len(o.subscriptions) == 0 {
		out = append(out, subscription)
	}
	for _, name := range o.organizations {
		query := url.Values{"startTime": {from}, "endTime": {to}}.Encode()
		found, err := azure.Organization(ctx, s.stack, s.stack.Base(transport.DevOps), name, query)
		if err != nil {
			return nil, err
		}
		out = append(out, beside(organization, name, found))
	}
	if len(o.organizations) == 0 {
		out = append(out, organization)
	}
	return out, nil
}

func beside(e reports.PreflightEnvironment, target string, found azure.Outlook) reports.PreflightEnvironment {
	e.Target, e.Outlook, e.Why, e.Fix, e.Notes, e.Excess = target, found.State, found.Why, found.Grant, found.Notes, found.Excess
	e.State = string(found.State)
	if len(found.Why) > 0 {
		e.State += ": " + strings.Join(found.Why, "; ")
	}
	return e
}

// openBeside counts the environments that were looked at and would not show everything.
func openBeside(p *reports.Preflight) (n int) {
	for _, e := range p.Environments {
		if e.Target != "" && e.Outlook != requirements.Works {
			n++
		}
	}
	return n
}

// azureRole is a role definition for az role definition create, with what reading the logs'
// settings takes and nothing else.
type azureRole struct {
	Name             string
	IsCustom         bool
	Description      string
	Actions          []string
	NotActions       []string
	AssignableScopes []string
}

func (o *besideOptions) role() *azureRole {
	if len(o.subscriptions) == 0 {
		return nil
	}
	r := &azureRole{Name: "tenantaudit Log Reader", IsCustom: true, Description: "Reads the activity log, diagnostic settings and Log Analytics workspaces. Changes nothing.",
		Actions: azure.Actions(), NotActions: []string{}}
	for _, id := range o.subscriptions {
		r.AssignableScopes = append(r.AssignableScopes, "/subscriptions/"+strings.ToLower(id))
	}
	return r
}

func (r *azureRole) json() (string, error) {
	if r == nil {
		return "", errors.New("no role")
	}
	b, err := json.MarshalIndent(r, "", "  ")
	return string(b), err
}
