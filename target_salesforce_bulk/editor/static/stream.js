// One stream: its object, operation and key, its problems, its columns and its constants.
import { html, useRef } from "./vendor/htm-preact.js";
import { Chooser } from "./chooser.js";
import { Icon } from "./icons.js";
import {
  acceptable,
  acceptAll,
  addConstant,
  countsOf,
  removeConstant,
  searchable,
  setConstant,
  setKey,
  setOperation,
} from "./model.js";
import { focusChooser, Row } from "./rows.js";
import { edit, get, set } from "./store.js";
import { chooseObject } from "./work.js";

const OPERATIONS = {
  upsert: "upsert: create or update by a key",
  insert: "insert: always create",
  update: "update: only records that exist",
};
const DELETES = { delete: "delete", hardDelete: "hardDelete" };

export function Stream({ state }) {
  const { selected, drafts, start, objects, reviews, suggestions } = state;
  const stream = start.streams.find((each) => each.name === selected);
  const draft = drafts[selected];
  const object = objects[draft.object];
  const problems = reviews[selected]?.problems ?? [];
  return html`<main class="stream" aria-label=${`Mapping of ${selected}`}>
    <${Target} stream=${selected} draft=${draft} object=${object} choices=${start.choices} />
    <${Problems} stream=${stream} problems=${problems} />
    <${Tools} state=${state} draft=${draft} problems=${problems} />
    <${Table}
      state=${state}
      stream=${stream}
      draft=${draft}
      object=${object}
      suggestion=${suggestions[selected]}
      problems=${problems}
    />
    <${Constants} stream=${selected} draft=${draft} object=${object} problems=${problems} />
  </main>`;
}

function Target({ stream, draft, object, choices }) {
  const change = (how, ...more) => edit(stream, how(get().drafts[stream], ...more));
  const operations = { ...OPERATIONS };
  if (draft.operation in DELETES) operations[draft.operation] = draft.operation;
  const keys = object?.keys ?? [];
  const shownKeys = draft.key && !keys.includes(draft.key) ? [draft.key, ...keys] : keys;
  const options = choices.map((each) => searchable({ ...each, type: "" }));
  return html`<header class="target">
    <h1><span class="eyebrow">Stream</span> ${stream}</h1>
    <div class="target-fields">
      <label class="field">
        <span>Object</span>
        <${Chooser}
          label=${`Object for ${stream}`}
          picked=${draft.object}
          value=${draft.object ?? ""}
          placeholder="Choose an object"
          invalid=${!draft.object}
          options=${() => options}
          onPick=${(option) => option.name !== draft.object && chooseObject(stream, option.name)}
        />
      </label>
      <label class="field">
        <span>Operation</span>
        <select
          aria-label=${`Operation for ${stream}`}
          value=${draft.operation}
          onChange=${(event) => change(setOperation, event.target.value, object)}
        >
          ${Object.entries(operations).map(
            ([value, words]) => html`<option value=${value}>${words}</option>`,
          )}
        </select>
      </label>
      <label class="field">
        <span>Key</span>
        <select
          aria-label=${`Key for ${stream}`}
          value=${draft.key ?? ""}
          disabled=${draft.operation === "insert"}
          onChange=${(event) => change(setKey, event.target.value)}
        >
          <option value="">
            ${draft.operation === "insert" ? "an insert has none" : "choose a field"}
          </option>
          ${shownKeys.map(
            (name) => html`<option value=${name}>${labelled(object, name)}</option>`,
          )}
        </select>
      </label>
    </div>
  </header>`;
}

const labelled = (object, name) => {
  const label = object?.byName.get(name)?.label;
  return label && label !== name ? `${name} · ${label}` : name;
};

function Problems({ stream, problems }) {
  if (!problems.length) return null;
  const go = (problem) => {
    set({ filter: "", show: "all" });
    const index = stream.columns.findIndex((each) => each.name === problem.column);
    // Constants come after the columns, and have the same kind of chooser.
    setTimeout(() =>
      index >= 0 ? focusChooser(index) : document.querySelector(".constant [role=combobox]")?.focus(),
    );
  };
  return html`<section class="problems" aria-label="Problems">
    <ul>
      ${problems.map(
        (problem) => html`<li key=${`${problem.column} ${problem.text}`}>
          <div role="alert" class=${`problem ${problem.stops ? "is-error" : "is-warning"}`}>
            <${Icon} name="alert" />
            <span class="problem-kind">${problem.stops ? "Error" : "Warning"}</span>
            ${problem.column &&
            html`<button class="link" onClick=${() => go(problem)}>${problem.column}</button>`}
            <span class="problem-text">${problem.text}</span>
          </div>
        </li>`,
      )}
    </ul>
  </section>`;
}

const SHOWN = {
  all: "All",
  suggested: "To review",
  accepted: "Mapped",
  none: "No field",
  problems: "Problems",
};

function Tools({ state, draft, problems }) {
  const { selected, filter, show, threshold, suggestions } = state;
  const counts = countsOf(draft, { problems });
  const numbers = {
    all: counts.all,
    suggested: counts.open,
    accepted: counts.mapped,
    none: counts.none,
    problems: new Set(problems.map((each) => each.column).filter((each) => each in draft.columns))
      .size,
  };
  const ready = acceptable(draft, suggestions[selected], threshold / 100).length;
  const acceptThem = () => {
    const before = get().drafts[selected];
    const after = acceptAll(before, suggestions[selected], threshold / 100);
    edit(selected, after, {
      message: ready
        ? `${ready} ${ready === 1 ? "suggestion" : "suggestions"} accepted.`
        : `No suggestion has ${threshold}% or more.`,
    });
  };
  return html`<div class="tools">
    <label class="search">
      <${Icon} name="search" />
      <input
        type="search"
        id="filter"
        aria-label="Filter columns"
        placeholder="Filter columns ( / )"
        value=${filter}
        onInput=${(event) => set({ filter: event.target.value })}
        onKeyDown=${(event) => event.key === "Escape" && set({ filter: "" })}
      />
    </label>
    <div class="chips" role="group" aria-label="Show">
      ${Object.entries(SHOWN).map(
        ([value, words]) => html`<button
          class="chip"
          aria-pressed=${String(show === value)}
          onClick=${() => set({ show: value })}
        >
          ${words} <span class="chip-count">${numbers[value]}</span>
        </button>`,
      )}
    </div>
    <div class="accept-all">
      <label class="threshold">
        <span>from <output>${threshold}%</output></span>
        <input
          type="range"
          min="60"
          max="100"
          step="5"
          aria-label="Lowest score to accept, in percent"
          value=${threshold}
          onInput=${(event) => set({ threshold: Number(event.target.value) })}
        />
      </label>
      <button class="button" onClick=${acceptThem}>Accept all</button>
      <span class="accept-count">${ready} ${ready === 1 ? "suggestion" : "suggestions"}</span>
    </div>
  </div>`;
}

function isShown(column, draft, problems, { filter, show }) {
  const text = filter.trim().toLowerCase();
  const words = `${column.name} ${draft.field} ${column.values.join(" ")}`.toLowerCase();
  if (text && !words.includes(text)) return false;
  if (show === "all") return true;
  if (show === "problems") return Boolean(problems);
  if (show === "none") return !draft.field;
  return draft.state === show && Boolean(draft.field);
}

const NONE = { field: "", state: "open" };

/** The problems of each column; the same list as before where nothing has changed. */
function useByColumn(problems) {
  const last = useRef({ problems: null, found: new Map() });
  if (last.current.problems !== problems) {
    const found = new Map();
    for (const each of problems) {
      if (each.column) found.set(each.column, [...(found.get(each.column) ?? []), each]);
    }
    for (const [name, list] of found) {
      const before = last.current.found.get(name);
      if (before && JSON.stringify(before) === JSON.stringify(list)) found.set(name, before);
    }
    last.current = { problems, found };
  }
  return last.current.found;
}

function Table({ state, stream, draft, object, suggestion, problems }) {
  const byColumn = useByColumn(problems);
  const shown = stream.columns.map((column) =>
    isShown(column, draft.columns[column.name] ?? NONE, byColumn.get(column.name), state),
  );
  return html`<div class="table-frame">
    <div role="table" class="table" aria-label=${`Columns of ${stream.name}`}>
      <div role="rowgroup" class="table-head">
        <div role="row" class="row row-head">
          <span role="columnheader">Source column</span>
          <span role="columnheader">Sample values</span>
          <span role="columnheader"><span class="visually-hidden">Direction</span></span>
          <span role="columnheader">Salesforce field</span>
          <span role="columnheader">Suggestion</span>
          <span role="columnheader"><span class="visually-hidden">Actions</span></span>
        </div>
      </div>
      <div role="rowgroup" class="table-body">
        ${stream.columns.map(
          (column, index) => html`<${Row}
            key=${column.name}
            column=${column}
            index=${index}
            stream=${stream.name}
            draft=${draft.columns[column.name] ?? NONE}
            suggestion=${suggestion.columns[column.name]}
            problems=${byColumn.get(column.name)}
            object=${object}
            isKey=${stream.keys.includes(column.name)}
            hidden=${!shown[index]}
          />`,
        )}
      </div>
    </div>
    ${!shown.some(Boolean) &&
    html`<p class="empty">
      ${stream.columns.length ? "No column matches." : "This stream has no columns."}
      ${" "}${stream.columns.length > 0 &&
      html`<button class="link" onClick=${() => set({ filter: "", show: "all" })}>Show all</button>`}
    </p>`}
  </div>`;
}

function Constants({ stream, draft, object, problems }) {
  const change = (how, ...more) => edit(stream, how(get().drafts[stream], ...more));
  const used = new Set(Object.values(draft.columns).map((each) => each.field));
  const options = () => (object?.fields ?? []).filter((each) => !used.has(each.name));
  return html`<section class="constants" aria-label="Constants">
    <h2>Constants</h2>
    <p class="hint">The same value for every row, for fields that no column fills.</p>
    ${draft.constants.map((each, index) => {
      const problem = problems.find((found) => found.column === each.name);
      return html`<div class="constant" key=${each.name} role="group" aria-label=${`Constant ${each.name}`}>
        <${Chooser}
          label=${`Field for constant ${index + 1}`}
          picked=${each.field}
          value=${each.field}
          placeholder="Choose a field"
          invalid=${Boolean(problem)}
          options=${options}
          onPick=${(option) => change(setConstant, index, { field: option.name })}
        />
        <span aria-hidden="true">=</span>
        <input
          class="text"
          aria-label=${`Value of ${each.field}`}
          value=${String(each.value)}
          onChange=${(event) => change(setConstant, index, { value: event.target.value })}
        />
        <button
          class="small"
          aria-label=${`Remove the constant ${each.field}`}
          onClick=${() => change(removeConstant, index)}
        >
          <${Icon} name="cross" />
        </button>
      </div>`;
    })}
    ${object &&
    html`<div class="constant is-new">
      <${Chooser}
        label="Field for a new constant"
        picked=${null}
        value=""
        placeholder="Add a constant: choose its field"
        options=${options}
        onPick=${(option) => {
          change(addConstant, option.name);
          setTimeout(() => document.querySelector(".constant:nth-last-child(2) .text")?.focus());
        }}
      />
    </div>`}
  </section>`;
}
