// Starts the page: theme first, so that nothing flashes, then the live picture, then the view that the address names.
import "uplot/dist/uPlot.min.css";
import "./styles/index.css";
import { effect } from "@preact/signals";
import { render, type JSX } from "preact";
import { lang, said } from "./i18n";
import { start_live } from "./live";
import { Guard } from "./parts/guard";
import { Footer, Header } from "./parts/header";
import { Tooltip, hide_note } from "./parts/tooltip";
import { route, start_routing } from "./route";
import { overview, page_fault, staleness } from "./store";
import { start_theme } from "./theme";
import { IncidentView } from "./views/incident";
import { NowView } from "./views/now";
import { TargetView } from "./views/target";
import { TargetsView } from "./views/targets";

function View(): JSX.Element {
  const here = route.value;
  switch (here.view) {
    case "now":
      return <NowView />;
    case "targets":
      return <TargetsView row={here.row} />;
    case "target":
      return <TargetView key={here.name} name={here.name} vantage={here.vantage} />;
    case "incident":
      return <IncidentView key={here.id} id={here.id} />;
  }
}

function Page(): JSX.Element {
  return (
    <>
      <Header />
      <main id="content" tabIndex={-1}>
        <Guard>
          <View />
        </Guard>
      </main>
      <Footer />
      <Tooltip />
    </>
  );
}

// The tab's title says how it is, so that a glance at the tab bar is enough.
const sign = { ok: "●", attention: "▲", incident: "✕", waiting: "○" } as const;
function title(): string {
  const picture = overview.value;
  if (picture === null) return "Sonde";
  if (staleness.value !== "" || page_fault.value !== null) return "? Sonde";
  return `${sign[picture.headline.level] ?? "?"} ${said(picture.headline, "text")} – Sonde`;
}

start_theme();
start_routing();
start_live();
effect(() => {
  route.value;
  hide_note();
});
effect(() => {
  document.documentElement.lang = lang.value === "zh" ? "zh-CN" : "en";
});
effect(() => {
  document.title = title();
});
addEventListener("scroll", hide_note, { passive: true, capture: true });
addEventListener("DOMContentLoaded", () => {
  const root = document.getElementById("page");
  if (root) render(<Page />, root);
});
