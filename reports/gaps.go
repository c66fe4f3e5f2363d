package reports

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"tenantaudit/internal/snapshot"
)

// UnitWords says what became of the units of a dataset that were not read: "2 denied, 1
// throttled; left out of this run 5". "" when there is nothing to say.
func UnitWords(u snapshot.Units) string { return (*words)(nil).units(u) }

func (w *words) units(u snapshot.Units) string {
	var parts []string
	for _, p := range []struct {
		n    int64
		word string
	}{
		{u.Denied, "denied"}, {u.Unavailable, "not available"}, {u.Throttled, "throttled"}, {u.Failed, "failed"}, {u.Open, "not read to the end"},
	} {
		if p.n > 0 {
			parts = append(parts, w.number(p.n)+" "+w.in(p.word))
		}
	}
	var out []string
	if len(parts) > 0 {
		out = append(out, strings.Join(parts, ", "))
	}
	for _, p := range []struct {
		n    int64
		word string
	}{{u.Filtered, "left out of this run"}, {u.Outside, "outside this dataset"}, {u.Gone, "deleted meanwhile"}} {
		if p.n > 0 {
			out = append(out, w.number(p.n)+" "+w.in(p.word))
		}
	}
	return strings.Join(out, "; ")
}

// missingOf are the datasets of a check that were not read in full.
func (m *model) missingOf(needs []snapshot.Dataset) []snapshot.Coverage {
	return slices.DeleteFunc(slices.Clone(m.coverage), func(c snapshot.Coverage) bool {
		return c.State == snapshot.CoverageComplete || !slices.Contains(needs, c.Dataset)
	})
}

// missingText says in numbers what a check could not look at: "Inbox rules: 58 of 60 read, 2
// denied", one line for each dataset.
func (w *words) missingText(list []snapshot.Coverage) []string {
	var out []string
	for _, c := range list {
		c.Units.Outside = 0 // nothing that the check could have looked at
		line := w.f("%s: %s of %s read", w.dataset(c.Dataset), c.Collected, c.Expected)
		if c.State == snapshot.CoverageSkipped {
			line = w.f("%s: left out of this run", w.dataset(c.Dataset))
		} else if u := w.units(c.Units); u != "" {
			line += ", " + u
		}
		out = append(out, line)
	}
	return out
}

// mailboxCount is how many mailboxes were not read in full although others were.
type mailboxCount struct{ mailboxes, rows int }

func countMailboxGaps(src MailboxGapper) (c mailboxCount, err error) {
	last := ""
	for g, err := range src.MailboxGaps() {
		if err != nil {
			return c, fmt.Errorf("read gaps of mailboxes: %w", err)
		}
		if c.rows++; g.Mailbox != last || c.rows == 1 {
			c.mailboxes++
		}
		last = g.Mailbox
	}
	return c, nil
}

// MailboxGapper lists what was not read of single mailboxes.
type MailboxGapper interface {
	// MailboxGaps walks the gaps in the same order each time, those of one mailbox together.
	MailboxGaps() iter.Seq2[snapshot.MailboxGap, error]
}

// CountMailboxGaps is the number of mailboxes of which something was not read although it was
// read of others.
func CountMailboxGaps(src MailboxGapper) (int, error) {
	c, err := countMailboxGaps(src)
	return c.mailboxes, err
}

// Names of the list of such mailboxes.
const (
	gapsName  = "mailboxGaps" // key of report.json and table of the page
	gapsTitle = "Mailboxes not read in full"
	gapsText  = "Each lacks what is named although it was read of other mailboxes. A dataset that was read of none is not repeated here mailbox by mailbox: its line in the coverage says so."
)

// datasets are the titles of datasets in one line.
func (w *words) datasets(sets []snapshot.Dataset) string {
	parts := make([]string, len(sets))
	for i, d := range sets {
		parts[i] = w.dataset(d)
	}
	return strings.Join(parts, ", ")
}

// mailboxGaps writes the list into report.json.
func (j *jsonWriter) mailboxGaps(m *model) error {
	j.raw(",\n\"" + gapsName + "\": [")
	n := 0
	for g, err := range m.src.MailboxGaps() {
		if err != nil {
			return fmt.Errorf("read gaps of mailboxes: %w", err)
		}
		if n++; n > 1 {
			j.raw(",")
		}
		j.raw("\n  ")
		j.value(g)
		if err := j.flush(); err != nil {
			return err
		}
	}
	if n > 0 {
		j.raw("\n")
	}
	j.raw("]")
	return j.flush()
}

// mailboxGapColumnsHTML is the list as a table of the page.
func mailboxGapColumnsHTML(m *model) ([]*colBuilder, int, error) {
	var cols []*colBuilder
	for _, n := range []string{"mailboxAddress", "mailbox", "datasets", "cause", "detail", "preflight"} {
		cols = append(cols, &colBuilder{name: n, kind: "text", key: n == "mailbox"})
	}
	rows := 0
	for g, err := range m.src.MailboxGaps() {
		if err != nil {
			return nil, 0, fmt.Errorf("read gaps of mailboxes: %w", err)
		}
		for i, s := range []string{g.Address, g.Mailbox, m.words.datasets(g.Datasets), m.words.cause(g.Cause), g.Detail, m.t(g.Foresight())} {
			cols[i].add(s)
		}
		rows++
	}
	return cols, rows, nil
}

// gapView is one line of the list in the page.
type gapView struct{ Address, Mailbox, Datasets, Cause, Detail, Preflight string }

// gapLines is how many lines of the list stand in the page itself; a table has them all.
const gapLines = 100

func (m *model) gapViews() (out []gapView, err error) {
	for g, err := range m.src.MailboxGaps() {
		if err != nil {
			return nil, fmt.Errorf("read gaps of mailboxes: %w", err)
		}
		if len(out) == gapLines {
			break
		}
		out = append(out, gapView{g.Address, g.Mailbox, m.words.datasets(g.Datasets), m.words.cause(g.Cause), g.Detail, m.t(g.Foresight())})
	}
	return out, nil
}

// outlook says what the preflight expected; "" without one.
func (w *words) outlook(o *snapshot.Outlook) string {
	if o == nil {
		return w.in("none was made")
	}
	parts := []string{w.f("%d of %d checks were expected to see everything", o.Works, o.Checks)}
	for _, p := range []struct {
		n    int
		word string
	}{{o.Partly, "in part"}, {o.Blind, "to see nothing"}, {o.Unknown, "not known"}} {
		if p.n > 0 {
			parts = append(parts, w.number(int64(p.n))+" "+w.in(p.word))
		}
	}
	return strings.Join(parts, ", ")
}
