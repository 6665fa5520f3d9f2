// The panel of settings, which is filled when it is opened for the first time.

import "./dialogs.css";
import { element } from "./element.js";

/** Fills `panel`; `changed(name, value)` is called after a choice, `commands` are `{label, run}`. */
export function fillSettings(panel, { text, settings, changed, commands }) {
  const choice = (name, label, options) => element("label", { className: "field" }, element("span", { textContent: text(label) }),
    element("select", { name, onchange: ({ target }) => changed(name, target.value) },
      ...options.map(([value, key]) => element("option", { value, textContent: text(key), selected: settings.get(name) === value }))));
  panel.append(
    choice("language", "setting_language", [["", "setting_language_auto"], ["ko", "setting_language_ko"], ["en", "setting_language_en"]]),
    choice("theme", "setting_theme", [["system", "setting_theme_system"], ["light", "setting_theme_light"], ["dark", "setting_theme_dark"]]),
    choice("weekStart", "setting_week", [["0", "setting_week_0"], ["1", "setting_week_1"]]),
    choice("clock", "setting_clock", [["12", "setting_clock_12"], ["24", "setting_clock_24"]]),
    element("label", { className: "check" },
      element("input", { type: "checkbox", name: "lunar", checked: settings.get("lunar") === "on", onchange: ({ target }) => changed("lunar", target.checked ? "on" : "") }), text("setting_lunar")),
    element("div", { className: "commands" }, ...commands.map(({ label, run }) => element("button", {
      type: "button", textContent: text(label),
      onclick() {
        panel.hidePopover();
        run();
      },
    }))));
}
