// Starts the system's Chromium with a fresh profile, and opens pages on it that keep a list of everything that went wrong.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const web = resolve(dirname(fileURLToPath(import.meta.url)), "../../../dashboards/web");
export const from_web = createRequire(resolve(web, "package.json"));
export const chromium_path = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const have_chromium = existsSync(chromium_path);

export async function start_browser() {
  const { chromium } = from_web("playwright-core");
  // launch() makes a new profile in a temporary folder and removes it at close.
  return chromium.launch({
    executablePath: chromium_path,
    args: [
      "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ],
  });
}

/** A page of its own context. `page.trouble` collects dialogs, script errors, policy violations and foreign requests. */
export async function open_page(browser, hub, { path = "", lang = "en", now_ms, fake_clock, ...options } = {}) {
  const context = await browser.newContext({
    locale: lang === "zh" ? "zh-CN" : "en-US", timezoneId: "Asia/Shanghai", viewport: { width: 1360, height: 900 },
    reducedMotion: "reduce", ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  if (now_ms !== undefined) await page.clock.setFixedTime(now_ms);
  if (fake_clock) await page.clock.install();
  page.trouble = [];
  page.on("dialog", (dialog) => {
    page.trouble.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("pageerror", (error) => page.trouble.push(`error: ${error.message}`));
  page.on("console", (message) => {
    // A hub that is away is part of some tests; Chromium reports each failed request.
    if (message.type() === "error" && !/Failed to load resource|ERR_/.test(message.text())) {
      page.trouble.push(`console: ${message.text()}`);
    }
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(hub.url) && !request.url().startsWith("data:")) {
      page.trouble.push(`foreign request: ${request.url()}`);
    }
  });
  await page.exposeFunction("report_violation", (text) => page.trouble.push(`policy: ${text}`));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      window.report_violation(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
  await page.goto(hub.url + path);
  return page;
}
