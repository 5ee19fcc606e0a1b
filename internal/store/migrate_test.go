package store

import (
	"database/sql"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

// old makes a database as an older Marginalia left it: that of a version, with rows.
func old(t *testing.T, dsn string, version int, rows string) {
	t.Helper()
	driver, dialect := "sqlite", "sqlite"
	if strings.HasPrefix(dsn, "postgres") {
		driver, dialect = "pgx", "postgres"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	text := fmt.Sprintf("CREATE TABLE marginalia (version BIGINT NOT NULL); INSERT INTO marginalia (version) VALUES (%d);", version)
	for i := range version {
		more, err := os.ReadFile(fmt.Sprintf("migrations/%04d.sql", i+1))
		if err != nil {
			t.Fatal(err)
		}
		text += string(more) + ";\n"
	}
	for _, s := range statements(text+rows, dialect) {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// fifth is what a database of version 5 holds: a remark from the attic with its
// mirror in the shed, which was edited; one that answers it, of which a post is
// in flight; one that was forgotten; the thread of a passage; a note.
const fifth = `
INSERT INTO places (num, platform, room, thread, known) VALUES (1, 'matrix', '!attic:example.org', '', 1), (2, 'matrix', '!attic:example.org', '$root', 0),
	(3, 'local', 'shed', '', 1), (4, 'local', 'shed', 'r', 0);
INSERT INTO discussions (num, id, origin, title, url, imported) VALUES (7, 'an-essay-123456', '', 'An <essay>', '', 1);
INSERT INTO documents (id, discussion, seq, kind, parent, author, url, posted, score, first_line, last_line, confidence, text, marks)
	VALUES ('doc-essay', 7, 1, 'essay', '', '', '', 0, '', 0, 0, 1, 'One thought.', '');
INSERT INTO passages (num, id, discussion, document, seq, start_at, end_at) VALUES (5, 'passage-1', 7, 'doc-essay', 1, 0, 12);
INSERT INTO people (num, id, platform, user_id, name, state) VALUES (9, 'x', 'matrix', '@x', 'X', '');
INSERT INTO targets (num, id, source, start_at, end_at, exact, prefix, suffix) VALUES (8, 't', 'doc-essay', 4, 11, 'thought', 'One ', '.');
INSERT INTO said (discussion, orders) VALUES (7, 3);
INSERT INTO annotations (num, id, ord, discussion, under, creator, target, answers, motivation, text, marks, via, created, modified, deleted, hidden, files) VALUES
	(21, 'second', 2, 7, 5, 9, 8, 'first', 'replying', 'I answer', '', 'https://example.org/elsewhere', 2000, 0, 0, 1, '[{"Name":"a.png"}]'),
	(22, 'first', 1, 7, 5, 9, 8, '', 'commenting', 'I say', '', 'https://matrix.to/#/!attic:example.org/$said?via=example.org', 1000, 3000, 0, 0, ''),
	(23, 'third', 3, 7, 0, 9, 8, 'lost', 'commenting', '', '', '', 3000, 0, 4000, 0, '');
INSERT INTO copies (thing, room, part, mark, place, id, speaker, old, hash, seq, verb, key, sent, began) VALUES
	('a:first', 1, 0, '', 2, '$said', '', '', '', 0, '', '', '', 0),
	('a:first', 3, 0, '', 4, '7', 'bot', '[["8","r","bot"]]', 'hash', 2, '', 'settled', '', 0),
	('a:second', 3, 0, '', 3, '', '', '', 'other', 1, 'post', 'flies', 'I answer', 5000),
	('n:note', 1, 0, '', 2, '$note', 'bot', '', 'h', 1, '', 'also settled', '', 0),
	('p:passage-1', 1, 0, 'thread', 2, '$root', 'bot', '', '', 1, '', 'thread', '', 0);
INSERT INTO old_ids (room, id, thing, part) VALUES (3, '8', 'a:first', 0);
INSERT INTO deliveries (thing, room, thread, class, ord, born, due, tries, spent, dead, why) VALUES ('a:second', 3, 'passage-1', 3, 12, 1, 2, 3, 4, 0, 'no');
INSERT INTO lanes (room, orders) VALUES (3, 12);
INSERT INTO notes (id, kind, discussion, text, marks, place, reply_to, created) VALUES ('note', 'answer', 'an-essay-123456', 'yes', '', '{}', '{}', 1);
INSERT INTO reactions (thing, person, emoji, room, own, given) VALUES ('p:passage-1', 'x', '👍', 1, '$like', 6000), ('a:first', 'x', '👎', 3, '', 7000)
`

func TestAnOlderDatabaseHoldsWhatItHeld(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		old(t, dsn, 5, fifth)
		db := opened(t, dsn, Options{NoListen: true})
		ms := func(n int64) time.Time { return time.UnixMilli(n).UTC() }
		target := discussion.Target{Source: "doc-essay", Selector: discussion.Selector{Start: 4, End: 11, Exact: "thought", Prefix: "One ", Suffix: "."}}
		answering, lost := target, target
		answering.Annotation, lost.Annotation = "first", "lost"
		first := discussion.Annotation{ID: "first", Discussion: "an-essay-123456", Motivation: discussion.Commenting, Under: "passage-1", Target: target, Creator: "x",
			Body: format.Text("I say"), Via: "https://matrix.to/#/!attic:example.org/$said?via=example.org", Created: ms(1000), Modified: ms(3000)}
		second := discussion.Annotation{ID: "second", Discussion: "an-essay-123456", Motivation: discussion.Replying, Under: "passage-1", Target: answering, Creator: "x",
			Body: format.Text("I answer"), Via: "https://example.org/elsewhere", Created: ms(2000), Hidden: true, Files: []discussion.File{{Name: "a.png"}}}
		third := discussion.Annotation{ID: "third", Discussion: "an-essay-123456", Motivation: discussion.Commenting, Target: lost, Creator: "x", Created: ms(3000), Deleted: ms(4000)}
		mirror := Copy{Ref: at(shed, "r", "7", "bot"), Old: []chat.Ref{at(shed, "r", "8", "bot")}, Hash: "hash", Seq: 2}
		flying := Copy{Hash: "other", Seq: 1, Verb: chat.Post, Key: "flies", Sent: "I answer", Began: ms(5000)}
		for range 2 { // again after everything was written once more
			view(t, db, func(tx *Tx) error {
				remarks, err := tx.Annotations("an-essay-123456")
				same(t, "annotations", remarks, []discussion.Annotation{first, second, third})
				copies, err2 := tx.AllCopies("a:first")
				same(t, "copies", copies, map[chat.Room][]Copy{attic: {{Ref: at(attic, "$root", "$said", "")}}, shed: {mirror}})
				thing, c, err3 := tx.CopyAt(shed, "8")
				same(t, "copy of an edit", []any{thing, c}, []any{Thing("a:first"), mirror})
				thing, room, c, err4 := tx.CopyOfKey("flies")
				same(t, "copy of a key", []any{thing, room, c}, []any{Thing("a:second"), shed, flying})
				thing, err5 := tx.ThingOf(chat.Place{Room: attic, Thread: "$root"})
				same(t, "thread", thing, Thing("p:passage-1"))
				here, err6 := tx.RoomCopies(attic, "an-essay-123456")
				same(t, "things in the attic", len(here), 3)
				waits, err7 := tx.Deliveries(shed)
				same(t, "deliveries", waits, []Delivery{{Thing: "a:second", Room: shed, Thread: "passage-1", Class: ClassReply, Order: 12,
					Born: ms(1), Due: ms(2), Tries: 3, Spent: 4 * time.Millisecond, Why: "no", Asked: 1}})
				likes, err8 := tx.ReactionsIn("an-essay-123456")
				same(t, "reactions", likes, []Reaction{{Thing: "p:passage-1", Person: "x", Self: "x", Emoji: "👍", Room: attic, Own: "$like", At: ms(6000)},
					{Thing: "a:first", Person: "x", Self: "x", Emoji: "👎", Room: shed, At: ms(7000)}})
				given, err9 := tx.Given("an-essay-123456")
				same(t, "given", given, 1)
				return all(err, err2, err3, err4, err5, err6, err7, err8, err9)
			})
			update(t, db, func(tx *Tx) error {
				return all(tx.PutAnnotation(third), tx.PutAnnotation(second), tx.PutAnnotation(first), tx.PutCopy("a:first", shed, mirror), tx.PutCopy("a:second", shed, flying))
			})
		}
		if _, ok := db.engine.(scrubber); ok {
			same(t, "room to give back", got(t, db, (*Tx).Erased), true)
		}
	})
}

// Where a remark came from is where its message stands; in which room that is,
// and which one it is, may be told before and after.
func TestViaGoesWithItsMessage(t *testing.T) {
	eachDB(t, func(t *testing.T, db *DB) {
		a := remark("a", "passage-1", "x")
		put := func(via string) { a.Via = via; update(t, db, func(tx *Tx) error { return tx.PutAnnotation(a) }) }
		copied := func(c Copy) { update(t, db, func(tx *Tx) error { return tx.PutCopy("a:a", attic, c) }) }
		via := func(want string) {
			t.Helper()
			same(t, "via", got(t, db, func(tx *Tx) (discussion.Annotation, error) { return tx.Annotation("a") }).Via, want)
		}
		update(t, db, func(tx *Tx) error { return furnish(tx, "x") })
		for _, odd := range []string{"", "/", "?", "a", "a/", "https://example.org/$m/", "https://example.org/?q=/$m", "https://example.org/room/$m?via=a&via=b"} {
			put(odd)
			via(odd)
		}
		copied(Copy{Ref: at(attic, "$root", "$m", "")})
		via("https://example.org/room/$m?via=a&via=b")
		for _, again := range []string{"https://example.org/other/$m", "https://example.org/room/$m?via=a&via=b", "https://example.org/other/$n", "https://example.org/other/$m"} {
			put(again)
			via(again)
		}
		copied(Copy{})
		via("")
		put("")
		copied(Copy{Ref: at(attic, "$root", "$m", "")})
		via("")
	})
}
