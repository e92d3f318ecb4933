package pannier

import (
	"crypto/rand"
	"encoding/hex"
)

// newRequestID returns a random UUID (RFC 9562, version 4) in its canonical form.
func newRequestID() string {
	var id [16]byte
	rand.Read(id[:]) // it never fails, as its documentation says
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80

	var text [36]byte
	hex.Encode(text[:8], id[:4])
	text[8] = '-'
	hex.Encode(text[9:13], id[4:6])
	text[13] = '-'
	hex.Encode(text[14:18], id[6:8])
	text[18] = '-'
	hex.Encode(text[19:23], id[8:10])
	text[23] = '-'
	hex.Encode(text[24:], id[10:])
	return string(text[:])
}
