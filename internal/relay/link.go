package relay

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strings"
	"time"

	"marginalia/internal/discussion"
	"marginalia/internal/store"
)

const (
	// CodeHolds is how long a code holds with which an account is linked.
	CodeHolds = 15 * time.Minute

	// mostGuesses is how many codes that are none someone may try in that time.
	mostGuesses = 5
)

// NewCode makes a code with which another account is linked to a person's. It
// takes the place of the one before. Only a hash of it is kept.
func NewCode(tx *store.Tx, person discussion.PersonID, now time.Time) (string, error) {
	code := rand.Text()[:12] // 60 bits
	err := tx.PutLinkCode(store.LinkCode{Person: person, Hash: hashOf(code), Until: now.Add(CodeHolds)})
	return code[:4] + "-" + code[4:8] + "-" + code[8:], err
}

// hashOf is a code's hash, however it was typed.
func hashOf(code string) string {
	plain := strings.NewReplacer("-", "", " ", "").Replace(strings.ToUpper(code))
	sum := sha256.Sum256([]byte("link\x00" + plain))
	return hex.EncodeToString(sum[:])
}

// LinkOutcome is what came of a code.
type LinkOutcome uint8

// The outcomes.
const (
	WrongCode LinkOutcome = iota // it is none, or held too long ago, or was used
	OwnCode                      // it is this account's own
	TooOften                     // too many that were none were tried, and it was not looked at
	LinkAsk                      // it is another account's, and nothing was done yet
	LinkDone                     // the accounts are one person's
)

// Link makes an account the same person's as the one whose code it was told, if
// they are sure and were asked before; else it finds out who that is, for them
// to say whether it is they. Who is sure unasked may have been told to say so.
// Once the accounts are linked the code is used up. Of what the two chose how to
// be named the more discreet holds for both.
func Link(tx *store.Tx, person discussion.PersonID, code string, sure bool, now time.Time) (LinkOutcome, discussion.Person, error) {
	tries, since, err := tx.LinkTries(person)
	if err != nil {
		return WrongCode, discussion.Person{}, err
	}
	if now.Sub(since) >= CodeHolds {
		tries, since = 0, now
	}
	if tries >= mostGuesses {
		return TooOften, discussion.Person{}, nil
	}
	kept, err := whoseCode(tx, code, now)
	if err != nil {
		return WrongCode, discussion.Person{}, err
	}
	switch kept.Person {
	case "":
		return WrongCode, discussion.Person{}, tx.PutLinkTries(person, tries+1, since)
	case person:
		return OwnCode, discussion.Person{}, nil
	}
	one, err := tx.Person(kept.Person)
	if err != nil {
		return LinkAsk, one, err
	}
	asked := hashOf(code) + askedMark + hashOf(code+string(person))
	if !sure || kept.Hash != asked {
		kept.Hash = asked
		return LinkAsk, one, tx.PutLinkCode(kept)
	}
	return LinkDone, one, linked(tx, one, person, now)
}

// linked makes person's account the same person's as one.
func linked(tx *store.Tx, one discussion.Person, person discussion.PersonID, now time.Time) error {
	other, err := tx.Person(person)
	if err != nil {
		return err
	}
	if err := tx.DropLinkCode(one.ID); err != nil {
		return err
	}
	if err := tx.Link(person, one.ID); err != nil {
		return err
	}
	if state := moreDiscreet(one.State, other.State); state != discussion.Unset {
		if err := SetNaming(tx, person, state); err != nil {
			return err
		}
	}
	return recount(tx, person, now)
}

// moreDiscreet is the choice of two that tells less.
func moreDiscreet(a, b discussion.CreatorState) discussion.CreatorState {
	for _, state := range []discussion.CreatorState{discussion.Unpublished, discussion.Pseudonym, discussion.Named} {
		if a == state || b == state {
			return state
		}
	}
	return discussion.Unset
}

// askedMark parts a code's hash from that of who was last asked whether it is
// theirs.
const askedMark = " "

// whoseCode finds a code as it is kept, with no Person if it is nobody's. How
// long that takes says nothing of codes that hold.
func whoseCode(tx *store.Tx, code string, now time.Time) (found store.LinkCode, err error) {
	all, err := tx.LinkCodes(now)
	hash := hashOf(code)
	for _, c := range all {
		kept, _, _ := strings.Cut(c.Hash, askedMark)
		if subtle.ConstantTimeCompare([]byte(kept), []byte(hash)) == 1 {
			found = c
		}
	}
	return found, err
}

// Unlink makes an account a person of its own again. It reports whether it was
// linked.
func Unlink(tx *store.Tx, person discussion.PersonID, now time.Time) (bool, error) {
	accounts, err := tx.Linked(person)
	if err != nil || len(accounts) < 2 {
		return false, err
	}
	if err := tx.Unlink(person); err != nil {
		return false, err
	}
	for _, a := range accounts {
		if err := recount(tx, a.ID, now); err != nil {
			return false, err
		}
	}
	return true, nil
}

// SetNaming records how a person agreed to be named, for all of their accounts.
func SetNaming(tx *store.Tx, person discussion.PersonID, state discussion.CreatorState) error {
	accounts, err := tx.Linked(person)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if err := tx.SetState(a.ID, state); err != nil {
			return err
		}
	}
	return nil
}

// recount looks again at the emoji that a person's accounts hold: the same one
// of several counts once.
func recount(tx *store.Tx, person discussion.PersonID, now time.Time) error {
	accounts, err := tx.Linked(person)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		held, err := tx.ReactionsBy(a.ID)
		if err != nil {
			return err
		}
		for _, r := range held {
			rooms, err := tx.RoomsOf(r.Thing)
			if err != nil {
				return err
			}
			under, err := underOf(tx, r.Thing)
			if err != nil {
				return err
			}
			for _, room := range rooms {
				if err := tx.Stale(r.Thing, room, under, store.ClassReaction, now); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
