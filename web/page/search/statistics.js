// How many events a department has, by month and category.
//
// createStatistics({ sync, text, language, today, nameOf }): `nameOf(category)` is its name. Returns { open(departmentId) }.

import "../dialogs.css";
import "./search.css";
import { asUtc } from "../dates.js";
import { element } from "../element.js";
import { formDialog } from "../form.js";
import { buildDialog, field, named, select, worded } from "../form-parts.js";
import { createRoutes } from "../routes.js";

const MOST_CATEGORIES = 20;

export function createStatistics({ sync, text, language, today, nameOf }) {
  const routes = createRoutes(sync);
  const year = select("year", [], { onchange: () => run(load) });
  const total = element("p", { className: "wide", aria: { role: "status" } });
  const tables = element("div", { className: "statistics wide" });
  const { dialog, run, open } = formDialog(buildDialog(text, "statistics-dialog", {
    parts: [field(text, "statistics_year", year, { className: "" }), total, tables], large: true,
  }), { text, submit: () => {} });
  const monthName = new Intl.DateTimeFormat(language, { timeZone: "UTC", month: "long" });
  const yearName = new Intl.DateTimeFormat(language, { timeZone: "UTC", year: "numeric" });
  let department = null;

  async function load() {
    const [asked, of] = [department, year.value];
    const stats = await routes.statistics(asked.id, { from: `${of}-01-01`, to: `${of}-12-31` });
    if (department !== asked || year.value !== of) return;
    total.textContent = text("statistics_total", { count: stats.total });
    const categories = [...stats.categories.slice(0, MOST_CATEGORIES).map(({ category, count }) => [nameOf(category), count]), [text("category_none"), stats.uncategorized]];
    tables.replaceChildren(
      table("statistics_months", stats.months.map(({ month, count }) => [monthName.format(asUtc(`${month}-01`)), count])),
      table("statistics_categories", categories.filter(([, count]) => count > 0)));
  }

  function table(caption, rows) {
    const most = Math.max(1, ...rows.map(([, count]) => count));
    return element("table", {}, element("caption", { textContent: text(caption) }),
      element("tbody", {}, ...rows.map(([name, count]) => element("tr", {},
        element("th", { scope: "row" }, named(name)), element("td", { textContent: count }),
        element("td", { aria: { hidden: true } }, element("progress", { max: most, value: count }))))));
  }

  return {
    open(departmentId) {
      department = sync.departments.get(departmentId);
      const now = Number(today().slice(0, 4));
      year.replaceChildren(...[1, 0, -1, -2, -3].map((step) => element("option", {
        value: String(now + step).padStart(4, "0"), textContent: yearName.format(new Date(Date.UTC(now + step, 0, 1))),
      })));
      dialog.querySelector("h2").replaceChildren(...worded(text, "statistics_of", { name: department.name }));
      total.textContent = "";
      tables.replaceChildren();
      open({ year: String(now).padStart(4, "0") });
      run(load);
    },
  };
}
