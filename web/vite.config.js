// Builds the page into dist/, as the server gives it out (teamcal/rest/page.py): index.html and sw.js under their own names, all
// else flat in dist/web/ under names that change with the content. `make page` runs it.

import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { languages } from "./build/languages.js";
import { compressed, lessTransports, licences, previousKept, serviceWorker } from "./build/plugins.js";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

// What the first look at the page needs is one file: many small ones compress worse.
const EARLY = new RegExp(String.raw`/web/(sync/|page/(?!events/|search/|messages|lazy-|accounts/|departments/|(settings-panel|copy-link|views/(times|planner|day-sheet|wall)|notices/(telling|bursts|sentences|moved-away))\.))`
  + String.raw`|/page/events/(event-fields|recurrence|words|categories|d-day|shortcuts|web-address)\.js|/page/accounts/(accounts|who|rights|shown-name|lazy-sign-in)\.js`
  + String.raw`|/page/departments/(departments|list|dragging|order|palette|selection|drop)\.js|/page/search/(category-filter|categories)\.js`
  + String.raw`|/node_modules/(?!fullcalendar/(timegrid|chunks/(4b6eee98|4ec5fb96|d7bcc98b)))`);
const earlyFiles = () => ["index.html", ...readdirSync(here("page"), { recursive: true }).map((name) => `page/${name.replaceAll("\\", "/")}`)].map(here)
  .filter((path) => path.endsWith(".html") || (path.endsWith(".js") && !path.endsWith("messages.js") && EARLY.test(path)));
const isEarly = (id) => EARLY.test(id) && !id.endsWith(".css");

export default defineConfig({
  // The page may be reached under a proxy's prefix.
  base: "./",
  publicDir: false,
  resolve: { alias: [{ find: /^temporal-polyfill\/fns\/.*/, replacement: here("build/no-zones.js") }] },
  build: {
    outDir: "dist",
    assetsDir: "web",
    emptyOutDir: false,
    // Nothing inline: the page's policy allows no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: ["chrome123", "firefox120", "safari17.5"],
    reportCompressedSize: false,
    rolldownOptions: { output: { assetFileNames: "web/[name]-[hash][extname]", chunkFileNames: "web/[name]-[hash].js", entryFileNames: "web/[name]-[hash].js", codeSplitting: { groups: [{ name: "page", test: isEarly }] } } },
  },
  plugins: [languages(earlyFiles), lessTransports(), licences(), serviceWorker(), previousKept(), compressed()],
});
