// A combobox from which one thing is picked: its text searches, and is never the value itself.
// https://www.w3.org/WAI/ARIA/apg/patterns/combobox/
import { Component, html, useEffect, useLayoutEffect, useRef, useState } from "./vendor/htm-preact.js";
import { Icon } from "./icons.js";
import { search } from "./model.js";

const ITEM = 46; // pixels, as in style.css
const PAGE = 7;
const SPARE = 4; // options drawn above and below those that can be seen

// One popup for all choosers: rows clip what is drawn in them, and only one can be open.
let current = null;
const listeners = new Set();
const show = (popup) => {
  current = popup;
  for (const each of listeners) each(popup);
};

export class Chooser extends Component {
  state = { open: false, query: "" };

  open() {
    if (this.state.open) return;
    this.options = this.props.options();
    const at = this.options.findIndex((each) => each.name === this.props.picked);
    this.search("", Math.max(at, 0));
  }

  search(query, active = 0) {
    this.matches = search(this.options ?? this.props.options(), query);
    this.setState({ open: true, query });
    this.activate(active);
  }

  activate(active) {
    this.active = Math.max(0, Math.min(active, this.matches.length - 1));
    show({ owner: this, matches: this.matches, active: this.active });
    this.forceUpdate();
  }

  close() {
    if (!this.state.open) return;
    this.options = null;
    this.setState({ open: false, query: "" });
    if (current?.owner === this) show(null);
  }

  pick(option) {
    if (!option || option.disabled) return;
    this.close();
    this.props.onPick(option);
  }

  componentWillUnmount() {
    if (current?.owner === this) show(null);
  }

  onKeyDown = (event) => {
    const { key } = event;
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE };
    if (!this.state.open) {
      if (plain && ["ArrowDown", "ArrowUp", "Enter"].includes(key)) this.open();
      else return;
    } else if (plain && key in moves) this.activate(this.active + moves[key]);
    else if (plain && key === "Enter") this.pick(this.matches[this.active]);
    else if (key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  render({ label, value, placeholder, describedBy, invalid, className }, { open, query }) {
    const found = open && this.matches.length > 0;
    return html`<span class=${`chooser ${className ?? ""}`}>
      <input
        ref=${(input) => (this.input = input)}
        role="combobox"
        aria-label=${label}
        aria-autocomplete="list"
        aria-expanded=${String(found)}
        aria-controls=${found ? "choices" : null}
        aria-activedescendant=${found ? `choice-${this.active}` : null}
        aria-describedby=${describedBy}
        aria-invalid=${invalid ? "true" : null}
        autocomplete="off"
        autocapitalize="off"
        spellcheck=${false}
        placeholder=${open ? value || "Search" : placeholder}
        value=${open ? query : value}
        onFocus=${(event) => event.target.select()}
        onMouseDown=${() => this.open()}
        onInput=${(event) => this.search(event.target.value)}
        onKeyDown=${this.onKeyDown}
        onBlur=${() => this.close()}
      />
      <${Icon} name="down" />
    </span>`;
  }
}

const place = (anchor, popup) => {
  const box = anchor.getBoundingClientRect();
  const width = Math.min(Math.max(box.width, 430), innerWidth - 16);
  const below = innerHeight - box.bottom;
  const up = below < 280 && box.top > below;
  const room = (up ? box.top : below) - 16;
  Object.assign(popup.style, {
    left: `${Math.max(8, Math.min(box.left, innerWidth - width - 8))}px`,
    width: `${width}px`,
    top: up ? "auto" : `${box.bottom + 4}px`,
    bottom: up ? `${innerHeight - box.top + 4}px` : "auto",
  });
  popup.style.setProperty("--room", `${Math.max(140, Math.min(room, 420))}px`);
};

/** The popup of whichever chooser is open. */
export function Popup() {
  const [popup, setPopup] = useState(null);
  const [top, setTop] = useState(0);
  const frame = useRef(null);
  const list = useRef(null);

  useEffect(() => {
    listeners.add(setPopup);
    return () => listeners.delete(setPopup);
  }, []);

  const owner = popup?.owner;
  useLayoutEffect(() => {
    if (!owner) return undefined;
    const move = () => frame.current && place(owner.input, frame.current);
    move();
    addEventListener("scroll", move, true);
    addEventListener("resize", move);
    return () => {
      removeEventListener("scroll", move, true);
      removeEventListener("resize", move);
    };
  }, [owner]);

  useLayoutEffect(() => {
    const element = list.current;
    if (!popup || !element) return;
    const from = popup.active * ITEM;
    const height = element.clientHeight;
    if (from < element.scrollTop) element.scrollTop = from;
    else if (from + ITEM > element.scrollTop + height) element.scrollTop = from + ITEM - height;
    setTop(element.scrollTop);
  }, [popup]);

  if (!popup) return null;
  const { matches, active } = popup;
  const first = Math.max(0, Math.floor(top / ITEM) - SPARE);
  const shown = new Set();
  for (let i = first; i < Math.min(matches.length, first + 10 + 2 * SPARE); i += 1) shown.add(i);
  if (matches.length) shown.add(active); // what a screen reader is told about must be there
  return html`<section
    class="popup"
    aria-label="Choices"
    ref=${frame}
    onMouseDown=${(event) => event.preventDefault()}
  >
    <div
      class="choices"
      id="choices"
      ref=${list}
      role="listbox"
      tabindex="-1"
      aria-label=${`Choices for ${owner.props.label}`}
      hidden=${!matches.length}
      onScroll=${(event) => setTop(event.target.scrollTop)}
    >
      <div class="choices-space" role="presentation" style=${{ height: `${matches.length * ITEM}px` }}>
        ${[...shown].map(
          (index) => html`<${Choice}
            key=${matches[index].name}
            option=${matches[index]}
            index=${index}
            count=${matches.length}
            active=${index === active}
            picked=${matches[index].name === owner.props.picked}
            onPick=${() => owner.pick(matches[index])}
          />`,
        )}
      </div>
    </div>
    <p class="popup-foot" role="status">
      ${matches.length
        ? html`${matches.length} ${matches.length === 1 ? "choice" : "choices"}<span
              aria-hidden="true"
            > · <kbd>↑</kbd> <kbd>↓</kbd> move · <kbd>Enter</kbd> pick · <kbd>Esc</kbd> leave</span
            >`
        : "Nothing matches. Try a word of the label, the API name or the type."}
    </p>
  </section>`;
}

const Choice = ({ option, index, count, active, picked, onPick }) => html`<div
  class=${`choice ${active ? "is-active" : ""} ${option.suggested ? "is-suggested" : ""}`}
  id=${`choice-${index}`}
  role="option"
  aria-selected=${String(picked)}
  aria-disabled=${option.disabled ? "true" : null}
  aria-setsize=${count}
  aria-posinset=${index + 1}
  style=${{ transform: `translateY(${index * ITEM}px)` }}
  onClick=${onPick}
>
  <span class="choice-mark">${picked && html`<${Icon} name="check" />`}</span>
  <span class="choice-text">
    <span class="choice-label">${option.label}</span>
    ${option.name && html`<span class="choice-name">${option.name}</span>`}
  </span>
  <span class="choice-facts">
    ${option.suggested && html`<span class="tag tag-suggested">${option.suggested}</span>`}
    ${option.usedBy && html`<span class="tag">used by ${option.usedBy}</span>`}
    ${option.key && html`<span class="tag tag-key"><${Icon} name="key" />key</span>`}
    ${option.required && html`<span class="tag tag-required">required</span>`}
    ${option.type && html`<span class="choice-type">${option.type}</span>`}
  </span>
</div>`;
