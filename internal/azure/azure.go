// Package azure finds out what an identity could read in the two environments of a full review
// that lie outside Microsoft 365: an Azure subscription that holds logs, and an Azure DevOps
// organization. It sends a handful of GETs per target and reads no log.
//
// A subscription is judged by what the identity tries: each thing that a review of logs reads is
// asked for once, with the smallest answer. The list of its permissions there says what cannot be
// tried and what goes beyond reading; where that list is refused, both stay open and are named so.
package azure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"tenantaudit/internal/requirements"
	"tenantaudit/internal/transport"
)

// Getter sends one GET; a *transport.Stack.
type Getter interface {
	Get(context.Context, transport.Request) (*transport.Response, error)
}

// Outlook is what can be expected of one target.
type Outlook struct {
	State  requirements.State
	Why    []string // what cannot be read and why; [] when all can
	Grant  string   // the smallest that fixes it; "" when nothing is missing or nothing known helps
	Notes  []string
	Excess []string // what the identity can do there beyond reading
}

// LogAnalyticsReader is the built-in role that reads all that is looked at.
const LogAnalyticsReader = "Log Analytics Reader"

// need is one thing that a review of the logs of a subscription reads.
type need struct {
	what, action string
	probe        string // below the subscription; "" when only the list of permissions tells
}

// needs of a subscription.
// Sources: https://learn.microsoft.com/azure/role-based-access-control/permissions/monitor for the
// actions, https://learn.microsoft.com/rest/api/monitor/ and
// https://learn.microsoft.com/rest/api/loganalytics/workspaces/list for the requests.
var needs = []need{
	{"the activity log", "Microsoft.Insights/eventtypes/values/read", "providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01"},
	{"the diagnostic settings", "Microsoft.Insights/diagnosticSettings/read", "providers/Microsoft.Insights/diagnosticSettings?api-version=2021-05-01-preview"},
	{"the Log Analytics workspaces", "Microsoft.OperationalInsights/workspaces/read", "providers/Microsoft.OperationalInsights/workspaces?api-version=2023-09-01"},
	{"what the workspaces hold", "Microsoft.OperationalInsights/workspaces/query/read", ""},
}

// Actions are what a custom role for a subscription needs, and no more.
func Actions() []string {
	out := make([]string, len(needs))
	for i, n := range needs {
		out[i] = n.action
	}
	return out
}

var (
	subscriptionID = regexp.MustCompile(`^(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	organization   = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9-]{0,48}[A-Za-z0-9])?$`)
)

// ValidSubscription reports whether s has the form of a subscription id.
func ValidSubscription(s string) bool { return subscriptionID.MatchString(s) }

// ValidOrganization reports whether s can be the name of an Azure DevOps organization.
// Source: https://learn.microsoft.com/azure/devops/organizations/settings/naming-restrictions
func ValidOrganization(s string) bool { return organization.MatchString(s) }

// Subscription looks at one subscription. hour is a filter for the activity log that makes the answer
// small. The error is that of ctx alone: every other failure is part of the outlook.
func Subscription(ctx context.Context, g Getter, base *url.URL, id, tenant, hour string) (Outlook, error) {
	o := Outlook{State: requirements.Works, Why: []string{}, Notes: []string{}, Excess: []string{}}
	body, err := get(ctx, g, transport.Azure, base, "subscriptions/"+id+"?api-version=2022-12-01")
	if ctx.Err() != nil {
		return o, context.Cause(ctx)
	}
	if err != nil {
		o.State, o.Why = stateOf(err), append(o.Why, "the subscription is not visible: "+words(err))
		if o.State == requirements.Blind {
			o.Grant = "role " + LogAnalyticsReader + " on the subscription"
		}
		return o, nil
	}
	var s struct {
		TenantID string `json:"tenantId"`
		State    string `json:"state"`
	}
	if json.Unmarshal(body, &s) == nil {
		if s.TenantID != "" && !strings.EqualFold(s.TenantID, tenant) {
			o.Notes = append(o.Notes, "The subscription belongs to another tenant ("+s.TenantID+").")
		}
		if s.State != "" && !strings.EqualFold(s.State, "Enabled") {
			o.Notes = append(o.Notes, "The subscription is "+s.State+".")
		}
	}
	held, heldErr := permissions(ctx, g, base, id)
	if ctx.Err() != nil {
		return o, context.Cause(ctx)
	}
	if heldErr == nil {
		o.Excess = beyond(held)
	} else {
		o.Notes = append(o.Notes, "What else the identity may do there is not known: "+words(heldErr)+".")
	}
	return o, o.try(ctx, g, base, id, hour, held, heldErr)
}

// try asks for each need, and folds the answers.
func (o *Outlook) try(ctx context.Context, g Getter, base *url.URL, id, hour string, held []permission, heldErr error) error {
	var missing []string
	count := map[requirements.State]int{}
	for _, n := range needs {
		state, why := requirements.Works, ""
		switch {
		case n.probe != "":
			path := "subscriptions/" + id + "/" + n.probe
			if strings.Contains(path, "/eventtypes/") {
				path += "&$filter=" + url.QueryEscape(hour) + "&$select=eventTimestamp"
			}
			if _, err := get(ctx, g, transport.Azure, base, strings.ReplaceAll(path, "+", "%20")); err != nil {
				state, why = stateOf(err), words(err)
			}
		case heldErr != nil:
			state, why = requirements.Unknown, "the list of permissions cannot be read"
		case !allows(held, n.action):
			state, why = requirements.Blind, "no role of the identity allows "+n.action
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		count[state]++
		if state != requirements.Works {
			o.Why = append(o.Why, n.what+": "+why)
		}
		if state == requirements.Blind {
			missing = append(missing, n.action)
		}
	}
	switch {
	case count[requirements.Blind] == len(needs):
		o.State = requirements.Blind
	case count[requirements.Blind] > 0:
		o.State = requirements.Partly
	case count[requirements.Unknown] > 0:
		o.State = requirements.Unknown
	}
	if len(missing) > 0 {
		o.Grant = "role " + LogAnalyticsReader + " on the subscription, or a custom role with " + strings.Join(missing, ", ")
	}
	return nil
}

// permission is one entry of the caller's permissions: what a role allows, less what it leaves out.
type permission struct {
	Actions    []string `json:"actions"`
	NotActions []string `json:"notActions"`
}

// maxPages bounds the list of permissions: an identity has a few roles.
const maxPages = 5

// permissions are what the identity may do in the subscription.
// Source: https://learn.microsoft.com/rest/api/authorization/permissions
func permissions(ctx context.Context, g Getter, base *url.URL, id string) (out []permission, err error) {
	path := "subscriptions/" + id + "/providers/Microsoft.Authorization/permissions?api-version=2022-04-01"
	for range maxPages {
		body, err := get(ctx, g, transport.Azure, base, path)
		if err != nil {
			return nil, err
		}
		var page struct {
			Value    *[]permission `json:"value"`
			NextLink string        `json:"nextLink"`
		}
		if err := json.Unmarshal(body, &page); err != nil || page.Value == nil {
			return nil, errors.New("the answer is no list")
		}
		out = append(out, *page.Value...)
		if page.NextLink == "" {
			return out, nil
		}
		next, err := url.Parse(page.NextLink)
		if err != nil || !strings.EqualFold(next.Host, base.Host) {
			return nil, errors.New("the list goes on at another host")
		}
		path = strings.TrimPrefix(next.RequestURI(), "/")
	}
	return nil, fmt.Errorf("the list has more than %d pages", maxPages)
}

// allows reports whether one of the entries allows an action. Names are compared without case, and
// "*" stands for any text.
func allows(held []permission, action string) bool {
	return slices.ContainsFunc(held, func(p permission) bool { return anyMatches(p.Actions, action) && !anyMatches(p.NotActions, action) })
}

func anyMatches(patterns []string, action string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(strings.ToLower(p), strings.ToLower(action)) })
}

// matches compares by hand: a pattern is foreign text.
func matches(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == s
	}
	if !strings.HasPrefix(s, parts[0]) {
		return false
	}
	s = s[len(parts[0]):]
	for _, middle := range parts[1 : len(parts)-1] {
		i := strings.Index(s, middle)
		if i < 0 {
			return false
		}
		s = s[i+len(middle):]
	}
	return strings.HasSuffix(s, parts[len(parts)-1])
}

// harmless are actions with a wildcard that change nothing of the tenant's: opening a support case, which
// every built-in reader role may, and the activity log, which knows nothing but reading.
var harmless = []string{"microsoft.support/", "microsoft.insights/eventtypes/"}

// beyond names what goes beyond reading: each action that can write or delete, or any at all.
func beyond(held []permission) []string {
	out := []string{}
	for _, p := range held {
		for _, a := range p.Actions {
			low := strings.ToLower(a)
			last := low[strings.LastIndexByte(low, '/')+1:]
			switch {
			case low == "*":
				a = "everything (*)"
			case slices.ContainsFunc(harmless, func(prefix string) bool { return strings.HasPrefix(low, prefix) }):
				continue
			case last != "write" && last != "delete" && last != "*":
				continue
			}
			if !slices.Contains(out, a) {
				out = append(out, a)
			}
		}
	}
	slices.Sort(out)
	return out
}

// Organization looks at one Azure DevOps organization. query holds a start and an end that make the answer small.
// Source: https://learn.microsoft.com/rest/api/azure/devops/audit/audit-log/query
func Organization(ctx context.Context, g Getter, base *url.URL, name, query string) (Outlook, error) {
	o := Outlook{State: requirements.Works, Why: []string{}, Notes: []string{}, Excess: []string{}}
	_, err := get(ctx, g, transport.DevOps, base, name+"/_apis/audit/auditlog?batchSize=1&"+query+"&api-version=7.1-preview.1")
	if ctx.Err() != nil {
		return o, context.Cause(ctx)
	}
	if err == nil {
		o.Notes = append(o.Notes, "Whether the organization's policy Log Audit Events is on cannot be asked this way: look at its settings.")
		return o, nil
	}
	o.State, o.Why = stateOf(err), append(o.Why, "the audit log: "+words(err))
	var f *transport.Failure
	if !errors.As(err, &f) {
		return o, nil
	}
	switch {
	case f.Status == http.StatusForbidden:
		o.Grant = "the permission View audit log of the organization"
	case f.Status == http.StatusUnauthorized, f.Status == http.StatusNonAuthoritativeInfo, f.Status >= 300 && f.Status < 400:
		// The service sends people it does not know to its sign-in page.
		o.State = requirements.Blind
		o.Why = []string{"the audit log: the organization does not know this identity, or is not connected to this tenant"}
		o.Grant = "access to the organization, and its permission View audit log"
	case f.Status == http.StatusNotFound:
		o.Why = []string{"there is no organization of that name, or this identity may not know of it"}
	}
	return o, nil
}

// get reads one answer, sent once: a preflight tells what it saw.
func get(ctx context.Context, g Getter, s transport.Service, base *url.URL, path string) ([]byte, error) {
	u := *base
	u.Path, u.RawQuery, _ = strings.Cut("/"+path, "?")
	res, err := g.Get(ctx, transport.Request{Service: s, URL: &u, Classify: classify})
	if err != nil {
		return nil, err
	}
	return res.Body, nil
}

// classify takes every answer as it is but for load: no answer is asked for again.
func classify(r *transport.Response) transport.Outcome {
	if r.Status == http.StatusOK && json.Valid(r.Body) {
		return transport.Outcome{Verdict: transport.OK}
	}
	if r.Status == http.StatusUnauthorized {
		return transport.Outcome{Verdict: transport.Denied, Err: errors.New("the service does not accept this sign-in" + message(r.Body))}
	}
	if o, known := transport.Common(r); known && o.Verdict != transport.Invalid && r.Status != http.StatusNonAuthoritativeInfo {
		o.MaxTries = 1
		return o
	}
	verdict := transport.Denied
	if r.Status == http.StatusNotFound {
		verdict = transport.Missing
	}
	if r.Status != http.StatusForbidden && r.Status != http.StatusNotFound {
		verdict = transport.Invalid
	}
	return transport.Outcome{Verdict: verdict, Err: fmt.Errorf("status %d%s", r.Status, message(r.Body))}
}

// message is what the service says, from either form of its errors; "" when it says nothing.
func message(body []byte) string {
	var e struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &e) != nil {
		return ""
	}
	text := e.Error.Code // says the same as its message, shorter
	for _, longer := range []string{e.Error.Message, e.Message} {
		if text == "" {
			text = longer
		}
	}
	if text == "" {
		return ""
	}
	return ": " + transport.Snippet([]byte(text))
}

// stateOf is blind for what was refused, unknown for what nobody could tell.
func stateOf(err error) requirements.State {
	switch {
	case errors.Is(err, transport.ErrDenied), errors.Is(err, transport.ErrMissing), errors.Is(err, transport.ErrSignIn):
		return requirements.Blind
	}
	return requirements.Unknown
}

// words is an error without the request's address, which the target names already.
func words(err error) string {
	var f *transport.Failure
	if errors.As(err, &f) && f.Err != nil {
		return f.Err.Error()
	}
	return err.Error()
}
