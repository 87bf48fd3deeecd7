// What the reader chose (language, theme), kept in this browser. Storage may be forbidden; then nothing is kept.

export function recall(name: string): string | null {
  try {
    return localStorage.getItem(`sonde.${name}`);
  } catch {
    return null;
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(`sonde.${name}`, value);
  } catch {
    // Private windows and locked-down browsers: the choice lasts until the page is closed.
  }
}
