package facts

import (
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Mapping names the public controls that a check stands for. A list is empty
// where a framework has none; then the check is the product's own.
type Mapping struct {
	CIS   []string // "CIS M365 7.0: 6.1.2": the newest benchmark that has it, and its number there
	SCuBA []string // "MS.EXO.13.1v1": policy ids carry their own version
	NIST  []string // "NIST SP 800-53 Rev. 5: AU-12"
	// MITRE: "ATT&CK v19: T1685.002 (before v19: T1562.008)"; "own mapping" is
	// added where no public source made the link.
	MITRE []string
}

var controls = sync.OnceValue(func() map[string]Mapping {
	src := table[struct {
		Controls []struct {
			Check  string
			CIS    map[string][]string
			SCuBA  []string
			NIST   []string
			Attack []struct {
				ID, Was string
				SCuBA   bool
			}
		}
	}]("controls.json")
	m := make(map[string]Mapping, len(src.Controls))
	for _, c := range src.Controls {
		out := Mapping{CIS: []string{}, SCuBA: slices.Clone(c.SCuBA), NIST: []string{}, MITRE: []string{}}
		if v := newest(c.CIS); v != "" {
			for _, n := range c.CIS[v] {
				out.CIS = append(out.CIS, "CIS M365 "+v+": "+n)
			}
		}
		for _, n := range c.NIST {
			out.NIST = append(out.NIST, "NIST SP 800-53 Rev. 5: "+n)
		}
		for _, a := range c.Attack {
			var notes []string
			if a.Was != "" {
				notes = append(notes, "before v19: "+a.Was)
			}
			if !a.SCuBA {
				notes = append(notes, "own mapping")
			}
			s := "ATT&CK v19: " + a.ID
			if len(notes) > 0 {
				s += " (" + strings.Join(notes, "; ") + ")"
			}
			out.MITRE = append(out.MITRE, s)
		}
		m[c.Check] = out
	}
	return m
})

// newest returns the highest version number of a map by version; "10.0" is above "7.0".
func newest(byVersion map[string][]string) string {
	best, bestNumber := "", -1.0
	for v := range byVersion {
		if n, err := strconv.ParseFloat(v, 64); err == nil && n > bestNumber {
			best, bestNumber = v, n
		}
	}
	return best
}

// Controls returns the public controls that a check id stands for. ok is false
// when the table does not know the check: it must be shown as the product's own.
func Controls(checkID string) (mapping Mapping, ok bool) {
	m, ok := controls()[checkID]
	return Mapping{
		CIS:   slices.Clone(m.CIS),
		SCuBA: slices.Clone(m.SCuBA),
		NIST:  slices.Clone(m.NIST),
		MITRE: slices.Clone(m.MITRE),
	}, ok
}
