// Copies the Socket.IO client's browser build and its licence beside the page.
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";

const from = (path) => new URL(`node_modules/socket.io-client/${path}`, import.meta.url);
const to = (path) => new URL(`vendor/${path}`, import.meta.url);

// The source map isn't shipped; a reference to it would be a 404 in every developer console.
const code = readFileSync(from("dist/socket.io.min.js"), "utf8").replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n");
writeFileSync(to("socket.io.min.js"), code);
copyFileSync(from("LICENSE"), to("socket.io.LICENSE.txt"));
