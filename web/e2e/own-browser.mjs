// A browser of one's own: a Chromium with a profile that outlasts it, so that it can be killed and started again.
import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { ARGUMENTS, enter } from "./browser.mjs";

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** `open(url, how)` opens a tab as `visit` of browser.mjs does; `kill()` is the machine's power failure, `close()` the polite way. */
export async function ownBrowser(folder, more = []) {
  const portFile = join(folder, "DevToolsActivePort");
  rmSync(portFile, { force: true });
  const browser = spawn(process.env.CHROMIUM ?? "/usr/bin/chromium", [
    ...ARGUMENTS, "--remote-debugging-port=0", `--user-data-dir=${folder}`, "--lang=ko-KR", "--window-size=1280,1400", ...more, "about:blank",
  ], { detached: true, stdio: "ignore", env: { ...process.env, TZ: "Asia/Seoul", LANGUAGE: "ko" } });
  const ended = new Promise((resolve) => browser.on("exit", resolve));
  const connection = await chromium.connectOverCDP(`http://127.0.0.1:${await portIn(portFile)}`);
  const [context] = connection.contexts();

  async function kill() {
    process.kill(-browser.pid, "SIGKILL");
    await ended;
    await connection.close().catch(() => {});
  }
  return { open: (url, how = {}) => enter(context, url, how), context, connection, kill, pid: browser.pid };
}

async function portIn(file) {
  for (let tries = 0; tries < 400; tries += 1) {
    try {
      const [port] = readFileSync(file, "utf8").split("\n");
      if (port) return port;
    } catch {
      // It isn't that far yet.
    }
    await sleep(50);
  }
  throw new Error("the browser doesn't start");
}
