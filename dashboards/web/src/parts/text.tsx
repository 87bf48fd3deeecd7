// Text that is not the page's own: names from the configuration and strings that a remote sent.
// It is only ever a text node, set apart so that right-to-left marks in it cannot disturb what stands around it.
import type { JSX } from "preact";
import { split_key } from "../blame";
import { t, word } from "../i18n";
import { moment, span } from "../format";
import { hub_now_ms } from "../store";

export function Raw({ children, className }: { children: string | undefined; className?: string }): JSX.Element {
  return <bdi class={className}>{children}</bdi>;
}

/** A sentence with one name in it: `render` gets a stand-in for the name and returns the sentence. */
export function WithName({ sentence, name }: { sentence: (hole: string) => string; name: string }): JSX.Element {
  const [before = "", after = ""] = sentence("\u0000").split("\u0000", 2);
  return (
    <>
      {before}
      <Raw>{name}</Raw>
      {after}
    </>
  );
}

/** "region cirrus/cn-east" for the key "region:cirrus/cn-east". */
export function Component({ of }: { of: string }): JSX.Element {
  const { kind, name } = split_key(of);
  const direction = kind === "border" ? word("border", name) : name; // a direction newer than this page stays as it is
  return (
    <span class="component">
      {kind && <span class="component-kind">{word("kind", kind)}</span>} {direction === name ? <Raw>{name}</Raw> : direction}
    </span>
  );
}

/** How long something has lasted, with the clock time for those who compare with a log. */
export function Since({ ms }: { ms: number }): JSX.Element {
  const now = hub_now_ms.value;
  return (
    <time dateTime={new Date(ms).toISOString()}>
      {t("incident.running", { span: span(now - ms) })}{" "}
      <span class="faint">{t("incident.since", { time: moment(ms, now) })}</span>
    </time>
  );
}
