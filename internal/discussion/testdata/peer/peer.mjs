// Looks for quotes with approx-string-match, as Hypothesis calls it: at most
// half of the characters wrong, 256 at most, and the best match is taken.
// Reads {text, quotes} from the standard input, writes [{start, end, ms}, ...],
// in UTF-16 units; start is -1 where nothing was found.
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import search from "approx-string-match";

const find = typeof search === "function" ? search : search.default;
const { text, quotes } = JSON.parse(readFileSync(0, "utf8"));

function look(quote) {
  const began = performance.now();
  const exact = text.indexOf(quote);
  const found = exact >= 0 ? [{ start: exact, end: exact + quote.length, errors: 0 }]
    : find(text, quote, Math.min(256, Math.floor(quote.length / 2)));
  const ms = performance.now() - began;
  const best = found.reduce((a, b) => (!a || b.errors < a.errors ? b : a), null);
  return { start: best?.start ?? -1, end: best?.end ?? -1, ms };
}

for (const quote of quotes.slice(0, 50)) look(quote); // let it be compiled first
process.stdout.write(JSON.stringify(quotes.map(look)));
