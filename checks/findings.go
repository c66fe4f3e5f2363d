package checks

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"

	"tenantaudit/internal/snapshot"
)

// Findings holds the findings of a review packed: two hundred thousand take ten megabytes
// instead of four hundred. They come back in the order of a review: the worst first, then by
// check, name and id of the subject. The findings of one check are added together. Not safe for
// concurrent use while findings are added.
type Findings struct {
	open  []Finding // of the check at hand
	runs  []findingRun
	n     int
	other []any // values of details that have no packed form
	enc   *zstd.Encoder
	dec   *zstd.Decoder
}

// findingRun are the findings of one check and severity.
type findingRun struct {
	check    string
	severity Severity
	n        int
	blocks   [][]byte
}

// blockFindings is how many findings are packed together.
const blockFindings = 256

// PackFindings packs a list.
func PackFindings(list []Finding) *Findings {
	p := &Findings{}
	for _, f := range slices.SortedStableFunc(slices.Values(list), func(a, b Finding) int { return cmp.Compare(a.Check, b.Check) }) {
		p.Add(f)
	}
	return p
}

// Len is the number of findings.
func (p *Findings) Len() int { return p.n }

// Add adds a finding.
func (p *Findings) Add(f Finding) {
	if len(p.open) > 0 && p.open[0].Check != f.Check {
		p.pack()
	}
	p.open = append(p.open, f)
	p.n++
}

// Count is the number of findings of each check and severity.
func (p *Findings) Count() map[string]map[Severity]int {
	p.pack()
	out := map[string]map[Severity]int{}
	for _, r := range p.runs {
		if out[r.check] == nil {
			out[r.check] = map[Severity]int{}
		}
		out[r.check][r.severity] += r.n
	}
	return out
}

// All walks the findings in the order of a review.
func (p *Findings) All() iter.Seq[Finding] {
	p.pack()
	return func(yield func(Finding) bool) {
		runs := slices.Clone(p.runs)
		slices.SortStableFunc(runs, func(a, b findingRun) int {
			return cmp.Or(cmp.Compare(a.severity.Rank(), b.severity.Rank()), cmp.Compare(a.check, b.check))
		})
		var raw []byte
		for _, r := range runs {
			for _, b := range r.blocks {
				var err error
				if raw, err = p.dec.DecodeAll(b, raw[:0]); err != nil {
					panic("checks: findings cannot be unpacked: " + err.Error()) // unreachable: they were packed here
				}
				u := unpacker{rest: raw, of: p}
				for len(u.rest) > 0 {
					f := u.finding()
					f.Check, f.Severity = r.check, r.severity
					if !yield(f) {
						return
					}
				}
			}
		}
	}
}

// pack closes the check at hand.
func (p *Findings) pack() {
	if len(p.open) == 0 {
		return
	}
	if p.enc == nil {
		// Neither fails without options that can be wrong.
		p.enc, _ = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
		p.dec, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	}
	slices.SortStableFunc(p.open, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), cmp.Compare(a.Severity, b.Severity),
			cmp.Compare(a.Subject.Name, b.Subject.Name), cmp.Compare(a.Subject.ID, b.Subject.ID), cmp.Compare(a.ID, b.ID))
	})
	var k packer
	for rest := p.open; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].Severity == rest[0].Severity {
			n++
		}
		run := findingRun{check: rest[0].Check, severity: rest[0].Severity, n: n}
		for block := range slices.Chunk(rest[:n], blockFindings) {
			k.buf = k.buf[:0]
			for _, f := range block {
				k.finding(p, f)
			}
			run.blocks = append(run.blocks, p.enc.EncodeAll(k.buf, nil))
		}
		p.runs, rest = append(p.runs, run), rest[n:]
	}
	p.open = nil
}

// packer writes findings: lengths as varints, values of details behind a letter for their type.
type packer struct{ buf []byte }

func (k *packer) num(n int) { k.buf = binary.AppendVarint(k.buf, int64(n)) }

func (k *packer) text(s string) {
	k.num(len(s))
	k.buf = append(k.buf, s...)
}

func (k *packer) finding(p *Findings, f Finding) {
	for _, s := range []string{f.ID, f.Subject.Type, f.Subject.ID, f.Subject.Name, f.Summary} {
		k.text(s)
	}
	k.value(p, f.Details)
	k.num(len(f.Evidence))
	for _, e := range f.Evidence {
		k.text(string(e.Dataset))
		k.text(e.Key)
	}
}

// value writes a value of details; what has no form of its own is kept as it is.
func (k *packer) value(p *Findings, v any) {
	letter := func(b byte) { k.buf = append(k.buf, b) }
	switch v := v.(type) {
	case nil:
		letter('0')
	case string:
		letter('s')
		k.text(v)
	case bool:
		letter('f')
		if v {
			k.buf[len(k.buf)-1] = 't'
		}
	case int:
		letter('i')
		k.num(v)
	case int64:
		letter('l')
		k.buf = binary.AppendVarint(k.buf, v)
	case float64:
		letter('d')
		k.buf = binary.LittleEndian.AppendUint64(k.buf, math.Float64bits(v))
	case time.Time:
		k.other(p, v)
	case []string:
		if v == nil {
			k.other(p, v)
			return
		}
		letter('S')
		k.num(len(v))
		for _, s := range v {
			k.text(s)
		}
	case map[string]any:
		if v == nil {
			k.other(p, v)
			return
		}
		letter('m')
		k.num(len(v))
		for _, name := range slices.Sorted(maps.Keys(v)) {
			k.text(name)
			k.value(p, v[name])
		}
	case map[string]string:
		if v == nil {
			k.other(p, v)
			return
		}
		letter('M')
		k.num(len(v))
		for _, name := range slices.Sorted(maps.Keys(v)) {
			k.text(name)
			k.text(v[name])
		}
	default:
		k.other(p, v)
	}
}

func (k *packer) other(p *Findings, v any) {
	k.buf = append(k.buf, 'o')
	k.num(len(p.other))
	p.other = append(p.other, v)
}

// unpacker reads what packer wrote.
type unpacker struct {
	rest []byte
	of   *Findings
}

func (u *unpacker) num() int64 {
	n, size := binary.Varint(u.rest)
	u.rest = u.rest[size:]
	return n
}

func (u *unpacker) text() string {
	n := u.num()
	s := string(u.rest[:n])
	u.rest = u.rest[n:]
	return s
}

func (u *unpacker) finding() (f Finding) {
	for _, s := range []*string{&f.ID, &f.Subject.Type, &f.Subject.ID, &f.Subject.Name, &f.Summary} {
		*s = u.text()
	}
	f.Details, _ = u.value().(map[string]any) // nil where there were none
	if n := u.num(); n > 0 {
		f.Evidence = make([]Evidence, n)
		for i := range f.Evidence {
			f.Evidence[i] = Evidence{snapshot.Dataset(u.text()), u.text()}
		}
	}
	return f
}

func (u *unpacker) value() any {
	letter := u.rest[0]
	u.rest = u.rest[1:]
	switch letter {
	case '0':
		return nil
	case 's':
		return u.text()
	case 'f', 't':
		return letter == 't'
	case 'i':
		return int(u.num())
	case 'l':
		return u.num()
	case 'd':
		v := math.Float64frombits(binary.LittleEndian.Uint64(u.rest))
		u.rest = u.rest[8:]
		return v
	case 'S':
		out := make([]string, u.num())
		for i := range out {
			out[i] = u.text()
		}
		return out
	case 'm':
		n := u.num()
		out := make(map[string]any, n)
		for range n {
			name := u.text()
			out[name] = u.value()
		}
		return out
	case 'M':
		n := u.num()
		out := make(map[string]string, n)
		for range n {
			name := u.text()
			out[name] = u.text()
		}
		return out
	case 'o':
		return u.of.other[u.num()]
	}
	panic(fmt.Sprintf("checks: a packed value of type %q", letter)) // unreachable: packer writes no other
}
