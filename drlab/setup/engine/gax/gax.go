// Package gax has the two pieces of googleapis/gax-go that gocloud.dev uses for files: waiting, and for how long.
package gax

import (
	"context"
	"math/rand/v2"
	"time"
)

// Backoff gives the pauses between tries: random, up to a limit that grows by Multiplier from Initial to Max.
type Backoff struct {
	Initial, Max time.Duration
	Multiplier   float64
	limit        time.Duration
}

// Pause is how long to wait before the next try. What is not set is 1 s, 30 s and 2.
func (b *Backoff) Pause() time.Duration {
	if b.Initial == 0 {
		b.Initial = time.Second
	}
	if b.Max == 0 {
		b.Max = 30 * time.Second
	}
	if b.Multiplier < 1 {
		b.Multiplier = 2
	}
	if b.limit == 0 {
		b.limit = b.Initial
	}
	pause := 1 + rand.N(b.limit)
	b.limit = min(b.Max, time.Duration(float64(b.limit)*b.Multiplier))
	return pause
}

// Sleep waits, or ends early with the context's error.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
