// Days as the scripts here need them, and how one gets to them.
import { addDays, weekday } from "../page/dates.js";

export { addDays };
const pad = (number) => String(number).padStart(2, "0");

/** Returns the first day of this weekday (0 is Sunday) in the month that is so many after this one, in Seoul. */
export function firstOf(weekdayNumber, months) {
  const [year, month] = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Seoul" }).format(new Date()).split("-").map(Number);
  const day = new Date(Date.UTC(year, month - 1 + months, 1));
  const first = `${day.getUTCFullYear()}-${pad(day.getUTCMonth() + 1)}-01`;
  return addDays(first, (weekdayNumber - weekday(first) + 7) % 7);
}

/** Goes to a day in the list of its month, by the address. */
export async function goTo(page, day) {
  await page.evaluate((hash) => { location.hash = hash; }, `#/${day}/list`);
  await page.waitForFunction((date) => document.getElementById("agenda").dataset.day === date, day);
}

/** What the list has on a day. */
export const onDay = (page, day, title) => page.locator(`.agenda-day[data-date="${day}"] .item`, { hasText: title });

/** Opens the form of an event on a day. */
export async function editOn(page, day, title) {
  await goTo(page, day);
  await onDay(page, day, title).first().locator("button").click();
  await page.click(".event-popover [data-action=edit]");
  await page.waitForSelector("#event-dialog[open]");
}
export const chips = onDay;
