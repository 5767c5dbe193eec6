// What the page knows, with undo. One change of the mapping is one step back.

const MOST_STEPS = 200;

let state = {
  start: null,
  drafts: {},
  saved: {},
  past: [],
  future: [],
  reviews: {},
  objects: {},
  suggestions: {},
  selected: null,
  drawer: null,
  filter: "",
  show: "all",
  threshold: 60,
  diff: null,
  message: null,
  failure: null,
  busy: false,
  ended: false,
  help: false,
};
const listeners = new Set();

export const get = () => state;

export function set(patch) {
  state = { ...state, ...patch };
  for (const each of listeners) each(state);
}

export const subscribe = (listener) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** What undo brings back: a suggestion belongs to the object it was made for. */
const snapshot = () => ({
  drafts: state.drafts,
  suggestions: state.suggestions,
  selected: state.selected,
});

/** Replace the draft of a stream, as one step. */
export function edit(stream, draft, more = {}) {
  if (draft === state.drafts[stream]) return;
  set({
    past: [...state.past, snapshot()].slice(-MOST_STEPS),
    future: [],
    drafts: { ...state.drafts, [stream]: draft },
    message: null,
    ...more,
  });
}

export function undo() {
  if (!state.past.length) return;
  const before = state.past.at(-1);
  set({
    ...before,
    past: state.past.slice(0, -1),
    future: [snapshot(), ...state.future],
    message: "Undone.",
  });
}

export function redo() {
  if (!state.future.length) return;
  const after = state.future[0];
  set({
    ...after,
    past: [...state.past, snapshot()],
    future: state.future.slice(1),
    message: "Done again.",
  });
}

export const isDirty = () =>
  Object.keys(state.drafts).some((name) => state.drafts[name] !== state.saved[name]);
