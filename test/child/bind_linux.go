package child

import "syscall"

func bind(attr *syscall.SysProcAttr, death syscall.Signal) {
	attr.Setpgid = true
	attr.Pdeathsig = death
}
