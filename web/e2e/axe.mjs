// What axe-core finds on a page: the rules of WCAG 2.2 AA, target-size included.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** Returns `{rule, where, why}` for each element that breaks a rule. */
export async function violations(page) {
  // By the protocol: the page's own policy lets no foreign script in.
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(source);
  await page.evaluate(() => Promise.all(document.getAnimations().filter(({ effect }) => effect?.getTiming().iterations !== Infinity).map((each) => each.finished.catch(() => {}))));
  const found = await page.evaluate(async (tags) => {
    const { violations } = await globalThis.axe.run(document, {
      runOnly: { type: "tag", values: tags }, rules: { "target-size": { enabled: true } }, resultTypes: ["violations"], elementRef: true,
    });
    return violations.map(({ nodes, ...rule }) => ({ ...rule, nodes: nodes.map(({ element, ...node }) => ({ ...node, named: `${element.ariaLabel ?? ""} | ${element.textContent}`.slice(0, 300) })) }));
  }, TAGS);
  return found.flatMap(({ id, help, nodes }) => nodes.map(({ target, html, any, all, none, named }) => ({
    rule: `${id} (${help})`, where: target.join(" "), why: `${html.slice(0, 200)}\n    ${named}\n    ${[...any, ...all, ...none].map(({ message }) => message).join("; ").slice(0, 300)}`,
  })));
}

/** Tells faults `{rule, where, why, screen}` so that one cause is told once. */
export function told(faults) {
  const groups = new Map();
  for (const fault of faults) {
    const key = `${fault.rule}: ${fault.where.replace(/"[^"]*"/g, '"…"').replace(/\d+/g, "#").replace(/[, ]+\.(today|outside|weekday-#)/g, "")}`;
    groups.set(key, [...(groups.get(key) ?? []), fault]);
  }
  return [...groups].map(([key, [first, ...more]]) => {
    const screens = [...new Set([first, ...more].map(({ screen }) => screen))];
    return `${key}\n    ${first.why}\n    on ${screens.slice(0, 4).join(" / ")}${screens.length > 4 ? ` and ${screens.length - 4} more` : ""}`;
  }).join("\n");
}

/** Whether the page can be scrolled sideways, and by what. */
export const sideways = (page) => page.evaluate(() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return "";
  const wide = [...document.body.querySelectorAll("*")].filter((each) => each.getBoundingClientRect().right > clientWidth + 1).slice(0, 5);
  return `${scrollWidth} > ${clientWidth}: ${wide.map((each) => `${each.localName}#${each.id}.${each.className}`).join(" ")}`;
});

/** What has the focus, and whether that can be seen; "" if it can. */
export const unseenFocus = (page) => page.evaluate(() => {
  const at = document.activeElement;
  const name = `${at?.localName}#${at?.id}.${at?.className}`;
  if (!at || at === document.body) return "the focus is on the body";
  if (!at.matches(":focus-visible, [type=date], [type=time]")) return `${name} has a focus that isn't shown`;
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(at);
  const box = at.getBoundingClientRect();
  const isInside = box.width > 0 && box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight;
  if (!isInside) return `${name} has the focus outside of what is seen`;
  return (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none" ? "" : `${name} shows no focus`;
});
