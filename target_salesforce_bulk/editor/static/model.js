// The mapping and what can be done with it. Every function returns a new value and changes none.

const OPEN = { field: "", state: "open", nulls: null, empty_strings: null, too_long: null };

export const isDecided = (column) => column.state === "accepted" || column.state === "rejected";

const withColumn = (draft, name, patch) => ({
  ...draft,
  columns: { ...draft.columns, [name]: { ...OPEN, ...draft.columns[name], ...patch } },
});

/** Give a column a field, or none. A mere suggestion of the same field elsewhere gives way. */
export function pick(draft, name, field, object) {
  let next = draft;
  if (field) {
    for (const [other, column] of Object.entries(draft.columns)) {
      if (other !== name && column.state === "suggested" && column.field === field) {
        next = withColumn(next, other, { field: "", state: "open" });
      }
    }
  }
  next = withColumn(next, name, { field, state: field ? "accepted" : "rejected" });
  const isKey = object?.keys.includes(field) && field !== "Id";
  return isKey && next.key === null && next.operation !== "insert" ? { ...next, key: field } : next;
}

export const accept = (draft, name) =>
  withColumn(draft, name, { state: draft.columns[name].field ? "accepted" : "rejected" });

export const reject = (draft, name) => withColumn(draft, name, { field: "", state: "rejected" });

export const setPolicy = (draft, name, policy, value) =>
  withColumn(draft, name, {
    [policy]: value || null,
    state: draft.columns[name].field ? "accepted" : draft.columns[name].state,
  });

/** The columns whose suggestion has at least a score. */
export const acceptable = (draft, suggestion, threshold) =>
  Object.keys(draft.columns).filter(
    (name) =>
      draft.columns[name].state === "suggested" &&
      (suggestion.columns[name]?.score ?? 0) >= threshold,
  );

export const acceptAll = (draft, suggestion, threshold) =>
  acceptable(draft, suggestion, threshold).reduce(accept, draft);

export function setOperation(draft, operation, object) {
  if (operation === "insert") return { ...draft, operation, key: null };
  const filled = Object.values(draft.columns).map((each) => each.field);
  const key = draft.key ?? object?.keys.find((each) => filled.includes(each)) ?? null;
  return { ...draft, operation, key: key ?? (operation === "upsert" ? null : "Id") };
}

export const setKey = (draft, key) => ({ ...draft, key: key || null });

/** A constant needs a name in the file that is no column's. */
export function addConstant(draft, field) {
  const taken = new Set([...Object.keys(draft.columns), ...draft.constants.map((c) => c.name)]);
  let name = field;
  while (taken.has(name)) name = `${name}_constant`;
  return { ...draft, constants: [...draft.constants, { name, field, value: "" }] };
}

export const setConstant = (draft, index, patch) => ({
  ...draft,
  constants: draft.constants.map((each, i) => (i === index ? { ...each, ...patch } : each)),
});

export const removeConstant = (draft, index) => ({
  ...draft,
  constants: draft.constants.filter((_, i) => i !== index),
});

export function countsOf(draft, review) {
  const found = { all: 0, mapped: 0, open: 0, none: 0, problems: review?.problems.length ?? 0 };
  for (const column of Object.values(draft.columns)) {
    found.all += 1;
    if (column.state === "suggested") found.open += 1;
    else if (column.state === "accepted" && column.field) found.mapped += 1;
    else found.none += 1;
  }
  return found;
}

const plain = (text) => text.toLowerCase().replace(/[\s_]+/g, "");

/** Prepare options for `search`. */
export const searchable = (option) => ({
  ...option,
  plainName: plain(option.name),
  plainLabel: plain(option.label),
});

/** The options that match a text, the closest first, otherwise in their order. */
export function search(options, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return options;
  const whole = plain(text);
  const ranked = [];
  for (const option of options) {
    const { plainName, plainLabel } = option;
    let rank = 0;
    if (plainName === whole || plainLabel === whole) rank = 4;
    else if (plainName.startsWith(whole) || plainLabel.startsWith(whole)) rank = 3;
    else if (plainName.includes(whole) || plainLabel.includes(whole)) rank = 2;
    else {
      const all = `${option.label} ${option.name} ${option.type}`.toLowerCase();
      rank = words.every((word) => all.includes(word)) ? 1 : 0;
    }
    if (rank) ranked.push([rank, option]);
  }
  return ranked.sort((a, b) => b[0] - a[0]).map(([, option]) => option);
}
