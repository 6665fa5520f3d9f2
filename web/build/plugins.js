// What the build does besides bundling: compressed copies, old files kept for a while, licences, the service worker's list of files.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import zopfli from "@gfx/zopfli";

const DIST = new URL("../dist/", import.meta.url).pathname;
const BUILDS = join(DIST, "builds.json");
const COMPRESSED = /\.(html|js|css|svg|txt)$/;
/** Builds whose files are kept: a page that was opened before the last one may still load its parts. */
const KEPT = 2;

/** The server speaks no WebTransport: the client needn't either. */
export const lessTransports = () => ({
  name: "teamcal-less-transports",
  load: (id) => (id.endsWith("/engine.io-client/build/esm/transports/webtransport.js") ? "export class WT {}" : null),
});

/** Beside each file one copy as brotli and one as gzip. */
export const compressed = () => ({
  name: "teamcal-compressed",
  async writeBundle() {
    for (const folder of [DIST, join(DIST, "web")]) {
      for (const name of readdirSync(folder).filter((each) => COMPRESSED.test(each))) await compress(join(folder, name));
    }
  },
});

/** Browsers take brotli over TLS only. In an office it is often plain http: there zopfli's gzip saves 4 % over zlib's. */
async function compress(file) {
  const content = readFileSync(file);
  writeFileSync(`${file}.br`, brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } }));
  writeFileSync(`${file}.gz`, await zopfli.gzipAsync(content, { numiterations: 5 }));
}

/** Removes the files of builds before the previous one. */
export const previousKept = () => ({
  name: "teamcal-previous-kept",
  writeBundle(_, bundle) {
    const files = Object.keys(bundle).filter((name) => name.startsWith("web/")).map((name) => basename(name)).sort();
    const before = existsSync(BUILDS) ? JSON.parse(readFileSync(BUILDS, "utf8")) : [];
    // The same build once more is no further one.
    const builds = [files, ...before.filter((each) => String(each) !== String(files))].slice(0, KEPT);
    writeFileSync(BUILDS, JSON.stringify(builds));
    const kept = new Set(builds.flat());
    for (const name of readdirSync(join(DIST, "web"))) if (!kept.has(name.replace(/\.(br|gz)$/, ""))) rmSync(join(DIST, "web", name));
  },
});

/** One text with the licences of all packages that are part of the page. index.html names it. */
export const licences = () => ({
  name: "teamcal-licences",
  enforce: "post",
  generateBundle(_, bundle) {
    const folders = new Set();
    for (const { moduleIds = [] } of Object.values(bundle)) {
      for (const id of moduleIds) if (packageOf(id)) folders.add(packageOf(id));
    }
    const source = [...folders].sort().map(licenceOf).join(`\n${"-".repeat(80)}\n\n`);
    const name = `web/licences-${createHash("sha256").update(source).digest("base64url").slice(0, 8)}.txt`;
    this.emitFile({ type: "asset", fileName: name, source });
    bundle["index.html"].source = bundle["index.html"].source.replace("</head>", `  <link rel="license" href="./${name}">\n  </head>`);
  },
});

/** Returns the package's folder that a module is in; undefined for the page's own. */
const packageOf = (id) => id.replaceAll("\\", "/").match(/^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0].replace(/^\0/, "");

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  return `${name} ${version} (${license})\n\n${file ? readFileSync(join(folder, file), "utf8") : ""}`;
}

/** sw.js with the list of files that it keeps, beside index.html. */
export const serviceWorker = () => ({
  name: "teamcal-service-worker",
  enforce: "post",
  generateBundle(_, bundle) {
    const files = Object.keys(bundle).filter((name) => /\.(js|css|svg)$/.test(name)).sort();
    const build = createHash("sha256").update(bundle["index.html"].source + files.join()).digest("base64url").slice(0, 12);
    const source = readFileSync(join(dirname(DIST), "sw.js"), "utf8").replace("/* build */", build).replace("[/* files */]", JSON.stringify(files));
    this.emitFile({ type: "asset", fileName: "sw.js", source });
  },
});
