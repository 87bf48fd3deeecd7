// Light, dark, or as the system says. The style sheet does the rest through the attribute on the root element.
import { computed, effect, signal } from "@preact/signals";
import { recall, remember } from "./memory";

export type Theme = "auto" | "light" | "dark";

const kept = recall("theme");
export const theme = signal<Theme>(kept === "light" || kept === "dark" ? kept : "auto");

const system_dark = matchMedia("(prefers-color-scheme: dark)");
const system = signal(system_dark.matches);
system_dark.addEventListener("change", (event) => (system.value = event.matches));

/** What is really shown; canvases need to know. */
export const shown_theme = computed<"light" | "dark">(() =>
  theme.value === "auto" ? (system.value ? "dark" : "light") : theme.value,
);

export function choose_theme(next: Theme): void {
  theme.value = next;
  remember("theme", next);
}

export function start_theme(): void {
  effect(() => document.documentElement.setAttribute("data-theme", shown_theme.value));
}
