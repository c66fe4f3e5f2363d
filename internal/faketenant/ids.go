package faketenant

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// guid is an object id in wire order. The zero value means "none".
type guid [16]byte

// String returns the lower-case form with dashes.
func (g guid) String() string {
	var b [36]byte
	hex.Encode(b[0:8], g[0:4])
	b[8] = '-'
	hex.Encode(b[9:13], g[4:6])
	b[13] = '-'
	hex.Encode(b[14:18], g[6:8])
	b[18] = '-'
	hex.Encode(b[19:23], g[8:10])
	b[23] = '-'
	hex.Encode(b[24:36], g[10:16])
	return string(b[:])
}

// text is String, or "" for the zero value.
func (g guid) text() string {
	if g == (guid{}) {
		return ""
	}
	return g.String()
}

// parseGUID reads the form with or without dashes, in any case.
func parseGUID(s string) (guid, bool) {
	var g guid
	if len(s) == 36 {
		if s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
			return g, false
		}
		s = strings.ReplaceAll(s, "-", "")
	}
	if len(s) != 32 {
		return g, false
	}
	if _, err := hex.Decode(g[:], []byte(s)); err != nil {
		return guid{}, false
	}
	return g, true
}

// dice derives reproducible values from the seed. It has no state: a value depends on the
// seed, a purpose and a number alone, so that adding an object moves no other.
type dice struct{ seed uint64 }

// mix is the finalizer of splitmix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb
	return x ^ (x >> 31)
}

// u64 is a number for (purpose, n).
func (d dice) u64(purpose string, n int) uint64 {
	h := uint64(14695981039346656037)
	for i := 0; i < len(purpose); i++ {
		h = (h ^ uint64(purpose[i])) * 1099511628211
	}
	return mix(mix(h^d.seed) ^ uint64(n))
}

// intn is a number from 0 to max-1 for (purpose, n).
func (d dice) intn(purpose string, n, max int) int {
	return int(d.u64(purpose, n) % uint64(max)) // #nosec G115 -- below max
}

// guid is a version 4 GUID for (purpose, n).
func (d dice) guid(purpose string, n int) guid {
	var g guid
	a := d.u64(purpose, n)
	binary.BigEndian.PutUint64(g[:8], a)
	binary.BigEndian.PutUint64(g[8:], mix(a^0x5bf03635))
	g[6] = g[6]&0x0f | 0x40
	g[8] = g[8]&0x3f | 0x80
	return g
}

// key is an opaque id of 43 characters, as Graph uses for grants and assignments.
func (d dice) key(purpose string, n int) string {
	var b [32]byte
	for i := range 4 {
		binary.BigEndian.PutUint64(b[i*8:], d.u64(purpose+string(rune('a'+i)), n))
	}
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// shuffle permutes n positions through swap.
func (d dice) shuffle(purpose string, n int, swap func(i, j int)) {
	for i := n - 1; i > 0; i-- {
		swap(i, d.intn(purpose, i, i+1))
	}
}
