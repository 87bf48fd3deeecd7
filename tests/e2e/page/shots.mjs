// Writes screenshots of the page to a folder: node shots.mjs FOLDER. Both languages, both themes, and a narrow screen.
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { open_page, start_browser } from "./browser.mjs";
import { load_fixture, start_mock } from "./mock_hub.mjs";

const folder = resolve(process.argv[2] ?? "shots");
await mkdir(folder, { recursive: true });
const views = [
  { name: "now", fixture: "app_incident", path: "", ready: ".matrix" },
  { name: "target", fixture: "app_incident", path: "#/target/checkout", ready: ".chart canvas" },
];
const extra = [
  { name: "quiet", fixture: "quiet", path: "", ready: ".matrix" },
  { name: "cloud", fixture: "cloud_region", path: "", ready: ".matrix" },
  { name: "leaning", fixture: "leaning", path: "", ready: ".matrix" },
  { name: "insufficient", fixture: "insufficient", path: "", ready: ".matrix" },
  { name: "large", fixture: "large", path: "", ready: ".matrix" },
  { name: "cut-off", fixture: "cut_off", path: "", ready: ".matrix" },
  { name: "empty", fixture: "empty", path: "", ready: ".matrix" },
  { name: "hostile", fixture: "hostile", path: "", ready: ".matrix" },
  { name: "targets", fixture: "leaning", path: "#/targets", ready: ".list" },
  { name: "incident", fixture: "app_incident", path: "#/incident/i-20251124-0001", ready: ".history" },
  { name: "target-timeout", fixture: "leaning", path: "#/target/storefront", ready: ".chart canvas" },
];

// The fixtures' moment, so that the pictures come out the same each time.
const now_ms = (await load_fixture("quiet")).overview.time_ms;
const browser = await start_browser();
const hub = await start_mock({ fixture: await load_fixture("quiet") });

async function shoot(view, lang, theme, more = {}, suffix = "") {
  hub.fixture = await load_fixture(view.fixture);
  const page = await open_page(browser, hub, { path: view.path, lang, colorScheme: theme, now_ms, ...more });
  await page.locator(view.ready).first().waitFor();
  await page.locator(".live-live").waitFor();
  await page.screenshot({ path: join(folder, `${view.name}-${lang}-${theme}${suffix}.png`), fullPage: true });
  if (page.trouble.length > 0) console.error(view.name, page.trouble);
  await page.context().close();
}

for (const view of views) {
  for (const lang of ["en", "zh"]) for (const theme of ["light", "dark"]) await shoot(view, lang, theme);
  await shoot(view, "zh", "light", { viewport: { width: 390, height: 844 } }, "-390");
}
for (const view of extra) await shoot(view, "en", view.name === "cloud" ? "dark" : "light");
await browser.close();
await hub.stop();
