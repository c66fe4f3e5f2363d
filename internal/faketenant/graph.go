package faketenant

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// graphSegments takes "servicePrincipals(appId='x')/owners" apart: the key form becomes a
// segment of its own, "appId='x'".
var graphKey = regexp.MustCompile(`^(\w+)\((.*)\)$`)

func graphSegments(path string) []string {
	var out []string
	for _, s := range strings.Split(strings.Trim(path, "/"), "/") {
		if m := graphKey.FindStringSubmatch(s); m != nil {
			out = append(out, m[1], m[2])
			continue
		}
		out = append(out, s)
	}
	return out
}

// serveGraph answers /v1.0/…; the beta of the few resources that a review may try is not offered.
func (x *exchange) serveGraph() {
	x.graphHeaders()
	_, path, _ := strings.Cut(strings.TrimPrefix(x.r.URL.Path, "/"), "/")
	seg := graphSegments(path)
	if !x.authorized(graphAudience) {
		return
	}
	if strings.HasPrefix(strings.ToLower(x.r.URL.Path), "/beta/") {
		x.graphError(http.StatusBadRequest, "BadRequest", "Resource not found for the segment '"+seg[0]+"'.")
		return
	}
	if x.graphFaults(seg[0]) {
		return
	}
	if strings.EqualFold(seg[0], "$batch") {
		x.graphBatch()
		return
	}
	if x.r.Method != http.MethodGet {
		x.graphError(http.StatusMethodNotAllowed, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
		return
	}
	status, body := x.graphGet(x.r, seg)
	x.answer(status, typeGraph, body)
}

func (x *exchange) graphHeaders() {
	h := x.w.Header()
	n := x.t.serial.Add(1)
	h.Set("OData-Version", "4.0")
	h.Set("request-id", x.t.plan.guid("request", int(n)).String()) // #nosec G115 -- a count
	h.Set("x-ms-resource-unit", "1")
	h.Set("Cache-Control", "no-cache")
	if id := x.r.Header.Get("client-request-id"); id != "" {
		h.Set("client-request-id", id)
	}
}

func (x *exchange) graphError(status int, code, message string) {
	x.answer(status, typeJSON, x.t.graphErrorBody(x.r, code, message))
}

func (t *Tenant) graphErrorBody(r *http.Request, code, message string) []byte {
	b := &bag{}
	id := t.plan.guid("error", 0).String()
	client := r.Header.Get("client-request-id")
	if client == "" {
		client = id
	}
	b.start()
	b.object("error", func() {
		b.str("code", code)
		b.str("message", message)
		b.object("innerError", func() {
			b.str("date", t.plan.now.Format("2006-01-02T15:04:05"))
			b.str("request-id", id)
			b.str("client-request-id", client)
		})
	})
	b.end()
	return b.buf
}

// graphFailure is a refused read.
type graphFailure struct {
	status        int
	code, message string
}

// graphGet answers one read, alone or in a batch.
func (x *exchange) graphGet(r *http.Request, seg []string) (int, []byte) {
	t := x.t
	if !wait(r.Context(), t.opt.InvocationLatency) {
		return http.StatusServiceUnavailable, nil
	}
	// What may not be read may not be expanded either.
	for _, s := range append(slices.Clone(seg), queryOptions(r.URL)["$expand"]) {
		if t.denied[strings.ToLower(s)] {
			return http.StatusForbidden, t.graphErrorBody(r, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
		}
	}
	if f := x.graphRefusal(seg); f != nil {
		return f.status, t.graphErrorBody(r, f.code, f.message)
	}
	q := &graphQuery{x: x, r: r, seg: seg, values: queryOptions(r.URL)}
	body, f := q.route()
	if f != nil {
		return f.status, t.graphErrorBody(r, f.code, f.message)
	}
	return http.StatusOK, body
}

func unknownSegment(s string) *graphFailure {
	return &graphFailure{http.StatusBadRequest, "BadRequest", "Resource not found for the segment '" + s + "'."}
}

func missingResource(id string) *graphFailure {
	return &graphFailure{http.StatusNotFound, "Request_ResourceNotFound", "Resource '" + id + "' does not exist or one of its queried reference-property objects are not present."}
}

func unsupportedQuery() *graphFailure {
	return &graphFailure{http.StatusBadRequest, "Request_UnsupportedQuery", "Unsupported Query."}
}

// route finds the resource of a path.
func (q *graphQuery) route() ([]byte, *graphFailure) {
	id, sub, cast := q.segment(1), strings.ToLower(q.segment(2)), strings.ToLower(q.segment(3))
	switch strings.ToLower(q.seg[0]) {
	case "organization":
		return q.list(q.organizationList())
	case "domains":
		return q.list(q.domainList())
	case "subscribedskus":
		return q.list(q.skuList())
	case "users":
		return q.users(id, sub)
	case "groups":
		return q.groups(id, sub, cast)
	case "serviceprincipals":
		return q.servicePrincipals(id, sub)
	case "applications":
		return q.applications(id, sub)
	case "oauth2permissiongrants":
		return q.list(q.grantList(q.x.t.plan.grants, true))
	case "rolemanagement":
		if strings.EqualFold(id, "directory") {
			return q.roleManagement(sub)
		}
	case "directoryroles":
		return q.directoryRoles(id, sub)
	case "me":
		return q.me(strings.ToLower(id), sub)
	case "policies":
		return q.policies(strings.ToLower(id))
	case "identity":
		if strings.EqualFold(id, "conditionalAccess") && sub == "policies" {
			return q.list(graphList{context: "identity/conditionalAccess/policies", typ: "conditionalAccessPolicy"})
		}
	case "auditlogs":
		return q.auditLogs(strings.ToLower(id))
	}
	return nil, unknownSegment(q.seg[0])
}

func (q *graphQuery) segment(n int) string {
	if n < len(q.seg) {
		return q.seg[n]
	}
	return ""
}

// auditLogs shows that the directory has audit rows even where ingestion of the unified log is off.
func (q *graphQuery) auditLogs(what string) ([]byte, *graphFailure) {
	p := q.x.t.plan
	switch what {
	case "directoryaudits":
		return q.list(graphList{context: "auditLogs/directoryAudits", typ: "directoryAudit", n: 3, defaultPage: 1000, maxPage: 1000, write: func(b *bag, i int) {
			b.str("id", "Directory_"+p.guid("audit", i).String())
			b.str("category", "ApplicationManagement")
			b.str("result", "success")
			b.str("activityDisplayName", []string{"Consent to application", "Add service principal", "Update user"}[i])
			b.date("activityDateTime", dateGraph, p.now.Add(-time.Duration(i+1)*time.Hour))
		}})
	case "signins":
		if q.x.t.opt.NoPremium {
			return nil, &graphFailure{http.StatusForbidden, "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
				"Neither tenant is B2C or tenant doesn't have premium license"}
		}
		return q.list(graphList{context: "auditLogs/signIns", typ: "signIn", defaultPage: 1000, maxPage: 1000})
	}
	return nil, unknownSegment(what)
}
