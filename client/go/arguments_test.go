package pannier

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"
)

func wantRefused(t *testing.T, err error, argument string) {
	t.Helper()
	var refused *ArgumentError
	if !errors.As(err, &refused) || refused.Argument != argument || !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("%v does not refuse the %s", err, argument)
	}
}

func TestKeysAreWithinTheContractsLimits(t *testing.T) {
	owner, name := strings.Repeat("ö", MaxOwnerBytes/2), strings.Repeat("n", MaxNameBytes)
	if key, err := Key(owner, name); err != nil || key != owner+":"+name {
		t.Errorf("%q, %v", key, err)
	}
	for _, wrong := range []struct{ owner, name, argument string }{
		{"", "n", "owner"}, {"o:p", "n", "owner"}, {owner + "o", "n", "owner"}, {"\xff", "n", "owner"},
		{"o", "", "name"}, {"o", name + "n", "name"}, {"o", "\xc3", "name"},
	} {
		_, err := Key(wrong.owner, wrong.name)
		wantRefused(t, err, wrong.argument)
	}
	_, err := Prefix("o", name+"n")
	wantRefused(t, err, "nameStart")
	_, err = Prefix("o:p", "")
	wantRefused(t, err, "owner")
}

func TestTextThatIsNoUTF8IsRefused(t *testing.T) {
	const wrong = "o:\xff"
	_, err := getRequest(wrong, Strong)
	wantRefused(t, err, "key")
	_, err = putRequest(wrong, nil, writeOptions{})
	wantRefused(t, err, "key")
	_, err = putIfVersionRequest("o:a", nil, 1, writeOptions{etag: wrong})
	wantRefused(t, err, "etag")
	_, err = putRequest("o:a", nil, writeOptions{requestID: wrong})
	wantRefused(t, err, "request id")
	_, err = deleteRequest(wrong, deleteOptions{})
	wantRefused(t, err, "key")
	_, err = listOptions{}.request(wrong)
	wantRefused(t, err, "prefix")
}

func TestAWriteTakesOneExpiry(t *testing.T) {
	at := time.Date(2040, 1, 2, 3, 4, 5, 600, time.FixedZone("", 3600))
	apply := func(options ...ExpiryOption) (resolvedExpiry, error) {
		var chosen writeOptions
		for _, option := range options {
			chosen = option.applyPut(chosen)
		}
		return chosen.expiry.resolve(now)
	}
	if got, err := apply(); err != nil || got != (resolvedExpiry{}) {
		t.Errorf("none: %v, %v", got, err)
	}
	if got, err := apply(WithNeverExpires()); err != nil || !got.never {
		t.Errorf("never: %v, %v", got, err)
	}
	if got, err := apply(WithExpireTime(at)); err != nil || !got.expireTime.AsTime().Equal(at) {
		t.Errorf("a time: %v, %v", got, err)
	}
	if got, err := apply(WithTTL(1500 * time.Millisecond)); err != nil ||
		!got.expireTime.AsTime().Equal(now.Add(1500*time.Millisecond)) {
		t.Errorf("a ttl: %v, %v", got, err)
	}
	_, err := apply(WithTTL(time.Hour), WithNeverExpires())
	wantRefused(t, err, "expiry")
	_, err = apply(WithTTL(0))
	wantRefused(t, err, "ttl")
	_, err = apply(WithExpireTime(time.Time{}))
	wantRefused(t, err, "expireTime")
}

func TestRequestIDsAreRandomUUIDs(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}
	for range 1000 {
		id := newRequestID()
		if !form.MatchString(id) || seen[id] {
			t.Fatalf("%s is wrong or not new", id)
		}
		seen[id] = true
	}
}
