package discord

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// tap is a connection to the gateway, between the network and discordgo. It
// lets through what discordgo digests, and keeps from it what would break it:
//
//   - The requests to reconnect, and refused sessions (ops 7 and 9): within Open
//     they make discordgo wait for itself for ever. Here they end the
//     connection, and ended says why.
//   - The end of a connection: discordgo answers it by closing what is closed,
//     and sleeps with its lock held.
//   - What is no JSON object: "null" makes it panic.
//   - The types of events: it would decode each of them into its own shapes,
//     which do not expect everything. They are renamed, see eventName.
type tap struct {
	net.Conn
	in      *bufio.Reader
	out     []byte // for discordgo, not yet read
	part    []byte // of a message in several frames
	partOp  byte
	refused bool // the upgrade was: the rest is no frames
	headers int  // lines of the answer to the upgrade that were passed on; -1: all
	passed  int  // messages that were passed on

	writing chan struct{} // holds a token while nobody writes

	mu       sync.Mutex
	acked    time.Time     // when the gateway last showed that it listens
	interval time.Duration // of heartbeats
	why      end
	ended    chan struct{} // closed when why is set
	release  func()        // takes discordgo's hands off the connection; not before Open is through
}

// end is why a connection ended.
type end struct {
	code   int   // of a close frame, 0 if there was none
	anew   bool  // the session is over: the next connection begins another
	asked  bool  // the gateway asked for it
	err    error // of the connection
	reason string
}

func newTap(c net.Conn, release func()) *tap {
	t := &tap{Conn: c, in: bufio.NewReaderSize(c, 16<<10), writing: make(chan struct{}, 1), ended: make(chan struct{}), release: release}
	t.writing <- struct{}{}
	return t
}

// mostFrame is how long a message of the gateway may be.
const mostFrame = 64 << 20

// eventName is the type under which discordgo carries an event of any type: it
// knows none of that name, and passes it on as it is.
const eventName = "marginalia "

// Read implements net.Conn, for discordgo alone.
func (t *tap) Read(b []byte) (int, error) {
	for len(t.out) == 0 {
		if err := t.next(); err != nil {
			t.finish(end{err: err})
			if t.passed >= 2 { // Open reads no more: this is discordgo's listener
				t.release()
			}
			return 0, io.EOF
		}
	}
	n := copy(b, t.out)
	t.out = t.out[n:]
	return n, nil
}

// Write implements net.Conn. What cannot be written is no news: the reader
// finds it out, and one is enough.
func (t *tap) Write(b []byte) (int, error) {
	<-t.writing
	defer func() { t.writing <- struct{}{} }()
	if _, err := t.Conn.Write(b); err != nil {
		t.Conn.Close()
	}
	return len(b), nil
}

// hangUp ends the connection with a close code.
func (t *tap) hangUp(code int) {
	limit := time.NewTimer(time.Second)
	defer limit.Stop()
	select {
	case <-t.writing:
		frame := []byte{0x88, 0x82, 0, 0, 0, 0, byte(code >> 8), byte(code)} // masked by zeros
		if t.Conn.SetWriteDeadline(time.Now().Add(time.Second)) == nil {
			_, _ = t.Conn.Write(frame)
		}
		t.writing <- struct{}{}
	case <-limit.C:
	}
	t.Conn.Close()
}

// finish notes why the connection ended, the first time.
func (t *tap) finish(why end) {
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-t.ended:
	default:
		t.why = why
		close(t.ended)
	}
}

// silence is how long the gateway has not shown that it listens, and how often
// it should.
func (t *tap) silence(now time.Time) (silent, interval time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return now.Sub(t.acked), t.interval
}

// next reads a frame, and puts what discordgo shall see of it into out.
func (t *tap) next() error {
	if t.headers >= 0 {
		return t.header()
	}
	op, final, payload, err := t.frame()
	if err != nil {
		return err
	}
	switch op {
	case 0x8:
		return t.closed(payload)
	case 0x9, 0xA:
		t.out = frameOf(op, payload)
		return nil
	case 0x1, 0x2:
		t.part, t.partOp = payload, op
	default:
		if t.part = append(t.part, payload...); len(t.part) > mostFrame {
			return errors.New("the gateway does not come to an end")
		}
	}
	if !final {
		return nil
	}
	whole := t.part
	t.part = nil
	if t.partOp == 0x2 {
		if whole, err = inflate(whole); err != nil {
			return nil // not to be read; the next one may be
		}
	}
	return t.told(whole)
}

// header passes a line of the answer to the upgrade on. What follows a refusal
// is no frame.
func (t *tap) header() error {
	line, err := t.in.ReadSlice('\n')
	if err != nil && (!t.refused || len(line) == 0) {
		return err
	}
	t.out = bytes.Clone(line)
	if t.headers == 0 {
		t.refused = !bytes.Contains(line, []byte(" 101 "))
	}
	if t.headers++; len(bytes.TrimSpace(line)) == 0 && !t.refused {
		t.headers = -1
	}
	return nil
}

func (t *tap) frame() (op byte, final bool, payload []byte, err error) {
	var head [2]byte
	if _, err := io.ReadFull(t.in, head[:]); err != nil {
		return 0, false, nil, err
	}
	length := uint64(head[1] & 0x7f)
	if length >= 126 {
		wide := make([]byte, map[uint64]int{126: 2, 127: 8}[length])
		if _, err := io.ReadFull(t.in, wide); err != nil {
			return 0, false, nil, err
		}
		length = binary.BigEndian.Uint64(append(make([]byte, 8-len(wide)), wide...))
	}
	if length > mostFrame || head[1]&0x80 != 0 {
		return 0, false, nil, errors.New("the gateway does not speak WebSocket")
	}
	payload, err = io.ReadAll(io.LimitReader(t.in, int64(length)))
	if err == nil && uint64(len(payload)) < length {
		err = io.ErrUnexpectedEOF
	}
	return head[0] & 0x0f, head[0]&0x80 != 0, payload, err
}

func frameOf(op byte, payload []byte) []byte {
	b := []byte{0x80 | op}
	switch n := len(payload); {
	case n < 126:
		b = append(b, byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 127), uint64(n))
	}
	return append(b, payload...)
}

func inflate(b []byte) ([]byte, error) {
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	return io.ReadAll(io.LimitReader(z, mostFrame))
}

// closed reads a close frame.
func (t *tap) closed(payload []byte) error {
	why := end{reason: "the gateway hangs up"}
	if len(payload) >= 2 {
		why.code = int(binary.BigEndian.Uint16(payload))
		why.reason = fmt.Sprintf("the gateway hangs up: %d %s", why.code, payload[2:])
	}
	t.finish(why)
	return errors.New(why.reason)
}

// payload is what the gateway says.
type payload struct {
	Op   int             `json:"op"`
	Seq  *int64          `json:"s"`
	Type string          `json:"t"`
	Data json.RawMessage `json:"d"`
}

// told looks at a message before discordgo does.
func (t *tap) told(whole []byte) error {
	var m payload
	if json.Unmarshal(whole, &m) != nil || len(bytes.TrimSpace(whole)) == 0 || bytes.TrimSpace(whole)[0] != '{' {
		return nil
	}
	switch m.Op {
	case 0:
		whole = renamed(m)
	case 1:
	case 7:
		t.finish(end{asked: true, reason: "the gateway asks for a new connection"})
		return errors.New("op 7")
	case 9:
		t.finish(end{asked: true, anew: string(m.Data) != "true", reason: "the gateway does not know the session"})
		return errors.New("op 9")
	case 10:
		return t.hello(m, whole)
	case 11:
		t.mu.Lock()
		t.acked = time.Now()
		t.mu.Unlock()
	default:
		return nil
	}
	t.pass(whole)
	return nil
}

// hello must come first, and once.
func (t *tap) hello(m payload, whole []byte) error {
	var said struct {
		Interval int64 `json:"heartbeat_interval"`
	}
	if t.passed > 0 {
		return nil
	}
	if json.Unmarshal(m.Data, &said) != nil || said.Interval < 50 || said.Interval > 3_600_000 {
		return errors.New("the gateway does not say how often it wants to hear a heartbeat")
	}
	t.mu.Lock()
	t.acked, t.interval = time.Now(), time.Duration(said.Interval)*time.Millisecond
	t.mu.Unlock()
	t.pass(whole)
	return nil
}

func (t *tap) pass(whole []byte) {
	t.passed++
	t.out = frameOf(0x1, whole)
}

// renamed is an event under the name that discordgo carries it by.
func renamed(m payload) []byte {
	seq := int64(0)
	if m.Seq != nil {
		seq = *m.Seq
	}
	name, err := json.Marshal(eventName + m.Type)
	if err != nil {
		return nil
	}
	data := m.Data
	if len(data) == 0 {
		data = []byte("null")
	}
	return fmt.Appendf(nil, `{"op":0,"s":%d,"t":%s,"d":%s}`, seq, name, data)
}
