// The page stays as the store has it: what changes is told by the server, and
// put in place without touching what is being read or typed. What a visitor
// does is sent without leaving the page.
"use strict";
(() => {
  const page = document.getElementById("page");
  if (!page) return;
  const root = document.documentElement, oops = document.getElementById("oops");
  const narrow = matchMedia("(max-width: 71.49rem)");
  root.dataset.xJs = "";

  // --- what the server tells

  const read = (html) => {
    const t = document.createElement("template");
    t.innerHTML = html.trim();
    return t.content.firstElementChild;
  };
  const ours = (name) => name === "style" || name.startsWith("data-x-");
  const own = (node) => node.nodeType === 1 && node.dataset.xOwn !== undefined;

  // become changes an element into another of its kind, and leaves alone what
  // the script and the visitor made of it.
  function become(old, now) {
    for (const { name } of [...old.attributes]) {
      if (!ours(name) && !now.hasAttribute(name) && !(name === "open" && old.localName === "details")) old.removeAttribute(name);
    }
    for (const { name, value } of now.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    if (old.localName === "textarea") {
      const untouched = old.value === old.defaultValue;
      if (old.textContent !== now.textContent) old.textContent = now.textContent;
      if (untouched) old.value = old.defaultValue;
      return;
    }
    children(old, now);
  }

  function children(old, now) {
    let at = old.firstChild;
    const skip = () => { while (at && own(at)) at = at.nextSibling; };
    for (const next of [...now.childNodes]) {
      skip();
      const known = next.nodeType === 1 && next.id ? [...old.children].find((e) => e.id === next.id) : null;
      if (known) {
        if (known !== at) old.insertBefore(known, at);
        become(known, next);
        at = known.nextSibling;
      } else if (at && same(at, next)) {
        const then = at.nextSibling;
        if (at.nodeType === 1) become(at, next);
        else if (at.data !== next.data) at.data = next.data;
        at = then;
      } else {
        old.insertBefore(next, at);
        fresh(next);
      }
    }
    for (skip(); at; skip()) {
      const then = at.nextSibling;
      at.remove();
      at = then;
    }
  }

  const same = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && !(a.id || b.id);

  const saying = ".note, .answer, .message, .post";
  function fresh(node) {
    if (node.nodeType !== 1) return;
    for (const e of [node, ...node.querySelectorAll(saying)]) if (e.matches(saying)) e.dataset.xNew = "";
  }

  function apply(patch) {
    const ends = [...document.querySelectorAll(".stream")].filter((s) => s.scrollHeight - s.scrollTop - s.clientHeight < 60);
    window.Marginalia.steady(() => {
      change(patch);
      window.Marginalia.place();
    });
    follow();
    shorten();
    for (const s of ends) s.scrollTop = s.scrollHeight;
    show();
  }

  function change(patch) {
    for (const id of patch.gone ?? []) document.getElementById(id)?.remove();
    for (const p of patch.parts ?? []) {
      const old = document.getElementById(p.id), now = read(p.html);
      if (old) become(old, now);
      else if (p.in) insert(now, p);
    }
  }

  function insert(now, p) {
    const after = document.getElementById(p.after), into = document.getElementById(p.in);
    if (after?.parentNode === into) after.after(now);
    else into?.append(now);
    fresh(now);
    news(into?.closest(".room"));
  }

  // A line that breaks is taken up again by the browser; one that was refused
  // (too many watch) is not, so it is tried anew from time to time.
  let shows = page.dataset.state;
  function listen() {
    const feed = new EventSource(`${page.dataset.events}?state=${encodeURIComponent(shows)}`);
    feed.addEventListener("patch", (e) => {
      shows = e.lastEventId;
      apply(JSON.parse(e.data));
    });
    feed.addEventListener("error", () => {
      if (feed.readyState === EventSource.CLOSED) setTimeout(listen, 60_000);
    });
  }
  listen();

  // --- what a visitor does

  let mine = null; // the room in which something was just said
  document.addEventListener("submit", async (e) => {
    const form = e.target;
    if (!form.matches("form[data-live]")) return;
    e.preventDefault();
    if (form.dataset.xBusy !== undefined) return;
    form.dataset.xBusy = "";
    const sent = form.elements.text?.value;
    try {
      const answer = await fetch(form.action, {
        method: "POST", headers: { Accept: "application/json" }, body: new URLSearchParams(new FormData(form, e.submitter)),
      });
      if (!answer.ok) throw new Error((await answer.json()).error);
      done(form, sent);
    } catch (error) {
      complain(error instanceof TypeError ? "The server does not answer; nothing was sent." : error.message);
    } finally {
      delete form.dataset.xBusy;
    }
  });

  // done leaves in the form what was typed since.
  function done(form, sent) {
    if (form.matches(".say")) {
      const text = form.elements.text;
      const since = text.value.startsWith(sent) ? text.value.slice(sent.length) : text.value;
      text.value = since.trim() ? since : ""; // the line break of Enter is no word
      mine = form.closest(".room");
      answer(form, "", "");
      show();
    }
    if (form.matches(".you")) form.elements.name.blur();
    for (const d of [form.closest("details"), form.querySelector("details[open]")]) if (d) d.open = false;
  }

  // show scrolls to what the visitor just said, once it stands there.
  function show() {
    const said = mine?.querySelector(".message.own[data-x-new]:not([data-x-seen])");
    for (const m of document.querySelectorAll(".message[data-x-new]")) m.dataset.xSeen = "";
    if (!said) return;
    said.scrollIntoView({ block: "nearest" });
    mine = null;
  }

  let quiet = 0;
  function complain(words) {
    oops.textContent = words;
    oops.hidden = false;
    clearTimeout(quiet);
    quiet = setTimeout(() => { oops.hidden = true; }, 6000);
  }

  // sends tells whether a key sends what was typed. It is no line break then:
  // a browser that is busy may ask for one all the same, by keypress.
  const sends = (e) => e.key === "Enter" && !e.shiftKey && !e.isComposing && e.target.matches(".say textarea, .change textarea");
  document.addEventListener("keypress", (e) => { if (sends(e)) e.preventDefault(); });
  document.addEventListener("keydown", (e) => {
    if (!sends(e)) return;
    e.preventDefault();
    if (e.target.value.trim()) e.target.form.requestSubmit();
  });

  // --- where a reply goes

  // answer makes a form answer a message, or just speak in the thread.
  function answer(form, id, name) {
    const chip = form.querySelector(".answering");
    form.elements.answers.value = id;
    chip.hidden = !id;
    chip.textContent = `to ${name}`;
  }

  function under(form, passage) {
    const select = form.elements.passage;
    if (![...select.options].some((o) => o.value === passage)) return false;
    select.value = passage;
    select.dataset.xChosen = "";
    return true;
  }

  // follow keeps the forms at the newest passage until a visitor chooses one.
  function follow() {
    for (const select of document.querySelectorAll(".aim select")) {
      if (select.dataset.xChosen === undefined && select.options.length) select.selectedIndex = select.options.length - 1;
    }
  }
  document.addEventListener("change", (e) => {
    if (!e.target.matches(".aim select")) return;
    e.target.dataset.xChosen = "";
    answer(e.target.form, "", "");
  });

  document.addEventListener("click", (e) => {
    const to = e.target.closest("[data-answer], [data-under]"), goto = e.target.closest("[data-goto]");
    if (to) {
      const form = to.closest(".room").querySelector(".say");
      under(form, to.closest(".post").dataset.p);
      answer(form, to.dataset.answer ?? "", to.dataset.name ?? "");
      form.elements.text.focus();
    }
    if (e.target.closest(".answering")) answer(e.target.form, "", "");
    if (goto && narrow.matches) { e.preventDefault(); tab("text"); document.getElementById(goto.dataset.goto)?.scrollIntoView({ block: "center" }); }
    for (const d of document.querySelectorAll(".menu[open], .more-emojis[open]")) if (!d.contains(e.target)) d.open = false;
  });

  // --- quoting

  const button = document.getElementById("quote-it");
  let quote = null;
  function offer() {
    if (!button) return;
    quote = selected();
    button.hidden = !quote;
    if (!quote) return;
    button.disabled = !quote.form;
    button.textContent = quote.form ? "Quote in a reply" : "Not posted in a room yet";
    const r = quote.rect, w = button.offsetWidth;
    button.style.left = `${Math.max(8, Math.min(r.left + r.width / 2 - w / 2, innerWidth - w - 8))}px`;
    button.style.top = `${r.bottom + 48 < innerHeight ? r.bottom + 8 : Math.max(8, r.top - 44)}px`;
  }

  function selected() {
    const s = getSelection();
    if (!s.rangeCount || s.isCollapsed || !s.toString().trim()) return null;
    const range = s.getRangeAt(0), from = range.startContainer.parentElement;
    const passage = from?.closest(".words .passage, .post")?.dataset.p;
    if (!passage || from.closest(".note, form")) return null;
    const here = from.closest(".room"), forms = [...document.querySelectorAll(".say")];
    const has = (f) => [...f.elements.passage.options].some((o) => o.value === passage);
    const form = (here && forms.find((f) => here.contains(f))) ?? forms.find((f) => f.dataset.xUsed !== undefined && has(f)) ?? forms.find(has);
    const message = from.closest(".message");
    return { words: s.toString().trim().replace(/\n{2,}/g, "\n"), passage, form, message, rect: range.getBoundingClientRect() };
  }

  button?.addEventListener("mousedown", (e) => e.preventDefault());
  button?.addEventListener("click", () => {
    const { form, words, passage, message } = quote, text = form.elements.text;
    if (narrow.matches) tab(form.closest(".room").id);
    under(form, passage);
    if (message) answer(form, message.dataset.a, message.querySelector(".who").textContent);
    text.value = words.split("\n").map((l) => `> ${l}`).join("\n") + "\n\n" + text.value;
    text.focus();
    text.setSelectionRange(text.value.length, text.value.length);
    getSelection().isCollapsed || (button.hidden = true);
  });
  document.addEventListener("selectionchange", () => { clearTimeout(offer.soon); offer.soon = setTimeout(offer, 120); });
  document.addEventListener("focusin", (e) => {
    const form = e.target.closest?.(".say");
    if (!form) return;
    for (const f of document.querySelectorAll(".say")) delete f.dataset.xUsed;
    form.dataset.xUsed = "";
  });

  // --- on a phone: one of text and rooms at a time

  function tab(name) {
    document.body.dataset.xTab = name;
    for (const room of document.querySelectorAll(".room")) room.toggleAttribute("data-x-here", room.id === name);
    for (const a of document.querySelectorAll(".bar a")) {
      a.toggleAttribute("aria-current", a.dataset.tab === name);
      if (a.dataset.tab === name) delete a.dataset.xNews;
    }
    if (name === "text") window.Marginalia.place();
    else scrollTo(0, document.body.scrollHeight);
  }
  document.querySelector(".bar")?.addEventListener("click", (e) => {
    const a = e.target.closest("a");
    if (!a) return;
    e.preventDefault();
    const y = scrollY, from = document.body.dataset.xTab;
    if (from === "text") tab.text = y;
    tab(a.dataset.tab);
    if (a.dataset.tab === "text") scrollTo(0, tab.text ?? 0);
    else shorten();
  });
  function news(room) {
    const a = room && document.querySelector(`.bar a[data-tab="${room.id}"]`);
    if (a && document.body.dataset.xTab !== room.id) a.dataset.xNews = "";
  }

  // shorten fades out only what is longer than its box.
  function shorten() {
    for (const w of document.querySelectorAll(".post > .words:not([data-x-known])")) {
      if (!w.clientHeight) continue;
      w.dataset.xKnown = "";
      w.toggleAttribute("data-x-short", w.scrollHeight <= w.clientHeight + 4);
    }
  }

  if (document.querySelector(".bar")) tab("text");
  follow();
  shorten();
  for (const s of document.querySelectorAll(".stream")) s.scrollTop = s.scrollHeight;
})();
