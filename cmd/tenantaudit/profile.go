package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"time"
)

// profile measures a run for make bench: what each stage took, and profiles of processor and
// memory. It is made by the hidden flag --profile; a nil one measures nothing.
type profile struct {
	dir  string
	cpu  *os.File
	stop chan struct{}
	done sync.WaitGroup

	mu     sync.Mutex
	stages []stage
	most   int64  // bytes resident, of the stage at hand
	heap   uint64 // bytes of the heap when its profile was written last
	failed error
}

// stage is what one part of a run took.
type stage struct {
	Name   string  `json:"name"`
	Wall   float64 `json:"wall"`   // seconds
	CPU    float64 `json:"cpu"`    // seconds of processor time; 0 where the system does not tell
	Memory int64   `json:"memory"` // most bytes resident

	began    time.Time
	cpuBegan time.Duration
}

// beginProfile starts measuring into a folder.
func beginProfile(dir string) (*profile, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, usageError("--profile %s: %s", dir, reason(err))
	}
	f, err := os.OpenFile(filepath.Join(dir, "cpu.pprof"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, usageError("--profile %s: %s", dir, reason(err))
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	p := &profile{dir: dir, cpu: f, stop: make(chan struct{})}
	p.done.Add(1)
	go p.watch()
	return p, nil
}

// between is how often memory is looked at.
const between = 20 * time.Millisecond

// watch follows memory; the profile of the heap is that of its largest moment, within a tenth.
func (p *profile) watch() {
	defer p.done.Done()
	tick := time.NewTicker(between)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-p.stop:
			return
		case <-tick.C:
		}
		now := resident()
		p.mu.Lock()
		p.most = max(p.most, now)
		p.mu.Unlock()
		if n%25 != 0 {
			continue
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if m.HeapInuse > p.heap+p.heap/10 {
			p.heap = m.HeapInuse
			if err := p.writeHeap(); err != nil {
				p.mu.Lock()
				p.failed = err
				p.mu.Unlock()
			}
		}
	}
}

func (p *profile) writeHeap() error {
	f, err := os.OpenFile(filepath.Join(p.dir, "heap.pprof"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(pprof.Lookup("heap").WriteTo(f, 0), f.Close())
}

// stage ends the stage at hand and begins the next; "" begins none.
func (p *profile) stage(name string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now, used := time.Now(), processorTime()
	if n := len(p.stages); n > 0 && p.stages[n-1].Wall == 0 {
		s := &p.stages[n-1]
		s.Wall, s.CPU, s.Memory = now.Sub(s.began).Seconds(), (used - s.cpuBegan).Seconds(), max(p.most, resident())
	}
	p.most = 0
	if name != "" {
		p.stages = append(p.stages, stage{Name: name, began: now, cpuBegan: used})
	}
}

// end writes what was measured.
func (p *profile) end() error {
	if p == nil {
		return nil
	}
	p.stage("")
	close(p.stop)
	p.done.Wait()
	pprof.StopCPUProfile()
	b, err := json.MarshalIndent(p.stages, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(p.dir, "stages.json"), append(b, '\n'), 0o600)
	}
	return errors.Join(err, p.failed, p.cpu.Close())
}

// resident is the memory of the process in bytes: the system's word where it has one (Linux), else
// that of the Go runtime, which does not see what the database holds.
func resident() int64 {
	if b, err := os.ReadFile("/proc/self/statm"); err == nil {
		if fields := strings.Fields(string(b)); len(fields) > 1 {
			if n, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
				return n * int64(os.Getpagesize())
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys - m.HeapReleased) //nolint:gosec // far below the limit
}
