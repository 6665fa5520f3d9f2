// Two people, each feature of the page by mouse and by keyboard: node e2e/features.mjs URL PART [FEATURE…]
//
// The features are in features/list.mjs, a file a part beside it.
import { follow, visit } from "./browser.mjs";
import { clear, day, prepare } from "./features/input.mjs";
import { FEATURES } from "./features/list.mjs";

const [url, part, ...only] = process.argv.slice(2);
const { STEPS } = await import(`./features/${part}.mjs`);
const steps = {};
for (const [feature, says] of FEATURES[part]) {
  if (only.length > 0 && !only.includes(feature)) continue;
  for (const by of ["mouse", "keyboard"]) {
    steps[`${feature} (${says}), by ${by}`] = async (one, two) => {
      const begun = Date.now();
      await STEPS[feature][by](one, two);
      await clear(one, two);
      return `${Date.now() - begun} ms`;
    };
  }
}

await prepare(url);
const start = `${url}/#/${day(15)}/month`;
const people = [];
for (const name of ["김민지", "이준호"]) {
  const page = await visit(start);
  await page.fill("#name-input", name);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#name-form", { state: "hidden" });
  people.push(page);
}
await follow(steps, people);
