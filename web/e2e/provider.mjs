// Signing in at an identity provider that lets everybody in at once: node e2e/provider.mjs URL NAME
//
// NAME is what the provider calls the person; without one, our server is to refuse what comes back.
import assert from "node:assert/strict";
import { closed, follow, online, visit } from "./browser.mjs";

const [url, name] = process.argv.slice(2);
const signedOut = '#connection[data-state="signed_out"]';
const provider = "#sign-in-dialog [data-action=provider]";

const accepted = {
  async "the link to the provider leads back, signed in"(one) {
    await one.click(provider);
    await online(one);
    assert.equal(await one.textContent("#account"), name);
    assert.equal(one.url(), new URL("/", url).href);
  },
  async "who has to sign in again does so in another tab, and what was typed stays"(one) {
    await one.click("#account");
    const other = await one.context().newPage();
    await other.goto(url);
    await online(other);
    await other.click("#account");
    await other.click("#account-dialog [data-action=sign-out]");
    await other.close();
    await one.waitForSelector("#sign-in-dialog[open]");
    await one.waitForSelector(signedOut);
    const [tab] = await Promise.all([one.context().waitForEvent("page"), one.click(provider)]);
    await online(tab);
    await tab.close();
    await one.evaluate(() => dispatchEvent(new Event("focus")));
    await closed(one, "sign-in-dialog");
    await online(one);
    assert.ok(await one.isVisible("#account-dialog"));
  },
};

const refused = {
  async "what the server can't believe is said in the page"(one) {
    await one.click(provider);
    await one.locator("#sign-in-dialog .failure:visible").waitFor();
    assert.match(await one.textContent("#sign-in-dialog .failure"), /로그인하지 못했습니다/);
    assert.equal(one.url(), new URL("/", url).href);
    await one.waitForSelector(signedOut);
  },
};

await follow(name ? accepted : refused, [await visit(url, { reached: signedOut, anyCertificate: true })]);
