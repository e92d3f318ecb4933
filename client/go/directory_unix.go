//go:build unix

package pannier

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

const writableByOthers = 0o022

// claimDirectory makes sure that a socket's directory is this user's alone, and
// creates it if it is absent.
//
// In a directory where everyone may write, someone else could have made it first
// and put a socket of their own there. Once it is ours, the sticky bit keeps it
// ours.
func claimDirectory(directory string) error {
	if err := os.Mkdir(directory, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	found, err := os.Lstat(directory)
	if err != nil {
		return err
	}
	owner, known := found.Sys().(*syscall.Stat_t)
	if !found.IsDir() || !known || int(owner.Uid) != os.Getuid() {
		return fmt.Errorf("%s is not a directory of this user: %w", directory, fs.ErrPermission)
	}
	if found.Mode()&writableByOthers != 0 {
		return fmt.Errorf("%s can be written by other users: %w", directory, fs.ErrPermission)
	}
	return nil
}
