package paraclecache

import (
	"testing"
	"time"
)

func fail(c *circuit, times int) (opened bool) {
	for range times {
		ticket, _ := c.admit()
		opened = c.failed(ticket)
	}
	return opened
}

func isOpen(c *circuit) bool {
	_, admitted := c.admit()
	return !admitted
}

func TestThreeFailuresInARowOpenTheCircuit(t *testing.T) {
	var c circuit
	if fail(&c, 2) || isOpen(&c) {
		t.Fatal("open after two failures")
	}
	ticket, _ := c.admit()
	c.succeeded(ticket)
	if fail(&c, 2) || isOpen(&c) {
		t.Fatal("open after two failures in a row")
	}
	if !fail(&c, 1) || !isOpen(&c) {
		t.Fatal("not open after three failures in a row")
	}
	c.close()
	if isOpen(&c) || fail(&c, 2) {
		t.Fatal("failures of before count after it closed")
	}
}

func TestCallsFromBeforeATurnCountForNothing(t *testing.T) {
	var c circuit
	before, _ := c.admit()
	fail(&c, 3)
	c.close()
	for range 5 {
		if c.failed(before) {
			t.Fatal("late failures opened it again")
		}
	}
	fail(&c, 2)
	c.succeeded(before)
	if !fail(&c, 1) {
		t.Fatal("a late success reset what was counted since")
	}
}

func TestOpenAndCloseTwiceAreOnce(t *testing.T) {
	var c circuit
	c.close()
	if isOpen(&c) {
		t.Error("close opened it")
	}
	c.open()
	c.open()
	if !isOpen(&c) {
		t.Error("a second open closed it")
	}
}

func TestProbesAreHalfASecondApartWithJitter(t *testing.T) {
	var c circuit
	if least, most := c.probeDelay(0), c.probeDelay(1); least != 400*time.Millisecond || most != 600*time.Millisecond {
		t.Errorf("%v to %v", least, most)
	}
}

func TestAHealthyServiceThatAnswersNoCallIsAskedLessAndLess(t *testing.T) {
	var c circuit
	for _, want := range []time.Duration{500, 1000, 2000, 4000, 8000, 10000, 10000} {
		fail(&c, 3)
		if got := c.probeDelay(0.5); got != want*time.Millisecond {
			t.Errorf("%v, want %v ms", got, want)
		}
		c.close()
	}
	ticket, _ := c.admit()
	c.succeeded(ticket)
	fail(&c, 3)
	if got := c.probeDelay(0.5); got != probeInterval {
		t.Errorf("%v after an answer", got)
	}
}
