//go:build !unix

package pannier

import (
	"errors"
	"fmt"
)

// claimDirectory refuses: whose a directory is cannot be told here.
func claimDirectory(directory string) error {
	return fmt.Errorf("%s may be another user's: %w", directory, errors.ErrUnsupported)
}
