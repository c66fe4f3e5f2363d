package transport

import (
	"encoding/json"
	"io"
	"log/slog"
	"sync"
	"time"
)

// logEntry is one attempt as the request log shows it: no query value, no parameter
// value, no header, no body.
type logEntry struct {
	Time       time.Time `json:"time"`
	Service    Service   `json:"service"`
	Method     string    `json:"method"`
	URL        string    `json:"url"`
	Cmdlets    []string  `json:"cmdlets,omitempty"`
	Parameters []string  `json:"parameters,omitempty"`
	Status     int       `json:"status"` // 0: there was no answer
	Bytes      int       `json:"bytes"`
	DurationMS int64     `json:"duration_ms"`
	Verdict    string    `json:"verdict"` // a Verdict, or guard, sign-in, cancelled, redirect
	RequestID  string    `json:"request_id,omitempty"`
}

// requestLog writes one JSON line per attempt.
type requestLog struct {
	mu     sync.Mutex
	w      io.Writer
	logger *slog.Logger
	broken bool
}

// write writes one line. A log that cannot be written is reported once; it stops no request.
func (l *requestLog) write(e logEntry) {
	if l == nil {
		return
	}
	line, err := json.Marshal(e)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		_, err = l.w.Write(append(line, '\n'))
	}
	if err != nil && !l.broken {
		l.broken = true
		l.logger.Warn("request log cannot be written", "error", Redact(err.Error()))
	}
}
