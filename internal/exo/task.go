package exo

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/transport"
)

const (
	maxRestarts   = 2  // of one listing
	maxEmptyPages = 50 // in a row
)

// task is the reading of one unit, over as many answers as it takes.
type task struct {
	unit     snapshot.UnitID
	call     call
	needs    string // what to grant when it is denied, "Global Reader …"
	atLeast  int    // rows that must come
	pageKey  string // "" numbers the pages; else all answers are one page of that key, stored when complete
	pageSize int

	session  *transport.Session
	next     string
	pages    int // stored since the last start
	rows     int
	empty    int // empty pages in a row
	restarts int
	links    map[[sha256.Size]byte]bool
	seen     map[string][sha256.Size]byte // rows by Guid
	repeated int
	moved    int
	odd      int
	attempts int // since the last step
	lacking  []string
	partial  []string      // errors that came with rows
	held     snapshot.Page // the one page of a task with a pageKey
	failure  *transport.Failure
	broken   bool // the listing itself does not work: refused, cut or in a loop
	done     bool

	// For batches: tries of a transient failure, and time spent waiting for throttling.
	tries  int
	waited time.Duration
}

// step is what one answer changes.
type step struct {
	again  bool // nothing to store, ask again
	reset  bool
	pages  []snapshot.Page
	result snapshot.Result
}

func newTask(c *Client, unit snapshot.UnitID, k call) *task {
	return &task{unit: unit, call: k, pageSize: c.opts.PageSize, session: c.stack.NewSession()}
}

// write is the step as the store takes it.
func (t *task) write(s step) snapshot.Write {
	return snapshot.Write{Unit: t.unit, Reset: s.reset, Pages: s.pages, Result: s.result}
}

// give ends the task with a result that was decided elsewhere.
func (t *task) give(r snapshot.Result) step {
	t.done = true
	r.Attempts = t.attempts
	t.attempts = 0
	return step{result: r}
}

// took stores an answer and says whether there is more.
func (t *task) took(r *transport.Response, a answer) step {
	t.attempts += r.Attempts
	t.tries = 0
	s := step{reset: t.pages == 0 && t.pageKey == ""}
	t.pages++
	t.rows += a.count
	t.odd += a.odd
	if t.empty++; a.count > 0 {
		t.empty = 0
	}
	t.repeats(a.ids)
	for _, e := range a.errors {
		t.partial = append(t.partial, e.Message)
	}
	page := snapshot.Page{
		Key: fmt.Sprintf("%06d", t.pages), At: r.At, Request: t.call.label(), RequestID: r.RequestID, Status: r.Status,
		Rows: a.rows, Count: a.count, Warnings: a.warnings,
	}
	if t.pageKey == "" {
		s.pages = []snapshot.Page{page}
	} else {
		t.hold(page)
	}
	s.result = t.after(a)
	if t.done && t.pageKey != "" && s.result.State != snapshot.Failed {
		if s.result.State != snapshot.Complete {
			t.held.Warnings = append(t.held.Warnings, incomplete+s.result.Detail)
		}
		s.pages = []snapshot.Page{t.held}
	}
	s.result.Expected = -1
	s.result.Attempts, t.attempts = t.attempts, 0
	return s
}

// incomplete begins the warning of a keyed page that does not hold all its rows: a
// resumed run asks for it again.
const incomplete = "incomplete: "

// hold adds an answer to the one page of the task.
func (t *task) hold(p snapshot.Page) {
	p.Key = t.pageKey
	if t.pages > 1 {
		before := strings.TrimSuffix(strings.TrimSpace(string(t.held.Rows)), "]")
		rows := strings.TrimPrefix(strings.TrimSpace(string(p.Rows)), "[")
		if t.held.Count > 0 && p.Count > 0 {
			before += ","
		}
		p.Rows = []byte(before + rows)
		p.Count += t.held.Count
		p.Warnings = slices.Concat(t.held.Warnings, p.Warnings)
	}
	t.held = p
}

// repeats counts rows that came before: the same again, or changed while reading.
func (t *task) repeats(ids []rowID) {
	if t.seen == nil {
		t.seen = map[string][sha256.Size]byte{}
	}
	for _, id := range ids {
		switch before, known := t.seen[id.guid]; {
		case known && before == id.sum:
			t.repeated++
		case known:
			t.moved++
		}
		t.seen[id.guid] = id.sum
	}
}

// after decides where the unit stands after a page.
func (t *task) after(a answer) snapshot.Result {
	if a.next != "" {
		sum := linkSum(a.next)
		switch {
		case t.links[sum]:
			return t.cut("the service sent the same page link again")
		case t.empty >= maxEmptyPages:
			return t.cut(fmt.Sprintf("%d empty pages in a row", t.empty))
		}
		if t.links == nil {
			t.links = map[[sha256.Size]byte]bool{}
		}
		t.links[sum] = true
		t.next = a.next
		return snapshot.Result{State: snapshot.Partial, Cause: snapshot.Interrupted, Detail: fmt.Sprintf("%d pages read, more to come; %s", t.pages, resume)}
	}
	switch {
	case a.more:
		return t.cut("the service says that there are more rows and names no next page")
	case t.rows < t.atLeast:
		t.done = true
		return snapshot.Result{State: snapshot.Failed, Cause: snapshot.ServiceError, Detail: fmt.Sprintf("%s answered without a row; %s", t.call.cmdlet, resume)}
	case len(t.partial) > 0:
		t.done = true
		return snapshot.Result{State: snapshot.Partial, Cause: snapshot.ServiceError, Detail: line(fmt.Sprintf("the service reported %d errors beside the rows: %s", len(t.partial), t.partial[0]), resume)}
	case t.odd > 0:
		t.done = true
		return snapshot.Result{State: snapshot.Partial, Cause: snapshot.ServiceError, Detail: fmt.Sprintf("%d rows are no usable objects; they are stored as received", t.odd)}
	case len(t.lacking) > 0:
		t.done = true
		return snapshot.Result{State: snapshot.Partial, Cause: snapshot.MissingPrivilege, Detail: fmt.Sprintf("read without %s, which this identity may not use; %s", strings.Join(t.lacking, ", "), t.grant())}
	}
	t.done = true
	res := snapshot.Result{State: snapshot.Complete}
	if t.repeated > 0 || t.moved > 0 {
		res.Detail = fmt.Sprintf("moved while reading: %d rows came twice, %d of them changed", t.repeated+t.moved, t.moved)
	}
	return res
}

// cut ends a listing that cannot be read to its end; its rows stand.
func (t *task) cut(why string) snapshot.Result {
	t.done, t.broken = true, true
	return snapshot.Result{State: snapshot.Partial, Cause: snapshot.ServiceError, Detail: fmt.Sprintf("%s, after %d rows; %s", why, t.rows, resume)}
}

// restart begins again at the first page, with fresh cookies if there was another.
func (t *task) restart(c *Client) {
	if t.next != "" {
		t.session = c.stack.NewSession()
	}
	t.next, t.pages, t.rows, t.empty, t.repeated, t.moved, t.odd = "", 0, 0, 0, 0, 0, 0
	t.links, t.seen, t.partial, t.held = nil, nil, nil, snapshot.Page{}
}

// failed decides what a failure means: ask again in another way, or the end.
func (t *task) failed(c *Client, f *transport.Failure) step {
	t.attempts += f.Attempts
	var e *Error
	_ = errors.As(f.Err, &e)
	guard := errors.Is(f, transport.ErrGuard)
	switch {
	case guard || errors.Is(f, transport.ErrSignIn):
	case errors.Is(f, transport.ErrTooLarge) && t.pageSize > 1:
		t.pageSize = (t.pageSize + 1) / 2
		t.restart(c)
		return step{again: true}
	case e != nil && e.hint == hintParameter && t.leaveOut(e.Message):
		t.restart(c)
		return step{again: true}
	case e != nil && e.hint == hintRouting && !t.call.systemRoot && t.call.entity == "":
		t.call.systemRoot = true
		t.restart(c)
		return step{again: true}
	case (f.Verdict == transport.Restart || t.pages > 0 && (f.Verdict == transport.Invalid || f.Verdict == transport.Transient || f.Verdict == transport.Missing)) && t.restarts < maxRestarts:
		t.restarts++
		t.restart(c)
		return step{again: true}
	}
	t.failure = f
	t.broken = !guard && (f.Verdict == transport.Restart || f.Verdict == transport.Invalid || f.Verdict == transport.Missing)
	res := t.verdict(f)
	if f.Verdict == transport.Restart && t.pages > 0 {
		res = snapshot.Result{State: snapshot.Partial, Cause: snapshot.ServiceError, Expected: -1,
			Detail: line(fmt.Sprintf("cut after %d rows, %d times: %s", t.rows, t.restarts+1, f.Error()), resume)}
	}
	return t.give(res)
}

// leaveOut drops the optional parameters that the refusal names, or all of them when it
// names none; false when there is nothing left to drop.
func (t *task) leaveOut(message string) bool {
	drop := slices.DeleteFunc(slices.Clone(t.call.optional), func(name string) bool { return !strings.Contains(message, name) })
	if len(drop) == 0 {
		drop = t.call.optional
	}
	if len(drop) == 0 {
		return false
	}
	params := map[string]any{}
	for name, v := range t.call.params {
		if !slices.Contains(drop, name) {
			params[name] = v
		} else if name != "ResultSize" { // the pages come without it as well
			t.lacking = append(t.lacking, name)
		}
	}
	slices.Sort(t.lacking)
	t.call.params, t.call.optional = params, nil
	return true
}

// verdict is the state of a unit that failed for good.
func (t *task) verdict(f *transport.Failure) snapshot.Result {
	r := snapshot.Result{State: snapshot.Failed, Cause: snapshot.ServiceError, Expected: -1}
	next := resume
	switch {
	case f.Verdict == transport.Denied || f.Verdict == transport.Unauthorized:
		r.State, r.Cause, next = snapshot.Denied, snapshot.MissingPrivilege, t.grant()
	case f.Verdict == transport.Missing || t.wordless(f):
		r.Cause = snapshot.NotFound
	case f.Verdict == transport.Unavailable:
		r.State, r.Cause, next = snapshot.Unavailable, snapshot.MissingLicence, "check that the tenant has Exchange Online"
	case f.Verdict == transport.Throttled:
		r.State, r.Cause = snapshot.Throttled, snapshot.CauseThrottled
	}
	switch {
	case errors.Is(f, transport.ErrGuard):
		r.State, r.Cause, next = snapshot.Failed, snapshot.ServiceError, "nothing was sent; report it"
	case errors.Is(f, transport.ErrSignIn):
		r.State, r.Cause, next = snapshot.Failed, snapshot.ServiceError, "check the sign-in, then "+resume
	}
	r.Detail = line(f.Error(), next)
	return r
}

// wordless reports whether one object was answered for with a bare 404. Of a listing that
// says that there is no Exchange; of one object, that it was not found.
func (t *task) wordless(f *transport.Failure) bool {
	return f.Verdict == transport.Unavailable && f.Status == http.StatusNotFound && t.call.one()
}

// grant is the next step for a denied unit.
func (t *task) grant() string {
	return "grant " + first(t.needs, viewConfiguration)
}

// line makes one line of a text, bounded, with its next step.
func line(text, next string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	return clip(text, 400) + "; " + next
}
