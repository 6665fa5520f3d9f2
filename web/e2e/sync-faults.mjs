// The sync library against a real server while everything fails: answers are lost, connections cut, the server is killed, a tab dies.
// In the end nothing was written twice, nothing acknowledged is lost, and all show the same.
//
// Says "kill" on standard output and waits for a line on standard input, when the server has to be killed and started again.
import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

import { CalendarSync, memoryStorage } from "../sync/index.js";
import { channels, sleep, until } from "../sync/test/helpers.js";
import { failingNetwork } from "./proxy.mjs";

const url = process.argv[2];
const seconds = Number(process.argv[3] ?? 12);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const network = await failingNetwork(Number(new URL(url).port));
const pick = (list) => list[Math.floor(Math.random() * list.length)];
const outcomes = [];
let number = 0;
let conflicts = 0;

function person(address, name, environment = {}) {
  const onConflict = async () => ((conflicts += 1), { keep: pick(["mine", "theirs", "new"]) });
  return new CalendarSync({ url: address, io, name: () => name, onConflict, storage: environment.storage ?? memoryStorage(), environment: { BroadcastChannel: environment.BroadcastChannel } });
}

/** One random write; its text is found nowhere else. */
function write(sync, departments) {
  const text = `w${(number += 1)} ${sync.who}`;
  const events = departments.flatMap((id) => [...sync.calendar(id).events.values()]);
  const kind = events.length < 5 ? "create" : pick(["create", "update", "update", "update", "remove", "series"]);
  const event = pick(events);
  const made = {
    create: () => sync.create(pick(departments), { title: text, event_date: "2026-11-26" }),
    series: () => sync.create(pick(departments), { title: text, event_date: "2026-11-23", recurrence: "FREQ=WEEKLY;COUNT=5" }),
    update: () => sync.update(event, { title: text }),
    remove: () => sync.remove(event),
  }[kind]();
  const outcome = { kind, text, event: event?.id, done: null };
  outcomes.push(outcome);
  made.done.then((result) => (outcome.done = result.id), (error) => (outcome.error = error.code));
}

const direct = person(url, "곧장");
await direct.start();
const departments = [];
for (const name of ["개발팀", "영업팀", "총무팀"]) departments.push((await direct.request("POST", "/api/departments", { name })).department.id);
const shared = { storage: memoryStorage(), BroadcastChannel: channels() };
const [first, second] = [person(network.url, "첫째", shared), person(network.url, "둘째", shared)];
const all = [direct, first, second];
direct.who = "direct";
first.who = "first";
second.who = "second";
for (const sync of all) sync.show(departments);
await Promise.all([first.start(), second.start()]);
await until(() => all.every(({ connection }) => connection.state === "live"), 20);

async function trouble(end) {
  while (Date.now() < end) {
    network.faults.lose = pick([0, 0.3, 0.7]);
    if (Math.random() < 0.3) network.cut();
    if (Math.random() < 0.1) {
      network.faults.frozen = true;
      await sleep(500);
      network.faults.frozen = false;
    }
    await sleep(200 + Math.random() * 400);
  }
  network.faults.lose = 0;
}

const end = Date.now() + seconds * 1_000;
const troubled = trouble(end);
let isKilled = false;
while (Date.now() < end) {
  write(pick(all), departments);
  if (!isKilled && Date.now() > end - seconds * 500) {
    isKilled = true;
    console.log("kill");
    await lines.next();
  }
  await sleep(15 + Math.random() * 40);
}
// The tab dies with whatever it was about to send; the other one goes on.
for (let last = 0; last < 5; last += 1) write(first, departments);
await sleep(30);
first.stop();
await troubled;
const left = [direct, second];
await until(() => left.every(({ connection }) => connection.state === "live" && connection.waiting === 0), 60);
await sleep(500);

const serversOf = async (id) => (await direct.request("GET", `/api/events/${id}?series=true`)).events;
const sorted = (events) => [...events].sort((a, b) => (a.id < b.id ? -1 : 1));
const log = [];
for (const id of departments) {
  const held = await serversOf(id);
  for (const sync of left) assert.deepEqual(sorted(sync.calendar(id).events.values()), sorted(held), `${sync.who} shows what the server has`);
  let cursor = "";
  for (let more = true; more;) {
    const answer = await direct.request("GET", `/api/changes/${id}?series=true&limit=1000${cursor && `&cursor=${cursor}`}`);
    log.push(...answer.changes);
    ({ cursor, more } = answer);
  }
}

/** How often each text was written: a change that leaves the title as it was isn't a writing of it. */
const written = new Map();
const titles = new Map();
for (const { kind, event } of log) {
  if (kind !== "event_deleted" && titles.get(event.id) !== event.title) written.set(event.title, (written.get(event.title) ?? 0) + 1);
  titles.set(event.id, event.title);
}
const twice = [...written].filter(([, times]) => times > 1);
for (const [text] of twice) {
  const ids = new Set(log.filter(({ event }) => event.title === text).map(({ event }) => event.id));
  for (const { revision, kind, event, at, by } of log) if (ids.has(event.id)) console.log(revision, kind, event.id, event.title, event.version, at, by);
  console.log(outcomes.filter((outcome) => outcome.text === text));
}
assert.deepEqual(twice, [], "nothing is written twice");
const acknowledged = outcomes.filter(({ kind, done }) => done !== null && kind !== "remove");
// What was saved as a new event together with a later text has only that one.
const lost = acknowledged.filter(({ text, done }) => !written.has(text) && !titles.has(done));
assert.deepEqual(lost, [], "nothing acknowledged is lost");
const undecided = outcomes.filter(({ text, done, error }) => done === null && error === undefined && !text.endsWith("first"));
assert.deepEqual(undecided, [], "every write is decided");
const surprising = outcomes.filter(({ error }) => error !== undefined && !["discarded", "event_not_found", "event_deleted", "stopped"].includes(error));
assert.deepEqual(surprising, []);
const removals = outcomes.filter(({ kind, done }) => kind === "remove" && done !== null).length;
console.log(`ok - ${outcomes.length} writes, ${log.length} changes, ${acknowledged.length} acknowledged, ${removals} removals, ${conflicts} conflicts`);
for (const sync of left) sync.stop();
network.close();
process.exit(0);
