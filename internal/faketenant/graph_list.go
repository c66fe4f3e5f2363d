package faketenant

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// graphQuery is one read with its options.
type graphQuery struct {
	x      *exchange
	r      *http.Request
	seg    []string
	values map[string]string // lower-case option names with "$"
}

func queryOptions(u *url.URL) map[string]string {
	out := map[string]string{}
	for k, v := range u.Query() {
		k = strings.ToLower(k)
		if !strings.HasPrefix(k, "$") {
			k = "$" + k
		}
		out[k] = v[0]
	}
	return out
}

// graphList is a collection before paging.
type graphList struct {
	context     string
	typ         string   // microsoft.graph type for messages
	props       []string // what $select may name; nil: anything
	standard    []string // what is sent without $select; nil: everything
	expands     []string
	n           int
	write       func(b *bag, i int)
	get         func(i int, property string) (string, bool) // for $filter
	defaultPage int                                         // 0: not paged
	maxPage     int
	advanced    bool // $count and $filter on counts are offered
}

// list pages, filters and writes a collection.
func (q *graphQuery) list(l graphList) ([]byte, *graphFailure) {
	level := q.r.Header.Get(headerLevel) != ""
	if f := q.checkOptions(l, level); f != nil {
		return nil, f
	}
	rows, f := q.filtered(l, level)
	if f != nil {
		return nil, f
	}
	size := len(rows)
	if l.defaultPage > 0 {
		size = l.defaultPage
		if s := q.values["$top"]; s != "" {
			n, err := strconv.Atoi(s)
			if err != nil || n < 1 || n > l.maxPage {
				return nil, &graphFailure{http.StatusBadRequest, "Request_BadRequest",
					"Invalid page size specified: '" + s + "'. Must be between 1 and " + itoa(l.maxPage) + " inclusive."}
			}
			size = n
		}
		if c := q.x.t.opt.PageSizeCap; c > 0 {
			size = min(size, c)
		}
	}
	offset := 0
	if s := q.values["$skiptoken"]; s != "" {
		tk, ok := decodeGraphToken(s)
		if !ok || tk.Path != strings.ToLower(q.r.URL.Path) {
			return nil, &graphFailure{http.StatusBadRequest, "DirectoryPageTokenNotFoundException", "The page token is not known."}
		}
		if q.x.t.faults.fire(FaultGraphExpiredPage, q.seg[0], 0) {
			return nil, &graphFailure{http.StatusBadRequest, "Directory_ExpiredPageToken",
				"The specified page token value has expired and can no longer be included in your request."}
		}
		if tk.Level && !level && q.x.t.opt.Strict.ConsistencyOnPage {
			return nil, unsupportedQuery()
		}
		offset = min(tk.Offset, len(rows))
	}
	end := min(offset+size, len(rows))
	if end < len(rows) && q.x.t.faults.fire(FaultGraphEmptyPage, q.seg[0], 0) {
		end = offset
	}
	b := &bag{buf: make([]byte, 0, 4096)}
	b.start()
	b.str("@odata.context", q.x.origin()+"/v1.0/$metadata#"+l.context+q.selected())
	if level && l.advanced && strings.EqualFold(q.values["$count"], "true") && q.values["$skiptoken"] == "" {
		b.int("@odata.count", len(rows))
	}
	if end < len(rows) {
		b.str("@odata.nextLink", q.nextLink(end, level))
	}
	sel := q.selection(l)
	b.array("value", end-offset, func(i int) {
		b.start()
		b.sel = sel
		l.write(b, rows[offset+i])
		b.sel = nil
		b.end()
	})
	b.end()
	return b.buf, nil
}

// item writes one object, or says that there is none.
func (q *graphQuery) item(l graphList, i int, id string) ([]byte, *graphFailure) {
	if f := q.checkOptions(l, true); f != nil {
		return nil, f
	}
	if i < 0 {
		return nil, missingResource(id)
	}
	b := &bag{}
	b.start()
	b.str("@odata.context", q.x.origin()+"/v1.0/$metadata#"+l.context+q.selected()+"/$entity")
	b.sel = q.selection(l)
	l.write(b, i)
	b.sel = nil
	b.end()
	return b.buf, nil
}

func (q *graphQuery) selection(l graphList) *selection {
	names := l.standard
	if s := q.values["$select"]; s != "" {
		names = strings.Split(s, ",")
	} else if len(l.standard) == 0 {
		return nil
	}
	names = append(slices.Clone(names), "@odata.type")
	if e := q.values["$expand"]; e != "" {
		names = append(names, e)
	}
	return newSelection(names)
}

func (q *graphQuery) selected() string {
	parts := q.values["$select"]
	if e := q.values["$expand"]; e != "" {
		if parts != "" {
			parts += ","
		}
		parts += e + "()"
	}
	if parts == "" {
		return ""
	}
	return "(" + parts + ")"
}

// notOnCollections are properties that exist for a single user only.
var notOnCollections = map[string]bool{"mailboxsettings": true, "aboutme": true, "birthday": true, "hiredate": true, "interests": true, "mysite": true}

// checkOptions refuses what the service refuses.
func (q *graphQuery) checkOptions(l graphList, level bool) *graphFailure {
	if s := q.values["$select"]; s != "" && l.props != nil {
		for _, n := range strings.Split(s, ",") {
			n = strings.TrimSpace(n)
			if l.typ == "user" && notOnCollections[strings.ToLower(n)] {
				return &graphFailure{http.StatusNotImplemented, "NotImplemented", "The property '" + n + "' is not available on a collection."}
			}
			if !slices.ContainsFunc(l.props, func(k string) bool { return strings.EqualFold(k, n) }) {
				return &graphFailure{http.StatusBadRequest, "Request_BadRequest", "Could not find a property named '" + n + "' on type 'microsoft.graph." + l.typ + "'."}
			}
		}
	}
	if e := q.values["$expand"]; e != "" && !slices.ContainsFunc(l.expands, func(k string) bool { return strings.EqualFold(k, e) }) {
		return &graphFailure{http.StatusBadRequest, "Request_BadRequest", "Could not find a property named '" + e + "' on type 'microsoft.graph." + l.typ + "'."}
	}
	if q.values["$skip"] != "" {
		return &graphFailure{http.StatusBadRequest, "Request_BadRequest", "'$skip' is not supported by the service."}
	}
	counted := strings.EqualFold(q.values["$count"], "true") && q.values["$skiptoken"] == ""
	if q.values["$search"] != "" || counted && l.advanced && !level {
		return unsupportedQuery()
	}
	return nil
}

// filtered lists the numbers of the rows that pass $filter: equality, joined by "and".
func (q *graphQuery) filtered(l graphList, level bool) ([]int, *graphFailure) {
	rows := make([]int, 0, l.n)
	var tests [][2]string
	if f := q.values["$filter"]; f != "" {
		for _, part := range strings.Split(f, " and ") {
			if strings.TrimSpace(part) == "assignedLicenses/$count ne 0" {
				if !level || !strings.EqualFold(q.values["$count"], "true") {
					return nil, unsupportedQuery()
				}
				tests = append(tests, [2]string{"haslicence", "true"})
				continue
			}
			name, value, ok := strings.Cut(strings.TrimSpace(part), " eq ")
			if !ok || l.get == nil {
				return nil, unsupportedQuery()
			}
			value = strings.TrimSpace(value)
			if len(value) > 1 && value[0] == '\'' && value[len(value)-1] == '\'' {
				value = strings.ReplaceAll(value[1:len(value)-1], "''", "'")
			}
			tests = append(tests, [2]string{strings.TrimSpace(name), value})
		}
	}
next:
	for i := range l.n {
		for _, t := range tests {
			v, known := l.get(i, strings.ToLower(t[0]))
			if !known {
				return nil, &graphFailure{http.StatusBadRequest, "Request_UnsupportedQuery", "Unsupported or invalid query filter clause specified for property '" + t[0] + "' of resource '" + l.typ + "'."}
			}
			if !strings.EqualFold(v, t[1]) {
				continue next
			}
		}
		rows = append(rows, i)
	}
	return rows, nil
}

// graphToken is what a skiptoken of Graph says.
type graphToken struct {
	Path   string `json:"p"`
	Offset int    `json:"o"`
	Level  bool   `json:"l"`
}

func decodeGraphToken(s string) (graphToken, bool) {
	var tk graphToken
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || json.Unmarshal(b, &tk) != nil || tk.Offset < 0 {
		return graphToken{}, false
	}
	return tk, true
}

// nextLink repeats the request's host and options.
func (q *graphQuery) nextLink(offset int, level bool) string {
	b, err := json.Marshal(graphToken{strings.ToLower(q.r.URL.Path), offset, level})
	if err != nil {
		return "" // unreachable: plain values
	}
	var parts []string
	for k, v := range q.values {
		if k != "$skiptoken" {
			parts = append(parts, k+"="+url.QueryEscape(v))
		}
	}
	slices.Sort(parts)
	parts = append(parts, "$skiptoken="+base64.RawURLEncoding.EncodeToString(b))
	return q.x.origin() + q.r.URL.EscapedPath() + "?" + strings.Join(parts, "&")
}
