// The frame of the page: name, where to go, how current the picture is, language and colours; and the foot.
import type { JSX } from "preact";
import { span, moment, time_zone } from "../format";
import { choose_language, lang, t, type Lang } from "../i18n";
import { route, to_now, to_targets } from "../route";
import { clock_gap_ms, hub_now_ms, mode, overview, stale_since_ms, staleness } from "../store";
import { choose_theme, theme, type Theme } from "../theme";

function LiveState(): JSX.Element {
  const stale = staleness.value !== "" || mode.value === "stale";
  const kind = stale ? "stale" : mode.value;
  const text =
    overview.value === null && mode.value === "stale"
      ? t("live.unreachable")
      : stale
        ? t("live.stale", { time: moment(stale_since_ms.value, hub_now_ms.value) })
        : t(`live.${mode.value === "stale" ? "unreachable" : mode.value}`);
  return (
    <span class={`live live-${kind}`} role="status">
      <i aria-hidden="true" />
      {text}
    </span>
  );
}

function Choice<V extends string>(props: {
  label: string;
  value: V;
  of: readonly (readonly [V, string])[];
  choose: (value: V) => void;
  name: string;
}): JSX.Element {
  return (
    <div class="choice" role="group" aria-label={props.label} data-choice={props.name}>
      {props.of.map(([value, text]) => (
        <button
          key={value}
          type="button"
          data-value={value}
          aria-pressed={props.value === value}
          onClick={() => props.choose(value)}
        >
          {text}
        </button>
      ))}
    </div>
  );
}

export function Header(): JSX.Element {
  const here = route.value.view;
  const current = (yes: boolean): "page" | undefined => (yes ? "page" : undefined);
  return (
    <header class="top">
      <a class="skip" href="#content" onClick={skip}>
        {t("nav.skip")}
      </a>
      <a class="brand" href={to_now} aria-label={t("nav.home")}>
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <circle cx="16" cy="12" r="9.5" class="brand-balloon" />
          <path d="M12.5 20.6 15 26m4.5-5.4L17 26" class="brand-line" />
          <rect x="12.8" y="25.5" width="6.4" height="4.5" rx="1.2" class="brand-box" />
        </svg>
        Sonde
      </a>
      <nav aria-label={t("nav.main")}>
        <a href={to_now} aria-current={current(here === "now" || here === "incident")}>
          {t("nav.now")}
        </a>
        <a href={to_targets()} aria-current={current(here === "targets" || here === "target")}>
          {t("nav.targets")}
        </a>
      </nav>
      <LiveState />
      <div class="choices">
        <Choice<Lang>
          name="lang"
          label={t("lang.label")}
          value={lang.value}
          of={[["en", "EN"], ["zh", "中"]]}
          choose={choose_language}
        />
        <Choice<Theme>
          name="theme"
          label={t("theme.label")}
          value={theme.value}
          of={[["auto", t("theme.auto")], ["light", t("theme.light")], ["dark", t("theme.dark")]]}
          choose={choose_theme}
        />
      </div>
    </header>
  );
}

// The address behind `#` is the route, so the skip link moves the focus itself.
function skip(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

export function Footer(): JSX.Element {
  const version = overview.value?.version;
  const gap = Math.abs(clock_gap_ms.value);
  return (
    <footer class="foot">
      {version !== undefined && <span>{t("foot.version", { version })}</span>}
      <span>{t("foot.clock", { zone: time_zone() })}</span>
      {overview.value !== null && gap > 30_000 && <span>{t("foot.apart", { gap: span(gap) })}</span>}
    </footer>
  );
}
