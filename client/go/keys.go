package pannier

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	// MaxOwnerBytes is the most UTF-8 bytes of an owner: DynamoDB's partition key
	// less a row's prefix.
	MaxOwnerBytes = 2042

	// MaxNameBytes is the most UTF-8 bytes of a name: DynamoDB's sort key less a
	// row's prefix.
	MaxNameBytes = 1019
)

// Key returns the key of an owner's record.
//
// The owner is 1 to [MaxOwnerBytes] bytes of UTF-8 without a colon, the name 1 to
// [MaxNameBytes] bytes of UTF-8, where colons are allowed. Anything else is an
// [*ArgumentError].
func Key(owner, name string) (string, error) {
	if err := checkOwner(owner); err != nil {
		return "", err
	}
	if name == "" {
		return "", refuse("name", "the name must not be empty")
	}
	if err := checkPart("name", name, MaxNameBytes); err != nil {
		return "", err
	}
	return owner + ":" + name, nil
}

// Prefix returns the prefix of an owner's records whose names start with
// nameStart, which may be empty for all of them. The rules are those of [Key].
func Prefix(owner, nameStart string) (string, error) {
	if err := checkOwner(owner); err != nil {
		return "", err
	}
	if err := checkPart("nameStart", nameStart, MaxNameBytes); err != nil {
		return "", err
	}
	return owner + ":" + nameStart, nil
}

func checkOwner(owner string) error {
	if owner == "" {
		return refuse("owner", "the owner must not be empty")
	}
	if strings.Contains(owner, ":") {
		return refuse("owner", "the owner must not contain a colon: it ends where the name begins")
	}
	return checkPart("owner", owner, MaxOwnerBytes)
}

func checkPart(part, text string, limit int) error {
	if len(text) > limit {
		return refuse(part, fmt.Sprintf("the %s has %d UTF-8 bytes, the limit is %d", part, len(text), limit))
	}
	return checkText(part, text)
}

// checkText refuses what protobuf could not encode: its strings are UTF-8, Go's
// need not be.
func checkText(argument, text string) error {
	if utf8.ValidString(text) {
		return nil
	}
	return refuse(argument, fmt.Sprintf("the %s is not valid UTF-8", argument))
}
