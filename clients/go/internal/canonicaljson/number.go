package canonicaljson

import (
	"bytes"
	"math"
	"strconv"
)

// maxSpelling is the longest number that strconv reads exactly whatever its exponent.
const maxSpelling = 8192

func (s *scanner) number() *Refusal {
	start := s.at
	if refusal := s.numberToken(); refusal != nil {
		return refusal
	}
	value, ok := parseNumber(s.text[start:s.at])
	if !ok || math.Abs(value) > s.limits.Number {
		return refuse("number beyond " + limitName(s.limits.Number))
	}
	s.out = AppendNumber(s.out, value)
	return nil
}

func limitName(limit float64) string {
	if limit == MaxSafeInteger {
		return "2^53-1"
	}
	return "binary64"
}

// numberToken passes over what RFC 8259 calls a number.
func (s *scanner) numberToken() *Refusal {
	if s.peek() == '-' {
		s.at++
	}
	if s.peek() == '0' {
		s.at++
	} else if refusal := s.digits(); refusal != nil {
		return refusal
	}
	if s.peek() == '.' {
		s.at++
		if refusal := s.digits(); refusal != nil {
			return refusal
		}
	}
	if c := s.peek(); c != 'e' && c != 'E' {
		return nil
	}
	s.at++
	if c := s.peek(); c == '+' || c == '-' {
		s.at++
	}
	return s.digits()
}

func (s *scanner) digits() *Refusal {
	start := s.at
	for c := s.peek(); '0' <= c && c <= '9'; c = s.peek() {
		s.at++
	}
	if s.at == start {
		return s.notJSON("a digit")
	}
	return nil
}

// parseNumber returns the nearest binary64; false when there is none.
func parseNumber(token []byte) (float64, bool) {
	spelling := string(token)
	if len(token) > maxSpelling {
		spelling = respell(token)
	}
	value, err := strconv.ParseFloat(spelling, 64)
	return value, err == nil
}

// respell writes a number as 0.DIGITSeEXPONENT with an exponent that strconv does not cut: it reads four digits of it,
// and thousands of zeros before or behind the point can need more.
func respell(token []byte) string {
	sign := ""
	if token[0] == '-' {
		sign, token = "-", token[1:]
	}
	mantissa, power, _ := bytes.Cut(bytes.ToLower(token), []byte("e"))
	whole, fraction, _ := bytes.Cut(mantissa, []byte("."))
	exponent := saturating(string(power)) + len(whole)
	digits := append(bytes.Clone(whole), fraction...)
	significant := bytes.TrimLeft(digits, "0")
	exponent -= len(digits) - len(significant)
	exponent = min(max(exponent, -9999), 9999)
	return sign + "0." + string(significant) + "0e" + strconv.Itoa(exponent)
}

// saturating reads an exponent; beyond what a text could make up for with zeros, the largest.
func saturating(power string) int {
	const most = 1 << 40
	if power == "" {
		return 0
	}
	exponent, err := strconv.ParseInt(power, 10, 64)
	if err != nil {
		exponent = most
		if power[0] == '-' {
			exponent = -most
		}
	}
	return int(min(max(exponent, -most), most))
}

// AppendNumber writes a finite number as ECMAScript's Number::toString does.
func AppendNumber(out []byte, value float64) []byte {
	if value == 0 {
		return append(out, '0')
	}
	if value < 0 {
		out = append(out, '-')
	}
	digits, point := shortest(math.Abs(value))
	count := len(digits)
	switch {
	case count <= point && point <= 21:
		return append(append(out, digits...), bytes.Repeat([]byte{'0'}, point-count)...)
	case 0 < point && point <= 21:
		return append(append(append(out, digits[:point]...), '.'), digits[point:]...)
	case -6 < point && point <= 0:
		return append(append(append(out, "0."...), bytes.Repeat([]byte{'0'}, -point)...), digits...)
	}
	out = append(out, digits[0])
	if count > 1 {
		out = append(append(out, '.'), digits[1:]...)
	}
	out = append(out, 'e')
	if point > 0 {
		out = append(out, '+')
	}
	return strconv.AppendInt(out, int64(point-1), 10)
}

// shortest returns the fewest digits that name a positive number, which is 0.DIGITS times 10 to the power of point.
func shortest(value float64) (digits []byte, point int) {
	spelt := strconv.AppendFloat(nil, value, 'e', -1, 64) // d.ddde±dd
	mantissa, power, _ := bytes.Cut(spelt, []byte("e"))
	exponent, _ := strconv.Atoi(string(power)) // AppendFloat wrote it.
	digits = append(digits, mantissa[0])
	if len(mantissa) > 2 {
		digits = append(digits, mantissa[2:]...)
	}
	return digits, exponent + 1
}
