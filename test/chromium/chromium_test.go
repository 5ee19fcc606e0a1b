package chromium_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"marginalia/test/chromium"
)

const page = `<title>t</title><p id="p">old</p><script>document.getElementById("p").textContent = "n" + "ew"</script>`

func TestTheBrowserRunsAScript(t *testing.T) {
	path := chromium.Start(t)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte(page))
	}))
	defer site.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	args := append(chromium.Flags(chromium.Dir(t)), "--dump-dom", site.URL)
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.WaitDelay = time.Second
	var talk strings.Builder
	cmd.Stderr = &talk
	out, err := cmd.Output()
	if err != nil || !strings.Contains(string(out), `<p id="p">new</p>`) {
		t.Errorf("got %v and %q; the browser says:\n%s", err, out, talk.String())
	}
}
