package chat

import "context"

// Finding is one thing that was looked at before the bot runs.
type Finding struct {
	What string // "the token", "room book-club: post messages"
	OK   bool
	Why  string // what is wrong, in one sentence
	Do   string // what to do about it: the exact address, click or line
	Room Room   // that it is about; zero: all of the network
}

// Checker is a Platform that can tell what it is granted and what is missing.
// Check changes nothing that people can see. What cannot be looked at, because
// something before it is missing, is left out.
type Checker interface {
	Check(ctx context.Context) []Finding
}
