const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** A duration for people, in the largest unit of which there are two: `90 s`, `3 min`, `47 h`. */
export function formatDuration(ms: number): string {
  const [unit, size] = UNITS.find(([, each]) => ms >= 2 * each) ?? UNITS[3];
  return `${Math.round(Math.max(0, ms) / size)} ${unit}`;
}
