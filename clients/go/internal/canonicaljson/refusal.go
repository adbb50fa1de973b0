package canonicaljson

import (
	"strconv"
	"strings"
)

// Refusal says why a text has no canonical form, and where.
type Refusal struct {
	Place string // JSON Pointer (RFC 6901); empty for the whole text.
	Why   string
	whole bool // About the text, wherever in it the scanner stood.
}

func (r *Refusal) Error() string {
	if r.Place == "" {
		return r.Why
	}
	return r.Place + ": " + r.Why
}

// refuse is about the value at hand; callers put the way to it before the place as they return.
func refuse(why string) *Refusal { return &Refusal{Why: why} }

// refuseText is about the text as a whole: what is not JSON has no places.
func refuseText(why string) *Refusal { return &Refusal{Why: why, whole: true} }

func (r *Refusal) within(name string) *Refusal {
	if !r.whole {
		r.Place = Pointer(name) + r.Place
	}
	return r
}

func (r *Refusal) withinElement(index int) *Refusal { return r.within(strconv.Itoa(index)) }

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

// Pointer returns the step of a JSON Pointer to the member of that name.
func Pointer(name string) string { return "/" + pointerEscapes.Replace(name) }
