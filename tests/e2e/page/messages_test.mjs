// The table of messages itself: both languages whole, the same placeholders, no English in Chinese and the reverse.
// A key that is missing in one language does not compile (npm run check); this looks at what stands in it.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { from_web, web } from "./browser.mjs";

async function load(name) {
  const built = await from_web("esbuild").build({
    absWorkingDir: web, entryPoints: [`src/${name}.ts`], bundle: true, write: false, format: "esm", charset: "utf8",
  });
  return import(`data:text/javascript;base64,${Buffer.from(built.outputFiles[0].contents).toString("base64")}`);
}
const { messages } = await load("messages");
const { causes } = await load("causes");
const all = Object.entries({ ...messages, ...causes });

// Names that Chinese engineers write in Latin letters.
const latin = /\b(Sonde|sonde|DNS|EDNS|DNSSEC|STARTTLS|TCP|TLS|HTTP|IP|SNI|ALPN|DH|OCSP|CNAME|SERVFAIL|GOAWAY|ms|targets\.d|yaml)\b/g;
const holes = (text) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

test("both languages use the same placeholders", () => {
  for (const [key, { en, zh }] of all) {
    for (const form of en.split("||")) assert.deepEqual(holes(form), holes(zh), key);
  }
});

test("no message is empty, and none has the other language in it", () => {
  for (const [key, { en, zh }] of all) {
    assert.ok(en.trim() && zh.trim(), key);
    assert.doesNotMatch(en, /[\u3000-\u9fff\uff00-\uffef]/, key);
    assert.doesNotMatch(zh.replace(/\{\w+\}/g, "").replace(latin, ""), /[A-Za-z]{2,}/, key);
  }
});

test("the page knows every cause that a record can hold, and no other", () => {
  const table = readFileSync(`${web}/../../core/causes.inc`, "utf8");
  const names = [...table.matchAll(/^SONDE_CAUSE\(\w+, \d+, "(\w+)"/gm)].map(([, name]) => name);
  assert.deepEqual(Object.keys(causes).sort(), names.sort());
});

test("every message is used", () => {
  const files = readdirSync(`${web}/src`, { recursive: true }).filter((name) => /\.tsx?$/.test(name) && !name.includes("messages"));
  const source = files.map((name) => readFileSync(`${web}/src/${name}`, "utf8")).join("\n");
  // Words of the hub are looked up under a prefix, so only the prefix stands in the source.
  const prefixes = [...source.matchAll(/[`"]([a-z]+)(?:\.\$\{|", )/g)].map(([, prefix]) => prefix);
  for (const key of Object.keys(messages)) {
    assert.ok(source.includes(`"${key}"`) || prefixes.includes(key.split(".")[0]), `${key} is not used`);
  }
});
