package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"zombiezen.com/go/sqlite"
)

// ErrDown is what the error of a View or Update is where the database itself
// does not work now, whatever was asked of it: it cannot be reached, or
// written, or was stopped. The same may go well later.
var ErrDown = errors.New("the database does not work now")

// A fault is an error of the database in words for the operator.
type fault struct {
	sentence string
	cause    error
}

func (f *fault) Error() string { return f.sentence + " (" + f.cause.Error() + ")" }
func (f *fault) Unwrap() error { return f.cause }

func (f *fault) Is(target error) bool { return target == ErrDown }

func isBusy(err error) bool { return sqliteCode(err) == sqlite.ResultBusy }

// sqliteCode returns the primary result code. It is not one of those that are
// asked for where err is not SQLite's.
func sqliteCode(err error) sqlite.ResultCode { return sqlite.ErrCode(err).ToPrimary() }

func (d *sqliteDB) explain(err error) error {
	var known *fault
	if err == nil || errors.As(err, &known) {
		return err
	}
	if s, ok := sqliteSentences[sqliteCode(err)]; ok {
		return &fault{strings.ReplaceAll(s, "%", d.path), err}
	}
	return err
}

var sqliteSentences = map[sqlite.ResultCode]string{
	sqlite.ResultBusy:     "the database % has been written by another program for half a minute: end that program, or wait for it and try again",
	sqlite.ResultReadOnly: "the database % may not be written: give the user who runs the bot the right to write the file and its folder",
	sqlite.ResultIOErr:    "the database % cannot be read or written: look at the disk and the system's log",
	sqlite.ResultCorrupt:  "the database % is damaged: stop the bot, keep the file, and restore a backup (or rescue what is left with sqlite3's .recover)",
	sqlite.ResultFull:     "the disk of the database % is full: make room; what was being written was not kept, all else is unharmed",
	sqlite.ResultCantOpen: "the database % cannot be opened: see that its folder is there and may be written",
	sqlite.ResultNotADB:   "the file % is no SQLite database: name another path, or move it away",
}

// pgCode returns the server's code of an error, "" if it is not the server's.
func pgCode(err error) string {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return ""
	}
	return e.Code
}

func (d *postgresDB) explain(err error) error {
	var known *fault
	if err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if s, ok := pgSentences[pgCode(err)]; ok {
		return &fault{strings.ReplaceAll(s, "%", d.name), err}
	}
	if unreachable(err) {
		return &fault{"the database " + d.name + " cannot be reached: see that PostgreSQL runs there and that the address is right", err}
	}
	if code := pgCode(err); len(code) == 5 && slices.Contains(pgTroubles, code[:2]) {
		return &fault{"the database " + d.name + " is in trouble: look at PostgreSQL's log", err}
	}
	return err
}

func unreachable(err error) bool {
	var connect *pgconn.ConnectError
	var broken net.Error
	return errors.As(err, &connect) || errors.As(err, &broken) || errors.Is(err, driver.ErrBadConn) || pgconn.SafeToRetry(err) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, sql.ErrConnDone)
}

// pgTroubles are the classes of error codes that tell of the server, not of
// what it was asked: connection, transaction state, rollback, resources, locks,
// intervention of an operator, system, internal.
var pgTroubles = []string{"08", "25", "40", "53", "55", "57", "58", "XX"}

var pgSentences = map[string]string{
	"28P01": "the database % does not accept the user or the password: mend the address",
	"28000": "the database % does not accept the user: mend the address, or PostgreSQL's pg_hba.conf",
	"3D000": "there is no database %: make it with createdb, or mend the address",
	"42501": "the user of the database % lacks a right there: make it the owner, or GRANT it",
	"25006": "the database % only reads (a replica?): name the one that is written",
	"53100": "the disk of the database % is full: make room; what was being written was not kept, all else is unharmed",
	"53300": "the database % has no connection left: raise max_connections or end other programs",
	"57P01": "the database % is being stopped: start PostgreSQL again",
	"57P03": "the database % is just starting or stopping: wait a moment and try again",
	"40001": "the database % has so many writers at once that this one never came to its end: try again",
}

const uniqueViolation = "23505"

// retryable reports whether a transaction failed only because another ran at
// the same time.
func retryable(err error) bool {
	switch pgCode(err) {
	case "40001", "40P01":
		return true
	}
	return false
}
