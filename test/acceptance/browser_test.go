//go:build unix

package acceptance

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"marginalia/test/chromium"
	"marginalia/test/require"
)

// tab is a page in Chromium, and what went wrong in it.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu    sync.Mutex
	wrong []string // what the console and the browser complained of
	hosts []string // that were asked for something, each once
}

// lookout is in the page before anything of its own: it notes what the
// content security policy forbids and when Enter was pressed, and gives words
// for what a test waits for.
const lookout = `(() => {
	window.forbidden = [];
	document.addEventListener("securitypolicyviolation", (e) => forbidden.push(e.violatedDirective + " " + e.blockedURI + " " + e.sample));
	addEventListener("keydown", (e) => { if (e.key === "Enter" && !e.shiftKey) window.entered = performance.now(); }, true);
	window.has = (where, words) => [...document.querySelectorAll(where)].some((e) => e.textContent.includes(words));
	window.until = (what, limit, so) => new Promise((yes, no) => {
		let seen, late;
		const look = () => {
			if (!so()) return false;
			seen?.disconnect();
			clearTimeout(late);
			yes(performance.now());
			return true;
		};
		if (look()) return;
		late = setTimeout(() => { seen.disconnect(); no(new Error("not within " + limit + " ms: " + what)); }, limit);
		seen = new MutationObserver(look);
		seen.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
	});
})()`

// browse opens an address. The browser and all in it end with the test.
func browse(t *testing.T, address string, width, height int64) *tab {
	t.Helper()
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(chromium.Start(t))}
	for _, flag := range append(chromium.Flags(chromium.Dir(t)), "--hide-scrollbars") {
		name, value, valued := strings.Cut(strings.TrimPrefix(flag, "--"), "=")
		if valued {
			options = append(options, chromedp.Flag(name, value))
		} else {
			options = append(options, chromedp.Flag(name, true))
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(stop)
	p := &tab{t: t}
	ctx, shut := chromedp.NewContext(ctx, chromedp.WithListener(p.listen))
	t.Cleanup(shut)
	p.ctx = ctx
	call(p, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: lookout})
	p.do(chromedp.EmulateViewport(width, height), chromedp.Navigate(address))
	return p
}

// listen notes what the browser tells.
func (p *tab) listen(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		p.wrong = append(p.wrong, "exception: "+e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		said, _ := json.Marshal(e.Args)
		p.wrong = append(p.wrong, fmt.Sprintf("console.%s: %.300s", e.Type, said))
	case *log.EventEntryAdded:
		p.wrong = append(p.wrong, fmt.Sprintf("%s %s: %s %s", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL))
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(e.Request.URL)
		if err != nil || u.Scheme == "data" {
			return
		}
		if host := u.Scheme + "://" + u.Host; !slices.Contains(p.hosts, host) {
			p.hosts = append(p.hosts, host)
		}
	}
}

// complaints are what went wrong in the page so far: errors, warnings and
// words on the console, what the policy forbade, and hosts other than site.
func (p *tab) complaints(site string) []string {
	p.t.Helper()
	all := look[[]string](p, "forbidden")
	p.mu.Lock()
	defer p.mu.Unlock()
	all = append(all, p.wrong...)
	for _, h := range p.hosts {
		if h != site {
			all = append(all, "a request to "+h)
		}
	}
	return all
}

// do takes steps in the page.
func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.fail(err)
	}
}

func (p *tab) fail(err error) {
	p.t.Helper()
	p.mu.Lock()
	wrong := slices.Clone(p.wrong)
	p.mu.Unlock()
	p.glance("failed.png")
	p.t.Fatalf("%v; the page's console: %q", err, wrong)
}

// look returns what an expression says of the page; if it is a promise, what
// it comes to.
func look[T any](p *tab, expression string, args ...any) T {
	p.t.Helper()
	if len(args) > 0 {
		for i, a := range args {
			if s, ok := a.(string); ok {
				quoted, err := json.Marshal(s)
				if err != nil {
					p.t.Fatal(err)
				}
				args[i] = string(quoted)
			}
		}
		expression = fmt.Sprintf(expression, args...)
	}
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.fail(fmt.Errorf("%w in %.500s", err, expression))
	}
	return v
}

// script runs statements in the page.
func (p *tab) script(statements string, args ...any) {
	p.t.Helper()
	look[bool](p, "(() => { "+statements+"; return true; })()", args...)
}

// patience is how long the page may take to show something, in milliseconds:
// far more than is aimed at.
const patience = 60_000

// until waits for what an expression says of the page, and returns when that
// was, on the page's own clock in milliseconds.
func (p *tab) until(what, so string, args ...any) float64 {
	p.t.Helper()
	return look[float64](p, "until(%s, %v, () => "+so+")", append([]any{what, patience}, args...)...)
}

// type_ puts words where the cursor is, at once, as a keyboard on a phone does.
func (p *tab) type_(words string) {
	p.t.Helper()
	call(p, input.InsertText, input.InsertTextParams{Text: words})
}

// enter presses Enter, in one event with what it types, as browsers make it;
// chromedp's own keys type even where the page has prevented that.
func (p *tab) enter() {
	p.t.Helper()
	key := input.DispatchKeyEventParams{Type: kb.KeyDown, Key: "Enter", Code: "Enter", Text: "\r", WindowsVirtualKeyCode: 13}
	call(p, input.DispatchKeyEvent, key)
	key.Type, key.Text = kb.KeyUp, ""
	call(p, input.DispatchKeyEvent, key)
}

// media makes the page believe in a preference, as {"prefers-color-scheme": "dark"}.
func (p *tab) media(features ...*emulation.MediaFeature) {
	p.t.Helper()
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
}

// shoot keeps a picture of the page, or of all that can be scrolled to.
func (p *tab) shoot(path string, whole bool) {
	p.t.Helper()
	shot := chromedp.CaptureScreenshot()
	if whole {
		shot = chromedp.FullScreenshot(100)
	}
	png, err := chromedp.Run(p.ctx, shot)
	if err != nil {
		p.t.Errorf("take a picture: %v", err)
		return
	}
	if err := os.WriteFile(path, png, 0o644); err != nil {
		p.t.Error(err)
	}
}

// keep puts a picture into docs/, where UPDATE_SCREENSHOTS is set.
func (p *tab) keep(name string) {
	p.t.Helper()
	p.glance(name)
	if os.Getenv("UPDATE_SCREENSHOTS") == "" {
		return
	}
	docs := filepath.Join(require.Root(p.t), "docs")
	if err := os.MkdirAll(docs, 0o755); err != nil {
		p.t.Fatal(err)
	}
	p.shoot(filepath.Join(docs, name), false)
}

// settled waits until the page has been drawn as it is now.
func (p *tab) settled() {
	p.t.Helper()
	look[bool](p, `new Promise((yes) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(() => yes(true)))))`)
}

// resize gives the window another size.
func (p *tab) resize(width, height int64, options ...chromedp.EmulateViewportOption) {
	p.t.Helper()
	p.do(chromedp.EmulateViewport(width, height, options...))
	p.settled()
}

// call runs one command of the browser's protocol on the page.
func call[P, R any](p *tab, command cdp.Command[P, R], params P) R {
	p.t.Helper()
	r, err := chromedp.Call(p.ctx, command, params)
	if err != nil {
		p.fail(fmt.Errorf("%s: %w", command.Method, err))
	}
	return r
}

// glance puts a picture into the folder that SHOTS names, for the eye alone.
func (p *tab) glance(name string) {
	p.t.Helper()
	if dir := os.Getenv("SHOTS"); dir != "" {
		p.shoot(filepath.Join(dir, name), false)
	}
}
