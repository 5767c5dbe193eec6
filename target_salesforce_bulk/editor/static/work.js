// What happens between the page and the program: reviews, changes, saving.
import { ask } from "./api.js";
import { searchable } from "./model.js";
import { edit, get, isDirty, set } from "./store.js";

const REVIEW_MS = 120;
const DIFF_MS = 250;

const prepared = (object) => {
  const fields = object.fields
    .map(searchable)
    .sort((a, b) => a.label.localeCompare(b.label, "en", { numeric: true }));
  return { ...object, fields, byName: new Map(fields.map((each) => [each.name, each])) };
};

/** Read everything that the page begins with. */
export async function begin() {
  const start = await ask("start");
  const by = (member) => Object.fromEntries(start.streams.map((each) => [each.name, each[member]]));
  const drafts = by("draft");
  const objects = Object.values(start.objects).map((each) => [each.name, prepared(each)]);
  reviewed = drafts;
  set({
    start,
    drafts,
    saved: drafts,
    suggestions: by("suggestion"),
    reviews: by("review"),
    objects: Object.fromEntries(objects),
    selected: start.streams[0]?.name ?? null,
  });
}

const fail = (error) => set({ failure: error.message, busy: false });

/** Begin a stream again with another object, as one step that undo takes back. */
export async function chooseObject(stream, object) {
  try {
    const answer = await ask("object", { stream, object });
    const { suggestions, objects } = get();
    edit(stream, answer.draft, {
      objects: { ...objects, [object]: prepared(answer.object) },
      suggestions: { ...suggestions, [stream]: answer.suggestion },
      message: `${stream} goes to ${object}.`,
    });
  } catch (error) {
    fail(error);
  }
}

let reviewed = {};
let timer = null;
let running = null;

/** Have the drafts that have changed looked at, a moment after the last change. */
export function reviewSoon() {
  const { drafts } = get();
  if (Object.keys(drafts).every((name) => drafts[name] === reviewed[name])) return;
  clearTimeout(timer);
  timer = setTimeout(review, REVIEW_MS);
}

async function review() {
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  const { drafts } = get();
  try {
    for (const name of Object.keys(drafts)) {
      if (drafts[name] === reviewed[name]) continue;
      const found = await ask("review", { stream: name, draft: drafts[name] }, { signal });
      reviewed = { ...reviewed, [name]: drafts[name] };
      set({ reviews: { ...get().reviews, [name]: found } });
    }
  } catch (error) {
    if (!signal.aborted) fail(error);
  }
}

let compared = null;
let diffTimer = null;

/** Have the diff renewed while it is shown. */
export function diffSoon() {
  const { drafts, drawer } = get();
  if (drawer !== "changes" || compared === drafts) return;
  compared = drafts;
  clearTimeout(diffTimer);
  diffTimer = setTimeout(async () => {
    try {
      set({ diff: (await ask("changes", { drafts })).diff });
    } catch (error) {
      set({ diff: null });
      fail(error);
    }
  }, DIFF_MS);
}

/** Write what is decided; whether that succeeded. */
export async function save() {
  if (get().busy) return false;
  set({ busy: true, failure: null, message: null });
  try {
    const { drafts, start } = get();
    const { diff } = await ask("save", { drafts });
    compared = null;
    const lines = diff.split("\n").filter((line) => /^[+-](?![+-])/.test(line)).length;
    const message = diff
      ? `Saved to ${start.file}: ${lines} ${lines === 1 ? "line" : "lines"} changed.`
      : `Nothing to save: ${start.file} has all that is accepted.`;
    set({ busy: false, saved: drafts, message });
    return true;
  } catch (error) {
    fail(error);
    return false;
  }
}

/** Save, and end the program. */
export async function saveAndClose() {
  if (await save()) await end();
}

export async function end() {
  set({ saved: get().drafts });
  await ask("end").catch(() => {});
}

addEventListener("beforeunload", (event) => {
  if (isDirty() && !get().ended) event.preventDefault();
});
