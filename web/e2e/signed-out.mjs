// Signed out while own changes wait: they are kept for that person, and nobody else sends them. node e2e/signed-out.mjs URL FOLDER CODE
// The server is one with AUTH_MODE=token on which nothing was done yet; CODE is what its log shows for the first administrator.
import assert from "node:assert/strict";
import { create, follow, online, seen, visit, write } from "./browser.mjs";
import { failingNetwork } from "./proxy.mjs";
import { logOf, restOf, rowsOf, until } from "./three-sides.mjs";

const [url, , code] = process.argv.slice(2);
const PASSWORD = "correct horse battery";
const signedOut = '#connection[data-state="signed_out"]';

async function post(path, body, token) {
  const answer = await fetch(new URL(path, url), {
    method: "POST", headers: { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) }, body: JSON.stringify(body),
  });
  assert.ok(answer.ok, `${path} ${answer.status} ${await answer.clone().text()}`);
  return answer.json();
}
const { token } = await post("/api/session", { setup: code, login: "admin", name: "관리자", password: PASSWORD, token: true });
const rest = restOf(url, "", token);
const { department } = await rest("POST", "/api/departments", { name: "개발팀" });
const ids = {};
for (const [login, name] of [["kim", "김하늘"], ["lee", "이준호"]]) {
  ids[login] = (await rest("POST", "/api/users", { login, name, password: PASSWORD })).user.id;
}
await rest("PUT", `/api/departments/${department.id}/access`, { roles: { [ids.kim]: "editor", [ids.lee]: "editor" } });
const changes = () => logOf(rest, [department]);

async function signIn(page, login) {
  await page.waitForSelector("#sign-in-dialog[open]");
  await write(page, "sign-in-dialog", { login, password: PASSWORD });
  await online(page);
}

const network = await failingNetwork(Number(new URL(url).port));

/** A new password ends his sessions, without a word to a page that is cut off. */
const endSessions = (login) => rest("PATCH", `/api/users/${ids[login]}`, { password: PASSWORD });

const steps = {
  async "what somebody writes while he is cut off waits"(page) {
    await signIn(page, "kim");
    const box = page.getByRole("checkbox", { name: "개발팀" });
    if (!(await box.isChecked())) await box.check();
    await create(page, { title: "보낸 것" });
    await until("it is sent", async () => (await changes()).length === 1);
    network.faults.down = true;
    network.cut();
    await page.waitForSelector('#connection[data-state="offline"]');
    await create(page, { title: "기다리는 것" });
    await page.click("#new-event");
    await page.fill("#event-dialog [name=title]", "김하늘이 쓰다 만 것");
    await page.waitForTimeout(600);
    await endSessions("kim");
    network.faults.down = false;
    await page.waitForSelector(signedOut);
    assert.equal((await changes()).length, 1);
  },
  async "who comes next sees nothing of it, and sends nothing"(page) {
    await signIn(page, "lee");
    await seen(page, "보낸 것");
    await create(page, { title: "이준호의 것" });
    await until("it is sent", async () => (await changes()).length === 2);
    await page.waitForTimeout(3_000);
    assert.ok(!(await rowsOf(page)).some((row) => row.includes("기다리는 것")));
    assert.ok(!(await changes()).some(({ event }) => event.title === "기다리는 것"));
    for (const text of ["기다리는 것", "김하늘"]) assert.ok(!(await page.textContent("body")).includes(text), text);
    await endSessions("lee");
    await page.waitForSelector(signedOut);
  },
  async "it is sent once its writer is back, in his name, once"(page) {
    await signIn(page, "kim");
    await seen(page, "기다리는 것");
    const own = await until("it is sent", async () => {
      const found = (await changes()).filter(({ event }) => event.title === "기다리는 것");
      return found.length > 0 ? found : null;
    });
    assert.equal(own.length, 1);
    assert.match(JSON.stringify(own[0].by), /김하늘/);
    await page.locator(".toast", { hasText: "김하늘이 쓰다 만 것" }).waitFor();
  },
};

await follow(steps, [await visit(network.url, { view: "list", reached: "#sign-in-dialog[open]" })]);
network.close();
