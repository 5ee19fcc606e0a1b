//go:build !linux

package store

func openLog(path string) writeLog { return pollLog(path) }
