package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// JSON values as encoding/json decodes them, with numbers kept as they are written.
type (
	object = map[string]any
	array  = []any
)

var savedName = regexp.MustCompile(`\$[A-Za-z_]+`)

// substitute returns a JSON value in which saved values stand for their names. A
// matcher's own field, such as $any, is no name: only string values are looked at.
func substitute(value any, saved object) (any, error) {
	switch value := value.(type) {
	case object:
		replaced := make(object, len(value))
		for name, part := range value {
			part, err := substitute(part, saved)
			if err != nil {
				return nil, err
			}
			replaced[name] = part
		}
		return replaced, nil
	case array:
		replaced := make(array, len(value))
		for i, part := range value {
			part, err := substitute(part, saved)
			if err != nil {
				return nil, err
			}
			replaced[i] = part
		}
		return replaced, nil
	case string:
		return substituteText(value, saved)
	default:
		return value, nil
	}
}

func substituteText(text string, saved object) (any, error) {
	for _, name := range savedName.FindAllString(text, -1) {
		if _, ok := saved[name[1:]]; !ok {
			return nil, fmt.Errorf("no value was saved as %s", name)
		}
	}
	if savedName.FindString(text) == text && text != "" {
		return saved[text[1:]], nil
	}
	return savedName.ReplaceAllStringFunc(text, func(name string) string {
		return fmt.Sprint(saved[name[1:]])
	}), nil
}

// substituteObject is substitute for what must be an object; absent ones are empty.
func substituteObject(value, saved object) (object, error) {
	replaced, err := substitute(value, saved)
	if err != nil {
		return nil, err
	}
	return replaced.(object), nil
}

// atPath returns a part of a JSON value, as pages.0.next_page_token names it.
func atPath(value any, path string) (any, error) {
	for step := range strings.SplitSeq(path, ".") {
		switch within := value.(type) {
		case object:
			part, ok := within[step]
			if !ok {
				return nil, fmt.Errorf("there is no %q to save in %v", path, value)
			}
			value = part
		case array:
			index, err := strconv.Atoi(step)
			if err != nil || index < 0 || index >= len(within) {
				return nil, fmt.Errorf("there is no %q to save in %v", path, value)
			}
			value = within[index]
		default:
			return nil, fmt.Errorf("there is no %q to save in %v", path, value)
		}
	}
	return value, nil
}
