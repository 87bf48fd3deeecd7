// A question to the hub that a view keeps asking: loaded at once, again when the picture moves on, and after failures.
import { effect, useSignal, type Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { HubError, ask } from "./api";
import { overview } from "./store";

export interface Answer<T> {
  value: T | null;
  /** "missing": the hub knows no such thing. "failed": it did not answer; the value, if any, is older. */
  trouble: "" | "missing" | "failed";
}

/** Asks `path` now and then at most every `every_ms`, in step with the live picture. When the path changes, the old
 * answer stays until the new one is there; a view for another thing has to be another component (`key`). */
export function useAsked<T>(path: string, every_ms: number): Signal<Answer<T>> {
  const answer = useSignal<Answer<T>>({ value: null, trouble: "" });
  useEffect(() => {
    let current = true;
    let asked_ms = 0;
    let busy = false;
    const load = async (): Promise<void> => {
      if (busy || Date.now() - asked_ms < every_ms) return;
      busy = true;
      asked_ms = Date.now();
      try {
        const value = await ask<T>(path);
        if (current) answer.value = { value, trouble: "" };
      } catch (error) {
        const missing = error instanceof HubError && error.status === 404;
        if (current) answer.value = { value: missing ? null : answer.peek().value, trouble: missing ? "missing" : "failed" };
      } finally {
        busy = false;
      }
    };
    const stop = effect(() => {
      overview.value;
      void load();
    });
    const timer = setInterval(() => void load(), Math.max(every_ms, 5000));
    return () => {
      current = false;
      stop();
      clearInterval(timer);
    };
  }, [path, every_ms]);
  return answer;
}
