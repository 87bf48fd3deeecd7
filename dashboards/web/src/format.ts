// Numbers, spans and moments as a person reads them, in the language of the page and the time zone of the browser.
import { lang, t } from "./i18n";

/** A latency: in milliseconds below one second. */
export function latency(seconds: number | undefined | null): string {
  if (seconds === undefined || seconds === null || !Number.isFinite(seconds)) return "";
  const ms = seconds * 1000;
  if (ms >= 999.5) return t("unit.s", { n: (ms / 1000).toFixed(2) });
  return t("unit.ms", { n: bare_ms(seconds) });
}

/** The same without its unit, for cells where every number is in milliseconds. */
export function bare_ms(seconds: number): string {
  const ms = seconds * 1000;
  return ms >= 10 ? String(Math.round(ms)) : ms.toFixed(1);
}

/** A span of time in its one or two largest units. */
export function span(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 90) return t("unit.s", { n: s });
  if (s < 90 * 60) return t("unit.min", { n: Math.round(s / 60) });
  const minutes = Math.round(s / 60);
  if (minutes < 48 * 60) {
    const rest = minutes % 60;
    const hours = t("unit.h", { n: Math.floor(minutes / 60) });
    return rest === 0 ? hours : `${hours} ${t("unit.min", { n: rest })}`;
  }
  return t("unit.d", { n: Math.round(minutes / 1440) });
}

export function ago(ms: number, now_ms: number): string {
  const gone = now_ms - ms;
  return gone < 2000 ? t("time.now") : t("time.ago", { span: span(gone) });
}

const locale = (): string => (lang.value === "zh" ? "zh-CN" : "en-GB");

// Intl formatters are slow to make and the matrix asks often.
const formatters = new Map<string, Intl.DateTimeFormat>();
function formatter(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale()} ${name}`;
  let made = formatters.get(key);
  if (!made) formatters.set(key, (made = new Intl.DateTimeFormat(locale(), { hourCycle: "h23", ...options })));
  return made;
}

const clock_format = () => formatter("clock", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const minute_format = () => formatter("minute", { hour: "2-digit", minute: "2-digit" });
const day_format = () => formatter("day", { month: "short", day: "numeric" });
const date_format = () => formatter("date", { year: "numeric", month: "short", day: "numeric" });

/** "14:02:11", with the day in front when it is not the day of `now_ms`. */
export function moment(ms: number, now_ms: number): string {
  const clock = clock_format().format(ms);
  return same_day(ms, now_ms) ? clock : `${day_format().format(ms)} ${clock}`;
}

export const minute = (ms: number): string => minute_format().format(ms);
export const day = (ms: number): string => day_format().format(ms);
export const date = (ms: number): string => date_format().format(ms);

function same_day(a: number, b: number): boolean {
  return date_format().format(a) === date_format().format(b);
}

/** A probability; never 100 % or 0 %, because nothing here is certain. */
export function percent(share: number): string {
  return `${Math.min(99, Math.max(1, Math.round(share * 100)))}%`;
}

export const time_zone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;
