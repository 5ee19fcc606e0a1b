//go:build !linux

package child

import "syscall"

// bind can do nothing: only Linux ends children with their parents.
func bind(*syscall.SysProcAttr, syscall.Signal) {}
