// Builds the page: one script, one style sheet, one icon, one index.html, all under DIR (`--out DIR`, default dist/).
// Names carry a hash of the content, so a server may let browsers keep them for ever; only index.html changes in place.
// Everything comes from this folder and its node_modules. The page fetches nothing from elsewhere when it runs.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({ options: { out: { type: "string", default: join(here, "dist") } } });
const out = resolve(options.out);

const bundle = await build({
  absWorkingDir: here,
  entryPoints: { app: "src/main.tsx" },
  outdir: out,
  bundle: true,
  minify: true,
  write: false,
  format: "iife",
  target: ["chrome96", "firefox102", "safari15.4"],
  jsx: "automatic",
  jsxImportSource: "preact",
  charset: "utf8",
  legalComments: "inline",
  logLevel: "warning",
});

const hashed = (name, bytes) => {
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 10);
  return name.replace(/\.(\w+)$/, `.${hash}.$1`);
};

const files = new Map();
for (const file of bundle.outputFiles) {
  const name = file.path.endsWith(".css") ? "app.css" : "app.js";
  files.set(hashed(name, file.contents), file.contents);
}
const icon = await readFile(join(here, "src/favicon.svg"));
files.set(hashed("favicon.svg", icon), icon);

const find = (start, end) => [...files.keys()].find((name) => name.startsWith(start) && name.endsWith(end));
const index = (await readFile(join(here, "src/index.html"), "utf8"))
  .replace("{{script}}", find("app.", ".js"))
  .replace("{{style}}", find("app.", ".css"))
  .replace("{{icon}}", find("favicon.", ".svg"));
files.set("index.html", Buffer.from(index));

// Whoever embeds the folder takes every file in it, so what an earlier build left goes away; nothing else is touched.
await mkdir(out, { recursive: true });
for (const name of await readdir(out)) {
  if (/^(app|favicon)\.[0-9a-f]{10}\.(js|css|svg)$/.test(name) && !files.has(name)) await rm(join(out, name));
}
let packed = 0;
for (const [name, bytes] of files) {
  await writeFile(join(out, name), bytes);
  packed += gzipSync(bytes, { level: 9 }).length;
}
console.log(`${files.size} files in ${out}, ${(packed / 1024).toFixed(1)} KB gzip`);
if (packed > 80 * 1024) {
  console.error("the page is larger than 80 KB gzip");
  process.exitCode = 1;
}
