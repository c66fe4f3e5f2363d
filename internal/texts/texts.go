// Package texts keeps many strings in little memory: each once, back to back in large
// blocks, under a number of four bytes. A directory of a hundred thousand people says the
// same few things in every list; strings of their own would cost three times as much, and
// would keep the pages alive that they came from.
package texts

import (
	"hash/maphash"
	"strings"
)

// Ref is the number of a text in its table. 0 is "".
type Ref = uint32

const (
	blockBits = 20 // a block is 1 MiB
	blockSize = 1 << blockBits
	sizeBits  = 28 // the longest text: 256 MiB
)

// Table holds texts. The zero value is not usable; see New. Not safe for concurrent use
// while texts are added.
type Table struct {
	blocks []string // by position; a text longer than a block takes several places
	room   strings.Builder
	block  int      // that room fills
	at     []uint64 // position and length of each text
	slots  []Ref    // open addressing, 0 is free
	used   int
	seed   maphash.Seed
}

// New returns a table that holds "" alone.
func New() *Table {
	return &Table{at: []uint64{0}, slots: make([]Ref, 64), seed: maphash.MakeSeed()}
}

// Len is the number of texts, "" included.
func (t *Table) Len() int { return len(t.at) }

// Get returns a text. It stays valid as long as it is held.
func (t *Table) Get(n Ref) string {
	where := t.at[n]
	pos, size := where>>sizeBits, where&(1<<sizeBits-1)
	if size == 0 {
		return ""
	}
	from := pos & (blockSize - 1)
	return t.blocks[pos>>blockBits][from : from+size]
}

// Add stores a text without looking whether it is there: for those that do not repeat.
func (t *Table) Add(s string) Ref {
	if s == "" {
		return 0
	}
	if len(s) >= 1<<sizeBits {
		s = s[:1<<sizeBits-1] // unreachable: no answer is as long
	}
	if t.room.Cap()-t.room.Len() < len(s) || t.room.Len() > blockSize {
		t.room.Reset()
		t.room.Grow(max(blockSize, len(s)))
		t.block = len(t.blocks)
		for places := (len(s) + blockSize - 1) / blockSize; places > 0; places-- {
			t.blocks = append(t.blocks, "")
		}
	}
	from := t.room.Len()
	t.room.WriteString(s)
	t.blocks[t.block] = t.room.String()
	t.at = append(t.at, (uint64(t.block)<<blockBits|uint64(from))<<sizeBits|uint64(len(s))) //nolint:gosec // lengths are not negative
	return Ref(len(t.at) - 1)                                                               //nolint:gosec // 4 billion texts do not fit into memory
}

// Ref returns the number of a text, which is stored when it is new.
func (t *Table) Ref(s string) Ref {
	if s == "" {
		return 0
	}
	slot, found := t.slot(s)
	if found {
		return t.slots[slot]
	}
	n := t.Add(s)
	t.slots[slot] = n
	if t.used++; t.used*4 > len(t.slots)*3 {
		t.grow()
	}
	return n
}

// Find returns the number of a text that was stored by Ref.
func (t *Table) Find(s string) (Ref, bool) {
	if s == "" {
		return 0, true
	}
	slot, found := t.slot(s)
	return t.slots[slot], found
}

// Keep returns a text that shares its memory with all equal ones.
func (t *Table) Keep(s string) string { return t.Get(t.Ref(s)) }

// slot is where a text stands, or where it belongs.
func (t *Table) slot(s string) (at uint64, found bool) {
	mask := uint64(len(t.slots) - 1) //nolint:gosec // never empty
	for at = maphash.String(t.seed, s) & mask; ; at = (at + 1) & mask {
		n := t.slots[at]
		if n == 0 {
			return at, false
		}
		if t.Get(n) == s {
			return at, true
		}
	}
}

func (t *Table) grow() {
	old := t.slots
	t.slots = make([]Ref, 2*len(old))
	for _, n := range old {
		if n != 0 {
			slot, _ := t.slot(t.Get(n))
			t.slots[slot] = n
		}
	}
}
