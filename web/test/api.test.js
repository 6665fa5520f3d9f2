import assert from "node:assert/strict";
import test from "node:test";
import { createApi, newId } from "../api.js";

/** An API whose server answers with `answers` in turn; an Error is a network failure. */
function talking(...answers) {
  const requests = [];
  const pauses = [];
  const fetch = async (path, options) => {
    requests.push({ path, ...options, body: options.body && JSON.parse(options.body) });
    const [status, body, headers] = answers.shift();
    if (status instanceof Error) throw status;
    return new Response(JSON.stringify(body), { status, headers });
  };
  const api = createApi({ language: "ko", fetch, wait: async (milliseconds) => pauses.push(milliseconds) });
  return { api, requests, pauses };
}

const lost = [new TypeError("network")];
const busy = [503, { code: "storage_throttled", message: "바쁩니다." }, { "Retry-After": "2" }];

test("a create whose answer was lost is repeated with the same id", async () => {
  const { api, requests } = talking(lost, [200, { event: { id: "x" } }]);
  assert.deepEqual(await api.createEvent("d", { id: "x", title: "t" }), { id: "x" });
  assert.deepEqual(requests.map(({ method, path, body }) => [method, path, body.id]), Array(2).fill(["POST", "/api/events/d", "x"]));
});

test("a throttled database is given the time that it asks for", async () => {
  const { api, pauses } = talking(busy, [200, { departments: [] }]);
  assert.deepEqual(await api.departments(), []);
  assert.ok(pauses[0] >= 1_500);
});

test("after three attempts the failure is told", async () => {
  const { api, requests } = talking(busy, busy, busy);
  await assert.rejects(api.events("d"), { status: 503, code: "storage_throttled", message: "바쁩니다.", uncertain: true });
  assert.equal(requests.length, 3);
});

test("the creation of a department is not repeated", async () => {
  const { api, requests } = talking(lost);
  await assert.rejects(api.createDepartment({ name: "개발팀" }), { status: 0, code: "network_failed" });
  assert.equal(requests.length, 1);
});

test("a known version goes along, an unknown one doesn't", async () => {
  const { api, requests } = talking([200, { event: {} }], [200, { event: {} }], [200, {}]);
  await api.updateEvent("x", { title: "t" }, 3);
  await api.updateEvent("x", { title: "t" }, undefined);
  await api.deleteEvent("x", 4);
  assert.deepEqual(requests.map(({ headers }) => headers["If-Match"]), ['"3"', undefined, '"4"']);
});

test("a conflict carries the event as it is now", async () => {
  const { api } = talking([412, { code: "version_conflict", message: "m", current: { id: "x", version: 5 } }]);
  await assert.rejects(api.updateEvent("x", {}, 3), { status: 412, current: { id: "x", version: 5 }, uncertain: false });
});

test("what is gone already counts as deleted", async () => {
  const { api } = talking(lost, [404, { code: "event_not_found" }]);
  await api.deleteEvent("x", 1);
});

test("an answer that isn't JSON is still an error with a code", async () => {
  const fetch = async () => new Response("<html>", { status: 413 });
  await assert.rejects(createApi({ language: "en", fetch }).events("d"), { status: 413, code: "http_413" });
});

test("ids are UUIDs, also where the browser can't make them", () => {
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  assert.match(newId(), uuid);
  assert.match(newId({ getRandomValues: (bytes) => bytes.fill(255) }), uuid);
});
