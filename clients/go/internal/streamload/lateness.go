package main

import (
	"sync"
	"time"
)

// lateness is how late a timer of 1 ms fires: what a reader measures is to be judged beside it.
type lateness struct {
	over    chan struct{}
	stopped sync.WaitGroup
	samples []float64
}

func measureLateness() *lateness {
	l := &lateness{over: make(chan struct{})}
	l.stopped.Add(1)
	go l.run()
	return l
}

func (l *lateness) run() {
	defer l.stopped.Done()
	for {
		due := time.Now().Add(time.Millisecond)
		select {
		case <-l.over:
			return
		case <-time.After(time.Millisecond):
			l.samples = append(l.samples, time.Since(due).Seconds())
		}
	}
}

func (l *lateness) stop() []float64 {
	close(l.over)
	l.stopped.Wait()
	return l.samples
}
