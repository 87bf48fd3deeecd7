// Opens the hub's page in chromium and looks for one incident (environment: HUB, INCIDENT as JSON). Exit code 0 when its
// summary stands on the page in both languages.
import { createRequire } from "node:module";

const require = createRequire(new URL("../../../dashboards/web/package.json", import.meta.url));
const { chromium } = require("playwright-core");

const incident = JSON.parse(process.env.INCIDENT);
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
try {
  for (const [locale, summary] of [["en-US", incident.summary_en], ["zh-CN", incident.summary_zh]]) {
    const context = await browser.newContext({ locale, viewport: { width: 1360, height: 900 } });
    const page = await context.newPage();
    await page.goto(process.env.HUB + "/");
    await page.getByText(summary, { exact: false }).first().waitFor({ timeout: 20000 });
    if (process.env.SHOT) await page.screenshot({ path: `${process.env.SHOT}-${locale}.png`, fullPage: true });
    await context.close();
  }
} finally {
  await browser.close();
}
