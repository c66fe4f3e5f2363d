package faketenant

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Ways in which Exchange says that a caller may not run a cmdlet.
const (
	denyNUL      = "nul403"
	denyJSON     = "json403"
	denyEntity   = "entity401"
	denyNotFound = "400notfound"
)

// serveExchange answers /adminapi/{version}/{tenant}/…; paths match in any case.
func (x *exchange) serveExchange() {
	parts := strings.SplitN(strings.TrimPrefix(x.r.URL.Path, "/"), "/", 4)
	if len(parts) < 3 {
		x.exo(http.StatusNotFound, envelope("NotFound", "No HTTP resource was found that matches the request URI.", "", ""))
		return
	}
	version, tenant, rest := strings.ToLower(parts[1]), parts[2], ""
	if len(parts) == 4 {
		rest = parts[3]
	}
	if version != "beta" && version != "v1.0" && version != "v2.0" {
		x.exo(http.StatusNotFound, envelope("NotFound", "The version is not supported.", "", ""))
		return
	}
	x.exchangeHeaders()
	if most := x.t.opt.InFlight; most > 0 {
		defer x.t.inFlight.Add(-1)
		if x.t.inFlight.Add(1) > int64(most) {
			x.w.Header().Set(headerRetry, "1")
			x.exo(http.StatusTooManyRequests, concurrencyRefusal("").body)
			return
		}
	}
	if !x.authorized(exchangeAudience) {
		return
	}
	if !x.t.isTenant(tenant) {
		x.exo(http.StatusForbidden, envelope("Forbidden", "The tenant of the token does not match the tenant of the request.", "", ""))
		return
	}
	x.affinityCookie()
	if x.keptOut() {
		return
	}
	low := strings.ToLower(rest)
	if x.exchangeFaults(low) {
		return
	}
	switch {
	case low == "invokecommand":
		if version != "beta" && x.t.opt.Strict.BetaOnly {
			x.exo(http.StatusMethodNotAllowed, envelope("MethodNotAllowed", "InvokeCommand is not available in this version.", "", ""))
			return
		}
		x.invokeCommand()
	case low == "$batch":
		if version != "beta" && x.t.opt.Strict.BetaOnly {
			x.exo(http.StatusMethodNotAllowed, envelope("MethodNotAllowed", "$batch is not available in this version.", "", ""))
			return
		}
		x.batch()
	case version == "v2.0":
		x.supportedPost(rest)
	case x.r.Method != http.MethodGet:
		x.exo(http.StatusMethodNotAllowed, envelope("MethodNotAllowed", "The requested resource does not support http method '"+x.r.Method+"'.", "", ""))
	case low == "exomodulefile":
		x.moduleFile()
	case strings.HasPrefix(low, "exobanner("):
		x.exo(http.StatusOK, []byte(`{"@odata.context":"`+x.base()+`/$metadata#EXOBanner/$entity","Id":"AutogenSession","Message":""}`))
	case low == "":
		x.serviceDocument()
	case low == "cmdletinfo":
		x.cmdletInfo()
	default:
		x.entity(rest)
	}
}

// isTenant is true for the tenant id and every domain of the tenant.
func (t *Tenant) isTenant(s string) bool {
	if strings.EqualFold(s, t.ID()) {
		return true
	}
	for _, d := range t.plan.domains {
		if strings.EqualFold(s, d.name) {
			return true
		}
	}
	return false
}

// base is the address of the version and tenant that the request used.
func (x *exchange) base() string {
	parts := strings.SplitN(strings.TrimPrefix(x.r.URL.Path, "/"), "/", 4)
	return x.origin() + "/" + strings.Join(parts[:3], "/")
}

// origin is scheme and host as the client wrote them.
func (x *exchange) origin() string {
	if x.r.TLS != nil {
		return "https://" + x.r.Host
	}
	return "http://" + x.r.Host
}

// exchangeHeaders sets what every answer of Exchange carries.
func (x *exchange) exchangeHeaders() {
	h := x.w.Header()
	n := x.t.serial.Add(1)
	h.Set("OData-Version", "4.0")
	h.Set("request-id", x.t.plan.guid("request", int(n)).String()) // #nosec G115 -- a count of requests
	h.Set("X-CalculatedFETarget", "DB7PR08CU001.internal.outlook.com")
	h.Set("X-CalculatedBETarget", "DB7PR08MB1234.EURPR08.PROD.OUTLOOK.COM")
	h.Set("Preference-Applied", `odata.include-annotations="*"`)
	h.Set("Rate-Limit-Limit", "30000")
	h.Set("Rate-Limit-Remaining", strconv.FormatUint(30000-n%30000, 10))
	h.Set("Rate-Limit-Reset", time.Now().Add(16*time.Second).UTC().Format("2006-01-02T15:04:05.000Z"))
	h.Set("X-ConcurrencyCount", "0")
	h.Set("X-CombinedAppOnlyConcurrencyCount", "0")
	h.Set("OrganizationStatus", "3")
	if id := x.r.Header.Get("client-request-id"); id != "" {
		h.Set("client-request-id", id)
	}
}

// affinityCookie hands out the cookie that keeps a client at one server.
func (x *exchange) affinityCookie() {
	if c, err := x.r.Cookie(affinity); err == nil && c.Value != "" {
		return
	}
	c := &http.Cookie{Name: affinity, Value: strings.ReplaceAll(x.t.plan.guid("cookie", int(x.t.serial.Load())).String(), "-", ""), // #nosec G115 -- a count
		Path: "/", HttpOnly: true, Secure: x.r.TLS != nil, SameSite: http.SameSiteLaxMode}
	http.SetCookie(x.w, c)
	x.r.AddCookie(c)
}

func (x *exchange) cookie() string {
	c, err := x.r.Cookie(affinity)
	if err != nil {
		return ""
	}
	return c.Value
}

// exo answers with a body in Exchange's form.
func (x *exchange) exo(status int, body []byte) {
	if status == http.StatusOK {
		if f := x.t.faults.hit(FaultSlowBody, x.r.Header.Get("X-CmdletName"), 0); f != nil {
			x.slow(body, f.Delay)
			return
		}
	}
	x.answer(status, typeExchange, body)
}

// invokeCommand is POST InvokeCommand, and its continuation.
func (x *exchange) invokeCommand() {
	if x.r.Method != http.MethodPost {
		if x.t.opt.Strict.ContinueByPost || x.r.Method != http.MethodGet {
			x.w.Header().Set("Allow", http.MethodPost)
			x.exo(http.StatusMethodNotAllowed, envelope("MethodNotAllowed", "The requested resource does not support http method '"+x.r.Method+"'.", "", ""))
			return
		}
	}
	body, err := io.ReadAll(io.LimitReader(x.r.Body, 1<<20))
	if err != nil {
		return // the client went away
	}
	inv := x.invocation(x.r.URL, x.r.Header)
	if x.r.Method == http.MethodPost {
		if !strings.HasPrefix(strings.ToLower(x.r.Header.Get("Content-Type")), typeJSON) {
			x.exo(http.StatusUnsupportedMediaType, envelope("UnsupportedMediaType", "The request entity's media type is not supported for this resource.", "", ""))
			return
		}
		if e := inv.decode(body); e != nil {
			x.exo(e.status, e.body)
			return
		}
	}
	x.deliver(x.t.invoke(x.r.Context(), inv, x))
}

// deliver writes the result of one cmdlet.
func (x *exchange) deliver(res result) {
	for k, v := range res.header {
		x.w.Header().Set(k, v)
	}
	if res.nul {
		// The bytes are no gzip although the header says so.
		h := x.w.Header()
		h.Set("Content-Type", typeExchange)
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", "4096")
		x.status = res.status
		x.w.WriteHeader(res.status)
		_, _ = x.w.Write(make([]byte, 4096))
		return
	}
	if res.cut {
		x.cut(res.body)
		return
	}
	x.exo(res.status, res.body)
}

// invocation reads what a request says besides its body.
func (x *exchange) invocation(u *url.URL, h http.Header) invocation {
	inv := invocation{
		base: x.base(), host: x.r.Host, cookie: x.cookie(), anchor: h.Get(headerAnchor), pageSize: pageSize(h.Get("Prefer")),
		token: queryValue(u, "$skiptoken"), sel: selectOf(u),
	}
	return inv
}

// queryValue finds a query option in any case, with or without an encoded "$".
func queryValue(u *url.URL, name string) string {
	for k, v := range u.Query() {
		if strings.EqualFold(k, name) && len(v) > 0 {
			return v[0]
		}
	}
	return ""
}

func selectOf(u *url.URL) []string {
	if s := queryValue(u, "$select"); s != "" {
		return strings.Split(s, ",")
	}
	return nil
}

// pageSize reads odata.maxpagesize; 0 when it is not there.
func pageSize(prefer string) int {
	for _, p := range strings.FieldsFunc(prefer, func(r rune) bool { return r == ';' || r == ',' }) {
		k, v, ok := strings.Cut(p, "=")
		if !ok || !strings.EqualFold(strings.TrimSpace(k), "odata.maxpagesize") {
			continue
		}
		n, err := strconv.Atoi(strings.TrimSpace(v))
		if err == nil && n > 0 {
			return n
		}
	}
	return 0
}

// decode reads {"CmdletInput":{"CmdletName":…,"Parameters":{…}}}.
func (inv *invocation) decode(body []byte) *failure {
	var in struct {
		CmdletInput *struct {
			CmdletName string
			Parameters json.RawMessage
		}
	}
	if err := json.Unmarshal(body, &in); err != nil || in.CmdletInput == nil || in.CmdletInput.CmdletName == "" {
		return invalid("The request body is not valid.", "Microsoft.OData.ODataException")
	}
	inv.cmdlet = in.CmdletInput.CmdletName
	raw := strings.TrimSpace(string(in.CmdletInput.Parameters))
	if !strings.HasPrefix(raw, "{") {
		return invalid("Parameters must be an object.", "Microsoft.OData.ODataException")
	}
	dec := json.NewDecoder(strings.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&inv.params); err != nil {
		return invalid("Parameters cannot be read.", "Microsoft.OData.ODataException")
	}
	return nil
}
