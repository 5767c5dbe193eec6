// The page as a whole: the bar, the streams, the chosen one, the panel, and the keys.
import { html, render, useEffect, useRef, useState } from "./vendor/htm-preact.js";
import { stay } from "./api.js";
import { Popup } from "./chooser.js";
import { Drawer } from "./drawer.js";
import { Icon } from "./icons.js";
import { countsOf } from "./model.js";
import { focusChooser } from "./rows.js";
import { get, isDirty, redo, set, subscribe, undo } from "./store.js";
import { Stream } from "./stream.js";
import { begin, diffSoon, reviewSoon, save } from "./work.js";

function App() {
  const [state, setState] = useState(get());
  useEffect(() => subscribe(setState), []);
  if (state.failure && !state.start) return html`<p class="loading" role="alert">${state.failure}</p>`;
  if (!state.start) return html`<p class="loading">Reading the streams and the objects…</p>`;
  return html`
    <${Bar} state=${state} />
    <div class="body">
      <${Streams} state=${state} />
      ${state.selected
        ? html`<${Stream} key=${state.selected} state=${state} />`
        : html`<main class="stream"><p class="empty">There are no streams.</p></main>`}
    </div>
    <${Drawer} state=${state} />
    <${Popup} />
    <${Help} open=${state.help} />
  `;
}

const toggle = (drawer) => set({ drawer: get().drawer === drawer ? null : drawer });

function Bar({ state }) {
  const { start, past, future, drawer, busy, message, failure, ended } = state;
  const dirty = isDirty();
  const status = failure ?? message ?? (dirty ? "Unsaved changes" : "");
  return html`<header class="bar">
    <div class="brand">
      <span class="logo" aria-hidden="true"><${Icon} name="link" /></span>
      <div>
        <strong>Map fields</strong>
        <span class="place">${start.place} → <span class="file">${start.file}</span></span>
      </div>
    </div>
    <p class=${`status ${failure ? "is-error" : ""} ${!message && !failure && dirty ? "is-dirty" : ""}`} role="status">${status}</p>
    <div class="bar-actions">
      <div class="group">
        <button class="button icon-only" aria-label="Undo" title="Undo (Ctrl+Z)" disabled=${!past.length} onClick=${undo}>
          <${Icon} name="undo" />
        </button>
        <button class="button icon-only" aria-label="Redo" title="Redo (Ctrl+Shift+Z)" disabled=${!future.length} onClick=${redo}>
          <${Icon} name="redo" />
        </button>
        <button class="button icon-only" aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)" onClick=${() => set({ help: true })}>
          ?
        </button>
      </div>
      <button
        class="button"
        data-drawer="preview"
        aria-expanded=${String(drawer === "preview")}
        aria-controls=${drawer === "preview" ? "drawer" : null}
        onClick=${() => toggle("preview")}
      >
        Preview
      </button>
      <button
        class="button"
        data-drawer="changes"
        aria-expanded=${String(drawer === "changes")}
        aria-controls=${drawer === "changes" ? "drawer" : null}
        onClick=${() => toggle("changes")}
      >
        Changes
      </button>
      <button class="button primary" disabled=${busy || ended} onClick=${save}>Save</button>
    </div>
    ${ended &&
    html`<p class="ended" role="alert">
      <${Icon} name="alert" />
      ${dirty
        ? "The program has ended; what is not saved cannot be saved any more. Start map edit again."
        : "The program has ended. This page can be closed."}
    </p>`}
  </header>`;
}

function Streams({ state }) {
  const { start, drafts, reviews, selected } = state;
  return html`<nav class="streams" aria-label="Streams">
    <h2>Streams <span class="count">${start.streams.length}</span></h2>
    <ul>
      ${start.streams.map(({ name }) => {
        const draft = drafts[name];
        const counts = countsOf(draft, reviews[name]);
        const width = `${(100 * counts.mapped) / Math.max(1, counts.mapped + counts.open)}%`;
        return html`<li key=${name}>
          <button
            class="stream-link"
            aria-current=${name === selected ? "true" : null}
            onClick=${() => set({ selected: name, filter: "", show: "all" })}
          >
            <span class="stream-name">${name}</span>
            <span class="stream-object">${draft.object ?? "no object"}</span>
            <span class="meter" aria-hidden="true"><span style=${{ width }}></span></span>
            <span class="stream-counts">
              <span>${counts.mapped} mapped</span>
              <span>${counts.open} open</span>
              <span class=${counts.problems ? "is-error" : ""}>
                ${counts.problems > 0 && html`<${Icon} name="alert" />`}
                ${counts.problems} ${counts.problems === 1 ? "problem" : "problems"}
              </span>
            </span>
          </button>
        </li>`;
      })}
    </ul>
    ${start.remarks.map((each) => html`<p class="remark">${each}</p>`)}
  </nav>`;
}

const SHORTCUTS = [
  ["↓ or Enter", "in a field: open its choices; then type to search"],
  ["Enter", "pick the marked choice"],
  ["Esc", "leave the choices, or close the panel"],
  ["Ctrl + Enter", "accept the suggestion, and go to the next one"],
  ["Ctrl + Delete", "no field, and go to the next suggestion"],
  ["Ctrl + ↓ / ↑", "go to the next or previous column"],
  ["F8", "go to the next problem"],
  ["/", "filter the columns"],
  ["Ctrl + Z", "undo"],
  ["Ctrl + Shift + Z", "redo"],
  ["Ctrl + S", "save"],
  ["?", "show these keys"],
];

function Help({ open }) {
  const dialog = useRef(null);
  useEffect(() => {
    if (open && !dialog.current.open) dialog.current.showModal();
  }, [open]);
  return html`<dialog class="help" ref=${dialog} aria-labelledby="help-title" onClose=${() => set({ help: false })}>
    <h2 id="help-title">Keyboard shortcuts</h2>
    <dl>
      ${SHORTCUTS.map(([keys, words]) => html`<div><dt><kbd>${keys}</kbd></dt><dd>${words}</dd></div>`)}
    </dl>
    <p class="hint">On a Mac, ⌘ does what Ctrl does.</p>
    <button class="button" onClick=${() => dialog.current.close()}>Close</button>
  </dialog>`;
}

function nextProblem() {
  const { start, selected, reviews } = get();
  const { columns } = start.streams.find((each) => each.name === selected);
  const wrong = new Set((reviews[selected]?.problems ?? []).map((each) => each.column));
  const places = columns.flatMap((each, index) => (wrong.has(each.name) ? [index] : []));
  if (!places.length) return;
  const here = Number(document.activeElement?.closest("[data-index]")?.dataset.index ?? -1);
  set({ filter: "", show: "all" });
  setTimeout(() => focusChooser(places.find((each) => each > here) ?? places[0]));
}

const isTyping = (element) =>
  element.matches?.("textarea, select, input:not([type=range])") && !element.matches("[role=combobox][aria-expanded=false]");

addEventListener("keydown", (event) => {
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    const editing = event.target.matches?.(".text, #filter");
    if (key === "s") save();
    else if (editing) return;
    else if (key === "z" && !event.shiftKey) undo();
    else if ((key === "z" && event.shiftKey) || key === "y") redo();
    else return;
  } else if (key === "f8") nextProblem();
  else if (key === "/" && !isTyping(event.target)) document.getElementById("filter")?.focus();
  else if (key === "?" && !isTyping(event.target)) set({ help: true });
  else return;
  event.preventDefault();
});

subscribe(() => {
  reviewSoon();
  diffSoon();
});

render(html`<${App} />`, document.getElementById("app"));
begin().then(
  () => stay(() => set({ ended: true })),
  (error) => set({ failure: error.message }),
);
