// Shows a fault of the page itself. Without it the old picture would stay on the screen and look like the present.
import { Component, type ComponentChildren, type JSX } from "preact";
import { t } from "../i18n";
import { page_fault } from "../store";
import { Raw } from "./text";

export class Guard extends Component<{ children: ComponentChildren }> {
  override componentDidCatch(fault: unknown): void {
    page_fault.value = String(fault);
  }

  override render(): JSX.Element {
    const fault = page_fault.value;
    if (fault === null) return <>{this.props.children}</>;
    return (
      <section class="empty" role="alert">
        <h1>{t("broken.title")}</h1>
        <p>{t("broken.hint")}</p>
        <p>
          <Raw className="remote faint">{fault}</Raw>
        </p>
      </section>
    );
  }
}
