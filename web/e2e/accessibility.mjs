// axe-core on every screen: node e2e/accessibility.mjs URL [short] [language=ko-KR] [only=SCREEN,…] [LINK]
//
// `short` looks at the main screens once; without it each one in both languages and themes, forced colours, at 360 and 1,440
// pixels and at 200 %. LINK is what the log of a server with AUTH_MODE=token shows for the first administrator.
import assert from "node:assert/strict";
import { sideways, told, violations } from "./axe.mjs";
import { follow, online, visit, write } from "./browser.mjs";
import { furnish, leave, middle, sender, SCREENS, settled, SIGNED_IN } from "./house.mjs";

const [url, ...rest] = process.argv.slice(2);
const isShort = rest.includes("short");
const only = rest.find((each) => each.startsWith("only="))?.slice(5).split(",");
const link = rest.find((each) => each.startsWith("http"));
const SIZES = { "1440": { width: 1440, height: 900 }, "360": { width: 360, height: 740 }, "200 %": { width: 720, height: 450 } };
const COLOURS = {
  light: { colorScheme: "light", forcedColors: "none" }, dark: { colorScheme: "dark", forcedColors: "none" }, forced: { colorScheme: "light", forcedColors: "active" },
};
const MAIN = ["month", "week", "list", "people", "popover", "event dialog", "search", "notices", "settings", "new department", "sign in"];
const faults = [];
const PASSWORD = "correct horse battery";
let house;
let visited = 0;

/** Looks at what is open, in each colouring. */
async function look(page, name) {
  for (const [colours, media] of Object.entries(COLOURS)) {
    if (isShort && colours === "forced") continue;
    await page.emulateMedia(media);
    const screen = `${name}, ${colours}`;
    faults.push(...(await violations(page)).map((fault) => ({ ...fault, screen })));
    const wide = await sideways(page);
    if (wide) faults.push({ rule: "sideways", where: wide, why: "the page can be scrolled sideways", screen });
  }
  await page.emulateMedia({ colorScheme: "light", forcedColors: "none" });
}

async function again(page) {
  await page.evaluate(() => { for (const key of Object.keys(localStorage)) if (/drafts|quick/.test(key)) localStorage.removeItem(key); });
  // A new document: the address differs not only in its fragment.
  await page.goto(`${url}?${(visited += 1)}#/${middle}/month`);
  await online(page);
  await settled(page);
  await page.waitForSelector("#calendar .event");
}

async function walk(page, screens, size) {
  const language = await page.getAttribute("html", "lang");
  for (const [name, open] of Object.entries(screens)) {
    if ((isShort && !MAIN.includes(name)) || (only && !only.includes(name))) continue;
    try {
      await again(page);
      await open(page, house);
      await look(page, `${name}, ${language}, ${size}`);
      await leave(page);
    } catch (error) {
      faults.push({ rule: "opening", where: name, why: error.message, screen: `${name}, ${language}, ${size}` });
    }
  }
}

async function visits(languages, sizes, screens) {
  for (const locale of languages) {
    const page = await visit(url, { locale, signed: house.state });
    await page.locator("#name-form [data-action=skip]").click({ timeout: 2_000 }).catch(() => {});
    for (const size of sizes) {
      await page.setViewportSize(SIZES[size]);
      await walk(page, screens, size);
    }
    await page.context().close();
  }
}

const check = (languages, sizes, screens) => async () => {
  await visits(languages, sizes, screens);
  assert.equal(faults.length, 0, told(faults.splice(0)));
};

const beginOpen = {
  async "a page without a department, and with the question for a name"(page) {
    for (const size of ["1440", "360"]) {
      await page.setViewportSize(SIZES[size]);
      await look(page, `no department, ${size}`);
    }
    const send = sender(url);
    house = { send, ids: await furnish(send) };
  },
};

const beginToken = {
  async "setting up, and signing in"(page) {
    await look(page, "setup");
    await write(page, "setup-dialog", { login: "admin", name: "관리자", password: PASSWORD });
    await online(page);
    const { secret } = await page.evaluate(async () => (await fetch("api/tokens", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ kind: "app", name: "x" }) })).json());
    const send = sender(url, { Authorization: `Bearer ${secret}` });
    house = { send, ids: await furnish(send), state: await page.context().storageState() };
    await send("POST", "/api/users", { login: "kim", name: "김철수", password: PASSWORD });
    for (const locale of ["ko-KR", "en-GB"]) {
      const guest = await visit(url, { locale, reached: "#sign-in-dialog[open]" });
      for (const size of ["1440", "360"]) {
        await guest.setViewportSize(SIZES[size]);
        await look(guest, `sign in, ${size}`);
      }
      await write(guest, "sign-in-dialog", { login: "x", password: "y" }, false);
      await guest.waitForSelector("#sign-in-dialog .failure:not([hidden])");
      await look(guest, "sign in refused");
      await guest.context().close();
    }
  },
};

const wanted = rest.find((each) => each.startsWith("language="))?.slice(9);
const languages = { "Korean": ["ko-KR"], "English": ["en-GB"] };
const steps = { ...(link ? beginToken : beginOpen) };
if (isShort) steps["the main screens"] = check(["ko-KR"], ["1440", "360"], link ? SIGNED_IN : SCREENS);
else for (const [name, locales] of Object.entries(languages)) if (!wanted || locales.includes(wanted)) for (const size of Object.keys(SIZES)) steps[`${name}, ${size}`] = check(locales, [size], link ? SIGNED_IN : SCREENS);

await follow(steps, [await visit(link ?? url, link ? { reached: "#setup-dialog[open]" } : {})]);
