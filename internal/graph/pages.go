package graph

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"regexp"
	"slices"
	"strings"

	abs "github.com/microsoft/kiota-abstractions-go"

	"tenantaudit/internal/transport"
)

const (
	// maxTop is the largest page that directory listings give.
	maxTop = 999
	// emptyPages in a row end a listing: empty pages with a next link are legal, endless ones are not.
	emptyPages = 50
	// maxDropped bounds how many properties are given up one by one before the reduced set.
	maxDropped = 4
)

// listing is a collection to be read to its end.
type listing struct {
	// ask describes the first page. It is called anew for each start, with the properties
	// and the page size that the service has not refused.
	ask func(ctx context.Context, sel []string, top int32) (*abs.RequestInformation, error)
	// sel are the properties to select; nil: the listing selects none.
	sel []string
	// reduced is what every cloud knows; it is selected when dropping single properties does not help.
	reduced []string
	top     int32  // rows per page; 0: the listing takes no $top
	bucket  string // quota of the transport
}

// page is one answer of a listing.
type page struct {
	Number   int  // from 1
	First    bool // of the listing, or of a fresh start: what was stored before is void
	Last     bool
	Rows     []json.RawMessage // less unchanged repeats, and less secrets
	Warnings []string

	// So far, this page included:
	Announced int64 // @odata.count; -1 when the service announced nothing
	Distinct  int64 // rows by id
	Faults    int   // rows that are no objects or have no id

	Answer   *transport.Response
	Attempts int // requests sent since the page before
}

// cutError ends a listing before its end although the service answered.
type cutError struct{ reason string }

func (e *cutError) Error() string { return "graph: " + e.reason }

// rowSet knows the rows of a listing by digests of id and content, which is all of a
// listing that is held in memory: 32 bytes a row.
type rowSet map[[16]byte][16]byte

// add reports whether the id is new, and if not, whether the row is the same as before.
func (s rowSet) add(id string, row []byte) (fresh, same bool) {
	key, sum := digest([]byte(id)), digest(row)
	old, known := s[key]
	s[key] = sum
	return !known, known && old == sum
}

func digest(b []byte) (d [16]byte) {
	sum := sha256.Sum256(b)
	copy(d[:], sum[:])
	return d
}

// reading is one run through a listing.
type reading struct {
	client  *Client
	listing listing

	sel      []string
	top      int32
	dropped  []string // properties that the service does not know
	attempts int

	// Of the present start:
	rows      rowSet
	links     map[[16]byte]bool
	number    int
	empty     int
	announced int64
	faults    int
}

// pages reads a listing page by page. It ends with an error when the listing did not
// reach its end; the pages before stand. Rules: next links verbatim with the headers of
// the first request and never twice; a fresh start, once, when a page token has
// expired; a fresh start with half the page when a page is too large.
func (c *Client) pages(ctx context.Context, l listing) iter.Seq2[page, error] {
	r := &reading{client: c, listing: l, sel: l.sel, top: l.top}
	return func(yield func(page, error) bool) {
		for restarted := false; ; {
			err := r.through(ctx, yield)
			var failed *Error
			switch {
			case err == nil:
				return
			case errors.Is(err, transport.ErrRestart):
				if restarted {
					err = &cutError{"page tokens expired twice while the listing was read"}
					break
				}
				restarted = true
				continue
			case errors.Is(err, transport.ErrTooLarge) && r.top > 1:
				r.top /= 2
				continue
			case r.number == 0 && errors.As(err, &failed) && r.reduce(failed):
				continue
			}
			yield(page{Attempts: r.attempts}, err)
			return
		}
	}
}

// through reads from the first page on; nil when the listing is through or nobody wants more of it.
func (r *reading) through(ctx context.Context, yield func(page, error) bool) error {
	r.rows, r.links = rowSet{}, map[[16]byte]bool{}
	r.number, r.empty, r.announced, r.faults = 0, 0, -1, 0
	info, err := r.listing.ask(ctx, r.sel, r.top)
	if err != nil {
		return fmt.Errorf("graph: build request: %w", err)
	}
	at, err := newAsk(info, r.listing.bucket)
	if err != nil {
		return err
	}
	for {
		link := digest([]byte(at.url.String()))
		if r.links[link] {
			return &cutError{"the next link was followed before (loop)"}
		}
		r.links[link] = true

		var answer listAnswer
		res, err := r.client.send(ctx, at, func(body []byte) (err error) {
			answer, err = decodeList(body)
			return err
		})
		if err != nil {
			var f *transport.Failure
			if errors.As(err, &f) {
				r.attempts += f.Attempts
			}
			return err
		}
		r.attempts += res.Attempts
		if len(answer.Rows) > 0 {
			r.empty = 0
		} else if r.empty++; r.empty >= emptyPages && answer.Next != "" {
			return &cutError{fmt.Sprintf("%d empty pages in a row", emptyPages)}
		}
		// The link is checked before the page is handed out, and the error reported after
		// it: what a page holds stands even if its link leads astray.
		var next *url.URL
		if answer.Next != "" {
			next, err = r.client.follow(answer.Next)
		}
		p := r.page(answer, res)
		r.attempts = 0
		if !yield(p, nil) || p.Last {
			return nil
		}
		if err != nil {
			return fmt.Errorf("graph: %w", err)
		}
		at.url = next
	}
}

func (r *reading) page(answer listAnswer, res *transport.Response) page {
	r.number++
	if r.number == 1 {
		r.announced = answer.Count
	}
	p := page{
		Number: r.number, First: r.number == 1, Last: answer.Next == "", Rows: make([]json.RawMessage, 0, len(answer.Rows)),
		Announced: r.announced, Answer: res, Attempts: r.attempts,
	}
	var same, changed, odd int
	for _, raw := range answer.Rows {
		row, id := inspect(raw)
		if id == "" {
			odd++
			p.Rows = append(p.Rows, row)
			continue
		}
		switch fresh, equal := r.rows.add(id, row); {
		case equal:
			same++
			continue
		case !fresh:
			changed++
		}
		p.Rows = append(p.Rows, row)
	}
	r.faults += odd
	p.Faults, p.Distinct = r.faults, int64(len(r.rows))
	for _, w := range []struct {
		when bool
		text string
	}{
		{same > 0, fmt.Sprintf("%d rows came before, unchanged", same)},
		{changed > 0, fmt.Sprintf("%d rows came before and have changed: moved while reading", changed)},
		{odd > 0, fmt.Sprintf("%d rows are no objects with an id", odd)},
		{len(r.dropped) > 0, "not offered here: " + strings.Join(r.dropped, ", ")},
		// Paging past 999 was broken on some paths (microsoftgraph/microsoft-graph-docs issues 5877, 6525).
		{p.Last && len(answer.Rows) == maxTop, "a full page without a next link: the service may hold more"},
	} {
		if w.when {
			p.Warnings = append(p.Warnings, w.text)
		}
	}
	return p
}

// unknownProperty finds the name in Graph's words for a property that the schema of
// this cloud does not have. Messages are not a contract, but there is no code for it.
var unknownProperty = regexp.MustCompile(`(?i)could not find a property named '([A-Za-z0-9_.]{1,80})'`)

// reduce gives up what the service does not know after a 400: the property that the
// message names if it is one of ours, else all that is not in the reduced set. It
// reports whether another try makes sense.
func (r *reading) reduce(e *Error) bool {
	if e.Status != 400 || len(r.sel) == 0 {
		return false
	}
	m := unknownProperty.FindStringSubmatch(e.Message)
	if m == nil {
		return false
	}
	keep := slices.DeleteFunc(slices.Clone(r.sel), func(s string) bool { return strings.EqualFold(s, m[1]) })
	if len(keep) == len(r.sel) || len(r.dropped) >= maxDropped || len(keep) == 0 {
		keep = slices.Clone(r.listing.reduced)
		if len(keep) == 0 || slices.Equal(keep, r.sel) {
			return false
		}
	}
	for _, s := range r.sel {
		if !slices.Contains(keep, s) {
			r.dropped = append(r.dropped, s)
		}
	}
	r.sel = keep
	return true
}

// rowsJSON joins rows to the JSON array that the store keeps.
func rowsJSON(rows []json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	b.WriteByte('[')
	for i, row := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(row)
	}
	b.WriteByte(']')
	return b.Bytes()
}
