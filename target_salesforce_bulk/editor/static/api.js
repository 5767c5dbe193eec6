// Questions to the program that serves this page.

const given = new URLSearchParams(location.search).get("token") ?? "";
sessionStorage.setItem("token", given); // for a reload; the address no longer shows it
history.replaceState(null, "", "/");

const post = (path, body, more = {}) =>
  fetch(`/api/${path}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${given}`, "Content-Type": "application/json" },
    body: JSON.stringify(body ?? null),
    ...more,
  });

/** Ask; an answer that is no success becomes an error with its sentence. */
export async function ask(path, body, more) {
  const response = await post(path, body, more);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? `The program answered ${response.status}.`);
  return answer;
}

/** Hold a request open while this page lives; tell when the program has ended. */
export async function stay(onEnd) {
  try {
    const reader = (await post("presence")).body.getReader();
    while (!(await reader.read()).done);
  } catch {
    // The connection broke: the same as its end.
  }
  onEnd();
}
