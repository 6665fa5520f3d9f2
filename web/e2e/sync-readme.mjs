// Runs the examples of the library's READMEs against a server: all JavaScript of one is one program.
import { readFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";

const [url, name] = process.argv.slice(2);
const text = readFileSync(new URL(`../sync/${name}`, import.meta.url), "utf8");
const program = [...text.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code).join("\n");
const file = new URL(`../sync/readme-${process.pid}.mjs`, import.meta.url);
writeFileSync(file, program.replace("http://127.0.0.1:8000", url).replace('name: "개발팀"', `name: "개발팀 ${name}"`));
try {
  const { status, stdout, stderr } = spawnSync(process.execPath, [file.pathname], { encoding: "utf8", timeout: 60_000 });
  console.log(stdout, stderr);
  for (const expected of [/^live /m, /^5$/m, /^400 title$/m, /^기독탄신일|^성탄절|^크리스마스/m]) {
    if (!expected.test(stdout)) throw new Error(`not said: ${expected}`);
  }
  process.exitCode = status ?? 1;
} finally {
  rmSync(file);
}
