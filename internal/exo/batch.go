package exo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"time"

	"tenantaudit/internal/snapshot/rawjson"
	"tenantaudit/internal/transport"
)

const (
	batchSize    = 10               // items of one request; the service's limit
	itemTries    = 6                // of a transient failure of one item
	maxItemDelay = 60 * time.Second // between them
	minItemDelay = 500 * time.Millisecond
	waitBudget   = 30 * time.Minute // of one item, for throttling
)

// ended is a task with the step that one answer gave it.
type ended struct {
	task *task
	step step
}

// batch works up to ten tasks to their ends, all in one request as long as more than
// one is left. What one answer changes is handed to commit at once, and only then is
// the next request sent. Items are told apart by id: their order means nothing, one
// that is missing or comes twice is asked for again, and each has its own tries. The
// error is the context's or commit's.
func (c *Client) batch(ctx context.Context, tasks []*task, commit func([]ended) error) error {
	// Cookies keep the pages of one listing together, so one request's items share them.
	session, open := c.stack.NewSession(), tasks
	for _, t := range tasks {
		t.session = session
	}
	for len(open) > 0 {
		if res, stop := c.health.ended(); stop {
			var out []ended
			for _, t := range open {
				out = append(out, ended{t, t.give(res)})
			}
			return commit(out)
		}
		if len(open) == 1 && open[0].tries == 0 {
			return c.run(ctx, open[0], func(s step) error { return commit([]ended{{open[0], s}}) })
		}
		answers, err := c.sendBatch(ctx, open)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			f := asFailure(err)
			if oneByOne(f) {
				return c.singly(ctx, open, commit)
			}
			var out []ended
			for _, t := range open {
				if s := t.failed(c, f); !s.again {
					c.note(t, s)
					out = append(out, ended{t, s})
				}
			}
			if err := c.commitAll(out, commit); err != nil {
				return err
			}
			open = unfinished(open)
			continue
		}
		if open, err = c.round(ctx, open, answers, commit); err != nil {
			return err
		}
		// A listing that was started over has cookies of its own and goes on alone.
		var own []*task
		for _, t := range open {
			if t.session != session {
				own = append(own, t)
			}
		}
		if err := c.singly(ctx, own, commit); err != nil {
			return err
		}
		open = unfinished(open)
	}
	return nil
}

// oneByOne reports whether a failure concerns the batch as such, so that its items may
// do better alone: one of them was refused by the guard, the answer was too large, or
// the service knows no batches.
func oneByOne(f *transport.Failure) bool {
	switch f.Verdict {
	case transport.Invalid, transport.Denied, transport.Missing, transport.Unavailable, transport.Restart:
		return !errors.Is(f, transport.ErrSignIn)
	}
	return errors.Is(f, transport.ErrGuard) || errors.Is(f, transport.ErrTooLarge)
}

func (c *Client) singly(ctx context.Context, tasks []*task, commit func([]ended) error) error {
	for _, t := range tasks {
		if err := c.run(ctx, t, func(s step) error { return commit([]ended{{t, s}}) }); err != nil {
			return err
		}
	}
	return nil
}

func (c *Client) commitAll(out []ended, commit func([]ended) error) error {
	if len(out) == 0 {
		return nil
	}
	return commit(out)
}

func unfinished(tasks []*task) []*task {
	var out []*task
	for _, t := range tasks {
		if !t.done {
			out = append(out, t)
		}
	}
	return out
}

// sendBatch sends the next page of every task and gives their answers by position; nil
// where none came.
func (c *Client) sendBatch(ctx context.Context, tasks []*task) ([]*transport.Response, error) {
	items := make([]transport.BatchItem, len(tasks))
	for i, t := range tasks {
		items[i] = transport.BatchItem{ID: strconv.Itoa(i + 1), Command: c.command(t.call, t.pageSize, t.next)}
	}
	var answers []*transport.Response
	classify := func(r *transport.Response) transport.Outcome {
		answers = nil
		if r.Status < 200 || r.Status > 299 {
			return classifyError(r)
		}
		var err error
		if answers, err = splitBatch(r, len(tasks)); err != nil {
			return transport.Outcome{Verdict: transport.Transient, Err: err, MaxTries: damagedTries}
		}
		return transport.Outcome{Verdict: transport.OK}
	}
	_, err := c.stack.Batch(ctx, tasks[0].session, items, classify)
	return answers, err
}

// splitBatch takes the answers to items 1 … n out of the answer of a batch. Items that
// came more than once are left out as if they had not come.
func splitBatch(r *transport.Response, n int) ([]*transport.Response, error) {
	body := bytes.TrimSpace(r.Body)
	if len(body) == 0 {
		return nil, errEmpty
	}
	env, err := members(body)
	switch {
	case errors.Is(err, rawjson.ErrSyntax):
		return nil, fmt.Errorf("%w (%s): %s", errNotJSON, mediaType(r.Header), transport.Snippet(clipBytes(body)))
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errShape, err)
	}
	if raw, ok := env.Get("error"); ok && string(raw) != "null" {
		e := &Error{Status: r.Status, RequestID: r.RequestID, Message: "an error object without text"}
		e.read(raw)
		return nil, fmt.Errorf("error inside a success: %w", e)
	}
	parts, err := rawjson.Array(env.value("responses"), make([]json.RawMessage, 0, n))
	if err != nil {
		return nil, fmt.Errorf(`%w: "responses" is not an array`, errShape)
	}
	out, twice := make([]*transport.Response, n), make([]bool, n)
	for _, raw := range parts {
		part, err := members(raw)
		if err != nil {
			continue // as if it had not come
		}
		i, err := strconv.Atoi(str(part.value("id")))
		if err != nil || i < 1 || i > n {
			continue
		}
		status, err := strconv.Atoi(str(part.value("status")))
		if err != nil {
			continue
		}
		if i--; out[i] != nil {
			twice[i] = true
		}
		out[i] = itemResponse(r, status, part)
	}
	for i := range out {
		if twice[i] {
			out[i] = nil
		}
	}
	return out, nil
}

func itemResponse(r *transport.Response, status int, part Properties) *transport.Response {
	h := http.Header{}
	var headers map[string]json.RawMessage
	if json.Unmarshal(part.value("headers"), &headers) == nil {
		for _, name := range slices.Sorted(maps.Keys(headers)) { // one name may come in two cases
			for _, s := range texts(headers[name]) {
				h.Add(name, s)
			}
		}
	}
	if h.Get("Date") == "" { // a Retry-After that is a date counts against it
		h.Set("Date", r.Header.Get("Date"))
	}
	body := []byte(part.value("body"))
	if inner := str(body); inner != "" && body[0] == '"' {
		body = []byte(inner) // a body that is not JSON travels as a string
	}
	if string(body) == "null" {
		body = nil
	}
	return &transport.Response{Service: r.Service, Label: r.Label, Status: status, Header: h, Body: body,
		RequestID: first(h.Get("request-id"), r.RequestID), At: r.At, Attempts: 1}
}

// round takes one answer apart, commits what it changes, waits as the items were told
// to, and gives back the tasks that go on.
func (c *Client) round(ctx context.Context, tasks []*task, answers []*transport.Response, commit func([]ended) error) ([]*task, error) {
	var out []ended
	var alone []*task
	var delay, refused time.Duration
	throttled, concurrency := false, false
	for i, t := range tasks {
		var got answer
		o := transport.Outcome{Verdict: transport.Transient, Err: errors.New("no answer to this item of the batch")}
		r := answers[i]
		if r != nil {
			o = classifyAnswer(r, t.call.noContent, &got)
		}
		f := &transport.Failure{Label: t.call.cmdlet, Verdict: o.Verdict, Attempts: 1, Err: o.Err}
		if r != nil {
			f.Status, f.RequestID = r.Status, r.RequestID
		}
		var s step
		switch {
		case o.Verdict == transport.OK:
			s = t.took(r, got)
		case o.Verdict == transport.Throttled && t.waited < waitBudget:
			throttled, concurrency = true, concurrency || o.Concurrency
			refused = max(refused, o.RetryAfter)
			t.attempts++
			continue
		case o.Verdict == transport.Transient && t.tries+1 < tries(o):
			t.attempts++
			delay = max(delay, c.backOff(t.tries))
			t.tries++
			continue
		case o.Verdict == transport.Unauthorized:
			// The token was good for the request as a whole; alone, it is renewed where that helps.
			t.attempts++
			alone = append(alone, t)
			continue
		default:
			s = t.failed(c, f)
		}
		if s.again {
			continue
		}
		c.note(t, s)
		out = append(out, ended{t, s})
	}
	if err := c.commitAll(out, commit); err != nil {
		return nil, err
	}
	if err := c.singly(ctx, alone, commit); err != nil {
		return nil, err
	}
	open := unfinished(tasks)
	if throttled {
		c.stack.Refused(transport.Exchange, "", refused, concurrency)
		began := time.Now()
		err := c.stack.WaitOpen(ctx, transport.Exchange, "")
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		for _, t := range open {
			if t.waited += time.Since(began); err != nil {
				t.waited = waitBudget // the next refusal is the last
			}
		}
	}
	return open, transport.Pause(ctx, delay)
}

func tries(o transport.Outcome) int {
	if o.MaxTries > 0 {
		return min(o.MaxTries, itemTries)
	}
	return itemTries
}

// backOff is the pause before try n+2 of an item: random up to a bound that doubles.
func (c *Client) backOff(n int) time.Duration {
	least := min(minItemDelay, c.baseDelay)
	most := min(maxItemDelay, c.baseDelay<<n)
	if most <= least {
		return least
	}
	return least + rand.N(most-least)
}
