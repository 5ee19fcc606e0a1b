// The margin: each note is put beside its words. The first note of a passage
// stands level with them; the others follow below it, none over another. Where
// a margin is full its notes are shown shorter; at last the text makes room.
"use strict";
(() => {
  const GAP = 8, SLACK = 20, GIVE = [36, 72]; // px; how far the text gives way before notes shrink
  const SIZES = ["full", "tight", "line"];
  const leaf = document.querySelector(".leaf");
  if (!leaf) return;
  let active = "", opened = "", waiting = 0;

  const wide = () => getComputedStyle(leaf).getPropertyValue("--mode").trim() === "margin";
  const quoted = (id) => CSS.escape(id);

  // where returns the top of the line in which a note's words begin.
  function where(note, top) {
    const words = wordsOf(note)[0];
    if (!words) return null;
    const rect = words.getClientRects()[0] || words.getBoundingClientRect();
    return rect.top - top;
  }

  // wordsOf are the elements of the text that a note is about.
  function wordsOf(note) {
    const marks = leaf.querySelectorAll(`.words mark[data-a~="${quoted(note.dataset.a)}"]`);
    return marks.length || !note.dataset.p ? [...marks] : passage(note.dataset.p);
  }

  const passage = (id) => [...leaf.querySelectorAll(`.words .passage[data-p="${quoted(id)}"]`)]
    .filter((e) => e.getClientRects().length);

  // groups are the notes of each passage, with the place of their words.
  function groups() {
    const top = leaf.getBoundingClientRect().top, all = [];
    for (const run of leaf.querySelectorAll(".run.noted")) {
      let last = null;
      for (const note of run.querySelectorAll(".note")) {
        if (!last || last.passage !== note.dataset.p) {
          last = { passage: note.dataset.p, run, notes: [] };
          all.push(last);
        }
        last.notes.push({ note, at: where(note, top) ?? run.getBoundingClientRect().top - top });
      }
    }
    return all;
  }

  // measure learns how high each note is at each size.
  function measure(all) {
    const notes = all.flatMap((group) => group.notes);
    for (const size of SIZES) {
      for (const n of notes) n.note.dataset.xSize = size;
      for (const n of notes) {
        (n.heights ??= []).push(n.note.offsetHeight);
        if (size !== "line") (n.cuts ??= []).push([...n.note.querySelectorAll(".said")].some((s) => s.scrollHeight > s.clientHeight + 2));
      }
    }
    for (const n of notes) n.size = 0;
  }

  // stack finds each note its top, level with its words or below the note
  // before it, and returns where the stack ends.
  function stack(group, from, shift) {
    let y = from;
    for (const n of group.notes) {
      n.top = Math.max(y, n.at + shift);
      n.pushed = n.top > n.at + shift;
      y = n.top + n.heights[n.size] + GAP;
    }
    return y;
  }

  // shrink makes one note of those that press on the end of the stack smaller,
  // the one that gains most, but none smaller than size.
  function shrink(group, size) {
    let best = null, gain = 0;
    for (const n of [...group.notes].reverse()) {
      const won = n.size < size && n.note.id !== active ? n.heights[n.size] - n.heights[n.size + 1] : 0;
      if (won > gain) [best, gain] = [n, won];
      if (!n.pushed) break;
    }
    if (best) best.size++;
    return !!best;
  }

  // fit makes a stack end where the next one begins, and returns how much the
  // text has to give way. Its first note may stand off its words as well, if
  // the stack before it is too long.
  function fit(group, next, from, shift) {
    const limit = next ? next.notes[0].at + shift + SLACK : Infinity;
    const calm = group.passage !== opened && !group.notes.some((n) => n.note.id === active);
    const movable = next && next.run !== group.run;
    let over = stack(group, from, shift) - limit;
    for (let size = 1; size < SIZES.length && calm && over > 0; size++) {
      if (movable && over <= GIVE[size - 1]) return over;
      while (over > 0 && shrink(group, size)) over = stack(group, from, shift) - limit;
    }
    if (over <= 0 || movable) return Math.max(over, 0);
    if (calm) fold(group, limit);
    return 0;
  }

  // fold hides what still does not fit behind a button.
  function fold(group, end) {
    let hidden = 0;
    for (const n of group.notes.slice(1)) {
      n.folded = hidden > 0 || n.top + n.heights[n.size] + GAP + 24 > end;
      hidden += n.folded;
    }
    if (!hidden) return;
    const last = group.notes[group.notes.length - hidden - 1], bottom = last.top + last.heights[last.size];
    const more = document.createElement("button");
    more.type = "button";
    more.className = "more";
    more.dataset.xOwn = "";
    more.textContent = hidden === 1 ? "one more note" : `${hidden} more notes`;
    more.style.top = `${bottom}px`;
    more.onclick = () => { opened = group.passage; place(); };
    last.note.after(more);
    group.end = bottom + 28;
  }

  function clear() {
    for (const more of leaf.querySelectorAll(".more")) more.remove();
    for (const note of leaf.querySelectorAll(".note")) {
      note.style.top = "";
      delete note.dataset.xSize;
      delete note.dataset.xFolded;
      delete note.dataset.xCut;
    }
    for (const run of leaf.querySelectorAll(".run[style]")) run.style.paddingBottom = "";
    leaf.style.minHeight = "";
  }

  // steady does something to the page and keeps what is being read where it is.
  function steady(change) {
    const top = 56, read = scrollY > 40 && leaf.offsetParent !== null
      ? [...leaf.querySelectorAll(".words > *, .note")].find((e) => e.getBoundingClientRect().bottom > top) : null;
    const before = read?.getBoundingClientRect().top;
    change();
    if (!read?.isConnected) return;
    const moved = read.getBoundingClientRect().top - before;
    if (Math.abs(moved) >= 1) scrollBy({ top: moved, behavior: "instant" });
  }

  function place() { steady(arrange); }

  function arrange() {
    waiting = 0;
    clear();
    if (!wide()) return void delete leaf.dataset.xPlaced;
    leaf.dataset.xPlaced = "";
    const all = groups();
    measure(all);
    let from = 0, shift = 0;
    all.forEach((group, i) => {
      const more = fit(group, all[i + 1], from, shift);
      from = group.end ?? stack(group, from, shift);
      if (more > 0) group.run.style.paddingBottom = `${more}px`;
      shift += more;
    });
    for (const n of all.flatMap((group) => group.notes)) {
      n.note.dataset.xSize = SIZES[n.size];
      n.note.style.top = `${n.top}px`;
      n.note.toggleAttribute("data-x-folded", !!n.folded);
      n.note.toggleAttribute("data-x-cut", !!n.cuts[n.size] && n.note.id !== active);
    }
    leaf.style.minHeight = `${from + 32}px`;
  }

  function soon() { waiting ||= requestAnimationFrame(place); }

  // light marks the words of a note, or the notes of a word.
  function light(note, on) {
    for (const e of [note, ...wordsOf(note)]) e.toggleAttribute("data-x-lit", on);
  }

  const noteOf = (mark) => {
    for (const id of mark.dataset.a.split(" ")) {
      const found = document.getElementById(`a-${id}`)?.closest(".note");
      if (found) return found;
    }
  };

  // commentOf is the first comment that quotes words.
  const commentOf = (mark) => mark.dataset.a.split(" ").map((id) => document.getElementById(id)).find((e) => e?.matches(".comment"));

  function choose(note) {
    const id = note?.id ?? "";
    if (id === active) return;
    const old = document.getElementById(active);
    if (old) { delete old.dataset.xActive; light(old, false); }
    active = id;
    opened = note ? (note.dataset.p === opened ? opened : "") : "";
    if (note) { note.dataset.xActive = ""; light(note, true); }
    place();
  }

  for (const [event, on] of [["mouseover", true], ["mouseout", false]]) {
    leaf.addEventListener(event, (e) => {
      const note = e.target.closest(".note") ?? (e.target.closest("mark") && noteOf(e.target.closest("mark")));
      if (note && note.id !== active) light(note, on);
    });
  }
  document.addEventListener("click", (e) => {
    if (e.target.closest(".more, a, button, form, .dock, .top")) return;
    const mark = e.target.closest(".leaf mark"), note = e.target.closest(".leaf .note");
    if (!String(getSelection()) || !active) choose(note ?? (mark && noteOf(mark)) ?? null);
    const beside = mark && !note && noteOf(mark), far = mark && !beside && commentOf(mark);
    if (beside && !wide() || far) (beside || far).scrollIntoView({ block: "center", behavior: "smooth" });
  });
  leaf.addEventListener("focusin", (e) => {
    if (e.target.matches(".note:focus-visible")) choose(e.target);
  });
  document.addEventListener("keydown", (e) => { if (e.key === "Escape") choose(null); });

  document.documentElement.style.overflowAnchor = "none"; // steady does that
  new ResizeObserver(soon).observe(leaf.parentElement);
  document.fonts?.ready.then(soon);
  place();
  window.Marginalia = { place, steady };
})();
