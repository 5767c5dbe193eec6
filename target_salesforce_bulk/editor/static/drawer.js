// The panel at the foot: the first rows as they would be sent, or what would be written.
import { html } from "./vendor/htm-preact.js";
import { Icon } from "./icons.js";
import { get, set } from "./store.js";
import { saveAndClose } from "./work.js";

export function Drawer({ state }) {
  const { drawer } = state;
  if (!drawer) return null;
  const close = () => {
    const opener = document.querySelector(`[data-drawer="${get().drawer}"]`);
    set({ drawer: null });
    opener?.focus();
  };
  return html`<section
    class="drawer"
    id="drawer"
    aria-label=${drawer === "preview" ? "First rows" : "What will be written"}
    onKeyDown=${(event) => event.key === "Escape" && close()}
  >
    ${drawer === "preview" ? html`<${Preview} state=${state} />` : html`<${Changes} state=${state} />`}
    <button class="small drawer-close" aria-label="Close the panel" title="Close (Esc)" onClick=${close}>
      <${Icon} name="cross" />
    </button>
  </section>`;
}

function Preview({ state }) {
  const preview = state.reviews[state.selected]?.preview;
  if (!preview) return null;
  const { headers, rows, records } = preview;
  const refused = rows.filter((row) => row.some((cell) => cell.refused)).length;
  return html`
    <header class="drawer-head">
      <h2>First rows of ${state.selected}, as they would be sent</h2>
      <p>
        ${rows.length} of ${records} sample rows, suggestions included.
        ${refused
          ? html` <strong class="is-error"><${Icon} name="alert" />${refused} would be refused</strong>`
          : rows.length > 0 && html` None would be refused.`}
        ${" "}<code>#N/A</code> clears a field, an empty cell leaves it unchanged.
      </p>
    </header>
    <div class="drawer-body" tabindex="0" role="group" aria-label="Rows">
      ${!records
        ? html`<p class="empty">
            No sample rows. Give <code>--input</code>, <code>--samples</code> or a
            <code>--tap</code> with <code>--sample</code> to see some.
          </p>`
        : !headers.length
          ? html`<p class="empty">No column has a field yet.</p>`
          : html`<table class="preview">
              <thead>
                <tr>
                  <th scope="col" class="number">#</th>
                  ${headers.map((each) => html`<th scope="col">${each}</th>`)}
                </tr>
              </thead>
              <tbody>
                ${rows.map(
                  (row, index) => html`<tr class=${row.some((cell) => cell.refused) ? "is-refused" : ""}>
                    <th scope="row" class="number">${index + 1}</th>
                    ${row.map((cell) =>
                      cell.refused
                        ? html`<td class="refused" title=${cell.refused}>
                            <${Icon} name="alert" />${cell.text || "empty"}<span class="why"
                              >${cell.refused}</span
                            >
                          </td>`
                        : html`<td class=${cell.text === "#N/A" ? "clears" : ""}>${cell.text}</td>`,
                    )}
                  </tr>`,
                )}
              </tbody>
            </table>`}
    </div>
  `;
}

const kindOf = (line) => {
  if (/^(\+\+\+|---) /.test(line)) return "file";
  return { "+": "added", "-": "removed", "@": "place" }[line[0]] ?? "same";
};

function Changes({ state }) {
  const { diff, drafts, start } = state;
  const open = Object.values(drafts).flatMap((draft) =>
    Object.values(draft.columns).filter((column) => column.state === "suggested"),
  ).length;
  const lines = diff ? diff.split("\n") : [];
  return html`
    <header class="drawer-head">
      <h2>What Save writes to ${start.file}</h2>
      <p>
        ${open > 0 && html`<strong class="is-warning"><${Icon} name="spark" />${open} ${open === 1 ? "suggestion is" : "suggestions are"} not accepted</strong>
          , and so not written. `}
        Comments and everything else in the file stay as they are.
      </p>
      <button class="button" onClick=${saveAndClose}>Write and close</button>
    </header>
    <div class="drawer-body" tabindex="0" role="group" aria-label="Diff">
      ${diff === null
        ? html`<p class="empty">Comparing…</p>`
        : !lines.length
          ? html`<p class="empty">Nothing would change. Accept a suggestion or pick a field.</p>`
          : html`<pre class="diff">${lines.map(
              (line) => html`<span class=${`line line-${kindOf(line)}`}>${line || " "}${"\n"}</span>`,
            )}</pre>`}
    </div>
  `;
}
