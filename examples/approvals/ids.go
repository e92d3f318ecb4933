package approvals

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"regexp"
	"time"
)

// idForm is that of a UUID of version 7 in lower case.
var idForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// NewID returns a new ID for a request that is made now: a UUID of version 7 (RFC
// 9562), which begins with the time.
//
// IDs sort as their times do, byte by byte, and that is the order in which a store
// lists names. So the newest requests are the first ones of a descending list, and
// nothing has to be sorted. After the milliseconds come 12 bits of what is left of
// the time, to tell apart requests that one program makes in quick succession (RFC
// 9562, section 6.2, method 3).
func NewID(now time.Time) string {
	var id [16]byte
	rand.Read(id[8:]) // it never fails, as its documentation says
	milliseconds := uint64(now.UnixMilli())
	rest := uint64(now.Nanosecond()%int(time.Millisecond)) << 12 / uint64(time.Millisecond)
	binary.BigEndian.PutUint64(id[:8], milliseconds<<16|7<<12|rest)
	id[8] = id[8]&0x3f | 0x80

	text := hex.EncodeToString(id[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}
