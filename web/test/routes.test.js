import assert from "node:assert/strict";
import { test } from "node:test";
import { createRoutes } from "../page/routes.js";

test("a department whose answer was lost is asked for with its first key; the next one has another", async () => {
  const keys = [];
  let isLost = true;
  const routes = createRoutes({
    async request(method, path, body, { headers }) {
      keys.push(headers["Idempotency-Key"]);
      if (isLost) throw new Error("no answer");
      return { department: body };
    },
  });
  await assert.rejects(routes.createDepartment({ name: "개발팀" }), /no answer/);
  isLost = false;
  assert.deepEqual(await routes.createDepartment({ name: "개발팀" }), { name: "개발팀" });
  await routes.createDepartment({ name: "개발팀" });
  await routes.editDepartment("d1", { name: "개발팀" });
  assert.match(keys[0], /^[0-9a-f]{8}-/);
  assert.equal(keys[1], keys[0]);
  assert.equal(new Set(keys).size, 3);
});
