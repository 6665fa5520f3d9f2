// The screens of the page, and how one gets to each. `url` is the server, `office` what office.mjs has made there.

const DAY = "2026-10-14";
let changes = 0;
const at = (view, day = DAY) => async (page, { url }) => {
  await page.goto(`${url}/#/${day}/${view}`);
  await page.waitForSelector('#connection[data-state="live"]', { state: "attached" });
};
const event = async (page, { office }, key = "review") => {
  await page.locator(`#main [data-event="${office.events[key].id}"]`).first().click();
  await page.waitForSelector(".event-popover");
};
const filled = (page) => page.locator("#main [data-event]").first().waitFor();
const month = async (page, place) => {
  await at("month")(page, place);
  await filled(page);
};
const list = async (page, place) => {
  await at("list")(page, place);
  await filled(page);
};

/** Name → `open(page, {url, office, isPhone, language})`, which ends when the screen is there; what it returns is done after the picture. */
export const SCREENS = {
  month,
  async week(page, place) {
    await at("week")(page, place);
    await filled(page);
  },
  async day(page, place) {
    await at("day")(page, place);
    await filled(page);
  },
  list,
  async people(page, place) {
    await at("people")(page, place);
    await filled(page);
  },
  async departments(page, place) {
    await at("departments")(page, place);
    await filled(page);
  },
  async empty(page, place) {
    await at("list", "2031-03-04")(page, place);
    await page.locator("#agenda .empty").waitFor();
  },
  async event(page, place) {
    await list(page, place);
    await event(page, place);
  },
  async "event-form"(page, place) {
    await list(page, place);
    await event(page, place);
    await page.click(".event-popover [data-action=edit]");
    await page.waitForSelector("#event-dialog[open]");
  },
  async "new-event"(page, place) {
    await month(page, place);
    await page.click("#new-event");
    await page.waitForSelector("#event-dialog[open]");
  },
  async quick(page, place) {
    // A phone has the button only.
    if (place.isPhone) return month(page, place);
    await month(page, place);
    await page.keyboard.press("n");
    await page.locator(".quick-input").pressSequentially(place.language === "ko" ? "내일 오후 3시 대회의실 주간 보고 매주" : "Budget review tomorrow 3pm @Boardroom");
    return void await page.waitForSelector("#quick-preview:not([hidden])");
  },
  async day_sheet(page, place) {
    await month(page, place);
    await page.locator(`#calendar [role=gridcell][data-date="${DAY}"]`).focus();
    await page.keyboard.press("Enter");
    await page.waitForSelector("#day:popover-open");
  },
  async search(page, place) {
    await month(page, place);
    await page.click("#search");
    await page.fill("#search-input", place.language === "ko" ? "회의" : "meeting");
    await page.locator(".result").first().waitFor();
  },
  async settings(page, place) {
    await month(page, place);
    await page.click("#settings-button");
    await page.waitForSelector("#settings:popover-open");
  },
  async sidebar(page, place) {
    await month(page, place);
    if (place.isPhone) await page.click("#menu");
    await page.locator("#department-list [data-menu]").first().click();
    await page.waitForSelector(".menu");
  },
  async department(page, place) {
    await SCREENS.sidebar(page, place);
    await page.locator(".menu button", { hasText: place.language === "ko" ? "이름, 설명" : "Name, description" }).click();
    await page.waitForSelector("dialog[open]");
  },
  async history(page, place) {
    await list(page, place);
    await event(page, place);
    await page.click(".event-popover [data-action=history]");
    await page.locator("#history-steps > li").first().waitFor();
  },
  async notices(page, place) {
    await month(page, place);
    const { office } = place;
    await office.send("PUT", `/api/events/${office.events.due.id}`, { location: `${place.language === "ko" ? "회의실" : "Room"} ${(changes += 1)}` }, office.name("junho"));
    await page.waitForFunction(() => Number(document.querySelector(".badge")?.textContent) > 0);
    await page.click("#notices-button");
    await page.locator("#notices li").first().waitFor();
  },
  async shortcuts(page, place) {
    await month(page, place);
    await page.keyboard.press("?");
    await page.waitForSelector("dialog[open]");
  },
  async conflict(page, place) {
    const { office } = place;
    await SCREENS["event-form"](page, place);
    await page.fill("#event-dialog [name=title]", place.language === "ko" ? "최종 설계 검토" : "Final design review");
    await office.send("PUT", `/api/events/${office.events.review.id}`, { title: place.language === "ko" ? "설계 검토 (연기)" : "Design review (postponed)", start_time: "15:00", end_time: "16:30" }, office.name("junho"));
    await page.waitForSelector("#event-dialog .meanwhile:not([hidden]), #event-dialog .conflict:not([hidden]), #event-dialog [data-meanwhile]:not([hidden])");
    return () => office.send("PUT", `/api/events/${office.events.review.id}`, { title: place.language === "ko" ? "설계 검토" : "Design review", start_time: "14:00", end_time: "15:30" });
  },
  async offline(page, place) {
    await month(page, place);
    await page.context().setOffline(true);
    await page.waitForSelector('#connection:not([data-state="live"])');
  },
  async wall(page, place) {
    await at("month/wall")(page, place);
    await filled(page);
  },
};
