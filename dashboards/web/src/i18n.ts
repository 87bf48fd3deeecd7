// Which language the page speaks, and how a message is looked up. The words are in messages.ts and causes.ts.
// A missing key, a missing language or a missing placeholder value does not compile.
import { signal } from "@preact/signals";
import { causes } from "./causes";
import { messages } from "./messages";
import { recall, remember } from "./memory";

export type Lang = "en" | "zh";
export type Key = keyof typeof messages;

type Holes<S extends string> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Holes<Rest> : never;
type Values<K extends Key> = Record<Holes<(typeof messages)[K]["en"]>, string | number>;
type Arguments<K extends Key> = [Holes<(typeof messages)[K]["en"]>] extends [never] ? [] : [Values<K>];

function first_language(): Lang {
  const kept = recall("lang");
  if (kept === "en" || kept === "zh") return kept;
  for (const tag of navigator.languages) {
    if (/^zh\b/i.test(tag)) return "zh";
    if (/^en\b/i.test(tag)) return "en";
  }
  return "en";
}

export const lang = signal<Lang>(first_language());

export function choose_language(next: Lang): void {
  lang.value = next;
  remember("lang", next);
}

/** The message `key` in the language of the page. */
export function t<K extends Key>(key: K, ...values: Arguments<K>): string {
  const given = values[0] as Record<string, string | number> | undefined;
  const [one = "", many = one] = messages[key][lang.value].split("||");
  const text = given?.["n"] === 1 ? one : many;
  return given ? text.replace(/\{(\w+)\}/g, (_, name: string) => String(given[name] ?? "")) : text;
}

/** Looks up `word` under `prefix` when the hub's word is known to the table; else shows the word itself. */
export function word(prefix: string, raw: string | undefined): string {
  if (raw === undefined) return "";
  const key = `${prefix}.${raw}`;
  return Object.hasOwn(messages, key) ? messages[key as Key][lang.value] : raw;
}

/** The cause of a result in plain words; a cause newer than this page is shown as the hub names it. */
export function cause_word(raw: string | undefined): string {
  if (raw === undefined || raw === "none") return "";
  return Object.hasOwn(causes, raw) ? causes[raw as keyof typeof causes][lang.value] : raw.replace(/_/g, " ");
}

/** "TLS · expired": where a run ended and why. */
export function outcome_words(stage: string | undefined, cause: string | undefined, between = " · "): string {
  return [stage === "done" ? "" : word("stage", stage), cause_word(cause)].filter(Boolean).join(between);
}

/** The text that the hub wrote in the language of the page, or in the other one when it has only that. */
export function said(of: object, field: string): string {
  const texts = of as Record<string, unknown>;
  const other = lang.value === "en" ? "zh" : "en";
  const text = texts[`${field}_${lang.value}`] ?? texts[`${field}_${other}`];
  return typeof text === "string" ? text : "";
}

/** The same for lists of texts. */
export function said_list(of: object, field: string): string[] {
  const texts = of as Record<string, unknown>;
  const other = lang.value === "en" ? "zh" : "en";
  const list = texts[`${field}_${lang.value}`] ?? texts[`${field}_${other}`];
  return Array.isArray(list) ? list.filter((item): item is string => typeof item === "string") : [];
}
