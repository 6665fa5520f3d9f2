import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { createDrawing } from "../page/drawing.js";

let drawn = [];
// Milliseconds that drawings have taken.
let spent = 0;
let drawing;
function passed(milliseconds) {
  for (let count = 0; count < milliseconds; count += 1) mock.timers.tick(1);
}

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  mock.method(performance, "now", () => Date.now() + spent);
  globalThis.document = { hidden: false };
  globalThis.requestAnimationFrame = (work) => setTimeout(work, 16);
  [drawn, spent] = [[], 0];
  drawing = createDrawing(() => drawn.push(Date.now()));
  passed(10_000);
});
afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
  delete globalThis.document;
  delete globalThis.requestAnimationFrame;
});

test("one change of somebody else is drawn at once", () => {
  drawing.redrawSoon(1);
  passed(45);
  assert.equal(drawn.length, 1);
});

test("a burst is drawn once, and one without an end now and then", () => {
  for (let count = 0; count < 20; count += 1) {
    drawing.redrawSoon(1);
    passed(10);
  }
  passed(50);
  assert.equal(drawn.length, 1);
  for (let count = 0; count < 100; count += 1) {
    drawing.redrawSoon(1);
    passed(10);
  }
  assert.ok(drawn.length >= 4 && drawn.length <= 6, drawn.join());
});

test("the pieces of a batch are drawn once, and one without an end twice a second", () => {
  for (let piece = 0; piece < 3; piece += 1) {
    drawing.redrawSoon(100);
    passed(140);
  }
  passed(180);
  assert.equal(drawn.length, 1);
  passed(1000);
  drawing.redrawSoon(1); // what comes after it is drawn at once again
  passed(45);
  assert.equal(drawn.length, 2);
  for (let piece = 0; piece < 20; piece += 1) {
    drawing.redrawSoon(100);
    passed(100);
  }
  assert.ok(drawn.length >= 5 && drawn.length <= 6, drawn.join());
});

test("a drawing that takes long takes a part of the time, but nobody waits longer than half a second", () => {
  drawing = createDrawing(() => {
    drawn.push(Date.now());
    spent += 60;
  });
  drawing.draw();
  const before = Date.now();
  drawing.redrawSoon(1);
  passed(400);
  assert.equal(drawn.length, 1);
  passed(100);
  assert.equal(drawn.length, 2);
  assert.ok(drawn[1] - before <= 520);
});

test("while it is drawn, the same question has the same answer", () => {
  let asked = 0;
  const ask = () => drawing.once("a", () => (asked += 1));
  drawing = createDrawing(() => assert.equal(ask(), ask()));
  drawing.draw();
  assert.equal(asked, 1);
  ask();
  ask();
  assert.equal(asked, 3);
});
