// The same calendar from three sides: what pages show, what REST lists, what the change log tells.
import assert from "node:assert/strict";

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Waits until `check()` is true; fails after `seconds`. */
export async function until(what, check, seconds = 30) {
  const end = Date.now() + seconds * 1_000;
  for (;;) {
    const answer = await check();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`it never came to this: ${what}`);
    await pause(100);
  }
}

/** REST at `url`, as `name`, or with a token. Rejects unless the answer is a success. */
export function restOf(url, name = "박서준", token = "") {
  return async (method, path, body) => {
    const answer = await fetch(new URL(path, url), {
      method, headers: { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : { "X-Display-Name": encodeURIComponent(name) }) }, body: body && JSON.stringify(body),
    });
    const json = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(json)}`);
    return json;
  };
}

/** What the list of a page shows: one line for each event of each day, marked if it still waits. */
export const rowsOf = (page) => page.evaluate(() =>
  [...document.querySelectorAll("#agenda .agenda-day")].flatMap((day) => [...day.querySelectorAll("li.item")].map((item) =>
    `${day.dataset.date} ${item.querySelector("strong").textContent} (${item.querySelector(".department").textContent})${item.hasAttribute("data-pending") ? " …" : ""}`)).sort());

/** The same of the server's list, for the days of a month. */
export async function rowsOfServer(rest, departments, { from, to }) {
  const rows = [];
  for (const { id, name } of departments) {
    const { events } = await rest("GET", `/api/events/${id}?from=${from}&to=${to}`);
    rows.push(...events.map(({ event_date: day, title }) => `${day} ${title} (${name})`));
  }
  return rows.sort();
}

/** All changes of departments, oldest first in each. */
export async function logOf(rest, departments) {
  const log = [];
  for (const { id } of departments) {
    let cursor = "";
    for (let more = true; more;) {
      const answer = await rest("GET", `/api/changes/${id}?series=true&limit=1000${cursor && `&cursor=${cursor}`}`);
      log.push(...answer.changes);
      ({ cursor, more } = answer);
    }
  }
  return log;
}

/** Fails unless all sides show the same; returns the rows. */
export async function agree(pages, rest, departments, days) {
  let differing = null;
  await until("all sides agree", async () => {
    const server = await rowsOfServer(rest, departments, days);
    const sides = await Promise.all(pages.map(rowsOf));
    differing = sides.find((rows) => rows.join("\n") !== server.join("\n"));
    if (differing) differing = { page: differing, server };
    return !differing;
  }, 20).catch((error) => assert.deepEqual(differing.page, differing.server, error.message));
  return rowsOfServer(rest, departments, days);
}
