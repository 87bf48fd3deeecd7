// One floating note for the whole page, shown while a thing is pointed at or focused. Its text also stands in the
// thing's own label, so it is hidden from screen readers.
import { signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

interface Note {
  at: DOMRect;
  say: () => ComponentChildren;
}

const note = signal<Note | null>(null);

/** Handlers for an element that has a note. */
export function noted(say: () => ComponentChildren) {
  const show = (event: Event): void => {
    note.value = { at: (event.currentTarget as Element).getBoundingClientRect(), say };
  };
  const hide = (): void => {
    note.value = null;
  };
  return { onMouseEnter: show, onFocus: show, onMouseLeave: hide, onBlur: hide };
}

export function hide_note(): void {
  note.value = null;
}

export function Tooltip(): JSX.Element | null {
  const box = useRef<HTMLDivElement>(null);
  const shown = note.value;
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || shown === null) return;
    const { width, height } = element.getBoundingClientRect();
    const left = Math.min(Math.max(8, shown.at.left + shown.at.width / 2 - width / 2), innerWidth - width - 8);
    const above = shown.at.top - height - 8;
    element.style.left = `${left}px`;
    element.style.top = `${above < 8 ? shown.at.bottom + 8 : above}px`;
  });
  if (shown === null) return null;
  return (
    <div class="tooltip" ref={box} aria-hidden="true">
      {shown.say()}
    </div>
  );
}
