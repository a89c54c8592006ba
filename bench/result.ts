/** One thing that was measured, by a name that is the same for every candidate. */
export interface Figure {
  readonly table: (typeof tables)[number];
  readonly name: string;
  readonly unit: "ms" | "MiB" | "messages/s" | "CPU s" | "% of a core";
  readonly value: number;
}

/** Where it says who was the limit: a ratio of two candidates would mean nothing there. */
export const busyTable = "Busy in bursts";

/** In the order of the report. */
export const tables = ["Relay", "Announcements", "Outbox", busyTable] as const;

/** What a job, or a part of it, taught about a candidate. */
export interface Learned {
  readonly figures: readonly Figure[];
  /** What was lost, heard twice or out of order; nothing should be. */
  readonly faults: readonly string[];
}

/** What one round of one job taught about one candidate. */
export interface Result extends Learned {
  readonly round: number;
  readonly candidate: string;
}
