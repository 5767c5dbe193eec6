// The table of columns: a row for each, with its field.
import { Component, html } from "./vendor/htm-preact.js";
import { Chooser } from "./chooser.js";
import { Icon } from "./icons.js";
import { accept, pick, reject, searchable, setPolicy } from "./model.js";
import { edit, get } from "./store.js";

export const NO_FIELD = searchable({ name: "", label: "No field", type: "not loaded" });

const STATES = {
  open: { icon: "none", text: "No field fits" },
  suggested: { icon: "spark", text: "Suggested" },
  accepted: { icon: "check", text: "Accepted" },
  rejected: { icon: "none", text: "Not loaded" },
};
const POLICIES = [
  ["nulls", "Nulls", { clear: "clear the field", ignore: "leave it unchanged" }],
  ["empty_strings", "Empty texts", { clear: "clear the field", ignore: "leave it unchanged" }],
  ["too_long", "Long texts", { reject: "refuse the row", truncate: "cut them off" }],
];

const percent = (score) => `${Math.round(score * 100)}%`;

/** The choices of a column: what is suggested, nothing, and the rest by label. */
export function optionsOf(draft, object, name, suggestion) {
  const usedBy = new Map();
  for (const [other, column] of Object.entries(draft.columns)) {
    if (other !== name && column.field) usedBy.set(column.field, other);
  }
  for (const each of draft.constants) usedBy.set(each.field, "a constant");
  const scores = new Map();
  if (suggestion?.field && suggestion.score !== null) scores.set(suggestion.field, suggestion.score);
  for (const each of suggestion?.alternatives ?? []) {
    if (!scores.has(each.field)) scores.set(each.field, each.score);
  }
  const marked = (option) => ({
    ...option,
    usedBy: usedBy.get(option.name),
    suggested: scores.has(option.name) ? percent(scores.get(option.name)) : null,
  });
  const first = [...scores.keys()].map((field) => object.byName.get(field)).filter(Boolean);
  const rest = object.fields.filter((each) => !scores.has(each.name));
  return [...first.map(marked), NO_FIELD, ...rest.map(marked)];
}

export class Row extends Component {
  state = { open: false };

  // A change of one column must not draw the others again, and a filter none.
  shouldComponentUpdate(next, state) {
    const { props } = this;
    this.base.hidden = next.hidden;
    return (
      state.open !== this.state.open ||
      ["column", "draft", "suggestion", "problems", "stream", "object", "index"].some(
        (name) => next[name] !== props[name],
      )
    );
  }

  componentDidUpdate() {
    this.base.hidden = this.props.hidden;
  }

  change(how, ...more) {
    const { stream, column } = this.props;
    edit(stream, how(get().drafts[stream], column.name, ...more));
  }

  onKeyDown = (event) => {
    const { draft } = this.props;
    if (!(event.ctrlKey || event.metaKey)) return;
    if (event.key === "Enter") {
      if (draft.state === "suggested") this.change(accept);
      focusNextOpen(this.props.index);
    } else if (event.key === "Backspace" || event.key === "Delete") {
      this.change(reject);
      focusNextOpen(this.props.index);
    } else if (event.key === "ArrowDown") focusRow(this.props.index, 1);
    else if (event.key === "ArrowUp") focusRow(this.props.index, -1);
    else return;
    event.preventDefault();
  };

  render({ column, draft, suggestion, problems, object, isKey, hidden, index, stream }, { open }) {
    const field = draft.field ? object?.byName.get(draft.field) : null;
    const { icon, text } = STATES[draft.state];
    const problem = problems?.[0];
    const proposed = suggestion?.field && draft.field === suggestion.field && suggestion.score !== null;
    const note = problem ? `note-${index}` : null;
    return html`<div
      role="row"
      aria-label=${column.name}
      id=${`row-${index}`}
      data-index=${index}
      data-state=${draft.state}
      class=${`row is-${draft.state} ${problem ? "has-problem" : ""} ${draft.field ? "has-field" : ""}`}
      hidden=${hidden}
      onKeyDown=${this.onKeyDown}
    >
      <div role="cell" class="cell-source">
        <span class="source-name" title=${column.name}>${column.name}</span>
        <span class="source-facts">
          <span class="source-type">${column.type || "any type"}</span>
          ${isKey && html`<span class="tag tag-key"><${Icon} name="key" />key</span>`}
        </span>
      </div>
      <div role="cell" class="cell-samples">
        ${column.values.length
          ? column.values.map((each) => html`<span class="sample">${each}</span>`)
          : html`<span class="none">no values</span>`}
      </div>
      <div role="cell" class="cell-arrow" aria-hidden="true"><${Icon} name="arrow" /></div>
      <div role="cell" class="cell-field">
        <${Chooser}
          label=${`Field for ${column.name}`}
          picked=${draft.field}
          value=${draft.field || (draft.state === "rejected" ? "No field" : "")}
          placeholder="No field"
          invalid=${Boolean(problem?.stops)}
          describedBy=${note}
          options=${() =>
            object ? optionsOf(get().drafts[stream], object, column.name, suggestion) : [NO_FIELD]}
          onPick=${(option) => this.change(pick, option.name, object)}
        />
        ${problem
          ? html`<span class=${`field-note ${problem.stops ? "is-error" : "is-warning"}`} id=${note}
              ><${Icon} name="alert" />${problem.text}</span
            >`
          : field &&
            html`<span class="field-note"
              >${field.label} · ${field.type}${field.required ? " · required" : ""}${policyNote(
                draft,
              )}</span
            >`}
      </div>
      <div role="cell" class="cell-match">
        <span class=${`state state-${draft.state}`}>
          <${Icon} name=${icon} />${text}
          ${proposed && html`<span class="score">${percent(suggestion.score)}</span>`}
        </span>
        <span class="reason">${suggestion ? reasonOf(draft, suggestion) : ""}</span>
      </div>
      <div role="cell" class="cell-actions">
        ${draft.state === "suggested" &&
        html`<button
          class="small accept"
          aria-label=${`Accept ${draft.field} for ${column.name}`}
          title="Accept (Ctrl+Enter)"
          onClick=${() => this.change(accept)}
        >
          <${Icon} name="check" />
        </button>`}
        ${draft.state !== "rejected" &&
        html`<button
          class="small reject"
          aria-label=${`Reject ${draft.field || "any field"} for ${column.name}`}
          title="No field (Ctrl+Delete)"
          onClick=${() => this.change(reject)}
        >
          <${Icon} name="cross" />
        </button>`}
        <button
          class="small"
          aria-label=${`Options of ${column.name}`}
          aria-expanded=${String(open)}
          title="What nulls, empty and long texts do"
          onClick=${() => this.setState({ open: !open })}
        >
          <${Icon} name="options" />
        </button>
      </div>
      ${open &&
      html`<div role="cell" class="cell-options">
        ${POLICIES.map(
          ([policy, label, choices]) => html`<label>
            <span>${label}</span>
            <select
              aria-label=${`${label} of ${column.name}`}
              value=${draft[policy] ?? ""}
              disabled=${!draft.field}
              onChange=${(event) => this.change(setPolicy, policy, event.target.value)}
            >
              <option value="">as the stream has it</option>
              ${Object.entries(choices).map(
                ([value, words]) => html`<option value=${value}>${words}</option>`,
              )}
            </select>
          </label>`,
        )}
        ${!draft.field && html`<span class="none">Choose a field first.</span>`}
      </div>`}
    </div>`;
  }
}

const policyNote = (draft) => {
  const own = POLICIES.filter(([policy]) => draft[policy]).map(
    ([policy, label, choices]) => `${label.toLowerCase()} ${choices[draft[policy]]}`,
  );
  return own.length ? ` · ${own.join(", ")}` : "";
};

const reasonOf = (draft, suggestion) => {
  if (draft.state === "rejected" && suggestion.field) return `suggested was ${suggestion.field}`;
  if (!draft.field || draft.field === suggestion.field) return suggestion.reason;
  const other = suggestion.alternatives.find((each) => each.field === draft.field);
  return other ? `${other.reason} (${percent(other.score)})` : "your choice";
};

const chooserIn = (row) => row?.querySelector('[role="combobox"]');

export function focusChooser(index) {
  const row = document.getElementById(`row-${index}`);
  row?.scrollIntoView({ block: "center" });
  chooserIn(row)?.focus({ preventScroll: true });
}

const visibleRows = () => [...document.querySelectorAll(".row[data-index]:not([hidden])")];

function focusRow(index, step) {
  const rows = visibleRows();
  const at = rows.findIndex((row) => Number(row.dataset.index) === index);
  const row = rows[at + step];
  row?.scrollIntoView({ block: "nearest" });
  chooserIn(row)?.focus();
}

function focusNextOpen(index) {
  const rows = visibleRows();
  const after = rows.filter((row) => Number(row.dataset.index) > index);
  const next = after.find((row) => row.dataset.state === "suggested") ?? after[0];
  if (next) focusChooser(Number(next.dataset.index));
}
