package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// mismatch returns what is wrong with a result, or "" where it matches. Both are
// JSON values.
func mismatch(expected, actual any, where string) string {
	matches := true
	switch expected := expected.(type) {
	case object:
		matcher := matcherOf(expected)
		if matcher == nil {
			return objectMismatch(expected, actual, where)
		}
		matches = matcher(expected, actual)
	case array:
		return arrayMismatch(expected, actual, where)
	default:
		matches = equal(expected, actual)
	}
	if matches {
		return ""
	}
	return isNot(expected, actual, where)
}

func objectMismatch(expected object, actual any, where string) string {
	found, ok := actual.(object)
	if !ok {
		return isNot(expected, actual, where)
	}
	for name, part := range expected {
		if problem := mismatch(part, found[name], where+"."+name); problem != "" {
			return problem
		}
	}
	return ""
}

func arrayMismatch(expected array, actual any, where string) string {
	found, ok := actual.(array)
	if !ok || len(found) != len(expected) {
		return isNot(expected, actual, where)
	}
	for i, part := range expected {
		if problem := mismatch(part, found[i], fmt.Sprintf("%s.%d", where, i)); problem != "" {
			return problem
		}
	}
	return ""
}

// equal takes an integer and the string of its digits for the same.
func equal(expected, actual any) bool {
	wanted, wantedIsNumber := expected.(json.Number)
	found, foundIsNumber := actual.(json.Number)
	if wantedIsNumber && foundIsNumber {
		return asFloat(wanted) == asFloat(found) && (wanted == found || !isInteger(wanted) || !isInteger(found))
	}
	if text, ok := actual.(string); ok && wantedIsNumber {
		return isInteger(wanted) && wanted.String() == text
	}
	if text, ok := expected.(string); ok && foundIsNumber {
		return isInteger(found) && found.String() == text
	}
	return expected == actual
}

func isInteger(number json.Number) bool { return !strings.ContainsAny(number.String(), ".eE") }

func asFloat(number json.Number) float64 {
	value, _ := number.Float64() // a JSON number always is one, if perhaps too large
	return value
}

type matcher = func(expected object, actual any) bool

func matcherOf(expected object) matcher {
	for _, known := range []struct {
		name string
		matcher
	}{
		{"$one_of", isOneOf}, {"$not", isNotThis}, {"$any", isAny}, {"$from", isBetween},
		{"$length", hasLength}, {"$contains", contains}, {"$in_seconds", isInSeconds},
		{"repeat", isRepeated}, {"base64", isBase64},
	} {
		if _, ok := expected[known.name]; ok {
			return known.matcher
		}
	}
	return nil
}

func isOneOf(expected object, actual any) bool {
	choices, _ := expected["$one_of"].(array)
	for _, choice := range choices {
		if mismatch(choice, actual, "") == "" {
			return true
		}
	}
	return false
}

func isNotThis(expected object, actual any) bool {
	return mismatch(expected["$not"], actual, "") != ""
}

func isAny(_ object, actual any) bool { return actual != nil && actual != "" }

func isBetween(expected object, actual any) bool {
	found, ok := actual.(json.Number)
	least, okLeast := expected["$from"].(json.Number)
	most, okMost := expected["$to"].(json.Number)
	return ok && okLeast && okMost && asFloat(least) <= asFloat(found) && asFloat(found) <= asFloat(most)
}

func hasLength(expected object, actual any) bool {
	found, ok := actual.(array)
	wanted, okWanted := expected["$length"].(json.Number)
	return ok && okWanted && float64(len(found)) == asFloat(wanted)
}

func contains(expected object, actual any) bool {
	text, ok := actual.(string)
	part, okPart := expected["$contains"].(string)
	return ok && okPart && strings.Contains(text, part)
}

func isInSeconds(expected object, actual any) bool {
	text, _ := actual.(string)
	moment, err := time.Parse(time.RFC3339, text)
	limits, ok := expected["$in_seconds"].(array)
	if err != nil || !ok || len(limits) != 2 {
		return false
	}
	seconds := json.Number(fmt.Sprint(time.Until(moment).Seconds()))
	return isBetween(object{"$from": limits[0], "$to": limits[1]}, seconds)
}

func isRepeated(expected object, actual any) bool {
	data, err := readData(expected)
	return err == nil && actual == string(data)
}

func isBase64(expected object, actual any) bool {
	wanted, err := readData(expected)
	if err != nil {
		return false
	}
	found, err := readData(actual)
	return err == nil && bytes.Equal(wanted, found)
}

// readData returns the bytes that a JSON value stands for.
func readData(value any) ([]byte, error) {
	if text, ok := value.(string); ok {
		return []byte(text), nil
	}
	parts, _ := value.(object)
	if text, ok := parts["base64"].(string); ok {
		return base64.StdEncoding.DecodeString(text)
	}
	if text, ok := parts["repeat"].(string); ok {
		if times, ok := parts["times"].(json.Number); ok {
			return []byte(strings.Repeat(text, int(asFloat(times)))), nil
		}
	}
	return nil, fmt.Errorf("%v is no data", value)
}

func isNot(expected, actual any, where string) string {
	return fmt.Sprintf("%s is %s, not %s", where, shown(actual), shown(expected))
}

func shown(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}
