// Line icons, drawn here; they say nothing that the text beside them does not.
import { html } from "./vendor/htm-preact.js";

const PATHS = {
  check: "M3.5 8.5l3 3 6-7",
  cross: "M4 4l8 8M12 4l-8 8",
  spark: "M8 2v4M8 10v4M2 8h4M10 8h4",
  none: "M4 8h8",
  alert: "M8 2.2L14.6 13.5H1.4zM8 6.5v3.2M8 11.4v.4",
  key: "M9.8 6.2a2.8 2.8 0 1 1-5.6 0 2.8 2.8 0 0 1 5.6 0zM9 8.2l4.5 4.5M11.4 10.6l1.5-1.5",
  arrow: "M2.5 8h10M9 4.5L12.5 8 9 11.5",
  undo: "M6 3.5L2.8 6.7 6 9.9M3 6.7h6.4a3.6 3.6 0 0 1 0 7.2H7",
  redo: "M10 3.5l3.2 3.2L10 9.9M13 6.7H6.6a3.6 3.6 0 0 0 0 7.2H9",
  down: "M4 6l4 4 4-4",
  options: "M2.5 5h6M12 5h1.5M2.5 11h2M8 11h5.5M10.2 3.3v3.4M6.2 9.3v3.4",
  search: "M11 7a4 4 0 1 1-8 0 4 4 0 0 1 8 0zM10 10l3.5 3.5",
  plus: "M8 3.5v9M3.5 8h9",
  link: "M6.5 9.5l3-3M7 4.8l1-1a2.9 2.9 0 0 1 4.1 4.1l-1 1M9 11.2l-1 1A2.9 2.9 0 0 1 3.9 8.1l1-1",
};

export const Icon = ({ name }) => html`<svg
  class="icon"
  viewBox="0 0 16 16"
  aria-hidden="true"
  focusable="false"
>
  <path d=${PATHS[name]} />
</svg>`;
